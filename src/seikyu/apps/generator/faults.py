"""Deliberate errors: each spoils one claim (or the file's totals) in a way that one rule of the checker names."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from seikyu.apps.generator.claims import Claim

Effect = Literal["refused", "ask"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of error. `code` is the finding it must bring; `effect` is what that does to the claim."""

    kind: str
    code: str
    effect: Effect
    spoil: Callable[[Claim], None]

    def fits(self, claim: Claim) -> bool:
        """Some errors need an insurance record to sit in."""
        return not self.kind.startswith("insur") or any(record[0] == "HO" for record in claim.records)


def _insurer_check_digit(claim: Claim) -> None:
    number = claim.find("HO")[1]
    claim.find("HO")[1] = number[:-1] + str((int(number[-1]) + 1) % 10)


def _insured_number(claim: Claim) -> None:
    claim.find("HO")[3] = ""


def _birth_date(claim: Claim) -> None:
    claim.find("RE")[6] = claim.find("RE")[6][:4] + "1399"


def _total(claim: Claim) -> None:
    main = next(record for record in claim.records if record[0] in {"HO", "KO"})
    main[5] = str(int(main[5]) + 1)


def _burden(claim: Claim) -> None:
    """A line that names the fourth public payer; claims with four of them are left out by the maker."""
    line = next(record for record in claim.records if record[0] in {"SI", "IY", "TO"})
    line[2] = "C"


def _day_sum(claim: Claim) -> None:
    line = claim.find("SI")
    day = next(place for place in range(13, len(line)) if line[place])
    line[day] = str(int(line[day]) + 1)


def _no_disease(claim: Claim) -> None:
    claim.records[:] = [record for record in claim.records if record[0] != "SY"]


def _name(claim: Claim) -> None:
    claim.find("RE")[4] = ""


def _claim_type(claim: Claim) -> None:
    """One payer more than there are."""
    kind = claim.find("RE")[2]
    claim.find("RE")[2] = kind[:2] + str(int(kind[2]) + 1) + kind[3]


FAULTS: Final = {
    fault.kind: fault
    for fault in (
        Fault("insurer_check_digit", "X3001", "ask", _insurer_check_digit),
        Fault("insured_number", "L2162", "refused", _insured_number),
        Fault("birth_date", "L2133", "refused", _birth_date),
        Fault("total", "X3020", "ask", _total),
        Fault("burden", "X2037", "refused", _burden),
        Fault("day_sum", "X2043", "ask", _day_sum),
        Fault("no_disease", "X2028", "ask", _no_disease),
        Fault("name", "L3001", "refused", _name),
        Fault("claim_type", "L2900", "refused", _claim_type),
    )
}


def spoil(claim: Claim, kind: str) -> bool:
    """Put the error into the claim and say so; a claim that cannot carry it stays as it is.

    Errors: KeyError for a kind that is not in FAULTS.
    """
    fault = FAULTS[kind]
    publics = sum(record[0] == "KO" for record in claim.records)
    if not fault.fits(claim) or publics == 4:  # noqa: PLR2004  (a claim has at most four public payers)
        return False
    fault.spoil(claim)
    claim.fault = kind
    return True
