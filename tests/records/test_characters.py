"""Which characters a claim file may hold, and how wide they are."""

from hypothesis import given
from hypothesis.strategies import binary, sampled_from, text
from pytest import mark  # noqa: PT013 (the house names them so)

from seikyu.records import control_byte, full_width, half_width, masked, outside_jis, text_of

LEADS = [*range(0x81, 0xA0), *range(0xE0, 0xFD)]
TRAILS = [*range(0x40, 0x7F), *range(0x80, 0xFD)]


def kuten(lead: int, trail: int) -> tuple[int, int]:
    """Return row and cell of a Shift_JIS double byte, by the arithmetic of the standard."""
    row = (lead - (0x81 if lead < 0xA0 else 0xC1)) * 2 + 1
    cell = trail - (0x3F if trail < 0x7F else 0x40)
    return (row, cell) if cell <= 94 else (row + 1, cell - 94)


def in_jis(lead: int, trail: int) -> bool:
    """True if JIS X 0208 has the character, read off another encoding of the standard."""
    row, cell = kuten(lead, trail)
    if row > 94:
        return False
    try:
        bytes([row + 0xA0, cell + 0xA0]).decode("euc_jp")
    except UnicodeDecodeError:
        return False
    return True


def test_the_set_is_exactly_jis_x_0208() -> None:
    """All 65,536 pairs: 6,879 characters are inside, as the standard counts them; of each other the place is told."""
    inside = 0
    for lead in range(0x80, 0x100):
        for trail in range(0x100):
            pair = bytes([lead, trail])
            double = lead in LEADS and trail in TRAILS and in_jis(lead, trail)
            if double:
                inside += 1
                assert outside_jis(pair) is None, pair
                assert outside_jis(b"a" + pair + b"\x80") == 3, pair
            elif lead in LEADS:
                assert outside_jis(pair) == 0, pair
    assert inside == 6879


def test_single_bytes_are_ascii_and_half_width_katakana() -> None:
    """5C and 7E are fine, whatever they look like; 80, A0 and FD to FF are no characters."""
    bad = [byte for byte in range(0x100) if byte not in LEADS and outside_jis(bytes([byte])) is not None]

    assert [0x80, 0xA0, 0xFD, 0xFE, 0xFF] == bad


@mark.parametrize(
    ("data", "place"),
    [
        (b"", None),
        (b"SI,11,1,111000110,,291,1", None),
        ("見本　太郎,ﾐﾎﾝ,\\~".encode("cp932"), None),
        ("見本①".encode("cp932"), 4),
        ("髙".encode("cp932"), 0),
        ("見﨑".encode("cp932"), 2),
        ("凜".encode("cp932"), None),
        ("見熙①".encode("cp932"), 4),
        ("見①熙".encode("cp932"), 2),
        (b"\xf0\x40", 0),
        ("a😀".encode(), 1),
        (b"ab\x8a", 2),
        (b"ab\x8a,cd", 2),
        (b"a\x80", 1),
        (b"\xa0", 0),
        (b"\xfd", 0),
    ],
)
def test_the_first_character_outside_is_told(data: bytes, place: int | None) -> None:
    """NEC and IBM extensions, what JIS got later, emoji and halves of a double byte are outside."""
    assert place == outside_jis(data)


@given(data=binary(max_size=64))
def test_any_bytes_have_an_answer(data: bytes) -> None:
    """What stands before the told place is inside, and the place lies in the bytes."""
    place = outside_jis(data)

    assert place is None or (0 <= place < len(data) and outside_jis(data[:place]) is None)


@mark.parametrize(
    ("data", "place"), [(b"", None), (b"RE,1", None), (b"\x00", 0), (b"RE\t", 2), (b"a\x1a", 1), (b"ab\x7f", 2)]
)
def test_control_bytes_are_found(data: bytes, place: int | None) -> None:
    """A line's content has none."""
    assert place == control_byte(data)


@mark.parametrize(
    ("shown", "half", "full"),
    [("", True, True), ("a-1 ", True, False), ("｡ﾐﾎﾝﾟ", True, False), ("見本　", False, True), ("見本1", False, False)],
)
def test_half_and_full_width_are_told_apart(shown: str, half: bool, full: bool) -> None:  # noqa: FBT001 (a table)
    """An empty item is both, a mixed one neither."""
    data = shown.encode("cp932")

    assert (half, full) == (half_width(data), full_width(data))


def test_halves_and_control_bytes_have_no_width() -> None:
    """What is no character is neither half- nor full-width."""
    for data in (b"\x8a", b"\x8a\xee\x8a", b"a\tb", b"\x80"):
        assert not half_width(data)
        assert not full_width(data)


def test_text_is_read_leniently() -> None:
    """A reader sees ① as it is, and what is no character as the replacement character."""
    assert "①髙" == text_of("①髙".encode("cp932"))
    assert "見\ufffd," == text_of("見".encode("cp932") + b"\x8a,")


@given(shown=text(alphabet=sampled_from("見本ｱ1a, 　"), max_size=40))
def test_a_mask_leaves_length_and_widths_only(shown: str) -> None:
    """No character of the text is left; half-width ones are drawn half, the others full."""
    mask = masked(shown)

    assert len(shown) == len(mask)
    assert {"*", "＊"} >= set(mask)
    assert ["＊" if char in "見本　" else "*" for char in shown] == list(mask)


def test_a_long_mask_is_cut_and_tells_the_length() -> None:
    """A symptom description does not fill the screen with stars."""
    assert "＊" * 40 + "…(1200)" == masked("見" * 1200)
