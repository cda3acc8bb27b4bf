"""The maker of files: the same seed, the same bytes; right totals; errors only where they were asked for."""

from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis.strategies import integers, sampled_from

from seikyu.apps.generator import FAULTS, Institution, Recipe, Tally, earlier, institution_id, stream, world, write
from seikyu.records.numbers import InstitutionCode, InsurerNumber, PublicPayerNumber
from seikyu.rules.finding import Finding
from seikyu.rules.summary import Summary
from telling import told_of

PLACES = world().institutions


def made(recipe: Recipe) -> tuple[bytes, Tally]:
    """Return the file and its maker's sums."""
    out = BytesIO()
    tally = write(recipe, out)
    return out.getvalue(), tally


def examined(data: bytes) -> tuple[list[Finding], Summary]:
    """Return what the checker says."""
    told = list(told_of([data], identity_key=bytes(32)))
    summary = told[-1]
    assert isinstance(summary, Summary)
    return [each for each in told if isinstance(each, Finding)], summary


def test_world_has_right_check_digits() -> None:
    """Nobody in the made-up prefecture has a number that a rule would stumble over."""
    assert all(InstitutionCode(place.id).check_digit_ok for place in PLACES)
    assert all(InsurerNumber(payer.written).check_digit_ok for payer in world().insurers)
    assert all(PublicPayerNumber(payer.written).check_digit_ok for payer in world().publics)
    assert institution_id("011001") == PLACES[0].id


@given(seed=integers(0, 2**40), place=sampled_from(PLACES), body=sampled_from(["1", "2"]))
@settings(max_examples=100, deadline=None)
def test_a_made_file_has_no_finding(seed: int, place: Institution, body: str) -> None:
    """Whatever the dice say, the checker has nothing to say, and adds up to the maker's own sums."""
    data, tally = made(Recipe(place, body, 202610, claims=6, seed=seed, late_share=0.3))

    findings, summary = examined(data)

    assert [] == findings
    assert (6, tally.sums().main_points) == (summary.claims, summary.points)


@pytest.mark.parametrize("kind", FAULTS)
def test_a_deliberate_error_is_found(kind: str) -> None:
    """Each kind of error brings the finding it is named for, and the effect on its claim, and on no other."""
    data, tally = made(Recipe(PLACES[0], "1", 202610, claims=5, faults=(kind,)))

    findings, summary = examined(data)

    assert FAULTS[kind].code in {each.code for each in findings}
    assert 1 == summary.totals[FAULTS[kind].effect].claims == tally.sums((FAULTS[kind].effect,)).claims
    assert 4 == summary.totals["normal"].claims


@given(seed=integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_the_same_seed_makes_the_same_bytes(seed: int) -> None:
    """A recipe is all that a file depends on."""
    recipe = Recipe(PLACES[1], "2", 202610, claims=5, seed=seed)

    assert made(recipe)[0] == made(recipe)[0]
    assert made(recipe)[0] != made(Recipe(PLACES[1], "2", 202610, claims=5, seed=seed + 1))[0]


def test_a_wished_size_is_met_in_constant_memory() -> None:
    """A file for a benchmark is a little larger than asked, comes in pieces, and is conforming too."""
    recipe = Recipe(PLACES[0], "1", 202610, size_bytes=2_000_000)

    pieces = list(stream(recipe, Tally()))
    findings, _ = examined(b"".join(pieces))

    assert 2_000_000 < sum(map(len, pieces)) < 2_200_000
    assert max(map(len, pieces)) < 500_000
    assert [] == findings


def test_payers_sums_hold_the_whole() -> None:
    """Claims and main points stand on one payer of each claim, so they add up to RE records and GO points."""
    data, tally = made(Recipe(PLACES[0], "1", 202610, claims=60, seed=7))
    go = data.rsplit(b"\r\n", 2)[1].split(b",")

    sums = tally.sums()

    assert data.count(b"\r\nRE,") == sums.claims == 60
    assert [int(go[1]), int(go[2])] == [sums.cases, sums.main_points]
    assert sums.cases == data.count(b"\r\nHO,") + data.count(b"\r\nKO,")


def test_combined_claims_have_up_to_four_public_payers() -> None:
    """The made month holds what the demo promises: combined, public-only, late, inpatient, NHI and late-stage claims."""
    data = made(Recipe(PLACES[0], "1", 202610, claims=800))[0] + made(Recipe(PLACES[0], "2", 202610, claims=400))[0]
    types = {line.split(b",")[2] for line in data.split(b"\r\n") if line.startswith(b"RE,")}
    months = {line.split(b",")[3] for line in data.split(b"\r\n") if line.startswith(b"RE,")}

    assert {b"1152", b"1212", b"1111"} <= types
    assert {kind[1:2] for kind in types} == {b"1", b"2", b"3"}
    assert len(months) > 3
    assert b"HO,  9900" in data
    assert b"SI,97," in data


def test_unknown_errors_are_refused() -> None:
    """A kind of error that does not exist is a fault of the caller; more errors than claims cannot be carried."""
    with pytest.raises(KeyError):
        made(Recipe(PLACES[0], "1", 202610, claims=3, faults=("nonsense",)))
    with pytest.raises(ValueError, match="no claim left to carry: total"):
        made(Recipe(PLACES[0], "1", 202610, claims=1, faults=("total", "total")))


def test_earlier_crosses_the_year() -> None:
    """Months are counted over the turn of the year."""
    assert [202610, 202509, 202701] == [earlier(202610, 0), earlier(202601, 4), earlier(202612, -1)]
