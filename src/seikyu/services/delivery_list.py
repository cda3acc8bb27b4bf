"""配信一覧: what was delivered to a payer in a month, as a table to check by, to file and to print.

Source: payer:7 (what a payer compares), provider:6 (general form of lists).
"""

from collections.abc import Iterator, Mapping
from csv import writer
from dataclasses import dataclass
from io import StringIO
from typing import Any, Final

from seikyu.office.calendar import JST
from seikyu.ports.store import Delivery
from seikyu.ports.trust import ClientIdentity
from seikyu.services.deliver import SEALING
from seikyu.services.office import PAYER, Office, require_party

#: The columns, in their order; texts are in `apps/words` under the same names.
COLUMNS: Final = (
    "body", "month", "kind", "volume", "claims", "points", "size_bytes", "sha256", "state", "sealed_at", "received_at",
)  # fmt: skip
#: Columns that are added up in the last row.
SUMMED: Final = ("claims", "points", "size_bytes")


@dataclass(frozen=True, slots=True)
class DeliveryList:
    """The list. Shape: `rows` have a value for each of COLUMNS, by body, kind and volume; `sums` of SUMMED."""

    month: str
    name: str
    rows: tuple[Mapping[str, Any], ...]
    sums: Mapping[str, int]


def list_of_deliveries(
    office: Office, identity: ClientIdentity, month: str, *, body: str | None = None
) -> DeliveryList:
    """Return the payer's deliveries of a month. Errors: Forbidden."""
    with office.store.read() as tx:
        require_party(tx, identity, kind=PAYER, now=office.clock.now())
        found = tx.deliveries(payer=identity.party, body=body, month=month)
    there = sorted(
        (each for each in found if each.state != SEALING), key=lambda each: (each.body, each.kind, each.volume)
    )
    rows = tuple(_row(each) for each in there)
    sums = {name: sum(int(row[name]) for row in rows) for name in SUMMED}
    where = f"-{body}" if body else ""
    return DeliveryList(month, f"haishin-{identity.party.strip()}{where}-{month}", rows, sums)


def official_lines(title: str, heads: Iterator[str], rows: Iterator[list[str]]) -> Iterator[bytes]:
    """Yield the list as other official lists are: a title, a line of titles, rows; Shift_JIS with CR LF."""
    for texts in ([title], list(heads), *rows):
        out = StringIO()
        writer(out, lineterminator="\r\n").writerow(texts)
        yield out.getvalue().encode("cp932", "replace")


def _row(delivery: Delivery) -> dict[str, Any]:
    row = {name: getattr(delivery, name) for name in COLUMNS}
    return row | {
        "sealed_at": delivery.sealed_at.astimezone(JST),
        "received_at": delivery.received_at.astimezone(JST) if delivery.received_at else None,
    }
