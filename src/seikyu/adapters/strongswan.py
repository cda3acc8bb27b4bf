"""strongSwan's IKE daemon, spoken to over its own socket (vici). The only module that knows that protocol.

One object is one conversation: questions and answers of one thread. What happens (a tunnel that came or went) is heard
on a conversation of its own, `events`, because the daemon sends it between answers.

The daemon remembers which certificates it found good, and what it thinks of them is not asked anew when a list comes:
whoever brings lists has to have it forget (`load_lists`), or somebody who was revoked comes in again.
"""

import contextlib
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

import vici  # type: ignore[import-untyped]  # it has no types of its own
from vici.exception import CommandException, DeserializationException, SessionException  # type: ignore[import-untyped]  # the same

from seikyu.lines.gateway.config import Gateway
from seikyu.lines.gateway.plan import CHILD, Connection, connection_section, pool_sections
from seikyu.lines.wrong import Address
from seikyu.ports.errors import SeikyuError

#: The daemon answers each question at once; longer than this it hangs.
ANSWER_S: Final = 30.0

#: What is told of a tunnel that is to end, so long the daemon waits for the peer's answer. It goes on without.
TERMINATE_MS: Final = 1

#: A child in these states has a way through; its keys may just be made anew.
_CARRIES: Final = ("INSTALLED", "UPDATING", "REKEYING", "REKEYED", "RETRYING")

#: Not of what goes over a tunnel besides: each would be told twice.
_EVENTS: Final = ("ike-updown",)


class DaemonSilent(SeikyuError):
    """The IKE daemon does not answer on its socket; nothing was changed, or not all of it."""

    code = "ike_daemon_silent"


class DaemonRefused(SeikyuError):
    """The IKE daemon does not take what it was given. `facts["what"]` is what, `facts["why"]` its own words."""

    code = "ike_daemon_refused"


@dataclass(frozen=True, slots=True)
class Tunnel:
    """A client that is connected. Shape: `addresses` are those inside; `host` and `port` its own on the line."""

    name: str
    number: str
    host: str
    port: int
    addresses: tuple[Address, ...]
    up_s: int
    bytes_in: int
    bytes_out: int
    whole: bool


@dataclass(frozen=True, slots=True)
class Happened:
    """A tunnel that came (`up`) or went."""

    name: str
    up: bool
    host: str


