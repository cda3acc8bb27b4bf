"""The check of a sending: what the checker found becomes rows, once, however often the order is carried out.

Handler of `Work.CHECK_SENDING`. Each try writes its indexes and findings under names of its own; the transaction at the
end moves the sending out of `checking` and names them. A try that was killed, or came second, leaves nothing that a row
speaks of.

A file whose bytes are no longer those that were received is *damaged*: the office's own fault, so it is named as such
(`summary`), counted as refused so that nothing of it is claimed, and shown to the institution, which sends it again; a
sending of only such files is `refused` and therefore no longer answers as a repeat.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from seikyu.office.sending import ChecksFinished, EveryFileRefused, State, step
from seikyu.ports.errors import Damaged, NotFound, NotThere
from seikyu.ports.store import File, Sending
from seikyu.rules.context import Context
from seikyu.rules.index import Outcome, Reason
from seikyu.services import events
from seikyu.services.corrections import is_correction, no_corrections, sent_before
from seikyu.services.decide import decide_if_overdue
from seikyu.services.draft import Draft
from seikyu.services.examine import CheckOrder
from seikyu.services.indexes import index_bytes, rows_of, write_rows
from seikyu.services.office import Office

#: What stands in `File.summary` of a damaged file.
DAMAGED: Final = json.dumps({"damaged": True})


@dataclass(frozen=True, slots=True)
class Checked:
    """A file after its check, and what it adds to its sending's counts."""

    file: File
    claims: int
    refused: int
    ask: int
    findings: int


def check_sending(office: Office, sending_id: str) -> None:
    """Check every file of a sending and move it on; nothing if that is done already.

    Errors: NotFound; NoSpace, Unavailable (the sending stays `checking`; carry the order out again).
    """
    with office.desk.turn(f"check/{sending_id}"):
        with office.store.read() as tx:
            sending, files = tx.sending(sending_id), tx.files(sending_id)
        if sending is None:
            raise NotFound("no such sending")
        if sending.state == State.CHECKING:
            _check(office, sending, files, before=_before(office, sending))
    decide_if_overdue(office, sending_id)


def check_again(office: Office, sending_id: str) -> None:
    """Have the files of an undecided sending examined anew, because what the check found of them is lost.

    The state stays; nothing if it is another by now. A file that is lost too is damaged, as in its first check.
    Errors: NoSpace, Unavailable; nothing changes then.
    """
    with office.desk.turn(f"check/{sending_id}"):
        with office.store.read() as tx:
            sending, files = tx.sending(sending_id), tx.files(sending_id)
        if sending is None or sending.state != State.TO_DECIDE:
            return
        _check(office, sending, files, before=_before(office, sending))
    with office.store.read() as tx:
        in_force = _names_of(tx.files(sending_id))
    office.forget(_names_of(files) - in_force)


@dataclass(frozen=True, slots=True)
class Before:
    """The files that a correction is compared with: those that came by the deadline, and of corrections before it."""

    in_time: list[File]
    corrected: list[File]


def _before(office: Office, sending: Sending) -> Before | None:
    """Return what a correction is compared with, after its own checks; None if any claim may be sent."""
    if not is_correction(office, sending):
        return None
    with office.store.read() as tx:
        groups = sent_before(office, tx, sending)
    for each in (*groups[0], *groups[1]):
        check_sending(office, each.id)
    with office.store.read() as tx:
        in_time, corrected = ([file for each in group for file in tx.files(each.id)] for group in groups)
    return Before(in_time, corrected)


def _check(office: Office, sending: Sending, files: list[File], *, before: Before | None) -> None:
    with Draft(office, spoken_of=lambda tx, names: _names_of(tx.files(sending.id)) & names) as draft:
        checked = [_check_file(office, sending, file, draft=draft, before=before) for file in files]
        with office.store.write() as tx:
            now = tx.sending(sending.id)
            if now is None or now.state != sending.state:
                return
            moved = _moved(sending, checked)
            left_out = {file.id: file.left_out for file in tx.files(sending.id)}
            for each in checked:
                tx.put_file(replace(each.file, left_out=left_out[each.file.id]))
            tx.put_sending(moved)
            if now.state == State.CHECKING:
                events.note_sending(tx, office, moved)
            tx.end_check_run(sending.id, office.real_now())
        draft.keep(_names_of([each.file for each in checked]))
    office.tell("sending_checked", sending=moved.id, state=moved.state, claims=moved.claims, refused=moved.refused)


