"""Certificates and revocation lists, read with the standard library alone; whatever the bytes are.

Nothing is verified here: that is for who trusts. Source: X.690, RFC 5280.
"""

import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NoReturn

#: The largest file that is looked at: a list of a million revocations has some 30 MB.
LARGEST_BYTES: Final = 32 * 1024 * 1024

#: How many certificates a file may hold, and entries a list.
MOST_CERTIFICATES: Final = 64
MOST_REVOKED: Final = 1_000_000

_PEM: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----([^-]*)-----END \1-----")
_BAD_AT: Final = "not DER"

_BOOLEAN, _INTEGER, _OCTETS, _OID, _SEQUENCE = 0x01, 0x02, 0x04, 0x06, 0x30
_UTC_TIME, _ANY_TIME = 0x17, 0x18
_VERSION, _EXTENSIONS = 0xA0, 0xA3
_DNS_NAME, _URI, _POINT = 0x82, 0x86, 0xA0

_COMMON_NAME, _ORGANISATION = "2.5.4.3", "2.5.4.10"
_OTHER_NAMES, _CONSTRAINTS, _LISTS, _PURPOSES = "2.5.29.17", "2.5.29.19", "2.5.29.31", "2.5.29.37"

#: What a certificate of a client is for, and one for anything.
CLIENT: Final = "1.3.6.1.5.5.7.3.2"
ANYTHING: Final = "2.5.29.37.0"


class BadDER(ValueError):
    """The bytes are not what they should be."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate says. Shape: `purposes` is None if it is for anything; `key` is its public key.

    `lists` are the addresses of revocation lists.
    """

    serial: int
    issuer: bytes
    issuer_text: str
    subject: bytes
    subject_text: str
    not_before: datetime
    not_after: datetime
    key: bytes
    purposes: tuple[str, ...] | None
    uris: tuple[str, ...]
    hosts: tuple[str, ...]
    lists: tuple[str, ...]
    authority: bool


