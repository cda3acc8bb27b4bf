"""`seikyu doctor`: why the claims network is not reached. All of it stands in `apps/doctor`, which also runs alone."""

from pathlib import Path
from typing import Annotated

import typer

from seikyu.apps.cli_client import As, Home, Json
from seikyu.apps.doctor.words import say
from seikyu.apps.words import program

OptionalPath = Path | None
Texts = list[str] | None


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor", help=f"{say('help.doctor')}\n\n{say('help.more')}")(doctor)


def doctor(
    *,
    network: Annotated[OptionalPath, typer.Option("--network", help=say("help.network"))] = None,
    site: Annotated[OptionalPath, typer.Option("--site", help=say("help.site"))] = None,
    as_id: As = None,
    home: Home = None,
    url: Annotated[str, typer.Option("--url", help=say("help.url"))] = "",
    error: Annotated[str, typer.Option("--error", help=say("help.error"))] = "",
    symptom: Annotated[Texts, typer.Option("--symptom", help=say("help.symptom"))] = None,
    symptoms: Annotated[bool, typer.Option("--symptoms", help=say("help.symptoms"))] = False,
    sweep: Annotated[bool, typer.Option("--sweep", help=say("help.sweep"))] = False,
    pppoe_user_file: Annotated[
        OptionalPath, typer.Option("--pppoe-user-file", help=say("help.pppoe_user_file"))
    ] = None,
    report: Annotated[OptionalPath, typer.Option("--report", help=say("help.report"))] = None,
    lang: Annotated[str, typer.Option("--lang", help=say("help.lang"))] = "",
    write_zipapp: Annotated[OptionalPath, typer.Option("--write-zipapp", help=say("help.write_zipapp"))] = None,
    write_powershell: Annotated[
        OptionalPath, typer.Option("--write-powershell", help=say("help.write_powershell"))
    ] = None,
    as_json: Json = False,
) -> int:
    """Look, judge and tell; the exit status is the verdict."""
    from seikyu.apps.doctor import main, powershell, zipped
    from seikyu.apps.doctor.options import WrongUsage, options

    name = f"{program()} doctor"
    try:
        if write_zipapp:
            return zipped.write(write_zipapp, lang=lang, as_json=as_json)
        if write_powershell:
            return powershell.write(write_powershell, network=network, site=site, lang=lang, as_json=as_json)
        asked = options(
            network=network,
            site=site,
            home=home,
            url=url,
            error=error,
            symptom=symptom or [],
            symptoms=symptoms,
            sweep=sweep,
            pppoe_user_file=pppoe_user_file,
            report=report,
            lang=lang,
            json=as_json,
            **{"as": as_id or ""},
        )
    except WrongUsage as wrong:
        return main.tell_wrong(wrong, name, as_json=as_json)
    return main.run(asked, program=name)
