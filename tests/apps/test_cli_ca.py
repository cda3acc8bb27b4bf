"""`seikyu ca` from outside: what it prints, how it ends, and that it never shows a key."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from module_lab import PIN, uri
from seikyu.adapters.home import open_home
from seikyu.apps.cli import run


@dataclass
class Said:
    """What a command said and how it ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The answer, which must be all there is on standard output."""
        return json.loads(self.out)


Run = Callable[..., Said]


@pytest.fixture
def ca(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `seikyu ca` on a home of its own; every output is looked through for a key."""
    monkeypatch.setenv("SEIKYU_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SEIKYU_LANG", "en")
    open_home(tmp_path / "home")

    def ca(*args: str) -> Said:
        status = run(["ca", *args])
        said = capsys.readouterr()
        assert "PRIVATE" not in said.out + said.err
        assert "Traceback" not in said.err
        return Said(status, said.out, said.err)

    return ca


ISSUE = ("issue", "9911000015", "--terminal", "受付1号機", "--name", "見本医院")


def test_an_authority_is_made_once(ca: Run) -> None:
    """The first time it says where the root key is and what to do with it, the second time that there is one."""
    first = ca("init", "--name", "試験事務所")
    assert first.status == 0
    assert "root.key" in first.out
    assert "lock it away" in first.out
    second = ca("init")
    assert second.status == 2
    assert "nothing was changed" in second.err
    assert len(second.err.strip().splitlines()) == 2


def test_init_tells_programs_everything(ca: Run, tmp_path: Path) -> None:
    """Paths are absolute; the fingerprint is the root's."""
    told = ca("init", "--root-out", str(tmp_path / "safe"), "--json").json
    root = x509.load_pem_x509_certificate(Path(told["root"]).read_bytes())
    assert root.fingerprint(SHA256()).hex() == told["fingerprint"]
    assert told["root_key"] == str(tmp_path / "safe" / "root.key")
    assert Path(told["root_key"]).is_file()


def test_issue_enters_the_party_and_writes_its_folder(ca: Run, tmp_path: Path) -> None:
    """A new party needs a name; the kind follows from its number."""
    ca("init")
    unknown = ca("issue", "9911000015", "--terminal", "a")
    assert unknown.status == 2
    assert "--name" in unknown.err
    told = ca(*ISSUE, "--url", "https://localhost:8443", "--json").json
    folder = tmp_path / "home" / "clients" / "9911000015"
    assert {path.name for path in folder.iterdir()} == {"key.pem", "cert.pem", "ca.pem", "client.toml"}
    assert (told["kind"], told["state"], told["url"]) == ("institution", "valid", "https://localhost:8443")
    assert told["key"] == str(folder / "key.pem")
    rows = ca("list", "--json").json["items"]
    assert [told["serial"]] == [row["serial"] for row in rows]


def test_a_second_terminal_has_a_folder_of_its_own(ca: Run, tmp_path: Path) -> None:
    """Nothing is overwritten, and the party need not be named again."""
    ca("init")
    ca(*ISSUE)
    again = ca("issue", "9911000015", "--terminal", "受付2号機")
    assert again.status == 2
    assert "--out" in again.err
    assert ca("issue", "9911000015", "--terminal", "受付2号機", "--out", str(tmp_path / "two")).status == 0
    listed = ca("list", "--party", "9911000015").out
    assert "受付1号機" in listed
    assert "受付2号機" in listed
    assert "nothing" in ca("list", "--party", "06990014").out


@pytest.mark.parametrize(
    "wrong",
    [
        ("issue", "99110000", "--kind", "institution", "--terminal", "a", "--name", "n"),
        ("issue", "9911", "--terminal", "a", "--name", "n"),
        ("issue", "../9911000015", "--terminal", "a", "--name", "n"),
        ("issue", "9911000015", "--kind", "nobody", "--terminal", "a", "--name", "n"),
        ("issue", "9911000015", "--terminal", "", "--name", "n"),
        ("issue", "9911000015", "--terminal", "a", "--name", ""),
    ],
)
def test_nothing_is_issued_to_nobody(ca: Run, tmp_path: Path, wrong: tuple[str, ...]) -> None:
    """One line and a hint, and neither row nor folder."""
    ca("init")
    said = ca(*wrong)
    assert said.status == 3
    assert len(said.err.strip().splitlines()) == 2
    assert [] == ca("list", "--json").json["items"]
    assert [] == list((tmp_path / "home" / "clients").iterdir())


def test_the_register_is_not_changed_by_issuing(ca: Run) -> None:
    """A kind or name that differs is refused with what the register says."""
    ca("init")
    ca(*ISSUE)
    said = ca("issue", "9911000015", "--terminal", "b", "--name", "別の名前")
    assert said.status == 2
    assert "見本医院" in said.err


