"""Rules of ages and sexes: what may be done for this patient at all.

Ages of the masters are two digits of years, or AA (28 days old), B3, B6, BF, BK (the first of the month after the
third, sixth, fifteenth, twentieth birthday) and MG (not yet at school). A lower age is reached, an upper age not yet.
A patient who has the age on some day of the month is let be, and so is a bound that we do not know.
Source: master-layouts:7.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from seikyu.records import Month
from seikyu.rules.rule import Rule, rule
from seikyu.rules.view import Claim, Place
from seikyu.rules.with_masters.lookup import CODE_ITEMS, code_of, rows_of

_DAYS: Final = "," * 30
_YEARS_AFTER: Final = {"B3": 3, "B6": 6, "BF": 15, "BK": 20}
_NEWBORN_DAYS: Final = 28
_SCHOOL_AGE: Final = 6
_SCHOOL_MONTH: Final = 4
_NONE: Final = frozenset({"", "0", "00"})
_CHILD: Final = "RE,1,1114,202608,見本　太郎,1,20230801"


def _birthday(birth: date, years: int) -> date:
    """Return a birthday; whoever was born on 29 February has it on 1 March in other years."""
    try:
        return birth.replace(year=birth.year + years)
    except ValueError:
        return date(birth.year + years, 3, 1)


def _reached(birth: date, bound: str | None) -> date | None:
    """Return the first day on which the patient has the age of a bound, None for one that is no bound."""
    if bound is None or bound in _NONE:
        return None
    if bound.isascii() and bound.isdigit():
        return _birthday(birth, int(bound))
    if bound == "AA":
        return birth + timedelta(days=_NEWBORN_DAYS)
    if bound in _YEARS_AFTER:
        return Month.of(_birthday(birth, _YEARS_AFTER[bound])).plus(1).first_day
    if bound == "MG":
        sixth = _birthday(birth, _SCHOOL_AGE)
        # Born on 1 April is the last of a school year: the sixth birthday falls on the first school day.
        return date(sixth.year + (sixth > date(sixth.year, _SCHOOL_MONTH, 1)), _SCHOOL_MONTH, 1)
    return None


def younger_all_month(claim: Claim, lower_age: str | None) -> bool:
    """True if the patient has not reached an age on any day of the month. An age is reached the day before, by law."""
    if claim.birth_date is None or claim.last_day is None:
        return False
    reached = _reached(claim.birth_date, lower_age)
    return reached is not None and reached - timedelta(days=1) > claim.last_day


def older_all_month(claim: Claim, upper_age: str | None) -> bool:
    """True if the patient had reached an age before the month began."""
    if claim.birth_date is None or claim.service_month is None:
        return False
    reached = _reached(claim.birth_date, upper_age)
    return reached is not None and reached < claim.service_month.first_day


@rule(
    code="X4018",
    title="a procedure or drug for another age",
    title_ja="患者の年齢では算定できない診療行為又は医薬品です",
    on="SI IY",
    tables=("s.lower_age s.upper_age", "item_limits"),
    passes=(
        f"SI,11,1,111000110,,291,1,,,,,,,1{_DAYS}",
        f"{_CHILD}\nSI,40,1,199000510,,52,1,,,,,,,1{_DAYS}",
        f"IY,21,1,699000001,1,1,1,,,,,,,1{_DAYS}",
    ),
    fails=(
        f"SI,40,1,199000510,,52,1,,,,,,,1{_DAYS}",
        f"{_CHILD}\nSI,40,1,199000520,,52,1,,,,,,,1{_DAYS}",
        f"IY,21,1,699000006,1,1,1,,,,,,,1{_DAYS}",
    ),
)
def wrong_age(claim: Claim) -> Iterator[Place]:
    """Additions for children on a grown-up's claim are the usual case: the birth date or the addition is wrong."""
    wrong = [
        record
        for record, row in rows_of(claim, "SI", "s", "lower_age", "upper_age")
        if younger_all_month(claim, row["lower_age"]) or older_all_month(claim, row["upper_age"])
    ]
    limits = claim.master("item_limits")
    for record in claim.records("SI", "IY"):
        row = limits.row(code_of(record) or "") if limits else None
        if record in wrong or (
            row and (younger_all_month(claim, row["lower_age"]) or older_all_month(claim, row["upper_age"]))
        ):
            yield record.at(CODE_ITEMS[record.id])


@rule(
    code="X4019",
    title="a procedure or drug for the other sex",
    title_ja="患者の性別では算定できない診療行為又は医薬品です",
    on="SI IY",
    tables=("item_limits.sex",),
    passes=f"SI,40,1,199000710,,52,1,,,,,,,1{_DAYS}",
    fails=(f"SI,40,1,199000720,,52,1,,,,,,,1{_DAYS}", f"IY,21,1,699000007,1,1,1,,,,,,,1{_DAYS}"),
)
def wrong_sex(claim: Claim) -> Iterator[Place]:
    """Either the patient's sex or the item was picked wrongly."""
    limits, sex = claim.master("item_limits", "sex"), claim.head["sex"]
    for record in claim.records("SI", "IY") if limits and sex else ():
        row = limits.row(code_of(record) or "") if limits else None
        if row and row["sex"] and str(row["sex"]) != str(sex):
            yield record.at(CODE_ITEMS[record.id])


RULES: Final[tuple[Rule, ...]] = (wrong_age, wrong_sex)
