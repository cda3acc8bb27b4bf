"""One claim of a sending, for the institution that sent it: cut out of its file by the index, never the whole file.

What is shown here holds personal items. It is the party's own claim, so the party's people see it whole; nobody else
does, the office neither. Nothing of it goes into a log, and no answer with it may be kept.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from seikyu.limits import KIB, limit
from seikyu.ports.errors import Forbidden, NotFound, NotThere
from seikyu.ports.objects import ObjectStore
from seikyu.ports.store import File, Sending
from seikyu.ports.trust import ClientIdentity
from seikyu.records import Layout, Line, claim_lines, file_head, read_lines, text_of
from seikyu.rules import Finding
from seikyu.rules.index import IndexRow
from seikyu.rules.plan import layout_named
from seikyu.rules.reports import from_json
from seikyu.rules.sheet import ClaimLines
from seikyu.services.indexes import asking_before, asking_from, row_at, rows_of
from seikyu.services.office import INSTITUTION, Office, require_party

#: The head of a file is one or two records.
_HEAD_BYTES: Final = 64 * KIB


@dataclass(frozen=True, slots=True)
class OpenedClaim:
    """A claim with all that stands around it.

    Shape: `index` counts the claims of the file from 0, `kind` is that of the file; `data` are the claim's bytes,
    `head` the file's own records before its first claim; `findings` those of the check, in their order, with the lines
    of the file; `first_line` is the physical line of the claim's first record.
    """

    sending: Sending
    file: File
    index: int
    row: IndexRow
    kind: str
    layout: Layout
    data: bytes = field(repr=False)
    head: bytes = field(repr=False)
    findings: tuple[Finding, ...]

    @property
    def first_line(self) -> int:
        """The physical line of the claim's first record; of dental claims it stands before RE."""
        before = (no for no, line in enumerate(claim_lines(self.data)) if _id(line) == self.layout.head)
        return self.row.line - next(before, 0)

    @property
    def lines(self) -> list[Line]:
        """The claim's lines, numbered as in the file."""
        first = self.first_line
        return [line._replace(no=first + at) for at, line in enumerate(claim_lines(self.data))]

    def for_sheet(self) -> ClaimLines:
        """Return the claim as sheets are drawn from it."""
        first = next(iter(read_lines([self.head])), None)
        lines = self.lines[: limit("claim_lines")]
        return ClaimLines(self.kind, self.layout, self.index, lines, len(self.lines) - len(lines), header=first)


def sending_of_party(office: Office, identity: ClientIdentity, sending_id: str) -> tuple[Sending, list[File]]:
    """Return a sending of the party itself, and its files. Errors: Forbidden, NotFound; nobody else has it here."""
    if identity.kind != INSTITUTION:
        raise Forbidden("claims are shown to who sent them", kind=INSTITUTION)
    with office.store.read() as tx:
        require_party(tx, identity, kind=INSTITUTION, now=office.clock.now())
        sending = tx.sending(sending_id)
        if sending is None or sending.party != identity.party or not identity.acts_at(sending.body):
            raise NotFound("no such sending")
        return sending, tx.files(sending_id)


def open_claim(
    office: Office, identity: ClientIdentity, sending_id: str, *, file_no: int, claim_index: int
) -> OpenedClaim:
    """Return one claim with its findings. Errors: Forbidden, NotFound, also past its keeping or while it is checked."""
    sending, files = sending_of_party(office, identity, sending_id)
    file = next((each for each in files if each.no == file_no), None)
    if file is None:
        raise NotFound("no such file")
    return opened(office, sending, file, claim_index)


def opened(office: Office, sending: Sending, file: File, claim_index: int) -> OpenedClaim:
    """Return one claim of a file. Errors: NotFound."""
    layout, kind = reading_of(file)
    try:
        row = row_at(office.objects, str(file.index_object), claim_index)
        if row is None or row.length > limit("drawn_claim_bytes"):
            raise NotFound("no such claim")
        data = _piece(office.objects, file, row.offset, row.length)
        head = head_of(office, file, layout)
        findings = tuple(findings_of_claim(office, file, claim_index))
    except NotThere:
        raise NotFound("the claim is past its keeping") from None
    return OpenedClaim(sending, file, claim_index, row, kind, layout, data, head, findings)


def reading_of(file: File) -> tuple[Layout, str]:
    """Return how a checked file is read, and its kind. Errors: NotFound, if nobody can say where its claims stand."""
    summary = json.loads(file.summary) if file.summary else {}
    if file.index_object is None or not summary.get("layout"):
        raise NotFound("the file could not be read claim by claim")
    return layout_named(summary["layout"]), summary["kind"]


def head_of(office: Office, file: File, layout: Layout) -> bytes:
    """Return the records of the file before its first claim, byte for byte. Errors: NotThere."""
    first = row_at(office.objects, str(file.index_object), 0)
    most = min(first.offset if first else 0, _HEAD_BYTES)
    return file_head(_piece(office.objects, file, 0, most), layout)


def claims_around(office: Office, file: File, claim_index: int) -> tuple[int | None, int | None]:
    """Return the places of the claims with findings before and behind one. Errors: NotFound."""
    try:
        return (
            asking_before(office.objects, str(file.index_object), claim_index),
            asking_from(office.objects, str(file.index_object), claim_index + 1),
        )
    except NotThere:
        raise NotFound("the list of claims is past its keeping") from None


def findings_of_claim(office: Office, file: File, claim_index: int) -> Iterator[Finding]:
    """Yield the findings of one claim: lines of the object are passed over unread unless they name it.

    Errors: NotThere.
    """
    if file.findings_object is None:
        return
    named = f'"claim_index":{claim_index},'.encode()
    with office.objects.open(file.findings_object) as source:
        for line in source:
            if named in line:
                told = json.loads(line)
                if told["claim_index"] == claim_index:
                    yield from_json(told)


def claims_of(office: Office, file: File) -> Iterator[tuple[int, IndexRow]]:
    """Yield the claims of a file by their place. Errors: NotThere."""
    yield from enumerate(rows_of(office.objects, file.index_object))


def _piece(objects: ObjectStore, file: File, offset: int, length: int) -> bytes:
    with objects.open(f"files/{file.id}") as source:
        source.seek(offset)
        data = source.read(length)
    if len(data) != length:
        raise NotFound("the file is not what it was")
    return data


def _id(line: Line) -> str:
    return text_of(line.content.partition(b",")[0])
