"""Durable background work: what is ordered inside a transaction is done, once, also after a kill."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from seikyu.ports.store import WriteTx


class Work(StrEnum):
    """The kinds of work. The unit is a sending or a body's month, never a claim."""

    CHECK_SENDING = "check_sending"
    CLOSE_MONTH = "close_month"


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """One order.

    Shape: `subject` names what to work on (a sending id; `body/YYYYMM`). Two orders of one `key` are one order.
    """

    work: Work
    subject: str
    key: str


class Jobs(Protocol):
    """A queue whose orders commit with the caller's transaction. Handlers must be idempotent: they may run twice."""

    def register(self, work: Work, handler: Callable[[str], None]) -> None:
        """Say who does `work`. All handlers are registered before `start`."""
        ...

    def submit(self, tx: "WriteTx", order: WorkOrder) -> None:
        """Order work as part of `tx`: it is done if and only if `tx` commits."""
        ...

    def start(self, *, paused: bool = False) -> None:
        """Take up what is waiting and what a dead process left. `paused`: accept orders but do none."""
        ...

    def stop(self, *, wait_s: float) -> None:
        """Finish or put back what is under way."""
        ...

    def unfinished(self, work: Work) -> set[str]:
        """Return the subjects of the orders of `work` that are not done yet.

        An order whose handler raised for good is not among them: the caller may order it anew under another key.
        """
        ...

    def waiting(self) -> int:
        """Return how many orders are not done yet."""
        ...

    def purge(self, *, kept_days: int) -> int:
        """Forget orders that were finished more than `kept_days` ago; return how many. Their keys are free again."""
        ...
