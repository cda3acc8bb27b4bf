"""Fill the compile cache, so that the first file does not wait for it: `python -m seikyu.rules.kernel.warm`.

Numba keeps what it compiled beside the package, or in the user's cache folder where that cannot be written; its key
holds the processor, so it is made where it is used and never shipped.
"""

from seikyu.rules.examine import examine, has_numba
from seikyu.rules.example import WHOLE


def warm() -> bool:
    """Examine small files with the kernel, a right one and one with a wrong count; False where there is no Numba."""
    if not has_numba():
        return False
    wrong = WHOLE.replace(b",291,1,", b",291,2,")
    return all([*examine([data], identity_key=b"warm", engine="kernel")] for data in (WHOLE, wrong))


if __name__ == "__main__":
    warm()
