"""The shadow month: what the office said of a file beside what we say of it, code by code.

The official lists are closed; what they print of an institution's own file is not. Here both verdicts on one file are
laid side by side: which codes agree, where we would have refused what was accepted (our false refusals, told first),
what we missed, and which code of ours always stands where the office prints another. The result holds codes, counts
and claim numbers and nothing else of the file, so it can be passed on.

The papers leave open whether an official list prints of each claim all levels or only its gravest one, and whether it
prints notices (provider:5.1). The list itself tells: unless some claim in it bears several levels, what we find below
the gravest of a claim is not comparable and counts for nothing; so with notices, unless some stand in it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from csv import DictReader
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Final

from seikyu.rules.finding import Level
from seikyu.rules.table import checks

#: Claims that are named for one code; enough to look it up in one's own file.
_PLACES_NAMED: Final = 5

#: The levels that an official list tells apart when it prints the gravest only. Source: provider:5.1.
_RANK: Final[Mapping[str, int]] = {"L1": 4, "L2": 3, "L3": 2, "L4": 1, "L7": 1, "L48": 0}
#: The level that a family of official codes has, by its first digits. Source: provider:5.1.
_FAMILIES: Final = (("48", "L48"), ("1", "L1"), ("2", "L2"), ("3", "L3"), ("4", "L4"), ("7", "L7"))
_UNREADABLE: Final = frozenset({"L1", "L2"})

#: A claim, or the file as a whole (None), by the number that is printed of it.
ClaimNo = int | None


@dataclass(frozen=True, slots=True)
class Official:
    """One code that the office printed, and of which claim."""

    claim_no: ClaimNo
    code: str


@dataclass(frozen=True, slots=True)
class Fate:
    """What the list of confirmed claims (請求確定状況) says of one: if it was claimed, its class and its points."""

    claim_no: int
    claimed: bool
    level: str
    points: int | None


@dataclass(frozen=True, slots=True)
class Ours:
    """What we found in one claim, or in the file as a whole: a code with its level, and whether it refuses."""

    claim_no: ClaimNo
    code: str
    level: str
    refuses: bool


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that both say. Units: claims, or points (home nursing: yen)."""

    name: str
    official: int
    ours: int

    @property
    def agrees(self) -> bool:
        """True if both say the same."""
        return self.official == self.ours


@dataclass(slots=True)
class Tally:
    """How often a code stands where. `places` are the numbers of the first claims in question."""

    code: str
    agreed: int = 0
    false_refusals: int = 0
    missed: int = 0
    extra: int = 0
    places: list[int] = field(default_factory=list)

    def note(self, claim_no: ClaimNo) -> None:
        """Keep a claim's number, if there is room for it."""
        if claim_no is not None and len(self.places) < _PLACES_NAMED and claim_no not in self.places:
            self.places.append(claim_no)


