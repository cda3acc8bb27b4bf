"""The compiled pass: splits, checks every item by its type, follows claims, and writes down what it found.

It is driven by the arrays of `compile` and knows types of items, never items. All that is jitted stands in this file,
constants too, because Numba keeps what it has compiled by this file's date. `scan` is longer than a function of ours
may be: splitting it costs speed, as each part would hand a dozen numbers to the next. The differential test is its
coverage.
"""

from typing import Any, Final

import numpy as np
from numba import types
from numba.extending import intrinsic

from seikyu.rules.kernel.jitted.jit import jit

#: Types of items.
T_DIGITS: Final = 1
T_DECIMAL: Final = 2
T_ALNUM: Final = 3
T_KANJI: Final = 4
T_TEXT: Final = 5
T_DATE: Final = 6
T_MONTH: Final = 7
T_PAYER: Final = 8
T_CODES: Final = 9
NEED_NOT: Final = 0
NEED_ALWAYS: Final = 1
NEED_NEVER: Final = 2

#: Columns of the arrays that describe items and records.
I_TYPE: Final = 0
I_NEED: Final = 1
I_WIDTH: Final = 2
I_FIXED: Final = 3
I_CODE_WIDTH: Final = 4
I_DECIMALS: Final = 5
I_SET: Final = 6
I_NUMBER: Final = 7
I_WESTERN: Final = 8
I_COLUMN: Final = 9
I_DAY: Final = 10
I_PART: Final = 11
I_SIGNED: Final = 12
I_BUSY: Final = 12
#: What the pass looks at first of an item, in one number: bits 0-1 need, 2 digits that length decides, 3 a number,
#: then from these bits on least and most digits, code set + 1, column + 1, day and part + 1.
Q_PLAIN: Final = 4
Q_NUMBER: Final = 8
Q_LEAST: Final = 4
Q_MOST: Final = 12
Q_SET: Final = 20
Q_COLUMN: Final = 28
Q_DAY: Final = 36
Q_PART: Final = 42  # six bits
Q_DATE: Final = 1 << 48  # a western date
Q_FULL: Final = 1 << 49  # words in full width, and in half width
Q_HALF: Final = 1 << 50
Q_KANA: Final = 1 << 51  # half-width katakana is half-width too
ITEM_COLUMNS: Final = 13
R_FIRST: Final = 0
R_ITEMS: Final = 1
R_SCOPE: Final = 2
R_ORDER: Final = 3  # its place in a claim, 0 if that is not judged
R_OPENS: Final = 4
R_PAYER: Final = 5
R_TABLE: Final = 6
R_BASE: Final = 7
R_WIDTH: Final = 8
R_LAST_ALWAYS: Final = 9
R_DAYS: Final = 10
R_HEADS: Final = 11
R_MONTH: Final = 12  # items before the claim month of a header in a history block, 0 for none
RECORD_COLUMNS: Final = 13
SCOPE_FILE: Final = 0
SCOPE_CLAIM: Final = 1
SCOPE_DONOR: Final = 2
#: Every table begins with claim, line, record (and 256 in a donor's block), start and length.
FIXED_COLUMNS: Final = 5
DONOR: Final = 256

#: Classes of single bytes. An item ends at a comma, CR or LF.
B_NONE: Final = 0
B_ASCII: Final = 1
B_DIGIT: Final = 2
B_KANA: Final = 3
B_LEAD: Final = 4
B_CONTROL: Final = 5
B_END: Final = 6

#: Problems as `compile.PROBLEMS` numbers them; a test holds the two together.
P_MISSING: Final = 1
P_SHORT: Final = 2
P_SURPLUS: Final = 3
P_EMPTY_END: Final = 4
P_FILLED: Final = 5
P_LONG: Final = 6
P_LENGTH: Final = 7
P_DIGITS: Final = 8
P_NEGATIVE: Final = 9
P_WIDTH: Final = 10
P_MIXED: Final = 11
P_DATE: Final = 12
P_ERA: Final = 13
P_CODE: Final = 14
P_CHARACTER: Final = 15
P_PADDED: Final = 16
#: What else the pass writes down as events: a control byte, a line of an unknown record, a record out of order, a line
#: of a history block that is not numbered on or of no known kind, any line of a donor's block.
E_CONTROL: Final = 100
E_STRAY: Final = 101
E_DISORDER: Final = 102
E_HISTORY: Final = 103
E_DONOR: Final = 104

#: Values in columns that are none: empty; filled and unreadable; empty and wrongly so; readable and too long to keep.
EMPTY: Final = -1
BAD: Final = -2
MISSING: Final = -3
BIG: Final = -4
MOST_DIGITS: Final = 17
#: Decimal numbers stand in columns as whole numbers of so many decimal places.
DECIMALS: Final = 5
#: Texts in columns: their bytes times 256, and these.
BLANK: Final = 1
KATAKANA: Final = 2

#: Why the pass stopped.
AT_END: Final = 0
AT_FILE_RECORD: Final = 1
AT_MARK: Final = 2
AT_ODD_CLAIM: Final = 3
FULL: Final = 4

#: The state that is handed from call to call.
S_POS: Final = 0
S_LINE: Final = 1  # lines before POS
S_CLAIMS: Final = 2  # claims in the arrays
S_EVENTS: Final = 3
S_WHY: Final = 4
S_LAST_LINE: Final = 5  # the last line that is not blank, and its first two bytes
S_LAST_ID: Final = 6
S_CRLF: Final = 7  # the first line with each line end, 0 for none
S_LF: Final = 8
S_CR: Final = 9
S_BLANKS: Final = 10
S_BLANK: Final = 11  # the first blank line
S_NO_BEFORE: Final = 12
S_MESSAGE: Final = 13  # bytes of identity messages
S_LINE_BYTES: Final = 14
S_CLAIM_LINES: Final = 15
S_KEEP: Final = 16  # how many strays of a claim are kept
S_CAPACITY: Final = 17  # rows of a table
S_TOLD: Final = 18  # a bit for each record whose empty surplus items are told
S_IDENTITY: Final = 19  # where the parts of the head end that are in an identity
S_VARIANT: Final = 20  # the part that tells the form of a claim, -1 for none; then the plain form's code
S_PLAIN: Final = 21
STATE: Final = 24

