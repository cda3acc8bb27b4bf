"""Looking, while files are being sent, at what the office already knows of them: over a line of its own."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from seikyu.apps.client.errors import LineFailed, OddAnswer, OfficeSaid
from seikyu.apps.client.folder import ClientFolder
from seikyu.apps.client.line import Line

#: A file that is sent before the first look is soon checked anyhow.
FIRST_LOOK_S: Final = 0.5

#: The wait before the next look grows: most is certain at the beginning, and on the last day the office has more to do
#: than to be asked.
LOOK_S: Final = 1.0
LAST_LOOK_S: Final = 15.0

#: How long to wait at the end for a question that is under way.
_LET_GO_S: Final = 2.0
_PAGE: Final = 200

#: Is told of an arrival that is certain to be refused, once.
Certain = Callable[[Mapping[str, Any]], None]


@contextmanager
def lookout(folder: ClientFolder, key: str, certain: Certain, *, principal: str | None = None) -> Iterator[None]:
    """Keep a lookout while the block sends what bears that idempotency key.

    It is a courtesy: an office that does not know the question, or a line that is bad, ends it without a word.
    """
    over = threading.Event()
    looking = threading.Thread(target=_look, args=(folder, key, certain, over, principal), name="lookout", daemon=True)
    looking.start()
    try:
        yield
    finally:
        over.set()
        looking.join(_LET_GO_S)


def _look(folder: ClientFolder, key: str, certain: Certain, over: threading.Event, principal: str | None) -> None:
    if over.wait(FIRST_LOOK_S):
        return
    known: set[str] = set()
    pause_s = LOOK_S
    try:
        with Line(folder, tries=1, principal=principal) as line:
            while not over.is_set():
                for item in line.get("/arrivals", limit=_PAGE)["items"]:
                    new = item["idempotency_key"] == key and item["refused"] and item["id"] not in known
                    if new and not over.is_set():
                        known.add(item["id"])
                        certain(item)
                over.wait(pause_s)
                pause_s = min(1.5 * pause_s, LAST_LOOK_S)
    except (LineFailed, OfficeSaid, OddAnswer, KeyError, TypeError):
        return
