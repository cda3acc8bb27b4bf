"""One act revokes one or many; on many a second person decides; a retry changes nothing, and everything is written down."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from seikyu.adapters.memory import MemoryStore
from seikyu.adapters.sql import open_store
from seikyu.ports.errors import SeikyuError
from seikyu.ports.register import Certificate, Party, RevocationOrder
from seikyu.ports.store import Store
from seikyu.services import revoke as services
from seikyu.services.people import CONSOLE, NoSuchParty
from seikyu.services.revoke import (
    REVOKED,
    BadReason,
    By,
    CertificateNotThere,
    OrderDecided,
    OrderLapsed,
    OrderNotThere,
    PersonNeeded,
    Revoked,
    Revoking,
    SecondPersonNeeded,
    TooManyToRevoke,
)
from seikyu.trust.people import Actor, NotPermitted
from seikyu.trust.revoking import Person, Rules
from services.office_lab import LabClock, LabIds

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
PARTY, EMPTY = "9911000015", "9911000023"
LONG_AGO = NOON - timedelta(days=100)


def user(name: str, role: str = "operator", since: datetime = LONG_AGO) -> By:
    """Return somebody who has logged in."""
    return By(Actor(name, "operator", "1", role), Person("user", f"1/{name}", since))


def terminal(name: str, since: datetime = LONG_AGO) -> By:
    """Return somebody with a certificate of the operator."""
    actor = Actor(f"(certificate {name})", "operator", "", "operator")
    return By(actor, Person("terminal", name, since))


HANAKO, TARO, JIRO = user("hanako"), user("taro", "approver"), user("jiro", "approver")


@dataclass
class Bench:
    """Forty certificates of one party, and short words for what happens with them."""

    store: Store
    clock: LabClock = field(default_factory=lambda: LabClock(NOON))
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    many: int = 40

    def __post_init__(self) -> None:
        self.at = Revoking(
            store=self.store, clock=self.clock, ids=LabIds(), tell=lambda event, **facts: self.told.append((event, facts)),
            rules=Rules(more_than=10, waits=timedelta(hours=72), most=35),
        )  # fmt: skip
        self.serials = [f"{no:x}" for no in range(100, 100 + self.many)]
        with self.store.write() as tx:
            for party in (PARTY, EMPTY):
                tx.put_party(Party(party, "institution", "見本", LONG_AGO))
            for serial in self.serials:
                tx.put_certificate(Certificate(serial, PARTY, "pc", LONG_AGO, NOON + timedelta(days=9)))

    def revoke(self, many: int, *, by: By = HANAKO, reason: str = "superseded", first: int = 0) -> Revoked:
        """Revoke the first ones."""
        return services.revoke(self.at, by, reason=reason, serials=self.serials[first : first + many])

    def order(self, many: int = 11, **more: Any) -> RevocationOrder:
        """Order it."""
        found = self.revoke(many, **more).order
        assert found is not None
        return found

    def approve(self, order: RevocationOrder, by: By = TARO) -> RevocationOrder:
        """Approve it."""
        return services.approve_order(self.at, by, order.id)

    def revoked(self) -> dict[str, tuple[datetime | None, str | None]]:
        """Return what is revoked, when and why."""
        with self.store.read() as tx:
            return {row.serial: (row.revoked_at, row.reason) for row in tx.revoked_certificates()}

    def journal(self) -> list[tuple[str, str, str, dict[str, Any]]]:
        """Return who did what to which, and the facts."""
        with self.store.read() as tx:
            return [(one.user, one.act, one.subject, json.loads(one.facts or "{}")) for one in tx.entries()]

    def state(self) -> tuple[Any, ...]:
        """Return all that an act may change."""
        with self.store.read() as tx:
            return tx.revoked_certificates(), tx.entries(), tx.revocation_orders()


@pytest.fixture(params=["memory", "disk"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    """Return a bench over each store."""
    store = MemoryStore() if request.param == "memory" else open_store(tmp_path / "office.sqlite")
    yield Bench(store)
    store.close()


def refused(kind: type[Exception], act: Callable[[], object], bench: Bench) -> Any:
    """Do what must be refused and change nothing; return the error."""
    before = bench.state(), len(bench.told)
    with pytest.raises(kind) as told:
        act()
    assert before == (bench.state(), len(bench.told))
    return told.value


def test_up_to_ten_are_revoked_at_once(bench: Bench) -> None:
    """Each with an entry in the journal that says who, why, and with how many others; and it is told once."""
    done = bench.revoke(10)

    assert (10, 0, None) == (len(done.revoked), len(done.already), done.order)
    assert dict.fromkeys(bench.serials[:10], (NOON, "superseded")) == bench.revoked()
    facts = {"reason": "superseded", "certificates": 10}
    assert [("hanako", "revoke", serial, facts) for serial in bench.serials[:10]] == bench.journal()
    assert [(REVOKED, {"many": 10, "reason": "superseded"})] == bench.told


def test_said_again_it_changes_nothing(bench: Bench) -> None:
    """The first time and the first reason stay; what is new of a second act is revoked by it."""
    bench.revoke(3)
    bench.clock.at += timedelta(hours=1)
    before = bench.state()
    again = bench.revoke(3, reason="key_compromise", by=By(CONSOLE))
    assert (3, 0, before, 1) == (len(again.already), len(again.revoked), bench.state(), len(bench.told))

    more = bench.revoke(5, reason="key_compromise")
    assert (2, 3) == (len(more.revoked), len(more.already))
    assert (NOON, "superseded") == bench.revoked()[bench.serials[0]]
    assert (bench.clock.at, "key_compromise") == bench.revoked()[bench.serials[4]]


def test_what_is_revoked_already_does_not_count(bench: Bench) -> None:
    """Ten of twelve are left: no second person is asked for."""
    bench.revoke(2)
    assert (10, 2, None) == (len((done := bench.revoke(12)).revoked), len(done.already), done.order)


def test_a_serial_that_is_named_twice_is_one(bench: Bench) -> None:
    """Eleven times the same is one certificate."""
    assert len(services.revoke(bench.at, HANAKO, reason="unspecified", serials=bench.serials[:1] * 11).revoked) == 1


def test_one_unknown_serial_stops_the_whole_act(bench: Bench) -> None:
    """All or nothing, and the missing one is named."""
    act = lambda: services.revoke(bench.at, HANAKO, reason="unspecified", serials=[bench.serials[0], "abc"])  # noqa: E731
    assert refused(CertificateNotThere, act, bench).facts == {"serial": "abc"}


def test_a_party_is_revoked_as_a_whole(bench: Bench) -> None:
    """What has ended is left out; a party without certificates has nothing to revoke, an unknown one is an error."""
    with bench.store.write() as tx:
        tx.put_certificate(Certificate("e1", EMPTY, "pc", LONG_AGO, NOON))
        tx.put_certificate(Certificate("e2", EMPTY, "pc", LONG_AGO, NOON + timedelta(seconds=1)))
    done = services.revoke(bench.at, By(CONSOLE), reason="cessation_of_operation", party=EMPTY)
    assert ["e2"] == [row.serial for row in done.revoked] == list(bench.revoked())
    refused(NoSuchParty, lambda: services.revoke(bench.at, HANAKO, reason="unspecified", party="9911000031"), bench)


def test_a_wrong_reason_is_refused(bench: Bench) -> None:
    """No list could carry it."""
    assert "superseded" in refused(BadReason, lambda: bench.revoke(1, reason="boredom"), bench).facts["reasons"]


def test_more_than_the_most_is_refused(bench: Bench) -> None:
    """By serials and by party."""
    assert refused(TooManyToRevoke, lambda: bench.revoke(36), bench).facts == {"many": 36, "most": 35}
    refused(TooManyToRevoke, lambda: services.revoke(bench.at, HANAKO, reason="unspecified", party=PARTY), bench)


def test_eleven_are_an_order_and_nothing_is_revoked(bench: Bench) -> None:
    """It stands in the journal, and is told; the list is not written for it."""
    order = bench.order()

    assert ("waiting", 11, "superseded", NOON, "user:1/hanako") == (
        order.state, order.many, order.reason, order.ordered_at, order.ordered_by,
    )  # fmt: skip
    assert {} == bench.revoked()
    facts = {"reason": "superseded", "certificates": 11}
    assert [("hanako", "order_revocation", order.id, facts)] == bench.journal()
    assert [("revocation_ordered", {"order": order.id, "many": 11, "reason": "superseded"})] == bench.told
    assert (order, sorted(bench.serials[:11])) == services.show_order(bench.at, order.id)


def test_the_same_order_given_again_is_the_same(bench: Bench) -> None:
    """While it waits; another reason, person or set is another order."""
    order = bench.order()
    before = bench.state()
    again = bench.revoke(11)
    assert (order, True, before) == (again.order, again.repeat, bench.state())

    others = {bench.order(reason="key_compromise").id, bench.order(12).id, bench.order(by=user("ken")).id}
    assert len(others | {order.id}) == 4
    bench.clock.at += timedelta(hours=72)
    assert bench.order().id not in others | {order.id}


def test_many_without_a_person_are_refused(bench: Bench) -> None:
    """Whoever works on the folder must say who they are."""
    told = refused(PersonNeeded, lambda: bench.revoke(11, by=By(CONSOLE)), bench)
    assert told.facts == {"many": 11, "more_than": 10}
    order = bench.order()
    refused(PersonNeeded, lambda: bench.approve(order, By(CONSOLE)), bench)


def test_a_second_person_puts_the_order_in_force(bench: Bench) -> None:
    """All that still stands is revoked then, with the order's reason; who approved it is written down."""
    order = bench.order(30)
    bench.clock.at += timedelta(hours=5)
    bench.revoke(1, by=HANAKO, reason="key_compromise", first=29)
    bench.told.clear()

    done = bench.approve(order)

    assert ("approved", "user:1/taro", bench.clock.at) == (done.state, done.decided_by, done.decided_at)
    assert len(bench.revoked()) == 30
    assert (bench.clock.at, "superseded") == bench.revoked()[bench.serials[0]]
    assert (bench.clock.at, "key_compromise") == bench.revoked()[bench.serials[29]]
    assert ("taro", "approve_revocation", order.id, {"reason": "superseded", "certificates": 29}) == bench.journal()[-1]
    assert (REVOKED, {"many": 29, "reason": "superseded"}) in bench.told


