"""Logging in and out, and what people do with their own account: password, terms, the first user of a party."""

from datetime import date
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from seikyu.apps.pages.visit import DUTIES, Pages, Visit
from seikyu.office.bodies import bodies
from seikyu.ports.errors import SeikyuError
from seikyu.services.accounts import (
    First,
    RegistrationRefused,
    TermsNotAccepted,
    accept_terms,
    open_code,
    register_first,
    to_accept,
)
from seikyu.services.credentials import change_password, factors_of
from seikyu.services.guessing import Stranger, TooManyTries
from seikyu.services.login import (
    InitialPasswordOver,
    LoginLocked,
    LoginLockedByHand,
    LoginOver,
    LoginRefused,
    Opened,
    PasswordWrong,
    Second,
    SecondFactorNeeded,
    Typed,
    finish_login,
    half_of,
    login,
    logout,
)
from seikyu.services.people import UserThere
from seikyu.trust.agreements import Agreement, due
from seikyu.trust.codes import CodeMistyped
from seikyu.trust.passwords import PasswordRefused
from seikyu.trust.people import BadUser

#: What keeps a login from going through, and is told above the form.
_TROUBLE: Final = (LoginRefused, LoginLocked, LoginLockedByHand, InitialPasswordOver, TooManyTries)

#: A text that was accepted, as its field is named.
_ACCEPTED: Final = "accept."


class PasswordsDiffer(SeikyuError):
    """The new password was not typed twice the same; nothing was changed."""

    code = "passwords_differ"


def account_routes(pages: Pages) -> list[Route]:
    """Return the routes of a face. Registering by a posted code is the public face's alone."""
    own = [
        pages.route("/login", show_login, login=False),
        pages.route("/login", do_login, post=True, login=False, hard=True),
        pages.route("/login/second", show_second, login=False),
        pages.route("/login/second", do_second, post=True, login=False),
        pages.route("/logout", do_logout, post=True, login=False),
        pages.route("/account", show_account, before_duty=True),
        pages.route("/account/password", show_password, before_duty=True),
        pages.route("/account/password", do_password, post=True, before_duty=True, hard=True),
        pages.route("/account/terms", show_terms, before_duty=True),
        pages.route("/account/terms", do_terms, post=True, before_duty=True),
    ]
    if pages.face == "public":
        own += [
            pages.route("/account/register", show_register, login=False),
            pages.route("/account/register", do_register, post=True, login=False),
            pages.route("/account/register/finish", do_finish, post=True, login=False, hard=True),
        ]
    return own


def show_login(visit: Visit) -> Response:
    """Ask for user id and password."""
    if visit.actor is not None:
        return visit.see("/account")
    return visit.show("login.html", **_login_facts(visit))


def do_login(visit: Visit) -> Response:
    """Begin a session, or ask for the second factor."""
    body = _body(visit)
    # No user is of a body without a name: one that is not served here is a wrong login like any other.
    typed = Typed(body if body in visit.pages.served else "", visit.typed("user"), visit.typed("password"))
    following = visit.next_path("/account")
    try:
        opened = login(visit.people, visit.identity, typed, stranger=_stranger(visit))
    except SecondFactorNeeded as needed:
        answer = visit.see(f"/login/second?next={following}")
        visit.pages.put_cookie(answer, _half_cookie(visit), needed.half.token)
        return answer
    except _TROUBLE as trouble:
        return visit.again("login.html", trouble, **_login_facts(visit))
    return _inside(visit, opened, following)


def show_second(visit: Visit) -> Response:
    """Ask for the second factor."""
    try:
        return visit.show("second.html", **_second_facts(visit))
    except LoginOver:
        return visit.see("/login")


