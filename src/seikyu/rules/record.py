"""One record as rules see it, and the places that they point at."""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from seikyu.records import Item, text_of
from seikyu.rules.plan import Plan

_ALL_READABLE: Final = frozenset[int]()


class Phrase(NamedTuple):
    """Words of a message that are not the same in both languages."""

    en: str
    ja: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rule is broken, and what stands there.

    Shape: `line` is the physical line from 1, None for the whole file; `item` None for the whole record. `found`,
    `expected` and `note` (what is neither of the two) are words for the message; of a personal item they are left out.
    """

    line: int | None = None
    record: str | None = None
    item: Item | None = None
    value: str | None = None
    found: str | Phrase | None = None
    expected: str | Phrase | None = None
    note: Phrase | None = None


class Record:
    """One record (レコード) that the layout knows.

    Shape: `items` are its bytes, [0] the identification; `unreadable` the positions that did not parse.
    """

    __slots__ = ("id", "items", "line", "plan", "unreadable")

    def __init__(
        self, plan: Plan, items: list[bytes], *, line: int, unreadable: frozenset[int] = _ALL_READABLE
    ) -> None:
        self.plan = plan
        self.id = plan.layout.id
        self.items = items
        self.line = line
        self.unreadable = unreadable

    def __getitem__(self, name: str) -> Any:
        """Return the item's value: int, str, date, Month, Decimal or tuple of codes; None if there is none."""
        at = self.plan.index.get(name)
        if at is None or at >= len(self.items) or at in self.unreadable:
            return None
        value = self.items[at]
        return self.plan.readers[at](value) if value else None

    def raw(self, name: str) -> bytes:
        """Return the bytes of an item, empty if it is empty or not there."""
        at = self.plan.index.get(name)
        return self.items[at] if at is not None and at < len(self.items) else b""

    def bad(self, name: str) -> bool:
        """True if the item holds something that did not parse; then somebody else has said so."""
        return self.plan.index.get(name) in self.unreadable

    def at(self, name: str, *, found: object = None, expected: object = None, note: Phrase | None = None) -> Place:
        """Return the place of an item."""
        item = self.plan.layout.items[self.plan.index[name]]
        return Place(self.line, self.id, item, text_of(self.raw(name)), words(found), words(expected), note)

    def place(self, at: int, *, found: object = None) -> Place:
        """Return the place of the item at a position from 0; of the whole record, past the layout's end."""
        items = self.plan.layout.items
        if at >= len(items):
            return self.here(found=found)
        value = text_of(self.items[at]) if at < len(self.items) else ""
        return Place(self.line, self.id, items[at], value, words(found))

    def here(self, *, found: object = None, expected: object = None, note: Phrase | None = None) -> Place:
        """Return the place of the whole record."""
        return Place(self.line, self.id, None, None, words(found), words(expected), note)


def words(value: object) -> str | Phrase | None:
    """Return a value as it stands in a message."""
    return value if value is None or isinstance(value, Phrase) else str(value)


def at_most(most: object) -> Phrase:
    """Return the words for a number that may not be exceeded."""
    return Phrase(f"at most {most}", f"{most}以下")


@dataclass(frozen=True, slots=True)
class Stray:
    """A line in a claim or outside whose identification no layout of the kind knows.

    Shape: `record` is the identification as far as it is printable, None if it is not.
    """

    line: int
    record: str | None

    def here(self, *, expected: object = None) -> Place:
        """Return the place of the line."""
        return Place(self.line, self.record, expected=words(expected))
