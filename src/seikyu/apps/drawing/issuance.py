"""The issuance notice (発行通知書): two sheets for one terminal, to be posted to its party.

The first sheet is for whoever fetches the certificate; the second holds the recovery code and goes into a safe. Codes
are set in a face of one width that tells its characters apart. What the sheets say comes in as values and is never read
as markup. Japanese first, then English.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files
from typing import Any, Final
from zoneinfo import ZoneInfo

from seikyu.apps.drawing.pdf import FONTS, fonts
from seikyu.apps.words import Language, say
from seikyu.ports.register import Party
from seikyu.records.months import era_text, eras
from seikyu.services.applications import Opened
from seikyu.trust.enrolment import EnrolmentRules, Purpose

#: The face of codes: each character as wide as the others, the zero struck through, one, el and i unlike.
CODE_FONT: Final = "DejaVu Sans Mono"

_JAPAN: Final = ZoneInfo("Asia/Tokyo")
_STEPS: Final = range(1, 6)
_LANGUAGES: Final[tuple[Language, ...]] = ("ja", "en")

#: Characters of a fingerprint that stand together.
_GROUP: Final = 4


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends notices. Shape: `office` is its name by language; `site` where certificates are fetched.

    `root_sha256` is the fingerprint of the root certificate, hex.
    """

    office: dict[Language, str]
    site: str
    root_sha256: str
    rules: EnrolmentRules


@dataclass(frozen=True, slots=True)
class Letter:
    """A notice, and whom it is posted to."""

    opened: Opened
    party: Party


def issuance_pdf(letters: Sequence[Letter], sender: Sender) -> bytes:
    """Return the document (PDF): two sheets for each notice, in their order."""
    import typst

    template = (files("seikyu.apps.drawing") / "templates" / "issuance.typ").read_bytes()
    given = {
        "fonts": FONTS,
        "code_font": [CODE_FONT, *FONTS],
        "title": say("issuance.title", "ja"),
        "letters": [letter_facts(each, sender) for each in letters],
    }
    told = json.dumps(given, ensure_ascii=False)
    return typst.compile(template, font_paths=fonts(), sys_inputs={"given": told}, timestamp=0)


def letter_facts(letter: Letter, sender: Sender) -> dict[str, Any]:
    """Return what stands on the two sheets of a notice."""
    opened, party = letter.opened, letter.party
    notice = opened.notice
    until = notice.opened_at + sender.rules.open_for
    server = notice.purpose == Purpose.SERVER
    facts: dict[str, Any] = {
        "reference": opened.reference,
        "party": party.id,
        "name": party.name,
        "terminal": notice.terminal,
        "site": sender.site,
        "failures": sender.rules.failures,
        "days": sender.rules.open_for.days,
    }
    both = {lang: _texts(lang, facts, until=until, server=server) for lang in _LANGUAGES}
    return {
        "dated": _day("ja", notice.opened_at),
        "number": say("issuance.number", "ja", id=notice.id),
        "address": party.address,
        "addressee": say("issuance.addressee", "ja", **facts),
        "addressee_code": say("issuance.addressee_code", "ja", **facts),
        "office": [sender.office[lang] for lang in _LANGUAGES],
        "about": [
            [_label("terminal"), notice.terminal],
            [_label("purpose"), say(f"issuance.purposes.{notice.purpose}", "ja")],
            *([[_label("hosts"), notice.hosts.replace(" ", "、")]] if server else []),
        ],
        "codes": [[_label("reference"), opened.reference], [_label("pin"), opened.pin]],
        "until": [_label("until"), _moment("ja", until), _moment("en", until)],
        "site": [_label("site"), sender.site],
        "root": [_label("root"), grouped_hex(sender.root_sha256)],
        "recovery": [_label("recovery"), opened.recovery],
        "binding": [
            [_label("kid"), opened.notice.reference], [_label("hmac"), opened.binding],
        ] if server else [],
        "texts": both,
    }  # fmt: skip


def _texts(lang: Language, facts: dict[str, Any], *, until: datetime, server: bool) -> dict[str, Any]:
    filled = facts | {"until": _moment(lang, until)}

    def told(name: str) -> str:
        return say(f"issuance.{name}", lang, **filled)

    return {
        "title": told("title"),
        "lead": told("lead"),
        "steps_head": told("steps_head"),
        "steps": [told(f"step{step}") for step in _STEPS],
        "lost_head": told("lost_head"),
        "lost": told("lost"),
        "safe_title": told("safe_title"),
        "safe_lead": told("safe_lead"),
        "safe_uses": [told("safe_broken"), told("safe_stolen"), told("safe_life")],
        "binding_head": told("binding_head") if server else "",
        "binding_lead": told("binding_lead") if server else "",
    }


def _label(name: str) -> str:
    """Return a label in both languages, one above the other."""
    return "\n".join(dict.fromkeys(say(f"issuance.labels.{name}", lang) for lang in _LANGUAGES))


def _day(lang: Language, at: datetime) -> str:
    """Return a day as people here write it: 2026年11月26日（令和8年11月26日）."""
    day = at.astimezone(_JAPAN).date()
    if lang == "en":
        return day.isoformat()
    return f"{day.year}年{day.month}月{day.day}日（{in_era(day)}）"


def in_era(day: date) -> str:
    """Return a day by its era: 令和8年11月26日."""
    text = era_text(day)
    year = int(text[1:3])
    return f"{eras()[text[0]].ja}{'元' if year == 1 else year}年{day.month}月{day.day}日"


def _moment(lang: Language, at: datetime) -> str:
    local = at.astimezone(_JAPAN)
    clock = f"{local.hour}時{local.minute:02d}分" if lang == "ja" else f"{local:%H:%M} JST"
    return f"{_day(lang, at)}{clock}" if lang == "ja" else f"{_day(lang, at)} {clock}"


def grouped_hex(text: str) -> str:
    """Return a fingerprint in groups, as people compare it."""
    return " ".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))
