"""Sealing deliveries and reading them again.

One pass over the month's files writes up to `deliveries_at_once` deliveries, so memory and open files stay bounded
however many payers there are. A delivery's claims stand in the order of confirmation, then of the file: the same month
always gives the same bytes. Beside each lies its provenance: a JSON line per claim, naming the file, the claim's place
in it, offset and length there, and the row of the delivery where it begins.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from itertools import islice, zip_longest
from typing import Any, Final

from seikyu.office.delivery import DeliveredClaim, begins_volume, read_delivery
from seikyu.office.errors import Damaged as OfficeDamaged
from seikyu.office.ledger import NOTHING, Amounts, amounts_of
from seikyu.ports.objects import ObjectWriter
from seikyu.ports.store import Delivery
from seikyu.services.deliver import SEALING
from seikyu.services.examine import verify
from seikyu.services.office import REAL, Office
from seikyu.services.survey import Surveyed, to_deliver

#: sha256 of nothing, for rows that are still being written.
_NOTHING_YET: Final = sha256().hexdigest()


@dataclass(frozen=True, slots=True)
class Batch:
    """Payers whose deliveries are written in one pass, all of one kind. `volumes`: the first free volume of each."""

    body: str
    month: str
    kind: str
    payers: tuple[str, ...]
    volumes: Mapping[str, int]
    sealed_at: datetime


class _Volume:
    """A delivery that is being written."""

    def __init__(self, office: Office, batch: Batch, payer: str, *, volume: int) -> None:
        self.row = Delivery(
            id=office.ids.new(),
            body=batch.body,
            month=batch.month,
            line=REAL,
            payer=payer,
            kind=batch.kind,
            volume=volume,
            state=SEALING,
            claims=0,
            points=0,
            size_bytes=0,
            sha256=_NOTHING_YET,
            sealed_at=batch.sealed_at,
        )
        # One claim alone may be over a volume's limit; it still fits into the file that it came in, several times.
        self._limit_bytes = office.limit("delivery_bytes")
        most = self._limit_bytes + 4 * office.limit("file_bytes")
        self.writer: ObjectWriter = office.objects.writer(f"deliveries/{self.row.id}", limit_bytes=most)
        self.provenance: ObjectWriter = office.objects.writer(f"provenance/{self.row.id}", limit_bytes=most)
        self._rows = 0

    def is_full_for(self, written: bytes) -> bool:
        """Return whether the claim must begin the next volume."""
        return begins_volume(self.writer.size_bytes, len(written), limit_bytes=self._limit_bytes)

    def add(self, surveyed: Surveyed, place: int, *, written: bytes, amounts: Amounts, origin: tuple[int, int]) -> None:
        """Append a claim and where it came from."""
        told = {
            "row": self._rows + 1,
            "file": surveyed.file.id,
            "claim_index": place,
            "offset": origin[0],
            "length": origin[1],
        }
        self.writer.write(written)
        self.provenance.write(json.dumps(told, separators=(",", ":")).encode() + b"\n")
        self._rows += written.count(b"\n")
        self.row = replace(self.row, claims=self.row.claims + 1, points=self.row.points + amounts.own_points)

    def finished(self) -> Delivery:
        """Return the row of what has been written."""
        self.row = replace(self.row, size_bytes=self.writer.size_bytes, sha256=self.writer.sha256())
        return self.row

    def discard(self) -> None:
        """Leave no byte behind."""
        self.writer.discard()
        self.provenance.discard()


def seal(office: Office, files: Sequence[Surveyed], *, body: str, month: str, at: datetime) -> list[Delivery]:
    """Write every delivery of these files, payers and kinds ascending; each row is `sealing` when it returns.

    Errors: NoSpace, Unavailable, and office Damaged for a claim that could be written a moment ago; what was sealed by
    then stays for `remove_leftovers`.
    """
    sealed = []
    volumes = _first_volumes(office, body, month)
    for kind in sorted({str(file.sending.kind) for file in files if file.payers}):
        of_kind = [file for file in files if file.sending.kind == kind and file.payers]
        payers = iter(sorted({payer for file in of_kind for payer in file.payers}))
        while some := tuple(islice(payers, office.limit("deliveries_at_once"))):
            numbers = {payer: volumes[kind, payer] for payer in some}
            batch = Batch(body=body, month=month, kind=kind, payers=some, volumes=numbers, sealed_at=at)
            sealed += _seal_batch(office, of_kind, batch)
    return sealed


def remove_leftovers(office: Office, body: str, month: str) -> int:
    """Remove the deliveries that a dead try left in `sealing`, rows and objects; return how many.

    The objects go first: a kill in between leaves rows that the next try finds again.
    """
    with office.store.read() as tx:
        left = [row for row in tx.deliveries(body=body, month=month, line=REAL) if row.state == SEALING]
    for row in left:
        office.objects.remove(f"deliveries/{row.id}")
        office.objects.remove(f"provenance/{row.id}")
    with office.store.write() as tx:
        tx.remove_unsealed(body, month, REAL)
    return len(left)


def charge(office: Office, delivery: Delivery, files: Mapping[str, Surveyed]) -> dict[str, Amounts] | None:
    """Read a sealed delivery again and return what it charges its payer, by file; None if that is not what it should.

    Every claim is held against its provenance and the claim index; what is returned is what was read.
    """
    name = f"deliveries/{delivery.id}"
    if not verify(office.objects, name, size_bytes=delivery.size_bytes, sha256=delivery.sha256):
        return None
    charged: dict[str, Amounts] = defaultdict(lambda: NOTHING)
    claims = 0
    try:
        with office.objects.open(name) as source, office.objects.open(f"provenance/{delivery.id}") as origins:
            expected = _Expected(office, delivery.payer, files)
            for read, line in zip_longest(read_delivery(source, kind=delivery.kind), origins):
                if read is None or line is None:
                    return None
                file_id, amounts = expected.of(read, json.loads(line))
                charged[file_id] += amounts
                claims += 1
    except (OfficeDamaged, _Differs, ValueError, KeyError):
        return None
    points = sum(amounts.own_points for amounts in charged.values())
    return dict(charged) if (claims, points) == (delivery.claims, delivery.points) else None


class _Differs(Exception):
    """What stands in a delivery is not what was charged."""


class _Expected:
    """What should stand in a delivery, read off the claim indexes in the order of its claims."""

    def __init__(self, office: Office, payer: str, files: Mapping[str, Surveyed]) -> None:
        self._office = office
        self._payer = payer
        self._files = files
        self._file_id: str | None = None
        self._rows: Iterator[Any] = iter(())

    def of(self, read: DeliveredClaim, origin: Mapping[str, Any]) -> tuple[str, Amounts]:
        """Return the file of a claim and what it charges. Errors: _Differs, KeyError, office Damaged."""
        file_id, place = origin["file"], origin["claim_index"]
        if file_id != self._file_id:
            self._file_id = file_id
            self._rows = to_deliver(self._office.objects, self._files[file_id])
        row = next((row for at, row in self._rows if at == place), None)
        amounts = read.amounts_for(self._payer)
        if row is None or amounts_of(row).get(self._payer) != amounts:
            raise _Differs
        if (read.management_no, read.row) != (self._files[file_id].management_no(place), origin["row"]):
            raise _Differs
        return file_id, amounts


def _first_volumes(office: Office, body: str, month: str) -> Mapping[tuple[str, str], int]:
    """Return the first free volume of each kind and payer: 1, or what follows an earlier closing of the month."""
    volumes: dict[tuple[str, str], int] = defaultdict(lambda: 1)
    with office.store.read() as tx:
        for row in tx.deliveries(body=body, month=month, line=REAL):
            volumes[row.kind, row.payer] = max(volumes[row.kind, row.payer], row.volume + 1)
    return volumes


def _seal_batch(office: Office, files: Sequence[Surveyed], batch: Batch) -> list[Delivery]:
    sealed: list[Delivery] = []
    writing: dict[str, _Volume] = {}
    try:
        for file in files:
            if not file.payers.isdisjoint(batch.payers):
                _write_file(office, file, batch, writing=writing, sealed=sealed)
        last = [writing[payer] for payer in sorted(writing)]
        sealed += _commit(office, last)
    finally:
        for volume in writing.values():
            volume.discard()
    return sealed


def _write_file(
    office: Office, file: Surveyed, batch: Batch, *, writing: dict[str, _Volume], sealed: list[Delivery]
) -> None:
    """Append a file's claims to the deliveries of the batch; full volumes are sealed on the way."""
    with office.objects.open(f"files/{file.file.id}") as source:
        for place, row in to_deliver(office.objects, file):
            shares = amounts_of(row)
            mine = sorted(shares.keys() & set(batch.payers))
            written = file.rows(source, place, row) if mine else b""
            for payer in mine:
                if payer not in writing:
                    writing[payer] = _Volume(office, batch, payer, volume=batch.volumes[payer])
                elif writing[payer].is_full_for(written):
                    sealed += _commit(office, [writing[payer]])
                    writing[payer] = _Volume(office, batch, payer, volume=writing[payer].row.volume + 1)
                origin = (row.offset, row.length)
                writing[payer].add(file, place, written=written, amounts=shares[payer], origin=origin)


def _commit(office: Office, volumes: Sequence[_Volume]) -> list[Delivery]:
    """Make deliveries durable. The rows go first: objects that a dead try left are found by them."""
    rows = [volume.finished() for volume in volumes]
    with office.store.write() as tx:
        for row in rows:
            tx.put_delivery(row)
    for volume in volumes:
        volume.writer.commit()
        volume.provenance.commit()
    return rows