@dataclass(frozen=True, slots=True)
class RevocationList:
    """What a revocation list says."""

    issuer: bytes
    next_update: datetime | None
    serials: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A value: its tag, what is in it, and all of it with its head."""

    tag: int
    body: memoryview
    whole: memoryview


def certificates_in(data: bytes) -> tuple[Certificate, ...]:
    """Return the certificates of a file, PEM or DER, in its order; what is none is left out."""
    found = []
    for body in blocks_in(data, "CERTIFICATE"):
        try:
            found.append(read_certificate(body))
        except BadDER:
            continue
    return tuple(found)


def blocks_in(data: bytes, label: str) -> tuple[bytes, ...]:
    """Return the blocks of a PEM file that bear a label; of another file its bytes."""
    if b"-----BEGIN " not in data[:LARGEST_BYTES]:
        return (data,) if data else ()
    found: list[bytes] = []
    for match in _PEM.finditer(data[:LARGEST_BYTES]):
        if match[1].decode("ascii") == label and len(found) < MOST_CERTIFICATES:
            try:
                found.append(b64decode(match[2]))
            except ValueError:
                continue
    return tuple(found)


def read_certificate(data: bytes) -> Certificate:
    """Return what a certificate (DER) says. Errors: BadDER."""
    signed = _inner(_one(memoryview(data), _SEQUENCE))
    rest = _inner(_next(signed, _SEQUENCE))
    first = _any(rest)
    serial = _next(rest, _INTEGER) if first.tag == _VERSION else first
    _next(rest, _SEQUENCE)
    issuer = _next(rest, _SEQUENCE)
    times = _inner(_next(rest, _SEQUENCE))
    not_before, not_after = _time(_any(times)), _time(_any(times))
    subject, key = _next(rest, _SEQUENCE), _next(rest, _SEQUENCE)
    said = _extensions(rest, _EXTENSIONS)
    return Certificate(
        serial=_number(serial),
        issuer=bytes(issuer.whole),
        issuer_text=_name_text(issuer),
        subject=bytes(subject.whole),
        subject_text=_name_text(subject),
        not_before=not_before,
        not_after=not_after,
        key=bytes(key.whole),
        purposes=_purposes(said[_PURPOSES]) if _PURPOSES in said else None,
        uris=_texts(said.get(_OTHER_NAMES), _URI),
        hosts=_texts(said.get(_OTHER_NAMES), _DNS_NAME),
        lists=_list_addresses(said.get(_LISTS)),
        authority=_authority(said.get(_CONSTRAINTS)),
    )


def read_list(data: bytes) -> RevocationList:
    """Return what a revocation list (PEM or DER) says. Errors: BadDER."""
    body = next(iter(blocks_in(data, "X509 CRL")), b"")
    rest = _inner(_next(_inner(_one(memoryview(body), _SEQUENCE)), _SEQUENCE))
    piece = _any(rest)
    if piece.tag == _INTEGER:
        piece = _any(rest)
    issuer = _next(rest, _SEQUENCE)
    _time(_any(rest))
    next_update, serials = None, frozenset[int]()
    for piece in rest:
        if piece.tag in {_UTC_TIME, _ANY_TIME}:
            next_update = _time(piece)
        elif piece.tag == _SEQUENCE:
            serials = _serials(piece)
    return RevocationList(bytes(issuer.whole), next_update, serials)


def _serials(revoked: _Piece) -> frozenset[int]:
    found = set()
    for number, entry in enumerate(_inner(revoked)):
        if number >= MOST_REVOKED:
            _bad()
        found.add(_number(_next(_inner(entry), _INTEGER)))
    return frozenset(found)


def _bad() -> NoReturn:
    raise BadDER(_BAD_AT)


def _pieces(data: memoryview) -> Iterator[_Piece]:
    """Yield the values that follow each other; each step goes on, so that an end comes."""
    at = 0
    while at < len(data):
        piece = _piece(data, at)
        yield piece
        at += len(piece.whole)


def _piece(data: memoryview, at: int) -> _Piece:
    if at + 2 > len(data) or data[at] & 0x1F == 0x1F:  # noqa: PLR2004  (tags of more than one byte are not used here)
        _bad()
    size, head = data[at + 1], 2
    if size & 0x80:
        count = size & 0x7F
        if not 1 <= count <= 4 or at + 2 + count > len(data):  # noqa: PLR2004  (no length needs more than four bytes)
            _bad()
        size, head = int.from_bytes(data[at + 2 : at + 2 + count], "big"), 2 + count
    end = at + head + size
    if end > len(data):
        _bad()
    return _Piece(data[at], data[at + head : end], data[at:end])


def _one(data: memoryview, tag: int) -> _Piece:
    return _next(_pieces(data), tag)


def _inner(piece: _Piece) -> Iterator[_Piece]:
    return _pieces(piece.body)


def _any(rest: Iterator[_Piece]) -> _Piece:
    piece = next(rest, None)
    if piece is None:
        _bad()
    return piece


def _next(rest: Iterator[_Piece], tag: int) -> _Piece:
    piece = _any(rest)
    if piece.tag != tag:
        _bad()
    return piece


def _number(piece: _Piece) -> int:
    if piece.tag != _INTEGER or not 1 <= len(piece.body) <= 64:  # noqa: PLR2004  (a serial has up to 20 bytes)
        _bad()
    return int.from_bytes(piece.body, "big", signed=True)


def _time(piece: _Piece) -> datetime:
    form = {_UTC_TIME: "%y%m%d%H%M%SZ", _ANY_TIME: "%Y%m%d%H%M%SZ"}.get(piece.tag)
    if form is None:
        _bad()
    try:
        return datetime.strptime(str(piece.body, "ascii"), form).replace(tzinfo=UTC)
    except ValueError:
        _bad()


def _oid(piece: _Piece) -> str:
    if piece.tag != _OID or not 1 <= len(piece.body) <= 64:  # noqa: PLR2004  (no name that we know is longer)
        _bad()
    numbers, value = [], 0
    for byte in piece.body:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    if not numbers:
        _bad()
    first = min(numbers[0] // 40, 2)
    return ".".join(str(each) for each in (first, numbers[0] - 40 * first, *numbers[1:]))


def _extensions(rest: Iterator[_Piece], tag: int) -> dict[str, memoryview]:
    found = {}
    for piece in rest:
        if piece.tag != tag:
            continue
        for each in _inner(_one(piece.body, _SEQUENCE)):
            parts = _inner(each)
            name, value = _oid(_any(parts)), _any(parts)
            if value.tag == _BOOLEAN:
                value = _any(parts)
            if value.tag == _OCTETS:
                found[name] = value.body
    return found


def _purposes(value: memoryview) -> tuple[str, ...]:
    return tuple(_oid(each) for each in _inner(_one(value, _SEQUENCE)))


def _authority(value: memoryview | None) -> bool:
    if value is None:
        return False
    first = next(_inner(_one(value, _SEQUENCE)), None)
    return first is not None and first.tag == _BOOLEAN and any(first.body)


def _texts(value: memoryview | None, tag: int) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(_text(each) for each in _inner(_one(value, _SEQUENCE)) if each.tag == tag)


def _list_addresses(value: memoryview | None) -> tuple[str, ...]:
    if value is None:
        return ()
    found = []
    for point in _inner(_one(value, _SEQUENCE)):
        for outer in _inner(point):
            names = [inner for inner in _inner(outer) if outer.tag == _POINT and inner.tag == _POINT]
            found += [_text(each) for name in names for each in _inner(name) if each.tag == _URI]
    return tuple(found)


def _name_text(name: _Piece) -> str:
    """Return how people call whom a name names: the common name, or the organisation."""
    said: dict[str, str] = {}
    for group in _inner(name):
        for pair in _inner(group):
            parts = _inner(pair)
            said.setdefault(_oid(_any(parts)), _text(_any(parts)))
    return said.get(_COMMON_NAME) or said.get(_ORGANISATION) or ""


def _text(piece: _Piece) -> str:
    return str(piece.body, "utf-8", "replace")
