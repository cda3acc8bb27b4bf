"""What somebody who has logged in does with their own secrets: password, code app, security keys.

Nothing of it happens by a session alone, which may be somebody else's by now: a new password, a change of security
keys, and a code app beside what there is already need the present password, another code app a code of the present one
too. Every failure counts like one of a login.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from seikyu.ports.errors import AlreadyThere, SeikyuError
from seikyu.ports.people import HalfLogin, NewKey, Place, SecurityKey, User
from seikyu.ports.store import WriteTx
from seikyu.ports.trust import ClientIdentity
from seikyu.services.login import LoginOver, actor_for, again, digest_of, new_token, ready, step_of, tried, user_of
from seikyu.services.people import People, end_sessions, note
from seikyu.trust.passwords import PasswordRefused, check_password
from seikyu.trust.people import Actor, NotPermitted, roles
from seikyu.trust.totp import SECRET_BYTES, as_letters, uri_of

_CHALLENGE_BYTES: Final = 32
#: The longest name of a security key.
NAME_CHARS: Final = 40


class LastSecondFactor(SeikyuError):
    """The role needs a second factor, and this is the only one; it stays."""

    code = "last_second_factor"


class TooManyKeys(SeikyuError):
    """The user has as many security keys as one may have. Shape: facts `most`."""

    code = "too_many_keys"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A new second factor, to be shown once. Shape: `letters` to type, `uri` as a square code."""

    letters: str = field(repr=False)
    uri: str = field(repr=False)


def change_password(people: People, identity: ClientIdentity | None, token: str, *, old: str, new: str) -> None:
    """Set a new password. Every session of the user ends, this one too: they log in again with the new one.

    Errors: LoginOver, LoginLocked, PasswordRefused, PasswordWrong; the old one stays, and a wrong one counts.
    """
    seen = user_of(people, identity, token)
    checked = check_password(new, rules=people.rules, own=(seen.name, seen.party), known=people.known)
    before = ready(people, old)
    fits = people.vault.fits(before, seen.password)
    if fits and checked == before:
        raise PasswordRefused("same", rules=people.rules)
    fresh, now = people.vault.hashed(checked), people.clock.now()
    with people.store.write() as tx:
        user = again(tx, seen)
        user, trouble = tried(people, user, fits=fits, now=now)
        if trouble is None:
            user = replace(user, password=fresh, initial=False, password_at=now)
            end_sessions(tx, user.id, now)
            note(
                tx,
                people,
                "change_password",
                by=actor_for(tx, people, identity, user),
                body=user.body,
                subject=user.name,
            )
        tx.put_user(user)
    if trouble is not None:
        raise trouble


def begin_second_factor(people: People, identity: ClientIdentity | None, token: str) -> Enrolment:
    """Make a new second factor, which is in force after its first code only; the present one stays until then.

    Errors: LoginOver; NotPermitted, if the password has to be changed first.
    """
    seen = user_of(people, identity, token)
    if seen.initial:
        raise NotPermitted("the password has to be changed first", power="see")
    secret = people.vault.chance(SECRET_BYTES)
    sealed = people.vault.sealed(secret, owner=seen.id)
    with people.store.write() as tx:
        tx.put_user(replace(again(tx, seen), new_second_factor=sealed))
    return Enrolment(as_letters(secret), uri_of(secret, user=seen.name, issuer=f"seikyu {seen.body}"))


def confirm_second_factor(
    people: People, identity: ClientIdentity | None, token: str, *, new_code: str, code: str | None = None,
    password: str | None = None,
) -> Actor:  # fmt: skip
    """Put the new second factor in force, by its first code.

    Shape: where there is a second factor already, of any kind, `password` is the present one; where it is a code app,
    `code` is one of that.
    Errors: LoginOver, LoginLocked; PasswordWrong, if password or code does not fit: it counts as a failure.
    """
    seen, now = user_of(people, identity, token), people.clock.now()
    known = password is not None and people.vault.fits(ready(people, password), seen.password)
    with people.store.write() as tx:
        user = again(tx, seen)
        may = known or (user.second_factor is None and not tx.security_keys(user.id))
        step = step_of(people, user, user.new_second_factor, code=new_code, now=now, last_step=None)
        present = user.second_factor is None or (
            step_of(people, user, user.second_factor, code=code or "", now=now, last_step=user.last_step) is not None
        )
        user, trouble = tried(people, user, fits=may and step is not None and present, now=now)
        if trouble is None:
            user = replace(user, second_factor=user.new_second_factor, new_second_factor=None, last_step=step)
            note(
                tx,
                people,
                "set_second_factor",
                by=actor_for(tx, people, identity, user),
                body=user.body,
                subject=user.name,
            )
        tx.put_user(user)
        actor = actor_for(tx, people, identity, user)
    if trouble is not None:
        raise trouble
    return actor


@dataclass(frozen=True, slots=True)
class NewKeyAsked:
    """A new security key that has been asked for. Shape: `question` is JSON for the browser; `token` finishes it."""

    token: str = field(repr=False)
    question: str = field(repr=False)


