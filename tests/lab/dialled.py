"""A line of IPv4 that is dialled into (PPPoE), from a site to the carrier's access in the town.

The concentrator runs on the access host, so that who dials in reaches the claims network and nothing else; the client
runs on the site. Both are ours, in user space: most kernels that run the tests have no PPP.
"""

import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from lab import concentrator, pppoe_client
from lab.net import Host, Link, Running, until
from lab.town import CLAIMS_V4, RESOLVER, Town
from seikyu.apps.doctor.pppoe.probe import probe
from seikyu.apps.doctor.pppoe.state import Login
from seikyu.lines.facts import Facts

USER: Final = "clinic-0001@line.example"
PASSWORD: Final = "correct horse"
LOGIN: Final = Login(USER, PASSWORD)
WRONG: Final = Login(USER, "wrong horse")
_TESTS: Final = {"PYTHONPATH": str(Path(__file__).resolve().parents[1])}


def serve(host: Host, card: str, **settings: Any) -> Running:
    """Start a concentrator on a card of a host; `settings` are those of `concentrator.Settings`."""
    told = replace(concentrator.Settings(users={USER: PASSWORD}, interface=card), **settings)
    path = concentrator.written(host.folder / f"bas-{card}.json", told)
    running = host.spawn(sys.executable, concentrator.__file__, path, env=_TESTS)
    running.says("ready")
    return running


def dial(host: Host, card: str, *, password: str = PASSWORD, routes: tuple[str, ...] = (CLAIMS_V4,)) -> Running:
    """Start a client on a host; it says `up ADDRESS RESOLVER`, and `down CODE` when it is over."""
    settings = pppoe_client.Settings(USER, password, card, routes=[*routes], resolver=True)
    path = settings.written(host.folder / f"line-{card}.json")
    return host.spawn(sys.executable, pppoe_client.__file__, path, env=_TESTS)


def look(host: Host, card: str, login: Login | None = LOGIN) -> Facts:
    """Run the doctor's probe on a host."""
    with host.inside():
        return probe(card, login)


@dataclass
class DialledLine:
    """A site with a line that it dials into over its card `line`."""

    town: Town
    name: str
    site: Host = field(init=False)
    cable: Link = field(init=False)
    bas: Running = field(init=False)
    session: Running | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.site = self.town.lab.host(self.name)
        self.cable = self.town.lab.link(self.site, self.town.access, names=("line", self.name))
        self.serve()

    def serve(self, **settings: Any) -> None:
        """Start the carrier's end."""
        self.bas = serve(self.town.access, self.name, resolver=RESOLVER[0], **settings)

    def connect(self) -> str:
        """Dial in, wait until the session is up, take the resolver that comes with it, and return the address."""
        self.session = dial(self.site, "line")
        self.session.says("up")
        _, address, resolver = next(row for row in self.session.log().splitlines() if row.startswith("up")).split()
        self.site.resolver(resolver)
        return address

    def hang_up(self) -> None:
        """End the session, and wait until the carrier has it back."""
        if self.session:
            self.session.stop()
            self.session = None
            until("the session back", lambda: "given back" in self.bas.log())
