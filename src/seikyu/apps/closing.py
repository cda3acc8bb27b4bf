"""Closing a month by somebody of the office, who stands in the journal with the reason of one that was forced."""

from typing import Any

from seikyu.apps.acts import order_close
from seikyu.services.office import Office
from seikyu.services.staff import Staff, journal, reason_of
from seikyu.trust.people import OFFICE


def close_by_hand(
    office: Office, staff: Staff, body: str, month: str, *, force: bool = False, reason: str = ""
) -> dict[str, Any]:
    """Order that a body's month be closed. Shape: `force` (before the time, or without what is open) asks for a reason.

    Errors: NotPermitted, ReasonNeeded, and those of `apps.acts.order_close`; nothing changes then.
    """
    staff.demand(OFFICE)
    text = reason_of(reason) if force or reason.strip() else ""
    told = order_close(office, body, month, force=force)
    with office.store.write() as tx:
        facts = {"reason": text} if text else {}
        journal(tx, office, staff, "close_month", body=body, subject=f"{body}/{month}", forced=int(force), **facts)
    return told
