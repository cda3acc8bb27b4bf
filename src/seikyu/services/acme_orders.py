"""ACME (RFC 8555): orders, the proof of their names, certificates and their end.

An order is for names that stand on the account's notice. Each of them is asked by the office itself (http-01), while
the client waits for the answer; so an authorization is never "processing", and a kill leaves it as it was. The
certificate and the order that it belongs to are stored in one transaction: a finished order has a certificate, and an
order that is asked to finish twice comes to one.

Source: rfc8555:7.4, 7.5, 7.6, 8.3; rfc9773; docs/decisions/0021.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509

from seikyu.ports.acme import AcmeAccount, AcmeName, AcmeOrder, HostUnproved, hosts_of
from seikyu.ports.enrolment import IssuedCertificate, Signed
from seikyu.ports.errors import NotFound
from seikyu.ports.store import ReadTx, WriteTx
from seikyu.services.acme import HOUR, Acme, AcmeRefused, Heard, NoAcme, actor, is_id, notice_of, told_as_acme
from seikyu.services.issuing import TerminalGone, issue_for_server, revoke_issued
from seikyu.services.turns import NoTurn, SameName
from seikyu.trust.acme import (
    CHALLENGE_PATH,
    TOKEN_BYTES,
    NameState,
    NotOrderable,
    OrderState,
    is_shown,
    name_state,
    order_state,
    ordered_hosts,
    renewal_window,
)
from seikyu.trust.asking import path_below_root, require_hosts, said_by
from seikyu.trust.certificates import Asked, BadRequestForCertificate, asked_by, serial_text
from seikyu.trust.jws import BadJWS, account_key, base64url, from_base64url
from seikyu.trust.people import Actor

#: Why a certificate is revoked, by the number of rfc5280:5.3.1; the others are not a server's to say.
REASONS: Final = {0: "unspecified", 1: "key_compromise", 3: "affiliation_changed", 4: "superseded",
                  5: "cessation_of_operation"}  # fmt: skip

#: Longer requests for certificates are none.
_CSR_BYTES: Final = 16_384


@dataclass(frozen=True, slots=True)
class Placed:
    """An order, how far it is, and the proofs of its names."""

    order: AcmeOrder
    state: OrderState
    names: tuple[AcmeName, ...]


@dataclass(frozen=True, slots=True)
class RenewalInfo:
    """When a certificate should be renewed. `ask_again_s`: not to be asked before."""

    start: datetime
    end: datetime
    ask_again_s: int


@dataclass(frozen=True, slots=True)
class Chain:
    """A certificate and what is to be sent with it, as DER."""

    ders: tuple[bytes, ...] = field(repr=False)


def place_order(acme: Acme, heard: Heard) -> Placed:
    """Take an order. Errors: AcmeRefused."""
    own, enrolling, wish = heard.own, acme.enrolling, heard.wish
    if {"notBefore", "notAfter"} & set(wish):
        raise AcmeRefused("malformed", "how long a certificate is valid is not to be chosen")
    now = enrolling.clock.now()
    tokens = iter(lambda: base64url(enrolling.vault.chance(TOKEN_BYTES)), None)
    with enrolling.store.write() as tx:
        notice = notice_of(tx, own)
        try:
            hosts = ordered_hosts(wish.get("identifiers"), notice.hosts.split())
        except NotOrderable as odd:
            raise AcmeRefused(odd.kind, str(odd)) from None
        if "replaces" in wish:
            _require_own(tx, own, wish["replaces"])
        if tx.acme_orders_since(own.id, now - HOUR) >= acme.rules.orders_per_hour:
            raise AcmeRefused("rateLimited", "too many orders within an hour", wait_s=_HOUR_S)
        expires_at = (now + acme.rules.order_life).replace(microsecond=0)
        order = AcmeOrder(
            id=enrolling.ids.new(),
            account=own.id,
            hosts=" ".join(hosts),
            state=OrderState.PENDING.value,
            ordered_at=now,
            expires_at=expires_at,
        )
        tx.put_acme_order(order)
        for host, token in zip(hosts, tokens, strict=False):
            tx.put_acme_name(
                AcmeName(enrolling.ids.new(), order.id, own.id, host, token, NameState.PENDING.value, expires_at)
            )
        return _placed(tx, order, now)


def order_of(acme: Acme, account: AcmeAccount, order_id: str) -> Placed:
    """Return an order of the account. Errors: NoAcme."""
    with acme.enrolling.store.read() as tx:
        return _placed(tx, _order(tx, account, order_id), acme.enrolling.clock.now())


def orders_of(acme: Acme, account: AcmeAccount, *, after: str | None, limit: int) -> list[AcmeOrder]:
    """Return orders of the account, newest first. Errors: NoAcme, if `after` can be no order."""
    if after is not None and not is_id(after):
        raise NoAcme
    with acme.enrolling.store.read() as tx:
        return tx.acme_orders(account.id, after=after, limit=limit)


def name_of(acme: Acme, account: AcmeAccount, name_id: str) -> tuple[AcmeName, NameState]:
    """Return an authorization of the account, and how far it is. Errors: NoAcme."""
    with acme.enrolling.store.read() as tx:
        name = _name(tx, account, name_id)
    return name, name_state(name.state, name.expires_at, acme.enrolling.clock.now())


def give_up_name(acme: Acme, heard: Heard, name_id: str) -> tuple[AcmeName, NameState]:
    """Deactivate an authorization. Errors: AcmeRefused."""
    if heard.wish.get("status") != NameState.DEACTIVATED:
        raise AcmeRefused("malformed", "an authorization can be deactivated, and nothing else")
    with acme.enrolling.store.write() as tx:
        name = _name(tx, heard.own, name_id)
        if NameState(name.state) in {NameState.PENDING, NameState.VALID}:
            name = replace(name, state=NameState.DEACTIVATED.value)
            tx.put_acme_name(name)
    return name, NameState(name.state)


def prove_name(acme: Acme, heard: Heard, name_id: str) -> tuple[AcmeName, NameState]:
    """Ask the host for the proof, and return what came of it.

    Said again it changes nothing, also while the host is being asked: then the name is pending. Errors: AcmeRefused.
    """
    own = heard.own
    try:
        with acme.asking.taken(name_id, own.id) as others:
            return _prove(acme, own, name_id, others)
    except SameName:
        return name_of(acme, own, name_id)
    except NoTurn:
        raise AcmeRefused("rateLimited", "other names are being proved", wait_s=acme.rules.validation_s) from None


def _prove(acme: Acme, own: AcmeAccount, name_id: str, others: int) -> tuple[AcmeName, NameState]:
    """Ask the host. The `others` that the account has being asked may fail too, and count. Errors: AcmeRefused."""
    enrolling, rules = acme.enrolling, acme.rules
    now = enrolling.clock.now()
    with enrolling.store.read() as tx:
        notice_of(tx, own)
        name = _name(tx, own, name_id)
        failures = tx.acme_failures_since(own.id, now - HOUR)
    state = name_state(name.state, name.expires_at, now)
    if state is not NameState.PENDING:
        return name, state
    if failures + others >= rules.failures_per_hour:
        wait_s = _HOUR_S if failures >= rules.failures_per_hour else rules.validation_s
        raise AcmeRefused("rateLimited", "too many names could not be proved within an hour", wait_s=wait_s)
    proved = _proved(acme, own, name)
    with enrolling.store.write() as tx:
        fresh = _name(tx, own, name_id)
        if fresh.state != NameState.PENDING:
            return fresh, NameState(fresh.state)
        tx.put_acme_name(proved)
    enrolling.tell("acme_name_proved" if not proved.failure else "acme_name_unproved", name=proved.id)
    return proved, NameState(proved.state)


def finish_order(acme: Acme, heard: Heard, order_id: str) -> Placed:
    """Issue the certificate of an order whose names are proved. Errors: AcmeRefused."""
    own = heard.own
    with told_as_acme():
        csr = from_base64url(heard.wish.get("csr"), what="csr")
    try:
        asked = asked_by(csr[:_CSR_BYTES])
        try:
            _finish(acme, own, order_id, csr, asked)
        except _NotReady:
            # Somebody was faster, maybe the same client with the same request: it gets the certificate.
            if not _is_finished_with(acme, own, order_id, asked):
                raise
    except BadRequestForCertificate as odd:
        raise AcmeRefused("badCSR", str(odd)) from None
    except TerminalGone:
        raise AcmeRefused("unauthorized", "the server of this account is not registered any more") from None
    return order_of(acme, own, order_id)


def _finish(acme: Acme, own: AcmeAccount, order_id: str, csr: bytes, asked: Asked) -> None:
    """Issue the certificate. Errors: _NotReady, AcmeRefused; BadRequestForCertificate; TerminalGone."""
    enrolling = acme.enrolling
    with enrolling.store.read() as tx:
        notice = notice_of(tx, own)
        placed = _placed(tx, _order(tx, own, order_id), enrolling.clock.now())
    _require_ready(placed)
    require_hosts(said_by(csr), hosts_of(placed.order))
    _require_other_key(asked, own)

    def settle(tx: WriteTx, signed: Signed) -> None:
        notice_of(tx, own)
        fresh = _placed(tx, _order(tx, own, order_id), enrolling.clock.now())
        _require_ready(fresh)
        tx.put_acme_order(replace(fresh.order, state=OrderState.VALID.value, serial=signed.serial))

    hosts = tuple(hosts_of(placed.order))
    issue_for_server(enrolling, notice, asked, hosts=hosts, by=actor(own), settle=settle)


def _is_finished_with(acme: Acme, own: AcmeAccount, order_id: str, asked: Asked) -> bool:
    """True if the order has a certificate with that key."""
    with acme.enrolling.store.read() as tx:
        serial = _order(tx, own, order_id).serial
        issued = tx.issued(serial) if serial else None
    return issued is not None and issued.spki_sha256 == asked.spki_sha256


def certificate_of(acme: Acme, account: AcmeAccount, serial: str) -> Chain:
    """Return a certificate of the account's server, with those above it but for the root. Errors: NoAcme."""
    if not is_id(serial):
        raise NoAcme
    with acme.enrolling.store.read() as tx:
        issued = tx.issued(serial)
    if issued is None or issued.notice != account.notice:
        raise NoAcme
    return Chain(tuple(path_below_root(issued.der, acme.enrolling.authority.chain())))


