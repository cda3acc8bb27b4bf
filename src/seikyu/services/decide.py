"""The last word on a sending: confirm (請求確定), cancel (請求取消), or the calendar's own decision (自動請求確定).

A decision writes new index objects with every claim's outcome, then one transaction moves the sending on, numbers its
claims, and posts the institution's leg of the ledger. Of two decisions that race the transaction lets one win; the
loser's objects are removed and it is told NotAllowed. The old index objects are removed afterwards; a kill before that
leaves orphans for the next start.

On the test line a decision has no legal effect: the same states and outcomes, but no postings and no claim numbers, and
the month is never closed.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Final

from seikyu.office.errors import NotAllowed
from seikyu.office.forecast import decided
from seikyu.office.leaving import LeftOut
from seikyu.office.ledger import Amounts, Stage, postings_of
from seikyu.office.outcome import Decision
from seikyu.office.sending import (
    DeadlinePassed,
    Event,
    InstitutionCancelled,
    InstitutionConfirmed,
    State,
    step,
)
from seikyu.ports.errors import BadRequest, Busy, Damaged, NotFound, NotThere
from seikyu.ports.store import File, ReadTx, Sending, WriteTx
from seikyu.ports.trust import ClientIdentity
from seikyu.records import Month
from seikyu.rules.index import IndexRow, Outcome
from seikyu.services import events
from seikyu.services.agency import note_act
from seikyu.services.draft import Draft
from seikyu.services.errors import AlreadyDecided, ChangedSince, StillChecking
from seikyu.services.indexes import rows_of, write_rows
from seikyu.services.ledger import Leg, postings
from seikyu.services.office import INSTITUTION, REAL, Office, require_party

#: How an institution may confirm: エラー分含む, エラー分除く.
CHOICES: Final = (Decision.WITH, Decision.WITHOUT)

#: Another act may come between reading and writing; so often a decision begins again.
_TRIES: Final = 20

_SEEN_CHARS: Final = 24


@dataclass(frozen=True, slots=True)
class Decided:
    """A file with its outcomes written, and the sums that go to the ledger."""

    file: File
    claims: int
    claimed: int
    unclaimed: int
    by_payer: dict[str, Amounts]


def confirm(
    office: Office, identity: ClientIdentity, sending_id: str, errors: str, *, seen: str | None = None
) -> Sending:
    """Confirm a sending, with or without the claims that ask; return it as it is now.

    Shape: `seen` is what `seen_of` told when the institution looked; None if nobody looked. Durable when it returns.
    Errors: Forbidden, NotFound, BadRequest, Closed, StillChecking, AlreadyDecided, ChangedSince, NoSpace, Unavailable;
    nothing changes then.
    """
    if errors not in CHOICES:
        raise BadRequest("errors is with or without", parameter="errors")
    sending = to_decide(office, identity, sending_id)
    return _decide(office, sending, InstitutionConfirmed(), decision=Decision(errors), by=identity, seen=seen)


def cancel(office: Office, identity: ClientIdentity, sending_id: str, *, seen: str | None = None) -> Sending:
    """Cancel a sending, all files of it; return it as it is now.

    Durable when it returns. Errors: Forbidden, NotFound, Closed, StillChecking, AlreadyDecided, ChangedSince,
    Unavailable; nothing changes then.
    """
    sending = to_decide(office, identity, sending_id)
    decided_at = office.clock.now()
    with office.store.write() as tx:
        now = present(tx, sending.id)
        state = stepped(now, InstitutionCancelled()).value
        require_seen(now, tx.files(now.id), seen)
        cancelled = replace(now, state=state, decided_at=decided_at, decided_agent=identity.agent)
        tx.put_sending(cancelled)
        tx.remove_corrections(now.id)
        events.note_sending(tx, office, cancelled)
        note_act(tx, office, identity, "cancel", body=now.body, subject=now.id)
    office.tell("sending_cancelled", sending=sending.id, party=sending.party)
    return cancelled


def decide_overdue(office: Office) -> list[str]:
    """Decide every sending that its deadline found undecided. To be called now and then.

    Return the ids of those that could not be decided because what the check found of them is lost or damaged: each is
    told, and stops nobody else.
    """
    with office.store.read() as tx:
        waiting = tx.sendings(line=REAL, states=(State.TO_DECIDE.value,))
    failed = []
    for sending in reversed(waiting):
        try:
            decide_if_overdue(office, sending.id)
        except (Damaged, NotThere) as reason:
            failed.append(sending.id)
            office.tell("decision_failed", sending=sending.id, reason=reason.code)
    return failed


def decide_if_overdue(office: Office, sending_id: str) -> bool:
    """Decide one sending if its deadline has passed and nobody decided; return whether that was so.

    A correction falls due at the closing, all else at the deadline; the two have settings of their own.
    """
    with office.store.read() as tx:
        sending = tx.sending(sending_id)
    if sending is None or sending.state != State.TO_DECIDE or sending.month is None:
        return False
    calendar, month = office.calendar(), Month.parse(sending.month)
    due = calendar.decided_by(month, received_at=sending.received_at, line=sending.line)
    if due is None or office.clock.now() < due:
        return False
    at_deadline = due == calendar.deadline(month)
    decision = office.policy.undecided_at_deadline if at_deadline else office.policy.undecided_at_closing
    try:
        _decide(office, sending, DeadlinePassed(), decision=decision)
    except NotAllowed:
        return False  # Somebody else decided it just now.
    return True


def to_decide(office: Office, identity: ClientIdentity, sending_id: str) -> Sending:
    """Return the institution's own sending, when it may be decided. What is overdue is decided by the calendar first.

    Errors: Forbidden, NotFound, StillChecking, AlreadyDecided, Closed.
    """
    now = office.clock.now()
    with office.store.read() as tx:
        require_party(tx, identity, kind=INSTITUTION, now=now)
        sending = tx.sending(sending_id)
    if sending is None or sending.party != identity.party or not identity.acts_at(sending.body):
        raise NotFound("no such sending")
    if decide_if_overdue(office, sending.id):
        with office.store.read() as tx:
            sending = present(tx, sending.id)
    stepped(sending, InstitutionConfirmed())
    office.calendar().require_open(now, sending.line)
    return sending


def present(tx: ReadTx, sending_id: str) -> Sending:
    """Return the sending. Errors: NotFound."""
    sending = tx.sending(sending_id)
    if sending is None:
        raise NotFound("no such sending")
    return sending


def stepped(sending: Sending, event: Event) -> State:
    """Return the state after `event`. Errors: StillChecking, AlreadyDecided."""
    state = State(sending.state)
    try:
        return step(state, event)
    except NotAllowed:
        if state is State.CHECKING:
            raise StillChecking("the check is not done yet", state=state.value) from None
        raise AlreadyDecided(
            f"the sending is {state} already", state=state.value, errors=sending.decision, decided_at=sending.decided_at
        ) from None


def seen_of(sending: Sending, files: list[File]) -> str:
    """Return a short word for what an institution sees before it decides; another word when that has changed."""
    said = [sending.id, sending.state, *(f"{file.index_object} {file.left_out}" for file in files)]
    return sha256("\n".join(said).encode()).hexdigest()[:_SEEN_CHARS]


def require_seen(sending: Sending, files: list[File], seen: str | None) -> None:
    """Errors: ChangedSince, if the institution has looked at something else than what is there now."""
    if seen is not None and seen != seen_of(sending, files):
        raise ChangedSince("the sending has changed since it was looked at", sending=sending.id)


def _decide(
    office: Office,
    sending: Sending,
    event: Event,
    *,
    decision: Decision,
    by: ClientIdentity | None = None,
    seen: str | None = None,
) -> Sending:
    """Write every claim's outcome and move the sending on; `by` nobody, when the calendar decides.

    What was left out or taken in while the outcomes were written is gone through again: the decision follows it.
    Errors: StillChecking, AlreadyDecided, ChangedSince, MandateNotThere, NoSpace, Unavailable; nothing changes then.
    """
    for _ in range(_TRIES):
        moved = _decide_once(office, sending, event, decision=decision, by=by, seen=seen)
        if moved is not None:
            return moved
    raise Busy("the sending changes all the time", retry_after_s=1)


def _decide_once(
    office: Office,
    sending: Sending,
    event: Event,
    *,
    decision: Decision,
    by: ClientIdentity | None,
    seen: str | None,
) -> Sending | None:
    """Decide as things stand; None, and nothing has changed, if they no longer do when the outcomes are written."""
    with office.store.read() as tx:
        files = tx.files(sending.id)
    old = {file.index_object for file in files if file.index_object is not None}
    with Draft(office, spoken_of=lambda tx, names: {f.index_object for f in tx.files(sending.id)} & names) as draft:
        outcomes = [_decide_file(office, sending, file, decision=decision, draft=draft) for file in files]
        decided_at = office.clock.now()
        with office.store.write() as tx:
            now = present(tx, sending.id)
            state = stepped(now, event).value
            files_now = tx.files(sending.id)
            require_seen(now, files_now, seen)
            if files_now != files:
                return None
            moved = replace(
                now,
                state=state,
                decision=decision.value,
                decided_at=decided_at,
                confirm_no=tx.next_number(f"confirm_no/{now.party}/{now.body}/{now.line}/{now.kind}/{now.month}"),
                claimed=sum(each.claimed for each in outcomes),
                unclaimed=sum(each.unclaimed for each in outcomes),
                decided_agent=by.agent if by else None,
            )
            tx.put_sending(moved)
            events.note_sending(tx, office, moved)
            if by is not None:
                note_act(tx, office, by, "confirm", body=moved.body, subject=moved.id)
            _enter(office, tx, moved, outcomes, at=decided_at)
        draft.keep()
    office.forget(old)
    office.tell("sending_decided", sending=moved.id, party=moved.party, state=moved.state, claimed=moved.claimed)
    return moved


def _enter(office: Office, tx: WriteTx, sending: Sending, outcomes: list[Decided], *, at: datetime) -> None:
    """Write the files and, on the real line, number their claims and post them."""
    for each in outcomes:
        if sending.line != REAL:
            tx.put_file(each.file)
            continue
        base = tx.next_number(f"management/{sending.body}/{sending.month}", step=each.claims) if each.claims else None
        tx.put_file(replace(each.file, management_base=base))
        leg = Leg(Stage.CLAIMED, each.file.id)
        tx.add_postings(postings(office, leg, each.by_payer, body=sending.body, month=str(sending.month), at=at))


def _decide_file(office: Office, sending: Sending, file: File, *, decision: Decision, draft: Draft) -> Decided:
    """Write a new index of the file with the outcome of every claim; hold one claim at a time."""
    if file.index_object is None:  # Damaged at the office: no claim of it is known, and none is claimed.
        return Decided(file, 0, 0, 0, {})
    left = LeftOut.read(file.left_out)
    rows = _Counted(
        decided(
            row, decision, left_out=place in left, asp=sending.asp, file_refused=bool(file.refused), by=office.policy
        )
        for place, row in enumerate(rows_of(office.objects, file.index_object))
    )
    name = draft.name("indexes", file.id)
    with draft.writer(name, limit_bytes=office.limit("file_bytes")) as writer:
        write_rows(writer, rows)
        draft.commit()
    by_payer = postings_of(rows_of(office.objects, name)) if sending.line == REAL else {}
    return Decided(
        file=replace(file, index_object=name),
        claims=rows.outcomes.total(),
        claimed=rows.outcomes[Outcome.CLAIMED],
        unclaimed=rows.outcomes[Outcome.UNCLAIMED],
        by_payer=by_payer,
    )


class _Counted:
    """Rows that pass, and how many ended how."""

    def __init__(self, rows: Iterator[IndexRow]) -> None:
        self._rows = rows
        self.outcomes: Counter[Outcome] = Counter()

    def __iter__(self) -> Iterator[IndexRow]:
        for row in self._rows:
            self.outcomes[row.outcome] += 1
            yield row
