"""Acknowledgements a second: 100 KB files over TLS 1.3 with client certificate, each fsynced and committed.

    .venv/bin/python bench/receive.py [--files 600] [--at-once 8]

Once with checking paused and once with checking on; the generator runs on the same machine and shares its cores.
"""

import argparse
import asyncio
import base64
import hashlib
import http.client
import json
import subprocess
import tempfile
import time
import urllib.parse
from pathlib import Path
from typing import Any

from house import SEIKYU, context, demo, machine, percentile, served, wait_for


def distinct(body: bytes, number: int) -> bytes:
    """Return the file with another telephone number, so that no two are a repeat."""
    head, _, rest = body.partition(b"\r\n")
    items = head.split(b",")
    items[9] = b"03-%04d-%04d" % divmod(number, 10_000)
    return b",".join(items) + b"\r\n" + rest


async def sender(access: dict[str, Any], bodies: asyncio.Queue[bytes], waits: list[float]) -> None:
    """Send what is in the queue over one kept connection, one after the other."""
    where = urllib.parse.urlsplit(access["url"])
    reader, writer = await asyncio.open_connection(
        where.hostname, where.port, ssl=context(access, "institution"), server_hostname=where.hostname
    )
    while not bodies.empty():
        body = bodies.get_nowait()
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        head = (
            f"POST /api/v1/sendings HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Type: application/octet-stream\r\n"
            f"Content-Length: {len(body)}\r\nContent-Digest: sha-256=:{digest}:\r\n\r\n"
        )
        began = time.perf_counter()
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1]) for line in answer.split(b"\r\n") if line.lower().startswith(b"content-length")
        )
        await reader.readexactly(length)
        waits.append(time.perf_counter() - began)
        if not answer.startswith(b"HTTP/1.1 201"):
            raise RuntimeError(answer.decode("latin-1"))
    writer.close()


async def run(access: dict[str, Any], files: list[bytes], at_once: int) -> tuple[float, list[float]]:
    """Send all files with `at_once` connections; return the seconds it took and every wait."""
    bodies: asyncio.Queue[bytes] = asyncio.Queue()
    for body in files:
        bodies.put_nowait(body)
    waits: list[float] = []
    began = time.perf_counter()
    await asyncio.gather(*(sender(access, bodies, waits) for _ in range(at_once)))
    return time.perf_counter() - began, waits


def unchecked(access: dict[str, Any]) -> int:
    """Return how many sendings of the institution are not checked yet, as far as one page shows."""
    where = urllib.parse.urlsplit(access["url"])
    line = http.client.HTTPSConnection(where.hostname or "", where.port, context=context(access, "institution"))
    line.request("GET", "/api/v1/sendings?state=checking&limit=200")
    items = json.loads(line.getresponse().read())["items"]
    line.close()
    return len(items)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--files", type=int, default=600)
    options.add_argument("--at-once", type=int, default=8)
    asked = options.parse_args()
    print(machine())
    for number, words in enumerate((["--pause-checking"], [])):
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder) / "home"
            access = demo(home)
            plain = Path(folder) / "file.uke"
            subprocess.run(
                [SEIKYU, "make", "--institution", access["institution"]["id"], "--size", "100k", "-o", plain],
                check=True,
            )
            files = [distinct(plain.read_bytes(), number * 10_000_000 + n) for n in range(asked.files)]
            with served(home, *words):
                seconds, waits = asyncio.run(run(access, files, asked.at_once))
                print(
                    f"checking {'paused' if words else 'on'}: {len(files) / seconds:.0f} acknowledgements/s of "
                    f"{len(files[0]) / 1000:.0f} KB, p50 {percentile(waits, 0.5) * 1000:.0f} ms, "
                    f"p99 {percentile(waits, 0.99) * 1000:.0f} ms, {asked.at_once} connections"
                )
                if not words:
                    rest = wait_for(lambda access=access: unchecked(access) == 0)
                    print(f"the last of {len(files)} was checked {rest:.1f} s after the last acknowledgement")


if __name__ == "__main__":
    main()
