"""Which official lists (帳票) a sending has, and why one is not there: the rows of `papers.toml`.

A list of what was sent is there when the check is done; a receipt (受領書) only when something was claimed, and no
longer when that was undone.

Source: provider:3.1, provider:6.2.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from tomllib import loads
from typing import Any

from seikyu.office.sending import State


@dataclass(frozen=True, slots=True)
class Paper:
    """One kind of list. Shape: `form` is its id; `line` and `asp` are None if they do not matter.

    `not_there` gives the reason for each state in which a sending has it not.
    """

    form: str
    line: str | None
    asp: bool | None
    not_there: Mapping[State, str]

    def belongs(self, *, line: str, asp: bool) -> bool:
        """True if a sending of that line and choice can ever have the list."""
        return self.line in (None, line) and self.asp in (None, asp)

    def why_not(self, state: State) -> str | None:
        """Return why a sending in that state has the list not, as the key of its words; None if it has it."""
        return self.not_there.get(state)


@cache
def papers() -> tuple[Paper, ...]:
    """Return every kind of list, in the order in which they are shown."""
    page: Mapping[str, Any] = loads((files("seikyu.office") / "papers.toml").read_text("utf-8"))
    reasons = {since: {State(state): why for state, why in rows.items()} for since, rows in page["not_there"].items()}
    return tuple(
        Paper(form, row.get("line"), row.get("asp"), reasons[row["since"]]) for form, row in page["papers"].items()
    )


def papers_of(*, line: str, asp: bool) -> tuple[Paper, ...]:
    """Return the kinds of lists that a sending of that line and choice can have."""
    return tuple(paper for paper in papers() if paper.belongs(line=line, asp=asp))
