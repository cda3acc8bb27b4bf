"""Findings as arrays until somebody looks: a block that makes each finding when it is asked for."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, overload

import numpy as np
from numpy.typing import NDArray

from seikyu.limits import limit
from seikyu.records import Line, LineCutter
from seikyu.rules.blocks import Findings
from seikyu.rules.finding import Finding
from seikyu.rules.kernel.batch import Batch
from seikyu.rules.kernel.jitted import scan as c
from seikyu.rules.plan import Plan
from seikyu.rules.reading import ItemReader, Remark
from seikyu.rules.reference import NO_RULES, Reference
from seikyu.rules.rule import Rule
from seikyu.rules.view import Claim, Place, Record
from seikyu.rules.wording import finding_of

Ints = NDArray[np.int64]

#: Where a finding comes from: an item that the pass found wrong, a rule on one record, a rule on a claim or on its
#: head alone, or a place that a rule has named already.
EVENT: Final = 0
RECORD: Final = 1
CLAIM: Final = 2
HEAD_ALONE: Final = 3
READY: Final = 4


class Unjudged(Record):
    """A record that is held against its layout only when somebody asks what of it is readable; most are never asked."""

    __slots__ = ()

    def __init__(self, plan: Plan, items: list[bytes], *, line: int) -> None:
        self.plan, self.id, self.items, self.line = plan, plan.layout.id, items, line

    def __getattr__(self, name: str) -> frozenset[int]:
        # Only for what is not there yet: the slot is filled at the first question.
        if name != "unreadable":
            raise AttributeError(name)
        self.unreadable = self.plan.unreadable(self.plan.faults(b",".join(self.items), self.items))
        return self.unreadable


class _Cutting(ItemReader):
    """Cuts lines into items for readers that judge nothing."""

    def read(self, line: Line, content: bytes, plan: Plan) -> tuple[Record, list[Remark]]:
        """Return the record of a line; there is nothing to remark."""
        return Unjudged(plan, content.split(b","), line=line.no), []


class Claims:
    """Makes the views of claims out of a batch: with the reference's own hands, so that they are the same."""

    def __init__(self, reference: Reference, batch: Batch) -> None:
        self._tables, self._buffer, self._first = batch.tables, batch.buffer, batch.first
        self._repeats = batch.repeats
        # The arrays of the pass are used again; what stands there is kept.
        self._where = batch.claims[[c.C_START, c.C_END, c.C_FIRST_LINE, c.C_NO_BEFORE]]
        self._reader = reference.reader()
        self._reader.item_reader = _Cutting(NO_RULES, self._reader.file)
        self._last: dict[bool, tuple[int, Claim]] = {}

    def claim(self, at: int, *, alone: bool = False) -> Claim:
        """Return a claim of the batch, or only its first record; the last one asked for is kept."""
        known = self._last.get(alone)
        if known is None or known[0] != at:
            known = self._last[alone] = (at, self._read(at, alone=alone))
        return known[1]

    def _read(self, at: int, *, alone: bool) -> Claim:
        reader = self._reader
        start, end, line, before = (int(number) for number in self._where[:, at])
        reader.forget(index=self._first + at, no_before=None if before < 0 else before)
        cutter = LineCutter(limit("line_bytes"), no=line - 1)
        for each in chain(cutter.feed(self._buffer[start:end].tobytes()), cutter.finish()):
            reader.line(each)
            if alone and reader.claim is not None:
                break
        claim = reader.claim
        assert claim is not None  # noqa: S101  (the bytes begin with the record that opens a claim)
        claim.repeats, claim.search_repeats = self._repeats.get(at, (False, False))
        return claim

    def record(self, row: int, *, line: int, start: int, length: int, judged: bool = True) -> Record:
        """Return a record of the batch; unless it is judged, also what is unreadable in it can be read."""
        plan = self._tables.record_plans[row]
        content = self._buffer[start : start + length].tobytes()
        items = content.split(b",")
        return Unjudged(plan, items, line=line) if judged else Record(plan, items, line=line)


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Findings of one batch as columns, all of one length.

    Shape: `rule` is the position in `rules`; `claim` in the batch; `item` counts from 1, 0 for the whole record;
    `record` is the row in the layout; `start` and `length` are those of the line, or of the place in `ready`.
    """

    rule: Ints
    claim: Ints
    line: Ints
    item: Ints
    kind: Ints
    record: Ints
    start: Ints
    length: Ints

    def __len__(self) -> int:
        return len(self.rule)

    def __getitem__(self, which: NDArray[np.int64] | NDArray[np.bool_] | slice) -> "Hits":
        return Hits(*(getattr(self, name)[which] for name in self.__slots__))

    @classmethod
    def joined(cls, parts: Sequence["Hits"]) -> "Hits":
        """Return all hits as one."""
        if not parts:
            return cls(*(np.empty(0, np.int64) for _ in cls.__slots__))
        if len(parts) == 1:
            return parts[0]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__slots__))


class FoundInBatch(Findings):
    """The findings of a batch; each is made when it is asked for."""

    def __init__(
        self,
        hits: Hits,
        rules: Sequence[Rule],
        claims: Claims,
        *,
        ready: Sequence[Place],
        show_personal: bool,
    ) -> None:
        super().__init__()
        self._hits, self._rules, self._claims, self._ready = hits, rules, claims, ready
        self._show_personal = show_personal
        self._last = -1
        self._places: dict[str, dict[tuple[int | None, int], Place]] = {}

    def __len__(self) -> int:
        return len(self._hits)

    @overload
    def __getitem__(self, at: int) -> Finding: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Finding]: ...
    def __getitem__(self, at: int | slice) -> Finding | Sequence[Finding]:
        if isinstance(at, slice):
            return [self[each] for each in range(*at.indices(len(self)))]
        hits = self._hits
        rule = self._rules[int(hits.rule[at])]
        claim = self._claims.claim(int(hits.claim[at]), alone=True)
        return finding_of(rule, self._place(rule, at), claim, show_personal=self._show_personal)

    def __iter__(self) -> Iterator[Finding]:
        return (self[at] for at in range(len(self)))

    def _place(self, rule: Rule, at: int) -> Place:
        hits = self._hits
        kind, start, length = int(hits.kind[at]), int(hits.start[at]), int(hits.length[at])
        line, item = int(hits.line[at]), int(hits.item[at])
        if kind == READY:
            return self._ready[start]
        row = int(hits.record[at])
        if kind in (EVENT, RECORD):
            record = self._claims.record(row, line=line, start=start, length=length, judged=kind == RECORD)
            if kind == EVENT:
                return record.place(item - 1) if item else record.here()
            return self._named(rule, _by_place(rule.find(record) if rule.find else ()), line, item)
        places = self._of_claim(rule, int(hits.claim[at]), alone=kind == HEAD_ALONE)
        return self._named(rule, places, line, item)

    def _of_claim(self, rule: Rule, at: int, *, alone: bool) -> Mapping[tuple[int | None, int], Place]:
        """Return the places that a rule names in a claim; those of the last claim are kept, for it may have many."""
        if self._last != at:
            self._last, self._places = at, {}
        if rule.code not in self._places:
            claim = self._claims.claim(at, alone=alone)
            self._places[rule.code] = _by_place(rule.find(claim) if rule.find else ())
        return self._places[rule.code]

    @staticmethod
    def _named(rule: Rule, places: Mapping[tuple[int | None, int], Place], line: int, item: int) -> Place:
        """Return the place of those that a rule names which was hit."""
        try:
            return places[line, item]
        except KeyError:
            raise AssertionError(f"{rule.code}: its scan and the rule do not agree on line {line}") from None


def _by_place(places: Iterable[Place]) -> dict[tuple[int | None, int], Place]:
    """Return places by line and number of the item, 0 for a whole record; the first of several at one."""
    found: dict[tuple[int | None, int], Place] = {}
    for place in places:
        found.setdefault((place.line, place.item.no if place.item else 0), place)
    return found
