"""Where things of a sending stand in addresses: `/sendings/ID`, and a claim of it as `FILE-N`, both counted from 1."""

import re
from typing import Any, Final

from seikyu.apps.pages.institution.told import month_said
from seikyu.apps.pages.visit import Visit
from seikyu.ports.errors import NotFound
from seikyu.ports.store import Sending

_ID: Final = re.compile(r"[0-9a-z]{1,40}")
_PLACE: Final = re.compile(r"([1-9][0-9]{0,2})-([1-9][0-9]{0,5})")


def sending_id(visit: Visit) -> str:
    """Return the id that the address names. Errors: NotFound for what has not even the form of one."""
    found = str(visit.request.path_params["sending_id"])
    if not _ID.fullmatch(found):
        raise NotFound("no such sending")
    return found


def claim_place(visit: Visit) -> tuple[int, int]:
    """Return the number of the file and the place of the claim, from 0. Errors: NotFound."""
    found = _PLACE.fullmatch(str(visit.request.path_params["place"]))
    if found is None:
        raise NotFound("no such claim")
    return int(found[1]), int(found[2]) - 1


def place_of(file_no: int, claim_index: int) -> str:
    """Return how addresses name a claim."""
    return f"{file_no}-{claim_index + 1}"


def of_sending(visit: Visit, sending: Sending) -> dict[str, Any]:
    """Return what every page of a sending says of it."""
    return {
        "sending": sending,
        "at": f"/sendings/{sending.id}",
        "sending_said": visit.say(
            "pages.correct.sending", send_no=f"{sending.send_no:03d}", month=month_said(visit, sending.month)
        ),
        "on_test_line": sending.line == "test",
    }
