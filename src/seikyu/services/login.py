"""Logging in with a user id beside the certificate, and what a session is worth.

The certificate comes first: a user id of another party is as unknown as one that nobody has, and its failures lock
nobody. (Row C17: the answer names the party that the certificate speaks for, so that a person sees which one is in
use.) Hashing is done outside of transactions, always once, also for whom nobody knows; what is decided is decided in
one transaction on the row as it is then, so that of many tries at once no more are looked at than of one after the
other.

On the public face there is no certificate (`identity` is None): a session is then good for that face alone and gives
less (`trust.people.outside`), and failures count for strangers (`services.guessing`), not for the user. A login that
needs a second factor is in between: its first half waits a few minutes for the other (`finish_login`).

Source: network:11 (C17); provider:8.
"""

import base64
import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from seikyu.ports.errors import SeikyuError, Unavailable
from seikyu.ports.people import NOWHERE, HalfLogin, KeyRefused, Place, SecurityKey, Session, User
from seikyu.ports.store import ReadTx, WriteTx
from seikyu.ports.trust import ClientIdentity
from seikyu.services.guessing import (
    Counter,
    Door,
    Stranger,
    address_counter,
    count,
    demand_turn,
    door_counter,
    known_cookie,
)
from seikyu.services.people import People, note
from seikyu.trust.agreements import due
from seikyu.trust.logins import NO_FAILURE, Tries, after_failure, is_locked, is_over, is_stale
from seikyu.trust.passwords import prepared
from seikyu.trust.people import Actor, BadUser, first_duty, folded_user_id, outside, roles
from seikyu.trust.totp import fitting_step

_TOKEN_BYTES: Final = 32
#: A session's last request is written down no more often than this.
_SEEN_EVERY: Final = timedelta(minutes=1)
#: More characters than this of a typed password are not even brought into one form.
_TYPED_CHARS: Final = 1024
#: Counts the tries of ids that nobody has, so that these write as much as the others.
_UNKNOWN: Final = "unknown_logins"


class LoginRefused(SeikyuError):
    """User id, password, code and certificate do not fit together; which of them is not said.

    Shape: facts `party` (the one that the certificate speaks for).
    """

    code = "login_refused"


class LoginRefusedOutside(LoginRefused):
    """The same on the public face, where no certificate speaks for a party."""

    code = "login_refused_outside"


class LoginLocked(SeikyuError):
    """Too many failures; no try is looked at before the time told. Shape: facts `until`."""

    code = "login_locked"


class LoginLockedByHand(SeikyuError):
    """An administrator has locked the user, and will have to unlock them."""

    code = "login_locked_by_hand"


class InitialPasswordOver(SeikyuError):
    """The initial password was right, but has waited too long; an administrator gives a new one."""

    code = "initial_password_over"


class SecondFactorNeeded(SeikyuError):
    """The password was right; the second factor is missing. No session has begun.

    Shape: `half` is what finishes the login; it is no fact, and is told to nobody but who typed the password.
    """

    code = "second_factor_needed"

    def __init__(self, half: "Half") -> None:
        super().__init__()
        self.half = half


class PasswordWrong(SeikyuError):
    """The present password, or the present code, is not this; nothing was changed, and the failure counts."""

    code = "password_wrong"


class LoginOver(SeikyuError):
    """There is no session of that token, or it has ended, or it was made with another certificate."""

    code = "login_over"


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed; none of it is shown, as a password may be typed in the place of the user id.

    Shape: `code` is that of the second factor, if asked for.
    """

    body: str
    user: str = field(repr=False)
    password: str = field(repr=False)
    code: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that has begun.

    Shape: `token` is the only way to it, and is kept nowhere here; `known` makes a browser known on the public face.
    """

    token: str = field(repr=False)
    actor: Actor
    ends_at: datetime
    known: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Half:
    """A login whose password was right. Shape: `keys` are the security keys that may finish it; `has_code`, an app."""

    token: str = field(repr=False)
    challenge: bytes = field(repr=False)
    keys: tuple[SecurityKey, ...]
    has_code: bool


@dataclass(frozen=True, slots=True)
class Second:
    """What finishes a login: a code, or the answer of a security key to the page at `place`."""

    code: str | None = field(default=None, repr=False)
    answer: str | None = field(default=None, repr=False)
    place: Place = NOWHERE


