"""Applications for certificates, and what a party sees of its own, over the desk's API."""

from typing import Any

import pytest

from apps.desk_lab import FIRST, OPERATOR, PAYER, SECOND, DeskLab, certificates

TERMINAL = "受付2号機"
APPLICATIONS = "/certificates/applications"


def applied(desk: DeskLab, *, party: str = FIRST, **wish: Any) -> dict[str, Any]:
    """Apply, and return the application."""
    answer = desk.ask("POST", APPLICATIONS, party=party, json={"terminal": TERMINAL} | wish)
    assert answer.status_code in {200, 201}, answer.text
    told: dict[str, Any] = answer.json()
    return told


def approved(desk: DeskLab, application: str) -> dict[str, Any]:
    """Approve, and return the notice with its codes."""
    answer = desk.ask("POST", f"/admin{APPLICATIONS}/{application}/approve", party=OPERATOR)
    assert (200, "no-store") == (answer.status_code, answer.headers["cache-control"]), answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_an_application_is_filed_once_and_approved_once(desk: DeskLab) -> None:
    """The codes are in the answer to the approval, and in no other."""
    first, again = applied(desk, contact="事務 03-0000-0000"), applied(desk)

    assert (False, True, first["id"]) == (first["repeat"], again["repeat"], again["id"])
    waiting = desk.ask("GET", f"/admin{APPLICATIONS}?state=applied", party=OPERATOR).json()["items"]
    assert [(FIRST, TERMINAL, "事務 03-0000-0000")] == [
        (each["party"], each["terminal"], each["contact"]) for each in waiting
    ]
    notice = approved(desk, first["id"])
    assert (14, 14, 23, None) == (
        len(notice["reference"]), len(notice["pin"]), len(notice["recovery"]), notice["binding"],
    )  # fmt: skip
    late = desk.ask("POST", f"/admin{APPLICATIONS}/{first['id']}/approve", party=OPERATOR)
    assert (409, "application_decided") == (late.status_code, late.json()["code"])
    mine = desk.ask("GET", f"{APPLICATIONS}/{first['id']}")
    assert ("approved", notice["open_until"]) == (mine.json()["state"], mine.json()["open_until"])
    theirs = desk.ask("GET", f"/admin/certificates/notices?party={FIRST}", party=OPERATOR)
    for answer in (mine, theirs, desk.ask("GET", APPLICATIONS)):
        assert notice["pin"] not in answer.text
        assert notice["recovery"] not in answer.text
    assert [notice["reference"]] == [each["reference"] for each in theirs.json()["items"]]


def test_a_notice_is_opened_anew_and_its_terminal_ended(desk: DeskLab) -> None:
    """New codes each time; an ended one opens nothing any more."""
    first = approved(desk, applied(desk)["id"])
    path = f"/admin/certificates/notices/{first['id']}"

    anew = desk.ask("POST", f"{path}/open-anew", party=OPERATOR).json()
    ended = desk.ask("POST", f"{path}/end", party=OPERATOR).json()
    gone = desk.ask("POST", f"{path}/open-anew", party=OPERATOR)

    assert first["reference"] == anew["reference"]
    assert first["pin"] != anew["pin"]
    assert ([], True) == (ended["revoked"], ended["ended_at"] is not None)
    assert (404, "not_found") == (gone.status_code, gone.json()["code"])


def test_a_server_has_names_and_a_binding(desk: DeskLab) -> None:
    """The key id of its ACME account is the reference number as it is kept."""
    application = applied(desk, party=PAYER, purpose="server", hosts=["receive.example.jp"])
    notice = approved(desk, application["id"])

    assert ["receive.example.jp"] == notice["hosts"]
    assert (notice["reference"].replace("-", ""), 43) == (notice["kid"], len(notice["binding"]))


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"terminal": ""}, 400),
        ({"terminal": "x" * 65}, 400),
        ({"terminal": "あ" * 40}, 400),
        ({"terminal": "pc", "party": SECOND}, 400),
        ({"terminal": "pc", "hosts": ["a.example"]}, 400),
        ({"terminal": "pc", "purpose": "server"}, 400),
        ({"terminal": "pc", "contact": "a\nb"}, 400),
    ],
)
def test_a_wish_that_cannot_be_is_refused(desk: DeskLab, asked: dict[str, Any], status: int) -> None:
    """And nothing of it is kept."""
    answer = desk.ask("POST", APPLICATIONS, json=asked)

    assert (status, "bad_request") == (answer.status_code, answer.json()["code"])
    assert [] == desk.ask("GET", APPLICATIONS).json()["items"]


def test_an_application_is_taken_back_or_sent_back(desk: DeskLab) -> None:
    """With a reason that its party reads."""
    gone, back = applied(desk), applied(desk, terminal="pc-9")

    assert "withdrawn" == desk.ask("POST", f"{APPLICATIONS}/{gone['id']}/withdraw").json()["state"]
    sent = desk.ask("POST", f"/admin{APPLICATIONS}/{back['id']}/send-back", party=OPERATOR, json={"reason": "重複"})
    assert (200, "sent_back") == (sent.status_code, sent.json()["state"])
    assert {"withdrawn": "", "sent_back": "重複"} == {
        each["state"]: each["reason"] for each in desk.ask("GET", APPLICATIONS).json()["items"]
    }
    assert 409 == desk.ask("POST", f"{APPLICATIONS}/{back['id']}/withdraw").status_code


def test_only_the_operator_answers(desk: DeskLab) -> None:
    """Others are told that they may not, whether the thing is there or not."""
    application = applied(desk)["id"]

    for path in (f"applications/{application}/approve", "notices/0/open-anew", "notices/0/end"):
        assert 403 == desk.ask("POST", f"/admin/certificates/{path}", party=FIRST).status_code
    assert 403 == desk.ask("GET", f"/admin{APPLICATIONS}").status_code
    assert 404 == desk.ask("GET", f"{APPLICATIONS}/{application}", party=OPERATOR).status_code


def test_a_party_sees_its_certificates_with_the_days_left(desk: DeskLab) -> None:
    """Its own and no other's, page by page, the one in hand marked."""
    told = desk.ask("GET", "/certificates").json()

    assert [(certificates()[FIRST][0], "good", True)] == [
        (each["serial"], each["state"], each["in_hand"]) for each in told["items"]
    ]
    assert 300 < told["items"][0]["days_left"] < 401
    assert {"items": [], "next": None} == desk.ask("GET", f"/certificates?cursor={told['items'][0]['serial']}").json()
    desk.ask("POST", f"/admin/certificates/{told['items'][0]['serial']}/revoke", party=OPERATOR, json={})
    assert 403 == desk.ask("GET", "/certificates").status_code
