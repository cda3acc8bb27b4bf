"""The scans of DPC, dental, pharmacy and home nursing claims: they miss nothing, and right claims are not looked at."""

import re
from collections import Counter
from functools import cache
from io import BytesIO
from random import Random

import pytest
from engines import DAMAGES, again, assert_same, damaged, said

from seikyu.apps.generator import Recipe, write
from seikyu.apps.generator.places import place_of
from seikyu.records import Scope, editions_of
from seikyu.rules.catalogue import rule_book
from seikyu.rules.example import embedded
from seikyu.rules.finding import Level
from seikyu.rules.kernel import judge
from seikyu.rules.kernel.claims_kinds import SCANS as OF_KINDS

KINDS = ("dpc", "dental", "pharmacy", "home_nursing")
_CODES = ["", "0", "1", "2", "6", "7", "8", "9", "01", "11", "21", "1101", "1111", "0111", "96", "x", "-1", "1" * 20]
_DATES = [
    "",
    "20260801",
    "20260808",
    "20260831",
    "20260807",
    "20260731",
    "20261001",
    "19800101",
    "5080801",
    "2026",
    "x",
]
_MONTHS = ["", "202608", "202609", "202610", "50809", "50810", "5081", "202613", "x", "0"]
_BURDENS = ["", "1", "2", "3", "5", "6", "7", "A", "B", "9", "Z", "ｱ", "見"]
_POINTS = ["", "0", "1", "13220", "-5", "x", "1.5", "9" * 20]
_NAMES = ["", "見本", "0112342", "x", "　"]

#: What each kind's scans look at: records, and what is put into which item of them.
ODDITIES: dict[str, list[tuple[str, int, list[str]]]] = {
    "dpc": [
        ("RE", 11, _CODES),
        ("RE", 6, ["20260801", "20260801", "20260802", "5080801", "19800101", "x", ""]),
        ("BU", 2, ["20260801", "20260801", "20260808", "5080801", "x", ""]),
        ("BU", 3, ["", "", "20260801", "20260807", "20260808", "20260731", "5080801", "x"]),
        ("BU", 4, ["6", "7", "6", "7", *_CODES]),
        ("SB", 5, _CODES),
    ],
    "dental": [
        ("IR", 1, ["1", "2", "", "3", "x"]),
        ("IR", 2, ["99", "13", "", "x"]),
        ("IR", 3, ["3", "1", "", "x"]),
        ("IR", 4, ["0130001", "0130010", "", "x", "1"]),
        ("IR", 6, _MONTHS),
        ("HS", 4, ["", "0000999", "x"]),
    ],
    "pharmacy": [
        ("RE", 11, _NAMES),
        ("RE", 12, _NAMES),
        ("RE", 3, _MONTHS),
        ("CZ", 2, _DATES),
        ("CZ", 3, _DATES),
        ("IY", 1, _BURDENS),
        ("TO", 1, _BURDENS),
    ],
    "home_nursing": [("KA", 2, _BURDENS), ("KA", 5, _POINTS), ("HO", 5, _POINTS), ("KO", 4, _POINTS)],
}
#: What those items break, besides what they are themselves; so the test cannot look past it.
TOLD: dict[str, set[str]] = {
    "dpc": {"L3110", "L3240", "L3740", "L3820"},
    "dental": {"X1043", "X1044"},
    "pharmacy": {"X3038", "X3039", "X3040", "X2037"},
    "home_nursing": {"X2037", "X3020", "X3021"},
}
#: Records of which some are put away, doubled, or put elsewhere.
MOVED = {
    "dpc": ("BU", "SB", "KK", "GA", "HH", "CD", "SK", "SN", "SY", "SI"),
    "dental": ("HS", "SS", "IR", "SN", "CO"),
    "pharmacy": ("SH", "CZ", "IY", "TO", "CO", "KI", "SN", "HO"),
    "home_nursing": ("KA", "CO", "RJ", "SN", "JD", "SY", "IH"),
}
MISPLACED: dict[str, set[str]] = {
    "dpc": {"X2001", "X2062", "L3240"},
    "dental": {"X2001", "X2029"},
    "pharmacy": {"X2001"},
    "home_nursing": {"X2001", "X2062"},
}


