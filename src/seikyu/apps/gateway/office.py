"""Where a gateway learns who may come and who no longer may: of the office on this machine, or of one elsewhere.

On this machine the rows of the register and the office's files are read, as the account that the office belongs to.
Elsewhere the list is fetched from the public face, and who may come is a file that the office writes
(`seikyu gateway terminals`) and somebody carries over.
"""

import csv
import io
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from seikyu.adapters.home import Home, write_private
from seikyu.apps.gateway.place import Place
from seikyu.limits import limit
from seikyu.lines.gateway import Gateway
from seikyu.ports.errors import SeikyuError
from seikyu.trust.party import is_common_name

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

#: The columns of the file of who may come.
COLUMNS: Final = ("party", "terminal", "serial", "not_after", "state")

#: The words of the last column: a certificate is good unless it says otherwise.
_VALID: Final = "valid"
_REVOKED: Final = "revoked"

#: The form of a party here: what a name in a certificate can hold, and a name of a connection.
_PARTY: Final = re.compile(r"[0-9A-Za-z]{1,40}")

_LIST: Final = "crl.pem"
#: The rows of an office of another account are there by then; a revocation by the list waits for them, as all else.
_ROWS_S: Final = 30.0

#: So many answers of an office may trickle in at once; then it is not asked until one of them has ended.
_ASKING: Final = 4

#: Of another account's office, a program has to be started to read them, which takes a second: so often at most.
#: A revocation does not wait for it, because the list is looked at, too.
_FOREIGN_S: Final = 30.0

#: A file that is carried here is read when nobody has written to it for so long.
_REST_S: Final = 2.0

#: All rows are read anew so often, because a party may end without a certificate being touched.
_READ_S: Final = 60.0


class OfficeSilent(SeikyuError):
    """The office does not say who may come, or who no longer may; the last word goes on."""

    code = "gateway_office_silent"


class BadTerminals(SeikyuError):
    """The file of who may come cannot be used; the one before goes on."""

    code = "bad_terminals_file"


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate that the office knows and that has not ended. Shape: `serial` is empty if nobody said it."""

    party: str
    terminal: str
    serial: str
    not_after: datetime
    revoked: bool = False


class Source(Protocol):
    """An office. Errors of each: OfficeSilent, BadTerminals."""

    def authorities(self) -> list["Certificate"] | None:
        """Return the office's authorities, the root last, if they may have changed, else None."""
        ...

    def lists(self) -> bytes | None:
        """Return the revocation lists (PEM) if there may be newer ones, else None."""
        ...

    def issued(self) -> list[Issued] | None:
        """Return whose certificates there are, if that may have changed, else None."""
        ...


def source_of(gateway: Gateway, place: Place) -> Source:
    """Return the office that a gateway's file names."""
    if gateway.office.home:
        return HomeOffice(place.beside(gateway.office.home))
    return RemoteOffice(
        gateway.office.url.rstrip("/"),
        place.beside(gateway.office.authorities),
        place.beside(gateway.office.terminals),
    )


