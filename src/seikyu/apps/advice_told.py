"""Advice on lines as people read it, on a screen or on paper, and as programs do. It holds nothing personal."""

import json
from collections.abc import Mapping
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

from seikyu.apps.cli_errors import one_line
from seikyu.apps.lines_told import label, list_on_wire, offer_on_wire
from seikyu.apps.words import Language, say
from seikyu.lines.advice import Advice, Chosen, Due, Note, advise, questions, read_answers
from seikyu.lines.kinds import desks, line_kinds
from seikyu.lines.network import FILE_NAME, ClaimsNetwork
from seikyu.lines.registry import Offer
from seikyu.lines.wrong import BadFile
from seikyu.ports.errors import SeikyuError
from seikyu.services.lines import InForce


class AnswersBad(SeikyuError):
    """Answers that cannot be used; nothing was looked up. Shape: facts `what`."""

    code = "lines_answers_bad"


class AnswersOpen(AnswersBad):
    """The same on a page, where questions have labels and nobody types a command. Shape: facts `what`, their labels."""

    words_code = "lines_answers_open"


def checked(said: Mapping[str, Any]) -> dict[str, str]:
    """Return the answer to every question. Errors: AnswersBad."""
    try:
        return read_answers(said)
    except BadFile as bad:
        raise _wrong(bad) from None


def advice_from(answers: Mapping[str, str], held: InForce, *, today: date, first_claims: date | None = None) -> Advice:
    """Return the advice for answers, with the list of lines that is in force."""
    return advise(answers, offers=held.offers, today=today, first_claims=first_claims)


def on_wire(advice: Advice, held: InForce, *, today: date, lang: Language) -> dict[str, Any]:
    """Return the advice for programs: codes, and the texts in one language."""
    ways = [
        {
            "way": each.way.name,
            "kind": each.way.kind,
            "text": label(each.way, lang),
            "rank": each.rank,
            "change": each.change,
            "notice": each.notice or None,
            "provider_contract": line_kinds()[each.way.kind].provider_contract,
            "reasons": [{"id": row.id, "text": label(row, lang), "source": row.source} for row in each.reasons],
            "notes": {part: [_note(row, lang) for row in rows] for part, rows in each.notes.items()},
            "offers": [offer_on_wire(offer, today) for offer in each.offers],
            "first_claims": f"{each.first_claims:%Y-%m}",
            "dates": [_due(due, lang) for due in each.dates],
        }
        for each in advice.ways
    ]
    return {"answers": dict(advice.answers), "list": list_on_wire(held, today), "ways": ways}


def sheet_of(
    advice: Advice, held: InForce, *, today: date, lang: Language, network: ClaimsNetwork | None = None
) -> dict[str, Any]:
    """Return what stands on the page: for the site itself, and for the carrier's salesman."""
    return {
        "lang": lang,
        "title": say("advice.title", lang),
        "day": say("advice.day", lang, day=day_said(today, lang)),
        "note": say("lines.example", lang) if held.example else "",
        "answers_head": say("advice.answers", lang),
        "answers": [
            [label(question, lang), label(question.choices[advice.answers[name]], lang)]
            for name, question in questions().items()
        ],
        "ways": [_way(no, each, today=today, lang=lang, network=network) for no, each in enumerate(advice.ways, 1)],
        "foot": say("advice.foot", lang),
    }


def html_of(sheet: Mapping[str, Any]) -> bytes:
    """Return the page as a file that needs nothing else: no scripts, no other files."""
    from jinja2 import Environment, StrictUndefined

    folder = files("seikyu.apps.drawing") / "templates"
    world = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    page = world.from_string((folder / "advice.html.j2").read_text("utf-8"))
    return page.render(**sheet).encode()


def pdf_of(sheet: Mapping[str, Any]) -> bytes:
    """Return the page as a document (PDF). The same advice makes the same bytes."""
    import typst

    from seikyu.apps.drawing.pdf import FONTS, fonts

    template = (files("seikyu.apps.drawing") / "templates" / "advice.typ").read_bytes()
    given = json.dumps({**sheet, "fonts": FONTS}, ensure_ascii=False)
    return typst.compile(template, font_paths=fonts(), sys_inputs={"advice": given}, timestamp=0)


