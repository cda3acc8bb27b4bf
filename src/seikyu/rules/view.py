"""What rules see: a file, a claim and a record, however they were read.

The reference checker fills these views line by line; a faster reader fills the same ones. A rule asks for values by the
layout's names and gets None for what is empty, did not parse, or does not exist in the edition.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any, Final, Generic, NamedTuple, TypeVar

from seikyu.records import InsurerNumber, Item, Layout, Month, Row, Scope, parse_month, table, text_of
from seikyu.rules.context import Context
from seikyu.rules.masters import NO_MASTERS, Masters, Version
from seikyu.rules.plan import Plan

_SERVICE: Final = frozenset({"SI", "IY", "TO"})
_LINES: Final = frozenset({"SI", "IY", "TO", "CO"})
_DAYS: Final = 31
_BURDENED: Final = ("insurance", "public_1", "public_2", "public_3", "public_4")
#: The volume number of a file's first volume, and of the only one. Source: records:7.
FIRST_VOLUME: Final = "00"
#: Meals carry yen and stay out of the points. Source: records:5.
_MEALS: Final = b"97"
_SUMMED: Final = ("service_class", "points", "count")
_DAY_CHARS: Final = 3
_ALL_READABLE: Final = frozenset[int]()


_Value = TypeVar("_Value")


class lazy(Generic[_Value]):  # noqa: N801  (it is used as a decorator, like property)
    """A property that is computed once. functools.cached_property takes a lock each time, and claims are many."""

    def __init__(self, compute: Callable[[Any], _Value]) -> None:
        self._compute = compute
        self._name = compute.__name__
        self.__doc__ = compute.__doc__

    def __get__(self, instance: Any, owner: type) -> _Value:
        value = self._compute(instance)
        instance.__dict__[self._name] = value
        return value


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

    def here(self) -> Place:
        """Return the place of the line."""
        return Place(self.line, self.record)


@dataclass(frozen=True, slots=True)
class Unit:
    """A calculation unit (点数・回数算定単位): lines that share one calculation; points stand on the last one.

    Shape: `burden` and `service_class` as written, the class of the lines before if the unit has none. `points` is None
    if no line carries any, or if they do not parse. Units: points, or yen for meals.
    """

    records: tuple[Record, ...]
    service_class: bytes
    burden: bytes
    points: int | None
    count: int | None
    ended: bool


@dataclass(eq=False)
class Claim:
    """One claim (レセプト): its records in file order, and what many rules want to know.

    Shape: `own` are its known records outside donor blocks, `donor` those inside; `strays` unknown lines; `history` the
    number of lines of a history block (履歴), `returns` return-only records. `no_before` is the number of the claim
    before, 0 for the first, None if it was unreadable; `institution` the party id of the header. Places are kept for a bounded number of lines.
    """

    layout: Layout
    head: Record
    index: int
    no_before: int | None
    review_body: str | None
    claim_month: Month | None
    masters: Masters = NO_MASTERS
    institution: str = ""
    own: list[Record] = field(default_factory=list)
    donor: list[Record] = field(default_factory=list)
    strays: list[Stray] = field(default_factory=list)
    returns: list[Stray] = field(default_factory=list)
    cut_lines: list[Stray] = field(default_factory=list)
    history: int = 0
    lines_left_out: int = 0

    def master(self, kind: str, *columns: str) -> Version | None:
        """Return the master that holds in the service month, None if it is not there or lacks one of the columns."""
        version = self.masters.at(kind, self.service_month)
        return version if version and all(map(version.has, columns)) else None

    @property
    def lines(self) -> int:
        """How many lines of the claim are kept."""
        return len(self.own) + len(self.donor)

    @lazy
    def _by_id(self) -> Mapping[str, list[Record]]:
        found: dict[str, list[Record]] = {}
        for record in self.own:
            found.setdefault(record.id, []).append(record)
        return found

    @property
    def ids(self) -> AbstractSet[str]:
        """The identifications of the claim's own records."""
        return self._by_id.keys()

    def records(self, *ids: str) -> list[Record]:
        """Return the records of the claim itself with these identifications; donor blocks are apart."""
        if len(ids) == 1:
            return self._by_id.get(ids[0], [])
        return [record for record in self.own if record.id in ids]

    def at(self, name: str, *, found: object = None, expected: object = None) -> Place:
        """Return the place of an item of the claim's RE."""
        return self.head.at(name, found=found, expected=expected)

    def here(self, *, found: object = None, expected: object = None) -> Place:
        """Return the place of the claim as a whole: its RE."""
        return self.head.here(found=found, expected=expected)

    @lazy
    def insurer(self) -> Record | None:
        """The first HO."""
        return next(iter(self.records("HO")), None)

    @lazy
    def public_payers(self) -> list[Record]:
        """The KO records in file order."""
        return self.records("KO")

    @lazy
    def payers(self) -> list[Record]:
        """HO if there is one, then KO."""
        return [*self.records("HO")[:1], *self.public_payers]

    @lazy
    def insurer_number(self) -> InsurerNumber | None:
        """The insurer's number, None without one or if it did not parse."""
        return self.insurer["insurer_number"] if self.insurer else None

    @lazy
    def service_month(self) -> Month | None:
        """診療年月."""
        month: Month | None = self.head["service_month"]
        return month

    @lazy
    def last_day(self) -> date | None:
        """The last day of the service month."""
        return self.service_month.last_day if self.service_month else None

    @lazy
    def birth_date(self) -> date | None:
        """生年月日."""
        day: date | None = self.head["birth_date"]
        return day

    @lazy
    def claim_type(self) -> str | None:
        """レセプト種別, four digits; None if it is not in the table."""
        code: str | None = self.head["claim_type"]
        return code

    @lazy
    def type_row(self) -> Row | None:
        """What the table of claim types says of the claim's type."""
        return table("claim_types").row(self.claim_type) if self.claim_type else None

    @lazy
    def inpatient(self) -> bool | None:
        """True for 入院, False for 入院外, None if the type is unknown."""
        return self.type_row["in_out"] == "inpatient" if self.type_row else None

    @lazy
    def service_lines(self) -> list[Record]:
        """The lines that carry points (SI, IY, TO), without comments and donor blocks."""
        return [record for record in self.own if record.id in _SERVICE]

    @lazy
    def classed_lines(self) -> list[Record]:
        """The lines that may carry a service class: SI, IY, TO and CO."""
        return [record for record in self.own if record.id in _LINES]

    @lazy
    def units(self) -> list[Unit]:
        """The calculation units of the claim itself, in file order."""
        return list(_units(self.classed_lines))

    @lazy
    def sums(self) -> list[int] | None:
        """The points of the lines by payer: insurance, then public payers 1 to 4.

        None if they cannot be told: no line, one that is unreadable, left out, without points, or of a payer who is
        not there. Lines of an organ donor are not added: the papers do not say whether the recipient's totals hold
        them, so such claims are let be.
        """
        return self._sums(by_days=False)

    @lazy
    def sums_by_days(self) -> list[int] | None:
        """The same sums, were each unit done as often as its days say."""
        return self._sums(by_days=True)

    def _sums(self, *, by_days: bool) -> list[int] | None:
        if self.donor or self.cut_lines or self.lines_left_out or not self.units:
            return None
        there = there_are(insured=self.insurer is not None, publics=len(self.public_payers))
        return _sums(self.units, there, by_days=by_days)


