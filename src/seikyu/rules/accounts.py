"""Rules of the sums: what HO and KO ask for is what their lines add up to."""

from collections.abc import Iterator
from typing import Final

from seikyu.rules.rule import Rule, rule
from seikyu.rules.view import Claim, Place, Record

_HO: Final = "HO,06990014,見本,1,1,291"
_SI: Final = "SI,11,1,111000110,,291,1,,,,,,,1"
_MOST_PUBLIC: Final = 4
_BOTH: Final = "RE,1,1122,202608,見本,1,19800101\n" + _HO + "\nKO,80990013,0000018,,1,{}\n"
_SHARED: Final = "SI,11,2,111000110,,191,1,,,,,,,1\nSI,60,1,160000010,,100,1,,,,,,,1"


@rule(
    code="X3020",
    title="the insurer's total points are not the sum of the lines",
    title_ja="医療保険の合計点数が明細の合計と一致しません",
    source="records:5",
    passes=(
        _HO,
        _BOTH.format(191) + _SHARED,
        _SI.replace(",291,1,", ",291,2,"),
        "kind pharmacy\nHO,06990014,見本,1,1,1",
    ),
    fails=(
        "HO,06990014,見本,1,1,290",
        "kind dental\nHO,06990014,見本,1,1,235",
        "kind home_nursing\nHO,06990014,見本,1,1,13219",
    ),
    on="HO",
)
def insurer_total(claim: Claim) -> Iterator[Place]:
    """A total that does not add up comes back, and the payment is a month late."""
    for payer in claim.records("HO")[:1]:
        yield from _wrong_total(claim, payer, 0)


@rule(
    code="X3021",
    title="a public payer's total points are not the sum of its lines",
    title_ja="公費の合計点数が明細の合計と一致しません",
    source="records:5",
    passes=_BOTH.format(191) + _SHARED,
    fails=_BOTH.format(291) + _SHARED,
    on="KO",
)
def public_total(claim: Claim) -> Iterator[Place]:
    """A total that does not add up comes back, and the payment is a month late."""
    for at, payer in enumerate(claim.public_payers[:_MOST_PUBLIC], start=1):
        yield from _wrong_total(claim, payer, at)


def _wrong_total(claim: Claim, payer: Record, at: int) -> Iterator[Place]:
    """Compare a payer's total with the lines. If it fits their days, then a count is the slip, and that is told."""
    total = payer["total_points"]
    if total is None or claim.sums is None or total == claim.sums[at]:
        return
    if claim.sums_by_days is None or total != claim.sums_by_days[at]:
        yield payer.at("total_points", found=total, expected=claim.sums[at])


RULES: Final[tuple[Rule, ...]] = (insurer_total, public_total)
