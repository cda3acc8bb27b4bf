"""The signer port over every adapter: a file, an encrypted file, a security module."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, Hash
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp

from module_lab import MODULE, PIN, uri
from pki import NOW, PKI, key, make_pki, serial
from seikyu.adapters.keys import CA_PASSPHRASE, CA_PIN, Handle, Keep, Made, make_key, open_key
from seikyu.adapters.keys_pkcs11 import address_of
from seikyu.ports.keys import KeyLocked, KeyUnusable
from seikyu.trust.certificates import Issuer, Period, Revocation, issuing_certificate, period_of, revocation_list

SECRET = "correct horse battery staple"
Make = Callable[[Path], Made]


@pytest.fixture(params=["file", "encrypted file", "module"])
def make(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Return what makes a key of one sort."""
    monkeypatch.setenv(CA_PASSPHRASE, SECRET)
    monkeypatch.setenv(CA_PIN, PIN)
    if request.param == "module":
        request.getfixturevalue("module")
    keep = {"file": Keep(), "encrypted file": Keep(encrypted=True)}.get(request.param)
    made: list[Made] = []

    def make(path: Path) -> Made:
        made.append(make_key(path, keep or Keep(module=uri(f"key {len(made)} of {os.urandom(4).hex()}"))))
        path.write_bytes(made[-1].content)
        return made[-1]

    yield make
    for each in made:
        each.discard()


def certified(made: Made) -> Issuer:
    """Let the test root certify a key as an issuing CA."""
    pki = make_pki()
    period = period_of(NOW, months=120)
    public = made.key.public_key()
    return Issuer(
        issuing_certificate(pki.root, public, organisation="test office", serial=serial(9), period=period), made.key
    )


def test_a_signer_signs_certificates_lists_and_answers(make: Make, tmp_path: Path) -> None:
    """Everything that an authority signs goes through the port, and the public key says so."""
    issuer = certified(make(tmp_path / "k"))
    pki = PKI(make_pki().root, issuer, NOW)

    client = pki.client()
    listed = revocation_list(
        issuer, [Revocation(5, NOW, "superseded")], number=1, period=Period(NOW, NOW + timedelta(days=7))
    )
    answer = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            client, issuer.certificate, SHA256(), ocsp.OCSPCertStatus.GOOD, NOW, NOW + timedelta(hours=1), None, None
        )
        .responder_id(ocsp.OCSPResponderEncoding.HASH, issuer.certificate)
        .sign(issuer.key, SHA384())
    )

    client.verify_directly_issued_by(issuer.certificate)
    assert listed.is_signature_valid(issuer.key.public_key())
    issuer.key.public_key().verify(answer.signature, answer.tbs_response_bytes, ec.ECDSA(SHA384()))


def test_a_key_opens_again_and_is_the_same(make: Make, tmp_path: Path) -> None:
    """What the file holds leads back to the key; another's signature does not verify."""
    made, other = make(tmp_path / "k"), make(tmp_path / "other")
    again = open_key(tmp_path / "k")

    signed = again.sign(b"text", ec.ECDSA(SHA384()))

    assert made.key.public_key() == again.public_key()
    made.key.public_key().verify(signed, b"text", ec.ECDSA(SHA384()))
    with pytest.raises(InvalidSignature):
        other.key.public_key().verify(signed, b"text", ec.ECDSA(SHA384()))


def test_a_signer_takes_its_own_digests_only(make: Make, tmp_path: Path) -> None:
    """Another hash, or a digest of another length, is refused and nothing is signed."""
    handle = make(tmp_path / "k").key
    digest = Hash(SHA256())
    with pytest.raises(ValueError, match="sha384"):
        handle.sign(b"text", ec.ECDSA(SHA256()))
    with pytest.raises(ValueError, match="digest"):
        handle.signer.sign(digest.finalize())


