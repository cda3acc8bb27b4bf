"""Rules with fee tables say the same in both engines, whatever the tables hold and however the file is damaged."""

from collections import Counter
from functools import cache
from io import BytesIO
from random import Random

import pytest
from engines import DAMAGES, again, assert_same, damaged, said
from hypothesis import given, settings
from hypothesis import strategies as st
from made_fee_tables import fee_tables_for, shaken

from seikyu.apps.generator import Recipe, world, write
from seikyu.rules.example import embedded
from seikyu.rules.kernel import judge
from seikyu.rules.kernel.claims_fees import SCANS as FEES
from seikyu.rules.kernel.claims_needs import SCANS as NEEDS

SEEDS = range(24)
#: Claims that are given to a rule, by those it hits: rows that hold for a part of the month, donors, unreadable days.
_AT_MOST = 2


@cache
def made(claims: int, seed: int) -> bytes:
    """Return a file with claims of several months, to 支払基金 or a federation."""
    out = BytesIO()
    write(Recipe(world().institutions[0], "12"[seed % 2], 202610, claims=claims, seed=seed, late_share=0.4), out)
    return shaken(out.getvalue(), seed)


@pytest.mark.parametrize("seed", again(SEEDS, after=6))
def test_both_say_the_same_with_fee_tables(seed: int) -> None:
    """A file against tables that it does not conform to."""
    data = made(60, seed)

    assert_same(data, masters=fee_tables_for(data, seed))


@pytest.mark.unmeasured
@pytest.mark.parametrize("kind", DAMAGES)
def test_both_say_the_same_of_damage_with_fee_tables(kind: str) -> None:
    """Each kind of damage, several times over."""
    for seed in range(4):
        data = made(8, seed)
        assert_same(damaged(Random(seed), data, kind, times=6), masters=fee_tables_for(data, seed))


@pytest.mark.unmeasured
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1 << 30), tables=st.integers(0, 1 << 30))
def test_both_say_the_same_of_any_fee_tables(seed: int, tables: int) -> None:
    """Any lines against any tables."""
    data = shaken(made(12, seed % 8), seed)

    assert_same(data, masters=fee_tables_for(data, tables))


@pytest.mark.slow
@settings(max_examples=600, deadline=None)
@given(
    seed=st.integers(0, 1 << 30),
    tables=st.integers(0, 1 << 30),
    kind=st.sampled_from(sorted(DAMAGES)),
    times=st.integers(0, 12),
)
def test_both_say_the_same_of_much_damage_with_fee_tables(seed: int, tables: int, kind: str, times: int) -> None:
    """More of the same, with other tables each time."""
    data = shaken(made(1 + seed % 9, seed % 5), seed)

    assert_same(damaged(Random(seed), data, kind, times=times), masters=fee_tables_for(data, tables))


@pytest.mark.unmeasured
def test_every_scan_with_fee_tables_is_put_to_the_test() -> None:
    """Each of these rules names something in the files above, so that a scan that misses it would be seen."""
    told: Counter[str] = Counter()
    for seed in SEEDS:
        data = made(60, seed)
        told.update(finding.code for finding in said(data, "kernel", masters=fee_tables_for(data, seed)).findings)

    assert all(told[code] >= 10 for code in (*FEES, *NEEDS)), told


@pytest.mark.unmeasured
def test_a_claim_of_hundreds_of_lines_is_judged_the_same() -> None:
    """Many codes stand many times on one claim."""
    dice = Random(7)
    head, *lines = made(60, 3).split(b"\r\n")
    claim = next(at for at, line in enumerate(lines) if line.startswith(b"RE,"))
    services = [line for line in lines if line.startswith((b"SI,", b"IY,"))]
    many = [*lines[claim : claim + 2], *dice.choices(services, k=700), *lines[claim:]]
    data = b"\r\n".join([head, *many])
    for seed in range(6):
        assert_same(data, masters=fee_tables_for(data, seed))


@pytest.mark.unmeasured
def test_scans_with_fee_tables_hand_over_little_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the claims that are given to the rules, most have a finding: a scan that names every claim would be no scan."""
    handed, hit = Counter[str](), Counter[str]()
    look = judge._look

    def counted(docket, claims, looks, parts, *, ready) -> None:  # noqa: ANN001  (as the kernel calls it)
        handed.update(docket.rules[number].code for asked in looks.values() for _, number in asked)
        look(docket, claims, looks, parts, ready=ready)

    monkeypatch.setattr(judge, "_look", counted)
    for seed in SEEDS:
        data = made(60, seed)
        findings = said(data, "kernel", masters=fee_tables_for(data, seed)).findings
        hit.update(code for code, _ in {(finding.code, finding.claim_index) for finding in findings})

    for code in (*FEES, *NEEDS):
        assert handed[code] <= _AT_MOST * hit[code], code


def test_both_say_the_same_of_notices_in_files_of_dpc() -> None:
    """Two of these rules are for claims of DPC as well."""
    services = [line for line in made(60, 2).split(b"\r\n") if line.startswith((b"SI,", b"SY,", b"IY,"))]
    head, _, rest = embedded("kind dpc").partition(b"\r\nGO,")
    told: Counter[str] = Counter()
    for seed in range(8):
        lines = Random(seed).choices([line for line in services if line[:2] != b"SY"], k=12)
        data = b"\r\n".join([head, *lines, b"GO," + rest])
        masters = fee_tables_for(b"\r\n".join([data, *services]), seed)
        assert_same(data, masters=masters)
        told.update(finding.code for finding in said(data, "kernel", masters=masters).findings)

    assert {"L4428", "L4653"} <= told.keys()
