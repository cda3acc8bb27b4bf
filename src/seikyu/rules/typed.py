"""What somebody types into an item: the bytes for the file, or a word that says why it cannot stand there.

An item that our layouts are sure of refuses what its mode forbids; of one in doubt only what no line can hold is
refused, and the check says the rest: the layout may be wrong, and a right value must not be turned away.
"""

import re
from typing import Final

from seikyu.limits import limit
from seikyu.records import Confidence, Item, outside_jis
from seikyu.rules.plan import Plan, Problem

#: What keyboards write for characters that claims computers write by another number; they look the same.
_SAME: Final = str.maketrans({"\u301c": "\uff5e", "\u2212": "\uff0d", "\u2016": "\u2225", "\u2014": "\u2015",
                              "\u00a5": "\\", "\u00a0": " "})  # fmt: skip
#: What breaks a line of a file, or cannot be seen.
_BREAKING: Final = re.compile(r"[\x00-\x1f\x7f,]")

#: What a value may be all the same: the check tells of it, and may itself be the one that does not know yet.
_TOLD_LATER: Final = frozenset({Problem.CODE, Problem.MISSING, Problem.ERA, Problem.PADDED, Problem.FILLED})


class Mistyped(ValueError):
    """A value that cannot stand in its item. Shape: `why` is a word; `most_bytes` what the item holds, 0 unknown."""

    def __init__(self, why: str, most_bytes: int = 0) -> None:
        super().__init__(why)
        self.why = why
        self.most_bytes = most_bytes


def typed(text: str, item: Item, plan: Plan) -> bytes:
    """Return the bytes of what was typed into an item of a record.

    Errors: Mistyped.
    """
    if len(text) > limit("line_bytes"):
        raise Mistyped(Problem.LONG.value, item.width)
    text = text.translate(_SAME)
    if _BREAKING.search(text):
        raise Mistyped("separator" if "," in text else "control", item.width)
    try:
        data = text.encode("cp932")
    except UnicodeEncodeError:
        raise Mistyped(Problem.CHARACTER.value, item.width) from None
    if outside_jis(data) is not None:
        raise Mistyped(Problem.CHARACTER.value, item.width)
    if item.width and len(data) > item.width and item.confidence is Confidence.HIGH:
        raise Mistyped(Problem.LONG.value, item.width)
    problem = _problem(data, item, plan)
    if problem is not None and problem not in _TOLD_LATER and item.confidence is Confidence.HIGH:
        raise Mistyped(problem.value, item.width)
    return data


def _problem(data: bytes, item: Item, plan: Plan) -> Problem | None:
    """Return what is wrong with the item as the checker reads it."""
    items = [plan.layout.id.encode(), *([b""] * (len(plan.layout.items) - 1))]
    items[item.no - 1] = data
    faults = plan.faults(b",".join(items), items)
    return next((problem for at, problem in faults if at == item.no - 1), None)
