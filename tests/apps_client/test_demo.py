"""The demo month, from outside: what it leaves, what it tells, whom it spares."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from builders import (
    CITY,
    INCURABLE,
    INSTITUTION_ID,
    NHI,
    REHABILITATION,
    SOCIETY,
    WELFARE,
    claim,
    uke,
)
from seikyu.apps.client.outgoing import look_at
from seikyu.apps.demo_count import sums_of
from seikyu.apps.demo_office import MARKER, NotADemo, clear
from seikyu.apps.generator import Sums

ACCESS = {"url", "public_url", "ca", "institution", "institution_2", "payer", "payer_2", "operator"}


def command(*args: object) -> list[str]:
    """Return the command line of the demo."""
    return [sys.executable, "-m", "seikyu.apps.cli", "demo", *map(str, args)]


def servers_of(home: Path) -> list[str]:
    """Return the processes that work on a home."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = each.read_bytes().split(b"\0")
        except OSError:
            continue
        if os.fsencode(home) in words:
            found.append(each.parent.name)
    return found


def test_clear_spares_what_no_demo_made(tmp_path: Path) -> None:
    """A folder with anything else in it is refused and not touched; an earlier demo goes as a whole."""
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("mine")
    with pytest.raises(NotADemo):
        clear(tmp_path)
    assert "mine" == (tmp_path / "letters" / "dear.txt").read_text()

    (tmp_path / MARKER).write_text("{}")
    clear(tmp_path)
    assert [tmp_path / MARKER] == list(tmp_path.iterdir())


def test_clear_follows_no_link(tmp_path: Path) -> None:
    """What an earlier demo's folder links to stays; a demo folder that is itself a link is refused."""
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "dear.txt").write_text("mine")
    demo = tmp_path / "demo"
    clear(demo)
    (demo / "link").symlink_to(mine)
    clear(demo)
    (tmp_path / "other").symlink_to(demo)

    with pytest.raises(NotADemo):
        clear(tmp_path / "other")
    assert "mine" == (mine / "dear.txt").read_text()


@pytest.mark.parametrize("home", ["/dev/null/demo", "/proc/demo"])
def test_a_folder_that_cannot_be_written_is_one_line_and_a_hint(home: str) -> None:
    """Not a fault of the program; nothing has begun."""
    done = subprocess.run(command("--home", home), capture_output=True, text=True, check=False)

    assert 3 == done.returncode
    assert home in done.stderr
    assert "--home" in done.stderr.splitlines()[-1]
    assert 2 == len(done.stderr.splitlines())
    assert "" == done.stdout


def test_payers_sums_are_read_from_their_files(tmp_path: Path) -> None:
    """Each claim counts for the payer that it names; claims and main points only where that payer comes first."""
    folder = tmp_path / "deliveries/1/202610/80990013/0_COMMON001"
    folder.mkdir(parents=True)
    (folder / "11_RECODEINFO_MED.CSV").write_bytes(
        b"2,1,0,MN,1,,,,,\r\n1,2,0,IR,1\r\n1,3,0,RE,1\r\n1,4,0,HO,  990010,,1,1,300,,,640\r\n"
        b"1,5,0,KO,80990013,1,,1,200,,,,,1,640\r\n"
        b"2,1,0,MN,2,,,,,\r\n1,2,0,IR,1\r\n1,3,0,RE,1\r\n1,4,0,KO,80990013,1,,1,100,,,,,,\r\n"
    )

    assert Sums(claims=1, main_points=100, cases=2, own_points=300, meals_yen=640) == sums_of(tmp_path, "80990013")


