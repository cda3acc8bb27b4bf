"""The office as the services see it: ports, settings, and the little that lives in memory only.

A service is a function that takes the office first. It reads *load, ask the domain, store, tell* and knows no
technology: what it needs of the outside stands here as a port, and `apps` fills the ports in.

Invariants that every service keeps, whatever line a kill falls on:

- A row never speaks of an object that is not there: objects are committed *before* the transaction that names them.
- An object that no row speaks of is nothing. It is removed by who made it (`draft`), or swept at the next start.
- What a caller is told is durable already; what it was not told it may ask again and gets the same answer.
- A state changes only in a transaction that has read it: the loser of a race changes nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

from seikyu.limits import limit
from seikyu.lines.admission import Rules
from seikyu.lines.wrong import Address
from seikyu.office.bodies import bodies
from seikyu.office.calendar import Calendar
from seikyu.office.outcome import Policy, house_policy
from seikyu.ports.clock import Clock, Ids
from seikyu.ports.errors import Forbidden, SeikyuError
from seikyu.ports.jobs import Jobs
from seikyu.ports.objects import ObjectStore
from seikyu.ports.prefectures import PrefectureTables
from seikyu.ports.register import Party
from seikyu.ports.store import ReadTx, Store
from seikyu.ports.trust import ClientIdentity
from seikyu.ports.watching import NobodyWatches, Watching
from seikyu.rules.masters import Masters
from seikyu.services.desk import Desk
from seikyu.services.errors import PartyNotYet
from seikyu.services.examine import Checker, no_masters

REAL: Final = "real"
TEST: Final = "test"
LINES: Final = (REAL, TEST)

INSTITUTION: Final = "institution"
PAYER: Final = "payer"
OPERATOR: Final = "operator"


class Tell(Protocol):
    """Takes notice of what happened, for the log and the counters. Facts are ids and numbers, never a personal item."""

    def __call__(self, event: str, **facts: Any) -> None:
        """Take notice of `event`."""
        ...


def silent(event: str, **facts: Any) -> None:
    """Take no notice."""
    del event, facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """One office, ready to work.

    Shape: `calendar` returns the calendar in force now; `limits` and `retention_days` hold what the operator changed
    (names of `limits.LIMITS`, object classes); `bodies` are the review bodies of this installation, none for all of
    them; `default_body` is where a file goes of which nobody says a body that is here.
    `desk` holds the places of what arrives, `paper_desk` those of lists that are being made.
    `watching` is told what arrives, so that its check may begin; `masters` returns those that are there now, the same
    object as long as they are the same.
    `real_clock` is the machine's, where `clock` may be moved. `sandbox` allows moving the clock, the test federation,
    and closing a month by hand before its time. `admission` are the rules of lines, None while they are off; `tunnels`
    returns which party a gateway has given which address. `prefectures` are the tables that the operator has taken in.
    `workers` is how many sendings are checked at the same time.
    """

    store: Store
    objects: ObjectStore
    jobs: Jobs
    clock: Clock
    ids: Ids
    checker: Checker
    calendar: Callable[[], Calendar]
    identity_key: bytes
    policy: Policy = field(default_factory=house_policy)
    limits: Mapping[str, int] = field(default_factory=dict)
    retention_days: Mapping[str, int] = field(default_factory=dict)
    bodies: tuple[str, ...] = ()
    default_body: str = "1"
    sandbox: bool = False
    tell: Tell = silent
    desk: Desk = field(default_factory=Desk)
    paper_desk: Desk = field(default_factory=Desk)
    watching: Watching = field(default_factory=NobodyWatches)
    masters: Callable[[], Masters] = no_masters
    real_clock: Clock | None = None
    admission: Rules | None = None
    tunnels: Callable[[], Mapping[Address, str]] = dict
    prefectures: PrefectureTables | None = None
    workers: int = 2

    def real_now(self) -> datetime:
        """Return the real time, by which mandates are held; the office's own clock may be moved in a sandbox."""
        return (self.real_clock or self.clock).now()

    def limit(self, name: str) -> int:
        """Return the number of a limit, the operator's if there is one. Errors: KeyError (a bug)."""
        return self.limits.get(name, limit(name))

    def serves(self, body: str) -> bool:
        """Return whether `body` is a review body of this installation."""
        known = bodies(self.clock.now().date(), test=self.sandbox)
        return any(each.id == body for each in known) and (not self.bodies or body in self.bodies)

    def forget(self, names: Iterable[str]) -> None:
        """Remove objects that no row speaks of (any more). What cannot be removed now is swept at the next start."""
        for name in sorted(names):
            try:
                self.objects.remove(name)
            except (SeikyuError, OSError) as reason:
                self.tell("object_left", object=name, reason=type(reason).__name__)

    def paper_place_for(self, identity: ClientIdentity) -> AbstractContextManager[None]:
        """Hold a place where lists are made for that party. Errors: Busy."""
        return self.paper_desk.place(
            identity.sender, at_once=self.limit("lists_at_once"), per_party=self.limit("lists_per_party")
        )

    def place_for(self, identity: ClientIdentity) -> AbstractContextManager[None]:
        """Hold a place for a body of that party. Errors: Busy."""
        return self.desk.place(
            identity.sender, at_once=self.limit("receiving_at_once"), per_party=self.limit("receiving_per_party")
        )


def require_party(tx: ReadTx, identity: ClientIdentity, *, kind: str, now: datetime) -> Party:
    """Return the certificate's party from the register.

    Errors: Forbidden, if the register does not have it now or it is of another kind; PartyNotYet.
    """
    party = tx.party(identity.party)
    if party is None or party.kind != kind or identity.kind != kind:
        raise Forbidden("a party of this kind may not do this", kind=kind)
    if now < party.since:
        raise PartyNotYet("the register has the party from later on", since=party.since, now=now)
    if party.until is not None and party.until <= now:
        raise Forbidden("the party is not in the register now", kind=kind)
    return party
