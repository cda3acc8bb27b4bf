"""The inquiry desk (お問い合わせ): asking, looking, writing on, and what the desk does.

A party asks with its certificate or login and sees its own inquiries. A stranger gets a number, which nobody can guess,
and a code, which is shown once and kept as a keyed digest: both together open the inquiry. Another's inquiry, a number
that does not exist and a wrong code look alike. How often a stranger may ask is counted by a keyed digest of the
address; texts, numbers of telephones and codes stand in rows and answers alone, never in a log.

All of this goes by the real time: a desk's people have no other.
"""

import hashlib
import hmac
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

from seikyu.lines.contact import contact
from seikyu.lines.kinds import desks, line_kinds
from seikyu.lines.report import NotAReport, Report, read_report
from seikyu.office.inquiries import (
    BY_ASKER,
    BY_DESK,
    REPLIES,
    WITH_TEXT,
    Act,
    InquiryOver,
    State,
    is_line,
    is_text,
    plain,
    step,
)
from seikyu.ports.contact import Inquiry, InquiryStep
from seikyu.ports.errors import BadRequest, Forbidden, KeyReused, NotFound, ProtocolError, SeikyuError, Unavailable
from seikyu.ports.store import ReadTx, WriteTx
from seikyu.ports.trust import ClientIdentity
from seikyu.services.guessing import Counter, Stranger, address_counter, count, demand_turn, network
from seikyu.services.office import OPERATOR, Office
from seikyu.services.people import People
from seikyu.services.show import Page
from seikyu.trust.codes import CHANCE_BYTES, CodeMistyped, make_code, read_code
from seikyu.trust.logins import Tries, after_strange_failure

NUMBER: Final = "inquiry"
CODE: Final = "inquiry_code"

ASKER: Final = "asker"
DESK: Final = "desk"

REACH_CHARS: Final = 100
_DAY: Final = timedelta(days=1)
_LATER_S: Final = 3600


class BadInquiry(ProtocolError):
    """The inquiry cannot be taken as it is; nothing of it is kept. Shape: facts `wrong`, names of items."""

    code = "bad_inquiry"


class BadReport(ProtocolError):
    """What is attached is no report of the doctor's; nothing is kept.

    Shape: facts `why`: report_long, report_form or report_verdict.
    """

    code = "bad_report"


class EnoughInquiries(Unavailable):
    """So many inquiries came from there today, or stand open in all; nothing is kept."""

    code = "enough_inquiries"


