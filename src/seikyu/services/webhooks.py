"""Webhooks: addresses of a party that are told of its events, signed, at least once, in order.

A webhook is a place in the feed and nothing more: there is no queue that could be lost. Whoever tells (`tell_one`)
reads the events behind that place, posts one after the other, and moves the place on in a transaction of its own once
the other end has said 2xx. A kill between the answer and that transaction tells the event again, with the same
`webhook-id`.

An event that does not arrive is tried again, later and later, and those behind it wait: a program that follows a
sending gets its events in their order. After some days the webhook is dead, which the party's feed and its page say;
it goes on from where it stopped when it is resumed. So it is after 410 (Gone), at once.

An address is looked at twice: its form and literal addresses when it is entered, and whatever its name leads to each
time it is told (`adapters.webhook_post`).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final

from seikyu.ports.errors import Busy, KeyReused, NotFound, SeikyuError
from seikyu.ports.events import EVERYBODY, Attempt, Event, Webhook
from seikyu.ports.people import Vault
from seikyu.ports.store import ReadTx, WriteTx
from seikyu.ports.trust import ClientIdentity
from seikyu.ports.webhooks import ARRIVED, GONE, Posted, Posts
from seikyu.services import events
from seikyu.services.events import What
from seikyu.services.feed import Place, event_view, kinds_of, merged, present
from seikyu.services.office import Office, require_party
from seikyu.services.turns import NoTurn, SameName, Turns
from seikyu.trust.webhooks import (
    SECRET_BYTES,
    BadAddress,
    Network,
    Target,
    read_address,
    signature,
    written,
)

ACTIVE: Final = "active"
PAUSED: Final = "paused"
DEAD: Final = "dead"

#: Waits after a failure, in seconds; the last one again and again until the webhook is dead.
WAITS_S: Final = (5, 30, 300, 1800, 7200, 18_000, 36_000)

#: An old secret signs beside the new one for so long.
ROTATION: Final = timedelta(days=1)

#: Events told in one go before others have their turn.
_BATCH: Final = 50


class BadWebhook(SeikyuError):
    """The address of a webhook cannot be told (422). Shape: fact `why`, as `trust.webhooks.BadAddress`."""

    code = "bad_webhook"

    def __init__(self, why: str) -> None:
        super().__init__(why, why=why)
        self.words_code = f"bad_webhook_{why}"


class TooManyWebhooks(SeikyuError):
    """The party has as many webhooks as it may (409)."""

    code = "too_many_webhooks"


@dataclass(frozen=True, slots=True)
class Telling:
    """What telling needs beside the office. Shape: `allowed` are networks that may be told although not public."""

    vault: Vault
    post: Posts
    allowed: Sequence[Network] = ()
    turns: Turns = field(default_factory=lambda: Turns(4))


def nobody_listens(target: Target, body: bytes, headers: Mapping[str, str]) -> Posted:
    """Post nothing: at an office that has no way to the outside."""
    del target, body, headers
    return Posted("connection")


@dataclass(frozen=True, slots=True)
class Made:
    """A webhook, and its secret if it is to be shown now. `repeat`: it was there already."""

    webhook: Webhook
    secret: str | None
    repeat: bool = False


def add_webhook(
    office: Office,
    telling: Telling,
    identity: ClientIdentity,
    *,
    address: str,
    types: Sequence[str] = (),
    key: str | None = None,
) -> Made:
    """Enter an address that is told of what happens from now on; return it with its secret.

    The same key again is the same webhook, whose secret is not shown a second time.
    Errors: BadWebhook, BadRequest, KeyReused, TooManyWebhooks, Forbidden.
    """
    _target(address, telling)
    wanted = " ".join(sorted(kinds_of(",".join(types)))) if types else ""
    now = office.real_now()
    with office.store.write() as tx:
        require_party(tx, identity, kind=identity.kind, now=office.clock.now())
        known = tx.webhook_by_key(identity.party, key) if key else None
        if known is not None:
            if (known.address, known.what) != (address, wanted):
                raise KeyReused("the key belongs to another request")
            return Made(known, None, repeat=True)
        if len(tx.webhooks(identity.party)) >= office.limit("webhooks_per_party"):
            raise TooManyWebhooks
        secret, place, identity_ = telling.vault.chance(SECRET_BYTES), present(tx, identity.party), office.ids.new()
        made = Webhook(
            identity_, identity.party, address, ACTIVE, wanted,
            secret=telling.vault.sealed(secret, owner=_owner(identity_)), created_at=now, next_at=now,
            own_no=place.own, public_no=place.public, idempotency_key=key,
        )  # fmt: skip
        tx.put_webhook(made)
    office.tell("webhook_added", webhook=made.id, party=made.party)
    return Made(made, written(secret))


def list_webhooks(office: Office, identity: ClientIdentity) -> list[Webhook]:
    """Return the party's webhooks, oldest first. Errors: Forbidden."""
    with office.store.read() as tx:
        require_party(tx, identity, kind=identity.kind, now=office.clock.now())
        return tx.webhooks(identity.party)


