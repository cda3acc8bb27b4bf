"""The table of faults and what facts come to by it."""

import re
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seikyu.lines.diagnosis import (
    BY_LINE,
    DOES,
    Condition,
    Effect,
    Fault,
    State,
    Text,
    Verdict,
    Way,
    desk_for,
    diagnose,
    faults,
    holds,
    judge,
)
from seikyu.lines.facts import Facts, known_facts
from seikyu.lines.kinds import desks, line_kinds

CASES = tomllib.loads((Path(__file__).parent / "faults_cases.toml").read_text("utf-8"))

#: The 71 rows of the source by area: P01 to P06 and so on.
ROWS = {"P": 6, "L": 6, "V": 14, "K": 10, "C": 18, "T": 8, "X": 6, "S": 3}

#: Whom each row of the source calls; `-` for nobody. Two of them name a second desk, which the text names.
CALLS = {
    "network_desk": "L01 L02 L04 L05 V08 V09 V10 V11",
    "ipsec_provider": "K01 K02 K03 K04 K06 K07 K09 K10 X06",
    "carrier": "P01 P02 P04 L03 V01 V12 V13",
    "help_desk": "C05 C08 C11 T07 T08 X02 X04",
    "review_body": "C01 C02 C03 C04 C10 C12 C14 C15 C17 C18 T06",
    "vendor": "P03 P06 L06 V02 V03 V04 V05 V06 V07 V14 K05 C09 C16 T01 T02 T03 T04 S01 S02 S03",
    "": "P05 K08 C06 C07 C13 T05 X01 X03 X05",
}

JAPANESE = re.compile("[ぁ-んァ-ヶ一-龠]")

PC: Facts = {
    "link.interface": "eth0", "link.carrier": True, "link.speed_mbit": 1000, "link.half_duplex": False,
    "link.errors": 0, "link.mtu": 1500, "link.retransmitted_percent": 0, "link.up_interfaces": ("eth0",),
    "link.tunnels": (), "router.address": "192.168.1.1", "router.answers": True, "router.claimants": 1,
    "wlan.used": False, "power.sleeps": True, "power.nic_saving": True, "pppoe.connected": False,
    "dns.resolvers": ("192.168.1.1",), "hosts.entry": False, "proxy.set": False, "clock.off_s": 1,
    "inbound.listening": ("tcp 22",), "inbound.firewall": True, "forwarding": False, "tunnel.up": False,
}  # fmt: skip
PORTAL: Facts = {
    "dns.portal_found": True, "dns.found_at_closed": True, "dns.closed_answers": True, "dns.missing": (),
    "dns.large_fails": False, "dns.edns": True, "dns.tcp": True, "dns.foreign_first": False, "portal.connects": True,
    "portal.answers": True, "portal.status": 200, "portal.problem": "", "portal.open": True, "portal.slow": False,
    "certificates.connects": True, "renewal.connects": True, "tls.works": True, "tls.version_refused": False,
    "tls.foreign_issuer": False, "tls.name_differs": False, "certificate.found": True, "certificate.key": True,
    "certificate.purpose": True, "certificate.expired": False, "certificate.early": False, "certificate.days_left": 400,
    "certificate.count": 1, "certificate.trusted": True, "certificate.revoked": False,
    "certificate.party_differs": False, "certificate.old_issuer": False, "certificate.renewal_pending": False,
    "list.expired": False, "sending.broken": False, "sending.unanswered": False, "fetch.unfinished": False,
    "fetch.damaged": False, "mtu.black_hole": False, "mtu.path": 1454, "closed.canaries": 2, "closed.reached": (),
    "printer.answers": True, "line.service_listed": True, "line.serves_claims": True, "line.telephone": False,
    "line.eligibility": False, "route.by_line": True, "route.lan_overlaps": False,
}  # fmt: skip

