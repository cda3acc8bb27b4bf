"""The official lists of a checked file, written under their official names."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from errno import EEXIST
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final

from seikyu.apps.checked import Checked
from seikyu.rules import Finding
from seikyu.rules.reports.choice import rank
from seikyu.rules.reports.decisions import Errors
from seikyu.rules.reports.error_list import error_list
from seikyu.rules.reports.forms import Issue, file_name, forms
from seikyu.rules.reports.printing import Confirmed, Examined, entries_of, named_institution, printings
from seikyu.rules.sheet import Names, no_names

#: The lists that `seikyu check --list` writes.
LISTS: Final = ("hasp", "uasp", "kasp", "pjry", "hjry", "fixf")
#: How a sending is confirmed for the lists of confirmation: `automatic` is 自動確定.
CONFIRMED: Final = ("with", "without", "automatic")
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
    return named_institution(source.readline(_FIRST_LINE_BYTES), checked.summary.layout)


def write_lists(checked: Checked, source: BinaryIO, wish: Wish) -> list[Path]:
    """Write the lists and return where they are. A list that is there already is not written over.

    Errors: OSError.
    """
    issue, written = issue_of(checked, source, wish), []
    errors = Errors.WITH if wish.confirmed == "with" else Errors.WITHOUT
    confirmed = Confirmed(errors, show_personal=wish.show_personal)
    for name in wish.names:
        form = forms()[name]
        for each, lines in printings(form, issue, [examined_of(checked, source)], confirmed):
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
    file, form = examined_of(checked, source), forms()["csv"]
    entries = chain.from_iterable(
        entries_of(file, form, show_personal=show_personal, takes=_of_rank(grave)) for grave in graves
    )
    return error_list(entries, form, issue)


def _of_rank(grave: int | None) -> Callable[[Finding], bool]:
    return lambda finding: grave in (None, rank(finding))


def examined_of(checked: Checked, source: BinaryIO) -> Examined:
    """Return the file as lists are made from it."""

    def read(offset: int, size_bytes: int) -> bytes:
        source.seek(offset)
        return source.read(size_bytes)

    return Examined(
        layout=checked.summary.layout,
        refused=checked.summary.refused,
        outside=lambda: (finding for finding in checked.findings() if finding.claim_index is None),
        claims=checked.claims,
        rows=lambda: (row for row, _ in checked.claims()),
        read=read,
    )
