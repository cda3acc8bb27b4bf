"""Keeping people: users of a party, and mandates between parties. Each act stands in the journal, in its transaction.

The accounts keep the real time, in a sandbox too: locks, sessions and codes are held against real clocks. Only whether
the register has a party is asked by the office's own clock, as everywhere.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Protocol

from seikyu.ports.clock import Clock, Ids
from seikyu.ports.errors import SeikyuError
from seikyu.ports.people import Entry, KeyReader, KnownPasswords, Mandate, User, Vault
from seikyu.ports.register import Party
from seikyu.ports.store import ReadTx, Store, WriteTx
from seikyu.services.office import OPERATOR, Tell, silent
from seikyu.trust import people as rules_of
from seikyu.trust.logins import Rules, house_rules
from seikyu.trust.passwords import check_password, initial_password
from seikyu.trust.people import ALL_MANDATES, ALL_PEOPLE, AUDIT, PEOPLE, Actor

#: Whoever may work on the office's own folder. No user id can be written like this.
CONSOLE: Final = Actor(user="(console)", party=OPERATOR, body="", role="operator")


class UserThere(SeikyuError):
    """The body has, or had, a user of that id; ids are never given twice. Shape: facts `user`, `body`."""

    code = "user_there"


class UserNotThere(SeikyuError):
    """The body has no user of that id, or it is another party's; the two look alike. Shape: facts `user`, `body`."""

    code = "user_not_there"


class MandateNotThere(SeikyuError):
    """No mandate is in force between the two. Shape: facts `agent`, `principal`."""

    code = "mandate_not_there"


class NoSuchParty(SeikyuError):
    """The register does not have the party now. Shape: facts `party`."""

    code = "no_such_party"


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """What keeping people needs of the outside. Shape: `register_clock` is the office's, which a sandbox may move."""

    store: Store
    clock: Clock
    register_clock: Clock
    ids: Ids
    vault: Vault
    known: KnownPasswords
    keys: KeyReader
    rules: Rules = field(default_factory=house_rules)
    tell: Tell = silent


class Noting(Protocol):
    """What an entry in the journal takes from."""

    @property
    def clock(self) -> Clock:
        """The time of the entry."""
        ...

    @property
    def ids(self) -> Ids:
        """Its name."""
        ...


