"""The checker as a whole: any bytes, right files, bad input, and what it promises about its answers."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain, pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import builders
import telling
from seikyu import limits
from seikyu.records import InsurerNumber, Month
from seikyu.rules import Context, Examination, Finding, IndexRow, Level, Refuses, Summary, body_of, catalogue
from seikyu.rules.catalogue import RuleBook, rule_book
from seikyu.rules.example import HEADER, OWN, embedded
from seikyu.rules.index import WORST, pack, unpack
from telling import Told

KEY = b"a key for tests"
IDS = ["IR", "RE", "HO", "KO", "SN", "JD", "MF", "GR", "SY", "SI", "IY", "TO", "CO", "SJ", "TI", "TR", "TS", "GO", "ZZ"]


def told_of(data: bytes | Sequence[bytes], **options: object) -> list[Told]:
    """Return all that is told of a file."""
    chunks = [data] if isinstance(data, bytes) else data
    return telling.told_of(chunks, **{"identity_key": KEY, **options})


def findings_of(data: bytes, **options: object) -> list[Finding]:
    """Return the findings of a file."""
    return [each for each in told_of(data, **options) if isinstance(each, Finding)]


def codes_of(data: bytes, **options: object) -> set[str]:
    """Return the codes of a file."""
    return {finding.code for finding in findings_of(data, **options)}


def summary_of(data: bytes, **options: object) -> Summary:
    """Return the summary of a file."""
    last = told_of(data, **options)[-1]
    assert isinstance(last, Summary)
    return last


def rows_of(data: bytes, **options: object) -> list[IndexRow]:
    """Return the index rows of a file."""
    return [each for each in told_of(data, **options) if isinstance(each, IndexRow)]


# --- any bytes ---

PIECES = st.one_of(
    st.binary(max_size=12),
    st.sampled_from([b"", b"1", b"99", b"202608", b"20260801", b"3550101", b"06990014", b"  991018", b"291", b"-5"]),
    st.sampled_from([item.encode("cp932") for line in (HEADER, *OWN) for item in line.split(",")]),
    st.sampled_from(["見本".encode(), "①".encode("cp932"), b"\x82", b"\x00", b"\xef\xbb\xbf", b"\x1a"]),
)
LINES = st.builds(
    lambda rid, items, end: b",".join([rid, *items]) + end,
    st.one_of(st.sampled_from([rid.encode() for rid in IDS]), st.binary(max_size=3)),
    st.lists(PIECES, max_size=46),
    st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b""]),
)
FILES = st.one_of(st.binary(max_size=400), st.lists(LINES, max_size=14).map(b"".join))


def assert_in_order(told: Sequence[Told], data: bytes) -> None:
    """One summary at the end; each claim's findings before its row; rows in the order of the file."""
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
    for row in rows:
        assert data[row.offset :].removeprefix(b"\xef\xbb\xbf").startswith(b"RE")
        assert row == unpack(pack(row))
    summary = told[-1]
    assert isinstance(summary, Summary)
    assert summary.findings == sum(isinstance(each, Finding) for each in told)
    if summary.layout:
        assert summary.claims == len(rows) == sum(totals.claims for totals in summary.totals.values())
        assert summary.points == sum(row.main_points for row in rows)


@pytest.mark.unmeasured
@given(data=FILES)
@example(data=b"")
@example(data=b"\x1a")
@example(data=b"RE,1\r\nGO")
@settings(max_examples=300)
def test_any_bytes_end_in_one_summary(data: bytes) -> None:
    """Whatever comes, findings and exactly one summary come back, in order, and never an exception."""
    assert_in_order(told_of(data), data)


