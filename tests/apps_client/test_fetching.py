"""Fetching: whatever breaks, what lies there in the end is the whole, and only then it is reported."""

import errno
import fcntl
import hashlib
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from seikyu.apps import client
from seikyu.apps.client.errors import (
    DeliveryDamaged,
    DiskFull,
    FetchRunning,
    FileUnusable,
    LineFailed,
    OddAnswer,
    OfficeSaid,
)
from seikyu.apps.client.fetch import _offer, _room, path_of
from seikyu.apps.demo_office import client_of
from seikyu.apps.demo_relay import Relay
from seikyu.apps.generator import world

Opens = Callable[..., client.Line]
Cuts = Callable[..., AbstractContextManager[Relay]]
Stubs = Callable[..., AbstractContextManager[tuple[client.Line, client.Offered]]]

HOSPITAL = world().institutions[0].id
PAYER, OTHER = "01990019", "06990014"


def nobody(_: int) -> None:
    """Watch no bytes."""


@pytest.fixture(scope="module")
def delivered(home: Path, tmp_path_factory: pytest.TempPathFactory) -> client.Offered:
    """A closed month with deliveries; the payer's own."""
    from seikyu.apps.generator import Recipe, write

    path = tmp_path_factory.mktemp("month") / "RECEIPTC.UKE"
    with path.open("wb") as out:
        write(Recipe(world().institutions[0], "1", 202609, 600, 5), out)
    with client.Line(client_of(home, HOSPITAL)) as line:
        sending = client.send(line, [client.look_at(path)], client.Terms(), told=nobody)
        client.wait_for_check(line, sending)
        client.confirm(line, sending["id"], "with")
    with client.Line(client_of(home, "operator")) as operator:
        operator.post("/admin/months/1/202609/close")
        for _ in range(300):
            if operator.get("/admin/months/1/202609")["state"] == "closed":
                break
            threading.Event().wait(0.1)
    with client.Line(client_of(home, PAYER)) as line:
        (one,) = client.offered(line, month="202609")
    return one


def test_a_delivery_lies_where_it_belongs(line: Opens, delivered: client.Offered, tmp_path: Path) -> None:
    """The folder tree is the payers' own; the digest is the office's; nothing half done lies beside it."""
    with line(PAYER) as open_line:
        here = client.fetch(open_line, delivered, to=tmp_path, told=nobody)
        state = {each.id: each.state for each in client.offered(open_line, month="202609")}

    assert tmp_path / "deliveries/1/202609/01990019/0_COMMON001/11_RECODEINFO_MED.CSV" == here.file
    assert delivered.sha256 == hashlib.sha256(here.file.read_bytes()).hexdigest()
    assert [here.file] == [path for path in tmp_path.rglob("*") if path.is_file()]
    assert "received" == state[delivered.id]


