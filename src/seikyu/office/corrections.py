"""What may be sent in the correction window (訂正可能期間): claims that came by the deadline and came back with errors.

Source: provider:3.1 rule 4; checks X1029.
"""

from collections.abc import Iterable

from seikyu.rules.index import IndexRow, Outcome


def is_error_claim(row: IndexRow, *, file_refused: bool = False) -> bool:
    """True if the claim came back with errors and has not been claimed all the same."""
    found = file_refused or row.refused or row.asks
    return found and row.outcome is not Outcome.CLAIMED


def may_correct(
    new_rows: Iterable[IndexRow], earlier_rows: Iterable[IndexRow], *, refused_file_rows: Iterable[IndexRow] = ()
) -> list[int]:
    """Return the positions of the claims in `new_rows` that are no corrections, so must not be sent now.

    Shape: `earlier_rows` are all claims that the institution sent for the month by the deadline, `refused_file_rows`
    those of files that were refused as a whole. Claims are known again by their identity. A claim that is claimed
    already is no error claim, whatever else was sent of it.
    """
    correctable: set[bytes] = set()
    claimed: set[bytes] = set()
    for rows, file_refused in ((earlier_rows, False), (refused_file_rows, True)):
        for row in rows:
            if row.outcome is Outcome.CLAIMED:
                claimed.add(row.identity)
            elif is_error_claim(row, file_refused=file_refused):
                correctable.add(row.identity)
    allowed = correctable - claimed
    return [index for index, row in enumerate(new_rows) if row.identity not in allowed]
