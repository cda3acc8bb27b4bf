"""Every rule says how to put right what it finds, and why it matters, in both languages."""

from seikyu.rules import catalogue
from seikyu.rules.handbook import Coverage, coverage
from seikyu.rules.reasons import reason, reasons, remark, remarks, unruled
from seikyu.rules.remedies import remedies, remedy
from seikyu.rules.table import checks


def test_every_rule_has_a_remedy() -> None:
    """A code that is named here needs a line in src/seikyu/rules/remedies.toml."""
    assert [] == [rule.code for rule in catalogue() if rule.code not in remedies()]


def test_every_rule_has_a_reason_in_japanese() -> None:
    """A code that is named here needs a line in src/seikyu/rules/reasons.toml; its docstring is the English one."""
    assert [] == [rule.code for rule in catalogue() if rule.code not in reasons()]


def test_remedies_are_of_checks_that_there_are() -> None:
    """Nothing is told about a code that was given up."""
    assert [] == [code for code in (*remedies(), *reasons()) if code not in checks()]


def test_remedies_are_sentences() -> None:
    """Each is said in both languages, and ends as a sentence does."""
    assert [] == [
        code for code, text in remedies().items() if not text.en.endswith(".") or not text.ja.endswith(("。", "）"))
    ]
    assert [] == [code for code, text in reasons().items() if not text.endswith(("。", "）"))]


def test_a_remedy_is_had_in_the_readers_language() -> None:
    """A code without text has nothing to say."""
    assert remedy("X8001").startswith("Nothing has to be done")
    assert remedy("X8001", "ja").startswith("対応は不要")
    assert "" == remedy("X9999") == reason("X9999")


def test_what_is_not_judged_says_why_in_both_languages() -> None:
    """An English text that is named here needs its words in src/seikyu/rules/remarks.toml."""
    rows = [row for row in checks().values() if coverage(row) is not Coverage.JUDGED]

    assert [] == [row.code for row in rows if coverage(row) is Coverage.NOT and not row.reason]
    assert [] == [(row.code, row.reason) for row in rows if row.reason and not remark(row)]
    assert set(remarks()) == {row.reason for row in rows if row.reason}
    assert [] == [text for text in remarks().values() if not text.endswith("。")]


def test_a_check_without_a_rule_says_what_it_looks_at() -> None:
    """In Japanese as a title; a code that is named here needs one, or has a rule by now."""
    made = {rule.code for rule in catalogue()}

    assert [code for code in checks() if code not in made] == list(unruled())
