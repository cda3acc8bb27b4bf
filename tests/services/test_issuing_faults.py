"""A kill, an error or a full disk at every call to the store: a certificate is there with its row, or not at all."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from seikyu.adapters.sql.store import SqlStore
from seikyu.ports.errors import NoSpace, Unavailable
from seikyu.services import applications, issuing
from seikyu.services.applications import Enrolling, Opened, Wish
from seikyu.services.issuing import Proof
from seikyu.services.people import CONSOLE
from services.enrolment_lab import CLERK, OWN, TERMINAL, EnrolmentLab, make_enrolment_lab, new_asked
from services.faults import FaultyStore, Killed, Plug

FIRST, SECOND = new_asked(), new_asked()


def approve(at: Enrolling, lab: EnrolmentLab, _opened: Opened) -> object:
    """Approve what waits."""
    with lab.enrolling.store.read() as tx:
        waiting = tx.applications(state="applied")
    return applications.approve(at, CONSOLE, waiting[0].id) if waiting else None


ACTS: dict[str, Callable[[Enrolling, EnrolmentLab, Opened], object]] = {
    "apply": lambda at, _lab, _opened: applications.apply_for(at, CLERK, Wish("pc-3"), party=OWN),
    "approve": approve,
    "fetch": lambda at, _lab, opened: issuing.fetch(at, Proof(opened.reference, opened.pin), SECOND),
    "end": lambda at, _lab, opened: issuing.end_of_terminal(at, CONSOLE, opened.notice.id),
}


def ready(where: Path | None = None) -> tuple[EnrolmentLab, Opened]:
    """Return a lab with a terminal that has a certificate, and an application that waits."""
    lab = make_enrolment_lab(where)
    opened = lab.opened()
    lab.fetched(opened, FIRST)
    applications.apply_for(lab.enrolling, CLERK, Wish("pc-2"), party=OWN)
    return lab, opened


def told(lab: EnrolmentLab) -> dict[str, Any]:
    """Return all that matters, without what chance made."""
    with lab.enrolling.store.read() as tx:
        rows = sorted(tx.certificates(party=OWN), key=lambda row: row.serial)
        issued = [tx.issued(row.serial) for row in rows]
        assert None not in issued, "a certificate in the register that was issued to nobody"
        return {
            "applications": [(each.terminal, each.state, each.notice is None) for each in tx.applications()],
            "notices": [(each.terminal, each.ended_at) for each in tx.issuance_notices(OWN)],
            "certificates": [(row.terminal, row.revoked_at, row.reason) for row in rows],
            "issued": [(row.spki_sha256, row.superseded_at) for row in issued if row],
            "of terminal": len(tx.issued_of_terminal(OWN, TERMINAL)),
            "journal": [(entry.act, entry.user) for entry in tx.entries()],
        }


@pytest.mark.parametrize(("kill", "after"), [(kill, after) for kill in (True, False) for after in (True, False)])
@pytest.mark.parametrize("act", ACTS)
def test_a_fault_at_any_call_leaves_all_or_nothing(act: str, kill: bool, after: bool) -> None:  # noqa: FBT001
    """Done again it ends as if nothing had happened: one certificate for the key, the one before it to end later."""
    lab, opened = ready()
    before, plug = told(lab), Plug()
    ACTS[act](replace(lab.enrolling, store=FaultyStore(lab.enrolling.store, plug)), lab, opened)
    done = told(lab)
    assert before != done

    for at in range(1, plug.count + 1):
        hurt, opened = ready()
        store = FaultyStore(hurt.enrolling.store, Plug(at=at, after=after, kill=kill))
        with pytest.raises((Killed, Unavailable)):
            ACTS[act](replace(hurt.enrolling, store=store), hurt, opened)
        left = told(hurt)
        # Ending a terminal is two acts: its notice first, then what it has.
        assert left in (before, done) or (act == "end" and left["certificates"] == before["certificates"])
        ACTS[act](hurt.enrolling, hurt, opened)
        assert done == told(hurt)


def test_a_full_disk_keeps_nothing_half(tmp_path: Path) -> None:
    """It is told as such; with room again the same key gets its certificate."""
    lab, opened = ready(tmp_path)
    store = lab.enrolling.store
    assert isinstance(store, SqlStore)
    room = [1]  # no more pages than there are

    @sa.event.listens_for(store.engine, "checkout")
    def _limited(connection: Any, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {room[0]}")

    for _ in range(100):
        before, asked = told(lab), new_asked()
        try:
            lab.fetched(opened, asked)
        except NoSpace:
            break
    else:
        raise AssertionError("the disk was never full")
    assert before == told(lab)
    room[0] = 1 << 30
    assert lab.fetched(opened, asked).serial in lab.living()
    store.close()
