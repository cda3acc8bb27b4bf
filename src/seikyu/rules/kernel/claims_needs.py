"""Scans of the rules with fee tables on what an item needs or must not have: bases, diseases, comments, notices."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np

from seikyu.records import Month
from seikyu.rules.kernel.batch import Batch, Bools, Ints
from seikyu.rules.kernel.claims_coded import said
from seikyu.rules.kernel.claims_registers import diseases_of
from seikyu.rules.kernel.coded import HUNDREDTHS, NONE, Sheet, codes_of
from seikyu.rules.kernel.items import (
    DAYS,
    ByCode,
    bits_of,
    board,
    drugs_by_code,
    first_day_item,
    inward_by_code,
    places,
    procedures_by_code,
    starts_of,
    versions,
)
from seikyu.rules.kernel.jitted import fees, wants
from seikyu.rules.kernel.jitted import scan as c
from seikyu.rules.kernel.scans import Might, Scan, filled, key, readable, where
from seikyu.rules.with_fee_tables import drugs as rules_of_drugs
from seikyu.rules.with_fee_tables import needed as rules_of_needs
from seikyu.rules.with_fee_tables import notices as rules_of_notices
from seikyu.rules.with_fee_tables.lines import TAKEN_AWAY

_NOTES: Final = ("note_code", "note_serial", "notice_class_1")
_CODE_CHARS: Final = 9
_NO_DISEASE_UNTIL: Final = max(map(int, rules_of_drugs.NO_DISEASES))
_UNCODED: Final = int(rules_of_drugs.UNCODED)
_GOES_ON: Final = key(rules_of_drugs.GOES_ON)
#: What a hundredth is in a column of decimals.
_HUNDREDTH: Final = 10**c.DECIMALS // HUNDREDTHS
#: What is known of an institution's notices is kept for the months of its file.
_KEPT: Final = 64


# --- bases ---


def _bases_of(sheet: Sheet) -> tuple[Ints, Ints, Ints]:
    """Return additions, bases, and which of them belong together."""
    addition, base = np.divmod(sheet.codes, sheet.rest)
    (additions, row), (bases, column) = (np.unique(codes, return_inverse=True) for codes in (addition, base))
    return additions, bases, bits_of(row, column, size=(len(additions), len(bases)))


def _notes_of(sheet: Sheet) -> tuple[Ints, Ints]:
    """Return the note of each row of the master of procedures, 0 for none, and whether it is a base or an addition."""
    notes = sheet.text("note_code")
    noted = np.array([bool(note.strip("0")) for note in notes], np.bool_)
    basic = np.array([(serial or "0") in rules_of_needs.BASE for serial in sheet.text("note_serial")], np.bool_)
    added = sheet["notice_class_1"] == rules_of_needs.ADDITION
    number = np.unique(np.array(notes), return_inverse=True)[1] + 1
    return np.where(noted, number, 0), np.where(basic, wants.BASIC, np.where(added, wants.ADDED, 0))


def addition_without_base(batch: Batch) -> Iterator[Might]:
    found, hit = batch.once(procedures_by_code), np.zeros(len(batch), np.bool_)
    for (sheet,), mine in versions(batch, "fee_bases", whole=True):
        assert sheet is not None  # noqa: S101  (of one kind there is no empty set)
        additions, bases, bits = sheet.once(_bases_of)
        matrix = fees.Matrix(places(additions, found.codes), places(bases, found.codes), bits)
        fees.without_base(matrix, board(bits, found.items), found.items, mine, hit)
    codes = batch.once(codes_of)
    sheets, which = codes.sheets("s", _NOTES)
    for at, sheet in enumerate(sheets):
        note, sort = sheet.once(_notes_of)
        row = sheet.rows.find(found.codes)
        notes = np.where(row >= 0, note[row], NONE)
        seen = np.full(len(note) + 1, -1, np.int64)
        wants.without_noted(found.items, notes, sort[row], seen, which[codes.month_of] == at, hit)
    yield Might(where(hit))


# --- diseases ---


@dataclass(frozen=True, slots=True, eq=False)
class _Sick:
    """The diseases of the claims: those of claim n stand from `start[n]` on; `known` are claims whose all are coded."""

    code: Ints
    start: Ints
    known: Bools
    certain: Ints


def _diseases(batch: Batch) -> _Sick:
    found = batch.once(diseases_of)
    known = np.zeros(len(batch), np.bool_)
    known[found.claim] = True
    column = found.table["disease_code"][found.rows]
    known[found.claim[~readable(column) | (found.code == _UNCODED)]] = False
    plain = ~filled(found.table["modifier_codes"][found.rows])
    goes_on = found.table["outcome"][found.rows] == _GOES_ON
    certain = np.where(plain & goes_on, found.code, NONE)
    return _Sick(found.code, starts_of(found.claim, len(batch)), known, certain)


def _memory() -> Ints:
    """Return room in which a loop remembers what it has found."""
    return np.full(1 << wants.REMEMBERED_BITS, -1, np.int64)


def _there(sheet: Sheet) -> Bools:
    """Return the rows that were not taken away."""
    return ~np.isin(sheet.column("change"), list(TAKEN_AWAY))


def _indicated(sheet: Sheet) -> Bools:
    """Return the groups of keys that name diseases which one must have, and nothing that is none."""
    starts = sheet.starts[:-1]
    of_disease = sheet.codes[starts] % sheet.rest > _NO_DISEASE_UNTIL
    return np.logical_or.reduceat(_there(sheet), starts) & of_disease


def _without_disease(batch: Batch, kind: str, found: ByCode) -> Iterator[Might]:
    sick, hit = batch.once(_diseases), np.zeros(len(batch), np.bool_)
    for (sheet,), mine in versions(batch, kind, whole=True):
        assert sheet is not None  # noqa: S101  (of one kind there is no empty set)
        group = sheet.groups.find(found.codes)
        group[~sheet.once(_indicated)[group]] = NONE
        wanted, others = mine & sick.known, sick.code
        wants.met(
            group, sheet.starts, sheet.codes, sheet.rest, found.items, others, sick.start, _memory(), wanted, False, hit
        )
    yield Might(where(hit))


def drug_without_disease(batch: Batch) -> Iterator[Might]:
    yield from _without_disease(batch, "drug_indications", batch.once(drugs_by_code))


def procedure_without_disease(batch: Batch) -> Iterator[Might]:
    yield from _without_disease(batch, "procedure_indications", batch.once(procedures_by_code))


def _forbidden(sheet: Sheet) -> tuple[Ints, Ints, Ints]:
    """Return the keys that were not taken away, where those of each drug begin, and the drugs."""
    keys = sheet.codes[_there(sheet)]
    codes, row = np.unique(keys // sheet.rest, return_inverse=True)
    return keys, starts_of(row, len(codes)), codes


def drug_against_disease(batch: Batch) -> Iterator[Might]:
    found, sick, hit = batch.once(drugs_by_code), batch.once(_diseases), np.zeros(len(batch), np.bool_)
    for (sheet,), mine in versions(batch, "drug_contraindications"):
        assert sheet is not None  # noqa: S101  (of one kind there is no empty set)
        keys, starts, codes = sheet.once(_forbidden)
        group = places(codes, found.codes)
        wants.met(group, starts, keys, sheet.rest, found.items, sick.certain, sick.start, _memory(), mine, True, hit)
    yield Might(where(hit))


# --- doses and days of drugs ---


@dataclass(frozen=True, slots=True, eq=False)
class _Doses:
    """The rows of lines in the table of doses: most a day, most days, and whether they may and surely do hold."""

    most_a_day: Ints
    most_days: Ints
    may: Bools
    does: Bools


def _doses(batch: Batch) -> _Doses:
    found, codes = batch.once(inward_by_code), batch.once(codes_of)
    claim = found.lines.claim
    rows = codes.held("drug_doses", claim, found.codes[found.lines.number])
    there = rows.there & codes.current("drug_doses")[claim]
    since, until = rows["since"], rows["until"]
    first, last = batch.month[claim] * 100 + 1, batch.last_day[claim]
    may = there & (since <= last) & ((until == NONE) | (until >= first))
    does = there & (since <= first) & ((until == NONE) | (until >= last))
    return _Doses(rows["most_a_day"], rows["most_days"], may, does)


def too_much_in_a_day(batch: Batch) -> Iterator[Might]:
    found, doses = batch.once(inward_by_code), batch.once(_doses)
    amount = batch.table("lines")["quantity"][found.rows]
    much = (amount > doses.most_a_day * _HUNDREDTH) | (amount == c.BIG)
    yield Might(np.unique(found.lines.claim[doses.may & (doses.most_a_day > 0) & much]))


def _longest_of(sheet: Sheet) -> Ints:
    """Return for how many days each drug may be given at once, whatever for; `NONE` without a limit."""
    most, starts = sheet.column("most_days"), sheet.starts[:-1]
    free = (most <= 0) | (most == rules_of_drugs.NO_LIMIT)
    return np.where(np.logical_or.reduceat(free, starts), NONE, np.maximum.reduceat(most, starts))


def for_too_many_days(batch: Batch) -> Iterator[Might]:
    found, doses = batch.once(inward_by_code), batch.once(_doses)
    most = np.full(len(found.rows), NONE, np.int64)
    for (sheet,), mine in versions(batch, "drug_indications", whole=True):
        assert sheet is not None  # noqa: S101  (of one kind there is no empty set)
        group = sheet.groups.find(found.codes)
        longest = np.where(group >= 0, sheet.once(_longest_of)[group], NONE)
        most = np.where(mine[found.lines.claim], longest[found.lines.number], most)
    own = doses.most_days
    either = np.where((own > 0) & (most > 0), np.minimum(own, most), np.maximum(own, most))
    most = np.where(doses.does, own, np.where(doses.may, either, most))
    yield Might(np.unique(found.lines.claim[_for_longer(batch, found, most)]))


def _for_longer(batch: Batch, found: ByCode, most: Ints) -> Ints:
    """Return the lines with more than so many days at once."""
    lines = found.lines
    asked = where((most > 0) & (lines.total > most))
    longest = np.empty(len(asked), np.int64)
    first, counts = first_day_item(batch, "IY"), np.empty(DAYS, np.int64)
    fees.longest(batch.buffer, lines.start[asked], lines.length[asked], first, counts, longest)
    return asked[(lines.odd[asked] > 0) | (longest > most[asked])]


def _classes_of(sheet: Sheet) -> tuple[Ints, Ints, Ints]:
    """Return the drugs with classes, where those of each begin, and the classes as numbers."""
    codes, row = np.unique(sheet.codes, return_inverse=True)
    classes = np.unique(np.array(sheet.text("drug_class")), return_inverse=True)[1]
    return codes, starts_of(row, len(codes)), classes.astype(np.int64)


def doubled_drug(batch: Batch) -> Iterator[Might]:
    found, hit = batch.once(inward_by_code), np.zeros(len(batch), np.bool_)
    for (sheet,), mine in versions(batch, "drug_classes"):
        assert sheet is not None  # noqa: S101  (of one kind there is no empty set)
        codes, starts, classes = sheet.once(_classes_of)
        seen, days = np.full(len(sheet), -1, np.int64), np.empty(len(sheet), np.int64)
        wants.doubled(places(codes, found.codes), starts, classes, found.items, seen, days, mine, hit)
    yield Might(where(hit))


# --- comments ---


@dataclass(frozen=True, slots=True, eq=False)
class _Comments:
    """Which comments codes want: the sets of each code, the members of each set as places in `known`."""

    codes: Ints
    sets: Ints
    bounds: Ints
    members: Ints
    known: Ints


def _comments_of(sheet: Sheet) -> _Comments:
    always = sheet["condition"] == rules_of_needs.ALWAYS
    for name in ("not_billed", "in_out"):
        always &= sheet[name] <= 0
    always &= sheet["until"] == NONE
    groups: dict[tuple[int, str, str, str], set[str] | None] = {}
    columns = (sheet.text(name) for name in ("item", "section", "branch", "comment_code"))
    for code, *group, comment, holds in zip(sheet.codes.tolist(), *columns, always.tolist(), strict=True):
        wanted = groups.setdefault((code, *group), set())
        if wanted is not None and comment and holds:
            wanted.add(comment)
        else:
            groups[code, *group] = None
    told = sorted((place[0], sorted(wanted)) for place, wanted in groups.items() if wanted)
    codes, row = np.unique(np.array([code for code, _ in told], np.int64), return_inverse=True)
    member = np.array([_number(comment) for _, wanted in told for comment in wanted], np.int64)
    known = np.unique(member[member >= 0])
    bounds = np.cumsum([0, *(len(wanted) for _, wanted in told)])
    return _Comments(codes, starts_of(row, len(codes)), bounds, places(known, member), known)


def _number(comment: str) -> int:
    """Return a comment's code as columns have it, `NONE` for one that nobody can say."""
    return int(comment) if comment.isascii() and comment.isdigit() and len(comment) == _CODE_CHARS else NONE


