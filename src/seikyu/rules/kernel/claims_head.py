"""Scans of the rules on the claim as a whole: numbering, patient, type, months, order, strays."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

import numpy as np

from seikyu.records import Block, Layout, editions_of, table
from seikyu.rules.claims import type_kind
from seikyu.rules.kernel.batch import Batch, Bools, Ints, Table, days_of_month
from seikyu.rules.kernel.claims_donors import donor_block, donors_out_of_order
from seikyu.rules.kernel.columns import blocks_inside, tables_of
from seikyu.rules.kernel.jitted import scan as c
from seikyu.rules.kernel.scans import Exact, Might, Scan, filled, key, laws_of, readable, where
from seikyu.rules.structure import record_counts

_SCHOOL_AGE: Final = 6
_WORKING_AGE: Final = 15
_ELDERLY_FROM: Final = 70
_ELDERLY_UNTIL: Final = 75
_MOST_NOTES: Final = 5
_NOT_EMPLOYED: Final = (67, 39)
#: Columns of codes below this hold at most six notes.
_FEW_NOTES: Final = 10**13
_WARD_CLASSES: Final = (key("90"), key("92"), key("97"))
_EARLY: Final = ("SN", "JD", "MF")
_BUNDLED: Final = "BU"


# --- what many scans ask of a batch ---


@cache
def _types(column: str, wanted: str) -> Ints:
    """Return by claim type (four digits) whether its row says so: 1 or 0, and -1 for a type without a row."""
    values = np.full(10_001, -1, np.int64)
    for code, row in table("claim_types").items():
        values[int(code)] = row[column].startswith(wanted)
    return values


@cache
def _type_numbers() -> Ints:
    values = np.full(10_001, -1, np.int64)
    for code, row in table("claim_types").items():
        values[int(code)] = int(row["public_payers"])
    return values


def types(batch: Batch) -> Ints:
    """Return the claim type of each claim as a number, 10,000 for none."""
    values = batch.table("head")["claim_type"]
    return np.where(values >= 10_000, values - 10_000, 10_000)


def type_says(batch: Batch, column: str, wanted: str) -> Ints:
    """Return whether the row of each claim's type begins so in a column: 1, 0, or -1 without a row."""
    return _types(column, wanted)[batch.once(types)]


def type_payers(batch: Batch) -> Ints:
    """Return how many public payers each claim's type has, -1 without a row."""
    return _type_numbers()[batch.once(types)]


def inpatient(batch: Batch) -> Ints:
    """Return 1 for 入院, 0 for 入院外, -1 if the type is unknown."""
    return type_says(batch, "in_out", "inpatient")


def first_insurers(batch: Batch) -> Ints:
    """Return the row of each claim's first insurer, -1 for none."""
    return first_rows(batch, batch.table("insurers"))


def first_rows(batch: Batch, rows: Table) -> Ints:
    """Return the first of the claim's own rows in a table, -1 for none."""
    first = np.full(len(batch), -1, np.int64)
    own = where(rows.own)[::-1]
    first[rows.claim[own]] = own
    return first


def of_insurer(batch: Batch, name: str) -> Ints:
    """Return an item of each claim's first insurer, empty for none."""
    first = batch.once(first_insurers)
    values = batch.table("insurers")[name]
    return np.where(first >= 0, values[first], c.EMPTY) if len(values) else np.full(len(batch), c.EMPTY, np.int64)


def laws(batch: Batch) -> Ints:
    """Return the law number of each claim's insurer (see `laws_of`)."""
    return laws_of(of_insurer(batch, "insurer_number"))


def publics(batch: Batch) -> Ints:
    """Return how many public payers each claim has."""
    return batch.claims[c.C_PUBLICS]


def born(batch: Batch) -> Ints:
    """Return the birth date of each claim's patient as YYYYMMDD, 0 if it is unknown."""
    return np.maximum(batch.table("head")["birth_date"], 0)


def next_month(batch: Batch) -> Ints:
    """Return the first day of the month after the service month, as YYYYMMDD."""
    month = batch.month
    return np.where(month % 100 == 12, month + 89, month + 1) * 100 + 1


def age(birth: Ints, on: Ints) -> Ints:
    """Return the completed years on a day, the birthday counting."""
    return (on - birth) // 10_000  # As YYYYMMDD: of the difference, the part before month and day.


