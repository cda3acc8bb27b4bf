"""Where the passphrases and PINs of keys come from: a file, the environment, or whoever sits there; never an argument.

Processes that others can list show their arguments; a file has rights, and a service manager hands in a variable.
"""

import getpass
import os
import sys
from pathlib import Path
from typing import Final

from seikyu.ports.keys import KeyLocked

#: What was typed once, by the name of its variable, so that a server asks when it starts and never again.
_TYPED: Final[dict[str, str]] = {}


def passphrase(variable: str, key: str) -> str:
    """Return the secret of `key`: from the file that VARIABLE_FILE names, from VARIABLE, or typed at the terminal.

    Errors: KeyLocked, if there is none.
    """
    if path := os.environ.get(f"{variable}_FILE"):
        secret = read_passphrase(Path(path), key, variable=variable)
    else:
        secret = os.environ.get(variable) or _typed(variable, key)
    if not secret:
        raise KeyLocked(key=key, variable=variable)
    return secret


def read_passphrase(path: Path, key: str, *, variable: str) -> str:
    """Return the first line of a file. Errors: KeyLocked, if there is none."""
    try:
        return path.read_text("utf-8").partition("\n")[0].rstrip("\r")
    except (OSError, ValueError) as odd:
        raise KeyLocked(key=key, variable=variable) from odd


def forget(variable: str) -> None:
    """Ask again next time: what was typed did not fit."""
    _TYPED.pop(variable, None)


def _typed(variable: str, key: str) -> str:
    if variable not in _TYPED and sys.stdin is not None and sys.stdin.isatty():
        # The prompt is the key's place and has no words: the languages are the apps' business.
        _TYPED[variable] = getpass.getpass(f"{key}: ")
    return _TYPED.get(variable, "")
