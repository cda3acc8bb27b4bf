"""Findings as people read them: a line of text each, what they do, and what the report could not judge."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from seikyu.rules.finding import Finding, Level, Refuses
from seikyu.rules.masters import Group, forms
from seikyu.rules.remedies import Language
from seikyu.rules.summary import Summary

_EFFECTS: Final[Mapping[tuple[str, Language], str]] = {
    ("file", "en"): "refuses the file",
    ("claim", "en"): "refuses the claim",
    ("asks", "en"): "asks",
    ("tells", "en"): "tells",
    ("file", "ja"): "ファイル受付不能",
    ("claim", "ja"): "受付不能",
    ("asks", "ja"): "要確認",
    ("tells", "ja"): "連絡",
}


def effect(finding: Finding) -> str:
    """Return what a finding does: `file` or `claim` (it refuses them), `asks`, or `tells`."""
    return effect_of(finding.level, finding.refuses)


def effect_of(level: Level, refuses: Refuses | None) -> str:
    """Return what findings of a rule do: `file`, `claim`, `asks` or `tells`."""
    if refuses is not None:
        return refuses.value
    return "tells" if level is Level.L48 else "asks"


def effect_words(effect: str, language: Language = "en") -> str:
    """Return the words for what a finding does."""
    return _EFFECTS[effect, language]


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings as lists show them: those outside every claim at the top, the rest as they came."""
    return sorted(findings, key=lambda finding: finding.claim_index is not None)


def line_of(finding: Finding, file_name: str, language: Language = "en") -> str:
    """Return a finding as one line of text.

    Shape: `RECEIPTC.UKE:412: X3001 (L3, asks): HO item 2 (insurer number): ...`, in Japanese alike.
    """
    place = file_name if finding.line is None else f"{file_name}:{finding.line}"
    done = _EFFECTS[effect(finding), language]
    if language == "ja":
        head = f"{place}: {finding.code}（{finding.level}・{done}）"
        item = f" 項目{finding.item_no}（{finding.item_ja}）" if finding.item_no else ""
    else:
        head = f"{place}: {finding.code} ({finding.level}, {done})"
        item = f" item {finding.item_no} ({_words(finding.item)})" if finding.item_no else ""
    where = f" {finding.record}{item}:" if finding.record else ""
    value = _value(finding, language)
    return f"{head}:{where} {_message(finding, language)}{value}"


def _message(finding: Finding, language: Language) -> str:
    return finding.message_ja if language == "ja" else finding.message


def _value(finding: Finding, language: Language) -> str:
    """Return the offending value behind the message, unless the message tells it or there is none."""
    if not finding.value or f": is {finding.value}," in f"{finding.message},":
        return ""
    return f"［{finding.value}］" if language == "ja" else f" [{finding.value}]"


def _words(name: str | None) -> str:
    return (name or "").replace("_", " ")


# --- what could not be judged ---

_SILENT: Final[Mapping[Language, str]] = {
    "en": "{file}: {rules} checks were not made for want of tables: {groups}",
    "ja": "{file}：必要な表がそろわないため、{rules} 個の点検は行っていません：{groups}",
}
_GROUPS: Final[Mapping[Group, tuple[str, str]]] = {
    Group.OFFICIAL: ("official masters", "公表マスター"),
    Group.FEE_TABLES: ("fee tables and check masters", "電子点数表・チェックマスター"),
    Group.REGISTERS: ("registers", "名簿"),
    Group.NOTICES: ("tables of facility notices", "施設基準の届出の表"),
    Group.DPC: ("DPC tables", "ＤＰＣの表"),
    Group.OWN: ("other tables", "その他の表"),
}
#: So many tables of a group are named; of more, it is told how many they are.
_NAMED: Final = 2


def silence_line(summary: Summary, file_name: str, language: Language = "en") -> str:
    """Return the line that opens a report when some rules were silent, empty when all masters were there.

    A summary names what was missing in `missing`, and the rules that needed it in `silent`.
    """
    groups: dict[Group, list[str]] = {}
    for kind, form in forms().items():
        if kind in summary.missing:
            groups.setdefault(form.group, []).append(getattr(form, language))
    told = (_of_group(group, groups[group], language) for group in Group if group in groups)
    facts = {"file": file_name, "rules": len(summary.silent), "groups": ("、" if language == "ja" else "; ").join(told)}
    return _SILENT[language].format(**facts) if summary.missing else ""


def group_words(group: Group, language: Language = "en") -> str:
    """Return what a group of tables is called."""
    return _GROUPS[group][language == "ja"]


def _of_group(group: Group, names: Sequence[str], language: Language) -> str:
    """Return what is missing of a group: `6 official masters`, or a few by their names."""
    words, few = group_words(group, language), len(names) <= _NAMED
    if language == "ja":
        return f"{words}（{'、'.join(names)}）" if few else f"{words}（{len(names)} 種類）"
    return f"{words} ({', '.join(names)})" if few else f"{len(names)} {words}"
