"""Rules of the eligibility records: SN (check), JD (visit days) and MF (window payment)."""

from collections.abc import Iterator
from typing import Final

from seikyu.rules.rule import Rule, rule
from seikyu.rules.view import Claim, Place, Record

_FORM: Final = "digits length long negative code"
_BY_INSTITUTION: Final = "01"
_WINDOW_KINDS: Final = frozenset({"00", "01", "02"})
_BRANCH_CHARS: Final = 2
#: The kinds for which L2140 tells it of SN.
_OFFICIAL: Final = frozenset({"medical", "dpc"})


@rule(
    code="L2140",
    title="the payer kind is undefined, or the claim has no such payer",
    title_ja="負担者種別コードが正しくない、又は該当する負担者がレセプトにありません",
    passes="SN,1,01",
    fails=("SN,7,01", "SN,,01", "SN,2,01"),
    when=[("SN.payer_kind", f"missing {_FORM}")],
    on="SN",
)
def checked_payer(claim: Claim) -> Iterator[Place]:
    """The result of the eligibility check cannot be attributed."""
    yield from (place for record in claim.records("SN") for place in _without_payer(claim, record))


@rule(
    code="X2052",
    title="visit days, or a result of the eligibility check, of a payer that the claim does not have",
    title_ja="受診日等・資格確認レコードの負担者種別に該当する負担者がレセプトにありません",
    passes="JD,1,1",
    fails=("JD,3,1", "kind pharmacy\nSN,2,01"),
    on="SN JD",
)
def visited_payer(claim: Claim) -> Iterator[Place]:
    """They cannot be attributed."""
    ids = ("JD",) if claim.kind in _OFFICIAL else ("SN", "JD")
    yield from (place for record in claim.records(*ids) for place in _without_payer(claim, record))


def _without_payer(claim: Claim, record: Record) -> Iterator[Place]:
    """Yield the record's payer kind if the claim lacks that payer: 1 is HO, 2 to 5 the first to fourth KO."""
    kind = record["payer_kind"]
    if kind is None or not record.plan.layout.holds(claim.service_month):
        return
    there = claim.insurer is not None if kind == "1" else int(kind) - 1 <= len(claim.public_payers)
    if not there:
        yield record.at("payer_kind")


@rule(
    code="X2050",
    title="the confirmation code is not 01, the only one that an institution writes",
    title_ja="医療機関が記録する確認区分（０１）ではありません",
    passes="SN,1,01",
    fails=("SN,1,99", "SN,1,04"),
    on="SN",
    when=[("SN.confirmation", _FORM)],
)
def confirmation(record: Record) -> Iterator[Place]:
    """02 to 14 are written by the review body and the insurer."""
    if record["confirmation"] not in (None, _BY_INSTITUTION):
        yield record.at("confirmation", found=record["confirmation"])


@rule(
    code="X2051",
    title="the branch number is not 2 digits",
    title_ja="枝番が２桁の数字ではありません",
    passes=("SN,1,01,,,,01", "SN,1,01"),
    fails=("SN,1,01,,,,001", "SN,1,01,,,,1", "SN,1,01,,,,A1"),
    on="SN",
    when=[("SN.branch_no", "long width mixed")],
)
def branch_number(record: Record) -> Iterator[Place]:
    """It tells the members of one family apart."""
    branch = record["branch_no"]
    if branch is not None and len(branch) <= _BRANCH_CHARS and not (branch.isdigit() and len(branch) == _BRANCH_CHARS):
        yield record.at("branch_no")


@rule(
    code="X2053",
    title="the window payment kind is not 00, 01 or 02",
    title_ja="窓口負担額区分が００、０１又は０２ではありません",
    passes="MF,00",
    fails=("MF,09", "MF,03", "MF,"),
    on="MF",
    when=[("MF.window_payment_kind", f"missing {_FORM}")],
)
def window_payment(record: Record) -> Iterator[Place]:
    """Without it the review body cannot divide or move the claim."""
    kind = record["window_payment_kind"]
    if kind is not None and kind not in _WINDOW_KINDS:
        yield record.at("window_payment_kind")


RULES: Final[tuple[Rule, ...]] = (checked_payer, visited_payer, confirmation, branch_number, window_payment)
