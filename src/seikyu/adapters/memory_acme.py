"""ACME in memory: the part of `adapters.memory` that holds accounts, orders and authorizations."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from seikyu.ports.acme import AcmeAccount, AcmeName, AcmeOrder
from seikyu.ports.errors import AlreadyThere


@dataclass(frozen=True)
class AcmeTables:
    """All rows of ACME at one moment."""

    acme_accounts: dict[str, AcmeAccount] = field(default_factory=dict)
    acme_orders: dict[str, AcmeOrder] = field(default_factory=dict)
    acme_names: dict[str, AcmeName] = field(default_factory=dict)


class _HasTables(Protocol):
    @property
    def tables(self) -> AcmeTables: ...


class MemoryAcmeRead:
    """What can be read (ports.acme.AcmeRead)."""

    def acme_account(self: _HasTables, account_id: str) -> AcmeAccount | None:
        """Return the account of that id."""
        return self.tables.acme_accounts.get(account_id)

    def acme_account_by_key(self: _HasTables, thumbprint: str) -> AcmeAccount | None:
        """Return the account that signs with that key."""
        found = [one for one in self.tables.acme_accounts.values() if one.thumbprint == thumbprint]
        return found[0] if found else None

    def acme_accounts_of(self: _HasTables, notice: str) -> list[AcmeAccount]:
        """Return the accounts that were ever bound to a notice, oldest first."""
        found = [one for one in self.tables.acme_accounts.values() if one.notice == notice]
        return sorted(found, key=lambda one: (one.opened_at, one.id))

    def acme_order(self: _HasTables, order_id: str) -> AcmeOrder | None:
        """Return the order of that id."""
        return self.tables.acme_orders.get(order_id)

    def acme_orders(
        self: _HasTables, account: str, *, after: str | None = None, limit: int | None = None
    ) -> list[AcmeOrder]:
        """Return orders of an account, newest first."""
        found = [
            one
            for one in self.tables.acme_orders.values()
            if one.account == account and (after is None or one.id < after)
        ]
        return sorted(found, key=lambda one: one.id, reverse=True)[:limit]

    def acme_orders_since(self: _HasTables, account: str, since: datetime) -> int:
        """Return how many orders an account has made since."""
        return sum(one.account == account and one.ordered_at >= since for one in self.tables.acme_orders.values())

    def acme_name(self: _HasTables, name_id: str) -> AcmeName | None:
        """Return the authorization of that id."""
        return self.tables.acme_names.get(name_id)

    def acme_names(self: _HasTables, order: str) -> list[AcmeName]:
        """Return the authorizations of an order, in the order of their ids."""
        return sorted((one for one in self.tables.acme_names.values() if one.order == order), key=lambda one: one.id)

    def acme_failures_since(self: _HasTables, account: str, since: datetime) -> int:
        """Return how many names of an account could not be proved since."""
        return sum(
            one.account == account and one.failed_at is not None and one.failed_at >= since
            for one in self.tables.acme_names.values()
        )


class MemoryAcmeWrite:
    """What can be written (ports.acme.AcmeWrite)."""

    def put_acme_account(self: _HasTables, account: AcmeAccount) -> None:
        """Insert or replace. Errors: AlreadyThere, if another account has the key."""
        others = [one for one in self.tables.acme_accounts.values() if one.id != account.id]
        if any(one.thumbprint == account.thumbprint for one in others):
            raise AlreadyThere("an account with that key is already there")
        self.tables.acme_accounts[account.id] = account

    def put_acme_order(self: _HasTables, order: AcmeOrder) -> None:
        """Insert or replace."""
        self.tables.acme_orders[order.id] = order

    def put_acme_name(self: _HasTables, name: AcmeName) -> None:
        """Insert or replace."""
        self.tables.acme_names[name.id] = name

    def forget_acme_orders(self: _HasTables, before: datetime) -> int:
        """Remove the orders that expired earlier, with their authorizations; return how many orders."""
        old = {one.id for one in self.tables.acme_orders.values() if one.expires_at < before}
        for name in [one.id for one in self.tables.acme_names.values() if one.order in old]:
            del self.tables.acme_names[name]
        for each in old:
            del self.tables.acme_orders[each]
        return len(old)
