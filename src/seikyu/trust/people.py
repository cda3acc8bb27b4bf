"""Who works for a party: user ids, roles and what they may do, and acting for another party by a mandate (代行).

A user belongs to one party and one review body: the two bodies keep their accounts apart. What a role may do is data
(`roles.toml`); services ask for a power and know no roles. Nobody changes, locks or removes themselves: so whoever
takes the last other administrator away is one.

A delegate (請求事務代行者) logs in as their own party with its certificate, and then acts for a principal as long as a
mandate lasts. `Actor` carries both parties, and so does every entry of the journal.

Source: provider:8 (user id and password for each body); network:7 (claim agents have certificates of their own).
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any, ClassVar, Final

#: A user id, once it is folded: no two look alike by case or width, and none needs quoting anywhere.
_USER_ID: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{1,30})[a-z0-9]")

PEOPLE: Final = "people"
ALL_PEOPLE: Final = "all_people"
MANDATES: Final = "mandates"
ALL_MANDATES: Final = "all_mandates"
AUDIT: Final = "audit"
SEE: Final = "see"
FETCH: Final = "fetch"
NOTICES: Final = "notices"
CERTIFICATES: Final = "certificates"
OFFICE: Final = "office"
APPROVE: Final = "approve"
SEND: Final = "send"


class PeopleError(Exception):
    """The base of this module's errors. Shape: `code` is stable; `facts` fill its text and hold nothing secret."""

    code: ClassVar[str] = "not_permitted"

    def __init__(self, message: str = "", **facts: Any) -> None:
        super().__init__(message or self.code)
        self.facts = facts


class NotPermitted(PeopleError):
    """The role may not do this, or not to this user or party; nothing changes. Shape: facts `power`."""


class BadUser(PeopleError):
    """No user of this form can be there. Shape: facts `what` (user, role) and `value`."""

    code = "bad_user"


class BadMandate(PeopleError):
    """These two parties cannot act for each other. Shape: facts `agent`, `principal`."""

    code = "bad_mandate"


@dataclass(frozen=True, slots=True)
class Role:
    """A role (役割). Shape: `kinds` are the kinds of parties whose people may have it."""

    name: str
    ja: str
    en: str
    kinds: frozenset[str]
    may: frozenset[str]
    second_factor_required: bool


@dataclass(frozen=True, slots=True)
class Delegation:
    """What a mandate gives, and between which kinds of parties."""

    may: frozenset[str]
    principals: frozenset[str]
    agents: frozenset[str]


@dataclass(frozen=True, slots=True)
class Outside:
    """What a login without a certificate may do, and people of which kinds of parties may have one."""

    may: frozenset[str]
    kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who does something: a user of a party, at one body, perhaps for another party.

    Shape: `user` is the user id; `acts_for` the principal's id, or None for the own party; `mandate` the id of the
    mandate then. `must` is what has to be done before anything else: change_password, second_factor, accept_terms, or
    None. `certified` is False for a login without a certificate, which may do less.
    """

    user: str
    party: str
    body: str
    role: str
    acts_for: str | None = None
    mandate: str | None = None
    must: str | None = None
    certified: bool = True

    @property
    def subject(self) -> str:
        """The party whose things the actor works on."""
        return self.acts_for or self.party

    @property
    def proof(self) -> Mapping[str, str]:
        """Who did it, as every receipt and entry must name it: the user, their party, and the party acted for.

        >>> Actor("hanako", "9911000015", "1", "clerk").acting_for("9911000023", mandate="m1").proof
        {'user': 'hanako', 'party': '9911000015', 'acts_for': '9911000023', 'mandate': 'm1'}
        """
        own = {"user": self.user, "party": self.party}
        return own if self.acts_for is None else own | {"acts_for": self.acts_for, "mandate": self.mandate or ""}

    def acting_for(self, principal: str, *, mandate: str) -> "Actor":
        """Return the same person at work for `principal`."""
        return replace(self, acts_for=principal, mandate=mandate)


def roles() -> Mapping[str, Role]:
    """Return every role by its name."""
    return _read()[0]


def powers() -> Mapping[str, Mapping[str, str]]:
    """Return what there is to be allowed, with its Japanese and English name."""
    return _read()[1]


def delegation() -> Delegation:
    """Return what a mandate gives."""
    return _read()[2]


def outside() -> Outside:
    """Return what a login without a certificate gives."""
    return _read()[3]


def folded_user_id(text: str) -> str:
    """Return a user id as it is kept: small letters of normal width. Errors: BadUser.

    >>> folded_user_id("Ｈanako.1 ")
    'hanako.1'
    """
    folded = unicodedata.normalize("NFKC", text).strip().lower()
    if not _USER_ID.fullmatch(folded):
        raise BadUser("a user id has 3 to 32 letters, digits, dots, hyphens or underscores", what="user", value=text)
    return folded


def role_for(name: str, *, kind: str) -> Role:
    """Return the role, if people of such a party may have it. Errors: BadUser."""
    role = roles().get(name)
    if role is None or kind not in role.kinds:
        raise BadUser("people of such a party cannot have this role", what="role", value=name)
    return role


def permits(actor: Actor, power: str) -> bool:
    """True if the actor may do this now: the role has it, nothing narrows it, and nothing has to come first.

    What narrows it is a mandate, and a login without a certificate.
    """
    narrowed = actor.acts_for is not None and power not in delegation().may
    narrowed = narrowed or (not actor.certified and power not in outside().may)
    return actor.must is None and not narrowed and power in roles()[actor.role].may


def demand(actor: Actor, power: str) -> None:
    """Errors: NotPermitted, unless the actor may do this now."""
    if not permits(actor, power):
        raise NotPermitted("the role does not allow this", power=power)


def permits_all(actor: Actor, power: str, *, body: str | None) -> bool:
    """True if the actor may do this for every party of the body; at no body in particular, or for all, at every one."""
    return permits(actor, power) and actor.body in {"", body}


def keeps(actor: Actor, *, party: str, body: str) -> bool:
    """True if the actor keeps the users of that party and body: as its administrator, or as the body's office."""
    own = (actor.party, actor.body) == (party, body) and permits(actor, PEOPLE)
    return own or permits_all(actor, ALL_PEOPLE, body=body)