def revoke_certificate(acme: Acme, heard: Heard) -> None:
    """Revoke a certificate, by an account of its server or with the certificate's own key. Errors: AcmeRefused."""
    with told_as_acme():
        der = from_base64url(heard.wish.get("certificate"), what="certificate")
    number = heard.wish.get("reason", 0)
    if type(number) is not int or number not in REASONS:
        raise AcmeRefused("badRevocationReason", f"the reason is one of {', '.join(map(str, REASONS))}")
    with acme.enrolling.store.read() as tx:
        issued = _issued_as(tx, der)
    if issued is None:
        raise AcmeRefused("malformed", "this office has not issued that certificate")
    if heard.account is not None:
        allowed, by = issued.notice == heard.account.notice, actor(heard.account)
    else:
        allowed = x509.load_der_x509_certificate(issued.der).public_key() == heard.key.key
        by = Actor(f"(certificate {issued.serial})", issued.party, "", "")
    if not allowed:
        raise AcmeRefused("unauthorized", "the certificate is not this account's, nor is the key its own")
    try:
        if not revoke_issued(acme.enrolling, by, issued.serial, reason=REASONS[number]):
            raise AcmeRefused("alreadyRevoked", "the certificate was revoked before")
    except NotFound:
        raise AcmeRefused("malformed", "this office has not issued that certificate") from None


