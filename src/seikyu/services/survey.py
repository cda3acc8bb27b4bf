"""Looking at a confirmed file before it is charged: whether it still adds up, and each claim can be charged.

Whole files are suspended when the office cannot trust what it holds of them (bytes, index, ledger); single claims when
their payer is unknown or they cannot be written so that they read as they were charged. A suspended claim is suspended
whole, with all its payers, and stops nobody else. Its amounts come from the ledger or the index, so that what was
claimed is what is suspended.

A file that an earlier closing left in suspense, whole or in part, is looked at again: what stands in suspense is judged
anew, what was delivered is never touched. Where the file or its books cannot be trusted, the suspense stays as it is.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from io import BytesIO
from itertools import repeat
from typing import BinaryIO, Final

from seikyu.limits import limit
from seikyu.office.charge import chargeable
from seikyu.office.delivery import read_delivery, search_no, stream_claim
from seikyu.office.errors import Damaged as OfficeDamaged
from seikyu.office.ledger import NOTHING, Amounts, amounts_of, postings_of
from seikyu.ports.errors import Damaged, NotThere
from seikyu.ports.objects import ObjectStore
from seikyu.ports.store import File, Sending
from seikyu.records import Month
from seikyu.rules.index import IndexRow, Outcome, Reason
from seikyu.services.draft import Draft
from seikyu.services.examine import verify
from seikyu.services.indexes import rows_of, write_rows
from seikyu.services.office import Office

ByPayer = Mapping[str, Amounts]
ByReason = Mapping[Reason, ByPayer]

#: Longer than any record's end: the line and CR LF.
_HEADER_BYTES: Final = limit("line_bytes") + 2


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What decides on a file besides itself.

    Shape: `known(payer, month)` asks the register; `barred` are payers and kinds whose deliveries did not read as they
    were charged; `claimed` is the institution's leg of the ledger, by file, and `suspended` what earlier closings left
    in suspense; `addresses` by institution.
    """

    known: Callable[[str, Month], bool]
    claimed: Mapping[str, ByPayer]
    addresses: Mapping[str, str]
    suspended: Mapping[str, ByReason] = field(default_factory=dict)
    barred: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Surveyed:
    """A file ready to be delivered.

    Shape: `file` names the index with the outcomes in force; `payers` are those of the claims that are to be delivered;
    `suspended` by reason, with how many claims of each. `before` names the index in which the claims that are to be
    delivered stood suspended; None, if all that is claimed is to be delivered.
    """

    sending: Sending
    file: File
    header: bytes
    address: str
    payers: frozenset[str]
    suspended: ByReason
    suspended_claims: Mapping[Reason, int]
    before: str | None = None

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
    claimed, standing = by.claimed.get(file.id, {}), by.suspended.get(file.id, {})
    blank = Surveyed(sending, file, b"", by.addresses.get(sending.party, ""), frozenset(), {}, {})
    if not claimed:
        return blank
    reason = _distrust(office, file, claimed=claimed, standing=standing)
    if reason is not None and standing:
        return replace(blank, suspended=standing, suspended_claims=_claims_of(standing))
    if reason is not None:
        return _suspended_whole(office, blank, reason, claimed=claimed, draft=draft)
    everything = _nothing_delivered(claimed, standing)
    with office.objects.open(f"files/{file.id}") as source:
        header = source.readline(_HEADER_BYTES)
        whole = replace(blank, header=header, before=None if everything else file.index_object)
        judged = _Judged(
            rows_of(office.objects, file.index_object),
            due=partial(_is_due, everything=everything),
            judge=lambda place, row: _reason(whole, source, place, row, by=by),
        )
        return _with_index(office, whole, judged, draft=draft)


def to_deliver(objects: ObjectStore, file: Surveyed) -> Iterator[tuple[int, IndexRow]]:
    """Yield the claims that are to be delivered now, each with its place in the file. Errors: Damaged, NotThere."""
    rows = rows_of(objects, file.file.index_object)
    before = repeat(None) if file.before is None else rows_of(objects, file.before)
    for place, (row, was) in enumerate(zip(rows, before, strict=False)):
        if row.outcome is Outcome.CLAIMED and (was is None or was.outcome is Outcome.SUSPENDED):
            yield place, row


