"""Claims changed in single places: what is asked for changes, and not one byte besides."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import SOCIETY, claim, line
from seikyu.records import (
    AddedRecord,
    Edits,
    NotEditable,
    changes_of,
    claim_lines,
    edited,
    file_head,
    file_of,
    layout_for,
    numbered,
    record_layout_of,
)

MEDICAL = layout_for("medical", None)
LINES = [*claim(3, insurer=SOCIETY), "9,1,1,RE,77,1112,202605", "ZZ,unknown,line", ""]
CLAIM = "\r\n".join([*LINES, ""]).encode("cp932")
SI = next(at for at, text in enumerate(LINES) if text.startswith("SI,"))
HO, SY, HISTORY, STRANGE, BLANK = 1, 2, len(LINES) - 3, len(LINES) - 2, len(LINES) - 1


def names(changes: Any) -> list[tuple[str, int, str, str]]:
    """Return what changed, in short."""
    return [(each.record_id, each.no, each.before, each.after) for each in changes]


def test_an_item_is_written_anew_and_nothing_else() -> None:
    """The new bytes stand where the old ones stood."""
    edits = Edits(items={(HO, 6): b"300"})

    assert CLAIM.replace(b",1,291,", b",1,300,", 1) == edited(CLAIM, edits, MEDICAL)
    assert [("HO", 6, "291", "300")] == names(changes_of(CLAIM, edits, MEDICAL))
    assert not edits.empty
    assert Edits().empty


def test_an_item_past_the_end_of_a_short_line_gets_its_commas() -> None:
    """A line may end before its last items; an empty item there is written by no comma."""
    short = b"RE,1,1112,202608\r\nHO,06990014\r\n"

    assert short.replace(b"014", b"014,,,,291") == edited(short, Edits(items={(1, 6): b"291"}), MEDICAL)
    assert short == edited(short, Edits(items={(1, 6): b""}), MEDICAL)
    assert [] == names(changes_of(short, Edits(items={(1, 6): b""}), MEDICAL))


def test_a_line_is_taken_out_and_another_put_in() -> None:
    """Lines count as they were received, whatever is taken out before them."""
    record = tuple(line("SY", disease_code="8830417", start_date="20260801").encode().split(b","))
    edits = Edits(removed=frozenset({SY, STRANGE}), added=(AddedRecord(SI, record),))
    expected = [*LINES[:SY], *LINES[SY + 1 : SI + 1], b",".join(record).decode(), *LINES[SI + 1 : STRANGE], ""]

    assert "\r\n".join([*expected, ""]).encode("cp932") == edited(CLAIM, edits, MEDICAL)
    told = list(changes_of(CLAIM, edits, MEDICAL))
    assert [("SY", 2, "8833421", "")] == names(told)[:1]
    assert ("SY", 2, "", "8830417") in names(told)
    assert ("ZZ", 2, "unknown", "") in names(told)
    assert {True} == {each.removed or each.added for each in told}


def test_a_record_without_any_item_is_told_by_its_name() -> None:
    """Nobody must overlook that a line went."""
    bare = b"RE,1,1112,202608\r\nCO\r\n"

    assert [("CO", 1, "CO", "")] == names(changes_of(bare, Edits(removed=frozenset({1})), MEDICAL))


def test_a_record_behind_a_line_that_breaks_off_begins_a_line_of_its_own() -> None:
    """A file that stops in its last line has no line end there."""
    cut = b"RE,1,1112,202608\r\nHO,06990014"
    added = Edits(added=(AddedRecord(1, (b"SY", b"8833421")),))

    assert cut + b"\r\nSY,8833421\r\n" == edited(cut, added, MEDICAL)
    assert cut == edited(cut, Edits(), MEDICAL)
    assert b"" == edited(b"", Edits(), MEDICAL)


@pytest.mark.parametrize(
    ("edits", "why"),
    [
        (Edits(items={(99, 2): b"1"}), "no_such_place"),
        (Edits(items={(HO, 1): b"KO"}), "no_such_place"),
        (Edits(items={(HO, 99): b"1"}), "no_such_place"),
        (Edits(items={(HO, 2): b"1"}, removed=frozenset({HO})), "no_such_place"),
        (Edits(items={(0, 2): b"9"}), "numbered"),
        (Edits(items={(HISTORY, 5): b"9"}), "stays"),
        (Edits(items={(STRANGE, 2): b"9"}), "stays"),
        (Edits(items={(HO, 2): b"a,b"}), "breaks_the_line"),
        (Edits(items={(HO, 2): b"a\n"}), "breaks_the_line"),
        (Edits(removed=frozenset({-1})), "no_such_place"),
        (Edits(removed=frozenset({0})), "stays"),
        (Edits(removed=frozenset({HISTORY})), "stays"),
        (Edits(added=(AddedRecord(99, (b"SY",)),)), "no_such_place"),
        (Edits(added=(AddedRecord(0, ()),)), "no_such_record"),
        (Edits(added=(AddedRecord(0, (b"RE",)),)), "no_such_record"),
        (Edits(added=(AddedRecord(0, (b"IR",)),)), "no_such_record"),
        (Edits(added=(AddedRecord(0, (b"QQ",)),)), "no_such_record"),
        (Edits(added=(AddedRecord(0, (b"SY", *[b""] * 99)),)), "no_such_record"),
        (Edits(added=(AddedRecord(0, (b"SY", b"\x1a")),)), "breaks_the_line"),
    ],
)
def test_what_cannot_be_edited_says_why(edits: Edits, why: str) -> None:
    """The claim's number, its opening, its history and lines that nobody knows stay; nothing may break a line."""
    with pytest.raises(NotEditable) as refusal:
        edited(CLAIM, edits, MEDICAL)

    assert why == refusal.value.why
    assert str(refusal.value.line) in str(refusal.value)


