"""The life of sendings in any order, with kills in between: nothing is lost, nothing happens twice, the books balance."""

import json
from collections import Counter
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from builders import CITY, ELDERLY, NHI, SOCIETY, WELFARE, claim, uke
from seikyu.office.errors import NotAllowed
from seikyu.ports.errors import SeikyuError
from seikyu.services import close, decide, start
from seikyu.services.ledger import balance_of
from services.faults import Killed, Plug, plugged, unplugged
from services.office_lab import (
    CLOSING,
    CORRECTIONS,
    LAST_MINUTE,
    MIDNIGHT,
    OPEN,
    OTHER_INSTITUTION,
    Lab,
    institution,
    later,
    make_lab,
    register,
)

#: What one claim of a file may be: in order, shared by payers, asking, of an unknown payer, refused.
KINDS: dict[str, dict[str, Any]] = {
    "normal": {"insurer": SOCIETY},
    "shared": {"insurer": ELDERLY, "publics": [CITY]},
    "three": {"insurer": NHI, "publics": [WELFARE, CITY]},
    "asks": {"insurer": "06990015"},
    "unknown": {"insurer": "06990022"},
    "refused": {"insurer": SOCIETY, "birth_date": "19800231"},
}
DAYS = (OPEN, LAST_MINUTE, MIDNIGHT, CORRECTIONS, CLOSING)
OPEN_STATES = ("checking", "to_decide")

kinds = st.lists(st.sampled_from(sorted(KINDS)), min_size=0, max_size=4)
plugs = st.builds(Plug, at=st.one_of(st.none(), st.none(), st.integers(1, 90)), after=st.booleans(), kill=st.booleans())