def test_no_key_comes_out_of_a_handle(make: Make, tmp_path: Path) -> None:
    """Neither as numbers nor as bytes; it does not agree on secrets either."""
    handle = make(tmp_path / "k").key
    with pytest.raises(TypeError, match="stays"):
        handle.private_numbers()
    with pytest.raises(TypeError, match="stays"):
        handle.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(TypeError, match="only signs"):
        handle.exchange(ec.ECDH(), key("client").public_key())
    assert (handle.curve.name, handle.key_size) == ("secp384r1", 384)


def test_threads_may_share_a_signer(make: Make, tmp_path: Path) -> None:
    """A server signs from many threads; every signature is one of its own text."""
    handle = make(tmp_path / "k").key
    texts = [str(no).encode() for no in range(40)]
    with ThreadPoolExecutor(8) as threads:
        signed = list(threads.map(lambda text: handle.sign(text, ec.ECDSA(SHA384())), texts))
    for text, signature in zip(texts, signed, strict=True):
        handle.public_key().verify(signature, text, ec.ECDSA(SHA384()))
    with pytest.raises(InvalidSignature):
        handle.public_key().verify(signed[0], texts[1], ec.ECDSA(SHA384()))


# --- encrypted files ---


@pytest.fixture
def locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an encrypted key; no variable leads to its passphrase."""
    monkeypatch.setenv(CA_PASSPHRASE, SECRET)
    path = tmp_path / "locked.key"
    path.write_bytes(make_key(path, Keep(encrypted=True)).content)
    monkeypatch.delenv(CA_PASSPHRASE)
    return path


def test_an_encrypted_key_is_encrypted(locked: Path) -> None:
    """With AES-256, and openssl cannot read it without the passphrase."""
    assert b"BEGIN ENCRYPTED" in locked.read_bytes()
    line = ["openssl", "pkey", "-noout", "-in", str(locked), "-passin"]
    assert subprocess.run([*line, "pass:wrong"], capture_output=True, check=False).returncode != 0
    subprocess.run([*line, f"pass:{SECRET}"], capture_output=True, check=True)
    shown = subprocess.run(["openssl", "asn1parse", "-in", str(locked)], capture_output=True, check=True, text=True)
    assert "aes-256-cbc" in shown.stdout


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\nsecond line\n"])
def test_a_passphrase_comes_from_a_file(
    locked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    """Its first line; the file wins over the variable."""
    (tmp_path / "pass").write_bytes((SECRET + end).encode())
    monkeypatch.setenv(f"{CA_PASSPHRASE}_FILE", str(tmp_path / "pass"))
    monkeypatch.setenv(CA_PASSPHRASE, "not this one")
    key = open_key(locked)

    key.public_key().verify(key.sign(b"text", ec.ECDSA(SHA384())), b"text", ec.ECDSA(SHA384()))
    (tmp_path / "pass").write_bytes(b"another one\n")
    with pytest.raises(KeyLocked):
        open_key(locked)


@pytest.mark.parametrize("given", [{}, {"": "wrong"}, {"_FILE": "/nowhere"}, {"_FILE": "/dev/null"}])
def test_a_key_without_its_passphrase_stays_locked(
    locked: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, str]
) -> None:
    """None, a wrong one, a file that is not there, an empty file; the error names the key and the variable."""
    for end, value in given.items():
        monkeypatch.setenv(CA_PASSPHRASE + end, value)
    with pytest.raises(KeyLocked) as refused:
        open_key(locked)
    assert refused.value.facts == {"key": str(locked), "variable": CA_PASSPHRASE}


def test_a_short_passphrase_encrypts_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file can be guessed at for ever."""
    monkeypatch.setenv(CA_PASSPHRASE, SECRET[:19])
    with pytest.raises(KeyLocked):
        make_key(tmp_path / "k", Keep(encrypted=True))
    monkeypatch.setenv(CA_PASSPHRASE, SECRET[:20])
    make_key(tmp_path / "k", Keep(encrypted=True))


