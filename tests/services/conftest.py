"""An office in memory, and one on SQLite and a folder; a test that takes `lab` holds for both."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.enrolment_lab import EnrolmentLab, make_enrolment_lab
from services.office_lab import Lab, make_lab


@pytest.fixture(params=["memory", "disk"])
def lab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lab]:
    """Return an office with the national calendar, on a day when it is open."""
    lab = make_lab(None if request.param == "memory" else tmp_path)
    yield lab
    close_store(lab.office.store)


@pytest.fixture
def memory_lab() -> Lab:
    """Return an office in memory, where only the services are looked at."""
    return make_lab()


def close_store(store: Any) -> None:
    """Close what has been opened."""
    store.close()


@pytest.fixture(params=["memory", "disk"])
def enrolment_lab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EnrolmentLab]:
    """Return enrolment with some parties."""
    lab = make_enrolment_lab(None if request.param == "memory" else tmp_path)
    yield lab
    close_store(lab.enrolling.store)
