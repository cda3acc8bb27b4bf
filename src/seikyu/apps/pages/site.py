"""What pages a face has, and its menu. A room that adds pages adds its routes and its entry of the menu here."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from starlette.routing import Route

from seikyu.apps.api.contents import SendBy
from seikyu.apps.notices_posted import Paper
from seikyu.apps.pages.certs.applications import application_routes
from seikyu.apps.pages.certs.certificates import certificate_routes
from seikyu.apps.pages.certs.issuance import issuance_routes
from seikyu.apps.pages.certs.orders import order_routes
from seikyu.apps.pages.frame import static_routes
from seikyu.apps.pages.institution.correct import correct_routes
from seikyu.apps.pages.institution.findings import finding_routes, rule_routes
from seikyu.apps.pages.institution.home import home_routes, show_start
from seikyu.apps.pages.institution.lists import list_routes
from seikyu.apps.pages.institution.send import send_routes
from seikyu.apps.pages.institution.sending import sending_routes
from seikyu.apps.pages.institution.status import status_routes
from seikyu.apps.pages.institution.undoing import request_routes
from seikyu.apps.pages.lines.lists import line_routes
from seikyu.apps.pages.notices import notice_routes
from seikyu.apps.pages.operator.announcements import announcement_routes
from seikyu.apps.pages.operator.desk import desk_routes
from seikyu.apps.pages.operator.incidents import incident_routes
from seikyu.apps.pages.operator.inquiries import inquiry_routes
from seikyu.apps.pages.operator.months import month_routes
from seikyu.apps.pages.operator.wishes import wish_routes
from seikyu.apps.pages.payer.deliveries import delivery_routes
from seikyu.apps.pages.people.account import account_routes
from seikyu.apps.pages.people.second_factor import second_factor_routes
from seikyu.apps.pages.people.users import user_routes
from seikyu.apps.pages.public.contact import contact_routes
from seikyu.apps.pages.public.forms import form_routes
from seikyu.apps.pages.public.routes import site_routes
from seikyu.apps.pages.public.status import busy_routes
from seikyu.apps.pages.visit import Pages, Way
from seikyu.ports.lines import LineLists
from seikyu.services.applications import Enrolling
from seikyu.services.office import Office
from seikyu.services.people import People
from seikyu.trust.people import (
    ALL_MANDATES,
    ALL_PEOPLE,
    APPROVE,
    AUDIT,
    CERTIFICATES,
    MANDATES,
    NOTICES,
    OFFICE,
    PEOPLE,
    SEE,
)

_FRONT = Way("/", "pages.way.front")
_FAQ = Way("/faq", "pages.site.way.faq")
_FORMS = Way("/forms", "pages.site.way.forms")
_PREFECTURES = Way("/prefectures", "pages.site.way.prefectures")
_CALENDAR = Way("/calendar", "pages.site.way.calendar")
_NEWS = Way("/news", "pages.site.way.news")
_HOW_BUSY = Way("/status", "pages.site.way.how_busy")
_CONTACT = Way("/contact", "pages.site.way.contact")
_ANNOUNCING = Way("/desk/announcements", "pages.announcing.way", powers=(OFFICE,), aside=True)
_DESK = Way("/desk", "pages.way.desk", powers=(OFFICE, APPROVE, AUDIT))
_HOME = Way("/", "pages.way.home")
_SEND = Way("/sendings/new", "pages.way.send", powers=("send",), kinds=("institution",))
_STATUS = Way("/sendings", "pages.way.status", powers=("see",), kinds=("institution",))
_CERT = Way("/cert/", "pages.way.cert", aside=True)
_LINES = Way("/lines", "pages.way.lines")
_LISTS = Way("/lists", "pages.way.lists", powers=("see",), kinds=("institution",))
_ACCOUNT = Way("/account", "pages.way.account", login=True, aside=True)
_NOTICES = Way("/notices", "pages.way.notices", powers=(NOTICES, OFFICE), aside=True)
_APPLICATIONS = Way("/applications", "pages.way.applications", powers=(CERTIFICATES,), aside=True)
_ISSUANCE = Way("/issuance", "pages.way.issuance", powers=(OFFICE, APPROVE), aside=True)
_CERTIFICATES = Way("/certificates", "pages.way.certificates", powers=(OFFICE, APPROVE), aside=True)
_ORDERS = Way("/orders", "pages.way.orders", powers=(OFFICE, APPROVE), aside=True)
_DELIVERIES = Way("/deliveries", "pages.way.deliveries", powers=(SEE,), kinds=("payer",))
_USERS = Way("/users", "pages.way.users", powers=(PEOPLE, ALL_PEOPLE), aside=True)
_MANDATES = Way("/mandates", "pages.way.mandates", powers=(MANDATES, ALL_MANDATES), aside=True)
_WEBHOOKS = Way("/webhooks", "pages.way.webhooks", powers=(CERTIFICATES,), kinds=("institution", "payer"), aside=True)
_API = Way("/api", "pages.way.api", aside=True)
_INQUIRIES = Way("/desk/inquiries", "pages.way.inquiries", powers=(OFFICE,))
_INCIDENTS = Way("/desk/incidents", "pages.way.incidents", powers=(OFFICE,))

#: The menus of both faces, in their order.
WAYS = {
    "desk": (
        _HOME,
        _SEND,
        _STATUS,
        _LISTS,
        _DELIVERIES,
        _DESK,
        _INQUIRIES,
        _INCIDENTS,
        _NOTICES,
        _APPLICATIONS,
        _ISSUANCE,
        _CERTIFICATES,
        _ORDERS,
        _ANNOUNCING,
        _USERS,
        _MANDATES,
        _WEBHOOKS,
        *(replace(way, aside=True) for way in (_FORMS, _HOW_BUSY, _CONTACT)),
        _ACCOUNT,
    ),
    "public": (
        _FRONT,
        _FAQ,
        _FORMS,
        _PREFECTURES,
        _CALENDAR,
        _LINES,
        _NEWS,
        _HOW_BUSY,
        _CONTACT,
        _CERT,
        _NOTICES,
        _APPLICATIONS,
        _ACCOUNT,
        _API,
    ),
}


def pages_of(
    face: str,
    office: Office,
    people: People,
    *,
    key: bytes,
    served: tuple[str, ...],
    hosts: tuple[str, ...] = (),
    external_url: str | None = None,
    lists: LineLists | None = None,
) -> Pages:
    """Return the pages of a face: `desk` or `public`.

    Shape: `key` makes tokens of forms; `served` are the review bodies here; `hosts` the names of the server;
    `lists` are the published lists of lines.
    """
    return Pages(
        face, office, people, key=key, served=served, hosts=hosts, ways=WAYS[face], external_url=external_url,
        lists=lists,
    )  # fmt: skip


def page_routes(
    pages: Pages,
    enrolling: Enrolling,
    *,
    paper: Callable[[], Paper] | None = None,
    network: Path | None = None,
    send_by: SendBy | None = None,
) -> list[Route]:
    """Return every route of a face's pages.

    Shape: `paper` returns what makes notices into paper; the desk has it. `network` is as in `faces.public`.
    `send_by` is as for `build_api`.
    """
    at_desk = []
    if pages.face == "desk" and paper is not None:
        at_desk = [
            *user_routes(pages),
            *issuance_routes(pages, enrolling, paper),
            *certificate_routes(pages),
            *order_routes(pages),
            *home_routes(pages),
            *send_routes(pages),
            *finding_routes(pages),
            *correct_routes(pages),
            *list_routes(pages),
            *status_routes(pages),
            *sending_routes(pages),
            *delivery_routes(pages, send_by),
            *desk_routes(pages),
            *announcement_routes(pages),
            *month_routes(pages),
            *wish_routes(pages),
            *request_routes(pages),
            *inquiry_routes(pages),
            *incident_routes(pages),
        ]
    return [
        pages.route("/", show_start, login=False),
        *site_routes(pages),
        *static_routes(),
        *account_routes(pages),
        *second_factor_routes(pages),
        *notice_routes(pages),
        *line_routes(pages, network),
        *application_routes(pages, enrolling),
        *(rule_routes(pages) if pages.face == "public" else ()),
        *form_routes(pages),
        *contact_routes(pages, network),
        *busy_routes(pages),
        *at_desk,
    ]
