"""Rules of the codes of procedures, drugs, materials and comments against their masters."""

from collections.abc import Iterator
from typing import Final

from seikyu.rules.rule import Rule, rule
from seikyu.rules.view import Claim, Phrase, Place, Record
from seikyu.rules.with_masters.lookup import CODE_ITEMS, code_of, comments_of, days_done, kind_of

#: The lines whose day is known.
_DATED: Final = ("SI", "IY", "TO", "SS", "KA")
_DAYS: Final = "," * 30
#: Patterns of comments that are whole as they stand in the master; all others are filled with text. Source:
#: master-layouts:6.
FIXED_PATTERN: Final = 20


@rule(
    code="L3303",
    title="the code is in no master",
    title_ja="診療行為、医薬品、特定器材又はコメントのコードがマスターにありません",
    on="SI IY TO CO",
    tables=("s.whole", "y.whole", "t.whole", "c.whole"),
    passes=(
        f"SI,11,1,111000110,,291,1,,,,,,,1{_DAYS}",
        f"TO,40,1,777770000,1,20,1,,200,,見本,,,,,,,1{_DAYS}",
        "SI,11,1,111000110,,291,1,,,,,,,1\nCO,,1,810000001,見本",
    ),
    fails=(
        f"SI,11,1,199999990,,291,1,,,,,,,1{_DAYS}",
        f"IY,21,1,699999990,1,1,1,,,,,,,1{_DAYS}",
        "SI,11,1,111000110,,291,1,,,,,,,1\nCO,,1,899999990,",
    ),
)
def unknown_code(claim: Claim) -> Iterator[Place]:
    """A code that stands for nothing cannot be paid; a slip of one digit often gives such a code."""
    masters, month = claim.masters, claim.service_month
    sure = {kind for kind in ("s", "y", "t", "c") if masters.sure(kind, month)}
    for record in claim.records(*CODE_ITEMS):
        code = code_of(record)
        kind = kind_of(code) if code else None
        if code and kind in sure and not masters.knows(kind, code):
            yield record.at(CODE_ITEMS[record.id])


@rule(
    code="X3030",
    title="the code was not valid any more on the recorded day",
    title_ja="算定日において廃止されているコードです",
    on="SI IY TO SS KA",
    tables=("s.until", "y.until", "t.until", "h.until", "r.until"),
    passes=(f"SI,11,1,111000110,,291,1,,,,,,,1{_DAYS}", f"SI,40,1,199000610,,52,1,,,,,,,1{_DAYS}"),
    fails=(
        f"SI,40,1,199000610,,52,1,,,,,,,{',' * 19}1{',' * 11}",
        f"IY,21,1,699000009,1,1,1,,,,,,,1{_DAYS}",
        "kind pharmacy\nIY,1,699000009,3,,,,,,",
        "kind home_nursing\nKA,20260801,1,510000990,,5550,03,01,01",
    ),
)
def code_out_of_date(claim: Claim) -> Iterator[Place]:
    """Codes end at revisions of the fees; what was done later has another code, and often other points."""
    month = claim.service_month
    for record in claim.records(*_DATED):
        code = code_of(record)
        kind = kind_of(code) if code else None
        row = claim.masters.row(kind, code, month) if code and kind else None
        until = row["until"] if row else None
        if month is None or until is None or until >= month.last_day:
            continue
        if until < month.first_day or any(day > until for day in days_done(claim, record)):
            ended = Phrase(f"it ended on {until.isoformat()}", f"{until.isoformat()}で廃止")
            yield record.at(CODE_ITEMS[record.id], note=ended)


@rule(
    code="X2046",
    title="comment text missing",
    title_ja="このコメントコードには文字データが必要です",
    on="CO",
    tables=("c.pattern",),
    passes=(
        "SI,11,1,111000110,,291,1,,,,,,,1\nCO,,1,810000001,見本",
        "SI,11,1,111000110,,291,1,,,,,,,1\nCO,,1,820100380,",
    ),
    fails="SI,11,1,111000110,,291,1,,,,,,,1\nCO,,1,850100015,",
)
def comment_text_missing(claim: Claim) -> Iterator[Place]:
    """The master gives the frame of such a comment only; what it is about, a date or a value, stands in the text."""
    for record, pattern in _patterns(claim):
        if pattern != FIXED_PATTERN and not record.raw("comment_text"):
            yield record.at("comment_text")


@rule(
    code="X2047",
    title="comment text where the code takes none",
    title_ja="このコメントコードには文字データを記録できません",
    on="CO",
    tables=("c.pattern",),
    passes="SI,11,1,111000110,,291,1,,,,,,,1\nCO,,1,820100380,",
    fails="SI,11,1,111000110,,291,1,,,,,,,1\nCO,,1,820100380,見本",
)
def comment_text_surplus(claim: Claim) -> Iterator[Place]:
    """The comment is whole in the master; text beside it is printed by nobody and belongs elsewhere."""
    for record, pattern in _patterns(claim):
        if pattern == FIXED_PATTERN and record["comment_text"]:
            yield record.at("comment_text")


def _patterns(claim: Claim) -> Iterator[tuple[Record, int]]:
    """Yield the comments with the pattern that the master gives them."""
    version = claim.master("c", "pattern")
    for record in claim.records("CO") if version else ():
        code = code_of(record)
        row = version.row(code) if version and code else None
        if row and row["pattern"] is not None:
            yield record, row["pattern"]


@rule(
    code="L4438",
    title="a long-listed original drug without a comment on why it was given",
    title_ja="長期収載品に、選択理由などのコメント（別表１）がありません",
    on="IY",
    since="2024-10",
    tables=("original_drugs",),
    passes=(
        f"IY,21,1,699000005,1,1,1,820199001,,,,,,1{_DAYS}",
        f"IY,21,1,699000005,1,1,1,,,,,,,1{_DAYS}\nCO,,1,820199001,",
        f"IY,21,1,699000001,1,1,1,,,,,,,1{_DAYS}",
    ),
    fails=f"IY,21,1,699000005,1,1,1,,,,,,,1{_DAYS}",
)
def original_drug_without_reason(claim: Claim) -> Iterator[Place]:
    """Since October 2024 the patient pays part of it, unless the claim says why no generic drug would do."""
    version = claim.master("original_drugs")
    if version is None or claim.inpatient is not False:
        return
    lines = claim.records(*CODE_ITEMS)
    said = {code for record in claim.records("CO") if (code := code_of(record))}
    said.update(code for record in lines if record.id != "CO" for code in comments_of(record))
    for record in claim.records("IY"):
        wanted = {row["comment_code"] for row in version.rows(code_of(record) or "")}
        if wanted and wanted.isdisjoint(said):
            yield record.at("drug_code")


RULES: Final[tuple[Rule, ...]] = (
    unknown_code,
    code_out_of_date,
    comment_text_missing,
    comment_text_surplus,
    original_drug_without_reason,
)
