"""Rules of points: what a unit must come to by the points, prices and steps of the masters.

Only units whose every line the master prices plainly are judged: fixed points, drugs by price, materials by price.
Reductions, percentages, bundled tests, purchase prices and lines with comments are left to those who know more.
"""

from collections.abc import Iterable, Iterator
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import Final

from seikyu.rules.masters import Row, Version
from seikyu.rules.rule import Rule, rule
from seikyu.rules.view import Claim, Place, Record, Unit
from seikyu.rules.with_masters.lookup import code_of, comments_of, rows_of

_DAYS: Final = "," * 30
#: Points that are added (点数（プラス）), and prices in yen. Source: master-layouts:7, master-layouts:4.
PLUS: Final = 3
YEN: Final = 1
#: Columns whose value makes the points depend on what else was done.
DEPENDENT: Final = ("bundled_test", "reduced", "bundled_reduction")
FIXED: Final = ("points_class", "points", "step", *DEPENDENT)
STEPS: Final = ("step_from", "step_until", "step_by", "step_points")
#: Drugs up to this price are one point where they are given to take or by needle, and nothing elsewhere.
LEAST_YEN: Final = Decimal(15)
_ONE_POINT: Final = frozenset({b"2", b"3"})
_TEN: Final = Decimal(10)
#: The kinds of claims whose units are made of these lines alone; others add the points elsewhere.
SUMMED: Final = frozenset({"medical", "dpc"})
#: Images: a second one costs less, which the master does not say. Source: checks:X4001.
_IMAGES: Final = b"70"


def _units_of(claim: Claim, record_id: str) -> Iterator[Unit]:
    """Yield the units whose every line is of one sort, could be read, and bears no comment."""
    for unit in claim.units if claim.layout.kind in SUMMED else ():
        plain = all(
            record.id == record_id and not record.unreadable and not any(comments_of(record)) for record in unit.records
        )
        if plain and unit.points is not None:
            yield unit


@rule(
    code="X4001",
    title="the points are not those of the master",
    title_ja="点数がマスターの点数と一致しません",
    on="SI",
    tables=(" ".join(f"s.{name}" for name in FIXED),),
    passes=(
        f"SI,11,1,111000110,,291,1,,,,,,,1{_DAYS}",
        f"SI,54,1,199000110,150,6600,1,,,,,,,1{_DAYS}",
        f"SI,12,1,112007410,,,1,,,,,,,1{_DAYS}\nSI,,1,112011010,,127,1,,,,,,,1{_DAYS}",
        f"SI,60,1,199000910,,93,1,,,,,,,1{_DAYS}",
    ),
    fails=(
        f"SI,11,1,111000110,,288,1,,,,,,,1{_DAYS}",
        f"SI,54,1,199000110,160,6600,1,,,,,,,1{_DAYS}",
    ),
)
def other_points(claim: Claim) -> Iterator[Place]:
    """Points are fixed by law; another number is mostly that of an older fee schedule."""
    version = claim.master("s", *FIXED)
    for unit in _units_of(claim, "SI") if version else ():
        expected = _points(unit.records, version) if version and unit.service_class != _IMAGES else None
        if expected is not None and expected != unit.points:
            yield unit.records[-1].at("points", found=unit.points, expected=expected)


def _points(records: Iterable[Record], version: Version) -> int | None:
    """Return what a unit of procedures comes to, None if the master alone does not tell."""
    total = Decimal(0)
    for record in records:
        row = version.row(code_of(record) or "")
        if row is None or row["points_class"] != PLUS or any(row[name] for name in DEPENDENT):
            return None
        points = _stepped(row, record["quantity"]) if row["step"] else row["points"]
        if points is None:
            return None
        total += points
    return int(total) if total == total.to_integral_value() else None


def _stepped(row: Row, quantity: int | None) -> Decimal | None:
    """Return the points of a procedure that is counted in steps: those of the first step, and some for each further.

    The first step ends at `step_from`. Outside its bounds the papers name several ways, so nothing is said then.
    """
    start, end, step, points = (row[name] for name in STEPS)
    if quantity is None or None in {start, end, step, points, row["points"]} or step <= 0:
        return None
    if quantity <= start - step or quantity > end:
        return None
    steps = (Decimal(max(quantity - start, 0)) / step).to_integral_value(ROUND_CEILING)
    return Decimal(row["points"] + steps * points)


