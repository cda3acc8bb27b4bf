"""Looking at a confirmed file before it is charged: whether it still adds up, and each claim can be charged.

Whole files are suspended when the office cannot trust what it holds of them (bytes, index, ledger); single claims when
their payer is unknown or they cannot be written so that they read as they were charged. A suspended claim is suspended
whole, with all its payers, and stops nobody else. Its amounts come from the ledger or the index, so that what was
claimed is what is suspended.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from typing import BinaryIO, Final

from seikyu.limits import limit
from seikyu.office.charge import chargeable
from seikyu.office.delivery import read_delivery, search_no, stream_claim
from seikyu.office.errors import Damaged as OfficeDamaged
from seikyu.office.ledger import NOTHING, Amounts, amounts_of, postings_of
from seikyu.ports.errors import Damaged, NotThere
from seikyu.ports.store import File, Sending
from seikyu.records import Month
from seikyu.rules.index import IndexRow, Outcome, Reason
from seikyu.services.draft import Draft
from seikyu.services.examine import Chunks
from seikyu.services.indexes import rows_of, write_rows
from seikyu.services.office import Office

ByPayer = Mapping[str, Amounts]

#: Longer than any record's end: the line and CR LF.
_HEADER_BYTES: Final = limit("line_bytes") + 2


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What decides on a file besides itself.

    Shape: `known(payer, month)` asks the register; `barred` are payers and kinds whose deliveries did not read as they
    were charged; `claimed` is the institution's leg of the ledger, by file; `addresses` by institution.
    """

    known: Callable[[str, Month], bool]
    claimed: Mapping[str, ByPayer]
    addresses: Mapping[str, str]
    barred: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Surveyed:
    """A file ready to be delivered.

    Shape: `file` names the index with the outcomes in force; `payers` are those of the claims that are to be delivered;
    `suspended` by reason, with how many claims of each.
    """

    sending: Sending
    file: File
    header: bytes
    address: str
    payers: frozenset[str]
    suspended: Mapping[Reason, ByPayer]
    suspended_claims: Mapping[Reason, int]

    def management_no(self, place: int) -> int:
        """Return the management number (レセプト管理番号) of the claim at `place`."""
        return (self.file.management_base or 0) + place

    def rows(self, source: BinaryIO, place: int, row: IndexRow) -> bytes:
        """Return a claim as payers read it. `source` is the file. Errors: office Damaged, ValueError."""
        number = self.management_no(place)
        return b"".join(
            stream_claim(
                source,
                row,
                header=self.header,
                kind=str(self.sending.kind),
                management_no=number,
                search_no=search_no(
                    number,
                    Month.parse(str(self.sending.month)),
                    body=self.sending.body,
                    prefecture=self.sending.party[:2],
                ),
                address=self.address,
            )
        )


def survey(office: Office, sending: Sending, file: File, *, by: Circumstances, draft: Draft) -> Surveyed:
    """Judge one file and write its index anew if anything of it is suspended. Errors: NoSpace."""
    claimed = by.claimed.get(file.id, {})
    blank = Surveyed(sending, file, b"", by.addresses.get(sending.party, ""), frozenset(), {}, {})
    if not claimed:
        return blank
    reason = _distrust(office, file, claimed=claimed)
    if reason is not None:
        return _suspended_whole(office, blank, reason, claimed=claimed, draft=draft)
    with office.objects.open(f"files/{file.id}") as source:
        whole = replace(blank, header=source.readline(_HEADER_BYTES))
        judged = _Judged(_judge(whole, source, rows_of(office.objects, file.index_object), by=by))
        return _with_index(office, whole, judged, draft=draft)


def verify(office: Office, name: str, *, size_bytes: int, sha256: str) -> bool:
    """Return whether an object is there with the bytes that were told."""
    try:
        with office.objects.open(name) as source:
            chunks = Chunks(source)
            for _ in chunks:
                pass
    except NotThere:
        return False
    return (chunks.size_bytes, chunks.sha256()) == (size_bytes, sha256)


