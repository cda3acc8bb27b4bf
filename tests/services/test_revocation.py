"""The register decides, also after it fell silent, and an answer about a certificate dies with what it said."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from hypothesis import given
from hypothesis import strategies as st

import pki
from pki import key, make_pki, serial
from seikyu.adapters.memory import MemoryReadTx, MemoryStore
from seikyu.limits import limit
from seikyu.ports.errors import Unavailable
from seikyu.ports.register import Certificate, Party
from seikyu.services import revocation
from seikyu.services.revocation import (
    OUTLASTS,
    REGISTER,
    SIGNED_ANEW,
    WRITING_TAKES,
    Answer,
    Responder,
    Statuses,
    standing_of,
)
from seikyu.trust.certificates import Period, key_id, serial_text
from seikyu.trust.status import (
    ANSWER_LIFE,
    GOOD,
    SIGNER_LIFE,
    UNKNOWN,
    AnswerSigner,
    NotOurs,
    Question,
    Standing,
    names,
    signer_certificate,
)

NOW = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
PARTY = "9911000015"
PKI = make_pki(NOW)
SERIALS = {no: serial_text(serial(no)) for no in range(10, 20)}


@cache
def signer() -> AnswerSigner:
    """Return a delegate."""
    made = signer_certificate(
        PKI.issuing, key("ocsp").public_key(), serial=serial(50), period=Period(NOW, NOW + SIGNER_LIFE)
    )
    return AnswerSigner(PKI.issuing.certificate, made, key("ocsp"))


class SilentStore:
    """A store that does not answer while `silent`."""

    def __init__(self, inner: MemoryStore) -> None:
        self.inner = inner
        self.silent = False

    def read(self) -> AbstractContextManager[Any]:
        """Begin to read, or fail."""
        if self.silent:
            raise Unavailable("the test pulled the plug")
        return self.inner.read()

    def write(self) -> AbstractContextManager[Any]:
        """Begin to write."""
        return self.inner.write()


@dataclass
class Lab:
    """A register with two certificates, a clock that stands still, and who answers."""

    store: SilentStore = field(default_factory=lambda: SilentStore(MemoryStore()))
    at: datetime = NOW
    listened: list[tuple[str, str]] = field(default_factory=list)
    listed: dict[str, Standing] = field(default_factory=dict)
    signs: Callable[[], AnswerSigner] = signer
    others: tuple[AnswerSigner, ...] = ()

    def __post_init__(self) -> None:
        with self.store.write() as tx:
            tx.put_party(Party(PARTY, "institution", "見本医院", NOW))
        for no in (10, 11):
            self.issue(no)
        self.statuses = Statuses(self.store, now=lambda: self.at, listened=self, listed=self.on_list)  # type: ignore[arg-type]
        self.responder = Responder(self.statuses, signer=self.signing, now=lambda: self.at)

    def signing(self, question: Question) -> AnswerSigner:
        """Return who signs now for the CA that is asked."""
        made = self.signs()
        own = [each for each in (made, *self.others) if names(question, each.issuer)]
        if not own:
            raise NotOurs
        return own[0]

    def on_list(self, serial: str, signer: AnswerSigner) -> Standing | None:
        """Return what the list of that CA says; here it is the first one's."""
        return self.listed.get(serial) if signer.generation == 1 else None

    def heard(self, source: str) -> None:
        """Note it (services.revocation.Listening)."""
        self.listened.append((source, "heard"))

    def silent(self, source: str, error: Exception) -> None:
        """Note it."""
        self.listened.append((source, type(error).__name__))

    def issue(self, no: int, *, issuer: str | None = None) -> None:
        """Enter a certificate."""
        with self.store.write() as tx:
            tx.put_certificate(Certificate(SERIALS[no], PARTY, "pc", NOW, NOW + timedelta(days=400), issuer=issuer))

    def revoke(self, no: int) -> None:
        """Revoke one, as another program would: only in the rows."""
        with self.store.write() as tx:
            row = tx.certificate(SERIALS[no])
            tx.put_certificate(replace(row, revoked_at=self.at, reason="key_compromise"))

    def ask(self, no: int, *, nonce: bytes | None = None, by: Any = None, of: pki.PKI = PKI) -> Answer:
        """Ask about certificate `no`."""
        asked = ocsp.OCSPRequestBuilder().add_certificate(of.client(no=no), of.issuing.certificate, by or SHA1())
        if nonce is not None:
            asked = asked.add_extension(x509.OCSPNonce(nonce), critical=False)
        return self.responder.answer(asked.build().public_bytes(Encoding.DER))

    def word(self, no: int) -> str:
        """Ask and return the word."""
        return self.ask(no).word


