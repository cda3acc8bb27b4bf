"""Official lists laid open: for the screen, for paper, for programs for tables, and of several files at once."""

from collections.abc import Iterable, Iterator
from csv import reader
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

import builders
from seikyu.records import text_of
from seikyu.rules import Finding, IndexRow, Summary
from seikyu.rules.reports.decisions import Errors
from seikyu.rules.reports.forms import Issue, bulk_name, forms
from seikyu.rules.reports.opened import OpenList, for_spreadsheet, harmless, open_list, part_of, plain_rows
from seikyu.rules.reports.printing import Confirmed, Examined, divisions_there, named_institution, printings
from telling import told_of

ASKS = [text.replace("06990014", "06990015") for text in builders.claim(1)]
DATA = builders.uke(ASKS, builders.claim(2, publics=[builders.CITY]))
STAY = builders.uke(builders.claim(1, claim_type="1111"))
NAMED = Confirmed(show_personal=True)


def sent(data: bytes, *, asp: bool = True) -> tuple[Examined, Summary]:
    """Return a file as lists are made from it."""
    findings: list[Finding] = []
    rows: list[IndexRow] = []
    last = None
    for told in told_of([data], identity_key=b"a key for tests", asp=asp, show_personal=True):
        for each in told if isinstance(told, Iterable) else [told]:
            if isinstance(each, Finding):
                findings.append(each)
            elif isinstance(each, IndexRow):
                rows.append(each)
            else:
                last = each
    assert isinstance(last, Summary)

    def claims() -> Iterator[tuple[IndexRow, list[Finding]]]:
        return ((row, [each for each in findings if each.claim_index == no]) for no, row in enumerate(rows))

    return Examined(
        layout=last.layout,
        refused=last.refused,
        outside=lambda: [each for each in findings if each.claim_index is None],
        claims=claims,
        rows=lambda: rows,
        read=lambda offset, size_bytes: data[offset : offset + size_bytes],
    ), last


def opened(form: str, *files: bytes, **fields: object) -> OpenList:
    """Return the first list of a form, laid open."""
    examined = [sent(data) for data in files]
    issue = Issue(summary=examined[0][1], **{"send_no": 3, **fields})  # type: ignore[arg-type]  # fields of Issue
    issue, lines = next(printings(forms()[form], issue, [each for each, _ in examined], NAMED))
    return open_list(forms()[form], issue, lines)


def test_a_list_is_laid_open() -> None:
    """Title, header and rows, each with all its places; what is refused has its count alone."""
    tally = opened("pjry", DATA)

    assert "送信データ集計表" == tally.title
    assert ("送信回", "３") in tally.header
    assert "レセプト種別" == tally.heads[0]
    rows = list(tally.rows)
    assert ["医保単独・本人", "医保１公併・本人", "合計", "受付不能"] == [row[0] for row in rows]
    assert {len(tally.heads)} == {len(row) for row in rows}


def test_a_list_without_title_gets_the_one_that_it_has_elsewhere() -> None:
    """請求確定状況 begins with its header."""
    decisions = opened("fixf", DATA)

    assert "請求確定状況" == decisions.title
    assert 31 == len(decisions.columns)
    assert ["1", "2"] == [row[1] for row in decisions.rows]


def test_parts_are_the_whole() -> None:
    """However long a part is, nothing is lost and nothing stands twice."""
    whole = [row[1] for row in opened("fixf", builders.uke(*(builders.claim(no) for no in range(1, 8)))).rows]
    for rows in (1, 2, 3, 7, 8):
        parts = []
        for no in range(1, 9):
            some, more = part_of(
                opened("fixf", builders.uke(*(builders.claim(no) for no in range(1, 8)))), no, rows=rows
            )
            parts += [row[1] for row in some]
            assert more == (no * rows < 7)
        assert whole == parts


def test_a_spreadsheet_gets_dates_and_numbers() -> None:
    """In a form that programs read, with titles in the first line."""
    found = opened("hasp", DATA)
    text = b"".join(for_spreadsheet(found.heads, plain_rows(found))).decode("utf-8-sig")

    head, *rows = list(reader(text.splitlines()))
    claims = [dict(zip(head, row, strict=True)) for row in rows if row[1]]
    assert {"2026-08"} == {row["診療年月"] for row in claims}
    assert {"1980-01-01"} == {row["生年月日"] for row in claims}
    assert "X3001" in {row["エラーコード"] for row in claims}


