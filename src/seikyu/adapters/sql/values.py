"""Statements about small values: settings that live with the rows, gapless numbers, and counts."""

import sqlalchemy as sa

from seikyu.adapters.sql.schema import deliveries, months, sendings, sequences, settings


def setting(connection: sa.Connection, name: str) -> str | None:
    """Read a small value."""
    return connection.execute(sa.select(settings.c.value).where(settings.c.name == name)).scalar()


def put_setting(connection: sa.Connection, name: str, value: str) -> None:
    """Write a small value."""
    changed = connection.execute(settings.update().where(settings.c.name == name).values(value=value))
    if not changed.rowcount:
        connection.execute(settings.insert(), {"name": name, "value": value})


def next_number(connection: sa.Connection, sequence: str, *, step: int) -> int:
    """Take `step` numbers of a sequence and return the first; a rollback gives them back, so there is no gap."""
    moved = (
        sequences.update()
        .where(sequences.c.name == sequence)
        .values(last=sequences.c.last + step)
        .returning(sequences.c.last)
    )
    last = connection.execute(moved).scalar()
    if last is None:
        connection.execute(sequences.insert(), {"name": sequence, "last": step})
        return 1
    return int(last) - step + 1


def states(connection: sa.Connection) -> dict[str, dict[str, int]]:
    """Count the rows that have a state, by state."""
    counted = {
        table.name: connection.execute(sa.select(table.c.state, sa.func.count()).group_by(table.c.state))
        for table in (sendings, months, deliveries)
    }
    return {name: {str(state): int(count) for state, count in rows} for name, rows in counted.items()}
