"""The calendar in force: the one that the settings name, unless the operator has put another in the rows.

Shape of the row `calendar`: JSON `{"name", "extensions": [{"month", "until", "closing"}]}`, instants in ISO form.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from seikyu.office.calendar import Calendar, Extension, load_calendar
from seikyu.ports.errors import BadRequest
from seikyu.ports.store import ReadTx, WriteTx
from seikyu.records import Month

SETTING: Final = "calendar"

#: The calendars that there are.
NAMES: Final = ("national", "sandbox")


def calendar_in_force(tx: ReadTx, *, default: str) -> Calendar:
    """Return the calendar that holds now."""
    told = json.loads(tx.setting(SETTING) or "{}")
    return load_calendar(told.get("name", default), [_extension(each) for each in told.get("extensions", [])])


def put_calendar(tx: WriteTx, name: str, extensions: Sequence[Extension]) -> Calendar:
    """Put a calendar in force from now on. Errors: BadRequest, if it makes no sense; the old one stays."""
    if name not in NAMES:
        raise BadRequest(f"the calendars are {' and '.join(NAMES)}", parameter="name")
    try:
        calendar = load_calendar(name, extensions)
    except ValueError as reason:
        raise BadRequest(str(reason), parameter="extensions") from None
    rows = [extension_on_wire(each) for each in extensions]
    tx.put_setting(SETTING, json.dumps({"name": name, "extensions": rows}))
    return calendar


def extension_on_wire(extension: Extension) -> dict[str, str | None]:
    """Return an extension as rows and the wire carry it."""
    closing = extension.closing.isoformat() if extension.closing else None
    return {"month": str(extension.month), "until": extension.until.isoformat(), "closing": closing}


def _extension(row: dict[str, Any]) -> Extension:
    closing = datetime.fromisoformat(row["closing"]) if row.get("closing") else None
    return Extension(Month.parse(row["month"]), datetime.fromisoformat(row["until"]), closing)
