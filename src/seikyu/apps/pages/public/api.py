"""The page of the API on the public face: its description for programs, and the same for people, without scripts."""

import gzip
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from seikyu.apps.api.app import ROOT, described
from seikyu.apps.outcomes import OUTCOMES
from seikyu.apps.pages.frame import HEADERS
from seikyu.apps.pages.visit import Pages, Visit
from seikyu.apps.reference_api import may_be
from seikyu.apps.words import Language, error_words

_KEPT_S: Final = 3600


def api_routes(pages: Pages) -> list[Route]:
    """Return the routes of the public face. The description is made once: it does not change while we run."""

    @lru_cache(maxsize=1)
    def told() -> dict[str, Any]:
        return described(pages.office.store, pages.office.clock) | {"servers": [{"url": ROOT}]}

    async def openapi(request: Request) -> Response:
        del request
        body = json.dumps(told(), ensure_ascii=False, separators=(",", ":"))
        headers = {**HEADERS, "Cache-Control": f"public, max-age={_KEPT_S}", "Access-Control-Allow-Origin": "*"}
        return Response(body, 200, headers, "application/json")

    def show(visit: Visit) -> Response:
        page = visit.show("public/api.html", root=ROOT, tags=_by_tag(told()), codes=_codes(visit.lang))
        return _packed(page) if "gzip" in visit.request.headers.get("accept-encoding", "") else page

    return [
        pages.route("/api", show, login=False),
        Route("/api/openapi.json", openapi, methods=["GET"]),
    ]


def _packed(page: Response) -> Response:
    """Return the page packed: it is the longest that we have, and holds no secret that its length could tell."""
    page.body = gzip.compress(page.body, mtime=0)
    page.headers["Content-Length"] = str(len(page.body))
    page.headers["Content-Encoding"] = "gzip"
    page.headers.append("Vary", "Accept-Encoding")
    return page


def _by_tag(told: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the routes of each part of the API."""
    parts: dict[str, list[dict[str, Any]]] = {}
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            parts.setdefault(operation.get("tags", ["api"])[0], []).append(_route(method, path, operation))
    return parts


def _route(method: str, path: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "method": method.upper(),
        "path": path,
        "id": operation["operationId"],
        "text": operation.get("description", ""),
        "parameters": [
            {
                "name": each["name"],
                "in": each["in"],
                "needed": each.get("required", False),
                "may_be": may_be(each["schema"]).replace("`", "").replace("\\|", "|"),
                "text": each.get("description", ""),
            }
            for each in operation.get("parameters", [])
        ],
        "answers": sorted(operation["responses"]),
    }


def _codes(lang: Language) -> list[dict[str, Any]]:
    return [
        {"code": each.code, "status": int(each.status), "retry": each.retry, "words": error_words(each.code, lang)}
        for each in OUTCOMES.values()
    ]
