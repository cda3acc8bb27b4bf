"""The rules with fee tables and notices where one example is not enough: what is said, and above all what is let be."""

from collections.abc import Iterable

import pytest

from seikyu.records import Month
from seikyu.rules import Finding, Summary, catalogue
from seikyu.rules.example import embedded
from seikyu.rules.masters import Masters, forms, masters_of, opened, read_version
from seikyu.rules.masters.form import kind_in_name
from seikyu.rules.masters.reading import NotAMaster, read_master
from seikyu.rules.testing_masters import example_masters
from seikyu.rules.with_fee_tables import MODULES
from seikyu.rules.with_fee_tables.counts import spans
from telling import told_of

DAYS = "," * 30
FEDERATION = "IR,2,99,1,0112342,,見本診療所,202609,00,"


def told(example: str, masters: Masters | None = None) -> tuple[list[Finding], Summary]:
    """Return the findings that an example gets, and the summary."""
    *found, summary = told_of(embedded(example), identity_key=b"k", masters=masters or example_masters())
    assert isinstance(summary, Summary)
    return [each for each in found if isinstance(each, Finding)], summary


def codes(example: str, masters: Masters | None = None) -> set[str]:
    """Return the codes that an example gets."""
    return {each.code for each in told(example, masters)[0]}


def lines(example: str, code: str, masters: Masters | None = None) -> list[int | None]:
    """Return the lines at which a rule found something."""
    return [each.line for each in told(example, masters)[0] if each.code == code]


def with_table(*texts: str, **options: int | bool) -> Masters:
    """Return the example's masters with tables in place of their own."""
    label = {"since": 20190101, "known_until": 20991231, "whole": True} | options
    made = [read_version(read_master(text.encode()).pack(file="", imported=9, **label)) for text in texts]  # type: ignore[arg-type]
    kinds = {version.label.kind for version in made}
    others = (each for kind in example_masters().kinds if kind not in kinds for each in example_masters().every(kind))
    return masters_of([*map(opened, made), *map(opened, others)])


def service(code: int, *days: int, record: str = "SI", amount: str = "", group: str = "40") -> str:
    """Return a line that was done once on each of these days of August 2026."""
    fields = ",".join(str(days.count(day) or "") for day in range(1, 32))
    return f"{record},{group},1,{code},{amount},52,{len(days)},,,,,,,{fields}"


# --- the official files ---

OFFICIAL = [
    ("01補助マスターテーブル.csv", "fee_links", ["0", "112007410", "再診料", "01", "A001001"] + ["0"] * 20 + ["20260601", "99999999"]),
    ("02包括テーブル.csv", "fee_inclusions", ["0", "A001001", "113000910", "見本", "0", "20260601", "99999999"]),
    ("03-1背反テーブル1.csv", "fee_exclusions_day", ["0", "111000110", "甲", "112007410", "乙", "3", "0", "0", "20260601", "99999999"]),
    ("03-2 背反テーブル2.csv", "fee_exclusions_month", ["0", "111000110", "甲", "112007410", "乙", "1", "1", "0", "20260601", "99999999"]),
    ("03-3背反テーブル3.csv", "fee_exclusions_once", ["0", "111000110", "甲", "112007410", "乙", "2", "0", "0", "20260601", "99999999"]),
    ("03-4背反テーブル4.csv", "fee_exclusions_week", ["0", "111000110", "甲", "112007410", "乙", "3", "0", "0", "20260601", "99999999"]),
    ("04入院基本料テーブル.csv", "fee_inpatient", ["0", "001", "190024610", "見本", "01", "0", "20260601", "99999999"]),
    ("05算定回数テーブル.csv", "fee_limits", ["0", "112007410", "再診料", "53", "患者当り", "1", "0", *"00000", "20260601", "99999999"]),
    ("ck_ALL_20260515.csv", "required_comments", ["0", "1", "0001", "A000", "01", "111000110", "", "初診料", "830100001", "", "文", "20260601", "99999999", "01", "0", "0", "1"] + ["0"] * 13),
]  # fmt: skip
HEADED = [
    ("IY_Tekio_202510.csv", "drug_indications", 24, {0: "620000001", 1: "8833421", 14: "999", 22: "0"}),
    ("IY_ShobyoKinki_202510.csv", "drug_contraindications", 8, {0: "620000001", 1: "8833421", 6: "0"}),
    ("SI_Shobyo_202510.csv", "procedure_indications", 13, {0: "160008010", 1: "8833421", 11: "0"}),
]


