"""Opening the database: create it, bring it up to this program's schema, or leave a newer one alone."""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from seikyu.adapters.sql.engine import begin_read, begin_write, errors_told, meaning, sqlite_engine
from seikyu.adapters.sql.schema import HEAD
from seikyu.adapters.sql.schema_register import parties
from seikyu.adapters.sql.store import SqlStore
from seikyu.ports.errors import NewerDatabase, SeikyuError
from seikyu.trust.party import folded_name

#: How long a writer waits for its turn, and for the file's lock.
WAIT_S: Final = 10.0

MIGRATIONS: Final = Path(__file__).parent / "migrations"


def open_store(path: Path, *, wait_s: float = WAIT_S) -> SqlStore:
    """Return the store in the SQLite file `path`, created or migrated if need be.

    Errors: NewerDatabase, and nothing is touched; Damaged, if the file is no database; NoSpace; Unavailable.
    """
    found = revision_of(path, wait_s=wait_s)
    if found not in {None, *known_revisions()}:
        raise NewerDatabase(f"the database has revision {found}", revision=found)
    path.touch(mode=0o600)  # Else SQLite would let everybody read it; its other files take after this one.
    engine = sqlite_engine(path, wait_s=wait_s)
    if found != HEAD:
        with errors_told(), engine.connect() as connection:
            begin_write(connection)
            migrate(connection)
            connection.commit()
    with suppress(SeikyuError):  # A busy or full disk stops nobody here; the next one folds them.
        _fold_names(engine)
    return SqlStore(engine, wait_s=wait_s)


def _fold_names(engine: sa.Engine) -> None:
    """Fold the names that a program of before 0008 wrote, which may still run beside this one: else nobody finds them.

    The look goes through an index that holds all that it needs; with 200,000 parties it takes 50 ms.
    """
    unfolded = sa.select(parties.c.id, parties.c.name).where(
        parties.c.id.in_(sa.select(parties.c.id).where(parties.c.folded == "")), parties.c.name != ""
    )
    with errors_told(), engine.connect() as connection:
        begin_read(connection)
        rows = [each for each in connection.execute(unfolded) if folded_name(each.name)]
        connection.rollback()
        if not rows:
            return
        begin_write(connection)
        same = (parties.c.id == sa.bindparam("at"), parties.c.name == sa.bindparam("was"), parties.c.folded == "")
        change = parties.update().where(*same).values(folded=sa.bindparam("as"))
        connection.execute(change, [{"at": row.id, "was": row.name, "as": folded_name(row.name)} for row in rows])
        connection.commit()


def revision_of(path: Path, *, wait_s: float = WAIT_S) -> str | None:
    """Return which migration the database file has reached, or None for a new one; write nothing.

    Errors: Damaged, if the file is no database; Unavailable, if it stays locked.
    """
    if not path.exists() or path.stat().st_size == 0:
        return None
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=wait_s)) as connection:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError as error:
        if "no such table" in str(error):
            return None
        raise meaning(error) or error from error
    return None if row is None else str(row[0])


def known_revisions() -> set[str]:
    """Return the revisions that this program has migrations for: their files' numbers."""
    return {path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py")}


def migrate(connection: sa.Connection, revision: str = "head") -> None:
    """Bring the schema up to `revision` inside the transaction of `connection`."""
    # Heavy, and needed only for a new database or a new version.
    from alembic import command  # noqa: PLC0415 - imported when it is needed
    from alembic.config import Config  # noqa: PLC0415 - imported when it is needed

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
