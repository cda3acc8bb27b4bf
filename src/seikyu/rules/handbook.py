"""The catalogue of rules as a page: written from the rules and the table of checks, never by hand."""

from collections.abc import Iterator
from typing import Final

from seikyu.rules.catalogue import catalogue
from seikyu.rules.rule import Example, Rule
from seikyu.rules.table import Check, checks

_HEAD: Final = """# Rules

Every check of claim files, of all kinds, that `seikyu check` and the office make, and those that they do not make yet.
This page is written by `seikyu.rules.handbook` from the rules; do not edit it.

A finding **refuses** a file or a claim (受付不能), **asks** (要確認), or only **tells** (連絡, level L48). Codes that
begin with L are official ones; those that begin with X are ours. Levels and effects are those of `rules/checks.csv`.
"""
_EXAMPLE_CHARS: Final = 100


def handbook() -> str:
    """Return the page in Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    rules = catalogue()
    others = [check for check in checks().values() if not check.judged]
    yield _HEAD
    yield f"{len(rules)} checks are made, {len(others)} of the table are not."
    yield "\n## Made\n"
    yield "| code | level | does | what is wrong | 日本語 |"
    yield "|---|---|---|---|---|"
    for rule in rules:
        link = f"[{rule.code}](#{rule.code.lower()})"
        yield f"| {link} | {rule.level} | {_effect(rule)} | {rule.title} | {rule.title_ja} |"
    for rule in rules:
        yield from _section(rule, checks()[rule.code])
    yield "\n## Not made\n"
    yield "| code | level | what it would look at | why not |"
    yield "|---|---|---|---|"
    for check in others:
        looks_at = _cell(f"{check.place}: {check.condition}")
        yield f"| {check.code} | {check.level or '-'} | {looks_at} | {_cell(check.reason)} |"


def _section(rule: Rule, check: Check) -> Iterator[str]:
    yield f"\n### {rule.code}\n"
    yield f"**{rule.title}** ({rule.title_ja})\n"
    yield f"{rule.why}\n"
    since = f", for services from {rule.since} on" if rule.since else ""
    yield f"- level {rule.level}, {_effect(rule)}{since}; needs: {rule.needs}; source: `{rule.source}`"
    if check.ruling:
        yield f"- ruling: {check.ruling}"
    if check.reason:
        yield f"- how: {check.reason}"
    if rule.hint:
        yield f"- what to do: {rule.hint} ({rule.hint_ja})"
    for name, examples in (("right", rule.passes), ("wrong", rule.fails)):
        shown = [text for text in map(_shown, examples) if text]
        if shown:
            yield f"- {name}: " + ", ".join(f"`{text}`" for text in shown)


def _effect(rule: Rule) -> str:
    if rule.refuses is not None:
        return f"refuses the {rule.refuses}"
    return "tells" if rule.level == "L48" else "asks"


def _shown(example: Example) -> str:
    """Return an example of one short line; longer ones stand in the tests."""
    if isinstance(example, bytes) or "\n" in example or len(example) > _EXAMPLE_CHARS:
        return ""
    return example


def _cell(text: str) -> str:
    return text.replace("|", "/")
