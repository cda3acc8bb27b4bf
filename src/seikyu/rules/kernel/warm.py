"""Fill the compile cache, so that the first file does not wait for it: `python -m seikyu.rules.kernel.warm`.

Numba keeps what it compiled beside the package, or in the user's cache folder where that cannot be written; its key
holds the processor, so it is made where it is used and never shipped.
"""

from seikyu.rules.examine import examine, has_numba
from seikyu.rules.example import WHOLE
from seikyu.rules.testing_masters import example_masters


def warm() -> bool:
    """Examine a small file with the kernel; False where there is no Numba."""
    if not has_numba():
        return False
    masters = example_masters()
    warmed = [*examine([WHOLE], identity_key=b"warm", engine="kernel", masters=masters)] != []
    import numpy as np  # noqa: PLC0415  (not where there is no Numba)

    from seikyu.rules.kernel.coded import Hash  # noqa: PLC0415
    from seikyu.rules.kernel.jitted import hashed  # noqa: PLC0415

    # That file may have nothing to look up for these, so they are called by hand.
    table, none = Hash(np.arange(1, dtype=np.int64)), np.zeros(0, np.int64)
    table.find(none)
    hashed.meet(none, none, none, none, 1, table.slots, table.places, table.shift, none)
    return warmed


if __name__ == "__main__":
    warm()