@pytest.mark.slow
def test_the_demo_month_balances(tmp_path: Path) -> None:
    """It ends with 0 and exact keys; the files are there; nothing runs; a second one has the same totals."""
    told = []
    for _ in range(2):
        began = time.monotonic()
        done = subprocess.run(command("--home", tmp_path / "demo", "--json"), capture_output=True, check=False)
        assert 0 == done.returncode, done.stderr.decode()
        assert time.monotonic() - began < 60
        told.append(json.loads(done.stdout))
        assert [] == servers_of(tmp_path / "demo")
    first, second = told

    assert {"balanced", "totals", "access"} == first.keys()
    assert first["balanced"]
    assert ACCESS == first["access"].keys()
    for name in ("institution", "institution_2"):
        assert {"id", "cert", "key", "file"} == first["access"][name].keys()
        assert look_at(Path(first["access"][name]["file"])).size_bytes
    for name in ("institution", "payer", "payer_2", "operator"):
        for file in ("cert", "key"):
            path = Path(first["access"][name][file])
            assert path.is_absolute()
            assert path.is_file()
    assert first["totals"] == second["totals"]
    assert Path(first["access"]["ca"]).is_file()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_no_process(tmp_path: Path, number: int) -> None:
    """Whoever stops it midway stops its server too; the next demo replaces what is there."""
    home = tmp_path / "demo"
    with subprocess.Popen(
        command("--home", home), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        while "open at" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(number)
        assert 130 == process.wait(20)

    assert [] == servers_of(home)
    clear(home)


def own(tmp_path: Path, data: bytes) -> tuple[int, dict[str, Any], Path]:
    """Put a file through the demo's month; return the status, what was told, and the folder."""
    file, home = tmp_path / "own file.UKE", tmp_path / "a home"
    file.write_bytes(data)
    done = subprocess.run(command("--home", home, "--json", "--file", file), capture_output=True, check=False)
    assert done.stdout, done.stderr.decode()
    assert [] == servers_of(home)
    return done.returncode, json.loads(done.stdout), home


@pytest.mark.slow
def test_a_file_of_the_users_own_goes_through_the_month_instead(tmp_path: Path) -> None:
    """Its month, its institution and its payers are the demo's; five payers, one twice, late ones, ends of LF alone."""
    data = uke(
        claim(1, insurer=NHI, month="202403"),
        claim(2, insurer=SOCIETY, publics=[WELFARE, CITY, INCURABLE, REHABILITATION], month="202402", points=50),
        claim(3, insurer=None, publics=[CITY, CITY], month="202312"),
        claim(4, insurer=SOCIETY, month="202403", birth_date="19800231"),
        body="2",
        month="202404",
    ).replace(b"\r\n", b"\n")

    status, told, home = own(tmp_path, data)

    assert 0 == status
    assert told["balanced"]
    assert ACCESS == told["access"].keys()
    assert (INSTITUTION_ID, "202404") == (told["access"]["institution"]["id"], told["totals"]["claim_month"])
    assert {INSTITUTION_ID} == told["totals"]["institutions"].keys()
    assert {"sent": 4, "claimed": 3, "unclaimed": 1} == {
        name: told["totals"]["institutions"][INSTITUTION_ID][name] for name in ("sent", "claimed", "unclaimed")
    }
    cases = {payer: sums["claims"] for payer, sums in told["totals"]["payers"].items()}
    assert {"00991018": 1, SOCIETY: 1, WELFARE: 1, CITY: 2, INCURABLE: 1, REHABILITATION: 1} == cases
    assert told["totals"]["measures"]["claims"] == {"claimed": 3, "delivered": 3}
    assert {payer for payer, sums in cases.items() if sums} == {
        path.parent.parent.name for path in home.glob("fetched/deliveries/2-99/202404/*/*/*.CSV")
    }
    for name in ("institution", "institution_2"):
        assert look_at(Path(told["access"][name]["file"])).size_bytes


@pytest.mark.slow
@pytest.mark.parametrize("data", [b"\xff\xd8\xff\xe0 no claim file at all", b"IR,3,99,1,01,,,209999,00,\r\n"])
def test_a_file_that_is_no_claim_file_is_refused_and_the_month_goes_on(tmp_path: Path, data: bytes) -> None:
    """Nothing is claimed, nothing is delivered, and that balances."""
    status, told, _ = own(tmp_path, data)

    assert 0 == status
    assert ACCESS == told["access"].keys()
    assert {"claimed": 0, "delivered": 0} == told["totals"]["measures"]["claims"]