def test_a_key_that_openssl_encrypted_opens(locked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever wants a slower stretching gets it there: scrypt."""
    line = ["openssl", "pkcs8", "-topk8", "-scrypt", "-in", str(locked), "-out", str(tmp_path / "slow.key")]
    subprocess.run([*line, "-passin", f"pass:{SECRET}", "-passout", "pass:other"], check=True, capture_output=True)
    monkeypatch.setenv(CA_PASSPHRASE, SECRET)
    expected = open_key(locked).public_key()
    monkeypatch.setenv(CA_PASSPHRASE, "other")
    assert expected == open_key(tmp_path / "slow.key").public_key()


ASK = """
import sys
from pathlib import Path
from seikyu.adapters.keys import open_key
first, second = open_key(Path(sys.argv[1])), open_key(Path(sys.argv[1]))
print("opened twice:", first.public_key() == second.public_key())
"""


def test_a_passphrase_is_typed_once_and_not_shown(locked: Path) -> None:
    """A process at a terminal asks with the key's place, and never again."""
    process, terminal = pty.fork()
    if process == 0:  # pragma: no cover
        os.execv(sys.executable, [sys.executable, "-c", ASK, str(locked)])
    shown, typed = b"", False
    try:
        while piece := os.read(terminal, 1024):
            shown += piece
            if not typed and shown.endswith(b": "):
                os.write(terminal, f"{SECRET}\n".encode())
                typed = True
    except OSError:
        pass  # Linux says so when the other end has gone.
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0, shown
    assert shown.count(str(locked).encode()) == 1
    assert b"opened twice: True" in shown
    assert SECRET.encode() not in shown


# --- security modules ---


@pytest.fixture
def in_module(module: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Made]:
    """Return a key in the module."""
    monkeypatch.setenv(CA_PIN, PIN)
    made = make_key(Path("unused"), Keep(module=uri(f"a key {os.urandom(4).hex()}")))
    yield made
    monkeypatch.setenv(CA_PIN, PIN)
    made.discard()


def test_a_module_never_gives_its_key(in_module: Made) -> None:
    """Sensitive, not to be taken out, and never was."""
    import pkcs11

    assert in_module.address is not None
    token = pkcs11.lib(MODULE).get_token(token_label="office")
    with token.open(user_pin=PIN) as session:
        private = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=in_module.address.label)
        said = [private[name] for name in (pkcs11.Attribute.SENSITIVE, pkcs11.Attribute.NEVER_EXTRACTABLE)]
        assert said == [True, True]
        with pytest.raises(pkcs11.PKCS11Error):
            private[pkcs11.Attribute.VALUE]


def test_a_key_in_a_module_is_not_made_twice(in_module: Made) -> None:
    """The name is taken; the key that is there stays."""
    assert in_module.address is not None
    with pytest.raises(KeyUnusable, match="key_unusable") as refused:
        make_key(Path("unused"), Keep(module=in_module.address.uri))
    assert "already" in refused.value.facts["why"]
    in_module.key.sign(b"still here", ec.ECDSA(SHA384()))


