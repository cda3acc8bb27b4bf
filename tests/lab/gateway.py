"""A provider in a lab: an office with its authority, a gateway before the claims network, and clients behind routers.

with Lab() as lab:
    provider = Provider(lab)
    clinic = provider.clinic("clinic", "9911000015", "desk 1")
    provider.start()
    clinic.connect()
"""

import json
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import vici
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from lab.net import Failed, Host, Lab, Running, until
from seikyu.adapters.authority import HomeAuthority, new_key, pem_of
from seikyu.adapters.charon import Charon, settings_text
from seikyu.adapters.home import Home
from seikyu.adapters.keys_file import key_pem
from seikyu.adapters.sql import open_store
from seikyu.adapters.x509_ca import CA, create_ca, enrol, ensure_root_list, roll_over
from seikyu.adapters.x509_list import list_revoked
from seikyu.apps.wiring import init_home
from seikyu.lines.gateway import example
from seikyu.ports.register import Party
from seikyu.trust.party import Holder

NAME: Final = "gw.example.jp"
PROGRAM: Final = Path(sys.executable).with_name("seikyu")
IKE: Final = "aes256gcm16-prfsha384-ecp384"
ESP: Final = "aes256gcm16-ecp384"
CLAIMS: Final = "198.51.100.10"
CLAIMS_6: Final = "2001:db8:c1a1::10"
PREFIXES: Final = ("198.51.100.0/24", "2001:db8:c1a1::/48")
#: Answers on a port with the address that asks.
_SERVER: Final = """
import socket, socketserver, sys
class Answer(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall(self.client_address[0].encode())
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    address_family = socket.AF_INET6
servers = [Server(("::", int(port)), Answer) for port in sys.argv[1:]]
import threading
for one in servers[1:]:
    threading.Thread(target=one.serve_forever, daemon=True).start()
print("up", flush=True)
servers[0].serve_forever()
"""


@dataclass
class Office:
    """An office on the gateway's machine, with what it issued."""

    home: Home
    ca: CA
    serials: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    @classmethod
    def made(cls, root: Path, *, name: str = "test office") -> "Office":
        """Make one."""
        home = init_home(root)
        now = datetime.now(UTC)
        ca = create_ca(home, organisation=name, now=now)
        ensure_root_list(home, now=now)
        office = cls(home, ca)
        office.list()
        return office

    def issue(
        self, party: str, terminal: str, folder: Path, *, name: str = "見本　医院", at: datetime | None = None
    ) -> dict[str, Path]:
        """Issue a certificate for a terminal, as if it were some time, and return its files."""
        store = open_store(self.home.database)
        now = at or datetime.now(UTC)
        try:
            with store.read() as tx:
                newcomer = None if tx.party(party) else Party(party, "institution", name, since=now)
            row, paths = enrol(
                self.ca, store, Holder("institution", party, name, terminal), folder=folder, now=now, newcomer=newcomer
            )
        finally:
            store.close()
        self.serials.setdefault((party, terminal), []).append(row.serial)
        return paths

    def revoke(self, *serials: str, listed: bool = True) -> None:
        """Revoke certificates, as `seikyu ca revoke` does: rows first, then the list."""
        store = open_store(self.home.database)
        try:
            with store.write() as tx:
                tx.revoke_certificates(list(serials), at=datetime.now(UTC), reason="key_compromise")
        finally:
            store.close()
        if listed:
            self.list()

    def roll_over(self) -> None:
        """Give the authority a new key."""
        self.ca = roll_over(self.home, now=datetime.now(UTC))
        self.list()

    def list(self, *, at: datetime | None = None) -> None:
        """Write the revocation list, as if it were some time."""
        store = open_store(self.home.database)
        try:
            list_revoked(self.ca, store, now=at or datetime.now(UTC))
        finally:
            store.close()


