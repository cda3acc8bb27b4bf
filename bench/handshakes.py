"""Full TLS 1.3 handshakes with a client certificate: the embedded server against nginx before the same office, in one run.

    .venv/bin/python bench/handshakes.py [--seconds 6] [--rounds 3] [--processes 2]

Each connection is new, shows its certificate, is verified with the whole chain, asks `/healthz` of the desk and closes;
no ticket, no session is used again. Both are under the same load: processes of this program that do one connection after
the other. The server is started anew for each round, because the two ways share a home. nginx (Debian: nginx-light) must
be installed.
"""

import argparse
import json
import os
import signal
import socket
import ssl
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from house import SEIKYU, context, demo, machine, percentile, served

ASK = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def load(access: dict[str, Any], seconds: float) -> list[float]:
    """Connect, shake hands, ask and close, again and again; return how long each handshake took, in seconds."""
    where = urlsplit(access["url"])
    tls = context(access, "institution")
    tls.minimum_version = ssl.TLSVersion.TLSv1_3
    took: list[float] = []
    end = time.perf_counter() + seconds
    while (began := time.perf_counter()) < end:
        with (
            socket.create_connection((where.hostname, where.port)) as plain,
            tls.wrap_socket(plain, server_hostname=where.hostname) as line,
        ):
            took.append(time.perf_counter() - began)
            line.sendall(ASK)
            answer = b""
            while part := line.recv(65536):
                answer += part
            if b" 200 " not in answer[:20] or not answer.endswith(b"ok"):
                raise RuntimeError(answer.decode("latin-1"))
    return took


@dataclass(frozen=True)
class Measured:
    """What one way of serving came to: rate, median of a handshake, and processor time of each server for one."""

    a_second: float
    median_ms: float
    cpu_ms: tuple[float, ...]

    def __str__(self) -> str:
        cpu = " + ".join(f"{each:.1f}" for each in self.cpu_ms)
        return f"{self.a_second:.0f}/s (median {self.median_ms:.1f} ms, {cpu} ms of processor each)"


def measure(access: dict[str, Any], pids: tuple[int, ...], *, seconds: float, processes: int) -> Measured:
    """Put the load on what is served by these processes and their children."""
    with ProcessPoolExecutor(processes) as pool:
        before = [cpu_s(pid) for pid in pids]
        began = time.perf_counter()
        each = [pool.submit(load, access, seconds) for _ in range(processes)]
        took = [one for done in each for one in done.result()]
        elapsed = time.perf_counter() - began
        used = [cpu_s(pid) - first for pid, first in zip(pids, before, strict=True)]
    return Measured(len(took) / elapsed, percentile(took, 0.5) * 1000, tuple(one / len(took) * 1000 for one in used))


def cpu_s(pid: int) -> float:
    """Return the processor time that a process and its children have used."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    total = 0.0
    for each in (str(pid), *children):
        parts = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        total += (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")
    return total


def set_front(home: Path, server: str) -> None:
    """Say in the settings who ends TLS."""
    path = home / "office.toml"
    lines = path.read_text("utf-8").splitlines()
    at = next(no for no, line in enumerate(lines) if line.lstrip("# ").startswith("server ="))
    lines[at] = f'server = "{server}"'
    path.write_text("\n".join(lines) + "\n", "utf-8")


@contextmanager
def nginx(home: Path, folder: Path) -> Iterator[int]:
    """Run nginx as `seikyu deploy nginx` sets it up; yield its first process."""
    made = subprocess.run(
        [SEIKYU, "deploy", "nginx", "--home", home, "--out", folder, "--json"], check=True, stdout=subprocess.PIPE
    )
    conf = json.loads(made.stdout)["conf"]
    with (folder / "said.log").open("wb") as said:
        running = subprocess.Popen(["nginx", "-c", conf, "-g", "daemon off;"], stderr=said)
    port = json.loads((home / "run" / "ports.json").read_text())["desk"]
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    try:
        yield running.pid
    finally:
        running.send_signal(signal.SIGQUIT)
        running.wait(20)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    os.environ["PATH"] += ":/usr/sbin"
    print(machine())
    with tempfile.TemporaryDirectory() as name:
        home = Path(name) / "home"
        access = demo(home)
        ratios = []
        for number in range(1, options.rounds + 1):
            set_front(home, "none")
            with served(home, "--pause-checking") as server:
                own = measure(access, (server.pid,), seconds=options.seconds, processes=options.processes)
            set_front(home, "nginx")
            with served(home, "--pause-checking") as server, nginx(home, Path(name) / "deploy") as front:
                other = measure(access, (front, server.pid), seconds=options.seconds, processes=options.processes)
            ratios.append(own.a_second / other.a_second)
            print(f"round {number}: embedded {own}; nginx {other}; ratio {ratios[-1]:.2f}", flush=True)
        load_1 = os.getloadavg()[0]
        print(
            f"embedded / nginx: {statistics.median(ratios):.2f} (median of {len(ratios)}); load at the end {load_1:.1f}"
        )


if __name__ == "__main__":
    main()
