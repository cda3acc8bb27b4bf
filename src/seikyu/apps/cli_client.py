"""`seikyu send | status | findings | confirm | cancel | fetch`: the client's end on the command line."""

import json
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from zoneinfo import ZoneInfo

import typer

from seikyu.apps.cli_errors import tell, told_of
from seikyu.apps.outcomes import Exit
from seikyu.apps.words import language, program, say
from seikyu.ports.errors import SeikyuError

if TYPE_CHECKING:
    from seikyu.apps.client import Client, Fetched, Outgoing, Terms

Home = Annotated[Path | None, typer.Option("--home", help=say("cli.home"))]
As = Annotated[str | None, typer.Option("--as", help=say("cli.as"))]
For = Annotated[str | None, typer.Option("--for", metavar="PARTY", help=say("client.for"))]
Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
Tries = Annotated[int | None, typer.Option(min=1, max=20, help=say("client.tries"))]
SendingId = Annotated[str, typer.Argument(help=say("client.id"))]

_JAPAN: Final = ZoneInfo("Asia/Tokyo")
_FIRST_FINDINGS: Final = 10

_BODY: Final = re.compile(r"(1|2-(0[1-9]|[1-3][0-9]|4[0-7]|99))\Z")

#: What can be wrong with one delivery and not with the next.
_OF_ONE_DELIVERY: Final = frozenset({"delivery_damaged", "damaged", "fetch_running", "not_found"})

#: Somebody waits for a look or a decision; a sending or a delivery may take its time.
_LOOK_TRIES: Final = 3
_COLUMNS: Final = ("id", "body", "month", "send_no", "line", "state", "claims", "refused", "ask", "received_at")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    acts: Mapping[str, Callable[..., int]] = {
        "send": send,
        "status": status,
        "findings": findings,
        "confirm": confirm,
        "cancel": cancel,
        "fetch": fetch,
    }
    for name, act in acts.items():
        app.command(name, help=say(f"client.{name}.help"))(_then_ride(act))


def _then_ride(act: Callable[..., int]) -> Callable[..., int]:
    """Return a command after which the certificate renews itself; by then all that it says has been said."""

    @wraps(act)
    def whole(**said: Any) -> int:
        status = act(**said)
        sys.stdout.flush()
        from seikyu.apps import client
        from seikyu.apps.client.reminding import ride_along

        with suppress(Exception, KeyboardInterrupt):  # What was done is done, whatever becomes of the ride.
            ride_along(client.open_client(client.home_of(said["home"]), said["as_id"]), _note)
        return status

    return whole


def send(
    files: Annotated[list[Path], typer.Argument(help=say("client.send.file"))],
    *,
    body: Annotated[str | None, typer.Option(help=say("client.body"))] = None,
    asp: Annotated[bool, typer.Option("--asp/--no-asp", help=say("client.send.asp"))] = True,
    test: Annotated[bool, typer.Option("--test", help=say("client.send.test"))] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help=say("client.send.wait"))] = True,
    tries: Tries = None,
    acts_for: For = None,
    as_id: As = None,
    home: Home = None,
    as_json: Json = False,
) -> int:
    """Send, wait for the check, show its counts and first findings."""
    from seikyu.apps import client
    from seikyu.apps.client import progress

    terms = client.Terms(_body(body), test, asp)
    outgoing = [client.look_at(path) for path in files]
    who = _who(as_id, home, acts_for)
    with open_office(home, as_id, tries, hint=_again(files, terms=terms, who=who), acts_for=acts_for) as office:
        for file in outgoing:
            _tell("client.send.sending", file=file.path.name, size=progress.size(file.size_bytes), sha256=file.sha256)
        with progress.bar(outgoing[0].path.name, sum(file.size_bytes for file in outgoing)) as told:
            answer = _sent(office, outgoing, terms, told=told)
        if not as_json:
            print(say("client.send.repeat" if answer["repeat"] else "client.send.received", **answer), flush=True)
        if wait:
            answer = _checked(office, answer)
        if as_json:
            print_json(answer)
        else:
            _show_check(office, answer, who=who)
    return Exit.LATER if wait and answer["state"] == client.CHECKING else _status_of(answer)