def show_webhook(office: Office, identity: ClientIdentity, webhook_id: str) -> dict[str, Any]:
    """Return one webhook of the party with its last tries. Errors: NotFound, Forbidden."""
    with office.store.read() as tx:
        webhook = _own(office, tx, identity, webhook_id)
        attempts = tx.attempts(webhook.id, limit=office.limit("webhook_attempts"))
    return {**webhook_view(webhook), "attempts": [attempt_view(each) for each in attempts]}


def rotate(office: Office, telling: Telling, identity: ClientIdentity, webhook_id: str) -> Made:
    """Give a webhook a new secret; the old one signs as well for a day. Errors: NotFound, Forbidden."""
    secret, now = telling.vault.chance(SECRET_BYTES), office.real_now()
    with office.store.write() as tx:
        old = _own(office, tx, identity, webhook_id)
        sealed = telling.vault.sealed(secret, owner=_owner(old.id))
        made = replace(old, secret=sealed, old_secret=old.secret, old_until=now + ROTATION)
        tx.put_webhook(made)
    return Made(made, written(secret))


def pause(office: Office, identity: ClientIdentity, webhook_id: str) -> Webhook:
    """Tell a webhook nothing for now; said again it changes nothing. Errors: NotFound, Forbidden."""
    with office.store.write() as tx:
        webhook = _own(office, tx, identity, webhook_id)
        if webhook.state == ACTIVE:
            webhook = replace(webhook, state=PAUSED, reason="asked")
            tx.put_webhook(webhook)
    return webhook


def resume(office: Office, identity: ClientIdentity, webhook_id: str, *, from_now: bool = False) -> Webhook:
    """Go on telling, from where it stopped, or `from_now` on; said again it changes nothing.

    Events that are past their keeping by now are passed over. Errors: NotFound, Forbidden.
    """
    with office.store.write() as tx:
        webhook = _own(office, tx, identity, webhook_id)
        if webhook.state == ACTIVE and not from_now:
            return webhook
        place = present(tx, webhook.party) if from_now else Place(webhook.own_no, webhook.public_no)
        webhook = replace(
            webhook, state=ACTIVE, reason="", failures=0, failing_since=None, next_at=office.real_now(),
            own_no=place.own, public_no=place.public,
        )  # fmt: skip
        tx.put_webhook(webhook)
    return webhook


def remove(office: Office, identity: ClientIdentity, webhook_id: str) -> None:
    """Remove a webhook and its attempts. Errors: NotFound, Forbidden."""
    with office.store.write() as tx:
        tx.remove_webhook(_own(office, tx, identity, webhook_id).id)


