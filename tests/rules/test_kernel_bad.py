"""Where records are bad both engines say the same, though the kernel reads no claim in Python for it.

Each test holds the engines against each other on what its scans must tell apart, and sees that the rule speaks at all.
"""

from collections import Counter
from itertools import product
from random import Random

import pytest
from engines import assert_same, said

import builders
from seikyu.rules import history
from seikyu.rules.kernel.found import Unjudged
from seikyu.rules.kernel.jitted import scan as c
from seikyu.rules.plan import plans

PUBLIC = builders.WELFARE


def uke(claims: list[list[str]]) -> bytes:
    """Return a file of claims that need not add up."""
    return builders.encoded([builders.header(), *(text for lines in claims for text in lines), "GO,1,291,99"])


def codes(data: bytes) -> Counter[str]:
    """Return how often each rule speaks of a file, once both engines have said the same."""
    assert_same(data)
    return Counter(finding.code for finding in said(data, "kernel").findings)


def test_the_pass_keeps_as_many_faults_of_a_history_as_the_reference() -> None:
    """The constants stand in two files."""
    assert history._FAULTS_KEPT == c.MOST_HISTORY_FAULTS


def test_histories_that_are_not_numbered_on() -> None:
    """Line by line: gaps, branches, new parts, kinds of data that there are not, and more faults than are kept."""
    blocks = [
        ["1,1,0,IR,1", "1,2,0,RE,1", "1,3,0,HO,1"],
        ["1,7,0,IR,1", "1,8,0,RE,1"],
        ["1,1,0,IR,1", "1,3,0,RE,1", "1,3,1,JY,1", "1,9,1,JY,1", "2,1,0,MN,1"],
        ["1,1,0,IR,1", "77,2,0,RE,1", "0,3,0,RE,1", "10,4,0,RE,1", "05,5,0,RE,1", "20,6,0,RE,1"],
        ["86,1,0,IR,1", "19,2,0,RE,1", "1,5,0,RE,1", "1,4,0,RE,1", "1,6,0,RE,1", "1,2,0,RE,1", "1,99,0,RE,1"],
        ["1,1,0,IR,1", "1,3,0,R\x01,1", "1,3,0,re,1", "1,4,0,RE,1", "ZZ,1"],
        ["77,1,0,RE,1"],
    ]
    claims = [[*builders.claim(no), *block] for no, block in enumerate(blocks, start=1)]
    others = [builders.claim(no) for no in range(20, 23)]

    found = codes(uke([*claims, *others, *claims]))

    assert 2 * (1 + 3 + 3 + 1 + 1) == found["XR004"]


@pytest.mark.unmeasured
def test_public_payers_with_more_than_the_insurer() -> None:
    """Unless lines are the public payer's alone, or the lines bear its points out."""
    items = {"recipient_number": builders.RECIPIENT}
    own_line = builders.service(100, burden="5", service_class="60", code="160000010")
    shared_line = builders.service(291, burden="2")
    claims = []
    for points, days, lines in product(
        ("", "0", "290", "291", "292", "391", "x", "12345678"),
        ("", "0", "1", "2", "x"),
        ([shared_line], [shared_line, own_line], [shared_line, own_line.replace(",5,", ",x,", 1)], []),
    ):
        payer = builders.line("KO", payer_number=PUBLIC, actual_days=days, total_points=points, **items)
        head = builders.claim(publics=[PUBLIC], services=lines)
        insurers = (head[1], head[1].replace(",291", ",290"), head[1].replace(",291", ",y"), head[1] + ",1")
        claims += [[head[0], insurer, payer, *head[3:]] for insurer in insurers]
        claims.append([head[0], head[1], payer, *head[3:], "TI,1,1", "TR,1,1992,202608,,1,19800101", "TS,1,100"])
        claims.append([head[0], head[1], *[payer] * 5, *head[3:]])
        claims.append([head[0], payer, *head[3:]])

    found = codes(uke(claims))

    assert found["X3018"] > 100
    assert found["X3019"] > 100


def test_each_public_payer_is_held_against_its_own_lines() -> None:
    """The second has lines of its own, the first has none; and both."""
    lines = {burden: builders.service(300, burden=burden) for burden in ("1", "2", "3", "4", "5", "6", "7", "x", "")}
    head = builders.claim(publics=[PUBLIC, builders.CITY], points=291)
    payers = [text.replace(",291", ",400") for text in head[2:4]]
    claims = [
        [*head[:2], *payers, head[4], builders.service(291, burden="4"), *map(lines.__getitem__, which)]
        for which in product(lines, lines)
    ]

    assert codes(uke(claims))["X3019"] > len(lines)