def _head(batch: Batch, mask: Bools, name: str = "", *, alone: bool = True) -> Iterator[Exact]:
    """Yield the claims' first records where the mask is true, at the item of that name."""
    rows = where(mask)
    if len(rows):
        head = batch.table("head")
        yield Exact(head, rows, head.no(name, rows) if name else 0, alone=alone)


# --- the scans ---


def no_history(batch: Batch) -> Iterator[Exact]:
    searched = readable(batch.table("head")["search_no"])
    yield from _head(batch, searched & (batch.claims[c.C_HISTORY] == 0), "search_no")


def damaged_history(batch: Batch) -> Iterator[Exact]:
    faults = batch.of_events(c.E_HISTORY)
    yield Exact(faults, np.arange(len(faults)))


def old_month(batch: Batch) -> Iterator[Might]:
    before = batch.claims[c.C_HISTORY_MONTH]
    yield Might(where((before > 0) & (batch.claim_month <= before)))


def search_number(batch: Batch) -> Iterator[Might]:
    searched = batch.table("head")["search_no"]
    yield Might(where(readable(searched) & (searched != c.BIG) & (batch.claims[c.C_HISTORY] > 0)))


def search_number_twice(batch: Batch) -> Iterator[Exact]:
    head = batch.table("head")
    again = np.array(sorted(at for at, (_, search) in batch.repeats.items() if search), np.int64)
    yield Exact(head, again, head.no("search_no", again), alone=True)


def records_of_the_kind(batch: Batch) -> Iterator[Might]:
    variant = batch.layout.variant("") if batch.layout.variant_item else None
    needed, most = record_counts(batch.layout, variant.name if variant else "")
    wrong = np.zeros(len(batch), np.bool_)
    for rid in needed:
        wrong |= ~batch.has(rid)
    for rid, maximum in most.items():
        wrong |= _more_than(batch, rid, maximum)
    yield Might(where(wrong))


def _more_than(batch: Batch, rid: str, maximum: int) -> Bools:
    """Return which claims may have a record more often; not sure of records that no table keeps."""
    more = batch.again(rid)
    name = next((name for name, (members, _) in tables_of(batch.layout).items() if rid in members), None)
    if maximum > 1 and name and more.any():
        rows = batch.table(name)
        mine = rows.own & (rows.record == batch.row_of(rid))
        more &= np.bincount(rows.claim[mine], minlength=len(batch)) > maximum
    return more


def numbering(batch: Batch) -> Iterator[Exact]:
    number, before = batch.table("head")["claim_no"], batch.claims[c.C_NO_BEFORE]
    yield from _head(batch, (number >= 0) & (before >= 0) & (number != before + 1), "claim_no")


def no_name(batch: Batch) -> Iterator[Exact]:
    name = batch.table("head")["patient_name"]
    yield from _head(batch, (name >= 0) & (name & c.BLANK != 0), "patient_name")