@dataclass
class Client:
    """A client behind its router: strongSwan as it comes, told what the guide tells."""

    host: Host
    router: Host
    charon: Charon
    files: dict[str, Path]
    process: Running | None = None

    def start(self) -> None:
        """Start the daemon and give it the site's settings; nothing is dialled yet."""
        self.charon.folder.mkdir(parents=True, exist_ok=True)
        text = settings_text(self.charon, esp="user", per_host=1000)
        resolve = f"resolve {{\n file = {self.charon.folder}/resolv.conf\n }}"
        text = text.replace("install_virtual_ip = no", "install_virtual_ip = yes").replace(
            " vici counters", " vici resolve counters"
        )
        self.charon.settings.write_text(text.replace("  plugins {\n", f"  plugins {{\n    {resolve}\n"), "utf-8")
        self.charon.socket.unlink(missing_ok=True)
        self.process = self.host.spawn("charon-systemd", env={"STRONGSWAN_CONF": str(self.charon.settings)})
        until("the client's daemon is there", self._listens)
        self.load(self.files)

    def _listens(self) -> bool:
        with suppress(OSError), self.session():
            return True
        return False

    def load(self, files: dict[str, Path], *, name: str = "claims", gateway: str = "203.0.113.2", **more: str) -> None:
        """Give the daemon one certificate and its connection."""
        own = x509.load_pem_x509_certificates(files["cert"].read_bytes())[0].public_bytes(Encoding.DER)
        with self.session() as session:
            session.load_key({"type": "any", "data": files["key"].read_bytes()})
            for each in x509.load_pem_x509_certificates(files["ca"].read_bytes()):
                session.load_cert({"type": "X509", "flag": "CA", "data": each.public_bytes(Encoding.DER)})
            session.load_conn({name: connection(own) | {"remote_addrs": [gateway]} | more})

    @contextmanager
    def session(self) -> Iterator[vici.Session]:
        """Speak with the daemon."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(30)
            line.connect(str(self.charon.socket))
            yield vici.Session(line)

    def connect(self, *, name: str = "claims", limit_ms: int = 10_000) -> bool:
        """Dial; tell whether the tunnel is there."""
        with suppress(vici.exception.CommandException), self.session() as session:
            for _ in session.initiate({"ike": name, "child": "claims", "timeout": str(limit_ms)}):
                pass
            return True
        return False

    def disconnect(self, *, name: str = "claims") -> None:
        """Hang up."""
        with suppress(vici.exception.CommandException), self.session() as session:
            list(session.terminate({"ike": name}))

    def addresses(self, *, name: str = "claims") -> list[str]:
        """Return the addresses inside the tunnel; none if there is no tunnel."""
        with self.session() as session:
            tunnels = list(session.list_sas({"ike": name}))
        for told in tunnels:
            for sa in told.values():
                whole = any(child["state"] == b"INSTALLED" for child in sa["child-sas"].values())
                if sa["state"] == b"ESTABLISHED" and whole:
                    return [each.decode() for each in sa["local-vips"]]
        return []

    def opens(self, address: str, port: int, *, limit_s: float = 2.0) -> bool:
        """Tell whether a port at an address takes a connection."""
        with self.host.inside(), suppress(OSError), socket.create_connection((address, port), timeout=limit_s):
            return True
        return False

    def reaches(self, address: str, port: int, *, limit_s: float = 2.0) -> str | None:
        """Return what the server at an address says, or None if it is not reached."""
        with self.host.inside():
            try:
                line = socket.create_connection((address, port), timeout=limit_s)
            except OSError:
                return None
        with line:
            return line.recv(100).decode()

    def kill(self) -> None:
        """Pull the plug of the client's daemon: nobody is told."""
        if self.process:
            self.process.kill()


def connection(certificate: bytes) -> dict[str, Any]:
    """Return a client's connection as the guide has it."""
    return {
        "version": "2", "remote_addrs": ["203.0.113.2"], "proposals": [IKE], "vips": ["0.0.0.0", "::"],
        "encap": "yes", "fragmentation": "yes", "mobike": "yes", "keyingtries": "0", "dpd_delay": "5s",
        "local": {"auth": "pubkey", "certs": [certificate]},
        "remote": {"auth": "pubkey", "id": NAME},
        "children": {"claims": {
            "remote_ts": list(PREFIXES), "esp_proposals": [ESP], "dpd_action": "restart", "close_action": "start",
        }},
    }  # fmt: skip


