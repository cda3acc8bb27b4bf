"""A whole month in a real office: December 2026, from the 4th to the 5th of January, on a clock that the operator moves.

Several institutions, a confirmation undone by two people, an announced extension, the calendar's own confirmation and
closing, corrections, deliveries, the pause at the end of the year, and books that balance.
"""

import json
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from real_house import House

from seikyu.apps.wiring import find_home, office_at
from seikyu.office.calendar import JST
from seikyu.services import undo
from seikyu.services.staff import Staff
from seikyu.trust.people import Actor
from seikyu.trust.revoking import Person

pytestmark = pytest.mark.slow

MONTH, NEXT = "202612", "202701"
JSON = {"content-type": "application/json"}
FIRST, SECOND = "institution", "institution_2"


def at(house: House, text: str) -> None:
    """Move the clock of the office to a time in Japan."""
    body = json.dumps({"now": f"{text}+09:00"}).encode()
    answer = house.ask("PUT", "/api/v1/admin/clock", body, party="operator", **JSON)
    assert answer.status == 200, answer.json


def a_file(house: House, number: int, party: str = FIRST, *, month: str = MONTH, wrong: bool = False) -> bytes:
    """Return a file of the month that nobody sent yet; if it is `wrong`, its first claim asks."""
    head, _, rest = house.unsent(number, party).partition(b"\r\n")
    data = head.replace(b",202611,", f",{month},".encode(), 1) + b"\r\n" + rest
    return broken(data) if wrong else data


def broken(data: bytes) -> bytes:
    """Return the file with a check digit of the first insurer's number that is wrong."""
    lines = data.split(b"\r\n")
    place = next(no for no, line in enumerate(lines) if line.startswith(b"HO,0"))
    number = lines[place].split(b",")[1]
    bad = number[:-1] + str((int(number[-1:]) + 1) % 10).encode()
    lines[place] = lines[place].replace(number, bad, 1)
    return b"\r\n".join(lines)


def sent(house: House, data: bytes, party: str = FIRST, *, line: str = "real") -> dict[str, Any]:
    """Send and wait for the check; return the sending, or the problem."""
    answer = house.ask("POST", f"/api/v1/sendings?line={line}", data, party=party)
    if answer.status >= 400:
        return dict(answer.json)
    return until(lambda: shown(house, answer.json["id"], party), lambda row: row["state"] != "checking")


def shown(house: House, sending: str, party: str = FIRST) -> dict[str, Any]:
    """Return a sending as its institution sees it."""
    return dict(house.ask("GET", f"/api/v1/sendings/{sending}", party=party).json)


