"""The client's side of TLS: a context that trusts our CA only, and names for whatever can go wrong on the way.

In TLS 1.3 a client's handshake is over before the server has looked at its certificate. A refusal arrives as an alert
at the first read, often after the request was written; and a line that is cut just then shows as an end or a reset
only. `words` looks through the whole chain of an exception and takes what tells most.
"""

import os
import socket
import ssl
import stat
from collections.abc import Iterator
from errno import EHOSTDOWN, EHOSTUNREACH, ENETDOWN, ENETUNREACH
from pathlib import Path
from typing import Final

from seikyu.ports.errors import SeikyuError

#: What the server's alert says, in OpenSSL's words, and our code. (rfc8446:6.2)
_ALERTS: Final = (
    ("alert certificate required", "no_certificate"),
    ("alert certificate revoked", "certificate_revoked"),
    ("alert certificate expired", "certificate_expired"),
    ("alert unknown ca", "certificate_foreign"),
    ("alert bad certificate", "certificate_refused"),
    ("alert unsupported certificate", "certificate_refused"),
    ("alert certificate unknown", "certificate_refused"),
    ("alert access denied", "certificate_refused"),
    ("alert decrypt error", "certificate_refused"),
    ("alert protocol version", "tls_version"),
    ("alert handshake failure", "tls_version"),
    ("unsupported protocol", "tls_version"),
    ("no protocols available", "tls_version"),
    ("wrong version number", "not_tls"),
    ("http request", "not_tls"),
    ("record layer failure", "not_tls"),
    ("unexpected eof", "line_closed"),
)

#: Why the server's certificate did not verify: OpenSSL's number (X509_V_ERR_…) and our code.
_VERIFICATION: Final = {
    9: "server_certificate_early",
    10: "server_certificate_expired",
    23: "server_certificate_revoked",
    62: "server_certificate_name",
    64: "server_certificate_name",
}

#: Exceptions whose type says all, in this order.
_KINDS: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (ssl.SSLZeroReturnError, "line_closed"),
    (ssl.SSLEOFError, "line_closed"),
    (socket.gaierror, "name_unknown"),
    (ConnectionRefusedError, "line_refused"),
    (ConnectionError, "line_reset"),
    (TimeoutError, "line_timeout"),
)

_UNREACHABLE: Final = {ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN}

#: What tells least; anything else in the same chain is taken before it.
_VAGUE: Final = ("line_failed", "line_closed", "line_reset", "line_timeout")


class BadClientFile(SeikyuError):
    """A file of the client's folder is missing, cannot be read, or does not fit the others; nothing was sent.

    Shape: `facts` has `file` and `reason`.
    """

    code = "bad_client_file"


def client_context(ca: Path | str, *, certificate: Path | None = None, key: Path | None = None) -> ssl.SSLContext:
    """Return a TLS 1.3 context that trusts `ca` only, and shows a certificate if one is given.

    Shape: `ca` is a PEM file, or its text.
    Errors: BadClientFile.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    try:
        if isinstance(ca, str):
            context.load_verify_locations(cadata=ca)
        else:
            context.load_verify_locations(ca)
    except OSError as odd:  # ssl.SSLError is one
        raise BadClientFile(file=str(ca) if isinstance(ca, Path) else "ca.pem", reason=_reason(odd)) from odd
    if certificate is not None:
        try:
            # Without a password here OpenSSL would ask on the terminal and wait.
            context.load_cert_chain(certificate, key, password="")
        except OSError as odd:
            missing = odd.filename or (key if key is not None and not os.access(key, os.R_OK) else certificate)
            raise BadClientFile(file=str(missing), reason=_reason(odd)) from odd
    return context


def key_exposed(key: Path) -> bool:
    """True if others on this machine may read or write the key; whoever uses it should be told."""
    return os.name == "posix" and bool(stat.S_IMODE(key.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO))


def words(problem: BaseException) -> str:
    """Return the code of what went wrong on the line, of which `apps/words/tls.toml` has the texts.

    Any exception gives a code: `line_failed`, if nothing is known of it.
    """
    codes = [_code(each) for each in _chain(problem)]
    return min(codes, key=lambda code: (code in _VAGUE, -_VAGUE.index(code) if code in _VAGUE else 0))


def _chain(problem: BaseException) -> Iterator[BaseException]:
    """Yield the exception and those that led to it, each once."""
    seen: set[int] = set()
    now: BaseException | None = problem
    while now is not None and id(now) not in seen:
        seen.add(id(now))
        yield now
        now = now.__cause__ or now.__context__


def _code(problem: BaseException) -> str:
    if isinstance(problem, ssl.SSLCertVerificationError):
        return _VERIFICATION.get(problem.verify_code, "server_certificate_foreign")
    for kind, code in _KINDS:
        if isinstance(problem, kind):
            return code
    if isinstance(problem, ssl.SSLError):
        said = f"{getattr(problem, 'reason', None)} {problem}".lower().replace("_", " ")
        return next((code for alert, code in _ALERTS if alert in said), "tls_failed")
    if isinstance(problem, OSError) and problem.errno in _UNREACHABLE:
        return "line_unreachable"
    return _by_name(type(problem).__name__)


def _by_name(name: str) -> str:
    """Judge the exceptions of HTTP libraries that have no cause of the system's own."""
    if name.endswith("Timeout"):
        return "line_timeout"
    return "line_closed" if name in {"RemoteProtocolError", "IncompleteRead", "IncompleteReadError"} else "line_failed"


def _reason(odd: OSError) -> str:
    """Say in a few words why a file was of no use; never what is in it."""
    if isinstance(odd, ssl.SSLError):
        return (odd.reason or "not PEM").lower().replace("_", " ")
    return (odd.strerror or type(odd).__name__).lower()
