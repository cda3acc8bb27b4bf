"""The bell of the feed: who waits for events is woken by one look at the database for all who wait.

While somebody waits, one task looks how far the numbers of the waiting parties are, four times a second, with one
statement for all of them; nobody waits, nobody looks. It looks and is not rung, because events are written by several
processes (the server, the working process, commands). Each who waits brings the place that was read up to, so what
comes between a reader's look and its wait is seen by the next look, and nothing is lost.

At a stop everybody is woken at once, so that no drain waits for a long poll.
"""

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from seikyu.limits import limit
from seikyu.ports.errors import Busy, SeikyuError
from seikyu.ports.events import EVERYBODY
from seikyu.ports.store import Store
from seikyu.services.feed import Place

#: How often it is looked while somebody waits.
LOOK_S: Final = 0.25


@dataclass(eq=False)
class _Waiter:
    party: str
    place: Place
    woken: asyncio.Event = field(default_factory=asyncio.Event)


class Bell:
    """Wakes who waits for events. Belongs to one event loop; `stop` may be called from it only."""

    def __init__(
        self,
        store: Store,
        *,
        most: int = limit("event_waits"),
        per_party: int = limit("event_waits_per_party"),
        look_s: float = LOOK_S,
    ) -> None:
        self._store = store
        self._most = most
        self._per_party = per_party
        self._look_s = look_s
        self._waiters: set[_Waiter] = set()
        self._task: asyncio.Task[None] | None = None
        self.stopped = False
        self.looks = 0

    async def wait(self, party: str, place: Place, *, wait_s: float) -> bool:
        """Wait until there is an event behind `place`; return whether there is. Errors: Busy, if too many wait."""
        if self.stopped or wait_s <= 0:
            return False
        waiting = Counter(each.party for each in self._waiters)
        if len(self._waiters) >= self._most or waiting[party] >= self._per_party:
            raise Busy("too many wait for events", retry_after_s=5)
        me = _Waiter(party, place)
        self._waiters.add(me)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._look_on())
        try:
            async with asyncio.timeout(wait_s):
                await me.woken.wait()
        except TimeoutError:
            return False
        finally:
            self._waiters.discard(me)
        return not self.stopped

    def stop(self) -> None:
        """Wake everybody and let nobody wait any more."""
        self.stopped = True
        for each in self._waiters:
            each.woken.set()

    async def _look_on(self) -> None:
        while self._waiters and not self.stopped:
            with suppress(SeikyuError):  # A busy database is looked at again.
                await self._look()
            await asyncio.sleep(self._look_s)

    async def _look(self) -> None:
        parties = {EVERYBODY, *(each.party for each in self._waiters)}
        last = await asyncio.to_thread(self._last, parties)
        self.looks += 1
        for each in self._waiters:
            if last.get(each.party, 0) > each.place.own or last.get(EVERYBODY, 0) > each.place.public:
                each.woken.set()

    def _last(self, parties: set[str]) -> dict[str, int]:
        with self._store.read() as tx:
            return tx.last_events(parties)
