"""One claim of a sending, its findings, and its correction on the screen (レセプト訂正)."""

import asyncio
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from seikyu.apps.api import models
from seikyu.apps.api.admin import Asked
from seikyu.apps.api.bodies import idempotency_key
from seikyu.apps.api.paging import PAGE, Cursor, PageLimit, TheOffice, absolute, problems
from seikyu.apps.api.sendings import Id, Sender
from seikyu.apps.corrections_told import claim_told, correction_told
from seikyu.limits import limit
from seikyu.office.correcting import Mark
from seikyu.rules.reports import as_json
from seikyu.services import show
from seikyu.services.claims import open_claim
from seikyu.services.correcting import Typed, list_correctable, put_correction, show_correction
from seikyu.services.correction_lists import correction_list
from seikyu.services.findings import Filters, findings_by_claim, wire
from seikyu.services.finishing import finish_corrections

router: Final = APIRouter(tags=["corrections"])

#: A file has at most so many claims; one of its claims at most so many lines, a record so many items.
_MOST_CLAIMS: Final = 999_999
_MOST_LINES: Final = limit("claim_lines")
_MOST_ITEMS: Final = 200
_MOST_CHANGES: Final = limit("corrected_lines")
_BY_CLAIM_MOST: Final = 100

FileNo = Annotated[int, Path(ge=1, le=limit("files_per_sending"))]
ClaimIndex = Annotated[int, Path(ge=0, le=_MOST_CLAIMS, description="the claim's place in its file, from 0")]
LevelParam = Annotated[Literal["L1", "L2", "L3", "L4", "L7", "L48"] | None, Query()]
CodeParam = Annotated[str | None, Query(pattern=r"^[A-Z][0-9]{1,6}$")]
FileParam = Annotated[int | None, Query(alias="file", ge=1, le=limit("files_per_sending"))]
EffectParam = Annotated[
    Literal["refuses", "asks", "tells"] | None, Query(description="受付不能, 要確認 or 連絡 (L48, accepted as it is)")
]
TextParam = Annotated[
    str | None, Query(alias="text", max_length=100, description="looked for in messages and names of items")
]
ByClaimLimit = Annotated[int, Query(ge=1, le=_BY_CLAIM_MOST)]
Value = Annotated[str, Field(max_length=limit("line_bytes"))]
Line = Annotated[int, Field(ge=0, le=_MOST_LINES)]
ItemNo = Annotated[int, Field(ge=1, le=_MOST_ITEMS)]


class Remark(models.Wire):
    """A finding; its keys are those of `seikyu check --format json`."""

    code: str
    level: str
    refuses: str | None
    line: int | None
    claim_no: int | None
    claim_index: int | None
    record: str | None
    item_no: int | None
    item: str | None
    item_ja: str | None
    value: str | None
    message: str
    message_ja: str
    source: str


class ClaimFindings(models.Wire):
    """A claim, or the file as a whole (`claim_index` null), with its findings; `more` were too many for the page."""

    file_no: int
    claim_index: int | None
    claim_no: int | None
    findings: list[Remark]
    more: int


class CodeCount(models.Wire):
    """How many findings of a code there are."""

    code: str
    level: str
    effect: str
    findings: int


class FindingsByClaim(models.Wire):
    """One page of claims with findings, and what all that is looked for comes to."""

    items: list[ClaimFindings]
    next: str | None
    claims: int
    findings: int
    by_code: list[CodeCount]


class ClaimItem(models.Wire):
    """One item of a record, as it is written."""

    no: int
    name: str | None
    name_ja: str | None
    personal: bool
    value: str


class ClaimLine(models.Wire):
    """One line of a claim. `line` counts from 0 in the claim, `file_line` from 1 in the file."""

    line: int
    file_line: int
    record: str
    name: str | None
    name_ja: str | None
    history: bool
    editable: bool
    items: list[ClaimItem]


