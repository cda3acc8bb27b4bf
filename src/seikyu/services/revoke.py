"""Revoking certificates: one act for one and for many, for the command, the desk and later the pages.

A revocation is a field of the certificate's row, so it counts from the commit on for everybody who asks the rows; who
goes by a list or an answer learns of it as `docs/reference/revocation.md` says. Said again it changes nothing: the
first reason and the first time stay. More than ten at once are an order, which another person decides
(`trust.revoking`). Everything of one act, its entries in the journal too, is one transaction.

Times are the machine's, also in a sandbox: those outside look at their own clocks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Final, TypeVar

from seikyu.ports.clock import Clock, Ids
from seikyu.ports.errors import SeikyuError
from seikyu.ports.register import Certificate, RevocationOrder
from seikyu.ports.store import ReadTx, Store, WriteTx
from seikyu.services.events import Note, What, note_all
from seikyu.services.office import Tell, silent
from seikyu.services.people import NoSuchParty, note
from seikyu.trust.certificates import REASONS
from seikyu.trust.people import APPROVE, OFFICE, Actor, demand
from seikyu.trust.revoking import Person, Rules, State, house_rules, state_at, why_not

#: What is told when something was revoked; the server then writes the list.
REVOKED: Final = "certificate_revoked"

#: So many rows are looked at with one statement.
_AT_ONCE: Final = 500

Item = TypeVar("Item")


class CertificateNotThere(SeikyuError):
    """The office has not issued a certificate with that serial; nothing was revoked. Shape: facts `serial`."""

    code = "certificate_not_there"


class BadReason(SeikyuError):
    """There is no such reason. Shape: facts `reasons`."""

    code = "bad_reason"


class TooManyToRevoke(SeikyuError):
    """So many are not revoked by one act. Shape: facts `many`, `most`."""

    code = "too_many_to_revoke"


class PersonNeeded(SeikyuError):
    """So many need a second person, so it must be known who the first is. Shape: facts `many`, `more_than`."""

    code = "person_needed"


class OrderNotThere(SeikyuError):
    """There is no order of that id."""

    code = "order_not_there"


class OrderDecided(SeikyuError):
    """Somebody has decided the order before; nothing changes. Shape: facts `state`, `by`."""

    code = "order_decided"


class OrderLapsed(SeikyuError):
    """The order has waited too long; nothing was revoked."""

    code = "order_lapsed"


class SecondPersonNeeded(SeikyuError):
    """This person may not approve the order. Shape: facts `why` (same_person, other_way, too_new, made_by_first)."""

    code = "second_person_needed"

    @property
    def words_code(self) -> str:
        """Which words tell it."""
        return f"second_person_needed.{self.facts['why']}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoking:
    """What revoking needs of the outside."""

    store: Store
    clock: Clock
    ids: Ids
    tell: Tell = silent
    rules: Rules = field(default_factory=house_rules)


@dataclass(frozen=True, slots=True)
class By:
    """Who revokes. Shape: `person` is None for whoever works on the office's own folder without giving a name."""

    actor: Actor
    person: Person | None = None


@dataclass(frozen=True, slots=True)
class Revoked:
    """What an act came to: rows as they are now, or an order that waits.

    Shape: `revoked` are those that this act revoked, `already` those that were before. `repeat` says that the order
    had been given before.
    """

    revoked: tuple[Certificate, ...] = ()
    already: tuple[Certificate, ...] = ()
    order: RevocationOrder | None = None
    repeat: bool = False


