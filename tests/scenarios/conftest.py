"""A real office for the scenarios: made once by `seikyu demo`; every test works on a copy."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from real_house import SEIKYU, House, moved


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Return the demo office, made once; tests work on copies."""
    home = tmp_path_factory.mktemp("demo") / "home"
    done = subprocess.run(
        [str(SEIKYU), "demo", "--home", str(home), "--json"], capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["balanced"] is True
    return House(home, told["access"])


@contextmanager
def copied(demo: House, home: Path) -> Iterator[House]:
    """Copy the demo office to `home`; whatever runs afterwards is stopped."""
    shutil.copytree(demo.home, home, symlinks=True)
    made = House(home, moved(demo.access, str(demo.home), str(home)))
    yield made
    if made.server is not None:
        with suppress(ProcessLookupError):
            made.server.kill()
        made.wait_dead()


@pytest.fixture(scope="session")
def on_the_ports() -> list[House]:
    """Return the office in common that may be served just now: all copies have the same ports."""
    return []


@pytest.fixture
def house(demo: House, on_the_ports: list[House], tmp_path: Path) -> Iterator[House]:
    """Return a fresh copy of the demo office, not served yet."""
    for other in on_the_ports:
        other.stop()
    with copied(demo, tmp_path / "home") as made:
        yield made


@pytest.fixture(scope="module")
def shared(demo: House, on_the_ports: list[House], tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Return a copy of the demo office for all the tests of a module that take `common`."""
    with copied(demo, tmp_path_factory.mktemp("common") / "home") as made:
        on_the_ports.append(made)
        yield made
        on_the_ports.clear()


@pytest.fixture
def common(shared: House) -> House:
    """Return an office that is being served, at rest, and that a module's tests have in common.

    For tests that only add to an office, look at nothing but what they add, and leave the program as it is: a start
    costs seconds. They stand together in their file, for a test with an office of its own ends the service.
    """
    if shared.server is None:
        shared.start()
    shared.settle()
    return shared


@pytest.fixture
def office(house: House) -> House:
    """Return a fresh copy of the demo office that is being served."""
    house.start()
    return house
