"""What the first bytes of a file say."""

from hypothesis import given
from hypothesis.strategies import binary, lists, sampled_from, text
from pytest import mark  # noqa: PT013 (the house names them so)

from builders import claim, encoded, header, uke
from seikyu.records import Month, Years, sniff

heads = lists(
    sampled_from([b"IR", b"UK", b"HI", b",", b"1", b"2", b"99", b"202609", b"50809", b"\r\n", b"\x1a", b"BU", b"\x8a"]),
    max_size=30,
).map(b"".join)


def test_the_head_of_a_conforming_file_says_all() -> None:
    """Kind, body, institution, claim month and layout."""
    head = sniff(uke(claim(1))[:100])

    assert head is not None
    assert ("medical", "医科", "IR", "1") == (head.kind, head.ja, head.first_record, head.body)
    assert ("99", "1", "0112342", "9910112342") == (
        head.prefecture,
        head.point_table,
        head.institution_code,
        head.institution,
    )
    assert (Month(2026, 9), Years.WESTERN) == (head.claim_month, head.years)
    assert head.layout is not None
    assert head.layout.name == "medical-western-2020"


def test_a_file_in_japanese_years_follows_the_older_layout() -> None:
    """By its own claim month, however that is written."""
    head = sniff(encoded([header(body="2", month="43012")]))

    assert head is not None
    assert ("2-99", Month(2018, 12), Years.ERA) == (head.body, head.claim_month, head.years)
    assert head.layout is not None
    assert head.layout.name == "medical-era-2012"


@mark.parametrize(
    ("line", "kind"),
    [
        ("IR,1,99,1,0112342,,見本,202609,00,", "medical"),
        ("IR,1,99,7,0112342,,見本,202609,00,", "medical"),
        ("IR,", "medical"),
        ("UK,1,99,3,0112342,,見本,202609,,00", "dental"),
        ("IR,1,99,3,0112342,,見本,202609,00,", "dental"),
        ("YK,1,99,4,0112342,見本薬局,202609,00,", "pharmacy"),
        ("HM,1,99,6,0112342,見本,202609,", "home_nursing"),
        ("HI,1,202609,99,1,0112342,,00", "medical_return"),
        ("HI,1,202609,99,3,0112342,,00", "dental_return"),
        ("HI,1,202609,99,4,0112342,,00", "pharmacy_return"),
        ("HI,1,202609,99,6,0112342,,00", "home_nursing_return"),
        ("IR,1,99,1,0112342,,見本,202609,00,\r\nRE,1\r\nHO,1\r\nBU,1", "dpc"),
        ("HI,1,202609,99,1,0112342,,00\r\nRE,1\r\nBU,1", "dpc_return"),
        ("RE,1,1112", None),
        ("2,1,0,MN,940000030", None),
        ("IR", None),
        ("ir,1,99,1", None),
        ("", None),
        ("\r\n", None),
        ("\x1a", None),
        ("%PDF-1.7", None),
    ],
)
def test_the_kind_is_read_off_the_first_record(line: str, kind: str | None) -> None:
    """The point table tells kinds apart that begin alike; DPC shows in its first claim."""
    head = sniff(line.encode("cp932"))

    assert kind == (head.kind if head else None)
    if kind in {"dental", "pharmacy", "home_nursing"}:
        assert head is not None
        assert ("1", Month(2026, 9), "0112342") == (head.body, head.claim_month, head.institution_code)
        assert head.layout is not None
        assert kind == head.layout.kind


@mark.parametrize(
    ("line", "kind"),
    [
        ("1,9,0,MK,1,20260901,106,202609", "medical_reexamination"),
        ("2,9,1,MD,1,20260901", "medical_reexamination"),
        ("2,9,1,JY,1", "medical_return"),
        ("MK,1,20260901,106,202609", "medical_return"),
        ("1,9,0,BU,010010xx01x00x", "dpc_return"),
        ("1,9,0", "medical_return"),
    ],
)
def test_a_history_block_tells_kinds_of_returns_apart(line: str, kind: str) -> None:
    """The request or its result stand behind three items, as does the classification of DPC."""
    head = sniff(b"HI,1,202609,99,1,0112342,,00\r\n" + line.encode("cp932"))

    assert head is not None
    assert kind == head.kind


def test_else_only_the_name_tells_returns_of_re_examination_apart() -> None:
    """Their first record is the same (records:1)."""
    line = b"HI,1,202609,99,1,0112342,,00\r\n"

    assert ["medical_return", "medical_reexamination"] == [
        head.kind for name in ("RECEIPTC.HEN", "receiptc.sah") if (head := sniff(line, file_name=name))
    ]


def test_what_cannot_be_read_is_empty() -> None:
    """No guess: other bodies, text that is no code, a month that is none. The layout is then the newest."""
    head = sniff("IR,7,東京,1, 12,,見本,5 08 06,00,".encode("cp932"))

    assert head is not None
    assert (None, "", "", None, None) == (
        head.body,
        head.prefecture,
        head.institution_code,
        head.claim_month,
        head.years,
    )
    assert head.layout is not None
    assert head.layout.name == "medical-western-2020"


def test_a_utf8_mark_does_not_hide_the_kind() -> None:
    """The sender should be told about the encoding, not that this is no claim file."""
    assert sniff("\ufeffIR,1,99,1,0112342,,見本,202609,00,".encode()) is not None


def test_only_so_many_lines_are_looked_at() -> None:
    """A record that tells kinds apart stands near the top or not at all."""
    head = sniff(b"IR,1,99,1,0112342,,,202609,00,\r\n" + b"SI,\r\n" * 2000 + b"BU,\r\n")

    assert head is not None
    assert head.kind == "medical"


@given(data=binary(max_size=512) | heads, name=text(max_size=20))
def test_any_bytes_have_an_answer(data: bytes, name: str) -> None:
    """Sniffing never raises."""
    head = sniff(data, file_name=name)

    assert head is None or head.kind
