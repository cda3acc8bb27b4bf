"""What may stand behind what in a file, beyond the order inside a claim: a table by kind, and what breaks it.

A row says which steps may stand before a step, or which may come after it, and which rule tells that another one does.
Steps are the file's header and trailer, the record that opens a claim, its head (RE), its further records, the reason
of a return (HR), and a line of a history block. Unknown lines are no step; what no row names may stand anywhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from seikyu.records import Layout


class Step(StrEnum):
    """What a line is, as far as its place in the file goes."""

    HEADER = "header"
    OPENER = "opener"
    HEAD = "head"
    CLAIM = "claim"
    REASON = "reason"
    HISTORY = "history"
    TRAILER = "trailer"


@dataclass(frozen=True, slots=True)
class Only:
    """One row: only these steps may stand there, else the rule of that code says so."""

    steps: frozenset[Step]
    code: str


@dataclass(frozen=True, slots=True)
class Sequence:
    """The rows of one kind: by the later step what may stand before it, by the earlier one what may come after it."""

    before: Mapping[Step, Only]
    after: Mapping[Step, Only]

    def fault(self, last: Step | None, step: Step) -> str | None:
        """Return the code of the rule that tells a step behind another one; None if nothing is wrong."""
        row = self.before.get(step)
        if row and last is not None and last not in row.steps:
            return row.code
        row = self.after.get(last) if last is not None else None
        return row.code if row and step not in row.steps else None


_REASON: Final = "HR"
_IN_CLAIM: Final = frozenset({Step.OPENER, Step.HEAD, Step.CLAIM, Step.REASON})
_BEHIND_CLAIM: Final = Only(frozenset({Step.HEADER, Step.HISTORY}), "XH002")

#: Source: provider:7, item 8.
_RETURNS: Final[Mapping[Step, Only]] = {
    Step.OPENER: _BEHIND_CLAIM,
    Step.HEAD: _BEHIND_CLAIM,
    Step.REASON: Only(_IN_CLAIM, "XH003"),
    Step.HISTORY: Only(frozenset({Step.REASON, Step.HISTORY}), "XH004"),
    Step.TRAILER: Only(frozenset({Step.HEADER, Step.HISTORY}), "XH005"),
}
_BEHIND_OPENER: Final = frozenset({Step.OPENER})
_BEGIN: Final = frozenset({Step.HEAD, Step.HEADER, Step.TRAILER})
#: Source: checks:L1704, checks:L1923. A file without any claim is another rule's to tell.
_CLAIMS: Final[Mapping[str, Sequence]] = {
    "dental": Sequence(
        before={Step.HEAD: Only(_BEHIND_OPENER, "L1704")},
        after={Step.OPENER: Only(frozenset({Step.HEAD}), "L1704")},
    ),
    "pharmacy": Sequence(before={}, after={Step.HEADER: Only(_BEGIN, "L1923")}),
}
NO_SEQUENCE: Final = Sequence({}, {})


def sequence_of(layout: Layout) -> Sequence:
    """Return what may follow what in files of a layout."""
    if layout.claim_kind == layout.kind:
        return _CLAIMS.get(layout.kind, NO_SEQUENCE)
    if layout.opener == layout.head:
        return Sequence(_RETURNS, {})
    return Sequence({**_RETURNS, Step.HEAD: Only(_BEHIND_OPENER, "XH002")}, {})


def steps_of(layout: Layout) -> Mapping[str, Step]:
    """Return the steps of the records that are more than a further record of a claim."""
    steps = {layout.header: Step.HEADER, layout.trailer: Step.TRAILER, layout.opener: Step.OPENER}
    if _REASON in layout.records:
        steps[_REASON] = Step.REASON
    return {**steps, layout.head: Step.HEAD}
