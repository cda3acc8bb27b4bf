"""The IPsec client of a clinic: strongSwan with the files of `seikyu lines guide`, in a folder and on a socket of its own.

The daemon's own settings differ from those of a machine in four places, none of which the guide decides: the plugins
are listed (ESP in user space before the kernel's, which a kernel without ESP needs), the socket and the log are in the
host's folder, and the files of the guide lie there and not in `/etc`.
"""

import re
import shutil
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import vici

from lab.net import Host, Running, until
from lab.office import SEIKYU, Desk

PLUGINS: Final = (
    "random nonce openssl pem pkcs1 pkcs8 x509 pubkey revocation constraints kdf gcm aes sha1 sha2 hmac drbg "
    "socket-default vici resolve kernel-libipsec kernel-netlink"
)
UP_LIMIT_S: Final = 20.0

_SETTINGS: Final = """
charon-systemd {{
  load = {plugins}
  plugins {{
    vici {{
      socket = unix://{folder}/vici
    }}
    resolve {{
      file = /etc/resolv.conf
    }}
    kernel-libipsec {{
      allow_peer_ts = yes
    }}
  }}
  journal {{
    default = -1
  }}
  filelog {{
    lab {{
      path = {folder}/charon.log
      flush_line = yes
      time_format = %T
      default = 1
    }}
  }}
}}
include {folder}/strongswan.d/*.conf
"""


@cache
def guide_files(line: str = "ipsec_ike", *, area: str = "") -> Mapping[str, str]:
    """Return the files that `seikyu lines guide` gives a Linux PC on a line of that kind, by name."""
    wish = ["--line", line, "--os", "linux", *(["--area", area] if area else [])]
    wish += ["--user-space"] if line == "ipsec_ike" else []
    with TemporaryDirectory() as folder:
        command = [*SEIKYU, "lines", "guide", *wish, "--out", f"{folder}/stick"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, timeout=60)
        assert done.returncode == 0, done.stderr
        written = [path for path in Path(folder, "stick").iterdir() if path.suffix in {".conf", ".nft"}]
        return {path.name: path.read_text("utf-8") for path in written}


@dataclass
class Client:
    """A clinic's end of a tunnel."""

    host: Host
    folder: Path
    files: Mapping[str, str]
    daemon: Running | None = None

    @classmethod
    def at(cls, desk: Desk, files: Mapping[str, str] | None = None) -> "Client":
        """Lay the files of the guide, and the party's certificate, key and authority where the guide says."""
        folder = desk.host.folder / "ipsec"
        files = files or guide_files()
        (folder / "strongswan.d").mkdir(parents=True)
        for place in ("x509", "x509ca", "private", "conf.d"):
            (folder / "swanctl" / place).mkdir(parents=True)
        (folder / "strongswan.conf").write_text(_SETTINGS.format(folder=folder, plugins=PLUGINS), "ascii")
        (folder / "strongswan.d" / "claims.conf").write_text(files["strongswan.conf"], "utf-8")
        (folder / "swanctl" / "swanctl.conf").write_text(files["swanctl.conf"], "utf-8")
        shutil.copy(desk.certificate, folder / "swanctl" / "x509" / "claims.pem")
        shutil.copy(desk.key, folder / "swanctl" / "private" / "claims.pem")
        # Only the first certificate of a file is read: the root, from which all else follows.
        authorities = re.findall(
            rb"-----BEGIN.*?-----END[^-]*-----\n", desk.certificate.with_name("ca.pem").read_bytes(), re.DOTALL
        )
        (folder / "swanctl" / "x509ca" / "claims-ca.pem").write_bytes(authorities[-1])
        return cls(desk.host, folder, files)

    def start(self) -> None:
        """Start the daemon and load what the guide says; the connection begins by itself."""
        self.daemon = self.host.spawn("charon-systemd", env={"STRONGSWAN_CONF": str(self.folder / "strongswan.conf")})
        until("the daemon's socket is there", (self.folder / "vici").exists)
        self.load()

    def load(self) -> None:
        """Load what the guide says."""
        self.host.run(
            "swanctl", "--load-all", "--noprompt", "--uri", f"unix://{self.folder}/vici",
            env={"SWANCTL_DIR": str(self.folder / "swanctl")},
        )  # fmt: skip

    def pretend_to_be(self, terminals: Sequence[Path]) -> None:
        """Have one daemon dial for many terminals: a connection of the guide for each, with its own certificate."""
        one = re.fullmatch(r"(.*?)( *claims \{.*\n  \}\n)(\}\n)", self.files["swanctl.conf"], re.DOTALL)
        assert one, "the guide writes its file in another form"
        head, connection, tail = one.groups()
        many = []
        for no, terminal in enumerate(terminals):
            shutil.copy(terminal / "cert.pem", self.folder / "swanctl" / "x509" / f"{no}.pem")
            shutil.copy(terminal / "key.pem", self.folder / "swanctl" / "private" / f"{no}.pem")
            many.append(connection.replace("claims {", f"t{no} {{", 1).replace('"claims.pem"', f'"{no}.pem"'))
        (self.folder / "swanctl" / "swanctl.conf").write_text(head + "".join(many) + tail, "utf-8")

    def close(self) -> None:
        """Lay the closed line's packet filter, as the guide gives it."""
        self.host.nft(self.files["closed.nft"])

    def log(self) -> str:
        """Return what the daemon has said."""
        path = self.folder / "charon.log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def sas(self) -> list[dict[str, Any]]:
        """Return the tunnels, as the daemon tells them; texts are bytes."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(10)
            line.connect(str(self.folder / "vici"))
            return [sa for told in vici.Session(line).list_sas() for sa in told.values()]

    def addresses(self) -> list[str]:
        """Return the addresses inside all tunnels that are up with their child."""
        up = [
            sa for sa in self.sas()
            if sa["state"] == b"ESTABLISHED" and any(one["state"] == b"INSTALLED" for one in sa["child-sas"].values())
        ]  # fmt: skip
        return sorted(sa["local-vips"][0].decode() for sa in up if sa.get("local-vips"))

    def address(self) -> str | None:
        """Return the address inside the tunnel, if it is up with its child."""
        return next(iter(self.addresses()), None)

    def up(self, *, limit_s: float = UP_LIMIT_S) -> str:
        """Wait until the tunnel is up, and return the address inside it."""
        return str(until(f"the tunnel is up: {self.log()[-1500:]}", self.address, limit_s=limit_s))

    def down(self, *, limit_s: float = UP_LIMIT_S) -> None:
        """Wait until no tunnel is up."""
        until("the tunnel is down", lambda: self.address() is None, limit_s=limit_s)

    def said(self, pattern: str) -> int:
        """Return how often the daemon has said something."""
        return len(re.findall(pattern, self.log()))
