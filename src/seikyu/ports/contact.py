"""Rows of the inquiry desk (お問い合わせ): inquiries and what was said and done about each."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Inquiry:
    """An inquiry, and where it stands now.

    Shape: `number` is what the asker knows it by; `party` is None for a stranger, who shows the code of which
    `code_digest` is kept. `problem`, `line_kind` and `desk` are rows of `lines/contact.toml` and `lines/lines.toml`;
    `state` is a value of `office.inquiries.State`. `asker_key` is a keyed digest of an address, or the party's id; it
    counts. `report` is what is kept of a doctor's report, as JSON. `reach` is how the asker wishes to be called.
    """

    id: str
    number: str
    party: str | None
    problem: str
    line_kind: str
    body: str
    state: str
    made_at: datetime
    changed_at: datetime
    lang: str
    reply: str
    asker_key: str = field(repr=False)
    reach: str = field(default="", repr=False)
    code_digest: str | None = field(default=None, repr=False)
    desk: str = ""
    report: str | None = field(default=None, repr=False)
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class InquiryStep:
    """One line of an inquiry's history; append-only.

    Shape: `no` counts from 1; `side` is asker or desk; `by` names who, as histories do; `act` is a value of
    `office.inquiries.Act`; `state` is the one after it. `text` may be empty.
    """

    inquiry: str
    no: int
    at: datetime
    side: str
    by: str
    act: str
    state: str
    desk: str = ""
    text: str = field(default="", repr=False)


class ContactRead(Protocol):
    """What can be read of inquiries. Lists come newest first, `after` is the last id of the page before."""

    def inquiry(self, inquiry_id: str) -> Inquiry | None: ...
    def inquiry_by_number(self, number: str) -> Inquiry | None: ...
    def inquiry_by_key(self, idempotency_key: str) -> Inquiry | None: ...
    def inquiries(
        self, *, party: str | None = None, state: str | None = None, after: str | None = None, limit: int | None = None
    ) -> list[Inquiry]: ...
    def inquiry_steps(self, inquiry_id: str) -> list[InquiryStep]:
        """Return the history of an inquiry in its order."""
        ...

    def count_inquiries(self, *, asker_key: str, since: datetime) -> int:
        """Return how many inquiries an asker has made since then."""
        ...

    def count_strangers(self, *, but: str) -> int:
        """Return how many inquiries of strangers are in another state than `but`."""
        ...

    def inquiry_states(self) -> dict[str, int]:
        """Return how many inquiries are in each state that has any."""
        ...


class ContactWrite(ContactRead, Protocol):
    """What can be written."""

    def add_inquiry(self, inquiry: Inquiry, first: InquiryStep) -> None:
        """Insert an inquiry with the first line of its history. Errors: AlreadyThere."""
        ...

    def move_inquiry(self, inquiry: Inquiry, step: InquiryStep) -> None:
        """Write where an inquiry stands now, and append to its history. Errors: NotThere; AlreadyThere."""
        ...

    def drop_inquiries(self, *, state: str, changed_before: datetime) -> int:
        """Remove the inquiries in that state that nobody has touched since, with their histories; return how many."""
        ...
