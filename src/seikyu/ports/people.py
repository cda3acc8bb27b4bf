"""Rows of people, mandates, sessions and the journal, and what services need to keep secrets.

The methods belong to the transactions of `ports.store`. No secret stands in a row in the clear: passwords as argon2id
hashes, secrets of second factors sealed, tokens of sessions as digests, posted codes and addresses as keyed digests;
and none of them shows in a `repr`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from seikyu.ports.errors import SeikyuError


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who logs in (利用者).

    Shape: `id` is ours, `name` the user id that is typed, one of each per body for ever; `password` is an encoded
    argon2id hash; `initial` says that it was given and has to be changed, `password_at` since when it is there.
    `locked_until` and `failed…` are `trust.logins.Tries`; `locked_at` a lock by hand. `second_factor` is a sealed
    secret in force, `new_second_factor` one that waits for its first code, `last_step` the step of the last code used.
    """

    id: str
    body: str
    name: str
    party: str
    role: str
    password: str = field(repr=False)
    initial: bool
    password_at: datetime
    added_at: datetime
    failed: int = 0
    failed_at: datetime | None = None
    locked_until: datetime | None = None
    locked_at: datetime | None = None
    second_factor: str | None = field(default=None, repr=False)
    new_second_factor: str | None = field(default=None, repr=False)
    last_step: int | None = None
    removed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A login that lasts.

    Shape: `id` is the SHA-256 of its token; `serial` the certificate it was made with, empty for a login on the public
    face, which has none.
    """

    id: str = field(repr=False)
    user: str
    serial: str
    started_at: datetime
    seen_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Mandate:
    """That `agent` acts for `principal` at one body (請求事務の代行). Shape: both are ids of parties."""

    id: str
    body: str
    agent: str
    principal: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal of who did what; append-only.

    Shape: `user` is a user id, `party` theirs, `acts_for` the principal and `mandate` its id if somebody acted for
    another; `subject` is the user id, mandate, serial or order that it was done to. `facts` (JSON) says what else is to
    be known of the act, nothing personal.
    """

    id: str
    at: datetime
    act: str
    body: str
    user: str
    party: str
    subject: str
    acts_for: str | None = None
    mandate: str | None = None
    facts: str | None = None


@dataclass(frozen=True, slots=True)
class RegistrationCode:
    """A code that was posted to a party, for its first user.

    Shape: `digest` is a keyed digest of the code; a party has one that counts, the newest. `user` used it.
    """

    id: str
    party: str
    digest: str = field(repr=False)
    made_at: datetime
    until: datetime
    used_at: datetime | None = None
    user: str | None = None


@dataclass(frozen=True, slots=True)
class Acceptance:
    """That a user has accepted a document. Shape: `version` is the day of its text, `lang` what was read."""

    user: str
    document: str
    version: str
    lang: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Guesses:
    """Failures that count for no user's own row: of an address, of a stranger at a user's door, of a party's code.

    Shape: `key` is a keyed digest of what is counted; the others are `trust.logins.Tries`.
    """

    key: str
    failed: int
    failed_at: datetime
    locked_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class SecurityKey:
    """A security key or passkey (WebAuthn) of a user. Shape: `id` is its credential id, `public_key` COSE in base64."""

    id: str
    user: str
    name: str
    public_key: str = field(repr=False)
    sign_count: int
    added_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HalfLogin:
    """Something that has begun and waits for its second half: a login for its second factor, a key for its answer.

    Shape: `id` is the SHA-256 of its token; `purpose` login or new_key; `challenge` what a key has to sign, in hex,
    good for one answer; `password` the user's hash then, so that a new password ends it.
    """

    id: str = field(repr=False)
    user: str
    purpose: str
    serial: str
    challenge: str = field(repr=False)
    password: str = field(repr=False)
    until: datetime


class PeopleRead(Protocol):
    """What can be read of people."""

    def user(self, user_id: str) -> User | None: ...
    def user_by_name(self, body: str, name: str) -> User | None: ...
    def users(self, *, body: str | None = None, party: str | None = None) -> list[User]:
        """Return users by body and name, the removed ones too."""
        ...

    def session(self, session_id: str) -> Session | None: ...
    def sessions(self, user: str) -> list[Session]:
        """Return the sessions of a user that nobody has ended, oldest first."""
        ...

    def mandate(self, mandate_id: str) -> Mandate | None: ...
    def mandates(
        self, *, body: str | None = None, agent: str | None = None, principal: str | None = None
    ) -> list[Mandate]:
        """Return mandates in the order in which they were granted, the ended ones too."""
        ...

    def entries(self, *, subject: str | None = None) -> list[Entry]:
        """Return the journal in its order."""
        ...

    def registration_code(self, party: str) -> RegistrationCode | None:
        """Return the newest code of a party."""
        ...

    def acceptances(self, user: str) -> list[Acceptance]: ...
    def guesses(self, key: str) -> Guesses | None: ...
    def security_key(self, key_id: str) -> SecurityKey | None: ...
    def security_keys(self, user: str) -> list[SecurityKey]:
        """Return the keys of a user, oldest first."""
        ...

    def half_login(self, half_id: str) -> HalfLogin | None: ...


