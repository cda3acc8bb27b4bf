"""Scans of the rules that look codes of lines up in their masters: which codes there are, ages, visits, points."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np

from seikyu.rules.kernel.batch import Batch, Bools, Ints, Table
from seikyu.rules.kernel.claims_head import born, inpatient
from seikyu.rules.kernel.coded import NONE, Rows, Sheet, codes_of
from seikyu.rules.kernel.jitted import scan as c
from seikyu.rules.kernel.scans import Exact, Might, Scan, filled, where
from seikyu.rules.masters import forms
from seikyu.rules.with_masters import codes as rules_of_codes
from seikyu.rules.with_masters import services as rules_of_services

#: A code of nine digits stands in a column behind a 1.
CODE: Final = 10**9
_KIND: Final = 10**8
#: Masters by the first digit of their codes.
_MASTERS: Final = {"SI": "s", "IY": "y", "TO": "t", "CO": "c"}
_PREFIXES: Final = {kind: int(form.prefix) for kind, form in forms().items() if form.prefix}


# --- what the scans ask of a batch ---


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """The claims' own lines with a code of nine digits: rows in a table, their claims and codes."""

    table: Table
    rows: Ints
    claim: Ints
    code: Ints

    def of(self, which: Ints | Bools) -> "Coded":
        """Return some of them."""
        return Coded(self.table, self.rows[which], self.claim[which], self.code[which])

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, name: str) -> Ints:
        return self.table[name][self.rows]


def coded_lines(batch: Batch) -> Coded:
    """Return the lines that have a code."""
    return _coded(batch.table("lines"))


def by_kind(batch: Batch) -> Mapping[str, Coded]:
    """Return the same by the masters that the first digits of their codes point to."""
    lines = batch.once(coded_lines)
    return _by_kind(lines)


def _by_kind(lines: Coded) -> Mapping[str, Coded]:
    digit = lines.code // _KIND
    return {kind: lines.of(mine) for kind, prefix in _PREFIXES.items() if len(mine := where(digit == prefix))}


def coded_apart(batch: Batch) -> Coded:
    """Return the same of the kinds of claims whose lines make no units."""
    return _coded(batch.table("coded"))


def _coded(table: Table) -> Coded:
    code = table["code"]
    rows = where(table.own & (code >= CODE) & (code < 2 * CODE))
    return Coded(table, rows, table.claim[rows], code[rows] - CODE)


def comments(batch: Batch) -> Coded:
    """Return the comments (CO)."""
    return _of_record(batch, "CO")


def procedures(batch: Batch) -> Coded:
    """Return the lines of procedures (SI)."""
    return _of_record(batch, "SI")


def drugs(batch: Batch) -> Coded:
    """Return the lines of drugs (IY)."""
    return _of_record(batch, "IY")


def _of_record(batch: Batch, rid: str) -> Coded:
    lines = batch.once(coded_lines)
    mine = lines.of(where(lines.table.record[lines.rows] == batch.row_of(rid)))
    # As a rule they are the lines whose codes point to one master: then those, so that they are looked up once.
    alike = batch.once(by_kind).get(_MASTERS[rid])
    return alike if alike and np.array_equal(alike.rows, mine.rows) else mine


def rows_of(batch: Batch, lines: Callable[[Batch], Coded], kind: str, *columns: str) -> Rows:
    """Return the rows of lines in the master that holds, where it has the columns."""
    return batch.once(_rows_in(lines, kind)).having(*columns)


@cache
def _rows_in(lines: Callable[[Batch], Coded], kind: str) -> Callable[[Batch], Rows]:
    def found(batch: Batch) -> Rows:
        coded = batch.once(lines)
        return batch.once(codes_of).held(kind, coded.claim, coded.code)

    return found


def in_s(batch: Batch) -> Rows:
    """Return the rows of procedures in their master."""
    return rows_of(batch, procedures, "s")


def claims_of(claim: Ints) -> Might:
    """Return claims that may be named more than once."""
    return Might(np.unique(claim))


# --- codes ---


def unknown_code(batch: Batch) -> Iterator[Exact]:
    lines, codes = batch.once(by_kind), batch.once(codes_of)
    for kind in {"s", "y", "t", "c"} & lines.keys():
        mine, sure = lines[kind], codes.sure(kind)
        hit = mine.rows[codes.unknown(kind, mine.claim, mine.code) & sure[mine.claim]] if sure.any() else mine.rows[:0]
        if len(hit):
            yield Exact(mine.table, hit, mine.table.no("code", hit))