#: What all probes find at a clinic whose line works, by the kind of line.
HEALTHY: dict[str, Facts] = {
    "ipvpn_ipv6": PC | PORTAL | {
        "line.kind": "ipvpn_ipv6", "line.used_kind": "ipvpn_ipv6", "line.area": "east", "dns.resolver_area": "east",
        "ipv6.enabled": True, "ipv6.addresses": ("2001:db8:e000::2",), "ipv6.prefixes": 1, "ipv6.routers": 1,
        "ipv6.prefix": "2001:db8:e000::/64", "ipv6.prefix_remembered": "2001:db8:e000::/64",
        "ipv6.prefix_area": "east", "ipv6.outside_source": False, "line_authentication.connects": True,
    },
    "ipvpn_ipv4": PC | PORTAL | {
        "line.kind": "ipvpn_ipv4", "line.used_kind": "ipvpn_ipv4", "ipv6.enabled": False, "ipv6.addresses": (),
        "ipv6.prefixes": 0, "ipv6.routers": 0, "pppoe.discovered": True, "pppoe.session": True,
        "pppoe.authentication": "accepted", "pppoe.connected": True, "pppoe.concentrators": 1,
    },
    "isdn": PC | PORTAL | {"line.kind": "isdn", "ipv6.enabled": False},
    "ipsec_ike": PC | PORTAL | {
        "line.kind": "ipsec_ike", "line.used_kind": "ipsec_ike", "ipv6.enabled": True, "ipv6.addresses": (),
        "ike.answers": True, "ike.notify": "accepted", "tunnel.up": True, "tunnel.state": "ESTABLISHED",
        "link.tunnels": ("ipsec0",), "wlan.used": True, "wlan.encryption": "wpa2",
    },
}  # fmt: skip


