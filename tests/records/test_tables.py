"""Code tables: what is in them, and since when."""

from importlib.resources import files

from pytest import mark, raises  # noqa: PT013 (the house names them so)

from seikyu.records import CodeTable, Kind, Month, layouts, table
from seikyu.records.tables import parse_table

NAMES = sorted(path.name.removesuffix(".csv") for path in (files("seikyu.records") / "codes").iterdir())


@mark.parametrize("name", NAMES)
def test_every_table_has_codes_with_sources(name: str) -> None:
    """A code without a source could not be checked by anybody; dates are months, in order."""
    codes = table(name)

    assert len(codes) > 0
    for code in codes:
        for row in codes.rows[code]:
            assert row["source"], (name, code)
            assert None not in row, (name, code, "a row is longer than the head")
            dates = [Month.parse(row[key]) for key in ("since", "until") if row.get(key)]
            assert dates == sorted(dates)


def test_every_table_that_a_layout_names_is_there() -> None:
    """And its codes are as wide as the item, or as one code of it."""
    records = [record for layout in layouts() for record in (*layout.records.values(), *layout.history.values())]
    items = [item for record in records for item in record.items]
    named = [item for item in items if item.codes and not item.codes.startswith("master:")]

    assert named
    for item in named:
        width = item.code_width if item.kind is Kind.CODES else item.width
        assert {width} == {len(code) for code in table(str(item.codes))}, item


def test_there_is_no_other_table() -> None:
    """A name that no file bears is a bug, told at once."""
    with raises(KeyError):
        table("no_such_table")


def test_the_burden_codes_are_all_combinations_of_five_payers() -> None:
    """31 codes, each its own set, at least one payer in each."""
    payers = ("insurance", "public_1", "public_2", "public_3", "public_4")
    sets = {tuple(row[payer] for payer in payers) for _, row in table("burden_codes").items()}

    assert 31 == len(table("burden_codes")) == len(sets)
    assert ("0",) * 5 not in sets


@mark.parametrize(
    ("code", "month", "valid"),
    [
        ("17", Month(2018, 7), True),
        ("17", Month(2018, 8), False),
        ("41", Month(2022, 9), False),
        ("41", Month(2022, 10), True),
        ("01", Month(2012, 4), True),
        ("41", None, True),
        ("05", None, False),
    ],
)
def test_special_notes_hold_in_their_months_only(code: str, month: Month | None, valid: bool) -> None:  # noqa: FBT001 (a table)
    """The income classes changed in 2018-08; 41 to 44 exist from 2022-10."""
    assert valid == table("special_notes").valid(code, month)


def test_ranges_of_law_numbers_are_all_there() -> None:
    """80 to 99 are the schemes of prefectures, cities, towns and villages."""
    laws = table("public_payer_law_numbers")

    assert {f"{number}" for number in range(80, 100)} <= set(laws)
    assert laws.row("85") == laws.row("99")
    assert "79" in laws
    assert "78" not in laws


def test_nhi_is_the_law_number_that_is_none() -> None:
    """Six-digit insurers have no law number; their claims go to the federation."""
    row = table("insurer_law_numbers").row("")

    assert row is not None
    assert ("国民健康保険", "2") == (row["name_ja"], row["review_body"])


def test_the_test_prefecture_is_in_the_table() -> None:
    """99 stands for no place and is always accepted (checks:X1015); 51 to 97 are spare."""
    assert {"01", "47", "51", "97", "99"} <= set(table("prefectures"))
    assert not {"00", "48", "50", "98"} & set(table("prefectures"))


def test_a_code_may_have_had_another_meaning_before() -> None:
    """Rows of one code stand from old to new; the month picks."""
    codes = parse_table("t", "code,name_ja,since,until,source\n1,旧,,2020-04,x\n1,新,2020-04,,x\n")

    assert isinstance(codes, CodeTable)
    assert ["旧", "新", "新"] == [
        (codes.row("1", month) or {}).get("name_ja") for month in (Month(2020, 3), Month(2020, 4), None)
    ]
    assert codes.row("2") is None
    assert [("1", "新")] == [(code, row["name_ja"]) for code, row in codes.items()]
