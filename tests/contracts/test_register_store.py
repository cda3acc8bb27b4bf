"""The contract of ports.register, over every adapter: pages of parties and certificates, and orders to revoke."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from some_rows import INSTITUTION, NOW, PAYER, a_certificate, a_party
from test_sql import no_sort_no_scan

from seikyu.adapters.memory import MemoryStore
from seikyu.adapters.sql import open_store
from seikyu.adapters.sql.engine import begin_write, sqlite_engine
from seikyu.adapters.sql.open import migrate
from seikyu.adapters.sql.register import _named
from seikyu.ports.errors import AlreadyThere, NotThere
from seikyu.ports.register import Certificate, CertificateQuery, PartyQuery, RevocationOrder
from seikyu.ports.store import ReadTx, Store
from seikyu.trust.party import folded_name

QUERIES = (
    {}, {"party": INSTITUTION}, {"serial_prefix": "a"}, {"terminal_prefix": "受付"}, {"party_prefix": "99"},
    {"name_part": "くり"}, {"ends_until": NOW + timedelta(days=2)}, {"state": "valid"}, {"state": "expired"},
    {"state": "revoked"}, {"party": PAYER, "state": "revoked"}, {"party_prefix": "991", "state": "valid"},
    {"name_part": "見本", "ends_until": NOW + timedelta(days=9)}, {"terminal_prefix": "受付", "state": "expired"},
    {"serial_prefix": "a", "party": INSTITUTION}, {"state": "revoked", "name_part": "見本"},
)  # fmt: skip


def an_order(identity: str = "o1", **other: Any) -> RevocationOrder:
    """Return an order that waits."""
    given = {"reason": "superseded", "many": 2, "digest": "d", "state": "waiting", "ordered_at": NOW}
    return RevocationOrder(**{"id": identity, "ordered_by": "user:1/hanako", **given, **other})


def certificates() -> st.SearchStrategy[list[Certificate]]:
    """Return some certificates, close together so that their orders meet ties."""
    hours = st.integers(-3, 3).map(lambda number: NOW + timedelta(days=number))
    one = st.builds(
        Certificate,
        serial=st.integers(1, 400).map(lambda number: f"{number * 97:x}"),
        party=st.sampled_from([INSTITUTION, PAYER, "9911000023", "0100000001"]),
        terminal=st.sampled_from(["受付1", "受付2", "pc-1", "PC-1", "%_"]),
        issued_at=hours,
        not_after=hours,
        revoked_at=st.none() | hours,
        reason=st.none(),
    )
    return st.lists(one, max_size=25, unique_by=lambda row: row.serial)


def pages(tx: ReadTx, wanted: CertificateQuery, limit: int) -> list[str]:
    """Return the serials of all pages."""
    found: list[str] = []
    after: str | None = None
    while part := tx.certificates_page(wanted, after=after, limit=limit):
        assert len(part) <= limit
        found += [row.serial for row in part]
        after = found[-1]
    return found


@given(rows=certificates(), limit=st.integers(1, 7), asked=st.sampled_from(QUERIES))
@settings(max_examples=60, deadline=None)
def test_pages_of_certificates_are_the_same_everywhere(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Certificate], limit: int, asked: dict[str, Any]
) -> None:
    """Whatever is asked: each store gives each row that fits once, in the order that the query tells."""
    wanted = CertificateQuery(at=NOW, **asked)
    told = []
    sql = open_store(tmp_path_factory.mktemp("register") / "o.sqlite")
    for store in (MemoryStore(), sql):
        with store.write() as tx:
            for party, name in ((INSTITUTION, "見本クリニック"), (PAYER, "見本組合"), ("9911000023", "東医院")):
                tx.put_party(a_party(party, name=name))
            for row in rows:
                tx.put_certificate(row)
        with store.read() as tx:
            told.append(pages(tx, wanted, limit))
            assert told[-1] == [row.serial for row in tx.certificates_page(wanted, limit=100)]
            assert tx.certificates_counted() == (len(rows), sum(row.revoked_at is not None for row in rows))
            assert set(tx.serials_issued()) == {(row.serial, row.issuer) for row in rows}
            assert set(tx.serials_issued(NOW)) == {(row.serial, row.issuer) for row in rows if row.issued_at >= NOW}
            revoked = [row for row in rows if row.revoked_at is not None]
            assert {row.serial for row in revoked} == {row.serial for row in tx.revoked_certificates()}
            assert {row.serial for row in revoked if row.not_after >= NOW} == {
                row.serial for row in tx.revoked_certificates(ending_from=NOW)
            }
            assert {row.serial for row in revoked if row.revoked_at and row.revoked_at >= NOW} == {
                row.serial for row in tx.revoked_certificates(since=NOW)
            }
    sql.close()
    assert told[0] == told[1]
    assert len(set(told[0])) == len(told[0])


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, ["d", "c", "b", "a"]),
        ({"party": INSTITUTION}, ["c", "b", "a"]),
        ({"state": "revoked"}, ["b"]),
        ({"state": "expired"}, ["a"]),
        ({"state": "valid"}, ["d", "c"]),
        ({"ends_until": NOW + timedelta(days=30)}, ["c"]),
        ({"ends_until": NOW + timedelta(days=300)}, ["c", "d"]),
        ({"party_prefix": "99"}, ["a", "b", "c", "d"]),
        ({"name_part": "組"}, ["d"]),
        ({"terminal_prefix": "pc"}, ["a", "b"]),
        ({"serial_prefix": "c"}, ["c"]),
    ],
)
def test_certificates_are_found(store: Store, asked: dict[str, Any], expected: list[str]) -> None:
    """By each way, in its order."""
    day = timedelta(days=1)
    rows = [
        a_certificate("a", issued_at=NOW - 9 * day, not_after=NOW),
        a_certificate("b", issued_at=NOW - 8 * day, revoked_at=NOW - day),
        a_certificate("c", issued_at=NOW - 7 * day, not_after=NOW + day, terminal="受付"),
        a_certificate("d", issued_at=NOW - 6 * day, not_after=NOW + 99 * day, party=PAYER, terminal="受付"),
    ]
    with store.write() as tx:
        tx.put_party(a_party())
        tx.put_party(a_party(PAYER, name="見本組合"))
        for row in rows:
            tx.put_certificate(row)

    with store.read() as tx:
        found = tx.certificates_page(CertificateQuery(at=NOW, **asked), limit=9)
    assert expected == [row.serial for row in found]


def test_a_page_behind_a_certificate_that_is_not_there_is_refused(store: Store) -> None:
    """It would begin somewhere."""
    with store.read() as tx, pytest.raises(NotThere):
        tx.certificates_page(CertificateQuery(at=NOW), after="1f", limit=1)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (PartyQuery(), [0, 1, 2, 3]),
        (PartyQuery(kind="payer"), [2]),
        (PartyQuery(id_prefix="9911"), [1, 3]),
        (PartyQuery(id_prefix="9911", kind="payer"), []),
        (PartyQuery(name_part="くりにっく"), [1]),
        (PartyQuery(name_part="見本", kind="institution"), [1]),
        (PartyQuery(name_part="%"), [3]),
        (PartyQuery(name_part="_"), []),
    ],
)
def test_parties_are_found_page_by_page(store: Store, wanted: PartyQuery, expected: list[int]) -> None:
    """By kind, by the beginning of the id, by a part of the name; no character means anything but itself."""
    rows = [
        a_party("0100000001", name="東医院"),
        a_party("9911000015", name="見本クリニック"),
        a_party("99130012", name="見本組合", kind="payer"),
        a_party("9911000023", name="100% 医院"),
    ]
    rows.sort(key=lambda row: row.id)
    named = {row.name: row for row in rows}
    order = [named[name] for name in ("東医院", "見本クリニック", "見本組合", "100% 医院")]
    with store.write() as tx:
        tx.put_parties(rows)

    found: list[Any] = []
    with store.read() as tx:
        while part := tx.parties_page(wanted, after=found[-1].id if found else None, limit=1):
            found += part
        assert found == tx.parties_page(wanted, limit=9)
    assert sorted(found, key=lambda row: row.id) == found
    assert {row.id for row in found} == {order[no].id for no in expected}


def test_a_party_that_is_renamed_is_found_by_its_new_name_alone(store: Store) -> None:
    """What is looked for follows the row."""
    with store.write() as tx:
        tx.put_party(a_party(name="見本医院"))
        tx.put_party(a_party(name="サクラ医院"))
    with store.read() as tx:
        assert [] == tx.parties_page(PartyQuery(name_part="見本"), limit=9)
        assert [a_party(name="サクラ医院")] == tx.parties_page(PartyQuery(name_part=folded_name("さくら")), limit=9)


def test_what_is_revoked_stays_as_it_was_revoked(store: Store) -> None:
    """The first time and reason; what is not named, or not there, is left alone."""
    later = NOW + timedelta(hours=1)
    with store.write() as tx:
        for serial in ("a", "b", "c"):
            tx.put_certificate(a_certificate(serial))
        tx.revoke_certificates(["a"], at=NOW, reason="superseded")
        tx.revoke_certificates(["a", "b", "x"], at=later, reason="key_compromise")
    with store.read() as tx:
        assert [("a", NOW, "superseded"), ("b", later, "key_compromise"), ("c", None, None)] == [
            (row.serial, row.revoked_at, row.reason) for row in tx.certificates_named(["c", "b", "a", "x"])
        ]


def test_orders_come_newest_first_with_what_they_name(store: Store) -> None:
    """What an order names does not change with its state."""
    with store.write() as tx:
        for no in (1, 2, 3):
            tx.add_revocation_order(an_order(f"o{no}"), ["b", "a"])
        decided = an_order("o2", state="denied", decided_at=NOW, decided_by="user:1/taro")
        tx.put_revocation_order(decided)
    with store.read() as tx:
        assert ["o3", "o2", "o1"] == [one.id for one in tx.revocation_orders()]
        assert ["o2"] == [one.id for one in tx.revocation_orders(after="o3", limit=1)]
        assert ["o3", "o1"] == [one.id for one in tx.revocation_orders(state="waiting")]
        assert (decided, ["a", "b"]) == (tx.revocation_order("o2"), tx.serials_of_order("o2"))
        assert (None, []) == (tx.revocation_order("o9"), tx.serials_of_order("o9"))


def test_an_order_is_entered_once_and_changed_only_where_it_is(store: Store) -> None:
    """Neither act does the other's work."""
    with store.write() as tx:
        tx.add_revocation_order(an_order(), ["a"])
    with pytest.raises(AlreadyThere), store.write() as tx:
        tx.add_revocation_order(an_order(many=9), ["b"])
    with pytest.raises(NotThere), store.write() as tx:
        tx.put_revocation_order(an_order("o2"))
    with store.read() as tx:
        assert (an_order(), ["a"]) == (tx.revocation_order("o1"), tx.serials_of_order("o1"))