#: Columns of claims.
C_START: Final = 0
C_END: Final = 1
C_LINE: Final = 2
C_NO: Final = 3
C_MONTH: Final = 4
C_TYPE: Final = 5
C_INSURERS: Final = 6
C_PUBLICS: Final = 7
C_PRESENT: Final = 8  # a bit for each record of the claim's own
C_NO_BEFORE: Final = 9
C_AGAIN: Final = 10  # a bit for each record that stands there more than once
C_DONOR: Final = 11
C_DISORDER: Final = 12
C_STRAYS: Final = 13
C_KNOWN_POINTS: Final = 14
C_PAYERS: Final = 15
C_FIRST_LINE: Final = 16
C_SHARES: Final = 17  # five times points, days, meals
C_HISTORY: Final = 32  # lines of the history block; the latest claim month in it
C_HISTORY_MONTH: Final = 33
CLAIM_COLUMNS: Final = 34

#: Columns of events.
V_CLAIM: Final = 0
V_LINE: Final = 1
V_RECORD: Final = 2
V_ITEM: Final = 3
V_PROBLEM: Final = 4
V_START: Final = 5
V_LENGTH: Final = 6
EVENT_COLUMNS: Final = 7

MOST_PAYERS: Final = 5
#: More public payers than this make a claim odd.
MOST_PUBLICS: Final = 32
#: Parts of a head: claim number, service month, claim type, what makes it the same again, and the form of the claim.
HEAD_PARTS: Final = 12
#: Parts of a payer: number, points, days, meals, then up to two more of what makes it the same again.
PAYER_PARTS: Final = 6
MOST_FAULTS: Final = 512
#: Places of one claim's history that are kept, as in `rules.history`; a test holds the two together.
MOST_HISTORY_FAULTS: Final = 3

U = np.uintp
#: Eight bytes at once: eight characters 0, commas, what lifts all above 9 into the high bit, and that bit.
_ZEROS: Final = np.uint64(0x3030303030303030)
_COMMAS: Final = np.uint64(0x2C2C2C2C2C2C2C2C)
_ABOVE_NINE: Final = np.uint64(0x7676767676767676)
_HIGH: Final = np.uint64(0x8080808080808080)
_EIGHT, _SIXTEEN, _THIRTY_TWO = np.uint64(8), np.uint64(16), np.uint64(32)


