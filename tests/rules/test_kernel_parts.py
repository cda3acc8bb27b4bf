"""Parts of the kernel by themselves: tables, digests, what it leaves to the reference, and what stands in for it."""

import subprocess
import sys
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pytest
from engines import assert_same, said
from hypothesis import given, settings
from hypothesis import strategies as st

import builders
from seikyu import limits
from seikyu.records import Kind, check_digit, layout_for
from seikyu.rules import Context, Examination, Findings, Level, Rows, Summary, examine
from seikyu.rules.examine import HEAD_BYTES, KERNEL_FROM_BYTES, LineByLine
from seikyu.rules.example import embedded
from seikyu.rules.identity import Known
from seikyu.rules.kernel import compile as compiling
from seikyu.rules.kernel import judge
from seikyu.rules.kernel.compile import NUMBER_OF, NotCompiled, compiled, key_of
from seikyu.rules.kernel.jitted import scan as c
from seikyu.rules.kernel.jitted import walks
from seikyu.rules.kernel.jitted.blake import digests
from seikyu.rules.kernel.repeats import Marks
from seikyu.rules.kernel.scans import Exact, check_ok, digits
from seikyu.rules.plan import Problem, plans
from seikyu.rules.reference import Reference

RIGHT = builders.uke(builders.claim())


@given(messages=st.lists(st.binary(min_size=1, max_size=400), min_size=1, max_size=8), key=st.binary(max_size=64))
@settings(max_examples=100, deadline=None)
def test_digests_are_those_of_the_standard_library(messages: list[bytes], key: bytes) -> None:
    """BLAKE2b with a key of any length, 16 bytes."""
    data = np.frombuffer(b"".join(messages), np.uint8)
    ends = np.cumsum([len(message) for message in messages])
    out = np.zeros((len(messages), 16), np.uint8)

    digests(data, ends, len(messages), np.frombuffer(key, np.uint8), 16, np.zeros(48, np.uint64), out)

    assert [blake2b(each, key=key, digest_size=16).digest() for each in messages] == [row.tobytes() for row in out]


@given(
    shorts=st.lists(st.integers(0, 5) | st.integers(0, 2**64 - 1), max_size=30),
    cut=st.integers(0, 30),
    most=st.integers(0, 8),
)
def test_marks_in_an_array_are_those_in_a_set(shorts: list[int], cut: int, most: int) -> None:
    """One by one or many at a time, as long as there is room and beyond."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(limits._NUMBERS, "claims_compared", most)
        plain, marks = Known(), Marks().anew()

    one_by_one = [plain.seen_short(short) for short in shorts]
    at_once = marks.seen_many(np.array(shorts[:cut], np.uint64)).tolist()

    assert isinstance(marks, Marks)
    assert one_by_one == at_once + [marks.seen_short(short) for short in shorts[cut:]]


@pytest.mark.parametrize("most", [0, 1, 2, 3, 4, 50])
def test_claims_and_search_numbers_are_seen_in_the_order_of_the_file(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which of them are remembered where there is no room for all depends on it."""
    monkeypatch.setitem(limits._NUMBERS, "claims_compared", most)
    at = builders.line("RE", search_no="?").split(",").index("?")
    claims = []
    for name, number in [
        ("一", ""),
        ("二", "A" * 17),
        ("三", "B" * 17),
        ("一", "A" * 17),
        ("二", ""),
        ("四", "C" * 17),
    ] * 2:
        head, *rest = builders.claim(name=f"見本　{name}")
        items = head.split(",")
        claims.append([",".join([*items[:at], number, *items[at + 1 :]]), *rest])

    assert_same(builders.uke(*claims))


@pytest.mark.parametrize("problem", Problem)
def test_the_pass_numbers_problems_as_the_tables_do(problem: Problem) -> None:
    """The constants stand in two files."""
    assert getattr(c, f"P_{problem.name}") == NUMBER_OF[problem]


def test_no_other_number_is_a_problem() -> None:
    """Nor is one forgotten."""
    assert len(Problem) == sum(name.startswith("P_") for name in vars(c))