_FREE_TEXT: Final = int(rules_of_needs.FREE_TEXT)


def comment_missing(batch: Batch) -> Iterator[Might]:
    found, hit = batch.once(procedures_by_code), np.zeros(len(batch), np.bool_)
    for (sheet,), mine in versions(batch, "required_comments", whole=True):
        assert sheet is not None  # noqa: S101  (of one kind there is no empty set)
        wanted = sheet.once(_comments_of)
        claim, code = batch.once(said)
        rows, seen = places(wanted.codes, found.codes), np.full(len(wanted.known), -1, np.int64)
        wants.unsaid(
            rows,
            wanted.sets,
            wanted.bounds,
            wanted.members,
            wanted.known,
            _FREE_TEXT,
            found.items,
            code,
            starts_of(claim, len(batch)),
            seen,
            mine,
            hit,
        )
    yield Might(where(hit))


# --- notices ---


@lru_cache(maxsize=_KEPT)
def _told(*about: Any) -> Ints:
    """Return what was told about something by place, -1 for what was not asked yet; the first of it is counted.

    Behind the last place stands what is told of none.
    """
    return np.append(np.full(about[0], -1, np.int64), 0)


def _asked(told: Ints, wanted: Ints, judge: Callable[[int], bool]) -> Ints:
    """Return what is told of places, -1 for none; what was not asked before is asked now."""
    found = told[wanted]
    if (found < 0).any():
        for place in np.unique(wanted[found < 0]).tolist():
            told[place] = judge(place)
        found = told[wanted]
    return found


