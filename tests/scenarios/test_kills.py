"""The plug is pulled at every moment of a sending's life; afterwards everything is there once, or not at all."""

import time
from pathlib import Path

import pytest
from real_house import House

#: Before the commit nothing may be left; after it the sending is there once, and the new try is a repeat.
LEAVES_NOTHING = ("before fsync", "between fsync and rename", "between rename and commit")


def send_and_die(house: House, moment: str, body: bytes) -> None:
    """Send to a server that kills itself at `moment`; no answer may come back."""
    house.start(kill_at=moment)
    with house.wire() as wire:
        wire.head("POST", "/api/v1/sendings", length=len(body))
        with pytest.raises((ConnectionError, OSError)):
            wire.write(body)
            wire.read()
    house.wait_dead()


def settled(house: House, sending: str) -> dict[str, object]:
    """Wait until the check is done; return the sending."""
    for _ in range(600):
        row = house.ask("GET", f"/api/v1/sendings/{sending}").json
        if row["state"] != "checking":
            return dict(row)
        time.sleep(0.1)
    raise AssertionError(f"{sending} is still being checked")


@pytest.mark.slow
@pytest.mark.parametrize("moment", LEAVES_NOTHING)
def test_a_kill_before_the_commit_leaves_neither_row_nor_object(house: House, moment: str) -> None:
    """After the restart the office is as it was, and sending again is an ordinary first sending."""
    before = house.files(), house.kept()

    send_and_die(house, moment, house.unsent(1))
    house.start()

    assert before == (house.files(), [row["id"] for row in house.sendings()])
    reply = house.ask("POST", "/api/v1/sendings", house.unsent(1))
    assert (201, False) == (reply.status, reply.json.get("repeat", False))


def test_a_kill_between_commit_and_answer_makes_the_new_try_a_repeat(house: House) -> None:
    """The sender heard nothing; its new try gets the first answer, and the sending is there once."""
    body = house.unsent(2)
    known = house.kept()

    send_and_die(house, "between commit and answer", body)
    house.start()
    reply = house.ask("POST", "/api/v1/sendings", body)

    assert (200, True) == (reply.status, reply.json["repeat"])
    assert [reply.json["id"], *known] == [row["id"] for row in house.sendings()]
    assert settled(house, reply.json["id"])["state"] == "to_decide"


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before the check", "in the check"])
def test_a_kill_in_the_check_lets_it_be_done_after_the_restart(house: House, moment: str) -> None:
    """A committed sending ends checked, once, whatever died meanwhile."""
    house.start(kill_at=moment)
    sending = house.ask("POST", "/api/v1/sendings", house.unsent(3)).json["id"]
    house.wait_dead()

    house.start()
    row = settled(house, sending)

    assert "to_decide" == row["state"]
    assert 1 == [each["id"] for each in house.sendings()].count(sending)
    assert no_orphans(house)


@pytest.mark.slow
@pytest.mark.parametrize(("moment", "state"), [("before a decision", "to_decide"), ("after a decision", "confirmed")])
def test_a_kill_around_a_decision_decides_wholly_or_not_at_all(house: House, moment: str, state: str) -> None:
    """Either the sending waits as before, or it is confirmed; a second try ends in the same place."""
    house.start(kill_at=moment)
    sending = house.ask("POST", "/api/v1/sendings", house.unsent(4)).json["id"]
    settled(house, sending)

    with pytest.raises((ConnectionError, OSError)):
        house.ask("POST", f"/api/v1/sendings/{sending}/confirm?errors=with", b"")
    house.wait_dead()
    house.start()

    assert state == house.ask("GET", f"/api/v1/sendings/{sending}").json["state"]
    assert house.ask("POST", f"/api/v1/sendings/{sending}/confirm?errors=with", b"").status in (200, 409)
    assert "confirmed" == house.ask("GET", f"/api/v1/sendings/{sending}").json["state"]
    assert no_orphans(house)


@pytest.mark.slow
@pytest.mark.parametrize("delay_ms", range(0, 400, 40))
def test_a_kill_at_any_moment_loses_nothing_that_was_acknowledged(house: House, delay_ms: int) -> None:
    """Several senders, a kill after some milliseconds: what was acknowledged is there once and ends checked."""
    from concurrent.futures import ThreadPoolExecutor

    house.start()
    bodies = [house.unsent(1000 + number) for number in range(6)]

    def try_once(body: bytes) -> str | None:
        try:
            return str(house.ask("POST", "/api/v1/sendings", body).json["id"])
        except OSError:
            return None

    with ThreadPoolExecutor(6) as senders:
        tries = [senders.submit(try_once, body) for body in bodies]
        time.sleep(delay_ms / 1000)
        house.kill()
        acknowledged = {each.result() for each in tries} - {None}
    house.start()
    there = [row["id"] for row in house.sendings()]
    again = {house.ask("POST", "/api/v1/sendings", body).json["id"] for body in bodies}

    assert acknowledged <= set(there)
    assert acknowledged <= again
    assert 6 == len(again)
    assert {"to_decide"} == {settled(house, sending)["state"] for sending in again}
    assert no_orphans(house)


def no_orphans(house: House) -> bool:
    """Return whether every object is spoken of by a row, and none is half there: the next start finds nothing to sweep."""
    house.stop()
    before = house.files()
    house.sweep()
    return before == house.files() and not any(".arriving" in Path(name).parts for name in before)
