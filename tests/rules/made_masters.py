"""Masters of a file's own codes, filled at random so that rules with masters hit often, in several versions."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from random import Random

from seikyu.rules.masters import Masters, forms, masters_of, opened, read_version
from seikyu.rules.masters.reading import read_master

#: Days on which versions begin, and until when each is known to be the newest.
VERSIONS = ((20200401, 20260731), (20260801, 20260930), (20261001, 20991231))
_NEVER = "99999999"
_UNTIL = [_NEVER] * 6 + ["20260331", "20260815", "20260910", "20261005", "20260231", ""]
_AGES = ["", "00", "00", "0", "01", "03", "12", "65", "75", "AA", "B3", "B6", "BF", "BK", "MG", "XX", "120"]
_CODE_OF = {b"SI": 3, b"IY": 3, b"TO": 3, b"CO": 3, b"SY": 1}


def codes_in(data: bytes) -> Mapping[str, list[str]]:
    """Return what stands in a file: codes by the master that they are looked up in, and payers' numbers."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    kinds = {form.prefix: kind for kind, form in forms().items() if form.prefix}
    for line in data.split(b"\r\n"):
        items = line.split(b",")
        if items[0] in _CODE_OF and len(items) > 3:
            code = items[_CODE_OF[items[0]]].decode("ascii", "replace")
            kind = "b" if items[0] == b"SY" else kinds.get(code[:1], "")
            found[kind][code] = None
        if items[0] == b"SY" and len(items) > 4:
            modifiers = items[4].decode("ascii", "replace")
            found["z"].update(dict.fromkeys(modifiers[at : at + 4] for at in range(0, len(modifiers), 4)))
        if items[0] in (b"HO", b"KO") and len(items) > 1:
            kind = "insurers" if items[0] == b"HO" else "public_payers"
            found[kind][items[1].decode("ascii", "replace").strip().zfill(8)] = None
        if items[0] == b"IR" and len(items) > 4:
            found["institutions"][b"".join(items[2:5]).decode("ascii", "replace")] = None
    return {kind: [code for code in codes if code.isdigit()] for kind, codes in found.items()}


def points_in(data: bytes) -> Mapping[str, str]:
    """Return for procedures the points that some line gives them."""
    lines = (line.split(b",") for line in data.split(b"\r\n"))
    found = ((items[3].decode("ascii", "replace"), items[5].decode("ascii", "replace")) for items in lines if items[0] == b"SI" and len(items) > 5)  # fmt: skip
    return {code: points for code, points in found if points.isdigit()}


Row = dict[str, str]
Filled = Callable[[Random, str, Mapping[str, str]], Row]


def _choices(**columns: list[str]) -> Filled:
    return lambda dice, _, __: {name: dice.choice(values) for name, values in columns.items()}


def _procedure(dice: Random, code: str, points: Mapping[str, str]) -> Row:
    row = _choices(
        in_out=["0", "0", "0", "0", "1", "2"],
        place=["0", "0", "1"],
        days_class=["0", "0", "2"],
        visit_class=["1", "2", "3"],
        name=["見本", "見本（２科目）"],
        points_class=["3", "3", "3", "1"],
        step=["0", "0", "0", "1"],
        step_from=["0", "1", "30"],
        step_until=["2", "100", "99999999"],
        step_by=["0", "1", "30"],
        step_points=["10", "12.5"],
        unit_code=["0", "1"],
        bundled_test=["0"] * 9 + ["1"],
        reduced=["0"] * 9 + ["1"],
        bundled_reduction=["0"],
        outpatient_management=["0", "1", "2"],
        anaesthesia=["0", "1"],
        long_anaesthesia=["0", "0", "0", "1"],
        notice_class_1=["1", "7", "9"],
        lower_age=_AGES,
        upper_age=_AGES,
        until=_UNTIL,
    )(dice, code, points)
    return {**row, "points": dice.choice([points.get(code, "10")] * 4 + ["10", "10.5", ""])}


