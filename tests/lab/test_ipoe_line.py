"""IPv6 lines of a carrier, both kinds: what a home gets from them, and what is another after the carrier changed it."""

from ipaddress import IPv6Network

import pytest

from lab.ipoe import ADVERTISED, DELEGATED, ZONES, Home, prefixes_of, root_of, serve_claims
from lab.town import LINE_MTU, Town

pytestmark = pytest.mark.needs("net", "bridge", "radvd", "kea", "dhcp6c", "dnsmasq", "ndisc6", "dig")
URL = "https://portal.claims.example/"


@pytest.fixture(params=[False, True], ids=["without a telephone", "with a telephone"])
def home(request: pytest.FixtureRequest, town: Town) -> Home:
    """Return a home on a line of either kind, connected, with the claims network behind it."""
    serve_claims(town)
    made = Home(town, telephone=request.param)
    made.connect()
    return made


def test_a_home_reaches_the_portal_by_its_name_over_either_kind_of_line(home: Home, town: Town) -> None:
    """The PC makes its address of what it is told, resolves the name, and speaks TLS 1.3 with the claims host."""
    told = home.advertised()
    pool = IPv6Network((DELEGATED if home.telephone else ADVERTISED)[1])

    assert [home.prefix] == prefixes_of(home.pc, home.card)
    assert IPv6Network(home.prefix).subnet_of(pool)
    assert ((home.prefix,), LINE_MTU) == (told.prefixes, told.mtu)
    assert str(LINE_MTU) == home.pc.run("cat", f"/proc/sys/net/ipv6/conf/{home.card}/mtu").stdout.strip()
    assert " ".join(ZONES) == " ".join(told.zones)
    page = home.pc.run("curl", "-sS", "--max-time", "10", "--cacert", root_of(town), URL).stdout
    assert "TLSv1.3" in page
