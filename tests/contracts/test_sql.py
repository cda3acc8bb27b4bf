"""What only the SQL store has: a file, a schema with a history, a plan for each query, and a disk that fills up."""

import sqlite3
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from every_adapter import WAIT_S
from some_rows import INSTITUTION, PAYER, PLACE, a_certificate, a_delivery, a_file, a_party, a_sending

from seikyu.adapters.sql import SqlStore, open_store
from seikyu.adapters.sql.engine import sqlite_engine
from seikyu.adapters.sql.open import MIGRATIONS, known_revisions, migrate
from seikyu.adapters.sql.schema import HEAD, Instant, metadata
from seikyu.ports.errors import Damaged, NewerDatabase, NoSpace, Unavailable

PAGE_BYTES = 4096  # SQLite's default.


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where a database may lie."""
    return tmp_path / "office.sqlite"


@pytest.fixture
def sql(path: Path) -> Iterator[SqlStore]:
    """Return an empty store."""
    store = open_store(path, wait_s=WAIT_S)
    yield store
    store.close()


def test_every_commit_is_on_the_disk_when_it_returns(sql: SqlStore) -> None:
    """Write-ahead log, full synchronisation, foreign keys, and a wait for locks, on every connection."""
    for _ in range(2):
        with sql.engine.connect() as one, sql.engine.connect() as other:
            for connection in (one, other):
                pragmas = [
                    connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                    for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
                ]
                assert ["wal", 2, 1, int(WAIT_S * 1000)] == pragmas


def test_nobody_else_may_read_the_rows(path: Path, sql: SqlStore) -> None:
    """Neither the file nor what SQLite lays beside it."""
    with sql.write() as tx:
        tx.put_setting("a", "1")

    assert {0o600} == {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}


def test_a_store_that_is_opened_again_holds_its_rows(path: Path, sql: SqlStore) -> None:
    """Opening migrates nothing twice and loses nothing."""
    with sql.write() as tx:
        tx.add_sending(a_sending(), [a_file()])
    sql.close()

    again = open_store(path)

    with again.read() as tx:
        assert [a_sending()] == tx.sendings()
    again.close()


def test_the_migrations_make_the_schema(sql: SqlStore) -> None:
    """Tables, columns, keys and indexes of a migrated database are those of the code."""
    with sql.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)

    assert [] == differences


def test_the_head_is_the_newest_migration() -> None:
    """The number in the code, the files' numbers and the revisions in them agree, one after the other."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    revisions = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]

    assert HEAD == revisions[0]
    assert set(revisions) == known_revisions()
    assert [f"{number:04d}" for number in range(len(revisions), 0, -1)] == revisions
    assert all(name.name[5:].startswith(("pre_", "post_")) for name in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def test_a_database_without_issuers_is_brought_up(path: Path) -> None:
    """Certificates of the first schema are there afterwards, and say nothing of who signed them."""
    made = a_certificate(issuer=None)
    table = metadata.tables["certificates"]
    row = {column.name: getattr(made, column.name) for column in table.columns if column.name != "issuer"}
    old = sqlite_engine(path, wait_s=WAIT_S)
    with old.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        migrate(connection, "0001")
        connection.execute(table.insert().values(row))
        connection.commit()
    old.dispose()

    store = open_store(path)

    with store.read() as tx:
        assert tx.certificates() == [made]
    store.close()


def test_a_newer_database_is_left_alone(path: Path, sql: SqlStore) -> None:
    """Not one byte of it changes, and the answer says what was found."""
    with sql.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    sql.close()
    before = path.read_bytes()

    with pytest.raises(NewerDatabase) as told:
        open_store(path)

    assert told.value.facts == {"revision": "9999"}
    assert before == path.read_bytes()


@pytest.mark.parametrize(
    "content", [b"no database at all, but long enough to look at" * 100, b"SQLite format 3\0" + b"?" * 5000]
)
def test_a_file_that_is_no_database_is_left_alone(path: Path, content: bytes) -> None:
    """It is named as damaged, and stays as it was."""
    path.write_bytes(content)

    with pytest.raises(Damaged):
        open_store(path)

    assert content == path.read_bytes()


def test_an_empty_file_becomes_a_database(path: Path) -> None:
    """So does a file of another program's tables, which are not ours to touch."""
    path.touch()
    open_store(path).close()
    other = path.with_name("other.sqlite")
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE theirs (x)")

    open_store(other).close()

    with closing(sqlite3.connect(other)) as connection:
        assert connection.execute("SELECT count(*) FROM theirs, sendings").fetchone() == (0,)


def test_a_migration_happens_as_a_whole_or_not_at_all(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure in its middle leaves a database that the next start migrates."""
    from alembic.operations import Operations

    create = Operations.create_table

    def failing(self: Operations, name: str, *columns: object, **how: object) -> object:
        if name == "sendings":
            raise ZeroDivisionError
        return create(self, name, *columns, **how)

    with monkeypatch.context() as patched:
        patched.setattr(Operations, "create_table", failing)
        with pytest.raises(ZeroDivisionError):
            open_store(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)

    open_store(path).close()


def test_a_register_of_before_the_notices_comes_along(path: Path) -> None:
    """Its parties keep what they had, and nothing is said of what nobody had asked."""
    engine = sqlite_engine(path, wait_s=WAIT_S)
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        migrate(connection, "0001")
        connection.exec_driver_sql(
            "INSERT INTO parties (id, kind, name, since, address) VALUES "
            f"('{INSTITUTION}', 'institution', '見本医院', '2026-09-05T00:30:00.123456Z', '')"
        )
        connection.commit()
    engine.dispose()

    store = open_store(path)

    with store.read() as tx:
        assert [a_party()] == tx.parties()
    store.close()


def test_two_that_open_a_new_database_at_once_both_succeed(path: Path) -> None:
    """The second waits and finds it done."""
    stores: list[SqlStore] = []
    threads = [threading.Thread(target=lambda: stores.append(open_store(path))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(stores) == 4
    for store in stores:
        store.close()


def test_many_that_switch_a_new_file_to_its_log_at_once_all_succeed(path: Path) -> None:
    """SQLite tells all but one that it is locked, at once; the wait is ours."""
    for number in range(30):
        engine = sqlite_engine(path.with_name(f"{number}.sqlite"), wait_s=10)
        together = threading.Barrier(6)

        def switch(engine: sa.Engine = engine, together: threading.Barrier = together) -> str:
            together.wait()
            with engine.connect() as connection:
                return str(connection.exec_driver_sql("PRAGMA journal_mode").scalar())

        with ThreadPoolExecutor(6) as threads:
            assert ["wal"] * 6 == [found.result() for found in [threads.submit(switch) for _ in range(6)]]
        engine.dispose()


def test_a_new_database_that_stays_locked_is_unavailable(path: Path) -> None:
    """Whoever opens it waits as long as it was told to."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        other.execute("CREATE TABLE theirs (x)")

        with pytest.raises(Unavailable):
            open_store(path, wait_s=0.05)


def test_a_database_locked_by_another_program_is_unavailable(path: Path, sql: SqlStore) -> None:
    """Nothing is written then; readers go on."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable), sql.write() as tx:
            tx.put_setting("a", "1")
        with sql.read() as tx:
            assert tx.setting("a") is None
        other.execute("ROLLBACK")

    with sql.write() as tx:
        tx.put_setting("a", "1")


def test_damage_in_the_middle_is_told_as_damage(path: Path, sql: SqlStore) -> None:
    """A page that was overwritten shows when it is read."""
    with sql.write() as tx:
        for number in range(200):
            tx.add_sending(a_sending(f"s{number:03d}"), [])
    with sql.read() as tx:
        page = tx.connection.exec_driver_sql("SELECT rootpage FROM sqlite_master WHERE name = 'sendings'").scalar()
    sql.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE_BYTES)
        file.write(b"\xff" * PAGE_BYTES)

    damaged = open_store(path)

    with pytest.raises(Damaged), damaged.read() as tx:
        tx.sendings()
    damaged.close()


def test_a_file_that_is_out_of_reach_is_for_later(path: Path) -> None:
    """The disk went away under a running server: nobody's bug, and it may come back."""
    store = open_store(path)
    store.engine.dispose()
    path.rename(path.with_name("away"))
    path.mkdir()
    with pytest.raises(Unavailable), store.read() as tx:
        tx.certificates()

    path.rmdir()
    path.with_name("away").rename(path)
    with store.read() as tx:
        assert tx.certificates() == []
    store.close()


def test_an_error_of_ours_stays_a_bug_and_tells_no_value(sql: SqlStore) -> None:
    """A statement that is wrong, or a row without what it must have, is nobody's fault but ours."""
    with pytest.raises(sa.exc.OperationalError), sql.write() as tx:
        tx.connection.exec_driver_sql("SELECT nothing FROM nowhere")
    with pytest.raises(sa.exc.IntegrityError) as told, sql.write() as tx:
        tx.add_sending(a_sending("見本", body=None), [])

    assert "見本" not in str(told.value)


def test_connections_that_are_all_taken_make_the_store_unavailable(path: Path) -> None:
    """Whoever gets none is told to come back, not left waiting."""
    from seikyu.adapters.sql.engine import POOL, POOL_OVERFLOW

    store = open_store(path, wait_s=0.05)
    connections = [store.engine.connect() for _ in range(POOL + POOL_OVERFLOW)]

    with pytest.raises(Unavailable), store.read():
        pass

    for connection in connections:
        connection.close()
    with store.read() as tx:
        assert tx.sendings() == []
    store.close()


def test_a_naive_time_is_refused(sql: SqlStore) -> None:
    """Nobody could say which instant it is."""
    with pytest.raises(sa.exc.StatementError, match="naive"), sql.write() as tx:
        tx.put_delivery(a_delivery(sealed_at=a_delivery().sealed_at.replace(tzinfo=None)))


def test_times_are_kept_as_text_that_sorts(sql: SqlStore) -> None:
    """UTC, of fixed width."""
    with sql.write() as tx:
        tx.add_sending(a_sending(), [])

    with sql.read() as tx:
        stored = tx.connection.exec_driver_sql("SELECT received_at FROM sendings").scalar()
    assert stored == "2026-09-05T00:30:00.123456Z"
    assert len(stored) == 27
    postgres = Instant().load_dialect_impl(sa.dialects.registry.load("postgresql")())
    assert (postgres.timezone, Instant().cache_ok) == (True, True)


PAGES = {
    "all": {}, "party": {"party": INSTITUTION}, "state": {"states": ("to_decide",)},
    "month": {**PLACE}, "party and more": {"party": INSTITUTION, **PLACE, "states": ("checking", "to_decide")},
}  # fmt: skip


@pytest.mark.parametrize("wanted", PAGES.values(), ids=PAGES.keys())
def test_a_page_of_sendings_is_found_by_an_index(sql: SqlStore, wanted: dict[str, object]) -> None:
    """However many there are, a page neither sorts nor scans them."""
    no_sort_no_scan(sql, lambda tx: tx.sendings(**wanted, after="s5", limit=50))


def test_single_rows_and_other_lists_are_found_by_an_index(sql: SqlStore) -> None:
    """What every request asks for stays quick for ever."""
    no_sort_no_scan(sql, lambda tx: tx.certificate("1f"))
    no_sort_no_scan(sql, lambda tx: tx.sending("s1"))
    no_sort_no_scan(sql, lambda tx: tx.sending_by_key(INSTITUTION, "k"))
    no_sort_no_scan(sql, lambda tx: tx.repeat_of(INSTITUTION, "d1"))
    no_sort_no_scan(sql, lambda tx: tx.files("s1"))
    no_sort_no_scan(sql, lambda tx: tx.deliveries(payer=PAYER, after="d5", limit=50))
    no_sort_no_scan(sql, lambda tx: tx.postings(**PLACE))
    no_sort_no_scan(sql, lambda tx: tx.postings(**PLACE, payer=PAYER))
    no_sort_no_scan(sql, lambda tx: tx.delivery_steps("d1", "d2"))
    no_sort_no_scan(sql, lambda tx: tx.parties_after("1", limit=50))
    no_sort_no_scan(sql, lambda tx: tx.parties_named(["1", "2"]))
    no_sort_no_scan(sql, lambda tx: tx.notices(party=INSTITUTION, after="n5", limit=50))
    no_sort_no_scan(sql, lambda tx: tx.notices(state="filed", after="n5", limit=50))
    no_sort_no_scan(sql, lambda tx: tx.notice_by_key(INSTITUTION, "k"))
    no_sort_no_scan(sql, lambda tx: tx.open_notice(INSTITUTION, "d", ("filed", "seen")))
    no_sort_no_scan(sql, lambda tx: tx.notice_steps("n1"))


def no_sort_no_scan(sql: SqlStore, ask) -> None:  # noqa: ANN001 - any question to a transaction
    """Ask, and look at the plan of every statement that was run."""
    asked: list[tuple[str, object]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_more: object) -> None:
        asked.append((statement, parameters))

    sa.event.listen(sql.engine, "before_cursor_execute", note)
    with sql.read() as tx:
        ask(tx)
    sa.event.remove(sql.engine, "before_cursor_execute", note)
    selects = [one for one in asked if one[0].startswith("SELECT")]
    assert selects
    with sql.engine.connect() as connection:
        for statement, parameters in selects:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            steps = [step[3] for step in plan]
            assert not [step for step in steps if "TEMP B-TREE" in step], (statement, steps)
            assert not [step for step in steps if step.startswith("SCAN") and "INDEX" not in step], (statement, steps)


def test_a_full_disk_leaves_no_row(small_disk: Path) -> None:
    """Transactions that fit stay, the one that does not is gone as a whole, and later ones succeed when there is room."""
    store = open_store(small_disk / "o.sqlite")
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(700_000))
    written = 0
    with pytest.raises(NoSpace):
        for number in range(10_000):
            with store.write() as tx:
                tx.add_sending(a_sending(f"s{number:05d}"), [])
                tx.put_setting(f"much {number}", "x" * 20_000)
                tx.put_setting("written", str(number))
            written = number

    with store.read() as tx:
        assert tx.setting("written") == str(written)
        assert len(tx.sendings()) == written + 1
    ballast.unlink()
    with store.write() as tx:
        tx.put_setting("written", "again")
    store.close()
