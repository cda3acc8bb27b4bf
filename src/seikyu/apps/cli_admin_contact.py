"""`seikyu admin inquiries …` and `seikyu admin incidents …`: the desk's side of questions, and what it publishes."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final

import typer

from seikyu.apps.cli_admin import HOME, OPERATOR, HomeOption, JsonOption, Local, office_of
from seikyu.apps.cli_errors import one_line
from seikyu.apps.cli_inquiries import Number, State, Text, every, tell_inquiry, tell_list, tell_moved, text_of
from seikyu.apps.outcomes import Exit
from seikyu.apps.words import say
from seikyu.office.incidents import parts
from seikyu.office.inquiries import BY_DESK, Act
from seikyu.ports.trust import ClientIdentity

IncidentId = Annotated[str, typer.Argument(metavar="ID", help=say("incidents.id"))]
TextEn = Annotated[str, typer.Option("--text-en", help=say("incidents.text_en"))]
IncidentText = Annotated[str, typer.Option("--text", help=say("incidents.text"))]

_ACTS: Final = ", ".join(BY_DESK)
_PARTS: Final = ", ".join(parts())
_PAST: Final = 50

#: Who works on the home itself; nobody but the operator can.
_OPERATOR: Final = ClientIdentity(serial="", party=OPERATOR, kind=OPERATOR, terminal="")


def inquiries() -> typer.Typer:
    """Return the commands of inquiries."""
    app = typer.Typer(help=say("inquiries.admin.help"), no_args_is_help=True)
    app.command("list", help=say("inquiries.admin.list"))(list_)
    app.command("show", help=say("inquiries.show"))(show)
    app.command("answer", help=say("inquiries.admin.answer"))(answer)
    return app


def incidents() -> typer.Typer:
    """Return the commands of incidents."""
    app = typer.Typer(help=say("incidents.help"), no_args_is_help=True)
    app.command("list", help=say("incidents.list"))(list_incidents)
    app.command("open", help=say("incidents.open"))(open_)
    app.command("update", help=say("incidents.update"))(update)
    app.command("close", help=say("incidents.close"))(close)
    return app


def list_(*, state: State = None, home: HomeOption = HOME, as_json: JsonOption = False) -> int:
    """List everybody's inquiries, newest first."""
    with office_of(home) as at:
        get = _Here(at).get if isinstance(at, Local) else at.line.get
        tell_list(every(get, "/admin/inquiries", state), as_json=as_json)
    return Exit.DONE


def show(number: Number, *, home: HomeOption = HOME, as_json: JsonOption = False) -> int:
    """Show one inquiry with its history."""
    from seikyu.services.inquiries import show_inquiry

    with office_of(home) as at:
        told = show_inquiry(at.office, _OPERATOR, number) if isinstance(at, Local) else at.get(f"inquiries/{number}")
    tell_inquiry(told, as_json=as_json)
    return Exit.DONE


