"""Rules with masters say the same in both engines, whatever the masters hold and however the file is damaged."""

import subprocess
import sys
from collections import Counter
from functools import cache
from io import BytesIO
from pathlib import Path
from random import Random

import pytest
from engines import DAMAGES, again, assert_same, damaged, said
from hypothesis import given, settings
from hypothesis import strategies as st
from made_masters import masters_for, slipped

from seikyu.apps.generator import Recipe, world, write
from seikyu.rules import catalogue
from seikyu.rules.kernel.claims_coded import SCANS as CODED
from seikyu.rules.kernel.claims_registers import SCANS as REGISTERS

SEEDS = range(16)


@cache
def made(claims: int, seed: int) -> bytes:
    """Return a file with claims of several months and slips that masters tell."""
    out = BytesIO()
    write(Recipe(world().institutions[0], "1", 202610, claims=claims, seed=seed, late_share=0.4), out)
    return slipped(out.getvalue(), seed)


@pytest.mark.parametrize("seed", again(SEEDS, after=4))
def test_both_say_the_same_with_masters(seed: int) -> None:
    """A file against masters that it does not conform to."""
    data = made(60, seed)

    assert_same(data, masters=masters_for(data, seed))


@pytest.mark.unmeasured
@pytest.mark.parametrize("kind", DAMAGES)
def test_both_say_the_same_of_damage_with_masters(kind: str) -> None:
    """Each kind of damage, several times over."""
    for seed in range(4):
        data = made(8, seed)
        assert_same(damaged(Random(seed), data, kind, times=6), masters=masters_for(data, seed))


@pytest.mark.slow
@settings(max_examples=600, deadline=None)
@given(seed=st.integers(0, 1 << 30), kind=st.sampled_from(sorted(DAMAGES)), times=st.integers(0, 12))
def test_both_say_the_same_of_much_damage_with_masters(seed: int, kind: str, times: int) -> None:
    """More of the same, with other masters each time."""
    data = made(1 + seed % 7, seed % 5)

    assert_same(damaged(Random(seed), data, kind, times=times), masters=masters_for(data, seed))


@pytest.mark.unmeasured
def test_every_scan_with_masters_is_put_to_the_test() -> None:
    """Each of these rules names something in the files above, so that a scan that misses it would be seen."""
    told: Counter[str] = Counter()
    for seed in SEEDS:
        data = made(60, seed)
        told.update(finding.code for finding in said(data, "kernel", masters=masters_for(data, seed)).findings)

    rules = {rule.code for rule in catalogue() if "medical" in rule.kinds}
    assert {*CODED, *REGISTERS} & rules - told.keys() <= {"L4648"}


def test_nothing_is_compiled_after_the_warm_up() -> None:
    """The first file with masters waits for nothing that `./run` could have made ready."""
    program = """
import importlib, pkgutil
from seikyu.rules.kernel import jitted
from seikyu.rules.kernel.warm import warm

def compiled():
    modules = [importlib.import_module(f"{jitted.__name__}.{each.name}") for each in pkgutil.iter_modules(jitted.__path__)]
    found = {id(one): one for module in modules for one in vars(module).values() if hasattr(one, "signatures")}
    return {f"{one.__module__}.{one.__name__}": len(one.signatures) for one in found.values()}

assert warm()
before = compiled()
from made_masters import masters_for
from engines import said
from test_kernel_masters import made
data = made(40, 1)
said(data, "kernel", masters=masters_for(data, 1))
new = {name: (before[name], count) for name, count in compiled().items() if count != before[name]}
assert not new, new
assert sum(before.values()) > 12, before
"""
    folders = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
    ran = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {folders!r}\n{program}"],
        check=False,
        capture_output=True,
        text=True,
    )

    assert 0 == ran.returncode, ran.stderr
