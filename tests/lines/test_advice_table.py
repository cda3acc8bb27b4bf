"""The decision table of lines: it always has an answer, never contradicts itself, and every row of it is of use."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from itertools import cycle, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seikyu.lines.advice import (
    PARTS,
    Advice,
    Chosen,
    advise,
    facts_of,
    known_conditions,
    notes,
    proposals,
    questions,
    read_answers,
    steps,
    ways,
)
from seikyu.lines.kinds import desks, line_kinds
from seikyu.lines.registry import example_list, read_list, words, written
from seikyu.lines.wrong import BadFile

TODAY = date(2026, 11, 26)

#: What decides which ways fit; the other answers only add to what is said of them.
DECIDING = ("area", "line", "eligibility", "registered")
REST = tuple(name for name in questions() if name not in DECIDING)


def products(names: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """Yield every combination of answers to these questions."""
    for values in product(*(questions()[name].choices for name in names)):
        yield dict(zip(names, values, strict=True))


def asked(**said: str) -> Advice:
    """Return the advice for these answers, the others as by default; a clinic in the East with nothing yet."""
    base = {"party": "clinic", "area": "east", "line": "none", "eligibility": "none"}
    return advise(read_answers(base | said), offers=example_list(), today=TODAY)


def ids(chosen: Chosen, part: str) -> list[str]:
    """Return which notes of a part are said."""
    return [each.id for each in chosen.notes.get(part, ())]


def holds(advice: Advice) -> None:
    """Assert what must hold of every advice."""
    answers = advice.answers
    assert advice.ways
    assert len({each.way.name for each in advice.ways}) == len(advice.ways)
    order = [(not each.offers, each.rank) for each in advice.ways]
    assert sorted(order) == order
    kinds = [each.way.kind for each in advice.ways]
    assert len(set(kinds)) == len(kinds), "nothing is ordered that is there: a kind of line has one way"
    for each in advice.ways:
        is_ipsec, kind = each.way.kind == "ipsec_ike", each.way.kind
        assert line_kinds()[kind].current
        assert ids(each, "contract") == [_contract(each, answers["provider"])]
        assert ids(each, "cut")[:1] == ["X02" if is_ipsec else "X01"]
        assert len(set(ids(each, "order")) - {"O06"}) == 1
        assert ("O06" in ids(each, "order")) == each.way.new_line
        assert len({"N01", "N02", "N03", "N04"} & set(ids(each, "notice"))) == 1
        assert each.notice == _notice(each, answers["registered"])
        assert ("U02" in ids(each, "setup")) == (kind == "ipvpn_ipv4")
        assert len({"U05", "U06", "U07"} & set(ids(each, "setup"))) <= 1
        named = {note.desk for note in each.notes["ask"]}
        assert named == ({"ipsec_provider", "carrier"} if is_ipsec else {"network_desk", "carrier"})
        assert len(each.notes.get("wireless", ())) == (answers["wlan"] != "none")
        assert len(each.notes.get("printer", ())) == (answers["printer"] != "none")
        assert ("B01" in ids(each, "warning")) == (answers["line"] == "isdn")
        assert not any(due.late for due in each.dates)
        assert [due.step.id for due in each.dates][-1] == "D09"
        assert all(offer.kind == kind and offer.serves("claims") for offer in each.offers)
        assert all(offer.is_in(answers["area"]) for offer in each.offers)
        in_use = facts_of(each.way, answers)["in_use"]
        assert in_use == "yes" or all(offer.status(TODAY) != "withdrawn" for offer in each.offers)
        assert ({"O01", "O07"} & set(ids(each, "order")) != set()) == (in_use == "yes"), "ordered though it is there"


def _contract(each: Chosen, provider: str) -> str:
    if each.way.name == "same_ipsec":
        return "C04"
    return {"yes": "C03", "no": "C02"}[provider] if each.way.kind == "ipsec_ike" else "C01"


def _notice(each: Chosen, registered: str) -> str:
    if registered == "none":
        return "start"
    if registered != each.way.kind:
        return "change_connection"
    return "change_line" if each.way.new_line else ""


def test_every_answer_that_decides_is_met_with_every_other_one() -> None:
    """All combinations of what decides, each with another one of what does not; every row applies somewhere."""
    met: set[str] = set()
    rest = cycle(products(REST))
    for deciding in products(DECIDING):
        for _ in range(2):
            advice = advise(read_answers({**deciding, **next(rest)}), offers=example_list(), today=TODAY)
            holds(advice)
            for each in advice.ways:
                met |= {row.id for row in each.reasons}
                met |= {note.id for part in each.notes.values() for note in part}
                met |= {due.step.id for due in each.dates}

    assert {row.id for row in (*proposals(), *notes(), *steps())} == met


@pytest.mark.slow
@pytest.mark.unmeasured
@pytest.mark.parametrize("line", questions()["line"].choices)
def test_every_combination_of_answers_has_an_answer_without_contradiction(line: str) -> None:
    """All of them, but that wireless LAN and printer, of which only their own rows speak, go along with the others."""
    alone = ("wlan", "printer")
    names = tuple(name for name in questions() if name not in ("line", *alone))
    rest = cycle(products(alone))
    for answers in products(names):
        holds(advise({**answers, "line": line, **next(rest)}, offers=(), today=TODAY))

    for name in alone:
        assert {row.part for row in notes() if name in row.when} == {{"wlan": "wireless"}.get(name, name)}


def test_only_four_questions_decide_which_ways_fit() -> None:
    """So the combinations of those four are all there are to the choice."""
    assert {name for row in proposals() for name in row.when} <= set(DECIDING)


def test_the_rows_speak_of_what_there_is() -> None:
    """Every condition names an answer or what follows from a way; ids stand once; every text is there twice."""
    known = known_conditions()
    rows = (*proposals(), *notes(), *steps())

    assert len({row.id for row in rows}) == len(rows)
    for row in rows:
        assert row.ja
        assert row.en
        assert row.source
        assert all(name in known and set(values) <= set(known[name]) for name, values in row.when.items()), row.id
    assert {row.way for row in proposals()} == set(ways())
    assert {note.part for note in notes()} == set(PARTS)
    assert {note.desk for note in notes()} <= {"", *desks()}
    assert set(questions()["line"].choices) - {"none"} == set(words("access")) - {"any"}
    assert set(questions()["area"].choices) == set(words("areas")) - {"nationwide"}
    assert {each for way in ways().values() for each in way.list} <= {"own", *words("access")}


def test_an_answer_that_nobody_knows_is_named_with_those_that_are() -> None:
    """All that is wrong at once, and what was not answered though it must be."""
    with pytest.raises(BadFile) as caught:
        read_answers({"party": "shop", "lines": "ftth", "area": "east", "line": " ", "pcs": "0"})

    found = [(each.place, each.why) for each in caught.value.wrong]
    assert [("lines", "unknown"), ("party", "choice"), ("line", "missing"), ("eligibility", "missing"),
            ("pcs", "choice")] == found  # fmt: skip
    assert "clinic" in caught.value.wrong[1].known


@given(said=st.dictionaries(st.text() | st.sampled_from(list(questions())), st.text() | st.integers() | st.sampled_from(
    ["1", "9" * 5000, *(choice for each in questions().values() for choice in each.choices)])))  # fmt: skip
def test_any_answers_are_read_or_named(said: dict[str, object]) -> None:
    """Nothing else is raised, however long a number is."""
    with suppress(BadFile):
        assert advise(read_answers(said), offers=(), today=TODAY).ways


def test_a_number_of_pcs_is_an_answer() -> None:
    """As a number or as text; what is left out is as by default."""
    base = {"party": "clinic", "area": "east", "line": "none", "eligibility": "none"}

    assert ["one", "several", "several", "one"] == [
        read_answers({**base, **said})["pcs"] for said in ({"pcs": 1}, {"pcs": "12"}, {"pcs": "several"}, {})
    ]
    assert "unknown" == read_answers(base)["telephone"]


def test_a_clinic_with_fibre_and_nothing_else_uses_it() -> None:
    """IP-VPN by IPv6 over its own line: the free option, no provider; IPsec second."""
    first, second = asked(line="ftth", telephone="yes").ways

    assert ("own_ipv6", "own_ipsec") == (first.way.name, second.way.name)
    assert (["O02"], ["C01"], "start") == (ids(first, "order"), ids(first, "contract"), first.notice)
    assert {"U01", "U05", "U08"} == set(ids(first, "setup"))
    assert ["見本東通信/見本光東"] == [each.name for each in first.offers]


def test_a_dentist_whose_eligibility_line_is_ipv6_needs_no_other() -> None:
    """Though claims still go by IPv4: the change is filed, and until then IPv6 is refused."""
    first = asked(party="dental", line="ftth", eligibility="ipv6", registered="ipvpn_ipv4").ways[0]

    assert ("same_ipv6", "change_connection") == (first.way.name, first.notice)
    assert {"B04", "B07"} <= set(ids(first, "warning"))


def test_a_pharmacy_with_cable_television_takes_ipsec_over_it() -> None:
    """With a contract with a provider; a new fibre comes second."""
    first, second = asked(party="pharmacy", line="catv").ways

    assert ("own_ipsec", ["C02"]) == (first.way.name, ids(first, "contract"))
    assert {"見本セキュア", "見本データ"} == {each.carrier for each in first.offers}
    assert "new_ipv6" == second.way.name
    assert {"見本東通信", "見本コラボ"} == {each.carrier for each in second.offers}


def test_a_station_with_a_mobile_line_is_told_who_takes_it() -> None:
    """A provider whose service is not for mobile lines is left out."""
    first = asked(party="home_nursing", line="mobile", provider="yes").ways[0]

    assert ("own_ipsec", ["C03"]) == (first.way.name, ids(first, "contract"))
    assert ["見本セキュア"] == [each.carrier for each in first.offers]


def test_a_hospital_in_kyushu_with_another_carriers_fibre_may_stay_on_ipv4() -> None:
    """As IP-VPN by IPv4, without a customer's id; with IPv6 switched off; sessions are few."""
    first = asked(party="hospital", area="kyushu", line="other_ftth", pcs="several").ways[0]

    assert ("own_ipv4", "start") == (first.way.name, first.notice)
    assert {"N01", "N07"} == set(ids(first, "notice"))
    assert ["見本光九州"] == [each.service for each in first.offers]
    assert {"B08"} <= set(ids(first, "warning"))
    assert "T01" in ids(first, "certificate")


