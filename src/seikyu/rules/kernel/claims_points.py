"""Scans of the rules of points: what units must come to by the points, prices and steps of the masters."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from seikyu.rules.kernel.batch import Batch, Bools, Ints, Table
from seikyu.rules.kernel.claims_coded import CODE, COMMENT_COLUMNS, claims_of, procedures, rows_of
from seikyu.rules.kernel.claims_lines import Units, lines_of, units_of
from seikyu.rules.kernel.coded import HUNDREDTHS, NONE, Rows, codes_of
from seikyu.rules.kernel.jitted import scan as c
from seikyu.rules.kernel.scans import Might, Scan, filled, where
from seikyu.rules.with_masters import points as rules_of_points

_AMOUNT: Final = 10**c.DECIMALS
#: Products of prices and amounts up to this can be added up.
_MOST_WORTH: Final = 1e15
#: Amounts that come near it with the highest prices: 1,000 of a million yen.
_HUGE: Final = 1000 * _AMOUNT


@dataclass(frozen=True, slots=True, eq=False)
class Plain:
    """Units whose every line is of one sort and bears no comment: which, and by unit what its lines come to."""

    units: Units
    which: Bools
    service: Ints
    of_row: Ints


def _plain_units(batch: Batch, rid: str) -> Plain:
    """Return the units of one sort of lines that have points."""
    table, units, service = batch.table("lines"), batch.once(units_of), batch.once(lines_of).service
    mine = table.record[service] == batch.row_of(rid)
    for name in COMMENT_COLUMNS:
        mine &= ~filled(table[name][service])
    which = np.ones(len(units.first), np.bool_)
    which[units.of_row[~mine]] = False
    which &= units.ended
    return Plain(units, which, service, units.of_row)


def _summed(batch: Batch) -> bool:
    return batch.layout.kind in rules_of_points.SUMMED


def _codes_at(table: Table, rows: Ints) -> Ints:
    code = table["code"][rows]
    return np.where((code >= CODE) & (code < 2 * CODE), code - CODE, NONE)


def other_points(batch: Batch) -> Iterator[Might]:
    if not _summed(batch):
        return
    table, plain = batch.table("lines"), _plain_units(batch, "SI")
    lines = where(plain.which[plain.of_row])
    rows = plain.service[lines]
    found = batch.once(codes_of).held("s", table.claim[rows], _codes_at(table, rows), *rules_of_points.FIXED)
    sure = found["points_class"] == rules_of_points.PLUS
    for name in rules_of_points.DEPENDENT:
        sure &= found[name] <= 0
    worth = found["points"]
    stepped = where(sure & (found["step"] > 0))
    if len(stepped):
        worth[stepped] = _stepped(found.of(stepped), table["quantity"][rows[stepped]])
    yield _unequal(batch, plain, lines, worth, sure & (worth != NONE), lambda total, _: _whole_points(total))


def _whole_points(total: Ints) -> Ints:
    return np.where(total % HUNDREDTHS == 0, total // HUNDREDTHS, NONE)


def _stepped(rows: Rows, quantity: Ints) -> Ints:
    """Return the points of procedures in steps, in hundredths, `NONE` where the master alone does not tell."""
    start, end, step, points = (rows[name] for name in rules_of_points.STEPS)
    first = rows["points"]
    known = (quantity >= 0) & (start != NONE) & (end != NONE) & (step > 0) & (points != NONE) & (first != NONE)
    known &= (quantity > start - step) & (quantity <= end)
    steps = -(-np.maximum(quantity - start, 0) // np.maximum(step, 1))
    return np.where(known, first + steps * points, NONE)


def _unequal(
    batch: Batch, plain: Plain, lines: Ints, worth: Ints, sure: Bools, points_of: Callable[[Ints, Ints], Ints]
) -> Might:
    """Return the claims with units whose points are not those of the sum of what their lines are worth."""
    table, units = batch.table("lines"), plain.units
    of_row = plain.of_row[lines]
    known = plain.which.copy()
    known[of_row[~sure]] = False
    total = np.zeros(len(units.first), np.int64)
    np.add.at(total, of_row[sure], worth[sure])
    judged = where(known)
    expected = points_of(total[judged], judged)
    written = table["points"][units.last[judged]]
    hit = judged[(expected != NONE) & (written != expected)]
    return claims_of(table.claim[units.last[hit]])


def _priced(batch: Batch, plain: Plain, kind: str, *columns: str) -> tuple[Ints, Rows, Ints, Bools]:
    """Return the lines of units, their rows, price times amount (in 10**-7 yen), and where that is known."""
    table = batch.table("lines")
    lines = where(plain.which[plain.of_row])
    rows = plain.service[lines]
    found = batch.once(codes_of).held(kind, table.claim[rows], _codes_at(table, rows), "price_class", "price", *columns)
    price, amount = found["price"], table["quantity"][rows]
    sure = (found["price_class"] == rules_of_points.YEN) & (price > 0) & (amount >= 0)
    sure &= price.astype(np.float64) * amount < _MOST_WORTH
    return lines, found, np.where(sure, price * amount, 0), sure


#: Yen of `_priced`.
_ONE_YEN: Final = HUNDREDTHS * _AMOUNT


def other_drug_points(batch: Batch) -> Iterator[Might]:
    if not _summed(batch):
        return
    plain = _plain_units(batch, "IY")
    lines, _, yen, sure = _priced(batch, plain, "y")
    least = int(rules_of_points.LEAST_YEN) * _ONE_YEN

    def points(total: Ints, units: Ints) -> Ints:
        first = plain.units.service_class[units]
        alone = ~_begins_with(first, (2, 3)) & (total <= least)
        over = np.maximum(total - least, 0)
        return np.where(alone, NONE, 1 + -(-over // (10 * _ONE_YEN)))

    yield _unequal(batch, plain, lines, yen, sure, points)
    yield _huge_amounts(batch, plain)


def _begins_with(service_class: Ints, digits: tuple[int, ...]) -> Bools:
    """Return which service classes of two digits may begin with one of these; all that are written otherwise may."""
    tens = (service_class - 100) // 10
    plain = (service_class >= 100) & (service_class < 200)
    return ~plain | np.isin(tens, digits)


def _huge_amounts(batch: Batch, plain: Plain) -> Might:
    """Return the claims with amounts that cannot be added up, or that a column does not hold."""
    table = batch.table("lines")
    amount = table["quantity"][plain.service]
    return claims_of(table.claim[plain.service[(amount == c.BIG) | (amount >= _HUGE)]])


def other_material_points(batch: Batch) -> Iterator[Might]:
    if not _summed(batch):
        return
    plain = _plain_units(batch, "TO")
    lines, found, yen, sure = _priced(batch, plain, "t", "oxygen")
    sure &= (found["oxygen"] <= 0) & (found["price_limit"] <= 0)
    each = _tenth(yen)
    together = np.zeros(len(plain.units.first), np.int64)
    np.add.at(together, plain.of_row[lines[sure]], each[sure])

    def points(total: Ints, units: Ints) -> Ints:
        written = batch.table("lines")["points"][plain.units.last[units]]
        return np.where(written == together[units], written, _tenth(total))

    yield _unequal(batch, plain, lines, yen, sure, points)
    yield _huge_amounts(batch, plain)


def _tenth(yen: Ints) -> Ints:
    """Return a tenth of a price, rounded half up."""
    return (yen + 5 * _ONE_YEN) // (10 * _ONE_YEN)


def odd_quantity(batch: Batch) -> Iterator[Might]:
    if not _summed(batch):
        return
    lines, rows = batch.once(procedures), rows_of(batch, procedures, "s", "step", "unit_code")
    step, there = rows["step"], filled(lines["quantity"])
    yield claims_of(lines.claim[((step == 1) & ~there) | ((step == 0) & (rows["unit_code"] == 0) & there)])


SCANS: Final[Mapping[str, Scan]] = {
    "X4001": other_points,
    "X4002": other_drug_points,
    "X4003": other_material_points,
    "X4004": odd_quantity,
}
