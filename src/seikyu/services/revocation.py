"""What the register of certificates says, also while it is silent; and signed answers about it (OCSP).

The rows are asked for every answer, so a revocation counts from its commit on, whoever made it; what is kept is only
the signature below a standing that the rows still say. While the rows are silent, what they said last goes on for
`OUTLASTS`, dated with when it was said, together with the revocation list, which is a file of its own: who was revoked
before stays out, and nobody else is locked out. After that the answer is "try later".

Times are the machine's, also in a sandbox: those who read answers look at their own clocks.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from seikyu.limits import limit
from seikyu.ports.errors import SeikyuError, Unavailable
from seikyu.ports.register import Certificate
from seikyu.ports.store import Store
from seikyu.trust.certificates import Period, serial_text
from seikyu.trust.serials import Serials
from seikyu.trust.status import (
    ANSWER_LIFE,
    GOOD,
    UNKNOWN,
    AnswerSigner,
    BadQuestion,
    NotOurs,
    Question,
    Standing,
    question_from,
    refusal,
    signed_answer,
)

#: What the rows said last counts for so long after they fell silent: a day, and the night in which nobody looks.
OUTLASTS: Final = timedelta(hours=48)

#: A row says when it was issued or revoked a little before that is there for others to read.
WRITING_TAKES: Final = timedelta(minutes=10)

#: A signed answer is given again while it is so young; the rest of its life is left to those who keep it.
SIGNED_ANEW: Final = ANSWER_LIFE / 2

#: The sources that every place's word on a certificate comes from.
REGISTER: Final = "register"
LIST: Final = "crl"
SIGNER: Final = "ocsp_signer"
FRONT: Final = "front"
SOURCES: Final = (REGISTER, LIST, SIGNER, FRONT)


#: Tells of a row's issuer whether it is the one that was asked about.
Issued = Callable[[str | None], bool]


class Listening(Protocol):
    """Takes notice of which sources speak and which are silent."""

    def heard(self, source: str) -> None:
        """Note that the source did its work."""
        ...

    def silent(self, source: str, error: Exception) -> None:
        """Note that it did not, and why."""
        ...


@contextmanager
def listening(to: Listening, source: str) -> Iterator[None]:
    """Note whether the source speaks in this block. Errors: those of the block."""
    try:
        yield
    except Exception as error:  # whatever it is, the source did not do its work, and the error goes on
        to.silent(source, error)
        raise
    to.heard(source)


@dataclass(frozen=True, slots=True)
class _Heard:
    """What the rows said at a time. Shape: `known` has every serial, in 20 bytes each, by who issued it."""

    at: datetime
    known: Mapping[str | None, Serials]
    revoked: Mapping[str, Standing]

    @property
    def many(self) -> int:
        return sum(map(len, self.known.values()))

    def standing(self, serial: str, issued: Issued) -> Standing:
        if not any(issued(issuer) and serial in serials for issuer, serials in self.known.items()):
            return UNKNOWN
        return self.revoked.get(serial) or GOOD


_NOTHING: Final = _Heard(datetime.min.replace(tzinfo=UTC), {}, {})


def _back(at: datetime) -> datetime | None:
    """Return from when on there may be rows or revocations that were not there at `at`; None, if nothing was heard."""
    return None if at == _NOTHING.at else at - WRITING_TAKES


def _with_more(
    known: Mapping[str | None, Serials], issued: Iterable[tuple[str, str | None]]
) -> dict[str | None, Serials]:
    by_issuer: dict[str | None, list[str]] = {}
    for serial, issuer in issued:
        by_issuer.setdefault(issuer, []).append(serial)
    return {**known, **{who: known.get(who, Serials()).with_more(serials) for who, serials in by_issuer.items()}}


def _standings(rows: Iterable[Certificate]) -> dict[str, Standing]:
    return {row.serial: standing_of(row) for row in rows}


def standing_of(row: Certificate | None) -> Standing:
    """Return the standing that a row gives; without a row the certificate is nobody's."""
    return UNKNOWN if row is None else Standing(known=True, revoked_at=row.revoked_at, reason=row.reason)


