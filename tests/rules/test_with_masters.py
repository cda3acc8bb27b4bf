"""The rules with masters where one example is not enough: ages, bounds, and what must be let be."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seikyu.records import Month
from seikyu.rules import Finding, Summary, catalogue
from seikyu.rules.example import embedded
from seikyu.rules.masters import Masters, masters_of, opened, read_version
from seikyu.rules.masters.reading import read_master
from seikyu.rules.testing_masters import example_masters
from telling import told_of

DAYS = "," * 30


def told(example: str, masters: Masters | None = None) -> tuple[set[str], Summary]:
    """Return the codes that an example gets, and the summary."""
    *found, summary = told_of([embedded(example)], identity_key=b"k", masters=masters or example_masters())
    assert isinstance(summary, Summary)
    return {each.code for each in found if isinstance(each, Finding)}, summary


def with_table(text: str, **options: int | bool) -> Masters:
    """Return the example's masters with one table in place of its own."""
    label = {"since": 20190101, "known_until": 20991231, "whole": True} | options
    made = read_version(read_master(text.encode()).pack(file="", imported=9, **label))  # type: ignore[arg-type]
    return masters_of(
        [
            opened(made),
            *(
                opened(each)
                for kind in example_masters().kinds
                if kind != made.label.kind
                for each in example_masters().every(kind)
            ),
        ]
    )


def limits(lower: str, upper: str) -> Masters:
    """Return masters in which a drug is for some ages only."""
    return with_table(f"item_code,lower_age,upper_age\n699000001,{lower},{upper}\n")


DRUG = f"IY,21,1,699000001,1,1,1,,,,,,,1{DAYS}"


@pytest.mark.parametrize(
    ("birth", "lower", "upper", "wrong"),
    [
        ("20200901", "", "06", False),  # six on 1 September: still five in August
        ("20200801", "", "06", False),  # six on the first day: by a day too old, and let be
        ("20200731", "", "06", True),
        ("20200901", "06", "", False),  # by law six on 31 August
        ("20200902", "06", "", True),
        ("20260704", "", "AA", False),
        ("20260703", "", "AA", True),
        ("20260803", "AA", "", False),
        ("20260805", "AA", "", True),
        ("20230715", "", "B3", False),  # three in July: until the first of August
        ("20230615", "", "B3", True),
        ("20200715", "", "B6", False),
        ("20110615", "", "BF", True),
        ("20060701", "", "BK", False),
        ("20060601", "", "BK", True),
        ("20200402", "", "MG", False),  # six on 2 April 2026: school begins in April 2027
        ("20200401", "", "MG", True),
        ("20200229", "06", "", False),
        ("19800101", "ZZ", "ZZ", False),  # a bound that nobody knows
        ("19800101", "00", "00", False),
    ],
)
def test_ages_are_told_only_when_no_day_of_the_month_fits(*, birth: str, lower: str, upper: str, wrong: bool) -> None:
    """A child that has its birthday in the month may have both prices."""
    claim = f"RE,1,1112,202608,見本　太郎,1,{birth}\n{DRUG}"

    assert wrong == ("X4018" in told(claim, limits(lower, upper))[0])


def test_without_birth_date_or_month_no_age_is_told() -> None:
    """Another rule says what is missing."""
    masters = limits("90", "01")

    assert "X4018" not in told(f"RE,1,1112,202608,見本　太郎,1,\n{DRUG}", masters)[0]
    assert "X4018" not in told(f"RE,1,1112,20260x,見本　太郎,1,19800101\n{DRUG}", masters)[0]


def test_a_birthday_on_a_leap_day_is_the_first_of_march() -> None:
    """In years without one."""
    masters = limits("", "02")

    assert "X4018" not in told(f"RE,1,1112,202603,見本　太郎,1,20240229\n{DRUG}", masters)[0]
    assert "X4018" in told(f"RE,1,1112,202604,見本　太郎,1,20240229\n{DRUG}", masters)[0]


