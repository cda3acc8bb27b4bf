"""The correction window (訂正可能期間): what the real line takes between the deadline and the closing.

Only claims that came by the deadline and came back with errors may be sent again. Receiving asks only whether the
institution has such claims at all: it must stay as quick in the last hour as in any. Which claims are corrections shows
when the file has been checked. A claim that is none is marked then, in the index, and ends unclaimed with that reason
(NOT_A_CORRECTION) whatever is decided; it is counted as refused and shown in the claim list, never silently lost.

Where it cannot be known which claims came back, all may come: an earlier file that was unreadable, or that the office
itself damaged, has no index to compare with. The first duty is no false refusal.

Source: provider:3.1 rule 4; checks X1029 (`request`: no finding).
"""

from collections.abc import Iterator

from seikyu.office.calendar import Window
from seikyu.office.corrections import may_correct
from seikyu.office.sending import State
from seikyu.ports.store import File, ReadTx, Sending
from seikyu.records import Month
from seikyu.rules.index import IndexRow
from seikyu.services.errors import NothingToCorrect
from seikyu.services.indexes import rows_of
from seikyu.services.office import Office


def earlier_sendings(office: Office, tx: ReadTx, sending: Sending) -> list[Sending]:
    """Return what the institution sent for the same month, body, kind and line before the deadline."""
    deadline = None if sending.month is None else office.calendar().deadline(Month.parse(sending.month))
    if deadline is None:
        return []
    of_month = tx.sendings(party=sending.party, body=sending.body, month=sending.month, line=sending.line)
    return [each for each in of_month if each.kind == sending.kind and each.received_at < deadline]


def require_earlier_errors(office: Office, tx: ReadTx, sending: Sending) -> None:
    """Turn away a sending that can hold no correction.

    A file that does not say its month passes: its check refuses it and says why. Errors: NothingToCorrect.
    """
    if sending.month is None:
        return
    if not any(_came_back(earlier) for earlier in earlier_sendings(office, tx, sending)):
        raise NothingToCorrect("nothing of this month came back with errors", month=sending.month)


def is_correction(office: Office, sending: Sending) -> bool:
    """Return whether only corrections were taken when the sending came."""
    return office.calendar().at(sending.received_at, sending.line).window is Window.CORRECTION


def no_corrections(office: Office, rows: Iterator[IndexRow], *, earlier: list[File]) -> frozenset[int]:
    """Return the positions of the claims in `rows` that may not be sent in the correction window.

    Shape: `earlier` are the files of the earlier sendings, all checked.
    """
    refused = [file for file in earlier if file.refused]
    if any(_unknown(office, file) for file in refused):
        return frozenset()
    return frozenset(
        may_correct(
            rows,
            (row for file in earlier if not file.refused for row in rows_of(office.objects, file.index_object)),
            refused_file_rows=(row for file in refused for row in rows_of(office.objects, file.index_object)),
        )
    )


def _came_back(sending: Sending) -> bool:
    """Return whether claims of it came back, as far as is known yet."""
    waits = sending.state == State.CHECKING
    return waits or sending.state == State.REFUSED or bool(sending.refused) or bool(sending.ask)


def _unknown(office: Office, file: File) -> bool:
    """Return whether nobody can say which claims a refused file held."""
    return next(rows_of(office.objects, file.index_object), None) is None