def status(
    sending: Annotated[str | None, typer.Argument(help=say("client.id"))] = None,
    *,
    month: Annotated[str | None, typer.Option(help=say("client.status.month"))] = None,
    acts_for: For = None,
    as_id: As = None,
    home: Home = None,
    as_json: Json = False,
) -> int:
    """Show one sending, or the newest ones."""
    from seikyu.apps.client import progress

    with open_office(home, as_id, acts_for=acts_for) as office:
        rows = [office.sending(sending)] if sending else office.newest_sendings(month=_month(month))
    if as_json:
        print_json(rows[0] if sending else {"items": rows})
    elif rows:
        _table(rows)
        for file in rows[0].get("files", ()):
            print(
                say(
                    "client.status.file",
                    **file | {"size": progress.size(file["size_bytes"]), "name": file["name"] or "-"},
                )
            )
    else:
        print(say("client.status.none"))
    return Exit.DONE


def findings(
    sending: SendingId,
    *,
    form: Annotated[str, typer.Option("--format", help=say("client.findings.format"))] = "text",
    acts_for: For = None,
    as_id: As = None,
    home: Home = None,
    as_json: Json = False,
) -> int:
    """List the findings of a sending."""
    form = "json" if as_json else form
    if form not in {"text", "csv", "json"}:
        raise typer.BadParameter(say("client.findings.bad_format"), param_hint="--format")
    with open_office(home, as_id, acts_for=acts_for) as office:
        found = office.findings(sending)
        if form == "json":
            print_json({"items": list(found)})
        elif form == "csv":
            _csv(found)
        else:
            names = {file["no"]: file["name"] or "" for file in office.sending(sending)["files"]}
            lines = [finding_line(item, names) for item in found]
            print("\n".join(lines) if lines else say("client.findings.none"))
    return Exit.DONE


def confirm(
    sending: SendingId,
    *,
    with_errors: Annotated[bool, typer.Option("--with-errors", help=say("client.confirm.with"))] = False,
    without_errors: Annotated[bool, typer.Option("--without-errors", help=say("client.confirm.without"))] = False,
    acts_for: For = None,
    as_id: As = None,
    home: Home = None,
    as_json: Json = False,
) -> int:
    """Say yes (請求確定); with or without the claims that ask has no default."""
    if with_errors == without_errors:
        raise typer.BadParameter(say("client.confirm.one"))
    with open_office(home, as_id, acts_for=acts_for) as office:
        now = office.confirm(sending, errors="with" if with_errors else "without")
    done(now, "client.confirm.done", as_json=as_json)
    return Exit.DONE


def cancel(
    sending: SendingId, *, acts_for: For = None, as_id: As = None, home: Home = None, as_json: Json = False
) -> int:
    """Say no (請求取消)."""
    with open_office(home, as_id, acts_for=acts_for) as office:
        now = office.cancel(sending)
    done(now, "client.cancel.done", as_json=as_json)
    return Exit.DONE


