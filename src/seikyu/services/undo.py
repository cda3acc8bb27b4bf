"""Undoing a confirmation (請求確定の取消): asked for by the institution, ordered by one person, approved by another.

Until the month closes the review body may undo a confirmed sending at its institution's request. Nothing is erased:
the claims that were claimed end unclaimed with the reason `undone`, what was posted is reversed by further postings,
and the sending stays as `undone`. Its bytes are no repeat any more, so the institution sends again.

A race against the closing is decided by the transaction: a month that is `closing` takes no undoing, and an undoing
that came first is not in what the closing takes. Of two approvals one wins; the other finds the order decided.

Orders keep the machine's time, also in a sandbox, as those to revoke do: who may be second is judged by it.

Source: provider:3.1 (S8), provider:9 (pain point 2); decision 0029.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from seikyu.office.errors import NotAllowed
from seikyu.office.ledger import Amounts, Stage, postings_of
from seikyu.office.sending import CLAIMING, ReviewBodyUndid, State, step
from seikyu.ports.errors import NotFound, Unavailable
from seikyu.ports.operating import UndoOrder
from seikyu.ports.store import File, Posting, ReadTx, Sending, WriteTx
from seikyu.ports.trust import ClientIdentity
from seikyu.rules.index import IndexRow, Outcome, Reason
from seikyu.services.agency import note_act
from seikyu.services.draft import Draft
from seikyu.services.errors import MonthClosing, NothingToUndo, WishDecided, WishLapsed
from seikyu.services.events import What, note_sending
from seikyu.services.indexes import index_bytes, rows_of, write_rows
from seikyu.services.ledger import Leg, postings
from seikyu.services.office import INSTITUTION, REAL, Office, require_party
from seikyu.services.staff import Staff, demand_other, journal, reason_of
from seikyu.trust.operating import WAITS, UndoState, undo_state_at
from seikyu.trust.people import APPROVE, OFFICE

#: The word of a month that takes nothing new, as `services.close` writes it.
_CLOSING: Final = "closing"

_OPEN: Final = (UndoState.ASKED, UndoState.WAITING)


@dataclass(frozen=True, slots=True)
class _Undone:
    """A file without its claims, and what was posted for it."""

    file: File
    by_payer: dict[str, Amounts]


def ask_undo(office: Office, identity: ClientIdentity, sending_id: str, reason: str, *, by: str = "") -> UndoOrder:
    """Ask the office to undo a confirmation of one's own; said again it is the wish that waits.

    Shape: `by` is who asks for the party, as histories name people. Durable when it returns.
    Errors: Forbidden, NotFound, NothingToUndo, MonthClosing, ReasonNeeded, Unavailable; nothing changes then.
    """
    text = reason_of(reason)
    with office.store.write() as tx:
        require_party(tx, identity, kind=INSTITUTION, now=office.clock.now())
        sending = _own(tx, identity, sending_id)
        _require_undoable(tx, sending)
        waiting = _open_order(tx, office, sending.id)
        if waiting is not None:
            return waiting
        order = _new(office, sending, text, state=UndoState.ASKED, asked_by=by or identity.sender)
        tx.put_undo_order(order)
        note_act(tx, office, identity, "ask_undo", body=sending.body, subject=sending.id)
        note_sending(tx, office, sending, What.SENDING_UNDO_ASKED, order=order.id)
    office.tell("undo_asked", order=order.id, sending=sending.id, party=sending.party)
    return order


def order_undo(office: Office, staff: Staff, sending_id: str, reason: str) -> UndoOrder:
    """Order that a confirmation be undone, at the institution's wish; said again it is the order that waits.

    Shape: where the institution has asked on its page its own reason stays, and `reason` is the office's remark.
    Errors: NotPermitted, NotFound, NothingToUndo, MonthClosing, ReasonNeeded, Unavailable; nothing changes then.
    """
    staff.demand(OFFICE)
    text = reason_of(reason)
    with office.store.write() as tx:
        sending = _there(tx, sending_id)
        _require_undoable(tx, sending)
        order = _open_order(tx, office, sending.id) or _new(office, sending, text, state=UndoState.ASKED)
        if order.state == UndoState.WAITING:
            return order
        order = replace(order, state=UndoState.WAITING, ordered_at=office.real_now(), ordered_by=staff.person.name)
        tx.put_undo_order(order)
        journal(tx, office, staff, "order_undo", body=sending.body, subject=sending.id, order=order.id, reason=text)
    office.tell("undo_ordered", order=order.id, sending=sending.id, party=sending.party)
    return order


def approve_undo(office: Office, staff: Staff, order_id: str) -> UndoOrder:
    """Undo what was ordered, as another person. Said again by the same it changes nothing.

    Durable when it returns. Errors: NotPermitted, NotFound, WishDecided, WishLapsed, OtherPersonNeeded, NothingToUndo,
    MonthClosing, Damaged, NotThere, NoSpace, Unavailable; nothing changes then.
    """
    staff.demand(APPROVE)
    with office.store.read() as tx:
        order, again = _waiting(tx, office, staff, order_id, wanted=UndoState.APPROVED)
        if again:
            return order
        demand_other(staff, order.ordered_by, order.ordered_at)
        sending, files = _there(tx, order.sending), tx.files(order.sending)
        _require_undoable(tx, sending)
    with Draft(office, spoken_of=lambda tx, names: {f.index_object for f in tx.files(sending.id)} & names) as draft:
        undone = [_undo_file(office, file, draft=draft) for file in files]
        with office.store.write() as tx:
            order, again = _waiting(tx, office, staff, order_id, wanted=UndoState.APPROVED)
            if again:
                return order
            _require_undoable(tx, _there(tx, sending.id))
            if (_there(tx, sending.id), tx.files(sending.id)) != (sending, files):
                raise Unavailable("the sending changed while it was undone", sending=sending.id)
            order = _enter(office, tx, staff, order, sending=sending, undone=undone)
        draft.keep()
    old = {file.index_object for file in files if file.index_object is not None}
    office.forget(old - {each.file.index_object for each in undone})
    office.tell("sending_undone", sending=sending.id, party=sending.party, order=order.id, claims=sending.claimed)
    return order


def deny_undo(office: Office, staff: Staff, order_id: str, answer: str) -> UndoOrder:
    """Turn a wish or an order down and say why; the institution reads it. Said again by the same it changes nothing.

    Errors: NotPermitted, NotFound, WishDecided, WishLapsed, ReasonNeeded.
    """
    text = reason_of(answer)
    with office.store.write() as tx:
        order = tx.undo_order(order_id)
        own = order is not None and order.ordered_by in {None, staff.person.name}
        staff.demand(OFFICE if own else APPROVE)
        order, again = _waiting(tx, office, staff, order_id, wanted=UndoState.DENIED)
        if not again:
            order = _decided(office, staff, replace(order, answer=text), UndoState.DENIED)
            tx.put_undo_order(order)
            note_sending(tx, office, _there(tx, order.sending), What.SENDING_UNDO_REFUSED, order=order.id)
            journal(tx, office, staff, "deny_undo", body=order.body, subject=order.sending, order=order.id, reason=text)
    if not again:
        office.tell("undo_denied", order=order.id, sending=order.sending, party=order.party)
    return order


def list_undo_orders(
    office: Office, *, state: str | None = None, after: str | None = None, limit: int | None = None
) -> list[UndoOrder]:
    """Return orders as they stand now, newest first; those of a state that lapses may be fewer than asked."""
    with office.store.read() as tx:
        found = tx.undo_orders(
            state=UndoState.WAITING if state == UndoState.LAPSED else state, after=after, limit=limit
        )
    now = office.real_now()
    return [order for order in (_as_of(each, now) for each in found) if state in {None, order.state}]


def show_undo_order(office: Office, order_id: str) -> UndoOrder:
    """Return an order as it stands now. Errors: NotFound."""
    with office.store.read() as tx:
        return _as_of(_order(tx, order_id), office.real_now())


def undo_requests(office: Office, identity: ClientIdentity, sending_id: str) -> list[UndoOrder]:
    """Return what became of the wishes to undo one's own sending, newest first. Errors: Forbidden, NotFound."""
    with office.store.read() as tx:
        require_party(tx, identity, kind=INSTITUTION, now=office.clock.now())
        found = tx.undo_orders(sending=_own(tx, identity, sending_id).id)
    return [_as_of(each, office.real_now()) for each in found]


