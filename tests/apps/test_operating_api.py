"""The operator's desk over the API: two certificates undo and grant; an institution asks and reads; extensions."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache, partial
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from apps import desk_lab
from apps.desk_lab import FIRST, OPERATOR, PAYER, SECOND, DeskLab, close_all
from builders import claim, uke
from seikyu.apps.wiring import _calendar
from seikyu.ports.register import Certificate
from seikyu.ports.store import Sending
from seikyu.trust.certificates import Issuer, client_certificate, root_certificate, serial_text
from seikyu.trust.party import Holder
from services import office_lab
from services.office_lab import MIDNIGHT, OPEN, Lab, later, make_lab

#: The operator's other terminal.
OTHER = "desk-2"
DATA = uke(claim(1), claim(2, insurer="06990015"))
WHY = "枚数の誤り"


@cache
def other_terminal() -> tuple[str, bytes]:
    """Return serial and certificate (DER) of the other terminal."""
    key = ec.generate_private_key(ec.SECP384R1())
    ca = Issuer(root_certificate(key, organisation="見本", serial=1, period=desk_lab._PERIOD), key)
    holder = Holder(kind=OPERATOR, party=OPERATOR, name="見本", terminal=OTHER)
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    signed = client_certificate(ca, public, holder=holder, serial=900, period=desk_lab._PERIOD)
    return serial_text(900), signed.public_bytes(Encoding.DER)


def bench(lab: Lab | None = None) -> DeskLab:
    """Return a desk whose operator has two terminals."""
    desk_lab.certificates()[OTHER] = other_terminal()
    desk = DeskLab.make(lab)
    with desk.lab.office.store.write() as tx:
        tx.put_certificate(Certificate(other_terminal()[0], OPERATOR, OTHER, desk_lab._NOW, desk_lab._PERIOD.end))
    return desk


@pytest.fixture
def desk() -> Iterator[DeskLab]:
    """Return a desk that is always open."""
    yield bench()
    close_all()


@pytest.fixture
def real_desk() -> Iterator[DeskLab]:
    """Return a desk by the national calendar, whose extensions stand in the rows."""

    def wrap(office: Any) -> Any:
        return replace(office, calendar=partial(_calendar, office.store, "national"))

    yield bench(make_lab(wrap=wrap))
    close_all()


def confirmed(desk: DeskLab) -> Sending:
    """Return a confirmed sending."""
    return desk.lab.confirm(desk.lab.send_and_check(DATA), "with")


def test_an_institution_asks_and_two_certificates_undo(desk: DeskLab) -> None:
    """Asked, ordered, approved by the other terminal; each side reads what it may."""
    sending = confirmed(desk)
    path = f"/sendings/{sending.id}"
    asked = desk.ask("POST", f"{path}/undo-request", json={"reason": WHY}).json()
    assert (asked["state"], asked["reason"]) == ("asked", WHY)
    order = desk.ask("POST", f"/admin{path}/undo", party=OPERATOR, json={"reason": "電話で確認"}).json()
    assert (order["id"], order["state"], order["ordered_by"]) == (asked["id"], "waiting", "terminal:pc-1")

    alone = desk.ask("POST", f"/admin/undo-orders/{order['id']}/approve", party=OPERATOR)
    assert (alone.status_code, alone.json()["code"]) == (403, "other_person_needed")
    done = desk.ask("POST", f"/admin/undo-orders/{order['id']}/approve", party=OTHER)

    assert (done.status_code, done.json()["state"]) == (200, "approved")
    assert desk.ask("GET", path).json()["state"] == "undone"
    (wish,) = desk.ask("GET", f"{path}/undo-requests").json()["items"]
    assert wish["state"] == "approved"
    assert "decided_by" not in wish
    assert desk.ask("GET", f"/admin/undo-orders/{order['id']}", party=OPERATOR).json() == done.json()
    assert desk.ask("GET", "/admin/undo-orders?state=approved", party=OPERATOR).json()["items"] == [done.json()]
    assert desk.ask("GET", "/admin/undo-orders?state=denied", party=OPERATOR).json()["items"] == []
    again = desk.ask("POST", f"{path}/undo-request", json={"reason": WHY})
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_undo")
    states = [claim["reason"] for claim in desk.ask("GET", f"{path}/claims").json()["items"]]
    assert states == ["undone", "undone"]


def test_a_wish_is_turned_down(desk: DeskLab) -> None:
    """With words for the institution."""
    sending = confirmed(desk)
    wish = desk.ask("POST", f"/sendings/{sending.id}/undo-request", json={"reason": WHY}).json()

    denied = desk.ask("POST", f"/admin/undo-orders/{wish['id']}/deny", party=OPERATOR, json={"answer": "返戻で扱う"})

    assert denied.json()["state"] == "denied"
    (told,) = desk.ask("GET", f"/sendings/{sending.id}/undo-requests").json()["items"]
    assert told["answer"] == "返戻で扱う"


def test_a_grant_lets_one_certificate_look_for_an_hour(desk: DeskLab) -> None:
    """Asked by one, given by the other; the sheet has values; the institution reads who looked; then it is over."""
    sending = confirmed(desk)
    look = f"/admin/sendings/{sending.id}/claims/1-2"
    refused = desk.ask("GET", look, party=OPERATOR)
    assert (refused.status_code, refused.json()["code"]) == (403, "grant_needed")
    asked = {"sending": sending.id, "claim": "1-2", "reason": "照会のため"}
    grant = desk.ask("POST", "/admin/grants", party=OPERATOR, json=asked)
    assert grant.status_code == 201
    path = f"/admin/grants/{grant.json()['id']}"
    assert desk.ask("POST", f"{path}/give", party=OPERATOR).status_code == 403
    given = desk.ask("POST", f"{path}/give", party=OTHER).json()
    assert given["state"] == "given"

    seen = desk.ask("GET", look, party=OPERATOR)

    assert seen.status_code == 200
    assert "06990015" in seen.text
    assert desk.ask("GET", look, party=OTHER).status_code == 403
    (told,) = desk.ask("GET", f"/sendings/{sending.id}/looks").json()["items"]
    assert (told["claim"], told["reason"]) == ("1-2", "照会のため")
    assert desk.ask("GET", f"/admin/sendings/{sending.id}/looks", party=OPERATOR).json()["items"] == [told]
    assert desk.ask("GET", path, party=OPERATOR).json() == given
    assert desk.ask("GET", "/admin/grants", party=OPERATOR).json()["items"] == [given]
    later(desk.lab, hours=1)
    assert desk.ask("GET", look, party=OPERATOR).status_code == 403
    assert desk.ask("POST", f"{path}/end", party=OPERATOR).json()["state"] == "ended"


def test_overview_sendings_and_timeline_hold_shapes_alone(desk: DeskLab) -> None:
    """What the pages show; no name, birthday or number of a patient or insurer in any of it."""
    sending = confirmed(desk)
    desk.lab.close(force=True)

    told = [
        desk.ask("GET", path, party=OPERATOR)
        for path in ("/admin/overview", "/admin/sendings?prefecture=99", f"/admin/sendings/{sending.id}/timeline")
    ]

    assert [answer.status_code for answer in told] == [200, 200, 200]
    overview, found, timeline = (answer.json() for answer in told)
    assert overview["today"]["total"] == {"kinds": {"medical": 1}, "sendings": 1, "claims": 2}
    assert [each["id"] for each in found["items"]] == [sending.id]
    assert [step["what"] for step in timeline["steps"]][:3] == ["recorded", "checked", "decided"]
    assert timeline["findings_by_code"]["X3001"] == 1
    assert timeline["deliveries"]
    assert not any("06990015" in answer.text or "name" in str(answer.json().get("files")) for answer in told)
    for missing in (f"/admin/sendings/{'0' * 26}/timeline", f"/admin/undo-orders/{'0' * 26}"):
        assert desk.ask("GET", missing, party=OPERATOR).status_code == 404


@pytest.mark.parametrize("party", [FIRST, PAYER])
def test_nobody_else_finds_the_desk(desk: DeskLab, party: str) -> None:
    """All of it is the operator's; what an institution has is its own."""
    sending = confirmed(desk)
    for method, path in (
        ("GET", "/admin/overview"),
        ("GET", "/admin/sendings"),
        ("GET", f"/admin/sendings/{sending.id}/timeline"),
        ("GET", f"/admin/sendings/{sending.id}/claims/1-1"),
        ("POST", f"/admin/sendings/{sending.id}/undo"),
        ("POST", "/admin/months/202609/extend"),
        ("GET", "/admin/undo-orders"),
        ("GET", "/admin/grants"),
    ):
        assert desk.ask(method, path, party=party).status_code == 403, path
    for path in ("undo-requests", "looks"):
        assert desk.ask("GET", f"/sendings/{sending.id}/{path}", party=SECOND).status_code == 404
        assert desk.ask("GET", f"/sendings/{sending.id}/{path}", party=PAYER).status_code == 404


