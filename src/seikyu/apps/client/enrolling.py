"""A machine that has no certificate yet: from an empty folder to one that works, in steps that may break off.

What arrives lies in HOME/enrolling until it is whole: the root that was trusted, the key, the certificate, the address
of the desk. Then the folder becomes HOME/clients/ID by one renaming, or, where the terminal had a folder before, its
files take the place of the old ones. The same command again goes on with the same key.

Whom to trust is said by somebody who knows: a file with the root of the office, or its fingerprint from paper. Nothing
is sent before the other end has proved to come from that root.
"""

import json
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Self

from seikyu.adapters.home import sync_folder, write_private
from seikyu.adapters.tls_client import BadClientFile, client_context
from seikyu.apps.client import certificates
from seikyu.apps.client.certificates import Held, Waiting
from seikyu.apps.client.errors import OddAnswer, OfficeSaid
from seikyu.apps.client.folder import ClientFolder, client_toml, is_client_id, is_url, open_client
from seikyu.apps.client.line import Line, Note
from seikyu.apps.client.own_files import NEXT, alone, drop, key_in, make_private, take_over, told
from seikyu.ports.errors import SeikyuError

_FOLDER: Final = "enrolling"
_PAIRING: Final = "pairing.json"
_ROOT: Final = "/pki/root.pem"

#: A certificate has under 2 KB; what says more at that address is no root of ours.
_ROOT_BYTES: Final = 64 * 1024
_SHA256_HEX: Final = 64


class ClientTaken(SeikyuError):
    """The client folder belongs to another party or terminal; it stays as it is. Shape: facts `folder`."""

    code = "client_taken"


class OfficeNotTrusted(SeikyuError):
    """Nobody has said which root to trust, or the root has another fingerprint than was said (`office_is_another`)."""

    code = "office_not_trusted"

    def __init__(self, *, closer: str, **facts: Any) -> None:
        super().__init__(closer, **facts)
        self.words_code = closer


class OfficeNotNamed(SeikyuError):
    """Nobody has said where the office is, or not as an address."""

    code = "office_not_named"


@dataclass(frozen=True, slots=True)
class Whence:
    """The office as somebody who knows has said it.

    Shape: `public` is the address of its face that needs no certificate; `ca` a file with its root, or `fingerprint`
    the SHA-256 of the root, with or without colons.
    """

    public: str
    ca: Path | None = None
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A machine on its way to a certificate: where its files lie, and a line to the office's public face."""

    home: Path
    stage: Path
    line: Line
    client_id: str | None

    @classmethod
    def at(cls, home: Path, whence: Whence, *, what: str, client_id: str | None, tries: int | None, note: Note) -> Self:
        """Begin, or go on with, what `what` names. Errors: OfficeNotNamed; OfficeNotTrusted; as Line.get."""
        if client_id is not None and not is_client_id(client_id):
            raise ClientTaken(folder=client_id)
        root = _root(whence)
        stage = home / _FOLDER / sha256(f"{whence.public}\n{what}".encode()).hexdigest()[:16]
        with told(stage):
            make_private(stage)
            write_private(stage / "ca.pem", root.encode())
        return cls(home, stage, _line(whence, root, stage, tries=tries, note=note), client_id)

    def by_code(self, *, reference: str, code: str) -> ClientFolder:
        """Get the certificate with what stands on the notice. Errors: as Line.get; as `_finish`."""
        with alone(self.stage), self.line:
            pem = certificates.enrolled(self.line, self._key(), reference=reference, code=code)
            return self._finish(pem)

    def by_pairing(self, *, party: str, terminal: str, show: Callable[[Waiting], None]) -> ClientFolder:
        """Get the certificate when another terminal approves; a waiting that broke off is gone on with.

        `show` is told what the screen has to show. Errors: as Line.get; as `_finish`; OfficeSaid (`pairing_over`).
        """
        with alone(self.stage), self.line:
            key, kept = self._key(), self.stage / _PAIRING
            said = _kept(kept)
            if said is None or self._is_over(said["secret"]):
                said = certificates.ask_to_pair(self.line, key, party=party, terminal=terminal)
                with told(self.stage):
                    write_private(kept, json.dumps(said).encode())
            show(Waiting.of(said, certificates.fingerprint_of(key)))
            pem = certificates.wait_to_pair(self.line, key, said["secret"])
            return self._finish(pem)

    def _is_over(self, secret: str) -> bool:
        try:
            self.line.again(lambda: certificates.look(self.line, secret))
        except OfficeSaid as said:
            if said.words_code != "pairing_over":
                raise
            return True
        return False

    def _key(self) -> certificates.Key:
        with told(self.stage):
            return key_in(self.stage / "key.pem")

    def _finish(self, pem: bytes) -> ClientFolder:
        """Put everything in its place. Errors: ClientTaken; FileUnusable; as Line.get."""
        own = certificates.identity_in(pem, url=self.line.folder.url)
        client_id = self.client_id or own.party
        folder = self.home / "clients" / client_id
        _require_same(self.home, client_id, own)
        desk = self.line.get("/recover/office").get("desk")
        if not isinstance(desk, str) or not is_url(desk):
            raise OddAnswer(url=self.line.folder.url, status="desk")
        text = client_toml(url=desk, party=own.party, kind=own.kind, public=self.line.folder.url)
        with told(self.stage):
            write_private(self.stage / "cert.pem", pem)
            write_private(self.stage / "client.toml", text.encode())
            (self.stage / _PAIRING).unlink(missing_ok=True)
            folder.parent.mkdir(parents=True, exist_ok=True)
            if not folder.exists():
                self.stage.rename(folder)
                sync_folder(folder.parent)
        if self.stage.exists():
            drop(folder / NEXT)
            take_over(folder, self.stage)
        return open_client(self.home, client_id)


