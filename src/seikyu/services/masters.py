"""Bringing masters: a file becomes a version, after what it would change has been looked at."""

from dataclasses import dataclass
from datetime import date

from seikyu.ports.errors import SeikyuError
from seikyu.ports.masters import MasterStore
from seikyu.rules.masters import VersionLabel, read_version
from seikyu.rules.masters.changes import Changes, changes
from seikyu.rules.masters.reading import day_in_name, read_master


class NoDay(SeikyuError):
    """Neither the file nor its name tells from which day it holds; nothing was stored."""

    code = "master_no_day"


class WithdrawsTooMany(SeikyuError):
    """The file lacks more codes of the version before than a new version does; nothing was stored.

    Shape: facts `withdrawn`, `before`, `percent`, `first`.
    """

    code = "master_withdraws_too_many"


class _Meanwhile(Exception):
    """Another import has stored the same while this one was read."""

    def __init__(self, label: VersionLabel) -> None:
        super().__init__(label.name)
        self.label = label


@dataclass(frozen=True, slots=True)
class Import:
    """What an import is asked to do.

    Shape: `since` the first day that the file holds, None: by its name, else by its newest date of change;
    `known_until` the last day on which it is known to be the newest, None: its own first day. `whole`: it has every
    code that there is, however short it looks.
    """

    file_name: str
    kind: str | None = None
    since: int | None = None
    known_until: int | None = None
    whole: bool = False
    force: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, or would have done."""

    label: VersionLabel
    changes: Changes
    left_out: tuple[str, ...]
    already_there: bool


def import_master(store: MasterStore, content: bytes, order: Import) -> Imported:
    """Read a master, compare it with the version before, and store it.

    A file that is there already for the same day is not stored twice. Errors: NotAMaster (rules.masters.reading),
    NoDay, WithdrawsTooMany, MasterDamaged, NoSpace; nothing is stored then.
    """
    read = read_master(content, kind=order.kind, file_name=order.file_name)
    since = order.since or day_in_name(order.file_name) or read.newest_change
    if since is None:
        raise NoDay(file=order.file_name)
    known_until = max(order.known_until or since, since)

    def pack(number: int) -> bytes:
        return read.pack(since=since, known_until=known_until, whole=order.whole, file=order.file_name, imported=number)

    made = read_version(pack(0))
    found = changes(store.masters().at(read.form.kind, _day(since)), made)
    if found.withdraws_too_many and not order.force:
        percent = 100 * found.withdrawn // (found.before or 1)
        first = "、".join(found.first_withdrawn[:1])
        raise WithdrawsTooMany(withdrawn=found.withdrawn, before=found.before, percent=percent, first=first)
    there = _there(store, made.label)
    if there or order.dry_run:
        return Imported(there or made.label, found, read.left_out, already_there=there is not None)

    def unless_there(number: int) -> bytes:
        """Look once more now that no other import can come between."""
        if meanwhile := _there(store, made.label):
            raise _Meanwhile(meanwhile)
        return pack(number)

    try:
        return Imported(store.add(unless_there), found, read.left_out, already_there=False)
    except _Meanwhile as other:
        return Imported(other.label, found, read.left_out, already_there=True)


def _there(store: MasterStore, label: VersionLabel) -> VersionLabel | None:
    """Return the label of the version that holds on that day, if it is the same in everything but its number."""
    same = [each for each in store.labels() if (each.kind, each.since) == (label.kind, label.since)]
    if not same:
        return None
    last = max(same, key=lambda each: each.imported)
    told = last.digest, last.known_until, last.whole
    return last if told == (label.digest, label.known_until, label.whole) else None


def _day(number: int) -> date:
    return date(number // 10000, number // 100 % 100, number % 100)
