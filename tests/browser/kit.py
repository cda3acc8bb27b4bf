"""People with real browsers (Debian's chromium, through Playwright) at a real office, and judges of what they see.

`Person` is somebody with a certificate and a login, or nobody in particular on the public pages. Whatever a browser asks
for is noted: a request that would leave this machine fails the test. `axe` and `validate` are not ours (package.json).
"""

import base64
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, Playwright
from real_house import House

from seikyu.trust.totp import STEP_S, code_at

HERE = Path(__file__).parent
CHROMIUM = shutil.which("chromium")
AXE = HERE / "node_modules" / "axe-core" / "axe.min.js"
VALIDATOR = HERE / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
#: Where pictures of pages are kept; the folder is not part of the tree.
SHOTS = Path(os.environ.get("SEIKYU_SHOTS") or HERE.parent.parent / ".shots")

#: What stands for the whole of WCAG 2.2 AA, as JIS X 8341-3 names it, and what axe itself thinks good.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

_FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"]
_ALLOWED = {"localhost", "127.0.0.1", ""}


@dataclass
class Person:
    """Somebody with a browser. Shape: `party` is a key of the demo's access, None for the public face."""

    house: House
    party: str | None
    context: BrowserContext
    page: Page
    user: str = ""
    asked: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def base(self) -> str:
        """The address of the face."""
        return str(self.house.access["public_url" if self.party is None else "url"])

    def go(self, path: str) -> Page:
        """Open one of our pages; it must be there."""
        answer = self.page.goto(self.base + path)
        assert answer, path
        assert answer.status < 400, f"{path}: {answer.status}"
        return self.page

    def log_in(self, user: str | None = None) -> Page:
        """Log in with the demo's password, and do what has to be done first."""
        access = self.house.access[self.party or ""]
        self.user = user or access["user"]
        self.go("/login")
        self.page.fill("input[name=user]", self.user)
        self.page.fill("input[name=password]", access["password"])
        self.page.click("form[action='/login'] button")
        self._settle()
        return self.page

    def _settle(self) -> None:
        """Do what a login is asked: accept terms, register a code app, or type its code."""
        for _ in range(5):
            path = urlsplit(self.page.url).path
            if path == "/account/terms":
                for box in self.page.locator("main input[type=checkbox]").all():
                    box.check()
                self.page.click("main form button")
            elif path == "/account/second-factor":
                self.page.locator("form[action='/account/second-factor/app'] button").click()
                shown = self.page.locator(".secret").first.inner_text()
                apps[self._app] = App(base64.b32decode(re.sub(r"\s", "", shown)))
                self._type_code("new_code")
            elif path == "/login/second":
                self._type_code("code")
            else:
                return

    @property
    def _app(self) -> tuple[Path, str]:
        """Whose code app it is."""
        return self.house.home, self.user

    def _type_code(self, name: str) -> None:
        self.page.fill(f"main input[name={name}]", apps[self._app].code())
        self.page.locator(f"form:has(input[name={name}]) button").first.click()


@dataclass
class App:
    """A code app. Shape: `used` is the step of the last code, which the office does not take again."""

    secret: bytes
    used: int = 0

    def code(self) -> str:
        """Return a code that was not used yet; wait for it if need be."""
        while (now := int(time.time()) // STEP_S) <= self.used:
            time.sleep(0.5)
        self.used = now
        return code_at(self.secret, now)


#: The code apps of everybody, by office and user.
apps: dict[tuple[Path, str], App] = {}


@contextmanager
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Open a browser."""
    assert CHROMIUM
    opened = playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
    try:
        yield opened
    finally:
        opened.close()


@contextmanager
def person(opened: Browser, house: House, party: str | None = None, **options: Any) -> Iterator[Person]:
    """Give somebody a browser of their own; `options` are Playwright's of a context (locale, color_scheme, viewport).

    What their browser asked of another machine, and what it complained of, fails at the end.
    """
    access = house.access
    told: dict[str, Any] = {"ignore_https_errors": True, "locale": "ja-JP", "timezone_id": "Asia/Tokyo", **options}
    if party is not None:
        who = access[party]
        told["client_certificates"] = [{"origin": access["url"], "certPath": who["cert"], "keyPath": who["key"]}]
    context = opened.new_context(**told)
    context.set_default_timeout(20_000)
    made = Person(house, party, context, context.new_page())
    context.on("request", lambda request: made.asked.append(request.url))
    context.on("weberror", lambda error: made.wrong.append(str(error.error)))
    try:
        yield made
    finally:
        context.close()
    away = [url for url in made.asked if url.startswith("http") and urlsplit(url).hostname not in _ALLOWED]
    assert not away, "requests that would leave this machine"
    assert not made.wrong, made.wrong


def axe(page: Page) -> list[str]:
    """Return what axe finds wrong on the present page, a line each."""
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("(tags) => axe.run({runOnly: tags})", RULES)
    return [
        f"{rule['id']}: {node['html'][:160]} ({node['failureSummary'].splitlines()[-1].strip()})"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def too_wide(page: Page) -> bool:
    """Return whether the page must be scrolled sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def shoot(page: Page, name: str) -> Path:
    """Keep a picture of the whole page."""
    SHOTS.mkdir(exist_ok=True)
    path = SHOTS / f"{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}.png"
    page.screenshot(path=path, full_page=True)
    return path


def validate(folder: Path) -> list[str]:
    """Return what the validator finds wrong in the pages (`*.html`) of a folder, a line each.

    It is given the pages by name: a folder it would search to the bottom, and an office may stand in it.
    """
    pages = sorted(map(str, folder.glob("*.html")))
    assert pages
    command = [
        "java",
        "-Xss1m",
        "-jar",
        str(VALIDATOR),
        "--format",
        "json",
        "--stdout",
        "--exit-zero-always",
        *pages,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=240)
    return [
        f"{Path(each.get('url', '')).name}:{each.get('lastLine', '?')}: {each['message']}"
        for each in json.loads(done.stdout)["messages"]
        if each["type"] == "error" or each.get("subType") == "warning"
    ]


def judged(who: Person, pages: Mapping[str, str], folder: Path) -> list[str]:
    """Return what is wrong with pages, wide and narrow: rules of axe, first headings, width, HTML; keep pictures.

    Shape: `pages` are addresses by the names of their pictures; their HTML is written to `folder`.
    """
    wrong: list[str] = []
    for no, (name, path) in enumerate(pages.items()):
        page = who.go(path)
        wrong += [f"{path}: {each}" for each in axe(page)]
        if page.locator("h1").count() != 1:
            wrong.append(f"{path}: {page.locator('h1').count()} first headings")
        shoot(page, f"{name} 1280")
        page.set_viewport_size({"width": 360, "height": 740})
        if too_wide(page):
            wrong.append(f"{path}: wider than 360 pixels")
        wrong += [f"{path} at 360: {each}" for each in axe(page)]
        shoot(page, f"{name} 360")
        page.set_viewport_size({"width": 1280, "height": 900})
        (folder / f"{no:02d}.html").write_text(who.context.request.get(who.base + path).text(), "utf-8")
    return [*wrong, *validate(folder)]
