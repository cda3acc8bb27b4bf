"""Connections from a front server (nginx) over Unix sockets in the home: TLS ends there, and it says who was verified.

| header | what the front server puts there |
|---|---|
| `Seikyu-Client-Verify` | `NONE`, `SUCCESS`, or `FAILED:` and why, in OpenSSL's words (`$ssl_client_verify`) |
| `Seikyu-Client-Cert` | the certificate as PEM, percent-encoded (`$ssl_client_escaped_cert`) |
| `Seikyu-Client-Address` | the address at the other end of its line (`$remote_addr`) |

They are read here and nowhere else, and only on a socket of the family of Unix: on every other listener they are words
like any other, which nobody looks at. The sockets lie in a folder of mode 0700, so whoever can connect is the office's
own account. The identity is read from the certificate's bytes by the same function as without a front server, and its
row is looked up on every request all the same. No app ever sees these headers.
"""

import ipaddress
import os
import socket
import ssl
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from seikyu.adapters.tls_server import Connection
from seikyu.ports.errors import SeikyuError

VERIFY: Final = b"seikyu-client-verify"
CERTIFICATE: Final = b"seikyu-client-cert"
ADDRESS: Final = b"seikyu-client-address"

_PRIVATE_FOLDER: Final = 0o700
_PRIVATE: Final = 0o600

#: The longest path that a socket may have (`sun_path`), without the zero at its end.
PATH_BYTES: Final = 107


class PathTooLong(SeikyuError):
    """The home lies so deep that the address of a socket in it does not fit; nothing was started."""

    code = "socket_path_too_long"


class FrontConnection(Connection):
    """One HTTP connection from the front server, whose peer is the peer of the front server.

    The scope's `client` is the address that the front server tells; it has `tls` with `client_cert_der`, and with
    `client_cert_error` if the certificate is not good.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The front server holds its clients to the limit, and adds a certificate.
        self.header_bytes *= 2
        self._from_front = False
        self._said: dict[bytes, list[bytes]] = {}

    def connection_made(self, transport: Any) -> None:
        """Note whether this is a socket of ours."""
        line = transport.get_extra_info("socket")
        self._from_front = line is not None and line.family == getattr(socket, "AF_UNIX", None)
        super().connection_made(transport)

    def on_message_begin(self) -> None:
        """Forget what was said with the request before."""
        self._said = {VERIFY: [], CERTIFICATE: [], ADDRESS: []}
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep the front server's own headers apart; they never reach an app."""
        said = self._said.get(name.lower())
        if said is None:
            super().on_header(name, value)
        else:
            said.append(value)

    def on_headers_complete(self) -> None:
        """Put the peer into the scope, then start the request."""
        if any(len(values) > 1 for values in self._said.values()):
            self._refuse(HTTPStatus.BAD_REQUEST, "bad_request")
        scope: Any = self.scope
        scope["scheme"] = "https"
        scope["extensions"] = {"tls": self._peer() if self._from_front else {"client_cert_der": None}}
        # Without it all strangers would have one address, and one that guesses would close the door to all of them.
        if self._from_front and (address := address_from(b"".join(self._said[ADDRESS]))):
            scope["client"] = (address, 0)
        super().on_headers_complete()

    def _peer(self) -> dict[str, Any]:
        verify = b"".join(self._said[VERIFY]).decode("latin-1")
        if verify in {"", "NONE"}:
            return {"client_cert_der": None}
        der = der_from(b"".join(self._said[CERTIFICATE]))
        if verify == "SUCCESS" and der is not None:
            return {"client_cert_der": der}
        why = "the certificate cannot be read" if verify == "SUCCESS" else verify.removeprefix("FAILED:")
        return {"client_cert_der": der, "client_cert_error": why}


def der_from(escaped: bytes) -> bytes | None:
    """Return the bytes of a percent-encoded PEM certificate, or None if it is none."""
    try:
        return ssl.PEM_cert_to_DER_cert(unquote(escaped.decode("ascii")))
    except ValueError:
        return None


def address_from(said: bytes) -> str | None:
    """Return the address that a front server has told, or None if it is none.

    >>> address_from(b"2001:db8::7"), address_from(b"unix:")
    ('2001:db8::7', None)
    """
    try:
        return str(ipaddress.ip_address(said.decode("ascii")))
    except ValueError:
        return None


def socket_path(folder: Path, name: str) -> Path:
    """Return where the socket `name` is to lie. Errors: PathTooLong."""
    path = folder / name
    if len(os.fsencode(path)) > PATH_BYTES:
        raise PathTooLong(path=str(path), most=PATH_BYTES)
    return path


def bound_in(folder: Path, name: str) -> socket.socket:
    """Return a socket bound to `name` in a folder that only our own account may enter. Under the home's lock.

    Errors: PathTooLong, OSError.
    """
    path = socket_path(folder, name)
    folder.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
    folder.chmod(_PRIVATE_FOLDER)
    with suppress(FileNotFoundError):
        path.unlink()  # of a server that was killed: the lock says that none is at work
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        line.bind(str(path))
        path.chmod(_PRIVATE)
    except BaseException:
        line.close()
        raise
    return line
