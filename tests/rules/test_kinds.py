"""Files of every kind: one slip is one finding, any bytes end in one summary, and what is special to a kind."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import telling
from seikyu import limits
from seikyu.records import Month
from seikyu.rules import Context, Finding, IndexRow, Level, Summary
from seikyu.rules.examine import Engine
from seikyu.rules.example import embedded, own_lines
from seikyu.rules.table import claim_kind_of
from telling import Told

CLAIM_KINDS: Final = ("medical", "dental", "pharmacy", "home_nursing", "dpc")
RETURNS: Final = tuple(f"{kind}_return" for kind in CLAIM_KINDS)
KINDS: Final = (*CLAIM_KINDS, *RETURNS)


def told_of(data: bytes, **options: object) -> list[Told]:
    """Return all that is told of a file."""
    return telling.told_of(data, **{"identity_key": b"kinds", **options})


def graves(data: bytes, **options: object) -> list[Finding]:
    """Return the findings above notice."""
    return [each for each in told_of(data, **options) if isinstance(each, Finding) and each.level is not Level.L48]


def lines_of(kind: str) -> list[str]:
    """Return the lines of the conforming file of a kind."""
    return embedded(f"kind {kind}").decode("cp932").removesuffix("\x1a").splitlines()


def file_of(lines: Sequence[str]) -> bytes:
    """Return lines as the bytes of a file."""
    return "".join(f"{line}\r\n" for line in lines).encode("cp932") + b"\x1a"


@pytest.mark.parametrize("kind", KINDS)
def test_the_conforming_file_of_a_kind_is_right(kind: str) -> None:
    """Nothing is told of it above notice, and it is what it says it is."""
    data = embedded(f"kind {kind}")

    told = told_of(data)

    assert [] == graves(data)
    last = told[-1]
    assert isinstance(last, Summary)
    assert (kind, 1, False) == (last.kind, last.claims, last.refused)
    (row,) = [each for each in told if isinstance(each, IndexRow)]
    assert row.main_points == last.points
    assert data[row.offset :].startswith(b"IR" if claim_kind_of(kind) == "dental" else b"RE")


#: Kind, record, item, what stands there instead, and what is told.
SLIPS: Final = (
    ("dental", "UK", 2, "3", "X1034"),
    ("dental", "UK", 3, "48", "X1015"),
    ("dental", "UK", 4, "1", "X1016 X1043"),
    ("dental", "UK", 5, "0130019", "X1043"),
    ("dental", "UK", 6, "1", "X2054"),
    ("dental", "UK", 8, "202613", "X1045"),
    ("dental", "UK", 8, "202608", "X1044 X2015"),
    ("dental", "UK", 10, "01", "X1022"),
    ("dental", "IR", 2, "2", "X1044"),
    ("dental", "IR", 4, "1", "X1043"),
    ("dental", "IR", 5, "0130019", "X1043"),
    ("dental", "IR", 5, "", "X1017"),
    ("dental", "IR", 7, "202613", "X2009"),
    ("dental", "IR", 8, "1" * 16, "X2005"),
    ("dental", "RE", 2, "2", "X1046"),
    ("dental", "RE", 2, "A", "X2008"),
    ("dental", "RE", 3, "1112", "X1042 X2011"),
    ("dental", "RE", 3, "9999", "X2010"),
    ("dental", "RE", 3, "3212", "X2012"),
    ("dental", "RE", 3, "3122", "X2013"),
    ("dental", "RE", 4, "202600", "X2061"),
    ("dental", "RE", 4, "202609", "X2015"),
    ("dental", "RE", 5, "", "X2004"),
    ("dental", "RE", 7, "19800230", "X2009"),
    ("dental", "RE", 9, "20260801", "X2020"),
    ("dental", "RE", 10, "20260231", "X2030"),
    ("dental", "RE", 20, "29915080700000001", "XR002"),
    ("dental", "HO", 2, "0699001A", "X2008"),
    ("dental", "HO", 2, "06990015", "X3001"),
    ("dental", "HO", 4, "", "X2004"),
    ("dental", "HO", 5, "0", "X2026"),
    ("dental", "HO", 6, "", "X2027"),
    ("dental", "HO", 6, "235", "X1025 X3020"),
    ("dental", "HS", 5, "52500", "X2006"),
    ("dental", "HS", 5, "0000999", "X2032"),
    ("dental", "SS", 2, "", "X2038"),
    ("dental", "SS", 2, "98", "X2039"),
    ("dental", "SS", 3, "0", "X2036"),
    ("dental", "SS", 3, "2", "X2037"),
    ("dental", "SS", 4, "30100", "X2035"),
    ("dental", "SS", 77, "", "X2041"),
    ("dental", "SS", 78, "2", "X2043"),
    ("dental", "SS", 79, "", "X2045"),
    ("dental", "GO", 2, "2", "X1024"),
    ("dental", "GO", 3, "235", "X1025"),
    ("dental", "GO", 4, "01", "X1023"),
    ("pharmacy", "YK", 5, "0140009", "X1018"),
    ("pharmacy", "YK", 4, "1", "X1016"),
    ("pharmacy", "YK", 7, "202613", "X1045"),
    ("pharmacy", "YK", 9, "", "L1913"),
    ("pharmacy", "YK", 9, "1" * 16, "L1913"),
    ("pharmacy", "RE", 2, "2", "L1917"),
    ("pharmacy", "RE", 2, "A", "L1910"),
    ("pharmacy", "RE", 4, "202613", "X2061"),
    ("pharmacy", "RE", 4, "202607", "X3040"),
    ("pharmacy", "HO", 6, "116", "X1025"),
    ("pharmacy", "SH", 2, "", "X2064"),
    ("pharmacy", "CZ", 3, "20260802", "X3039"),
    ("pharmacy", "CZ", 3, "20260732", "X2009"),
    ("pharmacy", "CZ", 4, "20260901", "X3040"),
    ("pharmacy", "CZ", 7, "0", "X2059"),
    ("pharmacy", "CZ", 6, "x", "X2064"),
    ("pharmacy", "IY", 2, "2", "X2037"),
    ("pharmacy", "IY", 3, "62000", "X2035"),
    ("home_nursing", "HM", 4, "1", "X1016"),
    ("home_nursing", "HM", 5, "019000", "X1017"),
    ("home_nursing", "HM", 7, "", "X1045"),
    ("home_nursing", "RE", 2, "2", "X1046"),
    ("home_nursing", "RE", 12, "99", "X3014"),
    ("home_nursing", "HO", 5, "32", "X2026"),
    ("home_nursing", "HO", 6, "13221", "X3020"),
    ("home_nursing", "HJ", 2, "99", "X2059"),
    ("home_nursing", "SY", 2, "0000999", "X2032"),
    ("home_nursing", "RJ", 3, "", "X2004"),
    ("home_nursing", "KA", 2, "20260832", "X2009"),
    ("home_nursing", "KA", 3, "2", "X2037"),
    ("home_nursing", "KA", 6, "5551", "X3020"),
    ("dpc", "IR", 10, "", "L1070"),
    ("dpc", "IR", 6, "1", "L1011"),
    ("dpc", "IR", 8, "202613", "L1102"),
    ("dpc", "RE", 2, "2", "L1908"),
    ("dpc", "RE", 3, "1112", "X2014"),
    ("dpc", "RE", 4, "202613", "L2951"),
    ("dpc", "RE", 5, "", "L3001"),
    ("dpc", "RE", 7, "19800230", "L2174"),
    ("dpc", "RE", 12, "11", "L3110"),
    ("dpc", "RE", 19, "8", "L2000"),
    ("dpc", "HO", 2, "0699001A", "L2181"),
    ("dpc", "HO", 4, "", "L2162"),
    ("dpc", "BU", 2, "04008", "X2006"),
    ("dpc", "BU", 5, "8", "L2255"),
    ("dpc", "BU", 5, "6", "L3820"),
    ("dpc", "SB", 6, "42", "L3240"),
    ("dpc", "SB", 6, "98", "X2059"),
    ("dpc", "SI", 3, "2", "X2037"),
    ("dpc", "SI", 4, "", "L2541"),
    ("dpc", "SI", 7, "2", "X2043"),
    ("dpc", "CD", 2, "20260832", "X2009"),
    ("medical_return", "HI", 1, "XX", "X1008"),
    ("medical_return", "HG", 2, "3", "XH006"),
    ("medical_return", "HG", 3, "3", "XH006"),
    ("medical_return", "HR", 6, "", "X2064"),
)
#: What is told where the two that differ are compared: at the claim, or at what the sum stands in.
ELSEWHERE: Final = {"X1025", "X1043", "X1044", "X2015", "X3020", "X3040", "L3240"}


@pytest.mark.parametrize(("kind", "rid", "item", "value", "codes"), SLIPS, ids=["-".join(map(str, s)) for s in SLIPS])
def test_a_slip_is_told_once(kind: str, rid: str, item: int, value: str, codes: str) -> None:
    """More codes than one only where the slip is in what several claims, or several checks, are held against."""
    lines = lines_of(kind)
    at = next(n for n, line in enumerate(lines) if line.startswith(rid))
    items = lines[at].split(",")
    items[item - 1] = value
    lines[at] = ",".join(items)

    found = graves(file_of(lines))

    if rid != "HI":  # Without it nothing is known.
        assert codes.split() == sorted(each.code for each in found)
        assert at + 1 in {each.line for each in found} or set(codes.split()) <= ELSEWHERE
    assert set(codes.split()) <= {each.code for each in found}


@pytest.mark.parametrize("kind", KINDS)
def test_the_file_of_a_kind_can_lose_any_line(kind: str) -> None:
    """Whatever is lost, there is one summary, and a lost payer, opener or end is not silent."""
    lines = lines_of(kind)
    for at, line in enumerate(lines):
        data = file_of([*lines[:at], *lines[at + 1 :]])

        told = told_of(data)

        assert [isinstance(each, Summary) for each in told] == [False] * (len(told) - 1) + [True]
        if line[:2] in {"UK", "YK", "HM", "IR", "RE", "HO", "GO", "HI", "HG", "HR"}:
            assert graves(data)


PIECES: Final = st.sampled_from(
    [line.encode("cp932") for kind in KINDS for line in (*own_lines(kind), "GO,1,291,99", "HG,1,1,99", "GO", "ZZ,1")]
)
VALUES: Final = st.sampled_from(
    [b"", b"1", b"2", b"3", b"99", b"202608", b"20260801", b"3550101", b"\x82", b"A", b"-1"]
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Return lines of any kinds in any order, some items of them replaced."""
    lines = draw(st.lists(PIECES, max_size=14))
    if draw(st.booleans()):
        kind = draw(st.sampled_from(KINDS))
        lines = [line.encode("cp932") for line in lines_of(kind)]
        order = draw(st.lists(st.integers(0, len(lines) - 1), min_size=1, max_size=len(lines) + 4))
        lines = [lines[at] for at in order]
    whole = []
    for line in lines:
        items = line.split(b",")
        for at in draw(st.lists(st.integers(0, len(items) - 1), max_size=2)):
            items[at] = draw(VALUES)
        whole.append(b",".join(items))
    return b"".join(line + b"\r\n" for line in whole) + draw(st.sampled_from([b"", b"\x1a"]))


