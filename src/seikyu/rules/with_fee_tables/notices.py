"""Rules of facility standards (施設基準): what an institution claims against what it has notified.

Notices are a table that an office or an institution keeps; an institution that does not stand in it is let be.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final

from seikyu.records import Month
from seikyu.rules.masters import Masters, Row, Version
from seikyu.rules.rule import Rule, rule
from seikyu.rules.view import Claim, File, Phrase, Place, Record
from seikyu.rules.with_fee_tables.lines import by_code, lines_of, period_of, table_at
from seikyu.rules.with_masters.lookup import rows_of

_DAYS: Final = "," * 30
_LINE: Final = f"SI,40,1,{{}},,52,1,,,,,,,1{_DAYS}"
_STAY: Final = "RE,1,1111,202608,見本　太郎,1,19800101,,20260801"
_FEE: Final = f"SI,90,1,{{}},,1000,1,,,,,,,1{_DAYS}"
_OTHER: Final = "IR,1,99,1,0112359,,見本病院,202609,00,"
#: The columns of standards in the master of procedures.
FACILITIES: Final = tuple(f"facility_{number}" for number in range(1, 11))
_MUST_BE_NOTIFIED: Final = 1
_DENTAL: Final = "kind dental"
_UK: Final = "UK,1,99,3,0130001,,見本歯科医院,202609,{},00"
_CODE_CHARS: Final = 2
#: So many families of fees are kept as they were found; there are some dozens.
_KEPT: Final = 256
#: So many months of institutions are kept with their notices: those of the claims of a file.
_MONTHS_KEPT: Final = 64
#: So many sets of standards are kept with whether they must be notified.
_SETS_KEPT: Final = 4096


@lru_cache(maxsize=_MONTHS_KEPT)
def notified(masters: Masters, institution: str, month: Month) -> Mapping[str, bool]:
    """Return the standards that an institution has ever notified, and whether on some day of the month.

    Shape: empty if the institution's notices are not kept.
    """
    notices, found = table_at(masters, "facility_notices", month, whole=True), dict[str, bool]()
    for row in notices.rows(institution) if notices else ():
        held = period_of(row).touches(month)
        found[row["notified_standard"]] = found.get(row["notified_standard"], False) or held
    return found


def _notified(claim: Claim) -> Mapping[str, bool]:
    month = claim.service_month
    assert month is not None  # noqa: S101  (without a month no rule with masters is asked)
    return notified(claim.masters, claim.institution, month)


def standards_of(row: Row) -> tuple[str, ...]:
    """Return the standards of which a procedure needs one."""
    return named([row[name] for name in FACILITIES])


def named(numbers: Iterable[int | None]) -> tuple[str, ...]:
    """Return standards by the numbers in a row, as notices name them."""
    return tuple(str(number).zfill(4) for number in numbers if number)


@lru_cache(maxsize=_SETS_KEPT)
def _must_be_notified(standards: Version, codes: tuple[str, ...]) -> bool:
    """True if there are standards, and all of them must be notified."""
    known = [standards.row(code) for code in codes]
    return bool(known) and all(one and one["notified"] == _MUST_BE_NOTIFIED for one in known)


def is_lacking(standards: Version, codes: tuple[str, ...], known: Mapping[str, bool]) -> bool:
    """True if one of some standards must have been notified, and none was."""
    return _must_be_notified(standards, codes) and not any(known.get(code) for code in codes)


@rule(
    code="L4428",
    title="an item whose facility standard has not been notified",
    title_ja="施設基準の届出がない診療行為が記録されています",
    on="SI",
    tables=("s.facility_1 facility_standards.notified facility_notices.whole",),
    passes=(
        _LINE.format(199008010),
        _LINE.format(199008030),
        _LINE.format(199008040),
        _LINE.format(199008050),
        f"{_OTHER}\n{_LINE.format(199008020)}",
    ),
    fails=(_LINE.format(199008020), _LINE.format(199008060)),
)
def not_notified(claim: Claim) -> Iterator[Place]:
    """The item is paid from the notice on; mostly the notice is on its way, or the item of another class was picked."""
    standards, known = claim.master("facility_standards", "notified"), _notified(claim)
    for record, row in rows_of(claim, "SI", "s", "facility_1") if known else ():
        codes = standards_of(row)
        if standards and is_lacking(standards, codes, known):
            wanted = "／".join(codes)
            yield record.at("procedure_code", note=Phrase(f"standard {wanted}", f"施設基準{wanted}"))


@rule(
    code="L4653",
    title="a basic inpatient fee of another class than was notified",
    title_ja="入院基本料が届出の区分と異なります",
    on="SI",
    tables=("basic_fee_classes facility_notices.whole",),
    passes=(
        f"{_STAY}\n{_FEE.format(199009010)}",
        f"{_STAY}\n{_FEE.format(199009030)}",
        f"{_STAY}\n{_FEE.format(199000010)}",
        f"{_OTHER}\n{_STAY}\n{_FEE.format(199009020)}",
    ),
    fails=f"{_STAY}\n{_FEE.format(199009020)}",
)
def other_class_of_fee(claim: Claim) -> Iterator[Place]:
    """A class that was not notified is paid as the one that was."""
    classes, held = claim.master("basic_fee_classes"), held_of(_notified(claim))
    for code, lines in by_code(lines_of(claim, "SI")).items() if classes and held else ():
        if others := others_held(classes, code, held) if classes else ():
            there = "／".join(others)
            yield lines[0].record.at("procedure_code", note=Phrase(f"notified is {there}", f"届出は施設基準{there}"))


def held_of(known: Mapping[str, bool]) -> frozenset[str]:
    """Return the standards that held on some day of the month."""
    return frozenset(standard for standard, holds in known.items() if holds)


def others_held(classes: Version, code: str, held: frozenset[str]) -> list[str]:
    """Return the standards of a fee's family that were notified, none if that of the fee itself was."""
    row = classes.row(code)
    return sorted(_standards_of(classes, row["family"]) & held) if row and row["standard"] not in held else []