@dataclass
class Provider:
    """The provider's side: the Internet, a gateway in it, and the claims network behind."""

    lab: Lab
    office: Office = field(init=False)
    running: Running | None = None
    clients: int = 0

    def __post_init__(self) -> None:
        lab = self.lab
        self.internet = lab.switch("internet", {})
        self.gateway = lab.host("gateway", forwards=True)
        lab.plug(self.internet, self.gateway, ["203.0.113.2/24", "2001:db8:0:1::2/64"])
        self.claims = lab.host("claims")
        lab.link(
            self.gateway,
            self.claims,
            ["198.51.100.1/24", f"{PREFIXES[1][:-4]}:1/64"],
            [f"{CLAIMS}/24", f"{CLAIMS_6}/64"],
        )
        self.claims.route("default", via="198.51.100.1")
        self.claims.route("default", via="2001:db8:c1a1::1")
        self.claims.spawn(sys.executable, "-c", _SERVER, "443", "53", "80").says("up")
        self.folder = self.gateway.folder
        self.office = Office.made(self.folder / "home")
        self.write()

    def write(self, *changes: tuple[str, str]) -> None:
        """Write the gateway's file, the example for an office on this machine, and its certificate."""
        text = example().replace('home = ""', 'home = "home"', 1)
        kept = [line for line in text.splitlines() if not line.startswith(("url", "authorities", "terminals"))]
        text = "\n".join(kept)
        for before, after in (('esp = "auto"', 'esp = "user"'), ("dpd_s = 10", "dpd_s = 5"), *changes):
            assert before in text
            text = text.replace(before, after)
        (self.folder / "gateway.toml").write_text(text, "utf-8")
        key = new_key()
        signed = HomeAuthority(self.office.home).server(key.public_key(), [NAME], now=datetime.now(UTC))
        (self.folder / "gateway.pem").write_bytes(pem_of([signed.der, *HomeAuthority(self.office.home).chain()]))
        (self.folder / "gateway.key").write_bytes(key_pem(key))

    def start(self, **environment: str) -> None:
        """Start the supervisor and wait until it is ready."""
        self.running = self.gateway.spawn(
            PROGRAM, "gateway", "run", "--json", cwd=self.folder, env={"SEIKYU_LANG": "en"} | environment
        )
        until("the gateway is ready", self._ready)

    def stop(self) -> int:
        """Stop the supervisor as its service manager does."""
        assert self.running
        return self.running.stop(limit_s=15)

    def events(self) -> list[dict[str, Any]]:
        """Return what the supervisor that runs has told."""
        assert self.running
        return [json.loads(line) for line in self.running.log().splitlines() if line.startswith("{")]

    def told(self, word: str) -> list[dict[str, Any]]:
        """Return the events of a word."""
        return [each for each in self.events() if each.get("event") == word]

    def status(self) -> dict[str, Any]:
        """Return what `seikyu gateway status` says."""
        said = self.gateway.run(PROGRAM, "gateway", "status", "--json", "--config", self.folder / "gateway.toml")
        return json.loads(said.stdout)

    def dropped(self) -> dict[str, int]:
        """Return what the packet filter has dropped, by why."""
        said = self.gateway.run("nft", "--json", "list", "counters", "table", "inet", "seikyu_gateway").stdout
        rows = [each["counter"] for each in json.loads(said)["nftables"] if "counter" in each]
        return {row["name"]: row["packets"] for row in rows}

    def clinic(self, name: str, party: str, terminal: str) -> Client:
        """Make a client behind a router of its own, with a certificate of the office; its daemon is started."""
        self.clients += 1
        lan, outside = f"192.168.{self.clients}", f"203.0.113.{10 + self.clients}"
        host, router = self.lab.host(name), self.lab.host(f"{name}-r", forwards=True)
        self.lab.link(host, router, [f"{lan}.2/24"], [f"{lan}.1/24"], names=("lan", "lan"))
        self.lab.plug(self.internet, router, [f"{outside}/24"])
        host.route("default", via=f"{lan}.1")
        router.masquerade("internet")
        files = self.office.issue(party, terminal, host.folder / "certificate")
        made = Client(host, router, Charon(host.folder), files)
        made.start()
        return made

    def _ready(self) -> bool:
        assert self.running
        if not self.running.alive():
            raise Failed(self.running.log()[-2000:])
        return bool(self.told("ready") or self.told("taken_over"))
