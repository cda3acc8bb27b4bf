"""A real office with a real server, made once for all tests of the client's end."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import urlsplit
from zlib import crc32

import pytest
from stamina import set_testing

from seikyu.apps import client
from seikyu.apps.demo_office import Someone, client_of, found, register, served
from seikyu.apps.demo_relay import Relay
from seikyu.apps.generator import Recipe, world, write

NOW = datetime(2026, 10, 6, 9, 0, tzinfo=timezone(timedelta(hours=9)))


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    """What is tried again is tried again at once."""
    set_testing(True, attempts=8, cap=True)
    yield
    set_testing(False)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An always open office with the made-up prefecture in its register, served while the tests run."""
    root = tmp_path_factory.mktemp("office")
    found(root, bodies=["1", "2-99"], now=NOW, calendar="sandbox")
    everyone = world()
    people = [Someone("operator", "operator", "見本")]
    people += [Someone(place.id, "institution", place.name) for place in everyone.institutions]
    people += [Someone(payer.number, "payer", payer.name) for payer in everyone.payers]
    register(root, people)
    with served(root):
        yield root


@pytest.fixture
def line(home: Path) -> Callable[..., client.Line]:
    """Open a line for a party, through another port if one is given."""

    def opened(party: str, *, port: int | None = None, tries: int | None = None) -> client.Line:
        folder = client_of(home, party)
        if port is not None:
            folder = replace(folder, url=f"https://localhost:{port}")
        return client.Line(folder, tries=tries)

    return opened


@pytest.fixture
def relay(home: Path) -> Callable[..., AbstractContextManager[Relay]]:
    """A line to the office that is cut after so many bytes up or down."""
    port = urlsplit(client_of(home, "operator").url).port or 0
    return lambda **limits: Relay(port, **limits)


@pytest.fixture
def file(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[..., Path]:
    """Write a made-up file that no other test writes."""
    numbers = iter(range(1, 100))

    def written(claims: int = 30, *, place: int = 0, faults: tuple[str, ...] = (), month: int = 202610) -> Path:
        path = tmp_path / f"{next(numbers)}" / "RECEIPTC.UKE"
        path.parent.mkdir()
        seed = crc32(f"{request.node.nodeid} {path.parent.name}".encode())
        with path.open("wb") as out:
            write(Recipe(world().institutions[place], "1", month, claims, seed, faults=faults), out)
        return path

    return written