def test_ipv4_over_a_fibre_that_has_no_ip_vpn_yet_is_ordered_and_only_what_can_be() -> None:
    """The fibre is there, the IP-VPN on it is not; who has it for eligibility checking orders nothing."""
    ended = read_list(written(example_list(), "ja").replace("2010-04-01,,", "2010-04-01,2020-03-31,"))
    said = {"party": "hospital", "area": "kyushu", "line": "other_ftth"}
    begins, checks = (read_answers({**said, "eligibility": each}) for each in ("none", "ipv4"))

    new = next(each for each in advise(begins, offers=ended, today=TODAY).ways if each.way.name == "own_ipv4")
    used = next(each for each in advise(checks, offers=ended, today=TODAY).ways if each.way.name == "own_ipv4")

    assert (["O08"], ()) == (ids(new, "order"), new.offers)
    assert "D10" in {due.step.id for due in new.dates}
    assert (["O01"], ["見本光九州"]) == (ids(used, "order"), [each.service for each in used.offers])


def test_a_way_that_the_list_has_no_service_for_comes_last() -> None:
    """Nobody is sent first to what is not offered where they are."""
    only = tuple(each for each in example_list() if each.kind == "ipsec_ike")
    answers = read_answers({"party": "clinic", "area": "east", "line": "ftth", "eligibility": "none"})

    advice = advise(answers, offers=only, today=TODAY)

    assert ["own_ipsec", "own_ipv6"] == [each.way.name for each in advice.ways]


