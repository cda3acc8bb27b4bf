"""Layouts (記録条件仕様): which records a form has, in which order, and what their items hold.

Engine code knows kinds of items, never single items. Where layouts come from is told in `editions`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Final

from seikyu.records.months import Month, Years

#: The record identification, item 1 of every record.
ID_ITEM: Final = "record_id"


class Kind(StrEnum):
    """What an item holds: its mode and form (モード)."""

    DIGITS = "digits"
    DECIMAL = "decimal"
    ALNUM = "alnum"
    KANJI = "kanji"
    TEXT = "text"
    DATE = "date"
    MONTH = "month"
    TIME = "time"
    PAYER_NUMBER = "payer_number"
    CODES = "codes"


class Need(StrEnum):
    """Whether an item must be written (必須, 条件, 任意, 予備)."""

    ALWAYS = "always"
    CONDITIONAL = "conditional"
    OPTIONAL = "optional"
    NEVER = "never"


class Scope(StrEnum):
    """What a record belongs to: the file, a claim, an organ donor inside a claim, or a claim's history (履歴)."""

    FILE = "file"
    CLAIM = "claim"
    DONOR = "donor"
    HISTORY = "history"


class Confidence(StrEnum):
    """How sure we are of what a layout says: official text, one transcription or older edition, inference."""

    HIGH = "H"
    MEDIUM = "M"
    LOW = "L"


@dataclass(frozen=True, slots=True)
class Item:
    """One place of a record (項目).

    Shape: `no` counts from 1, the record identification. `width` is the most bytes in Shift_JIS, exactly so many if
    `fixed`, 0 if not established. `codes` is a table of ours, or `master:NAME`. An item of kind `codes` holds several
    codes of `code_width` side by side. `decimals` are places after the point; only a `signed` number may begin with a
    minus sign. `since` (included) and `until` (not) are months of service. A `confidence` below H says that the width,
    the need or the meaning is to be confirmed.
    """

    no: int
    name: str
    ja: str
    kind: Kind
    width: int
    fixed: bool = False
    need: Need = Need.CONDITIONAL
    codes: str | None = None
    code_width: int | None = None
    decimals: int | None = None
    signed: bool = False
    personal: bool = False
    since: Month | None = None
    until: Month | None = None
    confidence: Confidence = Confidence.HIGH
    source: str = ""
    note: str = ""


@dataclass(frozen=True)
class RecordLayout:
    """One record (レコード): where it stands and what its items are.

    Shape: `order` is its place among the records of its scope; equal ones interleave. `maximum` is None without limit.
    `items[0]` is the record identification.
    """

    id: str
    ja: str
    name: str
    scope: Scope
    order: int
    minimum: int
    maximum: int | None
    items: tuple[Item, ...]
    since: Month | None = None
    until: Month | None = None
    confidence: Confidence = Confidence.HIGH
    source: str = ""
    note: str = ""

    @cached_property
    def by_name(self) -> Mapping[str, Item]:
        """The items by name."""
        return MappingProxyType({item.name: item for item in self.items})

    def item(self, no: int) -> Item | None:
        """Return the item at place `no`, counted from 1; None past the layout's end."""
        return self.items[no - 1] if 1 <= no <= len(self.items) else None

    def personal(self, no: int) -> bool:
        """True if what stands at place `no` must be masked. What no layout describes counts as personal."""
        item = self.item(no)
        return item is None or item.personal

    def holds(self, month: Month | None) -> bool:
        """True if the record exists in claims of that month of service, or if the month is unknown."""
        if month is None:
            return True
        return (self.since is None or self.since <= month) and (self.until is None or month < self.until)


@dataclass(frozen=True)
class Block:
    """Records that form a unit within a scope and may repeat, such as an organ donor's (臓器提供者).

    Shape: the block stands at `order` of `within`; `opens` begins it, `again` begins the next part of the same block.
    `records` gives each record's order inside the block.
    """

    name: str
    ja: str
    within: Scope
    order: int
    opens: str
    again: str
    records: Mapping[str, int]
    source: str = ""


@dataclass(frozen=True)
class Variant:
    """One of several forms that a claim of one kind may have, such as the summary claim of DPC (総括).

    Shape: a claim has this form if its head holds one of `codes` in the layout's `variant_item`; empty counts as "".
    `minimum` are the records that it needs beyond the layout's, `without` those that it may not have.
    """

    name: str
    ja: str
    codes: frozenset[str]
    minimum: Mapping[str, int]
    without: frozenset[str]
    source: str = ""


@dataclass(frozen=True, eq=False)
class Layout:
    """One form and edition (記録条件仕様の版). Each is there once, so it may be the key of what is made out of it.

    Shape: holds for claim months from `since` (None: always before) until `until` (not included; None: still).
    `claim_kind` is the kind of the claims in the file: of a return file, that of what is returned.
    `one_of`: of each group a claim needs at least one record. `service_class_lines`: so many lines in a row may leave
    the service class empty. `opener` begins a claim, `head` (RE) names its patient, `header` and `trailer` begin and
    end the file. `unit` is what points and totals count: points or yen. `prefix` are the items that stand before the
    record identification on each line of a history block; `history` are the records that stand only there.
    """

    name: str
    kind: str
    ja: str
    since: Month | None
    until: Month | None
    years: Years
    records: Mapping[str, RecordLayout]
    blocks: Mapping[str, Block] = field(default_factory=dict)
    one_of: tuple[frozenset[str], ...] = ()
    service_class_lines: int | None = None
    source: str = ""
    claim_kind: str = ""
    opener: str = ""
    head: str = ""
    header: str = ""
    trailer: str = ""
    unit: str = "points"
    variant_item: str = ""
    variants: Mapping[str, Variant] = field(default_factory=dict)
    prefix: tuple[Item, ...] = ()
    history: Mapping[str, RecordLayout] = field(default_factory=dict)
    since_confidence: Confidence = Confidence.HIGH
    note: str = ""

    def personal(self, record_id: str, no: int) -> bool:
        """True if what stands at place `no` of that record must be masked; unknown records count as personal."""
        record = self.records.get(record_id)
        return no > 1 and (record is None or record.personal(no))

    @property
    def claim_opener(self) -> str:
        """The record that begins a claim."""
        return self.opener

    def behind_prefix(self, items: Sequence[bytes]) -> Sequence[bytes]:
        """Return the record on a line of a history block, without the items before it; of another line, the line.

        A line is one of history if its first item is digits: no record identification is (records:11).
        """
        return items[len(self.prefix) :] if items[0].isdigit() else items

    def in_history(self, record_id: str) -> RecordLayout | None:
        """Return the layout of a record behind the prefix: one of the claim's own, or one that stands only there."""
        return self.history.get(record_id) or self.records.get(record_id)

    def variant(self, code: str) -> Variant | None:
        """Return the form of a claim whose head holds `code` in the variant item; None if there is none such."""
        return next((each for each in self.variants.values() if code in each.codes), None)

    def holds(self, claim_month: Month) -> bool:
        """True if files of that claim month follow this edition."""
        return (self.since is None or self.since <= claim_month) and (self.until is None or claim_month < self.until)
