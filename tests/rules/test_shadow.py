"""The shadow month: what the office printed beside what we say of the same file."""

from hypothesis import given
from hypothesis.strategies import booleans, builds, integers, lists, sampled_from

from seikyu.rules import shadow
from seikyu.rules.shadow import Comparison, Fate, Figure, Official, Ours, compare, parse_learned
from seikyu.rules.table import checks

_CLAIMS = range(1, 6)


def _told(
    ours: list[tuple[int | None, str]], official: list[tuple[int | None, str]] | None, **more: object
) -> Comparison:
    table = checks()
    found = [Ours(no, code, str(table[code].level), refuses=table[code].refuses is not None) for no, code in ours]
    listed = None if official is None else [Official(no, code) for no, code in official]
    return compare(_CLAIMS, found, listed=listed, **more)  # type: ignore[arg-type]


def test_comparison_of_the_same_verdicts_agrees() -> None:
    """Nothing differs where both print the same codes."""
    told = _told([(1, "L3001"), (2, "X3020")], [(1, "L3001"), (2, "X3020")])

    assert (True, 5, 0) == (told.agrees, told.alike, told.false_refusals)
    assert [("L3001", 1), ("X3020", 1)] == sorted((each.code, each.agreed) for each in told.tallies)


def test_comparison_tells_a_false_refusal_first() -> None:
    """A claim that the office took and we refuse is the first thing told, above what we missed."""
    told = _told([(2, "L3001"), (3, "X4023")], [(1, "L4603"), (1, "L4605")])

    assert "L3001" == told.tallies[0].code
    assert (1, [2]) == (told.tallies[0].false_refusals, told.tallies[0].places)
    assert 1 == told.false_refusals
    assert not told.agrees


def test_comparison_of_a_refused_file_that_was_taken_is_a_false_refusal() -> None:
    """Of the file as a whole too."""
    assert 1 == _told([(None, "X1008")], []).false_refusals
    assert 0 == _told([(None, "X1008")], [(None, "L1102")]).false_refusals


def test_comparison_leaves_out_what_the_list_does_not_print() -> None:
    """Below the gravest level of a claim, and of notices, the list says nothing; so nothing follows."""
    told = _told([(1, "L3001"), (1, "X4023"), (2, "X8003")], [(1, "L3001")])

    assert told.agrees
    assert ["L3001"] == [each.code for each in told.tallies]


def test_a_list_that_prints_every_level_is_compared_at_every_level() -> None:
    """One claim with two levels, or one notice, shows what the list prints."""
    told = _told([(1, "L3001"), (1, "X4023"), (2, "X8003")], [(1, "L3001"), (1, "L4603"), (3, "L4834")])
    by_code = {each.code: each for each in told.tallies}

    assert (1, 1, 1) == (by_code["X4023"].extra, by_code["X8003"].extra, by_code["L4834"].missed)


def test_comparison_counts_what_we_missed_and_what_only_we_say() -> None:
    """Each under its code, with the numbers of the claims."""
    told = _told([(3, "X3024")], [(1, "L4603"), (2, "L4603"), (2, "L4605")])
    by_code = {each.code: each for each in told.tallies}

    assert (2, [1, 2]) == (by_code["L4603"].missed, by_code["L4603"].places)
    assert (1, 0) == (by_code["X3024"].extra, by_code["X3024"].missed)
    assert 2 == told.alike


def test_comparison_names_codes_that_stand_together() -> None:
    """Where the office always prints one code and we another, one row of data would make them one."""
    told = _told([(no, "X3020") for no in (1, 2)], [(no, "L3777") for no in (1, 2, 3)])

    assert [("L3777", "X3020", 2, 3)] == [(each.official, each.ours, each.together, each.of) for each in told.pairs]
    assert "L3777,X3020,,L,shadow month,seen together 2 of 3 times" == told.pairs[0].row
    assert ["L3777"] == told.unknown


def test_a_learned_row_makes_two_codes_one(monkeypatch: object) -> None:
    """After the row is added the same lists agree."""
    rows = parse_learned("official,ours,kinds,confidence,source,note\nL3777,X3020,,L,shadow month,\n")
    monkeypatch.setattr(shadow, "learned", lambda: rows)  # type: ignore[attr-defined]

    told = _told([(1, "X3020")], [(1, "L3777")])

    assert told.agrees
    assert [("L3777", 1)] == [(each.code, each.agreed) for each in told.tallies]


def test_the_learned_rows_name_rules_of_ours() -> None:
    """A row that names no check of ours would never match."""
    assert all(ours in checks() for row in shadow.learned().values() for ours in row)


def test_comparison_by_fates_alone_finds_false_refusals() -> None:
    """With no list of results, what was claimed was not refused."""
    fates = [Fate(1, claimed=True, level="", points=1), Fate(2, claimed=False, level="L3", points=1)]
    told = _told([(1, "L3001"), (2, "L3001"), (3, "L3001")], None, fates=fates)

    assert (1, [1]) == (told.false_refusals, told.tallies[0].places)


def test_comparison_of_an_unclaimed_claim_that_only_asked_is_a_false_refusal() -> None:
    """Class L4 never refuses: confirmed without errors, it was left out by choice."""
    told = _told([(1, "L3001")], None, fates=[Fate(1, claimed=False, level="L4", points=1)])

    assert 1 == told.false_refusals


def test_comparison_of_some_levels_leaves_the_others_out() -> None:
    """A list without clerical checks (ASPなし) holds the levels L1 and L2 only."""
    told = _told([(1, "X4023"), (2, "L2162")], [(2, "L2162")], levels=frozenset({"L1", "L2"}))

    assert told.agrees


def test_figures_that_differ_are_told() -> None:
    """Counts and points stand side by side."""
    told = _told([], [], figures=[Figure("claims", 5, 5), Figure("points", 10, 9)])

    assert not told.agrees
    assert [True, False] == [each["agrees"] for each in told.to_json()["figures"]]


def test_places_are_bounded() -> None:
    """Of each code a few claims are named, not all."""
    found = [Ours(no, "X3024", "L3", refuses=False) for no in range(1, 50)]
    told = compare(range(1, 50), found, listed=[])

    assert (49, 5) == (told.tallies[0].extra, len(told.tallies[0].places))


_CODES = sampled_from(["L1102", "L2162", "L3001", "X3020", "X4023", "X8003", "L4999"])


@given(
    ours=lists(builds(Ours, integers(1, 5), _CODES, sampled_from(["L2", "L3", "L4", "L48"]), booleans())),
    official=lists(builds(Official, integers(1, 5), _CODES)),
)
def test_comparison_never_counts_a_claim_as_alike_that_differs(ours: list[Ours], official: list[Official]) -> None:
    """Whatever both say: every claim is alike, or some count tells why not."""
    told = compare(_CLAIMS, ours, listed=official)
    differs = sum(each.false_refusals + each.missed + each.extra for each in told.tallies)

    assert (told.alike < told.claims) == (differs > 0)
    assert told.to_json()["false_refusals"] == told.false_refusals
