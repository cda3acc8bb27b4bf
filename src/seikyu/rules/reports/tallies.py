"""送信データ集計表 and オンライン受領書: what a sending comes to, by claim type.

A claim counts once, with the values of its main payer: the insurer, else the first public payer. What is refused counts
for nothing but its own row.

Source: provider:4, provider:6.2.
"""

import tomllib
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Final

from seikyu.rules.index import IndexRow
from seikyu.rules.reports.forms import (
    INPATIENT,
    OUTPATIENT,
    Form,
    Issue,
    head_lines,
    header_of,
    line_of_texts,
    row_line,
)
from seikyu.rules.reports.heads import ClaimHead, division_of
from seikyu.rules.reports.values import Value, widened

_LATE_STAGE: Final = "3"
_PUBLIC_ONLY: Final = "2"
#: The digit 0 stands behind 9 in every table of types.
_ORDER: Final = "1234567890"
_SUMMED: Final = ("claims", "days", "points", "copay_yen", "meals_yen", "standard_yen")
#: How layouts call what the patient pays for meals; an edition that has none leaves the column empty.
_STANDARD: Final = "standard_copay_yen"


@dataclass
class TallyBook:
    """The sums of one file, filled claim by claim: one row a claim type, however many claims there are."""

    _sums: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    _refused: dict[str, int] = field(default_factory=dict)

    def add(self, row: IndexRow, head: ClaimHead, *, refused: bool = False) -> None:
        """Count one claim, `refused` also if its file is; a detail of a summary claim counts in its summary."""
        if head.detail:
            return
        claim_type = f"{row.claim_type:04d}"
        division = division_of(claim_type) or OUTPATIENT
        if row.refused or refused:
            self._refused[division] = self._refused.get(division, 0) + 1
            return
        sums = self._sums.setdefault((division, claim_type), {})
        for name, value in _amounts(row, head).items():
            if value is not None:
                sums[name] = sums.get(name, 0) + value

    @property
    def divisions(self) -> set[str]:
        """The divisions of which there are claims."""
        return {key[0] for key in self._sums} | set(self._refused)

    def rows(self, form: Form, issue: Issue) -> Iterator[dict[str, Value]]:
        """Yield the rows of a list: one a claim type, the total, and what is refused."""
        divisions = {issue.in_out} if issue.asp and len(issue.kind["in_out"]) > 1 else {INPATIENT, OUTPATIENT}
        own = {key: sums for key, sums in self._sums.items() if key[0] in divisions}
        refused = sum(count for division, count in self._refused.items() if division in divisions)
        if issue.asp:
            for key in sorted(own, key=lambda key: [_ORDER.index(digit) for digit in key[1]]):
                yield {"claim_type": type_name(key[1]), **own[key]}
        shown = {column.name for column in form.columns if issue.asp or not column.asp}
        total: dict[str, Value] = {
            name: sum(sums.get(name, 0) for sums in own.values())
            for name in _SUMMED
            if name in shown and (name != "standard_yen" or any(name in sums for sums in own.values()))
        }
        yield {"claim_type": form.says("total"), **total}
        yield {"claim_type": form.says("refused"), "claims": refused}


def divisions_of(there: AbstractSet[str], issue: Issue) -> list[str]:
    """Return the lists of what was sent: one for inpatient and one for outpatient claims, as far as they are there."""
    possible: list[str] = issue.kind["in_out"]
    if len(possible) == 1:
        return possible
    if not issue.asp:
        return [OUTPATIENT]
    return [division for division in possible if division in there] or [OUTPATIENT]


def tally_list(book: TallyBook, form: Form, issue: Issue) -> Iterator[bytes]:
    """Yield the lines of 送信データ集計表 or オンライン受領書 of the division that `issue` names.

    Shape: CSV in Shift_JIS with CR LF. The last row, 受付不能, has two items.
    """
    yield from head_lines(form, issue, header_of(issue))
    for values in book.rows(form, issue):
        if values["claim_type"] == form.says("refused"):
            yield line_of_texts([form.says("refused"), str(values["claims"])])
        else:
            yield row_line(form, values, issue.in_out)


@cache
def type_name(claim_type: str) -> str:
    """Return what the lists call a claim type, such as 医保１公併・六歳.

    Source: provider:6.2; forms/claim_types.toml says what is known and what is built by analogy.
    """
    words = _words()
    scheme, payers, beneficiary = claim_type[1], claim_type[2], claim_type[3]
    if scheme == _PUBLIC_ONLY:
        return f"{words['scheme'][scheme]}{words['public_payers'].get(payers, '')}"
    people = words["late_stage_beneficiary" if scheme == _LATE_STAGE else "beneficiary"]
    known = [words["scheme"].get(scheme), words["payers"].get(payers), people.get(beneficiary)]
    return f"{known[0]}{known[1]}・{known[2]}" if all(known) else widened(claim_type)


@cache
def _words() -> Mapping[str, Any]:
    return tomllib.loads((files("seikyu.rules") / "forms" / "claim_types.toml").read_text("utf-8"))


def _amounts(row: IndexRow, head: ClaimHead) -> dict[str, int | None]:
    """Return what a claim adds, of its main payer."""
    payer = head.insurer or next(iter(head.public_payers), None)
    main = row.payers[0] if row.payers else None
    return {
        "claims": 1,
        "days": main.days if main else 0,
        "points": row.main_points,
        "copay_yen": (payer["copay_yen"] if payer else None) or 0,
        "meals_yen": main.meals_yen if main else 0,
        "standard_yen": payer[_STANDARD] if payer else None,
    }
