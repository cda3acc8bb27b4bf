"""The real server, which kills itself (SIGKILL) at one named moment of its life.

    python killing_server.py MOMENT serve --home DIR

The moment is set by replacing one function of the real program by itself plus the kill; everything else is as it is.
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any


def die() -> None:
    """Be dead, without any cleaning up."""
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

    def replaced(*_: Any, **__: Any) -> None:
        die()

    setattr(owner, name, replaced)


def arm(moment: str) -> None:
    """Lay the charge."""
    from seikyu.adapters import objects_local
    from seikyu.services import check, close, decide, receive

    moments: dict[str, Callable[[], None]] = {
        "before fsync": lambda: before(objects_local.LocalWriter, "commit"),
        "between fsync and rename": lambda: before(objects_local.LocalObjects, "publish"),
        "between rename and commit": lambda: after(objects_local.LocalObjects, "publish"),
        "between commit and answer": lambda: after(receive, "enter"),
        "before the check": lambda: before(check, "check_sending"),
        "in the check": lambda: before(check, "_settle"),
        "before a decision": lambda: before(decide, "confirm"),
        "after a decision": lambda: after(decide, "confirm"),
        "before a closing": lambda: before(close, "close_month"),
        "in a closing": lambda: before(close, "_finish"),
    }
    moments[moment]()


if __name__ == "__main__":
    arm(sys.argv[1])
    from seikyu.apps.cli import main

    sys.argv = ["seikyu", *sys.argv[2:]]
    main()