def test_an_extension_moves_the_deadline_and_is_told(real_desk: DeskLab) -> None:
    """At midnight plus one hour the office still takes a sending, decides nobody, and says why everywhere."""
    lab = real_desk.lab
    sending = lab.send_and_check(DATA)
    until = MIDNIGHT.replace(hour=12)
    asked = {"until": until.isoformat(), "reason": "当方の障害のため"}

    told = real_desk.ask("POST", "/admin/months/202609/extend", party=OPERATOR, json=asked)

    assert told.status_code == 200
    assert "当方の障害のため" in told.json()["text"]["ja"]
    later(lab, seconds=(until - OPEN).total_seconds() - 1)
    assert lab.office.calendar().at(lab.clock.at).open
    assert real_desk.send(uke(claim(1, insurer="06990014"))).status_code == 201
    office_lab.decide.decide_overdue(lab.office)
    assert lab.sending(sending.id).state == "to_decide"
    later(lab, seconds=1)
    office_lab.decide.decide_overdue(lab.office)
    assert lab.sending(sending.id).state == "confirmed_automatically"
    shown = real_desk.ask("GET", "/admin/calendar", party=OPERATOR).json()
    assert [each["month"] for each in shown["extensions"]] == ["202609"]
    with lab.office.store.read() as tx:
        assert [entry.act for entry in tx.entries(subject="202609")] == ["extend_month"]


