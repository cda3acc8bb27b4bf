"""A payer never starts a broken download over, and gets byte for byte what was sealed."""

import hashlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from real_house import SEIKYU, House


def first(office: House) -> dict[str, object]:
    """Return the payer's newest delivery."""
    return dict(office.ask("GET", "/api/v1/deliveries", party="payer").json["items"][0])


@pytest.mark.both_fronts
def test_a_download_resumed_from_any_place_equals_the_whole(office: House) -> None:
    """Range and If-Range give the rest; the digest in the header is that of the whole."""
    delivery = first(office)
    path = f"/api/v1/deliveries/{delivery['id']}/content"
    whole = office.ask("GET", path, party="payer")
    size = len(whole.body)

    assert delivery["sha256"] == hashlib.sha256(whole.body).hexdigest()
    for start in {0, 1, 2, size // 3, size // 2, size - 2, size - 1}:
        part = office.ask("GET", path, party="payer", Range=f"bytes={start}-", If_Range=whole.headers["etag"])
        assert (206, f"bytes {start}-{size - 1}/{size}") == (part.status, part.headers["content-range"])
        assert whole.body[start:] == part.body
    changed = office.ask("GET", path, party="payer", Range="bytes=5-", If_Range='"something else"')
    past = office.ask("GET", path, party="payer", Range=f"bytes={size}-")
    assert (200, size) == (changed.status, len(changed.body))
    assert (416, f"bytes */{size}") == (past.status, past.headers["content-range"])
    assert not whole.headers["etag"].startswith("W/")


@pytest.mark.both_fronts
def test_fetch_lays_the_folders_and_says_received_only_for_what_is_right(office: House, tmp_path: Path) -> None:
    """Everything of the month in its folders; fetching again changes nothing; a damaged copy is fetched anew."""
    delivery = first(office)
    words = ("fetch", "--month", str(delivery["month"]), "--to", str(tmp_path / "got"))

    done = office.run(*words, party="payer")
    files = [path for path in (tmp_path / "got").rglob("*") if path.is_file() and path.suffix == ".CSV"]

    assert done.returncode == 0, done.stderr
    assert files
    for path in files:
        body, month, number, common, name = path.relative_to(tmp_path / "got").parts[-5:]
        assert (str(delivery["month"]), "0_COMMON001", "11_RECODEINFO_MED.CSV") == (month, common, name)
        assert office.access["payer"]["id"].zfill(8)[-8:] == number
        assert body in ("1", "2-99")
        assert not path.read_bytes().endswith(b"\x1a")
    states = [row["state"] for row in office.ask("GET", "/api/v1/deliveries", party="payer").json["items"]]
    assert {"received"} == set(states)
    files[0].write_bytes(b"damaged")
    assert office.run(*words, party="payer").returncode == 0
    assert hashlib.sha256(files[0].read_bytes()).hexdigest() in {
        row["sha256"] for row in office.ask("GET", "/api/v1/deliveries", party="payer").json["items"]
    }


@pytest.mark.both_fronts
def test_a_wrong_digest_is_not_received(office: House) -> None:
    """Who says another digest has not received it."""
    delivery = first(office)
    wrong = json.dumps({"sha256": "0" * 64}).encode()

    with office.wire("payer") as wire:
        wire.head(
            "POST",
            f"/api/v1/deliveries/{delivery['id']}/received",
            Content_Type="application/json",
            Content_Length=str(len(wrong)),
        )
        wire.write(wrong)
        reply = wire.read()

    assert 422 == reply.status
    assert delivery["state"] == first(office)["state"]


@pytest.mark.both_fronts
def test_a_client_killed_while_fetching_goes_on_where_it_stopped(office: House, tmp_path: Path) -> None:
    """Kill -9 in the middle of fetching; the next fetch ends with the same bytes and nothing half is left."""
    delivery = first(office)
    to = tmp_path / "got"
    command = [
        str(SEIKYU),
        "fetch",
        "--month",
        str(delivery["month"]),
        "--to",
        str(to),
        "--home",
        str(office.home),
        "--as",
        office.access["payer"]["id"],
    ]

    for pause in (0.3, 0.45, 0.6, 0.75):
        client = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ})
        time.sleep(pause)
        client.send_signal(signal.SIGKILL)
        client.wait()
    done = office.run("fetch", "--month", str(delivery["month"]), "--to", str(to), party="payer")

    assert done.returncode == 0, done.stderr
    got = {hashlib.sha256(path.read_bytes()).hexdigest() for path in to.rglob("*.CSV")}
    assert {row["sha256"] for row in office.ask("GET", "/api/v1/deliveries", party="payer").json["items"]} == got
    assert [] == list(to.rglob("*.part"))
