"""The server: three faces in one process and one event loop, and the working process beside it.

From SIGTERM or SIGINT on nothing new is accepted; what is under way may finish for `drain_s`; then it is cut, which
leaves nothing half done, and the process is gone within ten seconds. SIGHUP takes up a renewed server certificate.
"""

import asyncio
import errno
import gc
import json
import os
import signal
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Self

import structlog
from starlette.types import ASGIApp
from uvicorn import Config

from seikyu.adapters.home import Face, Home, Settings, write_private
from seikyu.adapters.tls_server import Connection, Listener, renew, server_context
from seikyu.adapters.watching_pipe import PipeWatching, Reports
from seikyu.apps import faces, logs, pki
from seikyu.apps.acts import CERTIFICATE_REVOKED
from seikyu.apps.api.acme import acme_routes
from seikyu.apps.api.est import desk_est, public_est
from seikyu.apps.api.limiter import code_turnstile
from seikyu.apps.api.recover import recover_routes
from seikyu.apps.enrolling import acme_of, enrolling_of
from seikyu.apps.metrics import Metrics, states_of
from seikyu.apps.pages.site import pages_of
from seikyu.apps.people import people_of
from seikyu.apps.wiring import find_home, open_office
from seikyu.apps.working import Worker
from seikyu.limits import limit
from seikyu.ports.errors import SeikyuError
from seikyu.services import pairing
from seikyu.services.acme_orders import forget_orders
from seikyu.services.applications import Enrolling
from seikyu.services.arrivals import hear
from seikyu.services.issuing import revoke_superseded
from seikyu.services.office import Office
from seikyu.services.revocation import SOURCES
from seikyu.services.start import clean_up
from seikyu.services.terminals import count_ending
from seikyu.services.upload import drop_all, drop_expired

#: Threads for what blocks: the disk, the database. Writers of the database queue up anyhow.
THREADS: Final = 32

#: How often uploads that nobody finishes are looked for.
HOUSEKEEPING_S: Final = 30.0

#: After a stop is asked for, the process ends by itself or is ended by then.
GONE_WITHIN_S: Final = 9.5

#: Where the ports that were taken are kept, in the home's `run`.
PORTS_FILE: Final = "ports.json"

_LAST_PORT: Final = 65535

log: Final = structlog.get_logger("seikyu.serve")


