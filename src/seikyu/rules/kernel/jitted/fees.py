"""Compiled loops over the lines of claims: what stands beside what, how often, and with which diseases or comments.

This file stands alone, because Numba keeps what it has compiled by the file's date. The differential test is its
coverage. What a loop says of a claim is never less than the rule says; where days cannot be read it is more.
"""

from typing import Any, Final, NamedTuple

import numpy as np

from seikyu.rules.kernel.jitted.jit import jit

#: Spans of time, in tables of exclusions, inclusions and limits.
DAY: Final = 1
MONTH: Final = 2
ONCE: Final = 3
WEEK: Final = 4
#: More than any limit: how often something was done on days that cannot be read.
MANY: Final = 1 << 40
_OPEN: Final = -1
_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_COMMA: Final = 0x2C
_DAYS: Final = 31
_SUNDAY: Final = 6
#: Monday to Saturday, of a week whose first bit is Monday.
_WEEKDAYS: Final = 0x3F


class Columns(NamedTuple):
    """Columns of a table of lines: their day fields (see `columns.DAYS`), counts and places, and their units."""

    sum: Any
    nonzero: Any
    odd: Any
    count: Any
    start: Any
    length: Any
    unit: Any


class Lines(NamedTuple):
    """Lines with a code, in the order of the file.

    Shape: `days` has a bit a day, `total` how often on all of them (0 if that is not what `count` says), `odd` is 1
    where the day fields could not be read; `unit` numbers the calculation units, `after` is the next line of the same
    claim and code, -1 for none.
    """

    claim: Any
    number: Any
    days: Any
    total: Any
    count: Any
    odd: Any
    unit: Any
    start: Any
    length: Any
    after: Any


class Items(NamedTuple):
    """The different codes of each claim: those of claim n stand from `start[n]` to `start[n + 1]`.

    Shape: `number` is the code's number in the batch, `first` its first line; the others are those of `Lines`, added.
    """

    start: Any
    number: Any
    days: Any
    total: Any
    count: Any
    first: Any


class Months(NamedTuple):
    """By claim: the service month as YYYYMM, its number of days, and the weekday on which it begins, Monday being 0."""

    month: Any
    days: Any
    weekday: Any


class Matrix(NamedTuple):
    """Which codes stand against which: a bit each. `rows` and `columns` are places by the number of a code, or -1."""

    rows: Any
    columns: Any
    bits: Any


class Board(NamedTuple):
    """What a loop writes on and wipes again: by word of a matrix, and the next item of a word."""

    present: Any
    heads: Any
    touched: Any
    chain: Any


class Pairs(NamedTuple):
    """Pairs of codes that exclude each other.

    Shape: pairs are numbered as their bits stand in the matrix; `before` counts those before each of its words. The
    rows of the tables on a pair stand from `start[pair]` on.
    """

    before: Any
    start: Any
    span: Any
    since: Any
    until: Any


class Links(NamedTuple):
    """What holders contain: groups by holder (place of the row), and the rows of each code by the group it is in."""

    start: Any
    group: Any
    span: Any
    since: Any
    until: Any
    member_start: Any
    member_group: Any
    member_since: Any
    member_until: Any


class Limits(NamedTuple):
    """How often a code is paid: its limits stand from `start[row]` on."""

    start: Any
    span: Any
    most: Any
    since: Any
    until: Any


# --- codes and items ---


@jit
def number_codes(codes: Any, slots: Any, places: Any, shift: int, distinct: Any, numbers: Any) -> int:
    """Number the different codes in the order in which they come; return how many there are."""
    mask, count = slots.shape[0] - 1, 0
    for line in range(codes.shape[0]):
        code = codes[line]
        at = np.int64((np.uint64(code) * _GOLDEN) >> np.uint64(shift))
        while slots[at] != _OPEN and slots[at] != code:
            at = (at + 1) & mask
        if slots[at] == _OPEN:
            slots[at], places[at] = code, count
            distinct[count] = code
            count += 1
        numbers[line] = places[at]
    return count


