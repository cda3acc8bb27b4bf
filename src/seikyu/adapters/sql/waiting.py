"""Statements about how long checks wait, and about incidents."""

from datetime import datetime

import sqlalchemy as sa

from seikyu.adapters.sql.rows import columns, every, narrowed, page, put, replace, values
from seikyu.adapters.sql.rows import first as first_of
from seikyu.adapters.sql.schema import sendings
from seikyu.adapters.sql.schema_contact import check_runs, incident_updates, incidents, quarters
from seikyu.office.waiting import rank_of, waited_ms
from seikyu.ports.waiting import CheckRun, Incident, IncidentUpdate, Quarter, Standing, Waits

_RUN = sa.select(*columns(check_runs, CheckRun))
_QUARTER = sa.select(*columns(quarters, Quarter))
_INCIDENT = sa.select(*columns(incidents, Incident))
_UPDATE = sa.select(*columns(incident_updates, IncidentUpdate))
_CHECKING = "checking"


class SqlWaitingRead:
    """What can be read (ports.waiting.WaitingRead)."""

    connection: sa.Connection

    def check_run(self, sending: str) -> CheckRun | None:
        """Return the run of a sending."""
        return first_of(self.connection, CheckRun, _RUN.where(check_runs.c.sending == sending))

    def standing(self) -> Standing:
        """Return what waits."""
        runs = check_runs.c
        wanted = (
            sa.select(
                sa.func.count(), sa.func.sum(runs.files), sa.func.sum(runs.size_bytes), sa.func.min(runs.entered_at)
            )
            .select_from(sendings.join(check_runs, runs.sending == sendings.c.id))
            .where(sendings.c.state == _CHECKING, runs.done_at.is_(None))
        )
        count, files, size_bytes, oldest = self.connection.execute(wanted).one()
        return Standing(int(count), int(files or 0), int(size_bytes or 0), oldest)

    def checks_done(self, *, limit: int) -> list[CheckRun]:
        """Return the runs that were done last, newest first."""
        done = check_runs.c.done_at
        wanted = _RUN.where(done.is_not(None)).order_by(done.desc(), check_runs.c.sending.desc()).limit(limit)
        return every(self.connection, CheckRun, wanted)

    def waits(self, since: datetime, until: datetime) -> Waits:
        """Return what a time saw."""
        runs = check_runs.c
        came = (runs.entered_at >= since, runs.entered_at < until)
        arrived = sa.select(sa.func.count(), sa.func.sum(runs.size_bytes)).where(*came)
        arrivals, arrived_bytes = self.connection.execute(arrived).one()
        done = (runs.done_at >= since, runs.done_at < until)
        checked, longest = self.connection.execute(
            sa.select(sa.func.count(), sa.func.max(runs.wait_ms)).where(*done)
        ).one()
        ranked = sa.select(runs.wait_ms).where(*done).order_by(runs.wait_ms).limit(1)
        p50, p95 = (
            self.connection.execute(ranked.offset(rank_of(int(checked), percent))).scalar() for percent in (50, 95)
        )
        return Waits(int(arrivals), int(arrived_bytes or 0), int(checked), longest, p50, p95)

    def quarter(self, at: datetime) -> Quarter | None:
        """Return what is kept of a quarter."""
        return first_of(self.connection, Quarter, _QUARTER.where(quarters.c.at == at))

    def quarters(self, since: datetime) -> list[Quarter]:
        """Return what was kept since then, oldest first."""
        return every(self.connection, Quarter, _QUARTER.where(quarters.c.at >= since).order_by(quarters.c.at))

    def incident(self, incident_id: str) -> Incident | None:
        """Return the incident of that id."""
        return first_of(self.connection, Incident, _INCIDENT.where(incidents.c.id == incident_id))

    def incidents(
        self, *, going_on: bool | None = None, after: str | None = None, limit: int | None = None
    ) -> list[Incident]:
        """Return incidents, newest first."""
        wanted = narrowed(_INCIDENT, incidents)
        if going_on is not None:
            wanted = wanted.where(incidents.c.ended_at.is_(None) if going_on else incidents.c.ended_at.is_not(None))
        return every(self.connection, Incident, page(wanted, incidents.c.id, after=after, limit=limit))

    def incident_updates(self, incident_id: str) -> list[IncidentUpdate]:
        """Return what was told about an incident, in its order."""
        wanted = _UPDATE.where(incident_updates.c.incident == incident_id).order_by(incident_updates.c.no)
        return every(self.connection, IncidentUpdate, wanted)


class SqlWaitingWrite:
    """What can be written (ports.waiting.WaitingWrite)."""

    connection: sa.Connection

    def add_check_run(self, run: CheckRun) -> None:
        """Enter a run. Errors: AlreadyThere."""
        self.connection.execute(check_runs.insert(), values(run))

    def end_check_run(self, sending: str, at: datetime) -> None:
        """Write when a run was done, once."""
        runs = check_runs.c
        open_run = (runs.sending == sending, runs.done_at.is_(None))
        began = self.connection.execute(sa.select(runs.entered_at).where(*open_run)).scalar()
        if began is not None:
            ended = check_runs.update().where(*open_run).values(done_at=at, wait_ms=waited_ms(began, at))
            self.connection.execute(ended)

    def put_quarter(self, quarter: Quarter) -> None:
        """Insert or replace."""
        put(self.connection, quarters, quarter)

    def drop_waits_before(self, *, runs: datetime, quarters: datetime) -> None:
        """Forget what is old."""
        self.connection.execute(check_runs.delete().where(check_runs.c.done_at < runs))
        self.connection.execute(_quarters_before(quarters))

    def add_incident(self, incident: Incident, first: IncidentUpdate) -> None:
        """Enter an incident. Errors: AlreadyThere."""
        self.connection.execute(incidents.insert(), values(incident))
        self.connection.execute(incident_updates.insert(), values(first))

    def move_incident(self, incident: Incident, update: IncidentUpdate) -> None:
        """Write how an incident stands now, and append. Errors: NotThere, AlreadyThere."""
        replace(self.connection, incidents, incident)
        self.connection.execute(incident_updates.insert(), values(update))


def _quarters_before(at: datetime) -> sa.Delete:
    return quarters.delete().where(quarters.c.at < at)
