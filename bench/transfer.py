"""One large upload and one large download, beside nginx serving the same file on the same machine in the same run.

    .venv/bin/python bench/transfer.py [--gib 1] [--rounds 3]

The server's memory is read before, during and after. nginx (Debian: nginx-light) must be installed.
"""

import argparse
import hashlib
import socket
import ssl
import statistics
import subprocess
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from house import context, demo, machine, rss_mb, served

BLOCK = 1 << 20


def connect(url: str, tls: ssl.SSLContext) -> ssl.SSLSocket:
    """Open a TLS connection to the host of `url`."""
    where = urllib.parse.urlsplit(url)
    return tls.wrap_socket(socket.create_connection((where.hostname, where.port)), server_hostname=where.hostname)


def upload(access: dict[str, Any], size: int) -> float:
    """Send `size` bytes of made-up lines; return MB/s until the acknowledgement."""
    block = (b"X" * 126 + b"\r\n") * (BLOCK // 128)
    line = connect(access["url"], context(access, "institution"))
    host = urllib.parse.urlsplit(access["url"]).netloc
    head = f"POST /api/v1/sendings HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/octet-stream\r\nContent-Length: {size}\r\n\r\n"
    began = time.perf_counter()
    line.sendall(head.encode())
    for _ in range(size // BLOCK):
        line.sendall(block)
    answer = line.recv(65536)
    seconds = time.perf_counter() - began
    if not answer.startswith(b"HTTP/1.1 201"):
        raise RuntimeError(answer.decode("latin-1"))
    line.close()
    return size / seconds / 1e6


def download(url: str, tls: ssl.SSLContext, *, start: int = 0) -> float:
    """Fetch `url` from byte `start`; return MB/s."""
    where = urllib.parse.urlsplit(url)
    line = connect(url, tls)
    extra = f"Range: bytes={start}-\r\n" if start else ""
    began = time.perf_counter()
    line.sendall(f"GET {where.path} HTTP/1.1\r\nHost: {where.netloc}\r\n{extra}\r\n".encode())
    buffer = bytearray(BLOCK)
    got = line.recv_into(buffer)
    head, _, rest = bytes(buffer[:got]).partition(b"\r\n\r\n")
    length = next(int(row.split(b":")[1]) for row in head.split(b"\r\n") if row.lower().startswith(b"content-length"))
    left = length - len(rest)
    while left:
        left -= line.recv_into(buffer)
    seconds = time.perf_counter() - began
    line.close()
    if not head.startswith(b"HTTP/1.1 20"):
        raise RuntimeError(head.decode("latin-1"))
    return length / seconds / 1e6


def put_delivery(home: Path, payer: str, size: int) -> str:
    """Lay a delivery of `size` bytes into the store of a stopped office, as closing a very large month would."""
    from seikyu.adapters.home import Home
    from seikyu.adapters.objects_local import LocalObjects
    from seikyu.adapters.sql import open_store
    from seikyu.ports.store import Delivery

    place = Home(home)
    objects, store = LocalObjects(place.objects), open_store(place.database)
    with objects.writer("deliveries/bench", limit_bytes=size) as writer:
        block = hashlib.shake_256(b"bench").digest(BLOCK)
        for _ in range(size // BLOCK):
            writer.write(block)
        stored = writer.commit()
    with store.write() as tx:
        tx.put_delivery(
            Delivery(
                id="bench", body="1", month="209901", line="real", payer=payer, kind="medical", volume=1, state="waiting",
                claims=1, points=1, size_bytes=stored.size_bytes, sha256=stored.sha256, sealed_at=datetime.now(UTC),
            )
        )  # fmt: skip
    return str(objects.local_path("deliveries/bench"))


@contextmanager
def nginx(folder: Path, access: dict[str, Any], home: Path, file: str) -> Iterator[str]:
    """Serve `file` by nginx over TLS 1.3 with the same certificates; yield its URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    from seikyu.adapters.home import Home

    server = Home(home)
    conf = folder / "nginx.conf"
    conf.write_text(
        f"""daemon off; user root; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
        events {{}}
        http {{ access_log off; sendfile on; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
          fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
          server {{ listen 127.0.0.1:{port} ssl; ssl_protocols TLSv1.3;
            ssl_certificate {server_certificate(server)}; ssl_certificate_key {server_key(server)};
            ssl_client_certificate {access["ca"]}; ssl_verify_client optional; ssl_verify_depth 3;
            location /file {{ alias {file}; }} }} }}""",
        encoding="utf-8",
    )
    running = subprocess.Popen(["nginx", "-c", str(conf), "-p", str(folder)], stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"https://localhost:{port}/file"
    finally:
        running.terminate()
        running.wait()


def server_certificate(home: Any) -> Path:
    """Return the server's certificate chain."""
    return next(iter(sorted(home.root.rglob("server*.pem"))))


def server_key(home: Any) -> Path:
    """Return the server's key."""
    return next(
        path for path in sorted(home.root.rglob("*server*")) if path.is_file() and b"PRIVATE" in path.read_bytes()
    )


class Watch(threading.Thread):
    """Reads the memory of a process every 50 ms."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.most, self.going = pid, 0.0, True

    def run(self) -> None:
        while self.going:
            self.most = max(self.most, rss_mb(self.pid))
            time.sleep(0.05)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--gib", type=float, default=1)
    options.add_argument("--rounds", type=int, default=3)
    asked = options.parse_args()
    size = int(asked.gib * 1024) * BLOCK
    print(machine())
    with tempfile.TemporaryDirectory() as temporary:
        folder, home = Path(temporary), Path(temporary) / "home"
        access = demo(home)
        file = put_delivery(home, access["payer"]["id"], size)
        with served(home, "--pause-checking") as server, nginx(folder, access, home, file) as peer:
            before = rss_mb(server.pid)
            watch = Watch(server.pid)
            watch.start()
            print(f"upload of {size / 1e9:.2f} GB: {upload(access, size):.0f} MB/s until acknowledged (fsync, commit)")
            print(
                f"memory of the server: {before:.0f} MB before, at most {watch.most:.0f} MB during (+{watch.most - before:.0f})"
            )
            tls, ours = context(access, "payer"), f"{access['url']}/api/v1/deliveries/bench/content"
            for what, start in (("whole", 0), ("Range from the middle", size // 2)):
                pairs = [
                    (download(ours, tls, start=start), download(peer, tls, start=start)) for _ in range(asked.rounds)
                ]
                mine, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
                ratio = statistics.median(a / b for a, b in pairs)
                print(
                    f"download, {what}: {mine:.0f} MB/s, nginx {theirs:.0f} MB/s, ratio {ratio:.2f} (median of {len(pairs)})"
                )
            watch.going = False
            print(f"memory of the server: at most {watch.most:.0f} MB over all (+{watch.most - before:.0f})")


if __name__ == "__main__":
    main()
