"""Reception (受付): a sending comes into being when its last byte is durable, and not before.

The way of a sending: admission (who, when, is there room), arrival (`arrival`), then `enter`: the objects are
committed, and one transaction makes the sending, its files and its work order, or finds that all of it is here already.

Where a kill may fall, and what is true then:

- before the objects are committed: temporaries, swept at start. No row.
- between objects and transaction: orphans, swept at start. No row. The sender has no answer and sends again.
- after the transaction: the sending is there once and its check is ordered. The sender's new try finds it (`digest`)
  and gets the first answer as a repeat.

A sender whose answer was lost may come back when nothing new is taken any more: after the last minute of the calendar,
or when the disk is nearly full. If its idempotency key or the stated digest is known as its own, its body is listened
to and not kept, and what comes of it is the first answer or the refusal, never a sending.

From the first commit on the work runs in a thread to its end, whatever becomes of the request: a request that is
cancelled in the middle leaves either all or nothing.
"""

import asyncio
import unicodedata
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Final

from seikyu.limits import limit
from seikyu.office.errors import Closed, ClosedMeanwhile, UnknownBody
from seikyu.office.sending import State
from seikyu.ports.errors import BadRequest, KeyReused, Mixed, NoSpace
from seikyu.ports.jobs import Work, WorkOrder
from seikyu.ports.store import File, ReadTx, Sending, WriteTx
from seikyu.ports.trust import ClientIdentity
from seikyu.ports.waiting import CheckRun
from seikyu.records import Header
from seikyu.services import events
from seikyu.services.agency import note_act, require_mandate
from seikyu.services.arrival import Arrived, Stated, check_stated, require_room, take_in
from seikyu.services.arrivals import Source, forget
from seikyu.services.corrections import is_correction, require_earlier_errors
from seikyu.services.draft import Draft
from seikyu.services.office import INSTITUTION, LINES, REAL, Office, require_party

FILE_NAME_CHARS: Final = 255
IDEMPOTENCY_CHARS: Final = limit("idempotency_key_chars")

#: Why nothing new is taken now.
Refusal = Closed | NoSpace


@dataclass(frozen=True, slots=True)
class Terms:
    """What the sender asks for.

    Shape: `body` None means the one that the header names; `line` is real or test; `asp` False leaves the checks beyond
    levels L1 and L2 out (ASPなし); `file_name` is the sender's own name of a single file.
    """

    body: str | None = None
    line: str = REAL
    asp: bool = True
    idempotency_key: str | None = None
    file_name: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sender is told. `repeat`: the sending was there already."""

    sending: Sending
    repeat: bool


async def receive(
    office: Office,
    *,
    identity: ClientIdentity,
    terms: Terms,
    body: AsyncIterator[bytes],
    stated: Stated | None = None,
) -> Answer:
    """Receive a sending of one file.

    Durable when it returns. Errors: Forbidden, BadRequest, Closed, NothingToCorrect, Busy, NoSpace, TooLong,
    LineBroken (and whatever else `body` raises), DigestMismatch, KeyReused, MandateNotThere, Unavailable; in each case
    neither row nor object stays.
    """
    stated = stated or Stated()
    refusal = await asyncio.to_thread(admit, office, identity, terms=terms, stated=stated)
    with office.place_for(identity):
        source = Source(party=identity.party, terms=terms, agent=identity.agent)
        arrived = await take_in(
            office, body, source=source, stated=stated, file_name=terms.file_name, keep=refusal is None
        )
        return await to_the_end(lambda: enter(office, identity, terms, [arrived], refusal=refusal))


async def to_the_end(act: Callable[[], Answer]) -> Answer:
    """Run `act` in a thread; if the request is cancelled meanwhile, the thread still ends what it began."""
    running = asyncio.ensure_future(asyncio.to_thread(act))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        running.add_done_callback(_heard)
        raise


def _heard(ended: "asyncio.Future[Answer]") -> None:
    """Take notice of how an abandoned act ended: nobody waits for its answer, and its error has undone itself."""
    if not ended.cancelled():
        ended.exception()


def admit(office: Office, identity: ClientIdentity, *, terms: Terms, stated: Stated) -> Refusal | None:
    """Look at all that can be known before the first byte.

    Return None, or why nothing new is taken now, if what comes may be a repeat.
    Errors: Forbidden, BadRequest, TooLong, Closed, NoSpace.
    """
    check_terms(office, terms)
    check_stated(office, stated)
    now = office.clock.now()
    with office.store.read() as tx:
        require_party(tx, identity, kind=INSTITUTION, now=now)
        if terms.body is not None:
            require_mandate(tx, identity, terms.body, office.real_now())
        known = _known(tx, identity.party, terms, stated)
    try:
        _require_open_and_room(office, terms, stated, now=now)
    except (Closed, NoSpace) as refusal:
        if not known:
            raise
        return refusal
    return None


def _require_open_and_room(office: Office, terms: Terms, stated: Stated, *, now: datetime) -> None:
    office.calendar().require_open(now, terms.line)
    require_room(office, stated.length or 0)


def _known(tx: ReadTx, party: str, terms: Terms, stated: Stated) -> bool:
    """Return whether the party's request may be one that has been answered before."""
    if terms.idempotency_key is not None and tx.sending_by_key(party, terms.idempotency_key) is not None:
        return True
    return stated.sha256 is not None and tx.has_sent(party, stated.sha256.lower())


