"""The findings of a sending, claim by claim; one claim drawn beside its findings; what a rule is about.

A claim is shown to the people of the institution that sent it, with the power to see, and to nobody else; pages are
kept by no browser.
"""

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import Route

from seikyu.apps.corrections_told import lines_told
from seikyu.apps.drawing.plain import for_page
from seikyu.apps.pages.institution.places import claim_place, of_sending, place_of, sending_id
from seikyu.apps.pages.visit import Pages, Visit
from seikyu.ports.errors import NotFound
from seikyu.rules import Finding, Level
from seikyu.rules.catalogue import catalogue
from seikyu.rules.explainers import explainer
from seikyu.rules.reasons import reason, unruled
from seikyu.rules.remedies import remedy
from seikyu.rules.sheet import kinds_with_form, names_of, sheet_of
from seikyu.rules.table import checks
from seikyu.services.claims import OpenedClaim, claims_around, open_claim
from seikyu.services.correcting import may_not, why_barred
from seikyu.services.findings import EFFECTS, Filters, FindingsPage, does, findings_by_claim
from seikyu.trust.people import SEE, SEND, permits

#: So many codes are drawn; the table has them all.
_BARS: Final = 12
_BAR_PIXELS: Final = 360
_CLAIMS: Final = 20
_LONGEST: Final = 100
#: How lists that count sendings name what they lead to.
_SHORT: Final = {"refused": EFFECTS[0], "ask": EFFECTS[1]}


def finding_routes(pages: Pages) -> list[Route]:
    """Return the routes of the desk."""
    return [
        pages.route("/sendings/{sending_id}/findings", show_findings, powers=(SEE,)),
        pages.route("/sendings/{sending_id}/claims/{place}", show_claim, powers=(SEE,)),
        *rule_routes(pages),
    ]


def rule_routes(pages: Pages) -> list[Route]:
    """Return the route of what a rule is about, which is nobody's secret."""
    return [pages.route("/rules/{code}", show_rule, login=False)]


def show_findings(visit: Visit) -> Response:
    """Show the findings of a sending by claim."""
    asked = visit.request.query_params
    filters = _filters(asked)
    page = findings_by_claim(
        visit.office, visit.asker, sending_id(visit), filters=filters, limit=_CLAIMS, cursor=asked.get("cursor") or None
    )
    kept = {name: asked[name] for name in ("level", "code", "file", "text") if asked.get(name)}
    kept |= {"effect": filters.effect} if filters.effect else {}
    most = max((count for *_, count in page.by_code), default=1)
    return visit.show(
        "institution/findings.html",
        **of_sending(visit, page.sending),
        page=page,
        groups=[_group(visit, page, each) for each in page.items],
        bars=[
            {"code": code, "effect": word, "count": count, "width": max(2, round(_BAR_PIXELS * count / most))}
            for code, _, word, count in page.by_code[:_BARS]
        ],
        counts=[
            {"code": code, "level": level, "effect": word, "count": count, "title": _title(visit, code)}
            for code, level, word, count in page.by_code
        ],
        asked=kept,
        filtered=bool(kept),
        levels=[("", visit.say("pages.findings.any")), *((each.value, each.value) for each in Level)],
        effects=[
            ("", visit.say("pages.findings.any")),
            *((word, visit.say(f"pages.findings.effects.{word}")) for word in EFFECTS),
        ],
        codes=[("", visit.say("pages.findings.any")), *((code, code) for code in page.codes)],
        files=[("", visit.say("pages.findings.any")), *((str(file.no), _file(file)) for file in page.files)],
        older=f"/sendings/{page.sending.id}/findings?{urlencode({**kept, 'cursor': page.next})}" if page.next else "",
        may_correct=permits(visit.who, SEND) and may_not(page.sending) is None,
    )


def _filters(asked: Any) -> Filters:
    """Return the filters that an address asks for; what is none of ours is asked for by nobody."""
    level, file_no = asked.get("level"), asked.get("file", "")
    effect = asked.get("effect") or _SHORT.get(asked.get("kind", ""))
    return Filters(
        level=level if level in set(Level) else None,
        code=(asked.get("code") or "")[:_LONGEST] or None,
        file_no=int(file_no) if file_no.isascii() and file_no.isdigit() and len(file_no) < len("1000") else None,
        effect=effect if effect in EFFECTS else None,
        text=(asked.get("text") or "").strip()[:_LONGEST] or None,
    )


def _file(file: Any) -> str:
    return f"{file.no} {file.name or ''}".strip()