@cache
def made(kind: str, claims: int, seed: int) -> bytes:
    """Return a conforming file of so many claims."""
    out = BytesIO()
    write(Recipe(place_of(kind), "1", 202610, claims=claims, seed=seed, late_share=0.3, kind=kind), out)
    return out.getvalue()


def _with(dice: Random, data: bytes, kind: str, share: float) -> bytes:
    """Return a file with odd values in so many of the items that the scans look at."""
    lines = [line.split(b",") for line in data.split(b"\r\n")]
    for record, at, values in ODDITIES[kind]:
        for items in lines:
            if items[0] == record.encode() and len(items) > at and dice.random() < share:
                items[at] = dice.choice(values).encode("cp932")
    return b"\r\n".join(map(b",".join, lines))


def _moved(dice: Random, data: bytes, kind: str, share: float) -> bytes:
    """Return a file of which some records were put away, doubled, swapped with others, or put behind a donor's."""
    lines, moved = data.split(b"\r\n"), tuple(rid.encode() for rid in MOVED[kind])
    at = 0
    while at < len(lines):
        if lines[at][:2] in moved and dice.random() < share:
            way = dice.randrange(5)
            if way == 0:
                del lines[at]
            elif way == 1:
                lines[at:at] = [lines[at]] * dice.choice([1, 1, 5, 100])
                at += 100
            elif way == 2 and lines[at - 1][:2] in moved:
                lines[at - 1 : at + 1] = lines[at - 1 : at + 1][::-1]
            elif way == 3:
                lines.insert(max(1, at - dice.randrange(8)), lines.pop(at))
            elif kind == "dpc":
                lines.insert(at, b"TI,1,1")
        at += 1
    return b"\r\n".join(lines)


def _codes(data: bytes) -> set[str]:
    return {finding.code for finding in said(data, "kernel").findings}


@pytest.mark.parametrize("kind", again(KINDS[::-1], after=1))
def test_odd_items_are_told_by_both_alike(kind: str) -> None:
    """Few in a file and many, in the items that the scans look at."""
    told: set[str] = set()
    for seed, share in enumerate((0.01, 0.05, 0.2, 0.8)):
        for claims in (12, 60):
            data = _with(Random(seed), made(kind, claims, seed), kind, share)
            assert_same(data)
            told |= _codes(data)

    assert TOLD[kind] <= told


@pytest.mark.unmeasured
@pytest.mark.parametrize("kind", KINDS)
def test_records_that_lack_or_stand_elsewhere_are_told_by_both_alike(kind: str) -> None:
    """Also those of blocks inside claims, and those behind a donor's."""
    told: set[str] = set()
    for seed in range(8):
        data = _moved(Random(seed), made(kind, 30, seed), kind, (0.01, 0.05, 0.3)[seed % 3])
        assert_same(data)
        told |= _codes(data)

    assert MISPLACED[kind] <= told


def test_prescriptions_of_any_order_are_told_by_both_alike() -> None:
    """Drugs before what opens their part, and other records out of order as well."""
    dice = Random(3)
    lines = made("pharmacy", 20, 1).split(b"\r\n")
    some = {rid: next(line for line in lines if line.startswith(rid)) for rid in (b"HO", b"SH", b"CZ", b"IY", b"KI")}
    claims = [[b"RE,%d,4112,202608" % no, *dice.choices([*some.values()], k=dice.randrange(7))] for no in range(1, 600)]
    data = b"\r\n".join([lines[0], *(line for claim in claims for line in claim), *lines[-2:]])

    assert_same(data)
    assert 100 < sum(finding.code == "X2001" for finding in said(data, "kernel").findings) < 500


def _of_era(data: bytes) -> bytes:
    """Return a file whose dates and months have years of an era, as in the editions up to 2020, with old records."""
    dated = re.sub(
        rb"(?<=,)20(2[4-6])(\d\d)(\d\d)?(?=[,\r])",
        lambda found: b"%d" % (404 + int(found[1])) + found[2] + (found[3] or b""),
        data,
    )
    return re.sub(rb"\r\n(SN|IY|SI|CZ|HS|SB)", rb"\r\nKH,1\r\n\1", dated, count=5)


