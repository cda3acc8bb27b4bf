"""Rows of the operator's desk: orders to undo a confirmation, and grants to look at a claim.

The methods belong to the transactions of `ports.store`. Nothing of it is ever removed: an order is decided or lapses, a
grant ends.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from seikyu.ports.store import Posting, Sending


@dataclass(frozen=True, slots=True)
class UndoOrder:
    """A confirmation that is to be undone (請求確定の取消): asked for, ordered by one person, decided by another.

    Shape: `state` is a value of `trust.operating.UndoState`; `asked_by` is who asked for the institution, empty if the
    office was asked by telephone; `ordered_by` and `decided_by` are persons as `trust.revoking` names them, or the
    institution that took its wish back; `answer` is what the institution is told when it is turned down.
    """

    id: str
    sending: str
    party: str
    body: str
    month: str
    reason: str
    state: str
    asked_at: datetime
    asked_by: str = ""
    ordered_at: datetime | None = None
    ordered_by: str | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """Leave to look at claims of one sending, for one person, for some hours.

    Shape: `claim` is FILE-N (a file's number, and a claim's place in it from 1), or empty for all claims of the
    sending; `state` is a value of `trust.operating.GrantState`; `until` is when it ends by itself, None before it is
    given.
    """

    id: str
    sending: str
    party: str
    claim: str
    reason: str
    hours: int
    state: str
    asked_at: datetime
    asked_by: str
    until: datetime | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Arrived:
    """How many sendings came in one hour from one prefecture, of one kind and line, and are in one state now.

    Shape: `hour` is the beginning of an hour; `kind` is None for files that do not say theirs; `claims` counts what has
    been checked.
    """

    hour: datetime
    prefecture: str
    kind: str | None
    line: str
    state: str
    sendings: int
    claims: int


@dataclass(frozen=True, slots=True)
class SendingQuery:
    """Which sendings are looked for; None asks nothing. Shape: `prefecture` is how the party's id begins."""

    party: str | None = None
    prefecture: str | None = None
    kind: str | None = None
    state: str | None = None
    month: str | None = None
    line: str | None = None
    body: str | None = None


class OperatingRead(Protocol):
    """What can be read of the operator's desk. Lists come newest first, `after` is the last id of the page before."""

    def undo_order(self, order_id: str) -> UndoOrder | None: ...
    def undo_orders(
        self,
        *,
        sending: str | None = None,
        state: str | None = None,
        after: str | None = None,
        limit: int | None = None,
    ) -> list[UndoOrder]: ...
    def arrived(self, since: datetime, until: datetime) -> list[Arrived]:
        """Return how many sendings were received from `since` on and before `until`, by hour; added up by the store."""
        ...

    def sendings_found(
        self, wanted: SendingQuery, *, after: str | None = None, limit: int | None = None
    ) -> "list[Sending]": ...
    def files_with_summary(self, summary: str, since: datetime) -> list[tuple[str, str]]:
        """Return file and sending of the files received from `since` on of which the check said just this."""
        ...

    def postings_of_files(self, files: list[str]) -> "list[Posting]":
        """Return the lines of the ledger that are about these files, in the order of posting."""
        ...

    def grant(self, grant_id: str) -> Grant | None: ...
    def grants(
        self, *, sending: str | None = None, after: str | None = None, limit: int | None = None
    ) -> list[Grant]: ...


class OperatingWrite(Protocol):
    """What can be written of the operator's desk."""

    def put_undo_order(self, order: UndoOrder) -> None:
        """Insert or replace."""
        ...

    def put_grant(self, grant: Grant) -> None:
        """Insert or replace."""
        ...
