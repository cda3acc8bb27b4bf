"""The contract of ports.store, over every adapter."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from some_rows import (
    INSTITUTION,
    NOW,
    PAYER,
    PLACE,
    a_certificate,
    a_delivery,
    a_fetch,
    a_file,
    a_mandate,
    a_month,
    a_notice,
    a_party,
    a_posting,
    a_sending,
    a_session,
    a_step,
    a_user,
    an_entry,
    everything,
)

from seikyu.adapters.memory import MemoryStore
from seikyu.adapters.sql import open_store
from seikyu.ports.errors import AlreadyThere, NotThere, SeikyuError, Unavailable
from seikyu.ports.store import Store, WriteTx


class Accident(Exception):
    """Something that happens in the middle of a transaction."""


def fill(tx: WriteTx) -> None:
    """Write one row of every kind."""
    tx.put_party(a_party())
    tx.put_certificate(a_certificate())
    tx.add_sending(a_sending(), [a_file()])
    tx.put_month(a_month())
    tx.add_postings([a_posting()])
    tx.put_delivery(a_delivery())
    tx.put_delivery_step(a_fetch())
    tx.put_setting("a", "1")
    tx.add_notice(a_notice(), a_step())
    tx.next_number("n")
    tx.put_user(a_user())
    tx.put_session(a_session())
    tx.put_mandate(a_mandate())
    tx.add_entry(an_entry())


def test_a_row_comes_back_as_it_was_put(store: Store) -> None:
    """Every field of every row survives, times to the microsecond and in Japan time."""
    with store.write() as tx:
        fill(tx)

    with store.read() as tx:
        assert a_party() == tx.party(INSTITUTION)
        assert a_certificate() == tx.certificate("1f")
        assert a_sending() == tx.sending("s1")
        assert a_file() == tx.file("f1")
        assert a_month() == tx.month(**PLACE)
        assert [a_posting()] == tx.postings(**PLACE)
        assert a_delivery() == tx.delivery("d1")
        assert [a_fetch()] == tx.delivery_steps("d1")
        assert tx.setting("a") == "1"
        assert a_notice() == tx.notice("n1")
        assert [a_step()] == tx.notice_steps("n1")
        assert str(NOW) == str(tx.sendings()[0].received_at)


def test_what_is_not_there_is_none(store: Store) -> None:
    """Looking for a row that is not there is no error."""
    with store.read() as tx:
        found = [
            tx.party("x"), tx.certificate("x"), tx.sending("x"), tx.file("x"), tx.month(**PLACE), tx.delivery("x"),
            tx.setting("x"), tx.sending_by_key("x", "x"), tx.repeat_of("x", "x"),
            tx.notice("x"), tx.notice_by_key("x", "x"), tx.open_notice("x", "x", ("filed",)),
        ]  # fmt: skip

    assert [None] * 12 == found


def test_a_row_that_is_put_again_is_replaced(store: Store) -> None:
    """Putting inserts, then replaces; sendings and files are replaced only."""
    revoked = a_certificate(revoked_at=NOW, reason="lost")
    closed = a_month(state="closed", closed_at=NOW, report="{}")
    checked = a_file(
        checked_at=NOW, refused=False, summary="{}", index_object="indexes/f1.1", management_base=7, left_out="[3]"
    )
    with store.write() as tx:
        fill(tx)

    with store.write() as tx:
        tx.put_party(a_party(until=NOW))
        tx.put_certificate(revoked)
        tx.put_sending(a_sending(state="to_decide", claims=3, refused=1, ask=0))
        tx.put_file(checked)
        tx.put_month(closed)
        tx.put_delivery(a_delivery(state="received", received_at=NOW))
        tx.put_setting("a", "2")

    with store.read() as tx:
        assert [a_party(until=NOW)] == tx.parties()
        assert [revoked] == tx.certificates()
        assert [a_sending(state="to_decide", claims=3, refused=1, ask=0)] == tx.sendings()
        assert [checked] == tx.files("s1")
        assert [closed] == tx.months()
        assert [a_delivery(state="received", received_at=NOW)] == tx.deliveries()
        assert tx.setting("a") == "2"


def test_an_exception_rolls_everything_back(store: Store) -> None:
    """Whatever was written before the accident is as if it had never been."""
    with pytest.raises(Accident), store.write() as tx:
        fill(tx)
        raise Accident

    with store.write() as tx:
        people, accounts = [[]] * 4, [None, [], None, [], None]
        assert ([], [], [], [], [], [], [], [], set(), None, None, *people, *accounts, [], []) == everything(tx)
        assert tx.next_number("n") == 1


@pytest.mark.parametrize(
    "twice",
    [
        lambda tx: tx.add_sending(a_sending(), []),
        lambda tx: tx.add_sending(a_sending("s2"), [a_file(sending="s2")]),
        lambda tx: tx.add_sending(a_sending("s2"), [a_file("f2", sending="s2"), a_file("f3", sending="s2")]),
        lambda tx: tx.add_sending(a_sending("s3", idempotency_key="k"), []),
        lambda tx: tx.add_postings([a_posting()]),
        lambda tx: tx.put_delivery(a_delivery("d2")),
        lambda tx: tx.add_notice(a_notice(), a_step(no=2)),
        lambda tx: tx.add_notice(a_notice("n3", idempotency_key="k"), a_step("n3")),
        lambda tx: tx.move_notice(a_notice(state="seen"), a_step(state="seen")),
    ],
    ids=[
        "sending",
        "file",
        "file number",
        "idempotency key",
        "posting",
        "delivery of a volume",
        "notice",
        "key of a notice",
        "line of a history",
    ],
)
def test_a_name_that_is_taken_is_refused(store: Store, twice: Callable[[WriteTx], None]) -> None:
    """No row is written over, and no second delivery of one volume can come to be."""
    with store.write() as tx:
        fill(tx)
        tx.add_sending(a_sending("s0", idempotency_key="k"), [])
        tx.add_notice(a_notice("n0", idempotency_key="k"), a_step("n0"))
    with store.read() as tx:
        before = everything(tx)

    with pytest.raises(AlreadyThere), store.write() as tx:
        twice(tx)

    with store.read() as tx:
        assert before == everything(tx)


def test_replacing_what_is_not_there_is_an_error(store: Store) -> None:
    """A sending or file comes into being only with its bytes."""
    with pytest.raises(NotThere), store.write() as tx:
        tx.put_sending(a_sending())
    with pytest.raises(NotThere), store.write() as tx:
        tx.put_file(a_file())


def test_a_notice_that_is_not_there_cannot_move(store: Store) -> None:
    """A history belongs to a notice."""
    with pytest.raises(NotThere), store.write() as tx:
        tx.move_notice(a_notice(state="seen"), a_step(no=2))


def test_a_notice_moves_and_its_history_grows(store: Store) -> None:
    """The state is the newest; every line that was written stays as it was."""
    with store.write() as tx:
        tx.add_notice(a_notice(), a_step())
        tx.move_notice(a_notice(state="seen"), a_step(no=2, state="seen", by="operator"))

    with store.read() as tx:
        assert a_notice(state="seen") == tx.notice("n1")
        assert [a_step(), a_step(no=2, state="seen", by="operator")] == tx.notice_steps("n1")


def test_notices_are_listed_newest_first_and_found_by_what_repeats_them(store: Store) -> None:
    """By party and state, page by page; by key; and by digest while they are open."""
    rows = [
        a_notice("n1", state="approved", idempotency_key="k"),
        a_notice("n2"),
        a_notice("n3", state="seen"),
        a_notice("n4", party=PAYER, digest="e", idempotency_key="k"),
    ]
    with store.write() as tx:
        for row in rows:
            tx.add_notice(row, a_step(row.id))

    with store.read() as tx:
        assert rows[::-1] == tx.notices()
        assert [rows[2], rows[1]] == tx.notices(party=INSTITUTION, after="n4", limit=2)
        assert [rows[3], rows[1]] == tx.notices(state="filed")
        assert rows[0] == tx.notice_by_key(INSTITUTION, "k")
        assert rows[3] == tx.notice_by_key(PAYER, "k")
        assert rows[2] == tx.open_notice(INSTITUTION, "d", ("filed", "seen"))
        assert tx.open_notice(INSTITUTION, "d", ("sent_back",)) is None
        assert tx.open_notice(PAYER, "d", ("filed",)) is None


def test_parts_of_the_register_are_found_and_replaced_together(store: Store) -> None:
    """By id, from behind one of them, or those that are named; many rows go in at once."""
    first = [a_party(f"991100000{number}") for number in range(4)]
    moved = a_party("9911000002", name="別", category="city", connection="isdn", connection_id="0300000000")
    with store.write() as tx:
        tx.put_parties(first)
        tx.put_parties([moved, a_party("9911000009")])

    with store.read() as tx:
        assert [*first[:2], moved, first[3], a_party("9911000009")] == tx.parties()
        assert [moved, first[3]] == tx.parties_after("9911000001", limit=2)
        assert [] == tx.parties_after("9911000009", limit=2)
        assert [first[0], moved] == tx.parties_named(["9911000002", "x", "9911000000"])


def test_keys_of_different_parties_do_not_meet(store: Store) -> None:
    """An idempotency key belongs to its party; without a key nothing is compared."""
    with store.write() as tx:
        for number, (party, key) in enumerate([(INSTITUTION, "k"), ("9911000023", "k"), (PAYER, None), (PAYER, None)]):
            tx.add_sending(a_sending(f"s{number}", party=party, idempotency_key=key), [])

    with store.read() as tx:
        assert tx.sending_by_key(INSTITUTION, "k") == a_sending("s0", idempotency_key="k")
        assert tx.sending_by_key("9911000023", "k") == a_sending("s1", party="9911000023", idempotency_key="k")
        assert tx.sending_by_key(INSTITUTION, "other") is None


def test_a_repeat_is_the_newest_that_is_neither_cancelled_nor_refused(store: Store) -> None:
    """A failed first try never blocks the good second one."""
    states = ["confirmed", "checking", "cancelled", "refused"]
    with store.write() as tx:
        for number, state in enumerate(states):
            tx.add_sending(a_sending(f"s{number}", state=state), [])
        tx.add_sending(a_sending("s8", party=PAYER), [])
        tx.add_sending(a_sending("s9", digest="d2"), [])

    with store.write() as tx:
        assert a_sending("s1", state="checking") == tx.repeat_of(INSTITUTION, "d1")
        tx.put_sending(a_sending("s1", state="cancelled"))
        assert a_sending("s0", state="confirmed") == tx.repeat_of(INSTITUTION, "d1")
        tx.put_sending(a_sending("s0", state="refused"))
        assert tx.repeat_of(INSTITUTION, "d1") is None


def test_rows_are_counted_by_state(store: Store) -> None:
    """Of what there is none, there is no count."""
    with store.write() as tx:
        assert tx.states() == {"sendings": {}, "months": {}, "deliveries": {}}
        for number, state in enumerate(["checking", "refused", "checking"]):
            tx.add_sending(a_sending(f"s{number}", state=state), [])
        tx.put_month(a_month(state="closed"))
        tx.put_delivery(a_delivery(state="waiting"))

    with store.read() as tx:
        found = tx.states()

    assert found == {
        "sendings": {"checking": 2, "refused": 1}, "months": {"closed": 1}, "deliveries": {"waiting": 1}
    }  # fmt: skip


def test_a_file_counts_as_sent_while_its_sending_is_neither_cancelled_nor_refused(store: Store) -> None:
    """Only the party's own files count, whatever place they have in their sending."""
    with store.write() as tx:
        tx.add_sending(a_sending("s1"), [a_file(sha256="12" * 32), a_file("f2", no=2)])
        tx.add_sending(a_sending("s2", state="cancelled"), [a_file("f3", sending="s2", sha256="cd" * 32)])
        tx.add_sending(a_sending("s3", party=PAYER), [a_file("f4", sending="s3", sha256="ef" * 32)])

    with store.read() as tx:
        assert tx.has_sent(INSTITUTION, "ab" * 32)
        assert not any(tx.has_sent(INSTITUTION, digest * 32) for digest in ("cd", "ef", "34"))
        assert tx.has_sent(PAYER, "ef" * 32)


FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "party": st.sampled_from([INSTITUTION, PAYER]),
        "body": st.sampled_from(["1", "2-99"]),
        "month": st.sampled_from(["202608", "202609"]),
        "line": st.sampled_from(["real", "test"]),
        "kind": st.sampled_from(["medical", "dpc"]),
        "states": st.sampled_from([(), ("checking",), ("checking", "to_decide")]),
    },
)


def test_pages_together_are_the_whole_list(store: Store) -> None:
    """Newest first, nothing twice, nothing left out, under every filter and with every size of page."""
    rows = [
        a_sending(f"s{number:03d}", party=party, body=body, month=month, line=line, state=state, kind=("medical", "dpc")[number % 2])
        for number, (party, body, month, line, state) in enumerate(
            (party, body, month, line, state)
            for party in (INSTITUTION, PAYER) for body in ("1", "2-99") for month in ("202608", "202609")
            for line in ("real", "test") for state in ("checking", "to_decide", "refused")
        )
    ]  # fmt: skip
    with store.write() as tx:
        for row in rows:
            tx.add_sending(row, [])

    @given(wanted=FILTERS, size=st.integers(1, 50))
    def pages(wanted: dict[str, Any], size: int) -> None:
        fits = [row for row in reversed(rows) if _fits(row, wanted)]
        got: list[Any] = []
        with store.read() as tx:
            while page := tx.sendings(**wanted, after=got[-1].id if got else None, limit=size):
                assert len(page) <= size
                got += page
                assert len(got) <= len(fits)
            assert fits == got == tx.sendings(**wanted)

    pages()


