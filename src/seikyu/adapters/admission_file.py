"""The rules of lines of an office: a file beside its settings, which say whether they are told of or enforced."""

import json
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from pathlib import Path

from seikyu.adapters.settings import BadSettings, Settings
from seikyu.lines.admission import Mode, Rules, read_rules
from seikyu.lines.wrong import Address, BadFile


class TunnelFile:
    """Whose the addresses of a gateway are: its own file of them, read anew when it has changed.

    The gateway writes an address down before it gives it. Where the file cannot be read, what it said last counts; a
    gateway on another machine has it copied here.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._owners: dict[Address, str] = {}

    def __call__(self) -> Mapping[Address, str]:
        """Return the party of each address; none while there is no file."""
        try:
            found = self._path.stat()
            if self._seen != (found.st_mtime_ns, found.st_ino):
                rows = json.loads(self._path.read_bytes())
                self._owners = {ip_address(each): str(row["party"]) for row in rows for each in row["addresses"]}
                self._seen = (found.st_mtime_ns, found.st_ino)
        except (OSError, ValueError, KeyError, TypeError):
            return self._owners
        return self._owners


def read_tunnels(root: Path, rules: Rules | None) -> Callable[[], Mapping[Address, str]]:
    """Return what tells whose the addresses of tunnels are, by the file that the rules name, if they do."""
    return TunnelFile(root / rules.tunnels) if rules and rules.tunnels else dict[Address, str]


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
