"""The contract of ports.watching, over every adapter, and what only a pipe has."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seikyu.adapters.memory_jobs import MemoryWatching
from seikyu.adapters.watching_pipe import EVENTS, NOTE_BYTES, NotePipe, PipeReport, PipeWatching, Reports, hand_on
from seikyu.ports.watching import Coming, NobodyWatches, Progress, Verdict, Watching

COMING = Coming("01m8368pdxdgm24qwa3w40kh95", "ab12", "9910112342", "real", file_name="見本\U0001f5ff.UKE")


@dataclass
class Ear:
    """Listens (ports.watching.Watching)."""

    heard: list[Any] = field(default_factory=list)

    def begin(self, coming: Coming) -> None:
        """Note it."""
        self.heard.append(coming)

    def end(self, file_id: str, *, size_bytes: int, sha256: str) -> None:
        """Note it."""
        self.heard.append((file_id, size_bytes, sha256))

    def gone(self, file_id: str) -> None:
        """Note it."""
        self.heard.append(file_id)


@dataclass
class Ends:
    """Both ends of a watching, and what brings the notes over."""

    watching: Watching
    ear: Ear
    bring: Callable[[], None]


@pytest.fixture(params=["memory", "pipe"])
def ends(request: pytest.FixtureRequest) -> Iterator[Ends]:
    """Return a watching with somebody at its other end."""
    ear = Ear()
    if request.param == "memory":
        yield Ends(MemoryWatching(ear), ear, lambda: None)
        return
    reads, writes = os.pipe()
    pipe = PipeWatching(writes)

    def bring() -> None:
        pipe.disconnect()
        with os.fdopen(reads, "rb", closefd=False) as source:
            hand_on(source, ear)

    yield Ends(pipe, ear, bring)
    pipe.disconnect()
    os.close(reads)


def test_what_arrives_is_told_in_order(ends: Ends) -> None:
    """Begin, end and gone, with every word that the terms have."""
    ends.watching.begin(COMING)
    ends.watching.end(COMING.file_id, size_bytes=5, sha256="ab")
    ends.watching.gone(COMING.file_id)
    ends.bring()

    assert [COMING, (COMING.file_id, 5, "ab"), COMING.file_id] == ends.ear.heard


@pytest.mark.parametrize("watching", [NobodyWatches(), MemoryWatching(), PipeWatching()])
def test_without_a_listener_nothing_happens(watching: Watching) -> None:
    """No call raises or waits when nobody is there."""
    running = threading.active_count()

    for _ in range(2):
        watching.begin(COMING)
        watching.end(COMING.file_id, size_bytes=1, sha256="")
        watching.gone(COMING.file_id)

    assert running == threading.active_count()


def test_a_listener_that_does_not_read_is_never_waited_for() -> None:
    """A full pipe loses notes, told where nobody will follow a file, and keeps no more than one of them."""
    reads, writes = os.pipe()
    lost: list[int] = []
    pipe = PipeWatching(writes, lost=lambda: lost.append(1))
    began = time.monotonic()

    for _ in range(5000):
        pipe.begin(COMING)
        pipe.gone(COMING.file_id)

    assert time.monotonic() - began < 5
    assert 4000 < len(lost) < 5000
    assert len(pipe._rest) <= NOTE_BYTES
    os.set_blocking(reads, False)
    assert all(line.startswith(b"{") for line in os.read(reads, 1 << 20).splitlines())
    pipe.disconnect()
    os.close(reads)


def test_a_listener_that_died_is_no_trouble() -> None:
    """The next one is connected and told; what came in between is lost."""
    reads, writes = os.pipe()
    pipe = PipeWatching(writes)
    os.close(reads)
    pipe.begin(COMING)
    reads, writes = os.pipe()
    pipe.connect(writes)

    pipe.gone("again")

    assert b'{"gone":"again"}\n' == os.read(reads, 100)
    pipe.disconnect()
    os.close(reads)


def test_a_note_that_is_too_long_is_not_sent() -> None:
    """A pipe takes a note as a whole or not at all."""
    reads, writes = os.pipe()
    pipe = NotePipe(writes)

    assert not pipe.say(text="x" * NOTE_BYTES)
    assert pipe.say(text="x")
    pipe.disconnect()
    os.close(reads)


def test_half_a_note_is_gone_on_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a pipe takes parts of a note, the rest goes before the next one."""
    reads, writes = os.pipe()
    pipe = NotePipe(writes)
    write = os.write
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", lambda file, data: write(file, data[:4]))
        pipe.say(gone="a")

    pipe.say(gone="b")

    assert b'{"gone":"a"}\n{"gone":"b"}\n' == os.read(reads, 100)
    pipe.disconnect()
    os.close(reads)


@given(data=st.binary(max_size=300))
def test_whatever_stands_on_the_line_is_passed_over(data: bytes) -> None:
    """Nothing on either line can stop who listens."""
    reads, writes = os.pipe()
    for odd in (
        data,
        b'{"begin":1}',
        b'{"begin":{"x":1}}',
        b'{"end":"a"}',
        b"[1]",
        b'{"progress":{"refused":2}}',
        b'{"event":[]}',
    ):
        os.write(writes, odd + b"\n")
    os.close(writes)
    heard: list[Any] = []
    with os.fdopen(reads, "rb") as source:
        kept = source.read()
    reads, writes = os.pipe()
    os.write(writes, kept)
    os.close(writes)
    reports = Reports(hear=heard.append, tell=heard.append)
    while reports.read(reads):
        pass
    os.close(reads)
    reads, writes = os.pipe()
    os.write(writes, kept + b'{"gone":"last"}\n')
    os.close(writes)
    ear = Ear()
    with os.fdopen(reads, "rb") as source:
        hand_on(source, ear)

    assert [] == heard
    assert "last" == ear.heard[-1]


def test_reports_come_back() -> None:
    """How far a file is, why it is refused, and what became of it; other events are nobody's."""
    reads, writes = os.pipe()
    os.set_blocking(reads, False)
    report = PipeReport(writes)
    heard: list[Any] = []
    reports = Reports(hear=heard.append, tell=heard.append)
    verdict = Verdict("X1004", "L1", None, "the file is not written in Shift_JIS", "文字コード")

    assert reports.read(reads)
    report.progress(Progress("a", 3, {"L3": 2}))
    report.progress(Progress("b", 0, {}, verdict))
    for event in (*sorted(EVENTS), "started"):
        report.event(event)
    assert reports.read(reads)
    report.disconnect()
    assert not reports.read(reads)

    assert [Progress("a", 3, {"L3": 2}), Progress("b", 0, {}, verdict), *sorted(EVENTS)] == heard
    os.close(reads)
