"""The office's rows, and the transactions over them.

Rows are frozen values; a `WriteTx` is one database transaction (`BEGIN IMMEDIATE`), a `ReadTx` one consistent view.
All calls block; a server calls them from a worker thread. A new aggregate gets its own group of methods here and its
own module in `adapters.sql`.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from seikyu.office.delivery.history import DeliveryStep
from seikyu.ports.acme import AcmeRead, AcmeWrite
from seikyu.ports.announcements import AnnouncementsRead, AnnouncementsWrite
from seikyu.ports.contact import ContactRead, ContactWrite
from seikyu.ports.correcting import CorrectingRead, CorrectingWrite
from seikyu.ports.enrolment import EnrolmentRead, EnrolmentWrite
from seikyu.ports.events import EventsRead, EventsWrite
from seikyu.ports.operating import OperatingRead, OperatingWrite
from seikyu.ports.people import PeopleRead, PeopleWrite
from seikyu.ports.register import RegisterRead, RegisterWrite
from seikyu.ports.waiting import WaitingRead, WaitingWrite


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice (届出) as a party filed it, and where it stands now.

    Shape: `kind` and the names in `fields` (JSON) are rows of `trust/notices.toml`; `state` is a value of
    `trust.notices.State`. `digest` is of kind and fields, and makes a repeat a repeat.
    """

    id: str
    party: str
    kind: str
    state: str
    filed_at: datetime
    fields: str
    digest: str
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class NoticeStep:
    """One line of a notice's history; append-only. Shape: `no` counts from 1; `by` is a party's id."""

    notice: str
    no: int
    state: str
    at: datetime
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Sending:
    """A sending (送信).

    Shape: `state` is a value of `office.sending.State`; `month` is YYYYMM; `send_no` counts from 1 per party, body,
    kind, line and month. `claims`, `refused`, `ask` are None until the check is done. `digest` is what makes a repeat
    a repeat; `decision` is with, without or automatic. `agent` is who sent for the party by `mandate`, `decided_agent`
    who decided for it; None if the party did.
    """

    id: str
    body: str
    party: str
    line: str  # real, test
    kind: str | None
    month: str | None
    asp: bool
    send_no: int
    state: str
    received_at: datetime
    digest: str
    idempotency_key: str | None = None
    claims: int | None = None
    refused: int | None = None
    ask: int | None = None
    findings: int | None = None
    decision: str | None = None
    decided_at: datetime | None = None
    confirm_no: int | None = None
    claimed: int | None = None
    unclaimed: int | None = None
    agent: str | None = None
    mandate: str | None = None
    decided_agent: str | None = None


@dataclass(frozen=True, slots=True)
class File:
    """One UKE file of a sending.

    Shape: `no` counts from 1. Its bytes are the object `files/ID`; `index_object` and `findings_object` name
    the objects now in force (each try of a check or decision writes under a name of its own, so that no try ever meets
    another's remains). `summary` is the checker's summary as JSON; `management_base` is set at
    confirmation: the management number of claim n (position from 0) is `management_base + n`. `left_out` is the word of
    `office.leaving.LeftOut`.
    """

    id: str
    sending: str
    no: int
    size_bytes: int
    sha256: str
    name: str | None = None
    checked_at: datetime | None = None
    refused: bool | None = None
    summary: str | None = None
    index_object: str | None = None
    findings_object: str | None = None
    management_base: int | None = None
    left_out: str | None = None


@dataclass(frozen=True, slots=True)
class Month:
    """A review body's month. `state` is open, closing or closed."""

    body: str
    month: str
    line: str
    state: str
    closed_at: datetime | None = None
    report: str | None = None  # the trial balance as JSON


