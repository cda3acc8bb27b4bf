"""The pages of a party's administrator: who logs in for the party, and who acts for it."""

from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from seikyu.apps.pages.visit import Pages, Visit
from seikyu.ports.errors import BadRequest
from seikyu.ports.people import User
from seikyu.services import people as services
from seikyu.services.people import MandateNotThere, Newcomer, NoSuchParty, UserNotThere, UserThere
from seikyu.trust.people import (
    ALL_MANDATES,
    ALL_PEOPLE,
    MANDATES,
    PEOPLE,
    BadMandate,
    BadUser,
    NotPermitted,
    permits,
    roles,
)

_TROUBLE: Final = (NotPermitted, BadUser, BadMandate, UserThere, UserNotThere, NoSuchParty, MandateNotThere)


def user_routes(pages: Pages) -> list[Route]:
    """Return the routes; users and mandates are kept at the desk, with a certificate."""
    people, mandates = (PEOPLE, ALL_PEOPLE), (MANDATES, ALL_MANDATES)
    return [
        pages.route("/users", show_users, powers=people),
        pages.route("/users/add", do_add, post=True, powers=people, hard=True),
        pages.route("/users/act", do_act, post=True, powers=people, hard=True),
        pages.route("/mandates", show_mandates, powers=mandates),
        pages.route("/mandates/grant", do_grant, post=True, powers=mandates),
        pages.route("/mandates/end", do_end, post=True, powers=mandates),
    ]


def show_users(visit: Visit) -> Response:
    """Show the users that one keeps."""
    word = visit.request.query_params.get("done", "")
    return visit.show("users.html", **_user_facts(visit, done=word if word in _ACTS else ""))


def do_add(visit: Visit) -> Response:
    """Add a user; the initial password is shown this once."""
    party = visit.typed("party").strip() if permits(visit.who, ALL_PEOPLE) else visit.who.party
    who = Newcomer(visit.who.body, visit.typed("user"), party, visit.typed("role"))
    try:
        given = services.add_user(visit.people, visit.who, who)
    except _TROUBLE as trouble:
        return visit.again("users.html", trouble, **_user_facts(visit))
    return visit.show("users.html", **_user_facts(visit, done="add", given=given))


def do_act(visit: Visit) -> Response:
    """Lock, unlock, reset or remove a user, or give them another role."""
    act, name = visit.typed("act"), visit.typed("user")
    do = _ACTS.get(act)
    if do is None:
        raise BadRequest("no such act", parameter="act")
    try:
        given = do(visit, name)
    except _TROUBLE as trouble:
        return visit.again("users.html", trouble, **_user_facts(visit))
    if given is None:
        return visit.see(f"/users?done={act}")
    return visit.show("users.html", **_user_facts(visit, done=act, given=given))


def show_mandates(visit: Visit) -> Response:
    """Show the mandates of the party from both sides."""
    return visit.show("mandates.html", **_mandate_facts(visit))


def do_grant(visit: Visit) -> Response:
    """Let another party act for one's own."""
    return _mandate(visit, services.grant_mandate, "granted")


def do_end(visit: Visit) -> Response:
    """End a mandate at once, from either side."""
    return _mandate(visit, services.end_mandate, "ended")


def _mandate(visit: Visit, act: Any, word: str) -> Response:
    agent = visit.typed("agent").strip()
    principal = visit.typed("principal").strip() or visit.who.party
    try:
        act(visit.people, visit.who, visit.who.body, agent=agent, principal=principal)
    except _TROUBLE as trouble:
        return visit.again("mandates.html", trouble, **_mandate_facts(visit))
    return visit.see(f"/mandates?done={word}")


def _lock(visit: Visit, name: str) -> None:
    services.lock_user(visit.people, visit.who, visit.who.body, name=name)


def _unlock(visit: Visit, name: str) -> None:
    services.unlock_user(visit.people, visit.who, visit.who.body, name=name)


def _remove(visit: Visit, name: str) -> None:
    services.remove_user(visit.people, visit.who, visit.who.body, name=name)


def _role(visit: Visit, name: str) -> None:
    services.set_role(visit.people, visit.who, visit.who.body, name=name, role=visit.typed("role"))


def _reset(visit: Visit, name: str) -> services.Given:
    return services.reset_user(visit.people, visit.who, visit.who.body, name=name)


def _reset_factor(visit: Visit, name: str) -> services.Given:
    return services.reset_user(visit.people, visit.who, visit.who.body, name=name, second_factor=True)


_ACTS: Final[dict[str, Any]] = {
    "lock": _lock,
    "unlock": _unlock,
    "remove": _remove,
    "role": _role,
    "reset": _reset,
    "reset_factor": _reset_factor,
    "add": None,
}


def _user_facts(visit: Visit, *, done: str = "", given: services.Given | None = None) -> dict[str, Any]:
    found = services.list_users(visit.people, visit.who)
    with visit.people.store.read() as tx:
        kinds = {each.party: party.kind for each in found if (party := tx.party(each.party)) is not None}
        keys = {each.id: len(tx.security_keys(each.id)) for each in found}
    users = [_user(visit, each, kind=kinds.get(each.party, ""), keys=keys[each.id]) for each in found]
    own_kind = kinds.get(visit.who.party, "")
    return {
        "users": users,
        "all_parties": permits(visit.who, ALL_PEOPLE),
        "roles": _roles(visit, None if permits(visit.who, ALL_PEOPLE) else own_kind),
        "given": given,
        "done": visit.say(f"pages.users.done_{done}") if done else "",
    }


def _user(visit: Visit, user: User, *, kind: str, keys: int) -> dict[str, Any]:
    now = visit.people.clock.now()
    tried = user.locked_until is not None and now < user.locked_until
    state = "locked" if user.locked_at else "locked_until" if tried else "initial" if user.initial else "active"
    return {
        "name": user.name,
        "party": user.party,
        "role": user.role,
        "roles": _roles(visit, kind),
        "state": visit.say(f"pages.users.state.{state}", until=user.locked_until),
        "locked": state in {"locked", "locked_until"},
        "second_factor": user.second_factor is not None or keys > 0,
        "is_self": (user.name, user.party) == (visit.who.user, visit.who.party),
    }


def _roles(visit: Visit, kind: str | None) -> list[tuple[str, str]]:
    return [(each.name, visit.label(each)) for each in roles().values() if kind is None or kind in each.kinds]


def _mandate_facts(visit: Visit) -> dict[str, Any]:
    found = services.list_mandates(visit.people, visit.who)
    with visit.people.store.read() as tx:
        own = tx.party(visit.who.party)
        sides = {side for each in found for side in (each.agent, each.principal)}
        names = {each.id: each.name for each in tx.parties_named(sorted(sides))}
    rows = [
        {
            "agent": each.agent,
            "agent_name": names.get(each.agent, ""),
            "principal": each.principal,
            "principal_name": names.get(each.principal, ""),
            "since": each.since,
            "until": each.until,
        }
        for each in reversed(found)
    ]
    word = visit.request.query_params.get("done", "")
    return {
        "mandates": rows,
        "may_grant": own is not None and own.kind == "institution",
        "all_parties": permits(visit.who, ALL_MANDATES),
        "done": visit.say(f"pages.mandates.done_{word}") if word in {"granted", "ended"} else "",
    }
