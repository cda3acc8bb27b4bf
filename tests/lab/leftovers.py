"""What a lab leaves on the machine while it lives, whose it is, and how it is taken down: also that of a dead owner.

A lab owns one folder below `ROOT`, named `PREFIX.PID.START`: its random prefix, the process that made it, and when that
process began (in ticks, so that a number used again is not taken for the owner). Every namespace of the lab begins with
the prefix; every process in such a namespace belongs to the lab, and none elsewhere does.
"""

import os
import re
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

#: Gone after a boot, as namespaces are; only root writes here, and only root makes namespaces.
ROOT: Final = Path("/run/seikyu-lab")
NAMESPACES: Final = Path("/run/netns")
#: What `ip netns exec` lays over the files of the machine for a program in a namespace.
OVERLAYS: Final = Path("/etc/netns")
FOLDER: Final = re.compile(r"(sk[0-9a-f]{6})\.(\d+)\.(\d+)")

TERM_WAIT_S: Final = 3.0
KILL_WAIT_S: Final = 10.0


class NotDown(RuntimeError):
    """Something of a lab could not be taken down."""


def claim() -> Path:
    """Make the folder of a new lab, owned by this process, and return it."""
    while True:
        folder = ROOT / f"sk{secrets.token_hex(3)}.{os.getpid()}.{started(os.getpid())}"
        if not any(other.name.startswith(prefix_of(folder)) for other in _folders()):
            make(folder)
            return folder


def make(folder: Path) -> None:
    """Make a folder and those above it, although another lab that ends may take these away while they are empty."""
    while True:
        with suppress(FileNotFoundError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return


def _folders() -> list[Path]:
    """Return the folders of all labs."""
    with suppress(FileNotFoundError):
        return sorted(ROOT.iterdir())
    return []


def prefix_of(folder: Path) -> str:
    """Return the prefix of all that belongs to the lab of a folder."""
    return folder.name.partition(".")[0]


def started(pid: int) -> int | None:
    """Return when a process began, in ticks since boot; None if it is gone, or dead and only waits to be fetched."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def namespaces(prefix: str) -> list[str]:
    """Return the names of a lab's namespaces."""
    if not NAMESPACES.is_dir():
        return []
    return sorted(path.name for path in NAMESPACES.iterdir() if path.name.startswith(f"{prefix}-"))


def processes(names: Iterable[str]) -> list[int]:
    """Return the processes that live in namespaces, without our own."""
    inodes = set()
    for name in names:
        with suppress(FileNotFoundError):
            inodes.add((NAMESPACES / name).stat().st_ino)
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit() and _in(int(path.name), inodes)]


def _in(pid: int, inodes: set[int]) -> bool:
    try:
        inside = Path(f"/proc/{pid}/ns/net").stat().st_ino in inodes
    except OSError:
        return False
    return inside and pid != os.getpid() and started(pid) is not None


def end(pids: Iterable[int], inodes_of: Iterable[str]) -> None:
    """End processes that live in the given namespaces: ask first, then kill.

    Errors: NotDown, if one outlives its kill.
    """
    names = list(inodes_of)
    for sign, wait_s in ((signal.SIGTERM, TERM_WAIT_S), (signal.SIGKILL, KILL_WAIT_S)):
        for pid in pids:
            _send(pid, sign, names)
        until = time.monotonic() + wait_s
        while (pids := processes(names)) and time.monotonic() < until:
            time.sleep(0.01)
        if not pids:
            return
    raise NotDown(f"processes outlive their kill: {pids}")


def _send(pid: int, sign: int, names: list[str]) -> None:
    """Send a signal to a process that still lives in one of the namespaces; a number used again is not hit."""
    with suppress(ProcessLookupError, FileNotFoundError):
        holding = os.pidfd_open(pid)
        try:
            if pid in processes(names):
                signal.pidfd_send_signal(holding, sign)
        finally:
            os.close(holding)


def clear(folder: Path) -> None:
    """Take down all of the lab of a folder: processes, namespaces, overlays, the folder. What is gone already is well."""
    prefix = prefix_of(folder)
    names = namespaces(prefix)
    if living := processes(names):
        end(living, names)
    for name in names:
        subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True, timeout=30)
    for path in OVERLAYS.glob(f"{prefix}-*"):
        shutil.rmtree(path, ignore_errors=True)
    with suppress(OSError):
        OVERLAYS.rmdir()  # It was not there before the first lab; another lab's files keep it.
    if left := namespaces(prefix):
        raise NotDown(f"namespaces cannot be deleted: {left}")
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        ROOT.rmdir()


def sweep() -> list[str]:
    """Take down every lab whose owner is gone; return their prefixes. Labs of living owners are left alone."""
    swept = []
    for folder in _folders():
        found = FOLDER.fullmatch(folder.name)
        if found and started(int(found[2])) != int(found[3]):
            clear(folder)
            swept.append(found[1])
    return swept
