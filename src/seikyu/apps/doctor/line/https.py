"""TLS and HTTP as the probes need them: what a handshake says, and one small answer, each with its limits.

Source: RFC 8446, 6 (alerts); OpenSSL, X509_STORE_CTX_get_error (numbers of a verification).
"""

import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Final

from seikyu.apps.doctor.line.wire import connect

#: How long a handshake or an answer may take, and how much of an answer is read.
ANSWER_S: Final = 2.5
BODY_BYTES: Final = 64 * 1024

#: How long a refusal may take after a handshake: a way there and back.
REFUSAL_S: Final = 0.8

_ALERT: Final = re.compile(r"ALERT_([A-Z_]+)|(UNRECOGNIZED_NAME)")
_ALERTS: Final = {
    "CLOSE_NOTIFY": 0,
    "UNEXPECTED_MESSAGE": 10,
    "HANDSHAKE_FAILURE": 40,
    "NO_CERTIFICATE": 41,
    "BAD_CERTIFICATE": 42,
    "UNSUPPORTED_CERTIFICATE": 43,
    "CERTIFICATE_REVOKED": 44,
    "CERTIFICATE_EXPIRED": 45,
    "CERTIFICATE_UNKNOWN": 46,
    "ILLEGAL_PARAMETER": 47,
    "UNKNOWN_CA": 48,
    "ACCESS_DENIED": 49,
    "DECODE_ERROR": 50,
    "DECRYPT_ERROR": 51,
    "PROTOCOL_VERSION": 70,
    "INSUFFICIENT_SECURITY": 71,
    "INTERNAL_ERROR": 80,
    "UNRECOGNIZED_NAME": 112,
    "CERTIFICATE_REQUIRED": 116,
}
_VERSIONS: Final = ("UNSUPPORTED_PROTOCOL", "NO_PROTOCOLS_AVAILABLE", "ALERT_PROTOCOL_VERSION", "VERSION_TOO_LOW")

#: Why a server's certificate did not verify: of no root that is trusted; by the time; the name.
_FOREIGN: Final = frozenset({2, 7, 18, 19, 20, 21, 22, 24, 27})
_BY_TIME: Final = frozenset({9, 10})
_BY_NAME: Final = frozenset({62, 64})


class Locked(Exception):
    """The private key needs a password, and nobody is asked for one here."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a handshake or what followed failed. Shape: a number of an alert; `other` if nothing of it is known."""

    alert: int | None = None
    version: bool = False
    foreign: bool = False
    by_time: bool = False
    by_name: bool = False
    other: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. Shape: names of `headers` in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def trouble_of(reason: OSError) -> Trouble:
    """Return what an error of TLS says.

    >>> trouble_of(ssl.SSLError(1, "[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required"))
    Trouble(alert=116, version=False, foreign=False, by_time=False, by_name=False, other=False)
    """
    if isinstance(reason, ssl.SSLCertVerificationError):
        code = reason.verify_code
        return Trouble(foreign=code in _FOREIGN, by_time=code in _BY_TIME, by_name=code in _BY_NAME)
    if not isinstance(reason, ssl.SSLError):
        return Trouble(other=True)
    said = f"{reason.reason or ''} {reason}".upper()
    match = _ALERT.search(said)
    alert = _ALERTS.get(match[1] or match[2]) if match else None
    version = any(each in said for each in _VERSIONS)
    return Trouble(alert=alert, version=version, other=alert is None and not version)


def unverified() -> ssl.SSLContext:
    """Return a context that takes any certificate, so that it can be looked at. Nothing is told over it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def verified(ca: Path, pair: tuple[Path, Path] | None = None, *, names: bool = True) -> ssl.SSLContext | None:
    """Return a context that trusts a root and shows a certificate; None if the root cannot be read.

    A pair that cannot be read, or whose key needs a password, is left out.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = names
    try:
        context.load_verify_locations(ca)
    except (OSError, ValueError):
        return None
    if pair and fits(pair):
        load(context, pair)
    return context


def load(context: ssl.SSLContext, pair: tuple[Path, Path]) -> None:
    """Load certificate and key. Errors: OSError (ssl.SSLError among them), Locked."""

    def refuse() -> str:
        raise Locked

    context.load_cert_chain(pair[0], pair[1], password=refuse)


def fits(pair: tuple[Path, Path]) -> bool | None:
    """Return whether a key is the one of a certificate; None if the key needs a password."""
    try:
        if not all(each.is_file() for each in pair):
            return False
        load(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), pair)
    except Locked:
        return None
    except (OSError, ValueError):
        return False
    return True


@contextmanager
def opened(address: str, port: int, *, host: str, context: ssl.SSLContext) -> Iterator[ssl.SSLSocket]:
    """Open a TLS connection to an address in the name of a host. Errors: OSError."""
    with connect(address, port) as plain:
        plain.settimeout(ANSWER_S)
        with context.wrap_socket(plain, server_hostname=host) as line:
            yield line


def hear_refusal(line: ssl.SSLSocket) -> None:
    """Wait a moment for an alert; none is the rule. Errors: OSError, what the alert says.

    A server that hangs up on a request which it has not read takes its alert back with it: so hear it before asking.
    """
    line.settimeout(REFUSAL_S)
    with suppress(TimeoutError):
        line.recv(1)
    line.settimeout(ANSWER_S)


def get(
    line: socket.socket, path: str, *, host: str, more: Mapping[str, str] | None = None, most: int = BODY_BYTES
) -> Reply:
    """Ask for a page over a connection and return what came; the connection is over then. Errors: OSError."""
    headers = {"Host": host, "Connection": "close", "Accept": "application/json, */*", "User-Agent": "seikyu-doctor"}
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in (headers | dict(more or {})).items())]
    line.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace"))
    answer = HTTPResponse(line, method="GET")
    try:
        answer.begin()
        body = answer.read(most)
    except (HTTPException, ValueError) as reason:
        raise ConnectionError from reason
    finally:
        answer.close()
    return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, body)
