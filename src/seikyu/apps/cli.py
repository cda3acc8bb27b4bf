"""The command `seikyu`: loads only what the command asked for needs, and ends with a status a program can rely on.

Exit statuses stand in `apps/outcomes.py`: what a command returns is its status; an error of ours ends by its code;
wrong usage and bugs end with 3. A bug prints one line with a number; with SEIKYU_DEBUG set, the traceback follows.

Errors are told in words on standard error. With `--json`, standard output then holds one object that says the same to
a program: `error` with `code`, `title`, `detail`, `hint`, `exit_status` and `retry`. (`check` keeps its array.)
"""

import io
import json
import os
import secrets
import sys
import traceback
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib import import_module
from types import MappingProxyType
from typing import Any, Final, NoReturn, TextIO

import typer
from typer.core import TyperGroup

from seikyu.apps.cli_help import localized
from seikyu.apps.cli_usage import usage_words
from seikyu.apps.outcomes import OUTCOMES, Exit, outcome_of
from seikyu.apps.words import ErrorWords, error_words, program, say

#: Every command and the module that brings it by `register(app)`. A module is imported when its command is asked for.
COMMANDS: Final[Mapping[str, str]] = {
    "demo": "cli_demo",
    "check": "cli_check",
    "send": "cli_client",
    "status": "cli_client",
    "findings": "cli_client",
    "confirm": "cli_client",
    "cancel": "cli_client",
    "fetch": "cli_client",
    "serve": "cli_serve",
    "admin": "cli_admin",
    "ca": "cli_ca",
    "make": "cli_make",
}

#: The status of a program whose reader went away (128 + SIGPIPE), and of one that was interrupted (128 + SIGINT).
PIPE_CLOSED: Final = 141
INTERRUPTED: Final = 130


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
        sys.stdout.flush()
    except (PipeClosed, BrokenPipeError):
        _leave_quietly()
        return PIPE_CLOSED
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
    if result == INTERRUPTED:
        return _interrupted()
    return result if isinstance(result, int) else Exit.DONE


def _usage(wrong: typer.TyperException, args: Sequence[str]) -> int:
    """Say what is wrong with the arguments, and where the help is."""
    context = getattr(wrong, "ctx", None)
    path = context.command_path if context is not None else f"{program()} {args[0]}"
    words = ErrorWords("", usage_words(wrong), say("cli.usage_hint", command=path))
    return _end("usage", words, Exit.COULD_NOT_RUN, args)


def _interrupted() -> int:
    tell("error", say("cli.interrupted"))
    return INTERRUPTED


def _failed(reason: Exception, args: Sequence[str] = ()) -> int:
    """Say an error in the user's words and return its status; anything without a code is a bug."""
    code, facts = getattr(reason, "code", None), getattr(reason, "facts", None)
    if not isinstance(code, str) or not isinstance(facts, dict):
        number = secrets.token_hex(4)
        text = say("cli.bug", number=number, kind=type(reason).__name__)
        status = _end("bug", ErrorWords("", text, say("cli.bug_hint")), Exit.COULD_NOT_RUN, args)
        _traceback()
        return status
    # Some errors of the client have closer words than their code, or the office's own.
    closer: str = getattr(reason, "words_code", code)
    words = getattr(reason, "words", None) or error_words(closer, **{"message": str(reason), **facts})
    row = outcome_of(closer if closer in OUTCOMES else code)
    status = _end(closer, words, row.exit_status, args, retry=row.retry, facts=facts)
    _traceback()
    return status


def _end(
    code: str,
    words: ErrorWords,
    status: Exit,
    args: Sequence[str],
    *,
    retry: bool = False,
    facts: Mapping[str, Any] = MappingProxyType({}),
) -> int:
    """Tell an error to people, and with `--json` to programs, and return the status to end with."""
    tell("error", words.text)
    if words.hint:
        tell("hint", words.hint)
    if "--json" in args and args[0] != "check":
        problem = {name: _plain(value) for name, value in facts.items() if name != "status"}
        problem |= {"code": code, "title": words.title or words.text, "detail": words.text, "hint": words.hint}
        print(json.dumps({"error": problem | {"exit_status": int(status), "retry": retry}}, ensure_ascii=False))
    return status


def _plain(value: object) -> object:
    """Return a fact as JSON has it."""
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, str | int | float | None) else str(value)


def _traceback() -> None:
    if os.environ.get("SEIKYU_DEBUG"):
        traceback.print_exc()


def tell(kind: str, text: str, out: TextIO | None = None) -> None:
    """Print one line for the user, `seikyu: error: …`, to standard error. Kinds: error, hint, note."""
    print(f"seikyu: {say(f'cli.{kind}')}: {text}", file=out or sys.stderr)


def _leave_quietly() -> None:
    """Point the closed output elsewhere, so that the interpreter's last flush has nothing to complain about."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)


if __name__ == "__main__":
    main()
