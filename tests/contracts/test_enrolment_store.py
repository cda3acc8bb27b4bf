"""The contract of ports.enrolment's rows, over every adapter."""

from datetime import timedelta
from typing import Any

import pytest
from some_rows import INSTITUTION, NOW

from seikyu.ports.enrolment import Application, IssuanceNotice, IssuedCertificate, Pairing
from seikyu.ports.errors import AlreadyThere
from seikyu.ports.register import Certificate
from seikyu.ports.store import Store

LATER = NOW + timedelta(minutes=1)
OTHER = "9911000023"


def an_application(identity: str = "a1", **other: Any) -> Application:
    """Return an application that waits."""
    given = {"party": INSTITUTION, "terminal": "受付1", "purpose": "client", "hosts": "", "contact": "事務課"}
    return Application(**{"id": identity, "state": "applied", "filed_at": NOW, "filed_by": "hanako", **given, **other})


def a_notice(identity: str = "n1", **other: Any) -> IssuanceNotice:
    """Return a notice that nobody has used."""
    given = {"application": "a1", "reference": identity, "party": INSTITUTION, "terminal": "受付1", "hosts": ""}
    secret = {"pin": "p", "recovery": "r", "binding": "b"}
    times = {"issued_at": NOW, "opened_at": NOW}
    return IssuanceNotice(**{"id": identity, "purpose": "client", **given, **secret, **times, **other})


def an_issued(serial: str = "1f", **other: Any) -> IssuedCertificate:
    """Return a certificate that was issued."""
    given = {"notice": "n1", "party": INSTITUTION, "terminal": "受付1", "way": "download", "spki_sha256": "ab"}
    return IssuedCertificate(**{"serial": serial, "issued_at": NOW, "der": b"\x30\x00\xff", **given, **other})


def a_pairing(identity: str = "5e", **other: Any) -> Pairing:
    """Return a terminal that waits."""
    given = {"party": INSTITUTION, "terminal": "受付1", "pairing_code": "2345678X", "request": b"\x30\x00"}
    return Pairing(**{"id": identity, "asked_at": NOW, **given, **other})


def test_rows_come_back_as_they_were_put(store: Store) -> None:
    """Every field of every row survives, and putting again replaces."""
    full = (
        an_application(state="approved", decided_at=LATER, decided_by="taro", reason="理由", notice="n1"),
        a_notice(failed=3, failed_at=NOW, locked_until=LATER, ended_at=LATER),
        an_issued(superseded_at=LATER),
        a_pairing(approved_at=LATER, approved_by="1f", serial="2f"),
    )
    for rows in ((an_application(), a_notice(), an_issued(), a_pairing()), full):
        with store.write() as tx:
            tx.put_application(rows[0])
            tx.put_issuance_notice(rows[1])
            tx.put_issued(rows[2])
            tx.put_pairing(rows[3])
        with store.read() as tx:
            found = (tx.application("a1"), tx.issuance_notice("n1"), tx.issued("1f"), tx.pairing("5e"))
            assert found == rows
            assert tx.notice_by_reference("n1") == rows[1]
            listed = (tx.applications(), tx.issuance_notices(INSTITUTION), tx.pairings(INSTITUTION))
            assert listed == ([rows[0]], [rows[1]], [rows[3]])


def test_nothing_is_found_where_nothing_is(store: Store) -> None:
    """Looking is no error."""
    with store.read() as tx:
        assert [None] * 6 == [
            tx.application("x"), tx.issuance_notice("x"), tx.notice_by_reference("x"),
            tx.notice_of_terminal("x", "y"), tx.issued("x"), tx.pairing("x"),
        ]  # fmt: skip
        assert tx.superseded(LATER, limit=9) == tx.issued_with_key("ab") == tx.issued_of_terminal("x", "y") == []


def test_applications_are_paged_newest_first(store: Store) -> None:
    """Narrowed by party and state."""
    with store.write() as tx:
        for each in (an_application("1"), an_application("2", party=OTHER), an_application("3", state="approved")):
            tx.put_application(each)
    with store.read() as tx:
        assert [each.id for each in tx.applications(limit=2)] == ["3", "2"]
        assert [each.id for each in tx.applications(after="2")] == ["1"]
        assert [each.id for each in tx.applications(party=INSTITUTION, state="applied")] == ["1"]


def test_a_terminal_has_one_living_notice(store: Store) -> None:
    """An ended one is not found, another party's neither; a reference number is given once."""
    with store.write() as tx:
        tx.put_issuance_notice(a_notice("n1", ended_at=LATER))
        tx.put_issuance_notice(a_notice("n2", issued_at=LATER))
        tx.put_issuance_notice(a_notice("n3", party=OTHER))
    with pytest.raises(AlreadyThere), store.write() as tx:
        tx.put_application(an_application())
        tx.put_issuance_notice(a_notice("n4", reference="n2"))
    with store.read() as tx:
        found = tx.notice_of_terminal(INSTITUTION, "受付1")
        assert found is not None
        assert found.id == "n2"
        assert tx.application("a1") is None
        assert [each.id for each in tx.issuance_notices(INSTITUTION)] == ["n1", "n2"]


