"""The examples in this room's docstrings say what is so."""

import doctest
from importlib import import_module

import pytest


@pytest.mark.parametrize("name", ["bodies", "charge", "delivery.names", "payer_days", "sending"])
def test_the_examples_hold(name: str) -> None:
    """Each is run as it stands; a module without any would be listed in vain."""
    results = doctest.testmod(import_module(f"seikyu.office.{name}"))

    assert results.attempted > 0
    assert 0 == results.failed
