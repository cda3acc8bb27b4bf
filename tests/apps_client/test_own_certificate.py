"""The certificate of a terminal from its own end, over real sockets: got, renewed, replaced, lost, and warned of."""

import json
import os
import shutil
import ssl
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from apps_client.certificate_lab import PARTY, by_hand, machine, open_notice, revoke
from seikyu.adapters.tls_client import BadClientFile
from seikyu.apps import client
from seikyu.apps.client import certificates, own_files, reminding
from seikyu.apps.client.certificates import held, renew
from seikyu.apps.client.enrolling import (
    ClientTaken,
    OfficeNotNamed,
    OfficeNotTrusted,
    Whence,
    public_line,
    whence_of,
)
from seikyu.apps.client.errors import FileUnusable, LineFailed, OddAnswer, OfficeSaid
from seikyu.apps.client.own_files import RenewalRunning, alone
from seikyu.apps.demo_office import client_of
from seikyu.apps.demo_relay import Relay
from seikyu.apps.enrolling import enrolling_at
from seikyu.apps.generator import world
from seikyu.apps.wiring import find_home
from seikyu.services.applications import Opened


class Pulled(BaseException):
    """The plug was pulled: nothing catches this, as nothing catches a kill."""


@pytest.fixture
def public(home: Path) -> str:
    """Return the address of the public face."""
    return f"https://localhost:{find_home(home).settings().public.port}"


@pytest.fixture
def opened(home: Path, request: pytest.FixtureRequest) -> Callable[..., Opened]:
    """Apply for the certificate of a terminal and have it approved."""

    def notice(terminal: str = "", *, party: str = PARTY) -> Opened:
        name = terminal or sha256(request.node.nodeid.encode()).hexdigest()[:20]
        return open_notice(home, name, party=party)

    return notice


@pytest.fixture
def terminal(
    home: Path, public: str, opened: Callable[..., Opened], tmp_path: Path
) -> tuple[client.ClientFolder, Opened]:
    """Return a terminal that has fetched its certificate into an empty folder, and its notice."""
    notice = opened()
    folder = machine(tmp_path / "pc", home, public).by_code(reference=notice.reference, code=notice.pin)
    return folder, notice


def says(folder: client.ClientFolder) -> dict[str, Any]:
    """Return what the office says of the certificate in a folder."""
    with client.Line(folder, tries=1) as line:
        return line.get("/certificates/own")