def revoke(
    revoking: Revoking, by: By, *, reason: str, serials: Sequence[str] = (), party: str | None = None
) -> Revoked:
    """Revoke certificates, or order it: these, or all of a party that still hold.

    Errors: NotPermitted, BadReason, CertificateNotThere, NoSuchParty, TooManyToRevoke, PersonNeeded; nothing changes.
    """
    _demand(by, OFFICE)
    if reason not in REASONS:
        raise BadReason(reasons=", ".join(REASONS))
    now = revoking.clock.now()
    with revoking.store.write() as tx:
        rows = _of_party(tx, party, now=now) if party is not None else _named(tx, serials, rules=revoking.rules)
        standing = [row for row in rows if row.revoked_at is None]
        already = tuple(row for row in rows if row.revoked_at is not None)
        if len(standing) > revoking.rules.more_than:
            done = _order(tx, revoking, by, standing, reason=reason, now=now)
        else:
            _write(tx, revoking, standing, at=now, reason=reason)
            for row in standing:
                facts = {"reason": reason, "certificates": len(standing)}
                note(tx, revoking, "revoke", by=by.actor, body=by.actor.body, subject=row.serial, facts=facts)
            done = Revoked(tuple(replace(row, revoked_at=now, reason=reason) for row in standing), already)
    if done.revoked:
        revoking.tell(REVOKED, many=len(done.revoked), reason=reason)
    elif done.order is not None and not done.repeat:
        revoking.tell("revocation_ordered", order=done.order.id, many=done.order.many, reason=reason)
    return replace(done, already=already)


def approve_order(revoking: Revoking, by: By, order_id: str) -> RevocationOrder:
    """Put an order in force: what it names and still holds is revoked now. Said again by the same it changes nothing.

    Errors: NotPermitted, OrderNotThere, OrderDecided, OrderLapsed, SecondPersonNeeded, PersonNeeded; nothing changes.
    """
    _demand(by, APPROVE)
    now = revoking.clock.now()
    with revoking.store.write() as tx:
        order, again = _waiting(tx, revoking, by, order_id, wanted=State.APPROVED, now=now)
        if again:
            return order
        if by.person is None:
            raise PersonNeeded(many=order.many, more_than=revoking.rules.more_than)
        why = why_not(order.ordered_by, order.ordered_at, by.person)
        if why is not None:
            raise SecondPersonNeeded(why=why)
        rows = _named(tx, tx.serials_of_order(order_id), rules=revoking.rules)
        standing = [row for row in rows if row.revoked_at is None]
        _write(tx, revoking, standing, at=now, reason=order.reason)
        order = _decided(tx, revoking, by, order, State.APPROVED, now=now, revoked=len(standing))
    if standing:
        revoking.tell(REVOKED, many=len(standing), reason=order.reason)
    return order


def deny_order(revoking: Revoking, by: By, order_id: str) -> RevocationOrder:
    """Turn an order down, one's own too. Said again by the same it changes nothing.

    Errors: NotPermitted, OrderNotThere, OrderDecided, OrderLapsed, PersonNeeded.
    """
    if by.person is not None:
        power = OFFICE if _ordered(revoking, order_id).ordered_by == by.person.name else APPROVE
        _demand(by, power)
    now = revoking.clock.now()
    with revoking.store.write() as tx:
        order, again = _waiting(tx, revoking, by, order_id, wanted=State.DENIED, now=now)
        if not again:
            order = _decided(tx, revoking, by, order, State.DENIED, now=now, revoked=0)
    return order


def list_orders(revoking: Revoking, *, after: str | None = None, limit: int | None = None) -> list[RevocationOrder]:
    """Return orders as they stand now, newest first."""
    with revoking.store.read() as tx:
        found = tx.revocation_orders(after=after, limit=limit)
    return [_as_of(order, revoking) for order in found]


def show_order(revoking: Revoking, order_id: str) -> tuple[RevocationOrder, list[str]]:
    """Return an order as it stands now, and the serials that it names. Errors: OrderNotThere."""
    with revoking.store.read() as tx:
        order, serials = tx.revocation_order(order_id), tx.serials_of_order(order_id)
    if order is None:
        raise OrderNotThere(order=order_id)
    return _as_of(order, revoking), serials


def _ordered(revoking: Revoking, order_id: str) -> RevocationOrder:
    return show_order(revoking, order_id)[0]


def _demand(by: By, power: str) -> None:
    """Errors: NotPermitted. Shape: users have powers by their role; console and certificate speak for the office."""
    if by.person is not None and by.person.kind == "user":
        demand(by.actor, power)


def _of_party(tx: ReadTx, party: str, *, now: datetime) -> list[Certificate]:
    """Return the certificates of a party that have not ended. Errors: NoSuchParty."""
    found = tx.certificates(party=party)
    if not found and tx.party(party) is None:
        raise NoSuchParty(party=party)
    return [row for row in found if row.not_after > now]


