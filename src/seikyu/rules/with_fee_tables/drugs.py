"""Rules of drugs against the patient's diseases, their doses, and each other.

A drug, dose or disease that is not sure is let be: an uncoded disease may be the one that is missing, a modifier or an
outcome changes what a disease means, and only drugs taken inwardly are recorded by the day.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import Any, Final

from seikyu.rules.rule import Rule, rule
from seikyu.rules.view import Claim, Phrase, Place, Record, at_most
from seikyu.rules.with_fee_tables.lines import (
    Line,
    by_code,
    is_whole,
    lines_of,
    period_of,
    table_of,
    there,
    whole_table_of,
)

_DAYS: Final = "," * 30
_SY: Final = "SY,{},20260801,1,,,01,"
_DRUG: Final = f"IY,21,1,{{}},{{}},1,1,,,,,,,1{_DAYS}"
_LONG: Final = f"IY,21,1,{{}},1,1,{{}},,,,,,,{{}}{_DAYS}"
_LATER: Final = f"IY,21,1,{{}},1,1,1,,,,,,,,1{',' * 29}"
INWARD: Final = b"21"
UNCODED: Final = "0000999"
#: Diseases of the table that are none: an approval without a disease. Source: check-masters:1.
NO_DISEASES: Final = frozenset({"0000000", "0000001", "0000002", "0000003"})
GOES_ON: Final = "1"
NO_LIMIT: Final = 999


def _diseases_of(claim: Claim) -> set[str] | None:
    """Return the codes of the claim's diseases, None if one of them is not known by its code."""
    codes = {record["disease_code"] for record in claim.records("SY")}
    return None if not codes or codes & {None, UNCODED} or not is_whole(claim) else codes


def lines_without_disease(claim: Claim, record_id: str, kind: str) -> Iterator[Record]:
    """Yield the lines for whose codes a whole table names diseases of which the claim has none."""
    table, diseases = whole_table_of(claim, kind), _diseases_of(claim)
    if table is None or diseases is None:
        return
    for line in lines_of(claim, record_id):
        rows = table.rows(line.code)
        wanted = {row["disease_code"] for row in rows}
        if any(map(there, rows)) and wanted.isdisjoint(diseases | NO_DISEASES):
            yield line.record


@rule(
    code="X4013",
    title="a drug without a disease that it is approved for",
    title_ja="医薬品の適応となる傷病名がありません",
    on="IY",
    tables=("drug_indications.whole drug_indications.current",),
    passes=(
        f"{_SY.format(9991001)}\n{_DRUG.format(699001001, 3)}",
        f"{_SY.format(8833421)}\n{_DRUG.format(699001002, 3)}",
        f"{_SY.format(8833421)}\n{_DRUG.format(699001003, 3)}",
        f"SY,0000999,20260801,1,,見本病,01,\n{_DRUG.format(699001001, 3)}",
    ),
    fails=f"{_SY.format(8833421)}\n{_DRUG.format(699001001, 3)}",
)
def drug_without_disease(claim: Claim) -> Iterator[Place]:
    """A drug is paid for what it is approved for; mostly the disease was not recorded."""
    for record in lines_without_disease(claim, "IY", "drug_indications"):
        yield record.at("drug_code")


@rule(
    code="X4014",
    title="a drug that must not be given with a recorded disease",
    title_ja="記録された傷病名に対して禁忌の医薬品です",
    on="IY",
    tables=("drug_contraindications.current",),
    passes=(
        f"{_SY.format(8833421)}\n{_DRUG.format(699001001, 3)}",
        f"SY,9991002,20260801,1,8002,,01,\n{_DRUG.format(699001001, 3)}",
        f"SY,9991002,20260801,2,,,01,\n{_DRUG.format(699001001, 3)}",
        f"{_SY.format(9991003)}\n{_DRUG.format(699001001, 3)}",
    ),
    fails=f"{_SY.format(9991002)}\n{_DRUG.format(699001001, 3)}",
)
def drug_against_disease(claim: Claim) -> Iterator[Place]:
    """Either the disease or the drug was picked wrongly; if not, the patient is in danger."""
    table = table_of(claim, "drug_contraindications")
    sick = [
        record["disease_code"]
        for record in claim.records("SY")
        if not record.raw("modifier_codes") and record["outcome"] == GOES_ON
    ]
    for line in lines_of(claim, "IY") if table and sick else ():
        forbidden = {row["disease_code"] for row in table.rows(line.code) if there(row)} if table else ()
        if found := next((code for code in sick if code in forbidden), None):
            yield line.record.at("drug_code", note=Phrase(f"the disease {found} is recorded", f"傷病名{found}が記録"))


