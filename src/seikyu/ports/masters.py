"""The masters that an office or a clinic keeps: versions that were imported, whole or not there at all."""

from collections.abc import Callable
from typing import Protocol

from seikyu.ports.errors import Damaged
from seikyu.rules.masters import Masters, VersionLabel


class MasterDamaged(Damaged):
    """A stored master is not what was written; no rule looks into it. Shape: fact `file`."""

    code = "master_damaged"


class MasterStore(Protocol):
    """Versions of masters. A version is written once and never changed."""

    def masters(self) -> Masters:
        """Return all versions, as they are now; each is opened when it is first asked for.

        Errors: MasterDamaged, if a version's label cannot be read; opening one raises it too, if its bytes are not
        those that were written.
        """
        ...

    def labels(self) -> list[VersionLabel]:
        """Return what each version is, by kind, day and import. Errors: MasterDamaged."""
        ...

    def add(self, pack: Callable[[int], bytes]) -> VersionLabel:
        """Store the version that `pack` makes of its import's number, and return its label.

        Durable and visible on return, never before. Errors: NoSpace; nothing is left behind then.
        """
        ...
