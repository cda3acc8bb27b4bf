"""What the programs say of the files that guides bring: each by its own checker, without touching this machine."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

#: pppd wants a device of the kernel before it looks at its options, and is content with any file of that name; and the
#: network card that the options name must be there.
_PPPD: Final = """
set -e
mount --make-rprivate /
mount -t tmpfs none "$1"
mknod -m 666 "$1/null" c 1 3
: > "$1/ppp"
mount --move "$1" /dev
ip link add "$3" type veth peer name x-other
exec pppd dryrun file "$2"
"""

_CHARON: Final = """
charon-systemd {{
  load = random nonce aes sha1 sha2 hmac kdf pem pkcs1 pkcs8 x509 revocation constraints pubkey openssl gcm kernel-netlink socket-default vici
  plugins {{
    vici {{
      socket = unix://{folder}/vici
    }}
  }}
  syslog {{
    daemon {{
      default = -1
    }}
  }}
}}
swanctl {{
  load = random nonce pem pkcs1 pkcs8 x509 revocation constraints pubkey openssl
}}
"""


#: What swanctl has below its folder.
_FOLDERS: Final = (
    "x509", "x509ca", "x509ocsp", "x509aa", "x509ac", "x509crl", "pubkey", "private", "rsa", "ecdsa", "bliss", "pkcs8", "pkcs12",
)  # fmt: skip


@dataclass(frozen=True)
class Said:
    """How a checker ended, and what it said."""

    status: int
    text: str


def check(*words: object, text: str | None = None, env: dict[str, str] | None = None) -> Said:
    """Run a checker; skip, where it is not installed."""
    have(str(words[0]))
    done = subprocess.run(
        [*map(str, words)], input=text, capture_output=True, text=True, check=False, timeout=30,
        env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})},
    )  # fmt: skip
    return Said(done.returncode, done.stdout + done.stderr)


def have(*programs: str) -> None:
    """Skip, where a program is not installed; under CI all are."""
    for program in programs:
        if shutil.which(program) is None:
            assert not os.environ.get("CI"), f"{program} is not installed"
            pytest.skip(f"os: {program} is not installed")


def rooted() -> None:
    """Skip, where this process may not make namespaces."""
    done = subprocess.run(["unshare", "--mount", "--net", "true"], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("os: no permission to make namespaces")


def nft(text: str) -> Said:
    """Let nftables check rules, in a network of its own."""
    rooted()
    have("nft")
    return check("unshare", "--net", "nft", "-c", "-f", "-", text=text)


def network_manager(text: str) -> tuple[Said, dict[str, dict[str, str]]]:
    """Let NetworkManager's own library read a keyfile, and return what it understood."""
    have("nmcli")
    said = check("nmcli", "--offline", "connection", "modify", "connection.zone", "", text=text)
    return said, items(said.text) if said.status == 0 else {}


def items(text: str) -> dict[str, dict[str, str]]:
    """Return the items of a keyfile by section."""
    found: dict[str, dict[str, str]] = {}
    section: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("["):
            section = found.setdefault(line.strip("[]"), {})
        elif "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            section[name] = value
    return found


def pppd(folder: Path, text: str) -> Said:
    """Let pppd read its options and tell which hold, without dialling."""
    rooted()
    have("pppd", "ip")
    (folder / "dev").mkdir(exist_ok=True)
    (folder / "peer").write_text(text, "utf-8")
    card = re.search(r'^"?nic-([^\s"]+)', text, re.MULTILINE)
    script = ("sh", "-c", _PPPD, "sh", folder / "dev", folder / "peer", card[1] if card else "eth0")
    return check("unshare", "--mount", "--net", *script)


@dataclass(frozen=True)
class StrongSwan:
    """A daemon with a folder and a network of its own."""

    folder: Path
    env: dict[str, str]

    def load(self, text: str, *, everything: bool = False) -> Said:
        """Let the daemon take a configuration in, strictly: every connection of it, or it has failed."""
        path = self.folder / "swanctl.conf"
        path.write_text(text, "utf-8")
        words = ("--load-all", "--noprompt") if everything else ("--load-conns",)
        return check("swanctl", *words, "--uri", f"unix://{self.folder}/vici", "--file", path, env=self.env)

    def connections(self) -> str:
        """Return the connections that the daemon has."""
        return check("swanctl", "--list-conns", "--uri", f"unix://{self.folder}/vici", env=self.env).text


