"""`seikyu check`: what an office would say of a file, before it is sent. Loads no web server and no database.

Exit status: 0 nothing above notice, 1 something asks, 2 something is refused, 3 could not run; of several files the
highest. What is shown may be narrowed; status and totals are always those of the whole file.
"""

import sys
from collections.abc import Callable
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO, Final, TypeVar

import typer

from seikyu.apps.check_lists import CONFIRMED, LISTS, Wish, findings_list, write_lists
from seikyu.apps.check_print import JSONArray, View, print_text, shown_name, silence
from seikyu.apps.checked import CannotRead, Checked, opened
from seikyu.apps.cli_errors import tell
from seikyu.apps.outcomes import Exit
from seikyu.apps.words import say
from seikyu.records import parse_date
from seikyu.rules.examine import has_numba
from seikyu.rules.masters import NO_MASTERS, Masters
from seikyu.rules.reports.choice import Choice, parse_claims, parse_codes, parse_levels
from seikyu.rules.sheet import names_of

_BASES: Final = ("medical", "dpc", "dental", "pharmacy", "home_nursing")
KINDS: Final = (*_BASES, *(f"{base}{end}" for base in _BASES for end in ("_return", "_reexamination")))

_Parsed = TypeVar("_Parsed")


class Format(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check", help=say("check.help"))(check)


def check(
    files: Annotated[list[Path], typer.Argument(help=say("check.files"), metavar="FILE...")],
    *,
    form: Annotated[str | None, typer.Option("--format", help=say("check.format"))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
    only: Annotated[str | None, typer.Option(help=say("check.only"))] = None,
    level: Annotated[str | None, typer.Option(help=say("check.level"))] = None,
    claim: Annotated[str | None, typer.Option(help=say("check.claim"))] = None,
    worst_first: Annotated[bool, typer.Option("--worst-first", help=say("check.worst_first"))] = False,
    by_code: Annotated[bool, typer.Option("--by-code", help=say("check.by_code"))] = False,
    lists: Annotated[str | None, typer.Option("--list", help=say("check.list"))] = None,
    out: Annotated[Path, typer.Option(help=say("check.out"))] = Path(),
    sent_on: Annotated[str | None, typer.Option(help=say("check.sent_on"))] = None,
    send_no: Annotated[int, typer.Option(min=1, max=999, help=say("check.send_no"))] = 1,
    confirmed: Annotated[str, typer.Option(help=say("check.confirmed"))] = "with",
    no_asp: Annotated[bool, typer.Option("--no-asp", help=say("check.no_asp"))] = False,
    kind: Annotated[str | None, typer.Option(help=say("check.kind"))] = None,
    show_personal: Annotated[bool, typer.Option("--show-personal", help=say("check.show_personal"))] = False,
    masters: Annotated[str | None, typer.Option(metavar="DIR", help=say("check.masters"))] = None,
    home: Annotated[Path | None, typer.Option("--home", help=say("cli.home"))] = None,
) -> int:
    """Check the files one after another."""
    wanted = _format(form, as_json=as_json)
    tables = chosen_masters(masters, home)
    if kind is not None and kind not in KINDS:
        raise typer.BadParameter(say("check.unknown_kind", kinds=", ".join(KINDS)), param_hint="--kind")
    if wanted is Format.CSV and len(files) > 1:
        raise typer.BadParameter(say("check.one_list"), param_hint="--format")
    choice = _choice(only, level, claim)
    wish = Wish(
        names=_lists(lists, whole=not choice.narrows and wanted is not Format.CSV),
        folder=out,
        sent_on=_parsed("sent_on", _day, sent_on),
        send_no=send_no,
        confirmed=_parsed("confirmed", _confirmed, confirmed) or "with",
        asp=not no_asp,
        show_personal=show_personal,
        names_of_codes=names_of(tables),
    )
    view = View(worst_first=worst_first, by_code=by_code, show_personal=show_personal)
    return _all(files, wanted, choice, wish=wish, view=view, kind=kind, masters=tables)


def _all(
    files: list[Path], wanted: Format, choice: Choice, *, wish: Wish, view: View, kind: str | None, masters: Masters
) -> int:
    """Check and report each file, and return the highest status."""
    status = int(Exit.DONE)
    array = JSONArray() if wanted is Format.JSON else None
    for path in files:
        try:
            with Checked(path, choice) as checked, opened(path) as source:
                rows = bool(wish.names) or wanted is Format.CSV
                checked.examine(
                    source, kind=kind, asp=wish.asp, show_personal=view.show_personal, rows=rows, masters=masters
                )
                status = max(status, int(checked.status))
                _report(checked, source, wanted, wish=wish, view=view, array=array)
                if not checked.meets_claims:
                    tell("note", say("check.no_such_claim", file=shown_name(path.name), claims=checked.summary.claims))
        except CannotRead as error:
            _tell(path, error)
            status = max(status, int(Exit.COULD_NOT_RUN))
    if array is not None:
        array.end()
    return status


def _report(
    checked: Checked, source: BinaryIO, wanted: Format, *, wish: Wish, view: View, array: JSONArray | None
) -> None:
    """Print what was asked for of one file, and write its lists.

    Errors: CannotRead.
    """
    written = _written(checked, source, wish)
    if checked.summary.engine == "reference" and not has_numba():
        print(f"seikyu: {say('check.slow')}", file=sys.stderr)
    if wanted is Format.CSV:
        for line in silence(checked):
            print(line, file=sys.stderr)  # The official list has no place for it.
        lines = findings_list(checked, source, worst_first=view.worst_first, show_personal=view.show_personal)
        sys.stdout.flush()
        sys.stdout.buffer.writelines(lines)
        sys.stdout.buffer.flush()
        if checked.counts.hidden:
            print(say("check.hidden", hidden=checked.counts.hidden), file=sys.stderr)
    elif array is not None:
        array.add(checked, view, lists=written if wish.names else None)
    else:
        print_text(checked, source, view, lists=written if wish.names else None)


def _written(checked: Checked, source: BinaryIO, wish: Wish) -> list[Path]:
    """Write the lists that were asked for.

    Errors: FileUnusable.
    """
    try:
        return write_lists(checked, source, wish)
    except OSError as reason:
        from seikyu.apps.client.errors import unwritable

        raise unwritable(str(reason.filename or wish.folder), reason) from reason


def _format(form: str | None, *, as_json: bool) -> Format:
    if as_json and form not in (None, "json"):
        raise typer.BadParameter(say("check.two_formats"), param_hint="--format")
    try:
        return Format.JSON if as_json else Format(form or "text")
    except ValueError:
        raise typer.BadParameter(say("check.unknown_format"), param_hint="--format") from None


def chosen_masters(folder: str | None, home: Path | None) -> Masters:
    """Return the masters to look codes up in: those of the home, of a folder, or none. Errors: BadParameter."""
    from seikyu.adapters.masters_folder import MastersFolder
    from seikyu.apps.cli_masters import folder_of

    if folder is None:
        return folder_of(home).masters()
    if folder == "none":
        return NO_MASTERS
    if not Path(folder).is_dir():
        raise typer.BadParameter(say("check.no_masters_folder", folder=folder), param_hint="--masters")
    return MastersFolder(Path(folder)).masters()


def _choice(only: str | None, level: str | None, claim: str | None) -> Choice:
    """Return which findings are shown. Errors: BadParameter."""
    return Choice(
        codes=_parsed("only", parse_codes, only),
        levels=_parsed("level", parse_levels, level),
        claims=_parsed("claim", parse_claims, claim),
    )


def _parsed(name: str, parse: Callable[[str], _Parsed], text: str | None) -> _Parsed | None:
    """Return the value of an option. Errors: BadParameter, with what the option takes."""
    try:
        return None if text is None else parse(text)
    except (KeyError, ValueError):
        option = f"--{name.replace('_', '-')}"
        raise typer.BadParameter(say(f"check.bad.{name}", text=text), param_hint=option) from None


def _lists(names: str | None, *, whole: bool) -> tuple[str, ...]:
    """Return the lists to write. Errors: BadParameter."""
    if names is None:
        return ()
    if not whole:
        raise typer.BadParameter(say("check.whole_lists"), param_hint="--list")
    found = tuple(dict.fromkeys(name.strip().lower() for name in names.split(",")))
    if set(found) - set(LISTS):
        raise typer.BadParameter(say("check.unknown_list", lists=", ".join(LISTS)), param_hint="--list")
    return found


def _day(text: str) -> date:
    read = parse_date(text)
    if read is None:
        raise ValueError(text)
    return read.date


def _confirmed(text: str) -> str:
    if text not in CONFIRMED:
        raise ValueError(text)
    return text


def _tell(path: Path, error: CannotRead) -> None:
    """Say in one line why a path was not checked, and in another what to do."""
    for kind, key in (("error", error.why), ("hint", f"{error.why}_hint")):
        text = say(f"check.{key}", file=shown_name(str(path)), reason=error.reason)
        print(f"seikyu: {say(f'cli.{kind}')}: {text}", file=sys.stderr)