def login(people: People, identity: ClientIdentity | None, typed: Typed, *, stranger: Stranger | None = None) -> Opened:
    """Begin a session; on the public face (`identity` None) for `stranger`.

    Errors: LoginRefused, LoginLocked, LoginLockedByHand, InitialPasswordOver, SecondFactorNeeded; the failure is
    written then. TooManyTries, and the try is not looked at. Unavailable, if the password was changed meanwhile.
    """
    if (identity is None) != (stranger is not None):
        raise ValueError("a login has a certificate, or comes from a stranger")
    now = people.clock.now()
    with people.store.read() as tx:
        seen = _whom(tx, people, identity, typed)
        counters = _counters(tx, people, stranger, typed, seen)
        demand_turn(tx, counters, now)
    password = ready(people, typed.password)
    fits = people.vault.fits(password, seen.password if seen else None)
    renewed = people.vault.hashed(password) if seen and fits and people.vault.is_outdated(seen.password) else None
    token, now = new_token(people), people.clock.now()
    opened: Opened | None = None
    with people.store.write() as tx:
        demand_turn(tx, counters, now)
        user = _whom(tx, people, identity, typed)
        if (user and user.password) != (seen and seen.password):
            raise Unavailable("the password was changed meanwhile", retry_after_s=1)
        if user is None:
            tx.next_number(_UNKNOWN)
            trouble: SeikyuError | None = LoginRefused()
        elif identity is None and not fits:
            trouble = LoginRefused()
        else:
            keys = tx.security_keys(user.id)
            user, trouble = _judged(people, user, fits=fits, code=typed.code, keys=bool(keys), now=now)
            user = replace(user, password=renewed) if renewed and trouble is None else user
            tx.put_user(user)
            if isinstance(trouble, SecondFactorNeeded):
                trouble = SecondFactorNeeded(_half(tx, people, identity, user, token=token, now=now))
        if isinstance(trouble, LoginRefused):
            count(tx, counters, now)
        elif user is not None and trouble is None:
            _forget_door(tx, counters)
            opened = _opened(tx, people, identity, user, token=token, now=now)
    return _told(people, identity, opened, trouble, user)


def finish_login(people: People, identity: ClientIdentity | None, token: str, second: Second) -> Opened:
    """Begin a session with the second factor; the password was right before.

    Errors: LoginOver, if the first half is none, or has waited too long; LoginRefused, LoginLocked, LoginLockedByHand;
    the failure is written then, and what a security key was asked is asked anew (`half_of`).
    """
    now, session = people.clock.now(), new_token(people)
    with people.store.read() as tx:
        half, user, keys = _half_there(tx, people, identity, token, now)
    key = _read_key(people, half, keys, second) if second.answer is not None else None
    opened: Opened | None = None
    with people.store.write() as tx:
        present, user, _ = _half_there(tx, people, identity, token, now)
        if present.challenge != half.challenge:
            raise LoginOver  # The same answer was given twice at once.
        code = second.code if second.code is not None else ""
        user, trouble = _judged(people, user, fits=True, code=code, keys=bool(keys), key=key, now=now)
        tx.put_user(user)
        if trouble is None:
            tx.drop_half_login(half.id)
            if key is not None:
                tx.put_security_key(replace(key, used_at=now))
            opened = _opened(tx, people, identity, user, token=session, now=now)
        else:
            tx.put_half_login(replace(half, challenge=people.vault.chance(_TOKEN_BYTES).hex()))
    return _told(people, identity, opened, trouble, user)


def half_of(people: People, identity: ClientIdentity | None, token: str) -> Half:
    """Return the first half of a login, to ask for the other. Errors: LoginOver."""
    with people.store.read() as tx:
        half, user, keys = _half_there(tx, people, identity, token, people.clock.now())
    return Half(token, bytes.fromhex(half.challenge), tuple(keys), user.second_factor is not None)


def actor_of(people: People, identity: ClientIdentity | None, token: str) -> Actor:
    """Return who asks; asked with every request. `must` of the actor says what has to come first.

    Errors: LoginOver.
    """
    user = user_of(people, identity, token)
    with people.store.read() as tx:
        return actor_for(tx, people, identity, user)


def logout(people: People, identity: ClientIdentity | None, token: str) -> None:
    """End a session; one that is over stays so."""
    with people.store.write() as tx:
        session = tx.session(digest_of(token))
        if session is not None and session.ended_at is None and session.serial == _serial(identity):
            tx.put_session(replace(session, ended_at=people.clock.now()))


