"""The examples of rules in their short forms, and the files that they stand for.

An example is bytes: a whole file; or text in lines, put into a conforming file of one claim (insurance only,
outpatient, prefecture 99) as follows:

- `HO,...` takes the place of the file's own HO; so for every record. Several lines of one record stand together.
- Lines of services (SI, IY, TO, CO) take the place of all services.
- With RE and KO and without HO the claim has no insurer; with a second RE there is a second claim.
- `-SY` takes the file's own SY away.
- Records of the file's own stand where their order puts them; the example's lines keep theirs.
- GO is counted, unless the example brings its own or says `-GO`.
"""

from collections.abc import Iterator
from typing import Final

from seikyu.records import Layout, Month, layout_for

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
_SERVICES: Final = frozenset({"SI", "IY", "TO", "CO"})
_MAIN_POINTS: Final = 5


def embedded(example: str | bytes) -> bytes:
    """Return the file that an example stands for."""
    if isinstance(example, bytes):
        return example
    return "".join(f"{line}\r\n" for line in _lines(example.split("\n"))).encode("cp932") + b"\x1a"


def _lines(example: list[str]) -> Iterator[str]:
    without = {line[1:3] for line in example if line.startswith("-")}
    lines = [line for line in example if not line.startswith("-")]
    given = {line[:2] for line in lines}
    if "IR" not in given | without:
        yield HEADER
    yield from (line for line in lines if line.startswith("IR"))
    claims = list(_claims([line for line in lines if line[:2] not in {"IR", "GO"}], given, without))
    for claim in claims:
        yield from claim
    if "GO" in given:
        yield from (line for line in lines if line.startswith("GO"))
    elif "GO" not in without:
        yield _trailer(claims)


def _claims(lines: list[str], given: set[str], without: set[str]) -> Iterator[list[str]]:
    """Yield the claims of an example, each with what it leaves to the file's own records."""
    starts = [at for at, line in enumerate(lines) if line.startswith("RE")]
    for start, end in zip(starts or [0], [*starts[1:], len(lines)], strict=True):
        yield _whole(lines[start if starts.index(start) else 0 : end] if starts else lines, given, without)


def _whole(lines: list[str], given: set[str], without: set[str]) -> list[str]:
    own_ids = {line[:2] for line in lines}
    if own_ids & _SERVICES:
        own_ids |= _SERVICES
    if {"RE", "KO"} <= given and "HO" not in given:
        without = without | {"HO"}
    layout = layout_for("medical", Month.parse("202609"))
    whole = list(lines)
    for line in OWN:
        if line[:2] not in own_ids | without:
            whole.insert(_position(line, whole, layout), line)
    return whole


def _position(line: str, lines: list[str], layout: Layout) -> int:
    """Return where a line belongs: before the first record that comes behind it."""
    order = layout.records[line[:2]].order
    if line[:2] == layout.claim_opener:
        return 0
    for at, other in enumerate(lines):
        record = layout.records.get(other[:2])
        behind = record and (layout.blocks["donor"].order if record.scope == "donor" else record.order)
        if behind and behind > order:
            return at
    return len(lines)


def _trailer(claims: list[list[str]]) -> str:
    cases, points = 0, 0
    for claim in claims:
        payers = [line.split(",") for line in claim if line[:2] in {"HO", "KO"}]
        cases += len(payers)
        if payers and len(payers[0]) > _MAIN_POINTS and payers[0][_MAIN_POINTS].isdigit():
            points += int(payers[0][_MAIN_POINTS])
    return f"GO,{cases},{points},99"
