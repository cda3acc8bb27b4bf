"""Damage: every kind of the catalogue changes a file in its own way, and the same way again."""

from functools import cache
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis.strategies import floats, integers, sampled_from

from seikyu.apps.generator import DAMAGES, FORMS, Recipe, damaged, damaging, place_of, write
from seikyu.apps.generator.damage import sections
from seikyu.apps.words import has
from seikyu.rules.finding import Finding
from telling import told_of

#: Damage that some kinds of claims cannot carry, as they lack the record or the item.
_NOT_IN = {
    "day_sum": {"pharmacy", "home_nursing"},
    "day_beyond_month": {"pharmacy", "home_nursing"},
    "unknown_class": {"home_nursing"},
    "no_disease": {"pharmacy"},
    "trailer_count": {"home_nursing"},
    "trailer_points": {"home_nursing"},
    "trailer_volume": {"home_nursing"},
}


CLAIMS = 30


@cache
def made(kind: str, seed: int = 1) -> bytes:
    """Return an intact file."""
    out = BytesIO()
    write(Recipe(place_of(kind), "1", 202610, claims=CLAIMS, kind=kind, seed=seed, late_share=0.5), out)
    return out.getvalue()


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_changes_the_file(kind: str, damage: str) -> None:
    """Each kind of damage meets a file of each kind of claim, but for those whose records the kind lacks."""
    rate = 0.3 if DAMAGES[damage].scope == "record" else 1.0

    changed = damaged(made(kind), damage, rate, 7) != made(kind)

    assert changed == (kind not in _NOT_IN.get(damage, ()))


def test_the_catalogue_is_large_and_has_words() -> None:
    """There are more than 25 kinds, and each is explained in both languages."""
    assert 25 <= len(DAMAGES)
    assert all(has(f"damage.{kind}") and has(f"damage_scope.{each.scope}") for kind, each in DAMAGES.items())


@given(kind=sampled_from(sorted(FORMS)), damage=sampled_from(sorted(DAMAGES)), seed=integers(0, 99), rate=floats(0, 1))
def test_damage_is_the_same_again(kind: str, damage: str, seed: int, rate: float) -> None:
    """The same data, kind, rate and seed give the same bytes, however the data comes in pieces."""
    data = made(kind)
    pieces = [data[at : at + 997] for at in range(0, len(data), 997)]

    assert damaged(data, damage, rate, seed) == b"".join(damaging(pieces, {damage: rate}, seed))


@given(damage=sampled_from(sorted(DAMAGES)))
def test_no_rate_no_damage(damage: str) -> None:
    """A rate of nothing leaves the file as it is, and so does no kind at all."""
    assert made("medical") == damaged(made("medical"), damage, 0.0, 1) == b"".join(damaging([made("medical")], {}, 1))


def test_a_rate_is_about_met() -> None:
    """A tenth of the lines is met by damage at a rate of a tenth, other seeds meet others."""
    data = made("pharmacy")
    lines = data.count(b"\n")

    first, second = (damaged(data, "unknown_record", 0.1, seed) for seed in (1, 2))

    assert 0.06 * lines < first.count(b"\nZZ") < 0.14 * lines
    assert first != second


def test_unknown_damage_is_the_callers_fault() -> None:
    """A kind that is not in the catalogue is a KeyError."""
    with pytest.raises(KeyError):
        damaged(made("medical"), "nonsense", 0.5, 1)


@pytest.mark.parametrize("kind", FORMS)
def test_sections_are_the_file(kind: str) -> None:
    """A file has one beginning, its claims and one end, and nothing is lost between them."""
    parts = list(sections([made(kind)]))

    assert ["head", *["claim"] * CLAIMS, "tail"] == [scope for scope, _ in parts]
    assert made(kind) == b"".join(line for _, lines in parts for line in lines)
    assert all(1 == sum(line[:3] == b"RE," for line in lines) for scope, lines in parts if scope == "claim")


@given(
    kind=sampled_from(sorted(FORMS)),
    damage=sampled_from(sorted(DAMAGES)),
    other=sampled_from(sorted(set(DAMAGES) - {"long_line"})),
    seed=integers(0, 9),
)
@settings(deadline=None)
def test_damage_upon_damage_never_raises(kind: str, damage: str, other: str, seed: int) -> None:
    """Two kinds of damage meet the same claims without a hitch."""
    once = damaged(made(kind), other, 0.5, seed)

    assert damaged(once, damage, 0.5, seed) == damaged(once, damage, 0.5, seed)


#: Damage in which the checker sees nothing wrong: a matter of masters, and end marks that nothing follows.
_UNSEEN = {"unknown_code", "end_mark_twice"}


@pytest.mark.parametrize("damage", sorted(set(DAMAGES) - _UNSEEN))
def test_damage_is_found(damage: str) -> None:
    """Whatever kind of damage is done to a medical file, the checker has something to say."""
    rate = 0.1 if DAMAGES[damage].scope == "record" else 1.0
    data = damaged(made("medical"), damage, rate, 3)

    assert any(isinstance(each, Finding) for each in told_of([data], identity_key=bytes(32)))
