"""Inquiries, waits and incidents in memory: a part of `adapters.memory`."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from seikyu.office.waiting import rank_of, waited_ms
from seikyu.ports.contact import Inquiry, InquiryStep
from seikyu.ports.errors import AlreadyThere, NotThere
from seikyu.ports.waiting import CheckRun, Incident, IncidentUpdate, Quarter, Standing, Waits


@dataclass(frozen=True)
class ContactTables:
    """All of these rows at one moment."""

    inquiries: dict[str, Inquiry] = field(default_factory=dict)
    inquiry_steps: dict[tuple[str, int], InquiryStep] = field(default_factory=dict)
    check_runs: dict[str, CheckRun] = field(default_factory=dict)
    quarters: dict[datetime, Quarter] = field(default_factory=dict)
    incidents: dict[str, Incident] = field(default_factory=dict)
    incident_updates: dict[tuple[str, int], IncidentUpdate] = field(default_factory=dict)


class _HasTables(Protocol):
    @property
    def tables(self) -> ContactTables: ...


class _HasSendings(_HasTables, Protocol):
    def sending(self, sending_id: str) -> Any: ...


class MemoryContactRead:
    """What can be read (ports.contact.ContactRead, ports.waiting.WaitingRead)."""

    def inquiry(self: _HasTables, inquiry_id: str) -> Inquiry | None:
        """Return the inquiry of that id."""
        return self.tables.inquiries.get(inquiry_id)

    def inquiry_by_number(self: _HasTables, number: str) -> Inquiry | None:
        """Return the inquiry of that number."""
        return next((one for one in self.tables.inquiries.values() if one.number == number), None)

    def inquiry_by_key(self: _HasTables, idempotency_key: str) -> Inquiry | None:
        """Return what that key made."""
        rows = self.tables.inquiries.values()
        return next((one for one in rows if one.idempotency_key == idempotency_key), None)

    def inquiries(
        self: _HasTables,
        *,
        party: str | None = None,
        state: str | None = None,
        after: str | None = None,
        limit: int | None = None,
    ) -> list[Inquiry]:
        """Return inquiries, newest first."""
        found = [
            one
            for one in self.tables.inquiries.values()
            if party in {None, one.party} and state in {None, one.state} and (after is None or one.id < after)
        ]
        return sorted(found, key=lambda one: one.id, reverse=True)[:limit]

    def inquiry_steps(self: _HasTables, inquiry_id: str) -> list[InquiryStep]:
        """Return the history of an inquiry in its order."""
        found = [step for step in self.tables.inquiry_steps.values() if step.inquiry == inquiry_id]
        return sorted(found, key=lambda step: step.no)

    def count_inquiries(self: _HasTables, *, asker_key: str, since: datetime) -> int:
        """Count what an asker has made since."""
        return sum(one.asker_key == asker_key and one.made_at >= since for one in self.tables.inquiries.values())

    def count_strangers(self: _HasTables, *, but: str) -> int:
        """Count the inquiries of strangers that are in another state."""
        return sum(one.party is None and one.state != but for one in self.tables.inquiries.values())

    def inquiry_states(self: _HasTables) -> dict[str, int]:
        """Count the inquiries by state."""
        return dict(Counter(one.state for one in self.tables.inquiries.values()))

    def check_run(self: _HasTables, sending: str) -> CheckRun | None:
        """Return the run of a sending."""
        return self.tables.check_runs.get(sending)

    def standing(self: _HasSendings) -> Standing:
        """Return what waits."""
        waiting = [
            run
            for run in self.tables.check_runs.values()
            if run.done_at is None and self.sending(run.sending).state == "checking"
        ]
        return Standing(
            len(waiting),
            sum(run.files for run in waiting),
            sum(run.size_bytes for run in waiting),
            min((run.entered_at for run in waiting), default=None),
        )

    def checks_done(self: _HasTables, *, limit: int) -> list[CheckRun]:
        """Return the runs that were done last, newest first."""
        done = [(run.done_at, run.sending, run) for run in self.tables.check_runs.values() if run.done_at is not None]
        return [run for _, _, run in sorted(done, key=lambda each: each[:2], reverse=True)][:limit]

    def waits(self: _HasTables, since: datetime, until: datetime) -> Waits:
        """Return what a time saw."""
        runs = self.tables.check_runs.values()
        came = [run.size_bytes for run in runs if since <= run.entered_at < until]
        done = sorted(run.wait_ms or 0 for run in runs if run.done_at is not None and since <= run.done_at < until)
        if not done:
            return Waits(len(came), sum(came))
        p50, p95 = (done[rank_of(len(done), percent)] for percent in (50, 95))
        return Waits(len(came), sum(came), len(done), done[-1], p50, p95)

    def quarter(self: _HasTables, at: datetime) -> Quarter | None:
        """Return what is kept of a quarter."""
        return self.tables.quarters.get(at)

    def quarters(self: _HasTables, since: datetime) -> list[Quarter]:
        """Return what was kept since then, oldest first."""
        return sorted((one for one in self.tables.quarters.values() if one.at >= since), key=lambda one: one.at)

    def incident(self: _HasTables, incident_id: str) -> Incident | None:
        """Return the incident of that id."""
        return self.tables.incidents.get(incident_id)

    def incidents(
        self: _HasTables, *, going_on: bool | None = None, after: str | None = None, limit: int | None = None
    ) -> list[Incident]:
        """Return incidents, newest first."""
        found = [
            one
            for one in self.tables.incidents.values()
            if going_on in {None, one.ended_at is None} and (after is None or one.id < after)
        ]
        return sorted(found, key=lambda one: one.id, reverse=True)[:limit]

    def incident_updates(self: _HasTables, incident_id: str) -> list[IncidentUpdate]:
        """Return what was told about an incident, in its order."""
        found = [one for one in self.tables.incident_updates.values() if one.incident == incident_id]
        return sorted(found, key=lambda one: one.no)


class MemoryContactWrite:
    """What can be written (ports.contact.ContactWrite, ports.waiting.WaitingWrite)."""

    def add_inquiry(self: _HasTables, inquiry: Inquiry, first: InquiryStep) -> None:
        """Insert an inquiry with the first line of its history. Errors: AlreadyThere."""
        key = inquiry.idempotency_key
        for one in self.tables.inquiries.values():
            if one.id == inquiry.id or one.number == inquiry.number or (key and one.idempotency_key == key):
                raise AlreadyThere("a row of that name is already there")
        self.tables.inquiries[inquiry.id] = inquiry
        self.tables.inquiry_steps[first.inquiry, first.no] = first

    def move_inquiry(self: _HasTables, inquiry: Inquiry, step: InquiryStep) -> None:
        """Write where an inquiry stands now, and append to its history. Errors: NotThere, AlreadyThere."""
        if inquiry.id not in self.tables.inquiries:
            raise NotThere("no row of that name")
        if (step.inquiry, step.no) in self.tables.inquiry_steps:
            raise AlreadyThere("that line of the history is already there")
        self.tables.inquiries[inquiry.id] = inquiry
        self.tables.inquiry_steps[step.inquiry, step.no] = step

    def drop_inquiries(self: _HasTables, *, state: str, changed_before: datetime) -> int:
        """Remove what was over long ago, with its history."""
        rows = self.tables.inquiries.values()
        old = {one.id for one in rows if one.state == state and one.changed_at < changed_before}
        for one in old:
            del self.tables.inquiries[one]
        for place in [place for place in self.tables.inquiry_steps if place[0] in old]:
            del self.tables.inquiry_steps[place]
        return len(old)

    def add_check_run(self: _HasTables, run: CheckRun) -> None:
        """Insert a run. Errors: AlreadyThere."""
        if run.sending in self.tables.check_runs:
            raise AlreadyThere("a row of that name is already there")
        self.tables.check_runs[run.sending] = run

    def end_check_run(self: _HasTables, sending: str, at: datetime) -> None:
        """Write when a run was done, once."""
        run = self.tables.check_runs.get(sending)
        if run is not None and run.done_at is None:
            self.tables.check_runs[sending] = replace(run, done_at=at, wait_ms=waited_ms(run.entered_at, at))

    def put_quarter(self: _HasTables, quarter: Quarter) -> None:
        """Insert or replace."""
        self.tables.quarters[quarter.at] = quarter

    def drop_waits_before(self: _HasTables, *, runs: datetime, quarters: datetime) -> None:
        """Forget what is old."""
        tables = self.tables
        for name in [one.sending for one in tables.check_runs.values() if one.done_at and one.done_at < runs]:
            del tables.check_runs[name]
        for at in [at for at in tables.quarters if at < quarters]:
            del tables.quarters[at]

    def add_incident(self: _HasTables, incident: Incident, first: IncidentUpdate) -> None:
        """Insert an incident with what is told of it first. Errors: AlreadyThere."""
        if incident.id in self.tables.incidents:
            raise AlreadyThere("a row of that name is already there")
        self.tables.incidents[incident.id] = incident
        self.tables.incident_updates[first.incident, first.no] = first

    def move_incident(self: _HasTables, incident: Incident, update: IncidentUpdate) -> None:
        """Write how an incident stands now, and append. Errors: NotThere, AlreadyThere."""
        if incident.id not in self.tables.incidents:
            raise NotThere("no row of that name")
        if (update.incident, update.no) in self.tables.incident_updates:
            raise AlreadyThere("that line is already there")
        self.tables.incidents[incident.id] = incident
        self.tables.incident_updates[update.incident, update.no] = update
