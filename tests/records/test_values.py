"""Values by the kind of the item, and nothing from what cannot be read."""

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis.strategies import binary, sampled_from
from pytest import mark  # noqa: PT013 (the house names them so)

from seikyu.records import InsurerNumber, Item, Month, is_number, layout_for, layouts, value_of

ITEMS = [item for layout in layouts() for record in layout.records.values() for item in record.items]


@mark.parametrize(
    ("place", "data", "value"),
    [
        ("medical HO total_points", b"291", 291),
        ("medical HO total_points", b"-291", None),
        ("medical HO total_points", b"1_0", None),
        ("medical HO total_points", b" 1", None),
        ("dpc GT adjust_points", b"-12", -12),
        ("dpc GT adjust_points", b"12", 12),
        ("dpc GT adjust_points", b"--1", None),
        ("medical IR institution_code", b"0112342", "0112342"),
        ("medical KO recipient_number", b"0000018", "0000018"),
        ("medical RE search_no", b"1" * 30, "1" * 30),
        ("medical RE sex", b"1", "1"),
        ("medical HO insurer_number", b"  991018", InsurerNumber("  991018")),
        ("medical RE birth_date", b"19800101", date(1980, 1, 1)),
        ("medical RE birth_date", b"3550101", date(1980, 1, 1)),
        ("medical RE birth_date", b"19800230", None),
        ("medical RE service_month", b"202608", Month(2026, 8)),
        ("medical RE special_notes", b"0126", ("01", "26")),
        ("medical RE special_notes", b"A1", None),
        ("medical IY amount", b"1.50", Decimal("1.50")),
        ("medical IY amount", b"1.", None),
        ("medical IY amount", b"NaN", None),
        ("home_nursing RJ end_time", b"0930", "0930"),
        ("medical SY disease_name", "見本".encode("cp932"), "見本"),
        ("medical SY disease_name", b"", None),
    ],
)
def test_an_item_has_the_value_of_its_kind(place: str, data: bytes, value: Any) -> None:
    """Amounts are numbers; codes, numbers of the world and names of things are texts."""
    kind, rid, name = place.split()
    item = layout_for(kind, None).records[rid].by_name[name]

    read = value_of(item, data)
    assert value == read
    assert type(value) is type(read)


@given(item=sampled_from(ITEMS), data=binary(max_size=40))
def test_any_bytes_give_a_value_or_none(item: Item, data: bytes) -> None:
    """Whatever stands in an item, looking at it raises nothing."""
    value = value_of(item, data)

    assert value is None or not is_number(item) or isinstance(value, int)
