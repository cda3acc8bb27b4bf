"""A kill, or an error, at every call to the store: an act on people is done as a whole, or not at all."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from seikyu.ports.errors import SeikyuError, Unavailable
from seikyu.services import credentials
from seikyu.services import login as logins
from seikyu.services import people as keeping
from seikyu.services.accounts import post_codes
from seikyu.services.guessing import Stranger
from seikyu.services.login import Typed
from seikyu.services.people import CONSOLE, Newcomer
from services.faults import FaultyStore, Killed, Plug
from services.people_lab import BODY, FIRST, OTHER, OWN, SECOND, PeopleLab, certificate, make_people_lab

MINE = certificate()


def ready(lab: PeopleLab) -> str:
    """Add a user with a second factor in the making, who has logged in; return the token."""
    lab.add()
    keeping.grant_mandate(lab.people, CONSOLE, BODY, agent=OWN, principal=OTHER)
    token = lab.login().token
    credentials.begin_second_factor(lab.people, MINE, token)
    return token


def confirm(lab: PeopleLab, token: str) -> None:
    """Put the second factor in force, if it is not yet."""
    user = lab.user()
    if user.second_factor is None:
        secret = lab.vault.opened(user.new_second_factor or "", owner=user.id)
        credentials.confirm_second_factor(lab.people, MINE, token, new_code=lab.code(secret))


ACTS: dict[str, Callable[[PeopleLab, str], Any]] = {
    "add": lambda lab, _: keeping.add_user(lab.people, CONSOLE, Newcomer(BODY, "taro", OWN, "clerk"), password=FIRST),
    "lock": lambda lab, _: keeping.lock_user(lab.people, CONSOLE, BODY, name="hanako"),
    "reset": lambda lab, _: keeping.reset_user(lab.people, CONSOLE, BODY, name="hanako", password=SECOND),
    "role": lambda lab, _: keeping.set_role(lab.people, CONSOLE, BODY, name="hanako", role="read_only"),
    "remove": lambda lab, _: keeping.remove_user(lab.people, CONSOLE, BODY, name="hanako"),
    "grant": lambda lab, _: keeping.grant_mandate(lab.people, CONSOLE, BODY, agent=OTHER, principal=OWN),
    "end": lambda lab, _: keeping.end_mandate(lab.people, CONSOLE, BODY, agent=OWN, principal=OTHER),
    "login": lambda lab, _: lab.login(),
    "failure": lambda lab, _: lab.login(password="not this"),
    "logout": lambda lab, token: logins.logout(lab.people, MINE, token),
    "password": lambda lab, token: credentials.change_password(lab.people, MINE, token, old=FIRST, new=SECOND),
    "confirm": confirm,
    "outside": lambda lab, _: logins.login(
        lab.people, None, Typed(BODY, "hanako", FIRST), stranger=Stranger("192.0.2.1")
    ),
    "post": lambda lab, _: post_codes(lab.people, CONSOLE, [OTHER]),
}


def told(lab: PeopleLab) -> dict[str, Any]:
    """Return all that matters; what chance has made stands as whether it fits."""
    with lab.people.store.read() as tx:
        users = tx.users()
        return {
            "users": [
                replace(user, password="", second_factor=None, new_second_factor=None) for user in users
            ],
            "fits": [[lab.vault.fits(text, user.password) for text in (FIRST, SECOND)] for user in users],
            "factors": [(user.second_factor is None, user.new_second_factor is None) for user in users],
            "sessions": [len(tx.sessions(user.id)) for user in users],
            "mandates": [replace(one, id="") for one in tx.mandates()],
            "journal": [(entry.act, entry.user) for entry in tx.entries()],
        }  # fmt: skip


def without_ids(state: dict[str, Any]) -> dict[str, Any]:
    """Return a state in which a user's id, which counts up with every try, does not matter."""
    return state | {"users": [replace(user, id="") for user in state["users"]]}


def attempt(lab: PeopleLab, act: str, token: str) -> None:
    """Do an act, and take what a fault or a second time says."""
    try:
        ACTS[act](lab, token)
    except (Killed, SeikyuError):
        return


@pytest.mark.parametrize(("kill", "after"), [(kill, after) for kill in (True, False) for after in (True, False)])
@pytest.mark.parametrize("act", ACTS)
def test_a_fault_at_any_call_leaves_all_or_nothing(act: str, kill: bool, after: bool) -> None:  # noqa: FBT001
    """A user, the sessions and the journal change together; done again, it ends as if nothing had happened."""
    lab = make_people_lab()
    token = ready(lab)
    before = without_ids(told(lab))
    plug = Plug()
    attempt(replace(lab, people=replace(lab.people, store=FaultyStore(lab.people.store, plug))), act, token)
    done = without_ids(told(lab))
    assert before != done
    assert plug.count > 0

    for at in range(1, plug.count + 1):
        hurt = make_people_lab()
        token = ready(hurt)
        store = FaultyStore(hurt.people.store, Plug(at=at, after=after, kill=kill))
        with pytest.raises((Killed, Unavailable)):
            ACTS[act](replace(hurt, people=replace(hurt.people, store=store)), token)
        left = without_ids(told(hurt))
        assert left in (before, done), f"call {at} left half an act"
        if left == before:
            attempt(hurt, act, token)
        assert done == without_ids(told(hurt)), f"call {at}"
