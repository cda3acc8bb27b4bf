"""Deliveries (配信): what a payer may fetch, and the word that it has it.

A delivery is sealed: its bytes never change, so it can be fetched from any offset, as often as wanted, also after it
was received. Only its own payer sees it; to anybody else it is NotFound. One still being sealed does not exist yet.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

from seikyu.ports.errors import BadRequest, Damaged, DigestMismatch, NotFound, NotThere
from seikyu.ports.store import Delivery, ReadTx
from seikyu.ports.trust import ClientIdentity
from seikyu.services import events
from seikyu.services.examine import verify
from seikyu.services.office import PAYER, Office, require_party
from seikyu.services.show import Page

SEALING: Final = "sealing"
WAITING: Final = "waiting"
FETCHING: Final = "fetching"
RECEIVED: Final = "received"


@dataclass(frozen=True, slots=True)
class Opened:
    """A delivery to be sent, and the name of the object that holds its bytes."""

    delivery: Delivery
    object_name: str


def delivery_view(delivery: Delivery) -> dict[str, Any]:
    """Return a delivery as the world sees it; the API adds `content_url`."""
    return {
        "id": delivery.id,
        "body": delivery.body,
        "month": delivery.month,
        "kind": delivery.kind,
        "volume": delivery.volume,
        "claims": delivery.claims,
        "points": delivery.points,
        "size_bytes": delivery.size_bytes,
        "sha256": delivery.sha256,
        "state": delivery.state,
        "payer": delivery.payer,
        "sealed_at": delivery.sealed_at.isoformat(),
        "received_at": delivery.received_at.isoformat() if delivery.received_at else None,
    }


def list_deliveries(
    office: Office,
    identity: ClientIdentity,
    *,
    limit: int,
    cursor: str | None = None,
    body: str | None = None,
    month: str | None = None,
) -> Page:
    """Return the payer's deliveries, newest first. Errors: Forbidden, BadRequest."""
    most = office.limit("page_items")
    if not 1 <= limit <= most:
        raise BadRequest(f"limit is 1 to {most}", parameter="limit")
    found: list[Delivery] = []
    with office.store.read() as tx:
        require_party(tx, identity, kind=PAYER, now=office.clock.now())
        after, more = cursor, True
        while more and len(found) <= limit:
            rows = tx.deliveries(payer=identity.party, body=body, month=month, after=after, limit=limit + 1)
            found += [row for row in rows if row.state != SEALING]
            more, after = len(rows) > limit, rows[-1].id if rows else None
    page = found[:limit]
    return Page([delivery_view(delivery) for delivery in page], page[-1].id if len(found) > limit else None)


def show_delivery(office: Office, identity: ClientIdentity, delivery_id: str) -> Delivery:
    """Return one delivery of the payer. Errors: Forbidden, NotFound."""
    with office.store.read() as tx:
        return _own(office, tx, identity, delivery_id)


def open_delivery(office: Office, identity: ClientIdentity, delivery_id: str) -> Opened:
    """Say that the payer fetches, and return what to send.

    Errors: Forbidden; NotFound, also for a delivery past its keeping.
    """
    delivery = show_delivery(office, identity, delivery_id)
    name = f"deliveries/{delivery.id}"
    if not _kept(office, name):
        raise NotFound("the delivery is past its keeping")
    if delivery.state == WAITING:
        at = office.clock.now()
        with office.store.write() as tx:
            delivery = _own(office, tx, identity, delivery_id)
            if delivery.state == WAITING:
                delivery = replace(delivery, state=FETCHING, fetched_at=at)
                tx.put_delivery(delivery)
                events.note_delivery(tx, office, delivery)
    return Opened(delivery, name)


def mark_received(office: Office, identity: ClientIdentity, delivery_id: str, sha256: str) -> Delivery:
    """Take the payer's word that it has these bytes; said again it changes nothing.

    Durable when it returns. Errors: Forbidden, NotFound; DigestMismatch, if they are other bytes; Damaged, if that is
    because ours are not what was sealed any more. Nothing changes then.
    """
    _hold_against(office, show_delivery(office, identity, delivery_id), sha256.lower())
    at = office.clock.now()
    with office.store.write() as tx:
        delivery = _own(office, tx, identity, delivery_id)
        if delivery.state == RECEIVED:
            return delivery
        delivery = replace(delivery, state=RECEIVED, fetched_at=delivery.fetched_at or at, received_at=at)
        tx.put_delivery(delivery)
        events.note_delivery(tx, office, delivery)
    office.tell("delivery_received", delivery=delivery.id, payer=delivery.payer)
    return delivery


def _hold_against(office: Office, delivery: Delivery, sha256: str) -> None:
    """Say whose bytes are wrong, if the payer's are others; if ours, the operator hears it too.

    Errors: DigestMismatch, Damaged.
    """
    if sha256 == delivery.sha256:
        return
    name = f"deliveries/{delivery.id}"
    if _kept(office, name) and not verify(office.objects, name, size_bytes=delivery.size_bytes, sha256=delivery.sha256):
        office.tell("delivery_damaged", delivery=delivery.id, payer=delivery.payer)
        raise Damaged("a delivery is not what was sealed any more", delivery=delivery.id)
    raise DigestMismatch("the payer holds other bytes", stated=sha256, received=delivery.sha256)


def _own(office: Office, tx: ReadTx, identity: ClientIdentity, delivery_id: str) -> Delivery:
    require_party(tx, identity, kind=PAYER, now=office.clock.now())
    delivery = tx.delivery(delivery_id)
    if delivery is None or delivery.payer != identity.party or delivery.state == SEALING:
        raise NotFound("no such delivery")
    return delivery


def _kept(office: Office, name: str) -> bool:
    try:
        office.objects.size_bytes(name)
    except NotThere:
        return False
    return True