@given(data=damaged(), kind=st.sampled_from([None, *KINDS]), asp=st.booleans())
@settings(max_examples=300, deadline=None)
def test_any_lines_of_any_kind_end_in_one_summary(data: bytes, kind: str | None, *, asp: bool) -> None:
    """Findings come before their claim's row, rows in the order of the file and apart, and one summary at the end."""
    told = told_of(data, kind=kind, asp=asp)

    assert [isinstance(each, Summary) for each in told] == [False] * (len(told) - 1) + [True]
    rows = [each for each in told if isinstance(each, IndexRow)]
    done = 0
    for each in told:
        if isinstance(each, IndexRow):
            done += 1
        elif isinstance(each, Finding) and each.claim_index is not None:
            assert done == each.claim_index
    for row, after in pairwise(rows):
        assert row.offset + row.length <= after.offset
    last = told[-1]
    assert isinstance(last, Summary)
    assert last.findings == sum(isinstance(each, Finding) for each in told)
    assert last.claims == len(rows) == sum(totals.claims for totals in last.totals.values())
    assert last.points == sum(row.main_points for row in rows)


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("medical", "SY,8833421,20260801,1,", "SY,8833421,20260801,A,"),
        ("dental", "UK,1,99,3,0130001,,見本歯科医院,202609,,", "UK,1,99,3,0130001,,見本歯科医院,202609,A1,"),
        ("dental", "HS,,,101600,", "HS,,,1016A0,"),
        ("pharmacy", "SH,01,1,", "SH,A1,1,"),
        ("dpc", "GA,202608,2,0", "GA,202608,2,X"),
        ("medical_return", "HR,202608,1,", "HR,202608,A,"),
    ],
)
def test_what_only_asks_does_not_refuse_where_nothing_is_asked(kind: str, old: str, new: str) -> None:
    """Without ASP a fault that would be asked about is not told; no graver rule takes it over."""
    data = "\r\n".join([*lines_of(kind), "\x1a"]).replace(old, new).encode("cp932")
    assert new.encode("cp932") in data

    assert graves(data)
    assert not [each for each in graves(data) if each.refuses]
    assert [] == graves(data, asp=False)


