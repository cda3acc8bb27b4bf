"""What the office sees of its own work: how much came in from where, what waits, what failed, and one sending's way.

Counts and shapes, never a patient's item: no text of a file and no value of a finding passes through here. What a claim
says is shown by `grants` alone.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final

from seikyu.office.calendar import JST
from seikyu.office.ledger import Stage
from seikyu.office.sending import State
from seikyu.ports.errors import BadRequest, NotFound, NotThere
from seikyu.ports.jobs import Work
from seikyu.ports.operating import Arrived, SendingQuery
from seikyu.ports.store import Delivery, File, Month, ReadTx, Sending
from seikyu.services.check import DAMAGED
from seikyu.services.office import REAL, Office
from seikyu.services.show import Page, file_view, sending_view
from seikyu.trust.operating import GrantState, UndoState, grant_state_at, undo_state_at

#: Files without a readable header name no kind.
NO_KIND: Final = "unknown"

#: So many months back the failures of a check are looked for.
_LOOK_BACK: Final = timedelta(days=62)

#: So many damaged files are named; more than that is one fault of a disk.
_NAMED: Final = 100


@dataclass(frozen=True, slots=True)
class Day:
    """Half-open stretch of one day in Japan."""

    start: datetime
    end: datetime

    @classmethod
    def of(cls, now: datetime) -> "Day":
        """Return the day that holds an instant."""
        start = datetime.combine(now.astimezone(JST).date(), time(), tzinfo=JST)
        return cls(start, start + timedelta(days=1))


def overview(office: Office) -> dict[str, Any]:
    """Return how the office stands: today's sendings, the month's arrivals, queue, failures, suspense, disk, wishes."""
    now = office.clock.now()
    today = Day.of(now)
    month_began = today.start.replace(day=1)
    unfinished = {work: office.jobs.unfinished(work) for work in Work}
    with office.store.read() as tx:
        arrived = tx.arrived(month_began, today.end)
        damaged = tx.files_with_summary(DAMAGED, now - _LOOK_BACK)
        checking = tx.sendings(states=(State.CHECKING.value,))
        months = tx.months()
        states = tx.states()
        wishes = _wishes(tx, office)
    return {
        "now": now.isoformat(),
        "today": _table(each for each in arrived if each.hour >= today.start),
        "arrivals": _curve(arrived, since=month_began, until=today.end),
        "states": states,
        "queue": {
            "waiting": office.jobs.waiting(),
            "checking": len(checking),
            "closing": sum(row.state == "closing" for row in months),
            "lost": sum(each.id not in unfinished[Work.CHECK_SENDING] for each in checking),
            "oldest": min((each.received_at for each in checking), default=now).isoformat() if checking else None,
        },
        "damaged": {
            "files": len(damaged),
            "items": [{"file": file, "sending": sending} for file, sending in damaged[:_NAMED]],
        },
        "suspense": list(_suspense(months)),
        "disk": {"free_bytes": office.objects.free_bytes(), "least_bytes": office.limit("free_bytes")},
        "wishes": wishes,
    }


def find_sendings(office: Office, wanted: SendingQuery, *, limit: int, cursor: str | None = None) -> Page:
    """Return sendings of every party, newest first. Errors: BadRequest."""
    most = office.limit("page_items")
    if not 1 <= limit <= most:
        raise BadRequest(f"limit is 1 to {most}", parameter="limit")
    if wanted.state is not None and wanted.state not in set(State):
        raise BadRequest("no such state", parameter="state")
    with office.store.read() as tx:
        found = tx.sendings_found(wanted, after=cursor, limit=limit + 1)
    return Page([sending_view(each) for each in found[:limit]], found[limit - 1].id if len(found) > limit else None)


def timeline(office: Office, sending_id: str) -> dict[str, Any]:
    """Return the way of one sending through the house. Errors: NotFound."""
    with office.store.read() as tx:
        sending = tx.sending(sending_id)
        if sending is None:
            raise NotFound("no such sending")
        files = tx.files(sending_id)
        month = tx.month(sending.body, str(sending.month), REAL) if sending.line == REAL else None
        postings = tx.postings_of_files([file.id for file in files])
        named = sorted({row.delivery for row in postings if row.delivery is not None})
        deliveries = [found for found in map(tx.delivery, named) if found is not None]
        steps = [*_steps(sending, files, month, deliveries), *_acts(tx, sending_id)]
        grants = len(tx.grants(sending=sending_id))
    suspended: Counter[str] = Counter()
    for row in postings:
        if row.stage == Stage.SUSPENDED and row.reason is not None:
            suspended[row.reason] += row.claims
    return {
        **sending_view(sending),
        "files": [_shape(file) for file in files],
        "findings_by_code": findings_by_code(office, files),
        "steps": sorted(steps, key=lambda step: step["at"]),
        "deliveries": [_delivery(each) for each in deliveries],
        "suspended": [{"reason": reason, "claims": claims} for reason, claims in sorted(suspended.items()) if claims],
        "grants": grants,
    }


def findings_by_code(office: Office, files: Iterable[File]) -> dict[str, int]:
    """Return how many findings of each code files have; nothing of those past their keeping."""
    counted: Counter[str] = Counter()
    for file in files:
        if file.findings_object is None:
            continue
        try:
            with office.objects.open(file.findings_object) as source:
                counted.update(str(json.loads(line)["code"]) for line in source)
        except NotThere:
            continue
    return dict(sorted(counted.items()))


def _wishes(tx: ReadTx, office: Office) -> dict[str, int]:
    """Return how many orders and grants wait for somebody."""
    now = office.real_now()
    ordered = [undo_state_at(UndoState(each.state), each.ordered_at, now) for each in tx.undo_orders(state="waiting")]
    asked = [grant_state_at(GrantState(each.state), each.asked_at, each.until, now) for each in tx.grants()]
    return {
        "undo_asked": len(tx.undo_orders(state=UndoState.ASKED.value)),
        "undo_waiting": ordered.count(UndoState.WAITING),
        "grants_waiting": asked.count(GrantState.WAITING),
        "grants_given": asked.count(GrantState.GIVEN),
    }


def _table(arrived: Iterable[Arrived]) -> dict[str, Any]:
    """Return sendings by prefecture and kind, with the sums of both."""
    by: dict[str, Counter[str]] = defaultdict(Counter)
    claims: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    for each in arrived:
        by[each.prefecture][each.kind or NO_KIND] += each.sendings
        claims[each.prefecture] += each.claims
        lines[each.line] += each.sendings
    kinds = sorted({kind for counted in by.values() for kind in counted})
    return {
        "kinds": kinds,
        "rows": [
            {
                "prefecture": prefecture,
                "kinds": {kind: counted[kind] for kind in kinds},
                "sendings": counted.total(),
                "claims": claims[prefecture],
            }
            for prefecture, counted in sorted(by.items())
        ],
        "total": {
            "kinds": {kind: sum(counted[kind] for counted in by.values()) for kind in kinds},
            "sendings": sum(counted.total() for counted in by.values()),
            "claims": claims.total(),
        },
        "lines": dict(lines),
    }


def _curve(arrived: Iterable[Arrived], *, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """Return how many sendings of the real line came on each day, and since the month began."""
    by_day: Counter[str] = Counter()
    for each in arrived:
        if each.line == REAL:
            by_day[each.hour.astimezone(JST).date().isoformat()] += each.sendings
    days, total, day = [], 0, since
    while day < until:
        name = day.date().isoformat()
        total += by_day[name]
        days.append({"day": name, "sendings": by_day[name], "total": total})
        day += timedelta(days=1)
    return days


def _suspense(months: Iterable[Month]) -> Iterator[dict[str, Any]]:
    """Yield what stood in suspense when each month was closed last, by reason."""
    for row in months:
        report = json.loads(row.report) if row.report else {"suspended": []}
        by_reason: Counter[str] = Counter()
        for each in report["suspended"]:
            by_reason[each["reason"]] += each["claims"]
        for reason, claims in sorted(by_reason.items()):
            yield {"body": row.body, "month": row.month, "reason": reason, "claims": claims}


def _steps(
    sending: Sending, files: Iterable[File], month: Month | None, deliveries: Iterable[Delivery]
) -> Iterator[dict[str, Any]]:
    """Yield what rows say of a sending's way."""
    agent = {"agent": sending.agent} if sending.agent else {}
    yield _step(sending.received_at, "recorded", files=sum(1 for _ in files), **agent)
    checked = [file.checked_at for file in files if file.checked_at is not None]
    if checked:
        counts = {name: getattr(sending, name) for name in ("claims", "refused", "ask", "findings")}
        yield _step(max(checked), "checked", **counts)
    if sending.decided_at is not None:
        what = "cancelled" if sending.decision is None else "decided"
        by = sending.decided_agent or ("calendar" if sending.decision == "automatic" else sending.party)
        yield _step(sending.decided_at, what, by=by, decision=sending.decision)
    if month is not None and month.closed_at is not None and sending.state == State.HANDED_OVER:
        yield _step(month.closed_at, "closed", body=month.body, month=month.month)
    for each in deliveries:
        yield _step(each.sealed_at, "sealed", delivery=each.id, payer=each.payer)
        for at, what in ((each.fetched_at, "fetched"), (each.received_at, "received")):
            if at is not None:
                yield _step(at, what, delivery=each.id, payer=each.payer)


def _acts(tx: ReadTx, sending_id: str) -> Iterator[dict[str, Any]]:
    """Yield what the journal says of a sending; times of the journal are the machine's."""
    for entry in tx.entries(subject=sending_id):
        facts = json.loads(entry.facts or "{}")
        yield _step(entry.at, entry.act, by=entry.user, **{name: facts[name] for name in ("claim",) if name in facts})


def _step(at: datetime, what: str, **facts: Any) -> dict[str, Any]:
    return {"at": at.astimezone(JST).isoformat(), "what": what, "by": facts.pop("by", None), "facts": facts}


def _shape(file: File) -> dict[str, Any]:
    """Return a file without its name, which may say whose it is."""
    return {name: value for name, value in file_view(file).items() if name != "name"}


def _delivery(each: Delivery) -> dict[str, Any]:
    return {
        "id": each.id,
        "payer": each.payer,
        "kind": each.kind,
        "volume": each.volume,
        "state": each.state,
        "claims": each.claims,
        "points": each.points,
        "size_bytes": each.size_bytes,
    }
