"""ACME (RFC 8555) for servers and gateways: who asks, and accounts.

An account is opened with the key of an account binding that stands on the issuance notice of a server, and is bound to
that notice. A notice has one account that is valid: another key is refused until the first account was deactivated by
its own key, or the operator has opened the notice anew; then the new account takes the old one's place.

Every request is signed, for this address, with a nonce that works once. What is wrong with one is said as RFC 8555
has it (`AcmeRefused.kind`); what was not asked for is not told: another account's order is not there.

Source: rfc8555:6, 7.3; docs/decisions/0021.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

from seikyu.ports.acme import AcmeAccount, AsksHosts
from seikyu.ports.enrolment import IssuanceNotice
from seikyu.ports.errors import SeikyuError
from seikyu.ports.store import ReadTx
from seikyu.services.applications import Enrolling, enter
from seikyu.services.nonces import CHANCE_BYTES, Nonces
from seikyu.services.turns import Turns
from seikyu.trust.acme import AccountState, AcmeRules, acme_rules
from seikyu.trust.codes import CodeMistyped, read_code
from seikyu.trust.enrolment import Purpose, is_open
from seikyu.trust.jws import (
    ALGORITHMS,
    AccountKey,
    BadJWS,
    account_key,
    read_json,
    read_jws,
    read_key,
    verify,
    verify_mac,
)
from seikyu.trust.people import Actor

HOUR: Final = timedelta(hours=1)

#: The key that nonces are made with lives as long as the process.
KEY_BYTES: Final = 32

_MAILTO: Final = re.compile(r"mailto:[^\s,?@]+@[^\s,?@]+")


class AcmeRefused(SeikyuError):
    """A request of ACME that is refused; nothing of it is kept.

    Shape: `kind` is ACME's word (`urn:ietf:params:acme:error:…`), `what` says it in words, and neither holds a personal
    item; `more` are further members of the problem; `wait_s` is when to come again.
    """

    code = "acme_refused"

    def __init__(
        self, kind: str, what: str, *, more: Mapping[str, Any] | None = None, wait_s: int | None = None
    ) -> None:
        super().__init__(what, kind=kind, what=what)
        self.kind = kind
        self.more = dict(more or {})
        self.wait_s = wait_s


class NoAcme(AcmeRefused):
    """There is no such order, authorization or certificate; or it is another account's, and the two look alike."""

    def __init__(self) -> None:
        super().__init__("malformed", "there is no such thing")


class AccountThere(AcmeRefused):
    """Another account signs with that key. `account` is its id."""

    def __init__(self, account: str) -> None:
        super().__init__("malformed", "another account has this key")
        self.account = account


@dataclass(frozen=True, slots=True, kw_only=True)
class Acme:
    """What ACME needs of the outside. `hosts` asks servers for the proof of their names."""

    enrolling: Enrolling
    hosts: AsksHosts
    nonces: Nonces
    asking: Turns
    rules: AcmeRules = field(default_factory=acme_rules)

    @classmethod
    def of(cls, enrolling: Enrolling, hosts: AsksHosts, *, rules: AcmeRules | None = None) -> "Acme":
        """Return ACME with nothing in its memory."""
        rules = rules or acme_rules()
        key = enrolling.vault.chance(KEY_BYTES)
        return cls(
            enrolling=enrolling,
            hosts=hosts,
            nonces=Nonces(key, life=rules.nonce_life, spent_most=rules.spent_most),
            asking=Turns(rules.validations_at_once),
            rules=rules,
        )


@dataclass(frozen=True, slots=True)
class Heard:
    """A request whose signature was verified. `payload` is None if only something is asked for (POST-as-GET)."""

    key: AccountKey
    account: AcmeAccount | None
    payload: dict[str, Any] | None = field(repr=False)

    @property
    def wish(self) -> dict[str, Any]:
        """What is asked for. Errors: AcmeRefused, if nothing is."""
        if self.payload is None:
            raise AcmeRefused("malformed", "this request has a payload")
        return self.payload

    @property
    def own(self) -> AcmeAccount:
        """The account. Errors: AcmeRefused, if the request was signed with a bare key."""
        if self.account is None:
            raise AcmeRefused("malformed", "this request is signed by an account (kid)")
        return self.account


def new_nonce(acme: Acme) -> str:
    """Return a nonce that works once."""
    return acme.nonces.new(acme.enrolling.clock.now(), acme.enrolling.vault.chance(CHANCE_BYTES))


