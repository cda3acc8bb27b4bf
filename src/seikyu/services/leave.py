"""Leaving a file or a claim out of a sending before it is decided (請求から外す), and taking it back in (請求に戻す).

One transaction reads the sending, finds it undecided, and writes what is left out; a decision that is on its way sees
that in its own transaction and follows it. Who did it stands in the journal.
"""

import json
from dataclasses import replace

from seikyu.limits import limit
from seikyu.office.leaving import LeftOut
from seikyu.office.sending import InstitutionConfirmed
from seikyu.ports.errors import BadRequest, NotFound
from seikyu.ports.store import File, WriteTx
from seikyu.ports.trust import ClientIdentity
from seikyu.services import events
from seikyu.services.agency import note_act, require_mandate
from seikyu.services.decide import present, require_seen, stepped, to_decide
from seikyu.services.office import Office


def leave_out(
    office: Office,
    identity: ClientIdentity,
    sending_id: str,
    *,
    file_no: int,
    claim_index: int | None = None,
    seen: str | None = None,
) -> None:
    """Leave a file out, or one claim of it (position from 0). Again, it changes nothing.

    Durable when it returns. Errors: Forbidden, NotFound, BadRequest (too many claims one by one), Closed,
    StillChecking, AlreadyDecided, ChangedSince, MandateNotThere, Unavailable; nothing changes then.
    """
    _change(office, identity, sending_id, act="leave_out", file_no=file_no, claim_index=claim_index, seen=seen)


def take_in(
    office: Office,
    identity: ClientIdentity,
    sending_id: str,
    *,
    file_no: int,
    claim_index: int | None = None,
    seen: str | None = None,
) -> None:
    """Take back in what was left out. Again, it changes nothing. Durable when it returns; errors as `leave_out`."""
    _change(office, identity, sending_id, act="take_in", file_no=file_no, claim_index=claim_index, seen=seen)


def _change(
    office: Office,
    identity: ClientIdentity,
    sending_id: str,
    *,
    act: str,
    file_no: int,
    claim_index: int | None,
    seen: str | None,
) -> None:
    sending = to_decide(office, identity, sending_id)
    with office.store.write() as tx:
        now = present(tx, sending.id)
        stepped(now, InstitutionConfirmed())
        files = tx.files(now.id)
        require_seen(now, files, seen)
        require_mandate(tx, identity, now.body, office.real_now())
        file = _file(files, file_no, claim_index)
        left = LeftOut.read(file.left_out)
        after = left.out(claim_index) if act == "leave_out" else left.back(claim_index)
        if len(after.claims) > limit("claims_left_out"):
            raise BadRequest("so many claims are not left out one by one: leave the file out", parameter="claim")
        if after != left:
            _write(tx, office, identity, file=replace(file, left_out=after.word), act=act, claim_index=claim_index)
    office.tell(act, sending=sending.id, party=sending.party, file_no=file_no)


def _write(
    tx: WriteTx, office: Office, identity: ClientIdentity, *, file: File, act: str, claim_index: int | None
) -> None:
    tx.put_file(file)
    sending = present(tx, file.sending)
    facts = json.dumps({"file_no": file.no, "claim_index": claim_index})
    note_act(tx, office, identity, act, body=sending.body, subject=sending.id, facts=facts)
    told = {} if claim_index is None else {"claim_index": claim_index}
    events.note_sending(tx, office, sending, events.What.SENDING_LEFT_OUT, act=act, file_no=file.no, **told)


def _file(files: list[File], file_no: int, claim_index: int | None) -> File:
    """Return the file, which has that claim. Errors: NotFound."""
    file = next((each for each in files if each.no == file_no), None)
    if file is None:
        raise NotFound("no such file in the sending")
    claims = json.loads(file.summary).get("claims", 0) if file.summary else 0
    if claim_index is not None and not 0 <= claim_index < claims:
        raise NotFound("no such claim in the file")
    return file
