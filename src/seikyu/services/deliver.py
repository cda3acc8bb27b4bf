"""Deliveries (配信): what a payer may fetch, and the word that it has it.

A delivery is sealed: its bytes never change, so it can be fetched from any offset, as often as wanted, also after it
was received. Only its own payer sees it; to anybody else it is NotFound. One still being sealed does not exist yet.
Whoever fetches stands in its history: the certificate that they came with, and the person, if one has logged in.
"""

import hashlib
from dataclasses import dataclass, replace
from typing import Any, Final

from seikyu.office.delivery.history import FETCH, MISMATCH, DeliveryStep, noted, reached
from seikyu.office.delivery.history import RECEIVED as STEP_RECEIVED
from seikyu.ports.errors import BadRequest, Damaged, DigestMismatch, NotFound, NotThere
from seikyu.ports.store import Delivery, ReadTx, WriteTx
from seikyu.ports.trust import ClientIdentity
from seikyu.services import events
from seikyu.services.examine import verify
from seikyu.services.office import PAYER, Office, require_party
from seikyu.services.show import Page

SEALING: Final = "sealing"
WAITING: Final = "waiting"
FETCHING: Final = "fetching"
RECEIVED: Final = "received"
STATES: Final = (WAITING, FETCHING, RECEIVED)


@dataclass(frozen=True, slots=True)
class Opened:
    """A delivery to be sent, and the name of the object that holds its bytes."""

    delivery: Delivery
    object_name: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deliveries of a payer are listed. Shape: None does not narrow."""

    body: str | None = None
    month: str | None = None
    kind: str | None = None
    state: str | None = None

    def takes(self, row: Delivery) -> bool:
        """True if the row is in the list. Body and month are the store's to narrow."""
        return row.state != SEALING and self.kind in (None, row.kind) and self.state in (None, row.state)


def delivery_view(delivery: Delivery, steps: list[DeliveryStep]) -> dict[str, Any]:
    """Return a delivery as the world sees it; the API adds `content_url`.

    Shape: `reached_bytes` is how far the payer is known to have come.
    """
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
        "reached_bytes": delivery.size_bytes if delivery.state == RECEIVED else reached(steps),
        "sealed_at": delivery.sealed_at.isoformat(),
        "fetched_at": delivery.fetched_at.isoformat() if delivery.fetched_at else None,
        "received_at": delivery.received_at.isoformat() if delivery.received_at else None,
    }


def list_deliveries(
    office: Office,
    identity: ClientIdentity,
    *,
    limit: int,
    cursor: str | None = None,
    wanted: Wanted | None = None,
) -> Page:
    """Return the payer's deliveries, newest first. Errors: Forbidden, BadRequest."""
    most = office.limit("page_items")
    if not 1 <= limit <= most:
        raise BadRequest(f"limit is 1 to {most}", parameter="limit")
    wanted = wanted or Wanted()
    found: list[Delivery] = []
    with office.store.read() as tx:
        require_party(tx, identity, kind=PAYER, now=office.clock.now())
        after, more = cursor, True
        while more and len(found) <= limit:
            rows = tx.deliveries(
                payer=identity.party, body=wanted.body, month=wanted.month, after=after, limit=limit + 1
            )
            found += [row for row in rows if wanted.takes(row)]
            more, after = len(rows) > limit, rows[-1].id if rows else None
        page = found[:limit]
        items = views_of(tx, page)
    return Page(items, page[-1].id if len(found) > limit else None)


def views_of(tx: ReadTx, rows: list[Delivery]) -> list[dict[str, Any]]:
    """Return deliveries as the world sees them."""
    histories: dict[str, list[DeliveryStep]] = {row.id: [] for row in rows}
    for step in tx.delivery_steps(*histories):
        histories[step.delivery].append(step)
    return [delivery_view(row, histories[row.id]) for row in rows]


def show_delivery(office: Office, identity: ClientIdentity, delivery_id: str) -> Delivery:
    """Return one delivery of the payer. Errors: Forbidden, NotFound."""
    with office.store.read() as tx:
        return _own(office, tx, identity, delivery_id)


def tell_delivery(office: Office, identity: ClientIdentity, delivery_id: str) -> dict[str, Any]:
    """Return one delivery of the payer as the world sees it. Errors: Forbidden, NotFound."""
    with office.store.read() as tx:
        return views_of(tx, [_own(office, tx, identity, delivery_id)])[0]