def read(answer: Answer) -> ocsp.OCSPResponse:
    """Return an answer as another program reads it."""
    return ocsp.load_der_ocsp_response(answer.der)


def test_the_register_says_good_revoked_and_unknown() -> None:
    """Three words for three fates."""
    lab = Lab()
    lab.revoke(11)

    assert ["good", "revoked", "unknown"] == [lab.word(no) for no in (10, 11, 12)]
    told = read(lab.ask(11))
    assert (told.certificate_status, told.revocation_time_utc) == (ocsp.OCSPCertStatus.REVOKED, NOW)
    assert told.revocation_reason == x509.ReasonFlags.key_compromise


@pytest.mark.parametrize("silent", [False, True])
def test_a_serial_is_known_only_under_the_key_that_signed_it(*, silent: bool) -> None:
    """Of two keys, each with a good and a revoked one; also of the row that names no key, and while rows are silent."""
    second = make_pki(NOW, name="office 2", keys="ca-foreign")
    made = signer_certificate(
        second.issuing, key("ocsp-2").public_key(), serial=serial(52), period=Period(NOW, NOW + SIGNER_LIFE)
    )
    lab = Lab(others=(AnswerSigner(second.issuing.certificate, made, key("ocsp-2"), 2),))
    lab.issue(12, issuer=key_id(PKI.issuing.certificate))
    for no in (13, 14):
        lab.issue(no, issuer=key_id(second.issuing.certificate))
    for no in (11, 14):
        lab.revoke(no)
    lab.statuses.refresh()
    lab.store.silent = silent
    lab.listed[SERIALS[12]] = Standing(known=True, revoked_at=NOW)

    told = [[lab.ask(no, of=of).word for no in range(10, 16)] for of in (PKI, second)]
    first = ["good", "revoked", "revoked" if silent else "good", "unknown", "unknown", "unknown"]
    assert told == [first, ["unknown", "unknown", "unknown", "good", "revoked", "unknown"]]
    assert read(lab.ask(13, of=second)).certificates == [made]
    assert read(lab.ask(10)).certificates == [signer().certificate]


def test_an_answer_is_signed_once_while_it_is_young() -> None:
    """Byte for byte the same until half of its life is over, and it says how much is left."""
    lab = Lab()
    first = lab.ask(10)
    lab.at += SIGNED_ANEW - timedelta(seconds=1)
    again = lab.ask(10)
    lab.at += timedelta(seconds=1)
    anew = lab.ask(10)

    assert again.der == first.der != anew.der
    assert (first.keep_s, again.keep_s, anew.keep_s) == (60, 31, 60)
    assert read(anew).next_update_utc == lab.at + ANSWER_LIFE


def test_a_revocation_ends_a_kept_answer_at_once() -> None:
    """No second of the same stopped clock lies between; and nothing makes it good again."""
    lab = Lab()
    assert lab.word(10) == "good"
    lab.revoke(10)
    assert [lab.word(10), lab.word(10)] == ["revoked", "revoked"]


def test_a_newly_issued_certificate_is_known_at_once() -> None:
    """An `unknown` that is kept dies as well."""
    lab = Lab()
    assert lab.word(12) == "unknown"
    lab.issue(12)
    assert lab.word(12) == "good"


def test_an_answer_by_another_hash_is_another_answer() -> None:
    """What was signed for one is not given to the other."""
    lab = Lab()
    assert [read(lab.ask(10, by=by)).hash_algorithm.name for by in (SHA1(), SHA256(), SHA1())] == [
        "sha1",
        "sha256",
        "sha1",
    ]


