"""Masters: forms, reading official files and our own, versions in bytes, and the version of a month."""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seikyu.records import Month
from seikyu.rules.masters import (
    BadMaster,
    Filed,
    Form,
    Masters,
    Version,
    VersionLabel,
    forms,
    masters_of,
    opened,
    read_version,
    write_version,
)
from seikyu.rules.masters.changes import changes
from seikyu.rules.masters.form import parse_form
from seikyu.rules.masters.packed import number_in, read_label
from seikyu.rules.masters.reading import NotAMaster, day_in_name, read_master

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples" / "masters"

#: One line of each official layout; what is not named is empty.
S = {1: "3", 2: "S", 3: "111000110", 5: "初診料", 8: "0", 11: "3", 12: "291.00", 13: "0", 88: "99999999", 150: "0"}
Y = {1: "0", 2: "Y", 3: "620000001", 5: "見本錠", 11: "1", 12: "12.30", 30: "20260401", 31: "99999999", 42: ""}
Z = {1: "0", 2: "Z", 3: "8002", 7: "の疑い", 16: "99999999", 19: "B1000000"}
C = {1: "0", 2: "C", 3: "8", 4: "20", 5: "100380", 7: "見本", 21: "20240601", 22: "99999999", 23: "820100380", 30: ""}
B = {1: "0", 2: "B", 3: "8833421", 6: "高血圧症", 24: "99999999", 46: "0"}


def line(cells: dict[int, str], **more: str) -> str:
    """Return an official line of as many items as the last number says."""
    told = cells | {int(no[1:]): text for no, text in more.items()}
    return ",".join(told.get(no, "") for no in range(1, max(cells) + 1)) + "\r\n"


def version(text: str, *, since: int = 20260401, imported: int = 1, **options: Any) -> Version:
    """Return the version that a text makes."""
    told = {"known_until": 20260430, "whole": False, "file": "a.csv"} | options
    return read_version(read_master(text.encode("cp932")).pack(since=since, imported=imported, **told))


# --- forms ---


def test_official_forms_name_their_columns_by_places_that_differ() -> None:
    """Two columns at one place would be one of them read wrongly."""
    for form in forms().values():
        places = [column.no for column in form.columns.values() if column.no]

        assert len(set(places)) == len(places), form.kind
        assert bool(form.editions) == bool(places), form.kind
        assert all(max(edition.columns) >= form.columns[form.key[0].column].no for edition in form.editions)


def test_names_of_keys_tell_the_kinds_of_our_own_forms_apart() -> None:
    """The header row alone must say which register it is."""
    own = [tuple(part.column for part in form.key) for form in forms().values() if not form.editions]

    assert len(set(own)) == len(own)
    assert not any("code" in key for key in own)


def test_a_form_whose_key_is_no_column_is_a_bug() -> None:
    """It is found when the form is read, not when somebody looks up a code."""
    text = (
        'ja="あ"\nen="a"\nsource="checks"\nconfidence="H"\nkey=[{column="code",alphabet="digits",width=9}]\n[column]\n'
    )

    with pytest.raises(ValueError, match="key"):
        parse_form("odd", text)


@given(first=st.text("0123456789x", min_size=14, max_size=14), second=st.text("0123456789x", min_size=14, max_size=14))
def test_keys_of_letters_keep_their_order(first: str, second: str) -> None:
    """Rows are found by halving, so numbers must stand as their keys do."""
    form = forms()["dpc_classes"]

    assert (first < second) == ((form.number(first) or 0) < (form.number(second) or 0))


@given(first=st.text("019AZ", min_size=1, max_size=6), second=st.text("019AZ", min_size=1, max_size=6))
def test_keys_of_any_length_keep_their_order_and_differ(first: str, second: str) -> None:
    """I10 and I100 are two diseases."""
    part = forms()["dpc_diseases"].key[0]
    numbers = part.number(first), part.number(second)

    assert None not in numbers
    assert (first < second) == (numbers[0] < numbers[1])  # type: ignore[operator]
    assert (first == second) == (numbers[0] == numbers[1])


