"""Rules of items that are not paid beside each other: one contains the other (包括), or they exclude each other (背反).

A row with a special condition (特例条件) is let be: the table does not say which one. So are the spans that a claim
does not tell: an operation, and the week before it. What happened at the same time is told only of lines that were
billed at once, and a week only where it is one whichever day weeks begin with. Source: fee-tables:2, fee-tables:3.
"""

from collections.abc import Iterator, Mapping
from enum import Enum
from functools import lru_cache
from itertools import product
from typing import Final

from seikyu.rules.masters import Row, Version
from seikyu.rules.rule import Rule, rule
from seikyu.rules.view import Claim, Phrase, Place
from seikyu.rules.with_fee_tables.lines import (
    Line,
    Period,
    by_code,
    is_of_payment_fund,
    is_plain,
    lines_of,
    period_of,
    table_of,
    week_of,
)

_DAYS: Final = "," * 30
_FEDERATION: Final = "IR,2,99,1,0112342,,見本診療所,202609,00,"
_FIRST: Final = f"SI,40,1,{{}},,52,1,,,,,,,1{_DAYS}"
_LATER: Final = f"SI,40,1,{{}},,52,1,,,,,,,{',' * 14}1{',' * 16}"
#: So many codes of a table are kept as they were found; a claim has some dozens, and files use the same ones.
_KEPT: Final = 4096


class Span(Enum):
    """In which span of time two items are not paid beside each other. The value: what to say."""

    DAY = Phrase("on the same day", "同一日")
    MONTH = Phrase("in the same month", "同一月")
    ONCE = Phrase("at the same time", "同時")
    WEEK = Phrase("in the same week", "同一週")


#: Spans by the tables of exclusions, and by the numbers of inclusions. Source: fee-tables:1.
EXCLUSIONS: Final = {
    "fee_exclusions_day": Span.DAY,
    "fee_exclusions_month": Span.MONTH,
    "fee_exclusions_once": Span.ONCE,
    "fee_exclusions_week": Span.WEEK,
}
INCLUSIONS: Final = {1: Span.DAY, 2: Span.MONTH, 3: Span.ONCE}
NO_GROUP: Final = frozenset({None, "", "0"})
#: Who is paid (背反区分). Source: fee-tables:3.
_FIRST_IS_PAID, _SECOND_IS_PAID, _EITHER_IS_PAID = 1, 2, 3
CHOICES: Final = frozenset({_FIRST_IS_PAID, _SECOND_IS_PAID, _EITHER_IS_PAID})


@lru_cache(maxsize=_KEPT)
def _excluded_by(version: Version, code: str) -> Mapping[str, list[Row]]:
    """Return the rows of a code in a table of exclusions, by the other code."""
    other, found = version.form.key[1].column, dict[str, list[Row]]()
    for row in version.rows(code):
        found.setdefault(row[other], []).append(row)
    return found


@lru_cache(maxsize=_KEPT)
def _contained_by(version: Version, code: str) -> tuple[tuple[Span, str, Period], ...]:
    """Return the groups that a code contains, each with its span."""
    cells = ((row[f"span_{n}"], row[f"group_{n}"], row) for row in version.rows(code) for n in (1, 2, 3))
    return tuple(
        (INCLUSIONS[span], group, period_of(row))
        for span, group, row in cells
        if span in INCLUSIONS and group not in NO_GROUP
    )


@lru_cache(maxsize=_KEPT)
def _groups_of(version: Version, code: str) -> Mapping[str, list[Row]]:
    """Return the rows of a code in the table of inclusions, by the group that it belongs to."""
    found = dict[str, list[Row]]()
    for row in version.rows(code):
        found.setdefault(row["group"], []).append(row)
    return found


def _meet(span: Span, line: Line, other: Line, period: Period) -> bool:
    """True if two lines certainly lie in one span of time, on days on which the table's row holds."""
    if span is Span.DAY:
        return any(period.holds((day,)) for day in line.days.keys() & other.days.keys())
    if not period.holds((*line.held_on, *other.held_on)):
        return False
    if span is Span.ONCE:
        return line.unit == other.unit
    return span is Span.MONTH or any(week_of(a) == week_of(b) for a, b in product(line.days, other.days))


def _place(line: Line, other: str, span: Span) -> Place:
    beside = Phrase(f"{other} is recorded {span.value.en}", f"{span.value.ja}に{other}が記録されています")
    return line.record.at("procedure_code", note=beside)


def _excluded(claim: Claim) -> Iterator[Place]:
    """Yield the lines that are not paid beside others, one for each pair of codes and table."""
    lines = by_code(lines_of(claim, "SI"))
    for kind, span in EXCLUSIONS.items():
        table, told = table_of(claim, kind), set[frozenset[str]]()
        for code in lines if table else ():
            rows = _excluded_by(table, code) if table else {}
            for other in sorted(lines.keys() & rows.keys() - {code}):
                both = frozenset((code, other))
                wrong = _not_paid(lines[code], lines[other], rows[other], span) if both not in told else None
                if wrong:
                    told.add(both)
                    yield _place(wrong, other if wrong.code == code else code, span)


def _not_paid(first: list[Line], second: list[Line], rows: list[Row], span: Span) -> Line | None:
    """Return the line that is not paid by one of these rows, None if both are."""
    for row in rows:
        period, choice = period_of(row), row["choice"]
        if not is_plain(row) or choice not in CHOICES:
            continue
        for a, b in product(first, second):
            if _meet(span, a, b, period):
                last = max(a, b, key=lambda line: line.record.line)
                return last if choice == _EITHER_IS_PAID else b if choice == _FIRST_IS_PAID else a
    return None


