"""Rules of what an item needs on its claim: the basic item of an addition, a disease, a comment.

What is missing is told only of claims that were read as a whole, by tables that are whole.
"""

from collections.abc import Collection, Iterator
from typing import Final

from seikyu.rules.masters import Row
from seikyu.rules.rule import Rule, rule
from seikyu.rules.view import Claim, Phrase, Place
from seikyu.rules.with_fee_tables.drugs import lines_without_disease
from seikyu.rules.with_fee_tables.lines import by_code, is_whole, lines_of, whole_table_of
from seikyu.rules.with_masters.lookup import CODE_ITEMS, code_of, comments_of

_DAYS: Final = "," * 30
_LINE: Final = f"SI,40,1,{{}},,52,1,,,,,,,1{_DAYS}"
#: The class of additions of one item (告示等識別区分), and the serials of what they add to. Source: master-layouts:7.
ADDITION: Final = 7
BASE: Final = frozenset({"0", "00"})
#: A comment whose condition (条件区分) is that the item is billed at all. Source: comment-table:1.
ALWAYS: Final = 1
FREE_TEXT: Final = "810000001"


@rule(
    code="X4005",
    title="an addition without its basic item",
    title_ja="加算の基本項目が記録されていません",
    on="SI",
    tables=("fee_bases.whole", "s.note_code s.note_serial s.notice_class_1"),
    passes=(
        f"{_LINE.format(199005010)}\n{_LINE.format(199005020)}",
        f"{_LINE.format(199005030)}\n{_LINE.format(199005040)}",
        f"{_LINE.format(199005040)}\n{_LINE.format(199999990)}",
        _LINE.format(112011010),
    ),
    fails=(_LINE.format(199005020), _LINE.format(199005040)),
)
def addition_without_base(claim: Claim) -> Iterator[Place]:
    """An addition adds to something; alone it is not paid."""
    if not is_whole(claim):
        return
    lines = by_code(lines_of(claim, "SI"))
    bases, notes = whole_table_of(claim, "fee_bases"), _notes_of(claim, lines)
    for code, found in lines.items():
        wanted = {row["base_code"] for row in bases.rows(code)} if bases else set()
        if (wanted and wanted.isdisjoint(lines)) or code in notes:
            yield found[0].record.at("procedure_code")


def _notes_of(claim: Claim, codes: Collection[str]) -> set[str]:
    """Return the additions whose basic item is missing by the master, none if it lacks one of the codes."""
    version = claim.master("s", "note_code", "note_serial", "notice_class_1")
    rows = {code: version.row(code) for code in codes} if version else {}
    known = {code: row for code, row in rows.items() if row}
    if len(known) < len(rows):
        return set()
    noted = {code: row for code, row in known.items() if (row["note_code"] or "").strip("0")}
    there = {row["note_code"] for row in noted.values() if _is_base(row)}
    return {
        code
        for code, row in noted.items()
        if not _is_base(row) and row["notice_class_1"] == ADDITION and row["note_code"] not in there
    }


def _is_base(row: Row) -> bool:
    return (row["note_serial"] or "0") in BASE


@rule(
    code="X4020",
    title="a test or treatment without a disease that it is done for",
    title_ja="診療行為の対象となる傷病名がありません",
    on="SI",
    tables=("procedure_indications.whole procedure_indications.current",),
    passes=(
        f"SY,9991001,20260801,1,,,01,\n{_LINE.format(199006010)}",
        f"SY,8833421,20260801,1,,,01,\n{_LINE.format(199006020)}",
        f"SY,0000999,20260801,1,,見本病,01,\n{_LINE.format(199006010)}",
    ),
    fails=f"SY,8833421,20260801,1,,,01,\n{_LINE.format(199006010)}",
)
def procedure_without_disease(claim: Claim) -> Iterator[Place]:
    """Without a disease nobody can tell whether what was done was needed."""
    for record in lines_without_disease(claim, "SI", "procedure_indications"):
        yield record.at("procedure_code")


@rule(
    code="X4025",
    title="a comment that the item needs is missing",
    title_ja="記載要領（別表Ⅰ）により必要なコメントがありません",
    on="SI",
    tables=("required_comments.whole required_comments.current",),
    passes=(
        f"SI,40,1,199007010,,52,1,830199001,,,,,,1{_DAYS}",
        f"{_LINE.format(199007010)}\nCO,,1,830199002,見本",
        f"{_LINE.format(199007010)}\nCO,,1,810000001,見本",
        _LINE.format(199007020),
        _LINE.format(199007030),
        _LINE.format(199007040),
    ),
    fails=(_LINE.format(199007010), f"{_LINE.format(199007010)}\nCO,,1,830199009,見本"),
)
def comment_missing(claim: Claim) -> Iterator[Place]:
    """The instructions for filling in ask for it by its code; without it the claim comes back with a question."""
    table = whole_table_of(claim, "required_comments")
    if table is None or not is_whole(claim):
        return
    said = set(_said(claim))
    for code, lines in by_code(lines_of(claim, "SI")).items() if FREE_TEXT not in said else ():
        for wanted in _wanted(table.rows(code)):
            if wanted.isdisjoint(said):
                one = "／".join(sorted(wanted)[:3])
                yield lines[0].record.at("procedure_code", note=Phrase(f"one of {one}", f"{one}のいずれか"))


def _said(claim: Claim) -> Iterator[str]:
    """Yield the codes of all comments on a claim."""
    for record in claim.records(*CODE_ITEMS):
        if record.id == "CO":
            yield code_of(record) or FREE_TEXT
        else:
            yield from comments_of(record)


def _wanted(rows: list[Row]) -> list[set[str]]:
    """Return the sets of comments of which one each must be there, whatever else is."""
    groups: dict[tuple[str | None, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["item"], row["section"], row["branch"]), []).append(row)
    return [{row["comment_code"] for row in group} for group in groups.values() if all(map(_is_always, group))]


def _is_always(row: Row) -> bool:
    """True if a row asks for its comment whenever the item is billed, and for a comment with a code."""
    conditional = row["condition"] != ALWAYS or row["not_billed"] or row["in_out"] or row["until"]
    return bool(row["comment_code"]) and not conditional


RULES: Final[tuple[Rule, ...]] = (addition_without_base, procedure_without_disease, comment_missing)
