"""nginx in front of the office: its configuration, made from the settings, and what the office and it agree on."""

from pathlib import Path
from typing import Final

#: Where nginx finds the objects of deliveries; nobody can ask for it from outside.
DELIVERIES: Final = "/seikyu-deliveries"

#: How the office names a file that nginx is to send.
SEND_HEADER: Final = "X-Accel-Redirect"


def nginx_path(path: Path) -> str:
    """Return how the object of a delivery is named for nginx, given where it lies."""
    return f"{DELIVERIES}/{path.parent.name}/{path.name}"
