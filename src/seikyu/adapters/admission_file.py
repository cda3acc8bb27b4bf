"""The rules of lines of an office: a file beside its settings, which say whether they are told of or enforced."""

from pathlib import Path

from seikyu.adapters.settings import BadSettings, Settings
from seikyu.lines.admission import Mode, Rules, read_rules
from seikyu.lines.wrong import BadFile


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