def do_second(visit: Visit) -> Response:
    """Finish a login."""
    answer = visit.typed("answer") or None
    second = Second(visit.typed("code") if answer is None else None, answer, visit.place)
    try:
        opened = finish_login(visit.people, visit.identity, _half(visit), second)
    except LoginOver:
        return visit.see("/login")
    except _TROUBLE as trouble:
        return visit.again("second.html", trouble, **_second_facts(visit))
    return _inside(visit, opened, visit.next_path("/account"))


def do_logout(visit: Visit) -> Response:
    """End the session."""
    if visit.session:
        logout(visit.people, visit.identity, visit.session)
    return visit.see("/login?done=logged_out", session="")


def show_account(visit: Visit) -> Response:
    """Show who has logged in, and the ways from here."""
    if visit.who.must is not None:
        return visit.see(DUTIES[visit.who.must])
    with visit.people.store.read() as tx:
        party = tx.party(visit.who.party)
    has_code, keys = factors_of(visit.people, visit.identity, visit.session)
    return visit.show("account.html", party=party, has_code=has_code, keys=keys, body=_named(visit, visit.who.body))


def show_password(visit: Visit) -> Response:
    """Ask for a new password."""
    return visit.show("password.html", **_password_facts(visit))


def do_password(visit: Visit) -> Response:
    """Change the password; every session ends, this one too."""
    try:
        old, new = visit.typed("old"), _typed_twice(visit, "new")
        change_password(visit.people, visit.identity, visit.session, old=old, new=new)
    except (PasswordsDiffer, PasswordRefused, PasswordWrong, LoginLocked) as trouble:
        return visit.again("password.html", trouble, **_password_facts(visit))
    except LoginOver:
        return visit.see("/login", session="")
    return visit.see("/login?done=password_changed", session="")


def show_terms(visit: Visit) -> Response:
    """Show what has to be accepted."""
    texts = to_accept(visit.people, visit.identity, visit.session)
    return visit.show("terms.html", texts=_texts(visit, texts)) if texts else visit.see("/account")


def do_terms(visit: Visit) -> Response:
    """Keep what was accepted."""
    try:
        accept_terms(visit.people, visit.identity, visit.session, accepted=_ticked(visit), lang=visit.lang)
    except TermsNotAccepted as trouble:
        texts = to_accept(visit.people, visit.identity, visit.session)
        return visit.again("terms.html", trouble, texts=_texts(visit, texts))
    return visit.see("/account")


def show_register(visit: Visit) -> Response:
    """Ask for the posted code."""
    return visit.show("register.html")


def do_register(visit: Visit) -> Response:
    """Look at the code, and ask for what the first user chooses."""
    try:
        facts = _finish_facts(visit)
    except (CodeMistyped, RegistrationRefused, TooManyTries) as trouble:
        return visit.again("register.html", trouble)
    return visit.show("register_finish.html", **facts)


def do_finish(visit: Visit) -> Response:
    """Make the first user of a party."""
    try:
        first = First(
            _served_body(visit), visit.typed("user"), _typed_twice(visit, "password"), _ticked(visit), visit.lang
        )
        party, code = visit.typed("party"), visit.typed("code")
        register_first(visit.people, _strange(visit), party=party, code=code, first=first)
    except (CodeMistyped, RegistrationRefused, TooManyTries) as trouble:
        return visit.again("register.html", trouble)
    except (PasswordsDiffer, PasswordRefused, TermsNotAccepted, BadUser, UserThere) as trouble:
        return visit.again("register_finish.html", trouble, **_finish_facts(visit))
    return visit.see("/login?done=registered")


def _typed_twice(visit: Visit, name: str) -> str:
    """Return a new password. Errors: PasswordsDiffer."""
    if visit.typed(name) != visit.typed("again"):
        raise PasswordsDiffer
    return visit.typed(name)