def csv_of(*rows: Iterable[str]) -> bytes:
    """Return rows as the official files write them: quoted, in Shift_JIS."""
    return "".join(",".join(f'"{cell}"' for cell in row) + "\r\n" for row in rows).encode("cp932")


@pytest.mark.parametrize(("name", "kind", "row"), OFFICIAL, ids=[kind for _, kind, _ in OFFICIAL])
def test_an_official_table_is_known_by_its_name(name: str, kind: str, row: list[str]) -> None:
    """Its lines bear no letter; four of the tables have one form. Without a name somebody must say which one it is."""
    read = read_master(csv_of(row), file_name=name)

    assert kind == read.form.kind
    assert kind == read_master(csv_of(row), kind=kind).form.kind
    assert 20260601 in {*read.columns.get("since", ()), *read.columns.get("changed", ())} or kind == "required_comments"
    assert () == read.left_out
    with pytest.raises(NotAMaster):
        read_master(csv_of(row))


@pytest.mark.parametrize(("name", "kind", "width", "cells"), HEADED, ids=[kind for _, kind, _, _ in HEADED])
def test_a_heading_of_an_official_table_is_passed_over(name: str, kind: str, width: int, cells: dict[int, str]) -> None:
    """Its names are not those of our columns."""
    row = [cells.get(at, "") for at in range(width)]
    read = read_master(csv_of(["項目"] * width, row), file_name=name)

    assert (kind, 1) == (read.form.kind, len(read.codes))
    with pytest.raises(NotAMaster, match="empty"):
        read_master(csv_of(["項目"] * width), file_name=name)


def test_a_table_of_another_form_is_refused() -> None:
    """The dental tables have the same names, and more columns."""
    dental = ["0", "301000110", "00000", "甲", "302000110", "00000", "乙", "3", "0", "0", "20260601", "99999999"]
    with pytest.raises(NotAMaster) as refused:
        read_master(csv_of(dental), file_name="03-1背反テーブル1（歯科）.csv")
    assert "columns" == refused.value.why

    shifted = ["0", "0", *OFFICIAL[2][2][1:-1]]
    with pytest.raises(NotAMaster) as refused:
        read_master(csv_of(shifted), file_name="03-1背反テーブル1.csv")
    assert "code" == refused.value.why


def test_no_two_tables_are_known_by_one_name() -> None:
    """A name that fits two kinds would be read as the wrong one."""
    names = [name.casefold() for form in forms().values() for name in form.named]

    assert not [(a, b) for a in names for b in names if a != b and a.startswith(b)]
    assert kind_in_name("s_ALL20260501.csv") is None


def test_a_table_of_our_own_form_is_the_kind_with_the_longer_key() -> None:
    """`disease_code` alone is the key of another kind."""
    read = read_master(b"indicated_drug,disease_code\n620000001,8833421\n")

    assert "drug_indications" == read.form.kind


# --- which table holds ---


@pytest.mark.parametrize(
    ("month", "current"), [((2026, 3), False), ((2026, 4), True), ((2026, 5), True), ((2026, 6), False)]
)
def test_a_table_is_current_up_to_the_day_on_which_it_was_known_to_be(month: tuple[int, int], *, current: bool) -> None:
    """Fees change: what an old table forbids may be right by now."""
    masters = with_table(
        "limited_code,unit_code,most,special\n199004010,121,1,0\n", since=20260401, known_until=20260531
    )

    assert current == masters.current("fee_limits", Month(*month))
    assert not masters.current("fee_limits", None)


