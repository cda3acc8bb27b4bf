"""What `seikyu show` draws: as on paper, in every form alike, nothing lost, and nothing personal unless asked for.

The drawings in `sheets/` were looked at by people; `python tests/apps/test_drawing.py` draws them again.
"""

import io
import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis.strategies import binary, booleans, integers, lists, sampled_from, sets
from rich.cells import cell_len

import sheet_claims
from seikyu.apps.drawing.html import html_of
from seikyu.apps.drawing.pdf import pdf_of
from seikyu.apps.drawing.plain import to_json
from seikyu.apps.drawing.text import print_sheets
from seikyu.records import Kind, Line, Need, Scope, layout_for, layouts, read_lines, sniff
from seikyu.rules.sheet import ClaimLines, Sheet, kinds_with_form, sheet_of

SHEETS: Final = Path(__file__).parent / "sheets"
WIDTH: Final = 110
#: Full-width, and in no name of ours.
SECRET: Final = "乖離蜃気"
SECRET_NUMBER: Final = "73195"


@pytest.fixture(autouse=True)
def _japanese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEIKYU_LANG", "ja")


def lines_of(data: bytes) -> list[Line]:
    """Return the lines of a file."""
    return list(read_lines([data]))


def sheet(data: bytes, **how: bool) -> Sheet:
    """Return the sheet of a file with one claim."""
    found = sniff(data)
    assert found is not None
    assert found.layout is not None
    head, *rest = lines_of(data)
    body = [line for line in rest if line.content[:2] not in (b"GO", b"HG")]
    return sheet_of(ClaimLines(found.kind, found.layout, 0, body, header=head), **how)


def text_of(drawn: Sheet, width: int = WIDTH) -> str:
    """Return a sheet as the terminal shows it."""
    out = io.StringIO()
    print_sheets([drawn], out=out, width=width)
    return out.getvalue()


# --- as on paper ---


@pytest.mark.parametrize("name", sheet_claims.FILES)
def test_a_sheet_is_drawn_as_it_was_looked_at(name: str) -> None:
    """Every kind of claim, inpatients with meals, combined claims and returned ones included."""
    drawn = text_of(sheet(sheet_claims.file_of(name)))

    assert (SHEETS / f"{name}.txt").read_text("utf-8") == drawn


@pytest.mark.parametrize("name", sheet_claims.FILES)
@pytest.mark.parametrize("width", [60, 80, 110, 200])
def test_no_line_is_wider_than_the_window(name: str, width: int) -> None:
    """Characters of two places are counted as two."""
    drawn = text_of(sheet(sheet_claims.file_of(name)), width)

    assert [] == [line for line in drawn.splitlines() if cell_len(line) > width]


