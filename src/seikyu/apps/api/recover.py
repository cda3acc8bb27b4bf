"""What a machine without a certificate may ask: where the desk is, to be approved by another terminal, to be shut out.

On the face that needs no certificate. Secrets come in headers and bodies, never in addresses, and no answer with one
may be kept by anybody in between. Codes are tried behind the turnstile; how many may ask to be approved from one
address, and how often they may look, has limits of its own.

A certificate by reference number and PIN or recovery code is EST's to give (`/.well-known/est/simpleenroll`).
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from seikyu.adapters.authority import pem_of
from seikyu.apps.api.bodies import body_of, stated_length
from seikyu.apps.api.limiter import Limiter, Turnstile
from seikyu.limits import limit
from seikyu.ports.errors import BadRequest
from seikyu.services import pairing
from seikyu.services.applications import Enrolling
from seikyu.services.issuing import Handed, Proof, report_lost
from seikyu.services.pairing import PairingOver

#: Where all of this stands.
RECOVER: Final = "/recover"

_BEARER: Final = re.compile(r"Bearer ([A-Za-z0-9_-]{43})", re.IGNORECASE)
_NO_STORE: Final = {"Cache-Control": "no-store"}

Form = TypeVar("Form")


class PairingAsked(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A new machine asks to be approved. Shape: `request` is a certification request (PEM)."""

    party: str
    terminal: str
    request: str


class LostAsked(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A terminal is lost: what stands on its notice."""

    reference: str
    recovery: str


def recover_routes(
    enrolling: Enrolling, *, codes: Turnstile, desk: Callable[[], str | None], pairings_per_address: int
) -> list[Route]:
    """Return the routes. `desk` says where the desk is; `codes` is the turnstile of this face."""
    window_s = enrolling.rules.pairing_for.total_seconds()
    places = {"at_once": limit("codes_at_once"), "waiting": limit("codes_waiting")}
    asking = Turnstile(Limiter(most=pairings_per_address, window_s=window_s), **places)
    looking = Turnstile(Limiter(most=limit("pairing_looks_per_address"), window_s=window_s), **places)

    async def office(request: Request) -> JSONResponse:
        del request
        return JSONResponse({"desk": desk()}, headers=_NO_STORE)

    async def ask(request: Request) -> JSONResponse:
        asked = await _read(request, PairingAsked)
        waits = await asking.through(
            request,
            lambda: pairing.ask(
                enrolling, party=asked.party, terminal=asked.terminal, request=asked.request.encode("utf-8", "replace")
            ),
        )
        told = {"secret": waits.secret, "pairing_code": waits.pairing_code, "until": waits.until.isoformat()}
        return JSONResponse(told, 201, headers=_NO_STORE)

    async def collect(request: Request) -> JSONResponse:
        shown = _BEARER.fullmatch(request.headers.get("authorization", "").strip())
        if shown is None:
            raise PairingOver("no secret is shown")
        found = await looking.through(request, lambda: pairing.collect(enrolling, shown[1]))
        return JSONResponse(_collected(found), headers=_NO_STORE)

    async def lost(request: Request) -> JSONResponse:
        asked = await _read(request, LostAsked)
        proof = Proof(asked.reference, asked.recovery)
        revoked = await codes.through(request, lambda: report_lost(enrolling, proof))
        return JSONResponse({"revoked": revoked}, headers=_NO_STORE)

    return [
        Route(f"{RECOVER}/office", office, methods=["GET"]),
        Route(f"{RECOVER}/pairings", ask, methods=["POST"]),
        Route(f"{RECOVER}/pairings", collect, methods=["GET"]),
        Route(f"{RECOVER}/lost", lost, methods=["POST"]),
    ]


def _collected(found: Handed | datetime) -> dict[str, Any]:
    if isinstance(found, datetime):
        return {"state": "waiting", "until": found.isoformat()}
    return {
        "state": "approved",
        "serial": found.serial,
        "not_after": found.not_after.isoformat(),
        "certificate": pem_of([found.der]).decode("ascii"),
        "chain": pem_of(found.chain).decode("ascii"),
    }


async def _read(request: Request, form: type[Form]) -> Form:
    """Return the body of a request. Errors: BadRequest; TooLong; LineBroken."""
    most = limit("json_bytes")
    stated_length(request.headers, limit_bytes=most)
    body = b"".join([piece async for piece in body_of(request, limit_bytes=most)])
    try:
        return msgspec.json.decode(body, type=form)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # What is wrong is not quoted: there may be a code in it.
        raise BadRequest("the body is not the JSON object that is asked for", parameter="body") from None
