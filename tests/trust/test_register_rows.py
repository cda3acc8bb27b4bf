"""The register as a list: headings, rows, what they come to, and cells that are no formulas."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seikyu.records.numbers import check_digit
from seikyu.trust.notices import JAPAN, midnight_after
from seikyu.trust.register import (
    BadHeading,
    Change,
    Entry,
    Verdict,
    heading,
    headline,
    is_listed,
    judge,
    neutral,
    plain,
    read_row,
    written,
)

NOW = datetime(2026, 9, 5, 9, 30, 0, 5, tzinfo=JAPAN)
LONG = heading(
    [
        "種別",
        "番号",
        "都道府県",
        "点数表",
        "医療機関コード",
        "名称",
        "所在地",
        "接続方式",
        "回線番号等",
        "開始日",
        "終了日",
    ]
)
INSTITUTION = "991011234" + check_digit("991011234")
PAYER = "0613201" + check_digit("0613201")


def row(*cells: str, present: Entry | None = None, columns: tuple[str, ...] = LONG) -> Change:
    """Return what a row comes to, filled up with empty cells."""
    return judge(read_row([*cells, *[""] * (len(columns) - len(cells))], columns), present, now=NOW)


def codes(change: Change) -> list[str]:
    """Return why a row is refused."""
    assert (change.verdict is Verdict.REFUSED) == bool(change.refused)
    return [each.code for each in change.refused]


def an_entry(**other: Any) -> Entry:
    """Return an institution of the register."""
    return replace(Entry(INSTITUTION, "institution", "見本医院", NOW, address="見本県"), **other)


@pytest.mark.parametrize(
    ("cells", "columns"),
    [
        (["category", "id", "name"], ("category", "id", "name")),
        (["ID", "Name ", "種別"], ("id", "name", "category")),
        (["種別", "医療機関等コード", "ＮＡＭＥ"], ("category", "code", "name")),
    ],
)
def test_a_heading_is_known_in_both_languages(cells: list[str], columns: tuple[str, ...]) -> None:
    """Whatever its order, width of letters and case."""
    assert columns == heading(cells)


@pytest.mark.parametrize(
    ("cells", "why", "names"),
    [
        (["種別", "番号", "名称", "電話"], "unknown", ("電話",)),
        (["種別", "番号", "名称", "name"], "twice", ("name",)),
        (["番号"], "missing", ("category", "name")),
        (["種別", "名称"], "missing", ("id",)),
        ([], "missing", ("category", "name", "id")),
    ],
)
def test_a_heading_that_cannot_be_meant_is_refused(cells: list[str], why: str, names: tuple[str, ...]) -> None:
    """A column that nobody knows is a slip, and a slip must not leave out what was meant."""
    with pytest.raises(BadHeading) as told:
        heading(cells)

    assert (why, names) == (told.value.why, told.value.names)


@pytest.mark.parametrize(
    ("cells", "party", "kind", "category"),
    [
        (("医療機関", INSTITUTION, "", "", "", "x"), INSTITUTION, "institution", ""),
        (("薬局", "", "1", "4", "0112340", "x"), "0140112340", "institution", ""),
        (("institution", INSTITUTION, "99", "1", INSTITUTION[3:], "x"), INSTITUTION, "institution", ""),
        (("保険者", "１３８０１６", "", "", "", "x"), "00138016", "payer", "insurer"),
        (("市町村", "", "", "", PAYER, "x"), PAYER, "payer", "city"),
        (("payer", PAYER, "", "", "", "x"), PAYER, "payer", ""),
        (("支部", "1-13", "", "", "", "x"), "1-13", "review_office", ""),
    ],
)
def test_a_row_names_its_party(cells: tuple[str, ...], party: str, kind: str, category: str) -> None:
    """By its whole number, or by prefecture, table and code; NHI numbers are filled up."""
    change = row(*cells)

    assert [] == codes(change)
    assert Entry(party, kind, "x", NOW, category=category) == change.entry
    assert Verdict.ADDED == change.verdict


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        (("病院長", INSTITUTION, "", "", "", "x"), ["category"]),
        (("", INSTITUTION, "", "", "", "x"), ["category"]),
        (("医療機関", "123", "", "", "", "x"), ["id"]),
        (("医療機関", "", "", "", "", "x"), ["id"]),
        (("医療機関", "", "13", "1", "12345", "x"), ["id"]),
        (("医療機関", "", "48", "1", "0112340", "x"), ["id"]),
        (("医療機関", "", "13", "2", "0112340", "x"), ["id"]),
        (("医療機関", INSTITUTION, "98", "", "", "x"), ["id_parts"]),
        (("医療機関", "99101123四五", "", "", "", "x"), ["id"]),
        (("保険者", "6132013", "", "", "", "x"), ["id"]),
        (("保険者", "06132014", "", "", "", "x"), ["check_digit"]),
        (("支部", "1-48", "", "", "", "x"), ["id"]),
        (("医療機関", INSTITUTION), ["no_name"]),
        (("医療機関", INSTITUTION, "", "", "", "-"), ["no_name"]),
        (("医療機関", INSTITUTION, "", "", "", "a\nb"), ["text"]),
        (("医療機関", INSTITUTION, "", "", "", "x" * 201), ["text"]),
        (("医療機関", INSTITUTION, "", "", "", "x", "", "光"), ["connection"]),
        (("医療機関", INSTITUTION, "", "", "", "x", "", "", "", "2026-02-30"), ["day"]),
        (("医療機関", INSTITUTION, "", "", "", "x", "", "", "", "-"), ["day"]),
        (("医療機関", INSTITUTION, "", "", "", "x", "", "", "", "", "明日"), ["day"]),
        (("医療機関", INSTITUTION, "", "", "", "x", "", "", "", "2026-09-02", "2026-09-01"), ["days"]),
    ],
)
def test_a_row_that_cannot_be_right_is_refused(cells: tuple[str, ...], why: list[str]) -> None:
    """With a reason for everything that is wrong with it."""
    change = row(*cells)

    assert why == codes(change)
    assert change.entry is None


@pytest.mark.parametrize("cells", [["医療機関"], ["医療機関", INSTITUTION, *[""] * 10]])
def test_a_half_row_is_refused(cells: list[str]) -> None:
    """Too few cells or too many: nobody knows which is which."""
    change = judge(read_row(cells, LONG), None, now=NOW)

    assert ["half_row"] == codes(change)
    assert change.refused[0].facts == {"cells": str(len(cells)), "columns": "11"}


def test_the_check_digit_of_an_institution_is_only_remarked_on() -> None:
    """Some old and all test institutions break the rule; a payer that is there keeps its number too."""
    wrong = f"991011234{(int(INSTITUTION[9]) + 1) % 10}"
    payer = Entry("06132014", "payer", "見本", NOW)

    found = row("医療機関", wrong, "", "", "", "x")
    kept = row("保険者等", "06132014", present=payer)

    assert Verdict.ADDED == found.verdict
    assert [("check_digit", {"id": wrong, "expected": INSTITUTION[9]})] == [
        (each.code, each.facts) for each in found.remarks
    ]
    assert Verdict.UNCHANGED == kept.verdict
    assert ["check_digit"] == [each.code for each in kept.remarks]


def test_a_row_changes_what_it_says_and_nothing_else() -> None:
    """An empty cell says nothing; a hyphen empties an item."""
    present = an_entry(connection="ipvpn_ipv4", connection_id="COP1")

    same = row("医療機関", INSTITUTION, present=present)
    named = row("医療機関", INSTITUTION, "", "", "", "新見本医院", present=present)
    emptied = row("医療機関", INSTITUTION, "", "", "", "", "-", "-", "-", present=present)

    assert (Verdict.UNCHANGED, present) == (same.verdict, same.entry)
    assert (Verdict.CHANGED, ("name",)) == (named.verdict, named.fields)
    assert replace(present, name="新見本医院") == named.entry
    assert ("address", "connection", "connection_id") == emptied.fields
    assert an_entry(address="") == emptied.entry


def test_a_party_that_is_another_kind_is_refused() -> None:
    """A number is one party's for ever."""
    assert ["kind"] == codes(row("医療機関", INSTITUTION, present=an_entry(kind="payer")))


