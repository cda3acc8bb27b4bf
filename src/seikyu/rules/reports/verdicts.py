"""What the official lists say of a file, in the words of the comparison (`shadow`)."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from seikyu.records import masked
from seikyu.rules.reports.reading import ReadList
from seikyu.rules.reports.values import Value
from seikyu.rules.shadow import Fate, Official, official_code

#: The number of a claim as lists print it: 6 digits, for clerical remarks with serials behind a dash.
_CLAIM_NO: Final = re.compile(r"0*([0-9]{1,9})(?:[-－].*)?")
_CODE: Final = re.compile(r"[A-Z]{1,2}[0-9]{3,4}")
_CLAIMED: Final = "1"
#: The lists of results: they print codes. What `uasp` prints are the levels L1 and L2 only.
RESULTS: Final = ("hasp", "kasp", "uasp")


def officials(read: ReadList) -> Iterator[Official]:
    """Yield the codes that a list of results prints; rows without a code say nothing.

    What is no code may be a value that came there from another column: it is masked.
    """
    for row in read.rows:
        code = official_code(_text(row.get("code")))
        if code:
            yield Official(_claim_no(row.get("claim_no")), code if _CODE.fullmatch(code) else masked(code))


def fates(read: ReadList) -> Iterator[Fate]:
    """Yield what 請求確定状況 says of each claim; a row whose number cannot be read is let go."""
    for row in read.rows:
        number = _claim_no(row.get("claim_no"))
        if number is not None:
            points = row.get("total_points")
            points = row.get("public_1_points") if points is None else points
            claimed = _text(row.get("outcome")) == _CLAIMED
            yield Fate(number, claimed=claimed, level=_text(row.get("worst")), points=_number(points))


def totals(lists: Sequence[ReadList]) -> dict[str, int] | None:
    """Return what the tallies (送信データ集計表) come to: claims, points and refused; None without one."""
    tallies = [read for read in lists if read.form.id == "pjry"]
    if not tallies:
        return None
    sums = {"claims": 0, "points": 0, "refused": 0}
    for read in tallies:
        for row in read.rows:
            kind = _text(row.get("claim_type"))
            if kind == read.form.says("total"):
                sums["claims"] += _number(row.get("claims")) or 0
                sums["points"] += _number(row.get("points")) or 0
            elif kind == read.form.says("refused"):
                sums["refused"] += _number(row.get("claims")) or 0
    return sums


def institution(read: ReadList) -> str:
    """Return the institution's code that a list names, empty if it names none."""
    return _text(read.header.get("institution"))


def _claim_no(value: Value) -> int | None:
    found = _CLAIM_NO.fullmatch(_text(value))
    return int(found[1]) if found else None


def _number(value: Value) -> int | None:
    text = _text(value)
    return int(text) if text.lstrip("-").isdigit() else None


def _text(value: Value) -> str:
    return "" if value is None else str(value).strip()
