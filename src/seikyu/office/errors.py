"""What the office turns away: errors with a stable code, whose texts for users stand in `apps`."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, ClassVar


class OfficeError(Exception):
    """The base of this room's errors.

    Shape: `code` is stable; `facts` are the words that the text is filled with (never a personal item).
    """

    code: ClassVar[str] = "office_error"

    def __init__(self, message: str = "", **facts: Any) -> None:
        super().__init__(message or self.code)
        self.facts = facts


class NotAllowed(OfficeError):
    """Asked at the wrong time or in the wrong state; nothing changes."""

    code = "not_allowed"


class Closed(NotAllowed):
    """The office is closed at this hour (受付時間外); nothing of the request is kept."""

    code = "closed"

    def __init__(self, next_opens_at: datetime, line: str = "real") -> None:
        super().__init__(f"closed until {next_opens_at.isoformat()}", next_opens_at=next_opens_at, line=line)
        self.next_opens_at = next_opens_at


class OnlyCorrections(NotAllowed):
    """Only corrections are taken now (訂正可能期間), and these claims are none. Nothing of the sending is kept.

    Shape: `indices` are positions of claims from 0. Source: checks X1029.
    """

    code = "only_corrections"

    def __init__(self, indices: Collection[int]) -> None:
        super().__init__(f"{len(indices)} claims are no corrections", claims=len(indices), first_index=min(indices))
        self.indices = tuple(indices)


class UnknownBody(OfficeError):
    """No review body has that number and prefecture."""

    code = "unknown_body"


class Damaged(OfficeError):
    """Bytes are not what the office wrote or indexed; whoever holds them must not pass them on.

    Shape: `row` (from 1) or `claim_index` in `facts` say where. No content is told.
    """

    code = "damaged"
