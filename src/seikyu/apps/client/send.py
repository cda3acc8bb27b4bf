"""Sending (送信): one file or several as one sending, all or none, and the wait for its check."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from seikyu.apps.client.errors import AnswerLost, BrokeWhileSending, LineFailed, OfficeSaid
from seikyu.apps.client.line import Counted, Line
from seikyu.apps.client.lookout import Certain, lookout
from seikyu.apps.client.outgoing import Outgoing
from seikyu.apps.client.unanswered import Unanswered

#: How often the check is asked for: quick at first, as a normal file is checked within a second.
_FIRST_ASK_S: Final = 0.1
_LAST_ASK_S: Final = 2.0

CHECKING: Final = "checking"
CANCELLED: Final = "cancelled"


@dataclass(frozen=True, slots=True)
class Terms:
    """How to send. Shape: `body` is a review body or None, then the file's header says it."""

    body: str | None = None
    test: bool = False
    asp: bool = True

    def params(self) -> dict[str, str]:
        """Return the terms as the request states them."""
        params = {"line": "test" if self.test else "real", "asp": str(self.asp).lower()}
        return params | ({"body": self.body} if self.body else {})


def send(
    line: Line,
    files: Sequence[Outgoing],
    terms: Terms,
    *,
    told: Callable[[int], None],
    certain: Certain = lambda _: None,
) -> dict[str, Any]:
    """Send the files as one sending and return the office's answer; tried again by itself while that is safe.

    Every try bears the same key until there is an answer, also over the end of the program, so that a sending whose
    answer was lost is answered and not made twice. `told` gets the bytes that have gone; a negative number takes back
    those of a broken try. `certain` is told, from another thread, of each file that the office is certain to refuse
    while it is still being sent.

    Errors: BrokeWhileSending (nothing is kept), AnswerLost, LineFailed, OfficeSaid, FileUnusable.
    """
    waits = Unanswered.of(line.folder.path, files, terms.params() | ({"for": line.principal} if line.principal else {}))
    try:
        with lookout(line.folder, waits.key, certain, principal=line.principal):
            answer = line.again(lambda: _once(line, files, terms, key=waits.key, told=told))
    except OfficeSaid as said:
        if said.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            waits.forget()
        raise
    except LineFailed as trouble:
        waits.broke(before_end=isinstance(trouble, BrokeWhileSending))
        raise
    waits.forget()
    if waits.old and answer.get("repeat") and answer.get("state") == CANCELLED:
        # Found and cancelled since, by its number: who sends it again means it.
        return send(line, files, terms, told=told, certain=certain)
    return answer


def wait_for_check(line: Line, sending: Mapping[str, Any], *, longest_s: float = 600.0) -> dict[str, Any]:
    """Return the sending once it is checked, or as it is after `longest_s`. Errors: as Line.get."""
    now = dict(sending)
    pause_s, until = _FIRST_ASK_S, time.monotonic() + longest_s
    while now["state"] == CHECKING and time.monotonic() < until:
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.5, _LAST_ASK_S)
        now = line.get(f"/sendings/{now['id']}") | {"repeat": now.get("repeat", False)}
    return now


def _once(
    line: Line, files: Sequence[Outgoing], terms: Terms, *, key: str, told: Callable[[int], None]
) -> dict[str, Any]:
    gone = 0

    def counted(number: int) -> None:
        nonlocal gone
        gone += number
        told(number)

    try:
        if len(files) == 1:
            return _send_one(line, files[0], terms, key=key, told=counted)
        return _send_several(line, files, terms, key=key, told=counted)
    except (LineFailed, OfficeSaid):
        told(-gone)
        raise


def _send_one(line: Line, file: Outgoing, terms: Terms, *, key: str, told: Callable[[int], None]) -> dict[str, Any]:
    body = Counted(file.pieces(told), size_bytes=file.size_bytes)
    headers = _headers(file) | {"Idempotency-Key": key}
    return line.send("POST", "/sendings", body=body, headers=headers, params=terms.params() | {"name": file.path.name})


def _send_several(
    line: Line, files: Sequence[Outgoing], terms: Terms, *, key: str, told: Callable[[int], None]
) -> dict[str, Any]:
    """Put the files in one by one. Whatever breaks before the last act, the office erases the whole upload."""
    total = sum(file.size_bytes for file in files)
    # The begin is not the sending, so it has no repeat: an upload whose number was lost simply expires.
    begun = line.post("/sendings", params=terms.params() | {"files": len(files)}, headers={"Idempotency-Key": key})
    path = f"/sendings/uploads/{begun['upload']}"
    before = 0
    for no, file in enumerate(files, start=1):
        body = Counted(file.pieces(told), size_bytes=file.size_bytes, before=before, total=total)
        line.send("PUT", f"{path}/files/{no}", body=body, headers=_headers(file), params={"name": file.path.name})
        before += file.size_bytes
    try:
        return line.post(f"{path}/finish")
    except LineFailed as trouble:
        whole = Counted(iter(()), size_bytes=0, before=total, total=total)
        raise AnswerLost(trouble.line_code, **whole.facts()) from trouble


def _headers(file: Outgoing) -> dict[str, str]:
    return {
        "Content-Type": "application/octet-stream",
        "Content-Length": str(file.size_bytes),
        "Content-Digest": file.digest_field,
    }
