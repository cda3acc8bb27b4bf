"""The three faces of a server: the desk (client certificate), the public one (none), the inside (this machine only)."""

import asyncio
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from seikyu.apps import pki
from seikyu.apps.api.app import ROOT, build_api
from seikyu.apps.api.door import Door
from seikyu.apps.api.identity import who_asks
from seikyu.apps.api.ocsp import ocsp_routes
from seikyu.apps.api.problems import answer_bug, answer_http, answer_known, page, problem
from seikyu.apps.metrics import MEDIA_TYPE, Metrics
from seikyu.apps.pki import GIVEN_OUT
from seikyu.apps.words import Language, say
from seikyu.limits import limit
from seikyu.office.bodies import bodies
from seikyu.office.errors import OfficeError
from seikyu.ports.errors import SeikyuError
from seikyu.services.office import REAL, Office
from seikyu.services.revocation import Responder
from seikyu.trust import UnknownCertificate

_HANDLERS: Final[Any] = {
    SeikyuError: answer_known,
    OfficeError: answer_known,
    UnknownCertificate: answer_known,
    HTTPException: answer_http,
    Exception: answer_bug,
}


def desk(
    office: Office,
    metrics: Metrics,
    *,
    served: tuple[str, ...],
    external_url: str | None = None,
    send_by: Callable[[Path], str] | None = None,
) -> ASGIApp:
    """Return the desk: the page that says whether it is open, and the API. `send_by` is as for `build_api`."""

    async def front(request: Request) -> Response:
        await asyncio.to_thread(who_asks, office.store, office.clock, request.scope, tell=office.tell)
        texts = await asyncio.to_thread(_front_texts, office, served)
        return Response(page(texts["ja"][0], texts), media_type="text/html")

    routes = [
        Route("/", front),
        Route("/healthz", healthy),
        Mount(ROOT, build_api(office, external_url=external_url, send_by=send_by)),
    ]
    app = Starlette(routes=routes, exception_handlers=_HANDLERS)
    return Door(app, face="desk", metrics=metrics, most=office.limit("connections"), idle_s=office.limit("idle_s"))


def public(
    office: Office,
    metrics: Metrics,
    *,
    served: tuple[str, ...],
    given_out: Path,
    responder: Responder | None = None,
) -> ASGIApp:
    """Return the public face: whether the desk is open, the certificates and lists of the CA, and its responder."""

    async def front(request: Request) -> Response:
        del request
        texts = await asyncio.to_thread(_front_texts, office, served)
        links = tuple(f"/pki/{name}" for name in GIVEN_OUT)
        told: dict[Language, tuple[str, ...]] = {lang: (*each, *links) for lang, each in texts.items()}
        return Response(page(texts["ja"][0], told), media_type="text/html")

    async def file(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in GIVEN_OUT:
            return problem(request, "not_found")
        try:
            content = await asyncio.to_thread(pki.given_out, given_out, name)
        except FileNotFoundError:
            return problem(request, "not_found")
        headers = {"Cache-Control": f"max-age={pki.kept_s(name)}"}
        return Response(content, media_type=GIVEN_OUT[name], headers=headers)

    routes = [
        Route("/", front),
        Route("/healthz", healthy),
        *(ocsp_routes(responder, metrics) if responder else ()),
        Route("/pki/{name}", file),
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


def _front_texts(office: Office, served: tuple[str, ...]) -> dict[Language, tuple[str, ...]]:
    """Return what the front page says: whose desk it is, and whether it is open."""
    now = office.clock.now()
    opening = office.calendar().at(now, REAL)
    known = {each.id: each for each in bodies(date(now.year, now.month, now.day), test=True)}
    here = [known[body] for body in served if body in known]
    langs: tuple[Language, ...] = ("ja", "en")
    key = "always" if opening.open and opening.closes_at is None else "open" if opening.open else "closed"
    return {
        lang: (
            say("desk.title", lang),
            "、".join(each.ja for each in here) if lang == "ja" else ", ".join(each.en for each in here),
            say(f"desk.{key}", lang, closes_at=opening.closes_at, next_opens_at=opening.next_opens_at),
            say("desk.api", lang),
        )
        for lang in langs
    }
