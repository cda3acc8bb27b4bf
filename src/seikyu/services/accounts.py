"""Accounts from the first letter on: codes that are posted to a party, its first user, and what users accept.

A code is kept as a keyed digest, is good once and for some weeks, and a new one takes the place of the old. A wrong one
counts for the address and for the party, whether the party is there or not, so that neither can be found out; a right
one is let in whatever others tried for the party, as nobody hits on it by guessing. A slip of the hand is told before
anything is looked up and counts for nothing. Nobody is told which of party and code was wrong.
"""

import hmac
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from seikyu.ports.errors import SeikyuError, Unavailable
from seikyu.ports.people import Acceptance, RegistrationCode, User
from seikyu.ports.register import Party
from seikyu.ports.store import ReadTx, WriteTx
from seikyu.ports.trust import ClientIdentity
from seikyu.services.guessing import Counter, Stranger, TooManyTries, address_counter, code_counter, count, demand_turn
from seikyu.services.login import actor_for, again, user_of
from seikyu.services.people import NoSuchParty, People, UserThere, note
from seikyu.trust.agreements import Agreement, due
from seikyu.trust.codes import CHANCE_BYTES, make_code, read_code
from seikyu.trust.passwords import check_password
from seikyu.trust.people import ALL_PEOPLE, Actor, NotPermitted, folded_user_id, outside, permits_all, role_for

#: The role of a party's first user.
FIRST_ROLE: Final = "administrator"

_KIND: Final = "registration"
#: More characters than this are no number of a party.
_PARTY_CHARS: Final = 20
#: More characters than this of a typed number are not even brought into one form.
_TYPED_CHARS: Final = 64


class RegistrationRefused(SeikyuError):
    """Number and code do not belong together, or the code was used, replaced, or is too old; which is not said."""

    code = "registration_refused"


class RegistrationWaits(TooManyTries):
    """Too many wrong codes from this address or for this party. Shape: facts `until`."""

    @property
    def words_code(self) -> str:
        """Texts of its own: who registers has no certificate, and no other way in."""
        return f"{self.code}.registration"


class TermsNotAccepted(SeikyuError):
    """Every document in force has to be accepted, in the text that was shown; nothing is kept."""

    code = "terms_not_accepted"


@dataclass(frozen=True, slots=True)
class Posted:
    """A code as it is posted. Shape: `code` is kept nowhere but on the letter."""

    party: Party
    code: str = field(repr=False)
    until: datetime


@dataclass(frozen=True, slots=True)
class First:
    """What the first user of a party chooses. Shape: `accepted` are names and versions of the texts that were shown."""

    body: str
    user: str = field(repr=False)
    password: str = field(repr=False)
    accepted: frozenset[tuple[str, str]]
    lang: str


def post_codes(people: People, by: Actor, parties: Iterable[str]) -> list[Posted]:
    """Make a code for each of these parties, in the place of an older one.

    Errors: NotPermitted; NoSuchParty for one that is not in the register or has no accounts; nothing is kept then.
    """
    if not permits_all(by, ALL_PEOPLE, body=None):
        raise NotPermitted("the office posts codes", power=ALL_PEOPLE)
    now, posted = people.clock.now(), list[Posted]()
    with people.store.write() as tx:
        for party_id in parties:
            party = _party(tx, people, party_id)
            if party is None:
                raise NoSuchParty(party=party_id)
            code = make_code(_KIND, people.vault.chance(CHANCE_BYTES))
            until = now + people.rules.code_for
            digest = _digest(people, party.id, code)
            tx.put_registration_code(RegistrationCode(people.ids.new(), party.id, digest, made_at=now, until=until))
            note(tx, people, "post_code", by=by, body="", subject=party.id)
            posted.append(Posted(party, code, until))
    return posted


def parties_without_users(people: People, by: Actor) -> Iterator[str]:
    """Yield the parties in force that have neither a user nor a code that still counts. Errors: NotPermitted."""
    if not permits_all(by, ALL_PEOPLE, body=None):
        raise NotPermitted("the office posts codes", power=ALL_PEOPLE)
    now = people.clock.now()
    with people.store.read() as tx:
        having = {user.party for user in tx.users() if user.removed_at is None}
        for party in tx.parties():
            if party.id in having or _party(tx, people, party.id) is None:
                continue
            code = tx.registration_code(party.id)
            if code is None or code.used_at is not None or now >= code.until:
                yield party.id


def open_code(people: People, stranger: Stranger, *, party: str, code: str) -> Party:
    """Return the party that a code is for, and leave the code as it is.

    Errors: CodeMistyped, and nothing was looked up; RegistrationRefused, and the failure is written; TooManyTries.
    """
    return _right(people, stranger, party, typed=code)[0]


