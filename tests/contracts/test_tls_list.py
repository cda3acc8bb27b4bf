"""The list of the revoked: who stands on it and until when, its numbers, what openssl makes of it, and a full disk."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from test_tls_ca import everything, openssl

from pki import HOLDER
from seikyu.adapters import x509_list
from seikyu.adapters.ca_files import CannotWrite
from seikyu.adapters.home import Home, open_home
from seikyu.adapters.ocsp_signer import Signers
from seikyu.adapters.sql import SqlStore, open_store
from seikyu.adapters.x509_ca import create_ca, enrol, open_ca
from seikyu.adapters.x509_list import CRL_PERIOD, Listed, list_revoked
from seikyu.ports.errors import NoSpace, SeikyuError
from seikyu.ports.register import Certificate, Party
from seikyu.services.revocation import Responder, Statuses

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)


@dataclass
class Bench:
    """A home with an authority and rows."""

    home: Home
    store: SqlStore

    def __post_init__(self) -> None:
        create_ca(self.home, organisation="office", now=NOW - 3 * DAY)

    def revoke(self, serial: str, not_after: datetime) -> None:
        """Enter a certificate that is revoked."""
        row = Certificate(serial, HOLDER.party, "pc", NOW - DAY, not_after, revoked_at=NOW, reason="superseded")
        with self.store.write() as tx:
            tx.put_certificate(row)

    def list(self, at: datetime) -> Listed:
        """Write the list."""
        return list_revoked(open_ca(self.home), self.store, now=at)

    def listed(self, at: datetime) -> set[str]:
        """Write the list and return who stands on it."""
        return {f"{each.serial_number:x}" for each in self.crl(self.list(at).path)}

    def crl(self, path: Path | None = None) -> x509.CertificateRevocationList:
        """Return the list that is there."""
        return x509.load_pem_x509_crl((path or self.home.ca / "crl.pem").read_bytes())

    def number(self) -> int:
        """Return its number."""
        return self.crl().extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Return a bench."""
    home = open_home(tmp_path / "home")
    store = open_store(home.database)
    yield Bench(home, store)
    store.close()


def test_who_has_ended_leaves_behind_one_list_more(bench: Bench) -> None:
    """Every certificate stands on a list that was made after its end, and on none after that (RFC 5280, 3.3)."""
    bench.revoke("a", NOW + DAY)
    bench.revoke("b", NOW + 3 * DAY)

    assert [{"a", "b"}, {"a", "b"}, {"a", "b"}, {"b"}, {"b"}, set()] == [
        bench.listed(NOW + days * DAY) for days in (0, 1, 1.5, 2, 3.5, 4)
    ]


def test_who_ended_while_nobody_made_lists_is_on_the_next(bench: Bench) -> None:
    """A server that was away for a month leaves nobody out."""
    bench.revoke("a", NOW + DAY)
    bench.list(NOW)
    assert bench.listed(NOW + 30 * DAY) == {"a"}
    assert bench.listed(NOW + 31 * DAY) == set()


def test_a_clock_that_was_wrong_takes_nobody_off(bench: Bench) -> None:
    """It ran a year ahead and was put back: who has not ended stands on the list again."""
    bench.revoke("a", NOW + DAY)
    for days in (400, 401):
        bench.list(NOW + days * DAY)
    assert bench.listed(NOW + 402 * DAY) == set()
    assert bench.listed(NOW) == {"a"}


def test_what_was_written_is_told(bench: Bench) -> None:
    """How many stand on it, and how many ever were revoked."""
    bench.revoke("a", NOW - 9 * DAY)
    bench.revoke("b", NOW + DAY)
    bench.list(NOW)
    made = bench.list(NOW + timedelta(hours=1))
    assert (made.number, made.many, made.revoked, made.next_update) == (2, 1, 2, NOW + timedelta(hours=1) + CRL_PERIOD)


def test_numbers_rise_above_the_list_that_is_there(bench: Bench) -> None:
    """Rows that were restored from yesterday know a lower number than readers do."""
    for _ in range(5):
        bench.list(NOW)
    with bench.store.write() as tx:
        tx.connection.exec_driver_sql("UPDATE sequences SET last = 2 WHERE name = 'crl'")
    assert [bench.list(NOW).number, bench.number(), bench.list(NOW).number] == [6, 6, 7]


