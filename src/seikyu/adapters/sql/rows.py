"""Between rows and frozen values: a table's columns carry the names of the value's fields."""

from dataclasses import fields
from typing import Any, TypeVar

import sqlalchemy as sa

from seikyu.ports.errors import NotThere

Row = TypeVar("Row")


def columns(table: sa.Table, kind: type[Any]) -> list[sa.Column[Any]]:
    """Return the columns of `table` that make up a value of `kind`, in the order of its fields."""
    return [table.c[field.name] for field in fields(kind)]


def values(row: Any) -> dict[str, Any]:
    """Return the fields of a frozen value by name."""
    return {field.name: getattr(row, field.name) for field in fields(row)}


def first(connection: sa.Connection, kind: type[Row], statement: sa.Select[Any]) -> Row | None:
    """Return the first value that `statement` finds, or None."""
    row = connection.execute(statement.limit(1)).first()
    return None if row is None else kind(*row)


def every(connection: sa.Connection, kind: type[Row], statement: sa.Select[Any]) -> list[Row]:
    """Return all values that `statement` finds, in its order."""
    return [kind(*row) for row in connection.execute(statement)]


def replace(connection: sa.Connection, table: sa.Table, row: Any) -> None:
    """Replace the row with the key of `row`. Errors: NotThere."""
    if not _update(connection, table, row):
        raise NotThere(f"no row of that name in {table.name}")


def put(connection: sa.Connection, table: sa.Table, row: Any) -> None:
    """Replace the row with the key of `row`, or insert it."""
    if not _update(connection, table, row):
        connection.execute(table.insert(), values(row))


def _update(connection: sa.Connection, table: sa.Table, row: Any) -> bool:
    """Update the row with the key of `row`; return whether there was one."""
    new = values(row)
    key = [column == new[column.name] for column in table.primary_key]
    return connection.execute(table.update().where(*key).values(new)).rowcount > 0


def narrowed(statement: sa.Select[Any], table: sa.Table, **wanted: Any) -> sa.Select[Any]:
    """Return `statement` with a condition for every wanted value that is not None."""
    return statement.where(*(table.c[name] == value for name, value in wanted.items() if value is not None))


def page(statement: sa.Select[Any], newest: sa.Column[Any], *, after: str | None, limit: int | None) -> sa.Select[Any]:
    """Return `statement` newest first, from behind `after`, at most `limit` rows. Seeks in an index; skips no rows."""
    if after is not None:
        statement = statement.where(newest < after)
    return statement.order_by(newest.desc()).limit(limit)