@cache
def there_are(*, insured: bool, publics: int) -> frozenset[int]:
    """Return the payers of a claim: 0 is insurance, 1 and up are public payers."""
    return frozenset([*([0] if insured else []), *range(1, publics + 1)])


def _sums(units: Iterable[Unit], payers: frozenset[int], *, by_days: bool) -> list[int] | None:
    sums = [0] * len(_BURDENED)
    for unit in units:
        shared = shares(unit.burden)
        if shared is None or not payers.issuperset(shared) or any(map(_unsure, unit.records)):
            return None
        if unit.service_class != _MEALS:
            if not unit.ended:
                return None  # Its points are missing, and another rule says so.
            times = _by_days(unit) if by_days else unit.count
            for payer in shared:
                sums[payer] += (unit.points or 0) * (times or 0)
    return sums


def _unsure(record: Record) -> bool:
    """True if what a sum is made of could not be read."""
    return bool(record.unreadable) and any(map(record.bad, _SUMMED))


def _by_days(unit: Unit) -> int:
    """Return how often a unit was done by the days of its last line."""
    return sum(int(day) for day in days_of(unit.records[-1]) if day.isdigit() and len(day) <= _DAY_CHARS)


@cache
def shares(burden: bytes) -> tuple[int, ...] | None:
    """Return who shares a line of a burden division: 0 is insurance, 1 to 4 public payers; None for an unknown one."""
    row = table("burden_codes").row(burden.decode("ascii", "replace"))
    return None if row is None else tuple(at for at, column in enumerate(_BURDENED) if row[column] == "1")


