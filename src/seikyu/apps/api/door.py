"""The door of a face: what happens to every request before and after the app behind it.

Here requests are counted and logged, the house is kept from filling up, a bug becomes a number, and a request that is
answered before its body has come is let down gently: the answer first, then a little patience, then the end.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import structlog
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from seikyu.apps.api.identity import IDENTITY
from seikyu.apps.api.problems import answer_bug, problem
from seikyu.apps.metrics import Metrics
from seikyu.limits import KIB, MIB
from seikyu.ports.trust import ClientIdentity

#: How long and how much an answered sender may go on before the line is closed; a close with unread bytes would
#: destroy the answer on its way (TCP resets then).
LINGER_S: Final = 2.0
LINGER_BYTES: Final = 64 * MIB

#: The rest of a body so short is simply read past, and the connection stays.
SMALL_BYTES: Final = 64 * KIB

#: What a request may be called in logs and counters; anything else is somebody's play.
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})

#: What a browser is told with every answer that does not say it itself: nothing of ours runs scripts, loads from
#: elsewhere, is shown within another page, is taken for another kind of file, or tells others where it was read.
PROTECTION: Final = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Not `no-referrer`: browsers then send `Origin: null` with forms, and a form of ours could not be told.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}

#: For two years a browser comes by TLS only. Not for `localhost`, where it would hold for every program of the machine.
ONLY_TLS: Final = (b"strict-transport-security", b"max-age=63072000")

#: Ids of the address that may stand in the log.
_IDS: Final = {"sending_id": "sending", "delivery_id": "delivery", "upload_id": "upload"}

log: Final = structlog.get_logger("seikyu.requests")


@dataclass(slots=True)
class Door:
    """An ASGI app around the app of one face."""

    app: ASGIApp
    face: str
    metrics: Metrics
    most: int
    idle_s: float
    inside: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through."""
        if scope["type"] != "http":
            return
        visit = Visit(receive, send, headers=Headers(scope=scope), idle_s=self.idle_s, tls=scope["scheme"] == "https")
        self.inside += 1
        try:
            await self._through(scope, visit)
        finally:
            self.inside -= 1
            self._note(scope, visit)

    async def _through(self, scope: Scope, visit: "Visit") -> None:
        request = Request(scope, visit.receive)
        try:
            if self.inside > self.most:
                answer: ASGIApp = problem(request, "busy", {"retry_after_s": 5})
            else:
                answer = self.app
            await answer(scope, visit.receive, visit.send)
        except asyncio.CancelledError:
            # The server stops and has waited long enough.
            if visit.status:
                raise
            await problem(request, "stopping", {"retry_after_s": 10})(scope, visit.receive, visit.send)
        except Exception as error:  # noqa: BLE001  (the door of an app: nothing may pass it but a number)
            if visit.ended:
                return  # It was answered within, as a bug, and is passed on only to be told.
            if visit.status:
                # The answer has begun and was cut: the reader sees that from its length, and fetches the rest.
                log.warning("answer_cut", error=type(error).__qualname__)
                raise ConnectionAbortedError from None
            answer = await answer_bug(request, error)
            await answer(scope, visit.receive, visit.send)

    def _note(self, scope: Scope, visit: "Visit") -> None:
        method = scope["method"] if scope["method"] in _METHODS else "?"
        self.metrics.requests.labels(self.face, method, str(visit.status)).inc()
        self.metrics.received.inc(visit.bytes_in)
        self.metrics.sent.inc(visit.bytes_out)
        route = getattr(scope.get("route"), "path", "?")
        if route == "/sendings" and method == "POST" and visit.answered_at and visit.body_at:
            self.metrics.latency.observe(visit.answered_at - visit.body_at)
        identity = scope.get("state", {}).get(IDENTITY)
        who = {"party": identity.party, "serial": identity.serial} if isinstance(identity, ClientIdentity) else {}
        params: dict[str, Any] = scope.get("path_params", {})
        ids = {known: params[name] for name, known in _IDS.items() if str(params.get(name, "/")).isalnum()}
        log.info(
            "request",
            face=self.face,
            method=method,
            route=route,
            status=visit.status,
            ms=round((time.monotonic() - visit.began_at) * 1000, 1),
            bytes_in=visit.bytes_in,
            bytes_out=visit.bytes_out,
            **who,
            **ids,
        )


class Visit:
    """One request and its answer, as they pass the door."""

    def __init__(
        self,
        receive: Receive,
        send: Send,
        *,
        headers: Headers,
        idle_s: float,
        tls: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._receive = receive
        self._send = send
        self._clock = clock
        self.began_at = clock()
        self.body_at = 0.0
        self.answered_at = 0.0
        self.status = 0
        self.ended = False
        self.bytes_in = 0
        self.bytes_out = 0
        own_name = headers.get("host", "").rsplit(":", 1)[0]
        self._only_tls = tls and own_name not in {"localhost", ""}
        length = headers.get("content-length", "0")
        stated = "transfer-encoding" not in headers and length.isdigit()
        self._body_done = stated and int(length) == 0
        self._small = stated and int(length) <= SMALL_BYTES
        self._idle_s = idle_s
        # Who waits for "100 Continue" sends nothing after an error and needs no patience.
        self._patience_s = 0.0 if "expect" in headers else LINGER_S
        self._closes = False

    async def receive(self) -> Message:
        """Pass on a piece of the request; a sender that falls silent in the middle of its body is gone."""
        try:
            # After the body there is only the line's end to wait for, and that may take as long as the answer.
            async with asyncio.timeout(None if self._body_done else self._idle_s):
                message = await self._receive()
        except TimeoutError:
            return {"type": "http.disconnect"}
        self.bytes_in += len(message.get("body", b""))
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            self._body_done = True
            self.body_at = self._clock()
        return message

    async def send(self, message: Message) -> None:
        """Pass on a piece of the answer; the last piece of an early one waits for the sender to fall silent."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.answered_at = self._clock()
            self._closes = self.status >= 400 and not (self._body_done or self._small)  # noqa: PLR2004  (the errors of HTTP)
            message = {**message, "headers": self._protected(list(message.get("headers", [])))}
        elif message["type"] == "http.response.body":
            self.bytes_out += len(message.get("body", b""))
            if self._closes and not message.get("more_body", False):
                await self._send({**message, "more_body": True})
                await self._linger()
                message = {"type": "http.response.body", "body": b""}
        await self._send(message)
        self.ended = message["type"] == "http.response.body" and not message.get("more_body", False)

    def _protected(self, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        said = {name.lower() for name, _ in headers}
        headers += [
            (name.encode("ascii"), value.encode("ascii"))
            for name, value in PROTECTION.items()
            if name.encode("ascii") not in said
        ]
        if self._only_tls and ONLY_TLS[0] not in said:
            headers.append(ONLY_TLS)
        if self._closes:
            headers.append((b"connection", b"close"))
        return headers

    async def _linger(self) -> None:
        began_bytes = self.bytes_in
        try:
            async with asyncio.timeout(self._patience_s):
                while not self._body_done and self.bytes_in - began_bytes < LINGER_BYTES:
                    await self.receive()
        except TimeoutError:
            pass