class InquiryUnknown(SeikyuError):
    """No inquiry has that number and that code; which of them is wrong is not told (404)."""

    code = "inquiry_unknown"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked. Shape: `report` is a doctor's report as its file holds it, empty without one."""

    problem: str
    text: str = field(repr=False)
    line_kind: str = ""
    body: str = ""
    reply: str = "page"
    reach: str = field(default="", repr=False)
    lang: str = "ja"
    report: str = field(default="", repr=False)
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: a party, or a stranger at an address. Shape: `by` names the person of a party."""

    party: str | None = None
    by: str = ""
    address: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Made:
    """An inquiry that was made. Shape: `code` is shown this once, and made for a stranger alone."""

    inquiry: Inquiry
    code: str | None = field(repr=False)
    repeat: bool


def make_inquiry(office: Office, asker: Asker, asked: Asked, *, chance: Callable[[int], bytes] = os.urandom) -> Made:
    """Make an inquiry; the same key again is the same inquiry, but its code is not told again.

    Errors: BadInquiry, BadReport, EnoughInquiries, KeyReused; nothing is kept then.
    """
    report = _checked(office, asked)
    code = None if asker.party else make_code(CODE, chance(CHANCE_BYTES))
    number = make_code(NUMBER, chance(CHANCE_BYTES))
    now = office.real_now()
    made = Inquiry(
        id=office.ids.new(),
        number=number,
        party=asker.party,
        problem=asked.problem,
        line_kind=asked.line_kind,
        body=asked.body,
        state=State.RECEIVED.value,
        made_at=now,
        changed_at=now,
        lang=asked.lang,
        reply=asked.reply,
        asker_key=asker.party or _keyed(office, f"inquiry-address|{network(asker.address)}"),
        reach=asked.reach.strip() if asked.reply == "phone" else "",
        code_digest=None if code is None else _digest(office, number, code),
        report=None if report is None else json.dumps(report.kept(), ensure_ascii=False),
        idempotency_key=None if asked.idempotency_key is None else f"{asker.party or ''}/{asked.idempotency_key}",
    )
    with office.store.write() as tx:
        before = tx.inquiry_by_key(made.idempotency_key) if made.idempotency_key is not None else None
        if before is not None:
            if before.problem != made.problem or tx.inquiry_steps(before.id)[0].text != plain(asked.text):
                raise KeyReused("the key made another inquiry")
            return Made(before, None, repeat=True)
        _require_room(office, tx, made)
        first = InquiryStep(made.id, 1, now, ASKER, asker.by, Act.ASK.value, made.state, text=plain(asked.text))
        tx.add_inquiry(made, first)
    office.tell("inquiry_made", inquiry=made.id, problem=made.problem, party=made.party or "", report=bool(report))
    return Made(made, code, repeat=False)


def list_inquiries(
    office: Office, identity: ClientIdentity, *, limit: int, cursor: str | None = None, state: str | None = None
) -> Page:
    """Return a party's own inquiries, newest first; all of them to the operator. Errors: BadRequest."""
    most = office.limit("page_items")
    if not 1 <= limit <= most:
        raise BadRequest(f"limit is 1 to {most}", parameter="limit")
    if state is not None and state not in set(State):
        raise BadRequest(f"state is one of {', '.join(State)}", parameter="state")
    whose = None if identity.kind == OPERATOR else identity.party
    with office.store.read() as tx:
        found = tx.inquiries(party=whose, state=state, after=cursor, limit=limit + 1)
    page, rest = found[:limit], found[limit:]
    return Page([inquiry_view(each) for each in page], page[-1].id if rest else None)


def inquiry_states(office: Office) -> dict[str, int]:
    """Return how many inquiries are in each state, every state named."""
    with office.store.read() as tx:
        counted = tx.inquiry_states()
    return {state.value: counted.get(state.value, 0) for state in State}


def show_inquiry(office: Office, identity: ClientIdentity, number: str) -> dict[str, Any]:
    """Return a party's own inquiry with its history; any to the operator. Errors: NotFound."""
    with office.store.read() as tx:
        inquiry = _own(tx, identity, number)
        return _told(tx, inquiry, desk=identity.kind == OPERATOR)


def show_opened(office: Office, inquiry_id: str) -> dict[str, Any]:
    """Return an inquiry that a stranger has opened by its code (`open_inquiry`). Errors: NotFound."""
    with office.store.read() as tx:
        inquiry = tx.inquiry(inquiry_id)
        if inquiry is None:
            raise NotFound("no such inquiry")
        return _told(tx, inquiry, desk=False)


def open_inquiry(office: Office, people: People, stranger: Stranger, *, number: str, code: str) -> Inquiry:
    """Return the inquiry of that number and code.

    Each wrong try counts for the address and for the number, which has to wait a little longer then.
    Errors: InquiryUnknown; CodeMistyped, if it can be none of ours, which does not count; TooManyTries.
    """
    number, code, now = read_code(NUMBER, number), read_code(CODE, code), people.clock.now()

    def after(tries: Tries, at: Any) -> Tries:
        return after_strange_failure(tries, at, rules=people.rules)

    counters = (address_counter(people, stranger), Counter(people.vault.keyed(f"inquiry|{number}"), after))
    with people.store.write() as tx:
        demand_turn(tx, counters, now)
        inquiry = tx.inquiry_by_number(number)
        kept = inquiry.code_digest if inquiry is not None else None
        right = hmac.compare_digest(_digest(office, number, code), kept or "")
        if not right:
            count(tx, counters, now)
    if inquiry is None or not right:
        raise InquiryUnknown
    return inquiry


