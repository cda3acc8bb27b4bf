"""What a gateway keeps, and who it goes by, when files are damaged, disks full and offices silent."""

import json
import os
import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from seikyu.adapters.home import Home
from seikyu.adapters.kept_lists import KeptLists
from seikyu.adapters.sql import open_store
from seikyu.adapters.x509_ca import create_ca, ensure_root_list
from seikyu.adapters.x509_list import list_revoked
from seikyu.apps.gateway import counted
from seikyu.apps.gateway.office import BadTerminals, OfficeSilent, RemoteOffice
from seikyu.apps.gateway.place import AddressesDamaged, GatewayRunning, Place
from seikyu.apps.gateway.supervisor import Supervisor
from seikyu.apps.wiring import init_home
from seikyu.limits import limit
from seikyu.lines.gateway import example

ONE, OTHER = ("9911000015", "desk 1"), ("9911000023", "desk")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return an office with its authority and its lists."""
    made = init_home(tmp_path / "home")
    now = datetime.now(UTC)
    ca = create_ca(made, organisation="test office", now=now)
    ensure_root_list(made, now=now)
    store = open_store(made.database)
    list_revoked(ca, store, now=now)
    store.close()
    return made


@pytest.fixture
def place(tmp_path: Path, home: Home) -> Place:
    """Return the place of a gateway of an office that is elsewhere, but for the lists that it never gets."""
    (tmp_path / "gateway.toml").write_text(example(), "utf-8")
    (tmp_path / "chain.pem").write_bytes((home.ca / "chain.pem").read_bytes())
    (tmp_path / "state").mkdir()
    return Place(tmp_path / "gateway.toml", tmp_path / "state")


class Told:
    """Keeps what is told."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def __call__(self, word: str, **facts: Any) -> None:
        """Keep a word."""
        self.words.append(word)


def may_come(place: Place, *whose: tuple[str, str], state: str = "") -> None:
    """Write who may come; in another instant than before, also on a coarse clock."""
    file = place.file.parent / "terminals.csv"
    rows = "".join(f"{party},{terminal},,,{state}\n" for party, terminal in whose)
    file.write_text("party,terminal,serial,not_after,state\n" + rows, "utf-8")
    os.utime(file, ns=(time.monotonic_ns(), time.monotonic_ns()))


def supervisor(place: Place) -> tuple[Supervisor, Told]:
    """Return a supervisor that has asked its office nothing yet."""
    told = Told()
    made = Supervisor(place, place.gateway(), told)
    made.source._url = "https://127.0.0.1:1"  # type: ignore[attr-defined]  # nobody answers there
    return made, told


def planned(of: Supervisor) -> set[tuple[str, str]]:
    """Ask the office, and return who may come."""
    of._ask_office()
    return {(each.party, each.terminal) for each in of._plan().values()}


@pytest.mark.parametrize(
    "text",
    [
        "", "null", "{}", "[", "[1]", "[[]]", '[{"party": "1"}]', "[" * 100_000,
        json.dumps([{"party": "1", "terminal": "a", "addresses": ["x"], "since": "2026-01-01", "released_at": None}]),
        json.dumps([{"party": "1", "terminal": "a", "addresses": [], "since": "2026-01-01", "released_at": None}]),
    ],
)  # fmt: skip
def test_a_damaged_record_of_addresses_is_named_and_never_taken_for_an_empty_one(place: Place, text: str) -> None:
    """Else addresses would change hands."""
    (place.state / "addresses.json").write_text(text)

    with pytest.raises(AddressesDamaged) as damaged:
        place.leases()

    assert damaged.value.facts["file"].endswith("addresses.json")
    assert damaged.value.facts["why"]


