"""Who fetched a delivery, from where to where, and when: few rows, however many pieces it came in.

A request that goes on exactly where the last one ended, by the same hand and soon after, makes the last row longer. A
break therefore shows as a new row that begins where the payer had come to.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

FETCH: Final = "fetch"
RECEIVED: Final = "received"
MISMATCH: Final = "mismatch"

#: Pieces that follow each other within so long are one row.
_GAP: Final = timedelta(minutes=15)

#: So many rows tell the story; past them the last one is counted on. A receipt is always noted: there is one.
MOST_STEPS: Final = 200


@dataclass(frozen=True, slots=True)
class DeliveryStep:
    """One line of a delivery's history.

    Shape: `no` counts from 1; `what` is fetch, received or mismatch. The bytes `start` up to `end`, which is not
    included, were asked for in `times` requests from `since` to `until`; `reached` is the farthest place that one of
    them went on from: what lies before it, the payer has. `user` is empty for a program; `terminal` and `serial` are
    the certificate's.
    """

    delivery: str
    no: int
    what: str
    since: datetime
    until: datetime
    start: int
    end: int
    reached: int
    times: int
    user: str
    terminal: str
    serial: str


def noted(last: DeliveryStep | None, new: DeliveryStep) -> DeliveryStep:
    """Return the row to write for `new`: `last` made longer, or `new` under the next number."""
    if last is None:
        return replace(new, no=1)
    if _goes_on(last, new) or (last.no >= MOST_STEPS and new.what != RECEIVED):
        return replace(
            last,
            until=new.until,
            end=max(last.end, new.end),
            reached=max(last.reached, new.reached),
            times=last.times + new.times,
        )
    return replace(new, no=last.no + 1)


def reached(steps: Iterable[DeliveryStep]) -> int:
    """Return how far the payer is known to have come, in bytes: to where it was gone on from, or all of it."""
    return max((step.reached for step in steps), default=0)


def _goes_on(last: DeliveryStep, new: DeliveryStep) -> bool:
    return (
        last.what == new.what
        and (last.user, last.terminal, last.serial) == (new.user, new.terminal, new.serial)
        and (new.start == last.end or new.what != FETCH)
        and new.since - last.until <= _GAP
    )
