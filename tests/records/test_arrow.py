"""Claims as Arrow tables: typed, masked, in pieces, and a clear word where the library is missing."""

import sys
from datetime import date
from decimal import Decimal

import pyarrow as pa
from hypothesis import given
from hypothesis.strategies import binary, lists, sampled_from
from pytest import MonkeyPatch, mark, raises  # noqa: PT013 (the house names them so)

from builders import CITY, claim, encoded, header, uke
from seikyu.records import (
    Layout,
    PyarrowMissing,
    arrow_batches,
    arrow_schema,
    arrow_tables,
    layout_for,
    layouts,
    read_claims,
    rewritten,
)

SERVICES = ["SI,11,1,111000110,,291,1", "IY,21,1,620002023,1.5,3,7", "TO,40,1,710010001,0.12345,3,7"]
FILE = uke(claim(1), claim(2, publics=[CITY]), claim(3, services=SERVICES))


def test_there_is_a_table_for_each_record() -> None:
    """Rows know their claim and their line; columns have the names of the items."""
    tables = arrow_tables(read_claims(FILE))

    assert {"RE", "HO", "KO", "SY", "SI", "IY", "TO"} == set(tables)
    assert [0, 1, 2] == tables["RE"]["claim"].to_pylist()
    assert [1] == tables["KO"]["claim"].to_pylist()
    assert 2 == tables["RE"]["line"][0].as_py()
    assert [291, 291, 291] == tables["HO"]["total_points"].to_pylist()
    assert {"RE"} == set(arrow_tables(read_claims(FILE), records={"RE"}))


def test_columns_have_types() -> None:
    """Numbers, days, months as their first day, decimals, lists of codes; the rest is text."""
    tables = arrow_tables(read_claims(FILE.replace(b"19800101,,,", b"19800101,,,0107", 1)), show_personal=True)
    schema = tables["RE"].schema

    assert pa.date32() == schema.field("birth_date").type == schema.field("service_month").type
    assert pa.int64() == tables["HO"].schema.field("total_points").type
    assert pa.string() == schema.field("claim_type").type == tables["HO"].schema.field("insurer_number").type
    assert pa.list_(pa.string()) == schema.field("special_notes").type
    assert date(2026, 8, 1) == tables["RE"]["service_month"][0].as_py()
    assert [Decimal("1.50000")] == tables["IY"]["amount"].to_pylist()
    assert [None] == tables["TO"]["amount"].to_pylist(), "more places than the layout has"
    assert {b"ja": "氏名".encode(), b"kind": b"text", b"personal": b"true", b"source": b"medical-layout:RE.5"} == (
        schema.field("patient_name").metadata
    )
    assert b"RE" == schema.metadata[b"record"]


def test_what_cannot_be_read_is_null() -> None:
    """As is what is empty, and what is too large for its column; a nought is a nought."""
    layout = layout_for("medical", None)
    heads = [f"HO,06990014,,1,{days},{points}" for days, points in ((0, "9" * 30), ("x", 5), ("", "-1"))]
    table = arrow_tables(read_claims("\r\n".join(["RE,1,x,202699", *heads]).encode(), layout=layout))

    assert ([0, None, None], [None, 5, None]) == tuple(
        table["HO"][name].to_pylist() for name in ("actual_days", "total_points")
    )
    assert [None] == table["RE"]["service_month"].to_pylist()
    slipped = arrow_tables(read_claims(FILE.replace(b"620002023,1.5,", b"620002023,x,")))
    assert [None] == slipped["IY"]["amount"].to_pylist()


def test_codes_become_a_list() -> None:
    """Several codes side by side."""
    head = encoded([header(), "RE,1,1112,202608,MIHON,1,19800101,,,,,0126"])

    assert [["01", "26"]] == arrow_tables(read_claims(head))["RE"]["special_notes"].to_pylist()


