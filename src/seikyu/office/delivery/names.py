"""Numbers, names and sizes of deliveries."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import PurePosixPath
from re import compile as pattern
from tomllib import loads
from typing import Final

from seikyu.records import Month, era_text

_BODY: Final = pattern(r"1|2-\d\d")
_MONTH: Final = pattern(r"\d{6}")
_PAYER: Final = pattern(r"\d{8}")
_LAST_VOLUME: Final = 999
_MANAGEMENT_DIGITS: Final = 16


@dataclass(frozen=True, slots=True)
class Form:
    """The payers' file of one kind of claim. Shape: positions count from 1, as printed; `meals` 0 for none."""

    file: str
    header: bytes
    search_no: int
    HO: "Places"
    KO: "Places"


@dataclass(frozen=True, slots=True)
class Places:
    """Where a payer's record holds what it is charged by."""

    number: int
    days: int
    points: int
    meals: int = 0


@cache
def forms() -> dict[str, Form]:
    """Return the form of every kind of claim."""
    document = loads((files("seikyu.office.delivery") / "forms.toml").read_text(encoding="utf-8"))
    return {
        kind: Form(
            file=row["file"],
            header=row["header"].encode("ascii"),
            search_no=row["search_no"],
            HO=Places(**row["HO"]),
            KO=Places(**row["KO"]),
        )
        for kind, row in document.items()
    }


def management_digits(management_no: int) -> str:
    """Return a management number (レセプト管理番号) in its 9 to 16 digits.

    Errors: ValueError, if it does not fit.
    """
    digits = f"{management_no:09d}"
    if management_no < 0 or len(digits) > _MANAGEMENT_DIGITS:
        raise ValueError(f"no management number: {management_no}")
    return digits


def search_no(management_no: int, claim_month: Month, *, body: str, prefecture: str) -> str:
    """Return the search number (検索番号): prefecture 2, review body 1, claim month GYYMM, management number.

    Two review bodies number the claims of one prefecture and month independently; the body's digit keeps them apart.
    In published samples the point table stands in its place (1 medical, 4 pharmacy).

    >>> search_no(940000030, Month(2024, 7), body="2-13", prefecture="13")
    '13250607940000030'

    Source: payer:3.3.
    """
    return f"{prefecture}{body[0]}{era_text(claim_month)}{management_digits(management_no)}"


def delivery_path(body: str, month: Month | str, *, payer: str, kind: str, volume: int = 1) -> PurePosixPath:
    """Return where a payer's program lays a delivery.

    >>> str(delivery_path("2-13", "202609", payer="00138016", kind="medical"))
    'deliveries/2-13/202609/00138016/0_COMMON001/11_RECODEINFO_MED.CSV'

    Errors: ValueError for anything that is no body, month, payer, kind or volume; so a path never leads elsewhere.
    Source: payer:3.2.
    """
    good = _BODY.fullmatch(body) and _MONTH.fullmatch(str(month)) and _PAYER.fullmatch(payer)
    if not good or kind not in forms() or not 1 <= volume <= _LAST_VOLUME:
        raise ValueError(f"no delivery: {body} {month} {payer} {kind} {volume}")
    return PurePosixPath("deliveries", body, str(month), payer, f"0_COMMON{volume:03d}", forms()[kind].file)


def begins_volume(size_bytes: int, claim_bytes: int, *, limit_bytes: int) -> bool:
    """True if the next claim must begin a new volume. A claim never crosses volumes; one alone may pass the limit."""
    return size_bytes > 0 and size_bytes + claim_bytes > limit_bytes