def public_line(whence: Whence, *, tries: int | None = None, note: Note = lambda _: None) -> Line:
    """Return a line to the face that needs no certificate. Errors: OfficeNotNamed; OfficeNotTrusted; as Line.get."""
    return _line(whence, _root(whence), Path(), tries=tries, note=note)


def whence_of(home: Path, client_id: str | None, said: Whence) -> Whence:
    """Return where the office is and whom to trust: what was said, and else what the client's folder knows."""
    known: ClientFolder | None = None
    with suppress(SeikyuError):
        known = open_client(home, client_id)
    if known is None:
        return said
    trusted = said.ca or said.fingerprint
    ca = said.ca if trusted else known.ca if known.ca.is_file() else None
    return Whence(said.public or known.public, ca, said.fingerprint)


def _require_same(home: Path, client_id: str, own: Held) -> None:
    """Errors: ClientTaken, if the folder is another terminal's."""
    path = home / "clients" / client_id
    if not (path / "client.toml").is_file():
        return
    known = open_client(home, client_id)
    with suppress(BadClientFile):
        old = certificates.held(known)
        if (old.party, old.terminal) != (own.party, own.terminal):
            raise ClientTaken(folder=str(path))
    if known.party != own.party:
        raise ClientTaken(folder=str(path))


def _line(whence: Whence, root: str, place: Path, *, tries: int | None, note: Note) -> Line:
    folder = ClientFolder(place, whence.public.rstrip("/"), "", "")
    return Line(folder, root="", tries=tries, note=note, context=client_context(root))


def _root(whence: Whence) -> str:
    """Return the root to trust (PEM). Errors: OfficeNotNamed; OfficeNotTrusted; BadClientFile; as Line.get."""
    public = whence.public.rstrip("/")
    if not is_url(public):
        raise OfficeNotNamed(url=public)
    if whence.ca is not None:
        try:
            return whence.ca.read_text("ascii")
        except (OSError, ValueError) as odd:
            reason = (getattr(odd, "strerror", None) or "not PEM").lower()
            raise BadClientFile(file=str(whence.ca), reason=reason) from odd
    wanted = "".join(each for each in whence.fingerprint.lower() if each not in ": \t")
    if len(wanted) != _SHA256_HEX:
        raise OfficeNotTrusted(closer="office_not_trusted")
    pem = _offered(public)
    found = sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
    if found != wanted:
        raise OfficeNotTrusted(closer="office_is_another", sha256=found)
    return pem


def _offered(public: str) -> str:
    """Return the root that the other end gives out, whoever it is; the fingerprint says whether to believe it."""
    nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    nobody.check_hostname = False
    nobody.verify_mode = ssl.CERT_NONE
    with Line(ClientFolder(Path(), public, "", ""), root="", tries=1, context=nobody) as line:
        body = line.answer("GET", _ROOT).content
    try:
        text = body[:_ROOT_BYTES].decode("ascii").strip()
        ssl.PEM_cert_to_DER_cert(text)
    except ValueError as odd:
        raise OddAnswer(url=public, status="root") from odd
    return text + "\n"


def _kept(path: Path) -> dict[str, str] | None:
    """Return the pairing that an earlier try has asked for."""
    with suppress(OSError, ValueError):
        said = json.loads(path.read_text("ascii"))
        if isinstance(said, dict) and all(isinstance(said.get(n), str) for n in ("secret", "pairing_code", "until")):
            return said
    return None