def list_history(office: Office, identity: ClientIdentity, delivery_id: str) -> list[dict[str, Any]]:
    """Return who fetched a delivery, from where to where and when, in its order. Errors: Forbidden, NotFound."""
    with office.store.read() as tx:
        _own(office, tx, identity, delivery_id)
        steps = tx.delivery_steps(delivery_id)
    return [
        {
            "no": step.no,
            "what": step.what,
            "since": step.since.isoformat(),
            "until": step.until.isoformat(),
            "start": step.start,
            "end": step.end,
            "requests": step.times,
            "user": step.user or None,
            "terminal": step.terminal or None,
            "serial": step.serial or None,
        }
        for step in steps
    ]


def list_pieces(office: Office, identity: ClientIdentity, delivery_id: str) -> dict[str, Any]:
    """Return the digests of a delivery's pieces, so that of damaged bytes only the wrong pieces are fetched again.

    Shape: every piece has `piece_bytes` but the last. Errors: Forbidden; NotFound, also for one past its keeping.
    """
    row = show_delivery(office, identity, delivery_id)
    most = office.limit("delivery_piece_bytes")
    try:
        source = office.objects.open(f"deliveries/{row.id}")
    except NotThere:
        raise NotFound("the delivery is past its keeping") from None
    with source:
        digests = [hashlib.sha256(piece).hexdigest() for piece in iter(lambda: source.read(most), b"")]
    return {"piece_bytes": most, "size_bytes": row.size_bytes, "sha256": row.sha256, "pieces": digests}


def open_delivery(
    office: Office,
    identity: ClientIdentity,
    delivery_id: str,
    *,
    start: int = 0,
    end: int | None = None,
    user: str = "",
) -> Opened:
    """Say that the payer fetches the bytes `start` up to `end`, and return what to send.

    Errors: Forbidden; NotFound, also for a delivery past its keeping.
    """
    delivery = show_delivery(office, identity, delivery_id)
    name = f"deliveries/{delivery.id}"
    if not _kept(office, name):
        raise NotFound("the delivery is past its keeping")
    at = office.clock.now()
    with office.store.write() as tx:
        delivery = _own(office, tx, identity, delivery_id)
        if delivery.state == WAITING:
            delivery = replace(delivery, state=FETCHING, fetched_at=at)
            tx.put_delivery(delivery)
            events.note_delivery(tx, office, delivery)
        last = delivery.size_bytes if end is None else end
        _note(office, tx, identity, _Asked(delivery.id, FETCH, start, last, reached=start, user=user))
    return Opened(delivery, name)


def mark_received(
    office: Office, identity: ClientIdentity, delivery_id: str, sha256: str, *, user: str = ""
) -> Delivery:
    """Take the payer's word that it has these bytes; said again it changes nothing.

    Durable when it returns. Errors: Forbidden, NotFound; DigestMismatch, if they are other bytes; Damaged, if that is
    because ours are not what was sealed any more. Nothing changes then, but that it stands in the history.
    """
    delivery = show_delivery(office, identity, delivery_id)
    size = delivery.size_bytes
    if sha256.lower() != delivery.sha256:
        with office.store.write() as tx:
            _note(office, tx, identity, _Asked(delivery.id, MISMATCH, 0, size, reached=0, user=user))
        _hold_against(office, delivery, sha256.lower())
    at = office.clock.now()
    with office.store.write() as tx:
        delivery = _own(office, tx, identity, delivery_id)
        if delivery.state == RECEIVED:
            return delivery
        delivery = replace(delivery, state=RECEIVED, fetched_at=delivery.fetched_at or at, received_at=at)
        tx.put_delivery(delivery)
        _note(office, tx, identity, _Asked(delivery.id, STEP_RECEIVED, 0, size, reached=size, user=user))
        events.note_delivery(tx, office, delivery)
    office.tell("delivery_received", delivery=delivery.id, payer=delivery.payer)
    return delivery


@dataclass(frozen=True, slots=True)
class _Asked:
    """What happens to a delivery now."""

    delivery: str
    what: str
    start: int
    end: int
    reached: int
    user: str


def _note(office: Office, tx: WriteTx, identity: ClientIdentity, asked: _Asked) -> None:
    """Write it into the history."""
    steps = tx.delivery_steps(asked.delivery)
    at = office.clock.now()
    new = DeliveryStep(
        delivery=asked.delivery, no=0, what=asked.what, since=at, until=at, start=asked.start, end=asked.end,
        reached=asked.reached, times=1, user=asked.user, terminal=identity.terminal, serial=identity.serial,
    )  # fmt: skip
    tx.put_delivery_step(noted(steps[-1] if steps else None, new))


def _hold_against(office: Office, delivery: Delivery, sha256: str) -> None:
    """Say whose bytes are wrong, the payer's or ours; if ours, the operator hears it too.

    Errors: DigestMismatch, Damaged; always one of them.
    """
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
