"""A browser on a bench: it keeps cookies, follows redirects, fills in forms, and sends what browsers send."""

import asyncio
import base64
import html
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx2

from apps.desk_lab import FIRST, KINDS, Connected, certificates
from apps.page_parts import NAME, pages_of_lab, paper_of_lab
from seikyu.apps import faces
from seikyu.apps.api.limiter import code_turnstile
from seikyu.apps.metrics import Metrics
from seikyu.apps.pages.visit import Pages
from seikyu.ports.register import Certificate
from seikyu.services.applications import Enrolling
from seikyu.services.people import CONSOLE, Newcomer, add_user
from seikyu.trust.totp import STEP_S, code_at
from services.enrolment_lab import enrolling_over
from services.office_lab import Lab, make_lab
from services.people_lab import FIRST as PASSWORD

PORTS = {"desk": 8443, "public": 8444}
HTML = {"accept": "text/html", "accept-language": "en"}


@dataclass
class Site:
    """An office with both faces."""

    lab: Lab
    enrolling: Enrolling
    pages: dict[str, Pages]
    apps: dict[str, Any]
    loop: asyncio.AbstractEventLoop

    @classmethod
    def make(cls) -> Self:
        """Return both faces over one office in memory."""
        lab = make_lab(calendar="sandbox")
        office = lab.office
        with office.store.write() as tx:
            for party in KINDS:
                serial = certificates()[party][0]
                tx.put_certificate(Certificate(serial, party, "pc-1", lab.clock.at, lab.clock.at.replace(year=2029)))
        enrolling = enrolling_over(office)
        pages = {face: pages_of_lab(office, face) for face in PORTS}
        apps = {
            "desk": faces.desk(office, enrolling, Metrics(), pages=pages["desk"], paper=lambda: paper_of_lab(office)),
            "public": faces.public(
                office, enrolling, Metrics(), pages=pages["public"], given_out=Path(), turnstile=code_turnstile()
            ),
        }
        return cls(lab, enrolling, pages, apps, asyncio.new_event_loop())

    def close(self) -> None:
        """Close what was opened."""
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    def browser(self, face: str = "public", *, party: str | None = None, address: str = "192.0.2.7") -> "Browser":
        """Return a fresh browser at a face."""
        return Browser(self, face, party, address)


@dataclass
class Browser:
    """One browser with its cookies. Shape: `page` is the last answer."""

    site: Site
    face: str
    party: str | None
    address: str
    cookies: dict[str, str] = field(default_factory=dict)
    page: httpx2.Response | None = None

    @property
    def origin(self) -> str:
        """Where the browser is."""
        return f"https://{NAME}:{PORTS[self.face]}"

    def ask(self, method: str, path: str, *, headers: dict[str, str] | None = None, **options: Any) -> httpx2.Response:
        """Ask once."""
        sent = {**HTML, **(headers or {})}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())

        async def once() -> httpx2.Response:
            app = _From(Connected(self.site.apps[self.face], self.party), self.address)
            async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=self.origin) as client:
                return await client.request(method, path, headers=sent, **options)

        answer = self.site.loop.run_until_complete(once())
        for line in answer.headers.get_list("set-cookie"):
            name, _, rest = line.partition("=")
            value = rest.partition(";")[0].strip('"')
            if value:
                self.cookies[name] = value
            else:
                self.cookies.pop(name, None)
        self.page = answer
        return answer

    def get(self, path: str, **options: Any) -> httpx2.Response:
        """Look at a page, and go where it sends."""
        return self._follow(self.ask("GET", path, **options))

    def post(self, path: str, **typed: str) -> httpx2.Response:
        """Send a form of the present page to its address, with what its hidden fields say."""
        return self._follow(self.send(path, {**self.hidden(path), **typed}))

    def send(self, path: str, typed: dict[str, str], **headers: str) -> httpx2.Response:
        """Send whatever is given as a form."""
        said = {"origin": self.origin, "sec-fetch-site": "same-origin", **headers}
        return self.ask("POST", path, data=typed, headers=said)

    def hidden(self, path: str) -> dict[str, str]:
        """Return the hidden fields of the form that goes to `path`."""
        assert self.page is not None
        form = re.search(rf'<form[^>]*action="{re.escape(path)}".*?</form>', self.page.text, re.DOTALL)
        assert form, f"no form goes to {path}: {self.page.text}"
        fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[0])
        return {name: html.unescape(value) for name, value in fields}

    def log_in(self, user: str, password: str, *, body: str = "1") -> httpx2.Response:
        """Log in."""
        self.get("/login")
        return self.post("/login", user=user, password=password, body=body)

    def text(self) -> str:
        """Return the present page as one reads it."""
        assert self.page is not None
        return html.unescape(re.sub(r"<[^>]+>", " ", self.page.text))

    def _follow(self, answer: httpx2.Response) -> httpx2.Response:
        for _ in range(5):
            if answer.status_code != 303:
                return answer
            answer = self.ask("GET", answer.headers["location"])
        raise AssertionError("redirects without end")


@dataclass
class _From:
    """An app as it sees requests from that address."""

    app: Any
    address: str

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Put the address where the server would."""
        scope["client"] = (self.address, 40000)
        await self.app(scope, receive, send)


def add(site: Site, name: str = "hanako", *, party: str = FIRST, role: str = "administrator") -> Browser:
    """Add a user, who chooses a password at the desk and accepts the terms if asked; return the browser, logged in."""
    given = add_user(site.pages["desk"].people, CONSOLE, Newcomer("1", name, party, role))
    browser = site.browser("desk", party=party)
    browser.log_in(name, given.initial or "")
    browser.post("/account/password", old=given.initial or "", new=PASSWORD, again=PASSWORD)
    page = browser.log_in(name, PASSWORD)
    if page.url.path == "/account/terms":
        browser.post("/account/terms", **ticks(browser))
    return browser


def ticks(browser: Browser) -> dict[str, str]:
    """Return what ticks every box of the present page."""
    assert browser.page is not None
    return dict.fromkeys(re.findall(r'name="(accept\.[^"]+)"', browser.page.text), "yes")


def secret_of(browser: Browser) -> bytes:
    """Return the secret that the present page shows."""
    assert browser.page is not None
    letters = re.search(r'class="secret">([A-Z2-7 ]+)<', browser.page.text)
    assert letters
    return base64.b32decode(letters[1].replace(" ", ""))


def code_now(site: Site, secret: bytes) -> str:
    """Return the present code."""
    return code_at(secret, int(site.lab.clock.at.timestamp()) // STEP_S)
