"""Who is charged for a claim (請求先): every payer that its HO and KO name, once each.

Source: payer:7.
"""

from collections.abc import Callable
from typing import Final

from seikyu.records import Month
from seikyu.rules.index import IndexRow, PayerShare, Reason

#: The account of a payer whose number cannot be read, and of a claim that names nobody. No party can have this id.
UNNAMED: Final = "unnamed"

_NUMBER_CHARS: Final = 8


def payer_id(number: str) -> str:
    """Return the payer's id: eight digits, an NHI number filled with zeros; UNNAMED, if it is no number.

    >>> payer_id("  138016"), payer_id("06139999"), payer_id("0613999A")
    ('00138016', '06139999', 'unnamed')
    """
    digits = number.strip(" ")
    readable = digits.isascii() and digits.isdigit() and len(digits) <= _NUMBER_CHARS
    return digits.zfill(_NUMBER_CHARS) if readable else UNNAMED


def payers_of(row: IndexRow) -> tuple[tuple[str, PayerShare, bool], ...]:
    """Return each payer of a claim with its share and whether it is the main payer (HO, else the first KO).

    A payer named twice is one payer with both shares. A claim without payers is charged to UNNAMED, so that every
    claim stands in the ledger.
    """
    shares: dict[str, PayerShare] = {}
    for share in row.payers:
        payer = payer_id(share.number)
        shares[payer] = _joined(shares[payer], share) if payer in shares else share
    if not shares:
        shares[UNNAMED] = PayerShare("", row.main_points, 0, 0)
    return tuple((payer, share, place == 0) for place, (payer, share) in enumerate(shares.items()))


def chargeable(row: IndexRow, known: Callable[[str, Month], bool]) -> Reason | None:
    """Return why a claimed claim cannot be charged (it is then suspended whole), or None if it can.

    Shape: `known(payer, month)` tells whether the register has the payer in the month of care.
    """
    payers = payers_of(row)
    if row.payers and row.main_points != row.payers[0].points:
        return Reason.DOES_NOT_ADD_UP
    month = _service_month(row)
    if month is None or not all(payer != UNNAMED and known(payer, month) for payer, _, _ in payers):
        return Reason.UNKNOWN_PAYER
    return None


def _joined(first: PayerShare, second: PayerShare) -> PayerShare:
    return PayerShare(
        first.number, first.points + second.points, max(first.days, second.days), first.meals_yen + second.meals_yen
    )


def _service_month(row: IndexRow) -> Month | None:
    year, month = divmod(row.service_month, 100)
    return Month(year, month) if 1 <= month <= 12 and year > 0 else None  # noqa: PLR2004  twelve months are a year
