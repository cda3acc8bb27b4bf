"""Asking a host for the proof of its name over plain HTTP (ports.acme.AsksHosts).

The office asks hosts that an operator has approved, and nothing else: a redirect is followed to the same host only, to
the port that is asked anyway or to 443, and an answer is read up to a few bytes and shown to nobody. No proxy, no
cookies, no compression. The whole must end in time, so that a host that sends one byte a minute holds nobody up.

Where names mean nothing (a closed line without DNS), the operator says the addresses of hosts. Only so can a host be on
this machine or its link: DNS is another's, and could have the office ask what listens for nobody else.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Final
from urllib.parse import urljoin, urlsplit

import httpx2

from seikyu.ports.acme import HostUnproved

HTTP_PORT: Final = 80
_HTTPS_PORT: Final = 443
_ADDRESSES: Final = 4
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})

#: Here a name server that is silent holds threads. Those of a loop of ours would have to be waited for at its end.
_LOOKING_UP: Final = ThreadPoolExecutor(4, thread_name_prefix="seikyu-dns")


class Http01:
    """Asks hosts. Safe from many threads.

    Shape: `port` is asked; `addresses` are those of hosts in place of what DNS says; times in seconds.
    """

    def __init__(
        self,
        *,
        wait_s: float,
        answer_bytes: int,
        redirects: int,
        port: int = HTTP_PORT,
        addresses: Mapping[str, str] | None = None,
    ) -> None:
        self._wait_s = wait_s
        self._bytes = answer_bytes
        self._redirects = redirects
        self._port = port
        self._addresses = dict(addresses or {})

    def ask(self, host: str, path: str) -> bytes:
        """Return what the host answers. Errors: HostUnproved."""
        return asyncio.run(self._in_time(host, path))

    async def _in_time(self, host: str, path: str) -> bytes:
        try:
            async with asyncio.timeout(self._wait_s):
                return await self._any(host, path)
        except TimeoutError:
            raise HostUnproved(f"no answer within {self._wait_s:g} seconds", kind="connection") from None
        except (httpx2.HTTPError, OSError):
            raise HostUnproved("the host cannot be reached, or breaks off", kind="connection") from None
        except (httpx2.InvalidURL, ValueError):
            raise HostUnproved("the answer cannot be read", kind="incorrectResponse") from None

    async def _any(self, host: str, path: str) -> bytes:
        """Ask the addresses of a host one after the other until one of them can be reached."""
        *first, last = await self._found(host)
        for address in first:
            try:
                return await self._follow(host, path, address)
            except httpx2.ConnectError:
                continue
        return await self._follow(host, path, last)

    async def _follow(self, host: str, path: str, address: str) -> bytes:
        url = f"http://{_bracketed(host)}:{self._port}{path}"
        # A certificate that the host may have by now proves nothing that is asked here.
        async with httpx2.AsyncClient(trust_env=False, verify=False, timeout=self._wait_s) as client:
            for _ in range(self._redirects + 1):
                answer, body = await self._once(client, url, address)
                if answer.status_code not in _REDIRECTS:
                    break
                url = self._next(url, answer.headers.get("location", ""), host)
            else:
                raise HostUnproved(f"more than {self._redirects} redirects", kind="incorrectResponse")
        if answer.status_code != HTTPStatus.OK:
            raise HostUnproved(f"the host answers with {answer.status_code}", kind="incorrectResponse")
        return body

    async def _once(self, client: httpx2.AsyncClient, url: str, address: str) -> tuple[httpx2.Response, bytes]:
        """Ask one address for what stands under a URL."""
        asked = urlsplit(url)
        plain = asked.scheme == "http"
        host = asked.netloc.removesuffix(f":{HTTP_PORT}") if plain else asked.netloc
        there = asked._replace(netloc=f"{_bracketed(address)}:{asked.port or _HTTPS_PORT}").geturl()
        headers = {"Host": host, "Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "seikyu-acme"}
        request = client.build_request("GET", there, headers=headers)
        if not plain and asked.hostname:
            request.extensions["sni_hostname"] = asked.hostname
        answer = await client.send(request, stream=True)
        try:
            body = b""
            if answer.status_code != HTTPStatus.OK:
                return answer, body
            async for piece in answer.aiter_raw():
                body += piece
                if len(body) > self._bytes:
                    raise HostUnproved(f"the answer has more than {self._bytes} bytes", kind="incorrectResponse")
        finally:
            await answer.aclose()
        return answer, body

    def _next(self, url: str, location: str, host: str) -> str:
        """Return where a redirect leads. Errors: HostUnproved, if it leads to elsewhere."""
        target = urlsplit(urljoin(url, location))
        ports = {"http": self._port, "https": _HTTPS_PORT}
        port = target.port or {"http": HTTP_PORT, "https": _HTTPS_PORT}.get(target.scheme)
        same = (target.hostname or "").lower() == host and target.username is None
        if target.scheme not in ports or not same or port != ports[target.scheme]:
            raise HostUnproved("a redirect leads to elsewhere", kind="incorrectResponse")
        return target._replace(netloc=f"{_bracketed(host)}:{port}", fragment="").geturl()

    async def _found(self, host: str) -> list[str]:
        """Return the addresses of a host: what the operator says, or the first ones that DNS says."""
        known = self._addresses.get(host)
        if known is not None:
            return [known]
        found = [host] if _is_address(host) else await _in_dns(host)
        others = [each for each in dict.fromkeys(found) if not _is_near(each)]
        if not others:
            raise HostUnproved("the name has no address outside of the office's own machine", kind="dns")
        return others[:_ADDRESSES]


async def _in_dns(host: str) -> list[str]:
    """Return what DNS says, without waiting at the end for one that is silent. Errors: HostUnproved."""
    try:
        return await asyncio.get_running_loop().run_in_executor(_LOOKING_UP, _looked_up, host)
    except OSError:
        raise HostUnproved("the name has no address", kind="dns") from None


def _looked_up(host: str) -> list[str]:
    """Return what DNS says. Nothing ends this but DNS itself."""
    return [str(each[4][0]) for each in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]


def _is_near(address: str) -> bool:
    """True for what is no other machine's: this machine itself, its link (where a cloud tells secrets), a group."""
    ip = ipaddress.ip_address(address)
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return ip.is_loopback or ip.is_link_local or ip.is_unspecified or ip.is_multicast


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