def hear(acme: Acme, body: bytes, *, url: str, accounts: str, bare: bool = False, by_account: bool = True) -> Heard:
    """Return what a request says, and who signed it.

    Shape: `url` is the address that was asked, `accounts` what the addresses of accounts begin with; `bare` lets a key
    sign that is no account's, `by_account` accounts.
    Errors: AcmeRefused.
    """
    with told_as_acme():
        jws = read_jws(body)
        if jws.url != url:
            raise AcmeRefused("unauthorized", "the request was signed for another address")
        if (jws.key is not None and not bare) or (jws.kid is not None and not by_account):
            raise AcmeRefused("malformed", "this request is signed with jwk" if bare else "this request has a kid")
        now = acme.enrolling.clock.now()
        if jws.nonce is None or not acme.nonces.is_ours(jws.nonce, now):
            raise AcmeRefused("badNonce", "the nonce was used before, or is old")
        account = None if jws.kid is None else _account(acme, jws.kid, accounts)
        key = jws.key if account is None else account_key(account.jwk)
        if key is None:
            raise AcmeRefused("malformed", "nobody signed")
        verify(jws, key)
        if not acme.nonces.spend(jws.nonce, now):
            raise AcmeRefused("badNonce", "the nonce was used before, or is old")
        if account is not None:
            _require_valid(account)
        return Heard(key, account, read_json(jws.payload, what="the payload") if jws.payload else None)


def new_account(acme: Acme, heard: Heard, *, url: str, admit: Callable[[], None]) -> tuple[AcmeAccount, bool]:
    """Open an account, or return the one that the key has (False).

    `admit` is asked before a binding is looked at, and refuses by raising. Errors: AcmeRefused.
    """
    enrolling, wish = acme.enrolling, heard.wish
    with enrolling.store.read() as tx:
        there = tx.acme_account_by_key(heard.key.thumbprint)
    if there is not None:
        _require_valid(there)
        return there, False
    if wish.get("onlyReturnExisting") is True:
        raise AcmeRefused("accountDoesNotExist", "no account has this key")
    contact = _contact(acme, wish.get("contact", []))
    binding = wish.get("externalAccountBinding")
    if binding is None:
        raise AcmeRefused("externalAccountRequired", "an account is opened with the binding on an issuance notice")
    admit()
    now = enrolling.clock.now()
    notice = _bound(acme, binding, heard.key, url=url)
    with enrolling.store.write() as tx:
        there = tx.acme_account_by_key(heard.key.thumbprint)
        if there is not None:
            return there, False
        fresh = tx.issuance_notice(notice.id)
        if fresh is None or fresh.binding != notice.binding or _is_closed(enrolling, fresh):
            raise AcmeRefused("unauthorized", "the notice was opened anew meanwhile, or closed")
        for older in tx.acme_accounts_of(notice.id):
            if older.state != AccountState.VALID:
                continue
            if older.binding_of >= fresh.opened_at:
                raise AcmeRefused("unauthorized", "another account is bound to this notice")
            tx.put_acme_account(replace(older, state=AccountState.REVOKED.value, ended_at=now))
        account = AcmeAccount(
            id=enrolling.ids.new(),
            notice=notice.id,
            party=notice.party,
            thumbprint=heard.key.thumbprint,
            jwk=heard.key.jwk,
            contact=contact,
            state=AccountState.VALID.value,
            opened_at=now,
            binding_of=fresh.opened_at,
        )
        tx.put_acme_account(account)
        enter(tx, enrolling, "acme_open_account", by=actor(account), subject=notice.id)
    enrolling.tell("acme_account_opened", account=account.id, notice=notice.id)
    return account, True


def change_account(acme: Acme, heard: Heard, account_id: str) -> AcmeAccount:
    """Return the account that asks, with the contact that it wants or deactivated. Errors: AcmeRefused."""
    if heard.own.id != account_id:
        raise AcmeRefused("unauthorized", "this is another account")
    wish = heard.payload or {}
    if not {"contact", "status"} & set(wish):
        return heard.own
    contact = _contact(acme, wish["contact"]) if "contact" in wish else None
    if wish.get("status", AccountState.DEACTIVATED) != AccountState.DEACTIVATED:
        raise AcmeRefused("malformed", "an account can be deactivated, and nothing else")
    enrolling = acme.enrolling
    with enrolling.store.write() as tx:
        account = _fresh(tx, account_id)
        if contact is not None:
            account = replace(account, contact=contact)
        if "status" in wish:
            account = replace(account, state=AccountState.DEACTIVATED.value, ended_at=enrolling.clock.now())
            enter(tx, enrolling, "acme_deactivate_account", by=actor(account), subject=account.notice)
        tx.put_acme_account(account)
    return account


def change_key(acme: Acme, heard: Heard, *, url: str, account_url: str) -> AcmeAccount:
    """Let an account sign with another key from now on.

    Errors: AcmeRefused; AccountThere, if the key is another account's.
    """
    own, enrolling = heard.own, acme.enrolling
    with told_as_acme():
        inner = read_jws(heard.wish)
        if inner.key is None or inner.url != url or inner.nonce is not None:
            raise AcmeRefused("malformed", "the inner request has the new key, the same address and no nonce")
        verify(inner, inner.key)
        said = read_json(inner.payload, what="the inner payload")
        if said.get("account") != account_url or read_key(said.get("oldKey")).thumbprint != heard.key.thumbprint:
            raise AcmeRefused("malformed", "the inner request is not about this account and its key")
    with enrolling.store.write() as tx:
        account = _fresh(tx, own.id)
        there = tx.acme_account_by_key(inner.key.thumbprint)
        if there is not None:
            raise AccountThere(there.id)
        if account.thumbprint != heard.key.thumbprint:
            raise AcmeRefused("unauthorized", "the key was changed meanwhile")
        account = replace(account, jwk=inner.key.jwk, thumbprint=inner.key.thumbprint)
        tx.put_acme_account(account)
        enter(tx, enrolling, "acme_change_key", by=actor(account), subject=account.notice)
    return account


