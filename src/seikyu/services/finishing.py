"""Finishing a correction (訂正完了): the corrected claims go on in a new sending, and end in the old one for good.

The order of things is that of every act: the new files and the old sending's new indexes are committed first, then one
transaction makes the sending, marks its claims in the old one, and remembers what became of each correction. The
transaction looks again at all that was read before it: whoever decided, cancelled, corrected or closed first wins, and
this act begins anew or is turned away. So a claim is claimed at most once, in the old sending or in the new one.

Where a kill may fall: before the transaction nothing has happened; after it all has, and who asks again with the same
key gets the first answer.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from seikyu.office.correcting import Mark, event_of
from seikyu.office.errors import NotAllowed
from seikyu.office.sending import State, step
from seikyu.ports.correcting import Correction, CorrectionRun
from seikyu.ports.errors import BadRequest, KeyReused, NotFound, NotThere, Unavailable
from seikyu.ports.store import File, ReadTx, Sending, WriteTx
from seikyu.ports.trust import ClientIdentity
from seikyu.records import Month, edited, file_of
from seikyu.rules.index import IndexRow, Outcome, Reason
from seikyu.services import events
from seikyu.services.agency import note_act, require_mandate
from seikyu.services.arrival import Arrived, require_room
from seikyu.services.claims import head_of, opened, reading_of, sending_of_party
from seikyu.services.correcting import check_whole, may_not, read_edits, why_barred
from seikyu.services.draft import Draft
from seikyu.services.errors import CorrectionTooLate, HeadAtFault, NotCorrectable, NothingCorrected
from seikyu.services.indexes import index_bytes, rows_of, write_rows
from seikyu.services.office import INSTITUTION, REAL, Office, require_party
from seikyu.services.receive import IDEMPOTENCY_CHARS, Terms, digest_of, new_sending

#: So often an act begins anew because somebody changed what it had read.
_TRIES: Final = 4
_OPEN_MONTH: Final = "open"


@dataclass(frozen=True, slots=True)
class Finished:
    """What came of it. Shape: `sending` is the new one; `repeat` if it was there already."""

    sending: Sending
    run: CorrectionRun
    repeat: bool


class _ChangedMeanwhile(Exception):
    """Somebody changed what was read; nothing of this try stays."""


@dataclass(frozen=True, slots=True)
class _Taken:
    """What one file of the old sending gives: the new file, and what the old one's index becomes."""

    file: File
    rows: tuple[Correction, ...]
    data: bytes
    marked: tuple[IndexRow, ...]


def finish_corrections(
    office: Office, identity: ClientIdentity, sending_id: str, *, idempotency_key: str | None = None
) -> Finished:
    """Make a new sending of the claims of a sending that are marked as corrected.

    Durable when it returns; the check of the new sending is ordered. Errors: Forbidden, NotFound, BadRequest, Closed,
    NotCorrectable, NothingCorrected, HeadAtFault, CorrectionTooLate, MandateNotThere, KeyReused, NoSpace, Unavailable;
    nothing changes then.
    """
    if idempotency_key is not None and not 0 < len(idempotency_key) <= IDEMPOTENCY_CHARS:
        raise BadRequest("the idempotency key is empty or too long", parameter="Idempotency-Key")
    for _ in range(_TRIES):
        sending, files = sending_of_party(office, identity, sending_id)
        with office.store.read() as tx:
            rows, first = tx.corrections(sending_id), _first_answer(tx, sending, idempotency_key)
        if first is not None:
            return first
        _require_time(office, sending)
        try:
            taken = [_taken(office, sending, file, rows) for file in files]
            return _finish(office, identity, sending, files, [each for each in taken if each.rows], idempotency_key)
        except _ChangedMeanwhile:
            continue
    raise Unavailable("others change the sending all the time", retry_after_s=1)


def _first_answer(tx: ReadTx, sending: Sending, key: str | None) -> Finished | None:
    """Return the answer that was given under the key before. Errors: KeyReused."""
    made = tx.sending_by_key(sending.party, key) if key is not None else None
    if made is None:
        return None
    run = tx.correction_run(made.id)
    if run is None or run.sending != sending.id:
        raise KeyReused("the key belongs to another request")
    return Finished(made, run, repeat=True)


