"""What the operator does: the same acts for the desk's API and for a command that works on the home itself."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from seikyu import records
from seikyu.adapters.clock import CLOCK, SystemClock, move_clock
from seikyu.apps.calendars import extension_on_wire, put_calendar
from seikyu.apps.extending import announce, make_known
from seikyu.apps.revoking import party_on_wire
from seikyu.office.calendar import Extension
from seikyu.office.sending import State
from seikyu.ports.errors import AlreadyThere, BadRequest, NotFound
from seikyu.ports.register import Party
from seikyu.ports.store import Month
from seikyu.services.check import check_sending
from seikyu.services.close import OPEN, close_month, request_close
from seikyu.services.errors import OnlyInSandbox, StillChecking
from seikyu.services.office import LINES, OPERATOR, REAL, Office
from seikyu.services.register import Listed, Report
from seikyu.trust.party import PARTY_IDS
from seikyu.trust.register import Verdict, categories

NAME_CHARS: Final = 200

#: Where a sandbox's clock may stand: calendars and calculations have room before and after.
_FIRST_YEAR: Final = 2000
_LAST_YEAR: Final = 2099


def clock(office: Office) -> dict[str, Any]:
    """Return the office's time."""
    return {"now": office.clock.now().isoformat(), "moves": office.sandbox}


def set_clock(office: Office, to: datetime | None) -> dict[str, Any]:
    """Put the sandbox's clock to `to`, or back to the machine's. Errors: OnlyInSandbox, BadRequest."""
    if not office.sandbox:
        raise OnlyInSandbox("a real office does not move its clock")
    if to is not None and to.tzinfo is None:
        raise BadRequest("an instant says its offset, as in 2026-10-10T23:59:00+09:00", parameter="now")
    if to is not None and not _FIRST_YEAR <= to.year <= _LAST_YEAR:
        raise BadRequest(f"the years are {_FIRST_YEAR} to {_LAST_YEAR}", parameter="now")
    with office.store.write() as tx:
        if to is None:
            tx.put_setting(CLOCK, "0")
        else:
            move_clock(tx, to, real=SystemClock())
    return clock(office)


def calendar(office: Office) -> dict[str, Any]:
    """Return the calendar in force, and what is open now on each line."""
    now, present = office.clock.now(), office.calendar()
    lines = {}
    for line in LINES:
        opening = present.at(now, line)
        lines[line] = {
            "open": opening.open,
            "window": opening.window.value,
            "closes_at": _iso(opening.closes_at),
            "next_opens_at": _iso(opening.next_opens_at),
        }
    extensions = [extension_on_wire(each) for each in present.extensions]
    return {"name": present.name, "now": now.isoformat(), "lines": lines, "extensions": extensions}


