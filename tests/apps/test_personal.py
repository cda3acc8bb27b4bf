"""No command shows a personal value unless it is asked to: marked values go through every command and form of output."""

import json
import os
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from seikyu.apps.cli import run
from seikyu.apps.generator.damage import DAMAGES, damaged
from seikyu.records import Item, Kind, Month, Scope, layout_for
from seikyu.records.layout import ID_ITEM

KINDS = ("medical", "dpc", "dental", "pharmacy", "home_nursing")
RETURNS = tuple(f"{kind}_return" for kind in KINDS)
MONTH = Month(2026, 9)
#: Damage that leaves nothing to look for, or takes long, or moves a value to where it looks like another in every way.
LEFT_OUT = {"long_line"}

#: What every marker of words, of letters, and of digits has in it, and nothing else in these tests.
WORDS, LETTERS, DIGITS = "鷺沼", "QX", "773"
#: A date of birth that no other date comes near.
BORN = "19370311"
MARK = re.compile(f"鷺|沼|{LETTERS}|{DIGITS}|{BORN}|1937|昭和12")


def marker(item: Item, no: int) -> str:
    """Return a value that its item may hold, and that can be known again wherever it turns up."""
    if item.kind is Kind.DATE:
        return BORN
    if item.kind in {Kind.DIGITS, Kind.TIME}:
        return f"{DIGITS}{no % 10000:04d}"[: item.width]
    if item.kind is Kind.ALNUM:
        return LETTERS if item.width < 4 else f"{LETTERS}{no % 100:02d}"
    wide = str(no % 1000).translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    return WORDS + wide


#: How a file says what kind it is.
POINT_TABLES = {"medical": "1", "dpc": "1", "dental": "3", "pharmacy": "4", "home_nursing": "6"}


def plain(item: Item, kind: str) -> str:
    """Return something for an item that is not personal, so that shifts carry the others far."""
    known = {
        "claim_no": "1",
        "claim_month": "202609",
        "service_month": "202608",
        "review_body": "1",
        "prefecture": "99",
        "point_table": POINT_TABLES[kind.removesuffix("_return")],
        "institution_code": "0112342",
        "insurer_number": "06990014",
        "claim_type": "1112",
        "sex": "1",
        "burden": "1",
        "total_points": "10",
    }
    return known.get(item.name, "")


def marked(kind: str) -> bytes:
    """Return a file in which each record of the layout stands once, every personal item marked."""
    layout = layout_for(kind, MONTH)
    numbers = count(1)
    order = {Scope.FILE: 0, Scope.CLAIM: 1, Scope.DONOR: 2, Scope.HISTORY: 3}
    records = sorted(layout.records.values(), key=lambda each: (order[each.scope], each.order))
    head = [each for each in records if each.scope is Scope.FILE and each.id not in {layout.trailer, "HR"}]
    tail = [each for each in records if each.id == layout.trailer]
    claim = [each for each in records if each not in head and each not in tail]
    claim.sort(key=lambda each: each.id != layout.claim_opener)
    lines = []
    for record in (*head, *claim, *tail):
        items = [
            marker(item, next(numbers)) if item.personal else plain(item, kind)
            for item in record.items
            if item.name != ID_ITEM
        ]
        lines.append(",".join([record.id, *items]))
    return "".join(f"{line}\r\n" for line in lines).encode("cp932") + b"\x1a"


def outputs(path: Path, folder: Path) -> Iterator[list[str]]:
    """Yield every command that reads a claim file, in every form of output."""
    file = str(path)
    yield ["check", file]
    yield ["check", file, "--json"]
    yield ["check", file, "--format", "csv"]
    yield ["check", file, "--worst-first"]
    yield ["check", file, "--list", "hasp,uasp,pjry,hjry,fixf", "--out", str(folder)]
    yield ["show", file]
    yield ["show", file, "--json"]
    yield ["show", file, "--html", str(folder / "claims.html")]


def told(path: Path, folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> Iterator[tuple[str, str]]:
    """Yield what each command says, prints or writes, names of files too."""
    for number, args in enumerate(outputs(path, folder)):
        out = folder / f"{number}"
        out.mkdir(parents=True)
        run([each.replace(str(folder), str(out), 1) if each.startswith(str(folder)) else each for each in args])
        shown = capfdbinary.readouterr()
        for data in (shown.out, shown.err):
            yield " ".join(args[:1] + args[2:3]), _text(data)
        for written in out.iterdir():
            yield written.name, written.name + _text(written.read_bytes())


def _text(data: bytes) -> str:
    """Return a text to look through: of either encoding, without digests, and without escapes of JSON or HTML."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("cp932", "replace")
    return re.sub(r"[0-9a-f]{64}", "", text)
