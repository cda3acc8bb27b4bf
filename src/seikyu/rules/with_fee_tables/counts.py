"""Rules of how often an item is paid in a span of time (算定回数).

A row with a special condition is let be, and so are units whose beginning a claim does not tell. A week is one
whichever day weeks begin with, and of two weeks one is looked at, since nobody says which two. Source: fee-tables:5.
"""

import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

from seikyu.rules.masters import Version
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

_TABLES: Final = ("fee_limits.current",)
_FEDERATION: Final = "IR,2,99,1,0112342,,見本診療所,202609,00,"
_ONCE: Final = f"SI,40,1,{{}},,52,1,,,,,,,1{',' * 30}"
_TWICE: Final = f"SI,40,1,{{}},,52,2,,,,,,,2{',' * 30}"
_TWO_DAYS: Final = f"SI,40,1,{{}},,52,2,,,,,,,,,1,1{',' * 27}"
_OVER_SUNDAY: Final = f"SI,40,1,{{}},,52,2,,,,,,,1,1{',' * 29}"
_KEPT: Final = 4096
_MONTH: Final = "month"
#: What lines of one span have in common, and what to say of it. The claim itself is the month.
_KEYS: Final[Mapping[str, Callable[[date], date]]] = {
    "day": lambda day: day,
    "week": week_of,
    "two_weeks": week_of,
}
_WORDS: Final = {
    "day": Phrase("{} a day", "１日につき{}回"),
    "week": Phrase("{} a week", "１週につき{}回"),
    "two_weeks": Phrase("{} in two weeks", "２週につき{}回"),
    _MONTH: Phrase("{} in a month or longer", "１月又はより長い期間につき{}回"),
}


@cache
def spans() -> Mapping[str, str]:
    """Return the spans of time by the unit codes of the table."""
    text = files(__package__).joinpath("spans.toml").read_text("utf-8")
    return dict(tomllib.loads(text)["span"])


@lru_cache(maxsize=_KEPT)
def _limits_of(version: Version, code: str) -> tuple[tuple[str, int, Period], ...]:
    """Return the limits of a code that hold without conditions: span, times, from when to when."""
    return tuple(
        (spans()[row["unit_code"]], row["most"], period_of(row))
        for row in version.rows(code)
        if row["unit_code"] in spans() and is_plain(row) and row["most"]
    )


def _too_often(claim: Claim, judged: frozenset[str]) -> Iterator[Place]:
    """Yield the line with which a limit of these spans is passed, one for each limit."""
    table = table_of(claim, "fee_limits")
    for code, lines in by_code(lines_of(claim, "SI")).items() if table else ():
        for span, most, period in _limits_of(table, code) if table else ():
            past = _past(lines, span, most, period=period) if span in judged else None
            if past:
                en, ja = _WORDS[span]
                yield past.record.at("procedure_code", note=Phrase(f"at most {en.format(most)}", ja.format(most)))


def _past(lines: list[Line], span: str, most: int, *, period: Period) -> Line | None:
    """Return the line with which there are more than `most` in a span, None if there are not."""
    times = Counter[date | None]()
    for line in lines:
        if not period.holds(line.held_on):
            continue
        if span == _MONTH:
            times[None] += line.count
        for day, number in line.days.items() if span != _MONTH else ():
            times[_KEYS[span](day)] += number
        if max(times.values(), default=0) > most:
            return line
    return None


_SHORT: Final = frozenset({"day", "week", "two_weeks"})


@rule(
    code="L7113",
    title="an item more often in a day, a week or two weeks than is paid",
    title_ja="診療行為の１日、１週又は２週の算定回数が上限を超えています",
    on="SI",
    tables=_TABLES,
    passes=(
        _ONCE.format(199004010),
        _OVER_SUNDAY.format(199004020),
        _TWICE.format(199004040),
        _TWICE.format(199004050),
        f"{_FEDERATION}\n{_TWICE.format(199004010)}",
    ),
    fails=(
        _TWICE.format(199004010),
        f"{_ONCE.format(199004010)}\n{_ONCE.format(199004010)}",
        _TWO_DAYS.format(199004020),
        _TWO_DAYS.format(199004030),
    ),
)
def too_often_in_a_span(claim: Claim) -> Iterator[Place]:
    """Times past the limit are cut; 支払基金 counts them by computer."""
    if is_of_payment_fund(claim):
        yield from _too_often(claim, _SHORT)


@rule(
    code="X4006",
    title="an item more often than is paid",
    title_ja="診療行為の算定回数が上限を超えています",
    on="SI",
    tables=_TABLES,
    passes=(_ONCE.format(199004040), _TWICE.format(199004010)),
    fails=(
        _TWICE.format(199004040),
        f"SI,40,1,199004040,,52,2,,,,,,,{',' * 30}",
        f"{_FEDERATION}\n{_TWICE.format(199004010)}",
    ),
)
def too_often(claim: Claim) -> Iterator[Place]:
    """Times past the limit are cut; what L7113 tells of claims to 支払基金 is not told twice."""
    months = frozenset({_MONTH})
    yield from _too_often(claim, months if is_of_payment_fund(claim) else months | _SHORT)


RULES: Final[tuple[Rule, ...]] = (too_often_in_a_span, too_often)
