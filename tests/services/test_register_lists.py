"""Lists of parties: read as spreadsheets write them, taken as a whole or not at all, and written so that they come back."""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from builders import INSTITUTION_ID
from seikyu.ports.errors import TooLong, Unavailable
from seikyu.ports.register import Party
from seikyu.records.numbers import check_digit
from seikyu.services.register import BATCH, ListUnreadable, Report, export_list, import_list
from seikyu.trust.register import Verdict
from services.faults import Killed, Plug, plugged, unplugged
from services.office_lab import OTHER_INSTITUTION, Lab, make_lab, with_limits

HEAD = "種別,番号,名称,所在地\r\n"


def number(count: int) -> str:
    """Return the id of a made-up institution."""
    head = f"991{count:06d}"
    return head + check_digit(head)


NEW = number(777)


def bring_in(lab: Lab, text: str, *, dry_run: bool = False, encoding: str = "utf-8") -> Report:
    """Bring in a list."""
    return import_list(lab.office, io.BytesIO(text.encode(encoding)), dry_run=dry_run)


def register(lab: Lab) -> list[Party]:
    """Return the register."""
    with lab.office.store.read() as tx:
        return tx.parties()


def counts(report: Report) -> dict[str, int]:
    """Return the counts that are not zero."""
    return {verdict.value: count for verdict, count in report.counts.items() if count}


def exported(lab: Lab, lang: str = "ja") -> bytes:
    """Return the register as a list."""
    return b"".join(export_list(lab.office, lang))


MIXED = (
    HEAD
    + f"医療機関,{NEW},新見本薬局,見本県\r\n"
    + f"医療機関,{INSTITUTION_ID},改称見本診療所,\r\n"
    + f"医療機関,{OTHER_INSTITUTION},見本診療所,見本県見本市\r\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_a_list_is_read_as_a_spreadsheet_has_written_it(lab: Lab, encoding: str) -> None:
    """In UTF-8 with a mark or without, or in Shift_JIS; brought in again it changes nothing."""
    first = bring_in(lab, MIXED, encoding=encoding)
    after = register(lab)
    again = bring_in(lab, MIXED, encoding=encoding)

    assert ({"added": 1, "changed": 1, "unchanged": 1}, True) == (counts(first), first.applied)
    assert {"unchanged": 3} == counts(again)
    assert after == register(lab)
    assert {NEW: "新見本薬局", INSTITUTION_ID: "改称見本診療所"}.items() <= {row.id: row.name for row in after}.items()
    assert [(2, NEW, ()), (3, INSTITUTION_ID, ("name",))] == [
        (each.line, each.change.id, each.change.fields) for each in first.changes
    ]


def test_a_dry_run_tells_the_same_and_changes_nothing(lab: Lab) -> None:
    """What the real run does is what the dry run has said."""
    before = register(lab)

    told = bring_in(lab, MIXED, dry_run=True)

    assert before == register(lab)
    assert not told.applied
    done = bring_in(lab, MIXED)
    assert (told.counts, told.changes) == (done.counts, done.changes)


def test_one_refused_row_keeps_the_whole_list_out(lab: Lab) -> None:
    """Half rows, numbers named twice and slips are told with their lines; what is right beside them waits too."""
    before = register(lab)
    bad = MIXED + f"医療機関,{number(5)}\r\n" + "\r\n" + f"医療機関,{NEW},又,\r\n" + "何か,1,x,\r\n"

    report = bring_in(lab, bad)

    assert not report.applied
    assert before == register(lab)
    assert [(5, ["half_row"]), (7, ["twice"]), (8, ["category"])] == [
        (each.line, [remark.code for remark in each.change.refused]) for each in report.refused
    ]
    assert 3 == report.counts[Verdict.REFUSED]


def test_a_party_is_ended_on_its_last_day(lab: Lab) -> None:
    """Its entry stays, with the end of that day in Japan."""
    report = bring_in(lab, f"category,id,name,until\r\n医療機関,{INSTITUTION_ID},,2026/9/30\r\n")

    assert {"ended": 1} == counts(report)
    (ended,) = [row for row in register(lab) if row.id == INSTITUTION_ID]
    assert "2026-10-01 00:00:00+09:00" == str(ended.until)


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_an_export_comes_back_unchanged_and_holds_no_formula(lab: Lab, lang: str) -> None:
    """Into the same office, and into an empty one as the same register; a spreadsheet has nothing to run."""
    odd = "=cmd|' /C calc'!A0"
    bring_in(lab, HEAD + f'医療機関,{NEW},"{odd}",@見本\r\n')

    written = exported(lab, lang)

    assert {"unchanged": len(register(lab)) - 1} == counts(import_list(lab.office, io.BytesIO(written), dry_run=False))
    assert f",'{odd},'@見本,".encode() in written
    for line in written.decode("utf-8-sig").splitlines():
        assert not [cell for cell in line.split(",") if cell.startswith(("=", "@", "+", "-"))]
    empty = make_lab()
    with empty.office.store.write() as tx:
        ids = {party.id for party in tx.parties()}
    assert INSTITUTION_ID in ids
    import_list(empty.office, io.BytesIO(written), dry_run=False)
    assert odd in {row.name for row in register(empty)}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\xff\xfe" + (HEAD + "x").encode("utf-16-le"), "not_text"),
        (HEAD.encode() + b"a\0b", "not_text"),
        (HEAD.encode() + "見本".encode() + b"\xfd\xfe\xff", "not_text"),
        (b"category,id,name\r\n" + "見本".encode()[:-1] + b"\r\n", "not_text"),
        (b"category,id,name\r\n\x82", "not_text"),
        (b"category,id,name\r\npayer,1," + "見本".encode() + b"\xb1\r\n", "not_text"),
        (b"", "heading_missing"),
        ("種別,番号,名称,電話\r\n".encode(), "heading_unknown"),
        ("種別,番号,名称,name\r\n".encode(), "heading_twice"),
        (HEAD.encode() + '医療機関,"開いたまま\r\n'.encode(), "not_csv"),
        (HEAD.encode() + b"x" * 200_000, "not_csv"),
    ],
)
def test_what_is_no_list_is_told_and_changes_nothing(lab: Lab, content: bytes, why: str) -> None:
    """Whatever bytes they are."""
    before = register(lab)

    with pytest.raises(ListUnreadable) as told:
        import_list(lab.office, io.BytesIO(content), dry_run=False)

    assert why == told.value.facts["why"]
    assert before == register(lab)


