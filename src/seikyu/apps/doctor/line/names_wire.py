"""Questions to a resolver and its answers as bytes; an answer may be anything. Source: RFC 1035, RFC 6891."""

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final

A: Final = 1
CNAME: Final = 5
AAAA: Final = 28
_OPT: Final = 41
_INTERNET: Final = 1

#: What fits into an answer without EDNS0.
PLAIN_BYTES: Final = 512

NO_ERROR: Final = 0
FORMAT_ERROR: Final = 1
SERVER_FAILED: Final = 2
NO_SUCH_NAME: Final = 3

_HEAD: Final = struct.Struct(">HHHHHH")
_RECORD: Final = struct.Struct(">HHIH")
_ANSWER, _CUT, _RECURSE = 0x8000, 0x0200, 0x0100
_LABEL_BYTES: Final = 63
_NAME_BYTES: Final = 255
_POINTER: Final = 0xC0

#: How often a name may point on, and how many records are looked at.
_MOST_POINTERS: Final = 32
_MOST_RECORDS: Final = 256


class BadAnswer(ValueError):
    """What came is no answer to the question."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer. Shape: `cut` if it did not fit; `edns` if the resolver spoke EDNS0; `size_bytes` of all of it."""

    code: int
    cut: bool
    edns: bool
    addresses: tuple[str, ...]
    records: int
    size_bytes: int


def question(name: str, kind: int, *, number: int, edns_bytes: int = 0) -> bytes:
    """Return a question as bytes; `edns_bytes` is the largest answer that is taken, 0 for a question without EDNS0.

    Errors: ValueError, if the name is none.
    """
    asked = _name(name) + struct.pack(">HH", kind, _INTERNET)
    more = b"\0" + _RECORD.pack(_OPT, edns_bytes, 0, 0) if edns_bytes else b""
    return _HEAD.pack(number, _RECURSE, 1, 0, 0, bool(more)) + asked + more


def read_answer(data: bytes, asked: bytes) -> Answer:
    """Return the answer to a question. Errors: BadAnswer, if it is none or is to another question."""
    try:
        return _read(data, asked)
    except (struct.error, IndexError):
        raise BadAnswer from None


def _read(data: bytes, asked: bytes) -> Answer:
    number, flags, questions, answers, authorities, others = _HEAD.unpack_from(data)
    if number != _HEAD.unpack_from(asked)[0] or not flags & _ANSWER:
        raise BadAnswer
    at = _HEAD.size
    if questions:
        at = _same_question(data, asked)
    code, cut = flags & 0xF, bool(flags & _CUT)
    addresses, edns, seen = [], False, 0
    for place in range(min(answers + authorities + others, _MOST_RECORDS)):
        try:
            kind, body, at = _record(data, at)
        except (struct.error, IndexError, BadAnswer):
            if cut:  # What was cut off may be cut anywhere.
                break
            raise
        edns |= kind == _OPT
        if place < answers:
            seen += 1
            addresses += _address(kind, body)
    return Answer(code, cut, edns, tuple(addresses), seen, len(data))


def _same_question(data: bytes, asked: bytes) -> int:
    name, at = _read_name(data, _HEAD.size)
    own, own_at = _read_name(asked, _HEAD.size)
    if name != own or data[at : at + 4] != asked[own_at : own_at + 4]:
        raise BadAnswer
    return at + 4


def _record(data: bytes, at: int) -> tuple[int, bytes, int]:
    _, at = _read_name(data, at)
    kind, _, _, size = _RECORD.unpack_from(data, at)
    start = at + _RECORD.size
    if start + size > len(data):
        raise BadAnswer
    return kind, data[start : start + size], start + size


def _address(kind: int, body: bytes) -> list[str]:
    if kind == A and len(body) == 4:  # noqa: PLR2004  (the size of the address)
        return [str(IPv4Address(body))]
    if kind == AAAA and len(body) == 16:  # noqa: PLR2004  (the size of the address)
        return [str(IPv6Address(body))]
    return []


def _name(name: str) -> bytes:
    labels = [label.encode("ascii") for label in name.rstrip(".").split(".")]
    if not all(0 < len(label) <= _LABEL_BYTES for label in labels):
        raise ValueError(name)
    body = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    if len(body) > _NAME_BYTES:
        raise ValueError(name)
    return body


def _read_name(data: bytes, at: int) -> tuple[bytes, int]:
    """Return a name in small letters and where it ends; one that points in circles is none. Errors: BadAnswer."""
    labels: list[bytes] = []
    end = pointers = 0
    while size := data[at]:
        if size & _POINTER == _POINTER:
            end = end or at + 2
            at = int.from_bytes(data[at : at + 2], "big") & 0x3FFF
            pointers += 1
        elif size & _POINTER:
            raise BadAnswer
        else:
            labels.append(data[at + 1 : at + 1 + size].lower())
            at += 1 + size
        if pointers > _MOST_POINTERS or sum(len(each) + 1 for each in labels) > _NAME_BYTES:
            raise BadAnswer
    return b".".join(labels), end or at + 1
