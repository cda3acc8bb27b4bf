"""`seikyu lines …`: which lines there are, which one to choose, and how to set it up. Each part is a module."""

import typer

from seikyu.apps import cli_lines_guide
from seikyu.apps.words import say


def register(app: typer.Typer) -> None:
    """Add the commands."""
    lines = typer.Typer(help=say("lines.help"), no_args_is_help=True, callback=_nothing)
    cli_lines_guide.register(lines)
    app.add_typer(lines, name="lines")


def _nothing() -> None:
    """Keep a group with one command a group."""