# --- what is special to a kind ---


@pytest.mark.parametrize("kind", RETURNS)
def test_a_return_file_that_is_sent_as_claims_is_refused(kind: str) -> None:
    """The office takes claims; the words say what to do with a return file."""
    data = embedded(f"kind {kind}")

    found = graves(data, context=Context(claim_months=frozenset({Month(2026, 8), Month(2026, 9)})))

    assert ["X1041"] == [each.code for each in found]
    assert "file" == found[0].refuses


@pytest.mark.parametrize("kind", RETURNS)
@pytest.mark.parametrize("engine", ["reference", "kernel"])
def test_a_return_file_under_the_name_of_claims_is_refused(kind: str, engine: Engine) -> None:
    """Whoever checks it before sending is told what the office would say; under its own name it is read as it is."""
    data = embedded(f"kind {kind}")

    for name in ("RECEIPTC.UKE", "receipty.cyo", "henrei (2).UKE"):
        found = graves(data, file_name=name, engine=engine)
        assert [("X1041", "file")] == [(each.code, each.refuses) for each in found]
    for name in ("RECEIPTC.HEN", "RECEIPTC.SAH", "henrei.txt", ""):
        assert [] == graves(data, file_name=name, engine=engine)
    assert [] == graves(data, file_name="RECEIPTC.UKE", engine=engine, kind=kind)