@pytest.mark.unmeasured
@given(data=FILES, asp=st.booleans(), kind=st.sampled_from([None, "medical", "dpc", "no such kind"]))
def test_any_bytes_are_judged_under_any_circumstances(data: bytes, *, asp: bool, kind: str | None) -> None:
    """Context, kind and the choice of ASP change the findings and nothing else."""
    context = Context(
        body="2-99",
        institution="9910112342",
        claim_months=frozenset({Month(2026, 9)}),
        max_bytes=50,
        file_name="RECEIPTC.UKE",
    )

    told = told_of(data, asp=asp, kind=kind, context=context, show_personal=True)

    assert_in_order(told, data)
    if not asp:
        assert {each.level for each in told if isinstance(each, Finding)} <= {Level.L1, Level.L2}


@given(data=FILES, cuts=st.lists(st.integers(0, 400), max_size=6))
def test_how_the_bytes_come_does_not_matter(data: bytes, cuts: list[int]) -> None:
    """However a file is cut into chunks, it gets the same answer."""
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})

    assert told_of(data) == told_of([data[start:end] for start, end in pairwise(places)])


@given(data=FILES)
@settings(max_examples=50)
def test_the_order_of_the_rules_does_not_matter(data: bytes) -> None:
    """Rules see the file and never each other."""

    def backwards(levels: frozenset[Level], kind: str) -> RuleBook:
        book = rule_book(levels, kind)
        return RuleBook(
            claim=book.claim[::-1],
            file=book.file[::-1],
            record={rid: judges[::-1] for rid, judges in book.record.items()},
            item=book.item,
        )

    def everything(books: Callable[[frozenset[Level], str], RuleBook]) -> list[Told]:
        examination = Examination(identity_key=KEY, books=books)
        return list(telling.one_by_one(chain(examination.feed(data), examination.finish())))

    assert sorted(map(repr, everything(rule_book))) == sorted(map(repr, everything(backwards)))


@given(rid=st.sampled_from(IDS[1:-2]), at=st.integers(1, 44), value=PIECES)
@settings(max_examples=200)
def test_one_wrong_item_never_gives_many_findings(rid: str, at: int, value: bytes) -> None:
    """A fault is told once or nearly so: what did not parse is invisible to the other rules."""
    lines = [*OWN, "SN,1,01,,,,01", "SJ,01,見本"]
    wrong = []
    for line in lines:
        items = line.encode("cp932").split(b",")
        if items[0].decode() == rid and at < len(items) and not set(value) & set(b",\r\n\x1a"):
            items[at] = value
        wrong.append(b",".join(items).decode("latin-1"))
    body = "\n".join(sorted(wrong, key=lambda line: IDS.index(line[:2]))).encode("latin-1").replace(b"\n", b"\r\n")
    data = HEADER.encode("cp932") + b"\r\n" + body + b"\r\nGO,1,291,99\r\n\x1a"

    graves = [finding for finding in findings_of(data) if finding.level is not Level.L48]

    assert len(graves) <= 7


# --- right files ---


@st.composite
def right_claims(draw: st.DrawFn) -> list[str]:
    """Return a claim that is right, of any make-up the builders know."""
    insurer = draw(st.sampled_from([builders.SOCIETY, builders.ELDERLY, builders.NHI, None]))
    publics = draw(st.lists(st.sampled_from(["54", "80", "12", "15", "21"]), max_size=4, unique=True))
    order = ["21", "15", "54", "12", "80"]
    numbers = [builders.insurer_number(law) for law in sorted(publics, key=order.index)]
    if insurer is None and not numbers:
        numbers = [builders.WELFARE]
    return builders.claim(
        insurer=insurer,
        publics=numbers,
        points=draw(st.integers(1, 99_999)),
        count=draw(st.integers(1, 28)),
        month=draw(st.sampled_from(["202608", "202602", "202307", "202204", "202108", "201907", "201802"])),
        name=draw(st.sampled_from(["見本　太郎", "ﾐﾎﾝ ﾀﾛｳ", "MIHON TARO", "熙　凜"])),
    )


