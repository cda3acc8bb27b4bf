"""`seikyu inquiry …`: ask the office's desk, and see state and answer."""

import json
import sys
import uuid
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from seikyu.apps.cli_client import As, Home, Json, Tries
from seikyu.apps.cli_errors import one_line
from seikyu.apps.outcomes import Exit
from seikyu.apps.words import language, say
from seikyu.lines.contact import contact

Number = Annotated[str, typer.Argument(metavar="NUMBER", help=say("inquiries.number"))]
State = Annotated[str | None, typer.Option("--state", help=say("inquiries.state"))]
Text = Annotated[str, typer.Option("--text", help=say("inquiries.text"))]
ReportFile = Annotated[Path | None, typer.Option("--report", metavar="FILE", help=say("inquiries.report_file"))]

_PROBLEMS: Final = ", ".join(contact().problems)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    inquiry = typer.Typer(help=say("inquiries.help"), no_args_is_help=True)
    inquiry.command("whom", help=say("inquiries.whom"))(whom)
    inquiry.command("new", help=say("inquiries.new"))(new)
    inquiry.command("list", help=say("inquiries.list"))(list_)
    inquiry.command("show", help=say("inquiries.show"))(show)
    inquiry.command("reply", help=say("inquiries.reply"))(reply)
    app.add_typer(inquiry, name="inquiry")


def whom(*, as_id: As = None, home: Home = None, as_json: Json = False) -> int:
    """Tell who explains what, with the telephone numbers that the office publishes."""
    with line_of(home, as_id) as line:
        told = line.get("/contact")
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
        return Exit.DONE
    lang = language()
    for name, each in told["problems"].items():
        print(one_line(f"{name}: {each[lang]}"))
        for one in each["explains"]:
            who = told["whom"][one["whom"]]
            print(one_line(f"  {who[lang]} {who['phone']}: {one[lang]}"))
    return Exit.DONE


def new(
    problem: Annotated[str, typer.Argument(metavar="PROBLEM", help=say("inquiries.problem", problems=_PROBLEMS))],
    *,
    text: Text,
    line_kind: Annotated[str, typer.Option("--line", help=say("inquiries.line"))] = "",
    body: Annotated[str, typer.Option("--body", help=say("inquiries.body"))] = "",
    wish: Annotated[str, typer.Option("--reply", help=say("inquiries.wish"))] = "page",
    reach: Annotated[str, typer.Option("--reach", help=say("inquiries.reach"))] = "",
    report: ReportFile = None,
    key: Annotated[str | None, typer.Option("--key", help=say("inquiries.key"))] = None,
    tries: Tries = None,
    as_id: As = None,
    home: Home = None,
    as_json: Json = False,
) -> int:
    """Make an inquiry. It is tried again under one key while the line is bad, so that it is made once."""
    if problem not in contact().problems:
        raise typer.BadParameter(say("inquiries.problem", problems=_PROBLEMS), param_hint="PROBLEM")
    asked = {
        "problem": problem,
        "text": text_of(text),
        "line_kind": line_kind,
        "body": body,
        "reply": wish,
        "reach": reach,
        "lang": language(),
        "report": "" if report is None else file_text(report),
    }
    headers = {"Idempotency-Key": key or str(uuid.uuid4())}
    with line_of(home, as_id, tries) as line:
        told = line.post("/inquiries", repeatable=True, json=asked, headers=headers)
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        print(say("inquiries.made", number=told["number"]))
    return Exit.DONE


def list_(*, state: State = None, as_id: As = None, home: Home = None, as_json: Json = False) -> int:
    """List the party's own inquiries, newest first."""
    with line_of(home, as_id) as line:
        tell_list(every(line.get, "/inquiries", state), as_json=as_json)
    return Exit.DONE