@pytest.mark.parametrize("code", ["L7111", "L7112", "L7113", "X4014", "X4015", "X4017"])
def test_a_table_that_may_be_old_is_as_good_as_none(code: str) -> None:
    """The rule is silent, and said to be."""
    old = [
        opened(read_version(read_master(path_text(kind)).pack(
            since=20190101, known_until=20260731, whole=True, file="", imported=1
        )))
        for kind in example_masters().kinds
    ]  # fmt: skip
    rule = next(rule for rule in catalogue() if rule.code == code)

    found, summary = told(str(rule.fails[0]), masters_of(old))
    assert code not in {each.code for each in found}
    assert code in summary.silent


def path_text(kind: str) -> bytes:
    """Return the example's own table of a kind."""
    from importlib.resources import files

    return (files("seikyu.rules.testing_masters") / f"{kind}.csv").read_bytes()


def test_an_official_table_with_a_column_left_out_is_as_good_as_none() -> None:
    """Its conditions may stand in that very column."""
    row = ["0", "199004010", "見本", "121", "日", "1", "0", *"00000", "20260601", "99999999"]
    twice = service(199004010, 1, 1)
    for special, said in (("0", True), ("条件", False)):
        read = read_master(csv_of([*row[:6], special, *row[7:]]), kind="fee_limits")
        made = read_version(read.pack(since=20260601, known_until=20260831, whole=True, file="", imported=1))
        found, summary = told(twice, masters_of([opened(made)]))

        assert said == ("L7113" in {each.code for each in found})
        assert said != ("L7113" in summary.silent and "fee_limits" in summary.missing)


def test_the_rules_with_fee_tables_refuse_nothing() -> None:
    """They ask; only what the official list refuses by the register or the form of the notices is refused."""
    refusing = {rule.code for module in MODULES for rule in module.RULES if rule.refuses}

    assert {"L1702", "L1703", "L1705", "L1906", "L1912", "L3102"} == refusing


# --- exclusions and inclusions ---

PAIR = "{kind}_code,{kind}_other,choice,special,since,until\n199003010,199003020,{choice},{special},{since},{until}\n"


def excluding(
    kind: str = "day", choice: int = 3, *, special: int = 0, since: int = 20190401, until: int = 99999999
) -> Masters:
    """Return masters in which two items exclude each other."""
    text = PAIR.format(kind=kind, choice=choice, special=special, since=since, until=until)
    return with_table(text, *(PAIR.format(kind=other, choice=3, special=1, since=0, until=0) for other in
                              {"day", "month", "once", "week"} - {kind}))  # fmt: skip


@pytest.mark.parametrize(("choice", "line"), [(1, 6), (2, 5), (3, 6), (4, None)])
def test_the_one_that_is_not_paid_is_pointed_at(choice: int, line: int | None) -> None:
    """By the table's choice; where either is paid, the later one. A choice that nobody knows says nothing."""
    claim = f"{service(199003010, 1)}\n{service(199003020, 1)}"

    assert ([line] if line else []) == lines(claim, "L7112", excluding(choice=choice))


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [(20190401, 99999999, True), (20260802, 99999999, False), (20190401, 20260731, False), (0, 20260801, True)],
)
def test_a_row_is_said_only_of_days_on_which_it_holds(since: int, until: int, *, said: bool) -> None:
    """A row begins and ends with its fees."""
    claim = f"{service(199003010, 1)}\n{service(199003020, 1)}"

    assert said == ("L7112" in codes(claim, excluding(since=since, until=until)))


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [((3,), (8,), True), ((3,), (9,), False), ((2,), (3,), False), ((1, 10), (12, 31), True), ((2,), (2,), True)],
)
def test_a_week_is_one_whichever_day_it_begins_with(first: tuple[int], second: tuple[int], *, said: bool) -> None:
    """2 and 9 August 2026 are Sundays: they belong to the week before or to that behind."""
    claim = f"{service(199003010, *first)}\n{service(199003020, *second)}"

    assert said == ("L7112" in codes(claim, excluding("week")))


