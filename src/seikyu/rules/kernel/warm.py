"""Fill the compile cache, so that the first file does not wait for it: `python -m seikyu.rules.kernel.warm`.

Numba keeps what it compiled beside the package, or in the user's cache folder where that cannot be written; its key
holds the processor, so it is made where it is used and never shipped.
"""

from seikyu.rules.examine import examine, has_numba
from seikyu.rules.example import WHOLE


def warm() -> bool:
    """Examine a small file with the kernel; False where there is no Numba."""
    if not has_numba():
        return False
    return [*examine([WHOLE], identity_key=b"warm", engine="kernel")] != []


if __name__ == "__main__":
    warm()
