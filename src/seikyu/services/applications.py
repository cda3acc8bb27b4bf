"""Applications for certificates (発行申請), and the issuance notices (発行通知書) that they become.

An application is answered once: of two who approve at the same time one is told that it was decided. What an approval
makes up, PIN and recovery code and the key of an account binding, is returned to be printed and is kept only as hashes
or sealed; a notice that was lost on its way is opened anew, which makes the old one worthless.
"""

import base64
from dataclasses import dataclass, field, replace
from typing import Final

from seikyu.office.errors import NotAllowed
from seikyu.ports.clock import Clock, Ids
from seikyu.ports.enrolment import Application, Authority, IssuanceNotice
from seikyu.ports.errors import BadRequest, NotFound
from seikyu.ports.people import Entry, Vault
from seikyu.ports.register import Party
from seikyu.ports.store import ReadTx, Store, WriteTx
from seikyu.services.office import OPERATOR, Tell, silent
from seikyu.services.people import CONSOLE, NoSuchParty
from seikyu.trust.certificates import is_host
from seikyu.trust.codes import CHANCE_BYTES, grouped, make_code
from seikyu.trust.enrolment import ApplicationState, EnrolmentRules, Purpose, enrolment_rules
from seikyu.trust.notices import is_text
from seikyu.trust.party import folded_name, is_common_name
from seikyu.trust.people import Actor

#: Bytes of the key of an account binding (RFC 8555 §7.3.4; as long as what HMAC-SHA256 gives).
BINDING_BYTES: Final = 32


class ApplicationDecided(NotAllowed):
    """The application has had its answer, or was withdrawn. Shape: facts `state`."""

    code = "application_decided"


class TerminalThere(NotAllowed):
    """The terminal has a certificate, or a notice for one: it is renewed or replaced, and not applied for again.

    Shape: facts `terminal`.
    """

    code = "terminal_there"


class ApplicationOwn(NotAllowed):
    """Who filed an application of the office's own does not approve it: a second operator would be one's own making."""

    code = "application_own"


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolling:
    """What getting certificates needs of the outside.

    Shape: `clock` is the machine's, in a sandbox too, as certificates are held against real clocks; whether the
    register has a party is asked by the office's own (`register_clock`).
    """

    store: Store
    clock: Clock
    register_clock: Clock
    ids: Ids
    vault: Vault
    authority: Authority
    rules: EnrolmentRules = field(default_factory=enrolment_rules)
    tell: Tell = silent


@dataclass(frozen=True, slots=True)
class Wish:
    """What is applied for.

    Shape: `terminal` is the in-house name of the machine (端末名称); `contact` a department and its phone, for the
    operator's questions; `hosts` the names of a server, none for a terminal.
    """

    terminal: str
    contact: str = ""
    purpose: Purpose = Purpose.CLIENT
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Opened:
    """A notice with what stands on its paper; shown once, and kept nowhere in the clear.

    Shape: codes in groups, as they are printed; `binding` is the key of an ACME account binding (base64url), whose key
    id is the reference number without hyphens.
    """

    notice: IssuanceNotice
    reference: str
    pin: str = field(repr=False)
    recovery: str = field(repr=False)
    binding: str = field(repr=False)


def apply_for(enrolling: Enrolling, by: Actor, wish: Wish, *, party: str) -> tuple[Application, bool]:
    """File an application; the same one again, while it waits, is a repeat (True).

    With other hosts, or another contact, it takes the place of the one that waits, which is withdrawn: what the
    operator has read is never changed. Errors: NoSuchParty; BadRequest; TerminalThere. Nothing is kept then.
    """
    _check_wish(enrolling, wish)
    with enrolling.store.write() as tx:
        _party(tx, enrolling, party)
        for waiting in tx.applications(party=party, state=ApplicationState.APPLIED.value):
            if (waiting.terminal, waiting.purpose) != (wish.terminal, wish.purpose.value):
                continue
            if waiting.hosts.split() == list(wish.hosts) and wish.contact in {"", waiting.contact}:
                return waiting, True
            _withdraw(tx, enrolling, by, waiting)
        _require_free(tx, party, wish.terminal)
        application = Application(
            id=enrolling.ids.new(),
            party=party,
            terminal=wish.terminal,
            purpose=wish.purpose.value,
            hosts=" ".join(wish.hosts),
            contact=wish.contact,
            state=ApplicationState.APPLIED.value,
            filed_at=enrolling.clock.now(),
            filed_by=by.user,
        )
        tx.put_application(application)
        enter(tx, enrolling, "apply_for_certificate", by=by, subject=application.id)
    enrolling.tell("certificate_applied_for", application=application.id, party=party)
    return application, False


def withdraw(enrolling: Enrolling, by: Actor, application_id: str) -> Application:
    """Take an application of the actor's party back. Errors: NotFound; ApplicationDecided."""
    return _decided(enrolling, by, application_id, ApplicationState.WITHDRAWN, own=by.party)


def send_back(enrolling: Enrolling, by: Actor, application_id: str, *, reason: str) -> Application:
    """Send an application back with a reason; said again it changes nothing.

    Errors: NotFound; BadRequest without a reason; ApplicationDecided.
    """
    if not is_text(reason.strip()):
        raise BadRequest("a reason is one line of text", parameter="reason")
    return _decided(enrolling, by, application_id, ApplicationState.SENT_BACK, reason=reason.strip())


def approve(enrolling: Enrolling, by: Actor, application_id: str) -> Opened:
    """Approve an application and open its notice.

    Errors: NotFound; ApplicationDecided; ApplicationOwn; TerminalThere; NoSuchParty.
    """
    made = _Made.of(enrolling)
    with enrolling.store.write() as tx:
        application = _application(tx, application_id)
        if application.state != ApplicationState.APPLIED:
            raise ApplicationDecided("the application has had its answer", state=application.state)
        _require_another(tx, application, by)
        _party(tx, enrolling, application.party)
        _require_free(tx, application.party, application.terminal)
        now = enrolling.clock.now()
        notice = made.on(
            IssuanceNotice(
                id=enrolling.ids.new(),
                application=application.id,
                reference=made.reference,
                party=application.party,
                terminal=application.terminal,
                purpose=application.purpose,
                hosts=application.hosts,
                pin="",
                recovery="",
                binding="",
                issued_at=now,
                opened_at=now,
            ),
            enrolling.vault,
        )
        tx.put_issuance_notice(notice)
        tx.put_application(
            replace(
                application, state=ApplicationState.APPROVED.value, decided_at=now, decided_by=by.user, notice=notice.id
            )
        )
        enter(tx, enrolling, "approve_application", by=by, subject=application.id)
    enrolling.tell("application_approved", application=application.id, notice=notice.id)
    return made.opened(notice)


def open_anew(enrolling: Enrolling, by: Actor, notice_id: str) -> Opened:
    """Give a notice a new PIN, recovery code and binding, for 180 days more: its paper was lost.

    Whatever was printed before is worthless then; the reference number and what was issued stay.
    Errors: NotFound, if there is none or its terminal is no more.
    """
    made = _Made.of(enrolling)
    with enrolling.store.write() as tx:
        notice = tx.issuance_notice(notice_id)
        if notice is None or notice.ended_at is not None:
            raise NotFound("no such notice")
        free = replace(notice, opened_at=enrolling.clock.now(), failed=0, failed_at=None, locked_until=None)
        notice = made.on(free, enrolling.vault)
        tx.put_issuance_notice(notice)
        enter(tx, enrolling, "open_notice_anew", by=by, subject=notice.id)
    enrolling.tell("notice_opened_anew", notice=notice.id)
    return made.opened(notice)


def end_terminal(enrolling: Enrolling, by: Actor, notice_id: str) -> IssuanceNotice:
    """End a notice: the terminal is no more. What was issued is revoked by who asks for it (`services.issuing`).

    Errors: NotFound. Said again it changes nothing.
    """
    with enrolling.store.write() as tx:
        notice = tx.issuance_notice(notice_id)
        if notice is None:
            raise NotFound("no such notice")
        if notice.ended_at is None:
            notice = replace(notice, ended_at=enrolling.clock.now())
            tx.put_issuance_notice(notice)
            enter(tx, enrolling, "end_terminal", by=by, subject=notice.id)
    return notice


def list_applications(
    enrolling: Enrolling, *, party: str | None = None, state: str | None = None, after: str | None = None, limit: int
) -> list[Application]:
    """Return applications, newest first. Errors: BadRequest for a state that is none."""
    if state is not None and state not in set(ApplicationState):
        raise BadRequest(f"state is one of {', '.join(ApplicationState)}", parameter="state")
    with enrolling.store.read() as tx:
        return tx.applications(party=party, state=state, after=after, limit=limit)


def application_of(enrolling: Enrolling, application_id: str, *, party: str | None = None) -> Application:
    """Return an application, of `party` if that is given. Errors: NotFound."""
    with enrolling.store.read() as tx:
        return _application(tx, application_id, own=party)


def enter(tx: WriteTx, enrolling: Enrolling, act: str, *, by: Actor, subject: str) -> None:
    """Enter an act in the journal."""
    entry = Entry(
        id=enrolling.ids.new(), at=enrolling.clock.now(), act=act, body=by.body, user=by.user, party=by.party,
        subject=subject, acts_for=by.acts_for, mandate=by.mandate,
    )  # fmt: skip
    tx.add_entry(entry)