@pytest.mark.parametrize("asked", QUERIES[:10], ids=str)
def test_a_page_of_certificates_is_found_by_an_index(tmp_path: Path, asked: dict[str, Any]) -> None:
    """However many there are, a page neither sorts nor scans them."""
    sql = open_store(tmp_path / "o.sqlite")
    with sql.write() as tx:
        tx.put_certificate(a_certificate("a0"))
    no_sort_no_scan(sql, lambda tx: tx.certificates_page(CertificateQuery(at=NOW, **asked), after="a0", limit=50))
    no_sort_no_scan(sql, lambda tx: tx.certificates_page(CertificateQuery(at=NOW, **asked), limit=50))
    sql.close()


def test_other_questions_to_the_register_use_an_index(tmp_path: Path) -> None:
    """The look every half minute, the list of the revoked, and pages of parties."""
    sql = open_store(tmp_path / "o.sqlite")
    for ask in (
        lambda tx: tx.certificates_counted(),
        lambda tx: tx.serials_issued(NOW),
        lambda tx: tx.revoked_certificates(since=NOW),
        lambda tx: tx.revoked_certificates(ending_from=NOW),
        lambda tx: tx.certificates_named(["a", "b"]),
        lambda tx: tx.revocation_orders(state="waiting"),
        lambda tx: tx.parties_page(PartyQuery(kind="payer"), after="1", limit=50),
        lambda tx: tx.parties_page(PartyQuery(id_prefix="99"), after="1", limit=50),
        lambda tx: tx.parties_page(PartyQuery(name_part="医"), after="1", limit=50),
        lambda tx: tx.parties_page(PartyQuery(name_part="医", kind="payer"), limit=50),
    ):
        no_sort_no_scan(sql, ask)
    sql.close()


