"""What makes a claim the same claim again, and what each of its payers is asked for."""

from hashlib import blake2b
from typing import Final, Self

from seikyu.limits import limit
from seikyu.records import InsurerNumber
from seikyu.rules.index import PayerShare
from seikyu.rules.view import Claim, Record

_DIGEST_BYTES: Final = 16
_SHORT_BYTES: Final = 8
_MOST_PAYERS: Final = 5
PATIENT: Final = ("patient_name", "sex", "birth_date")
_CARD: Final = ("insurer_number", "card_symbol", "card_number")
_PUBLIC: Final = ("payer_number", "recipient_number")
#: Of one patient in one month there is a claim for each of these: the prescriber, visits that were not kept.
APART: Final = ("prescriber_prefecture", "prescriber_point_table", "prescriber_code", "no_show_claim")


class Known:
    """What was seen in a file before, for a bounded number of claims: 8 bytes of each."""

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self._most = limit("claims_compared")

    def anew(self) -> Self:
        """Return one of the same kind that has seen nothing."""
        return type(self)()

    def seen(self, mark: bytes) -> bool:
        """Return whether the mark was seen before, and remember it while there is room."""
        return self.seen_short(short_of(mark))

    def seen_identity(self, identity: bytes) -> bool:
        """Return the same of a claim's identity, which is a digest already: its first bytes will do."""
        return self.seen_short(int.from_bytes(identity[:_SHORT_BYTES], "little"))

    def seen_short(self, short: int) -> bool:
        """Return the same of a mark of 8 bytes."""
        if short in self._seen:
            return True
        if len(self._seen) < self._most:
            self._seen.add(short)
        return False


def short_of(mark: bytes) -> int:
    """Return what is remembered of a mark."""
    return int.from_bytes(blake2b(mark, digest_size=_SHORT_BYTES).digest(), "little")


def identity_of(claim: Claim, *, institution: str, key: bytes) -> bytes:
    """Return a keyed hash over institution, patient, service month, payers and type, 16 bytes.

    Without the key nobody can tell from it whose claim it is, nor try names against it.
    """
    parts = [institution.encode("ascii", "replace"), claim.head.raw("service_month"), claim.head.raw("claim_type")]
    parts += [claim.head.raw(name) for name in PATIENT]
    parts += [claim.head.raw(name) for name in APART if name in claim.head.plan.index]
    for payer in claim.payers:
        parts += [payer.raw(name).strip() for name in (_CARD if payer.id == "HO" else _PUBLIC)]
    digest = blake2b(key=key, digest_size=_DIGEST_BYTES)
    for part in parts:
        digest.update(len(part).to_bytes(4, "big") + part)
    return digest.digest()


def shares_of(claim: Claim) -> tuple[PayerShare, ...]:
    """Return what HO and each KO of the claim ask for, HO first, at most five."""
    return tuple(_share(payer) for payer in claim.payers[:_MOST_PAYERS])


def _share(payer: Record) -> PayerShare:
    number = payer["insurer_number" if payer.id == "HO" else "payer_number"]
    return PayerShare(
        number=InsurerNumber(number).written if number else "",
        points=payer["total_points"] or 0,
        days=payer["actual_days"] or 0,
        meals_yen=payer["meals_yen"] or 0,
    )
