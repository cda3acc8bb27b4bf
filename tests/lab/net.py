"""Small networks for tests: hosts are network namespaces, links are pairs of virtual cards.

    with Lab() as lab:
        clinic, router = lab.host("clinic"), lab.host("router", forwards=True)
        lab.link(clinic, router, ["192.168.1.2/24"], ["192.168.1.1/24"])
        clinic.run("ping", "-c", "1", "192.168.1.1")
        server = router.spawn("iperf3", "-s")
        with router.cut():
            ...  # the line is dead: nothing goes through, nobody is told

Nothing of it touches the network of the machine, and nothing stays: not after the block, however it ends, and not after
the death of the process, because the next lab sweeps what dead ones left (`leftovers`).
"""

import ctypes
import itertools
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from lab.leftovers import NAMESPACES, OVERLAYS, claim, clear, make, prefix_of, sweep

RUN_LIMIT_S: Final = 30.0
STOP_LIMIT_S: Final = 5.0
UNTIL_LIMIT_S: Final = 20.0
#: The longest name of a network interface.
INTERFACE_LENGTH: Final = 15
_CLONE_NEWNET: Final = 0x40000000


class Failed(AssertionError):
    """A program in the lab ended with another status than 0; the text holds what it said."""


class TooLate(AssertionError):
    """Something that the test waited for did not come in time."""


def until(what: str, happens: Callable[[], Any], *, limit_s: float = UNTIL_LIMIT_S, pause_s: float = 0.05) -> Any:
    """Wait until `happens()` is true, and return what it returned.

    Errors: TooLate, naming what did not happen.
    """
    end = time.monotonic() + limit_s
    while not (found := happens()):
        if time.monotonic() > end:
            raise TooLate(f"in {limit_s:g} s: {what}")
        time.sleep(pause_s)
    return found


@dataclass
class Running:
    """A program that was started on a host and goes on; what it says is in `log`."""

    process: "subprocess.Popen[bytes]"
    log_path: Path
    argv: tuple[str, ...]

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self.process.pid

    def log(self) -> str:
        """Return what it has said so far, on both channels."""
        return self.log_path.read_text("utf-8", "replace")

    def alive(self) -> bool:
        """Tell whether it still runs."""
        return self.process.poll() is None

    def says(self, text: str, *, limit_s: float = UNTIL_LIMIT_S) -> None:
        """Wait until it has said `text`. Errors: Failed if it ends before, TooLate."""

        def said() -> bool:
            ended = not self.alive()
            if text in self.log():
                return True
            if ended:
                raise Failed(f"{self.argv} ended with {self.process.returncode}: {self.log()[-2000:]}")
            return False

        try:
            until("", said, limit_s=limit_s)
        except TooLate:
            raise TooLate(f"in {limit_s:g} s {self.argv[0]} did not say {text!r}: {self.log()[-2000:]}") from None

    def wait(self, limit_s: float = RUN_LIMIT_S) -> int:
        """Wait until it has ended, and return its status."""
        try:
            return self.process.wait(limit_s)
        except subprocess.TimeoutExpired:
            raise TooLate(f"in {limit_s:g} s {self.argv} did not end: {self.log()[-2000:]}") from None

    def stop(self, *, limit_s: float = STOP_LIMIT_S) -> int:
        """Ask it to end, kill it if it does not, and return its status."""
        if self.alive():
            self.process.terminate()
            try:
                self.process.wait(limit_s)
            except subprocess.TimeoutExpired:
                self.process.kill()
        return self.process.wait(STOP_LIMIT_S)

    def kill(self) -> None:
        """Pull its plug."""
        if self.alive():
            self.process.kill()
        self.process.wait(STOP_LIMIT_S)


