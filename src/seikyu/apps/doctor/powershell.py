"""The doctor for Windows as one PowerShell file (`seikyu doctor --write-powershell FILE`), from the same rule data.

The file needs Windows PowerShell 5.1 and nothing else. What it asks Windows stands in `windows.toml`, what it judges by
in `lines/faults/*.toml`, what it says in `words.toml`; `doctor.ps1` holds the rest. It is tested by its form only: it
parses, names only known facts and commands that look, and holds the very table that Python judges by. It has not run
on a real Windows.
"""

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from seikyu import VERSION
from seikyu.apps.doctor.given import file_text, why_not
from seikyu.apps.doctor.options import WrongUsage
from seikyu.apps.doctor.pc.windows_asked import ALONE_MS, asking
from seikyu.apps.doctor.told import STATUSES
from seikyu.apps.doctor.words import say, texts
from seikyu.apps.doctor.writing import require_place, write_whole
from seikyu.lines.diagnosis import Condition, Fault, faults
from seikyu.lines.facts import known_facts
from seikyu.lines.kinds import desks, line_kinds
from seikyu.lines.network import read_network
from seikyu.lines.site import read_site

#: Within so much of its beginning a file of ours names itself.
_HEAD_BYTES: Final = 1000

_LINE_END: Final = "\r\n"

#: Windows PowerShell 5.1 reads a file as Unicode only if it begins so.
_ENCODING: Final = "utf-8-sig"

#: Which words the file needs.
_WORDS: Final = (
    "verdict.",
    "told.",
    "proved.",
    "effect.",
    "item.",
    "probe.",
    "could_not.",
    "error.in_the_way",
    "error.write",
    "error.symptom",
)


def script(network: str = "", site: str = "") -> bytes:
    """Return the file, with what the texts of a `network.toml` and `site.toml` say. Errors: BadFile.

    The same code and texts give the same bytes.
    """
    if network:
        read_network(network)
    if site:
        read_site(site)
    table = data(network=_read(network), site=_read(site))
    template = (files("seikyu.apps.doctor") / "doctor.ps1").read_text(encoding="utf-8")
    parts = {"VERSION": VERSION, "ASKED": asking(limit_ms=ALONE_MS), "DATA": embedded(table)}
    for name, text in parts.items():
        template = template.replace(f"@@{name}@@", text)
    return template.replace("\n", _LINE_END).encode(_ENCODING)


def write(
    path: Path, *, network: Path | None = None, site: Path | None = None, lang: str = "", as_json: bool = False
) -> int:
    """Write it and say so. Errors: WrongUsage."""
    given = _given(network, read_network, lang), _given(site, read_site, lang)
    require_place(path, lambda head: b"seikyu doctor" in head[:_HEAD_BYTES])
    write_whole(path, script(*given))
    print(json.dumps({"written": str(path)}) if as_json else say("told.written_powershell", lang, file=str(path)))
    return 0


def data(*, network: Mapping[str, Any] | None, site: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return all that the file knows: the rules, facts, kinds, desks and words, and the two files."""
    return {
        "version": VERSION,
        "statuses": {verdict.value: status for verdict, status in STATUSES.items()},
        "faults": [_fault(each) for each in faults().values()],
        "facts": {name: {"ja": each.ja, "en": each.en} for name, each in known_facts().items()},
        "kinds": {name: {"ja": each.ja, "en": each.en, "desk": each.desk} for name, each in line_kinds().items()},
        "desks": {name: {"ja": each.ja, "en": each.en} for name, each in desks().items()},
        "words": {key: dict(text) for key, text in texts().items() if key.startswith(_WORDS)},
        "network": network,
        "site": site,
    }


def embedded(table: Mapping[str, Any]) -> str:
    """Return data as JSON for a here-string: a line for each fault and part, and no line that could end the string."""
    lines = [f"{_json(name)}: {_rows(value)}" for name, value in table.items()]
    return "{\n" + ",\n".join(lines) + "\n}"


def _rows(value: Any) -> str:
    return "[\n" + ",\n".join(_json(each) for each in value) + "\n]" if isinstance(value, list) else _json(value)


def _json(value: Any) -> str:
    """Return JSON on one line, in which only plain and Japanese characters stand as themselves."""
    text = json.dumps(value, ensure_ascii=False, default=_plain)
    return "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in text)


def _plain(value: object) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _fault(fault: Fault) -> dict[str, Any]:
    row = asdict(fault)
    row["unless"] = [_condition(each) for each in fault.unless]
    row["when"] = [{"all": [_condition(each) for each in way.all], "likely": way.likely} for way in fault.when]
    return row


def _condition(one: Condition) -> dict[str, Any]:
    value = list(one.value) if isinstance(one.value, tuple) else one.value
    return {"fact": one.fact, "does": one.does, "value": value}


def _read(text: str) -> dict[str, Any] | None:
    return tomllib.loads(text) if text else None


def _given(path: Path | None, read: Callable[[str], object], lang: str) -> str:
    if path is None:
        return ""
    try:
        text = file_text(path)
        read(text)
    except (OSError, ValueError) as reason:
        raise WrongUsage("file", what=str(path), why=why_not(reason, lang)) from None
    return text
