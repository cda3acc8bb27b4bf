"""What this machine can do for a lab: each feature is tried, not guessed.

A test says what it needs with `@pytest.mark.needs("net", "strongswan")`. What the operating system lacks skips it, and
lawfully; a program that is not installed skips it too, and fails the run under CI, because `.ci/run` installs them all.
"""

import functools
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from lab.net import Failed, Host, Lab

#: Feature -> (programs, the Debian package that has them).
PROGRAMS: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    "ip": (("ip", "tc"), "iproute2"),
    "ping": (("ping",), "iputils-ping"),
    "nftables": (("nft",), "nftables"),
    "conntrack": (("conntrack",), "conntrack"),
    "charon": (("charon-systemd",), "charon-systemd"),
    "swanctl": (("swanctl",), "strongswan-swanctl"),
    "radvd": (("radvd",), "radvd"),
    "kea": (("kea-dhcp6",), "kea-dhcp6-server"),
    "dhcp6c": (("dhcp6c",), "wide-dhcpv6-client"),
    "dnsmasq": (("dnsmasq",), "dnsmasq-base"),
    "dig": (("dig",), "bind9-dnsutils"),
    "ndisc6": (("rdisc6",), "ndisc6"),
    "pppd": (("pppd",), "ppp"),
    "pppoe": (("pppoe-discovery",), "pppoe"),
    "networkmanager": (("nmcli",), "network-manager"),
    "iperf3": (("iperf3",), "iperf3"),
}
#: Feature -> what has to be there with it.
TOGETHER: Final[dict[str, tuple[str, ...]]] = {
    "net": ("root", "ip", "nftables", "namespaces"),
    "strongswan": ("charon", "swanctl", "libipsec", "tun"),
}
LIBIPSEC: Final = "ipsec/plugins/libstrongswan-kernel-libipsec.so"


def _namespaces(lab: Lab) -> None:
    lab.link(lab.host("a"), lab.host("b"))


def _bridge(lab: Lab) -> None:
    lab.switch("a", {})


def _tun(lab: Lab) -> None:
    lab.host("a").ip("tuntap", "add", "name", "tun9", "mode", "tun")


def _nft(lab: Lab) -> None:
    host = lab.host("a")
    host.masquerade("any")
    host.drop("meta length > 1400")
    host.run("nft", "list", "ruleset")


def _cut(lab: Lab) -> None:
    with lab.link(lab.host("a"), lab.host("b")).cut():
        pass


def _tbf(lab: Lab) -> None:
    lab.link(lab.host("a"), lab.host("b")).shape("10mbit")


def _packets(lab: Lab) -> None:
    import socket

    host: Host = lab.host("a")
    with host.inside():
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close()


#: Features of the kernel: each is tried in a lab of its own.
TRIALS: Final[dict[str, Callable[[Lab], None]]] = {
    "namespaces": _namespaces,
    "bridge": _bridge,
    "tun": _tun,
    "nft": _nft,
    "cut": _cut,
    "tbf": _tbf,
    "packets": _packets,
}
FEATURES: Final = ("root", "libipsec", *PROGRAMS, *TRIALS, *TOGETHER)


@functools.cache
def missing(feature: str) -> str | None:
    """Return why a feature is not there, as the reason of a skip, or None if it is."""
    if feature in TOGETHER:
        return next((why for one in TOGETHER[feature] if (why := missing(one))), None)
    if feature == "root":
        return None if os.geteuid() == 0 else "os: network namespaces need root"
    if feature == "libipsec":
        return None if _has_libipsec() else "kernel-libipsec is not installed: libcharon-extra-plugins"
    if feature in PROGRAMS:
        programs, package = PROGRAMS[feature]
        gone = next((name for name in programs if not _found(name)), None)
        return f"{gone} is not installed: {package}" if gone else None
    return _tried(TRIALS[feature], feature)


def features() -> dict[str, str]:
    """Return every feature with an empty text if it is there, else with what is missing."""
    return {feature: missing(feature) or "" for feature in FEATURES}


def _found(program: str) -> str | None:
    return shutil.which(program, path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin")))


def _has_libipsec() -> bool:
    return any((Path(folder) / LIBIPSEC).exists() for folder in ("/usr/lib", "/usr/libexec", "/usr/lib64"))


def _tried(trial: Callable[[Lab], None], feature: str) -> str | None:
    if why := next((why for one in ("root", "ip", "nftables") if (why := missing(one))), None):
        return why
    try:
        with Lab() as lab:
            trial(lab)
    except (Failed, OSError) as odd:
        if "syntax error" in str(odd):
            raise  # The trial is wrong, not the kernel.
        return f"os: this kernel has no {feature}: {str(odd).splitlines()[0][:200]}"
    return None
