"""Keeping users and mandates: who may, what it does, and that it stands in the journal."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seikyu.services import people as keeping
from seikyu.services.login import LoginOver, LoginRefused, actor_of
from seikyu.services.people import (
    CONSOLE,
    MandateNotThere,
    Newcomer,
    NoSuchParty,
    UserNotThere,
    UserThere,
    add_user,
    end_mandate,
    grant_mandate,
    list_entries,
    list_mandates,
    list_users,
    lock_user,
    remove_user,
    reset_user,
    set_role,
    unlock_user,
)
from seikyu.trust.passwords import PasswordRefused
from seikyu.trust.people import Actor, BadMandate, BadUser, NotPermitted
from services.people_lab import BODY, FIRST, OTHER, OWN, PAYER, PeopleLab, certificate, make_people_lab


@pytest.fixture(params=["memory", "disk"])
def lab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PeopleLab]:
    """Return people over either store."""
    lab = make_people_lab(None if request.param == "memory" else tmp_path)
    yield lab
    lab.people.store.close()  # type: ignore[attr-defined]


ACTS: dict[str, Callable[[PeopleLab, Actor], Any]] = {
    "lock_user": lambda lab, by: lock_user(lab.people, by, BODY, name="hanako"),
    "unlock_user": lambda lab, by: unlock_user(lab.people, by, BODY, name="hanako"),
    "reset_user": lambda lab, by: reset_user(lab.people, by, BODY, name="hanako"),
    "set_role": lambda lab, by: set_role(lab.people, by, BODY, name="hanako", role="read_only"),
    "remove_user": lambda lab, by: remove_user(lab.people, by, BODY, name="hanako"),
}


@pytest.mark.parametrize("act", ACTS)
def test_an_administrator_keeps_the_own_partys_users(lab: PeopleLab, act: str) -> None:
    """Each act is done and stands in the journal with who did it and to whom."""
    lab.add()
    lock_user(lab.people, CONSOLE, BODY, name="hanako")
    if act == "lock_user":
        unlock_user(lab.people, CONSOLE, BODY, name="hanako")
    before = lab.user()

    ACTS[act](lab, lab.boss())

    assert before != lab.user()
    entry = list_entries(lab.people, CONSOLE)[-1]
    assert (act, BODY, "boss", OWN, "hanako") == (entry.act, entry.body, entry.user, entry.party, entry.subject)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize(
    ("by", "error"),
    [
        (Actor("boss", OTHER, BODY, "administrator"), UserNotThere),
        (Actor("boss", OWN, "2-13", "administrator"), UserNotThere),
        (Actor("ops", "operator", "2-13", "operator"), UserNotThere),
        (Actor("clerk", OWN, BODY, "clerk"), NotPermitted),
        (Actor("hanako", OWN, BODY, "administrator"), NotPermitted),
        (Actor("boss", OWN, BODY, "administrator", must="change_password"), NotPermitted),
        (Actor("boss", OTHER, BODY, "administrator", acts_for=OWN, mandate="m"), NotPermitted),
        (Actor("eye", "operator", BODY, "auditor"), NotPermitted),
    ],
)  # fmt: skip
def test_nobody_else_does(lab: PeopleLab, act: str, by: Actor, error: type[Exception]) -> None:
    """Neither a foreign administrator nor a delegate, nor anybody to themselves; nothing changes."""
    lab.add()
    before, journal = lab.user(), lab.acts()

    with pytest.raises(error):
        ACTS[act](lab, by)

    assert (before, journal) == (lab.user(), lab.acts())


def test_said_again_it_changes_nothing(lab: PeopleLab) -> None:
    """Locking, unlocking, the same role: one line of the journal each."""
    lab.add()
    before = len(lab.acts())
    for act in ("lock_user", "unlock_user", "set_role"):
        ACTS[act](lab, CONSOLE)
        ACTS[act](lab, CONSOLE)
    assert ["lock_user", "unlock_user", "set_role"] == lab.acts()[before:]


def test_a_made_password_is_told_once_and_a_given_one_never(lab: PeopleLab) -> None:
    """What is given has to pass the rule; either has to be changed."""
    made = add_user(lab.people, CONSOLE, Newcomer(BODY, "taro", OWN, "clerk"))
    given = add_user(lab.people, CONSOLE, Newcomer(BODY, "jiro", OWN, "clerk"), password=FIRST)
    assert made.initial is not None
    assert len(made.initial.replace("-", "")) == lab.people.rules.initial_chars
    assert given.initial is None
    assert made.user.initial
    assert given.user.initial
    with pytest.raises(PasswordRefused):
        add_user(lab.people, CONSOLE, Newcomer(BODY, "saburo", OWN, "clerk"), password="password1234")
    assert ["jiro", "taro"] == [user.name for user in lab.users()]


@pytest.mark.parametrize(
    ("who", "error"),
    [
        (Newcomer(BODY, "hanako", OWN, "clerk"), UserThere), (Newcomer(BODY, "ＨＡＮＡＫＯ", PAYER, "clerk"), UserThere),
        (Newcomer(BODY, "花子", OWN, "clerk"), BadUser), (Newcomer(BODY, "taro", OWN, "operator"), BadUser),
        (Newcomer(BODY, "taro", "9911000099", "clerk"), NoSuchParty),
        (Newcomer(BODY, "taro", "9911000031", "clerk"), NoSuchParty),
    ],
)  # fmt: skip
def test_who_cannot_be_added_is_not(lab: PeopleLab, who: Newcomer, error: type[Exception]) -> None:
    """A taken id, no id, a role of others, a party that is not there or not any more; nothing is written."""
    lab.add()
    before = lab.acts()
    with pytest.raises(error):
        add_user(lab.people, CONSOLE, who)
    assert (["hanako"], before) == ([user.name for user in lab.users()], lab.acts())


def test_an_administrator_adds_for_the_own_party_only(lab: PeopleLab) -> None:
    """And at the own body only."""
    add_user(lab.people, lab.boss(), Newcomer(BODY, "taro", OWN, "administrator"))
    for who in (Newcomer(BODY, "jiro", OTHER, "clerk"), Newcomer("2-13", "jiro", OWN, "clerk")):
        with pytest.raises(NotPermitted):
            add_user(lab.people, lab.boss(), who)


def test_a_removed_user_is_gone_and_the_id_stays_taken(lab: PeopleLab) -> None:
    """Old proofs name the id: it must not come to mean somebody else."""
    lab.add()
    token = lab.login().token
    remove_user(lab.people, lab.boss(), BODY, name="hanako")
    with pytest.raises(LoginOver):
        actor_of(lab.people, certificate(), token)
    with pytest.raises(LoginRefused):
        lab.login()
    with pytest.raises(UserNotThere):
        unlock_user(lab.people, CONSOLE, BODY, name="hanako")
    with pytest.raises(UserThere):
        add_user(lab.people, CONSOLE, Newcomer(BODY, "hanako", OWN, "clerk"))
    assert list_users(lab.people, CONSOLE) == []
    assert (lab.user().password, lab.user().second_factor) == ("", None)


def test_a_role_holds_from_the_next_request(lab: PeopleLab) -> None:
    """Also for whoever is logged in; a role of another kind of party is refused."""
    lab.add()
    token = lab.login().token
    set_role(lab.people, lab.boss(), BODY, name="hanako", role="read_only")
    assert actor_of(lab.people, certificate(), token).role == "read_only"
    with pytest.raises(BadUser):
        set_role(lab.people, lab.boss(), BODY, name="hanako", role="operator")


def test_a_reset_leaves_a_lock_by_hand(lab: PeopleLab) -> None:
    """Who locked had a reason; a new password is none to open."""
    lab.add()
    lock_user(lab.people, CONSOLE, BODY, name="hanako")
    reset_user(lab.people, CONSOLE, BODY, name="hanako")
    assert lab.user().locked_at is not None


def test_everybody_sees_the_users_that_they_keep(lab: PeopleLab) -> None:
    """An administrator the own party's, the office its body's, the console all; a clerk nobody's."""
    lab.add()
    lab.add("taro", party=OTHER)
    add_user(lab.people, CONSOLE, Newcomer("2-13", "jiro", OWN, "clerk"))

    def seen(by: Actor, **asked: str) -> list[str]:
        return [user.name for user in list_users(lab.people, by, **asked)]

    assert ["hanako"] == seen(lab.boss())
    assert ["hanako"] == seen(lab.boss(), party=OTHER, body="2-13")
    assert ["hanako", "taro"] == seen(Actor("ops", "operator", BODY, "operator"), body="2-13")
    assert ["hanako", "taro", "jiro"] == seen(CONSOLE)
    assert ["hanako", "jiro"] == seen(CONSOLE, party=OWN)
    with pytest.raises(NotPermitted):
        seen(Actor("clerk", OWN, BODY, "clerk"))


