"""The server's side of TLS, and HTTP connections that know their peer and do not wait for ever.

TLS 1.3 only. On the desk a client certificate is *optional* in the handshake, so that one without it gets a page that
says what is missing; one that does not verify (foreign, expired) ends the handshake with an alert. Revocation is not
looked up here but in the rows, on every request: it works at once, and no stale list can lock everybody out.
There are no session tickets: every connection shows its certificate and is verified anew.

`Connection` is uvicorn's httptools protocol with what it leaves open. Pass it as `http=Connection`; the peer's
certificate then stands in `scope["extensions"]["tls"]["client_cert_der"]` (bytes, or None without one). The scope of a
plain connection has no `tls`. `Listener` is uvicorn's server with time limits for the handshake and the close.

| what a peer may do | what ends it |
|---|---|
| connect and not finish the handshake | `handshake_wait_s` (Listener) |
| send a header slowly, or nothing | `header_wait_s`: 408 and close |
| send a header, trailer or chunk extension without end | `header_bytes`: 431 and close |
| vanish without a word, or stop reading an answer | the kernel drops the connection after `peer_lost_s` |
| stop sending a body | not here: whoever receives the body waits with a limit (`idle_s`) |
"""

import asyncio
import functools
import json
import socket
import ssl
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from uvicorn import Config, Server
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from seikyu.limits import limit
from seikyu.ports.trust import ClientIdentity
from seikyu.trust import UnknownCertificate, identity_from_der

_PROBES: Final = 3
_UNIX: Final = getattr(socket, "AF_UNIX", None)
_MILLISECONDS: Final = 1000


class NotVerified(UnknownCertificate):
    """A front server was shown this certificate and did not find it good; why, in OpenSSL's words, and its bytes."""

    def __init__(self, why: str, der: bytes | None) -> None:
        super().__init__(why)
        self.why = why
        self.der = der


class Handshake(ssl.SSLObject):
    """A server's end of TLS that says why it refuses.

    The event loops drop a connection whose handshake failed without sending the alert that OpenSSL has ready, and the
    peer sees a bare end of the line. Here a failed handshake looks as if it waited: the loop sends the alert, what
    still comes is thrown away (a reset would overtake the alert), and the peer's close or `handshake_wait_s` ends it.
    """

    incoming: ssl.MemoryBIO
    outgoing: ssl.MemoryBIO
    failed: bool = False

    def do_handshake(self) -> None:
        """Go on with the handshake as far as the bytes that came allow. Errors: ssl.SSLError."""
        if self.failed:
            self.incoming.read()
            raise ssl.SSLWantReadError
        try:
            super().do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as refused:
            if not self.outgoing.pending:
                raise
            self.failed = True
            raise ssl.SSLWantReadError from refused


