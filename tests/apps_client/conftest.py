"""A real office with a real server, made once for all tests of the client's end."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zlib import crc32

from pytest import FixtureRequest, TempPathFactory, fixture
from stamina import set_testing

from seikyu.apps import client
from seikyu.apps.demo_office import Someone, client_of, found, register, served
from seikyu.apps.demo_relay import Relay
from seikyu.apps.generator import Recipe, world, write

NOW = datetime(2026, 10, 6, 9, 0, tzinfo=timezone(timedelta(hours=9)))


@fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    """What is tried again is tried again at once."""
    set_testing(True, attempts=8, cap=True)  # noqa: FBT003
    yield
    set_testing(False)  # noqa: FBT003


@fixture(scope="session")
def home(tmp_path_factory: TempPathFactory) -> Iterator[Path]:
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


@fixture
def line(home: Path) -> Callable[..., client.Line]:
    """Open a line for a party, through another port if one is given."""

    def opened(party: str, *, port: int | None = None, tries: int | None = None) -> client.Line:
        from dataclasses import replace

        folder = client_of(home, party)
        if port is not None:
            folder = replace(folder, url=f"https://localhost:{port}")
        return client.Line(folder, tries=tries)

    return opened


@fixture
def relay(home: Path) -> Callable[..., AbstractContextManager[Relay]]:
    """A line to the office that is cut after so many bytes up or down."""
    from urllib.parse import urlsplit

    port = urlsplit(client_of(home, "operator").url).port or 0
    return lambda **limits: Relay(port, **limits)


@fixture
def file(tmp_path: Path, request: FixtureRequest) -> Callable[..., Path]:
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
