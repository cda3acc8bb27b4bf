"""The institution's day: what is open, until when, what there is to do, and how the month stands.

Everything is read from rows, and in the correction window from the claim indexes besides: which claims may be sent
again is told one by one. Nothing changes here.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any, Final

from seikyu.office.calendar import Calendar, Opening
from seikyu.office.corrections import still_open
from seikyu.office.leaving import LeftOut
from seikyu.office.sending import State
from seikyu.office.today import Sent, Task, Urgency, tasks
from seikyu.ports.errors import Forbidden, NotThere
from seikyu.ports.store import File, ReadTx, Sending
from seikyu.ports.trust import ClientIdentity
from seikyu.records import Month
from seikyu.rules.index import IndexRow
from seikyu.services.corrections import sent_before
from seikyu.services.indexes import rows_of
from seikyu.services.office import INSTITUTION, REAL, TEST, Office, require_party

#: Claims that may be corrected, told by name; the others are counted.
CLAIMS_TOLD: Final = 50

#: An id behind every other: who asks as the newest sending sees all others as earlier ones.
_NEWEST: Final = "~"


@dataclass(frozen=True, slots=True)
class Correctable:
    """Whether corrections may be sent to a body, of a kind, and of which claims.

    Shape: `may` follows from `claims`, or from an earlier file of which nobody can say what it held (`unknown`).
    `places` are the first of them: sending, file number, position and printed number (None unreadable).
    """

    body: str
    kind: str | None
    may: bool
    claims: int
    unknown: bool
    places: tuple[tuple[str, int, int, int | None], ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """How a month stands at one body: sendings, and claims sent, refused, to look at, claimed and waiting."""

    body: str
    sendings: int
    claims: int
    refused: int
    ask: int
    claimed: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Today:
    """An institution's day. Shape: `month` is the claim month that it is about, None if there is none."""

    now: datetime
    month: str | None
    real: Opening
    test: Opening
    deadline: datetime | None
    closing: datetime | None
    tasks: tuple[Task, ...]
    figures: tuple[Figures, ...]
    corrections: tuple[Correctable, ...]


def today(office: Office, identity: ClientIdentity) -> Today:
    """Return the day of an institution. Errors: Forbidden."""
    if identity.kind != INSTITUTION:
        raise Forbidden("only institutions send", kind=INSTITUTION)
    now, calendar = office.clock.now(), office.calendar()
    real, test = calendar.at(now, REAL), calendar.at(now, TEST)
    with office.store.read() as tx:
        require_party(tx, identity, kind=INSTITUTION, now=now)
        month = _month(tx, identity, real)
        rows = _of_month(tx, identity, month, line=REAL)
        tested = bool(_of_month(tx, identity, month, line=TEST))
        sent = [_sent(calendar, each, tx.files(each.id)) for each in rows]
    deadline = calendar.deadline(Month.parse(month)) if month else None
    return Today(
        now=now,
        month=month,
        real=real,
        test=test,
        deadline=deadline,
        closing=calendar.closing_from(Month.parse(month)) if month else None,
        tasks=tuple(tasks(sent, now=now, opening=real, deadline=deadline, tested=tested)),
        figures=_figures(rows),
        corrections=_corrections(office, rows, month=month) if month else (),
    )


def today_view(day: Today) -> dict[str, Any]:
    """Return the day as the world sees it."""
    return {
        "now": day.now.isoformat(),
        "month": day.month,
        "lines": {REAL: _opening_view(day.real), TEST: _opening_view(day.test)},
        "deadline": _iso(day.deadline),
        "closing": _iso(day.closing),
        "tasks": [
            asdict(task) | {"urgency": Urgency(task.urgency).name.lower(), "due_at": _iso(task.due_at)}
            for task in day.tasks
        ],
        "figures": [asdict(each) for each in day.figures],
        "corrections": [
            asdict(each) | {"places": [dict(zip(_PLACE, place, strict=True)) for place in each.places]}
            for each in day.corrections
        ],
    }


_PLACE: Final = ("sending", "file_no", "claim_index", "claim_no")


