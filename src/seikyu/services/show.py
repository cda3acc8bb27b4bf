"""What a party may see: its own sendings, their files, findings and claims. Anything else is NotFound.

The operator sees every party's sendings, for the desk; findings are masked when they are written, so nobody's personal
items are shown here.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from seikyu.office.leaving import LeftOut
from seikyu.office.outcome import Decision
from seikyu.ports.errors import BadRequest, Forbidden, NotFound, NotThere
from seikyu.ports.store import File, Month, ReadTx, Sending
from seikyu.ports.trust import ClientIdentity
from seikyu.rules.index import IndexRow, Outcome, Reason
from seikyu.services.agency import body_to_list
from seikyu.services.indexes import rows_of
from seikyu.services.office import INSTITUTION, LINES, OPERATOR, Office, require_party

#: States of a claim on the wire, by its outcome.
CLAIM_STATES: Final = {
    Outcome.OPEN: None,
    Outcome.CLAIMED: "claimed",
    Outcome.UNCLAIMED: "unclaimed",
    Outcome.SUSPENDED: "suspended",
}


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list. Shape: `next` is the cursor of the page after it, None on the last."""

    items: list[dict[str, Any]]
    next: str | None


def sending_view(sending: Sending) -> dict[str, Any]:
    """Return a sending as the world sees it (design of the API).

    Shape: `errors` is how it was confirmed, with or without, None before; an automatic decision leaves out what asks.
    """
    errors = Decision.WITHOUT.value if sending.decision == Decision.AUTOMATIC else sending.decision
    return {
        "id": sending.id,
        "body": sending.body,
        "line": sending.line,
        "kind": sending.kind,
        "month": sending.month,
        "send_no": sending.send_no,
        "state": sending.state,
        "errors": errors,
        "claims": sending.claims,
        "refused": sending.refused,
        "ask": sending.ask,
        "received_at": sending.received_at.isoformat(),
        "party": sending.party,
        "asp": sending.asp,
        "findings": sending.findings,
        "confirm_no": sending.confirm_no,
        "claimed": sending.claimed,
        "unclaimed": sending.unclaimed,
        "decided_at": sending.decided_at.isoformat() if sending.decided_at else None,
        "agent": sending.agent,
        "mandate": sending.mandate,
        "decided_agent": sending.decided_agent,
    }


def file_view(file: File) -> dict[str, Any]:
    """Return a file of a sending as the world sees it."""
    summary = json.loads(file.summary) if file.summary else {}
    return {
        "no": file.no,
        "name": file.name,
        "size_bytes": file.size_bytes,
        "sha256": file.sha256,
        "refused": file.refused,
        "damaged": bool(summary.get("damaged")),
        "claims": summary.get("claims"),
        "points": summary.get("points"),
        "totals": summary.get("totals"),
        "left_out": LeftOut.read(file.left_out).whole,
        "claims_left_out": sorted(LeftOut.read(file.left_out).claims),
    }


def list_sendings(  # noqa: PLR0913  (each is one filter of the list)
    office: Office,
    identity: ClientIdentity,
    *,
    limit: int,
    cursor: str | None = None,
    line: str | None = None,
    state: str | None = None,
    body: str | None = None,
    month: str | None = None,
    kind: str | None = None,
) -> Page:
    """Return sendings of the party, newest first; all of them to the operator. Errors: Forbidden, BadRequest."""
    if line is not None and line not in LINES:
        raise BadRequest("line is real or test", parameter="line")
    with office.store.read() as tx:
        found = tx.sendings(
            party=_whose(office, tx, identity),
            body=body_to_list(identity, body),
            month=month,
            line=line,
            kind=kind,
            states=() if state is None else (state,),
            after=cursor,
            limit=checked_limit(office, limit),
        )
    page, rest = found[:limit], found[limit:]
    return Page([sending_view(sending) for sending in page], page[-1].id if rest else None)


def show_sending(office: Office, identity: ClientIdentity, sending_id: str) -> dict[str, Any]:
    """Return one sending with its files. Errors: Forbidden, NotFound."""
    sending, files = own_sending(office, identity, sending_id)
    with office.store.read() as tx:
        run, made = tx.correction_run(sending_id), tx.correction_runs(sending_id)
    return {
        **sending_view(sending),
        "files": [file_view(file) for file in files],
        "corrects": run.sending if run else None,
        "correct_no": run.correct_no if run else None,
        "corrected_in": [each.id for each in made],
    }


