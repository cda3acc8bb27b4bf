"""Rules of a claim's records: are they there, in their order, and known."""

from collections.abc import Iterator
from functools import cache
from typing import Final

from seikyu.limits import limit
from seikyu.records import Block, Confidence, Layout, RecordLayout, Scope, editions_of
from seikyu.rules.rule import Rule, rule
from seikyu.rules.view import Claim, Place, Record, at_most

_RE: Final = "RE,1,1112,202608,見本　太郎,1,19800101"
_SI: Final = "SI,11,1,111000110,,291,1,,,,,,,1"

#: Historic records, of which the papers do not say where they stand.
_OUT_OF_ORDER: Final = frozenset({"KH", "NI"})


@rule(
    code="X2001",
    title="the records of the claim are not in the order of the layout",
    title_ja="レセプト内のレコードの記録順が正しくありません",
    passes=(
        f"{_SI}\nSJ,01,見本",
        f"IR,1,99,1,0112342,,見本診療所,43012,00,\nRE,1,1112,43011,見本,1,3550101\nNI,1\n{_SI}\nKH,見本",
        "SJ,01,見本\nTI,1,1\nTR,1,1992,202608,,1,19800101\nTS,1,100\nSY,8833421,20260801,1\n" + _SI,
    ),
    fails=(
        "TI,1,1\nTR,1,1992,202608,,1,19800101\nSY,8833421,20260801,1\nTS,1,100\n" + _SI,
        f"{_RE}\n{_SI}\nHO,06990014,見本,1,1,291\nSY,8833421,20260801,1",
        f"SJ,01,見本\n{_RE}\n{_SI}\nSY,8833421,20260801,1",
    ),
)
def order(claim: Claim) -> Iterator[Place]:
    """Systems behind us read by position; a record at the wrong place belongs to something else.

    Records whose layout is not sure are let be.
    """
    last = 0
    for record in claim.own:
        place = record.plan.layout.order
        if stands_anywhere(record.plan.layout):
            continue
        if place < last:
            yield record.here()
            return
        last = place
    for block in claim.layout.blocks.values():
        if claim.layout.records[block.opens].scope is Scope.CLAIM:
            yield from _block_order(block, claim.own)
        else:
            yield from _donor_order(block, claim.donor)


def stands_anywhere(record: RecordLayout) -> bool:
    """True for a record of which it is not told where in the claim it stands, or not surely."""
    return record.id in _OUT_OF_ORDER or record.confidence is not Confidence.HIGH


def _block_order(block: Block, records: list[Record]) -> Iterator[Place]:
    """Yield the first record of a block whose part was not opened, such as a drug without its dispensing (CZ)."""
    opened = 0
    for record in records:
        place = block.records.get(record.id)
        if place is None:
            continue
        if record.id == block.opens:
            opened = place
        elif record.id == block.again and opened:
            opened = max(opened, place)
        elif not opened or opened < block.records[block.again]:
            yield record.here()
            return


def _donor_order(block: Block, records: list[Record]) -> Iterator[Place]:
    last = 0
    for record in records:
        place = block.records.get(record.id, 0)
        if record.id in {block.opens, block.again}:
            last = place
        elif place < last:
            yield record.here()
            return
        last = max(last, place)


@rule(
    code="X2055",
    title="the organ donor's records are not complete",
    title_ja="臓器提供者に係るレコードが揃っていません",
    passes="TI,1,1\nTR,1,1992,202608,,1,19800101\nTS,1,100\nSY,8833421,20260801,1\n" + _SI,
    fails=(
        "TI,1,1",
        "TI,1,1\nTR,1,1992,202608,,1,19800101\nSY,8833421,20260801,1\n" + _SI,
        "TR,1,1992,202608,,1,19800101\nTS,1,100\nSY,8833421,20260801,1\n" + _SI,
    ),
)
def donor_block(claim: Claim) -> Iterator[Place]:
    """What was done for the donor is paid by the recipient's insurer, if it can be read."""
    block = claim.layout.blocks.get("donor")
    if not (claim.donor and block):
        return
    first = claim.donor[0]
    if first.id != block.opens:
        yield first.here(expected=block.opens)
    part: list[Record] = []
    for record in [*claim.donor, None]:
        if record is None or record.id in {block.opens, block.again}:
            ids = {each.id for each in part}
            complete = not part or ({"TS", "SY"} <= ids and ids & {"SI", "IY", "TO"})
            opened = part and part[0].id == block.opens
            if not complete and not (opened and record and record.id == block.again):
                yield part[0].here()
            part = []
        if record is not None:
            part.append(record)


