"""The only place where ports meet adapters.

The libraries of the database and of the queue are most of a program's start, so they are loaded when an office is
opened, and the queue's by a command only if it orders work: one that asks a server at work needs neither.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final, cast

from seikyu.adapters.admission_file import read_admission, read_tunnels
from seikyu.adapters.clock import MovedClock, SystemClock
from seikyu.adapters.home import Home, open_home
from seikyu.adapters.ids import RandomIds
from seikyu.adapters.masters_folder import MastersFolder
from seikyu.adapters.objects_local import LocalObjects
from seikyu.adapters.prefectures_folder import PrefecturesFolder
from seikyu.adapters.settings import Settings, settings_text
from seikyu.apps.calendars import calendar_in_force
from seikyu.office.calendar import Calendar
from seikyu.office.outcome import policy
from seikyu.ports.errors import AlreadyThere, SeikyuError
from seikyu.ports.jobs import Jobs
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
    store = _store(home)
    try:
        _queue(home.settings(), store)
    finally:
        store.close()
    return home


@contextmanager
def office_at(home: Home, *, tell: Tell = silent) -> Iterator[Office]:
    """Open the office of a home for a command and close it again."""
    settings = home.settings()
    store = _store(home)
    try:
        yield _wired(
            home, store, settings=settings, jobs=cast("Jobs", _Later(partial(_queue, settings, store))), tell=tell
        )
    finally:
        store.close()


def open_office(home: Home, *, tell: Tell = silent, watching: Watching | None = None, trade: str = "") -> Office:
    """Open the office of a home for the life of the process.

    Shape: `watching` is told what arrives; `trade` marks what this process leaves half written.
    Nothing is begun: the queue's handlers are not registered, the sweep is not made (`services.start`).
    Errors: BadSettings, NewerDatabase, Damaged, Unavailable.
    """
    settings = home.settings()
    store = _store(home)
    jobs = _queue(settings, store)
    return _wired(home, store, settings=settings, jobs=jobs, tell=tell, watching=watching, trade=trade)


class _Later:
    """A queue that is opened when it is first asked for something. Not from inside a transaction that writes."""

    def __init__(self, made: Callable[[], Jobs]) -> None:
        self._made = made

    @cached_property
    def _jobs(self) -> Jobs:
        return self._made()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._jobs, name)


def _store(home: Home) -> Any:
    from seikyu.adapters.sql.open import open_store

    return open_store(home.database)


def _queue(settings: Settings, store: Any) -> Jobs:
    from seikyu.adapters.jobs_dbos import DbosJobs

    return DbosJobs(store, at_once=settings.at_once, kept_days=settings.kept_days)


def _wired(
    home: Home,
    store: Any,
    *,
    settings: Settings,
    jobs: Jobs,
    tell: Tell,
    watching: Watching | None = None,
    trade: str = "",
) -> Office:
    objects = LocalObjects(home.objects, trade=trade)
    sandbox = settings.calendar == SANDBOX
    key = home.identity_key()
    masters = MastersFolder(home.masters).masters
    rules = read_admission(home.root, settings)
    return Office(
        store=store,
        objects=objects,
        jobs=jobs,
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
        admission=rules,
        workers=settings.at_once,
        tunnels=read_tunnels(home.root, rules, tell=tell),
        prefectures=PrefecturesFolder(home.prefectures),
    )


def _calendar(store: Store, default: str) -> Calendar:
    with store.read() as tx:
        return calendar_in_force(tx, default=default)