def list_findings(
    office: Office, identity: ClientIdentity, sending_id: str, *, limit: int, cursor: str | None = None
) -> Page:
    """Return findings of a sending, file by file in their order; each says its `file_no`.

    Shape: the cursor is `FILE.BYTE`, the file's number and a place in its findings object.
    Errors: Forbidden, NotFound, BadRequest.
    """
    _, files = own_sending(office, identity, sending_id)
    checked_limit(office, limit)
    file_no, place = parse_cursor(cursor)
    items: list[dict[str, Any]] = []
    for file in files:
        if file.no < file_no or file.findings_object is None:
            continue
        for start, line in _lines(office, file, start=place if file.no == file_no else 0):
            if len(items) == limit:
                return Page(items, f"{file.no}.{start}")
            items.append({"file_no": file.no, **json.loads(line)})
    return Page(items, None)


def list_claims(
    office: Office, identity: ClientIdentity, sending_id: str, *, limit: int, cursor: str | None = None
) -> Page:
    """Return the claims of a sending and what became of each, in file order: the only list that names every claim.

    Shape: the cursor is `FILE.INDEX`. Errors: Forbidden, BadRequest; NotFound, also for a list past its keeping.
    """
    checked_limit(office, limit)
    while True:
        _, files = own_sending(office, identity, sending_id)
        try:
            return _claims_page(office, files, limit=limit, cursor=cursor)
        except NotThere:
            # A decision may have put a new index in the place of the one that the rows spoke of a moment ago.
            if own_sending(office, identity, sending_id)[1] == files:
                raise NotFound("the list of claims is past its keeping") from None


def list_months(office: Office, identity: ClientIdentity) -> list[Month]:
    """Return the months that were closed or are closing, with their reports, to the operator. Errors: Forbidden."""
    with office.store.read() as tx:
        require_party(tx, identity, kind=OPERATOR, now=office.clock.now())
        return tx.months()


def _claims_page(office: Office, files: list[File], *, limit: int, cursor: str | None) -> Page:
    file_no, place = parse_cursor(cursor)
    items: list[dict[str, Any]] = []
    for file in files:
        if file.no < file_no or file.index_object is None:
            continue
        for index, row in enumerate(rows_of(office.objects, file.index_object)):
            if file.no == file_no and index < place:
                continue
            if len(items) == limit:
                return Page(items, f"{file.no}.{index}")
            items.append(claim_view(file, index, row))
    return Page(items, None)


def claim_view(file: File, index: int, row: IndexRow) -> dict[str, Any]:
    """Return a claim as the world sees it."""
    return {
        "file_no": file.no,
        "claim_index": index,
        "claim_no": row.claim_no if row.claim_no >= 0 else None,
        "line": row.line,
        "worst": row.worst,
        "refused": row.refused or bool(file.refused),
        "state": CLAIM_STATES[row.outcome],
        "reason": None if row.reason is Reason.NONE else row.reason.name.lower(),
        "points": row.main_points,
    }


def _whose(office: Office, tx: ReadTx, identity: ClientIdentity) -> str | None:
    """Return the party whose sendings may be seen, None for all. Errors: Forbidden."""
    if identity.kind not in (INSTITUTION, OPERATOR):
        raise Forbidden("payers have no sendings", kind=INSTITUTION)
    require_party(tx, identity, kind=identity.kind, now=office.clock.now())
    return None if identity.kind == OPERATOR else identity.party


def own_sending(office: Office, identity: ClientIdentity, sending_id: str) -> tuple[Sending, list[File]]:
    """Return a sending that the asker may see, with its files. Errors: Forbidden, NotFound."""
    with office.store.read() as tx:
        whose = _whose(office, tx, identity)
        sending = tx.sending(sending_id)
        if sending is None or whose not in (None, sending.party) or not identity.acts_at(sending.body):
            raise NotFound("no such sending")
        return sending, tx.files(sending_id)


def checked_limit(office: Office, limit: int) -> int:
    """Return one more than a page, which tells whether there is another. Errors: BadRequest."""
    most = office.limit("page_items")
    if not 1 <= limit <= most:
        raise BadRequest(f"limit is 1 to {most}", parameter="limit")
    return limit + 1


def parse_cursor(cursor: str | None) -> tuple[int, int]:
    """Return the numbers of a cursor `FILE.PLACE`. Errors: BadRequest."""
    if cursor is None:
        return 0, 0
    file_no, dot, place = cursor.partition(".")
    if not (dot and file_no.isascii() and file_no.isdigit() and place.isascii() and place.isdigit()):
        raise BadRequest("the cursor is none of ours", parameter="cursor")
    return int(file_no), int(place)


def _lines(office: Office, file: File, *, start: int) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a findings object from a place on, each with its own place.

    Errors: NotFound, if they are past their keeping; BadRequest for a place that is no beginning of a line.
    """
    try:
        source = office.objects.open(str(file.findings_object))
    except NotThere:
        raise NotFound("the findings are past their keeping") from None
    with source:
        source.seek(max(0, start - 1))
        if start and source.read(1) != b"\n":
            raise BadRequest("the cursor is none of ours", parameter="cursor")
        while line := source.readline():
            yield start, line
            start += len(line)
