"""A lab for each test that asks for one."""

from collections.abc import Iterator

import pytest

from lab.net import Lab


@pytest.fixture
def lab() -> Iterator[Lab]:
    """Return an empty network; whatever the test makes of it is taken down."""
    with Lab() as made:
        yield made
