"""The examples of rules in their short forms, and the files that they stand for.

An example is bytes: a whole file; or text in lines, put into a conforming file of one claim (insurance only, outpatient
but for DPC, prefecture 99) as follows:

- `kind dental` as the first line says of which kind the file is; it is medical otherwise.
- `HO,...` takes the place of the file's own HO; so for every record. Several lines of one record stand together.
- Lines of services (SI, IY, TO, CO, SS) take the place of all services.
- With RE and KO and without HO the claim has no insurer; with a second RE there is a second claim.
- A claim of a form of its own (details of DPC and their summary) is left as it is.
- `as it is` as the first line says that the lines are the whole file, as they are.
- `-SY` takes the file's own SY away.
- Records of the file's own stand where their order puts them; the example's lines keep theirs.
- The trailer is counted, unless the example brings its own or says `-GO`.
"""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from seikyu.records import Layout, Month, layout_for
from seikyu.rules.table import claim_kind_of

_MONTH: Final = "202609"
_KIND: Final = "kind "
_DEFAULT_KIND: Final = "medical"
_AS_IT_IS: Final = "as it is"
HEADER: Final = "IR,1,99,1,0112342,,見本診療所,202609,00,"
OWN: Final = (
    "RE,1,1112,202608,見本　太郎,1,19800101" + "," * 29 + ",ミホンタロウ,",
    "HO,06990014,見本,1,1,291" + "," * 9,
    "SY,8833421,20260801,1,,,01,",
    "SI,11,1,111000110,,291,1,,,,,,,1" + "," * 30,
)
#: A whole file, as bytes, for the rules that change its bytes.
WHOLE: Final = (
    b"IR,1,99,1,0112342,,\x8c\xa9\x96{,202609,00,\r\n"
    b"RE,1,1112,202608,\x8c\xa9\x96{,1,19800101\r\n"
    b"HO,06990014,,1,1,291\r\n"
    b"SY,8833421,20260801,1\r\n"
    b"SI,11,1,111000110,,291,1,,,,,,,1\r\n"
    b"GO,1,291,99\r\n\x1a"
)
_OF_HISTORY: Final = "history"
_MAIN_POINTS: Final = 5
_FORM_OF_ITS_OWN: Final = frozenset({"1", "2", "3"})


def embedded(example: str | bytes) -> bytes:
    """Return the file that an example stands for."""
    if isinstance(example, bytes):
        return example
    lines = example.split("\n")
    kind = lines.pop(0).removeprefix(_KIND) if lines[0].startswith(_KIND) else _DEFAULT_KIND
    whole = lines[1:] if lines[:1] == [_AS_IT_IS] else _File(kind).lines(lines)
    return "".join(f"{line}\r\n" for line in whole).encode("cp932") + b"\x1a"


def _id(line: str) -> str:
    """Return the record of a line; those of a history block go by one name."""
    return _OF_HISTORY if line[:1].isdigit() else line[:2]


@cache
def own_lines(kind: str) -> tuple[str, ...]:
    """Return the lines of the conforming file of a kind, without its trailer."""
    if kind == _DEFAULT_KIND:
        return (HEADER, *OWN)
    pages = tomllib.loads(files(__package__).joinpath("example.toml").read_text("utf-8"))
    claim_kind = claim_kind_of(kind)
    return tuple(pages[kind]["lines"]) if kind == claim_kind else _returned(claim_kind, pages["returns"])


