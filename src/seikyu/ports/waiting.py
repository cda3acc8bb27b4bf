"""Rows of how busy the office is: runs of checks by the machine's clock, what a quarter of an hour saw, incidents."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class CheckRun:
    """How long a sending waited for its check, by the machine's clock: a sandbox's may jump.

    Shape: `done_at` and `wait_ms` are None until the check is done.
    """

    sending: str
    files: int
    size_bytes: int
    entered_at: datetime
    done_at: datetime | None = None
    wait_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What waits for its check now. Shape: `oldest_at` is None if nothing does."""

    sendings: int = 0
    files: int = 0
    size_bytes: int = 0
    oldest_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Waits:
    """What a time saw: what arrived in it, and how long waited what was done in it.

    Shape: percentiles by the nearest rank; None if nothing was done.
    """

    arrivals: int = 0
    arrived_bytes: int = 0
    checked: int = 0
    longest_ms: int | None = None
    p50_ms: int | None = None
    p95_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Quarter:
    """A quarter of an hour as it is kept. Shape: `at` is its beginning; `busy` counts refusals because of load."""

    at: datetime
    arrivals: int
    arrived_bytes: int
    checked: int
    longest_ms: int | None
    p50_ms: int | None
    p95_ms: int | None
    busy: int
    queued_files: int
    queued_bytes: int


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident (障害) as it is published. Shape: `parts` are names of `office.incidents`, a blank between two."""

    id: str
    began_at: datetime
    title: str
    title_en: str
    parts: str
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class IncidentUpdate:
    """What was told about an incident; append-only. Shape: `no` counts from 1."""

    incident: str
    no: int
    at: datetime
    by: str
    text: str
    text_en: str


class WaitingRead(Protocol):
    """What can be read."""

    def check_run(self, sending: str) -> CheckRun | None: ...
    def standing(self) -> Standing:
        """Return what waits: runs that are not done, of sendings that are being checked."""
        ...

    def checks_done(self, *, limit: int) -> list[CheckRun]:
        """Return the runs that were done last, newest first."""
        ...

    def waits(self, since: datetime, until: datetime) -> Waits:
        """Return what the time from `since` (included) to `until` (not) saw."""
        ...

    def quarter(self, at: datetime) -> Quarter | None: ...
    def quarters(self, since: datetime) -> list[Quarter]:
        """Return what was kept since then, oldest first."""
        ...

    def incident(self, incident_id: str) -> Incident | None: ...
    def incidents(
        self, *, going_on: bool | None = None, after: str | None = None, limit: int | None = None
    ) -> list[Incident]:
        """Return incidents, newest first; `going_on` only those that go on, or only those that have ended."""
        ...

    def incident_updates(self, incident_id: str) -> list[IncidentUpdate]:
        """Return what was told about an incident, in its order."""
        ...


class WaitingWrite(WaitingRead, Protocol):
    """What can be written."""

    def add_check_run(self, run: CheckRun) -> None:
        """Insert a run. Errors: AlreadyThere."""
        ...

    def end_check_run(self, sending: str, at: datetime) -> None:
        """Write when a run was done; nothing if there is none or it is done already."""
        ...

    def put_quarter(self, quarter: Quarter) -> None:
        """Insert or replace."""
        ...

    def drop_waits_before(self, *, runs: datetime, quarters: datetime) -> None:
        """Forget runs that were done before, and quarters of before."""
        ...

    def add_incident(self, incident: Incident, first: IncidentUpdate) -> None:
        """Insert an incident with what is told of it first. Errors: AlreadyThere."""
        ...

    def move_incident(self, incident: Incident, update: IncidentUpdate) -> None:
        """Write how an incident stands now, and append. Errors: NotThere; AlreadyThere."""
        ...
