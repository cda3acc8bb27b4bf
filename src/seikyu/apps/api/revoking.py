"""Certificates as the operator sees them: looked for, revoked, and orders to revoke many that a second person decides.

Here a person is the terminal of an operator's certificate; decision 0020 says why.
"""

import asyncio
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse

from seikyu.adapters.clock import SystemClock
from seikyu.apps.acts import NAME_CHARS
from seikyu.apps.api.admin import PARTY_FORM, Asked, operator_only
from seikyu.apps.api.paging import PAGE, Asker, Cursor, PageLimit, TheOffice, problems
from seikyu.apps.revoking import (
    by_certificate,
    certificate_on_wire,
    certificates_on_wire,
    one_of,
    order_on_wire,
    revoked_on_wire,
    revoking_of,
)
from seikyu.limits import limit as most
from seikyu.ports.errors import BadRequest, NotFound
from seikyu.ports.trust import ClientIdentity
from seikyu.services import revoke as services
from seikyu.services.find import Wanted, find_certificates
from seikyu.services.office import Office

router: Final = APIRouter(
    prefix="/admin", tags=["admin"], dependencies=[Depends(operator_only)], responses=problems(404, 409, 422)
)

SERIAL_FORM: Final = r"^[0-9a-f]{1,40}$"
#: A hundred years: whoever asks for more asks for all.
_DAYS: Final = 36_525

SerialPath = Annotated[str, Path(pattern=SERIAL_FORM)]
OrderPath = Annotated[str, Path(pattern=r"^[0-9a-z]{1,40}$")]
CertificateState = Literal["valid", "expired", "revoked"]
OrderState = Literal["waiting", "approved", "denied", "lapsed"]
Reason = Literal[
    "unspecified",
    "key_compromise",
    "affiliation_changed",
    "superseded",
    "cessation_of_operation",
    "privilege_withdrawn",
]


class ReasonAsked(Asked):
    """Why a certificate is revoked."""

    reason: Reason = "unspecified"


class RevocationAsked(Asked):
    """What is revoked at once: these certificates, or all of a party that still hold; and why."""

    serials: Annotated[
        tuple[Annotated[str, Field(pattern=SERIAL_FORM)], ...], Field(max_length=most("serials_asked"))
    ] = ()
    party: Annotated[str | None, Field(pattern=PARTY_FORM)] = None
    reason: Reason = "unspecified"


class CertificatesAsked(BaseModel):
    """Which certificates are looked for, and which page of them."""

    q: Annotated[str, Field(max_length=NAME_CHARS, description="a party's id, a serial, or a part of a name")] = ""
    party: Annotated[str | None, Field(pattern=PARTY_FORM)] = None
    terminal: Annotated[str, Field(max_length=NAME_CHARS, description="how its name begins")] = ""
    state: CertificateState | None = None
    expires_within_days: Annotated[int | None, Field(ge=0, le=_DAYS, description="and still good")] = None
    limit: Annotated[int, Field(ge=1, le=most("page_items"), description="how many items a page holds")] = PAGE
    cursor: Annotated[str | None, Field(pattern=SERIAL_FORM, description="`next` of the page before")] = None


@router.get("/certificates")
def certificates(office: TheOffice, asked: Annotated[CertificatesAsked, Query()]) -> dict[str, Any]:
    """List certificates, newest first if nothing is asked; those that end soon, soonest first."""
    wanted = Wanted(asked.q, asked.party, asked.terminal, asked.state, asked.expires_within_days)
    now = SystemClock().now()
    return certificates_on_wire(
        find_certificates(office.store, wanted, now=now, limit=asked.limit, cursor=asked.cursor)
    )


@router.get("/certificates/{serial}")
def certificate(office: TheOffice, serial: SerialPath) -> dict[str, Any]:
    """Show one certificate, revoked or not."""
    with office.store.read() as tx:
        found = tx.certificate(serial)
    if found is None:
        raise NotFound("no such certificate")
    return certificate_on_wire(found)


@router.post("/certificates/{serial}/revoke")
def revoke(office: TheOffice, asker: Asker, serial: SerialPath, asked: ReasonAsked) -> dict[str, Any]:
    """Revoke a certificate; from the next request on it is nobody's."""
    revoking = revoking_of(office.store, office.tell)
    by = by_certificate(office.store, asker)
    return certificate_on_wire(one_of(services.revoke(revoking, by, reason=asked.reason, serials=[serial])))


@router.post("/revocations", responses={202: {"description": "ordered: a second person decides"}})
async def revoke_many(office: TheOffice, asker: Asker, asked: RevocationAsked) -> JSONResponse:
    """Revoke certificates; more than ten at once are an order, which another operator's certificate approves."""
    if bool(asked.serials) == (asked.party is not None):
        raise BadRequest("either serials or a party", parameter="serials")
    told = await asyncio.to_thread(_revoke_many, office, asker, asked)
    return JSONResponse(told, 202 if told["order"] else 200)


@router.get("/orders")
def list_orders(
    office: TheOffice,
    state: Annotated[OrderState | None, Query()] = None,
    limit: PageLimit = PAGE,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """List orders to revoke, newest first; with a state a page may be shorter than asked."""
    revoking = revoking_of(office.store)
    found = services.list_orders(revoking, after=cursor, limit=limit + 1)
    items = [order_on_wire(order, revoking) for order in found[:limit] if state in {None, order.state}]
    return {"items": items, "next": found[limit - 1].id if len(found) > limit else None}


@router.get("/orders/{order_id}")
def show_order(office: TheOffice, order_id: OrderPath) -> dict[str, Any]:
    """Show an order with the serials that it names."""
    revoking = revoking_of(office.store)
    found, serials = services.show_order(revoking, order_id)
    return order_on_wire(found, revoking) | {"serials": serials}


@router.post("/orders/{order_id}/approve")
def approve_order(office: TheOffice, asker: Asker, order_id: OrderPath) -> dict[str, Any]:
    """Put an order in force, with the certificate of another terminal than it was given with."""
    revoking = revoking_of(office.store, office.tell)
    return order_on_wire(services.approve_order(revoking, by_certificate(office.store, asker), order_id), revoking)


@router.post("/orders/{order_id}/deny")
def deny_order(office: TheOffice, asker: Asker, order_id: OrderPath) -> dict[str, Any]:
    """Turn an order down."""
    revoking = revoking_of(office.store, office.tell)
    return order_on_wire(services.deny_order(revoking, by_certificate(office.store, asker), order_id), revoking)


def _revoke_many(office: Office, asker: ClientIdentity, asked: RevocationAsked) -> dict[str, Any]:
    revoking = revoking_of(office.store, office.tell)
    by = by_certificate(office.store, asker)
    done = services.revoke(revoking, by, reason=asked.reason, serials=asked.serials, party=asked.party)
    return revoked_on_wire(done, revoking)