def test_a_list_that_fails_leaves_the_old_one_and_its_number_is_not_given_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever made it might have shown it to somebody."""
    bench.list(NOW)
    bench.revoke("a", NOW + DAY)
    before = everything(bench.home.ca)
    with monkeypatch.context() as patched, pytest.raises(RuntimeError):
        patched.setattr(x509_list, "write_crl", plug)
        bench.list(NOW)
    assert before == everything(bench.home.ca)
    assert (bench.list(NOW).number, bench.listed(NOW)) == (3, {"a"})


def plug(*_: object, **__: object) -> None:
    """Pull it."""
    raise RuntimeError("the plug")


def test_a_list_that_is_slow_is_not_put_over_a_newer_one(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second waits until the first has been named; the file has the higher number, and nobody is missing on it."""
    written, newer = x509_list.write_crl, threading.Event()

    def slowly(*args: Any, number: int, **more: Any) -> Path:
        """Let the newer one go first, if it can."""
        if number == 1:
            newer.wait(0.5)
        path = written(*args, number=number, **more)
        newer.set()
        return path

    monkeypatch.setattr(x509_list, "write_crl", slowly)

    def act(no: int) -> int:
        bench.revoke(f"{no:x}", NOW + DAY)
        return bench.list(NOW).number

    with ThreadPoolExecutor(6) as threads:
        numbers = list(threads.map(act, range(10, 22)))
    assert sorted(numbers) == list(range(1, 13))
    assert (bench.number(), len(bench.crl())) == (12, 12)


@pytest.mark.parametrize("damage", [b"", b"rubbish", None])
def test_a_list_that_cannot_be_read_is_written_anew(bench: Bench, damage: bytes | None) -> None:
    """With the next number of the rows."""
    bench.list(NOW)
    path = bench.home.ca / "crl.pem"
    path.unlink() if damage is None else path.write_bytes(damage)
    assert bench.list(NOW).number == 2


@pytest.mark.parametrize(
    ("days", "says"),
    [
        (-1, "CRL is not yet valid"),
        (-0.001, "OK"),
        (0, "OK"),
        (1, "OK"),
        (6.9, "OK"),
        (7.1, "CRL has expired"),
    ],
)
def test_a_reader_with_another_clock_takes_the_list_or_says_why_not(bench: Bench, days: float, says: str) -> None:
    """A day ahead it goes on; a day behind, and behind the list's end, it refuses everybody and says what is wrong."""
    _, paths = enrol(open_ca(bench.home), bench.store, HOLDER, folder=bench.home.root / "good", now=NOW - 2 * DAY)
    bench.list(NOW)
    at = int((NOW + days * DAY).timestamp())
    said = openssl(
        "verify", "-crl_check", "-attime", at, "-CAfile", bench.home.ca / "root.pem",
        "-CRLfile", bench.home.ca / "crl.pem", "-untrusted", bench.home.ca / "issuing.pem", paths["cert"],
        good=says == "OK",
    )  # fmt: skip
    assert says in said


def test_a_full_disk_keeps_the_old_list(small_disk: Path) -> None:
    """No half list and nothing beside it; with room again it is written."""
    home = open_home(small_disk / "home")
    store = open_store(home.database)
    bench = Bench(home, store)
    bench.list(NOW)
    row = Certificate("a", HOLDER.party, "pc", NOW - DAY, NOW + DAY, revoked_at=NOW, reason="superseded")
    with store.write() as tx:
        for no in range(100, 400):
            tx.put_certificate(replace(row, serial=f"{no:x}"))
    store.close()
    store = open_store(home.database)
    bench = replace_store(bench, store)
    before = everything(home.ca)
    ballast = fill(small_disk)

    with pytest.raises(SeikyuError) as told:
        bench.list(NOW)
    assert isinstance(told.value, CannotWrite | NoSpace)
    assert before == everything(home.ca)

    ballast.unlink()
    made = bench.list(NOW)
    assert (made.number > 1, made.many) == (True, 300)
    store.close()


