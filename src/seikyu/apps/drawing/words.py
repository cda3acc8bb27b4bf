"""What all drawings of a sheet say alike, in the reader's language."""

from seikyu.apps.words import Language, say
from seikyu.rules import Finding
from seikyu.rules.report import effect
from seikyu.rules.sheet import Cell, Sheet
from seikyu.rules.view import Phrase


def fits(phrase: Phrase, lang: Language) -> str:
    """Return a phrase in the language."""
    return phrase.ja if lang == "ja" else phrase.en


def shown(cell: Cell, lang: Language) -> str:
    """Return what a cell shows in the language."""
    return cell.text if lang == "ja" or not cell.en else cell.en


def heading(sheet: Sheet, lang: Language) -> str:
    """Return what stands above a sheet: what it is, and the claim's number."""
    return say("show.heading", lang, title=fits(sheet.title, lang), claim_no=sheet.claim_no, line=sheet.line)


def finding_line(finding: Finding, lang: Language) -> str:
    """Return a finding as it stands beside its place: code, level, effect, words, and the value it is about."""
    message = finding.message_ja if lang == "ja" else finding.message
    item = finding.item_ja if lang == "ja" else (finding.item or "").replace("_", " ")
    what = say(f"show.effects.{effect(finding)}", lang)
    place = say("show.place", lang, item=item) if item else ""
    return say("show.finding", lang, code=finding.code, level=finding.level, effect=what, message=f"{place}{message}")
