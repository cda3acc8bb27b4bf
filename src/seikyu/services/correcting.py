"""Correcting claims on the screen (レセプト訂正): work in progress, kept until it is finished or given up.

What is kept of a claim is what was changed, never the claim; from it and the file the corrected claim is made whenever
it is looked at, and checked again at once by the checker itself. Two windows cannot overwrite each other: whoever
changes a correction says which version of it they saw.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from seikyu.limits import limit
from seikyu.office.correcting import Barred, Mark, barred
from seikyu.office.errors import NotAllowed
from seikyu.office.leaving import LeftOut
from seikyu.office.sending import ClaimsCorrected, State, step
from seikyu.ports.correcting import Correction
from seikyu.ports.errors import BadRequest, NotFound, NotThere
from seikyu.ports.store import File, Sending
from seikyu.ports.trust import ClientIdentity
from seikyu.records import (
    AddedRecord,
    Edits,
    ItemChange,
    Layout,
    NotEditable,
    changes_of,
    claim_lines,
    edited,
    file_of,
    record_layout_of,
    text_of,
)
from seikyu.rules import Finding, Refuses, Summary, examine
from seikyu.rules.blocks import one_by_one
from seikyu.rules.index import IndexRow
from seikyu.rules.plan import plans
from seikyu.rules.typed import Mistyped, typed
from seikyu.services.check import context_of
from seikyu.services.claims import OpenedClaim, open_claim, sending_of_party
from seikyu.services.errors import BadCorrection, CorrectionMoved, NotCorrectable, Wrong
from seikyu.services.indexes import rows_of
from seikyu.services.office import Office
from seikyu.services.show import Page

#: The claims of files that are corrected as they are; what is returned is claimed again in a file of its own.
KINDS: Final = frozenset({"medical", "dpc", "dental", "pharmacy", "home_nursing"})


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody wants of a claim, as it was typed.

    Shape: `items` by line (from 0, as the claim was received) and number; `added` are the line that a record stands
    behind, and its items with the identification; `version` is the one that they saw, 0 for none.
    """

    version: int
    mark: Mark = Mark.OPEN
    items: Mapping[tuple[int, int], str] = field(default_factory=dict, repr=False)
    removed: Sequence[int] = ()
    added: Sequence[tuple[int, Sequence[str]]] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Rechecked:
    """What the checker says of the corrected claim.

    Shape: lines of `findings` count from 1 in `data`, the corrected claim; `new` are those that the claim did not have
    before; `refuses_file` is what refuses the file whatever is in the claim.
    """

    data: bytes = field(repr=False)
    findings: tuple[Finding, ...]
    new: tuple[Finding, ...]
    refuses_file: Finding | None


@dataclass(frozen=True, slots=True)
class ShownCorrection:
    """One claim and what is corrected in it."""

    claim: OpenedClaim
    row: Correction | None
    edits: Edits
    barred: Barred | None
    changes: tuple[ItemChange, ...]
    after: Rechecked

    @property
    def version(self) -> int:
        """The version that is kept, 0 for none."""
        return self.row.version if self.row else 0

    @property
    def mark(self) -> Mark:
        """How far it is."""
        return Mark(self.row.mark) if self.row else Mark.OPEN


# --- looking ---


def list_correctable(
    office: Office, identity: ClientIdentity, sending_id: str, *, limit: int = 50, cursor: str | None = None
) -> Page:
    """Return the claims of a sending that came back with errors, each with how far its correction is.

    Shape: the cursor is `FILE.INDEX`. Errors: Forbidden, NotFound, BadRequest.
    """
    sending, files = sending_of_party(office, identity, sending_id)
    with office.store.read() as tx:
        rows = {(row.file_no, row.claim_index): row for row in tx.corrections(sending_id)}
    begin = _cursor(cursor)
    items: list[dict[str, Any]] = []
    for file in files:
        if file.no < begin[0] or file.index_object is None:
            continue
        left = LeftOut.read(file.left_out)
        try:
            for index, row in enumerate(rows_of(office.objects, file.index_object)):
                why = barred(row, file_refused=bool(file.refused), left_out=index in left)
                if (file.no, index) < begin or (why in {Barred.NO_ERRORS, Barred.LEFT_OUT}):
                    continue
                if len(items) == limit:
                    return Page(items, f"{file.no}.{index}")
                items.append(_listed(file.no, index, row, why or may_not(sending), rows.get((file.no, index))))
        except NotThere:
            raise NotFound("the list of claims is past its keeping") from None
    return Page(items, None)


