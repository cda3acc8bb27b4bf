"""Looks for the doctor's tests: outputs of tools by name, the example's network and site, and a clock that stands."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from seikyu.apps.doctor.probing import Look
from seikyu.apps.doctor.tools import Ran
from seikyu.lines.network import example_network
from seikyu.lines.site import example_site

OUTPUTS = Path(__file__).parent / "outputs"

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)


def output(name: str) -> str:
    """Return an output, without the lines at its head that say where it is from."""
    lines = (OUTPUTS / name).read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(each for each in lines if not each.startswith("# "))


def prints(said: Mapping[str, str]) -> object:
    """Return what runs programs: one whose command line begins so prints that; none other is on the PC."""

    def run(argv: Sequence[str], limit_s: float = 0.0, /) -> Ran:
        line = " ".join(argv)
        known = [each for each in said if line.startswith(each)]
        return Ran(0, said[max(known, key=len)]) if known else Ran(None, missing=True)

    return run


def a_look(system: str, said: Mapping[str, str] | None = None, *, kind: str = "ipvpn_ipv6", **more: object) -> Look:
    """Return a look at a PC of the example's site."""
    site = replace(example_site(), kind=kind)
    given = Look(system=system, run=prints(said or {}), now=lambda: NOW, site=site, network=example_network())
    return replace(given, **more)
