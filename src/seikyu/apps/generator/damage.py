"""Deliberate errors: a catalogue of what goes wrong with files, and a way to put it into one.

    damaged(data, "missing_comma", 0.01, seed=7)

Damage has a scope: `record` meets each line with the rate, `claim` each claim, `head` and `tail` the ends of the file
once. The same data, kind, rate and seed give the same bytes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import log, log1p
from random import Random
from typing import Final, Literal

from seikyu.apps.generator.claim import Effect
from seikyu.apps.generator.damage_claims import BROKEN_OFF, CLAIM_DAMAGE, HEAD_DAMAGE, TAIL_DAMAGE, SpoilLines
from seikyu.apps.generator.damage_records import RECORD_DAMAGE, Spoil

Scope = Literal["record", "claim", "head", "tail"]

_TRAILERS: Final = frozenset({b"GO", b"HG"})
_NEVER: Final = 2**62


@dataclass(frozen=True, slots=True)
class Damage:
    """One kind of damage. Shape: `spoil` changes the lines of a claim or an end, or of them the one at a place."""

    kind: str
    scope: Scope
    spoil: Callable[[list[bytes], int, Random], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """Damage to a claim that one rule names. `code` is the finding that it must bring; `effect` is what that does."""

    kind: str
    code: str
    effect: Effect

    def spoil(self, lines: list[bytes]) -> bool:
        """Put the error into the claim's lines and say so; a claim that cannot carry it stays as it is."""
        publics = sum(line[:2] == b"KO" for line in lines)
        if publics == _MOST_PUBLIC:
            return False
        return CLAIM_DAMAGE[self.kind](lines, Random(0))  # noqa: S311  (made-up files must come out the same again)


_MOST_PUBLIC: Final = 4


def _of_record(kind: str, spoil: Spoil) -> Damage:
    def meet(lines: list[bytes], at: int, dice: Random) -> None:
        lines[at] = spoil(lines[at], dice)

    return Damage(kind, "record", meet)


def _of_lines(kind: str, scope: Scope, spoil: SpoilLines) -> Damage:
    def meet(lines: list[bytes], _: int, dice: Random) -> None:
        spoil(lines, dice)

    return Damage(kind, scope, meet)


DAMAGES: Final[Mapping[str, Damage]] = {
    **{kind: _of_record(kind, spoil) for kind, spoil in RECORD_DAMAGE.items()},
    **{kind: _of_lines(kind, "claim", spoil) for kind, spoil in CLAIM_DAMAGE.items()},
    **{kind: _of_lines(kind, "head", spoil) for kind, spoil in HEAD_DAMAGE.items()},
    **{kind: _of_lines(kind, "tail", spoil) for kind, spoil in TAIL_DAMAGE.items()},
}

#: The damage of which the demo month counts what becomes of it.
FAULTS: Final[Mapping[str, Fault]] = {
    fault.kind: fault
    for fault in (
        Fault("insurer_check_digit", "X3001", "ask"),
        Fault("insured_number", "L2162", "refused"),
        Fault("birth_date", "L2133", "refused"),
        Fault("total", "X3020", "ask"),
        Fault("burden", "X2037", "refused"),
        Fault("day_sum", "X2043", "ask"),
        Fault("no_disease", "X2028", "ask"),
        Fault("name", "L3001", "refused"),
        Fault("claim_type", "L2900", "refused"),
    )
}


def damaged(data: bytes, kind: str, rate: float, seed: int) -> bytes:
    """Return the file with damage of one kind. Errors: KeyError for a kind that is not in DAMAGES."""
    return b"".join(damaging([data], {kind: rate}, seed))


def damaging(chunks: Iterable[bytes], rates: Mapping[str, float], seed: int) -> Iterator[bytes]:
    """Yield the file with damage of several kinds, claim by claim, in the memory of one.

    Errors: KeyError for a kind that is not in DAMAGES.
    """
    acts = [_Act(DAMAGES[kind], rate, seed) for kind, rate in rates.items()]
    for scope, lines in sections(chunks):
        met = [act for act in acts if act.meet(scope, lines)]
        yield b"".join(lines)
        if any(act.ends_file for act in met):
            return


def sections(chunks: Iterable[bytes]) -> Iterator[tuple[Scope, list[bytes]]]:
    """Yield the parts of a file: what stands before the first claim, each claim, what stands behind the last."""
    scope: Scope = "head"
    lines: list[bytes] = []
    opening = b"RE,"
    for line in _lines(chunks):
        if line[:3] == b"UK,":
            opening = b"IR,"  # A dental claim begins with the institution's record.
        if (line[:3] == opening and scope != "tail") or (scope == "claim" and line[:2] in _TRAILERS):
            yield scope, lines
            scope, lines = ("claim" if line[:3] == opening else "tail"), []
        lines.append(line)
    yield scope, lines


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield lines with their ends, however the chunks cut them."""
    rest = b""
    for chunk in chunks:
        lines = (rest + chunk).split(b"\n")
        rest = lines.pop()
        for line in lines:
            yield line + b"\n"
    if rest:
        yield rest


class _Act:
    """One kind of damage on its way through a file: it counts down to the next line or claim that it meets."""

    def __init__(self, damage: Damage, rate: float, seed: int) -> None:
        self._damage = damage
        self._rate = rate
        self._dice = Random(f"{seed}/{damage.kind}")  # noqa: S311  (made-up files must come out the same again)
        self._wait = self._gap()

    def _gap(self) -> int:
        """Return how many places are left alone until the next."""
        if self._rate >= 1:
            return 0
        if self._rate <= 0:
            return _NEVER
        return int(min(log(1 - self._dice.random()) / log1p(-self._rate), _NEVER))

    @property
    def ends_file(self) -> bool:
        """True if nothing follows where this damage was done."""
        return self._damage.kind == BROKEN_OFF

    def meet(self, scope: Scope, lines: list[bytes]) -> bool:
        """Do the damage to these lines, if it is their turn, and say so."""
        damage, first = self._damage, self._wait
        if damage.scope not in {"record", scope}:
            return False
        places = len(lines) if damage.scope == "record" else 1
        while self._wait < places:
            damage.spoil(lines, self._wait, self._dice)
            self._wait += self._gap() + 1
        self._wait -= places
        return first < places