def _listed(file_no: int, index: int, row: IndexRow, why: str | None, kept: Correction | None) -> dict[str, Any]:
    return {
        "file_no": file_no,
        "claim_index": index,
        "claim_no": row.claim_no if row.claim_no >= 0 else None,
        "worst": row.worst,
        "refused": row.refused,
        "barred": why,
        "mark": kept.mark if kept else Mark.OPEN.value,
        "version": kept.version if kept else 0,
        "into": kept.into if kept else None,
        "changed": bool(kept and kept.edits),
    }


def show_correction(
    office: Office, identity: ClientIdentity, sending_id: str, *, file_no: int, claim_index: int
) -> ShownCorrection:
    """Return one claim with what is corrected in it, checked again. Errors: Forbidden, NotFound."""
    claim = open_claim(office, identity, sending_id, file_no=file_no, claim_index=claim_index)
    with office.store.read() as tx:
        row = tx.correction(sending_id, file_no, claim_index)
    return _shown(office, claim, row)


def _shown(office: Office, claim: OpenedClaim, row: Correction | None) -> ShownCorrection:
    edits = read_edits(row)
    why = why_barred(claim.file, claim.index, claim.row)
    changes = tuple(changes_of(claim.data, edits, claim.layout))
    return ShownCorrection(claim, row, edits, why, changes, recheck(office, claim, edits))


def may_not(sending: Sending) -> str | None:
    """Return the word for why no claim of a sending may be corrected (any more), None if some may."""
    if sending.kind not in KINDS:
        return "kind"
    try:
        step(State(sending.state), ClaimsCorrected())
    except NotAllowed:
        return "state"
    return None


# --- changing ---


def put_correction(
    office: Office,
    identity: ClientIdentity,
    sending_id: str,
    *,
    file_no: int,
    claim_index: int,
    wanted: Typed,
    by: str,
) -> ShownCorrection:
    """Keep what is to be changed in a claim, in the place of what was kept; return it, checked again.

    Durable when it returns. Nothing is sent yet. Errors: Forbidden, NotFound, NotCorrectable, CorrectionMoved,
    BadCorrection, BadRequest, Unavailable; nothing changes then.
    """
    claim = open_claim(office, identity, sending_id, file_no=file_no, claim_index=claim_index)
    edits = _edits_of(claim, wanted)
    if wanted.mark is Mark.CORRECTED and edits.empty:
        raise BadRequest("a corrected claim is changed somewhere", parameter="mark")
    now = office.clock.now()
    with office.store.write() as tx:
        sending, kept = tx.sending(sending_id), tx.correction(sending_id, file_no, claim_index)
        file = next((each for each in tx.files(sending_id) if each.no == file_no), None)
        if sending is None or file is None or file.index_object != claim.file.index_object:
            raise CorrectionMoved("the sending was decided meanwhile", version=kept.version if kept else 0)
        require_correctable(sending, file, claim_index, claim.row)
        if kept is not None and kept.into is not None:
            raise NotCorrectable("the claim has gone on", why=Barred.FINISHED.value, state=sending.state)
        if (kept.version if kept else 0) != wanted.version:
            raise CorrectionMoved("another change came first", version=kept.version if kept else 0)
        if kept is None and len(tx.corrections(sending_id)) >= limit("corrections_per_sending"):
            raise BadRequest("too many claims of one sending are corrected by hand", parameter="claims")
        row = Correction(
            sending=sending_id,
            file_no=file_no,
            claim_index=claim_index,
            version=wanted.version + 1,
            mark=wanted.mark.value,
            edits=write_edits(edits),
            changed_at=now,
            by=by,
        )
        tx.put_correction(row)
    office.tell("correction_kept", sending=sending_id, party=identity.party, mark=row.mark)
    return _shown(office, claim, row)