def renewal_of(acme: Acme, certificate_id: str) -> RenewalInfo:
    """Return when a certificate should be renewed; at once, if it was revoked or another took over. Errors: NoAcme.

    Source: rfc9773:4.
    """
    now = acme.enrolling.clock.now()
    with acme.enrolling.store.read() as tx:
        issued = _issued_named(tx, certificate_id)
        row = tx.certificate(issued.serial) if issued is not None else None
    if issued is None or row is None:
        raise NoAcme
    start, end = renewal_window(row.issued_at, row.not_after, rules=acme.rules)
    if row.revoked_at is not None or issued.superseded_at is not None:
        start, end = now - timedelta(days=1), now
    return RenewalInfo(start, end, int(acme.rules.renewal_asked.total_seconds()))


def forget_orders(acme: Acme) -> int:
    """Forget orders that ended long ago; return how many. Called by housekeeping."""
    with acme.enrolling.store.write() as tx:
        return tx.forget_acme_orders(acme.enrolling.clock.now() - acme.rules.orders_kept)


_HOUR_S: Final = 3600


def _proved(acme: Acme, account: AcmeAccount, name: AcmeName) -> AcmeName:
    """Return the authorization as the host's answer makes it."""
    try:
        body = acme.hosts.ask(name.host, CHALLENGE_PATH + name.token)
    except HostUnproved as odd:
        failure, what = odd.facts["kind"], str(odd)
    else:
        if is_shown(body, name.token, account.thumbprint):
            return replace(name, state=NameState.VALID.value, validated_at=acme.enrolling.clock.now())
        failure, what = "incorrectResponse", "the answer is not the key authorization"
    now = acme.enrolling.clock.now()
    return replace(name, state=NameState.INVALID.value, failed_at=now, failure=failure, failed_what=what)


