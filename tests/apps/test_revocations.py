"""Where others learn of revocations: fresh in time, silent with an alarm, and over HTTP as the standard says."""

import asyncio
import base64
import threading
import urllib.parse
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from apps.page_parts import pages_of_lab
from apps.revocations_lab import NOW, Bench, read
from seikyu.adapters.ca_files import CannotWrite
from seikyu.adapters.home import Home, open_home
from seikyu.adapters.sql import open_store
from seikyu.adapters.x509_ca import open_ca
from seikyu.adapters.x509_list import CRL_PERIOD, list_number
from seikyu.apps import faces, logs, pki
from seikyu.apps.api.limiter import code_turnstile
from seikyu.apps.metrics import Metrics
from seikyu.apps.pki import CRL_RENEWAL, LIST_KEPT_S, Revocations
from seikyu.apps.serve import House
from seikyu.limits import limit
from seikyu.ports.errors import Damaged, Unavailable
from seikyu.services.revocation import LIST, REGISTER, SIGNER, Answer
from seikyu.services.revoke import REVOKED
from services.enrolment_lab import enrolling_over
from services.office_lab import make_lab


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Return a bench."""
    home = open_home(tmp_path / "home")
    store = open_store(home.database)
    yield Bench(home, store)
    store.close()


# --- over HTTP


def test_get_and_post_say_the_same(bench: Bench) -> None:
    """By GET in base64, its special characters written as they are or escaped."""
    row, certificate = bench.issue()
    question = bench.question(certificate)
    text = base64.b64encode(question).decode()
    posted = bench.post(question)

    assert read(posted).certificate_status == ocsp.OCSPCertStatus.GOOD
    assert read(posted).serial_number == int(row.serial, 16)
    for form in (text, urllib.parse.quote(text, safe="")):
        assert bench.ask("GET", f"/pki/ocsp/{form}").content == posted.content


def test_base64_with_each_of_its_characters_is_read(bench: Bench) -> None:
    """Slash and plus stand in the address as they are."""
    ours = ocsp.load_der_ocsp_request(bench.question(bench.issue()[1]))
    texts = ""
    for serial in (0x3FFFFFFFFFFFFFFFFF, 0x3FBEFBEFBEFBEFBEFB, 0x2FBEFBEFBEFBEFBEFB, 0x3EEFBEFBEFBEFBEFBE):
        by_hash = (ours.issuer_name_hash, ours.issuer_key_hash, serial, SHA1())
        asked = ocsp.OCSPRequestBuilder().add_certificate_by_hash(*by_hash).build()
        text = base64.b64encode(asked.public_bytes(Encoding.DER)).decode()
        texts += text
        told = read(bench.ask("GET", f"/pki/ocsp/{text}"))
        assert (told.serial_number, told.certificate_status) == (serial, ocsp.OCSPCertStatus.UNKNOWN)
    assert ("//" in texts, "++" in texts) == (True, True)


def test_an_answer_may_be_kept_until_it_ends_and_one_with_a_nonce_by_nobody(bench: Bench) -> None:
    """The headers of the lightweight profile."""
    _, certificate = bench.issue()
    plain, own = bench.post(bench.question(certificate)), bench.post(bench.question(certificate, nonce=b"n" * 32))

    assert plain.headers["cache-control"] == "max-age=60, public, no-transform, must-revalidate"
    assert plain.headers["last-modified"] == "Mon, 05 Oct 2026 09:00:00 GMT"
    assert plain.headers["expires"] == "Mon, 05 Oct 2026 09:01:00 GMT"
    assert plain.headers["etag"].strip('"')
    assert own.headers["cache-control"] == "no-store"
    assert read(own).extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == b"n" * 32


@pytest.mark.parametrize("question", [b"", b"rubbish", b"\x30\x82" * 1400], ids=["none", "text", "long"])
def test_rubbish_is_answered_and_not_kept(bench: Bench, question: bytes) -> None:
    """An error of the protocol is a good answer of HTTP."""
    replies = [bench.post(question)]
    if question:
        replies.append(bench.ask("GET", "/pki/ocsp/" + base64.b64encode(question).decode()))
    for reply in [*replies, bench.ask("GET", "/pki/ocsp/%00%ff!"), bench.ask("GET", "/pki/ocsp/例")]:
        assert read(reply).response_status == ocsp.OCSPResponseStatus.MALFORMED_REQUEST
        assert reply.headers["cache-control"] == "no-store"
    assert bench.counted('seikyu_ocsp_answers_total{answer="malformed"}') == len(replies) + 2


def test_a_long_question_is_not_read(bench: Bench) -> None:
    """Stated or not, by POST or GET: 413, and no answer is signed."""

    async def pieces() -> Any:
        for _ in range(5):
            yield b"x" * 1000

    replies = [
        bench.post(b"x" * 4097),
        bench.ask("POST", "/pki/ocsp", content=pieces()),
        bench.ask("GET", "/pki/ocsp/" + "A" * 4100),
    ]
    assert [413, 413, 413] == [reply.status_code for reply in replies]


def test_a_flood_of_questions_takes_few_threads() -> None:
    """The others wait their turn, and all are answered."""
    inside, most = 0, 0
    turn = threading.Lock()

    class Slow:
        """A responder that notes how many ask at once."""

        def answer(self, der: bytes) -> Answer:
            """Take a moment."""
            nonlocal inside, most
            with turn:
                inside += 1
                most = max(most, inside)
            full.wait(0.05)
            with turn:
                inside -= 1
            return Answer(der, "good")

    full = threading.Event()
    office = make_lab().office
    face = faces.public(
        office, enrolling_over(office), Metrics(), pages=pages_of_lab(office, "public"), given_out=Path(),
        turnstile=code_turnstile(), responder=Slow(),  # type: ignore[arg-type]
    )  # fmt: skip

    async def flood() -> list[bytes]:
        transport = httpx2.ASGITransport(app=face)
        async with httpx2.AsyncClient(transport=transport, base_url="https://public.example") as client:
            asked = [client.post("/pki/ocsp", content=bytes([number])) for number in range(20)]
            return [reply.content for reply in await asyncio.gather(*asked)]

    assert asyncio.run(flood()) == [bytes([number]) for number in range(20)]
    assert 0 < most <= limit("ocsp_at_once")


@pytest.mark.parametrize(("method", "path"), [("GET", "/pki/ocsp"), ("PUT", "/pki/ocsp"), ("POST", "/pki/ocsp/AA")])
def test_other_ways_of_asking_are_none(bench: Bench, method: str, path: str) -> None:
    """Neither of them is a question."""
    assert bench.ask(method, path).status_code in {404, 405}


# --- fresh in time


def test_a_revocation_is_told_by_each_place(bench: Bench) -> None:
    """The responder at once, the list at the next look; nothing that was kept stands in the way."""
    row, certificate = bench.issue()
    bench.house.keep_fresh()
    assert read(bench.post(bench.question(certificate))).certificate_status == ocsp.OCSPCertStatus.GOOD
    assert bench.crl().get_revoked_certificate_by_serial_number(int(row.serial, 16)) is None

    bench.revoke(row)

    told = read(bench.post(bench.question(certificate)))
    assert told.certificate_status == ocsp.OCSPCertStatus.REVOKED
    bench.house.keep_fresh()
    found = bench.crl().get_revoked_certificate_by_serial_number(int(row.serial, 16))
    assert found is not None
    assert found.revocation_date_utc == NOW


def test_the_list_is_the_same_in_both_forms_and_kept_for_less_than_a_minute(bench: Bench) -> None:
    """With the house's half minute it makes the bound."""
    bench.house.keep_fresh()
    pem, der = bench.ask("GET", "/pki/crl.pem"), bench.ask("GET", "/pki/crl.der")

    assert x509.load_pem_x509_crl(pem.content).public_bytes(Encoding.DER) == der.content
    assert der.headers["content-type"] == "application/pkix-crl"
    assert {f"max-age={LIST_KEPT_S}"} == {each.headers["cache-control"] for each in (pem, der)}


