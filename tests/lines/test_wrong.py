"""Reading files that people write."""

from datetime import date
from ipaddress import IPv4Address, IPv6Network
from typing import Any

import pytest

from seikyu.lines.wrong import BadFile, Reading, WrongItem, type_names


def read(**table: Any) -> Reading:
    """Return a table that is read."""
    return Reading(table)


@pytest.mark.parametrize("value", ["a", True, 7, ["a"], date(2026, 11, 1), {"b": 1}])
def test_an_item_of_the_right_type_is_taken(value: Any) -> None:
    """Each type that a file has."""
    reading = read(a=value)

    assert value == reading.item("a", type(value)(2026, 1, 1) if type(value) is date else type(value)())
    assert [] == reading.wrong


@pytest.mark.parametrize(("kind", "why"), type_names.items())
def test_an_item_of_another_type_is_wrong_by_the_type_that_it_should_have(kind: type, why: str) -> None:
    """And the default is what is read on with; True is no number."""
    wrong = 1 if kind is not int else True
    default = date(2026, 1, 1) if kind is date else kind()
    reading = read(a=wrong)

    assert default == reading.item("a", default)
    assert [WrongItem("a", why, str(wrong))] == reading.wrong


def test_an_item_that_is_not_there_is_wrong_only_if_it_is_needed() -> None:
    """Else its default holds."""
    reading = read()

    assert ("x", "x") == (reading.item("a", "x"), reading.item("b", "x", needed=True))
    assert [WrongItem("b", "missing")] == reading.wrong


def test_a_choice_is_one_of_those_that_are_known() -> None:
    """An empty text says nothing and is not wrong."""
    reading = read(a="one", b="three", c="")

    assert ("one", "two", "") == (
        reading.choice("a", ("one", "two")),
        reading.choice("b", ("one", "two"), default="two"),
        reading.choice("c", ("one", "two")),
    )
    assert [WrongItem("b", "choice", "three", ("one", "two"))] == reading.wrong


def test_every_wrong_text_of_a_list_is_named_by_its_place() -> None:
    """The good ones are taken."""
    reading = read(a=["192.0.2.1", 7, "192.0.2.300"], n=["2001:db8::/32", "192.0.2.1/24"])

    assert (IPv4Address("192.0.2.1"),) == reading.addresses("a")
    assert (IPv6Network("2001:db8::/32"),) == reading.networks("n")
    assert [
        WrongItem("a[1]", "text", "7"),
        WrongItem("a[2]", "address", "192.0.2.300"),
        WrongItem("n[1]", "network", "192.0.2.1/24"),
    ] == reading.wrong


def test_a_list_that_is_needed_must_be_there() -> None:
    """Networks and addresses alike."""
    reading = read()

    assert ((), ()) == (reading.networks("n", needed=True), reading.addresses("a", needed=True))
    assert ["n", "a"] == [each.place for each in reading.wrong]


def test_what_is_wrong_in_an_inner_table_is_named_with_the_way_to_it() -> None:
    """All tables of a file keep in one list what is wrong."""
    reading = read(areas={"east": {"x": 1}, "west": 2})
    areas = reading.inner("areas")

    for _, each in areas.tables():
        each.end()

    assert [WrongItem("areas.west", "table", "2"), WrongItem("areas.east.x", "unknown")] == reading.wrong


def test_a_name_that_nobody_asked_for_is_wrong() -> None:
    """A slip in a name would leave out the item; what could stand there is told."""
    reading = read(mtu=1454, mtuu=1)
    reading.item("mtu", 0)

    reading.end()

    assert [WrongItem("mtuu", "unknown", "", ("mtu",))] == reading.wrong


def test_a_long_wrong_value_is_cut() -> None:
    """A whole file in one value is not told back."""
    reading = read(a="x" * 1000)
    reading.choice("a", ("y",))

    assert "x" * 60 == reading.wrong[0].value


def test_a_bad_file_says_all_that_is_wrong() -> None:
    """And a good one ends quietly."""
    reading = read(a=1, b=2)
    read().done()
    reading.item("a", "")
    reading.item("b", "")

    with pytest.raises(BadFile) as caught:
        reading.done()

    assert ("a: text; b: text", "bad_line_file") == (str(caught.value), caught.value.code)
