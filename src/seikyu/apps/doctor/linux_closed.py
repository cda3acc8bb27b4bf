"""What Linux says of who may come in, of sleeping and of tunnels: files and the outputs of tools, read.

Source: proc_net(5), libnftables-json(5), iptables-save(8), logind.conf(5), systemctl(1), swanctl(8), ipsec(8).
"""

import json
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final

from seikyu.apps.doctor.linux_link import MOST_LINES, as_list
from seikyu.lines.site import Endpoint
from seikyu.lines.wrong import Address

_LISTENS: Final = "0A"
_ASLEEP: Final = frozenset({"suspend", "hibernate", "hybrid-sleep", "suspend-then-hibernate"})
_ENDS: Final = frozenset({"drop", "reject"})

_SA: Final = re.compile(r"^\S[^:]*: #\d+, ([A-Z_]+), IKEv[12]", re.MULTILINE)
_CHILD: Final = re.compile(r"^\s+\S[^:]*: #\d+, reqid \d+, INSTALLED", re.MULTILINE)
_BYTES_IN: Final = re.compile(r"^\s+in\s+[0-9a-f]+(?: \([^)]*\))?,\s+(\d{1,18}) bytes", re.MULTILINE)
_OLD_SA: Final = re.compile(r"^\s*\S+\[\d+\]: ([A-Z_]+)", re.MULTILINE)
_OLD_CHILD: Final = re.compile(r"^\s*\S+\{\d+\}:\s+INSTALLED", re.MULTILINE)
_OLD_BYTES_IN: Final = re.compile(r"\b(\d{1,18}) bytes_i\b")

#: What charon logs where the other end turned it away. Source: RFC 7296, 3.10.1, for the names.
_REFUSED: Final = re.compile(r"received (AUTHENTICATION_FAILED|NO_PROPOSAL_CHOSEN|TS_UNACCEPTABLE|[A-Z_]{4,40}) notify")
_TOOK: Final = re.compile(r"CHILD_SA \S+ established|IKE_SA \S+ established")


@dataclass(frozen=True, slots=True)
class Tunnel:
    """How the tunnel is. Shape: `state` is of its IKE SA, `none` if there is none."""

    up: bool
    state: str
    bytes_in: int | None


def listening(text: str) -> tuple[Endpoint, ...]:
    """Return where the PC listens to others, by /proc/net/tcp or tcp6."""
    found = []
    for line in text.splitlines()[1:MOST_LINES]:
        row = line.split()
        try:
            (address, port), state = row[1].split(":"), row[3]
            at = _address(bytes.fromhex(address))
            if state == _LISTENS and not at.is_loopback:
                found.append(Endpoint(str(at), int(port, 16)))
        except (IndexError, ValueError):
            continue
    return tuple(dict.fromkeys(found))


def nft_refuses(text: str) -> bool | None:
    """Return whether nftables refuse what comes in and nothing else allows, by `nft -j list ruleset`.

    None if it cannot be told: no such list, or no chain for what comes in (the older tables may have one).
    """
    try:
        items = [each for each in as_list(json.loads(text)["nftables"]) if isinstance(each, dict)]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    chains = [each["chain"] for each in items if isinstance(each.get("chain"), dict)]
    incoming = [each for each in chains if each.get("hook") == "input" and each.get("type") == "filter"]
    if not incoming:
        return None
    return any(each.get("policy") == "drop" or _last_ends(each, items) for each in incoming)


def _last_ends(chain: dict[str, Any], items: Iterable[dict[str, Any]]) -> bool:
    """Return whether the last rule of a chain turns away whatever comes to it."""
    own = ("family", "table")
    last: list[Any] = []
    for each in items:
        rule = each.get("rule")
        if (
            isinstance(rule, dict)
            and rule.get("chain") == chain.get("name")
            and all(rule.get(name) == chain.get(name) for name in own)
        ):
            last = list(as_list(rule.get("expr")))
    said = [each for each in last if isinstance(each, dict) and not each.keys() & {"counter", "log"}]
    return len(said) == 1 and bool(said[0].keys() & _ENDS)


def iptables_refuses(text: str) -> bool | None:
    """Return the same by `iptables-save`: by the policy or the last rule; None if it says nothing of what comes in."""
    found, last = None, []
    for line in text.splitlines()[:MOST_LINES]:
        row = line.split()
        if row[:1] == [":INPUT"]:
            found = (found or False) or row[1:2] in (["DROP"], ["REJECT"])
        elif row[:2] == ["-A", "INPUT"]:
            last = row[2:]
        elif row == ["COMMIT"]:
            found = True if _is_for_all(last) else found
            last = []
    return found


def _is_for_all(rule: list[str]) -> bool:
    """True if a rule of iptables turns away whatever comes to it."""
    return rule[:2] in (["-j", "DROP"], ["-j", "REJECT"]) and rule[2:3] in ([], ["--reject-with"])


def reads(text: str) -> bool:
    """True if `nft -j list ruleset` printed all that it had to: a list that was cut says nothing."""
    try:
        return isinstance(json.loads(text)["nftables"], list)
    except (ValueError, KeyError, TypeError, RecursionError):
        return False


def falls_asleep(*, masked: str, logind: Iterable[str], desktop: str) -> bool:
    """Return whether the PC goes to sleep by itself.

    By `systemctl is-enabled sleep.target`, the files of logind, and what the desktop does when nobody works at it on
    mains power (`gsettings get … sleep-inactive-ac-type`).
    """
    if masked.strip() == "masked":
        return False
    said = ""
    for text in logind:
        for line in text.splitlines()[:MOST_LINES]:
            name, _, value = line.partition("=")
            said = value.strip() if name.strip() == "IdleAction" else said
    return said in _ASLEEP or desktop.strip().strip("'") in _ASLEEP


def swanctl_tunnel(text: str) -> Tunnel:
    """Return the tunnel by what `swanctl --list-sas` printed."""
    return _tunnel(text, _SA, _CHILD, _BYTES_IN)


def ipsec_tunnel(text: str) -> Tunnel:
    """Return the tunnel by what `ipsec statusall` printed."""
    return _tunnel(text, _OLD_SA, _OLD_CHILD, _OLD_BYTES_IN)


def _tunnel(text: str, state: re.Pattern[str], child: re.Pattern[str], counted: re.Pattern[str]) -> Tunnel:
    states, up = state.findall(text), bool(child.search(text))
    said = "ESTABLISHED" if "ESTABLISHED" in states else next(iter(states), "none")
    return Tunnel(up, said, sum(map(int, counted.findall(text))) if up else None)


def refused_by_log(text: str) -> str:
    """Return with which word the gateway turned the PC away last, by charon's log; empty if it took it since."""
    last, taken = None, -1
    for match in _REFUSED.finditer(text):
        last = match
    for match in _TOOK.finditer(text):
        taken = match.start()
    return last[1] if last and last.start() > taken else ""


def _address(printed: bytes) -> Address:
    """Return an address of /proc/net/tcp: words of four bytes, each turned round. Errors: ValueError."""
    words = [printed[at : at + 4] for at in range(0, len(printed), 4)]
    turned = printed if sys.byteorder == "big" else b"".join(each[::-1] for each in words)
    return IPv4Address(turned) if len(turned) == 4 else IPv6Address(turned)  # noqa: PLR2004  (bytes of an address)
