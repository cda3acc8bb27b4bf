"""An IKE daemon of our own (strongSwan's `charon-systemd`), in a folder of its own, beside whatever the machine has.

It is told everything over its socket (`adapters.strongswan`) and reads no file but the settings that are written here.
It outlives whoever started it: a supervisor that was killed finds its tunnels again (`running`).
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from seikyu.adapters.home import write_private
from seikyu.lines.gateway.firewall import IKE_PORTS
from seikyu.ports.errors import SeikyuError

Esp = Literal["kernel", "user"]

_PLACES: Final = ("/usr/sbin/charon-systemd", "/usr/libexec/ipsec/charon-systemd", "/usr/lib/ipsec/charon-systemd")
_PLUGINS: Final = Path("/usr/lib/ipsec/plugins")
_TUN: Final = Path("/dev/net/tun")
_USER_PLUGIN: Final = "libstrongswan-kernel-libipsec.so"

#: The longest path of a Unix socket (sun_path, and its closing zero).
_SOCKET_PATH_BYTES: Final = 107

#: The daemon is there, or gone, by then, also on a busy machine.
_START_S: Final = 20.0
_STOP_S: Final = 15.0
_LOOK_S: Final = 0.05

#: Without a fetcher: lists come from us, and a daemon that waits for a web server in a handshake hangs.
_LOAD: Final = (
    "random nonce openssl pem pkcs1 pkcs8 x509 pubkey revocation constraints kdf gcm aes sha1 sha2 hmac drbg "
    "socket-default vici counters"
)


class NoCharon(SeikyuError):
    """strongSwan is not on this machine, or a part of it; nothing was started."""

    code = "no_strongswan"


class NoESP(SeikyuError):
    """Neither the kernel encrypts (ESP), nor is there a device for the daemon to do it; nothing was started."""

    code = "no_esp"


class CharonFailed(SeikyuError):
    """The daemon did not start. `facts["why"]` is the last of its own log."""

    code = "ike_daemon_failed"


@dataclass(frozen=True, slots=True)
class Charon:
    """A daemon in its folder."""

    folder: Path

    @property
    def socket(self) -> Path:
        """The socket that it is spoken to over."""
        return self.folder / "charon.vici"

    @property
    def log(self) -> Path:
        """What it says of itself; whole lines, at once."""
        return self.folder / "charon.log"

    @property
    def pid_file(self) -> Path:
        """Who it is; removed when it was stopped."""
        return self.folder / "charon.pid"

    @property
    def settings(self) -> Path:
        """Its settings (strongswan.conf)."""
        return self.folder / "strongswan.conf"

    def running(self) -> int | None:
        """Return the process of the daemon that was started from this folder, if it is still there.

        All processes are looked at if nobody wrote down which it is: whoever started it was killed just then.
        """
        try:
            pid = int(self.pid_file.read_bytes())
        except (OSError, ValueError):
            numbers = (int(each.name) for each in Path("/proc").iterdir() if each.name.isdecimal())
            return next(filter(self._is_ours, numbers), None)
        return pid if self._is_ours(pid) else None

    def _is_ours(self, pid: int) -> bool:
        try:
            started = Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            return False
        return f"STRONGSWAN_CONF={self.settings}".encode() in started.split(b"\0")

    def fits(self, *, esp: Esp, per_host: int) -> bool:
        """Return whether the daemon that runs has these settings, and can be spoken to."""
        try:
            written = self.settings.read_text("utf-8")
        except OSError:
            return False
        return written == settings_text(self, esp=esp, per_host=per_host) and self.listens()

    def start(self, *, esp: Esp, per_host: int) -> int:
        """Start the daemon, or take over the one that runs with the same settings; return its process.

        Errors: NoCharon; CharonFailed.
        """
        program = found(esp)
        if (pid := self.running()) is not None and self.fits(esp=esp, per_host=per_host):
            return pid
        if len(str(self.socket).encode()) > _SOCKET_PATH_BYTES:
            raise CharonFailed(why=f"{self.socket}: longer than {_SOCKET_PATH_BYTES} bytes")
        self.stop()
        _need_ports()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self.settings, settings_text(self, esp=esp, per_host=per_host).encode())
        self.socket.unlink(missing_ok=True)
        environment = {"PATH": os.environ.get("PATH", os.defpath), "STRONGSWAN_CONF": str(self.settings)}
        with (self.folder / "charon.out").open("wb") as out:
            process = subprocess.Popen(  # noqa: S603  (the daemon, from where the system has it)
                [program], env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
            )
        write_private(self.pid_file, str(process.pid).encode())
        until = time.monotonic() + _START_S
        while not self.listens():
            if process.poll() is not None or time.monotonic() > until:
                raise CharonFailed(why=self._last_words())
            time.sleep(_LOOK_S)
        return process.pid

    def turn_log(self, most_bytes: int) -> bool:
        """Lay the log aside if it is long, over the one that was laid aside before; return whether it was."""
        try:
            if self.log.stat().st_size <= most_bytes:
                return False
            self.log.replace(self.log.with_name(f"{self.log.name}.1"))
        except FileNotFoundError:
            return False
        return True

    def stop(self) -> None:
        """End the daemon: it tells its peers, and is gone when this returns."""
        pid = self.running()
        if pid is not None:
            for sign in (signal.SIGTERM, signal.SIGKILL):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, sign)
                if _gone(pid):
                    break
        self.pid_file.unlink(missing_ok=True)

    def listens(self) -> bool:
        """Return whether the daemon takes a conversation; its socket lies there a little before."""
        with socket.socket(socket.AF_UNIX) as line, contextlib.suppress(OSError):
            line.connect(str(self.socket))
            return True
        return False

    def _last_words(self) -> str:
        for file in (self.log, self.folder / "charon.out"):
            with contextlib.suppress(OSError):
                if lines := file.read_text("utf-8", "replace").splitlines():
                    return lines[-1]
        return "no word"


def found(esp: Esp = "kernel") -> str:
    """Return the daemon's program. Errors: NoCharon, with what is to be installed; NoESP."""
    program = shutil.which("charon-systemd") or next((each for each in _PLACES if Path(each).is_file()), None)
    if program is None:
        raise NoCharon(missing="charon-systemd", package="charon-systemd strongswan-swanctl")
    if esp == "user" and _PLUGINS.is_dir() and not (_PLUGINS / _USER_PLUGIN).is_file():
        raise NoCharon(missing="kernel-libipsec", package="libcharon-extra-plugins")
    if esp == "user" and not _TUN.exists():
        raise NoESP(device=str(_TUN))
    return program


