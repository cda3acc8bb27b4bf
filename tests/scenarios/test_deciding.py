"""Deciding twice, deciding late, and an office that is closed: each gets one clear answer."""

import time

import pytest
from real_house import House


def checked(office: House, number: int) -> str:
    """Send a conforming file and wait for its check; return the sending."""
    sending = str(office.ask("POST", "/api/v1/sendings", office.unsent(number)).json["id"])
    for _ in range(300):
        if office.ask("GET", f"/api/v1/sendings/{sending}").json["state"] != "checking":
            return sending
        time.sleep(0.1)
    raise AssertionError("the check takes too long")


@pytest.mark.both_fronts
def test_a_second_confirm_and_a_late_cancel_are_turned_away(office: House) -> None:
    """請求確定 is the last word; neither it nor anything else can be said again."""
    sending = checked(office, 1)
    first = office.ask("POST", f"/api/v1/sendings/{sending}/confirm?errors=without", b"")

    second = office.ask("POST", f"/api/v1/sendings/{sending}/confirm?errors=with", b"")
    cancelled = office.ask("POST", f"/api/v1/sendings/{sending}/cancel", b"")

    assert (200, "confirmed") == (first.status, first.json["state"])
    assert (409, 409) == (second.status, cancelled.status)
    assert "confirmed" == office.ask("GET", f"/api/v1/sendings/{sending}").json["state"]
    assert second.json["hint"]


@pytest.mark.both_fronts
def test_confirm_after_cancel_is_turned_away_and_the_same_file_may_be_sent_anew(office: House) -> None:
    """A cancelled sending is over; the same bytes are then a new sending and no repeat."""
    sending = checked(office, 2)
    assert "cancelled" == office.ask("POST", f"/api/v1/sendings/{sending}/cancel", b"").json["state"]

    late = office.ask("POST", f"/api/v1/sendings/{sending}/confirm?errors=with", b"")
    anew = office.ask("POST", "/api/v1/sendings", office.unsent(2))

    assert 409 == late.status
    assert 201 == anew.status
    assert sending != anew.json["id"]


@pytest.mark.both_fronts
def test_the_same_again_is_a_repeat_and_a_key_holds_its_first_answer(office: House) -> None:
    """Repeats get the first answer; a key with other bytes is refused; other terms are a new sending."""
    body, other = office.unsent(3), office.unsent(4)
    first = office.ask("POST", "/api/v1/sendings", body, Idempotency_Key="key-of-this-act")

    repeat = office.ask("POST", "/api/v1/sendings", body)
    keyed = office.ask("POST", "/api/v1/sendings", body, Idempotency_Key="key-of-this-act")
    reused = office.ask("POST", "/api/v1/sendings", other, Idempotency_Key="key-of-this-act")
    without_asp = office.ask("POST", "/api/v1/sendings?asp=false", body)
    on_test_line = office.ask("POST", "/api/v1/sendings?line=test", body)

    assert 201 == first.status
    assert [(200, first.json["id"], True)] * 2 == [(r.status, r.json["id"], r.json["repeat"]) for r in (repeat, keyed)]
    assert (422, "key_reused") == (reused.status, reused.json["code"])
    assert (201, 201) == (without_asp.status, on_test_line.status)
    assert 3 == len({first.json["id"], without_asp.json["id"], on_test_line.json["id"]})


def test_outside_the_opening_hours_the_answer_names_the_next_opening(house: House) -> None:
    """At night, on the 3rd of a month, the office says when it opens; nothing is kept."""
    house.start()
    for words in (("admin", "calendar", "national"), ("admin", "clock", "2026-11-03T02:00:00+09:00")):
        done = house.run(*words)
        assert done.returncode == 0, done.stderr
    before = house.files(), house.sendings()

    reply = house.ask("POST", "/api/v1/sendings", house.unsent(6))

    assert (409, "closed") == (reply.status, reply.json["code"])
    assert "2026-11-05T08:00:00+09:00" in reply.body.decode() or "2026-11-05 08:00" in reply.body.decode()
    assert before == (house.files(), house.sendings())
    assert house.ask("GET", "/healthz").body == b"ok"
    path = house.home.parent / "late.uke"
    path.write_bytes(house.unsent(6))
    said = house.run("send", str(path), party="institution")
    assert said.returncode not in (0, 1, 2)
    assert "2026-11-05" in said.stderr
