"""The vectors: one file and one case each, in a form that any other checker can run too.

Shape: lines `expect:` (all codes above notice, or `nothing`), `rule:` (the code that the case is about, or `none`),
`place:` (its line, record and item number, `-` for none), `source:`, an empty line, then the bytes of the file.
"""

from dataclasses import dataclass
from pathlib import Path

import pytest

from seikyu.rules import Finding, Level, catalogue
from telling import told_of

FOLDER = Path(__file__).parent / "vectors"
VECTORS = sorted(FOLDER.glob("*.vector"))


@dataclass(frozen=True)
class Vector:
    """One case."""

    expect: set[str]
    rule: str | None
    place: tuple[int | None, str | None, int | None] | None
    source: str
    data: bytes


def vector_of(path: Path) -> Vector:
    """Read a vector."""
    head, _, data = path.read_bytes().partition(b"\n\n")
    fields = dict(line.split(": ", 1) for line in head.decode("ascii").splitlines())
    assert ["expect", "rule", "place", "source"] == list(fields)
    place = None
    if fields["place"] != "none":
        line, record, item = (None if word == "-" else word for word in fields["place"].split(" "))
        place = (int(line) if line else None, record, int(item) if item else None)
    return Vector(
        expect=set(fields["expect"].split()) - {"nothing"},
        rule=None if fields["rule"] == "none" else fields["rule"],
        place=place,
        source=fields["source"],
        data=data,
    )


def findings_of(data: bytes) -> list[Finding]:
    """Return the findings of a file."""
    return [each for each in told_of(data, identity_key=b"vectors") if isinstance(each, Finding)]


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_a_vector_gets_the_codes_it_expects(path: Path) -> None:
    """All codes above notice, no more and no fewer."""
    vector = vector_of(path)

    assert vector.expect == {each.code for each in findings_of(vector.data) if each.level is not Level.L48}


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_a_vector_shows_the_place(path: Path) -> None:
    """The rule that the case is about points at its line, record and item."""
    vector = vector_of(path)
    places = {(each.line, each.record, each.item_no) for each in findings_of(vector.data) if each.code == vector.rule}

    assert (vector.place is None) == (vector.rule is None)
    assert vector.place is None or vector.place in places


def test_there_are_vectors_of_what_is_right_and_of_what_is_wrong() -> None:
    """At least forty, of rules that exist, each with a source."""
    vectors = [vector_of(path) for path in VECTORS]

    assert len(vectors) >= 40
    assert len([vector for vector in vectors if vector.rule is None]) >= 10
    assert {vector.rule for vector in vectors} - {None} <= {rule.code for rule in catalogue()}
    assert all(":" in vector.source for vector in vectors)
