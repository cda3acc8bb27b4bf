"""Rules of dispensing fees: how often one is paid at one reception of a prescription."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from seikyu.rules.rule import Rule, rule
from seikyu.rules.view import Claim, Place, at_most

_KIND: Final = "kind pharmacy"
_CZ: Final = "CZ,1,20260731,20260801,{},7,1,1,01,{},24,,,49" + "," * 57
_IY: Final = "IY,1,620000001,3,,,,,,"


def _example(*lines: tuple[int, int]) -> str:
    return "\n".join([_KIND, *(f"{_CZ.format(reception, code)}\n{_IY}" for reception, code in lines)])


@rule(
    code="X4030",
    title="a dispensing fee more often at one reception than is paid",
    title_ja="処方箋受付１回の薬剤調製料の算定回数が上限を超えています",
    on="CZ",
    tables=("m.most_per_reception",),
    passes=(
        _example(*[(1, 449000010)] * 3),
        _example(*[(1, 449000010)] * 2, *[(2, 449000010)] * 2),
        _example(*[(1, 449000020)] * 4),
        _example(*[(1, 449000030)] * 4),
    ),
    fails=_example(*[(1, 449000010)] * 4),
)
def too_many_agents(claim: Claim) -> Iterator[Place]:
    """For drugs taken inwardly so many agents are paid; what is past that is dispensed without fee."""
    version, times = claim.master("m", "most_per_reception"), Counter[tuple[object, ...]]()
    for record in claim.records("CZ") if version else ():
        code = record["preparation_code"]
        row = version.row(code) if version and code and record["preparation_points"] else None
        most = row["most_per_reception"] if row else None
        if most:
            at = record["prescription_date"], record["dispensing_date"], record["reception_no"], code
            times[at] += 1
            if times[at] == most + 1:
                yield record.at("preparation_code", expected=at_most(most))


RULES: Final[tuple[Rule, ...]] = (too_many_agents,)