@dataclass(frozen=True, slots=True)
class _Made:
    """What an opening makes up. Hashing takes long on purpose, so it is done before the transaction."""

    reference: str
    pin: str = field(repr=False)
    recovery: str = field(repr=False)
    binding: bytes = field(repr=False)
    pin_hash: str = field(repr=False)
    recovery_hash: str = field(repr=False)

    @classmethod
    def of(cls, enrolling: Enrolling) -> "_Made":
        vault = enrolling.vault
        reference, pin, recovery = (
            make_code(kind, vault.chance(CHANCE_BYTES)) for kind in ("reference", "pin", "recovery")
        )
        binding = vault.chance(BINDING_BYTES)
        return cls(reference, pin, recovery, binding, vault.hashed(pin), vault.hashed(recovery))

    def on(self, notice: IssuanceNotice, vault: Vault) -> IssuanceNotice:
        """Return the notice with these secrets; its reference number stays what it is."""
        sealed = vault.sealed(self.binding, owner=notice.id)
        return replace(notice, pin=self.pin_hash, recovery=self.recovery_hash, binding=sealed)

    def opened(self, notice: IssuanceNotice) -> Opened:
        return Opened(
            notice,
            grouped("reference", notice.reference),
            grouped("pin", self.pin),
            grouped("recovery", self.recovery),
            base64.urlsafe_b64encode(self.binding).decode("ascii").rstrip("="),
        )


def _check_wish(enrolling: Enrolling, wish: Wish) -> None:
    if not is_common_name(wish.terminal):
        raise BadRequest("terminal is a name of 1 to 64 bytes", parameter="terminal")
    if wish.contact and not is_text(wish.contact):
        raise BadRequest("contact is one line of text", parameter="contact")
    if wish.purpose is Purpose.CLIENT:
        if wish.hosts:
            raise BadRequest("only a server has host names", parameter="hosts")
    elif not 0 < len(wish.hosts) <= enrolling.rules.hosts or not all(is_host(each) for each in wish.hosts):
        raise BadRequest("hosts are the names and addresses of the server", parameter="hosts")


def _decided(
    enrolling: Enrolling, by: Actor, application_id: str, state: ApplicationState, *, reason: str = "",
    own: str | None = None,
) -> Application:  # fmt: skip
    with enrolling.store.write() as tx:
        application = _application(tx, application_id, own=own)
        if application.state == state:
            return application
        if application.state != ApplicationState.APPLIED:
            raise ApplicationDecided("the application has had its answer", state=application.state)
        now = enrolling.clock.now()
        application = replace(application, state=state.value, decided_at=now, decided_by=by.user, reason=reason)
        tx.put_application(application)
        enter(tx, enrolling, f"application_{state.value}", by=by, subject=application.id)
    enrolling.tell("application_decided", application=application.id, state=state.value)
    return application


def _withdraw(tx: WriteTx, enrolling: Enrolling, by: Actor, waiting: Application) -> None:
    """Take an application back for the one that takes its place."""
    state, now = ApplicationState.WITHDRAWN.value, enrolling.clock.now()
    tx.put_application(replace(waiting, state=state, decided_at=now, decided_by=by.user))
    enter(tx, enrolling, f"application_{state}", by=by, subject=waiting.id)


def _application(tx: ReadTx, application_id: str, *, own: str | None = None) -> Application:
    application = tx.application(application_id)
    if application is None or own not in {None, application.party}:
        raise NotFound("no such application")
    return application


def _party(tx: ReadTx, enrolling: Enrolling, party_id: str) -> Party:
    """Return the register's entry; one whose time has not come yet may apply. Errors: NoSuchParty."""
    party = tx.party(party_id)
    if party is None or (party.until and party.until <= enrolling.register_clock.now()):
        raise NoSuchParty(party=party_id)
    return party


def _require_another(tx: ReadTx, application: Application, by: Actor) -> None:
    """Errors: ApplicationOwn. At the console it is nobody in particular, and the first operator is made there."""
    if application.party != OPERATOR or by == CONSOLE:
        return
    if _person(tx, by.user) == _person(tx, application.filed_by):
        raise ApplicationOwn("who filed it does not approve it")


def _person(tx: ReadTx, user: str) -> str:
    """Return who acted; with a certificate it is the terminal, as a renewed certificate is the same one's."""
    serial = user.removeprefix("(certificate ").removesuffix(")")
    certificate = tx.certificate(serial) if serial != user else None
    return user if certificate is None else f"({certificate.party} {folded_name(certificate.terminal)})"


def _require_free(tx: ReadTx, party: str, terminal: str) -> None:
    """Errors: TerminalThere."""
    if tx.notice_of_terminal(party, terminal) is not None:
        raise TerminalThere("the terminal has a notice", terminal=terminal)
