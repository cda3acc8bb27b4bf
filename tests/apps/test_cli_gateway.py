"""`seikyu gateway` from outside: what it refuses, and that every refusal says what to install, run or write."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from seikyu.adapters import charon, nftables
from seikyu.adapters.x509_ca import create_ca, enrol
from seikyu.apps.cli import run
from seikyu.apps.gateway.office import BadTerminals, HomeOffice, OfficeSilent, RemoteOffice, terminals_from
from seikyu.apps.wiring import init_home
from seikyu.lines.gateway import example
from seikyu.ports.register import Party
from seikyu.trust.party import Holder

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `seikyu gateway` in a folder that has the example, as a user of this machine who is not root."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEIKYU_LANG", "en")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    write(tmp_path)

    def gateway(*args: str) -> tuple[int, str, str]:
        status = run(["gateway", *args])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return status, said.out, said.err

    return gateway


def write(folder: Path, *changes: tuple[str, str]) -> None:
    """Write a gateway's file, the example with changes."""
    text = example()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    (folder / "gateway.toml").write_text(text, "utf-8")


def terminals(folder: Path, *rows: str) -> None:
    """Write who may come."""
    (folder / "terminals.csv").write_text("\n".join(["party,terminal,serial,not_after,state", *rows, ""]), "utf-8")


# --- what is refused ---------------------------------------------------------------------------------------------


def test_without_a_file_it_says_how_to_write_one(gateway: Run, tmp_path: Path) -> None:
    """And that hint works."""
    (tmp_path / "gateway.toml").unlink()

    status, out, err = gateway("run")

    assert (3, "") == (status, out)
    assert "gateway.toml cannot be read" in err
    assert "gateway example > gateway.toml" in err
    assert (0, example(), "") == gateway("example")


def test_overlapping_pools_are_refused_with_all_else_that_is_wrong(gateway: Run, tmp_path: Path) -> None:
    """In words, each with its place; for programs, too."""
    write(
        tmp_path,
        ('"192.0.2.0/24"]', '"192.0.2.0/24", "192.0.2.64/26", "198.51.100.192/26", "203.0.113.0/30"]'),
        ('["198.51.100.53"', '["198.51.100.53", "10.0.0.1"'),
    )

    status, _, err = gateway("plan")
    _, out, _ = gateway("plan", "--json")

    assert status == 3
    assert "4 faults" in err
    assert "two pools overlap: 192.0.2.0/24 and 192.0.2.64/26" in err
    assert "the pool 198.51.100.192/26 overlaps the claims prefix 198.51.100.0/24" in err
    assert "the pool 203.0.113.0/30 contains the gateway's own address 203.0.113.2" in err
    assert "a tunnel cannot reach this resolver: 10.0.0.1" in err
    assert "gateway plan" in err
    assert json.loads(out)["error"]["code"] == "bad_gateway_file"


@pytest.mark.parametrize("command", ["run", "status"])
def test_without_root_it_says_so_and_changes_nothing(gateway: Run, tmp_path: Path, command: str) -> None:
    """With the command to type."""
    status, _, err = gateway(command)

    assert status == 3
    assert "only root" in err or "are root's" in err
    assert f"sudo seikyu {command}" in err or "sudo" in err
    assert not (tmp_path / "gateway-state").exists()


@pytest.fixture
def as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be taken for root; what the test does ends before anything of the machine is touched."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)


