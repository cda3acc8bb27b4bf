"""A gateway as a plan: its file, who has which address, the connections, and the packet filter."""

import random
import tomllib
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seikyu.lines.gateway import (
    Gateway,
    Leases,
    assigned,
    connections,
    example,
    gateway_from,
    ruleset,
    swanctl_text,
    waiting,
)
from seikyu.lines.gateway.config import gateway_of
from seikyu.lines.gateway.plan import connection_section, name_of, pool_sections
from seikyu.lines.wrong import BadFile

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
ONE, OTHER, THIRD = ("9911000015", "受付 1号機"), ("9911000023", "desk"), ("9911000031", "desk")
LEAST = """
[gateway]
name = "gw.example.jp"
addresses = ["203.0.113.2"]
[office]
home = "/srv/office"
[claims]
prefixes = ["198.51.100.0/24"]
[pools]
ipv4 = ["192.0.2.0/30"]
quarantine_days = 30
"""
ELSEWHERE = 'url = "https://a.example"\nauthorities = "a"\nterminals = "t"'
HERE = 'home = "/srv/office"'


def changed(*changes: tuple[str, str]) -> str:
    """Return the smallest file, with changes."""
    text = LEAST
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    return text


def wrong(text: str) -> list[tuple[str, str]]:
    """Return place and reason of all that is wrong with a file."""
    with pytest.raises(BadFile) as bad:
        gateway_from(text)
    return [(each.place, each.why) for each in bad.value.wrong]


def small() -> Gateway:
    """Return a gateway with a pool of two addresses."""
    return gateway_from(LEAST)


# --- the file ----------------------------------------------------------------------------------------------------


def test_the_example_is_right_and_says_what_is_taken_where_nothing_is_said() -> None:
    """Whoever copies it sees all that can be set."""
    gateway, least = gateway_from(example()), small()

    assert (ip_address("203.0.113.2"), ip_address("2001:db8:0:1::2")) == gateway.addresses
    assert sum(len(items) for items in tomllib.loads(example()).values()) == 26
    for name in ("tcp_ports", "udp_ports", "quarantine_days", "proposals", "esp_proposals", "dpd_s", "mss_ipv4",
                 "mss_ipv6", "table", "vici", "esp", "per_host", "metrics", "certificate", "key"):  # fmt: skip
        assert getattr(gateway, name) == getattr(least, name), name


@pytest.mark.parametrize(
    ("before", "after", "place", "why"),
    [
        ("[gateway]", "[gatway]\n[gateway]", "gatway", "unknown"),
        ("[claims]", "[claims]\nprefix = 1", "claims.prefix", "unknown"),
        ('name = "gw.example.jp"', "", "gateway.name", "missing"),
        ('"gw.example.jp"', '"gw_1"', "gateway.name", "name"),
        ('"gw.example.jp"', '""', "gateway.name", "name"),
        ("[claims]", '[firewall]\ntable = ""\n[claims]', "firewall.table", "table_name"),
        ("[claims]", '[firewall]\ntable = "a\\n}"\n[claims]', "firewall.table", "table_name"),
        ("[claims]", '[ike]\nesp_proposals = ["null-sha256"]\n[claims]', "ike.esp_proposals[0]", "proposal_weak"),
        ("[claims]", '[ike]\nproposals = ["aes256-md5-modp1024"]\n[claims]', "ike.proposals[0]", "proposal_weak"),
        ('["203.0.113.2"]', '["203.0.113"]', "gateway.addresses[0]", "address"),
        ('["203.0.113.2"]', "[]", "gateway.addresses", "missing"),
        ('["198.51.100.0/24"]', "[]", "claims.prefixes", "missing"),
        ('["198.51.100.0/24"]', '["198.51.100.1/24"]', "claims.prefixes[0]", "network"),
        (HERE, "", "office.home", "home_or_url"),
        (HERE, f"{HERE}\n{ELSEWHERE}", "office.home", "home_or_url"),
        (HERE, ELSEWHERE.replace("https", "http"), "office.url", "https"),
        (HERE, ELSEWHERE.replace('authorities = "a"', ""), "office.authorities", "missing"),
        ("[claims]", "[claims]\ntcp_ports = [443, 70000]", "claims.tcp_ports[1]", "port"),
        ("[claims]", "[claims]\nudp_ports = [true]", "claims.udp_ports[0]", "port"),
        ("= 30", "= -1", "pools.quarantine_days", "bounds"),
        ("[claims]", '[ike]\nproposals = ["aes256; drop"]\n[claims]', "ike.proposals[0]", "proposal"),
        ("[claims]", '[firewall]\ntable = "a; flush"\n[claims]', "firewall.table", "table_name"),
        ("[claims]", '[daemon]\nesp = "hardware"\n[claims]', "daemon.esp", "choice"),
        ("[claims]", '[metrics]\nlisten = "0.0.0.0:9464"\n[claims]', "metrics.listen", "loopback"),
        ('ipv4 = ["192.0.2.0/30"]', "", "pools", "no_pool"),
        ('ipv4 = ["192.0.2.0/30"]', 'ipv4 = ["192.0.2.0/30"]\nipv6 = ["192.0.2.8/30"]', "pools.ipv6", "other_version"),
        ('"192.0.2.0/30"', '"192.0.2.0/31"', "pools.ipv4", "pool_small"),
        ('"192.0.2.0/30"', '"10.0.0.0/8"', "pools.ipv4", "pool_large"),
        ('"192.0.2.0/30"', '"192.0.2.0/24", "192.0.2.128/25"', "pools", "pools_overlap"),
        ('"192.0.2.0/30"', '"198.51.100.128/25"', "pools", "pool_in_claims"),
        ('"192.0.2.0/30"', '"203.0.113.0/29"', "pools", "gateway_in_pool"),
        ('"198.51.100.0/24"', '"203.0.113.0/24"', "claims.prefixes", "gateway_in_claims"),
        ('"198.51.100.0/24"', '"198.51.100.0/24", "2001:db8:c1a1::/48"', "claims.prefixes", "prefix_without_pool"),
        ("[claims]", '[claims]\nresolvers = ["192.0.2.53"]', "claims.resolvers", "resolver_outside"),
        ("[claims]", '[claims]\nresolvers = ["203.0.113.2"]', "claims.resolvers", "resolver_outside"),
    ],
)
def test_a_fault_of_the_file_is_told_by_its_place(before: str, after: str, place: str, why: str) -> None:
    """Each by itself."""
    assert [(place, why)] == wrong(changed((before, after)))