def may_be_undone(office: Office, sending_id: str) -> bool:
    """Return whether a sending is confirmed and its month takes an undoing still."""
    with office.store.read() as tx:
        try:
            _require_undoable(tx, _there(tx, sending_id))
        except (NotAllowed, NotFound):
            return False
    return True


def _new(office: Office, sending: Sending, reason: str, *, state: UndoState, asked_by: str = "") -> UndoOrder:
    return UndoOrder(
        id=office.ids.new(),
        sending=sending.id,
        party=sending.party,
        body=sending.body,
        month=str(sending.month),
        reason=reason,
        state=state.value,
        asked_at=office.real_now(),
        asked_by=asked_by,
    )


def _there(tx: ReadTx, sending_id: str) -> Sending:
    sending = tx.sending(sending_id)
    if sending is None:
        raise NotFound("no such sending")
    return sending


def _own(tx: ReadTx, identity: ClientIdentity, sending_id: str) -> Sending:
    sending = _there(tx, sending_id)
    if sending.party != identity.party or not identity.acts_at(sending.body):
        raise NotFound("no such sending")
    return sending


def _order(tx: ReadTx, order_id: str) -> UndoOrder:
    order = tx.undo_order(order_id)
    if order is None:
        raise NotFound("no such order")
    return order


def _open_order(tx: ReadTx, office: Office, sending_id: str) -> UndoOrder | None:
    """Return the order for a sending that nobody has decided and that has not lapsed."""
    found = (_as_of(each, office.real_now()) for each in tx.undo_orders(sending=sending_id))
    return next((each for each in found if each.state in _OPEN), None)


