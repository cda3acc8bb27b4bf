"""The door and the faces: full house, early answers, a stop in the middle, health."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from apps.desk_lab import DeskLab
from apps.page_parts import pages_of_lab
from seikyu.apps import faces
from seikyu.apps.api.door import Door, Visit
from seikyu.apps.api.limiter import code_turnstile
from seikyu.apps.metrics import Metrics
from services.enrolment_lab import enrolling_over
from services.office_lab import make_lab, with_limits


def _scope(**headers: str) -> Scope:
    return {
        "type": "http", "method": "POST", "path": "/x", "query_string": b"", "state": {}, "scheme": "http",
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        "server": ("x", 1),
    }  # fmt: skip


async def _go_on(*, pieces: list[Message], sent: list[Message], app: Any, scope: Scope, most: int = 5) -> None:
    async def receive() -> Message:
        if pieces:
            return pieces.pop(0)
        await asyncio.sleep(3600)
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    await Door(app, face="desk", metrics=Metrics(), most=most, idle_s=0.01)(scope, receive, send)


def _answered(app: Any, scope: Scope, *, pieces: list[Message] | None = None, most: int = 5) -> list[Message]:
    sent: list[Message] = []
    asyncio.run(_go_on(pieces=pieces or [], sent=sent, app=app, scope=scope, most=most))
    return sent


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer before the body has come."""
    await PlainTextResponse("no", 413)(scope, receive, send)


def test_an_early_refusal_lets_the_sender_finish_its_sentence() -> None:
    """What still comes is read past before the line is closed, or the answer would be lost on its way."""
    more = [{"type": "http.request", "body": b"x", "more_body": True} for _ in range(3)]
    more.append({"type": "http.request", "body": b"x", "more_body": False})

    sent = _answered(refuse, _scope(content_length="1000000"), pieces=more)

    assert (b"connection", b"close") in sent[0]["headers"]
    assert more == []
    assert [message.get("more_body", False) for message in sent[1:]] == [True, False]


def test_an_answer_to_a_short_body_keeps_the_line() -> None:
    """The rest of a small body is read past by the server."""
    sent = _answered(refuse, _scope(content_length="10"))

    assert (b"connection", b"close") not in sent[0]["headers"]


def test_who_waits_for_leave_to_send_is_refused_at_once() -> None:
    """After an error a client that asked first sends nothing."""
    sent = _answered(refuse, _scope(content_length="1000000", expect="100-continue"))

    assert (b"connection", b"close") in sent[0]["headers"]


def test_a_full_house_says_so() -> None:
    """Past the limit nobody gets in."""
    sent = _answered(refuse, _scope(), most=0)

    assert sent[0]["status"] == 503
    assert json.loads(sent[1]["body"])["code"] == "busy"