def why_barred(file: File, claim_index: int, row: IndexRow) -> Barred | None:
    """Return why a claim of a file cannot be corrected, None if it can."""
    left = LeftOut.read(file.left_out)
    return barred(row, file_refused=bool(file.refused), left_out=claim_index in left)


def require_correctable(sending: Sending, file: File, claim_index: int, row: IndexRow) -> None:
    """Errors: NotCorrectable, unless the claim came back and may still go on in another sending."""
    why = may_not(sending) or why_barred(file, claim_index, row)
    if why is not None:
        raise NotCorrectable("the claim cannot be corrected here", why=str(why), state=sending.state)


def _edits_of(claim: OpenedClaim, wanted: Typed) -> Edits:
    """Return what was typed as edits of the claim; what is typed as it is already, is none. Errors: BadCorrection."""
    lines, wrongs = claim_lines(claim.data), list[Wrong]()
    items: dict[tuple[int, int], bytes] = {}
    for (at, no), text in wanted.items.items():
        record = record_layout_of(lines[at], claim.layout) if 0 <= at < len(lines) else None
        if record is None or record.item(no) is None:
            wrongs.append(Wrong(at, no, "no_such_place"))
            continue
        written = lines[at].content.split(b",")
        if text == text_of(written[no - 1] if no <= len(written) else b""):
            continue
        items |= _read(claim.layout, (at, no), record.id, text, wrongs)
    added = [_added(claim.layout, after, texts, wrongs) for after, texts in wanted.added]
    if len(items) + len(wrongs) + len(wanted.removed) + len(added) > limit("corrected_lines"):
        raise BadRequest("too much of one claim is changed by hand", parameter="items")
    edits = Edits(items, frozenset(wanted.removed), tuple(added))
    try:
        edited(claim.data, edits, claim.layout)
    except NotEditable as reason:
        wrongs.append(Wrong(reason.line, 0, reason.why))
    if wrongs:
        raise BadCorrection(tuple(wrongs))
    return edits


def _added(layout: Layout, after: int, texts: Sequence[str], wrongs: list[Wrong]) -> AddedRecord:
    """Return a record that was typed; empty items at its end are written by no comma."""
    record_id = texts[0] if texts else ""
    values = [record_id.encode("ascii", "replace")]
    for no, text in enumerate(texts[1:], start=2):
        read = _read(layout, (after, no), record_id, text, wrongs)
        values.append(read.get((after, no), b""))
    record = layout.records.get(record_id)
    most = len(record.items) if record else 0
    while len(values) > most > 0 and not values[-1]:
        values.pop()
    return AddedRecord(after, tuple(values))


def _read(
    layout: Layout, place: tuple[int, int], record_id: str, text: str, wrongs: list[Wrong]
) -> dict[tuple[int, int], bytes]:
    plan = plans(layout.name).get(record_id)
    item = plan.layout.item(place[1]) if plan else None
    if plan is None or item is None:
        return {}
    try:
        return {place: typed(text, item, plan)}
    except Mistyped as reason:
        wrongs.append(Wrong(*place, reason.why, reason.most_bytes))
        return {}


# --- how edits are kept ---


def write_edits(edits: Edits) -> str:
    """Return edits as a row keeps them."""
    said = {
        "items": [[at, no, text_of(new)] for (at, no), new in sorted(edits.items.items())],
        "removed": sorted(edits.removed),
        "added": [[added.after, [text_of(item) for item in added.items]] for added in edits.added],
    }
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def read_edits(row: Correction | None) -> Edits:
    """Return the edits of a row; none, if it keeps none (any more)."""
    if row is None or not row.edits:
        return Edits()
    said = json.loads(row.edits)
    return Edits(
        {(at, no): text.encode("cp932") for at, no, text in said["items"]},
        frozenset(said["removed"]),
        tuple(AddedRecord(after, tuple(text.encode("cp932") for text in texts)) for after, texts in said["added"]),
    )


