"""Rules of the diseases (SY), the reasons of DPC hospitals (GR) and the symptom details (SJ)."""

from collections.abc import Iterator
from typing import Final

from seikyu.rules.rule import Rule, rule
from seikyu.rules.view import Claim, Place, Record

_SY: Final = "SY,8833421,20260801,1,,,01,"
_UNCODED: Final = "0000999"
_IN: Final = "RE,1,1111,202608,見本　太郎,1,19800101,,20260801"


@rule(
    code="X2028",
    title="no disease on the claim",
    title_ja="傷病名レコードがありません",
    passes=_SY,
    fails="-SY",
)
def no_disease(claim: Claim) -> Iterator[Place]:
    """What was done was done for something."""
    if not claim.records("SY"):
        yield claim.here()


@rule(
    code="X2032",
    title="an uncoded disease without its name",
    title_ja="未コード化傷病名の傷病名称が記録されていません",
    passes=("SY,0000999,20260801,1,,見本病,01,", "kind dental\nHS,,,101600,0000999,,見本病"),
    fails=("SY,0000999,20260801,1,,,01,", "kind dental\nHS,,,101600,0000999", "kind home_nursing\nSY,0000999"),
    on="SY HS SB",
)
def nameless_disease(record: Record) -> Iterator[Place]:
    """0000999 says only that the name follows."""
    if record["disease_code"] == _UNCODED and not record.raw("disease_name"):
        yield record.at("disease_name")


@rule(
    code="X3024",
    title="the disease starts after the service month",
    title_ja="診療開始日が診療年月より後になっています",
    passes="SY,8833421,20260831,1,,,01,",
    fails="SY,8833421,20260901,1,,,01,",
    on="SY",
)
def starts_later(claim: Claim) -> Iterator[Place]:
    """Nothing was done for a disease that was not there."""
    for record in claim.records("SY"):
        start = record["start_date"]
        if start and claim.last_day and start > claim.last_day:
            yield record.at("start_date")


@rule(
    code="X3025",
    title="the disease starts before birth",
    title_ja="診療開始日が生年月日より前になっています",
    passes="SY,8833421,19800101,1,,,01,",
    fails="SY,8833421,19791231,1,,,01,",
    on="SY",
)
def starts_before_birth(claim: Claim) -> Iterator[Place]:
    """One of the two dates is a slip. A birth after the service month is another rule's to tell."""
    born = claim.birth_date
    if born and claim.last_day and born > claim.last_day:
        return
    for record in claim.records("SY"):
        start = record["start_date"]
        if start and born and start < born:
            yield record.at("start_date")


@rule(
    code="X8006",
    title="the same disease with the same start stands twice",
    title_ja="同じ傷病名・診療開始日が重複しています",
    passes=f"{_SY}\nSY,8833421,20260802,1,,,,",
    fails=f"{_SY}\nSY,8833421,20260801,1,,,,",
    on="SY",
)
def same_disease(claim: Claim) -> Iterator[Place]:
    """Accepted; one of the two will do."""
    seen: set[tuple[bytes, ...]] = set()
    for record in claim.records("SY"):
        key = tuple(record.raw(name) for name in ("disease_code", "start_date", "modifier_codes", "disease_name"))
        if key in seen:
            yield record.here()
        seen.add(key)


@rule(
    code="L4252",
    title="a reason of a DPC hospital on an outpatient claim",
    title_ja="入院外のレセプトに包括評価対象外理由レコードが記録されています",
    passes=f"{_IN}\nGR,01",
    fails="GR,01",
    on="GR",
)
def reason_of_outpatient(claim: Claim) -> Iterator[Place]:
    """Only stays are bundled."""
    if claim.inpatient is False:
        yield from (record.here() for record in claim.records("GR"))


@rule(
    code="X2048",
    title="the kind of the symptom details is unknown, or missing on the first record",
    title_ja="症状詳記区分が別表にない、又は最初のレコードに記録されていません",
    passes=("SJ,01,見本", "SJ,01,見本\nSJ,,見本"),
    fails=("SJ,99,見本", "SJ,,見本"),
    when=[("SJ.detail_kind", "digits length long negative code")],
    on="SJ",
)
def kind_of_details(claim: Claim) -> Iterator[Place]:
    """It says what the text is about; further records of the kind may leave it out."""
    for record in claim.records("SJ")[:1]:
        if not record.raw("detail_kind"):
            yield record.at("detail_kind")


RULES: Final[tuple[Rule, ...]] = (
    no_disease,
    nameless_disease,
    starts_later,
    starts_before_birth,
    same_disease,
    reason_of_outpatient,
    kind_of_details,
)
