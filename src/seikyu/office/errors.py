"""What the office turns away: errors with a stable code, whose texts for users stand in `apps`."""

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


class ClosedMeanwhile(Closed):
    """The office closed while the body arrived: it could only have been recorded after the end of the window.

    A sending counts when it is recorded; nothing of this one is kept. Shape: facts `recorded_at`, when that would have
    been. Source: provider:2 (請求命令 art. 1).
    """

    def __init__(self, next_opens_at: datetime, line: str, *, recorded_at: datetime) -> None:
        super().__init__(next_opens_at, line)
        self.facts["recorded_at"] = recorded_at

    @property
    def words_code(self) -> str:
        """Which words tell it."""
        return f"{self.code}.meanwhile"


class UnknownBody(OfficeError):
    """No review body has that number and prefecture."""

    code = "unknown_body"


class Damaged(OfficeError):
    """Bytes are not what the office wrote or indexed; whoever holds them must not pass them on.

    Shape: `row` (from 1) or `claim_index` in `facts` say where. No content is told.
    """

    code = "damaged"
