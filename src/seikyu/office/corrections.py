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


def turned_away(
    new_rows: Iterable[IndexRow],
    earlier_rows: Iterable[IndexRow],
    *,
    refused_file_rows: Iterable[IndexRow] = (),
    corrected_rows: Iterable[IndexRow] = (),
) -> list[int]:
    """Return the positions of the claims in `new_rows` that can be no corrections, whatever was corrected.

    What was wrong may be the very thing that tells claims apart (an insurer number, a name), so a claim that is not
    known again may still be a correction: it counts as one while there are claims with errors that nobody has corrected
    yet. A claim that is claimed already never is. So none is claimed twice, no more come than came back, and no right
    correction is turned away.

    Shape: `corrected_rows` are the claims of corrections sent before; those claimed have used up an error each.
    """
    found = [*((row, False) for row in earlier_rows), *((row, True) for row in refused_file_rows)]
    corrected = {row.identity for row in corrected_rows if row.outcome is Outcome.CLAIMED}
    claimed = {row.identity for row, _ in found if row.outcome is Outcome.CLAIMED} | corrected
    errors = {row.identity for row, file_refused in found if is_error_claim(row, file_refused=file_refused)}
    new = list(new_rows)
    open_errors = errors - claimed
    known_again = {row.identity for row in new} & open_errors
    left = len(open_errors) - len(known_again) - len(corrected - errors)
    away = []
    for index, row in enumerate(new):
        if row.identity in known_again:
            continue
        if row.identity in claimed or left <= 0:
            away.append(index)
        else:
            left -= 1
    return away