@pytest.mark.parametrize("kind", ["dpc", "dental", "pharmacy"])
def test_editions_of_era_years_are_told_by_both_alike(kind: str) -> None:
    """Their layouts are others, with records that stand anywhere."""
    told: set[str] = set()
    for seed, share in enumerate((0.0, 0.05, 0.4)):
        data = _of_era(_moved(Random(seed), _with(Random(seed), made(kind, 30, seed), kind, share), kind, share / 4))
        assert_same(data)
        found = said(data, "kernel")
        told |= {finding.code for finding in found.findings}
        assert f"{kind}-era-2012" == found.summary.layout

    assert {"dpc": {"L3240", "X2001"}, "dental": TOLD["dental"], "pharmacy": {"X3039", "X3040", "X2037"}}[kind] <= told


@pytest.mark.unmeasured
@pytest.mark.parametrize("damage", DAMAGES)
def test_both_say_the_same_of_damage_to_made_files(damage: str) -> None:
    """Each kind of damage, as for medical claims."""
    dice = Random(damage)
    for kind in KINDS:
        assert_same(damaged(dice, made(kind, 8, 3), damage, times=dice.choice([2, 20])), chunk=dice.choice([None, 100]))


@pytest.mark.unmeasured
@pytest.mark.parametrize("kind", ["medical", *KINDS])
def test_right_claims_are_not_given_to_python(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scan that names all claims is right, and slow."""
    given: Counter[str] = Counter()
    records: Counter[str] = Counter()
    look, ready = judge._look, judge._ready

    def looked(docket: judge.Docket, claims: object, looks: dict, *rest: object, **others: object) -> None:
        given.update(docket.rules[number].code for asked in looks.values() for _, number in asked)
        look(docket, claims, looks, *rest, **others)

    def judged(rule: object, views: list, *rest: object, **others: object) -> object:
        records.update(view.id for view in views if not hasattr(view, "head"))
        return ready(rule, views, *rest, **others)

    monkeypatch.setattr(judge, "_look", looked)
    monkeypatch.setattr(judge, "_ready", judged)
    said(made(kind, 300, 5), "kernel")

    assert not given
    assert not records


def test_scans_of_kinds_find_what_their_rules_find_in_files_of_one_claim() -> None:
    """Each of them hits somewhere, or it is one that never can."""
    told = set().union(*(_codes(embedded(each)) for rule in _of_kinds() for each in rule.fails))

    assert OF_KINDS.keys() - told == {code for code in OF_KINDS if code in _OF_HEADERS}


def _of_kinds() -> list:
    books = (rule_book(frozenset(Level), kind) for kind in KINDS)
    return [rule for book in books for rule, _ in book.claim if rule.code in OF_KINDS]


_OF_HEADERS = {"X1016", "X1018", "X1020", "X1022", "X8004"}


@pytest.mark.parametrize("code", sorted(_OF_HEADERS))
def test_a_rule_on_headers_says_nothing_of_a_record_inside_a_claim(code: str) -> None:
    """Its scan says so, and the rule does, whatever stands there."""
    inside = 0
    for kind in ("medical", *KINDS):
        book = rule_book(frozenset(Level), kind)
        rules = {rid: rule for rid, judges in book.record.items() for rule, _ in judges if rule.code == code}
        for layout in editions_of(kind):
            for rid in rules.keys() & layout.records.keys():
                inside += layout.records[rid].scope is not Scope.FILE
    data = made("dental", 20, 1).replace(b"IR,1,99,3,", b"IR,1,99,4,").replace(b"IR,1,99,4,01", b"IR,1,99,4,91")

    assert inside
    assert_same(data)
    assert code not in _codes(data)


def test_a_header_that_says_not_whose_it_is_is_held_against_no_claim() -> None:
    """Of what a dental file's header lacks, its claims' own records say nothing wrong."""
    whole = embedded("kind dental")
    header = whole[: whole.index(b"\r\n")].split(b",")
    for place in range(2, 5):
        without = [*header[:place], b"x", *header[place + 1 :]]
        assert_same(whole.replace(b",".join(header), b",".join(without)))
