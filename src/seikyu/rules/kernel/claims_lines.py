"""Scans of the rules on service lines: classes, calculation units, counts, days, and the sums of the payers."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from seikyu.records import table
from seikyu.rules.kernel.batch import Batch, Bools, Ints, Table
from seikyu.rules.kernel.claims_head import first_insurers, inpatient, of_insurer, publics, type_payers, type_says
from seikyu.rules.kernel.claims_payers import ordinals
from seikyu.rules.kernel.columns import tables_of
from seikyu.rules.kernel.jitted import scan as c
from seikyu.rules.kernel.jitted import walks
from seikyu.rules.kernel.scans import Exact, Items, Might, Scan, alike, bad, digits, filled, key, where
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
#: No code has as many digits.
_MOST_CODE: Final = 32
_COUNT_CHARS: Final = 3
_SHORT_MONTHS: Final = (29, 30, 31)
_DAYS: Final = 31


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


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """The calculation units (see `view.Unit`): first and last row in the table, class, and whether points end them.

    Shape: `of_row` is a service line's unit, by its place among the service lines.
    """

    first: Ints
    last: Ints
    of_row: Ints
    service_class: Ints
    ended: Bools


def _walked(batch: Batch) -> tuple[Lines, Units]:
    rows = batch.table("lines")
    most = len(rows)
    counts = np.zeros(3, np.int64)
    own, service, place, current, first, last, of_row, classes = np.empty((8, most), np.int64)
    opens, ended = np.empty((2, most), np.bool_)
    walks.lines(
        rows.claim, rows.marked, rows["service_class"], rows["points"], _charged(batch), own, opens, service, place,
        current, first, last, of_row, classes, ended, counts,
    )  # fmt: skip
    n_own, n_service, n_units = counts.tolist()
    return (
        Lines(own[:n_own], service[:n_service], place[:n_service], current[:n_service], opens[:n_own]),
        Units(first[:n_units], last[:n_units], of_row[:n_service], classes[:n_units], ended[:n_units]),
    )


def lines_of(batch: Batch) -> Lines:
    """Return the claims' own lines."""
    return batch.once(_walked)[0]


def units_of(batch: Batch) -> Units:
    """Return the units of all claims, in the order of the file."""
    return batch.once(_walked)[1]


def _opens(claim: Ints) -> Bools:
    """True for the first row of each claim."""
    first = np.ones(len(claim), np.bool_)
    first[1:] = claim[1:] != claim[:-1]
    return first


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
    codes, payers = _burdens()
    shared = np.empty(len(burden), np.int64)
    walks.shares(burden, codes, payers, shared)
    return shared


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
    doubtful = where(odd[1:] & odd[:-1] & ~anew[1:])  # Two that may be written alike, or not.
    if len(doubtful):
        pairs = [Items(rows, service[doubtful + each], "burden") for each in (0, 1)]
        anew[doubtful + 1] = ~alike(batch, *pairs)
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
    others = where((codes < _TWO_DIGITS) | (codes >= 2 * _TWO_DIGITS))
    if not len(others):
        return codes
    text = (codes - _TWO_DIGITS) * (10 ** (c.MOST_DIGITS - 2) * _MOST_CODE) + 2
    number, count = digits(codes[others])
    text[others] = number * np.power(10, c.MOST_DIGITS - count, dtype=np.int64) * _MOST_CODE + count
    return text


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
    digits_of_days = rows["days_odd"][hit] >> 1
    close = (digits_of_days >= _digits_of(rows["count"][hit])) & (digits_of_days <= _COUNT_CHARS)
    if close.any():
        asked = hit[close]
        days = alike(batch, Items(rows, asked, "day_01", _DAYS), Items(rows, asked, "count"))
        hit = np.sort(np.concatenate([hit[~close], asked[~days]]))
    yield Exact(rows, hit, rows.no("count", hit))


def _digits_of(count: Ints) -> Ints:
    """Return how many digits numbers below 1,000 have."""
    return 1 + (count > 9) + (count > 99)


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
    known, any_unit = batch.claims[c.C_DONOR] == 0, np.zeros(len(batch), np.bool_)
    by_count, by_days = np.zeros((2, len(_BURDENED), len(batch)), np.int64)
    there = _there(batch.claims[c.C_INSURERS] > 0, publics(batch))
    walks.sums(
        rows.claim, rows["service_class"], rows["points"], rows["count"], rows["days"], service, units.last,
        units.service_class, units.ended, batch.once(shares_of_lines), there, _MEALS, _REDUCTION, known, any_unit,
        by_count, by_days,
    )  # fmt: skip
    return known & any_unit, by_count, by_days


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


def _more_than_insurer(batch: Batch, name: str, *, least: int) -> Iterator[Exact | Might]:
    """Yield public payers whose figure is higher than the insurer's and not explained by lines of their own."""
    rows, place = batch.table("publics"), batch.once(ordinals)
    most = of_insurer(batch, name)[rows.claim]
    more = where((place >= 0) & (place < _MOST_PUBLIC) & (most >= least) & (rows[name] > most))
    if not len(more):
        return
    if not tables_of(batch.layout)["lines"][0]:
        yield Might(np.unique(rows.claim[more]))  # Its lines are not kept.
        return
    more = more[batch.once(without_insurance)[rows.claim[more]] >> (place[more] + 1) & 1 == 0]
    if name == "total_points" and not line_ids(batch.layout).more:
        # If the lines bear the public payer out, the insurer's total is wrong.
        known, by_count, _ = batch.once(sums_of)
        claim = rows.claim[more]
        more = more[~known[claim] | (rows[name][more] != by_count[place[more] + 1, claim])]
    yield Exact(rows, more, rows.no(name, more))


def without_insurance(batch: Batch) -> Ints:
    """Return for each claim the payers who share a line in which the insurer has no part: bit 1 is the first public."""
    rows, service = batch.table("lines"), batch.once(lines_of).service
    shared = batch.once(shares_of_lines)[service]
    alone = where((shared > 0) & (shared & 1 == 0))
    payers = np.zeros(len(batch), np.int64)
    np.bitwise_or.at(payers, rows.claim[service[alone]], shared[alone])
    return payers


def public_days(batch: Batch) -> Iterator[Exact | Might]:
    yield from _more_than_insurer(batch, "actual_days", least=1)


def public_points(batch: Batch) -> Iterator[Exact | Might]:
    yield from _more_than_insurer(batch, "total_points", least=0)


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
    "X3018": public_days,
    "X3019": public_points,
    "X3020": insurer_total,
    "X3021": public_total,
}