def test_the_journal_is_for_the_office(lab: PeopleLab) -> None:
    """Of the own body; a delegate's acts name both parties."""
    lab.add()
    add_user(lab.people, CONSOLE, Newcomer("2-13", "jiro", OWN, "clerk"))
    auditor = Actor("eye", "operator", BODY, "auditor")
    assert {BODY} == {entry.body for entry in list_entries(lab.people, auditor)}
    assert ["add_user"] == [entry.act for entry in list_entries(lab.people, CONSOLE, subject="jiro")]
    with pytest.raises(NotPermitted):
        list_entries(lab.people, lab.boss())

    delegate = Actor("hanako", OWN, BODY, "clerk").acting_for(OTHER, mandate="m1")
    with lab.people.store.write() as tx:
        keeping.note(tx, lab.people, "send", by=delegate, body=BODY, subject="s1")
    entry = list_entries(lab.people, CONSOLE)[-1]
    assert delegate.proof == {
        "user": entry.user, "party": entry.party, "acts_for": entry.acts_for, "mandate": entry.mandate
    }  # fmt: skip


def test_the_principal_grants_and_either_side_ends(lab: PeopleLab) -> None:
    """Granting again returns the one in force; after an end there is none, and a new one is another."""
    with pytest.raises(NotPermitted):
        grant_mandate(lab.people, lab.boss(OWN), BODY, agent=OWN, principal=OTHER)
    first = grant_mandate(lab.people, lab.boss(OTHER), BODY, agent=OWN, principal=OTHER)
    assert first == grant_mandate(lab.people, CONSOLE, BODY, agent=OWN, principal=OTHER)
    with pytest.raises(NotPermitted):
        end_mandate(lab.people, lab.boss(PAYER), BODY, agent=OWN, principal=OTHER)

    ended = end_mandate(lab.people, lab.boss(OWN), BODY, agent=OWN, principal=OTHER)

    assert ended == replace(first, until=lab.clock.at)
    with pytest.raises(MandateNotThere):
        end_mandate(lab.people, CONSOLE, BODY, agent=OWN, principal=OTHER)
    assert first.id != grant_mandate(lab.people, CONSOLE, BODY, agent=OWN, principal=OTHER).id
    assert ["grant_mandate", "end_mandate", "grant_mandate"] == lab.acts()


