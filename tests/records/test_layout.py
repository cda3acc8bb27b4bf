"""Layouts are data: what the medical ones say, and that another kind is another file."""

import tomllib
from pathlib import Path

from pytest import fixture, mark, raises  # noqa: PT013 (the house names them so)

from seikyu.records import Confidence, Item, Kind, Layout, Month, Need, Scope, Years, layout_for, layouts
from seikyu.records.editions import Shelf, edition_of

WESTERN = layout_for("medical", Month(2026, 9))
ERA = layout_for("medical", Month(2018, 12))
SOURCES = Path(__file__).resolve().parents[2] / "docs" / "sources.toml"

INVENTED = """
[edition]
name = "veterinary-western-2030"
kind = "veterinary"
ja = "獣医"
since = "2030-04"
years = "western"
source = "invented"
one_of = [["AC"]]
service_class_lines = 5

[block.litter]
ja = "同腹"
within = "claim"
order = 30
opens = "LI"
again = "KI"
records = { LI = 10, KI = 20 }

[VH]
ja = "獣医情報"
name = "veterinary"
scope = "file"
order = 10
minimum = 1
maximum = 1
source = "invented:VH"

[VH.claim_month]
no = 2
ja = "請求年月"
kind = "month"
width = 6
fixed = true
need = "always"
source = "invented:VH.2"

[CL]
ja = "明細"
name = "claim"
scope = "claim"
order = 10
minimum = 1
source = "invented:CL"

[CL.paw]
no = 3
ja = "第{}肢"
kind = "codes"
width = 8
code_width = 2
repeat = 4
personal = true
source = "invented:CL.3"

[CL.born_on]
no = 2
ja = "生年月日"
kind = "date"
width = 8
source = "invented:CL.2"

[AC]
ja = "行為"
name = "act"
scope = "claim"
order = 20
minimum = 0
since = "2031-01"
until = "2032-01"
source = "invented:AC"
"""

OLDER = """
[edition]
name = "veterinary-era-2020"
kind = "veterinary"
ja = "獣医 和暦"
base = "veterinary-western-2030"
years = "era"
source = "invented-older"
without = ["AC"]
one_of = []

[kinds.date]
width = 7

[CL]
maximum = 1

[CL.whelped_on]
no = 2
need = "never"
"""


@fixture(scope="module")
def invented() -> tuple[Layout, ...]:
    """Return the two editions of an invented kind of claim, the older one built on the newer."""
    return Shelf.of([OLDER, INVENTED]).editions("veterinary")


def test_another_kind_of_claim_is_another_text(invented: tuple[Layout, ...]) -> None:
    """No code knows the kind; its records, items, order and block come from the text."""
    newer = invented[1]

    assert ["VH", "CL", "AC"] == list(newer.records)
    assert ["record_id", "born_on", "paw_01", "paw_02", "paw_03", "paw_04"] == [
        i.name for i in newer.records["CL"].items
    ]
    assert Item(
        no=4, name="paw_02", ja="第2肢", kind=Kind.CODES, width=8, code_width=2, personal=True, source="invented:CL.3"
    ) == newer.records["CL"].item(4)
    assert ("CL", frozenset({"AC"}), 5) == (newer.claim_opener, newer.one_of[0], newer.service_class_lines)
    assert (Scope.CLAIM, "LI", {"LI": 10, "KI": 20}) == (
        newer.blocks["litter"].within,
        newer.blocks["litter"].opens,
        newer.blocks["litter"].records,
    )


def test_an_edition_says_only_what_differs_from_its_base(invented: tuple[Layout, ...]) -> None:
    """Records may be missing, kinds of items may be narrower, single items and records may differ."""
    older = invented[0]

    assert ["VH", "CL"] == list(older.records)
    assert (Years.ERA, (), 5, "invented-older") == (older.years, older.one_of, older.service_class_lines, older.source)
    assert 1 == older.records["CL"].maximum
    assert Item(
        no=2, name="whelped_on", ja="生年月日", kind=Kind.DATE, width=7, need=Need.NEVER, source="invented:CL.2"
    ) == older.records["CL"].item(2)
    assert 6 == older.records["VH"].by_name["claim_month"].width