@pytest.mark.parametrize("code", ["", "11100011", "1110001100", "211000110", "11100011x", "１１１０００１１０"])
def test_what_has_not_the_form_of_a_code_has_no_number(code: str) -> None:
    """Nor a row."""
    assert forms()["s"].number(code) is None
    assert version(line(S)).row(code) is None
    assert version(line(S)).rows(code) == []


def test_a_letter_outside_the_alphabet_has_no_number() -> None:
    """DPC classes have digits and x."""
    assert forms()["dpc_classes"].number("010010y0000000") is None
    assert forms()["dpc_classes"].number("010010X0000000") == forms()["dpc_classes"].number("010010x0000000")


# --- reading ---


@pytest.mark.parametrize(("cells", "kind"), [(S, "s"), (Y, "y"), (Z, "z"), (C, "c"), (B, "b")])
@pytest.mark.parametrize("encoding", ["cp932", "utf-8", "utf-8-sig"])
def test_an_official_line_is_known_by_its_content(cells: dict[int, str], kind: str, encoding: str) -> None:
    """Whatever the file is called."""
    read = read_master((line(cells) + "\x1a").encode(encoding))

    assert kind == read.form.kind
    assert 1 == len(read.codes)


def test_values_are_read_by_their_columns() -> None:
    """Points in hundredths, dates, names; what is empty or never is none."""
    row = version(line(S, _87="20260601") + line(S, _3="112007410", _5="再診料", _12="75.50")).row("111000110")

    assert row is not None
    assert ("初診料", 3, Decimal(291), None) == (row.name, row["points_class"], row["points"], row["until"])
    assert (None, None) == (row["unit"], row["no such column"])
    assert date(2026, 6, 1) == row["changed"]


def test_a_column_that_is_empty_everywhere_is_not_there() -> None:
    """Lists that kept only names must not look like masters with free services."""
    read = version(",,111000110,,初診料,,,,,\r\n,,112007410,,再診料,,,,,\r\n")

    assert ["code", "name"] == read.columns
    assert not read.has("points")


def test_the_lists_of_ten_columns_are_told_apart_by_their_codes() -> None:
    """They have no letter."""
    assert "y" == read_master(",,620000001,,見本錠,,,,,錠\r\n".encode()).form.kind


OWN = "insurer_number,name,symbol_used\r\n06990014,見本健康保険組合,1\r\n00138016,見本市,0\r\n"


def test_a_table_of_our_own_form_has_names_in_its_first_row() -> None:
    """The registers, and the masters too for whoever writes a few rows by hand."""
    read = version(OWN)
    row = read.row("06990014")

    assert ("insurers", "own") == (read.label.kind, read.label.edition)
    assert row is not None
    assert ("見本健康保険組合", 1) == (row.name, row["symbol_used"])
    assert "h" == read_master("code,name_ja\r\n301058490,時間外加算\r\n".encode()).form.kind


