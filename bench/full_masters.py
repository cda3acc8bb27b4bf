"""Masters of the official sizes that a made file conforms to: its own codes, and as many others as there are."""

import random
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from seikyu.apps.generator.places import stock
from seikyu.rules.masters import Filed, forms, opened, read_version
from seikyu.rules.masters.reading import read_master

#: Rows of the masters as of 2025, from the public lists of the masters' sizes; registers are of the order of the country.
SIZES = {"s": 9_000, "y": 20_000, "t": 1_500, "c": 6_000, "b": 27_000, "z": 2_400, "insurers": 3_500,
         "public_payers": 12_000, "institutions": 100_000, "item_limits": 3_000, "disease_limits": 3_000,
         "management_fees": 200, "original_drugs": 5_000}  # fmt: skip
NEVER = "99999999"
Row = dict[str, str]


def prices(value: Any) -> Iterable[tuple[str, Decimal]]:
    """Yield the drugs of a stock with their prices: they stand there as code, amount a day, yen a day."""
    if isinstance(value, dict):
        for each in value.values():
            yield from prices(each)
    elif isinstance(value, list):
        if len(value) == 3 and isinstance(value[0], str) and value[0].startswith("6") and isinstance(value[2], int | float):  # fmt: skip
            price = Decimal(str(value[2])) / Decimal(str(value[1]))
            if price == round(price, 2):
                yield value[0], price
        for each in value:
            yield from prices(each)


def found_in(data: bytes) -> dict[str, dict[str, Row]]:
    """Return the codes of a file with what they are worth in it, by master."""
    kinds = {form.prefix: kind for kind, form in forms().items() if form.prefix}
    found: dict[str, dict[str, Row]] = {kind: {} for kind in SIZES}
    priced = dict(prices(stock("medical")))
    for line in data.split(b"\r\n"):
        items = line.decode("cp932").split(",")
        if items[0] in ("SI", "IY", "TO", "CO"):
            kind = kinds[items[3][0]]
            row = found[kind].setdefault(items[3], {})
            if kind == "s" and items[1] and items[5] and not items[4]:
                row.setdefault("points", items[5])
            if kind == "s" and items[4]:
                row["step"] = "1"
            if kind == "y" and items[3] in priced:
                row["price"] = str(priced[items[3]])
            if kind == "c":
                row["pattern"] = "10" if items[4] else "20"
        elif items[0] == "SY":
            found["b"].setdefault(items[1], {})
            found["z"].update({items[4][at : at + 4]: {} for at in range(0, len(items[4]), 4)})
        elif items[0] in ("HO", "KO"):
            kind = "insurers" if items[0] == "HO" else "public_payers"
            found[kind].setdefault(items[1].strip().zfill(8), {})
        elif items[0] == "IR":
            found["institutions"].setdefault("".join(items[2:5]), {})
    return found


_COLUMNS: Mapping[str, Callable[[Row], Row]] = {
    "s": lambda row: {
        "name": "見本", "unit_code": "1" if "step" in row else "0", "points_class": "3" if "points" in row else "1",
        "points": row.get("points", ""), "in_out": "0", "bundled_test": "0", "place": "0", "anaesthesia": "0",
        "days_class": "0", "visit_class": "0", "step": row.get("step", "0"), "step_from": "0", "step_until": "0",
        "step_by": "0", "step_points": "0", "lower_age": row.get("lower_age", "00"), "upper_age": "00", "reduced": "0",
        "outpatient_management": "0", "bundled_reduction": "0", "notice_class_1": "1", "until": NEVER,
        "long_anaesthesia": "0", "note_code": "", "note_serial": "", "facility_1": "",
    },
    "y": lambda row: {
        "unit": "錠", "price_class": "1" if "price" in row else "2", "price": row.get("price", ""), "narcotic": "0",
        "generic": "1", "until": NEVER,
    },
    "t": lambda _: {"price_class": "2", "price": "0", "oxygen": "0", "price_limit": "0", "until": NEVER},
    "c": lambda row: {"pattern": row.get("pattern", "10"), "until": NEVER},
    "b": lambda _: {"name": "見本", "until": NEVER, "not_claimable": "0"},
    "z": lambda _: {"name": "見本"},
    "insurers": lambda _: {"since": "19610401", "until": NEVER, "symbol_used": "0", "old_government": "0"},
    "public_payers": lambda _: {"name": "見本"},
    "institutions": lambda _: {"name": "", "clinic": "0", "since": "19610401", "until": ""},
    "item_limits": lambda _: {"sex": "1", "lower_age": "15", "upper_age": ""},
    "disease_limits": lambda _: {"sex": "2", "lower_age": "", "upper_age": "15"},
    "management_fees": lambda _: {"group": "1"},
    "original_drugs": lambda _: {"comment_code": "820199001"},
}  # fmt: skip


def table(kind: str, rows: list[Row]) -> bytes:
    """Return a packed version that is whole and holds from 2019 on."""
    text = "\n".join([",".join(rows[0]), *(",".join(row.values()) for row in rows)])
    read = read_master(text.encode(), kind=kind)
    return read.pack(since=20190401, known_until=20991231, whole=True, file=f"{kind}.csv", imported=1)


def others(kind: str, taken: Iterable[str], count: int) -> list[str]:
    """Return further codes of a kind."""
    form, dice, codes = forms()[kind], random.Random(kind), dict.fromkeys(taken)
    own = len(codes)
    width = form.key[0].width - len(form.prefix)
    while len(codes) - own < count:
        codes[form.prefix + f"{dice.randrange(10**width):0{width}d}"] = None
    return list(codes)[own:]


def versions(found: Mapping[str, Mapping[str, Row]], more: Mapping[str, Row] = MappingProxyType({})) -> list[Filed]:
    """Return versions of masters with these codes and as many others; `more` columns of procedures by code."""
    filed = []
    for kind, size in SIZES.items():
        key = forms()[kind].key[0].column
        known = dict(found[kind])
        for at, code in enumerate(others(kind, known, size)):
            known[code] = {"price": f"{10 + at % 900}.{at % 100:02d}"}
        rows = [{key: code, **_COLUMNS[kind](row)} for code, row in known.items()]
        if kind == "s":
            rows = [{**row, **more.get(row[key], {})} for row in rows]
        filed.append(opened(read_version(table(kind, rows))))
    return filed
