"""The office's rows in an SQL database: SQLite by default, statements that PostgreSQL understands too."""

from seikyu.adapters.sql.open import open_store
from seikyu.adapters.sql.store import SqlReadTx, SqlStore, SqlWriteTx

__all__ = ["SqlReadTx", "SqlStore", "SqlWriteTx", "open_store"]