class Statuses:
    """The standing of every certificate.

    Shape: `listed` tells what a revocation list says of a serial, if anything: that of the signer's CA.
    Safe from many threads.
    """

    def __init__(
        self,
        store: Store,
        *,
        now: Callable[[], datetime],
        listened: Listening,
        listed: Callable[[str, AnswerSigner], Standing | None] = lambda *_: None,
    ) -> None:
        self._store = store
        self._now = now
        self._listened = listened
        self._listed = listed
        self._heard: _Heard | None = None
        self._lock = threading.Lock()

    def refresh(self) -> int:
        """Read what the rows say anew, keep it, and return how many are revoked.

        Only two counts are read when nothing happened. Errors: those of the store; what was kept stays.
        """
        with self._lock:  # What was read later is kept later.
            now, before = self._now(), self._heard or _NOTHING
            with listening(self._listened, REGISTER), self._store.read() as tx:
                issued, revoked = tx.certificates_counted()
                known, standings = before.known, before.revoked
                if issued != before.many:
                    known = _with_more(known, tx.serials_issued(_back(before.at)))
                if issued != _Heard(now, known, {}).many:  # A clock that was put back, or rows from elsewhere.
                    known = _with_more({}, tx.serials_issued())
                if revoked != len(standings):
                    standings = {**standings, **_standings(tx.revoked_certificates(since=_back(before.at)))}
                if revoked != len(standings):
                    standings = _standings(tx.revoked_certificates())
            self._heard = _Heard(now, known, standings)
        return revoked

    def standing(self, serial: str, signer: AnswerSigner) -> tuple[Standing, datetime]:
        """Return the standing of a certificate, and since when that is not newer; unknown, if another CA issued it.

        Errors: Unavailable, if the rows have been silent for longer than `OUTLASTS`, or since the start.
        """
        now = self._now()
        try:
            with listening(self._listened, REGISTER), self._store.read() as tx:
                row = tx.certificate(serial)
                return standing_of(row if row is not None and signer.issued(row.issuer) else None), now
        except SeikyuError as silent:
            kept = self._heard
            if kept is None or now - kept.at > OUTLASTS:
                raise Unavailable("the register of certificates is silent") from silent
            said = kept.standing(serial, signer.issued)
            return (said if said.revoked_at else self._listed(serial, signer) or said), kept.at


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer (DER). Shape: `word` names it in counters; others may keep it for `keep_s`; 0, nobody may."""

    der: bytes
    word: str
    period: Period | None = None
    keep_s: int = 0


class Responder:
    """Answers questions. Shape: `signer` returns who signs now for the CA that a question names, or raises NotOurs.

    Safe from many threads.
    """

    def __init__(
        self, statuses: Statuses, *, signer: Callable[[Question], AnswerSigner], now: Callable[[], datetime]
    ) -> None:
        self._statuses = statuses
        self._signer = signer
        self._now = now
        self._kept: OrderedDict[tuple[object, ...], Answer] = OrderedDict()
        self._lock = threading.Lock()

    def answer(self, der: bytes) -> Answer:
        """Answer a question (DER); whatever it is, there is an answer.

        Shape: malformed and unauthorized are the asker's to change; "try later" is said while nothing can be known or
        signed.
        """
        try:
            question = question_from(der)
            signer = self._signer(question)
            standing, as_of = self._statuses.standing(serial_text(question.serial), signer)
        except BadQuestion:
            return _refused("malformed")
        except NotOurs:
            return _refused("unauthorized")
        except SeikyuError:
            return _refused("try_later")
        period = Period(as_of.replace(microsecond=0), self._now().replace(microsecond=0) + ANSWER_LIFE)
        if question.nonce is not None:
            return Answer(signed_answer(signer, question, standing, period=period), standing.word)
        return self._young(signer, question, standing, period=period)

    def _young(self, signer: AnswerSigner, question: Question, standing: Standing, *, period: Period) -> Answer:
        """Return an answer that was signed a moment ago, or sign one.

        The standing is part of what it is found by: what the rows no longer say is not found.
        """
        key = (signer.certificate.serial_number, question.serial, type(question.algorithm), standing)
        now = self._now()
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and kept.period is not None:
            signed_at = kept.period.end - ANSWER_LIFE
            if signed_at <= now < signed_at + SIGNED_ANEW:
                return replace(kept, keep_s=int((kept.period.end - now).total_seconds()))
        der = signed_answer(signer, question, standing, period=period)
        made = Answer(der, standing.word, period, keep_s=int(ANSWER_LIFE.total_seconds()))
        with self._lock:
            self._kept[key] = made
            self._kept.move_to_end(key)
            while len(self._kept) > limit("ocsp_answers_kept"):
                self._kept.popitem(last=False)
        return made


def _refused(word: str) -> Answer:
    return Answer(refusal(word), word)
