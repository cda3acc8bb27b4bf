"""A made-up file, written as a stream: as many claims or bytes as wanted, of any kind, in bounded memory."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, BinaryIO, Final

from seikyu.apps.generator.claim import Claim, Record, encoded, row, shares_in
from seikyu.apps.generator.codes import codes_of
from seikyu.apps.generator.damage import FAULTS, damaging
from seikyu.apps.generator.forms import FORMS, Form
from seikyu.apps.generator.people import Sheet
from seikyu.apps.generator.places import Institution, stock
from seikyu.apps.generator.returns import return_end, return_head, returned, sent_again
from seikyu.apps.generator.stockpile import Persons, Stockpile
from seikyu.apps.generator.tally import Tally
from seikyu.records import Month
from seikyu.rules.masters import NO_MASTERS, Masters

#: A claim number has six digits, so that a file of a wished size beyond this needs more long claims than usual.
_HEAVY_FROM_BYTES: Final = 200 * 1024 * 1024
_HEAVY_SHARE: Final = 0.35

#: What the items of the last record hold at most.
_MOST_CLAIMS: Final = 999_999
_MOST_CASES: Final = 999_999
_MOST_POINTS: Final = 9_999_999_999

#: Pieces are handed on in blocks of about so many.
_BLOCK_PIECES: Final = 1024
_END_MARK: Final = b"\x1a"


class TooManyClaims(ValueError):
    """The totals of so many claims do not fit into the file's last record."""


