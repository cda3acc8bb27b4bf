"""Keeps a gateway at its plan: whoever may come can come, whoever may no longer is out within seconds.

The order of things is what makes it safe. The packet filter stands before a daemon is spoken to, and stays when this
program ends, however it ends. A terminal's address is written down before the daemon knows it. What the office said
last goes on while it is silent; a list that has ended lets nobody in, and that is told days before.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from seikyu.adapters import nftables
from seikyu.adapters.charon import CharonFailed, Esp, kernel_has_esp
from seikyu.adapters.kept_lists import BadLists, KeptLists, soonest
from seikyu.adapters.strongswan import DaemonRefused, DaemonSilent, Happened, Tunnel
from seikyu.apps.gateway.daemon import Daemon, GatewayFileUnusable
from seikyu.apps.gateway.office import (
    BadTerminals,
    Issued,
    OfficeSilent,
    Source,
    heard_before,
    keep_heard,
    source_of,
)
from seikyu.apps.gateway.place import Place
from seikyu.limits import limit
from seikyu.lines.gateway import Connection, Gateway, Lease, Leases, assigned, connections, ruleset
from seikyu.lines.gateway.addresses import Whose
from seikyu.lines.gateway.firewall import waiting_name
from seikyu.lines.gateway.plan import OURS, name_of

#: How often the office's files on this machine are looked at: they are only asked whether they changed.
TICK_S: Final = 0.5

#: A tunnel is ended by then, once it is known that it is to end, also on a busy machine with many.
ENDED_S: Final = 4.5

#: A daemon that is gone is looked for so often.
_AGAIN_S: Final = 1.0

#: Who is connected is looked at so often for metrics, and whether the daemon still knows all.
_COUNT_S: Final = 5.0

#: Whether the packet filter stands is looked at so often: so long a tunnel may reach more if somebody took it away.
_STAND_S: Final = 1.0

#: Without a word of change the plan is made anew: certificates end by themselves.
_PLAN_S: Final = 60.0

#: What is wrong and stays wrong is told again after so long.
_TOLD_AGAIN: Final = timedelta(hours=1)

#: A list that ends so soon, or a certificate, is told of: the office writes its list anew every day, for seven.
LIST_WARNING: Final = timedelta(days=3)
CERTIFICATE_WARNING: Final = timedelta(days=14)

Tell = Callable[..., None]


@dataclass(slots=True)
class Counted:
    """What happened since the start, for metrics."""

    connects: int = 0
    disconnects: int = 0
    thrown_out: int = 0
    restarts: int = 0


@dataclass
class Supervisor:
    """One gateway at work. Shape: `tell` takes a word of `gateway.told` and facts for the operator."""

    place: Place
    gateway: Gateway
    tell: Tell
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    counted: Counted = field(default_factory=Counted)
    tunnels: list[Tunnel] = field(default_factory=list)
    planned: dict[str, Connection] = field(default_factory=dict)
    without: int = 0
    office_heard_at: datetime | None = None
    daemon_is_there: bool = False

    def __post_init__(self) -> None:
        self.source: Source = source_of(self.gateway, self.place)
        authorities = self.source.authorities() or []
        self.lists = KeptLists(self.place.lists, authorities)
        self.daemon = Daemon(self.place, self.gateway, self._esp(), authorities, self._thrown_out)
        self._issued = heard_before(self.place) or None  # None, while nobody ever said it
        self._leases: list[Lease] | None = None  # what is written; read once, as nobody else writes it
        # Every serial that was told of, and the connection that it comes by.
        self._ever = _serials(self._issued or ())
        # What was acted upon: by rows and lists together, and by lists alone, which the daemon itself goes by.
        self._bad = self._listed = self.lists.revoked
        self._happened: queue.Queue[Happened] = queue.Queue(limit("gateway_events"))
        self._said: dict[str, datetime] = {}
        self._asked = self._counted_at = self._planned_at = self._stood_at = float("-inf")
        self._standing = ""

    # --- the whole -------------------------------------------------------------------------------------------------

    def run(self, stopped: Callable[[], bool]) -> None:
        """Work until `stopped`. Errors: those of the set-up; afterwards what goes wrong is told and tried again."""
        self._wall()
        self.tell("firewall", table=self.gateway.table)
        if self.lists.all and not self.place.keeps:  # It has worked here before.
            self.tell("addresses_gone")
        self._ask_office()
        self._restore()
        while not stopped():
            try:
                self._turn()
            except DaemonSilent:
                self.daemon_is_there = False
                self._say("daemon_gone")
                self.daemon.silence()
                self._again(stopped)
            except DaemonRefused as refused:
                self._say("refused", **refused.facts)
                time.sleep(_AGAIN_S)

    def close(self) -> None:
        """End: a daemon of our own tells its clients and ends; the packet filter stays.

        Nobody is kept waiting any more: there may be others who use the ports of IKE.
        """
        self.daemon.close()
        if not self.gateway.vici:
            self.place.charon.stop()
        with suppress(nftables.NoNft, nftables.NftRefused):
            nftables.remove(waiting_name(self.gateway))

    def leave(self) -> None:
        """End because something broke: a daemon that knows its clients goes on, for the next one to take over.

        Without its packet filter it does not: then nobody is connected any more, and nobody comes in.
        """
        with suppress(nftables.NoNft):
            if self.planned and self.daemon_is_there and self._stands():
                self.daemon.close()
                return
        if self.gateway.vici:  # Somebody else's daemon goes on, without ours.
            with suppress(DaemonSilent, DaemonRefused):
                self.daemon.apply({})
        self.close()

    def _turn(self) -> None:
        """Take one look at everything."""
        with suppress(queue.Empty):
            self._tell_happened(self._happened.get(timeout=TICK_S))
        now = time.monotonic()
        if now - self._asked >= (TICK_S if self.gateway.office.home else self.gateway.office.look_s):
            self._asked = now
            if self._ask_office() or now - self._planned_at >= _PLAN_S:
                self._apply()
        if now - self._stood_at >= _STAND_S:
            self._stood_at = now
            self._stand()
        if now - self._counted_at >= _COUNT_S:
            self._counted_at = now
            self.tunnels = self.daemon.tunnels()
            self.daemon.end_half(self.tunnels)
            if self.daemon.forgot():
                self._apply()
            self.daemon.turn_log()
            self._renew_own()
            self._warn()

    # --- the office ------------------------------------------------------------------------------------------------

    def _ask_office(self) -> bool:
        """Take what the office says now; if it is silent, what it said last goes on. Return whether it is news."""
        news, silent = False, []
        for ask in (self._ask_authorities, self._ask_lists, self._ask_issued):
            try:
                news = ask() or news
            except (OfficeSilent, BadTerminals, BadLists) as odd:  # A revocation may still be told by another of them.
                silent.append("; ".join(f"{name} {value}" for name, value in odd.facts.items()))
        if silent:
            self._say("office_silent", why="; ".join(silent))
        else:
            self.office_heard_at = self.now()
            self._said.pop("office_silent", None)
        if why := self.lists.write():
            self._say("unwritten", why=why)
        return news

    def _ask_authorities(self) -> bool:
        if (authorities := self.source.authorities()) is None:
            return False
        self.lists = KeptLists(self.place.lists, authorities)
        self.daemon.authorities = authorities
        self.tell("authorities", many=len(authorities))
        return True

    def _ask_lists(self) -> bool:
        if (text := self.source.lists()) is None or not self.lists.take(text):
            return False
        self.tell("list", many=len(self.lists.revoked), until=soonest(self.lists.all))
        return True

    def _ask_issued(self) -> bool:
        if (issued := self.source.issued()) is None or issued == self._issued:
            return False
        self._issued = issued
        self._ever |= _serials(issued)
        try:
            keep_heard(self.place, issued)
        except OSError as odd:
            self._say("unwritten", why=odd.strerror or str(odd))
        return True

    def _bad_serials(self) -> frozenset[str]:
        """Return what is revoked, by the lists or by the rows, whichever knew first."""
        return self.lists.revoked | {each.serial for each in self._issued or () if each.revoked and each.serial}

    def _plan(self) -> dict[str, Connection]:
        """Return the connections that there should be; addresses are written down before anybody has them."""
        self._planned_at = time.monotonic()
        if self._leases is None:
            self._leases = self.place.leases()
        now, before = self.now(), self._leases
        most, known = limit("gateway_terminals"), {each.whose for each in before if each.released_at is None}
        # Who has an address already does not lose it to somebody who comes later.
        wanted = sorted(self._wanted(now, known), key=lambda each: each not in known)
        leases = assigned(before, wanted[:most], gateway=self.gateway, now=now)
        if list(leases.all.values()) != before or not self.place.keeps:
            leases = self._kept(leases)
        self.without = len(leases.without) + len(wanted[most:])
        if self.without:
            self._say("without", many=self.without, most=most)
        return connections(leases)

    def _wanted(self, now: datetime, known: Iterable[Whose]) -> dict[Whose, None]:
        """Return who may come by the office's word; by its last one, if it has said none since the start."""
        if self._issued is None:
            return dict.fromkeys(known)
        bad = self._bad_serials()
        good = (x for x in self._issued if x.not_after > now and not x.revoked and x.serial not in bad)
        return dict.fromkeys((each.party, each.terminal) for each in good)

    def _kept(self, leases: Leases) -> Leases:
        """Write leases down, and return them; what cannot be written goes out, and nobody new comes in."""
        try:
            self.place.keep(leases.all)
        except OSError as odd:
            self._say("unwritten", why=odd.strerror or str(odd))
            written = {each.whose: each.addresses for each in self._leases or ()}
            return replace(leases, all={w: x for w, x in leases.all.items() if written.get(w) == x.addresses})
        self._said.pop("unwritten", None)
        self._leases = list(leases.all.values())
        return leases

    # --- the daemon ------------------------------------------------------------------------------------------------

    def _restore(self) -> None:
        """Have a daemon that knows everything. Errors: those of `Daemon.restore`."""
        self.planned = self._plan()
        taken_over = self.daemon.restore(self.planned, self._ders())
        bad = self._bad_serials()
        if taken_over:
            # Nobody watched: whoever has a revoked certificate beside a good one begins anew.
            self.daemon.begin_anew(self._suspected((bad - self._bad) | (bad & self._ever.keys())))
        self._bad, self._listed = bad, self.lists.revoked
        threading.Thread(target=self.daemon.hear, args=(self._heard,), daemon=True).start()
        self.daemon_is_there = True
        word = "taken_over" if taken_over else "ready"
        self.tell(word, terminals=len(self.planned), version=self.daemon.line.version(), esp=self.daemon.esp)

    def _again(self, stopped: Callable[[], bool]) -> None:
        """Restore until it works, or until `stopped`."""
        while not stopped():
            self._stand()  # Tunnels of the kernel carry without a daemon.
            try:
                self._restore()
            except (DaemonSilent, DaemonRefused, CharonFailed, GatewayFileUnusable, OSError) as odd:
                why = "; ".join(map(str, getattr(odd, "facts", {"why": odd}).values()))
                self._say("daemon_not_back", why=why)
                if isinstance(odd, DaemonSilent) and not self.gateway.vici:
                    self.place.charon.stop()  # It takes conversations and answers none: it hangs.
                time.sleep(_AGAIN_S)
            else:
                self.counted.restarts += 1
                for word in ("daemon_gone", "daemon_not_back"):
                    self._said.pop(word, None)
                return

    def _apply(self) -> None:
        """Carry what the office said to the daemon."""
        self.daemon.bring_lists(self._ders())
        self.planned = self._plan()
        self.daemon.apply(self.planned)
        bad, listed = self._bad_serials(), self.lists.revoked
        # Twice, if the rows knew first: in between the daemon let the certificate in again.
        if suspected := self._suspected((bad - self._bad) | (listed - self._listed)):
            self.daemon.begin_anew(suspected)
        self._bad, self._listed = bad, listed

    def _suspected(self, newly: Iterable[str]) -> set[str]:
        """Return whose tunnels may stand on a certificate that was revoked just now, of those who may still come.

        A serial that nobody can say the terminal of may be anybody's: then all begin anew, and who is good comes back.
        """
        known = {serial: self._ever.get(serial) for serial in newly}
        if None in known.values():
            return set(self.planned)
        return {name for name in known.values() if name in self.planned}

    def _renew_own(self) -> None:
        try:
            if self.daemon.renew_own(self._ders()):
                self.tell("own_certificate", until=self.daemon.certificate_until)
        except GatewayFileUnusable as odd:
            self._say("own_certificate_unusable", **odd.facts)

    def _wall(self) -> None:
        """Put the packet filter up. Errors: NoNft, NftRefused."""
        nftables.apply(ruleset(self.gateway, esp=self.daemon.esp))
        self._standing = nftables.listed(self.gateway.table)

    def _stands(self) -> bool:
        """Return whether the packet filter is there as it was put up."""
        return bool(self._standing) and nftables.listed(self.gateway.table) == self._standing

    def _stand(self) -> None:
        """Put the packet filter up again, if somebody has taken it away, or some of it. Errors: NoNft, NftRefused."""
        if not self._stands():
            self._wall()
            self.tell("firewall_again", table=self.gateway.table)

    def _heard(self, happened: Happened) -> None:
        with suppress(queue.Full):  # Who is connected is looked at anyhow.
            self._happened.put_nowait(happened)

    # --- what is told ----------------------------------------------------------------------------------------------

    def _tell_happened(self, happened: Happened) -> None:
        if not happened.name.startswith(OURS):
            return  # Of another's connection in a daemon of the system: none of ours.
        known = self.planned.get(happened.name)
        if happened.up:
            self.counted.connects += 1
        else:
            self.counted.disconnects += 1
        if known is not None:
            addresses = ", ".join(map(str, known.addresses))
            word = "up" if happened.up else "down"
            self.tell(word, name=happened.name, party=known.party, host=happened.host, addresses=addresses)

    def _thrown_out(self, name: str) -> None:
        self.counted.thrown_out += 1
        self.tell("thrown_out", name=name)

    def _warn(self) -> None:
        """Say in time what would lock everybody out."""
        now, ends, own = self.now(), soonest(self.lists.all), self.daemon.certificate_until
        if self.lists.missing:
            self._say("list_missing", many=len(self.lists.missing))
        if ends is not None and ends <= now:
            self._say("list_over", until=ends)
        elif ends is not None and ends - now < LIST_WARNING:
            self._say("list_ends", until=ends)
        if own is not None and own - now < CERTIFICATE_WARNING:
            self._say("certificate_ends", until=own)

    def _say(self, word: str, **facts: Any) -> None:
        """Tell what is wrong, once, and again after an hour."""
        now = self.now()
        # A clock that was set back is no reason to be silent.
        if word not in self._said or not timedelta(0) <= now - self._said[word] < _TOLD_AGAIN:
            self._said[word] = now
            self.tell(word, **facts)

    def _ders(self) -> list[bytes]:
        return [each.der for each in self.lists.all]

    def _esp(self) -> Esp:
        if self.gateway.esp == "auto":
            return "kernel" if kernel_has_esp() else "user"
        return "kernel" if self.gateway.esp == "kernel" else "user"


def _serials(issued: Iterable[Issued]) -> dict[str, str]:
    """Return the connection that each certificate comes by."""
    return {each.serial: name_of(each.party, each.terminal) for each in issued if each.serial}