def set_calendar(office: Office, name: str, extensions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Put a calendar in force. A real office keeps its calendar and only announces extensions; new ones are told.

    Errors: OnlyInSandbox, BadRequest; the old one stays.
    """
    if not office.sandbox and name != office.calendar().name:
        raise OnlyInSandbox("a real office keeps its calendar; it can announce an extension")
    wanted = [_extension(each) for each in extensions]
    before = {(each.month, each.until, each.closing) for each in office.calendar().extensions}
    with office.store.write() as tx:
        extended = put_calendar(tx, name, wanted)
        new = [each for each in wanted if (each.month, each.until, each.closing) not in before]
        told = [make_known(tx, office, extended, each) for each in new]
    for title, text in told:
        announce(office, title, text, by=OPERATOR)
    return calendar(office)


def add_party(
    office: Office, *, party_id: str, kind: str, name: str, address: str = "", since: datetime | None = None
) -> dict[str, Any]:
    """Enter a party in the register, from now on if `since` does not say otherwise.

    Errors: BadRequest; AlreadyThere, if the id is taken.
    """
    form = PARTY_IDS.get(kind) or re.compile(
        next((row.form for row in categories().values() if row.kind == kind), "()")
    )
    if not form.fullmatch(party_id) or not party_id:
        raise BadRequest(
            "an institution has 10 digits, a payer 8, a review office its body and prefecture (1-13), the operator is "
            "`operator`", parameter="id",
        )  # fmt: skip
    if not 0 < len(name.strip()) <= NAME_CHARS or len(address) > NAME_CHARS:
        raise BadRequest(f"a name has 1 to {NAME_CHARS} characters", parameter="name")
    since = since or office.clock.now()
    party = Party(id=party_id, kind=kind, name=name.strip(), since=since, address=address.strip())
    with office.store.write() as tx:
        if tx.party(party_id) is not None:
            raise AlreadyThere(id=party_id)
        tx.put_party(party)
    return party_on_wire(party)


def end_party(office: Office, party_id: str) -> dict[str, Any]:
    """Take a party out of the register from now on; its rows stay. Errors: NotFound."""
    with office.store.write() as tx:
        party = tx.party(party_id)
        if party is None:
            raise NotFound("no such party")
        ended = replace(party, until=office.clock.now())
        tx.put_party(ended)
    return party_on_wire(ended)


def months(office: Office) -> list[dict[str, Any]]:
    """Return the months of every body that have been closed or are being closed."""
    with office.store.read() as tx:
        return [month_on_wire(each) for each in tx.months()]


def month_of(office: Office, body: str, month: str) -> dict[str, Any]:
    """Return one month of one body; open, if nobody has touched it."""
    with office.store.read() as tx:
        row = tx.month(body, month, REAL)
    return month_on_wire(row or Month(body, month, REAL, state=OPEN))


def order_close(office: Office, body: str, month: str, *, force: bool = False) -> dict[str, Any]:
    """Order that a month be closed. Where no calendar closes it, the hand of the operator is enough.

    `force` closes before the time, and without what is not checked yet.
    Errors: BadRequest, MonthNotOver, StillChecking, AlreadyClosed; nothing changes then.
    """
    by_hand = force or _closed_by_hand_only(office, month)
    if by_hand and not force and (late := _checking(office, body, month)):
        raise StillChecking("sendings of the month are still checked", sendings=len(late), state="checking")
    return month_on_wire(request_close(office, body, month, force=by_hand))


def close_now(office: Office, body: str, month: str, *, force: bool = False) -> dict[str, Any]:
    """Close a month here and now, in an office that no server works on. Errors: as `order_close`."""
    for sending_id in _checking(office, body, month):
        check_sending(office, sending_id)
    order_close(office, body, month, force=force)
    close_month(office, body, month)
    return month_of(office, body, month)


def _closed_by_hand_only(office: Office, month: str) -> bool:
    try:
        return office.calendar().closing_from(records.Month.parse(month)) is None
    except ValueError:
        raise BadRequest("a month is YYYYMM", parameter="month") from None


def _checking(office: Office, body: str, month: str) -> list[str]:
    with office.store.read() as tx:
        found = tx.sendings(body=body, month=month, line=REAL, states=(State.CHECKING.value,))
    return [each.id for each in found]


def month_on_wire(row: Month) -> dict[str, Any]:
    """Return a month as the wire shows it to the operator; `report` is the trial balance."""
    return {
        "body": row.body,
        "month": row.month,
        "state": row.state,
        "closed_at": _iso(row.closed_at),
        "report": json.loads(row.report) if row.report else None,
    }


def report_on_wire(report: Report) -> dict[str, Any]:
    """Return what a list of parties comes to, as the wire shows it."""
    return {
        "applied": report.applied,
        "counts": {verdict.value: report.counts[verdict] for verdict in Verdict},
        "refused": [_listed(each) for each in report.refused],
        "changes": [_listed(each) for each in report.changes],
        "remarked": [_listed(each) for each in report.remarked],
    }


def _listed(each: Listed) -> dict[str, Any]:
    change = each.change
    return {
        "line": each.line,
        "id": change.id,
        "verdict": change.verdict.value,
        "fields": list(change.fields),
        "refused": [{"code": remark.code, "facts": dict(remark.facts)} for remark in change.refused],
        "remarks": [{"code": remark.code, "facts": dict(remark.facts)} for remark in change.remarks],
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _extension(row: Mapping[str, Any]) -> Extension:
    """Return the extension that was asked for. Errors: BadRequest."""
    try:
        month = records.Month.parse(row["month"])
    except ValueError as reason:
        raise BadRequest(str(reason), parameter="month") from None
    if row["until"].tzinfo is None or (row["closing"] and row["closing"].tzinfo is None):
        raise BadRequest("an instant says its offset", parameter="until")
    return Extension(month, row["until"], row["closing"])