def _included(claim: Claim) -> Iterator[Place]:
    """Yield the lines that others contain, one for each pair of codes."""
    links, groups = table_of(claim, "fee_links"), table_of(claim, "fee_inclusions")
    assert links is not None  # noqa: S101  (without both tables the rule is not asked)
    assert groups is not None  # noqa: S101  (as above)
    lines, containers = by_code(lines_of(claim, "SI")), dict[str, list[tuple[str, Span, Period]]]()
    for holder in lines:
        for span, group, period in _contained_by(links, holder):
            containers.setdefault(group, []).append((holder, span, period))
    told = set[tuple[str, str]]()
    for code in lines if containers else ():
        rows = _groups_of(groups, code)
        for group in sorted(containers.keys() & rows.keys()):
            for holder, span, period in containers[group]:
                found = _inside(lines[holder], lines[code], span, (period, *_periods(rows[group])))
                if holder != code and found and (holder, code) not in told:
                    told.add((holder, code))
                    yield _place(found, holder, span)


def _periods(rows: list[Row]) -> Iterator[Period]:
    """Yield when the rows without special conditions hold."""
    return (period_of(row) for row in rows if is_plain(row))


def _inside(holders: list[Line], lines: list[Line], span: Span, periods: tuple[Period, ...]) -> Line | None:
    """Return the line that one of the holder's contains while its own row (the first) and one of the group's hold."""
    own, *of_group = periods
    for holder, line in product(holders, lines):
        for period in of_group:
            if _meet(span, holder, line, own.and_also(period)):
                return line
    return None


_EXCLUSION_TABLES: Final = tuple(f"{kind}.current" for kind in EXCLUSIONS)
_INCLUSION_TABLES: Final = ("fee_links.current fee_inclusions.current",)


@rule(
    code="L7111",
    title="an item that another one on the claim contains",
    title_ja="他の診療行為に包括されている診療行為が記録されています",
    on="SI",
    tables=_INCLUSION_TABLES,
    passes=(
        f"{_FIRST.format(199002010)}\n{_LATER.format(199002020)}",
        f"{_FIRST.format(199002010)}\n{_FIRST.format(199002040)}",
        f"{_FEDERATION}\n{_FIRST.format(199002010)}\n{_FIRST.format(199002020)}",
    ),
    fails=(
        f"{_FIRST.format(199002010)}\n{_FIRST.format(199002020)}",
        f"{_FIRST.format(199002010)}\n{_LATER.format(199002030)}",
    ),
)
def included_item(claim: Claim) -> Iterator[Place]:
    """What one fee pays for already is not paid a second time; 支払基金 checks it by computer."""
    if is_of_payment_fund(claim):
        yield from _included(claim)


@rule(
    code="X4008",
    title="an item that another one contains, on a claim to a federation",
    title_ja="他の診療行為に包括されている診療行為が記録されています（国保連合会分）",
    on="SI",
    tables=_INCLUSION_TABLES,
    passes=f"{_FIRST.format(199002010)}\n{_FIRST.format(199002020)}",
    fails=f"{_FEDERATION}\n{_FIRST.format(199002010)}\n{_FIRST.format(199002020)}",
)
def included_item_elsewhere(claim: Claim) -> Iterator[Place]:
    """The fee table is the same for every review body; what is contained is taken off by hand."""
    if not is_of_payment_fund(claim):
        yield from _included(claim)


@rule(
    code="L7112",
    title="items that are not paid beside each other",
    title_ja="併せて算定できない診療行為が記録されています",
    on="SI",
    tables=_EXCLUSION_TABLES,
    passes=(
        f"{_FIRST.format(199003010)}\n{_LATER.format(199003020)}",
        f"{_FIRST.format(199003010)}\n{_FIRST.format(199003030)}",
        f"{_FIRST.format(199003040)}\n{_FIRST.format(199003050)}",
        f"{_FIRST.format(199003060)}\n{_LATER.format(199003070)}",
        f"{_FEDERATION}\n{_FIRST.format(199003010)}\n{_FIRST.format(199003020)}",
    ),
    fails=(
        f"{_FIRST.format(199003010)}\n{_FIRST.format(199003020)}",
        f"{_FIRST.format(199003080)}\n{_LATER.format(199003090)}",
        f"SI,40,1,199003040,,,1,,,,,,,1{_DAYS}\nSI,,1,199003050,,52,1,,,,,,,1{_DAYS}",
        f"SI,40,1,199003060,,52,1,,,,,,,,,1{',' * 28}\nSI,40,1,199003070,,52,1,,,,,,,,,,1{',' * 27}",
    ),
)
def excluded_item(claim: Claim) -> Iterator[Place]:
    """Of two items that exclude each other one is paid; 支払基金 checks it by computer."""
    if is_of_payment_fund(claim):
        yield from _excluded(claim)


@rule(
    code="X4007",
    title="items that are not paid beside each other, on a claim to a federation",
    title_ja="併せて算定できない診療行為が記録されています（国保連合会分）",
    on="SI",
    tables=_EXCLUSION_TABLES,
    passes=f"{_FIRST.format(199003010)}\n{_FIRST.format(199003020)}",
    fails=f"{_FEDERATION}\n{_FIRST.format(199003010)}\n{_FIRST.format(199003020)}",
)
def excluded_item_elsewhere(claim: Claim) -> Iterator[Place]:
    """The fee table is the same for every review body; which of the two is paid is found by hand."""
    if not is_of_payment_fund(claim):
        yield from _excluded(claim)


RULES: Final[tuple[Rule, ...]] = (included_item, included_item_elsewhere, excluded_item, excluded_item_elsewhere)
