"""A form (様式) as a paper: A4, with every field of the form, empty or as it was filled in.

The same form makes the same bytes: the document carries no date of its own. What was filled in goes in as data, is
never read as markup, and is nowhere but in the bytes that are returned.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from importlib.resources import files
from threading import BoundedSemaphore
from typing import Any, Final

from seikyu.apps.drawing.issuance import in_era
from seikyu.apps.drawing.pdf import FONTS, fonts
from seikyu.apps.words import Language, say
from seikyu.limits import limit
from seikyu.office.blank_forms import PaperField, PaperForm, paper_forms, rows_of
from seikyu.ports.errors import Busy

_PLACES: Final = BoundedSemaphore(limit("papers_at_once"))
#: When to come back to a full queue.
_RETRY_S: Final = 5


@lru_cache(maxsize=64)
def empty_form(form_id: str, lang: Language) -> bytes:
    """Return a form to be filled in by hand (PDF). Errors: Busy."""
    return filled_form(paper_forms()[form_id], {}, lang)


def filled_form(form: PaperForm, said: Mapping[str, str], lang: Language, *, report: Sequence[str] = ()) -> bytes:
    """Return a form as it was filled in (PDF). Shape: `report` are the lines of a doctor's report. Errors: Busy."""
    import typst

    template = (files("seikyu.apps.drawing") / "templates" / "paper_form.typ").read_bytes()
    given = json.dumps(paper_facts(form, said, lang, report=report), ensure_ascii=False)
    if not _PLACES.acquire(blocking=False):
        raise Busy("so many papers are being set", retry_after_s=_RETRY_S)
    try:
        return typst.compile(template, font_paths=fonts(), sys_inputs={"form": given}, timestamp=0)
    finally:
        _PLACES.release()


def paper_facts(
    form: PaperForm, said: Mapping[str, str], lang: Language, *, report: Sequence[str] = ()
) -> dict[str, Any]:
    """Return what stands on the paper."""
    return {
        "lang": lang,
        "fonts": FONTS,
        "name": say("pages.papers.number", lang, number=form.order),
        "day": say("pages.papers.day", lang),
        "title": form.ja if lang == "ja" else form.en,
        "subtitle": "" if lang == "ja" else form.ja,
        "to": form.to_ja if lang == "ja" else form.to_en,
        "sections": [
            {
                "head": _in(section, lang),
                "rows": [[_field(field, said, lang, report) for field in row] for row in rows_of(section)],
            }
            for section in form.sections
        ],
        "notes": [_in(note, lang) for note in form.notes],
        "how": [
            [say("pages.papers.by", lang), form.by_ja if lang == "ja" else form.by_en],
            [say("pages.papers.send", lang), form.send_ja if lang == "ja" else form.send_en],
        ],
        "stamp": say("pages.papers.stamp", lang),
        "foot": say("pages.papers.foot", lang),
    }


def shown_text(field: PaperField, text: str, lang: Language) -> str:
    """Return a value as the paper shows it: days and months by era in Japanese, amounts with their thousands."""
    if field.kind == "date" and text:
        return in_era(date.fromisoformat(text)) if lang == "ja" else text
    if field.kind == "month" and text:
        return in_era(date.fromisoformat(f"{text}-01")).removesuffix("1日") if lang == "ja" else text
    if field.kind == "number" and text:
        return f"{int(text):,}"
    return text


def _field(field: PaperField, said: Mapping[str, str], lang: Language, report: Sequence[str]) -> dict[str, Any]:
    text = said.get(field.name, "")
    choices = [{"text": _in(each, lang), "chosen": each.name == text} for each in field.choices]
    if field.kind == "tick":
        choices = [{"text": say("pages.papers.yes", lang), "chosen": bool(text)}]
    texts = list(report) if field.kind == "report" else shown_text(field, text, lang).splitlines()
    if not texts and field.kind in {"date", "month"}:
        texts = [say(f"pages.papers.blank_{field.kind}", lang)]
    lines = _REPORT_LINES if field.kind == "report" else field.lines
    return {"label": _in(field, lang), "choices": choices, "texts": texts, "lines": lines}


#: As high as an empty place for findings.
_REPORT_LINES: Final = 6


def _in(row: Any, lang: Language) -> str:
    return str(row.ja if lang == "ja" else row.en)