@pytest.mark.parametrize("tenth", [0, 1, 5, 9])
def test_a_cut_line_goes_on(line: Opens, relay: Cuts, delivered: client.Offered, tmp_path: Path, tenth: int) -> None:
    """A break is gone on from where it was; no byte that came is fetched again."""
    notes: list[str] = []
    told: list[int] = []
    with relay(down=delivered.size_bytes * tenth // 10 + 5000) as broken, line(PAYER, port=broken.port) as open_line:
        open_line.note = notes.append
        here = client.fetch(open_line, delivered, to=tmp_path, told=told.append)

    assert 1 == broken.cuts == len(notes)
    assert delivered.sha256 == hashlib.sha256(here.file.read_bytes()).hexdigest()
    assert delivered.size_bytes == sum(told)
    assert all(number >= 0 for number in told)


def test_what_breaks_off_is_noted_until_it_is_here(
    line: Opens, relay: Cuts, delivered: client.Offered, tmp_path: Path
) -> None:
    """The doctor finds the note in the client's folder, wherever the delivery was fetched to (X03)."""
    with (
        relay(down=delivered.size_bytes // 2 + 5000) as broken,
        line(PAYER, port=broken.port, tries=1) as open_line,
        pytest.raises(LineFailed),
    ):
        client.fetch(open_line, delivered, to=tmp_path, told=nobody)
    note = open_line.folder.path / "fetching" / delivered.id
    assert note.is_file()

    with line(PAYER) as open_line:
        client.fetch(open_line, delivered, to=tmp_path, told=nobody)

    assert not note.exists()


@pytest.mark.parametrize("cut", [0, 1, 77_777, -1, None])
def test_a_killed_program_goes_on(line: Opens, delivered: client.Offered, tmp_path: Path, cut: int | None) -> None:
    """Whatever part an earlier run left, the next run ends with the whole."""
    with line(PAYER) as open_line:
        whole = client.fetch(open_line, delivered, to=tmp_path, told=nobody).file
        data = whole.read_bytes()
        whole.unlink()
        whole.with_name(whole.name + ".part").write_bytes(data[:cut])
        whole.with_name(whole.name + ".part.json").write_text(json.dumps({"sha256": delivered.sha256}))

        here = client.fetch(open_line, delivered, to=tmp_path, told=nobody)

    assert data == here.file.read_bytes()
    assert len(data[:cut]) == here.resumed_from
    assert [here.file] == [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("note", [None, "", "[]", '{"sha256": "0"}'])
def test_a_part_of_something_else_begins_anew(
    line: Opens, delivered: client.Offered, tmp_path: Path, note: str | None
) -> None:
    """A part that is not known to be a part of this content is thrown away."""
    target = tmp_path / path_of(delivered, PAYER)
    target.parent.mkdir(parents=True)
    target.with_name(target.name + ".part").write_bytes(b"something else")
    if note is not None:
        target.with_name(target.name + ".part.json").write_text(note)

    with line(PAYER) as open_line:
        here = client.fetch(open_line, delivered, to=tmp_path, told=nobody)

    assert delivered.sha256 == hashlib.sha256(here.file.read_bytes()).hexdigest()
    assert 0 == here.resumed_from


def test_a_damaged_part_is_fetched_again(line: Opens, delivered: client.Offered, tmp_path: Path) -> None:
    """A part whose bytes changed under its name shows at the digest; the whole is fetched once more."""
    target = tmp_path / path_of(delivered, PAYER)
    target.parent.mkdir(parents=True)
    target.with_name(target.name + ".part").write_bytes(bytes(1000))
    target.with_name(target.name + ".part.json").write_text(json.dumps({"sha256": delivered.sha256}))
    told: list[int] = []

    with line(PAYER) as open_line:
        here = client.fetch(open_line, delivered, to=tmp_path, told=told.append)

    assert delivered.sha256 == hashlib.sha256(here.file.read_bytes()).hexdigest()
    assert delivered.size_bytes == sum(told)


def test_what_is_here_is_verified_and_not_fetched(line: Opens, delivered: client.Offered, tmp_path: Path) -> None:
    """A complete file is skipped only if its bytes are right; one that was changed on disk is fetched again."""
    with line(PAYER) as open_line:
        first = client.fetch(open_line, delivered, to=tmp_path, told=nobody)
        second = client.fetch(open_line, delivered, to=tmp_path, told=nobody)
        first.file.write_bytes(b"changed")
        third = client.fetch(open_line, delivered, to=tmp_path, told=nobody)

    assert (True, False, True) == (first.new, second.new, third.new)
    assert delivered.sha256 == hashlib.sha256(third.file.read_bytes()).hexdigest()


def test_two_programs_do_not_write_one_part(line: Opens, delivered: client.Offered, tmp_path: Path) -> None:
    """The second is told that another fetches; the first is not disturbed."""
    part = tmp_path / path_of(delivered, PAYER)
    part.parent.mkdir(parents=True)
    with part.with_name(part.name + ".part").open("wb") as held, line(PAYER) as open_line:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(FetchRunning):
            client.fetch(open_line, delivered, to=tmp_path, told=nobody)


def test_nobody_fetches_anothers_delivery(line: Opens, delivered: client.Offered, tmp_path: Path) -> None:
    """Another payer's delivery is not listed, and looks as if it were not there."""
    with line(OTHER) as open_line:
        listed = [each.id for each in client.offered(open_line, month=None)]
        with pytest.raises(OfficeSaid) as said:
            client.fetch(open_line, delivered, to=tmp_path, told=nobody)

    assert delivered.id not in listed
    assert 404 == said.value.status


@pytest.mark.parametrize(("number", "error"), [(errno.ENOSPC, DiskFull), (errno.EACCES, FileUnusable)])
def test_a_disk_that_refuses_is_told(delivered: client.Offered, tmp_path: Path, number: int, error: type) -> None:
    """A full disk is something other than a folder without permission."""
    with pytest.raises(error), _room(tmp_path / "x", delivered):
        raise OSError(number, "no")


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("id", "../x"),
        ("body", "2-../.."),
        ("month", "202613"),
        ("kind", "../medical"),
        ("sha256", "x"),
        ("volume", "1"),
        ("size_bytes", -1),
        ("claims", None),
    ],
)
def test_nothing_the_office_says_becomes_a_path(
    line: Opens, delivered: client.Offered, member: str, value: object
) -> None:
    """A listed member that has not its form is an odd answer, whatever it would have done."""
    item = {name: getattr(delivered, name) for name in client.Offered.__dataclass_fields__} | {member: value}

    with line(PAYER) as open_line, pytest.raises(OddAnswer):
        _offer(open_line, item)


class Stub(BaseHTTPRequestHandler):
    """The other end of a line that misbehaves in ways the real office does not."""

    content: ClassVar[bytes] = b""
    item: ClassVar[dict[str, Any]] = {}
    changes: ClassVar[int] = 0
    ranges: ClassVar[list[str | None]] = []
    received: ClassVar[list[bytes]] = []
    can_range: ClassVar[bool] = True
    lies: ClassVar[bool] = False

    def do_GET(self) -> None:
        """Answer the content, or what it is now."""
        if not self.path.endswith("/content"):
            body = json.dumps(
                self.item | {"sha256": hashlib.sha256(self.content).hexdigest(), "size_bytes": len(self.content)}
            )
            return self._answer(200, body.encode(), {})
        Stub.ranges.append(self.headers["Range"])
        etag = f'"{self.item["sha256"] if self.lies else hashlib.sha256(self.content).hexdigest()}"'
        if Stub.changes:
            Stub.changes -= 1
            etag = '"changed"'
        start = 0
        if self.can_range and self.headers["Range"] and self.headers["If-Range"] == etag:
            start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
        headers = {"ETag": etag}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(self.content) - 1}/{len(self.content)}"
        self._answer(206 if start else 200, self.content[start:], headers)
        return None

    def do_POST(self) -> None:
        """Take the proof."""
        Stub.received.append(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(200, b"{}", {})

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def stub(home: Path, delivered: client.Offered) -> Stubs:
    """Serve a made-up delivery with the office's own certificate."""

    @contextmanager
    def serving(content: bytes, **behaviour: object) -> Iterator[tuple[client.Line, client.Offered]]:
        item = {name: getattr(delivered, name) for name in client.Offered.__dataclass_fields__}
        item |= {"sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}
        Stub.content, Stub.item, Stub.ranges, Stub.received = content, item, [], []
        for name in ("changes", "can_range", "lies"):
            setattr(Stub, name, behaviour.get(name, {"changes": 0, "can_range": True, "lies": False}[name]))
        server = ThreadingHTTPServer(("127.0.0.1", 0), Stub)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(home / "secrets" / "server.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        folder = replace(client_of(home, PAYER), url=f"https://localhost:{server.server_address[1]}")
        with client.Line(folder) as line:
            yield line, client.Offered(**item)
        server.shutdown()
        server.server_close()

    return serving


def _leave_part(to: Path, one: client.Offered, data: bytes) -> None:
    target = to / path_of(one, PAYER)
    target.parent.mkdir(parents=True)
    target.with_name(target.name + ".part").write_bytes(data)
    target.with_name(target.name + ".part.json").write_text(json.dumps({"sha256": one.sha256}))


def test_a_changed_etag_starts_over(stub: Stubs, tmp_path: Path) -> None:
    """If the office has other bytes than those we have a part of, the part is no use: it says so and starts over."""
    notes: list[str] = []
    with stub(b"old old old") as (line, one):
        _leave_part(tmp_path, one, b"old ")
        Stub.content = b"new new new new"
        line.note = notes.append
        here = client.fetch(line, one, to=tmp_path, told=nobody)

    assert b"new new new new" == here.file.read_bytes()
    assert any("changed" in note for note in notes)
    assert [hashlib.sha256(b"new new new new").hexdigest()] == [json.loads(each)["sha256"] for each in Stub.received]


def test_an_end_that_cannot_send_parts_is_no_trouble(stub: Stubs, tmp_path: Path) -> None:
    """An answer with all of it, where a part was asked for, replaces the part."""
    told: list[int] = []
    with stub(b"a whole delivery", can_range=False) as (line, one):
        _leave_part(tmp_path, one, b"a who")
        here = client.fetch(line, one, to=tmp_path, told=told.append)

    assert ["bytes=5-"] == Stub.ranges
    assert b"a whole delivery" == here.file.read_bytes()
    assert len(b"a whole delivery") == sum(told)


def test_damaged_bytes_are_never_reported(stub: Stubs, tmp_path: Path) -> None:
    """Bytes that are not those of the digest, twice over: an error, no file; the office hears what arrived, which is no receipt."""
    with stub(b"the sealed bytes", lies=True) as (line, one):
        Stub.content = b"some other bytes"
        with pytest.raises(DeliveryDamaged):
            client.fetch(line, one, to=tmp_path, told=nobody)

    assert [hashlib.sha256(b"some other bytes").hexdigest()] == [json.loads(each)["sha256"] for each in Stub.received]
    assert not (tmp_path / path_of(one, PAYER)).exists()
    assert (line.folder.path / "fetching" / f"{one.id}.damaged").is_file()  # for the doctor (X04)


def test_what_always_changes_ends(stub: Stubs, tmp_path: Path) -> None:
    """A delivery that changes at every look is not followed for ever."""
    with stub(b"restless", changes=99) as (line, one), pytest.raises(DeliveryDamaged):
        client.fetch(line, one, to=tmp_path, told=nobody)
