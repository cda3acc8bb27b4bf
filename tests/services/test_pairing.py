"""A new machine is vouched for by another terminal of its party, and by nobody else's."""

from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from seikyu.ports.errors import BadRequest, Busy, NotFound
from seikyu.ports.trust import CertificateRevoked
from seikyu.services import applications, pairing
from seikyu.services.issuing import LOST, Handed, TerminalGone, revoke_terminal
from seikyu.services.pairing import REQUEST_BYTES, PairingOver, PairingOwnTerminal, TerminalUnknown, Waits
from seikyu.services.people import CONSOLE
from seikyu.trust.certificates import BadRequestForCertificate, asked_by
from seikyu.trust.codes import CodeMistyped
from seikyu.trust.enrolment import Purpose
from services.enrolment_lab import CLERK, OTHER, OWN, TERMINAL, EnrolmentLab, inhand

SECOND = "受付2号機"


def request() -> bytes:
    """Return the certification request of a machine that has just made its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    made = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, SHA256())
    return made.public_bytes(Encoding.DER)


def asks(lab: EnrolmentLab, party: str = OWN, terminal: str = TERMINAL) -> Waits:
    """Let a machine ask."""
    return pairing.ask(lab.enrolling, party=party, terminal=terminal, request=request())


def test_a_second_terminal_vouches_for_a_new_machine(enrolment_lab: EnrolmentLab) -> None:
    """The machine waits, is approved by the code on its screen, and finds its certificate; the old one has ended."""
    enrolling = enrolment_lab.enrolling
    old = enrolment_lab.fetched(enrolment_lab.opened())
    second = enrolment_lab.fetched(enrolment_lab.opened(SECOND))
    by, asked = inhand(second.serial, terminal=SECOND), request()
    waits = pairing.ask(enrolling, party=OWN, terminal=TERMINAL, request=asked)
    assert waits.until == pairing.collect(enrolling, waits.secret)
    [seen] = pairing.offered(enrolling, by)
    assert (seen.terminal, seen.spki_sha256, seen.approved) == (TERMINAL, asked_by(asked).spki_sha256, False)
    assert enrolment_lab.living() == [old.serial, second.serial]

    approved = pairing.approve(enrolling, by, waits.pairing_code.lower())
    handed = pairing.collect(enrolling, waits.secret)
    assert isinstance(handed, Handed)
    assert (handed.serial, handed.chain) == (approved.serial, enrolling.authority.chain())
    assert x509.load_der_x509_certificate(handed.der).public_key() == asked_by(asked).key
    assert enrolment_lab.living() == [second.serial, handed.serial]
    assert enrolment_lab.row(old.serial).reason == "superseded"
    assert pairing.approve(enrolling, by, waits.pairing_code) == replace(approved, again=True)
    assert [each.approved for each in pairing.offered(enrolling, by)] == [True]
    assert "approve_pairing" in enrolment_lab.acts()


def test_another_party_neither_sees_nor_approves(enrolment_lab: EnrolmentLab) -> None:
    """It is told the same as of a code that nobody shows."""
    enrolment_lab.opened()
    waits = asks(enrolment_lab)
    stranger = inhand("1", party=OTHER)
    assert pairing.offered(enrolment_lab.enrolling, stranger) == []
    with pytest.raises(NotFound):
        pairing.approve(enrolment_lab.enrolling, stranger, waits.pairing_code)
    with pytest.raises(CodeMistyped):
        pairing.approve(enrolment_lab.enrolling, stranger, waits.pairing_code[:-1])
    assert not isinstance(pairing.collect(enrolment_lab.enrolling, waits.secret), Handed)
    assert enrolment_lab.living() == []


def test_what_cannot_be_approved_issues_nothing(enrolment_lab: EnrolmentLab) -> None:
    """The terminal itself, one that the party never had, and one that is no more."""
    enrolling, opened = enrolment_lab.enrolling, enrolment_lab.opened()
    with pytest.raises(PairingOwnTerminal):
        pairing.approve(enrolling, inhand("1"), asks(enrolment_lab).pairing_code)
    by = inhand("2", terminal=SECOND)
    with pytest.raises(TerminalUnknown):
        pairing.approve(enrolling, by, asks(enrolment_lab, terminal="窓口").pairing_code)
    enrolment_lab.fetched(opened)
    applications.end_terminal(enrolling, CONSOLE, opened.notice.id)
    living = enrolment_lab.living()
    with pytest.raises(TerminalGone):
        pairing.approve(enrolling, by, asks(enrolment_lab).pairing_code)
    assert enrolment_lab.living() == living


def test_a_terminal_that_was_reported_lost_vouches_for_none(enrolment_lab: EnrolmentLab) -> None:
    """Its certificate was good when it asked, and is not when the new one would be stored."""
    enrolling, opened = enrolment_lab.enrolling, enrolment_lab.opened(SECOND)
    old, second = enrolment_lab.fetched(enrolment_lab.opened()), enrolment_lab.fetched(opened)
    waits = asks(enrolment_lab)
    revoke_terminal(enrolling, CLERK, opened.notice, reason=LOST)
    with pytest.raises(CertificateRevoked):
        pairing.approve(enrolling, inhand(second.serial, terminal=SECOND), waits.pairing_code)
    assert enrolment_lab.living() == [old.serial]
    assert not isinstance(pairing.collect(enrolling, waits.secret), Handed)


def test_a_server_is_no_terminal_that_is_vouched_for(enrolment_lab: EnrolmentLab) -> None:
    """It would become a client, and lose its own certificate."""
    server = enrolment_lab.fetched(enrolment_lab.opened("gw", purpose=Purpose.SERVER, hosts=("gw.example.jp",)))
    second = enrolment_lab.fetched(enrolment_lab.opened(SECOND))
    waits = asks(enrolment_lab, terminal="gw")
    with pytest.raises(TerminalUnknown):
        pairing.approve(enrolment_lab.enrolling, inhand(second.serial, terminal=SECOND), waits.pairing_code)
    assert enrolment_lab.living() == [server.serial, second.serial]


def test_a_pairing_is_over_after_a_quarter_of_an_hour(enrolment_lab: EnrolmentLab) -> None:
    """To the second; an approval in the last second can still be fetched, until it is forgotten."""
    enrolling = enrolment_lab.enrolling
    enrolment_lab.opened()
    by = inhand(enrolment_lab.fetched(enrolment_lab.opened(SECOND)).serial, terminal=SECOND)
    first, second = asks(enrolment_lab), asks(enrolment_lab)
    enrolment_lab.later(minutes=15, seconds=-1)
    pairing.approve(enrolling, by, first.pairing_code)
    enrolment_lab.later(seconds=1)
    assert isinstance(pairing.collect(enrolling, first.secret), Handed)
    with pytest.raises(PairingOver):
        pairing.collect(enrolling, second.secret)
    with pytest.raises(NotFound):
        pairing.approve(enrolling, by, second.pairing_code)
    assert [each.approved for each in pairing.offered(enrolling, by)] == [True]
    assert pairing.forget(enrolling) == 0
    enrolment_lab.later(minutes=15, seconds=1)
    assert pairing.forget(enrolling) == 2
    assert pairing.forget(enrolling) == 0
    with pytest.raises(PairingOver):
        pairing.collect(enrolling, first.secret)


def test_the_newest_takes_the_place_of_who_waited_longest(enrolment_lab: EnrolmentLab) -> None:
    """Strangers who fill the places of a party do not keep it out; what was approved keeps its place."""
    enrolling = enrolment_lab.enrolling
    enrolment_lab.opened()
    by = inhand(enrolment_lab.fetched(enrolment_lab.opened(SECOND)).serial, terminal=SECOND)
    done = asks(enrolment_lab)
    pairing.approve(enrolling, by, done.pairing_code)
    waiting = []
    for _ in range(6):
        enrolment_lab.later(seconds=1)
        waiting.append(asks(enrolment_lab))
    assert enrolment_lab.told.count(("pairing_dropped", {"party": OWN})) == 1
    with pytest.raises(PairingOver):
        pairing.collect(enrolling, waiting[0].secret)
    assert [pairing.collect(enrolling, each.secret) for each in waiting[1:]] == [each.until for each in waiting[1:]]
    assert isinstance(pairing.collect(enrolling, done.secret), Handed)
    assert pairing.approve(enrolling, by, waiting[-1].pairing_code).terminal == TERMINAL


def test_only_so_many_of_all_wait(enrolment_lab: EnrolmentLab) -> None:
    """What is approved or over takes no place; a party whose own places are full needs no further one."""
    rules = replace(enrolment_lab.enrolling.rules, pairings_of_all=6)
    enrolling = enrolment_lab.enrolling = replace(enrolment_lab.enrolling, rules=rules)
    enrolment_lab.opened()
    waiting = [asks(enrolment_lab) for _ in range(5)]
    asks(enrolment_lab, OTHER)
    with pytest.raises(Busy):
        asks(enrolment_lab, OTHER)
    assert ("pairing_refused", {"party": OTHER}) in enrolment_lab.told
    pairing.approve(
        enrolling,
        inhand(enrolment_lab.fetched(enrolment_lab.opened(SECOND)).serial, terminal=SECOND),
        waiting[-1].pairing_code,
    )
    asks(enrolment_lab, OTHER)
    with pytest.raises(Busy):
        asks(enrolment_lab, OTHER)
    enrolment_lab.later(minutes=15)
    assert asks(enrolment_lab).secret not in {each.secret for each in waiting}


def test_odd_askings_are_not_kept(enrolment_lab: EnrolmentLab) -> None:
    """No party's number, no terminal's name, no request; whether they exist is not told."""
    enrolling = enrolment_lab.enrolling
    for party, terminal in (("../x", TERMINAL), (OWN, ""), (OWN, "a" * 65)):
        with pytest.raises(BadRequest):
            pairing.ask(enrolling, party=party, terminal=terminal, request=request())
    with pytest.raises(BadRequest):
        pairing.ask(enrolling, party=OWN, terminal=TERMINAL, request=b"x" * (REQUEST_BYTES + 1))
    with pytest.raises(BadRequestForCertificate):
        pairing.ask(enrolling, party=OWN, terminal=TERMINAL, request=b"x")
    nobody = asks(enrolment_lab, "9999999999", "nowhere")
    assert nobody.until == pairing.collect(enrolling, nobody.secret)
    with pytest.raises(PairingOver):
        pairing.collect(enrolling, "no secret of ours")


def test_a_secret_shows_nowhere(enrolment_lab: EnrolmentLab) -> None:
    """Neither in what is printed for a fault nor in the rows."""
    waits = asks(enrolment_lab)
    with enrolment_lab.enrolling.store.read() as tx:
        [row] = tx.pairings(OWN)
    assert waits.secret not in repr(waits)
    assert waits.pairing_code not in repr(waits)
    assert waits.secret not in str(row.__reduce_ex__(4))
