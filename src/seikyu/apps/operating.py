"""Where the operator's desk meets its adapters: who acts, what the wire shows, and a claim that may be shown."""

from dataclasses import replace
from typing import Any

from seikyu.apps.revoking import by_certificate
from seikyu.ports.errors import NotFound
from seikyu.ports.operating import Grant, UndoOrder
from seikyu.ports.store import Store
from seikyu.ports.trust import ClientIdentity
from seikyu.records import Line, Scope, read_lines, sniff
from seikyu.rules import Finding, examine
from seikyu.rules.blocks import Findings
from seikyu.rules.sheet import ClaimLines, Sheet, names_of, sheet_of
from seikyu.services.grants import Looked, bytes_of_claim, findings_of_claim
from seikyu.services.office import Office
from seikyu.services.revoke import By
from seikyu.services.staff import Staff

#: Nobody here keeps whose claim is whose.
_NO_SECRET = b"seikyu desk"
_HEAD_BYTES = 64 * 1024


def staff_by_certificate(store: Store, identity: ClientIdentity) -> Staff:
    """Return who acts with a certificate of the operator."""
    return staff_of(by_certificate(store, identity))


def staff_of(by: By) -> Staff:
    """Return who acts, as the desk's services take it. Errors: NotFound for nobody in particular (a bug)."""
    if by.person is None:
        raise NotFound("nobody in particular does this")
    return Staff(by.actor, by.person)


def undo_on_wire(order: UndoOrder) -> dict[str, Any]:
    """Return an order to undo as programs read it."""
    return {
        "id": order.id,
        "sending": order.sending,
        "party": order.party,
        "body": order.body,
        "month": order.month,
        "reason": order.reason,
        "state": order.state,
        "asked_at": order.asked_at.isoformat(),
        "asked_by": order.asked_by,
        "ordered_at": order.ordered_at.isoformat() if order.ordered_at else None,
        "ordered_by": order.ordered_by,
        "decided_at": order.decided_at.isoformat() if order.decided_at else None,
        "decided_by": order.decided_by,
        "answer": order.answer,
    }


def wish_on_wire(order: UndoOrder) -> dict[str, Any]:
    """Return the same as the institution reads it: not who of the office it was."""
    hidden = {"ordered_by", "decided_by", "party", "body", "month"}
    return {name: value for name, value in undo_on_wire(order).items() if name not in hidden}


def grant_on_wire(grant: Grant) -> dict[str, Any]:
    """Return a grant as programs read it."""
    return {
        "id": grant.id,
        "sending": grant.sending,
        "party": grant.party,
        "claim": grant.claim,
        "reason": grant.reason,
        "hours": grant.hours,
        "state": grant.state,
        "asked_at": grant.asked_at.isoformat(),
        "asked_by": grant.asked_by,
        "until": grant.until.isoformat() if grant.until else None,
        "decided_at": grant.decided_at.isoformat() if grant.decided_at else None,
        "decided_by": grant.decided_by,
        "ended_at": grant.ended_at.isoformat() if grant.ended_at else None,
    }


def sheet_of_look(office: Office, looked: Looked) -> Sheet:
    """Return the claim drawn, with its findings and their values. It is in memory only; nothing of it is written.

    It is examined anew for the values, which are masked where findings are kept; what the check of the whole file did
    not find is not shown.

    Errors: NotFound, if the file is past its keeping or cannot be drawn.
    """
    content = bytes_of_claim(office, looked)
    with office.objects.open(f"files/{looked.file.id}") as source:
        head = source.read(_HEAD_BYTES)
    header = sniff(head, file_name=looked.file.name or "")
    if header is None:
        raise NotFound("no such claim")
    first = next(iter(read_lines([head])), None)
    known = header.layout.records.get(first.content[:2].decode("ascii", "replace")) if first else None
    if first is not None and (known is None or known.scope is not Scope.FILE):
        first = None
    row, index = looked.row, looked.claim_no - 1
    lines = [_placed(line, row.line, row.offset) for line in read_lines([content])]
    claim = ClaimLines(header.kind, header.layout, index, lines, header=first)
    known_findings = {(each["code"], each["line"]) for each in findings_of_claim(office, looked)}
    found = _findings(office, looked, first, content)
    findings = [each for each in found if (each.code, each.line) in known_findings]
    return sheet_of(claim, findings=findings, names=names_of(office.masters()), show_personal=True)


def _placed(line: Line, first_line: int, offset: int) -> Line:
    return line._replace(no=line.no + first_line - 1, offset=line.offset + offset)


def _findings(office: Office, looked: Looked, first: Line | None, content: bytes) -> list[Finding]:
    """Return the findings of the claim by itself, numbered as in its file; what is about the whole file is left out."""
    before = first.content + b"\r\n" if first is not None else b""
    lines_before = 1 if before else 0
    told = examine(
        [before + content],
        identity_key=_NO_SECRET,
        masters=office.masters(),
        kind=looked.sending.kind,
        show_personal=True,
        asp=looked.sending.asp,
    )
    found = [each for block in told if isinstance(block, Findings) for each in block if each.claim_index == 0]
    ahead = looked.row.line - 1 - lines_before
    return [
        replace(each, claim_index=looked.claim_no - 1, line=each.line + ahead if each.line else each.line)
        for each in found
    ]
