"""A whole file in memory: every byte kept, also when something is edited."""

from hypothesis import given
from hypothesis.strategies import binary, integers, lists, sampled_from
from pytest import mark, raises  # noqa: PT013 (the house names them so)

from builders import CITY, SOCIETY, WELFARE, claim, uke
from seikyu.records import Month, Record, UKEFile, decode, encode, layout_for, split

pieces = lists(
    sampled_from([b"RE,1,,", b"ZZ,\x81", b",", b"\r", b"\n", b"\r\n", b"\x1a", b"\x00", "見本".encode("cp932")]),
    max_size=40,
).map(b"".join)
MEDICAL = layout_for("medical", Month(2026, 9))


@given(data=binary(max_size=4096) | pieces)
def test_any_bytes_come_back_as_they_were(data: bytes) -> None:
    """Decoding loses nothing: unknown records, surplus commas, odd ends and what stands behind the end mark."""
    assert data == encode(decode(data))


def test_a_conforming_file_decodes_to_its_records() -> None:
    """Each line is a record with its items; the end mark is the tail."""
    file = decode(uke(claim(1, publics=[CITY])))

    assert ["IR", "RE", "HO", "KO", "SY", "SI", "GO"] == [record.id for record in file.records]
    assert SOCIETY == file.records[2].text(2)
    assert "見本　太郎" == file.records[1].text(5)
    assert b"\x1a" == file.tail


def test_items_past_the_end_are_empty() -> None:
    """Products leave trailing commas away; there is no place 0."""
    record = Record.of(b"HO,06990014")

    assert (b"HO", b"06990014", b"", b"") == (record.item(1), record.item(2), record.item(3), record.item(0))


@given(content=binary(max_size=200), no=integers(1, 12), value=sampled_from([b"", b"1", "見本".encode("cp932")]))
def test_replacing_an_item_keeps_every_other_byte(content: bytes, no: int, value: bytes) -> None:
    """Only the one place changes; a record too short for it grows by empty items."""
    record = Record.of(content, b"\n")
    items = split(content) + [b""] * (no - len(split(content)))

    changed = record.replaced(no, value)

    assert [*items[: no - 1], value, *items[no:]] == list(changed.items)
    assert b"\n" == changed.ending


@mark.parametrize(("no", "value"), [(0, b"1"), (-1, b"1"), (2, b"1,2"), (2, b"1\r"), (2, b"\n"), (2, b"\x1a")])
def test_replacing_refuses_what_would_break_the_line(no: int, value: bytes) -> None:
    """A value cannot hold a comma, a line end or the end mark, and there is no place before the first."""
    with raises(ValueError, match="cannot hold"):
        Record.of(b"HO,1").replaced(no, value)


def test_a_file_with_one_record_replaced_differs_there_only() -> None:
    """The rest is the same, byte for byte."""
    data = uke(claim(1)).replace(b"\r\n", b"\n")
    file = decode(data)

    edited = file.replaced(2, file.records[2].replaced(6, b"292"))

    assert data.replace(b",1,1,291,", b",1,1,292,", 1) == encode(edited)


def test_claims_are_the_records_between_their_openers() -> None:
    """A claim goes from its RE to the next one or to a record of the file; unknown records stay with it."""
    text = uke(claim(1), claim(2, insurer=None, publics=[WELFARE])).decode("cp932").replace("\r\nGO", "\r\nZZ,1\r\nGO")

    claims = list(decode(text.encode("cp932")).claims(MEDICAL))

    assert [["RE", "HO", "SY", "SI"], ["RE", "KO", "SY", "SI", "ZZ"]] == [[r.id for r in records] for records in claims]


def test_claims_of_a_file_that_breaks_off_include_the_last() -> None:
    """Without a trailer the last claim ends with the file; records outside claims belong to none."""
    file = UKEFile((Record.of(b"HO,1"), Record.of(b"RE,1"), Record.of(b"HO,2")))

    assert [["RE", "HO"]] == [[record.id for record in records] for records in file.claims(MEDICAL)]
    assert [] == list(UKEFile(()).claims(MEDICAL))


def test_records_and_files_show_nothing_of_their_content_in_their_repr() -> None:
    """Items may be personal, and a repr ends up in logs."""
    file = decode("RE,1,1112,202608,見本　太郎\r\n".encode("cp932"))

    assert repr(file) == "<UKE file of 1 records>"
    assert repr(file.records) == "(<record of 5 items>,)"
