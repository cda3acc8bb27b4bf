"""The questions of the source that are about choosing a line, each by its number, and what is promised for it."""

from datetime import date

import pytest

from seikyu.lines.admission import Comer, Mode, judge, read_rules
from seikyu.lines.advice import Advice, Chosen, advise, questions, read_answers
from seikyu.lines.kinds import line_kinds
from seikyu.lines.registry import example_list, narrowed, read_list, written

TODAY = date(2026, 11, 26)


def asked(**said: str) -> Advice:
    """Return the advice for a clinic in the East, with these answers."""
    base = {"party": "clinic", "area": "east", "line": "ftth", "eligibility": "none"}
    return advise(read_answers(base | said), offers=example_list(), today=TODAY)


def way(advice: Advice, name: str) -> Chosen:
    """Return one of the ways."""
    return next(each for each in advice.ways if each.way.name == name)


def said(chosen: Chosen, part: str) -> str:
    """Return what is said of a part, in both languages."""
    return "\n".join(f"{each.ja}\n{each.en}" for each in chosen.notes.get(part, ()))


def test_q1_no_line_is_needed_beside_the_fibre_that_is_there() -> None:
    """Either it is closed, and what to cut off is said, or an IPsec+IKE service comes to it; no new line is ordered."""
    advice = asked(line="ftth", provider="yes")

    assert ["own_ipv6", "own_ipsec"] == [each.way.name for each in advice.ways]
    assert not any(each.way.new_line for each in advice.ways)
    closed, tunnel = advice.ways
    assert "cut off everything but the claims network at the router or switch" in said(closed, "cut")
    assert "外からの接続も受け付けない" in said(closed, "cut")
    assert "has no Internet" in said(tunnel, "cut")
    assert "tell the carrier" in said(closed, "order")
    assert closed.offers
    assert tunnel.offers


def test_q2_it_is_said_what_ipsec_and_ike_do() -> None:
    """IPsec encrypts the path, IKE exchanges the keys; together they are as safe as IP-VPN. Whoever takes it is told."""
    for line in ("ftth", "catv", "none"):
        for each in asked(line=line).ways:
            told = said(each, "security")
            if each.way.kind == "ipsec_ike":
                assert "IPsec encrypts the path" in told
                assert "IKE exchanges its keys" in told
                assert "as confidential as IP-VPN" in told
                assert "IP-VPNと同等" in told
            else:
                assert "never through the Internet" in told


def test_q3_nearly_any_provider_will_do_and_whom_to_ask_is_named() -> None:
    """Over every Internet line IPsec+IKE is a way, with the certified providers and how they are reached."""
    for line in ("ftth", "collab", "other_ftth", "adsl", "catv", "mobile"):
        chosen = way(asked(line=line, provider="yes"), "own_ipsec")
        assert chosen.offers, line
        assert all(offer.contact and offer.phone and offer.hours for offer in chosen.offers)
        assert "ask whether it works over your line and provider" in said(chosen, "order")


def test_q4_the_list_is_what_the_operator_keeps() -> None:
    """By area, kind and system, with whom to ask; a provider that the operator adds is in the next advice."""
    rows = written(example_list(), "ja").splitlines()
    added = rows[9].replace("見本セキュア", "見本新規").replace("見本レセプト接続", "見本新接続")
    kept = read_list("\n".join([*rows, added]))

    found = narrowed(kept, area="east", kind="ipsec_ike", system="claims")
    assert "見本新規" in {each.carrier for each in found}
    answers = read_answers({"party": "clinic", "area": "east", "line": "catv", "eligibility": "none"})
    assert "見本新規" in {each.carrier for each in advise(answers, offers=kept, today=TODAY).ways[0].offers}


def test_q7_how_long_a_line_takes_is_asked_of_its_carrier() -> None:
    """Said where a new line is chosen, with whom to ask; and a list of dates counted back from the first claims."""
    chosen = asked(line="none").ways[0]

    assert chosen.way.new_line
    assert "ask the carrier how long it takes until the line is open" in said(chosen, "order")
    assert {"carrier"} <= {note.desk for note in chosen.notes["ask"]}
    assert all(offer.phone for offer in chosen.offers)
    dates = [each.by for each in chosen.dates]
    assert dates[0] is None, "the line first, at once"
    assert sorted(day for day in dates if day) == dates[1:]
    assert date(2027, 2, 10) == dates[-1]
    assert {False, True} == {each.step.sure for each in chosen.dates}, "an old rule is told as one"


@pytest.mark.parametrize("line", questions()["line"].choices)
@pytest.mark.parametrize("provider", ["yes", "no"])
def test_q9_a_provider_contract_is_needed_for_ipsec_only(line: str, provider: str) -> None:
    """Every way says it, and so does the list."""
    for each in asked(line=line, provider=provider).ways:
        needed = line_kinds()[each.way.kind].provider_contract
        assert needed == (each.way.kind == "ipsec_ike")
        assert ("no contract with a provider is needed" in said(each, "contract")) != needed
        assert {"needed" if needed else "not_needed"} >= {offer.provider_contract for offer in each.offers}


def test_q11_who_takes_ipv4_is_told_to_switch_ipv6_off() -> None:
    """And nobody else."""
    advice = asked(line="adsl", registered="ipvpn_ipv4")

    assert ["own_ipv4"] == [each.way.name for each in advice.ways if "switch IPv6 off" in said(each, "setup")]


def test_q13_the_line_of_eligibility_checking_will_do_and_the_change_is_filed() -> None:
    """Over IPv6 claims go by the same line; from IPv4 a change is filed, and until then only IPv4 is let in."""
    chosen = asked(eligibility="ipv6", registered="ipvpn_ipv4").ways[0]
    rules = read_rules(
        '[ranges.a]\nline = "ipvpn_ipv6"\nnetworks = ["2001:db8::/32"]\n[ranges.b]\nline = "ipvpn_ipv4"\n'
        'networks = ["192.0.2.0/24"]',
        Mode.ENFORCE,
    )

    assert ("same_ipv6", "change_connection") == (chosen.way.name, chosen.notice)
    assert "claims need no other line" in chosen.reasons[0].en
    before = [judge(rules, Comer("9", "institution", "ipvpn_ipv4", at)) for at in ("192.0.2.1", "2001:db8::1")]
    assert [(True, ""), (False, chosen.notice)] == [(each.passes, each.notice) for each in before]
    assert judge(rules, Comer("9", "institution", chosen.way.kind, "2001:db8::1")).passes
    begins = asked(eligibility="ipv6", registered="none").ways[0]
    assert ("same_ipv6", "start") == (begins.way.name, begins.notice)
