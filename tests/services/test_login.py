"""Logging in: what is refused, how long, and what a session is worth."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seikyu.adapters.vault import Argon2Vault
from seikyu.ports.errors import SeikyuError, Unavailable
from seikyu.services import people as keeping
from seikyu.services.credentials import begin_second_factor, change_password, confirm_second_factor
from seikyu.services.login import (
    InitialPasswordOver,
    LoginLocked,
    LoginLockedByHand,
    LoginOver,
    LoginRefused,
    PasswordWrong,
    SecondFactorNeeded,
    actor_of,
    login,
    logout,
)
from seikyu.services.people import CONSOLE, Newcomer, add_user, end_mandate, grant_mandate, reset_user
from seikyu.trust.passwords import PasswordRefused
from seikyu.trust.people import NotPermitted
from services.people_lab import (
    BODY,
    FIRST,
    NOON,
    OFFICE,
    OTHER,
    OWN,
    SECOND,
    PeopleLab,
    Typed,
    certificate,
    make_people_lab,
)

MINE = certificate()


@pytest.fixture(params=["memory", "disk"])
def lab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PeopleLab]:
    """Return people over either store."""
    lab = make_people_lab(None if request.param == "memory" else tmp_path)
    yield lab
    lab.people.store.close()  # type: ignore[attr-defined]


def fail(lab: PeopleLab, times: int) -> None:
    """Fail so often."""
    for _ in range(times):
        with pytest.raises((LoginRefused, LoginLocked)):
            lab.login(password="not this")


def test_a_login_makes_a_session(lab: PeopleLab) -> None:
    """Its token says who it is, and what they may do; the store knows the token only by its digest."""
    lab.add()
    opened = lab.login("ＨＡＮＡＫＯ")
    actor = actor_of(lab.people, MINE, opened.token)
    assert ("hanako", OWN, BODY, "clerk", None) == (actor.user, actor.party, actor.body, actor.role, actor.must)
    assert opened.ends_at == NOON + lab.people.rules.absolute
    with lab.people.store.read() as tx:
        assert opened.token not in {session.id for session in tx.sessions(lab.user().id)}
        assert tx.session(opened.token) is None


def test_an_initial_password_has_to_be_changed_first(lab: PeopleLab) -> None:
    """Until then the session may do nothing; afterwards it is over and the new password is the one."""
    given = add_user(lab.people, CONSOLE, Newcomer(BODY, "hanako", OWN, "clerk"))
    assert given.initial is not None
    token = lab.login(password=given.initial).token
    assert actor_of(lab.people, MINE, token).must == "change_password"
    with pytest.raises(NotPermitted):
        begin_second_factor(lab.people, MINE, token)

    change_password(lab.people, MINE, token, old=given.initial, new=SECOND)

    with pytest.raises(LoginOver):
        actor_of(lab.people, MINE, token)
    with pytest.raises(LoginRefused):
        lab.login(password=given.initial)
    assert lab.login(password=SECOND).actor.must is None


def test_an_initial_password_that_lay_about_is_worth_nothing(lab: PeopleLab) -> None:
    """Only who knows it is told so; a new one works."""
    given = add_user(lab.people, CONSOLE, Newcomer(BODY, "hanako", OWN, "clerk"))
    lab.clock.at += lab.people.rules.initial_for
    with pytest.raises(InitialPasswordOver):
        lab.login(password=given.initial or "")
    with pytest.raises(LoginRefused):
        lab.login(password="not this")
    again = reset_user(lab.people, CONSOLE, BODY, name="hanako")
    assert lab.login(password=again.initial or "").actor.must == "change_password"


@pytest.mark.parametrize(
    ("name", "body", "identity"),
    [
        ("hanako", BODY, certificate(OTHER, serial="2f")), ("nobody", BODY, MINE), ("hanako", "2-13", MINE),
        ("no id at all", BODY, MINE), ("gone", BODY, MINE),
    ],
)  # fmt: skip
def test_who_does_not_fit_the_certificate_is_nobody(lab: PeopleLab, name: str, body: str, identity: object) -> None:
    """Row C17: another party's certificate, with the right password too; the answer names the certificate's party.

    The answer, the hashing and the commits are those of an unknown user and of a wrong password, and nobody is locked.
    """
    lab.add()
    lab.add("gone")
    keeping.remove_user(lab.people, CONSOLE, BODY, name="gone")
    known, lab.vault.asked[:] = lab.user(), []
    for _ in range(lab.people.rules.failures * 2):
        with pytest.raises(LoginRefused) as refused:
            login(lab.people, identity, Typed(body, name, FIRST))  # type: ignore[arg-type]
        assert refused.value.facts == {"party": identity.party}  # type: ignore[attr-defined]
    assert ["fits"] * lab.people.rules.failures * 2 == lab.vault.asked
    assert known == lab.user()

    with pytest.raises(LoginRefused) as wrong:
        lab.login(password="not this")
    assert (str(refused.value), set(refused.value.facts)) == (str(wrong.value), set(wrong.value.facts))


def test_failures_lock_for_a_time_that_is_told(lab: PeopleLab) -> None:
    """The right password does not help before it, and at the time told it does."""
    lab.add()
    rules = lab.people.rules
    fail(lab, rules.failures - 1)
    assert lab.login().actor.user == "hanako"
    fail(lab, rules.failures - 1)
    with pytest.raises(LoginLocked) as locked:
        lab.login(password="not this")
    assert locked.value.facts["until"] == NOON + rules.locked_for
    for password in (FIRST, "not this"):
        with pytest.raises(LoginLocked) as still:
            lab.login(password=password)
        assert still.value.facts == locked.value.facts

    lab.clock.at = NOON + rules.locked_for
    assert lab.login().actor.user == "hanako"
    assert (0, None, None) == (lab.user().failed, lab.user().failed_at, lab.user().locked_until)


def test_an_administrator_of_the_party_unlocks(lab: PeopleLab) -> None:
    """One of another party does not even see the user."""
    lab.add()
    fail(lab, lab.people.rules.failures)
    with pytest.raises(keeping.UserNotThere):
        keeping.unlock_user(lab.people, lab.boss(OTHER), BODY, name="hanako")
    keeping.unlock_user(lab.people, lab.boss(), BODY, name="hanako")
    assert lab.login().actor.user == "hanako"


def test_a_lock_by_hand_ends_everything_until_it_is_taken_away(lab: PeopleLab) -> None:
    """Sessions end at once; no time ends the lock."""
    lab.add()
    token = lab.login().token
    keeping.lock_user(lab.people, lab.boss(), BODY, name="hanako")
    with pytest.raises(LoginOver):
        actor_of(lab.people, MINE, token)
    lab.later(days=300)
    with pytest.raises(LoginLockedByHand):
        lab.login()
    keeping.unlock_user(lab.people, lab.boss(), BODY, name="hanako")
    assert lab.login().actor.user == "hanako"


def test_a_session_ends_by_idleness_and_by_age(lab: PeopleLab) -> None:
    """Requests keep it alive, but not for ever."""
    lab.add()
    rules, token = lab.people.rules, lab.login().token
    while lab.clock.at + rules.idle / 2 < NOON + rules.absolute:
        lab.clock.at += rules.idle / 2
        actor_of(lab.people, MINE, token)
    lab.clock.at = NOON + rules.absolute
    with pytest.raises(LoginOver):
        actor_of(lab.people, MINE, token)

    other = lab.login().token
    lab.clock.at += rules.idle - timedelta(seconds=1)
    assert actor_of(lab.people, MINE, other)
    lab.clock.at += rules.idle
    with pytest.raises(LoginOver):
        actor_of(lab.people, MINE, other)


def test_a_session_belongs_to_its_certificate(lab: PeopleLab) -> None:
    """Another terminal of the party, another party, and a made-up token get nothing; nor do they end it."""
    lab.add()
    token = lab.login().token
    for identity, text in (
        (certificate(serial="2f"), token), (certificate(OTHER), token), (MINE, "x" * 43), (MINE, ""), (MINE, "\ud800"),
    ):  # fmt: skip
        with pytest.raises(LoginOver):
            actor_of(lab.people, identity, text)
        logout(lab.people, replace(identity, serial="3f"), text)
    assert actor_of(lab.people, MINE, token)
    logout(lab.people, MINE, token)
    logout(lab.people, MINE, token)
    with pytest.raises(LoginOver):
        actor_of(lab.people, MINE, token)


def test_changing_the_password_ends_every_session(lab: PeopleLab) -> None:
    """The one that changes it too."""
    lab.add()
    tokens = [lab.login(identity=certificate(serial=serial)).token for serial in ("1f", "2f")]
    change_password(lab.people, MINE, tokens[0], old=FIRST, new=SECOND)
    for serial, token in zip(("1f", "2f"), tokens, strict=True):
        with pytest.raises(LoginOver):
            actor_of(lab.people, certificate(serial=serial), token)
    assert lab.login(password=SECOND)


@pytest.mark.parametrize(
    ("new", "why"),
    [(FIRST, "same"), ("short", "too_short"), ("my hanako stew", "own_id"), ("a known one of 鷺", "common")],
)
def test_a_bad_new_password_changes_nothing(lab: PeopleLab, new: str, why: str) -> None:
    """The session goes on, and the old one stays."""
    lab.add()
    token = lab.login().token
    with pytest.raises(PasswordRefused) as refused:
        change_password(lab.people, MINE, token, old=FIRST, new=new)
    assert refused.value.facts["why"] == why
    assert actor_of(lab.people, MINE, token)
    assert lab.login()


def test_a_stolen_session_cannot_guess_the_password(lab: PeopleLab) -> None:
    """Wrong old passwords lock as wrong logins do."""
    lab.add()
    token = lab.login().token
    for _ in range(lab.people.rules.failures - 1):
        with pytest.raises(PasswordWrong):
            change_password(lab.people, MINE, token, old="not this", new=SECOND)
    for old in ("not this", FIRST):
        with pytest.raises(LoginLocked):
            change_password(lab.people, MINE, token, old=old, new=SECOND)
    lab.later(hours=1)
    assert lab.login()


def test_the_office_needs_a_second_factor(lab: PeopleLab) -> None:
    """Without one a session may set one and nothing else; then its code is asked at every login, each good once."""
    lab.add("ops", party="operator", role="operator")
    opened = lab.login("ops", identity=OFFICE)
    assert opened.actor.must == "second_factor"
    secret = lab.enrol(opened.token, identity=OFFICE)
    assert actor_of(lab.people, OFFICE, opened.token).must is None

    with pytest.raises(SecondFactorNeeded):
        lab.login("ops", identity=OFFICE)
    code = lab.code(secret)
    assert lab.login("ops", identity=OFFICE, code=code).actor.must is None
    with pytest.raises(LoginRefused):
        lab.login("ops", identity=OFFICE, code=code)
    lab.later(seconds=30)
    assert lab.login("ops", identity=OFFICE, code=lab.code(secret)).actor.must is None


def test_wrong_codes_lock_too(lab: PeopleLab) -> None:
    """A million codes cannot be tried; a missing code counts as nothing."""
    lab.add()
    secret = lab.enrol(lab.login().token, identity=MINE)
    wrong = f"{(int(lab.code(secret)) + 7) % 10**6:06d}"
    for _ in range(9):
        with pytest.raises(SecondFactorNeeded):
            lab.login()
    for _ in range(lab.people.rules.failures - 1):
        with pytest.raises(LoginRefused):
            lab.login(code=wrong)
    for code in (wrong, lab.code(secret)):
        with pytest.raises(LoginLocked):
            lab.login(code=code)


def test_a_lock_does_not_tell_whether_the_password_was_right(lab: PeopleLab) -> None:
    """Neither by asking for the code nor by speaking of an initial password that is too old; nor is a code used up."""
    lab.add()
    secret = lab.enrol(lab.login().token, identity=MINE)
    for _ in range(lab.people.rules.failures):
        with pytest.raises((LoginRefused, LoginLocked)):
            lab.login(password="not this")
    locked = lab.user()
    for password, code in ((FIRST, None), (FIRST, lab.code(secret)), ("not this", None)):
        with pytest.raises(LoginLocked):
            lab.login(password=password, code=code)
    assert locked == lab.user()


def test_a_second_factor_is_changed_with_the_one_in_force(lab: PeopleLab) -> None:
    """A session alone cannot put another in its place; a first code that is wrong changes nothing."""
    lab.add()
    token = lab.login().token
    with pytest.raises(PasswordWrong):
        confirm_second_factor(lab.people, MINE, token, new_code="123456")
    old = lab.enrol(token, identity=MINE)
    with pytest.raises(PasswordWrong):
        lab.enrol(token, identity=MINE)
    assert lab.vault.opened(lab.user().second_factor or "", owner=lab.user().id) == old
    with pytest.raises(PasswordWrong):
        lab.enrol(token, identity=MINE, code=lab.code(old))
    new = lab.enrol(token, identity=MINE, code=lab.code(old), password=FIRST)
    assert lab.login(code=lab.code(new))


def test_a_lost_telephone_is_taken_out_by_an_administrator(lab: PeopleLab) -> None:
    """With the second factor the password goes too, and the session; a plain reset keeps the second factor."""
    lab.add()
    secret = lab.enrol(lab.login().token, identity=MINE)
    plain = reset_user(lab.people, lab.boss(), BODY, name="hanako").initial or ""
    with pytest.raises(SecondFactorNeeded):
        lab.login(password=plain)
    assert lab.login(password=plain, code=lab.code(secret))
    whole = reset_user(lab.people, lab.boss(), BODY, name="hanako", second_factor=True).initial or ""
    assert lab.login(password=whole).actor.must == "change_password"
    assert "reset_second_factor" in lab.acts()


def test_a_delegate_acts_as_long_as_the_mandate_lasts(lab: PeopleLab) -> None:
    """Either side ends it with the next request; what is done names both."""
    lab.add()
    actor = lab.login().actor
    for side in (OWN, OTHER):
        with pytest.raises(keeping.MandateNotThere):
            keeping.act_for(lab.people, actor, OTHER)
        mandate = grant_mandate(lab.people, lab.boss(OTHER), BODY, agent=OWN, principal=OTHER)
        acting = keeping.act_for(lab.people, actor, OTHER)
        assert acting.proof == {"user": "hanako", "party": OWN, "acts_for": OTHER, "mandate": mandate.id}
        with pytest.raises(keeping.MandateNotThere):
            keeping.act_for(lab.people, replace(actor, body="2-13"), OTHER)
        end_mandate(lab.people, lab.boss(side), BODY, agent=OWN, principal=OTHER)
        lab.later(seconds=1)
    with pytest.raises(keeping.MandateNotThere):
        keeping.act_for(lab.people, actor, OTHER)


def test_a_hash_of_old_parameters_is_renewed_at_login(lab: PeopleLab) -> None:
    """And fits afterwards; a wrong password renews nothing."""
    lab.add()
    old = lab.user().password
    stronger = Argon2Vault(b"k" * 32, memory_kib=8, passes=2, lanes=1)
    newer = replace(lab.people, vault=stronger)
    with pytest.raises(LoginRefused):
        login(newer, MINE, Typed(BODY, "hanako", "not this"))
    assert old == lab.user().password
    login(newer, MINE, Typed(BODY, "hanako", FIRST))
    assert ",t=2," in lab.user().password
    assert login(newer, MINE, Typed(BODY, "hanako", FIRST))


def test_many_guesses_at_once_are_no_more_than_one_after_the_other(tmp_path: Path) -> None:
    """However many begin before the lock, the last ones get no answer to their guess."""
    lab = make_people_lab(tmp_path)
    lab.add()
    gate = threading.Barrier(8)

    def guess(_: int) -> str:
        gate.wait()
        try:
            lab.login(password="not this")
        except SeikyuError as refused:
            return refused.code
        return "in"

    with ThreadPoolExecutor(8) as threads:
        said = list(threads.map(guess, range(8)))
    assert said.count("login_refused") == lab.people.rules.failures - 1
    assert said.count("login_locked") == 8 - lab.people.rules.failures + 1


def test_a_password_that_changes_during_a_login_is_asked_again(lab: PeopleLab) -> None:
    """What was compared is not what is there: neither in nor a failure."""
    lab.add()

    class Meanwhile(type(lab.vault)):  # type: ignore[misc]
        def fits(self, password: str, encoded: str | None) -> bool:
            with lab.people.store.write() as tx:
                tx.put_user(replace(lab.user(), password=self.hashed(SECOND)))
            return bool(super().fits(password, encoded))

    with pytest.raises(Unavailable):
        login(replace(lab.people, vault=Meanwhile()), MINE, Typed(BODY, "hanako", FIRST))
    assert lab.user().failed == 0
    assert lab.login(password=SECOND)


@pytest.mark.parametrize("what", ["reset", "lock"])
def test_a_change_that_comes_too_late_changes_nothing(lab: PeopleLab, what: str) -> None:
    """An administrator was quicker than the person."""
    lab.add()
    token = lab.login().token

    class Meanwhile(type(lab.vault)):  # type: ignore[misc]
        def hashed(self, password: str) -> str:
            if what == "reset":
                reset_user(lab.people, CONSOLE, BODY, name="hanako")
            else:
                keeping.lock_user(lab.people, CONSOLE, BODY, name="hanako")
            return str(super().hashed(password))

    with pytest.raises(LoginOver):
        change_password(replace(lab.people, vault=Meanwhile()), MINE, token, old=FIRST, new=SECOND)
    assert not lab.vault.fits(SECOND, lab.user().password)


TRIES = st.lists(st.tuples(st.booleans(), st.sampled_from([0, 1, 600, 1800, 43200])), max_size=25)


@given(TRIES)
def test_no_history_lets_more_guesses_through(tries: list[tuple[bool, int]]) -> None:
    """Whatever right and wrong tries come when: a lock begins with the last failure allowed, and ends when it says."""
    lab = make_people_lab()
    lab.add()
    failed, failed_at, until = 0, NOON, NOON
    for right, gap in tries:
        lab.later(seconds=gap)
        now, rules = lab.clock.at, lab.people.rules
        if now < until:
            expected = "login_locked"
        elif right:
            expected, failed = "in", 0
        else:
            failed = 1 if now - failed_at >= rules.forgotten_after else failed + 1
            failed_at = now
            expected = "login_refused" if failed < rules.failures else "login_locked"
            if failed == rules.failures:
                failed, until = 0, now + rules.locked_for
        try:
            lab.login(password=FIRST if right else "not this")
            said = "in"
        except SeikyuError as refused:
            said = refused.code
        assert expected == said


def test_nothing_that_is_told_holds_a_secret(lab: PeopleLab) -> None:
    """Neither events nor errors nor what is printed of a value: no password, code, secret or token."""
    lab.add()
    opened = lab.login()
    secret = lab.enrol(opened.token, identity=MINE)
    enrolment = begin_second_factor(lab.people, MINE, opened.token)
    given = reset_user(lab.people, CONSOLE, BODY, name="hanako")
    said = []
    for password in (FIRST, SECOND, given.initial or ""):
        with pytest.raises(SeikyuError) as refused:
            lab.login(password=password, code="000000")
        said.append(f"{refused.value} {refused.value!r} {refused.value.facts}")
    typed = Typed(BODY, "hanako", FIRST, "424242")
    text = f"{lab.told} {said} {opened} {typed} {enrolment} {given} {lab.users()}"
    with lab.people.store.read() as tx:
        text += f"{tx.entries()} {tx.sessions(lab.user().id)}"
    for hidden in ("鷺", "424242", opened.token, given.initial or "?", enrolment.letters, secret.hex(), "argon2id"):
        assert hidden not in text
    assert lab.told
