"""Examining a file: bytes go in, blocks of findings and index rows come out, and one summary at the end.

Two engines say the same. The *kernel* (`rules.kernel`) is compiled and reads at about the speed of decoding; the
*reference* (`rules.reference`) is plain Python, the oracle of the tests, and serves where there is no Numba.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from typing import Final, Literal, Protocol

from seikyu.limits import limit
from seikyu.records import LineCutter
from seikyu.rules.blocks import Certain, Findings, Rows
from seikyu.rules.catalogue import RuleBook, rule_book
from seikyu.rules.context import Context
from seikyu.rules.finding import Finding, Level
from seikyu.rules.index import IndexRow
from seikyu.rules.masters import NO_MASTERS, Masters
from seikyu.rules.reference import Reference
from seikyu.rules.summary import Summary

Block = Findings | Rows | Certain | Summary
Books = Callable[[frozenset[Level], str], RuleBook]
Engine = Literal["kernel", "reference"]

#: So much of a file's beginning is looked at before it is read.
HEAD_BYTES: Final = 64 * 1024
#: A shorter file is through the reference before the compiled kernel is loaded.
KERNEL_FROM_BYTES: Final = 256 * 1024
#: So much the reference keeps before it tells.
_TOLD_AT_ONCE: Final = 1000
_WITHOUT_ASP: Final = frozenset({Level.L1, Level.L2})


def examine(  # noqa: PLR0913  (the circumstances of a file: one keyword each)
    chunks: Iterable[bytes],
    *,
    identity_key: bytes,
    asp: bool = True,
    context: Context | None = None,
    masters: Masters | None = None,
    show_personal: bool = False,
    kind: str | None = None,
    file_name: str = "",
    engine: Engine | None = None,
    eager: bool = False,
) -> Iterator[Block]:
    """Yield the findings and index rows of a file in blocks, and at the end one summary.

    `identity_key` (at most 64 bytes) keys the hash of a claim's identity. Without `asp` only the levels L1 and L2 are
    judged. Codes are looked up in `masters`; rules whose master is not there are silent, and the summary says so.
    `kind` overrides what the file looks like, `file_name` tells returns of re-examination apart. Values of personal
    items are masked unless `show_personal`. `engine` chooses one; else it is the kernel where there is Numba
    and the file is long enough to be worth loading it. `eager` reads what is whole at once instead of in large
    batches, and tells at once what will refuse the file: for one that arrives while somebody watches.
    """
    examination = Examination(
        identity_key=identity_key,
        asp=asp,
        context=context,
        masters=masters,
        show_personal=show_personal,
        kind=kind,
        file_name=file_name,
        engine=engine,
        eager=eager,
    )
    for chunk in chunks:
        yield from examination.feed(chunk)
        if examination.decided:
            break
    yield from examination.finish()


class Examination:
    """One file's examination while its bytes arrive: `feed` each chunk, then `finish`; both yield blocks.

    What they yield must be gone through to the end. The circumstances are those of `examine`; `books` gives the
    rules of levels in a kind of file.
    """

    def __init__(  # noqa: PLR0913  (the circumstances of a file: one keyword each)
        self,
        *,
        identity_key: bytes,
        asp: bool = True,
        context: Context | None = None,
        masters: Masters | None = None,
        show_personal: bool = False,
        kind: str | None = None,
        file_name: str = "",
        engine: Engine | None = None,
        eager: bool = False,
        books: Books = rule_book,
    ) -> None:
        levels = frozenset(Level) if asp else _WITHOUT_ASP
        self._reference = Reference(
            identity_key,
            levels,
            context or Context(),
            show_personal=show_personal,
            masters=masters or NO_MASTERS,
            books=books,
        )
        self._kind, self._file_name, self._engine = kind, file_name, engine
        self._eager = eager
        self._kernel_from = HEAD_BYTES if eager else KERNEL_FROM_BYTES
        self._head: list[bytes] = []
        self._head_bytes = 0
        self._way: Way | None = None
        self._certain = False

    @property
    def decided(self) -> bool:
        """True if no further byte can change the answer: the file is no claim file."""
        return self._way is not None and not self._reference.reads

    def feed(self, chunk: bytes) -> Iterator[Block]:
        """Take the next bytes of the file; yield what is certain by now."""
        if self._way is not None:
            yield from self._read(self._way, chunk)
            return
        self._head.append(chunk)
        self._head_bytes += len(chunk)
        if self._head_bytes >= (self._kernel_from if self._engine is None else HEAD_BYTES):
            yield from self._begin()

    def finish(self) -> Iterator[Block]:
        """Yield all that is left to tell when no further byte will come, the summary last."""
        if self._way is None:
            yield from self._begin()
        if self._way is not None and self._reference.reads:
            yield from self._way.finish()
        self._reference.close_file()
        yield from blocks_of(self._reference)
        yield self._reference.summary()

    def _begin(self) -> Iterator[Block]:
        """Look at the beginning, choose the engine, and read what is there."""
        data = b"".join(self._head)
        self._head.clear()
        self._reference.open(data[:HEAD_BYTES], self._kind, file_name=self._file_name)
        self._way = self._chosen(short=len(data) < self._kernel_from)
        yield from self._read(self._way, data)

    def _chosen(self, *, short: bool) -> "Way":
        if self._engine == "reference" or (self._engine is None and short):
            return LineByLine(self._reference)
        return _kernel()(self._reference) or LineByLine(self._reference)

    def _read(self, way: "Way", data: bytes) -> Iterator[Block]:
        if self._reference.reads:
            self._reference.file.bytes_read += len(data)
            yield from way.feed(data)
            if self._eager:
                yield from way.flush()
                yield from self._foreseen()

    def _foreseen(self) -> Iterator[Block]:
        """Yield the first finding on the whole file that is certain before its end."""
        found = None if self._certain else self._reference.certain()
        if found is not None:
            self._certain = True
            yield Certain(found)


class Way(Protocol):
    """An engine's way through the bytes of one file that has been opened."""

    def feed(self, data: bytes) -> Iterator[Block]:
        """Take the next bytes; yield what is certain by now."""
        ...

    def flush(self) -> Iterator[Block]:
        """Read what is whole by now instead of waiting for more to read at once."""
        ...

    def finish(self) -> Iterator[Block]:
        """Yield what is left to tell of the lines and claims."""
        ...