def test_an_answer_with_a_nonce_is_made_for_one_asker() -> None:
    """It is never kept, here or by anybody."""
    lab = Lab()
    plain = lab.ask(10)
    mine, theirs = lab.ask(10, nonce=b"m" * 32), lab.ask(10, nonce=b"t" * 32)

    assert (mine.keep_s, plain.keep_s) == (0, 60)
    assert [b"m" * 32, b"t" * 32] == [
        read(each).extensions.get_extension_for_class(x509.OCSPNonce).value.nonce for each in (mine, theirs)
    ]
    assert lab.ask(10).der == plain.der


def test_after_a_clock_was_put_back_nothing_from_the_future_is_given() -> None:
    """An answer that begins tomorrow is refused by whoever gets it."""
    lab = Lab()
    lab.ask(10)
    lab.at -= timedelta(days=1)
    assert read(lab.ask(10)).this_update_utc == lab.at


def test_a_new_delegate_signs_anew() -> None:
    """What the former one signed is not given again: its certificate may have ended."""
    lab = Lab()
    first = lab.ask(10)
    made = signer_certificate(
        PKI.issuing, key("ocsp-2").public_key(), serial=serial(51), period=Period(NOW, NOW + SIGNER_LIFE)
    )
    other = AnswerSigner(PKI.issuing.certificate, made, key("ocsp-2"))
    lab.signs = lambda: other

    assert read(first).certificates != read(lab.ask(10)).certificates == [made]


def test_no_more_answers_are_kept_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks about a million serials fills no memory."""
    monkeypatch.setattr(revocation, "limit", lambda name: 3 if name == "ocsp_answers_kept" else limit(name))
    lab = Lab()
    for no in range(10, 18):
        lab.ask(no)
    assert len(lab.responder._kept) == 3


def test_who_asks_wrongly_is_told_so() -> None:
    """Rubbish is malformed; another CA's certificate is not ours to speak of."""
    lab = Lab()
    foreign = make_pki(NOW, name="another office", keys="ca-foreign")
    asked = ocsp.OCSPRequestBuilder().add_certificate(foreign.client(), foreign.issuing.certificate, SHA1()).build()

    assert ["malformed", "unauthorized"] == [
        lab.responder.answer(der).word for der in (b"rubbish", asked.public_bytes(Encoding.DER))
    ]
    assert lab.responder.answer(b"").keep_s == 0


def test_without_anybody_to_sign_it_is_later() -> None:
    """No unsigned good, and no error that would be kept."""
    lab = Lab()

    def nobody() -> AnswerSigner:
        raise Unavailable("nobody can sign answers")

    lab.signs = nobody
    answer = lab.ask(10)
    assert (answer.word, answer.keep_s) == ("try_later", 0)
    assert read(answer).response_status == ocsp.OCSPResponseStatus.TRY_LATER


def test_a_register_that_is_down_for_a_day_locks_nobody_out_and_lets_nobody_in() -> None:
    """Good stays good, revoked stays revoked, unknown stays unknown; the answers say how old the knowledge is."""
    lab = Lab()
    lab.revoke(11)
    lab.statuses.refresh()
    lab.store.silent = True

    for hours in (0, 1, 24):
        lab.at = NOW + timedelta(hours=hours)
        assert ["good", "revoked", "unknown"] == [lab.word(no) for no in (10, 11, 12)]
        told = read(lab.ask(10))
        assert (told.this_update_utc, told.next_update_utc) == (NOW, lab.at + ANSWER_LIFE)
    assert (REGISTER, "Unavailable") == lab.listened[-1]


def test_a_silence_that_lasts_too_long_ends_in_later() -> None:
    """After `OUTLASTS` nobody may call it knowledge any more; the register's first word ends that."""
    lab = Lab()
    lab.statuses.refresh()
    lab.store.silent = True
    lab.at += OUTLASTS
    assert lab.word(10) == "good"
    lab.at += timedelta(seconds=1)
    assert lab.word(10) == "try_later"

    lab.store.silent = False
    assert lab.word(10) == "good"
    assert lab.listened[-1] == (REGISTER, "heard")


def test_a_register_that_never_spoke_is_later() -> None:
    """Before the first word nothing is known."""
    lab = Lab()
    lab.store.silent = True
    assert lab.word(10) == "try_later"
    with pytest.raises(Unavailable):
        lab.statuses.refresh()


