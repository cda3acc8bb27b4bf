"""Claims, findings by claim and corrections over the wire."""

from typing import Any

import pytest

from apps.desk_lab import FIRST, OPERATOR, PAYER, SECOND, DeskLab
from services.correcting_lab import ASKS, REFUSED, data

RIGHT_POINTS = [{"line": 1, "no": 6, "value": "291"}]
BIRTH = [{"line": 0, "no": 7, "value": "19800101"}]


def sent(desk: DeskLab) -> str:
    """Send the file with claims that come back; return the sending's path."""
    return f"/sendings/{desk.lab.send_and_check(data(), party=FIRST).id}"


def put(desk: DeskLab, at: str, index: int, **asked: Any) -> Any:
    """Put a correction."""
    return desk.ask("PUT", f"{at}/corrections/1/{index}", json={"mark": "corrected", **asked})


def test_findings_are_listed_by_claim(desk: DeskLab) -> None:
    """Counts by code, filters, pages; the keys of a finding are those of `seikyu check`."""
    at = sent(desk)

    told = desk.ask("GET", f"{at}/findings/by-claim").json()

    assert [None, 0, ASKS, REFUSED] == [each["claim_index"] for each in told["items"]]
    assert 3 == told["claims"]
    assert {"code": "X3020", "level": "L3", "effect": "asks", "findings": 1} in told["by_code"]
    narrow = desk.ask("GET", f"{at}/findings/by-claim?effect=refuses").json()
    assert [REFUSED] == [each["claim_index"] for each in narrow["items"]]
    first = desk.ask("GET", f"{at}/findings/by-claim?limit=2").json()
    second = desk.ask("GET", f"{at}/findings/by-claim?limit=2&cursor={first['next']}").json()
    assert told["items"] == first["items"] + second["items"]
    assert second["next"] is None
    assert 400 == desk.ask("GET", f"{at}/findings/by-claim?cursor=x").status_code
    assert 400 == desk.ask("GET", f"{at}/findings/by-claim?limit=0").status_code


def test_a_claim_is_told_item_by_item_with_the_names_of_the_layout(desk: DeskLab) -> None:
    """It is the party's own, so personal items are shown, and may be kept nowhere."""
    at = sent(desk)

    answer = desk.ask("GET", f"{at}/claims/1/{ASKS}")

    told = answer.json()
    assert "no-store" == answer.headers["cache-control"]
    head = told["lines"][0]
    assert ("RE", "レセプト共通レコード", True, 6) == (
        head["record"], head["name_ja"], head["editable"], head["file_line"],
    )  # fmt: skip
    name = {"no": 5, "name": "patient_name", "name_ja": "氏名", "personal": True, "value": "見本　花子"}
    assert name == head["items"][4]
    assert "X3020" in {each["code"] for each in told["findings"]}
    for path in (f"{at}/claims/1/9", f"{at}/claims/2/0", f"{at}/claims/x/0", f"{at}/corrections/1/9"):
        assert 404 == desk.ask("GET", path).status_code


def test_a_claim_is_corrected_and_goes_on_in_a_new_sending(desk: DeskLab) -> None:
    """Put, see, finish: 201 with the new sending, 200 with the same key; both know each other."""
    at = sent(desk)
    listed = desk.ask("GET", f"{at}/corrections").json()["items"]
    assert [(ASKS, "open"), (REFUSED, "open")] == [(each["claim_index"], each["mark"]) for each in listed]

    kept = put(desk, at, ASKS, items=RIGHT_POINTS)
    assert (200, 1, "corrected") == (kept.status_code, kept.json()["version"], kept.json()["mark"])
    assert [("292", "291")] == [(each["before"], each["after"]) for each in kept.json()["changes"]]
    assert [] == kept.json()["new_findings"]
    assert kept.json() == desk.ask("GET", f"{at}/corrections/1/{ASKS}").json()
    put(desk, at, REFUSED, items=BIRTH)
    done = desk.ask("POST", f"{at}/corrections/finish", headers={"idempotency-key": "k"})

    told = done.json()
    assert (201, 1, 2, False) == (done.status_code, told["correct_no"], told["claims"], told["repeat"])
    assert done.headers["location"].endswith(f"/api/v1/sendings/{told['sending']['id']}")
    again = desk.ask("POST", f"{at}/corrections/finish", headers={"idempotency-key": "k"})
    assert (200, told["sending"]["id"]) == (again.status_code, again.json()["sending"]["id"])
    old = desk.ask("GET", at).json()
    new = desk.ask("GET", f"/sendings/{told['sending']['id']}").json()
    assert (old["id"], 1, [new["id"]]) == (new["corrects"], new["correct_no"], old["corrected_in"])
    rows = desk.ask("GET", f"{at}/claims").json()["items"]
    assert [None, "corrected", "corrected"] == [row["reason"] for row in rows]
    listing = desk.ask("GET", f"{at}/corrections.csv?in={new['id']}")
    assert "attachment" in listing.headers["content-disposition"]
    assert "レセプト訂正内容確認" in listing.content.decode("cp932")
    assert "finished" == desk.ask("GET", f"{at}/corrections").json()["items"][0]["barred"]


def test_what_cannot_be_is_a_problem_that_says_where(desk: DeskLab) -> None:
    """Places and reasons, and nothing of what was typed."""
    at = sent(desk)
    bad = put(desk, at, ASKS, items=[{"line": 0, "no": 5, "value": "😀ひみつ"}])
    assert (422, "bad_correction", ["0.5: character"]) == (bad.status_code, bad.json()["code"], bad.json()["wrong"])
    assert "ひみつ" not in bad.text

    put(desk, at, ASKS, items=RIGHT_POINTS)
    moved = put(desk, at, ASKS, items=RIGHT_POINTS)
    assert (409, "correction_moved", 1) == (moved.status_code, moved.json()["code"], moved.json()["version"])
    right = put(desk, at, 0, items=[{"line": 1, "no": 6, "value": "290"}])
    assert (409, "not_correctable", "no_errors") == (right.status_code, right.json()["code"], right.json()["why"])
    assert 400 == put(desk, at, ASKS, version=1).status_code
    nothing = desk.ask("POST", f"{at}/corrections/finish", headers={"idempotency-key": "k" * 200})
    assert 400 == nothing.status_code


@pytest.mark.parametrize(("party", "status"), [(SECOND, 404), (PAYER, 404), (OPERATOR, 403)])
def test_nobody_else_reads_or_corrects(desk: DeskLab, party: str, status: int) -> None:
    """Other institutions and payers find nothing; the office sees no claim."""
    at = sent(desk)
    for method, path in (
        ("GET", f"{at}/claims/1/0"), ("GET", f"{at}/corrections"), ("GET", f"{at}/corrections/1/1"),
        ("POST", f"{at}/corrections/finish"), ("GET", f"{at}/corrections.csv"),
    ):  # fmt: skip
        assert status == desk.ask(method, path, party=party).status_code, path
    assert status == desk.ask("PUT", f"{at}/corrections/1/1", json={}, party=party).status_code
