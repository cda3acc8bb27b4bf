"""The masters that are there, by kind and day: which version a claim of a service month is judged by.

A version is opened when it is first asked for. What nobody has imported is not there, and a rule that needs it is
silent; nothing is made up.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from seikyu.records import Month
from seikyu.rules.masters.form import forms
from seikyu.rules.masters.packed import Row, Version, VersionLabel

#: In a need: every code that there was stands in the version, and no newer one can have brought others.
WHOLE: Final = "whole"


@dataclass(frozen=True, slots=True)
class Filed:
    """A version on the shelf: what it is, and how to open it."""

    label: VersionLabel
    open: Callable[[], Version]


def opened(version: Version) -> Filed:
    """Return the shelf's entry of a version that is open already."""
    return Filed(version.label, lambda: version)


@dataclass(frozen=True, eq=False, slots=True)
class Masters:
    """All versions of all masters.

    Shape: `filed` by kind, each from the oldest to the newest; of several versions of one day the last import stands
    last and is the one that holds.
    """

    filed: Mapping[str, tuple[Filed, ...]] = field(default_factory=dict)
    _open: dict[str, Version] = field(default_factory=dict)
    _at: dict[tuple[str, int], Version | None] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.filed)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of which there is a version."""
        return tuple(kind for kind in forms() if kind in self.filed)

    def at(self, kind: str, when: Month | date | None) -> Version | None:
        """Return the version that holds on a day, or at the end of a month; None if there is none.

        A claim of a month that is older than every version is judged by none.
        """
        if when is None:
            return None
        key = kind, _day(when)
        if key not in self._at:
            self._at[key] = self._found(*key)
        return self._at[key]

    def _found(self, kind: str, day: int) -> Version | None:
        filed = self.filed.get(kind, ())
        at = bisect_right(filed, day, key=lambda each: each.label.since)
        return self._opened(filed[at - 1]) if at else None

    def _opened(self, filed: Filed) -> Version:
        name = f"{filed.label.kind}-{filed.label.name}"
        if name not in self._open:
            self._open[name] = filed.open()
        return self._open[name]

    def every(self, kind: str) -> Iterator[Version]:
        """Yield all versions of a kind, the newest first."""
        return (self._opened(filed) for filed in reversed(self.filed.get(kind, ())))

    def row(self, kind: str, code: str, when: Month | date | None) -> Row | None:
        """Return the row of a code in the version that holds, else in the newest that has it."""
        holding = self.at(kind, when)
        if holding and (row := holding.row(code)):
            return row
        return next((row for version in self.every(kind) if (row := version.row(code))), None)

    def item(self, code: str, when: Month | date | None) -> Row | None:
        """Return the row of a procedure, drug, material, comment ... in whichever master its first digit points to."""
        kind = next((form.kind for form in forms().values() if form.prefix and code.startswith(form.prefix)), None)
        return self.row(kind, code, when) if kind else None

    def knows(self, kind: str, *key: str) -> bool:
        """True if any version has the key, or it is right without standing in one."""
        return (len(key) == 1 and key[0] in forms()[kind].special) or any(
            version.row(*key) is not None for version in self.every(kind)
        )

    def sure(self, kind: str, when: Month | date | None) -> bool:
        """True if a code that no version has cannot have been there at that time.

        The version that holds must be whole, and one must be known to be the newest up to the day, or be of a later
        day: masters are cumulative, and a later one holds what came between.
        """
        holding = self.at(kind, when)
        if when is None or holding is None or not holding.label.whole:
            return False
        day = _day(when)
        return any(
            filed.label.whole and max(filed.label.since, filed.label.known_until) >= day for filed in self.filed[kind]
        )

    def serves(self, need: str, when: Month | date | None) -> bool:
        """True if what a rule needs is there: `s`, `s.points`, `b.whole`, or several with blanks between."""
        return all(self._serves(*each.split("."), when=when) for each in need.split())

    def _serves(self, kind: str, column: str = "", *, when: Month | date | None) -> bool:
        version = self.at(kind, when)
        if version is None:
            return False
        return self.sure(kind, when) if column == WHOLE else not column or version.has(column)

    def name_of(self, kind: str, when: Month | date | None) -> str | None:
        """Return the name of the version that holds, None if there is none."""
        version = self.at(kind, when)
        return version.label.name if version else None


def masters_of(filed: Iterable[Filed]) -> Masters:
    """Return the shelf with these versions, whatever order they come in."""
    by_kind: dict[str, list[Filed]] = {}
    for each in filed:
        by_kind.setdefault(each.label.kind, []).append(each)
    for versions in by_kind.values():
        versions.sort(key=lambda each: (each.label.since, each.label.imported))
    return Masters({kind: tuple(versions) for kind, versions in by_kind.items()})


#: No master at all.
NO_MASTERS: Final = Masters()


def _day(when: Month | date) -> int:
    day = when.last_day if isinstance(when, Month) else when
    return day.year * 10000 + day.month * 100 + day.day
