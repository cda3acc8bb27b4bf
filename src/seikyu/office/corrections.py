"""What may be sent in the correction window (訂正可能期間): claims that came by the deadline and came back with errors.

What was wrong may be the very thing that tells claims apart (an insurer number, a name), so a claim that is not known
again may still be a correction: it counts as one while there are claims with errors that nobody has corrected yet. A
claim that is claimed already never is. So none is claimed twice, no more come than came back, and no right correction
is turned away.

Source: provider:3.1 rule 4; checks X1029.
"""

from collections.abc import Iterable
from typing import TypeVar

from seikyu.rules.index import IndexRow, Outcome, Reason


def is_error_claim(row: IndexRow, *, file_refused: bool = False) -> bool:
    """True if the claim came back with errors and has not been claimed all the same.

    One whose confirmation the review body undid has come back too: its institution asked for that to send it right.
    """
    found = file_refused or row.refused or row.asks or row.reason is Reason.UNDONE
    return found and row.outcome is not Outcome.CLAIMED


def turned_away(
    new_rows: Iterable[IndexRow],
    earlier_rows: Iterable[IndexRow],
    *,
    refused_file_rows: Iterable[IndexRow] = (),
    corrected_rows: Iterable[IndexRow] = (),
) -> list[int]:
    """Return the positions of the claims in `new_rows` that can be no corrections, whatever was corrected.

    Shape: `earlier_rows` are all claims that the institution sent for the month by the deadline, `refused_file_rows`
    those of files that were refused as a whole, `corrected_rows` those of corrections sent before, of which the claimed
    ones have used up an error each. Claims are known again by their identity; of each row only that is kept.
    """
    errors: set[bytes] = set()
    claimed: set[bytes] = set()
    for rows, file_refused in ((earlier_rows, False), (refused_file_rows, True)):
        for row in rows:
            if row.outcome is Outcome.CLAIMED:
                claimed.add(row.identity)
            elif is_error_claim(row, file_refused=file_refused):
                errors.add(row.identity)
    corrected = {row.identity for row in corrected_rows if row.outcome is Outcome.CLAIMED}
    claimed |= corrected
    new = [row.identity for row in new_rows]
    open_errors = errors - claimed
    known_again = open_errors.intersection(new)
    room = len(open_errors) - len(known_again) - len(corrected - errors)
    away = []
    for index, identity in enumerate(new):
        if identity in known_again:
            continue
        if identity in claimed or room <= 0:
            away.append(index)
        else:
            room -= 1
    return away


Place = TypeVar("Place")


def still_open(
    earlier: Iterable[tuple[Place, IndexRow, bool]], *, corrected_rows: Iterable[IndexRow] = ()
) -> list[Place]:
    """Return where the claims stand that came back with errors and are claimed nowhere: those that may be sent again.

    Shape: `earlier` are the claims that came by the deadline, each with its place and whether its file was refused.
    """
    errors: dict[bytes, Place] = {}
    claimed = {row.identity for row in corrected_rows if row.outcome is Outcome.CLAIMED}
    for place, row, file_refused in earlier:
        if row.outcome is Outcome.CLAIMED:
            claimed.add(row.identity)
        elif is_error_claim(row, file_refused=file_refused):
            errors[row.identity] = place
    return [place for identity, place in errors.items() if identity not in claimed]