def facts_of(said: dict[str, Any]) -> Facts:
    """Return facts as probes give them: a list is a tuple."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in said.items()}


def test_the_table_has_the_71_rows_of_the_source() -> None:
    """No row is left out, and none is of our own making."""
    expected = {f"{area}{number:02}" for area, count in ROWS.items() for number in range(1, count + 1)}

    assert expected == set(faults())
    assert 71 == len(faults())


def test_each_row_calls_whom_the_source_names() -> None:
    """The column `Call` of the source, row by row."""
    expected = {id_: desk for desk, ids in CALLS.items() for id_ in ids.split()}

    assert expected == {each.id: each.call for each in faults().values()}


@pytest.mark.parametrize("fault", faults().values(), ids=lambda each: each.id)
def test_a_row_is_made_of_what_is_known(fault: Fault) -> None:
    """Its facts, their types, its desk, its lines and its causes exist; its texts are lines in both languages."""
    types = {"true_or_false": bool, "number": int, "text": str, "list": tuple}
    for condition in (*fault.unless, *(each for way in fault.when for each in way.all)):
        kind = types[known_facts()[condition.fact].type]
        assert condition.does in DOES
        if condition.does in {"same", "differs"}:
            assert known_facts()[condition.fact].type == known_facts()[str(condition.value)].type
        elif condition.does in {"has", "some", "fewer"}:
            assert tuple is kind
            assert (str if condition.does == "has" else int) is type(condition.value)
        elif condition.does == "among":
            assert {kind} == {type(each) for each in condition.value}  # type: ignore[union-attr]
        else:
            assert kind is type(condition.value)
            assert int is kind or condition.does not in {"least", "most"}
    assert {*fault.after} <= set(faults())
    assert {*fault.lines} <= set(line_kinds())
    assert fault.call in {"", BY_LINE, *desks()}
    assert fault.confidence in {"sure", "likely", "guess"}
    assert fault.source
    for text in (fault.symptom, fault.cause, fault.fix):
        assert JAPANESE.search(text.ja)
        assert not JAPANESE.search(re.sub("配信|希望する|認証済みです|変更届", "", text.en))
        assert not text.ja.endswith(("。", "．"))
        assert not text.en.endswith(".")
        assert not re.match("(?!IPv6|IPsec|IP-VPN|PPPoE|VPN)[A-Z][a-z]", text.en)
    assert re.search("です|ます|ください|ません", fault.fix.ja)


def test_no_two_rows_are_chosen_by_the_same_word() -> None:
    """A symptom that a person says points to one row, which may bring others along."""
    said = [each.said for each in faults().values() if each.said]

    assert len(said) == len(set(said))
    assert ["V05"] == [each.id for each in faults().values() if not each.said]


def test_no_cause_comes_from_its_own_consequence() -> None:
    """Whoever goes from consequence to cause arrives."""
    order = list(TopologicalSorter({each.id: each.after for each in faults().values()}).static_order())

    assert set(faults()) == set(order)


def ways_of(fault: Fault) -> list[tuple[State, tuple[str, ...]]]:
    """Return how each way of a row is told, and what a person says."""
    ways = [
        (State.LIKELY if each.likely else State.FOUND, tuple(dict.fromkeys(one.fact for one in each.all)))
        for each in fault.when
    ]
    return ways + ([(State.LIKELY, ("said.symptoms",))] if fault.said else [])


@pytest.mark.parametrize("id_", faults())
def test_each_row_is_found_in_each_of_its_ways(id_: str) -> None:
    """The cases of a row go through every way that it has, and find it."""
    fault = faults()[id_]
    judged = [judge(fault, facts_of(each)) for each in CASES[id_]["finds"]]

    assert {State.FOUND, State.LIKELY} >= {state for state, _ in judged}
    assert set() == set(ways_of(fault)) - set(judged)


@pytest.mark.parametrize("id_", faults())
def test_each_row_is_not_found_by_what_is_only_near(id_: str) -> None:
    """No near miss finds the row; a row without one would be found by anything."""
    misses = CASES[id_]["misses"]

    assert misses
    for each in misses:
        assert judge(faults()[id_], facts_of(each))[0] not in {State.FOUND, State.LIKELY}, each


@pytest.mark.parametrize(
    ("fault", "against"),
    [(fault, each) for fault in faults().values() for each in fault.unless],
    ids=lambda each: getattr(each, "id", getattr(each, "fact", "")),
)
def test_what_speaks_against_a_row_rules_it_out(fault: Fault, against: Condition) -> None:
    """Even if a person's word points there, which alone would make it likely."""
    said: Facts = {"line.kind": (fault.lines or ("isdn",))[0], "said.symptoms": (fault.said,)}
    value: Any = {"among": lambda: against.value[0], "fewer": tuple}.get(against.does, lambda: against.value)()  # type: ignore[index]

    assert State.LIKELY is judge(fault, {name: each for name, each in said.items() if name != against.fact})[0]
    assert State.NOT_FOUND is judge(fault, {**said, against.fact: value})[0]


@pytest.mark.parametrize("fault", [each for each in faults().values() if each.lines], ids=lambda each: each.id)
def test_a_row_of_some_lines_is_found_at_no_other(fault: Fault) -> None:
    """Whatever the facts are."""
    others = set(line_kinds()) - {*fault.lines}

    for each in (*CASES[fault.id]["finds"], *({"said.symptoms": [fault.said]},)):
        for kind in others:
            assert (State.ELSEWHERE, ()) == judge(fault, {**facts_of(each), "line.kind": kind})


@pytest.mark.parametrize("kind", HEALTHY)
def test_a_healthy_clinic_has_nothing(kind: str) -> None:
    """No false alarm: with every probe back, a line that works is said to work, and nothing is found or open."""
    diagnosis = diagnose(HEALTHY[kind])

    assert (Verdict.CONNECTS, ()) == (diagnosis.verdict, diagnosis.found)


def test_all_kinds_of_lines_have_a_healthy_clinic() -> None:
    """A new kind of line needs one."""
    assert set(line_kinds()) == set(HEALTHY)


