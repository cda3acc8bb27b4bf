"""The inquiry desk, the status and incidents over the API and by command."""

import json
from pathlib import Path
from typing import Any

import pytest

from apps.desk_lab import FIRST, OPERATOR, PAYER, SECOND, DeskLab
from builders import claim, uke
from seikyu.apps import cli

ASKED = {"problem": "findings", "text": "L4605 の意味を教えてください。", "body": "1"}
REPORT = json.dumps({"verdict": "connects", "found": [], "facts": {"link.carrier": True}, "version": "1"})


def ask(desk: DeskLab, *, party: str = FIRST, key: str | None = None, **other: Any) -> Any:
    """Ask something."""
    headers = {"Idempotency-Key": key} if key else {}
    return desk.ask("POST", "/inquiries", party=party, json=ASKED | other, headers=headers)


def test_an_inquiry_is_made_once_and_seen_by_its_own_party(desk: DeskLab) -> None:
    """With its key; another party's is not found; the desk sees all, with counts."""
    made = ask(desk, key="k", report=REPORT)
    again = ask(desk, key="k", report=REPORT)
    number = made.json()["number"]

    assert (201, False, 200, True) == (
        made.status_code,
        made.json()["repeat"],
        again.status_code,
        again.json()["repeat"],
    )
    assert made.headers["location"].endswith(f"/inquiries/{number}")
    assert {"link.carrier": True} == made.json()["findings"]["facts"]
    assert 422 == ask(desk, key="k", text="other").status_code
    assert [number] == [each["number"] for each in desk.ask("GET", "/inquiries").json()["items"]]
    for party in (SECOND, PAYER):
        assert 404 == desk.ask("GET", f"/inquiries/{number}", party=party).status_code
        assert [] == desk.ask("GET", "/inquiries", party=party).json()["items"]
        message = desk.ask("POST", f"/inquiries/{number}/messages", party=party, json={"text": "x"})
        assert 404 == message.status_code
        assert 403 == desk.ask("GET", "/admin/inquiries", party=party).status_code
    every = desk.ask("GET", "/admin/inquiries?state=received", party=OPERATOR).json()
    assert ([number], 1) == ([each["number"] for each in every["items"]], every["states"]["received"])
    assert 403 == ask(desk, party=OPERATOR).status_code


def test_an_inquiry_is_answered(desk: DeskLab) -> None:
    """And written on by its party, until it is closed."""
    number = ask(desk).json()["number"]
    acts = f"/admin/inquiries/{number}/acts"

    assert 422 == desk.ask("POST", acts, party=OPERATOR, json={"act": "answer"}).status_code
    assert 400 == desk.ask("POST", acts, party=OPERATOR, json={"act": "solve"}).status_code
    told = desk.ask("POST", acts, party=OPERATOR, json={"act": "answer", "text": "算定できません。"}).json()
    assert ("answered", OPERATOR) == (told["state"], told["history"][-1]["by"])
    seen = desk.ask("GET", f"/inquiries/{number}").json()
    assert ("算定できません。", "") == (seen["history"][-1]["text"], seen["history"][-1]["by"])
    message = desk.ask("POST", f"/inquiries/{number}/messages", json={"text": "ありがとうございます。"})
    assert "received" == message.json()["state"]
    assert "closed" == desk.ask("POST", f"/inquiries/{number}/messages", json={"act": "solve"}).json()["state"]
    late = desk.ask("POST", acts, party=OPERATOR, json={"act": "answer", "text": "a"})
    assert (409, "inquiry_over") == (late.status_code, late.json()["code"])


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [
        ({"problem": "moon"}, 422, "bad_inquiry"),
        ({"text": "x" * 3000}, 422, "bad_inquiry"),
        ({"text": "x" * 5000}, 400, "bad_request"),
        ({"report": "#!/bin/sh"}, 422, "bad_report"),
        ({"report": "x" * 50_000}, 400, "bad_request"),
        ({"patient": "花子"}, 400, "bad_request"),
    ],
)
def test_what_cannot_be_taken_is_a_problem(desk: DeskLab, wrong: dict[str, str], status: int, code: str) -> None:
    """In the asker's words, and nothing that was typed is in it."""
    answer = desk.ask("POST", "/inquiries", json=ASKED | wrong, headers={"Accept-Language": "ja"})

    assert (status, code) == (answer.status_code, answer.json()["code"])
    assert "xxx" not in answer.text
    assert "花子" not in answer.text


