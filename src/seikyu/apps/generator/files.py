"""A made-up UKE file, written as a stream: as many claims or bytes as wanted, in constant memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import BinaryIO, Final

from seikyu.apps.generator.claims import Claim, make_claim
from seikyu.apps.generator.faults import FAULTS, spoil
from seikyu.apps.generator.places import Institution, World, world
from seikyu.apps.generator.tally import Tally

#: A file of a wished size gets long claims beyond this, as a claim number has six digits.
_LONG_FROM_BYTES: Final = 50 * 1024 * 1024
_LONG_CLAIM_TESTS: Final = 150

#: From here on a large file repeats the claims it has, under new numbers: a benchmark wants bytes, not variety.
_POOL_CLAIMS: Final = 1000


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to make. The same recipe makes the same bytes.

    Shape: `body` is 1 or 2 as IR says it; `claim_month` is YYYYMM; `late_share` is the part of the claims from earlier
    months. `faults` are kinds of deliberate errors, one claim each. `size_bytes` stands instead of `claims`.
    """

    institution: Institution
    body: str
    claim_month: int
    claims: int = 100
    seed: int = 1
    late_share: float = 0.03
    faults: tuple[str, ...] = ()
    size_bytes: int | None = None


def write(recipe: Recipe, out: BinaryIO) -> Tally:
    """Write the file and return what it amounts to. Errors: KeyError for an unknown kind of fault; OSError."""
    tally = Tally()
    out.writelines(stream(recipe, tally))
    return tally


def stream(recipe: Recipe, tally: Tally) -> Iterator[bytes]:
    """Yield the file piece by piece, adding up in `tally`; its sums are complete when the stream is."""
    place = recipe.institution
    yield _line("IR", recipe.body, place.id[:2], place.id[2], place.code, "", place.name,
                str(recipe.claim_month), "00", "099-000-0000")  # fmt: skip
    if recipe.size_bytes is None:
        for claim in claims(recipe, world()):
            tally.count(claim)
            yield claim.encode()
    else:
        yield from _many(recipe, tally, recipe.size_bytes)
    sums = tally.sums()
    yield _line("GO", str(sums.cases), str(sums.main_points), "99")
    yield b"\x1a"


def claims(recipe: Recipe, everyone: World) -> Iterator[Claim]:
    """Yield the claims of a recipe with a number of claims.

    Errors: ValueError, if there are more errors wished than claims to carry them; KeyError for an unknown kind.
    """
    waiting = list(recipe.faults)
    unknown = [kind for kind in waiting if kind not in FAULTS]
    if unknown:
        raise KeyError(*unknown)
    every = max(1, recipe.claims // (len(waiting) + 1))
    for number in range(1, recipe.claims + 1):
        claim = _claim(recipe, number, everyone)
        if waiting and (number % every == 0 or recipe.claims - number < len(waiting)) and spoil(claim, waiting[0]):
            del waiting[0]
        yield claim
    if waiting:
        raise ValueError(f"no claim left to carry: {', '.join(waiting)}")


def _claim(recipe: Recipe, number: int, everyone: World, extra: int = 0) -> Claim:
    # A seed of its own for every claim: claim 5 is the same in a file of 10 and of 10,000.
    seed = f"{recipe.seed}/{recipe.institution.id}/{recipe.body}/{recipe.claim_month}/{number}"
    dice = Random(seed)  # noqa: S311  (made-up files must come out the same again)
    back = dice.randint(2, 10) if dice.random() < recipe.late_share else 1
    month = earlier(recipe.claim_month, back)
    return make_claim(
        dice, number, place=recipe.institution, body=recipe.body, month=month, world=everyone, extra=extra
    )


def _many(recipe: Recipe, tally: Tally, size_bytes: int) -> Iterator[bytes]:
    extra = _LONG_CLAIM_TESTS if size_bytes > _LONG_FROM_BYTES else 0
    pool: list[tuple[Claim, bytes]] = []
    written = number = 0
    while written < size_bytes:
        number += 1
        if len(pool) < _POOL_CLAIMS:
            claim = _claim(recipe, number, world(), extra)
            _, _, rest = claim.encode().partition(b",")
            pool.append((claim, rest.partition(b",")[2]))
        claim, rest = pool[(number - 1) % _POOL_CLAIMS]
        tally.count(claim)
        piece = b"RE,%d,%b" % (number, rest)
        written += len(piece)
        yield piece


def earlier(month: int, back: int) -> int:
    """Return the month (YYYYMM) that lies `back` months before. Example: `earlier(202601, 2)` is 202511."""
    year, rest = divmod(month // 100 * 12 + month % 100 - 1 - back, 12)
    return year * 100 + rest + 1


def _line(*items: str) -> bytes:
    return ",".join(items).encode("cp932") + b"\r\n"