def test_without_days_only_the_month_is_known() -> None:
    """Day fields that do not add up, or are not filled, tell no day."""
    bare = f"SI,40,1,{{}},,52,1,,,,,,,{DAYS}"
    odd = f"SI,40,1,{{}},,52,2,,,,,,,1{DAYS}"
    for form in (bare, odd, bare.replace(f",,,,,,,{DAYS}", f",,,,,,,x{DAYS}"), "SI,40,1,{},,52,1"):
        claim = f"{form.format(199003010)}\n{form.format(199003020)}"

        assert "L7112" not in codes(claim, excluding("day"))
        assert "L7112" not in codes(claim, excluding("week"))
        assert "L7112" in codes(claim, excluding("month"))
        assert "L7112" not in codes(claim, excluding("month", since=20260815))


def test_a_pair_is_told_once_and_one_code_never_excludes_itself() -> None:
    """The official table has each pair in both orders."""
    both = with_table(
        "day_code,day_other,choice,special,since,until\n"
        "199003010,199003020,3,0,0,0\n199003020,199003010,3,0,0,0\n199003010,199003010,3,0,0,0\n"
    )
    claim = "\n".join([service(199003010, 1), service(199003020, 1), service(199003010, 1), service(199003020, 1)])

    assert 1 == len(lines(claim, "L7112", both))


def test_an_inclusion_needs_both_tables_and_its_own_span() -> None:
    """An operation and the week before it are not told by a claim; nor is a group that nobody is in."""
    links = "linked_code,span_1,group_1,span_2,group_2,since,until\n199002010,{},{},6,Z900001,0,0\n"
    claim = f"{service(199002010, 1)}\n{service(199002020, 1)}"

    assert "L7111" in codes(claim, with_table(links.format(1, "Z900001")))
    assert "L7111" not in codes(claim, with_table(links.format(5, "Z900001")))
    assert "L7111" not in codes(claim, with_table(links.format(1, "Z900009")))
    assert "L7111" not in codes(claim, with_table(links.format(1, "0")))
    assert "L7111" not in codes(claim, with_table(links.format(3, "Z900001")))
    once = f"SI,40,1,199002010,,,1,,,,,,,1{DAYS}\nSI,,1,199002020,,52,1,,,,,,,1{DAYS}"
    assert "L7111" in codes(once, with_table(links.format(3, "Z900001")))


def test_the_other_item_is_named() -> None:
    """Whoever reads the finding must not look for it."""
    claim = f"{service(199003010, 1)}\n{service(199003020, 1)}"
    for choice, other in ((1, "199003010"), (2, "199003020")):
        found = next(each for each in told(claim, excluding(choice=choice))[0] if each.code == "L7112")

        assert other in found.message
        assert other != found.value


@pytest.mark.parametrize("field", ["x", "1x", "0001", "１"])
def test_a_day_field_that_is_no_number_tells_no_day(field: str) -> None:
    """And neither do the others of its line."""
    claim = f"SI,40,1,199003010,,52,1,,,,,,,1,{field}{',' * 29}\n{service(199003020, 1)}"

    assert "L7112" not in codes(claim, excluding())


def test_without_one_of_its_tables_an_inclusion_is_silent() -> None:
    """The links alone do not say what is in a group."""
    claim = f"{service(199002010, 1)}\n{service(199002020, 1)}"
    kinds = [kind for kind in example_masters().kinds if kind != "fee_inclusions"]
    found, summary = told(claim, masters_of(opened(each) for kind in kinds for each in example_masters().every(kind)))

    assert "L7111" not in {each.code for each in found}
    assert "L7111" in summary.silent
    assert "fee_inclusions" in summary.missing


def test_a_line_without_a_code_of_nine_digits_is_none() -> None:
    """It is told by another rule."""
    claim = f"{service(199003010, 1)}\n{service(19900302, 1)}"

    assert "L7112" not in codes(claim)


def test_an_inclusion_holds_on_the_days_of_both_its_rows() -> None:
    """The container's row may hold, and that of the group not any more."""
    ended = "group,included_code,special,since,until\nZ900001,199002020,0,20190401,20260731\n"
    claim = f"{service(199002010, 1)}\n{service(199002020, 1)}"

    assert "L7111" not in codes(claim, with_table(ended))


