"""What the services turn away beyond what the domain and the ports do; `code` finds the texts in `apps`."""

from dataclasses import dataclass

from seikyu.office.errors import NotAllowed
from seikyu.ports.errors import BadRequest, Forbidden, SeikyuError


class PartyNotYet(Forbidden):
    """The register has the party, but only from a later time on. Shape: facts `since`, `now` (the office's time)."""

    code = "party_not_yet"


class StillChecking(NotAllowed):
    """The check is not done yet, so there is nothing to decide. Shape: facts `state`."""

    code = "still_checking"


class AlreadyDecided(NotAllowed):
    """The sending has had its last word. Shape: facts `state`, `errors`, `decided_at`."""

    code = "already_decided"


class ChangedSince(NotAllowed):
    """The sending is not what it was when the institution looked at it; nothing was done. Shape: facts `sending`."""

    code = "changed_since"


class NothingToCorrect(NotAllowed):
    """Only corrections are taken now, and nothing came back with errors. Nothing of the sending is kept."""

    code = "nothing_to_correct"


class UploadIncomplete(NotAllowed):
    """Not every file of the upload is there yet; the upload stays. Shape: facts `missing` (numbers from 1)."""

    code = "upload_incomplete"


class NoFileChosen(NotAllowed):
    """A form came without a file; there is nothing to send."""

    code = "no_file_chosen"


class TooManyFiles(NotAllowed):
    """More files came than one sending may have; nothing of it is kept. Shape: facts `most`."""

    code = "too_many_files"


class MonthNotOver(NotAllowed):
    """The month cannot be closed yet. Shape: facts `closing_from` (None: only by hand)."""

    code = "month_not_over"


class AlreadyClosed(NotAllowed):
    """The month is closed and nothing has been confirmed since."""

    code = "already_closed"


class OnlyInSandbox(NotAllowed):
    """A real office does not move its clock or change its calendar by this act."""

    code = "only_in_sandbox"


class NotCorrectable(NotAllowed):
    """The claim cannot be corrected on the screen; nothing changes. Shape: facts `why` (a word), `state`."""

    code = "not_correctable"


class CorrectionMoved(NotAllowed):
    """Somebody changed the correction meanwhile, perhaps in another window; nothing of this one is kept.

    Shape: facts `version`, the one that is there now.
    """

    code = "correction_moved"


class NothingCorrected(NotAllowed):
    """No claim is marked as corrected, so there is nothing to finish."""

    code = "nothing_corrected"


class HeadAtFault(NotAllowed):
    """What is wrong stands in the file's own records, which a correction leaves as they are; nothing changes.

    Shape: facts `finding`, the code of what refuses the file.
    """

    code = "head_at_fault"


class CorrectionTooLate(NotAllowed):
    """Claims of that month are not taken any more; nothing changes. Shape: facts `month`."""

    code = "correction_too_late"


class BadCorrection(BadRequest):
    """Something typed cannot stand where it is to stand; nothing is kept (422).

    Shape: facts `wrong`, texts `LINE.NO: WHY`; `wrongs` are the same as values.
    """

    code = "bad_correction"

    def __init__(self, wrongs: "tuple[Wrong, ...]") -> None:
        super().__init__(
            "items of the claim cannot be so", wrong=[f"{each.line}.{each.no}: {each.why}" for each in wrongs]
        )
        self.wrongs = wrongs


@dataclass(frozen=True, slots=True)
class Wrong:
    """One item that cannot be so.

    Shape: `line` counts from 0 in the claim as it was received, of an added record the line that it stands behind; `no`
    is the item's, 0 for the record as a whole; `why` is a word; `most_bytes` what the item holds, 0 unknown.
    """

    line: int
    no: int
    why: str
    most_bytes: int = 0


class NothingToUndo(NotAllowed):
    """Only a confirmation whose month has not closed yet can be undone. Shape: facts `state`."""

    code = "nothing_to_undo"


class MonthClosing(NotAllowed):
    """The month is being closed at this moment; nothing of it changes any more. Shape: facts `body`, `month`."""

    code = "month_closing"


class WishDecided(NotAllowed):
    """Somebody has decided the order or grant before; nothing changes. Shape: facts `state`, `by`."""

    code = "wish_decided"


class WishLapsed(NotAllowed):
    """The order or grant has waited too long; nothing changes. Shape: facts `hours`."""

    code = "wish_lapsed"


class ReasonNeeded(SeikyuError):
    """The reason says nothing, or too much; nothing changes. Shape: facts `least`, `most` (characters)."""

    code = "reason_needed"


class GrantNeeded(Forbidden):
    """Nobody of the office looks at a claim without a grant that holds now, for this claim and this person."""

    code = "grant_needed"


class OtherPersonNeeded(SeikyuError):
    """This person may not be the second one. Shape: facts `why`, as `trust.revoking.why_not` says it."""

    code = "other_person_needed"

    @property
    def words_code(self) -> str:
        """Which words tell it."""
        return f"{self.code}.{self.facts['why']}"
