"""`seikyu admin cert …`: applications for certificates, and the issuance notices that go out by post.

Everything works beside a running server, through the database. A PIN is written to the paper that is posted, and shown
on the screen or to programs only if `--show` asks for it.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from zoneinfo import ZoneInfo

import typer

from seikyu.apps.cli_certs import Contact, Host, Terminal, application_line, tell_application, wish_of
from seikyu.apps.cli_errors import one_line, tell, told_of
from seikyu.apps.outcomes import Exit
from seikyu.apps.words import say

if TYPE_CHECKING:
    from seikyu.adapters.home import Home
    from seikyu.services.applications import Enrolling, Opened

HOME: Final = Path("seikyu-home")
HomeOption = Annotated[Path, typer.Option("--home", envvar="SEIKYU_HOME", help=say("serve.home"))]
JsonOption = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
Out = Annotated[Path | None, typer.Option("--out", help=say("admin_certs.out"))]
Show = Annotated[bool, typer.Option("--show", help=say("admin_certs.show"))]
ApplicationId = Annotated[str, typer.Argument(metavar="ID", help=say("certs.application"))]
NoticeId = Annotated[str, typer.Argument(metavar="ID", help=say("admin_certs.notice"))]
PartyArgument = Annotated[str, typer.Argument(metavar="PARTY", help=say("admin_certs.party"))]

#: So many are approved with one command, so that a document stays small and others get their turn.
_AT_ONCE: Final = 200
_MANY: Final = 10_000

_JAPAN: Final = ZoneInfo("Asia/Tokyo")


def certs() -> typer.Typer:
    """Return the commands."""
    cert = typer.Typer(help=say("admin_certs.help"), no_args_is_help=True)
    cert.command("applications", help=say("admin_certs.applications"))(applications)
    cert.command("apply", help=say("admin_certs.apply"))(apply_)
    cert.command("approve", help=say("admin_certs.approve"))(approve)
    cert.command("send-back", help=say("admin_certs.send_back"))(send_back)
    cert.command("notices", help=say("admin_certs.notices"))(notices)
    cert.command("open-anew", help=say("admin_certs.open_anew"))(open_anew)
    cert.command("end", help=say("admin_certs.end"))(end)
    return cert


def applications(
    *,
    state: Annotated[str | None, typer.Option("--state", help=say("admin_certs.state"))] = None,
    party: Annotated[str | None, typer.Option("--party", help=say("admin_certs.only_party"))] = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """List applications, newest first."""
    from seikyu.services.applications import list_applications

    with _enrolling(home) as (_, at):
        found = list_applications(at, party=party, state=state, limit=_MANY)
        items = [_application(at, each) for each in found]
    lines = [one_line(application_line(each)) for each in items] or [say("certs.no_applications")]
    _tell({"items": items}, as_json=as_json, text="\n".join(lines))


def apply_(
    party: PartyArgument,
    *,
    terminal: Terminal,
    contact: Contact = "",
    host: Host = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """File an application that came on paper: a party without any certificate cannot file it itself."""
    from seikyu.services.applications import Wish, apply_for
    from seikyu.services.people import CONSOLE
    from seikyu.trust.enrolment import Purpose

    wish = wish_of(terminal, contact, host)
    asked = Wish(terminal, contact, Purpose(wish["purpose"]), tuple(wish["hosts"]))
    with _enrolling(home) as (_, at):
        filed, repeat = apply_for(at, CONSOLE, asked, party=party)
        told = _application(at, filed) | {"repeat": repeat}
    tell_application(told, "certs.repeat" if repeat else "certs.applied", as_json=as_json)


def approve(
    ids: Annotated[list[str] | None, typer.Argument(metavar="ID", help=say("certs.application"))] = None,
    *,
    waiting: Annotated[bool, typer.Option("--all", help=say("admin_certs.all"))] = False,
    out: Out = None,
    show: Show = False,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> int:
    """Approve applications, and write their notices as one document for the post."""
    from seikyu.services.applications import approve as grant
    from seikyu.services.applications import list_applications
    from seikyu.services.people import CONSOLE

    if bool(ids) == waiting:
        raise typer.BadParameter(say("admin_certs.which"), param_hint="ID")
    with _enrolling(home) as (place, at):
        if waiting:
            ids = [each.id for each in reversed(list_applications(at, state="applied", limit=_MANY))][:_AT_ONCE]
        asked = list(dict.fromkeys(ids or []))
        return _open(place, at, asked, partial(grant, at, CONSOLE), out=out, show=show, as_json=as_json)


def send_back(
    application: ApplicationId,
    *,
    reason: Annotated[str, typer.Option("--reason", help=say("admin_certs.reason"))],
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> None:
    """Send an application back with a reason."""
    from seikyu.services.applications import send_back as give_back
    from seikyu.services.people import CONSOLE

    with _enrolling(home) as (_, at):
        told = _application(at, give_back(at, CONSOLE, application, reason=reason))
    tell_application(told, "admin_certs.sent_back", as_json=as_json)


def notices(party: PartyArgument, *, home: HomeOption = HOME, as_json: JsonOption = False) -> None:
    """List the issuance notices of a party, newest first."""
    from seikyu.services.terminals import list_issuance_notices

    with _enrolling(home) as (_, at):
        items = [_plain(each) for each in list_issuance_notices(at, party=party)]
    lines = [one_line(_notice_line(each)) for each in items] or [say("admin_certs.no_notices")]
    _tell({"items": items}, as_json=as_json, text="\n".join(lines))


def open_anew(
    notice: NoticeId, *, out: Out = None, show: Show = False, home: HomeOption = HOME, as_json: JsonOption = False
) -> int:
    """Give a notice new codes because its paper was lost, and write it anew."""
    from seikyu.services.applications import open_anew as renew_codes
    from seikyu.services.people import CONSOLE

    with _enrolling(home) as (place, at):
        return _open(place, at, [notice], partial(renew_codes, at, CONSOLE), out=out, show=show, as_json=as_json)


def end(notice: NoticeId, *, home: HomeOption = HOME, as_json: JsonOption = False) -> None:
    """End a terminal: its notice opens nothing any more, and what it has is revoked."""
    from seikyu.services.issuing import end_of_terminal
    from seikyu.services.people import CONSOLE
    from seikyu.services.terminals import issuance_view

    with _enrolling(home) as (_, at):
        ended, revoked = end_of_terminal(at, CONSOLE, notice)
        told = _plain(issuance_view(at, ended)) | {"revoked": revoked}
    text = say("admin_certs.ended", terminal=told["terminal"], party=told["party"], count=len(revoked))
    _tell(told, as_json=as_json, text=one_line(text))


@contextmanager
def _enrolling(root: Path) -> Iterator[tuple["Home", "Enrolling"]]:
    from seikyu.apps.enrolling import enrolling_at
    from seikyu.apps.wiring import find_home

    home = find_home(root)
    with enrolling_at(home) as at:
        yield home, at


def _open(
    home: "Home",
    at: "Enrolling",
    ids: list[str],
    act: Callable[[str], "Opened"],
    *,
    out: Path | None,
    show: bool,
    as_json: bool,
) -> int:
    """Open notices one by one and write their paper, whatever ends the work; of several, one that fails stops none."""
    from seikyu.apps.notices_posted import paper, sender_of, write_notices
    from seikyu.office.errors import OfficeError
    from seikyu.ports.errors import SeikyuError

    if out is None and not show:
        raise typer.BadParameter(say("admin_certs.where"), param_hint="--out")
    # Whatever may be missing for the paper is asked for before anything is approved.
    sender = sender_of(home, at) if out is not None else None
    opened: list[Opened] = []
    failed = 0
    with ExitStack() as stack:
        if out is not None and ids:
            stack.enter_context(paper(out))
        try:
            for each in ids:
                try:
                    opened.append(act(each))
                except (SeikyuError, OfficeError) as reason:
                    if len(ids) == 1:
                        raise
                    failed += 1
                    tell("error", f"{each}: {told_of(reason).words.text}")
        finally:
            if out is not None and sender is not None and opened:
                write_notices(out, sender, at, opened)
    _tell_opened(at, opened, out=out, show=show, failed=failed, as_json=as_json)
    return Exit.REFUSED if failed else Exit.DONE


def _tell_opened(
    at: "Enrolling", opened: list["Opened"], *, out: Path | None, show: bool, failed: int, as_json: bool
) -> None:
    from seikyu.services.terminals import issuance_view, opened_view

    view = opened_view if show else lambda at, each: issuance_view(at, each.notice)
    items = [_plain(view(at, each)) for each in opened]
    if as_json:
        file = str(out) if out and opened else None
        print(json.dumps({"notices": items, "file": file, "failed": failed}, ensure_ascii=False))
        return
    for each in items:
        print(one_line(_notice_line(each)))
        for name in ("pin", "recovery", "kid", "binding"):
            if each.get(name):
                print(f"  {say(f'admin_certs.codes.{name}')}: {each[name]}")
    if not items:
        print(say("admin_certs.nothing_opened"))
    elif out is not None:
        print(one_line(say("admin_certs.written", file=out, count=len(items))))


def _application(at: "Enrolling", application: Any) -> dict[str, Any]:
    from seikyu.services.terminals import application_view

    return _plain(application_view(at, application))


def _notice_line(told: dict[str, Any]) -> str:
    key = "ended_line" if told["ended_at"] else "locked_line" if _locked(told) else "open_line"
    state = say(f"admin_certs.{key}", until=told["open_until"][:10], locked=told["locked_until"])
    return f"{told['id']} {told['reference']} {told['party']} {told['terminal']}  {state}"


def _locked(told: dict[str, Any]) -> bool:
    until = told["locked_until"]
    return until is not None and datetime.now(_JAPAN) < datetime.fromisoformat(until)


def _plain(told: dict[str, Any]) -> dict[str, Any]:
    """Return a view with its instants as programs read them, in Japan's time."""
    return {
        name: value.astimezone(_JAPAN).isoformat() if isinstance(value, datetime) else value
        for name, value in told.items()
    }


def _tell(told: dict[str, Any], *, as_json: bool, text: str) -> None:
    print(json.dumps(told, ensure_ascii=False) if as_json else text)
