"""`seikyu doctor` on a PC with one cable to a small claims network: what is wrong is found, and nothing else is.

Each test lets one thing go wrong in a network that is otherwise good; the whole town has tests of its own.
"""

import shutil
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from lab.clinic import ROUTER, URL, Clinic
from lab.names import old_resolver
from lab.net import Lab
from lab.town import EAST, OFFICE
from pki import key
from portal_lab import NOW, OTHER, PAST, Portal, client_folder
from portal_lab import OFFICE as OUR_CA

pytestmark = pytest.mark.needs("net", "dnsmasq", "ping")

OUTSIDE: Final = "203.0.113.99"


def ids(told: Any) -> set[str]:
    """Return the faults that were found."""
    return {each["id"] for each in told["found"]}


@pytest.fixture
def clinic(lab: Lab, tmp_path: Path) -> Iterator[Clinic]:
    """Yield a clinic whose line is good; nothing answers at the other end before `open`."""
    made = Clinic(lab, tmp_path / "home")
    with made.stack:
        yield made


def test_a_good_line_has_no_fault(clinic: Clinic) -> None:
    """All is found, and nothing is wrong with it."""
    clinic.open()

    told = clinic.doctor()

    assert "connects" == told["verdict"]
    assert set() == ids(told)
    facts = told["facts"]
    wanted = {
        "link.interface": "line", "link.carrier": True, "router.address": ROUTER[0], "router.answers": True,
        "ipv6.enabled": True, "ipv6.prefix": "2001:db8:e000::/64", "ipv6.prefix_area": "east", "ipv6.prefixes": 1,
        "ipv6.outside_source": False, "route.claims_interface": "line", "route.by_line": True, "mtu.black_hole": False,
        "line.used_kind": "ipvpn_ipv6", "dns.resolvers": [EAST[0]], "dns.portal_found": True, "dns.found_at_closed": True,
        "dns.missing": [], "dns.large_fails": False, "dns.edns": True, "dns.tcp": True, "dns.resolver_area": "east",
        "dns.foreign_first": False, "hosts.entry": False, "portal.connects": True, "portal.answers": True,
        "portal.status": 200, "portal.problem": "", "tls.works": True, "tls.foreign_issuer": False,
        "tls.name_differs": False, "clock.off_s": 0, "certificate.found": True, "certificate.key": True,
        "certificate.trusted": True, "mtu.path": 1500, "sending.broken": False, "fetch.unfinished": False,
        "proxy.set": False, "link.mtu": 1500,
    }  # fmt: skip
    assert wanted == {name: facts.get(name) for name in wanted}


def test_a_cable_that_is_out_is_found(clinic: Clinic) -> None:
    """P01: no signal, and so nothing else."""
    clinic.cable.down()

    told = clinic.doctor()

    assert ("does_not_connect", "P01") == (told["verdict"], told["found"][0]["id"])
    assert told["facts"]["link.carrier"] is False


@pytest.mark.slow
@pytest.mark.parametrize("way", ROUTER)
def test_a_line_that_is_silent_is_found_although_it_just_worked(clinic: Clinic, way: str) -> None:
    """P01: the signal is there and the router is not, whatever the system remembers of it; by IPv4 and by IPv6."""
    clinic.open()
    for other in ROUTER:
        clinic.pc.ip("-6" if ":" in other else "-4", "route", "del", "default", check=False)
    clinic.pc.route("default", via=way)
    clinic.pc.run("ping", "-c", "1", way)
    with clinic.cable.cut():
        told = clinic.doctor()

    assert "does_not_connect" == told["verdict"]
    assert "P01" in ids(told)
    assert (way, False) == (told["facts"]["router.address"], told["facts"]["router.answers"])


@pytest.mark.slow
def test_ipv6_that_is_on_is_found_on_a_line_by_ipv4(clinic: Clinic) -> None:
    """L04: while it is on and the portal does not open; not once it is off."""
    on = clinic.doctor(kind="ipvpn_ipv4")
    clinic.pc.set("ipv6/conf/line/disable_ipv6", 1)
    off = clinic.doctor(kind="ipvpn_ipv4")

    assert "L04" in ids(on)
    assert "L04" not in ids(off)
    assert (True, False) == (on["facts"]["ipv6.enabled"], off["facts"]["ipv6.enabled"])


@pytest.mark.slow
def test_two_prefixes_are_found(clinic: Clinic) -> None:
    """V07: packets leave with an address of a second line; one that is only there beside is nobody's fault."""
    clinic.open()
    clinic.pc.address("line", "2001:db8:9::7/64")
    beside = clinic.doctor()
    clinic.pc.address("line", "2001:db8:c1a1::7/64")

    told = clinic.doctor()

    assert (2, set()) == (beside["facts"]["ipv6.prefixes"], ids(beside))
    assert "V07" in ids(told)
    assert (3, True) == (told["facts"]["ipv6.prefixes"], told["facts"]["ipv6.outside_source"])