class ClaimDetail(models.Wire):
    """One claim with all of its items. It holds personal items: keep it nowhere."""

    file_no: int
    claim_index: int
    claim_no: int | None
    kind: str
    layout: str
    line: int
    worst: str | None
    refused: bool
    lines: list[ClaimLine]
    findings: list[Remark]


class Change(models.Wire):
    """One item before and after; of an added or removed record each item that holds something."""

    line: int
    record: str
    record_ja: str | None
    no: int
    item: str | None
    item_ja: str | None
    before: str
    after: str
    added: bool
    removed: bool


class NewItem(models.Wire):
    """What an item is to hold. `line` counts from 0 in the claim as it was received, `no` as printed."""

    line: Line
    no: ItemNo
    value: Value


class NewRecord(models.Wire):
    """A record that is put in behind a line; its items begin with the identification."""

    after: Line
    items: Annotated[list[Value], Field(min_length=1, max_length=_MOST_ITEMS)]


class Correction(models.Wire):
    """A claim, what is corrected in it, and what the checker says of that.

    `findings` are those of the corrected claim, their lines counted from 1 in it; `new_findings` were not there before;
    `refuses_file` is what refuses the file whatever is in the claim. `into` is the sending that the claim went on in.
    """

    claim: ClaimDetail
    version: int
    mark: Mark
    barred: str | None
    into: str | None
    items: list[NewItem]
    removed: list[int]
    added: list[NewRecord]
    changes: list[Change]
    findings: list[Remark]
    new_findings: list[Remark]
    refuses_file: Remark | None


class CorrectionAsked(Asked):
    """All that is to be changed in a claim, in the place of what was kept. `version` is the one that was seen."""

    version: Annotated[int, Field(ge=0, le=1 << 31)] = 0
    mark: Mark = Mark.OPEN
    items: Annotated[list[NewItem], Field(max_length=_MOST_CHANGES, default_factory=list)]
    removed: Annotated[list[Line], Field(max_length=_MOST_CHANGES, default_factory=list)]
    added: Annotated[list[NewRecord], Field(max_length=_MOST_CHANGES, default_factory=list)]


class Correctable(models.Wire):
    """A claim that came back with errors. `barred` says why it cannot be corrected here (any more), null if it can."""

    file_no: int
    claim_index: int
    claim_no: int | None
    worst: str | None
    refused: bool
    barred: str | None
    mark: Mark
    version: int
    into: str | None
    changed: bool


class Correctables(models.Wire):
    """One page of claims that came back, in the order of the files."""

    items: list[Correctable]
    next: str | None


class CorrectionFinished(models.Wire):
    """What was made of the corrected claims: a new sending. `correct_no` is 訂正完了回."""

    sending: models.SendingDetail
    corrects: str
    correct_no: int
    claims: int
    finished_at: models.Instant
    repeat: bool


@router.get("/sendings/{sending_id}/findings/by-claim", response_model=FindingsByClaim, responses=problems(404))
def by_claim(  # noqa: PLR0917  (each is one query parameter)
    office: TheOffice,
    asker: Sender,
    sending_id: Id,
    level: LevelParam = None,
    code: CodeParam = None,
    file: FileParam = None,
    effect: EffectParam = None,
    text: TextParam = None,
    limit: ByClaimLimit = 20,
    cursor: Cursor = None,
) -> Any:
    """List the claims of a sending with their findings; what concerns no claim stands at the top of its file."""
    filters = Filters(level=level, code=code, file_no=file, effect=effect, text=text)
    page = findings_by_claim(office, asker, sending_id, filters=filters, limit=limit, cursor=cursor)
    return wire(page, as_json)


@router.get(
    "/sendings/{sending_id}/claims/{file_no}/{claim_index}", response_model=ClaimDetail, responses=problems(404)
)
def claim(
    office: TheOffice, asker: Sender, response: Response, sending_id: Id, file_no: FileNo, claim_index: ClaimIndex
) -> Any:
    """Show one claim of the asker's own, item by item, with its findings."""
    _keep_nowhere(response)
    return claim_told(open_claim(office, asker, sending_id, file_no=file_no, claim_index=claim_index))


