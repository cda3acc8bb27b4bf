"""What the rules with masters ask again and again: what a line's master says of its code, and its days."""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from typing import Final

from seikyu.rules.masters import Row, forms
from seikyu.rules.view import Claim, Record, days_of

#: Which item of a line holds its code.
CODE_ITEMS: Final[Mapping[str, str]] = {
    "SI": "procedure_code",
    "IY": "drug_code",
    "TO": "material_code",
    "CO": "comment_code",
    "SS": "procedure_code",
    "KA": "fee_code",
}
#: Where a line tells its day itself.
_DAY_ITEM: Final = "service_date"
_FIRST_DAY: Final = "day_01"
_COMMENTS: Final = ("comment_code_1", "comment_code_2", "comment_code_3")
_CODE_CHARS: Final = 9


def code_of(record: Record) -> str | None:
    """Return the code of a line, None if it has none of nine digits."""
    code: str | None = record[CODE_ITEMS[record.id]]
    return code if code and len(code) == _CODE_CHARS else None


@cache
def _kinds_by_digit() -> Mapping[str, str]:
    return {form.prefix: form.kind for form in forms().values() if form.prefix}


def kind_of(code: str) -> str | None:
    """Return the master that a code's first digit points to, None if none begins so."""
    return _kinds_by_digit().get(code[0])


def rows_of(claim: Claim, record_id: str, kind: str, *columns: str) -> Iterator[tuple[Record, Row]]:
    """Yield the lines of one sort with their rows in the master that holds, where it has the columns and the code."""
    version = claim.master(kind, *columns)
    if version is None:
        return
    for record in claim.records(record_id):
        code = code_of(record)
        if code and (row := version.row(code)):
            yield record, row


def lines_that_say(claim: Claim, record_id: str, kind: str, *, column: str, value: int) -> Iterator[Record]:
    """Yield the lines of one sort of whose codes the master that holds says so in a column."""
    return (record for record, row in rows_of(claim, record_id, kind, column) if row[column] == value)


def comments_of(record: Record) -> Iterator[str]:
    """Yield the codes of the comments that stand inside a line."""
    return (code for name in _COMMENTS if (code := record[name]))


def days_done(claim: Claim, record: Record) -> list[date]:
    """Return the days of the service month on which a line was done, as far as its day fields can be read."""
    month = claim.service_month
    assert month is not None  # noqa: S101  (without a month no rule with masters is asked)
    if _FIRST_DAY not in record.plan.index:
        day: date | None = record[_DAY_ITEM]
        return [day] if day else []
    marked = [day for day, count in enumerate(days_of(record), start=1) if count.strip(b"0 ")]
    return [date(month.year, month.month, day) for day in marked if day <= month.days]
