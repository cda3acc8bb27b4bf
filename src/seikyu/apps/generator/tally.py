"""What a made-up file amounts to, added up by its maker and by nobody else: the oracle of the demo month."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from seikyu.apps.generator.claim import Share

NORMAL = "normal"


@dataclass(slots=True)
class Sums:
    """Units: claims, cases, points, points, yen. Main points stand on a claim's main payer only."""

    claims: int = 0
    main_points: int = 0
    cases: int = 0
    own_points: int = 0
    meals_yen: int = 0

    def add(self, other: "Sums") -> None:
        """Add `other` to these."""
        self.claims += other.claims
        self.main_points += other.main_points
        self.cases += other.cases
        self.own_points += other.own_points
        self.meals_yen += other.meals_yen


@dataclass(slots=True)
class Tally:
    """A file's sums by what should become of its claims: normal, ask, refused; and by payer (8 digits)."""

    by_effect: dict[str, dict[str, Sums]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(Sums)))
    faults: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def count(self, shares: Iterable[Share], effect: str = NORMAL, *, times: int = 1) -> None:
        """Add so many claims of which each asks its payers for these shares."""
        for place, share in enumerate(shares):
            claims, points, yen = (times, share.points * times, share.meals_yen * times)
            main = place == 0
            self.by_effect[effect][share.number].add(
                Sums(claims if main else 0, points if main else 0, claims, points, yen)
            )

    def sums(self, effects: Iterable[str] = ("normal", "ask", "refused")) -> Sums:
        """Return the sums over all payers of the claims with these effects."""
        total = Sums()
        for sums in self.payers(effects).values():
            total.add(sums)
        return total

    def payers(self, effects: Iterable[str]) -> dict[str, Sums]:
        """Return the sums of each payer over the claims with these effects."""
        payers: dict[str, Sums] = defaultdict(Sums)
        for effect in effects:
            for number, sums in self.by_effect[effect].items():
                payers[number].add(sums)
        return dict(payers)
