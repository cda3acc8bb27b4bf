"""Roles, user ids, delegates: who may do what."""

import doctest
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seikyu.trust import people
from seikyu.trust.party import PARTY_IDS
from seikyu.trust.people import (
    Actor,
    BadMandate,
    BadUser,
    NotPermitted,
    checked_mandate,
    delegation,
    demand,
    demand_mandate,
    demand_over,
    first_duty,
    folded_user_id,
    keeps,
    lasts,
    outside,
    permits,
    permits_all,
    powers,
    role_for,
    roles,
)

OWN, OTHER = "9911000015", "9911000023"
BOSS = Actor("boss", OWN, "1", "administrator")
CLERK = Actor("clerk", OWN, "1", "clerk")
OFFICE = Actor("ops", "operator", "1", "operator")
CONSOLE = Actor("(console)", "operator", "", "operator")


def test_examples_hold() -> None:
    """The examples in the docstrings are true."""
    assert doctest.testmod(people).failed == 0


def test_the_table_of_roles_fits_together() -> None:
    """Every power of a role is named, every role's kinds exist, and every power is somebody's."""
    used = {power for role in roles().values() for power in role.may}
    assert used == set(powers())
    assert delegation().may <= used
    kinds = {kind for role in roles().values() for kind in role.kinds}
    assert kinds == set(PARTY_IDS)
    assert (delegation().agents | delegation().principals) <= kinds
    assert all(role.ja and role.en for role in roles().values())
    assert all(set(words) == {"ja", "en"} for words in powers().values())


def test_the_offices_people_need_a_second_factor() -> None:
    """And nobody of a party has to have one: their certificate is the first."""
    assert {"operator", "approver", "auditor"} == {r.name for r in roles().values() if r.second_factor_required}


@pytest.mark.parametrize(
    ("role", "may", "may_not"),
    [
        ("administrator", "people", "all_people"), ("clerk", "send", "people"), ("read_only", "see", "send"),
        ("operator", "all_people", "approve"), ("approver", "approve", "office"), ("auditor", "audit", "all_people"),
    ],
)  # fmt: skip
def test_a_role_may_what_its_row_says(role: str, may: str, may_not: str) -> None:
    """And not what it does not say."""
    actor = replace(CLERK, role=role)
    demand(actor, may)
    with pytest.raises(NotPermitted) as refused:
        demand(actor, may_not)
    assert refused.value.facts == {"power": may_not}


@pytest.mark.parametrize("duty", ["change_password", "second_factor"])
def test_what_has_to_come_first_comes_first(duty: str) -> None:
    """Until then nobody may do anything."""
    assert not any(permits(replace(BOSS, must=duty), power) for power in powers())


def test_a_delegate_may_work_and_not_rule() -> None:
    """What a mandate does not give, the role does not give there either; and the other way round."""
    boss = BOSS.acting_for(OTHER, mandate="m1")
    assert {"see", "send", "decide", "fetch"} == {power for power in powers() if permits(boss, power)}
    reader = replace(BOSS, role="read_only").acting_for(OTHER, mandate="m1")
    assert {"see"} == {power for power in powers() if permits(reader, power)}


def test_every_proof_names_both() -> None:
    """The one who acted, their party, and the party acted for; without a mandate there is only the own."""
    assert BOSS.proof == {"user": "boss", "party": OWN}
    boss = BOSS.acting_for(OTHER, mandate="m1")
    assert boss.proof == {"user": "boss", "party": OWN, "acts_for": OTHER, "mandate": "m1"}
    assert (OWN, OTHER) == (BOSS.subject, boss.subject)


@pytest.mark.parametrize("text", ["hanako", "Ｈanako.1 ", "a-b", "x_1", "9911000015", "a" * 32])
def test_a_user_id_is_folded(text: str) -> None:
    """Case and width do not matter, and folding once is enough."""
    assert folded_user_id(text) == folded_user_id(folded_user_id(text))


@pytest.mark.parametrize(
    "text", ["", "ab", "花子", "a b", "(console)", "-ab", "ab.", "a" * 33, "a\nb", "a/b", "abc\x00"]
)
def test_what_is_no_user_id_is_refused(text: str) -> None:
    """And the answer says what was typed."""
    with pytest.raises(BadUser) as refused:
        folded_user_id(text)
    assert refused.value.facts == {"what": "user", "value": text}


@given(st.text(max_size=40))
def test_no_text_is_folded_to_something_odd(text: str) -> None:
    """Whatever is typed: an id of small letters, or refused."""
    try:
        assert folded_user_id(text).isascii()
    except BadUser:
        return


@pytest.mark.parametrize(("role", "kind"), [("clerk", "operator"), ("operator", "institution"), ("king", "payer")])
def test_a_role_belongs_to_a_kind_of_party(role: str, kind: str) -> None:
    """No institution has an operator, and the office no clerk."""
    with pytest.raises(BadUser):
        role_for(role, kind=kind)
    assert role_for("clerk", kind="payer").name == "clerk"