def write_on(
    office: Office, identity: ClientIdentity, number: str, *, act: Act = Act.WRITE, text: str = "", by: str = ""
) -> dict[str, Any]:
    """Write to a party's own inquiry, or say that it is solved. Errors: NotFound, BadInquiry, InquiryOver."""
    with office.store.write() as tx:
        inquiry = _own(tx, replace(identity, kind=""), number)
        moved = _move(office, tx, inquiry, _Step(_of(act, BY_ASKER), ASKER, by, text=text))
        told = _told(tx, moved, desk=False)
    _tell(office, moved, act)
    return told


def write_opened(office: Office, inquiry_id: str, *, act: Act = Act.WRITE, text: str = "") -> None:
    """Write to an inquiry that a stranger has opened. Errors: NotFound, BadInquiry, InquiryOver."""
    with office.store.write() as tx:
        inquiry = tx.inquiry(inquiry_id)
        if inquiry is None:
            raise NotFound("no such inquiry")
        moved = _move(office, tx, inquiry, _Step(_of(act, BY_ASKER), ASKER, "", text=text))
    _tell(office, moved, act)


def work_on(
    office: Office,
    identity: ClientIdentity,
    number: str,
    *,
    act: Act,
    text: str = "",
    desk: str = "",
    by: str = "",
) -> dict[str, Any]:
    """Do what the desk does with an inquiry. Errors: Forbidden, NotFound, BadInquiry, InquiryOver."""
    if identity.kind != OPERATOR:
        raise Forbidden("only the desk may do this", kind=OPERATOR)
    with office.store.write() as tx:
        inquiry = _own(tx, identity, number)
        moved = _move(office, tx, inquiry, _Step(_of(act, BY_DESK), DESK, by or identity.party, text=text, desk=desk))
        told = _told(tx, moved, desk=True)
    _tell(office, moved, act)
    return told


def forget_inquiries(office: Office) -> int:
    """Remove closed inquiries that nobody has touched for long, with their texts; return how many."""
    before = office.real_now() - timedelta(days=office.limit("inquiry_kept_days"))
    with office.store.write() as tx:
        gone = tx.drop_inquiries(state=State.CLOSED.value, changed_before=before)
    if gone:
        office.tell("inquiries_removed", inquiries=gone)
    return gone


def inquiry_view(inquiry: Inquiry) -> dict[str, Any]:
    """Return an inquiry as the world sees it, without its texts."""
    return {
        "id": inquiry.id,
        "number": inquiry.number,
        "state": inquiry.state,
        "problem": inquiry.problem,
        "line_kind": inquiry.line_kind,
        "body": inquiry.body,
        "party": inquiry.party,
        "desk": inquiry.desk,
        "reply": inquiry.reply,
        "made_at": inquiry.made_at.isoformat(),
        "changed_at": inquiry.changed_at.isoformat(),
        "report": inquiry.report is not None,
    }


@dataclass(frozen=True, slots=True)
class _Step:
    """What is to be done."""

    act: Act
    side: str
    by: str
    text: str = field(default="", repr=False)
    desk: str = ""


def _told(tx: ReadTx, inquiry: Inquiry, *, desk: bool) -> dict[str, Any]:
    """Return an inquiry with its history. To the asker the desk's people have no names."""
    return {
        **inquiry_view(inquiry),
        "reach": inquiry.reach,
        "lang": inquiry.lang,
        "findings": json.loads(inquiry.report) if inquiry.report is not None else None,
        "history": [
            {
                "no": each.no,
                "at": each.at.isoformat(),
                "side": each.side,
                "by": each.by if desk or each.side == ASKER else "",
                "act": each.act,
                "state": each.state,
                "desk": each.desk,
                "text": each.text,
            }
            for each in tx.inquiry_steps(inquiry.id)
        ],
    }