def test_burden_divisions_that_cannot_be_read_may_be_the_same() -> None:
    """What is written alike goes on, anything else begins anew; in records whose items stand elsewhere too."""
    burdens = ("1", "あ", "xx", "xy", "見本", "", "99999999999999999999", "1" * 18, "1" * 19)
    lines = [
        [
            builders.service(10, burden=one, service_class="60"),
            builders.line("IY", service_class="21", burden=other, drug_code="610000001", points=10, count=1),
        ]
        for one, other in product(burdens, burdens)
    ]
    claims = [builders.claim(services=services) for services in lines]

    assert len(burdens) == codes(uke(claims).replace(b"\x82\xa0", b"\x83"))["X2040"]


def test_days_that_stand_side_by_side_like_the_count() -> None:
    """They are let be, with the zeros in front; all else must add up."""
    claims = []
    for count, days in product(
        ("1", "01", "10", "010", "11", "011", "0", "00", "x", "", "1234", "123"),
        ("1", "1,", "0,1", "1,0", "0,1,0", ",1,0,", "1,1", "0,1,1", "11", "0", "0,0", "12,3", "1,,,,2,3,4", "x", ""),
    ):
        service = builders.line("SI", service_class="11", burden="1", procedure_code="111000110", points=291)
        items = service.split(",")
        at = builders.line("SI", count="?").split(",").index("?")
        first = builders.line("SI", day_01="?").split(",").index("?")
        items[at] = count
        claims += [
            builders.claim(services=[",".join([*items[:first], *days.split(",")])]),
            builders.claim(
                services=[",".join([*items[:first], *[""] * (31 - len(days.split(","))), *days.split(",")])]
            ),
        ]

    assert codes(uke(claims))["X2043"] > 20


def test_a_view_of_a_claim_is_held_against_the_layout_when_somebody_asks() -> None:
    """And not before; nothing else is made up on the way."""
    record = Unjudged(plans("medical-western-2020")["HO"], b"HO,06990014,,1,x,291".split(b","), line=3)

    assert not hasattr(record, "anything")
    assert (None, 291, True) == (record["actual_days"], record["total_points"], record.bad("actual_days"))
    assert record.unreadable is record.unreadable


@pytest.mark.unmeasured
def test_organ_donors_of_any_order_and_completeness() -> None:
    """Blocks that are opened, opened again, not opened, cut short, out of order; behind records out of order too."""
    dice = Random(12)
    head = builders.claim()
    lines = {
        "TI": "TI,1,1",
        "TR": "TR,1,1992,202608,,1,19800101",
        "TS": "TS,1,100",
        "SY": "SY,8833421,20260801,1",
        "SI": builders.service(100),
        "SJ": "SJ,01,見本",
        "HO": head[1],
        "ZZ": "ZZ,1",
    }
    right = ["TI", "TR", "TS", "SY", "SI", "SJ"]
    claims = [[*head, *map(lines.__getitem__, right)], [*head, *map(lines.__getitem__, [*right, *right[1:], *right])]]
    for _ in range(400):
        block = dice.choice([[], right[:2], right, [*right, *right[1:]]])
        block = [rid for rid in block if dice.random() > 0.15] + dice.choices([*lines], k=dice.randrange(4))
        if dice.random() < 0.3:
            dice.shuffle(block)
        own = head if dice.random() < 0.9 else [head[0], *head[:0:-1]]
        claims += [[*own, *map(lines.__getitem__, block)]]

    found = codes(uke(claims))

    assert found["X2001"] > 100
    assert found["X2055"] > 200


def test_what_lines_are_worth_begins_anew_with_each_claim() -> None:
    """Meals are not added, a claim with a reduction of drugs is let be, and a class ends with its claim."""
    claims = []
    for before, classes, total in product(("97", "39", "11"), product(("", "11", "39", "97"), repeat=2), (20, 30, 50)):
        services = [builders.service(10, service_class=before)]
        claims.append(builders.claim(services=services, points=10))
        services = [
            builders.service(points, service_class=each) for points, each in zip((20, 30), classes, strict=True)
        ]
        claims.append(builders.claim(services=services, points=total))

    assert codes(builders.uke(*claims))["X3020"] > 20


def test_diseases_of_which_nothing_is_written_are_the_same() -> None:
    """Wherever their records end."""
    written = (
        "SY",
        "SY,",
        "SY,,",
        "SY,,,",
        "SY,8833421",
        "SY,8833421,",
        "SY,8833421,,1",
        "SY,,20260801",
        "SY,x",
        "SY,x,y",
    )
    claims = [[*builders.claim(), one, other] for one, other in product(written, written)]

    assert codes(uke(claims))["X8006"] > 2 * len(written)


def test_service_classes_are_in_order_as_texts() -> None:
    """However many digits they have, beside right ones; one that is too long to be kept too."""
    classes = ("11", "110", "1", "012", "12", "2", "0", "00", "9" * 17, "1" * 18, "1" * 19, "x", "")
    lines = {each: builders.service(10, service_class=each) for each in classes}
    claims = [builders.claim(services=[lines[one], lines[other]]) for one, other in product(classes, classes)]

    assert codes(builders.uke(*claims))["X2040"] > 2
