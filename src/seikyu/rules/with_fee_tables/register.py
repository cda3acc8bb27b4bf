"""Rules of institutions against their register: whether there is one of that code, and whether it was open."""

from collections.abc import Iterator
from typing import Final

from seikyu.records import Month
from seikyu.rules.masters import Row
from seikyu.rules.rule import Rule, rule
from seikyu.rules.view import Claim, File, Phrase, Place, claim_month_of

_IR: Final = "IR,1,99,1,{},,見本診療所,202609,00,"


def _unknown(file: File) -> Iterator[Place]:
    """Yield the institution's code of each header that names one that the register lacks."""
    for header in file.headers:
        parts = [header[name] for name in ("prefecture", "point_table", "institution_code")]
        sure = all(parts) and file.masters.sure("institutions", claim_month_of(header))
        if sure and not file.masters.knows("institutions", "".join(parts)):
            yield header.at("institution_code")


@rule(
    code="L1912",
    title="there is no institution of that code",
    title_ja="医療機関（薬局）コードが台帳にありません",
    tables=("institutions.whole",),
    passes=(_IR.format("0112342"), "kind pharmacy"),
    fails=(_IR.format("0112390"), "kind pharmacy\nYK,1,99,4,0140099,見本薬局,202609,00,099-000-0000"),
)
def no_such_institution(file: File) -> Iterator[Place]:
    """A claim that nobody made is paid to nobody."""
    yield from _unknown(file)


@rule(
    code="L1906",
    title="there is no institution of that code (DPC)",
    title_ja="医療機関コードが台帳にありません（ＤＰＣ）",
    tables=("institutions.whole",),
    passes="kind dpc",
    fails="kind dpc\nIR,1,99,1,0112390,,見本病院,202609,00,099-000-0000",
)
def no_such_hospital(file: File) -> Iterator[Place]:
    """A claim that nobody made is paid to nobody."""
    yield from _unknown(file)


def is_open(row: Row | None, month: Month) -> bool:
    """True unless an institution opened after the month behind this one, or closed before the one before."""
    since, until = (row["since"], row["until"]) if row else (None, None)
    later = since is not None and since > month.plus(1).last_day
    return not later and (until is None or until >= month.plus(-1).first_day)


@rule(
    code="L3102",
    title="the institution was not open in the service month",
    title_ja="診療年月に開設されていない医療機関です",
    tables=("institutions.since", "institutions.until"),
    passes=(_IR.format("0112342"), _IR.format("0112359"), _IR.format("0112375")),
    fails=(_IR.format("0112367"), _IR.format("0112383")),
)
def institution_not_open(claim: Claim) -> Iterator[Place]:
    """A month before it opened and one after it closed are let be; farther away it is another's claim."""
    month, row = claim.service_month, claim.masters.row("institutions", claim.institution, claim.service_month)
    if row and month and not is_open(row, month):
        since, until = row["since"], row["until"]
        if since and since > month.last_day:
            yield claim.at("service_month", expected=Phrase(f"from {since}", f"{since}から"))
        else:
            yield claim.at("service_month", expected=Phrase(f"until {until}", f"{until}まで"))


RULES: Final[tuple[Rule, ...]] = (no_such_institution, no_such_hospital, institution_not_open)
