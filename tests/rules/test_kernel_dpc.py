"""The scans of DPC, dental and pharmacy claims against their tables: both engines say the same, and all rules are hit."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from importlib.resources import files
from random import Random

import pytest
from engines import DAMAGES, assert_same, damaged, said
from test_kernel_kinds import made

from seikyu.rules import Rule, examine, testing_masters
from seikyu.rules.example import embedded
from seikyu.rules.kernel import judge
from seikyu.rules.kernel.claims_dpc import SCANS as BY_TABLES
from seikyu.rules.kernel.claims_dpc import _icd10, _text
from seikyu.rules.kernel.compile import key_of
from seikyu.rules.kernel.found import FoundInBatch
from seikyu.rules.masters import Masters, forms, masters_of, opened, read_version
from seikyu.rules.masters.reading import read_master
from seikyu.rules.view import Place

_CLASSES = ["040080XX99X0XX", "040080xx99x00x", "040080XX01X0XX", "040080XX97X00X", "180010XX0XXX0X", "990010XX0XXX0X",
            "040080XX99X0XZ", "040080XX9", "12345678901234", "040081XX01X00X", "", "０４", "040080XX01X0XX9",
            "040080XX99X1ZX"]  # fmt: skip
_ICD10 = ["J00", "E10", "J01", "j00", "Z99", "", "123", "J0000", "J000000", "J00000000", "J-0", "見", "1" * 20]
_SERVICES = ["199001010", "199000310", "199000020", "111000110", "199999990", "699999990", "1", "", "x", "9" * 20]
_TEETH = ["101600", "101699", "999900", "10160", "", "101600101600101601", "101600101600101601999900", "101600" * 64,
          "101600" * 65, "1016009", "10160A", "見", "999900999900", "101600101699101699101699"]  # fmt: skip

#: What each kind's tables speak of: records, and what is put into which item of them.
ODDITIES: dict[str, list[tuple[str, int, list[str]]]] = {
    "dpc": [
        ("BU", 1, _CLASSES),
        ("BU", 1, _CLASSES[:3]),
        ("SB", 4, _ICD10),
        ("SB", 4, _ICD10[:3]),
        ("SB", 5, ["01", "01", "11", "21", "31", "41", "", "99"]),
        ("CD", 5, [*_SERVICES, "620000001", "799999990"]),
        ("SI", 3, _SERVICES),
    ],
    "dental": [("HS", 3, _TEETH), ("HS", 1, ["", "20260801", "5080801", "x", "1" * 30]), ("HS", 2, ["", "1", "見本"])],
    "pharmacy": [
        ("CZ", 2, ["20260801", "20260802", "x", ""]),
        ("CZ", 3, ["20260801", "5080801", "x"]),
        ("CZ", 4, ["1", "1", "2", "", "x"]),
        ("CZ", 9, ["449000010", "449000010", "449000010", "449000020", "", "x"]),
        ("CZ", 10, ["24", "24", "24", "0", "", "x", "12345"]),
    ],
}
_MOST_LINES = 5
_SECTIONS = ["K000", "K0-00", "k000", "K00", "K0001", "K999", "", "-", "Ｋ０００", "K000見", "見本"]


#: Rows that the examples do not need: a class of which it is not said, and an operation of classes without one.
_MORE = {"dpc_classes": "040080xx97x00x,x,\n", "dpc_operations": "040080,99,199000310\n"}


@cache
def tables(since: int = 20190101, *, other_since: int | None = None, parts: tuple[str, ...] = ()) -> Masters:
    """Return the tables of the examples, perhaps with later versions of those of DPC that say something else.

    Of those named only parts are there.
    """
    folder, found = files(testing_masters), []
    for kind in forms():
        text = folder.joinpath(f"{kind}.csv").read_text("utf-8") + _MORE.get(kind, "")
        versions = [(since, text)]
        if other_since and kind.startswith("dpc_"):
            head, *rows = text.splitlines()
            versions.append((other_since, "\n".join([head, *(row.replace("J00", "J01") for row in rows[-1:])]) + "\n"))
        for number, (first, rows_of_it) in enumerate(versions, start=1):
            block = read_master(rows_of_it.encode(), kind=kind).pack(
                since=first, known_until=20991231, whole=kind not in parts, file=f"{kind}.csv", imported=number
            )
            found.append(opened(read_version(block)))
    return masters_of(found)


@cache
def short(kind: str, claims: int, seed: int) -> bytes:
    """Return a file with a few lines of each record in a claim: a stay has hundreds, of codes that no table here has."""
    found, seen = [], Counter[bytes]()
    for line in made(kind, claims, seed).split(b"\r\n"):
        seen[line[:2]] += 1
        if line[:2] == b"RE":
            seen.clear()
        if seen[line[:2]] < _MOST_LINES:
            found.append(line)
    return b"\r\n".join(found)


def _with(dice: Random, data: bytes, kind: str, share: float) -> bytes:
    """Return a file with other codes in so many of the items, with operations in DPC claims, and doubled records."""
    found = []
    for line in data.split(b"\r\n"):
        items = line.split(b",")
        for record, at, values in ODDITIES[kind]:
            if items[0] == record.encode() and len(items) > at and dice.random() < share:
                items[at] = dice.choice(values).encode("cp932")
        found.append(b",".join(items))
        if items[0] == b"SK" or (items[0] == b"BU" and dice.random() < share):
            code, section = dice.choice(_SERVICES[:6]), dice.choice(_SECTIONS)
            found.append(f"SK,{code},{section},20260802,,,".encode("cp932"))
        if items[0] == b"SI" and kind == "dpc" and dice.random() < share:
            found.append(b"IY,33,1,%s,1,25,1,,,,,,,1" % dice.choice([b"699000002", b"699000001", b"6990000020", b""]))
        if items[0] in (b"BU", b"HS", b"CZ") and dice.random() < share / 4:
            found += [found[-1]] * dice.choice([1, 3, 5])
        if items[0] == b"BU" and dice.random() < share / 6:
            found = [line for line in found if line != found[-1]]
    return b"\r\n".join(found)


def _told(data: bytes, masters: Masters) -> set[str]:
    return {finding.code for finding in said(data, "kernel", masters=masters).findings}


_HELD = {
    "dpc": {code for code in BY_TABLES if code.startswith("L")},
    "dental": {"X3041"},
    "pharmacy": {"X4030"},
}


@pytest.mark.unmeasured
@pytest.mark.parametrize("kind", ODDITIES)
def test_codes_of_all_sorts_are_told_by_both_alike(kind: str) -> None:
    """Known ones, unknown ones and what is none, few and many; each rule speaks."""
    told: set[str] = set()
    for seed, share in enumerate((0.05, 0.3, 0.9, 0.9)):
        data = _with(Random(seed), short(kind, 40, seed), kind, share)
        assert_same(data, masters=tables())
        told |= _told(data, tables())

    assert _HELD[kind] <= told


@pytest.mark.parametrize("kind", ODDITIES)
def test_tables_of_the_service_month_are_asked(kind: str) -> None:
    """Claims of months before any version, with one, and with two that differ."""
    whole = short(kind, 60, 8)
    parts = tables(parts=("dpc_classes", "s", "f"))
    for masters in (tables(20260701), tables(20260601, other_since=20260801), parts):
        assert_same(_with(Random(1), whole, kind, 0.5), masters=masters)


def test_receptions_that_are_unreadable_are_one() -> None:
    """As those are of which nothing is said; another number is another reception."""
    for numbers in (["", "x", "", "x"], ["1", "x", "", "2"], ["x", "x", "x"], ["1", "1", "1", "", "1"]):
        lines = [f"CZ,1,20260731,20260801,{no},7,1,1,01,449000010,24,,,49{',' * 57}" for no in numbers]
        assert_same(embedded("\n".join(["kind pharmacy", *lines])), masters=tables())


@pytest.mark.unmeasured
@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_told_by_both_alike_with_tables(damage: str) -> None:
    """Each kind of damage to files whose codes are of all sorts."""
    dice = Random(damage)
    for kind in ODDITIES:
        data = _with(dice, short(kind, 6, 3), kind, 0.3)
        assert_same(damaged(dice, data, damage, times=dice.choice([2, 20])), masters=tables())


def test_codes_come_back_from_their_columns() -> None:
    """As text and as the number that the masters give them; what is none has none."""
    part = forms()["dpc_diseases"].key[0]
    for code in ("J00", "E10", "123", "0", "J00000", "j00", "J-0", "J000000"):
        assert code == _text(key_of(code.encode()))
        number = part.number(code)
        assert _icd10(key_of(code.encode())) == (-1 if number is None else number)
    assert _icd10(-4) == -1


@pytest.mark.parametrize("kind", ODDITIES)
def test_the_tables_are_not_asked_claim_by_claim(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a conforming file nothing is looked at in Python for these rules."""
    given: set[str] = set()
    look = judge._look

    def looked(docket: judge.Docket, claims: object, looks: dict, *rest: object, **others: object) -> None:
        given.update(docket.rules[number].code for asked in looks.values() for _, number in asked)
        look(docket, claims, looks, *rest, **others)

    monkeypatch.setattr(judge, "_look", looked)
    said(short(kind, 200, 5), "kernel", masters=tables())

    assert not given & BY_TABLES.keys()


def test_a_rule_that_names_many_places_of_a_claim_is_run_once() -> None:
    """Not once for each of them: the coding data of a stay have thousands of lines."""
    data = made("dpc", 2, 1)
    block = next(iter(examine([data], identity_key=b"", engine="kernel", masters=tables())))
    assert isinstance(block, FoundInBatch)
    runs: Counter[str] = Counter()

    def counted(rule: Rule) -> Rule:
        def find(view: object) -> Iterable[Place]:
            runs[rule.code] += 1
            return rule.find(view) if rule.find else ()

        return replace(rule, find=find)

    block._rules = [counted(rule) if rule.code == "L2455" else rule for rule in block._rules]

    assert 100 < sum(finding.code == "L2455" for finding in block)
    assert 2 == runs["L2455"]
