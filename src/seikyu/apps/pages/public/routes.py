"""Every route of the public site that this room has."""

from starlette.routing import Route

from seikyu.apps.pages.public.calendar import calendar_routes
from seikyu.apps.pages.public.entrance import entrance_routes
from seikyu.apps.pages.public.faq import faq_routes
from seikyu.apps.pages.public.news import news_routes
from seikyu.apps.pages.public.prefectures import prefecture_routes
from seikyu.apps.pages.visit import Pages


def site_routes(pages: Pages) -> list[Route]:
    """Return the routes of a face. They need no login; the desk has them too, so that its pages may link to them."""
    return [
        *entrance_routes(pages),
        *faq_routes(pages),
        *prefecture_routes(pages),
        *calendar_routes(pages),
        *news_routes(pages),
    ]
