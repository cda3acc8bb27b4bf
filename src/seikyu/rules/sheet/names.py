"""Names of codes, as masters have them in the month of a claim."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from seikyu.records import Month
from seikyu.rules.masters import NO_MASTERS, Masters


class Named(NamedTuple):
    """What a master calls a code, and the unit that its quantities are counted in, empty without one."""

    name: str
    unit: str = ""


#: Name of a code: of a master as layouts call it, a code and the service month; None where there is no such row.
Names = Callable[[str, str, Month | None], Named | None]

#: The masters that layouts speak of, by the letters that masters are kept under.
_KINDS: Final[Mapping[str, str]] = {
    "procedure": "s",
    "drug": "y",
    "material": "t",
    "comment": "c",
    "disease": "b",
    "modifier": "z",
    "tooth": "f",
    "dental_procedure": "h",
    "dispensing": "m",
    "nursing_fee": "r",
}
_UNITS: Final = frozenset({"s", "y", "t"})


def names_of(masters: Masters) -> Names:
    """Return the names that these masters know."""

    def named(master: str, code: str, month: Month | None) -> Named | None:
        kind = _KINDS.get(master)
        row = masters.row(kind, code, month) if kind else None
        if row is None or not row.name:
            return None
        return Named(row.name, (row["unit"] or "") if kind in _UNITS else "")

    return named


no_names: Final = names_of(NO_MASTERS)
