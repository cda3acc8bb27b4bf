"""Scans of the rules on service lines: classes, calculation units, counts, days, and the sums of the payers."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from seikyu.records import table
from seikyu.rules.kernel import scan as c
from seikyu.rules.kernel.batch import Batch, Bools, Ints, Table
from seikyu.rules.kernel.claims_head import first_insurers, inpatient, of_insurer, publics, type_payers, type_says
from seikyu.rules.kernel.claims_payers import ordinals
from seikyu.rules.kernel.columns import tables_of
from seikyu.rules.kernel.scans import Exact, Might, Scan, bad, digits, filled, key, where
from seikyu.rules.lines import VISITS, burdens_of
from seikyu.rules.units import line_ids

_BURDENED: Final = ("insurance", "public_1", "public_2", "public_3", "public_4")
_MEALS: Final = key("97")
_REDUCTION: Final = key("39")
_ANYWHERE: Final = (key("01"), key("39"), key("99"))
_BUNDLED_DAYS: Final = "HH"
_MOST_PUBLIC: Final = 4
#: Codes of two digits stand in columns from here to twice of it.
_TWO_DIGITS: Final = 100
_COUNT_CHARS: Final = 3
_SHORT_MONTHS: Final = (29, 30, 31)


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """The claims' own lines: rows in the table, and for each row what the rows before it make of it.

    Shape: `all` are all rows, `service` those without comments, `place` their places in `all`; `current` is the service
    class that holds on a service line, from service lines alone. `opens` is True on the first row of a claim in `all`.
    """

    all: Ints
    service: Ints
    place: Ints
    current: Ints
    opens: Bools


def _charged(batch: Batch) -> Bools:
    """Return by the record's row whether it carries points; comments do not."""
    return np.array(["points" in plan.index for plan in batch.tables.record_plans], np.bool_)


def lines_of(batch: Batch) -> Lines:
    """Return the claims' own lines."""
    rows = batch.table("lines")
    own = where(rows.own)
    charged = _charged(batch)[rows.record[own]]
    service = own[charged]
    classes = rows["service_class"][service]
    current = _carried(classes, filled(classes), _opens(rows.claim[service]))
    return Lines(own, service, where(charged), current, _opens(rows.claim[own]))


def _opens(claim: Ints) -> Bools:
    """True for the first row of each claim."""
    first = np.ones(len(claim), np.bool_)
    first[1:] = claim[1:] != claim[:-1]
    return first


def _carried(values: Ints, there: Bools, opens: Bools) -> Ints:
    """Return the last value that was there, by row; empty before the first of a claim."""
    at = np.maximum.accumulate(np.where(there | opens, np.arange(len(values)), 0))
    return np.where(there[at], values[at], c.EMPTY) if len(values) else values


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """The calculation units (see `view.Unit`): first and last row in the table, class, and whether points end them."""

    first: Ints
    last: Ints
    of_row: Ints
    service_class: Ints
    ended: Bools


def units_of(batch: Batch) -> Units:
    """Return the units of all claims, in the order of the file; a row's unit by its place among the service lines."""
    rows, lines = batch.table("lines"), batch.once(lines_of)
    classed = filled(rows["service_class"][lines.all])
    passed = np.cumsum(classed)[lines.place]
    service = lines.service
    ends = filled(rows["points"][service])
    starts = _opens(rows.claim[service])
    starts[1:] |= ends[:-1] | (passed[1:] > passed[:-1])
    first = where(starts)
    last = np.append(first[1:], len(service))[: len(first)] - 1
    whole = _carried(rows["service_class"][lines.all], classed, lines.opens)
    return Units(
        first=service[first],
        last=service[last],
        of_row=np.cumsum(starts) - 1,
        service_class=whole[lines.place[last]],
        ended=ends[last],
    )


_LOW: Final = 0x1FF


@cache
def _burdens() -> tuple[Ints, Ints]:
    """Return the burden divisions as columns hold them, by their last nine bits, and who shares each: a bit a payer.

    Those bits tell them apart, as they have one character.
    """
    shares = {key(code): sum(1 << at for at, name in enumerate(_BURDENED) if row[name] == "1")
              for code, row in table("burden_codes").items()}  # fmt: skip
    codes, payers = np.zeros(_LOW + 1, np.int64), np.full(_LOW + 1, -1, np.int64)
    for code, payer in shares.items():
        codes[code & _LOW], payers[code & _LOW] = code, payer
    return codes, payers


def shares_of(burden: Ints) -> Ints:
    """Return who shares a line of each burden division: bit 0 is insurance; -1 for an unknown division."""
    codes, shares = _burdens()
    at = burden & _LOW
    return np.where(codes[at] == burden, shares[at], -1)


