"""A desk for each test."""

from collections.abc import Iterator

import pytest

from apps.desk_lab import DeskLab, close_all


@pytest.fixture(autouse=True)
def _closed_desks() -> Iterator[None]:
    """Close every desk that a test has made."""
    yield
    close_all()


@pytest.fixture
def desk() -> DeskLab:
    """Return the desk of an office in memory that is always open."""
    return DeskLab.make()
