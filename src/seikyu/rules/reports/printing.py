"""The official lists of what was sent: which lists a form comes to, and the lines of each.

`seikyu check` and the office print here alike, so that a list made at home is the one that the office hands out. What
was sent may be several files; their claims stand one file behind the other. However many there are, one claim at a time
is held.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from seikyu.records import text_of
from seikyu.rules.finding import Finding
from seikyu.rules.index import IndexRow, Outcome
from seikyu.rules.plan import plans
from seikyu.rules.reports.decisions import Errors, decision_list, outcome_of
from seikyu.rules.reports.error_list import Entry, error_list
from seikyu.rules.reports.forms import OUTPATIENT, Form, Issue
from seikyu.rules.reports.heads import HEAD_BYTES, ClaimHead, division_of, read_claim
from seikyu.rules.reports.tallies import TallyBook, divisions_of, tally_list

#: So much of a claim with findings is read again; the longest lawful claim is far shorter.
_CLAIM_BYTES: Final = 1024 * 1024
_NAME: Final = "institution_name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """One file with all that was found in it.

    Shape: `outside` yields the findings outside every claim, `claims` each claim with its own, `rows` each claim alone,
    in the order of the file; all may be asked any number of times, one after the other. `read` returns so many bytes of
    the file from a place on. `layout` names the edition, None if it is of none. `refused`: nothing of it is accepted.
    """

    layout: str | None
    refused: bool
    outside: Callable[[], Iterable[Finding]]
    claims: Callable[[], Iterable[tuple[IndexRow, list[Finding]]]]
    rows: Callable[[], Iterable[IndexRow]]
    read: Callable[[int, int], bytes]


@dataclass(frozen=True, slots=True)
class Confirmed:
    """How what was sent is confirmed, as far as the claims do not say it, and whether people are named."""

    errors: Errors = Errors.WITH
    show_personal: bool = False


#: One list: as what it is printed, and its lines.
Printing = tuple[Issue, Iterator[bytes]]


def printings(form: Form, issue: Issue, sent: Sequence[Examined], confirmed: Confirmed) -> Iterator[Printing]:
    """Yield each list of a form: the tallies may come in two divisions, all else is one."""
    if form.levels:
        asp = replace(issue, asp=form.id != "uasp")
        entries = (
            entry._replace(file_no=no)
            for no, file in enumerate(sent, start=1)
            for entry in entries_of(file, form, show_personal=confirmed.show_personal)
        )
        yield asp, error_list(entries, form, asp)
    elif form.divided:
        book = book_of(form, issue, sent, confirmed)
        for division in divisions_of(book.divisions, issue):
            each = replace(issue, in_out=division)
            yield each, tally_list(book, form, each)
    else:
        yield issue, decision_list(_decided(issue, sent, confirmed), form, issue, errors=confirmed.errors)


def book_of(
    form: Form, issue: Issue, sent: Iterable[Examined], confirmed: Confirmed, *, into: TallyBook | None = None
) -> TallyBook:
    """Return the sums of what was sent, for a receipt of what was claimed, added to those of `into`."""
    book = into if into is not None else TallyBook()
    for file in sent:
        for row, head in _heads(file, show_personal=confirmed.show_personal):
            if _counts(row, file, form, issue, errors=confirmed.errors):
                book.add(row, head, refused=row.refused or file.refused)
    return book


def divisions_there(form: Form, issue: Issue, sent: Iterable[Examined], errors: Errors = Errors.WITH) -> list[str]:
    """Return the divisions that a divided form comes in, without reading a claim; it stops as soon as it knows."""
    possible, there = set(issue.kind["in_out"]), set[str]()
    rows = ((row, file) for file in sent for row in file.rows()) if len(possible) > 1 and issue.asp else ()
    for row, file in rows:
        if _counts(row, file, form, issue, errors=errors):
            there.add(division_of(f"{row.claim_type:04d}") or OUTPATIENT)
        if there == possible:
            break
    return divisions_of(there, issue)


def _counts(row: IndexRow, file: Examined, form: Form, issue: Issue, *, errors: Errors) -> bool:
    """True if a claim is in the tallies of a form: in those of a receipt if it is claimed or refused."""
    return form.id != "hjry" or row.refused or file.refused or outcome_of(row, errors=errors, asp=issue.asp)


def entries_of(
    file: Examined, form: Form, *, show_personal: bool, takes: Callable[[Finding], bool] = lambda _: True
) -> Iterator[Entry]:
    """Yield findings with what lists print of their claims: those outside every claim first."""

    def wanted(finding: Finding) -> bool:
        return finding.level in form.levels and takes(finding)

    yield from (Entry(finding, None) for finding in file.outside() if wanted(finding))
    for row, findings in file.claims():
        if taken := [finding for finding in findings if wanted(finding)]:
            head = read_claim(
                file.read(row.offset, min(row.length, _CLAIM_BYTES)),
                layout_name=file.layout,
                line=row.line,
                wanted={finding.line for finding in taken if finding.line},
                show_personal=show_personal,
            )
            yield from (Entry(finding, head) for finding in taken)


def named_institution(first_line: bytes, layout: str | None) -> str:
    """Return the name of the institution as the first record of a file has it, empty if it has none."""
    if layout is None:
        return ""
    items = first_line.rstrip(b"\r\n").split(b",")
    plan = plans(layout).get(items[0].decode("ascii", "replace"))
    at = plan.index.get(_NAME) if plan else None
    return text_of(items[at]) if at is not None and at < len(items) else ""


def _decided(issue: Issue, sent: Iterable[Examined], confirmed: Confirmed) -> Iterator[tuple[IndexRow, ClaimHead]]:
    """Yield each claim with its outcome: that of its file where nobody has written one."""
    for file in sent:
        for row, head in _heads(file, show_personal=confirmed.show_personal):
            claimed = outcome_of(row, errors=confirmed.errors, asp=issue.asp, refused_file=file.refused)
            yield row.decided(Outcome.CLAIMED if claimed else Outcome.UNCLAIMED), head


def _heads(file: Examined, *, show_personal: bool) -> Iterator[tuple[IndexRow, ClaimHead]]:
    """Yield each claim with its RE, HO and KO."""
    for row in file.rows():
        data = file.read(row.offset, min(row.length, HEAD_BYTES))
        yield row, read_claim(data, layout_name=file.layout, line=row.line, show_personal=show_personal)
