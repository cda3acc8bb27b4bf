"""Rules of the sums: what HO and KO ask for is what their lines add up to."""

from collections.abc import Iterator
from typing import Final

from seikyu.records import table
from seikyu.rules.rule import Rule, rule
from seikyu.rules.view import Claim, Place

_HO: Final = "HO,06990014,見本,1,1,291"
_SI: Final = "SI,11,1,111000110,,291,1,,,,,,,1"
_BOTH: Final = "RE,1,1122,202608,見本,1,19800101\n" + _HO + "\nKO,80990013,0000018,,1,{}\n"
_SHARED: Final = "SI,11,2,111000110,,191,1,,,,,,,1\nSI,60,1,160000010,,100,1,,,,,,,1"

#: Meals carry yen and stay out of the points. Source: records:5.
_MEALS: Final = "97"
_COLUMNS: Final = ("insurance", "public_1", "public_2", "public_3", "public_4")


@rule(
    code="X3020",
    title="the insurer's total points are not the sum of the lines",
    title_ja="医療保険の合計点数が明細の合計と一致しません",
    source="records:5",
    passes=(_HO, _BOTH.format(191) + _SHARED),
    fails="HO,06990014,見本,1,1,290",
)
def insurer_total(claim: Claim) -> Iterator[Place]:
    """A total that does not add up comes back, and the payment is a month late."""
    sums = _sums(claim)
    if sums and claim.insurer:
        total = claim.insurer["total_points"]
        if total is not None and total != sums[0]:
            yield claim.insurer.at("total_points", found=total, expected=sums[0])


@rule(
    code="X3021",
    title="a public payer's total points are not the sum of its lines",
    title_ja="公費の合計点数が明細の合計と一致しません",
    source="records:5",
    passes=_BOTH.format(191) + _SHARED,
    fails=_BOTH.format(291) + _SHARED,
)
def public_total(claim: Claim) -> Iterator[Place]:
    """A total that does not add up comes back, and the payment is a month late."""
    sums = _sums(claim)
    if sums:
        for payer, expected in zip(claim.public_payers, sums[1:], strict=False):
            total = payer["total_points"]
            if total is not None and total != expected:
                yield payer.at("total_points", found=total, expected=expected)


def _sums(claim: Claim) -> list[int] | None:
    """Return the points of the lines by payer: insurance, then public payers 1 to 4.

    None if they cannot be told: no line, an unreadable one, or one left out. Lines of an organ donor are not added:
    the papers do not say whether the recipient's totals hold them, so such claims are let be.
    """
    if claim.donor or claim.cut_lines or claim.lines_left_out or not claim.units:
        return None
    burdens = table("burden_codes")
    sums = [0] * len(_COLUMNS)
    for unit in claim.units:
        row = burdens.row(unit.burden)
        if row is None or any(record.unreadable for record in unit.records):
            return None
        if unit.ended and unit.service_class != _MEALS:
            if unit.points is None or unit.count is None:
                return None
            for at, column in enumerate(_COLUMNS):
                if row[column] == "1":
                    sums[at] += unit.points * unit.count
    return sums


RULES: Final[tuple[Rule, ...]] = (insurer_total, public_total)
