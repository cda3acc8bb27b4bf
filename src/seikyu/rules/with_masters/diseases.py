"""Rules of diseases and their modifiers against their masters."""

from collections.abc import Iterator
from typing import Final

from seikyu.rules.rule import Rule, rule
from seikyu.rules.view import Claim, Phrase, Place
from seikyu.rules.with_masters.ages import older_all_month, younger_all_month

_DISEASE: Final = "SY,8833421,20260801,1,,,01,"


@rule(
    code="L3204",
    title="the disease code is not in the master",
    title_ja="傷病名コードが傷病名マスターにありません",
    on="SY",
    tables=("b.whole",),
    passes=(_DISEASE, "SY,0000999,20260801,1,,見本病,01,"),
    fails="SY,9999990,20260801,1,,,01,",
)
def unknown_disease(claim: Claim) -> Iterator[Place]:
    """Without a disease nobody can tell whether what was done was needed."""
    masters = claim.masters
    for record in claim.records("SY") if masters.sure("b", claim.service_month) else ():
        code = record["disease_code"]
        if code and not masters.knows("b", code):
            yield record.at("disease_code")


@rule(
    code="L4222",
    title="no disease that can be claimed for",
    title_ja="保険請求の対象となる傷病名がありません",
    on="SY",
    tables=("b.not_claimable",),
    passes=(_DISEASE, "SY,9990005,20260801,1,,,01,\nSY,8833421,20260801,1,,,,"),
    fails="SY,9990005,20260801,1,,,01,",
)
def no_claimable_disease(claim: Claim) -> Iterator[Place]:
    """Some names stand in the master for other papers only; care for them alone is not insured."""
    version, diseases = claim.master("b", "not_claimable"), claim.records("SY")
    rows = [version.row(record["disease_code"] or "") if version else None for record in diseases]
    if all(row and row["not_claimable"] for row in rows):
        yield diseases[0].at("disease_code")


@rule(
    code="X3026",
    title="the disease code was abolished before the service month",
    title_ja="診療年月において廃止されている傷病名コードです",
    on="SY",
    tables=("b.until",),
    passes=_DISEASE,
    fails="SY,9990001,20260801,1,,,01,",
)
def abolished_disease(claim: Claim) -> Iterator[Place]:
    """Codes of diseases are renewed; one that ended may stand for something else in statistics and checks."""
    month = claim.service_month
    for record in claim.records("SY") if month else ():
        row = claim.masters.row("b", record["disease_code"] or "", month)
        until = row["until"] if row else None
        if month and until and until < month.first_day:
            ended = Phrase(f"it ended on {until.isoformat()}", f"{until.isoformat()}で廃止")
            yield record.at("disease_code", note=ended)


@rule(
    code="X3029",
    title="a modifier is not in the master",
    title_ja="修飾語コードが修飾語マスターにありません",
    on="SY",
    tables=("z.whole",),
    passes="SY,8833421,20260801,1,8002,,01,",
    fails="SY,8833421,20260801,1,80029990,,01,",
)
def unknown_modifier(claim: Claim) -> Iterator[Place]:
    """Modifiers say which side, how severe, or that it is only suspected; without them it is another disease."""
    masters = claim.masters
    for record in claim.records("SY") if masters.sure("z", claim.service_month) else ():
        unknown = [code for code in record["modifier_codes"] or () if not masters.knows("z", code)]
        if unknown:
            yield record.at("modifier_codes", found=unknown[0])


@rule(
    code="X3027",
    title="a disease of the other sex",
    title_ja="患者の性別と合わない傷病名です",
    on="SY",
    tables=("disease_limits.sex",),
    passes=(_DISEASE, "RE,1,1112,202608,見本　花子,2,19800101\nSY,9990002,20260801,1,,,01,"),
    fails="SY,9990002,20260801,1,,,01,",
)
def disease_of_other_sex(claim: Claim) -> Iterator[Place]:
    """Either the sex or the disease was picked wrongly, or the claim belongs to somebody else."""
    version, sex = claim.master("disease_limits", "sex"), claim.head["sex"]
    for record in claim.records("SY") if version and sex else ():
        row = version.row(record["disease_code"] or "") if version else None
        if row and row["sex"] and str(row["sex"]) != str(sex):
            yield record.at("disease_code")


@rule(
    code="X3028",
    title="a disease of another age",
    title_ja="患者の年齢と合わない傷病名です",
    on="SY",
    tables=("disease_limits",),
    passes=(_DISEASE, "RE,1,1112,202608,見本　太郎,1,20260701\nSY,9990003,20260801,1,,,01,"),
    fails=(
        "SY,9990003,20260801,1,,,01,",
        "RE,1,1112,202608,見本　太郎,1,20260701\nSY,9990004,20260801,1,,,01,",
    ),
)
def disease_of_other_age(claim: Claim) -> Iterator[Place]:
    """Diseases of newborns or of old age on another's claim point to a wrong pick or a wrong patient."""
    version = claim.master("disease_limits")
    for record in claim.records("SY") if version else ():
        row = version.row(record["disease_code"] or "") if version else None
        if row and (younger_all_month(claim, row["lower_age"]) or older_all_month(claim, row["upper_age"])):
            yield record.at("disease_code")


RULES: Final[tuple[Rule, ...]] = (
    unknown_disease,
    no_claimable_disease,
    abolished_disease,
    unknown_modifier,
    disease_of_other_sex,
    disease_of_other_age,
)
