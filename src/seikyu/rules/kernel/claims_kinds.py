"""Scans of the rules that only one kind of claims has: DPC, dental and pharmacy; those with masters are elsewhere."""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from seikyu.rules.kernel.batch import Batch, Bools, Ints, Table
from seikyu.rules.kernel.claims_head import born, first_rows
from seikyu.rules.kernel.jitted import scan as c
from seikyu.rules.kernel.scans import Exact, Might, MightRows, Scan, bad, digits, filled, key, readable, where

_MEDICATION_NOTE: Final = 11
#: Codes of two digits side by side.
_NOTE: Final = 100
_NEEDED: Final = (key("11"), key("01"), key("21"))
_DEAD: Final = (key("6"), key("7"))
_NEWBORN_DAYS: Final = 7
_MOST_DISEASES: Final = 99
_ATTRIBUTED: Final = ("prefecture", "point_table", "institution_code")
_BODY: Final = "review_body"


def _at(rows: Table, hit: Ints, name: str = "", *, alone: bool = False) -> Iterator[Exact]:
    """Yield rows at the item of that name."""
    if len(hit):
        yield Exact(rows, hit, rows.no(name, hit) if name else 0, alone=alone)


# --- DPC ---


def medication_note(batch: Batch) -> Iterator[Exact | Might]:
    head = batch.table("head")
    notes, count = digits(head["special_notes"])
    there = np.zeros(len(batch), np.bool_)
    for _ in range(int(count.max(initial=0)) // 2):
        there |= (count > 0) & (notes % _NOTE == _MEDICATION_NOTE)
        notes, count = notes // _NOTE, count - 2
    yield from _at(head, where(there), "special_notes", alone=True)
    yield Might(where(head["special_notes"] == c.BIG))


def diseases_of_the_stay(batch: Batch) -> Iterator[Exact | Might]:
    rows = batch.table("named")
    mine = where(rows.own & (rows.record == batch.row_of("SB")))
    claim, classes = rows.claim[mine], rows["disease_class"][mine]
    lacking = np.zeros(len(batch), np.int64)
    for code in _NEEDED:
        lacking += np.bincount(claim[classes == code], minlength=len(batch)) == 0
    lacking[claim[bad(classes)]] = 0
    yield Exact(batch.table("head"), where(lacking == 1))
    yield Might(where(lacking > 1))  # All that lack are told at one place.


def _stays(batch: Batch) -> tuple[Table, Ints]:
    """Return the first stay of each claim that ended in death."""
    rows = batch.table("stays")
    first = first_rows(batch, rows)
    first = first[first >= 0]
    return rows, first[np.isin(rows["dpc_outcome"][first], _DEAD)]


def not_bundled(batch: Batch) -> Iterator[Exact]:
    rows, dead = _stays(batch)
    admitted, left, birth = rows["admission_date"][dead], rows["discharge_date"][dead], born(batch)[rows.claim[dead]]
    known = where((birth > 0) & (left >= birth))
    newborn = np.zeros(len(dead), np.bool_)
    newborn[known] = _day_numbers(left[known]) - _day_numbers(birth[known]) < _NEWBORN_DAYS
    yield from _at(rows, dead[(left > 0) & ((admitted == left) | newborn)], "dpc_outcome")


def _day_numbers(dates: Ints) -> Ints:
    """Return dates YYYYMMDD as numbers of days."""
    months = (dates // 10_000 - 1970) * 12 + dates // 100 % 100 - 1
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + dates % 100


def no_discharge(batch: Batch) -> Iterator[Exact]:
    rows, dead = _stays(batch)
    yield from _at(rows, dead[~filled(rows["discharge_date"][dead])], "discharge_date")


# --- dental ---


def no_header_inside(_: Batch) -> Iterator[MightRows]:
    """These rules speak of the file's header; what a dental claim says of its institution, others hold against it."""
    yield from ()


def _institutions(batch: Batch) -> tuple[Table, Ints]:
    """Return the row of each claim that says whose it is."""
    rows = batch.table("institutions")
    first = first_rows(batch, rows)
    return rows, first[first >= 0]


def _differing(batch: Batch, names: tuple[str, ...]) -> Iterator[Exact]:
    """Yield the first item of each claim's institution that is another one in the file's header."""
    rows, first = _institutions(batch)
    for name in names:
        of_file = batch.header[name] if batch.header else None
        if of_file is not None:
            own = rows[name][first]
            other = readable(own) & (own != key(of_file))
            yield from _at(rows, first[other], name)
            first = first[~other]


def other_institutions_claim(batch: Batch) -> Iterator[Exact]:
    yield from _differing(batch, _ATTRIBUTED)


def other_month_of_claim(batch: Batch) -> Iterator[Exact | Might]:
    rows, first = _institutions(batch)
    own = rows["claim_month"][first]
    unsure = filled(own) & (own < 0)  # The rule reads months that the layout does not take, such as those of eras.
    odd = np.zeros(len(batch), np.bool_)
    odd[rows.claim[first[unsure]]] = True
    for found in _differing(batch, (_BODY,)):
        sure = found.rows[~odd[rows.claim[found.rows]]]
        yield from _at(rows, sure, _BODY)
    if batch.claim_month:
        yield from _at(rows, first[~unsure & (own > 0) & (own != batch.claim_month)], "claim_month")
    yield Might(where(odd))


def diseases_of_teeth(batch: Batch) -> Iterator[Exact]:
    rows = batch.table("named")
    mine = where(rows.own & (rows.record == batch.row_of("HS")))
    claim = rows.claim[mine]
    yield Exact(batch.table("head"), where(~batch.has("HS")))
    place = np.arange(len(claim)) - np.searchsorted(claim, claim)
    yield Exact(rows, mine[place == _MOST_DISEASES])


# --- pharmacy ---


def no_prescriber(batch: Batch) -> Iterator[Exact]:
    head = batch.table("head")
    without = ~filled(head["prescriber_code"]) & ~filled(head["prescriber_name"])
    yield from _at(head, where(without), "prescriber_code", alone=True)


def _dispensed(batch: Batch) -> tuple[Table, Bools, Ints]:
    """Return the table of what was dispensed, which rows say when, and those days (0 if unknown)."""
    rows = batch.table("coded")
    return rows, rows.own & (rows.record == batch.row_of("CZ")), np.maximum(rows["dispensing_date"], 0)


def dispensed_too_early(batch: Batch) -> Iterator[Exact]:
    rows, mine, day = _dispensed(batch)
    yield from _at(rows, where(mine & (day > 0) & (day < rows["prescription_date"])), "dispensing_date")


def dispensed_in_other_month(batch: Batch) -> Iterator[Exact]:
    rows, mine, day = _dispensed(batch)
    month = batch.month[rows.claim]
    yield from _at(rows, where(mine & (day > 0) & (month > 0) & (day // 100 != month)), "dispensing_date")


SCANS: Final[Mapping[str, Scan]] = {
    "L3110": medication_note,
    "L3240": diseases_of_the_stay,
    "L3740": not_bundled,
    "L3820": no_discharge,
    "X1016": no_header_inside,
    "X1018": no_header_inside,
    "X1020": no_header_inside,
    "X1022": no_header_inside,
    "X8004": no_header_inside,
    "X1043": other_institutions_claim,
    "X1044": other_month_of_claim,
    "X2029": diseases_of_teeth,
    "X3038": no_prescriber,
    "X3039": dispensed_too_early,
    "X3040": dispensed_in_other_month,
}