def test_a_code_that_a_newer_master_may_have_is_not_refused() -> None:
    """No false refusal: whoever has an old master is told nothing about codes that it lacks."""
    line = f"SI,11,1,199999990,,291,1,,,,,,,1{DAYS}"
    old = with_table("code,name\n111000110,初診料\n", since=20260401, known_until=20260731)
    part = with_table("code,name\n111000110,初診料\n", whole=False)

    assert "L3303" in told(line)[0]
    for masters in (old, part):
        codes, summary = told(line, masters)
        assert "L3303" not in codes
        assert "s" in summary.missing


def test_a_later_version_makes_an_older_one_sure() -> None:
    """Masters are cumulative: what came between stands in the later one."""
    line = "RE,1,1112,202606,見本　太郎,1,19800101\nSI,11,1,{},,291,1,,,,,,,1" + DAYS
    first = read_version(
        read_master("code,name\n111000110,初診料\n".encode()).pack(
            since=20260401, known_until=20260401, whole=True, file="", imported=1
        )
    )
    second = read_version(
        read_master("code,name\n111000110,初診料\n111000999,見本\n".encode()).pack(
            since=20260701, known_until=20260701, whole=True, file="", imported=2
        )
    )

    assert "L3303" not in told(line.format("199999990"), masters_of([opened(first)]))[0]
    both = masters_of([opened(first), opened(second)])
    assert "L3303" in told(line.format("199999990"), both)[0]
    assert "L3303" not in told(line.format("111000999"), both)[0]


@pytest.mark.parametrize(
    "line",
    [
        f"SI,11,1,11100011,,291,1,,,,,,,1{DAYS}",
        f"SI,11,1,911000110,,291,1,,,,,,,1{DAYS}",
        "SI,11,1,111000110,,291,1,,,,,,,1\nCO,,1,81,",
    ],
)
def test_codes_of_another_form_are_other_rules_matter(line: str) -> None:
    """They are malformed, or of no master at all."""
    assert "L3303" not in told(line)[0]


def test_without_a_service_month_nothing_is_looked_up() -> None:
    """Which master holds cannot be told; the month itself is remarked upon, and no master is missed for it."""
    codes, summary = told("RE,1,1112,20260x,見本　太郎,1,19800101\nSI,11,1,199999990,,291,1,,,,,,,1" + DAYS)

    assert "L3303" not in codes
    assert () == summary.silent


def test_a_code_that_ended_within_the_month_is_told_by_its_days() -> None:
    """Done before the end it is right, also where the days cannot be read."""
    early = f"SI,40,1,199000610,,52,1,,,,,,,{',' * 14}1{',' * 16}"
    late = f"SI,40,1,199000610,,52,1,,,,,,,{',' * 15}1{',' * 15}"

    assert "X3030" not in told(early)[0]
    assert "X3030" in told(late)[0]
    assert "X3030" not in told("SI,40,1,199000610,,52,1")[0]
    assert "X3030" in told(f"RE,1,1112,202609,見本　太郎,1,19800101\n{early}")[0]


def test_the_summary_names_the_versions_that_were_looked_into() -> None:
    """So that any month can be judged again."""
    summary = told(DRUG)[1]
    held = example_masters().at("y", Month(2026, 8))

    assert held is not None
    assert held.label.name == summary.masters["y"]
    assert held.label.name.startswith("20190101-")
    assert "s" in summary.masters
    assert not set(summary.missing) & set(summary.masters)


def test_the_versions_of_all_service_months_are_named() -> None:
    """A late claim is looked up in an older version."""
    pair = [
        read_version(
            read_master(f"code,name\n699000001,{since}\n".encode()).pack(
                since=since, known_until=since, whole=True, file="", imported=1
            )
        )
        for since in (20260401, 20260801)
    ]
    example = f"RE,1,1112,202608,見本　太郎,1,19800101\n{DRUG}\nRE,2,1112,202607,見本　太郎,1,19800101\n{DRUG}"

    summary = told(example, masters_of(map(opened, pair)))[1]

    # Two versions were looked into for names only; no rule could speak about prices, so none is named as used.
    assert "y" in summary.missing
    masters = with_table("code,price_class,price,until\n699000001,1,12.30,\n", since=20260801)
    older = read_version(
        read_master(b"code,price_class,price,until\n699000001,1,10.00,\n").pack(
            since=20260401, known_until=20260801, whole=True, file="", imported=1
        )
    )
    both = masters_of([opened(older), *(opened(each) for each in masters.every("y"))])
    names = told(example, both)[1].masters["y"].split(", ")
    assert ["20260401", "20260801"] == [name.partition("-")[0] for name in names]