class PeopleWrite(Protocol):
    """What can be written of people."""

    def put_user(self, user: User) -> None:
        """Insert or replace. Errors: AlreadyThere, if another user of the body has the name."""
        ...

    def put_session(self, session: Session) -> None:
        """Insert or replace."""
        ...

    def put_mandate(self, mandate: Mandate) -> None:
        """Insert or replace."""
        ...

    def add_entry(self, entry: Entry) -> None:
        """Append to the journal. Errors: AlreadyThere."""
        ...

    def put_registration_code(self, code: RegistrationCode) -> None:
        """Insert or replace."""
        ...

    def put_acceptance(self, acceptance: Acceptance) -> None:
        """Insert, or keep the one that is there."""
        ...

    def put_guesses(self, row: Guesses) -> None:
        """Insert or replace."""
        ...

    def drop_guesses(self, key: str) -> None:
        """Forget the failures of one key."""
        ...

    def drop_guesses_before(self, instant: datetime) -> None:
        """Forget failures older than that."""
        ...

    def put_security_key(self, key: SecurityKey) -> None:
        """Insert or replace."""
        ...

    def drop_security_key(self, key_id: str) -> None:
        """Remove a key."""
        ...

    def put_half_login(self, half: HalfLogin) -> None:
        """Insert or replace."""
        ...

    def drop_half_login(self, half_id: str) -> None:
        """Remove one."""
        ...

    def drop_half_logins_before(self, instant: datetime) -> None:
        """Remove those that ended before that."""
        ...


class Vault(Protocol):
    """Keeps secrets: hashes passwords, seals what must be read again, and makes chance."""

    def hashed(self, password: str) -> str:
        """Return an encoded hash under a fresh salt. Takes long on purpose."""
        ...

    def fits(self, password: str, encoded: str | None) -> bool:
        """Return whether the password fits the hash. Takes as long without one, and says no."""
        ...

    def is_outdated(self, encoded: str) -> bool:
        """Return whether the hash was made with other parameters than those of today."""
        ...

    def sealed(self, secret: bytes, *, owner: str) -> str:
        """Return a secret encrypted for one owner."""
        ...

    def opened(self, sealed: str, *, owner: str) -> bytes:
        """Return a secret. Errors: Damaged, if it was changed or sealed for another."""
        ...

    def keyed(self, text: str) -> str:
        """Return a digest of a text that nobody without the key of the home can make or test."""
        ...

    def chance(self, size_bytes: int) -> bytes:
        """Return bytes that nobody can guess."""
        ...


class KeyRefused(SeikyuError):
    """A security key's answer is not one to what was asked, here and of this key; nothing changes."""

    code = "key_refused"


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a security key says of itself. Shape: the ids and fields of `SecurityKey`."""

    id: str
    public_key: str = field(repr=False)
    sign_count: int


@dataclass(frozen=True, slots=True)
class Place:
    """A page as security keys are bound to it. Shape: empty where they cannot be used."""

    host: str
    origin: str


NOWHERE: Final = Place("", "")


class KeyReader(Protocol):
    """Asks security keys and reads their answers (WebAuthn)."""

    def ask_new(self, challenge: bytes, *, host: str, user: User, known: list[SecurityKey]) -> str:
        """Return the question for a new key, as JSON for the browser."""
        ...

    def read_new(self, answer: str, challenge: bytes, place: Place) -> NewKey:
        """Return what a new key said. Errors: KeyRefused."""
        ...

    def ask(self, challenge: bytes, *, host: str, keys: list[SecurityKey]) -> str:
        """Return the question for one of these keys, as JSON for the browser."""
        ...

    def read(self, answer: str, challenge: bytes, place: Place, *, keys: list[SecurityKey]) -> SecurityKey:
        """Return the key that has signed, with its new count of signatures. Errors: KeyRefused."""
        ...


class KnownPasswords(Protocol):
    """A larger list of passwords that are known."""

    def __call__(self, password: str) -> bool:
        """Return whether the list has it."""
        ...
