"""`seikyu check`: what an office would say of a file, before it is sent. Loads no web server and no database.

Exit status: 0 nothing above notice, 1 something asks, 2 something is refused, 3 could not run; of several files the
highest.
"""

import hashlib
import json
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer

from seikyu.apps.outcomes import Exit
from seikyu.apps.words import language, say
from seikyu.rules import STANDINGS, Finding, Findings, IndexRow, Rows, Summary, examine
from seikyu.rules.examine import has_numba
from seikyu.rules.report import (
    ClaimLabel,
    ListHeader,
    effect,
    file_as_json,
    hints_of,
    in_order,
    label_of,
    line_of,
    official_list,
)

_CHUNK_BYTES: Final = 1024 * 1024
#: Only at an office does it matter that nobody can tell whose a claim is; here nothing is kept.
_NO_SECRET: Final = b"seikyu check"
_BASES: Final = ("medical", "dpc", "dental", "pharmacy", "home_nursing")
KINDS: Final = (*_BASES, *(f"{base}{end}" for base in _BASES for end in ("_return", "_reexamination")))


class Format(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


@dataclass(frozen=True)
class Checked:
    """A file with all that was said about it."""

    path: Path
    sha256: str
    summary: Summary
    findings: list[Finding]
    labels: dict[int, ClaimLabel]
    institution_name: str

    @property
    def status(self) -> Exit:
        """The exit status of this file alone."""
        if self.summary.refused or any(finding.refuses for finding in self.findings):
            return Exit.REFUSED
        if self.summary.totals["refused"].claims:
            return Exit.REFUSED
        asks = self.summary.totals["ask"].claims or any(finding.asks for finding in self.findings)
        return Exit.ASKS if asks else Exit.DONE


class CannotRead(Exception):
    """A path that is no file to read: `why` is the key of its words."""

    def __init__(self, why: str, reason: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.reason = reason


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check", help=say("check.help"))(check)


def check(
    files: Annotated[list[Path], typer.Argument(help=say("check.files"), metavar="FILE...")],
    *,
    form: Annotated[str | None, typer.Option("--format", help=say("check.format"))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    kind: Annotated[str | None, typer.Option(help=say("check.kind"))] = None,
    show_personal: Annotated[bool, typer.Option("--show-personal", help=say("check.show_personal"))] = False,
) -> int:
    """Check the files one after another."""
    wanted = _format(form, as_json=as_json)
    if kind is not None and kind not in KINDS:
        raise typer.BadParameter(say("check.unknown_kind", kinds=", ".join(KINDS)), param_hint="--kind")
    if wanted is Format.CSV and len(files) > 1:
        raise typer.BadParameter(say("check.one_list"), param_hint="--format")
    status, told = int(Exit.DONE), []
    for path in files:
        try:
            checked = _checked(path, kind, labelled=wanted is Format.CSV, show_personal=show_personal)
        except CannotRead as error:
            _tell(path, error)
            status = max(status, int(Exit.COULD_NOT_RUN))
            continue
        status = max(status, int(checked.status))
        _tell_of_engine(checked.summary)
        if wanted is Format.TEXT:
            _print_text(checked)
        elif wanted is Format.CSV:
            _print_list(checked)
        else:
            told.append(checked)
    if wanted is Format.JSON:
        _print_json(told)
    return status


def _format(form: str | None, *, as_json: bool) -> Format:
    if as_json and form not in (None, "json"):
        raise typer.BadParameter(say("check.two_formats"), param_hint="--format")
    try:
        return Format.JSON if as_json else Format(form or "text")
    except ValueError:
        raise typer.BadParameter(say("check.unknown_format"), param_hint="--format") from None


def _checked(path: Path, kind: str | None, *, labelled: bool, show_personal: bool) -> Checked:
    """Check one file.

    Errors: CannotRead.
    """
    digest = hashlib.sha256()
    findings: list[Finding] = []
    rows: list[IndexRow] = []
    with _opened(path) as source:
        chunks = _chunks(source, digest)
        told = examine(chunks, identity_key=_NO_SECRET, kind=kind, show_personal=show_personal, file_name=path.name)
        for each in told:
            if isinstance(each, Findings):
                findings += each
            elif isinstance(each, Rows):
                if labelled:
                    rows += each
            else:
                summary = each
        for _ in chunks:
            pass  # What the checker did not care to read belongs to the digest.
        labels, name = _labels(source, rows, findings, summary, show_personal=show_personal) if labelled else ({}, "")
    return Checked(path, digest.hexdigest(), summary, in_order(findings), labels, name)


def _opened(path: Path) -> BinaryIO:
    """Open a regular file, and nothing else: a pipe would wait for a writer that never comes.

    Errors: CannotRead.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise CannotRead("folder")
        if not stat.S_ISREG(mode):
            raise CannotRead("special")
        return path.open("rb")
    except FileNotFoundError:
        raise CannotRead("missing") from None
    except OSError as reason:
        raise CannotRead("unreadable", reason.strerror or type(reason).__name__) from None


def _chunks(source: BinaryIO, digest: "hashlib._Hash") -> Iterator[bytes]:
    """Yield the file's bytes and digest them on the way.

    Errors: CannotRead.
    """
    try:
        while chunk := source.read(_CHUNK_BYTES):
            digest.update(chunk)
            yield chunk
    except OSError as reason:
        raise CannotRead("unreadable", reason.strerror or type(reason).__name__) from None


def _labels(
    source: BinaryIO, rows: Sequence[IndexRow], findings: Sequence[Finding], summary: Summary, *, show_personal: bool
) -> tuple[dict[int, ClaimLabel], str]:
    """Read again what the official list prints of the institution and of each claim with a finding."""
    from seikyu.records import Month, text_of

    month = Month.parse(summary.claim_month) if summary.claim_month else None
    labels = {}
    for index in {finding.claim_index for finding in findings if finding.claim_index is not None}:
        source.seek(rows[index].offset)
        line = source.readline(_CHUNK_BYTES)
        labels[index] = label_of(line, claim_month=month, show_personal=show_personal)
    source.seek(0)
    header = source.readline(_CHUNK_BYTES).split(b",")
    return labels, text_of(header[6]) if header[0] == b"IR" and len(header) > 6 else ""  # noqa: PLR2004  (IR item 7)


# --- printing ---


def _tell(path: Path, error: CannotRead) -> None:
    """Say in one line why a path was not checked, and in another what to do."""
    for kind, key in (("error", error.why), ("hint", f"{error.why}_hint")):
        text = say(f"check.{key}", file=_shown(str(path)), reason=error.reason)
        print(f"seikyu: {say(f'cli.{kind}')}: {text}", file=sys.stderr)


def _tell_of_engine(summary: Summary) -> None:
    """Say in one line that the slow checker served because the fast one cannot be loaded."""
    if summary.engine == "reference" and not has_numba():
        print(f"seikyu: {say('check.slow')}", file=sys.stderr)


def _print_json(told: Sequence[Checked]) -> None:
    objects = [file_as_json(each.summary, each.findings, file_name=str(each.path), sha256=each.sha256) for each in told]
    print(json.dumps(objects, ensure_ascii=False, indent=2))


def _print_list(checked: Checked) -> None:
    header = ListHeader(checked.summary, institution_name=checked.institution_name)
    sys.stdout.flush()
    sys.stdout.buffer.writelines(official_list(checked.findings, checked.labels, header))
    sys.stdout.buffer.flush()


_COLOURS: Final = {"file": "red", "claim": "red", "asks": "yellow", "tells": "cyan"}


def _print_text(checked: Checked) -> None:
    """Print a line a finding, and at the end what the file comes to."""
    coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    name = _shown(checked.path.name)
    for finding in checked.findings:
        line = line_of(finding, name, language())
        print(typer.style(line, fg=_COLOURS[effect(finding)]) if coloured else line)
    summary = checked.summary
    kind = say(f"check.kinds.{summary.kind or 'none'}")
    print(say("check.verdict", file=name, kind=kind, claims=summary.claims, points=f"{summary.points:,}"))
    if summary.claims:
        normal, ask, refused = (summary.totals[key].claims for key in STANDINGS)
        print(say("check.standing", normal=normal, ask=ask, refused=refused))
    if summary.refused:
        line = say("check.file_refused")
        print(typer.style(line, fg="red", bold=True) if coloured else line)
    elif not checked.findings:
        print(say("check.clean"))
    for hint in hints_of(checked.findings, language()):
        print(say("check.hint", hint=hint))


def _shown(name: str) -> str:
    """Return a file's name without what could play tricks with a terminal."""
    return "".join(char if char.isprintable() else "?" for char in name)
