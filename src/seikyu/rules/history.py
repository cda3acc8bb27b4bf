"""The history block (履歴管理ブロック) of a claim that was returned, as far as the checker looks at it.

Each line begins with the kind of data, a line number and a branch number; behind them stands an ordinary record. What
stands in the records is not judged: it was written and accepted before, and goes back byte for byte.
"""

import re
from collections.abc import Mapping
from typing import Final, Self

from seikyu.records import Layout, parse_month
from seikyu.rules.view import Claim, Stray

#: Source: records:11.
_LINE: Final = re.compile(rb"([0-9]{1,2}),([0-9]{1,6}),([0-9]{1,6}),([A-Z]{2})(?:,|$)")
#: Kinds of data: 1 to 9, the same before an earlier claim (11 to 19), and 86 for 6. Source: provider:7, item 5.
_DATA_KINDS: Final = frozenset(str(kind).encode() for kind in (*range(1, 10), *range(11, 20), 86))
#: Of these, what the institution itself had claimed, before or after the check of eligibility.
_CLAIMED: Final = frozenset({b"1", b"5", b"11", b"15"})
_PREFIX_ITEMS: Final = 3
#: Places kept for one claim; more would say the same again.
_FAULTS_KEPT: Final = 3


def is_history(content: bytes) -> bool:
    """True if the line is one of a history block."""
    return _LINE.match(content) is not None


class History:
    """Takes the lines of history blocks in file order."""

    def __init__(self, months: Mapping[bytes, int]) -> None:
        self._months = months
        self._last = 0

    @classmethod
    def of(cls, layout: Layout) -> Self:
        """Return what reads the history of a layout's claims: it knows where a claim month stands in a header."""
        found = {rid: record.by_name.get("claim_month") for rid, record in layout.records.items()}
        return cls({rid.encode(): _PREFIX_ITEMS + item.no - 1 for rid, item in found.items() if item})

    def take(self, claim: Claim, content: bytes, stray: Stray) -> None:
        """Add a line to its claim: count it, and keep what is odd about it.

        Line numbers go on by one or stay (branches); a new part of the block may begin at the beginning again.
        """
        parts = _LINE.match(content)
        assert parts is not None  # noqa: S101  (only lines of history come here)
        kind, number, branch, rid = parts[1], int(parts[2]), int(parts[3]), parts[4]
        first = claim.history == 0
        claim.history += 1
        goes_on = number - self._last in {0, 1} or number <= 1 or branch > 0
        if not ((first or goes_on) and kind in _DATA_KINDS) and len(claim.history_faults) < _FAULTS_KEPT:
            claim.history_faults.append(stray)
        self._last = number
        if rid in self._months and kind in _CLAIMED:
            self._month(claim, content.split(b","), self._months[rid])

    def _month(self, claim: Claim, items: list[bytes], at: int) -> None:
        read = parse_month(items[at]) if at < len(items) else None
        if read and (claim.history_month is None or claim.history_month < read.month):
            claim.history_month = read.month
