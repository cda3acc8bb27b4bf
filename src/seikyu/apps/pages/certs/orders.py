"""The pages of orders to revoke many certificates: who may approve decides, and it is another person than ordered."""

from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from seikyu.apps.pages.certs.certificates import acting, named_certificates, reason_said
from seikyu.apps.pages.visit import Pages, Visit
from seikyu.apps.revoking import revoking_of
from seikyu.ports.errors import BadRequest, NotFound
from seikyu.ports.register import RevocationOrder
from seikyu.services import revoke as services
from seikyu.services.revoke import OrderDecided, OrderLapsed, OrderNotThere, PersonNeeded, SecondPersonNeeded
from seikyu.trust.people import APPROVE, OFFICE, NotPermitted, permits
from seikyu.trust.revoking import State, why_not

_PAGE: Final = 50
#: So many of an order's certificates are shown; the command shows all.
_SHOWN: Final = 200
_ID_CHARS: Final = 40

_TROUBLE: Final = (NotPermitted, OrderDecided, OrderLapsed, SecondPersonNeeded, PersonNeeded)


def order_routes(pages: Pages) -> list[Route]:
    """Return the routes. Whether this person may decide is the service's to say."""
    both = (OFFICE, APPROVE)
    return [
        pages.route("/orders", show_orders, powers=both),
        pages.route("/orders/{order_id}", show_one, powers=both),
        pages.route("/orders/{order_id}", do_decide, post=True, powers=both),
    ]


def show_orders(visit: Visit) -> Response:
    """Show the orders, newest first."""
    revoking = revoking_of(visit.office.store)
    cursor = visit.request.query_params.get("cursor") or None
    found = services.list_orders(revoking, after=cursor, limit=_PAGE + 1)
    return visit.show(
        "orders.html",
        items=[_told(visit, each) for each in found[:_PAGE]],
        next_page=found[_PAGE - 1].id if len(found) > _PAGE else None,
        hours=round(revoking.rules.waits.total_seconds() / 3600),
        more_than=revoking.rules.more_than,
    )


def show_one(visit: Visit) -> Response:
    """Show one order with what it names."""
    return visit.show("order.html", **_facts(visit))


def do_decide(visit: Visit) -> Response:
    """Approve an order, or turn it down."""
    act = {"approve": services.approve_order, "deny": services.deny_order}.get(visit.typed("act"))
    if act is None:
        raise BadRequest("no such act", parameter="act")
    try:
        order = act(revoking_of(visit.office.store, visit.office.tell), acting(visit), _id(visit))
    except OrderNotThere:
        raise NotFound("no such order") from None
    except _TROUBLE as trouble:
        return visit.again("order.html", trouble, **_facts(visit))
    return visit.see(f"/orders/{order.id}?done={order.state}")


def _facts(visit: Visit) -> dict[str, Any]:
    try:
        order, serials = services.show_order(revoking_of(visit.office.store), _id(visit))
    except OrderNotThere:
        raise NotFound("no such order") from None
    person = acting(visit).person
    waits, may_approve = order.state == State.WAITING, permits(visit.who, APPROVE)
    own = person is not None and person.name == order.ordered_by
    may_deny = waits and permits(visit.who, OFFICE if own else APPROVE)
    why = why_not(order.ordered_by, order.ordered_at, person) if person is not None else "same_person"
    word = visit.request.query_params.get("done", "")
    known = {"ordered", "repeat", "approved", "denied"}
    return {
        "order": _told(visit, order),
        "certificates": named_certificates(visit, sorted(serials)[:_SHOWN]),
        "left_out": max(len(serials) - _SHOWN, 0),
        "may_approve": waits and may_approve and why is None,
        "may_deny": may_deny,
        "why_not": visit.words(SecondPersonNeeded(why=why)) if waits and why and (may_approve or own) else None,
        "done": visit.say(f"pages.orders.done_{word}") if word in known else "",
    }  # fmt: skip


def _told(visit: Visit, order: RevocationOrder) -> dict[str, Any]:
    return {
        "id": order.id,
        "state": order.state,
        "state_said": visit.say(f"orders.{order.state}"),
        "reason_said": reason_said(visit, order.reason),
        "many": order.many,
        "ordered_at": order.ordered_at,
        "ordered_by": _person(visit, order.ordered_by),
        "lapses_at": order.ordered_at + revoking_of(visit.office.store).rules.waits,
        "decided_at": order.decided_at,
        "decided_by": _person(visit, order.decided_by or ""),
    }


def _person(visit: Visit, name: str) -> str:
    """Return a person of an order in words. Shape: `name` is as in `trust.revoking.Person`, or the console's."""
    kind, colon, who = name.partition(":")
    return visit.say(f"pages.orders.by_{kind}", who=who) if colon and kind in {"user", "terminal"} else name


def _id(visit: Visit) -> str:
    """Return the order that the address names. Errors: NotFound, for what has not even the form of an id."""
    named = str(visit.request.path_params["order_id"])
    if not named.isascii() or not named.isalnum() or len(named) > _ID_CHARS:
        raise NotFound("no such order")
    return named