def refused(text: str | bytes, kind: str | None = None) -> NotAMaster:
    """Return the refusal of a file."""
    with pytest.raises(NotAMaster) as told:
        read_master(text if isinstance(text, bytes) else text.encode("cp932"), kind=kind)
    return told.value


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        (" \r\n\r\n\x1a", "empty"),
        (",,,\r\n", "empty"),
        (b"PK\x03\x04anything", "packed"),
        (b"\x1f\x8banything", "packed"),
        (b"\xff\xfe0\x00,\x00", "foreign"),
        (b"\xff\xff\x80,\x00", "control"),
        (b"\x81\x20,0", "encoding"),
        (b"0,S,\x00", "zeros"),
        ("初診料".encode("iso2022_jp"), "control"),
        ("3,S,111000110,,初".encode() + b"\xe8\xa8", "half_character"),
        ("3,S,111000110,,初".encode("cp932") + b"\x90", "half_character"),
        (b"0,S,111000110,\x8f", "half_character"),
        (line(S).encode("cp932").replace("診".encode("cp932"), b"\x85"), "encoding"),
        (line(S, _5="初診料" * 9).encode().replace("診".encode(), b"\xe8\xa8", 1), "faulty"),
        (b"IR,1,99,1,0112342,,,202609,00,", "claims"),
        (b"0" * 100_000, "long_line"),
        (b"0," * 100_000, "long_line"),
        (line(S) + line(S, _3="112007410", _2="Y"), "letter"),
        ('0,"S,111000110', "not_csv"),
        ("a-b,c\r\n", "unknown"),
        ("何か,ある\r\n", "unknown"),
        (line(S)[:-4], "columns"),
        (line(S) + line(S, _3="112007410")[2:], "cut"),
        (line(S) + line(S, _3="112007410")[2:] + line(S, _3="112007411"), "columns"),
        (line(S) + line(S), "twice"),
        (line(S, _3="初診料"), "code"),
        (line(S) + line(S, _3="初診料"), "code"),
        (line(S, _2="Y"), "columns"),
        (line(S) + line(S, _3="112007410", _12="初診"), "value"),
        (line(S, _12="1.234"), "value"),
        (line(S, _13="1.5"), "value"),
        (line(S, _12="1.x"), "value"),
        (line(S, _13="9999999999"), "value"),
        ("name,points\r\n初診料,291\r\n", "no_key"),
        ("code,name\r\n", "empty"),
        ("code,name\r\n初診料,111000110\r\n", "code"),
        ("code,colour\r\n111000110,赤\r\n", "strange_column"),
        ("code,name,name\r\n111000110,あ,い\r\n", "column_twice"),
        ("code,name\r\n111000110,あ,い\r\n", "columns"),
    ],
)
def test_what_is_not_exactly_a_master_is_refused(text: str | bytes, why: str) -> None:
    """A wrong table would turn right claims away; each cause has its words."""
    assert why == refused(text).why


def test_a_file_that_is_called_like_another_master_is_refused() -> None:
    """Unless somebody says with `--kind` that it is right; a name that says nothing is no reason."""
    content = line(S).encode("cp932")

    for name in ("y_ALL20260501.csv", "T.CSV", "b20260501.csv", "insurers_2026.csv", "fee_limits.csv"):
        with pytest.raises(NotAMaster) as told:
            read_master(content, file_name=name)
        assert "called" == told.value.why, name
        assert "s" == read_master(content, kind="s", file_name=name).form.kind
    for name in ("s_ALL20260501.csv", "S.csv", "y_and_s.csv", "master.csv", "x_20260501.csv", "h28.csv", ""):
        assert "s" == read_master(content, file_name=name).form.kind
    with pytest.raises(NotAMaster) as told:
        read_master(OWN.encode(), file_name="public_payers.csv")
    assert ("called", "public_payers", "insurers") == (told.value.why, *map(told.value.facts.get, ("called", "kind")))


def test_a_file_that_must_be_another_kind_is_refused() -> None:
    """`--kind` is a promise."""
    assert "code" == refused("code,name\r\n111000110,初診料\r\n", kind="y").why
    assert "unknown" == refused(line(S), kind="y").why
    assert "s" == read_master(line(S).encode("cp932"), kind="s").form.kind


@given(shift=st.integers(1, 9))
def test_shifted_columns_never_become_a_master(shift: int) -> None:
    """Items that slipped to the right, with as many columns as there should be."""
    items = line(S).rstrip().split(",")
    shifted = ",".join(["0"] * shift + items[:-shift]) + "\r\n"

    assert refused(shifted).why in {"code", "unknown"}


def test_a_column_whose_place_is_not_sure_is_left_out_and_said() -> None:
    """The rest of the master is used."""
    read = read_master(line(S, _31="何か").encode("cp932"))

    assert ("step_from",) == read.left_out
    assert "step_from" not in read.columns


@given(content=st.binary(max_size=200))
def test_any_bytes_are_a_master_or_refused(content: bytes) -> None:
    """And nothing else happens."""
    try:
        read = read_master(content)
    except NotAMaster as told:
        assert re.fullmatch("[a-z_]+", told.why)  # noqa: PT017  (either way is right)
    else:
        assert read.codes


