"""The one place that knows which database it is: connections, how a transaction begins, what its errors mean."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolEmpty

from seikyu.ports.errors import AlreadyThere, Damaged, NoSpace, NotThere, Unavailable

#: Connections that are kept open; a server has about as many worker threads.
POOL: Final = 20
#: Connections past the kept ones; whoever still gets none waits, then is told to come back.
POOL_OVERFLOW: Final = 40

_NO_SPACE: Final = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE}
_LOCKED: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_OUT_OF_REACH: Final = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
_DAMAGED: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_AGAIN_S: Final = 0.01
_PRIMARY_CODE: Final = 0xFF  # An extended result code keeps its primary code in the low byte.


def sqlite_engine(path: Path, *, wait_s: float) -> sa.Engine:
    """Return an engine over the SQLite file `path` for many threads.

    Every commit is on the disk when it returns (WAL, synchronous=FULL). Who finds the file locked waits `wait_s`.
    """
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        pool_size=POOL,
        max_overflow=POOL_OVERFLOW,
        pool_timeout=wait_s,
        hide_parameters=True,  # An error's text goes to the log, and the values of its statement are not for it.
        pool_use_lifo=True,  # Few connections do the work, so few page caches are filled.
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
        # The work queue's library begins its transactions implicitly and needs this; our own begin in so many words.
        connection.isolation_level = "IMMEDIATE"
        connection.execute(f"PRAGMA busy_timeout = {int(wait_s * 1000)}")
        _use_write_ahead_log(connection, wait_s=wait_s)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")

    return engine


def _use_write_ahead_log(connection: sqlite3.Connection, *, wait_s: float) -> None:
    """Put the file into WAL mode, for ever; afterwards this does nothing.

    Two that do so at once on a new file are told "locked" without any wait of SQLite's own, so the wait is here.
    """
    end = time.monotonic() + wait_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & _PRIMARY_CODE not in _LOCKED or time.monotonic() > end:
                raise
            time.sleep(_AGAIN_S)
        else:
            return


def begin_read(connection: sa.Connection) -> None:
    """Begin a transaction that sees one state of the rows until its end."""
    connection.exec_driver_sql("BEGIN DEFERRED")


def begin_write(connection: sa.Connection) -> None:
    """Begin a transaction that may write, and take the right to write at once (so that it cannot fail later)."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def errors_told() -> Iterator[None]:
    """Turn the database's errors into those of the ports; what has no meaning there stays a bug."""
    try:
        yield
    except IntegrityError as error:
        raise _integrity(error) from error
    except DBAPIError as error:
        told = meaning(error.orig)
        if told is None:
            raise
        raise told from error
    except PoolEmpty as error:
        raise Unavailable("every database connection is in use") from error


def _integrity(error: IntegrityError) -> Exception:
    """Return what a broken constraint means."""
    if "FOREIGN KEY" in str(error.orig):
        return NotThere("a row speaks of a row that is not there")
    if "UNIQUE" in str(error.orig):
        return AlreadyThere("a row of that name is already there")
    return error


def meaning(error: BaseException | None) -> Exception | None:
    """Return the port's error for one of SQLite's, or None."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return None
    if code in _NO_SPACE or code & _PRIMARY_CODE == sqlite3.SQLITE_FULL:
        return NoSpace("the disk of the database is full")
    if code & _PRIMARY_CODE in _LOCKED:
        return Unavailable("the database stays locked")
    if code & _PRIMARY_CODE in _OUT_OF_REACH:
        return Unavailable("the database cannot be reached")
    if code & _PRIMARY_CODE in _DAMAGED:
        return Damaged("the database file is damaged")
    return None