#: Kind of master: where its codes come from, and what its other columns may hold.
KINDS: Mapping[str, tuple[tuple[str, ...], Filled]] = {
    "s": (("s",), _procedure),
    "y": (("y",), _choices(price_class=["1", "1", "2"], price=["0", "5.70", "10.10", "1234.56", ""], until=_UNTIL)),
    "t": (
        ("t",),
        _choices(
            price_class=["1", "1", "2"],
            price=["1005.00", "200.00", "55.50", "0", ""],
            oxygen=["0", "0", "1"],
            price_limit=["0", "0", "1"],
            until=_UNTIL,
        ),
    ),
    "c": (("c",), _choices(pattern=["10", "20", "20", "40", ""], until=_UNTIL)),
    "b": (("b",), _choices(until=_UNTIL, not_claimable=["0", "1"])),
    "z": (("z",), _choices(name=["見本"])),
    "insurers": (
        ("insurers",),
        _choices(
            since=["19610401", "20260905", "20261101"],
            until=[_NEVER, _NEVER, "20260731"],
            symbol_used=["0", "1"],
            old_government=["0", "0", "1"],
        ),
    ),
    "public_payers": (("public_payers",), _choices(name=["見本"])),
    "institutions": (("institutions",), _choices(clinic=["0", "1"], since=["20000401", "20261101"], until=[_NEVER, "20260630"])),
    "item_limits": (("s", "y"), _choices(sex=["", "1", "2"], lower_age=_AGES, upper_age=_AGES)),
    "disease_limits": (("b",), _choices(sex=["", "1", "2"], lower_age=_AGES, upper_age=_AGES)),
    "management_fees": (("s",), _choices(group=["1", "2", "3", "4", ""])),
    "original_drugs": (("y",), _choices(comment_code=["820199001", "830199001"])),
}  # fmt: skip


def table(kind: str, rows: list[Row], *, since: int, known_until: int, whole: bool) -> bytes:
    """Return a packed version of a table of our own form."""
    text = "\n".join([",".join(rows[0]), *(",".join(row.values()) for row in rows)])
    read = read_master(text.encode(), kind=kind)
    return read.pack(since=since, known_until=known_until, whole=whole, file=f"{kind}.csv", imported=since)


def slipped(data: bytes, seed: int) -> bytes:
    """Return a file with slips that masters tell: symbols and texts left out, fewer days, other amounts and points."""
    dice, lines = Random(seed), data.split(b"\r\n")
    for at, line in enumerate(lines):
        items = line.split(b",")
        place, value = {
            b"HO": dice.choice([(2, b""), (4, b"1")]),
            b"CO": (4, b""),
            b"TO": dice.choice([(4, b"2.5"), (5, b"77")]),
            b"IY": dice.choice([(4, b"0.00001"), (4, b"123456.5"), (5, b"77"), (4, b"")]),
            b"SI": dice.choice([(4, b""), (4, b"45"), (5, b"77")]),
        }.get(items[0], (0, b""))
        if place and len(items) > place and dice.random() < 0.3:
            items[place] = value
            lines[at] = b",".join(items)
    return b"\r\n".join(lines)


def masters_for(data: bytes, seed: int, *, kept: float = 0.95) -> Masters:
    """Return versions of all these masters that hold most of the codes of a file, each with other columns left out.

    Some codes stand in no version.
    """
    dice, codes, points = Random(seed), codes_in(data), points_in(data)
    blocks = []
    for kind, (sources, filled) in KINDS.items():
        key = forms()[kind].key[0].column
        known = sorted({code for source in sources for code in codes.get(source, ())})
        known = [code for code in known if dice.random() < (0.5 if kind == "z" else kept)]  # Files have few modifiers.
        for since, known_until in VERSIONS[dice.randrange(3) :]:
            some = [forms()[kind].prefix.ljust(forms()[kind].key[0].width, "9"), *known]
            some = [code for code in some if dice.random() < kept]
            rows = [{key: code, **filled(dice, code, points)} for code in some]
            if dice.random() < 0.3 and rows:
                left_out = dice.choice([name for name in rows[0] if name != key] or [key])
                rows = [{name: value for name, value in row.items() if name != left_out} for row in rows]
            if (
                rows
                and len({len(row) for row in rows}) == 1
                and set(rows[0]) >= {part.column for part in forms()[kind].key}
            ):
                whole = dice.random() < 0.8
                blocks.append(table(kind, rows, since=since, known_until=known_until, whole=whole))
    return masters_of([opened(read_version(block)) for block in blocks])