def _load8(_: Any, array: Any, at: Any) -> Any:
    """Return the eight bytes that stand in an array of bytes from a place on, as a word, the first one lowest."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, values[0]).data
        pointer = context.get_value_type(types.uint64).as_pointer()
        word = builder.load(builder.bitcast(builder.gep(data, [values[1]]), pointer))
        word.align = 1  # It stands anywhere.
        return word

    return types.uint64(array, at), code


def _zeros_below(_: Any, word: Any) -> Any:
    """Return how many bits are zero below the lowest one of a word, which is not 0."""

    def code(context: Any, builder: Any, _signature: Any, values: Any) -> Any:
        return builder.cttz(values[0], context.get_constant(types.boolean, True))

    return types.uint64(word), code


#: What Numba has no words for: machine code of ours. With it the pass is a sixth faster.
load8: Final[Any] = intrinsic(_load8)
zeros_below: Final[Any] = intrinsic(_zeros_below)


@jit
def slot(key: int, mask: int) -> int:
    """Return where a key is looked for first in a hash table."""
    return (key ^ (key >> 7) ^ (key >> 17)) & mask


@jit
def _value8(word: Any) -> Any:
    """Return the number that eight digits make, whose values stand in the bytes of a word, the first one lowest."""
    word = (word * np.uint64(2561) >> _EIGHT) & np.uint64(0x00FF00FF00FF00FF)
    word = (word * np.uint64(6553601) >> _SIXTEEN) & np.uint64(0x0000FFFF0000FFFF)
    return np.int64(word * np.uint64(42949672960001) >> _THIRTY_TWO)


@jit
def _number(buf: Any, s: int) -> Any:
    """Return the number that stands at a place and how many digits it has: all that are there, but at most 16."""
    word = load8(buf, U(s)) ^ _ZEROS
    other = ((word + _ABOVE_NINE) | word) & _HIGH
    if other:
        n = np.int64(zeros_below(other)) >> 3
        return (_value8(word << np.uint64(64 - 8 * n)) if n else 0), n
    value = _value8(word)
    word = load8(buf, U(s + 8)) ^ _ZEROS
    other = ((word + _ABOVE_NINE) | word) & _HIGH
    n = np.int64(zeros_below(other)) >> 3 if other else 8
    if n == 0:
        return value, 8
    power = 1
    for _ in range(n):
        power *= 10
    return value * power + _value8(word << np.uint64(64 - 8 * n)), 8 + n


@jit
def _known(key: int, start: int, mask: int, keys: Any) -> bool:
    """True if a code set holds a key."""
    at = slot(key, mask)
    while True:
        there = keys[U(start + at)]
        if there == key:
            return True
        if there == 0:
            return False
        at = (at + 1) & mask


@jit
def _key(buf: Any, s: int, e: int) -> int:
    """Return a value as a whole number: digits behind a 1, other bytes packed behind a 1; BIG if it is too long."""
    number, packed, digits = 1, 1, True
    if e - s > MOST_DIGITS:
        return BIG
    for p in range(s, e):
        byte = np.int64(buf[U(p)])
        if byte < 48 or byte > 57:
            digits = False
        number = number * 10 + byte - 48
        if e - s <= 7:
            packed = packed * 256 + byte
    if digits:
        return number
    return (1 << 62) | packed if e - s <= 7 else BIG


@jit
def _look(buf: Any, s: int, single: Any, double: Any) -> Any:
    """Go through an item to its end whatever it holds.

    Returns its end, whether it is wholly full-width, half-width and printable, and where the first character outside
    JIS and the first control byte are (-1: none).
    """
    p, full, half, printable, odd, control = s, True, True, True, -1, -1
    while True:
        byte = np.int64(buf[U(p)])
        kind = single[U(byte)]
        if kind == B_END:
            return p, full, half, printable, odd, control
        if kind == B_LEAD:
            half = printable = False
            trail = np.int64(buf[U(p + 1)])
            if 0x40 <= trail <= 0xFC and trail != 0x7F:
                if odd < 0 and double[U(byte << 8 | trail)] == 0:
                    odd = p
                p += 2
                continue
            full = False
            if odd < 0:
                odd = p
        else:
            full = False
            if kind == B_KANA:
                printable = False
            elif kind == B_CONTROL:
                half = printable = False
                if control < 0:
                    control = p
            elif kind == B_NONE:
                half = printable = False
                if odd < 0:
                    odd = p
        p += 1


@jit
def _calendar(year: int, month: int, day: int) -> bool:
    """True if there is such a day."""
    if month < 1 or month > 12 or day < 1 or day > 31:
        return False
    if month == 2:
        leap = (year % 4 == 0 and year % 100 != 0) or year % 400 == 0
        return day <= (29 if leap else 28)
    return day <= 30 or month in (1, 3, 5, 7, 8, 10, 12)


@jit
def _dated(value: int, digits: int, by_month: bool, eras: Any) -> Any:
    """Return a date as YYYYMMDD or a month as YYYYMM (0: none), and whether its year is of an era."""
    whole = value if not by_month else value * 100 + 1
    length = digits + 2 if by_month else digits
    day, month, year = whole % 100, whole // 100 % 100, whole // 10000
    era = False
    if length == 8:
        if year < 1868 or year >= 2200:
            return 0, era
    elif length == 7:
        era = True
        first, count = eras[U(year // 100)], year % 100
        if first == 0 or count == 0:
            return 0, era
        year = first + count - 1
    else:
        return 0, era
    if not _calendar(year, month, day):
        return 0, era
    return (year * 100 + month if by_month else year * 10000 + month * 100 + day), era


@jit
def _text_value(buf: Any, s: int, e: int) -> int:
    """Return what a column keeps of a text: its length, and whether it is blank or all katakana."""
    blank, katakana = True, True
    p = s
    while p < e:
        byte = np.int64(buf[U(p)])
        if byte == 0x20:
            katakana = False
            p += 1
            continue
        pair = byte << 8 | np.int64(buf[U(p + 1)])
        if pair != 0x8140:
            blank = False
        if not ((0x8340 <= pair <= 0x8396) or pair == 0x815B):
            katakana = False
        p += 2 if (0x81 <= byte <= 0x9F or byte >= 0xE0) else 1
    return (e - s) << 8 | (BLANK if blank else 0) | (KATAKANA if katakana else 0)


@jit
def _payer(buf: Any, s: int, e: int) -> Any:
    """Return where the digits of a payer's number begin, and its problem."""
    p = s
    while p < e and buf[U(p)] == 0x20:
        p += 1
    n = e - p
    for q in range(p, e):
        if buf[U(q)] < 48 or buf[U(q)] > 57:
            return p, P_DIGITS
    if p == s and n == 8:
        if buf[U(s)] == 48 and buf[U(s + 1)] == 48:
            return p + 2, P_PADDED
        return p, 0
    if n == 6:
        return p, (0 if p - s == 2 else P_PADDED)
    if n == 4:
        return p, P_PADDED
    return p, P_DIGITS


@jit
def _decimal(buf: Any, s: int, e: int, width: int, decimals: int) -> Any:
    """Return the problem of a decimal number, and its value with `DECIMALS` places; BIG if those do not hold it."""
    p = s
    number = 0
    while p < e and 48 <= buf[U(p)] <= 57:
        number = number * 10 + np.int64(buf[U(p)]) - 48
        p += 1
    whole, places = p - s, 0
    if whole == 0:
        return P_DIGITS, BIG
    if p < e:
        if buf[U(p)] != 0x2E or p + 1 == e:
            return P_DIGITS, BIG
        for q in range(p + 1, e):
            if buf[U(q)] < 48 or buf[U(q)] > 57:
                return P_DIGITS, BIG
            number = number * 10 + np.int64(buf[U(q)]) - 48
        places = e - p - 1
    value = BIG
    if places <= DECIMALS and whole + DECIMALS <= MOST_DIGITS:
        for _ in range(DECIMALS - places):
            number *= 10
        value = number
    if decimals >= 0 and places > decimals:
        return P_LONG, value
    return P_LONG if width > 0 and e - s > width else 0, value


@jit
def _length(n: int, width: int, fixed: int) -> int:
    """Return the problem of an item's length."""
    if fixed and width:
        return 0 if n == width else P_LENGTH
    return P_LONG if width and n > width else 0