# --- times ---


def limited(unit: int, most: int = 1, *, special: int = 0, since: int = 0, until: int = 0) -> Masters:
    """Return masters in which an item has one limit."""
    return with_table(
        f"limited_code,unit_code,most,special,since,until\n199004010,{unit},{most},{special},{since},{until}\n"
    )


@pytest.mark.parametrize(
    ("unit", "most", "days", "code"),
    [
        (121, 1, (1, 1), "L7113"),
        (121, 2, (1, 1), None),
        (121, 0, (1, 1), None),
        (138, 1, (3, 8), "L7113"),
        (138, 1, (3, 10), None),
        (138, 1, (1, 2), None),
        (142, 1, (3, 8), "L7113"),
        (142, 1, (3, 10), None),
        (131, 1, (3, 28), "X4006"),
        (147, 1, (3, 28), "X4006"),
        (135, 1, (3, 28), None),
        (133, 1, (3, 28), None),
        (999, 1, (3, 3), None),
    ],
)
def test_times_are_counted_by_the_units_that_a_claim_tells(
    unit: int, most: int, days: tuple[int, ...], code: str | None
) -> None:
    """A first visit, a stay or a series may come twice in a month."""
    found = codes(service(199004010, *days), limited(unit, most)) & {"L7113", "X4006"}

    assert ({code} if code else set()) == found


def test_limits_with_conditions_or_of_other_days_are_let_be() -> None:
    """What the condition is does not stand in the table."""
    twice = service(199004010, 1, 1)

    assert "L7113" in codes(twice, limited(121))
    assert "L7113" not in codes(twice, limited(121, special=1))
    assert "L7113" not in codes(twice, limited(121, since=20260802))
    assert "X4006" not in codes(service(199004010, 1, 20), limited(131, until=20260815))


def test_a_table_of_our_own_may_leave_out_what_it_does_not_need() -> None:
    """No special conditions, and for ever."""
    assert "L7113" in codes(service(199004010, 1, 1), with_table("limited_code,unit_code,most\n199004010,121,1\n"))
    pair = with_table("day_code,day_other,choice\n199003010,199003020,3\n")
    assert "L7112" in codes(f"{service(199003010, 1)}\n{service(199003020, 1)}", pair)


@pytest.mark.parametrize(("code", "line"), [("L4428", 199008020), ("L4653", 199009020)])
def test_notices_are_judged_on_claims_of_dpc(code: str, line: int) -> None:
    """Its procedures stand in lines of the same form."""
    assert code in codes(f"kind dpc\n{service(line, 1, group='90')}")


def test_a_row_for_each_time_holds_in_its_own() -> None:
    """A pair that was free for some months has two rows; neither speaks about the months between."""
    head = "day_code,day_other,choice,special,since,until\n"
    rows = "199003010,199003020,1,0,20190401,20250331\n199003010,199003020,{},0,{},99999999\n"
    claim = f"{service(199003010, 1)}\n{service(199003020, 1)}"

    assert [5] == lines(claim, "L7112", with_table(head + rows.format(2, 20260801)))
    assert [] == lines(claim, "L7112", with_table(head + rows.format(2, 20260802)))


def test_the_same_code_in_several_units_is_added_up() -> None:
    """And the line that passes the limit is pointed at, once."""
    claim = "\n".join([service(199004010, 1), service(199004010, 2), service(199004010, 2), service(199004010, 2)])

    assert [7] == lines(claim, "L7113", limited(121))
    assert {"X4006"} == codes(f"{FEDERATION}\n{claim}", limited(121)) & {"L7113", "X4006"}


def test_every_span_has_its_words() -> None:
    """A span that the rules do not know would end a check."""
    assert {"day", "week", "two_weeks", "month"} == set(spans().values())


# --- drugs ---

INWARD = "21"


def drug(code: int, *days: int, amount: str = "1", group: str = INWARD) -> str:
    """Return a line of a drug."""
    return service(code, *days, record="IY", amount=amount, group=group)