def not_pre_school(batch: Batch) -> Iterator[Exact]:
    birth = batch.once(born)
    school = (birth // 10_000 + _SCHOOL_AGE + (birth % 10_000 > 401)) * 100 + 4
    young = type_says(batch, "beneficiary", "preschool") == 1
    yield from _head(batch, young & (birth > 0) & (batch.month > 0) & (batch.month >= school), "claim_type")


def too_young_to_be_insured(batch: Batch) -> Iterator[Exact]:
    birth, law = batch.once(born), batch.once(laws)
    employed = (law >= 0) & (law < 100) & ~np.isin(law, _NOT_EMPLOYED)
    insured = (type_says(batch, "scheme", "insurance or NHI") == 1) & (
        type_says(batch, "beneficiary", "insured/householder") == 1
    )
    young = (birth > 0) & (batch.month > 0) & (age(birth, batch.once(next_month)) < _WORKING_AGE)
    yield from _head(batch, employed & insured & young, "claim_type", alone=False)


def not_elderly(batch: Batch) -> Iterator[Exact]:
    birth, month = batch.once(born), batch.month
    elderly = (type_says(batch, "scheme", "late-stage elderly") == 0) & (
        type_says(batch, "beneficiary", "elderly") == 1
    )
    young = age(birth, batch.once(next_month)) < _ELDERLY_FROM
    before = np.where(month % 100 == 1, month - 89, month - 1)
    old = age(birth, before * 100 + days_of_month(before)) >= _ELDERLY_UNTIL
    yield from _head(batch, elderly & (birth > 0) & (month > 0) & (young | old), "claim_type")


def order(batch: Batch) -> Iterator[Exact]:
    disorder = batch.of_events(c.E_DISORDER)
    yield Exact(disorder, np.arange(len(disorder)))
    judged = np.ones(len(batch), np.bool_)
    judged[disorder.claim] = False  # The first record at a wrong place is told, and that is all.
    for block in blocks_inside(batch.layout):
        yield _block_order(batch, block, judged)
    yield from donors_out_of_order(batch, judged)


def _block_order(batch: Batch, block: Block, judged: Bools) -> Exact:
    """Return the first record of each claim that stands in a part of a block that was not opened."""
    table = batch.table("coded")
    rows = where(table.own & judged[table.claim] & np.isin(table.record, [batch.row_of(rid) for rid in block.records]))
    claim, record, place = table.claim[rows], table.record[rows], np.arange(len(rows))
    opens, again = (record == batch.row_of(rid) for rid in (block.opens, block.again))
    first = np.searchsorted(claim, claim)
    opened = np.maximum.accumulate(np.where(opens, place, -1))
    parted = np.maximum.accumulate(np.where(again, place, -1))
    lost = where(~opens & ((opened < first) | (parted < opened)))
    _, firsts = np.unique(claim[lost], return_index=True)
    return Exact(table, rows[lost[firsts]])


def stray_inside(batch: Batch) -> Iterator[Exact]:
    strays = batch.of_events(c.E_STRAY)
    if len(strays):
        yield Exact(strays, where(~np.isin(_ids(batch), _known_elsewhere(batch.layout))))


def _ids(batch: Batch) -> Ints:
    """Return the first two bytes of each stray line."""
    strays = batch.of_events(c.E_STRAY)
    first, second = (batch.buffer[strays.start + at].astype(np.int64) for at in (0, 1))
    return np.where(strays.length > 1, first << 8 | second, -1)


@cache
def _known_elsewhere(layout: Layout) -> Ints:
    known = {rid for other in editions_of(layout.kind) for rid in other.records}
    return _numbers(known)


def _numbers(ids: object) -> Ints:
    return np.array(sorted(int.from_bytes(rid.encode(), "big") for rid in ids), np.int64)  # type: ignore[attr-defined]


def eligibility_too_early(batch: Batch) -> Iterator[Might]:
    might = np.zeros(len(batch), np.bool_)
    for rid in _EARLY:
        record = batch.layout.records.get(rid)
        if record:
            since, until = int(record.since or 0), int(record.until or 999_999)
            might |= batch.has(rid) & (batch.month > 0) & ((batch.month < since) | (batch.month >= until))
    strays = batch.of_events(c.E_STRAY)
    if len(strays):
        might[strays.claim[np.isin(_ids(batch), _numbers(_EARLY))]] = True
    yield Might(where(might))


def never(_: Batch) -> Iterator[Might]:
    """A claim that such a rule can hit is odd, for its history, its parts or its size: the reference reads it."""
    yield from ()


def same_claim(batch: Batch) -> Iterator[Exact]:
    head = batch.table("head")
    again = np.zeros(len(batch), np.bool_)
    again[[at for at, (claim, _) in batch.repeats.items() if claim]] = True
    somebody = (batch.claims[c.C_INSURERS] > 0) | (publics(batch) > 0)
    yield Exact(head, where(again & somebody & filled(head["patient_name"])))


def other_kind(batch: Batch) -> Iterator[Might]:
    yield Might(where(_kinds(type_kind(batch.layout.claim_kind))[batch.once(types)] == 0))


@cache
def _kinds(kind: str) -> Ints:
    values = np.full(10_001, -1, np.int64)
    for code, row in table("claim_types").items():
        values[int(code)] = row["kind"] == kind
    return values


def outpatient_with_ward(batch: Batch) -> Iterator[Might]:
    lines = batch.table("lines")
    ward = lines.own & np.isin(lines["service_class"], _WARD_CLASSES)
    there = batch.has(_BUNDLED)
    there[lines.claim[ward]] = True
    yield Might(where(there & (batch.once(inpatient) == 0)))


def future_month(batch: Batch) -> Iterator[Exact]:
    if batch.claim_month:
        latest = batch.claim_month - (89 if batch.claim_month % 100 == 1 else 1)
        yield from _head(batch, batch.month > latest, "service_month")


def born_later(batch: Batch) -> Iterator[Exact]:
    birth = batch.once(born)
    yield from _head(batch, (birth > 0) & (batch.last_day > 0) & (birth > batch.last_day), "birth_date")


def no_admission(batch: Batch) -> Iterator[Exact]:
    admitted = batch.table("head")["admission_date"]
    yield from _head(batch, (batch.once(inpatient) == 1) & ~filled(admitted), "admission_date")


def admitted_later(batch: Batch) -> Iterator[Exact]:
    admitted = batch.table("head")["admission_date"]
    yield from _head(batch, (admitted > 0) & (batch.last_day > 0) & (admitted > batch.last_day), "admission_date")


def admission_of_outpatient(batch: Batch) -> Iterator[Exact]:
    admitted = batch.table("head")["admission_date"]
    yield from _head(batch, (batch.once(inpatient) == 0) & (admitted > 0), "admission_date")


def special_notes(batch: Batch) -> Iterator[Exact | Might]:
    notes = batch.table("head")["special_notes"]
    there = where((notes >= 0) & (notes < _FEW_NOTES))
    if len(there):
        pairs, which = np.unique(notes[there] * 1_000_000 + batch.month[there], return_inverse=True)
        item = batch.layout.records[batch.layout.head].by_name["special_notes"]
        name = item.codes or "special_notes"
        doubtful = np.array(
            [_doubtful(name, int(pair) // 1_000_000, int(pair) % 1_000_000) for pair in pairs], np.bool_
        )
        mask = np.zeros(len(batch), np.bool_)
        mask[there[doubtful[which]]] = True
        yield from _head(batch, mask, "special_notes")
    yield Might(where((notes == c.BIG) | (notes >= _FEW_NOTES)))


@cache
def _doubtful(name: str, notes: int, month: int) -> bool:
    codes = _codes(notes)
    known = table(name)
    wrong = any(not known.valid(code, month or None) for code in codes)
    return wrong or len(set(codes)) < len(codes) or len(codes) > _MOST_NOTES


def _codes(notes: int) -> list[str]:
    text = str(notes)[1:]
    return [text[at : at + 2] for at in range(0, len(text), 2)]


def income_classes(batch: Batch) -> Iterator[Might]:
    notes = batch.table("head")["special_notes"]
    yield Might(where((notes >= 10**4) | (notes == c.BIG)))  # Two notes or more.


def needless_rate(batch: Batch) -> Iterator[Exact]:
    law, rate = batch.once(laws), batch.table("head")["benefit_rate"]
    needless = (law >= 0) & (law < 100) & (law != 67)
    yield from _head(batch, needless & readable(rate), "benefit_rate", alone=False)


def needless_beds(batch: Batch) -> Iterator[Exact]:
    beds = batch.table("head")["bed_count"]
    yield from _head(batch, (batch.once(inpatient) == 1) & readable(beds), "bed_count")


def odd_kana(batch: Batch) -> Iterator[Might]:
    name = batch.table("head")["patient_name_kana"]
    yield Might(where((name >= 0) & (name & c.KATAKANA == 0)))


def no_kana(batch: Batch) -> Iterator[Exact]:
    yield from _head(batch, ~filled(batch.table("head")["patient_name_kana"]), "patient_name_kana")


SCANS: Final[Mapping[str, Scan]] = {
    "L1917": numbering,
    "L3001": no_name,
    "L3129": not_pre_school,
    "L3140": too_young_to_be_insured,
    "X3010": not_elderly,
    "X2001": order,
    "X2055": donor_block,
    "X2002": stray_inside,
    "L4835": eligibility_too_early,
    "X2057": never,
    "X2058": never,
    "XR001": never,
    "X2056": search_number,
    "L2951": never,
    "X3032": same_claim,
    "L1908": numbering,
    "X2063": never,
    "XR002": no_history,
    "XR004": damaged_history,
    "XR007": search_number_twice,
    "XR011": old_month,
    "X1046": numbering,
    "X2062": records_of_the_kind,
    "X2011": other_kind,
    "X2014": outpatient_with_ward,
    "X2015": future_month,
    "X2017": born_later,
    "X2018": no_admission,
    "X2019": admitted_later,
    "X2020": admission_of_outpatient,
    "X3014": special_notes,
    "X3015": income_classes,
    "L4801": needless_rate,
    "L4805": needless_beds,
    "L4834": odd_kana,
    "X8003": no_kana,
}
