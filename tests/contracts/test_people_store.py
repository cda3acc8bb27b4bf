"""The contract of ports.people, over every adapter: rows, vault, and the file of known passwords."""

import hashlib
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from some_rows import INSTITUTION, NOW, PAYER, a_mandate, a_session, a_user, an_entry

from seikyu.adapters.known_passwords import KnownPasswordsFile
from seikyu.adapters.sql import open_store
from seikyu.adapters.sql.engine import begin_write, sqlite_engine
from seikyu.adapters.sql.open import migrate, revision_of
from seikyu.adapters.vault import Argon2Vault
from seikyu.ports.errors import AlreadyThere, Damaged
from seikyu.ports.store import Store

LATER = NOW + timedelta(minutes=1)


def test_people_come_back_as_they_were_put(store: Store) -> None:
    """Every field of every row survives, and putting again replaces."""
    full = a_user(
        failed=3, failed_at=NOW, locked_until=LATER, locked_at=NOW, second_factor="s", new_second_factor="n",
        last_step=1 << 40, removed_at=NOW,
    )  # fmt: skip
    with store.write() as tx:
        tx.put_user(a_user())
        tx.put_session(a_session())
        tx.put_mandate(a_mandate())
        tx.add_entry(an_entry())
    with store.read() as tx:
        assert (a_user(), a_user()) == (tx.user("u1"), tx.user_by_name("1", "hanako"))
        assert a_session() == tx.session("5e" * 32)
        assert a_mandate() == tx.mandate("m1")
        assert [an_entry()] == tx.entries()

    with store.write() as tx:
        tx.put_user(full)
        tx.put_session(a_session(ended_at=LATER))
        tx.put_mandate(a_mandate(until=LATER))
    with store.read() as tx:
        assert [full] == tx.users()
        assert a_session(ended_at=LATER) == tx.session("5e" * 32)
        assert [a_mandate(until=LATER)] == tx.mandates()


def test_nobody_is_found_where_nobody_is(store: Store) -> None:
    """Looking is no error, and another body's user of the name is not this one's."""
    with store.write() as tx:
        tx.put_user(a_user())
    with store.read() as tx:
        assert [None] * 5 == [
            tx.user("x"), tx.user_by_name("2-13", "hanako"), tx.user_by_name("1", "Hanako"), tx.session("x"),
            tx.mandate("x"),
        ]  # fmt: skip


def test_a_body_has_one_user_of_a_name(store: Store) -> None:
    """A second is refused and nothing of its transaction stays; at another body the name is free."""
    with store.write() as tx:
        tx.put_user(a_user())
        tx.put_user(a_user("u2", body="2-13"))
    with pytest.raises(AlreadyThere), store.write() as tx:
        tx.put_session(a_session())
        tx.put_user(a_user("u3"))
    with store.read() as tx:
        assert ["u1", "u2"] == [each.id for each in tx.users()]
        assert tx.session("5e" * 32) is None


def test_lists_are_narrowed_and_in_order(store: Store) -> None:
    """Users by body and name, mandates by time, sessions without the ended ones, entries as they came."""
    with store.write() as tx:
        for each in (a_user("3", name="b"), a_user("2", name="a"), a_user("1", body="0", name="z", party=PAYER)):
            tx.put_user(each)
        for one in (
            a_session("b"),
            a_session("a", started_at=LATER),
            a_session("c", ended_at=NOW),
            a_session("d", user="x"),
        ):
            tx.put_session(one)
        tx.put_mandate(a_mandate("1", since=LATER))
        tx.put_mandate(a_mandate("2"))
        tx.put_mandate(a_mandate("3", principal=INSTITUTION, agent=PAYER, body="2-13"))
        for name in ("z", "y", "x"):
            tx.add_entry(an_entry(name, subject="s" if name == "y" else "hanako"))
    with store.read() as tx:
        assert ["1", "2", "3"] == [each.id for each in tx.users()]
        assert ["2", "3"] == [each.id for each in tx.users(party=INSTITUTION)]
        assert ["1"] == [each.id for each in tx.users(body="0")]
        assert ["b", "a"] == [each.id for each in tx.sessions("u1")]
        assert ["2", "3", "1"] == [each.id for each in tx.mandates()]
        assert ["3"] == [each.id for each in tx.mandates(agent=PAYER)]
        assert ["3"] == [each.id for each in tx.mandates(principal=INSTITUTION)]
        assert ["2", "1"] == [each.id for each in tx.mandates(body="1")]
        assert ["z", "y", "x"] == [each.id for each in tx.entries()]
        assert ["y"] == [each.id for each in tx.entries(subject="s")]


def test_the_journal_is_written_once(store: Store) -> None:
    """An entry is never replaced."""
    with store.write() as tx:
        tx.add_entry(an_entry())
    with pytest.raises(AlreadyThere), store.write() as tx:
        tx.add_entry(an_entry(act="other"))
    with store.read() as tx:
        assert [an_entry()] == tx.entries()


