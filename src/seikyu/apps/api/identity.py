"""Who asks: from the certificate of the connection to a party of the register, anew on every request."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from seikyu.adapters.tls_server import NotVerified, peer_end, peer_identity
from seikyu.apps.api.problems import answer_known
from seikyu.ports.clock import Clock
from seikyu.ports.errors import BadRequest, Busy, SeikyuError, Unavailable
from seikyu.ports.store import Store
from seikyu.ports.trust import CertificateRevoked, ClientIdentity
from seikyu.services.office import Tell, silent
from seikyu.trust import UnknownCertificate, identity_from_der
from seikyu.trust.enrolment import days_left, enrolment_rules, is_warned_of

#: Tells a program that its certificate ends soon, and in how many days.
DAYS_HEADER: Final = b"seikyu-certificate-days"

#: What of the API is there whatever line one comes by: to file the notice that mends it, and to keep the certificate
#: that it is filed with, and to ask why. Nothing of a claim is behind these. EST (`est.py`) is open likewise.
ANYWHERE: Final = frozenset({"notices", "certificates", "status", "contact", "forms", "inquiries"})

#: Lets who asks pass by the rules of lines. Shape: identity and the peer's address. Errors: OtherLine.
Admit = Callable[[ClientIdentity, str], None]

#: Where the request keeps who asks, in `scope["state"]`.
IDENTITY: Final = "seikyu_identity"


class NoCertificate(SeikyuError):
    """The connection showed no client certificate (401)."""

    code = "no_certificate"


class PartyUnknown(SeikyuError):
    """The certificate's party is not in the register, or no longer (403)."""

    code = "party_unknown"


class ForeignPage(SeikyuError):
    """A browser was made by a page of somebody else's to do this (403); a certificate is shown without being asked."""

    code = "foreign_page"


class CertificateExpired(SeikyuError):
    """The certificate's time is over, or has not begun (401); without a front server the handshake ends with that."""

    code = "certificate_expired"


class CertificateForeign(SeikyuError):
    """The certificate is another CA's (401); without a front server the handshake ends with that."""

    code = "certificate_foreign"


class FrontListOld(Unavailable):
    """The front server has no revocation list that is good, and refuses everybody; the office's fault (503)."""

    code = "front_list_old"


#: What OpenSSL says of a certificate that is good but for its time, and of one that it does not know.
_TIME: Final = frozenset({"certificate has expired", "certificate is not yet valid"})
_REVOKED: Final = "certificate revoked"

#: What OpenSSL and nginx say when it is the list, or the responder's answer, that is no good.
_SOURCE: Final = re.compile(r"\bCRL\b|\bOCSP\b|\bcertificate status\b")


def require_own_page(scope: Scope, *, external_url: str | None = None) -> None:
    """Let no page of somebody else's act with the certificate of a browser; programs say nothing of pages and pass.

    Errors: ForeignPage. Source: Fetch Metadata; RFC 6454 §7.
    """
    if scope["method"] in {"GET", "HEAD", "OPTIONS"}:
        return
    headers = Headers(scope=scope)
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        own = site in {"same-origin", "none"}
    else:
        ours = {headers.get("host"), urlsplit(external_url or "").netloc}
        own = origin is None or urlsplit(origin).netloc in ours - {None, ""}
    if not own:
        raise ForeignPage


