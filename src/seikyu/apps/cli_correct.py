"""`seikyu correct`: claims that came back are corrected from the command line, as on the screen."""

import json
import re
from typing import Annotated, Any, Final

import typer

from seikyu.apps.cli_client import As, For, Home, Json, SendingId, finding_line, open_office
from seikyu.apps.outcomes import Exit
from seikyu.apps.words import say

_SET: Final = re.compile(r"([A-Z0-9]{2})(?:\[([1-9][0-9]{0,4})\])?\.([1-9][0-9]{0,2})=(.*)", re.DOTALL)
_RECORD: Final = re.compile(r"([A-Z0-9]{2})(?:\[([1-9][0-9]{0,4})\])?")
_MARKS: Final = ("open", "corrected", "impossible")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("correct", help=say("client.correct.help"))(correct)


def correct(
    sending: SendingId,
    *,
    claim: Annotated[int | None, typer.Option(min=1, help=say("client.correct.claim"), metavar="N")] = None,
    file: Annotated[int, typer.Option(min=1, help=say("client.correct.file"), metavar="N")] = 1,
    sets: Annotated[list[str] | None, typer.Option("--set", help=say("client.correct.set"), metavar="RE.4=V")] = None,
    remove: Annotated[list[str] | None, typer.Option(help=say("client.correct.remove"), metavar="CO[1]")] = None,
    add: Annotated[list[str] | None, typer.Option(help=say("client.correct.add"), metavar="LINE@HO")] = None,
    mark: Annotated[str | None, typer.Option(help=say("client.correct.mark"))] = None,
    finish: Annotated[bool, typer.Option("--finish", help=say("client.correct.finish"))] = False,
    acts_for: For = None,
    as_id: As = None,
    home: Home = None,
    as_json: Json = False,
) -> int:
    """Show what came back, change a claim, or finish."""
    from seikyu.apps.client import correcting

    if mark is not None and mark not in _MARKS:
        raise typer.BadParameter(say("client.correct.bad_mark"), param_hint="--mark")
    with open_office(home, as_id, acts_for=acts_for) as office:
        line = office.line
        if claim is None and not finish:
            _list(correcting.corrections(line, sending), as_json=as_json)
            return Exit.DONE
        status, told = int(Exit.DONE), None
        if claim is not None:
            shown = correcting.correction(line, sending, file, claim - 1)
            if sets or remove or add or mark:
                asked = _asked(shown, sets or [], remove or [], add=add or [], mark=mark)
                shown = correcting.keep(line, sending, file, claim - 1, asked=asked)
            told = shown
            status = _show(shown, as_json=as_json and not finish)
        if finish:
            told = correcting.finish(line, sending)
            status = Exit.DONE
            if not as_json:
                _finished(told)
    if as_json and finish:
        print(json.dumps(told, ensure_ascii=False))
    return status


def _asked(
    shown: dict[str, Any], sets: list[str], remove: list[str], *, add: list[str], mark: str | None
) -> dict[str, Any]:
    """Return what is to be kept: what is kept already, and the changes. Errors: BadParameter."""
    lines = shown["claim"]["lines"]
    items = {(each["line"], each["no"]): each["value"] for each in shown["items"]}
    for text in sets:
        found = _SET.fullmatch(text)
        if found is None:
            raise typer.BadParameter(say("client.correct.bad_set"), param_hint="--set")
        items[_line(lines, found[1], found[2], "--set"), int(found[3])] = found[4]
    removed = {*shown["removed"], *(_record(lines, text, "--remove") for text in remove)}
    added = [*shown["added"], *(_added(lines, text) for text in add)]
    changed = bool(sets or remove or add)
    return {
        "version": shown["version"],
        "mark": mark or ("corrected" if changed else shown["mark"]),
        "items": [{"line": at, "no": no, "value": value} for (at, no), value in items.items() if at not in removed],
        "removed": sorted(removed),
        "added": added,
    }


def _line(lines: list[dict[str, Any]], record: str, nth: str | None, option: str) -> int:
    """Return the line of the nth record of an identification. Errors: BadParameter."""
    found = [each["line"] for each in lines if each["record"] == record and not each["history"]]
    place = int(nth or 1) - 1
    if place >= len(found):
        raise typer.BadParameter(say("client.correct.bad_record", record=f"{record}[{nth or 1}]"), param_hint=option)
    return int(found[place])


def _record(lines: list[dict[str, Any]], text: str, option: str) -> int:
    found = _RECORD.fullmatch(text)
    if found is None:
        raise typer.BadParameter(say("client.correct.bad_record", record=text), param_hint=option)
    return _line(lines, found[1], found[2], option)


def _added(lines: list[dict[str, Any]], text: str) -> dict[str, Any]:
    """Return a record that is put in: its items, and after `@` the record that it stands behind, else the last."""
    content, at, behind = text.rpartition("@")
    if not at:
        content, behind = text, ""
    after = _record(lines, behind, "--add") if behind else len(lines) - 1
    return {"after": after, "items": content.split(",")}


def _show(shown: dict[str, Any], *, as_json: bool) -> int:
    """Tell what is kept, and end as `check` would over the corrected claim."""
    findings = shown["findings"]
    if as_json:
        print(json.dumps(shown, ensure_ascii=False))
    else:
        mark = say(f"correcting.marks.{shown['mark']}")
        no = shown["claim"]["claim_no"]
        print(say("client.correct.kept", claim_no=no, mark=mark, changes=len(shown["changes"]), findings=len(findings)))
        for change in shown["changes"]:
            place = f"{change['record']}.{change['no']} {change['item_ja'] or ''}"
            print(f"  {place}: {change['before']} -> {change['after']}")
        if shown["new_findings"]:
            print(say("client.correct.new"))
        for item in shown["new_findings"] or findings:
            print(f"  {finding_line({**item, 'file_no': shown['claim']['file_no']}, {})}")
    if any(each["refuses"] for each in findings):
        return Exit.REFUSED
    return Exit.ASKS if any(each["level"] != "L48" for each in findings) else Exit.DONE


def _list(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"items": rows}, ensure_ascii=False))
        return
    for row in rows:
        mark = say(f"correcting.marks.{'finished' if row['barred'] == 'finished' else row['mark']}")
        place = row["claim_index"] + 1
        print(say("client.correct.listed", file_no=row["file_no"], place=place, claim_no=row["claim_no"], mark=mark))
    if not rows:
        print(say("client.correct.none"))


def _finished(told: dict[str, Any]) -> None:
    new = told["sending"]["id"]
    print(say("client.correct.finished", correct_no=told["correct_no"], claims=told["claims"], new=new))
    print(say("client.correct.next", new=new))