class NoClaimLeft(ValueError):
    """No claim was left that can carry some of the errors. Shape: `kinds` are theirs."""

    def __init__(self, kinds: Sequence[str]) -> None:
        super().__init__(f"no claim left to carry: {', '.join(kinds)}")
        self.kinds = tuple(kinds)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to make. The same recipe makes the same bytes.

    Shape: `body` is 1 or 2 as the first record says it; `claim_month` is YYYYMM; `late_share` is the part of the claims
    from earlier months, `reclaim_share` that of returned claims sent again; `returns` makes a file of returned claims.
    `faults` are kinds of deliberate errors, one claim each; `damage` gives rates by kind. `size_bytes` stands instead
    of `claims`. Codes are drawn from `masters`, and from our own stock where there are none. With `long_stays` medical
    stays have up to 100 KB, as in life; without it files stay handy.
    """

    institution: Institution
    body: str
    claim_month: int
    claims: int = 100
    seed: int = 1
    late_share: float = 0.03
    faults: tuple[str, ...] = ()
    size_bytes: int | None = None
    kind: str = "medical"
    reclaim_share: float = 0.0
    returns: bool = False
    damage: Mapping[str, float] = field(default_factory=dict)
    masters: Masters = NO_MASTERS
    long_stays: bool = False

    @property
    def form(self) -> Form:
        """How files of the kind are made."""
        return FORMS[self.kind]


def write(recipe: Recipe, out: BinaryIO) -> Tally:
    """Write the file and return what it amounts to, without regard to damage.

    Errors: KeyError for an unknown kind of fault or damage; NoClaimLeft, if no claim can carry one of them;
    TooManyClaims; OSError.
    """
    tally = Tally()
    out.writelines(stream(recipe, tally))
    return tally


def stream(recipe: Recipe, tally: Tally) -> Iterator[bytes]:
    """Yield the file in blocks, adding up in `tally`; its sums are complete when the stream is. Errors: as `write`."""
    blocks = _intact(recipe, tally)
    return damaging(blocks, recipe.damage, recipe.seed) if recipe.damage else blocks


def _intact(recipe: Recipe, tally: Tally) -> Iterator[bytes]:
    yield encoded([_first(recipe)])
    yield from _blocks(_Maker(recipe, tally).claims())
    sums = tally.sums()
    with_totals = recipe.form.totals or recipe.returns
    if with_totals and (sums.cases > _MOST_CASES or sums.main_points > _MOST_POINTS):
        raise TooManyClaims
    yield encoded([_last(recipe, {2: str(sums.cases), 3: str(sums.main_points), 4: "99"})]) + _END_MARK


def _first(recipe: Recipe) -> Record:
    if recipe.returns:
        return return_head(recipe.kind, recipe.institution, body=recipe.body, month=recipe.claim_month)
    return recipe.form.first(recipe.institution, body=recipe.body, month=recipe.claim_month)


def _last(recipe: Recipe, totals: dict[int, str]) -> Record:
    if recipe.returns:
        return return_end(recipe.kind, totals)
    return row(recipe.kind, "GO", totals if recipe.form.totals else {})


def _blocks(claims: Iterable[list[bytes]]) -> Iterator[bytes]:
    """Yield claims in blocks: few writes, and little memory."""
    block: list[bytes] = []
    for pieces in claims:
        block += pieces
        if len(block) >= _BLOCK_PIECES:
            yield b"".join(block)
            block.clear()
    yield b"".join(block)


class _Maker:
    """Makes the claims of one file, with its faults where they are due."""

    def __init__(self, recipe: Recipe, tally: Tally) -> None:
        self._recipe = recipe
        self._tally = tally
        self._stock = Stockpile(self._claim)
        self._persons = Persons(recipe.seed, f"{recipe.body}{recipe.claim_month}{recipe.institution.code}")
        self._waiting = list(recipe.faults)
        self._used: list[int] = []
        self._codes: dict[tuple[str | None, ...], Mapping[str, Any]] = {}

    def claims(self) -> Iterator[list[bytes]]:
        """Yield the pieces of each claim; the tally is complete afterwards."""
        unknown = [kind for kind in self._waiting if kind not in FAULTS]
        if unknown:
            raise KeyError(*unknown)
        yield from self._counted() if self._recipe.size_bytes is None else self._sized(self._recipe.size_bytes)
        if self._waiting:
            raise NoClaimLeft(self._waiting)
        for template, times in zip(self._stock.templates, self._used, strict=True):
            self._tally.count(template.shares, times=times)

    def _counted(self) -> Iterator[list[bytes]]:
        wanted, faults = self._recipe.claims, len(self._waiting)
        every = max(1, wanted // (faults + 1))
        for number in range(1, wanted + 1):
            pieces = self._next(number)
            if self._waiting and (number % every == 0 or wanted - number < len(self._waiting)):
                pieces = self._spoilt(pieces, self._waiting[0])
            yield pieces

    def _sized(self, size_bytes: int) -> Iterator[list[bytes]]:
        written = number = 0
        while written < size_bytes:
            if number == _MOST_CLAIMS:
                raise TooManyClaims
            number += 1
            pieces = self._next(number)
            written += sum(map(len, pieces))
            yield pieces

    def _next(self, number: int) -> list[bytes]:
        """Return the pieces of claim `number` and note what it is made of."""
        self._last = index = self._stock.index(number)
        if index == len(self._used):
            self._used.append(0)
        self._used[index] += 1
        template = self._stock.templates[index]
        return template.filled(self._persons.values(number, template))

    def _spoilt(self, pieces: list[bytes], kind: str) -> list[bytes]:
        """Return the claim with an error, if it can carry it, and count it for itself."""
        lines = b"".join(pieces).splitlines(keepends=True)
        if not FAULTS[kind].spoil(lines):
            return pieces
        del self._waiting[0]
        self._used[self._last] -= 1
        self._tally.count(shares_in(lines, self._recipe.form.meals), FAULTS[kind].effect)
        self._tally.faults[kind] += 1
        return lines

    def _claim(self, number: int) -> Claim:
        recipe = self._recipe
        # A seed of its own for every claim: claim 5 is the same in a file of 10 and of 10,000.
        seed = f"{recipe.seed}/{recipe.institution.id}/{recipe.body}/{recipe.claim_month}/{number}/{recipe.kind}"
        dice = Random(seed)  # noqa: S311  (made-up files must come out the same again)
        again = recipe.returns or (recipe.reclaim_share > 0 and dice.random() < recipe.reclaim_share)
        back = dice.randint(2, 10) if again or dice.random() < recipe.late_share else 1
        month = earlier(recipe.claim_month, back)
        sheet = Sheet(
            dice,
            recipe.institution,
            recipe.body,
            recipe.claim_month,
            month=month,
            codes=self._codes_of(month),
            long_stays=recipe.long_stays,
            heavy=(recipe.size_bytes or 0) > _HEAVY_FROM_BYTES and dice.random() < _HEAVY_SHARE,
        )
        claim = recipe.form.claim(sheet)
        if not again:
            return claim
        asked = recipe.form.first(recipe.institution, body=recipe.body, month=earlier(sheet.month, -1))
        if recipe.returns:
            return returned(claim, asked, dice, kind=recipe.kind, month=recipe.claim_month)
        return sent_again(claim, asked, dice, kind=recipe.kind)

    def _codes_of(self, month: int) -> Mapping[str, Any]:
        """Return the codes of a service month: those of its masters."""
        masters, day = self._recipe.masters, Month(month // 100, month % 100)
        versions = tuple(masters.name_of(kind, day) for kind in masters.kinds)
        if versions not in self._codes:
            self._codes[versions] = codes_of(masters, stock(self._recipe.kind), day)
        return self._codes[versions]


def earlier(month: int, back: int) -> int:
    """Return the month (YYYYMM) that lies `back` months before. Example: `earlier(202601, 2)` is 202511."""
    year, rest = divmod(month // 100 * 12 + month % 100 - 1 - back, 12)
    return year * 100 + rest + 1
