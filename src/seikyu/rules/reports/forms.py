"""The official lists (帳票) as data: their titles, columns, order and file names, and the one engine that writes them.

Each list is a file in `rules/forms/`, whose form is explained at the head of `hasp.toml`. Nothing here knows a single
column.

Source: provider:6.1, provider:6.2.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from csv import writer
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.resources import files
from io import StringIO
from types import MappingProxyType
from typing import Any, Final

from seikyu.records import Month, table
from seikyu.rules.finding import Level
from seikyu.rules.reports.values import Value, write_value
from seikyu.rules.sheet.names import Names, no_names
from seikyu.rules.summary import Summary

Values = Mapping[str, Value]

INPATIENT: Final = "inpatient"
OUTPATIENT: Final = "outpatient"
_BASES: Final = ("dental", "pharmacy", "home_nursing", "dpc", "medical")
_TEST: Final = "TEST"
_SEND_NO_CHARS: Final = 3


@dataclass(frozen=True, slots=True)
class Column:
    """One place of a list.

    Shape: `way` names how its value is written (see `values`); `width` the most characters, 0 without limit. `only`:
    the division (inpatient, outpatient) that has the column, None for both; `asp`: empty without ASP.
    """

    name: str
    title: str
    way: str
    width: int = 0
    only: str | None = None
    asp: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """One list: everything that is printed and does not come from a file.

    Shape: `titled` if its first line is the title, `named` if a line of column titles follows the header; `divided` if
    there is one for inpatient and one for outpatient claims. `marks` stand behind the title, `words` are texts of ours.
    `empty` are columns that this form does not fill. `levels` are those whose findings it prints. `bulk` names the file
    of 一括ダウンロード, empty if the form has no part in it.
    """

    id: str
    title: str
    name: str
    titled: bool
    named: bool
    divided: bool
    header: tuple[Column, ...]
    columns: tuple[Column, ...]
    marks: Mapping[str, str]
    words: Mapping[str, Any]
    levels: frozenset[Level]
    empty: frozenset[str]
    source: str
    bulk: str = ""

    def says(self, name: str) -> str:
        """Return a text of the form."""
        return str(self.words[name])

    def of(self, in_out: str | None) -> tuple[Column, ...]:
        """Return the columns of a division; all of them for None."""
        return tuple(column for column in self.columns if in_out is None or column.only in (None, in_out))


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One printing of a list: whose file it is about, and as what it was sent.

    Shape: `sent_on`, `confirmed_on` are dates or None; `send_no` and `confirm_no` are the counts of sendings and
    confirmations from 1 (送信回, 請求確定回), None if not known; `correct_no` is that of finished corrections
    (訂正完了回), `corrected_send_no` the sending that was made of one. `in_out` is the division of a divided form.
    `marks` name what stands behind the title: `test` (確認試験), `automatic` (自動確定). `names` are those that codes
    have.
    """

    summary: Summary
    institution_name: str = ""
    sent_on: Value = None
    confirmed_on: Value = None
    send_no: int | None = None
    confirm_no: int | None = None
    correct_no: int | None = None
    corrected_on: Value = None
    corrected_send_no: int | None = None
    in_out: str | None = None
    asp: bool = True
    marks: frozenset[str] = field(default_factory=frozenset)
    names: Names = no_names

    @property
    def kind(self) -> Mapping[str, Any]:
        """What the forms say of the file's kind; of a kind that they do not know, that it is medical."""
        kind: Mapping[str, Any] = kinds()[kind_of(self.summary.kind)]
        return kind

    @property
    def one_for_all(self) -> bool:
        """True if one list holds inpatient and outpatient claims alike and does not say which."""
        return not self.asp and len(self.kind["in_out"]) > 1


def kind_of(kind: str | None) -> str:
    """Return the kind whose forms a file of that kind has: returns have those of what was returned."""
    return next((base for base in _BASES if (kind or "").startswith(base)), "medical")


@cache
def forms() -> Mapping[str, Form]:
    """Return all lists by their id."""
    pages = {page["form"]["id"]: page for page in map(_page, _FORMS)}
    return MappingProxyType({name: _form(page, pages) for name, page in pages.items()})


@cache
def kinds() -> Mapping[str, Any]:
    """Return what the lists say of kinds of files."""
    return _page("kinds")


def title_of(form: Form, issue: Issue) -> str:
    """Return the title with its marks, such as 送信データ集計表（ＤＰＣ）（確認試験）."""
    marks = [form.marks[mark] for mark in ("automatic", "test") if mark in issue.marks and mark in form.marks]
    return "".join([form.title, issue.kind["title"], *marks])


def file_name(form: Form, issue: Issue) -> str:
    """Return the official name of the list's file."""
    return _named(form.name, issue)


def bulk_name(form: Form, issue: Issue, at: datetime) -> str:
    """Return the official name of the form's file in 一括ダウンロード. Shape: `at` is in Japan's time."""
    return _named(form.bulk, issue, day=f"{at:%Y%m%d}", time=f"{at:%H%M%S}")