@given(number=st.integers(0, 10**8 - 1), length=st.sampled_from([6, 7, 8]))
def test_check_digits_are_those_of_the_records(number: int, length: int) -> None:
    """Weights 2 and 1 in turn."""
    text = f"{number % 10**length:0{length}d}"

    right = bool(check_ok(np.array([int(text)]), length)[0])

    assert right == (check_digit(text[:-1]) == text[-1])


@given(code=st.text("0123456789", min_size=1, max_size=17))
def test_codes_of_digits_come_back_from_their_keys(code: str) -> None:
    """With their zeros."""
    number, count = digits(np.array([key_of(code.encode())]))

    assert (int(code), len(code)) == (int(number[0]), int(count[0]))


@pytest.mark.parametrize("code", [b"1" * 18, b"ABCDEFGH"])
def test_a_code_that_is_too_long_is_not_compiled(code: bytes) -> None:
    """Then the reference serves."""
    with pytest.raises(NotCompiled):
        key_of(code)


def test_a_layout_that_the_pass_does_not_know_is_read_by_the_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is guessed."""

    def refused(_: str) -> None:
        raise NotCompiled("a test")

    monkeypatch.setattr("seikyu.rules.kernel.engine.compiled", refused)

    assert "reference" == _engine_of(RIGHT)


def test_items_and_records_that_the_pass_does_not_know_are_not_compiled() -> None:
    """A fixed decimal, and a record of too many items."""
    layout = layout_for("medical", None)
    record, plan = layout.records["IY"], plans(layout.name)["IY"]
    decimal = next(item for item in record.items if item.kind is Kind.DECIMAL)
    with pytest.raises(NotCompiled):
        compiling._item_row(replace(decimal, fixed=True), record, plan, compiling._Sets(), layout=layout)
    with pytest.raises(NotCompiled):
        compiling._record_row(replace(record, items=record.items * 10), layout, 0)
    many = {str(at): record for at in range(61)}
    with pytest.raises(NotCompiled):
        compiling._few(many)


def test_equal_code_sets_are_kept_once_and_none_is_no_trouble() -> None:
    """Departments stand in three items."""
    sets = compiling._Sets()

    assert [0, 0, 1] == [sets.number_of(codes) for codes in ({b"1"}, {b"1"}, {b"2"})]
    assert 1 == len(compiling._Sets().arrays()[0])
    assert compiled(layout_for("medical", None).name) is compiled(layout_for("medical", None).name)


def _engine_of(data: bytes, engine: str | None = "kernel") -> str:
    *_, summary = examine([data], identity_key=b"", engine=engine)
    assert isinstance(summary, Summary)
    return summary.engine


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", RIGHT.decode("cp932").encode(), RIGHT.replace(b"IR,1,99,1", b"XX,1")],
    ids=["empty", "text", "UTF-8", "no header"],
)
def test_what_is_no_regular_claim_file_is_read_by_the_reference(data: bytes) -> None:
    """And both say the same."""
    assert_same(data)


def test_a_return_file_is_read_by_the_reference() -> None:
    """Its history blocks are."""
    data = (
        b"HI,1,99,1,0112342,,202609,,1\r\n" + RIGHT[RIGHT.index(b"RE,") : RIGHT.index(b"GO,")] + b"HG,1,291,99\r\n\x1a"
    )

    assert "reference" == _engine_of(data)


def test_a_short_file_is_through_before_the_kernel_is_loaded() -> None:
    """A longer one is worth it."""
    assert "reference" == _engine_of(RIGHT, None)
    long = builders.uke(*([builders.claim()] * (KERNEL_FROM_BYTES // 100)))
    assert len(long) > KERNEL_FROM_BYTES > HEAD_BYTES
    assert "kernel" == _engine_of(long, None)


def test_without_numba_the_reference_serves() -> None:
    """As where there is no Numba for a new Python yet; the command says so in a line."""
    code = (
        "import sys; sys.modules['numba'] = None\n"
        "from seikyu.rules.examine import examine, has_numba\n"
        "*_, summary = examine([b'IR'], identity_key=b'', engine='kernel')\n"
        "from seikyu.rules.kernel.warm import warm\n"
        "print(summary.engine, has_numba(), warm())"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "reference False False" == done.stdout.strip()


def test_numba_that_cannot_be_loaded_is_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is there, and not for this Python."""
    module = sys.modules["seikyu.rules.examine"]
    monkeypatch.setitem(sys.modules, "seikyu.rules.kernel.engine", None)
    module._kernel.cache_clear()
    try:
        assert "reference" == _engine_of(RIGHT)
    finally:
        monkeypatch.undo()
        module._kernel.cache_clear()


