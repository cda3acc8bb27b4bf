"""Beginning and keeping going: sweep what a kill left behind, order what was lost, do what has fallen due.

`start` runs once, before anything is received, under the home's lock. What it removes are objects that no row speaks
of: by the order in which services write (objects first, then the row) those are remains of acts that never happened.
`tick` runs every few seconds and does what the calendar says.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from seikyu.office.sending import State
from seikyu.ports.jobs import Work, WorkOrder
from seikyu.services.check import check_again, check_sending
from seikyu.services.close import CLOSING, carry_out_close, close_due
from seikyu.services.correcting import sweep_corrections
from seikyu.services.decide import decide_overdue
from seikyu.services.office import Office


@dataclass(frozen=True, slots=True)
class Started:
    """What a start found. Shape: counts."""

    temporaries: int
    orphans: int
    reordered: int


def start(office: Office, *, paused: bool = False) -> Started:
    """Sweep, register who does what, and let the work begin. Once, before the first request.

    `paused`: accept orders but do none.
    """
    started = clean_up(office)
    register(office)
    office.jobs.start(paused=paused)
    return started


def clean_up(office: Office) -> Started:
    """Sweep what a kill left and order what was lost. Once, under the home's lock, before anything works."""
    started = Started(office.objects.sweep(), sweep_orphans(office), reorder(office))
    office.tell("started", temporaries=started.temporaries, orphans=started.orphans, reordered=started.reordered)
    return started


def register(office: Office) -> None:
    """Say who does which work."""
    office.jobs.register(Work.CHECK_SENDING, partial(check_sending, office))
    office.jobs.register(Work.CLOSE_MONTH, partial(carry_out_close, office))


def sweep_orphans(office: Office) -> int:
    """Remove the objects that no row speaks of; return how many. Only while nothing else runs."""
    with office.store.read() as tx:
        spoken_of = tx.object_names()
    orphans = [name for name in office.objects.names() if name not in spoken_of]
    for name in orphans:
        office.objects.remove(name)
    return len(orphans)


def tick(office: Office) -> None:
    """Do what has fallen due: decide what nobody decided, close the months that are over, forget what was typed.

    What cannot be decided because its check is lost is checked again, and decided the next time.
    """
    for sending_id in decide_overdue(office):
        check_again(office, sending_id)
    close_due(office)
    sweep_corrections(office)


def reorder(office: Office, *, came_before: datetime | None = None) -> int:
    """Order anew the work that rows wait for and no order does (its handler gave up); return how much.

    Shape: `came_before` leaves younger sendings alone. Harmless when work is ordered twice: every handler looks first.
    """
    checking = office.jobs.unfinished(Work.CHECK_SENDING)
    closing = office.jobs.unfinished(Work.CLOSE_MONTH)
    with office.store.read() as tx:
        sendings = [
            sending.id
            for sending in reversed(tx.sendings(states=(State.CHECKING.value,)))
            if sending.id not in checking and (came_before is None or sending.received_at < came_before)
        ]
        months = [f"{row.body}/{row.month}" for row in tx.months() if row.state == CLOSING]
    lost = [(Work.CHECK_SENDING, subject) for subject in sendings]
    lost += [(Work.CLOSE_MONTH, subject) for subject in months if subject not in closing]
    if lost:
        with office.store.write() as tx:
            for work, subject in lost:
                office.jobs.submit(tx, WorkOrder(work, subject, key=f"{work}/{subject}/{office.ids.new()}"))
    return len(lost)