def _require_undoable(tx: ReadTx, sending: Sending) -> None:
    """Errors: NothingToUndo, MonthClosing."""
    if sending.state not in CLAIMING:
        raise NothingToUndo("only what is confirmed and not handed over can be undone", state=sending.state)
    month = tx.month(sending.body, str(sending.month), REAL) if sending.line == REAL else None
    if month is not None and month.state == _CLOSING:
        raise MonthClosing("the month is being closed", body=month.body, month=month.month)


def _waiting(tx: ReadTx, office: Office, staff: Staff, order_id: str, *, wanted: UndoState) -> tuple[UndoOrder, bool]:
    """Return an order that nobody has decided; or one that the same person has decided so before, and True.

    Errors: NotFound, WishDecided, WishLapsed.
    """
    order = _as_of(_order(tx, order_id), office.real_now())
    if order.state == UndoState.LAPSED:
        raise WishLapsed("the order has waited too long", hours=round(WAITS.total_seconds() / 3600))
    if order.state == wanted and order.decided_by == staff.person.name:
        return order, True
    may = (UndoState.WAITING,) if wanted is UndoState.APPROVED else _OPEN
    if order.state not in may:
        raise WishDecided("the order does not wait for that", state=order.state, by=order.decided_by)
    return order, False


def _undo_file(office: Office, file: File, *, draft: Draft) -> _Undone:
    """Write a new index of the file in which nothing is claimed."""
    if file.index_object is None:
        return _Undone(file, {})
    by_payer = postings_of(rows_of(office.objects, file.index_object))
    many = sum(1 for _ in rows_of(office.objects, file.index_object))
    name = draft.name("indexes", file.id)
    with draft.writer(name, limit_bytes=index_bytes(many)) as writer:
        write_rows(writer, _without_claims(rows_of(office.objects, file.index_object)))
        draft.commit()
    return _Undone(replace(file, index_object=name), by_payer)


def _without_claims(rows: Iterator[IndexRow]) -> Iterator[IndexRow]:
    for row in rows:
        yield row.decided(Outcome.UNCLAIMED, Reason.UNDONE) if row.outcome is Outcome.CLAIMED else row


def _enter(
    office: Office, tx: WriteTx, staff: Staff, order: UndoOrder, *, sending: Sending, undone: list[_Undone]
) -> UndoOrder:
    """Make the undoing true, all at once."""
    at = office.clock.now()
    state = step(State(sending.state), ReviewBodyUndid()).value
    unclaimed = (sending.unclaimed or 0) + (sending.claimed or 0)
    undone_now = replace(sending, state=state, claimed=0, unclaimed=unclaimed)
    tx.put_sending(undone_now)
    note_sending(tx, office, undone_now, order=order.id)
    for each in undone:
        tx.put_file(each.file)
        if sending.line == REAL:
            tx.add_postings(_reversal(office, sending, each, at=at))
    order = _decided(office, staff, order, UndoState.APPROVED)
    tx.put_undo_order(order)
    journal(tx, office, staff, "approve_undo", body=sending.body, subject=sending.id, order=order.id)
    return order


def _reversal(office: Office, sending: Sending, each: _Undone, *, at: datetime) -> list[Posting]:
    back = {payer: -amounts for payer, amounts in each.by_payer.items()}
    leg = Leg(Stage.CLAIMED, each.file.id)
    return postings(office, leg, back, body=sending.body, month=str(sending.month), at=at)


def _decided(office: Office, staff: Staff, order: UndoOrder, state: UndoState) -> UndoOrder:
    return replace(order, state=state.value, decided_at=office.real_now(), decided_by=staff.person.name)


def _as_of(order: UndoOrder, now: datetime) -> UndoOrder:
    return replace(order, state=undo_state_at(UndoState(order.state), order.ordered_at, now).value)
