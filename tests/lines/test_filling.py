"""Filling templates: every place gets its value, and no value breaks out of its format."""

import shlex
from html import unescape

import pytest
from hypothesis import given
from hypothesis.strategies import characters, text

from seikyu.lines.filling import FORMS, VALUE_CHARS, BadValue, fill, places

#: What can be printed, odd signs and all.
PRINTED = text(characters(categories=("L", "N", "P", "S", "Zs")), max_size=40)


def test_places_blocks_and_lists() -> None:
    """Values, lists, a block for each of several with its number, and blocks on a condition."""
    template = "a @@one@@\n@@for each in many@@\n@@number@@ @@each@@\n@@if one@@\nyes\n@@end@@\n@@end@@\n@@if not one@@\nno\n@@end@@\n"

    filled = fill(template, {"one": 1, "many": ("x", "y")}, "text")

    assert filled == "a 1\n1 x\nyes\n2 y\nyes\n"
    assert places(template) == {"one", "many"}
    assert fill("@@many@@", {"many": ("x", "y")}, "text") == "x, y"


def test_a_place_without_a_value_and_a_block_without_an_end_are_faults_of_ours() -> None:
    """Nothing is left open silently."""
    with pytest.raises(KeyError):
        fill("@@one@@", {}, "text")
    with pytest.raises(ValueError, match="no end"):
        fill("@@if one@@\n", {"one": 1}, "text")
    with pytest.raises(TypeError, match="no list"):
        fill("@@for a in one@@\n@@end@@\n", {"one": "x"}, "text")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("value", ["a\nb", "a\x00b", "a\u2028b", "a\u202eb", "a\x1bb", "x" * (VALUE_CHARS + 1)])
def test_no_control_sign_and_nothing_endless_goes_into_a_file(form: str, value: str) -> None:
    """The place and the format are told, the value without its signs and cut."""
    with pytest.raises(BadValue) as refused:
        fill("@@name@@", {"name": value}, form)

    assert (refused.value.facts["name"], refused.value.facts["format"]) == ("name", form)
    assert refused.value.facts["value"].isprintable()


@pytest.mark.parametrize("form", ["nft", "plain"])
@pytest.mark.parametrize(
    "value",
    ['eth0" drop', "eth*", "eth0; flush ruleset", "$x", "{ }", "a b", "", "イーサネット", "#", "include", "@set"],
)
def test_a_format_without_quoting_takes_only_plain_names(form: str, value: str) -> None:
    """What is not plainly a name, an address or a prefix is refused, and `*` would match every card."""
    if value == "include":
        assert fill("@@name@@", {"name": value}, form) == value
        return
    with pytest.raises(BadValue):
        fill("@@name@@", {"name": value}, form)


@pytest.mark.parametrize("value", ["eth0.100", "2001:db8::/32", "::", "::1", "::/0", "~claims.example", "192.0.2.0/24"])
def test_plain_names_and_addresses_are_taken(value: str) -> None:
    """As they are."""
    assert fill("@@name@@", {"name": value}, "plain") == value


@given(PRINTED)
def test_the_shell_reads_the_value_again(value: str) -> None:
    """As one word."""
    assert shlex.split(fill("@@name@@", {"name": value}, "shell")) == [value]


@given(PRINTED)
def test_xml_reads_the_value_again(value: str) -> None:
    """And no tag begins in it."""
    written = fill("@@name@@", {"name": value}, "xml")

    assert unescape(written) == value
    assert not {"<", ">", '"'} & set(written)


@pytest.mark.parametrize("form", ["ppp", "swanctl"])
@given(value=PRINTED)
def test_a_text_in_double_quotes_ends_only_at_its_end(value: str, form: str) -> None:
    """Backslashes and quotation marks inside stand behind a backslash."""
    written = fill("@@name@@", {"name": value}, form)

    assert (written[0], written[-1]) == ('"', '"')
    assert written[1:-1].replace("\\\\", "").replace('\\"', "").count('"') == 0
    assert written[1:-1].replace("\\\\", "\0").replace('\\"', '"').replace("\0", "\\") == value


@given(PRINTED)
def test_powershell_ends_a_text_only_at_its_end(value: str) -> None:
    """Each of the five signs that end a text is doubled; nothing else is special in single quotation marks."""
    written = fill("@@name@@", {"name": value}, "powershell")
    inside = written[1:-1]
    for sign in "'‘’‚‛":
        assert inside.count(sign) == 2 * value.count(sign)
        assert sign not in inside.replace(sign * 2, "")
    assert (written[0], written[-1]) == ("'", "'")


@given(PRINTED)
def test_a_keyfile_reads_the_value_again(value: str) -> None:
    """Backslashes are escaped, and a blank at the front does not get lost."""
    written = fill("@@name@@", {"name": value}, "keyfile")

    assert written.replace("\\\\", "\0").replace("\\s", " ").replace("\0", "\\") == value
    assert not written.startswith(" ")


def test_parts_of_a_list_within_one_text_are_plain() -> None:
    """A comma or a semicolon in one of them would make two."""
    assert fill("@@names@@", {"names": ("a", "::/0")}, "swanctl") == '"a, ::/0"'
    assert fill("@@names@@", {"names": ("a", "b")}, "keyfile") == "a;b"
    for form in ("swanctl", "keyfile"):
        with pytest.raises(BadValue):
            fill("@@names@@", {"names": ("a,b",)}, form)
        with pytest.raises(BadValue):
            fill("@@names@@", {"names": ("a;b",)}, form)


def test_a_phone_book_takes_no_bracket() -> None:
    """It would end the name of the connection."""
    assert fill("[@@name@@]", {"name": "claims 1"}, "phone_book") == "[claims 1]"
    with pytest.raises(BadValue):
        fill("[@@name@@]", {"name": "a]"}, "phone_book")
