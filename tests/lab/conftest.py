"""A lab for each test that asks for one, and the town with its office for the scenarios."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.names import serve_names
from lab.net import Lab
from lab.office import Founded, Office, found
from lab.provider import Provider
from lab.town import Town


@pytest.fixture
def lab() -> Iterator[Lab]:
    """Return an empty network; whatever the test makes of it is taken down."""
    with Lab() as made:
        yield made


@pytest.fixture
def town(lab: Lab) -> Town:
    """Return the town with the resolvers of the closed network; nothing else runs."""
    made = Town(lab)
    serve_names(made.names)
    return made


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Founded:
    """Return the demo office, made once; tests work on copies."""
    return found(tmp_path_factory.mktemp("founded"))


@pytest.fixture
def office(town: Town, founded: Founded, tmp_path: Path) -> Office:
    """Return a fresh copy of the office that is being served in the closed network."""
    made = Office.at(town.office, founded, tmp_path / "office")
    made.start()
    return made


@pytest.fixture
def provider(town: Town, office: Office) -> Provider:
    """Return the gateway at work."""
    made = Provider.at(town, office)
    made.start()
    return made
