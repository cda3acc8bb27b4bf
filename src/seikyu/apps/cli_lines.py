"""`seikyu lines`: which lines there are, which one to choose, how to set it up."""

import typer

from seikyu.apps import cli_lines_advise, cli_lines_guide, cli_lines_list
from seikyu.apps.words import say


def register(app: typer.Typer) -> None:
    """Add the commands."""
    lines = typer.Typer(help=say("lines.help"), no_args_is_help=True)
    cli_lines_list.register(lines)
    cli_lines_advise.register(lines)
    cli_lines_guide.register(lines)
    app.add_typer(lines, name="lines")