def test_the_newest_date_of_change_is_known() -> None:
    """Where the name of the file tells no day."""
    assert 20260401 == read_master(line(Y).encode("cp932")).newest_change
    assert read_master(OWN.encode()).newest_change is None


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("c_ALL20250307.csv", 20250307),
        ("s_202406_min_slice.csv", 20240601),
        ("s.csv", None),
        ("names_2019.csv", None),
        ("y_20261399.csv", None),
        ("123456789012.csv", None),
    ],
)
def test_a_name_may_tell_the_day(name: str, day: int | None) -> None:
    """As the official files do."""
    assert day == day_in_name(name)


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the shared samples are not here")
@pytest.mark.parametrize(
    ("name", "kind", "rows", "columns"),
    [
        ("s_202406_min_slice.csv", "s", 3000, {"code", "name", "unit"}),
        ("y_202406_min_slice.csv", "y", 3000, {"code", "name", "unit"}),
        ("b_202406_min_slice.csv", "b", 3000, {"code", "name"}),
        ("c_20250307.csv", "c", 3857, {"pattern", "until", "selectable"}),
        ("t_20250228.csv", "t", 1344, {"price", "price_class", "until", "dpc"}),
        ("z_20250101.csv", "z", 2359, {"name", "until"}),
        ("nursing_fee_basic.csv", "r", 208, {"price", "until"}),
        ("dental_procedure_names_2019.csv", "h", 1960, {"name"}),
        ("dispensing_names_2019.csv", "m", 118, {"name"}),
        ("tooth_codes_2019.csv", "f", 915, {"name"}),
    ],
)
def test_the_public_masters_are_read(name: str, kind: str, rows: int, columns: set[str]) -> None:
    """Every row, and with none of its columns left out."""
    read = read_master((SAMPLES / name).read_bytes())
    packed = read_version(read.pack(since=20240601, known_until=20240630, whole=False, file=name, imported=1))

    assert (kind, rows, ()) == (read.form.kind, packed.label.rows, read.left_out)
    assert columns <= set(packed.columns)
    assert all(packed.row(str(packed.value("code", at))) is not None for at in range(0, rows, 97))


# --- versions as bytes ---


CELLS = {"points": st.integers(0, 10**9), "in_out": st.integers(0, 2), "name": st.text("初診料aあ", max_size=5)}


@given(
    rows=st.dictionaries(st.integers(100000000, 199999999), st.fixed_dictionaries(CELLS), min_size=1, max_size=8),
    asked=st.integers(100000000, 199999999),
)
def test_what_is_written_is_found_again(rows: dict[int, dict[str, Any]], asked: int) -> None:
    """Every value of every row, and no row that was not written; NumPy sees the same memory."""
    codes = sorted(rows)
    columns: dict[str, Sequence[Any]] = {name: [rows[code][name] for code in codes] for name in CELLS}
    label = VersionLabel(kind="s", since=20260401, digest="0" * 64, known_until=0, whole=True, rows=len(codes))

    read = read_version(write_version(label, codes, columns))

    assert label == read.label
    for code in codes:
        row = read.row(str(code))
        assert row is not None
        assert rows[code]["points"] == row["points"] * 100
        assert (rows[code]["in_out"], rows[code]["name"]) == (row["in_out"], row.name)
    assert (asked in rows) == (read.row(str(asked)) is not None)
    assert codes == np.frombuffer(read.codes, dtype=np.int64).tolist()
    assert columns["in_out"] == np.frombuffer(read.numbers["in_out"], dtype=np.int32).tolist()


def test_a_flipped_byte_is_noticed_wherever_it_lies() -> None:
    """A damaged master must not judge anybody."""
    block = read_master(line(S).encode("cp932")).pack(since=20260401, known_until=0, whole=False, file="", imported=1)
    assert read_label(block).rows == 1

    for at in range(len(block)):
        damaged = bytearray(block)
        damaged[at] ^= 0x10
        with pytest.raises(BadMaster):
            read_version(bytes(damaged))
    for length in range(0, len(block), 7):
        with pytest.raises(BadMaster):
            read_version(block[:length])


