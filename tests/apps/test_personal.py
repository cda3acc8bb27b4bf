"""No command shows a personal value unless it is asked to: marked values go through every command and form of output.

What cannot be told from another value by anyone is not asked for: a day of birth that a shift put where a day of
admission belongs, a doctor's name in the place of the doctor's address. Such items are marked in whole files only.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import count
from pathlib import Path
from typing import Final

import pytest

from seikyu.apps.cli import run
from seikyu.apps.generator.damage import DAMAGES, damaged
from seikyu.records import Item, Kind, Layout, Month, Need, RecordLayout, Scope, arrow_tables, layout_for, read_claims
from seikyu.records.layout import ID_ITEM
from seikyu.rules import examine
from seikyu.rules.blocks import one_by_one

KINDS: Final = ("medical", "dpc", "dental", "pharmacy", "home_nursing")
RETURNS: Final = tuple(f"{kind}_return" for kind in KINDS)
MONTH: Final = Month(2026, 9)

#: What every marker of words, of letters, and of digits has in it, and nothing else in these tests.
WORDS, LETTERS, DIGITS, BORN = "鷺沼", "QX", "773", "19370311"
MARK: Final = re.compile(f"鷺|沼|{LETTERS}|{DIGITS}|{BORN}|1937|昭和 ?12|３７０３")
WIDE: Final = str.maketrans("0123456789", "０１２３４５６７８９")

#: Damage after which values stand in other places than theirs, and where it was done to them.
MOVING: Final = ("extra_comma", "missing_comma", "shifted_items", "swapped_items")

#: How a file says what kind it is.
POINT_TABLES: Final = {"medical": "1", "dpc": "1", "dental": "3", "pharmacy": "4", "home_nursing": "6"}
KNOWN: Final = {
    "claim_no": "1",
    "claim_month": "202609",
    "service_month": "202608",
    "review_body": "1",
    "prefecture": "99",
    "institution_code": "0112342",
    "insurer_number": "06990014",
    "claim_type": "1112",
    "sex": "1",
    "burden": "1",
    "total_points": "10",
}


def marker(item: Item, no: int) -> str:
    """Return a value that its item may hold, and that can be known again wherever it turns up."""
    if item.kind is Kind.DATE:
        return BORN
    if item.kind in {Kind.DIGITS, Kind.TIME}:
        return f"{DIGITS}{no % 10000:04d}"[: item.width]
    if item.kind is Kind.ALNUM:
        return LETTERS if item.width < len("QX00") else f"{LETTERS}{no % 100:02d}"
    return WORDS + str(no % 1000).translate(WIDE)


def lookalike(item: Item, record: RecordLayout) -> bool:
    """True if an item beside it, not personal, takes whatever this one may hold, in the record as any kind has it.

    Damage to the first record lets a file pass for one of another kind.
    """
    prose = {Kind.KANJI, Kind.TEXT}
    same = [layout_for(kind, MONTH).records.get(record.id) for kind in KINDS + RETURNS]
    return any(
        not each.personal
        and each.need is not Need.NEVER
        and (each.kind is item.kind or (each.kind in prose and item.kind in prose))
        and each.kind in prose | {Kind.DATE}
        and abs(each.no - item.no) <= 1
        for each in (item for one in same if one for item in one.items)
    )


def line_of(record: RecordLayout, kind: str, numbers: Iterator[int], *, moving: bool) -> str:
    """Return a record with every personal item marked."""
    values = [record.id]
    for item in record.items:
        if item.name == ID_ITEM:
            continue
        if item.personal and not (moving and lookalike(item, record)):
            values.append(marker(item, next(numbers)))
        elif item.name == "point_table":
            values.append(POINT_TABLES[kind.removesuffix("_return")])
        else:
            values.append(KNOWN.get(item.name, ""))
    return ",".join(values)


@cache
def marked(kind: str, *, moving: bool = False) -> bytes:
    """Return a file in which each record of the layout stands once, every personal item marked."""
    layout = layout_for(kind, MONTH)
    numbers = count(1)
    lines = [line_of(record, kind, numbers, moving=moving) for record in _records(layout)]
    return "".join(f"{line}\r\n" for line in lines).encode("cp932") + b"\x1a"


def _records(layout: Layout) -> list[RecordLayout]:
    """Return the records in an order that a file could have them in."""
    order = {Scope.FILE: 0, Scope.CLAIM: 1, Scope.DONOR: 2, Scope.HISTORY: 3}
    records = sorted(layout.records.values(), key=lambda each: (order[each.scope], each.order))
    ends = {layout.trailer: 2, layout.claim_opener: 0}
    head = [each for each in records if each.scope is Scope.FILE and each.id != layout.trailer]
    rest = [each for each in records if each not in head]
    return [*head, *sorted(rest, key=lambda each: ends.get(each.id, 1))]


def commands(file: Path, out: Path) -> Iterator[list[str]]:
    """Yield every command that reads a claim file, in every form of output but the slow one."""
    yield ["check", str(file)]
    yield ["check", str(file), "--json"]
    yield ["check", str(file), "--format", "csv"]
    yield ["check", str(file), "--by-code", "--worst-first"]
    yield ["check", str(file), "--list", "hasp,uasp,kasp,pjry,hjry,fixf", "--out", str(out)]
    yield ["show", str(file)]
    yield ["show", str(file), "--json"]
    yield ["show", str(file), "--html", str(out / "claims.html")]


def leaks(data: bytes, folder: Path, capture: pytest.CaptureFixture[bytes], *more: str) -> list[str]:
    """Return every line that a command printed or wrote with a marker in it; `more` are further arguments."""
    file, out, found = folder / "RECEIPTC.UKE", folder / "out", []
    file.write_bytes(data)
    out.mkdir(exist_ok=True)
    for old in out.iterdir():
        old.unlink()
    for args in commands(file, out):
        status = run([*args, *more])
        shown = capture.readouterr()
        texts = [shown.out, shown.err, *(each.name.encode() + b"\n" + each.read_bytes() for each in out.iterdir())]
        found += [
            f"{args[0]} {args[2:3]}: {line}" for text in texts for line in _lines(text, folder) if MARK.search(line)
        ]
        assert status in {0, 1, 2, 3}
        assert b"SEIKYU_DEBUG" not in shown.err, shown.err.decode()
    return found


def _lines(data: bytes, folder: Path) -> list[str]:
    """Return the lines of a text of either encoding, without digests and the test's own folder."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("cp932", "replace")
    return re.sub(r"[0-9a-f]{64}", "", text.replace(str(folder), "")).splitlines()


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SEIKYU_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SEIKYU_LANG", "ja")