def user_of(people: People, identity: ClientIdentity | None, token: str) -> User:
    """Return whose session it is, and write down that it was used. Errors: LoginOver."""
    now = people.clock.now()
    with people.store.read() as tx:
        session = tx.session(digest_of(token))
        user = tx.user(session.user) if session else None
        there = user is not None and _may_come(tx, people, identity, user)
    if session is None or user is None or session.ended_at is not None:
        raise LoginOver
    late = is_over(started_at=session.started_at, seen_at=session.seen_at, now=now, rules=people.rules)
    if late or not there or session.serial != _serial(identity):
        raise LoginOver
    if now - session.seen_at >= _SEEN_EVERY:
        with people.store.write() as tx:
            present = tx.session(session.id)
            if present is not None and present.ended_at is None:
                tx.put_session(replace(present, seen_at=max(present.seen_at, now)))
    return user


def again(tx: ReadTx, seen: User) -> User:
    """Return the user as they are now. Errors: LoginOver, if they were locked, reset or removed meanwhile."""
    user = tx.user(seen.id)
    if user is None or user.password != seen.password or user.locked_at is not None:
        raise LoginOver
    return user


def actor_for(tx: ReadTx, people: People, identity: ClientIdentity | None, user: User) -> Actor:
    """Return a user as somebody who acts, with what has to come first."""
    role = roles()[user.role]
    party = tx.party(user.party)
    accepted = {(each.document, each.version) for each in tx.acceptances(user.id)}
    duty = first_duty(
        role,
        must_change=user.initial,
        has_second_factor=user.second_factor is not None or bool(tx.security_keys(user.id)),
        must_accept=bool(due(party.kind if party else "", accepted, people.clock.now())),
    )
    return Actor(
        user=user.name, party=user.party, body=user.body, role=user.role, must=duty, certified=identity is not None
    )


def tried(people: People, user: User, *, fits: bool, now: datetime) -> tuple[User, SeikyuError | None]:
    """Return the user with the try counted, and why it does not go through; during a lock it is not looked at."""
    tries = _tries(user)
    if is_locked(tries, now):
        return user, LoginLocked(until=tries.locked_until)
    tries = NO_FAILURE if fits else after_failure(tries, now, rules=people.rules)
    counted = replace(user, failed=tries.failed, failed_at=tries.failed_at, locked_until=tries.locked_until)
    if is_locked(tries, now):
        people.tell("user_locked", user=user.id, party=user.party, until=str(tries.locked_until))
        return counted, LoginLocked(until=tries.locked_until)
    return counted, None if fits else PasswordWrong()


