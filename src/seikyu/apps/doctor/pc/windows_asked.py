"""What is asked of Windows (`windows.toml`), and the one PowerShell command that asks all of it side by side.

Nothing of it has run on a real Windows: it is written after Microsoft's documentation, which each row names.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from tomllib import loads
from typing import Any, Final

from seikyu.apps.doctor.pc.machine import MOST_ROWS

#: How long Windows may take for all of it, within a stage of the frame and alone. What is late stays unknown.
PROBE_MS: Final = 4800
ALONE_MS: Final = 6000

#: How many questions run at once; each loads modules of its own.
AT_ONCE: Final = 6

POWERSHELL: Final = ("powershell.exe", "-NoLogo", "-NoProfile", "-NonInteractive", "-Command")


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that is asked of Windows. Shape: the labels of `windows.toml`."""

    name: str
    run: str
    source: str
    without: tuple[str, ...] = ()


@cache
def questions() -> Mapping[str, Question]:
    """Return what is asked, by name."""
    rows = loads((files("seikyu.apps.doctor.pc") / "windows.toml").read_text(encoding="utf-8"))
    return {
        name: Question(name, row["run"], row["source"], tuple(row.get("without", ()))) for name, row in rows.items()
    }


def asking(names: Iterable[str] | None = None, *, limit_ms: int) -> str:
    """Return the PowerShell that fills `$seen` by name, each question for itself and all of them for a time."""
    rows = [f"  {name} = {{ {questions()[name].run} }}" for name in names or questions()]
    return "\n".join(
        (
            "$asked = [ordered]@{",
            *rows,
            "}",
            "$seen = @{}",
            f"$pool = [runspacefactory]::CreateRunspacePool(1, {AT_ONCE})",
            "$pool.Open()",
            f"$until = [DateTime]::UtcNow.AddMilliseconds({limit_ms})",
            "$asking = @(foreach ($name in $asked.Keys) {",
            "  $one = [powershell]::Create()",
            "  $one.RunspacePool = $pool",
            "  $null = $one.AddScript($asked[$name].ToString())",
            "  [pscustomobject]@{ Name = $name; One = $one; Wait = $one.BeginInvoke() }",
            "})",
            "foreach ($each in $asking) {",
            "  $left = [int][Math]::Max(0, ($until - [DateTime]::UtcNow).TotalMilliseconds)",
            "  if ($each.Wait.AsyncWaitHandle.WaitOne($left)) {",
            "    try { $seen[$each.Name] = @($each.One.EndInvoke($each.Wait)) } catch { $null = $_ }",
            "  }",
            "}",
        )
    )


def command(names: Iterable[str]) -> tuple[str, ...]:
    """Return the program and arguments that print what is asked as JSON in plain ASCII, whatever code page is on."""
    script = "\n".join(
        (
            "$ErrorActionPreference = 'SilentlyContinue'",
            "$ProgressPreference = 'SilentlyContinue'",
            asking(names, limit_ms=PROBE_MS),
            "$json = ConvertTo-Json -InputObject $seen -Depth 4 -Compress",
            "$plain = { param($m) '\\u{0:x4}' -f [int]$m.Value[0] }",
            "[Console]::Out.Write([regex]::Replace($json, '[^\\x20-\\x7e]', $plain))",
        )
    )
    return (*POWERSHELL, script)


def read_seen(text: str) -> Mapping[str, list[Any]]:
    """Return what Windows answered by name; a question without an answer is left out, and so is all that is no JSON."""
    try:
        read = json.loads(text.strip().removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return {}
    if not isinstance(read, dict):
        return {}
    return {name: _rows(read[name]) for name in questions() if read.get(name) is not None}


def tables(seen: Mapping[str, list[Any]], name: str) -> list[Mapping[str, Any]]:
    """Return the rows of an answer that are tables."""
    return [each for each in seen.get(name, []) if isinstance(each, dict)]


def text_of(seen: Mapping[str, list[Any]], name: str) -> str:
    """Return an answer that is a text; empty if there is none."""
    said = [each.get("value") if isinstance(each, dict) else each for each in seen.get(name, [])]
    return "\n".join(each for each in said if isinstance(each, str))


def _rows(value: object) -> list[Any]:
    """Return rows as a list: PowerShell 5.1 wraps a list of one now as `{"value": [...]}`, now as the row itself."""
    if isinstance(value, dict) and isinstance(value.get("value"), list) and "Count" in value:
        value = value["value"]
    return list(value[:MOST_ROWS]) if isinstance(value, list) else [value]
