"""The probe of sendings and deliveries: the client's own notes of what was cut and what has no answer yet.

The notes hold keys, digests and numbers of deliveries, and nothing of them is told but that there is one.
Source: network:6, network:11 (X01 to X04).
"""

from pathlib import Path
from typing import Final

from seikyu.apps.doctor.probing import CouldNotLook, Look, Probe
from seikyu.lines.facts import Facts

#: Where the client keeps its notes in its folder. They are written by `seikyu.apps.client.unanswered` and `.fetch`.
UNANSWERED: Final = "unanswered"
FETCHING: Final = "fetching"
BROKEN: Final = ".broken"
DAMAGED: Final = ".damaged"

_MOST_NOTES: Final = 1000


def look(look: Look) -> Facts:
    """Look for notes of the client."""
    if not look.folder:
        raise CouldNotLook("folder")
    sent, fetched = _names(look.folder / UNANSWERED), _names(look.folder / FETCHING)
    broken = {name.removesuffix(BROKEN) for name in sent if name.endswith(BROKEN)}
    keys = {name for name in sent if "." not in name}
    return {
        "sending.broken": bool(broken & keys),
        "sending.unanswered": bool(keys - broken),
        "fetch.unfinished": any("." not in name for name in fetched),
        "fetch.damaged": any(name.endswith(DAMAGED) for name in fetched),
    }


def _names(folder: Path) -> set[str]:
    try:
        return {each.name for _, each in zip(range(_MOST_NOTES), folder.iterdir(), strict=False)}
    except OSError:
        return set()


PROBES: Final = (
    Probe("transfers", look, ("sending.broken", "sending.unanswered", "fetch.unfinished", "fetch.damaged")),
)
