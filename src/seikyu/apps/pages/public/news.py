"""The pages of announcements: the list, one of them, and the feed (Atom) and list that programs read."""

from datetime import datetime

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from seikyu.apps.pages.frame import render
from seikyu.apps.pages.public.told import news_line
from seikyu.apps.pages.visit import Pages, Visit
from seikyu.office.announcing import words
from seikyu.services.announcements import list_news, show

#: So many stand on a page, and in the feed.
_PAGE = 30


def news_routes(pages: Pages) -> list[Route]:
    """Return the routes of a face."""
    own = [
        pages.route("/news", show_news, login=False),
        pages.route("/news/{id}", show_one, login=False),
    ]
    if pages.face == "public":
        own += [
            pages.route("/news.json", tell_news, login=False),
            pages.route("/news.atom", feed, login=False),
        ]
    return own


def show_news(visit: Visit) -> Response:
    """Show the announcements that hold, newest first. Errors: BadRequest."""
    reader = _reader(visit)
    page = list_news(visit.office, limit=_PAGE, cursor=_cursor(visit), party_kind=reader)
    return visit.show(
        "public/news.html", items=[news_line(visit, each) for each in page.items], next_page=page.next or "",
        reader=reader, first=not _cursor(visit),
        readers=[("", visit.say("pages.site.news.all")), *((n, visit.label(w)) for n, w in words("readers").items())],
    )  # fmt: skip


def show_one(visit: Visit) -> Response:
    """Show one announcement, also one that holds no more, which says so. Errors: NotFound."""
    row = show(visit.office, visit.request.path_params["id"])
    return visit.show("public/news_one.html", item=news_line(visit, row))


def tell_news(visit: Visit) -> Response:
    """Tell the announcements that hold to a program. Errors: BadRequest."""
    page = list_news(visit.office, limit=_PAGE, cursor=_cursor(visit), party_kind=_reader(visit))
    return JSONResponse({"items": page.items, "next": page.next}, headers={"Cache-Control": "no-cache"})


def feed(visit: Visit) -> Response:
    """Give the announcements as a feed (RFC 4287)."""
    items = list_news(visit.office, limit=_PAGE).items
    base = f"https://{visit.request.headers.get('host', '')}"
    updated = items[0]["published_at"] if items else visit.office.clock.now().isoformat()
    text = render(
        "public/news_atom.xml", visit.lang, base=base, updated=datetime.fromisoformat(updated).isoformat(),
        items=[news_line(visit, each) for each in items],
    )  # fmt: skip
    return Response(text, 200, {"Cache-Control": "no-cache"}, "application/atom+xml; charset=utf-8")


def _reader(visit: Visit) -> str:
    asked = visit.request.query_params.get("for", "")
    return asked if asked in words("readers") else ""


def _cursor(visit: Visit) -> str | None:
    asked = visit.request.query_params.get("cursor", "")
    return asked if asked.isalnum() and asked.isascii() else None