def _own(tx: ReadTx, identity: ClientIdentity, number: str) -> Inquiry:
    """Return the inquiry, if it is the asker's to see. Errors: NotFound, also for what is no number."""
    try:
        inquiry = tx.inquiry_by_number(read_code(NUMBER, number))
    except CodeMistyped:
        inquiry = None
    if inquiry is None or (identity.kind != OPERATOR and inquiry.party != identity.party):
        raise NotFound("no such inquiry")
    return inquiry


def _move(office: Office, tx: WriteTx, inquiry: Inquiry, done: _Step) -> Inquiry:
    """Write the next step. Errors: BadInquiry, InquiryOver."""
    after = step(State(inquiry.state), done.act)
    steps, text, wrong = tx.inquiry_steps(inquiry.id), plain(done.text), []
    if done.act in WITH_TEXT or text:
        wrong += [] if is_text(text, chars=office.limit("inquiry_chars")) else ["text"]
    if done.act is Act.PASS_ON:
        wrong += [] if done.desk in desks() else ["desk"]
    if wrong:
        raise BadInquiry(wrong=", ".join(wrong))
    if len(steps) >= office.limit("inquiry_messages") and done.act is Act.WRITE:
        raise InquiryOver("so many messages", state=inquiry.state)
    desk = done.desk if done.act is Act.PASS_ON else inquiry.desk
    moved = replace(inquiry, state=after.value, changed_at=office.real_now(), desk=desk)
    line = InquiryStep(
        inquiry.id, len(steps) + 1, moved.changed_at, done.side, done.by, done.act.value, after.value, desk, text
    )
    tx.move_inquiry(moved, line)
    return moved


def _of(act: Act, those: tuple[Act, ...]) -> Act:
    """Return the act, if it is one of that side's. Errors: BadRequest."""
    if act not in those:
        raise BadRequest(f"act is one of {', '.join(those)}", parameter="act")
    return act


def _checked(office: Office, asked: Asked) -> Report | None:
    """Look at everything that is asked; return the report, if there is one. Errors: BadInquiry, BadReport."""
    wrong = {
        "problem": asked.problem in contact().problems,
        "line_kind": asked.line_kind in {"", *line_kinds()},
        "body": not asked.body or office.serves(asked.body),
        "text": is_text(plain(asked.text), chars=office.limit("inquiry_chars")),
        "reply": asked.reply in REPLIES,
        "reach": is_line(asked.reach, chars=REACH_CHARS) and (asked.reply != "phone" or bool(asked.reach.strip())),
        "lang": asked.lang in {"ja", "en"},
    }
    if not all(wrong.values()):
        raise BadInquiry(wrong=", ".join(name for name, right in wrong.items() if not right))
    if not asked.report.strip():
        return None
    try:
        return read_report(asked.report, most_bytes=office.limit("doctor_report_bytes"))
    except NotAReport as reason:
        raise BadReport(why=f"report_{reason.why}", limit_bytes=office.limit("doctor_report_bytes")) from None


def _require_room(office: Office, tx: ReadTx, made: Inquiry) -> None:
    """Errors: EnoughInquiries."""
    today = tx.count_inquiries(asker_key=made.asker_key, since=made.made_at - _DAY)
    if today >= office.limit("inquiries_per_party" if made.party else "inquiries_per_address"):
        raise EnoughInquiries("so many today", retry_after_s=_LATER_S)
    if not made.party and tx.count_strangers(but=State.CLOSED.value) >= office.limit("inquiries_of_strangers"):
        raise EnoughInquiries("so many are open", retry_after_s=_LATER_S)


def _tell(office: Office, inquiry: Inquiry, act: Act) -> None:
    office.tell("inquiry_moved", inquiry=inquiry.id, act=act.value, state=inquiry.state)


def _digest(office: Office, number: str, code: str) -> str:
    """Return what is kept of a code: it has 74 bits of chance, so that a keyed digest is enough."""
    return _keyed(office, f"inquiry-code|{number}|{code}")


def _keyed(office: Office, text: str) -> str:
    return hmac.new(office.identity_key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
