"""Claims read lazily, by name, and written back as they were."""

import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from hypothesis import given
from hypothesis.strategies import binary, integers, lists, sampled_from
from pytest import MonkeyPatch, fixture, mark, raises  # noqa: PT013 (the house names them so)

import seikyu.records.claims
from builders import CITY, claim, encoded, header, uke
from seikyu.limits import limit
from seikyu.records import (
    InsurerNumber,
    Month,
    NoClaimFile,
    ReadClaim,
    ReadRecord,
    TooLong,
    layout_for,
    read_claims,
    rewritten,
)

FILE = uke(claim(1), claim(2, publics=[CITY]))
HISTORY = "1,1,0,RE,1,1112,202607,見本　太郎\r\n1,2,1,JY,1,2\r\n1,3,0\r\n"
RETURNED = (
    "HI,1,202609,99,1,0112342,,00\r\n"
    "RE,1,1112,202607,見本　太郎,1,19800101\r\nHO,06990014,,123,2,291\r\nHR,202609,1,,,理由\r\n"
    f"{HISTORY}RE,2,1112,202607,見本　花子,2,19810101\r\nHG,2,582,99\r\n\x1a"
).encode("cp932")

lines = lists(
    sampled_from(
        [b"IR,1,99,1,0112342,,,202609,00,", b"RE,1,1112", b"HO,1", b"1,2,0,SI", b"GO,1", b"", b"ZZ", b"\x1a", b"1"]
    ),
    max_size=12,
)


@fixture
def first() -> ReadClaim:
    """Return the first claim of the file."""
    return next(iter(read_claims(FILE)))


def unchanged(each: ReadClaim) -> ReadClaim:
    """Return the claim as it is."""
    return each


def test_claims_come_one_by_one_with_their_values(first: ReadClaim) -> None:
    """Numbers, days, months, codes and texts, by the names of the layout."""
    head = first.head

    assert head is not None
    assert (1, "1112", Month(2026, 8), "見本　太郎") == tuple(
        head[name] for name in ("claim_no", "claim_type", "service_month", "patient_name")
    )
    assert isinstance(head["birth_date"], date)
    assert (InsurerNumber("06990014"), 291) == (
        first.value("HO", "insurer_number"),
        first.value("HO", "total_points"),
    )
    assert ("06990014", b"291") == (first.first("HO").text("insurer_number"), first.first("HO").raw("total_points"))  # type: ignore[union-attr]
    assert ["RE", "HO", "SY", "SI"] == [record.id for record in first.records]
    assert None is first.value("KO", "payer_number")
    assert None is head["ward_types"]
    assert "claim_type" in head.names


def test_a_name_that_the_record_does_not_have_is_an_error(first: ReadClaim) -> None:
    """A slip in a name must not look like an empty item."""
    with raises(KeyError):
        first.value("HO", "claim_type")
    stranger = next(iter(read_claims(FILE.replace(b"SY,", b"ZY,"))))
    assert () == stranger.all("ZY")[0].names
    assert {} == stranger.all("ZY")[0].values()
    with raises(KeyError):
        stranger.all("ZY")[0]["disease_code"]


def test_what_cannot_be_read_has_no_value_but_a_text() -> None:
    """Nothing is guessed, and nothing raises."""
    bad = next(iter(read_claims(FILE.replace(b",291,", b",29O,", 1).replace(b"19800", b"xx800"))))

    assert (None, "29O") == (bad.value("HO", "total_points"), bad.all("HO")[0].text("total_points"))
    assert None is bad.value("RE", "birth_date")


def test_personal_values_are_masked_unless_asked(first: ReadClaim) -> None:
    """In what shows a whole record; and no `repr` tells any."""
    head = first.head

    assert head is not None
    assert "＊＊＊＊＊" == head.values()["patient_name"]
    assert "見本　太郎" == head.values(show_personal=True)["patient_name"]
    assert "1112" == head.values()["claim_type"]
    assert ("<RE in line 2, 38 items>", "<claim 0 of 4 lines>") == (repr(head), repr(first))
    assert "<empty line in line 1, 1 items>" == repr(
        next(read_claims(b"\r\nRE,1", layout=layout_for("medical", None)).parts())
    )


@mark.parametrize("chunk_bytes", [1, 7, 4096])
def test_bytes_chunks_and_streams_are_the_same(chunk_bytes: int) -> None:
    """However they are cut; a stream is read in pieces."""
    chunks = [FILE[at : at + chunk_bytes] for at in range(0, len(FILE), chunk_bytes)]
    whole = [each.encoded for each in read_claims(FILE)]

    for source in (chunks, iter(chunks), io.BytesIO(FILE), bytearray(FILE), memoryview(FILE)):
        assert whole == [each.encoded for each in read_claims(source)]


def test_a_path_is_opened_by_the_caller(tmp_path: Path) -> None:
    """This room opens no files; the error says what to do."""
    path = tmp_path / "RECEIPTC.UKE"
    path.write_bytes(FILE)

    for wrong in (path, str(path)):
        with raises(TypeError, match="open"):
            read_claims(wrong)  # type: ignore[arg-type]
    with path.open("rb") as source:
        assert 2 == len(list(read_claims(source)))