@lru_cache(maxsize=_KEPT)
def _standards_of(classes: Version, family: int | None) -> frozenset[str]:
    """Return the standards of all classes of a family of fees."""
    rows = (Row(classes, at) for at in range(classes.label.rows))
    return frozenset(row["standard"] for row in rows if row["family"] == family)


def _claimed(file: File) -> Iterator[tuple[Record, str]]:
    """Yield the headers of a dental file with what they say was notified, without blanks at the end."""
    for header in file.headers:
        if text := header.raw("notifications").decode("cp932", "replace").rstrip():
            yield header, text


def _is_blank(text: str) -> bool:
    return " " in text or "　" in text


@rule(
    code="L1702",
    title="the notified standards are not codes of two digits each",
    title_ja="届出が２桁のコードの並びではありません",
    passes=(_DENTAL, f"{_DENTAL}\n{_UK.format('0102')}"),
    fails=f"{_DENTAL}\n{_UK.format('010')}",
)
def odd_notices(file: File) -> Iterator[Place]:
    """Where one code ends and the next begins cannot be told."""
    for header, text in _claimed(file):
        if len(text) % _CODE_CHARS and not _is_blank(text):
            yield header.at("notifications")


@rule(
    code="L1703",
    title="a notified standard with a code that there is not",
    title_ja="届出に使用できないコードが記録されています",
    tables=("dental_standards.whole",),
    passes=(_DENTAL, f"{_DENTAL}\n{_UK.format('0102')}", f"{_DENTAL}\n{_UK.format('010')}"),
    fails=f"{_DENTAL}\n{_UK.format('0199')}",
)
def unknown_notice(file: File) -> Iterator[Place]:
    """What the institution may claim by it cannot be told."""
    for header, text in _claimed(file):
        codes = [text[at : at + _CODE_CHARS] for at in range(0, len(text), _CODE_CHARS)]
        whole = text.isascii() and text.isdigit() and not len(text) % _CODE_CHARS
        unknown = [code for code in codes if not file.masters.knows("dental_standards", code)]
        if whole and unknown:
            yield header.at("notifications", found=unknown[0])


@rule(
    code="L1705",
    title="the notified standards do not begin at the left, or have gaps",
    title_ja="届出が左詰めで記録されていません",
    passes=(_DENTAL, f"{_DENTAL}\n{_UK.format('0102  ')}"),
    fails=(f"{_DENTAL}\n{_UK.format('  01')}", f"{_DENTAL}\n{_UK.format('01  02')}"),
)
def notices_with_gaps(file: File) -> Iterator[Place]:
    """Codes are read from the left, two digits at a time."""
    for header, text in _claimed(file):
        if _is_blank(text):
            yield header.at("notifications")


RULES: Final[tuple[Rule, ...]] = (
    not_notified,
    other_class_of_fee,
    odd_notices,
    unknown_notice,
    notices_with_gaps,
)