def files(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_from_an_empty_folder_to_a_line_to_the_desk(
    home: Path, public: str, terminal: tuple[client.ClientFolder, Opened], tmp_path: Path
) -> None:
    """The folder has what it needs and nothing else; its files are its owner's only; the desk knows the terminal."""
    folder, notice = terminal
    assert files(tmp_path / "pc").keys() == {
        f"clients/{PARTY}/{name}" for name in ("ca.pem", "cert.pem", "client.toml", "key.pem")
    }
    assert {path.stat().st_mode & 0o777 for path in folder.path.iterdir()} == {0o600}
    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert (folder.public, folder.url) == (public, client_of(home, PARTY).url)
    told = says(folder)
    assert (told["terminal"], told["way"], told["state"]) == (notice.notice.terminal, "download", "good")
    assert not told["warn"]


def test_a_fingerprint_from_paper_is_enough(
    home: Path, public: str, opened: Callable[..., Opened], tmp_path: Path
) -> None:
    """With colons or without; another one sends nothing, and without one nobody is trusted."""
    root = ssl.PEM_cert_to_DER_cert((home / "ca" / "root.pem").read_text())
    digest = sha256(root).hexdigest().upper()
    notice = opened()
    colons = ":".join(digest[at : at + 2] for at in range(0, 64, 2))
    for wrong in ("", "ab" * 31, "00" * 32):
        with pytest.raises(OfficeNotTrusted) as refused:
            machine(tmp_path, home, public, whence=Whence(public, fingerprint=wrong))
        assert refused.value.words_code == ("office_is_another" if wrong == "00" * 32 else "office_not_trusted")
    assert list(tmp_path.iterdir()) == []
    new = machine(tmp_path, home, public, whence=Whence(public + "/", fingerprint=colons))
    assert says(new.by_code(reference=notice.reference, code=notice.pin))["state"] == "good"


def test_a_wrong_root_and_a_wrong_address_send_nothing(
    home: Path, public: str, terminal: tuple[client.ClientFolder, Opened], tmp_path: Path
) -> None:
    """Told in words, before any code has left."""
    folder, notice = terminal
    with pytest.raises(BadClientFile):
        machine(tmp_path, home, public, whence=Whence(public, tmp_path / "no.pem"))
    with pytest.raises(LineFailed) as foreign:
        new = machine(tmp_path, home, public, whence=Whence(public, folder.certificate))
        new.by_code(reference=notice.reference, code=notice.pin)
    assert foreign.value.line_code == "server_certificate_foreign"
    for address in ("", "http://localhost", "https://a/b"):
        with pytest.raises(OfficeNotNamed):
            machine(tmp_path, home, public, whence=Whence(address, home / "ca" / "root.pem"))
    with pytest.raises(ClientTaken):
        machine(tmp_path, home, public, client_id="../x")


def test_a_wrong_pin_leaves_the_key_for_the_next_try(
    home: Path, public: str, opened: Callable[..., Opened], tmp_path: Path
) -> None:
    """The office's own words; nothing under `clients`; the next try asks with the same key."""
    notice, other = opened("甲"), opened("乙")
    with pytest.raises(OfficeSaid) as refused:
        machine(tmp_path, home, public).by_code(reference=notice.reference, code=other.pin)
    assert refused.value.words_code == "code_refused"
    assert not (tmp_path / "clients").exists()
    [key] = tmp_path.glob("enrolling/*/key.pem")
    kept = key.read_bytes()
    folder = machine(tmp_path, home, public).by_code(reference=notice.reference, code=notice.pin)
    assert folder.key.read_bytes() == kept


def test_another_terminals_folder_is_not_touched(
    home: Path, public: str, opened: Callable[..., Opened], terminal: tuple[client.ClientFolder, Opened], tmp_path: Path
) -> None:
    """The second terminal of a party on one machine has a name of its own."""
    folder, second = terminal[0], opened("二号機")
    before = files(folder.path)
    with pytest.raises(ClientTaken):
        machine(tmp_path / "pc", home, public, what="2").by_code(reference=second.reference, code=second.pin)
    assert files(folder.path) == before
    named = machine(tmp_path / "pc", home, public, what="2", client_id="second")
    assert says(named.by_code(reference=second.reference, code=second.pin))["terminal"] == "二号機"


def test_a_renewal_takes_over_and_the_old_one_overlaps(terminal: tuple[client.ClientFolder, Opened]) -> None:
    """A new key, the same terminal; the old pair still works, and no trace of the change is left."""
    folder, _ = terminal
    old, kept = held(folder), folder.path.with_name("kept")
    shutil.copytree(folder.path, kept)
    key = folder.key.read_bytes()
    new = renew(folder)
    assert (new.party, new.terminal) == (old.party, old.terminal)
    assert new.serial != old.serial
    assert folder.key.read_bytes() != key
    assert sorted(path.name for path in folder.path.iterdir()) == ["ca.pem", "cert.pem", "client.toml", "key.pem"]
    assert (says(folder)["state"], says(replace(folder, path=kept))["state"]) == ("good", "ending")


def test_a_renewal_cut_off_anywhere_is_gone_on_with(
    home: Path, terminal: tuple[client.ClientFolder, Opened], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each step that leaves something on the disk or asks the office: a pair works, and one certificate is made."""
    folder, _ = terminal
    first, steps = held(folder), 0

    def pulled_at(number: int) -> int:
        """Renew with the plug pulled before the step of that number; return how many steps there were."""
        done = 0

        def step(act: Callable[..., Any]) -> Callable[..., Any]:
            def counted(*args: Any, **options: Any) -> Any:
                nonlocal done
                done += 1
                if done == number:
                    raise Pulled
                return act(*args, **options)

            return counted

        with monkeypatch.context() as patched:
            patched.setattr(own_files, "write_private", step(own_files.write_private))
            patched.setattr(certificates, "write_private", step(certificates.write_private))
            patched.setattr(own_files, "sync_folder", step(own_files.sync_folder))
            patched.setattr(shutil, "rmtree", step(shutil.rmtree))
            patched.setattr(certificates, "reenrolled", step(certificates.reenrolled))
            patched.setattr(certificates, "_use_once", step(certificates._use_once))
            patched.setattr(Path, "rename", step(Path.rename))
            renew(folder, tries=1)
        return done

    number = 1
    while not steps:
        before = held(folder).serial
        try:
            steps = pulled_at(number)
        except Pulled:
            assert says(folder)["state"] in {"good", "ending"}
            if held(folder).serial == before:
                renew(folder)
        assert says(folder)["state"] == "good"
        number += 1
    with enrolling_at(find_home(home)) as enrolling, enrolling.store.read() as tx:
        made = tx.issued_of_terminal(first.party, first.terminal)
    # Every round of this test has made exactly one, whatever it was cut off at, and the first was there before.
    assert steps > 8
    assert len(made) == 1 + number - 1


def test_an_answer_that_got_lost_is_fetched_again(
    home: Path, terminal: tuple[client.ClientFolder, Opened], relay: Callable[..., AbstractContextManager[Relay]]
) -> None:
    """The office has issued, the line broke before the client knew: the same key gets the same certificate."""
    folder, _ = terminal
    with relay(down=4_000) as cut:
        far = replace(folder, url=f"https://localhost:{cut.port}")
        with pytest.raises(LineFailed):
            renew(far, tries=1)
        assert cut.cuts == 1
    assert (folder.path / "next" / "key.pem").exists()
    assert not (folder.path / "next" / "cert.pem").exists()
    with enrolling_at(find_home(home)) as enrolling, enrolling.store.read() as tx:
        issued = tx.issued_of_terminal(PARTY, held(folder).terminal)
    new = renew(folder)
    assert len(issued) == 2
    assert new.serial == issued[-1].serial
    assert says(folder)["state"] == "good"


def test_what_an_old_try_has_brought_and_nobody_takes_is_thrown_away(
    home: Path, terminal: tuple[client.ClientFolder, Opened], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Revoked, damaged, or of another key: the next renewal begins anew, and what is in use works all the time."""
    folder, _ = terminal

    def stop(*_: object, **__: object) -> None:
        raise Pulled

    with monkeypatch.context() as patched:
        patched.setattr(certificates, "_use_once", stop)
        with pytest.raises(Pulled):
            renew(folder)
    coming = folder.path / "next"
    revoke(home, certificates.held(replace(folder, pair="next")).serial)
    with pytest.raises(OfficeSaid) as refused:
        renew(folder)
    assert refused.value.words_code == "certificate_revoked"
    assert not coming.exists()
    assert renew(folder).serial == held(folder).serial
    for damage in (b"", folder.certificate.read_bytes()):
        coming.mkdir()
        (coming / "cert.pem").write_bytes(damage)
        with pytest.raises(BadClientFile) if damage else nothing():
            renew(folder)
        assert says(folder)["state"] == "good"
        shutil.rmtree(coming, ignore_errors=True)


def test_two_renewals_at_once_are_one(terminal: tuple[client.ClientFolder, Opened]) -> None:
    """The second is told that the first is at it."""
    folder, _ = terminal
    with alone(folder.path), pytest.raises(RenewalRunning):
        renew(folder)
    with pytest.raises(FileUnusable), alone(folder.path / "no"):
        pass


def test_a_dead_machine_is_replaced_with_the_code_and_its_old_certificate_ends(
    home: Path, public: str, terminal: tuple[client.ClientFolder, Opened], tmp_path: Path
) -> None:
    """From an empty folder; into the folder that is there as well, of which whatever is left is replaced."""
    folder, notice = terminal
    new = machine(tmp_path / "new", home, public).by_code(reference=notice.reference, code=notice.recovery)
    assert (says(new)["state"], says(new)["way"]) == ("good", "recovery")
    with pytest.raises(OfficeSaid) as refused:
        says(folder)
    assert refused.value.words_code == "certificate_revoked"
    (folder.path / "next").mkdir()
    known = whence_of(tmp_path / "pc", None, Whence(""))
    assert known == Whence(public, folder.ca)
    again = machine(tmp_path / "pc", home, public, whence=known)
    back = again.by_code(reference=notice.reference, code=notice.recovery)
    assert back.path == folder.path
    assert says(back)["state"] == "good"
    assert sorted(path.name for path in folder.path.iterdir()) == ["ca.pem", "cert.pem", "client.toml", "key.pem"]


def test_another_terminal_approves_a_new_machine(
    home: Path,
    public: str,
    opened: Callable[..., Opened],
    terminal: tuple[client.ClientFolder, Opened],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Killed while it waits, the machine goes on waiting with the same code; approved, it has its certificate."""
    folder, notice = terminal
    name, second = notice.notice.terminal, opened("二号機・承認")
    voucher = machine(tmp_path / "second", home, public).by_code(reference=second.reference, code=second.pin)
    shown: list[certificates.Waiting] = []

    def killed(_: float) -> None:
        raise Pulled

    monkeypatch.setattr(certificates.time, "sleep", killed)
    wait = certificates.wait_to_pair
    monkeypatch.setattr(certificates, "wait_to_pair", lambda line, key, secret: wait(line, key, secret, sleep=killed))
    with pytest.raises(Pulled):
        machine(tmp_path / "new", home, public).by_pairing(party=PARTY, terminal=name, show=shown.append)

    def approve(_: float) -> None:
        with client.Line(voucher) as line:
            [each] = [one for one in line.get("/certificates/pairings")["items"] if not one["approved"]]
            assert (each["terminal"], each["spki_sha256"]) == (name, shown[-1].spki_sha256)
            line.post("/certificates/pairings/approve", json={"pairing_code": shown[-1].pairing_code})

    monkeypatch.setattr(certificates, "wait_to_pair", lambda line, key, secret: wait(line, key, secret, sleep=approve))
    new = machine(tmp_path / "new", home, public).by_pairing(party=PARTY, terminal=name, show=shown.append)
    assert [each.pairing_code for each in shown] == [shown[0].pairing_code] * 2
    assert (says(new)["terminal"], says(new)["way"]) == (name, "pairing")
    assert not list((tmp_path / "new").rglob("pairing.json"))
    with pytest.raises(OfficeSaid) as refused:
        says(folder)
    assert refused.value.words_code == "certificate_revoked"


def test_a_lost_terminal_is_shut_out_from_anywhere(
    home: Path, public: str, terminal: tuple[client.ClientFolder, Opened]
) -> None:
    """Without its folder; said again there is nothing left to do."""
    folder, notice = terminal
    serial = held(folder).serial
    for expected in ([serial], []):
        with public_line(Whence(public, home / "ca" / "root.pem"), tries=1) as line:
            assert expected == certificates.report_lost(line, reference=notice.reference, recovery=notice.recovery)
    with pytest.raises(OfficeSaid):
        says(folder)


def test_what_comes_is_looked_at_before_it_is_kept(
    home: Path, terminal: tuple[client.ClientFolder, Opened], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate for another key, another terminal, from another root, or nothing of the sort: none is kept."""
    folder, _ = terminal
    other = client_of(home, world().institutions[3].id)
    with monkeypatch.context() as patched:
        patched.setattr(certificates, "reenrolled", lambda *_: other.certificate.read_bytes())
        with pytest.raises(OddAnswer):
            renew(folder)
    pem = x509.load_pem_x509_certificates(folder.certificate.read_bytes())
    for come in ([], pem[:1]):
        with monkeypatch.context() as patched:
            patched.setattr(certificates, "_pkcs7", lambda *_, come=come: come)
            with pytest.raises(OddAnswer):
                renew(folder)
    assert not (folder.path / "next" / "cert.pem").exists()
    assert says(folder)["state"] == "ending"


def test_a_certificate_renews_itself_and_is_warned_of_in_time(home: Path) -> None:
    """Told at 90 days once, renewed with 60 left without a word; a renewal that fails is told and not tried at once."""
    folder = by_hand(home, "窓口", now=datetime.now(UTC) - timedelta(days=1150), name="warned")
    own, told = held(folder), list[str]()

    def ride(days: float) -> None:
        reminding.ride_along(folder, told.append, now=own.not_after - timedelta(days=days, seconds=1))

    ride(91)
    assert not told
    for days, count in ((89.9, 1), (89, 1), (61, 1)):
        ride(days)
        assert (days, len(told)) == (days, count)
    nowhere = replace(folder, url="https://localhost:1")
    reminding.ride_along(nowhere, told.append, now=own.not_after - timedelta(days=59))
    assert len(told) == 2
    assert "localhost:1" in told[-1]
    ride(58.98)
    assert held(folder).serial == own.serial
    ride(58)
    assert held(folder).serial != own.serial
    assert len(told) == 2
    assert says(folder)["state"] == "good"


def test_a_warning_comes_every_day_of_the_last_week(home: Path, terminal: tuple[client.ClientFolder, Opened]) -> None:
    """Once a day, and behind the end too; a folder without a certificate is the command's own to complain of."""
    folder, _ = terminal
    far, told = replace(folder, url="https://localhost:1"), list[str]()
    end = held(folder).not_after
    for hours in range(7 * 24, -48, -8):
        reminding.ride_along(far, told.append, now=end - timedelta(hours=hours))
    assert len(told) == 10
    reminding.ride_along(replace(folder, path=folder.path / "no"), told.append)
    assert len(told) == 10


def test_what_is_thrown_away_is_gone_as_a_whole(
    terminal: tuple[client.ClientFolder, Opened], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed meanwhile, no half pair is left; the next renewal removes the rest, and what is left since yesterday."""
    folder, _ = terminal
    coming = folder.path / "next"
    own_files.key_for_next(folder.path)
    (coming / "cert.pem").write_bytes(b"x")

    def pull(*_: object, **__: object) -> None:
        raise Pulled

    with monkeypatch.context() as patched:
        patched.setattr(own_files.shutil, "rmtree", pull)
        with pytest.raises(Pulled):
            own_files.drop(coming)
    assert not coming.exists()
    assert len(list(folder.path.glob(".gone-*/key.pem"))) == 1
    old, young = (folder.path / f".key.pem.{each * 16}" for each in "ab")
    for each in (old, young):
        each.write_bytes(b"a key")
    os.utime(old, (1, 1))
    with alone(folder.path):
        assert not list(folder.path.glob(".gone-*"))
        assert (old.exists(), young.exists()) == (False, True)
    own_files.drop(coming)  # there is none


@pytest.mark.parametrize("trouble", [RuntimeError("odd"), KeyboardInterrupt()])
def test_the_ride_takes_nothing_from_the_command(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, trouble: BaseException
) -> None:
    """What the command says is out before the ride begins; whatever happens to that, its status stays."""
    from seikyu.apps.cli import run

    folder = client_of(home, world().institutions[3].id)
    out = list[str]()

    def ride(*_: Any, **__: Any) -> None:
        out.append(capsys.readouterr().out)
        raise trouble

    monkeypatch.setattr(reminding, "ride_along", ride)
    monkeypatch.setenv("SEIKYU_LANG", "en")
    assert run(["status", "--home", str(home), "--as", folder.path.name, "--json"]) == 0
    assert "items" in json.loads(out[0])
    assert capsys.readouterr() == ("", "")


def test_a_renewal_that_fails_oddly_is_told_with_the_warning_only(
    home: Path, terminal: tuple[client.ClientFolder, Opened], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits no longer than ten seconds for the line."""
    folder, _ = terminal
    asked = list[dict[str, Any]]()

    def odd(_: Any, **how: Any) -> None:
        asked.append(how)
        raise RuntimeError

    monkeypatch.setattr(certificates, "renew", odd)
    told = list[str]()
    reminding.ride_along(folder, told.append, now=held(folder).not_after - timedelta(days=20))
    assert (asked, len(told)) == ([{"tries": 1, "timeout_s": 10.0}], 1)


def test_an_answer_with_an_algorithm_that_nobody_knows_is_odd(
    terminal: tuple[client.ClientFolder, Opened], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a wrong answer, and no bug of this end."""

    def unknown(_: bytes) -> None:
        raise UnsupportedAlgorithm("none of ours")

    monkeypatch.setattr(certificates, "load_der_pkcs7_certificates", unknown)
    with pytest.raises(OddAnswer):
        renew(terminal[0])


def test_a_command_renews_what_ends_soon(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`status` works as ever, says nothing of it, and the folder has a new certificate; one issued by hand too."""
    from seikyu.apps.cli import run

    folder = by_hand(home, "手渡し", now=datetime.now(UTC) - timedelta(days=1150), name="by-hand")
    first = held(folder)
    assert (first.not_after - datetime.now(UTC)).days < 60
    assert run(["status", "--home", str(home), "--as", folder.path.name, "--json"]) == 0
    out = capsys.readouterr()
    assert json.loads(out.out) == {"items": []}
    assert out.err == ""
    assert held(folder).serial != first.serial
    assert held(folder).not_after > first.not_after
    assert says(folder)["state"] == "good"


def nothing() -> Any:
    """Return a block in which nothing is expected to go wrong."""
    from contextlib import nullcontext

    return nullcontext()
