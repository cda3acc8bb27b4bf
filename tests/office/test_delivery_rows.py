"""The payers' format: what is written, and that it can be read again as what was claimed."""

import tracemalloc
from collections.abc import Iterator
from io import BufferedReader, BytesIO, RawIOBase
from itertools import chain
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from office_rows import row

import builders as b
from seikyu.limits import limit
from seikyu.office.delivery import (
    DeliveredClaim,
    begins_volume,
    claim_rows,
    delivery_path,
    read_delivery,
    search_no,
    stream_claim,
)
from seikyu.office.delivery.names import forms
from seikyu.office.errors import Damaged
from seikyu.office.ledger import Amounts, amounts_of
from seikyu.records import Month, layouts
from seikyu.rules.index import IndexRow

HEADER = b.header().encode("cp932")
MONTH = Month.parse(b.CLAIM_MONTH)
RE_PLACE = 19


def number(n: int = 1) -> str:
    """The search number of claim n."""
    return search_no(n, MONTH, body="1", prefecture="99")


def rows(claim: bytes, n: int = 1, *, header: bytes = HEADER, address: str = "見本県見本市") -> bytes:
    """A claim in the payers' format."""
    return claim_rows(claim, header, kind="medical", management_no=n, search_no=number(n), address=address)


def read(data: bytes) -> list[DeliveredClaim]:
    """What a delivery holds."""
    return list(read_delivery(BytesIO(data), kind="medical"))


def text(*lines: str, end: str = "\r\n") -> bytes:
    """Lines as bytes."""
    return "".join(line + end for line in lines).encode("cp932")


CLAIM = text(
    "RE,1,1122,202608,見本　太郎,1,19800101",
    "HO,  991018,見本,1,2,450,,3,1920",
    "KO,80990013,0000018,,1,300,0,,,,1,640",
    "SY,8833421,,01",
)


def test_a_claim_is_its_mn_its_institution_and_its_own_records() -> None:
    """Data kind, row and branch before each; our search number in MN and RE; commas that were dropped are put back."""
    expected = text(
        "2,1,0,MN,000000001,見本県見本市,99150809000000001,,,",
        "1,2,0,IR,1,99,1,0112342,,見本診療所,202609,00,",
        "1,3,0,RE,1,1122,202608,見本　太郎,1,19800101,,,,,,,,,,,,99150809000000001",
        "1,4,0,HO,  991018,見本,1,2,450,,3,1920",
        "1,5,0,KO,80990013,0000018,,1,300,0,,,,1,640",
        "1,6,0,SY,8833421,,01",
    )

    assert expected == rows(CLAIM)
    assert expected == rows(CLAIM.replace(b"\r\n", b"\n"), header=HEADER + b"\r\n")
    assert expected == rows(CLAIM.removesuffix(b"\r\n"))


def test_a_delivered_claim_tells_its_numbers_and_who_is_charged() -> None:
    """Management number, search number, payers and shares, and where its rows lie."""
    first, second = rows(CLAIM, 7), rows(text("RE,2,1212", "KO,12990016,0000018,,3,99"), 8)

    one, two = read(first + second)

    assert (7, number(7), 1, 0, len(first)) == (one.management_no, one.search_no, one.row, one.offset, one.length)
    assert (8, number(8), 7, len(first), len(second)) == (
        two.management_no,
        two.search_no,
        two.row,
        two.offset,
        two.length,
    )
    assert Amounts(1, 450, 1, 450, 1920) == one.amounts_for("00991018")
    assert Amounts(0, 0, 1, 300, 640) == one.amounts_for("80990013")
    assert Amounts(1, 99, 1, 99, 0) == two.amounts_for("12990016")
    assert (2, 1) == tuple(charged.days for charged in one.payers)


def test_a_claim_in_a_foreign_delivery_is_noticed() -> None:
    """It does not name the payer whose delivery it lies in."""
    with pytest.raises(Damaged):
        read(rows(CLAIM))[0].amounts_for("06990014")


def test_the_main_payer_is_the_insurer_wherever_its_record_stands() -> None:
    """HO before KO, as the index has it."""
    claim = read(rows(text("RE,1", "KO,80990013,,,1,300", "HO,06990014,,1,2,450")))[0]

    assert ["06990014", "80990013"] == [charged.payer for charged in claim.payers]
    assert 450 == claim.main_points


