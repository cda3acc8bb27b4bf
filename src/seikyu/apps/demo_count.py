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

    A payer that one claim names twice is one case. Errors: OSError, IndexError; what we sealed has none of them.
    """
    total = Sums()
    for path in sorted(folder.glob(f"deliveries/*/*/{payer}/*/*.CSV")):
        for shares in _claims(path):
            mine = [share for share in shares if share[0] == payer]
            if mine:
                main = shares[0][0] == payer
                points, meals_yen = sum(share[1] for share in mine), sum(share[2] for share in mine)
                total.add(Sums(int(main), shares[0][1] if main else 0, 1, points, meals_yen))
    return total


def _claims(path: Path) -> Iterator[list[tuple[str, int, int]]]:
    """Yield what each claim's HO and KO rows say, the insurer's first."""
    shares: list[tuple[str, int, int]] = []
    begun = False
    with path.open("rb") as file:
        for line in file:
            items = line.rstrip(b"\r\n").split(b",")
            if items[3] == b"MN" and begun:
                yield shares
                shares = []
            begun = True
            if (places := _PLACES.get(items[3])) and items[0] == b"1":
                number, points, meals = (items[place].strip() if place < len(items) else b"" for place in places)
                share = (number.decode("ascii").zfill(8), _amount(points), _amount(meals))
                shares.insert(0 if items[3] == b"HO" else len(shares), share)
    if begun:
        yield shares


def _amount(item: bytes) -> int:
    """Return an amount; one that cannot be read charges nothing."""
    return int(item) if item.isdigit() else 0
