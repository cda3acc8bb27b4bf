"""What is arriving, through the API: each sees its own."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import httpx2
import pytest

from apps.desk_lab import API, FIRST, HOST, OPERATOR, PAYER, SECOND, Connected, DeskLab
from builders import claim, uke
from seikyu.adapters.memory_jobs import MemoryWatching
from seikyu.services import start
from seikyu.services.arrivals import hear
from seikyu.services.prepare import Preparations
from services.office_lab import Lab, make_lab

FILE = uke(*(claim(no) for no in range(1, 1800)))
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(256)) * 1600
SHOWN = {
    "id", "party", "line", "upload", "no", "name", "idempotency_key", "stated_bytes", "received_bytes", "ended",
    "claims", "findings", "refused",
}  # fmt: skip


@pytest.fixture
def watched() -> DeskLab:
    """Return the desk of an office whose checks go along."""

    def wrap(lab: Lab) -> Lab:
        line = MemoryWatching()
        office = replace(lab.office, watching=line)
        line.listener = preparations = Preparations(office, report=partial(hear, office))
        office = replace(office, checker=preparations.check)
        start.register(office)
        return replace(lab, office=office)

    return DeskLab.make(wrap(make_lab(calendar="sandbox")))


async def while_sending(desk: DeskLab, data: bytes, *, until: Callable[[list[Any]], object]) -> dict[str, list[Any]]:
    """Send a file, and before its last bytes ask as everybody what arrives; `until` judges what its sender sees."""
    seen: dict[str, list[Any]] = {}

    def client(party: str) -> httpx2.AsyncClient:
        transport = httpx2.ASGITransport(app=Connected(desk.app, party))
        return httpx2.AsyncClient(transport=transport, base_url=HOST)

    async def ask(party: str) -> list[Any]:
        async with client(party) as line:
            answer = await line.get(API + "/arrivals")
            assert answer.status_code == 200
            return list(answer.json()["items"])

    async def body() -> Any:
        yield data[:300_000]
        for _ in range(500):
            if until(await ask(FIRST)):
                break
            await asyncio.sleep(0.01)
        for party in (FIRST, SECOND, PAYER, OPERATOR):
            seen[party] = await ask(party)
        yield data[300_000:]

    async with client(FIRST) as line:
        query = {"name": "RECEIPTC.UKE", "line": "test"}
        answer = await line.post(API + "/sendings", content=body(), params=query, headers={"Idempotency-Key": '"k-1"'})
        assert answer.status_code == 201
        seen["after"] = await ask(FIRST)
    return seen


def test_a_party_sees_what_it_is_sending(watched: DeskLab) -> None:
    """How far it is, and nothing of anybody else's; to the operator everything; afterwards there is nothing."""
    seen = watched.loop.run_until_complete(
        while_sending(watched, FILE, until=lambda items: items and items[0]["claims"])
    )

    (item,) = seen[FIRST]
    assert SHOWN == item.keys()
    assert (FIRST, "test", "RECEIPTC.UKE", "k-1") == tuple(
        item[name] for name in ("party", "line", "name", "idempotency_key")
    )
    assert (None, None, None, 300_000, False, None) == tuple(
        item[name] for name in ("upload", "no", "stated_bytes", "received_bytes", "ended", "refused")
    )
    assert ([], [], []) == (seen[SECOND], seen[PAYER], seen["after"])
    assert [item["id"]] == [each["id"] for each in seen[OPERATOR]]


def test_a_verdict_is_there_before_the_end(watched: DeskLab) -> None:
    """In both languages, with its code; the sending is refused by the same finding."""
    seen = watched.loop.run_until_complete(
        while_sending(watched, JPEG, until=lambda items: items and items[0]["refused"])
    )
    watched.lab.work()

    verdict = seen[FIRST][0]["refused"]
    assert {"code", "level", "line", "message", "message_ja"} == verdict.keys()
    (sending,) = watched.ask("GET", "/sendings").json()["items"]
    found = watched.ask("GET", f"/sendings/{sending['id']}/findings").json()["items"]
    assert verdict.items() <= found[0].items()
    assert "refused" == sending["state"]
    assert not watched.ask("GET", f"/sendings/{sending['id']}").json()["files"][0]["damaged"]


def test_a_file_of_an_upload_is_answered_with_what_is_known(watched: DeskLab) -> None:
    """The counts stand in the answer, or zeros if the check does not go along."""
    upload = watched.ask("POST", "/sendings?files=2").json()["upload"]

    put = watched.ask("PUT", f"/sendings/uploads/{upload}/files/1", content=FILE).json()
    (item,) = watched.ask("GET", "/arrivals").json()["items"]

    assert {"upload", "no", "size_bytes", "sha256", "claims", "findings", "refused"} == put.keys()
    assert (upload, 1, True) == (item["upload"], item["no"], item["ended"])
    assert len(FILE) == item["stated_bytes"] == item["received_bytes"]


def test_the_list_has_pages(desk: DeskLab) -> None:
    """As every list; a page without a check that goes along shows zeros."""
    upload = desk.ask("POST", "/sendings?files=3").json()["upload"]
    for no in (1, 2, 3):
        desk.ask("PUT", f"/sendings/uploads/{upload}/files/{no}", content=uke(claim(no)))

    first = desk.ask("GET", "/arrivals?limit=2").json()
    rest = desk.ask("GET", f"/arrivals?limit=2&cursor={first['next']}").json()

    assert [3, 2, 1] == [item["no"] for item in [*first["items"], *rest["items"]]]
    assert rest["next"] is None
    assert {0} == {item["claims"] for item in first["items"]}
    assert 400 == desk.ask("GET", "/arrivals?cursor=!").status_code
