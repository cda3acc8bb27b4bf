"""Rules of procedures (SI): whether the master lets them stand on this claim, beside these others."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from seikyu.records import Month
from seikyu.rules.masters import Row
from seikyu.rules.rule import Rule, rule
from seikyu.rules.view import Claim, Phrase, Place, Record
from seikyu.rules.with_masters.lookup import days_done, lines_that_say, rows_of

_DAYS: Final = "," * 30
_IN: Final = "RE,1,1111,202608,見本　太郎,1,19800101,,20260801"
_EARLY: Final = "RE,1,1112,202002,見本　太郎,1,19800101"
#: Values of the master's classes. Source: master-layouts:7.
_ONLY_INPATIENT: Final = 1
_ONLY_OUTPATIENT: Final = 2
#: How the master's names tell a first visit at a second department on one day, which may meet a repeat visit.
SECOND_DEPARTMENT: Final = "２科目"
_ONLY_HOSPITAL: Final = 1
VISIT: Final = 2
FIRST_VISIT: Final = 1
_EXCLUDES_MANAGEMENT: Final = 1
MANAGEMENT: Final = 2
_CLOSED_CIRCUIT: Final = frozenset({1, 2, 3, 4, 5})
_ADDITIONS: Final = frozenset({7, 9})
_LONG_MINUTES: Final = 480
#: The official check of the outpatient management addition ended with the fees of April 2020. Source: checks:L4648.
MANAGEMENT_UNTIL: Final = Month(2020, 3)


@rule(
    code="L4421",
    title="an inpatient item on an outpatient claim",
    title_ja="入院に限り算定できる診療行為が、入院外のレセプトに記録されています",
    on="SI",
    tables=("s.in_out",),
    passes=(f"SI,11,1,111000110,,291,1,,,,,,,1{_DAYS}", f"{_IN}\nSI,92,1,199000010,,1000,1,,,,,,,1{_DAYS}"),
    fails=f"SI,92,1,199000010,,1000,1,,,,,,,1{_DAYS}",
)
def inpatient_item(claim: Claim) -> Iterator[Place]:
    """Either the item or the claim's type is wrong."""
    if claim.inpatient is False:
        for record in lines_that_say(claim, "SI", "s", column="in_out", value=_ONLY_INPATIENT):
            yield record.at("procedure_code")


@rule(
    code="X3031",
    title="an outpatient item on an inpatient claim",
    title_ja="入院外に限り算定できる診療行為が、入院のレセプトに記録されています",
    on="SI",
    tables=("s.in_out",),
    passes=f"SI,12,1,112007410,,75,1,,,,,,,1{_DAYS}",
    fails=f"{_IN}\nSI,12,1,112007410,,75,1,,,,,,,1{_DAYS}",
)
def outpatient_item(claim: Claim) -> Iterator[Place]:
    """Either the item or the claim's type is wrong; a visit before the stay belongs on a claim of its own."""
    if claim.inpatient:
        for record in lines_that_say(claim, "SI", "s", column="in_out", value=_ONLY_OUTPATIENT):
            yield record.at("procedure_code")


@rule(
    code="L4603",
    title="a hospital item on a clinic's claim",
    title_ja="病院に限り算定できる診療行為が、診療所のレセプトに記録されています",
    on="SI",
    tables=("s.place institutions.clinic",),
    passes=(
        f"SI,11,1,111000110,,291,1,,,,,,,1{_DAYS}",
        f"IR,1,99,1,0112359,,見本病院,202609,00,\nSI,40,1,199000410,,52,1,,,,,,,1{_DAYS}",
    ),
    fails=f"SI,40,1,199000410,,52,1,,,,,,,1{_DAYS}",
)
def hospital_item(claim: Claim) -> Iterator[Place]:
    """Clinics have a code of their own for most of what only hospitals may claim by this one."""
    institution = claim.masters.row("institutions", claim.institution, claim.service_month)
    if institution and institution["clinic"]:
        for record in lines_that_say(claim, "SI", "s", column="place", value=_ONLY_HOSPITAL):
            yield record.at("procedure_code")


