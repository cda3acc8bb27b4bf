"""Answers about certificates a second (OCSP), over TLS from the public face, against `/healthz` of the same face.

    .venv/bin/python bench/ocsp.py [--seconds 8] [--at-once 8]

Once the same question again and again, whose answer was signed a moment ago; once with a nonce each, so that every
answer is signed for its asker. The generator runs on the same machine and shares its cores.
"""

import argparse
import asyncio
import os
import ssl
import tempfile
import time
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from house import demo, machine, percentile, served

ROUNDS = 4


def posted(question: bytes, host: str) -> bytes:
    """Return a request with a question."""
    head = f"POST /pki/ocsp HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/ocsp-request\r\n"
    return head.encode() + f"Content-Length: {len(question)}\r\n\r\n".encode() + question


def questions(access: dict[str, Any], host: str) -> dict[str, Callable[[], bytes]]:
    """Return what is asked, by its name."""
    certificate, issuer = x509.load_pem_x509_certificates(Path(access["institution"]["cert"]).read_bytes())[:2]
    plain = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, SHA1())
    kept = posted(plain.build().public_bytes(Encoding.DER), host)

    def fresh() -> bytes:
        asked = plain.add_extension(x509.OCSPNonce(os.urandom(16)), critical=False)
        return posted(asked.build().public_bytes(Encoding.DER), host)

    health = f"GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    return {"/healthz": lambda: health, "kept answer": lambda: kept, "signed for its asker": fresh}


async def asker(where: Any, tls: ssl.SSLContext, question: Callable[[], bytes], end: float, waits: list[float]) -> None:
    """Ask over one kept connection until the end."""
    reader, writer = await asyncio.open_connection(where.hostname, where.port, ssl=tls, server_hostname=where.hostname)
    while time.perf_counter() < end:
        asked = question()
        began = time.perf_counter()
        writer.write(asked)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(row.split(b":")[1]) for row in head.lower().split(b"\r\n") if row.startswith(b"content-length")
        )
        await reader.readexactly(length)
        waits.append(time.perf_counter() - began)
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode("latin-1"))
    writer.close()


async def run(
    where: Any, tls: ssl.SSLContext, question: Callable[[], bytes], *, seconds: float, at_once: int
) -> list[float]:
    """Ask with so many connections; return every wait."""
    waits: list[float] = []
    end = time.perf_counter() + seconds
    await asyncio.gather(*(asker(where, tls, question, end, waits) for _ in range(at_once)))
    return waits


def main() -> None:
    """Measure and print."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--seconds", type=float, default=8)
    words.add_argument("--at-once", type=int, default=8)
    asked = words.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        access = demo(Path(folder) / "home")
        where = urllib.parse.urlsplit(access["public_url"])
        tls = ssl.create_default_context(cafile=access["ca"])
        with served(Path(folder) / "home"):
            asks, told = questions(access, where.netloc), dict[str, list[float]]()
            for name, question in asks.items():
                asyncio.run(run(where, tls, question, seconds=1, at_once=asked.at_once))
                told[name] = []
            # In turns, so that what else the machine does meets all of them alike.
            for _ in range(ROUNDS):
                for name, question in asks.items():
                    told[name] += asyncio.run(
                        run(where, tls, question, seconds=asked.seconds / ROUNDS, at_once=asked.at_once)
                    )
            for name, waits in told.items():
                ratio = len(waits) / len(told["/healthz"])
                p50, p99 = (percentile(waits, share) * 1000 for share in (0.5, 0.99))
                rate = len(waits) / asked.seconds
                print(f"{name:<22} {rate:7.0f}/s  ratio {ratio:4.2f}  p50 {p50:6.1f} ms  p99 {p99:6.1f} ms")


if __name__ == "__main__":
    main()
