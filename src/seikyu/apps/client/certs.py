"""Certificates of the party: what it has, and what it applies for."""

from typing import Any, Final
from urllib.parse import quote

from seikyu.apps.client.line import Line

_PAGE: Final = 200
_APPLICATIONS: Final = "/certificates/applications"


def certificates(line: Line) -> list[dict[str, Any]]:
    """Return the party's certificates, newest first. Errors: as Line.get."""
    return _every(line, "/certificates")


def applications(line: Line) -> list[dict[str, Any]]:
    """Return the party's applications, newest first. Errors: as Line.get."""
    return _every(line, _APPLICATIONS)


def apply_for(line: Line, wish: dict[str, Any]) -> dict[str, Any]:
    """Apply for a certificate; the same again is a repeat, so that it may be tried again. Errors: as Line.post."""
    return line.post(_APPLICATIONS, repeatable=True, json=wish)


def withdraw(line: Line, application_id: str) -> dict[str, Any]:
    """Take an application back. Errors: as Line.post."""
    return line.post(f"{_APPLICATIONS}/{quote(application_id, safe='')}/withdraw", repeatable=True)


def _every(line: Line, path: str) -> list[dict[str, Any]]:
    page = line.get(path, limit=_PAGE)
    items: list[dict[str, Any]] = page["items"]
    while page["next"]:
        page = line.get(path, limit=_PAGE, cursor=page["next"])
        items += page["items"]
    return items
