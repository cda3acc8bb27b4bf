"""Telling a checker beside us what arrives, so that it may look at it before the last byte is there.

All of it is help and none of it is truth: what is durable is ordered through `jobs`, and a note that is lost, late or
never read costs time and nothing else. So nobody waits here and nothing here fails.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Coming:
    """A file that has begun to arrive.

    Shape: `growing` is what `ObjectStore.follow` takes; `body` is None if the file's header is to name it; `file_name`
    is the sender's own name of it, and goes no further than to the rules.
    """

    file_id: str
    growing: str
    party: str
    line: str
    asp: bool = True
    body: str | None = None
    file_name: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a file is certain to be refused, whatever comes behind it. Shape: as a finding; values are masked."""

    code: str
    level: str
    line: int | None
    message: str
    message_ja: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the check of a file has come that arrives. Shape: `findings` counts by level."""

    file_id: str
    claims: int = 0
    findings: Mapping[str, int] = field(default_factory=dict)
    refused: Verdict | None = None


class Watching(Protocol):
    """Takes note of what arrives. No call blocks or raises; any note may be lost."""

    def begin(self, coming: Coming) -> None:
        """A file has begun to arrive."""
        ...

    def end(self, file_id: str, *, size_bytes: int, sha256: str) -> None:
        """Its last byte is there and can be read by who follows it; it is not durable yet."""
        ...

    def gone(self, file_id: str) -> None:
        """It is given up, or was there before: nobody will ask for its check. Harmless when repeated."""
        ...


class NobodyWatches:
    """Takes no note: every file is checked when its order comes."""

    def begin(self, coming: Coming) -> None:
        """Take no note."""

    def end(self, file_id: str, *, size_bytes: int, sha256: str) -> None:
        """Take no note."""

    def gone(self, file_id: str) -> None:
        """Take no note."""
