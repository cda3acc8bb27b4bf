"""Rules of the sums: what HO and KO ask for is what their lines add up to."""

from collections.abc import Iterator
from typing import Final

from seikyu.rules.rule import Rule, rule
from seikyu.rules.view import Claim, Place

_HO: Final = "HO,06990014,見本,1,1,291"
_SI: Final = "SI,11,1,111000110,,291,1,,,,,,,1"
_BOTH: Final = "RE,1,1122,202608,見本,1,19800101\n" + _HO + "\nKO,80990013,0000018,,1,{}\n"
_SHARED: Final = "SI,11,2,111000110,,191,1,,,,,,,1\nSI,60,1,160000010,,100,1,,,,,,,1"


@rule(
    code="X3020",
    title="the insurer's total points are not the sum of the lines",
    title_ja="医療保険の合計点数が明細の合計と一致しません",
    source="records:5",
    passes=(_HO, _BOTH.format(191) + _SHARED),
    fails="HO,06990014,見本,1,1,290",
    on="HO",
)
def insurer_total(claim: Claim) -> Iterator[Place]:
    """A total that does not add up comes back, and the payment is a month late."""
    sums = claim.sums
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
    on="KO",
)
def public_total(claim: Claim) -> Iterator[Place]:
    """A total that does not add up comes back, and the payment is a month late."""
    sums = claim.sums
    if sums:
        for payer, expected in zip(claim.public_payers, sums[1:], strict=False):
            total = payer["total_points"]
            if total is not None and total != expected:
                yield payer.at("total_points", found=total, expected=expected)


RULES: Final[tuple[Rule, ...]] = (insurer_total, public_total)