def test_approved_again_by_the_same_it_changes_nothing(bench: Bench) -> None:
    """An answer that was lost; from another it is too late, and so is a denial."""
    order = bench.order()
    done = bench.approve(order)
    before = bench.state()
    assert (done, before) == (bench.approve(order), bench.state())
    told = refused(OrderDecided, lambda: bench.approve(order, JIRO), bench)
    assert told.facts == {"order": order.id, "state": "approved", "by": "user:1/taro"}
    refused(OrderDecided, lambda: services.deny_order(bench.at, TARO, order.id), bench)


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        (user("hanako"), user("hanako", "approver"), "same_person"),
        (user("hanako"), terminal("desk-2"), "other_way"),
        (terminal("desk-1"), terminal("desk-1"), "same_person"),
        (terminal("desk-1"), TARO, "other_way"),
        (terminal("desk-1"), terminal("desk-2", since=NOON), "too_new"),
        (user("hanako"), user("taro", "approver", since=NOON + timedelta(minutes=1)), "too_new"),
    ],
)
def test_the_same_person_is_refused(bench: Bench, first: By, second: By, why: str) -> None:
    """With another role, another way in, or made anew: nothing is revoked, and the order waits on."""
    order = bench.order(by=first)
    bench.clock.at += timedelta(hours=1)
    told = refused(SecondPersonNeeded, lambda: bench.approve(order, second), bench)
    assert (told.facts, told.words_code) == ({"why": why}, f"second_person_needed.{why}")