def _fits(row: Any, wanted: dict[str, Any]) -> bool:
    """Return whether a row fits every filter."""
    states = wanted.get("states") or (row.state,)
    return row.state in states and all(getattr(row, k) == v for k, v in wanted.items() if k != "states")


def test_deliveries_are_listed_newest_first_by_party(store: Store) -> None:
    """A payer's page holds its own deliveries only."""
    mine = [a_delivery(f"d{number}", volume=number) for number in range(1, 6)]
    with store.write() as tx:
        for delivery in [*mine, a_delivery("d9", payer="99130020")]:
            tx.put_delivery(delivery)

    with store.read() as tx:
        assert list(reversed(mine)) == tx.deliveries(payer=PAYER)
        assert [mine[2], mine[1]] == tx.deliveries(payer=PAYER, after="d4", limit=2)
        assert tx.deliveries(payer=PAYER, body="1") == tx.deliveries(month="202601") == tx.deliveries(line="test") == []


def test_the_history_of_deliveries_is_kept_in_order(store: Store) -> None:
    """A line may grow longer; those of other deliveries do not mix in."""
    with store.write() as tx:
        for step in (a_fetch(2, what="received"), a_fetch(), a_fetch(delivery="d2"), a_fetch(delivery="d3")):
            tx.put_delivery_step(step)
    with store.write() as tx:
        tx.put_delivery_step(a_fetch(end=300, reached=200, times=3))

    with store.read() as tx:
        expected = [a_fetch(end=300, reached=200, times=3), a_fetch(2, what="received"), a_fetch(delivery="d2")]
        assert expected == tx.delivery_steps("d2", "d1")
        assert tx.delivery_steps("d9") == tx.delivery_steps() == []


