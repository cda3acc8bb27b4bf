"""What is arriving just now: shown to its own party, told to who checks meanwhile, forgotten when it is in or gone.

It lives in the memory of the server (`desk`): until a sending's transaction has committed there is no sending, and a
restart has nothing to remember. How far the check has come is hearsay from beside; what counts is the sending's own
check.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from seikyu.ports.trust import ClientIdentity
from seikyu.ports.watching import Coming, Progress
from seikyu.services.office import OPERATOR, Office
from seikyu.services.show import Page

if TYPE_CHECKING:
    from seikyu.services.receive import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Whose body it is, on what terms, and which file of which upload.

    Shape: `no` from 1; None for a single file. `agent` sends it for the party, if anybody does.
    """

    party: str
    terms: "Terms"
    upload: str | None = None
    no: int | None = None
    agent: str | None = None


@dataclass(slots=True)
class Arrival:
    """A file on its way in.

    Shape: `stated_bytes` is the length that its sender stated; `ended` if its last byte is there; `told` how far the
    check has come.
    """

    id: str
    source: Source
    file_name: str | None
    stated_bytes: int | None
    received_bytes: int = 0
    ended: bool = False
    told: Progress | None = None


def begin(office: Office, arrival: Arrival, *, growing: str | None) -> None:
    """Take note of a body that begins; `growing` is None if nothing of it is kept."""
    office.desk.arrivals[arrival.id] = arrival
    if growing is None:
        return
    terms = arrival.source.terms
    office.watching.begin(
        Coming(
            file_id=arrival.id,
            growing=growing,
            party=arrival.source.party,
            line=terms.line,
            asp=terms.asp,
            body=terms.body,
            file_name=arrival.file_name,
        )
    )


def end(office: Office, arrival: Arrival, *, sha256: str) -> None:
    """Take note that the last byte is there."""
    arrival.ended = True
    office.watching.end(arrival.id, size_bytes=arrival.received_bytes, sha256=sha256)


def forget(office: Office, file_ids: Iterable[str], *, entered: bool = False) -> None:
    """Forget files: they were `entered` and their check is ordered, or nothing of them stays."""
    for file_id in file_ids:
        office.desk.arrivals.pop(file_id, None)
        if not entered:
            office.watching.gone(file_id)


def hear(office: Office, progress: Progress) -> None:
    """Take note of how far the check of a file has come; nothing if it does not arrive (any more)."""
    arrival = office.desk.arrivals.get(progress.file_id)
    if arrival is not None:
        arrival.told = progress


def list_arrivals(office: Office, identity: ClientIdentity, *, limit: int, cursor: str | None = None) -> Page:
    """Return what of the asker's own is arriving, newest first; to the operator, everybody's."""
    found = sorted(office.desk.arrivals.values(), key=lambda arrival: arrival.id, reverse=True)
    mine = [
        arrival
        for arrival in found
        if (identity.kind == OPERATOR or _is_of(arrival, identity)) and (cursor is None or arrival.id < cursor)
    ]
    page = [arrival_view(arrival) for arrival in mine[:limit]]
    return Page(page, mine[limit - 1].id if len(mine) > limit else None)


def _is_of(arrival: Arrival, identity: ClientIdentity) -> bool:
    """True if it arrives for the party; an agent sees what it sends itself, the party everything."""
    return arrival.source.party == identity.party and identity.agent in {None, arrival.source.agent}


def arrival_view(arrival: Arrival) -> dict[str, Any]:
    """Return an arrival as the world sees it."""
    source = arrival.source
    return {
        "id": arrival.id,
        "party": source.party,
        "line": source.terms.line,
        "upload": source.upload,
        "no": source.no,
        "name": arrival.file_name,
        "idempotency_key": source.terms.idempotency_key,
        "stated_bytes": arrival.stated_bytes,
        "received_bytes": arrival.received_bytes,
        "ended": arrival.ended,
    } | told_view(arrival.told)


def told_of(office: Office, file_id: str) -> dict[str, Any]:
    """Return what is known of a file that has just arrived."""
    arrival = office.desk.arrivals.get(file_id)
    return told_view(arrival.told if arrival else None)


def told_view(told: Progress | None) -> dict[str, Any]:
    """Return how far a check has come; zeros and None before it has begun."""
    told = told or Progress("")
    return {
        "claims": told.claims,
        "findings": dict(told.findings),
        "refused": asdict(told.refused) if told.refused else None,
    }
