"""Fee tables of a file's own codes, filled at random so that rules with them hit often, in several versions."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from random import Random

from seikyu.rules.masters import Masters, forms, masters_of, opened, read_version
from seikyu.rules.masters.reading import read_master

#: Days on which versions begin, and until when each is known to be the newest: there are months without one between.
VERSIONS = ((20200401, 20260630), (20260801, 20260930), (20261001, 20991231))
SINCE = ["", "20200401", "20260801", "20260915", "20260930", "20261005", "20260231", "20270101"]
UNTIL = ["", "99999999", "20260731", "20260831", "20260901", "20260912", "20261020", "20251231"]
COMMENTS = ["820199001", "830199001", "830199002", "830199003"]
FREE_TEXT = "810000001"
STANDARDS = ["0101", "0102", "0103", "0104", "0105"]
_CODE_AT = {b"SI": 3, b"IY": 3, b"SY": 1}
_COUNT, _POINTS, _FIRST_DAY, _DAYS = 6, 5, 13, 31

Row = dict[str, str]
Codes = Mapping[str, Sequence[str]]


def codes_in(data: bytes) -> Codes:
    """Return the codes of a file's procedures, drugs and diseases, and its institution."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for line in data.split(b"\r\n"):
        items = line.split(b",")
        if items[0] in _CODE_AT and len(items) > 3:
            code = items[_CODE_AT[items[0]]].decode("ascii", "replace")
            if len(code) == (7 if items[0] == b"SY" else 9):
                found[items[0].decode()][code] = None
        if items[0] == b"IR":
            found["IR"][b"".join(items[2:5]).decode()] = None
    return {kind: [code for code in codes if code.isdigit()] for kind, codes in found.items()}


def _plain(dice: Random) -> str:
    return dice.choice(["", "0", "0", "0", "1"])


def _change(dice: Random) -> str:
    return dice.choice(["", "0", "0", "3", "1", "9"])


def _span(dice: Random) -> Row:
    return {"since": dice.choice(["", "", *SINCE]), "until": dice.choice(["", "", *UNTIL])}


def _links(dice: Random, codes: Codes) -> list[Row]:
    return [
        {
            "linked_code": code,
            **{f"span_{at}": dice.choice(["", "1", "2", "3", "5", "6"]) for at in (1, 2, 3)},
            **{f"group_{at}": dice.choice(["", "0", "A1", "A2", "A3", "A4"]) for at in (1, 2, 3)},
            **_span(dice),
        }
        for code in dice.choices(codes["SI"], k=14)
    ]


def _inclusions(dice: Random, codes: Codes) -> list[Row]:
    groups = ["", "A1", "A2", "A3", "B1"]
    return [
        {"included_code": code, "group": dice.choice(groups), "special": _plain(dice), **_span(dice)}
        for code in dice.choices(codes["SI"], k=24)
    ]


def _exclusions(span: str) -> Callable[[Random, Codes], list[Row]]:
    def made(dice: Random, codes: Codes) -> list[Row]:
        return [
            {
                f"{span}_code": dice.choice(codes["SI"]),
                f"{span}_other": dice.choice(codes["SI"]),
                "choice": dice.choice(["1", "2", "3", "3", "4", ""]),
                "special": _plain(dice),
                **_span(dice),
            }
            for _ in range(25 if span != "month" else 12)
        ]

    return made


def _limits(dice: Random, codes: Codes) -> list[Row]:
    units = ["121", "138", "142", "131", "143", "148", "999"]
    most = {"121": ["", "0", "1", "2", "3"], "131": ["1", "2", "3", "6"]}
    rows = []
    for code in dice.choices(codes["SI"], k=20):
        unit = dice.choice(units)
        times = dice.choice(most.get(unit, ["1", "2", "4"]))
        rows.append({"limited_code": code, "unit_code": unit, "most": times, "special": _plain(dice), **_span(dice)})
    return rows


def _bases(dice: Random, codes: Codes) -> list[Row]:
    pairs = {(dice.choice(codes["SI"]), dice.choice(codes["SI"])) for _ in range(14)}
    return [{"based_addition": addition, "base_code": base} for addition, base in sorted(pairs)]


def _procedures(dice: Random, codes: Codes) -> list[Row]:
    return [
        {
            "code": code,
            "note_code": dice.choice(["", "0", "0", "0000", "1100", "1200", "1300"]),
            "note_serial": dice.choice(["", "0", "00", "1", "2"]),
            "notice_class_1": dice.choice(["1", "7", "7"]),
            "facility_1": dice.choice(["", "0", "101", "102", "103", "199"]),
            "facility_2": dice.choice(["", "0", "0", "104"]),
        }
        for code in codes["SI"]
        if dice.random() < 0.97
    ]


