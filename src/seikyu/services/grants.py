"""Grants (閲覧許可): leave for one person of the office to look at claims of one sending, for some hours.

Without one the office sees counts and shapes, never an item of a patient. A grant is asked for with a reason by whoever
needs to look, given by another person, and ends by itself. Every look is written into the journal before anything is
shown, and the institution reads on its pages who looked at which claim, when and why.

`require_grant` is the gate: whatever shows a claim to the office goes through it.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from seikyu.ports.errors import BadRequest, NotFound, NotThere
from seikyu.ports.operating import Grant
from seikyu.ports.store import File, ReadTx, Sending, WriteTx
from seikyu.ports.trust import ClientIdentity
from seikyu.rules.index import IndexRow
from seikyu.services.errors import GrantNeeded, WishDecided, WishLapsed
from seikyu.services.indexes import rows_of
from seikyu.services.office import INSTITUTION, Office, require_party
from seikyu.services.staff import Staff, demand_other, journal, reason_of
from seikyu.trust.operating import MOST_HOURS, WAITS, GrantState, grant_state_at, parse_scope
from seikyu.trust.people import APPROVE, AUDIT, OFFICE, permits

#: What a look is called in the journal.
LOOK = "look_at_claim"


@dataclass(frozen=True, slots=True)
class Looked:
    """A claim that may be shown now. Shape: `row` says where it lies in the file; `claim_no` counts from 1."""

    grant: Grant
    sending: Sending
    file: File
    claim_no: int
    row: IndexRow


def ask_grant(office: Office, staff: Staff, sending_id: str, *, claim: str, reason: str, hours: int) -> Grant:
    """Ask for leave to look at one claim (FILE-N), or at all of a sending; said again it is the wish that waits.

    Errors: NotPermitted, NotFound, BadRequest, ReasonNeeded; nothing changes then.
    """
    staff.demand(OFFICE)
    text = reason_of(reason)
    if not 1 <= hours <= MOST_HOURS:
        raise BadRequest(f"hours is 1 to {MOST_HOURS}", parameter="hours")
    with office.store.write() as tx:
        sending = tx.sending(sending_id)
        if sending is None:
            raise NotFound("no such sending")
        _require_claim(tx, sending, claim)
        for each in tx.grants(sending=sending.id):
            same = (each.claim, each.asked_by, each.reason) == (claim, staff.person.name, text)
            if same and _as_of(each, office.real_now()).state == GrantState.WAITING:
                return each
        grant = Grant(
            id=office.ids.new(), sending=sending.id, party=sending.party, claim=claim, reason=text, hours=hours,
            state=GrantState.WAITING.value, asked_at=office.real_now(), asked_by=staff.person.name,
        )  # fmt: skip
        tx.put_grant(grant)
        _journal(tx, office, staff, "ask_grant", grant, sending=sending)
    office.tell("grant_asked", grant=grant.id, sending=sending.id)
    return grant


def give_grant(office: Office, staff: Staff, grant_id: str) -> Grant:
    """Give what was asked for, as another person; from now on it runs. Said again by the same it changes nothing.

    Errors: NotPermitted, NotFound, WishDecided, WishLapsed, OtherPersonNeeded; nothing changes then.
    """
    staff.demand(APPROVE)
    with office.store.write() as tx:
        grant = _as_of(_grant(tx, grant_id), office.real_now())
        if grant.decided_by == staff.person.name and grant.state == GrantState.GIVEN:
            return grant
        _require_waiting(grant)
        demand_other(staff, grant.asked_by, grant.asked_at)
        now = office.real_now()
        given = replace(
            grant, state=GrantState.GIVEN.value, until=now + timedelta(hours=grant.hours), decided_at=now,
            decided_by=staff.person.name,
        )  # fmt: skip
        tx.put_grant(given)
        _journal(tx, office, staff, "give_grant", given, sending=_sending(tx, given))
    office.tell("grant_given", grant=given.id, sending=given.sending)
    return given


def end_grant(office: Office, staff: Staff, grant_id: str) -> Grant:
    """Turn down what waits, or end what runs. Said again it changes nothing.

    Errors: NotPermitted, NotFound; WishDecided, if it has ended otherwise.
    """
    with office.store.write() as tx:
        grant = _as_of(_grant(tx, grant_id), office.real_now())
        staff.demand(OFFICE if grant.asked_by == staff.person.name else APPROVE)
        if grant.state in {GrantState.DENIED, GrantState.ENDED}:
            return grant
        now = office.real_now()
        if grant.state == GrantState.WAITING:
            ended = replace(grant, state=GrantState.DENIED.value, decided_at=now, decided_by=staff.person.name)
        elif grant.state == GrantState.GIVEN:
            ended = replace(grant, state=GrantState.ENDED.value, ended_at=now)
        else:
            raise WishLapsed("the wish has waited too long", hours=round(WAITS.total_seconds() / 3600))
        tx.put_grant(ended)
        _journal(tx, office, staff, "end_grant", ended, sending=_sending(tx, ended))
    office.tell("grant_ended", grant=ended.id, sending=ended.sending)
    return ended


def list_grants(office: Office, *, after: str | None = None, limit: int | None = None) -> list[Grant]:
    """Return grants as they stand now, newest first."""
    with office.store.read() as tx:
        found = tx.grants(after=after, limit=limit)
    return [_as_of(each, office.real_now()) for each in found]


def show_grant(office: Office, grant_id: str) -> Grant:
    """Return a grant as it stands now. Errors: NotFound."""
    with office.store.read() as tx:
        return _as_of(_grant(tx, grant_id), office.real_now())


def require_grant(tx: ReadTx, office: Office, staff: Staff, sending_id: str, file_no: int, claim_no: int) -> Grant:
    """Return the grant by which somebody may look at a claim now. Errors: GrantNeeded."""
    for each in tx.grants(sending=sending_id):
        grant = _as_of(each, office.real_now())
        own = grant.state == GrantState.GIVEN and grant.asked_by == staff.person.name
        if own and parse_scope(grant.claim).holds(file_no, claim_no):
            return grant
    raise GrantNeeded("no grant for this claim holds now")


def look_at_claim(office: Office, staff: Staff, sending_id: str, *, file_no: int, claim_no: int) -> Looked:
    """Return where a claim lies, once the look is in the journal.

    Shape: `claim_no` is its place in the file, from 1. Errors: NotPermitted, NotFound, GrantNeeded, Damaged.
    """
    staff.demand(OFFICE)
    with office.store.read() as tx:
        sending = tx.sending(sending_id)
        if sending is None:
            raise NotFound("no such sending")
        grant = require_grant(tx, office, staff, sending_id, file_no, claim_no)
        file = next((each for each in tx.files(sending_id) if each.no == file_no), None)
    if file is None:
        raise NotFound("no such file")
    row = _row(office, file, claim_no)
    with office.store.write() as tx:
        grant = require_grant(tx, office, staff, sending_id, file_no, claim_no)
        _journal(tx, office, staff, LOOK, grant, sending=sending, claim=f"{file_no}-{claim_no}")
    office.tell("claim_looked_at", grant=grant.id, sending=sending_id)
    return Looked(grant, sending, file, claim_no, row)


def looks_of(office: Office, identity: ClientIdentity, sending_id: str) -> list[dict[str, Any]]:
    """Return to the institution who of the office looked at which of its claims, newest first.

    Errors: Forbidden, NotFound.
    """
    with office.store.read() as tx:
        require_party(tx, identity, kind=INSTITUTION, now=office.clock.now())
        sending = tx.sending(sending_id)
        if sending is None or sending.party != identity.party or not identity.acts_at(sending.body):
            raise NotFound("no such sending")
        return _looks(tx, sending_id)


def looks_at(office: Office, staff: Staff, sending_id: str) -> list[dict[str, Any]]:
    """Return the same to the office and its auditors. Errors: NotPermitted."""
    if staff.person.kind == "user" and not permits(staff.actor, AUDIT):
        staff.demand(OFFICE)
    with office.store.read() as tx:
        return _looks(tx, sending_id)


def findings_of_claim(office: Office, looked: Looked) -> list[dict[str, Any]]:
    """Return the findings of a claim that may be looked at. Errors: NotFound, if they are past their keeping."""
    if looked.file.findings_object is None:
        return []
    found = []
    try:
        with office.objects.open(looked.file.findings_object) as source:
            for line in source:
                each = json.loads(line)
                if each.get("claim_index") == looked.claim_no - 1:
                    found.append(each)
    except NotThere:
        raise NotFound("the findings are past their keeping") from None
    return found


def bytes_of_claim(office: Office, looked: Looked) -> bytes:
    """Return the bytes of a claim that may be looked at. Errors: NotFound, if the file is past its keeping."""
    try:
        with office.objects.open(f"files/{looked.file.id}") as source:
            source.seek(looked.row.offset)
            return source.read(looked.row.length)
    except NotThere:
        raise NotFound("the file is past its keeping") from None


def _looks(tx: ReadTx, sending_id: str) -> list[dict[str, Any]]:
    entries = [entry for entry in tx.entries(subject=sending_id) if entry.act == LOOK]
    return [
        {"at": entry.at.isoformat(), "by": entry.user, **json.loads(entry.facts or "{}")} for entry in reversed(entries)
    ]


def _row(office: Office, file: File, claim_no: int) -> IndexRow:
    try:
        row = next(islice(rows_of(office.objects, file.index_object), claim_no - 1, None), None)
    except NotThere:
        row = None
    if row is None:
        raise NotFound("no such claim")
    return row


def _require_claim(tx: ReadTx, sending: Sending, claim: str) -> None:
    """Errors: BadRequest, NotFound."""
    try:
        scope = parse_scope(claim)
    except ValueError:
        raise BadRequest("a claim is FILE-N, as in 1-15", parameter="claim") from None
    if scope.file_no is not None and all(file.no != scope.file_no for file in tx.files(sending.id)):
        raise NotFound("no such file")


def _grant(tx: ReadTx, grant_id: str) -> Grant:
    grant = tx.grant(grant_id)
    if grant is None:
        raise NotFound("no such grant")
    return grant


def _sending(tx: ReadTx, grant: Grant) -> Sending:
    sending = tx.sending(grant.sending)
    if sending is None:
        raise NotFound("no such sending")
    return sending


def _require_waiting(grant: Grant) -> None:
    """Errors: WishDecided, WishLapsed."""
    if grant.state == GrantState.LAPSED:
        raise WishLapsed("the wish has waited too long", hours=round(WAITS.total_seconds() / 3600))
    if grant.state != GrantState.WAITING:
        raise WishDecided("somebody has decided it before", state=grant.state, by=grant.decided_by)


def _journal(
    tx: WriteTx, office: Office, staff: Staff, act: str, grant: Grant, *, sending: Sending, claim: str | None = None
) -> None:
    facts = {"grant": grant.id, "claim": grant.claim if claim is None else claim, "reason": grant.reason}
    journal(tx, office, staff, act, body=sending.body, subject=sending.id, **facts)


def _as_of(grant: Grant, now: datetime) -> Grant:
    return replace(grant, state=grant_state_at(GrantState(grant.state), grant.asked_at, grant.until, now).value)