def numbered(claims: Sequence[list[str]]) -> list[list[str]]:
    """Return the claims with their numbers 1, 2, 3, each of another patient."""
    return [
        [claim[0].replace("RE,1,", f"RE,{no},").replace("0101,", f"01{no:02d},", 1), *claim[1:]]
        for no, claim in enumerate(claims, start=1)
    ]


def graves_of(data: bytes) -> list[Finding]:
    """Return the findings above notice, but for the body that an insurer belongs to: the claims are mixed."""
    return [finding for finding in findings_of(data) if finding.level is not Level.L48 and finding.code != "X3004"]


@given(claims=st.lists(right_claims(), min_size=1, max_size=5), month=st.sampled_from(["202609", "50809"]))
def test_a_right_file_gets_nothing_above_notice(claims: list[list[str]], month: str) -> None:
    """No false refusal, and no false question either."""
    data = builders.uke(*numbered(claims), month=month)

    assert [] == graves_of(data)
    assert len(claims) == summary_of(data).claims


@given(claims=st.lists(right_claims(), min_size=1, max_size=5))
def test_totals_are_those_of_the_trailer(claims: list[list[str]]) -> None:
    """Claims, cases and points are what GO says."""
    data = builders.uke(*numbered(claims))
    _, cases, points, _ = data.decode("cp932").splitlines()[-2].split(",")

    summary = summary_of(data)

    totals = sum(summary.totals.values(), start=type(summary.totals["normal"])())
    assert (len(claims), int(cases), int(points)) == (totals.claims, totals.cases, totals.points)
    assert int(points) == summary.points


INPATIENT = [
    "RE,1,1111,202608,見本　太郎,1,19800101,,20260801,01,,,,,",
    "HO,06990014,見本,1,31,50291,,93,59520",
    "SY,8833421,20260801,1,,,01",
    "CO,01,1,810000001,見本",
    "SI,11,1,111000110,,291,1,,,,,,,1",
    "IY,21,1,620000001,1.5,,3,,,,,,,1,1,1",
    "IY,,1,620000002,0.25,0,3,,,,,,,1,1,1",
    "CO,,1,810000001,見本",
    "TO,40,1,700000001,2.125,0,1,001,12.34,,見本製,,,,,,,1",
    "SI,90,1,190000110,,2500,20," + "," * 6 + ",".join(["1"] * 20),
    "SI,90,1,190000110,,0,11," + "," * 6 + "," * 20 + ",".join(["1"] * 11),
    "SI,97,1,197000010,,640,93",
    "SI,97,1,197000020,,460,93",
    "CO,99,1,810000001,見本",
    "SJ,01,見本",
    "SJ,,見本",
]
DONOR = [
    "TI,1,1",
    "TR,1,1991,202608,,1,19800101,,20260801",
    "TS,1,1000",
    "SY,8833421,20260801,1",
    "SI,50,1,150000110,,1000,1,,,,,,,1",
    "TR,2,1992,202608,,1,19800101",
    "TS,1,100",
    "SY,8833421,20260801,1",
    "SI,11,1,111000110,,100,1,,,,,,,1",
]
DIVIDED = [
    "RE,1,1132,202608,見本　太郎,1,19800101",
    "HO,06990014,見本,1,2,1000",
    "KO,54990015,0000018,,2,900",
    "KO,80990013,0000018,,1,300",
    "SY,8833421,20260801,1,80022056,,01",
    "SI,11,2,111000110,,300,1,,,,,,,1",
    "SI,60,2,160000010,,,1,,,,,,,1",
    "SI,,4,160000020,,300,1,,,,,,,1",
    "SI,80,2,180000010,,300,1,,,,,,,,1",
    "SI,12,1,112000010,,100,1,,,,,,,,1",
]


