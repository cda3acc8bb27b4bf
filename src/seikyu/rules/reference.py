"""The reference checker: one pass over a file's lines gives findings, the claim index and the summary.

Each line is cut into items and held against the layout; a claim is kept until its last line, judged by the rules, told,
and let go. Memory is bounded by the longest claim that the limits allow. Any bytes end in exactly one summary.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from seikyu.limits import limit
from seikyu.records import (
    EncodingWatch,
    Header,
    Layout,
    Line,
    Scope,
    Tail,
    control_byte,
    foreign_signature,
    layout_for,
    sniff,
)
from seikyu.rules.catalogue import RuleBook, rule_book
from seikyu.rules.context import Context
from seikyu.rules.finding import Finding, Level, Refuses
from seikyu.rules.history import History, is_history
from seikyu.rules.identity import Known, identity_of, shares_of
from seikyu.rules.index import WORST, IndexRow
from seikyu.rules.masters import NO_MASTERS, Masters
from seikyu.rules.needs import Needs
from seikyu.rules.plan import Plan, plans
from seikyu.rules.reading import ItemReader, Remark, kept
from seikyu.rules.rule import Rule
from seikyu.rules.sequence import NO_SEQUENCE, Step, sequence_of, steps_of
from seikyu.rules.summary import STANDINGS, Summary, Totals, ruleset, standing, totals_of
from seikyu.rules.table import claim_kind_of
from seikyu.rules.view import DETAILS, FIRST_VOLUME, Claim, File, Place, Record, Stray, form_of
from seikyu.rules.wording import finding_of

Told = Finding | IndexRow | Summary

_UTF8_MARK: Final = b"\xef\xbb\xbf"
#: A file that has nothing else is empty.
_BLANK: Final = b" \r\n\x1a"
_DEFAULT_KIND: Final = "medical"
_AFTER_ID: Final = (b",", b"")
#: Records that only a returned claim has: header, reason and trailer of a return file.
RETURNS: Final = frozenset({b"HI", b"HR", b"HG"})
OFFICIAL_L2: Final = "L2"
#: Rules of the whole file on places that stay where they are: control bytes, a second header.
STAYING: Final = frozenset({"X1006", "X1011"})
#: The most that a claim number in the index can be.
_MOST_CLAIM_NO: Final = 2**31 - 1

#: For one that reads and judges nothing.
NO_RULES: Final = RuleBook(claim=(), file=(), record={}, item={})


def _no_rules(_: frozenset[Level], __: str) -> RuleBook:
    return NO_RULES


class _Opened(NamedTuple):
    """A record that opens a claim, until its head (RE) is there."""

    record: Record
    line: Line
    remarks: list[Remark]


class Reference:
    """One pass over one file, line by line. What grows with it is counts, and marks of a bounded number of claims.

    `open` looks at the beginning, then comes `line` for each line, then `end`, `close_file` and `summary`. What
    there is to tell gathers in `out`; who drives the pass takes it from there.
    """

    def __init__(
        self,
        identity_key: bytes,
        levels: frozenset[Level],
        context: Context,
        *,
        show_personal: bool,
        masters: Masters = NO_MASTERS,
        books: Callable[[frozenset[Level], str], RuleBook] = rule_book,
    ) -> None:
        self.key = identity_key
        self.engine = "reference"
        self._levels, self._books = levels, books
        self.book = books(levels, _DEFAULT_KIND)
        self.show_personal = show_personal
        self.file = File(context, masters)
        self.needs = Needs(masters)
        self.item_reader = ItemReader(self.book, self.file)
        self.header: Header | None = None
        self.layout: Layout | None = None
        self._plans: dict[bytes, Plan] = {}
        self._steps: Mapping[str, Step] = {}
        self._sequence = NO_SEQUENCE
        self.last_step: Step | None = None
        self._opened: _Opened | None = None
        self.claim: Claim | None = None
        self._part: Claim | None = None
        self._kept = 0
        self._history = History({})
        self.known = Known()
        self._claim_findings: list[Finding] = []
        self._claim_start = self._claim_end = 0
        self._claim_worst: str | None = None
        self._claim_refused = False
        self.out: list[Told] = []
        self.no_before: int | None = 0
        self.found = self.listed = 0
        self.totals = dict.fromkeys(STANDINGS, Totals())

    # --- the way through the file ---

    def told(self) -> list[Told]:
        """Return what there is to tell by now, each thing once."""
        out, self.out = self.out, []
        return out

    def reader(self) -> "Reference":
        """Return one that reads claims of the same file and judges nothing: `forget` before each claim."""
        reader = Reference(
            self.key, frozenset(), self.file.context, show_personal=False, masters=self.file.masters, books=_no_rules
        )
        reader.header, reader.layout, reader._plans = self.header, self.layout, self._plans
        reader.item_reader = ItemReader(NO_RULES, reader.file)
        assert self.layout is not None  # noqa: S101  (claims are only read with a layout)
        reader._history = History.of(self.layout)
        reader.file.headers, reader.file.layout = self.file.headers, self.layout
        return reader

    def forget(self, *, index: int, no_before: int | None) -> None:
        """Make ready for a claim at that position in the file, behind the claim of that number."""
        self.claim, self._part, self._opened = None, None, None
        self.no_before, self.file.claims = no_before, index

    def rests(self) -> bool:
        """Close what is open where a claim begins; False if it cannot be closed, for what follows belongs to it."""
        assert self.layout is not None  # noqa: S101  (lines are only read with a layout)
        if self.claim is not None and self.claim.is_summary:
            return False
        if self._sequence.fault(self.last_step, self._steps.get(self.layout.opener, Step.CLAIM)) is not None:
            return False
        self.close_claim()
        self._let_go()
        return True

    @property
    def reads(self) -> bool:
        """True if lines are to be read: False for what is no claim file at all."""
        return self.layout is None or not (self.file.stopped or self.file.empty)

    def open(self, head: bytes, kind: str | None, *, file_name: str) -> None:
        """Tell from the beginning of the file what it is and how to read it."""
        file, watch = self.file, EncodingWatch()
        file_name = file_name or file.context.file_name or ""
        watch.feed(head)
        file.empty = not head.strip(_BLANK)
        file.signature = foreign_signature(head)
        file.utf8 = watch.is_utf8
        self.header = header = sniff(head, file_name=file_name)
        file.name, file.kind_stated = file_name, bool(kind or file.context.kind)
        file.kind = kind or file.context.kind or (header.kind if header else None)
        try:
            self.layout = layout_for(file.kind or _DEFAULT_KIND, header.claim_month if header else None)
        except KeyError:
            file.other_kind = True
            return
        self.book = self._books(self._levels, self.layout.kind)
        self.item_reader = ItemReader(self.book, file)
        self.needs = Needs(file.masters, kind=claim_kind_of(self.layout.kind))
        self._steps, self._sequence = steps_of(self.layout), sequence_of(self.layout)
        self._history = History.of(self.layout)
        file.layout = self.layout
        self._plans = {rid.encode(): plan for rid, plan in plans(self.layout.name).items()}
        known = any(line.removeprefix(_UTF8_MARK)[:2] in self._plans for line in head.splitlines())
        file.other_kind = is_history(head.splitlines()[0]) if not (file.empty or known) else False
        file.stopped = not file.empty and (file.signature is not None or not known)
        if file.stopped:
            file.first = _printable(head[:2])
            at = None if file.signature else control_byte(head.splitlines()[0])
            if at is not None:
                file.controls.append(Place(line=1, found=f"{head[at]:02X}"))

    def line(self, line: Line) -> None:
        """Take the next line of the file."""
        file, content = self.file, line.content
        if self.layout is None:  # A kind that has no layout yet: its claims are counted.
            file.claims += content.startswith(b"RE,")
            return
        file.endings.setdefault(line.ending, line.no)
        if not content:
            file.blank += 1
            file.blank_line = file.blank_line or line.no
            return
        if line.no == 1:
            content = content.removeprefix(_UTF8_MARK)
            file.first = _printable(content[:2])
        file.last = (line.no, content[:2])
        plan = self._plans.get(content[:2]) if content[2:3] in _AFTER_ID else None
        if plan is None:
            self._stray(line, content)
        else:
            self._record(line, content, plan)
        if self.claim is not None:
            self._claim_end = line.offset + line.length

    def end(self, tail: Tail) -> None:
        """Take the end of the file."""
        self.close_claim()
        self._let_go()
        if self.layout is not None:
            self.file.mark, self.file.after_mark = tail.mark, tail.after_filled

    def _record(self, line: Line, content: bytes, plan: Plan) -> None:
        """Take a line whose record the layout knows."""
        assert self.layout is not None  # noqa: S101  (lines are only read with a layout)
        scope, rid = plan.layout.scope, plan.layout.id
        opens, heads = rid == self.layout.opener, rid == self.layout.head
        if scope is Scope.FILE or (opens and not heads):
            self.close_claim()
            self._let_go()
        elif self.claim and not heads and self._kept >= limit("claim_lines"):
            self.claim.lines_left_out += 1
            return
        record, remarks = self.item_reader.read(line, content, plan)
        if self._sequence is not NO_SEQUENCE:
            step = Step.CLAIM if heads and self._is_detail(record) else self._steps.get(rid, Step.CLAIM)
            self._step(step, Stray(line.no, rid))
        if heads:
            self._open_claim(record, line)
        elif opens:
            self._opened = _Opened(record, line, remarks)
            return
        else:
            self._let_go()
            self._take(record, scope)
        self._tell_all(record, line, remarks)

    def _let_go(self) -> None:
        """Give up a record that should have opened a claim, and tell what is wrong with it."""
        opened, self._opened = self._opened, None
        if opened:
            self._tell_all(opened.record, opened.line, opened.remarks)

    def _tell_all(self, record: Record, line: Line, remarks: list[Remark]) -> None:
        """Tell what is wrong with a record by itself."""
        if line.cut:
            self._cut(Stray(line.no, record.id))
            return
        for found, place in remarks:
            self._tell(found, place)
        for found, find in self.book.record.get(record.id, ()):
            for place in find(record):
                self._tell(found, place)

    def _step(self, step: Step, stray: Stray) -> None:
        """Go on in the file, and keep the place of a record that cannot follow the one before it."""
        code = self._sequence.fault(self.last_step, step)
        self.last_step = step
        if code is not None:
            kept(self.file.misplaced.setdefault(code, []), stray)

    def _take(self, record: Record, scope: Scope) -> None:
        """Put a record where it belongs."""
        claim, file = self._part or self.claim, self.file
        if self.layout and record.id == self.layout.header:
            self._header_seen(record)
        elif scope is Scope.FILE:
            kept(file.trailers, record)
        elif claim is None:
            kept(file.early, Stray(record.line, record.id))
        else:
            self._kept += 1
            (claim.donor if claim.donor or scope is Scope.DONOR else claim.own).append(record)

    def _header_seen(self, header: Record) -> None:
        """Keep a header. Claims of the first volume count from 1; of further ones, and behind a second IR, from any."""
        first = not self.file.headers and header["volume_id"] in (None, FIRST_VOLUME)
        self.no_before = 0 if first else None
        self.file.headers_seen += 1
        self.known = self.known.anew()  # Claims behind a second header are another file's, and that is told.
        kept(self.file.headers, header)

    def _cut(self, stray: Stray) -> None:
        """Keep the place of a line that is too long; what its beginning says is read, and not judged."""
        kept(self.claim.cut_lines if self.claim else self.file.cut_lines, stray)
        self.file.unsure = True

    def _stray(self, line: Line, content: bytes) -> None:
        """Take a line that no layout knows, that is too long to be read, or that belongs to a history block."""
        stray = Stray(line.no, _printable(content[:2]))
        claim = self.claim
        if (at := control_byte(content)) is not None:
            kept(self.file.controls, Place(line=line.no, found=f"{content[at]:02X}"))
        elif line.cut:
            self._cut(stray)
        elif claim is None:
            kept(self.file.strays, stray)
        elif content[:2] in RETURNS:
            kept(claim.returns, stray)
        elif is_history(content):
            self._step(Step.HISTORY, stray)
            self._history.take(claim, content, stray)
        else:
            kept((self._part or claim).strays, stray)

    # --- claims ---

    def _open_claim(self, record: Record, line: Line) -> None:
        """Begin a claim with its head, or a detail of the summary claim that is open."""
        assert self.layout is not None  # noqa: S101  (lines are only read with a layout)
        if self._is_detail(record):
            self._open_detail(record)
            return
        no_before = self._number_before(record)
        self.close_claim()
        opened, self._opened = self._opened, None
        header, start = self.header, opened.line if opened else line
        self.claim = Claim(
            layout=self.layout,
            head=record,
            index=self.file.claims,
            no_before=no_before,
            review_body=header.body if header else None,
            claim_month=header.claim_month if header else None,
            masters=self.file.masters,
            institution=header.institution if header else "",
            header=self.file.header,
            own=[opened.record, record] if opened else [record],
        )
        self.no_before = record["claim_no"]
        self.file.claims += 1
        self._claim_start, self._claim_worst, self._claim_refused = start.offset, None, False
        self._kept = len(self.claim.own)
        if opened:
            self._tell_all(opened.record, opened.line, opened.remarks)

    def _is_detail(self, head: Record) -> bool:
        """True if a head opens a detail of the summary claim that is open, and no claim of its own."""
        if self.layout is None or self.claim is None or not self.claim.is_summary:
            return False
        return form_of(self.layout, head) in DETAILS

    def _number_before(self, record: Record) -> int | None:
        """Return the number that a claim's own goes on from.

        Whether details are counted along is not in the papers: it may be the summary claim's or the last detail's.
        """
        summary = self.claim.head["claim_no"] if self.claim and self.claim.details else None
        return summary if summary is not None and record["claim_no"] == summary + 1 else self.no_before

    def _open_detail(self, record: Record) -> None:
        """Begin a claim under a summary claim. It stands and falls with it: both are one claim of the index."""
        whole = self.claim
        assert whole is not None  # noqa: S101  (a detail is one of something)
        self._kept += 1
        if self._kept > limit("claim_lines"):
            whole.lines_left_out += 1
            return
        self._part = replace(
            whole, head=record, no_before=None, own=[record], donor=[], details=[], part_of=whole, strays=[],
            returns=[], cut_lines=[], history_faults=[], history=0, history_month=None, lines_left_out=0,
        )  # fmt: skip
        whole.details.append(self._part)
        self.no_before = record["claim_no"]
        self.file.details += 1

    def close_claim(self) -> None:
        """Judge the claim that ends here, and tell its findings and its row."""
        claim, self._part = self.claim, None
        if claim is None:
            return
        identity = identity_of(claim, institution=self.header.institution if self.header else "", key=self.key)
        self._compare(claim, identity)
        for each in (claim, *claim.details):
            self._judge(each)
        self.claim = None
        findings, self._claim_findings = self._claim_findings, []
        findings.sort(key=lambda finding: (finding.line or 0, finding.item_no or 0, finding.code))
        self.out += findings
        row = self._row(claim, identity)
        self.totals[standing(row)] += totals_of(row)
        self.file.cases += len(claim.records("HO")[:1]) + len(claim.public_payers)
        self.file.points += row.main_points
        self.file.points_unsure |= any(payer["total_points"] is None for payer in claim.payers[:1])
        self.out.append(row)

    def _judge(self, claim: Claim) -> None:
        """Tell what is wrong with a claim as a whole."""
        there = claim.ids
        month = claim.service_month
        for found, find in self.needs.served(self.book.of_month(month), month):
            if found.on and there.isdisjoint(found.on):
                continue
            for place in find(claim):
                self._tell(found, place)

    def _compare(self, claim: Claim, identity: bytes) -> None:
        """Hold the claim against those before it; so many are remembered, and no more."""
        if claim.type_row:
            self.file.kinds_seen[claim.type_row["kind"]] += 1
        number = claim.head.raw("search_no")
        claim.repeats = self.known.seen_identity(identity)
        claim.search_repeats = bool(number) and self.known.seen(b"search " + number)

    def _row(self, claim: Claim, identity: bytes) -> IndexRow:
        payers = shares_of(claim)
        month, claim_no, claim_type = claim.service_month, claim.head["claim_no"], claim.claim_type
        return IndexRow(
            offset=self._claim_start,
            length=self._claim_end - self._claim_start,
            line=claim.head.line,
            claim_no=-1 if claim_no is None else min(claim_no, _MOST_CLAIM_NO),
            service_month=int(month) if month else 0,
            claim_type=int(claim_type) if claim_type else 0,
            worst=self._claim_worst,
            refused=self._claim_refused,
            has_insurer=claim.insurer is not None,
            payers=payers,
            main_points=payers[0].points if payers else 0,
            identity=identity,
        )

    # --- the end ---

    def close_file(self) -> None:
        """Judge the file as a whole."""
        month = self.header.claim_month if self.header else None
        for found, find in self.needs.served(self.book.file, month):
            for place in find(self.file):
                self.found += 1
                self.file.refused = self.file.refused or found.refuses is Refuses.FILE
                self.out.append(finding_of(found, place, None, show_personal=self.show_personal))

    def certain(self) -> Finding | None:
        """Return what refuses the file whatever follows, None if nothing does yet."""
        if len(self.file.headers) <= 1 and not self.file.controls:
            return None
        judges = (judge for judge in self.book.file if judge[0].code in STAYING)
        places = ((rule, place) for rule, find in judges for place in find(self.file))
        rule, place = next(places, (None, None))
        return finding_of(rule, place, None, show_personal=self.show_personal) if rule and place else None

    def summary(self) -> Summary:
        """Return what the file comes to."""
        file, header = self.file, self.header
        totals = self.totals
        if file.refused:
            totals = {**dict.fromkeys(STANDINGS, Totals()), "refused": sum(totals.values(), Totals())}
        return Summary(
            kind=file.kind,
            body=header.body if header else None,
            prefecture=header.prefecture if header else "",
            point_table=header.point_table if header else "",
            institution_code=header.institution_code if header else "",
            claim_month=str(header.claim_month) if header and header.claim_month else None,
            claims=file.claims,
            points=file.points,
            totals=totals,
            refused=file.refused,
            findings=self.found,
            ruleset=ruleset(),
            layout=self.layout.name if self.layout and file.kind else None,
            engine=self.engine,
            masters=self.needs.names(),
            silent=tuple(sorted(self.needs.silent)),
            missing=tuple(sorted(self.needs.missing)),
        )

    # --- telling ---

    def _tell(self, found: Rule, place: Place) -> None:
        """Tell a finding outside claims at once; keep one of a claim until the claim ends."""
        claim, file, refuses = self.claim, self.file, found.refuses
        self.found += 1
        file.refused = file.refused or refuses is Refuses.FILE
        file.unreadable_codes += found.code.startswith(OFFICIAL_L2)
        if claim is not None:
            worst, level = self._claim_worst, found.level.value
            self._claim_worst = level if worst is None else max(worst, level, key=WORST.index)
            self._claim_refused = self._claim_refused or refuses is not None
        if self.listed >= limit("findings_per_file"):
            file.findings_left_out += 1
            return
        self.listed += 1
        finding = finding_of(found, place, claim, show_personal=self.show_personal)
        (self.out if claim is None else self._claim_findings).append(finding)


def _printable(rid: bytes) -> str | None:
    """Return a record identification that can be shown, None if it is something else."""
    return rid.decode("ascii") if rid.isalnum() and rid.isascii() else None
