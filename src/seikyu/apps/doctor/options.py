"""What the user asks of the doctor, and the face that reads it from a command line when the doctor runs alone."""

import argparse
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final, NoReturn

from seikyu.apps.doctor.words import LANGUAGES, language, say

#: An address of a portal: scheme, host and port only, so that no password can stand in it.
URL: Final = re.compile(r"https://[^/?#\s@]+\Z")

#: Every option and how it is taken: `text`, `number`, `path`, `texts` (may be repeated) or `flag`.
OPTIONS: Final[Mapping[str, str]] = {
    "network": "path",
    "site": "path",
    "as": "text",
    "home": "path",
    "url": "text",
    "error": "text",
    "symptom": "texts",
    "symptoms": "flag",
    "sweep": "flag",
    "pppoe_user_file": "path",
    "json": "flag",
    "report": "path",
    "lang": "text",
}

_ERROR_DIGITS: Final = re.compile(r"[0-9]{1,5}\Z")


class WrongUsage(Exception):
    """The command cannot be carried out as it is typed. Shape: `key` finds its texts at `error.KEY`."""

    def __init__(self, key: str, **facts: str) -> None:
        super().__init__(key)
        self.key = key
        self.facts = facts


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked."""

    network: Path | None = None
    site: Path | None = None
    as_: str = ""
    home: Path | None = None
    url: str = ""
    error: int | None = None
    symptom: tuple[str, ...] = ()
    symptoms: bool = False
    sweep: bool = False
    pppoe_user_file: Path | None = None
    json: bool = False
    report: Path | None = None
    lang: str = "en"


def read_options(argv: Sequence[str], *, program: str) -> Options:
    """Return what a command line asks. Errors: WrongUsage; SystemExit 0 after `--help`."""
    lang = _wished(argv)
    parser = _Parser(prog=program, description=say("help.doctor", lang), epilog=say("help.more", lang), add_help=False)
    parser.add_argument("-h", "--help", action="help", help=say("told.help", lang))
    for name, kind in OPTIONS.items():
        flag, text = "--" + name.replace("_", "-"), say(f"help.{name}", lang)
        match kind:
            case "flag":
                parser.add_argument(flag, dest=name, action="store_true", help=text)
            case "texts":
                parser.add_argument(flag, dest=name, action="append", default=[], metavar="KEY", help=text)
            case _:
                parser.add_argument(flag, dest=name, default="", metavar=name.upper().split("_")[-1], help=text)
    return options(**vars(parser.parse_args(list(argv))))


def options(**said: object) -> Options:
    """Return the options from what was said under their names, an empty text for what was not. Errors: WrongUsage."""
    taken: dict[str, object] = {}
    for name, value in said.items():
        match OPTIONS[name]:
            case "path":
                taken[name] = Path(str(value)) if value else None
            case "texts":
                taken[name] = tuple(str(each) for each in value)  # type: ignore[attr-defined]  # a list, by its kind
            case _:
                taken["as_" if name == "as" else name] = value
    taken["error"] = _number(str(said.get("error") or ""))
    taken["url"] = _address(str(said.get("url") or ""))
    taken["lang"] = _known_language(str(said.get("lang") or ""))
    return Options(**taken)  # type: ignore[arg-type]  # by the kinds of the table


class _Parser(argparse.ArgumentParser):
    """Tells wrong usage as an exception; what argparse would say of it is English and ends with 2."""

    def error(self, message: str) -> NoReturn:
        raise WrongUsage("usage", what=message)


def _wished(argv: Sequence[str]) -> str:
    """Return the language that help and errors of usage are told in."""
    for flag, value in pairwise(argv):
        if flag == "--lang" and value in LANGUAGES:
            return value
    return language()


def _number(text: str) -> int | None:
    if not text:
        return None
    if not _ERROR_DIGITS.match(text):
        raise WrongUsage("number")
    return int(text)


def _address(text: str) -> str:
    if text and not URL.match(text.rstrip("/")):
        raise WrongUsage("url")
    return text.rstrip("/")


def _known_language(text: str) -> str:
    if text and text not in LANGUAGES:
        raise WrongUsage("usage", what=f"--lang {'|'.join(LANGUAGES)}")
    return text or language()
