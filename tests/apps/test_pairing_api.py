"""Pairing, loss and the end of a certificate over HTTP: the public face without a certificate, the desk with one."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from apps.desk_lab import FIRST, HOST, SECOND, DeskLab, certificates
from apps.pages_lab import pages_of_lab
from seikyu.apps import faces
from seikyu.apps.api import identity
from seikyu.apps.api.limiter import code_turnstile
from seikyu.apps.api.recover import recover_routes
from seikyu.apps.metrics import Metrics
from seikyu.ports.errors import Unavailable
from seikyu.ports.register import Certificate
from seikyu.services import pairing
from services.enrolment_lab import EnrolmentLab, enrolling_over, make_enrolment_lab
from services.office_lab import make_lab

TERMINAL = "受付1号機"


def request_pem() -> str:
    """Return the certification request of a new machine."""
    key = ec.generate_private_key(ec.SECP256R1())
    made = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, SHA256())
    return made.public_bytes(Encoding.PEM).decode()


class PublicLab:
    """The public face over enrolment in memory."""

    def __init__(self, where: Path, *, pairings_per_address: int = 4) -> None:
        self.lab: EnrolmentLab = make_enrolment_lab()
        self.metrics = Metrics()
        office, turnstile = make_lab().office, code_turnstile()
        self.app: Any = faces.public(
            office,
            self.lab.enrolling,
            self.metrics,
            pages=pages_of_lab(office, "public"),
            given_out=where,
            turnstile=turnstile,
            more=recover_routes(
                self.lab.enrolling,
                codes=turnstile,
                desk=lambda: "https://desk.example:8443",
                pairings_per_address=pairings_per_address,
            ),
        )

    def ask(self, method: str, path: str, *, address: str = "192.0.2.1", **options: Any) -> httpx2.Response:
        """Ask from an address."""

        async def once() -> httpx2.Response:
            transport = httpx2.ASGITransport(app=self.app, client=(address, 1))
            async with httpx2.AsyncClient(transport=transport, base_url=HOST) as client:
                return await client.request(method, path, **options)

        return asyncio.run(once())

    def pair(self, **options: Any) -> httpx2.Response:
        """Ask to be approved."""
        asked = {"party": FIRST, "terminal": TERMINAL, "request": request_pem()}
        return self.ask("POST", "/recover/pairings", json=asked, **options)

    def look(self, secret: str) -> httpx2.Response:
        """Look whether it is approved."""
        return self.ask("GET", "/recover/pairings", headers={"Authorization": f"Bearer {secret}"})


@pytest.fixture
def public(tmp_path: Path) -> PublicLab:
    """Return the public face."""
    return PublicLab(tmp_path)


def test_a_new_machine_waits_and_is_told_nothing_of_who_exists(public: PublicLab) -> None:
    """A party that nobody knows waits like one that is known; no answer may be kept on the way."""
    known = public.pair()
    unknown = public.ask(
        "POST", "/recover/pairings", json={"party": "9999999999", "terminal": "x", "request": request_pem()}
    )
    assert (known.status_code, unknown.status_code) == (201, 201)
    assert known.json().keys() == unknown.json().keys() == {"secret", "pairing_code", "until"}
    for told in (known, unknown):
        looked = public.look(told.json()["secret"])
        assert (looked.status_code, looked.json()["state"]) == (200, "waiting")
        assert looked.headers["cache-control"] == told.headers["cache-control"] == "no-store"
    assert public.ask("GET", "/recover/office").json() == {"desk": "https://desk.example:8443"}


@pytest.mark.parametrize("secret", ["", "x", "A" * 43, "Ä"])
def test_who_has_no_secret_learns_nothing(public: PublicLab, secret: str) -> None:
    """None, a short one, one that nobody has."""
    answer = public.ask("GET", "/recover/pairings", headers={"Authorization": f"Bearer {secret}".encode()})
    assert (answer.status_code, answer.json()["code"]) == (410, "pairing_over")
    assert public.ask("GET", "/recover/pairings").status_code == 410


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (b"", "bad_request"),
        (b"[]", "bad_request"),
        (b'{"party": "1"}', "bad_request"),
        (b'{"party": "9911000015", "terminal": "x", "request": "y", "more": 1}', "bad_request"),
        (b'{"party": "9911000015", "terminal": "x", "request": "y"}', "bad_certificate_request"),
        (b'{"party": "9911000015", "terminal": "x", "request": "\\ud800"}', "bad_request"),
        (b"x" * 70_000, "too_long"),
    ],
)
def test_odd_bodies_are_refused(public: PublicLab, asked: bytes, code: str) -> None:
    """In words, and nothing waits then."""
    answer = public.ask("POST", "/recover/pairings", content=asked)
    assert answer.json()["code"] == code
    with public.lab.enrolling.store.read() as tx:
        assert tx.count_pairings() == 0


def test_one_address_asks_for_a_few(public: PublicLab) -> None:
    """The fifth from one address is turned away and takes no place; another address finds one, also where they are full."""
    assert [public.pair().status_code for _ in range(5)] == [201] * 4 + [429]
    assert public.pair(address="192.0.2.2").status_code == 201
    assert public.pair(address="192.0.2.3").status_code == 201


def test_a_lost_terminal_is_shut_out_with_the_recovery_code(public: PublicLab) -> None:
    """Its serials are told; a wrong code revokes nothing, a slip does not count, nothing of it is quoted."""
    opened = public.lab.opened()
    handed = public.lab.fetched(opened)
    wrong = public.ask("POST", "/recover/lost", json={"reference": opened.reference, "recovery": opened.recovery[:-1]})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "code_mistyped")
    assert opened.recovery[:-1] not in wrong.text
    assert public.lab.living() == [handed.serial]
    done = public.ask("POST", "/recover/lost", json={"reference": opened.reference, "recovery": opened.recovery})
    assert (done.status_code, done.json()) == (200, {"revoked": [handed.serial]})
    again = public.ask("POST", "/recover/lost", json={"reference": opened.reference, "recovery": opened.recovery})
    assert again.json() == {"revoked": []}
    assert public.lab.row(handed.serial).reason == "key_compromise"


def test_another_terminal_approves_at_the_desk(desk: DeskLab) -> None:
    """It sees the name, the time and the key but no code; another party sees nothing and is told 404."""
    enrolling = enrolling_over(desk.lab.office)
    with enrolling.store.write() as tx:
        tx.put_certificate(
            Certificate("77", FIRST, TERMINAL, enrolling.clock.now(), enrolling.clock.now() + timedelta(days=9))
        )
    waits = pairing.ask(enrolling, party=FIRST, terminal=TERMINAL, request=request_pem().encode())
    listed = desk.ask("GET", "/certificates/pairings").json()["items"]
    assert [(each["terminal"], each["approved"]) for each in listed] == [(TERMINAL, False)]
    assert waits.pairing_code.replace("-", "") not in desk.ask("GET", "/certificates/pairings").text.replace("-", "")
    assert desk.ask("GET", "/certificates/pairings", party=SECOND).json() == {"items": []}
    asked = {"pairing_code": waits.pairing_code}
    foreign = desk.ask("POST", "/certificates/pairings/approve", party=SECOND, json=asked)
    assert (foreign.status_code, foreign.json()["code"]) == (404, "not_found")
    slip = desk.ask("POST", "/certificates/pairings/approve", json={"pairing_code": waits.pairing_code[:-1]})
    assert (slip.status_code, slip.json()["code"]) == (422, "code_mistyped")
    done = desk.ask("POST", "/certificates/pairings/approve", json=asked).json()
    assert (done["terminal"], done["repeat"]) == (TERMINAL, False)
    assert desk.ask("POST", "/certificates/pairings/approve", json=asked).json() == done | {"repeat": True}
    assert desk.ask("GET", "/certificates/pairings").json()["items"][0]["approved"] is True


def test_the_end_of_a_certificate_is_told_with_every_answer(desk: DeskLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """From 90 days on, in a header and on the page; before, neither."""
    end = x509.load_der_x509_certificate(certificates()[FIRST][1]).not_valid_after_utc

    class Clock(datetime):
        at = end - timedelta(days=92)

        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return cls.at.astimezone(tz)

    monkeypatch.setattr(identity, "datetime", Clock)
    assert "seikyu-certificate-days" not in desk.ask("GET", "/sendings").headers
    assert "seikyu cert renew" not in desk.ask("GET", "///").text
    for days in (90, 60, 0):
        Clock.at = end - timedelta(days=days)
        assert desk.ask("GET", "/sendings").headers["seikyu-certificate-days"] == str(days)
    assert "seikyu cert renew" in desk.ask("GET", "///").text


def test_the_certificate_in_hand_is_shown(desk: DeskLab) -> None:
    """With its days, and the office's time to hold a clock against."""
    told = desk.ask("GET", "/certificates/own").json()
    assert (told["serial"], told["terminal"], told["in_hand"]) == (certificates()[FIRST][0], "pc-1", True)
    assert abs(datetime.fromisoformat(told["now"]) - datetime.now(UTC)) < timedelta(minutes=1)


def test_the_operator_sees_how_many_certificates_end() -> None:
    """A number, or nothing while the database does not answer."""
    metrics = Metrics()
    counts = iter([3, 0])
    metrics.watch_certificates(lambda: next(counts))
    assert b"seikyu_certificates_ending 3.0" in metrics.text()
    assert b"seikyu_certificates_ending 0.0" in metrics.text()

    def silent() -> int:
        raise Unavailable("locked", retry_after_s=1)

    silent_metrics = Metrics()
    silent_metrics.watch_certificates(silent)
    assert b"seikyu_certificates_ending" not in silent_metrics.text()
