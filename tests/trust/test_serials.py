"""A compact set of serials is a set."""

from hypothesis import given
from hypothesis import strategies as st

from seikyu.trust import serials
from seikyu.trust.serials import Serials

WORDS = st.integers(1, (1 << 160) - 1).map(lambda number: f"{number:x}") | st.sampled_from(["1", "2", "1f", "f1"])


@given(st.lists(st.sets(WORDS, max_size=12), max_size=6), st.lists(WORDS, max_size=12), st.integers(0, 8))
def test_serials_are_what_was_put_in(batches: list[set[str]], others: list[str], beside: int) -> None:
    """In any pieces, with any number of them waiting beside; nothing is counted twice, nothing is in it besides."""
    before, serials._BESIDE = serials._BESIDE, beside
    try:
        made, expected = Serials(), set[str]()
        for batch in batches:
            made, expected = made.with_more(batch), expected | batch
            assert len(made) == len(expected)
        assert len(made.beside) <= beside
        assert {each: each in expected for each in (*others, *expected)} == {
            each: each in made for each in (*others, *expected)
        }
    finally:
        serials._BESIDE = before


def test_what_is_too_long_for_a_serial_is_in_no_set() -> None:
    """Whoever asks about rubbish gets no error."""
    assert "1" * 41 not in Serials().with_more(["1" * 40])


def test_a_set_does_not_change_when_more_is_added() -> None:
    """Whoever holds it keeps what it held."""
    first = Serials().with_more(["1f"])
    first.with_more(["2f"])
    assert ("1f" in first, "2f" in first, len(first)) == (True, False, 1)


def test_a_serial_takes_twenty_bytes() -> None:
    """So 300,000 of them take 6 MB."""
    assert len(Serials().with_more(f"{no:x}" for no in range(1, 5001)).packed) == 5000 * 20
