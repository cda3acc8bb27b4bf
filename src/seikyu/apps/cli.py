"""The command `seikyu`: loads only what the command asked for needs, and ends with a status a program can rely on.

Exit statuses stand in `apps/outcomes.py`: what a command returns is its status; an error of ours ends by its code;
wrong usage and bugs end with 3. A bug prints one line with a number; with SEIKYU_DEBUG set, the traceback follows.

Errors are told in words on standard error. With `--json`, standard output then holds one object that says the same to
a program: `error` with `code`, `title`, `detail`, `hint`, `exit_status` and `retry`. (`check` keeps its array.) What
was done before the error is told too: `fetch` names the deliveries that are here, `send` the sending that is there.
"""

import io
import json
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Final, NoReturn

import typer
from typer.core import TyperGroup

from seikyu.apps.cli_errors import Told, tell, told_of
from seikyu.apps.cli_help import localized
from seikyu.apps.cli_usage import usage_words
from seikyu.apps.outcomes import Exit
from seikyu.apps.words import ErrorWords, program, say

#: Every command and the module that brings it by `register(app)`. A module is imported when its command is asked for.
COMMANDS: Final[Mapping[str, str]] = {
    "demo": "cli_demo",
    "check": "cli_check",
    "compare": "cli_compare",
    "send": "cli_client",
    "status": "cli_client",
    "findings": "cli_client",
    "confirm": "cli_client",
    "cancel": "cli_client",
    "correct": "cli_correct",
    "lists": "cli_papers",
    "ask-undo": "cli_ask_undo",
    "today": "cli_leaving",
    "preview": "cli_leaving",
    "leave-out": "cli_leaving",
    "take-in": "cli_leaving",
    "fetch": "cli_client",
    "events": "cli_events",
    "webhooks": "cli_events",
    "deliveries": "cli_deliveries",
    "notice": "cli_notices",
    "inquiry": "cli_inquiries",
    "forms": "cli_forms",
    "cert": "cli_certs",
    "doctor": "cli_doctor",
    "lines": "cli_lines",
    "serve": "cli_serve",
    "admin": "cli_admin",
    "ca": "cli_ca",
    "deploy": "cli_deploy",
    "gateway": "cli_gateway",
    "make": "cli_make",
    "show": "cli_show",
    "rules": "cli_rules",
    "masters": "cli_masters",
    "layouts": "cli_layouts",
}


class PipeClosed(Exception):
    """Whoever read our output has gone; there is nobody left to tell."""


class LazyGroup(TyperGroup):
    """The root: it knows the names of its commands and imports the module of the one that runs."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  (typer's signature)
        """Return the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002  (typer's signature)
        """Return the command, importing its module; None for a name that is not in the table."""
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        part = typer.Typer(cls=TyperGroup, callback=_nothing, add_completion=False, rich_markup_mode=None)
        import_module(f"seikyu.apps.{module}").register(part)
        group = typer.main.get_command(part)
        return localized(group.commands[cmd_name])  # type: ignore[attr-defined]  # a Typer with a callback is a group

    def invoke(self, ctx: Any) -> Any:
        """Run the command; a closed pipe leaves as an exception of ours, which typer lets pass."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as reason:
            raise PipeClosed from reason


def _nothing() -> None:
    """Keep a Typer with one command a group."""


def _version(wished: bool) -> None:
    if wished:
        from importlib.metadata import version

        print(f"seikyu {version('seikyu')}")
        raise typer.Exit


def _root(
    _: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help=say("cli.version")),
) -> None:
    """Take the options of the program itself."""


def command() -> Any:
    """Return the root command."""
    app = typer.Typer(cls=LazyGroup, add_completion=False, rich_markup_mode=None, help=say("cli.help"))
    app.callback()(_root)
    return localized(typer.main.get_command(app))


def main() -> NoReturn:
    """Run the program and end the process."""
    _set_output(sys.argv[1:])
    sys.exit(run(sys.argv[1:]))


def run(args: Sequence[str]) -> int:
    """Run the program with these arguments and return its exit status; everything it has to say is said."""
    try:
        status = _run(args)
        print(end="", flush=True)  # says nothing to nobody where there is no output at all
    except (PipeClosed, BrokenPipeError):
        _leave_quietly()
        return Exit.PIPE_CLOSED
    return status


def _set_output(args: Sequence[str]) -> None:
    """Let no character that the terminal lacks end the program; JSON is UTF-8 wherever it goes (RFC 8259)."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            utf_8 = stream is sys.stdout and "--json" in args
            stream.reconfigure(encoding="utf-8" if utf_8 else None, errors="backslashreplace")


def _run(args: Sequence[str]) -> int:
    try:
        result = command().main(args=list(args), prog_name=program(), standalone_mode=False)
    except typer.TyperException as wrong:
        return _usage(wrong, args)
    except (typer.Abort, KeyboardInterrupt):
        return _interrupted()
    except (PipeClosed, BrokenPipeError):
        raise
    except Exception as reason:  # noqa: BLE001  (the door of the app)
        return _failed(reason, args)
    if result == Exit.INTERRUPTED:
        return _interrupted()
    return result if isinstance(result, int) else Exit.DONE


def _usage(wrong: typer.TyperException, args: Sequence[str]) -> int:
    """Say what is wrong with the arguments, and where the help is."""
    context = getattr(wrong, "ctx", None)
    path = context.command_path if context is not None else f"{program()} {args[0]}"
    return _end(Told("usage", ErrorWords("", usage_words(wrong), say("cli.usage_hint", command=path))), args)


def _interrupted() -> int:
    tell("error", say("cli.interrupted"))
    return Exit.INTERRUPTED


def _failed(reason: Exception, args: Sequence[str] = ()) -> int:
    """Say an error in the user's words and return its status."""
    status = _end(told_of(reason), args)
    if os.environ.get("SEIKYU_DEBUG"):
        traceback.print_exc()
    return status


def _end(told: Told, args: Sequence[str]) -> int:
    """Tell an error to people, and with `--json` to programs, and return the status to end with."""
    told.show()
    if "--json" in args and args[0] != "check":
        print(json.dumps({"error": told.to_json()}, ensure_ascii=False))
    return told.status


def _leave_quietly() -> None:
    """Point the closed output elsewhere, so that the interpreter's last flush has nothing to complain about."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)


if __name__ == "__main__":
    main()