def register_first(people: People, stranger: Stranger, *, party: str, code: str, first: First) -> User:
    """Make the first user of a party, by its code and once, who has accepted what is in force.

    Errors: those of `open_code`; BadUser, PasswordRefused, TermsNotAccepted, UserThere: the code stays good then.
    Unavailable, if the code was used or replaced meanwhile.
    """
    found, row = _right(people, stranger, party, typed=code)
    name = folded_user_id(first.user)
    checked = check_password(first.password, rules=people.rules, own=(name, found.id), known=people.known)
    now = people.clock.now()
    texts = due(found.kind, frozenset(), now)
    if {(each.name, each.version) for each in texts} - first.accepted:
        raise TermsNotAccepted
    hashed = people.vault.hashed(checked)
    with people.store.write() as tx:
        if tx.registration_code(found.id) != row:
            raise Unavailable("the code was used meanwhile", retry_after_s=1)
        if tx.user_by_name(first.body, name) is not None:
            raise UserThere(user=name, body=first.body)
        role = role_for(FIRST_ROLE, kind=found.kind)
        user = User(
            id=people.ids.new(),
            body=first.body,
            name=name,
            party=found.id,
            role=role.name,
            password=hashed,
            initial=False,
            password_at=now,
            added_at=now,
        )
        tx.put_user(user)
        tx.put_registration_code(replace(row, used_at=now, user=user.id))
        _accept(tx, user, texts, lang=first.lang, now=now)
        by = Actor(user=name, party=found.id, body=first.body, role=role.name, certified=False)
        note(tx, people, "register", by=by, body=first.body, subject=name)
        tx.drop_guesses(code_counter(people, found.id).key)
    people.tell("user_registered", user=user.id, party=found.id)
    return user


def to_accept(people: People, identity: ClientIdentity | None, token: str) -> tuple[Agreement, ...]:
    """Return what the user has still to accept. Errors: LoginOver."""
    user = user_of(people, identity, token)
    with people.store.read() as tx:
        return _due(tx, user, people.clock.now())


def accept_terms(
    people: People, identity: ClientIdentity | None, token: str, *, accepted: frozenset[tuple[str, str]], lang: str
) -> None:
    """Keep what the user accepts, with time and version. Errors: LoginOver; TermsNotAccepted, if something is left."""
    seen, now = user_of(people, identity, token), people.clock.now()
    with people.store.write() as tx:
        user = again(tx, seen)
        texts = _due(tx, user, now)
        if {(each.name, each.version) for each in texts} - accepted:
            raise TermsNotAccepted
        _accept(tx, user, texts, lang=lang, now=now)
        if texts:
            note(
                tx, people, "accept_terms", by=actor_for(tx, people, identity, user), body=user.body, subject=user.name
            )


def _right(people: People, stranger: Stranger, typed_party: str, *, typed: str) -> tuple[Party, RegistrationCode]:
    """Return the party and its code, if they belong together and the code is good."""
    code, party_id = read_code(_KIND, typed), _party_number(typed_party)
    address, own = address_counter(people, stranger), code_counter(people, party_id)
    now = people.clock.now()
    with people.store.read() as tx:
        _demand_turn(tx, address, now)
        party, row = _party(tx, people, party_id), tx.registration_code(party_id)
    digest = _digest(people, party_id, code)
    good = row is not None and hmac.compare_digest(row.digest, digest) and row.used_at is None and now < row.until
    if party is None or row is None or not good:
        _refuse(people, address, own, now=now)
        raise RegistrationRefused
    return party, row


def _party_number(typed: str) -> str:
    """Return a number of a party as it is kept, whatever the width of its digits and the blanks between them."""
    return "".join(unicodedata.normalize("NFKC", typed[:_TYPED_CHARS]).split())[:_PARTY_CHARS]


def _refuse(people: People, address: Counter, own: Counter, *, now: datetime) -> None:
    """Count a failure. Errors: TooManyTries, if the address has failed as often meanwhile, or anybody for the party."""
    wait: RegistrationWaits | None = None
    with people.store.write() as tx:
        _demand_turn(tx, address, now)
        try:
            _demand_turn(tx, own, now)
        except RegistrationWaits as locked:
            wait = locked
        count(tx, (address,) if wait else (address, own), now)
    people.tell("registration_refused")
    if wait is not None:
        raise wait


def _demand_turn(tx: ReadTx, counter: Counter, now: datetime) -> None:
    """Errors: RegistrationWaits."""
    try:
        demand_turn(tx, (counter,), now)
    except TooManyTries as wait:
        raise RegistrationWaits(**wait.facts) from None


def _party(tx: ReadTx, people: People, party_id: str) -> Party | None:
    """Return the party, if it is in force and of a kind that has accounts here."""
    party = tx.party(party_id)
    if party is None or party.kind not in outside().kinds:
        return None
    # Who begins later has to get ready before; what a login may do is asked of the register then.
    return party if party.until is None or people.register_clock.now() < party.until else None


def _due(tx: ReadTx, user: User, now: datetime) -> tuple[Agreement, ...]:
    party = tx.party(user.party)
    accepted = {(each.document, each.version) for each in tx.acceptances(user.id)}
    return due(party.kind if party else "", accepted, now)


def _accept(tx: WriteTx, user: User, texts: tuple[Agreement, ...], *, lang: str, now: datetime) -> None:
    for each in texts:
        tx.put_acceptance(Acceptance(user.id, each.name, each.version, lang, now))


def _digest(people: People, party: str, code: str) -> str:
    return people.vault.keyed(f"registration|{party}|{code}")
