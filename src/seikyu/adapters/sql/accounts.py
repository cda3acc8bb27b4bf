"""Statements about accounts: posted codes, accepted terms, failures of strangers, security keys, logins half done."""

from datetime import datetime

import sqlalchemy as sa

from seikyu.adapters.sql.rows import columns, every, first, put, values
from seikyu.adapters.sql.schema_accounts import acceptances, guesses, half_logins, registration_codes, security_keys
from seikyu.ports.people import Acceptance, Guesses, HalfLogin, RegistrationCode, SecurityKey

_CODE = sa.select(*columns(registration_codes, RegistrationCode))
_ACCEPTANCE = sa.select(*columns(acceptances, Acceptance))
_GUESSES = sa.select(*columns(guesses, Guesses))
_KEY = sa.select(*columns(security_keys, SecurityKey))
_HALF = sa.select(*columns(half_logins, HalfLogin))


class SqlAccountsRead:
    """What can be read (ports.people.PeopleRead)."""

    connection: sa.Connection

    def registration_code(self, party: str) -> RegistrationCode | None:
        """Return the newest code of a party."""
        newest = registration_codes.c.made_at.desc(), registration_codes.c.id.desc()
        wanted = _CODE.where(registration_codes.c.party == party).order_by(*newest)
        return first(self.connection, RegistrationCode, wanted)

    def acceptances(self, user: str) -> list[Acceptance]:
        """Return what a user has accepted."""
        wanted = _ACCEPTANCE.where(acceptances.c.user == user).order_by(acceptances.c.document, acceptances.c.version)
        return every(self.connection, Acceptance, wanted)

    def guesses(self, key: str) -> Guesses | None:
        """Return the failures of one key."""
        return first(self.connection, Guesses, _GUESSES.where(guesses.c.key == key))

    def security_key(self, key_id: str) -> SecurityKey | None:
        """Return the key of that id."""
        return first(self.connection, SecurityKey, _KEY.where(security_keys.c.id == key_id))

    def security_keys(self, user: str) -> list[SecurityKey]:
        """Return the keys of a user, oldest first."""
        wanted = _KEY.where(security_keys.c.user == user).order_by(security_keys.c.added_at, security_keys.c.id)
        return every(self.connection, SecurityKey, wanted)

    def half_login(self, half_id: str) -> HalfLogin | None:
        """Return what has begun under that id."""
        return first(self.connection, HalfLogin, _HALF.where(half_logins.c.id == half_id))


class SqlAccountsWrite:
    """What can be written (ports.people.PeopleWrite)."""

    connection: sa.Connection

    def put_registration_code(self, code: RegistrationCode) -> None:
        """Insert or replace."""
        put(self.connection, registration_codes, code)

    def put_acceptance(self, acceptance: Acceptance) -> None:
        """Insert, or keep the one that is there."""
        key = [column == getattr(acceptance, column.name) for column in acceptances.primary_key]
        if first(self.connection, Acceptance, _ACCEPTANCE.where(*key)) is None:
            self.connection.execute(acceptances.insert(), values(acceptance))

    def put_guesses(self, row: Guesses) -> None:
        """Insert or replace."""
        put(self.connection, guesses, row)

    def drop_guesses(self, key: str) -> None:
        """Forget the failures of one key."""
        self.connection.execute(guesses.delete().where(guesses.c.key == key))

    def drop_guesses_before(self, instant: datetime) -> None:
        """Forget failures older than that."""
        self.connection.execute(guesses.delete().where(guesses.c.failed_at < instant))

    def put_security_key(self, key: SecurityKey) -> None:
        """Insert or replace."""
        put(self.connection, security_keys, key)

    def drop_security_key(self, key_id: str) -> None:
        """Remove a key."""
        self.connection.execute(security_keys.delete().where(security_keys.c.id == key_id))

    def put_half_login(self, half: HalfLogin) -> None:
        """Insert or replace."""
        put(self.connection, half_logins, half)

    def drop_half_login(self, half_id: str) -> None:
        """Remove one."""
        self.connection.execute(half_logins.delete().where(half_logins.c.id == half_id))

    def drop_half_logins_before(self, instant: datetime) -> None:
        """Remove those that ended before that."""
        self.connection.execute(half_logins.delete().where(half_logins.c.until < instant))
