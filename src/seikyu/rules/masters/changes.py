"""What a new version of a master brings: codes that came, codes that changed, codes that went."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final

from seikyu.limits import limit
from seikyu.rules.masters.packed import Row, Version

_SHOWN: Final = 5
_PERCENT: Final = 100


@dataclass(frozen=True, slots=True)
class Changes:
    """How many keys came, changed and went since the version before, and the first few of each as text.

    Shape: `before` counts the rows of the version before, None if there was none.
    """

    before: int | None
    added: int
    changed: int
    withdrawn: int
    first_added: tuple[str, ...] = ()
    first_changed: tuple[str, ...] = ()
    first_withdrawn: tuple[str, ...] = ()

    @property
    def withdraws_too_many(self) -> bool:
        """True if more goes than a new version of the same master ever takes away."""
        return self.withdrawn * _PERCENT > (self.before or 0) * limit("master_withdrawn_percent")


def changes(before: Version | None, after: Version) -> Changes:
    """Compare two versions of one kind. Columns that only one of them has do not count as changes."""
    if before is None:
        return Changes(None, after.label.rows, 0, 0)
    old, new = dict(_keyed(before)), dict(_keyed(after))
    shared = [name for name in before.columns if after.has(name)]
    added = [new[number] for number in new if number not in old]
    withdrawn = [old[number] for number in old if number not in new]
    changed = [row for number, row in new.items() if number in old and _differ(old[number], row, shared)]
    return Changes(
        before=before.label.rows,
        added=len(added),
        changed=len(changed),
        withdrawn=len(withdrawn),
        first_added=_told(added),
        first_changed=_told(changed),
        first_withdrawn=_told(withdrawn),
    )


def _keyed(version: Version) -> Iterable[tuple[int, Row]]:
    """Yield the rows by key, from the last to the first, so that of several the first stays."""
    return ((version.codes[at], Row(version, at)) for at in reversed(range(version.label.rows)))


def _differ(old: Row, new: Row, columns: Iterable[str]) -> bool:
    return any(old[name] != new[name] for name in columns)


def _told(rows: Iterable[Row]) -> tuple[str, ...]:
    return tuple(_key(row) for row in islice(reversed(list(rows)), _SHOWN))


def _key(row: Row) -> str:
    key = " ".join(str(row[part.column]) for part in row.version.form.key)
    return f"{key} {row.name}".strip()