class LineByLine:
    """The reference's way: it sees every line."""

    def __init__(self, reference: Reference, *, no: int = 0, offset: int = 0) -> None:
        self._reference = reference
        self.cutter = LineCutter(limit("line_bytes"), no=no, offset=offset)

    def feed(self, data: bytes) -> Iterator[Block]:
        """Take the next bytes; yield what is certain by now."""
        reference = self._reference
        for line in self.cutter.feed(data):
            reference.line(line)
            if len(reference.out) >= _TOLD_AT_ONCE:
                yield from blocks_of(reference)
        yield from blocks_of(reference)

    def flush(self) -> Iterator[Block]:
        """Read what is whole by now: nothing waits here."""
        yield from blocks_of(self._reference)

    def finish(self) -> Iterator[Block]:
        """Yield what is left to tell of the lines and claims."""
        for line in self.cutter.finish():
            self._reference.line(line)
        assert self.cutter.tail is not None  # noqa: S101  (it is there when the lines are through)
        self._reference.end(self.cutter.tail)
        yield from blocks_of(self._reference)


def blocks_of(reference: Reference) -> Iterator[Block]:
    """Yield what the reference has gathered: its findings, then its rows."""
    told = reference.told()
    findings = Findings(each for each in told if isinstance(each, Finding))
    rows = Rows.of(each for each in told if isinstance(each, IndexRow))
    if findings:
        yield findings
    if rows:
        yield rows


@cache
def _kernel() -> Callable[[Reference], Way | None]:
    """Load the kernel; where it cannot be loaded, return one that has no way."""
    try:
        from seikyu.rules.kernel.engine import way_for  # noqa: PLC0415  (Numba is loaded where it is needed)
    except ImportError:
        return lambda _: None
    return way_for


@cache
def has_numba() -> bool:
    """True if this Python has Numba; without it the reference serves. It is not loaded for the question."""
    return find_spec("numba") is not None
