"""A charge in the real server: with this folder on PYTHONPATH and KILL_AT set, it kills itself at one named moment.

Python imports a module of this name at every start, so the charge lies in the server and in its working process alike.
The moment is set by replacing one function of the real program by itself plus the kill; everything else is as it is.
When the charge goes off in the working process, the server dies first, as in a power cut.
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any


def die() -> None:
    """Be dead, without any cleaning up, and take the server along."""
    if "seikyu.apps.worker" in " ".join(sys.orig_argv):
        os.kill(os.getppid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def after(owner: Any, name: str) -> None:
    """Die right after the function `name` of `owner` has done its work."""
    original: Callable[..., Any] = getattr(owner, name)

    def replaced(*args: Any, **named: Any) -> Any:
        result = original(*args, **named)
        die()
        return result

    setattr(owner, name, replaced)


def before(owner: Any, name: str) -> None:
    """Die right before the function `name` of `owner` does its work."""
    assert callable(getattr(owner, name)), "a moment that never comes would prove nothing"

    def replaced(*_: Any, **__: Any) -> None:
        die()

    setattr(owner, name, replaced)


def arm(moment: str) -> None:
    """Lay the charge."""
    from seikyu.adapters import objects_local
    from seikyu.apps.api import est
    from seikyu.services import close, decide, prepare, receive

    moments: dict[str, Callable[[], None]] = {
        "before fsync": lambda: before(objects_local.LocalWriter, "commit"),
        "between fsync and rename": lambda: before(objects_local.LocalObjects, "publish"),
        "between rename and commit": lambda: after(objects_local.LocalObjects, "publish"),
        "between commit and answer": lambda: after(receive, "enter"),
        "before the check": lambda: before(prepare.Preparations, "check"),
        "in the check": lambda: after(prepare.Preparations, "check"),
        "before a decision": lambda: before(decide, "confirm"),
        "after a decision": lambda: after(decide, "confirm"),
        "before a closing": lambda: before(close, "close_month"),
        "with one object of a closing": lambda: after(objects_local.LocalObjects, "publish"),
        "with all deliveries sealed": lambda: before(close, "charge"),
        "before the books are closed": lambda: before(close, "_conclude"),
        "between issuing and answer": lambda: after(est, "renew"),
        "with the books closed": lambda: after(close, "_conclude"),
    }
    moments[moment]()


if "KILL_AT" in os.environ and {"serve", "seikyu.apps.worker"} & set(sys.orig_argv):
    arm(os.environ["KILL_AT"])