@router.get("/sendings/{sending_id}/corrections", response_model=Correctables, responses=problems(404))
def corrections(
    office: TheOffice, asker: Sender, sending_id: Id, limit: PageLimit = PAGE, cursor: Cursor = None
) -> Any:
    """List the claims that came back with errors, and how far the correction of each is."""
    return list_correctable(office, asker, sending_id, limit=limit, cursor=cursor)


@router.get(
    "/sendings/{sending_id}/corrections/{file_no}/{claim_index}", response_model=Correction, responses=problems(404)
)
def correction(
    office: TheOffice, asker: Sender, response: Response, sending_id: Id, file_no: FileNo, claim_index: ClaimIndex
) -> Any:
    """Show what is corrected in a claim, checked again."""
    _keep_nowhere(response)
    return correction_told(show_correction(office, asker, sending_id, file_no=file_no, claim_index=claim_index))


@router.put(
    "/sendings/{sending_id}/corrections/{file_no}/{claim_index}",
    response_model=Correction,
    responses=problems(404, 409, 413, 422),
)
def correct(
    office: TheOffice,
    asker: Sender,
    response: Response,
    sending_id: Id,
    file_no: FileNo,
    claim_index: ClaimIndex,
    asked: CorrectionAsked,
) -> Any:
    """Keep what is to be changed in a claim (未訂正, 訂正済 or 訂正不能); nothing is sent yet."""
    _keep_nowhere(response)
    wanted = Typed(
        version=asked.version,
        mark=asked.mark,
        items={(each.line, each.no): each.value for each in asked.items},
        removed=asked.removed,
        added=[(each.after, each.items) for each in asked.added],
    )
    shown = put_correction(
        office, asker, sending_id, file_no=file_no, claim_index=claim_index, wanted=wanted, by=asker.sender
    )
    return correction_told(shown)


@router.post(
    "/sendings/{sending_id}/corrections/finish",
    status_code=201,
    response_model=CorrectionFinished,
    responses={
        200: {"model": CorrectionFinished, "description": "a repeat: the first answer again"},
        **problems(404, 409, 507),
    },
)
async def finish_correction(request: Request, office: TheOffice, asker: Sender, sending_id: Id) -> Response:
    """Finish (訂正完了): a new sending of the claims that are marked as corrected, to be checked and confirmed."""
    key = idempotency_key(request)
    told = await asyncio.to_thread(_finish, office, asker, sending_id, key)
    headers = {"Location": absolute(request, f"/sendings/{told['sending']['id']}")}
    shown = CorrectionFinished.model_validate(told)
    return Response(shown.model_dump_json(), 200 if shown.repeat else 201, headers, "application/json")


@router.get("/sendings/{sending_id}/corrections.csv", responses=problems(404), response_class=Response)
def corrections_csv(
    office: TheOffice,
    asker: Sender,
    sending_id: Id,
    finished_in: Annotated[str | None, Query(alias="in", pattern=r"^[0-9a-z]{1,40}$")] = None,
) -> Response:
    """Return レセプト訂正内容確認 (CSV in Shift_JIS): of the sending that was made (`in`), or of what is in work."""
    listed = correction_list(office, asker, sending_id, finished_in=finished_in)
    headers = {"Content-Disposition": f'attachment; filename="{listed.name}"', "Cache-Control": "no-store"}
    return Response(listed.csv(), 200, headers, "text/csv; charset=Shift_JIS")


def _finish(office: Any, asker: Any, sending_id: str, key: str | None) -> dict[str, Any]:
    done = finish_corrections(office, asker, sending_id, idempotency_key=key)
    return {
        "sending": show.show_sending(office, asker, done.sending.id),
        "corrects": done.run.sending,
        "correct_no": done.run.correct_no,
        "claims": done.run.claims,
        "finished_at": done.run.finished_at,
        "repeat": done.repeat,
    }


def _keep_nowhere(response: Response) -> None:
    """No cache may keep a claim."""
    response.headers["Cache-Control"] = "no-store"
