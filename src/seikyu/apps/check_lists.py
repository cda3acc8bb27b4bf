"""The official lists of a checked file, written under their official names."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from errno import EEXIST
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final

from seikyu.apps.checked import Checked
from seikyu.records import text_of
from seikyu.rules import Finding, IndexRow
from seikyu.rules.reports.choice import rank
from seikyu.rules.reports.decisions import Errors, decision_list, outcome_of
from seikyu.rules.reports.error_list import Entry, error_list
from seikyu.rules.reports.forms import Form, Issue, file_name, forms
from seikyu.rules.reports.heads import HEAD_BYTES, ClaimHead, read_claim
from seikyu.rules.reports.tallies import TallyBook, divisions_of, tally_list
from seikyu.rules.sheet import Names, no_names

#: The lists that `seikyu check --list` writes.
LISTS: Final = ("hasp", "uasp", "kasp", "pjry", "hjry", "fixf")
#: How a sending is confirmed for the lists of confirmation: `automatic` is 自動確定.
CONFIRMED: Final = ("with", "without", "automatic")
#: So much of a claim with findings is read again; the longest lawful claim is far shorter.
_CLAIM_BYTES: Final = 1024 * 1024
_FIRST_LINE_BYTES: Final = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What the user says of the lists: as what the file was sent, how it was confirmed, and what codes are called."""

    names: tuple[str, ...] = ()
    folder: Path = Path()
    sent_on: date | None = None
    send_no: int = 1
    confirmed: str = "with"
    asp: bool = True
    show_personal: bool = False
    names_of_codes: Names = no_names


def issue_of(checked: Checked, source: BinaryIO, wish: Wish) -> Issue:
    """Return as what the lists of a file are printed."""
    marks = {"test"} if "kasp" in wish.names else set()
    if wish.confirmed == "automatic":
        marks.add("automatic")
    return Issue(
        summary=checked.summary,
        institution_name=institution_name(checked, source),
        sent_on=wish.sent_on,
        confirmed_on=wish.sent_on,
        send_no=wish.send_no,
        confirm_no=1,
        asp=wish.asp,
        marks=frozenset(marks),
        names=wish.names_of_codes,
    )


def institution_name(checked: Checked, source: BinaryIO) -> str:
    """Return the name of the institution as the file's first record has it, empty if it has none."""
    source.seek(0)
    line = source.readline(_FIRST_LINE_BYTES).rstrip(b"\r\n")
    if checked.summary.layout is None:
        return ""
    from seikyu.rules.plan import plans

    plan = plans(checked.summary.layout).get(line[:2].decode("ascii", "replace"))
    at = plan.index.get("institution_name") if plan else None
    items = line.split(b",")
    return text_of(items[at]) if at is not None and at < len(items) else ""


def write_lists(checked: Checked, source: BinaryIO, wish: Wish) -> list[Path]:
    """Write the lists and return where they are. A list that is there already is not written over.

    Errors: OSError.
    """
    issue = issue_of(checked, source, wish)
    written = []
    for name in wish.names:
        form = forms()[name]
        for each, lines in _printings(form, issue, checked, source, wish=wish):
            path = wish.folder / file_name(form, each)
            _write(path, lines)
            written.append(path)
    return written


def _write(path: Path, lines: Iterable[bytes]) -> None:
    """Write a list that is there as a whole or not at all, and never over another file. Errors: OSError."""
    if path.exists():
        raise FileExistsError(EEXIST, "file exists", str(path))
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as out:
            out.writelines(lines)
        part.rename(path)
    except BaseException as reason:
        with suppress(OSError):
            part.unlink()
        if isinstance(reason, OSError):
            reason.filename = str(path)  # The name that the user knows.
        raise


def findings_list(checked: Checked, source: BinaryIO, *, worst_first: bool, show_personal: bool) -> Iterator[bytes]:
    """Yield the lines of `--format csv`: what is shown, in the order of the other reports."""
    issue = Issue(summary=checked.summary, institution_name=institution_name(checked, source))
    graves: list[int | None] = [*sorted(checked.counts.ranks)] if worst_first else [None]
    entries = chain.from_iterable(
        _entries(checked, source, _of_rank(grave), show_personal=show_personal) for grave in graves
    )
    return error_list(entries, forms()["csv"], issue)


def _of_rank(grave: int | None) -> Callable[[Finding], bool]:
    return lambda finding: grave in (None, rank(finding))


def _printings(
    form: Form, issue: Issue, checked: Checked, source: BinaryIO, *, wish: Wish
) -> Iterator[tuple[Issue, Iterable[bytes]]]:
    """Yield each list of a form with the lines of it: the tallies may come in two divisions."""
    if form.levels:
        asp = replace(issue, asp=form.id != "uasp")
        entries = _entries(
            checked, source, lambda finding: finding.level in form.levels, show_personal=wish.show_personal
        )
        yield asp, error_list(entries, form, asp)
    elif form.divided:
        book = _book(form, issue, checked, source, wish=wish)
        for division in divisions_of(book, issue):
            each = replace(issue, in_out=division)
            yield each, tally_list(book, form, each)
    else:
        claims = ((row, head) for row, _, head in _heads(checked, source, wish.show_personal))
        yield issue, decision_list(claims, form, issue, errors=_errors(wish))


def _book(form: Form, issue: Issue, checked: Checked, source: BinaryIO, *, wish: Wish) -> TallyBook:
    """Return the sums of a file; of a receipt, over what was claimed."""
    book = TallyBook(refused_file=checked.summary.refused)
    for row, _, head in _heads(checked, source, wish.show_personal):
        if form.id == "hjry" and not row.refused and not outcome_of(row, errors=_errors(wish), asp=issue.asp):
            continue
        book.add(row, head)
    return book


def _errors(wish: Wish) -> Errors:
    return Errors.WITH if wish.confirmed == "with" else Errors.WITHOUT


def _entries(
    checked: Checked, source: BinaryIO, takes: Callable[[Finding], bool], *, show_personal: bool
) -> Iterator[Entry]:
    """Yield findings with what lists print of their claims: those outside every claim first."""
    yield from (
        Entry(finding, None) for finding in checked.findings() if finding.claim_index is None and takes(finding)
    )
    for row, findings in checked.claims():
        if taken := [finding for finding in findings if takes(finding)]:
            data = _bytes(source, row, _CLAIM_BYTES)
            head = read_claim(
                data,
                layout_name=checked.summary.layout,
                line=row.line,
                wanted={finding.line for finding in taken if finding.line},
                show_personal=show_personal,
            )
            yield from (Entry(finding, head) for finding in taken)


def _heads(
    checked: Checked, source: BinaryIO, show_personal: bool
) -> Iterator[tuple[IndexRow, list[Finding], ClaimHead]]:
    """Yield each claim with its RE, HO and KO."""
    for row, findings in checked.claims():
        data = _bytes(source, row, HEAD_BYTES)
        layout_name = checked.summary.layout
        yield row, findings, read_claim(data, layout_name=layout_name, line=row.line, show_personal=show_personal)


def _bytes(source: BinaryIO, row: IndexRow, most: int) -> bytes:
    source.seek(row.offset)
    return source.read(min(row.length, most))