@pytest.mark.parametrize("disease", ["SY,,20260801,1,,,01,", "SY,0000999,20260801,1,,見本病,01,", "-SY"])
def test_a_disease_that_is_not_known_may_be_the_one(disease: str) -> None:
    """Beside it no drug and no test is told to be without disease."""
    for line in (drug(699001001, 1), service(199006010, 1)):
        assert codes(f"{disease}\n{line}").isdisjoint({"X4013", "X4020"})


def test_indications_that_were_taken_away_are_none() -> None:
    """A drug of which all lines were taken away is let be; a line that was taken away is no fault."""
    table = "indicated_drug,disease_code,change\n699001001,9991001,{}\n699001001,9991003,9\n"
    claim = f"SY,{{}},20260801,1,,,01,\n{drug(699001001, 1)}"

    assert "X4013" in codes(claim.format(8833421), with_table(table.format(0)))
    assert "X4013" not in codes(claim.format(8833421), with_table(table.format(1)))
    assert "X4013" not in codes(claim.format(9991003), with_table(table.format(0)))


def test_what_is_missing_is_told_by_whole_tables_only() -> None:
    """A part of a table lacks what its whole has."""
    claim = f"SY,8833421,20260801,1,,,01,\n{drug(699001001, 1)}"

    assert "X4013" not in codes(claim, with_table("indicated_drug,disease_code\n699001001,9991001\n", whole=False))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (drug(699001001, 1, amount="3.5"), True),
        (drug(699001001, 1, amount="3"), False),
        (drug(699001001, 1, amount="3.5", group="23"), False),
        (drug(699001001, 1, amount=""), False),
        (drug(699001009, 1, amount="99"), False),
        (drug(699001004, 1, amount="99"), False),
    ],
)
def test_doses_are_of_drugs_taken_inwardly(line: str, *, said: bool) -> None:
    """An ointment's amount is all of it."""
    assert said == ("X4015" in codes(line))


def test_the_most_is_told_in_plain_figures() -> None:
    """Not 1E+2."""
    found, _ = told(drug(699001009, 1, amount="1000"), with_table("dosed_drug,most_a_day\n699001009,100.00\n"))

    assert ["more of a drug in a day than is approved: is 1000, expected at most 100"] == [
        each.message for each in found if each.code == "X4015"
    ]


def test_days_are_limited_by_the_longest_that_any_disease_allows() -> None:
    """A line without limit makes the drug one without."""
    table = "indicated_drug,disease_code,most_days\n699001009,9991001,{}\n699001009,9991003,{}\n"
    long = f"IY,21,1,699001009,1,1,31,,,,,,,31{DAYS}"

    assert "X4016" in codes(long, with_table(table.format(14, 30)))
    for limits in ((14, 999), (14, 0), (14, ""), (31, 30)):
        assert "X4016" not in codes(long, with_table(table.format(*limits)))


def test_the_longest_prescription_of_a_line_counts() -> None:
    """One of 15 days and one of 3, where 14 are allowed."""
    assert "X4016" in codes(f"IY,21,1,699001001,1,1,18,,,,,,,3,15{',' * 29}")


def test_a_drug_without_limit_in_the_table_of_doses_has_none() -> None:
    """That table is asked first."""
    doses = "dosed_drug,most_a_day,most_days\n699001006,3,\n699001001,3,14\n"
    long = f"IY,21,1,699001006,1,1,31,,,,,,,31{DAYS}"

    assert "X4016" not in codes(long, with_table(doses))


def test_drugs_double_each_other_on_one_day_in_one_class() -> None:
    """A drug without class doubles nothing."""
    same, other = drug(699001001, 1), drug(699001002, 1)

    assert [6] == lines(f"{same}\n{other}", "X4017")
    assert "X4017" not in codes(f"{same}\n{drug(699001009, 1)}")
    assert "X4017" not in codes(f"{same}\n{drug(699001002, 2)}")
    assert "X4017" not in codes(f"{same}\n{drug(699001002, 1, group='23')}")


# --- what an item needs ---


