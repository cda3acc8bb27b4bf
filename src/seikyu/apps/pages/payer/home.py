"""The first page of a payer's people: what is there this month, what is not received yet, and when the next comes."""

from datetime import datetime
from typing import Any

from starlette.responses import Response

from seikyu.apps.api.identity import days_to_warn_of
from seikyu.apps.dates import month_text
from seikyu.apps.pages.payer.said import body_name, office_month
from seikyu.apps.pages.public.told import news_lines
from seikyu.apps.pages.visit import Visit
from seikyu.office.payer_days import PayerDays, payer_days
from seikyu.records import Month
from seikyu.services.deliver import FETCHING, RECEIVED, WAITING, Wanted, list_deliveries
from seikyu.services.office import PAYER
from seikyu.services.payer_months import list_payer_months
from seikyu.trust.people import FETCH, permits


def show_payer_home(visit: Visit) -> Response:
    """Show the first page of somebody of a payer who has logged in."""
    office, asker, now = visit.office, visit.asker, visit.office.clock.now()
    months = list_payer_months(office, asker)
    newest = months[0][0] if months else ""
    bodies = [body_name(visit, body) for month, body in months if month == newest]
    counted = _counted(visit, newest)
    with office.store.read() as tx:
        party = tx.party(asker.party)
        own = tx.certificate(visit.identity.serial) if visit.identity else None
    return visit.show(
        "payer/home.html",
        party=party,
        news=news_lines(visit, party_kind=PAYER),
        newest=newest,
        newest_said=month_text(newest, visit.lang) if newest else "",
        bodies=bodies,
        counted=counted,
        missing=counted[WAITING] + counted[FETCHING],
        may_fetch=permits(visit.who, FETCH),
        days=[_days_said(visit, month, now) for month in (office_month(now).plus(-1), office_month(now))],
        sandbox=office.sandbox,
        certificate=own,
        certificate_days=days_to_warn_of(dict(visit.request.scope)),
    )


def _counted(visit: Visit, month: str) -> dict[str, int]:
    """Return how many deliveries of a month are in each state, and what they hold."""
    told = {WAITING: 0, FETCHING: 0, RECEIVED: 0, "deliveries": 0, "claims": 0, "points": 0, "size_bytes": 0}
    cursor, more = None, bool(month)
    while more:
        most = visit.office.limit("page_items")
        page = list_deliveries(visit.office, visit.asker, limit=most, cursor=cursor, wanted=Wanted(month=month))
        for item in page.items:
            told[item["state"]] += 1
            told["deliveries"] += 1
            for name in ("claims", "points", "size_bytes"):
                told[name] += item[name]
        cursor, more = page.next, page.next is not None
    return told


def _days_said(visit: Visit, month: Month, now: datetime) -> dict[str, Any]:
    days: PayerDays = payer_days(month)
    today = now.date()
    return {
        "month": month_text(str(month), visit.lang),
        "first": days.online[0],
        "last": days.online[1],
        "demand": days.demand,
        "payment": days.payment,
        "here": days.online[0] <= today <= days.online[1],
        "over": today > days.payment,
    }