def test_warming_examines_a_file() -> None:
    """So that the first one does not wait."""
    from seikyu.rules.kernel.warm import warm

    assert warm()


def test_warming_compiles_what_only_bad_records_need_too() -> None:
    """In a process of its own, where nothing was compiled before."""
    code = (
        "from seikyu.rules.kernel import warm\n"
        "from seikyu.rules.kernel.jitted import marks, scan, walks, written\n"
        "warm.warm()\n"
        "print([len(each.signatures) for each in (scan.scan, marks.see, walks.lines, walks.sums, written.compare)])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "[1, 1, 1, 1, 1]" == done.stdout.strip()


def test_without_numba_there_is_nothing_to_warm(monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing fails."""
    from seikyu.rules.kernel import warm

    monkeypatch.setattr(warm, "has_numba", lambda: False)

    assert not warm.warm()


def test_a_claim_that_is_longer_than_a_batch_is_read_by_the_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the next one by the kernel again."""
    monkeypatch.setattr("seikyu.rules.kernel.engine.BATCH_BYTES", 2000)
    claim = builders.claim()
    long = [*claim, *["CO,99,1,810000001,見本"] * 150]

    assert_same(builders.uke(claim, long, claim, claim, long, claim), chunk=300)


def test_rules_begin_with_their_month_and_want_their_records() -> None:
    """Claims of all times, with an insurer and without, in one batch."""
    publics = [builders.WELFARE]
    claims = [builders.claim(month=month) for month in ("202608", "201203", "201704")]

    assert_same(builders.uke(*claims, builders.claim(insurer=None, publics=publics, month="201203"), *claims))


def test_dockets_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """So many books and layouts are kept, and no more."""
    kept = {(0, "another layout"): ()}
    monkeypatch.setattr("seikyu.rules.kernel.judge._DOCKETS", kept)
    monkeypatch.setattr("seikyu.rules.kernel.judge._DOCKETS_KEPT", 1)

    assert_same(RIGHT, asp=False)

    assert 1 == len(kept)
    assert (0, "another layout") not in kept


def test_there_need_be_no_place_to_keep_compiled_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it is compiled anew in each process."""
    import numba

    from seikyu.rules.kernel.jitted import jit

    def njit(**options: object) -> object:
        if options.get("cache"):
            raise RuntimeError("no locator available")
        return numba.njit(**options)

    monkeypatch.setattr(jit, "njit", njit)

    assert 3 == jit.jit(lambda number: number + 1)(2)


def test_odd_claims_in_a_row_are_read_in_one_go() -> None:
    """A file of nothing but odd claims is not slower than the reference makes it."""
    odd = [*builders.claim()[:2], *["KO,80990013,0000018,,1,291"] * 40, *builders.claim()[2:]]

    assert_same(builders.uke(*([odd] * 40 + [builders.claim()] * 80 + [odd] * 3)))


def test_more_public_payers_than_the_pass_keeps() -> None:
    """Such a claim is odd."""
    claim = builders.claim()
    many = [*claim[:2], *["KO,80990013,0000018,,1,291"] * 40, *claim[2:]]

    assert_same(builders.uke(claim, many, claim))
    assert said(builders.uke(many), "kernel").rows


@pytest.mark.unmeasured
@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize("engine", ["kernel", "reference"])
def test_a_long_file_in_pieces_is_the_file_as_a_whole(engine: str, *, eager: bool) -> None:
    """Whether a batch is waited for or not; a watcher sees claims before the last byte has come."""
    data = builders.uke(*(builders.claim(no) for no in range(1, 1601)))
    whole = said(data, "reference")
    pieces = said(data, engine, chunk=70_001, eager=eager)

    assert len(data) > 4 * HEAD_BYTES
    assert (whole.findings, whole.rows, whole.summary) == (pieces.findings, pieces.rows, pieces.summary)


def test_a_watched_file_tells_its_claims_while_it_arrives() -> None:
    """By either engine, after the first 64 KiB."""
    data = builders.uke(*(builders.claim(no) for no in range(1, 1601)))
    for engine in ("kernel", "reference"):
        examination = Examination(identity_key=b"k", engine=engine, eager=True)  # type: ignore[arg-type]
        told = [block for block in examination.feed(data[: 2 * HEAD_BYTES]) if isinstance(block, Rows)]
        assert sum(map(len, told)) > 100


def test_findings_of_a_block_may_be_asked_for_in_pieces() -> None:
    """A lazy block is a sequence like others."""
    data = builders.uke(*(builders.claim(no) for no in range(1, 1601)))
    blocks = [block for block in examine([data], identity_key=b"k", engine="kernel") if isinstance(block, Findings)]
    block = max(blocks, key=len)

    assert [*block][1:4] == [*block[1:4]]


def test_the_reference_does_not_rest_behind_a_summary_claim() -> None:
    """Its details belong to it: the pass may go on only behind the last of them."""
    path = Path(__file__).parents[1] / "conformance" / "vectors" / "right-dpc-summary.vector"
    data = path.read_bytes().split(b"\n\n", 1)[1]
    end = data.index(b"\r\nRE,", data.index(b"\r\nRE,") + 1) + 2
    reference = Reference(b"", frozenset(Level), Context(), show_personal=False)
    reference.open(data, None, file_name="")

    list(LineByLine(reference).feed(data[:end]))

    assert reference.claim is not None
    assert not reference.rests()


def test_the_reference_does_not_rest_where_the_sequence_is_broken() -> None:
    """Behind the IR of a dental claim comes its RE; another IR is the reference's to tell."""
    data = embedded("kind dental")
    end = data.index(b"\n", data.index(b"\r\nIR,") + 2) + 1
    reference = Reference(b"", frozenset(Level), Context(), show_personal=False)
    reference.open(data, None, file_name="")

    list(LineByLine(reference).feed(data[:end]))

    assert not reference.rests()


@pytest.mark.parametrize("name", ["EMPTY", "BAD", "MISSING", "DONOR"])
def test_the_walks_know_the_marks_of_columns(name: str) -> None:
    """The constants stand in two files."""
    assert getattr(c, name) == getattr(walks, name)


@pytest.mark.parametrize("places", [{"SI": (2, 3)}, {"ZZ": (2,)}], ids=["several in one", "in no table"])
def test_burdens_that_no_table_holds_are_looked_at_by_the_rule(
    monkeypatch: pytest.MonkeyPatch, places: dict[str, tuple[int, ...]]
) -> None:
    """A layout to come may have them anywhere."""
    wrong = builders.uke(builders.claim(), builders.claim(services=["SI,11,5,111000110,,291,1,,,,,,,1" + "," * 30]))
    monkeypatch.setattr("seikyu.rules.kernel.claims_lines.burdens_of", lambda _: places)

    assert_same(wrong)


def test_lines_that_stand_in_no_table_are_added_up_by_the_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same of the sums of the payers."""
    publics = [builders.WELFARE]
    wrong = builders.uke(builders.claim(), builders.claim(insurer=None, publics=publics)).replace(b",291,", b",292,", 1)
    monkeypatch.setattr("seikyu.rules.kernel.claims_lines._sums", lambda _: None)

    assert_same(wrong)


def test_a_scan_and_a_rule_that_do_not_agree_are_a_bug_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than a finding that nobody can explain."""
    scans = {**judge.SCANS, "X3001": lambda batch: [Exact(batch.table("head"), np.array([0]), 3)]}
    monkeypatch.setattr(judge, "SCANS", scans)

    with pytest.raises(AssertionError, match="do not agree"):
        said(RIGHT, "kernel")