@pytest.mark.slow
def test_the_wrong_resolver_is_found(clinic: Clinic) -> None:
    """V03: the PC asks one that does not know the closed network; the closed one does."""
    clinic.open()
    clinic.claims.address("lo", "203.0.113.53/32")
    clinic.claims.spawn(
        "dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--bind-interfaces", "--user=root", "--pid-file=",
        "--listen-address=203.0.113.53", "--local=/example/", "--log-facility=-",
    ).says("started")  # fmt: skip
    clinic.pc.resolver("203.0.113.53")

    told = clinic.doctor()

    assert "V03" in ids(told)
    assert (False, True) == (told["facts"]["dns.portal_found"], told["facts"]["dns.found_at_closed"])


@pytest.mark.slow
def test_a_resolver_that_loses_long_answers_is_found(clinic: Clinic) -> None:
    """V04: no EDNS, no TCP, and one name has a long answer."""
    clinic.open()
    clinic.claims.address("lo", "203.0.113.53/32")
    clinic.pc.resolver("203.0.113.53")
    with old_resolver(clinic.claims, "203.0.113.53", behind=EAST[0]):
        told = clinic.doctor()

    assert "V04" in ids(told)
    assert (True, False, False) == tuple(told["facts"][f"dns.{each}"] for each in ("large_fails", "edns", "tcp"))
    assert ["ntp.claims.example"] == told["facts"]["dns.missing"]


@pytest.mark.slow
def test_a_resolver_that_only_the_link_knows_is_asked(clinic: Clinic) -> None:
    """A home gateway gives its address on the link, which cannot be asked without the card that it is behind."""
    clinic.open()
    clinic.claims.spawn(
        "dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--bind-interfaces", "--user=root", "--pid-file=",
        "--interface=clinic", "--except-interface=lo", f"--server={EAST[0]}", "--log-facility=-",
    ).says("started")  # fmt: skip
    rows = clinic.claims.told("address", "show", "dev", "clinic")[0]["addr_info"]
    gateway = next(row["local"] for row in rows if row["scope"] == "link")
    clinic.pc.resolver(f"{gateway}%line")

    told = clinic.doctor()

    assert ("connects", set()) == (told["verdict"], ids(told))
    assert [f"{gateway}%line"] == told["facts"]["dns.resolvers"]
    assert ([], True, True) == tuple(told["facts"][f"dns.{each}"] for each in ("missing", "edns", "tcp"))


@pytest.mark.slow
@pytest.mark.parametrize("hook", ["input", "output"])
def test_a_hole_for_big_packets_is_found(clinic: Clinic, hook: str) -> None:
    """L06: what is over 1400 bytes is dropped and nobody is told, on the way there or back."""
    clinic.open()
    clinic.claims.drop("meta length > 1400", hook=hook)

    told = clinic.doctor()

    assert "L06" in ids(told)
    assert told["facts"]["mtu.black_hole"] is True


@pytest.mark.slow
def test_inspection_of_tls_is_found(clinic: Clinic) -> None:
    """T02: another authority vouches for the portal."""
    clinic.open(Portal(vouched_by=OTHER, hosts=("portal.claims.example",)))

    told = clinic.doctor()

    assert "T02" in ids(told)
    assert "inspecting software" in told["facts"]["tls.issuer"]


@pytest.mark.slow
def test_a_wrong_clock_is_found(clinic: Clinic) -> None:
    """C16: two days behind."""
    clinic.open()

    told = clinic.doctor(before=("faketime", "-f", "-2d"))

    assert "C16" in ids(told)
    assert abs(told["facts"]["clock.off_s"] + 2 * 86400) < 60


@pytest.mark.slow
def test_an_address_outside_is_reached_or_not(clinic: Clinic) -> None:
    """S02: it is while the line is open, and is not once a filter closes it; without the option nothing is tried."""
    clinic.claims.address("lo", f"{OUTSIDE}/32")
    with clinic.claims.inside():
        outside = socket.create_server((OUTSIDE, 443))
    local = f'canaries = ["{OUTSIDE}:443"]\n'
    with outside:
        reached = clinic.doctor("--sweep", local=local)
        clinic.pc.nft(
            "table inet closed {\n chain out {\n  type filter hook output priority 0; policy accept;\n"
            f"  ip daddr {OUTSIDE} reject with icmpx type admin-prohibited\n }}\n}}\n"
        )
        closed = clinic.doctor("--sweep", local=local)
        untried = clinic.doctor(local=local)

    assert "S02" in ids(reached)
    assert ([f"{OUTSIDE}:443"], []) == tuple(each["facts"]["closed.reached"] for each in (reached, closed))
    assert "S02" not in ids(closed)
    assert "closed.reached" not in untried["facts"]