@rule(
    code="L4451",
    title="a first-visit fee though every disease began before",
    title_ja="初診料の算定日に診療を開始した傷病名がありません",
    on="SI",
    tables=("s.days_class s.visit_class",),
    passes=(
        f"SI,11,1,111000110,,291,1,,,,,,,1{_DAYS}",
        f"SY,8833421,20260101,1,,,01,\nSI,12,1,112007410,,75,1,,,,,,,1{_DAYS}",
    ),
    fails=f"SY,8833421,20260101,1,,,01,\nSI,11,1,111000110,,291,1,,,,,,,1{_DAYS}",
)
def first_visit_doubtful(claim: Claim) -> Iterator[Place]:
    """A first visit is one for a new disease; while an older one is still treated here, it is a repeat visit."""
    starts: list[date | None] = [record["start_date"] for record in claim.records("SY")]
    begun = [start for start in starts if start]
    if not begun or len(begun) < len(starts):
        return
    for record, row in rows_of(claim, "SI", "s", "days_class", "visit_class"):
        days = days_done(claim, record)
        first = (row["days_class"], row["visit_class"]) == (VISIT, FIRST_VISIT)
        if first and days and max(begun) < days[0]:
            yield record.at("procedure_code")


def _visits(claim: Claim) -> Iterator[tuple[Record, Row]]:
    """Yield the lines of first and repeat visits with what the master says of them."""
    rows = rows_of(claim, "SI", "s", "days_class", "visit_class")
    return ((record, row) for record, row in rows if row["days_class"] == VISIT)


@rule(
    code="L4636",
    title="more days with a visit than actual days",
    title_ja="初診料・再診料等を算定した日数が診療実日数を超えています",
    on="SI",
    tables=("s.days_class s.visit_class",),
    passes=(
        f"SI,11,1,111000110,,291,1,,,,,,,1{_DAYS}",
        f"SI,12,1,112007410,,75,2,,,,,,,2{_DAYS}",
    ),
    fails=f"SI,12,1,112007410,,75,2,,,,,,,1,1{',' * 29}",
)
def more_visits_than_days(claim: Claim) -> Iterator[Place]:
    """Either a visit was claimed that did not take place, or the days were counted wrongly."""
    payer = next(iter(claim.payers), None)
    days = {day for record, _ in _visits(claim) for day in days_done(claim, record)}
    if payer and claim.inpatient is False and payer["actual_days"] is not None and len(days) > payer["actual_days"]:
        yield payer.at("actual_days", expected=Phrase(f"at least {len(days)}", f"{len(days)}以上"))


@rule(
    code="X4010",
    title="a first and a repeat visit on one day",
    title_ja="初診料と再診料等が同日に算定されています",
    on="SI",
    tables=("s.days_class s.visit_class s.name",),
    passes=(
        f"SI,11,1,111000110,,291,1,,,,,,,1{_DAYS}\nSI,12,1,112007410,,75,1,,,,,,,,1{',' * 29}",
        f"SI,11,1,111011810,,146,1,,,,,,,1{_DAYS}\nSI,12,1,112007410,,75,1,,,,,,,1{_DAYS}",
    ),
    fails=f"SI,11,1,111000110,,291,1,,,,,,,1{_DAYS}\nSI,12,1,112007410,,75,1,,,,,,,1{_DAYS}",
)
def both_visits_on_one_day(claim: Claim) -> Iterator[Place]:
    """A day begins a treatment or goes on with one; only a second department may do the other."""
    visits = list(_visits(claim))
    again = {day for record, row in visits if row["visit_class"] != FIRST_VISIT for day in days_done(claim, record)}
    for record, row in visits:
        second = SECOND_DEPARTMENT in row.name
        if row["visit_class"] == FIRST_VISIT and not second and not again.isdisjoint(days_done(claim, record)):
            yield record.at("procedure_code")