def test_a_payer_named_twice_is_one_case_with_both_shares() -> None:
    """As the ledger has it; the claim's points stay those of its first record."""
    claim = read(rows(text("RE,1", "KO,80990013,,,1,300,,,,,,5", "KO,80990013,,,4,20,,,,,,7")))[0]

    assert Amounts(1, 300, 1, 320, 12) == claim.amounts_for("80990013")
    assert [4] == [charged.days for charged in claim.payers]


def test_a_payer_without_anything_else_is_a_case_all_the_same() -> None:
    """Items that were dropped with their commas count nothing."""
    assert Amounts(1, 0, 1, 0, 0) == read(rows(text("RE,1", "HO,06990014")))[0].amounts_for("06990014")


@pytest.mark.parametrize("amount", ["", "-5", "4a", "４５０", " 45", "9" * 19])
def test_an_amount_that_cannot_be_read_counts_nothing(amount: str) -> None:
    """The index says 0 for it too; its finding stands elsewhere."""
    assert Amounts(1, 0, 1, 0, 0) == read(rows(text("RE,1", f"HO,06990014,,1,2,{amount}")))[0].amounts_for("06990014")


def test_a_file_of_the_japanese_calendar_is_delivered_as_it_is() -> None:
    """Eras stay in the claim; the search number has the era month in any case."""
    header = "IR,2,99,1,0112342,,見本診療所,43012,00,".encode("cp932")
    written = claim_rows(
        text("RE,1,1112,43011,見本　太郎,1,3550101", "HO,  991018,,1,1,354"), header,
        kind="medical", management_no=3, search_no=search_no(3, Month(2018, 12), body="2-99", prefecture="99"),
    )  # fmt: skip

    assert b"1,3,0,RE,1,1112,43011," in written
    assert "99243012000000003" == read(written)[0].search_no


# --- what the checker says and what the payer will read ---

PAYERS = [b.SOCIETY, b.NHI, b.ELDERLY]
PUBLIC = [b.CITY, b.WELFARE, b.INCURABLE, b.REHABILITATION]


@st.composite
def uke_files(draw: st.DrawFn) -> list[list[str]]:
    """Claims of a file with every mixture of payers."""
    made = []
    for no in range(1, draw(st.integers(1, 4)) + 1):
        insurer = draw(st.sampled_from([None, *PAYERS]))
        publics = draw(
            st.lists(st.sampled_from(PUBLIC), min_size=int(insurer is None), max_size=4, unique=draw(st.booleans()))
        )
        made.append(b.claim(no, insurer=insurer, publics=publics, points=draw(st.integers(0, 9999))))
    return made


@given(file=uke_files())
def test_the_payers_leg_is_the_institutions_leg(file: list[list[str]]) -> None:
    """The checker's index and the re-read delivery agree on every payer and measure of every claim."""
    from telling import told_of

    data = b.uke(*file)
    index = [found for found in told_of(data, identity_key=bytes(32)) if isinstance(found, IndexRow)]

    delivered = read(
        b"".join(rows(data[claim.offset : claim.offset + claim.length], n) for n, claim in enumerate(index))
    )

    assert len(file) == len(index) == len(delivered)
    for claim, sent in zip(index, delivered, strict=True):
        assert amounts_of(claim) == {charged.payer: sent.amounts_for(charged.payer) for charged in sent.payers}


def test_the_positions_are_those_of_the_layouts() -> None:
    """The delivery is counted by positions of its own; every layout must have the same."""
    seen = 0
    for layout in layouts():
        form, by_id = forms()[layout.claim_kind], {name: record.by_name for name, record in layout.records.items()}
        assert form.search_no == by_id["RE"]["search_no"].no
        for places, record, payer in ((form.HO, "HO", "insurer_number"), (form.KO, "KO", "payer_number")):
            items = by_id[record]
            assert (places.number, places.points) == (items[payer].no, items["total_points"].no)
            assert places.days == items["actual_days"].no
            assert places.meals == (items["meals_yen"].no if "meals_yen" in items else 0)
        seen += 1
    assert seen


# --- every other byte ---

item = st.binary(max_size=6).map(lambda raw: raw.translate(None, b"\r\n\x1a,"))
record = (
    st.tuples(st.sampled_from([b"SY", b"SI", b"XX", b"", b"\x83\x5c"]), st.lists(item, max_size=25))
    .map(lambda r: b",".join([r[0], *r[1]]))
    .filter(bool)
)  # an empty line is no row
re_record = st.lists(item, max_size=40).map(lambda items: b",".join([b"RE", *items]))
history = st.lists(st.builds(lambda n, raw: b"8,%d,1,RE,%b" % (n, raw), st.integers(1, 99), item), max_size=3)
endings = st.sampled_from([b"\r\n", b"\n"])


