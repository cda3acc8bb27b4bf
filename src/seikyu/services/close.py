"""Closing a review body's month: charge every claim to its payers, seal what they fetch, balance to the unit.

Handler of `Work.CLOSE_MONTH`. `request_close` sets the month to `closing` and orders the work in one transaction; the
work may be carried out any number of times and ends in one transaction that makes everything true at once: deliveries
`waiting`, the payers' leg of the ledger, outcomes, sendings handed over, the month `closed` with its report. Before it
nothing is visible to anybody: deliveries in `sealing` do not exist yet. A try begins by removing what a dead one left.

The way: `survey` looks at every confirmed file and suspends, with its reason, what cannot be charged or does not add
up; `seal` writes the deliveries of the rest; they are read again, and only what was read is posted. A delivery that
reads other than it was charged is not delivered: its claims are suspended and all is sealed anew without them.

What is confirmed after its month was closed (by hand, before its time; or checked late) waits for another closing of
the same month, which seals it into further volumes. Another closing also looks again at what stands in suspense: a
claim whose payer has been registered since, or a file that has been put back, is released (its suspense reversed) and
delivered with the rest. The test line is never closed.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from seikyu.office.errors import NotAllowed, UnknownBody
from seikyu.office.ledger import NOTHING, Amounts, Stage
from seikyu.office.sending import CLAIMING, MonthClosed, State, step
from seikyu.ports.errors import BadRequest, Damaged, Unavailable
from seikyu.ports.events import EVERYBODY
from seikyu.ports.jobs import Work, WorkOrder
from seikyu.ports.store import Delivery, File, Posting, ReadTx, Sending, WriteTx
from seikyu.ports.store import Month as MonthRow
from seikyu.records import Month
from seikyu.rules.index import Reason
from seikyu.services import events
from seikyu.services.decide import decide_overdue
from seikyu.services.deliver import WAITING
from seikyu.services.draft import Draft
from seikyu.services.errors import AlreadyClosed, MonthNotOver, StillChecking
from seikyu.services.ledger import Leg, amounts_of, balance_of, postings, standing_suspense
from seikyu.services.office import INSTITUTION, PAYER, REAL, Office
from seikyu.services.seal import charge, remove_leftovers, seal
from seikyu.services.survey import ByReason, Circumstances, Surveyed, survey

OPEN: Final = "open"
CLOSING: Final = "closing"
CLOSED: Final = "closed"

_CLAIMING: Final = tuple(sorted(state.value for state in CLAIMING))


@dataclass(frozen=True, slots=True)
class Taken:
    """What one closing takes: files in the order of confirmation, with their sendings.

    Shape: the sendings are those confirmed by then, and those handed over before of which something is in suspense.
    """

    body: str
    month: str
    sendings: tuple[Sending, ...]
    files: tuple[Surveyed, ...]
    deliveries: tuple[Delivery, ...]
    postings: tuple[Posting, ...]


def request_close(office: Office, body: str, month: str, *, force: bool = False) -> MonthRow:
    """Order the closing of a body's month; return the month as it is now, `closing`.

    `force` closes by hand, before the calendar says so and without what is not checked or decided yet.
    Durable when it returns. Errors: BadRequest, MonthNotOver, StillChecking, AlreadyClosed, Unavailable; nothing
    changes then.
    """
    due = _closing_from(office, body, month)
    if not force and (due is None or office.clock.now() < due):
        raise MonthNotOver("the month cannot be closed yet", closing_from=due)
    decide_overdue(office)
    checking = office.jobs.unfinished(Work.CHECK_SENDING)
    ordered = office.jobs.unfinished(Work.CLOSE_MONTH)
    subject = f"{body}/{month}"
    with office.store.write() as tx:
        row = tx.month(body, month, REAL) or MonthRow(body, month, REAL, OPEN)
        if row.state == CLOSING and subject in ordered:
            return row
        if row.state == CLOSED and not _sendings(tx, body, month, _CLAIMING) and not standing_suspense(tx, body, month):
            raise AlreadyClosed("the month is closed and nothing is left of it", body=body, month=month)
        late = [each for each in _sendings(tx, body, month, (State.CHECKING.value,)) if each.id in checking]
        if late and not force:
            raise StillChecking("sendings of the month are still checked", sendings=len(late))
        row = replace(row, state=CLOSING)
        tx.put_month(row)
        office.jobs.submit(tx, WorkOrder(Work.CLOSE_MONTH, subject, key=f"close/{subject}/{office.ids.new()}"))
    office.tell("closing_ordered", body=body, month=month, force=force)
    return row


def close_due(office: Office) -> list[str]:
    """Order the closing of every month that the calendar says is over; return them. To be called now and then."""
    with office.store.read() as tx:
        waiting = tx.sendings(line=REAL, states=_CLAIMING)
    ordered = []
    for body, month in sorted({(each.body, str(each.month)) for each in waiting}):
        try:
            request_close(office, body, month)
        except NotAllowed:
            continue  # Not over yet, or still being checked: another time.
        ordered.append(f"{body}/{month}")
    return ordered


def carry_out_close(office: Office, subject: str) -> None:
    """Carry out a closing order; nothing if it is done already. Shape: `subject` is `body/YYYYMM`."""
    body, _, month = subject.partition("/")
    close_month(office, body, month)


def close_month(office: Office, body: str, month: str) -> None:
    """Close a month that is `closing`; nothing otherwise.

    Errors: NoSpace, Unavailable, Damaged (the books do not balance: a bug); the month stays `closing` and whoever is
    asked to do it again begins anew.
    """
    with office.desk.turn(f"close/{body}/{month}"):
        with office.store.read() as tx:
            row = tx.month(body, month, REAL)
            files = _files_to_take(tx, body, month)
        if row is None or row.state != CLOSING:
            return
        with Draft(office, spoken_of=_index_in_force) as draft:
            taken = _take(office, body, month, in_order=files, draft=draft)
            _conclude(office, taken)
            draft.keep({file.file.index_object for file in taken.files if file.file.index_object is not None})
        before = {file.index_object for _, file in files if file.index_object is not None}
        office.forget(before - {file.file.index_object for file in taken.files})
    office.tell("month_closed", body=body, month=month, sendings=len(taken.sendings), deliveries=len(taken.deliveries))


def _closing_from(office: Office, body: str, month: str) -> datetime | None:
    """Return from when the calendar lets a month be closed. Errors: UnknownBody, BadRequest."""
    if not office.serves(body):
        raise UnknownBody("no such review body here", body=body)
    try:
        return office.calendar().closing_from(Month.parse(month))
    except ValueError:
        raise BadRequest("a month is YYYYMM", parameter="month") from None


def _sendings(tx: ReadTx, body: str, month: str, states: tuple[str, ...]) -> list[Sending]:
    return tx.sendings(body=body, month=month, line=REAL, states=states)


def _files_to_take(tx: ReadTx, body: str, month: str) -> list[tuple[Sending, File]]:
    """Return every file to be charged with its sending, in the order of confirmation, which is that of claims' numbers.

    Those are the files confirmed since the last closing, and those of which something is in suspense.
    """
    pairs = [(sending, file) for sending in _sendings(tx, body, month, _CLAIMING) for file in tx.files(sending.id)]
    in_suspense = standing_suspense(tx, body, month)
    for sending in _sendings(tx, body, month, (State.HANDED_OVER.value,)) if in_suspense else ():
        pairs += [(sending, file) for file in tx.files(sending.id) if file.id in in_suspense]
    return sorted(pairs, key=lambda pair: (pair[1].management_base or 0, pair[1].id))


def _take(office: Office, body: str, month: str, *, in_order: list[tuple[Sending, File]], draft: Draft) -> Taken:
    """Survey, seal and read again until every delivery reads as it was charged.

    Each further round bars at least one more payer and kind, so there is an end.
    """
    barred: frozenset[tuple[str, str]] = frozenset()
    circumstances = _circumstances(office, body, month)
    while True:
        by = replace(circumstances, barred=barred)
        files = [survey(office, sending, file, by=by, draft=draft) for sending, file in in_order]
        remove_leftovers(office, body, month)
        at = office.clock.now()
        deliveries = seal(office, files, body=body, month=month, at=at)
        by_id = {file.file.id: file for file in files}
        read = {delivery.id: charge(office, delivery, by_id) for delivery in deliveries}
        bad = {(delivery.kind, delivery.payer) for delivery in deliveries if read[delivery.id] is None}
        if not bad:
            break
        barred |= bad
        office.tell("delivery_differs", body=body, month=month, deliveries=len(bad))
    legs = [leg for file in files for leg in _suspense(office, file, circumstances.suspended, at=at)]
    for delivery in deliveries:
        legs += _delivered(office, delivery, read[delivery.id] or {}, at=at)
    sendings = tuple({sending.id: sending for sending, _ in in_order}.values())
    return Taken(body, month, sendings, tuple(files), tuple(deliveries), tuple(legs))


def _circumstances(office: Office, body: str, month: str) -> Circumstances:
    with office.store.read() as tx:
        payers = {party.id: party for party in tx.parties(kind=PAYER)}
        addresses = {party.id: party.address for party in tx.parties(kind=INSTITUTION)}
        claimed: dict[str, dict[str, Amounts]] = defaultdict(lambda: defaultdict(lambda: NOTHING))
        for row in tx.postings(body, month, REAL):
            if row.stage == Stage.CLAIMED and row.file is not None:
                claimed[row.file][row.payer] += amounts_of(row)
        suspended = standing_suspense(tx, body, month)

    def known(payer: str, service_month: Month) -> bool:
        """A payer that left the register is still charged for care of the months before."""
        party = payers.get(payer)
        return party is not None and (party.until is None or party.until.date() > service_month.first_day)

    return Circumstances(known=known, claimed=claimed, addresses=addresses, suspended=suspended)


def _suspense(office: Office, file: Surveyed, standing: Mapping[str, ByReason], *, at: datetime) -> Iterator[Posting]:
    """Yield what changes a file's suspense from what stands to what was surveyed; negative where it is reversed."""
    before = standing.get(file.file.id, {})
    for reason in sorted({*file.suspended, *before}):
        now, was = file.suspended.get(reason, {}), before.get(reason, {})
        change = {payer: now.get(payer, NOTHING) - was.get(payer, NOTHING) for payer in {*now, *was}}
        yield from postings(
            office,
            Leg(Stage.SUSPENDED, file.file.id, reason=reason.name.lower()),
            {payer: amounts for payer, amounts in change.items() if amounts},
            body=file.sending.body,
            month=str(file.sending.month),
            at=at,
        )