def test_an_edition_holds_until_the_next_begins(invented: tuple[Layout, ...]) -> None:
    """The month of the change stands in one place, the newer edition."""
    older, newer = invented

    assert (None, Month(2030, 4), Month(2030, 4), None) == (older.since, older.until, newer.since, newer.until)
    assert older.holds(Month(1990, 1))
    assert older.holds(Month(2030, 3))
    assert not older.holds(Month(2030, 4))
    assert newer.holds(Month(2030, 4))
    assert not newer.holds(Month(2030, 3))


def test_a_month_before_all_editions_follows_the_oldest(invented: tuple[Layout, ...]) -> None:
    """And one that cannot be read the newest: a file is always looked at in some form."""
    older, newer = invented

    assert [older, newer, newer] == [edition_of(invented, month) for month in (Month(1999, 1), Month(2030, 4), None)]
    assert newer is edition_of([newer], Month(1999, 1))


def test_a_record_holds_in_its_months_of_service(invented: tuple[Layout, ...]) -> None:
    """From `since` on, before `until`; where the month cannot be read, it may be there."""
    act, claim = invented[1].records["AC"], invented[1].records["CL"]

    assert [False, True, True, False] == [act.holds(Month(*m)) for m in ((2030, 12), (2031, 1), (2031, 12), (2032, 1))]
    assert act.holds(None)
    assert claim.holds(Month(1990, 1))


@mark.parametrize(
    "flaw",
    [
        ('"codes"', '"runes"'),
        ("no = 3", "no = 9"),
        ("no = 3", "no = 2"),
        ("width = 8", "breadth = 8"),
        ('since = "2030-04"', 'since = "2030-13"'),
        ('scope = "file"', 'scope = "moon"'),
        ('name = "veterinary-western-2030"', ""),
        ("[VH]", "[VH"),
    ],
)
def test_a_flaw_in_a_layout_is_told_at_once(flaw: tuple[str, str]) -> None:
    """Unknown kinds, gaps and doubles in the numbering, misspelt keys, wrong months."""
    with raises((ValueError, KeyError, TypeError, tomllib.TOMLDecodeError)):
        Shelf.of([INVENTED.replace(*flaw, 1)]).editions("veterinary")


def test_the_claim_month_of_the_file_picks_the_edition() -> None:
    """One row of data says when western years began; files before follow the older form."""
    assert ["medical-era-2012", "medical-western-2020"] == [
        layout.name for layout in layouts() if layout.kind == "medical"
    ]
    assert WESTERN.since == ERA.until == Month(2020, 5)
    assert ERA is layout_for("medical", Month(2020, 4)) is layout_for("medical", Month(1990, 1))
    assert WESTERN is layout_for("medical", Month(2020, 5)) is layout_for("medical", None)
    with raises(KeyError):
        layout_for("veterinary", None)


def test_the_editions_differ_in_their_dates() -> None:
    """Months of 5 and 6, dates of 7 and 8 digits; SN, JD and MF only in the newer, KH and NI only in the older."""
    assert set(WESTERN.records) ^ set(ERA.records) == {"SN", "JD", "MF", "KH", "NI"}
    for layout, month, day in ((ERA, 5, 7), (WESTERN, 6, 8)):
        for record in layout.records.values():
            for item in record.items:
                assert item.width == {Kind.MONTH: month, Kind.DATE: day}.get(item.kind, item.width), item
    assert {"SN", "JD", "MF"} == {r.id for r in WESTERN.records.values() if r.since == Month(2021, 9)}
    assert [38, 38] == [len(layout.records["RE"].items) for layout in (ERA, WESTERN)]


@mark.parametrize("layout", layouts(), ids=lambda layout: layout.name)
def test_every_item_is_complete_and_has_a_source(layout: Layout) -> None:
    """Numbers run from 1; names are unique in their record; sources are listed."""
    listed = set(tomllib.loads(SOURCES.read_text("utf-8")))

    for rid, record in layout.records.items():
        assert rid == record.id
        assert list(range(1, len(record.items) + 1)) == [item.no for item in record.items]
        assert len(record.by_name) == len(record.items)
        assert "record_id" == record.items[0].name
        for item in (record, *record.items):
            assert item.source.split(":")[0] in listed
        for item in record.items:
            assert item.ja
            assert item.width > 0 or item.confidence is Confidence.LOW
            assert (item.kind is Kind.CODES) == (item.code_width is not None)
            assert (item.kind is Kind.DECIMAL) == (item.decimals is not None)
            assert item.code_width is None or item.width % item.code_width == 0
            assert not item.name.startswith("reserved") or item.need is Need.NEVER


