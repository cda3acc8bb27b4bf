"""Every probe of the doctor, by the module that brings it as `PROBES`."""

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Final

from seikyu.apps.doctor.probing import Probe

#: In the order in which they are told. Each imports on every system; what a probe is `on` says where it runs.
MODULES: Final = (
    "pc.linux",
    "pc.windows",
    "pc.macos",
    "folder.certificate",
    "folder.transfers",
    "line.origins",
    "line.names",
    "line.mtu",
    "line.tls",
    "line.portal",
    "line.ike",
    "pppoe.probe",
    "line.canaries",
)


@cache
def every_probe() -> tuple[Probe, ...]:
    """Return every probe."""
    return tuple(probe for name in MODULES for probe in _of(f"seikyu.apps.doctor.{name}"))


def _of(module: str) -> tuple[Probe, ...]:
    if find_spec(module) is None:
        return ()
    return tuple(getattr(import_module(module), "PROBES", ()))