def _require_time(office: Office, sending: Sending) -> None:
    """Errors: NotCorrectable, Closed, CorrectionTooLate."""
    why = may_not(sending)
    if why is not None:
        raise NotCorrectable("claims of the sending cannot be corrected", why=why, state=sending.state)
    opening = office.calendar().require_open(office.clock.now(), sending.line)
    if sending.month is None or (
        opening.claim_months is not None and Month.parse(sending.month) not in opening.claim_months
    ):
        raise CorrectionTooLate("claims of the month are not taken any more", month=sending.month)
    require_room(office, 0)


def _taken(office: Office, sending: Sending, file: File, rows: list[Correction]) -> _Taken:
    """Return what goes on of one file; without rows, if that is nothing. Claims claimed meanwhile are left.

    Errors: NotFound, _ChangedMeanwhile.
    """
    mine = [row for row in rows if row.file_no == file.no and row.mark == Mark.CORRECTED and row.into is None]
    try:
        marked = list(rows_of(office.objects, file.index_object))
    except NotThere:
        raise _ChangedMeanwhile from None
    mine = [
        row
        for row in mine
        if row.claim_index < len(marked) and why_barred(file, row.claim_index, marked[row.claim_index]) is None
    ]
    if not mine:
        return _Taken(file, (), b"", tuple(marked))
    layout, _ = reading_of(file)
    claims = []
    for row in mine:
        claim = opened(office, sending, file, row.claim_index)
        claims.append(edited(claim.data, read_edits(row), layout))
        marked[row.claim_index] = claim.row.decided(Outcome.UNCLAIMED, Reason.CORRECTED)
    head = head_of(office, file, layout)
    bare = file_of(head, claims, layout, cases=0, points=0)
    _, counted, _ = check_whole(office, sending, bare, file_name=file.name)
    cases, points = sum(each.cases for each in counted), sum(each.main_points for each in counted)
    data = file_of(head, claims, layout, cases=cases, points=points)
    findings, _, summary = check_whole(office, sending, data, file_name=file.name)
    if summary is None or summary.refused:
        code = next((each.code for each in findings if each.refuses == "file"), "")
        raise HeadAtFault("the file would be refused again", finding=code)
    return _Taken(file, tuple(mine), data, tuple(marked))


def _finish(
    office: Office,
    identity: ClientIdentity,
    sending: Sending,
    files: list[File],
    taken: list[_Taken],
    idempotency_key: str | None,
) -> Finished:
    """Write it all down and make it true. Errors: as `finish_corrections`, and _ChangedMeanwhile."""
    if not taken:
        raise NothingCorrected("no claim is marked as corrected")
    ids = [office.ids.new() for _ in taken]
    with Draft(office, spoken_of=lambda tx, _: tx.file(ids[0])) as draft:
        arrived = [_written(office, draft, each, file_id) for each, file_id in zip(taken, ids, strict=True)]
        indexes = {each.file.no: _write_index(draft, each) for each in taken}
        draft.commit()
        made = _made(office, identity, sending, arrived, idempotency_key)
        with office.store.write() as tx:
            require_party(tx, identity, kind=INSTITUTION, now=made.received_at)
            now = _unchanged(tx, sending, files, taken)
            _move(office, tx, now, files, {each.file.no: each for each in taken}, indexes)
            new = new_sending(
                office, tx, replace(made, mandate=require_mandate(tx, identity, made.body, office.real_now())),
                arrived=arrived,
            ).sending  # fmt: skip
            run = _remember(tx, sending, new, taken)
            left = tx.sending(sending.id) or sending
            events.note_sending(tx, office, left, events.What.SENDING_CORRECTED, made=new.id, corrected=run.claims)
            note_act(tx, office, identity, "correct", body=new.body, subject=new.id)
        draft.keep()
    office.forget({each.file.index_object for each in taken if each.file.index_object is not None})
    office.tell(
        "correction_finished", sending=sending.id, party=sending.party, new_sending=new.id, claims=run.claims
    )  # fmt: skip
    return Finished(new, run, repeat=False)