def _opening_view(opening: Opening) -> dict[str, Any]:
    return {
        "open": opening.open,
        "window": opening.window.value,
        "closes_at": _iso(opening.closes_at),
        "next_opens_at": _iso(opening.next_opens_at),
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _month(tx: ReadTx, identity: ClientIdentity, real: Opening) -> str | None:
    """Return the claim month that the day is about: the calendar's, else the newest that was sent."""
    if real.claim_months:
        return str(max(real.claim_months))
    newest = tx.sendings(party=identity.party, line=REAL, limit=1)
    return newest[0].month if newest else None


def _of_month(tx: ReadTx, identity: ClientIdentity, month: str | None, *, line: str) -> list[Sending]:
    """Return the party's sendings of a month; what does not say its month was meant for one nobody knows."""
    if month is None:
        return []
    found = tx.sendings(party=identity.party, month=month, line=line)
    return [each for each in found if identity.acts_at(each.body)]


def _sent(calendar: Calendar, row: Sending, files: list[File]) -> Sent:
    due = calendar.decided_by(Month.parse(row.month), received_at=row.received_at) if row.month else None
    left_out = sum(_left_out(file) for file in files)
    return Sent(
        id=row.id, body=row.body, kind=row.kind, month=row.month, send_no=row.send_no, state=State(row.state),
        ask=row.ask or 0, refused=row.refused or 0, unclaimed=row.unclaimed or 0, left_out=left_out,
        decision=row.decision, due_at=due,
    )  # fmt: skip


def _left_out(file: File) -> int:
    """Return how many claims of a file were left out by hand: nobody has to be reminded of them."""
    left = LeftOut.read(file.left_out)
    return 10**9 if left.whole else len(left.claims)


def _figures(rows: list[Sending]) -> tuple[Figures, ...]:
    by_body: dict[str, list[Sending]] = defaultdict(list)
    for row in rows:
        if row.state not in {State.CANCELLED, State.CORRECTED, State.UNDONE}:
            by_body[row.body].append(row)
    return tuple(
        Figures(
            body,
            sendings=len(found),
            claims=sum(row.claims or 0 for row in found),
            refused=sum(row.refused or 0 for row in found),
            ask=sum(row.ask or 0 for row in found),
            claimed=sum(row.claimed or 0 for row in found),
            waiting=sum((row.claims or 0) - (row.refused or 0) for row in found if row.state == State.TO_DECIDE),
        )
        for body, found in sorted(by_body.items())
    )


def _corrections(office: Office, rows: list[Sending], *, month: str) -> tuple[Correctable, ...]:
    """Return per body and kind what may be corrected, once the deadline is over and until the month closes."""
    calendar, now = office.calendar(), office.clock.now()
    deadline, closing = calendar.deadline(Month.parse(month)), calendar.closing_from(Month.parse(month))
    if deadline is None or closing is None or not deadline <= now < closing:
        return ()
    about = {(row.body, row.kind): row for row in rows if row.received_at < deadline}
    return tuple(_correctable(office, row) for _, row in sorted(about.items(), key=str))


def _correctable(office: Office, sample: Sending) -> Correctable:
    with office.store.read() as tx:
        in_time, later = sent_before(office, tx, replace(sample, id=_NEWEST))
        earlier = [(each, file) for each in in_time for file in tx.files(each.id)]
        corrected = [file for each in later for file in tx.files(each.id)]
    unknown = any(file.refused and file.index_object is None for _, file in earlier)
    try:
        places = still_open(_claims(office, earlier), corrected_rows=_rows(office, corrected))
    except NotThere:  # A decision has just put new indexes in the place of the old.
        places, unknown = [], True
    return Correctable(
        sample.body, sample.kind, may=bool(places) or unknown, claims=len(places), unknown=unknown,
        places=tuple(islice(places, CLAIMS_TOLD)),
    )  # fmt: skip


def _claims(
    office: Office, files: list[tuple[Sending, File]]
) -> Iterator[tuple[tuple[str, int, int, int | None], IndexRow, bool]]:
    for sending, file in files:
        for index, row in enumerate(rows_of(office.objects, file.index_object)):
            claim_no = row.claim_no if row.claim_no >= 0 else None
            yield (sending.id, file.no, index, claim_no), row, bool(file.refused)


def _rows(office: Office, files: list[File]) -> Iterator[IndexRow]:
    return (row for file in files for row in rows_of(office.objects, file.index_object))
