"""The pages of the command line: every help page as the program prints it, and what each exit status means.

The help pages are printed by a process of their own, because the program reads its language when it starts.
"""

import io
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from typing import Any, Final

from seikyu.apps.outcomes import MEANINGS, OUTCOMES, Exit
from seikyu.apps.words import error_words, say

_COLUMNS: Final = "80"


def exit_page() -> str:
    """Return the page of exit statuses."""
    meanings = "\n".join(f"| {status.value} | {text} |" for status, text in MEANINGS.items())
    parts = [
        "# Exit statuses",
        "Drawn from `seikyu.apps.outcomes`; a test fails if it is not up to date.",
        "Every command ends with one of these, and a program may rely on them.",
        f"| status | meaning |\n|---|---|\n{meanings}",
        (
            "An error is one line on standard error, and mostly a second one with what to do. With `--json` standard "
            "output holds one object besides: `error`, with `code` from the tables below, `title`, `detail`, `hint`, "
            "`exit_status`, `retry` (the same may succeed later, unchanged) and what else is known of the case. What "
            "was done before the error stands in the same object: `fetch` lists the deliveries that are here. `check` "
            "keeps its array, with the files that could be read. Wrong usage has the code `usage`."
        ),
    ]
    for status in Exit:
        rows = [
            f"| `{row.code}` | {error_words(row.code, 'en').title} | {'yes' if row.retry else ''} |"
            for row in OUTCOMES.values()
            if row.exit_status is status
        ]
        if rows:
            parts += [f"## {status.value}", "| code | what | retry |\n|---|---|---|\n" + "\n".join(rows)]
    return "\n\n".join(parts) + "\n"


def help_page(language: str) -> str:
    """Return the page of all commands in `ja` or `en`."""
    world = os.environ | {"SEIKYU_LANG": language, "COLUMNS": _COLUMNS, "PYTHONIOENCODING": "utf-8"}
    world.pop("SEIKYU_PROGRAM", None)
    command = [sys.executable, "-m", "seikyu.apps.reference_cli"]
    done = subprocess.run(command, env=world, check=True, stdout=subprocess.PIPE)  # noqa: S603  (our own module)
    return done.stdout.decode()


def _page() -> str:
    from seikyu.apps import cli

    parts = [f"# {say('cli.page.title')}", say("cli.page.drawn"), say("cli.page.more")]
    for path in _paths(cli.command()):
        with redirect_stdout(io.StringIO()) as printed:
            cli.run([*path, "--help"])
        parts += [f"## {' '.join(['seikyu', *path])}", f"```text\n{printed.getvalue().strip()}\n```"]
    return "\n\n".join(parts) + "\n"


def _paths(command: Any, path: Sequence[str] = ()) -> Iterator[list[str]]:
    """Yield the names that lead to every command, a group before what is in it."""
    yield list(path)
    names = command.list_commands(None) if hasattr(command, "list_commands") else ()
    for name in names:
        yield from _paths(command.get_command(None, name), [*path, name])


if __name__ == "__main__":
    sys.stdout.write(_page())