@pytest.mark.parametrize(
    "claim",
    [
        INPATIENT,
        [*INPATIENT[:-2], "SJ,01,見本", *DONOR],
        DIVIDED,
        [*builders.claim(insurer=None, publics=[builders.WELFARE])],
        ["RE,1,1112,201802,見本　太郎,1,19800101", *builders.claim(month="201802")[1:]],
        [builders.claim()[0].replace(",,,,,,,", ",,,,,,,", 1), *builders.claim()[1:], "1,1,0,RE,1,1112,202607"],
    ],
    ids=["inpatient", "organ donor", "units across burdens", "public only", "late", "history"],
)
def test_right_claims_of_rarer_kinds_get_nothing_above_notice(claim: list[str]) -> None:
    """Stays, meals in yen, decimals, comments, donors, divided burdens, late months and histories are no faults."""
    assert [] == graves_of(builders.uke(claim))


def test_meals_stay_out_of_the_points() -> None:
    """Lines of class 97 carry yen."""
    assert [50291] == [row.main_points for row in rows_of(builders.uke(INPATIENT))]
    assert [59520] == [row.payers[0].meals_yen for row in rows_of(builders.uke(INPATIENT))]


def test_a_file_in_japanese_years_is_read_in_its_edition() -> None:
    """Dates of 7 digits are right in files of their time; western ones are let be."""
    lines = [
        "IR,1,99,1,0112342,,見本診療所,43101,00,099-000-0000",
        "RE,1,1112,43012,見本　太郎,1,3550101",
        "HO,06990014,見本,1,1,291",
        "SY,8833421,4301201,1,,,01",
        "SY,8833422,20181201,1,,,",
        "SI,11,1,111000110,,291,1,,,,,,,1",
        "GO,1,291,99",
    ]
    data = builders.encoded(lines)

    assert {"L4800", "X8003"} == codes_of(data)
    assert "medical-era-2012" == summary_of(data).layout
    assert [201812] == [row.service_month for row in rows_of(data)]


# --- bad input ---

RIGHT = builders.uke(builders.claim())


def bad_inputs() -> Iterator[tuple[str, bytes, str]]:
    """Yield a name, the bytes, and the code that must be among the findings."""
    yield "empty", b"", "X1002"
    yield "only the end mark", b"\x1a", "X1002"
    yield "JPEG", b"\xff\xd8\xff\xe0" + bytes(range(256)) * 40, "X1004"
    yield "PDF", b"%PDF-1.7\r\n", "X1004"
    yield "UTF-16", RIGHT.decode("cp932").encode("utf-16"), "X1004"
    yield "UTF-8", RIGHT.decode("cp932").encode("utf-8"), "X1004"
    yield "UTF-8 with a mark", b"\xef\xbb\xbf" + RIGHT.decode("cp932").encode("utf-8"), "X1004"
    yield "zeros", bytes(100_000), "X1006"
    yield "zeros behind the header", RIGHT[:60] + bytes(200_000), "X1006"
    yield "NUL", RIGHT.replace(b"06990014", b"0699\x00014"), "X1006"
    yield "a line of 10 MB", RIGHT.replace(b"SY,8833421", b"SY," + b"8" * 10_000_000), "X2057"
    yield "no GO", RIGHT[: RIGHT.index(b"GO,")] + b"\x1a", "X1012"
    yield "two IR", RIGHT.split(b"\r\n")[0] + b"\r\n" + RIGHT, "X1011"
    yield "GO wrong by one case", RIGHT.replace(b"GO,1,", b"GO,2,"), "X1024"
    yield "GO wrong by one point", RIGHT.replace(b"GO,1,291", b"GO,1,292"), "X1025"
    yield "half a double byte", RIGHT.replace("見本　太郎".encode("cp932"), b"\x8c\xa9\x96"), "X1031"
    yield "①", RIGHT.replace("太郎".encode("cp932"), "①".encode("cp932")), "X1031"
    yield "user-defined character", RIGHT.replace("太郎".encode("cp932"), b"\xf0\x40"), "X1031"
    yield "no claim", builders.uke(), "X1013"
    yield "a payer's file", b"2,1,0,MN,940000030\r\n1,2,0,YK,1,99,4,0140008\r\n", "X1035"
    yield "a return file's claims", b"RE,1\r\nHR,1\r\n1,1,0,RE,1\r\nHG,1,1,99\r\n", "X1008"
    yield "data behind the mark", RIGHT + b"RE,1", "X1007"
    yield "text", b"hello, world\r\n", "X1008"