def test_a_request_is_certified(ca: Run, tmp_path: Path) -> None:
    """The CSR way writes no key; a file that is none is refused."""
    ca("init")
    private = ec.generate_private_key(ec.SECP256R1())
    asked = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(private, SHA256())
    (tmp_path / "asked.csr").write_bytes(asked.public_bytes(Encoding.PEM))
    told = ca(*ISSUE, "--csr", str(tmp_path / "asked.csr"), "--json").json
    assert "key" not in told
    assert x509.load_pem_x509_certificate(Path(told["cert"]).read_bytes()).public_key() == private.public_key()
    (tmp_path / "rubbish").write_bytes(b"rubbish")
    refused = ca("issue", "9911000015", "--terminal", "b", "--csr", str(tmp_path / "rubbish"), "--out", str(tmp_path))
    assert refused.status == 3
    assert ca(*ISSUE, "--csr", str(tmp_path / "nothing")).status == 3


@pytest.mark.parametrize("reason", ["key_compromise", "keyCompromise", "key-compromise"])
def test_a_certificate_is_revoked_once(ca: Run, tmp_path: Path, reason: str) -> None:
    """The row and the list say so; said again, nothing changes. Colons and capitals in the serial do not matter."""
    ca("init")
    serial = ca(*ISSUE, "--json").json["serial"]
    printed = ":".join(serial[at : at + 2] for at in range(0, 32, 2)).upper()
    told = ca("revoke", printed, "--reason", reason, "--json").json
    assert ("revoked", "key_compromise") == (told["state"], told["reason"])
    again = ca("revoke", serial, "--reason", "superseded", "--json").json
    assert told == again
    assert "before" in ca("revoke", serial).out
    listed = x509.load_pem_x509_crl((tmp_path / "home" / "ca" / "crl.pem").read_bytes())
    assert [int(serial, 16)] == [entry.serial_number for entry in listed]
    assert "revoked" in ca("list").out


def test_what_was_never_issued_is_not_revoked(ca: Run) -> None:
    """Neither an unknown serial nor an unknown reason changes anything."""
    ca("init")
    assert ca("revoke", "123").status == 2
    assert ca("revoke", "not hex").status == 2
    assert ca("revoke", "123", "--reason", "boredom").status == 3


def test_every_list_has_a_higher_number(ca: Run, tmp_path: Path) -> None:
    """Also when nothing has changed; a copy goes where it is wanted."""
    ca("init")
    first = ca("crl", "--json").json
    second = ca("crl", "--out", str(tmp_path / "copy.pem"), "--json").json
    assert first["number"] < second["number"]
    listed = x509.load_pem_x509_crl((tmp_path / "copy.pem").read_bytes())
    assert listed.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == second["number"]
    assert "no. 3" in ca("crl").out
    assert ca("crl", "--out", str(tmp_path / "nothing" / "copy.pem")).status == 3


def test_renewal_asks_for_the_root_key(ca: Run, tmp_path: Path) -> None:
    """Without the key it says what is missing; with it the authority goes on."""
    ca("init", "--root-out", str(tmp_path / "safe"))
    missing = ca("renew")
    assert missing.status == 3
    assert "--offline-root" in missing.err
    assert ca("renew", "--root-key", str(tmp_path / "safe" / "root.key")).status == 0


@pytest.mark.parametrize("act", [ISSUE, ("revoke", "12"), ("crl",), ("renew",)])
def test_without_an_authority_every_act_says_so(ca: Run, act: tuple[str, ...]) -> None:
    """And how to make one."""
    said = ca(*act)
    assert said.status == 3
    assert "seikyu ca init" in said.err


def test_without_an_office_nothing_is_made(ca: Run, tmp_path: Path) -> None:
    """A wrong --home does not become a home."""
    assert ca("init", "--home", str(tmp_path / "nowhere")).status == 3
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_that_cannot_be_written_is_named(ca: Run, tmp_path: Path) -> None:
    """Nothing is issued then."""
    ca("init")
    (tmp_path / "file").touch()
    said = ca(*ISSUE, "--out", str(tmp_path / "file" / "below"))
    assert said.status == 3
    assert "cannot be written" in said.err
    assert [] == ca("list", "--json").json["items"]


def test_the_desks_address_is_taken_from_the_home(ca: Run, tmp_path: Path) -> None:
    """The port of the last start, if the settings leave it open; without one no client.toml is written."""
    ca("init")
    assert "no client.toml" in ca(*ISSUE).out
    (tmp_path / "home" / "run" / "ports.json").write_text('{"desk": 12345}')
    told = ca("issue", "9911000015", "--terminal", "b", "--out", str(tmp_path / "two"), "--json").json
    assert told["url"] == "https://localhost:12345"
    assert "https://localhost:12345" in (tmp_path / "two" / "client.toml").read_text("utf-8")


