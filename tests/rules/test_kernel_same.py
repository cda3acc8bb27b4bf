"""The compiled kernel and the reference say the same of any file, finding by finding and byte by byte of the index."""

from functools import cache
from io import BytesIO
from pathlib import Path
from random import Random

import pytest
from engines import DAMAGES, assert_same, damaged, said
from hypothesis import given, settings
from hypothesis import strategies as st

import builders
from seikyu import limits
from seikyu.apps.generator import Recipe, world, write
from seikyu.records import Scope, editions_of
from seikyu.rules import Context, Rule, catalogue
from seikyu.rules.catalogue import rule_book
from seikyu.rules.example import embedded
from seikyu.rules.finding import Level
from seikyu.rules.kernel import engine
from seikyu.rules.kernel.judge import SCANS
from seikyu.rules.testing_masters import example_masters

KINDS = ("medical", "dpc", "dental", "pharmacy", "home_nursing")
SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples" / "uke"
VECTORS = sorted((Path(__file__).parents[1] / "conformance" / "vectors").rglob("*.vector"))


@cache
def made(claims: int, seed: int) -> bytes:
    """Return a conforming file of so many claims."""
    out = BytesIO()
    write(Recipe(world().institutions[0], "1", 202610, claims=claims, seed=seed, late_share=0.3), out)
    return out.getvalue()


@cache
def short_files(kind: str) -> tuple[bytes, ...]:
    """Return the example files of a kind that are short."""
    whole = [embedded(f"kind {kind}")]
    for rule in catalogue():
        examples = [each for each in (*rule.passes, *rule.fails) if isinstance(each, str) and len(each) < 4000]
        whole += [embedded(each) for each in examples if each.startswith(f"kind {kind}\n")]
    return tuple(whole)


@pytest.mark.parametrize("rule", catalogue(), ids=lambda rule: rule.code)
def test_both_say_the_same_of_the_examples_of_a_rule(rule: Rule) -> None:
    """What a rule passes and what it fails, in the compiled pass as in the reference."""
    for each in (*rule.passes, *rule.fails):
        data = embedded(each)
        if len(data) < 1_000_000:
            assert_same(data, context=rule.context, masters=example_masters() if rule.tables else None)


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_both_say_the_same_of_the_vectors(path: Path) -> None:
    """The bytes behind the empty line are the file."""
    assert_same(path.read_bytes().partition(b"\n\n")[2])


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not there")
def test_both_say_the_same_of_the_samples() -> None:
    """Files that others have made, right ones and wrong ones."""
    for path in sorted(SAMPLES.iterdir()):
        assert_same(path.read_bytes(), file_name=path.name)


@pytest.mark.parametrize("chunk", [None, 1, 977, 65_536])
def test_both_say_the_same_of_a_made_file_however_it_comes(chunk: int | None) -> None:
    """A conforming file of many claims."""
    assert_same(made(60, 1), chunk=chunk)