def answer(
    number: Number,
    *,
    act: Annotated[str, typer.Option("--act", help=say("inquiries.admin.act", acts=_ACTS))] = "answer",
    text: Text = "",
    desk: Annotated[str, typer.Option("--desk", help=say("inquiries.admin.desk"))] = "",
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> int:
    """Answer, ask back, pass on, take in hand or close an inquiry."""
    from seikyu.services.inquiries import work_on

    if act not in BY_DESK:
        raise typer.BadParameter(say("inquiries.admin.act", acts=_ACTS), param_hint="--act")
    text = text_of(text)
    with office_of(home) as at:
        if isinstance(at, Local):
            told = work_on(at.office, _OPERATOR, number, act=Act(act), text=text, desk=desk)
        else:
            told = at.post(f"inquiries/{number}/acts", {"act": act, "text": text, "desk": desk})
    tell_moved(told, as_json=as_json)
    return Exit.DONE


def list_incidents(*, home: HomeOption = HOME, as_json: JsonOption = False) -> int:
    """List incidents: those that go on first."""
    from seikyu.services.incidents import incidents as every_incident

    with office_of(home) as at:
        told = every_incident(at.office, past=_PAST) if isinstance(at, Local) else at.get("incidents")
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
        return Exit.DONE
    found = [*told["going_on"], *told["past"]]
    for each in found:
        _print(each)
    if not found:
        print(say("incidents.none"))
    return Exit.DONE


def open_(
    title: Annotated[str, typer.Argument(metavar="TITLE", help=say("incidents.title"))],
    *,
    text: IncidentText,
    part: Annotated[list[str], typer.Option("--part", help=say("incidents.part", parts=_PARTS))],
    title_en: Annotated[str, typer.Option("--title-en", help=say("incidents.title_en"))] = "",
    text_en: TextEn = "",
    began: Annotated[str | None, typer.Option("--began", help=say("incidents.began"))] = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> int:
    """Publish an incident."""
    from seikyu.services.incidents import Published, open_incident

    asked: dict[str, Any] = {
        "title": title, "text": text, "parts": part, "title_en": title_en, "text_en": text_en,
        "began_at": _time(began),
    }  # fmt: skip
    with office_of(home) as at:
        if isinstance(at, Local):
            told = open_incident(at.office, _OPERATOR, Published(**asked | {"began_at": _instant(asked["began_at"])}))
        else:
            told = at.post("incidents", asked)
    return _tell(told, as_json=as_json)


def update(
    incident: IncidentId,
    *,
    text: IncidentText,
    text_en: TextEn = "",
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> int:
    """Publish how an incident goes on."""
    from seikyu.services.incidents import update_incident

    with office_of(home) as at:
        if isinstance(at, Local):
            told = update_incident(at.office, _OPERATOR, incident, text=text, text_en=text_en)
        else:
            told = at.post(f"incidents/{incident}/updates", {"text": text, "text_en": text_en})
    return _tell(told, as_json=as_json)


def close(
    incident: IncidentId,
    *,
    text: IncidentText,
    text_en: TextEn = "",
    ended: Annotated[str | None, typer.Option("--ended", help=say("incidents.ended"))] = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> int:
    """Publish that an incident has ended."""
    from seikyu.services.incidents import close_incident

    asked = {"text": text, "text_en": text_en, "ended_at": _time(ended)}
    with office_of(home) as at:
        if isinstance(at, Local):
            told = close_incident(
                at.office, _OPERATOR, incident, text=text, text_en=text_en, ended_at=_instant(asked["ended_at"])
            )
        else:
            told = at.post(f"incidents/{incident}/close", asked)
    return _tell(told, as_json=as_json)


class _Here:
    """The inquiries of the office in this process, asked as its desk is."""

    def __init__(self, at: Local) -> None:
        self.office = at.office

    def get(self, _path: str, *, limit: int, state: str | None = None, cursor: str | None = None) -> dict[str, Any]:
        """Return a page of inquiries."""
        from seikyu.services.inquiries import list_inquiries

        page = list_inquiries(self.office, _OPERATOR, limit=limit, cursor=cursor, state=state)
        return {"items": page.items, "next": page.next}


def _tell(told: Mapping[str, Any], *, as_json: bool) -> int:
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        _print(told)
    return Exit.DONE


def _print(told: Mapping[str, Any]) -> None:
    state = say("incidents.over", ended=told["ended_at"][:16]) if told["ended_at"] else say("incidents.going_on")
    print(one_line(f"{told['id']} {told['began_at'][:16]} {state} {told['title']}"))


def _time(text: str | None) -> str | None:
    """Return a time as the wire has it. A time without a zone is Japan's."""
    from seikyu.trust.notices import JAPAN

    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(say("incidents.bad_time")) from None
    return (at if at.tzinfo else at.replace(tzinfo=JAPAN)).isoformat()


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
