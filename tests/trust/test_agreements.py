"""What users accept: dated texts, the newest that is in force, and what is still to be accepted."""

from datetime import UTC, datetime, timedelta

import pytest

from seikyu.trust.agreements import agreements, due, in_force, read_agreements

#: The first moment of a text, in Japan.
FIRST_DAY = datetime(2026, 9, 30, 15, tzinfo=UTC)
DOCUMENTS = {name: {"ja": name, "en": name, "kinds": ["institution"]} for name in ("b", "a")}
PART = {"ja_head": "一", "ja": "文", "en_head": "1", "en": "text"}


def tree(day: str) -> dict[str, object]:
    """Return a text as its file says it."""
    return {"since": datetime.fromisoformat(day).date(), "parts": [PART]}


def test_every_text_is_there_in_both_languages() -> None:
    """Each has a heading and words in each."""
    assert {"use", "ca"} == {each.name for each in agreements()}
    for each in agreements():
        assert each.ja
        assert each.en
        assert len(each.parts) >= 4
        assert all(part.ja_head and part.ja and part.en_head and part.en for part in each.parts)


def test_a_text_is_in_force_from_midnight_in_japan_on() -> None:
    """Before, nobody has to accept anything; the day of Japan counts."""
    assert in_force(FIRST_DAY - timedelta(seconds=1)) == ()
    assert [("use", "2026-10-01"), ("ca", "2026-10-01")] == [(each.name, each.version) for each in in_force(FIRST_DAY)]


def test_what_was_accepted_is_not_asked_again() -> None:
    """Another version does not count, and another kind of party is not asked."""
    assert [each.name for each in due("payer", {("use", "2026-10-01")}, FIRST_DAY)] == ["ca"]
    assert [each.name for each in due("payer", {("use", "2020-01-01")}, FIRST_DAY)] == ["use", "ca"]
    assert due("operator", (), FIRST_DAY) == ()


def test_the_newest_text_counts_and_the_old_ones_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents in the order of the list, texts from the oldest on, whatever the order of the files."""
    files = [("a-2026-01-01.toml", tree("2026-01-01")), ("a-2026-03-01.toml", tree("2026-03-01")),
             ("b-2026-02-01.toml", tree("2026-02-01"))]  # fmt: skip
    texts = tuple(read_agreements(DOCUMENTS, files))
    assert [("b", "2026-02-01"), ("a", "2026-01-01"), ("a", "2026-03-01")] == [(t.name, t.version) for t in texts]
    monkeypatch.setattr("seikyu.trust.agreements.agreements", lambda: texts)
    assert ["2026-02-01", "2026-01-01"] == [each.version for each in in_force(datetime(2026, 2, 15, tzinfo=UTC))]
    assert ["2026-02-01", "2026-03-01"] == [each.version for each in in_force(datetime(2026, 4, 15, tzinfo=UTC))]


def test_a_file_says_the_day_of_its_name() -> None:
    """Else a text would be in force on a day that it does not say."""
    with pytest.raises(ValueError, match="another day"):
        list(read_agreements(DOCUMENTS, [("a-2026-01-02.toml", tree("2026-01-01"))]))
