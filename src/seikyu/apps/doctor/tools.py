"""Programs of the system, run for what they print: with a limit of time and of output, and never through a shell."""

import locale
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from typing import IO, Final

#: How long a program may take, and how much of its output is kept.
TOOL_S: Final = 3.0
OUTPUT_BYTES: Final = 256 * 1024

#: Programs that have not ended yet.
_RUNNING: Final[set["subprocess.Popen[bytes]"]] = set()

_CHUNK_BYTES: Final = 16 * 1024
_DRAIN_S: Final = 0.5
_NO_WINDOW: Final = 0x08000000  # CREATE_NO_WINDOW, which only Windows has a name for

#: Where programs of the administrator lie, which a user's PATH often leaves out.
_MORE_PATHS: Final = ("/usr/sbin", "/sbin", "/usr/local/sbin")


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of a program. Shape: `status` is None if it is not on the PC (`missing`) or was stopped (`late`)."""

    status: int | None
    out: str = ""
    err: str = ""
    missing: bool = False
    late: bool = False

    @property
    def ok(self) -> bool:
        """True if it ended well."""
        return self.status == 0


def run(argv: Sequence[str], limit_s: float = TOOL_S) -> Ran:
    """Run a program and return what it printed. It gets no input, and speaks plain English (LC_ALL=C)."""
    try:
        # What runs is named by the probes, never by the user or by what the net answered.
        started = subprocess.Popen(  # noqa: S603
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(),
            start_new_session=sys.platform != "win32",
            creationflags=_NO_WINDOW if sys.platform == "win32" else 0,
        )
    except (OSError, ValueError):
        return Ran(None, missing=True)
    _RUNNING.add(started)
    with started:
        out, err = _Kept(started.stdout), _Kept(started.stderr)
        late = False
        try:
            started.wait(limit_s)
        except subprocess.TimeoutExpired:
            late = True
            _stop(started)
        _RUNNING.discard(started)
        return Ran(None if late else started.returncode, out.text(), err.text(), late=late)


def stop_all() -> None:
    """End every program that still runs: its probe was late, and nobody waits for it."""
    for each in tuple(_RUNNING):
        _stop(each)


class _Kept:
    """Reads a stream to its end in a thread and keeps its beginning, so that the program never waits for us."""

    def __init__(self, stream: IO[bytes] | None) -> None:
        self._stream = stream
        self._bytes = bytearray()
        self._thread = Thread(target=self._drain, daemon=True)
        self._thread.start()

    def text(self) -> str:
        self._thread.join(_DRAIN_S)  # A child of the program may hold the stream open for ever.
        return _decoded(bytes(self._bytes))

    def _drain(self) -> None:
        if self._stream is None:
            return
        with suppress(OSError, ValueError):
            while chunk := os.read(self._stream.fileno(), _CHUNK_BYTES):
                self._bytes += chunk[: max(OUTPUT_BYTES - len(self._bytes), 0)]


def _stop(started: subprocess.Popen[bytes]) -> None:
    """End a program that took too long, with all that it has started."""
    with suppress(OSError):
        if sys.platform == "win32":
            started.kill()
        else:
            os.killpg(started.pid, signal.SIGKILL)
    started.wait()


def _environment() -> dict[str, str]:
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *_MORE_PATHS])
    plain = {"LC_ALL": "C", "LANG": "C", "LANGUAGE": "C", "PATH": path}
    # Where there is no desktop, what reads its settings (dconf) would make a folder for them there.
    return {**os.environ, **plain, "XDG_CACHE_HOME": os.devnull}


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode(locale.getpreferredencoding(do_setlocale=False), errors="replace")