def test_before_the_first_list_there_is_none(bench: Bench) -> None:
    """In neither form."""
    assert {404} == {bench.ask("GET", f"/pki/crl.{form}").status_code for form in ("pem", "der")}


def test_the_list_is_written_anew_every_day_and_numbers_rise(bench: Bench) -> None:
    """Whoever has it has six days left at the least; while nothing changes it is not written."""
    bench.house.keep_fresh()
    first = bench.crl()
    bench.at += CRL_RENEWAL - timedelta(seconds=1)
    bench.house.keep_fresh()
    assert bench.crl() == first

    bench.at += timedelta(seconds=1)
    bench.house.keep_fresh()
    anew = bench.crl()
    assert anew.next_update_utc == bench.at + CRL_PERIOD
    numbers = [each.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number for each in (first, anew)]
    assert numbers[0] < numbers[1]
    assert first.next_update_utc is not None
    assert first.next_update_utc - bench.at >= timedelta(days=6)


@pytest.mark.parametrize("loss", ["away", "broken", "older"])
def test_a_list_that_is_lost_is_there_again_at_the_next_look(bench: Bench, loss: str) -> None:
    """Erased, cut, or brought back from a copy: an older list would let those in who were revoked after it."""
    path = bench.home.ca / "crl.pem"
    bench.house.keep_fresh()
    older = path.read_bytes()
    row, _ = bench.issue()
    bench.revoke(row)
    bench.house.keep_fresh()
    last = list_number(path)

    path.unlink() if loss == "away" else path.write_bytes(older if loss == "older" else older[:100])
    bench.house.keep_fresh()

    assert list_number(path) > last
    assert bench.crl().get_revoked_certificate_by_serial_number(int(row.serial, 16)) is not None


