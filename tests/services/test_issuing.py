"""Certificates of terminals: fetched, fetched again, renewed, replaced, lost; and who guesses."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from seikyu.ports.errors import NotFound
from seikyu.ports.register import Certificate
from seikyu.ports.trust import CertificateRevoked
from seikyu.services import applications, issuing
from seikyu.services.issuing import CodeLocked, CodeRefused, NoticeClosed, Proof, TerminalGone
from seikyu.services.people import CONSOLE
from seikyu.trust.certificates import BadRequestForCertificate, asked_for
from seikyu.trust.codes import CHANCE_BYTES, CodeMistyped, make_code
from seikyu.trust.enrolment import Purpose
from services.enrolment_lab import CLERK, OTHER, OWN, TERMINAL, EnrolmentLab, inhand, new_asked

WRONG = make_code("pin", bytes(range(CHANCE_BYTES)))


def test_a_certificate_is_fetched_any_number_of_times(enrolment_lab: EnrolmentLab) -> None:
    """The same key gets the same certificate; another key another one, and the first one ends a day later."""
    opened, key = enrolment_lab.opened(), new_asked()
    first = enrolment_lab.fetched(opened, key)
    again = enrolment_lab.fetched(opened, key)
    assert (again.serial, again.der, again.again, first.again) == (first.serial, first.der, True, False)
    certificate = x509.load_der_x509_certificate(first.der)
    assert certificate.public_key() == key.key
    assert certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value == TERMINAL
    other = enrolment_lab.fetched(opened)
    assert enrolment_lab.living() == [first.serial, other.serial]
    enrolment_lab.later(hours=24)
    assert issuing.revoke_superseded(enrolment_lab.enrolling) == 1
    assert enrolment_lab.living() == [other.serial]
    assert enrolment_lab.row(first.serial).reason == "superseded"
    assert issuing.revoke_superseded(enrolment_lab.enrolling) == 0


def test_the_notice_is_open_for_180_days(enrolment_lab: EnrolmentLab) -> None:
    """To the second; opened anew it is open again."""
    opened = enrolment_lab.opened()
    enrolment_lab.later(days=180, seconds=-1)
    enrolment_lab.fetched(opened)
    enrolment_lab.later(seconds=1)
    with pytest.raises(NoticeClosed):
        enrolment_lab.fetched(opened)
    enrolment_lab.fetched(applications.open_anew(enrolment_lab.enrolling, CONSOLE, opened.notice.id))


def test_guesses_are_counted_and_locked(enrolment_lab: EnrolmentLab) -> None:
    """After five the right PIN is not looked at either, until the time told; every further lock is twice as long."""
    opened, enrolling = enrolment_lab.opened(), enrolment_lab.enrolling
    waits = []
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(CodeRefused):
                issuing.fetch(enrolling, Proof(opened.reference, WRONG), new_asked())
        with pytest.raises(CodeLocked) as locked:
            issuing.fetch(enrolling, Proof(opened.reference, WRONG), new_asked())
        looked_at = len(enrolment_lab.vault.asked)
        with pytest.raises(CodeLocked):
            enrolment_lab.fetched(opened)
        assert len(enrolment_lab.vault.asked) == looked_at
        until = locked.value.facts["until"]
        waits.append(until - enrolment_lab.clock.at)
        enrolment_lab.clock.at = until
    assert waits == [timedelta(minutes=30), timedelta(minutes=60), timedelta(minutes=120)]
    enrolment_lab.fetched(opened)
    with pytest.raises(CodeRefused):
        issuing.fetch(enrolling, Proof(opened.reference, WRONG), new_asked())


def test_wrong_codes_keep_nobody_from_reporting_a_loss(enrolment_lab: EnrolmentLab) -> None:
    """Wrong PINs lock the PIN and not the recovery code; wrong recovery codes lock nothing, however many they are."""
    opened, enrolling = enrolment_lab.opened(), enrolment_lab.enrolling
    enrolment_lab.fetched(opened)
    wrong = make_code("recovery", bytes(range(CHANCE_BYTES)))
    for _ in range(12):
        with pytest.raises(CodeRefused):
            issuing.recover(enrolling, Proof(opened.reference, wrong), new_asked())
    enrolment_lab.fetched(opened)
    for _ in range(5):
        with pytest.raises((CodeRefused, CodeLocked)):
            issuing.look(enrolling, Proof(opened.reference, WRONG))
    proof = Proof(opened.reference, opened.recovery)
    assert len(issuing.report_lost(enrolling, proof)) == 2
    issuing.recover(enrolling, proof, new_asked())
    with pytest.raises(CodeLocked):
        enrolment_lab.fetched(opened)


def test_a_slip_does_not_count_and_a_foreign_reference_is_like_a_wrong_pin(enrolment_lab: EnrolmentLab) -> None:
    """What cannot be a code is told before anything is looked up."""
    opened, enrolling = enrolment_lab.opened(), enrolment_lab.enrolling
    for _ in range(9):
        with pytest.raises(CodeMistyped):
            issuing.fetch(enrolling, Proof(opened.reference, WRONG[:-1]), new_asked())
        with pytest.raises(CodeRefused):
            unknown = make_code("reference", bytes(range(CHANCE_BYTES)))
            issuing.fetch(enrolling, Proof(unknown, opened.pin), new_asked())
    enrolment_lab.fetched(opened)


def test_pin_and_recovery_code_are_not_each_other(enrolment_lab: EnrolmentLab) -> None:
    """A notice that was opened anew forgets its old PIN."""
    opened, enrolling = enrolment_lab.opened(), enrolment_lab.enrolling
    with pytest.raises(CodeMistyped):
        issuing.recover(enrolling, Proof(opened.reference, opened.pin), new_asked())
    applications.open_anew(enrolling, CONSOLE, opened.notice.id)
    with pytest.raises(CodeRefused):
        enrolment_lab.fetched(opened)


def test_a_renewal_overlaps_and_can_be_fetched_again(enrolment_lab: EnrolmentLab) -> None:
    """The certificate in hand goes on for 62 days; whoever asks again for the same key gets the same answer."""
    first = enrolment_lab.fetched(enrolment_lab.opened())
    enrolment_lab.later(days=100)
    key = new_asked()
    renewed = issuing.renew(enrolment_lab.enrolling, inhand(first.serial), key)
    again = issuing.renew(enrolment_lab.enrolling, inhand(first.serial), key)
    assert (again.serial, again.again) == (renewed.serial, True)
    assert renewed.not_after > first.not_after
    enrolment_lab.later(days=62, seconds=-1)
    assert issuing.revoke_superseded(enrolment_lab.enrolling) == 0
    enrolment_lab.later(seconds=1)
    assert issuing.revoke_superseded(enrolment_lab.enrolling) == 1
    assert enrolment_lab.living() == [renewed.serial]


def test_a_certificate_that_was_revoked_meanwhile_renews_nothing(enrolment_lab: EnrolmentLab) -> None:
    """Revoked since it was shown, it gets no new one and none again; also if that comes while the new one is signed."""
    opened, enrolling, key = enrolment_lab.opened(), enrolment_lab.enrolling, new_asked()
    first = enrolment_lab.fetched(opened)

    def lost(*_: object) -> None:
        issuing.revoke_terminal(enrolling, CLERK, opened.notice, reason=issuing.ENDED)

    with pytest.raises(CertificateRevoked):
        issuing.renew(enrolling, inhand(first.serial), key, vet=lost)
    assert enrolment_lab.living() == []
    other = enrolment_lab.fetched(opened, key)
    with pytest.raises(CertificateRevoked):
        issuing.renew(enrolling, inhand(first.serial), key)
    assert enrolment_lab.living() == [other.serial]


def test_a_certificate_may_be_renewed_with_its_own_key(enrolment_lab: EnrolmentLab) -> None:
    """The certificate in hand is no answer to its own renewal."""
    key = new_asked()
    first = enrolment_lab.fetched(enrolment_lab.opened(), key)
    enrolment_lab.later(days=1)
    renewed = issuing.renew(enrolment_lab.enrolling, inhand(first.serial), key)
    assert renewed.serial != first.serial
    assert issuing.renew(enrolment_lab.enrolling, inhand(first.serial), key).serial == renewed.serial


def test_a_terminal_that_renews_again_and_again_keeps_three(enrolment_lab: EnrolmentLab) -> None:
    """Many renewals that nobody fetched end, and never the one that asks."""
    first = enrolment_lab.fetched(enrolment_lab.opened())
    serials = [issuing.renew(enrolment_lab.enrolling, inhand(first.serial), new_asked()).serial for _ in range(6)]
    assert enrolment_lab.living() == [first.serial, *serials[-2:]]


def test_what_was_issued_by_hand_is_renewed_too(enrolment_lab: EnrolmentLab) -> None:
    """A certificate of before the notices has a row of the register and nothing else."""
    now = enrolment_lab.clock.at
    with enrolment_lab.enrolling.store.write() as tx:
        tx.put_certificate(Certificate("0a", OWN, "PC", now, now + timedelta(days=10)))
    renewed = issuing.renew(enrolment_lab.enrolling, inhand("0a", terminal="PC"), new_asked())
    enrolment_lab.later(days=9)
    assert set(enrolment_lab.living()) == {"0a", renewed.serial}
    recovered = issuing.replace_terminal(enrolment_lab.enrolling, CLERK, "PC", new_asked())
    assert enrolment_lab.living() == [recovered.serial]


def test_a_dead_terminal_is_replaced_and_its_certificate_ends_at_once(enrolment_lab: EnrolmentLab) -> None:
    """The recovery code works years later; an answer that broke off is asked for again with the same key."""
    opened = enrolment_lab.opened()
    first = enrolment_lab.fetched(opened)
    enrolment_lab.later(days=800)
    proof, key = Proof(opened.reference, opened.recovery), new_asked()
    replaced = issuing.recover(enrolment_lab.enrolling, proof, key)
    assert enrolment_lab.living() == [replaced.serial]
    assert issuing.recover(enrolment_lab.enrolling, proof, key).serial == replaced.serial
    assert ("certificate_revoked", {"serial": first.serial}) in enrolment_lab.told


def test_a_lost_terminal_is_shut_out_and_comes_back(enrolment_lab: EnrolmentLab) -> None:
    """Everything it has is revoked and its PIN is worthless; the recovery code then makes a new start."""
    opened, enrolling = enrolment_lab.opened(), enrolment_lab.enrolling
    first = enrolment_lab.fetched(opened)
    second = issuing.renew(enrolling, inhand(first.serial), new_asked())
    proof = Proof(opened.reference, opened.recovery)
    assert set(issuing.report_lost(enrolling, proof)) == {first.serial, second.serial}
    assert issuing.report_lost(enrolling, proof) == []
    assert enrolment_lab.row(first.serial).reason == "key_compromise"
    with pytest.raises(NoticeClosed):
        enrolment_lab.fetched(opened)
    assert enrolment_lab.living() == []
    assert enrolment_lab.acts().count("revoke_terminal_key_compromise") == 1
    back = issuing.recover(enrolling, proof, new_asked())
    assert enrolment_lab.living() == [back.serial]
    enrolment_lab.later(days=40)
    assert issuing.revoke_superseded(enrolling) == 0
    assert enrolment_lab.row(first.serial).reason == "key_compromise"
    with pytest.raises(NoticeClosed):
        enrolment_lab.fetched(opened)
    enrolment_lab.fetched(applications.open_anew(enrolling, CONSOLE, opened.notice.id))


def test_a_loss_that_is_reported_while_the_certificate_is_made_leaves_none(enrolment_lab: EnrolmentLab) -> None:
    """The PIN was right when it was looked at; nothing had been issued, so that closing is all there is to do."""
    opened, enrolling = enrolment_lab.opened(), enrolment_lab.enrolling
    lost = Proof(opened.reference, opened.recovery)
    with pytest.raises(NoticeClosed):
        issuing.fetch(
            enrolling, Proof(opened.reference, opened.pin), new_asked(),
            vet=lambda *_: (issuing.report_lost(enrolling, lost), None)[1],
        )  # fmt: skip
    assert enrolment_lab.living() == []


def test_another_terminal_vouches(enrolment_lab: EnrolmentLab) -> None:
    """For a terminal that the party has; not for a name that nobody has."""
    first = enrolment_lab.fetched(enrolment_lab.opened())
    replaced = issuing.replace_terminal(enrolment_lab.enrolling, CLERK, TERMINAL, new_asked())
    assert enrolment_lab.living() == [replaced.serial] != [first.serial]
    with pytest.raises(NotFound):
        issuing.replace_terminal(enrolment_lab.enrolling, CLERK, "知らない端末", new_asked())


def test_a_key_belongs_to_one_terminal(enrolment_lab: EnrolmentLab) -> None:
    """Two terminals with one key are one secret in two places."""
    key = new_asked()
    enrolment_lab.fetched(enrolment_lab.opened(), key)
    for opened in (enrolment_lab.opened("二号"), enrolment_lab.opened(party=OTHER)):
        with pytest.raises(BadRequestForCertificate, match="another terminal"):
            enrolment_lab.fetched(opened, key)


def test_who_is_no_more_gets_nothing(enrolment_lab: EnrolmentLab) -> None:
    """An ended terminal, and a party that has left, with codes and certificates that are right."""
    enrolling = enrolment_lab.enrolling
    opened, other = enrolment_lab.opened(), enrolment_lab.opened(party=OTHER)
    first = enrolment_lab.fetched(opened)
    applications.end_terminal(enrolling, CONSOLE, opened.notice.id)
    with enrolling.store.write() as tx:
        party = tx.party(OTHER)
        assert party is not None
        tx.put_party(type(party)(OTHER, "institution", "見本", party.since, until=enrolment_lab.clock.at))
    for act in (
        lambda: enrolment_lab.fetched(opened),
        lambda: enrolment_lab.fetched(other),
        lambda: issuing.recover(enrolling, Proof(opened.reference, opened.recovery), new_asked()),
        lambda: issuing.renew(enrolling, inhand(first.serial), new_asked()),
    ):
        with pytest.raises(TerminalGone):
            act()
    assert enrolment_lab.living() == [first.serial]


def test_a_server_is_certified_by_its_names(enrolment_lab: EnrolmentLab) -> None:
    """The names are those that were approved, and the certificate is none of a client."""
    opened = enrolment_lab.opened("入口", purpose=Purpose.SERVER, hosts=("gw.example", "192.0.2.7"))
    key = asked_for(ec.generate_private_key(ec.SECP256R1()).public_key())
    certificate = x509.load_der_x509_certificate(enrolment_lab.fetched(opened, key).der)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["gw.example"]
    use = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert x509.ExtendedKeyUsageOID.CLIENT_AUTH not in use


def test_who_has_shown_the_pin_fetches_without_it(enrolment_lab: EnrolmentLab) -> None:
    """As long as it is the PIN of today: not when it was opened anew, when it is closed, or when the terminal ended."""
    opened, enrolling = enrolment_lab.opened(), enrolment_lab.enrolling
    notice = issuing.look(enrolling, Proof(opened.reference, opened.pin))
    key = new_asked()

    first = issuing.fetch_looked_at(enrolling, notice.id, key, opened_at=notice.opened_at)
    assert first.serial == issuing.fetch_looked_at(enrolling, notice.id, key, opened_at=notice.opened_at).serial
    with pytest.raises(CodeRefused):
        issuing.fetch_looked_at(enrolling, "nobody", key, opened_at=notice.opened_at)
    enrolment_lab.later(days=180)
    with pytest.raises(NoticeClosed):
        issuing.fetch_looked_at(enrolling, notice.id, key, opened_at=notice.opened_at)
    applications.open_anew(enrolling, CONSOLE, notice.id)
    with pytest.raises(CodeRefused):
        issuing.fetch_looked_at(enrolling, notice.id, key, opened_at=notice.opened_at)
    applications.end_terminal(enrolling, CONSOLE, notice.id)
    with pytest.raises(TerminalGone):
        issuing.fetch_looked_at(enrolling, notice.id, key, opened_at=enrolment_lab.clock.at)
    assert [first.serial] == enrolment_lab.living()


def test_a_lock_tells_how_long_it_lasts(enrolment_lab: EnrolmentLab) -> None:
    """In whole seconds, never too early."""
    opened = enrolment_lab.opened()
    for _ in range(4):
        with pytest.raises(CodeRefused):
            issuing.look(enrolment_lab.enrolling, Proof(opened.reference, WRONG))
    with pytest.raises(CodeLocked) as locked:
        issuing.look(enrolment_lab.enrolling, Proof(opened.reference, WRONG))
    assert 1800 == locked.value.facts["retry_after_s"]
    enrolment_lab.later(seconds=0.5)
    with pytest.raises(CodeLocked) as locked:
        enrolment_lab.fetched(opened)
    assert 1800 == locked.value.facts["retry_after_s"]


def test_a_program_that_runs_in_a_circle_is_stopped(enrolment_lab: EnrolmentLab) -> None:
    """Fifty a day for one terminal; what is there is handed over all the same, and tomorrow it goes on."""
    enrolling, opened = enrolment_lab.enrolling, enrolment_lab.opened()
    first = enrolment_lab.fetched(opened)
    last = new_asked()
    for _ in range(48):
        issuing.renew(enrolling, inhand(first.serial), new_asked())
    kept = issuing.renew(enrolling, inhand(first.serial), last)
    with pytest.raises(issuing.TooManyCertificates):
        issuing.renew(enrolling, inhand(first.serial), new_asked())
    with pytest.raises(issuing.TooManyCertificates):
        enrolment_lab.fetched(opened)
    assert issuing.renew(enrolling, inhand(first.serial), last).serial == kept.serial
    enrolment_lab.fetched(enrolment_lab.opened("二号"))
    enrolment_lab.later(days=1, seconds=1)
    issuing.renew(enrolling, inhand(first.serial), new_asked())
