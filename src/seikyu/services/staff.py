"""Somebody of the office at work: who they are in the journal, and which person that is to the rule of four eyes."""

from dataclasses import dataclass
from datetime import datetime

from seikyu.ports.clock import Clock, Ids
from seikyu.ports.store import WriteTx
from seikyu.services.errors import OtherPersonNeeded, ReasonNeeded
from seikyu.services.office import Office
from seikyu.services.people import note
from seikyu.trust.operating import REASON_CHARS, good_reason
from seikyu.trust.people import Actor, demand
from seikyu.trust.revoking import Person, why_not


@dataclass(frozen=True, slots=True)
class Staff:
    """Who does something at the operator's desk. Shape: `person` is a user, or the terminal of a certificate."""

    actor: Actor
    person: Person

    def demand(self, power: str) -> None:
        """Errors: NotPermitted. Shape: users have powers by their role; a certificate speaks for the office."""
        if self.person.kind == "user":
            demand(self.actor, power)


def demand_other(staff: Staff, first: str | None, at: datetime | None) -> None:
    """Look whether somebody is another person than the first. Errors: OtherPersonNeeded."""
    why = "same_person" if first is None or at is None else why_not(first, at, staff.person)
    if why is not None:
        raise OtherPersonNeeded(why=why)


def reason_of(text: str) -> str:
    """Return a reason as rows carry it. Errors: ReasonNeeded."""
    try:
        return good_reason(text)
    except ValueError:
        raise ReasonNeeded(least=REASON_CHARS[0], most=REASON_CHARS[1]) from None


@dataclass(frozen=True, slots=True)
class _Journal:
    """The journal keeps the machine's time, also in a sandbox."""

    office: Office

    @property
    def ids(self) -> Ids:
        return self.office.ids

    @property
    def clock(self) -> Clock:
        return self.office.real_clock or self.office.clock


def journal(
    tx: WriteTx, office: Office, staff: Staff, act: str, *, body: str, subject: str, **facts: str | int
) -> None:
    """Enter an act in the journal. Shape: `facts` hold nothing personal; reasons are the office's own words."""
    note(tx, _Journal(office), act, by=staff.actor, body=body, subject=subject, facts=facts or None)