def test_so_many_inquiries_a_day(desk: DeskLab) -> None:
    """Then 429, which says when to come again."""
    answers = [ask(desk) for _ in range(51)]

    assert [201] * 50 == [each.status_code for each in answers[:-1]]
    assert (429, "3600") == (answers[-1].status_code, answers[-1].headers["retry-after"])


def test_the_status_is_for_every_party(desk: DeskLab) -> None:
    """Nothing is told that was not measured; then it is, for any size."""
    none = desk.ask("GET", "/status").json()
    assert (None, None, "quiet") == (none["forecast"], none["pace"], none["level"])
    desk.send(uke(claim(1)))
    desk.lab.work()
    told = desk.ask("GET", "/status?size_bytes=1000000&days=3", party=PAYER).json()
    assert 1_000_000 == told["forecast"]["size_bytes"]
    assert told["forecast"]["least_s"] <= told["forecast"]["expected_s"] <= told["forecast"]["most_s"]
    for wrong in ("size_bytes=0", "size_bytes=x", "days=99"):
        assert 400 == desk.ask("GET", f"/status?{wrong}").status_code
    assert "findings" in desk.ask("GET", "/contact").json()["problems"]


def test_incidents_over_the_api(desk: DeskLab) -> None:
    """Opened, updated and ended by the operator; every party reads them in the status."""
    asked = {"title": "送信の障害", "text": "調査中です。", "parts": ["receiving"]}
    assert 403 == desk.ask("POST", "/admin/incidents", json=asked).status_code
    made = desk.ask("POST", "/admin/incidents", party=OPERATOR, json=asked)
    path = f"/admin/incidents/{made.json()['id']}"

    assert 201 == made.status_code
    assert [made.json()] == desk.ask("GET", "/status").json()["incidents"]["going_on"]
    assert 2 == len(desk.ask("POST", f"{path}/updates", party=OPERATOR, json={"text": "復旧中"}).json()["updates"])
    ended = desk.ask("POST", f"{path}/close", party=OPERATOR, json={"text": "復旧しました。"})
    assert ended.json()["ended_at"]
    assert [ended.json()] == desk.ask("GET", "/admin/incidents", party=OPERATOR).json()["past"]
    late = desk.ask("POST", f"{path}/close", party=OPERATOR, json={"text": "a"})
    assert (409, "incident_ended") == (late.status_code, late.json()["code"])
    wrong = desk.ask("POST", "/admin/incidents", party=OPERATOR, json=asked | {"parts": ["moon"]})
    assert (422, "bad_incident") == (wrong.status_code, wrong.json()["code"])
    assert 404 == desk.ask("POST", "/admin/incidents/0/updates", party=OPERATOR, json={"text": "a"}).status_code


def test_the_operator_works_on_the_home_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a server: incidents and inquiries by command."""
    home = ["--home", str(tmp_path / "home")]
    assert 0 == cli.run(["admin", "init", *home, "--sandbox"])
    capsys.readouterr()
    opened = [
        "admin", "incidents", "open", "障害", *home, "--part", "receiving", "--text", "調査中", "--began", "2026-09-06T09:00",
        "--json",
    ]  # fmt: skip
    assert 0 == cli.run(opened)
    incident = json.loads(capsys.readouterr().out)
    assert "2026-09-06T09:00:00+09:00" == incident["began_at"]
    assert 0 == cli.run(["admin", "incidents", "update", incident["id"], *home, "--text", "復旧中"])
    assert 0 == cli.run(["admin", "incidents", "list", *home])
    assert incident["id"] in capsys.readouterr().out
    assert 0 == cli.run(["admin", "incidents", "close", incident["id"], *home, "--text", "復旧", "--json"])
    assert json.loads(capsys.readouterr().out)["ended_at"]
    assert 2 == cli.run(["admin", "incidents", "close", incident["id"], *home, "--text", "a"])
    assert 3 == cli.run(["admin", "incidents", "open", "x", *home, "--part", "moon", "--text", "a"])
    assert 3 == cli.run(["admin", "incidents", "close", incident["id"], *home, "--text", "a", "--ended", "later"])
    assert 0 == cli.run(["admin", "incidents", "list", *home, "--json"])
    capsys.readouterr()
    assert 0 == cli.run(["admin", "inquiries", "list", *home])
    assert capsys.readouterr().out.strip()
    assert 2 == cli.run(["admin", "inquiries", "show", "ABCD", *home])
    assert 3 == cli.run(["admin", "inquiries", "answer", "ABCD", *home, "--act", "moon"])
    assert 2 == cli.run(["admin", "inquiries", "answer", "ABCD", *home, "--text", "a"])