@jit
def _item(buf: Any, s: int, item: Any, eras: Any, keys: Any, sets: Any, single: Any, double: Any) -> Any:
    """Check an item that is not empty.

    Returns its end, its problem (0: none), its value for a column (0 if it has none), and where the first character
    outside JIS and the first control byte are (-1: none).
    """
    kind, width = item[I_TYPE], item[I_WIDTH]
    odd = control = -1
    problem, value = 0, 0
    full = half = printable = False
    if item[I_NEED] == NEED_NEVER:
        e, full, half, printable, odd, control = _look(buf, s, single, double)
        return e, P_FILLED, BIG, odd, control
    if kind == T_TEXT or kind == T_KANJI or kind == T_ALNUM:
        e, full, half, printable, odd, control = _look(buf, s, single, double)
        if kind == T_TEXT:
            problem = _length(e - s, width, item[I_FIXED]) if full or half else P_MIXED
        elif kind == T_KANJI:
            problem = _length(e - s, width, item[I_FIXED]) if full else (P_WIDTH if half else P_MIXED)
        else:
            problem = _length(e - s, width, item[I_FIXED]) if printable else (P_WIDTH if full else P_MIXED)
            if problem == 0 or problem == P_LONG:
                value = _key(buf, s, e)
                if problem == 0 and item[I_SET] >= 0:
                    at = item[I_SET]
                    if value == BIG or not _known(value, sets[U(at), 0], sets[U(at), 1], keys):
                        problem = P_CODE
            return e, problem, value, odd, control
        if item[I_SET] >= 0 and problem == 0:
            at = item[I_SET]
            value = _key(buf, s, e)
            if value == BIG or not _known(value, sets[U(at), 0], sets[U(at), 1], keys):
                problem = P_CODE
        elif item[I_COLUMN] >= 0 and (problem == 0 or problem == P_LONG):
            value = _text_value(buf, s, e)
        return e, problem, value, odd, control
    p = s
    number = 0
    while True:
        digit = np.int64(buf[U(p)]) - 48
        if digit < 0 or digit > 9:
            break
        number = number * 10 + digit
        p += 1
    if single[U(buf[U(p)])] == B_END:
        e, n = p, p - s
        plain = True
    else:
        e, full, half, printable, odd, control = _look(buf, s, single, double)
        n = e - s
        plain = False
    if kind == T_DIGITS:
        if not plain:
            problem = P_DIGITS
            if buf[U(s)] == 0x2D and n > 1:
                problem = P_NEGATIVE
                for q in range(s + 1, e):
                    if buf[U(q)] < 48 or buf[U(q)] > 57:
                        problem = P_DIGITS
                if problem == P_NEGATIVE and item[I_SIGNED]:
                    return e, _length(n, width, item[I_FIXED]), BIG, odd, control
            return e, problem, 0, odd, control
        if item[I_FIXED] and width:
            if n != width:
                return e, P_LENGTH, 0, odd, control
        elif width and n > width:
            problem = P_LONG
        if item[I_NUMBER]:
            value = number if n <= MOST_DIGITS else BIG
        else:
            value = 1
            for _ in range(min(n, MOST_DIGITS)):
                value *= 10
            value = value + number if n <= MOST_DIGITS else BIG
            if problem == 0 and item[I_SET] >= 0:
                at = item[I_SET]
                if value == BIG or not _known(value, sets[U(at), 0], sets[U(at), 1], keys):
                    problem = P_CODE
        return e, problem, value, odd, control
    if kind == T_DATE or kind == T_MONTH:
        if plain and n <= 8:
            value, era = _dated(number, n, kind == T_MONTH, eras)
            if value == 0:
                problem = P_DATE
            elif era and item[I_WESTERN]:
                problem = P_ERA
        else:
            problem = P_DATE
        return e, problem, value, odd, control
    if kind == T_PAYER:
        first, problem = _payer(buf, s, e)
        if problem == 0 or problem == P_PADDED:
            value = _key(buf, first, e)
        return e, problem, value, odd, control
    if kind == T_DECIMAL:
        problem, value = _decimal(buf, s, e, width, item[I_DECIMALS])
        return e, problem, value, odd, control
    # T_CODES: several codes side by side.
    if not plain:
        return e, P_DIGITS, 0, odd, control
    step = max(item[I_CODE_WIDTH], 1)
    if n % step:
        return e, P_LENGTH, 0, odd, control
    problem = _length(n, width, item[I_FIXED])
    if problem == 0 and item[I_SET] >= 0:
        at = item[I_SET]
        for q in range(s, e, step):
            if not _known(_key(buf, q, q + step), sets[U(at), 0], sets[U(at), 1], keys):
                problem = P_CODE
    value = _key(buf, s, e)
    return e, problem, value, odd, control


@jit
def _history(buf: Any, s: int, e: int) -> Any:
    """Read the beginning of a line of a history block: three numbers of at most 2, 6 and 6 digits, then a record.

    Returns the kind of data, 0 unless it is a known one; the line number, -1 if this is no such line; the branch; and
    where the record's identification stands.
    """
    p = s
    kind = number = branch = 0
    for part in range(3):
        n = value = 0
        while p < e and 48 <= buf[U(p)] <= 57:
            value = value * 10 + np.int64(buf[U(p)]) - 48
            p, n = p + 1, n + 1
        if n < 1 or n > (2 if part == 0 else 6) or p >= e or buf[U(p)] != 0x2C:
            return 0, -1, 0, p
        if part == 0:
            known = n == 1 if value <= 9 else value <= 19 or value == 86
            kind = value if known and value != 0 and value != 10 else 0
        elif part == 1:
            number = value
        else:
            branch = value
        p += 1
    if p + 2 > e or not (65 <= buf[U(p)] <= 90 and 65 <= buf[U(p + 1)] <= 90):
        return 0, -1, 0, p
    return kind, (number if p + 2 == e or buf[U(p + 2)] == 0x2C else -1), branch, p


@jit
def _month_of(buf: Any, p: int, e: int, before: int, eras: Any) -> int:
    """Return the month YYYYMM that stands behind so many items from here on, 0 for none."""
    while before:
        while p < e and buf[U(p)] != 0x2C:
            p += 1
        if p >= e:
            return 0
        p += 1
        before -= 1
    n = value = 0
    while p < e and 48 <= buf[U(p)] <= 57 and n < 9:
        value = value * 10 + np.int64(buf[U(p)]) - 48
        p, n = p + 1, n + 1
    if n > 8 or (p < e and buf[U(p)] != 0x2C):
        return 0
    month, _ = _dated(value, n, True, eras)
    return month