def _nothing_delivered(claimed: ByPayer, standing: ByReason) -> bool:
    """Return whether a file comes for the first time, or stands in suspense as a whole."""
    return not standing or _sum(standing) == dict(claimed)


def _is_due(row: IndexRow, *, everything: bool) -> bool:
    """Return whether a claim has been claimed and not delivered."""
    return row.outcome is Outcome.SUSPENDED or (everything and row.outcome is Outcome.CLAIMED)


def _sum(standing: ByReason) -> dict[str, Amounts]:
    total: dict[str, Amounts] = defaultdict(lambda: NOTHING)
    for by_payer in standing.values():
        for payer, amounts in by_payer.items():
            total[payer] += amounts
    return dict(total)


def _claims_of(suspended: ByReason) -> dict[Reason, int]:
    return {reason: sum(amounts.claims for amounts in by.values()) for reason, by in suspended.items()}


def _distrust(office: Office, file: File, *, claimed: ByPayer, standing: ByReason) -> Reason | None:
    """Return why nothing of a file can be charged, None if it still is what was confirmed and what is in suspense."""
    if not verify(office.objects, f"files/{file.id}", size_bytes=file.size_bytes, sha256=file.sha256):
        return Reason.FILE_DAMAGED
    try:
        indexed = postings_of(rows_of(office.objects, file.index_object))
    except (Damaged, NotThere):
        return Reason.DOES_NOT_ADD_UP
    if indexed != dict(claimed):
        return Reason.DOES_NOT_ADD_UP
    everything = _nothing_delivered(claimed, standing)
    due = (row for row in rows_of(office.objects, file.index_object) if _is_due(row, everything=everything))
    return None if postings_of(due) == (_sum(standing) or dict(claimed)) else Reason.DOES_NOT_ADD_UP


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
    """Rows that pass, those that are due with what was judged of them, and what is to be known of them afterwards."""

    def __init__(
        self,
        rows: Iterator[IndexRow],
        *,
        due: Callable[[IndexRow], bool],
        judge: Callable[[int, IndexRow], Reason | None],
    ) -> None:
        self._rows = rows
        self._due = due
        self._judge = judge
        self.payers: set[str] = set()
        self.suspended: dict[Reason, dict[str, Amounts]] = defaultdict(lambda: defaultdict(lambda: NOTHING))
        self.suspended_claims: Counter[Reason] = Counter()
        self.changed = False

    def __iter__(self) -> Iterator[IndexRow]:
        for place, row in enumerate(self._rows):
            yield self._settled(row, self._judge(place, row)) if self._due(row) else row

    def _settled(self, row: IndexRow, reason: Reason | None) -> IndexRow:
        amounts = amounts_of(row)
        if reason is None:
            self.payers.update(amounts)
            now = row.decided(Outcome.CLAIMED)
        else:
            self.suspended_claims[reason] += 1
            for payer, own in amounts.items():
                self.suspended[reason][payer] += own
            now = row.decided(Outcome.SUSPENDED, reason)
        self.changed |= now != row
        return now


def _suspended_whole(office: Office, blank: Surveyed, reason: Reason, *, claimed: ByPayer, draft: Draft) -> Surveyed:
    """Suspend all of a file; what was claimed of it is what the ledger says."""
    suspended = {reason: claimed}
    claims = _claims_of(suspended)
    try:
        rows = rows_of(office.objects, blank.file.index_object)
        judged = _Judged(rows, due=partial(_is_due, everything=True), judge=lambda *_: reason)
        marked = _with_index(office, blank, judged, draft=draft)
    except (Damaged, NotThere):
        return replace(blank, suspended=suspended, suspended_claims=claims)  # The index itself is what is damaged.
    return replace(marked, suspended=suspended, suspended_claims=claims)


def _with_index(office: Office, whole: Surveyed, judged: _Judged, *, draft: Draft) -> Surveyed:
    """Return the file with what was judged; the index is written anew only if something changed."""
    name = draft.name("indexes", whole.file.id)
    with office.objects.writer(name, limit_bytes=office.limit("file_bytes")) as out:
        write_rows(out, judged)
        file = whole.file
        if judged.changed:
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
