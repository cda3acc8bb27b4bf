"""Programs that are not ours, as a stranger types them: curl as a browser, and whatever else the machine has."""

import html
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from real_house import House


def run(*words: object, data: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run a program of the machine."""
    program = shutil.which(str(words[0]))
    if program is None:
        assert not os.environ.get("CI"), f"{words[0]} is not installed"
        pytest.skip(f"os: {words[0]} is not installed")
    return subprocess.run(
        [program, *map(str, words[1:])], input=data, capture_output=True, check=False, timeout=60
    )  # fmt: skip


@dataclass
class Curl:
    """A browser with its cookies, made of curl."""

    office: House
    jar: Path
    page: str = ""

    def ask(self, path: str, *words: object, out: Path | None = None) -> int:
        """Ask once and keep the page; return the status."""
        told = out or self.jar.with_suffix(".page")
        done = run(
            "curl", "-sS", "--cacert", self.office.access["ca"], "-b", self.jar, "-c", self.jar, "-o", told,
            "-H", "Accept: text/html", "-H", "Accept-Language: en", "-D", self.jar.with_suffix(".headers"),
            "-w", "%{http_code}", *words, self.office.access["public_url"] + path,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        if out is None:
            self.page = told.read_text("utf-8")
        return int(done.stdout)

    def press(self, path: str, *, out: Path | None = None, **typed: str) -> int:
        """Send the form of the present page that goes to `path`."""
        form = re.search(rf'<form[^>]*action="{re.escape(path)}".*?</form>', self.page, re.DOTALL)
        assert form, self.page
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[0]))
        fields = {name: html.unescape(value) for name, value in hidden.items()} | typed
        words = [word for name, value in fields.items() for word in ("--data-urlencode", f"{name}={value}")]
        return self.ask(path, *words, "-H", f"Origin: {self.office.access['public_url']}", out=out)

    def header(self, name: str) -> str:
        """Return a header of the last answer."""
        found = re.search(
            rf"^{name}: (.*?)\r?$", self.jar.with_suffix(".headers").read_text(), re.IGNORECASE | re.MULTILINE
        )
        return found[1] if found else ""
