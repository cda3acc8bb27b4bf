"""Where revoking and looking through the register meet their adapters; the same for the desk and for the command."""

from datetime import datetime
from typing import Any

from seikyu.adapters.clock import SystemClock
from seikyu.adapters.ids import RandomIds
from seikyu.ports.errors import NotFound
from seikyu.ports.people import Entry
from seikyu.ports.register import Certificate, Party, RevocationOrder
from seikyu.ports.store import ReadTx, Store
from seikyu.ports.trust import ClientIdentity
from seikyu.services.find import Certificates, Parties, Wanted, find_certificates
from seikyu.services.office import OPERATOR, Tell, silent
from seikyu.services.revoke import By, Revoked, Revoking
from seikyu.trust.party import folded_name
from seikyu.trust.people import Actor
from seikyu.trust.revoking import Person

#: Acts of the journal after which somebody else may know how to log in as a user, or the user may do other things.
_MADE_BY_OTHERS = frozenset({"add_user", "reset_user", "reset_second_factor", "set_role"})

#: Of these, those after which nobody else knows how to log in as the user any more.
_MADE_WHOLE = frozenset({"add_user", "reset_second_factor"})

#: So many of a party's certificates are shown with it.
_SHOWN = 200


def revoking_of(store: Store, tell: Tell = silent) -> Revoking:
    """Return what revoking needs, over the rows of an office; its times are the machine's."""
    return Revoking(store=store, clock=SystemClock(), ids=RandomIds(), tell=tell)


def by_certificate(store: Store, identity: ClientIdentity) -> By:
    """Return who acts with a certificate of the operator: the person is its terminal, whatever its case and width."""
    with store.read() as tx:
        row = tx.certificate(identity.serial)
    if row is None:
        raise NotFound("no such certificate")
    actor = Actor(user=f"(certificate {identity.serial})", party=OPERATOR, body="", role="operator")
    return By(actor, Person("terminal", folded_name(identity.terminal), row.issued_at))


def by_user(tx: ReadTx, actor: Actor) -> By:
    """Return who acts as a user who has logged in, as they are since somebody else last made them so."""
    made = [entry.at for entry in _making(tx, actor.body, actor.user)]
    user = tx.user_by_name(actor.body, actor.user)
    added = [user.added_at] if user else []
    since, makers = max([*made, *added]), _makers(tx, actor.body, actor.user)
    return By(actor, Person("user", f"{actor.body}/{actor.user}", since, made_by=makers))


def _making(tx: ReadTx, body: str, user: str) -> list[Entry]:
    found = [one for one in tx.entries(subject=user) if one.body == body and one.act in _MADE_BY_OTHERS]
    return sorted(found, key=lambda one: (one.at, one.id))


def _makers(tx: ReadTx, body: str, user: str) -> frozenset[str]:
    """Return the persons who may know how to log in as a user: who made them so last, and who made those.

    Whoever keeps users keeps those of their own body; at the console it is nobody in particular.
    """
    makers, to_look = set[str](), [user]
    while to_look:
        making = _making(tx, body, to_look.pop())
        whole = max((no for no, one in enumerate(making) if one.act in _MADE_WHOLE), default=0)
        new = {one.user for one in making[whole:]} - makers
        makers |= new
        to_look += new
    return frozenset(f"user:{body}/{maker}" for maker in makers)


def certificate_on_wire(row: Certificate, now: datetime | None = None) -> dict[str, Any]:
    """Return a certificate as programs read it."""
    now = now or SystemClock().now()
    state = "revoked" if row.revoked_at else "expired" if row.not_after <= now else "valid"
    return {
        "serial": row.serial,
        "party": row.party,
        "terminal": row.terminal,
        "state": state,
        "issued_at": row.issued_at.isoformat(),
        "not_after": row.not_after.isoformat(),
        "revoked_at": row.revoked_at.isoformat() if row.revoked_at else None,
        "reason": row.reason,
    }


def party_on_wire(party: Party) -> dict[str, Any]:
    """Return a party as the wire shows it to the operator."""
    return {
        "id": party.id,
        "kind": party.kind,
        "name": party.name,
        "since": party.since.isoformat(),
        "until": party.until.isoformat() if party.until else None,
        "address": party.address,
        "category": party.category or party.kind,
        "connection": party.connection,
        "connection_id": party.connection_id,
    }


def certificates_on_wire(page: Certificates) -> dict[str, Any]:
    """Return a page of certificates."""
    return {"items": [certificate_on_wire(row) for row in page.items], "next": page.next}


def parties_on_wire(page: Parties) -> dict[str, Any]:
    """Return a page of parties."""
    return {"items": [party_on_wire(party) for party in page.items], "next": page.next}


def party_shown(store: Store, party_id: str) -> dict[str, Any]:
    """Return a party with its newest certificates. Errors: NotFound."""
    with store.read() as tx:
        party = tx.party(party_id)
    if party is None:
        raise NotFound("no such party")
    page = find_certificates(store, Wanted(party=party_id), now=SystemClock().now(), limit=_SHOWN)
    return party_on_wire(party) | {"certificates": certificates_on_wire(page)["items"]}


def order_on_wire(order: RevocationOrder, revoking: Revoking) -> dict[str, Any]:
    """Return an order as programs read it."""
    return {
        "id": order.id,
        "state": order.state,
        "reason": order.reason,
        "certificates": order.many,
        "ordered_at": order.ordered_at.isoformat(),
        "ordered_by": order.ordered_by,
        "lapses_at": (order.ordered_at + revoking.rules.waits).isoformat(),
        "decided_at": order.decided_at.isoformat() if order.decided_at else None,
        "decided_by": order.decided_by,
    }


def revoked_on_wire(done: Revoked, revoking: Revoking) -> dict[str, Any]:
    """Return what an act of revoking came to."""
    return {
        "revoked": len(done.revoked),
        "already": len(done.already),
        "items": [certificate_on_wire(row) for row in done.revoked],
        "order": order_on_wire(done.order, revoking) if done.order else None,
        "repeat": done.repeat,
    }


def one_of(done: Revoked) -> Certificate:
    """Return the one certificate that an act of revoking was about."""
    return (*done.revoked, *done.already)[0]
