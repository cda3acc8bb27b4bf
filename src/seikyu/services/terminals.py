"""What a party sees of its certificates, applications and notices: by terminal, with the days that are left."""

from datetime import timedelta
from typing import Any, Final

from seikyu.ports.enrolment import Application, IssuanceNotice
from seikyu.ports.errors import BadRequest, NotFound
from seikyu.ports.register import Certificate
from seikyu.ports.store import ReadTx
from seikyu.ports.trust import ClientIdentity
from seikyu.services.applications import Enrolling, Opened, list_applications
from seikyu.services.show import Page
from seikyu.trust.codes import grouped
from seikyu.trust.enrolment import Purpose, days_left, is_warned_of, renewal_due
from seikyu.trust.people import Actor

#: The states of a certificate. `ending`: a newer one has taken over, and it is revoked by itself at `ends_at`.
GOOD: Final = "good"
ENDING: Final = "ending"
EXPIRED: Final = "expired"
REVOKED: Final = "revoked"


def holder_of(identity: ClientIdentity) -> Actor:
    """Return who acts with a certificate and without a login, for the journal."""
    return Actor(f"(certificate {identity.serial})", identity.party, "", "")


def list_certificates(enrolling: Enrolling, identity: ClientIdentity, *, limit: int, cursor: str | None = None) -> Page:
    """Return the certificates of the asker's party, newest first, the ended ones too."""
    with enrolling.store.read() as tx:
        rows = tx.certificates(party=identity.party)
        rows.sort(key=lambda row: (row.issued_at, row.serial), reverse=True)
        behind = next((at for at, row in enumerate(rows, 1) if row.serial == cursor), len(rows) if cursor else 0)
        page, rest = rows[behind : behind + limit], rows[behind + limit :]
        items = [_certificate(tx, enrolling, row) | {"in_hand": row.serial == identity.serial} for row in page]
    return Page(items, page[-1].serial if rest else None)


def own_certificate(enrolling: Enrolling, identity: ClientIdentity) -> dict[str, Any]:
    """Return the certificate in hand as it is shown, with what the client should do about its end.

    `warn`: its days are to be pointed out; `renew`: it is time to renew. Errors: NotFound, if it has just gone.
    """
    now = enrolling.clock.now()
    with enrolling.store.read() as tx:
        row = tx.certificate(identity.serial)
        if row is None:
            raise NotFound("no such certificate")
        told = _certificate(tx, enrolling, row)
    return told | {
        "in_hand": True,
        "warn": is_warned_of(row.not_after, now, rules=enrolling.rules),
        "renew": renewal_due(row.issued_at, row.not_after, now, rules=enrolling.rules),
    }


def count_ending(enrolling: Enrolling) -> int:
    """Return how many certificates end soon (30 days) that nobody has renewed."""
    now = enrolling.clock.now()
    with enrolling.store.read() as tx:
        return tx.count_ending(now, now + timedelta(days=enrolling.rules.ending_days))


def page_of_applications(
    enrolling: Enrolling, *, party: str | None = None, state: str | None = None, limit: int, cursor: str | None = None
) -> Page:
    """Return applications as they are shown, newest first; of every party without `party`. Errors: BadRequest."""
    found = list_applications(enrolling, party=party, state=state, after=cursor, limit=limit + 1)
    page, rest = found[:limit], found[limit:]
    return Page([application_view(enrolling, each) for each in page], page[-1].id if rest else None)


def application_view(enrolling: Enrolling, application: Application) -> dict[str, Any]:
    """Return an application as it is shown. `open_until`: so long its notice can be used, if it has become one."""
    with enrolling.store.read() as tx:
        notice = tx.issuance_notice(application.notice) if application.notice else None
        party = tx.party(application.party)
    return {
        "id": application.id,
        "party": application.party,
        "party_name": party.name if party else "",
        "terminal": application.terminal,
        "purpose": application.purpose,
        "hosts": application.hosts.split(),
        "contact": application.contact,
        "state": application.state,
        "filed_at": application.filed_at,
        "decided_at": application.decided_at,
        "reason": application.reason,
        "notice": application.notice,
        "open_until": notice.opened_at + enrolling.rules.open_for if notice and notice.ended_at is None else None,
    }


def list_issuance_notices(enrolling: Enrolling, *, party: str) -> list[dict[str, Any]]:
    """Return the notices of a party as the operator sees them, newest first. None of their secrets is among it.

    Errors: BadRequest without a party.
    """
    if not party:
        raise BadRequest("say whose notices", parameter="party")
    with enrolling.store.read() as tx:
        found = tx.issuance_notices(party)
    return [issuance_view(enrolling, each) for each in reversed(found)]


def issuance_view(enrolling: Enrolling, notice: IssuanceNotice) -> dict[str, Any]:
    """Return a notice as the operator sees it: without PIN, recovery code and binding, which nobody has any more."""
    return {
        "id": notice.id,
        "reference": grouped("reference", notice.reference),
        "party": notice.party,
        "terminal": notice.terminal,
        "purpose": notice.purpose,
        "hosts": notice.hosts.split(),
        "issued_at": notice.issued_at,
        "opened_at": notice.opened_at,
        "open_until": notice.opened_at + enrolling.rules.open_for,
        "failed": notice.failed,
        "locked_until": notice.locked_until,
        "ended_at": notice.ended_at,
    }


def opened_view(enrolling: Enrolling, opened: Opened) -> dict[str, Any]:
    """Return a notice with its codes, to be told this once; the binding of an ACME account is for servers only."""
    server = opened.notice.purpose == Purpose.SERVER
    return issuance_view(enrolling, opened.notice) | {
        "pin": opened.pin,
        "recovery": opened.recovery,
        "kid": opened.notice.reference if server else None,
        "binding": opened.binding if server else None,
    }


def _certificate(tx: ReadTx, enrolling: Enrolling, row: Certificate) -> dict[str, Any]:
    issued = tx.issued(row.serial)
    now = enrolling.clock.now()
    ends_at = issued.superseded_at if issued else None
    state = REVOKED if row.revoked_at else EXPIRED if row.not_after <= now else ENDING if ends_at else GOOD
    return {
        "serial": row.serial,
        "terminal": row.terminal,
        "state": state,
        "issued_at": row.issued_at,
        "not_after": row.not_after,
        "days_left": days_left(row.not_after, now),
        "ends_at": ends_at,
        "revoked_at": row.revoked_at,
        "reason": row.reason,
        "way": issued.way if issued else "",
    }
