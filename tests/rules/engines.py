"""Both engines over the same bytes: what each says of a file, compared to the last byte."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from random import Random
from typing import Any

import pytest

from seikyu.rules import Examination, Finding, Findings, Rows, Summary


@dataclass(frozen=True)
class Said:
    """All that an engine says of a file: findings in order, the bytes of the index, and the figures at the end."""

    findings: list[Finding]
    rows: bytes
    summary: Summary


def said(data: bytes, engine: Any, *, chunk: int | None = None, **options: Any) -> Said:
    """Return what an engine says of bytes that come in chunks of one size."""
    examination = Examination(**{"identity_key": b"both engines", "engine": engine, **options})
    size = chunk or len(data) or 1
    pieces = (data[at : at + size] for at in range(0, len(data), size))
    findings: list[Finding] = []
    rows: list[bytes] = []
    summary = None
    for block in chain(chain.from_iterable(map(examination.feed, pieces)), examination.finish()):
        if isinstance(block, Findings):
            findings += block
        elif isinstance(block, Rows):
            rows.append(block.packed)
        else:
            summary = block
    assert summary is not None
    return Said(findings, b"".join(rows), replace(summary, engine=""))


def assert_same(data: bytes, *, chunk: int | None = None, **options: Any) -> None:
    """Both engines say the same of a file, and the kernel says it however the bytes come."""
    reference = said(data, "reference", **options)
    kernel = said(data, "kernel", chunk=chunk, **options)

    assert reference.findings == kernel.findings
    assert reference.rows == kernel.rows
    assert reference.summary == kernel.summary


def again(values: Sequence[Any], *, after: int) -> list[Any]:
    """Return parameters of which those after the first few go only through code that has been gone through."""
    return [*values[:after], *(pytest.param(each, marks=pytest.mark.unmeasured) for each in values[after:])]


Lines = list[bytes]
Damage = Callable[[Random, Lines], Lines]

_IDS = [b"RE", b"HO", b"KO", b"SN", b"JD", b"MF", b"GR", b"SY", b"SI", b"IY", b"TO", b"CO", b"SJ", b"TI", b"TR", b"TS",
        b"BU", b"SB", b"SS", b"HS", b"CZ", b"KA", b"IR", b"GO", b"ZZ", b"HR", b"X", b""]  # fmt: skip
_VALUES = [b"", b"0", b"000", b"1", b"01", b"97", b"99", b"B", b"-5", b"1.5", b"x", b"202608", b"20260801", b"3550101",
           b"5080801", b"20260229", b"20240229", b"06990014", b"  991018", b"00991018", b"291", b"12345678", b"9" * 19,
           b"1" * 40, b"\x8c\xa9\x96{", b"\x83A\x83B\x81[", b"\xb1\xb2", b"\x81@", b" ", b"\x85\x9f", b"\x87@",
           b"\xf0@", b"\x82", b"\xa0", b"\xfd", b"\x00", b"\x7f", b"\x1a", b"a\xb1\x82\xa0"]  # fmt: skip


def _line(change: Callable[[Random, bytes], bytes]) -> Damage:
    """Return the damage that changes one line."""

    def damage(dice: Random, lines: Lines) -> Lines:
        at = dice.randrange(len(lines))
        return [*lines[:at], change(dice, lines[at]), *lines[at + 1 :]]

    return damage


def _item(change: Callable[[Random, bytes], bytes]) -> Damage:
    """Return the damage that changes one item of one line."""

    def of_line(dice: Random, line: bytes) -> bytes:
        items = line.split(b",")
        at = dice.randrange(len(items))
        items[at] = change(dice, items[at])
        return b",".join(items)

    return _line(of_line)


def _items(change: Callable[[Random, Lines], Lines]) -> Damage:
    """Return the damage that changes the row of items of one line."""
    return _line(lambda dice, line: b",".join(change(dice, line.split(b","))))


def _anywhere(dice: Random, line: bytes, what: bytes) -> bytes:
    at = dice.randrange(len(line) + 1)
    return line[:at] + what + line[at:]


def _between(*new: bytes) -> Damage:
    """Return the damage that puts lines between others."""

    def damage(dice: Random, lines: Lines) -> Lines:
        at = dice.randrange(len(lines) + 1)
        return [*lines[:at], dice.choice(new), *lines[at:]]

    return damage


def _swapped(dice: Random, lines: Lines) -> Lines:
    at = dice.randrange(max(1, len(lines) - 1))
    return [*lines[:at], *lines[at : at + 2][::-1], *lines[at + 2 :]]


def _flipped(dice: Random, line: bytes) -> bytes:
    if not line:
        return line
    at = dice.randrange(len(line))
    return line[:at] + bytes([line[at] ^ 1 << dice.randrange(8)]) + line[at + 1 :]


def _digit(dice: Random, value: bytes) -> bytes:
    if not value.isdigit():
        return value
    at = dice.randrange(len(value))
    return value[:at] + b"%d" % dice.randrange(10) + value[at + 1 :]


def _moved(dice: Random, items: Lines) -> Lines:
    at = dice.randrange(1, len(items)) if len(items) > 1 else 0
    return [*items[:at], b"", *items[at:-1]] if dice.random() < 0.5 else [*items[:at], *items[at + 1 :], b""]


#: Kinds of damage, each to the lines of a file (without their ends); the names are what a failing test tells.
DAMAGES: dict[str, Damage] = {
    "nothing": lambda _, lines: lines,
    "wrong id": _line(lambda dice, line: dice.choice(_IDS) + line[2:]),
    "id in lower case": _line(lambda _, line: line[:2].lower() + line[2:]),
    "extra comma": _line(lambda dice, line: _anywhere(dice, line, b",")),
    "missing comma": _line(lambda dice, line: line.replace(b",", b"", 1 + dice.randrange(3))),
    "bare CR": _line(lambda dice, line: _anywhere(dice, line, b"\r")),
    "bare LF": _line(lambda dice, line: _anywhere(dice, line, b"\n")),
    "CR LF in an item": _line(lambda dice, line: _anywhere(dice, line, b"\r\n")),
    "half a double byte": _item(lambda dice, value: value + bytes([dice.randrange(0x81, 0xA0)])),
    "NEC special": _item(lambda dice, value: value + b"\x87" + bytes([dice.randrange(0x40, 0x7F)])),
    "IBM extension": _item(lambda _, value: value + b"\xfa\x5c"),
    "byte outside any character": _item(lambda dice, value: value + dice.choice([b"\x80", b"\xa0", b"\xfd", b"\xff"])),
    "half-width and full-width": _item(lambda _, value: value + b"A\x82\x60"),
    "29 February": _item(lambda dice, value: dice.choice([b"20250229", b"20240229"]) if len(value) == 8 else value),
    "impossible date": _item(lambda dice, value: dice.choice([b"20261301", b"20260832", b"00000000"]) if len(value) == 8 else value),
    "era date": _item(lambda dice, value: dice.choice([b"5080801", b"50808", b"3640107"]) if value.isdigit() else value),
    "one digit": _item(_digit),
    "negative number": _item(lambda _, value: b"-" + value),
    "decimal number": _item(lambda _, value: value + b".5"),
    "letter in a number": _item(lambda _, value: value + b"O"),
    "unknown code": _item(lambda dice, value: b"%0*d" % (len(value) or 1, dice.randrange(10 ** min(len(value) or 1, 6)))),
    "long item": _item(lambda dice, value: value + dice.choice([b"9", b"\x8c\xa9"]) * dice.randrange(1, 200)),
    "very long line": _line(lambda dice, line: line + b"," * 66_000 if dice.random() < 0.2 else line),
    "empty item": _item(lambda _, __: b""),
    "item of another kind": _item(lambda dice, _: dice.choice(_VALUES)),
    "several odd items": _line(
        lambda dice, line: b",".join(dice.choice(_VALUES) if dice.random() < 0.2 else item for item in line.split(b","))
    ),
    "surplus items": _line(lambda dice, line: line + b"," * dice.randrange(1, 50) + dice.choice(_VALUES)),
    "empty surplus items": _line(lambda dice, line: line + b"," * dice.randrange(1, 50)),
    "short record": _items(lambda dice, items: items[: dice.randrange(1, len(items) + 1)]),
    "shifted items": _items(_moved),
    "bare id": _line(lambda _, line: line[:2]),
    "dropped record": lambda dice, lines: [line for line in lines if dice.random() > 1 / len(lines)],
    "doubled record": lambda dice, lines: [each for line in lines for each in [line] * (1 + (dice.random() < 2 / len(lines)))],
    "swapped records": _swapped,
    "records in any order": lambda dice, lines: [lines[0], *dice.sample(lines[1:], len(lines) - 1)],
    "wrong totals": lambda dice, lines: [b"GO,%d,%d,99" % (dice.randrange(9), dice.randrange(999)) if line.startswith(b"GO") else line for line in lines],
    "claim number gap": _line(lambda dice, line: b"RE,%d" % dice.randrange(99) + line[4:] if line.startswith(b"RE,") else line),
    "NUL": _line(lambda dice, line: _anywhere(dice, line, b"\x00")),
    "control byte": _line(lambda dice, line: _anywhere(dice, line, bytes([dice.choice([1, 9, 11, 27, 31, 127])]))),
    "1A in the middle": _line(lambda dice, line: _anywhere(dice, line, b"\x1a")),
    "1A at a line's beginning": _between(b"\x1a"),
    "blank line": _between(b""),
    "unknown record": _between(b"ZZ,1", b"Z", b"zz,\x8c\xa9", b"Z\xb1,1", b"\xb1\xb2", b"1,2,3"),
    "history line": _between(b"1,1,0,RE,1,1112,202607", b"1,1,0,RE", b"86,2,0,SI,1", b"1,1,0,re"),
    "returned record": _between(b"HR,202608,1,,L1234,\x8c\xa9", b"HI,1", b"HG,1"),
    "donor": _between(b"TI,1,1", b"TR,1,1992,202608,,1,19800101", b"TS,1,100"),
    "second header": _between(b"IR,1,99,1,0112342,,\x8c\xa9\x96{,202609,00,"),
    "second trailer": _between(b"GO,1,291,99"),
    "more payers": _between(b"KO,80990013,0000018,,1,291", b"HO,06990014,,1,1,291", b"KO,54990015,1111111,,1,291"),
    "eligibility": _between(b"SN,1,01,,,,01", b"SN,2,01", b"JD,3,1", b"MF,00", b"MF,09"),
    "BOM": lambda _, lines: [b"\xef\xbb\xbf" + lines[0], *lines[1:]],
    "one bit": _line(_flipped),
    "random bytes": _line(lambda dice, _: dice.randbytes(dice.randrange(60))),
}  # fmt: skip


def _whole(dice: Random, data: bytes) -> bytes:
    """Return the file with damage to it as a whole."""
    kind = dice.randrange(14)
    if kind == 0:
        return data[: dice.randrange(len(data) + 1)]
    if kind == 1:
        return data + data
    if kind == 2:
        return data.replace(b"\r\n", b"\n")
    if kind == 3:
        return data.replace(b"\r\n", b"\r")
    if kind == 4:
        return data.replace(b"\r\n", b"\n", dice.randrange(20))
    if kind == 5:
        return data.decode("cp932", "replace").encode("utf-8")
    return data


def damaged(dice: Random, data: bytes, kind: str, *, times: int = 1) -> bytes:
    """Return a file with so much damage of a kind, and perhaps to it as a whole."""
    lines = data.split(b"\r\n")
    for _ in range(times):
        lines = DAMAGES[kind](dice, lines) or lines
    return _whole(dice, b"\r\n".join(lines))