def test_a_general_category_does_not_undo_a_closer_one() -> None:
    """Who is a city stays one in a list that calls all of them payers."""
    city = Entry(PAYER, "payer", "見本市", NOW, category="city")

    assert Verdict.UNCHANGED == row("保険者等", PAYER, present=city).verdict
    assert ("category",) == row("保険者", PAYER, present=city).fields


def test_days_are_days_in_japan_and_the_last_one_is_a_day_too() -> None:
    """An instant within the day that the list says stays what it was."""
    ended = an_entry(until=datetime(2026, 9, 30, 10, 0, tzinfo=JAPAN))
    night = an_entry(until=midnight_after(date(2026, 9, 30)))

    for present in (ended, night):
        assert Verdict.UNCHANGED == row(*_days("2026-09-05", "2026/9/30"), present=present).verdict
    found = row(*_days("2026-09-01", "2026-10-31"), present=ended)
    assert (Verdict.ENDED, ("since", "until")) == (found.verdict, found.fields)
    assert found.entry == an_entry(since=datetime(2026, 9, 1, tzinfo=JAPAN), until=datetime(2026, 11, 1, tzinfo=JAPAN))
    again = row(*_days("", "-"), present=ended)
    assert (Verdict.CHANGED, an_entry()) == (again.verdict, again.entry)