def _need_ports() -> None:
    """Errors: CharonFailed, if somebody else has the ports of IKE: a daemon without them starts and hears nobody."""
    for port in IKE_PORTS:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            try:
                line.bind(("", port))
            except OSError as taken:
                raise CharonFailed(why=f"UDP {port}: {(taken.strerror or '').lower()}") from taken


def kernel_has_esp() -> bool:
    """Return whether the kernel takes an ESP of the kind that we use; it is tried in a network of its own."""
    key = "0x" + "00" * 36
    state = ["src", "192.0.2.1", "dst", "192.0.2.2", "proto", "esp", "spi", "0x1000", "mode", "tunnel"]
    line = ["unshare", "--net", "ip", "xfrm", "state", "add", *state, "aead", "rfc4106(gcm(aes))", key, "128"]
    try:
        done = subprocess.run(line, capture_output=True, check=False, timeout=_START_S)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def settings_text(charon: Charon, *, esp: Esp, per_host: int) -> str:
    """Return the settings of the daemon."""
    kernel = "kernel-libipsec kernel-netlink" if esp == "user" else "kernel-netlink"
    return f"""# Written by `seikyu gateway run`; it is written anew.
charon-systemd {{
  load = {_LOAD} {kernel}
  install_virtual_ip = no
  # Behind one address there may be a whole hospital, and after an outage all of it comes back at once.
  block_threshold = {per_host}
  cookie_threshold = {per_host * 4}
  # Lost packets of a line that comes back are sent again soon.
  retransmit_tries = 4
  retransmit_timeout = 1.0
  retransmit_base = 1.5
  ikesa_table_size = 4096
  ikesa_table_segments = 16
  plugins {{
    vici {{
      socket = unix://{charon.socket}
    }}
    kernel-libipsec {{
      allow_peer_ts = yes
    }}
  }}
  journal {{
    default = -1
  }}
  filelog {{
    gateway {{
      path = {charon.log}
      append = yes
      flush_line = yes
      time_format = %Y-%m-%dT%H:%M:%S
      default = 1
      enc = 0
      asn = 0
      net = 0
      job = 0
    }}
  }}
}}
"""


def _gone(pid: int) -> bool:
    """Wait until a process has gone; it may be our own child. Return whether it has."""
    until = time.monotonic() + _STOP_S
    while time.monotonic() < until:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(_LOOK_S)
    return False
