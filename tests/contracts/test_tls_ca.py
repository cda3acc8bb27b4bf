"""The authority on disk: whole or not there, private, and of use without its root key."""

import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from module_lab import PIN, uri
from pki import HOLDER, key, write_pem
from seikyu.adapters.ca_files import CannotWrite, FileThere
from seikyu.adapters.home import Home, open_home
from seikyu.adapters.keys import Keep
from seikyu.adapters.sql import SqlStore, open_store
from seikyu.adapters.tls_client import client_context
from seikyu.adapters.tls_server import server_context
from seikyu.adapters.x509_ca import (
    CA,
    SERVER_RENEWAL,
    CAThere,
    NoCA,
    NoRootKey,
    create_ca,
    enrol,
    ensure_server,
    issue_client,
    open_ca,
    renew_issuing,
    staged,
)
from seikyu.adapters.x509_list import copy_public, write_crl
from seikyu.ports.errors import Damaged, NotThere
from seikyu.ports.keys import KeyLocked
from seikyu.ports.register import Certificate, Party
from seikyu.trust import identity_from_der
from seikyu.trust.certificates import BadRequestForCertificate
from tls_lab import ask, serving

NOW = datetime.now(UTC)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home."""
    return open_home(tmp_path / "home")


@pytest.fixture
def store(home: Home) -> Iterator[SqlStore]:
    """The rows of that home."""
    store = open_store(home.database)
    yield store
    store.close()


def openssl(*arguments: object, good: bool = True) -> str:
    """Run openssl and return what it says."""
    program = shutil.which("openssl")
    assert program, "openssl is not installed"
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode == 0) is good, done.stdout + done.stderr
    return done.stdout + done.stderr


def everything(folder: Path) -> dict[str, bytes]:
    """Return every file below `folder`."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def modes(folder: Path) -> dict[str, int]:
    """Return the rights of every file below `folder`."""
    return {path.name: path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("umask", [0, 0o022, 0o077])
def test_keys_are_private_whatever_the_umask(home: Home, umask: int) -> None:
    """Keys 0600 in a folder 0700; what is given away can be read."""
    before = os.umask(umask)
    try:
        create_ca(home, organisation="office", now=NOW)
    finally:
        os.umask(before)
    assert {0o600} == set(modes(home.secrets / "ca").values())
    assert home.secrets.stat().st_mode & 0o777 == 0o700
    assert home.ca.stat().st_mode & 0o777 == 0o755
    assert modes(home.ca) == dict.fromkeys(("root.pem", "issuing.pem", "chain.pem"), 0o644)
    assert not any(b"PRIVATE" in content for content in everything(home.ca).values())


def test_a_second_init_changes_nothing(home: Home) -> None:
    """The authority that is there stays byte for byte."""
    create_ca(home, organisation="office", now=NOW)
    before = everything(home.root)
    with pytest.raises(CAThere):
        create_ca(home, organisation="another", now=NOW)
    assert before == everything(home.root)


def test_an_office_without_authority_says_so(home: Home) -> None:
    """Nothing is made by asking for it."""
    with pytest.raises(NoCA):
        open_ca(home)
    assert not home.ca.exists()


KILLED_AT_EVERY_STEP = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from seikyu.adapters.home import open_home
from seikyu.adapters.x509_ca import CAThere, NoCA, create_ca, open_ca

def step(home, out, at):
    left = [at]
    def count(event, _):
        if event in {"open", "os.mkdir", "os.rename", "os.remove", "shutil.rmtree", "os.chmod"}:
            left[0] -= 1
            if left[0] == 0:
                os._exit(9)
    sys.addaudithook(count)
    create_ca(home, organisation="office", now=datetime.now(UTC), root_out=out)
    os._exit(0)

base, steps, seen = Path(sys.argv[1]), 0, set()
while True:
    steps += 1
    home = open_home(base / str(steps))
    child = os.fork()
    if child == 0:
        step(home, None, steps)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        first = open_ca(home)
        whole = True
    except NoCA:
        whole = False
    try:
        create_ca(home, organisation="office", now=datetime.now(UTC))
        assert not whole, steps
    except CAThere:
        assert whole, steps
    again = open_ca(home)
    assert not whole or again.root == first.root, steps
    assert sorted(path.name for path in home.secrets.iterdir()) == ["ca"], steps
    assert sorted(path.name for path in home.ca.iterdir() if not path.name.startswith(".")) == [
        "chain.pem", "issuing.pem", "root.pem"], steps
    if status == 0:
        break
    assert status == 9, status
    seen.add(whole)
assert seen == {False, True}, "killed before and after it was there"
print(steps)
"""


def test_an_init_that_is_killed_anywhere_is_as_if_never_begun_or_whole(tmp_path: Path) -> None:
    """A real process is killed before each of its steps on the disk; the next init finds nothing or everything."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED_AT_EVERY_STEP, str(tmp_path)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 10


def test_the_root_key_can_be_elsewhere_from_the_beginning(home: Home, tmp_path: Path) -> None:
    """With `root_out` it never gets a name in the home."""
    create_ca(home, organisation="office", now=NOW, root_out=tmp_path / "safe")
    assert modes(tmp_path / "safe") == {"root.key": 0o600, "root.pem": 0o600}
    assert "root.key" not in modes(home.root)


ROOT_KEY_SOUGHT = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from seikyu.adapters.home import open_home
from seikyu.adapters.x509_ca import create_ca

home, out, seen, looking = open_home(Path(sys.argv[1])), Path(sys.argv[2]), set(), [False]
def look(event, arguments):
    if looking[0] or event not in {"open", "os.rename", "os.remove", "os.mkdir", "os.chmod", "shutil.rmtree"}:
        return
    looking[0] = True
    seen.update(path.read_bytes() for path in home.root.rglob("*") if path.is_file())
    looking[0] = False
sys.addaudithook(look)
create_ca(home, organisation="office", now=datetime.now(UTC), root_out=out if sys.argv[3] == "away" else None)
looking[0] = True
seen.update(path.read_bytes() for path in home.root.rglob("*") if path.is_file())
place = out if sys.argv[3] == "away" else home.secrets / "ca"
key = load_pem_private_key((place / "root.key").read_bytes(), None)
number = key.private_numbers().private_value
forms = [number.to_bytes(48), f"{number:x}".encode(), f"{number:X}".encode(), str(number).encode()]
forms += [key.private_bytes(each, PrivateFormat.PKCS8, NoEncryption()) for each in (Encoding.DER, Encoding.PEM)]
forms += [line for line in forms[-1].splitlines() if len(line) == 64][1:]
assert len(seen) > 5
print("found" if any(form in content for content in seen for form in forms) else "")
"""


@pytest.mark.parametrize(("where", "found"), [("away", []), ("home", ["found"])])
def test_nothing_of_a_root_key_that_is_away_was_ever_in_the_home(tmp_path: Path, where: str, found: list[str]) -> None:
    """At each step on the disk all files of the home are looked through, for the key in all its forms.

    A key that stays at home is found by the same search.
    """
    line = [sys.executable, "-c", ROOT_KEY_SOUGHT, tmp_path / "home", tmp_path / "safe", where]
    done = subprocess.run([*map(str, line)], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert found == done.stdout.split()


@pytest.mark.parametrize("name", ["root.key", "root.pem"])
def test_a_root_is_not_overwritten(home: Home, tmp_path: Path, name: str) -> None:
    """Neither half of another office's root; what was written before that was seen is gone again."""
    (tmp_path / "safe").mkdir()
    (tmp_path / "safe" / name).write_text("precious")
    with pytest.raises(FileThere):
        create_ca(home, organisation="office", now=NOW, root_out=tmp_path / "safe")
    assert everything(tmp_path / "safe") == {name: b"precious"}
    assert [] == list(home.secrets.iterdir())


def test_a_root_key_is_not_overwritten(home: Home, tmp_path: Path) -> None:
    """Another office's root key in that folder is left alone, and no authority is made."""
    (tmp_path / "root.key").write_text("precious")
    with pytest.raises(FileThere):
        create_ca(home, organisation="office", now=NOW, root_out=tmp_path)
    assert (tmp_path / "root.key").read_text() == "precious"
    with pytest.raises(NoCA):
        open_ca(home)
    assert [] == list(home.secrets.iterdir())


def test_a_folder_that_cannot_be_written_is_named(home: Home, tmp_path: Path) -> None:
    """A file where a folder should be: nothing is made."""
    (tmp_path / "file").touch()
    with pytest.raises(CannotWrite) as refused:
        create_ca(home, organisation="office", now=NOW, root_out=tmp_path / "file" / "below")
    assert str(tmp_path / "file") in refused.value.facts["file"]
    with pytest.raises(NoCA):
        open_ca(home)


def test_a_name_nobody_can_read_makes_no_authority(home: Home) -> None:
    """The name of the authority stands in every certificate."""
    with pytest.raises(BadRequestForCertificate):
        create_ca(home, organisation="\t", now=NOW)
    assert [] == list(home.secrets.iterdir())


def test_it_issues_without_the_root_key(home: Home, tmp_path: Path) -> None:
    """The root key lies in a safe; openssl takes what was issued."""
    create_ca(home, organisation="office", now=NOW)
    (home.secrets / "ca" / "root.key").unlink()
    issued = issue_client(open_ca(home), HOLDER, now=NOW)
    (tmp_path / "cert.pem").write_bytes(issued.certificate)
    verify = ["verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", home.ca / "root.pem"]
    openssl(*verify, "-untrusted", home.ca / "issuing.pem", tmp_path / "cert.pem")


def test_copies_are_made_again(home: Home) -> None:
    """Who deletes the public folder has lost nothing."""
    create_ca(home, organisation="office", now=NOW)
    before = everything(home.ca)
    shutil.rmtree(home.ca)
    open_ca(home)
    assert before == everything(home.ca)


@pytest.mark.parametrize(
    ("name", "content"),
    [("issuing.key", None), ("issuing.pem", b"rubbish"), ("root.pem", b""), ("issuing.key", b"other"), ("issuing.key", b"ed")],
)  # fmt: skip
def test_a_damaged_authority_is_not_used(home: Home, name: str, content: bytes | None) -> None:
    """A missing file, rubbish, and a key that is not the certificate's."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import NoEncryption, PrivateFormat

    create_ca(home, organisation="office", now=NOW)
    path = home.secrets / "ca" / name
    path.unlink()
    if content == b"other":
        write_pem(path, key("ca-other"))
    elif content == b"ed":
        private = Ed25519PrivateKey.generate()
        path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(Damaged):
        open_ca(home)


def test_what_is_issued_opens_the_desk(home: Home, store: SqlStore, tmp_path: Path) -> None:
    """From init to a request: server file, client folder, row, and the party in the app."""
    ca = create_ca(home, organisation="office", now=NOW)
    row, paths = enrol(ca, store, HOLDER, folder=home.clients / HOLDER.party, now=NOW)
    server = ensure_server(home, ["localhost"], now=NOW)

    with serving(server_context(server, clients=home.ca / "chain.pem")) as desk:
        tls = client_context(paths["ca"], certificate=paths["cert"], key=paths["key"])
        status, said = ask(desk.port, tls)

    assert (200, HOLDER.party, row.serial) == (status, said["party"], said["serial"])
    assert modes(home.clients) == dict.fromkeys(("key.pem", "cert.pem", "ca.pem"), 0o600)
    with store.read() as tx:
        assert tx.certificate(row.serial) == row
    assert row.not_after == x509.load_pem_x509_certificate(paths["cert"].read_bytes()).not_valid_after_utc


def test_serials_are_never_the_same(home: Home) -> None:
    """Twenty certificates, twenty serials of sixteen bytes."""
    ca = create_ca(home, organisation="office", now=NOW)
    rows = [issue_client(ca, HOLDER, now=NOW).row for _ in range(20)]
    assert len({row.serial for row in rows}) == 20
    assert {len(row.serial) for row in rows} == {32}


def test_a_request_keeps_its_key_at_home(home: Home, store: SqlStore, tmp_path: Path) -> None:
    """The CSR way: the certificate is for the asker's key, names the holder, and no key is written."""
    ca = create_ca(home, organisation="office", now=NOW)
    private = ec.generate_private_key(ec.SECP256R1())
    asked = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(private, SHA256())
    folder = tmp_path / "client"
    folder.mkdir()
    (folder / "key.pem").write_text("stays")

    row, paths = enrol(ca, store, HOLDER, folder=folder, now=NOW, request=asked.public_bytes(Encoding.PEM))

    certificate = x509.load_pem_x509_certificate(paths["cert"].read_bytes())
    assert certificate.public_key() == private.public_key()
    assert identity_from_der(certificate.public_bytes(Encoding.DER)).party == row.party == HOLDER.party
    assert {"key.pem": b"stays"} == {n: c for n, c in everything(folder).items() if n == "key.pem"}
    assert set(paths) == {"cert", "ca"}


def test_a_newcomer_and_its_certificate_are_stored_together(home: Home, store: SqlStore, tmp_path: Path) -> None:
    """Both rows or none."""
    ca = create_ca(home, organisation="office", now=NOW)
    newcomer = Party(HOLDER.party, HOLDER.kind, HOLDER.name, since=NOW)
    (tmp_path / "file").touch()
    with pytest.raises(CannotWrite):
        enrol(ca, store, HOLDER, folder=tmp_path / "file" / "below", now=NOW, newcomer=newcomer)
    with store.read() as tx:
        assert tx.party(HOLDER.party) is None
        assert tx.certificates() == []
    enrol(ca, store, HOLDER, folder=tmp_path / "client", now=NOW, newcomer=newcomer)
    with store.read() as tx:
        assert tx.party(HOLDER.party) is not None
        assert len(tx.certificates()) == 1


@pytest.mark.parametrize("name", ["key.pem", "cert.pem"])
def test_a_clients_files_are_not_overwritten(home: Home, store: SqlStore, tmp_path: Path, name: str) -> None:
    """Neither files nor rows change."""
    ca = create_ca(home, organisation="office", now=NOW)
    (tmp_path / "client").mkdir()
    (tmp_path / "client" / name).write_text("there")
    with pytest.raises(FileThere):
        enrol(ca, store, HOLDER, folder=tmp_path / "client", now=NOW)
    assert {name: b"there"} == everything(tmp_path / "client")
    with store.read() as tx:
        assert tx.certificates() == []


def test_files_do_not_appear_if_the_row_is_not_stored(home: Home, tmp_path: Path) -> None:
    """Whatever fails between the two leaves an empty folder."""
    ca = create_ca(home, organisation="office", now=NOW)
    with pytest.raises(NotThere), staged(ca, issue_client(ca, HOLDER, now=NOW), tmp_path / "client"):
        assert not (tmp_path / "client" / "key.pem").exists()
        raise NotThere
    assert [] == list((tmp_path / "client").iterdir())


def test_keys_that_a_kill_left_behind_are_swept(home: Home, tmp_path: Path) -> None:
    """By the next one that writes there, when they are older than a day; nothing else of the folder is touched."""
    ca, folder = create_ca(home, organisation="office", now=NOW), tmp_path / "client"
    for name in (".new-0123abcd", ".new-ffffffff", ".new-mine", "kept"):
        (folder / name).mkdir(parents=True)
        (folder / name / "key.pem").write_text("a key")
    for name in (".new-0123abcd", ".new-mine", "kept"):
        os.utime(folder / name, (1, 1))
    with staged(ca, issue_client(ca, HOLDER, now=NOW), folder):
        pass
    assert {".new-ffffffff", ".new-mine", "kept", "ca.pem", "cert.pem", "key.pem"} == {
        each.name for each in folder.iterdir()
    }


def test_a_server_file_is_kept_while_it_serves(home: Home) -> None:
    """The second start finds the first one's file."""
    create_ca(home, organisation="office", now=NOW)
    first = ensure_server(home, ["localhost", "127.0.0.1", "::1"], now=NOW).read_bytes()
    assert first == ensure_server(home, ["::1", "localhost", "127.0.0.1"], now=NOW).read_bytes()
    assert modes(home.secrets)["server.pem"] == 0o600


@pytest.mark.parametrize("what", ["hosts", "time", "rubbish", "client", "key", "authority"])
def test_a_server_file_of_no_use_is_made_anew(home: Home, what: str) -> None:
    """Other hosts, its end near, not readable, for another purpose, another key, another authority."""
    ca = create_ca(home, organisation="office", now=NOW)
    path = ensure_server(home, ["localhost"], now=NOW)
    before = path.read_bytes()
    hosts, now = ["localhost"], NOW
    if what == "hosts":
        hosts = ["seikyu.example"]
    elif what == "time":
        end = x509.load_pem_x509_certificate(before).not_valid_after_utc
        assert before == ensure_server(home, hosts, now=end - SERVER_RENEWAL - timedelta(hours=1)).read_bytes()
        now = end - SERVER_RENEWAL + timedelta(hours=1)
    elif what == "rubbish":
        path.write_bytes(b"rubbish")
    elif what == "client":
        issued = issue_client(ca, HOLDER, now=NOW)
        path.write_bytes((issued.key or b"") + issued.certificate)
    elif what == "key":
        write_pem(path, key("other"))
        path.write_bytes(path.read_bytes() + before[before.index(b"-----BEGIN CERT") :])
    else:
        shutil.rmtree(home.secrets / "ca")
        create_ca(home, organisation="office", now=NOW)

    path = ensure_server(home, hosts, now=now)

    assert path.read_bytes() != before
    assert isinstance(server_context(path), ssl.SSLContext)
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert hosts == names.get_values_for_type(x509.DNSName)


def test_the_list_names_the_revoked(home: Home, store: SqlStore, tmp_path: Path) -> None:
    """The revoked is refused by openssl, the other taken; a row without a reason is unspecified."""
    ca = create_ca(home, organisation="office", now=NOW)
    rows: list[Certificate] = []
    files = []
    for name in ("first", "second"):
        row, paths = enrol(ca, store, HOLDER, folder=tmp_path / name, now=NOW)
        rows.append(row)
        files.append(paths["cert"])
    rows[0] = replace(rows[0], revoked_at=NOW)

    path = write_crl(ca, rows, number=1, now=NOW)

    line = ["verify", "-crl_check", "-CAfile", home.ca / "root.pem", "-untrusted", home.ca / "issuing.pem",
            "-CRLfile", path]  # fmt: skip
    assert "revoked" in openssl(*line, files[0], good=False)
    openssl(*line, files[1])
    assert modes(home.ca)["crl.pem"] == 0o644
    copy_public(path, tmp_path / "copy.pem")
    assert path.read_bytes() == (tmp_path / "copy.pem").read_bytes()


def test_a_renewed_issuing_authority_goes_on(home: Home, tmp_path: Path) -> None:
    """Old certificates stand under the new one, and it lives longer."""
    ca = create_ca(home, organisation="office", now=NOW, root_out=tmp_path / "safe")
    issued = issue_client(ca, HOLDER, now=NOW)
    (tmp_path / "cert.pem").write_bytes(issued.certificate)
    later = NOW + timedelta(days=400)

    renewed = renew_issuing(home, now=later, root_key=tmp_path / "safe")

    assert renewed.issuing.certificate.not_valid_after_utc > ca.issuing.certificate.not_valid_after_utc
    assert renewed.issuing.certificate == open_ca(home).issuing.certificate
    openssl("verify", "-x509_strict", "-attime", int(later.timestamp()), "-CAfile", home.ca / "root.pem",
            "-untrusted", home.ca / "issuing.pem", tmp_path / "cert.pem")  # fmt: skip
    assert (home.ca / "chain.pem").read_bytes() == renewed.chain_pem


def test_a_renewal_needs_this_offices_root_key(home: Home, tmp_path: Path) -> None:
    """No key, another root's, or no key at all in the file: nothing changes."""
    create_ca(home, organisation="office", now=NOW, root_out=tmp_path)
    before = everything(home.root)
    (tmp_path / "rubbish").write_bytes(b"rubbish")
    for root_key in (None, write_pem(tmp_path / "other.key", key("ca-other")), tmp_path / "rubbish", home.root):
        with pytest.raises(NoRootKey):
            renew_issuing(home, now=NOW, root_key=root_key)
    assert before == everything(home.root)


# --- encrypted keys, and keys in a security module ---


SECRETS = {"SEIKYU_CA_PASSPHRASE": "the office opens at nine", "SEIKYU_ROOT_PASSPHRASE": "the safe opens at midnight"}


def a_working_month(ca: CA, store: SqlStore, folder: Path) -> None:
    """Issue, revoke, list, serve; openssl looks at all of it."""
    home, rows, files = ca.home, [], []
    for name in ("one", "two"):
        row, paths = enrol(ca, store, HOLDER, folder=folder / name, now=NOW)
        rows.append(row)
        files.append(paths["cert"])
    listed = write_crl(ca, [replace(rows[0], revoked_at=NOW), rows[1]], number=1, now=NOW)
    line = ["verify", "-x509_strict", "-crl_check", "-CAfile", home.ca / "root.pem",
            "-untrusted", home.ca / "issuing.pem", "-CRLfile", listed]  # fmt: skip
    assert "revoked" in openssl(*line, files[0], good=False)
    openssl(*line, files[1])
    with serving(server_context(ensure_server(home, ["localhost"], now=NOW), clients=home.ca / "chain.pem")) as desk:
        context = client_context(ca=home.ca / "chain.pem", certificate=files[1], key=files[1].with_name("key.pem"))
        status, _ = ask(desk.port, context)
        assert status == 200


def test_an_authority_with_encrypted_keys_works(
    home: Home, store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both keys are encrypted, each with its own passphrase; without them nothing is opened and nothing renewed."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    create_ca(home, organisation="office", now=NOW, root_out=tmp_path / "safe", keep=Keep(encrypted=True))
    for path in (home.secrets / "ca" / "issuing.key", tmp_path / "safe" / "root.key"):
        assert b"BEGIN ENCRYPTED" in path.read_bytes()
    a_working_month(open_ca(home), store, tmp_path)
    renew_issuing(home, now=NOW, root_key=tmp_path / "safe")
    monkeypatch.setenv("SEIKYU_ROOT_PASSPHRASE", "another passphrase, long enough")
    with pytest.raises(KeyLocked):
        renew_issuing(home, now=NOW, root_key=tmp_path / "safe")
    monkeypatch.delenv("SEIKYU_CA_PASSPHRASE")
    with pytest.raises(KeyLocked):
        open_ca(home)


def test_an_authority_is_not_made_half_encrypted(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """One passphrase of the two is missing: there is no authority."""
    for missing, value in SECRETS.items():
        monkeypatch.delenv(missing, raising=False)
        for name in SECRETS.keys() - {missing}:
            monkeypatch.setenv(name, value)
            with pytest.raises(KeyLocked):
                create_ca(home, organisation="office", now=NOW, keep=Keep(encrypted=True))
            monkeypatch.delenv(name)
        assert [] == list(home.secrets.iterdir())


def test_an_authority_in_a_module_works(
    home: Home, store: SqlStore, tmp_path: Path, module: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The daily key is never on the disk; what is signed is good for openssl and on a line."""
    monkeypatch.setenv("SEIKYU_CA_PIN", PIN)
    address = uri(f"issuing {os.urandom(4).hex()}")
    create_ca(home, organisation="office", now=NOW, root_out=tmp_path / "safe", keep=Keep(module=address))
    assert not any(b"PRIVATE" in content for content in everything(home.root).values())
    assert (home.secrets / "ca" / "issuing.key").read_text() == address + "\n"
    a_working_month(open_ca(home), store, tmp_path)
    renewed = renew_issuing(home, now=NOW + timedelta(days=400), root_key=tmp_path / "safe")
    assert renewed.issuing.key.public_key() == open_ca(home).issuing.key.public_key()


def test_a_key_made_in_vain_is_taken_out_of_the_module(
    home: Home, tmp_path: Path, module: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder for the root is full: no authority, and the name in the module is free again."""
    monkeypatch.setenv("SEIKYU_CA_PIN", PIN)
    keep = Keep(module=uri(f"issuing {os.urandom(4).hex()}"))
    (tmp_path / "safe").mkdir()
    (tmp_path / "safe" / "root.key").touch()
    with pytest.raises(FileThere):
        create_ca(home, organisation="office", now=NOW, root_out=tmp_path / "safe", keep=keep)
    (tmp_path / "safe" / "root.key").unlink()
    create_ca(home, organisation="office", now=NOW, root_out=tmp_path / "safe", keep=keep)
