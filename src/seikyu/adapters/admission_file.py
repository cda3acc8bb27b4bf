"""The rules of lines of an office: a file beside its settings, which say whether they are told of or enforced."""

import json
import time
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from seikyu.adapters.settings import BadSettings, Settings
from seikyu.lines.admission import Mode, Rules, read_rules
from seikyu.lines.wrong import Address, BadFile

#: That the file cannot be read is told again after so long.
_TOLD_AGAIN_S: Final = 600.0


def silent(event: str, **facts: object) -> None:
    """Take no notice."""
    del event, facts


class TunnelFile:
    """Whose the addresses of a gateway are: its own file of them, read anew when it has changed.

    The gateway writes an address down before it gives it. Where the file cannot be read, what it said last counts, and
    that is told, as long as it is so, once in a while; a gateway on another machine has it copied here.
    """

    def __init__(self, path: Path, tell: Callable[..., None] = silent) -> None:
        self._path = path
        self._tell = tell
        self._told_at = float("-inf")
        self._seen: tuple[int, int, int] | None = None
        self._owners: dict[Address, str] = {}

    def __call__(self) -> Mapping[Address, str]:
        """Return the party of each address; none while there is no file."""
        try:
            found = self._path.stat()
            signature = (found.st_mtime_ns, found.st_ino, found.st_size)
            if self._seen != signature:
                rows = json.loads(self._path.read_bytes())
                self._owners = {ip_address(each): str(row["party"]) for row in rows for each in row["addresses"]}
                self._seen = signature
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as odd:
            if time.monotonic() - self._told_at >= _TOLD_AGAIN_S:
                self._told_at = time.monotonic()
                self._tell("tunnels_unread", why=type(odd).__name__)
        return self._owners


def read_tunnels(
    root: Path, rules: Rules | None, *, tell: Callable[..., None] = silent
) -> Callable[[], Mapping[Address, str]]:
    """Return what tells whose the addresses of tunnels are, by the file that the rules name, if they do."""
    return TunnelFile(root / rules.tunnels, tell) if rules and rules.tunnels else dict[Address, str]


def read_admission(root: Path, settings: Settings) -> Rules | None:
    """Return the rules of the office at `root`; None if they are off. Errors: BadSettings, naming what is wrong."""
    if settings.admission.mode == "off":
        return None
    return read_admission_file(root / settings.admission.rules, Mode(settings.admission.mode))


def read_admission_file(path: Path, mode: Mode) -> Rules:
    """Return the rules of a file. Errors: BadSettings."""
    try:
        return read_rules(path.read_text("utf-8"), mode)
    except FileNotFoundError:
        raise BadSettings(f"{path.name}: there is no such file beside office.toml", key="admission.rules") from None
    except (UnicodeDecodeError, OSError):
        raise BadSettings(f"{path.name}: the file cannot be read", key="admission.rules") from None
    except BadFile as bad:
        first = bad.wrong[0]
        known = f" (known: {', '.join(first.known)})" if first.known else ""
        value = f" `{first.value}`" if first.value else ""
        raise BadSettings(f"{path.name}: {first.place}{value}: {first.why}{known}", key="admission.rules") from None
