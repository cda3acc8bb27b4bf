"""What becomes of each claim when its sending is decided (請求確定状況): a table, and the choices around it.

The table is `outcomes.toml`; cells that the sources leave open are choices of `policy.toml`, which an operator may
change.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from tomllib import loads
from typing import Any, Final

from seikyu.rules.index import IndexRow, Outcome, Reason


class Decision(StrEnum):
    """How a sending was decided: エラー分含む, エラー分除く, 自動確定."""

    WITH = "with"
    WITHOUT = "without"
    AUTOMATIC = "automatic"


@dataclass(frozen=True, slots=True)
class Choice:
    """One open question and the office's answer. Shape: `value` is one of `choices`."""

    key: str
    value: str
    choices: tuple[str, ...]
    ja: str
    en: str
    source: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Policy:
    """The answers in force, and the decision table that follows from them.

    Shape: `table[finding, column]` is what a claim comes to and why, if it stays unclaimed.
    """

    undecided_at_deadline: Decision
    undecided_at_closing: Decision
    table: Mapping[tuple[str, str], tuple[Outcome, Reason]]


_OUTCOMES: Final = {"claimed": Outcome.CLAIMED, "unclaimed": Outcome.UNCLAIMED}
_NO_ASP: Final = "no_asp"


@cache
def choices() -> tuple[Choice, ...]:
    """Return every open question with the answer of the house."""
    return tuple(
        Choice(key=key, **{**row, "choices": tuple(row["choices"])}) for key, row in _table("policy.toml").items()
    )


def policy(answers: Mapping[str, str] | None = None) -> Policy:
    """Return the policy with the operator's `answers` in place of ours.

    Errors: ValueError for a key or a value that is none.
    """
    chosen = {choice.key: choice.value for choice in choices()}
    allowed = {choice.key: choice.choices for choice in choices()}
    for key, value in (answers or {}).items():
        if value not in allowed.get(key, ()):
            raise ValueError(f"policy {key} = {value!r}: allowed is {allowed.get(key, 'no such key')}")
        chosen[key] = value
    return Policy(
        undecided_at_deadline=Decision(chosen["undecided_at_deadline"]),
        undecided_at_closing=Decision(chosen["undecided_at_closing"]),
        table={
            (finding, column): _cell(chosen.get(row[column], row[column]), reason=row["reason"])
            for finding, row in _table("outcomes.toml").items()
            for column in (*Decision, _NO_ASP)
        },
    )


@cache
def house_policy() -> Policy:
    """Return the policy with our own answers."""
    return policy()


def decide(
    row: IndexRow,
    decision: Decision,
    *,
    asp: bool = True,
    file_refused: bool = False,
    left_out: bool = False,
    by: Policy | None = None,
) -> IndexRow:
    """Return the claim with its outcome and reason.

    What was refused stays unclaimed whatever is decided; what the institution left out before confirming ends
    unclaimed with that reason; the rest follows the table. Source: provider:3.2.
    """
    finding = "file_refused" if file_refused else "claim_refused" if row.refused else row.worst or "none"
    outcome, reason = (by or house_policy()).table[finding, decision if asp else _NO_ASP]
    if left_out and not file_refused and not row.refused:
        return row.decided(Outcome.UNCLAIMED, Reason.LEFT_OUT)
    return row.decided(outcome, reason)


def _cell(word: str, *, reason: str) -> tuple[Outcome, Reason]:
    outcome = _OUTCOMES[word]
    return outcome, Reason.NONE if outcome is Outcome.CLAIMED else Reason[reason.upper()]


def _table(name: str) -> dict[str, Any]:
    return loads((files("seikyu.office") / name).read_text(encoding="utf-8"))