@dataclass(frozen=True, slots=True)
class Given:
    """A user with a new password. Shape: `initial` is the password if the office made it; it is shown once."""

    user: User
    initial: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Who is to be added."""

    body: str
    name: str
    party: str
    role: str


def add_user(people: People, by: Actor, who: Newcomer, *, password: str | None = None) -> Given:
    """Add a user with an initial password: the one given, or one that is made. A code that was posted is void then.

    Errors: NotPermitted, BadUser, PasswordRefused, NoSuchParty, UserThere; nothing is written then.
    """
    name = rules_of.folded_user_id(who.name)
    rules_of.demand_over(by, user=name, party=who.party, body=who.body)
    given, made = _new_password(people, password, own=(name, who.party))
    with people.store.write() as tx:
        role = rules_of.role_for(who.role, kind=_party(tx, people, who.party).kind)
        if tx.user_by_name(who.body, name) is not None:
            raise UserThere(user=name, body=who.body)
        now = people.clock.now()
        user = User(
            id=people.ids.new(),
            body=who.body,
            name=name,
            party=who.party,
            role=role.name,
            password=given,
            initial=True,
            password_at=now,
            added_at=now,
        )
        tx.put_user(user)
        code = tx.registration_code(who.party)
        if code is not None and code.used_at is None:
            # Whoever finds the letter now must not become an administrator beside the users that are there.
            tx.put_registration_code(replace(code, used_at=now, user=user.id))
        note(tx, people, "add_user", by=by, body=user.body, subject=name)
    people.tell("user_added", user=user.id, party=user.party, by=by.user)
    return Given(user, made)


def list_users(people: People, by: Actor, *, body: str | None = None, party: str | None = None) -> list[User]:
    """Return the users that the actor keeps, without the removed ones. Errors: NotPermitted."""
    if not rules_of.permits(by, ALL_PEOPLE):
        rules_of.demand(by, PEOPLE)
        party = by.party
    with people.store.read() as tx:
        body = by.body or body
        return [user for user in tx.users(body=body, party=party) if user.removed_at is None]


def party_of_user(people: People, by: Actor, body: str, *, name: str) -> str:
    """Return the party of a user that the actor keeps. Errors: NotPermitted, UserNotThere."""
    with people.store.read() as tx:
        return _kept(tx, by, body, name=name).party


def lock_user(people: People, by: Actor, body: str, *, name: str) -> User:
    """Lock a user until somebody unlocks them; their sessions end. Said again it changes nothing.

    Errors: NotPermitted, UserNotThere.
    """
    now = people.clock.now()
    with people.store.write() as tx:
        user = _kept(tx, by, body, name=name)
        if user.locked_at is None:
            user = _changed(tx, people, "lock_user", by=by, user=replace(user, locked_at=now))
            end_sessions(tx, user.id, now)
    return user


def unlock_user(people: People, by: Actor, body: str, *, name: str) -> User:
    """Take every lock away, and forget the failures. Errors: NotPermitted, UserNotThere."""
    with people.store.write() as tx:
        user = _kept(tx, by, body, name=name)
        free = replace(user, locked_at=None, failed=0, failed_at=None, locked_until=None)
        if free != user:
            _changed(tx, people, "unlock_user", by=by, user=free)
    return free


def reset_user(
    people: People, by: Actor, body: str, *, name: str, second_factor: bool = False, password: str | None = None
) -> Given:
    """Give a user a new initial password; sessions end, failures are forgotten, a lock by hand stays.

    Shape: `second_factor` takes the second factor away too (the telephone is lost).
    Errors: NotPermitted, UserNotThere, PasswordRefused; nothing is written then.
    """
    with people.store.read() as tx:
        known = _kept(tx, by, body, name=name)
    given, made = _new_password(people, password, own=(known.name, known.party))
    now = people.clock.now()
    with people.store.write() as tx:
        user = _kept(tx, by, body, name=name)
        user = replace(user, password=given, initial=True, password_at=now, failed=0, failed_at=None, locked_until=None)
        if second_factor:
            user = replace(user, second_factor=None, new_second_factor=None, last_step=None)
            drop_keys(tx, user.id)
        _changed(tx, people, "reset_second_factor" if second_factor else "reset_user", by=by, user=user)
        end_sessions(tx, user.id, now)
    return Given(user, made)


def set_role(people: People, by: Actor, body: str, *, name: str, role: str) -> User:
    """Give a user another role, in force with their next request. Errors: NotPermitted, UserNotThere, BadUser."""
    with people.store.write() as tx:
        user = _kept(tx, by, body, name=name)
        party = tx.party(user.party)
        wanted = rules_of.role_for(role, kind=party.kind if party else "")
        if wanted.name != user.role:
            user = _changed(tx, people, "set_role", by=by, user=replace(user, role=wanted.name))
    return user


def remove_user(people: People, by: Actor, body: str, *, name: str) -> User:
    """Remove a user for good: sessions and secrets go, the id stays taken. Errors: NotPermitted, UserNotThere."""
    now = people.clock.now()
    with people.store.write() as tx:
        user = replace(_kept(tx, by, body, name=name), removed_at=now, password="")
        user = replace(user, second_factor=None, new_second_factor=None)
        drop_keys(tx, user.id)
        _changed(tx, people, "remove_user", by=by, user=user)
        end_sessions(tx, user.id, now)
    return user


def grant_mandate(people: People, by: Actor, body: str, *, agent: str, principal: str) -> Mandate:
    """Let one party act for another from now on; one that is in force already is returned.

    Errors: NotPermitted, NoSuchParty, BadMandate.
    """
    rules_of.demand_mandate(by, sides=frozenset({principal}), body=body)
    with people.store.write() as tx:
        sides = [_party(tx, people, one) for one in (agent, principal)]
        rules_of.checked_mandate((sides[0].kind, agent), (sides[1].kind, principal))
        found = _in_force(tx, people, body, agent=agent, principal=principal)
        if found is None:
            found = Mandate(people.ids.new(), body, agent, principal, since=people.clock.now())
            tx.put_mandate(found)
            note(tx, people, "grant_mandate", by=by, body=body, subject=found.id)
    return found


def end_mandate(people: People, by: Actor, body: str, *, agent: str, principal: str) -> Mandate:
    """End a mandate at once, from either side. Errors: NotPermitted, MandateNotThere."""
    rules_of.demand_mandate(by, sides=frozenset({agent, principal}), body=body)
    with people.store.write() as tx:
        found = _in_force(tx, people, body, agent=agent, principal=principal)
        if found is None:
            raise MandateNotThere(agent=agent, principal=principal)
        found = replace(found, until=people.clock.now())
        tx.put_mandate(found)
        note(tx, people, "end_mandate", by=by, body=body, subject=found.id)
    return found


def list_mandates(people: People, by: Actor, *, party: str | None = None) -> list[Mandate]:
    """Return the mandates of a party from both sides, the ended ones too: one's own, or as the office anyone's.

    Errors: NotPermitted.
    """
    if not rules_of.permits(by, ALL_MANDATES):
        rules_of.demand(by, rules_of.MANDATES)
        party = by.party
    with people.store.read() as tx:
        found = tx.mandates(body=by.body or None)
    return [one for one in found if party in {None, one.agent, one.principal}]


def list_entries(people: People, by: Actor, *, subject: str | None = None) -> list[Entry]:
    """Return the journal of the actor's body, or of all for the console. Errors: NotPermitted."""
    rules_of.demand(by, AUDIT)
    with people.store.read() as tx:
        return [one for one in tx.entries(subject=subject) if by.body in {"", one.body}]