class Strongswan:
    """A conversation with the daemon at a socket. Errors of every method: DaemonSilent, DaemonRefused."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._line.settimeout(ANSWER_S)
        try:
            with self._spoken("open"):
                self._line.connect(str(path))
        except DaemonSilent:
            self._line.close()
            raise
        self._session = vici.Session(self._line)

    def close(self) -> None:
        """End the conversation; what was loaded stays."""
        self._line.close()

    def version(self) -> str:
        """Return the name and version of the daemon."""
        with self._spoken("version"):
            told = self._session.version()
        return f"{_text(told['daemon'])} {_text(told['version'])}"

    def memory(self) -> Mapping[str, int]:
        """Return what the daemon counts of itself: IKE SAs, half open ones, threads at work and jobs that wait."""
        with self._spoken("stats"):
            told = self._session.stats()
        sas = told["ikesas"]
        return {"tunnels": int(sas["total"]), "half_open": int(sas["half-open"])}

    def load_credentials(
        self, *, authorities: Sequence[bytes], certificates: Sequence[bytes], key: bytes, alone: bool
    ) -> None:
        """Give the daemon authorities and its own certificate (DER) and key (PEM).

        Shape: `alone` has it forget all that it was given before, lists as well: `load_lists` comes after this. What
        others have given to a daemon of the system stays; a connection goes by the authority that it names.
        """
        with self._spoken("credentials"):
            if alone:
                self._session.clear_creds()
            for each in authorities:
                self._session.load_cert({"type": "X509", "flag": "CA", "data": each})
            for each in certificates:
                self._session.load_cert({"type": "X509", "flag": "NONE", "data": each})
            self._session.load_key({"type": "any", "data": key})
            self._session.flush_certs({})

    def load_lists(self, lists: Sequence[bytes]) -> None:
        """Give the daemon revocation lists (DER), and have it forget whom it found good by older ones."""
        with self._spoken("lists"):
            for each in lists:
                self._session.load_cert({"type": "X509_CRL", "flag": "NONE", "data": each})
            self._session.flush_certs({})

    def load(self, gateway: Gateway, connection: Connection, *, certificate: bytes, root: bytes) -> None:
        """Let a terminal come."""
        section: dict[str, Any] = connection_section(gateway, connection, certificates=[])
        section["local"]["certs"] = [certificate]
        section["remote"]["cacerts"] = [root]
        with self._spoken(connection.name):
            for name, pool in pool_sections(gateway, connection).items():
                self._session.load_pool({name: pool})
            self._session.load_conn({connection.name: section})

    def unload(self, connection: str, pools: Sequence[str]) -> None:
        """Let a terminal come no more, and end its tunnels."""
        with self._spoken(connection):
            with contextlib.suppress(CommandException):  # It is not there: as wished.
                self._session.unload_conn({"name": connection})
            self._end(connection)
            for each in pools:
                with contextlib.suppress(CommandException):  # Not there, or the tunnel's last word is still on its way.
                    self._session.unload_pool({"name": each})

    def loaded(self) -> frozenset[str]:
        """Return the names of all connections."""
        with self._spoken("connections"):
            return frozenset(_text(each) for each in self._session.get_conns()["conns"])

    def pools(self) -> dict[str, str]:
        """Return the first address of each pool by its name."""
        with self._spoken("pools"):
            return {_text(name): _text(pool["base"]) for name, pool in self._session.get_pools().items()}

    def tunnels(self) -> list[Tunnel]:
        """Return who is connected."""
        with self._spoken("tunnels"):
            return [
                tunnel
                for told in self._session.list_sas()
                for name, sa in told.items()
                if (tunnel := _tunnel(_text(name), sa))
            ]

    def end(self, connection: str) -> None:
        """End the tunnels of a terminal, without waiting for its answer; it may come again, if it still can."""
        with self._spoken(connection):
            self._end(connection)

    def reload_settings(self) -> None:
        """Have the daemon read its settings again, and begin its log anew where the old one was taken away."""
        with self._spoken("settings"):
            self._session.reload_settings()

    def events(self) -> Iterator[Happened | None]:
        """Yield what happens; None, if nothing did for a while. Errors: DaemonSilent, when the daemon has gone."""
        with self._spoken("events"):
            for told in self._session.listen(_EVENTS, 1.0):
                kind, message = told
                if kind is None:
                    yield None
                    continue
                yield from _happened(message)

    def _end(self, connection: str) -> None:
        self._terminate({"ike": connection})

    def _terminate(self, wanted: Mapping[str, str]) -> None:
        # Forced: a peer that is gone would hold its address until it is given up.
        wanted = {**wanted, "force": "yes", "timeout": str(TERMINATE_MS)}
        with contextlib.suppress(CommandException):  # None there, or none whose peer answered in time.
            for _ in self._session.terminate(wanted) or ():
                pass

    @contextlib.contextmanager
    def _spoken(self, what: str) -> Iterator[None]:
        try:
            yield
        except (CommandException, DeserializationException) as odd:
            raise DaemonRefused(what=what, why=str(odd)) from odd
        except (OSError, SessionException) as odd:
            raise DaemonSilent(socket=str(self.path)) from odd


def _tunnel(name: str, sa: Mapping[str, Any]) -> Tunnel | None:
    if _text(sa.get("state", b"")) != "ESTABLISHED":
        return None
    children = [child for child in sa.get("child-sas", {}).values() if _text(child["name"]) == CHILD]
    return Tunnel(
        name=name,
        number=_text(sa["uniqueid"]),
        host=_text(sa["remote-host"]),
        port=int(sa["remote-port"]),
        addresses=tuple(ip_address(_text(each)) for each in sa.get("remote-vips", [])),
        up_s=int(sa.get("established", 0)),
        bytes_in=sum(int(child.get("bytes-in", 0)) for child in children),
        bytes_out=sum(int(child.get("bytes-out", 0)) for child in children),
        whole=any(_text(child["state"]) in _CARRIES for child in children),
    )


def _happened(message: Mapping[str, Any]) -> Iterator[Happened]:
    up = _text(message.get("up", b"")) == "yes"
    for name, sa in message.items():
        if isinstance(sa, dict):
            yield Happened(_text(name), up, _text(sa.get("remote-host", b"")))


def _text(value: bytes | str) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