@given(
    re_line=re_record,
    others=st.lists(record, max_size=6),
    block=history,
    ends=st.lists(endings, min_size=10, max_size=10),
)
def test_every_other_byte_of_a_claim_is_untouched(
    re_line: bytes, others: list[bytes], block: list[bytes], ends: list[bytes]
) -> None:
    """Take away the two rows before, the prefixes and the search number, and the source is there again."""
    source = [re_line, b"HO,06990014,,1,2,450", *others, *block]
    written = rows(b"".join(line + end for line, end in zip(source, ends * 2, strict=False)))

    back = written.split(b"\r\n")[2:]

    assert b"" == back.pop()
    assert [b"1,%d,0" % n for n in range(3, 3 + len(source) - len(block))] == [
        b",".join(line.split(b",")[:3]) for line in back[: len(source) - len(block)]
    ]
    own = [line.split(b",", 3)[3] for line in back[: len(source) - len(block)]]
    was, now = re_line.split(b","), own[0].split(b",")
    was += [b""] * (RE_PLACE - len(was))
    assert number().encode() == now[RE_PLACE - 1]
    assert was[: RE_PLACE - 1] + was[RE_PLACE:] == now[: RE_PLACE - 1] + now[RE_PLACE:]
    assert source[1:] == own[1:] + back[len(source) - len(block) :]
    assert Amounts(1, 450, 1, 450, 0) == read(written)[0].amounts_for("06990014")


@given(claims=st.lists(st.lists(record, max_size=4), min_size=1, max_size=4), end=endings)
def test_a_claim_is_streamed_out_of_its_file_as_it_is_written_whole(claims: list[list[bytes]], end: bytes) -> None:
    """By byte range and line by line, from anywhere in the file, the same bytes come out."""
    parts = [
        b"".join(line + end for line in (b"RE,%d" % n, b"HO,06990014,,1,2,450", *lines))
        for n, lines in enumerate(claims)
    ]
    file = BytesIO(HEADER + end + b"".join(parts) + b"GO,1,450,99" + end + b"\x1a")

    for n, part in enumerate(parts):
        place = row(offset=len(HEADER + end + b"".join(parts[:n])), length=len(part))
        streamed = stream_claim(
            file, place, header=HEADER, kind="medical", management_no=n, search_no=number(n), address="見本県見本市"
        )
        assert rows(part, n) == b"".join(streamed)


# --- claims claimed again ---

OLD = text("2,1,0,MN,000000005,見本県,99150807000000005,,,", "1,2,0,IR,1,99,1,0112342,,見本診療所,202607,00,",
           "1,3,0,RE,1,1112,202606,見本　太郎,1,19800101,,,,,,,,,,,,99150807000000005", "1,4,0,HO,06990014,,1,1,999",
           "2,5,1,EX,,,,,,,,,,,,1:202607:")  # fmt: skip


def test_the_history_of_a_claim_stays_and_charges_nobody() -> None:
    """Lines that bear columns already are passed on as they are, and the old HO in them is not counted."""
    written = rows(CLAIM + OLD) + rows(CLAIM, 2)

    assert written.count(OLD) == 1
    one, two = read(written)
    assert Amounts(1, 450, 1, 450, 1920) == one.amounts_for("00991018") == two.amounts_for("00991018")
    assert ["00991018", "80990013"] == [charged.payer for charged in one.payers]


@pytest.mark.parametrize(
    "block",
    [
        text(f"2,1,0,MN,000000005,見本県,{number(5)},,,"),
        text(f"2,1,0,MN,900000005,見本県,{number(900000005)},,,"),
        text("1,7,0,HO,06990014,,1,1,999"),
        text("1,99,0,HO,06990014,,1,1,999"),
        OLD + text("HO,06990014,,1,1,999"),
    ],
    ids=["the MN of another claim", "one with a high number", "the next row", "a later row", "rows after the history"],
)
def test_a_history_that_a_reader_would_take_for_rows_is_not_written(block: bytes) -> None:
    """Rather suspended by name than charged twice."""
    with pytest.raises(Damaged):
        rows(CLAIM + block)