def test_an_address_that_two_have_is_no_record(place: Place) -> None:
    """As when two copies of the file were put together by hand."""
    row = {"addresses": ["192.0.2.1"], "since": "2026-01-01T00:00:00+00:00", "released_at": None}
    (place.state / "addresses.json").write_text(
        json.dumps([row | {"party": "1", "terminal": "a"}, row | {"party": "2", "terminal": "a"}])
    )

    with pytest.raises(AddressesDamaged) as damaged:
        place.leases()

    assert "twice" in damaged.value.facts["why"]


def test_a_record_of_addresses_that_vanishes_at_work_is_written_again(place: Place) -> None:
    """With the same addresses, although others stand first on the list by now."""
    of, _ = supervisor(place)
    may_come(place, OTHER)
    planned(of)
    first = place.leases()

    (place.state / "addresses.json").unlink()
    may_come(place, ONE, OTHER)
    planned(of)

    assert first == [each for each in place.leases() if each.whose == OTHER]


def test_who_may_come_is_heard_while_the_lists_are_not(place: Place) -> None:
    """A provider that takes a terminal off the list does not wait for the office's public face."""
    of, told = supervisor(place)
    may_come(place, ONE, OTHER)
    assert {ONE, OTHER} == planned(of)

    may_come(place, OTHER)

    assert {OTHER} == planned(of)
    assert "office_silent" in told.words


def test_lists_are_heard_while_the_authorities_are_not(place: Place, home: Home) -> None:
    """A file of authorities that is being copied is no reason to let in whoever was revoked."""
    of, _ = supervisor(place)
    may_come(place, ONE)
    (place.file.parent / "chain.pem").write_text("half")
    of.source.lists = (home.ca / "crl.pem").read_bytes  # type: ignore[method-assign]

    assert {ONE} == planned(of)
    assert len(of.lists.all) == 2


def test_a_start_while_the_office_says_nothing_goes_by_its_last_word(place: Place) -> None:
    """Nobody is thrown out, and no address rests, because the list is unreadable when the gateway starts anew."""
    of, _ = supervisor(place)
    may_come(place, ONE, OTHER)
    planned(of)
    may_come(place, OTHER)
    planned(of)

    (place.file.parent / "terminals.csv").write_text("nothing")
    again, told = supervisor(place)

    assert {OTHER} == planned(again)
    assert "office_silent" in told.words


def test_with_a_full_disk_who_goes_goes_and_nobody_comes(place: Place) -> None:
    """What is not written down is not given; what was given is taken away all the same, and it is told."""
    of, told = supervisor(place)
    may_come(place, ONE)
    planned(of)
    kept = place.leases()
    (place.state / "addresses.json").rename(place.state / "before.json")
    (place.state / "addresses.json").mkdir()  # Nothing is renamed to that, as nothing is written to a full disk.

    may_come(place, OTHER)
    assert set() == planned(of)
    assert "unwritten" in told.words
    (place.state / "addresses.json").rmdir()
    assert {OTHER} == planned(of)

    assert {ONE, OTHER} == {each.whose for each in place.leases()}
    assert kept[0].addresses == place.leases()[0].addresses


def test_a_list_that_cannot_be_written_counts_all_the_same(place: Place, home: Home) -> None:
    """And is written as soon as there is room."""
    of, told = supervisor(place)
    place.lists.rmdir()
    place.lists.write_text("in the way")
    of.source.lists = (home.ca / "crl.pem").read_bytes  # type: ignore[method-assign]

    of._ask_office()

    assert len(of.lists.all) == 2
    assert "unwritten" in told.words
    place.lists.unlink()
    place.lists.mkdir()
    of._ask_office()
    assert len(KeptLists(place.lists, of.daemon.authorities).all) == 2