@pytest.mark.parametrize(
    ("quantity", "points"), [("90", None), ("91", 6000), ("120", 6000), ("121", 6600), ("150", 6600), ("151", 7200)]
)
def test_steps_are_counted_beyond_the_first(quantity: str, points: int | None) -> None:
    """The first step ends where the master says; below it nothing is said."""
    for said in (5400, 6000, 6600, 7200):
        codes, _ = told(f"SI,54,1,199000110,{quantity},{said},1,,,,,,,1{DAYS}")
        assert (points is not None and said != points) == ("X4001" in codes), said


@pytest.mark.parametrize(
    "line",
    [
        f"SI,70,1,111000110,,288,1,,,,,,,1{DAYS}",  # images: a second one costs less
        f"SI,11,1,111000110,,288,1,820100380,,,,,,1{DAYS}",  # a comment may say why
        f"SI,11,1,111000777,,288,1,,,,,,,1{DAYS}",  # unknown to the master
        f"SI,54,1,199000110,,6600,1,,,,,,,1{DAYS}",  # steps without quantity
        f"SI,14,1,199000310,,,1,,,,,,,1{DAYS}\nIY,,1,699000001,1,53,1,,,,,,,1{DAYS}",
    ],
)
def test_units_that_the_master_alone_does_not_price_are_let_be(line: str) -> None:
    """Only plain points are judged."""
    assert "X4001" not in told(line)[0]


def test_points_that_are_no_whole_number_are_let_be() -> None:
    """How they are rounded the master does not say."""
    columns = "code,points_class,points,step,bundled_test,reduced,bundled_reduction"

    assert (
        "X4001"
        not in told(f"SI,11,1,111000110,,9,1,,,,,,,1{DAYS}", with_table(f"{columns}\n111000110,3,5.5,0,0,0,0\n"))[0]
    )
    assert (
        "X4001"
        not in told(
            f"SI,11,1,111000110,,9,1,,,,,,,1{DAYS}",
            with_table(f"{columns}\n111000110,3,,0,0,0,0\n111000120,3,1,0,0,0,0\n"),
        )[0]
    )


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        (f"IY,40,1,699000001,1,1,1,,,,,,,1{DAYS}", False),  # up to 15 yen nothing is claimed there: not judged
        (f"IY,40,1,699000001,2,2,1,,,,,,,1{DAYS}", False),
        (f"IY,40,1,699000001,2,3,1,,,,,,,1{DAYS}", True),
        (f"IY,21,1,699000001,,9,1,,,,,,,1{DAYS}", False),  # no amount
        (f"IY,21,1,699000777,1,9,1,,,,,,,1{DAYS}", False),  # unknown to the master
    ],
)
def test_drugs_are_priced_by_where_they_are_given(*, line: str, wrong: bool) -> None:
    """Drugs of treatments up to 15 yen are not paid at all."""
    assert wrong == ("X4002" in told(line)[0])


def test_oxygen_and_capped_materials_are_let_be() -> None:
    """They follow other rules."""
    line = f"TO,80,1,799000001,1,1,1,,,,,,,,,,,1{DAYS}"

    for cells in ("1,0", "0,1"):
        masters = with_table(
            f"code,price_class,price,oxygen,price_limit\n799000001,1,1005.00,{cells}\n799000003,1,1,1,1\n"
        )
        assert "X4003" not in told(line, masters)[0]
    assert "X4003" in told(line)[0]


