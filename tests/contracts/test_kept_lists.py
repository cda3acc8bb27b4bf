"""Revocation lists that a gateway keeps: verified, never an older one after a newer, and there after a restart."""

from contextlib import suppress
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

import pki
from seikyu.adapters.kept_lists import BadLists, KeptLists, soonest
from seikyu.trust.certificates import Period, Revocation, key_id, revocation_list, serial_text

NOW = pki.NOW


def lists(ca: pki.PKI, number: int, *revoked: int, days: int = 7) -> bytes:
    """Return an office's file: the issuing CA's list and the root's."""
    period = Period(NOW, NOW + timedelta(days=days))
    lines = [Revocation(pki.serial(no), NOW, "superseded") for no in revoked]
    made = (
        revocation_list(ca.issuing, lines, number=number, period=period),
        revocation_list(ca.root, [], number=1, period=period),
    )
    return b"".join(each.public_bytes(Encoding.PEM) for each in made)


@pytest.fixture
def ca() -> pki.PKI:
    """Return an office's authorities."""
    return pki.make_pki()


def test_a_newer_list_is_taken_and_an_older_one_is_not(ca: pki.PKI, tmp_path: Path) -> None:
    """Whoever gives an old list to a gateway would let the revoked in."""
    kept = KeptLists(tmp_path, ca.chain)

    assert kept.missing
    assert kept.take(lists(ca, 5, 10, 11))
    assert not kept.take(lists(ca, 5))
    assert not kept.take(lists(ca, 4, 10))
    assert {serial_text(pki.serial(10)), serial_text(pki.serial(11))} == kept.revoked
    assert () == kept.missing
    assert NOW + timedelta(days=7) == soonest(kept.all)
    assert kept.take(lists(ca, 6, 10, days=3))
    assert NOW + timedelta(days=3) == soonest(kept.all)


def test_what_was_kept_is_there_after_a_restart(ca: pki.PKI, tmp_path: Path) -> None:
    """Also if one file of it is cut; that authority is missing then."""
    KeptLists(tmp_path, ca.chain).take(lists(ca, 5, 10))

    again = KeptLists(tmp_path, ca.chain)
    (tmp_path / f"{key_id(ca.issuing.certificate)}.crl").write_bytes(b"\x30")
    cut = KeptLists(tmp_path, ca.chain)

    assert {serial_text(pki.serial(10))} == again.revoked
    assert not again.take(lists(ca, 5))
    assert (key_id(ca.issuing.certificate),) == cut.missing
    assert None is soonest([])


@pytest.mark.parametrize("cut", [0, 10, -30])
def test_half_a_file_is_none(ca: pki.PKI, tmp_path: Path, cut: int) -> None:
    """What was kept stays."""
    kept = KeptLists(tmp_path, ca.chain)
    kept.take(lists(ca, 5, 10))

    with pytest.raises(BadLists):
        kept.take(lists(ca, 6)[:cut])

    assert {serial_text(pki.serial(10))} == kept.revoked


@cache
def known() -> tuple[pki.PKI, bytes, bytes]:
    """Return authorities, a file of lists and a newer one; signatures have other bytes each time they are made."""
    ca = pki.make_pki()
    return ca, lists(ca, 5, 10), lists(ca, 6)


@given(data=st.data())
def test_any_bytes_are_lists_or_none(data: st.DataObject) -> None:
    """A line that broke, or somebody who made them up: what was kept stays, and nothing else happens."""
    ca, before, whole = known()
    at = data.draw(st.integers(0, len(whole)))
    text = whole[:at] + data.draw(st.binary(max_size=20)) + whole[at + data.draw(st.integers(0, 20)) :]

    with TemporaryDirectory() as folder:
        kept = KeptLists(Path(folder), ca.chain)
        kept.take(before)
        with suppress(BadLists):
            kept.take(text)
        assert {(5, 1), (6, 1)} >= {tuple(sorted((each.number for each in kept.all), reverse=True))}


def test_a_list_of_another_authority_is_refused_although_it_has_the_same_name(ca: pki.PKI, tmp_path: Path) -> None:
    """Nothing of such a file is taken."""
    stranger = pki.make_pki(keys="ca-stranger")
    kept = KeptLists(tmp_path, ca.chain)
    kept.take(lists(ca, 5, 10))

    with pytest.raises(BadLists):
        kept.take(lists(stranger, 6))

    assert {serial_text(pki.serial(10))} == kept.revoked


def test_a_list_of_a_new_authority_is_passed_over_until_we_are_told_of_it(ca: pki.PKI, tmp_path: Path) -> None:
    """The office has a new key; what the old one says still counts."""
    newer = pki.make_pki(keys="ca-newer")
    kept = KeptLists(tmp_path, ca.chain)

    assert kept.take(lists(newer, 1, 12) + lists(ca, 5, 10))

    assert {serial_text(pki.serial(10))} == kept.revoked
    told = KeptLists(tmp_path, [*newer.chain, *ca.chain])
    assert told.take(lists(newer, 1, 12) + lists(ca, 5, 10))
    assert {serial_text(pki.serial(10)), serial_text(pki.serial(12))} == told.revoked


def test_a_list_whose_signature_does_not_fit_is_refused(ca: pki.PKI, tmp_path: Path) -> None:
    """It names our authority, and another key has signed it."""
    stranger = pki.make_pki(keys="ca-stranger")
    forged = pki.PKI(ca.root, type(ca.issuing)(ca.issuing.certificate, stranger.issuing.key), ca.now)

    with pytest.raises(BadLists):
        KeptLists(tmp_path, ca.chain).take(lists(forged, 6))