@rule(
    code="X2002",
    title="an unknown record in a claim",
    title_ja="レセプト内に不明なレコードがあります",
    passes=_SI,
    fails="ZZ,1",
)
def stray_inside(claim: Claim) -> Iterator[Place]:
    """It is kept and nobody reads it."""
    for stray in claim.strays:
        if stray.record not in _known_elsewhere(claim.layout):
            yield stray.here()


@cache
def _known_elsewhere(layout: Layout) -> frozenset[str]:
    """Return the records that other editions of the kind know."""
    return frozenset(rid for other in editions_of(layout.kind) for rid in other.records)


@rule(
    code="X2057",
    title="a line of the claim is too long to be read",
    title_ja="レセプト内に長すぎる行があります",
    passes=_SI,
    fails="SJ,01," + "あ" * 40_000,
)
def long_line(claim: Claim) -> Iterator[Place]:
    """Only its beginning was looked at, so the claim is not read as a whole."""
    yield from (stray.here() for stray in claim.cut_lines)


@rule(
    code="X2058",
    title="the claim has too many lines to be read",
    title_ja="レセプトの行数が多すぎます",
    passes=_SI,
    fails="CO,11,1,810000001,見本\n" * 100_001 + _SI,
)
def too_many_lines(claim: Claim) -> Iterator[Place]:
    """A claim must fit in memory as a whole; the longest stay has a few thousand lines."""
    if claim.lines_left_out:
        most = limit("claim_lines")
        yield claim.here(found=claim.lines + claim.lines_left_out, expected=at_most(most))


#: Records that other rules miss (X2028, X2029, X2034, L3240), and those that a stay beyond the bundled days may lack.
_MISSED_ELSEWHERE: Final = frozenset({"HS", "SB", "KA", "GA", "HH"})
#: Records whose number other rules count (X2021, X2022).
_COUNTED_ELSEWHERE: Final = frozenset({"HO", "KO"})


@rule(
    code="X2062",
    title="a record that the claim needs is missing, or stands too often",
    title_ja="レセプトに必要なレコードがない、又は上限を超えて記録されています",
    source="records:4",
    passes=("kind home_nursing", "kind dpc"),
    fails=("kind home_nursing\n-RJ", "kind dpc\n-KK", "kind home_nursing\nRJ,20260801,01\nRJ,20260801,01"),
)
def records_of_the_kind(claim: Claim) -> Iterator[Place]:
    """The form has a fixed set of records; where one is missing, something was not exported."""
    needed, most = record_counts(claim.layout, claim.form)
    for rid in needed:
        if rid not in claim.ids:
            yield claim.here(expected=rid)
    for rid, maximum in most.items():
        for record in claim.records(rid)[maximum:]:
            yield record.here(expected=at_most(maximum))


@cache
def record_counts(layout: Layout, form: str) -> tuple[tuple[str, ...], dict[str, int]]:
    """Return the records that a claim of a form must have, and how often a record may stand in it."""
    variant = layout.variants.get(form)
    own = {rid: record for rid, record in layout.records.items() if record.scope is Scope.CLAIM}
    minimum = variant.minimum if variant else {rid: record.minimum for rid, record in own.items()}
    needed = (rid for rid, least in minimum.items() if least and rid not in {layout.opener, layout.head})
    most = {rid: record.maximum for rid, record in own.items() if record.maximum and rid not in _COUNTED_ELSEWHERE}
    return tuple(rid for rid in needed if rid not in _MISSED_ELSEWHERE), most


RULES: Final[tuple[Rule, ...]] = (
    order,
    donor_block,
    stray_inside,
    long_line,
    too_many_lines,
    records_of_the_kind,
)