def test_what_the_list_says_counts_while_the_register_is_silent() -> None:
    """Revoked after the last look at the rows and before they fell silent: the list was written in between."""
    lab = Lab()
    lab.statuses.refresh()
    lab.revoke(10)
    lab.listed[SERIALS[10]] = Standing(known=True, revoked_at=NOW, reason=None)
    lab.store.silent = True

    assert ["revoked", "good"] == [lab.word(no) for no in (10, 11)]


def test_a_failed_look_keeps_what_was_known() -> None:
    """The house looks every half minute; a failure does not wipe out the last success."""
    lab = Lab()
    lab.statuses.refresh()
    lab.store.silent = True
    with pytest.raises(Unavailable):
        lab.statuses.refresh()
    assert lab.statuses.standing(SERIALS[10], signer()) == (GOOD, NOW)
    assert lab.statuses.standing("abc", signer()) == (UNKNOWN, NOW)


def test_a_look_reads_only_what_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing at all when nothing happened; so 300,000 certificates cost no more than ten."""
    lab, asked = Lab(), list[tuple[str, Any]]()
    issued, revoked = MemoryReadTx.serials_issued, MemoryReadTx.revoked_certificates

    def noting_issued(self: Any, since: datetime | None = None) -> list[tuple[str, str | None]]:
        asked.append(("issued", since))
        return issued(self, since)

    def noting_revoked(self: Any, *, since: datetime | None = None) -> list[Certificate]:
        asked.append(("revoked", since))
        return revoked(self, since=since)

    monkeypatch.setattr(MemoryReadTx, "serials_issued", noting_issued)
    monkeypatch.setattr(MemoryReadTx, "revoked_certificates", noting_revoked)
    lab.revoke(11)
    assert lab.statuses.refresh() == 1
    assert [("issued", None), ("revoked", None)] == asked
    asked.clear()
    assert (lab.statuses.refresh(), asked) == (1, [])

    lab.issue(12)
    lab.revoke(10)
    assert lab.statuses.refresh() == 2
    assert [("issued", NOW - WRITING_TAKES), ("revoked", NOW - WRITING_TAKES)] == asked


@given(
    acts=st.lists(
        st.tuples(st.sampled_from(["issue", "revoke", "look", "nothing"]), st.integers(10, 19), st.integers(-99, 99)),
        max_size=14,
    )
)
def test_after_a_look_a_silent_register_says_what_it_said(acts: list[tuple[str, int, int]]) -> None:
    """Whatever the clock did meanwhile, forward or back: every serial stands as the rows had it at the last look."""
    lab = Lab()
    said: dict[str, Standing] = {}
    for act, no, hours in [*acts, ("look", 10, 0)]:
        lab.at = NOW + timedelta(hours=hours)
        with lab.store.read() as tx:
            row = tx.certificate(SERIALS[no])
        if act == "issue" and row is None:
            with lab.store.write() as tx:
                tx.put_certificate(Certificate(SERIALS[no], PARTY, "pc", lab.at, lab.at))
        if act == "revoke" and row is not None and row.revoked_at is None:
            lab.revoke(no)
        if act == "look":
            lab.statuses.refresh()
            with lab.store.read() as tx:
                said = {serial: standing_of(tx.certificate(serial)) for serial in SERIALS.values()}
    lab.store.silent = True
    assert said == {serial: lab.statuses.standing(serial, signer())[0] for serial in SERIALS.values()}


def test_revoked_in_the_last_second_stays_out_for_the_whole_silence() -> None:
    """Ten revoked between two looks by another program, then nothing is heard for two days."""
    lab = Lab()
    for no in range(12, 20):
        lab.issue(no)
    lab.statuses.refresh()
    lab.at += timedelta(seconds=30)
    for no in range(10, 20, 2):
        lab.revoke(no)
    lab.statuses.refresh()
    lab.store.silent = True
    for hours in (0, 24, 47):
        lab.at = NOW + timedelta(hours=hours)
        assert ["revoked", "good"] * 5 == [lab.word(no) for no in range(10, 20)]
