"""A new key for the issuing authority: both chains are good, each has its list, and no moment is without authority."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from lint import lint_certificate, lint_list
from module_lab import PIN, uri
from pki import HOLDER, key, write_pem
from seikyu.adapters.home import Home, open_home
from seikyu.adapters.keys import Keep
from seikyu.adapters.settings import settings_text
from seikyu.adapters.sql import SqlStore, open_store
from seikyu.adapters.tls_client import client_context
from seikyu.adapters.tls_server import server_context
from seikyu.adapters.x509_ca import (
    CA,
    NoCA,
    NoRootKey,
    create_ca,
    enrol,
    ensure_server,
    open_ca,
    renew_issuing,
    roll_over,
)
from seikyu.adapters.x509_list import write_crl
from seikyu.ports.keys import KeyUnusable
from seikyu.ports.register import Certificate
from seikyu.trust.certificates import key_id
from tls_lab import ask, serving

NOW = datetime.now(UTC)


@dataclass
class Office:
    """A home with its rows and a root that lies elsewhere."""

    home: Home
    store: SqlStore
    safe: Path

    def enrol(self, ca: CA, name: str) -> tuple[Certificate, dict[str, Path]]:
        """Issue a certificate into a folder of its own."""
        return enrol(ca, self.store, HOLDER, folder=self.safe.parent / name, now=NOW)

    def lists(self, revoked: list[Certificate], *, now: datetime = NOW) -> list[x509.CertificateRevocationList]:
        """Write the lists with these revoked and read those of the issuing authorities; the root's is the last."""
        rows = [replace(row, revoked_at=NOW, reason="superseded") for row in revoked]
        text = write_crl(open_ca(self.home), rows, number=3, now=now).read_bytes()
        ends = text.split(b"-----END X509 CRL-----\n")
        assert ends.pop() == b""
        *issuing, root = [x509.load_pem_x509_crl(each + b"-----END X509 CRL-----\n") for each in ends]
        assert (root.issuer, list(root)) == (open_ca(self.home).root.subject, [])
        return issuing

    def checked(self, certificate: Path, listed: Path) -> str:
        """Return what openssl says of a certificate with this list (DER) alone."""
        line = ["openssl", "verify", "-crl_check", "-CAfile", self.home.ca / "root.pem",
                "-untrusted", self.home.ca / "chain.pem", "-CRLfile", listed, certificate]  # fmt: skip
        done = subprocess.run([*map(str, line)], capture_output=True, text=True, check=False)
        said = {"certificate revoked": "revoked", "unable to get certificate CRL": "no list"}
        return "good" if done.returncode == 0 else next(word for text, word in said.items() if text in done.stderr)

    def verified(self, certificate: Path, *more: object) -> bool:
        """True if openssl takes a certificate, by the root alone and what the office gives away."""
        line = ["openssl", "verify", "-x509_strict", "-crl_check_all", "-purpose", "sslclient",
                "-CAfile", self.home.ca / "root.pem", "-untrusted", self.home.ca / "chain.pem",
                "-CRLfile", self.home.ca / "crl.pem", *more, certificate]  # fmt: skip
        done = subprocess.run([*map(str, line)], capture_output=True, text=True, check=False)
        assert done.returncode == 0 or "revoked" in done.stderr, done.stderr
        return done.returncode == 0


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """An office without certificates."""
    home = open_home(tmp_path / "home")
    create_ca(home, organisation="見本審査支払機関", now=NOW, root_out=tmp_path / "safe")
    store = open_store(home.database)
    yield Office(home, store, tmp_path / "safe")
    store.close()


def test_both_chains_are_good_and_each_has_its_list(office: Office) -> None:
    """Of two certificates of each key one is revoked: openssl refuses these two, each by its own issuer's list."""
    before = open_ca(office.home)
    old = [office.enrol(before, f"old {no}") for no in range(2)]
    after = roll_over(office.home, now=NOW, root_key=office.safe)
    new = [office.enrol(after, f"new {no}") for no in range(2)]

    lists = office.lists([old[0][0], new[0][0]])

    assert [office.verified(paths["cert"]) for _, paths in (*old, *new)] == [False, True, False, True]
    assert [[each.serial_number for each in listed] for listed in lists] == [
        [int(new[0][0].serial, 16)], [int(old[0][0].serial, 16)],
    ]  # fmt: skip
    for listed, issuer in zip(lists, (after.issuing.certificate, before.issuing.certificate), strict=True):
        assert listed.issuer == issuer.subject
        assert listed.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]


