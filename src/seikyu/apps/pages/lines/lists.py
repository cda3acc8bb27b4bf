"""The pages of lines: which there are, and which one fits. They need no login; a question is an address to keep."""

from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from seikyu.apps.advice_told import AnswersOpen, advice_from, network_in, sheet_of
from seikyu.apps.guides import LineFileWrong
from seikyu.apps.lines_told import cell_said, label, list_on_wire, offer_on_wire
from seikyu.apps.pages.visit import Pages, Visit
from seikyu.lines.advice import questions, read_answers
from seikyu.lines.kinds import line_kinds
from seikyu.lines.network import ClaimsNetwork
from seikyu.lines.registry import Offer, narrowed, words
from seikyu.lines.wrong import BadFile
from seikyu.services.lines import InForce, in_force
from seikyu.trust.notices import JAPAN

_SYSTEMS: Final = ("claims", "eligibility")
_TEXTS: Final = ("areas", "kind", "access", "systems", "provider_contract", "contact", "phone", "hours", "note")


def line_routes(pages: Pages, network: Path | None = None) -> list[Route]:
    """Return the routes of a face. Shape: `network` is the file by which the office publishes its network."""
    own = [
        pages.route("/lines", show_lines, login=False),
        pages.route("/lines/advise", partial(show_advice, network=network), login=False),
    ]
    if pages.face == "public":
        own.append(pages.route("/lines.json", tell_lines, login=False))
    return own


def show_lines(visit: Visit) -> Response:
    """Show the list in force, narrowed by what the address says; a word that nobody knows narrows nothing."""
    held, wish = in_force(visit.pages.lists, _today(visit)), _wish(visit)
    return visit.show(
        "lines.html",
        items=[_shown(visit, each) for each in _found(visit, held, wish)],
        heads={name: visit.say(f"lines.columns.{name}") for name in _TEXTS},
        texts=_TEXTS,
        wish=wish,
        published=held.published.from_on.isoformat() if held.published else "",
        choices={
            "area": [("", visit.say("pages.lines.all")), *_options(visit, words("areas"))],
            "kind": [("", visit.say("pages.lines.all")), *_options(visit, line_kinds())],
            "system": [
                ("", visit.say("pages.lines.all")),
                *((name, visit.label(words("systems")[name])) for name in _SYSTEMS),
            ],
        },
    )


def tell_lines(visit: Visit) -> Response:
    """Tell the same to a program, in codes."""
    day = _today(visit)
    held = in_force(visit.pages.lists, day)
    items = [offer_on_wire(each, day) for each in _found(visit, held, _wish(visit))]
    return JSONResponse({**list_on_wire(held, day), "items": items}, headers={"Cache-Control": "no-cache"})


def show_advice(visit: Visit, *, network: Path | None = None) -> Response:
    """Ask about a site, and tell which lines fit what was answered; nothing of it is kept."""
    said = {name: visit.request.query_params[name] for name in questions() if name in visit.request.query_params}
    asked = [
        {
            "name": each.name,
            "label": visit.label(each),
            "options": [("", visit.say("pages.lines.choose"))] * (not each.default) + _options(visit, each.choices),
            "value": said.get(each.name, each.default),
            "required": not each.default,
        }
        for each in questions().values()
    ]
    if not said:
        return visit.show("lines_advise.html", asked=asked, sheet=None)
    try:
        answers = read_answers(said)
    except BadFile as bad:
        labels = dict.fromkeys(visit.label(questions()[each.place]) for each in bad.wrong)
        trouble = AnswersOpen(what=visit.say("pages.lines.between").join(labels))
        return visit.again("lines_advise.html", trouble, asked=asked, sheet=None)
    day, held = _today(visit), in_force(visit.pages.lists, _today(visit))
    advice = advice_from(answers, held, today=day)
    sheet = sheet_of(advice, held, today=day, lang=visit.lang, network=_published(network))
    return visit.show("lines_advise.html", asked=asked, sheet=sheet)


def _published(network: Path | None) -> ClaimsNetwork | None:
    """Return what the office publishes; advice is of use without it, and the page of guides says what is wrong."""
    try:
        return network_in(network)
    except LineFileWrong:
        return None


def _wish(visit: Visit) -> dict[str, str]:
    known = {"area": tuple(words("areas")), "kind": tuple(line_kinds()), "system": _SYSTEMS}
    asked = {name: visit.request.query_params.get(name, "") for name in known}
    return {name: text if text in known[name] else "" for name, text in asked.items()}


def _found(visit: Visit, held: InForce, wish: dict[str, str]) -> list[Offer]:
    """Return what can be ordered of a list, narrowed."""
    day = _today(visit)
    return [each for each in narrowed(held.offers, **wish) if each.status(day) != "withdrawn"]


def _today(visit: Visit) -> date:
    return visit.office.real_now().astimezone(JAPAN).date()


def _options(visit: Visit, rows: Any) -> list[tuple[str, str]]:
    return [(name, label(row, visit.lang)) for name, row in rows.items()]


def _shown(visit: Visit, offer: Offer) -> dict[str, str]:
    told = {name: cell_said(offer, name, visit.lang) for name in _TEXTS}
    return {"carrier": offer.carrier, "service": offer.service, "url": offer.url, **told}