def _group(visit: Visit, page: FindingsPage, each: Any) -> dict[str, Any]:
    """Return a claim with its findings as the page shows it."""
    whole = each.claim_index is None
    return {
        "file": _file(next(file for file in page.files if file.no == each.file_no)),
        "whole": whole,
        "claim_no": each.claim_no,
        "place": "" if whole else place_of(each.file_no, each.claim_index),
        "errors": any(does(finding) != EFFECTS[2] for finding in each.findings),
        "findings": [finding_said(visit, finding) for finding in each.findings],
        "more": each.more,
    }


def finding_said(visit: Visit, finding: Finding) -> dict[str, Any]:
    """Return a finding in words: what it does, where it stands, what to do, and who explains it."""
    word = does(finding)
    japanese = visit.lang == "ja"
    item = finding.item_ja if japanese else (finding.item or "").replace("_", " ")
    return {
        "code": finding.code,
        "level": finding.level.value,
        "effect": word,
        "effect_said": visit.say(f"pages.findings.does.{finding.refuses or word}"),
        "kind": {"refuses": "bad", "asks": "warn", "tells": ""}[word],
        "where": visit.say(
            "pages.findings.where", record=finding.record or "-", item_no=finding.item_no or "-", item=item or "-"
        )
        if finding.record
        else "",
        "line": finding.line,
        "value": finding.value or "",
        "message": finding.message_ja if japanese else finding.message,
        "remedy": remedy(finding.code, visit.lang),
        "explains": visit.say(f"pages.findings.explains.{explainer(finding.code)}"),
        "source": finding.source,
    }


def show_claim(visit: Visit) -> Response:
    """Show one claim as people know it, its findings beside it and the items that they are about marked."""
    file_no, index = claim_place(visit)
    claim = open_claim(visit.office, visit.asker, sending_id(visit), file_no=file_no, claim_index=index)
    before, behind = claims_around(visit.office, claim.file, index)
    why = may_not(claim.sending) or why_barred(claim.file, index, claim.row)
    return visit.show(
        "institution/claim.html",
        **of_sending(visit, claim.sending),
        claim_no=claim.row.claim_no if claim.row.claim_no >= 0 else None,
        place=place_of(file_no, index),
        drawn=drawn(visit, claim, claim.findings),
        findings=[finding_said(visit, finding) for finding in claim.findings],
        lines=marked_lines(claim, claim.findings),
        before=place_of(file_no, before) if before is not None else "",
        behind=place_of(file_no, behind) if behind is not None else "",
        may_correct=why is None and permits(visit.who, SEND),
        why=visit.say(f"correcting.why.{why}") if why else "",
    )


def drawn(visit: Visit, claim: OpenedClaim, findings: Iterable[Finding]) -> dict[str, Any] | None:
    """Return the claim as the drawing has it, with its personal items; None for a kind that has no drawing."""
    if claim.kind not in kinds_with_form():
        return None
    names = names_of(visit.office.masters())
    return for_page(sheet_of(claim.for_sheet(), findings=findings, names=names, show_personal=True), visit.lang)


def marked_lines(claim: OpenedClaim, findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Return the lines of the claim that findings stand on, their items marked by record and number."""
    places: dict[int, set[int]] = {}
    for finding in findings:
        if finding.line is not None:
            places.setdefault(finding.line, set()).add(finding.item_no or 1)
    told = (line for line in lines_told(claim) if line["file_line"] in places)
    return [
        {**line, "entries": [{**item, "marked": item["no"] in places[line["file_line"]]} for item in line["items"]]}
        for line in told
    ]


def show_rule(visit: Visit) -> Response:
    """Show what a rule is about, why it matters, and what to do. Errors: NotFound."""
    code = str(visit.request.path_params["code"])
    check = checks().get(code)
    if check is None or check.level is None:
        raise NotFound("no such rule")
    rule = next((each for each in catalogue() if each.code == code), None)
    word = "refuses" if check.refuses else "tells" if check.level is Level.L48 else "asks"
    why = (reason(code) or "") if visit.lang == "ja" else ""
    return visit.show(
        "institution/rule.html",
        code=code,
        level=check.level.value,
        effect_said=visit.say(f"pages.findings.does.{check.refuses or word}"),
        kind={"refuses": "bad", "asks": "warn", "tells": ""}[word],
        title=_title(visit, code),
        why=why or (" ".join(rule.why.split()) if rule else ""),
        remedy=remedy(code, visit.lang),
        explains=visit.say(f"pages.findings.explains.{explainer(code)}"),
        source=rule.source if rule else "",
        official=check.origin == "official",
    )


def _title(visit: Visit, code: str) -> str:
    """Return what a rule says; of a check without one, what it would look at."""
    rule = next((each for each in catalogue() if each.code == code), None)
    if rule is not None:
        return rule.title_ja if visit.lang == "ja" else rule.title
    check = checks().get(code)
    if check is None:
        return code
    return unruled().get(code, code) if visit.lang == "ja" else f"{check.place}: {check.condition}"
