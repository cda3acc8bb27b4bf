"""Which ways of connecting fit a site, in order, with everything that each of them asks for: a decision table.

A site answers questions; proposals say which ways fit and why, notes what is to be known of each way, steps which dates
are to be kept. All of it is rows of `advice.toml`: this module only looks which of them apply. What may be ordered from
whom is looked up in the list of lines and providers. Source: network:1; mission Q1-Q13; and what each row says.
"""

import re
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from tomllib import loads
from typing import Any, Final

from seikyu.lines.kinds import line_kinds
from seikyu.lines.registry import Offer
from seikyu.lines.wrong import BadFile, WrongItem

#: The parts of what is said of a way, in the order in which they are shown.
PARTS: Final = (
    "order", "contract", "notice", "certificate", "cut", "setup", "security", "printer", "wireless", "warning", "ask",
)  # fmt: skip

_MONTHS: Final = 12
#: Which kind of line the answers on eligibility checking name.
_ELIGIBILITY_KINDS: Final = {"ipv6": "ipvpn_ipv6", "ipv4": "ipvpn_ipv4", "ipsec": "ipsec_ike"}

#: A number of PCs.
_COUNT: Final = re.compile(r"[1-9][0-9]{0,4}")


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer that a question may have."""

    name: str
    ja: str
    en: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question. Shape: one without a `default` must be answered."""

    name: str
    ja: str
    en: str
    choices: Mapping[str, Choice]
    default: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """A way of connecting. Shape: `list` says over which lines the list of providers is looked through."""

    name: str
    kind: str
    ja: str
    en: str
    new_line: bool
    keeps: bool
    list: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: where it applies, and what it says then."""

    id: str
    when: Mapping[str, tuple[str, ...]]
    ja: str
    en: str
    source: str

    def applies(self, facts: Mapping[str, str]) -> bool:
        """Return whether every condition holds."""
        return all(facts.get(name) in values for name, values in self.when.items())


@dataclass(frozen=True, slots=True)
class Proposal(Row):
    """A reason for a way. Shape: the lowest rank comes first."""

    way: str
    rank: int


@dataclass(frozen=True, slots=True)
class Note(Row):
    """What is to be known of a way.

    Shape: `notice` is a kind of notice and `desk` one of `desks()`, where the row names one.
    """

    part: str
    question: str
    notice: str = ""
    desk: str = ""


@dataclass(frozen=True, slots=True)
class Step(Row):
    """What is to be done by when. Shape: `before` months on `day`; at once if `day` is 0."""

    sure: bool
    before: int = 0
    day: int = 0


@dataclass(frozen=True, slots=True)
class Due:
    """A step with its day. Shape: `by` is None for at once; `late` if the day is over."""

    step: Step
    by: date | None
    late: bool = False


@dataclass(frozen=True, slots=True)
class Chosen:
    """A way that fits. Shape: `notes` by the parts that have some; `first_claims` is the first of their month."""

    way: Way
    rank: int
    change: str
    reasons: tuple[Proposal, ...]
    notes: Mapping[str, tuple[Note, ...]]
    offers: tuple[Offer, ...]
    first_claims: date
    dates: tuple[Due, ...]

    @property
    def notice(self) -> str:
        """The kind of notice to file, empty if there is none."""
        return next((each.notice for each in self.notes.get("notice", ()) if each.notice), "")


@dataclass(frozen=True, slots=True)
class Advice:
    """The ways that fit, the best first, and the answers that they follow from."""

    answers: Mapping[str, str]
    ways: tuple[Chosen, ...]


@cache
def questions() -> Mapping[str, Question]:
    """Return the questions in the order in which they are asked."""
    return {
        name: Question(
            name, row["ja"], row["en"], {key: Choice(key, **each) for key, each in row["choices"].items()},
            row.get("default", ""),
        )
        for name, row in _rows()["questions"].items()
    }  # fmt: skip


@cache
def ways() -> Mapping[str, Way]:
    """Return the ways by name."""
    return {name: Way(name, **row | {"list": tuple(row["list"])}) for name, row in _rows()["ways"].items()}


@cache
def proposals() -> tuple[Proposal, ...]:
    """Return the rows that propose ways."""
    return tuple(Proposal(**_conditions(row)) for row in _rows()["proposals"])


@cache
def notes() -> tuple[Note, ...]:
    """Return the rows that say something of ways."""
    return tuple(Note(**_conditions(row)) for row in _rows()["notes"])


@cache
def steps() -> tuple[Step, ...]:
    """Return the rows of dates."""
    return tuple(Step(**_conditions(row)) for row in _rows()["steps"])


def read_answers(said: Mapping[str, Any]) -> dict[str, str]:
    """Return the answer to every question, defaults filled in.

    Shape: an answer is the code of a choice; a number of PCs may be a number. Errors: BadFile, all that is wrong.
    """
    wrong = [WrongItem(name, "unknown", known=tuple(questions())) for name in said if name not in questions()]
    answers: dict[str, str] = {}
    for name, question in questions().items():
        text = str(said.get(name, "")).strip() or question.default
        if name == "pcs" and _COUNT.fullmatch(text):
            text = "one" if text == "1" else "several"
        if not text:
            wrong.append(WrongItem(name, "missing", known=tuple(question.choices)))
        elif text not in question.choices:
            wrong.append(WrongItem(name, "choice", text[:_SHOWN_CHARS], tuple(question.choices)))
        answers[name] = text
    if wrong:
        raise BadFile(wrong)
    return answers


#: How much of a wrong answer is shown.
_SHOWN_CHARS: Final = 60


def advise(
    answers: Mapping[str, str], *, offers: Sequence[Offer], today: date, first_claims: date | None = None
) -> Advice:
    """Return the ways that fit the answers, the best first; there is always one.

    A way that the list has no service for comes after those that can be had.
    Shape: `answers` as `read_answers` gives them; `first_claims` is a day of the month of the first claims over the
    line, None for the earliest month whose dates can all be kept.
    """
    found: dict[str, list[Proposal]] = {}
    for row in proposals():
        if row.applies(answers):
            found.setdefault(row.way, []).append(row)
    chosen = [
        _chosen(ways()[name], sorted(rows, key=lambda row: row.rank), answers=answers, offers=offers, today=today,
                first_claims=first_claims)
        for name, rows in found.items()
    ]  # fmt: skip
    return Advice(dict(answers), tuple(sorted(chosen, key=lambda each: (not each.offers, each.rank))))


def _chosen(
    way: Way,
    reasons: Sequence[Proposal],
    *,
    answers: Mapping[str, str],
    offers: Sequence[Offer],
    today: date,
    first_claims: date | None,
) -> Chosen:
    facts = facts_of(way, answers)
    said = [row for row in notes() if row.applies(facts)]
    due = [row for row in steps() if row.applies(facts)]
    month = first_claims.replace(day=1) if first_claims else _earliest(due, today)
    return Chosen(
        way=way,
        rank=reasons[0].rank,
        change=facts["change"],
        reasons=tuple(reasons),
        notes={part: tuple(row for row in said if row.part == part) for part in PARTS
               if any(row.part == part for row in said)},
        offers=_fitting(way, facts, offers=offers, today=today),
        first_claims=month,
        dates=_dated(due, month, today),
    )  # fmt: skip


def facts_of(way: Way, answers: Mapping[str, str]) -> dict[str, str]:
    """Return what conditions may speak of: the answers, and what follows for a way."""
    registered = answers["registered"]
    change = "first" if registered == "none" else "same" if registered == way.kind else "other"
    served = _ELIGIBILITY_KINDS.get(answers["eligibility"]) == way.kind
    in_use = not way.new_line and (change == "same" or (way.keeps and served))
    follows = {
        "way": way.name, "kind": way.kind, "change": change, "new_line": "yes" if way.new_line else "no",
        "in_use": "yes" if in_use else "no",
    }  # fmt: skip
    return {**answers, **follows}


def _fitting(way: Way, facts: Mapping[str, str], *, offers: Sequence[Offer], today: date) -> tuple[Offer, ...]:
    """Return the offers of the list that this way can be had from, those that can be ordered first."""
    stays = facts["in_use"] == "yes"
    own = facts["line"] if facts["line"] not in {"none", "isdn"} else "any"
    access = tuple(own if each == "own" else each for each in way.list)
    found = [
        each
        for each in offers
        if each.kind == way.kind
        and each.serves("claims")
        and each.is_in(facts["area"])
        and ("any" in access or any(each.runs_over(line) for line in access))
        and (stays or each.status(today) != "withdrawn")
    ]
    return tuple(sorted(found, key=lambda each: each.status(today) != "current"))


def _earliest(due: Sequence[Step], today: date) -> date:
    """Return the first month of which no dated step is over."""
    month = today.replace(day=1)
    while any(each.late for each in _dated(due, month, today)):
        month = _months_on(month, 1)
    return month


def _dated(due: Sequence[Step], month: date, today: date) -> tuple[Due, ...]:
    """Return the steps in the order of their days; those without one are first."""
    found = []
    for step in due:
        by = _day(month, step) if step.day else None
        found.append(Due(step, by, late=by is not None and by < today))
    return tuple(sorted(found, key=lambda each: each.by or date.min))


def _day(month: date, step: Step) -> date:
    first = _months_on(month, -step.before)
    return first.replace(day=min(step.day, monthrange(first.year, first.month)[1]))


def _months_on(month: date, count: int) -> date:
    index = month.year * _MONTHS + month.month - 1 + count
    return date(index // _MONTHS, index % _MONTHS + 1, 1)


def _conditions(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "when": {name: tuple(values) for name, values in row["when"].items()}}


@cache
def _rows() -> Mapping[str, Any]:
    return loads((files("seikyu.lines") / "advice.toml").read_text(encoding="utf-8"))


def known_conditions() -> Mapping[str, tuple[str, ...]]:
    """Return every name that a condition may have, and its values; a test holds the tables against it."""
    return {
        **{name: tuple(each.choices) for name, each in questions().items()},
        "way": tuple(ways()),
        "kind": tuple(line_kinds()),
        "change": ("first", "same", "other"),
        "new_line": ("yes", "no"),
        "in_use": ("yes", "no"),
    }