def test(office: Office, telling: Telling, identity: ClientIdentity, webhook_id: str) -> Attempt:
    """Tell a webhook that this is a test, now, whatever state it is in; return what became of it.

    Errors: NotFound, Forbidden; Busy, if it is being tested already.
    """
    with office.store.read() as tx:
        webhook = _own(office, tx, identity, webhook_id)
    event = Event(office.ids.new(), webhook.party, 0, What.WEBHOOK_TEST.value, webhook.id, office.clock.now())
    try:
        with telling.turns.taken(webhook.id, webhook.party):
            posted, took_ms = _post(office, telling, webhook, event, place=None)
    except (NoTurn, SameName):
        raise Busy("a test is under way already", retry_after_s=5) from None
    with office.store.write() as tx:
        return _attempted(tx, office, _own(office, tx, identity, webhook_id), event, posted=posted, took_ms=took_ms)


def due(office: Office, *, limit: int) -> list[str]:
    """Return the webhooks that may be told of something now."""
    with office.store.read() as tx:
        return [each.id for each in tx.webhooks_due(office.real_now(), limit=limit)]


def tell_one(office: Office, telling: Telling, webhook_id: str) -> int:
    """Tell one webhook what it has not been told of, until that fails; return how many events arrived.

    To be called for one webhook by one thread at a time.
    """
    arrived = 0
    for _ in range(_BATCH):
        with office.store.read() as tx:
            webhook = tx.webhook(webhook_id)
            found = None if webhook is None or webhook.state != ACTIVE else _next(tx, webhook)
        if webhook is None or found is None:
            break
        event, place = found
        if event is None:
            _move(office, webhook, place)
            break
        posted, took_ms = _post(office, telling, webhook, event, place=place)
        if not _note(office, webhook, event, place=place, posted=posted, took_ms=took_ms):
            break
        arrived += 1
    return arrived


def webhook_view(webhook: Webhook) -> dict[str, Any]:
    """Return a webhook as the world sees it."""
    return {
        "id": webhook.id,
        "address": webhook.address,
        "state": webhook.state,
        "reason": webhook.reason,
        "types": webhook.what.split(),
        "created_at": webhook.created_at.isoformat(),
        "failures": webhook.failures,
        "failing_since": _iso(webhook.failing_since),
        "next_at": webhook.next_at.isoformat(),
        "old_secret_until": _iso(webhook.old_until),
    }


def attempt_view(attempt: Attempt) -> dict[str, Any]:
    """Return a try as the world sees it."""
    return {
        "no": attempt.no,
        "event": attempt.event,
        "type": attempt.what,
        "at": attempt.at.isoformat(),
        "outcome": attempt.outcome,
        "status": attempt.status,
        "took_ms": attempt.took_ms,
    }


def _target(address: str, telling: Telling) -> Target:
    """Return where an address leads. Errors: BadWebhook."""
    try:
        return read_address(address, allowed=telling.allowed)
    except BadAddress as trouble:
        raise BadWebhook(trouble.why) from None


def _next(tx: ReadTx, webhook: Webhook) -> tuple[Event | None, Place] | None:
    """Return the next event that the webhook wants and the place after it; the place alone, if it wants none."""
    wanted, start = webhook.what.split(), Place(webhook.own_no, webhook.public_no)
    place = start
    for event in merged(tx, webhook.party, place):
        place = place.past(event)
        if not wanted or event.what in wanted:
            return event, place
    return None if place == start else (None, place)


def _post(
    office: Office, telling: Telling, webhook: Webhook, event: Event, *, place: Place | None
) -> tuple[Posted, int]:
    """Post one event; return what came of it and how long it took."""
    began, now = monotonic(), office.real_now()
    try:
        target, secrets = read_address(webhook.address, allowed=telling.allowed), _secrets(telling, webhook, now)
    except BadAddress:
        return Posted("address"), 0
    except SeikyuError:
        return Posted("damaged"), 0
    body, stamp = _body(event, place), int(now.timestamp())
    headers = {
        "webhook-id": event.id,
        "webhook-timestamp": str(stamp),
        "webhook-signature": signature(secrets, event.id, stamp, body),
    }
    return telling.post(target, body, headers), int((monotonic() - began) * 1000)