class HomeOffice:
    """An office on this machine."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._chain = _Chain(root / "ca" / "chain.pem")
        self._listed: object = None
        self._written: object = None
        self._counts: object = None
        self._read_at = float("-inf")

    def authorities(self) -> list["Certificate"] | None:
        """Return the certificates that the office gives away, if they were written since."""
        if (found := self._chain.read()) is not None:
            self._listed = None  # Among the lists that were seen there may be one of a new authority.
        return found

    def lists(self) -> bytes | None:
        """Return the lists that the office gives away, if they were written since."""
        file = self._root / "ca" / _LIST
        if (signed := _signature(file)) == self._listed and signed is not None:
            return None
        text = _read(file)
        self._listed = signed
        return text

    def issued(self) -> list[Issued] | None:
        """Return the certificates of the register, if there are others than before, and every minute.

        An office at work writes its rows all the time, and seldom those of certificates: they are counted first.
        """
        try:
            return self._rows()
        except (OfficeSilent, BadTerminals):
            raise
        except (SeikyuError, OSError) as odd:  # Busy, damaged, newer than this program, or gone: as good as silent.
            why = "; ".join([type(odd).__name__, *map(str, getattr(odd, "facts", {}).values())])
            raise OfficeSilent(office=str(self._root), why=why) from odd

    def _rows(self) -> list[Issued] | None:
        now = time.monotonic()
        foreign = _owner(self._root) != os.geteuid()
        rows = Home(self._root).database
        written = [_signature(each) for each in (rows, rows.with_name(f"{rows.name}-wal"))]
        old = now - self._read_at >= _READ_S
        if not old and (written == self._written or (foreign and now - self._read_at < _FOREIGN_S)):
            return None
        found, counts = None, self._counts
        try:
            if foreign:
                found = self._as_owner()
            elif (counts := counted_in(self._root)) != self._counts or old:
                found = list(issued_in(self._root))
        except SeikyuError as odd:
            if foreign:
                self._read_at = now  # The program is not started again at once.
            if isinstance(odd, OfficeSilent | BadTerminals):
                raise
            raise OfficeSilent(office=str(self._root), why=str(odd)) from odd
        self._written, self._counts = written, counts
        if found is not None:
            self._read_at = now
        return found

    def _as_owner(self) -> list[Issued]:
        """Ask as the office's own account: what another one opens, its rows' helpers belong to that one."""
        line = [sys.executable, "-m", "seikyu.apps.cli", "gateway", "terminals", "--home", str(self._root)]
        owner = self._root.stat()
        try:
            done = subprocess.run(  # noqa: S603  (this program)
                line, user=owner.st_uid, group=owner.st_gid, extra_groups=[], capture_output=True, check=False,
                timeout=_ROWS_S, cwd="/",
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError) as odd:
            raise OfficeSilent(office=str(self._root), why=str(odd)) from odd
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise OfficeSilent(office=str(self._root), why=said[0] if said else str(done.returncode))
        return terminals_from(done.stdout.decode("utf-8"), str(self._root))


class RemoteOffice:
    """An office elsewhere."""

    def __init__(self, url: str, authorities: Path, terminals: Path) -> None:
        self._url = url
        self._authorities = authorities
        self._chain = _Chain(authorities)
        self._terminals = terminals
        self._seen: object = None
        self._asking: list[threading.Thread] = []

    def authorities(self) -> list["Certificate"] | None:
        """Return the certificates that were given to the gateway, if others were given since."""
        return self._chain.read()

    def lists(self) -> bytes:
        """Fetch the lists, on a thread of its own: an answer that trickles in holds nobody up."""
        self._asking = [each for each in self._asking if each.is_alive()]
        if len(self._asking) >= _ASKING:
            raise OfficeSilent(office=self._url, why="its answers do not end")
        got: list[bytes | OfficeSilent] = []

        def ask() -> None:
            try:
                got.append(self._fetched())
            except OfficeSilent as silent:
                got.append(silent)

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        asking.join(limit("gateway_answer_s"))
        self._asking.append(asking)
        if not got:
            raise OfficeSilent(office=self._url, why=f"> {limit('gateway_answer_s')} s")
        if isinstance(got[0], OfficeSilent):
            raise got[0]
        return got[0]

    def _fetched(self) -> bytes:
        import httpx2

        from seikyu.adapters.tls_client import client_context

        most = limit("gateway_list_bytes")
        try:
            context = client_context(self._authorities)
            with (
                httpx2.Client(verify=context, timeout=limit("gateway_fetch_s"), trust_env=False) as line,
                line.stream("GET", f"{self._url}/pki/{_LIST}") as answer,
            ):
                answer.raise_for_status()
                whole = bytearray()
                for part in answer.iter_bytes():
                    whole += part
                    if len(whole) > most:
                        raise OfficeSilent(office=self._url, why=f"> {most} bytes")
                return bytes(whole)
        except (httpx2.HTTPError, OSError, SeikyuError) as odd:
            if isinstance(odd, OfficeSilent):
                raise
            raise OfficeSilent(office=self._url, why=str(odd) or type(odd).__name__) from odd

    def issued(self) -> list[Issued] | None:
        """Return the rows of the file, if it was written since."""
        signed = _signature(self._terminals)
        if signed is not None and (signed == self._seen or (self._seen is not None and _fresh(self._terminals))):
            return None
        try:
            text = _read(self._terminals).decode("utf-8-sig")
        except UnicodeDecodeError as odd:
            raise BadTerminals(file=str(self._terminals), line=1, what="UTF-8") from odd
        found = terminals_from(text, str(self._terminals))
        self._seen = signed
        return found


def issued_in(root: Path) -> Iterator[Issued]:
    """Yield the certificates of an office's register that have not ended, of parties that take part."""
    from seikyu.adapters.sql import open_store
    from seikyu.apps.wiring import find_home

    now = datetime.now(UTC)
    store = open_store(find_home(root).database)
    try:
        with store.read() as tx:
            parties = {each.id for each in tx.parties() if each.until is None or each.until > now}
            rows = tx.certificates()
    finally:
        store.close()
    for row in rows:
        if row.not_after > now and row.party in parties:
            yield Issued(row.party, row.terminal, row.serial, row.not_after, row.revoked_at is not None)


