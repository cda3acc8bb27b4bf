"""A doctor's report that somebody attaches: its form is checked, and no word of it is believed."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seikyu.lines.diagnosis import faults
from seikyu.lines.facts import TEXT_CHARS, known_facts
from seikyu.lines.report import NotAReport, read_report

KNOWN = next(iter(faults()))
MOST = 40 * 1024


def told(**other: Any) -> dict[str, Any]:
    """Return what a doctor tells."""
    found = [{"id": KNOWN, "certain": True, "symptom": "<b>not ours</b>", "fix": "rm -rf /"}]
    given = {"verdict": "does_not_connect", "found": found, "facts": {"link.carrier": False}, "version": "1.0"}
    return given | other


def test_what_is_kept_is_what_we_can_say_ourselves() -> None:
    """Verdict, ids of our table and facts by our names; texts of the file are not among them."""
    report = read_report(json.dumps(told()), most_bytes=MOST)

    expected = {"verdict": "does_not_connect", "found": [{"id": KNOWN, "certain": True}]}
    assert expected | {"facts": {"link.carrier": False}, "version": "1.0"} == report.kept()


@pytest.mark.parametrize("machine", ["--- for programs ---", "--- プログラム用 ---"])
def test_a_report_for_people_is_read_from_its_part_for_programs(machine: str) -> None:
    """`--report` writes text, a line, and JSON below it."""
    text = f"It does not connect\n  a {{ in a text\n\n{machine}\n{json.dumps(told(), indent=1)}\n"

    assert "does_not_connect" == read_report(text, most_bytes=MOST).verdict


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "form"),
        ("hello", "form"),
        ("{", "form"),
        ("[]", "form"),
        ("{" * 10_000, "form"),
        (json.dumps({}), "verdict"),
        (json.dumps(told(verdict="fine")), "verdict"),
        (json.dumps(told(verdict=["connects"])), "verdict"),
        (json.dumps(told(found={})), "form"),
        (json.dumps(told(found=["P01"])), "form"),
        (json.dumps(told(facts=[])), "form"),
        (json.dumps(told(facts={"x": "y" * MOST})), "long"),
    ],
)
def test_anything_else_is_refused(text: str, why: str) -> None:
    """By its size, its form or its verdict."""
    with pytest.raises(NotAReport) as refused:
        read_report(text, most_bytes=MOST)

    assert why == refused.value.why


def test_what_we_do_not_know_is_left_out() -> None:
    """Faults of another table, facts of other names and types, and versions that are none."""
    facts = {"link.carrier": "yes", "moon.phase": 3, "portal.problem": "x" * 2000, "link.tunnels": ["tun0", 3]}
    report = read_report(
        json.dumps(told(found=[{"id": "Z99"}, {"id": 3}], facts=facts, version="1 <script>")), most_bytes=MOST
    )

    assert ((), "") == (report.found, report.version)
    assert {"portal.problem": "x" * TEXT_CHARS, "link.tunnels": ("tun0",)} == dict(report.facts)
    assert ["tun0"] == report.kept()["facts"]["link.tunnels"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_json_is_read_or_refused(value: Any) -> None:
    """Whatever stands in the places of a report: refused, or of our own words alone and none too long."""
    for text in (
        json.dumps(value),
        json.dumps(told(found=value)),
        json.dumps(told(facts=value)),
        json.dumps(told(version=value)),
    ):
        try:
            kept = read_report(text, most_bytes=MOST)
        except NotAReport:
            continue
        assert {fault for fault, _ in kept.found} <= set(faults())
        assert all(isinstance(certain, bool) for _, certain in kept.found)
        assert set(kept.facts) <= set(known_facts())
        texts = [each for each in (kept.version, *kept.facts.values()) if isinstance(each, str)]
        assert all(len(each) <= TEXT_CHARS for each in texts)
