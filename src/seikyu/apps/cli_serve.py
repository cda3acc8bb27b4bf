"""`seikyu serve`: runs the office."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seikyu.apps.words import say

if TYPE_CHECKING:
    from seikyu.apps.places import Addresses


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve", help=say("serve.help"))(serve)


def serve(
    *,
    home: Annotated[Path, typer.Option(envvar="SEIKYU_HOME", help=say("serve.home"))] = Path("seikyu-home"),
    pause_checking: Annotated[bool, typer.Option("--pause-checking", help=say("serve.paused"))] = False,
    external_url: Annotated[str | None, typer.Option(help=say("serve.external"))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
) -> None:
    """Run until a signal; say on standard output where the faces are, once they listen."""
    from seikyu.apps.serve import serve as run

    def announce(addresses: "Addresses") -> None:
        told = asdict(addresses)
        if as_json:
            print(json.dumps({"ready": True, "pid": os.getpid(), "home": str(home.absolute()), **told}), flush=True)
        else:
            where = "  ".join(f"{say(f'serve.{name}')} {url}" for name, url in told.items())
            print(f"seikyu: {say('serve.ready')}: {where}", flush=True)

    run(home, announce=announce, pause_checking=pause_checking, external_url=external_url)