def fetch(
    *,
    month: Annotated[str | None, typer.Option(help=say("client.fetch.month"))] = None,
    to: Annotated[Path, typer.Option(help=say("client.fetch.to"))] = Path(),
    tries: Tries = None,
    as_id: As = None,
    home: Home = None,
    as_json: Json = False,
) -> int:
    """Fetch every delivery of a month, whole and verified."""
    from seikyu.apps.client import progress

    fetched, troubles = [], []
    with open_office(home, as_id, tries) as office:
        for one in office.deliveries(month=_month(month)):
            try:
                with progress.bar(f"{one.body} {one.month} {one.kind}", one.size_bytes) as told:
                    here = office.fetch(one, to=to, told=told)
            except SeikyuError as reason:
                troubles.append(told_of(reason))
                troubles[-1].show()
                if troubles[-1].code in _OF_ONE_DELIVERY:
                    continue  # The others have nothing to do with it.
                break
            fetched.append(here)
            if not as_json:
                _show_fetched(here)
    if as_json:
        failed = {"error": troubles[0].to_json()} if troubles else {}
        print_json({"deliveries": [each.shown() for each in fetched]} | failed)
    elif not fetched and not troubles:
        print(say("client.fetch.none"))
    return max((each.status for each in troubles), default=Exit.DONE)


@contextmanager
def open_office(
    home: Path | None,
    as_id: str | None,
    tries: int | None = _LOOK_TRIES,
    hint: str = "",
    *,
    acts_for: str | None = None,
) -> Iterator["Client"]:
    """Open the chosen client; what its errors advise names the command to type again."""
    from seikyu.adapters.tls_client import key_exposed
    from seikyu.apps import client
    from seikyu.apps.client.errors import LineFailed

    folder = client.open_client(client.home_of(home), as_id)
    if folder.key.exists() and key_exposed(folder.key):
        _tell("client.key_open", file=folder.key)
    try:
        with client.Client.open(folder.path.name, home=home, tries=tries, note=_note, acts_for=acts_for) as office:
            yield office
    except LineFailed as trouble:
        trouble.facts["again"] = hint
        raise


def _sent(
    office: "Client", outgoing: "list[Outgoing]", terms: "Terms", *, told: Callable[[int], None]
) -> dict[str, Any]:
    """Send, and say what an interrupt leaves behind."""
    try:
        return office.send(outgoing, body=terms.body, test=terms.test, asp=terms.asp, told=told, certain=_certain)
    except KeyboardInterrupt:
        _tell("client.send.interrupted")
        raise


def _certain(arrival: Mapping[str, Any]) -> None:
    """Say that a file is certain to be refused; what to do about it is the sender's to decide."""
    verdict = arrival["refused"]
    key = "client.send.certain" if verdict["line"] is None else "client.send.certain_at"
    message = verdict["message_ja" if language() == "ja" else "message"]
    _tell(key, file=arrival["name"] or "-", line=verdict["line"], code=verdict["code"], message=message)


def _checked(office: "Client", answer: dict[str, Any]) -> dict[str, Any]:
    """Wait for the check. What is received stays received when the line breaks now, so that is no error."""
    from seikyu.apps.client.errors import LineFailed, OfficeSaid
    from seikyu.apps.client.line import words_of

    try:
        return office.wait_for_check(answer)
    except (LineFailed, OfficeSaid) as trouble:
        _tell("client.send.not_waited", trouble=words_of(trouble).text)
        return answer


def _show_fetched(here: "Fetched") -> None:
    from seikyu.apps.client import progress

    one = here.offered
    key = "client.fetch.whole" if here.new else "client.fetch.already"
    size = progress.size(one.size_bytes)
    print(say(key, file=here.file, claims=f"{one.claims:,}", points=f"{one.points:,}", size=size), flush=True)


def _again(files: list[Path], *, terms: "Terms", who: str) -> str:
    """Return the command that sends these files in the same way."""
    words = ["send", *(str(file) for file in files), *(["--body", terms.body] if terms.body else [])]
    words += ["--test"] * terms.test + ["--no-asp"] * (not terms.asp)
    return f"{program()} {shlex.join(words)}{who}"


def _who(as_id: str | None, home: Path | None, acts_for: str | None = None) -> str:
    """Return the options that named the client, for a command that the user is told to type."""
    words = [
        word
        for name, value in (("--for", acts_for), ("--as", as_id), ("--home", home))
        if value
        for word in (name, str(value))
    ]
    return f" {shlex.join(words)}" if words else ""


