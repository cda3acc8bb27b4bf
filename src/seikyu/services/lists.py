"""The official lists (帳票) of a sending: which there are now, and each of them, made when it is asked for.

A list is made from what is stored: the file as it came, what was found in it, and what became of its claims. Nothing of
it is kept, so it can never differ from them. It is made line by line, whatever the length of the file; while anybody is
sending, it waits a little between claims, because receiving comes first.

An institution gets its lists with names; to the operator persons are masked. Anything else is NotFound.

Source: provider:3.1, provider:6.1, provider:6.2.
"""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import BinaryIO, Final, TypeVar

from seikyu.limits import limit
from seikyu.office.calendar import JST
from seikyu.office.outcome import Decision
from seikyu.office.papers import Paper, papers_of
from seikyu.office.sending import State
from seikyu.ports.errors import BadRequest, Damaged, NotFound, NotThere, SeikyuError
from seikyu.ports.store import File, Sending
from seikyu.ports.trust import ClientIdentity
from seikyu.rules.finding import Finding
from seikyu.rules.index import IndexDamaged, IndexRow, Reason, read
from seikyu.rules.reports import from_json
from seikyu.rules.reports.forms import Form, Issue, file_name, forms, title_of
from seikyu.rules.reports.printing import Confirmed, Examined, divisions_there, named_institution, printings
from seikyu.rules.sheet import names_of
from seikyu.rules.summary import Summary
from seikyu.services.office import INSTITUTION, TEST, Office
from seikyu.services.show import own_sending

_FIRST_LINE_BYTES: Final = 64 * 1024
#: After so many claims it is looked whether anybody is sending, and waited for so long if so.
_CLAIMS_BETWEEN: Final = 64
_WAY_S: Final = 0.01

#: Why a list is not there, beside the reasons of `office/papers.toml`.
DAMAGED: Final = "damaged"
PAST_KEEPING: Final = "past_keeping"

Each = TypeVar("Each")


class ListNotThere(SeikyuError):
    """The sending has no such list now. Shape: facts `why`, a key of words, and `form`."""

    code = "list_not_there"


@dataclass(frozen=True, slots=True)
class Listed:
    """One list of a sending, there or not.

    Shape: `reason` is None if it is there, and only then `name` is its official file name and `rows` the most rows that
    it can have. `in_out` is the division of a divided form, `issue` as what it is printed.
    """

    form: str
    title: str
    name: str = ""
    in_out: str | None = None
    rows: int = 0
    reason: str | None = None
    issue: Issue | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class MadeList:
    """A list as it is handed out. Shape: `lines` are its official bytes, made while they are read, and read once."""

    form: Form
    issue: Issue
    name: str
    lines: Iterator[bytes]


@dataclass(frozen=True, slots=True)
class Material:
    """What the lists of a sending are made from. Shape: `files` are those that can be read, `lost` how many cannot."""

    sending: Sending
    issue: Issue
    files: tuple[Examined, ...]
    confirmed: Confirmed
    lost: int


def lists_of(office: Office, identity: ClientIdentity, sending_id: str) -> tuple[Sending, list[Listed]]:
    """Return a sending and the lists that it has or will have. Errors: Forbidden, NotFound."""
    sending, files = own_sending(office, identity, sending_id)
    papers = papers_of(line=sending.line, asp=sending.asp)
    state = State(sending.state)
    if all(paper.why_not(state) for paper in papers):
        return sending, [Listed(each.form, forms()[each.form].title, reason=each.why_not(state)) for each in papers]
    with ExitStack() as stack:
        try:
            material = gathered(office, identity, sending, stack)
        except ListNotThere as reason:
            why = str(reason.facts["why"])
            return sending, [
                Listed(each.form, forms()[each.form].title, reason=each.why_not(state) or why) for each in papers
            ]
        return sending, [listed for paper in papers for listed in _listed(material, paper, most=len(files))]


def make_list(
    office: Office, identity: ClientIdentity, sending_id: str, form_id: str, in_out: str | None = None
) -> MadeList:
    """Return a list of a sending. Shape: `in_out` says which of a divided form; it may be left out if there is one.

    Errors: Forbidden; NotFound, also for a form that such a sending never has; BadRequest; ListNotThere.
    """
    sending, _ = own_sending(office, identity, sending_id)
    paper = next((each for each in papers_of(line=sending.line, asp=sending.asp) if each.form == form_id), None)
    if paper is None:
        raise NotFound("a sending of that kind has no such list")
    if why := paper.why_not(State(sending.state)):
        raise ListNotThere("the list is not there", why=why, form=form_id)
    form = forms()[form_id]
    with ExitStack() as stack:
        issue = _issue_in(form, gathered(office, identity, sending, stack), in_out)
    return MadeList(form, issue, file_name(form, issue), _lines(office, identity, sending, form=form, issue=issue))


def gathered(office: Office, identity: ClientIdentity, sending: Sending, stack: ExitStack) -> Material:
    """Open what the lists of a sending are made from; `stack` closes it.

    Errors: NotFound; ListNotThere, if nothing of it can be read any more.
    """
    try:
        sending, files = own_sending(office, identity, sending.id)
        return _gathered(office, identity, sending, files, stack=stack)
    except NotThere:
        # A decision may have put a new index in the place of the one that the rows spoke of a moment ago.
        sending, again = own_sending(office, identity, sending.id)
        try:
            return _gathered(office, identity, sending, again, stack=stack)
        except NotThere:
            raise ListNotThere("the file is past its keeping", why=PAST_KEEPING, form="") from None


