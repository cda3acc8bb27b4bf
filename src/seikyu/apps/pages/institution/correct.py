"""Correcting on the screen (レセプト訂正): which claims came back, one of them with its form, and finishing.

Everything here is shown to the people of the institution that sent the claims. Every button says which version of the
correction its page has shown; who comes second is told and loses nothing of the first.
"""

import os
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from seikyu.apps.corrections_told import change_told, lines_told
from seikyu.apps.pages.frame import HEADERS
from seikyu.apps.pages.institution.correct_form import addable, new_record_form, number_in, record_form, wanted_of
from seikyu.apps.pages.institution.findings import drawn, finding_said
from seikyu.apps.pages.institution.places import claim_place, of_sending, place_of, sending_id
from seikyu.apps.pages.visit import Pages, Visit
from seikyu.apps.words import ErrorWords
from seikyu.office.correcting import Barred, Mark
from seikyu.office.errors import NotAllowed
from seikyu.ports.errors import BadRequest
from seikyu.services.claims import sending_of_party
from seikyu.services.correcting import (
    ShownCorrection,
    list_correctable,
    may_not,
    put_correction,
    show_correction,
)
from seikyu.services.correction_lists import CorrectionList, correction_list
from seikyu.services.errors import BadCorrection, CorrectionMoved, Wrong
from seikyu.services.finishing import finish_corrections
from seikyu.trust.people import SEE, SEND

_PAGE: Final = 50
_KEY_BYTES: Final = 16
_DONE: Final = frozenset({"saved", "marked", "discarded"})


def correct_routes(pages: Pages) -> list[Route]:
    """Return the routes of the desk."""
    at = "/sendings/{sending_id}/correct"
    return [
        pages.route(at, show_list, powers=(SEND,)),
        pages.route(f"{at}/finish", do_finish, post=True, powers=(SEND,)),
        pages.route(f"{at}/list", show_changes, powers=(SEE,)),
        pages.route(f"{at}/list.csv", give_csv, powers=(SEE,)),
        pages.route(f"{at}/list.pdf", give_pdf, powers=(SEE,)),
        pages.route(f"{at}/{{place}}", show_one, powers=(SEND,)),
        pages.route(f"{at}/{{place}}", do_change, post=True, powers=(SEND,)),
    ]


# --- the claims that came back ---


def show_list(visit: Visit) -> Response:
    """Show the claims that came back, and how far the correction of each is."""
    return visit.show("institution/correct_list.html", **_list_facts(visit))


def do_finish(visit: Visit) -> Response:
    """Finish: make a new sending of the corrected claims."""
    try:
        done = finish_corrections(
            visit.office, visit.asker, sending_id(visit), idempotency_key=visit.typed("key") or None
        )
    except (NotAllowed, BadRequest) as trouble:
        return visit.again("institution/correct_list.html", trouble, **_list_facts(visit))
    return visit.see(f"/sendings/{done.sending.id}?done=corrected")


def _list_facts(visit: Visit) -> dict[str, Any]:
    office, who, at = visit.office, visit.asker, sending_id(visit)
    sending, _ = sending_of_party(office, who, at)
    page = list_correctable(office, who, at, limit=_PAGE, cursor=visit.request.query_params.get("cursor") or None)
    with office.store.read() as tx:
        rows, runs = tx.corrections(at), tx.correction_runs(at)
        made = {run.id: tx.sending(run.id) for run in runs}
    ready = sum(row.mark == Mark.CORRECTED and row.into is None for row in rows)
    why = may_not(sending)
    return {
        **of_sending(visit, sending),
        "claims": [_listed(visit, each) for each in page.items],
        "older": f"/sendings/{at}/correct?cursor={page.next}" if page.next else "",
        "ready": ready,
        "others": (sending.claims or 0) - len([row for row in rows if row.into is not None]) - ready,
        "why": visit.say(f"correcting.why.{why}") if why else "",
        "key": os.urandom(_KEY_BYTES).hex(),
        "runs": [{"run": run, "send_no": _no(made[run.id])} for run in runs],
        "unfinished": any(row.into is None for row in rows),
    }


