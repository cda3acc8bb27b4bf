"""The frame of the help pages in the user's language; the texts of commands and options are `words/*.toml`."""

import re
from collections.abc import Sequence
from typing import Any, Final

import typer
from typer._click.formatting import HelpFormatter  # typer's own copy; it offers no public name for the formatter

from seikyu.apps.words import has, say

#: What typer writes for the type of an option's value, and which word of ours says it.
_TYPE: Final = re.compile(r"<(?:list\[)?([A-Za-z]+)(?: range)?\]?>")
#: The same after the name of an argument, where it tells nothing.
_ARGUMENT_TYPE: Final = re.compile(r"^([^-]\S*) <.*>$")
#: A required argument in the line of usage, and one that may be repeated.
_REQUIRED: Final = re.compile(r"\{([^}.]+)(?:\.\.\.)?\}")


class LocalFormatter(HelpFormatter):
    """Writes the headings of a help page, and the few words typer adds to options, in the user's language."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the line of usage."""
        args = _REQUIRED.sub(r"\1", args)
        for name in ("[OPTIONS]", "COMMAND", "[ARGS]"):
            args = args.replace(name, say(f"cli.parts.{name.strip('[]').lower()}"))
        super().write_usage(prog, args, prefix if prefix is not None else f"{say('cli.usage')}: ")

    def write_heading(self, heading: str) -> None:
        """Write a heading of ours, where typer's is known."""
        key = f"cli.headings.{heading.lower()}"
        super().write_heading(say(key) if has(key) else heading)

    def write_dl(self, rows: Sequence[tuple[str, str]], *args: Any, **options: Any) -> None:
        """Write the table of options."""
        super().write_dl([(_typed(name), _translated(text)) for name, text in rows], *args, **options)


class LocalContext(typer.Context):
    """A context whose help is written by `LocalFormatter`."""

    formatter_class = LocalFormatter


def localized(command: Any) -> Any:
    """Return the command after it and its subcommands were told to write their help in the user's language."""
    command.context_class = LocalContext
    command.no_args_is_help = False  # A command without its subcommand is wrong usage, at every depth alike.
    for each in command.params:
        if each.param_type_name == "argument":
            each.metavar = each.metavar or each.name.upper()
    for each in getattr(command, "commands", {}).values():
        localized(each)
    return command


def _typed(name: str) -> str:
    """Return the left side of a row: the kind of value in the user's words, none for an argument."""
    name = _ARGUMENT_TYPE.sub(r"\1", name)
    return _TYPE.sub(lambda match: say(f"cli.types.{match[1].lower()}"), name)


def _translated(text: str) -> str:
    if text == "Show this message and exit.":
        return say("cli.help_option")
    for name in ("required", "default", "env var"):
        text = text.replace(f"[{name}", f"[{say(f'cli.frame.{name}')}").replace(
            f"; {name}", f"; {say(f'cli.frame.{name}')}"
        )
    return text
