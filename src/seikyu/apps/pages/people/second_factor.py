"""The pages of second factors: a code app with its square code, and security keys."""

import io
from typing import Any

from markupsafe import Markup
from starlette.responses import Response
from starlette.routing import Route

from seikyu.apps.pages.visit import Pages, Visit
from seikyu.ports.errors import AlreadyThere
from seikyu.ports.people import KeyRefused
from seikyu.services.credentials import (
    NAME_CHARS,
    LastSecondFactor,
    TooManyKeys,
    begin_key,
    begin_second_factor,
    confirm_second_factor,
    factors_of,
    finish_key,
    remove_code_app,
    remove_key,
)
from seikyu.services.login import LoginLocked, PasswordWrong

_ROOT = "/account/second-factor"
_TROUBLE = (PasswordWrong, LoginLocked, TooManyKeys, LastSecondFactor, KeyRefused, AlreadyThere)


def second_factor_routes(pages: Pages) -> list[Route]:
    """Return the routes."""

    def act(path: str, page: Any, *, hard: bool = False) -> Route:
        return pages.route(f"{_ROOT}{path}", page, post=True, before_duty=True, hard=hard)

    return [
        pages.route(_ROOT, show_factors, before_duty=True),
        act("/app", begin_app),
        act("/app/confirm", confirm_app, hard=True),
        act("/app/remove", remove_app, hard=True),
        act("/key", ask_key, hard=True),
        act("/key/finish", read_key),
        act("/key/remove", drop_key, hard=True),
    ]


def show_factors(visit: Visit) -> Response:
    """Show what second factors there are."""
    return visit.show("factors.html", **_facts(visit))


def begin_app(visit: Visit) -> Response:
    """Show a new secret, this once, as a square code and as letters."""
    made = begin_second_factor(visit.people, visit.identity, visit.session)
    letters = [made.letters[at : at + 4] for at in range(0, len(made.letters), 4)]
    return visit.show("factor_app.html", square=_square(made.uri), letters=letters, **_asked(visit))


def confirm_app(visit: Visit) -> Response:
    """Put the new app in force by its first code."""
    present = visit.typed("present_code") or None
    try:
        confirm_second_factor(
            visit.people, visit.identity, visit.session, new_code=visit.typed("new_code"), code=present,
            password=visit.typed("password") or None,
        )  # fmt: skip
    except (PasswordWrong, LoginLocked) as trouble:
        return visit.again("factor_app.html", trouble, square="", letters=(), **_asked(visit))
    return visit.see(f"{_ROOT}?done=app")


def remove_app(visit: Visit) -> Response:
    """Take the app away."""
    try:
        remove_code_app(visit.people, visit.identity, visit.session, password=visit.typed("password"))
    except _TROUBLE as trouble:
        return visit.again("factors.html", trouble, **_facts(visit))
    return visit.see(f"{_ROOT}?done=removed")


def ask_key(visit: Visit) -> Response:
    """Ask for a new security key."""
    try:
        asked = begin_key(
            visit.people, visit.identity, visit.session, password=visit.typed("password"), host=visit.place.host
        )
    except _TROUBLE as trouble:
        return visit.again("factors.html", trouble, **_facts(visit))
    return visit.show("factor_key.html", asked=asked.token, question=asked.question, name=visit.typed("name"))


def read_key(visit: Visit) -> Response:
    """Put a new security key in force by its answer."""
    try:
        finish_key(
            visit.people, visit.identity, visit.session, asked=visit.typed("asked"), answer=visit.typed("answer"),
            name=visit.typed("name"), place=visit.place,
        )  # fmt: skip
    except _TROUBLE as trouble:
        return visit.again("factors.html", trouble, **_facts(visit))
    return visit.see(f"{_ROOT}?done=key")


def drop_key(visit: Visit) -> Response:
    """Take a security key away."""
    key, password = visit.typed("key"), visit.typed("password")
    try:
        remove_key(visit.people, visit.identity, visit.session, key=key, password=password)
    except _TROUBLE as trouble:
        return visit.again("factors.html", trouble, **_facts(visit))
    return visit.see(f"{_ROOT}?done=removed")


def _facts(visit: Visit) -> dict[str, Any]:
    has_code, keys = factors_of(visit.people, visit.identity, visit.session)
    word = visit.request.query_params.get("done", "")
    return {
        "has_code": has_code,
        "keys": keys,
        "most": visit.people.rules.most_keys,
        "name_chars": NAME_CHARS,
        "place": visit.place.host,
        "required": visit.who.must == "second_factor",
        "done": f"pages.factor.done_{word}" if word in {"app", "key", "removed"} else "",
    }


def _asked(visit: Visit) -> dict[str, bool]:
    """Return what a new code app is asked for with: where there is any second factor, the password."""
    has_code, keys = factors_of(visit.people, visit.identity, visit.session)
    return {"has_code": has_code, "has_any": has_code or bool(keys)}


def _square(uri: str) -> Markup:
    """Return the square code of an address as a drawing. It is ours from end to end, so it goes in as it is."""
    import segno

    out = io.BytesIO()
    code = segno.make(uri, error="m", micro=False)
    code.save(out, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=2, svgclass=None, lineclass=None)
    return Markup(out.getvalue().decode("ascii"))  # noqa: S704  (drawn by us, and of nothing but lines)
