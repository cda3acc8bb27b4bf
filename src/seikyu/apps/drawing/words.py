"""What all drawings of a sheet say alike, in the reader's language."""

from seikyu.apps.words import Language, say
from seikyu.rules import Finding
from seikyu.rules.reports import effect
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
    what = say(f"show.effects.{effect(finding)}", lang)
    if lang == "ja":
        item = f"{finding.item_ja}：" if finding.item_ja else ""
        return f"{finding.code}（{finding.level}・{what}）{item}{finding.message_ja}"
    item = f"{finding.item.replace('_', ' ')}: " if finding.item else ""
    return f"{finding.code} ({finding.level}, {what}) {item}{finding.message}"
