"""Files of every kind: items by their layouts, totals that add up, nobody twice, the same seed the same bytes."""

import hashlib
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis.strategies import booleans, integers, sampled_from

from seikyu.apps.generator import FORMS, Recipe, Tally, TooManyClaims, files, place_of, stream, world, write
from seikyu.records import layout_for, outside_jis, table
from seikyu.rules.finding import Finding
from seikyu.rules.index import IndexRow
from seikyu.rules.plan import plans
from seikyu.rules.summary import Summary
from seikyu.rules.view import shares
from telling import told_of

KINDS = sorted(FORMS)


def made(recipe: Recipe) -> tuple[bytes, Tally]:
    """Return the file and its maker's sums."""
    out = BytesIO()
    tally = write(recipe, out)
    return out.getvalue(), tally


def recipe_of(kind: str, *, body: str = "1", claims: int = 20, seed: int = 1, returns: bool = False) -> Recipe:
    """Return a recipe with many of the things that are rare."""
    return Recipe(
        place_of(kind), body, 202610, claims, seed, 0.2, kind=kind, returns=returns, reclaim_share=0.2, long_stays=True
    )


def records(data: bytes) -> list[list[bytes]]:
    """Return the records of a file, lines of history left out."""
    lines = data.rstrip(b"\x1a").split(b"\r\n")[:-1]
    return [line.split(b",") for line in lines if not line[:1].isdigit()]


def claims_of(data: bytes) -> Iterator[list[list[bytes]]]:
    """Yield the records of each claim, from RE on."""
    claim: list[list[bytes]] = []
    for record in records(data):
        if record[0] == b"RE" and claim:
            yield claim
            claim = []
        if record[0] == b"RE" or claim:
            claim.append(record)
    yield claim


@pytest.mark.parametrize("kind", KINDS)
@given(seed=integers(0, 2**40), body=sampled_from("12"), returns=booleans())
@settings(max_examples=12, deadline=None)
def test_every_item_is_as_its_layout_says(kind: str, seed: int, body: str, returns: bool) -> None:  # noqa: FBT001  (drawn)
    """Widths, modes, codes, calendar and needed items are those of the kind's layout, in every record and its history."""
    layout = layout_for(f"{kind}_return" if returns else kind, None)
    plan = plans(layout.name)

    for record in records(made(recipe_of(kind, body=body, seed=seed, returns=returns))[0]):
        content = b",".join(record)
        of_record = plan[record[0].decode()]
        assert [] == of_record.faults(content, record)
        assert outside_jis(content) is None
        assert len(of_record.layout.items) == len(record)


@pytest.mark.parametrize("kind", KINDS)
@given(seed=integers(0, 2**40), body=sampled_from("12"))
@settings(max_examples=12, deadline=None)
def test_totals_add_up(kind: str, seed: int, body: str) -> None:
    """What HO and KO ask for is what the lines of the claim add up to by burden, summed here in another way."""
    for claim in claims_of(made(recipe_of(kind, body=body, seed=seed))[0]):
        insurer = [record for record in claim if record[0] == b"HO"]
        publics = [record for record in claim if record[0] == b"KO"]
        payers = dict(enumerate([*insurer, *publics], start=0 if insurer else 1))

        sums = SUMS[kind](claim)

        assert {place: sums[place] for place in payers} == {place: int(payer[5]) for place, payer in payers.items()}
        assert payers.keys() >= sums.keys()


def judged(data: bytes) -> tuple[list[Finding], Summary]:
    """Return what the checker says."""
    told = list(told_of([data], identity_key=bytes(32)))
    summary = told[-1]
    assert isinstance(summary, Summary)
    return [each for each in told if isinstance(each, Finding)], summary


def assert_nothing_to_remark(recipe: Recipe) -> None:
    """Hold that a file passes the check without a finding, and is what its recipe says."""
    data, tally = made(recipe)

    findings, summary = judged(data)

    assert [] == findings
    assert recipe.kind + ("_return" if recipe.returns else "") == summary.kind
    assert recipe.claims == summary.claims == summary.totals["normal"].claims
    assert (tally.sums().cases, tally.sums().main_points) == (summary.totals["normal"].cases, summary.points)


