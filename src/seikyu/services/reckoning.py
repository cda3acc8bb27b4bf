"""The numbers of a sending and of a month, told in the two ways of counting that people compare.

A receipt counts claims (枚数): one with insurance and public funds counts once, with the values of its main payer. The
trailer (GO) and the invoice of the sender's own program count cases (件数): one for each payer of a claim. So the two
differ without anything being wrong. Here stands what lies between them, step by step, so that a clerk can see why.

Source: provider:4 (counting rule), provider:9 row 7, payer:7.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Final

from seikyu.limits import KIB
from seikyu.office.sending import State
from seikyu.ports.errors import BadRequest
from seikyu.ports.store import Sending
from seikyu.ports.trust import ClientIdentity
from seikyu.records import read_lines
from seikyu.rules.index import IndexRow
from seikyu.rules.plan import plans
from seikyu.rules.reports.decisions import Errors, outcome_of
from seikyu.rules.reports.forms import Issue, forms, kind_of
from seikyu.rules.reports.heads import HEAD_BYTES, ClaimHead, read_claim
from seikyu.rules.reports.printing import Examined, book_of
from seikyu.rules.reports.tallies import TallyBook, divisions_of
from seikyu.rules.reports.values import Value
from seikyu.services.list_archive import Wish, sendings_of
from seikyu.services.lists import ListNotThere, Material, gathered
from seikyu.services.office import Office
from seikyu.services.show import own_sending

_TRAILER_BYTES: Final = 4 * KIB
_TRAILER: Final = "GO"
_RECEIPT: Final = "hjry"
#: States in which what was confirmed is claimed no longer.
_NOT_CLAIMED: Final = frozenset({State.CANCELLED, State.CORRECTED, State.UNDONE})


@dataclass(frozen=True, slots=True)
class Reckoning:
    """What lies between the trailer's count and the receipt's.

    Shape: `trailer` is the sum of the files' GO, None if one of them cannot be read; `cases` are the payers that claims
    name; `refused` and `left_out` are claims that are not claimed, or before the decision could not be.
    """

    trailer: int | None
    cases: int
    claims: int
    refused: int
    left_out: int
    claimed: int

    @property
    def more_payers(self) -> int:
        """How many cases there are beyond one a claim."""
        return self.cases - self.claims


def reckon(office: Office, identity: ClientIdentity, sending_id: str) -> Reckoning | None:
    """Return the numbers of a sending; None if nothing of it can be read. Errors: Forbidden, NotFound."""
    sending, _ = own_sending(office, identity, sending_id)
    if sending.state == State.CHECKING:
        return None
    with ExitStack() as stack:
        try:
            material = gathered(office, identity, sending, stack)
        except ListNotThere:
            return None
        return _reckoned(material)


def _reckoned(material: Material) -> Reckoning:
    cases = claims = refused = left_out = 0
    trailers = []
    for file in material.files:
        end = 0
        for row in _claims(material, file):
            end = row.offset + row.length
            cases += row.cases
            claims += 1
            if row.refused or file.refused:
                refused += 1
            elif not outcome_of(row, errors=Errors.WITH, asp=material.issue.asp):
                left_out += 1
        trailers.append(_trailer_count(file, end))
    known = [each for each in trailers if each is not None]
    told = sum(known) if len(known) == len(trailers) and not material.lost else None
    return Reckoning(told, cases, claims, refused, left_out, claims - refused - left_out)


def _claims(material: Material, file: Examined) -> Iterator[IndexRow]:
    """Yield the claims that count: a detail of a summary claim counts in its summary."""
    for row in file.rows():
        if not material.issue.kind.get("details") or not _head(file, row).detail:
            yield row


def _head(file: Examined, row: IndexRow) -> ClaimHead:
    return read_claim(file.read(row.offset, min(row.length, HEAD_BYTES)), layout_name=file.layout, line=row.line)


def _trailer_count(file: Examined, end: int) -> int | None:
    """Return the number of cases that GO states behind the last claim, None if it cannot be read."""
    plan = plans(file.layout).get(_TRAILER) if file.layout else None
    at = plan.index.get("claim_count") if plan else None
    for line in read_lines([file.read(end, _TRAILER_BYTES)]):
        items = line.content.split(b",")
        if at is not None and items[0] == _TRAILER.encode() and at < len(items) and items[at].isdigit():
            return int(items[at])
    return None


# --- the month ---


@dataclass(slots=True)
class MonthSums:
    """What a month's confirmed sendings come to, by claim type.

    Shape: `tables` are one for each kind of file and division, with the rows of a receipt; `open_sendings` wait for a
    decision, `lost` could not be read.
    """

    wish: Wish
    tables: list[tuple[Issue, list[dict[str, Value]]]] = field(default_factory=list)
    sendings: int = 0
    open_sendings: int = 0
    lost: int = 0


def month_sums(office: Office, identity: ClientIdentity, wish: Wish) -> MonthSums:
    """Return the sums of what was claimed in a month, by kind, division and claim type.

    Errors: Forbidden; BadRequest, if there are more claims than are read for one answer.
    """
    found = sendings_of(office, identity, wish)
    confirmed = [each for each in found if each.claimed is not None and State(each.state) not in _NOT_CLAIMED]
    most = office.limit("month_claims")
    if sum(each.claims or 0 for each in confirmed) > most:
        raise BadRequest(f"sums are made of {most} claims at most; narrow the wish", parameter="month")
    sums = MonthSums(wish, open_sendings=sum(each.state == State.TO_DECIDE for each in found))
    books: dict[str, tuple[Issue, TallyBook]] = {}
    for sending in confirmed:
        _count(office, identity, sending, sums=sums, books=books)
    for issue, book in books.values():
        for division in divisions_of(book.divisions, issue):
            each = replace(issue, in_out=division)
            sums.tables.append((each, list(book.rows(forms()[_RECEIPT], each))))
    return sums


def _count(
    office: Office,
    identity: ClientIdentity,
    sending: Sending,
    *,
    sums: MonthSums,
    books: dict[str, tuple[Issue, TallyBook]],
) -> None:
    """Add one sending to the book of its kind."""
    form = forms()[_RECEIPT]
    with ExitStack() as stack:
        try:
            material = gathered(office, identity, sending, stack)
        except ListNotThere:
            sums.lost += 1
            return
        # By type also what was sent without ASP, whose own lists have the total only.
        issue = replace(material.issue, asp=True)
        book = books.setdefault(kind_of(sending.kind), (issue, TallyBook()))[1]
        book_of(form, issue, material.files, material.confirmed, into=book)
        sums.sendings += 1