class _Context(ssl.SSLContext):
    """A context whose connections are `Handshake`s."""

    sslobject_class = Handshake

    def wrap_bio(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        """Begin a connection between two buffers; the event loops call this."""
        made = super().wrap_bio(incoming, outgoing, *args, **kwargs)
        if isinstance(made, Handshake):
            made.incoming, made.outgoing = incoming, outgoing
        return made


def server_context(certificate: Path, *, clients: Path | None = None) -> ssl.SSLContext:
    """Return a TLS 1.3 context with the server's PEM file (private key, certificate, issuing CA).

    With `clients`, the PEM file of our CA, a client may show a certificate, and one that is shown must verify.
    Errors: OSError, ssl.SSLError, if a file is missing or its parts do not belong together.
    """
    context = _Context(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 0
    context.options |= ssl.OP_NO_TICKET
    context.set_alpn_protocols(["http/1.1"])
    context.load_cert_chain(certificate)
    if clients is not None:
        context.load_verify_locations(clients)
        context.verify_mode = ssl.CERT_OPTIONAL
        context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


def renew(context: ssl.SSLContext, certificate: Path) -> None:
    """Let the connections from now on see a new server certificate; those that are open stay.

    Errors: OSError, ssl.SSLError; the old certificate stays in use then.
    """
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate)
    context.load_cert_chain(certificate)


def peer_identity(scope: dict[str, Any]) -> ClientIdentity | None:
    """Return who is at the other end of the request's connection, or None without a certificate.

    Revocation is still to be looked up.
    Errors: UnknownCertificate, if the certificate is ours but not of a client's form; NotVerified.
    """
    tls = scope.get("extensions", {}).get("tls", {})
    der, why = tls.get("client_cert_der"), tls.get("client_cert_error")
    if why is not None:
        raise NotVerified(why, der)
    return None if der is None else _identity(der)


def peer_end(scope: dict[str, Any]) -> datetime | None:
    """Return when the certificate of the request's connection ends; None without one."""
    der = scope.get("extensions", {}).get("tls", {}).get("client_cert_der")
    return None if der is None else _end(der)


@functools.lru_cache(maxsize=1024)
def _end(der: bytes) -> datetime:
    return x509.load_der_x509_certificate(der).not_valid_after_utc


@functools.lru_cache(maxsize=1024)
def _identity(der: bytes) -> ClientIdentity:
    """Kept, because every request of a connection asks again."""
    serial, kind, party, terminal = identity_from_der(der)
    return ClientIdentity(serial=serial, party=party, kind=kind, terminal=terminal)


class Connection(HttpToolsProtocol):
    """One HTTP connection: uvicorn's, plus the peer's certificate and limits on waiting.

    A header is awaited from the connection's start, and after a request from its first byte on; between requests
    uvicorn's own keep-alive limit holds.
    """

    client_cert_der: bytes | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.header_wait_s = limit("header_wait_s")
        self.header_bytes = limit("header_bytes")
        self._in_header = True
        self._refused = False
        self._unfruitful_bytes = 0  # since a header ended or a byte of a body came
        self._header_size = 0
        self._header_timer: asyncio.TimerHandle | None = None

    # --- the connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn does
        """Note who the peer is, and begin to wait for a header."""
        super().connection_made(transport)
        tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        if tls is not None:
            self.client_cert_der = tls.getpeercert(binary_form=True)
        watch_peer(transport.get_extra_info("socket"), within_s=limit("peer_lost_s"))
        self._await_header()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came; refuse it if too much came without getting anywhere."""
        if self._refused:
            return
        self._unfruitful_bytes += len(data)
        super().data_received(data)
        if self._unfruitful_bytes > self.header_bytes:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "header_too_long")
        elif self._in_header and self.timeout_keep_alive_task is None and not self._busy():
            self._await_header()

    # --- the parser

    def on_message_begin(self) -> None:
        """Begin a request's scope with the peer's certificate in it."""
        super().on_message_begin()
        self._in_header = True
        self._header_size = 0
        if self.scheme == "https":
            tls = {"client_cert_der": self.client_cert_der}
            scope: Any = self.scope  # uvicorn's type of a scope does not know this extension yet
            scope["extensions"] = {"tls": tls}

    def on_url(self, url: bytes) -> None:
        """Count the address as part of the header."""
        self._header_size += len(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count the header, and keep no more of it than the limit."""
        self._header_size += len(name) + len(value) + len(": \r\n")
        if self._header_size <= self.header_bytes:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start the request, unless its header is too long."""
        self._in_header = False
        self._unfruitful_bytes = 0
        self._stop_waiting()
        if self._header_size > self.header_bytes:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "header_too_long")
        if not self._refused:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Pass a part of the body on."""
        self._unfruitful_bytes = 0
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Pass the end of the request on; the next bytes begin another header."""
        self._unfruitful_bytes = 0
        self._in_header = True
        if self._refused:
            return
        if self._header_size > self.header_bytes:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "header_too_long")
        else:
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words; ours go by code
        """Answer what is not HTTP; uvicorn calls this."""
        self._refuse(HTTPStatus.BAD_REQUEST, "bad_request")

    # --- waiting and refusing

    def _busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _await_header(self) -> None:
        if self._header_timer is None and not self.transport.is_closing():
            self._header_timer = self.loop.call_later(self.header_wait_s, self._header_late)

    def _header_late(self) -> None:
        self._header_timer = None
        self._refuse(HTTPStatus.REQUEST_TIMEOUT, "header_too_slow")

    def _refuse(self, status: HTTPStatus, code: str) -> None:
        """Answer with a problem, unless an answer has begun or others wait before it; then close.

        An app that still reads the request sees the peer as gone, and writes no second answer.
        """
        if self._refused or self.transport.is_closing():
            return
        self._refused = True
        self._stop_waiting()
        self._unset_keepalive_if_required()
        begun = bool(self.pipeline)
        if self._busy():
            begun = begun or self.cycle.response_started
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if not begun:
            self.transport.write(_problem(status, code))
        self.transport.close()

    def _stop_waiting(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None


def _problem(status: HTTPStatus, code: str) -> bytes:
    """An answer in the form of RFC 9457, for requests that no app ever sees."""
    body = json.dumps({"title": status.phrase, "status": status.value, "code": code}).encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/problem+json\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body


def watch_peer(line: socket.socket | None, *, within_s: int) -> None:
    """Have the kernel drop a connection whose peer has vanished: unanswered probes, or data that nobody confirms."""
    if line is None or line.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, number in (
        ("TCP_KEEPIDLE", max(1, within_s // 2)),
        ("TCP_KEEPINTVL", max(1, within_s // (2 * _PROBES))),
        ("TCP_KEEPCNT", _PROBES),
        ("TCP_USER_TIMEOUT", within_s * _MILLISECONDS),
    ):
        if hasattr(socket, name):  # not every system has each of them
            line.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), number)


class Listener(Server):
    """uvicorn's server with time limits for the TLS handshake and for the close. It takes sockets that are bound.

    Errors: OSError from `startup`, if a socket cannot listen; nothing is served then.
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.handshake_wait_s = limit("handshake_wait_s")
        self.tls_close_wait_s = limit("tls_close_wait_s")

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the app, then listen; as uvicorn does, which knows no time limits here."""
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            self.should_exit = True
            return
        loop, tls = asyncio.get_running_loop(), self.config.ssl
        self.servers = [
            await (loop.create_unix_server if line.family == _UNIX else loop.create_server)(
                self._connection,
                sock=line,
                ssl=tls,
                backlog=self.config.backlog,
                ssl_handshake_timeout=None if tls is None else self.handshake_wait_s,
                ssl_shutdown_timeout=None if tls is None else self.tls_close_wait_s,
            )
            for line in sockets or [self.config.bind_socket()]
        ]
        self.started = True

    def _connection(self) -> asyncio.Protocol:
        protocol: Any = self.config.http_protocol_class
        made: asyncio.Protocol = protocol(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return made