def _standards_of(sheet: Sheet) -> tuple[list[tuple[str, ...]], Ints]:
    """Return the different sets of standards of a master of procedures, and the set of each row; behind it, of none."""
    columns = np.stack([np.maximum(sheet[name], 0) for name in rules_of_notices.FACILITIES], axis=1)
    sets, of_row = np.unique(columns, axis=0, return_inverse=True)
    return [rules_of_notices.named(numbers) for numbers in sets.tolist()], np.append(of_row, NONE)


def _by_month(
    batch: Batch, sheets: tuple[list[Sheet], Ints], judge: Callable[[Sheet, Ints, Month], Ints | None]
) -> Iterator[Might]:
    """Yield the claims with procedures of which something is told for their month.

    The judge tells it of codes by the version that holds, and the codes' rows in it, -1 for none.
    """
    found, codes = batch.once(procedures_by_code), batch.once(codes_of)
    hits = np.zeros((len(codes.months), len(found.codes)), np.int64)
    rows = [sheet.rows.find(found.codes) for sheet in sheets[0]]
    for at, (month, which) in enumerate(zip(codes.months, sheets[1].tolist(), strict=True)):
        told = judge(sheets[0][which], rows[which], month) if month and which >= 0 else None
        if told is not None:
            hits[at] = told
    if hits.any():
        claim = found.lines.claim[found.items.first]
        yield Might(np.unique(claim[hits[codes.month_of[claim], found.items.number] > 0]))