def check_terms(office: Office, terms: Terms) -> None:
    """Look at the parameters. Errors: UnknownBody, BadRequest."""
    if terms.line not in LINES:
        raise BadRequest("line is real or test", parameter="line")
    if terms.body is not None and not office.serves(terms.body):
        raise UnknownBody("no such review body here", body=terms.body)
    if terms.idempotency_key is not None and not 0 < len(terms.idempotency_key) <= IDEMPOTENCY_CHARS:
        raise BadRequest("the idempotency key is empty or too long", parameter="Idempotency-Key")
    if terms.file_name is not None and len(terms.file_name) > FILE_NAME_CHARS:
        raise BadRequest("the file name is too long", parameter="file_name")
    if terms.file_name is not None and any(unicodedata.category(char) == "Cc" for char in terms.file_name):
        raise BadRequest("the file name has control characters", parameter="file_name")


def enter(
    office: Office,
    identity: ClientIdentity,
    terms: Terms,
    arrived: Sequence[Arrived],
    *,
    refusal: Refusal | None = None,
) -> Answer:
    """Make the sending of bodies that are all there, or find it; all or nothing.

    With a `refusal` it is only looked for. Durable when it returns. Errors: Mixed, Closed, NothingToCorrect, KeyReused,
    NoSpace, Unavailable; neither row nor object stays then.
    """
    answer = None
    try:
        if refusal is None:
            answer = _entered(office, identity, arrived, made=lambda: _sending(office, identity, terms, arrived))
        else:
            answer = _found(office, identity, _sending(office, identity, terms, arrived), refusal=refusal)
    finally:
        forget(office, [body.file_id for body in arrived], entered=answer is not None and not answer.repeat)
    office.tell(
        "sending_repeated" if answer.repeat else "sending_received",
        sending=answer.sending.id,
        party=answer.sending.party,
        files=len(arrived),
        size_bytes=sum(body.size_bytes for body in arrived),
    )
    return answer


def _found(office: Office, identity: ClientIdentity, made: Sending, *, refusal: Refusal) -> Answer:
    """Return the first answer to what was only listened to. Errors: KeyReused; `refusal`, if it is new."""
    with office.store.read() as tx:
        require_mandate(tx, identity, made.body, office.real_now())
        answer = _first_answer(tx, made)
    if answer is None:
        raise refusal
    return answer


def _entered(
    office: Office, identity: ClientIdentity, arrived: Sequence[Arrived], *, made: Callable[[], Sending]
) -> Answer:
    """Enter what has been written down. `made` is asked when the bytes are durable; so is the mandate of an agent.

    Its instant (`received_at`) is taken inside the transaction that records it, when this writer's turn has come, so
    that instants follow each other as the records do: nothing recorded after the deadline bears a time before it.
    Source: provider:2 (請求命令 art. 1, recorded in the office's file).
    """
    with Draft(office, spoken_of=lambda tx, _: tx.file(arrived[0].file_id)) as draft:
        for body in arrived:
            if body.writer is not None:
                draft.take(body.object_name, body.writer)
        draft.commit()
        with office.store.write() as tx:
            sending = made()
            sending = replace(sending, mandate=require_mandate(tx, identity, sending.body, office.real_now()))
            answer = _first_answer(tx, sending) or new_sending(office, tx, sending, arrived=arrived)
            if not answer.repeat:
                note_act(tx, office, identity, "send", body=sending.body, subject=sending.id)
        if not answer.repeat:
            draft.keep()
    return answer


