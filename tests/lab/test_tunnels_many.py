"""A gateway that is restarted under fifty tunnels: every one of them comes back, to its own address, by itself.

The fifty are terminals of their own with a certificate, a key and an address each; one daemon dials for all of them, as
fifty daemons would measure the machine and not the gateway.
"""

import time

import pytest

from lab.net import until
from lab.office import Desk, Office, issue_many
from lab.provider import Provider
from lab.town import Town
from lab.tunnel import Client

pytestmark = [pytest.mark.slow, pytest.mark.needs("net", "bridge", "dnsmasq", "strongswan")]

MANY = 50
#: A storm of fifty handshakes of P-384 on a busy machine.
STORM_LIMIT_S = 120


@pytest.mark.parametrize("how", ["told", "plug"])
def test_fifty_tunnels_come_back_after_the_gateway_was_restarted(
    town: Town, office: Office, provider: Provider, how: str
) -> None:
    """Told: the clients hear that it ends, and knock until it is there again. Plug: nobody tells them anything."""
    desk = Desk.at(town.pc, office)
    client = Client.at(desk)
    client.pretend_to_be(issue_many(office, town.pc.folder / "terminals", many=MANY))
    until("the gateway knows them all", lambda: provider.lets_in(desk.party) > MANY, limit_s=60)
    client.start()
    until("all are connected", lambda: len(client.addresses()) == MANY, limit_s=STORM_LIMIT_S)
    before = client.addresses()

    if how == "told":
        provider.stop()
        until("all have heard it", lambda: not client.addresses())
    else:
        provider.pull_the_plug()
    began = time.monotonic()
    provider.start()
    up_at = time.monotonic()
    until("all are back", lambda: len(client.addresses()) == MANY == len(provider.tunnels()), limit_s=STORM_LIMIT_S)
    print(f"{how}: gateway back after {up_at - began:.1f} s, all tunnels {time.monotonic() - up_at:.1f} s later")

    assert before == client.addresses()
    assert MANY == len({row["terminal"] for row in provider.tunnels()})
