"""The last look at what leaves the doctor: whatever a probe or a file let through, no secret is in it."""

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

_MASK: Final = "***"

#: What has the form of a secret, wherever it stands: a login in an address, a key, `password=…`.
_FORMS: Final = (
    (re.compile(r"(?<=://)[^/\s@]*:[^/\s@]*(?=@)"), _MASK),
    (re.compile(r"-----BEGIN [A-Z ]*-----.*?(?:-----END [A-Z ]*-----|\Z)", re.DOTALL), _MASK),
    (re.compile(r"(?i)\b(password|passwd|passphrase|psk|secret|pin)(\s*[=:]\s*)\S+"), rf"\1\2{_MASK}"),
)

#: Shorter ones would mask every word that they stand in.
_LEAST_CHARS: Final = 4

_FILE_BYTES: Final = 64 * 1024
_PROXIES: Final = re.compile(r"(?i)[a-z]*_proxy\Z")
_LOGIN: Final = re.compile(r"://([^/\s@]*)@")


def secrets_of(files: Iterable[Path]) -> tuple[str, ...]:
    """Return what must not be told: every line of files that hold secrets, and logins of proxies in the environment."""
    found = {line.strip() for each in files for line in _text(each).splitlines()}
    for name, value in os.environ.items():
        if _PROXIES.match(name) and (login := _LOGIN.search(value)):
            found |= {part for each in login[1].split(":", 1) for part in (each, unquote(each))}
    return tuple(sorted((each for each in found if len(each) >= _LEAST_CHARS), key=len, reverse=True))


def masked(value: Any, secrets: Iterable[str]) -> Any:
    """Return a value as JSON has it, with every secret in its texts masked."""
    if isinstance(value, str):
        for each in secrets:
            value = value.replace(each, _MASK)
        for form, mask in _FORMS:
            value = form.sub(mask, value)
        return value
    if isinstance(value, dict):
        return {name: masked(each, secrets) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [masked(each, secrets) for each in value]
    return value


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_FILE_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return ""
