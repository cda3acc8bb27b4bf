"""What a site says of its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seikyu.lines.site import MOST_CANARIES, PRINTER_PORT, Endpoint, Site, endpoint, example_site, read_site
from seikyu.lines.wrong import BadFile, WrongItem


def wrong(text: str) -> list[WrongItem]:
    """Return what is wrong with a file."""
    with pytest.raises(BadFile) as caught:
        read_site(text)
    return list(caught.value.wrong)


def test_a_site_may_say_nothing() -> None:
    """The doctor needs no file, so an empty one is none to refuse."""
    assert Site() == read_site("")


def test_a_site_says_what_it_knows() -> None:
    """Every item, and what was not said stays unknown."""
    text = """
    [line]
    kind = "ipsec_ike"
    area = "east"
    carrier = " 例示通信 "
    contract_id = "K-1"
    provider = "例示VPN"
    telephone = false
    [local]
    interface = "eth0"
    printer = "192.0.2.9"
    canaries = ["203.0.113.99:443", "[2001:db8::99]:80"]
    """

    assert Site(
        kind="ipsec_ike",
        area="east",
        carrier="例示通信",
        contract_id="K-1",
        provider="例示VPN",
        telephone=False,
        eligibility=None,
        interface="eth0",
        printer=Endpoint("192.0.2.9", PRINTER_PORT),
        canaries=(Endpoint("203.0.113.99", 443), Endpoint("2001:db8::99", 80)),
    ) == read_site(text)


def test_the_example_can_be_read() -> None:
    """It is what guides point to."""
    assert ("ipvpn_ipv6", "CAF0000000000", None) == (
        example_site().kind,
        example_site().customer_id,
        example_site().printer,
    )


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        ('[line]\nkind = "radio"\n', "line.kind", "choice"),
        ('[line]\ncarrier = "a\\nb"\n', "line.carrier", "line_of_text"),
        ("[line]\ncarrier = '" + "x" * 81 + "'\n", "line.carrier", "line_of_text"),
        ('[line]\ntelephone = "yes"\n', "line.telephone", "true_or_false"),
        ('[line]\npassword = "x"\n', "line.password", "unknown"),
        ('[local]\nprinter = "printer.example"\n', "local.printer", "endpoint"),
        ('[local]\ncanaries = ["203.0.113.99"]\n', "local.canaries[0]", "endpoint"),
        ("[local]\nx = 1\n", "local.x", "unknown"),
        ("x = 1\n", "x", "unknown"),
        ("x = \n", "", "not_toml"),
    ],
)
def test_a_slip_is_named_by_its_place(text: str, place: str, why: str) -> None:
    """One slip, one item."""
    assert (place, why) == (wrong(text)[0].place, wrong(text)[0].why)


def test_so_many_addresses_may_be_swept_and_no_more() -> None:
    """The look at a closed line has its limit."""
    swept = [f'"203.0.113.{number}:443"' for number in range(1, MOST_CANARIES + 2)]

    assert MOST_CANARIES == len(read_site(f"[local]\ncanaries = [{', '.join(swept[:-1])}]\n").canaries)
    assert [WrongItem("local.canaries", "too_many", "17", ("16",))] == wrong(
        f"[local]\ncanaries = [{', '.join(swept)}]"
    )


@pytest.mark.parametrize(
    ("text", "port", "expected"),
    [
        ("192.0.2.1:443", None, "192.0.2.1:443"),
        ("192.0.2.1", 80, "192.0.2.1:80"),
        ("[2001:db8::1]:443", None, "[2001:db8::1]:443"),
        ("[2001:db8::1]", 80, "[2001:db8::1]:80"),
        ("2001:db8::1", 80, "[2001:db8::1]:80"),
    ],
)
def test_an_endpoint_is_an_address_and_a_port(text: str, port: int | None, expected: str) -> None:
    """As people write them."""
    assert expected == str(endpoint(text, port=port))


@pytest.mark.parametrize(
    "text", ["", "192.0.2.1", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.300:1", "name:1", "[::1", "[x]:1", "::1:"]
)
def test_what_is_no_endpoint_is_refused(text: str) -> None:
    """An address without a port where none is meant is one of them."""
    with pytest.raises(ValueError):
        endpoint(text, port=None)


@given(address=st.ip_addresses(), port=st.integers(1, 65535))
def test_an_endpoint_is_read_back(address: object, port: int) -> None:
    """Round trip."""
    one = Endpoint(str(address), port)

    if "%" not in one.address:
        assert one == endpoint(str(one), port=None)
