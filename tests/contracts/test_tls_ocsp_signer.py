"""The delegate that signs answers: private, there again after a restart, and renewed in time without being asked."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp

from pki import make_pki, write_pem
from seikyu.adapters.ca_files import CannotWrite
from seikyu.adapters.home import Home, open_home
from seikyu.adapters.ocsp_signer import SIGNER_RENEWAL, Signers
from seikyu.adapters.x509_ca import NoCA, create_ca, issuing_certificates, open_issuing, renew_issuing, roll_over
from seikyu.ports.errors import Damaged, Unavailable
from seikyu.trust.certificates import Issuer, Period
from seikyu.trust.status import SIGNER_LIFE, AnswerSigner, NotOurs, Question, question_from, signer_certificate

NOW = datetime(2026, 10, 5, 9, 0, 0, 5, tzinfo=UTC)


def about(issuer: x509.Certificate, *, no: int = 1) -> Question:
    """Return a question about certificate `no` of an issuer."""
    asked = ocsp.OCSPRequestBuilder().add_certificate_by_hash(*hashes(issuer), no, SHA256())
    return question_from(asked.build().public_bytes(Encoding.DER))


def hashes(issuer: x509.Certificate) -> tuple[bytes, bytes]:
    """Return what questions name an issuer by."""
    point = issuer.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return sha256(issuer.subject.public_bytes()).digest(), sha256(point).digest()


class Delegates(Signers):
    """The delegates, asked by the generation of the CA."""

    def of(self, generation: int = 1) -> AnswerSigner:
        """Return the delegate of one."""
        return self.current(about(issuing_certificates(self._home)[generation]))


class Bench:
    """A home with a CA, a clock that stands still, and an authority that can be away."""

    def __init__(self, folder: Path) -> None:
        self.home = open_home(folder / "home")
        create_ca(self.home, organisation="office", now=NOW)
        self.at = NOW
        self.away = False
        self.asked = 0
        self.file = self.again()
        self.path = self.home.secrets / "ocsp.pem"

    def again(self) -> "Delegates":
        """Return what a restarted server has."""
        return Delegates(self.home, now=lambda: self.at, issuing=self.issuing)

    def issuing(self, home: Home, generation: int) -> Issuer:
        """Give the CA's key, or not."""
        self.asked += 1
        if self.away:
            raise Unavailable("the safe is closed")
        return open_issuing(home, generation)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Return a bench."""
    return Bench(tmp_path)


def test_it_is_made_when_it_is_first_needed(bench: Bench) -> None:
    """One private file, of our CA, good for its life and no longer."""
    signer = bench.file.of()

    signer.certificate.verify_directly_issued_by(open_issuing(bench.home, 1).certificate)
    assert bench.path.stat().st_mode & 0o777 == 0o600
    assert signer.certificate.not_valid_after_utc == NOW.replace(microsecond=0) + SIGNER_LIFE
    assert signer.certificate.not_valid_before_utc < NOW


def test_it_is_the_same_after_a_restart(bench: Bench) -> None:
    """The CA's key is not touched for that."""
    first = bench.file.of()
    assert bench.again().of().certificate == first.certificate
    assert bench.asked == 1


def test_it_is_made_anew_a_week_before_it_ends(bench: Bench) -> None:
    """Not a moment before; the key is new as well."""
    first = bench.file.of()
    bench.at = first.certificate.not_valid_after_utc - SIGNER_RENEWAL - timedelta(seconds=1)
    bench.file.refresh()
    assert bench.file.of() is first

    bench.at += timedelta(seconds=1)
    bench.file.refresh()
    anew = bench.file.of()
    assert anew.certificate.not_valid_after_utc == bench.at + SIGNER_LIFE
    assert anew.certificate.public_key() != first.certificate.public_key()
    assert bench.again().of().certificate == anew.certificate


def test_an_authority_that_is_away_stops_nothing_for_a_week(bench: Bench) -> None:
    """The old one signs to its last moment, and not beyond; then the authority's return heals it."""
    first = bench.file.of()
    bench.away = True
    bench.at = first.certificate.not_valid_after_utc - timedelta(seconds=1)
    with pytest.raises(Unavailable):
        bench.file.refresh()
    assert bench.file.of() is first

    bench.at += timedelta(seconds=1)
    with pytest.raises(Unavailable):
        bench.file.of()
    with pytest.raises(Unavailable):
        bench.again().of()

    bench.away = False
    bench.file.refresh()
    assert bench.file.of() is not first


def test_a_clock_that_was_put_back_gets_another(bench: Bench) -> None:
    """A certificate that begins tomorrow is refused by whoever gets it."""
    first = bench.file.of()
    bench.at -= timedelta(days=1)
    bench.file.refresh()
    assert bench.file.of().certificate.not_valid_before_utc < bench.at < first.certificate.not_valid_before_utc


def test_a_renewed_authority_keeps_its_delegate(bench: Bench) -> None:
    """The same name and key: nothing to do."""
    first = bench.file.of()
    renew_issuing(bench.home, now=NOW + timedelta(days=1))
    bench.file.refresh()
    assert bench.file.of() is first


def test_another_authority_gets_another_delegate(bench: Bench) -> None:
    """Nobody believes the old one in its name."""
    first = bench.file.of()
    other = make_pki(NOW, name="office", keys="ca-foreign").issuing
    write_pem(bench.home.secrets / "ca" / "issuing.pem", other.certificate)
    write_pem(bench.home.secrets / "ca" / "issuing.key", other.key)
    for file in (bench.file, bench.again()):
        file.refresh()
        assert file.of().issuer == other.certificate != first.issuer


