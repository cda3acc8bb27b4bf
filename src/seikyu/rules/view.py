"""What rules see: a file, a claim and a record, however they were read.

The reference checker fills these views line by line; a faster reader fills the same ones. A rule asks for values by the
layout's names and gets None for what is empty, did not parse, or does not exist in the edition.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Generic, TypeVar

from seikyu.records import InsurerNumber, Layout, Month, Row, Scope, names_claims, parse_month, table, text_of
from seikyu.rules.context import Context
from seikyu.rules.masters import NO_MASTERS, Masters, Version
from seikyu.rules.record import Phrase, Place, Record, Stray, at_most, words
from seikyu.rules.units import Unit, days_of, line_ids, shares, single_units, sums, there_are, units_of

#: The volume number of a file's first volume, and of the only one. Source: records:7.
FIRST_VOLUME: Final = "00"
#: The form of a claim of DPC that sums up others (総括), and those of the claims that follow it. Source: records:4.
_SUMMARY: Final = "summary"
DETAILS: Final = frozenset({"dpc_detail", "medical_detail"})


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


@dataclass(eq=False)
class Claim:
    """One claim (レセプト): its records in file order, and what many rules want to know.

    Shape: `own` are its known records outside donor blocks, `donor` those inside; `strays` unknown lines; `history` the
    number of lines of a history block (履歴), `returns` return-only records. `no_before` is the number of the claim
    before, 0 for the first, None if it was unreadable; `header` that of the
    file, `institution` its party id. `details` are the claims under a
    summary claim (総括) of DPC, each of them `part_of` it. `history_faults` are lines of the history that are not
    numbered on, `history_month` the latest claim month in it. It `repeats` if a claim of the same identity stood before
    it, `search_repeats` if one had its search number. Places are kept for a bounded number of lines.
    """

    layout: Layout
    head: Record
    index: int
    no_before: int | None
    review_body: str | None
    claim_month: Month | None
    masters: Masters = NO_MASTERS
    institution: str = ""
    header: Record | None = None
    own: list[Record] = field(default_factory=list)
    donor: list[Record] = field(default_factory=list)
    details: list["Claim"] = field(default_factory=list)
    part_of: "Claim | None" = None
    strays: list[Stray] = field(default_factory=list)
    returns: list[Stray] = field(default_factory=list)
    cut_lines: list[Stray] = field(default_factory=list)
    history: int = 0
    history_faults: list[Stray] = field(default_factory=list)
    history_month: Month | None = None
    repeats: bool = False
    search_repeats: bool = False
    lines_left_out: int = 0

    def master(self, kind: str, *columns: str) -> Version | None:
        """Return the master that holds in the service month, None if it is not there or lacks one of the columns."""
        version = self.masters.at(kind, self.service_month)
        return version if version and all(map(version.has, columns)) else None

    @property
    def lines(self) -> int:
        """How many lines of the claim are kept, its details included."""
        return len(self.own) + len(self.donor) + sum(part.lines for part in self.details)

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
    def kind(self) -> str:
        """The kind of the claim, also in a return file."""
        return self.layout.claim_kind

    @lazy
    def form(self) -> str:
        """The form of the claim where its kind has several, empty where it has one, or if it is unknown."""
        return form_of(self.layout, self.head)

    @property
    def is_summary(self) -> bool:
        """True if it sums up the claims that follow it."""
        return self.form == _SUMMARY

    @lazy
    def insurer(self) -> Record | None:
        """The first HO; that of the summary claim, if a detail brings no payers."""
        if self._payers_of_summary and self.part_of:
            return self.part_of.insurer
        return next(iter(self.records("HO")), None)

    @lazy
    def public_payers(self) -> list[Record]:
        """The KO records in file order; those of the summary claim, if a detail brings no payers."""
        if self._payers_of_summary and self.part_of:
            return self.part_of.public_payers
        return self.records("KO")

    @property
    def _payers_of_summary(self) -> bool:
        return self.part_of is not None and self.ids.isdisjoint(("HO", "KO"))

    @lazy
    def payers(self) -> list[Record]:
        """HO if there is one, then KO."""
        return [*([self.insurer] if self.insurer else []), *self.public_payers]

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
        """The lines that carry points (SI, IY, TO, SS, KA), without comments and donor blocks."""
        ids = line_ids(self.layout).charged
        return [record for record in self.own if record.id in ids]

    @lazy
    def classed_lines(self) -> list[Record]:
        """The lines that may carry a service class: SI, IY, TO, SS and CO."""
        ids = line_ids(self.layout).classed
        return [record for record in self.own if record.id in ids]

    @lazy
    def units(self) -> list[Unit]:
        """The calculation units of the claim itself, in file order."""
        return list(units_of(self.classed_lines))

    @lazy
    def sums(self) -> list[int] | None:
        """The points of the lines by payer: insurance, then public payers 1 to 4.

        None if they cannot be told: no line, one that is unreadable, left out, without points, or of a payer who is
        not there. Lines of an organ donor are not added: the papers do not say whether the recipient's totals hold
        them, so such claims are let be. Bundled days and fees of dispensing are not added: their rules are not sure.
        """
        return self._sums(by_days=False)

    @lazy
    def sums_by_days(self) -> list[int] | None:
        """The same sums, were each unit done as often as its days say."""
        return self._sums(by_days=True)

    def _sums(self, *, by_days: bool) -> list[int] | None:
        lines = line_ids(self.layout)
        if self.donor or self.cut_lines or self.lines_left_out or lines.more:
            return None
        units = self.units if lines.counted else single_units(self.service_lines)
        there = there_are(insured=self.insurer is not None, publics=len(self.public_payers))
        return sums(units, there, by_days=by_days and lines.counted) if units else None


def form_of(layout: Layout, head: Record) -> str:
    """Return the name of the form of a claim that begins so; empty where its kind has one form only."""
    if not layout.variant_item:
        return ""
    form = layout.variant(text_of(head.raw(layout.variant_item)))
    return form.name if form else ""


@dataclass(eq=False)
class File:
    """The whole file, when its last byte was read: what the pass over it has counted and kept.

    Shape: `name` is the file's name, empty if nobody told it; `kind_stated` is True if somebody said of what kind the
    file is. `layout` is the edition that it was read by; `first` the first record's identification (None: not
    printable), `last` number and identification of the last line; `signature` names another format that the file begins
    like; `other_kind` is True for a kind without layout, such as the files that payers get; `stopped` if reading
    stopped at the beginning. Places are kept for a bounded number of lines. `misplaced` are records behind what they
    cannot follow, by the code of the rule that tells them; `headers_seen` counts all headers, `details` the claims
    under summary claims, `kinds_seen` all claims by the kind that their types name. `blank` counts the empty lines,
    `blank_line` is the first of them. `endings` gives the first line of each line end, `mark` says whether the end mark
    1A is there. `cases` and `points` are what GO should say; `unsure` is True if part of both could not be read,
    `points_unsure` if a claim's points could not.
    """

    context: Context
    masters: Masters = NO_MASTERS
    name: str = ""
    kind: str | None = None
    kind_stated: bool = False
    layout: Layout | None = None
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
    misplaced: dict[str, list[Stray]] = field(default_factory=dict)
    headers_seen: int = 0
    kinds_seen: Counter[str] = field(default_factory=Counter)
    details: int = 0
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
    def returned(self) -> bool:
        """True if it is a return file: its claims came back."""
        return self.layout is not None and self.layout.kind != self.layout.claim_kind

    @property
    def sent_as_claims(self) -> bool:
        """True if it is taken for claims, whatever it holds: by an office that receives it, or by its name."""
        return self.context.receiving or (names_claims(self.name) and not self.kind_stated)

    @property
    def header(self) -> Record | None:
        """The first record of the file: IR, UK, YK, HM or HI."""
        return self.headers[0] if self.headers else None

    @property
    def trailer(self) -> Record | None:
        """The last record of the file that ends it: GO or HG."""
        return self.trailers[-1] if self.trailers else None

    def here(self, *, found: object = None, expected: object = None, note: Phrase | None = None) -> Place:
        """Return the place of the whole file."""
        return Place(found=words(found), expected=words(expected), note=note)


def claim_month_of(record: Record) -> Month | None:
    """Return the claim month of a header, western or era, None if it is no month."""
    read = parse_month(record.raw("claim_month"))
    return read and read.month


__all__ = [
    "DETAILS",
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
    "form_of",
    "line_ids",
    "shares",
    "there_are",
    "words",
]