def test_two_terminals_are_two_persons(bench: Bench) -> None:
    """At the desk, where a certificate is all that is asked for."""
    order = bench.order(by=terminal("desk-1"))
    assert bench.approve(order, terminal("desk-2")).decided_by == "terminal:desk-2"
    assert bench.journal()[-1][0] == "(certificate desk-2)"


@pytest.mark.parametrize("role", ["operator", "auditor"])
def test_who_has_not_the_power_approves_nothing(bench: Bench, role: str) -> None:
    """To approve is another role than to work."""
    order = bench.order()
    refused(NotPermitted, lambda: bench.approve(order, user("ken", role)), bench)
    refused(NotPermitted, lambda: services.deny_order(bench.at, user("ken", role), order.id), bench)


@pytest.mark.parametrize("role", ["approver", "auditor"])
def test_who_has_not_the_power_revokes_and_orders_nothing(bench: Bench, role: str) -> None:
    """Not even one."""
    refused(NotPermitted, lambda: bench.revoke(1, by=user("ken", role)), bench)
    refused(NotPermitted, lambda: bench.revoke(11, by=user("ken", role)), bench)


def test_who_has_something_to_do_first_does_nothing(bench: Bench) -> None:
    """Without a second factor nobody is a second person."""
    actor = Actor("taro", "operator", "1", "approver", must="second_factor")
    order = bench.order()
    refused(NotPermitted, lambda: bench.approve(order, By(actor, Person("user", "1/taro", LONG_AGO))), bench)


