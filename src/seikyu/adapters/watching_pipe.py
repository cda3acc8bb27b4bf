"""Notes between the server and its working process: lines of JSON over two pipes, never waited for.

One way the server says what arrives (ports.watching.Watching), the other way the worker says how far its check has come
and what became of it. A note is shorter than what a pipe takes at once, so it is there as a whole or not at all; when
the pipe is full, the note is lost and nobody waits. What a pipe may hold bounds the memory of both ends.
"""

import json
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from typing import Any, BinaryIO, Final

from seikyu.ports.watching import Coming, Progress, Verdict, Watching

#: The longest note; Linux writes so much to a pipe as a whole or not at all.
NOTE_BYTES: Final = 4096

_READ_BYTES: Final = 16 * NOTE_BYTES

#: What the worker may say has happened. Anything else on the line is nobody's.
EVENTS: Final = frozenset({"preparation_used", "preparation_dropped", "checked_anew"})


class NotePipe:
    """The writing end of a pipe of notes. Safe from many threads."""

    def __init__(self, file: int | None = None) -> None:
        self._guard = threading.Lock()
        self._file: int | None = None
        self._rest = b""
        if file is not None:
            self.connect(file)

    def connect(self, file: int) -> None:
        """Write to that end of a pipe from now on; it is ours to close."""
        self.disconnect()
        os.set_blocking(file, False)
        with self._guard:
            self._file, self._rest = file, b""

    def disconnect(self) -> None:
        """Close the pipe; until the next one every note is lost."""
        with self._guard:
            file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):
                os.close(file)

    def say(self, **note: Any) -> bool:
        """Write a note; return whether it went off. It never waits."""
        line = json.dumps(note, separators=(",", ":")).encode("ascii") + b"\n"
        if len(line) > NOTE_BYTES:
            return False
        with self._guard, suppress(OSError):  # full, or the reader is gone
            if self._file is None:
                return False
            # Where a pipe takes parts of a note, the rest of the last one goes first.
            self._rest = self._rest[os.write(self._file, self._rest) :] if self._rest else b""
            if not self._rest:
                self._rest = line[os.write(self._file, line) :]
                return True
        return False


class PipeWatching(NotePipe):
    """Tells the working process what arrives (ports.watching.Watching)."""

    def __init__(self, file: int | None = None, *, lost: Callable[[], None] = lambda: None) -> None:
        """Shape: `lost` is called when a file that begins cannot be told of, so that nobody follows it."""
        super().__init__(file)
        self._lost = lost

    def begin(self, coming: Coming) -> None:
        """A file has begun to arrive."""
        if not self.say(begin=asdict(coming)):
            self._lost()

    def end(self, file_id: str, *, size_bytes: int, sha256: str) -> None:
        """Its last byte is there."""
        self.say(end=file_id, size_bytes=size_bytes, sha256=sha256)

    def gone(self, file_id: str) -> None:
        """It is given up."""
        self.say(gone=file_id)


def hand_on(source: BinaryIO, watching: Watching) -> None:
    """Hand on what the server notes until its line ends. What is no note is passed over."""
    while line := source.readline(NOTE_BYTES + 1):
        act = _act(_note(line), watching)
        if act is not None:
            act()


def _act(note: Mapping[str, Any], watching: Watching) -> Callable[[], None] | None:
    """Return what a note says has happened, None if it says nothing."""
    try:
        if "begin" in note:
            return partial(watching.begin, Coming(**note["begin"]))
        if "end" in note:
            size_bytes, digest = int(note["size_bytes"]), str(note["sha256"])
            return partial(watching.end, str(note["end"]), size_bytes=size_bytes, sha256=digest)
        if "gone" in note:
            return partial(watching.gone, str(note["gone"]))
    except (KeyError, TypeError, ValueError):
        pass
    return None


class PipeReport(NotePipe):
    """Tells the server how far the check of what arrives has come, and what became of it."""

    def progress(self, progress: Progress) -> None:
        """Say how far one file is."""
        self.say(progress=asdict(progress))

    def event(self, event: str) -> None:
        """Say that one of EVENTS has happened."""
        if event in EVENTS:
            self.say(event=event)


class Reports:
    """The server's end of a PipeReport: bytes in, reports out."""

    def __init__(self, *, hear: Callable[[Progress], None], tell: Callable[[str], None]) -> None:
        self._hear = hear
        self._tell = tell
        self._rest = b""

    def read(self, file: int) -> bool:
        """Take what there is; return False at the end of the line."""
        try:
            data = os.read(file, _READ_BYTES)
        except BlockingIOError:
            return True
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest[:NOTE_BYTES]
        for line in lines:
            self._take(_note(line))
        return bool(data)

    def _take(self, note: Mapping[str, Any]) -> None:
        if str(note.get("event")) in EVENTS:
            self._tell(note["event"])
        elif (progress := _progress(note)) is not None:
            self._hear(progress)


def _progress(note: Mapping[str, Any]) -> Progress | None:
    """Return how far a file is by a note, None if it says nothing of that."""
    try:
        told = dict(note["progress"])
        refused = told.pop("refused")
        return Progress(**told, refused=Verdict(**refused) if refused else None)
    except (KeyError, TypeError, ValueError):
        return None


def _note(line: bytes) -> dict[str, Any]:
    """Return a note, or an empty one for what is none."""
    try:
        note = json.loads(line)
    except ValueError:
        return {}
    return note if isinstance(note, dict) else {}
