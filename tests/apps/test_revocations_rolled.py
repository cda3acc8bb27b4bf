"""After a new key of the CA: certificates of the older one go on being asked about and listed, each by its issuer."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509

from apps.revocations_lab import NOW, Bench
from pki import write_pem
from seikyu.adapters.home import open_home
from seikyu.adapters.sql import open_store
from seikyu.adapters.x509_ca import open_ca, roll_over
from seikyu.apps.pki import LIST_KEPT_S, Revocations


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Return a bench."""
    home = open_home(tmp_path / "home")
    store = open_store(home.database)
    yield Bench(home, store)
    store.close()


def test_openssl_believes_the_answers_about_an_older_keys_certificates(bench: Bench, tmp_path: Path) -> None:
    """Its issuer, the root and the answer are all that it has; the older key's delegate signs, nonce or not."""
    held = [bench.issue(), bench.issue()]
    bench.house.keep_fresh()
    roll_over(bench.home, now=NOW)
    held += [bench.issue(), bench.issue()]
    for row, _ in held[1::2]:
        bench.revoke(row)

    issuers = issuing(bench)[::-1]
    told = []
    for no, (_, certificate) in enumerate(held):
        about = ["-issuer", write_pem(tmp_path / "issuer.pem", issuers[no // 2]),
                 "-cert", write_pem(tmp_path / "cert.pem", certificate)]  # fmt: skip
        for more in ([], ["-no_nonce"]):
            openssl("ocsp", *about, *more, "-reqout", tmp_path / "question.der")
            reply = bench.post((tmp_path / "question.der").read_bytes())
            assert reply.headers["cache-control"].startswith("max-age=60" if more else "no-store")
            (tmp_path / "answer.der").write_bytes(reply.content)
            answer = ["-respin", tmp_path / "answer.der", "-CAfile", bench.home.ca / "root.pem",
                      "-verify_other", tmp_path / "issuer.pem",
                      "-attime", int(NOW.timestamp()), "-validity_period", 10**9]  # fmt: skip
            assert openssl("ocsp", "-reqin", tmp_path / "question.der", *answer) == "Response verify OK\n"
            said = openssl("ocsp", *about, "-no_nonce", *answer)
            assert "Response verify OK" in said
            told.append(next(word for word in ("good", "revoked", "unknown") if f"cert.pem: {word}" in said))
    assert told == ["good", "good", "revoked", "revoked"] * 2


def test_a_serial_asked_under_another_key_is_unknown(bench: Bench) -> None:
    """In both directions, also while the register is silent and the list is asked."""
    old = bench.issue()
    roll_over(bench.home, now=NOW)
    new = bench.issue()
    second, first = issuing(bench)
    bench.house.keep_fresh()
    for each in (old, new):
        bench.revoke(each[0])
    Revocations(bench.home, bench.store, count=lambda _: None, now=lambda: NOW).keep_fresh()  # type: ignore[arg-type]
    for bench.store.broken in (False, True):
        said = [bench.word(old[1].serial_number, issuer) for issuer in (first, second)] + [
            bench.word(new[1].serial_number, issuer) for issuer in (first, second)
        ]
        assert said == ["REVOKED", "UNKNOWN", "UNKNOWN", "REVOKED"]


def test_each_keys_list_is_given_out(bench: Bench) -> None:
    """At the look after the rollover, although nobody was revoked; the first key's list keeps its address."""
    bench.house.keep_fresh()
    assert bench.ask("GET", "/pki/crl-2.der").status_code == 404
    roll_over(bench.home, now=NOW)
    bench.house.keep_fresh()
    replies = [bench.ask("GET", f"/pki/{name}") for name in ("crl-2.der", "crl.der")]
    lists = [x509.load_der_x509_crl(each.content) for each in replies]
    for listed, issuer in zip(lists, issuing(bench), strict=True):
        assert listed.issuer == issuer.subject
        assert listed.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    assert {each.headers["content-type"] for each in replies} == {"application/pkix-crl"}
    assert {each.headers["cache-control"] for each in replies} == {f"max-age={LIST_KEPT_S}"}
    pem = bench.ask("GET", "/pki/crl.pem").text
    assert [x509.load_pem_x509_crl((each + END).encode()) for each in pem.split(END)[:2]] == lists
    assert {bench.ask("GET", f"/pki/{name}").status_code for name in ("crl-1.der", "crl-3.der", "crl-02.der")} == {404}


END = "-----END X509 CRL-----"


def issuing(bench: Bench) -> list[x509.Certificate]:
    """Return the certificates of the CAs that issue, the working one's first."""
    ca = open_ca(bench.home)
    return [ca.issuing.certificate, *(each.certificate for each in ca.retired)]


def openssl(*arguments: object) -> str:
    """Run openssl and return what it says."""
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr
