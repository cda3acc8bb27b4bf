"""Where keeping people meets its adapters; everything works beside a running server, through the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from seikyu.adapters.clock import MovedClock, SystemClock
from seikyu.adapters.home import Home
from seikyu.adapters.ids import RandomIds
from seikyu.adapters.known_passwords import KnownPasswordsFile
from seikyu.adapters.security_keys import WebAuthnKeys
from seikyu.adapters.settings import Settings
from seikyu.adapters.sql.open import open_store
from seikyu.adapters.vault import Argon2Vault
from seikyu.apps.places import public_address
from seikyu.apps.wiring import SANDBOX
from seikyu.office.bodies import bodies
from seikyu.office.errors import UnknownBody
from seikyu.ports.store import Store
from seikyu.services.office import Tell, silent
from seikyu.services.people import People


@dataclass(frozen=True, slots=True)
class Keeping:
    """People, and the review bodies of this installation."""

    people: People
    settings: Settings
    public_address: str

    def body(self, asked: str | None) -> str:
        """Return the body that was asked for, or the installation's first. Errors: UnknownBody."""
        body = asked or self.settings.bodies[0]
        sandbox = self.settings.calendar == SANDBOX
        known = {each.id for each in bodies(self.people.clock.now().date(), test=sandbox)}
        if body not in self.settings.bodies or body not in known:
            raise UnknownBody("no such review body here", body=body)
        return body


def people_of(home: Home, store: Store, *, tell: Tell = silent) -> People:
    """Return what keeping people needs, over the rows of a home. Errors: BadSettings, Damaged."""
    clock, sandbox = SystemClock(), home.settings().calendar == SANDBOX
    return People(
        store=store,
        clock=clock,
        register_clock=MovedClock(store) if sandbox else clock,
        ids=RandomIds(),
        vault=Argon2Vault(home.secret("people_key")),
        known=KnownPasswordsFile(home.root / "known_passwords.txt"),
        keys=WebAuthnKeys(),
        tell=tell,
    )


@contextmanager
def keeping_at(home: Home) -> Iterator[Keeping]:
    """Open the rows of a home for keeping its people, and close them again."""
    store = open_store(home.database)
    try:
        yield Keeping(people_of(home, store), home.settings(), public_address(home))
    finally:
        store.close()
