"""What happened, told to programs that follow it: written in the transaction of the change itself.

Every act that moves a state calls `note` (or one of its short forms) inside its own transaction: no change without its
event, no event without its change. Who reads is `services.feed`; who is told over the network is `services.webhooks`.

**Why no reader skips a row.** The numbers of a party come from one row of `sequences`, taken by an update in the same
transaction. Whoever has taken a number holds that row until the commit: SQLite has one writer at all, and PostgreSQL
locks an updated row until its transaction ends, also at READ COMMITTED. So the next number of that party can be taken
only after the one before is committed (or rolled back, and then it is given back). Number n is visible before n + 1
exists, and a cursor is a number. Two transactions that note for several parties take them in the order of the parties'
ids if they use `note_all`, so that they cannot wait for each other in a circle.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from seikyu.ports.clock import Clock, Ids
from seikyu.ports.events import EVERYBODY, Event
from seikyu.ports.store import Delivery, Sending, WriteTx

#: What a fact may be: ids, states, months, digests. A name of a person cannot be written with these.
_FACT: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._:+/-]{0,99}")


class What(StrEnum):
    """What can happen. A name stays for ever; a new one may come, and a program passes over what it does not know."""

    SENDING_RECORDED = "sending.recorded"
    SENDING_CHECKED = "sending.checked"
    SENDING_REFUSED = "sending.refused"
    SENDING_CONFIRMED = "sending.confirmed"
    SENDING_CONFIRMED_AUTOMATICALLY = "sending.confirmed_automatically"
    SENDING_CANCELLED = "sending.cancelled"
    SENDING_CORRECTED = "sending.corrected"
    SENDING_LEFT_OUT = "sending.left_out"
    SENDING_UNDO_ASKED = "sending.undo_asked"
    SENDING_UNDO_REFUSED = "sending.undo_refused"
    SENDING_UNDONE = "sending.undone"
    SENDING_HANDED_OVER = "sending.handed_over"
    DELIVERY_SEALED = "delivery.sealed"
    DELIVERY_FETCHED = "delivery.fetched"
    DELIVERY_RECEIVED = "delivery.received"
    NOTICE_MOVED = "notice.moved"
    INQUIRY_MOVED = "inquiry.moved"
    CERTIFICATE_ISSUED = "certificate.issued"
    CERTIFICATE_ENDING = "certificate.ending"
    CERTIFICATE_REVOKED = "certificate.revoked"
    WEBHOOK_DEAD = "webhook.dead"
    WEBHOOK_TEST = "webhook.test"
    ANNOUNCEMENT_PUBLISHED = "announcement.published"
    ANNOUNCEMENT_WITHDRAWN = "announcement.withdrawn"
    INCIDENT_OPENED = "incident.opened"
    INCIDENT_MOVED = "incident.moved"
    INCIDENT_CLOSED = "incident.closed"
    MONTH_EXTENDED = "month.extended"
    MONTH_OPENED = "month.opened"
    MONTH_CLOSED = "month.closed"


#: What became of a sending, by its state.
_OF_STATE: Final = {
    "checking": What.SENDING_RECORDED,
    "to_decide": What.SENDING_CHECKED,
    "refused": What.SENDING_REFUSED,
    "confirmed": What.SENDING_CONFIRMED,
    "confirmed_automatically": What.SENDING_CONFIRMED_AUTOMATICALLY,
    "cancelled": What.SENDING_CANCELLED,
    "corrected": What.SENDING_CORRECTED,
    "undone": What.SENDING_UNDONE,
    "handed_over": What.SENDING_HANDED_OVER,
}

_OF_DELIVERY: Final = {
    "waiting": What.DELIVERY_SEALED,
    "fetching": What.DELIVERY_FETCHED,
    "received": What.DELIVERY_RECEIVED,
}

Fact = str | int | bool | None


class Noting(Protocol):
    """What noting needs of an office, or of enrolment."""

    @property
    def clock(self) -> Clock:
        """The time by which things happen."""
        ...

    @property
    def ids(self) -> Ids:
        """Ids."""
        ...


@dataclass(frozen=True, slots=True)
class Note:
    """What is to be noted: for whom, what happened, to which thing, and what else is to be said."""

    party: str
    what: What
    subject: str
    facts: dict[str, Fact] = field(default_factory=dict)


def note(tx: WriteTx, office: Noting, what: What, *, party: str, subject: str, **facts: Fact) -> None:
    """Note that something happened, for one party (`EVERYBODY` for all of them), as part of `tx`.

    Shape: `subject` is the id of what it happened to; facts are ids, states and numbers.
    Errors: ValueError for a fact that could be a personal item (a bug).
    """
    note_all(tx, office, [Note(party, what, subject, facts)])


def note_public(tx: WriteTx, office: Noting, what: What, *, subject: str, **facts: Fact) -> None:
    """Note what everybody may know, such as an announcement, an incident or an extension."""
    note(tx, office, what, party=EVERYBODY, subject=subject, **facts)


def note_sending(tx: WriteTx, office: Noting, sending: Sending, what: What | None = None, **facts: Fact) -> None:
    """Note what a sending has become, for its institution. Shape: without `what` it follows from the state."""
    note_all(tx, office, [of_sending(sending, what, **facts)])


def note_delivery(tx: WriteTx, office: Noting, delivery: Delivery) -> None:
    """Note what a delivery has become, for its payer."""
    note_all(tx, office, [of_delivery(delivery)])


def of_sending(sending: Sending, what: What | None = None, **facts: Fact) -> Note:
    """Return the note of what a sending has become."""
    told: dict[str, Fact] = {
        "state": sending.state,
        "body": sending.body,
        "line": sending.line,
        "month": sending.month,
        "send_no": sending.send_no,
        "claims": sending.claims,
        "refused": sending.refused,
        "ask": sending.ask,
        "claimed": sending.claimed,
        "unclaimed": sending.unclaimed,
        **facts,
    }
    said: dict[str, Fact] = {name: value for name, value in told.items() if value is not None}
    return Note(sending.party, what or _OF_STATE[sending.state], sending.id, said)


def of_delivery(delivery: Delivery) -> Note:
    """Return the note of what a delivery has become."""
    facts: dict[str, Fact] = {
        "state": delivery.state,
        "body": delivery.body,
        "month": delivery.month,
        "kind": delivery.kind,
        "volume": delivery.volume,
        "claims": delivery.claims,
        "points": delivery.points,
        "size_bytes": delivery.size_bytes,
        "sha256": delivery.sha256,
    }
    return Note(delivery.payer, _OF_DELIVERY[delivery.state], delivery.id, facts)


def note_all(tx: WriteTx, office: Noting, notes: Iterable[Note]) -> None:
    """Note many things at once: the numbers of each party are taken once, in the order of the parties' ids.

    Errors: ValueError for a fact that could be a personal item (a bug).
    """
    by_party: dict[str, list[Note]] = defaultdict(list)
    for each in notes:
        by_party[each.party].append(each)
    at = office.clock.now()
    rows = []
    for party, mine in sorted(by_party.items()):
        first = tx.next_number(f"events/{party}", step=len(mine))
        rows += [
            Event(office.ids.new(), party, no, one.what.value, one.subject, at, json.dumps(_checked(one.facts)))
            for no, one in enumerate(mine, start=first)
        ]
    tx.add_events(rows)


def _checked(facts: dict[str, Fact]) -> dict[str, Fact]:
    """Return facts that hold no text but ids, states and digests. Errors: ValueError."""
    for name, value in facts.items():
        if isinstance(value, str) and not _FACT.fullmatch(value):
            raise ValueError(f"the fact {name} of an event is neither id, state nor number")
    return facts