def test_a_line_of_eligibility_checking_is_not_closed_to_it() -> None:
    """Whoever claims over it is told that its traffic stays."""
    assert ["X01", "X04"] == ids(asked(line="ftth", eligibility="ipv6").ways[0], "cut")


@pytest.mark.parametrize("registered", ["none", "ipvpn_ipv4", "ipvpn_ipv6"])
def test_from_any_day_of_three_years_the_dates_can_be_kept_and_none_sooner(registered: str) -> None:
    """Around the ends of months and years and the 29th of February; the month before has a day that is over."""
    answers = read_answers({"party": "clinic", "area": "east", "line": "ftth", "eligibility": "none",
                            "registered": registered})  # fmt: skip
    for number in range(date(2026, 11, 1).toordinal(), date(2029, 3, 2).toordinal()):
        today = date.fromordinal(number)
        chosen = advise(answers, offers=(), today=today).ways[0]
        days = [each.by for each in chosen.dates if each.by]
        assert days == sorted(days)
        assert all(today <= day for day in days)
        before = date.fromordinal(chosen.first_claims.toordinal() - 1)
        sooner = advise(answers, offers=(), today=today, first_claims=before).ways[0]
        assert before < today.replace(day=1) or any(each.late for each in sooner.dates)


def test_claims_may_begin_until_the_tenth() -> None:
    """On the seventh this month is still open to whoever has nothing to file; on the eleventh it is not."""
    answers = read_answers({"party": "clinic", "area": "east", "line": "ftth", "eligibility": "none",
                            "registered": "ipvpn_ipv6"})  # fmt: skip

    found = [advise(answers, offers=(), today=date(2026, 12, day)).ways[0].first_claims for day in (7, 10, 11)]

    assert [date(2026, 12, 1), date(2026, 12, 1), date(2027, 1, 1)] == found


