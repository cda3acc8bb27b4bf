"""How `seikyu check` prints what it found: text with the place under a caret, and JSON, both as it comes."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import typer

from seikyu.apps.checked import Checked, LineFinder
from seikyu.apps.words import language, say
from seikyu.rules import STANDINGS
from seikyu.rules.plan import layout_named
from seikyu.rules.reports.caret import pointed
from seikyu.rules.reports.choice import by_gravity, code_lines
from seikyu.rules.reports.objects import as_json, file_as_json
from seikyu.rules.reports.text import effect, line_of, silence_line

_COLOURS: Final = {"file": "red", "claim": "red", "asks": "yellow", "tells": "cyan"}


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How the findings are shown."""

    worst_first: bool = False
    by_code: bool = False
    show_personal: bool = False


class JSONArray:
    """The array of `--json`, one object a file; each finding is written when it comes."""

    def __init__(self) -> None:
        self._files = 0

    def add(self, checked: Checked, view: View, *, lists: Sequence[Path] | None = None) -> None:
        """Write the object of one file."""
        whole = file_as_json(checked.summary, (), file_name=str(checked.path), sha256=checked.sha256)
        if checked.counts.choice.narrows:
            whole["hidden"] = checked.counts.hidden
        if view.by_code:
            whole["by_code"] = dict(by_gravity(checked.counts.shown))
        if lists is not None:
            whole["lists"] = [str(path) for path in lists]
        print("[" if not self._files else ",")
        self._files += 1
        before = [name for name in whole if name != "findings"]
        head = before[: list(whole).index("findings")]
        print("  {" + "".join(f"\n    {_pair(name, whole)}," for name in head))
        print('    "findings": [', end="")
        self._findings(checked, view)
        print("]" + "".join(f",\n    {_pair(name, whole)}" for name in before[len(head) :]) + "\n  }", end="")

    def end(self) -> None:
        """Close the array."""
        print("\n]" if self._files else "[]")

    def _findings(self, checked: Checked, view: View) -> None:
        number = -1
        findings = () if view.by_code else checked.findings(worst_first=view.worst_first)
        for number, finding in enumerate(findings):
            print(",\n      " if number else "\n      ", end="")
            print(json.dumps(as_json(finding), ensure_ascii=False), end="")
        print("\n    " if number >= 0 else "", end="")


def _pair(name: str, whole: Mapping[str, Any]) -> str:
    return f"{json.dumps(name)}: {json.dumps(whole[name], ensure_ascii=False)}"


def print_text(checked: Checked, source: BinaryIO, view: View, *, lists: Sequence[Path] | None = None) -> None:
    """Print a line a finding with its place, then what the file comes to, then what to do, by code."""
    for line in silence(checked):
        print(line)
    if lists is None and not view.by_code:
        _print_findings(checked, source, view)
    _print_verdict(checked)
    for path in lists or ():
        print(say("check.written", file=str(path)))
    for line in code_lines(by_gravity(checked.counts.shown), language()):
        print(f"  {line}")


def _print_findings(checked: Checked, source: BinaryIO, view: View) -> None:
    name, finder = shown_name(checked.path.name), LineFinder(source)
    layout = layout_named(checked.summary.layout) if checked.summary.layout else None
    for finding in checked.findings(worst_first=view.worst_first):
        print(_coloured(line_of(finding, name, language()), fg=_COLOURS[effect(finding)]))
        content = finder.line(finding.line) if finding.line is not None else None
        if content:
            line, mark = pointed(content, finding, layout, show_personal=view.show_personal)
            print(f"    {line}\n    {_coloured(mark, fg=_COLOURS[effect(finding)])}")


def _print_verdict(checked: Checked) -> None:
    summary, name = checked.summary, shown_name(checked.path.name)
    kind = say(f"check.kinds.{summary.kind or 'none'}")
    unit = layout_named(summary.layout).unit if summary.layout else "points"
    amount = say(f"check.amounts.{unit}", sum=f"{summary.points:,}")
    print(say("check.verdict", file=name, kind=kind, claims=summary.claims, amount=amount))
    if summary.claims:
        normal, ask, refused = (summary.totals[key].claims for key in STANDINGS)
        print(say("check.standing", normal=normal, ask=ask, refused=refused))
    if summary.refused:
        print(_coloured(say("check.file_refused"), fg="red", bold=True))
    elif not summary.findings:
        print(say("check.clean"))
    if checked.counts.hidden:
        print(say("check.hidden", hidden=checked.counts.hidden))


def _coloured(text: str, **style: Any) -> str:
    """Return a text in colour on a terminal, unless NO_COLOR says no."""
    plain = not sys.stdout.isatty() or "NO_COLOR" in os.environ
    return text if plain else typer.style(text, **style)


def silence(checked: Checked) -> list[str]:
    """Return the lines that say which checks were not made, and how to see why; none if all were."""
    line = silence_line(checked.summary, shown_name(checked.path.name), language())
    return [line, say("check.which_tables")] if line else []


def shown_name(name: str) -> str:
    """Return a file's name without what could play tricks with a terminal."""
    return "".join(char if char.isprintable() else "?" for char in name)
