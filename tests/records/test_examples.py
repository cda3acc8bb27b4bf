"""The examples in the docstrings are true."""

import doctest
from importlib import import_module
from pkgutil import iter_modules

from pytest import mark  # noqa: PT013 (the house names them so)

import seikyu.records

MODULES = [module.name for module in iter_modules(seikyu.records.__path__)]


@mark.parametrize("name", MODULES)
def test_examples_in_docstrings_are_true(name: str) -> None:
    """They are the shortest account of what a function does; a false one misleads."""
    results = doctest.testmod(import_module(f"seikyu.records.{name}"))

    assert results.failed == 0
