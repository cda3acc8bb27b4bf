"""A kill, or an error, at every single call to a port: nothing is lost, nothing happens twice, nothing half stays."""

from collections.abc import Callable
from typing import Any

import pytest

from builders import CITY, ELDERLY, NHI, SOCIETY, WELFARE, claim, uke
from seikyu.ports.errors import Unavailable
from seikyu.ports.jobs import Work
from seikyu.services import close
from seikyu.services.check import check_sending
from seikyu.services.errors import AlreadyClosed, AlreadyDecided
from services.faults import Killed, Plug, plugged, unplugged
from services.office_lab import CLOSING, OPEN, Lab, make_lab

#: One claim whose payer nobody knows, so that a suspense is part of the way.
DATA = uke(
    claim(1, insurer=SOCIETY),
    claim(2, insurer=ELDERLY, publics=[CITY]),
    claim(3, insurer=NHI, publics=[WELFARE]),
    claim(4, insurer="06990022"),
)

FAULTS = [(kill, after) for kill in (True, False) for after in (True, False)]


def _work(lab: Lab, work: Work, act: Callable[[Any, str], None]) -> None:
    for subject in sorted(lab.office.jobs.unfinished(work)):
        act(lab.office, subject)


def _send(lab: Lab) -> None:
    lab.send(DATA, idempotency_key="k")


def _check(lab: Lab) -> None:
    _work(lab, Work.CHECK_SENDING, check_sending)


def _confirm(lab: Lab) -> None:
    (sending,) = lab.sendings()
    lab.confirm(sending)


def _close(lab: Lab) -> None:
    lab.clock.at = CLOSING
    close.request_close(lab.office, "1", "202609")
    _work(lab, Work.CLOSE_MONTH, close.carry_out_close)


STEPS = (_send, _check, _confirm, _close)


def _until(lab: Lab, last: int) -> Lab:
    """Return the lab after the steps before `last`."""
    lab.clock.at = OPEN
    for step in STEPS[:last]:
        step(lab)
    return lab


def _try(lab: Lab, step: Callable[[Lab], None]) -> bool:
    """Do a step; return whether it went through. That it is done already is as good."""
    try:
        step(lab)
    except (Killed, Unavailable):
        return False
    except (AlreadyDecided, AlreadyClosed):
        return True
    return True


def _told(lab: Lab) -> dict[str, Any]:
    """Return all that matters at the end, ids aside."""
    (sending,) = lab.sendings()
    with lab.office.store.read() as tx:
        month = tx.month("1", "202609", "real")
        rows = [
            (row.stage, row.payer, row.claims, row.cases, row.main_points, row.own_points, row.reason)
            for row in tx.postings("1", "202609", "real")
        ]
    deliveries = sorted((row.payer, row.sha256, row.state, row.claims) for row in lab.deliveries())
    return {
        "state": sending.state,
        "numbers": (sending.send_no, sending.confirm_no, sending.claims, sending.claimed),
        "postings": sorted(rows, key=str),
        "deliveries": deliveries,
        "bytes": sorted(lab.read(f"deliveries/{row.id}") for row in lab.deliveries()),
        "month": month and month.state,
        "balanced": lab.balance().balanced,
    }


def _being_sealed(lab: Lab) -> set[str]:
    """Return the names of deliveries in `sealing`: the only rows that come before their objects."""
    left = [row.id for row in lab.deliveries() if row.state == "sealing"]
    return {f"{kind}/{name}" for kind in ("deliveries", "provenance") for name in left}


@pytest.mark.parametrize(("kill", "after"), FAULTS)
@pytest.mark.parametrize("step", range(len(STEPS)), ids=lambda at: STEPS[at].__name__.strip("_"))
def test_a_fault_at_any_call_changes_nothing_in_the_end(step: int, kill: bool, after: bool) -> None:  # noqa: FBT001
    """Whatever call of whatever step fails, done again after a start it ends as if nothing had happened."""
    undisturbed = _until(make_lab(), len(STEPS))
    counted = Plug()
    STEPS[step](plugged(_until(make_lab(), step), counted))
    assert counted.count > 0

    for at in range(1, counted.count + 1):
        lab = _until(make_lab(), step)
        before = set(lab.names())
        hurt = plugged(lab, Plug(at=at, after=after, kill=kill))
        went_through = _try(hurt, STEPS[step])
        if not kill and not went_through and step == 0 and not lab.sendings():
            assert before == set(lab.names()), f"call {at} left an object of nothing"
        lab = unplugged(hurt)
        assert lab.missing() <= _being_sealed(lab), f"call {at} left a row without its object"
        assert not lab.orphans(), f"call {at} left an object without a row"

        for again in STEPS[step:]:
            assert _try(lab, again), f"call {at}: {again.__name__} fails when done again"
        assert _told(undisturbed) == _told(lab), f"call {at}"
        assert not lab.missing()
        assert not lab.orphans()
