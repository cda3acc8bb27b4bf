"""What a gateway shows to Prometheus, on a socket of this machine only. No party, terminal or address stands in it."""

import socket
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from seikyu.adapters import nftables
from seikyu.adapters.kept_lists import soonest
from seikyu.apps.gateway.supervisor import Supervisor
from seikyu.apps.metrics import MEDIA_TYPE
from seikyu.ports.errors import SeikyuError


class MetricsPortTaken(SeikyuError):
    """The address of the metrics cannot be used; nothing was started."""

    code = "gateway_metrics_taken"


class GatewayMetrics(Collector):
    """Reads a supervisor when it is asked, and never before."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._of = supervisor

    def describe(self) -> Iterator[Metric]:
        """Say nothing before the first question."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        """Yield everything."""
        of, now = self._of, self._of.now()
        tunnels = list(of.tunnels)
        yield _gauge("daemon_up", "1 while the IKE daemon answers", int(of.daemon_is_there))
        yield _gauge("tunnels", "clients that are connected", len(tunnels))
        yield _gauge("tunnels_half", "of them, those without a way through", sum(not each.whole for each in tunnels))
        yield _gauge("terminals", "terminals that may come", len(of.planned))
        yield _gauge("terminals_without_address", "that may come and have no address", of.without)
        yield _gauge("tunnel_received_bytes", "bytes out of the tunnels that are up", sum(t.bytes_in for t in tunnels))
        yield _gauge("tunnel_sent_bytes", "bytes into the tunnels that are up", sum(t.bytes_out for t in tunnels))
        yield _gauge("revoked", "certificates on the lists", len(of.lists.revoked))
        yield _gauge("lists_missing", "authorities without a list", len(of.lists.missing))
        for name, help_text, at in (
            ("list_left_seconds", "until the first list ends; then nobody comes in", soonest(of.lists.all)),
            ("certificate_left_seconds", "until the gateway's own certificate ends", of.daemon.certificate_until),
        ):
            if at is not None:
                yield _gauge(name, help_text, (at - now).total_seconds())
        yield _gauge("office_silent_seconds", "since the office was heard", _since(of.office_heard_at, now))
        counted = of.counted
        for name, help_text, value in (
            ("connects", "tunnels that came", counted.connects),
            ("disconnects", "tunnels that went", counted.disconnects),
            ("thrown_out", "tunnels that were ended because of a revocation or a change", counted.thrown_out),
            ("daemon_restarts", "times that the daemon had to be told everything again", counted.restarts),
        ):
            yield _counter(name, help_text, value)
        yield from self._dropped()

    def _dropped(self) -> Iterator[Metric]:
        try:
            seen = nftables.counted(self._of.gateway.table)
        except (nftables.NftRefused, nftables.NoNft):
            yield _gauge("firewall_up", "1 while the packet filter stands", 0)
            return
        yield _gauge("firewall_up", "1 while the packet filter stands", 1)
        dropped = CounterMetricFamily("seikyu_gateway_dropped_packets", "packets that were dropped", labels=["why"])
        for why, packets in sorted(seen.items()):
            dropped.add_metric([why], packets)
        yield dropped


def text_of(supervisor: Supervisor) -> bytes:
    """Return all metrics in the form that Prometheus reads."""
    registry = CollectorRegistry()
    registry.register(GatewayMetrics(supervisor))
    return generate_latest(registry)


def serve(listen: str, text: Callable[[], bytes]) -> Callable[[], None]:
    """Answer at an address of this machine until what is returned is called. Errors: MetricsPortTaken."""
    host, _, port = listen.rpartition(":")

    class Answer(BaseHTTPRequestHandler):
        timeout = _ANSWER_S

        def do_GET(self) -> None:
            body = text() if self.path == "/metrics" else b"ok\n"
            self.send_response(200 if self.path in {"/metrics", "/healthz"} else 404)
            self.send_header("Content-Type", MEDIA_TYPE)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        address_family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
        daemon_threads = True

    try:
        server = Server((host.strip("[]"), int(port)), Answer)
    except (OSError, OverflowError) as odd:
        raise MetricsPortTaken(listen=listen, reason=getattr(odd, "strerror", None) or str(odd)) from odd
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def close() -> None:
        server.shutdown()
        server.server_close()

    return close


#: A question is read, and its answer taken, by then.
_ANSWER_S: Final = 10


def _gauge(name: str, help_text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"seikyu_gateway_{name}", help_text, value=value)


def _counter(name: str, help_text: str, value: float) -> Metric:
    return CounterMetricFamily(f"seikyu_gateway_{name}", help_text, value=value)


def _since(at: datetime | None, now: datetime) -> float:
    return float("inf") if at is None else (now - at).total_seconds()
