"""One sending: what came, what was found, what it would come to, and its last word (請求確定, 請求取消)."""

from collections.abc import Callable
from operator import itemgetter
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from seikyu.apps.pages.institution.told import body_names, institution_only, row_said
from seikyu.apps.pages.institution.undoing import undo_facts
from seikyu.apps.pages.visit import Pages, Visit
from seikyu.limits import limit
from seikyu.office.errors import Closed
from seikyu.office.forecast import Fate
from seikyu.office.outcome import Decision
from seikyu.office.sending import State
from seikyu.ports.errors import BadRequest, NotThere
from seikyu.records import Month
from seikyu.rules.index import WORST, Outcome
from seikyu.services import decide, leave
from seikyu.services.errors import AlreadyDecided, ChangedSince, StillChecking
from seikyu.services.preview import WHICH, Forecast, forecast_of, list_fates
from seikyu.services.show import list_findings, own_sending, show_sending
from seikyu.trust.people import permits

SEE: Final = ("see",)
DECIDE: Final = ("decide",)

_FIRST_FINDINGS: Final = 10
_PAGE: Final = 50

#: What may have been done just before.
_DONE: Final = ("sent", "repeat", "confirmed", "cancelled", "left_out", "taken_in", "already", "undo_asked")


def sending_routes(pages: Pages) -> list[Route]:
    """Return the routes."""
    one = "/sendings/{sending_id}"
    return [
        pages.route(one, show_one, powers=SEE),
        pages.route(f"{one}/checked", show_checked, powers=SEE),
        pages.route(f"{one}/decide", show_decide, powers=SEE),
        pages.route(f"{one}/confirm", do_confirm, post=True, powers=DECIDE),
        pages.route(f"{one}/cancel", do_cancel, post=True, powers=DECIDE),
        pages.route(f"{one}/leave-out", do_leave_out, post=True, powers=DECIDE),
        pages.route(f"{one}/take-in", do_take_in, post=True, powers=DECIDE),
    ]


def show_one(visit: Visit) -> Response:
    """Show a sending."""
    return visit.show("institution/sending.html", **_one(visit), done=_done(visit))


def show_checked(visit: Visit) -> Response:
    """Say whether the check is done: a piece of the page while it goes on; then the whole page is loaded anew."""
    institution_only(visit)
    shown = show_sending(visit.office, visit.asker, _id(visit))
    if shown["state"] != State.CHECKING:
        answer = Response(status_code=204)
        answer.headers["HX-Refresh"] = "true"
        return answer
    return visit.show("institution/checking.html", sending=shown)


def show_decide(visit: Visit) -> Response:
    """Show what each decision would come to, claim by claim, and the buttons; of a decided one, what was."""
    return visit.show("institution/decide.html", **_decision(visit), done=_done(visit))


def do_confirm(visit: Visit) -> Response:
    """Confirm (請求確定)."""
    errors, seen = visit.typed("errors"), visit.typed("seen")

    def act() -> None:
        decide.confirm(visit.office, visit.asker, _id(visit), errors, seen=seen)

    return _act(visit, act, done="confirmed", shown="institution/decide.html", facts=_decision)


def do_cancel(visit: Visit) -> Response:
    """Cancel (請求取消)."""
    seen = visit.typed("seen")

    def act() -> None:
        decide.cancel(visit.office, visit.asker, _id(visit), seen=seen)

    return _act(visit, act, done="cancelled", shown="institution/decide.html", facts=_decision)


def do_leave_out(visit: Visit) -> Response:
    """Leave a file or a claim out."""
    return _leave(visit, leave.leave_out, done="left_out")


def do_take_in(visit: Visit) -> Response:
    """Take it back in."""
    return _leave(visit, leave.take_in, done="taken_in")


