"""Filing notices (届出), and what the operator makes of them. What is another party's is not found.

A notice and its first line of history come to be in one transaction; every later step is one more line, and an approval
changes the register in the transaction that says so. Nothing of a notice is ever removed.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from seikyu.office.errors import NotAllowed
from seikyu.ports.errors import BadRequest, Forbidden, KeyReused, NotFound, ProtocolError
from seikyu.ports.register import Party
from seikyu.ports.store import Notice, NoticeStep, ReadTx
from seikyu.ports.trust import ClientIdentity
from seikyu.services.events import What, note
from seikyu.services.office import OPERATOR, Office
from seikyu.services.show import Page
from seikyu.trust.notices import (
    OPEN,
    TEXT_CHARS,
    Act,
    NoticeOver,
    State,
    approvable_on,
    effect,
    is_text,
    kinds,
    midnight,
    read,
    step,
)


class BadNotice(ProtocolError):
    """The notice does not say what its form asks for; nothing of it is kept.

    Shape: facts `wrong`, `fields`; `pairs` are the items, each with a word that says why.
    """

    code = "bad_notice"

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """What is wrong, item by item."""
        return [(name, why) for name, _, why in (each.partition(": ") for each in self.facts["wrong"])]


class NoticeDecided(NotAllowed):
    """The notice has had its answer. Shape: facts `state`."""

    code = "notice_decided"


class NoticeTooEarly(NotAllowed):
    """The notice is about a later day, and an approval would change the register before it. Shape: facts `day`."""

    code = "notice_too_early"


@dataclass(frozen=True, slots=True)
class Filed:
    """A notice that was filed. `repeat`: the same filing was there already."""

    notice: Notice
    repeat: bool


def file_notice(
    office: Office,
    identity: ClientIdentity,
    *,
    kind: str,
    fields: Mapping[str, str],
    idempotency_key: str | None = None,
    by: str | None = None,
) -> Filed:
    """File a notice; the same filing again is the same notice until it has had its answer, with its key for ever.

    Shape: `by` names the person who files it, where one has logged in; else the party did.
    Errors: Forbidden for the operator; BadRequest, BadNotice, KeyReused; nothing is kept then.
    """
    if identity.kind == OPERATOR:
        raise Forbidden("the operator files no notices", kind="institution")
    if kind not in kinds():
        raise BadRequest(f"kind is one of {', '.join(kinds())}", parameter="kind")
    digest = _digest(kind, fields)
    with office.store.write() as tx:
        party = _party(tx, identity, office)
        before = tx.notice_by_key(party.id, idempotency_key) if idempotency_key is not None else None
        if before is not None and before.digest != digest:
            raise KeyReused("the key filed another notice", key=idempotency_key)
        # What was right when it was filed may be wrong by now, because it was approved: a repeat is not judged again.
        before = before or tx.open_notice(party.id, digest, tuple(state.value for state in OPEN))
        if before is not None:
            return Filed(before, repeat=True)
        filing = read(kind, fields, registered=party.connection)
        if filing.wrong:
            wrong = {each.field[:_SHOWN]: each.why for each in filing.wrong}
            raise BadNotice(fields=", ".join(wrong), wrong=[f"{name}: {why}" for name, why in wrong.items()])
        told = json.dumps(dict(filing.fields), ensure_ascii=False)
        now = office.clock.now()
        notice = Notice(office.ids.new(), party.id, kind, State.FILED.value, now, told, digest, idempotency_key)
        tx.add_notice(notice, NoticeStep(notice.id, 1, State.FILED.value, now, by or party.id))
    office.tell("notice_filed", notice=notice.id, kind=kind)
    return Filed(notice, repeat=False)


def list_notices(
    office: Office, identity: ClientIdentity, *, limit: int, cursor: str | None = None, state: str | None = None
) -> Page:
    """Return notices of the party, newest first; all of them to the operator. Errors: Forbidden, BadRequest."""
    most = office.limit("page_items")
    if not 1 <= limit <= most:
        raise BadRequest(f"limit is 1 to {most}", parameter="limit")
    if state is not None and state not in set(State):
        raise BadRequest(f"state is one of {', '.join(State)}", parameter="state")
    with office.store.read() as tx:
        whose = _party(tx, identity, office).id if identity.kind != OPERATOR else None
        found = tx.notices(party=whose, state=state, after=cursor, limit=limit + 1)
    page, rest = found[:limit], found[limit:]
    return Page([notice_view(each) for each in page], page[-1].id if rest else None)


def show_notice(office: Office, identity: ClientIdentity, notice_id: str) -> dict[str, Any]:
    """Return one notice with its history and who filed it. Errors: Forbidden, NotFound."""
    with office.store.read() as tx:
        notice = _own(tx, identity, notice_id, office)
        steps, party = tx.notice_steps(notice_id), tx.party(notice.party)
    return {
        **notice_view(notice),
        "party_name": party.name if party else "",
        "party_address": party.address if party else "",
        "history": [
            {"no": each.no, "state": each.state, "at": each.at.isoformat(), "by": each.by, "reason": each.reason}
            for each in steps
        ],
    }


def decide_notice(
    office: Office, identity: ClientIdentity, notice_id: str, *, act: Act, reason: str = "", by: str | None = None
) -> dict[str, Any]:
    """Take note of a notice, approve it or send it back; said again it changes nothing.

    Shape: `by` names the person who does it, where one has logged in; else the operator did.
    Errors: Forbidden, NotFound; BadRequest without a reason to send it back; NoticeDecided, NoticeTooEarly.
    """
    if identity.kind != OPERATOR:
        raise Forbidden("only the operator may do this", kind=OPERATOR)
    reason = reason.strip()
    if act is Act.SEND_BACK and not is_text(reason):
        raise BadRequest(f"a reason has 1 to {TEXT_CHARS} characters on one line", parameter="reason")
    with office.store.write() as tx:
        notice = _own(tx, identity, notice_id, office)
        now = office.clock.now()
        try:
            state = step(State(notice.state), act)
        except NoticeOver:
            raise NoticeDecided("the notice has had its answer", state=notice.state) from None
        if state != notice.state:
            if act is Act.APPROVE:
                tx.put_party(_approved(tx, notice, office))
            no = len(tx.notice_steps(notice.id)) + 1
            line = NoticeStep(notice.id, no, state.value, now, by or identity.party, reason)
            tx.move_notice(replace(notice, state=state.value), line)
            note(
                tx,
                office,
                What.NOTICE_MOVED,
                party=notice.party,
                subject=notice.id,
                state=state.value,
                kind=notice.kind,
            )
            office.tell("notice_moved", notice=notice.id, state=state.value)
    return show_notice(office, identity, notice_id)


def notice_view(notice: Notice) -> dict[str, Any]:
    """Return a notice as the world sees it."""
    return {
        "id": notice.id,
        "party": notice.party,
        "kind": notice.kind,
        "state": notice.state,
        "filed_at": notice.filed_at.isoformat(),
        "fields": json.loads(notice.fields),
    }


#: How much of the name of an item that nobody asks for is shown.
_SHOWN = 40


def _digest(kind: str, fields: Mapping[str, str]) -> str:
    """Return what makes the same filing the same, whatever the order of its items and the blanks around them."""
    said = sorted((name, text.strip()) for name, text in fields.items() if text.strip())
    return hashlib.sha256(json.dumps([kind, said]).encode()).hexdigest()


def _approved(tx: ReadTx, notice: Notice, office: Office) -> Party:
    """Return the register's entry as the approval leaves it. Errors: NotFound, NoticeTooEarly."""
    fields = json.loads(notice.fields)
    day = approvable_on(notice.kind, fields)
    if day is not None and office.clock.now() < midnight(day):
        raise NoticeTooEarly("the notice is about a later day", day=day.isoformat())
    party = tx.party(notice.party)
    if party is None:
        raise NotFound("no such party")
    return replace(party, **effect(notice.kind, fields))


def _party(tx: ReadTx, identity: ClientIdentity, office: Office) -> Party:
    """Return the register's entry of who asks; one whose time has not come yet may file. Errors: Forbidden."""
    party = tx.party(identity.party)
    if party is None or party.kind != identity.kind or (party.until and party.until <= office.clock.now()):
        raise Forbidden("the party is not in the register now", kind=identity.kind)
    return party


def _own(tx: ReadTx, identity: ClientIdentity, notice_id: str, office: Office) -> Notice:
    whose = _party(tx, identity, office).id if identity.kind != OPERATOR else None
    notice = tx.notice(notice_id)
    if notice is None or whose not in {None, notice.party}:
        raise NotFound("no such notice")
    return notice
