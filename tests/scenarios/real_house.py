"""A real office for the scenarios: made once by `seikyu demo`, served by the real program, killed and started at will."""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wire import Reply, Wire

from seikyu.apps.demo_people import logins_of
from seikyu.apps.wiring import find_home, office_at
from seikyu.services.start import clean_up

SEIKYU = Path(sys.executable).parent / "seikyu"
HERE = Path(__file__).parent


@dataclass
class House:
    """One office in a folder: its access, its server process, and commands as its parties type them."""

    home: Path
    access: dict[str, Any]
    server: subprocess.Popen[str] | None = field(default=None)

    def start(self, *words: str, kill_at: str | None = None) -> None:
        """Start the server and wait until it says that it is ready; with a charge in it for `kill_at`."""
        command = [str(SEIKYU), "serve", "--home", str(self.home), *words]
        charge = {"KILL_AT": kill_at, "PYTHONPATH": str(HERE / "charge")} if kill_at else {}
        log = (self.home.parent / f"{self.home.name}.log").open("ab")
        self.server = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, env={**os.environ, **charge}
        )
        log.close()
        assert self.server.stdout
        ready = self.server.stdout.readline()
        assert ready, f"the server did not start: {self.log()[-2000:]}"

    def log(self) -> str:
        """Return what the server has logged so far."""
        return (self.home.parent / f"{self.home.name}.log").read_text("utf-8", "replace")

    def stop(self) -> int:
        """Ask the server to stop; return its status."""
        if self.server is None:
            return 0
        if self.server.poll() is None:
            self.server.send_signal(signal.SIGTERM)
        status = self.server.wait(20)
        self._forget()
        return status

    def kill(self) -> None:
        """Pull the plug."""
        assert self.server
        self.server.kill()
        self.wait_dead()

    def wait_dead(self) -> None:
        """Wait until a server that kills itself is dead."""
        assert self.server
        self.server.wait(30)
        self._forget()

    def close(self) -> None:
        """End everything that runs."""
        if self.server is not None:
            with suppress(ProcessLookupError):
                self.server.kill()
            self.wait_dead()

    def _forget(self) -> None:
        if self.server and self.server.stdout:
            self.server.stdout.close()
        self.server = None

    def wire(self, party: str | None = "institution", *, timeout_s: float = 30) -> Wire:
        """Return a raw line to the desk as a party of the demo, or without a certificate."""
        if party is None:
            return Wire(self.access["url"], Path(self.access["ca"]), timeout_s=timeout_s)
        who = self.access[party]
        return Wire(self.access["url"], Path(self.access["ca"]), Path(who["cert"]), Path(who["key"]), timeout_s)

    def ask(
        self, method: str, path: str, body: bytes | None = None, *, party: str | None = "institution", **headers: str
    ) -> Reply:
        """Ask one thing over a line of its own."""
        with self.wire(party) as wire:
            return wire.ask(method, path, body, **headers)

    def run(self, *words: str, party: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the program in this home, in English."""
        as_party = ["--as", self.access[party]["id"]] if party else []
        return subprocess.run(
            [str(SEIKYU), *words, "--home", str(self.home), *as_party],
            capture_output=True, text=True, check=False, timeout=120,
            env={**os.environ, "SEIKYU_LANG": "en", **environment},
        )  # fmt: skip

    def sendings(self, party: str = "institution") -> list[dict[str, Any]]:
        """Return every sending of a party, newest first."""
        items: list[dict[str, Any]] = []
        path = "/api/v1/sendings?limit=200"
        while path:
            page = self.ask("GET", path, party=party).json
            items += page["items"]
            path = f"/api/v1/sendings?limit=200&cursor={page['next']}" if page["next"] else ""
        return items

    def kept(self, party: str = "institution") -> list[str]:
        """Return what `sendings` names while nothing serves the office: the ids, newest first."""
        with office_at(find_home(self.home)) as office, office.store.read() as tx:
            return [sending.id for sending in tx.sendings(party=self.access[party]["id"])]

    def sweep(self) -> None:
        """Put away what a kill left, as every start does before anything else, without the rest of a start."""
        home = find_home(self.home)
        with home.lock(), office_at(home) as office:
            clean_up(office)

    def files(self) -> set[str]:
        """Return the names of all objects, temporaries included."""
        return {str(path.relative_to(self.home)) for path in (self.home / "objects").rglob("*") if path.is_file()}

    def unsent(self, number: int, party: str = "institution") -> bytes:
        """Return a conforming file that nobody sent yet; each number gives other bytes."""
        head, _, rest = Path(self.access[party]["file"]).read_bytes().partition(b"\r\n")
        items = head.split(b",")
        items[9] = b"03-%04d-%04d" % divmod(number, 10_000)
        return b",".join(items) + b"\r\n" + rest


def moved(access: Any, old: str, new: str) -> Any:
    """Return the access with another folder."""
    return json.loads(json.dumps(access).replace(json.dumps(old)[1:-1], json.dumps(new)[1:-1]))


def make_demo(home: Path) -> House:
    """Return a demo office made in that folder."""
    command = [str(SEIKYU), "demo", "--home", str(home), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["balanced"] is True
    logins = logins_of(home)
    people = {name: who | logins[who["id"]] for name, who in told["access"].items() if isinstance(who, dict)}
    return House(home, told["access"] | people)
