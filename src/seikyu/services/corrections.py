"""The correction window (訂正可能期間): what the real line takes between the deadline and the closing.

Only claims that came by the deadline and came back with errors may be sent again. Receiving asks only whether the
institution has such claims at all: it must stay as quick in the last hour as in any. Which claims are corrections shows
when the file has been checked. A claim that is none is marked then, in the index, and ends unclaimed with that reason
(NOT_A_CORRECTION) whatever is decided; it is counted as refused and shown in the claim list, never silently lost.

In doubt a claim is a correction (`office.corrections.turned_away`). Where it cannot be known which claims came back,
all may come: an earlier file that was unreadable, or that the office itself damaged, has no index to compare with. The
first duty is no false refusal.

Source: provider:3.1 rule 4; checks X1029 (`request`: no finding).
"""

from collections.abc import Iterator
from datetime import datetime, time

from seikyu.office.calendar import JST, Window
from seikyu.office.corrections import turned_away
from seikyu.office.sending import State
from seikyu.ports.store import File, ReadTx, Sending
from seikyu.records import Month
from seikyu.rules.index import IndexRow
from seikyu.services.errors import NothingToCorrect
from seikyu.services.indexes import rows_of
from seikyu.services.office import Office


def sent_before(office: Office, tx: ReadTx, sending: Sending) -> tuple[list[Sending], list[Sending]]:
    """Return what the institution sent for the same month, body, kind and line: by the deadline, and as corrections.

    Sendings that do not say their month or kind count as well: nobody knows what they were meant to be.
    """
    if sending.month is None:
        return [], []
    deadline = office.calendar().deadline(Month.parse(sending.month))
    of_party = tx.sendings(party=sending.party, body=sending.body, line=sending.line)
    alike = [
        each
        for each in of_party
        if each.month in (sending.month, None) and each.kind in (sending.kind, None) and each.id != sending.id
    ]
    month_began = datetime.combine(Month.parse(sending.month).first_day, time(), tzinfo=JST)
    in_time = [each for each in alike if deadline and month_began <= each.received_at < deadline]
    return in_time, [each for each in alike if deadline and deadline <= each.received_at and each.id < sending.id]


def require_earlier_errors(office: Office, tx: ReadTx, sending: Sending) -> None:
    """Turn away a sending that can hold no correction.

    A file that does not say its month passes: its check refuses it and says why. Errors: NothingToCorrect.
    """
    if sending.month is None:
        return
    in_time, _ = sent_before(office, tx, sending)
    if not any(_came_back(earlier) for earlier in in_time):
        raise NothingToCorrect("nothing of this month came back with errors", month=sending.month)


def is_correction(office: Office, sending: Sending) -> bool:
    """Return whether only corrections were taken when the sending came."""
    return office.calendar().at(sending.received_at, sending.line).window is Window.CORRECTION


def no_corrections(
    office: Office, rows: Iterator[IndexRow], *, earlier: list[File], corrected: list[File]
) -> frozenset[int]:
    """Return the positions of the claims in `rows` that may not be sent in the correction window.

    Shape: `earlier` are the files that came by the deadline, `corrected` those of corrections before; all checked.
    """
    refused = [file for file in earlier if file.refused]
    if any(_unknown(office, file) for file in refused):
        return frozenset()
    return frozenset(
        turned_away(
            rows,
            _rows(office, [file for file in earlier if not file.refused]),
            refused_file_rows=_rows(office, refused),
            corrected_rows=_rows(office, corrected),
        )
    )


def _rows(office: Office, files: list[File]) -> Iterator[IndexRow]:
    return (row for file in files for row in rows_of(office.objects, file.index_object))


def _came_back(sending: Sending) -> bool:
    """Return whether claims of it came back, as far as is known yet."""
    known = sending.state in {State.CHECKING, State.REFUSED, State.UNDONE}
    return known or bool(sending.refused) or bool(sending.ask)


def _unknown(office: Office, file: File) -> bool:
    """Return whether nobody can say which claims a refused file held."""
    return next(rows_of(office.objects, file.index_object), None) is None
