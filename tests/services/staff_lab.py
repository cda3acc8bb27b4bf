"""People of the office on a bench."""

from datetime import datetime

from seikyu.office.calendar import JST
from seikyu.services.staff import Staff
from seikyu.trust.people import Actor
from seikyu.trust.revoking import Person

LONG_AGO = datetime(2026, 1, 1, tzinfo=JST)


def staff(name: str = "one", role: str = "operator", *, since: datetime = LONG_AGO) -> Staff:
    """Return somebody who has logged in."""
    return Staff(Actor(name, "operator", "1", role), Person("user", f"1/{name}", since))


def terminal(name: str = "desk-1", *, since: datetime = LONG_AGO) -> Staff:
    """Return somebody who comes with a certificate."""
    return Staff(Actor(f"(certificate {name})", "operator", "", "operator"), Person("terminal", name, since))


FIRST = staff("one")
SECOND = staff("two", "approver")
