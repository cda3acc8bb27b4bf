"""Pages for 200 clerks at once while files are being checked: p50 and p99 of each page, and what a page weighs.

    .venv/bin/python bench/pages.py [--clerks 200] [--seconds 30] [--think 5]

A real server over TLS 1.3 with client certificates; each clerk has a kept connection and a login, looks at one page after
the other and thinks a while in between. Beside them somebody asks `/healthz` ten times a second on a kept connection: what
a page costs is told as a ratio to that, within the same run. Files arrive and are checked all the time. The clerks run on
the same machine and share its cores. A page that this office does not have is left out.
"""

import argparse
import asyncio
import gzip
import html
import http.client
import json
import random
import re
import ssl
import subprocess
import tempfile
import time
import urllib.parse
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from receive import distinct

from house import SEIKYU, context, demo, machine, percentile, served

#: Pages of the mix and how often each is looked at; {id} is a sending.
DESK = {"/": 3, "/sendings": 4, "/sendings/{id}": 4, "/sendings/{id}/findings": 3, "/notices": 1, "/webhooks": 1}
PUBLIC = {"/": 1, "/news": 2, "/status": 2, "/lines": 1, "/api": 1, "/faq": 1, "/calendar": 1, "/forms": 1}

HEALTH = "/healthz"
_SENDINGS = 12


@dataclass
class Face:
    """One face of the office. Shape: `cookie` is that of a login, or nothing."""

    url: str
    tls: ssl.SSLContext
    cookie: str = ""
    pages: dict[str, int] = field(default_factory=dict)

    @property
    def netloc(self) -> str:
        """Host and port."""
        return urllib.parse.urlsplit(self.url).netloc

    def ask(self, path: str, *, form: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes, list[str]]:
        """Ask once on a line of its own; return status, headers, the body as transferred, and cookies."""
        where = urllib.parse.urlsplit(self.url)
        line = http.client.HTTPSConnection(where.hostname or "", where.port, context=self.tls)
        headers = {"Accept": "text/html", "Accept-Encoding": "gzip", "Accept-Language": "ja", "Cookie": self.cookie}
        body = urllib.parse.urlencode(form) if form is not None else None
        if body is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.url}
        line.request("POST" if body is not None else "GET", path, body, headers)
        answer = line.getresponse()
        read = answer.read()
        cookies = [each.split(";")[0] for each in answer.headers.get_all("set-cookie") or []]
        told = {name.lower(): value for name, value in answer.headers.items()}
        line.close()
        return answer.status, told, read, cookies

    def take(self, cookies: list[str]) -> None:
        """Keep cookies."""
        kept = dict(each.split("=", 1) for each in self.cookie.split("; ") if each) | dict(
            each.split("=", 1) for each in cookies
        )
        self.cookie = "; ".join(f"{name}={value}" for name, value in kept.items() if value.strip('"'))

    def page(self, path: str) -> str:
        """Return a page as text, and keep its cookies."""
        _, told, body, cookies = self.ask(path)
        self.take(cookies)
        return (gzip.decompress(body) if told.get("content-encoding") == "gzip" else body).decode()

    def submit(self, path: str, page: str, **typed: str) -> str:
        """Send a form of a page; return where it leads."""
        token = re.search(r'name="token" value="([^"]+)"', page)
        _, told, _, cookies = self.ask(path, form={"token": html.unescape(token[1]) if token else "", **typed})
        self.take(cookies)
        return told.get("location", "")


def log_in(face: Face, access: dict[str, Any]) -> None:
    """Log in, and accept what has to be accepted first."""
    there = face.submit("/login", face.page("/login"), user=access["user"], password=access["password"])
    if there.startswith("/account/terms"):
        page = face.page(there)
        ticks = dict.fromkeys(re.findall(r'name="(accept\.[^"]+)"', page), "yes")
        face.submit("/account/terms", page, **ticks)


def weigh(face: Face, path: str) -> tuple[int, int] | None:
    """Return the bytes of a page, and with its sheets and scripts, as transferred; None if it is not there."""
    status, told, body, _ = face.ask(path)
    if status != 200 or not told.get("content-type", "").startswith("text/html"):
        return None
    text = (gzip.decompress(body) if told.get("content-encoding") == "gzip" else body).decode()
    wanted = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', text))
    return len(body), len(body) + sum(len(face.ask(each)[2]) for each in wanted)


class Kept:
    """A kept connection."""

    def __init__(self, face: Face) -> None:
        self.face = face
        self._line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> tuple[float, int]:
        """Ask; return the seconds until the last byte, and the status. The first handshake is not counted."""
        if self._line is None:
            where = urllib.parse.urlsplit(self.face.url)
            self._line = await asyncio.open_connection(
                where.hostname, where.port, ssl=self.face.tls, server_hostname=where.hostname
            )
        reader, writer = self._line
        began = time.perf_counter()
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: {self.face.netloc}\r\nAccept: text/html\r\nAccept-Encoding: gzip\r\n"
            f"Accept-Language: ja\r\nCookie: {self.face.cookie}\r\n\r\n".encode()
        )
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            await reader.readexactly(int(length[1]) if length else 0)
        except (asyncio.IncompleteReadError, ConnectionError):
            self._line = None  # It was idle for too long and was closed; a browser opens another.
            return await self.get(path)
        return time.perf_counter() - began, int(head.split(b" ", 2)[1])


