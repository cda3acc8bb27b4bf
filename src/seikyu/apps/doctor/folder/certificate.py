"""The probes of the certificate in the client's folder, and of the list of revoked ones.

Of a key it is found out whether it is there and is the right one; no byte of it becomes a fact. Signatures are not
verified: that is for those who trust. Source: network:11 (C04 to C18), network:7.
"""

import tomllib
from collections.abc import Iterable, Sequence
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from seikyu.apps.doctor.folder import der
from seikyu.apps.doctor.folder.der import BadDER, Certificate, certificates_in
from seikyu.apps.doctor.line import https
from seikyu.apps.doctor.line.wire import CONNECT_S, reachable, target, together
from seikyu.apps.doctor.probing import CouldNotLook, Look, Probe, Stage
from seikyu.lines.facts import Facts, Value

#: How a party is named in a certificate: `urn:seikyu:party:KIND:ID`, and more after that for a terminal.
URN: Final = "urn:seikyu:party:"

#: A file of certificates has a few KB; a list that somebody put into the folder may be long.
_FILE_BYTES: Final = 1024 * 1024
LIST_FILE: Final = "crl.pem"
_MOST_FOLDERS: Final = 64
_MOST_ISSUERS: Final = 8
_MOST_LISTS: Final = 3
_LIST_S: Final = 4.0
_OK: Final = 200


def look_at_files(look: Look) -> Facts:
    """Look at the certificate of the folder and what belongs to it."""
    if not look.folder:
        raise CouldNotLook("folder")
    pair = pair_of(look.folder)
    chain = certificates_in(read_bytes(pair[0]))
    own = own_of(chain)
    if own is None:
        return {"certificate.found": False, "certificate.renewal_pending": _pending(look.folder)}
    said = _client(look.folder)
    party, now = party_of(own), look.now()
    found: dict[str, Value | None] = {
        "certificate.found": True,
        "certificate.key": _key(pair),
        "certificate.purpose": own.purposes is None or bool({der.CLIENT, der.ANYTHING} & set(own.purposes)),
        "certificate.expired": now > own.not_after,
        "certificate.early": now < own.not_before,
        "certificate.days_left": max((own.not_after - now).days, 0),
        "certificate.count": count(look.folder, party),
        "certificate.trusted": _trusted(own, chain, look.folder),
        "certificate.party": party or None,
        "certificate.party_differs": said["party"] != party if party and said.get("party") else None,
        "certificate.issuer": own.issuer_text,
        "certificate.renewal_pending": _pending(look.folder),
    }
    return {name: value for name, value in found.items() if value is not None}


def look_at_list(look: Look) -> Facts:
    """Get the list of revoked certificates and look the certificate up; say whether an earlier authority issued it."""
    if not look.folder:
        raise CouldNotLook("folder")
    own = own_of(certificates_in(read_bytes(pair_of(look.folder)[0])))
    if own is None:
        raise CouldNotLook("nothing", "cert.pem")
    public = _client(look.folder).get("public", "")
    ca = look.folder / "ca.pem"
    places = [*([f"{public}/pki/crl.pem"] if public else []), *own.lists][:_MOST_LISTS]
    calls = {each: partial(fetched, each, ca) for each in places}
    if public:
        calls["issuing"] = partial(fetched, f"{public}/pki/issuing.pem", ca)
    came = together(calls, limit_s=_LIST_S + CONNECT_S)
    issuing = own_of(certificates_in(came.pop("issuing", b"")), authority=True)
    found: dict[str, Value] = {"certificate.old_issuer": issuing.subject != own.issuer} if issuing else {}
    kept = by_lists(own, [read_bytes(look.folder / LIST_FILE, most=der.LARGEST_BYTES)], look)
    if kept.get("list.expired") is True:
        del kept["list.expired"]  # Only a copy: that it is old says nothing of the one that others see.
    fresh = by_lists(own, came.values(), look)
    revoked = [each["certificate.revoked"] for each in (kept, fresh) if each]
    return found | kept | fresh | ({"certificate.revoked": any(revoked)} if revoked else {})


def by_lists(own: Certificate, lists: Iterable[bytes], look: Look) -> dict[str, Value]:
    """Return what lists say of a certificate: revoked by any, over if the newest is. Another issuer's says nothing."""
    read = []
    for each in lists:
        try:
            read.append(der.read_list(each))
        except BadDER:
            continue
    mine = [each for each in read if each.issuer == own.issuer]
    if not mine:
        return {}
    dated = [each.next_update for each in mine if each.next_update]
    found: dict[str, Value] = {"certificate.revoked": any(own.serial in each.serials for each in mine)}
    return found | ({"list.expired": max(dated) < look.now()} if dated else {})