def test_personal_columns_are_masked_unless_asked() -> None:
    """A text shows its length alone; every other value is null. The types stay."""
    hidden, shown = (arrow_tables(read_claims(FILE), show_personal=asked)["RE"] for asked in (False, True))

    assert (["＊＊＊＊＊"] * 3, [None] * 3) == (hidden["patient_name"].to_pylist(), hidden["birth_date"].to_pylist())
    assert "見本　太郎" == shown["patient_name"][0].as_py()
    assert isinstance(shown["birth_date"][0].as_py(), date)
    assert hidden.schema == shown.schema


def test_a_value_that_a_slip_put_elsewhere_is_not_shown_either() -> None:
    """A number of a person in an item of codes is masked, in one of amounts it is null."""
    slipped = FILE.replace(b"SI,11,1,111000110,,291,1", b"SI,11,9900281,111000110,,1000000000291,1")
    hidden, shown = (arrow_tables(read_claims(slipped), show_personal=asked)["SI"] for asked in (False, True))

    assert ("9900281", 1000000000291) == tuple(shown[name][0].as_py() for name in ("burden", "points"))
    assert ("*" * 7, None) == tuple(hidden[name][0].as_py() for name in ("burden", "points"))


def test_a_large_file_comes_in_batches() -> None:
    """Each of a few rows; together they are the table."""
    batches = list(arrow_batches(read_claims(FILE), records={"RE"}, batch_rows=2))

    assert [("RE", 2), ("RE", 1)] == [(name, batch.num_rows) for name, batch in batches]
    assert pa.Table.from_batches([batch for _, batch in batches]) == arrow_tables(read_claims(FILE))["RE"]


def test_history_has_tables_of_its_own() -> None:
    """Its records may be the claim's, and must not be counted with them."""
    data = b"HI,1,202609,99,1,0112342,,00\r\nRE,1\r\n1,9,2,RE,5\r\n2,10,0,MN,940000030\r\n2,11,0,ZZ\r\n"
    tables = arrow_tables(read_claims(data))

    assert {"RE", "history RE", "history MN"} == set(tables)
    assert [("1", "9", "2", 5)] == [
        (row["data_id"], row["line_no"], row["branch_no"], row["claim_no"]) for row in tables["history RE"].to_pylist()
    ]
    assert ["claim", "line", "data_id"] == tables["history MN"].schema.names[:3]


@mark.parametrize("layout", layouts(), ids=lambda layout: layout.name)
def test_every_record_has_a_schema(layout: Layout) -> None:
    """Of every kind and edition; an empty table may be made of it."""
    for rid in layout.records:
        assert 1 + len(layout.records[rid].items) == len(arrow_schema(layout, rid).names)
    for rid in layout.history:
        assert 4 + len(layout.history[rid].items) == len(arrow_schema(layout, f"history {rid}").names)
    with raises(KeyError):
        arrow_schema(layout, "ZZ")
    with raises(KeyError):
        arrow_schema(layout, "history ZZ")


@given(
    values=lists(
        sampled_from(
            [b"", b"1", b"-5", b"9" * 30, b"20260101", b"0.123456789", b"9999999999.9", b"\x82", b"NaN", b" 1"]
        )
        | binary(max_size=8).filter(lambda value: not set(value) & set(b",\r\n\x1a")),
        max_size=30,
    ),
    rid=sampled_from(sorted(layout_for("dpc", None).records)),
)
def test_any_bytes_make_a_row(values: list[bytes], rid: str) -> None:
    """What does not fit its column is null; nothing raises."""
    layout = layout_for("dpc", None)
    data = b"RE,1\r\n" + b",".join([rid.encode(), *values]) + b"\r\n"

    tables = arrow_tables(read_claims(data, layout=layout), show_personal=True)

    assert "RE" in tables
    assert data == b"".join(rewritten([data], lambda each: each, layout=layout))


def test_a_missing_library_is_told_with_what_to_do(monkeypatch: MonkeyPatch) -> None:
    """At once, before anything is read."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with raises(PyarrowMissing, match=r"pip install 'seikyu\[arrow\]'"):
        arrow_batches([])
    with raises(PyarrowMissing):
        arrow_tables([])