def _named(name: str, issue: Issue, **facts: str) -> str:
    summary, division = issue.summary, kinds()["in_out"].get(issue.in_out, {})
    return name.format(
        system=issue.kind["system"],
        body=_plain(summary.body or "", 1),
        prefecture=_plain(summary.prefecture, 2),
        point_table=_plain(summary.point_table, 1),
        institution=_plain(summary.institution_code, 7),
        department=kinds()["department"],
        in_out=division.get("no", "0"),
        send_no=f"{issue.send_no or 1:0{_SEND_NO_CHARS}d}",
        confirm_no=f"{issue.confirm_no or 1:0{_SEND_NO_CHARS}d}",
        corrected_send_no=f"{issue.corrected_send_no or 0:0{_SEND_NO_CHARS}d}",
        test=_TEST if "test" in issue.marks else "",
        **facts,
    )


def head_lines(form: Form, issue: Issue, header: Values) -> Iterator[bytes]:
    """Yield what stands above the rows: title, header, titles of columns, as far as the form has them."""
    if form.titled:
        yield line_of_texts([title_of(form, issue)])
    yield line_of_texts(_written(form.header, header))
    if form.named:
        yield line_of_texts(column.title for column in form.of(issue.in_out))


def row_line(form: Form, values: Values, in_out: str | None = None) -> bytes:
    """Return one row: every column in its place, empty where there is no value."""
    return line_of_texts(
        "" if column.name in form.empty else text
        for column, text in zip(form.of(in_out), _written(form.of(in_out), values), strict=True)
    )


def header_of(issue: Issue) -> dict[str, Value]:
    """Return the values of a list's header; a form takes those that it names."""
    summary = issue.summary
    month = month_of(summary.claim_month)
    division = kinds()["in_out"].get(issue.in_out, {})
    return {
        "record": "1",
        "service_month": month.plus(-1) if month else None,
        "claim_month": month,
        "sent_on": issue.sent_on,
        "confirmed_on": issue.confirmed_on,
        "review_body": body_name(summary),
        "body": (summary.body or "")[:1],
        "prefecture": summary.prefecture,
        "point_table": summary.point_table,
        "point_table_name": issue.kind["point_table"],
        "area": summary.institution_code[:2],
        "institution": summary.institution_code,
        "institution_name": issue.institution_name,
        "send_no": issue.send_no,
        "confirm_no": issue.confirm_no,
        "correct_no": issue.correct_no,
        "corrected_on": issue.corrected_on,
        "in_out": None if issue.one_for_all else division.get("ja"),
    }


def line_of_texts(texts: Iterable[str]) -> bytes:
    """Return one line of CSV in Shift_JIS with CR LF; a character that it does not have becomes ？."""
    out = StringIO()
    writer(out, lineterminator="\r\n").writerow(texts)
    return "".join(map(_encodable, out.getvalue())).encode("cp932")


@cache
def _encodable(char: str) -> str:
    try:
        char.encode("cp932")
    except UnicodeEncodeError:
        return "？"
    return char


def _written(columns: Iterable[Column], values: Values) -> Iterator[str]:
    for column in columns:
        yield write_value(column.way, values.get(column.name), column.width)


def _plain(text: str, chars: int) -> str:
    """Return a part of a file's name: so many digits, whatever the file holds in its place."""
    return text if len(text) == chars and text.isascii() and text.isdigit() else "0" * chars


# --- reading the data files ---

_FORMS: Final = ("hasp", "uasp", "kasp", "csv", "pjry", "hjry", "fixf", "chng")


def _page(name: str) -> dict[str, Any]:
    text = (files("seikyu.rules") / "forms" / f"{name}.toml").read_text("utf-8")
    return tomllib.loads(text)


def _form(page: Mapping[str, Any], pages: Mapping[str, Mapping[str, Any]]) -> Form:
    """Return the form of a page; of one with a base, what the page changes of it."""
    own = page["form"]
    below = pages[own["base"]] if "base" in own else page
    whole = {**below["form"], **own}
    return Form(
        id=own["id"],
        title=own["ja"],
        name=own["name"],
        titled=whole["titled"],
        named=whole["named"],
        divided=whole.get("divided", False),
        header=tuple(_column(row, page) for row in below["header"]),
        columns=tuple(_column(row, page) for row in below["column"]),
        marks=below.get("marks", {}),
        words={**below.get("words", {}), **page.get("words", {})},
        levels=frozenset(map(Level, whole.get("levels", ()))),
        empty=frozenset(own.get("empty", ())),
        source=own["source"],
        bulk=own.get("bulk", ""),
    )


def _column(row: Mapping[str, Any], page: Mapping[str, Any]) -> Column:
    row = page.get("replace", {}).get(row["name"], row)
    way = page.get("as", {}).get(row["as"], row["as"])
    return Column(row["name"], row["title"], way, row.get("width", 0), only=row.get("only"), asp=row.get("asp", False))


# --- names ---


def month_of(text: str | None) -> Month | None:
    """Return the claim month of a summary."""
    return Month.parse(text) if text else None


def body_name(summary: Summary) -> str:
    """Return the name of the review body that the file is for: the fund, or the federation of a prefecture."""
    body = summary.body or ""
    row = table("review_bodies").row(body[:1])
    prefecture = table("prefectures").row(body[2:])
    if row is None or prefecture is None:
        return row["name_ja"] if row else ""
    said = kinds()["federation"]
    suffix = said["other_suffixes"].get(body[2:], said["suffix"])
    return str(said["name"].format(prefecture=prefecture["name_ja"] + suffix))
