"""The entrance of the public face, and one page for each kind of user: what they come for, and the way there."""

from functools import partial
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from seikyu.apps.pages.public.questions import topics
from seikyu.apps.pages.public.told import news_lines, open_now
from seikyu.apps.pages.public.tools import Entrance, entrances, shown
from seikyu.apps.pages.visit import Pages, Visit
from seikyu.apps.pki import GIVEN_OUT

#: What everybody may need, whoever they are.
_OFTEN: Final = ("faq", "calendar", "status", "forms", "prefectures", "lines", "guide", "cert", "news", "contact")


def entrance_routes(pages: Pages) -> list[Route]:
    """Return the page of each kind of user."""
    return [
        pages.route(f"/for/{name}", partial(show_kind, entrance=entrance), login=False)
        for name, entrance in entrances().items()
    ]


def show_entrance(visit: Visit, *, bodies: str) -> Response:
    """Show who the system is for, what is open now, and the news. Shape: `bodies` says whose the house is."""
    kinds = [_kind(visit, each) for each in entrances().values()]
    return visit.show(
        "public/entrance.html", bodies=bodies, kinds=kinds, opening=open_now(visit), news=news_lines(visit),
        often=shown(visit, _OFTEN), given_out=tuple(GIVEN_OUT),
    )  # fmt: skip


def show_kind(visit: Visit, *, entrance: Entrance) -> Response:
    """Show what one kind of user comes for."""
    purposes = [
        {"title": visit.label(purpose), "tools": tools}
        for purpose in entrance.purposes
        if (tools := shown(visit, purpose.tools))
    ]
    return visit.show(
        "public/for.html", kind=_kind(visit, entrance), purposes=purposes, opening=open_now(visit),
        news=news_lines(visit, party_kind=entrance.reader),
        topics=[{"id": each, "title": visit.label(topics()[each])} for each in entrance.topics],
    )  # fmt: skip


def _kind(visit: Visit, entrance: Entrance) -> dict[str, Any]:
    about = entrance.about_ja if visit.lang == "ja" else entrance.about_en
    return {"path": f"/for/{entrance.name}", "title": visit.label(entrance), "about": about}