def _days(since: str, until: str) -> tuple[str, ...]:
    return ("医療機関", INSTITUTION, "", "", "", "", "", "", "", since, until)


def test_a_name_like_a_formula_is_kept_as_text_and_told() -> None:
    """What a spreadsheet could run is never written as it is."""
    change = row("医療機関", INSTITUTION, "", "", "", "=cmd|' /C calc'!A0")

    assert ["formula"] == [each.code for each in change.remarks]
    assert change.entry is not None
    assert "=cmd|' /C calc'!A0" == change.entry.name
    assert "'=cmd|' /C calc'!A0" in written(change.entry, "ja")


@pytest.mark.parametrize("first", list("=+-@\t\r＝＋－＠"))
def test_no_written_cell_begins_like_a_formula(first: str) -> None:
    """In half and full width."""
    assert neutral(f"{first}1") == f"'{first}1"


texts = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12) | st.sampled_from(
    ["-", "'-", "=1"]
)


@given(
    name=texts,
    address=st.just("") | texts,
    line=st.just("") | texts,
    days=st.integers(0, 4000),
    ended=st.sampled_from(["", "x"]),
)
def test_what_is_written_is_read_again_as_the_same(name: str, address: str, line: str, days: int, ended: str) -> None:
    """An export changes nothing when it is imported, in either language."""
    since = NOW + timedelta(days=days, seconds=days)
    until = since + timedelta(days=days, seconds=1) if ended else None
    entry = an_entry(name=name, address=address, connection_id=line, since=since, until=until)

    for lang in ("ja", "en"):
        found = judge(read_row(written(entry, lang), heading(headline(lang))), entry, now=NOW)
        assert (Verdict.UNCHANGED, entry) == (found.verdict, found.entry)
    for text in (name, address, line):
        assert plain(neutral(text)) == text


def test_the_offices_own_people_stand_in_no_list() -> None:
    """The operator is no party of the list."""
    assert [is_listed(kind) for kind in ("institution", "payer", "review_office", "operator")] == [True] * 3 + [False]