def code_out_of_date(batch: Batch) -> Iterator[Might]:
    codes = batch.once(codes_of)
    for kind, mine in (*batch.once(by_kind).items(), *_by_kind(batch.once(coded_apart)).items()):
        until = codes.settled(kind, mine.claim, mine.code)["until"]
        ended = where((until != NONE) & (until < batch.last_day[mine.claim]))
        if len(ended):
            ended = ended[_done_after(batch, mine.of(ended), until[ended])]
            yield claims_of(mine.claim[ended])


def _done_after(batch: Batch, lines: Coded, until: Ints) -> Bools:
    """Return which lines may have been done after a day."""
    month = batch.month[lines.claim]
    before = until < month * 100 + 1
    if "days_nonzero" not in lines.table:
        return before | (lines["service_date"] > until) | (lines["service_date"] == c.BIG)
    of_month = np.where(until // 100 == month, until % 100, 0)
    return before | (lines["days_nonzero"] >> of_month != 0)


def comment_text_missing(batch: Batch) -> Iterator[Might]:
    mine = batch.once(comments)
    pattern = rows_of(batch, comments, "c")["pattern"]
    yield claims_of(mine.claim[(pattern != NONE) & (pattern != _FIXED) & ~filled(mine["comment_text"])])


def comment_text_surplus(batch: Batch) -> Iterator[Might]:
    mine = batch.once(comments)
    yield claims_of(mine.claim[(rows_of(batch, comments, "c")["pattern"] == _FIXED) & filled(mine["comment_text"])])


_FIXED: Final = rules_of_codes.FIXED_PATTERN
COMMENT_COLUMNS: Final = ("comment_code_1", "comment_code_2", "comment_code_3")


def said(batch: Batch) -> tuple[Ints, Ints]:
    """Return the codes of all comments: the claim of each, and the code, in the order of the claims."""
    own = batch.once(coded_lines)
    beside = where(batch.table("lines").own)
    alone = batch.once(comments)
    claims, codes = [alone.claim], [alone.code]
    for name in COMMENT_COLUMNS:
        column = own.table[name][beside]
        there = (column >= CODE) & (column < 2 * CODE)
        claims.append(own.table.claim[beside[there]])
        codes.append(column[there] - CODE)
    claim, code = np.concatenate(claims), np.concatenate(codes)
    order = np.argsort(claim, kind="stable")
    return claim[order], code[order]


def spans_of(batch: Batch, claim: Ints) -> tuple[Ints, Ints]:
    """Return where the rows of each claim begin and end, of rows in the order of the claims."""
    numbers = np.arange(len(batch))
    return np.searchsorted(claim, numbers), np.searchsorted(claim, numbers, side="right")


def original_drug_without_reason(batch: Batch) -> Iterator[Might]:
    mine, codes = batch.once(drugs), batch.once(codes_of)
    outside = batch.once(inpatient)[mine.claim] == 0
    listed = where(codes.groups("original_drugs", mine.claim, mine.code).there & outside)
    claim, code = batch.once(said)
    met = codes.meets("original_drugs", mine.claim[listed], mine.code[listed], spans_of(batch, claim), code)
    yield claims_of(mine.claim[listed[met < 0]])


# --- ages and sexes ---

#: Dates as numbers that go up by a year, a month and a day: the day of the month is the last two digits to base 32.
_DAY: Final = 1
_MONTH: Final = 32
_YEAR: Final = 12 * 32
_NO_BOUND: Final = 0


def _serial(date: Ints) -> Ints:
    return (date // 10_000 * 12 + date // 100 % 100) * _MONTH + date % 100


def _bounds(name: str) -> Callable[[Sheet], Ints]:
    """Return what gives the bounds of a column of ages as whole numbers: years, and others behind them."""

    def made(sheet: Sheet) -> Ints:
        return np.array([_bound(text) for text in sheet.text(name)], np.int64)

    return made


_MOST_YEARS: Final = 999
_OTHERS: Final = {"AA": 1000, "B3": 1003, "B6": 1006, "BF": 1015, "BK": 1020, "MG": 1100}


def _bound(text: str) -> int:
    if text in {"", "0", "00"}:
        return NONE
    if text.isascii() and text.isdigit():
        return min(int(text), _MOST_YEARS)
    return _OTHERS.get(text, NONE)


_LOWER: Final = _bounds("lower_age")
_UPPER: Final = _bounds("upper_age")


def reached(birth: Ints, bound: Ints) -> tuple[Ints, Ints]:
    """Return the first and the last day on which an age of the masters may be reached, as serials.

    Shape: wider than `ages._reached` by a day or a month where days of birth are at a month's end.
    """
    born_on, years = _serial(birth), np.where(bound < _OTHERS["AA"], bound, 0)
    first, last = born_on + years * _YEAR - _DAY, born_on + years * _YEAR + _MONTH
    newborn, school = bound == _OTHERS["AA"], bound == _OTHERS["MG"]
    first[newborn], last[newborn] = born_on[newborn], born_on[newborn] + 2 * _MONTH
    first[school], last[school] = born_on[school] + 6 * _YEAR - _DAY, born_on[school] + 8 * _YEAR
    late = (bound > _OTHERS["AA"]) & ~school
    years = bound[late] - _OTHERS["AA"]
    first[late], last[late] = born_on[late] + years * _YEAR, born_on[late] + years * _YEAR + 3 * _MONTH
    return first, last


def other_age(batch: Batch, claim: Ints, lower: Ints, upper: Ints) -> Bools:
    """Return which bounds the patients may miss all month."""
    birth, month = batch.once(born)[claim], batch.month[claim]
    hit = np.zeros(len(claim), np.bool_)
    low, high = where((lower != NONE) & (birth > 0)), where((upper != NONE) & (birth > 0))
    hit[low] = reached(birth[low], lower[low])[1] > _serial(batch.last_day[claim[low]])
    hit[high] |= reached(birth[high], upper[high])[0] < _serial(month[high] * 100 + 1)
    return hit


def lowest(sheet: Sheet) -> Ints:
    """Return the lower ages of a version."""
    return sheet.once(_LOWER)


def highest(sheet: Sheet) -> Ints:
    """Return the upper ages of a version."""
    return sheet.once(_UPPER)


def _limited(batch: Batch) -> list[tuple[Coded, Rows]]:
    """Return the lines of procedures and drugs with their rows in our table of limits."""
    return [(batch.once(lines), rows_of(batch, lines, "item_limits")) for lines in (procedures, drugs)]


def wrong_age(batch: Batch) -> Iterator[Might]:
    found = [(batch.once(procedures), rows_of(batch, procedures, "s", "lower_age", "upper_age")), *_limited(batch)]
    for lines, rows in found:
        lower, upper = rows.get(lowest), rows.get(highest)
        bound = where((lower != NONE) | (upper != NONE))
        claim = lines.claim[bound]
        yield claims_of(claim[other_age(batch, claim, lower[bound], upper[bound])])


#: The sexes as the first item of a column of codes holds them.
_SEX: Final = 10


def other_sex(batch: Batch, claim: Ints, sex: Ints) -> Bools:
    """Return which patients are of another sex than a master says."""
    own = batch.table("head")["sex"][claim]
    return (sex > 0) & filled(own) & (own != sex + _SEX)


def wrong_sex(batch: Batch) -> Iterator[Might]:
    for lines, rows in _limited(batch):
        yield claims_of(lines.claim[other_sex(batch, lines.claim, rows["sex"])])


# --- procedures ---


def inpatient_item(batch: Batch) -> Iterator[Might]:
    hit = (batch.once(in_s)["in_out"] == 1) & (batch.once(inpatient)[batch.once(procedures).claim] == 0)
    yield claims_of(batch.once(procedures).claim[hit])


def outpatient_item(batch: Batch) -> Iterator[Might]:
    hit = (batch.once(in_s)["in_out"] == 2) & (batch.once(inpatient)[batch.once(procedures).claim] == 1)
    yield claims_of(batch.once(procedures).claim[hit])


def hospital_item(batch: Batch) -> Iterator[Might]:
    masters = batch.masters

    def of_clinic(month: Any) -> int:
        row = masters.row("institutions", batch.institution, month)
        return bool(row and row["clinic"])

    clinic = batch.once(codes_of).by_month(of_clinic) > 0
    if clinic.any():
        claim = batch.once(procedures).claim
        yield claims_of(claim[(batch.once(in_s)["place"] == 1) & clinic[claim]])


@dataclass(frozen=True, slots=True, eq=False)
class Visits:
    """Lines of visits, which of them are first ones, and the days on which they were: bit 0 is the first day."""

    lines: Coded
    first: Bools
    days: Ints


def visits(batch: Batch) -> Visits:
    """Return the lines of visits."""
    rows = batch.once(in_s)
    mine = where(rows["days_class"] == rules_of_services.VISIT)
    lines = batch.once(procedures).of(mine)
    first = rows.of(mine)["visit_class"] == rules_of_services.FIRST_VISIT
    return Visits(lines, first, lines["days_nonzero"] & ((1 << batch.days[lines.claim]) - 1))


def _days_by_claim(batch: Batch, claim: Ints, days: Ints) -> Ints:
    found = np.zeros(len(batch), np.int64)
    np.bitwise_or.at(found, claim, days)
    return found


def first_visit_doubtful(batch: Batch) -> Iterator[Might]:
    found = batch.once(visits)
    diseases = batch.table("diseases")
    own = where(diseases.own)
    start, claim = diseases["start_date"][own], diseases.claim[own]
    latest = np.zeros(len(batch), np.int64)
    np.maximum.at(latest, claim, np.where(start > 0, start, 99_999_999))
    earliest = found.days & -found.days
    day = np.bitwise_count(earliest - 1) + batch.month[found.lines.claim] * 100 + 1
    begun = latest[found.lines.claim]
    # Days that could not be read may be none.
    late = (begun < day) | (found.lines["days_odd"] & 1 == 1)
    yield claims_of(found.lines.claim[found.first & (found.days > 0) & (begun > 0) & late])


def more_visits_than_days(batch: Batch) -> Iterator[Might]:
    found = batch.once(visits)
    days = np.bitwise_count(_days_by_claim(batch, found.lines.claim, found.days)).astype(np.int64)
    insurers, publics = batch.table("insurers"), batch.table("publics")
    stated = np.full(len(batch), c.BIG, np.int64)
    for payers in (publics, insurers):  # The first payer is the insurer, if there is one.
        own = where(payers.own)[::-1]
        stated[payers.claim[own]] = payers["actual_days"][own]
    yield Might(where((batch.once(inpatient) == 0) & (stated >= 0) & (days > stated)))


def both_visits_on_one_day(batch: Batch) -> Iterator[Might]:
    found = batch.once(visits)
    again = _days_by_claim(batch, found.lines.claim[~found.first], found.days[~found.first])
    claim = found.lines.claim
    hit = found.first & (found.days & again[claim] != 0)
    yield claims_of(claim[hit & ~_at_second_department(batch, found.lines, hit)])


def _at_second_department(batch: Batch, lines: Coded, which: Bools) -> Bools:
    """Return which of some procedures are those of a second department."""
    second = np.zeros(len(lines), np.bool_)
    some = where(which)
    rows = batch.once(codes_of).held("s", lines.claim[some], lines.code[some])
    second[some] = rows.get(_second_departments, 0) > 0
    return second


def _second_departments(sheet: Sheet) -> Bools:
    return sheet.once(_named_second)


def _named_second(sheet: Sheet) -> Bools:
    return np.array([rules_of_services.SECOND_DEPARTMENT in name for name in sheet.text("name")], np.bool_)


def excluded_management_fee(batch: Batch) -> Iterator[Might]:
    lines = batch.once(procedures)
    group = rows_of(batch, procedures, "management_fees")["group"]
    there = where(group != NONE)
    yield Might(twice(lines.claim[there], group[there], lines.code[there]))


def twice(claim: Ints, group: Ints, code: Ints) -> Ints:
    """Return the claims in which a group has more than one code."""
    order = np.lexsort((group, claim))
    claim, group, code = claim[order], group[order], code[order]
    same = (claim[1:] == claim[:-1]) & (group[1:] == group[:-1]) & (code[1:] != code[:-1])
    return np.unique(claim[1:][same])


def management_excluded(batch: Batch) -> Iterator[Might]:
    last = rules_of_services.MANAGEMENT_UNTIL
    early = (batch.month > 0) & (batch.month <= int(last))
    if early.any():
        column = batch.once(in_s)["outpatient_management"]
        claim = batch.once(procedures).claim
        yield claims_of(claim[(column == rules_of_services.MANAGEMENT) & early[claim]])


def long_anaesthesia_doubtful(batch: Batch) -> Iterator[Might]:
    rows = batch.once(in_s)
    yield claims_of(batch.once(procedures).claim[rows["long_anaesthesia"] == 1])


SCANS: Final[Mapping[str, Scan]] = {
    "L3303": unknown_code,
    "X3030": code_out_of_date,
    "X2046": comment_text_missing,
    "X2047": comment_text_surplus,
    "L4438": original_drug_without_reason,
    "X4018": wrong_age,
    "X4019": wrong_sex,
    "L4421": inpatient_item,
    "X3031": outpatient_item,
    "L4603": hospital_item,
    "L4451": first_visit_doubtful,
    "L4636": more_visits_than_days,
    "X4010": both_visits_on_one_day,
    "L4605": excluded_management_fee,
    "L4648": management_excluded,
    "L4676": long_anaesthesia_doubtful,
}
