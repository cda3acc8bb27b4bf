"""A small real office for enrolment: made by `seikyu admin init`, served by the real program on sockets."""

import json
import os
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from seikyu.adapters.home import Home, open_home
from seikyu.adapters.settings import settings_text
from seikyu.apps.enrolling import enrolling_at
from seikyu.ports.register import Party
from seikyu.services.applications import Opened, Wish, apply_for, approve
from seikyu.services.people import CONSOLE
from seikyu.trust.enrolment import Purpose

SEIKYU: Final = (sys.executable, "-m", "seikyu.apps.cli")
PARTY: Final = "9911000015"
HOST: Final = "gw.seikyu.example"


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


@dataclass
class ServedOffice:
    """A sandbox with one institution. `http_port` is where the office asks servers for their proofs."""

    root: Path
    http_port: int
    server: subprocess.Popen[str] | None = None
    told: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def make(cls, root: Path) -> "ServedOffice":
        """Make the office; it is not served yet."""
        environment = {**os.environ, "SEIKYU_LANG": "en", "SEIKYU_HOME": str(root)}
        done = subprocess.run(
            [*SEIKYU, "admin", "init", "--sandbox"], capture_output=True, text=True, check=False, env=environment
        )
        assert done.returncode == 0, done.stderr
        office = cls(root, free_port())
        changed = {
            "office.calendar": "sandbox", "office.bodies": ("1", "2-99"), "acme.http_port": office.http_port,
            "acme.addresses": (f"{HOST}=127.0.0.1",),
        }  # fmt: skip
        (root / "office.toml").write_text(settings_text(changed), "utf-8")
        with enrolling_at(office.home) as enrolling, enrolling.store.write() as tx:
            since = enrolling.register_clock.now() - timedelta(days=1)
            tx.put_party(Party(PARTY, "institution", "見本医院", since))
        return office

    @property
    def home(self) -> Home:
        """The office's home."""
        return open_home(self.root)

    @property
    def ca(self) -> Path:
        """The file that others trust."""
        return self.root / "ca" / "root.pem"

    def start(self) -> None:
        """Serve it, and wait until it is ready."""
        log = (self.root.parent / "err").open("ab")
        command = [*SEIKYU, "serve", "--json", "--home", str(self.root)]
        self.server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        log.close()
        assert self.server.stdout
        line = self.server.stdout.readline()
        assert line, (self.root.parent / "err").read_text("utf-8")
        self.told = json.loads(line)

    def stop(self) -> None:
        """Stop the server."""
        if self.server is None:
            return
        if self.server.poll() is None:
            self.server.terminate()
        self.server.wait(20)
        assert self.server.stdout
        self.server.stdout.close()
        self.server = None

    def opened(self, terminal: str, *, hosts: tuple[str, ...] = ()) -> Opened:
        """Return the notice of a terminal, or of a server if it has hosts."""
        purpose = Purpose.SERVER if hosts else Purpose.CLIENT
        with enrolling_at(self.home) as enrolling:
            application, _ = apply_for(enrolling, CONSOLE, Wish(terminal, purpose=purpose, hosts=hosts), party=PARTY)
            return approve(enrolling, CONSOLE, application.id)

    def revoked(self, serial: int) -> bool:
        """Return whether the register has a certificate as revoked."""
        with enrolling_at(self.home) as enrolling, enrolling.store.read() as tx:
            row = tx.certificate(f"{serial:x}")
        assert row is not None
        return row.revoked_at is not None

    def logged(self) -> str:
        """Return all that the server has logged."""
        logs = [path.read_text("utf-8") for path in (self.root / "logs").rglob("*") if path.is_file()]
        return "".join(logs) + (self.root.parent / "err").read_text("utf-8")
