"""Scans of the rules with fee tables on how items stand beside each other, and how often."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import chain
from typing import Final, NamedTuple

import numpy as np

from seikyu.rules.kernel.batch import Batch, Bools, Ints
from seikyu.rules.kernel.coded import Sheet
from seikyu.rules.kernel.items import (
    DAYS,
    bits_of,
    board,
    first_day_item,
    months_of,
    places,
    procedures_by_code,
    starts_of,
    versions,
)
from seikyu.rules.kernel.jitted import fees
from seikyu.rules.kernel.scans import Might, Scan, where
from seikyu.rules.with_fee_tables import counts as rules_of_counts
from seikyu.rules.with_fee_tables import joint as rules_of_joint
from seikyu.rules.with_fee_tables.lines import PAYMENT_FUND

#: So many sets of versions are kept as matrices: a file has claims of some months, and tables change once a month.
_KEPT: Final = 12
_SPANS: Final = {
    rules_of_joint.Span.DAY: fees.DAY,
    rules_of_joint.Span.MONTH: fees.MONTH,
    rules_of_joint.Span.ONCE: fees.ONCE,
    rules_of_joint.Span.WEEK: fees.WEEK,
}
_LIMITED: Final = {"day": fees.DAY, "week": fees.WEEK, "two_weeks": fees.WEEK, "month": fees.MONTH}


def plain(sheet: Sheet) -> Bools:
    """Return which rows hold without special conditions."""
    return sheet.column("special") <= 0


# --- beside each other ---


class _Exclusions(NamedTuple):
    codes: Ints
    bits: Ints
    pairs: fees.Pairs


@lru_cache(maxsize=_KEPT)
def _exclusions_of(sheets: tuple[Sheet | None, ...]) -> _Exclusions:
    """Return the pairs of codes in the tables of all spans; a pair stands in the row of the lower code."""
    parts = [
        _excluding(sheet, span) for sheet, span in zip(sheets, rules_of_joint.EXCLUSIONS.values(), strict=True) if sheet
    ]
    first, second, span, since, until = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    codes = np.unique(np.concatenate([first, second]))
    low, high = np.sort(np.searchsorted(codes, np.stack([first, second])), axis=0)
    apart = low != high
    order = np.lexsort((high[apart], low[apart]))
    low, high, span, since, until = (column[apart][order] for column in (low, high, span, since, until))
    bits = bits_of(low, high, size=(len(codes), len(codes)))
    counts = np.bitwise_count(bits.view(np.uint64)).astype(np.int32)
    before = (np.cumsum(counts, dtype=np.int32) - counts.ravel()).reshape(bits.shape)
    pair = np.cumsum(np.append(False, (low[1:] != low[:-1]) | (high[1:] != high[:-1])))[: len(low)]
    start = starts_of(pair, int(counts.sum()))
    return _Exclusions(codes, bits, fees.Pairs(before, start, span, since, until))


def _excluding(sheet: Sheet, span: rules_of_joint.Span) -> tuple[Ints, ...]:
    """Return what a table of exclusions says without special conditions: both codes, the span, from when to when."""
    live = where(plain(sheet) & np.isin(sheet.column("choice"), list(rules_of_joint.CHOICES)))
    first, second = np.divmod(sheet.codes[live], sheet.rest)
    return first, second, np.full(len(live), _SPANS[span]), sheet.column("since")[live], sheet.column("until")[live]


def excluded(batch: Batch) -> Ints:
    """Return the claims with codes that exclude each other."""
    found, hit = batch.once(procedures_by_code), np.zeros(len(batch), np.bool_)
    for sheets, mine in versions(batch, *rules_of_joint.EXCLUSIONS):
        table = _exclusions_of(sheets)
        at = places(table.codes, found.codes)
        matrix, months = fees.Matrix(at, at, table.bits), batch.once(months_of)
        fees.excluded(table.pairs, matrix, board(table.bits, found.items), found.lines, found.items, months, mine, hit)
    return where(hit)


class _Inclusions(NamedTuple):
    holders: Ints
    codes: Ints
    bits: Ints
    links: fees.Links


@lru_cache(maxsize=_KEPT)
def _inclusions_of(links: Sheet, inclusions: Sheet) -> _Inclusions:
    """Return which codes contain which others by way of groups."""
    groups = {group: at for at, group in enumerate(sorted(_groups_in(links)))}
    holder, span, group, since, until = _linked(links, groups)
    of_group = np.array([groups.get(text, -1) for text in inclusions.text("group")], np.int64)
    live = where(plain(inclusions) & (of_group >= 0))
    live = live[np.lexsort((of_group[live], inclusions.codes[live]))]
    holders, codes = np.unique(holder), np.unique(inclusions.codes[live])
    row, column = np.searchsorted(holders, holder), np.searchsorted(codes, inclusions.codes[live])
    of_groups = bits_of(of_group[live], column, size=(len(groups), len(codes)))
    bits = np.zeros((len(holders), of_groups.shape[1]), np.int64)
    np.bitwise_or.at(bits, row, of_groups[group])
    return _Inclusions(
        holders,
        codes,
        bits,
        fees.Links(
            starts_of(row, len(holders)),
            group,
            span,
            since,
            until,
            member_start=starts_of(column, len(codes)),
            member_group=of_group[live],
            member_since=inclusions.column("since")[live],
            member_until=inclusions.column("until")[live],
        ),
    )


_PLACES: Final = (1, 2, 3)


def _groups_in(links: Sheet) -> set[str]:
    """Return the groups that some row names."""
    return set(chain.from_iterable(links.text(f"group_{at}") for at in _PLACES)) - rules_of_joint.NO_GROUP


def _linked(links: Sheet, groups: Mapping[str, int]) -> tuple[Ints, ...]:
    """Return holder, span, group and period of each link, in the order of the holders."""
    spans = np.concatenate([links.column(f"span_{at}") for at in _PLACES])
    group = [groups.get(text, -1) for at in _PLACES for text in links.text(f"group_{at}")]
    span = np.full(len(spans), -1, np.int64)
    for number, each in rules_of_joint.INCLUSIONS.items():
        span[spans == number] = _SPANS[each]
    columns = (np.tile(values, len(_PLACES)) for values in (links.column("since"), links.column("until")))
    found = (np.tile(links.codes, len(_PLACES)), span, np.array(group, np.int64), *columns)
    live = where((span >= 0) & (found[2] >= 0))
    live = live[np.argsort(found[0][live], kind="stable")]
    return tuple(column[live] for column in found)


def included(batch: Batch) -> Ints:
    """Return the claims with codes that others contain."""
    found, hit = batch.once(procedures_by_code), np.zeros(len(batch), np.bool_)
    for (links, inclusions), mine in versions(batch, "fee_links", "fee_inclusions"):
        if links and inclusions:
            table = _inclusions_of(links, inclusions)
            matrix = fees.Matrix(places(table.holders, found.codes), places(table.codes, found.codes), table.bits)
            on, months = board(table.bits, found.items), batch.once(months_of)
            fees.included(table.links, matrix, on, found.lines, found.items, months, mine, hit)
    return where(hit)


def _of_fund(batch: Batch) -> bool:
    return batch.review_body == PAYMENT_FUND


def included_item(batch: Batch) -> Iterator[Might]:
    if _of_fund(batch):
        yield Might(batch.once(included))


def included_item_elsewhere(batch: Batch) -> Iterator[Might]:
    if not _of_fund(batch):
        yield Might(batch.once(included))


def excluded_item(batch: Batch) -> Iterator[Might]:
    if _of_fund(batch):
        yield Might(batch.once(excluded))


def excluded_item_elsewhere(batch: Batch) -> Iterator[Might]:
    if not _of_fund(batch):
        yield Might(batch.once(excluded))


# --- how often ---


def _limits_of(sheet: Sheet) -> tuple[Ints, fees.Limits]:
    """Return the codes that are limited, and their limits that hold without special conditions."""
    spans = {code: _LIMITED[span] for code, span in rules_of_counts.spans().items()}
    span = np.array([spans.get(text, -1) for text in sheet.text("unit_code")], np.int64)
    live = where((span >= 0) & plain(sheet) & (sheet.column("most") > 0))
    codes, row = np.unique(sheet.codes[live] // sheet.rest, return_inverse=True)
    columns = (sheet.column(name)[live] for name in ("most", "since", "until"))
    return codes, fees.Limits(starts_of(row, len(codes)), span[live], *columns)


def too_often(batch: Batch) -> tuple[Ints, Ints]:
    """Return the claims with items more often than a limit of a day or a week, and of a month or longer."""
    found = batch.once(procedures_by_code)
    short, monthly = np.zeros(len(batch), np.bool_), np.zeros(len(batch), np.bool_)
    counted = np.empty(DAYS, np.int64)
    for (sheet,), mine in versions(batch, "fee_limits"):
        assert sheet is not None  # noqa: S101  (of one kind there is no empty set)
        codes, limits = sheet.once(_limits_of)
        rows, first = places(codes, found.codes), first_day_item(batch, "SI")
        months = batch.once(months_of)
        fees.too_often(
            limits, rows, batch.buffer, first, counted, found.lines, found.items, months, mine, short, monthly
        )
    return where(short), where(monthly)


def too_often_in_a_span(batch: Batch) -> Iterator[Might]:
    if _of_fund(batch):
        yield Might(batch.once(too_often)[0])


def too_often_elsewhere(batch: Batch) -> Iterator[Might]:
    short, monthly = batch.once(too_often)
    yield Might(monthly if _of_fund(batch) else np.union1d(short, monthly))


SCANS: Final[Mapping[str, Scan]] = {
    "L7111": included_item,
    "X4008": included_item_elsewhere,
    "L7112": excluded_item,
    "X4007": excluded_item_elsewhere,
    "L7113": too_often_in_a_span,
    "X4006": too_often_elsewhere,
}