def _sending(office: Office, identity: ClientIdentity, terms: Terms, arrived: Sequence[Arrived]) -> Sending:
    """Return what would be entered, its number aside. Errors: Mixed."""
    header = _common_header([body.header for body in arrived if body.header is not None])
    body = body_of(office, terms.body, header)
    kind = header.kind if header else None
    month = str(header.claim_month) if header and header.claim_month else None
    return Sending(
        id=office.ids.new(),
        body=body,
        party=identity.party,
        line=terms.line,
        kind=kind,
        month=month,
        asp=terms.asp,
        send_no=0,
        state=State.CHECKING.value,
        received_at=office.clock.now(),
        digest=digest_of(identity.party, body, terms, kind=kind, month=month, sha256s=[a.sha256 for a in arrived]),
        idempotency_key=terms.idempotency_key,
        agent=identity.agent,
    )


def body_of(office: Office, stated: str | None, header: Header | None) -> str:
    """Return the body that a sending is for: the stated one, else the one that the files name if it is here."""
    if stated is not None:
        return stated
    return header.body if header and header.body and office.serves(header.body) else office.default_body


def digest_of(
    party: str, body: str, terms: Terms, *, kind: str | None, month: str | None, sha256s: Sequence[str]
) -> str:
    """Return the key by which a repeat is known: the same bytes, party, body, line, kind, month and ASP choice.

    The order of the files does not matter: the same files in another order would claim the same claims twice.
    """
    said = (party, body, terms.line, kind or "", month or "", "asp" if terms.asp else "no-asp", *sorted(sha256s))
    return sha256("\n".join(said).encode()).hexdigest()


def _common_header(headers: Sequence[Header]) -> Header | None:
    """Return what the files say alike; a file without a readable header says nothing (its check refuses it).

    Errors: Mixed.
    """
    for header in headers[1:]:
        if _shared(header) != _shared(headers[0]):
            raise Mixed("the files differ in institution, body, kind or claim month", files=len(headers))
    return headers[0] if headers else None


def _shared(header: Header) -> tuple[object, ...]:
    return header.institution, header.body, header.kind, header.claim_month


def _first_answer(tx: ReadTx, made: Sending) -> Answer | None:
    """Return the answer that was given to the same request before, if it was. Errors: KeyReused."""
    if made.idempotency_key is not None:
        first = tx.sending_by_key(made.party, made.idempotency_key)
        if first is not None and first.digest != made.digest:
            raise KeyReused("the key belongs to another request")
        if first is not None:
            return Answer(first, repeat=True)
    repeated = tx.repeat_of(made.party, made.digest)
    return None if repeated is None else Answer(repeated, repeat=True)


def new_sending(office: Office, tx: WriteTx, made: Sending, *, arrived: Sequence[Arrived]) -> Answer:
    """Enter a sending. Errors: ClosedMeanwhile; NothingToCorrect."""
    try:
        office.calendar().require_open(made.received_at, made.line)
    except Closed as late:
        raise ClosedMeanwhile(late.next_opens_at, made.line, recorded_at=made.received_at) from None
    if is_correction(office, made):
        require_earlier_errors(office, tx, made)
    numbered = ("send_no", made.party, made.body, made.line, made.kind or "-", made.month or "-")
    sending = replace(made, send_no=tx.next_number("/".join(numbered)))
    files = [
        File(body.file_id, sending.id, no=no, size_bytes=body.size_bytes, sha256=body.sha256, name=body.file_name)
        for no, body in enumerate(arrived, start=1)
    ]
    tx.add_sending(sending, files)
    events.note_sending(tx, office, sending)
    tx.add_check_run(CheckRun(sending.id, len(files), sum(file.size_bytes for file in files), office.real_now()))
    office.jobs.submit(tx, WorkOrder(Work.CHECK_SENDING, sending.id, key=f"check/{sending.id}"))
    return Answer(sending, repeat=False)
