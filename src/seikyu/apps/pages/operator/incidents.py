"""Incidents as the operator publishes them (`/desk/incidents`)."""

from datetime import datetime
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from seikyu.apps.pages.visit import Pages, Visit
from seikyu.apps.status_told import incident_told
from seikyu.limits import limit
from seikyu.office.errors import NotAllowed
from seikyu.office.incidents import parts
from seikyu.ports.errors import BadRequest
from seikyu.services.incidents import (
    TEXT_CHARS,
    TITLE_CHARS,
    BadIncident,
    Published,
    close_incident,
    incidents,
    open_incident,
    update_incident,
)
from seikyu.trust.notices import JAPAN
from seikyu.trust.people import OFFICE

PATH: Final = "/desk/incidents"

_ACTS: Final = {"update": update_incident, "close": close_incident}


def incident_routes(pages: Pages) -> list[Route]:
    """Return the routes; the office alone has them, at the desk."""
    return [
        pages.route(PATH, show_incidents, powers=(OFFICE,)),
        pages.route(PATH, do_open, post=True, powers=(OFFICE,)),
        pages.route(f"{PATH}/{{incident}}", do_go_on, post=True, powers=(OFFICE,)),
    ]


def show_incidents(visit: Visit) -> Response:
    """Show what goes on, what was, and the form of a new one."""
    return visit.show("operator/incidents.html", **_facts(visit))


def do_open(visit: Visit) -> Response:
    """Publish an incident."""
    named = [name for name in parts() if visit.typed(f"part.{name}")]
    try:
        told = Published(
            visit.typed("title"), visit.typed("text"), named, title_en=visit.typed("title_en"),
            text_en=visit.typed("text_en"), began_at=_time(visit.typed("began_at")),
        )  # fmt: skip
        open_incident(visit.office, visit.asker, told, by=visit.named)
    except BadIncident as trouble:
        return visit.again("operator/incidents.html", trouble, **_facts(visit))
    return visit.see(f"{PATH}?done=done")


def do_go_on(visit: Visit) -> Response:
    """Publish how an incident goes on, or that it has ended."""
    act = _ACTS.get(visit.typed("act"))
    if act is None:
        raise BadRequest("no such act", parameter="act")
    incident = str(visit.request.path_params["incident"])
    try:
        act(
            visit.office, visit.asker, incident, text=visit.typed("text"), text_en=visit.typed("text_en"),
            by=visit.named,
        )  # fmt: skip
    except (BadIncident, NotAllowed) as trouble:
        return visit.again("operator/incidents.html", trouble, **_facts(visit))
    return visit.see(f"{PATH}?done=done")


def _facts(visit: Visit) -> dict[str, Any]:
    told = incidents(visit.office, past=limit("incidents_shown"))
    return {
        "going_on": [incident_told(each, visit.lang) for each in told["going_on"]],
        "past": [incident_told(each, visit.lang) for each in told["past"]],
        "parts": [(each.name, visit.label(each)) for each in parts().values()],
        "title_most": TITLE_CHARS,
        "text_most": TEXT_CHARS,
        "done": visit.say("pages.incidents.done") if visit.request.query_params.get("done") == "done" else "",
    }


def _time(text: str) -> datetime | None:
    """Return a time that was typed, in Japan; None for nothing. Errors: BadIncident."""
    if not text.strip():
        return None
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=JAPAN)
    except ValueError:
        raise BadIncident(wrong="began_at") from None
