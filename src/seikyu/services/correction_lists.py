"""The list of what was corrected (レセプト訂正内容確認), made anew from the files and what was typed."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from seikyu.office.calendar import JST
from seikyu.ports.correcting import Correction, CorrectionRun
from seikyu.ports.errors import NotFound
from seikyu.ports.store import File, Sending
from seikyu.ports.trust import ClientIdentity
from seikyu.records import changes_of
from seikyu.rules.reports.changes import CorrectedClaim, change_list, change_rows
from seikyu.rules.reports.forms import Form, Issue, Values, file_name, forms
from seikyu.rules.reports.heads import read_claim
from seikyu.rules.summary import Summary
from seikyu.services.claims import opened, sending_of_party
from seikyu.services.correcting import read_edits
from seikyu.services.office import TEST, Office


@dataclass(frozen=True, slots=True)
class CorrectionList:
    """One list. Shape: `name` is its official file name; `run` is None for what is not finished yet."""

    sending: Sending
    run: CorrectionRun | None
    issue: Issue
    claims: Sequence[CorrectedClaim]

    @property
    def form(self) -> Form:
        """The official form."""
        return forms()["chng"]

    @property
    def name(self) -> str:
        """The official name of its file."""
        return file_name(self.form, self.issue)

    def csv(self) -> bytes:
        """Return the file: Shift_JIS, CR LF."""
        return b"".join(change_list(self.claims, self.form, self.issue))

    def rows(self) -> list[Values]:
        """Return the rows as values, by the names of the columns."""
        return list(change_rows(self.claims, self.form))


def correction_list(
    office: Office, identity: ClientIdentity, sending_id: str, *, finished_in: str | None = None
) -> CorrectionList:
    """Return the list of a sending's corrections: of one that was finished, or of what is not finished yet.

    Shape: `finished_in` is the id of the sending that was made of it. Persons are shown: it is the party's own list.
    Errors: Forbidden, NotFound, also past their keeping.
    """
    sending, files = sending_of_party(office, identity, sending_id)
    with office.store.read() as tx:
        run = tx.correction_run(finished_in) if finished_in is not None else None
        made = tx.sending(finished_in) if finished_in is not None else None
        rows = [row for row in tx.corrections(sending_id) if row.into == finished_in]
        party = tx.party(sending.party)
    if finished_in is not None and (run is None or run.sending != sending_id):
        raise NotFound("no such correction")
    claims = tuple(_claims(office, sending, files, rows, made))
    issue = Issue(
        summary=_summary(files),
        institution_name=party.name if party else "",
        correct_no=run.correct_no if run else None,
        corrected_on=run.finished_at.astimezone(JST).date() if run else None,
        corrected_send_no=made.send_no if made else None,
        marks=frozenset({"test"} if sending.line == TEST else ()),
    )
    return CorrectionList(sending, run, issue, claims)


def _summary(files: Sequence[File]) -> Summary:
    """Return what the check said of the first file that it could read. Errors: NotFound."""
    for file in files:
        told = json.loads(file.summary) if file.summary else {}
        if told.get("layout"):
            return Summary.from_json(told)
    raise NotFound("the files could not be read claim by claim")


def _claims(
    office: Office, sending: Sending, files: Sequence[File], rows: Sequence[Correction], made: Sending | None
) -> Iterator[CorrectedClaim]:
    by_no = {file.no: file for file in files}
    failed = made is not None and made.claims is not None and made.claims == made.refused
    for row in rows:
        claim = opened(office, sending, by_no[row.file_no], row.claim_index)
        head = read_claim(claim.data, layout_name=claim.layout.name, line=claim.row.line, show_personal=True)
        edits = read_edits(row)
        yield CorrectedClaim(
            head=head,
            mark=row.mark,
            changes=tuple(changes_of(claim.data, edits, claim.layout)),
            confirm_no=made.confirm_no if made else None,
            failed=failed,
        )
