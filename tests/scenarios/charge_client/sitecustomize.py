"""A charge in the real client: with this folder on PYTHONPATH and KILL_BEFORE set, it kills itself at one step.

A step is whatever leaves something behind: a name made, changed or removed below the folder KILL_BELOW, or a line to
the office. Python tells of each (audit events) right before it is done. Nothing of the program is replaced.
"""

import os
import signal
import sys
from typing import Any

_STEPS = {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "socket.connect"}
_seen = 0


def count(event: str, facts: tuple[Any, ...]) -> None:
    """Count a step, and be dead before the one that was chosen, without any cleaning up."""
    global _seen  # noqa: PLW0603  (an audit hook has no other place)
    if event not in _STEPS or (
        event != "socket.connect" and BELOW not in os.fsdecode(facts[0]) and not _in_folder(facts)
    ):
        return
    _seen += 1
    if _seen == BEFORE:
        os.kill(os.getpid(), signal.SIGKILL)


def _in_folder(facts: tuple[Any, ...]) -> bool:
    """True for a name that is said relative to an open folder: that is how whole folders are removed."""
    return isinstance(facts[-1], int) and facts[-1] > 0


if "KILL_BEFORE" in os.environ:
    BEFORE, BELOW = int(os.environ["KILL_BEFORE"]), os.environ["KILL_BELOW"]
    sys.addaudithook(count)