def _inside(visit: Visit, opened: Opened, following: str) -> Response:
    """Send somebody who has logged in on, with a session of their own; one that the browser had before ends."""
    if visit.session:
        logout(visit.people, visit.identity, visit.session)
    answer = visit.see(DUTIES[opened.actor.must] if opened.actor.must else following, session=opened.token)
    visit.pages.put_cookie(answer, _half_cookie(visit), "")
    if opened.known:
        kept_s = int(visit.people.rules.known_for.total_seconds())
        visit.pages.put_cookie(answer, _known_cookie(visit), opened.known, kept_s=kept_s)
    return answer


def _login_facts(visit: Visit) -> dict[str, Any]:
    with visit.people.store.read() as tx:
        party = tx.party(visit.identity.party) if visit.identity else None
    return {
        "party": party,
        "bodies": _bodies(visit),
        "next": visit.next_path(""),
        "done": visit.done("logged_out", "password_changed", "registered"),
    }


def _second_facts(visit: Visit) -> dict[str, Any]:
    """Return what the second factor is asked with. Errors: LoginOver."""
    half = half_of(visit.people, visit.identity, _half(visit))
    host = visit.place.host
    question = visit.people.keys.ask(half.challenge, host=host, keys=list(half.keys)) if half.keys and host else ""
    return {
        "has_code": half.has_code,
        "has_keys": bool(half.keys),
        "question": question,
        "next": visit.next_path(""),
    }


def _password_facts(visit: Visit) -> dict[str, Any]:
    return {"least": visit.people.rules.least_chars, "initial": visit.who.must == "change_password"}


def _finish_facts(visit: Visit) -> dict[str, Any]:
    """Return what the first user chooses from. Errors: those of the code."""
    found = open_code(visit.people, _strange(visit), party=visit.typed("party"), code=visit.typed("code"))
    return {
        "party": found,
        "bodies": _bodies(visit),
        "texts": _texts(visit, due(found.kind, frozenset(), visit.people.clock.now())),
        "least": visit.people.rules.least_chars,
    }


def _texts(visit: Visit, texts: tuple[Agreement, ...]) -> list[dict[str, Any]]:
    """Return texts in the language of the page, with the name of the field that accepts each."""
    ja = visit.lang == "ja"
    return [
        {
            "field": f"{_ACCEPTED}{each.name}.{each.version}",
            "title": each.ja if ja else each.en,
            "version": each.version,
            "parts": [(part.ja_head, part.ja) if ja else (part.en_head, part.en) for part in each.parts],
        }
        for each in texts
    ]


def _ticked(visit: Visit) -> frozenset[tuple[str, str]]:
    """Return names and versions of the texts that were ticked."""
    names = [name.removeprefix(_ACCEPTED).partition(".") for name in visit.form if name.startswith(_ACCEPTED)]
    return frozenset((name, version) for name, _, version in names)


def _bodies(visit: Visit) -> list[tuple[str, str]]:
    return [(body, _named(visit, body)) for body in visit.pages.served]


def _named(visit: Visit, body: str) -> str:
    now = visit.people.clock.now()
    for each in bodies(date(now.year, now.month, now.day), test=True):
        if each.id == body:
            return each.ja if visit.lang == "ja" else each.en
    return body


def _body(visit: Visit) -> str:
    """Return the review body that was chosen; the only one of a face that has one."""
    return visit.typed("body") or visit.pages.served[0]


def _served_body(visit: Visit) -> str:
    """Return the review body that was chosen. Errors: BadUser, if it is none that is served here."""
    body = _body(visit)
    if body not in visit.pages.served:
        raise BadUser(what="body", value=body)
    return body


def _stranger(visit: Visit) -> Stranger | None:
    return _strange(visit) if visit.identity is None else None


def _strange(visit: Visit) -> Stranger:
    return Stranger(visit.address, visit.request.cookies.get(_known_cookie(visit), ""))


def _half(visit: Visit) -> str:
    return visit.request.cookies.get(_half_cookie(visit), "")


def _half_cookie(visit: Visit) -> str:
    return f"{visit.pages.session_cookie}-half"


def _known_cookie(visit: Visit) -> str:
    return f"{visit.pages.session_cookie}-known"
