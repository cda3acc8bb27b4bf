"""How long objects are kept: days per class, set by the operator; 0 or no number keeps for ever.

Only what has come to its end is removed: objects of sendings that were handed over, refused or cancelled, deliveries
that were received. What still waits for anybody stays, however old; so does a file of which claims are in suspense.
Rows stay always; an object that is past its keeping is NotFound to who asks for it.
"""

from datetime import datetime, timedelta
from typing import Final

from seikyu.office.sending import State
from seikyu.ports.store import ReadTx
from seikyu.services.deliver import RECEIVED
from seikyu.services.ledger import standing_suspense
from seikyu.services.office import REAL, Office

_ENDED: Final = tuple(
    state.value for state in (State.REFUSED, State.CANCELLED, State.CORRECTED, State.HANDED_OVER, State.UNDONE)
)

#: Rows looked at in one transaction.
_PAGE: Final = 500


def retire(office: Office) -> int:
    """Remove the objects that are past their keeping; return how many. To be called now and then."""
    now = office.clock.now()
    before = {kind: now - timedelta(days=days) for kind, days in office.retention_days.items() if days}
    old = set()
    if before:
        with office.store.read() as tx:
            old = _old_objects(tx, before)
    there = {name for kind in before for name in office.objects.names(f"{kind}/")}
    gone = sorted(old & there)
    for name in gone:
        office.objects.remove(name)
    if gone:
        office.tell("objects_retired", objects=len(gone))
    return len(gone)


def _old_objects(tx: ReadTx, before: dict[str, datetime]) -> set[str]:
    """Return the names of objects that may go: each class by its own age."""
    names: set[str] = set()
    in_suspense = {
        file for month in tx.months() for file in standing_suspense(tx, month.body, month.month) if month.line == REAL
    }
    after: str | None = None
    while rows := tx.sendings(states=_ENDED, after=after, limit=_PAGE):
        after = rows[-1].id
        for sending in rows:
            aged = {kind for kind, instant in before.items() if sending.received_at < instant}
            for file in tx.files(sending.id) if aged else ():
                if file.id in in_suspense:
                    continue
                of_file = (f"files/{file.id}", file.index_object, file.findings_object)
                names |= {name for name in of_file if name is not None and name.partition("/")[0] in aged}
    after = None
    while deliveries := tx.deliveries(after=after, limit=_PAGE):
        after = deliveries[-1].id
        for delivery in deliveries:
            if delivery.state == RECEIVED:
                of_one = (f"deliveries/{delivery.id}", f"provenance/{delivery.id}")
                kinds = {kind for kind, instant in before.items() if delivery.sealed_at < instant}
                names |= {name for name in of_one if name.partition("/")[0] in kinds}
    return names
