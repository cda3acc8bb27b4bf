"""`seikyu masters import | list | show`: the masters (マスター) that codes are looked up in.

They lie in `HOME/masters`, whether there is an office in the home or not: a clinic keeps its own.
"""

import json
import os
import stat
from dataclasses import asdict
from datetime import date
from errno import ENOSPC
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from seikyu.apps.cli_errors import Told, tell, told_of
from seikyu.apps.outcomes import Exit
from seikyu.apps.words import language, say, system_words
from seikyu.limits import limit
from seikyu.ports.errors import SeikyuError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from seikyu.adapters.masters_folder import MastersFolder
    from seikyu.records import Month
    from seikyu.rules.masters import Masters, Row
    from seikyu.rules.masters.reading import NotAMaster
    from seikyu.services.masters import Import, Imported

HomeOption = Annotated[Path | None, typer.Option("--home", help=say("cli.home"))]
Json = Annotated[bool, typer.Option("--json", help=say("cli.json"))]
_HOME: Final = "seikyu-home"


class MasterUnusable(SeikyuError):
    """A file is no master that can be used; nothing of it was stored. Shape: facts `file`, `reason`."""

    code = "master_unusable"


class MasterNotThere(SeikyuError):
    """No master that is here has the code. Shape: facts `master_code`, `kinds`."""

    code = "master_not_there"


class NoMasterHere(SeikyuError):
    """There is no master to look a code up in. Shape: facts `master_code`, `kinds`."""

    code = "no_master_here"


def register(app: typer.Typer) -> None:
    """Add the command and its subcommands."""
    part = typer.Typer(help=say("masters.help"), no_args_is_help=True, rich_markup_mode=None)
    part.command("import", help=say("masters.import.help"))(bring)
    part.command("list", help=say("masters.list.help"))(list_versions)
    part.command("show", help=say("masters.show.help"))(show)
    app.add_typer(part, name="masters")


def folder_of(home: Path | None) -> "MastersFolder":
    """Return the masters of a home; it need not be there."""
    from seikyu.adapters.masters_folder import MastersFolder

    return MastersFolder((home or Path(os.environ.get("SEIKYU_HOME") or _HOME)).absolute() / "masters")


# --- import ---


def bring(
    files: Annotated[list[Path], typer.Argument(help=say("masters.import.files"), metavar="FILE...")],
    *,
    kind: Annotated[str | None, typer.Option(help=say("masters.import.kind"))] = None,
    since: Annotated[str | None, typer.Option("--from", help=say("masters.import.since"))] = None,
    newest_on: Annotated[str | None, typer.Option("--newest-on", help=say("masters.import.newest_on"))] = None,
    whole: Annotated[bool, typer.Option("--whole", help=say("masters.import.whole"))] = False,
    force: Annotated[bool, typer.Option("--force", help=say("masters.import.force"))] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=say("masters.import.dry_run"))] = False,
    home: HomeOption = None,
    as_json: Json = False,
) -> int:
    """Import masters, each on its own: one that is refused keeps no other away."""
    from seikyu.rules.masters import forms
    from seikyu.services.masters import Import

    if kind is not None and kind not in forms():
        raise typer.BadParameter(say("masters.unknown_kind", kinds=", ".join(forms())), param_hint="--kind")
    first, last = _day(since, "--from"), _day(newest_on, "--newest-on")
    store, told, status = folder_of(home), [], Exit.DONE
    for path in files:
        order = Import(path.name, kind, first, last, whole=whole, force=force, dry_run=dry_run)
        done = _brought(store, path, order)
        if isinstance(done, Told):
            done.show()
            status = max(status, done.status)
            told.append({"file": str(path), "error": done.to_json()})
            continue
        told.append(_as_json(path, done, dry_run=dry_run))
        if not as_json:
            _print_import(path, done, dry_run=dry_run)
    if as_json:
        _print_json(told)
    return status