def not_notified(batch: Batch) -> Iterator[Might]:
    masters, institution = batch.masters, batch.institution

    def lacking(sheet: Sheet, row: Ints, month: Month) -> Ints | None:
        known = rules_of_notices.notified(masters, institution, month)
        standards = masters.at("facility_standards", month)
        if not known or standards is None or not standards.has("notified"):
            return None
        sets, of_row = sheet.once(_standards_of)
        told = _told(len(sets), sheet, standards, masters, institution, month)
        return _asked(told, of_row[row], lambda each: rules_of_notices.is_lacking(standards, sets[each], known))

    yield from _by_month(batch, batch.once(codes_of).sheets("s", ("facility_1",)), lacking)


def other_class_of_fee(batch: Batch) -> Iterator[Might]:
    masters, institution = batch.masters, batch.institution

    def others(sheet: Sheet, row: Ints, month: Month) -> Ints | None:
        held = rules_of_notices.held_of(rules_of_notices.notified(masters, institution, month))
        if not held:
            return None

        def other(each: int) -> bool:
            code = f"{sheet.codes[each]:0{_CODE_CHARS}d}"
            return bool(rules_of_notices.others_held(sheet.version, code, held))

        return _asked(_told(len(sheet), sheet, masters, institution, month), row, other)

    yield from _by_month(batch, batch.once(codes_of).sheets("basic_fee_classes", ()), others)


SCANS: Final[Mapping[str, Scan]] = {
    "X4005": addition_without_base,
    "X4020": procedure_without_disease,
    "X4025": comment_missing,
    "X4013": drug_without_disease,
    "X4014": drug_against_disease,
    "X4015": too_much_in_a_day,
    "X4016": for_too_many_days,
    "X4017": doubled_drug,
    "L4428": not_notified,
    "L4653": other_class_of_fee,
}
