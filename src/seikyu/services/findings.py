"""The findings of a sending as its clerk looks at them: claim by claim, by filters, page by page, and counted by code.

The list of findings is gone through once for the counts and the order of the claims, and once more for the page; what
stays in memory are the places of claims. The values in it are masked, so the office's desk may look at it too.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from seikyu.ports.errors import BadRequest, NotFound, NotThere
from seikyu.ports.store import File, Sending
from seikyu.ports.trust import ClientIdentity
from seikyu.rules import Finding, Level
from seikyu.rules.reports import effect, from_json
from seikyu.services.office import Office
from seikyu.services.show import own_sending

#: So many findings of one claim stand on a page; the claim's own page has them all.
OF_ONE_CLAIM: Final = 50
EFFECTS: Final = ("refuses", "asks", "tells")
_CLAIMS_ON_PAGE: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What is looked for; None is anything.

    Shape: `effect` is refuses, asks or tells (L48, 連絡); `text` is looked for in the messages and in names of items.
    """

    level: str | None = None
    code: str | None = None
    file_no: int | None = None
    effect: str | None = None
    text: str | None = None

    def takes(self, file_no: int, finding: Finding) -> bool:
        """True if the finding is looked for."""
        wanted = (self.level, finding.level.value), (self.code, finding.code), (self.effect, does(finding))
        if self.file_no not in {None, file_no} or any(want not in {None, has} for want, has in wanted):
            return False
        said = (finding.code, finding.message, finding.message_ja, finding.item or "", finding.item_ja or "")
        return not self.text or any(self.text.casefold() in text.casefold() for text in said)


@dataclass(frozen=True, slots=True)
class ClaimFindings:
    """One claim, or the file as a whole (`claim_index` None), with its findings; `more` were too many for the page."""

    file_no: int
    claim_index: int | None
    claim_no: int | None
    findings: tuple[Finding, ...]
    more: int


@dataclass(frozen=True, slots=True)
class FindingsPage:
    """One page, and what all that is looked for comes to.

    Shape: `by_code` counts findings by code, the most first, with their level and effect; `codes` are all codes of the
    sending; `next` is the cursor of the next page, None on the last; `claims` and `findings` count what is looked for.
    """

    sending: Sending
    items: tuple[ClaimFindings, ...]
    next: str | None
    claims: int
    findings: int
    by_code: tuple[tuple[str, str, str, int], ...]
    codes: tuple[str, ...]
    files: tuple[File, ...] = field(default=())


def findings_by_claim(
    office: Office,
    identity: ClientIdentity,
    sending_id: str,
    *,
    filters: Filters,
    limit: int = 20,
    cursor: str | None = None,
) -> FindingsPage:
    """Return a page of claims with their findings; what concerns no claim stands at the top of its file.

    Errors: Forbidden, NotFound (also past their keeping), BadRequest.
    """
    _check(filters, limit)
    sending, files = own_sending(office, identity, sending_id)
    places: Counter[tuple[int, int]] = Counter()
    codes: Counter[tuple[str, str, str]] = Counter()
    every: set[str] = set()
    for file_no, finding in _all(office, files):
        every.add(finding.code)
        if filters.takes(file_no, finding):
            places[file_no, _place(finding)] += 1
            codes[finding.code, finding.level.value, does(finding)] += 1
    order = sorted(places)
    start = _start(order, cursor)
    shown = order[start : start + limit]
    rest = order[start + limit : start + limit + 1]
    return FindingsPage(
        sending=sending,
        items=tuple(_items(office, files, shown, filters, places)),
        next=f"{rest[0][0]}.{rest[0][1] + 1}" if rest else None,
        claims=sum(place >= 0 for _, place in order),
        findings=places.total(),
        by_code=tuple((*key, count) for key, count in sorted(codes.items(), key=lambda pair: (-pair[1], pair[0]))),
        codes=tuple(sorted(every)),
        files=tuple(files),
    )


def _items(
    office: Office, files: list[File], shown: list[tuple[int, int]], filters: Filters, places: Counter[tuple[int, int]]
) -> Iterator[ClaimFindings]:
    found: dict[tuple[int, int], list[Finding]] = {place: [] for place in shown}
    wanted = {file_no for file_no, _ in shown}
    for file_no, finding in _all(office, [file for file in files if file.no in wanted]):
        mine = found.get((file_no, _place(finding)))
        if mine is not None and len(mine) < OF_ONE_CLAIM and filters.takes(file_no, finding):
            mine.append(finding)
    for (file_no, place), mine in found.items():
        claim_no = next((each.claim_no for each in mine if each.claim_no is not None), None)
        more = places[file_no, place] - len(mine)
        yield ClaimFindings(file_no, None if place < 0 else place, claim_no, tuple(mine), more)


def _all(office: Office, files: list[File]) -> Iterator[tuple[int, Finding]]:
    """Yield every finding with the number of its file. Errors: NotFound."""
    for file in files:
        if file.findings_object is None:
            continue
        try:
            with office.objects.open(file.findings_object) as source:
                for line in source:
                    yield file.no, from_json(json.loads(line))
        except NotThere:
            raise NotFound("the findings are past their keeping") from None


def does(finding: Finding) -> str:
    """Return what a finding does in a word: it refuses (受付不能), asks (要確認) or tells (連絡)."""
    return effect(finding) if finding.refuses is None else EFFECTS[0]


def _place(finding: Finding) -> int:
    return -1 if finding.claim_index is None else finding.claim_index


def _start(order: list[tuple[int, int]], cursor: str | None) -> int:
    """Return where a page begins: the cursor names a file and a claim, counted from 1. Errors: BadRequest."""
    if cursor is None:
        return 0
    file_no, dot, place = cursor.partition(".")
    if not (dot and _number(file_no) and _number(place)):
        raise BadRequest("the cursor is none of ours", parameter="cursor")
    wanted = int(file_no), int(place) - 1
    return next((at for at, each in enumerate(order) if each >= wanted), len(order))


def _number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 9  # noqa: PLR2004  (no file has more claims)


def _check(filters: Filters, limit: int) -> None:
    """Errors: BadRequest."""
    if not 1 <= limit <= _CLAIMS_ON_PAGE:
        raise BadRequest(f"limit is 1 to {_CLAIMS_ON_PAGE}", parameter="limit")
    if filters.level is not None and filters.level not in set(Level):
        raise BadRequest("level is L1, L2, L3, L4, L7 or L48", parameter="level")
    if filters.effect is not None and filters.effect not in EFFECTS:
        raise BadRequest("effect is refuses, asks or tells", parameter="effect")


def wire(page: FindingsPage, told: Any) -> dict[str, Any]:
    """Return a page as programs read it; `told` makes JSON of a finding."""
    return {
        "items": [
            {
                "file_no": each.file_no,
                "claim_index": each.claim_index,
                "claim_no": each.claim_no,
                "findings": [told(finding) for finding in each.findings],
                "more": each.more,
            }
            for each in page.items
        ],
        "next": page.next,
        "claims": page.claims,
        "findings": page.findings,
        "by_code": [
            {"code": code, "level": level, "effect": word, "findings": count}
            for code, level, word, count in page.by_code
        ],
    }
