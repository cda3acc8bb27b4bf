"""A line that dies and comes back, on a closed line of a carrier: Q10 of the official page, with the real programs."""

import hashlib
import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from lab.doctor import Examined
from lab.net import until
from lab.office import Desk, Office
from lab.town import Town
from seikyu.apps.outcomes import Exit

pytestmark = [pytest.mark.slow, pytest.mark.needs("net", "bridge", "cut", "tbf", "dnsmasq")]

#: So slow that the only delivery of 270 kB takes some 10 s, and a file of 470 kB some 20 s.
SLOW_LINE = "220kbit"
#: So much has come, or gone, when the line dies.
SOME_BYTES = 30_000


def part(folder: Path) -> int:
    """Return how many bytes of a delivery that is under way have come."""
    return sum(path.stat().st_size for path in folder.rglob("*.part"))


def told(said: str) -> Any:
    """Return the JSON that a program has said last."""
    return json.loads(said.splitlines()[-1])


def test_q10_a_fetch_goes_on_by_itself_after_5_s_of_a_dead_line(town: Town, office: Office, tmp_path: Path) -> None:
    """Nobody has to press anything; the bytes are the sealed ones, and the office hears that they are there."""
    insurer, cable = town.closed_line("insurer", no=1)
    desk = Desk.at(insurer, office, "payer")
    cable.shape(SLOW_LINE)

    fetching = desk.spawn("fetch", "--to", tmp_path / "got", "--json")
    until("a part has come", lambda: part(tmp_path / "got") > SOME_BYTES)
    with cable.cut():
        time.sleep(5)
    status = fetching.wait(180)

    assert 0 == status, fetching.log()
    one = told(fetching.log())["deliveries"][0]
    assert "received" == one["state"]
    assert one["sha256"] == hashlib.sha256(Path(one["file"]).read_bytes()).hexdigest()


def test_q10_a_fetch_that_was_given_up_goes_on_where_it_stopped(town: Town, office: Office, tmp_path: Path) -> None:
    """The line is dead for 45 s and the person stops the program; the next one asks for the rest and no more."""
    insurer, cable = town.closed_line("insurer", no=1)
    desk = Desk.at(insurer, office, "payer")
    cable.shape(SLOW_LINE)

    fetching = desk.spawn("fetch", "--to", tmp_path / "got", "--json")
    until("a part has come", lambda: part(tmp_path / "got") > SOME_BYTES)
    with cable.cut():
        time.sleep(15)
        fetching.process.send_signal(signal.SIGINT)
        fetching.wait(20)
        kept = part(tmp_path / "got")
        time.sleep(30)
    one = told(desk.run("fetch", "--to", tmp_path / "got", "--json").stdout)["deliveries"][0]

    assert kept == one["resumed_from"] >= SOME_BYTES
    assert one["sha256"] == hashlib.sha256(Path(one["file"]).read_bytes()).hexdigest()
    assert (0, [one["size_bytes"]]) == (part(tmp_path / "got"), [Path(one["file"]).stat().st_size])


def test_q10_a_sending_that_the_line_cut_leaves_nothing_and_is_sent_again(
    town: Town, office: Office, tmp_path: Path
) -> None:
    """What had come is erased, the doctor says why the file is not there (row X01), the same file is then sent whole."""
    clinic, cable = town.closed_line("clinic", no=2)
    desk = Desk.at(clinic, office)
    cable.shape(SLOW_LINE)
    claims = tmp_path / "RECEIPTC.UKE"
    claims.write_bytes(office.unsent(1))
    before = office.files(), office.sendings()

    sending = desk.spawn("send", claims, "--tries", "1")
    until("a part has arrived", lambda: office.files() != before[0])
    with cable.cut():
        until("the office has erased what came", lambda: (office.files(), office.sendings()) == before)
    status = sending.wait(90)
    left = office.files(), office.sendings()
    doctor = Examined(desk, {"kind": "ipvpn_ipv6", "area": "east"})
    before_again = doctor.ask()
    cable.shape("100mbit")
    again = told(desk.run("send", claims, "--json", check=False).stdout)

    assert (Exit.LATER, before) == (status, left)
    assert "nothing of this sending is kept at the office" in sending.log()
    assert sorted([*before[1], again["id"]]) == office.sendings()
    assert (True, False) == ("X01" in before_again.found, "X01" in doctor.ask().found)