def test_which_lines_can_be_edited() -> None:
    """Those of the claim itself that the layout knows."""
    known = [record_layout_of(each, MEDICAL) for each in claim_lines(CLAIM)]

    assert ["RE", "HO", "SY", "SI"] == [each.id for each in known if each]
    assert [None, None, None] == known[-3:]
    assert record_layout_of(claim_lines(b"IR,1,99\r\n")[0], MEDICAL) is None
    assert record_layout_of(claim_lines(b"IR,1,99\r\n")[0], layout_for("dental", None)) is not None
    assert record_layout_of(claim_lines(b"RE," + b"1" * 70_000)[0], MEDICAL) is None


values = st.binary(max_size=12).filter(lambda data: not any(byte in data for byte in b",\r\n\x1a"))


@st.composite
def corrections(draw: st.DrawFn) -> tuple[bytes, Edits]:
    """A claim with any lines behind its head, and any edits of it that can be done."""
    bodies = st.lists(values.map(lambda data: b"SI," + data) | values | st.just(b"9,1,1,SI,11"), min_size=1, max_size=6)
    lines = [b"RE,1,1112,202608", *draw(bodies)]
    ending = draw(st.sampled_from([b"\r\n", b"\n", b"\r"]))
    data = b"".join(each + ending for each in lines)
    cut = claim_lines(data)
    known = [(at, record) for at, each in enumerate(cut) if (record := record_layout_of(each, MEDICAL))]
    changeable = [(at, no) for at, record in known for no in range(2, len(record.items) + 1) if (at, no) != (0, 2)]
    free = [at for at, each in enumerate(cut) if at and not each.content.partition(b",")[0].isdigit()]
    free = [at for at in free if cut[at].content.partition(b",")[0] != b"RE"]
    removed = frozenset(draw(st.lists(st.sampled_from(free), max_size=2)) if free else ())
    items = {
        place: draw(values)
        for place in draw(st.lists(st.sampled_from(changeable), max_size=3))
        if place[0] not in removed
    }
    added = tuple(
        AddedRecord(at, (b"CO", draw(values))) for at in draw(st.lists(st.integers(0, len(cut) - 1), max_size=2))
    )
    return data, Edits(items, removed, added)


@given(corrections())
def test_every_byte_that_was_not_corrected_stays(example: tuple[bytes, Edits]) -> None:
    """Taking the edits away again, line by line and item by item, leaves the claim as it was received."""
    data, edits = example
    new = edited(data, edits, MEDICAL)

    kept = [at for at in range(len(claim_lines(data))) if at not in edits.removed]
    order = [(at, None) for at in kept] + [(each.after, each) for each in edits.added]
    order.sort(key=lambda pair: (pair[0], pair[1] is not None))
    old_lines, new_lines = claim_lines(data), claim_lines(new)
    assert len(order) == len(new_lines)
    for (at, added), line_now in zip(order, new_lines, strict=True):
        if added is not None:
            assert b",".join(added.items) == line_now.content
            continue
        then = old_lines[at].content.split(b",")
        now = line_now.content.split(b",")
        touched = {no for on, no in edits.items if on == at}
        width = max(len(then), len(now))
        then, now = then + [b""] * (width - len(then)), now + [b""] * (width - len(now))
        assert [each for no, each in enumerate(then, 1) if no not in touched] == [
            each for no, each in enumerate(now, 1) if no not in touched
        ]
        assert all(now[no - 1] == new_item for (on, no), new_item in edits.items.items() if on == at and no <= width)
        if not touched:
            assert old_lines[at].content + old_lines[at].ending == line_now.content + line_now.ending
    if edits.empty:
        assert data == new