def test_who_still_has_isdn_is_led_away_from_it() -> None:
    """To a new fibre first; what stays is no way."""
    advice = asked(line="isdn", registered="isdn")

    assert ["new_ipv6", "new_ipsec"] == [each.way.name for each in advice.ways]
    assert ["change_connection"] * 2 == [each.notice for each in advice.ways]
    assert {"B01"} <= set(ids(advice.ways[0], "warning"))


def test_who_stays_with_ipv4_over_adsl_files_nothing() -> None:
    """It comes last, with a warning; what cannot be ordered any more is shown, as it is only kept."""
    last = asked(line="adsl", registered="ipvpn_ipv4").ways[-1]

    assert ("own_ipv4", "", "same") == (last.way.name, last.notice, last.change)
    assert "B02" in ids(last, "warning")
    assert ["withdrawn"] == [each.status(TODAY) for each in last.offers]
    assert ["D09"] == [due.step.id for due in last.dates]
    assert date(2026, 12, 1) == last.first_claims


def test_an_insurer_has_its_line_before_its_certificate() -> None:
    """It applies for it within the closed network; a city with an IPsec service goes on with it."""
    insurer, city = asked(party="insurer").ways[0], asked(party="city", line="ftth", eligibility="ipsec").ways[0]

    assert ["T03"] == ids(insurer, "certificate")
    assert "same_ipsec" == city.way.name


def test_a_line_without_a_list_still_has_advice() -> None:
    """A list in which nothing fits is no reason to say nothing."""
    advice = advise(read_answers({"party": "clinic", "area": "east", "line": "none", "eligibility": "ipsec"}),
                    offers=(), today=TODAY)  # fmt: skip

    assert ["same_ipsec", "new_ipv6"] == [each.way.name for each in advice.ways]
    assert {()} == {each.offers for each in advice.ways}


def test_dates_are_counted_back_from_the_first_claims() -> None:
    """The notice by the 20th two months earlier; the certificate a month before; the test in that month."""
    answers = read_answers({"party": "clinic", "area": "east", "line": "none", "eligibility": "none"})

    chosen = advise(answers, offers=(), today=TODAY, first_claims=date(2027, 3, 9)).ways[0]

    assert date(2027, 3, 1) == chosen.first_claims
    assert [("D01", None), ("D04", date(2027, 1, 20)), ("D06", date(2027, 2, 15)), ("D07", date(2027, 2, 28)),
            ("D09", date(2027, 3, 10))] == [(due.step.id, due.by) for due in chosen.dates]  # fmt: skip


def test_a_month_that_is_too_near_says_which_days_are_over() -> None:
    """And without a wish the first month that can still be reached is taken."""
    answers = read_answers({"party": "clinic", "area": "east", "line": "none", "eligibility": "none"})

    near = advise(answers, offers=(), today=TODAY, first_claims=date(2027, 1, 1)).ways[0]
    free = advise(answers, offers=(), today=TODAY).ways[0]

    assert {"D04"} == {due.step.id for due in near.dates if due.late}
    assert date(2027, 2, 1) == free.first_claims


def test_what_follows_from_a_way_is_told_apart_from_answers() -> None:
    """Nothing that follows has the name of a question."""
    answers = read_answers({"party": "clinic", "area": "east", "line": "none", "eligibility": "none"})

    facts = facts_of(ways()["new_ipv6"], answers)

    assert {"way": "new_ipv6", "kind": "ipvpn_ipv6", "change": "first", "new_line": "yes", "in_use": "no"} == {
        name: facts[name] for name in facts if name not in questions()
    }
