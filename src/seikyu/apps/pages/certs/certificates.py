"""The operator's pages of certificates: look for them, show one, and revoke one or several.

Revoking cannot be taken back, so it is asked for twice: what was ticked is shown once more, with the reason. More than
ten at once become an order that a second person decides (`pages.certs.orders`). The person is who has logged in.
"""

from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from seikyu.adapters.clock import SystemClock
from seikyu.apps.pages.forms import NotFilledIn
from seikyu.apps.pages.visit import Pages, Visit
from seikyu.apps.revoking import by_user, certificate_on_wire, revoking_of
from seikyu.ports.errors import NotFound
from seikyu.ports.register import Certificate
from seikyu.services import revoke as services
from seikyu.services.find import Wanted, find_certificates
from seikyu.services.revoke import By, CertificateNotThere, PersonNeeded, TooManyToRevoke
from seikyu.trust.certificates import REASONS
from seikyu.trust.people import APPROVE, OFFICE, NotPermitted, permits
from seikyu.trust.revoking import serial_word

_PAGE: Final = 50
#: A hundred years: whoever asks for more asks for all.
_DAYS: Final = 36_525
_QUERY_CHARS: Final = 200
STATES: Final = ("valid", "expired", "revoked")

#: A certificate that was ticked, as its field is named.
TICKED: Final = "serial."

_TROUBLE: Final = (NotFilledIn, NotPermitted, CertificateNotThere, TooManyToRevoke, PersonNeeded)


def certificate_routes(pages: Pages) -> list[Route]:
    """Return the routes."""
    both = (OFFICE, APPROVE)
    return [
        pages.route("/certificates", show_list, powers=both),
        pages.route("/certificates/revoke", ask_to_revoke, post=True, powers=(OFFICE,)),
        pages.route("/certificates/revoke/now", do_revoke, post=True, powers=(OFFICE,)),
        pages.route("/certificates/{serial}", show_one, powers=both),
    ]


def show_list(visit: Visit) -> Response:
    """Show the certificates that are looked for."""
    return visit.show("certificates.html", **_found(visit))


def show_one(visit: Visit) -> Response:
    """Show one certificate."""
    row = _rows(visit, [_serial(str(visit.request.path_params["serial"]))])[0]
    return visit.show("certificate.html", certificate=_told(visit, row), reasons=_reasons(visit), may=_may(visit))


def ask_to_revoke(visit: Visit) -> Response:
    """Show what was ticked once more, and ask why it is revoked."""
    try:
        return visit.show("revoke.html", **_asked(visit, _ticked(visit)))
    except _TROUBLE as trouble:
        return visit.again("certificates.html", trouble, **_found(visit))


def do_revoke(visit: Visit) -> Response:
    """Revoke, or order it if there are many."""
    serials = _ticked(visit)
    revoking = revoking_of(visit.office.store, visit.office.tell)
    try:
        done = services.revoke(revoking, acting(visit), reason=_reason(visit), serials=serials)
    except _TROUBLE as trouble:
        return visit.again("revoke.html", trouble, **_asked(visit, serials))
    if done.order is not None:
        return visit.see(f"/orders/{done.order.id}?done={'repeat' if done.repeat else 'ordered'}")
    told = [_told(visit, row) for row in (*done.revoked, *done.already)]
    return visit.show("revoked.html", certificates=told, many=len(done.revoked), already=len(done.already))


def acting(visit: Visit) -> By:
    """Return who revokes: the user who has logged in."""
    with visit.office.store.read() as tx:
        return by_user(tx, visit.who)


def named_certificates(visit: Visit, serials: list[str]) -> list[dict[str, Any]]:
    """Return certificates as pages show them, in the order of their serials. Errors: CertificateNotThere."""
    return [_told(visit, row) for row in _rows(visit, serials)]


def _found(visit: Visit) -> dict[str, Any]:
    query = visit.request.query_params
    text, days = query.get("q", "")[:_QUERY_CHARS], query.get("days", "")
    party, state = query.get("party", "").strip()[:_QUERY_CHARS], query.get("state", "")
    within = int(days) if days.isascii() and days.isdecimal() and len(days) < len(str(_DAYS * 10)) else None
    wanted = Wanted(text, party or None, "", state if state in STATES else None, within)
    cursor = query.get("cursor") or None
    states = [(each, visit.say(f"pages.certs.state.{each}")) for each in STATES]
    page = find_certificates(visit.office.store, wanted, now=SystemClock().now(), limit=_PAGE, cursor=cursor)
    return {
        "items": [_told(visit, row) for row in page.items],
        "next_page": page.next,
        "q": text,
        "party": party,
        "state": state,
        "days": "" if within is None else days,
        "states": [("", visit.say("pages.notice.all")), *states],
        "may": _may(visit),
    }


def _asked(visit: Visit, serials: list[str]) -> dict[str, Any]:
    """Errors: NotFilledIn, if nothing was ticked; CertificateNotThere."""
    if not serials:
        raise NotFilledIn(said=visit.say("pages.certs.nothing_ticked"))
    rows = _rows(visit, serials)
    rules = revoking_of(visit.office.store).rules
    standing = sum(row.revoked_at is None for row in rows)
    return {
        "certificates": [_told(visit, row) for row in rows],
        "reasons": _reasons(visit),
        "standing": standing,
        "is_order": standing > rules.more_than,
        "more_than": rules.more_than,
        "hours": round(rules.waits.total_seconds() / 3600),
    }


def _ticked(visit: Visit) -> list[str]:
    """Return the serials that were ticked. Errors: NotFound, for what is none."""
    return [_serial(name.removeprefix(TICKED)) for name in visit.form if name.startswith(TICKED)]


def _serial(text: str) -> str:
    """Errors: NotFound, for what has not the form of a serial."""
    try:
        return serial_word(text)
    except ValueError:
        raise NotFound("no such certificate") from None


def _reason(visit: Visit) -> str:
    """Errors: NotFilledIn, for what is no reason."""
    reason = visit.typed("reason")
    if reason not in REASONS:
        raise NotFilledIn(said=visit.say("pages.certs.no_reason"))
    return reason


def _reasons(visit: Visit) -> list[tuple[str, str]]:
    return [("", visit.say("pages.certs.choose_reason")), *((each, reason_said(visit, each)) for each in REASONS)]


def reason_said(visit: Visit, reason: str) -> str:
    """Return a reason in words."""
    return visit.say(f"pages.certs.reason.{reason}")


def _rows(visit: Visit, serials: list[str]) -> list[Certificate]:
    """Errors: NotFound."""
    with visit.office.store.read() as tx:
        found = tx.certificates_named(serials)
    if len(found) < len(set(serials)):
        raise NotFound("no such certificate")
    return found


def _told(visit: Visit, row: Certificate) -> dict[str, Any]:
    told = certificate_on_wire(row)
    with visit.office.store.read() as tx:
        party = tx.party(row.party)
    return told | {
        "party_name": party.name if party else "",
        "state_said": visit.say(f"pages.certs.state.{told['state']}"),
        "reason_said": reason_said(visit, row.reason) if row.reason and row.reason in REASONS else (row.reason or ""),
        "stands": row.revoked_at is None,
    }


def _may(visit: Visit) -> bool:
    return permits(visit.who, OFFICE)