def act_for(people: People, actor: Actor, principal: str) -> Actor:
    """Return the actor at work for the principal. Asked with every request, so that an ended mandate ends at once.

    Errors: MandateNotThere.
    """
    with people.store.read() as tx:
        found = _in_force(tx, people, actor.body, agent=actor.party, principal=principal)
        party = tx.party(principal)
    if found is None or party is None or not _is_in(party, people):
        raise MandateNotThere(agent=actor.party, principal=principal)
    return actor.acting_for(principal, mandate=found.id)


def end_sessions(tx: WriteTx, user_id: str, now: datetime) -> None:
    """End every session of a user."""
    for session in tx.sessions(user_id):
        tx.put_session(replace(session, ended_at=now))


def drop_keys(tx: WriteTx, user_id: str) -> None:
    """Forget every security key of a user."""
    for key in tx.security_keys(user_id):
        tx.drop_security_key(key.id)


def note(
    tx: WriteTx, people: Noting, act: str, *, by: Actor, body: str, subject: str, facts: Mapping[str, Any] | None = None
) -> None:
    """Enter an act in the journal, with the one who did it and every party that is named by it.

    Shape: `facts` are what else is to be known of it: numbers and words, nothing personal and nothing secret.
    """
    tx.add_entry(
        Entry(
            id=people.ids.new(),
            at=people.clock.now(),
            act=act,
            body=body,
            user=by.user,
            party=by.party,
            subject=subject,
            acts_for=by.acts_for,
            mandate=by.mandate,
            facts=None if facts is None else json.dumps(facts, ensure_ascii=False),
        )
    )


def _kept(tx: ReadTx, by: Actor, body: str, *, name: str) -> User:
    """Return the user, if there is one and the actor keeps them. Errors: NotPermitted, UserNotThere."""
    if not rules_of.permits(by, ALL_PEOPLE):
        rules_of.demand(by, PEOPLE)
    folded = rules_of.folded_user_id(name)
    user = tx.user_by_name(body, folded)
    if user is None or user.removed_at is not None or not rules_of.keeps(by, party=user.party, body=body):
        raise UserNotThere(user=folded, body=body)
    rules_of.demand_over(by, user=user.name, party=user.party, body=body)
    return user


def _changed(tx: WriteTx, people: People, act: str, *, by: Actor, user: User) -> User:
    """Store a changed user with its entry in the journal."""
    tx.put_user(user)
    note(tx, people, act, by=by, body=user.body, subject=user.name)
    return user


def _new_password(people: People, password: str | None, *, own: tuple[str, ...]) -> tuple[str, str | None]:
    """Return the hash of a password, and the password itself if it was made here. Errors: PasswordRefused."""
    if password is None:
        made = initial_password(people.vault.chance(people.rules.initial_chars))
        return people.vault.hashed(made), made
    return people.vault.hashed(check_password(password, rules=people.rules, own=own, known=people.known)), None


def _party(tx: ReadTx, people: People, party_id: str) -> Party:
    """Return the party from the register; who begins later is there, to get ready before. Errors: NoSuchParty."""
    party = tx.party(party_id)
    if party is None or (party.until is not None and party.until <= people.register_clock.now()):
        raise NoSuchParty(party=party_id)
    return party


def _is_in(party: Party, people: People) -> bool:
    return rules_of.lasts(party.since, party.until, people.register_clock.now())


def _in_force(tx: ReadTx, people: People, body: str, *, agent: str, principal: str) -> Mandate | None:
    now = people.clock.now()
    found = tx.mandates(body=body, agent=agent, principal=principal)
    return next((one for one in found if rules_of.lasts(one.since, one.until, now)), None)