def test_each_certificate_names_its_own_issuers_list(office: Office, tmp_path: Path) -> None:
    """Of three keys, as a reader goes who knows only the certificate and the root: openssl with the list so named."""
    office.home.settings_file.write_text(settings_text({"office.public_url": "http://pki.example"}), "utf-8")
    held = []
    for no in range(3):
        ca = roll_over(office.home, now=NOW, root_key=office.safe) if no else open_ca(office.home)
        held += [office.enrol(ca, f"{no} {word}") for word in ("good", "revoked")]
    server = x509.load_pem_x509_certificates(ensure_server(office.home, ["localhost"], now=NOW).read_bytes())[0]
    office.lists([row for row, _ in held[1::2]])

    certificates = [x509.load_pem_x509_certificate(paths["cert"].read_bytes()) for _, paths in held]
    named = [list_named(each) for each in (*certificates, server)]
    assert named == [*["crl.der"] * 2, *["crl-2.der"] * 2, *["crl-3.der"] * 3]
    assert [lint_certificate(each) for each in (*certificates, server)] == [[]] * 7
    lists = [office.home.ca / name for name in dict.fromkeys(named)]
    assert [lint_list(x509.load_der_x509_crl(each.read_bytes())) for each in lists] == [[]] * 3
    for (_, paths), name, word in zip(held, named, ["good", "revoked"] * 3, strict=False):
        told = {each.name: office.checked(paths["cert"], each) for each in lists}
        assert told.pop(name) == word
        assert set(told.values()) == {"no list"}, "another issuer's list says nothing"


def list_named(certificate: x509.Certificate) -> str:
    """Return the last part of the address of its list."""
    (point,) = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert point.full_name is not None
    base, name = str(point.full_name[0].value).rsplit("/", 1)
    assert base == "http://pki.example/pki"
    return name


def test_old_and_new_clients_reach_a_server_with_either_certificate(office: Office) -> None:
    """A server that has not started again, one that has, and the two clients: each pair gets on."""
    before = open_ca(office.home)
    _, old = office.enrol(before, "old")
    first = server_context(ensure_server(office.home, ["localhost"], now=NOW), clients=office.home.ca / "chain.pem")
    after = roll_over(office.home, now=NOW, root_key=office.safe)
    _, new = office.enrol(after, "new")
    path = ensure_server(office.home, ["localhost"], now=NOW)
    served = x509.load_pem_x509_certificates(path.read_bytes())[0]
    served.verify_directly_issued_by(after.issuing.certificate)
    for server in (first, server_context(path, clients=office.home.ca / "chain.pem")):
        with serving(server) as desk:
            for paths in (old, new):
                tls = client_context(paths["ca"], certificate=paths["cert"], key=paths["key"])
                status, said = ask(desk.port, tls)
                assert (status, said["party"]) == (200, HOLDER.party)


def test_a_new_key_has_a_new_name_and_lints_clean(office: Office) -> None:
    """Nobody can take the one issuer's list for the other's; also after three."""
    for _ in range(2):
        roll_over(office.home, now=NOW, root_key=office.safe)
    ca = open_ca(office.home)
    issuing = [ca.issuing.certificate, *(each.certificate for each in ca.retired)]
    names = [each.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value for each in issuing]
    assert [str(name).removeprefix("見本審査支払機関 ") for name in names] == [
        "Issuing CA 3",
        "Issuing CA 2",
        "Issuing CA",
    ]
    assert len({key_id(each) for each in issuing}) == 3
    assert [lint_certificate(each) for each in issuing] == [[], [], []]
    assert [lint_list(each) for each in office.lists([])] == [[], [], []]


def test_a_row_that_does_not_say_who_signed_it_is_the_first_keys(office: Office) -> None:
    """Rows of offices that are older than the column."""
    row, _ = office.enrol(open_ca(office.home), "old")
    roll_over(office.home, now=NOW, root_key=office.safe)
    roll_over(office.home, now=NOW, root_key=office.safe)
    assert [len(list(listed)) for listed in office.lists([replace(row, issuer=None)])] == [0, 0, 1]


def test_an_authority_that_has_ended_signs_no_list(office: Office) -> None:
    """What it issued has ended with it."""
    roll_over(office.home, now=NOW + timedelta(days=60), root_key=office.safe)
    assert len(office.lists([], now=NOW)) == 2
    ends = open_ca(office.home).retired[0].certificate.not_valid_after_utc
    assert len(office.lists([], now=ends - timedelta(seconds=1))) == 2
    assert len(office.lists([], now=ends)) == 1