@dataclass(frozen=True)
class Host:
    """One machine of the lab: a namespace with its own cards, addresses, routes, filters and resolver."""

    lab: "Lab" = field(repr=False)
    name: str

    @property
    def namespace(self) -> str:
        """The name of the namespace, as `ip netns` takes it."""
        return f"{self.lab.prefix}-{self.name}"

    @property
    def folder(self) -> Path:
        """A folder for the files of this host, such as settings and sockets; gone with the lab."""
        path = self.lab.folder / self.name
        path.mkdir(exist_ok=True)
        return path

    # --- programs -------------------------------------------------------------------------------------------------

    def command(self, *argv: object) -> list[str]:
        """Return a command line that runs `argv` on this host; the process that it starts becomes the program."""
        return ["ip", "netns", "exec", self.namespace, *map(str, argv)]

    def run(
        self,
        *argv: object,
        check: bool = True,
        limit_s: float = RUN_LIMIT_S,
        input: str | None = None,  # noqa: A002 - the name that subprocess gives it
        env: Mapping[str, str] | None = None,
    ) -> "subprocess.CompletedProcess[str]":
        """Run a program to its end and return what it said.

        Errors: Failed, if it ends with another status than 0 and `check`; TooLate, when it is killed after `limit_s`.
        """
        command = self.command(*argv)
        try:
            done = subprocess.run(
                command, check=False, capture_output=True, text=True, errors="replace", timeout=limit_s,
                input=input, stdin=subprocess.DEVNULL if input is None else None, env={**os.environ, **(env or {})},
            )  # fmt: skip
        except subprocess.TimeoutExpired as late:
            raise TooLate(
                f"in {limit_s:g} s {argv} did not end on {self.name}: {late.stdout!r} {late.stderr!r}"
            ) from None
        if check and done.returncode:
            raise Failed(f"{argv} on {self.name}: status {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def spawn(self, *argv: object, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Running:
        """Start a program that goes on until it is stopped, or the lab ends."""
        words = tuple(map(str, argv))
        path = self.folder / f"{next(self.lab.numbers)}-{Path(words[0]).name}.log"
        with path.open("wb") as log:
            process = subprocess.Popen(
                self.command(*words), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True, cwd=cwd, env={**os.environ, **(env or {})},
            )  # fmt: skip
        running = Running(process, path, words)
        self.lab.running.append(running)
        return running

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Let this thread be on the host: sockets that it opens in the block stay there. Other threads do not move."""
        here = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            _enter(NAMESPACES / self.namespace)
            try:
                yield
            finally:
                _setns(here)
        finally:
            os.close(here)

    # --- addresses and routes -------------------------------------------------------------------------------------

    def ip(self, *words: object, check: bool = True) -> str:
        """Run `ip` for this host, and return what it said."""
        command = ["ip", "-n", self.namespace, *map(str, words)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=RUN_LIMIT_S)
        if check and done.returncode:
            raise Failed(f"{command}: {done.stderr}")
        return done.stdout

    def told(self, *words: object) -> Any:
        """Ask `ip` for this host, and return its answer as values: `told("route", "show")`."""
        return json.loads(self.ip("-json", *words) or "[]")

    def address(self, interface: str, *addresses: str) -> None:
        """Give a card addresses with their prefix length; an IPv6 one is ready at once."""
        for one in addresses:
            self.ip("address", "add", one, "dev", interface, *(["nodad"] if ":" in one else []))

    def move(self, interface: str, address: str, *, via: str) -> None:
        """Take the IPv4 addresses of a card away, give it another one, and set the way out anew."""
        self.ip("-4", "address", "flush", "dev", interface)
        self.address(interface, address)
        self.route("default", via=via)

    def addresses(self, interface: str) -> list[str]:
        """Return the addresses of a card, without length and without those that only the link knows."""
        cards = self.told("address", "show", "dev", interface)
        return [row["local"] for card in cards for row in card["addr_info"] if row["scope"] == "global"]

    def route(self, to: str, *, via: str) -> None:
        """Send what goes to a prefix, or by `default`, to a neighbour. The family is that of `via`."""
        self.ip("-6" if ":" in via else "-4", "route", "replace", to, "via", via)

    def set(self, key: str, value: object) -> None:
        """Set a switch of the kernel for this host: `set("ipv4/ip_forward", 1)`, below `/proc/sys/net`."""
        with self.inside():
            Path("/proc/sys/net", key).write_text(f"{value}", "ascii")

    def resolver(self, *servers: str, search: str = "", options: str = "timeout:1 attempts:2") -> None:
        """Say whom programs that start here from now on ask for names."""
        lines = [f"nameserver {one}" for one in servers] + ([f"search {search}"] if search else [])
        self.overlay("resolv.conf", "\n".join([*lines, f"options {options}", ""]))

    def overlay(self, name: str, text: str) -> None:
        """Lay a text over a file in `/etc` for programs that start here from now on."""
        path = OVERLAYS / self.namespace / name
        make(path.parent)
        path.write_text(text, "utf-8")

    # --- filters --------------------------------------------------------------------------------------------------

    def nft(self, rules: str) -> None:
        """Load rules of nftables on this host."""
        self.run("nft", "-f", "-", input=rules)

    def masquerade(self, interface: str) -> None:
        """Hide all that leaves by a card behind the address of that card, as a home router does."""
        self.nft(
            "table ip lab_nat {\n chain out {\n  type nat hook postrouting priority srcnat;\n"
            f'  oifname "{interface}" masquerade;\n }}\n}}\n'
        )

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Let nothing in, out or through in the block, and tell nobody, as a dead line does."""
        chains = "".join(
            f" chain {hook} {{\n  type filter hook {hook} priority -300; policy drop;\n }}\n"
            for hook in ("input", "forward", "output")
        )
        self.nft(f"table inet lab_cut {{\n{chains}}}\n")
        try:
            yield
        finally:
            self.run("nft", "delete", "table", "inet", "lab_cut")

    def drop(self, rule: str, *, hook: str = "forward") -> None:
        """Drop what matches, for good: `drop("meta length > 1400")` is a hole for big packets."""
        table = f"lab_drop_{next(self.lab.numbers)}"
        self.nft(
            f"table inet {table} {{\n chain {hook} {{\n  type filter hook {hook} priority -200;\n  {rule} drop;\n }}\n}}\n"
        )


@dataclass(frozen=True)
class Link:
    """A cable between two hosts; each end is a host and the name of its card."""

    ends: tuple[tuple[Host, str], tuple[Host, str]]

    def down(self) -> None:
        """Pull the cable out: both cards lose their carrier. Routes over them are gone, as in life."""
        for host, card in self.ends:
            host.ip("link", "set", "dev", card, "down")

    def up(self) -> None:
        """Plug the cable in again. IPv6 addresses and routes through gateways have to be set anew."""
        for host, card in self.ends:
            host.ip("link", "set", "dev", card, "up")

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Lose every frame in the block, whatever it carries, and tell nobody; the carrier stays."""
        for host, card in self.ends:
            host.nft(
                f"table netdev lab_cut_{card} {{\n chain ingress_{card} {{\n"
                f'  type filter hook ingress device "{card}" priority -500; policy drop;\n }}\n}}\n'
            )
        try:
            yield
        finally:
            for host, card in self.ends:
                host.run("nft", "delete", "table", "netdev", f"lab_cut_{card}")

    def shape(self, rate: str, *, burst: str = "32kb", latency: str = "100ms") -> None:
        """Let no end send faster than `rate`, such as `100mbit`."""
        for host, card in self.ends:
            host.run(
                "tc", "qdisc", "replace", "dev", card, "root", "tbf", "rate", rate, "burst", burst, "latency", latency
            )


@dataclass(eq=False)
class Lab:
    """A network of hosts; see the head of this module. One process may have several at a time."""

    folder: Path = field(init=False)
    hosts: dict[str, Host] = field(default_factory=dict)
    running: list[Running] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def prefix(self) -> str:
        """What the names of all that is ours begin with."""
        return prefix_of(self.folder)

    def __enter__(self) -> Self:
        sweep()
        self.folder = claim()
        return self

    def __exit__(self, *reason: object) -> None:
        try:
            for running in reversed(self.running):  # All are asked first, so that they end at the same time.
                if running.alive():
                    running.process.terminate()
            for running in reversed(self.running):
                running.stop()
        finally:
            clear(self.folder)

    def host(self, name: str, *, forwards: bool = False) -> Host:
        """Make a host; one that forwards is a router, for both families."""
        made = self.hosts[name] = Host(self, name)
        done = subprocess.run(
            ["ip", "netns", "add", made.namespace], check=False, capture_output=True, text=True, timeout=RUN_LIMIT_S
        )
        if done.returncode:
            raise Failed(f"no namespace for {name}: {done.stderr}")
        # No waiting for doubles of an address, and no dropping of what comes from where no route leads to.
        for key, value in (
            ("ipv6/conf/all/accept_dad", 0), ("ipv6/conf/default/accept_dad", 0),
            ("ipv4/conf/all/rp_filter", 0), ("ipv4/conf/default/rp_filter", 0),
            ("ipv4/ip_forward", int(forwards)), ("ipv6/conf/all/forwarding", int(forwards)),
            ("ipv6/conf/default/forwarding", int(forwards)),
        ):  # fmt: skip
            made.set(key, value)
        made.ip("link", "set", "dev", "lo", "up")
        made.resolver()  # Nobody; else its programs would ask the machine's, and write into the machine's file.
        return made

    def link(
        self,
        one: Host,
        other: Host,
        one_addresses: Sequence[str] = (),
        other_addresses: Sequence[str] = (),
        *,
        mtu: int = 1500,
        names: tuple[str, str] | None = None,
    ) -> Link:
        """Lay a cable between two hosts; each card is named after the host at the other end, or as `names` says."""
        cards = names or (other.name[:INTERFACE_LENGTH], one.name[:INTERFACE_LENGTH])
        one.ip(
            "link", "add", "name", cards[0], "type", "veth", "peer", "name", cards[1], "netns", other.namespace
        )  # fmt: skip
        for host, card, addresses in ((one, cards[0], one_addresses), (other, cards[1], other_addresses)):
            host.ip("link", "set", "dev", card, "mtu", mtu, "up")
            host.address(card, *addresses)
        return Link(((one, cards[0]), (other, cards[1])))

    def switch(self, name: str, members: Mapping[Host, Sequence[str]], *, mtu: int = 1500) -> Host:
        """Make a switch and plug hosts with their addresses into it; each card is named after the switch."""
        made = self.host(name)
        made.ip("link", "add", "name", "bridge", "type", "bridge", "mcast_snooping", 0)
        made.ip("link", "set", "dev", "bridge", "mtu", mtu, "up")
        for host, addresses in members.items():
            self.plug(made, host, addresses, mtu=mtu)
        return made

    def plug(self, switch: Host, host: Host, addresses: Sequence[str] = (), *, mtu: int = 1500) -> Link:
        """Plug one more host into a switch."""
        cable = self.link(
            host, switch, addresses, mtu=mtu, names=(switch.name[:INTERFACE_LENGTH], host.name[:INTERFACE_LENGTH])
        )
        switch.ip("link", "set", "dev", cable.ends[1][1], "master", "bridge")
        return cable


def _enter(namespace: Path) -> None:
    there = os.open(namespace, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _setns(there)
    finally:
        os.close(there)


_LIBC: Final = ctypes.CDLL(None, use_errno=True)


def _setns(handle: int) -> None:
    if _LIBC.setns(handle, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
