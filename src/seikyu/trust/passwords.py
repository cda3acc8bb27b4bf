"""What a password must be: long enough, and none that others would try first.

Length counts, not kinds of characters. Turned away is what stands in the list of common passwords
(`common_passwords.txt`, our own: words, names, runs of keys, Japanese ones as they are typed), such a word with
digits and signs around it, two of them, a piece repeated, keys in their order, and the user's or party's own id.
A larger list can be asked besides (`known`). Width and form do not matter (NFKC), because an input method may change
them unseen; case does.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Any, ClassVar, Final

from seikyu.trust.logins import Rules

#: What generated passwords are made of: nothing that can be misread (0 O o, 1 l I i).
LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"

#: Rows of keys, in the order of which no password may be.
_ROWS: Final = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz2wsx3edc4rfv5tgb",
)
_RUN_CHARS: Final = 4
_LONGEST_PIECE: Final = 6
_ID_CHARS: Final = 4

#: Digits and signs before and behind a word.
_AROUND: Final = re.compile(r"^[\W\d_]+|[\W\d_]+$")

#: Letters that are often written as digits or signs.
_LEET: Final = str.maketrans("@4301$57!", "aaeolsst" + "i")


class PasswordRefused(Exception):
    """The password is not taken; the old one stays. Shape: facts `why`, `least`, `most`; never the password."""

    code: ClassVar[str] = "password_refused"

    def __init__(self, why: str, *, rules: Rules) -> None:
        super().__init__(why)
        self.facts: dict[str, Any] = {"why": why, "least": rules.least_chars, "most": rules.most_chars}


def prepared(password: str) -> str:
    """Return a password as it is hashed and compared: one form of every character.

    >>> prepared("ｐａｓｓ")
    'pass'
    """
    return unicodedata.normalize("NFKC", password)


def check_password(password: str, *, rules: Rules, own: tuple[str, ...] = (), known: Callable[[str], bool]) -> str:
    """Return the password prepared. Errors: PasswordRefused.

    Shape: `own` are the ids that it must not be made of; `known` says whether a larger list has it.
    """
    ready = prepared(password)
    why = _why_not(ready, rules=rules, own=own)
    if why is None and known(ready):
        why = "common"
    if why is not None:
        raise PasswordRefused(why, rules=rules)
    return ready


def initial_password(random: bytes) -> str:
    """Return a password of as many characters as there are bytes of chance, in groups of four so that it can be typed.

    >>> initial_password(bytes(8))
    'aaaa-aaaa'
    """
    # 256 is not a multiple of 31: eight letters come a ninth more often, which costs a hundredth of a bit for each.
    letters = "".join(LETTERS[byte % len(LETTERS)] for byte in random)
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))


def _why_not(ready: str, *, rules: Rules, own: tuple[str, ...]) -> str | None:
    if len(ready) < rules.least_chars:
        return "too_short"
    if len(ready) > rules.most_chars:
        return "too_long"
    if any(unicodedata.category(character).startswith("C") for character in ready):
        return "invisible"
    small = ready.lower()
    if any(len(name) >= _ID_CHARS and name.lower() in small for name in own):
        return "own_id"
    if _is_repeated(small) or _is_run(small):
        return "pattern"
    return "common" if _is_common(small) else None


def _is_common(small: str) -> bool:
    """True if the password, or what is left of it without digits and signs around, is a listed word, or two."""
    common = _common()
    cores = {small, _AROUND.sub("", small)}
    cores |= {core.translate(_LEET) for core in cores}
    pairs = ((core[:at], core[at:]) for core in cores for at in range(1, len(core)))
    return not cores.isdisjoint(common) or any(one in common and other in common for one, other in pairs)


def _is_repeated(small: str) -> bool:
    """True if it is one piece of up to six characters over and over."""
    return any(
        small == (small[:length] * len(small))[: len(small)]
        for length in range(1, min(_LONGEST_PIECE, len(small) // 2) + 1)
    )


def _is_run(small: str) -> bool:
    """True if it is made of keys in their order alone, forwards or backwards: nothing but runs of four and more."""
    at = 0
    while at < len(small):
        length = _run_at(small, at)
        if length < _RUN_CHARS:
            return False
        at += length
    return True


def _run_at(small: str, at: int) -> int:
    """Return how long the run of keys is that begins there."""
    longest = 0
    for row in (*_ROWS, *(row[::-1] for row in _ROWS)):
        length = 1
        while at + length <= len(small) and small[at : at + length] in row:
            length += 1
        longest = max(longest, length - 1)
    return longest


@cache
def _common() -> frozenset[str]:
    text = resources.files(__package__).joinpath("common_passwords.txt").read_text("utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))
