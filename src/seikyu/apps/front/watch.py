"""Carries new revocation lists, authorities and server certificates to nginx: it reads them only when it reloads.

A reload drops nothing: connections that are open stay with the old workers until what is under way has ended. After
one, what nginx works with is written down (`loaded`), and the office raises an alarm if that lags behind its own list.
It runs as the office's own account, and so does nginx: what is written down is the office's to read and replace.
"""

import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from seikyu.adapters.home import Home, write_private
from seikyu.ports.errors import SeikyuError

#: How often the files are looked at. With the reload itself, a revocation is at nginx within two or three seconds.
LOOK_S: Final = 1.0

#: Many revocations in a row are carried together: each reload leaves old workers behind for as long as transfers last.
RELOAD_EVERY_S: Final = 10.0

#: The new workers are there so soon after a reload, also on a busy machine.
RELOADED_S: Final = 5.0

#: A list that nginx has not read by then will not be read, because nobody watches.
LAG_S: Final = 60.0

#: What nginx works with, in the home's `run/front`: the digest of the list that it has read.
LOADED: Final = "loaded"

#: A trial of the configuration must be over by then.
_TRIAL_S: Final = 30.0

#: How nginx's first process names itself.
_TITLE: Final = b"nginx: master"

Tell = Callable[..., None]


class NginxNotThere(SeikyuError):
    """There is no program nginx; nothing is watched."""

    code = "nginx_not_there"


def digest_of(path: Path) -> str:
    """Return the digest of a file; nothing for one that is not there."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return ""


def lags(home: Home, *, now: datetime) -> bool:
    """Return whether nginx works with another list than the one in the home, and has had the time to read it."""
    listed = home.ca / "crl.pem"
    try:
        loaded = (home.front / LOADED).read_bytes().decode("ascii", "replace")
    except OSError:
        loaded = ""  # What nobody can read tells nothing.
    try:
        age_s = now.timestamp() - listed.stat().st_mtime
        return age_s > LAG_S and digest_of(listed) != loaded
    except FileNotFoundError:
        return False  # What is not there is another alarm's.


def _is_nginx(pid: int) -> bool:
    """Return whether a process is a first one of nginx. Where processes cannot be looked at, nobody says no.

    Errors: OSError; FileNotFoundError, ProcessLookupError, if it has ended.
    """
    if not Path("/proc/self/cmdline").exists():
        return True
    return Path(f"/proc/{pid}/cmdline").read_bytes().startswith(_TITLE)


@dataclass
class Watch:
    """What nginx has read of the office's files, and when. Shape: `tell` takes a word and facts for the operator."""

    home: Home
    conf: Path
    tell: Tell
    clock: Callable[[], float] = time.monotonic
    program: str = field(init=False)
    _read: tuple[str, ...] = ()
    _pid: int | None = None
    _at: float = float("-inf")
    _noted: str | None = None
    _told: str = ""

    def __post_init__(self) -> None:
        # Ordinary accounts of Debian have no sbin on their path.
        found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
        if found is None:
            raise NginxNotThere
        self.program = found

    def run(self, stop: Callable[[], bool]) -> None:
        """Look until `stop` says so."""
        while not stop():
            self.look()
            time.sleep(LOOK_S)

    def look(self) -> None:
        """Have nginx reload if a file is another than it has read. What fails is told, and tried again."""
        try:
            self._look()
        except (OSError, subprocess.SubprocessError) as error:
            reason = error.strerror if isinstance(error, OSError) else None
            self._say("failed", error=type(error).__name__, reason=reason or "")

    def _look(self) -> None:
        pid = self._running()
        if pid is None:
            self._say("waits")
            return
        files = (self.home.ca / "crl.pem", self.home.ca / "chain.pem", self.home.secrets / "server.pem")
        found = tuple(digest_of(path) for path in files)
        if (found, pid) == (self._read, self._pid):
            self._note(found[0])
            return
        if self.clock() - self._at < RELOAD_EVERY_S:
            return
        self._at = self.clock()
        if self._tried():
            os.kill(pid, signal.SIGHUP)
            self._read, self._pid = found, pid
            self._told = ""
            self._say("reloaded", pid=pid)
            self._note(found[0])

    def _note(self, digest: str) -> None:
        """Write down which list nginx has read; again after it failed. Errors: OSError."""
        if digest != self._noted:
            write_private(self.home.front / LOADED, digest.encode("ascii"))
            self._noted = digest
            self._told = ""

    def _running(self) -> int | None:
        """Return the number of nginx's first process, or None if it does not run. Errors: OSError.

        A number that nginx left behind may be another's by now, and a signal would end that.
        """
        try:
            pid = int((self.home.front / "nginx.pid").read_text("ascii"))
            if pid <= 0 or not _is_nginx(pid):
                return None
            os.kill(pid, 0)
        except (FileNotFoundError, ValueError, ProcessLookupError):
            return None
        return pid

    def _tried(self) -> bool:
        """Return whether nginx would take its files as they are; it says why not."""
        line = [self.program, "-t", "-q", "-c", str(self.conf)]
        done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=_TRIAL_S)  # noqa: S603
        if done.returncode != 0:
            self._say("refused", told=done.stderr.strip().splitlines()[-1:] or [""])
        return done.returncode == 0

    def _say(self, word: str, **facts: object) -> None:
        """Tell what has changed, once."""
        if word != self._told:
            self._told = word
            self.tell(word, **facts)