@dataclass(frozen=True, slots=True)
class Pair:
    """An official code and one of ours that stand alone on the same claims; the official one stands `of` times."""

    official: str
    ours: str
    together: int
    of: int

    @property
    def row(self) -> str:
        """The row of `learned.csv` that would make the two one."""
        return f"{self.official},{self.ours},,L,shadow month,seen together {self.together} of {self.of} times"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of it.

    Shape: `tallies` with false refusals first, then what we missed, then what we said beyond the office, then the
    rest; `claims` are those of the file that the lists speak of, `alike` those on which both say the same, `file_alike`
    tells it of the file itself; `unknown` are official codes that our table does not have.
    """

    claims: int
    alike: int
    file_alike: bool
    tallies: Sequence[Tally]
    pairs: Sequence[Pair]
    figures: Sequence[Figure]
    unknown: Sequence[str]

    @property
    def false_refusals(self) -> int:
        """How many claims, or files, we would have turned away though the office took them."""
        return sum(tally.false_refusals for tally in self.tallies)

    @property
    def agrees(self) -> bool:
        """True if nothing differs."""
        return self.file_alike and self.alike == self.claims and all(figure.agrees for figure in self.figures)

    def to_json(self) -> dict[str, Any]:
        """Return it in the types of JSON."""
        return {
            "claims": self.claims,
            "alike": self.alike,
            "file_alike": self.file_alike,
            "false_refusals": self.false_refusals,
            "codes": [
                {
                    "code": each.code,
                    "agreed": each.agreed,
                    "false_refusals": each.false_refusals,
                    "missed": each.missed,
                    "extra": each.extra,
                    "claims": list(each.places),
                    "judged": _judged(each.code),
                }
                for each in self.tallies
            ],
            "pairs": [
                {
                    "official": each.official,
                    "ours": each.ours,
                    "together": each.together,
                    "of": each.of,
                    "row": each.row,
                }
                for each in self.pairs
            ],
            "figures": [
                {"name": each.name, "official": each.official, "ours": each.ours, "agrees": each.agrees}
                for each in self.figures
            ],
            "unknown": list(self.unknown),
        }


def level_of(code: str) -> str:
    """Return the level of an official code: that of the table, else that of its family; the gravest if it has none.

    >>> level_of("L4800"), level_of("L4999"), level_of("L9999")
    ('L48', 'L4', 'L1')
    """
    known = checks().get(code)
    if known is not None and known.level is not None:
        return known.level.value
    digits = code.removeprefix("L")
    return next((level for head, level in _FAMILIES if digits.startswith(head)), Level.L1.value)


def compare(
    claim_nos: Iterable[int],
    ours: Iterable[Ours],
    *,
    listed: Sequence[Official] | None,
    fates: Sequence[Fate] | None = None,
    figures: Sequence[Figure] = (),
    levels: frozenset[str] | None = None,
) -> Comparison:
    """Return how two verdicts on one file agree.

    `claim_nos` are the numbers of the file's claims; `listed` what the list of results prints, None if there is none
    (then only refusals are compared, of the claims that `fates` names); `levels` are those that the list covers, None
    for all.
    """
    said = _by_claim(listed or ())
    found = _by_claim(each for each in ours if levels is None or each.level in levels)
    known = {fate.claim_no: fate for fate in fates or ()}
    table = _Table(with_list=listed is not None, every_level=_prints_every_level(said), notices=_prints_notices(said))
    whole = any(fate.claimed for fate in known.values())
    file_alike = table.claim(None, said.get(None, []), found.get(None, []), accepted=whole or None)
    numbers = [no for no in dict.fromkeys(claim_nos) if listed is not None or no in known]
    alike = sum(
        table.claim(no, said.get(no, []), found.get(no, []), accepted=_accepted(known.get(no))) for no in numbers
    )
    return Comparison(
        claims=len(numbers),
        alike=alike,
        file_alike=file_alike,
        tallies=table.tallies(),
        pairs=table.pairs(),
        figures=list(figures),
        unknown=sorted({each.code for each in listed or () if each.code not in checks()}),
    )


class _Table:
    """The count while the claims pass."""

    def __init__(self, *, with_list: bool, every_level: bool, notices: bool) -> None:
        self._with_list = with_list
        self._every_level = every_level
        self._least = 0 if notices else 1
        self._tallies: dict[str, Tally] = {}
        self._together: Counter[tuple[str, str]] = Counter()
        self._stands: Counter[str] = Counter()

    def claim(self, no: ClaimNo, said: Sequence[Official], found: Sequence[Ours], *, accepted: bool | None) -> bool:
        """Count one claim, or the file (None); return whether both say the same of it.

        `accepted` is True if the office certainly took it, None if only the list can tell.
        """
        if accepted is None:
            accepted = self._with_list and all(_RANK[level_of(each.code)] < _RANK["L3"] for each in said)
        wrongly = [each for each in found if each.refuses] if accepted else []
        for code in dict.fromkeys(each.code for each in wrongly):
            self._count(code, "false_refusals", no)
        alike = not wrongly
        if self._with_list:
            refusing = {each.code for each in wrongly}
            alike = self._codes(no, said, [each for each in found if each.code not in refusing]) and alike
        return alike

    def _codes(self, no: ClaimNo, said: Sequence[Official], found: Sequence[Ours]) -> bool:
        """Compare the codes of a claim as far as the list prints them."""
        official = {each.code for each in said}
        gravest = max((_RANK[level_of(code)] for code in official), default=0)
        least = self._least if self._every_level else max(gravest, self._least)
        comparable = {each.code for each in found if _RANK[each.level] >= least}
        both = official & comparable
        for code in list(official - both):
            for ours in learned().get(code, frozenset()) & comparable:
                comparable.discard(ours)
                both.add(code)
        missed, extra = official - both, comparable - both
        for codes, column in ((both, "agreed"), (missed, "missed"), (extra, "extra")):
            for code in sorted(codes):
                self._count(code, column, no)
        self._stands.update(missed)
        if len(missed) == 1:
            (alone,) = missed
            self._together.update((alone, ours) for ours in extra)
        return not missed and not extra

    def _count(self, code: str, column: str, no: ClaimNo) -> None:
        tally = self._tallies.setdefault(code, Tally(code))
        setattr(tally, column, getattr(tally, column) + 1)
        if column != "agreed":
            tally.note(no)

    def tallies(self) -> list[Tally]:
        """Return the counts, the gravest disagreement first."""
        return sorted(
            self._tallies.values(),
            key=lambda each: (-each.false_refusals, -each.missed, -each.extra, -each.agreed, each.code),
        )

    def pairs(self) -> list[Pair]:
        """Return the codes that stand together, the surest first."""
        pairs = [Pair(*codes, together, self._stands[codes[0]]) for codes, together in self._together.items()]
        return sorted(pairs, key=lambda each: (-each.together, each.official, each.ours))


def _by_claim(each_of: Iterable[Any]) -> dict[ClaimNo, list[Any]]:
    grouped: defaultdict[ClaimNo, list[Any]] = defaultdict(list)
    for each in each_of:
        grouped[each.claim_no].append(each)
    return grouped


def _prints_every_level(said: Mapping[ClaimNo, Sequence[Official]]) -> bool:
    """True if some claim bears codes of several levels: then the list prints them all."""
    return any(len({_RANK[level_of(each.code)] for each in codes}) > 1 for no, codes in said.items() if no is not None)


def _prints_notices(said: Mapping[ClaimNo, Sequence[Official]]) -> bool:
    """True if some notice stands in the list."""
    return any(not _RANK[level_of(each.code)] for codes in said.values() for each in codes)


def _accepted(fate: Fate | None) -> bool | None:
    """Return whether a claim was certainly not refused: it was claimed, or its class is one that only asks.

    A claim of class L3 that was not claimed may have been refused or left out; only the list of results can tell.
    """
    return None if fate is None or not (fate.claimed or fate.level == "L4") else True


def _judged(code: str) -> bool:
    row = checks().get(code)
    return row is not None and row.judged


@cache
def learned() -> Mapping[str, frozenset[str]]:
    """Return the codes of ours that mean the same as an official one; one row of `learned.csv` each."""
    text = files(__package__).joinpath("learned.csv").read_text("utf-8")
    return parse_learned(text)


def parse_learned(text: str) -> Mapping[str, frozenset[str]]:
    """Return what the rows of such a table say."""
    meanings: defaultdict[str, set[str]] = defaultdict(set)
    for row in DictReader(text.splitlines()):
        meanings[row["official"]].add(row["ours"])
    return {official: frozenset(ours) for official, ours in meanings.items()}


def official_code(digits: str) -> str:
    """Return the code as our table writes it, from what a list prints: 4 digits, or the letter and 4 digits.

    >>> official_code("3001"), official_code("L3001"), official_code("X3020")
    ('L3001', 'L3001', 'X3020')
    """
    text = digits.strip()
    return f"L{text}" if text.isdigit() else text