def test_a_list_has_bounds(lab: Lab) -> None:
    """Of rows and of bytes, and of what is told of it; the counts are of all."""
    few = with_limits(lab, register_rows=3, register_rows_told=2)
    rows = "".join(f"医療機関,{number(count)},見本,\r\n" for count in range(100, 104))

    with pytest.raises(ListUnreadable) as told:
        bring_in(few, HEAD + rows)
    with pytest.raises(TooLong):
        bring_in(with_limits(lab, register_bytes=20), HEAD)
    report = bring_in(few, HEAD + "\r\n".join(rows.splitlines()[:3]))

    assert "too_many_rows" == told.value.facts["why"]
    assert ({"added": 3}, 2) == (counts(report), len(report.changes))


def test_more_rows_than_a_batch_are_one_list(memory_lab: Lab) -> None:
    """A number named twice is found across batches, and an export goes on where the batch before ended."""
    rows = [f"医療機関,{number(count)},見本{count},\r\n" for count in range(1000, 1000 + 2 * BATCH + 1)]

    refused = bring_in(memory_lab, HEAD + "".join([*rows, rows[0]]))
    report = bring_in(memory_lab, HEAD + "".join(rows))

    assert [("twice", "2")] == [
        (each.change.refused[0].code, each.change.refused[0].facts["line"]) for each in refused.refused
    ]
    assert {"added": len(rows)} == counts(report)
    assert len(exported(memory_lab).splitlines()) == len(register(memory_lab))  # a heading more, the operator less


def test_a_register_that_changes_meanwhile_is_judged_again(memory_lab: Lab) -> None:
    """Between the look and the writing a number may become another party's; then nothing is written."""
    store = memory_lab.office.store
    plain_read = store.read

    @contextmanager
    def read_then_change() -> Iterator[Any]:
        with plain_read() as tx:
            yield tx
        with store.write() as tx:
            tx.put_party(Party(NEW, "payer", "x", memory_lab.clock.now()))

    store.read = read_then_change  # type: ignore[method-assign]
    report = bring_in(memory_lab, MIXED)
    store.read = plain_read  # type: ignore[method-assign]

    assert not report.applied
    assert ["kind"] == [each.change.refused[0].code for each in report.refused]
    assert "見本診療所" in {row.name for row in register(memory_lab) if row.id == INSTITUTION_ID}


def test_two_that_bring_in_a_list_at_once_leave_one_register(lab: Lab) -> None:
    """The second finds what the first has done."""
    reports: list[Report] = []
    threads = [threading.Thread(target=lambda: reports.append(bring_in(lab, MIXED))) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert [True, True] == [report.applied for report in reports]
    assert sorted([3, 3]) == sorted(report.counts.total() for report in reports)
    assert 1 == len([row for row in register(lab) if row.id == NEW])


@pytest.mark.parametrize(("kill", "after"), [(kill, after) for kill in (True, False) for after in (True, False)])
def test_a_fault_at_any_call_leaves_all_of_a_list_or_nothing(kill: bool, after: bool) -> None:  # noqa: FBT001
    """And brought in once more it is there as a whole, as if nothing had happened."""
    text = HEAD + "".join(f"医療機関,{number(count)},見本,\r\n" for count in range(1, 2 * BATCH))

    def done(lab: Lab) -> int:
        return len(register(lab))

    counted = Plug()
    undisturbed = plugged(make_lab(), counted)
    before = done(make_lab())
    bring_in(undisturbed, text)
    whole = done(undisturbed)
    assert counted.count > 4

    for at in range(1, counted.count + 1):
        hurt = plugged(make_lab(), Plug(at=at, after=after, kill=kill))
        with suppress(Killed, Unavailable):
            bring_in(hurt, text)
        lab = unplugged(hurt)
        assert done(lab) in {before, whole}, f"call {at}"
        bring_in(lab, text)
        assert whole == done(lab), f"call {at}"
