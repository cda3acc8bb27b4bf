"""A file with all that the checker said about it, kept in bounded memory, however much it is.

What is told goes into a temporary file without a name and is read again as often as a report needs; a line of the file
is found again by its number. Loads no web server and no database.
"""

import hashlib
import pickle
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import BinaryIO, Final, Self

from seikyu.apps.outcomes import Exit
from seikyu.apps.words import system_words
from seikyu.limits import limit
from seikyu.rules import Finding, IndexRow, Summary, examine
from seikyu.rules.blocks import one_by_one
from seikyu.rules.masters import NO_MASTERS, Masters
from seikyu.rules.reports.choice import Choice, CodeCount, rank

_CHUNK_BYTES: Final = 1024 * 1024
#: What is told stays in memory up to this size; beyond it lies on the disk.
_SPOOL_BYTES: Final = 8 * 1024 * 1024
_SPOOL_BLOCK: Final = 500
#: Only at an office does it matter that nobody can tell whose a claim is; here nothing is kept.
_NO_SECRET: Final = b"seikyu check"

Event = Finding | IndexRow


class CannotRead(Exception):
    """A path that is no file to read: `why` is the key of its words."""

    def __init__(self, why: str, reason: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.reason = reason


class Spool:
    """Findings and rows in their order, written once and read any number of times, one reader at a time."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115  (closed with the checked file)
        self._block: list[Event] = []

    def add(self, event: Event) -> None:
        """Keep one more."""
        self._block.append(event)
        if len(self._block) >= _SPOOL_BLOCK:
            self._flush()

    def __iter__(self) -> Iterator[Event]:
        self._flush()
        self._file.seek(0)
        while block := self._next():
            yield from block

    def close(self) -> None:
        """Let everything go."""
        self._file.close()

    def _next(self) -> list[Event]:
        try:
            block: list[Event] = pickle.load(self._file)  # noqa: S301  (our own, written a moment ago into a nameless file)
        except EOFError:
            return []
        return block

    def _flush(self) -> None:
        if self._block:
            pickle.dump(self._block, self._file, protocol=pickle.HIGHEST_PROTOCOL)
            self._block = []


class Checked:
    """One checked file. To be closed, best by `with`."""

    def __init__(self, path: Path, choice: Choice) -> None:
        self.path = path
        self.counts = CodeCount(choice)
        self.sha256 = ""
        self.summary: Summary
        #: Whether a claim was there that is asked for; of a file without claims, that nobody asked for one.
        self.meets_claims = choice.claims is None
        self._spool = Spool()
        self._worst = Exit.DONE

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spool.close()

    @property
    def status(self) -> Exit:
        """The exit status of this file alone, whatever of it is shown."""
        totals = self.summary.totals
        if self.summary.refused or self._worst is Exit.REFUSED or totals["refused"].claims:
            return Exit.REFUSED
        return Exit.ASKS if totals["ask"].claims or self._worst is Exit.ASKS else Exit.DONE

    def examine(
        self,
        source: BinaryIO,
        *,
        kind: str | None,
        asp: bool,
        show_personal: bool,
        rows: bool,
        masters: Masters = NO_MASTERS,
    ) -> None:
        """Check the file and keep what is told; with `rows` the rows of the claim index too.

        Errors: CannotRead.
        """
        digest = hashlib.sha256()
        chunks = _chunks(source, digest)
        told = examine(
            chunks,
            identity_key=_NO_SECRET,
            masters=masters,
            kind=kind,
            asp=asp,
            show_personal=show_personal,
            file_name=self.path.name,
        )
        for each in one_by_one(told):
            if isinstance(each, Finding):
                self._count(each)
            elif isinstance(each, Summary):
                self.summary = each
            else:
                self.meets_claims = self.meets_claims or self.counts.choice.takes_claim(each.claim_no)
                if rows:
                    self._spool.add(each)
        for _ in chunks:
            pass  # What the checker did not care to read belongs to the digest.
        self.sha256 = digest.hexdigest()

    def _count(self, finding: Finding) -> None:
        if finding.refuses:
            self._worst = Exit.REFUSED
        elif finding.asks and self._worst is Exit.DONE:
            self._worst = Exit.ASKS
        if self.counts.add(finding):
            self._spool.add(finding)

    def findings(self, *, worst_first: bool = False) -> Iterator[Finding]:
        """Yield what is shown: what concerns no claim at the top, then in the order of the file; or the worst first."""
        if worst_first:
            for grave in sorted(self.counts.ranks):
                yield from (finding for finding in self._found() if rank(finding) == grave)
            return
        if self.counts.outside:
            yield from (finding for finding in self._found() if finding.claim_index is None)
        yield from (finding for finding in self._found() if finding.claim_index is not None)

    def claims(self) -> Iterator[tuple[IndexRow, list[Finding]]]:
        """Yield each claim with its findings, in the order of the file; only of a file examined with `rows`."""
        findings: list[Finding] = []
        for event in self._spool:
            if isinstance(event, IndexRow):
                yield event, findings
                findings = []
            elif event.claim_index is not None:
                findings.append(event)

    def _found(self) -> Iterator[Finding]:
        return (event for event in self._spool if isinstance(event, Finding))


def opened(path: Path) -> BinaryIO:
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
        raise CannotRead("unreadable", system_words(reason)) from None


def _chunks(source: BinaryIO, digest: "hashlib._Hash") -> Iterator[bytes]:
    """Yield the file's bytes and digest them on the way.

    Errors: CannotRead.
    """
    try:
        while chunk := source.read(_CHUNK_BYTES):
            digest.update(chunk)
            yield chunk
    except OSError as reason:
        raise CannotRead("unreadable", system_words(reason)) from None


class LineFinder:
    """Lines of a file by their number, for one who asks for them mostly in rising order.

    It counts line ends by the chunk and cuts only the chunk that is asked about, so a large file is passed over at
    about the speed of reading. Lines are those of `records.read_lines`: ended by CR LF, LF or CR.
    """

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._no, self._line_start, self._offset, self._ends = 1, 0, 0, 0
        self._chunk = b""
        self._starts: list[int] = []
        self._begin()

    def line(self, no: int) -> bytes | None:
        """Return a line without its end, cut at the limit; None past the end of the file."""
        if no < self._no:
            self._begin()
        while no > self._no + self._ends:
            if not self._chunk:
                return None
            self._pass()
        if no == self._no:
            return self._read(self._line_start)
        self._starts = self._starts or [found.end() for found in _END.finditer(self._chunk)]
        nth = no - self._no
        if nth == self._ends:  # The chunk's last line may go on behind it.
            return self._read(self._offset + self._starts[-1])
        return self._chunk[self._starts[nth - 1] : self._starts[nth]].rstrip(b"\r\n")[: limit("line_bytes")]

    def _read(self, start: int) -> bytes:
        self._source.seek(start)
        return _END.split(self._source.read(limit("line_bytes")), 1)[0]

    def _begin(self) -> None:
        """Stand at the beginning: line `_no` begins at `_line_start` and goes through the first byte of the chunk."""
        self._no, self._line_start = 1, 0
        self._take(0)

    def _take(self, offset: int) -> None:
        self._offset, self._starts = offset, []
        self._source.seek(offset)
        self._chunk = self._source.read(_CHUNK_BYTES)
        if self._chunk.endswith(b"\r") and self._source.read(1) == b"\n":
            self._chunk += b"\n"  # No chunk may end between the two.
        self._ends = _ends(self._chunk)

    def _pass(self) -> None:
        """Go on to the next chunk."""
        if self._ends:
            self._no += self._ends
            self._line_start = self._offset + max(self._chunk.rfind(b"\n"), self._chunk.rfind(b"\r")) + 1
        self._take(self._offset + len(self._chunk))


_END: Final = re.compile(rb"\r\n|\r|\n")


def _ends(chunk: bytes) -> int:
    """Count the line ends of a chunk."""
    returns = chunk.count(b"\r")
    return chunk.count(b"\n") + (returns - chunk.count(b"\r\n") if returns else 0)