def test_an_offline_root_is_asked_for_when_renewing(ca: Run, tmp_path: Path) -> None:
    """The folder holds key and certificate; without it the answer says with which option it is named."""
    told = ca("init", "--offline-root", str(tmp_path / "safe"), "--json").json
    assert {path.name for path in (tmp_path / "safe").iterdir()} == {"root.key", "root.pem"}
    assert (tmp_path / "safe" / "root.pem").read_bytes() == Path(told["root"]).read_bytes()
    assert told["root_key"] == str(tmp_path / "safe" / "root.key")
    alone = ca("renew")
    assert alone.status == 3
    assert "--offline-root" in alone.err
    assert ca("renew", "--offline-root", str(tmp_path / "safe")).status == 0
    assert ca("renew", "--root-key", str(tmp_path / "safe" / "root.key")).status == 0


def test_an_encrypted_authority_says_what_it_lacks(ca: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line and a hint that names the variable; with it everything goes."""
    locked = ca("init", "--encrypt")
    assert locked.status == 3
    assert "SEIKYU_ROOT_PASSPHRASE_FILE" in locked.err
    for name in ("CA", "ROOT"):
        (tmp_path / name).write_text(f"a passphrase for the {name} key\n")
        monkeypatch.setenv(f"SEIKYU_{name}_PASSPHRASE_FILE", str(tmp_path / name))
    assert ca("init", "--encrypt").status == 0
    assert ca(*ISSUE).status == 0
    monkeypatch.delenv("SEIKYU_CA_PASSPHRASE_FILE")
    locked = ca("crl")
    assert locked.status == 3
    assert "SEIKYU_CA_PASSPHRASE_FILE" in locked.err
    assert len(locked.err.strip().splitlines()) == 2


def test_an_authority_in_a_module_is_made_by_its_address(
    ca: Run, module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The PIN comes from its file; a module that is not there is told."""
    address = uri(f"cli {os.urandom(4).hex()}")
    (tmp_path / "pin").write_text(PIN)
    odd = ca("init", "--pkcs11", f"{address}.not&pin-source={tmp_path / 'pin'}")
    assert odd.status == 3
    assert "cannot be used" in odd.err
    assert ca("init", "--pkcs11", f"{address}&pin-source={tmp_path / 'pin'}").status == 0
    assert ca(*ISSUE).status == 0
    assert ca("crl").status == 0
    shown = list((tmp_path / "home").rglob("issuing.key"))
    assert [address in path.read_text() for path in shown] == [True]


def test_a_rollover_is_told_and_writes_both_lists(ca: Run, tmp_path: Path) -> None:
    """It asks for the root's folder; what was issued before is revoked by the list of its own issuer."""
    ca("init", "--offline-root", str(tmp_path / "safe"))
    old = ca(*ISSUE, "--json").json["serial"]
    alone = ca("rollover")
    assert alone.status == 3
    assert "--offline-root" in alone.err
    assert "has a new key" in ca("rollover", "--offline-root", str(tmp_path / "safe")).out
    told = ca("rollover", "--offline-root", str(tmp_path / "safe"), "--json").json
    assert told["retired"] == 2
    new = ca("issue", "9911000015", "--terminal", "b", "--out", str(tmp_path / "b"), "--json").json["serial"]
    for serial in (old, new):
        assert ca("revoke", serial).status == 0
    ends = (tmp_path / "home" / "ca" / "crl.pem").read_bytes().split(b"-----BEGIN")[1:]
    lists = [x509.load_pem_x509_crl(b"-----BEGIN" + each) for each in ends]
    assert [[f"{row.serial_number:x}" for row in each] for each in lists] == [[new], [], [old], []]


def test_japanese_is_spoken(ca: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every text has both languages."""
    monkeypatch.setenv("SEIKYU_LANG", "ja")
    assert "認証局を作成しました" in ca("init").out
    assert "発行しました" in ca(*ISSUE).out
    assert "有効" in ca("list").out


def test_a_new_office_need_not_keep_its_root_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`admin init --root-out` writes it elsewhere and nowhere else; renewing then needs it back."""
    home, away = tmp_path / "office", tmp_path / "away"
    assert run(["admin", "init", "--home", str(home), "--root-out", str(away)]) == 0

    assert f"the root's private key: {away / 'root.key'}" in capsys.readouterr().out
    assert (away / "root.key").stat().st_mode & 0o777 == 0o600
    assert list(home.rglob("root.key")) == []
    assert run(["ca", "renew", "--home", str(home)]) == 3
    assert run(["ca", "renew", "--home", str(home), "--root-key", str(away / "root.key")]) == 0
