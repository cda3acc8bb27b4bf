"""Scans of the rules that hold DPC claims, teeth and fees of dispensing against their tables."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Final

import numpy as np

from seikyu.rules.kernel.batch import Batch, Bools, Ints, Table
from seikyu.rules.kernel.claims_coded import Coded, drugs, procedures, rows_of
from seikyu.rules.kernel.coded import NONE, Rows, codes_of, sheet_of
from seikyu.rules.kernel.scans import Exact, Might, Scan, key, readable, where
from seikyu.rules.masters import forms
from seikyu.rules.with_masters import dpc as rules_of_dpc

#: A code of nine digits stands in a column behind a 1.
_CODE: Final = 10**9
_KIND: Final = 10**8
_CLASS_CHARS: Final = 14
#: Behind `BU` and a comma.
_CLASS_AT: Final = 3
_DISEASE_CHARS: Final = 6
_BASE: Final = 11
#: What a class says of an operation: no such one, or that it does not ask.
_NO_OPERATION: Final = (9 * _BASE + 9, 10 * _BASE + 10)
_OPERATION_AT: Final = 8
_BESIDE_AT: Final = 12
_BESIDE: Final = tuple(key(code) for code in sorted(rules_of_dpc.BESIDE))
_RESOURCE: Final = key(rules_of_dpc.RESOURCE)
_TOOTH_CHARS: Final = 6
#: The teeth of a disease stand behind the third comma, which is at most so far on.
_TEETH_WITHIN: Final = 24
_TEETH_COMMA: Final = 3
_ZERO, _NINE, _COMMA = b"09,"


# --- what the scans ask of a batch ---


class Classes:
    """The stays of claims whose class could be read: rows in the table, and the class in parts.

    Shape: `digits` has the places of the 14 characters among those that classes are made of, -1 for any other;
    `whole`, `disease` and `operation` are numbers as the masters have them, below 0 for none. `several` are claims
    with more than one stay: to them the rules are given, for they may name one place twice.
    """

    def __init__(self, batch: Batch) -> None:
        self.table = batch.table("stays")
        own = where(self.table.own & readable(self.table["dpc_code"]))
        at = self.table.start[own, None] + np.arange(_CLASS_AT, _CLASS_AT + _CLASS_CHARS)
        self.rows, self.claim, self.digits = own, self.table.claim[own], _PLACES[batch.buffer[at]]
        self.whole = self._number(0, _CLASS_CHARS)
        self.disease = self._number(0, _DISEASE_CHARS)
        self.operation = self._number(_OPERATION_AT, _OPERATION_AT + 2)
        self.several = np.bincount(self.claim, minlength=len(batch)) > 1
        self.of_claim = np.full(len(batch), -1, np.int64)
        self.of_claim[self.claim] = np.arange(len(own))

    def _number(self, start: int, end: int) -> Ints:
        part = self.digits[:, start:end]
        number = part @ _BASE ** np.arange(end - start)[::-1]
        return np.where((part < 0).any(axis=1), NONE, number)


def _places() -> Ints:
    """Return by byte its place among the characters of classes."""
    places = np.full(256, -1, np.int64)
    for at, char in enumerate(b"0123456789x"):
        places[char] = at
    places[ord("X")] = places[ord("x")]
    return places


_PLACES: Final = _places()


class StayDiseases:
    """The diseases of stays (SB): rows in the table, their class, and ICD-10 code as the masters number it.

    Shape: `icd10` is below 0 for a code that is none; `written` says whether there is one.
    """

    def __init__(self, batch: Batch) -> None:
        self.table = batch.table("named")
        self.rows = where(self.table.own & (self.table.record == batch.row_of("SB")))
        self.claim, self.disease_class = self.table.claim[self.rows], self.table["disease_class"][self.rows]
        icd10 = self.table["icd10"][self.rows]
        self.written = readable(icd10)
        some, which = np.unique(icd10, return_inverse=True)
        self.icd10 = np.array([_icd10(int(each)) for each in some], np.int64)[which]


#: Columns hold bytes from here on.
_BYTES: Final = 1 << 62
#: So many codes of a column are known by number; there are some 15,000 ICD-10 codes.
_CODES_KEPT: Final = 1 << 16


@lru_cache(maxsize=_CODES_KEPT)
def _icd10(value: int) -> int:
    """Return the number that masters give to a code in a column, `NONE` if it is none."""
    if value < 0:
        return NONE
    number = forms()["dpc_diseases"].key[0].number(_text(value))
    return NONE if number is None else number


def _text(value: int) -> str:
    """Return the code that a column holds (see `compile.key_of`)."""
    if value < _BYTES:
        return str(value)[1:]
    packed = value - _BYTES
    return packed.to_bytes(8, "big").lstrip(b"\0")[1:].decode("ascii", "replace")


def _keys(kind: str, first: Ints, second: Ints) -> Ints:
    """Return whole keys of two parts, `NONE` where one is none."""
    return np.where((first >= 0) & (second >= 0), first * forms()[kind].key[1].size + second, NONE)


def _coded(table: Table) -> Coded:
    """Return the claims' own rows of a table with a code of nine digits."""
    rows = where(table.own & (table["code"] >= _CODE) & (table["code"] < 2 * _CODE))
    return Coded(table, rows, table.claim[rows], table["code"][rows] - _CODE)


