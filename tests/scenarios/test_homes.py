"""An office's folder: one server, no newer database, no full disk that leaves something half done."""

import sqlite3
import subprocess
from pathlib import Path

import pytest
from real_house import House


def test_two_servers_on_one_home_are_one_too_many(office: House) -> None:
    """The second one says who holds the home, and leaves the first alone."""
    second = office.run("serve")

    assert second.returncode == 3
    assert 1 == len([line for line in second.stderr.splitlines() if "error" in line])
    assert office.ask("GET", "/healthz", party=None).status == 200


def test_a_database_of_a_newer_version_is_left_alone(house: House) -> None:
    """An older program says so in one line and does not touch a byte."""
    database = next(path for path in house.home.rglob("*") if path.suffix in (".db", ".sqlite", ".sqlite3"))
    with sqlite3.connect(database) as rows:
        rows.execute("UPDATE alembic_version SET version_num = '9999_pre_of_the_future'")
    rows.close()
    before = database.read_bytes()

    done = house.run("serve")

    assert done.returncode == 3
    assert "newer" in done.stderr
    assert before == database.read_bytes()


@pytest.mark.slow
def test_a_stop_drains_and_is_gone_within_ten_seconds(office: House) -> None:
    """SIGTERM while a body is arriving: the process ends, and nothing of the body is left."""
    import time

    body = office.unsent(1)
    before = office.files()
    with office.wire() as wire:
        wire.head("POST", "/api/v1/sendings", length=len(body))
        wire.write(body[:1000])
        began = time.monotonic()
        status = office.stop()
        took = time.monotonic() - began

    assert 0 == status
    assert took < 12  # the promise is ten; the clock of a shared machine gets two more
    office.start()
    assert before == office.files()


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    """Return a disk of a few megabytes, or skip where none can be mounted."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "none", place], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("os: no permission to mount a tmpfs")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_full_disk_keeps_nothing_and_says_so(house: House, small_disk: Path) -> None:
    """The disk fills while a body arrives: 507, nothing is left, and with room again the same file is taken."""
    import shutil

    from test_broken_lines import set_limit

    set_limit(house, "free_bytes", 1)
    moved_to = small_disk / "home"
    shutil.copytree(house.home, moved_to)
    full = House(moved_to, house.access)
    full.start()
    try:
        before = full.files(), full.sendings()
        ballast = small_disk / "ballast"
        free = __import__("os").statvfs(small_disk)
        ballast.write_bytes(b"\0" * (free.f_bavail * free.f_frsize - 2_000_000))

        big = full.unsent(1)[:-1] + b"X" * 4_000_000 + b"\r\n\x1a"
        reply = full.ask("POST", "/api/v1/sendings", big)
        after = full.files(), full.sendings()
        ballast.unlink()
        again = full.ask("POST", "/api/v1/sendings", full.unsent(1))
    finally:
        full.stop()

    assert (507, "no_space") == (reply.status, reply.json["code"])
    assert before == after
    assert 201 == again.status