def _indications(first: str, source: str, days: Sequence[str] = ()) -> Callable[[Random, Codes], list[Row]]:
    def made(dice: Random, codes: Codes) -> list[Row]:
        diseases = [*dice.choices(codes["SY"], k=12), "0000000", "0000003", "0000999"]
        rows = []
        for code in codes[source]:
            for disease in dice.choices(diseases, k=dice.randrange(4)):
                row = {first: code, "disease_code": disease, "change": _change(dice)}
                rows.append(row | ({"most_days": dice.choice(days)} if days else {}))
        return rows

    return made


def _doses(dice: Random, codes: Codes) -> list[Row]:
    return [
        {
            "dosed_drug": code,
            "most_a_day": dice.choice(["", "0", "1", "2.5", "3", "99"]),
            "most_days": dice.choice(["", "0", "7", "14", "28"]),
            **_span(dice),
        }
        for code in codes["IY"]
        if dice.random() < 0.7
    ]


def _classes(dice: Random, codes: Codes) -> list[Row]:
    return [
        {"classed_drug": dice.choice(codes["IY"]), "drug_class": dice.choice(["", "甲", "乙", "丙"])} for _ in range(6)
    ]


def _comments(dice: Random, codes: Codes) -> list[Row]:
    return [
        {
            "commented_code": dice.choice(codes["SI"]),
            "item": dice.choice(["1", "2"]),
            "section": "",
            "branch": dice.choice(["", "1"]),
            "comment_code": dice.choice(["", "8301", "830199999", *COMMENTS, *COMMENTS]),
            "condition": dice.choice(["1", "1", "1", "1", "2", ""]),
            "not_billed": dice.choice(["", "0", "0", "0", "1"]),
            "in_out": dice.choice(["", "0", "0", "0", "1"]),
            "until": dice.choice(["", "99999999", "99999999", "20990331"]),
        }
        for _ in range(14)
    ]


def _standards(dice: Random, _: Codes) -> list[Row]:
    return [{"facility_standard": code, "notified": dice.choice(["1", "1", "1", "0", ""])} for code in STANDARDS]


def _notices(dice: Random, codes: Codes) -> list[Row]:
    return [
        {"notifying_institution": code, "notified_standard": dice.choice(STANDARDS), **_span(dice)}
        for code in codes["IR"]
        for _ in range(dice.randrange(1, 4))
    ]


def _fee_classes(dice: Random, codes: Codes) -> list[Row]:
    some = dice.sample(codes["SI"], k=min(12, len(codes["SI"])))
    return [
        {"basic_fee_code": code, "family": dice.choice(["1", "1", "2", ""]), "standard": dice.choice(["", *STANDARDS])}
        for code in some
    ]


#: Kind of table: what fills it.
KINDS: Mapping[str, Callable[[Random, Codes], list[Row]]] = {
    "fee_links": _links,
    "fee_inclusions": _inclusions,
    "fee_exclusions_day": _exclusions("day"),
    "fee_exclusions_month": _exclusions("month"),
    "fee_exclusions_once": _exclusions("once"),
    "fee_exclusions_week": _exclusions("week"),
    "fee_limits": _limits,
    "fee_bases": _bases,
    "s": _procedures,
    "procedure_indications": _indications("indicated_procedure", "SI"),
    "drug_indications": _indications("indicated_drug", "IY", ["", "0", "7", "14", "30", "30", "999"]),
    "drug_contraindications": _indications("contraindicated_drug", "IY"),
    "drug_doses": _doses,
    "drug_classes": _classes,
    "required_comments": _comments,
    "facility_standards": _standards,
    "facility_notices": _notices,
    "basic_fee_classes": _fee_classes,
}


def packed(kind: str, rows: Sequence[Row], *, since: int, known_until: int, whole: bool) -> bytes:
    """Return a packed version of a table of our own form."""
    text = "\n".join([",".join(rows[0]), *(",".join(row.values()) for row in rows)])
    read = read_master(text.encode(), kind=kind)
    return read.pack(since=since, known_until=known_until, whole=whole, file=f"{kind}.csv", imported=since)


def fee_tables_for(data: bytes, seed: int) -> Masters:
    """Return fee tables for the codes of a file, each in up to three versions, some without a column."""
    dice, codes, blocks = Random(seed), codes_in(data), []
    for kind, filled in KINDS.items():
        for since, known_until in VERSIONS[dice.choice([0, 0, 0, 1, 2]) :]:
            rows = filled(dice, codes) if all(codes.values()) and codes.keys() >= {"SI", "IY", "SY"} else []
            keys = {part.column for part in forms()[kind].key}
            if rows and dice.random() < 0.15:
                left_out = dice.choice(sorted({*rows[0]} - keys or {""}))
                rows = [{name: value for name, value in row.items() if name != left_out} for row in rows]
            if rows:
                blocks.append(packed(kind, rows, since=since, known_until=known_until, whole=dice.random() < 0.85))
    return masters_of([opened(read_version(block)) for block in blocks])


