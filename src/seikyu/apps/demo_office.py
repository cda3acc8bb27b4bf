"""The demo's office: made from nothing in a folder of its own, and served by a real server process."""

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from seikyu.apps.client import ClientFolder, client_toml, open_client
from seikyu.ports.errors import SeikyuError

#: A folder with this file is a demo and may be replaced; nothing else may.
MARKER: Final = "seikyu-demo.json"

_ORGANISATION: Final = "seikyu demo"
_TERMINAL: Final = "demo"

#: Long before any month that somebody may move the sandbox's clock to.
_REGISTERED_AT: Final = datetime(2018, 4, 1, tzinfo=UTC)

_START_S: Final = 30.0
_STOP_S: Final = 12.0


class NotADemo(SeikyuError):
    """The folder holds something that no demo made; nothing was touched."""

    code = "not_a_demo"


class HomeUnusable(SeikyuError):
    """The folder cannot be made, emptied or written. Shape: facts `home`, `reason` (the system's)."""

    code = "home_unusable"


class ServerDied(SeikyuError):
    """The demo's server did not come up, or ended before its time."""

    code = "server_died"


class PromiseBroken(SeikyuError):
    """The office did what it promises never to do. Shape: `facts` has `promise`, the key of its text."""

    code = "promise_broken"


@dataclass(frozen=True, slots=True)
class Someone:
    """A party of the demo. Shape: kind is institution, payer or operator."""

    id: str
    kind: str
    name: str
    address: str = ""


def clear(root: Path) -> None:
    """Make `root` an empty demo folder: an earlier demo goes, anything else stays and is said.

    Errors: NotADemo; HomeLocked, if a server still works on the earlier demo; HomeUnusable.
    """
    try:
        _clear(root)
    except OSError as reason:
        raise HomeUnusable(home=str(root), reason=reason.strerror or type(reason).__name__) from None


def _clear(root: Path) -> None:
    from seikyu.adapters.home import Home
    from seikyu.ports.errors import HomeLocked

    if root.is_symlink() or (root.exists() and not root.is_dir()):
        raise NotADemo(home=str(root))
    if root.exists() and any(root.iterdir()):
        if not (root / MARKER).is_file():
            raise NotADemo(home=str(root))
        if (root / "run").is_dir() and (holder := Home(root).locked_by()):
            raise HomeLocked(f"process {holder} works on this home", pid=holder)
        for path in root.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name != MARKER:
                path.unlink()
    root.mkdir(parents=True, exist_ok=True)
    # The marker is there before anything else, so that a demo that was cut short can be replaced too.
    (root / MARKER).write_text("{}\n")


def found(root: Path, *, bodies: Iterable[str], now: datetime, calendar: str = "national") -> None:
    """Make the office in `root`: settings, database, calendar, a clock that goes on from `now`."""
    from seikyu.apps import acts
    from seikyu.apps.wiring import init_home, office_at

    ports = _free_ports(3)
    settings: dict[str, Any] = {"office.calendar": "sandbox", "office.bodies": list(bodies)}
    settings |= {f"faces.{face}.port": port for face, port in zip(("desk", "public", "inside"), ports, strict=True)}
    home = init_home(root, settings=settings)
    with office_at(home) as office:
        acts.set_calendar(office, calendar, [])
        acts.set_clock(office, now)


def register(root: Path, people: Iterable[Someone]) -> None:
    """Enter everyone in the register, each with a certificate in a client folder of its own."""
    from seikyu.adapters.clock import SystemClock
    from seikyu.adapters.x509_ca import create_ca, issue_client, staged
    from seikyu.apps import acts
    from seikyu.apps.wiring import find_home, office_at
    from seikyu.trust.party import Holder

    home = find_home(root)
    url = f"https://localhost:{home.settings().desk.port}"
    # Certificates are judged by the machine's clock at both ends of a line, not by the demo's.
    now = SystemClock().now()
    ca = create_ca(home, organisation=_ORGANISATION, now=now)
    with office_at(home) as office:
        for one in people:
            acts.add_party(
                office, party_id=one.id, kind=one.kind, name=one.name, address=one.address, since=_REGISTERED_AT
            )
            folder = home.clients / one.id
            issued = issue_client(ca, Holder(one.kind, one.id, one.name, _TERMINAL), now=now)
            with staged(ca, issued, folder), office.store.write() as tx:
                tx.put_certificate(issued.row)
            (folder / "client.toml").write_text(client_toml(url=url, party=one.id, kind=one.kind), "utf-8")


def client_of(root: Path, party: str) -> ClientFolder:
    """Return the client folder of a party."""
    return open_client(root, party)


@contextmanager
def served(root: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Serve the office while the block runs. Errors: ServerDied; no process is left, whatever happens."""
    from seikyu.apps.wiring import find_home

    settings = find_home(root).settings()
    log = (root / "logs" / "demo-server.log").open("ab")
    command = [sys.executable, "-m", "seikyu.apps.cli", "serve", "--home", str(root)]
    # A session of its own: Ctrl-C reaches the demo only, which then stops the server in order.
    process = subprocess.Popen(  # noqa: S603  (our own program)
        command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
    )
    try:
        _wait_until_up(process, f"http://localhost:{settings.inside.port}/healthz", log=Path(log.name))
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


def write_marker(root: Path, told: dict[str, Any]) -> None:
    """Keep what the demo told in its folder."""
    (root / MARKER).write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", "utf-8")


def _wait_until_up(process: subprocess.Popen[bytes], url: str, *, log: Path) -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise ServerDied(log=str(log), status=process.returncode)
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310  (our own loopback address)
                if answer.status == 200:  # noqa: PLR2004  (HTTP's "OK")
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise ServerDied(log=str(log), status="?")


def _free_ports(count: int) -> list[int]:
    """Return ports that are free now. Another program may take one before we do; then the server says so."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