def _named(tx: ReadTx, serials: Sequence[str], *, rules: Rules) -> list[Certificate]:
    """Return the certificates of these serials, each once. Errors: CertificateNotThere, TooManyToRevoke."""
    wanted = sorted(set(serials))
    if len(wanted) > rules.most:
        raise TooManyToRevoke(many=len(wanted), most=rules.most)
    found = [row for part in _parts(wanted) for row in tx.certificates_named(part)]
    if len(found) < len(wanted):
        missing = next(iter(sorted(set(wanted) - {row.serial for row in found})))
        raise CertificateNotThere(serial=missing)
    return found


def _write(tx: WriteTx, revoking: Revoking, rows: Sequence[Certificate], *, at: datetime, reason: str) -> None:
    for part in _parts([row.serial for row in rows]):
        tx.revoke_certificates(part, at=at, reason=reason)
    note_all(tx, revoking, [Note(row.party, What.CERTIFICATE_REVOKED, row.serial, {"reason": reason}) for row in rows])


def _order(
    tx: WriteTx, revoking: Revoking, by: By, rows: Sequence[Certificate], *, reason: str, now: datetime
) -> Revoked:
    """Enter an order, or return the one that waits for the same. Errors: PersonNeeded, TooManyToRevoke."""
    rules = revoking.rules
    if len(rows) > rules.most:
        raise TooManyToRevoke(many=len(rows), most=rules.most)
    if by.person is None:
        raise PersonNeeded(many=len(rows), more_than=rules.more_than)
    serials = [row.serial for row in rows]
    digest = sha256(" ".join([reason, *sorted(serials)]).encode()).hexdigest()
    for found in tx.revocation_orders(state=State.WAITING):
        same = (found.digest, found.ordered_by) == (digest, by.person.name)
        if same and state_at(State.WAITING, found.ordered_at, now, rules=rules) is State.WAITING:
            return Revoked(order=found, repeat=True)
    order = RevocationOrder(revoking.ids.new(), reason, len(serials), digest, State.WAITING.value, now, by.person.name)
    tx.add_revocation_order(order, serials)
    facts = {"reason": reason, "certificates": order.many}
    note(tx, revoking, "order_revocation", by=by.actor, body=by.actor.body, subject=order.id, facts=facts)
    return Revoked(order=order)


def _waiting(
    tx: ReadTx, revoking: Revoking, by: By, order_id: str, *, wanted: State, now: datetime
) -> tuple[RevocationOrder, bool]:
    """Return an order that waits; or one that the same person has decided so before, and True.

    Errors: OrderNotThere, OrderDecided, OrderLapsed.
    """
    order = tx.revocation_order(order_id)
    if order is None:
        raise OrderNotThere(order=order_id)
    state = state_at(State(order.state), order.ordered_at, now, rules=revoking.rules)
    if state is State.LAPSED:
        raise OrderLapsed(order=order_id)
    if state is wanted and order.decided_by == _name(by):
        return order, True
    if state is not State.WAITING:
        raise OrderDecided(order=order_id, state=order.state, by=order.decided_by)
    return order, False


def _decided(
    tx: WriteTx, revoking: Revoking, by: By, order: RevocationOrder, state: State, *, now: datetime, revoked: int
) -> RevocationOrder:
    order = replace(order, state=state.value, decided_at=now, decided_by=_name(by))
    tx.put_revocation_order(order)
    act = "approve_revocation" if state is State.APPROVED else "deny_revocation"
    facts = {"reason": order.reason, "certificates": revoked}
    note(tx, revoking, act, by=by.actor, body=by.actor.body, subject=order.id, facts=facts)
    revoking.tell("revocation_decided", order=order.id, state=state.value)
    return order


def _name(by: By) -> str:
    return by.person.name if by.person else by.actor.user


def _as_of(order: RevocationOrder, revoking: Revoking) -> RevocationOrder:
    state = state_at(State(order.state), order.ordered_at, revoking.clock.now(), rules=revoking.rules)
    return replace(order, state=state.value)


def _parts(items: Sequence[Item]) -> Iterator[list[Item]]:
    """Yield pieces that one statement takes."""
    for start in range(0, len(items), _AT_ONCE):
        yield list(items[start : start + _AT_ONCE])
