"""The API as one app: routes, who may pass, how errors look, and its description."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from seikyu import VERSION
from seikyu.apps.api import (
    admin,
    arrivals,
    certificates,
    contact,
    corrections,
    deliveries,
    events,
    lists,
    news,
    notices,
    operating,
    pairings,
    register,
    revoking,
    sendings,
    site,
    today,
    undoing,
    webhooks,
)
from seikyu.apps.api.bell import Bell
from seikyu.apps.api.bodies import SmallBodies
from seikyu.apps.api.identity import Admit, Identified
from seikyu.apps.api.paging import ENROLLING, EXTERNAL_URL, OFFICE, SEND_BY
from seikyu.apps.api.problems import answer_bug, answer_http, answer_known, answer_unread
from seikyu.apps.status_told import Outlook
from seikyu.limits import limit
from seikyu.office.errors import OfficeError
from seikyu.ports.clock import Clock
from seikyu.ports.errors import SeikyuError
from seikyu.ports.store import Store
from seikyu.services.admission import admit
from seikyu.services.applications import Enrolling
from seikyu.services.office import Office, Tell, silent
from seikyu.services.webhooks import Telling, nobody_listens
from seikyu.trust import UnknownCertificate
from seikyu.trust.certificates import BadRequestForCertificate
from seikyu.trust.codes import CodeMistyped
from seikyu.trust.people import PeopleError

#: Where the desk mounts it.
ROOT: Final = "/api/v1"

DESCRIPTION: Final = """The desk of an online claims system. Every request shows a client certificate of a registered
party; what belongs to another party is not found. Errors are problems (RFC 9457) in Japanese or English by
Accept-Language, each with a stable `code`. Lists are pages, newest first; `next` is the cursor of the next one."""


def build_api(
    office: Office,
    enrolling: Enrolling,
    *,
    external_url: str | None = None,
    send_by: Callable[[Path], str] | None = None,
    telling: Telling | None = None,
    bell: Bell | None = None,
    network: Path | None = None,
) -> FastAPI:
    """Return the API of an office. `external_url` is how the outside names this desk, if not by the request's host.

    Shape: `send_by` names a file as a front server does that sends the bytes of deliveries; `telling` is what webhooks
    need, and without it none can be told; `bell` wakes who waits for events; `network`
    is the file by which the office publishes its network.
    """
    most = office.limit("requests_per_party")
    app = _app(
        office.store, office.clock, most=most, external_url=external_url, tell=office.tell,
        admit=partial(admit, office) if office.admission else None,
    )  # fmt: skip
    setattr(app.state, OFFICE, office)
    setattr(app.state, ENROLLING, enrolling)
    setattr(app.state, SEND_BY, send_by)
    setattr(app.state, EXTERNAL_URL, external_url)
    setattr(app.state, webhooks.TELLING, telling or Telling(enrolling.vault, post=nobody_listens))
    setattr(app.state, events.BELL, bell or Bell(office.store))
    setattr(app.state, contact.OUTLOOK, Outlook(office))
    setattr(app.state, contact.NETWORK, network)
    return app


def described(store: Store, clock: Clock) -> dict[str, Any]:
    """Return the description of the API (OpenAPI 3.1)."""
    return _app(store, clock, most=limit("requests_per_party")).openapi()


def _app(
    store: Store,
    clock: Clock,
    *,
    most: int,
    external_url: str | None = None,
    tell: Tell = silent,
    admit: Admit | None = None,
) -> FastAPI:
    app = FastAPI(
        title="seikyu",
        version=VERSION,
        description=DESCRIPTION,
        docs_url=None,  # the usual pages load their scripts from the Internet, which a closed line does not have
        redoc_url=None,
        openapi_url="/openapi.json",
        generate_unique_id_function=lambda route: route.name,
        exception_handlers={
            SeikyuError: answer_known,
            OfficeError: answer_known,
            UnknownCertificate: answer_known,
            PeopleError: answer_known,
            CodeMistyped: answer_known,
            BadRequestForCertificate: answer_known,
            HTTPException: answer_http,
            RequestValidationError: answer_unread,
            Exception: answer_bug,
        },
    )
    app.include_router(lists.router)  # its fixed names come before the ids of the ones below
    app.include_router(sendings.router)
    app.include_router(corrections.router)
    app.include_router(today.router)
    app.include_router(arrivals.router)
    app.include_router(deliveries.router)
    app.include_router(notices.router)
    app.include_router(events.router)
    app.include_router(webhooks.router)
    app.include_router(certificates.router)
    app.include_router(pairings.router)
    app.include_router(certificates.admin_router)  # its fixed names come before the serials of the one below
    app.include_router(undoing.router)
    app.include_router(operating.router)
    app.include_router(admin.router)
    app.include_router(revoking.router)
    app.include_router(register.router)
    app.include_router(notices.admin_router)
    app.include_router(news.router)
    app.include_router(news.admin_router)
    app.include_router(site.router)
    app.include_router(contact.router)
    app.include_router(contact.admin_router)
    app.add_middleware(SmallBodies, root=ROOT)
    open_paths = frozenset({f"{ROOT}/openapi.json", "/openapi.json"})
    app.add_middleware(
        Identified, store=store, clock=clock, open_paths=open_paths, most=most, external_url=external_url, tell=tell,
        admit=admit,
    )  # fmt: skip
    describe = app.openapi
    app.openapi = lambda: _described(describe())  # type: ignore[method-assign]  # as the library's own guide does
    return app


def _described(told: dict[str, Any]) -> dict[str, Any]:
    """Return the description with errors in the one form that they have: the library's own is never sent."""
    form = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for methods in told["paths"].values():
        for operation in methods.values():
            answers = operation["responses"]
            if "HTTPValidationError" in str(answers.get("422")):
                del answers["422"]
            for status in answers:
                if status >= "400":
                    answers[status]["content"] = form
    for name in ("HTTPValidationError", "ValidationError"):
        told["components"]["schemas"].pop(name, None)
    return told