def heard_before(place: Place) -> list[Issued]:
    """Return who could come when the gateway last heard of it; nobody, if it never did or that cannot be read."""
    try:
        return terminals_from(place.heard.read_text("utf-8"), str(place.heard))
    except (OSError, UnicodeDecodeError, BadTerminals):
        return []


def keep_heard(place: Place, issued: Iterable[Issued]) -> None:
    """Write down who may come."""
    write_private(place.heard, terminals_text(issued).encode())


def counted_in(root: Path) -> tuple[int, int]:
    """Return how many certificates an office has, and how many of them are revoked."""
    from seikyu.adapters.sql import open_store
    from seikyu.apps.wiring import find_home

    store = open_store(find_home(root).database)
    try:
        with store.read() as tx:
            return tx.certificates_counted()
    finally:
        store.close()


def terminals_text(issued: Iterable[Issued]) -> str:
    """Return the file of who may come."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(COLUMNS)
    rows.writerows(_row(each).values() for each in issued)
    return out.getvalue()


def terminals_from(text: str, file: str) -> list[Issued]:
    """Return the rows of a file of who may come; two columns are enough. Errors: BadTerminals."""
    rows = csv.DictReader(io.StringIO(text), strict=True)
    found: list[Issued] = []
    try:
        if tuple(rows.fieldnames or ())[:2] != COLUMNS[:2]:
            raise BadTerminals(file=file, line=1, what=",".join(COLUMNS))
        for row in rows:
            found.append(_issued(row))
            if len(found) > limit("gateway_certificates"):
                raise BadTerminals(file=file, line=rows.line_num, what=f"> {limit('gateway_certificates')}")
    except (csv.Error, ValueError, TypeError) as odd:
        raise BadTerminals(file=file, line=len(found) + 2, what=",".join(COLUMNS)) from odd
    return found


def _issued(row: dict[str, Any]) -> Issued:
    party, terminal, serial = row["party"], row["terminal"], (row.get("serial") or "").lower().lstrip("0")
    if not _PARTY.fullmatch(party or "") or not is_common_name(terminal or ""):
        raise ValueError(party)
    if serial:
        int(serial, 16)
    if row.get("state") not in {None, "", _VALID, _REVOKED}:
        raise ValueError(row["state"])
    ends = datetime.fromisoformat(row["not_after"]) if row.get("not_after") else datetime.max.replace(tzinfo=UTC)
    ends = ends if ends.tzinfo else ends.replace(tzinfo=UTC)
    return Issued(party, terminal, serial, ends, row.get("state") == _REVOKED)


class _Chain:
    """A file of authorities, read when it was written."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: object = None

    def read(self) -> list["Certificate"] | None:
        """Return what is in it, if it was written since. Errors: OfficeSilent."""
        from seikyu.adapters.kept_lists import certificates_in

        if (seen := _signature(self._file)) == self._seen and seen is not None:
            return None
        try:
            found = certificates_in(self._file.read_bytes())
        except (OSError, ValueError) as odd:
            raise OfficeSilent(office=str(self._file), why=getattr(odd, "strerror", None) or str(odd)) from odd
        self._seen = seen
        return found


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as odd:
        raise OfficeSilent(office=str(file), why=odd.strerror or str(odd)) from odd


def _signature(file: Path) -> object:
    """Return what changes when a file does."""
    try:
        seen = file.stat()
    except OSError:
        return None
    return seen.st_mtime_ns, seen.st_size, seen.st_ino


def _fresh(file: Path) -> bool:
    """Return whether a file was written just now: somebody may still be at it, and half a list is a list."""
    try:
        return 0 <= time.time() - file.stat().st_mtime < _REST_S
    except OSError:
        return False  # It has gone meanwhile, which whoever reads it says.


def _owner(root: Path) -> int:
    try:
        return root.stat().st_uid
    except OSError:
        return os.geteuid()  # That there is no office is said by whoever looks for it.


def as_json(issued: Iterable[Issued]) -> str:
    """Return who may come, for programs."""
    return json.dumps({"items": [_row(each) for each in issued]}, ensure_ascii=False)


def _row(issued: Issued) -> dict[str, str]:
    state = _REVOKED if issued.revoked else _VALID
    values = (issued.party, issued.terminal, issued.serial, issued.not_after.isoformat(), state)
    return dict(zip(COLUMNS, values, strict=True))
