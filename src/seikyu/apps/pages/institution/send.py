"""Sending from a browser (レセプト送信): files straight from the form to where they are kept, and how far they are.

The form is read as it comes in (`pages.streamed`). Its token and fields stand before the files and are looked at first;
each file goes through `services.upload` like one of the API. What breaks off, however, leaves nothing; who is logged in
is looked at once more before the sending is made.
"""

import asyncio
import re
from typing import Any, Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from seikyu.apps.api.bodies import body_of, stated_length
from seikyu.apps.api.problems import wants_page
from seikyu.apps.pages.forms import FormOver, NotAForm
from seikyu.apps.pages.frame import HEADERS
from seikyu.apps.pages.institution.told import body_names, institution_only
from seikyu.apps.pages.streamed import Field, FileBegins, StreamedForm
from seikyu.apps.pages.uploads import boundary_of
from seikyu.apps.pages.visit import Pages, Visit
from seikyu.limits import limit
from seikyu.office.errors import OfficeError
from seikyu.ports.errors import BadRequest, SeikyuError
from seikyu.ports.trust import ClientIdentity
from seikyu.services import upload
from seikyu.services.arrivals import list_arrivals
from seikyu.services.errors import NoFileChosen, TooManyFiles
from seikyu.services.login import LoginOver
from seikyu.services.office import LINES, REAL, TEST
from seikyu.services.receive import Answer, Terms
from seikyu.trust.people import PeopleError

SEND: Final = "send"
POWERS: Final = (SEND,)

#: A key by which a page finds its own files among what arrives; its script makes one for every try.
_KEY: Final = re.compile(r"[0-9a-f]{16,64}")


def send_routes(pages: Pages) -> list[Route]:
    """Return the routes."""
    return [
        pages.route("/sendings/new", show_send, powers=POWERS),
        pages.streamed("/sendings/new", do_send, powers=POWERS),
        pages.route("/sendings/arriving", show_arriving, powers=POWERS),
    ]


def show_send(visit: Visit) -> Response:
    """Show the form."""
    institution_only(visit)
    line = visit.request.query_params.get("line", REAL)
    return visit.show("institution/send.html", **_facts(visit, line=line if line in LINES else REAL))


async def do_send(visit: Visit) -> Response:
    """Take a sending in. A program that asks for JSON gets its address, a browser is sent there."""
    if not wants_page(visit.request):
        answer = await _send(visit)
        place = _place(answer)
        told = {"id": answer.sending.id, "repeat": answer.repeat, "address": place}
        return JSONResponse(told, 200 if answer.repeat else 201, dict(HEADERS))
    try:
        return visit.see(_place(await _send(visit)))
    except LoginOver:
        return visit.see("/login?next=/sendings/new")
    except (SeikyuError, OfficeError, PeopleError) as error:
        told_line = TEST if visit.form.get("line") == TEST else REAL
        facts = await asyncio.to_thread(_facts, visit, line=told_line)
        return await asyncio.to_thread(visit.again, "institution/send.html", error, **facts)


def show_arriving(visit: Visit) -> Response:
    """Show how far the files of one form have come: a piece of a page for its script, or JSON."""
    institution_only(visit)
    key = visit.request.query_params.get("key", "")
    found = list_arrivals(visit.office, visit.asker, limit=limit("page_items")).items
    mine = [each for each in found if not key or each["idempotency_key"] == key]
    mine.sort(key=lambda each: each["no"] or 0)
    if not wants_page(visit.request):
        return JSONResponse({"items": mine}, headers=dict(HEADERS))
    return visit.show("institution/arriving.html", arrivals=mine)


def _place(answer: Answer) -> str:
    return f"/sendings/{answer.sending.id}?done={'repeat' if answer.repeat else 'sent'}"


def _facts(visit: Visit, *, line: str) -> dict[str, Any]:
    now, calendar = visit.office.clock.now(), visit.office.calendar()
    openings = {each: calendar.at(now, each) for each in LINES}
    names = body_names(visit)
    return {
        "line": line,
        "bodies": [("", visit.say("pages.desk.send.body_by_file"))]
        + [(body, name) for body, name in names.items() if visit.office.serves(body)],
        "openings": openings,
        "most_files": limit("files_per_sending"),
        "most_bytes": visit.office.limit("page_sending_bytes"),
        "typed_body": visit.typed("body"),
        "typed_asp": visit.form.get("asp", "yes"),
        "on_test_line": line == TEST,
    }


async def _send(visit: Visit) -> Answer:
    """Read the form and make the sending. Errors: those of `upload`, and of a form that is none; nothing stays then."""
    form, boundary = visit.request, boundary_of(visit.request.headers.get("content-type", ""))
    if boundary is None:
        raise FormOver  # Whatever it is, no form of this page has sent it.
    most = visit.office.limit("page_sending_bytes") + limit("form_bytes")
    stated_length(form.headers, limit_bytes=most)
    streamed = StreamedForm(body_of(form, limit_bytes=most), boundary)
    asker = await asyncio.to_thread(lambda: visit.asker)
    fields: dict[str, str] = {}
    begun: upload.Upload | None = None
    count = 0
    try:
        while (part := await streamed.next()) is not None:
            if isinstance(part, Field):
                fields.setdefault(part.name, part.value)
                continue
            if not part.file_name and await _is_empty(streamed):
                continue  # A browser sends such a part for a field in which no file was chosen.
            if begun is None:
                visit.pages.check_form(visit, fields)
                begun = await upload.begin(
                    visit.office, identity=asker, terms=_terms(fields), files=limit("files_per_sending")
                )
            count += 1
            await _take(visit, asker, begun, no=count, part=part, streamed=streamed)
        visit.pages.check_form(visit, fields)
        chosen = _chosen(begun)
        # Somebody may have logged out, or been locked out, while the files came in.
        await visit.pages.still_in(visit, POWERS)
        asker = await asyncio.to_thread(lambda: visit.asker)
        return await upload.finish(visit.office, identity=asker, upload_id=chosen.id, files=count)
    except BaseException:
        if begun is not None:
            upload.abandon(visit.office, begun)
        raise


def _chosen(begun: upload.Upload | None) -> upload.Upload:
    """Return the upload, which has a file. Errors: NoFileChosen."""
    if begun is None:
        raise NoFileChosen
    return begun


async def _take(
    visit: Visit, asker: ClientIdentity, begun: upload.Upload, *, no: int, part: FileBegins, streamed: StreamedForm
) -> None:
    """Take one file in. Errors: TooManyFiles, and those of `upload.put_file`."""
    if no > limit("files_per_sending"):
        raise TooManyFiles(most=limit("files_per_sending"))
    await upload.put_file(
        visit.office, identity=asker, upload_id=begun.id, no=no, body=streamed.content(),
        file_name=part.file_name or None,
    )  # fmt: skip


async def _is_empty(streamed: StreamedForm) -> bool:
    """Return whether the file that has begun has no byte; one without a name that has some is no form of a browser's.

    Errors: NotAForm.
    """
    async for _ in streamed.content():
        raise NotAForm
    return True


def _terms(fields: dict[str, str]) -> Terms:
    """Return what the form asks for. Errors: BadRequest."""
    key = fields.get("key", "")
    if key and not _KEY.fullmatch(key):
        raise BadRequest("the key is none of a page of ours", parameter="key")
    return Terms(
        body=fields.get("body") or None,
        line=fields.get("line", ""),
        asp=fields.get("asp", "yes") != "no",
        idempotency_key=key or None,
    )
