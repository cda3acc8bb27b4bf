"""Logging in with a user id beside the certificate, and what a session does for itself: password and second factor.

The certificate comes first: a user id of another party is as unknown as one that nobody has, and its failures lock
nobody. (Row C17: the answer names the party that the certificate speaks for, so that a person sees which one is in
use.) Hashing is done outside of transactions, always once, also for whom nobody knows; what is decided is decided in
one transaction on the row as it is then, so that of many tries at once no more are looked at than of one after the
other.

Source: network:11 (C17); provider:8.
"""

import base64
import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from seikyu.ports.errors import SeikyuError, Unavailable
from seikyu.ports.people import Session, User
from seikyu.ports.store import ReadTx
from seikyu.ports.trust import ClientIdentity
from seikyu.services.people import People, end_sessions, note
from seikyu.trust.logins import NO_FAILURE, Tries, after_failure, is_locked, is_over, is_stale
from seikyu.trust.passwords import PasswordRefused, check_password, prepared
from seikyu.trust.people import Actor, BadUser, NotPermitted, first_duty, folded_user_id, roles
from seikyu.trust.totp import SECRET_BYTES, as_letters, fitting_step, uri_of

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
    """The password was right; the code of the second factor is missing. Nothing has begun."""

    code = "second_factor_needed"


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
    """A session that has begun. Shape: `token` is the only way to it, and is kept nowhere here."""

    token: str = field(repr=False)
    actor: Actor
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A new second factor, to be shown once. Shape: `letters` to type, `uri` as a square code."""

    letters: str = field(repr=False)
    uri: str = field(repr=False)


def login(people: People, identity: ClientIdentity, typed: Typed) -> Opened:
    """Begin a session.

    Errors: LoginRefused, LoginLocked, LoginLockedByHand, InitialPasswordOver, SecondFactorNeeded; the failure is
    written then. Unavailable, if the password was changed meanwhile; nothing is written.
    """
    with people.store.read() as tx:
        seen = _whom(tx, identity, typed)
    password = _ready(people, typed.password)
    fits = people.vault.fits(password, seen.password if seen else None)
    renewed = people.vault.hashed(password) if seen and fits and people.vault.is_outdated(seen.password) else None
    token = base64.urlsafe_b64encode(people.vault.chance(_TOKEN_BYTES)).decode("ascii").rstrip("=")
    now = people.clock.now()
    with people.store.write() as tx:
        user = _whom(tx, identity, typed)
        if (user and user.password) != (seen and seen.password):
            raise Unavailable("the password was changed meanwhile", retry_after_s=1)
        if user is None:
            tx.next_number(_UNKNOWN)
            trouble: SeikyuError | None = LoginRefused(party=identity.party)
        else:
            user, trouble = _judged(people, user, fits=fits, code=typed.code, now=now)
            user = replace(user, password=renewed) if renewed and trouble is None else user
            tx.put_user(user)
        if user is not None and trouble is None:
            tx.put_session(Session(_digest(token), user.id, identity.serial, started_at=now, seen_at=now))
            note(tx, people, "login", by=_actor(user), body=user.body, subject=user.name)
    if user is None or trouble is not None:
        trouble = trouble or LoginRefused(party=identity.party)
        trouble.facts.setdefault("party", identity.party)
        people.tell("login_refused", party=identity.party, serial=identity.serial, why=trouble.code)
        raise trouble
    people.tell("login", user=user.id, party=user.party, serial=identity.serial)
    return Opened(token, _actor(user), now + people.rules.absolute)


def actor_of(people: People, identity: ClientIdentity, token: str) -> Actor:
    """Return who asks; asked with every request. `must` of the actor says what has to come first.

    Errors: LoginOver.
    """
    return _actor(_user_of(people, identity, token))


def logout(people: People, identity: ClientIdentity, token: str) -> None:
    """End a session; one that is over stays so."""
    with people.store.write() as tx:
        session = tx.session(_digest(token))
        if session is not None and session.ended_at is None and session.serial == identity.serial:
            tx.put_session(replace(session, ended_at=people.clock.now()))


def change_password(people: People, identity: ClientIdentity, token: str, *, old: str, new: str) -> None:
    """Set a new password. Every session of the user ends, this one too: they log in again with the new one.

    Errors: LoginOver, LoginLocked, PasswordRefused, PasswordWrong; the old one stays, and a wrong one counts.
    """
    seen = _user_of(people, identity, token)
    ready = check_password(new, rules=people.rules, own=(seen.name, seen.party), known=people.known)
    before = _ready(people, old)
    fits = people.vault.fits(before, seen.password)
    if fits and ready == before:
        raise PasswordRefused("same", rules=people.rules)
    fresh, now = people.vault.hashed(ready), people.clock.now()
    with people.store.write() as tx:
        user = _again(tx, seen)
        user, trouble = _tried(people, user, fits=fits, now=now)
        if trouble is None:
            user = replace(user, password=fresh, initial=False, password_at=now)
            end_sessions(tx, user.id, now)
            note(tx, people, "change_password", by=_actor(user), body=user.body, subject=user.name)
        tx.put_user(user)
    if trouble is not None:
        raise trouble


def begin_second_factor(people: People, identity: ClientIdentity, token: str) -> Enrolment:
    """Make a new second factor, which is in force after its first code only; the present one stays until then.

    Errors: LoginOver; NotPermitted, if the password has to be changed first.
    """
    seen = _user_of(people, identity, token)
    if _actor(seen).must == "change_password":
        raise NotPermitted("the password has to be changed first", power="see")
    secret = people.vault.chance(SECRET_BYTES)
    sealed = people.vault.sealed(secret, owner=seen.id)
    with people.store.write() as tx:
        tx.put_user(replace(_again(tx, seen), new_second_factor=sealed))
    return Enrolment(as_letters(secret), uri_of(secret, user=seen.name, issuer=f"seikyu {seen.body}"))


def confirm_second_factor(
    people: People, identity: ClientIdentity, token: str, *, new_code: str, code: str | None = None
) -> Actor:
    """Put the new second factor in force, by its first code; where there is one already, by a code of that too.

    Errors: LoginOver, LoginLocked; PasswordWrong, if a code does not fit: it counts as a failure.
    """
    seen, now = _user_of(people, identity, token), people.clock.now()
    with people.store.write() as tx:
        user = _again(tx, seen)
        step = _step(people, user, user.new_second_factor, code=new_code, now=now, last_step=None)
        present = user.second_factor is None or (
            _step(people, user, user.second_factor, code=code or "", now=now, last_step=user.last_step) is not None
        )
        user, trouble = _tried(people, user, fits=step is not None and present, now=now)
        if trouble is None:
            user = replace(user, second_factor=user.new_second_factor, new_second_factor=None, last_step=step)
            note(tx, people, "set_second_factor", by=_actor(user), body=user.body, subject=user.name)
        tx.put_user(user)
    if trouble is not None:
        raise trouble
    return _actor(user)


def _whom(tx: ReadTx, identity: ClientIdentity, typed: Typed) -> User | None:
    """Return the user, if they are of the certificate's party and still there."""
    try:
        user = tx.user_by_name(typed.body, folded_user_id(typed.user))
    except BadUser:
        return None
    return user if user and user.removed_at is None and user.party == identity.party else None