def require_no_agent(scope: Scope) -> None:
    """Errors: BadRequest, if somebody would act for another where nobody can: what is said is never left unheard."""
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    asked = any(name == "for" for name, _ in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    if asked and path.split("/")[1:2] not in (["sendings"], ["arrivals"], ["today"]):
        raise BadRequest("nobody acts for another here", parameter="for")


def identify(store: Store, clock: Clock, said: ClientIdentity | None) -> ClientIdentity:
    """Return who asks, given what the connection's certificate says.

    Errors: NoCertificate; UnknownCertificate, if this office did not issue it; CertificateRevoked; PartyUnknown. A
    revocation counts from the request after its commit.
    """
    if said is None:
        raise NoCertificate
    with store.read() as tx:
        certificate = tx.certificate(said.serial)
        if certificate is None or certificate.party != said.party:
            raise UnknownCertificate("not in the register")
        if certificate.revoked_at is not None:
            raise CertificateRevoked
        party = tx.party(said.party)
    if party is None or party.kind != said.kind or (party.until and party.until <= clock.now()):
        raise PartyUnknown
    return said


def who_asks(store: Store, clock: Clock, scope: Scope, *, tell: Tell = silent) -> ClientIdentity:
    """Return who asks, by the certificate of the request's connection.

    Errors: as `identify`; CertificateExpired, CertificateForeign, FrontListOld, if a front server refuses it.
    """
    try:
        said = peer_identity(dict(scope))
    except NotVerified as refused:
        error = _refusal(store, refused)
        if isinstance(error, FrontListOld):
            tell("front_list_old", reason=refused.why)
        raise error from refused
    return identify(store, clock, said)


def _refusal(store: Store, refused: NotVerified) -> SeikyuError:
    """Return why a front server refused; its word lets nobody in, and the office's fault is told as that.

    Anybody can copy serial and party into a certificate made at home, but not make a list end with it.
    """
    if refused.why == _REVOKED:
        return CertificateRevoked()
    if refused.why in _TIME:
        return CertificateExpired()
    ours = _SOURCE.search(refused.why) is not None and _issued(store, refused.der)
    return FrontListOld(retry_after_s=60) if ours else CertificateForeign()


def _issued(store: Store, der: bytes | None) -> bool:
    """Return whether a certificate has the serial and the party of one that the office issued and did not revoke.

    That proves nothing to let anybody in; but what stands in the register and is not verified tells of our own files.
    """
    if der is None:
        return False
    try:
        said = identity_from_der(der)
    except UnknownCertificate:
        return False
    with store.read() as tx:
        row = tx.certificate(said.serial)
    return row is not None and row.party == said.party and row.revoked_at is None


def first_part(scope: Scope) -> str:
    """Return the first part of the address below where the app is mounted."""
    path: str = scope["path"].removeprefix(scope.get("root_path", ""))
    return path.split("/")[1] if "/" in path else ""


def peer_address(scope: Scope) -> str:
    """Return the address at the other end of the line: the connection's, or the front server's word over its socket."""
    client = scope.get("client")
    return str(client[0]) if client else ""


class Identified:
    """An ASGI app before the API: nothing behind it runs for nobody, so no route can forget to ask.

    Shape: `most` is how many requests of one party may be under way, so that none takes every place.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        store: Store,
        clock: Clock,
        open_paths: frozenset[str],
        most: int,
        external_url: str | None = None,
        tell: Tell = silent,
        admit: Admit | None = None,
    ) -> None:
        self.tell = tell
        self.admit = admit
        self.app = app
        self.store = store
        self.clock = clock
        self.open_paths = open_paths
        self.most = most
        self.external_url = external_url
        self._inside: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Find out who asks, or answer with what is wrong."""
        if scope["type"] != "http" or scope["path"] in self.open_paths:
            await self.app(scope, receive, send)
            return
        try:
            identity = await asyncio.to_thread(who_asks, self.store, self.clock, scope, tell=self.tell)
            require_own_page(scope, external_url=self.external_url)
            require_no_agent(scope)
            if self.admit is not None and first_part(scope) not in ANYWHERE:
                await asyncio.to_thread(self.admit, identity, peer_address(scope))
            if self._inside[identity.party] >= self.most:
                raise Busy("the party has its share of requests", retry_after_s=5)
        except (SeikyuError, UnknownCertificate) as error:
            answer = await answer_known(Request(scope), error)
            await answer(scope, receive, send)
            return
        scope.setdefault("state", {})[IDENTITY] = identity
        self._inside[identity.party] += 1
        days = days_to_warn_of(dict(scope))
        try:
            await self.app(scope, receive, send if days is None else _warning(send, days))
        finally:
            self._inside[identity.party] -= 1
            if not self._inside[identity.party]:
                del self._inside[identity.party]


def days_to_warn_of(scope: dict[str, Any]) -> int | None:
    """Return the days that the connection's certificate has left, if they are few enough to be pointed out."""
    end, now = peer_end(scope), datetime.now(UTC)
    return days_left(end, now) if end is not None and is_warned_of(end, now, rules=enrolment_rules()) else None


def _warning(send: Send, days: int) -> Send:
    """Say with an answer how many days the certificate has left: programs of others see it there."""

    async def warned(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), (DAYS_HEADER, str(days).encode("ascii"))]}
        await send(message)

    return warned


def identity_of(request: Request) -> ClientIdentity:
    """Return who asks; the door before the API has found it out."""
    identity: ClientIdentity = request.scope["state"][IDENTITY]
    return identity
