"""What a decision would come to, for the institution to look at before it decides, and what it has come to after.

Beforehand the same function tells that decides (`office.forecast.decided`), over the rows that would be decided; after
the decision the index says it itself. Nothing changes here.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from seikyu.office.forecast import Fate, Sum, decided, forecast
from seikyu.office.leaving import LeftOut
from seikyu.office.outcome import Decision
from seikyu.office.sending import State
from seikyu.ports.errors import BadRequest, NotFound, NotThere
from seikyu.ports.store import File, Sending
from seikyu.ports.trust import ClientIdentity
from seikyu.rules.index import IndexRow, Outcome
from seikyu.services.decide import CHOICES, seen_of
from seikyu.services.indexes import rows_of
from seikyu.services.office import Office
from seikyu.services.show import CLAIM_STATES, Page, checked_limit, claim_view, own_sending, parse_cursor

#: Which claims of the list: all, those that would not be claimed, or those with something found on them.
WHICH: Final = ("all", "unclaimed", "found")


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the claims of a sending come to.

    Shape: `decided` if it is decided already: then every decision says what was. `seen` is the word to decide with.
    """

    sending: Sending
    decided: bool
    seen: str
    fates: Mapping[Decision, Mapping[Fate, Sum]]

    def total(self, decision: Decision, outcome: Outcome) -> Sum:
        """Return the sum of what comes to that."""
        return sum((each for fate, each in self.fates[decision].items() if fate.outcome is outcome), Sum())


def forecast_of(office: Office, identity: ClientIdentity, sending_id: str) -> Forecast:
    """Return what every decision would come to. Errors: Forbidden, NotFound (also past its keeping)."""
    while True:
        sending, files = own_sending(office, identity, sending_id)
        try:
            return _forecast(office, sending, files)
        except NotThere:
            _require_moved(office, identity, sending_id, files)


def preview(
    office: Office,
    identity: ClientIdentity,
    sending_id: str,
    errors: str,
    *,
    which: str = "unclaimed",
    limit: int,
    cursor: str | None = None,
) -> dict[str, Any]:
    """Return what a decision would come to, or has: sums by reason, and a page of claims with what becomes of each.

    Errors: Forbidden, NotFound, BadRequest.
    """
    if errors not in CHOICES:
        raise BadRequest("errors is with or without", parameter="errors")
    if which not in WHICH:
        raise BadRequest(f"which is one of {', '.join(WHICH)}", parameter="which")
    decision = Decision(errors)
    told = forecast_of(office, identity, sending_id)
    page = list_fates(office, identity, sending_id, decision, which=which, limit=limit, cursor=cursor)
    sums = sorted(told.fates[decision].items(), key=lambda each: _order(each[0]))
    return {
        "id": told.sending.id,
        "state": told.sending.state,
        "errors": decision.value,
        "decided": told.decided,
        "seen": told.seen,
        "claimed": _sum_view(told.total(decision, Outcome.CLAIMED)),
        "unclaimed": _sum_view(told.total(decision, Outcome.UNCLAIMED)),
        "fates": [_fate_view(fate) | _sum_view(each) for fate, each in sums],
        "items": page.items,
        "next": page.next,
    }


def list_fates(
    office: Office,
    identity: ClientIdentity,
    sending_id: str,
    decision: Decision,
    *,
    which: str,
    limit: int,
    cursor: str | None = None,
) -> Page:
    """Return a page of claims with what becomes of each. Shape: the cursor is `FILE.INDEX`. Errors: as `preview`."""
    checked_limit(office, limit)
    start = parse_cursor(cursor)
    while True:
        sending, files = own_sending(office, identity, sending_id)
        try:
            return _page(_fates(office, sending, files, decision), which=which, start=start, limit=limit)
        except NotThere:
            _require_moved(office, identity, sending_id, files)


def _forecast(office: Office, sending: Sending, files: list[File]) -> Forecast:
    fates: dict[Decision, dict[Fate, Sum]] = {each: defaultdict(Sum) for each in Decision}
    is_decided = sending.state not in {State.CHECKING, State.TO_DECIDE}
    for file in files:
        rows = rows_of(office.objects, file.index_object)
        if is_decided and sending.state != State.REFUSED:
            _count(rows, fates)
            continue
        left = LeftOut.read(file.left_out)
        of_file = forecast(rows, left, asp=sending.asp, file_refused=bool(file.refused), by=office.policy)
        for decision, sums in of_file.items():
            for fate, each in sums.items():
                fates[decision][fate] += each
    return Forecast(sending, is_decided, seen_of(sending, files), fates)


def _count(rows: Iterator[IndexRow], fates: dict[Decision, dict[Fate, Sum]]) -> None:
    """Count what the index says of decided claims; it is the same whatever one asks about."""
    sums: dict[Fate, Sum] = defaultdict(Sum)
    for row in rows:
        sums[Fate(row.outcome, row.reason, row.worst)] += Sum(1, row.cases, row.main_points)
    for each in fates.values():
        each.update(sums)


def _fates(
    office: Office, sending: Sending, files: list[File], decision: Decision
) -> Iterator[tuple[File, int, IndexRow, bool]]:
    """Yield every claim as it would be decided, or was: file, position, row, and whether it is left out."""
    for file in files:
        left = LeftOut.read(file.left_out)
        for index, row in enumerate(rows_of(office.objects, file.index_object)):
            after = row
            if row.outcome is Outcome.OPEN:
                after = decided(
                    row, decision, left_out=index in left, asp=sending.asp, file_refused=bool(file.refused),
                    by=office.policy,
                )  # fmt: skip
            yield file, index, after, index in left


def _page(fates: Iterator[tuple[File, int, IndexRow, bool]], *, which: str, start: tuple[int, int], limit: int) -> Page:
    items: list[dict[str, Any]] = []
    for file, index, row, left_out in fates:
        if (file.no, index) < start or not _wanted(row, which, left_out=left_out):
            continue
        if len(items) == limit:
            return Page(items, f"{file.no}.{index}")
        items.append(claim_view(file, index, row) | {"cases": row.cases, "left_out": left_out})
    return Page(items, None)


def _wanted(row: IndexRow, which: str, *, left_out: bool) -> bool:
    if which == "unclaimed":
        return row.outcome is not Outcome.CLAIMED
    return which == "all" or row.worst is not None or row.refused or left_out


def _require_moved(office: Office, identity: ClientIdentity, sending_id: str, files: list[File]) -> None:
    """Errors: NotFound, unless another act has put new objects in the place of those that are gone."""
    if own_sending(office, identity, sending_id)[1] == files:
        raise NotFound("the list of claims is past its keeping") from None


def _order(fate: Fate) -> tuple[int, int, str]:
    return fate.outcome, fate.reason, fate.worst or ""


def _fate_view(fate: Fate) -> dict[str, Any]:
    reason = fate.reason.name.lower() if fate.reason else None
    return {"state": CLAIM_STATES[fate.outcome], "reason": reason, "worst": fate.worst}


def _sum_view(each: Sum) -> dict[str, int]:
    return {"claims": each.claims, "cases": each.cases, "points": each.points}
