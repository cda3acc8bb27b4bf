"""Files that are no claim files: other formats, other encodings."""

from hypothesis import given
from hypothesis.strategies import binary, characters, integers, lists, text
from pytest import mark  # noqa: PT013 (the house names them so)

from builders import claim, uke
from seikyu.records import EncodingWatch, foreign_signature

FILE = uke(claim(1), claim(2))
UTF8 = FILE.decode("cp932").encode()


def is_utf8(*chunks: bytes) -> bool:
    """Return what a watch says of a file that comes in these chunks."""
    watch = EncodingWatch()
    for chunk in chunks:
        watch.feed(chunk)
    return watch.is_utf8


@mark.parametrize(
    ("head", "name"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "JPEG"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"%PDF-1.7", "PDF"),
        (b"PK\x03\x04\x14", "zip"),
        (b"PK\x05\x06", "zip"),
        (b"\x1f\x8b\x08", "gzip"),
        ("IR,1".encode("utf-16"), "UTF-16"),
        (b"\xfe\xff\x00I", "UTF-16"),
        (FILE[:64], None),
        (b"", None),
    ],
)
def test_other_formats_are_known_by_their_first_bytes(head: bytes, name: str | None) -> None:
    """The sender is told what it is that was sent."""
    assert name == foreign_signature(head)


def test_utf8_is_told_from_shift_jis() -> None:
    """The same file in both encodings."""
    assert not is_utf8(FILE)
    assert is_utf8(UTF8)
    assert is_utf8(b"\xef\xbb\xbf" + UTF8)


def test_a_file_in_ascii_is_no_utf8() -> None:
    """It is the same in both encodings, so nothing is wrong with it."""
    assert not is_utf8(b"IR,1,99,1,0112342\r\n", b"\x1a")
    assert not is_utf8()


def test_a_short_text_that_is_both_passes_for_shift_jis() -> None:
    """C2 A1 is one letter in UTF-8 and two half-width katakana in Shift_JIS: no false refusal."""
    assert not is_utf8(b"RE,\xc2\xa1,\r\n")
    assert is_utf8(b"RE,\xc2\xa1,\r\n\xe8\xa6\x8b,")


def test_japanese_text_in_utf8_is_told_even_if_it_could_be_shift_jis() -> None:
    """These five characters are by chance valid in both; as Shift_JIS they would be nonsense."""
    both = "見本診療所,".encode()
    both.decode("shift_jis")

    assert is_utf8(both)
    assert not is_utf8("見本,".encode())


def test_damage_ends_the_suspicion() -> None:
    """Bytes that are neither are damage, told line by line by another rule."""
    assert not is_utf8(UTF8, b"\xff", UTF8)
    assert not is_utf8(UTF8, b"\xe8", b"RE,1", b"\xa6\x8b")


def test_a_file_that_breaks_off_inside_a_character_is_still_utf8() -> None:
    """What came is enough to see it."""
    assert is_utf8(UTF8, "見".encode()[:-1])


@given(cuts=lists(integers(0, len(UTF8)), max_size=8))
def test_chunks_may_end_inside_a_character(cuts: list[int]) -> None:
    """However the file is cut, the answer is the same."""
    places = sorted(cuts)
    chunks = [UTF8[a:b] for a, b in zip([0, *places], [*places, len(UTF8)], strict=True)]

    assert is_utf8(*chunks)


@given(data=binary(max_size=512))
def test_any_bytes_have_an_answer(data: bytes) -> None:
    """Nothing raises, and damaged UTF-8 is never called UTF-8."""
    answer = is_utf8(data)

    assert not (answer and is_utf8(data, b"\xff"))
    assert not is_utf8(data, b"a\xffa")


@given(shown=text(alphabet=characters(codec="shift_jis", min_codepoint=0x3041, max_codepoint=0x9FA0), max_size=40))
def test_japanese_text_in_shift_jis_is_never_called_utf8(shown: str) -> None:
    """Kana and kanji in any order and number."""
    assert not is_utf8(b"RE,1,", shown.encode("shift_jis"), b",\r\n")