def _written(office: Office, draft: Draft, taken: _Taken, file_id: str) -> Arrived:
    name = f"files/{file_id}"
    with_room = office.limit("file_bytes")
    writer = draft.writer(name, limit_bytes=with_room)
    writer.write(taken.data)
    digest = hashlib.sha256(taken.data).hexdigest()
    return Arrived(file_id, writer, len(taken.data), digest, None, taken.file.name)


def _write_index(draft: Draft, taken: _Taken) -> str:
    name = draft.name("indexes", taken.file.id)
    writer = draft.writer(name, limit_bytes=index_bytes(len(taken.marked)))
    write_rows(writer, taken.marked)
    return name


def _made(
    office: Office, identity: ClientIdentity, old: Sending, arrived: list[Arrived], idempotency_key: str | None
) -> Sending:
    """Return the new sending, its number aside: on the terms of the old one."""
    terms = Terms(body=old.body, line=old.line, asp=old.asp, idempotency_key=idempotency_key)
    sha256s = [each.sha256 for each in arrived]
    return Sending(
        id=office.ids.new(),
        body=old.body,
        party=old.party,
        line=old.line,
        kind=old.kind,
        month=old.month,
        asp=old.asp,
        send_no=0,
        state=State.CHECKING.value,
        received_at=office.clock.now(),
        digest=digest_of(old.party, old.body, terms, kind=old.kind, month=old.month, sha256s=sha256s),
        idempotency_key=idempotency_key,
        agent=identity.agent,
    )


def _unchanged(tx: ReadTx, sending: Sending, files: list[File], taken: list[_Taken]) -> Sending:
    """Return the old sending as it is now. Errors: _ChangedMeanwhile; NotCorrectable, if its month is closed."""
    now = tx.sending(sending.id)
    if now != sending or tx.files(sending.id) != files:
        raise _ChangedMeanwhile
    for each in taken:
        for row in each.rows:
            if tx.correction(sending.id, row.file_no, row.claim_index) != row:
                raise _ChangedMeanwhile
    month = tx.month(sending.body, str(sending.month), REAL) if sending.line == REAL else None
    if month is not None and month.state != _OPEN_MONTH:
        raise NotCorrectable("the month is closed or closing", why="month", state=sending.state)
    return sending


def _move(
    office: Office,
    tx: WriteTx,
    old: Sending,
    files: list[File],
    taken: dict[int, _Taken],
    indexes: dict[int, str],
) -> None:
    """Let the corrected claims end in the old sending, and the sending with them if none is left."""
    try:
        state = step(State(old.state), event_of(State(old.state), _reasons(office, files, taken)))
    except NotAllowed:
        raise NotCorrectable("claims of the sending cannot be corrected", why="state", state=old.state) from None
    for no, name in indexes.items():
        tx.put_file(replace(taken[no].file, index_object=name))
    if state.value != old.state:
        tx.put_sending(replace(old, state=state.value, decided_at=office.clock.now()))


def _reasons(office: Office, files: list[File], taken: dict[int, _Taken]) -> Iterator[Reason]:
    """Yield the reasons that the claims of the old sending have by then."""
    for file in files:
        if file.no in taken:
            yield from (row.reason for row in taken[file.no].marked)
            continue
        try:
            yield from (row.reason for row in rows_of(office.objects, file.index_object))
        except NotThere:
            raise NotFound("the list of claims is past its keeping") from None


def _remember(tx: WriteTx, old: Sending, new: Sending, taken: list[_Taken]) -> CorrectionRun:
    """Write down what became of each correction, and give the finished one its number."""
    rows = [(no, row) for no, each in enumerate(taken, start=1) for row in each.rows]
    for no, group in groupby(rows, key=lambda pair: pair[0]):
        for place, (_, row) in enumerate(group):
            gone = replace(row, version=row.version + 1, into=new.id, into_file_no=no, into_claim_index=place)
            tx.put_correction(gone)
    sequence = f"correct_no/{old.party}/{old.body}/{old.line}/{old.kind}/{old.month}"
    run = CorrectionRun(new.id, old.id, tx.next_number(sequence), new.received_at, len(rows))
    tx.add_correction_run(run)
    return run
