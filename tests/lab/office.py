"""The office of the scenarios: made once by `seikyu demo`, copied, and served by the real program inside the network."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lab.net import Host, Running
from lab.town import OFFICE

SEIKYU: Final = (sys.executable, "-m", "seikyu.apps.cli")
PORTAL: Final = "portal.claims.example"
URL: Final = f"https://{PORTAL}"
PUBLIC_PORT: Final = 8444
START_LIMIT_S: Final = 60.0
DEMO_LIMIT_S: Final = 240.0


@dataclass(frozen=True)
class Founded:
    """A demo office that nobody serves: its folder, and what `seikyu demo` told of its parties."""

    home: Path
    access: dict[str, Any]


def found(folder: Path) -> Founded:
    """Make the demo office. Its month is over: everybody has sent, and every delivery was sealed and fetched once."""
    home = folder / "home"
    command = [*SEIKYU, "demo", "--home", str(home), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=DEMO_LIMIT_S)
    assert done.returncode == 0, done.stderr
    return Founded(home, json.loads(done.stdout)["access"])


@dataclass
class Office:
    """A copy of the office, served on a host of the lab under the portal's name."""

    host: Host
    home: Path
    access: dict[str, Any]
    server: Running | None = None

    @classmethod
    def at(cls, host: Host, founded: Founded, home: Path) -> "Office":
        """Copy the office and set where its faces are; it is not served yet."""
        from seikyu.adapters.settings import settings_text

        shutil.copytree(founded.home, home, symlinks=True)
        told = json.dumps(founded.access).replace(json.dumps(str(founded.home))[1:-1], json.dumps(str(home))[1:-1])
        changed = {
            "office.bodies": ("1", "2-99"), "office.calendar": "sandbox", "office.hosts": (PORTAL, "cert.claims.example"),
            "faces.desk.host": PORTAL, "faces.desk.port": 443,
            "faces.public.host": PORTAL, "faces.public.port": PUBLIC_PORT,
            "limits.idle_s": 8,
        }  # fmt: skip
        (home / "office.toml").write_text(settings_text(changed), "utf-8")
        hosts = "".join(f"{one} {PORTAL}\n" for one in OFFICE)
        host.overlay("hosts", f"127.0.0.1 localhost\n::1 localhost\n{hosts}")
        return cls(host, home, json.loads(told))

    def start(self) -> None:
        """Serve it, and wait until its faces listen."""
        self.server = self.host.spawn(*SEIKYU, "serve", "--home", self.home, "--json")
        self.server.says('"ready"', limit_s=START_LIMIT_S)

    def run(self, *words: object) -> Any:
        """Run a command of the operator in the office's folder, and return its JSON."""
        return json.loads(self.host.run(*SEIKYU, *words, "--home", self.home, "--json", limit_s=120).stdout)

    def files(self) -> list[str]:
        """Return the names of all objects that the office keeps of sendings, temporaries included."""
        return sorted(
            str(path.relative_to(self.home / "objects"))
            for part in ("files", ".arriving")
            for path in (self.home / "objects" / part).rglob("*")
            if path.is_file()
        )

    def sendings(self, party: str = "institution") -> list[str]:
        """Return the ids of all sendings of a party, as the office's database has them."""
        from seikyu.apps.wiring import find_home, office_at

        with office_at(find_home(self.home)) as office, office.store.read() as tx:
            return sorted(sending.id for sending in tx.sendings(party=self.access[party]["id"]))

    def unsent(self, number: int, party: str = "institution") -> bytes:
        """Return a file of 470 kB that nobody sent yet; each number gives other bytes."""
        sent = self.home / "files" / f"{self.access[party]['id']}-1" / "RECEIPTC.UKE"
        head, _, rest = sent.read_bytes().partition(b"\r\n")
        items = head.split(b",")
        items[9] = b"03-%04d-%04d" % divmod(number, 10_000)
        return b",".join(items) + b"\r\n" + rest


@dataclass(frozen=True)
class Desk:
    """A party at its own machine: its client folder, and the commands that it types there."""

    host: Host
    home: Path
    party: str

    @classmethod
    def at(cls, host: Host, office: Office, who: str = "institution", *, url: str = URL) -> "Desk":
        """Carry a party's client folder from the office to a host."""
        from seikyu.apps.client.folder import client_toml

        party = str(office.access[who]["id"])
        home = host.folder / "seikyu-home"
        folder = home / "clients" / party
        shutil.copytree(office.home / "clients" / party, folder)
        kind = "payer" if who.startswith("payer") else "institution"
        (folder / "client.toml").write_text(client_toml(url=url, party=party, kind=kind), "utf-8")
        return cls(host, home, party)

    @property
    def certificate(self) -> Path:
        """The party's certificate, and its issuer's (PEM)."""
        return self.home / "clients" / self.party / "cert.pem"

    @property
    def key(self) -> Path:
        """Its private key (PEM)."""
        return self.home / "clients" / self.party / "key.pem"

    def command(self, *words: object) -> Sequence[object]:
        """Return a command of the program as the party types it."""
        return (*SEIKYU, *words, "--home", self.home)

    def run(self, *words: object, check: bool = True, limit_s: float = 120) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end."""
        return self.host.run(*self.command(*words), check=check, limit_s=limit_s, env={"SEIKYU_LANG": "en"})

    def spawn(self, *words: object) -> Running:
        """Start a command that goes on."""
        return self.host.spawn(*self.command(*words), env={"SEIKYU_LANG": "en"})


def server_pair(office: Office, host: str) -> tuple[bytes, bytes]:
    """Return a certificate chain and a key (PEM) that the office's authority gives a server of that name."""
    from datetime import UTC, datetime

    from cryptography.hazmat.primitives.asymmetric import ec

    from seikyu.adapters.home import open_home
    from seikyu.adapters.x509_ca import SERVER_MONTHS, key_pem, new_serial, open_ca, pem, server_certificate
    from seikyu.trust.certificates import period_of

    ca = open_ca(open_home(office.home))
    key = ec.generate_private_key(ec.SECP256R1())
    period = period_of(datetime.now(UTC), months=SERVER_MONTHS)
    made = server_certificate(ca.issuing, key.public_key(), hosts=[host], serial=new_serial(), period=period)
    return pem(made, ca.issuing.certificate), key_pem(key)


def issue_many(office: Office, folder: Path, *, many: int, party: str = "institution") -> list[Path]:
    """Give a party so many terminals more, and return the folder of each: certificate, key, authority."""
    from datetime import UTC, datetime

    from seikyu.adapters.home import open_home
    from seikyu.adapters.sql import open_store
    from seikyu.adapters.x509_ca import enrol, open_ca
    from seikyu.trust.party import Holder

    home = open_home(office.home)
    ca, store, now, whose = open_ca(home), open_store(home.database), datetime.now(UTC), office.access[party]["id"]
    try:
        with store.read() as tx:
            known = tx.party(whose)
        assert known
        for no in range(many):
            holder = Holder(known.kind, whose, known.name, f"pc-{no}")
            enrol(ca, store, holder, folder=folder / str(no), now=now, newcomer=None)
    finally:
        store.close()
    return [folder / str(no) for no in range(many)]
