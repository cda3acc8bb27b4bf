"""The NIST PKITS suite against the way the desk verifies a client certificate: its own TLS context, in a handshake.

Each case is a certificate with its private key; the name of the case says whether it is valid. The client sends every
authority that could stand above it, and the desk's side finds a path or refuses. `pkits.toml` says what does not apply.
The suite's certificates end in December 2030.
"""

import contextlib
import functools
import re
import ssl
import tomllib
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12

from pki import key, make_pki, write_pem
from seikyu.adapters.tls_server import server_context

ROWS: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("pkits.toml").read_text("utf-8"))["not_applicable"]
SUITE = Path(str(resources.files("cryptography_vectors"))) / "x509" / "PKITS_data"
CASES = sorted(path.stem.removesuffix("EE") for path in (SUITE / "certs").glob("*EE.crt"))

Verdict = Callable[[str], str]


def reasons(case: str) -> list[str]:
    """Return why a case does not apply."""
    return [row["why"] for row in ROWS if any(re.fullmatch(form, case) for form in row["cases"])]


APPLICABLE = [case for case in CASES if not reasons(case)]


@functools.cache
def authorities() -> dict[str, x509.Certificate]:
    """Return the suite's authorities by file, except one whose key the library does not read (DSA, inherited)."""
    files = [path for path in (SUITE / "certs").glob("*.crt") if not path.stem.endswith("EE")]
    read = {path.stem: x509.load_der_x509_certificate(path.read_bytes()) for path in files if "DSA" not in path.stem}
    return {name: certificate for name, certificate in read.items() if name != "TrustAnchorRootCertificate"}


def matched(name: x509.Name) -> tuple[tuple[str, str], ...]:
    """Return a name as it is compared: without case, blanks as one."""
    return tuple((part.oid.dotted_string, " ".join(str(part.value).lower().split())) for part in name)


def above(certificate: x509.Certificate) -> list[x509.Certificate]:
    """Return every authority that could stand above a certificate, by its name."""
    found: list[x509.Certificate] = []
    ahead = [certificate]
    while ahead:
        issuer = matched(ahead.pop().issuer)
        fresh = [each for each in authorities().values() if matched(each.subject) == issuer and each not in found]
        found += fresh
        ahead += fresh
    return found


@pytest.fixture(scope="session")
def verdict(tmp_path_factory: pytest.TempPathFactory) -> Verdict:
    """Return what says `valid`, or why the desk refuses a case."""
    folder = tmp_path_factory.mktemp("pkits")
    pki = make_pki()
    root = x509.load_der_x509_certificate((SUITE / "certs" / "TrustAnchorRootCertificate.crt").read_bytes())
    desk = server_context(
        write_pem(folder / "server.pem", key("server"), pki.server(), pki.issuing.certificate),
        clients=write_pem(folder / "root.pem", root),
    )

    def verdict(case: str) -> str:
        private, certificate, _ = pkcs12.load_key_and_certificates(
            (SUITE / "pkcs12" / f"{case}EE.p12").read_bytes(), b"password"
        )
        assert private is not None
        assert certificate is not None
        shown = b"".join(each.public_bytes(Encoding.PEM) for each in (certificate, *above(certificate)))
        (folder / "client.pem").write_bytes(
            private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + shown
        )
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
        client.load_cert_chain(folder / "client.pem")
        return shaken(desk, client)

    return verdict


def shaken(desk: ssl.SSLContext, client: ssl.SSLContext) -> str:
    """Shake hands in memory; return `valid`, or why the desk's side refused."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    here, there = desk.wrap_bio(up, down, server_side=True), client.wrap_bio(down, up)
    for _ in range(4):
        with contextlib.suppress(ssl.SSLWantReadError):
            there.do_handshake()
        try:
            here.do_handshake()
        except ssl.SSLWantReadError as waiting:
            if isinstance(waiting.__cause__, ssl.SSLCertVerificationError):
                return str(waiting.__cause__.verify_message)
        else:
            assert here.getpeercert(binary_form=True)
            return "valid"
    raise AssertionError("the handshake does not end")


@pytest.mark.parametrize("case", APPLICABLE)
def test_an_applicable_case_is_decided_as_the_suite_says(verdict: Verdict, case: str) -> None:
    """What is valid opens the desk, and what is not is refused by the verification and nothing else."""
    assert case.startswith(("Valid", "Invalid"))
    said = verdict(case)
    assert case.startswith("Valid") is (said == "valid"), said


@pytest.mark.filterwarnings("ignore:Parsed a serial number which wasn't positive")  # one case is about that
@pytest.mark.parametrize("case", sorted(set(CASES) - set(APPLICABLE)))
def test_a_case_that_does_not_apply_would_fail_or_says_no_verdict(verdict: Verdict, case: str) -> None:
    """The table holds nothing that could pass, and each case once."""
    assert len(reasons(case)) == 1
    if not case.startswith(("Valid", "Invalid")):
        return  # It depends on the policies that somebody asks for.
    try:
        said = verdict(case)
    except (ssl.SSLError, ValueError):
        assert "DSA" in case
    else:
        assert case.startswith("Valid") is not (said == "valid"), said


def test_each_form_in_the_table_is_of_use() -> None:
    """A form that names no case is a slip; the suite is whole."""
    forms = [form for row in ROWS for form in row["cases"]]
    assert [] == [form for form in forms if not any(re.fullmatch(form, case) for case in CASES)]
    assert (len(CASES), len(APPLICABLE)) == (223, 130)