@pytest.mark.parametrize("harm", ["gone", "no database", "no settings"])
def test_an_office_on_this_machine_that_cannot_be_read_is_silent(place: Place, home: Home, harm: str) -> None:
    """Not a reason for the gateway to end: the office may be in the middle of an upgrade."""
    place.file.write_text(example().replace('home = ""', 'home = "home"').replace('url = "https', '#"'), "utf-8")
    of, told = supervisor_at_home(place)
    assert of._ask_office()

    if harm == "gone":
        home.root.rename(home.root.with_name("elsewhere"))
    elif harm == "no database":
        home.database.write_bytes(b"no database at all" * 100)
    else:
        (home.root / "office.toml").unlink()
    of.source._read_at = of.source._counts = float("-inf")  # type: ignore[attr-defined]
    of._ask_office()

    assert "office_silent" in told.words
    with pytest.raises(OfficeSilent):
        of.source.issued()


def supervisor_at_home(place: Place) -> tuple[Supervisor, Told]:
    """Return a supervisor of an office on this machine."""
    told = Told()
    return Supervisor(place, place.gateway(), told), told


def test_what_is_wrong_is_told_again_after_the_clock_was_set_back(place: Place) -> None:
    """A machine that began in the future would be silent for years."""
    of, told = supervisor(place)
    now = datetime(2099, 1, 1, tzinfo=UTC)
    of.now = lambda: now
    of._say("office_silent", why="")

    now -= timedelta(days=20_000)
    of._say("office_silent", why="")

    assert ["office_silent"] * 2 == told.words


def test_a_second_supervisor_takes_nothing_out_of_the_hands_of_the_first(place: Place) -> None:
    """What it would sweep may be what the first is writing."""
    with place.alone():
        arriving = place.state / ".gone-addresses.json.0123456789abcdef"
        arriving.write_text("half")
        with pytest.raises(GatewayRunning), place.alone():
            pass

        assert arriving.exists()


def test_an_answer_that_trickles_in_holds_nobody_up(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody on the way lets a byte through now and then: no wait for a byte ever ends, the wait for all does."""
    over = threading.Event()

    def trickling(_: RemoteOffice) -> bytes:
        over.wait(30)
        return b""

    monkeypatch.setattr(RemoteOffice, "_fetched", trickling)
    monkeypatch.setattr(
        "seikyu.apps.gateway.office.limit", lambda name: 0 if name == "gateway_answer_s" else limit(name)
    )
    of, told = supervisor(place)
    may_come(place, ONE)
    for _ in range(6):
        assert {ONE} == planned(of)

    assert "office_silent" in told.words
    assert threading.active_count() <= 6
    over.set()


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost"])
def test_metrics_are_served_on_every_address_of_the_machine_that_may_be_named(host: str) -> None:
    """Also on that of IPv6."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    close = counted.serve(f"{host}:{port}", lambda: b"seikyu_gateway_tunnels 0\n")
    try:
        with socket.create_connection((host.strip("[]"), port), timeout=5) as line:
            line.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            answer = b"".join(iter(lambda: line.recv(4096), b""))
    finally:
        close()

    assert b"seikyu_gateway_tunnels 0" in answer


@pytest.mark.parametrize(
    "row",
    ["9" * 41 + ",desk", "9" * 5000 + ",desk", "９９１１,desk", "99-11,desk", ",desk", "9911,", "9911, desk", "9911,de\u200bsk",
     "9911," + "受" * 22, '9911,"de\nsk"', "9911,desk,xyz", "9911,desk,,yesterday", "9911,desk,,,gone"],
)  # fmt: skip
def test_a_terminal_that_no_certificate_can_name_is_refused_by_its_line(place: Place, row: str) -> None:
    """It would break every plan, and so the gateway of all others."""
    of, _ = supervisor(place)
    may_come(place, ONE)
    planned(of)

    file = place.file.parent / "terminals.csv"
    file.write_text(f"party,terminal,serial,not_after,state\n{row}\n", "utf-8")
    os.utime(file, (1, 1))  # Long ago: what is being written this moment is not read yet.

    with pytest.raises(BadTerminals) as bad:
        of.source.issued()
    assert 2 <= bad.value.facts["line"] <= 3
    assert {ONE} == planned(of)