def pair_of(folder: Path) -> tuple[Path, Path]:
    """Return certificate and key that are in use; what is just being put in its place is."""
    swapping = folder / "swapping"
    at = swapping if all((swapping / each).is_file() for each in ("cert.pem", "key.pem")) else folder
    return at / "cert.pem", at / "key.pem"


def own_of(chain: Sequence[Certificate], *, authority: bool = False) -> Certificate | None:
    """Return the first certificate that is a party's, or an authority's; None if there is none."""
    return next((each for each in chain if each.authority is authority), None)


def party_of(certificate: Certificate) -> str:
    """Return the id of the party that a certificate is made out to; empty if it names none."""
    for each in certificate.uris:
        if each.startswith(URN):
            return each.removeprefix(URN).split(":")[1] if ":" in each.removeprefix(URN) else ""
    return ""


def count(folder: Path, party: str) -> int:
    """Return how many certificates of a party the PC's client folders hold, each counted once."""
    found = set()
    try:
        folders = sorted(folder.parent.iterdir())[:_MOST_FOLDERS]
    except OSError:
        folders = [folder]
    for each in folders:
        one = own_of(certificates_in(read_bytes(each / "cert.pem")))
        if one and party_of(one) == party:
            found.add((one.issuer, one.serial))
    return max(len(found), 1)


def read_bytes(path: Path, *, most: int = _FILE_BYTES) -> bytes:
    """Return the beginning of a file; nothing if it is none or cannot be read."""
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as file:
            return file.read(most)
    except OSError:
        return b""


def fetched(url: str, ca: Path) -> bytes:
    """Return what lies at an address, http or https. Errors: OSError, also if there is no such thing."""
    if place := target(url):
        return _fetched_by_tls(place, urlsplit(url).path, ca)
    try:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise ConnectionError
        line = HTTPConnection(parts.hostname, parts.port or 80, timeout=_LIST_S)
        line.request("GET", parts.path or "/", headers={"Connection": "close"})
        answer = line.getresponse()
        return _body(answer.status, answer.read(der.LARGEST_BYTES))
    except (HTTPException, ValueError) as reason:
        raise ConnectionError from reason


def _fetched_by_tls(place: tuple[str, int], path: str, ca: Path) -> bytes:
    host, port = place
    address, context = reachable(host, port), https.verified(ca)
    if not address or not context:
        raise ConnectionError
    with https.opened(address, port, host=host, context=context) as line:
        reply = https.get(line, path, host=f"{host}:{port}", most=der.LARGEST_BYTES)
    return _body(reply.status, reply.body)


def _body(status: int, body: bytes) -> bytes:
    if status != _OK:
        raise ConnectionError
    return body


def _key(pair: tuple[Path, Path]) -> bool | None:
    """Return whether the key is there and is the certificate's. One that needs a password is there."""
    fits = https.fits(pair)
    return True if fits is None else fits


def _trusted(own: Certificate, chain: Sequence[Certificate], folder: Path) -> bool:
    """Return whether the way from issuer to issuer leads to a root of the folder, by the names."""
    roots = {each.subject for each in certificates_in(read_bytes(folder / "ca.pem"))}
    issuer = own.issuer
    for _ in range(_MOST_ISSUERS):
        if issuer in roots:
            return True
        above = next((each for each in chain if each.subject == issuer and each.issuer != issuer), None)
        if above is None:
            return False
        issuer = above.issuer
    return False


def _pending(folder: Path) -> bool:
    """Return whether a renewal was begun and not finished."""
    return any((folder / each / "key.pem").is_file() for each in ("next", "swapping"))


def _client(folder: Path) -> dict[str, str]:
    try:
        said = tomllib.loads(read_bytes(folder / "client.toml").decode("utf-8", "replace"))
    except ValueError:
        return {}
    return {name: value.rstrip("/") for name, value in said.items() if isinstance(value, str)}


PROBES: Final = (
    Probe(
        "certificate",
        look_at_files,
        (
            "certificate.found", "certificate.key", "certificate.purpose", "certificate.expired", "certificate.early",
            "certificate.days_left", "certificate.count", "certificate.trusted", "certificate.party",
            "certificate.party_differs", "certificate.issuer", "certificate.renewal_pending",
        ),
    ),
    Probe(
        "revocation",
        look_at_list,
        ("certificate.revoked", "list.expired", "certificate.old_issuer"),
        stage=Stage.LINE,
        limit_s=6.4,
    ),
)  # fmt: skip
