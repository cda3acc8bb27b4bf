"""Looking and deciding: what an institution does with a sending once it is at the office."""

from collections.abc import Iterator
from typing import Any, Final, Literal
from urllib.parse import quote

from seikyu.apps.client.line import Line

_PAGE: Final = 200


def sendings(line: Line, *, month: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """Return this party's newest sendings. Errors: as Line.get."""
    params: dict[str, str | int | list[str]] = {"limit": limit}
    if month is not None:
        params["month"] = month
    items: list[dict[str, Any]] = line.get("/sendings", **params)["items"]
    return items


def today(line: Line) -> dict[str, Any]:
    """Return what this party has to do today. Errors: as Line.get."""
    return line.get("/today")


def sending(line: Line, sending_id: str) -> dict[str, Any]:
    """Return one sending with its files. Errors: as Line.get."""
    return line.get(f"/sendings/{quote(sending_id, safe='')}")


def findings(line: Line, sending_id: str, *, most: int | None = None) -> Iterator[dict[str, Any]]:
    """Yield the findings of a sending, at most so many. Errors: as Line.get."""
    left = most
    params: dict[str, str | int | list[str]] = {"limit": min(_PAGE, most) if most else _PAGE}
    while True:
        page = line.get(f"/sendings/{quote(sending_id, safe='')}/findings", **params)
        for item in page["items"]:
            yield item
            if left is not None and (left := left - 1) == 0:
                return
        if not page.get("next"):
            return
        params["cursor"] = page["next"]


def claims(line: Line, sending_id: str) -> Iterator[dict[str, Any]]:
    """Yield the claims of a sending and what became of each. Errors: as Line.get."""
    yield from _all(line, f"/sendings/{quote(sending_id, safe='')}/claims")


def all_sendings(line: Line, /, **narrowed: str) -> Iterator[dict[str, Any]]:
    """Yield this party's sendings, newest first; narrowed by body, month, line or state. Errors: as Line.get."""
    yield from _all(line, "/sendings", **narrowed)


def _all(line: Line, path: str, /, **narrowed: str) -> Iterator[dict[str, Any]]:
    """Yield every item of a list, page by page."""
    params: dict[str, str | int | list[str]] = {"limit": _PAGE, **narrowed}
    while True:
        page = line.get(path, **params)
        yield from page["items"]
        if not page.get("next"):
            return
        params["cursor"] = page["next"]


def confirm(line: Line, sending_id: str, errors: Literal["with", "without"]) -> dict[str, Any]:
    """Say yes (請求確定), with or without the claims that ask. Errors: as Line.post."""
    return line.post(f"/sendings/{quote(sending_id, safe='')}/confirm", params={"errors": errors})


def leave_out(line: Line, sending_id: str, *, file_no: int, claim_index: int | None = None) -> dict[str, Any]:
    """Leave a file or one claim out (請求から外す). Errors: as Line.post."""
    return line.post(f"/sendings/{quote(sending_id, safe='')}/leave-out", params=_place(file_no, claim_index))


def take_in(line: Line, sending_id: str, *, file_no: int, claim_index: int | None = None) -> dict[str, Any]:
    """Take back in what was left out (請求に戻す). Errors: as Line.post."""
    return line.post(f"/sendings/{quote(sending_id, safe='')}/take-in", params=_place(file_no, claim_index))


def forecast(line: Line, sending_id: str, errors: Literal["with", "without"]) -> dict[str, Any]:
    """Return what a decision would come to, or has. Errors: as Line.get."""
    return line.get(f"/sendings/{quote(sending_id, safe='')}/decision", errors=errors, limit=_PAGE)


def _place(file_no: int, claim_index: int | None) -> dict[str, str]:
    return {"file": str(file_no)} | ({} if claim_index is None else {"claim": str(claim_index)})


def cancel(line: Line, sending_id: str) -> dict[str, Any]:
    """Say no (請求取消). Errors: as Line.post."""
    return line.post(f"/sendings/{quote(sending_id, safe='')}/cancel")


def ask_undo(line: Line, sending_id: str, reason: str) -> dict[str, Any]:
    """Ask the office to undo a confirmation; said again it is the wish that waits. Errors: as Line.post."""
    path = f"/sendings/{quote(sending_id, safe='')}/undo-request"
    return line.post(path, repeatable=True, json={"reason": reason})
