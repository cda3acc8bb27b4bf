"""How the pass is compiled: once, kept on disk, without Python's lock and without counting references."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from numba import njit

_Function = TypeVar("_Function", bound=Callable[..., Any])

#: `_nrt` is undocumented: without reference counting the pass is two to three times as fast. It allocates nothing.
_OPTIONS: Final[dict[str, Any]] = {"nogil": True, "_nrt": False, "boundscheck": False}


def jit(function: _Function) -> _Function:
    """Compile a function; its code is kept beside the package, or in the user's cache where that cannot be written."""
    try:
        compiled: _Function = njit(cache=True, **_OPTIONS)(function)
    except RuntimeError:  # There is no place to keep it: it is compiled anew in each process.
        compiled = njit(**_OPTIONS)(function)
    return compiled