@pytest.mark.parametrize(
    ("month", "until", "status"),
    [
        ("202609", "2026-09-10T23:59:59+09:00", 400),
        ("202609", "2026-10-01T00:00:01+09:00", 400),
        ("202613", "2026-09-11T12:00:00+09:00", 404),
        ("202609", "2026-09-11T12:00:00", 400),
    ],
)
def test_an_extension_that_is_none_changes_nothing(real_desk: DeskLab, month: str, until: str, status: int) -> None:
    """No earlier deadline, none in another month, none without its offset; and none without a reason."""
    asked = {"until": until, "reason": "当方の障害のため"}
    answer = real_desk.ask("POST", f"/admin/months/{month}/extend", party=OPERATOR, json=asked)
    assert answer.status_code == status
    silent = {"until": "2026-09-11T12:00:00+09:00", "reason": ""}
    assert real_desk.ask("POST", "/admin/months/202609/extend", party=OPERATOR, json=silent).status_code == 422
    assert not real_desk.lab.office.calendar().extensions


def test_a_closed_month_is_not_extended(real_desk: DeskLab) -> None:
    """What is closed stays closed."""
    confirmed(real_desk)
    real_desk.lab.close(force=True)
    asked = {"until": "2026-09-11T12:00:00+09:00", "reason": "当方の障害のため"}

    answer = real_desk.ask("POST", "/admin/months/202609/extend", party=OPERATOR, json=asked)

    assert (answer.status_code, answer.json()["code"]) == (409, "already_closed")
