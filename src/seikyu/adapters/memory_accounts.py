"""Accounts in memory: the part of `adapters.memory` that holds posted codes, accepted terms, failures and keys."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from seikyu.ports.people import Acceptance, Guesses, HalfLogin, RegistrationCode, SecurityKey


@dataclass(frozen=True)
class AccountTables:
    """All rows of accounts at one moment."""

    registration_codes: dict[str, RegistrationCode] = field(default_factory=dict)
    acceptances: dict[tuple[str, str, str], Acceptance] = field(default_factory=dict)
    guesses: dict[str, Guesses] = field(default_factory=dict)
    security_keys: dict[str, SecurityKey] = field(default_factory=dict)
    half_logins: dict[str, HalfLogin] = field(default_factory=dict)


class _HasTables(Protocol):
    @property
    def tables(self) -> AccountTables: ...


class MemoryAccountsRead:
    """What can be read (ports.people.PeopleRead)."""

    def registration_code(self: _HasTables, party: str) -> RegistrationCode | None:
        """Return the newest code of a party."""
        found = [one for one in self.tables.registration_codes.values() if one.party == party]
        return max(found, key=lambda one: (one.made_at, one.id), default=None)

    def acceptances(self: _HasTables, user: str) -> list[Acceptance]:
        """Return what a user has accepted."""
        found = [one for one in self.tables.acceptances.values() if one.user == user]
        return sorted(found, key=lambda one: (one.document, one.version))

    def guesses(self: _HasTables, key: str) -> Guesses | None:
        """Return the failures of one key."""
        return self.tables.guesses.get(key)

    def security_key(self: _HasTables, key_id: str) -> SecurityKey | None:
        """Return the key of that id."""
        return self.tables.security_keys.get(key_id)

    def security_keys(self: _HasTables, user: str) -> list[SecurityKey]:
        """Return the keys of a user, oldest first."""
        found = [one for one in self.tables.security_keys.values() if one.user == user]
        return sorted(found, key=lambda one: (one.added_at, one.id))

    def half_login(self: _HasTables, half_id: str) -> HalfLogin | None:
        """Return what has begun under that id."""
        return self.tables.half_logins.get(half_id)


class MemoryAccountsWrite:
    """What can be written (ports.people.PeopleWrite)."""

    def put_registration_code(self: _HasTables, code: RegistrationCode) -> None:
        """Insert or replace."""
        self.tables.registration_codes[code.id] = code

    def put_acceptance(self: _HasTables, acceptance: Acceptance) -> None:
        """Insert, or keep the one that is there."""
        key = acceptance.user, acceptance.document, acceptance.version
        self.tables.acceptances.setdefault(key, acceptance)

    def put_guesses(self: _HasTables, row: Guesses) -> None:
        """Insert or replace."""
        self.tables.guesses[row.key] = row

    def drop_guesses(self: _HasTables, key: str) -> None:
        """Forget the failures of one key."""
        self.tables.guesses.pop(key, None)

    def drop_guesses_before(self: _HasTables, instant: datetime) -> None:
        """Forget failures older than that."""
        for key in [one.key for one in self.tables.guesses.values() if one.failed_at < instant]:
            del self.tables.guesses[key]

    def put_security_key(self: _HasTables, key: SecurityKey) -> None:
        """Insert or replace."""
        self.tables.security_keys[key.id] = key

    def drop_security_key(self: _HasTables, key_id: str) -> None:
        """Remove a key."""
        self.tables.security_keys.pop(key_id, None)

    def put_half_login(self: _HasTables, half: HalfLogin) -> None:
        """Insert or replace."""
        self.tables.half_logins[half.id] = half

    def drop_half_login(self: _HasTables, half_id: str) -> None:
        """Remove one."""
        self.tables.half_logins.pop(half_id, None)

    def drop_half_logins_before(self: _HasTables, instant: datetime) -> None:
        """Remove those that ended before that."""
        for key in [one.id for one in self.tables.half_logins.values() if one.until < instant]:
            del self.tables.half_logins[key]
