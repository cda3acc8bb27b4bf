"""The table of prefectures: read, written, compared; a wrong cell is named and refuses all of it."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seikyu.limits import limit
from seikyu.office.bodies import bodies
from seikyu.office.prefectures import (
    TEXT_CHARS,
    BadTable,
    BodyFacts,
    columns,
    differences,
    known_facts,
    read_table,
    written,
)

DAY = date(2026, 11, 26)
HEAD = "body,office,phone,url,source,confidence,checked_on"
RIGHT = "2-13,見本県見本市,03-0000-0000,https://body.example/,own:desk,sure,2026-11-26"


def wrong(text: str) -> BadTable:
    """Return why a table is refused."""
    with pytest.raises(BadTable) as caught:
        read_table(text)
    return caught.value


def test_the_table_that_comes_along_names_a_source_for_each_row() -> None:
    """And no telephone number of anybody, because no source says one."""
    rows = known_facts()

    assert len(rows) >= 15
    assert all(row.source and row.confidence and row.checked_on for row in rows)
    assert not any(row.phone or row.fax for row in rows)
    assert {row.body for row in rows} <= {each.id for each in bodies(DAY)}


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_a_table_is_read_as_it_was_written(lang: str) -> None:
    """With the lines of bodies of which nothing is known, which are passed over, and without them."""
    assert known_facts() == read_table(written(known_facts(), lang))
    assert known_facts() == read_table(written(known_facts(), lang, every=False))
    assert 1 + 48 == len(written(known_facts(), lang).splitlines())


TEXTS = st.text(st.characters(exclude_categories=("C", "Z")), max_size=30).map(str.strip)


@given(office=TEXTS, note=TEXTS, source=TEXTS.filter(bool))
def test_whatever_a_cell_says_survives(office: str, note: str, source: str) -> None:
    """Also what begins like a formula, which no spreadsheet may run."""
    row = BodyFacts("2-13", source, "likely", DAY, office=office, note=note)

    text = written([row], "ja")

    assert (row,) == read_table(text)
    assert not any(cell.startswith(("=", "+", "@")) for line in text.splitlines() for cell in line.split(","))


@pytest.mark.parametrize(
    ("cell", "column", "why"),
    [
        (("2-13", "2-48"), "body", "body"),
        (("03-0000-0000", "ask"), "phone", "phone"),
        (("https://body.example/", "ftp://x"), "url", "url"),
        (("own:desk", ""), "source", "missing"),
        (("sure", "maybe"), "confidence", "choice"),
        (("2026-11-26", "2026-02-30"), "checked_on", "day"),
        (("2026-11-26", "soon"), "checked_on", "day"),
        (("見本県見本市", "x" * (TEXT_CHARS + 1)), "office", "text"),
        (("見本県見本市", "a\tb"), "office", "text"),
        ((",sure", ""), "", "half_row"),
    ],
)
def test_a_wrong_cell_is_named_with_its_line(cell: tuple[str, str], column: str, why: str) -> None:
    """And nothing is taken in, although the other row is right."""
    other = RIGHT.replace("2-13", "1")

    bad = wrong(f"{HEAD}\n{other}\n{RIGHT.replace(*cell)}\n")

    assert ("cells", [(3, column, why)]) == (bad.why, [(each.line, each.column, each.why) for each in bad.wrong])


def test_full_width_and_words_are_read_too() -> None:
    """As somebody types them in Japanese."""
    heading = ",".join(columns()[name]["ja"] for name in HEAD.split(","))
    row = "２-１３,見本県,０３－００００－００００,,own:desk,おそらく,2026/11/26".replace("－", "-")

    (read,) = read_table(f"{heading}\n\n{row}\n")

    assert ("2-13", "03-0000-0000", "likely", DAY) == (read.body, read.phone, read.confidence, read.checked_on)


@pytest.mark.parametrize(
    ("text", "why", "names"),
    [
        ("", "empty", ()),
        (f"{HEAD}\n2-13,,,,,,\n", "empty", ()),
        (f"{HEAD},colour\n", "heading_unknown", ("colour",)),
        (f"{HEAD},phone\n", "heading_twice", ("phone",)),
        ("body,phone\n", "heading_missing", ("source", "confidence", "checked_on")),
        (f'{HEAD}\n"2-13"x,\n', "not_csv", ()),
        (f"{HEAD}\n{RIGHT}\n" + "2-13,,,,,,\n" * limit("prefecture_lines"), "too_many_rows", ()),
    ],
)
def test_what_is_no_table_is_refused_with_why(text: str, why: str, names: Any) -> None:
    """Before any cell is looked at."""
    bad = wrong(text)

    assert (why, names) == (bad.why, bad.names)


def test_a_body_stands_once() -> None:
    """Which of two rows holds, nobody could say; and a line that only names a body names one that there is."""
    assert [(3, "body", "twice")] == [(e.line, e.column, e.why) for e in wrong(f"{HEAD}\n{RIGHT}\n{RIGHT}\n").wrong]
    assert [(2, "body", "body")] == [(e.line, e.column, e.why) for e in wrong(f"{HEAD}\n9-99,,,,,,\n").wrong]


def test_differences_are_told_by_body() -> None:
    """What is added, changed and removed."""
    old = (BodyFacts("1", "s", "sure", DAY), BodyFacts("2-01", "s", "sure", DAY))
    new = (BodyFacts("2-01", "s", "likely", DAY), BodyFacts("2-02", "s", "sure", DAY))

    assert {"added": ("2-02",), "changed": ("2-01",), "removed": ("1",)} == differences(old, new)
