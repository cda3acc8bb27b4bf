"""The catalogue of rules in the docs is the one that the rules write."""

from pathlib import Path

from seikyu.rules import catalogue
from seikyu.rules.handbook import handbook
from seikyu.rules.table import checks

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "rules.md"


def test_the_page_is_what_the_rules_write() -> None:
    """To renew it: `python -c "from seikyu.rules.handbook import handbook; print(handbook(), end='')"`."""
    assert handbook() == PAGE.read_text(encoding="utf-8")


def test_the_page_names_every_code() -> None:
    """Whoever meets a code in a list finds it on the page."""
    page = handbook()

    assert [] == [rule.code for rule in catalogue() if f"\n### {rule.code}\n" not in page]
    assert [] == [code for code in checks() if code not in page]
