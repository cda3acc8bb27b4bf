"""`seikyu lines advise`: which line fits a site, from answers that are given or asked for."""

import json
import sys
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any
from unicodedata import normalize

import typer

from seikyu.apps.advice_told import (
    AnswersBad,
    advice_from,
    checked,
    html_of,
    lines_of,
    network_at,
    on_wire,
    pdf_of,
    sheet_of,
)
from seikyu.apps.cli_errors import one_line
from seikyu.apps.cli_lines_list import HomeOption, JsonOption
from seikyu.apps.lines_told import label, lists_at, today
from seikyu.apps.outcomes import Exit
from seikyu.apps.words import language, say
from seikyu.limits import limit
from seikyu.lines.advice import Question, questions
from seikyu.services.lines import in_force
from seikyu.trust.notices import day_of


def _option(name: str) -> Any:
    question = questions()[name]
    return typer.Option(f"--{name}", help=f"{say(f'advice.short.{name}')}: {', '.join(question.choices)}")


Party = Annotated[str | None, _option("party")]
Area = Annotated[str | None, _option("area")]
Existing = Annotated[str | None, _option("line")]
Telephone = Annotated[str | None, _option("telephone")]
Eligibility = Annotated[str | None, _option("eligibility")]
Registered = Annotated[str | None, _option("registered")]
PCs = Annotated[str | None, _option("pcs")]
Wireless = Annotated[str | None, _option("wlan")]
Printer = Annotated[str | None, _option("printer")]
Provider = Annotated[str | None, _option("provider")]


def register(lines: typer.Typer) -> None:
    """Add the command."""
    lines.command("advise", help=say("advice.help"))(advise)


def advise(
    *,
    party: Party = None,
    area: Area = None,
    line: Existing = None,
    telephone: Telephone = None,
    eligibility: Eligibility = None,
    registered: Registered = None,
    pcs: PCs = None,
    wlan: Wireless = None,
    printer: Printer = None,
    provider: Provider = None,
    answers: Annotated[Path | None, typer.Option("--answers", metavar="FILE", help=say("advice.file"))] = None,
    first: Annotated[str | None, typer.Option("--first", metavar="MONTH", help=say("advice.first"))] = None,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help=say("advice.html"))] = None,
    pdf: Annotated[Path | None, typer.Option("--pdf", metavar="FILE", help=say("advice.pdf"))] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Tell which ways of connecting fit, the best first."""
    given = {
        "party": party, "area": area, "line": line, "telephone": telephone, "eligibility": eligibility,
        "registered": registered, "pcs": pcs, "wlan": wlan, "printer": printer, "provider": provider,
    }  # fmt: skip
    month = _month(first)
    said: dict[str, Any] = _read(answers) if answers else {}
    said |= {name: text for name, text in given.items() if text is not None}
    if sys.stdin.isatty() and any(not each.default and name not in said for name, each in questions().items()):
        said |= _asked({name: each for name, each in questions().items() if name not in said})
    day, held = today(), in_force(lists_at(home), today())
    advice = advice_from(checked(said), held, today=day, first_claims=month)
    sheet = sheet_of(advice, held, today=day, lang=language(), network=network_at(home))
    written = [_write(path, make(sheet)) for path, make in ((html, html_of), (pdf, pdf_of)) if path is not None]
    if as_json:
        print(json.dumps(on_wire(advice, held, today=day, lang=language()), ensure_ascii=False))
    elif written:
        print("\n".join(written))
    else:
        print("\n".join(map(one_line, lines_of(sheet))))
    return Exit.DONE


def _read(path: Path) -> dict[str, Any]:
    """Return the answers of a file. Errors: AnswersBad, FileUnusable."""
    from seikyu.apps.client.errors import FileUnusable
    from seikyu.apps.client.outgoing import look_at

    if look_at(path).size_bytes > limit("json_bytes"):
        raise FileUnusable("unreadable", file=str(path), reason=f"> {limit('json_bytes')}")
    try:
        text = path.read_text("utf-8-sig")
        found = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (ValueError, tomllib.TOMLDecodeError) as reason:
        raise AnswersBad(what=one_line(f"{path.name}: {reason}")) from None
    return dict(found)


def _asked(open_questions: Mapping[str, Question]) -> dict[str, str]:
    """Ask one question after the other, on standard error; an empty line takes the default."""
    found: dict[str, str] = {}
    for name, question in open_questions.items():
        choices = list(question.choices.values())
        typer.echo(label(question, language()), err=True)
        for no, choice in enumerate(choices, 1):
            typer.echo(f"  {no}. {label(choice, language())}", err=True)
        found[name] = _answer(question)
    return found


def _answer(question: Question) -> str:
    """Return the choice that is typed, by its number or its code; ask again until there is one."""
    names = list(question.choices)
    meant = {**{str(no): name for no, name in enumerate(names, 1)}, **{name: name for name in names}}
    default = str(names.index(question.default) + 1) if question.default else None
    while True:
        said = typer.prompt(say("advice.which"), default=default, err=True)
        if name := meant.get(normalize("NFKC", said).strip()):
            return name
        typer.echo(say("advice.which_again", most=len(names)), err=True)


def _month(text: str | None) -> date | None:
    if text is None:
        return None
    day = day_of(f"{text}-01")
    if day is None:
        raise typer.BadParameter(say("advice.bad_month"), param_hint="--first")
    return day


def _write(path: Path, content: bytes) -> str:
    from seikyu.apps.drawing.target import write

    write(path, Path(), content)
    return say("advice.written", file=path)
