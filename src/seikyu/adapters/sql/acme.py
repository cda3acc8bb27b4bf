"""Statements about ACME: accounts, orders and authorizations."""

from datetime import datetime

import sqlalchemy as sa

from seikyu.adapters.sql.rows import columns, every, first, narrowed, page, put
from seikyu.adapters.sql.schema_acme import acme_accounts, acme_names, acme_orders
from seikyu.ports.acme import AcmeAccount, AcmeName, AcmeOrder

_ACCOUNT = sa.select(*columns(acme_accounts, AcmeAccount))
_ORDER = sa.select(*columns(acme_orders, AcmeOrder))
_NAME = sa.select(*columns(acme_names, AcmeName))


class SqlAcmeRead:
    """What can be read (ports.acme.AcmeRead)."""

    connection: sa.Connection

    def acme_account(self, account_id: str) -> AcmeAccount | None:
        """Return the account of that id."""
        return first(self.connection, AcmeAccount, _ACCOUNT.where(acme_accounts.c.id == account_id))

    def acme_account_by_key(self, thumbprint: str) -> AcmeAccount | None:
        """Return the account that signs with that key."""
        return first(self.connection, AcmeAccount, _ACCOUNT.where(acme_accounts.c.thumbprint == thumbprint))

    def acme_accounts_of(self, notice: str) -> list[AcmeAccount]:
        """Return the accounts that were ever bound to a notice, oldest first."""
        wanted = narrowed(_ACCOUNT, acme_accounts, notice=notice)
        return every(self.connection, AcmeAccount, wanted.order_by(acme_accounts.c.opened_at, acme_accounts.c.id))

    def acme_order(self, order_id: str) -> AcmeOrder | None:
        """Return the order of that id."""
        return first(self.connection, AcmeOrder, _ORDER.where(acme_orders.c.id == order_id))

    def acme_orders(self, account: str, *, after: str | None = None, limit: int | None = None) -> list[AcmeOrder]:
        """Return orders of an account, newest first."""
        wanted = narrowed(_ORDER, acme_orders, account=account)
        return every(self.connection, AcmeOrder, page(wanted, acme_orders.c.id, after=after, limit=limit))

    def acme_orders_since(self, account: str, since: datetime) -> int:
        """Count the orders that an account has made since."""
        counted = sa.select(sa.func.count()).select_from(acme_orders)
        wanted = counted.where(acme_orders.c.account == account, acme_orders.c.ordered_at >= since)
        return int(self.connection.execute(wanted).scalar_one())

    def acme_name(self, name_id: str) -> AcmeName | None:
        """Return the authorization of that id."""
        return first(self.connection, AcmeName, _NAME.where(acme_names.c.id == name_id))

    def acme_names(self, order: str) -> list[AcmeName]:
        """Return the authorizations of an order, in the order of their ids."""
        return every(self.connection, AcmeName, _NAME.where(acme_names.c.order == order).order_by(acme_names.c.id))

    def acme_failures_since(self, account: str, since: datetime) -> int:
        """Count the names of an account that could not be proved since."""
        counted = sa.select(sa.func.count()).select_from(acme_names)
        wanted = counted.where(acme_names.c.account == account, acme_names.c.failed_at >= since)
        return int(self.connection.execute(wanted).scalar_one())


class SqlAcmeWrite:
    """What can be written (ports.acme.AcmeWrite)."""

    connection: sa.Connection

    def put_acme_account(self, account: AcmeAccount) -> None:
        """Insert or replace. Errors: AlreadyThere, if another account has the key."""
        put(self.connection, acme_accounts, account)

    def put_acme_order(self, order: AcmeOrder) -> None:
        """Insert or replace."""
        put(self.connection, acme_orders, order)

    def put_acme_name(self, name: AcmeName) -> None:
        """Insert or replace."""
        put(self.connection, acme_names, name)

    def forget_acme_orders(self, before: datetime) -> int:
        """Remove the orders that expired earlier, with their authorizations; return how many orders."""
        old = sa.select(acme_orders.c.id).where(acme_orders.c.expires_at < before)
        self.connection.execute(acme_names.delete().where(acme_names.c.order.in_(old)))
        return self.connection.execute(acme_orders.delete().where(acme_orders.c.expires_at < before)).rowcount
