"""The server: three faces in one process and one event loop, and the working process beside it.

From SIGTERM or SIGINT on nothing new is accepted; what is under way may finish for `drain_s`; then it is cut, which
leaves nothing half done, and the process is gone within ten seconds. SIGHUP takes up a renewed server certificate.
"""

import asyncio
import gc
import os
import signal
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import structlog
from starlette.types import ASGIApp
from uvicorn import Config

from seikyu.adapters.front_server import FrontConnection
from seikyu.adapters.home import Home
from seikyu.adapters.lines_folder import LinesFolder
from seikyu.adapters.tls_server import Connection, Listener, renew, server_context
from seikyu.adapters.watching_pipe import PipeWatching, Reports
from seikyu.apps import faces, logs, pki
from seikyu.apps.api.acme import acme_routes
from seikyu.apps.api.bell import Bell
from seikyu.apps.api.est import desk_est, public_est
from seikyu.apps.api.limiter import code_turnstile
from seikyu.apps.api.recover import recover_routes
from seikyu.apps.enrolling import acme_of, enrolling_of
from seikyu.apps.front import nginx_path
from seikyu.apps.metrics import Metrics, states_of
from seikyu.apps.notices_posted import paper_of
from seikyu.apps.pages.site import pages_of
from seikyu.apps.pages.visit import Pages
from seikyu.apps.people import people_of
from seikyu.apps.places import Addresses, addresses_of, lines_of
from seikyu.apps.telling import telling_of
from seikyu.apps.wiring import find_home, open_office
from seikyu.apps.working import Worker
from seikyu.limits import limit
from seikyu.lines.network import FILE_NAME as NETWORK_FILE
from seikyu.ports.errors import SeikyuError
from seikyu.services import pairing
from seikyu.services.acme_orders import forget_orders
from seikyu.services.applications import Enrolling
from seikyu.services.arrivals import hear
from seikyu.services.inquiries import forget_inquiries
from seikyu.services.issuing import revoke_superseded
from seikyu.services.office import Office
from seikyu.services.revocation import SOURCES
from seikyu.services.revoke import REVOKED
from seikyu.services.start import clean_up
from seikyu.services.terminals import count_ending
from seikyu.services.upload import drop_all, drop_expired
from seikyu.services.waiting import Sampler

#: Threads for what blocks: the disk, the database. Writers of the database queue up anyhow.
THREADS: Final = 32

#: How often uploads that nobody finishes are looked for.
HOUSEKEEPING_S: Final = 30.0

#: After a stop is asked for, the process ends by itself or is ended by then.
GONE_WITHIN_S: Final = 9.5

log: Final = structlog.get_logger("seikyu.serve")


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
        self.bell = Bell(office.store)
        self.external_url = external_url
        self.addresses: Addresses | None = None
        certificate = pki.server_file(home, self.settings.hosts)
        behind = self.settings.front.nginx
        self.contexts: dict[str, ssl.SSLContext] = {}
        if not behind:
            self.contexts["desk"] = server_context(certificate, clients=pki.clients_file(home))
            self.contexts["public"] = server_context(certificate)
        self.revocations = pki.Revocations(home, office.store, count=metrics.tell)
        self.chores = self._chores()
        metrics.watch_sources(SOURCES, self.revocations.alarms.silent_s)
        people, key = people_of(home, office.store, tell=office.tell), home.secret("forms_key")
        pages = partial(
            pages_of, office=office, people=people, key=key, served=self.settings.bodies, hosts=self.settings.hosts,
            lists=LinesFolder(home.lines),
        )  # fmt: skip
        turnstile = code_turnstile(per_address=office.limit("code_tries_per_address"))
        self.apps: dict[str, ASGIApp] = {
            "desk": self._desk(metrics, pages("desk", external_url=external_url)),
            "public": faces.public(
                office,
                enrolling,
                metrics,
                pages=pages("public"),
                given_out=home.ca,
                turnstile=turnstile,
                network=home.root / NETWORK_FILE,
                responder=self.revocations.responder,
                more=[
                    *public_est(enrolling, turnstile),
                    *acme_routes(self.acme, hosts=self.settings.hosts, url=self.settings.acme.url),
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

    def _chores(self) -> tuple[Callable[[], object], ...]:
        """Return what is done every half minute, in its order."""
        return (
            partial(revoke_superseded, self.enrolling),
            partial(pairing.forget, self.enrolling),
            partial(forget_orders, self.acme),
            Sampler(self.office, busy=lambda: self.office.desk.turned_away),
            partial(forget_inquiries, self.office),
            self.revocations.keep_fresh,  # what was revoked above is on the list
        )

    def _desk(self, metrics: Metrics, pages: Pages) -> ASGIApp:
        """Return the face that asks for certificates."""
        return faces.desk(
            self.office,
            self.enrolling,
            metrics,
            pages=pages,
            paper=partial(paper_of, self.home, self.enrolling),
            network=self.home.root / NETWORK_FILE,
            send_by=nginx_path if self.settings.front.nginx else None,
            telling=telling_of(self.home),
            bell=self.bell,
            more=desk_est(self.enrolling),
        )

    def heed(self, event: str) -> None:
        """Have a revocation on the desk on the list, and known in memory, before its answer is given.

        The act is committed already: whatever fails here is told, and tried again by the house, but is not the act's.
        """
        if event == REVOKED:
            try:
                self.revocations.keep_fresh()
            except Exception as error:  # noqa: BLE001  (see above)
                logs.report_bug(error)

    async def run(self, announce: Callable[[Addresses], None]) -> None:
        """Open, stay open until a signal, close."""
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="seikyu"))
        stop = asyncio.Event()
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(each, stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._renew)
        with lines_of(self.home) as ports:
            listeners = [_Face(_config(self.apps[name], **self._wire(name))) for name in ports.sockets]
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

    def _wire(self, name: str) -> dict[str, Any]:
        """Return how a face speaks: TLS of its own, a front server's word, or neither."""
        behind = self.settings.front.nginx and name != "inside"
        return {"tls": self.contexts.get(name), "http": FrontConnection if behind else Connection}

    async def _close(self, listeners: Sequence[Listener], tasks: Sequence[asyncio.Task[None]]) -> None:
        log.info("stopping")
        self.bell.stop()
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
            drop_expired(self.office)
            for chore in self.chores:
                try:
                    await asyncio.to_thread(chore)
                except SeikyuError as error:
                    log.warning("housekeeping_waits", code=error.code)
                except Exception as error:  # noqa: BLE001  (one that fails keeps neither the others nor the reception)
                    logs.report_bug(error)
            await asyncio.sleep(HOUSEKEEPING_S)

    def _renew(self) -> None:
        try:
            path = pki.server_file(self.home, self.settings.hosts)
            for context in self.contexts.values():
                renew(context, path)
            log.info("certificate_renewed", faces=[*self.contexts])
        except (OSError, SeikyuError) as error:
            log.warning("certificate_not_renewed", error=type(error).__name__)


class _Face(Listener):
    """A listener that leaves the signals to the house."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(app: ASGIApp, *, tls: ssl.SSLContext | None, http: type[Connection]) -> Config:
    return Config(
        app,
        http=http,
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
