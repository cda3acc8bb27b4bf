"""Corrections in memory: the part of `adapters.memory` that holds what is corrected on the screen."""

from dataclasses import dataclass, field
from typing import Protocol

from seikyu.ports.correcting import Correction, CorrectionRun
from seikyu.ports.errors import AlreadyThere


@dataclass(frozen=True)
class CorrectingTables:
    """All rows of corrections at one moment."""

    corrections: dict[tuple[str, int, int], Correction] = field(default_factory=dict)
    correction_runs: dict[str, CorrectionRun] = field(default_factory=dict)


class _HasTables(Protocol):
    @property
    def tables(self) -> CorrectingTables: ...


class MemoryCorrectingRead:
    """What can be read (ports.correcting.CorrectingRead)."""

    def correction(self: _HasTables, sending_id: str, file_no: int, claim_index: int) -> Correction | None:
        """Return the correction of one claim."""
        return self.tables.corrections.get((sending_id, file_no, claim_index))

    def corrections(self: _HasTables, sending_id: str) -> list[Correction]:
        """Return the corrections of a sending by file and place."""
        found = [row for row in self.tables.corrections.values() if row.sending == sending_id]
        return sorted(found, key=lambda row: (row.file_no, row.claim_index))

    def correction_run(self: _HasTables, new_sending_id: str) -> CorrectionRun | None:
        """Return what a sending corrects."""
        return self.tables.correction_runs.get(new_sending_id)

    def correction_runs(self: _HasTables, sending_id: str) -> list[CorrectionRun]:
        """Return what was made of a sending's corrections."""
        found = [run for run in self.tables.correction_runs.values() if run.sending == sending_id]
        return sorted(found, key=lambda run: run.id)

    def sendings_in_correction(self: _HasTables) -> list[str]:
        """Return the ids of the sendings of which edits are kept."""
        return sorted({row.sending for row in self.tables.corrections.values() if row.edits})


class MemoryCorrectingWrite:
    """What can be written (ports.correcting.CorrectingWrite)."""

    def put_correction(self: _HasTables, correction: Correction) -> None:
        """Insert or replace."""
        self.tables.corrections[correction.sending, correction.file_no, correction.claim_index] = correction

    def remove_corrections(self: _HasTables, sending_id: str) -> None:
        """Remove those of a sending that are not finished."""
        for key, row in list(self.tables.corrections.items()):
            if row.sending == sending_id and row.into is None:
                del self.tables.corrections[key]

    def add_correction_run(self: _HasTables, run: CorrectionRun) -> None:
        """Insert. Errors: AlreadyThere."""
        if run.id in self.tables.correction_runs:
            raise AlreadyThere("that correction is already there")
        self.tables.correction_runs[run.id] = run
