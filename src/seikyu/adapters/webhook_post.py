"""Posting webhooks (ports.webhooks.Posts): over TLS, to an address that was looked at, once, in time.

The name is looked up once and the connection goes to an address that was found then (pinned): a name that leads to
another place a moment later leads us nowhere. The certificate must be good for the name. No redirect is followed, no
proxy used, and of the answer nothing is read but its head.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from typing import Final

import httpx2

from seikyu.ports.webhooks import ARRIVED, GONE, Posted
from seikyu.trust.webhooks import Network, Target, may_be_told

_HTTPS_PORT: Final = 443
_ADDRESSES: Final = 4

#: A name server that is silent holds threads; they are not those that others work with.
_LOOKING_UP: Final = ThreadPoolExecutor(4, thread_name_prefix="seikyu-dns")


class PostsOverTls:
    """Posts. Shape: `allowed` are networks that may be told though not public; `ca` holds roots beside the usual."""

    def __init__(self, *, wait_s: float, allowed: Sequence[Network] = (), ca: Path | None = None) -> None:
        self._wait_s = wait_s
        self._allowed = tuple(allowed)
        self._context = ssl.create_default_context()
        if ca is not None:
            self._context.load_verify_locations(cafile=str(ca))

    def __call__(self, target: Target, body: bytes, headers: Mapping[str, str]) -> Posted:
        """Post once."""
        return asyncio.run(self._in_time(target, body, headers))

    async def _in_time(self, target: Target, body: bytes, headers: Mapping[str, str]) -> Posted:
        try:
            async with asyncio.timeout(self._wait_s):
                found = await self._found(target.host)
                return await self._post(target, found, body=body, headers=headers) if found else Posted("address")
        except TimeoutError:
            return Posted("late")
        except httpx2.TimeoutException:
            return Posted("late")
        except (httpx2.HTTPError, OSError) as trouble:
            return Posted("tls" if _is_tls(trouble) else "connection")
        except (httpx2.InvalidURL, ValueError):
            return Posted("address")

    async def _post(self, target: Target, found: list[str], *, body: bytes, headers: Mapping[str, str]) -> Posted:
        """Post to the first of the addresses that can be reached."""
        for address in found[:-1]:
            try:
                return await self._once(target, address, body=body, headers=headers)
            except httpx2.ConnectError:
                continue
        return await self._once(target, found[-1], body=body, headers=headers)

    async def _once(self, target: Target, address: str, *, body: bytes, headers: Mapping[str, str]) -> Posted:
        host = _bracketed(target.host)
        said = {
            "Host": host if target.port == _HTTPS_PORT else f"{host}:{target.port}",
            "Content-Type": "application/json",
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "User-Agent": "seikyu-webhooks",
            **headers,
        }
        url = f"https://{_bracketed(address)}:{target.port}{target.path}"
        async with httpx2.AsyncClient(trust_env=False, verify=self._context, timeout=self._wait_s) as client:
            request = client.build_request("POST", url, headers=said, content=body)
            request.extensions["sni_hostname"] = target.host
            answer = await client.send(request, stream=True)
            await answer.aclose()
        return _outcome(answer.status_code)

    async def _found(self, host: str) -> list[str]:
        """Return the addresses of a host that may be told."""
        if _is_address(host):
            found = [host]
        else:
            loop = asyncio.get_running_loop()
            try:
                found = await loop.run_in_executor(_LOOKING_UP, _looked_up, host)
            except (OSError, UnicodeError):
                found = []
        return [each for each in dict.fromkeys(found) if may_be_told(each, allowed=self._allowed)][:_ADDRESSES]


def _outcome(status: int) -> Posted:
    if status == HTTPStatus.GONE:
        return Posted(GONE, status)
    if HTTPStatus(200) <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Posted(ARRIVED, status)
    return Posted("redirect" if status < HTTPStatus.BAD_REQUEST else "status", status)


def _looked_up(host: str) -> list[str]:
    """Return what DNS says. Nothing ends this but DNS itself."""
    return [str(each[4][0]) for each in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]


def _is_tls(trouble: BaseException) -> bool:
    """True if it is TLS that failed, wherever in the chain of causes."""
    seen: BaseException | None = trouble
    while seen is not None:
        if isinstance(seen, ssl.SSLError):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