def _no(sending: Any) -> int:
    return sending.send_no if sending else 0


def _listed(visit: Visit, each: dict[str, Any]) -> dict[str, Any]:
    """Return a claim of the list in words."""
    barred = each["barred"]
    finished = barred == Barred.FINISHED
    return {
        **each,
        "place": place_of(each["file_no"], each["claim_index"]),
        "open": barred is None,
        "mark_said": visit.say(f"correcting.marks.{'finished' if finished else each['mark']}"),
        "kind": {"corrected": "good", "impossible": "warn"}.get(each["mark"], "") if not finished else "good",
        "why": visit.say(f"correcting.why.{barred}") if barred and not finished else "",
    }


# --- one claim ---


def show_one(visit: Visit) -> Response:
    """Show one claim with its findings, what is changed in it, and the form of a record."""
    return visit.show("institution/correct.html", **_claim_facts(visit, _shown(visit)))


def do_change(visit: Visit) -> Response:
    """Keep what one press of a button changes."""
    shown = _shown(visit)
    file_no, index = claim_place(visit)
    try:
        wanted = wanted_of(visit, shown)
        put_correction(
            visit.office, visit.asker, sending_id(visit), file_no=file_no, claim_index=index, wanted=wanted,
            by=visit.named,
        )  # fmt: skip
    except BadCorrection as trouble:
        text = visit.say("pages.correct.bad")
        said = ErrorWords(visit.words(trouble).title, text, "")
        facts = _claim_facts(visit, shown, wrongs=trouble.wrongs)
        return visit.show("institution/correct.html", 422, error=said, **facts)
    except CorrectionMoved as trouble:
        return visit.again("institution/correct.html", trouble, **_claim_facts(visit, _shown(visit)))
    except (NotAllowed, BadRequest) as trouble:
        return visit.again("institution/correct.html", trouble, **_claim_facts(visit, shown))
    act = visit.typed("act")
    if act in {"mark_corrected", "mark_impossible"}:
        return visit.see(f"/sendings/{sending_id(visit)}/correct?done=marked")
    word = "discarded" if act == "discard" else "saved"
    return visit.see(f"/sendings/{sending_id(visit)}/correct/{place_of(file_no, index)}?done={word}")


def _shown(visit: Visit) -> ShownCorrection:
    file_no, index = claim_place(visit)
    return show_correction(visit.office, visit.asker, sending_id(visit), file_no=file_no, claim_index=index)


def _claim_facts(visit: Visit, shown: ShownCorrection, *, wrongs: tuple[Wrong, ...] = ()) -> dict[str, Any]:
    claim, done = shown.claim, visit.request.query_params.get("done", "")
    why = shown.barred or may_not(claim.sending)
    return {
        **of_sending(visit, claim.sending),
        "done": visit.say(f"pages.correct.done.{done}") if done in _DONE else "",
        "place": place_of(claim.file.no, claim.index),
        "claim_no": claim.row.claim_no if claim.row.claim_no >= 0 else None,
        "version": shown.version,
        "mark": shown.mark.value,
        "mark_said": visit.say(f"correcting.marks.{shown.mark.value}"),
        "open": why is None,
        "why": visit.say(f"correcting.why.{why}") if why else "",
        "before": [finding_said(visit, finding) for finding in claim.findings],
        "after": [finding_said(visit, finding) for finding in shown.after.findings],
        "new": [finding_said(visit, finding) for finding in shown.after.new],
        "head": finding_said(visit, shown.after.refuses_file) if shown.after.refuses_file else None,
        "changes": [change_told(change) for change in shown.changes],
        "lines": _lines(visit, shown),
        "added": [
            {"at": at, "record": each.items[0].decode("ascii", "replace"), "after": each.after}
            for at, each in enumerate(shown.edits.added)
        ],
        "form": _form(visit, shown, wrongs) if why is None else None,
        "new_form": _new_form(visit, shown, wrongs) if why is None else None,
        "addable": _addable(visit, shown),
        "drawn": drawn(visit, claim, claim.findings),
        "changed": not shown.edits.empty,
    }