@jit
def _copied(buf: Any, s: int, e: int, message: Any, n: int, strip: bool) -> int:
    """Write a part of an identity behind its length; return how long the message is now."""
    if strip:
        while s < e and (buf[U(s)] == 0x20 or 9 <= buf[U(s)] <= 13):
            s += 1
        while s < e and (buf[U(e - 1)] == 0x20 or 9 <= buf[U(e - 1)] <= 13):
            e -= 1
    length = e - s
    message[U(n)] = length >> 24
    message[U(n + 1)] = length >> 16 & 255
    message[U(n + 2)] = length >> 8 & 255
    message[U(n + 3)] = length & 255
    for p in range(length):
        message[U(n + 4 + p)] = buf[U(s + p)]
    return n + 4 + length


@jit
def scan(
    buf: Any, end: int, state: Any, ids: Any, records: Any, items: Any, quick: Any, tens: Any, keys: Any,
    sets: Any, eras: Any, single: Any, double: Any, events: Any, claims: Any, cells: Any, counts: Any,
    kept: Any, numbers: Any, message: Any, ends: Any, prefix: Any, parts: Any, payers: Any, faults: Any,
) -> int:  # fmt: skip
    """Read whole claims from `state[S_POS]`, where a claim begins, to `end` or to what others must look at.

    Behind `end` a line feed and 16 zeros must follow. The arrays are filled with the claims that are complete and
    regular; one that is not leaves no trace, and the position stays before it.
    """
    p = state[S_POS]
    line, n_claims, n_events = state[S_LINE], state[S_CLAIMS], state[S_EVENTS]
    no_before, n_message = state[S_NO_BEFORE], state[S_MESSAGE]
    last_line, last_id = state[S_LAST_LINE], state[S_LAST_ID]
    crlf, lf, cr = state[S_CRLF], state[S_LF], state[S_CR]
    blanks, blank, told = state[S_BLANKS], state[S_BLANK], state[S_TOLD]
    most_line, most_lines, most_kept = state[S_LINE_BYTES], state[S_CLAIM_LINES], state[S_KEEP]
    n_identity, variant, plain_form = state[S_IDENTITY], state[S_VARIANT], state[S_PLAIN]
    most_rows, most_claims, most_events = state[S_CAPACITY], claims.shape[1], events.shape[0]
    most_message = message.shape[0]
    why = -1
    opened = waits = False
    start = start_line = claim_end = head_line = known = strays = again = present = donor = disorder = order = 0
    publics = insurers = 0
    history = history_faults = history_last = history_month = 0
    head_no = 0
    while True:
        # --- what stands here, and does it end the claim before ---
        record = 0xFF
        opens = False
        if p >= end:
            why = AT_END
        else:
            byte = buf[U(p)]
            if byte == 0x1A:
                why = AT_MARK
            elif byte != 10 and byte != 13:
                record = np.int64(ids[U(np.int64(byte) << 8 | np.int64(buf[U(p + 1)]))])
                if record < 0xFE:
                    if single[U(buf[U(p + 2)])] != B_END:
                        record = 0xFF
                    elif records[U(record), R_SCOPE] == SCOPE_FILE:
                        why = AT_FILE_RECORD
                    else:
                        opens = records[U(record), R_OPENS] == 1
        if waits and (why >= 0 or opens):
            why = AT_ODD_CLAIM  # It has no head.
            break
        if opened and (why >= 0 or opens):
            # --- close the claim: what the index needs, and what makes it the same again ---
            needed = prefix.shape[0] + 64
            for i in range(1, n_identity):
                needed += parts[U(i), 1] - parts[U(i), 0] + 4
            for i in range(1 - insurers, 1 + publics):
                for j in range(PAYER_PARTS):
                    needed += payers[U(i), U(j), 1] - payers[U(i), U(j), 0] + 4
            if n_message + needed > most_message:
                why = FULL
            else:
                for i in range(prefix.shape[0]):
                    message[U(n_message + i)] = prefix[U(i)]
                n_message += prefix.shape[0]
                for i in range(1, n_identity):
                    n_message = _copied(buf, parts[U(i), 0], parts[U(i), 1], message, n_message, False)
                shown = 0
                for i in range(1 - insurers, 1 + publics):
                    n_message = _copied(buf, payers[U(i), 0, 0], payers[U(i), 0, 1], message, n_message, True)
                    n_message = _copied(buf, payers[U(i), 4, 0], payers[U(i), 4, 1], message, n_message, True)
                    if i == 0:
                        n_message = _copied(buf, payers[U(i), 5, 0], payers[U(i), 5, 1], message, n_message, True)
                    if shown < MOST_PAYERS:
                        at = C_SHARES + shown * 3
                        for j in range(3):
                            value = payers[U(i), U(1 + j), 2]
                            claims[U(at + j), U(n_claims)] = max(value, 0)
                        value = payers[U(i), 0, 2]
                        if shown == 0:
                            claims[U(C_KNOWN_POINTS), U(n_claims)] = payers[U(i), 1, 2] >= 0
                        base = shown * 8
                        if value > 0:
                            # The number is the last 8, 6 or 4 bytes of what is written; spaces fill it up.
                            digits = 8 if value >= 100_000_000 else (6 if value >= 1_000_000 else 4)
                            last = payers[U(i), 0, 1]
                            for j in range(8 - digits):
                                numbers[U(n_claims), U(base + j)] = 32
                            for j in range(8 - digits, 8):
                                numbers[U(n_claims), U(base + j)] = buf[U(last - 8 + j)]
                        else:
                            for j in range(8):
                                numbers[U(n_claims), U(base + j)] = 0
                        shown += 1
                for i in range(shown, MOST_PAYERS):
                    for j in range(3):
                        claims[U(C_SHARES + i * 3 + j), U(n_claims)] = 0
                    for j in range(8):
                        numbers[U(n_claims), U(i * 8 + j)] = 0
                if shown == 0:
                    claims[U(C_KNOWN_POINTS), U(n_claims)] = 1
                ends[U(n_claims)] = n_message
                claims[U(C_START), U(n_claims)] = start
                claims[U(C_END), U(n_claims)] = claim_end
                claims[U(C_LINE), U(n_claims)] = head_line
                claims[U(C_NO), U(n_claims)] = head_no
                claims[U(C_MONTH), U(n_claims)] = parts[1, 2]
                claims[U(C_TYPE), U(n_claims)] = parts[2, 2]
                claims[U(C_INSURERS), U(n_claims)] = insurers
                claims[U(C_PUBLICS), U(n_claims)] = publics
                claims[U(C_PRESENT), U(n_claims)] = present
                claims[U(C_AGAIN), U(n_claims)] = again
                claims[U(C_FIRST_LINE), U(n_claims)] = start_line + 1
                claims[U(C_DONOR), U(n_claims)] = donor
                claims[U(C_DISORDER), U(n_claims)] = disorder
                claims[U(C_STRAYS), U(n_claims)] = strays
                claims[U(C_PAYERS), U(n_claims)] = shown
                claims[U(C_NO_BEFORE), U(n_claims)] = no_before
                claims[U(C_HISTORY), U(n_claims)] = history
                claims[U(C_HISTORY_MONTH), U(n_claims)] = history_month
                no_before = head_no if head_no >= 0 else -1
                n_claims += 1
                opened = False
        if why >= 0:
            break
        if opens:
            # --- open a claim: from here on all can be taken back ---
            if n_claims >= most_claims:
                why = FULL
                break
            start, start_line = p, line
            state[S_EVENTS], state[S_LAST_LINE], state[S_LAST_ID] = n_events, last_line, last_id
            state[S_CRLF], state[S_LF], state[S_CR] = crlf, lf, cr
            state[S_BLANKS], state[S_BLANK], state[S_TOLD] = blanks, blank, told
            for i in range(counts.shape[0]):
                kept[U(i)] = counts[U(i)]
            opened = True
            waits = False
            known = strays = again = present = donor = disorder = order = publics = insurers = 0
            history = history_faults = history_last = history_month = 0
        elif not opened:
            why = AT_ODD_CLAIM  # Nobody calls us here; whoever does gets it back.
            break
        # --- one line ---
        begin = p
        line += 1
        if record >= 0xFE:
            if buf[U(p)] == 10 or buf[U(p)] == 13:
                if waits:
                    why = AT_ODD_CLAIM
                    break
                q = p
                blanks += 1
                if blank == 0:
                    blank = line
            else:
                q = p
                control = -1
                while True:
                    byte = buf[U(q)]
                    if byte == 10 or byte == 13:
                        break
                    if control < 0 and single[U(byte)] == B_CONTROL:
                        control = q
                    q += 1
                if q >= end or q - begin > most_line or record == 0xFE or n_events >= most_events or waits:
                    why = AT_ODD_CLAIM
                    break
                stray = -1
                if control >= 0:
                    stray = E_CONTROL
                else:
                    kind, number, branch, at = _history(buf, begin, q)
                    if number >= 0:
                        goes_on = history == 0 or (0 <= number - history_last <= 1) or number <= 1 or branch > 0
                        if (not goes_on or kind == 0) and history_faults < MOST_HISTORY_FAULTS:
                            history_faults += 1
                            stray = E_HISTORY
                        history += 1
                        history_last = number
                        if kind == 1 or kind == 5 or kind == 11 or kind == 15:
                            row = np.int64(ids[U(np.int64(buf[U(at)]) << 8 | np.int64(buf[U(at + 1)]))])
                            if row < 0xFE and records[U(row), R_MONTH]:
                                month = _month_of(buf, at, q, records[U(row), R_MONTH], eras)
                                history_month = max(history_month, month)
                    elif strays < most_kept:
                        strays += 1
                        stray = E_STRAY
                if stray >= 0:
                    events[U(n_events), V_CLAIM] = n_claims
                    events[U(n_events), V_LINE] = line
                    events[U(n_events), V_RECORD] = 0xFF
                    events[U(n_events), V_ITEM] = control - begin if control >= 0 else 0
                    events[U(n_events), V_PROBLEM] = stray
                    events[U(n_events), V_START] = begin
                    events[U(n_events), V_LENGTH] = q - begin
                    n_events += 1
        else:
            known += 1
            heads = records[U(record), R_HEADS] == 1
            # The head stands behind the opener, or is it, and nowhere else.
            if known > most_lines or heads != (waits or (opens and heads)):
                why = AT_ODD_CLAIM
                break
            waits = opens and not heads
            if heads:
                head_line = line
            first, n_items = records[U(record), R_FIRST], records[U(record), R_ITEMS]
            if donor == 0 and records[U(record), R_SCOPE] == SCOPE_DONOR:
                donor = 1
            payer = np.int64(records[U(record), R_PAYER]) if donor == 0 else 0
            table = records[U(record), R_TABLE]
            base, row = 0, 0
            if table >= 0:
                base, row = records[U(record), R_BASE], counts[U(table)]
                if row >= most_rows:
                    why = FULL
                    break
                for i in range(FIXED_COLUMNS, FIXED_COLUMNS + records[U(record), R_WIDTH]):
                    cells[U(base + i), U(row)] = EMPTY
            slots = below_zero = 0
            if heads:
                slots = 1
                for i in range(HEAD_PARTS):
                    parts[U(i), 0] = parts[U(i), 1] = 0
                    parts[U(i), 2] = EMPTY
            elif payer:
                slots = 1
                at = 0 if payer == 1 else min(1 + publics, MOST_PUBLICS)
                for i in range(PAYER_PARTS):
                    if payer == 2 or insurers == 0:
                        payers[U(at), U(i), 0] = payers[U(at), U(i), 1] = 0
                        payers[U(at), U(i), 2] = EMPTY
                if payer == 1 and insurers:
                    slots = 0
            n_faults, odd_item, control_item, control_at = 0, -1, -1, 0
            days = filled = nonzero = day_odd = day_digits = 0
            q = p + 2
            k = 1
            last_always = records[U(record), R_LAST_ALWAYS]
            while buf[U(q)] == 0x2C:
                if k >= n_items:
                    break
                s = q + 1
                byte = np.int64(buf[U(s)])
                word = quick[U(first + k)]
                if byte == 0x2C or byte == 10 or byte == 13:
                    q = s
                    if k > last_always:
                        # Nothing is missed from here on: empty items are passed over.
                        k += 1
                        run = 0
                        while True:
                            others = load8(buf, U(q + run)) ^ _COMMAS
                            if others:
                                run += np.int64(zeros_below(others)) >> 3
                                break
                            run += 8
                        if run > 1:
                            run = min(run - 1, n_items - k)
                            q += run
                            k += run
                        continue
                    if word & 3 == NEED_ALWAYS:
                        faults[U(n_faults), 0], faults[U(n_faults), 1] = k, P_MISSING
                        n_faults += 1
                        if word >> Q_COLUMN & 255:
                            cells[U(base + FIXED_COLUMNS - 1 + (word >> Q_COLUMN & 255)), U(row)] = MISSING
                    k += 1
                    continue
                problem = 0
                value = 0
                plain = False
                p = s
                if word & (Q_PLAIN | Q_DATE):
                    # The commonest items: digits, right by their length, and where there is a code set, in it at once.
                    value, n = _number(buf, s)
                    p += n
                    byte = np.int64(buf[U(p)])
                    while 48 <= byte <= 57:
                        value = value * 10 + byte - 48
                        p += 1
                        byte = np.int64(buf[U(p)])
                    if byte == 0x2C or byte == 10 or byte == 13:
                        n = p - s
                        if word & Q_DATE:
                            plain = (
                                n == 8
                                and 18680000 <= value < 22000000
                                and _calendar(value // 10000, value // 100 % 100, value % 100)
                            )
                        elif (word >> Q_LEAST & 255) <= n <= (word >> Q_MOST & 255):
                            if word & Q_NUMBER == 0:
                                value += tens[U(n)]
                            at = word >> Q_SET & 255
                            plain = at == 0 or keys[U(sets[U(at - 1), 0] + slot(value, sets[U(at - 1), 1]))] == value
                elif word & Q_FULL and byte >= 0x81 and (byte <= 0x9F or byte >= 0xE0):
                    # Words in full width whose characters are all in JIS.
                    spaces, katakana = BLANK, KATAKANA
                    while byte >= 0x81:
                        pair = byte << 8 | np.int64(buf[U(p + 1)])
                        if double[U(pair)] == 0:
                            break
                        if pair != 0x8140:
                            spaces = 0
                        if (pair < 0x8340 or pair > 0x8396) and pair != 0x815B:
                            katakana = 0
                        p += 2
                        byte = np.int64(buf[U(p)])
                    if byte == 0x2C or byte == 10 or byte == 13:
                        n = p - s
                        plain = n <= (word >> Q_MOST & 255)
                        value = n << 8 | spaces | katakana
                elif word & Q_HALF:
                    spaces = BLANK
                    while True:
                        kind = single[U(byte)]
                        if kind == B_ASCII or kind == B_DIGIT or (kind == B_KANA and word & Q_KANA):
                            if byte != 0x20:
                                spaces = 0
                            p += 1
                            byte = np.int64(buf[U(p)])
                        else:
                            break
                    if byte == 0x2C or byte == 10 or byte == 13:
                        n = p - s
                        plain = n <= (word >> Q_MOST & 255)
                        value = n << 8 | spaces
                if plain:
                    q = p
                else:
                    q, problem, value, odd, control = _item(
                        buf, s, items[U(first + k)], eras, keys, sets, single, double
                    )
                    if problem:
                        if n_faults < MOST_FAULTS:
                            faults[U(n_faults), 0], faults[U(n_faults), 1] = k, problem
                            n_faults += 1
                        if odd >= 0 and odd_item < 0:
                            odd_item = k
                        if control >= 0 and control_item < 0:
                            control_item, control_at = k, control
                        readable = (
                            problem == P_ERA
                            or problem == P_FILLED
                            or problem == P_PADDED
                            or (problem == P_LONG and word & Q_NUMBER == 0)
                        )
                        if not readable:
                            value = BAD
                    elif odd >= 0 and odd_item < 0:
                        odd_item = k
                if word >> Q_COLUMN & 255:
                    cells[U(base + FIXED_COLUMNS - 1 + (word >> Q_COLUMN & 255)), U(row)] = value
                elif word >> Q_DAY & 63:
                    bit = 1 << ((word >> Q_DAY & 63) - 1)
                    filled |= bit
                    day_digits += q - s
                    if problem == 0:
                        days += value
                        if value:
                            nonzero |= bit
                    else:
                        day_odd = 1
                        for i in range(s, q):
                            if buf[U(i)] != 48:
                                nonzero |= bit
                if slots and word >> Q_PART & 63:
                    at = (word >> Q_PART & 63) - 1
                    if heads:
                        parts[U(at), 0], parts[U(at), 1], parts[U(at), 2] = s, q, value
                    else:
                        i = 0 if payer == 1 else min(1 + publics, MOST_PUBLICS)
                        below_zero |= value == BIG and items[U(first + k), I_SIGNED] == 1
                        payers[U(i), U(at), 0], payers[U(i), U(at), 1], payers[U(i), U(at), 2] = s, q, value
                k += 1
            if k < n_items:
                if k <= last_always:
                    for i in range(k, n_items):
                        if items[U(first + i), I_NEED] == NEED_ALWAYS:
                            faults[U(n_faults), 0], faults[U(n_faults), 1] = i, P_SHORT
                            n_faults += 1
                            if items[U(first + i), I_COLUMN] >= 0:
                                cells[U(base + FIXED_COLUMNS + items[U(first + i), I_COLUMN]), U(row)] = MISSING
                            break
            elif buf[U(q)] == 0x2C:
                surplus = P_EMPTY_END
                while buf[U(q)] == 0x2C:
                    s = q + 1
                    q, full, half, printable, odd, control = _look(buf, s, single, double)
                    if q > s:
                        surplus = P_SURPLUS
                    if odd >= 0 and odd_item < 0:
                        odd_item = k
                    if control >= 0 and control_item < 0:
                        control_item, control_at = k, control
                    k += 1
                faults[U(n_faults), 0], faults[U(n_faults), 1] = n_items, surplus
                n_faults += 1
            if q >= end or q - begin > most_line or below_zero:
                why = AT_ODD_CLAIM  # Also where a payer's points are below zero: no column holds them.
                break
            # --- what the line adds to its claim ---
            if donor == 0:
                again |= present & (1 << record)
                present |= 1 << record
            else:
                if n_events >= most_events:
                    why = FULL
                    break
                events[U(n_events), V_CLAIM] = n_claims
                events[U(n_events), V_LINE] = line
                events[U(n_events), V_RECORD] = record
                events[U(n_events), V_ITEM] = 0
                events[U(n_events), V_PROBLEM] = E_DONOR
                events[U(n_events), V_START] = begin
                events[U(n_events), V_LENGTH] = q - begin
                n_events += 1
            place = records[U(record), R_ORDER]
            if donor == 0 and place:
                if place < order and disorder == 0:
                    disorder = line
                    if n_events >= most_events:
                        why = FULL
                        break
                    events[U(n_events), V_CLAIM] = n_claims
                    events[U(n_events), V_LINE] = line
                    events[U(n_events), V_RECORD] = record
                    events[U(n_events), V_ITEM] = 0
                    events[U(n_events), V_PROBLEM] = E_DISORDER
                    events[U(n_events), V_START] = begin
                    events[U(n_events), V_LENGTH] = q - begin
                    n_events += 1
                order = place
            if table >= 0:
                cells[U(base), U(row)] = n_claims
                cells[U(base + 1), U(row)] = line
                cells[U(base + 2), U(row)] = record + DONOR * donor
                cells[U(base + 3), U(row)] = begin
                cells[U(base + 4), U(row)] = q - begin
                if records[U(record), R_DAYS] >= 0:
                    at = base + FIXED_COLUMNS + records[U(record), R_DAYS]
                    cells[U(at), U(row)] = days
                    cells[U(at + 1), U(row)] = filled
                    cells[U(at + 2), U(row)] = nonzero
                    cells[U(at + 3), U(row)] = day_odd + 2 * day_digits
                counts[U(table)] = row + 1
            if heads:
                head_no = parts[0, 2]
                if variant >= 0 and parts[U(variant), 2] != EMPTY and parts[U(variant), 2] != plain_form:
                    why = AT_ODD_CLAIM
                    break
            if payer == 1:
                insurers = 1
            elif payer == 2:
                publics += 1
                if publics >= MOST_PUBLICS:
                    why = AT_ODD_CLAIM
                    break
            # --- what is wrong with it ---
            if n_faults or odd_item >= 0:
                if n_events + n_faults + 3 > most_events:
                    why = FULL
                    break
                if control_item >= 0:
                    events[U(n_events), V_CLAIM] = n_claims
                    events[U(n_events), V_LINE] = line
                    events[U(n_events), V_RECORD] = record
                    events[U(n_events), V_ITEM] = control_item | (control_at - begin) << 12
                    events[U(n_events), V_PROBLEM] = E_CONTROL
                    events[U(n_events), V_START] = begin
                    events[U(n_events), V_LENGTH] = q - begin
                    n_events += 1
                for i in range(-1, n_faults):
                    if i < 0:
                        if odd_item < 0:
                            continue
                        at, problem = max(odd_item, control_item), P_CHARACTER
                    else:
                        at, problem = faults[U(i), 0], faults[U(i), 1]
                        if problem == P_EMPTY_END:
                            if told >> record & 1:
                                continue
                            told |= 1 << record
                        elif at < n_items and (at == odd_item or at == control_item):
                            continue
                    events[U(n_events), V_CLAIM] = n_claims
                    events[U(n_events), V_LINE] = line
                    events[U(n_events), V_RECORD] = record
                    events[U(n_events), V_ITEM] = at
                    events[U(n_events), V_PROBLEM] = problem
                    events[U(n_events), V_START] = begin
                    events[U(n_events), V_LENGTH] = q - begin
                    n_events += 1
        # --- the line's end ---
        p = q + 1
        if buf[U(q)] == 10:
            if lf == 0:
                lf = line
        elif q + 1 < end and buf[U(q + 1)] == 10:
            p = q + 2
            if crlf == 0:
                crlf = line
        elif cr == 0:
            cr = line
        if q > begin:
            last_line = line
            last_id = np.int64(buf[U(begin)]) << 8 | (np.int64(buf[U(begin + 1)]) if q > begin + 1 else 0)
            claim_end = p
    if opened:
        # The claim is not complete, or not regular: take back all that it has left.
        p, line = start, start_line
        for i in range(counts.shape[0]):
            counts[U(i)] = kept[U(i)]
    else:
        state[S_EVENTS], state[S_LAST_LINE], state[S_LAST_ID] = n_events, last_line, last_id
        state[S_CRLF], state[S_LF], state[S_CR] = crlf, lf, cr
        state[S_BLANKS], state[S_BLANK], state[S_TOLD] = blanks, blank, told
    state[S_POS], state[S_LINE], state[S_CLAIMS], state[S_WHY] = p, line, n_claims, why
    state[S_NO_BEFORE], state[S_MESSAGE] = no_before, n_message
    return why