def _leave(visit: Visit, change: Callable[..., None], *, done: str) -> Response:
    file_no, claim = _number(visit, "file"), _number(visit, "claim")
    if file_no is None:
        raise BadRequest("which file is not said", parameter="file")

    def act() -> None:
        change(
            visit.office, visit.asker, _id(visit), file_no=file_no, claim_index=claim, seen=visit.typed("seen") or None
        )

    where = "decide" if visit.typed("from") == "decide" else ""
    return _act(visit, act, done=done, shown="institution/decide.html", facts=_decision, where=where)


def _act(
    visit: Visit,
    act: Callable[[], None],
    *,
    done: str,
    shown: str,
    facts: Callable[[Visit], dict[str, Any]],
    where: str = "",
) -> Response:
    """Do something and show the sending as it is then; what another tab did before is told, not done again."""
    institution_only(visit)
    place = f"/sendings/{_id(visit)}"
    try:
        act()
    except AlreadyDecided:
        # The last word was said: by another tab, by the calendar, or by this very form, sent twice.
        return visit.see(f"{place}?done=already")
    except (ChangedSince, StillChecking, Closed) as error:
        return visit.again(shown, error, **facts(visit), done="")
    return visit.see(f"{place}{'/' + where if where else ''}?done={done}")


def _one(visit: Visit) -> dict[str, Any]:
    institution_only(visit)
    shown = show_sending(visit.office, visit.asker, _id(visit))
    names = body_names(visit)
    found = list_findings(visit.office, visit.asker, _id(visit), limit=limit("page_items")).items
    gravest = sorted(found, key=_gravity)[:_FIRST_FINDINGS]
    told = None if shown["state"] == State.CHECKING else _told(visit)
    return {
        "sending": row_said(visit, shown, names),
        "files": shown["files"],
        "counts": _counts(shown),
        "go": _go_counts(shown["files"]),
        "findings": gravest,
        "forecast": _forecast_said(told) if told else None,
        "history": _history(visit, shown),
        "due_at": _due(visit, shown),
        "may_decide": permits(visit.who, "decide"),
        "undecided": shown["state"] == State.TO_DECIDE,
        "checking": shown["state"] == State.CHECKING,
        "on_test_line": shown["line"] == "test",
        "undoing": undo_facts(visit, _id(visit)),
    }


def _gravity(finding: dict[str, Any]) -> tuple[int, int]:
    """Return by what findings are put in order: what refuses first, mere notices last."""
    level = finding["level"]
    return 0 if finding["refuses"] else 1, -WORST.index(level) if level in WORST else 0


def _decision(visit: Visit) -> dict[str, Any]:
    institution_only(visit)
    asked = visit.request.query_params
    errors = visit.typed("errors") or asked.get("errors", "with")
    decision = Decision.WITHOUT if errors == "without" else Decision.WITH
    which = asked.get("which", "unclaimed")
    which = which if which in WHICH else "unclaimed"
    told = forecast_of(visit.office, visit.asker, _id(visit))
    cursor = asked.get("cursor") or None
    page = list_fates(visit.office, visit.asker, _id(visit), decision, which=which, limit=_PAGE, cursor=cursor)
    shown, place = show_sending(visit.office, visit.asker, _id(visit)), f"/sendings/{_id(visit)}"
    return {
        "sending": row_said(visit, shown, body_names(visit)),
        "files": shown["files"],
        "forecast": _forecast_said(told),
        "chosen": decision.value,
        "which": which,
        "whiches": WHICH,
        "claims": page.items,
        "older": f"{place}/decide?errors={decision}&which={which}&cursor={page.next}" if page.next else "",
        "due_at": _due(visit, shown),
        "may_decide": permits(visit.who, "decide"),
        "undecided": shown["state"] == State.TO_DECIDE,
        "on_test_line": shown["line"] == "test",
    }


def _told(visit: Visit) -> Forecast | None:
    """Return what the sending comes to; None if its claims are past their keeping."""
    try:
        return forecast_of(visit.office, visit.asker, _id(visit))
    except NotThere:
        return None