def test_a_base_may_stand_anywhere_on_the_claim() -> None:
    """Units do not bind additions to it."""
    assert "X4005" not in codes(f"{service(199005020, 3)}\n{service(199005010, 9)}")
    assert "X4005" in codes(f"{service(199005020, 3)}\n{service(199005030, 3)}")


def test_notes_of_the_master_bind_additions_of_their_class_only() -> None:
    """And say nothing where the master lacks a code of the claim, which may be the base."""
    table = "code,name,notice_class_1,note_code,note_serial\n199005040,見本,{},{},{}\n"
    line = service(199005040, 1)

    assert "X4005" in codes(line, with_table(table.format(7, "9001", "1")))
    for cells in ((9, "9001", "1"), (7, "0", "1"), (7, "", "1"), (7, "9001", "0"), (7, "9001", "")):
        assert "X4005" not in codes(line, with_table(table.format(*cells) + "199005041,見本,7,9009,1\n"))
    assert "X4005" not in codes(f"{line}\n{service(199999990, 1)}", with_table(table.format(7, "9001", "1")))


@pytest.mark.parametrize("where", ["X4005", "X4025", "X4013"])
def test_a_claim_that_was_not_read_as_a_whole_lacks_nothing(where: str) -> None:
    """What is missing may stand in a line that was too long to be read, or belongs to a donor."""
    rule = next(rule for rule in catalogue() if rule.code == where)
    cut = "SJ,01," + "あ" * 40_000

    assert where in codes(str(rule.fails[0]))
    assert where not in codes(f"{rule.fails[0]}\n{cut}")


COMMENTS = "item,section,branch,commented_code,comment_code,patient_state,until,condition,not_billed,in_out\n"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("1,A,1,199007010,830199001,,99999999,01,0,0", True),
        ("1,A,1,199007010,830199001,,99999999,1,,", True),
        ("1,A,1,199007010,830199001,,20270331,01,0,0", False),
        ("1,A,1,199007010,830199001,,99999999,02,0,0", False),
        ("1,A,1,199007010,830199001,,99999999,01,1,0", False),
        ("1,A,1,199007010,830199001,,99999999,01,0,2", False),
        ("1,A,1,199007010,,001,99999999,01,0,0", False),
    ],
)
def test_only_comments_without_conditions_are_missed(row: str, *, said: bool) -> None:
    """Whether a condition holds does not stand on the claim."""
    assert said == ("X4025" in codes(service(199007010, 1), with_table(f"{COMMENTS}{row}\n")))


def test_a_comment_with_a_condition_beside_those_without_makes_all_of_the_item_doubtful() -> None:
    """It may be the right one."""
    rows = "1,A,1,199007010,830199001,,0,01,0,0\n1,A,1,199007010,830199002,,0,02,0,0\n"

    assert "X4025" not in codes(service(199007010, 1), with_table(COMMENTS + rows))


def test_each_item_of_the_instructions_needs_one_of_its_comments() -> None:
    """Two items, two comments."""
    table = with_table(
        COMMENTS + "1,A,1,199007010,830199001,,0,01,0,0\n"
        "2,A,1,199007010,830199002,,0,01,0,0\n2,A,1,199007010,830199003,,0,01,0,0\n"
    )
    line = service(199007010, 1)

    assert 2 == len(lines(line, "X4025", table))
    assert 1 == len(lines(f"{line}\nCO,,1,830199003,見本", "X4025", table))
    assert [] == lines(f"{line}\nCO,,1,830199003,見本\nCO,,1,830199001,見本", "X4025", table)
    assert [] == lines(f"{line}\nCO,,1,8301,見本", "X4025", table)


# --- notices ---


