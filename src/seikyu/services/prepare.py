"""Checking what is still arriving: the result is ready when the order comes, and used if it is the order's own.

The order stays the truth. A preparation follows an object that is being written, with index and findings in drafts that
are not committed; `check` is the office's `Checker`: it takes a preparation whose file, size, digest and terms are
exactly those of the order, and else has the file examined anew, as if nobody had watched. So a preparation that is
missing, late, wrong or dead costs time and nothing else, and whatever it was about to write leaves no byte.

A preparation ends in one of three ways: used, dropped because nobody will ask for it (its object is gone), or dropped
because it cannot go on (no place, no room, a fault). Each is told.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import chain
from typing import Final

from seikyu.limits import limit
from seikyu.ports.errors import SeikyuError, Unavailable
from seikyu.ports.objects import Growing, ObjectWriter
from seikyu.ports.watching import Coming, Progress, Verdict
from seikyu.records import sniff
from seikyu.rules.certain import HEAD_BYTES, certain, first_certain
from seikyu.rules.finding import Finding
from seikyu.rules.masters import Masters
from seikyu.rules.summary import Summary
from seikyu.services.arrival import require_room
from seikyu.services.check import context_of
from seikyu.services.examine import CHUNK_BYTES, CheckOrder, written
from seikyu.services.office import Office
from seikyu.services.receive import body_of

#: How long to wait for more bytes before looking again; a look costs microseconds.
POLL_S: Final = 0.02

#: How often it is told how far a file has come. A verdict is told at once.
REPORT_S: Final = 0.2

Report = Callable[[Progress], None]


class _GivenUp(Exception):
    """Nobody will ask for this result."""


@dataclass(slots=True, eq=False)
class Preparation:
    """One file that is followed. Shape: `ended` is the size and digest it should have, once that is known."""

    coming: Coming
    ended: tuple[int, str] | None = None
    gone: bool = False
    order: CheckOrder | None = None
    masters: Masters | None = None
    summary: Summary | None = None
    growing: Growing | None = None
    index: ObjectWriter | None = None
    findings: ObjectWriter | None = None
    changed: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)
    held: ExitStack = field(default_factory=ExitStack)

    def close(self) -> None:
        """Let go of everything; drafts that are not committed leave no byte. Harmless when repeated."""
        self.held.close()

    def fits(self, order: CheckOrder, masters: Masters) -> bool:
        """Return whether this is the result of exactly that order, whatever the names of its objects."""
        if self.order is None or self.summary is None or self.masters is not masters:
            return False
        return self.order == replace(order, index=self.order.index, findings=self.order.findings)


class Preparations:
    """What is being prepared, by file (ports.watching.Watching, services.examine.Checker). Safe from many threads."""

    def __init__(self, office: Office, *, report: Report = lambda _: None) -> None:
        """Shape: `office` examines by itself; `report` is told how far files have come."""
        self._office = office
        self._report = report
        self._guard = threading.Lock()
        self._by_file: dict[str, Preparation] = {}
        self._stopped = False

    def __len__(self) -> int:
        return len(self._by_file)

    def begin(self, coming: Coming) -> None:
        """Follow a file, if there is a place for it."""
        one = Preparation(coming)
        with self._guard:
            if coming.file_id in self._by_file:
                return
            placed = self._has_place(coming.party)
            if placed:
                self._by_file[coming.file_id] = one
        if not placed:
            self._office.tell("preparation_dropped", file=coming.file_id, reason="no_place")
            return
        try:
            threading.Thread(target=self._run, args=(one,), name="preparation", daemon=True).start()
        except RuntimeError:  # the machine has no thread left
            one.done.set()
            self._drop(one, reason="no_thread")

    def end(self, file_id: str, *, size_bytes: int, sha256: str) -> None:
        """Take note that the last byte can be read."""
        one = self._by_file.get(file_id)
        if one is not None:
            one.ended = (size_bytes, sha256)
            one.changed.set()

    def gone(self, file_id: str) -> None:
        """Give a file up."""
        one = self._by_file.get(file_id)
        if one is None:
            return
        with self._guard:
            one.gone = True
            ready = one.done.is_set()
        one.changed.set()
        if ready:
            self._drop(one, reason="gone")

    def look(self) -> None:
        """Drop what is ready and will never be asked for: its object is gone. To be called now and then."""
        with self._guard:  # What has a place is not closed yet, so it may be looked at.
            ready = [one for one in self._by_file.values() if one.done.is_set()]
            left = [one for one in ready if one.growing is None or one.growing.gone]
        for one in left:
            self._drop(one, reason="gone")

    def stop(self, *, wait_s: float) -> None:
        """Drop everything, and wait so long for what is under way to let go. Nothing is examined from now on."""
        self._stopped = True
        under_way = list(self._by_file.values())
        for one in under_way:
            self.gone(one.coming.file_id)
        until = time.monotonic() + wait_s
        for one in under_way:
            one.done.wait(max(0.0, until - time.monotonic()))

    def check(self, order: CheckOrder) -> Summary:
        """Use what is prepared for the order, or examine anew (services.examine.Checker).

        A preparation that is still under way is waited for: it has a lead over one that begins now.
        Errors: as a Checker's; Unavailable after `stop`.
        """
        one = self._by_file.get(order.file.rpartition("/")[2])
        if one is not None:
            # The order comes after the commit, so its word on the end is as good as a note, which may have been lost.
            one.ended = (order.size_bytes, order.sha256)
            one.changed.set()
            one.done.wait()
            summary = self._taken(one, order)
            if summary is not None:
                return summary
        if self._stopped:
            raise Unavailable("the working process stops")
        self._office.tell("checked_anew")
        return self._office.checker(order)

    # --- one file ---

    def _has_place(self, party: str) -> bool:
        """Return whether one more file may be followed, of that party too, and whether the disk has room for it."""
        office = self._office
        mine = sum(each.coming.party == party for each in self._by_file.values())
        if len(self._by_file) >= office.limit("preparations") or mine >= office.limit("preparations_per_party"):
            return False
        try:
            require_room(office, 0)
        except (SeikyuError, OSError):
            return False
        return True

    def _run(self, one: Preparation) -> None:
        """Prepare one file to its end, and let go of it if nobody wants it any more."""
        reason = ""
        try:
            self._prepare(one)
        except _GivenUp:
            reason = "gone"
        except (SeikyuError, OSError) as error:
            reason = type(error).__name__
        except Exception as error:  # noqa: BLE001  (the door of a thread: the order's own check will meet it again)
            reason = f"bug_{type(error).__name__}"
        with self._guard:  # Either we see here that it is gone, or who says so sees that it is ready.
            if not reason and not one.gone:
                one.done.set()
                return
        self._drop(one, reason=reason or "gone")
        one.done.set()  # Who waits for the end waits until nothing is left.

    def _prepare(self, one: Preparation) -> None:
        office, coming = self._office, one.coming
        growing = office.objects.follow(coming.growing, name=f"files/{coming.file_id}")
        one.growing = one.held.enter_context(growing)
        pieces = Pieces(one, growing)
        course = Course(coming.file_id, self._report)
        head = pieces.head(HEAD_BYTES)
        order = self._order(coming, head)
        if one.ended is None:
            course.decide(certain(head[:HEAD_BYTES], asp=order.asp, context=order.context))
        most = limit("file_bytes")
        one.index = one.held.enter_context(office.objects.writer(order.index, limit_bytes=most))
        one.findings = one.held.enter_context(office.objects.writer(order.findings, limit_bytes=most))
        one.masters = office.masters()
        summary = written(
            course.along(chain([head], iter(pieces))),
            order,
            identity_key=office.identity_key,
            masters=one.masters,
            index=one.index,
            findings=one.findings,
            watcher=course,
        )
        course.report()
        one.order = replace(order, size_bytes=pieces.size_bytes, sha256=pieces.sha256())
        one.summary = summary

    def _order(self, coming: Coming, head: bytes) -> CheckOrder:
        """Return the order that will come if the sending is what its beginning says; its objects' names aside."""
        office = self._office
        header = sniff(head[:HEAD_BYTES], file_name=coming.file_name or "")
        return CheckOrder(
            file=f"files/{coming.file_id}",
            size_bytes=0,
            sha256="",
            index=f"indexes/{coming.file_id}.prepared",
            findings=f"findings/{coming.file_id}.prepared",
            asp=coming.asp,
            context=context_of(
                office,
                body=body_of(office, coming.body, header),
                party=coming.party,
                line=coming.line,
                at=office.clock.now(),
                file_name=coming.file_name,
            ),
        )

    def _taken(self, one: Preparation, order: CheckOrder) -> Summary | None:
        """Commit a result under the order's names and return its summary; None if it is not the order's.

        Errors: NoSpace; no object is left behind then.
        """
        with self._guard:
            mine = self._by_file.pop(one.coming.file_id, None) is one
        if not mine:
            return None
        try:
            if not one.fits(order, self._office.masters()) or one.index is None or one.findings is None:
                self._office.tell("preparation_dropped", file=one.coming.file_id, reason="differs")
                return None
            one.findings.commit(name=order.findings)
            one.index.commit(name=order.index)
        finally:
            one.close()
        self._office.tell("preparation_used", file=one.coming.file_id)
        return one.summary

    def _drop(self, one: Preparation, *, reason: str) -> None:
        """Forget a file and leave nothing of it, unless an order has taken it meanwhile."""
        with self._guard:
            mine = self._by_file.pop(one.coming.file_id, None) is one
        if mine:
            self._office.tell("preparation_dropped", file=one.coming.file_id, reason=reason)
            one.close()