@pytest.mark.parametrize("damage", [b"", b"rubbish", "half", "key", "certificate"])
def test_a_damaged_file_is_made_anew(bench: Bench, damage: bytes | str) -> None:
    """Cut, empty, or with parts that do not belong together."""
    first = bench.file.of()
    content = bench.path.read_bytes()
    if damage == "half":
        bench.path.write_bytes(content[: len(content) // 2])
    elif damage == "key":
        create_ca(other := open_home(bench.home.root.parent / "other"), organisation="office", now=NOW)
        Signers(other, now=lambda: NOW).refresh()
        mixed = (other.secrets / "ocsp.pem").read_bytes().split(b"-----BEGIN CERTIFICATE")[0]
        bench.path.write_bytes(mixed + content[content.index(b"-----BEGIN CERTIFICATE") :])
    elif damage == "certificate":
        period = Period(NOW, NOW + SIGNER_LIFE)
        forged = signer_certificate(make_pki(NOW).issuing, first.key.public_key(), serial=9, period=period)
        write_pem(bench.path, first.key, forged, first.issuer)
    elif isinstance(damage, bytes):
        bench.path.write_bytes(damage)

    again = bench.again().of()
    assert again.certificate != first.certificate
    again.certificate.verify_directly_issued_by(first.issuer)
    assert again.certificate.public_key() == again.key.public_key()


def test_an_authority_that_cannot_be_read_changes_nothing(bench: Bench) -> None:
    """The folder lies on a medium that is not there: the delegates know whom they speak for, also after a restart."""
    roll_over(bench.home, now=NOW)
    bench.file.refresh()
    asked = [about(each) for each in issuing_certificates(bench.home).values()]
    before = [bench.file.current(each).certificate for each in asked]
    (bench.home.secrets / "ca").rename(bench.home.secrets / "elsewhere")
    for file in (bench.file, bench.again()):
        file.refresh()
        assert [file.current(each).certificate for each in asked] == before


def test_each_issuing_authority_has_its_own_delegate(bench: Bench) -> None:
    """Also one that came after the last look; each in a private file, and the same after a restart."""
    first = bench.file.of()
    second_issuer = roll_over(bench.home, now=NOW).issuing.certificate
    second = bench.file.of(2)

    second.certificate.verify_directly_issued_by(second_issuer)
    assert (first.generation, second.generation, bench.file.of()) == (1, 2, first)
    assert (bench.home.secrets / "ocsp-2.pem").stat().st_mode & 0o777 == 0o600
    again = bench.again()
    assert [again.of(each).certificate for each in (1, 2)] == [first.certificate, second.certificate]
    assert bench.asked == 2
    with pytest.raises(NotOurs):
        bench.file.current(about(make_pki(NOW, name="another").issuing.certificate))


def test_the_delegate_of_before_is_made_anew_for_the_first_key(bench: Bench) -> None:
    """An older version kept one file, which spoke for the newest key."""
    roll_over(bench.home, now=NOW)
    newest = bench.file.of(2)
    (bench.home.secrets / "ocsp-2.pem").rename(bench.path)
    again = bench.again()
    again.refresh()
    assert again.of(1).issuer == issuing_certificates(bench.home)[1]
    assert again.of(2).certificate != newest.certificate


def test_a_retired_key_that_is_away_keeps_no_other_from_its_work(bench: Bench) -> None:
    """The failure is told, and the delegate of the other is there."""
    roll_over(bench.home, now=NOW)
    (bench.home.secrets / "ca" / "issuing.key").unlink()
    with pytest.raises(Damaged):
        bench.file.refresh()
    assert bench.file.of(2).generation == 2
    with pytest.raises(Damaged):
        bench.file.of(1)


def test_a_delegate_ends_with_its_authority_and_is_not_made_anew_for_that(bench: Bench) -> None:
    """In the last week nothing is signed again and again; behind the end nobody speaks for it."""
    roll_over(bench.home, now=NOW + timedelta(days=60))
    ends = issuing_certificates(bench.home)[1].not_valid_after_utc
    bench.at = ends - timedelta(days=10)
    bench.file.refresh()
    last = bench.file.of(1)
    assert last.certificate.not_valid_after_utc == ends
    bench.at, made = ends - timedelta(seconds=1), bench.asked
    bench.file.refresh()
    assert bench.file.of(1) is last
    assert bench.asked == made + 1, "the younger authority's delegate was due"

    bench.at = ends
    bench.file.refresh()
    with pytest.raises(NotOurs):
        bench.file.of(1)
    assert bench.file.of(2).generation == 2


def test_an_authority_that_is_not_there_is_not_opened(tmp_path: Path) -> None:
    """Neither without a CA nor behind the newest."""
    home = open_home(tmp_path / "home")
    with pytest.raises(NoCA):
        open_issuing(home, 1)
    create_ca(home, organisation="office", now=NOW)
    with pytest.raises(NoCA):
        open_issuing(home, 2)
    (home.secrets / "ca" / "issuing.pem").write_bytes(b"")
    with pytest.raises(Damaged):
        Signers(home, now=lambda: NOW).refresh()


def test_a_full_disk_is_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing half is left, and nobody signs with what could not be kept."""

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("seikyu.adapters.ocsp_signer.write_private", full)
    with pytest.raises(CannotWrite) as refused:
        bench.file.refresh()
    assert refused.value.facts["reason"] == "no space left on device"
    with pytest.raises(CannotWrite):
        bench.file.of()


def test_an_office_without_authority_has_no_delegate(tmp_path: Path) -> None:
    """It says so, and makes nothing."""
    home = open_home(tmp_path / "home")
    with pytest.raises(NoCA):
        Signers(home, now=lambda: NOW).refresh()
    with pytest.raises(NoCA):
        Signers(home, now=lambda: NOW).current(about(make_pki(NOW).issuing.certificate))
    assert list(home.secrets.iterdir()) == []
