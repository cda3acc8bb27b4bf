"""`seikyu demo`: the demo month."""

import json
import signal
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from seikyu.apps.outcomes import Exit
from seikyu.apps.words import say


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo", help=say("demo.help"))(demo)


def demo(
    *,
    home: Annotated[Path | None, typer.Option("--home", help=say("demo.home"))] = None,
    seed: Annotated[int, typer.Option(min=0, help=say("demo.seed"))] = 1,
    file: Annotated[Path | None, typer.Option(help=say("demo.file"))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
) -> int:
    """Run the month; the exit status is 0 only if everything balanced."""
    from seikyu.apps import client
    from seikyu.apps.demo import demo as run
    from seikyu.apps.demo_show import Teller

    root = (home or client.home_of(None) / "demo").absolute()
    teller = Teller(sys.stderr if as_json else sys.stdout)
    # A polite end from outside must stop the server too, as Ctrl-C does.
    signal.signal(signal.SIGTERM, _interrupt)
    told = run(root, seed=seed, tell=teller, own=file)
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        teller.ending(told, str(root))
    return Exit.DONE if told["balanced"] else Exit.DAMAGED


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt
