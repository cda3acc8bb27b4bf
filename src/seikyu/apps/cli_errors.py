"""An error as a command tells it: in words on standard error, and with `--json` as one object to programs."""

import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TextIO

from seikyu.apps.outcomes import OUTCOMES, Exit, outcome_of
from seikyu.apps.words import ErrorWords, error_words, say

#: Japanese texts are written with it; Python counts it among the characters that cannot be printed.
_WIDE_SPACE: Final = "\N{IDEOGRAPHIC SPACE}"


@dataclass(frozen=True, slots=True)
class Told:
    """An error with its words, the status to end with, and whether the same may succeed later."""

    code: str
    words: ErrorWords
    status: Exit = Exit.COULD_NOT_RUN
    retry: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)

    def show(self) -> None:
        """Tell it to people."""
        tell("error", self.words.text)
        if self.words.hint:
            tell("hint", self.words.hint)

    def to_json(self) -> dict[str, Any]:
        """Return it for programs: its facts, and what is the same in every error."""
        words = {"title": self.words.title or self.words.text, "detail": self.words.text, "hint": self.words.hint}
        facts = {name: _plain(value) for name, value in self.facts.items() if name != "status"}
        return facts | {"code": self.code} | words | {"exit_status": int(self.status), "retry": self.retry}


def told_of(reason: Exception) -> Told:
    """Return an error in the user's words; anything without a code is a bug and gets a number."""
    code, facts = getattr(reason, "code", None), getattr(reason, "facts", None)
    if not isinstance(code, str) or not isinstance(facts, dict):
        number = secrets.token_hex(4)
        text = say("cli.bug", number=number, kind=type(reason).__name__)
        return Told("bug", ErrorWords("", text, say("cli.bug_hint")), facts={"number": number})
    # Some errors of the client have closer words than their code, or the office's own.
    closer: str = getattr(reason, "words_code", code)
    words = getattr(reason, "words", None) or error_words(closer, **{"message": str(reason), **facts})
    row = outcome_of(closer if closer in OUTCOMES else code)
    return Told(closer, words, row.exit_status, row.retry, facts)


def tell(kind: str, text: str, out: TextIO | None = None) -> None:
    """Print one line for the user, `seikyu: error: …`, to standard error. Kinds: error, hint, note."""
    print(f"seikyu: {say(f'cli.{kind}')}: {one_line(text)}", file=out or sys.stderr)


def one_line(text: str) -> str:
    """Return a text as one line that plays no tricks with a terminal, whatever names of files stand in it."""
    return "".join(char if char.isprintable() or char == _WIDE_SPACE else "?" for char in text)


def _plain(value: object) -> object:
    """Return a fact as JSON has it."""
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, str | int | float | None) else str(value)