def test_a_payer_has_its_own_part_of_the_ledger(store: Store) -> None:
    """By body and month; what was posted to others is not in it."""
    with store.write() as tx:
        tx.add_postings([
            a_posting("p1"), a_posting("p2", payer="99130020"), a_posting("p3", month="202610"),
            a_posting("p4", body="1", month="202610"), a_posting("p5", line="test", month="202611"), a_posting("p6"),
        ])  # fmt: skip

    with store.read() as tx:
        assert [a_posting("p1"), a_posting("p6")] == tx.postings(**PLACE, payer=PAYER)
        assert sorted([(PLACE["body"], "202610"), ("1", "202610")]) == sorted(tx.months_of_payer(PAYER, "real")[:2])
        assert [(PLACE["body"], PLACE["month"])] == tx.months_of_payer(PAYER, "real")[2:]
        assert tx.months_of_payer("x", "real") == []


def test_unsealed_deliveries_are_removed_and_named(store: Store) -> None:
    """A closing that died leaves no delivery behind, and the next one knows which objects to remove."""
    dead = [a_delivery("d1", state="sealing"), a_delivery("d2", state="sealing", volume=2)]
    kept = [a_delivery("d3", volume=3), a_delivery("d4", state="sealing", month="202608")]
    with store.write() as tx:
        for delivery in [*dead, *kept]:
            tx.put_delivery(delivery)

    with store.write() as tx:
        assert dead == tx.remove_unsealed(**PLACE)
        assert tx.remove_unsealed(**PLACE) == []

    with store.read() as tx:
        assert list(reversed(kept)) == tx.deliveries()