@pytest.mark.parametrize("error", [PermissionError(13, "x"), Damaged("x")])
def test_a_chore_that_fails_keeps_no_other_from_its_work(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """A file of another account in `run/` is no reason not to renew the delegate."""
    done: list[str] = []

    def fail() -> None:
        raise error

    monkeypatch.setattr(bench.house, "_refresh_list", fail)
    monkeypatch.setattr(bench.house, "_refresh_signer", lambda: done.append("signer"))
    bench.house.keep_fresh()
    assert ["signer"] == done


def test_what_fails_after_a_revocation_does_not_fail_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is committed by then; an answer of 500 would have it done twice."""
    told: list[BaseException] = []
    failure = RuntimeError("the test")

    def fail() -> None:
        raise failure

    monkeypatch.setattr(logs, "report_bug", told.append)
    house = SimpleNamespace(revocations=SimpleNamespace(keep_fresh=fail))
    House.heed(house, REVOKED)  # type: ignore[arg-type]  # all that it looks at
    assert [failure] == told


def test_a_revocation_between_look_and_list_is_on_the_list(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another program revokes in the middle: the list of the higher number never says less."""
    row, _ = bench.issue()
    opened = pki.open_ca

    def meanwhile(home: Home) -> Any:
        bench.revoke(row)
        return opened(home)

    monkeypatch.setattr(pki, "open_ca", meanwhile)
    bench.house.keep_fresh()
    assert bench.crl().get_revoked_certificate_by_serial_number(int(row.serial, 16)) is not None


# --- silent


def test_a_register_down_for_a_day(bench: Bench) -> None:
    """Nobody valid is locked out, nobody revoked gets in, the list stays good, and the alarm is raised and ended."""
    (good, valid), (bad, revoked) = bench.issue(), bench.issue()
    bench.revoke(bad)
    bench.house.keep_fresh()
    bench.store.broken = True

    for hours in range(25):
        bench.at = NOW + timedelta(hours=hours)
        bench.house.keep_fresh()
        words = [read(bench.post(bench.question(each))).certificate_status for each in (valid, revoked)]
        assert words == [ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED]
        listed = bench.crl()
        assert listed.next_update_utc is not None
        assert listed.next_update_utc > bench.at
        assert {int(bad.serial, 16)} == {each.serial_number for each in listed}
    assert bench.silent(REGISTER) == 24 * 3600
    assert bench.alarms() == 25, "once an hour"
    assert (bench.silent(LIST), bench.silent(SIGNER)) == (0, 0)

    bench.store.broken = False
    bench.revoke(good)
    bench.house.keep_fresh()
    assert (bench.silent(REGISTER), bench.alarms("back")) == (0, 1)
    assert read(bench.post(bench.question(valid))).certificate_status == ocsp.OCSPCertStatus.REVOKED


def test_revoked_just_before_the_register_fell_silent(bench: Bench) -> None:
    """After the last look at the rows: `seikyu ca revoke` has written the list, and that is believed."""
    row, certificate = bench.issue()
    bench.house.keep_fresh()
    bench.revoke(row)
    Revocations(bench.home, bench.store, count=lambda _: None, now=lambda: NOW).keep_fresh()  # type: ignore[arg-type]
    bench.store.broken = True

    assert read(bench.post(bench.question(certificate))).certificate_status == ocsp.OCSPCertStatus.REVOKED


@pytest.mark.parametrize("damage", [b"", b"-----BEGIN X509 CRL-----\nAA\n-----END X509 CRL-----\n", None])
def test_a_list_that_cannot_be_read_says_nothing(bench: Bench, damage: bytes | None) -> None:
    """What the rows said last is still there."""
    row, certificate = bench.issue()
    bench.house.keep_fresh()
    bench.store.broken = True
    (bench.home.ca / "crl.pem").unlink() if damage is None else (bench.home.ca / "crl.pem").write_bytes(damage)

    assert read(bench.post(bench.question(certificate))).certificate_status == ocsp.OCSPCertStatus.GOOD
    assert pki.listed(bench.home, row.serial, open_ca(bench.home).issuing.certificate) is None


def test_a_list_that_cannot_be_written_raises_the_alarm(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old list stays; the responder goes on, and its delegate is kept fresh; the next try heals it."""
    row, certificate = bench.issue()
    bench.house.keep_fresh()
    old = bench.crl()
    bench.revoke(row)
    with monkeypatch.context() as patched:

        def full(*_: object, **__: object) -> None:
            raise CannotWrite(file="crl.pem", reason="no space")

        patched.setattr(pki, "list_revoked", full)
        bench.house.keep_fresh()
        bench.at += timedelta(minutes=1)
        bench.house.keep_fresh()
    assert (bench.silent(LIST), bench.silent(REGISTER), bench.silent(SIGNER), bench.alarms()) == (60, 0, 0, 1)
    assert bench.crl() == old
    assert read(bench.post(bench.question(certificate))).certificate_status == ocsp.OCSPCertStatus.REVOKED

    bench.house.keep_fresh()
    assert (bench.silent(LIST), bench.alarms("back")) == (0, 1)
    assert bench.crl().get_revoked_certificate_by_serial_number(int(row.serial, 16)) is not None


def test_an_authority_that_is_away_raises_the_alarm_and_stops_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a day after the delegate was to be renewed: answers go on, signed by the old one."""
    _, certificate = bench.issue()
    bench.house.keep_fresh()

    def away(home: Home, generation: int = 1) -> Any:
        raise Damaged("the safe is closed")

    monkeypatch.setattr(bench.house.signers, "_issuing", away)
    monkeypatch.setattr(pki, "open_ca", away)
    for hours in range(0, 25, 6):
        bench.at = NOW + timedelta(days=8, hours=hours)
        bench.house.keep_fresh()
        assert read(bench.post(bench.question(certificate))).certificate_status == ocsp.OCSPCertStatus.GOOD
    assert (bench.silent(SIGNER), bench.silent(LIST)) == (24 * 3600, 24 * 3600)

    bench.at = NOW + timedelta(days=14)
    assert read(bench.post(bench.question(certificate))).response_status == ocsp.OCSPResponseStatus.TRY_LATER


def test_an_alarm_says_which_source_and_for_how_long(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line of the log that an operator can act on."""
    lines: list[tuple[str, dict[str, Any]]] = []

    class Log:
        """Takes lines."""

        def error(self, event: str, **facts: Any) -> None:
            """Take one."""
            lines.append((event, facts))

        warning = error

    monkeypatch.setattr(pki, "log", Log())
    bench.house.alarms.silent(REGISTER, Unavailable("x"))
    bench.at += timedelta(hours=2)
    bench.house.alarms.silent(REGISTER, Unavailable("x"))
    bench.house.alarms.heard(REGISTER)
    bench.house.alarms.heard(REGISTER)
    bench.house.alarms.silent(REGISTER, Damaged("y"))

    assert lines == [
        ("revocation_source_silent", {"source": "register", "error": "Unavailable", "wait_s": 0}),
        ("revocation_source_silent", {"source": "register", "error": "Unavailable", "wait_s": 7200}),
        ("revocation_source_back", {"source": "register", "wait_s": 7200}),
        ("revocation_source_silent", {"source": "register", "error": "Damaged", "wait_s": 0}),
    ]
