"""Who may come by which line: the whole table, and rules that are wrong."""

from contextlib import suppress
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seikyu.lines.admission import Comer, Mode, Rules, Verdict, Why, judge, normal, read_rules
from seikyu.lines.kinds import line_kinds
from seikyu.lines.wrong import BadFile

FILE = """
unregistered = "refuse"
elsewhere = "refuse"
exempt = ["operator"]
[ranges.east]
line = "ipvpn_ipv6"
networks = ["2001:db8:e000::/36"]
[ranges.dialled]
line = "ipvpn_ipv4"
networks = ["192.0.2.0/25", "198.51.100.0/24"]
[ranges.tunnels]
line = "ipsec_ike"
networks = ["192.0.2.128/25"]
[ranges.test]
line = "any"
networks = ["192.0.2.192/28", "2001:db8:e000:7::/64"]
[assigned]
"192.0.2.130" = "9910000001"
"""
RULES = read_rules(FILE, Mode.ENFORCE)
V6, V4, TUNNEL, TEST, NOWHERE = "2001:db8:e001::7", "192.0.2.7", "192.0.2.200", "192.0.2.195", "203.0.113.9"


def judged(registered: str, address: str, *, kind: str = "institution", party: str = "9910000002") -> Verdict:
    """Return what the rules say."""
    return judge(RULES, Comer(party, kind, registered, address))


@pytest.mark.parametrize("registered", [*line_kinds(), "", "radio"])
@pytest.mark.parametrize(
    ("address", "used"), [(V6, "ipvpn_ipv6"), (V4, "ipvpn_ipv4"), ("192.0.2.240", "ipsec_ike"),
                          (TEST, "any"), (NOWHERE, ""), ("", ""), ("unix:", "")],
)  # fmt: skip
def test_every_pair_of_a_registered_line_and_an_address(registered: str, address: str, used: str) -> None:
    """Only the registered one passes; another one names the notice that mends it; nobody comes from elsewhere."""
    found = judged(registered, address)

    if used == "any":
        assert Verdict(passes=True, why=Why.ANYBODY) == found
    elif not used:
        assert Verdict(passes=False, why=Why.ELSEWHERE) == found
    elif not registered:
        assert Verdict(passes=False, why=Why.UNREGISTERED, used=used, notice="start") == found
    elif registered == used:
        assert Verdict(passes=True, why=Why.FITS, used=used) == found
    else:
        assert Verdict(passes=False, why=Why.OTHER_LINE, used=used, notice="change_connection") == found


def test_an_address_may_be_written_in_every_way_that_sockets_write_it() -> None:
    """IPv4 within IPv6 is IPv4; a zone is no part of an address."""
    assert judged("ipvpn_ipv4", V4) == judged("ipvpn_ipv4", f"::ffff:{V4}") == judged("ipvpn_ipv4", "::FFFF:c000:207")
    assert ip_address("fe80::1") == normal("fe80::1%eth0")
    assert normal("2001:db8::1") != normal("::ffff:192.0.2.7")
    assert normal("192.0.2.7, 198.51.100.1") is None


def test_the_narrowest_range_counts() -> None:
    """A test network within the tunnels is the test network, of IPv6 too."""
    assert Why.ANYBODY is judged("isdn", TEST).why
    assert Why.ANYBODY is judged("isdn", "2001:db8:e000:7::1").why
    assert Why.OTHER_LINE is judged("isdn", "2001:db8:e000:8::1").why


def test_a_tunnel_belongs_to_one_party() -> None:
    """Where it is known whose an address is, nobody else comes from it, whatever is registered."""
    assert Verdict(passes=False, why=Why.OTHERS_TUNNEL, used="ipsec_ike") == judged("ipsec_ike", "192.0.2.130")
    assert judged("ipsec_ike", "192.0.2.130", party="9910000001").passes
    assert judged("ipsec_ike", "192.0.2.131").passes, "of the others nothing is known"


