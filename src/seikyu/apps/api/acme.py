"""ACME (RFC 8555) over HTTP, on the face that needs no certificate.

Everything but the directory, a nonce and a renewal window is asked by a signed POST. Every answer to one carries the
next nonce, refusals too. What is wrong is said as `urn:ietf:params:acme:error:…`, what is ours as any other problem.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from seikyu.adapters.authority import pem_of
from seikyu.apps.api.bodies import body_of, stated_length
from seikyu.apps.api.limiter import Limiter, TooManyRequests, address_of
from seikyu.apps.api.problems import facts_of, problem
from seikyu.apps.words import accepted_language, say
from seikyu.limits import limit
from seikyu.office.errors import OfficeError
from seikyu.ports.acme import AcmeAccount, AcmeName, AcmeOrder, hosts_of
from seikyu.ports.errors import SeikyuError, TooLong
from seikyu.services import acme as accounts
from seikyu.services import acme_orders as orders
from seikyu.services.acme import HOUR, AccountThere, Acme, AcmeRefused, Heard, NoAcme
from seikyu.services.acme_orders import Placed
from seikyu.trust.acme import NameState, OrderState, identifier_of, plain

ROOT: Final = "/acme"
DIRECTORY: Final = ROOT + "/directory"

JOSE: Final = "application/jose+json"
PROBLEM: Final = "application/problem+json"
CHAIN: Final = "application/pem-certificate-chain"

_URN: Final = "urn:ietf:params:acme:error:"

#: The statuses of refusals; everything else is 400.
_STATUSES: Final = {
    "unauthorized": HTTPStatus.FORBIDDEN,
    "externalAccountRequired": HTTPStatus.FORBIDDEN,
    "rejectedIdentifier": HTTPStatus.FORBIDDEN,
    "orderNotReady": HTTPStatus.FORBIDDEN,
    "rateLimited": HTTPStatus.TOO_MANY_REQUESTS,
    "alreadyReplaced": HTTPStatus.CONFLICT,
}

#: The words of refusals that have a text of their own (`apps/words/acme.toml`).
KINDS: Final = (
    "accountDoesNotExist", "alreadyReplaced", "alreadyRevoked", "badCSR", "badNonce", "badPublicKey",
    "badRevocationReason", "badSignatureAlgorithm", "connection", "dns", "externalAccountRequired", "incorrectResponse",
    "invalidContact", "malformed", "orderNotReady", "rateLimited", "rejectedIdentifier", "unauthorized",
    "unsupportedContact", "unsupportedIdentifier",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """What a request is answered with. Shape: `body` is a tree, text or nothing; `link` further links."""

    body: Any = None
    status: int = HTTPStatus.OK
    media: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Places:
    """The addresses of things, as the asker reaches this office. Shape: `base` has no slash at its end."""

    base: str

    def of(self, *parts: str) -> str:
        """Return an address below the root of ACME."""
        return "/".join((self.base + ROOT, *parts))

    @property
    def accounts(self) -> str:
        """What the addresses of accounts begin with."""
        return self.of("account", "")


Act = Callable[[Request, Heard, Places], Told]
Answer = Callable[[Request, Places], Awaitable[Response]]

#: A name or an address, an IPv6 one in brackets, and a port.
_NETLOC: Final = re.compile(r"(?P<name>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Wire:
    """ACME and where it is.

    Shape: `url` is the face's address before a front server, empty if there is none; then `hosts` are the names and
    addresses that this office goes by.
    """

    acme: Acme
    hosts: frozenset[str]
    url: str = ""

    def places(self, request: Request) -> Places:
        """Return the addresses as this asker has them.

        A directory that was asked for under another's name must not lead there, nor a signature made for it count.
        Errors: WrongHost.
        """
        if self.url:
            return Places(self.url.rstrip("/"))
        said = request.url.netloc
        if _name_of(said) not in self.hosts:
            raise WrongHost
        return Places(f"{request.url.scheme}://{said}")


def acme_routes(acme: Acme, *, hosts: Iterable[str], url: str = "") -> list[Route]:
    """Return the routes of ACME. Shape: see `Wire`."""
    wire = Wire(acme, frozenset(plain(host) for host in hosts), url)

    def signed(path: str, act: Act, **how: bool) -> Route:
        return Route(ROOT + path, _signed(wire, act, **how), methods=["POST"])

    @_placed(wire)
    async def directory(_request: Request, places: Places) -> Response:
        return _written(Told(_directory(places)), places)

    @_placed(wire)
    async def nonce(request: Request, places: Places) -> Response:
        status = HTTPStatus.OK if request.method == "HEAD" else HTTPStatus.NO_CONTENT
        return _written(Told(status=status), places, nonce=accounts.new_nonce(acme))

    @_placed(wire)
    async def renewal(request: Request, places: Places) -> Response:
        try:
            told = await asyncio.to_thread(_renewal, acme, request.path_params["name"])
        except NoAcme as error:
            told = _refusal(request, error, status=HTTPStatus.NOT_FOUND)
        return _written(told, places)

    return [
        Route(DIRECTORY, directory, methods=["GET"]),
        Route(ROOT + "/new-nonce", nonce, methods=["GET"]),
        Route(ROOT + "/renewal-info/{name}", renewal, methods=["GET"]),
        signed("/new-account", _new_account(acme), bare=True, by_account=False),
        signed("/account/{id}", _account(acme)),
        signed("/account/{id}/orders", _orders(acme)),
        signed("/key-change", _key_change(acme)),
        signed("/new-order", _new_order(acme)),
        signed("/order/{id}", _order(acme)),
        signed("/order/{id}/finalize", _finalize(acme)),
        signed("/authorization/{id}", _authorization(acme)),
        signed("/challenge/{id}", _challenge(acme)),
        signed("/certificate/{id}", _certificate(acme)),
        signed("/revoke-certificate", _revoke(acme), bare=True),
    ]


# --- where the office is


class WrongHost(AcmeRefused):
    """The request is for a name that is not this office's (421)."""

    def __init__(self) -> None:
        super().__init__("malformed", "this office does not go by the name that was asked (office.hosts, acme.url)")