def _units(lines: Iterable[Record]) -> Iterator[Unit]:
    """Cut lines into units: one ends with the line that carries points, or where a new service class begins."""
    pending: list[Record] = []
    current = b""
    for record in lines:
        service_class = record.raw("service_class")
        if service_class:
            if pending:
                yield _unit(pending, current, ended=False)
                pending = []
            current = service_class
        if record.id != "CO":
            pending.append(record)
            if record.raw("points"):
                yield _unit(pending, current, ended=True)
                pending = []
    if pending:
        yield _unit(pending, current, ended=False)


def _unit(records: list[Record], service_class: bytes, *, ended: bool) -> Unit:
    last = records[-1]
    return Unit(tuple(records), service_class, last.raw("burden"), last["points"], last["count"], ended)


def days_of(record: Record) -> list[bytes]:
    """Return the 31 day fields of a line, as far as they were written."""
    first = record.plan.index["day_01"]
    return record.items[first : first + _DAYS]


@dataclass(eq=False)
class File:
    """The whole file, when its last byte was read: what the pass over it has counted and kept.

    Shape: `first` is the first record's identification (None: not printable), `last` number and identification of the
    last line; `signature` names another format that the file begins like; `other_kind` is True for a kind without
    layout, `stopped` if reading stopped at the beginning. Places are kept for a bounded number of lines. `blank` counts
    the empty lines, `blank_line` is the first of them. `endings` gives the first line of each line end, `mark` says
    whether the end mark 1A is there. `cases` and `points` are what GO should say; `unsure` is True if part of both
    could not be read, `points_unsure` if a claim's points could not.
    """

    context: Context
    masters: Masters = NO_MASTERS
    kind: str | None = None
    other_kind: bool = False
    stopped: bool = False
    empty: bool = False
    signature: str | None = None
    utf8: bool = False
    bytes_read: int = 0
    first: str | None = None
    last: tuple[int, bytes] = (0, b"")
    headers: list[Record] = field(default_factory=list)
    trailers: list[Record] = field(default_factory=list)
    strays: list[Stray] = field(default_factory=list)
    early: list[Stray] = field(default_factory=list)
    cut_lines: list[Stray] = field(default_factory=list)
    blank: int = 0
    blank_line: int = 0
    controls: list[Place] = field(default_factory=list)
    endings: dict[bytes, int] = field(default_factory=dict)
    mark: bool = False
    after_mark: int = 0
    claims: int = 0
    cases: int = 0
    points: int = 0
    unsure: bool = False
    points_unsure: bool = False
    unreadable_codes: int = 0
    findings_left_out: int = 0
    refused: bool = False

    @property
    def read(self) -> bool:
        """True if the file was read to its end as a claim file; then its structure can be judged."""
        return not (self.empty or self.stopped or self.other_kind)

    @property
    def header(self) -> Record | None:
        """The first IR."""
        return self.headers[0] if self.headers else None

    @property
    def trailer(self) -> Record | None:
        """The last GO."""
        return self.trailers[-1] if self.trailers else None

    def here(self, *, found: object = None, expected: object = None, note: Phrase | None = None) -> Place:
        """Return the place of the whole file."""
        return Place(found=words(found), expected=words(expected), note=note)


def claim_month_of(record: Record) -> Month | None:
    """Return the claim month of a header, western or era, None if it is no month."""
    read = parse_month(record.raw("claim_month"))
    return read and read.month


__all__ = [
    "FIRST_VOLUME",
    "Claim",
    "File",
    "Phrase",
    "Place",
    "Record",
    "Scope",
    "Stray",
    "Unit",
    "at_most",
    "claim_month_of",
    "days_of",
    "words",
]
