"""A client of a few lines over a real TLS socket that can break off anywhere, fall silent, or go away after the send."""

import json
import socket
import ssl
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


@dataclass
class Wire:
    """One TLS connection to a face of the server, with or without a client certificate."""

    url: str
    ca: Path
    cert: Path | None = None
    key: Path | None = None
    timeout_s: float = 30
    _socket: ssl.SSLSocket = field(init=False)

    def __enter__(self) -> Self:
        where = urlsplit(self.url)
        context = ssl.create_default_context(cafile=str(self.ca))
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        if self.cert and self.key:
            context.load_cert_chain(self.cert, self.key)
        plain = socket.create_connection((where.hostname, where.port), timeout=self.timeout_s)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = context.wrap_socket(plain, server_hostname=where.hostname)
        return self

    def __exit__(self, *reason: object) -> None:
        self._socket.close()

    def head(self, method: str, path: str, *, length: int | None = None, **headers: str) -> None:
        """Send the head of a request."""
        where = urlsplit(self.url)
        lines = [f"{method} {path} HTTP/1.1", f"Host: {where.netloc}"]
        if length is not None:
            lines.append(f"Content-Length: {length}")
            headers.setdefault("Content_Type", "application/octet-stream")
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode("ascii"))

    def write(self, data: bytes) -> None:
        """Send a part of the body."""
        self._socket.sendall(data)

    def reset(self) -> None:
        """Break the line hard: the peer sees a reset."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def read(self) -> Reply:
        """Read one whole answer. Errors: ConnectionError if the line ends before it."""
        data = b""
        while b"\r\n\r\n" not in data:
            part = self._socket.recv(65536)
            if not part:
                raise ConnectionError("the line ended before an answer")
            data += part
        head, _, body = data.partition(b"\r\n\r\n")
        first, *rest = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
        while len(body) < int(headers.get("content-length", 0)):
            part = self._socket.recv(65536)
            if not part:
                raise ConnectionError("the line ended in the middle of an answer")
            body += part
        return Reply(int(first.split()[1]), headers, body)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
        """Send a whole request and read its answer."""
        kind = {"Content_Type": "application/json"} if body and body.startswith(b"{") else {}
        self.head(method, path, length=None if body is None else len(body), **kind, **headers)
        if body:
            self.write(body)
        return self.read()