@pytest.mark.parametrize("kind", KINDS)
@given(seed=integers(0, 2**40), body=sampled_from("12"), returns=booleans())
@settings(max_examples=10, deadline=None)
def test_what_is_made_without_damage_has_no_finding(
    kind: str,
    seed: int,
    body: str,
    returns: bool,  # noqa: FBT001  (drawn)
) -> None:
    """Whatever kind and seed, the checker has not even a notice for it."""
    assert_nothing_to_remark(recipe_of(kind, body=body, claims=8, seed=seed, returns=returns))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("body", "12")
@pytest.mark.parametrize("seed", range(3))
def test_larger_files_have_no_finding(kind: str, body: str, seed: int) -> None:
    """Nor has it for files in which everything rare stands."""
    assert_nothing_to_remark(recipe_of(kind, body=body, claims=1200, seed=seed))


def _by_lines(claim: list[list[bytes]]) -> Counter[int]:
    """Add points times count of each unit; dental lines have them further back."""
    sums: Counter[int] = Counter()
    service_class = b""
    for record in claim:
        if record[0] == b"TI":
            break  # What was done for a donor stays out of the totals.
        if record[0] in {b"SI", b"IY", b"TO", b"SS", b"CO"}:
            service_class = record[1] or service_class
        at = {b"SS": 76, b"TO": 12 if len(record) == 45 else 5}.get(record[0], 5)
        if record[0] in {b"SI", b"IY", b"TO", b"SS"} and record[at] and service_class != b"97":
            _share(sums, record[2], int(record[at]) * int(record[at + 1]))
            days = record[-31:]
            assert int(record[at + 1]) == sum(int(day or 0) for day in days)
    return sums


def _share(sums: Counter[int], burden: bytes, points: int) -> None:
    for place in shares(burden) or ():
        sums[place] += points


def _by_days(claim: list[list[bytes]]) -> Counter[int]:
    """Add what the class pays, with the hospital's coefficient, to what is paid by item."""
    sums = _by_lines(claim)
    coefficient = next(int(float(record[5]) * 10_000 + 0.5) for record in claim if record[0] == b"GA")
    bundled = sum(int(record[6]) * int(record[7]) for record in claim if record[0] == b"HH")
    for record in claim:
        if record[0] == b"GT":
            assert (bundled * coefficient + 5000) // 10_000 == int(record[8])
            _share(sums, record[4], int(record[8]))
    return sums


def _by_fees(claim: list[list[bytes]]) -> Counter[int]:
    """Add drugs, preparations with their additions, and the fees of each reception."""
    sums: Counter[int] = Counter()
    for record in claim:
        if record[0] == b"SH":
            unit = record
        elif record[0] == b"CZ":
            _share(sums, record[6], int(unit[5]) * int(record[5]) + int(record[10]) + int(record[17] or 0))
            assert int(record[13]) == int(unit[5]) * int(record[5])
        elif record[0] == b"KI":
            _share(sums, record[3], int(record[5]))
            for at in (7, *range(69, 109, 4)):
                _share(sums, record[at], int(record[at + 2] or 0) * int(record[at + 3] or 0))
    return sums


def _by_visits(claim: list[list[bytes]]) -> Counter[int]:
    sums: Counter[int] = Counter()
    for record in claim:
        if record[0] == b"KA":
            _share(sums, record[2], int(record[5]))
    return sums


SUMS = {"medical": _by_lines, "dental": _by_lines, "dpc": _by_days, "pharmacy": _by_fees, "home_nursing": _by_visits}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("returns", [False, True])
def test_the_file_says_what_its_maker_says(kind: str, returns: bool) -> None:  # noqa: FBT001  (a parameter of the test)
    """As many claims as wanted, numbered 1, 2, 3, and the totals of the last record are the maker's."""
    data, tally = made(recipe_of(kind, claims=57, returns=returns))
    last = records(data)[-1]
    sums = tally.sums()

    assert list(range(1, 58)) == [int(record[1]) for record in records(data) if record[0] == b"RE"]
    assert 57 == sums.claims
    assert sums.cases == sum(record[0] in {b"HO", b"KO"} for record in records(data))
    assert kind == "home_nursing" or [sums.cases, sums.main_points] == [int(last[1]), int(last[2])]
    assert data.endswith(b"\r\n\x1a")


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_is_there_twice(kind: str) -> None:
    """Each claim of a large file is another patient's, also where the claims themselves come again."""
    seen: set[tuple[bytes, ...]] = set()
    data = b"".join(stream(recipe_of(kind, claims=2500), Tally()))
    for claim in claims_of(data):
        payer = next(record for record in claim if record[0] in {b"HO", b"KO"})
        seen.add((claim[0][3], *payer[1:4]))

    assert 2500 == len(seen)