def test_personal_items_are_marked() -> None:
    """Names, kana, birth date, card, recipient and chart numbers, and all free text, in all records."""
    marked = {(rid, item.name) for rid, record in WESTERN.records.items() for item in record.items if item.personal}

    assert marked == {
        *(("RE", name) for name in ("patient_name", "patient_name_kana", "birth_date", "chart_no", "claim_memo")),
        *(("HO", name) for name in ("card_symbol", "card_number")),
        ("KO", "recipient_number"),
        *(("SN", name) for name in ("confirmed_symbol", "confirmed_number", "branch_no", "recipient_number")),
        *(("SY", name) for name in ("disease_name", "comment")),
        *((rid, f"comment_text_{no}") for rid in ("SI", "IY", "TO") for no in (1, 2, 3)),
        ("TO", "product_name"),
        ("CO", "comment_text"),
        ("SJ", "detail_text"),
        *(("TR", name) for name in ("birth_date", "chart_no", "reserved_1")),
    }


def test_what_no_layout_describes_is_personal() -> None:
    """An unknown record or a surplus item may hold anything; only its identification is shown."""
    assert WESTERN.personal("HO", 16)
    assert WESTERN.personal("ZZ", 2)
    assert WESTERN.personal("RE", 5)
    assert not WESTERN.personal("ZZ", 1)
    assert not WESTERN.personal("RE", 2)
    assert WESTERN.records["HO"].item(16) is None
    assert WESTERN.records["HO"].item(0) is None


def test_the_order_of_a_medical_claim_is_data() -> None:
    """RE, HO, KO, SN, JD, MF, GR, SY, lines in any order, SJ, donors (records:4)."""
    claim = sorted((r for r in WESTERN.records.values() if r.scope is Scope.CLAIM), key=lambda record: record.order)
    donor = WESTERN.blocks["donor"]

    assert ["RE", "HO", "KO", "SN", "JD", "MF", "GR", "SY", "SI", "IY", "TO", "CO", "SJ"] == [
        record.id for record in claim
    ]
    assert 1 == len({WESTERN.records[rid].order for rid in ("SI", "IY", "TO", "CO")})
    assert (frozenset({"SI", "IY", "TO"}),) == WESTERN.one_of
    assert ["TI", "TR", "TS", "SY", "SI", "IY", "TO", "CO", "SJ"] == sorted(
        donor.records, key=lambda rid: donor.records[rid]
    )
    assert donor.order > WESTERN.records["SJ"].order
    assert (0, 4) == (WESTERN.records["KO"].minimum, WESTERN.records["KO"].maximum)
    assert (1, None) == (WESTERN.records["SY"].minimum, WESTERN.records["SY"].maximum)
    assert ERA.records["KO"].order < ERA.records["KH"].order < WESTERN.records["SN"].order


def test_kinds_of_items_are_told_apart() -> None:
    """Payer numbers, several codes side by side, and decimals are kinds of their own."""
    kinds = {
        (rid, item.name): (item.kind, item.code_width, item.decimals)
        for rid, record in WESTERN.records.items()
        for item in record.items
        if item.kind in {Kind.PAYER_NUMBER, Kind.CODES, Kind.DECIMAL}
    }

    assert kinds == {
        ("HO", "insurer_number"): (Kind.PAYER_NUMBER, None, None),
        ("KO", "payer_number"): (Kind.PAYER_NUMBER, None, None),
        ("SN", "confirmed_insurer_number"): (Kind.PAYER_NUMBER, None, None),
        ("RE", "ward_types"): (Kind.CODES, 2, None),
        ("RE", "special_notes"): (Kind.CODES, 2, None),
        ("RE", "patient_states"): (Kind.CODES, 3, None),
        ("TR", "ward_types"): (Kind.CODES, 2, None),
        ("TR", "special_notes"): (Kind.CODES, 2, None),
        ("SY", "modifier_codes"): (Kind.CODES, 4, None),
        ("IY", "amount"): (Kind.DECIMAL, None, 5),
        ("TO", "amount"): (Kind.DECIMAL, None, 3),
        ("TO", "unit_price"): (Kind.DECIMAL, None, 2),
    }