# --- whole files ---


def test_a_claim_gets_its_new_number_and_the_next_may_follow() -> None:
    """Nothing but the number changes; the number in a history block is another claim's."""
    data, following = numbered(CLAIM, 12, MEDICAL)

    assert CLAIM.replace(b"RE,3,", b"RE,12,", 1) == data
    assert 13 == following


@pytest.mark.parametrize(
    ("numbers", "expected"), [((4, 5, 6), (1, 2, 3)), ((4, 4, 4), (1, 1, 1)), ((4, 9), (1, 2)), (("", "x"), (1, 2))]
)
def test_details_of_a_summary_claim_go_on_from_it_as_they_did(numbers: Any, expected: Any) -> None:
    """The papers do not say whether details are counted along; whoever wrote the file has said it."""
    data = b"".join(f"RE,{number},1111,202608\r\n".encode() for number in numbers)

    written, following = numbered(data, 1, layout_for("dpc", None))

    assert b"".join(f"RE,{number},1111,202608\r\n".encode() for number in expected) == written
    assert expected[-1] + 1 == following


def test_a_file_is_the_old_head_the_claims_and_a_new_end() -> None:
    """The head stays byte for byte; a record of a claim that had strayed before the first claim does not."""
    head = b"IR,1,99,1,0112342,,\x8c\xa9\x96{,202609,00,\r\n"
    bodies = [b"RE,7,1112,202608\r\n", b"RE,9,1112,202608"]

    data = file_of(file_head(head + b"HO,06990014\r\n", MEDICAL), bodies, MEDICAL, cases=2, points=582)

    assert head + b"RE,1,1112,202608\r\nRE,2,1112,202608\r\nGO,2,582,99\r\n\x1a" == data


def test_the_head_of_every_kind_is_found_and_its_end_written() -> None:
    """Dental institutions' records stand in each claim; home nursing has no totals."""
    dental, nursing = layout_for("dental", None), layout_for("home_nursing", None)
    uk, ir = b"UK,1,99,3,202609,00\r\n", b"IR,1,99,3,0112342\r\n"
    one = ir + b"RE,5,3112,202608\r\n"

    assert uk == file_head(uk, dental)
    assert uk + one.replace(b"RE,5", b"RE,1") + b"GO,1,9,99\r\n\x1a" == file_of(uk, [one], dental, cases=1, points=9)
    assert b"HM,1\r\nGO\r\n\x1a" == file_of(file_head(b"HM,1", nursing), [], nursing, cases=0, points=0)
    assert b"" == file_head(b"GO,1,2,99\r\n", MEDICAL)


@given(st.lists(values.map(lambda data: b"RE,1," + data + b"\r\n"), max_size=4))
def test_claims_stand_in_a_new_file_in_their_order(bodies: list[bytes]) -> None:
    """Numbered from 1, each otherwise as it was."""
    data = file_of(b"", bodies, MEDICAL, cases=0, points=0)
    heads = [each.content for each in claim_lines(data) if each.content.startswith(b"RE,")]

    assert [b"RE,1," + each[4:].partition(b",")[2] for each in heads] == [each.rstrip(b"\r\n") for each in bodies]
    assert all(int(b.split(b",")[1]) == int(a.split(b",")[1]) + 1 for a, b in pairwise(heads))


def test_nothing_of_a_patient_is_shown_by_accident() -> None:
    """Edits may stand in the logs of a debugger; values do not."""
    edits = Edits({(1, 2): "見本".encode("cp932")}, added=(AddedRecord(1, (b"SY", b"8833421")),))

    assert "8833421" not in repr(edits)
    assert "8c" not in repr(edits)
    assert "291" not in repr(list(changes_of(CLAIM, Edits(items={(HO, 6): b"300"}), MEDICAL)))
