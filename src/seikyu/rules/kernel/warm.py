"""Fill the compile cache, so that the first file does not wait for it: `python -m seikyu.rules.kernel.warm`.

Numba keeps what it compiled beside the package, or in the user's cache folder where that cannot be written; its key
holds the processor, so it is made where it is used and never shipped.
"""

from seikyu.rules.examine import examine, has_numba
from seikyu.rules.example import WHOLE
from seikyu.rules.testing_masters import example_masters


def warm() -> bool:
    """Examine small files with the kernel, a right one and one with a wrong count; False where there is no Numba."""
    if not has_numba():
        return False
    import numpy as np  # noqa: PLC0415  (not where there is no Numba)

    from seikyu.rules.kernel.coded import Hash  # noqa: PLC0415
    from seikyu.rules.kernel.jitted import hashed  # noqa: PLC0415

    # Those files may have nothing to look up for these, so they are called by hand.
    table, none = Hash(np.arange(1, dtype=np.int64)), np.zeros(0, np.int64)
    table.find(none)
    hashed.meet(none, none, none, none, 1, table.slots, table.places, table.shift, none)
    wrong = WHOLE.replace(b",291,1,", b",291,2,")
    files = [[data] for data in (WHOLE, wrong)]
    masters = example_masters()
    return all([*examine(file, identity_key=b"warm", engine="kernel", masters=masters)] for file in files)


if __name__ == "__main__":
    warm()
