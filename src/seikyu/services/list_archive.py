"""一括ダウンロード: the lists of many sendings as one ZIP that is made while it is read.

Of a single sending every list stands in it under its own official name. Of a month each form has one file under its
official bulk name, which carries day and time of the download, with the lists of all its sendings one behind the other,
byte for byte what they are one by one. However much it is, a piece of it is held at a time.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Final, cast
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from seikyu.limits import KIB
from seikyu.office.calendar import JST
from seikyu.ports.errors import BadRequest, NotFound
from seikyu.ports.store import Sending
from seikyu.ports.trust import ClientIdentity
from seikyu.rules.reports.forms import bulk_name, forms
from seikyu.services.agency import body_to_list
from seikyu.services.lists import Listed, ListNotThere, lists_of, make_list
from seikyu.services.office import INSTITUTION, LINES, Office, require_party

_BLOCK_BYTES: Final = 64 * KIB
#: Whoever unpacks it may read the files, and nobody else.
_OWN_FILE: Final = 0o600 << 16


@dataclass(frozen=True, slots=True)
class Wish:
    """Which sendings: of a month, and perhaps of a body, a line, a kind."""

    month: str
    body: str | None = None
    line: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Archive:
    """A ZIP to be. Shape: `name` of its file; `blocks` are its bytes, made while they are read, and read once."""

    name: str
    blocks: Iterator[bytes]


def sendings_of(office: Office, identity: ClientIdentity, wish: Wish) -> list[Sending]:
    """Return the sendings of a wish in the order of their numbers. Errors: Forbidden, BadRequest."""
    if wish.line is not None and wish.line not in LINES:
        raise BadRequest("line is real or test", parameter="line")
    with office.store.read() as tx:
        require_party(tx, identity, kind=INSTITUTION, now=office.clock.now())
        body = body_to_list(identity, wish.body)
        found = tx.sendings(party=identity.party, body=body, month=wish.month, line=wish.line)
    return [each for each in reversed(found) if wish.kind in (None, each.kind)]


def archive_of_sending(office: Office, identity: ClientIdentity, sending_id: str) -> Archive:
    """Return every list that a sending has now. Errors: Forbidden, NotFound; ListNotThere, if it has none."""
    sending, listed = lists_of(office, identity, sending_id)
    there = [each for each in listed if each.reason is None]
    if not there:
        raise ListNotThere("the sending has no list now", why=listed[0].reason, form=listed[0].form)
    at = office.clock.now().astimezone(JST)
    entries = [_Entry(each.name, [(sending.id, each)]) for each in there]
    return Archive(f"{sending.party}-{sending.id}.zip", _zipped(office, identity, entries, at))


def archive_of_month(office: Office, identity: ClientIdentity, wish: Wish) -> Archive:
    """Return every list of a month's sendings, under the official bulk names.

    Errors: Forbidden; BadRequest, if there are too many; NotFound, if there is none.
    """
    at = office.clock.now().astimezone(JST)
    sendings, most = sendings_of(office, identity, wish), office.limit("archive_sendings")
    if len(sendings) > most:
        raise BadRequest(f"an archive holds {most} sendings; narrow the wish", parameter="kind")
    entries: dict[str, _Entry] = {}
    for sending in sendings:
        for each in lists_of(office, identity, sending.id)[1]:
            if each.issue is not None:
                name = bulk_name(forms()[each.form], each.issue, at)
                entries.setdefault(name, _Entry(name)).parts.append((sending.id, each))
    if not entries:
        raise NotFound("no lists of that month")
    where = "-".join(filter(None, (identity.party, wish.body, wish.line, wish.kind)))
    name = f"{where}-{wish.month}-{at:%Y%m%d%H%M%S}.zip"
    return Archive(name, _zipped(office, identity, list(entries.values()), at))


@dataclass(frozen=True, slots=True)
class _Entry:
    """One file of the ZIP: the lists that stand in it, one behind the other."""

    name: str
    parts: list[tuple[str, Listed]] = field(default_factory=list)


class _Pipe:
    """Takes what is written into a ZIP, and gives it on."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def taken(self) -> bytes:
        """Return what came since the last time."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def _zipped(office: Office, identity: ClientIdentity, entries: Iterable[_Entry], at: datetime) -> Iterator[bytes]:
    pipe = _Pipe()
    with ZipFile(cast("IO[bytes]", pipe), "w", ZIP_DEFLATED) as archive:
        for entry in entries:
            head = ZipInfo(entry.name, at.timetuple()[:6])
            head.compress_type, head.external_attr = ZIP_DEFLATED, _OWN_FILE
            with archive.open(head, "w") as out:
                for sending_id, listed in entry.parts:
                    made = make_list(office, identity, sending_id, listed.form, listed.in_out)
                    for block in in_blocks(made.lines):
                        out.write(block)
                        if piece := pipe.taken():
                            yield piece
    yield pipe.taken()


def in_blocks(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in pieces of some size."""
    held: list[bytes] = []
    size_bytes = 0
    for line in lines:
        held.append(line)
        size_bytes += len(line)
        if size_bytes >= _BLOCK_BYTES:
            yield b"".join(held)
            held, size_bytes = [], 0
    if held:
        yield b"".join(held)
