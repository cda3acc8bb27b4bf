"""The status page's forecast against what happened: a load that comes faster than it is checked, and probes in it.

    .venv/bin/python bench/forecast.py [--files 600] [--at-once 8] [--every 7] [--sizes 60k 100k 300k 1m 3m]

A served office with its checking process at work, which has checked some files before; the load runs on the same
machine and shares its cores. Before every seventh file the API is asked what a file of that size would wait
(`GET /api/v1/status?size_bytes=`), and in the end the rows say how long it waited from its last byte until its findings
stood. A forecast knows the pace under the present load and not when it will end: probes that were done while the load
went on are told apart from those of its last minutes, which were checked faster because nobody sent any more. Probes
that waited under a second are told by their absolute error: nobody looks at a page for so long.
"""

import argparse
import base64
import contextlib
import hashlib
import http.client
import json
import sqlite3
import statistics
import subprocess
import tempfile
import threading
import time
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from receive import distinct, unchecked

from house import SEIKYU, context, demo, machine, percentile, served, wait_for

LEAST_S = 1.0


@dataclass
class Probe:
    """What was said before a file was sent, and its sending."""

    size_bytes: int
    queued: int
    said: dict[str, float] | None
    sending: str
    at: float


class Load:
    """Files that several senders take turns with; every so many of them is a probe."""

    def __init__(self, access: dict[str, Any], files: list[bytes], *, every: int, pause_s: float) -> None:
        self.access, self.files, self.every, self.pause_s = access, files, every, pause_s
        self.next, self.turn = 0, threading.Lock()
        self.probes: list[Probe] = []

    def send(self) -> None:
        """Send what is left, one after the other."""
        where = urllib.parse.urlsplit(self.access["url"])
        line = http.client.HTTPSConnection(
            where.hostname or "", where.port, context=context(self.access, "institution")
        )
        while True:
            with self.turn:
                number, self.next = self.next, self.next + 1
            if number >= len(self.files):
                break
            body = self.files[number]
            asked = self._ask(line, len(body)) if number % self.every == 0 else None
            digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
            headers = {"Content-Type": "application/octet-stream", "Content-Digest": f"sha-256=:{digest}:"}
            line.request("POST", "/api/v1/sendings", body, headers)
            answer = line.getresponse()
            told = json.loads(answer.read())
            if answer.status != 201:
                raise RuntimeError(told)
            if asked is not None:
                self.probes.append(
                    Probe(len(body), asked["queue"]["sendings"], asked["forecast"], told["id"], time.monotonic())
                )
            time.sleep(self.pause_s)
        line.close()

    def _ask(self, line: http.client.HTTPSConnection, size_bytes: int) -> dict[str, Any]:
        line.request("GET", f"/api/v1/status?size_bytes={size_bytes}")
        told: dict[str, Any] = json.loads(line.getresponse().read())
        return told


def waited(home: Path) -> dict[str, float]:
    """Return how long each sending waited, from the rows."""
    with contextlib.closing(sqlite3.connect(f"file:{home / 'office.sqlite'}?mode=ro", uri=True)) as rows:
        found = rows.execute("SELECT sending, wait_ms FROM check_runs WHERE wait_ms IS NOT NULL").fetchall()
    return {sending: wait_ms / 1000 for sending, wait_ms in found}


def tell(probes: list[Probe], waits: dict[str, float]) -> None:
    """Print how far what was said lay from what happened."""
    if not probes:
        return
    known = [(each, each.said, waits[each.sending]) for each in probes if each.said is not None]
    long = [(probe, said, happened) for probe, said, happened in known if happened >= LEAST_S]
    short = [(probe, said, happened) for probe, said, happened in known if happened < LEAST_S]
    print(f"{len(probes)} probes, {len(probes) - len(known)} without a forecast")
    for probe, said, happened in known:
        print(
            f"  {probe.size_bytes / 1e6:5.2f} MB behind {probe.queued:4d}: said {said['expected_s']:7.2f} s "
            f"({said['least_s']:.2f} to {said['most_s']:.2f}), happened {happened:7.2f} s"
        )
    if long:
        errors = [abs(said["expected_s"] - happened) / happened for _, said, happened in long]
        within = sum(error <= 0.2 for error in errors)
        inside = sum(said["least_s"] <= happened <= said["most_s"] for _, said, happened in long)
        print(
            f"waits of a second and more ({len(long)}): median error {statistics.median(errors):.0%}, "
            f"90 % within {percentile(errors, 0.9):.0%}; {within} of {len(long)} within 20 %, {inside} within the range"
        )
    if short:
        errors = [abs(said["expected_s"] - happened) for _, said, happened in short]
        print(f"shorter ones ({len(short)}): median error {statistics.median(errors):.2f} s, most {max(errors):.2f} s")


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--files", type=int, default=600)
    options.add_argument("--at-once", type=int, default=8)
    options.add_argument("--warm", type=int, default=30, help="files that are checked before")
    options.add_argument("--every", type=int, default=7)
    options.add_argument("--pause-ms", type=float, default=0.0, help="of each sender between two files")
    options.add_argument("--sizes", nargs="+", default=["60k", "100k", "300k", "1m", "3m"])
    asked = options.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        access = demo(home)
        own = ["--institution", access["institution"]["id"]]
        bodies = []
        for size in asked.sizes:
            plain = Path(folder) / f"{size}.uke"
            subprocess.run([SEIKYU, "make", *own, "--size", size, "-o", plain], check=True, stdout=subprocess.DEVNULL)
            bodies.append(plain.read_bytes())
        files = [distinct(bodies[number % len(bodies)], number) for number in range(asked.files)]
        with served(home):
            warm = [distinct(bodies[number % len(bodies)], 1_000_000 + number) for number in range(asked.warm)]
            Load(access, warm, every=len(warm) + 1, pause_s=0).send()
            wait_for(lambda: unchecked(access) == 0, limit_s=3600)
            load = Load(access, files, every=asked.every, pause_s=asked.pause_ms / 1000)
            began = time.monotonic()
            senders = [threading.Thread(target=load.send) for _ in range(asked.at_once)]
            for each in senders:
                each.start()
            for each in senders:
                each.join()
            sent_s = time.monotonic() - began
            wait_for(lambda: unchecked(access) == 0, limit_s=3600)
            took_s = time.monotonic() - began
            size = sum(map(len, files)) / 1e6
            print(f"{len(files)} files, {size:.0f} MB, sent in {sent_s:.0f} s, all checked after {took_s:.0f} s")
            waits, ended = waited(home), began + sent_s
            during = [each for each in load.probes if each.at + waits[each.sending] <= ended]
            print("done while the load went on:")
            tell(during, waits)
            print("done after its end:")
            tell([each for each in load.probes if each not in during], waits)


if __name__ == "__main__":
    main()