@contextmanager
def strong_swan(folder: Path, *, more: str = "") -> Iterator[StrongSwan]:
    """Run a daemon that speaks to nobody. Shape: `more` is read behind its own settings."""
    rooted()
    have("charon-systemd", "swanctl", "openssl")
    for name in _FOLDERS:
        (folder / name).mkdir(parents=True)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=pc.example",
         "-keyout", folder / "private/claims.pem", "-out", folder / "x509/claims.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    shutil.copy(folder / "x509/claims.pem", folder / "x509ca/claims-ca.pem")
    (folder / "strongswan.conf").write_text(_CHARON.format(folder=folder) + more, "utf-8")
    env = {"STRONGSWAN_CONF": str(folder / "strongswan.conf"), "SWANCTL_DIR": str(folder)}
    with (folder / "said").open("wb") as said:
        daemon = subprocess.Popen(
            ["unshare", "--net", "charon-systemd"], env={**os.environ, **env}, stdout=said, stderr=subprocess.STDOUT
        )
    try:
        _wait_for(folder / "vici", daemon, folder / "said")
        yield StrongSwan(folder, env)
    finally:
        daemon.terminate()
        daemon.wait(10)


def _wait_for(socket: Path, daemon: "subprocess.Popen[bytes]", said: Path) -> None:
    for _ in range(200):
        if socket.exists():
            return
        assert daemon.poll() is None, said.read_text("utf-8", "replace")
        time.sleep(0.05)
    raise AssertionError(f"the daemon did not come up: {said.read_text('utf-8', 'replace')}")


def powershell_errors(text: str) -> list[str]:
    """Return what the grammar of PowerShell does not understand of a script."""
    return [f"{row(node)}: {said(node)}" for node in nodes(text) if node.type == "ERROR" or node.is_missing]


def unasked(text: str) -> list[str]:
    """Return the commands of a script that change something though no ShouldProcess around them was asked."""
    changing = re.compile(r"(?:Set|Add|Remove|Disable|Enable|New|Export|Clear)-", re.IGNORECASE)
    commands = [node for node in nodes(text) if node.type == "command" and changing.match(said(node))]
    return [said(node) for node in commands if not _asked(node) and not said(node).startswith("Set-StrictMode")]


def commands_wrong(text: str, known: Mapping[str, Mapping[str, list[str]]]) -> list[str]:
    """Return the commands and parameters that the reference does not know, and values that a parameter does not take."""
    wrong = []
    for node in nodes(text):
        if node.type != "command":
            continue
        name, *rest = (each for each in node.children if each.type in {"command_name", "command_elements"})
        if said(name) not in known:
            wrong.append(said(name))
            continue
        row = known[said(name)]
        parts = [each for one in rest for each in one.children if each.type != "command_argument_sep"]
        for at, part in enumerate(parts):
            if part.type != "command_parameter":
                continue
            parameter = said(part).removeprefix("-")
            if parameter not in (*row["parameters"], "ErrorAction"):
                wrong.append(f"{said(name)} -{parameter}")
            value = parts[at + 1] if at + 1 < len(parts) else part
            if parameter in row and value.type == "generic_token" and said(value) not in row[parameter]:
                wrong.append(f"{said(name)} -{parameter} {said(value)}")
    return wrong


def nodes(text: str) -> Iterator[Any]:
    """Return every node of a script's tree."""
    import tree_sitter_powershell
    from tree_sitter import Language, Parser

    left = [Parser(Language(tree_sitter_powershell.language())).parse(text.encode()).root_node]
    while left:
        node = left.pop()
        yield node
        left += node.children


def said(node: Any) -> str:
    """Return what a node stands for in the script."""
    return str(node.text.decode())


def row(node: Any) -> int:
    """Return the line of a node, from 1."""
    return int(node.start_point[0]) + 1


def _asked(node: Any) -> bool:
    while node is not None:
        if node.type == "if_statement" and "ShouldProcess(" in said(node).partition("{")[0]:
            return True
        node = node.parent
    return False