def _moved(sending: Sending, checked: list[Checked]) -> Sending:
    state = State(sending.state)
    if state is State.CHECKING:
        every = all(each.file.refused for each in checked)
        state = step(state, EveryFileRefused() if every else ChecksFinished())
    return replace(
        sending,
        state=state.value,
        claims=sum(each.claims for each in checked),
        refused=sum(each.refused for each in checked),
        ask=sum(each.ask for each in checked),
        findings=sum(each.findings for each in checked),
    )


def _names_of(files: list[File]) -> set[str]:
    return {name for file in files for name in (file.index_object, file.findings_object) if name is not None}


def _check_file(office: Office, sending: Sending, file: File, *, draft: Draft, before: Before | None) -> Checked:
    """Have one file examined; its objects are the draft's. `before` is None unless only corrections were taken."""
    order = CheckOrder(
        file=f"files/{file.id}",
        size_bytes=file.size_bytes,
        sha256=file.sha256,
        index=draft.name("indexes", file.id),
        findings=draft.name("findings", file.id),
        asp=sending.asp,
        context=context_of(
            office,
            body=sending.body,
            party=sending.party,
            line=sending.line,
            at=sending.received_at,
            file_name=file.name,
        ),
    )
    checked_at = office.clock.now()
    try:
        summary = office.checker(order)
    except (Damaged, NotThere):
        office.tell("file_damaged", sending=sending.id, file=file.id)
        lost = replace(file, index_object=None, findings_object=None)
        return Checked(replace(lost, checked_at=checked_at, refused=True, summary=DAMAGED), 0, 0, 0, 0)
    row = replace(
        file,
        checked_at=checked_at,
        # What names no month or kind cannot be attributed, whatever else was found.
        refused=summary.refused or sending.month is None or sending.kind is None,
        summary=json.dumps(summary.to_json(), ensure_ascii=False),
        index_object=order.index,
        findings_object=order.findings,
    )
    if sending.state != State.CHECKING:
        row = _still_corrected(office, row, draft=draft)
    if row.refused:
        return Checked(row, summary.claims, summary.claims, 0, summary.findings)
    refused, ask = summary.totals["refused"].claims, summary.totals["ask"].claims
    if before is not None:
        row, refused, ask = _only_corrections(office, row, draft=draft, before=before)
    return Checked(row, summary.claims, refused, ask, summary.findings)


def context_of(office: Office, *, body: str, party: str, line: str, at: datetime, file_name: str | None) -> Context:
    """Return what the office knows of a file that a party hands in `at` that time."""
    return Context(
        body=body,
        institution=party,
        claim_months=office.calendar().at(at, line).claim_months,
        max_bytes=office.limit("file_bytes"),
        file_name=file_name,
    )


def _only_corrections(office: Office, file: File, *, draft: Draft, before: Before) -> tuple[File, int, int]:
    """Mark the claims that may not be sent now; return the file so, and how many of it are refused and ask."""
    rows_now = rows_of(office.objects, file.index_object)
    barred = no_corrections(office, rows_now, earlier=before.in_time, corrected=before.corrected)
    rows = [
        row.decided(Outcome.UNCLAIMED, Reason.NOT_A_CORRECTION) if place in barred and not row.refused else row
        for place, row in enumerate(rows_of(office.objects, file.index_object))
    ]
    with draft.writer(draft.name("indexes", file.id), limit_bytes=index_bytes(len(rows))) as writer:
        write_rows(writer, rows)
        (stored,) = draft.commit()
    refused = sum(row.refused or row.reason is Reason.NOT_A_CORRECTION for row in rows)
    ask = sum(row.asks and row.reason is not Reason.NOT_A_CORRECTION for row in rows)
    return replace(file, index_object=stored.name), refused, ask


def _still_corrected(office: Office, file: File, *, draft: Draft) -> File:
    """Return a file that is checked again so that claims which went on in another sending stay gone from this one."""
    with office.store.read() as tx:
        gone = {
            row.claim_index for row in tx.corrections(file.sending) if row.file_no == file.no and row.into is not None
        }
    if not gone:
        return file
    rows = [
        row.decided(Outcome.UNCLAIMED, Reason.CORRECTED) if place in gone else row
        for place, row in enumerate(rows_of(office.objects, file.index_object))
    ]
    with draft.writer(draft.name("indexes", file.id), limit_bytes=index_bytes(len(rows))) as writer:
        write_rows(writer, rows)
        (stored,) = draft.commit()
    return replace(file, index_object=stored.name)