def factors_of(people: People, identity: ClientIdentity | None, token: str) -> tuple[bool, list[SecurityKey]]:
    """Return whether the user has a code app, and their security keys. Errors: LoginOver."""
    user = user_of(people, identity, token)
    with people.store.read() as tx:
        return user.second_factor is not None, tx.security_keys(user.id)


def begin_key(people: People, identity: ClientIdentity | None, token: str, *, password: str, host: str) -> NewKeyAsked:
    """Ask for a new security key, for a page at `host`.

    Errors: LoginOver, LoginLocked, PasswordWrong; NotPermitted, if the password has to be changed first; TooManyKeys.
    """
    made, challenge, now = new_token(people), people.vault.chance(_CHALLENGE_BYTES), people.clock.now()

    def begin(tx: WriteTx, user: User) -> None:
        if len(tx.security_keys(user.id)) >= people.rules.most_keys:
            raise TooManyKeys(most=people.rules.most_keys)
        tx.drop_half_logins_before(now)
        until, serial = now + people.rules.half_for, identity.serial if identity else ""
        tx.put_half_login(HalfLogin(digest_of(made), user.id, "new_key", serial, challenge.hex(), user.password, until))

    user = _by_password(people, identity, token, password=password, then=begin)
    with people.store.read() as tx:
        known = tx.security_keys(user.id)
    return NewKeyAsked(made, people.keys.ask_new(challenge, host=host, user=user, known=known))


def finish_key(
    people: People, identity: ClientIdentity | None, token: str, *, asked: str, answer: str, name: str, place: Place
) -> SecurityKey:
    """Put a new security key in force by its answer to what was asked, once.

    Errors: LoginOver; KeyRefused, and what was asked is over; AlreadyThere, if somebody has the key.
    """
    seen, now = user_of(people, identity, token), people.clock.now()
    with people.store.write() as tx:
        half = tx.half_login(digest_of(asked))
        tx.drop_half_login(digest_of(asked))
    if half is None or half.purpose != "new_key" or now >= half.until:
        raise LoginOver
    if (half.user, half.password) != (seen.id, seen.password):
        raise LoginOver
    new = people.keys.read_new(answer, bytes.fromhex(half.challenge), place)
    with people.store.write() as tx:
        return _added(tx, people, identity, again(tx, seen), new=new, name=name, now=now)


def remove_key(people: People, identity: ClientIdentity | None, token: str, *, key: str, password: str) -> None:
    """Take a security key away; one that is not there is away.

    Errors: LoginOver, LoginLocked, PasswordWrong; LastSecondFactor, and it stays.
    """

    def remove(tx: WriteTx, user: User) -> None:
        keys = tx.security_keys(user.id)
        if key not in {each.id for each in keys}:
            return
        _demand_another(user, others=len(keys) - 1 + (user.second_factor is not None))
        tx.drop_security_key(key)
        by = actor_for(tx, people, identity, user)
        note(tx, people, "remove_key", by=by, body=user.body, subject=user.name)

    _by_password(people, identity, token, password=password, then=remove)


def remove_code_app(people: People, identity: ClientIdentity | None, token: str, *, password: str) -> None:
    """Take the code app away. Errors: LoginOver, LoginLocked, PasswordWrong; LastSecondFactor, and it stays."""

    def remove(tx: WriteTx, user: User) -> None:
        _demand_another(user, others=len(tx.security_keys(user.id)))
        user = replace(user, second_factor=None, new_second_factor=None, last_step=None)
        tx.put_user(user)
        by = actor_for(tx, people, identity, user)
        note(tx, people, "remove_second_factor", by=by, body=user.body, subject=user.name)

    _by_password(people, identity, token, password=password, then=remove)


def _by_password(
    people: People, identity: ClientIdentity | None, token: str, *, password: str, then: Callable[[WriteTx, User], None]
) -> User:
    """Do something that needs the present password. Errors: LoginOver, LoginLocked, PasswordWrong, NotPermitted."""
    seen, now = user_of(people, identity, token), people.clock.now()
    if seen.initial:
        raise NotPermitted("the password has to be changed first", power="see")
    fits = people.vault.fits(ready(people, password), seen.password)
    with people.store.write() as tx:
        user, trouble = tried(people, again(tx, seen), fits=fits, now=now)
        tx.put_user(user)
        if trouble is None:
            then(tx, user)
    if trouble is not None:
        raise trouble
    return user


def _added(
    tx: WriteTx, people: People, identity: ClientIdentity | None, user: User, *, new: NewKey, name: str, now: datetime
) -> SecurityKey:
    if tx.security_key(new.id) is not None:
        raise AlreadyThere("the security key is somebody's")
    key = SecurityKey(new.id, user.id, name.strip()[:NAME_CHARS], new.public_key, new.sign_count, added_at=now)
    tx.put_security_key(key)
    note(tx, people, "add_key", by=actor_for(tx, people, identity, user), body=user.body, subject=user.name)
    return key


def _demand_another(user: User, *, others: int) -> None:
    """Errors: LastSecondFactor, if the role needs one and there would be none."""
    if roles()[user.role].second_factor_required and not others:
        raise LastSecondFactor
