"""The certificate download site (`/cert/`): reference number and PIN in, a certificate out. No certificate is needed.

A certificate is made for a key of the terminal's own (a certification request), or together with a new key as one file
(PKCS#12). The office keeps nobody's private key, so what the file will hold is settled before it is made, and travels
in a sealed ticket with the page that shows its password: pressed again, the button gives the same key, certificate and
password, until the ticket is over. Nothing of it stays here. A PIN is typed once and stands in no page.
"""

import asyncio
import hashlib
import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, get_args

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from seikyu.adapters.authority import KEY_CHANCE_BYTES, key_from
from seikyu.adapters.tickets import Tickets
from seikyu.apps.api.fetching import chain_file, key_file
from seikyu.apps.api.limiter import Limiter
from seikyu.apps.api.problems import Known, facts_of
from seikyu.apps.drawing.issuance import grouped_hex
from seikyu.apps.pages.frame import HEADERS
from seikyu.apps.pages.visit import Page, Pages, Visit
from seikyu.limits import limit
from seikyu.ports.enrolment import IssuanceNotice
from seikyu.services.applications import Enrolling
from seikyu.services.issuing import Proof, fetch_looked_at, look
from seikyu.trust.certificates import BadRequestForCertificate, asked_by, asked_for
from seikyu.trust.codes import CHANCE_BYTES, grouped, make_code
from seikyu.trust.enrolment import Purpose

PATH: Final = "/cert/"

#: Errors that have a text of their own.
_KNOWN: Final = get_args(Known)

#: What a ticket is good for.
_LOOKED: Final = "looked"
_FILE: Final = "file"

#: Systems that the site tells how to take a certificate in, in the order of the page.
SYSTEMS: Final = ("windows", "macos", "linux", "firefox")
STEPS: Final = 4


def download_routes(pages: Pages, enrolling: Enrolling, limiter: Limiter) -> list[Route]:
    """Return the pages of the site."""
    site = _Site(enrolling, limiter)
    return [
        Route("/cert", _with_slash, methods=["GET"]),
        Route("/cert/root.crt", site.root, methods=["GET"]),
        pages.route(PATH, site.enter, login=False),
        pages.route("/cert/import", site.tell_import, login=False),
        pages.route("/cert/open", site.guarded(site.open), post=True, login=False, hard=True),
        pages.route("/cert/password", site.guarded(site.password), post=True, login=False),
        pages.route("/cert/file", site.guarded(site.file), post=True, login=False),
        pages.route("/cert/request", site.guarded(site.request), post=True, login=False),
    ]


async def _with_slash(request: Request) -> Response:
    del request
    return RedirectResponse(PATH, 308, dict(HEADERS))


