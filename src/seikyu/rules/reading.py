"""What is wrong with the items of one line, as the rules of single items name it."""

from typing import Final, TypeVar

from seikyu.records import Line, control_byte, outside_jis
from seikyu.rules.catalogue import RuleBook
from seikyu.rules.plan import WORDS, Plan, Problem
from seikyu.rules.rule import Rule
from seikyu.rules.view import File, Place, Record

#: Places of one kind of remark about the whole file that are kept; more would say the same again.
PLACES_KEPT: Final = 100

Remark = tuple[Rule, Place]
_Kept = TypeVar("_Kept")


def kept(places: list[_Kept], place: _Kept) -> None:
    """Keep a place if there is room for it."""
    if len(places) < PLACES_KEPT:
        places.append(place)


class ItemReader:
    """Cuts lines into items and holds them against their layout; surplus empty items are told once a record."""

    def __init__(self, book: RuleBook, file: File) -> None:
        self._book = book
        self._file = file
        self.told: set[str] = set()

    def read(self, line: Line, content: bytes, plan: Plan) -> tuple[Record, list[Remark]]:
        """Return the record of a line, and what is wrong with its items and characters."""
        items = content.split(b",")
        faults = plan.faults(content, items)
        odd = None if self._file.utf8 else outside_jis(content)
        if not faults and odd is None:
            return Record(plan, items, line=line.no), []
        record = Record(plan, items, line=line.no, unreadable=plan.unreadable(faults))
        remarks: list[Remark] = []
        spoilt = self._controls(record, content)
        if odd is not None:
            spoilt.add(content.count(b",", 0, odd))
            remarks += self._remark("*", "*", Problem.CHARACTER, record.place(max(spoilt)))
        for at, problem in faults:
            self._fault(record, at, problem, spoilt=spoilt, remarks=remarks)
        return record, remarks

    def _controls(self, record: Record, content: bytes) -> set[int]:
        """Keep the place of a control byte for the file's own finding; return the item that it spoils."""
        at = control_byte(content)
        if at is None:
            return set()
        item = content.count(b",", 0, at)
        kept(self._file.controls, record.place(item, found=f"{content[at]:02X}"))
        return {item}

    def _fault(self, record: Record, at: int, problem: Problem, *, spoilt: set[int], remarks: list[Remark]) -> None:
        """Add the remark on one item, unless what spoils the item is told already."""
        if problem is Problem.EMPTY_END:
            if record.id not in self.told:
                self.told.add(record.id)
                remarks += self._remark(record.id, "*", problem, record.here())
            return
        layout = record.plan.layout
        if at >= len(layout.items):
            remarks += self._remark(record.id, "*", problem, record.here())
            return
        item = layout.items[at]
        if at in spoilt or (self._file.utf8 and item.kind in WORDS and problem is not Problem.MISSING):
            return
        remarks += self._remark(record.id, item.name, problem, record.place(at))

    def _remark(self, record: str, item: str, problem: Problem, place: Place) -> list[Remark]:
        found = self._book.item_rule(record, item, problem)
        return [(found, place)] if found else []
