"""The claims of a file that are to be drawn: found by a search, read one by one, with what the checker says of them.

However large the file is, only the claims that are drawn are kept.
"""

import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO, Final

from seikyu.apps.drawing.errors import NoSuchClaim, NotAClaimFile
from seikyu.apps.words import system_words
from seikyu.limits import limit
from seikyu.records import (
    Layout,
    Line,
    Month,
    Scope,
    Span,
    claim_spans,
    foreign_signature,
    layout_for,
    parse_month,
    read_lines,
    sniff,
)
from seikyu.rules import Finding, IndexRow, examine
from seikyu.rules.masters import NO_MASTERS, Masters
from seikyu.rules.sheet import ClaimLines, Sheet, names_of, sheet_of

_CHUNK_BYTES: Final = 1024 * 1024
_HEAD_BYTES: Final = 64 * 1024
_UTF8_MARK: Final = b"\xef\xbb\xbf"
#: Nobody here keeps whose claim is whose.
_NO_SECRET: Final = b"seikyu show"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which claims are to be drawn, and how. Shape: `numbers` are ranges as typed, empty for the first claims."""

    numbers: tuple[range, ...] = ()
    month: Month | None = None
    kind: str | None = None
    findings: bool = True
    show_personal: bool = False

    def takes(self, span: Span) -> bool:
        """True if the claim's number was asked for, or none was."""
        return not self.numbers or any(
            span.claim_no in numbers for numbers in self.numbers if span.claim_no is not None
        )


@dataclass(slots=True)
class Drawn:
    """What came of it: the sheets, how many claims the file has, and how many fitted but were too many."""

    sheets: list[Sheet] = field(default_factory=list)
    claims: int = 0
    left_out: int = 0
    file_findings: int = 0


def draw(path: Path, wanted: Wanted, masters: Masters = NO_MASTERS) -> Drawn:
    """Return the sheets of the claims that are wanted.

    Errors: FileUnusable, NotAClaimFile, NoSuchClaim.
    """
    with opened(path) as scanned, opened(path) as read:
        kind, layout = _header(scanned, path, wanted.kind)
        first = _first(read, layout)
        drawn = Drawn()
        claims: list[tuple[Span, ClaimLines]] = []
        for span in claim_spans(_chunks(scanned), layout):
            drawn.claims += 1
            full = len(claims) == limit("claims_drawn")
            if not wanted.takes(span):
                continue
            # Past the limit a claim is only counted; where its month matters it must be looked at for that.
            claim = None if full and not wanted.month else _fitting(read, span, wanted, layout=layout)
            if full:
                drawn.left_out += claim is not None or not wanted.month
            elif claim is not None:
                claims.append((span, ClaimLines(kind, layout, span.claim_index, *claim, header=first)))
    if not claims:
        raise _missing(path, wanted, drawn.claims)
    found = findings_of(path, [span for span, _ in claims], wanted, masters) if wanted.findings else {}
    drawn.file_findings = len(found.pop(None, ()))
    names = names_of(masters)
    for span, lines in claims:
        mine = found.get(span.claim_index, ())
        drawn.sheets.append(sheet_of(lines, findings=mine, names=names, show_personal=wanted.show_personal))
    return drawn


def findings_of(path: Path, spans: Iterable[Span], wanted: Wanted, masters: Masters) -> dict[int | None, list[Finding]]:
    """Return the findings of some claims by their place in the file, and under None those outside every claim.

    The check ends with the last of the claims: what would be said at the end of the file is not said here.
    """
    places = {span.claim_index for span in spans}
    found: dict[int | None, list[Finding]] = {}
    rows = 0
    with opened(path) as source:
        told = examine(
            _chunks(source),
            identity_key=_NO_SECRET,
            masters=masters,
            kind=wanted.kind,
            show_personal=wanted.show_personal,
            file_name=path.name,
        )
        for each in _one_by_one(told):
            if isinstance(each, Finding) and (each.claim_index is None or each.claim_index in places):
                found.setdefault(each.claim_index, []).append(each)
            elif isinstance(each, IndexRow):
                rows += 1
                if rows > max(places):
                    break
    return found