def _body(event: Event, place: Place | None) -> bytes:
    """Return an event as it is posted: its type, its time, and the rest below `data`."""
    told = event_view(event, place or Place(0, 0))
    data = {name: value for name, value in told.items() if name not in {"type", "at"}}
    if place is None:
        data.pop("cursor")
    return json.dumps({"type": told["type"], "timestamp": told["at"], "data": data}, separators=(",", ":")).encode()


def _note(office: Office, webhook: Webhook, event: Event, *, place: Place, posted: Posted, took_ms: int) -> bool:
    """Write down what came of a try; return whether the next event may follow at once."""
    with office.store.write() as tx:
        now = tx.webhook(webhook.id)
        if now is None:
            return False
        _attempted(tx, office, now, event, posted=posted, took_ms=took_ms)
        if (now.own_no, now.public_no) != (webhook.own_no, webhook.public_no):
            return True  # It was sent elsewhere in the feed meanwhile.
        if posted.outcome == ARRIVED:
            moved = replace(now, own_no=place.own, public_no=place.public, failures=0, failing_since=None)
            tx.put_webhook(replace(moved, next_at=office.real_now()))
            return True
        failed = _failed(office, now, posted)
        tx.put_webhook(failed)
        if failed.state == DEAD:
            events.note(
                tx, office, What.WEBHOOK_DEAD, party=now.party, subject=now.id, reason=failed.reason,
                failures=failed.failures,
            )  # fmt: skip
    if failed.state == DEAD:
        office.tell("webhook_dead", webhook=failed.id, party=failed.party, reason=failed.reason)
    return False


def _failed(office: Office, webhook: Webhook, posted: Posted) -> Webhook:
    """Return a webhook after a try that failed: it waits longer and longer, and is dead after some days."""
    now = office.real_now()
    since, failures = webhook.failing_since or now, webhook.failures + 1
    failed = replace(webhook, failures=failures, failing_since=since)
    if webhook.state != ACTIVE:
        return failed
    if posted.outcome == GONE:
        return replace(failed, state=DEAD, reason="gone")
    if now - since >= timedelta(days=office.limit("webhook_days")):
        return replace(failed, state=DEAD, reason="days")
    return replace(failed, next_at=now + timedelta(seconds=WAITS_S[min(failures, len(WAITS_S)) - 1]))


def _move(office: Office, webhook: Webhook, place: Place) -> None:
    """Pass over events that a webhook does not want."""
    with office.store.write() as tx:
        now = tx.webhook(webhook.id)
        if now is not None and (now.own_no, now.public_no) == (webhook.own_no, webhook.public_no):
            tx.put_webhook(replace(now, own_no=place.own, public_no=place.public))


def _attempted(tx: WriteTx, office: Office, webhook: Webhook, event: Event, *, posted: Posted, took_ms: int) -> Attempt:
    attempt = Attempt(
        webhook.id, tx.next_number(f"attempts/{webhook.id}"), event.id, event.what, office.real_now(), posted.outcome,
        posted.status, took_ms,
    )  # fmt: skip
    tx.add_attempt(attempt, kept=office.limit("webhook_attempts"))
    return attempt


def _secrets(telling: Telling, webhook: Webhook, now: datetime) -> list[bytes]:
    """Return the secrets that sign now, the newest first. Errors: Damaged."""
    sealed = [webhook.secret]
    if webhook.old_secret and webhook.old_until and now < webhook.old_until:
        sealed.append(webhook.old_secret)
    return [telling.vault.opened(each, owner=_owner(webhook.id)) for each in sealed]


def _own(office: Office, tx: ReadTx, identity: ClientIdentity, webhook_id: str) -> Webhook:
    require_party(tx, identity, kind=identity.kind, now=office.clock.now())
    webhook = tx.webhook(webhook_id)
    if webhook is None or webhook.party != identity.party or webhook.party == EVERYBODY:
        raise NotFound("no such webhook")
    return webhook


def _owner(webhook_id: str) -> str:
    return f"webhook/{webhook_id}"


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
