"""Terminals of a real office: their notices, new machines, and certificates that were issued by hand."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from seikyu.adapters.vault import Argon2Vault
from seikyu.adapters.x509_ca import issue_client, open_ca, staged
from seikyu.apps import client
from seikyu.apps.client.enrolling import Newcomer, Whence
from seikyu.apps.demo_office import client_of
from seikyu.apps.enrolling import enrolling_at
from seikyu.apps.generator import world
from seikyu.apps.wiring import find_home
from seikyu.services import applications
from seikyu.services.applications import Opened, Wish
from seikyu.services.people import CONSOLE
from seikyu.trust.party import Holder

PARTY = world().institutions[2].id


def open_notice(home: Path, terminal: str, *, party: str = PARTY) -> Opened:
    """Have a terminal applied for and approved."""
    place = find_home(home)
    with enrolling_at(place) as enrolling:
        # Hashing takes long on purpose; the server verifies what was hashed with less all the same.
        quick = Argon2Vault(place.secret("people_key"), memory_kib=64, passes=1, lanes=1)
        asked, _ = applications.apply_for(enrolling, CONSOLE, Wish(terminal), party=party)
        return applications.approve(replace(enrolling, vault=quick), CONSOLE, asked.id)


def machine(empty: Path, home: Path, public: str, *, what: str = "x", **options: Any) -> Newcomer:
    """Return a new machine that has an empty folder and the root of the office."""
    whence = options.pop("whence", Whence(public, home / "ca" / "root.pem"))
    return Newcomer.at(empty, whence, what=what, client_id=options.pop("client_id", None), tries=1, note=print)


def by_hand(home: Path, terminal: str, *, now: datetime, name: str) -> client.ClientFolder:
    """Return the folder of a terminal that got its certificate at the operator's desk, at that time."""
    place = find_home(home)
    ca = open_ca(place)
    source = client_of(home, PARTY)
    issued = issue_client(ca, Holder("institution", PARTY, "見本", terminal), now=now)
    folder = home / "clients" / name
    with staged(ca, issued, folder), enrolling_at(place) as enrolling, enrolling.store.write() as tx:
        tx.put_certificate(issued.row)
    (folder / "client.toml").write_text((source.path / "client.toml").read_text())
    return client.open_client(home, name)


def revoke(home: Path, serial: str) -> None:
    """Revoke a certificate at the office."""
    with enrolling_at(find_home(home)) as enrolling, enrolling.store.write() as tx:
        row = tx.certificate(serial)
        assert row is not None
        tx.put_certificate(replace(row, revoked_at=datetime.now(UTC), reason="superseded"))