@given(st.text(max_size=20))
def test_nothing_in_a_spreadsheet_is_run(text: str) -> None:
    """Whatever a file says, a program for tables takes it for a text; nothing but the sign in front is added."""
    told = harmless(text)

    assert told.removeprefix("'") == text.removeprefix("'")
    assert not told.startswith(("=", "+", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n"))
    assert not told.startswith("-") or told[1:].isdecimal()


def test_names_of_one_download_tell_it() -> None:
    """Day and time stand where else department and sending stand."""
    _, summary = sent(DATA)
    issue = Issue(summary=summary, in_out="outpatient", marks=frozenset({"test"}))
    at = datetime(2026, 9, 6, 10, 20, 30)  # noqa: DTZ001  (a clock on the wall in Japan)

    assert "RIpjry19910112342202609062102030TEST.csv" == bulk_name(forms()["pjry"], issue, at)
    assert "RIhasp1991011234220260906102030.csv" == bulk_name(forms()["hasp"], issue, at)


def test_several_files_are_one_list() -> None:
    """Claims of one number in two files are two; counts are added up."""
    found = opened("hasp", DATA, DATA)
    numbers = [row[0] for row in found.rows if row[1]]

    assert numbers == sorted(numbers)
    assert len(set(numbers)) == 4

    total = [row for row in opened("pjry", DATA, DATA).rows if row[0] == "合計"]
    assert [("合計", "4")] == [row[:2] for row in total]


def test_a_refused_file_counts_as_refused_beside_a_right_one() -> None:
    """Its claims are neither in the total nor claimed."""
    bad = DATA.replace(b"IR,1,", b"IR,3,")
    rows = {row[0]: row[1] for row in opened("pjry", DATA, bad).rows}

    assert ("2", "2") == (rows["合計"], rows["受付不能"])
    assert ["1", "1", "2", "2"] == [row[28] for row in opened("fixf", DATA, bad).rows]


@pytest.mark.parametrize(
    ("files", "asp", "divisions"),
    [
        ((DATA,), True, ["outpatient"]),
        ((STAY,), True, ["inpatient"]),
        ((DATA, STAY), True, ["inpatient", "outpatient"]),
        ((STAY,), False, ["outpatient"]),
    ],
)
def test_the_divisions_are_known_without_reading_a_claim(
    files: tuple[bytes, ...], *, asp: bool, divisions: list[str]
) -> None:
    """They are those that the lists then have."""
    examined = [replace(sent(data, asp=asp)[0], read=lambda _offset, _size: b"") for data in files]
    issue = Issue(summary=sent(files[0])[1], asp=asp)

    assert divisions == divisions_there(forms()["pjry"], issue, examined)


def test_the_institution_is_named_by_the_first_record() -> None:
    """A file that is none of ours names nobody."""
    first = DATA.partition(b"\r\n")[0]
    _, summary = sent(DATA)

    assert "見本診療所" == named_institution(first, summary.layout)
    assert "" == named_institution(first, None)
    assert "" == named_institution(b"XX,1", summary.layout)
    assert "" == named_institution(b"IR,1", summary.layout)
    assert text_of(first.split(b",")[6]) == named_institution(first + b"\r\n", summary.layout)


def test_a_receipt_is_of_what_is_claimed() -> None:
    """What asks and is left out stands in neither division of it; the list without ASP tells less of the same."""
    examined, summary = sent(builders.uke(builders.claim(1), builders.claim(2, claim_type="1111", points=300)))
    issue, left_out = Issue(summary=summary), Confirmed(Errors.WITHOUT)

    def counted(form: str, confirmed: Confirmed) -> list[str | None]:
        return [each.in_out for each, lines in printings(forms()[form], issue, [examined], confirmed) if list(lines)]

    assert ["inpatient", "outpatient"] == counted("pjry", left_out) == counted("hjry", NAMED)
    assert ["outpatient"] == counted("hjry", left_out)
    assert ["outpatient"] == divisions_there(forms()["hjry"], issue, [examined], Errors.WITHOUT)
    ((_, short),) = printings(forms()["uasp"], issue, [examined], NAMED)
    ((_, long),) = printings(forms()["hasp"], issue, [examined], NAMED)
    assert 3 == len(list(short)) < len(list(long))