def test_both_say_the_same_where_batches_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small buffer is filled many times; a claim longer than it goes through the reference."""
    monkeypatch.setattr(engine, "BATCH_BYTES", 3000)
    for seed in range(20):
        kind = sorted(DAMAGES)[seed * 2 % len(DAMAGES)]
        assert_same(damaged(Random(seed), made(20, seed), kind, times=4), chunk=500)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_read_by_the_kernel(kind: str) -> None:
    """It is no dead letter: the summary names it."""
    summary = [*_blocks(embedded(f"kind {kind}"))][-1]

    assert summary.engine == "kernel"


def _blocks(data: bytes) -> list:
    from seikyu.rules import examine

    return list(examine([data], identity_key=b"", engine="kernel"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_rule_that_needs_no_master_has_a_scan(kind: str) -> None:
    """A rule without one looks at every claim: right, and slow."""
    book = rule_book(frozenset(Level), kind)
    judged = {rule.code for rule, _ in book.claim if not rule.tables}
    for layout in editions_of(kind):
        for rid, judges in book.record.items():
            if rid in layout.records and layout.records[rid].scope is not Scope.FILE:
                judged |= {rule.code for rule, _ in judges}

    assert set() == judged - SCANS.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_a_rule_without_a_scan_looks_at_every_claim(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """New rules never break the kernel."""
    monkeypatch.setattr("seikyu.rules.kernel.judge.SCANS", {})
    for data in short_files(kind)[:12]:
        assert_same(data)


@pytest.mark.unmeasured
@pytest.mark.parametrize("damage", DAMAGES)
def test_both_say_the_same_of_damage(damage: str) -> None:
    """Each kind of damage to files of each kind."""
    dice = Random(damage)
    for kind in KINDS:
        data = made(8, 3) if kind == "medical" else dice.choice(short_files(kind))
        assert_same(damaged(dice, data, damage, times=3), chunk=dice.choice([None, 100]))


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("damage", DAMAGES)
def test_both_say_the_same_of_much_damage(damage: str) -> None:
    """Thousands of files."""
    dice = Random(damage)
    for _ in range(60):
        kind = dice.choice(KINDS)
        data = made(dice.choice([3, 8, 20]), dice.randrange(5)) if kind == "medical" else dice.choice(short_files(kind))
        other = dice.choice(list(DAMAGES))
        data = damaged(dice, damaged(dice, data, other), damage, times=dice.choice([1, 3, 20]))
        assert_same(data, chunk=dice.choice([None, None, 100, 1000]))


@pytest.mark.unmeasured
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_both_say_the_same_of_any_change_of_bytes(data: st.DataObject) -> None:
    """Bytes put anywhere in a right file."""
    whole = made(3, 7)
    at = data.draw(st.integers(0, len(whole)))
    gone = data.draw(st.integers(0, 40))
    new = data.draw(st.binary(max_size=12))

    assert_same(whole[:at] + new + whole[at + gone :])


def test_both_cut_the_list_at_the_same_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is beyond the limit is counted, in the middle of a claim too."""
    data = damaged(Random(5), made(30, 2), "several odd items", times=60)
    numbers = dict(limits._NUMBERS)
    monkeypatch.setattr(limits, "_NUMBERS", numbers)
    for most in (0, 1, 7, 50, 120):
        numbers["findings_per_file"] = most
        assert_same(data)


def test_both_give_a_claim_of_too_many_lines_to_the_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is the same for both."""
    monkeypatch.setattr(limits, "_NUMBERS", {**limits._NUMBERS, "claim_lines": 6})

    assert_same(made(20, 4))


def test_both_know_claims_that_stand_twice() -> None:
    """Across batches and behind a claim that the reference has read."""
    claim, other = builders.claim(), builders.claim(name="他の　者")
    lines = builders.uke(claim, other, claim, [*claim, "1,1,0,RE,1,1112,202607"], other, claim)

    assert_same(lines)
    assert 4 == sum(finding.code == "X3032" for finding in said(lines, "kernel").findings)


def test_both_judge_under_any_circumstances() -> None:
    """Without ASP, with personal values, with a context, of another kind."""
    data = damaged(Random(9), made(20, 5), "item of another kind", times=30)

    assert_same(data, asp=False)
    assert_same(data, show_personal=True)
    assert_same(data, context=Context(body="2-99", max_bytes=10, file_name="A.UKE"))
    assert_same(data, kind="dpc")


def test_a_block_gives_each_finding_again() -> None:
    """Findings are made when they are asked for, by position and by slice, and are the same each time."""
    data = damaged(Random(11), made(20, 6), "item of another kind", times=30)
    for block in _blocks(data)[:-1]:
        found = list(block)
        assert found == list(block)
        if hasattr(block, "packed"):
            continue
        assert found[2:5] == list(block[2:5])
        assert found[0] == block[0]