@pytest.mark.parametrize(("data", "code"), [pytest.param(data, code, id=name) for name, data, code in bad_inputs()])
def test_bad_input_is_named(data: bytes, code: str) -> None:
    """Every listed kind of bad input gets its code, and one summary."""
    told = told_of(data)

    assert code in {each.code for each in told if isinstance(each, Finding)}
    assert_in_order(told, data)


@pytest.mark.parametrize("name", ["no GO", "GO wrong by one point", "UTF-8", "①", "half a double byte", "no claim"])
def test_a_single_fault_is_a_single_finding(name: str) -> None:
    """One fault of the file is told once, not once a line."""
    data = next(data for each, data, _ in bad_inputs() if each == name)

    assert 1 == len([finding for finding in findings_of(data) if finding.level is not Level.L48])


def test_what_says_the_same_again_is_told_so_often_and_no_more() -> None:
    """Surplus empty items once for each kind of record; unknown records a hundred times a claim."""
    claim = [line + "," for line in builders.claim()]
    many = [*builders.claim(), *["ZZ,1"] * 150]

    assert {"RE", "HO", "SY", "SI"} == {
        each.record for each in findings_of(builders.uke(claim)) if each.code == "X8002"
    }
    assert ["X8002"] == [
        each.code
        for each in findings_of(builders.uke([*claim[:3], claim[2], claim[3]]))
        if each.code == "X8002" and each.record == "SY"
    ]
    assert 100 == len([each for each in findings_of(builders.uke(many)) if each.code == "X2002"])


def test_a_file_of_nothing_is_empty() -> None:
    """Neither line ends nor spaces nor end marks are claims; however many there are, they are told once."""
    for data in (b"\r\n", b"\r\n\x1a", b" ", b"\x1a" * 100_000, b"\n" * 100_000):
        assert ["X1002"] == [finding.code for finding in findings_of(data)]


def test_an_end_mark_at_the_beginning_is_the_end() -> None:
    """Nothing behind it is read, and there is no line that could end otherwise."""
    assert {"X1007", "X1008", "X1012", "X1013"} == codes_of(b"\x1a" + RIGHT)


@pytest.mark.parametrize("digits", [19, 5000])
@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("RE,1,", "RE,{},", "L1910"),
        (",1,1,291", ",1,1,{}", "X2027"),
        (",1,1,291", ",1,{},291", "X2026"),
        (",291,1,,,,,,,1", ",291,{},,,,,,,1", "X2005"),
        (",291,1,,,,,,,1", ",{},1,,,,,,,1", "X2005"),
        (",291,1,,,,,,,1", ",291,1,,,,,,,{}", "X2005"),
        ("GO,1,", "GO,{},", "L1574"),
    ],
)
def test_a_number_of_any_length_is_one_finding(old: str, new: str, code: str, *, digits: int) -> None:
    """A number that is far too long is none: it is told at its place, and no sum is made of it."""
    text = RIGHT.decode("cp932")
    assert old in text

    told = told_of(text.replace(old, new.format("9" * digits)).encode("cp932"))

    assert [code] == [each.code for each in told if isinstance(each, Finding) and each.level is not Level.L48]
    for row in told:
        if isinstance(row, IndexRow):
            assert row == unpack(pack(row))