@pytest.mark.parametrize(
    ("actor", "user", "party", "body", "may"),
    [
        (BOSS, "clerk", OWN, "1", True), (BOSS, "clerk", OTHER, "1", False), (BOSS, "clerk", OWN, "2-13", False),
        (BOSS, "boss", OWN, "1", False), (CLERK, "reader", OWN, "1", False),
        (OFFICE, "boss", OWN, "1", True), (OFFICE, "boss", OWN, "2-13", False), (OFFICE, "ops", "operator", "1", False),
        (OFFICE, "ops", OWN, "1", True), (CONSOLE, "ops", "operator", "2-13", True),
        (BOSS.acting_for(OTHER, mandate="m"), "clerk", OTHER, "1", False),
        (BOSS.acting_for(OTHER, mandate="m"), "clerk", OWN, "1", False),
    ],
)  # fmt: skip
def test_who_keeps_which_users(actor: Actor, user: str, party: str, body: str, may: bool) -> None:  # noqa: FBT001
    """The own party's at the own body, or the body's office; nobody themselves, and no delegate anyone."""
    if may:
        demand_over(actor, user=user, party=party, body=body)
        assert keeps(actor, party=party, body=body)
        return
    with pytest.raises(NotPermitted):
        demand_over(actor, user=user, party=party, body=body)


@pytest.mark.parametrize(
    ("actor", "sides", "body", "may"),
    [
        (BOSS, {OWN}, "1", True), (BOSS, {OTHER}, "1", False), (BOSS, {OWN, OTHER}, "1", True),
        (BOSS, {OWN}, "2-13", False), (CLERK, {OWN}, "1", False), (OFFICE, {OWN}, "1", True),
        (OFFICE, {OWN}, "2-13", False), (CONSOLE, {OWN}, "2-13", True),
        (BOSS.acting_for(OTHER, mandate="m"), {OTHER}, "1", False),
    ],
)  # fmt: skip
def test_who_may_do_what_with_a_mandate(actor: Actor, sides: set[str], body: str, may: bool) -> None:  # noqa: FBT001
    """One of the named sides at its body, or the body's office; a delegate gives nothing on."""
    if may:
        demand_mandate(actor, sides=frozenset(sides), body=body)
        return
    with pytest.raises(NotPermitted):
        demand_mandate(actor, sides=frozenset(sides), body=body)


def test_the_console_is_at_every_body() -> None:
    """An operator at the own one only, and nobody else at any."""
    assert permits_all(CONSOLE, "audit", body="2-13")
    assert not permits_all(OFFICE, "audit", body="2-13")
    assert not permits_all(BOSS, "audit", body="1")


@pytest.mark.parametrize(
    ("agent", "principal"),
    [
        (("institution", OWN), ("institution", OWN)), (("operator", "operator"), ("institution", OWN)),
        (("institution", OWN), ("payer", "06990014")), (("institution", OWN), ("operator", "operator")),
    ],
)  # fmt: skip
def test_a_mandate_between_the_wrong_parties_is_refused(agent: tuple[str, str], principal: tuple[str, str]) -> None:
    """Nobody acts for themselves, and nobody for the office or a payer."""
    with pytest.raises(BadMandate) as refused:
        checked_mandate(agent, principal)
    assert refused.value.facts == {"agent": agent[1], "principal": principal[1]}


def test_an_institution_and_a_payer_may_act_for_an_institution() -> None:
    """Both kinds of agents pass."""
    checked_mandate(("institution", OTHER), ("institution", OWN))
    checked_mandate(("payer", "06990014"), ("institution", OWN))


def test_the_end_of_a_mandate_is_outside_of_it() -> None:
    """It lasts from its beginning to just before its end."""
    now, second = datetime(2026, 9, 7, tzinfo=UTC), timedelta(seconds=1)
    assert lasts(now, None, now)
    assert lasts(now, now + second, now)
    assert not lasts(now, now, now)
    assert not lasts(now + second, None, now)


def test_the_first_duty_is_the_password() -> None:
    """Then the second factor, for those who need one; else nothing."""
    office, clerk = roles()["operator"], roles()["clerk"]
    assert first_duty(office, must_change=True, has_second_factor=False) == "change_password"
    assert first_duty(office, must_change=False, has_second_factor=False) == "second_factor"
    assert first_duty(office, must_change=False, has_second_factor=True) is None
    assert first_duty(clerk, must_change=False, has_second_factor=False) is None
    assert first_duty(clerk, must_change=False, has_second_factor=False, must_accept=True) == "accept_terms"
    assert first_duty(office, must_change=False, has_second_factor=False, must_accept=True) == "second_factor"
    assert first_duty(clerk, must_change=True, has_second_factor=False, must_accept=True) == "change_password"


def test_without_a_certificate_a_role_is_worth_less() -> None:
    """Nothing that shows or sends a claim, keeps users or gives a mandate; and nothing that the role has not."""
    bare = replace(BOSS, certified=False)
    assert {power for power in powers() if permits(bare, power)} == outside().may == {"notices", "certificates"}
    assert {power for power in powers() if permits(replace(CLERK, certified=False), power)} == set()
    assert outside().kinds == {"institution", "payer"}
    assert permits(BOSS, "notices")