def demand_over(actor: Actor, *, user: str, party: str, body: str) -> None:
    """Errors: NotPermitted, unless the actor keeps that user, and is somebody else."""
    if not keeps(actor, party=party, body=body):
        raise NotPermitted("the user belongs to somebody else", power=PEOPLE)
    if (actor.user, actor.party, actor.body) == (user, party, body):
        raise NotPermitted("nobody does this to themselves", power=PEOPLE)


def demand_mandate(actor: Actor, *, sides: frozenset[str], body: str) -> None:
    """Errors: NotPermitted, unless the actor's party is one of those that may do this with the mandate, or the office.

    Shape: the principal alone grants; either side ends.
    """
    own = actor.party in sides and actor.body == body and permits(actor, MANDATES)
    if not own and not permits_all(actor, ALL_MANDATES, body=body):
        raise NotPermitted("the mandate is between others", power=MANDATES)


def checked_mandate(agent: tuple[str, str], principal: tuple[str, str]) -> None:
    """Look at the two sides of a mandate, each kind and id of a party. Errors: BadMandate."""
    rule = delegation()
    if agent[0] not in rule.agents or principal[0] not in rule.principals or agent == principal:
        raise BadMandate("these two cannot act for each other", agent=agent[1], principal=principal[1])


def lasts(since: datetime, until: datetime | None, now: datetime) -> bool:
    """True if something that began and perhaps ended is in force now; the end itself is outside."""
    return since <= now and (until is None or now < until)


def first_duty(role: Role, *, must_change: bool, has_second_factor: bool, must_accept: bool = False) -> str | None:
    """Return what somebody who has logged in has to do before anything else."""
    if must_change:
        return "change_password"
    if role.second_factor_required and not has_second_factor:
        return "second_factor"
    return "accept_terms" if must_accept else None


@cache
def _read() -> tuple[Mapping[str, Role], Mapping[str, Mapping[str, str]], Delegation, Outside]:
    tree = tomllib.loads(resources.files(__package__).joinpath("roles.toml").read_text("utf-8"))
    found = {
        name: Role(
            name=name,
            ja=row["ja"],
            en=row["en"],
            kinds=frozenset(row["kinds"]),
            may=frozenset(row["may"]),
            second_factor_required=row["second_factor"] == "required",
        )
        for name, row in tree["roles"].items()
    }
    given = tree["delegates"]
    rule = Delegation(*(frozenset(given[name]) for name in ("may", "principals", "agents")))
    bare = tree["without_certificate"]
    return found, tree["powers"], rule, Outside(frozenset(bare["may"]), frozenset(bare["kinds"]))