def network_at(home: Path | None) -> ClaimsNetwork | None:
    """Return the network that the office publishes whose list is told; the example's desks are nobody's.

    Errors: LineFileWrong, FileUnusable.
    """
    from seikyu.apps.cli_admin import HOME

    return network_in((home or HOME) / FILE_NAME)


def network_in(path: Path | None) -> ClaimsNetwork | None:
    """Return the network of a file, if there is one. Errors: LineFileWrong, FileUnusable."""
    from seikyu.apps.guides import published_at

    return published_at(path).network if path is not None and path.is_file() else None


def lines_of(sheet: Mapping[str, Any]) -> list[str]:
    """Return the page as lines of text."""
    told = [sheet["title"], *([sheet["note"]] if sheet["note"] else [])]
    for way in sheet["ways"]:
        told += ["", f"{way['no']}. {way['title']}"]
        for part in way["parts"]:
            told += [f"   [{part['head']}]", *(f"   - {row}" for row in part["rows"])]
        told += [f"   [{way['offers_head']}]"]
        told += [f"   - {' '.join(filter(None, row))}" for row in way["offers"] or [[way["no_offers"]]]]
        told += [f"   [{way['dates_head']}]", *(f"   - {' '.join(row)}" for row in way["dates"])]
    return [*told, "", sheet["foot"]]


def day_said(day: date, lang: Language) -> str:
    """Return a day as letters write it."""
    return f"{day.year}年{day.month}月{day.day}日" if lang == "ja" else day.isoformat()


def _way(no: int, each: Chosen, *, today: date, lang: Language, network: ClaimsNetwork | None) -> dict[str, Any]:
    parts = [{"head": say("advice.reasons", lang), "rows": [label(row, lang) for row in each.reasons]}]
    parts += [
        {"head": say(f"advice.parts.{part}", lang), "rows": [_said(row, lang, network) for row in rows]}
        for part, rows in each.notes.items()
    ]
    month = f"{each.first_claims.year}年{each.first_claims.month}月" if lang == "ja" else f"{each.first_claims:%Y-%m}"
    return {
        "no": no,
        "name": each.way.name,
        "line": each.way.kind,
        "title": label(each.way, lang),
        "kind": label(line_kinds()[each.way.kind], lang),
        "parts": parts,
        "offers_head": say("advice.offers", lang),
        "offers": [_offer(offer, today, lang) for offer in each.offers],
        "no_offers": say("advice.no_offers", lang),
        "dates_head": say("advice.dates", lang, month=month),
        "dates": [_dated(due, lang) for due in each.dates],
    }


def _said(row: Note, lang: Language, network: ClaimsNetwork | None) -> str:
    text = label(row, lang)
    if not row.desk:
        return text
    reached = network.desks.get(row.desk) if network else None
    phone = f" {reached.phone}" if reached and reached.phone else ""
    return f"{label(desks()[row.desk], lang)}{phone}{'：' if lang == 'ja' else ': '}{text}"


def _offer(offer: Offer, today: date, lang: Language) -> list[str]:
    status = offer.status(today)
    shown = "" if status == "current" else say(f"lines.status.{status}", lang)
    return [offer.name, offer.contact, offer.phone, offer.hours, offer.note, shown]


def _dated(due: Due, lang: Language) -> list[str]:
    day = say("advice.at_once", lang) if due.by is None else day_said(due.by, lang)
    return [day + (say("advice.late", lang) if due.late else ""), label(due.step, lang)]


def _note(row: Note, lang: Language) -> dict[str, Any]:
    told = {"id": row.id, "text": label(row, lang), "question": row.question, "source": row.source}
    return told | {name: value for name, value in (("notice", row.notice), ("desk", row.desk)) if value}


def _due(due: Due, lang: Language) -> dict[str, Any]:
    return {
        "step": due.step.id, "by": due.by.isoformat() if due.by else None, "late": due.late, "sure": due.step.sure,
        "text": label(due.step, lang), "source": due.step.source,
    }  # fmt: skip


def _wrong(bad: BadFile) -> AnswersBad:
    """Return the error of answers that mean nothing, with each of them and what could be said."""
    told = []
    for each in bad.wrong:
        value = f" `{one_line(each.value)}`" if each.value else ""
        told.append(f"{one_line(each.place)}{value} [{', '.join(each.known)}]")
    return AnswersBad(what="; ".join(told))