def shares_of_lines(batch: Batch) -> Ints:
    """Return the same of each row of the table."""
    return shares_of(batch.table("lines")["burden"])


def _there(insured: Bools, public: Ints) -> Ints:
    """Return the payers of claims as bits."""
    return insured + 2 * ((1 << np.minimum(public, _MOST_PUBLIC)) - 1)


# --- the scans ---


def no_service(batch: Batch) -> Iterator[Exact]:
    groups = batch.layout.one_of or (line_ids(batch.layout).charged,)
    lacking = np.zeros(len(batch), np.bool_)
    for group in groups:
        lacking |= ~batch.has(*group)
    yield Exact(batch.table("head"), where(lacking & ~batch.has(_BUNDLED_DAYS)))


def burden_without_payer(batch: Batch) -> Iterator[Exact | Might]:
    found = _burdened(batch)
    if found is None:
        yield Might(np.arange(len(batch)))
        return
    rows, service = found
    of_units = rows is batch.table("lines")
    insured, public = batch.claims[c.C_INSURERS] > 0, publics(batch)
    somebody = insured | (public > 0)
    there = _there(insured | (type_says(batch, "has_ho", "yes") == 1), np.maximum(public, type_payers(batch)))
    claim = rows.claim[service]
    shared = batch.once(shares_of_lines)[service] if of_units else shares_of(rows["burden"][service])
    hit = service[somebody[claim] & (shared > 0) & ((shared & ~there[claim]) != 0)]
    yield Exact(rows, hit, rows.no("burden", hit))


def _burdened(batch: Batch) -> tuple[Table, Ints] | None:
    """Return the rows in which burden divisions surely stand; None if there are several in one, or in other tables."""
    places, tables = burdens_of(batch.layout), tables_of(batch.layout)
    if any(len(at) > 1 for at in places.values()):
        return None
    if set(places) == line_ids(batch.layout).charged and set(places) <= set(tables["lines"][0]):
        return batch.table("lines"), batch.once(lines_of).service
    if set(places) <= set(tables["coded"][0]):
        return batch.table("coded"), _apart(batch, places)
    return None


def _apart(batch: Batch, ids: Iterable[str]) -> Ints:
    """Return the rows of the claims' own lines that make no units and are of these records."""
    rows = batch.table("coded")
    return where(rows.own & np.isin(rows.record, [batch.row_of(rid) for rid in ids]))


def no_class(batch: Batch) -> Iterator[Exact]:
    rows, lines = batch.table("lines"), batch.once(lines_of)
    most = batch.layout.service_class_lines or 0
    classed = filled(rows["service_class"][lines.all])
    place = np.arange(len(classed))
    since = np.maximum.accumulate(np.where(classed, place, np.where(lines.opens, place - 1, -1)))
    without = place - since
    hit = lines.all[~classed & (lines.opens | ((without == most + 1) & (most > 0)))]
    yield Exact(rows, hit, rows.no("service_class", hit))


def class_order(batch: Batch) -> Iterator[Exact | Might]:
    rows, service = batch.table("lines"), batch.once(lines_of).service
    burden, classes = rows["burden"][service], rows["service_class"][service]
    burden = np.where(burden == c.MISSING, c.EMPTY, burden)
    anew = _opens(rows.claim[service])
    odd = (burden == c.BAD) | (burden == c.BIG)
    unsure = np.zeros(len(batch), np.bool_)
    unsure[rows.claim[service[classes == c.BIG]]] = True
    anew[1:] |= burden[1:] != burden[:-1]
    for at in where(odd[1:] & odd[:-1] & ~anew[1:]):  # Two that may be written alike, or not.
        before, this = (_written(batch, rows, int(service[each]), "burden") for each in (at, at + 1))
        anew[at + 1] = before != this
    part = np.cumsum(anew)
    anywhere = classes == _ANYWHERE[0]
    for code in _ANYWHERE[1:]:
        anywhere |= classes == code
    judged = where((classes >= 0) & ~anywhere)
    part, classes = part[judged], _as_text(classes[judged])
    backwards = (part[1:] == part[:-1]) & (classes[1:] < classes[:-1])
    hit = service[judged[1:][backwards]]
    hit = hit[~unsure[rows.claim[hit]]]
    yield Exact(rows, hit, rows.no("service_class", hit))
    yield Might(where(unsure))