@pytest.mark.parametrize("sleeping", [True, False])
def test_a_pc_without_any_configuration_is_not_blamed(*, sleeping: bool) -> None:
    """A vendor's PC of two networks, with servers and a proxy of its own, is no faulty claims PC."""
    pc = PC | {
        "power.sleeps": sleeping, "inbound.firewall": False, "forwarding": True, "proxy.set": True,
        "ipv6.enabled": True, "ipv6.addresses": (), "ipv6.prefixes": 2, "pppoe.discovered": False,
        "link.tunnels": ("tun0", "wg0"), "certificate.found": False,
    }  # fmt: skip

    diagnosis = diagnose(pc)

    assert (Verdict.NOT_KNOWN, ()) == (diagnosis.verdict, diagnosis.found)


def test_nothing_known_is_nothing_concluded() -> None:
    """From silence no rule concludes, and each says what it would have to know."""
    diagnosis = diagnose({})

    assert (Verdict.NOT_KNOWN, ()) == (diagnosis.verdict, diagnosis.found)
    assert ("link.carrier", "router.answers", "portal.connects") == diagnosis.undecided["P01"][:3]
    assert "P02" not in diagnosis.undecided


def test_the_cause_comes_before_what_follows_from_it() -> None:
    """A cable that is out explains that names are not found: it is told first, the other as its consequence."""
    facts = {"link.carrier": False, "dns.portal_found": False, "sending.broken": True, "portal.answers": False}

    found = diagnose(facts).found

    assert ["P01", "X01", "V03"] == [each.fault.id for each in found]
    assert [(), (), ("P01",)] == [each.follows for each in found]


def test_what_stops_comes_before_what_only_warns() -> None:
    """Certain before likely, stops before hinders, and at last what is only to be known."""
    facts: Facts = {
        "line.kind": "ipvpn_ipv4", "closed.reached": ("203.0.113.99:443",), "ipv6.enabled": True, "portal.answers": False,
        "said.symptoms": ("buttons_dead", "onu_lamp_off"), "printer.answers": False, "portal.open": False,
    }  # fmt: skip

    assert ["L04", "P02", "T07", "S02", "S03", "X05"] == [each.fault.id for each in diagnose(facts).found]


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        ({"portal.answers": True}, Verdict.CONNECTS),
        ({"portal.answers": True, "portal.open": False}, Verdict.CONNECTS),
        ({"portal.answers": True, "certificate.count": 2}, Verdict.CONNECTS_BUT),
        ({"portal.answers": True, "proxy.set": True, "proxy.bypasses": False}, Verdict.CONNECTS_BUT),
        ({"portal.answers": True, "line.kind": "ipvpn_ipv4", "ipv6.enabled": True}, Verdict.CONNECTS),
        ({"portal.answers": True, "portal.problem": "certificate_revoked"}, Verdict.DOES_NOT_CONNECT),
        ({"portal.answers": True, "portal.problem": "closed"}, Verdict.CONNECTS),
        ({"portal.answers": False}, Verdict.DOES_NOT_CONNECT),
        ({"link.carrier": False}, Verdict.DOES_NOT_CONNECT),
        ({"said.error": 651}, Verdict.NOT_KNOWN),
        ({}, Verdict.NOT_KNOWN),
    ],
)
def test_the_verdict_follows_from_the_portals_answer_and_from_what_is_certain(facts: Facts, verdict: Verdict) -> None:
    """What connects connects; an answer that turns one away does not; what is only likely decides nothing."""
    assert verdict is diagnose(facts).verdict


def test_a_desk_follows_from_the_kind_of_line() -> None:
    """IP-VPN and ISDN have the network desk, IPsec+IKE its provider (Q6); an unknown kind has none."""
    assert {
        "ipvpn_ipv6": "network_desk", "ipvpn_ipv4": "network_desk", "isdn": "network_desk",
        "ipsec_ike": "ipsec_provider", "": "",
    } == {kind: desk_for(BY_LINE, kind) for kind in (*line_kinds(), "")}  # fmt: skip
    assert "carrier" == desk_for("carrier", "")