def _gathered(
    office: Office, identity: ClientIdentity, sending: Sending, files: Sequence[File], *, stack: ExitStack
) -> Material:
    found = [(file, summary) for file in files if (summary := _summary_of(file)) is not None]
    if not found:
        raise ListNotThere("no file of the sending can be read", why=DAMAGED, form="")
    examined = [_examined(office, file, summary, stack) for file, summary in found]
    first = examined[0].read(0, _FIRST_LINE_BYTES).replace(b"\r", b"\n").partition(b"\n")[0]
    summary = found[0][1]
    marks = {"test"} if sending.line == TEST else set[str]()
    if sending.decision == Decision.AUTOMATIC or sending.state == State.CONFIRMED_AUTOMATICALLY:
        marks.add("automatic")
    issue = Issue(
        summary=summary,
        institution_name=named_institution(first, summary.layout),
        sent_on=sending.received_at.astimezone(JST).date(),
        confirmed_on=sending.decided_at.astimezone(JST).date() if sending.decided_at else None,
        send_no=sending.send_no,
        confirm_no=sending.confirm_no,
        asp=sending.asp,
        marks=frozenset(marks),
        names=names_of(office.masters()),
    )
    confirmed = Confirmed(show_personal=identity.kind == INSTITUTION)
    return Material(sending, issue, tuple(examined), confirmed, lost=len(files) - len(found))


def _summary_of(file: File) -> Summary | None:
    """Return what the check said of a file; None if it could not be read, or is not checked yet."""
    told = json.loads(file.summary) if file.summary else {"damaged": True}
    return None if told.get("damaged") else Summary.from_json(told)


def _examined(office: Office, file: File, summary: Summary, stack: ExitStack) -> Examined:
    """Return a file as lists are made from it. Errors: NotThere."""
    source, index, findings = (
        stack.enter_context(office.objects.open(name)) if name else None
        for name in (f"files/{file.id}", file.index_object, file.findings_object)
    )

    def content(offset: int, size_bytes: int) -> bytes:
        if source is None:
            raise AssertionError("a file always has a name")
        source.seek(offset)
        return source.read(size_bytes)

    def rows() -> Iterator[IndexRow]:
        return _in_time(office, _rows(index, str(file.index_object)))

    return Examined(
        layout=summary.layout,
        refused=bool(file.refused),
        outside=lambda: (each for each in _findings(findings) if each.claim_index is None),
        claims=lambda: _with_findings(rows(), _findings(findings)),
        rows=rows,
        read=content,
    )


def _rows(index: BinaryIO | None, name: str) -> Iterator[IndexRow]:
    """Yield the claims; one that was not to be sent is as good as refused. Errors: Damaged."""
    if index is None:
        return
    index.seek(0)
    try:
        for row in read(index):
            yield replace(row, refused=True) if row.reason is Reason.NOT_A_CORRECTION else row
    except IndexDamaged as reason:
        raise Damaged(str(reason), object=name) from reason


def _findings(source: BinaryIO | None) -> Iterator[Finding]:
    if source is None:
        return
    source.seek(0)
    for line in source:
        yield from_json(json.loads(line))


def _with_findings(rows: Iterator[IndexRow], findings: Iterator[Finding]) -> Iterator[tuple[IndexRow, list[Finding]]]:
    """Yield each claim with its findings; both come in the order of the file."""
    of_claims = ((each.claim_index, each) for each in findings if each.claim_index is not None)
    ahead = next(of_claims, None)
    for position, row in enumerate(rows):
        own = []
        while ahead is not None and ahead[0] <= position:
            own.append(ahead[1])
            ahead = next(of_claims, None)
        yield row, own


def _in_time(office: Office, each: Iterator[Each]) -> Iterator[Each]:
    """Yield the same, and give way to who is sending."""
    for no, one in enumerate(each):
        if no % _CLAIMS_BETWEEN == 0 and office.desk.receiving:
            time.sleep(_WAY_S)
        yield one


def _listed(material: Material, paper: Paper, *, most: int) -> Iterator[Listed]:
    """Yield the lists of a form, each of its divisions."""
    form, sending = forms()[paper.form], material.sending
    if why := paper.why_not(State(sending.state)):
        yield Listed(form.id, form.title, reason=why)
        return
    told = min(sending.findings or 0, most * limit("findings_per_file"))
    rows = told if form.levels else 0 if form.divided else sending.claims or 0
    for issue in _issues(form, material):
        name = file_name(form, issue)
        yield Listed(form.id, title_of(form, issue), name, issue.in_out, rows=rows, issue=issue)


def _issues(form: Form, material: Material) -> list[Issue]:
    """Return as what a form is printed: the tallies perhaps twice."""
    if not form.divided:
        return [material.issue]
    divisions = divisions_there(form, material.issue, material.files)
    return [replace(material.issue, in_out=division) for division in divisions]


def _issue_in(form: Form, material: Material, in_out: str | None) -> Issue:
    """Return the printing that was asked for. Errors: BadRequest, NotFound."""
    there = _issues(form, material)
    if in_out is None:
        if len(there) > 1:
            raise BadRequest("the list comes in two divisions; say which", parameter="in_out")
        return there[0]
    for issue in there:
        if issue.in_out == in_out:
            return issue
    raise NotFound("no such division")


def _lines(office: Office, identity: ClientIdentity, sending: Sending, *, form: Form, issue: Issue) -> Iterator[bytes]:
    """Yield the lines of a list. What it is made from is opened with the first and closed with the last of them."""
    with ExitStack() as stack:
        material = gathered(office, identity, sending, stack)
        for each, lines in printings(form, material.issue, material.files, material.confirmed):
            if each.in_out == issue.in_out:
                yield from lines