def test_a_file_under_the_usual_name_of_another_kind_is_told() -> None:
    """Before it is sent a file may be called anything else."""

    def told(name: str, **options: object) -> list[str]:
        """Return what is said of the name."""
        every = told_of(embedded("kind medical"), file_name=name, **options)
        return [each.message for each in every if isinstance(each, Finding) and each.code == "X1001"]

    for name in ("RECEIPTD.UKE", "receiptc.hen"):
        (message,) = told(name)
        assert name in message
        assert "RECEIPTC.UKE" in message
    for name in ("RECEIPTC.UKE", "receiptc.uke", "2026-08.UKE", ""):
        assert [] == told(name)
    assert [] == told("RECEIPTD.UKE", kind="medical")
    assert [] != told("2026-08.UKE", context=Context(file_name="2026-08.UKE"))


def test_a_summary_claim_and_its_details_are_one_claim() -> None:
    """One row from the summary's RE to the last detail's end, and the summary's figures; details are judged too."""
    whole = [line.replace("RE,1,1111", "RE,2,1111").replace("太郎", "花子") for line in lines_of("dpc")[1:-1]]
    summary = [*whole[0].split(",")[:18], "1", "2"], [*whole[0].split(",")[:18], "2"], [*whole[0].split(",")[:18], "3"]
    medical = [whole[1], "SY,8833421,20260801,1,,,01", "SI,11,1,111000110,,291,1,,,,,,,1"]
    lines = [
        *lines_of("dpc")[:-1], ",".join(summary[0]), whole[1], "CO,,1,810000001,見本",
        ",".join(summary[1]), *whole[1:], ",".join(summary[2]), *medical, "GO,2,153660,99",
    ]  # fmt: skip
    data = file_of(lines)

    rows = [each for each in told_of(data) if isinstance(each, IndexRow)]

    assert [] == graves(data)
    assert [76830, 76830] == [row.main_points for row in rows]
    assert data[rows[1].offset + rows[1].length :].startswith(b"GO")
    wrong = data.replace(b"SY,8833421,20260801,1,,,01", b"SY,883342,20260801,1,,,01")
    assert [("L2257", 1)] == [(each.code, each.claim_index) for each in graves(wrong)]
    assert ["L3240"] == [each.code for each in graves(data.replace(b"J00,21", b"J00,41"))]