def test_a_claim_without_insurer_is_asked_for_none() -> None:
    """A claim of a public payer alone has no insurer's number."""
    codes, _ = told("RE,1,1212,202608,見本　太郎,1,19800101\nKO,12990018,1111111,,1,291")

    assert not codes & {"L3080", "L3087", "L3089", "X3003", "X3008"}


def test_numbers_of_six_digits_are_looked_up_with_zeros() -> None:
    """As registers write them."""
    masters = with_table("insurer_number,symbol_used\n00138016,1\n06990014,1\n")

    assert "L3087" not in told("HO,  138016,,1,1,291", masters)[0]
    assert "X3008" in told("HO,  138016,,1,1,291", masters)[0]


def test_an_unreadable_payer_number_is_another_rules_matter() -> None:
    """And so is a register that is only a part."""
    part = with_table("public_payer_number,name\n12990018,見本\n", whole=False)
    claim = "RE,1,1122,202608,見本　太郎,1,19800101\nHO,06990014,見本,1,1,291\nKO,{},1111111,,1,291"

    assert "L3089" not in told(claim.format("x"))[0]
    assert "L3089" not in told(claim.format("12999999"), part)[0]
    assert "L3087" not in told("HO,x,見本,1,1,291")[0]


def test_a_first_visit_needs_its_days_and_every_start() -> None:
    """Where either cannot be read, nothing is asked."""
    old = "SY,8833421,20260101,1,,,01,"
    fee = f"SI,11,1,111000110,,291,1,,,,,,,1{DAYS}"

    assert "L4451" in told(f"{old}\n{fee}")[0]
    assert "L4451" not in told(f"{old}\nSI,11,1,111000110,,291,1")[0]
    assert "L4451" not in told(f"{old}\nSY,8833421,,1,,,,\n{fee}")[0]
    assert "L4451" not in told(f"{old}\nSY,8833421,20260801,1,,,,\n{fee}")[0]
    assert "L4451" not in told(f"-SY\n{fee}")[0]


def test_minutes_that_are_missing_are_asked_for_by_another_rule() -> None:
    """X4004, not L4676."""
    stay = "RE,1,1111,202608,見本　太郎,1,19800101,,20260801"
    codes, _ = told(f"{stay}\nSI,54,1,199000110,,9600,1,,,,,,,1{DAYS}\nSI,54,1,199000210,,7500,1,,,,,,,1{DAYS}")

    assert "L4676" not in codes
    assert "X4004" in codes


def test_a_day_field_of_zeros_is_no_day() -> None:
    """Some write zeros on days without service."""
    zeros = f"RE,1,1112,202002,見本　太郎,1,19800101\nSI,12,1,112011010,,52,1,,,,,,,1{DAYS}\n"

    assert "L4648" not in told(zeros + f"SI,40,1,199000310,,52,1,,,,,,,0,1{',' * 29}")[0]


def test_an_original_drug_of_a_stay_needs_no_reason() -> None:
    """The patient's share is for outpatients only."""
    stay = "RE,1,1111,202608,見本　太郎,1,19800101,,20260801"
    line = f"IY,21,1,699000005,1,3,1,,,,,,,1{DAYS}"

    assert "L4438" in told(line)[0]
    assert "L4438" not in told(f"{stay}\n{line}")[0]


def test_the_registered_name_may_be_written_with_spaces() -> None:
    """They are not part of the name."""
    assert "L4892" not in told("IR,1,99,1,0112342,,見本　診療所,202609,00,")[0]


def test_a_disease_that_the_master_of_the_month_ended_is_told() -> None:
    """On the last day it is still right."""
    assert "X3026" not in told("RE,1,1112,202603,見本　太郎,1,19800101\nSY,9990001,20260301,1,,,01,")[0]
    assert "X3026" in told("RE,1,1112,202604,見本　太郎,1,19800101\nSY,9990001,20260301,1,,,01,")[0]
    assert date(2026, 3, 31) == next(example_masters().every("b")).row("9990001")["until"]  # type: ignore[index]


EXAMPLES = [(kind, embedded(f"kind {kind}")) for kind in ("medical", "dpc", "dental", "pharmacy", "home_nursing")]
MASTERED = frozenset(rule.code for rule in catalogue() if rule.tables)


