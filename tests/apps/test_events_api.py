"""The feed and webhooks over the API: long polls, cursors, and what is told to whom."""

import asyncio
from typing import Any

import httpx2
import pytest

from apps.desk_lab import API, FIRST, HOST, PAYER, SECOND, Connected, DeskLab
from builders import claim, uke
from seikyu.apps.api.bell import Bell
from seikyu.ports.errors import Busy
from seikyu.services.events import What, note
from seikyu.services.feed import Place
from services.office_lab import make_lab


def wait_and_do(desk: DeskLab, act: Any, *, wait: int = 25, party: str = FIRST) -> httpx2.Response:
    """Ask for events and wait; do something once the question waits; return the answer."""

    async def both() -> httpx2.Response:
        transport = httpx2.ASGITransport(app=Connected(desk.app, party))
        async with httpx2.AsyncClient(transport=transport, base_url=HOST) as client:
            asked = asyncio.create_task(client.get(f"{API}/events", params={"after": "now", "wait": wait}))
            await asyncio.sleep(0.3)  # long enough that it waits; if not, it finds the event all the same
            await asyncio.to_thread(act)
            return await asked

    return desk.loop.run_until_complete(both())


def test_a_sending_can_be_followed(desk: DeskLab) -> None:
    """From the beginning, page by page, by its own party only."""
    desk.send(uke(claim(1)))
    desk.lab.work()

    first = desk.ask("GET", "/events", params={"limit": 1}).json()
    rest = desk.ask("GET", "/events", params={"after": first["next"]}).json()

    assert [each["type"] for each in first["items"] + rest["items"]] == ["sending.recorded", "sending.checked"]
    assert rest["next"] == "2-0"
    assert desk.ask("GET", "/events", party=SECOND).json() == {"items": [], "next": "0-0"}
    assert desk.ask("GET", "/events", params={"after": "3-0"}).json()["code"] == "bad_request"
    assert desk.ask("GET", "/events", params={"after": "x"}).status_code == 400
    assert desk.ask("GET", "/events", params={"types": "no.such"}).status_code == 400


def test_who_waits_is_woken_by_an_event(desk: DeskLab) -> None:
    """What happens while the question waits is its answer; what another party does is not."""
    told = wait_and_do(desk, lambda: desk.lab.send(uke(claim(1)))).json()

    assert [each["type"] for each in told["items"]] == ["sending.recorded"]
    assert wait_and_do(desk, lambda: desk.lab.send(uke(claim(1), claim(2))), wait=1, party=SECOND).json()["items"] == []


def test_one_look_serves_all_who_wait() -> None:
    """A hundred who wait cost one statement a look; when nobody waits, nobody looks."""
    lab = make_lab()
    bell = Bell(lab.office.store, per_party=100, look_s=0.01)

    async def waited() -> tuple[list[bool], int]:
        tasks = [asyncio.create_task(bell.wait(FIRST, Place(0, 0), wait_s=20)) for _ in range(100)]
        await asyncio.sleep(0.05)
        looks = bell.looks
        with lab.office.store.write() as tx:
            note(tx, lab.office, What.SENDING_CHECKED, party=FIRST, subject="s")
        woken = list(await asyncio.gather(*tasks))
        await asyncio.sleep(0.05)
        after = bell.looks
        await asyncio.sleep(0.05)
        assert after == bell.looks
        return woken, looks

    woken, looks = asyncio.run(waited())
    assert all(woken)
    assert looks < 20


def test_waiting_is_bounded_and_ends_with_the_server() -> None:
    """So many of a party, so many at all; a stop wakes everybody at once, and nobody waits any more."""
    lab = make_lab()
    bell = Bell(lab.office.store, most=3, per_party=2)

    async def waited() -> list[bool]:
        tasks = [asyncio.create_task(bell.wait(party, Place(0, 0), wait_s=20)) for party in (FIRST, FIRST, SECOND)]
        await asyncio.sleep(0.01)
        for party in (FIRST, PAYER):
            with pytest.raises(Busy):
                await bell.wait(party, Place(0, 0), wait_s=20)
        bell.stop()
        woken = list(await asyncio.wait_for(asyncio.gather(*tasks), 5))
        return [*woken, await bell.wait(FIRST, Place(0, 0), wait_s=20)]

    assert asyncio.run(waited()) == [False] * 4


def test_webhooks_over_the_api(desk: DeskLab) -> None:
    """Entered with a secret that is shown once, looked at, tested, rotated, paused, resumed, removed."""
    headers = {"Idempotency-Key": "k1"}
    asked = {"address": "https://vendor.example.com/hook", "types": ["sending.checked"]}
    made = desk.ask("POST", "/webhooks", json=asked, headers=headers)
    again = desk.ask("POST", "/webhooks", json=asked, headers=headers)
    path = f"/webhooks/{made.json()['id']}"

    assert (made.status_code, again.status_code) == (201, 200)
    assert made.json()["secret"].startswith("whsec_")
    assert made.headers["location"].endswith(path)
    assert made.headers["cache-control"] == "no-store"
    assert again.json() | {"secret": made.json()["secret"], "repeat": False} == made.json()
    assert again.json()["secret"] is None
    shown = desk.ask("GET", path).json()
    assert (shown["state"], shown["types"], shown["attempts"]) == ("active", ["sending.checked"], [])
    assert "secret" not in shown
    assert desk.ask("POST", f"{path}/test").json()["outcome"] == "connection"
    assert desk.ask("POST", f"{path}/rotate").json()["secret"].startswith("whsec_")
    assert desk.ask("POST", f"{path}/pause").json()["state"] == "paused"
    assert desk.ask("POST", f"{path}/resume", params={"from_now": True}).json()["state"] == "active"
    assert [each["id"] for each in desk.ask("GET", "/webhooks").json()["items"]] == [made.json()["id"]]
    assert desk.ask("GET", "/webhooks", party=SECOND).json() == {"items": []}
    for method, below in (("GET", ""), ("DELETE", ""), ("POST", "/test"), ("POST", "/rotate"), ("POST", "/pause")):
        assert desk.ask(method, path + below, party=SECOND).status_code == 404
    assert desk.ask("DELETE", path).status_code == 204
    assert desk.ask("GET", path).status_code == 404


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"address": "http://vendor.example.com/"}, 422, "bad_webhook"),
        ({"address": "https://169.254.169.254/"}, 422, "bad_webhook"),
        ({"address": "https://vendor.example.com/", "types": ["no.such"]}, 400, "bad_request"),
        ({"address": ""}, 400, "bad_request"),
        ({}, 400, "bad_request"),
    ],
)
def test_a_webhook_that_cannot_be_is_refused(desk: DeskLab, asked: dict[str, Any], status: int, code: str) -> None:
    """In words that say what to do."""
    answer = desk.ask("POST", "/webhooks", json=asked, headers={"accept-language": "ja"})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["hint"]