class PortTaken(SeikyuError):
    """Something else listens there; nothing was started."""

    code = "port_taken"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the faces are. Shape: absolute URLs without a path."""

    desk: str
    public: str
    inside: str


def serve(
    root: Path,
    *,
    announce: Callable[[Addresses], None],
    pause_checking: bool = False,
    external_url: str | None = None,
) -> None:
    """Serve the office at `root` until a signal. `announce` is called when all faces listen.

    Errors: NoHome, HomeLocked, BadSettings, NewerDatabase, PortTaken; nothing was started then.
    """
    home = find_home(root)
    with home.lock():
        logs.set_up(home.logs)
        metrics: list[Metrics] = []
        heeding: list[Callable[[str], None]] = []

        def tell(event: str, **facts: Any) -> None:
            log.info(event, **facts)
            for each in metrics:
                each.tell(event)
            for heed in heeding:
                heed(event)

        watching = PipeWatching(lost=lambda: tell("preparation_dropped", reason="not_told"))
        office = open_office(home, tell=tell, watching=None if pause_checking else watching)
        # The sweep belongs here, under the lock and before anything arrives; the work itself to the working process.
        clean_up(office)
        metrics.append(
            Metrics(
                waiting=office.jobs.waiting,
                receiving=lambda: office.desk.receiving,
                states=partial(states_of, office.store),
            )
        )
        reports = partial(Reports, hear=partial(hear, office), tell=metrics[0].tell)
        worker = None if pause_checking else Worker(home.root, notes=watching, reports=reports)
        enrolling = enrolling_of(home, office.store, tell=tell)
        metrics[0].watch_certificates(partial(count_ending, enrolling))
        house = House(home, office, metrics[0], worker, enrolling=enrolling, external_url=external_url)
        heeding.append(house.heed)
        with asyncio.Runner(loop_factory=_loop) as runner:
            runner.run(house.run(announce))


def reserve_ports(home: Home) -> Addresses:
    """Choose the ports of an office that has not been served yet, and return where it will be."""
    settings = home.settings()
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


class House:
    """The faces of one office, from opening to closing."""

    def __init__(
        self,
        home: Home,
        office: Office,
        metrics: Metrics,
        worker: Worker | None,
        *,
        enrolling: Enrolling,
        external_url: str | None,
    ) -> None:
        self.home = home
        self.office = office
        self.worker = worker
        self.enrolling = enrolling
        self.settings = home.settings()
        self.acme = acme_of(home, enrolling)
        self.external_url = external_url
        self.addresses: Addresses | None = None
        certificate = pki.server_file(home, self.settings.hosts)
        self.contexts = {
            "desk": server_context(certificate, clients=pki.clients_file(home)),
            "public": server_context(certificate),
        }
        self.revocations = pki.Revocations(home, office.store, count=metrics.tell)
        metrics.watch_sources(SOURCES, self.revocations.alarms.silent_s)
        people, key = people_of(home, office.store, tell=office.tell), home.secret("forms_key")
        pages = partial(
            pages_of, office=office, people=people, key=key, served=self.settings.bodies, hosts=self.settings.hosts
        )
        turnstile = code_turnstile(per_address=office.limit("code_tries_per_address"))
        self.apps: dict[str, ASGIApp] = {
            "desk": faces.desk(
                office,
                enrolling,
                metrics,
                pages=pages("desk", external_url=external_url),
                more=desk_est(enrolling),
            ),
            "public": faces.public(
                office,
                enrolling,
                metrics,
                pages=pages("public"),
                given_out=home.ca,
                turnstile=turnstile,
                responder=self.revocations.responder,
                more=[
                    *public_est(enrolling, turnstile),
                    *acme_routes(self.acme, url=self.settings.acme.url),
                    *recover_routes(
                        enrolling,
                        codes=turnstile,
                        desk=lambda: self.addresses.desk if self.addresses else None,
                        pairings_per_address=office.limit("pairings_per_address"),
                    ),
                ],
            ),
            "inside": faces.inside(office, metrics, working=lambda: worker is not None and worker.alive),
        }

    def heed(self, event: str) -> None:
        """Have a revocation on the desk on the list, and known in memory, before its answer is given."""
        if event == CERTIFICATE_REVOKED:
            self.revocations.keep_fresh()

    async def run(self, announce: Callable[[Addresses], None]) -> None:
        """Open, stay open until a signal, close."""
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="seikyu"))
        stop = asyncio.Event()
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(each, stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._renew)
        with Ports(self.home.run / PORTS_FILE, faces_of(self.settings)) as ports:
            listeners = [_Face(_config(self.apps[name], self.contexts.get(name))) for name in ports.sockets]
            tasks = [
                asyncio.create_task(listener.serve(sockets))
                for listener, sockets in zip(listeners, ports.sockets.values(), strict=True)
            ]
            await _until_open(listeners, tasks)
            if self.worker is not None:
                tasks.append(asyncio.create_task(self.worker.keep()))
            tasks.append(asyncio.create_task(self._keep_house()))
            addresses = addresses_of(self.settings, ports.numbers, external_url=self.external_url)
            self.addresses = addresses
            log.info("ready", pid=os.getpid(), ports=ports.numbers)
            gc.collect()
            gc.freeze()  # What is here now stays; collections need not look at it again and again.
            announce(addresses)
            await asyncio.wait({asyncio.create_task(stop.wait()), *tasks}, return_when=asyncio.FIRST_COMPLETED)
            await self._close(listeners, tasks)

    async def _close(self, listeners: Sequence[Listener], tasks: Sequence[asyncio.Task[None]]) -> None:
        log.info("stopping")
        _be_gone_within(GONE_WITHIN_S)
        for listener in listeners:
            listener.should_exit = True
        if self.worker is not None:
            self.worker.stop()
        tasks[-1].cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        drop_all(self.office)
        log.info("stopped")
        for each in ended:
            if isinstance(each, Exception):
                raise each

    async def _keep_house(self) -> None:
        while True:
            try:
                drop_expired(self.office)
                # What is revoked here is on the list below.
                await asyncio.to_thread(revoke_superseded, self.enrolling)
                await asyncio.to_thread(pairing.forget, self.enrolling)
                await asyncio.to_thread(forget_orders, self.acme)
                await asyncio.to_thread(self.revocations.keep_fresh)
            except SeikyuError as error:
                log.warning("housekeeping_waits", code=error.code)
            except Exception as error:  # noqa: BLE001  (a chore that fails must not end the reception)
                logs.report_bug(error)
            await asyncio.sleep(HOUSEKEEPING_S)

    def _renew(self) -> None:
        for name, context in self.contexts.items():
            try:
                renew(context, pki.server_file(self.home, self.settings.hosts))
                log.info("certificate_renewed", face=name)
            except (OSError, SeikyuError) as error:
                log.warning("certificate_not_renewed", face=name, error=type(error).__name__)


class Ports:
    """The sockets of the faces, bound. A port that was free at the first start is kept and used again."""

    def __init__(self, path: Path, wanted: dict[str, Face]) -> None:
        self.path = path
        self.sockets: dict[str, list[socket.socket]] = {}
        self.numbers: dict[str, int] = {}
        kept = _kept_ports(path)
        try:
            for name, face in wanted.items():
                port = face.port or kept.get(name, 0)
                self.sockets[name] = bound(face.host, port)
                self.numbers[name] = self.sockets[name][0].getsockname()[1]
        except BaseException:
            self.close()
            raise
        if self.numbers != kept:
            write_private(path, json.dumps(self.numbers).encode("ascii"))

    def close(self) -> None:
        """Give all of them back."""
        for each in self.sockets.values():
            for line in each:
                line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()


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


class _Face(Listener):
    """A listener that leaves the signals to the house."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(app: ASGIApp, tls: ssl.SSLContext | None) -> Config:
    return Config(
        app,
        http=Connection,
        ws="none",
        loop="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        # Requests past `connections` get a problem from the door; this is for connections that ask nothing.
        limit_concurrency=2 * limit("connections"),
        timeout_keep_alive=limit("keep_alive_s"),
        timeout_graceful_shutdown=limit("drain_s"),
        ssl_context_factory=None if tls is None else lambda _config, _default: tls,
    )


async def _until_open(listeners: Sequence[Listener], tasks: Sequence[asyncio.Task[None]]) -> None:
    """Wait until all listen. Errors: what stops one of them from it."""
    while not all(listener.started for listener in listeners):
        for task in tasks:
            if task.done():
                task.result()
                raise RuntimeError("a face ended before it listened")
        await asyncio.sleep(0.01)


def _be_gone_within(wait_s: float) -> None:
    """End the process by then, whatever still hangs: everything that was promised is durable already."""

    def end() -> None:
        time.sleep(wait_s)
        os._exit(0)

    threading.Thread(target=end, daemon=True).start()


def _loop() -> asyncio.AbstractEventLoop:
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    import uvloop

    return uvloop.new_event_loop()
