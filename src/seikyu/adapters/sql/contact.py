"""Statements about inquiries and their histories."""

from datetime import datetime

import sqlalchemy as sa

from seikyu.adapters.sql.rows import columns, every, narrowed, page, replace, values
from seikyu.adapters.sql.rows import first as first_of
from seikyu.adapters.sql.schema_contact import inquiries, inquiry_steps
from seikyu.ports.contact import Inquiry, InquiryStep

_INQUIRY = sa.select(*columns(inquiries, Inquiry))
_STEP = sa.select(*columns(inquiry_steps, InquiryStep))
_COUNTED = sa.select(sa.func.count()).select_from(inquiries)


class SqlContactRead:
    """What can be read (ports.contact.ContactRead)."""

    connection: sa.Connection

    def inquiry(self, inquiry_id: str) -> Inquiry | None:
        """Return the inquiry of that id."""
        return first_of(self.connection, Inquiry, _INQUIRY.where(inquiries.c.id == inquiry_id))

    def inquiry_by_number(self, number: str) -> Inquiry | None:
        """Return the inquiry of that number."""
        return first_of(self.connection, Inquiry, _INQUIRY.where(inquiries.c.number == number))

    def inquiry_by_key(self, idempotency_key: str) -> Inquiry | None:
        """Return what that key made."""
        return first_of(self.connection, Inquiry, _INQUIRY.where(inquiries.c.idempotency_key == idempotency_key))

    def inquiries(
        self, *, party: str | None = None, state: str | None = None, after: str | None = None, limit: int | None = None
    ) -> list[Inquiry]:
        """Return inquiries, newest first."""
        wanted = narrowed(_INQUIRY, inquiries, party=party, state=state)
        return every(self.connection, Inquiry, page(wanted, inquiries.c.id, after=after, limit=limit))

    def inquiry_steps(self, inquiry_id: str) -> list[InquiryStep]:
        """Return the history of an inquiry in its order."""
        wanted = _STEP.where(inquiry_steps.c.inquiry == inquiry_id).order_by(inquiry_steps.c.no)
        return every(self.connection, InquiryStep, wanted)

    def count_inquiries(self, *, asker_key: str, since: datetime) -> int:
        """Count what an asker has made since."""
        wanted = _COUNTED.where(inquiries.c.asker_key == asker_key, inquiries.c.made_at >= since)
        return int(self.connection.execute(wanted).scalar_one())

    def count_strangers(self, *, but: str) -> int:
        """Count the inquiries of strangers that are in another state."""
        wanted = _COUNTED.where(inquiries.c.party.is_(None), inquiries.c.state != but)
        return int(self.connection.execute(wanted).scalar_one())

    def inquiry_states(self) -> dict[str, int]:
        """Count the inquiries by state."""
        counted = sa.select(inquiries.c.state, sa.func.count()).group_by(inquiries.c.state)
        return {str(state): int(count) for state, count in self.connection.execute(counted)}


class SqlContactWrite:
    """What can be written (ports.contact.ContactWrite)."""

    connection: sa.Connection

    def add_inquiry(self, inquiry: Inquiry, first: InquiryStep) -> None:
        """Enter an inquiry. Errors: AlreadyThere."""
        self.connection.execute(inquiries.insert(), values(inquiry))
        self.connection.execute(inquiry_steps.insert(), values(first))

    def move_inquiry(self, inquiry: Inquiry, step: InquiryStep) -> None:
        """Write the next state of an inquiry and the line of its history. Errors: NotThere, AlreadyThere."""
        replace(self.connection, inquiries, inquiry)
        self.connection.execute(inquiry_steps.insert(), values(step))

    def drop_inquiries(self, *, state: str, changed_before: datetime) -> int:
        """Remove what was over long ago, with its history."""
        over = (inquiries.c.state == state, inquiries.c.changed_at < changed_before)
        old = sa.select(inquiries.c.id).where(*over)
        self.connection.execute(inquiry_steps.delete().where(inquiry_steps.c.inquiry.in_(old)))
        return self.connection.execute(inquiries.delete().where(*over)).rowcount
