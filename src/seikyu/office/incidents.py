"""The parts of the office that an incident (障害) may affect; rows of `incidents.toml`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from tomllib import loads

from seikyu.office.errors import NotAllowed


class IncidentEnded(NotAllowed):
    """The incident has ended; nothing changes. Shape: facts `incident`."""

    code = "incident_ended"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the office."""

    name: str
    ja: str
    en: str


@cache
def parts() -> Mapping[str, Part]:
    """Return the parts by name, in the order of the page."""
    table = loads((files("seikyu.office") / "incidents.toml").read_text(encoding="utf-8"))
    return {name: Part(name, **row) for name, row in table["parts"].items()}


def known_parts(named: Iterable[str]) -> tuple[str, ...] | None:
    """Return the parts that were named, in the order of the table; None if one is unknown or none is named."""
    wanted = set(named)
    if not wanted or not wanted <= parts().keys():
        return None
    return tuple(name for name in parts() if name in wanted)
