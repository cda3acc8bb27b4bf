"""Statements about people: users, sessions, mandates, and the journal of who did what."""

import sqlalchemy as sa

from seikyu.adapters.sql.rows import columns, every, first, narrowed, put, values
from seikyu.adapters.sql.schema_people import entries, mandates, sessions, users
from seikyu.ports.people import Entry, Mandate, Session, User

_USER = sa.select(*columns(users, User))
_SESSION = sa.select(*columns(sessions, Session))
_MANDATE = sa.select(*columns(mandates, Mandate))
_ENTRY = sa.select(*columns(entries, Entry))


class SqlPeopleRead:
    """What can be read (ports.people.PeopleRead)."""

    connection: sa.Connection

    def user(self, user_id: str) -> User | None:
        """Return the user of that id."""
        return first(self.connection, User, _USER.where(users.c.id == user_id))

    def user_by_name(self, body: str, name: str) -> User | None:
        """Return who has that user id at the body."""
        return first(self.connection, User, _USER.where(users.c.body == body, users.c.name == name))

    def users(self, *, body: str | None = None, party: str | None = None) -> list[User]:
        """Return users by body and name."""
        wanted = narrowed(_USER, users, body=body, party=party)
        return every(self.connection, User, wanted.order_by(users.c.body, users.c.name))

    def session(self, session_id: str) -> Session | None:
        """Return the session of that id."""
        return first(self.connection, Session, _SESSION.where(sessions.c.id == session_id))

    def sessions(self, user: str) -> list[Session]:
        """Return the sessions of a user that nobody has ended, oldest first."""
        living = _SESSION.where(sessions.c.user == user, sessions.c.ended_at.is_(None))
        return every(self.connection, Session, living.order_by(sessions.c.started_at, sessions.c.id))

    def mandate(self, mandate_id: str) -> Mandate | None:
        """Return the mandate of that id."""
        return first(self.connection, Mandate, _MANDATE.where(mandates.c.id == mandate_id))

    def mandates(
        self, *, body: str | None = None, agent: str | None = None, principal: str | None = None
    ) -> list[Mandate]:
        """Return mandates in the order in which they were granted."""
        wanted = narrowed(_MANDATE, mandates, body=body, agent=agent, principal=principal)
        return every(self.connection, Mandate, wanted.order_by(mandates.c.since, mandates.c.id))

    def entries(self, *, subject: str | None = None) -> list[Entry]:
        """Return the journal in its order."""
        wanted = narrowed(_ENTRY, entries, subject=subject)
        return every(self.connection, Entry, wanted.order_by(entries.c.entry_no))


class SqlPeopleWrite:
    """What can be written (ports.people.PeopleWrite)."""

    connection: sa.Connection

    def put_user(self, user: User) -> None:
        """Insert or replace. Errors: AlreadyThere, if another user of the body has the name."""
        put(self.connection, users, user)

    def put_session(self, session: Session) -> None:
        """Insert or replace."""
        put(self.connection, sessions, session)

    def put_mandate(self, mandate: Mandate) -> None:
        """Insert or replace."""
        put(self.connection, mandates, mandate)

    def add_entry(self, entry: Entry) -> None:
        """Append to the journal. Errors: AlreadyThere."""
        self.connection.execute(entries.insert(), values(entry))