def test_a_history_may_hold_a_short_mn_and_any_row_number_after_its_first() -> None:
    """Only what could be mistaken is refused."""
    for block in (
        text("2,1,0,MN,000000005", "1,7,0,SI,1"),
        text("1,6,0,SI,1", "1,7,0,HO,06990014,,1,1,999"),
        text("2,1,0,MN,000000005,見本県,99140809000000005,,,", "1,2,0,IR,1"),
    ):
        (claim,) = read(rows(CLAIM + block))
        assert ["00991018", "80990013"] == [charged.payer for charged in claim.payers]


# --- what is no claim is not written ---


@pytest.mark.parametrize(
    "claim",
    [
        b"",
        text("HO,06990014,,1,1,999"),
        text("1,3,0,RE,1"),
        CLAIM + CLAIM,
        CLAIM + text("GO,1,450,99"),
        CLAIM + text("MN,1"),
        CLAIM + b"\x1a",
        text("RE,1\x1a", "HO,06990014,,1,1,999"),
        text("RE,1", "HO,06990014,,1,1,1", "HO,06990014,,1,1,1"),
        text("RE,1", *["KO,80990013,,,1,1"] * 5),
        text("RE,1", "SY," + "1" * limit("line_bytes")),
        text("RE,1", "SY," + "1" * (limit("line_bytes") - 2), end="\n"),
    ],
    ids=["nothing", "no RE", "history alone", "two claims", "GO", "MN", "end mark", "end mark inside", "two HO", "five KO", "long", "long by one"],
)  # fmt: skip
def test_bytes_that_are_not_one_claim_are_not_written(claim: bytes) -> None:
    """An index that points to the wrong place must not reach a payer."""
    with pytest.raises(Damaged):
        rows(claim)


def test_the_longest_line_is_written() -> None:
    """The limit itself is allowed."""
    longest = "SY," + "1" * (limit("line_bytes") - 3)

    assert text("1,5,0," + longest) == rows(text("RE,1", "HO,06990014,,1,1,1", longest)).splitlines(keepends=True)[4]


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_lines_are_cut_as_the_checker_cuts_them(end: str) -> None:
    """CR alone, LF alone and empty lines are accepted at reception; a payer gets one row for each record."""
    claim = end.join(["RE,1", "", "HO,06990014,,1,1,450", "SY,0000999", ""]).encode()

    written = rows(claim).split(b"\r\n")

    assert [b"1,3,0,RE", b"1,4,0,HO", b"1,5,0,SY", b""] == [b",".join(row.split(b",")[:4]) for row in written[2:]]


@pytest.mark.parametrize("length", [-1, 1])
def test_a_range_that_does_not_end_with_a_line_is_not_written(length: int) -> None:
    """One byte too few, or too many."""
    file = BytesIO(CLAIM + text("GO,1,450,99"))

    with pytest.raises(Damaged):
        list(
            stream_claim(
                file,
                row(offset=0, length=len(CLAIM) + length),
                header=HEADER,
                kind="medical",
                management_no=1,
                search_no=number(),
            )
        )


def test_a_file_that_ends_within_the_claim_is_noticed() -> None:
    """Shorter than its index says."""
    with pytest.raises(Damaged):
        list(
            stream_claim(
                BytesIO(CLAIM[:-4]),
                row(offset=0, length=len(CLAIM)),
                header=HEADER,
                kind="medical",
                management_no=1,
                search_no=number(),
            )
        )


@pytest.mark.parametrize("header", [b"", b"RE,1", b"IR,1\r\nRE,1", b"IR,1\x1a", b"IRX,1"])
def test_a_header_that_opens_no_file_is_not_written(header: bytes) -> None:
    """One record, of the kind's own."""
    with pytest.raises(Damaged):
        rows(CLAIM, header=header)


