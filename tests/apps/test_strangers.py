"""Nobody sees another party's anything: every route with an id, asked for another's, answers as for one that never was."""

import re
from typing import Any

import pytest

from apps.desk_lab import FIRST, KINDS, OPERATOR, OTHER_PAYER, PAYER, SECOND, DeskLab
from builders import claim, uke
from seikyu.apps.api.app import build_api
from services.enrolment_lab import enrolling_over

#: What a route needs besides its ids to be understood.
NEEDS: dict[str, dict[str, Any]] = {
    "confirm": {"params": {"errors": "with"}},
    "decision": {"params": {"errors": "with"}},
    "leave_out": {"params": {"file": 1}},
    "take_in": {"params": {"file": 1}},
    "ask_undo": {"json": {"reason": "送信し直すため"}},
    "received": {"json": {"sha256": "0" * 64}},
    "put_file": {"content": b"x"},
}

ID = re.compile(r"\{(sending_id|delivery_id|upload_id|application_id)\}")


def _with_id(desk: DeskLab) -> list[tuple[str, str, str]]:
    """Return method, path and name of every route that is about one thing of a party."""
    paths = build_api(desk.lab.office, enrolling_over(desk.lab.office)).openapi()["paths"]
    found = [
        (method.upper(), path, told["operationId"])
        for path, methods in paths.items()
        for method, told in methods.items()
        if ID.search(path) and not path.startswith("/admin/")
    ]
    return [*found, ("HEAD", "/deliveries/{delivery_id}/content", "content")]


def test_every_route_with_an_id_is_covered(desk: DeskLab) -> None:
    """A new route joins the test by itself."""
    found = [ID.search(path) for _, path, _ in _with_id(desk)]

    assert len(found) >= 24
    assert {match[1] for match in found if match} == {"sending_id", "delivery_id", "upload_id", "application_id"}


@pytest.mark.parametrize("asker", [SECOND, PAYER, OTHER_PAYER, OPERATOR])
def test_anothers_thing_looks_like_nothing(desk: DeskLab, asker: str) -> None:
    """Status, headers and body are those of an id that never was. The operator may look at sendings."""
    sending = desk.send(uke(claim(1))).json()["id"]
    desk.lab.work()
    upload = desk.ask("POST", "/sendings?files=2").json()["upload"]
    own = PAYER if asker != PAYER else OTHER_PAYER
    delivery = desk.put_delivery(b"sealed", payer=own).id
    application = desk.ask("POST", "/certificates/applications", json={"terminal": "pc-2"}).json()["id"]
    theirs = {"sending_id": sending, "upload_id": upload, "delivery_id": delivery, "application_id": application}
    before = desk.lab.sending(sending)

    for method, path, name in _with_id(desk):
        if asker == OPERATOR and "sending_id" in path:
            continue
        there = _ask(desk, method, path, name, asker=asker, ids=theirs)
        nothing = _ask(desk, method, path, name, asker=asker, ids=dict.fromkeys(theirs, "0" * 26))
        assert there == nothing, f"{method} {path}"
        assert there[0] == 404, f"{method} {path}"

    assert desk.lab.sending(sending) == before
    assert desk.ask("GET", f"/deliveries/{delivery}", party=own).json()["state"] == "waiting"
    assert desk.ask("PUT", f"/sendings/uploads/{upload}/files/1", content=b"x").status_code == 200


def test_lists_hold_only_ones_own(desk: DeskLab) -> None:
    """Institutions see their sendings, payers their deliveries."""
    mine = desk.send(uke(claim(1))).json()["id"]
    delivery = desk.put_delivery(b"sealed", payer=PAYER).id

    for party in KINDS:
        sendings = [each["id"] for each in desk.ask("GET", "/sendings", party=party).json()["items"]]
        deliveries = [each["id"] for each in desk.ask("GET", "/deliveries", party=party).json()["items"]]
        assert sendings == ([mine] if party in {FIRST, OPERATOR} else [])
        assert deliveries == ([delivery] if party == PAYER else [])


def test_a_cursor_of_anothers_list_opens_nothing(desk: DeskLab) -> None:
    """A cursor is a place in an order, and no key."""
    mine = desk.send(uke(claim(1))).json()["id"]

    assert desk.ask("GET", f"/sendings?cursor={mine}", party=SECOND).json()["items"] == []
    assert desk.ask("GET", f"/sendings?cursor={'z' * 26}", party=SECOND).json()["items"] == []


def _ask(
    desk: DeskLab, method: str, path: str, name: str, *, asker: str, ids: dict[str, str]
) -> tuple[int, dict[str, str], bytes]:
    filled = ID.sub(lambda found: ids[found[1]], path).replace("{no}", "1").replace("{form}", "hasp")
    answer = desk.ask(method, filled, party=asker, **NEEDS.get(name, {}))
    return answer.status_code, dict(answer.headers), answer.content
