"""Real test files of others get a sensible verdict. They are not ours and are not kept here."""

from pathlib import Path
from typing import NamedTuple

import pytest

from seikyu.rules import Finding, Level, Summary
from telling import told_of

#: What the public medical test files say besides: test institution, claim month and service month alike, and much that
#: a test environment leaves out.
ALWAYS = {"X1018", "X2015"}


class Verdict(NamedTuple):
    """What a file comes to: its figures, and which codes may be found above notice, by what they refuse."""

    claims: int
    points: int
    refused_claims: int
    refusing: set[str]
    asking: set[str]


#: The medical files, as cp932 with CR LF and end mark. Card numbers are missing for many patients (L2162), and two
#: children of 13 are typed as insured persons (L3140).
MEDICAL = {
    "medical_uke-parser_01.csv": Verdict(7, 3834, 7, {"L2162"}, ALWAYS),
    "medical_uke-parser_03.csv": Verdict(7, 4188, 7, {"L2162"}, ALWAYS),
    "medical_uke-parser_05.csv": Verdict(7, 4188, 7, {"L2162"}, ALWAYS),
    "medical_uke-parser_kokuho_201811.csv": Verdict(7, 5656, 1, {"L2162"}, ALWAYS | {"X2025", "X2028"}),
    "medical_uke-parser_kokuho_201812.csv": Verdict(4, 3366, 0, set(), ALWAYS | {"X2028"}),
    "medical_uke-parser_shaho_201812.csv": Verdict(20, 10251, 4, {"L2162", "L3140"}, ALWAYS | {"X2025", "X2028"}),
}

#: All other files: which kind they are taken for, and the codes that refuse the file, and claims of it.
#:
#: The dental guide's lines are no file: a claim of type 3112 with a public payer. Of the old dental file the header is
#: missing and each IR has the items of the medical one. The nursing guide's lines have no claim at all.
OTHERS = {
    "dental_guide_record_examples_r06.txt": ("dental", set(), {"X2013"}),
    "dental_new-dental-ai_old_layout_2claims.UKE": ("dental", {"L1704", "X1009"}, set()),
    "dental_test_shared_teeth_r08_1claim.UKE": ("dental", set(), set()),
    "home_nursing_guide_record_examples.txt": ("home_nursing", {"X1012", "X1013"}, set()),
    "home_nursing_nonconforming_5claims.txt": (
        "home_nursing",
        {"X1012", "X1016", "X1034"},
        {"X2004", "X2008", "X2027", "X2037"},
    ),
    "medical_nonconforming_toy.txt": ("medical", {"L1102", "X1012"}, {"L2133", "L2951"}),
    "pharmacy_ssk_code_information_fragment.csv": (None, {"X1035"}, set()),
}
#: What the only conforming dental file asks about: test numbers, a claim without services, the month that goes on.
DENTAL_ASKS = {"X1018", "X2015", "X2034", "X3001"}


def examined(data: bytes, name: str) -> tuple[list[Finding], Summary]:
    """Return the findings and the summary of a file."""
    told = told_of(data, identity_key=b"samples", file_name=name)
    last = told[-1]
    assert isinstance(last, Summary)
    return [each for each in told if isinstance(each, Finding)], last


def refusing(findings: list[Finding], what: str | None = None) -> set[str]:
    """Return the codes that refuse something, or files, or claims."""
    return {each.code for each in findings if each.refuses and what in (None, each.refuses)}


def as_sent(path: Path) -> bytes:
    """Return a transcription in UTF-8 and LF as the file that it was."""
    text = path.read_text(encoding="utf-8").replace("−", "－")
    return text.replace("\n", "\r\n").encode("cp932") + b"\x1a"


@pytest.mark.parametrize("name", MEDICAL)
def test_medical_transcriptions_are_refused_for_their_characters(samples: Path, name: str) -> None:
    """As they lie there they are UTF-8, and that is the one reason given for the file."""
    findings, summary = examined((samples / "uke" / name).read_bytes(), name)

    assert summary.refused
    assert {"X1004"} == {each.code for each in findings if each.refuses == "file"}
    assert not {"X1031", "X2007", "X2060"} & {each.code for each in findings}


@pytest.mark.parametrize("name", MEDICAL)
def test_medical_files_are_read_in_their_edition(samples: Path, name: str) -> None:
    """As they were sent they can be read, add up, and only what is really missing is refused."""
    verdict = MEDICAL[name]

    findings, summary = examined(as_sent(samples / "uke" / name), name)

    assert not summary.refused
    assert "medical-era-2012" == summary.layout
    assert (verdict.claims, verdict.points) == (summary.claims, summary.points)
    assert verdict.refused_claims == summary.totals["refused"].claims
    assert verdict.refusing == refusing(findings)
    assert verdict.asking == {each.code for each in findings if not each.refuses and each.level is not Level.L48}


@pytest.mark.parametrize("name", OTHERS)
def test_other_files_are_refused_for_what_they_are(samples: Path, name: str) -> None:
    """Guide lines, old layouts, a fragment, a toy: each with its reason and no other, as they were sent."""
    kind, of_file, of_claims = OTHERS[name]
    path = samples / "uke" / name
    data = as_sent(path) if name.startswith("home_nursing") else path.read_bytes()

    findings, summary = examined(data, name)

    assert bool(of_file) == summary.refused
    assert kind == summary.kind
    assert of_file == refusing(findings, "file")
    assert of_claims == refusing(findings, "claim")


def test_the_conforming_dental_file_is_not_refused(samples: Path) -> None:
    """It asks about what a test leaves out, and about nothing else."""
    name = "dental_test_shared_teeth_r08_1claim.UKE"
    findings, summary = examined((samples / "uke" / name).read_bytes(), name)

    assert ("dental-western-2020", 1, 1) == (summary.layout, summary.claims, summary.totals["ask"].claims)
    assert DENTAL_ASKS == {each.code for each in findings if each.level is not Level.L48}


def test_no_sample_is_forgotten(samples: Path) -> None:
    """A new sample needs a verdict here."""
    there = {path.name for path in (samples / "uke").iterdir() if path.suffix != ".md"}

    assert there == set(MEDICAL) | set(OTHERS)
