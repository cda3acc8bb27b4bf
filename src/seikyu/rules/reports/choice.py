"""Which findings a reader wants to see, in which order, and how many of each code there are."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from seikyu.rules.catalogue import rule_of
from seikyu.rules.finding import GRAVITY, Finding, Level, Refuses
from seikyu.rules.remedies import Language, remedy
from seikyu.rules.reports.text import effect_of, effect_words
from seikyu.rules.table import checks

#: One claim number or a range of them, both ends included.
Span = tuple[int, int]
_OFFICIAL_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class Choice:
    """The findings that are shown. What is None is not asked about; with `claims` nothing outside a claim is shown."""

    codes: frozenset[str] | None = None
    levels: frozenset[Level] | None = None
    claims: tuple[Span, ...] | None = None

    @property
    def narrows(self) -> bool:
        """True if something may be left out."""
        return (self.codes, self.levels, self.claims) != (None, None, None)

    def takes(self, finding: Finding) -> bool:
        """True if the finding is shown."""
        if self.codes is not None and finding.code not in self.codes:
            return False
        if self.levels is not None and finding.level not in self.levels:
            return False
        return self.takes_claim(finding.claim_no)

    def takes_claim(self, no: int | None) -> bool:
        """True if findings of a claim of that number are shown; None stands for what lies outside every claim."""
        return self.claims is None or (no is not None and any(first <= no <= last for first, last in self.claims))


def parse_codes(text: str) -> frozenset[str]:
    """Return the codes of a list such as `L2541,X3001`; an official code may be written as lists print it, 2541.

    Errors: KeyError with the code that no check has.
    """
    codes = [code.strip().upper() for code in text.split(",")]
    found = [f"L{code}" if len(code) == _OFFICIAL_DIGITS and code.isdigit() else code for code in codes]
    for code in found:
        checks()[code]
    return frozenset(found)


def parse_levels(text: str) -> frozenset[Level]:
    """Return the levels of a list such as `L1,L2`.

    Errors: ValueError.
    """
    return frozenset(Level(level.strip().upper()) for level in text.split(","))


def parse_claims(text: str) -> tuple[Span, ...]:
    """Return the spans of a list of claim numbers.

    >>> parse_claims("3,7-9")
    ((3, 3), (7, 9))

    Errors: ValueError.
    """
    return tuple(map(_span, text.split(",")))


def _span(text: str) -> Span:
    first, dash, last = text.partition("-")
    span = int(first), int(last if dash else first)
    if not 0 <= span[0] <= span[1]:
        raise ValueError("the range runs backwards")
    return span


def rank(finding: Finding) -> int:
    """Return how grave a finding is, 0 the gravest: what refuses a file, a claim, then what asks by level, then L48."""
    if finding.refuses is not None:
        return list(Refuses).index(finding.refuses)
    return len(Refuses) + GRAVITY.index(finding.level)


@dataclass
class CodeCount:
    """How many findings of each code there are, and how many of them the choice leaves out."""

    choice: Choice = field(default_factory=Choice)
    shown: Counter[str] = field(default_factory=Counter)
    ranks: Counter[int] = field(default_factory=Counter)
    outside: int = 0
    hidden: int = 0

    def add(self, finding: Finding) -> bool:
        """Count a finding; return whether it is shown."""
        if not self.choice.takes(finding):
            self.hidden += 1
            return False
        self.shown[finding.code] += 1
        self.ranks[rank(finding)] += 1
        self.outside += finding.claim_index is None
        return True


def code_lines(counts: Iterable[tuple[str, int]], language: Language = "en") -> Iterator[str]:
    """Yield for each code two lines: how often, what it does and what is wrong; and how to put it right."""
    for code, count in counts:
        rule = rule_of(code)
        title = rule.title_ja if language == "ja" else rule.title
        does = effect_words(effect_of(rule.level, rule.refuses), language)
        yield f"{code:<6}{count:>7,}  {rule.level} {does}: {title}"
        yield f"{'':15}{remedy(code, language)}"


def by_gravity(counts: Counter[str]) -> list[tuple[str, int]]:
    """Return the codes, the gravest first, then the most frequent, then by code."""
    return sorted(counts.items(), key=lambda each: (_gravity(each[0]), -each[1], each[0]))


def _gravity(code: str) -> int:
    rule = rule_of(code)
    if rule.refuses is not None:
        return list(Refuses).index(rule.refuses)
    return len(Refuses) + GRAVITY.index(rule.level)