@rule(
    code="X4002",
    title="the points of drugs are not those of their prices",
    title_ja="薬剤の点数が薬価から求めた点数と一致しません",
    on="IY",
    tables=("y.price_class y.price",),
    passes=(
        f"IY,21,1,699000001,3,4,1,,,,,,,1{_DAYS}",
        f"IY,21,1,699000001,1,1,1,,,,,,,1{_DAYS}",
        f"IY,21,1,699000001,2,,1,,,,,,,1{_DAYS}\nIY,,1,699000002,1,27,1,,,,,,,1{_DAYS}",
    ),
    fails=(
        f"IY,21,1,699000001,3,3,1,,,,,,,1{_DAYS}",
        f"IY,21,1,699000001,1,2,1,,,,,,,1{_DAYS}",
    ),
)
def other_drug_points(claim: Claim) -> Iterator[Place]:
    """One point for 15 yen, and one for each further ten: another number is mostly that of older prices."""
    version = claim.master("y", "price_class", "price")
    for unit in _units_of(claim, "IY") if version else ():
        yen = _yen(unit.records, version) if version else None
        if yen is None or (yen <= LEAST_YEN and unit.service_class[:1] not in _ONE_POINT):
            continue
        over = max(yen - LEAST_YEN, Decimal(0)) / _TEN
        expected = 1 + int(over.to_integral_value(ROUND_CEILING))
        if expected != unit.points:
            yield unit.records[-1].at("points", found=unit.points, expected=expected)


def _yen(records: Iterable[Record], version: Version) -> Decimal | None:
    """Return the price of all lines of a unit, None if the master alone does not tell."""
    prices = [_price(record, version.row(code_of(record) or "")) for record in records]
    known = [price for price in prices if price is not None]
    return sum(known, Decimal(0)) if len(known) == len(prices) else None


def _price(record: Record, row: Row | None) -> Decimal | None:
    """Return price times amount of one line."""
    amount: Decimal | None = record["amount"]
    if row is None or row["price_class"] != YEN or not row["price"] or amount is None:
        return None
    return Decimal(row["price"] * amount)


@rule(
    code="X4003",
    title="the points of materials are not those of their prices",
    title_ja="特定器材の点数が材料価格から求めた点数と一致しません",
    on="TO",
    tables=("t.price_class t.price t.oxygen",),
    passes=(
        f"TO,40,1,799000001,1,101,1,,,,,,,,,,,1{_DAYS}",
        f"TO,40,1,799000001,1,,1,,,,,,,,,,,1{_DAYS}\nTO,,1,799000001,1,201,1,,,,,,,,,,,1{_DAYS}",
        f"TO,40,1,799000002,1,999,1,,,,,,,,,,,1{_DAYS}",
    ),
    fails=f"TO,40,1,799000001,1,100,1,,,,,,,,,,,1{_DAYS}",
)
def other_material_points(claim: Claim) -> Iterator[Place]:
    """A tenth of the price, rounded: another number is mostly that of older prices."""
    version = claim.master("t", "price_class", "price", "oxygen")
    for unit in _units_of(claim, "TO") if version else ():
        rows = [version.row(code_of(record) or "") for record in unit.records] if version else []
        yen = _yen(unit.records, version) if version else None
        if yen is None or any(row and (row["oxygen"] or row["price_limit"]) for row in rows):
            continue
        each = [_rounded(_price(record, row) or Decimal(0)) for record, row in zip(unit.records, rows, strict=True)]
        # Whether each material is rounded or their sum is not said plainly, so both are right.
        if unit.points not in {_rounded(yen), sum(each)}:
            yield unit.records[-1].at("points", found=unit.points, expected=_rounded(yen))


def _rounded(yen: Decimal) -> int:
    return int((yen / _TEN).to_integral_value(ROUND_HALF_UP))


@rule(
    code="X4004",
    title="the quantity is missing, or stands where none belongs",
    title_ja="数量データの有無が診療行為と合いません",
    on="SI",
    tables=("s.step s.unit_code",),
    passes=(f"SI,11,1,111000110,,291,1,,,,,,,1{_DAYS}", f"SI,54,1,199000110,150,6600,1,,,,,,,1{_DAYS}"),
    fails=(f"SI,54,1,199000110,,6600,1,,,,,,,1{_DAYS}", f"SI,11,1,111000110,2,291,1,,,,,,,1{_DAYS}"),
)
def odd_quantity(claim: Claim) -> Iterator[Place]:
    """What is counted in minutes, films or sheets cannot be paid without their number; other items have none."""
    for record, row in rows_of(claim, "SI", "s", "step", "unit_code") if claim.layout.kind in SUMMED else ():
        there = bool(record.raw("quantity"))
        if (row["step"] == 1 and not there) or (row["step"] == 0 and row["unit_code"] == 0 and there):
            yield record.at("quantity")


RULES: Final[tuple[Rule, ...]] = (
    other_points,
    other_drug_points,
    other_material_points,
    odd_quantity,
)
