"""Rows for the contract suites: plainly fictitious, prefecture 99."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from seikyu.office.delivery.history import DeliveryStep
from seikyu.ports.people import (
    Acceptance,
    Entry,
    Guesses,
    HalfLogin,
    Mandate,
    RegistrationCode,
    SecurityKey,
    Session,
    User,
)
from seikyu.ports.register import Certificate, Party
from seikyu.ports.store import Delivery, File, Month, Notice, NoticeStep, Posting, ReadTx, Sending

NOW = datetime(2026, 9, 5, 9, 30, 0, 123456, tzinfo=ZoneInfo("Asia/Tokyo"))
INSTITUTION = "9911000015"
PAYER = "99130012"
PLACE = {"body": "2-99", "month": "202609", "line": "real"}


def a_party(identity: str = INSTITUTION, **other: Any) -> Party:
    """Return a party."""
    return Party(**{"id": identity, "kind": "institution", "name": "見本医院", "since": NOW, **other})


def a_notice(identity: str = "n1", **other: Any) -> Notice:
    """Return a notice that has just been filed."""
    given = {"kind": "stop", "state": "filed", "filed_at": NOW, "fields": "{}", "digest": "d"}
    return Notice(**{"id": identity, "party": INSTITUTION, **given, **other})


def a_step(notice: str = "n1", no: int = 1, **other: Any) -> NoticeStep:
    """Return a line of a notice's history."""
    return NoticeStep(**{"notice": notice, "no": no, "state": "filed", "at": NOW, "by": INSTITUTION, **other})


def a_certificate(serial: str = "1f", **other: Any) -> Certificate:
    """Return a certificate."""
    given = {"party": INSTITUTION, "terminal": "pc-1", "issued_at": NOW, "not_after": NOW.replace(year=2029)}
    given |= {"issuer": "0a1b"}
    return Certificate(**{"serial": serial, **given, **other})


def a_sending(identity: str = "s1", **other: Any) -> Sending:
    """Return a sending that has just arrived."""
    given = {"party": INSTITUTION, "kind": "medical", "asp": True, "send_no": 1, "state": "checking", "digest": "d1"}
    return Sending(**{"id": identity, "received_at": NOW, **PLACE, **given, **other})


def a_file(identity: str = "f1", **other: Any) -> File:
    """Return a file that has just arrived."""
    return File(**{"id": identity, "sending": "s1", "no": 1, "size_bytes": 5 << 30, "sha256": "ab" * 32, **other})


def a_month(**other: Any) -> Month:
    """Return a month that is open."""
    return Month(**{**PLACE, "state": "open", **other})


def a_posting(identity: str = "p1", **other: Any) -> Posting:
    """Return a line of the ledger."""
    sums = {"claims": 3, "main_points": 1 << 40, "cases": 4, "own_points": -7, "meals_yen": 0}
    return Posting(
        **{"id": identity, "stage": "claimed", "file": "f1", "payer": PAYER, "at": NOW, **PLACE, **sums, **other}
    )


def a_fetch(no: int = 1, **other: Any) -> DeliveryStep:
    """Return a line of a delivery's history."""
    given = {
        "delivery": "d1", "what": "fetch", "since": NOW, "until": NOW, "start": 0, "end": 100, "reached": 0,
        "times": 1, "user": "hanako", "terminal": "pc-1", "serial": "1f",
    }  # fmt: skip
    return DeliveryStep(no=no, **{**given, **other})


def a_delivery(identity: str = "d1", **other: Any) -> Delivery:
    """Return a delivery that waits to be fetched."""
    given = {"payer": PAYER, "kind": "medical", "volume": 1, "state": "waiting", "claims": 2, "points": 900}
    return Delivery(
        **{"id": identity, "size_bytes": 1, "sha256": "cd" * 32, "sealed_at": NOW, **PLACE, **given, **other}
    )


def a_user(identity: str = "u1", **other: Any) -> User:
    """Return a user who has never failed."""
    given = {"body": "1", "name": "hanako", "party": INSTITUTION, "role": "clerk", "password": "hash", "initial": True}
    return User(**{"id": identity, "password_at": NOW, "added_at": NOW, **given, **other})


def a_session(identity: str = "5e" * 32, **other: Any) -> Session:
    """Return a session that has just begun."""
    return Session(**{"id": identity, "user": "u1", "serial": "1f", "started_at": NOW, "seen_at": NOW, **other})


def a_mandate(identity: str = "m1", **other: Any) -> Mandate:
    """Return a mandate in force."""
    given = {"body": "1", "agent": INSTITUTION, "principal": "9911000023", "since": NOW}
    return Mandate(**{"id": identity, **given, **other})


def an_entry(identity: str = "e1", **other: Any) -> Entry:
    """Return a line of the journal."""
    given = {"act": "login", "body": "1", "user": "hanako", "party": INSTITUTION, "subject": "hanako"}
    return Entry(**{"id": identity, "at": NOW, "acts_for": "9911000023", "mandate": "m1", **given, **other})


def a_code(identity: str = "c1", **other: Any) -> RegistrationCode:
    """Return a code that nobody has used."""
    given = {"party": INSTITUTION, "digest": "d", "made_at": NOW, "until": NOW.replace(year=2027)}
    return RegistrationCode(**{"id": identity, **given, **other})


def an_acceptance(**other: Any) -> Acceptance:
    """Return that a user has accepted a text."""
    return Acceptance(**{"user": "u1", "document": "use", "version": "2026-10-01", "lang": "ja", "at": NOW, **other})


def some_guesses(key: str = "k1", **other: Any) -> Guesses:
    """Return failures of a stranger."""
    return Guesses(**{"key": key, "failed": 3, "failed_at": NOW, **other})


def a_security_key(identity: str = "key1", **other: Any) -> SecurityKey:
    """Return a security key that was never used."""
    given = {"user": "u1", "name": "black", "public_key": "p", "sign_count": 1 << 31, "added_at": NOW}
    return SecurityKey(**{"id": identity, **given, **other})


def a_half_login(identity: str = "4a" * 32, **other: Any) -> HalfLogin:
    """Return a login that waits for its second factor."""
    given = {"user": "u1", "purpose": "login", "serial": "1f", "challenge": "00", "password": "hash", "until": NOW}
    return HalfLogin(**{"id": identity, **given, **other})


def everything(tx: ReadTx) -> tuple[Any, ...]:
    """Return all that can be read, so that two stores, or two moments, can be compared."""
    sendings = tx.sendings()
    months = tx.months()
    notices = tx.notices()
    return (
        tx.parties(), tx.certificates(), sendings, [tx.files(one.id) for one in sendings], months,
        [tx.postings(one.body, one.month, one.line) for one in months] or tx.postings(**PLACE),
        tx.deliveries(), tx.delivery_steps("d1", "d2"), tx.object_names(), tx.setting("a"), tx.setting("b"), tx.users(), tx.sessions("u1"),
        tx.mandates(), tx.entries(), tx.registration_code(INSTITUTION), tx.acceptances("u1"), tx.guesses("k1"),
        tx.security_keys("u1"), tx.half_login("4a" * 32),
        notices, [tx.notice_steps(one.id) for one in notices],
    )  # fmt: skip