def is_id(text: str) -> bool:
    """True if something may have this id: others are never looked up, as no database takes every text."""
    return text.isascii() and text.isalnum()


def actor(account: AcmeAccount) -> Actor:
    """Return who acts, for the journal."""
    return Actor(f"(account {account.id})", account.party, "", "")


def notice_of(tx: ReadTx, account: AcmeAccount) -> IssuanceNotice:
    """Return the notice that an account is bound to. Errors: AcmeRefused, if account or server are no more."""
    _fresh(tx, account.id)
    notice = tx.issuance_notice(account.notice)
    if notice is None or notice.ended_at is not None:
        raise AcmeRefused("unauthorized", "the server of this account is not registered any more")
    return notice


@contextmanager
def told_as_acme() -> Iterator[None]:
    """Turn what is wrong with a signature into a refusal. Errors: AcmeRefused."""
    try:
        yield
    except BadJWS as odd:
        more = {"algorithms": list(ALGORITHMS)} if odd.kind == "badSignatureAlgorithm" else {}
        raise AcmeRefused(odd.kind, str(odd), more=more) from None


def _account(acme: Acme, kid: str, accounts: str) -> AcmeAccount:
    name = kid.removeprefix(accounts)
    account = None
    if name != kid and is_id(name):
        with acme.enrolling.store.read() as tx:
            account = tx.acme_account(name)
    if account is None:
        raise AcmeRefused("accountDoesNotExist", "kid is no account of this office")
    return account


def _fresh(tx: ReadTx, account_id: str) -> AcmeAccount:
    account = tx.acme_account(account_id)
    if account is None:
        raise AcmeRefused("accountDoesNotExist", "the account is no more")
    _require_valid(account)
    return account


def _require_valid(account: AcmeAccount) -> None:
    if account.state != AccountState.VALID:
        raise AcmeRefused("unauthorized", f"the account is {account.state}")


def _bound(acme: Acme, binding: object, key: AccountKey, *, url: str) -> IssuanceNotice:
    """Return the notice whose binding key signed for this account key. Errors: AcmeRefused."""
    enrolling = acme.enrolling
    with told_as_acme():
        if not isinstance(binding, dict):
            raise AcmeRefused("malformed", "the binding is a JSON object")
        jws = read_jws(binding)
        if jws.kid is None or jws.url != url or jws.nonce is not None:
            raise AcmeRefused("malformed", "the binding has a kid, the address of the request and no nonce")
        notice = _by_kid(acme, jws.kid)
        verify_mac(jws, enrolling.vault.opened(notice.binding, owner=notice.id))
        if read_key(read_json(jws.payload, what="the binding's payload")).thumbprint != key.thumbprint:
            raise AcmeRefused("malformed", "the binding is for another key")
    if _is_closed(enrolling, notice):
        raise AcmeRefused("unauthorized", "the notice is closed")
    if notice.purpose != Purpose.SERVER:
        raise AcmeRefused("unauthorized", "the notice is for a terminal; ACME is for servers")
    return notice


def _is_closed(enrolling: Enrolling, notice: IssuanceNotice) -> bool:
    return notice.ended_at is not None or not is_open(notice.opened_at, enrolling.clock.now(), rules=enrolling.rules)


def _by_kid(acme: Acme, kid: str) -> IssuanceNotice:
    try:
        reference = read_code("reference", kid)
    except CodeMistyped:
        raise AcmeRefused("unauthorized", "the binding's kid is mistyped: it is the reference number") from None
    with acme.enrolling.store.read() as tx:
        notice = tx.notice_by_reference(reference)
    if notice is None:
        acme.enrolling.tell("acme_binding_refused", why="reference")
        raise AcmeRefused("unauthorized", "the binding's MAC does not fit its key")
    return notice


def _contact(acme: Acme, contact: object) -> str:
    """Return contacts as a row keeps them. Errors: AcmeRefused."""
    if not isinstance(contact, list) or len(contact) > acme.rules.contacts:
        raise AcmeRefused("malformed", f"contact is a list of at most {acme.rules.contacts} addresses")
    for each in contact:
        if not isinstance(each, str) or not each.startswith("mailto:"):
            raise AcmeRefused("unsupportedContact", "contacts are mailto: addresses")
        if len(each) > acme.rules.contact_chars or not each.isascii() or not _MAILTO.fullmatch(each):
            raise AcmeRefused("invalidContact", "a contact is one plain mail address")
    return json.dumps(contact)
