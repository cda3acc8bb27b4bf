"""The claim ledger (請求台帳): append-only integers per file and payer, and the balance that must come out.

Each claim that is claimed is posted to every payer it names. `claims` (枚数) and `main_points` stand on the main payer
only, so that over a file they sum to its RE records and its GO points; `cases` (件数), `own_points` and `meals_yen`
stand on every payer. The institution's leg (stage `claimed`) comes from the claim index; the payers' leg (`delivered`)
from re-reading what was sealed for them. What cannot be charged is `suspended`, under its reason. For every payer and
every measure: claimed = delivered + suspended. Measures never mix: the own points of a combined claim do not add up to
its main points. Corrections are further postings with negative numbers.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Final, Protocol

from seikyu.office.charge import payers_of
from seikyu.rules.index import IndexRow, Outcome


class Stage(StrEnum):
    """How far claims have come. A posting without a reason in `suspended` is a bug, with one elsewhere too."""

    CLAIMED = "claimed"
    SUSPENDED = "suspended"
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True)
class Amounts:
    """The five measures. Units: 枚, points (home nursing: yen), 件, points, yen."""

    claims: int = 0
    main_points: int = 0
    cases: int = 0
    own_points: int = 0
    meals_yen: int = 0

    def __add__(self, other: "Amounts") -> "Amounts":
        return Amounts(*(mine + theirs for mine, theirs in zip(_values(self), _values(other), strict=True)))

    def __sub__(self, other: "Amounts") -> "Amounts":
        return self + -other

    def __neg__(self) -> "Amounts":
        return Amounts(*(-value for value in _values(self)))

    def __bool__(self) -> bool:
        return any(_values(self))


#: The measures in the order in which they are told.
MEASURES: Final = tuple(field.name for field in fields(Amounts))

NOTHING: Final = Amounts()


class Posted(Protocol):
    """What the balance is made of; the rows of the store have this form."""

    @property
    def stage(self) -> str:
        """A value of `Stage`."""
        ...

    @property
    def payer(self) -> str:
        """The payer's id."""
        ...

    @property
    def reason(self) -> str | None:
        """Why it is suspended, None elsewhere."""
        ...

    @property
    def claims(self) -> int:
        """枚数, on the main payer."""
        ...

    @property
    def main_points(self) -> int:
        """Points of the main payer."""
        ...

    @property
    def cases(self) -> int:
        """件数."""
        ...

    @property
    def own_points(self) -> int:
        """The payer's own points."""
        ...

    @property
    def meals_yen(self) -> int:
        """The payer's own meals, in yen."""
        ...


@dataclass(frozen=True, slots=True)
class Account:
    """What was claimed from a payer, and where it went. Shape: `suspended` by reason."""

    claimed: Amounts = NOTHING
    delivered: Amounts = NOTHING
    suspended: Mapping[str, Amounts] = field(default_factory=dict)

    @property
    def suspense(self) -> Amounts:
        """All that is suspended, whatever the reason."""
        return sum(self.suspended.values(), NOTHING)

    @property
    def difference(self) -> Amounts:
        """What was claimed and is neither delivered nor suspended; negative, if more came out than went in."""
        return self.claimed - self.delivered - self.suspense


@dataclass(frozen=True, slots=True)
class Break:
    """One measure of one payer that does not balance."""

    payer: str
    measure: str
    claimed: int
    delivered: int
    suspended: int
    difference: int


