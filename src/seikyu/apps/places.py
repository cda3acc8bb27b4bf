"""Where the faces listen: on ports, kept from the first start on, or behind a front server on sockets in the home."""

import errno
import json
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from seikyu.adapters.front_server import bound_in
from seikyu.adapters.home import Face, Home, Settings, write_private
from seikyu.ports.errors import SeikyuError

#: Where the ports that were taken are kept, in the home's `run`.
PORTS_FILE: Final = "ports.json"

#: The front server's own listener for `/pki/` in plain HTTP.
PLAIN: Final = "plain"

_LAST_PORT: Final = 65535


class PortTaken(SeikyuError):
    """Something else listens there; nothing was started."""

    code = "port_taken"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the faces are. Shape: absolute URLs without a path."""

    desk: str
    public: str
    inside: str


def reserve_ports(home: Home) -> Addresses:
    """Choose the ports of an office that has not been served yet, and return where it will be."""
    settings = home.settings()
    if settings.front.nginx:
        return addresses_of(settings, front_ports(home))
    with Ports(home.run / PORTS_FILE, faces_of(settings)) as ports:
        return addresses_of(settings, ports.numbers)


def public_address(home: Home) -> str:
    """Return where the public face of a home is; the port is the one of the settings, or the one that was kept."""
    settings = home.settings()
    kept = _kept_ports(home.run / PORTS_FILE)
    ports = {name: face.port or kept.get(name, 0) for name, face in faces_of(settings).items()}
    return addresses_of(settings, ports).public


def faces_of(settings: Settings) -> dict[str, Face]:
    """Return where the faces are to listen, by name."""
    return {"desk": settings.desk, "public": settings.public, "inside": settings.inside}


def addresses_of(settings: Settings, ports: dict[str, int], *, external_url: str | None = None) -> Addresses:
    """Return the addresses of the faces, by the name that the certificate is made out for."""
    name = settings.hosts[0]
    outside = f"[{name}]" if ":" in name else name
    own = settings.inside.host
    return Addresses(
        desk=external_url or f"https://{outside}:{ports['desk']}",
        public=f"https://{outside}:{ports['public']}",
        inside=f"http://{f'[{own}]' if ':' in own else own}:{ports['inside']}",
    )


def front_ports(home: Home) -> dict[str, int]:
    """Return the ports that the front server listens on, by name, `PLAIN` among them; free ones are chosen once.

    Nothing is bound: the front server may be at work. Errors: OSError for a host that is none of ours.
    """
    settings = home.settings()
    plain = Face(settings.public.host, settings.front.plain_port)
    path, numbers = home.run / PORTS_FILE, dict[str, int]()
    kept = _kept_ports(path)
    for name, face in (faces_of(settings) | {PLAIN: plain}).items():
        numbers[name] = face.port or kept.get(name) or _free_port(face.host, taken=set(numbers.values()))
    if kept | numbers != kept:
        write_private(path, json.dumps(kept | numbers).encode("ascii"))
    return numbers


def _free_port(host: str, *, taken: set[int]) -> int:
    while True:
        lines = bound(host, 0)
        port: int = lines[0].getsockname()[1]
        for line in lines:
            line.close()
        if port not in taken:
            return port


class Lines:
    """Sockets that are bound, by face, until the block ends."""

    def __init__(self) -> None:
        self.sockets: dict[str, list[socket.socket]] = {}
        self.numbers: dict[str, int] = {}

    def close(self) -> None:
        """Give all of them back."""
        for each in self.sockets.values():
            for line in each:
                line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()


class Ports(Lines):
    """The faces' own ports. One that was free at the first start is kept and used again."""

    def __init__(self, path: Path, wanted: dict[str, Face]) -> None:
        super().__init__()
        kept = _kept_ports(path)
        try:
            for name, face in wanted.items():
                port = face.port or kept.get(name, 0)
                self.sockets[name] = bound(face.host, port)
                self.numbers[name] = self.sockets[name][0].getsockname()[1]
        except BaseException:
            self.close()
            raise
        if kept | self.numbers != kept:
            write_private(path, json.dumps(kept | self.numbers).encode("ascii"))


class Sockets(Lines):
    """The faces' sockets behind a front server, `desk.sock` and so on in the home; the numbers are its ports.

    Errors: PathTooLong, OSError.
    """

    def __init__(self, home: Home) -> None:
        super().__init__()
        self.numbers = front_ports(home)
        try:
            for name in faces_of(home.settings()):
                self.sockets[name] = [bound_in(home.front, f"{name}.sock")]
        except BaseException:
            self.close()
            raise


def lines_of(home: Home) -> Lines:
    """Return the sockets of an office that is to be served. Errors: PortTaken, PathTooLong, OSError."""
    settings = home.settings()
    return Sockets(home) if settings.front.nginx else Ports(home.run / PORTS_FILE, faces_of(settings))


def _kept_ports(path: Path) -> dict[str, int]:
    """Return the ports that were taken before; none, if what is there says none."""
    try:
        kept = json.loads(path.read_text("ascii"))
    except (FileNotFoundError, ValueError):
        return {}
    if not isinstance(kept, dict):
        return {}
    return {name: port for name, port in kept.items() if type(port) is int and 0 < port <= _LAST_PORT}


def bound(host: str, port: int) -> list[socket.socket]:
    """Return a bound socket for every address of `host`, all with one port; 0 takes a free one.

    Errors: PortTaken; OSError for a host that is none of ours.
    """
    sockets: list[socket.socket] = []
    found = {each[4][0]: each[0] for each in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    failed: OSError | None = None
    for address, family in sorted(found.items(), key=lambda each: each[1]):
        line = socket.socket(family, socket.SOCK_STREAM)
        try:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                line.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            line.bind((address, port))
        except OSError as error:
            line.close()
            failed = error
            if error.errno == errno.EADDRINUSE:
                break
            continue  # A machine may name itself by an address that it does not have, ::1 above all.
        port = line.getsockname()[1]
        sockets.append(line)
    if failed is not None and (not sockets or failed.errno == errno.EADDRINUSE):
        for line in sockets:
            line.close()
        if failed.errno == errno.EADDRINUSE:
            raise PortTaken(host=host, port=port)
        raise failed
    return sockets
