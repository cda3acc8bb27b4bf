"""The page on the library is true: its examples run."""

import doctest
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "use-as-a-library.md"


def test_the_examples_on_the_page_print_what_they_say() -> None:
    """Somebody types them into a notebook."""
    results = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")

    assert results.attempted > 20
    assert results.failed == 0
