"""The delegate that signs answers: private, there again after a restart, and renewed in time without being asked."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pki import make_pki, write_pem
from seikyu.adapters.ca_files import CannotWrite
from seikyu.adapters.home import Home, open_home
from seikyu.adapters.ocsp_signer import SIGNER_RENEWAL, SignerFile, issuing_of
from seikyu.adapters.x509_ca import NoCA, create_ca, renew_issuing
from seikyu.ports.errors import Unavailable
from seikyu.trust.certificates import Issuer, Period
from seikyu.trust.status import SIGNER_LIFE, signer_certificate

NOW = datetime(2026, 10, 5, 9, 0, 0, 5, tzinfo=UTC)


class Bench:
    """A home with a CA, a clock that stands still, and an authority that can be away."""

    def __init__(self, folder: Path) -> None:
        self.home = open_home(folder / "home")
        create_ca(self.home, organisation="office", now=NOW)
        self.at = NOW
        self.away = False
        self.asked = 0
        self.file = self.again()

    def again(self) -> SignerFile:
        """Return what a restarted server has."""
        return SignerFile(self.home, now=lambda: self.at, issuing=self.issuing)

    def issuing(self, home: Home) -> Issuer:
        """Give the CA's key, or not."""
        self.asked += 1
        if self.away:
            raise Unavailable("the safe is closed")
        return issuing_of(home)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Return a bench."""
    return Bench(tmp_path)


def test_it_is_made_when_it_is_first_needed(bench: Bench) -> None:
    """One private file, of our CA, good for its life and no longer."""
    signer = bench.file.current()

    signer.certificate.verify_directly_issued_by(issuing_of(bench.home).certificate)
    assert bench.file.path.stat().st_mode & 0o777 == 0o600
    assert signer.certificate.not_valid_after_utc == NOW.replace(microsecond=0) + SIGNER_LIFE
    assert signer.certificate.not_valid_before_utc < NOW


def test_it_is_the_same_after_a_restart(bench: Bench) -> None:
    """The CA's key is not touched for that."""
    first = bench.file.current()
    assert bench.again().current().certificate == first.certificate
    assert bench.asked == 1


def test_it_is_made_anew_a_week_before_it_ends(bench: Bench) -> None:
    """Not a moment before; the key is new as well."""
    first = bench.file.current()
    bench.at = first.certificate.not_valid_after_utc - SIGNER_RENEWAL - timedelta(seconds=1)
    bench.file.refresh()
    assert bench.file.current() is first

    bench.at += timedelta(seconds=1)
    bench.file.refresh()
    anew = bench.file.current()
    assert anew.certificate.not_valid_after_utc == bench.at + SIGNER_LIFE
    assert anew.certificate.public_key() != first.certificate.public_key()
    assert bench.again().current().certificate == anew.certificate


def test_an_authority_that_is_away_stops_nothing_for_a_week(bench: Bench) -> None:
    """The old one signs to its last moment, and not beyond; then the authority's return heals it."""
    first = bench.file.current()
    bench.away = True
    bench.at = first.certificate.not_valid_after_utc - timedelta(seconds=1)
    with pytest.raises(Unavailable):
        bench.file.refresh()
    assert bench.file.current() is first

    bench.at += timedelta(seconds=1)
    with pytest.raises(Unavailable):
        bench.file.current()
    with pytest.raises(Unavailable):
        bench.again().current()

    bench.away = False
    bench.file.refresh()
    assert bench.file.current() is not first


def test_a_clock_that_was_put_back_gets_another(bench: Bench) -> None:
    """A certificate that begins tomorrow is refused by whoever gets it."""
    first = bench.file.current()
    bench.at -= timedelta(days=1)
    bench.file.refresh()
    assert bench.file.current().certificate.not_valid_before_utc < bench.at < first.certificate.not_valid_before_utc


def test_a_renewed_authority_keeps_its_delegate(bench: Bench) -> None:
    """The same name and key: nothing to do."""
    first = bench.file.current()
    renew_issuing(bench.home, now=NOW + timedelta(days=1))
    bench.file.refresh()
    assert bench.file.current() is first


def test_another_authority_gets_another_delegate(bench: Bench) -> None:
    """Nobody believes the old one in its name."""
    first = bench.file.current()
    other = make_pki(NOW, name="office", keys="ca-foreign").issuing
    write_pem(bench.home.ca / "issuing.pem", other.certificate)
    write_pem(bench.home.secrets / "ca" / "issuing.pem", other.certificate)
    write_pem(bench.home.secrets / "ca" / "issuing.key", other.key)
    for file in (bench.file, bench.again()):
        file.refresh()
        assert file.current().issuer == other.certificate != first.issuer


@pytest.mark.parametrize("damage", [b"", b"rubbish", "half", "key", "certificate"])
def test_a_damaged_file_is_made_anew(bench: Bench, damage: bytes | str) -> None:
    """Cut, empty, or with parts that do not belong together."""
    first = bench.file.current()
    content = bench.file.path.read_bytes()
    if damage == "half":
        bench.file.path.write_bytes(content[: len(content) // 2])
    elif damage == "key":
        create_ca(other := open_home(bench.home.root.parent / "other"), organisation="office", now=NOW)
        foreign = SignerFile(other, now=lambda: NOW)
        foreign.refresh()
        mixed = foreign.path.read_bytes().split(b"-----BEGIN CERTIFICATE")[0]
        bench.file.path.write_bytes(mixed + content[content.index(b"-----BEGIN CERTIFICATE") :])
    elif damage == "certificate":
        period = Period(NOW, NOW + SIGNER_LIFE)
        forged = signer_certificate(make_pki(NOW).issuing, first.key.public_key(), serial=9, period=period)
        write_pem(bench.file.path, first.key, forged, first.issuer)
    elif isinstance(damage, bytes):
        bench.file.path.write_bytes(damage)

    again = bench.again().current()
    assert again.certificate != first.certificate
    again.certificate.verify_directly_issued_by(first.issuer)
    assert again.certificate.public_key() == again.key.public_key()


def test_copies_that_cannot_be_read_change_nothing(bench: Bench) -> None:
    """Who deletes the public folder has not changed the authority."""
    first = bench.file.current()
    (bench.home.ca / "issuing.pem").unlink()
    bench.file.refresh()
    assert bench.file.current() is first


def test_a_full_disk_is_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing half is left, and nobody signs with what could not be kept."""

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("seikyu.adapters.ocsp_signer.write_private", full)
    with pytest.raises(CannotWrite) as refused:
        bench.file.refresh()
    assert refused.value.facts["reason"] == "no space left on device"
    with pytest.raises(CannotWrite):
        bench.file.current()


def test_an_office_without_authority_has_no_delegate(tmp_path: Path) -> None:
    """It says so, and makes nothing."""
    home = open_home(tmp_path / "home")
    with pytest.raises(NoCA):
        SignerFile(home, now=lambda: NOW).current()
    assert list(home.secrets.iterdir()) == []