def test_a_mandate_needs_two_parties_that_are_there(lab: PeopleLab) -> None:
    """And of the right kinds."""
    for agent, principal in ((OWN, "9911000031"), ("9911000099", OWN)):
        with pytest.raises(NoSuchParty):
            grant_mandate(lab.people, CONSOLE, BODY, agent=agent, principal=principal)
    with pytest.raises(BadMandate):
        grant_mandate(lab.people, CONSOLE, BODY, agent=OWN, principal=OWN)
    assert list_mandates(lab.people, CONSOLE) == []


def test_everybody_sees_the_mandates_of_their_party(lab: PeopleLab) -> None:
    """From both sides; the office those of its body."""
    grant_mandate(lab.people, CONSOLE, BODY, agent=PAYER, principal=OWN)
    grant_mandate(lab.people, CONSOLE, BODY, agent=PAYER, principal=OTHER)
    grant_mandate(lab.people, CONSOLE, "2-13", agent=PAYER, principal=OTHER)

    def seen(by: Actor, **asked: str) -> list[tuple[str, str]]:
        return [(one.body, one.principal) for one in list_mandates(lab.people, by, **asked)]

    assert [(BODY, OWN)] == seen(lab.boss(OWN), party=OTHER)
    assert [(BODY, OWN), (BODY, OTHER)] == seen(lab.boss(PAYER))
    assert [(BODY, OWN), (BODY, OTHER)] == seen(Actor("ops", "operator", BODY, "operator"))
    assert [(BODY, OTHER), ("2-13", OTHER)] == seen(CONSOLE, party=OTHER)
    with pytest.raises(NotPermitted):
        seen(Actor("clerk", OWN, BODY, "clerk"))


def test_a_principal_that_has_left_cannot_be_acted_for(lab: PeopleLab) -> None:
    """The mandate is in force, the party is not in the register any more."""
    grant_mandate(lab.people, CONSOLE, BODY, agent=OWN, principal=OTHER)
    with lab.people.store.write() as tx:
        party = tx.party(OTHER)
        assert party is not None
        tx.put_party(replace(party, until=lab.clock.at))
    with pytest.raises(MandateNotThere):
        keeping.act_for(lab.people, Actor("hanako", OWN, BODY, "clerk"), OTHER)