def _judged(
    people: People, user: User, *, fits: bool, code: str | None, now: datetime
) -> tuple[User, SeikyuError | None]:
    """Return the user after a try, and why it does not go through."""
    if user.locked_at is not None:
        return user, LoginLockedByHand()
    if is_locked(_tries(user), now):
        return user, LoginLocked(until=user.locked_until)
    if fits and user.initial and is_stale(user.password_at, now, rules=people.rules):
        return user, InitialPasswordOver()
    if fits and user.second_factor is not None:
        if code is None:
            return user, SecondFactorNeeded()
        step = _step(people, user, user.second_factor, code=code, now=now, last_step=user.last_step)
        fits = step is not None
        user = replace(user, last_step=step or user.last_step)
    user, trouble = _tried(people, user, fits=fits, now=now)
    return user, LoginRefused() if isinstance(trouble, PasswordWrong) else trouble


def _tried(people: People, user: User, *, fits: bool, now: datetime) -> tuple[User, SeikyuError | None]:
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


def _step(
    people: People, user: User, sealed: str | None, *, code: str, now: datetime, last_step: int | None
) -> int | None:
    """Return the step that a code fits, by a sealed secret. Errors: Damaged."""
    if sealed is None:
        return None
    return fitting_step(people.vault.opened(sealed, owner=user.id), code, now, last_step=last_step)


def _user_of(people: People, identity: ClientIdentity, token: str) -> User:
    """Return whose session it is, and write down that it was used. Errors: LoginOver."""
    now = people.clock.now()
    with people.store.read() as tx:
        session = tx.session(_digest(token))
        user = tx.user(session.user) if session else None
    if session is None or user is None or session.ended_at is not None:
        raise LoginOver
    late = is_over(started_at=session.started_at, seen_at=session.seen_at, now=now, rules=people.rules)
    if late or (session.serial, user.party) != (identity.serial, identity.party):
        raise LoginOver
    if now - session.seen_at >= _SEEN_EVERY:
        with people.store.write() as tx:
            present = tx.session(session.id)
            if present is not None and present.ended_at is None:
                tx.put_session(replace(present, seen_at=max(present.seen_at, now)))
    return user


def _again(tx: ReadTx, seen: User) -> User:
    """Return the user as they are now. Errors: LoginOver, if they were locked, reset or removed meanwhile."""
    user = tx.user(seen.id)
    if user is None or user.password != seen.password or user.locked_at is not None:
        raise LoginOver
    return user


def _actor(user: User) -> Actor:
    duty = first_duty(roles()[user.role], must_change=user.initial, has_second_factor=user.second_factor is not None)
    return Actor(user=user.name, party=user.party, body=user.body, role=user.role, must=duty)


def _tries(user: User) -> Tries:
    return Tries(user.failed, user.failed_at, user.locked_until)


def _ready(people: People, password: str) -> str:
    """Return a typed password as it is compared; one that is too long stays too long to fit anything."""
    return prepared(password[:_TYPED_CHARS])[: people.rules.most_chars + 1]


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