@dataclass(frozen=True, slots=True)
class Balance:
    """A trial balance (試算表) of a body's month. Shape: `payers` in ascending order of their ids."""

    payers: Mapping[str, Account]

    @property
    def total(self) -> Account:
        """All payers together."""
        suspended: dict[str, Amounts] = defaultdict(lambda: NOTHING)
        for account in self.payers.values():
            for reason, amounts in account.suspended.items():
                suspended[reason] += amounts
        return Account(
            claimed=sum((account.claimed for account in self.payers.values()), NOTHING),
            delivered=sum((account.delivered for account in self.payers.values()), NOTHING),
            suspended=dict(sorted(suspended.items())),
        )

    @property
    def balanced(self) -> bool:
        """True if every measure of every payer balances to the unit. Sums could hide two errors; payers do not."""
        return not any(account.difference for account in self.payers.values())

    @property
    def breaks(self) -> tuple[Break, ...]:
        """Every payer and measure that does not balance."""
        return tuple(
            Break(payer, measure, *(getattr(amounts, measure) for amounts in _sides(account)))
            for payer, account in self.payers.items()
            for measure in MEASURES
            if getattr(account.difference, measure)
        )

    def to_json(self) -> dict[str, Any]:
        """Return the balance as JSON holds it."""
        return {
            "balanced": self.balanced,
            "total": _account_json(self.total),
            "payers": {payer: _account_json(account) for payer, account in self.payers.items()},
            "breaks": [{name: getattr(found, name) for name in Break.__slots__} for found in self.breaks],
        }


def amounts_of(row: IndexRow) -> dict[str, Amounts]:
    """Return what one claim posts to each of its payers.

    Source: payer:7.
    """
    return {
        payer: Amounts(
            claims=int(is_main),
            main_points=row.main_points if is_main else 0,
            cases=1,
            own_points=share.points,
            meals_yen=share.meals_yen,
        )
        for payer, share, is_main in payers_of(row)
    }


def postings_of(rows: Iterable[IndexRow]) -> dict[str, Amounts]:
    """Return the institution's leg of a file: per payer, the sum over its claims that are claimed.

    Claims suspended since count too, for they were claimed; open and unclaimed ones do not. Payers ascend.
    """
    sums: dict[str, Amounts] = defaultdict(lambda: NOTHING)
    for row in rows:
        if row.outcome in _CLAIMED:
            for payer, amounts in amounts_of(row).items():
                sums[payer] += amounts
    return dict(sorted(sums.items()))


def trial_balance(postings: Iterable[Posted]) -> Balance:
    """Return the balance of a body's month.

    Errors: ValueError for a stage that is none, or a suspense without its reason (both are bugs).
    """
    claimed: dict[str, Amounts] = defaultdict(lambda: NOTHING)
    delivered: dict[str, Amounts] = defaultdict(lambda: NOTHING)
    suspended: dict[str, dict[str, Amounts]] = defaultdict(lambda: defaultdict(lambda: NOTHING))
    for posting in postings:
        stage = Stage(posting.stage)
        if (stage is Stage.SUSPENDED) != (posting.reason is not None):
            raise ValueError(f"a posting in {stage} with reason {posting.reason}")
        amounts = Amounts(*(getattr(posting, measure) for measure in MEASURES))
        if posting.reason is not None:
            suspended[posting.payer][posting.reason] += amounts
        else:
            (claimed if stage is Stage.CLAIMED else delivered)[posting.payer] += amounts
    return Balance(
        {
            payer: Account(
                claimed[payer],
                delivered[payer],
                # What was reversed to the unit is no suspense any more.
                {reason: amounts for reason, amounts in sorted(suspended[payer].items()) if amounts},
            )
            for payer in sorted({*claimed, *delivered, *suspended})
        }
    )


_CLAIMED: Final = (Outcome.CLAIMED, Outcome.SUSPENDED)


def _values(amounts: Amounts) -> Iterator[int]:
    return (getattr(amounts, measure) for measure in MEASURES)


def _sides(account: Account) -> tuple[Amounts, Amounts, Amounts, Amounts]:
    return account.claimed, account.delivered, account.suspense, account.difference


def _account_json(account: Account) -> dict[str, Any]:
    return {
        **{
            name: dict(zip(MEASURES, _values(amounts), strict=True))
            for name, amounts in zip(("claimed", "delivered", "suspended", "difference"), _sides(account), strict=True)
        },
        "reasons": {
            reason: dict(zip(MEASURES, _values(amounts), strict=True)) for reason, amounts in account.suspended.items()
        },
    }