@pytest.mark.parametrize("by", [TARO, HANAKO, By(CONSOLE), terminal("desk-9", since=NOON)])
def test_an_order_is_turned_down(bench: Bench, by: By) -> None:
    """By an approver, by whoever gave it, at the console, or by any terminal: it harms nobody."""
    order = bench.order()
    done = services.deny_order(bench.at, by, order.id)
    assert ("denied", {}) == (done.state, bench.revoked())
    assert ("deny_revocation", order.id) == bench.journal()[-1][1:3]
    assert done == services.deny_order(bench.at, by, order.id)
    refused(OrderDecided, lambda: bench.approve(order, JIRO), bench)


def test_an_order_that_waited_too_long_is_void(bench: Bench) -> None:
    """Neither approved nor denied any more, and shown as what it is."""
    order = bench.order()
    bench.clock.at += timedelta(hours=72)
    refused(OrderLapsed, lambda: bench.approve(order), bench)
    refused(OrderLapsed, lambda: services.deny_order(bench.at, TARO, order.id), bench)
    assert ["lapsed"] == [one.state for one in services.list_orders(bench.at)]
    assert services.show_order(bench.at, order.id)[0].state == "lapsed"
    bench.clock.at -= timedelta(seconds=1)
    assert bench.approve(order).state == "approved"


def test_an_order_that_is_not_there_is_not_found(bench: Bench) -> None:
    """By anybody."""
    for act in (services.approve_order, services.deny_order):
        refused(OrderNotThere, lambda act=act: act(bench.at, TARO, "nowhere"), bench)  # type: ignore[misc]
    refused(OrderNotThere, lambda: services.deny_order(bench.at, By(CONSOLE), "nowhere"), bench)
    refused(OrderNotThere, lambda: services.show_order(bench.at, "nowhere"), bench)


def test_orders_are_listed_newest_first(bench: Bench) -> None:
    """A page at a time."""
    orders = [bench.order(many).id for many in (11, 12, 13)]
    assert orders[::-1] == [one.id for one in services.list_orders(bench.at)]
    assert [orders[1]] == [one.id for one in services.list_orders(bench.at, after=orders[2], limit=1)]


def test_two_who_decide_at_once_decide_once(tmp_path: Path) -> None:
    """Each of twelve tries, approvals and denials: one counts, and the rows are all its own or none's."""
    bench = Bench(store := open_store(tmp_path / "office.sqlite"))
    order = bench.order(30)

    def decide(no: int) -> str:
        by = user(f"approver-{no}", "approver")
        act = services.approve_order if no % 2 else services.deny_order
        try:
            return act(bench.at, by, order.id).state
        except SeikyuError as told:
            return told.code

    with ThreadPoolExecutor(12) as threads:
        words = list(threads.map(decide, range(12)))

    assert [word for word in words if word != "order_decided"] in (["approved"], ["denied"])
    assert len(bench.revoked()) == (30 if "approved" in words else 0)
    assert len(bench.journal()) == 2
    store.close()


def test_two_who_revoke_at_once_revoke_once(tmp_path: Path) -> None:
    """The first reason stays, and the journal has each certificate once."""
    bench = Bench(store := open_store(tmp_path / "office.sqlite"))
    with ThreadPoolExecutor(8) as threads:
        done = list(threads.map(lambda no: bench.revoke(8, by=user(f"user-{no}")), range(8)))
    assert [0] * 7 + [8] == sorted(len(each.revoked) for each in done)
    assert sorted(bench.serials[:8]) == sorted(one[2] for one in bench.journal())
    store.close()


def test_an_act_that_fails_in_the_middle_leaves_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows, order and journal are one transaction."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the plug")

    order = bench.order(20)
    with monkeypatch.context() as patched:
        patched.setattr(services, "note", broken)
        refused(RuntimeError, lambda: bench.revoke(5), bench)
        refused(RuntimeError, lambda: bench.revoke(12), bench)
        refused(RuntimeError, lambda: bench.approve(order), bench)
    assert bench.approve(order).state == "approved"


def test_thousands_are_revoked_by_one_order(tmp_path: Path) -> None:
    """In pieces, and all of them."""
    store = open_store(tmp_path / "office.sqlite")
    bench = Bench(store, many=1300)
    bench.at = Revoking(store=store, clock=bench.clock, ids=bench.at.ids)
    order = bench.order(1300)
    bench.approve(order)
    assert len(bench.revoked()) == 1300
    store.close()