@pytest.mark.usefixtures("as_root")
def test_without_strongswan_it_names_the_package(gateway: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Before anything is changed."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(charon, "_PLACES", ())
    (tmp_path / "nft").write_text("#!/bin/false\n")
    (tmp_path / "nft").chmod(0o755)

    status, _, err = gateway("run")

    assert status == 3
    assert "charon-systemd is not on this machine" in err
    assert "apt install charon-systemd strongswan-swanctl" in err


def test_without_nftables_it_names_the_package(gateway: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The filter comes first: without it no tunnel is let in."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(nftables, "_PLACES", str(tmp_path))

    status, _, err = gateway("run")

    assert status == 3
    assert "apt install nftables" in err


def test_without_esp_anywhere_it_says_what_to_load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In a container there is often no device for tunnels."""
    (tmp_path / "charon-systemd").write_text("")
    (tmp_path / "charon-systemd").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(charon, "_PLUGINS", tmp_path / "none")
    monkeypatch.setattr(charon, "_TUN", tmp_path / "tun")

    with pytest.raises(charon.NoESP):
        charon.found("user")
    assert charon.found("kernel") == str(tmp_path / "charon-systemd")


def test_a_supervisor_that_works_keeps_a_second_one_off(
    gateway: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Both would give the same addresses to others."""
    import fcntl

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    (tmp_path / "bin").mkdir()
    for name in ("nft", "charon-systemd"):
        (tmp_path / "bin" / name).write_text("#!/bin/false\n")
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "gateway-state").mkdir()
    with (tmp_path / "gateway-state" / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        status, _, err = gateway("run")

    assert status == 3
    assert "another gateway works on" in err


def test_a_daemon_that_is_not_there_is_named_by_its_socket(gateway: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what would start it."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    status, _, err = gateway("status")

    assert status == 4
    assert "no IKE daemon answers at" in err
    assert "gateway run" in err


# --- the plan ----------------------------------------------------------------------------------------------------


def test_a_plan_shows_who_would_come_from_where(gateway: Run, tmp_path: Path) -> None:
    """Without root, and without an office or a certificate yet; whoever is revoked or over is not in it."""
    over = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    terminals(
        tmp_path,
        "9911000015,受付 1号機,0a1b,,valid",
        "9911000015,受付 1号機,0a1c,,revoked",
        "9911000023,desk,0a1d,,revoked",
        f"9911000031,desk,0a1e,{over},valid",
    )

    status, out, _ = gateway("plan", "--json")
    told = json.loads(out)

    assert (0, 1, 0, False) == (status, told["terminals"], told["without_address"], told["checked"])
    assert "addrs = 192.0.2.1/32" in told["swanctl"]
    assert "192.0.2.2" not in told["swanctl"]
    assert "table inet seikyu_gateway {" in told["nftables"]
    assert "1 terminals may come" in gateway("plan")[1]


@pytest.mark.needs("net")
def test_the_packet_filter_of_a_plan_is_taken_by_nft() -> None:
    """Of the example, in both ways of encrypting, by its own checker."""
    from lab.net import Lab
    from seikyu.lines.gateway import gateway_from, ruleset, waiting

    gateway = gateway_from(example())
    with Lab() as lab:
        host = lab.host("host")
        for text in (ruleset(gateway, esp="kernel"), ruleset(gateway, esp="user"), waiting(gateway)):
            host.run("nft", "--check", "-f", "-", input=text)


# --- who may come ------------------------------------------------------------------------------------------------


def test_an_office_writes_who_may_come(gateway: Run, tmp_path: Path) -> None:
    """And a gateway elsewhere reads it as it was written."""
    from seikyu.adapters.sql import open_store

    home, now = init_home(tmp_path / "home"), datetime.now(UTC)
    ca = create_ca(home, organisation="test office", now=now)
    store = open_store(home.database)
    holder, whose = (
        Holder("institution", "9911000015", "見本　医院", "受付, 1号機"),
        Party("9911000015", "institution", "見本", now),
    )
    row, _ = enrol(ca, store, holder, folder=tmp_path / "client", now=now, newcomer=whose)
    store.close()

    status, out, _ = gateway("terminals", "--home", str(home.root))
    rows = terminals_from(out, "terminals.csv")
    told = json.loads(gateway("terminals", "--home", str(home.root), "--json")[1])
    assert gateway("terminals", "--home", str(home.root), "--out", "written.csv") == (0, "", "")
    assert out == (tmp_path / "written.csv").read_text("utf-8")

    assert status == 0
    assert [("9911000015", "受付, 1号機", row.serial, row.not_after, False)] == [
        (each.party, each.terminal, each.serial, each.not_after, each.revoked) for each in rows
    ]
    assert [row.serial] == [each["serial"] for each in told["items"]]


def test_an_office_that_cannot_be_read_is_silent_and_asked_again(tmp_path: Path) -> None:
    """What it said last goes on meanwhile; each of its files may be missing."""
    office = HomeOffice(tmp_path / "home")

    for asked in (office.authorities, office.lists, office.issued):
        with pytest.raises(OfficeSilent):
            asked()

    home = init_home(tmp_path / "home")
    create_ca(home, organisation="test office", now=datetime.now(UTC))
    assert office.issued() == []
    assert office.issued() is None
    assert office.authorities()
    home.database.write_bytes(b"no rows")
    with pytest.raises(OfficeSilent):
        office.issued()


def test_a_list_that_is_being_written_is_not_read(tmp_path: Path) -> None:
    """Half a list is a list, and whoever is in the other half would be thrown out."""
    terminals(tmp_path, "9911000015,desk,,,valid")
    office = RemoteOffice("https://office.example", tmp_path / "chain.pem", tmp_path / "terminals.csv")
    first = office.issued()
    terminals(tmp_path)

    young = office.issued()
    os.utime(tmp_path / "terminals.csv", (1, 1))

    assert first is not None
    assert (1, None, []) == (len(first), young, office.issued())


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("terminal,party\ndesk,9911000015\n", 1),
        ("party,terminal\n9911000015,desk\n,desk\n", 3),
        ("party,terminal\n9911 0015,desk\n", 2),
        ("party,terminal\n9911000015," + "x" * 65 + "\n", 2),
        ("party,terminal,serial\n9911000015,desk,xyz\n", 2),
        ("party,terminal,serial,not_after\n9911000015,desk,1,tomorrow\n", 2),
        ("party,terminal,serial,not_after,state\n9911000015,desk,1,,gone\n", 2),
        ('party,terminal\n9911000015,"desk\n', 2),
    ],
)
def test_a_list_of_terminals_that_is_wrong_is_named_by_its_line(text: str, line: int) -> None:
    """Nothing of it is used."""
    with pytest.raises(BadTerminals) as bad:
        terminals_from(text, "terminals.csv")

    assert line == bad.value.facts["line"]


def test_a_list_of_terminals_needs_two_columns_only() -> None:
    """A provider may keep a list of its own."""
    rows: list[Any] = terminals_from("party,terminal\n9911000015,desk 1\n", "terminals.csv")

    assert [("9911000015", "desk 1", "", False)] == [(x.party, x.terminal, x.serial, x.revoked) for x in rows]
    assert rows[0].not_after > datetime.now(UTC) + timedelta(days=36_500)