def test_a_claim_whose_first_record_is_too_long_is_a_claim_of_its_own() -> None:
    """The claim before it is not blamed, and the file still adds up as far as it can be told."""
    first, second = builders.claim(1), builders.claim(2)
    second[0] += "," + "1" * limits.limit("line_bytes")

    rows = rows_of(builders.uke(first, second))

    assert [False, True] == [row.refused for row in rows]
    assert {"X2057"} == {each.code for each in findings_of(builders.uke(first, second)) if each.level is not Level.L48}


def test_a_trailer_that_is_too_long_blames_no_claim() -> None:
    """It stands outside of every claim."""
    data = RIGHT.replace(b",99\r\n", b",99" + b"," * limits.limit("line_bytes") + b"\r\n")

    assert ["X1038"] == [each.code for each in findings_of(data) if each.level is not Level.L48]
    assert [False] == [row.refused for row in rows_of(data)]


def test_what_one_fault_entails_is_not_told_as_well() -> None:
    """A file that breaks off, a glued one, a lost payer: the cause is told, and where."""
    two = RIGHT[:-1] + RIGHT
    cut = RIGHT[: RIGHT.index(b"GO,") - 5]

    assert {"X1011"} == {each.code for each in findings_of(two) if each.level is not Level.L48}
    assert ["the last line breaks off"] == [
        each.message.rpartition("and ")[2] for each in findings_of(cut) if each.code == "X1012"
    ]
    assert {"X1012"} == {each.code for each in findings_of(RIGHT[:-1] + b"ZZ,1\r\n\x1a") if each.refuses}
    assert "X1030" not in codes_of(RIGHT[:-1] + b"ZZ,1\r\n\x1a")
    assert "X1030" not in codes_of(b"ZZ,1\r\n" + RIGHT)
    assert "X1035" not in codes_of(b"", kind="dental")


def test_an_endless_file_of_zeros_is_left_alone() -> None:
    """Reading stops at the beginning: garbage of any size costs nothing."""
    chunks = iter(partial(bytes, 65_536), None)

    told = told_of(chunks)  # type: ignore[arg-type]

    assert ["X1006"] == [each.code for each in told if isinstance(each, Finding)]


def test_claims_of_a_kind_without_layout_are_counted() -> None:
    """An office that cannot read a file still knows how many claims it has."""
    summary = summary_of(RIGHT, kind="no such kind")

    assert ("no such kind", 1, None) == (summary.kind, summary.claims, summary.layout)
    assert {"X1035"} == codes_of(RIGHT, kind="no such kind")


def test_the_kind_may_be_stated() -> None:
    """By the caller, or in the office's context; the file is then read as one of that kind."""
    assert "L1070" in codes_of(RIGHT, kind="dpc")
    assert "medical" == summary_of(RIGHT, kind="medical").kind
    assert "X1009" in codes_of(RIGHT, context=Context(kind="dental"))
    assert "dpc" == summary_of(RIGHT, kind="dpc", context=Context(kind="dental")).kind


def test_a_refused_file_accepts_nothing() -> None:
    """All claims of a refused file stand in refused; the rows keep what each claim is by itself."""
    data = RIGHT[: RIGHT.index(b"GO,")] + b"\x1a"

    summary = summary_of(data)

    assert summary.refused
    assert (0, 0, 1) == tuple(summary.totals[name].claims for name in ("normal", "ask", "refused"))
    assert [False] == [row.refused for row in rows_of(data)]


def test_claims_stand_by_their_worst_finding() -> None:
    """Normal, ask and refused are told apart claim by claim; cases and points follow."""
    asks = [line.replace("06990014", "06990015") for line in builders.claim(2, points=100)]
    refused = [line.replace(",見本,3,", ",見本,,") for line in builders.claim(3, points=10)]
    data = builders.uke(builders.claim(1, points=1000), asks, refused)

    summary = summary_of(data)

    assert [(1, 1, 1000), (1, 1, 100), (1, 1, 10)] == [
        (totals.claims, totals.cases, totals.points) for totals in summary.totals.values()
    ]
    assert ["L48", "L3", "L2"] == [row.worst for row in rows_of(data)]
    assert [False, False, True] == [row.refused for row in rows_of(data)]


