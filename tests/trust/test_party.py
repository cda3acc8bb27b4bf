"""Holders and their URNs."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seikyu.trust import certificates, party
from seikyu.trust.party import BadHolder, Holder, is_name, parse_urn


@pytest.mark.parametrize("module", [party, certificates])
def test_examples_hold(module: object) -> None:
    """The examples in the docstrings are true."""
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "party_id"), [("institution", "9911000015"), ("payer", "06990014"), ("operator", "operator")]
)
def test_urn_of_a_holder_reads_back(kind: str, party_id: str) -> None:
    """What is written into a certificate is what is read out of it."""
    holder = Holder(kind, party_id, "見本", "端末 1")
    assert parse_urn(holder.urn) == (kind, party_id)


@pytest.mark.parametrize(
    ("what", "kind", "party_id", "name", "terminal"),
    [
        ("kind", "nobody", "9911000015", "見本", "端末"),
        ("kind", "", "9911000015", "見本", "端末"),
        ("party", "institution", "991100001", "見本", "端末"),
        ("party", "institution", "9911000015\n", "見本", "端末"),
        ("party", "institution", "９９１１０００００１５", "見本", "端末"),
        ("party", "payer", "9911000015", "見本", "端末"),
        ("party", "operator", "", "見本", "端末"),
        ("name", "operator", "operator", "", "端末"),
        ("name", "operator", "operator", "a\x00b", "端末"),
        ("terminal", "operator", "operator", "見本", ""),
        ("terminal", "operator", "operator", "見本", " 端末"),
        ("terminal", "operator", "operator", "見本", "端" * 22),
        ("terminal", "operator", "operator", "見本", "a" * 65),
        ("terminal", "operator", "operator", "見本", "a\u202eb"),
    ],
)
def test_holder_refuses_what_no_certificate_can_say(
    what: str, kind: str, party_id: str, name: str, terminal: str
) -> None:
    """A holder of the wrong form is refused before anything is signed, and the error says which part."""
    with pytest.raises(BadHolder) as refused:
        Holder(kind, party_id, name, terminal)
    assert refused.value.facts["what"] == what


def test_a_long_name_of_a_party_is_no_obstacle() -> None:
    """Names of associations pass 64 characters; they are cut in the certificate, not refused."""
    assert Holder("payer", "06990014", "組" * 100, "端末").name == "組" * 100


def test_a_urn_needs_its_prefix() -> None:
    """The rest alone is not enough."""
    assert parse_urn("institution:9911000015") is None


@given(st.text(max_size=40))
def test_only_our_urns_are_read(text: str) -> None:
    """No text without our prefix names a party."""
    assert parse_urn(text) is None
    assert parse_urn(f"urn:seikyu:party:{text}") in (None, tuple(text.split(":", 1)))


@given(st.text(max_size=70))
def test_a_name_is_visible(text: str) -> None:
    """A name has no control characters and no blanks at its ends."""
    if is_name(text):
        assert text == text.strip()
        assert 1 <= len(text) <= 64
        assert not any(character in text for character in "\r\n\0\x7f")
