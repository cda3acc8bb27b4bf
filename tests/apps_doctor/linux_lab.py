"""A Linux machine made of texts: files of the kernel as they were read from one, and programs that print what they did."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from seikyu.apps.doctor.pc.linux_machine import Machine
from seikyu.apps.doctor.probing import Look
from seikyu.apps.doctor.tools import Ran
from seikyu.lines.network import example_network
from seikyu.lines.site import Site

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)

ROUTE = """\
Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010200C0	0003	0	0	0	00000000	0	0	0
eth0	000200C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
eth1	006433C6	FE0200C0	0003	0	0	0	00FFFFFF	0	0	0
eth1	00007BCB	00000000	0200	0	0	0	0000FFFF	0	0	0
"""
IPV6_ROUTE = """\
20010db8e00000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
fe800000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000002 00000000 00450003     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000002 00000400 00000002 00000000 00450003     eth0
00000000000000000000000000000001 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000003 00000000 80200001       lo
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
"""
IF_INET6 = """\
20010db8e00000000000000000000005 03 40 00 82     eth0
20010db8e00000000000000000000006 03 40 00 20     eth0
20010db8f00000000000000000000005 03 40 00 80     eth0
fd000000000000000000000000000002 03 40 00 82     eth0
fe80000000000000442900fffe523970 03 40 20 c0     eth0
00000000000000000000000000000001 01 80 10 80       lo
"""
IP_ADDR = """[{"ifindex":1,"ifname":"lo","flags":["LOOPBACK","UP","LOWER_UP"],"mtu":65536,"operstate":"UNKNOWN",\
"addr_info":[{"family":"inet","local":"127.0.0.1","prefixlen":8,"scope":"host","label":"lo"}]},{"ifindex":3,"link":"e1",\
"ifname":"eth0","flags":["BROADCAST","MULTICAST","UP","LOWER_UP"],"mtu":1500,"operstate":"UP",\
"addr_info":[{"family":"inet","local":"192.0.2.10","prefixlen":24,"scope":"global","label":"eth0"}]}]"""
SNMP = """\
Ip: Forwarding DefaultTTL
Ip: 1 64
Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens InSegs OutSegs RetransSegs InErrs OutRsts InCsumErrors
Tcp: 1 200 120000 -1 2719 129573 1000 52 0 1035 0
"""


def machine(root: Path, files: Mapping[str, str], programs: Mapping[Sequence[str], Ran | str] | None = None) -> Machine:
    """Return a machine with these files below `root`, and programs that are there by the beginning of a command."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)

    def run(argv: Sequence[str]) -> Ran:
        for known, ran in (programs or {}).items():
            if tuple(argv[: len(known)]) == tuple(known):
                return Ran(0, ran) if isinstance(ran, str) else ran
        return Ran(None, missing=True)

    return Machine(run, root)


def card(name: str, **items: str) -> dict[str, str]:
    """Return the files of a card that is up and has a signal, or as said."""
    said = {"type": "1", "flags": "0x1003", "carrier": "1", "mtu": "1500"} | items
    return {f"sys/class/net/{name}/{item.replace('__', '/')}": f"{text}\n" for item, text in said.items()}


def looking(box: Machine, site: Site | None = None) -> Look:
    """Return what a probe of this machine is given, with the network of the documentation."""
    return Look("linux", box.run, lambda: NOW, site=site, network=example_network())