def test_the_index_sees_nobody_twice() -> None:
    """The checker's own identity of a claim differs for all claims of a file."""
    rows = list(told_of([made(recipe_of("medical", claims=2500))[0]], identity_key=bytes(32)))
    identities = [row.identity for row in rows if isinstance(row, IndexRow)]

    assert 2500 == len(identities) == len(set(identities))


@pytest.mark.parametrize("kind", KINDS)
def test_a_claim_is_the_same_in_a_longer_file(kind: str) -> None:
    """Claim 5 does not depend on how many claims follow."""
    short, long = (made(recipe_of(kind, claims=claims))[0] for claims in (5, 40))

    assert long.startswith(short.rpartition(b"GO")[0])


def test_the_same_bytes_in_another_process() -> None:
    """Neither the order of hashes nor the process changes a byte."""
    code = """
from seikyu.apps.generator import FORMS, Recipe, Tally, place_of, stream
import hashlib
whole = hashlib.sha256()
for kind in FORMS:
    for block in stream(Recipe(place_of(kind), "1", 202610, 30, 5, kind=kind, damage={"nul": 0.1}), Tally()):
        whole.update(block)
print(whole.hexdigest())
"""
    digests = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }

    assert 1 == len(digests)
    assert hashlib.sha256().digest_size * 2 + 1 == len(digests.pop())


@pytest.mark.parametrize("kind", KINDS)
def test_a_large_file_comes_in_small_blocks(kind: str) -> None:
    """However large the file, no block of it is."""
    assert max(map(len, stream(recipe_of(kind, claims=3000), Tally()))) < 2 * 1024 * 1024


def test_claims_differ_as_in_life() -> None:
    """Short and long claims, late ones, up to four public payers in their legal order, stays, donors, comments."""
    data = made(
        Recipe(world().institutions[0], "1", 202610, 3000, 3, late_share=0.1, reclaim_share=0.02, long_stays=True)
    )[0]
    claims = list(claims_of(data))
    sizes = [sum(len(b",".join(record)) + 2 for record in claim) for claim in claims]
    ids = {record[0] for claim in claims for record in claim}
    priority = {law: int(row["priority"]) for law, row in table("public_payer_law_numbers").items()}
    publics = [[record[1][:2].decode() for record in claim if record[0] == b"KO"] for claim in claims]

    assert min(sizes) < 450
    assert max(sizes) > 40_000
    assert 3 <= len({claim[0][3] for claim in claims})
    assert {0, 1, 2, 3, 4} == {len(payers) for payers in publics}
    assert all(priority.get(one, 99) < priority.get(other, 99) for laws in publics for one, other in pairwise(laws))
    assert {b"SN", b"JD", b"MF", b"SI", b"IY", b"TO", b"CO", b"SJ", b"TI", b"TR", b"TS"} <= ids
    assert any(claim[0][18] for claim in claims)
    assert b"\r\n1,3,0,RE," in data


@pytest.mark.parametrize("body", "12")
def test_who_is_asked_belongs_to_the_body(body: str) -> None:
    """Body 1 has employees' insurers and public payers alone, body 2 NHI and the late-stage elderly."""
    claims = list(claims_of(made(recipe_of("dental", body=body, claims=300))[0]))
    laws = {record[1][:2].strip() for claim in claims for record in claim if record[0] == b"HO"}
    elderly = [claim[0] for claim in claims if claim[0][2][1:2] == b"3"]

    assert laws == ({b"01", b"06", b"31"} if body == "1" else {b"", b"39"})
    assert bool(elderly) == (body == "2")
    assert all(record[13] for record in elderly)
    assert (body == "1") == any(claim[0][2][1:2] == b"2" for claim in claims)


def test_more_than_a_last_record_holds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Totals that need more digits than there are end in an error, not in a wrong file."""
    monkeypatch.setattr(files, "_MOST_CASES", 10)

    with pytest.raises(TooManyClaims):
        made(recipe_of("pharmacy", claims=20))
