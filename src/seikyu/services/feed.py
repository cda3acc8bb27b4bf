"""The feed of events as a party reads it: its own and everybody's, oldest first, from a cursor on.

A cursor is two numbers, `OWN-PUBLIC`: the last event of either kind that was read. Each kind is numbered without a gap
and becomes visible in its order (`services.events`), so a reader that goes on from a cursor misses nothing and gets
nothing twice. Events are forgotten after their keeping; who comes later is told so, and begins with the lists.
"""

import heapq
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Self

from seikyu.ports.errors import BadRequest, SeikyuError
from seikyu.ports.events import EVERYBODY, Event
from seikyu.ports.store import ReadTx
from seikyu.ports.trust import ClientIdentity
from seikyu.services.events import What
from seikyu.services.office import Office, require_party
from seikyu.services.show import Page

#: The cursor of who wants to hear only what comes.
NOW: Final = "now"

_CURSOR: Final = re.compile(r"([0-9]{1,15})-([0-9]{1,15})")
_PAGE: Final = 200


class EventsGone(SeikyuError):
    """Events behind the cursor are past their keeping (410): begin with the lists, then follow from `now` on."""

    code = "events_gone"


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the feed: the last own and the last public event that were read."""

    own: int
    public: int

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the place of a cursor. Errors: BadRequest."""
        match = _CURSOR.fullmatch(text)
        if match is None:
            raise BadRequest("the cursor is none of ours", parameter="after")
        return cls(int(match[1]), int(match[2]))

    def past(self, event: Event) -> "Place":
        """Return the place after an event."""
        return Place(self.own, event.no) if event.party == EVERYBODY else Place(event.no, self.public)

    def __str__(self) -> str:
        return f"{self.own}-{self.public}"


def kinds_of(said: str | None) -> frozenset[str]:
    """Return the kinds of events that somebody wants, all of them if nothing is said. Errors: BadRequest."""
    known = frozenset(each.value for each in What)
    wanted = frozenset(said.replace(",", " ").split()) if said else known
    if not wanted <= known:
        raise BadRequest(f"kinds of events are {', '.join(sorted(known))}", parameter="types")
    return wanted


def read_feed(
    office: Office, identity: ClientIdentity, *, after: str | None, wanted: frozenset[str], limit: int
) -> Page:
    """Return the events behind a cursor, oldest first; `next` is where to go on and is always there.

    Shape: without `after` the feed begins with the oldest that is kept; `NOW` gives no events and the present place.
    Errors: BadRequest; EventsGone; Forbidden, if the party is not in the register now.
    """
    most = office.limit("page_items")
    if not 1 <= limit <= most:
        raise BadRequest(f"limit is 1 to {most}", parameter="limit")
    with office.store.read() as tx:
        require_party(tx, identity, kind=identity.kind, now=office.clock.now())
        if after == NOW:
            return Page([], str(present(tx, identity.party)))
        place = _beginning(tx, identity.party) if after is None else _kept(tx, identity.party, Place.read(after))
        items: list[dict[str, Any]] = []
        for event in merged(tx, identity.party, place):
            place = place.past(event)
            if event.what in wanted:
                items.append(event_view(event, place))
            if len(items) == limit:
                break
    return Page(items, str(place))


def event_view(event: Event, place: Place) -> dict[str, Any]:
    """Return an event as the world sees it; `cursor` is where to go on after it."""
    return {
        "id": event.id,
        "type": event.what,
        "at": event.at.isoformat(),
        "subject": event.subject,
        "public": event.party == EVERYBODY,
        "facts": json.loads(event.facts),
        "cursor": str(place),
    }


def merged(tx: ReadTx, party: str, place: Place) -> Iterator[Event]:
    """Yield own and public events behind a place, each kind in its own order, together by their time."""
    own, public = _stream(tx, party, place.own), _stream(tx, EVERYBODY, place.public)
    return iter(heapq.merge(own, public, key=lambda event: event.at))


def present(tx: ReadTx, party: str) -> Place:
    """Return the place after the newest events."""
    last = tx.last_events((party, EVERYBODY))
    return Place(last.get(party, 0), last.get(EVERYBODY, 0))


def forget_old(office: Office) -> int:
    """Remove events that are past their keeping; return how many. To be called now and then."""
    before = office.clock.now() - timedelta(days=office.limit("event_days"))
    with office.store.write() as tx:
        return tx.forget_events(before)


def _stream(tx: ReadTx, party: str, after: int) -> Iterator[Event]:
    while page := tx.events(party, after=after, limit=_PAGE):
        yield from page
        after = page[-1].no


def _beginning(tx: ReadTx, party: str) -> Place:
    """Return the place before the oldest events that are kept."""
    now = present(tx, party)
    own, public = tx.oldest_event(party), tx.oldest_event(EVERYBODY)
    return Place(now.own if own is None else own - 1, now.public if public is None else public - 1)


def _kept(tx: ReadTx, party: str, place: Place) -> Place:
    """Return a place if nothing behind it has been forgotten. Errors: EventsGone; BadRequest for one yet to come."""
    now, begin = present(tx, party), _beginning(tx, party)
    if place.own > now.own or place.public > now.public:
        raise BadRequest("the cursor is none of ours", parameter="after")
    if place.own < begin.own or place.public < begin.public:
        raise EventsGone("events behind the cursor are past their keeping")
    return place