def test_a_request_that_the_stop_cuts_is_told() -> None:
    """When the server cannot wait any longer the sender hears why."""

    async def hangs(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(3600)

    async def cut(sent: list[Message]) -> None:
        task = asyncio.ensure_future(_go_on(pieces=[], sent=sent, app=hangs, scope=_scope()))
        await asyncio.sleep(0.01)
        task.cancel()
        await task

    sent: list[Message] = []
    asyncio.run(cut(sent))

    assert sent[0]["status"] == 503
    assert json.loads(sent[1]["body"])["code"] == "stopping"


def test_an_answer_that_breaks_in_the_middle_ends_the_line() -> None:
    """The reader sees from the length that it is not whole."""

    async def breaks(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
        raise OSError("disk")

    with pytest.raises(ConnectionAbortedError):
        _answered(breaks, _scope())


def test_a_silent_sender_is_gone() -> None:
    """Whoever reads the body hears of a broken line."""

    async def silent() -> Message:
        await asyncio.sleep(3600)
        raise AssertionError

    async def nobody(message: Message) -> None:
        raise AssertionError

    visit = Visit(silent, nobody, headers=Headers({"content-length": "5"}), idle_s=0.01)

    assert asyncio.run(visit.receive()) == {"type": "http.disconnect"}


def _get(app: Any, path: str, **headers: str) -> httpx2.Response:
    async def once() -> httpx2.Response:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://inside") as client:
            return await client.get(path, headers=headers)

    return asyncio.run(once())


def test_the_inside_tells_health_in_detail() -> None:
    """Database, disk, queue and worker; as text and as JSON."""
    lab = make_lab()
    inside = faces.inside(lab.office, Metrics(), working=lambda: True)

    text = _get(inside, "/healthz")
    told = _get(inside, "/healthz", accept="application/json").json()

    assert text.text.startswith("ok\n")
    assert told["status"] == told["database"] == told["disk"] == told["worker"] == "ok"
    assert told["waiting"] == 0
    assert "seikyu_receiving 0.0" in _get(inside, "/metrics").text


def test_the_inside_tells_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk or a database that does not answer is no health; it never raises."""
    lab = with_limits(make_lab(), free_bytes=1 << 60)
    assert _get(faces.inside(lab.office, Metrics(), working=lambda: False), "/healthz").status_code == 503

    def breaks() -> int:
        raise OSError("gone")

    monkeypatch.setattr(lab.office.jobs, "waiting", breaks)
    monkeypatch.setattr(lab.office.objects, "free_bytes", breaks)
    told = faces.examine_house(lab.office, working=False)
    assert (told["status"], told["database"], told["disk"], told["worker"]) == (
        "failing",
        "OSError",
        "OSError",
        "stopped",
    )


def test_the_public_face_gives_the_certificates_out(tmp_path: Path) -> None:
    """Only the files of the list, and no other of the folder."""
    (tmp_path / "root.pem").write_bytes(b"PEM")
    (tmp_path / "other").write_bytes(b"secret")
    office = make_lab().office
    public = faces.public(
        office,
        enrolling_over(office),
        Metrics(),
        pages=pages_of_lab(office, "public"),
        given_out=tmp_path,
        turnstile=code_turnstile(),
    )

    assert _get(public, "/pki/root.pem").content == b"PEM"
    assert _get(public, "/healthz").text == "ok"
    assert {_get(public, f"/pki/{name}").status_code for name in ("other", "crl.pem", "..%2fother")} == {404}
    page = _get(public, "/")
    assert page.status_code == 200
    assert "社会保険診療報酬支払基金" in page.text


@pytest.mark.parametrize(
    ("day", "expected"), [(6, "Open until 2026-09-06 21:00"), (3, "It opens again at 2026-09-05 08:00")]
)
def test_the_desks_page_says_whether_it_is_open(day: int, expected: str) -> None:
    """For whoever looks before sending."""
    lab = make_lab(calendar="national")
    lab.clock.at = lab.clock.at.replace(day=day)

    page = DeskLab.make(lab).ask("GET", "///", headers={"accept-language": "en"})

    assert page.status_code == 200
    assert expected in page.text


def test_a_browser_is_told_to_be_careful() -> None:
    """With every answer, an error too; what the app says itself stays; by TLS only, but for this machine's own name."""

    async def own(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("x", headers={"Content-Security-Policy": "default-src 'self'"})(scope, receive, send)

    def headers(app: Any, scheme: str, host: str) -> dict[bytes, bytes]:
        sent = _answered(app, _scope(content_length="0", host=host) | {"scheme": scheme})
        told = [(name.lower(), value) for name, value in sent[0]["headers"]]
        assert len({name for name, _ in told}) == len(told)
        return dict(told)

    plain = headers(refuse, "https", "desk.example:8443")
    assert plain[b"content-security-policy"].startswith(b"default-src 'none'")
    assert plain[b"x-content-type-options"] == b"nosniff"
    assert b"strict-transport-security" in plain
    assert headers(own, "https", "desk.example")[b"content-security-policy"] == b"default-src 'self'"
    for scheme, host in (("http", "desk.example"), ("https", "localhost:8443")):
        assert b"strict-transport-security" not in headers(refuse, scheme, host)