def digest_of(token: str) -> str:
    """Return what a token is kept as."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def ready(people: People, password: str) -> str:
    """Return a typed password as it is compared; one that is too long stays too long to fit anything."""
    return prepared(password[:_TYPED_CHARS])[: people.rules.most_chars + 1]


def _told(
    people: People, identity: ClientIdentity | None, opened: Opened | None, trouble: SeikyuError | None,
    user: User | None,
) -> Opened:  # fmt: skip
    """Tell of a login, and return it. Errors: what it did not go through for."""
    who = {"party": identity.party, "serial": identity.serial} if identity else {"face": "public"}
    if opened is not None and user is not None:
        people.tell("login", user=user.id, **{"party": user.party} | who)
        return opened
    if trouble is None:
        raise AssertionError("a login that neither went through nor was refused")
    if isinstance(trouble, LoginRefused) and identity is None:
        trouble = LoginRefusedOutside()
    if identity is not None:
        trouble.facts.setdefault("party", identity.party)
    people.tell("login_refused", why=trouble.code, **who)
    raise trouble


def _counters(
    tx: ReadTx, people: People, stranger: Stranger | None, typed: Typed, seen: User | None
) -> tuple[Counter, ...]:
    """Return what a failure of a stranger counts for; with a certificate nothing but the user."""
    if stranger is None:
        return ()
    try:
        name = folded_user_id(typed.user)
    except BadUser:
        name = ""
    door = Door(typed.body, name, seen.id if seen else None)
    return address_counter(people, stranger), door_counter(tx, people, stranger, door)


def _forget_door(tx: WriteTx, counters: tuple[Counter, ...]) -> None:
    """Forget the failures at a door whose owner has come; those of the address stay."""
    for each in counters[1:]:
        tx.drop_guesses(each.key)


def _half(
    tx: WriteTx, people: People, identity: ClientIdentity | None, user: User, *, token: str, now: datetime
) -> Half:
    challenge = people.vault.chance(_TOKEN_BYTES)
    tx.drop_half_logins_before(now)
    tx.put_half_login(
        HalfLogin(
            id=digest_of(token),
            user=user.id,
            purpose="login",
            serial=_serial(identity),
            challenge=challenge.hex(),
            password=user.password,
            until=now + people.rules.half_for,
        )
    )
    return Half(token, challenge, tuple(tx.security_keys(user.id)), user.second_factor is not None)


def _half_there(
    tx: ReadTx, people: People, identity: ClientIdentity | None, token: str, now: datetime
) -> tuple[HalfLogin, User, list[SecurityKey]]:
    """Return the first half of a login, its user and their keys. Errors: LoginOver."""
    half = tx.half_login(digest_of(token))
    user = tx.user(half.user) if half else None
    if half is None or user is None or half.purpose != "login" or now >= half.until:
        raise LoginOver
    if half.serial != _serial(identity) or half.password != user.password:
        raise LoginOver
    if not _may_come(tx, people, identity, user):
        raise LoginOver
    return half, user, tx.security_keys(user.id)


def _read_key(people: People, half: HalfLogin, keys: list[SecurityKey], second: Second) -> SecurityKey | None:
    """Return the key that has answered, or None if the answer is none."""
    try:
        challenge = bytes.fromhex(half.challenge)
        return people.keys.read(second.answer or "", challenge, second.place, keys=keys)
    except KeyRefused:
        return None


def _opened(
    tx: WriteTx, people: People, identity: ClientIdentity | None, user: User, *, token: str, now: datetime
) -> Opened:
    """Begin a session."""
    tx.put_session(Session(digest_of(token), user.id, _serial(identity), started_at=now, seen_at=now))
    actor = actor_for(tx, people, identity, user)
    note(tx, people, "login" if identity else "login_outside", by=actor, body=user.body, subject=user.name)
    known = known_cookie(people, user.id) if identity is None else ""
    return Opened(token, actor, now + people.rules.absolute, known)


def _whom(tx: ReadTx, people: People, identity: ClientIdentity | None, typed: Typed) -> User | None:
    """Return the user, if they may come in here: of the certificate's party, or of any on the public face."""
    try:
        user = tx.user_by_name(typed.body, folded_user_id(typed.user))
    except BadUser:
        return None
    return user if user and user.removed_at is None and _may_come(tx, people, identity, user) else None


def _may_come(tx: ReadTx, people: People, identity: ClientIdentity | None, user: User) -> bool:
    """True if the user is of the certificate's party; without one, of a party that the register has and lets in."""
    if identity is not None:
        return user.party == identity.party
    party = tx.party(user.party)
    if party is None or party.kind not in outside().kinds:
        return False
    # Who begins later has to get ready before.
    return party.until is None or people.register_clock.now() < party.until


def _judged(
    people: People, user: User, *, fits: bool, code: str | None, keys: bool, now: datetime,
    key: SecurityKey | None = None,
) -> tuple[User, SeikyuError | None]:  # fmt: skip
    """Return the user after a try, and why it does not go through."""
    if user.locked_at is not None:
        return user, LoginLockedByHand()
    if is_locked(_tries(user), now):
        return user, LoginLocked(until=user.locked_until)
    if fits and user.initial and is_stale(user.password_at, now, rules=people.rules):
        return user, InitialPasswordOver()
    if fits and key is None and (user.second_factor is not None or keys):
        if code is None:
            return user, SecondFactorNeeded(_NO_HALF)
        step = step_of(people, user, user.second_factor, code=code, now=now, last_step=user.last_step)
        fits = step is not None
        user = replace(user, last_step=step or user.last_step)
    user, trouble = tried(people, user, fits=fits, now=now)
    return user, LoginRefused() if isinstance(trouble, PasswordWrong) else trouble


def step_of(
    people: People, user: User, sealed: str | None, *, code: str, now: datetime, last_step: int | None
) -> int | None:
    """Return the step that a code fits, by a sealed secret. Errors: Damaged."""
    if sealed is None:
        return None
    return fitting_step(people.vault.opened(sealed, owner=user.id), code, now, last_step=last_step)


def _tries(user: User) -> Tries:
    return Tries(user.failed, user.failed_at, user.locked_until)


def _serial(identity: ClientIdentity | None) -> str:
    return identity.serial if identity else ""


def new_token(people: People) -> str:
    """Return a token that nobody can guess."""
    return base64.urlsafe_b64encode(people.vault.chance(_TOKEN_BYTES)).decode("ascii").rstrip("=")


#: Stands where a login is judged, before its first half is written.
_NO_HALF: Final = Half("", b"", (), has_code=False)
