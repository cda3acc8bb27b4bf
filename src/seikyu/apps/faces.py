"""The three faces of a server: the desk (client certificate), the public one (none), the inside (this machine only)."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from seikyu.apps import pki
from seikyu.apps.api.app import ROOT, build_api
from seikyu.apps.api.bell import Bell
from seikyu.apps.api.door import Door
from seikyu.apps.api.fetching import fetch_routes
from seikyu.apps.api.limiter import Turnstile
from seikyu.apps.api.ocsp import ocsp_routes
from seikyu.apps.api.problems import answer_bug, answer_http, answer_known, problem
from seikyu.apps.metrics import MEDIA_TYPE, Metrics
from seikyu.apps.notices_posted import Paper
from seikyu.apps.pages.certs.download import download_routes
from seikyu.apps.pages.certs.lost import lost_routes
from seikyu.apps.pages.lines.guides import guide_routes
from seikyu.apps.pages.public.api import api_routes
from seikyu.apps.pages.site import page_routes
from seikyu.apps.pages.visit import Pages
from seikyu.apps.pages.webhooks import webhook_routes
from seikyu.limits import limit
from seikyu.office.errors import OfficeError
from seikyu.ports.errors import SeikyuError
from seikyu.services.applications import Enrolling
from seikyu.services.office import Office
from seikyu.services.revocation import Responder
from seikyu.services.webhooks import Telling, nobody_listens
from seikyu.trust import UnknownCertificate
from seikyu.trust.certificates import BadRequestForCertificate
from seikyu.trust.codes import CodeMistyped
from seikyu.trust.passwords import PasswordRefused
from seikyu.trust.people import PeopleError

_HANDLERS: Final[Any] = {
    SeikyuError: answer_known,
    OfficeError: answer_known,
    UnknownCertificate: answer_known,
    PeopleError: answer_known,
    PasswordRefused: answer_known,
    CodeMistyped: answer_known,
    BadRequestForCertificate: answer_known,
    HTTPException: answer_http,
    Exception: answer_bug,
}


def desk(
    office: Office,
    enrolling: Enrolling,
    metrics: Metrics,
    *,
    pages: Pages,
    paper: Callable[[], Paper],
    network: Path | None = None,
    send_by: Callable[[Path], str] | None = None,
    telling: Telling | None = None,
    bell: Bell | None = None,
    more: Sequence[BaseRoute] = (),
) -> ASGIApp:
    """Return the desk: its pages, the API, and `more`.

    Shape: `paper` returns what makes issuance notices into paper; `network` is as in `public`. `send_by`, `telling` and
    `bell` are as for `build_api`.
    """
    routes = [
        Route("/healthz", healthy),
        *more,
        Mount(
            ROOT,
            build_api(
                office,
                enrolling,
                external_url=pages.external_url,
                send_by=send_by,
                telling=telling,
                bell=bell,
                network=network,
            ),
        ),
        *page_routes(pages, enrolling, paper=paper, network=network, send_by=send_by),
        *webhook_routes(pages, telling or Telling(enrolling.vault, post=nobody_listens)),
    ]
    app = Starlette(routes=routes, exception_handlers=_HANDLERS)
    return Door(app, face="desk", metrics=metrics, most=office.limit("connections"), idle_s=office.limit("idle_s"))


def public(
    office: Office,
    enrolling: Enrolling,
    metrics: Metrics,
    *,
    pages: Pages,
    given_out: Path,
    turnstile: Turnstile,
    network: Path | None = None,
    responder: Responder | None = None,
    more: Sequence[BaseRoute] = (),
) -> ASGIApp:
    """Return the public face: its pages, where certificates are fetched, what the CA gives out, and `more`.

    Shape: `turnstile` stands before whatever tries codes; `network` is the file by which the office publishes its
    network, if it is there.
    """

    async def file(request: Request) -> Response:
        name = request.path_params["name"]
        kind = pki.media_type(name)
        if kind is None:
            return problem(request, "not_found")
        try:
            content = await asyncio.to_thread((given_out / name).read_bytes)
        except FileNotFoundError:
            return problem(request, "not_found")
        headers = {"Cache-Control": f"max-age={pki.kept_s(name)}"}
        return Response(content, media_type=kind, headers=headers)

    routes = [
        Route("/healthz", healthy),
        *(ocsp_routes(responder, metrics) if responder else ()),
        *more,
        Route("/pki/{name}", file),
        *fetch_routes(enrolling, turnstile),
        *download_routes(pages, enrolling, turnstile.limiter),
        *lost_routes(pages, enrolling, turnstile.limiter),
        *guide_routes(pages, network),
        *api_routes(pages),
        *page_routes(pages, enrolling, network=network),
    ]
    app = Starlette(routes=routes, exception_handlers=_HANDLERS)
    return Door(app, face="public", metrics=metrics, most=office.limit("connections"), idle_s=office.limit("idle_s"))


def inside(office: Office, metrics: Metrics, *, working: Callable[[], bool]) -> ASGIApp:
    """Return the inside: the counters, and health in detail. `working` says whether the working process lives."""

    async def counters(request: Request) -> Response:
        del request
        return Response(await asyncio.to_thread(metrics.text), headers={"Content-Type": MEDIA_TYPE})

    async def health(request: Request) -> Response:
        told = await asyncio.to_thread(examine_house, office, working=working())
        status = 200 if told["status"] == "ok" else 503
        if "json" in request.headers.get("accept", ""):
            return JSONResponse(told, status)
        lines = [str(told["status"]), *(f"{name}: {value}" for name, value in told.items() if name != "status")]
        return PlainTextResponse("\n".join(lines) + "\n", status)

    routes = [Route("/metrics", counters), Route("/healthz", health)]
    app = Starlette(routes=routes, exception_handlers=_HANDLERS)
    return Door(app, face="inside", metrics=metrics, most=limit("connections"), idle_s=limit("idle_s"))


async def healthy(request: Request) -> Response:
    """Say that the face answers; whether the office is open is another matter."""
    del request
    return PlainTextResponse("ok")


def examine_house(office: Office, *, working: bool) -> dict[str, str | int]:
    """Look whether the parts of the house work: database, disk, queue, working process. It never raises."""
    told: dict[str, str | int] = {"status": "ok", "worker": "ok" if working else "stopped"}
    try:
        told["waiting"] = office.jobs.waiting()
        told["database"] = "ok"
    except Exception as error:  # noqa: BLE001  (what is wrong is the answer)
        told |= {"status": "failing", "database": type(error).__name__}
    try:
        told["free_bytes"] = office.objects.free_bytes()
        told["disk"] = "ok" if office.objects.free_bytes() > office.limit("free_bytes") else "full"
    except OSError as error:
        told["disk"] = type(error).__name__
    if told["disk"] != "ok":
        told["status"] = "failing"
    return told