def _addable(visit: Visit, shown: ShownCorrection) -> list[tuple[str, str]]:
    """Return the records that may be put in, with their names."""
    found = addable(shown.claim.layout)
    return [(each.id, f"{each.id} {each.ja if visit.lang == 'ja' else each.name}") for each in found]


def _lines(visit: Visit, shown: ShownCorrection) -> list[dict[str, Any]]:
    """Return the lines of the claim with what may be done with each."""
    marked = {finding.line for finding in shown.claim.findings if finding.asks or finding.refuses}
    touched = {at for at, _ in shown.edits.items}
    fixed = {shown.claim.layout.opener, shown.claim.layout.head}
    return [
        {
            "line": line["line"],
            "record": line["record"],
            "name": (line["name_ja"] if visit.lang == "ja" else line["name"]) or "",
            "text": "　".join(item["value"] for item in line["items"][1:] if item["value"]),
            "editable": line["editable"],
            "removable": not line["history"] and line["record"] not in fixed,
            "marked": line["file_line"] in marked,
            "touched": line["line"] in touched,
            "removed": line["line"] in shown.edits.removed,
        }
        for line in lines_told(shown.claim)
    ]


def _form(visit: Visit, shown: ShownCorrection, wrongs: tuple[Wrong, ...]) -> dict[str, Any] | None:
    """Return the form of the record that was asked for, else of the first that a finding stands on."""
    typed = visit.typed("act") == "save"
    if typed:
        return record_form(visit, shown, number_in(visit.form, "line"), typed=True, wrongs=wrongs)
    asked = visit.request.query_params
    if "record" in asked:
        return None
    if asked.get("line", "").isascii() and asked.get("line", "").isdigit():
        return record_form(visit, shown, number_in(asked, "line"), typed=False)
    places = (line["line"] for line in _lines(visit, shown) if line["marked"] and line["editable"])
    first = next((at for at in places if at not in shown.edits.removed), None)
    return None if first is None else record_form(visit, shown, first, typed=False)


def _new_form(visit: Visit, shown: ShownCorrection, wrongs: tuple[Wrong, ...]) -> dict[str, Any] | None:
    """Return the form of a record that is to be put in, if one was chosen."""
    said = visit.form if visit.typed("act") == "add" else visit.request.query_params
    if not said.get("record"):
        return None
    return new_record_form(visit, shown, said.get("record", ""), number_in(said, "after"), wrongs=wrongs)


# --- the list of what was corrected ---


def _asked_list(visit: Visit) -> CorrectionList:
    made = visit.request.query_params.get("in") or None
    return correction_list(visit.office, visit.asker, sending_id(visit), finished_in=made)


def show_changes(visit: Visit) -> Response:
    """Show レセプト訂正内容確認."""
    listed = _asked_list(visit)
    made = visit.request.query_params.get("in") or ""
    return visit.show(
        "institution/correct_changes.html",
        **of_sending(visit, listed.sending),
        run=listed.run,
        columns=[column.title for column in listed.form.columns],
        rows=[_row(listed, values) for values in listed.rows()],
        query=f"?in={listed.run.id}" if made and listed.run else "",
    )


def _row(listed: CorrectionList, values: Any) -> list[str]:
    return [str(values.get(column.name) or "") for column in listed.form.columns]


def give_csv(visit: Visit) -> Response:
    """Give レセプト訂正内容確認 under its official name."""
    listed = _asked_list(visit)
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{listed.name}"'}
    return Response(listed.csv(), 200, headers, "text/csv; charset=Shift_JIS")


def give_pdf(visit: Visit) -> Response:
    """Give レセプト訂正内容確認 as a document."""
    from seikyu.apps.drawing.changes import changes_pdf

    listed = _asked_list(visit)
    name = listed.name.removesuffix(".csv") + ".pdf"
    headers = {**HEADERS, "Content-Disposition": f'inline; filename="{name}"'}
    return Response(changes_pdf(listed), 200, headers, "application/pdf")
