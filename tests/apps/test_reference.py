"""The drawn pages say what the code says."""

from pathlib import Path

import pytest

from seikyu.adapters.settings import KEYS
from seikyu.apps.reference import PAGES, limits_page, settings_page, write_pages
from seikyu.apps.reference_revocation import ENDURED, PLACES, PROMISED, SOURCES_SAID, revocation_page
from seikyu.limits import LIMITS
from seikyu.services.revocation import SOURCES

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("name", PAGES)
def test_a_drawn_page_is_up_to_date(name: str) -> None:
    """If not: `python -m seikyu.apps.reference docs`."""
    assert PAGES[name]() == (DOCS / name).read_text("utf-8")


def test_every_key_and_every_limit_has_a_line() -> None:
    """With its meaning or reason."""
    assert all(f"| `{key.name}` |" in settings_page() and key.meaning in settings_page() for key in KEYS)
    assert all(f"| `{one.name}` |" in limits_page() and one.reason in limits_page() for one in LIMITS)


def test_amounts_are_told_in_the_largest_unit_that_fits() -> None:
    """4 GiB, not 4,294,967,296 bytes; and nothing is rounded."""
    assert "| `file_bytes` | 4 GiB | yes |" in limits_page()
    assert "| `line_bytes` | 64 KiB |  |" in limits_page()
    assert "| `findings_per_file` | 100,000 findings |  |" in limits_page()


def test_pages_are_written_where_they_belong(tmp_path: Path) -> None:
    """Folders are made."""
    write_pages(tmp_path)

    assert set(PAGES) == {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.md")}


def test_every_place_knows_of_a_revocation_within_the_promise() -> None:
    """With the numbers that the program works with."""
    assert PLACES
    assert [] == [place.name for place in PLACES if place.bound > PROMISED]
    assert "| each request at the desk, pages and API | at once |" in revocation_page()


def test_every_source_may_be_silent_for_a_day() -> None:
    """Each that a place names, and each that raises an alarm, is told of."""
    assert tuple(one.name for one in SOURCES_SAID) == SOURCES
    assert {name for place in PLACES for name in place.sources} == set(SOURCES)
    assert [] == [one.name for one in SOURCES_SAID if one.endures < ENDURED]
