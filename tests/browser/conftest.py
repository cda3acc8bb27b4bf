"""A served office for people with browsers; `office` is one's own, `common` is shared by a file's tests that only look."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import kit
import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright
from real_house import House, make_demo, moved


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here as slow; without browser and judges it is skipped with the reason, but not by the pipeline."""
    lacking = [
        name for name, there in {
            "chromium": kit.CHROMIUM, "npm ci in tests/browser": kit.AXE.is_file(), "java": shutil.which("java"),
        }.items() if not there
    ]  # fmt: skip
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)
            if lacking and not os.environ.get("CI"):
                item.add_marker(pytest.mark.skip(reason=f"not here: {', '.join(lacking)}"))


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Return Playwright, started once."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """Return a browser; everybody has a context of their own in it."""
    with kit.browser(playwright) as opened:
        yield opened


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Return the demo office, made once; tests work on copies."""
    return make_demo(tmp_path_factory.mktemp("demo") / "home")


def copied(made: House, home: Path) -> House:
    """Return a fresh copy of the demo office."""
    shutil.copytree(made.home, home, symlinks=True)
    return House(home, moved(made.access, str(made.home), str(home)))


@pytest.fixture
def office(made: House, tmp_path: Path) -> Iterator[House]:
    """Return an office of the test's own, served."""
    house = copied(made, tmp_path / "home")
    try:
        house.start()
        yield house
    finally:
        house.close()


@pytest.fixture(scope="module")
def common(made: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Return an office for all tests of a file, served; they only look."""
    house = copied(made, tmp_path_factory.mktemp("common") / "home")
    try:
        house.start()
        yield house
    finally:
        house.close()