def _returned(kind: str, page: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the file of returns whose claim is the one of a kind's own file."""
    layout = layout_for(kind, Month.parse(_MONTH))
    header, *claim = own_lines(kind)
    names = layout.records[layout.header].by_name
    table, code = (header.split(",")[names[name].no - 1] for name in ("point_table", "institution_code"))
    number = layout.records[layout.head].by_name["search_no"].no
    lines = [_replaced(line, number, page["search_no"]) if line.startswith(layout.head) else line for line in claim]
    return (page["header"].format(table=table, code=code), *lines, *page["lines"])


def _replaced(line: str, no: int, value: str) -> str:
    items = line.split(",")
    items[no - 1] = value
    return ",".join(items)


class _File:
    """Makes the file of one kind."""

    def __init__(self, kind: str) -> None:
        self._layout: Layout = layout_for(kind, Month.parse(_MONTH))
        self._header, *self._own = own_lines(kind)
        self._services = frozenset(
            rid for rid, record in self._layout.records.items() if {"burden", "service_class"} <= record.by_name.keys()
        ) - {"GT"}

    def lines(self, example: list[str]) -> Iterator[str]:
        """Yield the lines of the file around an example."""
        without = {line[1:3] for line in example if line.startswith("-")}
        lines = [line for line in example if not line.startswith("-")]
        given = {_id(line) for line in lines}
        layout = self._layout
        if layout.header not in given | without:
            yield self._header
        yield from (line for line in lines if line.startswith(layout.header))
        inner = [line for line in lines if line[:2] not in {layout.header, layout.trailer}]
        claims = list(self._claims(inner, given, without))
        for claim in claims:
            yield from claim
        if layout.trailer in given:
            yield from (line for line in lines if line.startswith(layout.trailer))
        elif layout.trailer not in without:
            yield self._trailer(claims)

    def _claims(self, lines: list[str], given: set[str], without: set[str]) -> Iterator[list[str]]:
        """Yield the claims of an example, each with what it leaves to the file's own records."""
        first = self._layout.opener if self._layout.opener in given else self._layout.head
        starts = [at for at, line in enumerate(lines) if line.startswith(first)]
        for start, end in zip(starts or [0], [*starts[1:], len(lines)], strict=True):
            yield self._whole(lines[start if starts.index(start) else 0 : end] if starts else lines, given, without)

    def _whole(self, lines: list[str], given: set[str], without: set[str]) -> list[str]:
        if any(self._form(line) in _FORM_OF_ITS_OWN for line in lines):
            return lines
        own_ids = {_id(line) for line in lines}
        if own_ids & self._services:
            own_ids |= self._services
        if {"RE", "KO"} <= given and "HO" not in given:
            without = without | {"HO"}
        whole = list(lines)
        for line in self._own:
            if _id(line) not in own_ids | without:
                whole.insert(self._position(line, whole), line)
        return whole

    def _form(self, line: str) -> str:
        """Return the code of the form of a claim that begins so."""
        layout = self._layout
        if not (layout.variant_item and line.startswith(layout.head)):
            return ""
        items = line.split(",")
        at = layout.records[layout.head].by_name[layout.variant_item].no - 1
        return items[at] if at < len(items) else ""

    def _position(self, line: str, lines: list[str]) -> int:
        """Return where a line belongs: before the first record that comes behind it."""
        order = self._order(line)
        if line[:2] == self._layout.opener:
            return 0
        for at, other in enumerate(lines):
            if self._order(other) > order:
                return at
        return len(lines)

    def _order(self, line: str) -> tuple[int, int]:
        """Return the place of a line in a claim; unknown lines have none, lines of a history block the last."""
        record = self._layout.records.get(line[:2])
        if record is None:
            return (10**6, 0) if _id(line) == _OF_HISTORY else (0, 0)
        for block in self._layout.blocks.values():
            if record.id in block.records and (record.scope is not block.within or self._is_inside(block.opens)):
                return block.order, block.records[record.id]
        return record.order, 0

    def _is_inside(self, opener: str) -> bool:
        """True if a block is made of the claim's own records."""
        return self._layout.records[opener].scope == "claim"

    def _trailer(self, claims: list[list[str]]) -> str:
        trailer = self._layout.records[self._layout.trailer]
        if "claim_count" not in trailer.by_name:
            return trailer.id
        cases, points = 0, 0
        for claim in claims:
            payers = [line.split(",") for line in claim if line[:2] in {"HO", "KO"}]
            cases += len(payers)
            if payers and len(payers[0]) > _MAIN_POINTS and payers[0][_MAIN_POINTS].isdigit():
                points += int(payers[0][_MAIN_POINTS])
        return f"{trailer.id},{cases},{points},99"
