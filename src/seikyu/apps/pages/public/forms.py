"""Forms (様式集, `/forms`): filled in on screen and printed. Nothing that is typed is kept, or stands in an address."""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from seikyu.apps.drawing.paper_form import empty_form
from seikyu.apps.pages.frame import HEADERS
from seikyu.apps.pages.visit import Pages, Visit
from seikyu.apps.papers_told import bad_paper, form_of, form_on_wire, paper_of
from seikyu.office.blank_forms import PaperField, PaperForm, fill, paper_forms, rows_of
from seikyu.ports.errors import Busy
from seikyu.services.inquiries import BadReport

#: What the register knows of who has logged in, by the names of fields.
_OWN: Final = {
    "institution_code": "id", "party_code": "id", "principal_code": "id", "institution_name": "name",
    "party_name": "name", "principal_name": "name", "address": "address", "principal_address": "address",
}  # fmt: skip

_BAD: Final = 422
_INPUTS: Final = {"date": "date", "month": "month", "phone": "tel"}


def form_routes(pages: Pages) -> list[Route]:
    """Return the routes of a face; nobody needs a login."""
    own = [
        pages.route("/forms", show_forms, login=False),
        pages.route("/forms/{form}", show_form, login=False),
        pages.route("/forms/{form}", do_fill, post=True, login=False),
        pages.route("/forms/{form}/empty.pdf", give_empty, login=False),
    ]
    if pages.face == "public":
        own.append(pages.route("/forms.json", tell_forms, login=False))
    return own


def show_forms(visit: Visit) -> Response:
    """Show the forms there are."""
    return visit.show("public/forms.html", forms=[_told(visit, form) for form in paper_forms().values()])


def tell_forms(visit: Visit) -> Response:
    """Tell the same to a program."""
    del visit
    items = [form_on_wire(form) for form in paper_forms().values()]
    return JSONResponse({"items": items}, headers={"Cache-Control": "no-cache"})


def show_form(visit: Visit) -> Response:
    """Show a form to be filled in; who has logged in need not type what the register knows."""
    form = form_of(_id(visit.request))
    said: dict[str, str] = {}
    if visit.actor is not None:
        with visit.people.store.read() as tx:
            party = tx.party(visit.actor.party)
        known = {} if party is None else {name: str(getattr(party, item)) for name, item in _OWN.items()}
        said = {name: text for name, text in known.items() if name in form.fields()}
    return visit.show("public/form.html", **_facts(visit, form, said))


def do_fill(visit: Visit) -> Response:
    """Give the form as it was filled in."""
    form, said = form_of(_id(visit.request)), dict(visit.form)
    told = fill(form, said)
    if told.wrong:
        error = visit.words(bad_paper(form, told, visit.lang))
        return visit.show("public/form.html", _BAD, **_facts(visit, form, said, told.wrong), error=error)
    report = visit.files.get("report", b"").decode("utf-8", "replace")
    try:
        return _document(paper_of(form, said, visit.lang, report=report), form, visit.lang)
    except (BadReport, Busy) as trouble:
        wrong = {"report": "form"} if isinstance(trouble, BadReport) else {}
        return visit.again("public/form.html", trouble, **_facts(visit, form, said, wrong))


def give_empty(visit: Visit) -> Response:
    """Give the form empty, to be filled in by hand."""
    form = form_of(_id(visit.request))
    return _document(empty_form(form.id, visit.lang), form, visit.lang)


def _document(content: bytes, form: PaperForm, lang: str) -> Response:
    headers = {
        **HEADERS,
        "Content-Disposition": f'attachment; filename="form-{form.id}-{lang}.pdf"',
        "Vary": "Accept-Language, Cookie",
    }
    return Response(content, 200, headers, "application/pdf")


def _facts(visit: Visit, form: PaperForm, said: dict[str, str], wrong: Any = None) -> dict[str, Any]:
    """Return what the page shows; what was wrong stands at its field."""
    wrong = wrong or {}
    sections = [
        {"head": visit.label(each), "rows": [[_field(visit, one, said, wrong) for one in row] for row in rows_of(each)]}
        for each in form.sections
    ]
    return {
        "form": _told(visit, form),
        "sections": sections,
        "notes": [visit.label(each) for each in form.notes],
        "with_file": any(field.kind == "report" for field in form.fields().values()),
    }


def _told(visit: Visit, form: PaperForm) -> dict[str, Any]:
    lang = visit.lang
    texts = {name: getattr(form, f"{name}_{lang}") for name in ("to", "lead", "by", "send", "act")}
    here = visit.pages.has(form.act.partition("?")[0])
    told = {"id": form.id, "number": form.order, "title": visit.label(form), "path": form.act, "ja": form.ja}
    return {**texts, **told, "here": here}


def _field(visit: Visit, field: PaperField, said: dict[str, str], wrong: dict[str, str]) -> dict[str, Any]:
    text = visit.label(field)
    return {
        "name": field.name,
        "label": text
        if field.need or field.kind in {"tick", "report"}
        else visit.say("pages.notice.optional", label=text),
        "kind": field.kind,
        "type": _INPUTS.get(field.kind, "text"),
        "mode": "numeric" if field.kind == "number" or field.form.startswith("[0-9]") else "",
        "need": field.need,
        "most": field.most_chars,
        "lines": field.lines,
        "options": [("", visit.say("pages.forms.choose")), *((each.name, visit.label(each)) for each in field.choices)],
        "value": said.get(field.name, ""),
        "wrong": visit.say(f"pages.forms.wrong.{wrong[field.name]}") if field.name in wrong else "",
        "hint": visit.say(f"pages.forms.hint.{field.kind}") if field.kind in {"month", "report"} else "",
    }


def _id(request: Request) -> str:
    return str(request.path_params["form"])
