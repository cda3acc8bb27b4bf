"""What the benchmarks share: an office to measure, its process, and how results are printed."""

import json
import os
import platform
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SEIKYU = Path(sys.executable).parent / "seikyu"


def machine() -> str:
    """Return one line on the machine."""
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        "unknown",
    )
    return f"{os.cpu_count()} cores ({model}), {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def demo(home: Path) -> dict[str, Any]:
    """Make the demo office in `home` and return its `access`."""
    done = subprocess.run(
        [SEIKYU, "demo", "--home", home, "--json"], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    return json.loads(done.stdout)["access"]


@contextmanager
def served(home: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Serve the office of `home` until the block ends."""
    server = subprocess.Popen(
        [SEIKYU, "serve", "--home", home, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        assert server.stdout
        server.stdout.readline()
        yield server
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)


def context(access: dict[str, Any], party: str) -> ssl.SSLContext:
    """Return the TLS context of a party of the demo."""
    made = ssl.create_default_context(cafile=access["ca"])
    made.load_cert_chain(access[party]["cert"], access[party]["key"])
    return made


def rss_mb(pid: int, *, peak: bool = False) -> float:
    """Return the resident memory of a process in MB (10^6 bytes)."""
    wanted = "VmHWM" if peak else "VmRSS"
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(wanted):
            return int(line.split()[1]) * 1024 / 1e6
    raise LookupError(wanted)


def percentile(values: list[float], share: float) -> float:
    """Return the value below which `share` of the values lie."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def wait_for(test: Any, *, limit_s: float = 600, pause_s: float = 0.2) -> float:
    """Wait until `test()` is true; return how long it took."""
    began = time.monotonic()
    while not test():
        if time.monotonic() - began > limit_s:
            raise TimeoutError
        time.sleep(pause_s)
    return time.monotonic() - began