def _brought(store: "MastersFolder", path: Path, order: "Import") -> "Imported | Told":
    """Import one file; return what was done, or the error in words."""
    from seikyu.apps.client.errors import unwritable
    from seikyu.ports.errors import NoSpace
    from seikyu.rules.masters.reading import NotAMaster
    from seikyu.services.masters import import_master

    try:
        return import_master(store, _content(path), order)
    except NotAMaster as reason:
        return told_of(MasterUnusable(file=str(path), reason=_why(reason)))
    except NoSpace:
        return told_of(unwritable(str(store.root), OSError(ENOSPC, "no room")))
    except OSError as reason:
        return told_of(unwritable(str(store.root), reason))
    except SeikyuError as reason:
        reason.facts.setdefault("file", str(path))
        return told_of(reason)


def _content(path: Path) -> bytes:
    """Return a file's bytes. Errors: MasterUnusable."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise MasterUnusable(file=str(path), reason=say("masters.why.folder"))
        if not stat.S_ISREG(mode):
            raise MasterUnusable(file=str(path), reason=say("masters.why.special"))
        if path.stat().st_size > limit("master_bytes"):
            raise MasterUnusable(file=str(path), reason=say("masters.why.too_long", most=limit("master_bytes")))
        return path.read_bytes()
    except FileNotFoundError:
        raise MasterUnusable(file=str(path), reason=say("masters.why.no_file")) from None
    except OSError as reason:
        text = say("masters.why.unreadable", reason=system_words(reason))
        raise MasterUnusable(file=str(path), reason=text) from None


def _why(reason: "NotAMaster") -> str:
    """Return why a file is no master, in the user's language."""
    facts: dict[str, Any] = dict(reason.facts)
    facts["master"] = facts.get(language(), "")
    if "called" in facts:
        facts["called"] = _named([facts["called"]])
    for name in ("expected", "names"):
        if isinstance(listed := facts.get(name), list):
            facts[name] = ", ".join(map(str, listed))
    return say(f"masters.why.{reason.why}", **facts)


def _day(text: str | None, option: str) -> int | None:
    """Return a day as YYYYMMDD. Errors: BadParameter."""
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(say("masters.bad_day"), param_hint=option) from None
    return day.year * 10000 + day.month * 100 + day.day


def _as_json(path: Path, done: "Imported", *, dry_run: bool) -> dict[str, Any]:
    label = done.label
    return {
        "file": str(path),
        "kind": label.kind,
        "version": label.name,
        "from": _iso(label.since),
        "newest_on": _iso(label.known_until),
        "whole": label.whole,
        "rows": label.rows,
        "edition": label.edition,
        "stored": not (dry_run or done.already_there),
        "left_out": list(done.left_out),
        "changes": asdict(done.changes),
    }


def _print_import(path: Path, done: "Imported", *, dry_run: bool) -> None:
    from seikyu.rules.masters import forms

    label, found = done.label, done.changes
    key = "dry" if dry_run else "there" if done.already_there else "done"
    name = getattr(forms()[label.kind], language())
    print(say(f"masters.import.{key}", file=path, master=name, kind=label.kind, rows=label.rows, day=_iso(label.since)))
    if found.before is not None:
        print(say("masters.import.changes", added=found.added, changed=found.changed, withdrawn=found.withdrawn))
    for what in ("added", "changed", "withdrawn") if found.before is not None else ():
        for text in getattr(found, f"first_{what}"):
            print(say(f"masters.import.{what}", code=text))
    if done.left_out:
        print(say("masters.import.left_out", columns=", ".join(done.left_out)))
    unknown = "known_until" if label.whole else "part"
    print(say(f"masters.import.{unknown}", day=_iso(label.known_until)))


# --- list and show ---


