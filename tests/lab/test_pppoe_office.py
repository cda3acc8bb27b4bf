"""A clinic on a line of IPv4 that it dials into (PPPoE), with the real programs at both ends."""

import json
from pathlib import Path

import pytest

from lab.dialled import LOGIN, DialledLine
from lab.doctor import Examined
from lab.net import until
from lab.office import Desk, Office
from lab.town import Town
from seikyu.apps.outcomes import Exit

pytestmark = [pytest.mark.slow, pytest.mark.needs("net", "bridge", "tun", "packets", "tbf", "dnsmasq", "ping")]

#: So slow that a file of 470 kB takes some 20 s.
SLOW_LINE = "220kbit"


def test_a_session_that_the_carrier_ends_leaves_nothing_of_a_sending_and_is_dialled_again(
    town: Town, office: Office, tmp_path: Path
) -> None:
    """As at works in the night (Q10): what had come is erased; dialled again, the same file is sent whole.

    Meanwhile the doctor finds that the concentrator takes the login, and needs no second session while one is up.
    """
    line = DialledLine(town, "clinic")
    line.site.set("ipv6/conf/all/disable_ipv6", 1)  # As the source says of an IPv4 line (Q11).
    desk = Desk.at(line.site, office)
    site = Examined(desk, {"kind": "ipvpn_ipv4", "area": "east"}, {"interface": "line"})
    login = line.site.folder / "login.txt"
    login.write_text(f"{LOGIN.user}\n{LOGIN.password}\n", "utf-8")
    claims = tmp_path / "RECEIPTC.UKE"
    claims.write_bytes(office.unsent(1))
    before = office.files(), office.sendings()
    line.connect()
    line.cable.shape(SLOW_LINE)

    sending = desk.spawn("send", claims, "--tries", "1")
    until("a part has arrived", lambda: office.files() != before[0])
    line.hang_up()
    until("the office has erased what came", lambda: (office.files(), office.sendings()) == before, limit_s=40)
    status = sending.wait(90)
    line.cable.shape("100mbit")
    down = site.ask("--pppoe-user-file", login)
    line.connect()
    again = json.loads(desk.run("send", claims, "--json", check=False).stdout)
    up = site.ask("--pppoe-user-file", login)

    assert Exit.LATER == status
    assert ("accepted", 0, "does_not_connect") == (
        down.facts["pppoe.authentication"], down.facts["pppoe.code"], down.verdict
    )  # fmt: skip
    assert sorted([*before[1], again["id"]]) == office.sendings()
    # What the cut sending has sent again may still be counted (P04); the line itself has nothing.
    assert {"P04"} >= set(up.found)
    assert ("connects_but" if up.found else "connects", True) == (up.verdict, up.facts["pppoe.connected"])
    assert "not_tried" == up.facts["pppoe.authentication"]
