"""`seikyu admin notice …`: what parties have filed, and the operator's answer to it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from seikyu.apps.cli_admin import HOME, OPERATOR, HomeOption, JsonOption, Local, Remote, office_of
from seikyu.apps.cli_notices import NoticeId, Out, State, every, tell_list, tell_notice, write_form
from seikyu.apps.outcomes import Exit
from seikyu.apps.words import say
from seikyu.ports.trust import ClientIdentity
from seikyu.trust.notices import Act

_PATHS = {Act.SEE: "seen", Act.APPROVE: "approve", Act.SEND_BACK: "send-back"}


def notices() -> typer.Typer:
    """Return the commands."""
    notice = typer.Typer(help=say("notices.admin.help"), no_args_is_help=True)
    notice.command("list", help=say("notices.admin.list"))(list_)
    notice.command("show", help=say("notices.show"))(show)
    notice.command("seen", help=say("notices.admin.seen"))(seen)
    notice.command("approve", help=say("notices.admin.approve"))(approve)
    notice.command("send-back", help=say("notices.admin.send_back"))(send_back)
    notice.command("form", help=say("notices.form_help"))(form)
    return notice


def list_(*, state: State = None, home: HomeOption = HOME, as_json: JsonOption = False) -> int:
    """List every party's notices, newest first."""
    with office_of(home) as at:
        tell_list(every(_Here(at) if isinstance(at, Local) else at.line, state), as_json=as_json)
    return Exit.DONE


def show(notice: NoticeId, *, home: HomeOption = HOME, as_json: JsonOption = False) -> int:
    """Show one notice with its history."""
    with office_of(home) as at:
        tell_notice(_one(at, notice), as_json=as_json)
    return Exit.DONE


def seen(notice: NoticeId, *, home: HomeOption = HOME, as_json: JsonOption = False) -> int:
    """Take note of a notice."""
    return _decide(notice, Act.SEE, home=home, as_json=as_json)


def approve(notice: NoticeId, *, home: HomeOption = HOME, as_json: JsonOption = False) -> int:
    """Approve a notice; the register changes with it."""
    return _decide(notice, Act.APPROVE, home=home, as_json=as_json)


def send_back(
    notice: NoticeId,
    *,
    reason: Annotated[str, typer.Option("--reason", help=say("notices.admin.reason"))],
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> int:
    """Send a notice back with a reason; the register stays as it is."""
    return _decide(notice, Act.SEND_BACK, home=home, as_json=as_json, reason=reason)


def form(notice: NoticeId, *, out: Out, home: HomeOption = HOME) -> int:
    """Write one notice as a form."""
    with office_of(home) as at:
        write_form(_one(at, notice), out)
    return Exit.DONE


class _Here:
    """The lists of the office in this process, asked as its desk is."""

    def __init__(self, at: Local) -> None:
        self.office = at.office

    def get(self, _path: str, *, limit: int, state: str | None = None, cursor: str | None = None) -> dict[str, Any]:
        """Return a page of notices."""
        from seikyu.services.notices import list_notices

        page = list_notices(self.office, _OPERATOR, limit=limit, cursor=cursor, state=state)
        return {"items": page.items, "next": page.next}


#: Who works on the home itself; nobody but the operator can.
_OPERATOR = ClientIdentity(serial="", party=OPERATOR, kind=OPERATOR, terminal="")


def _one(at: Remote | Local, notice: str) -> dict[str, Any]:
    from seikyu.services.notices import show_notice

    if isinstance(at, Local):
        return show_notice(at.office, _OPERATOR, notice)
    return at.line.get(f"/notices/{notice}")


def _decide(notice: str, act: Act, *, home: Path, as_json: bool, reason: str = "") -> int:
    from seikyu.services.notices import decide_notice

    with office_of(home) as at:
        if isinstance(at, Local):
            told = decide_notice(at.office, _OPERATOR, notice, act=act, reason=reason)
        else:
            asked = {"reason": reason} if act is Act.SEND_BACK else {}
            told = at.post(f"notices/{notice}/{_PATHS[act]}", asked)
    tell_notice(told, as_json=as_json)
    return Exit.DONE
