"""Postings of the claim ledger as rows, and the balance of a body's month."""

from collections import defaultdict
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from seikyu.office.ledger import NOTHING, Amounts, Balance, Stage, trial_balance
from seikyu.ports.store import Posting, ReadTx
from seikyu.rules.index import Reason
from seikyu.services.office import REAL, Office


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of the ledger: how far, of which file, and where it went or why it did not."""

    stage: Stage
    file: str
    delivery: str | None = None
    reason: str | None = None


def postings(
    office: Office, leg: Leg, by_payer: Mapping[str, Amounts], *, body: str, month: str, at: datetime
) -> list[Posting]:
    """Return the lines that post `by_payer`, payers ascending. Only the real line has a ledger."""
    return [
        Posting(
            id=office.ids.new(),
            body=body,
            month=month,
            line=REAL,
            stage=leg.stage.value,
            file=leg.file,
            payer=payer,
            at=at,
            claims=amounts.claims,
            main_points=amounts.main_points,
            cases=amounts.cases,
            own_points=amounts.own_points,
            meals_yen=amounts.meals_yen,
            delivery=leg.delivery,
            reason=leg.reason,
        )
        for payer, amounts in sorted(by_payer.items())
    ]


def amounts_of(row: Posting) -> Amounts:
    """Return the measures of a posting."""
    return Amounts(row.claims, row.main_points, row.cases, row.own_points, row.meals_yen)


def standing_suspense(tx: ReadTx, body: str, month: str) -> dict[str, dict[Reason, dict[str, Amounts]]]:
    """Return what stands in suspense (保留) of a body's month, by file, reason and payer; nothing that was reversed."""
    sums: dict[tuple[str, Reason, str], Amounts] = defaultdict(lambda: NOTHING)
    for row in tx.postings(body, month, REAL):
        if row.stage == Stage.SUSPENDED and row.file is not None and row.reason is not None:
            sums[row.file, Reason[row.reason.upper()], row.payer] += amounts_of(row)
    standing: dict[str, dict[Reason, dict[str, Amounts]]] = defaultdict(lambda: defaultdict(dict))
    for (file, reason, payer), amounts in sums.items():
        if amounts:
            standing[file][reason][payer] = amounts
    return {file: dict(by_reason) for file, by_reason in standing.items()}


def balance_of(tx: ReadTx, body: str, month: str, *, without: AbstractSet[str] = frozenset()) -> Balance:
    """Return the trial balance (試算表) of a body's month as the ledger stands.

    `without` leaves files out that were claimed after the month was closed and wait for another closing.
    """
    return trial_balance(row for row in tx.postings(body, month, REAL) if row.file not in without)
