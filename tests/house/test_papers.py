"""README, change notes, decisions and sources keep their form."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def headings(text: str) -> list[int]:
    """Return the levels of a paper's headings, in order, leaving out code blocks."""
    outside = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    return [len(match) for match in re.findall(r"^(#+) ", outside, re.MULTILINE)]


def blocks(text: str) -> list[str]:
    """Return the commands that a paper tells to type."""
    return re.findall(r"^\$ (.+)$", text, re.MULTILINE)


def test_both_readmes_have_the_same_headings_and_commands() -> None:
    """Who reads Japanese and who reads English read the same paper."""
    english, japanese = ((ROOT / name).read_text("utf-8") for name in ("README.md", "README.ja.md"))

    assert len(headings(english)) >= 4
    assert headings(english) == headings(japanese)
    assert blocks(english) == blocks(japanese)


def test_readme_shows_the_two_commands_on_its_first_screen() -> None:
    """A newcomer finds them without scrolling."""
    for name in ("README.md", "README.ja.md"):
        first = "\n".join((ROOT / name).read_text("utf-8").splitlines()[:40])
        assert "./run\n" in first
        assert "./run test" in first


def test_change_notes_say_one_thing_in_one_line() -> None:
    """A change note is one line, and its name says what kind of change it is."""
    notes = sorted((ROOT / "changes").glob("*.md"))

    assert notes
    for note in notes:
        assert re.fullmatch(r"[a-z0-9-]+\.(added|changed|fixed|removed)\.md", note.name), note.name
        assert len(note.read_text("utf-8").strip().splitlines()) == 1, note.name


def test_decisions_are_numbered_without_gap_and_have_their_four_parts() -> None:
    """A decision says situation, choice, why, and what it costs."""
    papers = sorted((ROOT / "docs" / "decisions").glob("*.md"))

    assert [f"{number:04d}" for number in range(1, len(papers) + 1)] == [paper.name[:4] for paper in papers]
    for paper in papers:
        text = paper.read_text("utf-8")
        assert ["Situation", "Choice", "Why", "What it costs"] == re.findall(r"^## (.+)$", text, re.MULTILINE), (
            paper.name
        )


def test_every_source_that_is_cited_is_listed() -> None:
    """A source is a key of docs/sources.toml, then a place."""
    keys = set(tomllib.loads((ROOT / "docs" / "sources.toml").read_text("utf-8")))
    cited = set()
    for path in (ROOT / "src").rglob("*.py"):
        cited |= set(re.findall(r"""source="([a-z0-9-]+):""", path.read_text("utf-8")))
        cited |= set(re.findall(r"Source: ([a-z0-9-]+):", path.read_text("utf-8")))

    assert set() == cited - keys


def test_links_between_the_papers_lead_somewhere() -> None:
    """Every relative link in README and docs points at a file that is there."""
    papers = [ROOT / "README.md", ROOT / "README.ja.md", *(ROOT / "docs").rglob("*.md")]
    dead = [
        f"{paper.relative_to(ROOT)}: {target}"
        for paper in papers
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", paper.read_text("utf-8"))
        if not (paper.parent / target).exists()
    ]

    assert [] == dead


def test_every_question_about_lines_has_tests_named_after_it() -> None:
    """The page has thirteen questions, each with tests of its number; and no test of a question is left out of sight."""
    page = (ROOT / "docs" / "questions.md").read_text("utf-8")
    rows = {int(no): row for no, row in re.findall(r"^\| Q(\d+) \|(.*)$", page, re.MULTILINE)}

    assert list(range(1, 14)) == list(rows)
    for no, row in rows.items():
        named = re.findall(r"`(tests/[a-z0-9_/]+\.py)::(test_[a-z0-9_]+)`", row)
        assert named
        assert [] == [name for _, name in named if not name.startswith(f"test_q{no}_")]
        assert [] == [
            f"{file}::{name}" for file, name in named if f"def {name}(" not in (ROOT / file).read_text("utf-8")
        ]


def test_the_security_page_names_tests_that_are_there() -> None:
    """A control without its test is a claim."""
    page = (ROOT / "docs" / "security.md").read_text("utf-8")
    named = re.findall(r"`(tests/[a-z0-9_/]+\.py)::(test_[a-z0-9_]+)`", page)
    rows = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| threat")]

    assert len(named) >= len(rows) > 20
    assert [] == [row for row in rows if "::test_" not in row]
    gone = [
        f"{file}::{name}"
        for file, name in named
        if not (ROOT / file).exists() or f"def {name}(" not in (ROOT / file).read_text("utf-8")
    ]
    assert [] == gone


def test_the_pictures_of_the_tutorial_are_made_by_its_test() -> None:
    """No picture without the test that makes it, and none that nobody shows."""
    shown = set(re.findall(r"pictures/([a-z]+)\.jpg", (ROOT / "docs/tutorial/month-on-screen.md").read_text("utf-8")))
    there = {path.stem for path in (ROOT / "docs/tutorial/pictures").iterdir()}
    made = set(re.findall(r'"([a-z]+)"', (ROOT / "tests/browser/test_tutorial.py").read_text("utf-8")))

    assert shown == there
    assert shown <= made