@rule(
    code="L4605",
    title="management fees that exclude each other",
    title_ja="同一月に併せて算定できない医学管理料が記録されています",
    on="SI",
    tables=("management_fees.group",),
    passes=f"SI,13,1,199000810,,225,1,,,,,,,1{_DAYS}",
    fails=f"SI,13,1,199000810,,225,1,,,,,,,1{_DAYS}\nSI,13,1,199000820,,100,1,,,,,,,1{_DAYS}",
)
def excluded_management_fee(claim: Claim) -> Iterator[Place]:
    """Of several managements in one month only the main one is paid."""
    groups: dict[int, str] = {}
    for record, row in rows_of(claim, "SI", "management_fees", "group"):
        code = record["procedure_code"]
        if row["group"] is not None and groups.setdefault(row["group"], code) != code:
            yield record.at("procedure_code", found=code, expected=groups[row["group"]])


@rule(
    code="L4648",
    title="the outpatient management addition beside an item that excludes it",
    title_ja="外来管理加算を算定できない診療行為が同日に記録されています",
    on="SI",
    tables=("s.outpatient_management",),
    passes=(
        f"{_EARLY}\nSI,12,1,112011010,,52,1,,,,,,,1{_DAYS}\nSI,40,1,199000310,,52,1,,,,,,,,1{',' * 29}",
        f"SI,12,1,112011010,,52,1,,,,,,,1{_DAYS}\nSI,40,1,199000310,,52,1,,,,,,,1{_DAYS}",
    ),
    fails=f"{_EARLY}\nSI,12,1,112011010,,52,1,,,,,,,1{_DAYS}\nSI,40,1,199000310,,52,1,,,,,,,1{_DAYS}",
)
def management_excluded(claim: Claim) -> Iterator[Place]:
    """The addition is for visits at which nothing is done but talk and examination."""
    if claim.service_month is None or claim.service_month > MANAGEMENT_UNTIL:
        return
    rows = list(rows_of(claim, "SI", "s", "outpatient_management"))
    taken = {
        day
        for record, row in rows
        if row["outpatient_management"] == _EXCLUDES_MANAGEMENT
        for day in days_done(claim, record)
    }
    for record, row in rows:
        if row["outpatient_management"] == MANAGEMENT and not taken.isdisjoint(days_done(claim, record)):
            yield record.at("procedure_code")


@rule(
    code="L4676",
    title="the long-anaesthesia addition without eight hours of anaesthesia",
    title_ja="長時間麻酔管理加算に必要な、８時間を超える閉鎖循環式全身麻酔がありません",
    on="SI",
    tables=("s.anaesthesia s.long_anaesthesia s.notice_class_1",),
    passes=f"{_IN}\nSI,54,1,199000110,500,13600,1,,,,,,,1{_DAYS}\nSI,54,1,199000210,,7500,1,,,,,,,1{_DAYS}",
    fails=(
        f"{_IN}\nSI,54,1,199000110,300,9600,1,,,,,,,1{_DAYS}\nSI,54,1,199000210,,7500,1,,,,,,,1{_DAYS}",
        f"{_IN}\nSI,54,1,199000210,,7500,1,,,,,,,1{_DAYS}",
    ),
)
def long_anaesthesia_doubtful(claim: Claim) -> Iterator[Place]:
    """The addition pays for anaesthesia of more than eight hours, as the minutes beside it tell."""
    columns = ("anaesthesia", "long_anaesthesia", "notice_class_1")
    rows = list(rows_of(claim, "SI", "s", *columns))
    lines = [record for record, row in rows if row["anaesthesia"] in _CLOSED_CIRCUIT]
    if any(record["quantity"] is None for record in lines):
        return  # How long it took cannot be told; X4004 says that the minutes are missing.
    minutes = sum(record["quantity"] for record in lines)
    for record, row in rows:
        addition = row["long_anaesthesia"] == 1 and row["notice_class_1"] in _ADDITIONS
        if addition and minutes < _LONG_MINUTES:
            yield record.at("procedure_code")


RULES: Final[tuple[Rule, ...]] = (
    inpatient_item,
    outpatient_item,
    hospital_item,
    first_visit_doubtful,
    more_visits_than_days,
    both_visits_on_one_day,
    excluded_management_fee,
    management_excluded,
    long_anaesthesia_doubtful,
)
