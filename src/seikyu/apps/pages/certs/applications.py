"""The pages of a party's own certificates (電子証明書の申請): apply for a terminal, follow it, see what ends when.

They stand on both faces, as somebody new has no certificate to come to the desk with.
"""

import unicodedata
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from seikyu.apps.pages.forms import NotFilledIn
from seikyu.apps.pages.visit import Pages, Visit
from seikyu.office.errors import NotAllowed
from seikyu.ports.errors import BadRequest
from seikyu.services import applications as services
from seikyu.services.applications import Enrolling, TerminalThere, Wish
from seikyu.services.people import NoSuchParty
from seikyu.services.terminals import GOOD, list_certificates, page_of_applications
from seikyu.trust.enrolment import ApplicationState, renewal_due
from seikyu.trust.notices import is_text
from seikyu.trust.party import NAME_CHARS
from seikyu.trust.people import CERTIFICATES

_PAGE: Final = 50

#: What a department and a telephone number have; joined they are one line of text.
DEPARTMENT_CHARS: Final = 100
PHONE_CHARS: Final = 40
_JOIN: Final = " / "
#: A telephone number in Japan has ten digits, or eleven; an extension may follow, and someone leaves the area out.
_PHONE_DIGITS: Final = 6


def application_routes(pages: Pages, enrolling: Enrolling) -> list[Route]:
    """Return the routes of a face."""
    own = _Own(enrolling)
    powers = (CERTIFICATES,)
    return [
        pages.route("/applications", own.show, powers=powers),
        pages.route("/applications/new", own.ask, powers=powers),
        pages.route("/applications/new", own.file, post=True, powers=powers),
        pages.route("/applications/withdraw", own.withdraw, post=True, powers=powers),
    ]


@dataclass(frozen=True, slots=True)
class _Own:
    """The pages, and what they need."""

    enrolling: Enrolling

    def show(self, visit: Visit) -> Response:
        """Show the party's applications and certificates, newest first."""
        return visit.show("applications.html", **self._facts(visit))

    def ask(self, visit: Visit) -> Response:
        """Ask for what an application says."""
        return visit.show("application_new.html", **_limits(), wrong={})

    def file(self, visit: Visit) -> Response:
        """File an application; the same again is told to be a repeat."""
        wrong = _wrong_contact(visit)
        if wrong:
            trouble = NotFilledIn(said=visit.say("pages.application.wrong.some"))
            return visit.again("application_new.html", trouble, **_limits(), wrong=wrong)
        try:
            wish = Wish(visit.typed("terminal").strip(), _contact(visit))
            _, repeat = services.apply_for(self.enrolling, visit.who, wish, party=visit.who.party)
        except BadRequest:
            wrong = {"terminal": visit.say("pages.application.wrong.terminal")}
            trouble = NotFilledIn(said=visit.say("pages.application.wrong.some"))
            return visit.again("application_new.html", trouble, **_limits(), wrong=wrong)
        except (TerminalThere, NoSuchParty) as known:
            return visit.again("application_new.html", known, **_limits(), wrong={})
        return visit.see(f"/applications?done={'repeat' if repeat else 'filed'}")

    def withdraw(self, visit: Visit) -> Response:
        """Take an application of the own party back. Errors: NotFound, for another party's as for none."""
        try:
            services.withdraw(self.enrolling, visit.who, visit.typed("application"))
        except NotAllowed as trouble:
            return visit.again("applications.html", trouble, **self._facts(visit))
        return visit.see("/applications?done=withdrawn")

    def _facts(self, visit: Visit) -> dict[str, Any]:
        query = visit.request.query_params
        cursor, behind = query.get("cursor") or None, query.get("certificate") or None
        filed = page_of_applications(self.enrolling, party=visit.who.party, limit=_PAGE, cursor=cursor)
        held = list_certificates(self.enrolling, visit.identity or visit.asker, limit=_PAGE, cursor=behind)
        word = query.get("done", "")
        return {
            "applications": [told_application(visit, each) for each in filed.items],
            "older": filed.next,
            "certificates": [self._certificate(visit, each) for each in held.items],
            "older_certificates": held.next,
            "done": visit.say(f"pages.application.done_{word}") if word in {"filed", "repeat", "withdrawn"} else "",
        }

    def _certificate(self, visit: Visit, told: dict[str, Any]) -> dict[str, Any]:
        now = self.enrolling.clock.now()
        due = told["state"] == GOOD and renewal_due(
            told["issued_at"], told["not_after"], now, rules=self.enrolling.rules
        )
        return told | {
            "state_said": visit.say(f"certs.certificate_states.{told['state']}"),
            "counts": told["revoked_at"] is None and told["days_left"] >= 0,
            "advice": visit.say(f"pages.application.advice.{'renew' if due else told['state']}"),
        }


def told_application(visit: Visit, told: dict[str, Any]) -> dict[str, Any]:
    """Return an application with its words."""
    return told | {
        "state_said": visit.say(f"certs.states.{told['state']}"),
        "waits": told["state"] == ApplicationState.APPLIED,
    }


def _limits() -> dict[str, int]:
    return {"terminal_chars": NAME_CHARS, "department_chars": DEPARTMENT_CHARS, "phone_chars": PHONE_CHARS}


def _wrong_contact(visit: Visit) -> dict[str, str]:
    """Return what is wrong with department and telephone, by the name of the field."""
    wrong = {}
    if not 0 < len(visit.typed("department").strip()) <= DEPARTMENT_CHARS:
        wrong["department"] = visit.say("pages.application.wrong.department")
    phone = unicodedata.normalize("NFKC", visit.typed("phone").strip())
    if len(phone) > PHONE_CHARS or sum(each.isdecimal() for each in phone) < _PHONE_DIGITS:
        wrong["phone"] = visit.say("pages.application.wrong.phone")
    if not wrong and not is_text(_contact(visit)):
        wrong["department"] = visit.say("pages.application.wrong.department")
    return wrong


def _contact(visit: Visit) -> str:
    """Return whom the office may ask, as one line."""
    return _JOIN.join((visit.typed("department").strip(), visit.typed("phone").strip()))