def _delivered(office: Office, delivery: Delivery, by_file: dict[str, Amounts], *, at: datetime) -> list[Posting]:
    return [
        row
        for file_id, amounts in by_file.items()
        for row in postings(
            office,
            Leg(Stage.DELIVERED, file_id, delivery=delivery.id),
            {delivery.payer: amounts},
            body=delivery.body,
            month=delivery.month,
            at=at,
        )
    ]


def _conclude(office: Office, taken: Taken) -> None:
    """Make the closing true, all at once.

    Errors: Unavailable, if a sending changed meanwhile; Damaged, if the books do not balance. Nothing is true then.
    """
    at = office.clock.now()
    with office.store.write() as tx:
        row = tx.month(taken.body, taken.month, REAL)
        if row is None or row.state != CLOSING:
            raise Unavailable("the month was closed by another meanwhile")
        handed_over = _hand_over(tx, taken)
        for file in taken.files:
            tx.put_file(file.file)
        sealed = [replace(delivery, state=WAITING, sealed_at=at) for delivery in taken.deliveries]
        for delivery in sealed:
            tx.put_delivery(delivery)
        tx.add_postings(list(taken.postings))
        tx.put_month(replace(row, state=CLOSED, closed_at=at, report=json.dumps(_report(tx, taken))))
        events.note_all(tx, office, _notes(taken, handed_over, sealed))


