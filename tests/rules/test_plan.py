"""Reading items: the one match and the slow way say the same, and each problem has its name."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seikyu.records import Item, Kind, Layout, Need, layouts, reader_of, table
from seikyu.rules.plan import Plan, Problem, _any_of, plans
from seikyu.rules.view import Record

WESTERN = plans("medical-western-2020")
PLANS = [(layout.name, rid) for layout in layouts() for rid in plans(layout.name)]

VALUES = st.one_of(
    st.just(b""),
    st.from_regex(rb"[0-9]{1,9}", fullmatch=True),
    st.sampled_from(
        [b"11", b"1", b"01", b"1112", b"20260801", b"202608", b"20260231", b"3550101", b"  991018", b"1.5"]
    ),
    st.sampled_from(
        ["見本".encode("cp932"), "ﾐﾎﾝ".encode("cp932"), b"MIHON", b"\x82", b"-1", b"1.", b"A", b" ", b"\x00"]
    ),
    st.binary(max_size=5).filter(lambda value: b"," not in value),
)


@given(which=st.sampled_from(PLANS), items=st.lists(VALUES, max_size=50))
@settings(max_examples=400)
def test_one_match_says_what_the_items_say(which: tuple[str, str], items: list[bytes]) -> None:
    """A line is right at once if and only if no item of it has a problem."""
    plan = plans(which[0])[which[1]]
    whole = [plan.layout.id.encode(), *items]
    content = b",".join(whole)
    missing = len(plan.readers) - len(whole)

    at_once = missing >= 0 and bool(plan.right.fullmatch(content + b"," * missing)) and plan._in_calendar(whole)

    slow = list(plan._every(whole))
    if at_once:
        assert not slow
    assert list(plan.faults(content, whole)) == slow
    if not slow and missing >= 0:
        # A western date in an edition with Japanese years is right, and told only the slow way.
        assert at_once or any(len(whole) > at and whole[at] for at in plan.dated)


@given(which=st.sampled_from(PLANS), items=st.lists(VALUES, max_size=50))
def test_what_is_readable_is_read(which: tuple[str, str], items: list[bytes]) -> None:
    """Every item without a problem gives a value or None, never an exception."""
    plan = plans(which[0])[which[1]]
    whole = [plan.layout.id.encode(), *items]
    bad = frozenset(at for at, _ in plan.faults(b",".join(whole), whole))
    record = Record(plan, whole, line=1, unreadable=bad)

    for item in plan.layout.items:
        value = record[item.name]
        assert (value is None) == (record.raw(item.name) == b"" or record.bad(item.name))


@pytest.mark.parametrize(
    ("rid", "name", "value", "problem"),
    [
        ("SI", "points", b"29x", Problem.DIGITS),
        ("SI", "points", b"-1", Problem.NEGATIVE),
        ("SI", "points", b"12345678", Problem.LONG),
        ("SI", "burden", b"", Problem.MISSING),
        ("SI", "burden", b"0", Problem.CODE),
        ("SI", "procedure_code", b"1", Problem.LENGTH),
        ("IY", "amount", b"1.5", None),
        ("IY", "amount", b"1.", Problem.DIGITS),
        ("IY", "amount", b"1.123456", Problem.LONG),
        ("IY", "amount", b"123456789012", Problem.LONG),
        ("RE", "chart_no", "１".encode("cp932"), Problem.WIDTH),
        ("RE", "chart_no", "1１".encode("cp932"), Problem.MIXED),
        ("RE", "chart_no", b"1" * 21, Problem.LONG),
        ("RE", "special_notes", b"0126", None),
        ("RE", "special_notes", b"0199", Problem.CODE),
        ("RE", "special_notes", b"012", Problem.LENGTH),
        ("RE", "special_notes", b"0A", Problem.DIGITS),
        ("RE", "special_notes", b"010203040708", Problem.LONG),
        ("RE", "reserved_1", b"1", Problem.FILLED),
        ("RE", "birth_date", b"19800230", Problem.DATE),
        ("RE", "birth_date", b"3550101", Problem.ERA),
        ("CO", "comment_text", b"ABC", Problem.WIDTH),
        ("CO", "comment_text", b"\x82\xa0A", Problem.MIXED),
        ("HO", "card_symbol", b"A\x82\xa0", Problem.MIXED),
        ("HO", "insurer_number", b"991018", Problem.PADDED),
        ("HO", "insurer_number", b"00991018", Problem.PADDED),
        ("HO", "insurer_number", b"0699001", Problem.DIGITS),
    ],
)
def test_each_problem_has_its_name(rid: str, name: str, value: bytes, problem: Problem | None) -> None:
    """One item, one problem."""
    plan = WESTERN[rid]
    item = plan.layout.items[plan.index[name]]

    assert problem == plan._problem(item.no - 1, item, value)


@pytest.mark.parametrize(
    ("line", "faults"),
    [
        (b"SY,8833421,20260801,1", []),
        (b"SY,8833421,20260801", [(3, Problem.SHORT)]),
        (b"SY", [(1, Problem.SHORT)]),
        (b"SY,8833421,20260801,1,,,,,,", [(8, Problem.EMPTY_END)]),
        (b"SY,8833421,20260801,1,,,,,,x", [(8, Problem.SURPLUS)]),
    ],
)
def test_too_few_and_too_many_items_are_told_once(line: bytes, faults: list[tuple[int, Problem]]) -> None:
    """A record that stops early misses its first required item; what is behind the last item is told as one."""
    assert faults == WESTERN["SY"].faults(line, line.split(b","))


@given(codes=st.sets(st.binary(min_size=1, max_size=3).filter(lambda code: b"," not in code), min_size=1, max_size=8))
def test_a_pattern_of_codes_matches_them_and_nothing_else(codes: set[bytes]) -> None:
    """However the codes begin alike, none is lost and none is made up."""
    import re

    pattern = re.compile(b"(?:" + _any_of(codes) + b")", re.DOTALL)

    assert all(pattern.fullmatch(code) for code in codes)
    others = {code + b"x" for code in codes} | {code[:-1] for code in codes}
    assert not [other for other in others - codes if pattern.fullmatch(other)]


def test_numbers_are_numbers_and_names_are_texts() -> None:
    """Points are added, claim numbers counted; search, recipient and code numbers are names."""
    record = Record(
        WESTERN["RE"],
        [b"RE", b"7", b"1112", b"202608", "見本　太郎".encode("cp932"), b"1", b"19800101", *[b""] * 11, b"0" * 17],
        line=1,
    )
    time = Item(2, "time", "時刻", Kind.TIME, 4, need=Need.OPTIONAL)

    assert (7, "1112", "見本　太郎", "0" * 17) == tuple(
        record[name] for name in ("claim_no", "claim_type", "patient_name", "search_no")
    )
    assert "0930" == reader_of(time)(b"0930")
    assert record["no such item"] is None
    assert b"" == record.raw("no such item")


def test_every_record_of_every_layout_has_a_plan() -> None:
    """A new layout is data and no code."""
    assert all(isinstance(plan, Plan) for layout in layouts() for plan in plans(layout.name).values())


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (b"-12", None),
        (b"0", None),
        (b"-999999", None),
        (b"-9999999", Problem.LONG),
        (b"--1", Problem.DIGITS),
        (b"1-", Problem.DIGITS),
    ],
)
def test_a_signed_number_may_be_below_zero(value: bytes, problem: Problem | None) -> None:
    """The adjustment of a DPC claim; its sign takes one of its bytes."""
    plan = plans("dpc-western-2020")["GT"]
    items = [b"GT", b"202608", b"2", b"", b"", b"100", b"120", value]
    at = plan.index["adjust_points"]

    assert ([] if problem is None else [(at, problem)]) == plan.faults(b",".join(items), items)
    if problem is None:
        assert int(value) == plan.readers[at](value)
        assert plan.right.fullmatch(b",".join([*items, *[b""] * (len(plan.readers) - len(items))])), "at once"


def test_a_table_of_several_kinds_is_that_of_the_claims_in_a_return_file() -> None:
    """Service class 93 is one of DPC, in what is returned as in what is sent."""
    codes = {name: plans(name)["SI"].coded[1] for name in ("dpc-western-2020", "dpc_return-western-2020")}

    assert b"93" in codes["dpc-western-2020"]
    assert codes["dpc-western-2020"] == codes["dpc_return-western-2020"]
    assert b"93" not in WESTERN["SI"].coded[1]


def _right_value(item: Item, claim_kind: str) -> bytes:
    """Return a value that an item may hold."""
    if item.need is Need.NEVER:
        return b""
    if item.codes and ":" not in item.codes:
        rows = [(code, row.get("kind", claim_kind)) for code, row in table(item.codes).items()]
        return next(code.encode() for code, kinds in rows if claim_kind in kinds.split(",") or len(code) == 4)
    width = item.width if item.fixed else item.code_width or 1
    forms = {
        Kind.KANJI: "見".encode("cp932"),
        Kind.DATE: b"20260801" if item.width == 8 else b"50801",
        Kind.MONTH: b"202608" if item.width == 6 else b"50808",
        Kind.PAYER_NUMBER: b"06990014",
        Kind.TIME: b"0930",
    }
    if item.kind is Kind.DATE and item.width == 7:
        return b"4300801"
    return forms.get(item.kind, b"1" * width)


@pytest.mark.parametrize("layout", layouts(), ids=lambda layout: layout.name)
def test_every_record_of_every_kind_can_be_right(layout: Layout) -> None:
    """What is written by the layout is read without a problem, at once, and every item has a value."""
    for rid, plan in plans(layout.name).items():
        items = [rid.encode(), *(_right_value(item, layout.claim_kind) for item in plan.layout.items[1:])]

        assert [] == plan.faults(b",".join(items), items), rid
        assert plan.right.fullmatch(b",".join(items)), rid
        record = Record(plan, items, line=1)
        assert all((record[item.name] is None) == (item.need is Need.NEVER) for item in plan.layout.items), rid