@dataclass(frozen=True, slots=True)
class _Site:
    """The pages, and what they need."""

    enrolling: Enrolling
    limiter: Limiter
    tickets: Tickets = field(default_factory=Tickets)

    def guarded(self, page: Page) -> Page:
        """Return a page that begins anew, with what was wrong, if it cannot go on. What was typed is not shown."""

        def run(visit: Visit) -> Response:
            try:
                return page(visit)
            except _KNOWN as error:
                facts = facts_of(error)
                answer = visit.again("cert_enter.html", error, typed={})
                if "retry_after_s" in facts:
                    answer.headers["Retry-After"] = str(facts["retry_after_s"])
                return answer

        return run

    def enter(self, visit: Visit) -> Response:
        """Ask for reference number and PIN."""
        return visit.show("cert_enter.html")

    def tell_import(self, visit: Visit) -> Response:
        """Tell how a certificate is taken in."""
        fingerprint = grouped_hex(hashlib.sha256(self.enrolling.authority.chain()[-1]).hexdigest())
        return visit.show("cert_import.html", systems=SYSTEMS, steps=range(1, STEPS + 1), fingerprint=fingerprint)

    async def root(self, request: Request) -> Response:
        """Hand out the root certificate as systems take it in by a double click."""
        del request
        der = (await asyncio.to_thread(self.enrolling.authority.chain))[-1]
        headers = {"Content-Disposition": 'attachment; filename="root.crt"', "X-Content-Type-Options": "nosniff"}
        return Response(der, 200, headers, "application/x-x509-ca-cert")

    def open(self, visit: Visit) -> Response:
        """Show for whom and for which terminal the notice is, and the ways to go on."""
        self.limiter.take(visit.address)
        notice = look(self.enrolling, Proof(visit.typed("reference"), visit.typed("pin")))
        return self._choices(visit, notice)

    def password(self, visit: Visit) -> Response:
        """Show the password of the file that the next button makes; it is shown this once."""
        looked = self._opened(visit, _LOOKED)
        password = grouped("file_password", make_code("file_password", os.urandom(CHANCE_BYTES)))
        sealed = self._sealed(
            visit, _FILE, looked | {"password": password, "chance": os.urandom(KEY_CHANCE_BYTES).hex()}
        )
        return visit.show(
            "cert_password.html", password=password, ticket=sealed, minutes=_life() // timedelta(minutes=1)
        )

    def file(self, visit: Visit) -> Response:
        """Hand out the file that was settled: the same key and certificate as often as the button is pressed."""
        self.limiter.take(visit.address)
        settled = self._opened(visit, _FILE)
        key = key_from(bytes.fromhex(settled["chance"]))
        notice, opened_at = self._notice(settled)
        handed = fetch_looked_at(self.enrolling, notice.id, asked_for(key.public_key()), opened_at=opened_at)
        return key_file(handed, notice, key, password=settled["password"])

    def request(self, visit: Visit) -> Response:
        """Hand out the certificate for a key of the terminal's own."""
        self.limiter.take(visit.address)
        notice, opened_at = self._notice(self._opened(visit, _LOOKED))
        try:
            asked = asked_by(visit.files.get("csr_file") or visit.typed("csr").encode())
            handed = fetch_looked_at(self.enrolling, notice.id, asked, opened_at=opened_at)
        except BadRequestForCertificate as error:
            # With the ticket that there is: a new one would be good for a notice that was opened anew, and longer.
            return self._choices(visit, notice, error, ticket=visit.typed("ticket"))
        return chain_file(handed, notice)

    def _choices(
        self, visit: Visit, notice: IssuanceNotice, error: Known | None = None, *, ticket: str = ""
    ) -> Response:
        with self.enrolling.store.read() as tx:
            party = tx.party(notice.party)
        looked = {"notice": notice.id, "opened_at": notice.opened_at.isoformat()}
        facts = {
            "notice": notice,
            "party_name": party.name if party else "",
            "open_until": notice.opened_at + self.enrolling.rules.open_for,
            "server": notice.purpose == Purpose.SERVER,
            "ticket": ticket or self._sealed(visit, _LOOKED, looked),
        }
        if error is None:
            return visit.show("cert_choose.html", **facts)
        return visit.again("cert_choose.html", error, **facts)

    def _sealed(self, visit: Visit, use: str, facts: dict[str, Any]) -> str:
        until = self.enrolling.clock.now() + _life()
        return self.tickets.seal(facts, use=use, browser=_browser(visit), until=until)

    def _opened(self, visit: Visit, use: str) -> dict[str, Any]:
        """Errors: TicketOver."""
        now = self.enrolling.clock.now()
        return self.tickets.open(visit.typed("ticket"), use=use, browser=_browser(visit), now=now)

    def _notice(self, facts: dict[str, Any]) -> tuple[IssuanceNotice, datetime]:
        """Return the notice of a ticket, and when it was opened as the ticket knows it."""
        with self.enrolling.store.read() as tx:
            notice = tx.issuance_notice(facts["notice"])
        if notice is None:
            raise LookupError("a notice is never removed")
        return notice, datetime.fromisoformat(facts["opened_at"])


def _browser(visit: Visit) -> str:
    """Return what tells one browser from others: its cookie, which the token of the form was checked against."""
    return visit.request.cookies.get(visit.pages.mark_cookie, "")


def _life() -> timedelta:
    return timedelta(seconds=limit("ticket_life_s"))