def _status_of(sending: Mapping[str, Any]) -> int:
    """Return how `send` ends: as `seikyu check` would over the same file."""
    if sending["state"] == "refused" or sending["refused"]:
        return Exit.REFUSED
    return Exit.ASKS if sending["ask"] else Exit.DONE


def _show_check(office: "Client", sending: Mapping[str, Any], *, who: str) -> None:

    if sending["state"] == "checking":
        print(say("client.send.still", who=who, **sending))
        return
    print(say("client.send.checked", **sending))
    names = {file["no"]: file["name"] or "" for file in sending.get("files", ())}
    first = list(office.findings(sending["id"], most=_FIRST_FINDINGS))
    for item in first:
        print(f"  {finding_line(item, names)}")
    if (more := (sending["findings"] or 0) - len(first)) > 0:
        print(say("client.send.more", id=sending["id"], number=more, who=who))
    if sending["state"] == "refused":
        print(say("client.send.refused"))
    elif sending["state"] == "to_decide":
        print(say("client.send.next", id=sending["id"], who=who))


def finding_line(item: Mapping[str, Any], names: Mapping[int, str]) -> str:
    """Return a finding that came over the wire as the line that `seikyu check` prints for it."""
    from seikyu.rules.finding import Finding
    from seikyu.rules.reports import line_of

    finding = Finding(**{name: item[name] for name in Finding.__dataclass_fields__} | _effect(item))
    return line_of(finding, names.get(item["file_no"]) or f"#{item['file_no']}", language())


def _effect(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a finding does; what a newer office may say besides is shown as it says it."""
    from seikyu.rules.finding import Level, Refuses

    known = {"level": Level, "refuses": Refuses}
    return {name: kind(item[name]) for name, kind in known.items() if item[name] in set(kind)}


def _table(rows: list[Mapping[str, Any]] | list[dict[str, Any]]) -> None:
    """Print rows as a table on a terminal, as plain columns otherwise."""
    cells = [[_cell(name, row.get(name)) for name in _COLUMNS] for row in rows]
    heads = [say(f"client.columns.{name}") for name in _COLUMNS]
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.table import Table

        table = Table(*heads)
        for row in cells:
            table.add_row(*row)
        Console().print(table)
        return
    print("\t".join(heads))
    for row in cells:
        print("\t".join(row))


def _cell(name: str, value: object) -> str:
    if value is None:
        return "-"
    if name == "received_at":
        return datetime.fromisoformat(str(value)).astimezone(_JAPAN).strftime("%Y-%m-%d %H:%M")
    return say(f"client.states.{value}") if name in {"state", "line"} else str(value)


def _csv(found: Iterator[dict[str, Any]]) -> None:
    """Print a table with its heads, also when there is nothing to list."""
    import csv

    from seikyu.rules.finding import Finding

    writer = csv.DictWriter(sys.stdout, ["file_no", *Finding.__dataclass_fields__], extrasaction="ignore")
    writer.writeheader()
    writer.writerows(found)


def done(sending: Mapping[str, Any], key: str, *, as_json: bool) -> None:
    """Say what a sending has come to."""
    if as_json:
        print_json(sending)
    else:
        print(say(key, **sending))


def _month(text: str | None) -> str | None:
    if text is not None and not (len(text) == len("YYYYMM") and text.isdigit() and "01" <= text[4:] <= "12"):
        raise typer.BadParameter(say("client.fetch.bad_month"), param_hint="--month")
    return text


def _body(text: str | None) -> str | None:
    if text is not None and not _BODY.match(text):
        raise typer.BadParameter(say("client.bad_body"), param_hint="--body")
    return text


def print_json(value: object) -> None:
    """Print a value for a program."""
    print(json.dumps(value, ensure_ascii=False))


def _note(text: str) -> None:
    tell("note", text)


def _tell(key: str, **facts: Any) -> None:
    _note(say(key, **facts))