def _one_by_one(told: Iterable[Any]) -> Iterator[Any]:
    """Yield what the checker tells, whether it comes one by one or in blocks."""
    for each in told:
        yield from each if isinstance(each, Iterable) else (each,)


def opened(path: Path) -> BufferedReader:
    """Open a regular file and nothing else; a FIFO must not make us wait for its writer. Errors: FileUnusable."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise _unusable("folder", path)
        if not stat.S_ISREG(mode):
            raise _unusable("special", path)
        return path.open("rb")
    except FileNotFoundError:
        raise _unusable("missing", path) from None
    except OSError as reason:
        raise _unusable("unreadable", path, reason) from None


def _unusable(why: str, path: Path, reason: OSError | None = None) -> Exception:
    """Return the error of a path that cannot be used. Its room brings the line's libraries, hence the late import."""
    from seikyu.apps.client.errors import FileUnusable

    return FileUnusable(why, file=str(path), reason=system_words(reason) if reason else "?")


def _header(source: BinaryIO, path: Path, kind: str | None) -> tuple[str, Layout]:
    """Return the kind of the file, and how it is read. Errors: NotAClaimFile."""
    head = source.read(_HEAD_BYTES)
    source.seek(0)
    header = None if foreign_signature(head) else sniff(head, file_name=path.name)
    if header is None:
        raise NotAClaimFile(file=str(path))
    if kind is None:
        return header.kind, header.layout
    return kind, layout_for(kind, header.claim_month)


def _first(read: BinaryIO, layout: Layout) -> Line | None:
    """Return the file's header, None if it begins with something else."""
    line = next(read_lines(_chunks(read, limit_bytes=_HEAD_BYTES)), None)
    if line is None:
        return None
    line = line._replace(content=line.content.removeprefix(_UTF8_MARK))
    known = layout.records.get(line.content[:2].decode("ascii", "replace"))
    return line if known and known.scope is Scope.FILE else None


def _fitting(read: BinaryIO, span: Span, wanted: Wanted, *, layout: Layout) -> tuple[list[Line], int] | None:
    """Return the lines of a claim, and how many were too many; None if it is of another service month."""
    read.seek(span.offset)
    lines: list[Line] = []
    left_out = 0
    for line in read_lines(_chunks(read, limit_bytes=span.length)):
        if len(lines) == limit("claim_lines") or line.offset > limit("drawn_claim_bytes"):
            left_out += 1
        else:
            lines.append(line._replace(no=line.no + span.line - 1, offset=line.offset + span.offset))
    if wanted.month is not None and wanted.month != _month_of(lines, layout):
        return None
    return lines, left_out


def _month_of(lines: Iterable[Line], layout: Layout) -> Month | None:
    """Return the service month of a claim."""
    at = layout.records["RE"].by_name["service_month"].no - 1
    items = next((line.content.split(b",") for line in lines if line.content.startswith(b"RE,")), [])
    month = parse_month(items[at]) if at < len(items) else None
    return month.month if month else None


def _missing(path: Path, wanted: Wanted, claims: int) -> NoSuchClaim:
    asked = ", ".join(f"{each.start}" if len(each) == 1 else f"{each.start}-{each.stop - 1}" for each in wanted.numbers)
    return NoSuchClaim(file=str(path), numbers=" ".join(filter(None, (asked, str(wanted.month or "")))), claims=claims)


def _chunks(source: BinaryIO, *, limit_bytes: int | None = None) -> Iterator[bytes]:
    """Yield a file's bytes from where it stands, no more than the limit."""
    left = limit_bytes
    while chunk := source.read(_CHUNK_BYTES if left is None else min(left, _CHUNK_BYTES)):
        yield chunk
        left = None if left is None else left - len(chunk)
