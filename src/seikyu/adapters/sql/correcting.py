"""Statements about corrections on the screen."""

import sqlalchemy as sa

from seikyu.adapters.sql.rows import columns, every, first, put, values
from seikyu.adapters.sql.schema_correcting import correction_runs, corrections
from seikyu.ports.correcting import Correction, CorrectionRun

_CORRECTION = sa.select(*columns(corrections, Correction))
_RUN = sa.select(*columns(correction_runs, CorrectionRun))


class SqlCorrectingRead:
    """What can be read (ports.correcting.CorrectingRead)."""

    connection: sa.Connection

    def correction(self, sending_id: str, file_no: int, claim_index: int) -> Correction | None:
        """Return the correction of one claim."""
        key = (
            corrections.c.sending == sending_id,
            corrections.c.file_no == file_no,
            corrections.c.claim_index == claim_index,
        )
        return first(self.connection, Correction, _CORRECTION.where(*key))

    def corrections(self, sending_id: str) -> list[Correction]:
        """Return the corrections of a sending by file and place."""
        wanted = _CORRECTION.where(corrections.c.sending == sending_id)
        return every(self.connection, Correction, wanted.order_by(corrections.c.file_no, corrections.c.claim_index))

    def correction_run(self, new_sending_id: str) -> CorrectionRun | None:
        """Return what a sending corrects."""
        return first(self.connection, CorrectionRun, _RUN.where(correction_runs.c.id == new_sending_id))

    def correction_runs(self, sending_id: str) -> list[CorrectionRun]:
        """Return what was made of a sending's corrections."""
        wanted = _RUN.where(correction_runs.c.sending == sending_id)
        return every(self.connection, CorrectionRun, wanted.order_by(correction_runs.c.id))

    def sendings_in_correction(self) -> list[str]:
        """Return the ids of the sendings of which edits are kept."""
        kept = sa.select(corrections.c.sending).where(corrections.c.edits != "").distinct()
        return [str(sending) for (sending,) in self.connection.execute(kept.order_by(corrections.c.sending))]


class SqlCorrectingWrite:
    """What can be written (ports.correcting.CorrectingWrite)."""

    connection: sa.Connection

    def put_correction(self, correction: Correction) -> None:
        """Insert or replace."""
        put(self.connection, corrections, correction)

    def remove_corrections(self, sending_id: str) -> None:
        """Remove those of a sending that are not finished."""
        unfinished = (corrections.c.sending == sending_id, corrections.c.into.is_(None))
        self.connection.execute(corrections.delete().where(*unfinished))

    def add_correction_run(self, run: CorrectionRun) -> None:
        """Insert. Errors: AlreadyThere."""
        self.connection.execute(correction_runs.insert(), values(run))
