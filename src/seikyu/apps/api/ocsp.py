"""Questions about certificates over HTTP (OCSP), by GET and by POST, on the face that needs no certificate.

An answer without a nonce may be kept by anybody in between until it ends; one with a nonce, or an error, by nobody.

Source: rfc6960:A.1, rfc5019:6.
"""

import asyncio
from base64 import b64decode
from binascii import Error as NotBase64
from email.utils import format_datetime
from hashlib import sha256
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from seikyu.apps.api.bodies import body_of, stated_length
from seikyu.apps.metrics import Metrics
from seikyu.limits import limit
from seikyu.ports.errors import TooLong
from seikyu.services.revocation import Answer, Responder
from seikyu.trust.status import OCSP_PATH

RESPONSE_TYPE: Final = "application/ocsp-response"


def ocsp_routes(responder: Responder, metrics: Metrics) -> list[Route]:
    """Return the routes of the responder."""
    places = asyncio.Semaphore(limit("ocsp_at_once"))

    async def told(question: bytes) -> Response:
        async with places:
            answer = await asyncio.to_thread(responder.answer, question)
        metrics.ocsp.labels(answer.word).inc()
        return Response(answer.der, media_type=RESPONSE_TYPE, headers=_headers(answer))

    async def by_post(request: Request) -> Response:
        most = limit("ocsp_request_bytes")
        stated_length(request.headers, limit_bytes=most)
        return await told(b"".join([piece async for piece in body_of(request, limit_bytes=most)]))

    async def by_get(request: Request) -> Response:
        text = request.path_params["question"]
        most = limit("ocsp_request_bytes")
        if len(text) > most:
            raise TooLong(limit_bytes=most)
        try:
            question = b64decode(text, validate=True)
        except (NotBase64, ValueError):
            question = b""  # no question either, and answered as such
        return await told(question)

    return [
        Route(OCSP_PATH, by_post, methods=["POST"]),
        Route(OCSP_PATH + "/{question:path}", by_get, methods=["GET"]),
    ]


def _headers(answer: Answer) -> dict[str, str]:
    """Return who may keep the answer, and how long."""
    if answer.period is None:
        return {"Cache-Control": "no-store"}
    return {
        "Cache-Control": f"max-age={answer.keep_s}, public, no-transform, must-revalidate",
        "Expires": format_datetime(answer.period.end, usegmt=True),
        "Last-Modified": format_datetime(answer.period.start, usegmt=True),
        "ETag": f'"{sha256(answer.der).hexdigest()}"',
    }