@jit
def read(columns: Any, rows: Any, claims: Any, months: Any, big: int, lines: Any) -> None:
    """Read what lines say of their days: rows of columns, in which `big` is a number that cannot be kept."""
    for line in range(rows.shape[0]):
        row, month = rows[line], (1 << months[claims[line]]) - 1
        count, days = columns.count[row], columns.nonzero[row]
        lines.odd[line] = columns.odd[row] & 1
        lines.count[line] = MANY if count == big else max(count, 0)
        # Days that do not add up to the count are none, and so are all if some lie behind the end of the month.
        agree = columns.sum[row] == max(count, 0) and days & ~month == 0
        lines.days[line] = days & month if lines.odd[line] or agree else 0
        lines.total[line] = 0 if lines.days[line] == 0 else MANY if lines.odd[line] else columns.sum[row]
        lines.unit[line] = columns.unit[row]
        lines.start[line], lines.length[line] = columns.start[row], columns.length[row]


@jit
def gather(lines: Any, items: Any, last: Any, tail: Any) -> int:
    """Put lines of one claim and code together; return how many items there are. `last` is -1 for each number."""
    count, claim, opened = 0, 0, 0
    items.start[0] = 0
    for line in range(lines.claim.shape[0]):
        while claim < lines.claim[line]:
            claim += 1
            items.start[claim] = opened = count
        number = lines.number[line]
        at = last[number]
        lines.after[line] = -1
        if at < opened:
            at = last[number] = count
            count += 1
            items.number[at], items.first[at] = number, line
            items.days[at] = items.total[at] = items.count[at] = 0
        else:
            lines.after[tail[at]] = line
        tail[at] = line
        items.days[at] |= lines.days[line]
        items.total[at] += lines.total[line]
        items.count[at] += lines.count[line]
    for each in range(claim + 1, items.start.shape[0]):
        items.start[each] = count
    return count


# --- time ---


@jit
def _bits(days: int) -> int:
    found = 0
    while days:
        days &= days - 1
        found += 1
    return found


@jit
def _held(since: int, until: int, month: int, days: int) -> int:
    """Return the days of a month from one day until another as bits; -1 for no bound."""
    first, last = 1, days
    if since >= 0:
        if since // 100 > month:
            return 0
        if since // 100 == month:
            first = since % 100
    if until >= 0:
        if until // 100 < month:
            return 0
        if until // 100 == month:
            last = min(last, until % 100)
    return ((1 << last) - 1) & ~((1 << (first - 1)) - 1)


@jit
def _week(day: int, weekday: int) -> int:
    """Return the week of a day (from 0) of a month that begins on a weekday: Monday to Saturday, or a Sunday alone."""
    at = day + weekday
    return at // 7 * 2 + (at % 7 == _SUNDAY)


@jit
def _in_one_week(one: int, other: int, weekday: int) -> bool:
    """True if two sets of days of a month have a week in common."""
    one, other = one << weekday, other << weekday
    while one and other:
        if (one & _WEEKDAYS and other & _WEEKDAYS) or one & other & 1 << _SUNDAY:
            return True
        one, other = one >> _SUNDAY + 1, other >> _SUNDAY + 1
    return False


@jit
def _billed_at_once(lines: Any, first: int, second: int) -> bool:
    """True if two codes of a claim stand in one unit."""
    while first >= 0 and second >= 0:
        if lines.unit[first] == lines.unit[second]:
            return True
        if lines.unit[first] < lines.unit[second]:
            first = lines.after[first]
        else:
            second = lines.after[second]
    return False


@jit
def _meet(span: int, held: int, lines: Any, items: Any, one: int, other: int, weekday: int) -> bool:
    """True if two items may lie in one span of time while a row holds that holds on these days."""
    if held == 0:
        return False
    if span == DAY:
        return items.days[one] & items.days[other] & held != 0
    if span == WEEK:
        return _in_one_week(items.days[one], items.days[other], weekday)
    return span == MONTH or _billed_at_once(lines, items.first[one], items.first[other])


# --- beside each other ---


@jit
def _lay(items: Any, columns: Any, board: Any, start: int, end: int) -> int:
    """Lay the items of a claim on the board; return how many words they touch."""
    words = 0
    for item in range(start, end):
        column = columns[items.number[item]]
        if column >= 0:
            word = column >> 6
            if board.heads[word] < 0:
                board.touched[words] = word
                words += 1
            board.chain[item] = board.heads[word]
            board.heads[word] = item
            board.present[word] |= 1 << (column & 63)
    return words


