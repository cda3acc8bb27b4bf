"""The only place where ports meet adapters."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from seikyu.adapters.clock import MovedClock, SystemClock
from seikyu.adapters.home import Home, open_home
from seikyu.adapters.ids import RandomIds
from seikyu.adapters.jobs_dbos import DbosJobs
from seikyu.adapters.masters_folder import MastersFolder
from seikyu.adapters.objects_local import LocalObjects
from seikyu.adapters.settings import settings_text
from seikyu.adapters.sql.open import open_store
from seikyu.apps.calendars import calendar_in_force
from seikyu.office.calendar import Calendar
from seikyu.office.outcome import policy
from seikyu.ports.errors import AlreadyThere, SeikyuError
from seikyu.ports.store import Store
from seikyu.ports.watching import NobodyWatches, Watching
from seikyu.services.examine import examine_object
from seikyu.services.office import Office, Tell, silent

#: The settings' word for an office that may move its clock.
SANDBOX: Final = "sandbox"


class NoHome(SeikyuError):
    """There is no office in that folder; nothing was made."""

    code = "no_home"


def find_home(root: Path) -> Home:
    """Return the home at `root`. Errors: NoHome."""
    if not (root / "office.toml").is_file():
        raise NoHome(home=str(root))
    return open_home(root)


def init_home(root: Path, *, settings: dict[str, Any] | None = None) -> Home:
    """Make an office: its folders, settings and database, but neither a CA nor parties.

    Shape: `settings` sets keys of office.toml (`office.calendar`). Errors: AlreadyThere; what is there stays.
    """
    if (root / "office.toml").exists():
        raise AlreadyThere(home=str(root))
    home = open_home(root)
    home.settings_file.write_text(settings_text(settings or {}), "utf-8")
    with office_at(home):
        pass
    return home


@contextmanager
def office_at(home: Home, *, tell: Tell = silent) -> Iterator[Office]:
    """Open the office of a home and close it again."""
    store = open_store(home.database)
    try:
        yield _wired(home, store, tell=tell)
    finally:
        store.close()


def open_office(home: Home, *, tell: Tell = silent, watching: Watching | None = None, trade: str = "") -> Office:
    """Open the office of a home for the life of the process.

    Shape: `watching` is told what arrives; `trade` marks what this process leaves half written.
    Nothing is begun: the queue's handlers are not registered, the sweep is not made (`services.start`).
    Errors: BadSettings, NewerDatabase, Damaged, Unavailable.
    """
    return _wired(home, open_store(home.database), tell=tell, watching=watching, trade=trade)


def _wired(home: Home, store: Any, *, tell: Tell, watching: Watching | None = None, trade: str = "") -> Office:
    settings = home.settings()
    objects = LocalObjects(home.objects, trade=trade)
    sandbox = settings.calendar == SANDBOX
    key = home.identity_key()
    masters = MastersFolder(home.masters).masters
    return Office(
        store=store,
        objects=objects,
        jobs=DbosJobs(store, at_once=settings.at_once, kept_days=settings.kept_days),
        clock=MovedClock(store) if sandbox else SystemClock(),
        real_clock=SystemClock(),
        ids=RandomIds(),
        checker=partial(examine_object, objects, key, masters=masters),
        masters=masters,
        calendar=partial(_calendar, store, settings.calendar),
        identity_key=key,
        policy=policy(settings.policy),
        limits=settings.limits,
        retention_days=settings.retention_days,
        bodies=settings.bodies,
        default_body=settings.bodies[0],
        sandbox=sandbox,
        tell=tell,
        watching=watching or NobodyWatches(),
    )


def _calendar(store: Store, default: str) -> Calendar:
    with store.read() as tx:
        return calendar_in_force(tx, default=default)
