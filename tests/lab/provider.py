"""The provider's side of a tunnel: `seikyu gateway run` on the gateway of the town, beside the office's own folder."""

import json
import os
import re
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lab.net import Running, until
from lab.office import SEIKYU, Office, server_pair
from lab.town import CLAIMS_V4, GATEWAY, RESOLVER, TUNNELS, Town

#: The name in the gateway's certificate, as the claims network publishes it (lines/example/network.toml).
NAME: Final = "vpn.provider.example"
#: So often the gateway looks at the office's lists.
LOOK_S: Final = 1
START_LIMIT_S: Final = 60.0

_FILE: Final = """
[gateway]
name = "{name}"
addresses = ["{address}"]
certificate = "gateway.pem"
key = "gateway.key"

[office]
home = "{home}"
look_s = {look_s}

[claims]
prefixes = ["{prefix}"]
resolvers = ["{resolver}"]

[pools]
ipv4 = ["{pool}"]

[daemon]
esp = "user"
per_host = 200
"""


@dataclass
class Provider:
    """The gateway's supervisor and what it keeps."""

    town: Town
    office: Office
    running: Running | None = None

    @classmethod
    def at(cls, town: Town, office: Office) -> "Provider":
        """Write the gateway's file and give it a certificate of the office's authority; it does not run yet."""
        made = cls(town, office)
        made.folder.mkdir()
        chain, key = server_pair(office, NAME)
        (made.folder / "gateway.pem").write_bytes(chain)
        (made.folder / "gateway.key").write_bytes(key)
        made.config.write_text(
            _FILE.format(
                name=NAME, address=GATEWAY, home=office.home, look_s=LOOK_S, prefix=CLAIMS_V4, resolver=RESOLVER[0],
                pool=TUNNELS,
            ),
            "utf-8",
        )  # fmt: skip
        return made

    @property
    def folder(self) -> Path:
        """Where its file, its certificate and its state are."""
        return self.town.gateway.folder / "role"

    @property
    def config(self) -> Path:
        """Its file."""
        return self.folder / "gateway.toml"

    @property
    def state(self) -> Path:
        """What it keeps between two runs, its daemon's files among it."""
        return self.folder / "state"

    def start(self) -> None:
        """Run it until it says that clients may come."""
        command = (*SEIKYU, "gateway", "run", "--config", self.config, "--state", self.state, "--json")
        self.running = self.town.gateway.spawn(*command)
        self.running.says('"ready"', limit_s=START_LIMIT_S)

    def stop(self) -> None:
        """Ask the supervisor to end; its daemon tells the clients and ends with it."""
        assert self.running
        assert 0 == self.running.stop(limit_s=20), self.running.log()

    def lets_in(self, party: str) -> int:
        """Return how many terminals of a party its daemon knows by now; one that comes earlier is told no, for good."""
        return len(set(re.findall(rf"added vici connection: (t-{party}-\w+)", self.log())))

    def told(self) -> list[dict[str, Any]]:
        """Return what it has said since it was started."""
        assert self.running
        return [json.loads(line) for line in self.running.log().splitlines() if line.startswith("{")]

    def tunnels(self) -> list[dict[str, Any]]:
        """Return who is connected, as `seikyu gateway status` tells."""
        command = (*SEIKYU, "gateway", "status", "--config", self.config, "--state", self.state, "--json")
        rows: list[dict[str, Any]] = json.loads(self.town.gateway.run(*command).stdout)["tunnels"]
        return rows

    def log(self) -> str:
        """Return what its daemon has said."""
        return (self.state / "charon.log").read_text("utf-8", "replace")

    def pull_the_plug(self) -> None:
        """Kill the supervisor and the daemon at once, as a machine that lost its power."""
        assert self.running
        self.running.kill()
        pid = int((self.state / "charon.pid").read_text("ascii"))
        holding = os.pidfd_open(pid)
        try:
            signal.pidfd_send_signal(holding, signal.SIGKILL)
        finally:
            os.close(holding)
        until("the daemon is dead", lambda: not Path(f"/proc/{pid}").exists())