def test_a_wrong_pin_opens_nothing(in_module: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told as locked, with the variable, and never with the PIN."""
    (tmp_path / "k").write_bytes(in_module.content)
    monkeypatch.setenv(CA_PIN, "987654")
    with pytest.raises(KeyLocked) as refused:
        open_key(tmp_path / "k")
    assert refused.value.facts["variable"] == CA_PIN
    assert "987654" not in str(refused.value.facts)
    monkeypatch.delenv(CA_PIN)
    with pytest.raises(KeyLocked):
        in_module.key.sign(b"text", ec.ECDSA(SHA384()))


@pytest.mark.parametrize("form", ["{}", "file:{}", "file://{}"])
def test_an_address_may_name_the_file_of_its_pin(
    in_module: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """A path, plain or as a URI; without the file it stays locked."""
    monkeypatch.delenv(CA_PIN)
    pin = tmp_path / "pin"
    (tmp_path / "k").write_bytes(in_module.content.rstrip() + b"&pin-source=" + form.format(pin).encode())
    with pytest.raises(KeyLocked):
        open_key(tmp_path / "k")
    pin.touch()
    with pytest.raises(KeyLocked):
        open_key(tmp_path / "k")
    pin.write_text(PIN)
    assert in_module.key.public_key() == open_key(tmp_path / "k").public_key()


@pytest.mark.parametrize(
    "change",
    [("token=office", "token=other"), ("object=", "object=x"), (MODULE, f"{MODULE}.not"), (MODULE, sys.executable)],
)
def test_a_key_that_is_not_there_is_told(in_module: Made, tmp_path: Path, change: tuple[str, str]) -> None:
    """No such token, object or library, or a file that is none."""
    (tmp_path / "k").write_text(in_module.content.decode().replace(*change))
    with pytest.raises(KeyUnusable):
        open_key(tmp_path / "k")


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("pkcs11:object=a?module-path=/m", "token is missing"),
        ("pkcs11:token=a?module-path=/m", "object is missing"),
        ("pkcs11:token=a;object=b", "module-path is missing"),
        ("pkcs11:token=a;object=?module-path=/m", "object is missing"),
        ("pkcs11:token=a;object=b?module-path=/m&pin-value=1234", "pin-value is not taken in an address"),
        ("pkcs11:token=a;object=b;slot-id=3?module-path=/m", "slot-id is not taken in an address"),
    ],
)
def test_a_half_address_is_refused(address: str, why: str) -> None:
    """What is missing is named; a PIN in an address would be written down, and is not repeated."""
    with pytest.raises(KeyUnusable) as refused:
        address_of(address, variable=CA_PIN)
    assert refused.value.facts["why"] == why
    assert "1234" not in str(refused.value.facts)


def test_an_address_is_read_as_the_standard_says() -> None:
    """Percent signs stand for bytes, in the path and in the query."""
    read = address_of("pkcs11:object=%E9%8D%B5%201;token=a%3Bb;type=private?module-path=/a%20b.so\n", variable=CA_PIN)
    assert (read.label, read.token, read.module, read.pin_source) == ("鍵 1", "a;b", "/a b.so", None)


def test_without_the_extra_library_it_is_told_what_is_missing(tmp_path: Path) -> None:
    """An office with keys in files does not need it; a real process without it says its name."""
    program = """
import sys
sys.modules["pkcs11"] = None
from pathlib import Path
from seikyu.adapters.keys import Keep, make_key
from seikyu.ports.keys import KeyUnusable
make_key(Path("k"), Keep())
try:
    make_key(Path("k"), Keep(module="pkcs11:token=a;object=b?module-path=/m"))
except KeyUnusable as refused:
    print(refused.facts["why"])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "seikyu[pkcs11]" in done.stdout


def test_what_is_no_key_is_no_signer(tmp_path: Path) -> None:
    """Rubbish, and a key of another kind."""
    (tmp_path / "rubbish").write_bytes(b"rubbish")
    with pytest.raises(ValueError, match=re.compile("pem|key", re.IGNORECASE)):
        open_key(tmp_path / "rubbish")


def test_a_p256_key_signs_with_its_own_hash(tmp_path: Path) -> None:
    """A key that signs answers about revocation may be of the smaller curve."""
    private = ec.generate_private_key(ec.SECP256R1())
    (tmp_path / "k").write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    handle = open_key(tmp_path / "k")
    assert isinstance(handle, Handle)
    private.public_key().verify(handle.sign(b"text", ec.ECDSA(SHA256())), b"text", ec.ECDSA(SHA256()))
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a")])
    asked = x509.CertificateSigningRequestBuilder().subject_name(name).sign(handle, SHA256())
    assert asked.is_signature_valid