def kept_as_typed(row: Correction | None) -> Typed:
    """Return what a row keeps as it would be typed again, for whoever changes a part of it."""
    edits = read_edits(row)
    return Typed(
        version=row.version if row else 0,
        mark=Mark(row.mark) if row else Mark.OPEN,
        items={place: text_of(new) for place, new in edits.items.items()},
        removed=sorted(edits.removed),
        added=[(added.after, [text_of(item) for item in added.items]) for added in edits.added],
    )


# --- checking again ---


def recheck(office: Office, claim: OpenedClaim, edits: Edits) -> Rechecked:
    """Return what the checker says of the claim as it is corrected, alone under its file's head."""
    data = edited(claim.data, edits, claim.layout)
    whole = file_of(claim.head, [data], claim.layout, cases=0, points=0)
    before = len(claim_lines(claim.head))
    found, _, _ = check_whole(office, claim.sending, whole, file_name=claim.file.name)
    mine = tuple(
        replace(each, line=each.line - before if each.line else None, claim_index=claim.index)
        for each in found
        if each.claim_index == 0
    )
    # A total of nothing stands at the end of what is checked here; the file that is sent gets the right one.
    rest = (each for each in found if each.claim_index is None and each.record != claim.layout.trailer)
    refuses = next((each for each in rest if each.refuses is Refuses.FILE), None)
    return Rechecked(data, mine, tuple(_new(mine, claim.findings)), refuses)


def check_whole(
    office: Office, sending: Sending, data: bytes, *, file_name: str | None
) -> tuple[list[Finding], list[IndexRow], Summary | None]:
    """Return what the checker says of a small file that would be sent now on the terms of a sending."""
    findings, rows, summary = list[Finding](), list[IndexRow](), None
    context = context_of(
        office, body=sending.body, party=sending.party, line=sending.line, at=office.clock.now(), file_name=file_name
    )
    told = examine([data], identity_key=office.identity_key, asp=sending.asp, context=context, masters=office.masters())
    for each in one_by_one(told):
        if isinstance(each, Finding):
            findings.append(each)
        elif isinstance(each, IndexRow):
            rows.append(each)
        elif isinstance(each, Summary):
            summary = each
    return findings, rows, summary


def _new(after: Iterable[Finding], before: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the findings that there were none of before: of one code, record and item, whatever its line."""
    known = Counter((each.code, each.record, each.item_no) for each in before)
    for finding in after:
        key = (finding.code, finding.record, finding.item_no)
        if known[key]:
            known[key] -= 1
        else:
            yield finding


def _cursor(cursor: str | None) -> tuple[int, int]:
    """Return the place that a cursor names. Errors: BadRequest."""
    if cursor is None:
        return 0, 0
    file_no, dot, place = cursor.partition(".")
    if not (dot and file_no.isascii() and file_no.isdigit() and place.isascii() and place.isdigit()):
        raise BadRequest("the cursor is none of ours", parameter="cursor")
    return int(file_no), int(place)


def sweep_corrections(office: Office) -> int:
    """Forget what was typed into corrections that can come to nothing any more; return of how many sendings.

    That is when the sending has ended, its files are past their keeping, or nobody touched it for so many days. What
    became of finished ones stays. To be called now and then.
    """
    with office.store.read() as tx:
        waiting = tx.sendings_in_correction()
    swept = 0
    for sending_id in waiting:
        with office.store.write() as tx:
            sending, rows = tx.sending(sending_id), tx.corrections(sending_id)
            if sending is None:
                continue
            if may_not(sending) is not None:
                tx.remove_corrections(sending_id)
                swept += any(row.into is None for row in rows)
            swept += _forget_old(office, tx, rows)
    if swept:
        office.tell("corrections_swept", sendings=swept)
    return swept


def _forget_old(office: Office, tx: Any, rows: Iterable[Correction]) -> int:
    """Empty what was typed too long ago."""
    now, days = office.clock.now(), office.limit("corrections_kept_days")
    old = [row for row in rows if row.edits and (now - row.changed_at).days >= days]
    for row in old:
        tx.put_correction(replace(row, edits=""))
    return bool(old)
