"""`seikyu cert …`: the certificates of a party's terminals, applied for and looked at."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from seikyu.apps import cli_cert_terminal
from seikyu.apps.cli_client import As, Home, Json, Tries
from seikyu.apps.cli_errors import one_line
from seikyu.apps.outcomes import Exit
from seikyu.apps.words import say

Terminal = Annotated[str, typer.Option("--terminal", help=say("certs.terminal"))]
Contact = Annotated[str, typer.Option("--contact", help=say("certs.contact"))]
Host = Annotated[list[str] | None, typer.Option("--host", help=say("certs.host"))]
ApplicationId = Annotated[str, typer.Argument(metavar="ID", help=say("certs.application"))]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    cert = typer.Typer(help=say("certs.help"), no_args_is_help=True)
    cert.command("apply", help=say("certs.apply"))(apply_)
    cert.command("list", help=say("certs.list"))(list_)
    cert.command("withdraw", help=say("certs.withdraw"))(withdraw)
    cli_cert_terminal.add(cert)
    app.add_typer(cert, name="cert")


def apply_(
    *,
    terminal: Terminal,
    contact: Contact = "",
    host: Host = None,
    tries: Tries = None,
    as_id: As = None,
    home: Home = None,
    as_json: Json = False,
) -> int:
    """Apply for the certificate of one more terminal, or of a server if its names are given."""
    from seikyu.apps.client.certs import apply_for

    with _line(home, as_id, tries) as line:
        told = apply_for(line, wish_of(terminal, contact, host))
    tell_application(told, "certs.repeat" if told["repeat"] else "certs.applied", as_json=as_json)
    return Exit.DONE


def list_(*, as_id: As = None, home: Home = None, as_json: Json = False) -> int:
    """List the party's certificates with the days that are left, and its applications."""
    from seikyu.apps.client.certs import applications, certificates

    with _line(home, as_id) as line:
        told = {"certificates": certificates(line), "applications": applications(line)}
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
        return Exit.DONE
    print(say("certs.certificates"))
    for each in told["certificates"]:
        print(one_line("  " + _certificate_line(each)))
    if not told["certificates"]:
        print("  " + say("certs.no_certificates"))
    print(say("certs.applications"))
    for each in told["applications"]:
        print(one_line("  " + application_line(each)))
    if not told["applications"]:
        print("  " + say("certs.no_applications"))
    return Exit.DONE


def withdraw(application: ApplicationId, *, as_id: As = None, home: Home = None, as_json: Json = False) -> int:
    """Take an application back that has not had its answer."""
    from seikyu.apps.client.certs import withdraw as take_back

    with _line(home, as_id) as line:
        told = take_back(line, application)
    tell_application(told, "certs.withdrawn", as_json=as_json)
    return Exit.DONE


def wish_of(terminal: str, contact: str, hosts: list[str] | None) -> dict[str, Any]:
    """Return an application as the wire wants it: names of hosts make it one for a server."""
    purpose = "server" if hosts else "client"
    return {"terminal": terminal, "contact": contact, "purpose": purpose, "hosts": hosts or []}


def tell_application(told: Mapping[str, Any], key: str, *, as_json: bool) -> None:
    """Print one application."""
    print(json.dumps(told, ensure_ascii=False) if as_json else one_line(say(key, **told)))


def application_line(told: Mapping[str, Any]) -> str:
    """Return an application as a line of a list."""
    state = say(f"certs.states.{told['state']}")
    until = say("certs.open_until", day=told["open_until"][:10]) if told["open_until"] else told["reason"]
    line = f"{told['id']} {told['filed_at'][:10]} {told['party']} {told['terminal']}  {state}  {until}"
    return line.rstrip()


def _certificate_line(told: Mapping[str, Any]) -> str:
    state = say(f"certs.certificate_states.{told['state']}")
    left = say("certs.days_left", days=told["days_left"]) if told["state"] in {"good", "ending"} else ""
    mark = say("certs.in_hand") if told["in_hand"] else ""
    return f"{told['serial'][:16]} {told['not_after'][:10]} {told['terminal']}  {state} {left} {mark}".rstrip()


def _line(home: Path | None, as_id: str | None, tries: int | None = None) -> Any:
    from seikyu.apps import client

    return client.Line(client.open_client(client.home_of(home), as_id), tries=tries)