# --- files ---


def _days(dice: Random, items: list[bytes]) -> None:
    """Write other days on a line: one or several, once or several times, mostly with the count that they come to."""
    days = dice.choices([1, 1, 30, 30, *range(1, 32)], k=dice.choice([1, 1, 2, 3, 8]))
    fields = [0] * _DAYS
    for day in days:
        fields[day - 1] += dice.choice([1, 1, 1, 2, 3])
    items[_FIRST_DAY : _FIRST_DAY + _DAYS] = [b"%d" % field if field else b"" for field in fields]
    items[_COUNT] = b"%d" % (sum(fields) if dice.random() < 0.85 else dice.randrange(9))


def _same_days(dice: Random, items: list[bytes], before: list[bytes]) -> None:
    """Take the days and the count of the line before."""
    if dice.random() < 0.9:
        items[_COUNT:] = before[_COUNT:]


def _drug(dice: Random, items: list[bytes]) -> None:
    items[1] = dice.choice([b"21", b"21", b"21", b"22", b""])
    items[4] = dice.choice([b"1", b"2.5", b"2.50001", b"3", b"100", b"1234567.12345"])
    fields = [b""] * _DAYS
    times = [dice.choice([b"3", b"7", b"10", b"14", b"28"]) for _ in range(dice.choice([1, 1, 2]))]
    for at, number in zip(dice.sample(range(30), k=len(times)), times, strict=True):
        fields[at] = number
    items[_FIRST_DAY : _FIRST_DAY + _DAYS] = fields
    items[_COUNT] = b"%d" % (sum(map(int, times)) + (dice.random() < 0.1))


def _service(dice: Random, items: list[bytes], before: list[bytes] | None, codes: Sequence[bytes]) -> None:
    """Change a line of a procedure or a drug."""
    if dice.random() < 0.3:
        items[3] = dice.choice(codes)
    change = dice.random()
    if items[0] == b"IY" and change < 0.7:
        _drug(dice, items)
    elif items[0] == b"SI" and change < 0.25:
        _days(dice, items)
    elif before and change < 0.5:
        _same_days(dice, items, before)
    if dice.random() < 0.05:
        items[_COUNT], items[_FIRST_DAY:] = b"3", [b"3"]  # The record ends behind its first day.
    if dice.random() < 0.15:
        items[7] = dice.choice([*COMMENTS, FREE_TEXT, "12"]).encode()


def _other(dice: Random, items: list[bytes], diseases: Sequence[bytes]) -> None:
    """Change a disease or a comment."""
    if items[0] == b"SY" and len(items) > 4:
        items[1] = dice.choice([items[1], items[1], dice.choice(diseases), b"123"])
        items[3] = dice.choice([b"1", b"1", b"1", b"2", b""])
        items[4] = dice.choice([b"", b"", b"", b"8002"])
    if items[0] == b"CO" and len(items) > 4 and dice.random() < 0.7:
        items[3] = dice.choice(COMMENTS).encode()


def shaken(data: bytes, seed: int) -> bytes:
    """Return a file whose lines have other codes, days, counts, units, comments and diseases among them."""
    dice, lines, before = Random(seed), list[bytes](), None
    codes = {rid: [code.encode() for code in known] for rid, known in codes_in(data).items()}
    for line in data.split(b"\r\n"):
        items = line.split(b",")
        if items[0] not in {b"SI", b"IY"} or len(items) <= _FIRST_DAY:
            _other(dice, items, codes["SY"])
            lines.append(b",".join(items))
            before = None
            continue
        _service(dice, items, before, codes[items[0].decode()])
        if before and dice.random() < 0.15:  # It joins the unit of the line before.
            before[_POINTS] = items[1] = b""
            lines[-1] = b",".join(before)
        lines += [b",".join(items)] * (1 + (dice.random() < 0.05))
        before = items
        if items[0] == b"IY" and dice.random() < 0.5:
            before = [*items[:3], dice.choice(codes["IY"]), *items[4:]]
            lines.append(b",".join(before))
        if dice.random() < 0.004:
            lines += [b"TI,1,1", b"TR,1,1992,202608,,1,19800101", b",".join(items)]
            before = None
    return b"\r\n".join(lines)
