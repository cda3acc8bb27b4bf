"""Forms (様式集) as pages, the API and commands tell them, and what a doctor's report says on a paper."""

from typing import Any

from seikyu.apps.doctor.words import say as doctor_says
from seikyu.apps.drawing.paper_form import filled_form
from seikyu.apps.words import Language, say
from seikyu.limits import limit
from seikyu.lines.diagnosis import faults
from seikyu.lines.report import NotAReport, Report, read_report
from seikyu.office.blank_forms import Filled, PaperField, PaperForm, fill, paper_forms
from seikyu.ports.errors import NotFound, ProtocolError
from seikyu.services.inquiries import BadReport


class BadPaper(ProtocolError):
    """A form is not filled in rightly; nothing was made and nothing is kept. Shape: facts `fields`, `wrong`."""

    code = "bad_paper"


def form_of(form_id: str) -> PaperForm:
    """Return a form by its name. Errors: NotFound."""
    form = paper_forms().get(form_id)
    if form is None:
        raise NotFound("no such form")
    return form


def paper_of(form: PaperForm, said: dict[str, str], lang: Language, *, report: str = "") -> bytes:
    """Return a form as it was filled in (PDF). Errors: BadPaper, BadReport, Busy; nothing is kept in any case."""
    told = fill(form, said)
    if told.wrong:
        raise bad_paper(form, told, lang)
    lines = report_lines(read_attached(report), lang) if report.strip() else []
    return filled_form(form, told.said, lang, report=lines)


def bad_paper(form: PaperForm, told: Filled, lang: Language) -> BadPaper:
    """Return the error of a form that is not filled in rightly. What was typed is not in it."""
    between = "、" if lang == "ja" else ", "
    labels = [label(form.fields()[name], lang) for name in told.wrong]
    return BadPaper(fields=between.join(labels), wrong=[f"{name}: {why}" for name, why in told.wrong.items()])


def read_attached(text: str) -> Report:
    """Return a doctor's report that was attached. Errors: BadReport."""
    try:
        return read_report(text, most_bytes=limit("doctor_report_bytes"))
    except NotAReport as reason:
        raise BadReport(why=f"report_{reason.why}", limit_bytes=limit("doctor_report_bytes")) from None


def report_lines(report: Report, lang: Language) -> list[str]:
    """Return what a report says, in our own words."""
    lines = [say("pages.papers.report.verdict", lang, text=doctor_says(f"verdict.{report.verdict}", lang))]
    for id_, certain in report.found:
        fault = faults()[id_]
        sure = say(f"pages.papers.report.{'certain' if certain else 'likely'}", lang)
        lines.append(say("pages.papers.report.fault", lang, id=id_, symptom=getattr(fault.symptom, lang), sure=sure))
        lines.append(say("pages.papers.report.fix", lang, fix=getattr(fault.fix, lang)))
    return lines if report.found else [*lines, say("pages.papers.report.none", lang)]


def form_on_wire(form: PaperForm) -> dict[str, Any]:
    """Return a form as programs read it, in both languages."""
    texts = ("to", "lead", "by", "send", "act")
    return {
        "id": form.id,
        "number": form.order,
        "ja": form.ja,
        "en": form.en,
        **{f"{name}_{lang}": getattr(form, f"{name}_{lang}") for name in texts for lang in ("ja", "en")},
        "act": form.act or None,
        "source": form.source,
        "fields": [
            {
                "name": each.name,
                "ja": each.ja,
                "en": each.en,
                "kind": each.kind,
                "need": each.need,
                "chars": each.most_chars,
                "form": each.form or None,
                "choices": [{"name": one.name, "ja": one.ja, "en": one.en} for one in each.choices],
            }
            for each in form.fields().values()
        ],
    }


def label(row: PaperField | PaperForm, lang: Language) -> str:
    """Return what a field or form is called."""
    return row.ja if lang == "ja" else row.en