def test_reading_keeps_one_claim_in_memory() -> None:
    """A claim is there before the next one is read."""
    read = 0

    def chunks() -> Iterator[bytes]:
        nonlocal read
        yield encoded([header()]).rstrip(b"\x1a")
        for no in range(1, 2001):
            read = no
            yield encoded(claim(no)).rstrip(b"\x1a")

    claims = iter(read_claims(chunks()))
    next(claims)
    assert read < 1000
    assert 1999 == sum(1 for _ in claims)


def test_the_header_says_what_file_it_is_and_parts_tell_the_rest() -> None:
    """Records of the file stand between the claims; offsets lead back into the file."""
    reader = read_claims(FILE)
    parts = list(reader.parts())

    assert reader.header is not None
    assert ("medical", Month(2026, 9)) == (reader.header.kind, reader.header.claim_month)
    assert ["IR", "claim", "claim", "GO"] == [part.id if isinstance(part, ReadRecord) else "claim" for part in parts]
    for part in parts:
        if isinstance(part, ReadClaim):
            assert FILE[part.offset :].startswith(part.encoded)
    assert [0, 1] == [part.index for part in parts if isinstance(part, ReadClaim)]


def test_a_layout_may_be_stated() -> None:
    """For lines that are no file; without one, they are not guessed at."""
    lines = encoded(claim(1))

    with raises(NoClaimFile):
        read_claims(lines)
    assert 1 == len(list(read_claims(lines, layout=layout_for("medical", None))))


def test_the_history_block_belongs_to_its_claim_and_stands_apart() -> None:
    """Its lines have their place before the record; names lead behind it."""
    reader = read_claims(RETURNED)
    claims = list(reader)

    assert reader.layout.kind == "medical_return"
    assert [2, 0] == [len([r for r in each.history if r.layout]) for each in claims]
    re, jy, stump = claims[0].history
    assert (("1", "1", "0"), ("1", "2", "1"), "見本　太郎") == (re.history_place, jy.history_place, re["patient_name"])
    assert ("", None) == (stump.id, stump.layout)
    assert ("1", 2) == (jy["correction_class"], jy["target_line"])
    assert ["RE", "HO", "HR"] == [record.id for record in claims[0].records]
    assert () == claims[0].records[0].history_place
    assert "見本　次郎" == re.replaced("patient_name", "見本　次郎")["patient_name"]
    assert re.replaced("claim_no", b"7").encoded.startswith(b"1,1,0,RE,7,1112,")


@given(data=binary(max_size=300) | lines.map(b"\r\n".join), size=integers(1, 50))
def test_any_file_comes_back_as_it_was(data: bytes, size: int) -> None:
    """Whatever stands in it, behind its end mark included, and however it arrives."""
    chunks = [data[at : at + size] for at in range(0, len(data), size)]

    assert data == b"".join(rewritten(chunks, unchanged, layout=layout_for("medical_return", None)))


def test_every_sample_comes_back_as_it_was(samples: Path) -> None:
    """Through claims as well."""
    for path in sorted((samples / "uke").glob("*_*")):
        with path.open("rb") as source:
            kind = "home_nursing" if path.name.startswith("home") else path.name.split("_")[0]
            assert path.read_bytes() == b"".join(rewritten(source, unchanged, layout=layout_for(kind, None)))


def test_a_change_touches_its_item_alone() -> None:
    """One claim is changed, one is left out, all else stays."""

    def change(each: ReadClaim) -> ReadClaim | None:
        head = each.head
        assert head is not None
        return each.replaced(head, head.replaced("patient_name", "見本　次郎")) if each.index == 0 else None

    second = list(read_claims(FILE))[1].encoded
    done = b"".join(rewritten([FILE], change))

    assert FILE.replace(second, b"").replace("太郎".encode("cp932"), "次郎".encode("cp932")) == done


def test_writing_what_is_there_changes_nothing() -> None:
    """Not even a comma at the end of a short line."""
    (short,) = read_claims(b"RE,1,1112\r\n", layout=layout_for("medical", None))
    head = short.all("RE")[0]

    assert head is head.replaced("chart_no", "") is head.replaced("claim_type", "1112")
    assert b"RE,1,1112,,,1\r\n" == head.replaced("sex", "1").encoded


def test_a_change_that_would_break_the_line_is_refused(first: ReadClaim) -> None:
    """A comma, a line end, or a character that Shift_JIS does not have; and a record of another claim."""
    head = first.head

    assert head is not None
    for value in ("a,b", "a\r\n", "\U00020bb7"):
        with raises(ValueError, match=r"cannot hold|codec"):
            head.replaced("patient_name", value)
    other = next(iter(read_claims(FILE))).head
    assert other is not None
    with raises(ValueError, match="not of this claim"):
        first.replaced(other, head)


def test_nothing_is_dropped_in_silence(monkeypatch: MonkeyPatch) -> None:
    """A line, a claim or a tail that is too long ends the reading with an error."""
    with raises(TooLong, match="line 2"):
        list(read_claims(FILE.replace(b"RE,", b"RE," + b"1" * limit("line_bytes"), 1)))
    monkeypatch.setattr(seikyu.records.claims, "limit", lambda name: {"claim_lines": 3}.get(name) or limit(name))
    with raises(TooLong, match="more than 3 lines"):
        list(read_claims(FILE))
    monkeypatch.undo()
    monkeypatch.setattr(seikyu.records.claims, "_KEPT_BYTES", 5000)
    done: list[bytes] = []
    with raises(TooLong, match="5000"):
        done += rewritten([FILE, *[b"\x1a" * 100] * 200], unchanged)
