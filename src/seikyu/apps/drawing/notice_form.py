"""A notice (届出) as a form: one page with every item of the form, asked for or not, and what became of it.

The same notice makes the same bytes: the document carries no date of its own. Texts that a party wrote go in as data
and are never read as markup.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime
from importlib.resources import files
from typing import Any, Final

from seikyu.apps.drawing.pdf import FONTS, fonts
from seikyu.apps.words import Language, say
from seikyu.trust.notices import JAPAN, connections, fields, kinds

_NOT_ASKED: Final = "―"


def form_of(notice: Mapping[str, Any], lang: Language) -> bytes:
    """Return the document (PDF) of a notice as the wire shows it, with its history."""
    import typst

    template = (files("seikyu.apps.drawing") / "templates" / "notice.typ").read_bytes()
    given = json.dumps(form_facts(notice, lang), ensure_ascii=False)
    return typst.compile(template, font_paths=fonts(), sys_inputs={"notice": given}, timestamp=0)


def form_facts(notice: Mapping[str, Any], lang: Language) -> dict[str, Any]:
    """Return what stands on the form."""
    kind = kinds()[notice["kind"]]
    heads = ("no", "state", "at", "by", "reason")
    return {
        "lang": lang,
        "fonts": FONTS,
        "title": kind.ja if lang == "ja" else say("notices.form.title", lang, kind=kind.en),
        "number": say("notices.form.number", lang, id=notice["id"]),
        "filed": say("notices.form.filed", lang, day=_day(notice["filed_at"], lang)),
        "to": say("notices.form.to", lang),
        "who": [
            [say("notices.form.party", lang), notice["party"]],
            [say("notices.form.name", lang), notice["party_name"]],
            [say("notices.form.address", lang), notice["party_address"]],
        ],
        "kind_head": say("notices.form.kind", lang),
        "kinds": [{"text": _label(each, lang), "chosen": each.name == kind.name} for each in kinds().values()],
        "fields_head": say("notices.form.fields", lang),
        "fields": [[_label(each, lang), _shown(notice["fields"], each.name, lang)] for each in fields().values()],
        "history_head": say("notices.form.history", lang),
        "history_heads": [say(f"notices.form.heads.{name}", lang) for name in heads],
        "history": [
            [
                str(each["no"]), say(f"notices.states.{each['state']}", lang),
                f"{datetime.fromisoformat(each['at']).astimezone(JAPAN):%Y-%m-%d %H:%M}", each["by"], each["reason"],
            ]
            for each in notice["history"]
        ],
    }  # fmt: skip


def _label(row: Any, lang: Language) -> str:
    return str(row.ja if lang == "ja" else row.en)


def _shown(filed: Mapping[str, str], name: str, lang: Language) -> str:
    text = filed.get(name)
    if text is None:
        return _NOT_ASKED
    if name == "connection":
        return _label(connections()[text], lang)
    return _day(text, lang) if name == "effective_on" else text


def _day(text: str, lang: Language) -> str:
    day = datetime.fromisoformat(text).astimezone(JAPAN).date() if "T" in text else date.fromisoformat(text)
    return f"{day.year}年{day.month}月{day.day}日" if lang == "ja" else day.isoformat()
