"""`seikyu admin overview | sendings | timeline | extend | undo … | grants …`: the operator's desk on the command line.

What only looks goes as `cli_admin` does: to the desk while a server works on the home, else here. What needs a second
person is done as somebody: with `--user` as a user who logs in at this terminal, beside the server; else with a
certificate of the operator, over the desk.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import quote, urlencode

import typer

from seikyu.apps.words import has, say

if TYPE_CHECKING:
    from seikyu.apps.client import Line
    from seikyu.services.office import Office
    from seikyu.services.staff import Staff

_MIB: Final = 1024 * 1024
_PAGE: Final = 200

HomeOption = Annotated[Path, typer.Option("--home", envvar="SEIKYU_HOME", help=say("serve.home"))]
HOME: Final = Path("seikyu-home")
Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
User = Annotated[str | None, typer.Option("--user", metavar="USER", help=say("orders.user"))]
Stdin = Annotated[bool, typer.Option("--password-stdin", help=say("orders.password_stdin"))]
Body = Annotated[str | None, typer.Option("--body", help=say("people.body"))]
As = Annotated[str, typer.Option("--as", help=say("cli.as"))]
SendingArgument = Annotated[str, typer.Argument(metavar="SENDING", help=say("operator.sending"))]
OrderArgument = Annotated[str, typer.Argument(metavar="ORDER", help=say("undo.id"))]
GrantArgument = Annotated[str, typer.Argument(metavar="GRANT", help=say("grants.id"))]


def register(admin: typer.Typer) -> None:
    """Add the commands."""
    admin.command("overview", help=say("operator.overview"))(overview)
    admin.command("sendings", help=say("operator.find"))(sendings)
    admin.command("timeline", help=say("operator.timeline"))(timeline)
    admin.command("extend", help=say("operator.extend_help"))(extend)
    undo = typer.Typer(help=say("undo.help"), no_args_is_help=True)
    undo.command("list", help=say("undo.list"))(undo_list)
    undo.command("order", help=say("undo.order"))(undo_order)
    undo.command("approve", help=say("undo.approve"))(undo_approve)
    undo.command("deny", help=say("undo.deny"))(undo_deny)
    admin.add_typer(undo, name="undo")
    grants = typer.Typer(help=say("grants.help"), no_args_is_help=True)
    grants.command("list", help=say("grants.list"))(grant_list)
    grants.command("ask", help=say("grants.ask"))(grant_ask)
    grants.command("give", help=say("grants.give"))(grant_give)
    grants.command("end", help=say("grants.end"))(grant_end)
    admin.add_typer(grants, name="grants")


def overview(*, home: HomeOption = HOME, as_json: Json = False) -> None:
    """Show how the office stands."""
    told = _asked(home, "overview", _services().overlook.overview)
    today, queue = told["today"], told["queue"]
    lines = [
        say("operator.today", sendings=today["total"]["sendings"], claims=today["total"]["claims"]),
        *(say("operator.row", **row) for row in today["rows"]),
        say("operator.queue", **queue),
        say("operator.failures", files=told["damaged"]["files"]),
        say("operator.disk", free=told["disk"]["free_bytes"] // _MIB, least=told["disk"]["least_bytes"] // _MIB),
    ]
    _tell(told, lines, as_json=as_json)


def sendings(
    *,
    party: Annotated[str | None, typer.Option(help=say("operator.party"))] = None,
    prefecture: Annotated[str | None, typer.Option(help=say("operator.prefecture"))] = None,
    kind: Annotated[str | None, typer.Option(help=say("operator.kind"))] = None,
    state: Annotated[str | None, typer.Option(help=say("operator.state"))] = None,
    month: Annotated[str | None, typer.Option(help=say("operator.month"))] = None,
    line: Annotated[str | None, typer.Option(help=say("operator.line"))] = None,
    home: HomeOption = HOME,
    as_json: Json = False,
) -> None:
    """List sendings of every party, newest first."""
    wish = {"party": party, "prefecture": prefecture, "kind": kind, "state": state, "month": month, "line": line}

    def here(office: "Office") -> dict[str, Any]:
        from seikyu.ports.operating import SendingQuery

        page = _services().overlook.find_sendings(office, SendingQuery(**wish), limit=_PAGE)
        return {"items": page.items, "next": page.next}

    asked = urlencode({name: value for name, value in wish.items() if value is not None} | {"limit": _PAGE})
    told = _asked(home, f"sendings?{asked}", here)
    _tell(told, [say("operator.found", **each) for each in told["items"]], as_json=as_json)


def timeline(sending: SendingArgument, *, home: HomeOption = HOME, as_json: Json = False) -> None:
    """Show one sending's way."""
    told = _asked(
        home,
        f"sendings/{quote(sending, safe='')}/timeline",
        lambda office: _services().overlook.timeline(office, sending),
    )
    lines = [_step(step) for step in told["steps"]]
    _tell(told, lines, as_json=as_json)