@pytest.mark.parametrize(
    ("does", "wanted", "value", "expected"),
    [
        ("is", 2, 2, True), ("is", 2, 3, False), ("is_not", 2, 3, True), ("is_not", 2, 2, False),
        ("among", (2, 3), 3, True), ("among", (2, 3), 4, False), ("has", "a", ("a", "b"), True),
        ("has", "c", ("a", "b"), False), ("some", 1, ("a",), True), ("some", 2, ("a",), False),
        ("fewer", 1, (), True), ("fewer", 1, ("a",), False), ("least", 2, 2, True), ("least", 2, 1, False),
        ("most", 2, 2, True), ("most", 2, 3, False), ("same", "other", 7, True), ("same", "other", 8, False),
        ("differs", "other", 8, True), ("differs", "other", 7, False),
    ],
)  # fmt: skip
def test_a_condition_asks_what_its_word_says(does: str, wanted: Any, value: Any, *, expected: bool) -> None:
    """Each word of the table, where it holds and where it does not."""
    assert expected is holds(Condition("this", does, wanted), {"this": value, "other": 7})


def test_a_condition_on_what_is_not_known_is_neither() -> None:
    """Not the fact, nor the one it is compared with; only what a person did not say was not said."""
    assert holds(Condition("this", "is", 1), {}) is None
    assert holds(Condition("this", "same", "other"), {"this": 1}) is None
    assert holds(Condition("said.error", "is", 691), {}) is False


def test_a_table_of_ones_own_is_judged() -> None:
    """The rules are data: another table comes to something else."""
    text = Text("見本", "sample")
    way = Way((Condition("link.speed_mbit", "most", 10),))
    fault = Fault("Z01", Effect.HINDERS, 1, (), (), BY_LINE, "", text, text, text, ("guess",), "guess", (), (way,))

    (found,) = diagnose({"link.speed_mbit": 10, "line.kind": "ipsec_ike"}, table=[fault]).found

    assert ("Z01", "ipsec_provider", ("link.speed_mbit",)) == (found.fault.id, found.call, found.because)


def values(name: str) -> st.SearchStrategy[Any]:
    """Return values that a fact may have; those that rules ask for among them."""
    asked = [
        one
        for fault in faults().values()
        for each in (*fault.unless, *(one for way in fault.when for one in way.all))
        if each.fact == name and each.does not in {"same", "differs", "some", "fewer"}
        for one in (each.value if isinstance(each.value, tuple) else (each.value,))
    ]
    texts = st.sampled_from([str(each) for each in asked] or [""]) | st.text(max_size=5)
    return {
        "true_or_false": st.booleans(),
        "number": st.sampled_from([each for each in asked if type(each) is int] or [0]) | st.integers(),
        "text": texts,
        "list": st.lists(texts, max_size=3).map(tuple),
    }[known_facts()[name].type]


ANY_FACTS = st.fixed_dictionaries({}, optional={name: values(name) for name in known_facts()})


@given(facts=ANY_FACTS, data=st.data())
def test_any_facts_come_to_something_in_any_order(facts: Facts, data: st.DataObject) -> None:
    """Whatever probes find, the diagnosis is had, and the order in which they found it does not matter."""
    shuffled = dict(data.draw(st.permutations(list(facts.items()))))

    diagnosis = diagnose(facts)

    assert diagnosis == diagnose(shuffled)
    ids = [each.fault.id for each in diagnosis.found]
    assert len(ids) == len(set(ids))
    assert set() == set(ids) & set(diagnosis.undecided)
    for each in diagnosis.found:
        assert set(each.because) <= set(facts)
        assert set(each.follows) <= set(ids)
