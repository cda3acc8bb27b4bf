"""Rules of the claim as a whole: numbering, order of its records, its kind, and what does not belong in it."""

from collections.abc import Iterator
from typing import Final

from seikyu.limits import limit
from seikyu.records import Layout, kind_ja, layouts
from seikyu.rules.rule import Rule, rule
from seikyu.rules.view import Claim, Phrase, Place, Record, at_most

_RE: Final = "RE,1,1112,202608,見本　太郎,1,19800101"
_INPATIENT: Final = "RE,1,1111,202608,見本　太郎,1,19800101,,20260801"
_SI: Final = "SI,11,1,111000110,,291,1,,,,,,,1"
_HISTORY: Final = "1,1,0,RE,1,1112,202607"
_SEARCH: Final = _RE + "," * 12 + "29915080700000001"
_SECOND_VOLUME: Final = "IR,1,99,1,0112342,,見本診療所,202609,01,"
_SHORTEST_SEARCH_NO: Final = 17
_WARD_CLASSES: Final = frozenset({b"90", b"92", b"97"})
_OUT_OF_ORDER: Final = frozenset({"KH", "NI"})


@rule(
    code="L1917",
    title="the claim numbers do not run 1, 2, 3",
    title_ja="レセプト番号が１からの連番になっていません",
    passes=(f"{_RE}\n{_RE.replace('RE,1', 'RE,2')}", f"{_SECOND_VOLUME}\n{_RE.replace('RE,1', 'RE,501')}"),
    fails=(f"{_RE}\n{_RE.replace('RE,1', 'RE,3')}", _RE.replace("RE,1", "RE,2")),
    hint="let the receipt computer number the claims anew",
    hint_ja="レセプト番号を振り直して出力してください",
)
def numbering(claim: Claim) -> Iterator[Place]:
    """A gap is a lost claim, a repetition a doubled one. After a gap the count goes on from there.

    A second volume, or a second file glued behind, begins with any number.
    """
    number = claim.head["claim_no"]
    if number is not None and claim.no_before is not None and number != claim.no_before + 1:
        yield claim.at("claim_no", found=number, expected=claim.no_before + 1)


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
    """Systems behind us read by position; a record at the wrong place belongs to something else."""
    last = 0
    for record in claim.own:
        place = record.plan.layout.order
        if record.id in _OUT_OF_ORDER:
            continue
        if place < last:
            yield record.here()
            return
        last = place
    yield from _donor_order(claim)


def _donor_order(claim: Claim) -> Iterator[Place]:
    for block in claim.layout.blocks.values():
        last = 0
        for record in claim.donor:
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
    elsewhere = _known_elsewhere(claim.layout)
    yield from (stray.here() for stray in claim.strays if stray.record not in elsewhere)


def _known_elsewhere(layout: Layout) -> frozenset[str]:
    """Return the records that other editions of the kind know."""
    return frozenset(rid for other in layouts() if other.kind == layout.kind for rid in other.records)


@rule(
    code="L4835",
    title="an eligibility record for a month before there were any",
    title_ja="資格確認等のレコードの記録が開始される前の診療年月です",
    passes="SN,1,01",
    fails=(
        "RE,1,1112,202108,見本　太郎,1,19800101\nSN,1,01",
        "IR,1,99,1,0112342,,見本診療所,43012,00,\nRE,1,1112,43011,見本,1,3550101\nMF,00",
    ),
)
def eligibility_too_early(claim: Claim) -> Iterator[Place]:
    """SN, JD and MF exist since September 2021; earlier ones are skipped."""
    for record in claim.records("SN", "JD", "MF"):
        if not record.plan.layout.holds(claim.service_month):
            yield record.here()
    yield from (stray.here() for stray in claim.strays if stray.record in {"SN", "JD", "MF"})


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
        yield claim.here(found=claim.lines_left_out + most, expected=at_most(most))


@rule(
    code="XR001",
    title="a record that only a returned claim has",
    title_ja="返戻ファイルのレコード（ＨＩ・ＨＲ・ＨＧ）が残っています",
    passes=_SI,
    fails="HR,202608,1,,L1234,見本",
)
def return_record(claim: Claim) -> Iterator[Place]:
    """Header, reason and trailer of a return must be taken out before the claim is sent again."""
    yield from (stray.here() for stray in claim.returns)


@rule(
    code="X2056",
    title="a search number where none belongs, or a malformed one",
    title_ja="検索番号が正しくない、又は履歴のないレセプトに記録されています",
    passes=(_RE, f"{_SEARCH}\nHO,06990014,見本,1,1,291\nSY,8833421,20260801,1\n{_SI}\n{_HISTORY}"),
    fails=(_SEARCH, _RE + "," * 12 + "1" * 31, f"{_RE},,,,,,,,,,,,123\n{_SI}\n{_HISTORY}"),
    when=[("RE.search_no", "digits length long negative")],
)
def search_number(claim: Claim) -> Iterator[Place]:
    """It ties a returned claim to its history; a first claim has none."""
    number = claim.head["search_no"]
    if number and (len(number) < _SHORTEST_SEARCH_NO or not claim.history):
        yield claim.at("search_no")


@rule(
    code="X2011",
    title="the type is of another kind of claim",
    title_ja="レセプト種別が点数表と一致しません",
    passes=_RE,
    fails=_RE.replace("1112", "3112"),
)
def other_kind(claim: Claim) -> Iterator[Place]:
    """The first digit is the kind: 1 medical, 3 dental, 4 pharmacy, 6 home nursing."""
    row = claim.type_row
    if row and row["kind"] != claim.layout.kind:
        yield claim.at("claim_type", found=_kind(row["kind"]), expected=_kind(claim.layout.kind))


def _kind(kind: str) -> Phrase:
    return Phrase(kind.replace("_", " "), kind_ja(kind))


@rule(
    code="X2014",
    title="an outpatient type with lines of a hospital stay",
    title_ja="入院外のレセプト種別ですが、入院の診療識別が記録されています",
    passes=(_SI, f"{_INPATIENT}\nSI,90,1,190000110,,1000,1,,,,,,,1"),
    fails="SI,90,1,190000110,,1000,1,,,,,,,1",
)
def outpatient_with_ward(claim: Claim) -> Iterator[Place]:
    """The type decides who reviews the claim and what it may hold."""
    if claim.inpatient is False:
        for record in claim.service_lines:
            if record.raw("service_class") in _WARD_CLASSES:
                yield record.at("service_class")
                return


RULES: Final[tuple[Rule, ...]] = (
    numbering,
    order,
    donor_block,
    stray_inside,
    eligibility_too_early,
    long_line,
    too_many_lines,
    return_record,
    search_number,
    other_kind,
    outpatient_with_ward,
)