def _require_other_key(asked: Asked, account: AcmeAccount) -> None:
    """Errors: BadRequestForCertificate. What signs requests must not lie on a server to be used (rfc8555:11.1)."""
    if asked.key == account_key(account.jwk).key:
        raise BadRequestForCertificate("the key is the account's own")


class _NotReady(AcmeRefused):
    """The order can have no certificate yet, or has one."""

    def __init__(self, state: OrderState) -> None:
        super().__init__("orderNotReady", f"the order is {state}")


def _require_ready(placed: Placed) -> None:
    if placed.state is not OrderState.READY:
        raise _NotReady(placed.state)


def _placed(tx: ReadTx, order: AcmeOrder, now: datetime) -> Placed:
    names = tuple(tx.acme_names(order.id))
    states = [name_state(each.state, each.expires_at, now) for each in names]
    return Placed(order, order_state(order.state, states, expires_at=order.expires_at, now=now), names)


def _order(tx: ReadTx, account: AcmeAccount, order_id: str) -> AcmeOrder:
    order = tx.acme_order(order_id) if is_id(order_id) else None
    if order is None or order.account != account.id:
        raise NoAcme
    return order


def _name(tx: ReadTx, account: AcmeAccount, name_id: str) -> AcmeName:
    name = tx.acme_name(name_id) if is_id(name_id) else None
    if name is None or name.account != account.id:
        raise NoAcme
    return name


def _issued_as(tx: ReadTx, der: bytes) -> IssuedCertificate | None:
    """Return the row of exactly that certificate."""
    try:
        serial = serial_text(x509.load_der_x509_certificate(der).serial_number)
    except (ValueError, TypeError):
        return None
    issued = tx.issued(serial)
    return issued if issued is not None and issued.der == der else None


def _issued_named(tx: ReadTx, certificate_id: object) -> IssuedCertificate | None:
    """Return the row of a certificate by its name for renewals: key of the issuer, a point, serial (rfc9773:4.1)."""
    issuer, point, serial = str(certificate_id).partition(".")
    try:
        number, key = from_base64url(serial), from_base64url(issuer)
    except BadJWS:
        return None
    issued = tx.issued(serial_text(int.from_bytes(number))) if point and len(number) <= _SERIAL_BYTES else None
    row = tx.certificate(issued.serial) if issued is not None else None
    return issued if row is not None and row.issuer == key.hex() else None


_SERIAL_BYTES: Final = 20


def _require_own(tx: ReadTx, account: AcmeAccount, certificate_id: object) -> None:
    """Errors: AcmeRefused, if what an order is to replace is no certificate of this server, or was replaced."""
    issued = _issued_named(tx, certificate_id)
    if issued is None or issued.notice != account.notice:
        raise AcmeRefused("malformed", "what the order replaces is no certificate of this server")
    if issued.superseded_at is not None:
        raise AcmeRefused("alreadyReplaced", "what the order replaces was replaced already")
