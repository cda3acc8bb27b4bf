"""Which rules can speak about a month: those whose masters are there; and which ones stay silent for want of them."""

from collections.abc import Iterable, Sequence

from seikyu.records import Month
from seikyu.rules.catalogue import Judge
from seikyu.rules.masters import Masters, forms
from seikyu.rules.rule import Rule


class Needs:
    """What one examination finds of masters, and misses.

    Shape: `kind` is the kind of the claims; masters that are for other kinds are not missed. `silent` are the codes of
    rules that could not speak about some month, `missing` the kinds that were wanting.
    """

    def __init__(self, masters: Masters, *, kind: str = "") -> None:
        self._masters = masters
        self._kind = kind
        self._served: dict[tuple[int, Month | None], Sequence[Judge]] = {}
        self._used: dict[str, set[str]] = {}
        self.silent: set[str] = set()
        self.missing: set[str] = set()

    def served(self, judges: Sequence[Judge], month: Month | None) -> Sequence[Judge]:
        """Return the judges whose masters are there for a service month."""
        key = id(judges), month  # The rule book keeps its lists; each is one object for as long as it lives.
        known = self._served.get(key)
        if known is None:
            known = self._served[key] = tuple(judge for judge in judges if self._can(judge[0], month))
        return known

    def names(self) -> dict[str, str]:
        """Return the versions that were looked into, by kind."""
        return {kind: ", ".join(sorted(names)) for kind, names in sorted(self._used.items())}

    def _can(self, rule: Rule, month: Month | None) -> bool:
        """True if a rule can speak; what it uses and misses is noted. Without a month it cannot."""
        if not rule.tables:
            return True
        if month is None:
            return False
        needs = [need for need in rule.tables if all(map(self._concerns, _kinds(need)))]
        served = [need for need in needs if self._masters.serves(need, month)]
        for need in needs:
            for kind in _kinds(need):
                name = self._masters.name_of(kind, month)
                if need in served and name:
                    self._used.setdefault(kind, set()).add(name)
                elif need not in served and not self._masters.serves(_part(need, kind), month):
                    self.missing.add(kind)
        if not served:
            self.silent.add(rule.code)
        return bool(served)

    def _concerns(self, kind: str) -> bool:
        """True if a kind of master is for the claims that are examined."""
        claims = forms()[kind].claims
        return not claims or self._kind in claims


def _kinds(need: str) -> Iterable[str]:
    return dict.fromkeys(each.partition(".")[0] for each in need.split())


def _part(need: str, kind: str) -> str:
    """Return what a need says about one kind."""
    return " ".join(each for each in need.split() if each.partition(".")[0] == kind)
