"""A terminal is lost (`/cert/lost`): reference number and recovery code in, and whatever it had is revoked.

On the face that needs no certificate, as whoever lost the only terminal has none. What was typed stands in no page.
"""

from dataclasses import dataclass
from typing import Final, get_args

from starlette.responses import Response
from starlette.routing import Route

from seikyu.apps.api.limiter import Limiter
from seikyu.apps.api.problems import Known, facts_of
from seikyu.apps.pages.visit import Pages, Visit
from seikyu.services.applications import Enrolling
from seikyu.services.issuing import Proof, report_lost

PATH: Final = "/cert/lost"

#: Errors that have a text of their own.
_KNOWN: Final = get_args(Known)


def lost_routes(pages: Pages, enrolling: Enrolling, limiter: Limiter) -> list[Route]:
    """Return the page and its act. `limiter` counts the tries of each address, with those of all other codes."""
    site = _Site(enrolling, limiter)
    return [
        pages.route(PATH, site.ask, login=False),
        pages.route(f"{PATH}/report", site.report, post=True, login=False, hard=True),
    ]


@dataclass(frozen=True, slots=True)
class _Site:
    """The page, and what it needs."""

    enrolling: Enrolling
    limiter: Limiter

    def ask(self, visit: Visit) -> Response:
        """Ask for reference number and recovery code."""
        return visit.show("cert_lost.html")

    def report(self, visit: Visit) -> Response:
        """Revoke, and tell how many there were; said again it is no error."""
        try:
            self.limiter.take(visit.address)
            revoked = report_lost(self.enrolling, Proof(visit.typed("reference"), visit.typed("recovery")))
        except _KNOWN as error:
            answer = visit.again("cert_lost.html", error, typed={})
            if "retry_after_s" in (facts := facts_of(error)):
                answer.headers["Retry-After"] = str(facts["retry_after_s"])
            return answer
        return visit.show("cert_lost_done.html", number=len(revoked))
