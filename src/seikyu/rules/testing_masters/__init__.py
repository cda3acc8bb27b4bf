"""Small tables, written by hand, that the examples of rules are judged with. They are no masters: never import them.

Codes, names, points and prices that look official are facts of the official masters (s, y, t, c and z as of 2024 and
2025) or, where the rule needs what those do not show, made up in codes that no master has (9 at the third place and
further). One CSV of our own form a kind.
"""

from functools import cache
from importlib.resources import files

from seikyu.rules.masters import Masters, forms, masters_of, opened, read_version
from seikyu.rules.masters.reading import read_master

_SINCE = 20190101
_KNOWN_UNTIL = 20991231


@cache
def example_masters() -> Masters:
    """Return the tables as masters that are whole and hold for every month of the examples."""
    folder = files(__package__)
    found = []
    for kind in forms():
        path = folder.joinpath(f"{kind}.csv")
        read = read_master(path.read_bytes(), kind=kind)
        block = read.pack(since=_SINCE, known_until=_KNOWN_UNTIL, whole=True, file=path.name, imported=1)
        found.append(opened(read_version(block)))
    return masters_of(found)