def test_numbers_that_do_not_belong_together_are_a_bug() -> None:
    """A search number ends in its management number, and that has at most 16 digits."""
    with pytest.raises(ValueError, match="management"):
        claim_rows(CLAIM, HEADER, kind="medical", management_no=2, search_no=number(1))
    for management_no in (-1, 10**16):
        with pytest.raises(ValueError, match="management"):
            search_no(management_no, MONTH, body="1", prefecture="99")


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("", ""),
        ("見本県見本市1-2-3 A棟", "見本県見本市１－２－３　Ａ棟"),
        ("見本県,見本町", "見本県，見本町"),
        ("ﾐﾎﾝ 2−3〜4", "ミホン　２－３～４"),
        ("!~", "！～"),
        ("髙①😀\r\n\x1a", "？１？？？？"),
        ("長" * 41, "長" * 40),
    ],
)
def test_an_address_is_full_width_and_within_its_80_bytes(address: str, written: str) -> None:
    """What the standard has no character for becomes ？; a comma cannot split the row."""
    first = rows(CLAIM, address=address).splitlines()[0]

    assert f"2,1,0,MN,000000001,{written},{number()},,,".encode("cp932") == first
    assert 1 == len(read(rows(CLAIM, address=address)))


# --- what the office has not written is not read ---

GOOD = rows(CLAIM).decode("cp932")


@pytest.mark.parametrize(
    ("found", "instead"),
    [
        ("2,1,0,MN", "1,1,0,MN"),
        ("2,1,0,MN", "2,1,1,MN"),
        ("2,1,0,MN,000000001", "2,1,0,MN,1"),
        ("2,1,0,MN,000000001", "2,1,0,MN,000000002"),
        (",,,\r\n1,2", ",,,,\r\n1,2"),
        ("見本県見本市,", "見本県,見本市,"),
        ("1,2,0,IR", "1,2,0,YK"),
        ("1,2,0,IR", "2,2,0,IR"),
        ("1,3,0,RE", "1,4,0,RE"),
        ("1,3,0,RE", "1,3,0,HO"),
        ("99150809000000001\r\n1,4", "99150809000000002\r\n1,4"),
        (",99150809000000001\r\n1,4", "\r\n1,4"),
        ("1,4,0,HO", "1,04,0,HO"),
        ("1,4,0,HO", "HO"),
        ("HO,  991018", "HO,0699001A"),
        ("HO,  991018", "HO,"),
        ("HO,  991018,見本,1,2,450,,3,1920", "HO"),
        ("KO,80990013", "HO,80990013"),
        ("KO,80990013", "GO,80990013"),
        ("KO,80990013", "RE,80990013"),
        ("KO,80990013", "MN,80990013"),
        ("1,6,0,SY", "1,7,0,HO,06990014\r\n1,6,0,SY"),
        ("1,6,0,SY,8833421,,01", "".join(f"1,{n},0,KO,80990013\r\n" for n in range(6, 10)).removesuffix("\r\n")),
        ("SY,8833421,,01\r\n", "SY,8833421,,01\n"),
        ("SY,8833421,,01\r\n", "SY,8833421,,01"),
        ("SY,8833421,,01\r\n", "SY,8833421,,01\r\n\x1a"),
        ("SY,8833421", "SY,\x1a8833421"),
        ("SY,8833421", "SY," + "1" * (2 * limit("line_bytes"))),
        ("1,6,0,SY,8833421,,01", ""),
    ],
)  # fmt: skip
def test_anything_odd_in_a_delivery_is_damage(found: str, instead: str) -> None:
    """The office wrote it, so there is nothing to be lenient about."""
    assert found in GOOD

    with pytest.raises(Damaged):
        read(GOOD.replace(found, instead, 1).encode("cp932"))


@pytest.mark.parametrize("gone", [0, 1, 2, 4])
def test_a_row_that_is_gone_is_damage(gone: int) -> None:
    """Rows count on; only the very last could go unseen, and the digest sees that."""
    lines = GOOD.encode("cp932").splitlines(keepends=True)

    with pytest.raises(Damaged):
        read(b"".join(line for n, line in enumerate(lines) if n != gone) + b"1,9,0,SY\r\n")


def test_a_claim_that_names_nobody_is_damage() -> None:
    """Nobody could have been charged for it."""
    with pytest.raises(Damaged):
        read(rows(text("RE,1", "SY,1")))


def test_a_delivery_holds_at_least_one_claim() -> None:
    """For a kind without claims there is no object."""
    with pytest.raises(Damaged):
        read(b"")


@given(data=st.binary(max_size=300))
def test_any_bytes_are_read_or_damage(data: bytes) -> None:
    """Nothing else is raised, whatever a disk may hold."""
    for source in (data, GOOD.encode("cp932")[:90] + data):
        with pytest.raises(Damaged):
            read(source)


