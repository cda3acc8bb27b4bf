"""Resolvers of the lab: those of the closed network (dnsmasq), and a bad one between them and a client."""

import socket
import struct
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from lab.net import Host, Running, until
from lab.town import EAST, OFFICE, RESOLVER, WEST

#: What the closed network's own resolvers know. Source: lines/example/network.toml.
NAMES: Final[Mapping[str, Sequence[str]]] = {
    "portal.claims.example": OFFICE,
    "cert.claims.example": OFFICE,
    "crl.claims.example": OFFICE,
    "auth.lineauth.example": OFFICE,
    # So many that no answer of 512 bytes holds them. Source: network:2 (answers exceed 512 bytes).
    "ntp.claims.example": [*OFFICE, *(f"2001:db8:c1a0::{no:x}" for no in range(0x100, 0x118))],
}
#: The longest answer over UDP that a resolver without EDNS gives. Source: RFC 1035, 4.2.1.
PLAIN_BYTES: Final = 512


def serve_names(host: Host, addresses: Sequence[str] = (*RESOLVER, *EAST, *WEST)) -> Running:
    """Run the resolvers of the closed network on a host, and wait until they answer."""
    words = ["--keep-in-foreground", "--no-resolv", "--no-hosts", "--bind-interfaces", "--user=root", "--pid-file="]
    words += [f"--listen-address={one}" for one in addresses]
    words += [f"--host-record={name},{one}" for name, all_of in NAMES.items() for one in all_of]
    words += [f"--local=/{zone}/" for zone in ("claims.example", "lineauth.example")]
    running = host.spawn("dnsmasq", *words, "--log-facility=-")
    running.says("started")
    return running


def serve_no_names(host: Host, address: str) -> Running:
    """Run a resolver that says of every name that there is none, as the Internet's say of the closed network's."""
    words = ["--keep-in-foreground", "--no-resolv", "--no-hosts", "--bind-interfaces", "--user=root", "--pid-file="]
    running = host.spawn("dnsmasq", *words, f"--listen-address={address}", "--address=/#/", "--log-facility=-")
    running.says("started")
    return running


def ask(server: str, question: bytes, *, wait_s: float = 2) -> bytes:
    """Send a question over UDP and return the answer. Errors: TimeoutError."""
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as line:
        line.settimeout(wait_s)
        line.sendto(question, (server, 53))
        return line.recv(65535)


def without_edns(question: bytes) -> tuple[bytes, bool]:
    """Return a question without its EDNS part, and whether it had one.

    Shape: a question has one name; the parts after it are only of EDNS, so that cutting them off is enough.
    """
    head = list(struct.unpack("!6H", question[:12]))
    end = 12
    while question[end]:
        end += question[end] + 1
    had, head[5] = bool(head[5]), 0
    return struct.pack("!6H", *head) + question[12 : end + 5], had


def cut_short(answer: bytes) -> bytes:
    """Return what an old resolver makes of an answer that is too long: nothing but the word that it is (TC)."""
    bare, _ = without_edns(answer)
    number, flags, questions = struct.unpack("!3H", bare[:6])
    return struct.pack("!6H", number, flags | 0x0200, questions, 0, 0, 0) + bare[12:]


@contextmanager
def old_resolver(host: Host, address: str, *, behind: str) -> Iterator[None]:
    """Let a host answer names as an old router does: no EDNS, no TCP, no answer over 512 bytes.

    It asks `behind`, and gives what is short as it is. It listens for as long as the block.
    """
    with host.inside():
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        line = socket.socket(family, socket.SOCK_DGRAM)
        line.settimeout(0.2)
        line.bind((address, 53))
    over = threading.Event()

    def answer() -> None:
        with host.inside():  # Threads are on hosts one by one.
            while not over.is_set():
                try:
                    question, whose = line.recvfrom(4096)
                except TimeoutError:
                    continue
                bare, had = without_edns(question)
                if had:
                    bare = struct.pack("!H", struct.unpack("!H", bare[:2])[0]) + bare[2:]
                try:
                    told = ask(behind, bare)
                except TimeoutError:
                    continue
                line.sendto(told if len(told) <= PLAIN_BYTES else cut_short(told), whose)

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(10)
        line.close()
        until("the resolver has ended", lambda: not thread.is_alive(), limit_s=1)