def test_what_a_gateway_has_given_counts_where_the_rules_say_nothing() -> None:
    """The gateway's own file is named by the rules; what they say themselves counts more."""
    given = {ip_address("192.0.2.131"): "9910000001", ip_address("192.0.2.130"): "9910000002"}

    def judged_with(party: str, address: str) -> Why:
        return judge(RULES, Comer(party, "institution", "ipsec_ike", address), given).why

    assert [Why.FITS, Why.OTHERS_TUNNEL] == [
        judged_with(party, "192.0.2.131") for party in ("9910000001", "9910000002")
    ]
    assert [Why.FITS, Why.OTHERS_TUNNEL] == [
        judged_with(party, "192.0.2.130") for party in ("9910000001", "9910000002")
    ]
    assert (
        "gateway-state/addresses.json"
        == read_rules(f'tunnels = "gateway-state/addresses.json"\n{FILE}', Mode.TELL).tunnels
    )


def test_kinds_that_are_exempt_are_not_looked_at() -> None:
    """The operator comes from inside."""
    assert Verdict(passes=True, why=Why.EXEMPT) == judged("", NOWHERE, kind="operator")


def test_what_is_not_known_may_pass_if_the_rules_say_so() -> None:
    """A party without a registered line does by default, an address in no range does not."""
    rules = read_rules('[ranges.a]\nline = "isdn"\nnetworks = ["192.0.2.0/24"]', Mode.TELL)

    assert ("pass", "refuse", ("operator",), Mode.TELL) == (
        rules.unregistered,
        rules.elsewhere,
        rules.exempt,
        rules.mode,
    )
    assert judge(rules, Comer("9", "institution", "", V4)).passes
    open_rules = Rules(Mode.TELL, rules.ranges, elsewhere="pass")
    assert judge(open_rules, Comer("9", "institution", "isdn", NOWHERE)).passes
    assert not judge(rules, Comer("9", "institution", "isdn", NOWHERE)).passes


def test_a_range_of_ipv4_within_ipv6_is_one_of_ipv4() -> None:
    """However the operator writes it; one of IPv6 stays one."""
    rules = read_rules(
        '[ranges.a]\nline = "isdn"\nnetworks = ["::ffff:192.0.2.0/120"]\n[ranges.b]\nline = "any"\nnetworks = ["::/0"]',
        Mode.TELL,
    )

    assert ["fits", "elsewhere", "anybody"] == [
        judge(rules, Comer("9", "institution", "isdn", at)).why for at in (V4, NOWHERE, V6)
    ]


@given(text=st.text() | st.text(alphabet='[]="ranges.a:/0123456789\n{}line,'))
def test_any_text_gives_rules_or_what_is_wrong(text: str) -> None:
    """Nothing else is raised."""
    with suppress(BadFile):
        read_rules(text, Mode.ENFORCE)


@given(address=st.text() | st.ip_addresses().map(str))
def test_any_text_is_an_address_or_none(address: str) -> None:
    """Whatever a peer is called."""
    assert judged("isdn", address).why in Why


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        ("", "ranges", "missing"),
        ("x = [", "", "not_toml"),
        ("ranges = 1", "ranges", "table"),
        ('[ranges]\na = "b"', "ranges.a", "table"),
        ('[ranges.a]\nline = "radio"\nnetworks = ["192.0.2.0/24"]', "ranges.a.line", "choice"),
        ('[ranges.a]\nnetworks = ["192.0.2.0/24"]', "ranges.a.line", "missing"),
        ('[ranges.a]\nline = "isdn"', "ranges.a.networks", "missing"),
        ('[ranges.a]\nline = "isdn"\nnetworks = ["192.0.2.1/24"]', "ranges.a.networks[0]", "network"),
        ('[ranges.a]\nline = "isdn"\nnetworks = []\nlines = 1', "ranges.a.lines", "unknown"),
        (FILE.replace('"refuse"', '"perhaps"', 1), "unregistered", "choice"),
        (f"mode = 'off'\n{FILE}", "mode", "unknown"),
        (FILE.replace("192.0.2.130", "192.0.2"), "assigned.192.0.2", "address"),
        (FILE.replace('"9910000001"', '"a b"'), "assigned.192.0.2.130", "text"),
        (FILE.replace('"192.0.2.0/25"', '"192.0.2.128/25"'), "ranges.tunnels.networks", "twice"),
    ],
)
def test_rules_that_cannot_be_used_are_named(text: str, place: str, why: str) -> None:
    """By their place in the file; nothing is let in by a slip."""
    with pytest.raises(BadFile) as caught:
        read_rules(text, Mode.ENFORCE)

    assert (place, why) in [(each.place, each.why) for each in caught.value.wrong]
