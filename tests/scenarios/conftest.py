"""A real office for the scenarios: made once by `seikyu demo`; every test works on a copy."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
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


@pytest.fixture
def house(demo: House, tmp_path: Path) -> Iterator[House]:
    """Return a fresh copy of the demo office, not served yet; whatever runs afterwards is stopped."""
    home = tmp_path / "home"
    shutil.copytree(demo.home, home, symlinks=True)
    made = House(home, moved(demo.access, str(demo.home), str(home)))
    yield made
    if made.server is not None:
        with suppress(ProcessLookupError):
            made.server.kill()
        made.wait_dead()


@pytest.fixture
def office(house: House) -> House:
    """Return a fresh copy of the demo office that is being served."""
    house.start()
    return house
