"""Incidents (障害情報): the operator opens one, tells how it goes on, and closes it; everybody reads them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from seikyu.office.incidents import IncidentEnded, known_parts
from seikyu.office.inquiries import is_line, is_text, plain
from seikyu.ports.errors import Forbidden, NotFound, ProtocolError
from seikyu.ports.store import ReadTx
from seikyu.ports.trust import ClientIdentity
from seikyu.ports.waiting import Incident, IncidentUpdate
from seikyu.services.office import OPERATOR, Office

TITLE_CHARS: Final = 100
TEXT_CHARS: Final = 1000


class BadIncident(ProtocolError):
    """The incident cannot be published as it is; nothing changes. Shape: facts `wrong`, names of items."""

    code = "bad_incident"


@dataclass(frozen=True, slots=True)
class Published:
    """What is published of an incident at first. Shape: English may be empty; `began_at` None is now."""

    title: str
    text: str
    parts: Sequence[str]
    title_en: str = ""
    text_en: str = ""
    began_at: datetime | None = None


def open_incident(office: Office, identity: ClientIdentity, told: Published, *, by: str = "") -> dict[str, Any]:
    """Publish an incident. Errors: Forbidden, BadIncident."""
    _require_operator(identity)
    now, parts = office.real_now(), known_parts(told.parts)
    began_at = told.began_at or now
    right = {
        "title": bool(told.title.strip()) and is_line(told.title, chars=TITLE_CHARS),
        "title_en": is_line(told.title_en, chars=TITLE_CHARS),
        "parts": parts is not None,
        "began_at": began_at <= now,
        **_texts(told.text, told.text_en),
    }
    _require(right)
    made = Incident(office.ids.new(), began_at, told.title.strip(), told.title_en.strip(), " ".join(parts or ()))
    first = IncidentUpdate(made.id, 1, now, by or identity.party, plain(told.text), plain(told.text_en))
    with office.store.write() as tx:
        tx.add_incident(made, first)
        shown = _view(tx, made)
    office.tell("incident_opened", incident=made.id, parts=made.parts)
    return shown


def update_incident(
    office: Office, identity: ClientIdentity, incident_id: str, *, text: str, text_en: str = "", by: str = ""
) -> dict[str, Any]:
    """Tell how an incident goes on. Errors: Forbidden, NotFound, IncidentEnded, BadIncident."""
    return _go_on(office, identity, incident_id, (text, text_en), by=by)


def close_incident(
    office: Office,
    identity: ClientIdentity,
    incident_id: str,
    *,
    text: str,
    text_en: str = "",
    ended_at: datetime | None = None,
    by: str = "",
) -> dict[str, Any]:
    """Tell that an incident has ended, now or at a time before. Errors: as `update_incident`."""
    return _go_on(office, identity, incident_id, (text, text_en), by=by, ended_at=ended_at or office.real_now())


def incidents(office: Office, *, past: int) -> dict[str, list[dict[str, Any]]]:
    """Return the incidents that go on, and so many of those that have ended, newest first."""
    with office.store.read() as tx:
        return {
            "going_on": [_view(tx, each) for each in tx.incidents(going_on=True)],
            "past": [_view(tx, each) for each in tx.incidents(going_on=False, limit=past)],
        }


def _go_on(
    office: Office,
    identity: ClientIdentity,
    incident_id: str,
    texts: tuple[str, str],
    *,
    by: str,
    ended_at: datetime | None = None,
) -> dict[str, Any]:
    _require_operator(identity)
    now = office.real_now()
    with office.store.write() as tx:
        incident = tx.incident(incident_id)
        if incident is None:
            raise NotFound("no such incident")
        if incident.ended_at is not None:
            raise IncidentEnded(incident=incident_id)
        _require({**_texts(*texts), "ended_at": ended_at is None or incident.began_at <= ended_at <= now})
        moved = replace(incident, ended_at=ended_at)
        no = len(tx.incident_updates(incident_id)) + 1
        told = IncidentUpdate(incident_id, no, now, by or identity.party, plain(texts[0]), plain(texts[1]))
        tx.move_incident(moved, told)
        shown = _view(tx, moved)
    office.tell("incident_moved", incident=incident_id, ended=ended_at is not None)
    return shown


def _view(tx: ReadTx, incident: Incident) -> dict[str, Any]:
    """Return an incident as the world sees it: nobody's name is in it."""
    return {
        "id": incident.id,
        "began_at": incident.began_at.isoformat(),
        "ended_at": incident.ended_at.isoformat() if incident.ended_at else None,
        "title": incident.title,
        "title_en": incident.title_en,
        "parts": incident.parts.split(),
        "updates": [
            {"no": each.no, "at": each.at.isoformat(), "text": each.text, "text_en": each.text_en}
            for each in tx.incident_updates(incident.id)
        ],
    }


def _texts(text: str, text_en: str) -> dict[str, bool]:
    right = is_text(plain(text), chars=TEXT_CHARS)
    return {"text": right, "text_en": not plain(text_en) or is_text(plain(text_en), chars=TEXT_CHARS)}


def _require(right: dict[str, bool]) -> None:
    """Errors: BadIncident."""
    if not all(right.values()):
        raise BadIncident(wrong=", ".join(name for name, each in right.items() if not each))


def _require_operator(identity: ClientIdentity) -> None:
    """Errors: Forbidden."""
    if identity.kind != OPERATOR:
        raise Forbidden("only the operator may do this", kind=OPERATOR)