def until(look: Callable[[], dict[str, Any]], done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Look until it is so; the office works by itself."""
    for _ in range(600):
        seen = look()
        if done(seen):
            return seen
        time.sleep(0.1)
    raise AssertionError(seen)


def act(house: House, path: str, asked: Any = None, *, party: str = FIRST) -> dict[str, Any]:
    """Do something that must succeed."""
    body = json.dumps(asked).encode() if asked is not None else b""
    answer = house.ask("POST", f"/api/v1{path}", body, party=party, **JSON)
    assert answer.status < 300, answer.json
    return dict(answer.json)


def staff(name: str, role: str) -> Staff:
    """Return somebody of the office who was there before."""
    return Staff(Actor(name, "operator", "1", role), Person("user", f"1/{name}", datetime(2026, 1, 1, tzinfo=JST)))


def test_a_month_is_lived_by_the_calendar(house: House) -> None:
    """What counts, what does not, who decided, and that everything that was claimed was delivered, to the unit."""
    house.start()
    calendar = json.dumps({"name": "national"}).encode()
    assert house.ask("PUT", "/api/v1/admin/calendar", calendar, party="operator", **JSON).status == 200

    # Before the 5th nobody is let in; the mistaken do not lose anything.
    at(house, "2026-12-04T23:59:50")
    early = sent(house, a_file(house, 1))
    assert (early["code"], early["next_opens_at"][:19]) == ("closed", "2026-12-05T08:00:00")

    # On the 5th two institutions send; one confirms, the other waits with a claim that asks.
    at(house, "2026-12-05T08:00:00")
    first = sent(house, a_file(house, 1))
    assert first["state"] == "to_decide"
    act(house, f"/sendings/{first['id']}/confirm?errors=with")
    second = sent(house, a_file(house, 2, SECOND, wrong=True), SECOND)
    assert (second["state"], second["ask"]) == ("to_decide", 1)

    # On the 8th the first finds a mistake in what it confirmed: two people of the office undo it.
    at(house, "2026-12-08T10:00:00")
    wish = act(house, f"/sendings/{first['id']}/undo-request", {"reason": "枚数の誤りがあるため"})
    with office_at(find_home(house.home)) as office:
        undo.order_undo(office, staff("hanako", "operator"), first["id"], "電話でも確認した")
        undo.approve_undo(office, staff("taro", "approver"), wish["id"])
    assert shown(house, first["id"])["state"] == "undone"

    # In the night of the 10th the office is slow, and says so: until noon of the 11th.
    at(house, "2026-12-10T23:00:00")
    asked = {"until": "2026-12-11T12:00:00+09:00", "reason": "当方の障害のため"}
    act(house, f"/admin/months/{MONTH}/extend", asked, party="operator")
    at(house, "2026-12-11T00:00:30")
    again = sent(house, a_file(house, 1))
    assert (again["state"], again["received_at"][:10]) == ("to_decide", "2026-12-11")
    assert again["id"] != first["id"]
    act(house, f"/sendings/{again['id']}/confirm?errors=without")
    at(house, "2026-12-11T11:59:30")
    assert shown(house, second["id"], SECOND)["state"] == "to_decide"

    # At noon the calendar confirms what nobody decided, without what asks; only corrections are taken from then on.
    at(house, "2026-12-11T12:00:00")
    decided = until(lambda: shown(house, second["id"], SECOND), lambda row: row["state"] == "confirmed_automatically")
    assert decided["unclaimed"] == 1
    late = sent(house, a_file(house, 9))  # What was undone has come back, but all of it has been claimed since.
    assert late["refused"] == late["claims"]
    act(house, f"/sendings/{late['id']}/cancel")
    right = sent(house, a_file(house, 3, SECOND), SECOND)
    assert (right["state"], right["refused"]) == ("to_decide", decided["claimed"])
    at(house, "2026-12-12T20:59:00")
    corrected = act(house, f"/sendings/{right['id']}/confirm?errors=with", party=SECOND)
    assert corrected["claimed"] == 1

    # At nine in the evening of the 12th the month closes by itself, and the books balance.
    at(house, "2026-12-12T21:00:00")
    report = until(
        lambda: dict(house.ask("GET", f"/api/v1/admin/months/1/{MONTH}", party="operator").json),
        lambda row: row["state"] == "closed",
    )["report"]
    total = report["balance"]["total"]
    claimed = again["claims"] + decided["claimed"] + 1
    assert report["balance"]["balanced"]
    assert total["claimed"]["claims"] == claimed
    assert total["delivered"] == total["claimed"]
    assert not report["suspended"]
    assert "balance: ok" in house.run("admin", "close", "1", MONTH).stdout
    states = [
        shown(house, each["id"], who)["state"] for each, who in ((again, FIRST), (second, SECOND), (right, SECOND))
    ]
    assert states == ["handed_over"] * 3

    # A payer fetches what is its own; the timeline says so, and shows nothing of a patient.
    to = house.home.parent / "fetched"
    assert house.run("fetch", "--month", MONTH, "--to", str(to), party="payer").returncode == 0
    assert any(Path(to).rglob("*"))
    told = house.ask("GET", f"/api/v1/admin/sendings/{again['id']}/timeline", party="operator").json
    assert [step["what"] for step in told["steps"]][:3] == ["recorded", "checked", "decided"]
    assert {"closed", "sealed", "received"} <= {step["what"] for step in told["steps"]}

    # The test line ends with the year on the 28th; on the 5th of January everything begins anew.
    at(house, "2026-12-28T20:59:00")
    assert sent(house, a_file(house, 4), line="test")["state"] == "to_decide"
    at(house, "2026-12-29T12:00:00")
    closed = sent(house, a_file(house, 5), line="test")
    assert (closed["code"], closed["next_opens_at"][:19]) == ("closed", "2027-01-05T08:00:00")
    at(house, "2027-01-05T08:00:00")
    assert sent(house, a_file(house, 6, month=NEXT))["state"] == "to_decide"
    assert sent(house, a_file(house, 7))["state"] == "refused"
    assert house.stop() == 0
