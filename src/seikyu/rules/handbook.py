"""The catalogue of rules as a page: written from the rules and the table of checks, never by hand."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import Final

from seikyu.rules.catalogue import catalogue
from seikyu.rules.reasons import reason, remark, unruled
from seikyu.rules.remedies import remedy
from seikyu.rules.rule import Example, Rule
from seikyu.rules.table import Check, checks

_HEAD: Final = """# Rules

Every check of claim files that we know of: those that `seikyu check` and the office make, and those that they do not.
This page is written by `seikyu.rules.handbook` from the rules; do not edit it. `seikyu rules CODE` explains one of them
on the command line.

A finding **refuses** a file or a claim (受付不能), **asks** (要確認), or only **tells** (連絡, level L48). Codes that
begin with L are official ones; those that begin with X are ours. Levels and effects are those of `rules/checks.csv`.
"""
_EXAMPLE_CHARS: Final = 100
#: The tables that are imported: without them the rules that need them are silent, and the report says so.
_TABLES: Final = frozenset({"masters", "fee tables", "notices"})
#: The kinds of claims, and their signs in the table of checks.
SIGNS: Final = {"medical": "医", "dpc": "D", "dental": "歯", "pharmacy": "調", "home_nursing": "訪"}
_ALL: Final = "全"


class Coverage(StrEnum):
    """Whether a row of the table of checks is judged."""

    JUDGED = "judged"
    WITH_TABLES = "judged once the table is there"
    NOT = "not judged"


def coverage(check: Check) -> Coverage:
    """Return which of the three a row is."""
    if not check.status.startswith(Coverage.JUDGED):
        return Coverage.NOT
    return Coverage.WITH_TABLES if check.needs in _TABLES or not check.judged else Coverage.JUDGED


def concerns(check: Check, kind: str) -> bool:
    """True if a row is about claims of the kind."""
    return check.kinds == _ALL or SIGNS[kind] in check.kinds


def handbook() -> str:
    """Return the page in Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    rules, rows = catalogue(), checks()
    counts = Counter(map(coverage, rows.values()))
    yield _HEAD
    yield "; ".join(f"{counts[each]} {each}" for each in Coverage) + f": {len(rows)} checks."
    yield from _count_table("kind", SIGNS, concerns)
    needs = list(dict.fromkeys(check.needs for check in rows.values()))
    yield from _count_table("needs", needs, lambda check, name: check.needs == name)
    yield "\nA check of several kinds counts for each of them.\n"
    yield "## Rules\n"
    yield "| code | level | does | what is wrong | 日本語 |"
    yield "|---|---|---|---|---|"
    for rule in rules:
        yield f"| {_link(rule.code)} | {rule.level} | {effect(rows[rule.code])} | {rule.title} | {rule.title_ja} |"
    yield "\n## Coverage\n"
    yield "Each row of the table of checks, whether it is judged, and if not, why.\n"
    yield "| code | for | level | needs | what it looks at | judged | why, or how | 日本語 |"
    yield "|---|---|---|---|---|---|---|---|"
    for check in rows.values():
        yield _coverage_row(check, {rule.code for rule in rules})
    yield "\n## Each rule\n"
    for rule in rules:
        yield from _section(rule, rows[rule.code])


def _count_table(head: str, names: Iterable[str], takes: Callable[[Check, str], bool]) -> Iterator[str]:
    yield f"\n| {head} | checks | " + " | ".join(Coverage) + " |"
    yield "|---" * (len(Coverage) + 2) + "|"
    for name in names:
        there = [check for check in checks().values() if takes(check, name)]
        counts = Counter(map(coverage, there))
        yield (
            f"| {name.replace('_', ' ')} | {len(there)} | " + " | ".join(str(counts[each]) for each in Coverage) + " |"
        )


def _coverage_row(check: Check, made: set[str]) -> str:
    code = _link(check.code) if check.code in made else check.code
    looks_at = _cell(f"{check.place}: {check.condition}")
    return (
        f"| {code} | {check.kinds} | {check.level or '-'} | {check.needs} | {looks_at} "
        f"| {coverage(check)} | {_cell(check.reason)} | {_cell(_in_japanese(check))} |"
    )


def _in_japanese(check: Check) -> str:
    """Return what a check without a rule looks at, and why it is not made or how it is."""
    said = unruled().get(check.code)
    return f"{said}：{remark(check)}" if said else remark(check)


def _section(rule: Rule, check: Check) -> Iterator[str]:
    yield f"\n### {rule.code}\n"
    yield f"**{rule.title}** ({rule.title_ja})\n"
    yield f"{rule.why}\n"
    yield f"{reason(rule.code)}\n"
    yield f"- what to do: {remedy(rule.code)} ({remedy(rule.code, 'ja')})"
    since = f", for services from {rule.since} on" if rule.since else ""
    yield (
        f"- level {rule.level}, {effect(check)}{since}; for: {check.kinds}; needs: {rule.needs}; "
        f"source: `{rule.source}`"
    )
    if check.ruling:
        yield f"- ruling: {check.ruling}"
    if check.reason:
        yield f"- how: {check.reason}"
    for name, examples in (("right", rule.passes), ("wrong", rule.fails)):
        shown = [text for text in map(shown_example, examples) if text]
        if shown:
            yield f"- {name}: " + ", ".join(f"`{text}`" for text in shown)


def effect(check: Check) -> str:
    """Return what findings of a row do, in words."""
    if check.refuses is not None:
        return f"refuses the {check.refuses}"
    return "tells" if check.level == "L48" else "asks"


def shown_example(example: Example) -> str:
    """Return an example of one short line; longer ones stand in the tests."""
    if isinstance(example, bytes) or "\n" in example or len(example) > _EXAMPLE_CHARS:
        return ""
    return example


def _link(code: str) -> str:
    return f"[{code}](#{code.lower()})"


def _cell(text: str) -> str:
    return text.replace("|", "/")
