"""The official lists on paper: one PDF a list, of a long one a PDF for each part of it.

What stands on paper is what stands in the official file; columns that are empty in all of a part are left out. The
official papers that we know are in Japanese, so these are too, whoever asks. The same list makes the same bytes.

Setting a page takes a core, which receiving may need. So only so many are set at once, by threads that step back behind
all others, and who comes when others wait already is asked to come again.
"""

import json
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from importlib.resources import files
from typing import Any, Final

from seikyu.apps.drawing.pdf import FONTS, fonts
from seikyu.apps.words import say
from seikyu.limits import limit
from seikyu.ports.errors import Busy, NotFound
from seikyu.rules.reports.caret import width
from seikyu.rules.reports.forms import Column
from seikyu.rules.reports.opened import OpenList, part_of

_NUMBERS: Final = ("number", "counted")
_RECEIPT: Final = "hjry"
#: Steps behind the others, of 19.
_BACK: Final = 10
_RETRY_S: Final = 5
_NARROWEST, _WIDEST = 3, 64
#: From so many columns on, the paper is the larger one, and the letters the smaller ones.
_MANY_COLUMNS: Final = 22
_SOME_COLUMNS: Final = 9


def list_pdf(form: str, opened: OpenList, *, part: int = 1, test: bool = False) -> bytes:
    """Return part `part` of a list as a document. Errors: NotFound, if the list ends before; Busy."""
    rows, more = part_of(opened, part, rows=limit("list_part_rows"))
    if part > 1 and not rows:
        raise NotFound("the list has no such part")
    facts = _facts(opened, rows)
    facts["test"] = say("pages.lists.paper.test", "ja") if test else ""
    parted = more or part > 1
    facts["foot"] = say("pages.lists.paper.foot", "ja", title=opened.title, part=part) if parted else opened.title
    facts["nothing"] = say("pages.lists.paper.nothing", "ja")
    facts["notes"] = [say("pages.lists.paper.more", "ja", part=part + 1)] if more else []
    if form == _RECEIPT:
        facts |= _as_receipt(dict(opened.header))
    return in_turn(lambda: _set("receipt" if form == _RECEIPT else "list", facts))


def table_pdf(
    title: str, header: Sequence[tuple[str, str]], columns: Sequence[Column], rows: Sequence[Sequence[str]]
) -> bytes:
    """Return any table as a document of the same look. Errors: Busy."""
    facts = _facts(OpenList(title, tuple(header), tuple(columns), iter(())), rows)
    told = {"test": "", "foot": title, "nothing": say("pages.lists.paper.nothing", "ja"), "notes": []}
    return in_turn(lambda: _set("list", facts | told))


def in_turn(draw: Callable[[], bytes]) -> bytes:
    """Do it when it is its turn. Errors: Busy, and what it raises."""
    if not _places().acquire(blocking=False):
        raise Busy("too many documents are being set", retry_after_s=_RETRY_S)
    try:
        return _setters().submit(draw).result()
    finally:
        _places().release()


def _facts(opened: OpenList, rows: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Return what stands on the paper: of the columns those that hold anything."""
    used = [at for at in range(len(opened.columns)) if at == 0 or any(row[at] for row in rows)]
    many = len(used) > _MANY_COLUMNS
    return {
        "fonts": FONTS,
        "title": opened.title,
        "header": opened.header,
        "paper": "a3" if many else "a4",
        "size": 6 if len(used) > _SOME_COLUMNS else 9,
        "columns": [
            {
                "title": opened.columns[at].title,
                "number": opened.columns[at].way in _NUMBERS,
                "weight": _weight([row[at] for row in rows], opened.columns[at].title),
            }
            for at in used
        ],
        "rows": [[row[at] for at in used] for row in rows],
    }


def _weight(texts: Sequence[str], title: str) -> int:
    """Return how wide a column is beside the others, in half-width characters; a title may take three lines.

    That the typesetter measures columns by itself would take it four times as long.
    """
    longest = max((width(text) for text in texts), default=0)
    return min(max(longest, width(title) // 3, _NARROWEST), _WIDEST) + 1


def _as_receipt(header: dict[str, str]) -> dict[str, Any]:
    """Return what a receipt has besides: to whom, by whom and when, each with its title in the official header."""
    from_title, day_title, name_title = (say(f"pages.lists.paper.{name}", "ja") for name in ("body", "day", "name"))
    return {
        "to": say("pages.lists.paper.to", "ja", name=header.get(name_title, "")),
        "from": header.get(from_title, ""),
        "dated": say("pages.lists.paper.dated", "ja", day=header.get(day_title, "")),
        "notes": [say("pages.lists.paper.counted", "ja"), say("pages.lists.paper.unsigned", "ja")],
    }


def _set(template: str, facts: dict[str, Any]) -> bytes:
    import typst

    page = (files("seikyu.apps.drawing") / "templates" / f"{template}.typ").read_bytes()
    told = json.dumps(facts, ensure_ascii=False)
    return typst.compile(page, font_paths=fonts(), sys_inputs={"list": told}, timestamp=0)


@cache
def _places() -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(limit("list_papers_at_once") + limit("list_papers_waiting"))


@cache
def _setters() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(limit("list_papers_at_once"), "seikyu-papers", initializer=_step_back)


def _step_back() -> None:
    """Let every other thread of the machine go first, where the system can do that for a single thread."""
    if hasattr(os, "setpriority") and hasattr(threading, "get_native_id"):
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _BACK)
