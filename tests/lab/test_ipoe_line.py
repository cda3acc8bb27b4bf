"""IPv6 lines of a carrier, both kinds: what a home gets from them, and what is another after the carrier changed it."""

from collections.abc import Iterator
from ipaddress import IPv6Network

import pytest

from lab.ipoe import ADVERTISED, DELEGATED, OPEN_NAME, ZONES, Home, prefixes_of, root_of, serve_claims
from lab.names import NAMES
from lab.town import LINE_MTU, OFFICE, Town

pytestmark = pytest.mark.needs("net", "bridge", "radvd", "kea", "dhcp6c", "dnsmasq", "ndisc6", "dig")
URL = "https://portal.claims.example/"


@pytest.fixture(
    params=[
        pytest.param(False, id="without a telephone"),
        pytest.param(True, id="with a telephone", marks=pytest.mark.slow),  # a server of prefixes starts up
    ]
)
def home(request: pytest.FixtureRequest, town: Town) -> Iterator[Home]:
    """Yield a home on a line of either kind, connected, with the claims network behind it."""
    serve_claims(town)
    made = Home(town, telephone=request.param)
    made.connect()
    yield made
    made.unplug()


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


def asked(home: Home, name: str) -> list[str]:
    """Return the IPv6 addresses of a name by the PC's own resolver."""
    return sorted(home.pc.run("dig", "+short", "AAAA", name).stdout.split())


def test_names_of_outside_are_found_only_where_a_resolver_splits_them(home: Home) -> None:
    """Names of the claims network, the long answer too, come from the closed resolvers by either way."""
    assert [OFFICE[1]] == asked(home, "portal.claims.example")
    assert sorted(one for one in NAMES["ntp.claims.example"] if ":" in one) == asked(home, "ntp.claims.example")
    assert [] == asked(home, "nowhere.claims.example")
    assert ([OFFICE[1]] if home.telephone else []) == asked(home, OPEN_NAME)


def test_after_a_change_the_pc_has_an_address_of_another_prefix_only(home: Home, town: Town) -> None:
    """The names are found as before and the portal is reached; what the office knew the line by is gone."""
    remembered = home.prefix

    home.change(2)

    assert remembered != home.prefix
    assert [home.prefix] == prefixes_of(home.pc, home.card)
    assert (home.prefix,) == home.advertised().prefixes
    assert "TLSv1.3" in home.pc.run("curl", "-sS", "--max-time", "10", "--cacert", root_of(town), URL).stdout