def show(number: Number, *, as_id: As = None, home: Home = None, as_json: Json = False) -> int:
    """Show one inquiry with its history."""
    with line_of(home, as_id) as line:
        tell_inquiry(line.get(f"/inquiries/{number}"), as_json=as_json)
    return Exit.DONE


def reply(
    number: Number,
    *,
    text: Annotated[str, typer.Option("--text", help=say("inquiries.text"))] = "",
    solved: Annotated[bool, typer.Option("--solved", help=say("inquiries.solved"))] = False,
    as_id: As = None,
    home: Home = None,
    as_json: Json = False,
) -> int:
    """Write on, or close the inquiry as solved."""
    asked = {"act": "solve" if solved else "write", "text": text_of(text)}
    with line_of(home, as_id) as line:
        told = line.post(f"/inquiries/{number}/messages", json=asked)
    tell_moved(told, as_json=as_json)
    return Exit.DONE


def every(get: Any, path: str, state: str | None) -> list[dict[str, Any]]:
    """Return all inquiries that the asker may see, page by page."""
    asked: dict[str, Any] = {"limit": 200} | ({"state": state} if state else {})
    page = get(path, **asked)
    items: list[dict[str, Any]] = page["items"]
    while page["next"]:
        page = get(path, **asked, cursor=page["next"])
        items += page["items"]
    return items


def tell_list(items: list[dict[str, Any]], *, as_json: bool) -> None:
    """Print a list of inquiries."""
    if as_json:
        print(json.dumps({"items": items}, ensure_ascii=False))
        return
    for each in items:
        problem, state = contact().problems[each["problem"]], say(f"inquiries.states.{each['state']}")
        said = problem.ja if language() == "ja" else problem.en
        print(one_line(f"{each['number']} {_when(each['changed_at'])} {state} {said} {each['party'] or '-'}"))
    if not items:
        print(say("inquiries.none"))


def tell_inquiry(told: Mapping[str, Any], *, as_json: bool) -> None:
    """Print one inquiry."""
    from seikyu.apps.contact_told import inquiry_told

    if as_json:
        print(json.dumps(told, ensure_ascii=False))
        return
    said = inquiry_told(told, language())
    print(one_line(f"{said['number']} {said['state_said']} {said['problem_said']} {said['line_said']}"))
    for each in said["history"]:
        who = each["by"] or each["side"]
        print(one_line(f"  {each['no']}. {_when(each['at'])} {who}: {each['act_said']} {each['desk_said']}".rstrip()))
        for line in each["text"].splitlines():
            print(one_line(f"     {line}"))
    for fault in (said["findings"] or {}).get("found", ()):
        print(one_line(f"  [{fault['id']}] {fault['symptom']} ({fault['sure']})"))


def tell_moved(told: Mapping[str, Any], *, as_json: bool) -> None:
    """Print where an inquiry stands now."""
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
        return
    print(f"{told['number']} {say('inquiries.states.' + told['state'])}")


def text_of(text: str) -> str:
    """Return a text as it was given, or from standard input."""
    return sys.stdin.read() if text == "-" else text


def file_text(path: Path) -> str:
    """Return what a report's file holds, and no more than a report may have. Errors: FileUnusable."""
    from seikyu.apps.client.errors import FileUnusable
    from seikyu.apps.words import system_words
    from seikyu.limits import limit

    if path.is_dir():
        raise FileUnusable("folder", file=str(path))
    try:
        with path.open("rb") as file:
            return file.read(limit("doctor_report_bytes") + 1).decode("utf-8", "replace")
    except FileNotFoundError:
        raise FileUnusable("missing", file=str(path)) from None
    except OSError as reason:
        raise FileUnusable("unreadable", file=str(path), reason=system_words(reason)) from None


def line_of(home: Path | None, as_id: str | None, tries: int | None = None) -> Any:
    """Open a line to the office."""
    from seikyu.apps import client

    return client.Line(client.open_client(client.home_of(home), as_id), tries=tries)


def _when(text: str) -> str:
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M}"