def test_a_database_from_before_people_gets_their_tables(tmp_path: Path) -> None:
    """What was in it stays."""
    path = tmp_path / "old.sqlite"
    engine = sqlite_engine(path, wait_s=1)
    with engine.connect() as connection:
        begin_write(connection)
        migrate(connection, "0001")
        connection.commit()
    engine.dispose()
    assert revision_of(path) == "0001"
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("INSERT INTO settings VALUES ('a', '1')")

    store = open_store(path)
    with store.write() as tx:
        tx.put_user(a_user())
        assert tx.setting("a") == "1"
    store.close()


def test_no_row_shows_a_secret() -> None:
    """Not when it is printed: neither hash nor seal nor the name of a session."""
    user = replace(a_user(), password="鷺1", second_factor="鷺2", new_second_factor="鷺3")
    assert "鷺" not in f"{user} {user!r} {a_session('鷺4')!r}"


@pytest.fixture(scope="module")
def vault() -> Argon2Vault:
    """Return a vault that is quick."""
    return Argon2Vault(b"k" * 32, memory_kib=8, passes=1, lanes=1)


def test_a_password_fits_its_own_hash_alone(vault: Argon2Vault) -> None:
    """Each hash has a salt of its own; nothing fits no hash, not even what a guess might be."""
    one, other = vault.hashed("rutabaga"), vault.hashed("rutabaga")
    assert one != other
    assert one.startswith("$argon2id$")
    assert vault.fits("rutabaga", one)
    assert not vault.fits("Rutabaga", one)
    assert not vault.fits("rutabaga", None)
    assert not vault.fits("", None)
    assert not vault.fits("rutabaga", "")
    assert not vault.fits("rutabaga", "no hash at all")


@given(st.text(max_size=40))
def test_whatever_is_typed_is_hashed(text: str) -> None:
    """Also what no encoding has."""
    quick = Argon2Vault(b"k" * 32, memory_kib=8, passes=1, lanes=1)
    assert quick.fits(text + "\ud800", quick.hashed(text + "\ud800"))


def test_a_hash_of_other_parameters_is_outdated(vault: Argon2Vault) -> None:
    """It still fits, and is told."""
    stronger = Argon2Vault(b"k" * 32, memory_kib=16, passes=1, lanes=1)
    old = vault.hashed("rutabaga")
    assert stronger.fits("rutabaga", old)
    assert stronger.is_outdated(old)
    assert not vault.is_outdated(old)


def test_what_is_sealed_opens_for_its_owner_alone(vault: Argon2Vault) -> None:
    """Not for another, not under another key, not cut or changed; and two seals of one secret differ."""
    sealed = vault.sealed(b"secret", owner="u1")
    assert vault.opened(sealed, owner="u1") == b"secret"
    assert sealed != vault.sealed(b"secret", owner="u1")
    foreign = Argon2Vault(b"x" * 32, memory_kib=8, passes=1, lanes=1)
    for opener, text, owner in (
        (vault, sealed, "u2"), (foreign, sealed, "u1"), (vault, sealed[:-4], "u1"), (vault, "", "u1"),
        (vault, "!" + sealed[1:], "u1"), (vault, sealed.swapcase(), "u1"),
    ):  # fmt: skip
        with pytest.raises(Damaged):
            opener.opened(text, owner=owner)


def test_chance_comes_in_any_length(vault: Argon2Vault) -> None:
    """And never twice."""
    assert len(vault.chance(20)) == 20
    assert vault.chance(20) != vault.chance(20)


def sha1(password: str) -> str:
    """Return a line's beginning as the large collections write it."""
    return hashlib.sha1(password.encode()).hexdigest().upper()


def test_a_large_list_is_searched_where_it_lies(tmp_path: Path) -> None:
    """Every line is found, whatever its length and place, and nothing else."""
    path = tmp_path / "known.txt"
    words = [f"word{number}" for number in range(300)]
    path.write_text("".join(f"{line}:{number}\r\n" for number, line in enumerate(sorted(map(sha1, words)))), "ascii")
    known = KnownPasswordsFile(path)
    assert [] == [word for word in words if not known(word)]
    assert [] == [word for word in words if known(word + "x")]


@pytest.mark.parametrize(("lines", "found"), [("", False), ("{}", True), ("{}\n", True), ("{}:3", True)])
def test_a_small_list_is_a_list(tmp_path: Path, lines: str, found: bool) -> None:  # noqa: FBT001
    """Empty, of one line, without an end of the line, with and without a count."""
    path = tmp_path / "known.txt"
    path.write_text(lines.format(sha1("rutabaga")), "ascii")
    assert found is KnownPasswordsFile(path)("rutabaga")


def test_without_a_list_nothing_is_known(tmp_path: Path) -> None:
    """The file is an offer, no duty."""
    assert not KnownPasswordsFile(tmp_path / "none.txt")("rutabaga")