def _distrust(office: Office, file: File, *, claimed: ByPayer) -> Reason | None:
    """Return why nothing of a file can be charged, None if it still is what was confirmed."""
    if not verify(office, f"files/{file.id}", size_bytes=file.size_bytes, sha256=file.sha256):
        return Reason.FILE_DAMAGED
    try:
        indexed = postings_of(rows_of(office.objects, file.index_object))
    except (Damaged, NotThere):
        return Reason.DOES_NOT_ADD_UP
    return None if indexed == dict(claimed) else Reason.DOES_NOT_ADD_UP


def _judge(whole: Surveyed, source: BinaryIO, rows: Iterator[IndexRow], *, by: Circumstances) -> Iterator[IndexRow]:
    """Yield the rows with those suspended that cannot be charged."""
    for place, row in enumerate(rows):
        reason = _reason(whole, source, place, row, by=by) if row.outcome is Outcome.CLAIMED else None
        yield row if reason is None else row.decided(Outcome.SUSPENDED, reason)


def _reason(whole: Surveyed, source: BinaryIO, place: int, row: IndexRow, *, by: Circumstances) -> Reason | None:
    reason = chargeable(row, by.known)
    if reason is not None:
        return reason
    if any((str(whole.sending.kind), payer) in by.barred for payer in amounts_of(row)):
        return Reason.DOES_NOT_ADD_UP
    return None if _reads_as_charged(whole, source, place, row) else Reason.DOES_NOT_ADD_UP


def _reads_as_charged(whole: Surveyed, source: BinaryIO, place: int, row: IndexRow) -> bool:
    """Return whether the claim, written for its payers and read again, charges each what the index says."""
    try:
        written = BytesIO(whole.rows(source, place, row))
        (read,) = read_delivery(written, kind=str(whole.sending.kind))
        charged = {one.payer: read.amounts_for(one.payer) for one in read.payers}
    except (OfficeDamaged, ValueError, KeyError):
        return False
    return read.management_no == whole.management_no(place) and charged == amounts_of(row)


class _Judged:
    """Rows that pass, and what is to be known of them afterwards."""

    def __init__(self, rows: Iterator[IndexRow]) -> None:
        self._rows = rows
        self.payers: set[str] = set()
        self.suspended: dict[Reason, dict[str, Amounts]] = defaultdict(lambda: defaultdict(lambda: NOTHING))
        self.suspended_claims: Counter[Reason] = Counter()

    def __iter__(self) -> Iterator[IndexRow]:
        for row in self._rows:
            if row.outcome is Outcome.CLAIMED:
                self.payers.update(amounts_of(row))
            elif row.outcome is Outcome.SUSPENDED:
                self.suspended_claims[row.reason] += 1
                for payer, amounts in amounts_of(row).items():
                    self.suspended[row.reason][payer] += amounts
            yield row


def _suspended_whole(office: Office, blank: Surveyed, reason: Reason, *, claimed: ByPayer, draft: Draft) -> Surveyed:
    """Suspend all of a file; what was claimed of it is what the ledger says."""
    suspended = {reason: claimed}
    claims = {reason: sum(amounts.claims for amounts in claimed.values())}
    try:
        judged = _Judged(_all_suspended(rows_of(office.objects, blank.file.index_object), reason))
        marked = _with_index(office, blank, judged, draft=draft)
    except (Damaged, NotThere):
        return replace(blank, suspended=suspended, suspended_claims=claims)  # The index itself is what is damaged.
    return replace(marked, suspended=suspended, suspended_claims=claims)


def _all_suspended(rows: Iterator[IndexRow], reason: Reason) -> Iterator[IndexRow]:
    for row in rows:
        yield row.decided(Outcome.SUSPENDED, reason) if row.outcome is Outcome.CLAIMED else row


def _with_index(office: Office, whole: Surveyed, judged: _Judged, *, draft: Draft) -> Surveyed:
    """Return the file with what was judged; the index is written anew only if something was suspended."""
    name = draft.name("indexes", whole.file.id)
    with office.objects.writer(name, limit_bytes=office.limit("file_bytes")) as out:
        write_rows(out, judged)
        file = whole.file
        if judged.suspended_claims:
            draft.take(name, out)
            draft.commit()
            file = replace(file, index_object=name)
    return replace(
        whole,
        file=file,
        payers=frozenset(judged.payers),
        suspended=judged.suspended,
        suspended_claims=judged.suspended_claims,
    )
