"""From what the pass wrote down to findings and index rows: the rules' scans, the order, the limit, and the totals."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from seikyu.limits import limit
from seikyu.records import Month, table
from seikyu.records import Scope as RecordScope
from seikyu.rules.catalogue import RuleBook, catalogue
from seikyu.rules.finding import Refuses
from seikyu.rules.index import ROW_BYTES, WORST
from seikyu.rules.kernel import (
    claims_coded,
    claims_dpc,
    claims_fees,
    claims_head,
    claims_kinds,
    claims_lines,
    claims_needs,
    claims_payers,
    claims_points,
    claims_registers,
)
from seikyu.rules.kernel.batch import Batch, Bools, Ints
from seikyu.rules.kernel.compile import NUMBER_OF, Tables, rule_numbers
from seikyu.rules.kernel.found import CLAIM, EVENT, HEAD_ALONE, READY, RECORD, Claims, FoundInBatch, Hits
from seikyu.rules.kernel.jitted import scan as c
from seikyu.rules.kernel.scans import Exact, Might, MightRows, Scan
from seikyu.rules.plan import Problem
from seikyu.rules.reading import PLACES_KEPT
from seikyu.rules.reference import OFFICIAL_L2, Reference
from seikyu.rules.rule import Rule
from seikyu.rules.summary import STANDINGS, Totals
from seikyu.rules.view import Place

#: The index row of `rules.index`, field by field.
ROW: Final = np.dtype(
    {
        "names": ["offset", "length", "line", "claim_no", "month", "type", "worst", "refused", "insurer", "payers",
                  "outcome", "reason", "points", "identity", "shares"],
        "formats": ["<u8", "<u8", "<u4", "<i4", "<i4", "<u2", "u1", "u1", "u1", "u1", "u1", "u1", "<i8", "V16",
                    (np.dtype({"names": ["number", "points", "days", "meals"], "formats": ["V8", "<i8", "<i2", "<i8"],
                               "offsets": [0, 8, 16, 18], "itemsize": 26}), 5)],
        "offsets": [0, 8, 16, 20, 24, 28, 30, 31, 32, 33, 34, 35, 37, 45, 61],
        "itemsize": ROW_BYTES,
    }
)  # fmt: skip
_MOST_CLAIM_NO: Final = 2**31 - 1
#: Codes of four digits stand in columns from here on.
_FOUR_DIGITS: Final = 10_000

#: The scans of all rules, by code.
SCANS: Final[Mapping[str, Scan]] = {
    **claims_head.SCANS,
    **claims_payers.SCANS,
    **claims_lines.SCANS,
    **claims_kinds.SCANS,
    **claims_coded.SCANS,
    **claims_points.SCANS,
    **claims_registers.SCANS,
    **claims_dpc.SCANS,
    **claims_fees.SCANS,
    **claims_needs.SCANS,
}


@dataclass(frozen=True, slots=True, eq=False)
class Docket:
    """The rules of one book, numbered as the catalogue has them, with what is asked of each at once.

    Shape: `rules` are all rules of the catalogue by code, so that a rule's number sorts as its code does. `items` is
    `[record][item][problem]`. `worst`, `refuses` and `unreadable` say what a finding of each rule does.
    """

    rules: tuple[Rule, ...]
    items: NDArray[np.int32]
    character: int
    records: tuple[tuple[int, tuple[str, ...]], ...]
    claims: tuple[int, ...]
    keeps: bool
    worst: Ints
    refuses: Ints
    unreadable: Bools


#: So many dockets are kept; an office has two books (with and without ASP) and a few layouts.
_DOCKETS_KEPT: Final = 64
_DOCKETS: Final[dict[tuple[int, str], tuple[RuleBook, Docket]]] = {}


def docket_of(book: RuleBook, tables: Tables) -> Docket:
    """Return the docket of a book for a layout; it is made once for each book."""
    key = id(book), tables.layout.name
    kept = _DOCKETS.get(key)
    if kept is None or kept[0] is not book:
        if len(_DOCKETS) >= _DOCKETS_KEPT:
            _DOCKETS.clear()
        kept = _DOCKETS[key] = book, _made(book, tables)
    return kept[1]


def _made(book: RuleBook, tables: Tables) -> Docket:
    rules = catalogue()
    number_of = {rule.code: at for at, rule in enumerate(rules)}
    character = book.item_rule("*", "*", Problem.CHARACTER)
    return Docket(
        rules=rules,
        items=rule_numbers(book, tables, number_of),
        character=number_of[character.code] if character else -1,
        records=_record_rules(book, tables, number_of),
        claims=tuple(number_of[rule.code] for rule, _ in book.claim),
        keeps=bool(book.claim or book.record),
        worst=np.array([WORST.index(rule.level.value) for rule in rules], np.int64),
        refuses=np.array([_EFFECT[rule.refuses] for rule in rules], np.int64),
        unreadable=np.array([rule.code.startswith(OFFICIAL_L2) for rule in rules], np.bool_),
    )


def _record_rules(
    book: RuleBook, tables: Tables, number_of: Mapping[str, int]
) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """Return the rules on single records of claims, each with its records; the reference reads those of the file."""
    found: dict[int, list[str]] = {}
    for rid, judges in book.record.items():
        record = tables.layout.records.get(rid)
        if record and record.scope is not RecordScope.FILE:
            for rule, _ in judges:
                found.setdefault(number_of[rule.code], []).append(rid)
    return tuple((number, tuple(rids)) for number, rids in sorted(found.items()))


_EFFECT: Final = {None: 0, Refuses.CLAIM: 1, Refuses.FILE: 2}


def judged(batch: Batch, docket: Docket, reference: Reference) -> tuple[Hits, FoundInBatch]:
    """Return all hits of a batch, and the block of findings of those that are listed, in the order of the list.

    What the file as a whole must know of them is told to the reference.
    """
    claims = Claims(reference, batch)
    ready: list[Place] = []
    _controls(batch, claims, reference)
    of_lines = _of_lines(batch, docket, claims, ready)
    told = Hits.joined([*of_lines, *_of_claims(batch, docket, claims, ready, reference=reference)])
    file = reference.file
    reference.found += len(told)
    file.refused = file.refused or bool((docket.refuses[told.rule] == _EFFECT[Refuses.FILE]).any())
    file.unreadable_codes += int(docket.unreadable[told.rule].sum())
    room = limit("findings_per_file") - reference.listed
    listed = told
    if len(told) > room:
        file.findings_left_out += len(told) - max(room, 0)
        listed = _first(told, room, sum(map(len, of_lines)))
    reference.listed += len(listed)
    order = np.lexsort((listed.rule, listed.item, listed.line, listed.claim))
    block = FoundInBatch(listed[order], docket.rules, claims, ready=ready, show_personal=reference.show_personal)
    return told, block


def _controls(batch: Batch, claims: Claims, reference: Reference) -> None:
    """Keep the places of control bytes, as many as the file keeps."""
    places = reference.file.controls
    events = batch.events[batch.events[:, c.V_PROBLEM] == c.E_CONTROL]
    for event in events[: max(0, PLACES_KEPT - len(places))]:
        _, line, row, item, _, start, length = (int(number) for number in event)
        if row == 0xFF:  # noqa: PLR2004  (an unknown record)
            places.append(Place(line=line, found=f"{batch.buffer[start + item]:02X}"))
        else:
            record = claims.record(row, line=line, start=start, length=length, judged=False)
            found = f"{batch.buffer[start + (item >> 12)]:02X}"
            places.append(record.place(item & 0xFFF, found=found))


def _first(told: Hits, room: int, of_lines: int) -> Hits:
    """Return the hits that are told first: claim by claim what is of single lines, then what is of the claim."""
    if room <= 0:
        return told[:0]
    later = np.arange(len(told)) >= of_lines
    order = np.lexsort((np.where(later, 0, told.line), later, told.claim))
    return told[order[:room]]


def _of_lines(batch: Batch, docket: Docket, claims: Claims, ready: list[Place]) -> list[Hits]:
    """Return what is told of single lines: of each, items first, then the rules of their record."""
    parts = [_of_items(batch, docket)]
    for number, rids in docket.records:
        parts += _of_record(batch, docket, number, rids, claims=claims, ready=ready)
    return parts


def _of_items(batch: Batch, docket: Docket) -> Hits:
    """Return the rules of the items that the pass found wrong."""
    events = batch.events
    of_items = events[:, c.V_PROBLEM] < c.E_CONTROL
    events = events if of_items.all() else events[of_items]
    record, item, problem = events[:, c.V_RECORD], events[:, c.V_ITEM], events[:, c.V_PROBLEM]
    widths = np.array([len(plan.layout.items) for plan in batch.tables.record_plans], np.int64)
    beyond = item >= widths[record]
    rule = docket.items[record, np.where(beyond, docket.items.shape[1] - 1, item), problem].astype(np.int64)
    whole = beyond | (problem == NUMBER_OF[Problem.EMPTY_END])
    hits = Hits(
        rule=rule,
        claim=events[:, c.V_CLAIM],
        line=events[:, c.V_LINE],
        item=np.where(whole, 0, item + 1),
        kind=np.full(len(events), EVENT),
        record=record,
        start=events[:, c.V_START],
        length=events[:, c.V_LENGTH],
    )
    return hits[rule >= 0] if (rule < 0).any() else hits


def _of_record(
    batch: Batch, docket: Docket, number: int, rids: tuple[str, ...], *, claims: Claims, ready: list[Place]
) -> Iterator[Hits]:
    """Yield the hits of a rule on single records: by its scan, else by the rule itself on each that it might hit."""
    rule = docket.rules[number]
    scan = SCANS.get(rule.code)
    if scan is None:
        donor = batch.claims[c.C_DONOR] > 0
        for at in np.flatnonzero(batch.has(*rids) | donor):
            claim = claims.claim(int(at))
            records = [record for record in (*claim.own, *claim.donor) if record.id in rids]
            yield from _ready(rule, records, number, int(at), ready=ready)
        return
    for found in scan(batch):
        if isinstance(found, Exact):
            yield _exact(found, number, RECORD)
        else:
            assert isinstance(found, MightRows)  # noqa: S101  (a scan for single records yields nothing else)
            places = found.table
            for row in found.rows:
                record = claims.record(
                    int(places.record[row]),
                    line=int(places.line[row]),
                    start=int(places.start[row]),
                    length=int(places.length[row]),
                )
                yield from _ready(rule, [record], number, int(places.claim[row]), ready=ready)


def _ready(rule: Rule, views: Iterable[Any], number: int, at: int, *, ready: list[Place]) -> Iterator[Hits]:
    """Give views to a rule and yield what it says, as hits."""
    for view in views:
        for place in rule.find(view) if rule.find else ():
            ready.append(place)
            item = place.item.no if place.item else 0
            row = (number, at, place.line or 0, item, READY, 0, len(ready) - 1, 0)
            yield Hits(*(np.array([value], np.int64) for value in row))


def _exact(found: Exact, number: int, kind: int) -> Hits:
    table, rows = found.table, found.rows
    count = len(rows)
    return Hits(
        rule=np.full(count, number, np.int64),
        claim=table.claim[rows],
        line=table.line[rows],
        item=np.broadcast_to(np.asarray(found.item, np.int64), (count,)),
        kind=np.full(count, kind, np.int64),
        record=table.record[rows],
        start=table.start[rows],
        length=table.length[rows],
    )


def _of_claims(batch: Batch, docket: Docket, claims: Claims, ready: list[Place], *, reference: Reference) -> list[Hits]:
    """Return what is told of claims, rule by rule in the order of the book."""
    parts: list[Hits] = []
    looks: dict[int, list[tuple[int, int]]] = {}
    for number, holds in _judging(batch, docket, reference):
        rule = docket.rules[number]
        scan = SCANS.get(rule.code)
        for found in scan(batch) if scan else (Might(np.arange(len(batch))),):
            if isinstance(found, Exact):
                rows = found.rows if holds is None else found.rows[holds[found.table.claim[found.rows]]]
                if len(rows):
                    item = found.item if isinstance(found.item, int) or holds is None else _kept(found, rows)
                    hits = _exact(Exact(found.table, rows, item), number, HEAD_ALONE if found.alone else CLAIM)
                    parts.append(hits)
            else:
                assert isinstance(found, Might)  # noqa: S101  (a scan for claims yields nothing else)
                for at in found.claims if holds is None else found.claims[holds[found.claims]]:
                    asked = looks.setdefault(int(at), [])
                    if not asked or asked[-1][1] != number:  # A scan may name a claim more than once.
                        asked.append((len(parts), number))
                if len(found.claims):
                    parts.append(Hits.joined([]))
    _look(docket, claims, looks, parts, ready=ready)
    return [part for part in parts if len(part)]


def _judging(batch: Batch, docket: Docket, reference: Reference) -> Iterator[tuple[int, Bools | None]]:
    """Yield the rules that look at the batch, each with the claims that it looks at; None for all."""
    served = _served(batch, reference)
    known: dict[tuple[tuple[str, ...], Month | None], Bools | None] = {}
    for number in docket.claims:
        rule = docket.rules[number]
        if rule.tables and rule.code not in served:
            continue
        asked = rule.on, rule.since
        if asked not in known:
            known[asked] = _holds(batch, rule)
        holds, there = known[asked], served.get(rule.code)
        yield number, holds if there is None else there if holds is None else holds & there


def _served(batch: Batch, reference: Reference) -> dict[str, Bools | None]:
    """Return for each rule that needs masters which claims it can speak about: those of the months it is served for.

    Shape: None for all; a rule that is not served at all is not there.
    """
    alike: dict[frozenset[str], list[int]] = {}
    numbers = np.unique(batch.month)
    for number in numbers.tolist():
        month = Month(number // 100, number % 100) if number else None
        judges = reference.needs.served(reference.book.of_month(month), month)
        alike.setdefault(frozenset(rule.code for rule, _ in judges if rule.tables), []).append(number)
    found: dict[str, Bools | None] = {}
    for codes, months in alike.items():
        claims = np.isin(batch.month, months) if len(alike) > 1 else None
        for code in codes:
            before = found.get(code)
            found[code] = claims if before is None or claims is None else before | claims
    return found


def _kept(found: Exact, rows: Ints) -> Ints:
    return np.asarray(found.item)[np.isin(found.rows, rows)]


def _look(
    docket: Docket, claims: Claims, looks: dict[int, list[tuple[int, int]]], parts: list[Hits], *, ready: list[Place]
) -> None:
    """Give each claim that might be hit to the rules that ask for it, and put what they say at their place."""
    for at in sorted(looks):
        claim = claims.claim(at)
        for place, number in looks[at]:
            hits = list(_ready(docket.rules[number], [claim], number, at, ready=ready))
            if hits:
                parts[place] = Hits.joined([parts[place], *hits])


def _holds(batch: Batch, rule: Rule) -> Bools | None:
    """Return which claims a rule looks at: those of its months that have one of its records; None for all."""
    holds = None
    if rule.on:
        there = batch.has(*rule.on)
        holds = None if there.all() else there
    if rule.since:
        late = (batch.month == 0) | (batch.month >= int(rule.since))
        if not late.all():
            holds = late if holds is None else holds & late
    return holds


# --- the claims themselves ---


def rows_of(batch: Batch, told: Hits, docket: Docket, numbers: NDArray[np.uint8], offset: int) -> NDArray[np.void]:
    """Return the index rows of a batch that begins at `offset` of the file."""
    claims = batch.claims
    count = len(batch)
    rows = np.zeros(count, ROW)
    rows["offset"] = claims[c.C_START] + offset
    rows["length"] = claims[c.C_END] - claims[c.C_START]
    rows["line"] = claims[c.C_LINE]
    rows["claim_no"] = np.clip(claims[c.C_NO], -1, _MOST_CLAIM_NO)
    rows["month"] = batch.month
    rows["type"] = np.where(claims[c.C_TYPE] >= _FOUR_DIGITS, claims[c.C_TYPE] - _FOUR_DIGITS, 0)
    worst = np.zeros(count, np.int64)
    np.maximum.at(worst, told.claim, docket.worst[told.rule])
    rows["worst"] = worst
    refused = told.claim[docket.refuses[told.rule] > 0]
    rows["refused"][refused] = 1
    rows["insurer"] = claims[c.C_INSURERS] > 0
    rows["payers"] = claims[c.C_PAYERS]
    rows["points"] = claims[c.C_SHARES]
    rows["identity"] = batch.identities.view("V16")[:, 0]
    shares = rows["shares"]
    shares["number"] = numbers[:count].view("V8")
    for at, name in enumerate(("points", "days", "meals")):
        shares[name] = claims[c.C_SHARES + at : c.C_HISTORY : 3].T
    return rows


def count_claims(reference: Reference, batch: Batch, rows: NDArray[np.void]) -> None:
    """Add a batch's claims to what the file comes to."""
    file = reference.file
    cases = (batch.claims[c.C_INSURERS] > 0) + batch.claims[c.C_PUBLICS]
    refused = rows["refused"] > 0
    asks = ~refused & (rows["worst"] > 1)
    for name, which in zip(STANDINGS, (~refused & ~asks, asks, refused), strict=True):
        part = Totals(int(which.sum()), int(rows["payers"][which].sum()), int(rows["points"][which].sum()))
        reference.totals[name] += part
    counts = np.bincount(batch.once(claims_head.types))
    for code in np.flatnonzero(counts):
        row = table("claim_types").row(f"{code:04d}")
        if row:
            file.kinds_seen[row["kind"]] += int(counts[code])
    file.claims += len(batch)
    file.cases += int(cases.sum())
    file.points += int(rows["points"].sum())
    file.points_unsure |= bool((batch.claims[c.C_KNOWN_POINTS] == 0).any())
