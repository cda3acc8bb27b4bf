"""Rows of people, mandates, sessions and the journal, and what services need to keep secrets.

The methods belong to the transactions of `ports.store`. No secret stands in a row in the clear: passwords as argon2id
hashes, secrets of second factors sealed, tokens of sessions as digests; and none of them shows in a `repr`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


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
    """A login that lasts. Shape: `id` is the SHA-256 of its token; `serial` the certificate it was made with."""

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

    def chance(self, size_bytes: int) -> bytes:
        """Return bytes that nobody can guess."""
        ...


class KnownPasswords(Protocol):
    """A larger list of passwords that are known."""

    def __call__(self, password: str) -> bool:
        """Return whether the list has it."""
        ...
