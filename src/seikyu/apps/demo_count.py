"""The demo's own sums: over what the generator made, and over what the payers have in their folders.

Neither looks at the office's books, so that "balance: ok" is said by three who did not copy from each other.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from seikyu.apps.generator import Sums

#: Where a payer's row has what it is charged by: number, own points, yen of meals. Three columns stand before each.
_PLACES: Final = {b"HO": (4, 8, 11), b"KO": (4, 8, 14)}


def sums_of(folder: Path, payer: str) -> Sums:
    """Return what the deliveries below `folder` say that `payer` (8 digits) is charged.

    Errors: OSError, ValueError, IndexError; a delivery that we sealed has none of them.
    """
    total = Sums()
    for path in sorted(folder.glob(f"deliveries/*/*/{payer}/*/*.CSV")):
        for shares in _claims(path):
            for place, (number, points, meals_yen) in enumerate(shares):
                if number == payer:
                    main = place == 0
                    total.add(Sums(int(main), points if main else 0, 1, points, meals_yen))
    return total


def _claims(path: Path) -> Iterator[list[tuple[str, int, int]]]:
    """Yield what each claim's HO and KO rows say."""
    shares: list[tuple[str, int, int]] = []
    begun = False
    with path.open("rb") as file:
        for line in file:
            items = line.rstrip(b"\r\n").split(b",")
            if items[3] == b"MN" and begun:
                yield shares
                shares = []
            begun = True
            if places := _PLACES.get(items[3]):
                number, points, meals = (items[place].strip() for place in places)
                shares.append((number.decode("ascii").zfill(8), int(points or 0), int(meals or 0)))
    if begun:
        yield shares