def test_a_finding_outside_every_claim_refuses_no_claim() -> None:
    """If its row says claim, it stands at the top of the list and asks."""
    finding = next(
        finding for finding in findings_of(RIGHT.replace("見本診療所".encode("cp932"), b"")) if finding.code == "L2541"
    )

    assert (None, None, True) == (finding.claim_index, finding.refuses, finding.asks)


def test_a_claim_that_does_not_fit_in_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limits lines are counted and let go; what is left cannot be judged as a whole."""
    monkeypatch.setitem(limits._NUMBERS, "claim_lines", 5)

    finding = next(each for each in findings_of(builders.uke(DIVIDED)) if each.code == "X2058")

    assert Refuses.CLAIM is finding.refuses
    assert "is 10, expected at most 5" in finding.message


def test_findings_beyond_the_limit_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list ends; the summary and the claim's standing do not."""
    monkeypatch.setitem(limits._NUMBERS, "findings_per_file", 3)
    claim = [*builders.claim()[:2], *["SY,883342,20260801,1"] * 5, builders.claim()[-1]]
    data = builders.uke(claim, [line.replace("06990014", "06990015") for line in builders.claim(2)])

    told = told_of(data)

    listed = [each.code for each in told if isinstance(each, Finding)]
    assert ["X8004", "L2257", "L2257", "X1037"] == listed
    last = told[-1]
    assert isinstance(last, Summary)
    assert last.findings > len(listed)
    assert ["L2", "L3"] == [each.worst for each in told if isinstance(each, IndexRow)]


def test_findings_of_one_endless_claim_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A claim with more findings than a list may have keeps no more than that in memory."""
    monkeypatch.setitem(limits._NUMBERS, "findings_per_file", 2)
    claim = [*builders.claim()[:2], *["SY,883342,20260801,1"] * 9, builders.claim()[-1]]

    summary = summary_of(builders.uke(claim))

    assert 1 == summary.totals["refused"].claims
    assert summary.findings >= 10


# --- what is told ---


@given(secret=st.text(st.sampled_from("亜唖娃阿哀愛挨姶逢"), min_size=3, max_size=12), at=st.integers(1, 14))
def test_personal_values_are_masked_wherever_they_stand(secret: str, at: int) -> None:
    """A name shows in no finding, also if a shift has put it into another item."""
    items = builders.claim()[0].split(",")
    items[at] = secret
    data = builders.uke([",".join(items), *builders.claim()[1:]])

    assert not any(secret in text for finding in findings_of(data) for text in (finding.value or "", finding.message))


def test_personal_values_are_shown_on_request() -> None:
    """The sender may see his own patients."""
    data = builders.uke(builders.claim(name="見本太郎A"))

    shown = {finding.value for finding in findings_of(data, show_personal=True)}

    assert "見本太郎A" in shown
    assert "見本太郎A" not in {finding.value for finding in findings_of(data)}


def test_values_are_cut_and_free_of_control_characters() -> None:
    """Nothing in a file plays with the reader's terminal."""
    data = RIGHT.replace(b"06990014", b"\x1b[31m" + b"0" * 200)

    assert all((finding.value or "").isprintable() for finding in findings_of(data, show_personal=True))
    assert all(len(finding.value or "") <= 81 for finding in findings_of(data, show_personal=True))


def test_rows_find_their_claims() -> None:
    """Offset and length cut out each claim from RE to its last line end."""
    data = builders.uke(builders.claim(1), builders.claim(2, insurer=None, publics=[builders.WELFARE]))

    rows = rows_of(data)

    assert (
        b"".join(data[row.offset : row.offset + row.length] for row in rows)
        == data[data.index(b"RE,") : data.index(b"GO,")]
    )
    assert [2, 6] == [row.line for row in rows]
    assert [True, False] == [row.has_insurer for row in rows]
    assert [[builders.SOCIETY], [builders.WELFARE]] == [[share.number for share in row.payers] for row in rows]