def test_what_was_issued_is_found_by_terminal_key_and_end(store: Store) -> None:
    """Oldest first; what is to end earliest comes first, and not before its time."""
    rows = (
        an_issued("1", superseded_at=LATER),
        an_issued("2", issued_at=LATER, spki_sha256="cd", superseded_at=NOW),
        an_issued("3", terminal="受付2", issued_at=LATER),
        an_issued("4", party=OTHER),
    )
    with store.write() as tx:
        for each in rows:
            tx.put_issued(each)
    with store.read() as tx:
        assert [each.serial for each in tx.issued_of_terminal(INSTITUTION, "受付1")] == ["1", "2"]
        assert [each.serial for each in tx.issued_with_key("ab")] == ["1", "4", "3"]
        assert [each.serial for each in tx.superseded(LATER, limit=9)] == ["2", "1"]
        assert [each.serial for each in tx.superseded(NOW, limit=9)] == ["2"]
        assert [each.serial for each in tx.superseded(LATER, limit=1)] == ["2"]
        assert tx.superseded(NOW - timedelta(seconds=1), limit=9) == []


def test_old_pairings_are_forgotten(store: Store) -> None:
    """Those before the time, not those at it."""
    with store.write() as tx:
        tx.put_pairing(a_pairing("1"))
        tx.put_pairing(a_pairing("2", asked_at=LATER))
        tx.put_pairing(a_pairing("3", party=OTHER))
        assert tx.count_pairings() == 3
        assert tx.forget_pairings(LATER) == 2
        assert tx.count_pairings() == 1
    with store.read() as tx:
        assert [each.id for each in tx.pairings(INSTITUTION)] == ["2"]
        assert tx.pairings(OTHER) == []


def test_waiting_pairings_are_counted_and_dropped(store: Store) -> None:
    """Those asked for behind an instant that are not approved; one that is not there is dropped without a word."""
    with store.write() as tx:
        tx.put_pairing(a_pairing("1"))
        tx.put_pairing(a_pairing("2", asked_at=LATER, party=OTHER))
        tx.put_pairing(a_pairing("3", asked_at=LATER, serial="1"))
        assert tx.count_pairings(waiting_since=NOW - timedelta(seconds=1)) == 2
        assert tx.count_pairings(waiting_since=NOW) == 1
        tx.drop_pairing("2")
        tx.drop_pairing("2")
        assert tx.count_pairings(waiting_since=NOW) == 0
        assert tx.count_pairings() == 2


def test_what_ends_soon_is_counted(store: Store) -> None:
    """Behind the first instant and up to the second; not what is revoked, nor what a newer one has taken over from."""
    day = timedelta(days=1)
    rows = (
        Certificate("1", INSTITUTION, "受付1", NOW, NOW),
        Certificate("2", INSTITUTION, "受付1", NOW, NOW + day),
        Certificate("3", INSTITUTION, "受付1", NOW, NOW + 2 * day),
        Certificate("4", INSTITUTION, "受付1", NOW, NOW + day, revoked_at=NOW, reason="superseded"),
        Certificate("5", INSTITUTION, "受付1", NOW, NOW + day),
        Certificate("6", INSTITUTION, "受付1", NOW, NOW + day),
    )
    with store.write() as tx:
        for each in rows:
            tx.put_certificate(each)
        tx.put_issued(an_issued("5", superseded_at=LATER))
        tx.put_issued(an_issued("6"))
    with store.read() as tx:
        assert tx.count_ending(NOW, NOW + day) == 2
        assert tx.count_ending(NOW, NOW + 2 * day) == 3
        assert tx.count_ending(NOW + 2 * day, NOW + 3 * day) == 0


def test_what_a_terminal_has_and_was_issued_is_counted(store: Store) -> None:
    """Since a time, to the instant; what is revoked, another terminal's or another party's does not count."""
    rows = [
        Certificate("1", INSTITUTION, "受付1", NOW, LATER), Certificate("2", INSTITUTION, "受付1", LATER, LATER),
        Certificate("3", INSTITUTION, "受付1", NOW, LATER, revoked_at=NOW, reason="superseded"),
        Certificate("4", INSTITUTION, "受付2", NOW, LATER), Certificate("5", OTHER, "受付1", NOW, LATER),
    ]  # fmt: skip
    with store.write() as tx:
        for each in rows:
            tx.put_certificate(each)
            tx.put_issued(an_issued(each.serial, party=each.party, terminal=each.terminal, issued_at=each.issued_at))
    with store.read() as tx:
        assert [each.serial for each in tx.unrevoked_of_terminal(INSTITUTION, "受付1")] == ["1", "2"]
        assert tx.count_issued(INSTITUTION, "受付1", since=NOW) == 3
        assert tx.count_issued(INSTITUTION, "受付1", since=LATER) == 1
        assert tx.count_issued(INSTITUTION, "受付1", since=LATER + timedelta(seconds=1)) == 0
