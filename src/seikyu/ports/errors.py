"""Errors of the outside: who must act, and what a hint says.

Every one carries a stable `code` (the key of its texts in `apps`), and what is true afterwards stands in its docstring.
Domain rooms raise `NotAllowed` of their own; see `office.errors`.
"""

from datetime import datetime
from typing import Any, ClassVar


class SeikyuError(Exception):
    """The base of the errors that have a text for users.

    Shape: `code` is stable; `facts` are the words that the text is filled with (never a personal item).
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str = "", **facts: Any) -> None:
        super().__init__(message or self.code)
        self.facts = facts


class ProtocolError(SeikyuError):
    """The peer broke the rules of the wire. Nothing of the request is kept."""

    code = "protocol_error"


class LineBroken(ProtocolError):
    """The body ended before it was complete, or the line fell silent. No row, no object, no temporary stays."""

    code = "line_broken"


class TooLong(ProtocolError):
    """More bytes came than the limit or the stated length. No byte is left behind."""

    code = "too_long"


class DigestMismatch(ProtocolError):
    """The bytes that came are not those the sender stated. Nothing is kept."""

    code = "digest_mismatch"


class BadRequest(ProtocolError):
    """A parameter is missing or has no meaning."""

    code = "bad_request"


class Mixed(ProtocolError):
    """The files of one sending differ in institution, body, kind or claim month. Nothing is kept."""

    code = "mixed_files"


class KeyReused(ProtocolError):
    """The idempotency key was used for another request of the same party. Nothing is kept."""

    code = "key_reused"


class NotFound(SeikyuError):
    """There is no such thing, or it is another party's; the two look alike."""

    code = "not_found"


class Forbidden(SeikyuError):
    """The certificate's party may not do this kind of act at all."""

    code = "forbidden"


class Unavailable(SeikyuError):
    """Not now; try again at `retry_at` or after `retry_after_s`. Nothing is kept."""

    code = "unavailable"

    def __init__(
        self, message: str = "", *, retry_after_s: int = 30, retry_at: datetime | None = None, **facts: Any
    ) -> None:
        super().__init__(message, **facts)
        self.retry_after_s = retry_after_s
        self.retry_at = retry_at


class NoSpace(Unavailable):
    """The disk is full or nearly so. Nothing is kept."""

    code = "no_space"


class Busy(Unavailable):
    """Every place is taken."""

    code = "busy"


class AlreadyThere(SeikyuError):
    """A name is written once; this one is."""

    code = "already_there"


class NotThere(SeikyuError):
    """No object, row or file of that name."""

    code = "not_there"


class Damaged(SeikyuError):
    """What was read is not what was written: a digest, a size or a form does not fit."""

    code = "damaged"


class NewerDatabase(SeikyuError):
    """The database was written by a newer version of the program; this one leaves it alone."""

    code = "newer_database"


class HomeLocked(SeikyuError):
    """Another server works on this home."""

    code = "home_locked"
