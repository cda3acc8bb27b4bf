"""Masters that a made file of DPC, dental or pharmacy claims conforms to, with tables of the official sizes' order."""

import random
from collections.abc import Iterable, Iterator

from full_masters import SIZES, Row, found_in, others, table, versions

from seikyu.rules.masters import Filed, Masters, forms, masters_of, opened, read_version

Lines = list[list[str]]
#: Rows of the tables beside a file's own.
CLASSES, DISEASES, BESIDE, OPERATIONS, PROCEDURES, DRUGS, TEETH, FEES = (
    4_800,
    20_000,
    60_000,
    20_000,
    9_000,
    20_000,
    800,
    400,
)
NO_OPERATION = {"99", "xx"}
#: Where the codes of lines stand that `found_in` does not look at, and in which master they are; a prefix decides if none.
BESIDES = {
    "dpc": {"CD": (5, ""), "SK": (1, "s")},
    "dental": {"HS": (4, "b")},
    "pharmacy": {"IY": (2, "y"), "TO": (2, "t"), "HO": (1, "insurers"), "KO": (1, "public_payers")},
}


def masters_for(kind: str, data: bytes) -> Masters:
    """Return masters of the codes of a file of one of these kinds, and as many others."""
    lines = [line.decode("cp932").split(",") for line in data.split(b"\r\n")]
    found = found_in(data) if kind != "pharmacy" else {name: {} for name in SIZES}
    prefixes = {form.prefix: name for name, form in forms().items() if form.prefix}
    for items in lines:
        at, name = BESIDES[kind].get(items[0], (0, ""))
        if at and items[at]:
            code = items[at].strip().zfill(8) if items[0] in ("HO", "KO") else items[at]
            found[name or prefixes[code[0]]].setdefault(code, {})
        if items[0] == "YK":
            found["institutions"].setdefault("".join(items[2:5]), {})
    return masters_of([*versions(found), *TABLES[kind](lines)])


def _filed(kind: str, rows: Iterable[Row]) -> Filed:
    return opened(read_version(table(kind, list(rows))))


def _all(lines: Lines, record: str, at: int) -> set[str]:
    return {items[at] for items in lines if items[0] == record and items[at]}


def of_dpc(lines: Lines) -> Iterator[Filed]:
    """Yield the tables of DPC."""
    dice = random.Random(1)
    classes = {code.lower() for code in _all(lines, "BU", 1)}
    procedures, drugs = _all(lines, "SI", 3), _all(lines, "IY", 3)
    homes, done = sorted({code[:6] for code in classes}), sorted(_all(lines, "SK", 1) | procedures)
    asked = sorted({(code[:6], code[8:10]) for code in classes if code[8:10] not in NO_OPERATION})

    def made(length: int) -> str:
        return "".join(dice.choices("0123456789x", k=length))

    def icd10(number: int) -> str:
        return f"Q{number % 100:02d}{number // 100}"

    every = sorted(classes | {made(14) for _ in range(CLASSES)})
    yield _filed("dpc_classes", ({"dpc_code": code, "name": "見本", "bundled": "1"} for code in every))
    own = [{"icd10": code, "dpc_disease": home} for code in sorted(_all(lines, "SB", 4)) for home in homes]
    further = [{"icd10": icd10(number), "dpc_disease": made(6)} for number in range(DISEASES)]
    yield _filed("dpc_diseases", own + further)
    beside = ({"comorbidity_icd10": icd10(number), "dpc_disease": dice.choice(homes)} for number in range(BESIDE))
    yield _filed("dpc_comorbidities", beside)
    named = [(*home, code) for home in asked for code in done]
    named += [(made(6), "01", str(150_000_000 + number)) for number in range(OPERATIONS)]
    keys = ("dpc_disease", "operation_class", "operation_code")
    yield _filed("dpc_operations", (dict(zip(keys, key, strict=True)) for key in named))
    every = [*sorted(procedures), *others("s", procedures, PROCEDURES)]
    yield _filed("dpc_procedures", ({"dpc_procedure_code": code, "usable": "1", "bundled": "0"} for code in every))
    every = [*sorted(drugs), *others("y", drugs, DRUGS)]
    yield _filed("dpc_drugs", ({"dpc_drug_code": code, "by_item": "1"} for code in every))


def of_dental(lines: Lines) -> Iterator[Filed]:
    """Yield the master of teeth."""
    teeth = {text[at : at + 6] for text in _all(lines, "HS", 3) for at in range(0, len(text), 6)}
    every = sorted(teeth | {f"9{number:05d}" for number in range(TEETH)})
    yield _filed("f", ({"code": code, "name": "見本"} for code in every))


def of_pharmacy(lines: Lines) -> Iterator[Filed]:
    """Yield the master of dispensing."""
    every = sorted(_all(lines, "CZ", 9) | {f"49{number:07d}" for number in range(FEES)})
    yield _filed("m", ({"code": code, "name": "見本", "most_per_reception": "99"} for code in every))


TABLES = {"dpc": of_dpc, "dental": of_dental, "pharmacy": of_pharmacy}