def test_another_database_is_asked_in_its_own_words() -> None:
    """Where a text holds another is `instr` here and `strpos` in PostgreSQL."""
    asked = _named("医")
    words = [str(asked.compile(dialect=sa.dialects.registry.load(name)())) for name in ("sqlite", "postgresql")]
    assert [("instr(" in each, "strpos(" in each) for each in words] == [(True, False), (False, True)]


def test_names_that_an_older_server_writes_behind_the_migration_are_found(tmp_path: Path) -> None:
    """From the next opening on; a name of which nothing is left when it is folded is looked at and left alone."""
    path = tmp_path / "o.sqlite"
    open_store(path).close()
    insert = sa.text("INSERT INTO parties (id, kind, name, since, address) VALUES (:id, 'institution', :name, :at, '')")
    engine = sqlite_engine(path, wait_s=1)
    with engine.begin() as connection:
        for identity, name in ((INSTITUTION, "ＡＢＣ　薬局"), (PAYER, "・"), ("9911000023", "")):
            connection.execute(insert, {"id": identity, "name": name, "at": "2026-04-01T00:00:00.000000Z"})
    with engine.connect() as held:
        begin_write(held)
        open_store(path, wait_s=0.1).close()  # somebody writes: opened all the same
        held.rollback()
    store = open_store(path)
    with store.read() as tx:
        assert [INSTITUTION] == [row.id for row in tx.parties_page(PartyQuery(name_part="abc薬"), limit=9)]
    store.close()
    with engine.connect() as held:
        begin_write(held)
        open_store(path, wait_s=30).close()  # nothing to fold any more, so it waits for nobody
        held.rollback()
    engine.dispose()


def test_names_of_before_are_found_after_the_migration(tmp_path: Path) -> None:
    """Rows of the program before this one are folded as the new ones are."""
    path = tmp_path / "o.sqlite"
    engine = sqlite_engine(path, wait_s=1)
    names = ["見本クリニック", "ＡＢＣ　薬局", "ｻｸﾗ・医院", "ヴェルデ"]
    insert = sa.text("INSERT INTO parties (id, kind, name, since, address) VALUES (:id, 'institution', :name, :at, '')")
    with engine.begin() as connection:
        migrate(connection, "0004")
        for no, name in enumerate(names):
            connection.execute(insert, {"id": f"991100000{no}", "name": name, "at": "2026-04-01T00:00:00.000000Z"})
    engine.dispose()

    store = open_store(path)
    with store.read() as tx:
        for no, name in enumerate(names):
            found = tx.parties_page(PartyQuery(name_part=folded_name(name)), limit=9)
            assert [f"991100000{no}"] == [row.id for row in found]
    store.close()