@dataclass(frozen=True, slots=True)
class Posting:
    """One line of the claim ledger; append-only. Corrections are reversals (negative numbers), never updates.

    Shape: `stage` is a value of `office.ledger.Stage`. Integers in their own units.
    """

    id: str
    body: str
    month: str
    line: str
    stage: str
    file: str | None
    payer: str
    at: datetime
    claims: int
    main_points: int
    cases: int
    own_points: int
    meals_yen: int
    delivery: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery (配信): one sealed object for one payer, kind and volume.

    Shape: `state` is sealing, waiting, fetching or received; `sha256` lower-case hex.
    """

    id: str
    body: str
    month: str
    line: str
    payer: str
    kind: str
    volume: int
    state: str
    claims: int
    points: int
    size_bytes: int
    sha256: str
    sealed_at: datetime
    fetched_at: datetime | None = None
    received_at: datetime | None = None


class ReadTx(
    PeopleRead,
    RegisterRead,
    EnrolmentRead,
    AcmeRead,
    EventsRead,
    OperatingRead,
    AnnouncementsRead,
    CorrectingRead,
    ContactRead,
    WaitingRead,
    Protocol,
):
    """One consistent view of the rows. Lists come newest first, `after` is the last id of the page before."""

    def notice(self, notice_id: str) -> Notice | None: ...
    def notices(
        self, *, party: str | None = None, state: str | None = None, after: str | None = None, limit: int | None = None
    ) -> list[Notice]: ...
    def notice_by_key(self, party: str, idempotency_key: str) -> Notice | None: ...
    def open_notice(self, party: str, digest: str, states: tuple[str, ...]) -> Notice | None:
        """Return the newest notice of the party with that digest that is in one of these states."""
        ...

    def notice_steps(self, notice_id: str) -> list[NoticeStep]:
        """Return the history of a notice in its order."""
        ...

    def sending(self, sending_id: str) -> Sending | None: ...
    def sendings(  # noqa: PLR0913  (each is one filter of the list)
        self,
        *,
        party: str | None = None,
        body: str | None = None,
        month: str | None = None,
        line: str | None = None,
        kind: str | None = None,
        states: tuple[str, ...] = (),
        after: str | None = None,
        limit: int | None = None,
    ) -> list[Sending]: ...
    def sending_by_key(self, party: str, idempotency_key: str) -> Sending | None: ...
    def repeat_of(self, party: str, digest: str) -> Sending | None:
        """Return the newest sending of the party with that digest that is neither cancelled, refused nor undone."""
        ...

    def has_sent(self, party: str, sha256: str) -> bool:
        """Return whether a file with that digest stands in a sending of the party that still lives."""
        ...

    def files(self, sending_id: str) -> list[File]:
        """Return the files of a sending in their order."""
        ...

    def file(self, file_id: str) -> File | None: ...
    def object_names(self) -> set[str]:
        """Return the names of every object that a row speaks of; all others are orphans.

        Shape: `files/ID`, `index_object` and `findings_object` of each file; `deliveries/ID` and `provenance/ID` of
        each delivery.
        """
        ...

    def month(self, body: str, month: str, line: str) -> Month | None: ...
    def months(self, *, body: str | None = None) -> list[Month]: ...
    def postings(self, body: str, month: str, line: str, *, payer: str | None = None) -> list[Posting]:
        """Return the ledger of a body's month, or one payer's part of it, in the order of posting."""
        ...

    def months_of_payer(self, payer: str, line: str) -> list[tuple[str, str]]:
        """Return body and month of whatever was posted to the payer, newest month first."""
        ...

    def delivery(self, delivery_id: str) -> Delivery | None: ...
    def deliveries(
        self,
        *,
        payer: str | None = None,
        body: str | None = None,
        month: str | None = None,
        line: str | None = None,
        after: str | None = None,
        limit: int | None = None,
    ) -> list[Delivery]: ...
    def delivery_steps(self, *delivery_ids: str) -> list[DeliveryStep]:
        """Return the histories of these deliveries, each in its order."""
        ...

    def states(self) -> dict[str, dict[str, int]]:
        """Return how many `sendings`, `months` and `deliveries` are in each state."""
        ...

    def setting(self, name: str) -> str | None:
        """Return a small value that lives with the rows (the sandbox clock, the calendar in force)."""
        ...


class WriteTx(
    ReadTx,
    PeopleWrite,
    RegisterWrite,
    EnrolmentWrite,
    AcmeWrite,
    EventsWrite,
    OperatingWrite,
    AnnouncementsWrite,
    CorrectingWrite,
    ContactWrite,
    WaitingWrite,
    Protocol,
):
    """A transaction that writes. Leaving the `with` normally commits, durably; an exception rolls back."""

    def add_notice(self, notice: Notice, first: NoticeStep) -> None:
        """Insert a notice with the first line of its history. Errors: AlreadyThere."""
        ...

    def move_notice(self, notice: Notice, step: NoticeStep) -> None:
        """Write where a notice stands now, and append to its history. Errors: NotThere; AlreadyThere."""
        ...

    def add_sending(self, sending: Sending, files: list[File]) -> None: ...
    def put_sending(self, sending: Sending) -> None:
        """Replace a sending. Errors: NotThere."""
        ...

    def put_file(self, file: File) -> None:
        """Replace a file. Errors: NotThere."""
        ...

    def next_number(self, sequence: str, step: int = 1) -> int:
        """Return the next number of a gapless sequence (from 1) and move it on by `step`."""
        ...

    def put_month(self, month: Month) -> None: ...
    def add_postings(self, postings: list[Posting]) -> None: ...
    def remove_unsealed(self, body: str, month: str, line: str) -> list[Delivery]:
        """Remove the deliveries still `sealing` (a closing that died); return them."""
        ...

    def put_delivery(self, delivery: Delivery) -> None:
        """Insert or replace."""
        ...

    def put_delivery_step(self, step: DeliveryStep) -> None:
        """Insert a line of a delivery's history, or replace the one of its number."""
        ...

    def put_setting(self, name: str, value: str) -> None: ...


class Store(Protocol):
    """The rows of one office."""

    def read(self) -> AbstractContextManager[ReadTx]: ...
    def write(self) -> AbstractContextManager[WriteTx]:
        """Errors: Unavailable, if the database stays locked; NoSpace; nothing is written then."""
        ...