def test_all_faults_are_told_at_once() -> None:
    """Whoever mends a file mends it once."""
    told = wrong(changed(("= 30", "= 5000"), ('"203.0.113.2"', '"nowhere"'), ("[claims]", "[claims]\nports = []")))

    assert {"pools.quarantine_days", "gateway.addresses[0]", "claims.ports"} == {place for place, _ in told}
    assert [("", "not_toml")] == wrong("[gateway")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(
        ["203.0.113.2", "2001:db8::1", "198.51.100.0/24", "2001:db8::/64", "0.0.0.0/0", "::/0", "443", "auto"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


@given(data=st.data())
def test_any_value_anywhere_gives_a_gateway_or_its_faults(data: st.DataObject) -> None:
    """Nothing that can be written breaks the reader."""
    told = tomllib.loads(example())
    section = data.draw(st.sampled_from(sorted(told)))
    if data.draw(st.booleans()):
        told[section] = data.draw(VALUES)
    else:
        told[section][data.draw(st.sampled_from(sorted(told[section])))] = data.draw(VALUES)

    try:
        gateway = gateway_of(told)
    except BadFile as bad:
        problems = [each.place for each in bad.wrong]
    else:
        problems = [ruleset(gateway, esp="user")]
    assert problems


# --- who has which address ---------------------------------------------------------------------------------------


def held(leases: Leases) -> dict[tuple[str, str], list[str]]:
    """Return the addresses of those who may come."""
    return {whose: [str(each) for each in lease.addresses] for whose, lease in leases.held.items()}


def test_a_terminal_keeps_its_address_whoever_comes_and_goes() -> None:
    """The order of the list decides nothing."""
    gateway = gateway_from(example())
    first = assigned([], [ONE, OTHER], gateway=gateway, now=NOW)

    again = assigned(first.all.values(), [THIRD, OTHER, ONE], gateway=gateway, now=NOW)

    assert {ONE: ["192.0.2.1", "2001:db8:7::1"], OTHER: ["192.0.2.2", "2001:db8:7::2"]} == held(first)
    assert held(first) | {THIRD: ["192.0.2.3", "2001:db8:7::3"]} == held(again)


def test_an_address_rests_before_another_terminal_has_it() -> None:
    """In the meantime the newcomer goes without; whoever returns has the old one."""
    first = assigned([], [ONE, OTHER], gateway=small(), now=NOW)
    gone = assigned(first.all.values(), [OTHER], gateway=small(), now=NOW)

    soon = assigned(gone.all.values(), [OTHER, THIRD], gateway=small(), now=NOW + timedelta(days=29))
    later = assigned(soon.all.values(), [OTHER, THIRD], gateway=small(), now=NOW + timedelta(days=30))
    back = assigned(soon.all.values(), [OTHER, ONE], gateway=small(), now=NOW + timedelta(days=31))

    assert ((THIRD,), {OTHER: ["192.0.2.2"]}) == (soon.without, held(soon))
    assert ((), ["192.0.2.1"]) == (later.without, held(later)[THIRD])
    assert ONE not in later.all
    assert held(first) == held(back)


def test_the_address_that_rested_longest_is_given_first() -> None:
    """Its traces are the oldest."""
    first = assigned([], [ONE, OTHER], gateway=small(), now=NOW)
    gone = assigned(first.all.values(), [ONE], gateway=small(), now=NOW)
    both = assigned(gone.all.values(), [], gateway=small(), now=NOW + timedelta(days=1))

    after = assigned(both.all.values(), [THIRD], gateway=small(), now=NOW + timedelta(days=60))

    assert {THIRD: ["192.0.2.2"]} == held(after)
    assert NOW == both.all[OTHER].released_at


def test_whoever_returns_after_the_rest_is_not_in_the_way_of_a_newcomer() -> None:
    """Both come at once; each has one address, and no address has two."""
    first = assigned([], [ONE, OTHER], gateway=small(), now=NOW)
    gone = assigned(first.all.values(), [OTHER], gateway=small(), now=NOW)

    after = assigned(gone.all.values(), [THIRD, ONE, OTHER], gateway=small(), now=NOW + timedelta(days=60))

    assert ((THIRD,), held(first)) == (after.without, held(after))


def test_whose_address_is_no_longer_in_a_pool_gets_another() -> None:
    """So does a terminal that has one kind where there are two now."""
    first = assigned([], [ONE], gateway=small(), now=NOW)
    elsewhere = gateway_from(changed(("192.0.2.0/30", "192.0.2.64/30")))

    moved = assigned(first.all.values(), [ONE], gateway=elsewhere, now=NOW)
    both = assigned(first.all.values(), [ONE], gateway=gateway_from(example()), now=NOW)

    assert {ONE: ["192.0.2.65"]} == held(moved)
    assert {ONE: ["192.0.2.1", "2001:db8:7::1"]} == held(both)


def test_no_address_belongs_to_two_and_none_changes_hands_early() -> None:
    """Whatever comes and goes over a year, in pools that are too small."""
    chance = random.Random(5)
    gateway = gateway_from(changed(('ipv4 = ["192.0.2.0/30"]', 'ipv4 = ["192.0.2.0/28"]\nipv6 = ["2001:db8:7::/124"]')))
    people = [(f"99110000{no:02}", "desk") for no in range(20)]
    leases: Leases = Leases({})
    last: dict[str, tuple[tuple[str, str], datetime]] = {}
    for day in range(365):
        now = NOW + timedelta(days=day)
        wanted = chance.sample(people, chance.randint(0, 20))
        leases = assigned(leases.all.values(), wanted, gateway=gateway, now=now)
        given = [str(each) for lease in leases.held.values() for each in lease.addresses]
        assert len(given) == len(set(given))
        assert set(wanted) == leases.held.keys() | set(leases.without)
        for whose, lease in leases.held.items():
            assert [4, 6] == [each.version for each in lease.addresses]
            for address in map(str, lease.addresses):
                before, at = last.get(address, (whose, now))
                assert before == whose or now - at >= timedelta(days=30)
                last[address] = (whose, now)


# --- connections -------------------------------------------------------------------------------------------------


def planned(gateway: Gateway, *whose: tuple[str, str]) -> Leases:
    """Return leases for terminals."""
    return assigned([], whose, gateway=gateway, now=NOW)


def test_a_connection_asks_for_party_and_terminal_by_any_name_of_the_party() -> None:
    """The name is the certificate's subject as it is encoded, with `*` for the party's own name."""
    (made,) = connections(planned(small(), ONE)).values()

    der = bytes.fromhex(made.identity.removeprefix("asn1dn:#"))

    parts = [b"\x0c\x01*", b"\x13\x0a9911000015", b"\x0c\x0e" + "受付 1号機".encode()]
    assert parts == sorted(parts, key=der.index)
    assert len(der) == der[1] + 2
    assert name_of(*ONE) == made.name
    assert made.name.isascii()


def test_a_long_name_is_encoded_in_the_long_form() -> None:
    """Certificates of our authority never need it (64 bytes at most); those of another may."""
    (made,) = connections(planned(small(), ("9" * 20, "x" * 80))).values()

    der = bytes.fromhex(made.identity.removeprefix("asn1dn:#"))

    assert b"\x30\x81" == der[:2]
    assert len(der) == der[2] + 3


def test_the_subject_is_the_one_in_certificates_of_our_authority() -> None:
    """But for the party's name; else nobody would come in."""
    import pki

    subject = pki.make_pki(pki.NOW).client().subject.public_bytes()
    (made,) = connections(planned(small(), (pki.HOLDER.party, pki.HOLDER.terminal))).values()

    mine = bytes.fromhex(made.identity.removeprefix("asn1dn:#"))

    assert subject[subject.index(b"\x55\x04\x05") - 6 :] == mine[mine.index(b"\x55\x04\x05") - 6 :]


def test_a_connection_is_strict_patient_and_has_one_address_of_each_kind() -> None:
    """What is asked of a provider: strict revocation, MOBIKE, DPD, the claims prefixes and nothing else."""
    gateway = gateway_from(example())
    (made,) = connections(planned(gateway, ONE)).values()

    section = connection_section(gateway, made, certificates=["gateway.pem"])

    assert {"auth": "pubkey", "id": made.identity, "revocation": "strict"} == section["remote"]
    assert ("yes", "replace", "10s") == (section["mobike"], section["unique"], section["dpd_delay"])
    assert "'local_ts': ['198.51.100.0/24', '2001:db8:c1a1::/48']" in str(section["children"])
    assert {
        f"{made.name}-4": {"addrs": "192.0.2.1/32", "dns": ["198.51.100.53"]},
        f"{made.name}-6": {"addrs": "2001:db8:7::1/128", "dns": ["2001:db8:c1a1::53"]},
    } == pool_sections(gateway, made)


def test_a_terminal_whose_name_stands_for_every_name_has_no_connection() -> None:
    """It would be a way in for all terminals of its party, also for those that are on no list."""
    gateway = gateway_from(example())

    made = connections(planned(gateway, ("9911000015", "*"), ONE))

    assert [ONE[1]] == [each.terminal for each in made.values()]


def test_nothing_is_forwarded_beside_the_tunnels() -> None:
    """The machine forwards, and so for every neighbour, in either direction."""
    text = ruleset(gateway_from(example()), esp="kernel")

    for family, version in (("ip", 4), ("ip6", 6)):
        for one, other in (("saddr", "daddr"), ("daddr", "saddr")):
            rule = f"{family} {one} @claims{version} {family} {other} != @claims{version} counter name outside drop"
            assert rule in text


def test_a_gateway_without_resolvers_tells_none() -> None:
    """And one that has some opens no port of its own but theirs."""
    (made,) = connections(planned(small(), ONE)).values()

    assert {f"{made.name}-4": {"addrs": "192.0.2.1/32"}} == pool_sections(small(), made)
    assert "elements = { 198.51.100.53 }" in ruleset(gateway_from(example()), esp="user")


def test_the_plan_can_be_looked_at_as_swanctl_reads_it() -> None:
    """What has a `#` in it is quoted, as the rest of a line would be a remark."""
    gateway = gateway_from(example())

    text = swanctl_text(gateway, connections(planned(gateway, ONE, OTHER)))

    assert text.count("revocation = strict") == 2
    assert 'id = "asn1dn:#30' in text
    assert "        local_ts = 198.51.100.0/24, 2001:db8:c1a1::/48\n" in text
    assert text.count("}") == text.count("{")


# --- the packet filter -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("esp", "inside"), [("kernel", "meta ipsec missing"), ("user", 'iifname != "ipsec*"')])
def test_the_filter_lets_tunnels_reach_claims_ports_alone(esp: str, inside: str) -> None:
    """How it stands with packets is shown in the lab; here, what it is made of."""
    text = ruleset(gateway_from(example()), esp=esp)  # type: ignore[arg-type]

    assert f"ip saddr @pool4 {inside} counter name spoofed drop" in text
    assert "ip6 daddr @claims6 tcp dport { 443, 53 } ct state new accept" in text
    new = [line.strip() for line in text.splitlines() if line.endswith(" accept") and "established" not in line]
    assert all("@claims" in line or "@resolver" in line or "icmp" in line for line in new)
    assert text.startswith("table inet seikyu_gateway\ndelete table inet seikyu_gateway\ntable inet seikyu_gateway {\n")


def test_a_gateway_without_open_udp_has_no_rule_of_it() -> None:
    """An empty set of ports would be no rule that nft reads."""
    text = ruleset(gateway_from(changed(("[claims]", "[claims]\nudp_ports = []"))), esp="user")

    assert "udp dport {" not in text
    assert "tcp dport { 443, 53 }" in text


def test_clients_wait_while_the_daemon_knows_nobody() -> None:
    """Both ports of IKE, in a table of its own."""
    assert "udp dport { 500, 4500 } drop" in waiting(small())
    assert "table inet seikyu_gateway_wait {" in waiting(small())