@jit
def _wipe(board: Any, words: int) -> None:
    for at in range(words):
        board.heads[board.touched[at]] = -1
        board.present[board.touched[at]] = 0


@jit
def _first_from(values: Any, wanted: int, start: int, end: int) -> int:
    """Return the first place from `start` with a value that is not below the wanted one; values rise."""
    while start < end:
        middle = (start + end) >> 1
        if values[middle] < wanted:
            start = middle + 1
        else:
            end = middle
    return start


@jit
def _exclude(pairs: Any, matrix: Any, lines: Any, items: Any, one: int, other: int, months: Any, claim: int) -> bool:
    row, column = matrix.rows[items.number[one]], matrix.columns[items.number[other]]
    word = matrix.bits[row, column >> 6]
    pair = pairs.before[row, column >> 6] + _bits(word & ((1 << (column & 63)) - 1))
    for at in range(pairs.start[pair], pairs.start[pair + 1]):
        held = _held(pairs.since[at], pairs.until[at], months.month[claim], months.days[claim])
        if _meet(pairs.span[at], held, lines, items, one, other, months.weekday[claim]):
            return True
    return False


@jit
def excluded(pairs: Any, matrix: Any, board: Any, lines: Any, items: Any, months: Any, mine: Any, hit: Any) -> None:
    """Mark the claims with two codes that exclude each other. A pair stands in the row of its first place only."""
    for claim in range(mine.shape[0]):
        start, end = items.start[claim], items.start[claim + 1]
        if not mine[claim] or end - start <= 1:
            continue
        words, found = _lay(items, matrix.columns, board, start, end), False
        for item in range(start, end):
            row = matrix.rows[items.number[item]]
            if row < 0 or found:
                continue
            for at in range(words):
                word = board.touched[at]
                both = matrix.bits[row, word] & board.present[word]
                other = board.heads[word] if both else -1
                while other >= 0 and not found:
                    if both >> (matrix.columns[items.number[other]] & 63) & 1:
                        found = _exclude(pairs, matrix, lines, items, item, other, months, claim)
                    other = board.chain[other]
        _wipe(board, words)
        hit[claim] = found


@jit
def _include(links: Any, matrix: Any, lines: Any, items: Any, one: int, other: int, months: Any, claim: int) -> bool:
    row, column = matrix.rows[items.number[one]], matrix.columns[items.number[other]]
    month, days, weekday = months.month[claim], months.days[claim], months.weekday[claim]
    end = links.member_start[column + 1]
    for link in range(links.start[row], links.start[row + 1]):
        own = _held(links.since[link], links.until[link], month, days)
        group = links.group[link]
        at = _first_from(links.member_group, group, links.member_start[column], end)
        while at < end and links.member_group[at] == group:
            held = own & _held(links.member_since[at], links.member_until[at], month, days)
            if _meet(links.span[link], held, lines, items, one, other, weekday):
                return True
            at += 1
    return False


@jit
def included(links: Any, matrix: Any, board: Any, lines: Any, items: Any, months: Any, mine: Any, hit: Any) -> None:
    """Mark the claims with a code that another one contains."""
    for claim in range(mine.shape[0]):
        start, end = items.start[claim], items.start[claim + 1]
        if not mine[claim] or end - start <= 1:
            continue
        words, found = _lay(items, matrix.columns, board, start, end), False
        for item in range(start, end):
            row = matrix.rows[items.number[item]]
            if row < 0 or found:
                continue
            for at in range(words):
                word = board.touched[at]
                both = matrix.bits[row, word] & board.present[word]
                other = board.heads[word] if both else -1
                while other >= 0 and not found:
                    if other != item and both >> (matrix.columns[items.number[other]] & 63) & 1:
                        found = _include(links, matrix, lines, items, item, other, months, claim)
                    other = board.chain[other]
        _wipe(board, words)
        hit[claim] = found