@pytest.mark.parametrize("kind", KINDS + RETURNS)
def test_no_command_shows_a_personal_value(
    kind: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Names, dates of birth, numbers of cards, charts and recipients, and free text, of every record that there is."""
    data = marked(kind)

    assert [] == leaks(data, tmp_path, capfdbinary)

    run(["show", str(tmp_path / "RECEIPTC.UKE"), "--show-personal"])
    assert WORDS in capfdbinary.readouterr().out.decode()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("damage", MOVING)
def test_a_value_that_moved_is_not_shown_where_it_stands_now(
    kind: str, damage: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """One comma too many makes a name a code; whoever sends the report on must not send the name."""
    data = damaged(marked(kind, moving=True), damage, 1.0, 1)

    assert [] == leaks(data, tmp_path, capfdbinary)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS + RETURNS)
@pytest.mark.parametrize("damage", sorted(DAMAGES))
@pytest.mark.parametrize("seed", [2, 3])
def test_no_damage_makes_a_command_show_a_personal_value(
    kind: str, damage: str, seed: int, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Every kind of damage that we know, in every record of every kind."""
    data = damaged(marked(kind, moving=True), damage, 1.0, seed)

    assert [] == leaks(data, tmp_path, capfdbinary)


@pytest.mark.parametrize("kind", KINDS)
def test_a_pdf_shows_no_personal_value(kind: str, tmp_path: Path) -> None:
    """Its text is packed; what goes into it is looked at instead."""
    from seikyu.apps.drawing.plain import for_page
    from seikyu.apps.drawing.source import Wanted, draw

    file = tmp_path / "RECEIPTC.UKE"
    file.write_bytes(marked(kind))

    drawn = draw(file, Wanted((), None, None, findings=True, show_personal=False))

    assert MARK.search(repr([for_page(sheet, "ja") for sheet in drawn.sheets])) is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_finding_on_any_line_with_points_can_be_listed(
    kind: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Lines with points have a code and mostly a count; home nursing counts some without."""
    layout = layout_for(kind, MONTH)
    lines = marked(kind).decode("cp932").rstrip("\x1a").splitlines()
    for at, text in enumerate(lines):
        items, record = text.split(","), layout.records[text[:2]]
        if (item := record.by_name.get("points")) is not None:
            items[item.no - 1] = "-1"
            lines[at] = ",".join(items)

    assert [] == leaks("".join(f"{text}\r\n" for text in lines).encode("cp932"), tmp_path, capfdbinary)


def pieces(kind: str, data: bytes) -> Iterator[str]:
    """Yield whatever the library makes of a file for whoever does not ask for personal values."""
    for engine in ("reference", "kernel"):
        told = one_by_one(examine([data], identity_key=b"any secret", kind=kind, engine=engine))
        yield from (repr(each) for each in told)
    layout = layout_for(kind, MONTH)
    for claim in read_claims(data, layout=layout):
        yield repr(claim)
        for record in claim.records:
            yield f"{record!r} {record.values()}"
    for name, table in arrow_tables(read_claims(data, layout=layout)).items():
        yield from (f"{name} {row}" for row in table.to_pylist())


@pytest.mark.parametrize("kind", KINDS + RETURNS)
def test_the_library_shows_no_personal_value_unless_it_is_asked(kind: str) -> None:
    """Findings, index rows, summary, records by their repr and values, and tables."""
    data = marked(kind)

    assert [] == [text for text in pieces(kind, data) if MARK.search(text)]

    layout = layout_for(kind, MONTH)
    tables = arrow_tables(read_claims(data, layout=layout), show_personal=True)
    assert WORDS in str([table.to_pylist() for table in tables.values()])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("damage", MOVING)
def test_the_library_does_not_show_a_value_that_moved(kind: str, damage: str) -> None:
    """A name in the place of a code is still a name."""
    data = damaged(marked(kind, moving=True), damage, 1.0, 1)

    assert [] == [text for text in pieces(kind, data) if MARK.search(text)]


def lists_of(kind: str, folder: Path) -> list[Path]:
    """Return the lists of a marked file as they come from the office, with every name in them."""
    file, out = folder / "RECEIPTC.UKE", folder / "lists"
    file.write_bytes(marked(kind))
    out.mkdir()
    run(["check", str(file), "--list", "hasp,pjry,fixf", "--out", str(out), "--show-personal", "--kind", kind])
    return sorted(out.iterdir())


def without_first(row: str, at: int) -> str:
    """Return a row of a list whose columns stand so many places further to the left."""
    return ",".join(row.split(",")[at:])


@pytest.mark.parametrize("kind", KINDS)
def test_a_comparison_names_nobody(kind: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Though the lists hold names and numbers, and somebody saved them with their columns in other places."""
    lists = lists_of(kind, tmp_path)
    capfdbinary.readouterr()
    whole = {path: path.read_bytes().decode("cp932") for path in lists}
    assert all(MARK.search(text) for path, text in whole.items() if "hasp" in path.name or "fixf" in path.name)

    for shift in range(10):
        for path, text in whole.items():
            head, rows = text.split("\r\n")[:3], text.split("\r\n")[3:]
            path.write_bytes("\r\n".join([*head, *(without_first(row, shift) for row in rows)]).encode("cp932"))
        for form in ([], ["--json"]):
            file = str(tmp_path / "RECEIPTC.UKE")
            assert run(["compare", file, *map(str, lists), "--kind", kind, *form]) in {0, 1, 2}
            said = capfdbinary.readouterr()
            assert [] == [line for line in _lines(said.out + said.err, tmp_path) if MARK.search(line)], shift


def test_no_command_and_no_file_shows_a_password_or_the_secret_of_a_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """What people type and what their telephone holds: not in what is printed, told or kept."""
    from seikyu.apps.people import keeping_at
    from seikyu.apps.wiring import find_home, init_home
    from seikyu.ports.errors import SeikyuError
    from seikyu.ports.register import Party
    from seikyu.ports.trust import ClientIdentity
    from seikyu.services.credentials import begin_second_factor, change_password
    from seikyu.services.login import Typed, login

    password, other = f"{WORDS} {LETTERS} rutabaga", f"{WORDS} {LETTERS} turnip"
    home = init_home(tmp_path / "home").root
    identity = ClientIdentity(serial="1f", party="9911000015", kind="institution", terminal="pc-1")
    told: list[str] = []
    with keeping_at(find_home(home)) as at:
        people = replace(at.people, tell=lambda event, **facts: told.append(f"{event} {facts}"))
        with people.store.write() as tx:
            tx.put_party(Party(identity.party, "institution", "見本", people.clock.now()))
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(f"{password}\n".encode())))
        add = ["admin", "users", "add", "hanako", identity.party, "--role", "clerk", "--password-stdin"]
        assert run(add) == 0
        token = login(people, identity, Typed("1", "hanako", password)).token
        change_password(people, identity, token, old=password, new=other)
        token = login(people, identity, Typed("1", "hanako", other)).token
        enrolment = begin_second_factor(people, identity, token)
        for typed in (Typed("1", "hanako", password), Typed("1", f"{WORDS}", other, DIGITS)):
            with pytest.raises(SeikyuError) as refused:
                login(people, identity, typed)
            told.append(f"{refused.value} {refused.value.facts} {typed}")
        run(["admin", "users", "list"])
        run(["admin", "users", "list", "--json"])
        kept = b"".join(file.read_bytes() for file in home.rglob("*") if file.is_file())
    shown = capfdbinary.readouterr()
    for text in (shown.out, shown.err, "".join(told).encode(), kept):
        assert WORDS.encode() not in text
        assert enrolment.letters.encode() not in text
        assert token.encode() not in text
    assert b"hanako" in shown.out
    assert told