@pytest.mark.parametrize(("kind", "data"), EXAMPLES, ids=[kind for kind, _ in EXAMPLES])
def test_the_conforming_file_of_a_kind_is_not_refused(kind: str, data: bytes) -> None:
    """No false refusal, with every table there is."""
    told = [each for each in told_of([data], identity_key=b"k", masters=example_masters()) if isinstance(each, Finding)]

    assert [] == [each.code for each in told if each.refuses and each.code in MASTERED], kind


@pytest.mark.unmeasured
@given(
    example=st.sampled_from(
        [
            *(data for _, data in EXAMPLES),
            *(embedded(each) for rule in catalogue() if rule.tables for each in rule.fails),
        ]
    ),
    cuts=st.lists(
        st.tuples(st.integers(0, 2000), st.sampled_from([b"", b",", b"\r\n", b"9", b"x", "あ".encode("cp932")])),
        max_size=4,
    ),
)
@settings(max_examples=300, deadline=None)
def test_masters_only_add_the_findings_of_their_own_rules(example: bytes, cuts: list[tuple[int, bytes]]) -> None:
    """Whatever is wrong with a file: nothing else changes, and nothing raises."""
    data = bytearray(example)
    for at, piece in cuts:
        place = at % len(data)
        data[place : place + 1] = piece

    def found(masters: Masters | None) -> list[tuple[str, int | None, int | None]]:
        every = told_of([bytes(data)], identity_key=b"k", masters=masters)
        return [(each.code, each.line, each.item_no) for each in every if isinstance(each, Finding)]

    with_all = found(example_masters())
    assert found(None) == [each for each in with_all if each[0] not in MASTERED]


def test_dpc_tables_that_are_only_parts_refuse_nobody() -> None:
    """A class, a disease or a tooth that they lack may be in the rest."""
    for text, example, code in (
        ("dpc_code,bundled\n040080xx99x0xx,1\n", "kind dpc\nBU,990010XX0XXX0X,20260801,,,", "L2252"),
        ("icd10,dpc_disease\nI10,010010\n", "kind dpc", "L4230"),
        ("code,name\n100000,見本\n", "kind dental", "X3041"),
    ):
        assert code not in told(example, with_table(text, whole=False))[0]
        assert code in told(example, with_table(text))[0]


@pytest.mark.parametrize(
    "lines",
    [
        "BU,04008,20260801,,,",  # too short to be a class
        "-BU",
        "CD,20260801,11,1,1,91100011,,1,,1,",  # no code of nine digits
        "CD,20260801,11,1,1,,,1,,1,",
        "SB,8833421,,,,01,,",  # no ICD-10
        "BU,040080XX99X00X,20260801,,,\nSB,8833421,,,,41,,",
        "BU,040080XX99X0XX,20260801,,,\nSK,,K999,20260802,,,",
        "SK,199001010,,20260802,,,",
        "SK,199000310,K999,20260802,,,",  # the master has no section number for it
    ],
)
def test_what_a_dpc_claim_does_not_say_is_not_held_against_it(lines: str) -> None:
    """Other rules tell of what is missing."""
    found = told(f"kind dpc\n{lines}")[0]

    assert not found & {"L2252", "L2455", "L4224", "L4230", "L4231", "L4232", "L4235"}


def test_a_code_that_ended_is_told_on_the_day_of_a_visit() -> None:
    """Lines of nursing tell their day themselves; those of pharmacies tell none."""
    fee = with_table("code,name,until\n510000110,見本,20260815\n550000410,見本,99999999\n")
    drug = with_table("code,name,until\n620000001,見本,20260815\n")

    assert "X3030" not in told("kind home_nursing\nKA,20260815,1,510000110,,5550,03,01,01", fee)[0]
    assert "X3030" in told("kind home_nursing\nKA,20260816,1,510000110,,5550,03,01,01", fee)[0]
    assert "X3030" not in told("kind pharmacy", drug)[0]
