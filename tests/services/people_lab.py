"""Keeping people on a bench: a clock that the test sets, a vault that is quick and counts, parties that are made up."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from seikyu.adapters.memory import MemoryStore
from seikyu.adapters.security_keys import WebAuthnKeys
from seikyu.adapters.sql import open_store
from seikyu.adapters.vault import Argon2Vault
from seikyu.ports.people import User
from seikyu.ports.register import Party
from seikyu.ports.store import Store
from seikyu.ports.trust import ClientIdentity
from seikyu.services import credentials
from seikyu.services import login as logins
from seikyu.services.login import Opened, Typed
from seikyu.services.people import CONSOLE, Newcomer, People, add_user
from seikyu.trust.people import Actor
from seikyu.trust.totp import STEP_S, code_at
from services.office_lab import LabClock, LabIds

OWN: Final = "9911000015"
OTHER: Final = "9911000023"
PAYER: Final = "99130012"
BODY: Final = "1"
#: Two passwords that are taken; both have a marker that nothing else has.
FIRST: Final = "鷺沼 rutabaga stew"
SECOND: Final = "鷺沼 turnip pie"
NOON: Final = datetime(2026, 9, 7, 12, tzinfo=UTC)


class CountingVault(Argon2Vault):
    """A quick vault that notes what it was asked, so that two ways through a service can be compared."""

    def __init__(self) -> None:
        super().__init__(b"k" * 32, memory_kib=8, passes=1, lanes=1)
        self.asked: list[str] = []

    def hashed(self, password: str) -> str:
        """Note and hash."""
        self.asked.append("hashed")
        return super().hashed(password)

    def fits(self, password: str, encoded: str | None) -> bool:
        """Note and compare."""
        self.asked.append("fits")
        return super().fits(password, encoded)


def certificate(party: str = OWN, *, serial: str = "1f", kind: str = "institution") -> ClientIdentity:
    """Return what a certificate says."""
    return ClientIdentity(serial=serial, party=party, kind=kind, terminal="pc-1")


OFFICE: Final = certificate("operator", serial="0f", kind="operator")


@dataclass
class PeopleLab:
    """People, and short words for what happens with them."""

    people: People
    clock: LabClock
    vault: CountingVault
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def add(self, name: str = "hanako", *, party: str = OWN, role: str = "clerk", password: str = FIRST) -> User:
        """Add a user, who has changed the initial password already."""
        add_user(self.people, CONSOLE, Newcomer(BODY, name, party, role), password="initial rutabaga stew")
        identity = OFFICE if party == "operator" else certificate(party)
        token = self.login(name, "initial rutabaga stew", identity=identity).token
        credentials.change_password(self.people, identity, token, old="initial rutabaga stew", new=password)
        return self.user(name)

    def login(
        self, name: str = "hanako", password: str = FIRST, *, identity: ClientIdentity | None = None,
        code: str | None = None, body: str = BODY,
    ) -> Opened:  # fmt: skip
        """Log in."""
        return logins.login(self.people, identity or certificate(), Typed(body, name, password, code))

    def user(self, name: str = "hanako") -> User:
        """Return a user as they are now."""
        with self.people.store.read() as tx:
            found = tx.user_by_name(BODY, name)
        assert found is not None
        return found

    def boss(self, party: str = OWN) -> Actor:
        """Return an administrator."""
        return Actor("boss", party, BODY, "administrator")

    def later(self, **by: float) -> None:
        """Let time pass."""
        self.clock.at += timedelta(**by)

    def enrol(
        self, token: str, *, identity: ClientIdentity, code: str | None = None, password: str | None = None
    ) -> bytes:
        """Set a second factor, and let its first step pass; return its secret."""
        credentials.begin_second_factor(self.people, identity, token)
        user = next(user for user in self.users() if user.new_second_factor)
        secret = self.vault.opened(user.new_second_factor or "", owner=user.id)
        credentials.confirm_second_factor(
            self.people, identity, token, new_code=self.code(secret), code=code, password=password
        )
        self.later(seconds=STEP_S)
        return secret

    def code(self, secret: bytes) -> str:
        """Return the present code."""
        return code_at(secret, int(self.clock.at.timestamp()) // STEP_S)

    def users(self) -> list[User]:
        """Return every user."""
        with self.people.store.read() as tx:
            return tx.users()

    def acts(self) -> list[str]:
        """Return what the journal says was done."""
        with self.people.store.read() as tx:
            return [entry.act for entry in tx.entries()]


def make_people_lab(where: Path | None = None) -> PeopleLab:
    """Return people in memory, or on SQLite if `where` is given."""
    store: Store = MemoryStore() if where is None else open_store(where / "office.sqlite")
    clock, vault, told = LabClock(NOON), CountingVault(), list[tuple[str, dict[str, Any]]]()
    since = NOON - timedelta(days=100)
    with store.write() as tx:
        for party, kind in ((OWN, "institution"), (OTHER, "institution"), (PAYER, "payer"), ("operator", "operator")):
            tx.put_party(Party(party, kind, "見本", since))
        tx.put_party(Party("9911000031", "institution", "見本", since, until=NOON))
    people = People(
        store=store,
        clock=clock,
        register_clock=clock,
        ids=LabIds(),
        vault=vault,
        known=lambda password: password == "a known one of 鷺",
        keys=WebAuthnKeys(),
        tell=lambda event, **facts: told.append((event, facts)),
    )
    return PeopleLab(people, clock, vault, told)