def _notes(taken: Taken, handed_over: list[Sending], sealed: list[Delivery]) -> list[events.Note]:
    """Return what a closing makes known: to institutions, to payers, and that it is done to everybody."""
    facts: dict[str, events.Fact] = {"body": taken.body, "month": taken.month}
    return [
        *map(events.of_sending, handed_over),
        *map(events.of_delivery, sealed),
        events.Note(EVERYBODY, events.What.MONTH_CLOSED, f"{taken.body}/{taken.month}", facts),
    ]


def _hand_over(tx: WriteTx, taken: Taken) -> list[Sending]:
    """Move the sendings on that claim; return them. Errors: Unavailable, if one changed meanwhile."""
    handed_over = []
    for sending in taken.sendings:
        now = tx.sending(sending.id)
        if now != sending:
            raise Unavailable("a sending changed while its month was closed", sending=sending.id)
        if sending.state in _CLAIMING:
            handed_over.append(replace(sending, state=step(State(sending.state), MonthClosed()).value))
            tx.put_sending(handed_over[-1])
    return handed_over


def _report(tx: ReadTx, taken: Taken) -> dict[str, Any]:
    """Return what the operator is told, the trial balance first. Errors: Damaged, if it does not balance."""
    left = _sendings(tx, taken.body, taken.month, (State.CHECKING.value, State.TO_DECIDE.value, *_CLAIMING))
    later = {file.id for sending in left for file in tx.files(sending.id)}
    balance = balance_of(tx, taken.body, taken.month, without=later)
    if not balance.balanced:
        raise Damaged("the books do not balance", breaks=len(balance.breaks))
    return {
        "balance": balance.to_json(),
        "sendings": sum(sending.state in _CLAIMING for sending in taken.sendings),
        "deliveries": len(taken.deliveries),
        "released": _released(taken),
        "suspended": [
            {
                "sending": file.sending.id,
                "file": file.file.id,
                "party": file.sending.party,
                "reason": reason.name.lower(),
                "claims": claims,
                "unknown_payers": _unknown(tx, file.suspended[reason]) if reason is Reason.UNKNOWN_PAYER else [],
            }
            for file in taken.files
            for reason, claims in sorted(file.suspended_claims.items())
        ],
        "left_open": [{"sending": sending.id, "state": sending.state} for sending in left],
    }


def _released(taken: Taken) -> int:
    """Return how many claims have come out of suspense; one that only changed its reason has not."""
    change: Counter[str | None] = Counter()
    for row in taken.postings:
        change[row.file] += row.claims if row.stage == Stage.SUSPENDED else 0
    return -sum(claims for claims in change.values() if claims < 0)


def _unknown(tx: ReadTx, payers: Iterable[str]) -> list[str]:
    """Return those of the payers that are in no register, or have left it."""
    parties = {payer: tx.party(payer) for payer in payers}
    return sorted(id_ for id_, party in parties.items() if party is None or party.kind != PAYER or party.until)


def _index_in_force(tx: ReadTx, names: AbstractSet[str]) -> bool:
    """Return whether rows speak of any of these index objects, whose names begin with their files'."""
    files = (tx.file(name.partition("/")[2].partition(".")[0]) for name in sorted(names))
    return any(file is not None and file.index_object in names for file in files)