async def clerk(faces: list[Face], took: dict[str, list[float]], *, think_s: float, until: float, no: int) -> None:
    """Look at pages until the end."""
    chance = random.Random(no)
    kept = {face.url: Kept(face) for face in faces}
    await asyncio.sleep(chance.random() * max(think_s, 1))
    everything = [(face, path, often) for face in faces for path, often in face.pages.items()]
    weights = [often for *_, often in everything]
    while time.monotonic() < until:
        face, path, _ = chance.choices(everything, weights)[0]
        seconds, status = await kept[face.url].get(path)
        shown = re.sub("[0-9a-z]{26}", "{id}", path)
        took[f"{'desk' if face.cookie else 'public'} {shown}"].append(seconds)
        if status != 200:
            took[f"! {status} {shown}"].append(seconds)
        await asyncio.sleep(chance.random() * 2 * think_s)


async def probe(face: Face, took: dict[str, list[float]], *, until: float) -> None:
    """Ask for health ten times a second."""
    kept = Kept(face)
    await kept.get(HEALTH)
    while time.monotonic() < until:
        seconds, _ = await kept.get(HEALTH)
        took[HEALTH].append(seconds)
        await asyncio.sleep(0.1)


async def run(faces: list[Face], *, clerks: int, seconds: float, think_s: float) -> dict[str, list[float]]:
    """Let all of them work; return what each page took."""
    took: dict[str, list[float]] = defaultdict(list)
    until = time.monotonic() + seconds
    await asyncio.gather(
        probe(faces[0], took, until=until),
        *(clerk(faces, took, think_s=think_s, until=until, no=number) for number in range(clerks)),
    )
    return took


def send(access: dict[str, Any], body: bytes) -> str:
    """Send a file; return the sending's id."""
    where = urllib.parse.urlsplit(access["url"])
    line = http.client.HTTPSConnection(where.hostname or "", where.port, context=context(access, "institution"))
    line.request("POST", "/api/v1/sendings", body, {"Content-Type": "application/octet-stream"})
    told = json.loads(line.getresponse().read())
    line.close()
    return str(told["id"])


async def keep_checking(access: dict[str, Any], plain: bytes, *, until: float) -> int:
    """Send a file whenever the last is checked, so that the working process always has work."""
    sent = 0
    while time.monotonic() < until:
        await asyncio.to_thread(send, access, distinct(plain, 1_000_000 + sent))
        sent += 1
        await asyncio.sleep(0.5)
    return sent


def tell(name: str, took: dict[str, list[float]]) -> None:
    """Print one run."""
    health = {share: percentile(took[HEALTH], share) for share in (0.5, 0.99)}
    every = [each for page, waits in took.items() if page[0] not in "!/" for each in waits]
    print(f"\n{name}: {len(every)} pages; /healthz p50 {health[0.5] * 1000:.1f} ms, p99 {health[0.99] * 1000:.1f} ms")
    print("| page | looks | p50 | p99 | p50 / healthz |\n| --- | --- | --- | --- | --- |")
    for page, waits in [*sorted(took.items()), ("all", every)]:
        if page != HEALTH:
            p50, p99 = (percentile(waits, share) * 1000 for share in (0.5, 0.99))
            print(f"| {page} | {len(waits)} | {p50:.0f} ms | {p99:.0f} ms | {p50 / health[0.5] / 1000:.1f} |")


def prepared(access: dict[str, Any], plain: bytes) -> list[Face]:
    """Send some files, log in, and return the faces with the pages that are there."""
    ids = [send(access, distinct(plain, number)) for number in range(_SENDINGS)]
    time.sleep(10)
    desk = Face(access["url"], context(access, "institution"))
    public = Face(access["public_url"], ssl.create_default_context(cafile=access["ca"]))
    log_in(desk, access["institution"])
    print("\n| page | HTML | with sheet and scripts |\n| --- | --- | --- |")
    for face, mix in ((desk, DESK), (public, PUBLIC)):
        for path, often in mix.items():
            at = path.format(id=ids[-1])
            if weight := weigh(face, at):
                face.pages[at] = often
                where = "desk" if face is desk else "public"
                print(f"| {where} {path} | {weight[0] / 1000:.1f} kB | {weight[1] / 1000:.1f} kB |")
    return [desk, public]


async def busy(faces: list[Face], access: dict[str, Any], plain: bytes, asked: Any) -> dict[str, list[float]]:
    """Run the clerks while files are being checked."""
    checking = keep_checking(access, plain, until=time.monotonic() + asked.seconds)
    took, sent = await asyncio.gather(
        run(faces, clerks=asked.clerks, seconds=asked.seconds, think_s=asked.think), checking
    )
    print(f"\n{sent} files of {len(plain) / 1000:.0f} kB were sent and checked meanwhile")
    return took


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--clerks", type=int, default=200)
    options.add_argument("--seconds", type=float, default=30)
    options.add_argument("--think", type=float, default=5)
    asked = options.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        home, file = Path(folder) / "home", Path(folder) / "file.uke"
        access = demo(home)
        make = [SEIKYU, "make", "--institution", access["institution"]["id"], "--size", "1M", "-o", file]
        subprocess.run(make, check=True)
        with served(home):
            faces = prepared(access, file.read_bytes())
            tell("one clerk, nothing else", asyncio.run(run(faces, clerks=1, seconds=10, think_s=0.05)))
            tell(f"{asked.clerks} clerks, files are being checked",
                 asyncio.run(busy(faces, access, file.read_bytes(), asked)))  # fmt: skip


if __name__ == "__main__":
    main()
