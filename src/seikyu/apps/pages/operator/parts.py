"""What the pages of the operator's desk share: who acts, how people and states are told, ids of addresses."""

from typing import Any, Final

from seikyu.apps.operating import staff_of
from seikyu.apps.pages.visit import Visit
from seikyu.apps.revoking import by_user
from seikyu.office.bodies import bodies
from seikyu.office.errors import OfficeError
from seikyu.ports.errors import NotFound, SeikyuError
from seikyu.services.staff import Staff
from seikyu.trust.people import APPROVE, AUDIT, OFFICE, PeopleError

#: Who may look at counts and shapes.
READ: Final = (OFFICE, APPROVE, AUDIT)

#: What a page shows again with its words, instead of an error page.
TROUBLE: Final = (SeikyuError, OfficeError, PeopleError)

PAGE: Final = 50

_ID_CHARS: Final = 40
_FEDERATION: Final = "国民健康保険団体連合会"

#: The colours of states, by how urgent they are.
KINDS: Final = {
    "checking": "busy",
    "to_decide": "warn",
    "refused": "bad",
    "confirmed": "good",
    "confirmed_automatically": "good",
    "handed_over": "good",
    "undone": "warn",
    "asked": "warn",
    "waiting": "warn",
    "approved": "good",
    "given": "busy",
    "closing": "busy",
    "closed": "good",
}


def acting(visit: Visit) -> Staff:
    """Return who acts: the user who has logged in."""
    with visit.office.store.read() as tx:
        return staff_of(by_user(tx, visit.who))


def id_of(visit: Visit, name: str) -> str:
    """Return an id that the address names. Errors: NotFound, for what has not even the form of one."""
    named = str(visit.request.path_params[name])
    if not named.isascii() or not named.isalnum() or len(named) > _ID_CHARS:
        raise NotFound("no such page")
    return named


def asked(visit: Visit, name: str) -> str | None:
    """Return what the address asks, None for nothing."""
    return visit.request.query_params.get(name, "").strip()[:_ID_CHARS] or None


def person_said(visit: Visit, name: str | None) -> str:
    """Return a person of an order in words. Shape: `name` is as in `trust.revoking.Person`, or a party's."""
    kind, colon, who = (name or "").partition(":")
    return visit.say(f"pages.orders.by_{kind}", who=who) if colon and kind in {"user", "terminal"} else name or ""


def prefectures(visit: Visit) -> dict[str, str]:
    """Return the names of prefectures by number; in English the numbers say enough."""
    if visit.lang != "ja":
        return {}
    known = bodies(visit.office.clock.now().date(), test=True)
    return {each.prefecture: each.ja.removesuffix(_FEDERATION) for each in known if each.prefecture is not None}


def kind_said(visit: Visit, kind: str | None) -> str:
    """Return a kind of file in words."""
    return visit.say(f"pages.operator.kinds.{kind}") if kind in _KINDS_OF_FILES else visit.say("pages.operator.no_kind")


def state_said(visit: Visit, state: str) -> dict[str, Any]:
    """Return a sending's state in words, with its colour."""
    return {"text": visit.say(f"pages.operator.states.{state}"), "kind": KINDS.get(state, "")}


_KINDS_OF_FILES: Final = frozenset({"medical", "dpc", "dental", "pharmacy", "home_nursing"})
