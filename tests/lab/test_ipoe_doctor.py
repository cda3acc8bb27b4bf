"""The doctor at a home on an IPv6 line, of either kind, when the carrier gives the line another prefix (row V08)."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from lab.doctor import Examined
from lab.ipoe import Home
from lab.net import Host
from lab.office import Desk, Office
from lab.town import CLAIMS_V6, Town

pytestmark = [
    pytest.mark.slow,
    pytest.mark.needs("net", "bridge", "radvd", "kea", "dhcp6c", "dnsmasq", "ndisc6", "ping"),
]


@contextmanager
def authenticated(access: Host, prefix: str) -> Iterator[None]:
    """Let the closed network take packets of TLS from a line only by the prefix that it was authenticated with."""
    access.nft(
        "table inet lab_lines {\n chain forward {\n  type filter hook forward priority 0;\n"
        f'  iifname "home" ip6 saddr != {prefix} ip6 daddr {CLAIMS_V6} tcp dport 443 drop;\n }}\n}}\n'
    )
    try:
        yield
    finally:
        access.run("nft", "delete", "table", "inet", "lab_lines")


@pytest.mark.parametrize("telephone", [False, True], ids=["without a telephone", "with a telephone"])
def test_a_prefix_that_changed_asks_for_line_authentication_again(
    town: Town, office: Office, *, telephone: bool
) -> None:
    """The doctor remembers what worked; nothing is found before the change, and after the line is authenticated."""
    home = Home(town, telephone=telephone)
    home.connect()
    line = {"kind": "ipvpn_ipv6", "area": "east", "telephone": telephone}
    site = Examined(Desk.at(home.pc, office), line)
    first = home.prefix
    with authenticated(town.access, first):
        healthy = site.ask()
        home.change(2)
        changed = site.ask()
    with authenticated(town.access, home.prefix):
        cured = site.ask()
        after = site.ask()
    home.unplug()

    assert ("connects", (), first) == (healthy.verdict, healthy.found, healthy.facts["ipv6.prefix"])
    assert ("does_not_connect", "V08", "network_desk") == (changed.verdict, changed.found[0], changed.calls["V08"])
    assert (home.prefix, first) == (changed.facts["ipv6.prefix"], changed.facts["ipv6.prefix_remembered"])
    assert ("connects", ()) == (cured.verdict, cured.found)
    assert (home.prefix, home.prefix) == (after.facts["ipv6.prefix"], after.facts["ipv6.prefix_remembered"])
