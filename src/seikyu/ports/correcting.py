"""The rows of corrections on the screen (レセプト訂正): work in progress, and what became of it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Correction:
    """The correction of one claim of a sending.

    Shape: `claim_index` counts the claims of the file from 0; `version` counts from 1 and rises with every change;
    `mark` is a value of `office.correcting.Mark`; `edits` is what is changed, as JSON, and holds personal items: empty
    once it is past its keeping. `by` is who changed it last. `into` is the sending that the claim went on in, with its
    place there, None until the correction is finished.
    """

    sending: str
    file_no: int
    claim_index: int
    version: int
    mark: str
    edits: str = field(repr=False)
    changed_at: datetime
    by: str
    into: str | None = None
    into_file_no: int | None = None
    into_claim_index: int | None = None


@dataclass(frozen=True, slots=True)
class CorrectionRun:
    """A finished correction (訂正完了).

    Shape: `id` is the new sending's, `sending` the one that it corrects; `correct_no` (訂正完了回) counts from 1 per
    party, body, kind, line and month.
    """

    id: str
    sending: str
    correct_no: int
    finished_at: datetime
    claims: int


class CorrectingRead(Protocol):
    """What can be read of corrections."""

    def correction(self, sending_id: str, file_no: int, claim_index: int) -> Correction | None: ...
    def corrections(self, sending_id: str) -> list[Correction]:
        """Return the corrections of a sending, in work and finished, by file and place."""
        ...

    def correction_run(self, new_sending_id: str) -> CorrectionRun | None:
        """Return what a sending corrects, None if it came otherwise."""
        ...

    def correction_runs(self, sending_id: str) -> list[CorrectionRun]:
        """Return what was made of a sending's corrections, in the order of finishing."""
        ...

    def sendings_in_correction(self) -> list[str]:
        """Return the ids of the sendings of which edits are kept."""
        ...


class CorrectingWrite(Protocol):
    """What can be written of corrections."""

    def put_correction(self, correction: Correction) -> None:
        """Insert or replace."""
        ...

    def remove_corrections(self, sending_id: str) -> None:
        """Remove those of a sending that are not finished."""
        ...

    def add_correction_run(self, run: CorrectionRun) -> None:
        """Insert. Errors: AlreadyThere."""
        ...
