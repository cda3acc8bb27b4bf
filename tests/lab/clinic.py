"""A clinic in one cable: a PC, and at the other end of its line all of the claims network."""

import json
import socket
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from lab.names import serve_names
from lab.net import Host, Lab, Link
from lab.town import EAST, OFFICE, RESOLVER
from portal_lab import Portal, client_folder, portal

SEIKYU: Final = Path(sys.executable).with_name("seikyu")
NETWORK: Final = Path(__file__).parents[2] / "src" / "seikyu" / "lines" / "example" / "network.toml"
URL: Final = "https://portal.claims.example"
PC: Final = ("192.0.2.7", "2001:db8:e000::7")
ROUTER: Final = ("192.0.2.1", "2001:db8:e000::1")
DOCTOR_S: Final = 40.0


@dataclass
class Clinic:
    """A PC, its cable, and at the other end all of the claims network."""

    lab: Lab
    home: Path
    pc: Host = field(init=False)
    claims: Host = field(init=False)
    cable: Link = field(init=False)
    stack: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        self.pc, self.claims = self.lab.host("pc"), self.lab.host("claims", forwards=True)
        self.cable = self.lab.link(
            self.pc, self.claims, [f"{PC[0]}/25", f"{PC[1]}/64"], [f"{ROUTER[0]}/25", f"{ROUTER[1]}/64"],
            names=("line", "clinic"),
        )  # fmt: skip
        self.claims.address("lo", *(f"{one}/128" if ":" in one else f"{one}/32" for one in (*OFFICE, *RESOLVER, *EAST)))
        for router in ROUTER:
            self.pc.route("default", via=router)
        self.pc.resolver(EAST[0])
        self.folder = client_folder(self.home / "clients" / "9911000015", url=URL)

    def open(self, behaves: Portal | None = None) -> None:
        """Have the resolvers and a portal."""
        serve_names(self.claims, (*EAST, *RESOLVER))
        with self.claims.inside():
            server = socket.create_server(("::", 443), family=socket.AF_INET6, dualstack_ipv6=True)
        behaves = behaves or Portal(hosts=("portal.claims.example",))
        self.stack.enter_context(portal(self.lab.folder / "portal", behaves, server=server))

    def doctor(
        self, *options: str, kind: str = "ipvpn_ipv6", local: str = "", card: str = "line", before: tuple[str, ...] = ()
    ) -> Any:
        """Run the doctor on the PC and return what it tells."""
        site = self.home / "site.toml"
        site.write_text(f'[line]\nkind = "{kind}"\narea = "east"\n[local]\ninterface = "{card}"\n{local}')
        words = ("--json", "--home", self.home, "--network", NETWORK, "--site", site, *options)
        done = self.pc.run(*before, SEIKYU, "doctor", *words, check=False, limit_s=DOCTOR_S, env={"SEIKYU_LANG": "en"})
        assert not done.stderr, done.stderr
        told = json.loads(done.stdout)
        assert told["exit_status"] == done.returncode
        assert [] == [each for each in told["could_not"] if each["why"] in {"bug", "late"}]
        return told
