"""The catalogue of rules in the docs is the one that the rules write."""

from dataclasses import replace
from pathlib import Path

import pytest

from seikyu.rules import catalogue
from seikyu.rules.handbook import Coverage, concerns, coverage, handbook
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


def test_every_check_is_exactly_one_of_three() -> None:
    """Judged, judged once its table is there, or not judged, and then the page says why."""
    rows = checks().values()
    made = {rule.code for rule in catalogue()}

    assert [] == [row.code for row in rows if coverage(row) is Coverage.NOT and not row.reason]
    assert [] == [row.code for row in rows if coverage(row) is Coverage.NOT and row.code in made]
    assert [] == [row.code for row in rows if coverage(row) is Coverage.JUDGED and row.code not in made]


@pytest.mark.parametrize(
    ("status", "needs", "covered"),
    [
        ("judged", "file", Coverage.JUDGED),
        ("judged", "masters", Coverage.WITH_TABLES),
        ("judged with tables", "file", Coverage.WITH_TABLES),
        ("not judged", "masters", Coverage.NOT),
    ],
)
def test_a_rule_that_needs_a_table_waits_for_it(status: str, needs: str, covered: Coverage) -> None:
    """The masters, the fee tables and the notices are imported; what they are needed for is silent until then."""
    assert covered is coverage(replace(checks()["X3001"], status=status, needs=needs))


def test_checks_are_counted_for_every_kind_they_are_about() -> None:
    """全 is every kind."""
    assert concerns(checks()["X3001"], "home_nursing")
    assert concerns(checks()["L1910"], "pharmacy")
    assert not concerns(checks()["L1910"], "dental")
    assert f": {len(checks())} checks." in handbook()
