"""The check goes along while a file arrives, and whatever breaks off leaves nothing of it."""

import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from real_house import SEIKYU, House
from test_broken_lines import eventually as left_as_it_was
from test_broken_lines import leftovers, set_limit
from test_kills import no_orphans, settled
from wire import Wire

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(256)) * 4000


def wait_until(test: Callable[[], Any], *, seconds: float = 20) -> Any:
    """Wait for another process; return what it came to."""
    until = time.monotonic() + seconds
    while not (found := test()):
        assert time.monotonic() < until, "it did not come to that"
        time.sleep(0.05)
    return found


@pytest.fixture(scope="module")
def large(demo: House, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return a conforming file of 1.2 MB of the first institution."""
    path = tmp_path_factory.mktemp("large") / "large.uke"
    own = ["--institution", demo.access["institution"]["id"], "--size", "1200k", "-o", str(path)]
    subprocess.run([str(SEIKYU), "make", *own], check=True, capture_output=True)
    return path.read_bytes()


def worker_of(house: House) -> int:
    """Return the working process of the server."""
    assert house.server
    children = Path(f"/proc/{house.server.pid}/task/{house.server.pid}/children").read_text("ascii").split()
    (worker,) = [int(pid) for pid in children if b"seikyu.apps.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    return worker


def ready(house: House) -> None:
    """Wait until the working process works: it takes a second to start."""
    log = house.home / "logs" / "worker.jsonl"

    def works() -> bool:
        rows = [json.loads(row) for row in log.read_text("utf-8").splitlines()] if log.exists() else []
        return any(row["event"] == "working" and row["pid"] == worker_of(house) for row in rows)

    wait_until(lambda: workers(house) and works())


def arrivals(house: House, party: str = "institution") -> list[dict[str, Any]]:
    """Return what a party sees arriving."""
    return list(house.ask("GET", "/api/v1/arrivals", party=party).json["items"])


@contextmanager
def half(house: House, body: bytes, *, path: str = "/api/v1/sendings", method: str = "POST") -> Iterator[Wire]:
    """Send the first half of a body, and go on when the check has begun on it."""
    with house.wire() as wire:
        wire.head(method, path, length=len(body))
        wire.write(body[: len(body) // 2])
        wait_until(lambda: any(item["claims"] or item["refused"] for item in arrivals(house)))
        yield wire


def counted(house: House) -> dict[str, int]:
    """Return the server's counters of preparations."""
    url = (house.home / "run" / "ports.json").read_text("ascii")
    with urllib.request.urlopen(f"http://localhost:{json.loads(url)['inside']}/metrics") as answer:
        rows = answer.read().decode().splitlines()
    wanted = ("preparation_used", "preparation_dropped", "checked_anew")
    found = {name: row for row in rows for name in wanted if row.startswith(f'seikyu_events_total{{event="{name}"}}')}
    return {name: int(float(row.rpartition(" ")[2])) for name, row in found.items()}


def drafts(house: House) -> set[str]:
    """Return what is half written."""
    return {name for name in house.files() if ".arriving" in name}


def test_a_check_is_ready_when_the_file_is_in(house: House, large: bytes) -> None:
    """The order takes the result, and the sending is as every other."""
    house.start()
    ready(house)

    with half(house, large) as wire:
        wire.write(large[len(large) // 2 :])
        sending = wire.read().json["id"]

    assert "to_decide" == settled(house, sending)["state"]
    assert wait_until(lambda: counted(house) == {"preparation_used": 1})
    assert [] == arrivals(house)
    assert no_orphans(house)


def test_a_line_that_breaks_leaves_nothing_of_the_preparation(house: House, large: bytes) -> None:
    """Neither the file's bytes nor the drafts of its index and findings."""
    house.start()
    ready(house)
    before = leftovers(house)

    with half(house, large) as wire:
        assert 3 == len(drafts(house))
        wire.reset()

    left_as_it_was(house, before)
    assert [] == arrivals(house)
    assert wait_until(lambda: counted(house) == {"preparation_dropped": 1})


@pytest.mark.slow
def test_a_worker_that_dies_while_it_follows_is_replaced_and_the_file_is_checked(house: House, large: bytes) -> None:
    """Its drafts are swept, the file goes on arriving, and its check is made once, anew."""
    house.start()
    ready(house)

    with half(house, large) as wire:
        first = worker_of(house)
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: first != worker_of(house) if workers(house) else False)
        wait_until(lambda: 1 == len(drafts(house)))
        wire.write(large[len(large) // 2 :])
        sending = wire.read().json["id"]

    assert "to_decide" == settled(house, sending)["state"]
    assert wait_until(lambda: counted(house) == {"checked_anew": 1})
    assert set() == drafts(house)
    assert 1 == [each["id"] for each in house.sendings()].count(sending)
    assert no_orphans(house)


def workers(house: House) -> bool:
    """Return whether there is a working process just now."""
    try:
        return worker_of(house) > 0
    except (ValueError, OSError):
        return False


def test_a_server_that_dies_leaves_nothing_of_a_preparation(house: House, large: bytes) -> None:
    """The worker dies with it, and the next start sweeps what both were writing."""
    house.start()
    ready(house)
    before = leftovers(house)

    with half(house, large):
        house.kill()
    house.start()

    assert before == leftovers(house)


@pytest.mark.slow
def test_every_file_of_an_upload_is_followed(house: House, large: bytes) -> None:
    """What is known of a file when it is in stands in the answer, and in the list until the sending is made."""
    house.start()
    ready(house)
    upload = house.ask("POST", "/api/v1/sendings?files=2", b"").json["upload"]
    base = f"/api/v1/sendings/uploads/{upload}"

    with half(house, large, path=f"{base}/files/1", method="PUT") as wire:
        wire.write(large[len(large) // 2 :])
        put = wire.read().json
    other = large.replace(b",099-000-000", b",099-000-999", 1)
    house.ask("PUT", f"{base}/files/2", other)
    shown = wait_until(lambda: known(house, 2))
    done = house.ask("POST", f"{base}/finish", b"")

    assert put["claims"] > 0
    assert (None, {}) == (put["refused"], put["findings"])
    assert [(upload, 2, True), (upload, 1, True)] == [(each["upload"], each["no"], each["ended"]) for each in shown]
    assert "to_decide" == settled(house, done.json["id"])["state"]
    assert wait_until(lambda: counted(house) == {"preparation_used": 2})
    assert no_orphans(house)


def known(house: House, files: int) -> list[dict[str, Any]]:
    """Return what arrives if claims of so many files are known."""
    items = arrivals(house)
    return items if files == sum(item["claims"] > 0 for item in items) else []


def test_an_image_is_told_before_it_has_arrived(house: House) -> None:
    """Code, level and words in both languages stand while half of it is still to come; nobody else sees any of it."""
    house.start()
    ready(house)

    with half(house, JPEG) as wire:
        (item,) = arrivals(house)
        others = [arrivals(house, party) for party in ("institution_2", "payer")]
        everybody = arrivals(house, "operator")
        wire.write(JPEG[len(JPEG) // 2 :])
        sending = wire.read().json["id"]

    assert ("X1004", "L1", None) == tuple(item["refused"][name] for name in ("code", "level", "line"))
    assert "JPEG" in item["refused"]["message"]
    assert "JPEG" in item["refused"]["message_ja"]
    assert (len(JPEG), False) == (item["stated_bytes"], item["ended"])
    assert item["received_bytes"] < len(JPEG)
    assert [[], []] == others
    assert [item["id"]] == [each["id"] for each in everybody]
    shown = settled(house, sending)
    assert "refused" == shown["state"]
    assert [False] == [file["damaged"] for file in house.ask("GET", f"/api/v1/sendings/{sending}").json["files"]]


@pytest.mark.slow
def test_a_worker_that_stands_still_does_not_slow_receiving(house: House) -> None:
    """It is told nothing more, and nobody waits for it; when it goes on, everything is checked."""
    set_limit(house, "idle_s", 60)
    house.start()
    ready(house)
    bodies = [house.unsent(500 + number) for number in range(20)]
    usual = longest(house, bodies[:5])
    # In the middle of a transaction it would keep the rows from everybody; it must have none to do.
    for each in house.sendings():
        settled(house, each["id"])
    worker = worker_of(house)
    os.kill(worker, signal.SIGSTOP)
    try:
        before = memory_kb(house)
        held = longest(house, bodies[5:])
        # Each tells of itself and breaks off: more notes than a pipe holds.
        for _ in range(300):
            with house.wire() as wire:
                wire.head("POST", "/api/v1/sendings?name=" + "x" * 250, length=1000)
                wire.write(b"IR,")
                wire.reset()
        assert house.ask("POST", "/api/v1/sendings", house.unsent(999)).status == 201
        grown = memory_kb(house) - before
    finally:
        os.kill(worker, signal.SIGCONT)

    assert held < 20 * usual + 1
    assert grown < 20_000
    assert {"to_decide"} == {settled(house, each["id"])["state"] for each in house.sendings()[:16]}
    wait_until(lambda: not drafts(house))


def longest(house: House, bodies: list[bytes]) -> float:
    """Send; return the longest wait for an answer."""
    waits = []
    for body in bodies:
        began = time.monotonic()
        assert house.ask("POST", "/api/v1/sendings", body).status == 201
        waits.append(time.monotonic() - began)
    return max(waits)


def memory_kb(house: House) -> int:
    """Return the resident memory of the server."""
    assert house.server
    rows = Path(f"/proc/{house.server.pid}/status").read_text("ascii").splitlines()
    return next(int(row.split()[1]) for row in rows if row.startswith("VmRSS"))


@pytest.mark.slow
def test_a_stop_while_a_file_is_followed_leaves_nothing(house: House, large: bytes) -> None:
    """The server drains and ends; the line is cut and nothing of it stays, the drafts included."""
    set_limit(house, "idle_s", 60)
    house.start()
    ready(house)
    before = leftovers(house)

    with half(house, large):
        house.stop()

    assert before[0] == house.files()
    house.start()
    assert before == leftovers(house)