def test_details_count_against_the_lines_that_a_claim_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    """A claim must fit in memory, however many heads it has."""
    head = ",".join([*lines_of("dpc")[1].split(",")[:18], "{}"])
    lines = [
        *lines_of("dpc")[:1], head.format(1), lines_of("dpc")[2], head.format(2), "BU,040080XX99X0XX,20260801,,,",
        *[head.format(3)] * 9, "GO,1,76830,99",
    ]  # fmt: skip
    monkeypatch.setitem(limits._NUMBERS, "claim_lines", 6)

    assert "X2058" in {each.code for each in graves(file_of(lines))}


def test_a_claim_is_held_against_a_bounded_number_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is remembered of a file does not grow with it."""
    lines = lines_of("medical")
    twice = [*lines[:-1], lines[1].replace("RE,1,", "RE,2,"), *lines[2:-1], "GO,2,582,99"]

    assert ["X3032"] == [each.code for each in graves(file_of(twice))]
    monkeypatch.setitem(limits._NUMBERS, "claims_compared", 0)
    assert [] == graves(file_of(twice))


def test_an_opener_without_its_claim_is_told_with_what_is_wrong_in_it() -> None:
    """An IR at the end of a dental file belongs to no claim, and is read all the same."""
    lines = lines_of("dental")
    data = file_of([*lines[:-1], lines[1].replace("0130001", "013000"), lines[-1]])

    assert {"L1704", "X1017"} == {each.code for each in graves(data)}
    cut = file_of([*lines[:-1], lines[1].replace("0130001", "013000")])
    assert {"X1012", "X1017"} == {each.code for each in graves(cut)}


def test_a_dental_claim_that_has_lost_its_own_first_record_is_a_claim() -> None:
    """Both claims stand in the index; the file is refused for the missing IR."""
    lines = lines_of("dental")
    second = [lines[2].replace("RE,1,", "RE,2,").replace("太郎", "花子"), *lines[3:-1]]
    data = file_of([*lines[:-1], *second, "GO,2,468,99"])

    told = told_of(data)

    assert {"L1704"} == {each.code for each in graves(data)}
    assert [1, 2] == [row.claim_no for row in told if isinstance(row, IndexRow)]