def test_an_institution_whose_notices_are_not_kept_is_let_be() -> None:
    """And so is one whose notice begins or ends within the month."""
    notices = "notifying_institution,notified_standard,since,until\n{},{},{},{}\n"
    line = service(199008020, 1)

    assert "L4428" in codes(line, with_table(notices.format(9910112342, 9001, 20200401, 99999999)))
    assert "L4428" not in codes(line, with_table(notices.format(9910112359, 9001, 20200401, 99999999)))
    assert "L4428" not in codes(line, with_table(notices.format(9910112342, 9002, 20260831, 99999999)))
    assert "L4428" in codes(line, with_table(notices.format(9910112342, 9002, 20260901, 99999999)))
    assert "L4428" not in codes(line, with_table(notices.format(9910112342, 9002, 20200401, 20260801)))
    assert "L4428" not in codes(line, with_table(notices.format(9910112342, 9001, 20200401, 0), whole=False))


def test_a_standard_notified_anew_holds_by_either_notice() -> None:
    """The old notice ended, the new one holds; whichever stands first."""
    head = "notifying_institution,notified_standard,since,until\n"
    old, new = "9910112342,9002,20200401,20210331\n", "9910112342,9002,20250401,99999999\n"

    for text in (old + new, new + old):
        assert "L4428" not in codes(service(199008020, 1), with_table(head + text))


def test_a_fee_of_a_family_without_notice_is_let_be() -> None:
    """Nobody knows which class it should be."""
    classes = "basic_fee_code,family,standard\n199009020,{},9012\n199009010,1,9011\n"
    claim = f"RE,1,1111,202608,見本　太郎,1,19800101,,20260801\n{service(199009020, 1, group='90')}"

    assert "L4653" in codes(claim, with_table(classes.format(1)))
    assert "L4653" not in codes(claim, with_table(classes.format(2)))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("0102", None),
        ("", None),
        ("01020", "L1702"),
        ("01 02", "L1705"),
        ("　01", "L1705"),
        ("0109", "L1703"),
        ("010A", None),
    ],
)
def test_notified_standards_of_dental_files_have_one_fault_each(text: str, code: str | None) -> None:
    """Their form first, then their codes; letters are told by the item's own rule."""
    found = codes(f"kind dental\nUK,1,99,3,0130001,,見本歯科医院,202609,{text},00")

    assert ({code} if code else set()) == found & {"L1702", "L1703", "L1705"}


def test_codes_of_notices_are_told_by_a_whole_table_only() -> None:
    """A file is refused for it."""
    part = with_table("dental_standard,name\n01,補管\n", whole=False)

    assert "L1703" not in codes("kind dental\nUK,1,99,3,0130001,,見本歯科医院,202609,0199,00", part)


# --- register ---


def test_an_institution_is_unknown_by_a_whole_register_only() -> None:
    """A file is refused for it; a header that cannot be read is told by others."""
    header = "IR,1,99,1,{},,見本診療所,202609,00,"
    part = with_table("institution_code,name\n9910112342,見本\n", whole=False)

    assert "L1912" in codes(header.format("0112390"))
    assert "L1912" not in codes(header.format("0112390"), part)
    assert "L1912" not in codes(header.format("x"))
    assert "L1912" not in codes("IR,1,99,1,0112390,,見本診療所,2026xx,00,")


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [
        ("20260930", "", False),
        ("20261001", "", True),
        ("", "20260701", False),
        ("", "20260630", True),
        ("", "", False),
        ("20000401", "20991231", False),
    ],
)
def test_a_month_before_opening_and_one_after_closing_are_let_be(since: str, until: str, *, said: bool) -> None:
    """As the official check has it."""
    register = f"institution_code,name,since,until\n9910112342,見本,{since},{until}\n9910112343,他,20000401,20991231\n"

    assert said == ("L3102" in codes("", with_table(register)))


# --- dispensing ---


def test_fees_without_points_are_not_counted() -> None:
    """What is past the limit is dispensed without fee, and right."""
    charged = "CZ,1,20260731,20260801,1,7,1,1,01,449000010,24,,,49" + "," * 57
    free = charged.replace("449000010,24,", "449000010,,")
    claim = "\n".join(f"{line}\nIY,1,620000001,3,,,,,," for line in [charged] * 3 + [free] * 2)

    assert "X4030" not in codes(f"kind pharmacy\n{claim}")
    assert 1 == len(lines(f"kind pharmacy\n{claim}\n{charged}\n{charged}", "X4030"))
