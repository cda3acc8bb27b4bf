"""`seikyu ca revoke | list` and `seikyu admin orders`: certificates looked for and revoked, and who must agree to many.

Everything works beside a running server: rows go through the database, and the server looks at them on every request.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from seikyu.apps.cli_ca import HomeOption, Json, home_at, now, opened, print_json, store_at, write_list
from seikyu.apps.outcomes import Exit
from seikyu.apps.words import say
from seikyu.ports.errors import SeikyuError, TooLong
from seikyu.trust.certificates import REASONS
from seikyu.trust.revoking import BadSerialList, reason_word, serial_word, serials_of_list

if TYPE_CHECKING:
    from seikyu.adapters.home import Home
    from seikyu.ports.register import Certificate, RevocationOrder
    from seikyu.services.find import Certificates
    from seikyu.services.revoke import By, Revoked, Revoking

UserOption = Annotated[str | None, typer.Option("--user", metavar="USER", help=say("orders.user"))]
NeededUser = Annotated[str, typer.Option("--user", metavar="USER", help=say("orders.user"))]
Stdin = Annotated[bool, typer.Option("--password-stdin", help=say("orders.password_stdin"))]
Body = Annotated[str | None, typer.Option("--body", help=say("people.body"))]
OrderId = Annotated[str, typer.Argument(metavar="ORDER", help=say("orders.id"))]

#: So many rows are read at once.
_PAGE: Final = 1000


class BadList(SeikyuError):
    """A line of the list is no serial; nothing was revoked. Shape: facts `file`, `line`."""

    code = "bad_serial_list"


def orders() -> typer.Typer:
    """Return the commands of `seikyu admin orders`."""
    part = typer.Typer(help=say("orders.help"), no_args_is_help=True)
    part.command("list", help=say("orders.list"))(list_orders)
    part.command("show", help=say("orders.show"))(show)
    part.command("approve", help=say("orders.approve"))(approve)
    part.command("deny", help=say("orders.deny"))(deny)
    return part


def revoke(
    serials: Annotated[list[str] | None, typer.Argument(metavar="SERIAL", help=say("ca.serials"))] = None,
    *,
    party: Annotated[str | None, typer.Option("--party", help=say("ca.revoke.party"))] = None,
    file: Annotated[
        Path | None, typer.Option("--list", exists=True, dir_okay=False, readable=True, help=say("ca.revoke.list"))
    ] = None,
    reason: Annotated[str, typer.Option(help=say("ca.reason", reasons=", ".join(REASONS)))] = "unspecified",
    user: UserOption = None,
    password_stdin: Stdin = False,
    body: Body = None,
    home: HomeOption = None,
    as_json: Json = False,
) -> int:
    """Revoke certificates, at once for the server, and write the list anew; more than ten are an order."""
    from seikyu.apps.revoking import certificate_on_wire, one_of, revoked_on_wire
    from seikyu.services import revoke as services

    if [bool(serials), party is not None, file is not None].count(True) != 1:
        raise typer.BadParameter(say("ca.revoke.one_way"), param_hint="SERIAL")
    try:
        reason = reason_word(reason)
    except ValueError:
        raise typer.BadParameter(say("ca.reason", reasons=", ".join(REASONS)), param_hint="--reason") from None
    named = _listed(file) if file else [_serial(each) for each in serials or ()]
    with opened(home) as (place, ca, store), _revoking(place, user, body=body, from_stdin=password_stdin) as (at, by):
        done = services.revoke(at, by, reason=reason, serials=named, party=party)
        if done.order is None:
            write_list(ca, store)
        told = certificate_on_wire(one_of(done)) if len(serials or ()) == 1 else revoked_on_wire(done, at)
        lines = list(_said(done, at))
    if as_json:
        print_json(told)
    else:
        print("\n".join(lines))
    return Exit.DONE


def list_issued(
    query: Annotated[str, typer.Argument(metavar="QUERY", help=say("ca.list.query"))] = "",
    *,
    party: Annotated[str | None, typer.Option(help=say("ca.only_party"))] = None,
    terminal: Annotated[str, typer.Option("--terminal", help=say("ca.list.terminal"))] = "",
    state: Annotated[str | None, typer.Option("--state", help=say("ca.list.state"))] = None,
    days: Annotated[
        int | None, typer.Option("--expires-within", metavar="DAYS", min=0, help=say("ca.list.days"))
    ] = None,
    most: Annotated[int | None, typer.Option("--limit", min=1, help=say("ca.list.limit"))] = None,
    home: HomeOption = None,
    as_json: Json = False,
) -> int:
    """List what was issued."""
    from seikyu.apps.revoking import certificate_on_wire
    from seikyu.services.find import Wanted, find_certificates

    if state not in {None, "valid", "expired", "revoked"}:
        raise typer.BadParameter(say("ca.list.state"), param_hint="--state")
    wanted, at = Wanted(query, party, terminal, state, days), now()
    with store_at(home_at(home)) as store:
        page = partial(find_certificates, store, wanted, now=at)
        rows = [certificate_on_wire(row, at) for row in _all(page, most)]
    if as_json:
        print_json({"items": rows})
        return Exit.DONE
    for row in rows:
        named, until = say(f"ca.list.{row['state']}"), row["revoked_at"] or row["not_after"]
        print(f"{row['serial']}  {row['party']:<10}  {named} {until[:10]}  {row['terminal']}")
    if not rows:
        print(say("ca.list.none"))
    return Exit.DONE


def list_orders(*, home: HomeOption = None, as_json: Json = False) -> int:
    """List orders to revoke, newest first."""
    from seikyu.apps.revoking import order_on_wire, revoking_of
    from seikyu.services import revoke as services

    with store_at(home_at(home)) as store:
        at = revoking_of(store)
        found = services.list_orders(at)
    if as_json:
        print_json({"items": [order_on_wire(order, at) for order in found]})
    else:
        print("\n".join(_line(order, at) for order in found) or say("orders.none"))
    return Exit.DONE


def show(order: OrderId, *, home: HomeOption = None, as_json: Json = False) -> int:
    """Show an order with the serials that it names."""
    from seikyu.apps.revoking import order_on_wire, revoking_of
    from seikyu.services import revoke as services

    with store_at(home_at(home)) as store:
        at = revoking_of(store)
        found, serials = services.show_order(at, order)
    if as_json:
        print_json(order_on_wire(found, at) | {"serials": serials})
    else:
        print("\n".join([_line(found, at), *serials]))
    return Exit.DONE


def approve(
    order: OrderId, *, user: NeededUser, password_stdin: Stdin = False, body: Body = None,
    home: HomeOption = None, as_json: Json = False,
) -> int:  # fmt: skip
    """Put an order in force, as another person than the one who gave it."""
    from seikyu.services import revoke as services

    with opened(home) as (place, ca, store), _revoking(place, user, body=body, from_stdin=password_stdin) as (at, by):
        found = services.approve_order(at, by, order)
        write_list(ca, store)
        _tell_order(found, at, as_json=as_json)
    return Exit.DONE


def deny(
    order: OrderId, *, user: NeededUser, password_stdin: Stdin = False, body: Body = None,
    home: HomeOption = None, as_json: Json = False,
) -> int:  # fmt: skip
    """Turn an order down."""
    from seikyu.services import revoke as services

    with _revoking(home_at(home), user, body=body, from_stdin=password_stdin) as (at, by):
        _tell_order(services.deny_order(at, by, order), at, as_json=as_json)
    return Exit.DONE


@contextmanager
def _revoking(
    home: "Home", user: str | None, *, body: str | None, from_stdin: bool
) -> Iterator[tuple["Revoking", "By"]]:
    """Yield what revoking needs, and who does it: the user who logs in at this terminal, or nobody in particular."""
    from seikyu.apps.cli_person import at_terminal
    from seikyu.apps.people import keeping_at
    from seikyu.apps.revoking import by_user, revoking_of
    from seikyu.services.people import CONSOLE
    from seikyu.services.revoke import By

    with keeping_at(home) as at:
        revoking = revoking_of(at.people.store)
        if user is None:
            yield revoking, By(CONSOLE)
            return
        with at_terminal(at, user, body=body, from_stdin=from_stdin) as actor:
            with at.people.store.read() as tx:
                by = by_user(tx, actor)
            yield revoking, by


def _all(page: Callable[..., "Certificates"], most: int | None) -> list["Certificate"]:
    """Return the rows of all pages, or so many of them."""
    found: list[Certificate] = []
    cursor: str | None = None
    while most is None or len(found) < most:
        part = page(limit=_PAGE, cursor=cursor)
        found += part.items
        cursor = part.next
        if cursor is None:
            break
    return found[:most]


def _serial(text: str) -> str:
    """Return a serial that was typed. Errors: CertificateNotThere, for what can be none."""
    from seikyu.services.revoke import CertificateNotThere

    try:
        return serial_word(text)
    except ValueError:
        raise CertificateNotThere(serial=text) from None


def _listed(file: Path) -> Sequence[str]:
    """Return the serials of a list. Errors: TooLong, BadList."""
    import csv

    from seikyu.limits import limit

    if file.stat().st_size > limit("serial_list_bytes"):
        raise TooLong(limit_bytes=limit("serial_list_bytes"))
    try:
        found = serials_of_list(file.read_text("utf-8-sig", errors="replace").splitlines())
    except BadSerialList as reason:
        raise BadList(file=str(file), line=reason.facts["line"]) from None
    except csv.Error:
        raise BadList(file=str(file), line=1) from None
    if not found:
        raise BadList(file=str(file), line=1)
    return found


def _said(done: "Revoked", at: "Revoking") -> Iterator[str]:
    """Yield what an act of revoking came to, for people."""
    from seikyu.apps.revoking import certificate_on_wire

    for row in done.revoked:
        yield say("ca.revoke.done", **certificate_on_wire(row))
    for row in done.already:
        yield say("ca.revoke.already", **certificate_on_wire(row))
    if done.order is not None:
        lapses_at = done.order.ordered_at + at.rules.waits
        yield say("orders.given", id=done.order.id, many=done.order.many, lapses_at=lapses_at)
        yield say("orders.how", id=done.order.id)
    elif not done.revoked and not done.already:
        yield say("ca.revoke.nothing")


def _line(order: "RevocationOrder", at: "Revoking") -> str:
    facts: dict[str, Any] = {"id": order.id, "state": say(f"orders.{order.state}"), "many": order.many}
    facts |= {
        "reason": order.reason,
        "at": order.ordered_at,
        "by": order.ordered_by,
        "lapses_at": order.ordered_at + at.rules.waits,
    }
    if order.decided_at is None:
        return say("orders.line", **facts)
    return say("orders.line_decided", **facts | {"decided_at": order.decided_at, "decided_by": order.decided_by})


def _tell_order(order: "RevocationOrder", at: "Revoking", *, as_json: bool) -> None:
    from seikyu.apps.revoking import order_on_wire

    if as_json:
        print_json(order_on_wire(order, at))
    else:
        print(_line(order, at))
