"""What can go wrong at the client's end. The texts stand in `apps/words/client.toml` under the same codes."""

import errno
from typing import Any, Final

from seikyu.apps.words import ErrorWords, system_words
from seikyu.ports.errors import SeikyuError


class NoClient(SeikyuError):
    """There is no client folder of that name, none at all (`no_clients`), or not a sound one (`client_unreadable`)."""

    code = "no_client"

    def __init__(self, *, closer: str = "no_client", **facts: Any) -> None:
        super().__init__(closer, **facts)
        self.words_code = closer


class ClientNotNamed(SeikyuError):
    """There are several client folders, and none was named."""

    code = "client_not_named"


class FileUnusable(SeikyuError):
    """A file cannot be sent, or not be written.

    Shape: `why` is missing, folder, special, unreadable, empty, changed, unwritable, no_room, in_the_way or
    folder_named; each has its own texts.
    """

    code = "file_unusable"

    def __init__(self, why: str, **facts: Any) -> None:
        super().__init__(why, **facts)
        self.words_code = f"file_{why}"


def unwritable(file: str, reason: OSError) -> FileUnusable:
    """Return the error of a place that could not be written, as near to what is wrong with it as can be told."""
    why = _WHY_UNWRITABLE.get(reason.errno or 0, "unwritable")
    return FileUnusable(why, file=file, reason=system_words(reason))


_WHY_UNWRITABLE: Final = {
    errno.ENOSPC: "no_room",
    errno.EDQUOT: "no_room",
    errno.EEXIST: "in_the_way",
    errno.EISDIR: "folder_named",
}


class DiskFull(SeikyuError):
    """No room left for what arrives; what is there stays and is gone on with later."""

    code = "disk_full"


class LineFailed(SeikyuError):
    """The line could not be had, or broke. `line_code` is what the TLS client makes of it."""

    code = "line_failed"

    def __init__(self, line_code: str, **facts: Any) -> None:
        super().__init__(line_code, **facts)
        self.line_code = line_code

    @property
    def words_code(self) -> str:
        """Which texts tell it: those of the line's own trouble."""
        return self.line_code


class BrokeWhileSending(LineFailed):
    """The line broke before the last byte; nothing of the sending is kept at the office."""

    code = "broke_while_sending"

    @property
    def words_code(self) -> str:
        """Which texts tell it: what it means for the sending is more than what broke."""
        return self.code


class AnswerLost(LineFailed):
    """The line broke after the last byte and before the answer: the office may have the sending or not."""

    code = "answer_lost"

    @property
    def words_code(self) -> str:
        """Which texts tell it."""
        return self.code


class BadSignature(SeikyuError):
    """A webhook was not signed with this secret, or not just now; nothing of it may be used. Shape: fact `why`."""

    code = "bad_signature"


class DeliveryDamaged(SeikyuError):
    """What arrived is not what the office sealed, twice over; it was not kept and not reported as received."""

    code = "delivery_damaged"


class FetchRunning(SeikyuError):
    """Another program fetches this delivery into the same folder."""

    code = "fetch_running"


class OddAnswer(SeikyuError):
    """The other end answered something that this program does not understand."""

    code = "odd_answer"


class OfficeSaid(SeikyuError):
    """The office turned the request away, in its own words (RFC 9457)."""

    code = "office_said"

    def __init__(self, problem_code: str, *, status: int, words: ErrorWords, facts: dict[str, Any]) -> None:
        super().__init__(problem_code, **facts)
        self.words_code = problem_code
        self.status = status
        self.words = words