def _inward(claim: Claim) -> list[Line]:
    return [line for line in lines_of(claim, "IY") if line.service_class == INWARD]


def _dose_row(claim: Claim, line: Line) -> Any:
    """Return the row of a drug in the table of doses, None without one that holds on all days of the line."""
    table = table_of(claim, "drug_doses")
    row = table.row(line.code) if table else None
    return row if row and period_of(row).holds(line.held_on) else None


@rule(
    code="X4015",
    title="more of a drug in a day than is approved",
    title_ja="内服薬の１日量が上限を超えています",
    on="IY",
    tables=("drug_doses.current drug_doses.most_a_day",),
    passes=(
        _DRUG.format(699001001, "3"),
        _DRUG.format(699001002, "99"),
        f"IY,22,1,699001001,4,1,1,,,,,,,1{_DAYS}",
        _DRUG.format(699001004, "9"),
    ),
    fails=_DRUG.format(699001001, "3.5"),
)
def too_much_in_a_day(claim: Claim) -> Iterator[Place]:
    """A slip of the key shows here: ten times the dose, or the whole prescription as a day's."""
    for line in _inward(claim):
        row, amount = _dose_row(claim, line), line.record["amount"]
        most = row["most_a_day"] if row else None
        if most and amount is not None and amount > most:
            yield line.record.at("amount", found=amount, expected=at_most(f"{most.normalize():f}"))


@rule(
    code="X4016",
    title="a drug for more days at once than is allowed",
    title_ja="内服薬の投与日数が上限を超えています",
    on="IY",
    tables=(
        "drug_doses.current drug_doses.most_days",
        "drug_indications.whole drug_indications.current drug_indications.most_days",
    ),
    passes=(
        _LONG.format(699001001, 14, 14),
        _LONG.format(699001002, 30, 30),
        _LONG.format(699001005, 30, 30),
        f"IY,21,1,699001001,1,1,28,,,,,,,14,14{',' * 29}",
    ),
    fails=(_LONG.format(699001001, 15, 15), _LONG.format(699001006, 31, 31)),
)
def for_too_many_days(claim: Claim) -> Iterator[Place]:
    """New drugs, narcotics and others may be prescribed for so many days only."""
    for line in _inward(claim):
        most, longest = _most_days(claim, line), max(line.days.values(), default=0)
        if most and longest > most:
            yield line.record.at("count", found=longest, expected=at_most(most))


def _most_days(claim: Claim, line: Line) -> int | None:
    """Return for how many days a drug may be given at once, whatever for; None if there is no limit."""
    if row := _dose_row(claim, line):
        most: int | None = row["most_days"]
        return most
    table = whole_table_of(claim, "drug_indications")
    limits = [row["most_days"] for row in table.rows(line.code)] if table else []
    return None if not limits or {None, 0, NO_LIMIT} & set(limits) else max(limits)


@rule(
    code="X4017",
    title="two drugs of one class on the same day",
    title_ja="同一成分・同種の医薬品が同日に重複しています",
    on="IY",
    tables=("drug_classes.current",),
    passes=(
        f"{_DRUG.format(699001001, 1)}\n{_LATER.format(699001002)}",
        f"{_DRUG.format(699001001, 1)}\n{_DRUG.format(699001003, 1)}",
        f"{_DRUG.format(699001001, 1)}\n{_DRUG.format(699001001, 1)}",
    ),
    fails=f"{_DRUG.format(699001001, 1)}\n{_DRUG.format(699001002, 1)}",
)
def doubled_drug(claim: Claim) -> Iterator[Place]:
    """Two departments that do not know of each other prescribe the same; the patient takes both."""
    table, lines = table_of(claim, "drug_classes"), by_code(_inward(claim))
    classes = {code: {row["drug_class"] for row in table.rows(code)} for code in lines} if table else {}
    for code, other in combinations(classes, 2):
        days = {day for line in lines[code] for day in line.days}
        doubled = next((line for line in lines[other] if not days.isdisjoint(line.days)), None)
        if doubled and classes[code] & classes[other]:
            yield doubled.record.at("drug_code", note=Phrase(f"beside {code}", f"{code}と重複"))


RULES: Final[tuple[Rule, ...]] = (
    drug_without_disease,
    drug_against_disease,
    too_much_in_a_day,
    for_too_many_days,
    doubled_drug,
)