def test_postings_stay_in_the_order_of_posting(store: Store) -> None:
    """The ledger is read as it was written, whatever the ids are."""
    posted = [a_posting(identity) for identity in ("p9", "p1", "p5")]
    with store.write() as tx:
        tx.add_postings(posted[:2])
        tx.add_postings([a_posting("p7", month="202608")])
        tx.add_postings([])
    with store.write() as tx:
        tx.add_postings(posted[2:])

    with store.read() as tx:
        assert posted == tx.postings(**PLACE)


def test_every_object_that_a_row_speaks_of_is_named(store: Store) -> None:
    """What is not among these names is an orphan."""
    with store.write() as tx:
        tx.add_sending(a_sending(), [a_file(), a_file("f2", no=2)])
        tx.put_file(a_file("f2", no=2, index_object="indexes/f2.b", findings_object="findings/f2.a"))
        tx.put_delivery(a_delivery())

    with store.read() as tx:
        expected = {"files/f1", "files/f2", "indexes/f2.b", "findings/f2.a", "deliveries/d1", "provenance/d1"}
        assert expected == tx.object_names()


def test_lists_of_parties_certificates_and_months_can_be_narrowed(store: Store) -> None:
    """By kind, by party, by body."""
    with store.write() as tx:
        for party in (a_party(), a_party(PAYER, kind="payer")):
            tx.put_party(party)
        for serial, owner in (("a", INSTITUTION), ("b", PAYER)):
            tx.put_certificate(a_certificate(serial, party=owner))
        for body, month in (("1", "202608"), ("2-99", "202609"), ("1", "202609")):
            tx.put_month(a_month(body=body, month=month))

    with store.read() as tx:
        assert [a_party(PAYER, kind="payer")] == tx.parties(kind="payer")
        assert [a_certificate("b", party=PAYER)] == tx.certificates(party=PAYER)
        assert [("1", "202609"), ("2-99", "202609"), ("1", "202608")] == [(one.body, one.month) for one in tx.months()]
        assert ["202609", "202608"] == [one.month for one in tx.months(body="1")]


def test_numbers_of_a_sequence_have_no_gap(store: Store) -> None:
    """A rollback gives its numbers back; a step takes as many as it says."""
    with store.write() as tx:
        assert [1, 2] == [tx.next_number("n"), tx.next_number("n", 3)]
    with suppress(Accident), store.write() as tx:
        assert tx.next_number("n", 100) == 5
        raise Accident

    with store.write() as tx:
        assert tx.next_number("n") == 5
        assert tx.next_number("other", 2) == 1
        assert tx.next_number("other") == 3


def test_many_threads_get_their_turn_and_no_number_twice(store: Store) -> None:
    """Sixteen writers at once: every row is there, and the numbers are 1 to the last."""

    def write(number: int) -> int:
        with store.write() as tx:
            mine = tx.next_number("n")
            tx.add_sending(
                a_sending(f"s{number:03d}", send_no=mine), [a_file(f"f{number:03d}", sending=f"s{number:03d}")]
            )
            return mine

    with ThreadPoolExecutor(16) as threads:
        numbers = list(threads.map(write, range(200)))

    with store.read() as tx:
        assert list(range(1, 201)) == sorted(numbers)
        assert sorted(one.send_no for one in tx.sendings()) == sorted(numbers)
        assert len(tx.object_names()) == 200


def test_a_reader_sees_one_moment(store: Store) -> None:
    """What is committed while it reads, it does not see; and it holds nobody up."""
    with store.write() as tx:
        tx.put_setting("a", "old")

    with store.read() as reader:
        assert reader.setting("a") == "old"
        with store.write() as tx:
            tx.put_setting("a", "new")
        assert reader.setting("a") == "old"

    with store.read() as reader:
        assert reader.setting("a") == "new"


def test_what_is_not_committed_nobody_else_sees(store: Store) -> None:
    """A reader in the middle of a write sees the rows before it."""
    with store.write() as tx:
        tx.put_setting("a", "new")
        assert tx.setting("a") == "new"
        with store.read() as reader:
            assert reader.setting("a") is None


