"""People in memory: the part of `adapters.memory` that holds users, sessions, mandates and the journal."""

from dataclasses import dataclass, field
from typing import Protocol

from seikyu.ports.errors import AlreadyThere
from seikyu.ports.people import Entry, Mandate, Session, User


@dataclass(frozen=True)
class PeopleTables:
    """All rows of people at one moment."""

    users: dict[str, User] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    mandates: dict[str, Mandate] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)


class _HasTables(Protocol):
    @property
    def tables(self) -> PeopleTables: ...


class MemoryPeopleRead:
    """What can be read (ports.people.PeopleRead)."""

    def user(self: _HasTables, user_id: str) -> User | None:
        """Return the user of that id."""
        return self.tables.users.get(user_id)

    def user_by_name(self: _HasTables, body: str, name: str) -> User | None:
        """Return who has that user id at the body."""
        found = [one for one in self.tables.users.values() if (one.body, one.name) == (body, name)]
        return found[0] if found else None

    def users(self: _HasTables, *, body: str | None = None, party: str | None = None) -> list[User]:
        """Return users by body and name."""
        found = [one for one in self.tables.users.values() if body in {None, one.body} and party in {None, one.party}]
        return sorted(found, key=lambda one: (one.body, one.name))

    def session(self: _HasTables, session_id: str) -> Session | None:
        """Return the session of that id."""
        return self.tables.sessions.get(session_id)

    def sessions(self: _HasTables, user: str) -> list[Session]:
        """Return the sessions of a user that nobody has ended, oldest first."""
        found = [one for one in self.tables.sessions.values() if one.user == user and one.ended_at is None]
        return sorted(found, key=lambda one: (one.started_at, one.id))

    def mandate(self: _HasTables, mandate_id: str) -> Mandate | None:
        """Return the mandate of that id."""
        return self.tables.mandates.get(mandate_id)

    def mandates(
        self: _HasTables, *, body: str | None = None, agent: str | None = None, principal: str | None = None
    ) -> list[Mandate]:
        """Return mandates in the order in which they were granted."""
        found = [
            one
            for one in self.tables.mandates.values()
            if body in {None, one.body} and agent in {None, one.agent} and principal in {None, one.principal}
        ]
        return sorted(found, key=lambda one: (one.since, one.id))

    def entries(self: _HasTables, *, subject: str | None = None) -> list[Entry]:
        """Return the journal in its order."""
        return [one for one in self.tables.entries.values() if subject in {None, one.subject}]


class MemoryPeopleWrite:
    """What can be written (ports.people.PeopleWrite)."""

    def put_user(self: _HasTables, user: User) -> None:
        """Insert or replace. Errors: AlreadyThere, if another user of the body has the name."""
        others = [one for one in self.tables.users.values() if one.id != user.id]
        if any((one.body, one.name) == (user.body, user.name) for one in others):
            raise AlreadyThere("a user of that name is already there")
        self.tables.users[user.id] = user

    def put_session(self: _HasTables, session: Session) -> None:
        """Insert or replace."""
        self.tables.sessions[session.id] = session

    def put_mandate(self: _HasTables, mandate: Mandate) -> None:
        """Insert or replace."""
        self.tables.mandates[mandate.id] = mandate

    def add_entry(self: _HasTables, entry: Entry) -> None:
        """Append to the journal. Errors: AlreadyThere."""
        if entry.id in self.tables.entries:
            raise AlreadyThere("an entry of that name is already there")
        self.tables.entries[entry.id] = entry
