"""How long after its last byte the findings of a file stand, at the speed of the line that it came over.

    .venv/bin/python bench/watch.py [--claims 10000] [--rounds 3] [--mb-s 1 2 0]

The file is sent at each speed (0: as fast as it goes), by turns with its check prepared while it arrives and without:
then another, silent line of the same institution holds the only place for preparations.
"""

import argparse
import http.client
import json
import socket
import ssl
import statistics
import subprocess
import tempfile
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from receive import distinct

from house import SEIKYU, context, demo, machine, served

#: So many bytes at a time; the line waits in between to keep its speed.
PIECE_BYTES = 32 * 1024

LOOK_S = 0.02


def connect(access: dict[str, Any]) -> tuple[ssl.SSLSocket, str]:
    """Open a TLS connection to the desk."""
    where = urllib.parse.urlsplit(access["url"])
    line = context(access, "institution").wrap_socket(
        socket.create_connection((where.hostname, where.port)), server_hostname=where.hostname
    )
    return line, where.netloc


def head(host: str, length: int) -> bytes:
    """Return the head of a request that sends a file."""
    return (
        f"POST /api/v1/sendings HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/octet-stream\r\n"
        f"Content-Length: {length}\r\n\r\n"
    ).encode()


def paced(line: ssl.SSLSocket, body: bytes, mb_s: float) -> None:
    """Write a body at that speed."""
    began = time.perf_counter()
    for at in range(0, len(body), PIECE_BYTES):
        line.sendall(body[at : at + PIECE_BYTES])
        if mb_s:
            time.sleep(max(0.0, (at + PIECE_BYTES) / mb_s / 1e6 - (time.perf_counter() - began)))


def settled(access: dict[str, Any], sending: str) -> None:
    """Wait until the check is through."""
    where = urllib.parse.urlsplit(access["url"])
    line = http.client.HTTPSConnection(where.hostname or "", where.port, context=context(access, "institution"))
    while True:
        line.request("GET", f"/api/v1/sendings/{sending}")
        if json.loads(line.getresponse().read())["state"] != "checking":
            line.close()
            return
        time.sleep(LOOK_S)


def once(access: dict[str, Any], body: bytes, mb_s: float) -> tuple[float, float]:
    """Send; return the seconds from the last byte to the answer, and from the last byte until the findings stand."""
    line, host = connect(access)
    line.sendall(head(host, len(body)))
    paced(line, body, mb_s)
    last = time.perf_counter()
    answer = http.client.HTTPResponse(line)
    answer.begin()
    told = json.loads(answer.read())
    answered = time.perf_counter() - last
    settled(access, told["id"])
    line.close()
    return answered, time.perf_counter() - last


@contextmanager
def hanging(access: dict[str, Any]) -> Iterator[None]:
    """Hold the only place for preparations with a line that says nothing more."""
    line, host = connect(access)
    line.sendall(head(host, 1_000_000) + b"IR,")
    time.sleep(0.5)
    yield
    line.close()
    time.sleep(0.5)


def used(home: Path) -> dict[str, str]:
    """Return the server's counters of preparations."""
    port = json.loads((home / "run" / "ports.json").read_text())["inside"]
    line = http.client.HTTPConnection("localhost", port)
    line.request("GET", "/metrics")
    rows = line.getresponse().read().decode().splitlines()
    line.close()
    wanted = ("preparation_used", "preparation_dropped", "checked_anew")
    return {
        name: row.rpartition(" ")[2] for row in rows for name in wanted if f'event="{name}"' in row and "total" in row
    }


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--claims", type=int, default=10_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--mb-s", type=float, nargs="+", default=[1, 2, 0])
    asked = options.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        access = demo(home)
        settings = home / "office.toml"
        settings.write_text(
            settings.read_text("utf-8").replace("[limits]", "[limits]\npreparations_per_party = 1\nidle_s = 600"),
            "utf-8",
        )
        plain = Path(folder) / "file.uke"
        own = ["--institution", access["institution"]["id"], "--claims", str(asked.claims)]
        subprocess.run([SEIKYU, "make", *own, "-o", plain], check=True)
        body, number = plain.read_bytes(), 0
        print(
            f"{asked.claims} claims, {len(body) / 1e6:.1f} MB; seconds after the last byte, medians of {asked.rounds}"
        )
        with served(home):
            for mb_s in asked.mb_s:
                waits: dict[str, list[tuple[float, float]]] = {"prepared": [], "checked anew": []}
                for _ in range(asked.rounds):
                    for words, place in (("prepared", nullcontext), ("checked anew", lambda: hanging(access))):
                        number += 1
                        with place():
                            waits[words].append(once(access, distinct(body, number), mb_s))
                for words, each in waits.items():
                    answered, stood = (statistics.median(column) for column in zip(*each, strict=True))
                    speed = f"{mb_s:g} MB/s" if mb_s else "as fast as it goes"
                    print(f"{speed}, {words}: answer {answered:.2f} s, findings {stood:.2f} s")
            print(used(home))


if __name__ == "__main__":
    main()
