"""Whatever is sent, the office answers in order: the file is taken, checked, and refused with its reason, or asks."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from real_house import House

Change = Callable[[bytes], bytes]


def two_headers(body: bytes) -> bytes:
    """Repeat the IR."""
    head, _, rest = body.partition(b"\r\n")
    return b"\r\n".join([head, head, rest])


def wrong_points(body: bytes) -> bytes:
    """Let GO be wrong by one."""
    lines = body.split(b"\r\n")
    at = next(number for number, line in enumerate(lines) if line.startswith(b"GO,"))
    items = lines[at].split(b",")
    items[2] = str(int(items[2]) + 1).encode()
    lines[at] = b",".join(items)
    return b"\r\n".join(lines)


def in_comment(text: bytes) -> Change:
    """Put bytes into the name of the institution."""

    def change(body: bytes) -> bytes:
        head, _, rest = body.partition(b"\r\n")
        items = head.split(b",")
        items[6] = text
        return b",".join(items) + b"\r\n" + rest

    return change


#: What is sent, the code that must be found, and whether the file is refused.
CASES: dict[str, tuple[Change, str, bool]] = {
    "empty": (lambda _: b"", "X1002", True),
    "only the end mark": (lambda _: b"\x1a", "X1002", True),
    "a JPEG": (lambda _: b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(256)) * 40, "X1004", True),
    "UTF-8": (lambda body: body.decode("cp932").encode("utf-8"), "X1004", True),
    "NUL bytes": (lambda body: body[:500] + b"\0\0\0" + body[503:], "X1006", True),
    "no GO": (lambda body: body[: body.rindex(b"GO,")] + b"\x1a", "X1012", True),
    "two IR": (two_headers, "X1011", True),
    "GO wrong by one": (wrong_points, "X1025", False),
    "half a double byte": (in_comment("見本医院".encode("cp932")[:-1]), "X1031", False),
    "a circled number": (in_comment("見本医院①".encode("cp932")), "X1031", False),
    "an emoji": (in_comment("見本".encode("cp932") + "😀".encode()), "X1031", False),
    "a line of 10 MB": (lambda body: body.replace(b"\r\nSI,", b"\r\nSI," + b"9" * 10_000_000, 1), "X2057", False),
}  # fmt: skip


def settled(office: House, sending: str) -> dict[str, Any]:
    """Wait for the check."""
    for _ in range(600):
        row = office.ask("GET", f"/api/v1/sendings/{sending}").json
        if row["state"] != "checking":
            return dict(row)
        time.sleep(0.1)
    raise AssertionError("the check takes too long")


@pytest.mark.slow
@pytest.mark.both_fronts
def test_every_kind_of_rubbish_is_taken_checked_and_named(office: House, tmp_path: Path) -> None:
    """Each ends with its code at reception and on the clinic's own PC, and the office goes on serving."""
    good = office.unsent(1)
    told: dict[str, object] = {}

    for name, (change, code, refused) in CASES.items():
        body = change(good)
        reply = office.ask("POST", "/api/v1/sendings", body)
        assert reply.status == 201, (name, reply.body)
        row = settled(office, reply.json["id"])
        found = office.ask("GET", f"/api/v1/sendings/{row['id']}/findings?limit=200").json["items"]
        path = tmp_path / "file.uke"
        path.write_bytes(body)
        at_home = check(path)
        told[name] = (row["state"] == "refused", code in {each["code"] for each in found})
        assert (refused, True) == told[name], (name, row["state"], [each["code"] for each in found][:5])
        assert code in {each["code"] for each in at_home[1]["findings"]}, name
        assert at_home[0] == (2 if row["state"] == "refused" or row["refused"] else 1), name

    assert 201 == office.ask("POST", "/api/v1/sendings", good).status


def check(path: Path) -> tuple[int, dict[str, Any]]:
    """Run `seikyu check` as a clinic does: no home, no line."""
    import subprocess

    from real_house import SEIKYU

    done = subprocess.run([SEIKYU, "check", path, "--json"], capture_output=True, text=True, check=False, timeout=120)
    assert "Traceback" not in done.stderr
    return done.returncode, json.loads(done.stdout)[0]


@pytest.mark.slow
def test_two_gigabytes_of_zeros_are_taken_and_refused(house: House, tmp_path: Path) -> None:
    """A sparse file of 2 GB goes over the line, is refused at its first bytes, and costs the server no memory."""
    path = tmp_path / "zeros.uke"
    with path.open("wb") as file:
        file.truncate(2 * 1024**3)
    house.start()
    assert house.server
    status = Path(f"/proc/{house.server.pid}/status")

    done = house.run("send", str(path), "--json", party="institution")
    peak = next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM"))

    assert done.returncode == 2, done.stderr
    assert json.loads(done.stdout)["state"] == "refused"
    assert peak < 250_000  # KiB; the file has two million
    assert check(path)[0] == 2


@pytest.mark.both_fronts
def test_a_thousand_findings_are_all_listed(office: House) -> None:
    """Every claim of a file asks or is refused; the pages of the list hold them all, once."""
    body = office.unsent(2)
    lines = [line[:-1] + b"9" if line.startswith((b"SI,", b"IY,")) else line for line in body.split(b"\r\n")]
    row = settled(office, office.ask("POST", "/api/v1/sendings", b"\r\n".join(lines)).json["id"])

    found: list[tuple[object, ...]] = []
    path = f"/api/v1/sendings/{row['id']}/findings?limit=37"
    while path:
        page = office.ask("GET", path).json
        found += [(each["line"], each["code"], each["item_no"]) for each in page["items"]]
        path = f"/api/v1/sendings/{row['id']}/findings?limit=37&cursor={page['next']}" if page["next"] else ""

    assert len(found) > 200
    assert len(found) == len(set(found))
