"""What the lists print of a claim, read again from its bytes: the institution never hands over more than the file.

`read_claim` takes the claim's bytes once; personal values are masked here unless they may be shown, so that no list can
forget it.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from seikyu.records import layouts, masked, parse_date, parse_month, read_lines, secret, table, text_of
from seikyu.rules.plan import Plan, plans
from seikyu.rules.reports.forms import INPATIENT, OUTPATIENT, kinds
from seikyu.rules.reports.values import Value
from seikyu.rules.view import Record

_COMMON: Final = "RE"
_INSURER: Final = "HO"
_PUBLIC: Final = "KO"
_DONOR: Final = "TR"
_DONOR_PLACE: Final = "TI"
_SYMPTOM: Final = "SJ"
_MOST_PUBLIC: Final = 4
_SUMMARY: Final = 1
_CLASS_CHARS: Final = 2
#: What stands for a day of birth that is not shown, as wide as GYYMMDD.
_HIDDEN_DAY: Final = "*" * 7
#: RE, HO and KO stand at the beginning of a claim; so many bytes hold them and far more.
HEAD_BYTES: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class PlaceInClaim:
    """Where a finding stands in its claim.

    Shape: `record` is what was read there; `part` is the serial of the claim within its number: 0 for a claim by
    itself, 1 for a summary claim of DPC, 2 and up for its details. `service_class` is the class that holds for a line
    of a service; `symptom_no` counts the SJ up to here; `donor` and `donor_place` are the TR and TI of the organ donor
    whose records these are, `donor_no` counts donors from 1, 0 outside.
    """

    record: Record
    part: int = 0
    service_class: str = ""
    symptom_no: int = 0
    donor_no: int = 0
    donor: Record | None = None
    donor_place: Record | None = None


@dataclass(frozen=True, slots=True)
class ClaimHead:
    """A claim's RE, HO and KO, and the places that were asked for, by line of the file.

    Shape: of a summary claim of DPC, with its details behind it, they are those of the summary.
    """

    common: Record | None = None
    insurer: Record | None = None
    public_payers: tuple[Record, ...] = ()
    places: dict[int, PlaceInClaim] = field(default_factory=dict)
    line: int = 1
    show_personal: bool = False

    def text(self, name: str, of: Record | None = None) -> str:
        """Return an item of the claim's RE, or of another of its records, as written; masked if it may be personal."""
        record = of or self.common
        if record is None or name not in record.plan.index:
            return ""
        value = text_of(record.raw(name))
        item = record.plan.layout.by_name[name]
        return masked(value) if value and not self.show_personal and secret(item, value) else value

    @property
    def service_month(self) -> Value:
        """診療年月, None if it cannot be read."""
        read = parse_month(self.common.raw("service_month")) if self.common else None
        return read.month if read else None

    @property
    def birth_date(self) -> Value:
        """生年月日: a date, or a text if it must be masked or cannot be read."""
        if self.common is None:
            return None
        read = parse_date(self.common.raw("birth_date"))
        if read is None:
            return self.text("birth_date")
        return read.date if self.show_personal else _HIDDEN_DAY

    @property
    def division(self) -> str | None:
        """`inpatient` or `outpatient` by the claim type, None if the type is unknown."""
        return division_of(text_of(self.common.raw("claim_type"))) if self.common else None

    @property
    def in_out(self) -> str:
        """入院・入院外の別 as rows of lists print it."""
        return str(kinds()["in_out"][self.division]["row"]) if self.division else ""

    @property
    def detail(self) -> bool:
        """True for a detail of a summary claim (総括対象): what it asks for stands in the summary."""
        return self.text("summary_class") in kinds()["dpc"]["details"]

    @property
    def reclaimed(self) -> bool:
        """True if the claim comes again: it has a search number."""
        return self.common is not None and bool(self.common.raw("search_no"))


def division_of(claim_type: str) -> str | None:
    """Return `inpatient` or `outpatient` for a claim type, None for one that is in no table."""
    row = table("claim_types").row(claim_type)
    if row is None:
        return None
    return INPATIENT if row["in_out"] == INPATIENT else OUTPATIENT


def read_claim(
    data: bytes,
    *,
    layout_name: str | None,
    line: int = 1,
    wanted: Collection[int] = (),
    show_personal: bool = False,
) -> ClaimHead:
    """Return what lists print of a claim whose RE stands in `line` of the file; dental ones begin before it.

    `wanted` are lines of the file whose places are kept. Bytes that break off inside a claim give what stands before.
    """
    if layout_name not in _names():
        return ClaimHead(line=line, show_personal=show_personal)
    common, insurer, public, places = None, None, [], {}
    line -= _before(data)
    known: Mapping[str, Plan] = plans(layout_name or "")
    if not wanted:  # Then no other record tells anything, and most of a claim need not be understood.
        known = _heads_of(layout_name or "")
    for no, place in _walk(data, known, line):
        record = place.record
        if record.id == _COMMON:
            common = common or record
        elif record.id == _INSURER:
            insurer = insurer or record
        elif record.id == _PUBLIC and place.part <= _SUMMARY:
            public.append(record)
        if no in wanted:
            places[no] = place
    return ClaimHead(
        common,
        insurer,
        tuple(public[:_MOST_PUBLIC]),
        places,
        line=line,
        show_personal=show_personal,
    )


@cache
def _names() -> frozenset[str]:
    return frozenset(layout.name for layout in layouts())


@cache
def _heads_of(layout_name: str) -> Mapping[str, Plan]:
    return {rid: plan for rid, plan in plans(layout_name).items() if rid in (_COMMON, _INSURER, _PUBLIC)}


def _before(data: bytes) -> int:
    """Return how many lines stand before the RE of a claim, 0 if there is none."""
    opening = _COMMON.encode()
    return next((line.no - 1 for line in read_lines([data]) if line.content[:2] == opening), 0)


def _walk(data: bytes, known: Mapping[str, Plan], first: int) -> Iterator[tuple[int, PlaceInClaim]]:
    """Yield each line that the layout knows, with what holds there."""
    service_class, symptoms, donors, claims, parted = "", 0, 0, 0, False
    donor = donor_place = None
    for line in read_lines([data]):
        plan = known.get(line.content[:2].decode("ascii", "replace"))
        if plan is None:
            continue
        record = _read(plan, line.content, first + line.no - 1)
        symptoms += record.id == _SYMPTOM
        if record.id == _COMMON:
            claims += 1
            parted = parted or bool(record.raw("summary_class").strip(b"0"))
        service_class = _class_of(record) or service_class
        donor_place = record if record.id == _DONOR_PLACE else donor_place
        if record.id == _DONOR:
            donor, donors = record, donors + 1
        holds = service_class if "service_class" in record.plan.index else ""
        yield record.line, PlaceInClaim(record, claims if parted else 0, holds, symptoms, donors, donor, donor_place)


def _class_of(record: Record) -> str:
    """Return the service class of a line, empty if there is none, or something that has not the form of one."""
    text = text_of(record.raw("service_class"))
    return text if text.isascii() and text.isdigit() and len(text) <= _CLASS_CHARS else ""


def _read(plan: Plan, content: bytes, line: int) -> Record:
    """Return the record of a line, so that nobody sees an item that does not parse."""
    items = content.split(b",")
    return Record(plan, items, line=line, unreadable=plan.unreadable(plan.faults(content, items)))