def _as_text(codes: Ints) -> Ints:
    """Return codes of digits as numbers that are in order as the codes are as texts."""
    if ((codes >= _TWO_DIGITS) & (codes < 2 * _TWO_DIGITS)).all():
        return codes
    number, count = digits(codes)
    return number * np.power(10, c.MOST_DIGITS - count, dtype=np.int64) * 32 + count


def unit_without_points(batch: Batch) -> Iterator[Exact]:
    rows, units = batch.table("lines"), batch.once(units_of)
    hit = units.last[~units.ended]
    yield Exact(rows, hit, rows.no("points", hit))


def counts_differ(batch: Batch) -> Iterator[Exact]:
    rows, service, units = batch.table("lines"), batch.once(lines_of).service, batch.once(units_of)
    count = rows["count"]
    wanted = np.where(units.ended, count[units.last], c.EMPTY)[units.of_row] if len(service) else service
    own = count[service]
    hit = service[(wanted >= 0) & (own >= 0) & (own != wanted)]
    yield Exact(rows, hit, rows.no("count", hit))


def _daily(batch: Batch) -> Ints:
    """Return the rows that must give their days: all service lines but meals."""
    lines = batch.once(lines_of)
    return lines.service[lines.current != _MEALS]


def day_sum(batch: Batch) -> Iterator[Exact]:
    rows, daily = batch.table("lines"), batch.once(_daily)
    count, odd = rows["count"][daily], rows["days_odd"][daily]
    hit = daily[(rows["days_filled"][daily] > 0) & (count >= 0) & (odd & 1 == 0) & (rows["days"][daily] != count)]
    # Days that stand side by side like the count are let be by the rule; only few digits can.
    written = rows["days_odd"][hit] >> 1
    close = (written >= _digits_of(rows["count"][hit])) & (written <= _COUNT_CHARS)
    if close.any():
        same = np.array([_written_alike(batch, rows, int(at)) for at in hit[close]], np.bool_)
        hit = np.sort(np.concatenate([hit[~close], hit[close][~same]]))
    yield Exact(rows, hit, rows.no("count", hit))


def _digits_of(count: Ints) -> Ints:
    """Return how many digits numbers below 1,000 have."""
    return 1 + (count > 9) + (count > 99)


def _written_alike(batch: Batch, rows: Table, at: int) -> bool:
    """True if a line's days, put together, are written like its count."""
    layout = batch.tables.record_plans[int(rows.record[at])].layout
    items = batch.bytes_of(int(rows.start[at]), int(rows.length[at])).split(b",")
    days = layout.by_name["day_01"].no - 1
    return b"".join(items[days : days + 31]) == _written(batch, rows, at, "count")


def _written(batch: Batch, rows: Table, at: int, name: str) -> bytes:
    """Return an item of a line as it is written."""
    layout = batch.tables.record_plans[int(rows.record[at])].layout
    return batch.bytes_of(int(rows.start[at]), int(rows.length[at])).split(b",")[layout.by_name[name].no - 1]


def impossible_day(batch: Batch) -> Iterator[Exact]:
    rows, daily = batch.table("lines"), batch.once(_daily)
    days = batch.days[rows.claim[daily]]
    short = daily[(days > 0) & (days < _SHORT_MONTHS[-1]) & (rows["days_nonzero"][daily] >> days != 0)]
    for day in _SHORT_MONTHS:
        hit = short[(batch.days[rows.claim[short]] < day) & (rows["days_nonzero"][short] >> (day - 1) & 1 == 1)]
        yield Exact(rows, hit, rows.no(f"day_{day}", hit))


def no_days(batch: Batch) -> Iterator[Exact]:
    rows, daily = batch.table("lines"), batch.once(_daily)
    hit = daily[(rows["days_filled"][daily] == 0) & (rows["count"][daily] > 0)]
    yield Exact(rows, hit, rows.no("day_01", hit))


def days_of_visits(batch: Batch) -> Iterator[Exact]:
    outside = batch.once(inpatient) == 0
    rows, lines = batch.table("lines"), batch.once(lines_of)
    visits = np.isin(lines.current, [key(code.decode()) for code in VISITS])
    service = lines.service[visits]
    shared = batch.once(shares_of_lines)[service]
    service = service[(shared > 0) & (shared & 1 == 1)]
    days = np.zeros(len(batch), np.int64)
    np.bitwise_or.at(days, rows.claim[service], rows["days_nonzero"][service])
    stated = of_insurer(batch, "actual_days")
    hit = batch.once(first_insurers)[where(outside & (stated > 0) & (np.bitwise_count(days) > stated))]
    insurers = batch.table("insurers")
    yield Exact(insurers, hit, insurers.no("actual_days", hit))


# --- the sums of the payers ---


