"""Ports that fail at one call: with an error that the program sees, or as if the process were killed there."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Self

from seikyu.ports.errors import Unavailable
from seikyu.ports.jobs import WorkOrder
from seikyu.services import start
from seikyu.services.examine import examine_object
from seikyu.services.office import Office
from services.office_lab import KEY, Lab


class Killed(BaseException):
    """The process is gone: no `except` sees it and nothing that is tidied up afterwards reaches the outside."""


@dataclass
class Plug:
    """Counts calls to ports and pulls the plug at one of them.

    `after`: the call still takes effect, only its answer is lost. `kill`: every later call fails too, cleaning up
    included; else it is one error, and the ports work again.
    """

    at: int | None = None
    after: bool = False
    kill: bool = False
    count: int = 0
    pulled: bool = False

    def call(self, act: Callable[[], Any]) -> Any:
        """Do `act`, or fail before or after it."""
        if self.pulled and self.kill:
            raise Killed
        self.count += 1
        if self.count != self.at:
            return act()
        self.pulled = True
        if self.after:
            act()
        raise Killed if self.kill else Unavailable("the test pulled the plug")


class Faulty:
    """A port, or part of one, whose every call goes through the plug."""

    #: What is no call to the outside.
    quiet: Final = ("size_bytes",)

    def __init__(self, inner: Any, plug: Plug) -> None:
        self.inner = inner
        self.plug = plug

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        return partial(self._call, found) if callable(found) and name not in self.quiet else found

    def _call(self, act: Callable[..., Any], *given: Any, **named: Any) -> Any:
        return self.plug.call(lambda: act(*given, **named))


class FaultyStore(Faulty):
    """Transactions whose calls may fail, and whose commit may."""

    @contextmanager
    def read(self) -> Iterator[Any]:
        """Give a view."""
        with self.plug.call(self.inner.read) as tx:
            yield Faulty(tx, self.plug)

    @contextmanager
    def write(self) -> Iterator[Any]:
        """Give a transaction; failing after the commit is the worst answer that a database can give."""
        lost = False
        with self.plug.call(self.inner.write) as tx:
            yield Faulty(tx, self.plug)
            lost = self._commits()
        if lost:
            raise Killed if self.plug.kill else Unavailable("the answer of the commit is lost")

    def _commits(self) -> bool:
        """Return whether the commit's answer gets lost. Errors: those of a commit that does not happen."""
        plug = self.plug
        if plug.count + 1 == plug.at and plug.after:
            plug.count += 1
            plug.pulled = True
            return True
        plug.call(lambda: None)
        return False


class FaultyObjects(Faulty):
    """Objects whose calls, and whose writers' calls, may fail."""

    def writer(self, name: str, *, limit_bytes: int) -> Any:
        """Begin an object."""
        return FaultyWriter(self.plug.call(lambda: self.inner.writer(name, limit_bytes=limit_bytes)), self.plug)


class FaultyWriter(Faulty):
    """A writer that may fail; what it had written is discarded then, as its port says."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        self.discard()

    def discard(self) -> None:
        """Discard, unless the process is gone."""
        if self.plug.pulled and self.plug.kill:
            raise Killed
        self.inner.discard()


class FaultyJobs(Faulty):
    """Orders that may fail; they commit with the transaction underneath."""

    def submit(self, tx: Faulty, order: WorkOrder) -> None:
        """Order."""
        self.plug.call(lambda: self.inner.submit(tx.inner, order))


def plugged(lab: Lab, plug: Plug) -> Lab:
    """Return the same office with the plug between it and its ports, and nothing of the memory of its server."""
    ports: dict[str, Any] = {
        "store": FaultyStore(_inner(lab.office.store), plug),
        "objects": FaultyObjects(_inner(lab.office.objects), plug),
        "jobs": FaultyJobs(_inner(lab.office.jobs), plug),
    }
    fresh: Office = replace(
        lab.office, **ports, checker=partial(examine_object, ports["objects"], KEY), desk=type(lab.office.desk)()
    )
    return Lab(fresh, lab.clock, lab.events)


def unplugged(lab: Lab) -> Lab:
    """Return the office as it is after the next start, with ports that work."""
    fresh = plugged(lab, Plug())
    start.clean_up(fresh.office)
    return fresh


def _inner(port: Any) -> Any:
    return port.inner if isinstance(port, Faulty) else port
