"""What is wrong with the arguments of a command, in the user's language.

Typer tells it in English sentences without codes, so they are known here by their form; a sentence that no form fits
is shown as it is. The texts are `cli.usage_errors` in `words/cli.toml`.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

import typer

from seikyu.apps.words import say

#: Typer's sentences about arguments, and which text of ours says the same. The named parts are the facts of the text.
_SENTENCES: Final = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"Missing command\.?", "no_command"),
        (r"No such command '(?P<name>.*)'\.?", "no_such_command"),
        (r"No such option: (?P<name>.*)", "no_such_option"),
        (r"Got unexpected extra argument\(s\) \((?P<surplus>.*)\)", "surplus"),
        (r"Option '(?P<name>.*)' requires an argument\.?", "needs_value"),
        (r"Option '(?P<name>.*)' does not take a value\.?", "takes_none"),
    )
)

#: Its sentences about one value.
_VALUES: Final = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"Input should be less than or equal to (?P<most>\S+)", "at_most"),
        (r"Input should be greater than or equal to (?P<least>\S+)", "at_least"),
        (r"Input should be a valid integer.*", "whole_number"),
        (r"Input should be a valid number.*", "number"),
        (r"[Ff]ile '(?P<file>.*)' does not exist\.?", "no_file"),
        (r"[Ff]ile '(?P<file>.*)' is a directory\.?", "folder"),
        (r"[Ff]ile '(?P<file>.*)' is not readable\.?", "unreadable"),
    )
)


def usage_words(wrong: typer.TyperException) -> str:
    """Return what is wrong, as one line without a full stop."""
    message = getattr(wrong, "message", "") or wrong.format_message()
    if type(wrong).__name__ == "MissingParameter":
        return say("cli.usage_errors.missing", name=_name_of(wrong))
    if isinstance(wrong, typer.BadParameter):
        text = _known(_VALUES, message)
        name = _name_of(wrong)
        return say("cli.usage_errors.value", name=name, text=text) if name else text
    text = _known(_SENTENCES, message)
    meant = getattr(wrong, "possibilities", None)
    return text + say("cli.usage_errors.meant", names=", ".join(sorted(meant))) if meant else text


def _known(sentences: Sequence[tuple[re.Pattern[str], str]], message: str) -> str:
    """Return our text for a sentence; one that is not known, or is ours already, without its full stop."""
    for pattern, name in sentences:
        if match := pattern.fullmatch(message):
            facts: dict[str, Any] = match.groupdict()
            return say(f"cli.usage_errors.{name}", **facts)
    return message.removesuffix(".")


def _name_of(wrong: Any) -> str:
    """Return the option or argument that an error is about, as one types it; nothing if it is about none."""
    hint = wrong.param_hint or (wrong.param.get_error_hint() if wrong.param is not None else "")
    return (hint if isinstance(hint, str) else ", ".join(hint)).replace("'", "")