def extend(
    month: Annotated[str, typer.Argument(metavar="YYYYMM", help=say("admin.month"))],
    until: Annotated[str, typer.Argument(metavar="INSTANT", help=say("operator.until"))],
    *,
    reason: Annotated[str, typer.Option(help=say("operator.reason"))],
    closing: Annotated[str | None, typer.Option(help=say("operator.closing"))] = None,
    user: User = None,
    password_stdin: Stdin = False,
    body: Body = None,
    as_id: As = "operator",
    home: HomeOption = HOME,
    as_json: Json = False,
) -> None:
    """Extend a month's deadline and tell everybody."""
    new, end = _instant(until), _instant(closing) if closing else None
    with _doing(home, user, body=body, from_stdin=password_stdin, as_id=as_id) as at:
        if isinstance(at, Over):
            asked = {"until": new.isoformat(), "closing": end.isoformat() if end else None, "reason": reason}
            told = at.post(f"months/{quote(month, safe='')}/extend", asked)
        else:
            from seikyu.apps import extending

            told = extending.extend(at.office, at.staff, month=month, until=new, closing=end, reason=reason)
    _tell(told, [say("operator.extended", month=month, until=new)], as_json=as_json)


def undo_list(*, home: HomeOption = HOME, as_json: Json = False) -> None:
    """List wishes and orders to undo a confirmation."""

    def here(office: "Office") -> dict[str, Any]:
        found = _services().undo.list_undo_orders(office, limit=_PAGE)
        return {"items": [_operating().undo_on_wire(each) for each in found]}

    told = _asked(home, f"undo-orders?limit={_PAGE}", here)
    _tell(told, [_undo_line(each) for each in told["items"]] or [say("undo.none")], as_json=as_json)


def undo_order(
    sending: SendingArgument,
    *,
    reason: Annotated[str, typer.Option(help=say("undo.reason"))],
    user: User = None,
    password_stdin: Stdin = False,
    body: Body = None,
    as_id: As = "operator",
    home: HomeOption = HOME,
    as_json: Json = False,
) -> None:
    """Order that a confirmation be undone."""
    with _doing(home, user, body=body, from_stdin=password_stdin, as_id=as_id) as at:
        told = at.do(
            f"sendings/{quote(sending, safe='')}/undo",
            {"reason": reason},
            lambda here: _operating().undo_on_wire(
                _services().undo.order_undo(here.office, here.staff, sending, reason)
            ),
        )
    _tell(told, [_undo_line(told)], as_json=as_json)


def undo_approve(
    order: OrderArgument, *, user: User = None, password_stdin: Stdin = False, body: Body = None,
    as_id: As = "operator", home: HomeOption = HOME, as_json: Json = False,
) -> None:  # fmt: skip
    """Undo what was ordered, as another person."""
    with _doing(home, user, body=body, from_stdin=password_stdin, as_id=as_id) as at:
        told = at.do(
            f"undo-orders/{quote(order, safe='')}/approve",
            None,
            lambda here: _operating().undo_on_wire(_services().undo.approve_undo(here.office, here.staff, order)),
        )
    _tell(told, [_undo_line(told)], as_json=as_json)


def undo_deny(
    order: OrderArgument,
    *,
    answer: Annotated[str, typer.Option(help=say("undo.answer"))],
    user: User = None,
    password_stdin: Stdin = False,
    body: Body = None,
    as_id: As = "operator",
    home: HomeOption = HOME,
    as_json: Json = False,
) -> None:
    """Turn a wish or an order down."""
    with _doing(home, user, body=body, from_stdin=password_stdin, as_id=as_id) as at:
        told = at.do(
            f"undo-orders/{quote(order, safe='')}/deny",
            {"answer": answer},
            lambda here: _operating().undo_on_wire(_services().undo.deny_undo(here.office, here.staff, order, answer)),
        )
    _tell(told, [_undo_line(told)], as_json=as_json)


def grant_list(*, home: HomeOption = HOME, as_json: Json = False) -> None:
    """List grants."""

    def here(office: "Office") -> dict[str, Any]:
        found = _services().grants.list_grants(office, limit=_PAGE)
        return {"items": [_operating().grant_on_wire(each) for each in found]}

    told = _asked(home, f"grants?limit={_PAGE}", here)
    _tell(told, [_grant_line(each) for each in told["items"]] or [say("grants.none")], as_json=as_json)


def grant_ask(
    sending: SendingArgument,
    *,
    reason: Annotated[str, typer.Option(help=say("grants.reason"))],
    claim: Annotated[str, typer.Option(help=say("grants.claim"))] = "",
    hours: Annotated[int, typer.Option(min=1, max=12, help=say("grants.hours"))] = 1,
    user: User = None,
    password_stdin: Stdin = False,
    body: Body = None,
    as_id: As = "operator",
    home: HomeOption = HOME,
    as_json: Json = False,
) -> None:
    """Ask for leave to look at a claim."""
    with _doing(home, user, body=body, from_stdin=password_stdin, as_id=as_id) as at:
        told = at.do(
            "grants",
            {"sending": sending, "claim": claim, "reason": reason, "hours": hours},
            lambda here: _operating().grant_on_wire(
                _services().grants.ask_grant(here.office, here.staff, sending, claim=claim, reason=reason, hours=hours)
            ),
        )
    _tell(told, [_grant_line(told)], as_json=as_json)