def _at(table: Table, rows: Ints, name: str) -> Iterator[Exact]:
    if len(rows):
        yield Exact(table, rows, table.no(name, rows))


# --- codes ---


def class_not_bundled(batch: Batch) -> Iterator[Exact]:
    stays, codes = batch.once(Classes), batch.once(codes_of)
    rows = codes.settled("dpc_classes", stays.claim, stays.whole)
    hit = np.where(rows.there, rows["bundled"] == 0, codes.sure("dpc_classes")[stays.claim])
    yield from _at(stays.table, stays.rows[hit], "dpc_code")


def unknown_coding(batch: Batch) -> Iterator[Exact]:
    coding, codes = _coded(batch.table("coding")), batch.once(codes_of)
    for kind in ("s", "y", "t"):
        mine = coding.of(coding.code // _KIND == int(forms()[kind].prefix))
        hit = codes.unknown(kind, mine.claim, mine.code) & codes.sure(kind)[mine.claim]
        yield from _at(mine.table, mine.rows[hit], "code")


def _told(lines: Callable[[Batch], Coded], kind: str, column: str, value: int) -> Scan:
    """Return the scan for the lines of bundled stays of which a table of DPC says so."""

    def scan(batch: Batch) -> Iterator[Exact]:
        mine = batch.once(lines)
        hit = (rows_of(batch, lines, kind, column)[column] == value) & batch.has("BU")[mine.claim]
        yield from _at(mine.table, mine.rows[hit], "code")

    return scan


# --- the class of a stay ---


def _resource(found: StayDiseases) -> Bools:
    return (found.disease_class == _RESOURCE) & found.written


def undefined_disease(batch: Batch) -> Iterator[Exact]:
    found = batch.once(StayDiseases)
    lacking = where(_resource(found))
    for version in batch.masters.every("dpc_diseases"):
        lacking = lacking[sheet_of(version).groups.find(found.icd10[lacking]) < 0]
    yield from _at(found.table, found.rows[lacking], "icd10")


def _with_class(batch: Batch, found: StayDiseases, hit: Bools) -> Iterator[Exact | Might]:
    """Yield diseases that do not go with the class of their stay."""
    several = batch.once(Classes).several
    sure = hit & ~several[found.claim]
    yield from _at(found.table, found.rows[sure], "icd10")
    yield Might(where(several))


def _classes_of(batch: Batch, found: StayDiseases) -> tuple[Ints, Bools]:
    """Return for each disease the first part of the class of its stay, and whether there is such a class."""
    stays = batch.once(Classes)
    at = stays.of_claim[found.claim]
    disease = stays.disease[at] if len(stays.rows) else at
    return np.where(at >= 0, disease, NONE), at >= 0


def disease_of_another_class(batch: Batch) -> Iterator[Exact | Might]:
    found, codes = batch.once(StayDiseases), batch.once(codes_of)
    disease, there = _classes_of(batch, found)
    some = where(_resource(found) & there)
    claim, icd10 = found.claim[some], found.icd10[some]
    at_home = codes.held("dpc_diseases", claim, _keys("dpc_diseases", icd10, disease[some])).there
    hit = np.zeros(len(found.rows), np.bool_)
    hit[some] = codes.groups("dpc_diseases", claim, icd10).there & ~at_home
    yield from _with_class(batch, found, hit)


def co_disease_recorded(batch: Batch) -> Iterator[Exact | Might]:
    found, stays, codes = batch.once(StayDiseases), batch.once(Classes), batch.once(codes_of)
    disease, _ = _classes_of(batch, found)
    without = np.zeros(len(batch), np.bool_)
    without[stays.claim[stays.digits[:, _BESIDE_AT] == 0]] = True
    some = where(np.isin(found.disease_class, _BESIDE) & found.written & without[found.claim])
    keys = _keys("dpc_comorbidities", found.icd10[some], disease[some])
    hit = np.zeros(len(found.rows), np.bool_)
    hit[some] = codes.held("dpc_comorbidities", found.claim[some], keys).there
    yield from _with_class(batch, found, hit)


def operation_missing(batch: Batch) -> Iterator[Exact | Might]:
    stays, codes = batch.once(Classes), batch.once(codes_of)
    asks = (stays.operation >= 0) & ~np.isin(stays.operation, _NO_OPERATION) & (stays.disease >= 0)
    some = where(asks & ~stays.several[stays.claim])
    groups = codes.groups("dpc_operations", stays.claim[some], stays.disease[some])
    lacking = [
        some[(groups.which == number) & groups.there][_none_done(batch, groups, number, some)]
        for number in range(len(groups.sheets))
    ]
    yield from _at(stays.table, stays.rows[np.sort(np.concatenate([some[:0], *lacking]))], "dpc_code")
    yield Might(where(stays.several))


def _none_done(batch: Batch, groups: Rows, number: int, some: Ints) -> Bools:
    """Return of which stays a version names operations, none of which was done."""
    stays, sheet, form = batch.once(Classes), groups.sheets[number], forms()["dpc_operations"]
    mine = some[(groups.which == number) & groups.there]
    size = form.key[2].size
    first = (stays.disease[mine] * form.key[1].size + stays.operation[mine]) * size
    known = np.searchsorted(sheet.codes, first) < np.searchsorted(sheet.codes, first + size)
    wanted = np.full(len(batch), -1, np.int64)
    wanted[stays.claim[mine]] = first
    done = np.zeros(len(batch), np.bool_)
    for lines in (batch.once(procedures), _coded(batch.table("operations"))):
        asked = lines.of(wanted[lines.claim] >= 0)
        done[asked.claim[sheet.rows.find(wanted[asked.claim] + asked.code) >= 0]] = True
    return known & ~done[stays.claim[mine]]


def other_section(batch: Batch) -> Iterator[Might]:
    operations = _coded(batch.table("operations"))
    rows = batch.once(codes_of).held("s", operations.claim, operations.code, "section_number")
    some = where(rows.there & readable(operations["section_no"]))
    differs = [
        bool(_differs(rows.sheets[rows.which[at]].version.value("section_number", int(rows.at[at])) or "", section))
        for at, section in ((at, _section(batch, operations, int(operations.rows[at]))) for at in some)
    ]
    yield Might(np.unique(operations.claim[some[differs]] if len(some) else some))


def _section(batch: Batch, operations: Coded, row: int) -> bytes:
    """Return the section number of an operation as it is written."""
    table = operations.table
    no = int(table.no("section_no", np.array([row]))[0])
    return batch.bytes_of(int(table.start[row]), int(table.length[row])).split(b",")[no - 1]


@lru_cache(maxsize=_CODES_KEPT)
def _differs(wanted: str, section: bytes) -> bool:
    """True if a section number may be another one than the master's."""
    plain, told = rules_of_dpc.plain(wanted), rules_of_dpc.plain(section.decode("ascii", "replace"))
    return bool(plain) and (not section.isascii() or not (plain.startswith(told) or told.startswith(plain)))


# --- dental and pharmacy ---

#: Of a tooth code of six digits, and of the same without condition: what each place adds to the number of its key.
_PLACE: Final = 37 ** np.arange(_TOOTH_CHARS)[::-1]
_CONDITION: Final = 2


def unknown_tooth(batch: Batch) -> Iterator[Exact | Might]:
    codes, rows = batch.once(codes_of), batch.table("named")
    there = where(rows.own & (rows.record == batch.row_of("HS")) & readable(rows["teeth"]))
    there = there[codes.sure("f")[rows.claim[there]]]
    window = np.minimum(rows.start[there, None] + np.arange(_TEETH_WITHIN), len(batch.buffer) - 1)
    third = (np.cumsum(batch.buffer[window] == _COMMA, axis=1) == _TEETH_COMMA).argmax(axis=1)
    unsure = np.zeros(len(batch), np.bool_)
    unsure[rows.claim[there[third == 0]]] = True  # Something long stands before the teeth.
    yield Might(where(unsure))
    sure = ~unsure[rows.claim[there]]
    there, at = there[sure], (rows.start[there] + third + 1)[sure]
    odd = np.zeros(len(rows), np.bool_)
    while len(there):
        digits = batch.buffer[at[:, None] + np.arange(_TOOTH_CHARS)].astype(np.int64)
        goes_on = ((digits >= _ZERO) & (digits <= _NINE)).all(axis=1)
        there, at, digits = there[goes_on], at[goes_on] + _TOOTH_CHARS, digits[goes_on] - (_ZERO - 1)
        known = ~codes.unknown("f", rows.claim[there], digits @ _PLACE)
        digits[:, -_CONDITION:] = 1
        known |= ~codes.unknown("f", rows.claim[there], digits @ _PLACE)
        odd[there[~known]] = True
        there, at = there[known], at[known]
    yield from _at(rows, where(odd), "teeth")


_RECEPTION: Final = ("prescription_date", "dispensing_date", "reception_no", "preparation_code")


def too_many_agents(batch: Batch) -> Iterator[Might]:
    table = batch.table("coded")
    code, points = table["preparation_code"], table["preparation_points"]
    rows = where(table.own & (code >= _CODE) & (code < 2 * _CODE) & (points > 0))
    most = batch.once(codes_of).held("m", table.claim[rows], code[rows] - _CODE, "most_per_reception")
    bound = most["most_per_reception"]
    some, bound = rows[bound > 0], bound[bound > 0]
    # What is unreadable is none to the rule, like what is empty; what is too long to be kept may be the same.
    columns = [np.where(readable(table[name][some]), table[name][some], NONE) for name in _RECEPTION]
    order = np.lexsort([*columns, table.claim[some]])
    columns = [column[order] for column in (table.claim[some], *columns)]
    opens = np.ones(len(some), np.bool_)
    opens[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    times = np.diff(np.append(where(opens), len(some)))
    yield Might(np.unique(columns[0][opens][times > bound[order][opens]]))


SCANS: Final[Mapping[str, Scan]] = {
    "L2252": class_not_bundled,
    "L2455": unknown_coding,
    "L3413": _told(procedures, "dpc_procedures", "usable", 0),
    "L4485": _told(procedures, "dpc_procedures", "bundled", 1),
    "L4246": _told(drugs, "dpc_drugs", "by_item", 0),
    "L4230": undefined_disease,
    "L4231": disease_of_another_class,
    "L4232": co_disease_recorded,
    "L4235": operation_missing,
    "L4224": other_section,
    "X3041": unknown_tooth,
    "X4030": too_many_agents,
}
