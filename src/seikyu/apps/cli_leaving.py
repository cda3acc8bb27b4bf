"""`seikyu today | preview | leave-out | take-in`: what to do, what a decision would come to, what is kept out of it."""

from datetime import datetime
from typing import Annotated

import typer

from seikyu.apps.cli_client import As, For, Home, Json, SendingId, done, open_office, print_json
from seikyu.apps.outcomes import Exit
from seikyu.apps.words import say

File = Annotated[int, typer.Option("--file", min=1, help=say("client.leaving.file"))]
Claim = Annotated[int | None, typer.Option("--claim-index", min=0, help=say("client.leaving.claim"))]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("today", help=say("client.today.help"))(today)
    app.command("preview", help=say("client.leaving.preview"))(preview)
    app.command("leave-out", help=say("client.leaving.leave_out"))(leave_out)
    app.command("take-in", help=say("client.leaving.take_in"))(take_in)


def today(*, acts_for: For = None, as_id: As = None, home: Home = None, as_json: Json = False) -> int:
    """Tell what there is to do today."""
    with open_office(home, as_id, acts_for=acts_for) as office:
        told = office.today()
    if as_json:
        print_json(told)
        return Exit.DONE
    print(say("client.today.deadline", month=told["month"], deadline=_instant(told["deadline"])))
    for task in told["tasks"]:
        print(say(f"client.today.{task['code']}", **task | {"due_at": _instant(task["due_at"])}))
    for each in told["corrections"]:
        print(say("client.today.may" if each["may"] else "client.today.may_not", **each))
    if not told["tasks"]:
        print(say("client.today.nothing"))
    return Exit.DONE


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def preview(
    sending: SendingId,
    *,
    with_errors: Annotated[bool, typer.Option("--with-errors", help=say("client.confirm.with"))] = False,
    without_errors: Annotated[bool, typer.Option("--without-errors", help=say("client.confirm.without"))] = False,
    acts_for: For = None,
    as_id: As = None,
    home: Home = None,
    as_json: Json = False,
) -> int:
    """Tell what a decision would come to; nothing is decided."""
    if with_errors == without_errors:
        raise typer.BadParameter(say("client.confirm.one"))
    with open_office(home, as_id, acts_for=acts_for) as office:
        told = office.forecast(sending, errors="with" if with_errors else "without")
    if as_json:
        print_json(told)
        return Exit.DONE
    for each in told["fates"]:
        reason = say(f"pages.desk.reason.{each['reason']}") if each["reason"] else ""
        key = "client.leaving.claimed" if each["state"] == "claimed" else "client.leaving.unclaimed"
        print(say(key, **each | {"worst": each["worst"] or "-", "reason": reason}))
    return Exit.DONE


def leave_out(
    sending: SendingId,
    *,
    file: File = 1,
    claim: Claim = None,
    acts_for: For = None,
    as_id: As = None,
    home: Home = None,
    as_json: Json = False,
) -> int:
    """Leave a file or one claim out (請求から外す)."""
    with open_office(home, as_id, acts_for=acts_for) as office:
        now = office.leave_out(sending, file_no=file, claim_index=claim)
    done(now, "client.leaving.left_out", as_json=as_json)
    return Exit.DONE


def take_in(
    sending: SendingId,
    *,
    file: File = 1,
    claim: Claim = None,
    acts_for: For = None,
    as_id: As = None,
    home: Home = None,
    as_json: Json = False,
) -> int:
    """Take back in what was left out (請求に戻す)."""
    with open_office(home, as_id, acts_for=acts_for) as office:
        now = office.take_in(sending, file_no=file, claim_index=claim)
    done(now, "client.leaving.taken_in", as_json=as_json)
    return Exit.DONE
