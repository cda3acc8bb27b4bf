"""`seikyu forms …`: the forms (様式集), and papers of them. It needs no office and keeps nothing."""

import json
from pathlib import Path
from typing import Annotated, Final

import typer

from seikyu.apps.cli_client import Json
from seikyu.apps.cli_errors import one_line
from seikyu.apps.outcomes import Exit
from seikyu.apps.words import language, say
from seikyu.office.blank_forms import PaperForm, paper_forms

FormId = Annotated[str, typer.Argument(metavar="FORM", help=say("papers.id"))]

_FORMS: Final = ", ".join(paper_forms())


def register(app: typer.Typer) -> None:
    """Add the commands."""
    forms = typer.Typer(help=say("papers.help"), no_args_is_help=True)
    forms.command("list", help=say("papers.list"))(list_)
    forms.command("show", help=say("papers.show"))(show)
    forms.command("draw", help=say("papers.draw"))(draw)
    app.add_typer(forms, name="forms")


def list_(*, as_json: Json = False) -> int:
    """List the forms."""
    from seikyu.apps.papers_told import form_on_wire

    if as_json:
        print(json.dumps({"items": [form_on_wire(form) for form in paper_forms().values()]}, ensure_ascii=False))
        return Exit.DONE
    for form in paper_forms().values():
        print(one_line(f"{form.id:<16} {form.ja if language() == 'ja' else form.en}"))
    return Exit.DONE


def show(form_id: FormId, *, as_json: Json = False) -> int:
    """Show what a form asks for."""
    from seikyu.apps.papers_told import form_on_wire

    form = _form(form_id)
    if as_json:
        print(json.dumps(form_on_wire(form), ensure_ascii=False))
        return Exit.DONE
    ja = language() == "ja"
    print(one_line(form.ja if ja else form.en))
    print(one_line(f"{say('pages.papers.by')}: {form.by_ja if ja else form.by_en}"))
    print(one_line(f"{say('pages.papers.send')}: {form.send_ja if ja else form.send_en}"))
    for field in form.fields().values():
        choices = f" ({', '.join(each.name for each in field.choices)})" if field.choices else ""
        print(one_line(f"  {field.name:<20}{'*' if field.need else ' '} {field.ja if ja else field.en}{choices}"))
    return Exit.DONE


def draw(
    form_id: FormId,
    *,
    out: Annotated[Path, typer.Option("--out", help=say("papers.out"))],
    items: Annotated[list[str] | None, typer.Option("--set", metavar="NAME=TEXT", help=say("papers.set"))] = None,
    report: Annotated[Path | None, typer.Option("--report", metavar="FILE", help=say("papers.report_file"))] = None,
) -> int:
    """Write a form as a paper: filled in, or empty if nothing is set."""
    from seikyu.apps.cli_inquiries import file_text
    from seikyu.apps.drawing.paper_form import empty_form
    from seikyu.apps.drawing.target import write
    from seikyu.apps.papers_told import paper_of

    form, said = _form(form_id), _said(_form(form_id), items or [])
    if said or report:
        content = paper_of(form, said, language(), report=file_text(report) if report else "")
    else:
        content = empty_form(form.id, language())
    write(out, Path(), content, private=True)
    print(say("papers.written", file=out))
    return Exit.DONE


def _form(form_id: str) -> PaperForm:
    if form_id not in paper_forms():
        raise typer.BadParameter(say("papers.bad_id", forms=_FORMS), param_hint="FORM")
    return paper_forms()[form_id]


def _said(form: PaperForm, items: list[str]) -> dict[str, str]:
    said: dict[str, str] = {}
    for each in items:
        name, equals, value = each.partition("=")
        if not equals or name in said or name not in form.fields():
            fields = ", ".join(form.fields())
            raise typer.BadParameter(say("papers.bad_set", fields=fields), param_hint="--set")
        said[name] = value.replace("\\n", "\n")
    return said