def _forecast_said(told: Forecast) -> dict[str, Any]:
    """Return for each decision the sums that are claimed and not, and why not."""
    ways = {}
    for decision in Decision:
        fates = told.fates[decision].items()
        ways[decision.value] = {
            "claimed": told.total(decision, Outcome.CLAIMED),
            "unclaimed": told.total(decision, Outcome.UNCLAIMED),
            "noticed": sum(each.claims for fate, each in fates if _claimed_with(fate) == "L48"),
            "asked": sum(each.claims for fate, each in fates if _claimed_with(fate) not in {None, "L48"}),
            "reasons": sorted(
                (fate.reason.name.lower(), fate.worst or "", each)
                for fate, each in fates
                if fate.outcome in {Outcome.UNCLAIMED, Outcome.SUSPENDED}
            ),
        }
    return {"decided": told.decided, "seen": told.seen, "ways": ways}


def _claimed_with(fate: Fate) -> str | None:
    """Return the worst that was found on claims that are claimed all the same."""
    return fate.worst if fate.outcome is Outcome.CLAIMED else None


def _counts(shown: dict[str, Any]) -> dict[str, dict[str, int]]:
    """Return what the check counted, over all files: by what was found, and together."""
    sums = {name: {"claims": 0, "cases": 0, "points": 0} for name in ("normal", "ask", "refused")}
    for file in shown["files"]:
        for name, each in (file["totals"] or {}).items():
            for measure in sums[name]:
                sums[name][measure] += each[measure]
    return sums


def _go_counts(files: list[dict[str, Any]]) -> list[dict[str, int]]:
    """Return both ways of counting for each file: claims (枚数, RE) and cases (GO: one for every payer named)."""
    told = []
    for file in files:
        sums = (file["totals"] or {}).values()
        claims, cases = (sum(each[measure] for each in sums) for measure in ("claims", "cases"))
        if claims:
            told.append({"no": file["no"], "claims": claims, "cases": cases})
    return told


def _history(visit: Visit, shown: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return what happened to the sending: when, what, and who did it."""
    sending, files = own_sending(visit.office, visit.asker, _id(visit))
    with visit.office.store.read() as tx:
        entries = tx.entries(subject=sending.id)
    by = {each.act: f"{each.party}/{each.user}" for each in entries}
    steps = [(sending.received_at, visit.say("pages.desk.step.received"), by.get("send", ""))]
    checked = [file.checked_at for file in files if file.checked_at]
    if checked:
        steps.append((max(checked), visit.say("pages.desk.step.checked"), ""))
    steps += [
        (each.at, visit.say(f"pages.desk.step.{each.act}"), f"{each.party}/{each.user}")
        for each in entries
        if each.act in {"leave_out", "take_in"}
    ]
    if sending.decided_at:
        word = row_said(visit, shown, {})["state_name"]
        steps.append((sending.decided_at, word, by.get("confirm", by.get("cancel", ""))))
    return [(at.isoformat(timespec="seconds"), what, who) for at, what, who in sorted(steps, key=itemgetter(0))]


def _due(visit: Visit, shown: dict[str, Any]) -> Any:
    """Return when the sending is decided by itself; None for never."""
    sending, _ = own_sending(visit.office, visit.asker, shown["id"])
    if sending.state != State.TO_DECIDE or sending.month is None:
        return None

    return visit.office.calendar().decided_by(
        Month.parse(sending.month), received_at=sending.received_at, line=sending.line
    )


def _done(visit: Visit) -> str:
    word = visit.request.query_params.get("done", "")
    return visit.say(f"pages.desk.done.{word}") if word in _DONE else ""


def _id(visit: Visit) -> str:
    return str(visit.request.path_params["sending_id"])


def _number(visit: Visit, name: str) -> int | None:
    """Return a number of a hidden field, None if there is none. Errors: BadRequest."""
    said = visit.typed(name)
    if not said:
        return None
    if not (said.isascii() and said.isdigit() and len(said) <= 7):  # noqa: PLR2004  (as in the API)
        raise BadRequest("a number is expected", parameter=name)
    return int(said)
