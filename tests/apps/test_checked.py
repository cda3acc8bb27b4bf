"""What a check keeps, and how lines of a file are found again."""

import io
import random
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import builders
from seikyu.apps import checked as module
from seikyu.apps.checked import Checked, LineFinder, opened
from seikyu.records import read_lines
from seikyu.rules import Finding
from seikyu.rules.reports.choice import Choice

CLAIMS = 700


@given(
    data=st.lists(st.sampled_from([b"a", b"bc", b"\r\n", b"\n", b"\r", b"\x1a"]), max_size=60).map(b"".join),
    asked=st.lists(st.integers(1, 40), max_size=12),
    chunk=st.integers(1, 9),
)
def test_a_line_is_found_by_its_number_in_any_order(data: bytes, asked: list[int], chunk: int) -> None:
    """However the file is cut into chunks, the line is the one that the checker has counted."""
    lines = {line.no: line.content for line in read_lines([data])}
    usual, module._CHUNK_BYTES = module._CHUNK_BYTES, chunk
    try:
        finder = LineFinder(io.BytesIO(data))
        for no in (*asked, *sorted(asked)):
            if no in lines:
                assert lines[no].rstrip(b"\x1a") == (finder.line(no) or b"").rstrip(b"\x1a")
            else:
                finder.line(no)
    finally:
        module._CHUNK_BYTES = usual


def test_a_line_past_the_end_is_none() -> None:
    """And a file without lines has none."""
    assert LineFinder(io.BytesIO(b"a\nb")).line(3) is None
    assert LineFinder(io.BytesIO(b"")).line(2) is None


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Return a file with a finding in every claim, more of them than one block of the spool."""
    path = tmp_path / "RECEIPTC.UKE"
    claims = [[line.replace("06990014", "06990015") for line in builders.claim(no)] for no in range(1, CLAIMS + 1)]
    path.write_bytes(builders.uke(*claims))
    return path


def test_findings_are_told_as_often_as_they_are_asked_for(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order of the file, or the gravest first; on disk or in memory."""
    monkeypatch.setattr(module, "_SPOOL_BYTES", 1000)
    with Checked(many, Choice()) as checked, opened(many) as source:
        checked.examine(source, kind=None, asp=True, show_personal=False, rows=True)

        first, again, worst = (list(checked.findings(worst_first=worst)) for worst in (False, False, True))
        claims = list(checked.claims())

    assert first == again
    assert sorted(map(repr, first)) == sorted(map(repr, worst))
    assert [None] == list(dict.fromkeys(each.claim_index for each in first))[:1]
    numbers = [each.claim_no for each in first if each.code == "X3001"]
    assert list(range(1, CLAIMS + 1)) == numbers
    assert ["X3001"] * CLAIMS == [each.code for each in worst[:CLAIMS]]
    assert list(range(1, CLAIMS + 1)) == [row.claim_no for row, _ in claims]
    assert {2} == {len(findings) for _, findings in claims}


def test_what_the_choice_leaves_out_still_counts_for_the_status(many: Path) -> None:
    """Status and totals are those of the whole file."""
    with Checked(many, Choice(codes=frozenset({"L2541"}))) as checked, opened(many) as source:
        checked.examine(source, kind=None, asp=True, show_personal=False, rows=False)

        assert [] == list(checked.findings())
        assert (1, CLAIMS) == (checked.status, checked.summary.totals["ask"].claims)
        assert checked.counts.hidden == checked.summary.findings


def test_the_lines_of_findings_are_those_of_the_file(many: Path) -> None:
    """A finder gives for each finding the line that it speaks of."""
    with Checked(many, Choice()) as checked, opened(many) as source:
        checked.examine(source, kind=None, asp=True, show_personal=False, rows=False)
        finder = LineFinder(source)
        findings = [each for each in checked.findings() if isinstance(each, Finding) and each.line]
        random.Random(1).shuffle(findings)

        for each in findings[:200]:
            assert re.match(rb"[A-Z]{2}", finder.line(each.line or 0) or b"")
            assert (finder.line(each.line or 0) or b"").startswith((each.record or "").encode())