@jit
def without_base(matrix: Any, board: Any, items: Any, mine: Any, hit: Any) -> None:
    """Mark the claims with a code that has a row, and nothing on the claim stands in it."""
    for claim in range(mine.shape[0]):
        start, end = items.start[claim], items.start[claim + 1]
        needy = False
        for item in range(start, end):
            needy |= matrix.rows[items.number[item]] >= 0
        if not mine[claim] or not needy:
            continue
        words, found = _lay(items, matrix.columns, board, start, end), False
        for item in range(start, end):
            row = matrix.rows[items.number[item]]
            if row < 0 or found:
                continue
            found = True
            for at in range(words):
                word = board.touched[at]
                if matrix.bits[row, word] & board.present[word]:
                    found = False
                    break
        _wipe(board, words)
        hit[claim] |= found


# --- how often ---


@jit
def _count_days(buffer: Any, start: int, length: int, first: int, counts: Any) -> None:
    """Add the numbers in the day fields of a line, which begin behind so many commas."""
    commas = 0
    number: Any = np.int64(0)
    for at in range(start, start + length):
        byte = np.int64(buffer[at])
        if byte == _COMMA:
            if first <= commas < first + _DAYS:
                counts[commas - first] += number
            commas += 1
            number = 0
        elif commas >= first:
            number = number * 10 + byte - 48
            if commas >= first + _DAYS:
                return
    if first <= commas < first + _DAYS:
        counts[commas - first] += number


@jit
def longest(buffer: Any, starts: Any, lengths: Any, first: int, counts: Any, found: Any) -> None:
    """Write the greatest number in the day fields of each line."""
    for line in range(starts.shape[0]):
        counts[:] = 0
        _count_days(buffer, starts[line], lengths[line], first, counts)
        found[line] = 0
        for day in range(_DAYS):
            found[line] = max(found[line], counts[day])


@jit
def _counted(buffer: Any, lines: Any, line: int, first: int, held: int, counts: Any) -> bool:
    """Add up an item's lines by day while a row holds; False if one of them cannot be read."""
    counts[:] = 0
    while line >= 0:
        days = lines.days[line]
        if lines.odd[line] and days:
            return False
        if days and days & ~held == 0:
            if _bits(days) == lines.total[line]:
                for day in range(_DAYS):
                    counts[day] += days >> day & 1
            else:
                _count_days(buffer, lines.start[line], lines.length[line], first, counts)
        line = lines.after[line]
    return True


@jit
def _most_in(counts: Any, span: int, weekday: int) -> int:
    """Return the most in a day or a week."""
    most, week, in_week = 0, -1, 0
    for day in range(_DAYS):
        if span == DAY:
            most = max(most, counts[day])
        else:
            if _week(day, weekday) != week:
                week, in_week = _week(day, weekday), 0
            in_week += counts[day]
            most = max(most, in_week)
    return most


@jit
def _in_month(lines: Any, line: int, held: int, whole: int) -> int:
    """Return how often an item was done in a month while a row holds."""
    times = 0
    while line >= 0:
        days = lines.days[line] or whole
        if lines.odd[line] or days & ~held == 0:
            times += lines.count[line]
        line = lines.after[line]
    return times


@jit
def _most_of(items: Any, item: int, span: int) -> int:
    """Return how often an item can have been done in a day or a week at most: on all its other days it was once."""
    return items.total[item] - _bits(items.days[item]) + (1 if span == DAY else _SUNDAY)


@jit
def too_often(
    limits: Any, rows: Any, buffer: Any, first: int, counts: Any, lines: Any, items: Any, months: Any, mine: Any,
    short: Any, monthly: Any,
) -> None:  # fmt: skip
    """Mark the claims with an item more often than a limit says: of a day or a week, and of a month."""
    for claim in range(mine.shape[0]):
        if not mine[claim]:
            continue
        days = months.days[claim]
        for item in range(items.start[claim], items.start[claim + 1]):
            row = rows[items.number[item]]
            for at in range(limits.start[row], limits.start[row + 1] if row >= 0 else -1):
                span, most = limits.span[at], limits.most[at]
                if most >= (items.count[item] if span == MONTH else _most_of(items, item, span)):
                    continue
                held = _held(limits.since[at], limits.until[at], months.month[claim], days)
                if held == 0:
                    continue
                if span == MONTH:
                    monthly[claim] |= _in_month(lines, items.first[item], held, (1 << days) - 1) > most
                elif not short[claim]:
                    sure = _counted(buffer, lines, items.first[item], first, held, counts)
                    short[claim] = not sure or _most_in(counts, span, months.weekday[claim]) > most
