"""Following what happens at the office: the feed of events, over breaks of the line, and this party's webhooks."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

from seikyu.apps.client.errors import LineFailed, OfficeSaid
from seikyu.apps.client.line import Line, words_of
from seikyu.limits import limit

#: How long a bad line is waited for between tries, at most.
_LONGEST_PAUSE_S: Final = 60.0
_FIRST_PAUSE_S: Final = 1.0


def events_page(
    line: Line, *, after: str | None = None, types: Sequence[str] = (), wait_s: int = 0, most: int = 200
) -> dict[str, Any]:
    """Return a part of the feed; waits so long for an event if there is none. Errors: as Line.get."""
    params: dict[str, str | int | list[str]] = {"limit": most, "wait": min(wait_s, limit("event_wait_s"))}
    if after is not None:
        params["after"] = after
    if types:
        params["types"] = ",".join(types)
    return line.get("/events", **params)


def follow(
    line: Line,
    *,
    after: str | None = None,
    types: Sequence[str] = (),
    until: Callable[[], bool] = lambda: False,
) -> Iterator[dict[str, Any]]:
    """Yield events as they happen, oldest first, for ever, or until `until` says so between two questions.

    A line that breaks is waited for, also for hours; nothing is left out and nothing comes twice. Whoever keeps the
    `cursor` of the last event that was dealt with goes on from there after a restart.
    Errors: OfficeSaid, if the office says that it will say the same the next time (such as `events_gone`).
    """
    pause_s = _FIRST_PAUSE_S
    while not until():
        try:
            page = events_page(line, after=after, types=types, wait_s=limit("event_wait_s"))
        except (LineFailed, OfficeSaid) as trouble:
            if isinstance(trouble, OfficeSaid) and not trouble.facts.get("retry_after_s"):
                raise
            line.note(words_of(trouble).text)
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            continue
        pause_s, after = _FIRST_PAUSE_S, page["next"]
        yield from page["items"]


def list_webhooks(line: Line) -> list[dict[str, Any]]:
    """Return this party's webhooks. Errors: as Line.get."""
    items: list[dict[str, Any]] = line.get("/webhooks")["items"]
    return items


def show_webhook(line: Line, webhook_id: str) -> dict[str, Any]:
    """Return one webhook with its last tries. Errors: as Line.get."""
    return line.get(_path(webhook_id))


def add_webhook(line: Line, address: str, *, types: Sequence[str] = (), key: str | None = None) -> dict[str, Any]:
    """Enter an address; the answer holds the secret, this once. Errors: as Line.post."""
    headers = {"Idempotency-Key": key or str(uuid4())}
    return line.post("/webhooks", headers=headers, json={"address": address, "types": list(types)})


def act_on_webhook(line: Line, webhook_id: str, act: str, *, from_now: bool = False) -> dict[str, Any]:
    """Do one of test, rotate, pause and resume. Errors: as Line.post."""
    params = {"from_now": "true"} if from_now else {}
    return line.post(f"{_path(webhook_id)}/{act}", params=params)


def remove_webhook(line: Line, webhook_id: str) -> None:
    """Remove a webhook. Errors: as Line.answer."""
    line.answer("DELETE", _path(webhook_id))


def _path(webhook_id: str) -> str:
    return f"/webhooks/{quote(webhook_id, safe='')}"
