"""Rules of the claim as a whole: numbering, order of its records, its kind, and what does not belong in it."""

from collections.abc import Iterator
from typing import Final

from seikyu.records import kind_ja
from seikyu.rules.rule import Rule, rule
from seikyu.rules.view import Claim, Phrase, Place

_RE: Final = "RE,1,1112,202608,見本　太郎,1,19800101"
_INPATIENT: Final = "RE,1,1111,202608,見本　太郎,1,19800101,,20260801"
_SI: Final = "SI,11,1,111000110,,291,1,,,,,,,1"
_HISTORY: Final = "1,1,0,RE,1,1112,202607"
_SEARCH: Final = _RE + "," * 12 + "29915080700000001"
_SUMMED_UP: Final = (
    "kind dpc\nRE,1,1111,202608,見本　太郎,1,19800101,,20260801" + "," * 10 + "1,1\nHO,06990014,見本,1,31,291\n"
    "RE,1,1111,{},見本　太郎,1,19800101,,20260701" + "," * 10 + "2\n"
    "BU,040080XX99X0XX,20260701,,,\nSI,11,1,111000110,,291,1,,,,,,,1"
)
_SECOND_VOLUME: Final = "IR,1,99,1,0112342,,見本診療所,202609,01,"
_SHORTEST_SEARCH_NO: Final = 17
_TYPES_OF: Final = {"dpc": "medical"}
_BUNDLED: Final = "BU"
_NAMELESS: Final = _RE.replace("見本　太郎", "")
_WARD_CLASSES: Final = frozenset({b"90", b"92", b"97"})


@rule(
    code="L1917",
    title="the claim numbers do not run 1, 2, 3",
    title_ja="レセプト番号が１からの連番になっていません",
    passes=(f"{_RE}\n{_RE.replace('RE,1', 'RE,2')}", f"{_SECOND_VOLUME}\n{_RE.replace('RE,1', 'RE,501')}"),
    fails=(f"{_RE}\n{_RE.replace('RE,1', 'RE,3')}", _RE.replace("RE,1", "RE,2")),
)
def numbering(claim: Claim) -> Iterator[Place]:
    """A gap is a lost claim, a repetition a doubled one. After a gap the count goes on from there.

    A second volume, or a second file glued behind, begins with any number.
    """
    yield from out_of_sequence(claim)


@rule(
    code="L2951",
    title="the service month is impossible, or not that of the summary claim",
    title_ja="診療年月が正しくない、又は総括レセプトの診療年月と異なります",
    passes=(_RE, _SUMMED_UP.format(202608)),
    fails=(
        "RE,1,1112,202600,見本　太郎,1,19800101",
        "RE,1,1112,2608,見本　太郎,1,19800101",
        _SUMMED_UP.format(202607),
    ),
    when=[("RE.service_month", "missing date")],
)
def other_month_than_summary(claim: Claim) -> Iterator[Place]:
    """Tables, prices and rights hang on it; a summary claim sums up one month."""
    whole = claim.part_of.service_month if claim.part_of else None
    if whole and claim.service_month and claim.service_month != whole:
        yield claim.at("service_month", found=claim.service_month, expected=whole)


@rule(
    code="X3032",
    title="the same claim stands twice in the file",
    title_ja="同一の医療機関・患者・診療年月・負担者・種別のレセプトがファイル内に重複しています",
    passes=(
        f"{_RE}\n{_RE.replace('RE,1', 'RE,2').replace('太郎', '花子')}",
        f"{_NAMELESS}\n{_NAMELESS.replace('RE,1', 'RE,2')}",
    ),
    fails=f"{_RE}\n{_RE.replace('RE,1', 'RE,2')}",
)
def same_claim(claim: Claim) -> Iterator[Place]:
    """One patient has one claim a month; what is paid twice comes back. Who has no name cannot be the same."""
    if claim.repeats and claim.payers and claim.head.raw("patient_name"):
        yield claim.here()


@rule(
    code="X1046",
    title="the claim numbers do not run 1, 2, 3",
    title_ja="レセプト番号が１からの連番になっていません",
    source="records:4",
    passes=("kind dental", "kind home_nursing"),
    fails="kind home_nursing\nRE,2,6112,202608,見本　太郎,ミホンタロウ,1,19800101",
)
def numbering_elsewhere(claim: Claim) -> Iterator[Place]:
    """A gap is a lost claim, a repetition a doubled one. The official codes of these kinds are not known."""
    yield from out_of_sequence(claim)


def out_of_sequence(claim: Claim) -> Iterator[Place]:
    """Yield the number of a claim that does not go on from the one before."""
    number = claim.head["claim_no"]
    if number is not None and claim.no_before is not None and number != claim.no_before + 1:
        yield claim.at("claim_no", found=number, expected=claim.no_before + 1)


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
    title="the search number is malformed",
    title_ja="検索番号が正しくありません",
    passes=(_RE, f"{_SEARCH}\nHO,06990014,見本,1,1,291\nSY,8833421,20260801,1\n{_SI}\n{_HISTORY}"),
    fails=(_RE + "," * 12 + "1" * 31, f"{_RE},,,,,,,,,,,,123\n{_SI}\n{_HISTORY}"),
    when=[("RE.search_no", "digits length long negative")],
)
def search_number(claim: Claim) -> Iterator[Place]:
    """It ties a returned claim to its history. Whether that is there, another rule says."""
    number = claim.head["search_no"]
    if number and claim.history and len(number) < _SHORTEST_SEARCH_NO:
        yield claim.at("search_no")


@rule(
    code="X2011",
    title="the type is of another kind of claim",
    title_ja="レセプト種別が点数表と一致しません",
    passes=_RE,
    fails=_RE.replace("1112", "3112"),
)
def other_kind(claim: Claim) -> Iterator[Place]:
    """The first digit is the kind: 1 medical and DPC, 3 dental, 4 pharmacy, 6 home nursing."""
    row = claim.type_row
    if row and row["kind"] != type_kind(claim.kind):
        yield claim.at("claim_type", found=_kind(row["kind"]), expected=_kind(claim.kind))


def type_kind(kind: str) -> str:
    """Return the kind that the types of claims of a kind name: DPC has those of medical claims."""
    return _TYPES_OF.get(kind, kind)


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
        if _BUNDLED in claim.ids:
            yield claim.at("claim_type")
            return
        for record in claim.service_lines:
            if record.raw("service_class") in _WARD_CLASSES:
                yield record.at("service_class")
                return


RULES: Final[tuple[Rule, ...]] = (
    numbering,
    numbering_elsewhere,
    other_month_than_summary,
    same_claim,
    eligibility_too_early,
    return_record,
    search_number,
    other_kind,
    outpatient_with_ward,
)