def test_a_writer_that_waits_too_long_is_told_to_come_back(hasty_store: Store) -> None:
    """Nothing is written then, and the next try succeeds."""
    begun, over = threading.Event(), threading.Event()

    def hold() -> None:
        with hasty_store.write() as tx:
            tx.put_setting("a", "first")
            begun.set()
            over.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    begun.wait()
    try:
        with pytest.raises(Unavailable), hasty_store.write() as tx:
            tx.put_setting("a", "second")
    finally:
        over.set()
        holder.join()

    with hasty_store.write() as tx:
        assert tx.setting("a") == "first"
        tx.put_setting("a", "second")


def test_a_write_inside_a_write_is_a_bug_that_shows_at_once(store: Store) -> None:
    """It would wait for itself for ever."""
    with store.write(), pytest.raises(RuntimeError), store.write():
        pass


IDENTITIES = st.sampled_from(["1", "2", "3"])
ACTS = st.one_of(
    st.tuples(st.just("put_party"), st.builds(a_party, IDENTITIES, kind=st.sampled_from(["institution", "payer"]))),
    st.tuples(st.just("put_certificate"), st.builds(a_certificate, IDENTITIES, party=IDENTITIES)),
    st.tuples(
        st.just("add_sending"),
        st.builds(a_sending, IDENTITIES, idempotency_key=st.none() | IDENTITIES),
        st.builds(lambda one, no: [a_file(one, sending="?", no=no)], IDENTITIES, st.integers(1, 2)) | st.just([]),
    ),
    st.tuples(
        st.just("put_sending"), st.builds(a_sending, IDENTITIES, state=st.sampled_from(["refused", "confirmed"]))
    ),
    st.tuples(
        st.just("put_file"), st.builds(a_file, IDENTITIES, sending=IDENTITIES, index_object=st.just("indexes/x"))
    ),
    st.tuples(st.just("put_month"), st.builds(a_month, body=IDENTITIES)),
    st.tuples(st.just("add_postings"), st.lists(st.builds(a_posting, IDENTITIES, body=IDENTITIES), max_size=2)),
    st.tuples(
        st.just("put_delivery"), st.builds(a_delivery, IDENTITIES, volume=st.integers(1, 2), state=st.just("sealing"))
    ),
    st.tuples(st.just("remove_unsealed"), *(st.just(value) for value in PLACE.values())),
    st.tuples(st.just("put_setting"), st.sampled_from(["a", "b"]), IDENTITIES),
    st.tuples(st.just("next_number"), IDENTITIES, st.integers(1, 3)),
    st.tuples(st.just("put_parties"), st.builds(lambda one: [a_party(one, name="別"), a_party("4")], IDENTITIES)),
    st.builds(
        lambda one, key: ("add_notice", a_notice(one, idempotency_key=key), a_step(one)),
        IDENTITIES, st.none() | IDENTITIES,
    ),
    st.builds(
        lambda one, no: ("move_notice", a_notice(one, state="seen"), a_step(one, no)), IDENTITIES, st.integers(1, 3)
    ),
)  # fmt: skip


@settings(max_examples=60)
@given(transactions=st.lists(st.tuples(st.lists(ACTS, max_size=5), st.booleans()), max_size=8))
def test_both_stores_come_to_the_same(tmp_path_factory: pytest.TempPathFactory, transactions: list[Any]) -> None:
    """Whatever is done in whatever order, memory and SQL answer alike, err alike and hold the same rows."""
    folder: Path = tmp_path_factory.mktemp("rows")
    sql, memory = open_store(folder / "o.sqlite"), MemoryStore()
    try:
        for acts, accident in transactions:
            assert _told(memory, acts, accident=accident) == _told(sql, acts, accident=accident)
            with sql.read() as one, memory.read() as other:
                assert everything(other) == everything(one)
    finally:
        sql.close()


def _told(store: Store, acts: list[Any], *, accident: bool) -> list[Any]:
    """Do acts in one transaction; return their answers and the error that ended them."""
    answers: list[Any] = []
    try:
        with store.write() as tx:
            for name, *words in acts:
                if name == "add_sending":  # A file belongs to the sending it comes with.
                    words[1] = [replace(file, sending=words[0].id) for file in words[1]]
                answers.append(getattr(tx, name)(*words))
            assert not accident
    except (AssertionError, SeikyuError) as error:
        answers.append(type(error))
    return answers