class Pieces:
    """The bytes of a file as they arrive, waited for; their digest and length when they have all been read."""

    def __init__(self, one: Preparation, growing: Growing) -> None:
        self._one = one
        self._growing = growing
        self._digest = sha256()
        self.size_bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        """Yield pieces up to the last byte. Errors: _GivenUp."""
        one = self._one
        while True:
            ended = one.ended is not None  # Looked at before the read: what is read then is all there is.
            if one.gone:
                raise _GivenUp
            piece = self._growing.read(CHUNK_BYTES)
            if piece:
                self._digest.update(piece)
                self.size_bytes += len(piece)
                yield piece
            elif ended:
                return
            elif self._growing.gone:
                raise _GivenUp
            else:
                one.changed.wait(POLL_S)

    def head(self, size_bytes: int) -> bytes:
        """Return the first bytes, at least so many if there are. Errors: _GivenUp."""
        head = b""
        for piece in self:
            head += piece
            if len(head) >= size_bytes:
                break
        return head

    def sha256(self) -> str:
        """Return the digest of what was read so far, lower-case hex."""
        return self._digest.hexdigest()


class Course:
    """How far the check of one file has come, told now and then."""

    def __init__(self, file_id: str, report: Report) -> None:
        self._file_id = file_id
        self._report = report
        self._claims = 0
        self._findings: Counter[str] = Counter()
        self._refused: Verdict | None = None
        self._reported_at = 0.0

    def along(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Pass bytes on, and tell how far it is in passing."""
        for piece in pieces:
            yield piece
            if time.monotonic() - self._reported_at >= REPORT_S:
                self.report()

    def seen(self, claims: int, findings: Iterable[Finding]) -> None:
        """Count claims and findings; the first finding that refuses the file decides."""
        self._claims += claims
        for finding in findings:
            self._findings[finding.level.value] += 1
            self.decide(first_certain([finding]))

    def decide(self, finding: Finding | None) -> None:
        """Tell at once that the file is certain to be refused, if it is; the first word on it stays."""
        if finding is not None and self._refused is None:
            self._refused = Verdict(
                finding.code, finding.level.value, finding.line, finding.message, finding.message_ja
            )
            self.report()

    def report(self) -> None:
        """Tell how far it is."""
        self._reported_at = time.monotonic()
        self._report(Progress(self._file_id, self._claims, dict(self._findings), self._refused))