def _name_of(netloc: str) -> str:
    """Return the name or address in a Host header as hosts are compared; nothing if there is more in it than a port."""
    found = _NETLOC.fullmatch(netloc)
    return plain(found["name"].strip("[]")) if found else ""


def _placed(wire: Wire) -> Callable[[Answer], Callable[[Request], Awaitable[Response]]]:
    """Return what gives an answer the addresses of things, and refuses askers who have them wrong."""

    def around(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        async def placed(request: Request) -> Response:
            try:
                places = wire.places(request)
            except WrongHost as error:
                return _written(_refusal(request, error, status=HTTPStatus.MISDIRECTED_REQUEST), None)
            return await answer(request, places)

        return placed

    return around


# --- a signed request on its way in and out


def _signed(wire: Wire, act: Act, *, bare: bool = False, by_account: bool = True) -> Any:
    """Return what answers a signed request: its signature first, then the act, in a thread as both may wait."""

    def heard_and_done(request: Request, body: bytes, places: Places) -> Told:
        query = request.url.query
        url = places.base + request.url.path + (f"?{query}" if query else "")
        heard = accounts.hear(wire.acme, body, url=url, accounts=places.accounts, bare=bare, by_account=by_account)
        return act(request, heard, places)

    @_placed(wire)
    async def answer(request: Request, places: Places) -> Response:
        try:
            body = await _body(request)
            told = await asyncio.to_thread(heard_and_done, request, body, places)
        except AccountThere as error:
            headers = {"Location": places.of("account", error.account)}
            told = _refusal(request, error, status=HTTPStatus.CONFLICT, headers=headers)
        except NoAcme as error:
            told = _refusal(request, error, status=HTTPStatus.NOT_FOUND)
        except AcmeRefused as error:
            told = _refusal(request, error)
        except (SeikyuError, OfficeError) as error:
            # Not a word of ACME's: the office itself. Its problems are of the same form, and carry a nonce too.
            other = problem(request, error.code, facts_of(error))
            other.headers["Replay-Nonce"] = accounts.new_nonce(wire.acme)
            return other
        return _written(told, places, nonce=accounts.new_nonce(wire.acme))

    return answer


def status_of(kind: str) -> int:
    """Return the status of a refusal by ACME's word for it."""
    return int(_STATUSES.get(kind, HTTPStatus.BAD_REQUEST))


async def _body(request: Request) -> bytes:
    """Return the body. Errors: AcmeRefused; LineBroken."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != JOSE:
        raise _WrongMedia
    most = limit("acme_request_bytes")
    try:
        stated_length(request.headers, limit_bytes=most)
        return b"".join([piece async for piece in body_of(request, limit_bytes=most)])
    except TooLong:
        raise AcmeRefused("malformed", f"a request has at most {most} bytes") from None


class _WrongMedia(AcmeRefused):
    """The body says that it is something else (415)."""

    def __init__(self) -> None:
        super().__init__("malformed", f"the content type of a request is {JOSE}")


def _refusal(
    request: Request,
    error: AcmeRefused,
    *,
    status: HTTPStatus | None = None,
    headers: dict[str, str] | None = None,
) -> Told:
    lang = accepted_language(request.headers.get("accept-language"))
    usual = HTTPStatus.UNSUPPORTED_MEDIA_TYPE if isinstance(error, _WrongMedia) else status_of(error.kind)
    number = int(status or usual)
    detail = f"{say(f'acme.{error.kind}', lang)} ({error.facts['what']})"
    body = {"type": _URN + error.kind, "detail": detail, "status": number, **error.more}
    extra = {"Content-Language": lang, **(headers or {})}
    if error.wait_s is not None:
        extra["Retry-After"] = str(error.wait_s)
    return Told(body, number, PROBLEM, extra)


def _written(told: Told, places: Places | None, *, nonce: str | None = None) -> Response:
    content = (
        told.body if isinstance(told.body, bytes) else b"" if told.body is None else msgspec.json.encode(told.body)
    )
    media = None if told.body is None else told.media
    answer = Response(content, int(told.status), {"Cache-Control": "no-store", **told.headers}, media)
    if nonce is not None:
        answer.headers["Replay-Nonce"] = nonce
    index = () if places is None else (f'<{places.of("directory")}>;rel="index"',)
    for link in (*index, *told.links):
        answer.headers.append("Link", link)
    return answer


# --- the acts


def _directory(places: Places) -> dict[str, Any]:
    return {
        "newNonce": places.of("new-nonce"),
        "newAccount": places.of("new-account"),
        "newOrder": places.of("new-order"),
        "revokeCert": places.of("revoke-certificate"),
        "keyChange": places.of("key-change"),
        "renewalInfo": places.of("renewal-info"),
        "meta": {"externalAccountRequired": True},
    }


def _renewal(acme: Acme, name: str) -> Told:
    info = orders.renewal_of(acme, name)
    window = {"start": _at(info.start), "end": _at(info.end)}
    return Told({"suggestedWindow": window}, headers={"Retry-After": str(info.ask_again_s)})


def _new_account(acme: Acme) -> Act:
    limiter = Limiter(most=acme.rules.accounts_per_hour, window_s=HOUR.total_seconds())

    def act(request: Request, heard: Heard, places: Places) -> Told:
        def admit() -> None:
            try:
                limiter.take(address_of(request))
            except TooManyRequests as error:
                what = "too many tries from this address"
                raise AcmeRefused("rateLimited", what, wait_s=error.retry_after_s) from None

        account, is_new = accounts.new_account(acme, heard, url=places.of("new-account"), admit=admit)
        status = HTTPStatus.CREATED if is_new else HTTPStatus.OK
        headers = {"Location": places.of("account", account.id)}
        return Told(_account_body(account, places), status, headers=headers)

    return act


def _account(acme: Acme) -> Act:
    def act(request: Request, heard: Heard, places: Places) -> Told:
        account = accounts.change_account(acme, heard, request.path_params["id"])
        return Told(_account_body(account, places))

    return act


def _key_change(acme: Acme) -> Act:
    def act(_request: Request, heard: Heard, places: Places) -> Told:
        own = places.of("account", heard.own.id)
        account = accounts.change_key(acme, heard, url=places.of("key-change"), account_url=own)
        return Told(_account_body(account, places))

    return act


def _orders(acme: Acme) -> Act:
    def act(request: Request, heard: Heard, places: Places) -> Told:
        if heard.own.id != request.path_params["id"]:
            raise AcmeRefused("unauthorized", "these are the orders of another account")
        size, after = limit("page_items_default"), request.query_params.get("cursor")
        found = orders.orders_of(acme, heard.own, after=after, limit=size)
        links: tuple[str, ...] = ()
        if len(found) == size:
            links = (f'<{places.of("account", heard.own.id, "orders")}?cursor={found[-1].id}>;rel="next"',)
        return Told({"orders": [places.of("order", each.id) for each in found]}, links=links)

    return act


def _new_order(acme: Acme) -> Act:
    def act(_request: Request, heard: Heard, places: Places) -> Told:
        placed = orders.place_order(acme, heard)
        headers = {"Location": places.of("order", placed.order.id)}
        return Told(_order_body(placed, places), HTTPStatus.CREATED, headers=headers)

    return act


def _order(acme: Acme) -> Act:
    def act(request: Request, heard: Heard, places: Places) -> Told:
        placed = orders.order_of(acme, heard.own, request.path_params["id"])
        return Told(_order_body(placed, places))

    return act


def _finalize(acme: Acme) -> Act:
    def act(request: Request, heard: Heard, places: Places) -> Told:
        placed = orders.finish_order(acme, heard, request.path_params["id"])
        headers = {"Location": places.of("order", placed.order.id)}
        return Told(_order_body(placed, places), headers=headers)

    return act


def _authorization(acme: Acme) -> Act:
    def act(request: Request, heard: Heard, places: Places) -> Told:
        name_id = request.path_params["id"]
        give_up = heard.payload is not None
        name, state = orders.give_up_name(acme, heard, name_id) if give_up else orders.name_of(acme, heard.own, name_id)
        body = {
            "status": state.value,
            "identifier": identifier_of(name.host),
            "expires": _at(name.expires_at),
            "challenges": [_challenge_body(name, state, places)],
        }
        return Told(body)

    return act


def _challenge(acme: Acme) -> Act:
    def act(request: Request, heard: Heard, places: Places) -> Told:
        name_id = request.path_params["id"]
        ask = heard.payload is not None
        name, state = orders.prove_name(acme, heard, name_id) if ask else orders.name_of(acme, heard.own, name_id)
        links = (f'<{places.of("authorization", name.id)}>;rel="up"',)
        return Told(_challenge_body(name, state, places), links=links)

    return act


def _certificate(acme: Acme) -> Act:
    def act(request: Request, heard: Heard, _places: Places) -> Told:
        chain = orders.certificate_of(acme, heard.own, request.path_params["id"])
        return Told(pem_of(chain.ders), media=CHAIN)

    return act


def _revoke(acme: Acme) -> Act:
    def act(_request: Request, heard: Heard, _places: Places) -> Told:
        orders.revoke_certificate(acme, heard)
        return Told()

    return act


# --- things as ACME writes them


def _account_body(account: AcmeAccount, places: Places) -> dict[str, Any]:
    return {
        "status": account.state,
        "contact": msgspec.json.decode(account.contact),
        "orders": places.of("account", account.id, "orders"),
    }


def _order_body(placed: Placed, places: Places) -> dict[str, Any]:
    order = placed.order
    body: dict[str, Any] = {
        "status": placed.state.value,
        "expires": _at(order.expires_at),
        "identifiers": [identifier_of(host) for host in hosts_of(order)],
        "authorizations": [places.of("authorization", each.id) for each in placed.names],
        "finalize": places.of("order", order.id, "finalize"),
    }
    if order.serial is not None:
        body["certificate"] = places.of("certificate", order.serial)
    if placed.state is OrderState.INVALID:
        body["error"] = _order_error(order, placed.names)
    return body


def _order_error(order: AcmeOrder, names: tuple[AcmeName, ...]) -> dict[str, Any]:
    failed = [each for each in names if each.failure]
    what = f"not proved: {', '.join(each.host for each in failed)}" if failed else f"ended {_at(order.expires_at)}"
    return {"type": _URN + "unauthorized", "detail": what, "status": int(HTTPStatus.FORBIDDEN)}


def _challenge_body(name: AcmeName, state: NameState, places: Places) -> dict[str, Any]:
    known = state if state in {NameState.PENDING, NameState.VALID} else NameState.INVALID
    body: dict[str, Any] = {
        "type": "http-01",
        "url": places.of("challenge", name.id),
        "status": known.value,
        "token": name.token,
    }
    if name.validated_at is not None:
        body["validated"] = _at(name.validated_at)
    if name.failure:
        status = int(HTTPStatus.FORBIDDEN if name.failure == "incorrectResponse" else HTTPStatus.BAD_REQUEST)
        detail = f"{say(f'acme.{name.failure}', 'en')} ({name.host}: {name.failed_what})"
        body["error"] = {"type": _URN + name.failure, "detail": detail, "status": status}
    return body


def _at(at: datetime) -> str:
    """Return an instant as RFC 3339 in UTC, in whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