def test_a_kind_or_column_of_a_later_program_is_told_or_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever goes back to an older program reads what it knows."""
    from types import MappingProxyType

    from seikyu.rules.masters import packed

    block = read_master(line(S).encode("cp932")).pack(since=20260401, known_until=0, whole=False, file="", imported=1)
    fewer = parse_form(
        "s",
        'ja="あ"\nen="a"\nsource="checks"\nconfidence="H"\nkey=[{column="code",alphabet="digits",width=9}]\n'
        '[column]\ncode={no=3,ja="コード",form="text"}\n',
    )
    monkeypatch.setattr(packed, "forms", lambda: MappingProxyType({"s": fewer}))
    assert ["code"] == read_version(block).columns
    monkeypatch.setattr(packed, "forms", dict)
    with pytest.raises(BadMaster, match="kind"):
        read_version(block)


@pytest.mark.parametrize(("form", "text", "number"), [(Form.DECIMAL, "12.3", 1230), (Form.NUMBER, "0012", 12)])
def test_numbers_are_held_as_whole_numbers(form: Form, text: str, number: int) -> None:
    """Money has no floating point."""
    assert number == number_in(form, text)


def test_a_day_that_is_none_is_no_date() -> None:
    """31 June is a slip of whoever wrote the master, not an end."""
    row = version(line(S, _88="20260631")).row("111000110")

    assert row is not None
    assert row["until"] is None


def test_a_row_tells_itself_in_json() -> None:
    """Decimals and dates as text."""
    row = version(line(S, _88="20260630")).row("111000110")

    assert row is not None
    told = row.to_json()
    assert ("2026-06-30", "291.00", 3) == (told["until"], told["points"], told["points_class"])


# --- the version of a month ---


def old_and_new() -> Masters:
    """Return two versions of s: the second has another price and one code more, and lacks one."""
    first = version(line(S, _12="288") + line(S, _3="199000010"), since=20220401, whole=True, known_until=20220401)
    second = version(line(S) + line(S, _3="112007410"), since=20240601, whole=True, known_until=20240610, imported=2)
    return masters_of([opened(second), opened(first)])


@pytest.mark.parametrize(
    ("month", "points"),
    [
        (Month(2022, 3), None),
        (Month(2022, 4), 288),
        (Month(2024, 5), 288),
        (Month(2024, 6), 291),
        (Month(2030, 1), 291),
    ],
)
def test_a_claim_is_judged_by_the_version_of_its_month(month: Month, points: int | None) -> None:
    """And a month before all versions by none."""
    held = old_and_new().at("s", month)

    row = held.row("111000110") if held else None
    assert points == (row and row["points"])


def test_a_day_and_a_month_that_is_not_known() -> None:
    """A day inside the month before the version began has the one before."""
    masters = old_and_new()

    day = masters.at("s", date(2024, 5, 31))
    assert day is not None
    assert 20220401 == day.label.since
    assert masters.at("s", None) is None
    assert masters.at("y", Month(2024, 6)) is None
    assert masters.name_of("y", Month(2024, 6)) is None
    assert not masters.sure("s", None)


def test_of_two_imports_of_one_day_the_later_one_holds_and_both_stay() -> None:
    """Whoever imports again has a reason."""
    first = version(line(S, _12="1"), imported=1)
    second = version(line(S, _12="2"), imported=2)
    masters = masters_of([opened(second), opened(first)])

    held = masters.at("s", Month(2026, 4))
    assert held is second
    assert [second, first] == list(masters.every("s"))
    assert ("s",) == masters.kinds


def test_a_code_of_another_version_is_known() -> None:
    """A claim may bear a code that the version of its month has not yet, or has no more."""
    masters = old_and_new()

    assert all(masters.knows("s", code) for code in ("111000110", "112007410", "199000010"))
    assert not masters.knows("s", "111000111")
    assert masters.knows("b", "0000999")
    row = masters.row("s", "199000010", Month(2024, 6))
    assert row is not None
    assert 20220401 == row.version.label.since
    assert masters.row("s", "111000111", Month(2024, 6)) is None
    assert masters.row("y", "620000001", Month(2024, 6)) is None


@pytest.mark.parametrize(
    ("month", "sure"),
    [(Month(2022, 3), False), (Month(2022, 4), True), (Month(2024, 5), True), (Month(2024, 6), False)],
)
def test_what_no_version_has_is_told_only_up_to_what_is_known(*, month: Month, sure: bool) -> None:
    """A newer master that nobody has brought yet may have the code: then nothing is said."""
    masters = old_and_new()

    assert sure == masters.sure("s", month)
    assert sure == masters.serves("s.whole", month)


def test_a_part_is_never_sure() -> None:
    """A list of some codes says nothing of the others."""
    masters = masters_of([opened(version(line(S), known_until=20301231))])

    assert not masters.sure("s", Month(2026, 4))


def test_needs_are_served_by_table_and_column() -> None:
    """Several with blanks between are wanted together."""
    masters = old_and_new()
    month = Month(2024, 6)

    assert masters.serves("s", month)
    assert masters.serves("s.points s.in_out", month)
    assert not masters.serves("s.points s.place", month)
    assert not masters.serves("s.points y", month)


def test_an_item_is_found_by_its_first_digit() -> None:
    """Drawings ask for names of whatever stands in a line."""
    masters = old_and_new()

    item = masters.item("111000110", Month(2024, 6))
    assert item is not None
    assert "初診料" == item.name
    assert masters.item("911000110", Month(2024, 6)) is None


def test_a_version_is_opened_when_it_is_first_asked_for() -> None:
    """A check of one month opens what it needs, once."""
    count: list[str] = []
    made = version(line(S))

    def open_it() -> Version:
        count.append("s")
        return made

    masters = masters_of([Filed(made.label, open_it)])
    assert masters
    assert [] == count
    assert masters.at("s", Month(2026, 4)) is masters.at("s", Month(2026, 5))
    assert ["s"] == count


def test_pairs_are_found_by_their_first_half() -> None:
    """One drug has several comments."""
    text = "original_drug_code,comment_code\r\n620000001,820199002\r\n620000001,820199001\r\n620000002,820199003\r\n"
    read = version(text)

    assert ["820199001", "820199002"] == [row["comment_code"] for row in read.rows("620000001")]
    assert read.row("620000002", "820199003") is not None
    assert read.row("620000002", "820199001") is None


# --- what changed ---


def test_additions_changes_and_withdrawals_are_told() -> None:
    """With the first few of each; a column that only one has is no change."""
    before = version("code,name\r\n" + "".join(f"1110001{n:02},見本{n}\r\n" for n in range(20)))
    after = version("code,name,points\r\n" + "".join(f"1110001{n:02},見本{n or 99},5\r\n" for n in range(22) if n != 1))

    found = changes(before, after)

    assert (20, 2, 1, 1) == (found.before, found.added, found.changed, found.withdrawn)
    assert (("111000120 見本20", "111000121 見本21"), ("111000100 見本99",), ("111000101 見本1",)) == (
        found.first_added,
        found.first_changed,
        found.first_withdrawn,
    )
    assert not found.withdraws_too_many


def test_the_first_version_only_adds() -> None:
    """There is nothing to compare it with."""
    found = changes(None, version(line(S)))

    assert (None, 1, 0, 0) == (found.before, found.added, found.changed, found.withdrawn)
    assert not found.withdraws_too_many


@pytest.mark.parametrize(("gone", "too_many"), [(2, False), (3, True)])
def test_more_than_a_tenth_is_too_much_to_withdraw(*, gone: int, too_many: bool) -> None:
    """The limit is `master_withdrawn_percent`."""
    before = version("code,name\r\n" + "".join(f"1110001{n:02},あ\r\n" for n in range(20)))
    after = version("code,name\r\n" + "".join(f"1110001{n:02},あ\r\n" for n in range(gone, 20)))

    assert too_many == changes(before, after).withdraws_too_many