def test_every_kind_of_claim_has_a_form() -> None:
    """A kind without a form could not be drawn."""
    assert {layout.claim_kind for layout in layouts()} == set(kinds_with_form())


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_a_drawing_speaks_the_users_language(lang: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Headings and what code tables say; what masters and people write stays Japanese."""
    monkeypatch.setenv("SEIKYU_LANG", lang)
    drawn = text_of(sheet(sheet_claims.file_of("medical_outpatient")))

    assert (lang == "ja") == ("診療内容" in drawn)
    assert (lang == "en") == ("first visit" in drawn)


# --- nothing personal, nothing lost ---


def everything(drawn: Sheet) -> dict[str, str]:
    """Return a sheet in every form but PDF, which is made of the same values as the page."""
    return {
        "text": text_of(drawn, 4000),
        "html": html_of([drawn], masked=True).decode(),
        "json": json.dumps(to_json(drawn), ensure_ascii=False),
    }


@pytest.mark.parametrize("name", sheet_claims.FILES)
def test_nothing_personal_is_drawn_unless_asked_for(name: str) -> None:
    """Names, numbers of cards and free text are masked in the sheet itself, and so in whatever is made of it."""
    written = [value for value in sheet_claims.PERSONAL if value in sheet_claims.file_of(name).decode("cp932")]
    birth_date = "昭和55年1月1日"
    drawn = everything(sheet(sheet_claims.file_of(name)))

    assert len(written) > 5
    assert [] == [(form, value) for form, text in drawn.items() for value in (*written, birth_date) if value in text]


@given(
    kind=sampled_from(["medical", "dpc", "dental", "pharmacy", "home_nursing"]),
    chosen=sets(integers(0, 40), min_size=1, max_size=8),
    show_personal=booleans(),
)
@settings(max_examples=60)
def test_a_personal_value_is_drawn_only_if_asked_for_and_then_always(
    kind: str, chosen: set[int], *, show_personal: bool
) -> None:
    """Whatever records a claim has: each of their personal items is masked, or shown, and none is lost."""
    layout = layout_for(kind, None)
    records = [record for record in layout.records.values() if record.scope is not Scope.FILE]
    lines, values = [sheet_claims.head(kind, "1112")], []
    for number, index in enumerate(sorted(chosen)):
        record = records[index % len(records)]
        items = {}
        for item in record.items[1:]:
            if not item.personal or item.need is Need.NEVER or item.kind in {Kind.DATE, Kind.TIME, Kind.CODES}:
                continue
            words = item.kind in {Kind.KANJI, Kind.TEXT} and (not item.width or item.width >= 12)
            items[item.name] = (
                f"{SECRET}{chr(0x30A1 + number)}" if words else f"{SECRET_NUMBER}{number}"[: item.width or 9]
            )
        if record.id != "RE":
            lines.append(sheet_claims.record(kind, record.id, **items))
            values += [value for value in items.values() if len(value) > 4]
    data = sheet_claims.encoded([sheet_claims.header(kind, layout.header), *lines])
    drawn = everything(sheet(data, show_personal=show_personal))

    for form, text in drawn.items():
        if show_personal and (form == "json" or "CD" not in data.decode("cp932")):
            assert [] == [value for value in values if value not in text]
        elif not show_personal:
            assert (SECRET in text, SECRET_NUMBER in text) == (False, False)


@given(
    name=sampled_from(sorted(sheet_claims.FILES)),
    at=lists(integers(0, 3000), min_size=1, max_size=6),
    junk=lists(binary(max_size=8), min_size=6, max_size=6),
    show_personal=booleans(),
)
@settings(max_examples=60)
def test_any_damage_can_be_drawn(name: str, at: list[int], junk: list[bytes], *, show_personal: bool) -> None:
    """Whatever bytes stand in a claim: each drawing is made, the page is whole, and no terminal is told anything."""
    data = sheet_claims.file_of(name)
    for place, bytes_ in zip(at, junk, strict=False):
        data = data[: place % len(data)] + bytes_ + data[place % len(data) + 1 :]
    found = sniff(sheet_claims.file_of(name))
    assert found is not None
    drawn = sheet_of(ClaimLines(found.kind, found.layout, 0, lines_of(data)), show_personal=show_personal)
    page = Page()

    page.feed(html_of([drawn], masked=False).decode())
    page.close()
    assert [] == page.open
    assert all(char.isprintable() or char in "\n\N{IDEOGRAPHIC SPACE}" for char in text_of(drawn))
    json.dumps(to_json(drawn), ensure_ascii=False)


# --- pages ---


class Page(HTMLParser):
    """A reader that holds whether every element is closed in order, and what is in them."""

    VOID: Final = frozenset({"meta"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: set[str] = set()
        self.text = ""
        self.language = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an opening tag."""
        self.names.add(tag)
        self.language = dict(attrs).get("lang") or self.language
        assert not any(name.startswith("on") or value is None for name, value in attrs)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element without content."""
        self.names.add(tag)

    def handle_endtag(self, tag: str) -> None:
        """Take a closing tag: it must be that of the innermost open element."""
        assert tag == self.open.pop()

    def handle_data(self, data: str) -> None:
        """Take text."""
        self.text += data


@pytest.mark.parametrize("name", sheet_claims.FILES)
def test_a_page_is_well_formed_and_needs_nothing_else(name: str) -> None:
    """Every element is closed; no script, no picture, no other file; the language is stated."""
    page = Page()
    text = html_of([sheet(sheet_claims.file_of(name))] * 2, masked=True).decode()
    page.feed(text)
    page.close()

    assert [] == page.open
    assert "ja" == page.language
    assert not page.names & {"script", "img", "link", "iframe", "object", "form"}
    assert not any(word in text for word in ("http://", "https://", "url(", "@import"))


def test_a_page_escapes_what_the_file_says() -> None:
    """A file is not trusted: it may hold what a browser would run."""
    evil = "<script>alert(1)</script>"
    data = sheet_claims.file_of("medical_outpatient").replace(b"K-0042", evil.encode())
    text = html_of([sheet(data, show_personal=True)], masked=False).decode()

    assert evil not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_control_characters_of_a_file_never_reach_a_terminal() -> None:
    """An escape sequence in a name could hide or forge what stands around it."""
    data = sheet_claims.file_of("medical_outpatient").replace(b"K-0042", b"\x1b[2Jx")

    assert "\x1b" not in text_of(sheet(data, show_personal=True))


# --- documents ---


def test_a_document_is_the_same_each_time_and_has_a_page_a_claim() -> None:
    """No date, no chance: the same sheets make the same bytes."""
    sheets = [sheet(sheet_claims.file_of(name)) for name in ("dental", "pharmacy", "dpc")]
    document = pdf_of(sheets, masked=True)

    assert document == pdf_of(sheets, masked=True)
    assert document.startswith(b"%PDF-")
    assert b"CreationDate" not in document
    assert b"/Type/Pages/Count 3/" in document


def words_in(path: Path) -> str:
    """Return the text of a document, as a program that knows nothing of ours finds it."""
    if shutil.which("pdftotext") is None:
        pytest.skip("os: there is no pdftotext (poppler-utils)")
    return subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, check=True).stdout.decode()


def test_the_words_of_a_document_can_be_searched(tmp_path: Path) -> None:
    """It holds text and not pictures of text; what the file says is no command to the typesetter."""
    data = sheet_claims.file_of("medical_outpatient").replace(b"K-0042", b"#read(1)")
    path = tmp_path / "sheet.pdf"
    path.write_bytes(pdf_of([sheet(data, show_personal=True)], masked=False))
    text = words_in(path)

    assert [] == [
        word for word in ("診療報酬明細書", "見本", "花子", "令和8年9月", "#read(1)", "291 x 1") if word not in text
    ]


def test_a_long_claim_is_laid_out_and_not_squeezed() -> None:
    """Long words beside the wide column take a share of the page and not all of it."""
    m = "medical"
    services = [
        sheet_claims.record(m, "SI", service_class="60", burden=1, procedure_code="160072510", points=1, count=62,
                            comment_code_1="830000001", comment_text_1="とても長いコメント" * 12,
                            **{f"day_{day:02d}": 1 + 2 * (day % 2) for day in range(1, 32)})
        for _ in range(60)
    ]  # fmt: skip
    diseases = [sheet_claims.record(m, "SY", disease_code="8833421", comment="長い補足コメント" * 6)] * 20
    details = [sheet_claims.record(m, "SJ", detail_kind="01", detail_text="詳しい経過を記します。" * 300)] * 2
    data = sheet_claims.encoded([*sheet_claims.outpatient()[:3], *diseases, *services, *details])
    (pages,) = re.findall(rb"/Type/Pages/Count ([0-9]+)", pdf_of([sheet(data)], masked=True))

    assert int(pages) <= 15


def test_a_long_mask_stays_in_its_cell(tmp_path: Path) -> None:
    """Forty stars without a place to break would run over the name of the claim's type beside them."""
    data = sheet_claims.file_of("medical_outpatient").replace(b",202609,", b"," + b"9" * 500 + b",", 1)
    path = tmp_path / "sheet.pdf"
    path.write_bytes(pdf_of([sheet(data)], masked=True))
    text = words_in(path)

    assert "(500)" in text
    assert "*" * 40 not in text


def test_a_document_masks_like_everything_else(tmp_path: Path) -> None:
    """It is made of the same sheet."""
    path = tmp_path / "sheet.pdf"
    for name in sheet_claims.FILES:
        path.write_bytes(pdf_of([sheet(sheet_claims.file_of(name))], masked=True))
        text = words_in(path)

        assert [] == [value for value in sheet_claims.PERSONAL if value in text]


if __name__ == "__main__":
    import os

    os.environ["SEIKYU_LANG"] = "ja"
    for each in sheet_claims.FILES:
        (SHEETS / f"{each}.txt").write_text(text_of(sheet(sheet_claims.file_of(each))), "utf-8")
    print(f"drawn again: {SHEETS}", file=sys.stderr)
