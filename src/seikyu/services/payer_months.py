"""A payer's months (処理月): what was delivered, and that it is what the ledger charges this payer, to the unit."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from seikyu.office.ledger import MEASURES, NOTHING, Account, Amounts, trial_balance
from seikyu.ports.store import Delivery, ReadTx
from seikyu.ports.trust import ClientIdentity
from seikyu.services.deliver import RECEIVED, SEALING
from seikyu.services.office import PAYER, REAL, Office, require_party

_CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class PayerMonth:
    """A payer's part of a review body's month. Shape: `deliveries` oldest first; `account` is of the claim ledger."""

    body: str
    month: str
    closed_at: datetime | None
    deliveries: tuple[Delivery, ...]
    account: Account

    @property
    def received(self) -> int:
        """How many deliveries were received."""
        return sum(row.state == RECEIVED for row in self.deliveries)

    @property
    def claims(self) -> int:
        """The cases (件数) in the deliveries; the ledger counts them anew from what was sealed."""
        return sum(row.claims for row in self.deliveries)

    @property
    def points(self) -> int:
        """The payer's own points in the deliveries."""
        return sum(row.points for row in self.deliveries)

    @property
    def size_bytes(self) -> int:
        """All their bytes."""
        return sum(row.size_bytes for row in self.deliveries)

    @property
    def balanced(self) -> bool:
        """True if what was claimed is delivered or suspended, and the deliveries hold what the ledger has delivered."""
        delivered = self.account.delivered
        return not self.account.difference and (self.claims, self.points) == (delivered.cases, delivered.own_points)


def list_payer_months(office: Office, identity: ClientIdentity) -> list[tuple[str, str]]:
    """Return month and body of all that was closed with something for this payer, newest first. Errors: Forbidden."""
    with office.store.read() as tx:
        require_party(tx, identity, kind=PAYER, now=office.clock.now())
        return [
            (month, body) for body, month in tx.months_of_payer(identity.party, REAL) if _is_closed(tx, body, month)
        ]


def show_payer_month(office: Office, identity: ClientIdentity, month: str) -> list[PayerMonth]:
    """Return the payer's part of a month, review body by review body; nothing if there is none. Errors: Forbidden."""
    payer = identity.party
    with office.store.read() as tx:
        require_party(tx, identity, kind=PAYER, now=office.clock.now())
        bodies = [body for body, each in tx.months_of_payer(payer, REAL) if each == month]
        return [_month_of(tx, payer, body, month) for body in bodies if _is_closed(tx, body, month)]


def payer_month_view(found: PayerMonth) -> dict[str, Any]:
    """Return a month of a payer as the world sees it."""
    account = found.account
    return {
        "body": found.body,
        "month": found.month,
        "closed_at": found.closed_at.isoformat() if found.closed_at else None,
        "deliveries": len(found.deliveries),
        "received": found.received,
        "claims": found.claims,
        "points": found.points,
        "size_bytes": found.size_bytes,
        "balanced": found.balanced,
        "ledger": {name: _measures(amounts) for name, amounts in sides_of(account)},
        "reasons": {reason: _measures(amounts) for reason, amounts in account.suspended.items()},
    }


def sides_of(account: Account) -> list[tuple[str, Amounts]]:
    """Return the sides of an account in the order in which they are told."""
    return [
        ("claimed", account.claimed),
        ("delivered", account.delivered),
        ("suspended", account.suspense),
        ("difference", account.difference),
    ]


def together(found: list[PayerMonth]) -> Account:
    """Return the accounts of several bodies as one; reasons are added up too."""
    suspended: dict[str, Amounts] = {}
    for each in found:
        for reason, amounts in each.account.suspended.items():
            suspended[reason] = suspended.get(reason, NOTHING) + amounts
    return Account(
        claimed=sum((each.account.claimed for each in found), NOTHING),
        delivered=sum((each.account.delivered for each in found), NOTHING),
        suspended=suspended,
    )


def _month_of(tx: ReadTx, payer: str, body: str, month: str) -> PayerMonth:
    row = tx.month(body, month, REAL)
    rows = [each for each in tx.deliveries(payer=payer, body=body, month=month, line=REAL) if each.state != SEALING]
    ledger = trial_balance(tx.postings(body, month, REAL, payer=payer)).payers
    return PayerMonth(body, month, row.closed_at if row else None, tuple(reversed(rows)), ledger.get(payer, Account()))


def _is_closed(tx: ReadTx, body: str, month: str) -> bool:
    row = tx.month(body, month, REAL)
    return row is not None and row.state == _CLOSED


def _measures(amounts: Amounts) -> dict[str, int]:
    return {measure: getattr(amounts, measure) for measure in MEASURES}
