"""The probe of the IPsec gateway against a real one: strongSwan, with proposals that fit and that do not."""

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Final

import pytest

from lab.net import Host, Lab, until
from lab.tunnel import PLUGINS

pytestmark = pytest.mark.needs("net", "strongswan")

GATEWAY: Final = "203.0.113.2"

_DAEMON: Final = """
charon-systemd {{
  load = {plugins}
  cookie_threshold = {cookies}
  plugins {{
    vici {{
      socket = unix://{folder}/vici
    }}
  }}
  journal {{
    default = -1
  }}
}}
"""
_CONNECTION: Final = """
connections {{
  any {{
    version = 2
    proposals = {proposals}
    local {{
      auth = psk
    }}
    remote {{
      auth = psk
    }}
  }}
}}
"""
#: Run on the PC: the probe alone, with what it found as JSON.
_PROBE: Final = """
import json
from dataclasses import replace
from datetime import UTC, datetime
from seikyu.apps.doctor.line import ike
from seikyu.apps.doctor import tools
from seikyu.apps.doctor.probing import Look
from seikyu.lines.network import example_network
from seikyu.lines.site import Site
look = Look("linux", tools.run, lambda: datetime.now(UTC), site=Site(kind="ipsec_ike"), network=example_network())
print(json.dumps(ike.look(look)))
"""


@pytest.fixture
def ends(lab: Lab) -> Iterator[tuple[Host, Host]]:
    """Yield a PC and a gateway without a daemon."""
    pc, gateway = lab.host("pc"), lab.host("gateway")
    lab.link(pc, gateway, ["203.0.113.66/24"], [f"{GATEWAY}/24"])
    return pc, gateway


def start(gateway: Host, proposals: str, *, cookies: int = 30) -> None:
    """Start the daemon with one connection."""
    folder = gateway.folder
    settings = folder / "strongswan.conf"
    settings.write_text(_DAEMON.format(plugins=PLUGINS, folder=folder, cookies=cookies), "ascii")
    for place in ("x509", "x509ca", "private", "conf.d"):
        (folder / "swanctl" / place).mkdir(parents=True)
    (folder / "swanctl" / "swanctl.conf").write_text(_CONNECTION.format(proposals=proposals), "ascii")
    gateway.spawn("charon-systemd", env={"STRONGSWAN_CONF": str(settings)})
    until("the daemon's socket is there", (folder / "vici").exists)
    env = {"SWANCTL_DIR": str(folder / "swanctl")}
    gateway.run("swanctl", "--load-all", "--noprompt", "--uri", f"unix://{folder}/vici", env=env)


def asked(pc: Host) -> Mapping[str, object]:
    """Return what the probe finds."""
    found: Mapping[str, object] = json.loads(pc.run(sys.executable, "-c", _PROBE).stdout)
    return found


def half_open(gateway: Host) -> str:
    """Return what the daemon says of SAs that have only begun."""
    return gateway.run("swanctl", "--list-sas", "--uri", f"unix://{gateway.folder}/vici").stdout


@pytest.mark.parametrize(
    "proposals",
    ["aes256gcm16-prfsha384-ecp384", "aes256-sha256-modp2048", "aes256gcm16-prfsha256-ecp256", "aes128-sha256-x25519"],
)
def test_a_gateway_that_takes_a_usual_proposal_is_found(ends: tuple[Host, Host], proposals: str) -> None:
    """The ones that gateways are set to, in each group; nothing is established."""
    pc, gateway = ends
    start(gateway, proposals)

    assert {"ike.answers": True, "ike.notify": "accepted"} == asked(pc)
    assert "ESTABLISHED" not in half_open(gateway)


def test_a_gateway_that_takes_none_says_so(ends: tuple[Host, Host]) -> None:
    """K03."""
    pc, gateway = ends
    start(gateway, "aes256gcm16-prfsha512-ecp521")

    assert {"ike.answers": True, "ike.notify": "NO_PROPOSAL_CHOSEN"} == asked(pc)


def test_a_gateway_under_siege_is_asked_again_with_its_cookie(ends: tuple[Host, Host]) -> None:
    """It asks everybody to come back with a cookie."""
    pc, gateway = ends
    start(gateway, "aes256gcm16-prfsha384-ecp384", cookies=0)

    assert {"ike.answers": True, "ike.notify": "accepted"} == asked(pc)


def test_a_gateway_behind_a_filter_is_silent(ends: tuple[Host, Host]) -> None:
    """K01: both ports are dropped on the way; with one of them open it answers there."""
    pc, gateway = ends
    start(gateway, "aes256gcm16-prfsha384-ecp384")

    pc.drop("udp dport 500", hook="output")
    assert asked(pc)["ike.answers"] is True

    pc.drop("udp dport 4500", hook="output")
    assert {"ike.answers": False} == asked(pc)


def test_many_looks_leave_a_gateway_that_listens(ends: tuple[Host, Host]) -> None:
    """A gateway stops listening to who leaves too many half-open SAs; four looks in a row do not."""
    pc, gateway = ends
    start(gateway, "aes256gcm16-prfsha384-ecp384")

    assert [True] * 4 == [asked(pc)["ike.answers"] for _ in range(4)]