def test_renewing_after_a_rollover_renews_the_working_one(office: Office) -> None:
    """Its key, its name and its clients stay; so does the retired one."""
    after = roll_over(office.home, now=NOW, root_key=office.safe)
    _, paths = office.enrol(after, "new")
    renewed = renew_issuing(office.home, now=NOW + timedelta(seconds=1), root_key=office.safe)
    assert renewed.issuing.certificate != after.issuing.certificate
    assert renewed == replace(open_ca(office.home), issuing=renewed.issuing)
    assert renewed.retired == after.retired
    assert renewed.issuing.certificate.subject == after.issuing.certificate.subject
    assert renewed.issuing.certificate.public_key() == after.issuing.certificate.public_key()
    office.lists([])
    assert office.verified(paths["cert"])


@pytest.mark.parametrize("wrong", ["none", "other", "home"])
def test_a_rollover_needs_this_offices_root_key(office: Office, wrong: str) -> None:
    """Without it nothing changes in the home."""
    write_pem(office.safe.parent / "other", key("ca-other"))
    place = {"none": None, "other": office.safe.parent / "other", "home": office.home.root}[wrong]
    before = {path: path.read_bytes() for path in office.home.secrets.rglob("*") if path.is_file()}
    with pytest.raises(NoRootKey):
        roll_over(office.home, now=NOW, root_key=place)
    assert before == {path: path.read_bytes() for path in office.home.secrets.rglob("*") if path.is_file()}


def test_a_new_key_is_kept_as_well_as_the_old_one(
    office: Office, module: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a plain file to an encrypted one, which stays so unasked; into a module, and not out of it."""
    monkeypatch.setenv("SEIKYU_CA_PASSPHRASE", "the office opens at nine")
    monkeypatch.setenv("SEIKYU_CA_PIN", PIN)
    place = office.home.secrets / "ca"
    roll_over(office.home, now=NOW, root_key=office.safe, keep=Keep(encrypted=True))
    roll_over(office.home, now=NOW, root_key=office.safe)
    address = uri(f"rolled {os.urandom(4).hex()}")
    roll_over(office.home, now=NOW, root_key=office.safe, keep=Keep(module=address))
    kinds = [(place / f"issuing-{no}" / "issuing.key").read_bytes()[:20] for no in (2, 3, 4)]
    assert [b"ENCRYPTED" in kinds[0], b"ENCRYPTED" in kinds[1], kinds[2][:7]] == [True, True, b"pkcs11:"]
    with pytest.raises(KeyUnusable):
        roll_over(office.home, now=NOW, root_key=office.safe)
    _, paths = office.enrol(open_ca(office.home), "in module")
    assert len(office.lists([])) == 4
    assert office.verified(paths["cert"])


KILLED_AT_EVERY_STEP = """
import os, shutil, sys
from datetime import UTC, datetime
from pathlib import Path
from seikyu.adapters.home import open_home
from seikyu.adapters.x509_ca import create_ca, open_ca, roll_over

def step(home, at):
    left = [at]
    def count(event, _):
        if event in {"open", "os.mkdir", "os.rename", "os.remove", "shutil.rmtree", "os.chmod"}:
            left[0] -= 1
            if left[0] == 0:
                os._exit(9)
    sys.addaudithook(count)
    roll_over(home, now=datetime.now(UTC))
    os._exit(0)

base, steps, seen = Path(sys.argv[1]), 0, set()
create_ca(open_home(base / "0"), organisation="office", now=datetime.now(UTC))
while True:
    steps += 1
    shutil.copytree(base / "0", base / str(steps))
    home = open_home(base / str(steps))
    child = os.fork()
    if child == 0:
        step(home, steps)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    ca = open_ca(home)
    done = len(ca.retired)
    assert (home.ca / "chain.pem").read_bytes() == ca.chain_pem, steps
    again = roll_over(home, now=datetime.now(UTC))
    assert len(again.retired) == done + 1, steps
    assert not list((home.secrets / "ca").glob(".*")), steps
    if status == 0:
        break
    assert status == 9, status
    seen.add(done)
assert seen == {0, 1}, "killed before and after it was there"
print(steps)
"""


def test_a_rollover_that_is_killed_anywhere_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    """A real process is killed before each of its steps on the disk; the authority opens, and the next one works."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED_AT_EVERY_STEP, str(tmp_path)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 10


def test_an_office_without_authority_has_none_to_roll_over(tmp_path: Path) -> None:
    """It says so and makes none."""
    with pytest.raises(NoCA):
        roll_over(open_home(tmp_path / "empty"), now=NOW)