def test_a_full_disk_for_rows_issues_nothing(small_disk: Path, tmp_path: Path) -> None:
    """No row of a certificate, no file of one; with room again it is issued."""
    home = open_home(tmp_path / "home")
    ca = create_ca(home, organisation="office", now=NOW)
    store = open_store(small_disk / "office.sqlite")
    ballast = fill(small_disk)
    newcomer = Party(HOLDER.party, HOLDER.kind, "見" * 500_000, since=NOW)

    with pytest.raises(NoSpace):
        enrol(ca, store, HOLDER, folder=tmp_path / "client", now=NOW, newcomer=newcomer)

    assert {} == everything(tmp_path / "client")
    with store.read() as tx:
        assert ([], None) == (tx.certificates(), tx.party(HOLDER.party))
    ballast.unlink()
    row, paths = enrol(ca, store, HOLDER, folder=tmp_path / "client", now=NOW, newcomer=replace(newcomer, name="見本"))
    with store.read() as tx:
        assert [row] == tx.certificates()
    assert {"cert", "key", "ca"} == set(paths)
    store.close()


def test_a_full_disk_for_files_issues_nothing(small_disk: Path, tmp_path: Path) -> None:
    """Neither a file nor a row is left, and nothing stands in the way of another try."""
    home = open_home(tmp_path / "home")
    ca = create_ca(home, organisation="office", now=NOW)
    store = open_store(home.database)
    folder = small_disk / "client"
    folder.mkdir()
    ballast = fill(small_disk)

    with pytest.raises(CannotWrite):
        enrol(ca, store, HOLDER, folder=folder, now=NOW)

    assert [] == list(folder.iterdir())
    with store.read() as tx:
        assert tx.certificates() == []
    ballast.unlink()
    enrol(ca, store, HOLDER, folder=folder, now=NOW)
    store.close()


def fill(disk: Path) -> Path:
    """Take all the room there is; return the file that holds it."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        size = 1 << 16
        while size:
            try:
                file.write(bytes(size))
            except OSError:
                size >>= 1
    return ballast


def replace_store(bench: Bench, store: SqlStore) -> Bench:
    """Return a bench over the same home with its rows opened again, so that its log is small."""
    again = object.__new__(Bench)
    again.home, again.store = bench.home, store
    return again


class Hearing:
    """Takes no notice (services.revocation.Listening)."""

    def heard(self, source: str) -> None:
        """Take none."""

    def silent(self, source: str, error: Exception) -> None:
        """Take none."""


@pytest.mark.parametrize(
    ("ahead", "believed"),
    [
        (timedelta(), True),
        (timedelta(minutes=4), True),
        (timedelta(minutes=-5), True),
        (DAY, False),
        (-DAY, False),
    ],
)
def test_a_reader_whose_clock_is_a_day_off_is_told_by_its_own_program(
    bench: Bench,
    tmp_path: Path,
    ahead: timedelta,
    believed: bool,  # noqa: FBT001 (a table)
) -> None:
    """OpenSSL takes five minutes either way, and says what is wrong past them; no revoked one is ever called good."""
    row, paths = enrol(open_ca(bench.home), bench.store, HOLDER, folder=tmp_path / "client", now=NOW - 3 * DAY)
    # The reader's clock cannot be set from here, so the office's differs by as much the other way.
    clock = lambda: datetime.now(UTC) - ahead  # noqa: E731
    signer = Signers(bench.home, now=clock)
    responder = Responder(Statuses(bench.store, now=clock, listened=Hearing()), signer=signer.current, now=clock)
    question, answer, issuer = tmp_path / "question.der", tmp_path / "answer.der", bench.home.ca / "issuing.pem"
    about = ["-issuer", issuer, "-cert", paths["cert"], "-no_nonce"]
    openssl("ocsp", *about, "-reqout", question)
    for word in ("good", "revoked"):
        answer.write_bytes(responder.answer(question.read_bytes()).der)
        said = openssl("ocsp", *about, "-respin", answer, "-CAfile", bench.home.ca / "root.pem", "-verify_other", issuer,
                       "-attime", int(clock().timestamp()))  # fmt: skip
        assert "Response verify OK" in said
        assert f"\n{word}\n" in said or f"cert.pem: {word}\n" in said
        assert ("Status times invalid" not in said) is believed
        with bench.store.write() as tx:
            tx.revoke_certificates([row.serial], at=NOW, reason="superseded")