def list_versions(*, home: HomeOption = None, as_json: Json = False) -> int:
    """Tell which versions are here."""
    from seikyu.rules.masters import forms

    labels = folder_of(home).labels()
    if as_json:
        told = [
            asdict(label) | {"version": label.name, "since": _iso(label.since), "known_until": _iso(label.known_until)}
            for label in labels
        ]
        _print_json(told)
        return Exit.DONE
    for label in labels:
        form = forms().get(label.kind)
        name = getattr(form, language()) if form else "?"
        whole = say("masters.list.whole" if label.whole else "masters.list.part", day=_iso(label.known_until))
        line = say(
            "masters.list.line", kind=label.kind, master=name, version=label.name, rows=label.rows, whole=whole,
            day=_iso(label.since),
        )  # fmt: skip
        print(line)
    for line in _not_here({label.kind for label in labels}):
        print(line)
    if not labels:
        tell("note", say("masters.list.none"))
    return Exit.DONE


def _not_here(here: set[str]) -> "Iterator[str]":
    """Yield, by where they come from, the kinds of which no version is here."""
    from seikyu.rules.masters import Group, forms
    from seikyu.rules.reports.text import group_words

    for group in Group:
        kinds = [form.kind for form in forms().values() if form.group is group and form.kind not in here]
        if kinds:
            yield say("masters.list.not_here", group=group_words(group, language()), masters=_named(kinds))


def show(
    code: Annotated[str, typer.Argument(help=say("masters.show.code"), metavar="CODE")],
    *,
    month: Annotated[str | None, typer.Option(help=say("masters.show.month"))] = None,
    kind: Annotated[str | None, typer.Option(help=say("masters.import.kind"))] = None,
    home: HomeOption = None,
    as_json: Json = False,
) -> int:
    """Show what the masters say of a code: in the version of a month, else in the newest."""
    from seikyu.rules.masters import forms

    if kind is not None and kind not in forms():
        raise typer.BadParameter(say("masters.unknown_kind", kinds=", ".join(forms())), param_hint="--kind")
    asked, masters = _month(month), folder_of(home).masters()
    kinds = (kind,) if kind else masters.kinds
    if not set(kinds) & set(masters.kinds):
        raise NoMasterHere(master_code=code, kinds=_named(kinds) or say("masters.list.any"))
    found = [row for each in kinds for row in _rows(masters, each, code, asked)]
    if not found:
        raise MasterNotThere(master_code=code, kinds=_named(kinds))
    if as_json:
        _print_json([_row_as_json(row) for row in found])
        return Exit.DONE
    for row in found:
        _print_row(row)
    return Exit.DONE


def _named(kinds: "Iterable[str]") -> str:
    """Return what kinds of masters are called."""
    from seikyu.rules.masters import forms

    if language() == "ja":
        return "、".join(f"{forms()[kind].ja}（{kind}）" for kind in kinds)
    return ", ".join(f"{forms()[kind].en} ({kind})" for kind in kinds)


def _rows(masters: "Masters", kind: str, code: str, month: "Month | None") -> "list[Row]":
    """Return the rows of a code in one kind."""
    version = masters.at(kind, month) if month else next(masters.every(kind), None)
    return version.rows(code) if version else []


def _month(text: str | None) -> "Month | None":
    """Return a month. Errors: BadParameter."""
    from seikyu.records import Month

    try:
        return Month.parse(text) if text else None
    except ValueError:
        raise typer.BadParameter(say("masters.bad_month"), param_hint="--month") from None


def _row_as_json(row: "Row") -> dict[str, Any]:
    label = row.version.label
    return {"kind": label.kind, "version": label.name, "from": _iso(label.since), "row": row.to_json()}


def _print_row(row: "Row") -> None:
    label, form = row.version.label, row.version.form
    print(say("masters.show.head", master=getattr(form, language()), version=label.name, day=_iso(label.since)))
    for name, value in row.to_json().items():
        if value is not None:
            title = form.columns[name].ja if language() == "ja" else name
            print(f"  {title}: {value}")


def _iso(number: int) -> str:
    return f"{number // 10000:04d}-{number // 100 % 100:02d}-{number % 100:02d}"


def _print_json(told: object) -> None:
    print(json.dumps(told, ensure_ascii=False, indent=2))
