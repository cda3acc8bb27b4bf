"""A real office for the scenarios: made once by `seikyu demo`; every test works on a copy."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fronted import Fronted
from real_house import House, make_demo, moved


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Return the demo office, made once; tests work on copies."""
    return make_demo(tmp_path_factory.mktemp("demo") / "home")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what is marked `both_fronts` a second time with nginx in front, which is slow."""
    if metafunc.definition.get_closest_marker("both_fronts"):
        nginx = pytest.param("nginx", marks=pytest.mark.slow)
        metafunc.parametrize("front", ["embedded", nginx], indirect=True)


@pytest.fixture
def front(request: pytest.FixtureRequest) -> str:
    """Return what ends TLS: `embedded`, the server itself, or `nginx`."""
    return str(getattr(request, "param", "embedded"))


@pytest.fixture
def house(demo: House, tmp_path: Path, front: str) -> Iterator[House]:
    """Return a fresh copy of the demo office, not served yet; whatever runs afterwards is stopped."""
    home = tmp_path / "home"
    shutil.copytree(demo.home, home, symlinks=True)
    kind = Fronted if front == "nginx" else House
    made = kind(home, moved(demo.access, str(demo.home), str(home)))
    yield made
    made.close()


@pytest.fixture
def fronted(demo: House, tmp_path: Path) -> Iterator[Fronted]:
    """Return a fresh copy of the demo office that is served behind nginx."""
    home = tmp_path / "home"
    shutil.copytree(demo.home, home, symlinks=True)
    made = Fronted(home, moved(demo.access, str(demo.home), str(home)))
    try:
        made.start()
        yield made
    finally:
        made.close()


@pytest.fixture
def office(house: House) -> House:
    """Return a fresh copy of the demo office that is being served."""
    house.start()
    return house