@pytest.mark.slow
def test_a_printer_is_reached_or_not(clinic: Clinic) -> None:
    """S03."""
    with clinic.claims.inside():
        printer = socket.create_server((ROUTER[0], 9100))
    with printer:
        answers = clinic.doctor(local=f'printer = "{ROUTER[0]}"\n')
    silent = clinic.doctor(local=f'printer = "{ROUTER[0]}"\n')

    assert (True, False) == tuple(each["facts"]["printer.answers"] for each in (answers, silent))
    assert "S03" in ids(silent)
    assert "S03" not in ids(answers)


@pytest.mark.slow
def test_a_hosts_file_that_leads_astray_is_found(clinic: Clinic) -> None:
    """T04: it says another address, where somebody else answers."""
    clinic.open(Portal(hosts=("other.claims.example",)))
    clinic.pc.overlay("hosts", f"127.0.0.1 localhost\n{OFFICE[0]} portal.claims.example\n")

    told = clinic.doctor()

    assert "T04" in ids(told)
    assert (True, True) == (told["facts"]["hosts.entry"], told["facts"]["tls.name_differs"])


@pytest.mark.slow
def test_a_pc_that_lets_others_in_is_found(clinic: Clinic) -> None:
    """S01: something listens to others and no filter refuses them; with one it is not found."""
    with clinic.pc.inside():
        shared = socket.create_server(("0.0.0.0", 445))
    with shared:
        open_ = clinic.doctor()
        clinic.pc.nft(
            "table inet closed {\n chain in {\n  type filter hook input priority 0; policy drop;\n"
            "  iif lo accept\n  ct state established accept\n  meta l4proto icmpv6 accept\n }\n}\n"
        )
        closed = clinic.doctor()

    assert ["0.0.0.0:445"] == open_["facts"]["inbound.listening"]
    assert ("S01" in ids(open_), "S01" in ids(closed)) == (True, False)
    assert (False, True) == tuple(each["facts"]["inbound.firewall"] for each in (open_, closed))


@pytest.mark.slow
def test_two_machines_with_the_routers_address_are_counted(clinic: Clinic) -> None:
    """P03: both answer when it is asked who has it."""
    other, switch = clinic.lab.host("other"), clinic.lab.host("hub")
    clinic.cable.down()
    switch.ip("link", "add", "name", "bridge", "type", "bridge", "mcast_snooping", 0)
    switch.ip("link", "set", "dev", "bridge", "up")
    clinic.lab.plug(switch, clinic.pc, ["192.168.1.2/24"])
    clinic.lab.plug(switch, other, ["192.168.1.1/24"])
    clinic.lab.plug(switch, clinic.lab.host("third"), ["192.168.1.1/24"])
    clinic.pc.route("default", via="192.168.1.1")

    told = clinic.doctor(card="hub")

    assert 2 == told["facts"]["router.claimants"]
    assert "P03" in ids(told)


@pytest.mark.slow
def test_without_rights_most_is_found_all_the_same(clinic: Clinic) -> None:
    """A user who is not root: what cannot be seen is named, and the verdict is the same."""
    clinic.open()
    with TemporaryDirectory() as open_to_all:
        Path(open_to_all).chmod(0o755)
        clinic.home = Path(shutil.copytree(clinic.home, Path(open_to_all, "home")))
        for path in (clinic.home, *clinic.home.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        told = clinic.doctor(before=("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"))

    assert "connects" == told["verdict"]
    assert {"linux_doors": "rights"} == {
        each["probe"]: each["why"] for each in told["could_not"] if each["why"] == "rights" and each["probe"] != "pppoe"
    }
    assert "router.claimants" not in told["facts"]


@pytest.mark.slow
def test_a_certificate_that_is_over_is_found(clinic: Clinic) -> None:
    """C10."""
    clinic.open()
    client_folder(clinic.folder, period=PAST, url=URL)

    told = clinic.doctor()

    assert "C10" in ids(told)
    assert told["facts"]["certificate.expired"] is True


@pytest.mark.slow
def test_a_certificate_that_was_revoked_is_found(clinic: Clinic) -> None:
    """C15, by a list that lies in the folder; that this copy is old says nothing of the office's (C14)."""
    clinic.open()
    issuer = OUR_CA.issuing.certificate.subject
    one = x509.RevokedCertificateBuilder().serial_number(OUR_CA.client().serial_number).revocation_date(NOW).build()
    made = x509.CertificateRevocationListBuilder().issuer_name(issuer).add_revoked_certificate(one)
    made = made.last_update(NOW - timedelta(days=3)).next_update(NOW - timedelta(days=1))
    (clinic.folder / "crl.pem").write_bytes(made.sign(key("ca-issuing"), hashes.SHA384()).public_bytes(Encoding.PEM))

    told = clinic.doctor()

    assert {"C15"} == ids(told) & {"C14", "C15"}
