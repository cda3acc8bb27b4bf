"""A finding (チェック結果): a rule's remark on one place of a file."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Level(StrEnum):
    """How grave a finding is; the official families of codes.

    Source: checks.csv, column level; provider:5.1.
    """

    L1 = "L1"
    L2 = "L2"
    L3 = "L3"
    L4 = "L4"
    L7 = "L7"
    L48 = "L48"


class Refuses(StrEnum):
    """What a finding takes away (受付不能): the whole file or one claim. None of the two: it asks, or only tells."""

    FILE = "file"
    CLAIM = "claim"


#: From worst to mildest, as the office prints and decides; L48 is a notice and asks for nothing.
GRAVITY: Final = (Level.L1, Level.L2, Level.L3, Level.L4, Level.L7, Level.L48)


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark.

    Shape: `line` is the physical line from 1, None for the whole file; `claim_no` is the number as printed in RE,
    `claim_index` the position of the claim in the file from 0; `item_no` counts from 1 as printed (1 is the record
    identification). `value` is the offending text, masked when the layout says `personal`.
    """

    code: str
    level: Level
    refuses: Refuses | None
    line: int | None
    claim_no: int | None
    claim_index: int | None
    record: str | None
    item_no: int | None
    item: str | None
    item_ja: str | None
    value: str | None
    message: str
    message_ja: str
    source: str

    @property
    def asks(self) -> bool:
        """True if the claim or file stands but somebody should look (要確認)."""
        return self.refuses is None and self.level is not Level.L48