def grant_give(
    grant: GrantArgument, *, user: User = None, password_stdin: Stdin = False, body: Body = None,
    as_id: As = "operator", home: HomeOption = HOME, as_json: Json = False,
) -> None:  # fmt: skip
    """Give what was asked for, as another person."""
    with _doing(home, user, body=body, from_stdin=password_stdin, as_id=as_id) as at:
        told = at.do(
            f"grants/{quote(grant, safe='')}/give",
            None,
            lambda here: _operating().grant_on_wire(_services().grants.give_grant(here.office, here.staff, grant)),
        )
    _tell(told, [_grant_line(told)], as_json=as_json)


def grant_end(
    grant: GrantArgument, *, user: User = None, password_stdin: Stdin = False, body: Body = None,
    as_id: As = "operator", home: HomeOption = HOME, as_json: Json = False,
) -> None:  # fmt: skip
    """End a grant, or turn a wish down."""
    with _doing(home, user, body=body, from_stdin=password_stdin, as_id=as_id) as at:
        told = at.do(
            f"grants/{quote(grant, safe='')}/end",
            None,
            lambda here: _operating().grant_on_wire(_services().grants.end_grant(here.office, here.staff, grant)),
        )
    _tell(told, [_grant_line(told)], as_json=as_json)


@dataclass(frozen=True, slots=True)
class Over:
    """The office through its desk, with a certificate of the operator."""

    line: "Line"

    def post(self, what: str, asked: Mapping[str, Any] | None) -> dict[str, Any]:
        """Do."""
        return self.line.post(f"/admin/{what}", json=asked) if asked is not None else self.line.post(f"/admin/{what}")

    def do(self, what: str, asked: Mapping[str, Any] | None, here: Callable[["Beside"], Any]) -> dict[str, Any]:
        """Do it over the desk."""
        del here
        return self.post(what, asked)


@dataclass(frozen=True, slots=True)
class Beside:
    """The office itself, beside a server or without one, and the user who acts."""

    office: "Office"
    staff: "Staff"

    def do(self, what: str, asked: Mapping[str, Any] | None, here: Callable[["Beside"], Any]) -> dict[str, Any]:
        """Do it here."""
        del what, asked
        told: dict[str, Any] = here(self)
        return told


@contextmanager
def _doing(home: Path, user: str | None, *, body: str | None, from_stdin: bool, as_id: str) -> Iterator[Over | Beside]:
    """Yield the office and who acts. Errors: NoHome, NoClient, those of a login."""
    from seikyu.apps.wiring import find_home, office_at

    place = find_home(home)
    if user is None:
        from seikyu.apps.client import Line, open_client

        with Line(open_client(place.root, as_id)) as line:
            yield Over(line)
        return
    from seikyu.apps.cli_person import at_terminal
    from seikyu.apps.people import keeping_at
    from seikyu.apps.revoking import by_user

    with keeping_at(place) as at, at_terminal(at, user, body=body, from_stdin=from_stdin) as actor:
        with at.people.store.read() as tx:
            staff = _operating().staff_of(by_user(tx, actor))
        with office_at(place) as office:
            yield Beside(office, staff)


def _asked(home: Path, what: str, here: Callable[["Office"], dict[str, Any]]) -> dict[str, Any]:
    """Return what is asked: of the desk while a server works, else of the office here."""
    from seikyu.apps.cli_admin import Local, office_of

    with office_of(home) as at:
        return here(at.office) if isinstance(at, Local) else at.get(what)


def _services() -> Any:
    """Return the services, which load the checker's tables: only a command that needs them pays."""
    from seikyu import services
    from seikyu.services import grants, overlook, undo

    del grants, overlook, undo
    return services


def _operating() -> Any:
    from seikyu.apps import operating

    return operating


def _undo_line(order: Mapping[str, Any]) -> str:
    return say("undo.line", **{**order, "state": say(f"undo.states.{order['state']}")})


def _grant_line(grant: Mapping[str, Any]) -> str:
    return say("grants.line", **{**grant, "state": say(f"grants.states.{grant['state']}")})


def _step(step: Mapping[str, Any]) -> str:
    key = f"pages.operator.steps.{step['what']}"
    facts = {"payer": "", "delivery": "", "claim": "", **step["facts"], "by": step["by"], "what": step["what"]}
    at = datetime.fromisoformat(step["at"])
    return f"{at:%Y-%m-%d %H:%M:%S}  {say(key if has(key) else 'pages.operator.steps.other', **facts)}"


def _instant(text: str) -> datetime:
    from seikyu.office.calendar import JST

    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(say("operator.until"), param_hint="INSTANT") from None
    return found if found.tzinfo else found.replace(tzinfo=JST)


def _tell(told: Mapping[str, Any], lines: Iterable[str], *, as_json: bool) -> None:
    print(json.dumps(told, ensure_ascii=False) if as_json else "\n".join(lines) or say("operator.none"))
