"""`seikyu lines guide`: how to set a line up, step by step, with the files for it; to read, to print, to carry."""

import hashlib
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from seikyu.apps.cli_errors import one_line, tell
from seikyu.apps.outcomes import Exit
from seikyu.apps.words import Language, language, say
from seikyu.lines.guide import Guide, UnknownChoice, Wish, browsers, systems
from seikyu.lines.guide_files import SetUpFiles
from seikyu.lines.kinds import line_kinds
from seikyu.lines.network import FILE_NAME

_HOME: Final = "seikyu-home"
_LANGUAGES: Final = ("ja", "en")

Line = Annotated[str, typer.Option("--line", metavar="KIND", help=say("guide.line", names=", ".join(line_kinds())))]
System = Annotated[str, typer.Option("--os", metavar="OS", help=say("guide.os", names=", ".join(systems())))]
AreaOption = Annotated[str, typer.Option("--area", metavar="AREA", help=say("guide.area"))]
Browser = Annotated[
    str, typer.Option("--browser", metavar="NAME", help=say("guide.browser", names=", ".join(browsers())))
]
NetworkFile = Annotated[Path | None, typer.Option("--network", metavar="FILE", help=say("guide.network"))]
SiteFile = Annotated[Path | None, typer.Option("--site", metavar="FILE", help=say("guide.site"))]
Out = Annotated[Path | None, typer.Option("--out", metavar="FOLDER", help=say("guide.out"))]
Pdf = Annotated[Path | None, typer.Option("--pdf", metavar="FILE", help=say("guide.pdf"))]
Html = Annotated[Path | None, typer.Option("--html", metavar="FILE", help=say("guide.html"))]
UserSpace = Annotated[bool, typer.Option("--user-space", help=say("guide.user_space"))]
Lang = Annotated[str, typer.Option("--lang", metavar="ja|en", help=say("guide.lang"))]
HomeOption = Annotated[Path | None, typer.Option("--home", envvar="SEIKYU_HOME", help=say("guide.home"))]


def register(lines: typer.Typer) -> None:
    """Add the command to the group `lines`."""
    lines.command("guide", help=say("guide.help"))(guide)


def guide(
    *,
    line: Line = "",
    system: System = "",
    area: AreaOption = "",
    browser: Browser = "",
    network: NetworkFile = None,
    site: SiteFile = None,
    out: Out = None,
    pdf: Pdf = None,
    html: Html = None,
    user_space: UserSpace = False,
    lang: Lang = "",
    home: HomeOption = None,
    as_json: Annotated[bool, typer.Option("--json", help=say("cli.json"))] = False,
) -> int:
    """Make the guide, and write what was asked for; without that, print it."""
    from seikyu.apps.guides import folder_of, guide_and_files, published_at

    given = published_at(network or _of_the_home(home), site)
    given = replace(given, site=replace(given.site, area=area or given.site.area))
    wish = Wish(line or given.site.kind, system or _this_system(), browser, user_space=user_space)
    tongue = _tongue(lang)
    told, made = guide_and_files(wish, given, tongue)
    written: list[str] = []
    if out is not None:
        written += _write_folder(out, folder_of(wish, given, tongue))
    written += _write_documents(told, made, {"pdf": pdf, "html": html})
    if as_json:
        print(json.dumps(_on_wire(told, made, written), ensure_ascii=False))
    elif written:
        print(one_line(say("guide.written", files=", ".join(written))))
    else:
        _print(told, made)
    if told.example and not as_json:
        tell("note", say("guide.example"))
    return Exit.DONE


def _of_the_home(home: Path | None) -> Path | None:
    """Return the network that the office of this machine publishes; None if there is none, for the example."""
    found = (home or Path(os.environ.get("SEIKYU_HOME") or _HOME)) / FILE_NAME
    return found if found.is_file() else None


def _this_system() -> str:
    return {"win32": "windows", "darwin": "macos"}.get(sys.platform, "linux")


def _tongue(lang: str) -> Language:
    if lang and lang not in _LANGUAGES:
        raise UnknownChoice("lang", lang, _LANGUAGES)
    return "ja" if (lang or language()) == "ja" else "en"


def _write_folder(out: Path, folder: Any) -> list[str]:
    """Write the folder: new, or one that is empty; whatever else is there is not touched. Errors: FileUnusable."""
    from seikyu.apps.client.errors import FileUnusable, unwritable
    from seikyu.apps.drawing.target import write

    try:
        out.mkdir(parents=True, exist_ok=True)
        if any(out.iterdir()):
            raise FileUnusable("in_the_way", file=str(out))
        for name, carried in folder.items():
            write(out / name, Path(), carried.content)
            (out / name).chmod(carried.mode)
    except OSError as reason:
        raise unwritable(str(out), reason) from None
    return [str(out)]


def _write_documents(told: Guide, made: SetUpFiles, wished: dict[str, Path | None]) -> list[str]:
    """Errors: FileUnusable."""
    from seikyu.apps.drawing.guide import guide_html, guide_pdf
    from seikyu.apps.drawing.target import write

    for form, path in wished.items():
        if path is not None:
            write(path, Path(), (guide_pdf if form == "pdf" else guide_html)(told, made))
    return [str(path) for path in wished.values() if path is not None]


def _print(told: Guide, made: SetUpFiles) -> None:
    from seikyu.apps.drawing.guide import guide_text

    for row in guide_text(told, made).splitlines():
        print(one_line(row))


def _on_wire(told: Guide, made: SetUpFiles, written: list[str]) -> dict[str, Any]:
    return {
        "line": told.line.name,
        "os": told.system.name,
        "lang": told.lang,
        "desk": told.line.desk,
        "published_on": told.published,
        "example": told.example,
        "sections": [
            {
                "name": each.name,
                "title": each.title,
                "steps": [{"text": step.text, "command": step.command, "source": step.source} for step in each.steps],
            }
            for each in told.sections
        ],
        "files": [
            {
                "name": each.name,
                "purpose": each.purpose(told.lang),
                "sha256": hashlib.sha256(each.content).hexdigest(),
                "mode": f"{each.mode:o}",
                "apply": each.apply,
                "undo": each.undo,
                "text": each.text(),
            }
            for each in made.files
        ],
        "left_out": {name: list(facts) for name, facts in made.left_out.items()},
        "written": written,
    }