@pytest.mark.parametrize("written", ["  991018", "00991018", "991018"])
def test_rows_write_payers_in_eight_characters(written: str) -> None:
    """An NHI number keeps its two spaces, however the file fills it up."""
    claim = [line.replace(builders.SOCIETY, written) for line in builders.claim()]

    assert ["  991018"] == [row.payers[0].number for row in rows_of(builders.uke(claim))]
    assert InsurerNumber(written).padded == "00991018"


def test_identity_is_that_of_patient_month_and_payers() -> None:
    """The same claim again has the same identity, whatever its points; another month or key has another."""
    one, same, other = (rows_of(builders.uke(claim))[0].identity for claim in (
        builders.claim(points=1), builders.claim(points=2), builders.claim(month="202607"),
    ))  # fmt: skip
    keyed = rows_of(builders.uke(builders.claim(points=1)), identity_key=b"another key")[0].identity

    assert one == same
    assert 3 == len({one, other, keyed})


def test_the_worst_level_is_the_gravest() -> None:
    """The index keeps one level a claim."""
    claim = [line.replace("06990014", "06990015").replace(",8833421,", ",883342,") for line in builders.claim()]

    assert ["L2"] == [row.worst for row in rows_of(builders.uke(claim))]
    assert set(WORST) == {None, *(level.value for level in Level)}


@pytest.mark.parametrize(
    ("context", "code"),
    [
        (Context(body="1"), None),
        (Context(body="2-99"), "X1014"),
        (Context(institution=builders.INSTITUTION_ID), None),
        (Context(institution="9910000000"), "X1019"),
        (Context(claim_months=frozenset({Month(2026, 9)})), None),
        (Context(claim_months=frozenset({Month(2026, 10)})), "X1021"),
        (Context(file_name="receiptc.uke"), None),
        (Context(file_name="RECEIPTD.UKE"), "X1001"),
        (Context(max_bytes=len(RIGHT)), None),
        (Context(max_bytes=len(RIGHT) - 1), "X1003"),
    ],
)
def test_the_office_judges_what_it_knows(context: Context, code: str | None) -> None:
    """Rules that need the circumstances speak only where these are given."""
    of_context = {rule.code for rule in catalogue() if rule.needs == "context"}

    assert ({code} if code else set()) == codes_of(RIGHT, context=context) & of_context


def test_context_rules_bear_any_header() -> None:
    """A header that cannot be read is another rule's to report."""
    context = Context(body="2-99", institution="9910112342", claim_months=frozenset({Month(2026, 9)}))
    for line in ("IR", "IR,,,,,,,,,", "IR,2,,1,0112342,,見本,202613,00", "IR,x,99,1,11,,見本,2026,00"):
        assert not {"X1014", "X1019", "X1021"} & codes_of(embedded(line), context=context)
    assert "X1014" in codes_of(embedded("IR,2,13,1,0112342,,見本診療所,202609,00,"), context=context)


def test_bodies_are_named_as_parties() -> None:
    """The federation of a prefecture is 2-NN."""
    assert ("1", "2-13") == (body_of("1", "99"), body_of("2", "13"))


def test_a_summary_survives_json() -> None:
    """What is stored is what is read."""
    summary = summary_of(RIGHT)

    assert summary == Summary.from_json(summary.to_json())
    assert builders.INSTITUTION_ID == summary.institution


def test_findings_outside_claims_have_no_claim() -> None:
    """Their claim is None, not the last one."""
    found = findings_of(RIGHT.replace(b"GO,1,291", b"GO,9,291"))

    assert {("X1024", None), ("X8004", None), ("X8003", 0)} == {
        (finding.code, finding.claim_index) for finding in found
    }