def sums_of(batch: Batch) -> tuple[Bools, Ints, Ints]:
    """Return which claims' lines can be added up, and their sums by count and by days: `[payer][claim]`."""
    rows, service, units = batch.table("lines"), batch.once(lines_of).service, batch.once(units_of)
    claim = rows.claim[units.last]
    known = batch.claims[c.C_DONOR] == 0
    known[np.bincount(claim, minlength=len(batch)) == 0] = False
    classes, points, count = (rows[name][service] for name in ("service_class", "points", "count"))
    known[rows.claim[service[bad(classes) | bad(points) | bad(count)]]] = False
    shared = batch.once(shares_of_lines)[units.last]
    there = _there(batch.claims[c.C_INSURERS] > 0, publics(batch))[claim]
    summed = units.service_class != _MEALS
    known[claim[(shared < 0) | ((shared & ~there) != 0) | (summed & ~units.ended)]] = False
    known[claim[units.service_class == _REDUCTION]] = False
    worth = np.maximum(rows["points"][units.last], 0) * summed
    by_count = worth * np.maximum(rows["count"][units.last], 0)
    by_days = worth * rows["days"][units.last]
    return known, *(_added(batch, claim, shared, each) for each in (by_count, by_days))


def _added(batch: Batch, claim: Ints, shared: Ints, worth: Ints) -> Ints:
    """Return the sums of what lines are worth: `[payer][claim]`."""
    sums = np.zeros((len(_BURDENED), len(batch)), np.int64)
    for payer in range(len(_BURDENED)):
        part = where((shared >= 0) & (shared >> payer & 1 == 1))
        if len(part):
            # Floating point holds these sums exactly: points and counts have ten digits together.
            sums[payer] = np.bincount(claim[part], weights=worth[part], minlength=len(batch))
    return sums


def single_sums_of(batch: Batch) -> tuple[Bools, Ints, Ints]:
    """Return the same of lines that are calculated each for itself, once."""
    rows = batch.table("coded")
    service = _apart(batch, line_ids(batch.layout).charged)
    claim, points = rows.claim[service], rows["points"][service]
    known = batch.claims[c.C_DONOR] == 0
    known[np.bincount(claim, minlength=len(batch)) == 0] = False
    shared = shares_of(rows["burden"][service])
    there = _there(batch.claims[c.C_INSURERS] > 0, publics(batch))[claim]
    known[claim[bad(points) | (shared < 0) | ((shared & ~there) != 0)]] = False
    sums = _added(batch, claim, shared, np.maximum(points, 0))
    return known, sums, sums


def _sums(batch: Batch) -> tuple[Bools, Ints, Ints] | None:
    """Return the sums of the lines, however they are calculated; None where they stand in no table."""
    ids, tables = line_ids(batch.layout), tables_of(batch.layout)
    if tables["lines"][0]:
        return batch.once(sums_of)
    return batch.once(single_sums_of) if ids.charged <= set(tables["coded"][0]) else None


def insurer_total(batch: Batch) -> Iterator[Exact | Might]:
    if line_ids(batch.layout).more:
        return
    sums = _sums(batch)
    if sums is None:
        yield Might(np.arange(len(batch)))
        return
    known, by_count, by_days = sums
    total = of_insurer(batch, "total_points")
    wrong = known & (total >= 0) & (total != by_count[0]) & (total != by_days[0])
    rows = batch.table("insurers")
    hit = batch.once(first_insurers)[where(wrong)]
    yield Exact(rows, hit, rows.no("total_points", hit))


def public_total(batch: Batch) -> Iterator[Exact | Might]:
    if line_ids(batch.layout).more:
        return
    sums = _sums(batch)
    if sums is None:
        yield Might(np.arange(len(batch)))
        return
    known, by_count, by_days = sums
    rows, place = batch.table("publics"), batch.once(ordinals)
    at, claim, total = np.clip(place + 1, 0, _MOST_PUBLIC), rows.claim, rows["total_points"]
    judged = (place >= 0) & (place < _MOST_PUBLIC) & known[claim] & (total >= 0)
    hit = where(judged & (total != by_count[at, claim]) & (total != by_days[at, claim]))
    yield Exact(rows, hit, rows.no("total_points", hit))


SCANS: Final[Mapping[str, Scan]] = {
    "X2034": no_service,
    "X2037": burden_without_payer,
    "X2038": no_class,
    "X2040": class_order,
    "X2041": unit_without_points,
    "X2042": counts_differ,
    "X2043": day_sum,
    "X2044": impossible_day,
    "X2045": no_days,
    "X3017": days_of_visits,
    "X3020": insurer_total,
    "X3021": public_total,
}
