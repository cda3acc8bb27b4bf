"""Correcting claims of a sending from the command line."""

from typing import Any
from urllib.parse import quote
from uuid import uuid4

from seikyu.apps.client.line import Line


def corrections(line: Line, sending_id: str) -> list[dict[str, Any]]:
    """Return the claims that came back with errors. Errors: as Line.get."""
    items: list[dict[str, Any]] = []
    params: dict[str, str | int | list[str]] = {"limit": 200}
    while True:
        page = line.get(f"{_at(sending_id)}/corrections", **params)
        items += page["items"]
        if not page.get("next"):
            return items
        params["cursor"] = page["next"]


def correction(line: Line, sending_id: str, file_no: int, claim_index: int) -> dict[str, Any]:
    """Return one claim with what is corrected in it. Errors: as Line.get."""
    return line.get(f"{_at(sending_id)}/corrections/{file_no}/{claim_index}")


def keep(line: Line, sending_id: str, file_no: int, claim_index: int, *, asked: dict[str, Any]) -> dict[str, Any]:
    """Keep what is to be changed in a claim. Errors: as Line.put."""
    return line.put(f"{_at(sending_id)}/corrections/{file_no}/{claim_index}", json=asked)


def finish(line: Line, sending_id: str) -> dict[str, Any]:
    """Finish; tried again by itself, for the key makes a repeat of it. Errors: as Line.post."""
    headers = {"Idempotency-Key": uuid4().hex}
    return line.post(f"{_at(sending_id)}/corrections/finish", repeatable=True, headers=headers)


def _at(sending_id: str) -> str:
    return f"/sendings/{quote(sending_id, safe='')}"
