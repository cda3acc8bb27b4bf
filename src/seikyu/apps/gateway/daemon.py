"""What the IKE daemon knows: the gateway's own certificate, the lists, and a connection for each who may come.

A revocation goes to the daemon first, which forgets whom it found good, and then ends the tunnels that it concerns, so
that nobody slips in between. A daemon that has lost its memory is kept silent (`firewall.waiting`) until it knows
everybody again: a client that is told no does not ask again, and one that is told nothing does.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from seikyu.adapters import nftables
from seikyu.adapters.charon import Esp
from seikyu.adapters.kept_lists import certificates_in
from seikyu.adapters.strongswan import DaemonRefused, DaemonSilent, Happened, Strongswan, Tunnel
from seikyu.apps.gateway.place import Place
from seikyu.limits import limit
from seikyu.lines.gateway import Connection, Gateway, waiting
from seikyu.lines.gateway.firewall import waiting_name
from seikyu.lines.gateway.plan import OURS
from seikyu.ports.errors import SeikyuError

#: A tunnel has its way through in the same moment; without one for so long, it got no address.
_HALF_S: Final = 2

#: What the word of a thrown out tunnel is told with: its connection.
ThrownOut = Callable[[str], None]


class GatewayFileUnusable(SeikyuError):
    """A file that the gateway needs cannot be read. Shape: `facts["file"]`, `facts["reason"]`."""

    code = "gateway_file_unusable"


@dataclass
class Daemon:
    """The daemon of a gateway, and what was loaded into it. Errors: DaemonSilent, DaemonRefused of each method."""

    place: Place
    gateway: Gateway
    esp: Esp
    authorities: list[x509.Certificate]
    thrown_out: ThrownOut
    loaded: dict[str, Connection] = field(default_factory=dict)
    certificate_until: datetime | None = None
    _line: Strongswan | None = None
    _own: bytes = b""
    _own_files: object = None

    @property
    def line(self) -> Strongswan:
        """The conversation with it."""
        if self._line is None:
            raise DaemonSilent(socket=str(self.place.socket(self.gateway)))
        return self._line

    def close(self) -> None:
        """End the conversation."""
        if self._line is not None:
            self._line.close()

    def silence(self) -> None:
        """Keep clients waiting until the daemon is restored."""
        nftables.apply(waiting(self.gateway))

    def restore(self, planned: Mapping[str, Connection], lists: Iterable[bytes]) -> bool:
        """Have a daemon that knows everything; return whether one was taken over that knew its clients.

        Errors: NoCharon, CharonFailed; GatewayFileUnusable.
        """
        own = self.place.charon
        if not self.gateway.vici:
            if own.running() is None or not own.fits(esp=self.esp, per_host=self.gateway.per_host):
                self.silence()
            own.start(esp=self.esp, per_host=self.gateway.per_host)
        self.close()
        self._line = Strongswan(self.place.socket(self.gateway))
        known = {name for name in self.line.loaded() if name.startswith(OURS)}
        if not known:
            self.silence()
        self._load_own()
        self.line.load_lists(list(lists))
        self.loaded = {}
        self._unload({name: [f"{name}-4", f"{name}-6"] for name in known - planned.keys()})
        self._load(planned)
        nftables.remove(waiting_name(self.gateway))
        return bool(known)

    def bring_lists(self, lists: Iterable[bytes]) -> None:
        """Give the daemon revocation lists; it asks anew from now on."""
        self.line.load_lists(list(lists))

    def apply(self, planned: Mapping[str, Connection]) -> None:
        """Let come who is planned, and nobody else."""
        there = self.line.loaded()
        gone = {name: list(each.pools) for name, each in self.loaded.items() if planned.get(name) != each}
        self._unload(gone)
        for name in gone:
            del self.loaded[name]
        self._load({name: each for name, each in planned.items() if name not in self.loaded or name not in there})

    def forgot(self) -> bool:
        """Return whether somebody has taken connections out of the daemon."""
        return not self.loaded.keys() <= self.line.loaded()

    def begin_anew(self, names: Iterable[str]) -> None:
        """End tunnels whose clients may still come, if they can."""
        connected = {each.name for each in self.line.tunnels()}
        for name in sorted(connected.intersection(names)):
            self.line.end(name)
            self.thrown_out(name)

    def end_half(self, tunnels: Iterable[Tunnel]) -> None:
        """End tunnels without a way through, and what holds their address: whoever dials next has it.

        A client that comes again without a word of the tunnel that it lost finds its one address taken. Nothing is
        ended of a terminal whose newest tunnel carries: the daemon itself sorts that out, also when hundreds come back.
        """
        for each in tunnels:
            if not each.whole and each.up_s >= _HALF_S:
                self.line.end(each.name)

    def turn_log(self) -> None:
        """Keep the log of a daemon of our own short."""
        if not self.gateway.vici and self.place.charon.turn_log(limit("gateway_log_bytes")):
            self.line.reload_settings()

    def tunnels(self) -> list[Tunnel]:
        """Return who is connected by this gateway."""
        return [each for each in self.line.tunnels() if each.name.startswith(OURS)]

    def renew_own(self, lists: Iterable[bytes]) -> bool:
        """Take a new certificate of the gateway, or new authorities; return whether there were any.

        Errors: GatewayFileUnusable.
        """
        if self._signature() == self._own_files:
            return False
        self._load_own()
        self.line.load_lists(list(lists))
        self._load(dict(self.loaded))
        return True

    def hear(self, told: Callable[[Happened], None]) -> None:
        """Tell what happens until the daemon goes; on a thread of its own."""
        with suppress(DaemonSilent, DaemonRefused):
            line = Strongswan(self.line.path)
            try:
                for each in line.events():
                    if each is not None:
                        told(each)
            finally:
                line.close()

    def _load(self, wanted: Mapping[str, Connection]) -> None:
        root = self.authorities[-1].public_bytes(Encoding.DER)
        for name, each in wanted.items():
            self.line.load(self.gateway, each, certificate=self._own, root=root)
            self.loaded[name] = each

    def _unload(self, gone: Mapping[str, list[str]]) -> None:
        # Who is connected is asked once: with thousands of tunnels each answer takes a while.
        connected = {each.name for each in self.line.tunnels()} if gone else set()
        for name, pools in gone.items():
            self.line.unload(name, pools)
            if name in connected:
                self.thrown_out(name)

    def _load_own(self) -> None:
        certificate, key = self._files()
        self._own_files = self._signature()
        try:
            chain = certificates_in(certificate.read_bytes())
            secret = key.read_bytes()
        except (OSError, ValueError) as odd:
            reason = getattr(odd, "strerror", None) or str(odd)
            raise GatewayFileUnusable(file=str(getattr(odd, "filename", None) or certificate), reason=reason) from odd
        self._own = chain[0].public_bytes(Encoding.DER)
        self.certificate_until = chain[0].not_valid_after_utc
        authorities = [each.public_bytes(Encoding.DER) for each in self.authorities]
        alone = not self.gateway.vici
        self.line.load_credentials(authorities=authorities, certificates=[self._own], key=secret, alone=alone)

    def _files(self) -> tuple[Path, Path]:
        return self.place.beside(self.gateway.certificate), self.place.beside(self.gateway.key)

    def _signature(self) -> object:
        """Return what changes when a file does."""
        found: list[object] = [each.serial_number for each in self.authorities]
        for each in self._files():
            with suppress(OSError):
                seen = each.stat()
                found.append((seen.st_mtime_ns, seen.st_size, seen.st_ino))
        return found
