"""Debian's Chromium at the end of a pipe (DevTools protocol): opened empty, closed for good, and asked little."""

import base64
import itertools
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROGRAM = shutil.which("chromium")

_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--no-default-browser-check", "--disable-extensions", "--mute-audio",
    "--disable-dev-shm-usage", "--remote-debugging-pipe",
)  # fmt: skip
_WAIT_S = 60.0


@dataclass
class Tab:
    """One page of the browser. Shape: `events` are those that have come and were not asked for yet."""

    to: Any
    come: Any
    session: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Ask the browser one thing and return its answer."""
        number = next(self.numbers)
        asked: dict[str, Any] = {"id": number, "method": method, "params": params}
        if self.session:
            asked["sessionId"] = self.session
        self.to.write(json.dumps(asked).encode() + b"\0")
        self.to.flush()
        while True:
            told = self._read()
            if told.get("id") == number:
                assert "error" not in told, f"{method}: {told['error']}"
                answer: dict[str, Any] = told["result"]
                return answer
            self.events.append(told)

    def go(self, url: str) -> None:
        """Open an address and wait until it is there."""
        self.call("Page.navigate", url=url)
        self.settle()

    def settle(self) -> None:
        """Wait until the page is there as a whole."""
        until = time.monotonic() + _WAIT_S
        while self.run("document.readyState + location.href.startsWith('about:')") != "completefalse":
            assert time.monotonic() < until, "the page does not come"
            time.sleep(0.05)

    def run(self, script: str) -> Any:
        """Return the value of a script in the page."""
        told = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def wait_for(self, script: str) -> None:
        """Wait until a script is true in the page; one that is going away just now is asked again."""
        until = time.monotonic() + _WAIT_S
        while True:
            told = self.call("Runtime.evaluate", expression=script, returnByValue=True)
            if told["result"].get("value") is True:
                return
            assert time.monotonic() < until, f"not so: {script}"
            time.sleep(0.05)

    def fill(self, **fields: str) -> None:
        """Type into fields by their names."""
        for name, value in fields.items():
            self.run(f"document.querySelector('main [name={name}]:not([type=hidden])').value = {json.dumps(value)}")

    def press(self, action: str) -> None:
        """Press the button of the form that goes to that address."""
        self.run("window.__old = true")
        self.run(f"document.querySelector('form[action=\"{action}\"] button').click()")

    def submit(self, action: str) -> None:
        """Press the button and wait for the next page."""
        self.press(action)
        self.wait_for("window.__old === undefined && document.readyState === 'complete'")

    def picture(self, path: Path, *, width: int = 1000, dark: bool = False) -> None:
        """Write what the page looks like."""
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", features=scheme)
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 500
        )
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))

    def _read(self) -> dict[str, Any]:
        told = bytearray()
        while (byte := self.come.read(1)) != b"\0":
            assert byte, "the browser has gone"
            told += byte
        answer: dict[str, Any] = json.loads(told)
        return answer


@contextmanager
def chromium(folder: Path) -> Iterator[Tab]:
    """Start a browser that knows nothing, and end it. Certificates are not judged: the test's own office signs them."""
    assert PROGRAM
    to_read, to_write = os.pipe()
    from_read, from_write = os.pipe()
    for each in (to_read, from_write):
        os.set_inheritable(each, True)
    command = [PROGRAM, *_FLAGS, "--ignore-certificate-errors", f"--user-data-dir={folder}", "about:blank"]
    # The browser talks on its descriptors 3 and 4.
    script = f'exec 3<&{to_read} 4>&{from_write}; exec "$@"'
    browser = subprocess.Popen(
        ["bash", "-c", script, "bash", *command], pass_fds=(to_read, from_write), stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        env={**os.environ, "HOME": str(folder)},
    )  # fmt: skip
    os.close(to_read)
    os.close(from_write)
    try:
        with os.fdopen(to_write, "wb") as to, os.fdopen(from_read, "rb", buffering=1 << 16) as come:
            tab = Tab(to, come)
            found = tab.call("Target.getTargets")["targetInfos"]
            target = next(each["targetId"] for each in found if each["type"] == "page")
            tab.session = tab.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            tab.call("Page.enable")
            yield tab
    finally:
        os.killpg(browser.pid, 9)
        browser.wait(20)