class Endless(RawIOBase):
    """A delivery made up while it is read, so that only the reader's memory counts."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self.parts, self.left = parts, b""

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: bytearray) -> int:
        """Fill the buffer with what comes next."""
        while not self.left:
            part = next(self.parts, None)
            if part is None:
                return 0
            self.left = part
        size = min(len(buffer), len(self.left))
        buffer[:size], self.left = self.left[:size], self.left[size:]
        return size


def test_reading_needs_no_more_memory_for_a_long_delivery() -> None:
    """Ten times the claims, and a claim of very many rows, within the same 512 KiB."""
    long_claim = (b"1,%d,0,SI,%b\r\n" % (n, b"1" * 60) for n in range(7, 20_000))
    claims = (rows(CLAIM, n) for n in range(1, 10_000))

    tracemalloc.start()
    try:
        source = BufferedReader(Endless(chain([rows(CLAIM, 0)], long_claim, claims)))
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        count = sum(1 for _ in read_delivery(source, kind="medical"))
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()

    assert 10_000 == count
    assert peak < 512 * 1024


# --- names and volumes ---


def test_a_search_number_has_place_body_month_and_management_number() -> None:
    """17 digits, and more when more claims are numbered."""
    assert "13150609000000042" == search_no(42, Month(2024, 9), body="1", prefecture="13")
    assert "13243104000000042" == search_no(42, Month(2019, 4), body="2-13", prefecture="13")
    assert "99150809000000000" == search_no(0, MONTH, body="1", prefecture="99")
    assert "991508091234567890" == search_no(1234567890, MONTH, body="1", prefecture="99")


@pytest.mark.parametrize(
    ("kind", "file"),
    [("medical", "11_RECODEINFO_MED.CSV"), ("dpc", "12_RECODEINFO_DPC.CSV"), ("dental", "13_RECODEINFO_DEN.CSV"), ("pharmacy", "14_RECODEINFO_PHA.CSV"), ("home_nursing", "15_RECODEINFO_NUR.CSV")],
)  # fmt: skip
def test_a_delivery_lies_where_payers_programs_look_for_it(kind: str, file: str) -> None:
    """Body, month, payer, volume, kind."""
    expected = PurePosixPath("deliveries/1/202609/00991018/0_COMMON012", file)

    assert expected == delivery_path("1", MONTH, payer="00991018", kind=kind, volume=12)


def test_volumes_count_from_1_to_999() -> None:
    """The first is what is meant where none is said."""
    paths = [
        delivery_path("1", MONTH, payer="00991018", kind="medical", **said)
        for said in ({}, {"volume": 1}, {"volume": 999})
    ]

    assert ["0_COMMON001", "0_COMMON001", "0_COMMON999"] == [path.parent.name for path in paths]


def test_kinds_without_meals_charge_none() -> None:
    """A pharmacy's HO has other things where a hospital's has meals."""
    written = claim_rows(
        text("RE,1", "HO,06990014,,1,2,450,,1,900,700"), b"YK,1", kind="pharmacy", management_no=1, search_no=number()
    )

    assert Amounts(1, 450, 1, 450, 0) == next(read_delivery(BytesIO(written), kind="pharmacy")).amounts_for("06990014")


@pytest.mark.parametrize(
    ("body", "month", "payer", "kind", "volume"),
    [
        ("..", "202609", "00991018", "medical", 1),
        ("1", "../..", "00991018", "medical", 1),
        ("1", "202609", "../../..", "medical", 1),
        ("1", "202609", "991018", "medical", 1),
        ("1", "202609", "00991018", "../x", 1),
        ("1", "202609", "00991018", "medical", 0),
        ("1", "202609", "00991018", "medical", 1000),
        ("2-1", "202609", "00991018", "medical", 1),
    ],
)
def test_a_path_never_leads_elsewhere(body: str, month: str, payer: str, kind: str, volume: int) -> None:
    """What a server says about a delivery cannot make a client write outside its folder."""
    with pytest.raises(ValueError, match="no delivery"):
        delivery_path(body, month, payer=payer, kind=kind, volume=volume)


@pytest.mark.parametrize(
    ("size", "claim", "begins"),
    [(1, 100, True), (0, 10, False), (0, 101, False), (90, 10, False), (91, 10, True), (100, 1, True)],
)
def test_a_claim_never_crosses_volumes(size: int, claim: int, begins: bool) -> None:  # noqa: FBT001  a column of the table
    """A volume is full when the next claim would pass the limit; an empty one takes any claim."""
    assert begins == begins_volume(size, claim, limit_bytes=100)
