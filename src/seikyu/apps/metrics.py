"""What the inside face counts (Prometheus): sendings, bytes, checks that wait, and how long an answer takes.

What the working process does (checks, closings) is not counted where it happens but read from the rows: how many
sendings, months and deliveries are in which state. Those numbers also outlive the server.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from seikyu.ports.errors import SeikyuError
from seikyu.ports.store import Store

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

#: Bounds of the histogram of answers; the aim is 250 ms for 99 of 100.
_BOUNDS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


#: By state, and by which rows.
States = Mapping[str, Mapping[str, int]]


def states_of(store: Store) -> States:
    """Return how many rows are in which state; nothing while the database does not answer."""
    try:
        with store.read() as tx:
            return tx.states()
    except SeikyuError:
        return {}


class _Rows(Collector):
    """Reads the rows when it is asked, and never before."""

    def __init__(self, states: Callable[[], States]) -> None:
        self._states = states

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Say nothing before the first question."""
        yield from ()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield a gauge for each kind of row."""
        for rows, counts in sorted(self._states().items()):
            gauge = GaugeMetricFamily(f"seikyu_{rows}", f"{rows} by state", labels=["state"])
            for state, count in sorted(counts.items()):
                gauge.add_metric([state], count)
            yield gauge


class _Ending(Collector):
    """Counts the certificates that end soon when it is asked, and never before."""

    def __init__(self, ending: Callable[[], int]) -> None:
        self._ending = ending

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Say nothing before the first question."""
        yield from ()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauge."""
        try:
            count = self._ending()
        except SeikyuError:
            return
        text = "client and server certificates that end within 30 days and were not renewed"
        yield GaugeMetricFamily("seikyu_certificates_ending", text, value=count)


class Metrics:
    """The counters of one server. They start from zero with it; what must last is in the rows."""

    def __init__(
        self,
        *,
        waiting: Callable[[], int] = lambda: 0,
        receiving: Callable[[], int] = lambda: 0,
        states: Callable[[], States] = dict,
    ) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(_Rows(states))
        self.requests = self._counter("seikyu_requests", "requests answered", "face", "method", "status")
        self.received = self._counter("seikyu_received_bytes", "bytes of request bodies")
        self.sent = self._counter("seikyu_sent_bytes", "bytes of answers")
        self.ocsp = self._counter("seikyu_ocsp_answers", "answers about certificates", "answer")
        self.events = self._counter("seikyu_events", "what happened, by event", "event")
        self.latency = Histogram(
            "seikyu_acknowledgement_seconds",
            "from the last byte of a sending to the first of its answer",
            buckets=_BOUNDS_S,
            registry=self.registry,
        )
        self._gauge("seikyu_checks_waiting", "work orders not done yet").set_function(waiting)
        self._gauge("seikyu_receiving", "bodies that arrive just now").set_function(receiving)

    def watch_sources(self, sources: Iterable[str], silent_s: Callable[[str], float]) -> None:
        """Show how long each source of revocations has been silent; 0 while it speaks."""
        gauge = Gauge(
            "seikyu_revocation_source_silent_seconds",
            "how long a source of revocations has been silent",
            ["source"],
            registry=self.registry,
        )
        for source in sources:
            gauge.labels(source).set_function(partial(silent_s, source))

    def watch_certificates(self, ending: Callable[[], int]) -> None:
        """Show how many certificates end soon and were not renewed; nothing while the database does not answer."""
        self.registry.register(_Ending(ending))

    def tell(self, event: str, **facts: Any) -> None:
        """Count an event of a service."""
        del facts
        self.events.labels(event).inc()

    def text(self) -> bytes:
        """Return all of it in the form that Prometheus reads."""
        return generate_latest(self.registry)

    def _counter(self, name: str, help_text: str, *labels: str) -> Counter:
        return Counter(name, help_text, labels, registry=self.registry)

    def _gauge(self, name: str, help_text: str) -> Gauge:
        return Gauge(name, help_text, registry=self.registry)