class Life(RuleBasedStateMachine):
    """Institutions send, repeat, confirm and cancel; the calendar goes on; processes die."""

    def __init__(self) -> None:
        super().__init__()
        self.lab: Lab = make_lab()
        self.sent: dict[tuple[str, bytes], None] = {}
        self.told: dict[str, str] = {}

    def act(self, plug: Plug, what: Any) -> Any:
        """Do something through the plug; start anew if it killed the process. Return what came of it, if anything."""
        hurt = plugged(self.lab, plug)
        result = None
        try:
            result = what(hurt)
        except (NotAllowed, SeikyuError):
            pass
        except Killed:
            hurt = unplugged(hurt)
            self.lab = Lab(hurt.office, self.lab.clock, self.lab.events)
        return result

    @rule(party=st.sampled_from([None, OTHER_INSTITUTION]), of=kinds, mark=st.integers(0, 3), plug=plugs)
    def send(self, party: str | None, of: list[str], mark: int, plug: Plug) -> None:
        """Send a file, new or as before."""
        code = {"institution": "0112359"} if party else {}
        claims = [claim(no, name=f"見本　{mark}", **KINDS[kind]) for no, kind in enumerate(of, start=1)]
        data = uke(*claims, **code)
        terms = {"party": party} if party else {}
        answer = self.act(plug, lambda lab: lab.send(data, **terms))
        if answer is not None:
            self.told[answer.sending.id] = answer.sending.digest

    @rule(plug=plugs)
    def check(self, plug: Plug) -> None:
        """Do what is ordered."""
        self.act(plug, lambda lab: lab.work())

    @precondition(lambda self: self.lab.sendings())
    @rule(data=st.data(), errors=st.sampled_from(["with", "without"]), plug=plugs)
    def confirm(self, data: Any, errors: str, plug: Plug) -> None:
        """Confirm any sending."""
        sending = data.draw(st.sampled_from(self.lab.sendings()))
        self.act(plug, lambda lab: lab.confirm(sending, errors))

    @precondition(lambda self: self.lab.sendings())
    @rule(data=st.data(), plug=plugs)
    def cancel(self, data: Any, plug: Plug) -> None:
        """Cancel any sending."""
        sending = data.draw(st.sampled_from(self.lab.sendings()))
        self.act(plug, lambda lab: decide.cancel(lab.office, institution(sending.party), sending.id))

    @rule(steps=st.integers(0, 1))
    def time_goes_on(self, steps: int) -> None:
        """A minute, or to the next day of the calendar."""
        later_ones = [day for day in DAYS if day > self.lab.clock.at]
        if steps and later_ones:
            self.lab.clock.at = later_ones[0]
        else:
            later(self.lab, minutes=1)

    @rule(plug=plugs)
    def tick(self, plug: Plug) -> None:
        """Do what has fallen due."""
        self.act(plug, lambda lab: start.tick(lab.office))

    @rule(plug=plugs)
    def close_by_hand(self, plug: Plug) -> None:
        """Close before its time, as often as somebody likes."""
        self.act(plug, lambda lab: close.request_close(lab.office, "1", "202609", force=True))

    @rule()
    def register_the_unknown(self) -> None:
        """From now on the unknown payer is known; another closing charges what stood in suspense."""
        register(self.lab.office, payers=[KINDS["unknown"]["insurer"]])

    @invariant()
    def nothing_told_is_lost(self) -> None:
        """Whatever was answered is there."""
        there = {sending.id: sending.digest for sending in self.lab.sendings()}
        assert self.told.items() <= there.items()

    @invariant()
    def nothing_is_there_twice(self) -> None:
        """Of one digest there is one sending that is neither cancelled nor refused; numbers are used once."""
        alive = Counter(one.digest for one in self.lab.sendings() if one.state not in ("cancelled", "refused"))
        assert all(count == 1 for count in alive.values())
        for number in ("send_no", "confirm_no"):
            used = [(one.party, getattr(one, number)) for one in self.lab.sendings() if getattr(one, number)]
            assert len(used) == len(set(used))

    @invariant()
    def every_row_has_its_object(self) -> None:
        """But for deliveries that are still being sealed."""
        left = {row.id for row in self.lab.deliveries() if row.state == "sealing"}
        assert {name for name in self.lab.missing() if name.partition("/")[2] not in left} == set()

    @invariant()
    def the_ledger_holds_what_was_claimed(self) -> None:
        """The institution's leg is that of the confirmed sendings; what was handed over balances."""
        sendings = self.lab.sendings()
        claimed = sum(one.claimed or 0 for one in sendings if one.state not in ("cancelled", "refused"))
        assert self.lab.balance().total.claimed.claims == claimed
        waiting = {file.id for one in sendings if one.state != "handed_over" for file in self.lab.files(one.id)}
        with self.lab.office.store.read() as tx:
            assert balance_of(tx, "1", "202609", without=waiting).balanced

    @invariant()
    def a_claim_lies_once_in_each_payers_deliveries(self) -> None:
        """By its provenance."""
        seen = Counter(
            (row.payer, origin["file"], origin["claim_index"])
            for row in self.lab.deliveries()
            if row.state == "waiting"
            for origin in map(json.loads, self.lab.read(f"provenance/{row.id}").splitlines())
        )
        assert all(count == 1 for count in seen.values())

    def teardown(self) -> None:
        """At the end of the month everything has come to its end, and nothing lies about.

        Once every payer is known, another closing leaves nothing in suspense.
        """
        self.lab.clock.at = max(self.lab.clock.at, CLOSING)
        for _ in range(4):
            self.lab = unplugged(self.lab)
            self.lab.work()
            start.tick(self.lab.office)
        ends = {"refused", "cancelled", "handed_over"}
        assert {one.state for one in self.lab.sendings()} <= ends
        assert self.lab.balance().balanced
        assert not self.lab.missing()
        assert not self.lab.orphans()
        assert all(row.state == "waiting" for row in self.lab.deliveries())
        register(self.lab.office, payers=["06990022", "06990015"])
        if self.lab.balance().total.suspense:
            self.lab.close(force=True)
            self.a_claim_lies_once_in_each_payers_deliveries()
        assert self.lab.balance().total.delivered == self.lab.balance().total.claimed
        assert self.lab.balance().balanced
        assert not self.lab.missing()
        assert not self.lab.orphans()


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
