"""Announcing, at the operator's desk: a form with a preview, and the history with withdrawing and correcting."""

from datetime import datetime
from functools import partial
from typing import Any, Final

from starlette.datastructures import MultiDict
from starlette.responses import Response
from starlette.routing import Route
from wtforms import (  # type: ignore[import-untyped]  # the library has no types of its own
    BooleanField,
    DateTimeLocalField,
    Form,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Length, Optional  # type: ignore[import-untyped]  # as above

from seikyu.apps.pages.public.told import news_line
from seikyu.apps.pages.visit import Pages, Visit
from seikyu.apps.words import Language, say
from seikyu.office.announcing import BODY_CHARS, REASON_CHARS, TITLE_CHARS, Draft, words
from seikyu.office.calendar import JST
from seikyu.ports.errors import BadRequest, NotFound
from seikyu.services.announcements import (
    AnnouncementOver,
    BadAnnouncement,
    check_draft,
    list_news,
    publish,
    show,
    withdraw,
)
from seikyu.trust.people import OFFICE

_AT: Final = "/desk/announcements"
_PAGE: Final = 30
_TEMPLATE: Final = "operator/announcements.html"


def announcement_routes(pages: Pages) -> list[Route]:
    """Return the routes of the operator's desk."""
    route = partial(pages.route, powers=(OFFICE,))
    return [
        route(_AT, show_all),
        route(_AT, take, post=True),
        route(f"{_AT}/{{id}}/withdraw", take_back, post=True),
    ]


def show_all(visit: Visit) -> Response:
    """Show the form, filled with what is to be corrected if the address says so, and the history."""
    corrects = visit.request.query_params.get("corrects", "")
    form = _form(visit.lang, _told_before(visit, corrects) if corrects else {})
    return _page(visit, form, done=_done(visit))


def take(visit: Visit) -> Response:
    """Show a draft as it would be, or publish it; the buttons of the form say which."""
    form = _form(visit.lang, visit.form)
    if visit.typed("act") == "mend":
        return _page(visit, form)
    if not form.validate():
        return _page(visit, form, status=422)
    draft = _draft(form)
    try:
        if visit.typed("act") != "publish":
            check_draft(visit.office, draft)
            return _page(visit, form, preview=_preview(visit, draft))
        publish(visit.office, draft, by=visit.named)
    except BadAnnouncement as bad:
        _mark(form, bad, visit.lang)
        return _page(visit, form, status=422)
    except (AnnouncementOver, NotFound) as over:
        return _page(visit, form, error=over, status=409)
    return visit.see(f"{_AT}?done=published")


def take_back(visit: Visit) -> Response:
    """Withdraw an announcement with a reason."""
    try:
        withdraw(visit.office, visit.request.path_params["id"], reason=visit.typed("reason"), by=visit.named)
    except (AnnouncementOver, BadRequest) as wrong:
        return _page(visit, _form(visit.lang, {}), error=wrong, status=409 if wrong.code != "bad_request" else 422)
    return visit.see(f"{_AT}?done=withdrawn")


def _page(
    visit: Visit, form: Form, *, status: int = 200, error: Any = None, preview: dict[str, Any] | None = None,
    done: str = "",
) -> Response:  # fmt: skip
    asked = visit.request.query_params.get("cursor", "")
    page = list_news(visit.office, limit=_PAGE, cursor=asked if asked.isalnum() else None, history=True)
    return visit.show(
        _TEMPLATE, status, form=form, error=visit.words(error) if error else None, preview=preview, done=done,
        items=[news_line(visit, each) for each in page.items], next_page=page.next or "", reason_chars=REASON_CHARS,
        fields={name: visit.typed(name) for name in form._fields} if preview else {},
    )  # fmt: skip


def _form(lang: Language, told: Any) -> Form:
    """Return the form in a language, with what was typed."""
    label = partial(say, lang=lang)
    optional = [Optional()]

    def choices(table: str) -> list[tuple[str, str]]:
        return [(name, word.ja if lang == "ja" else word.en) for name, word in words(table).items()]

    def options(table: str) -> list[SelectChoice]:
        return [SelectChoice(name, said) for name, said in choices(table)]

    def text(name: str, most: int, *, needed: bool = False, kind: Any = StringField) -> Any:
        hint = "" if needed else label("pages.announcing.english")
        rendering = {"required": True} if needed else {}
        return kind(
            label(f"pages.announcing.{name}"), [Length(max=most)], description=hint,
            render_kw={"maxlength": most, "class": "long", **rendering},
        )  # fmt: skip

    fields: dict[str, Any] = {
        "kind": SelectField(label("pages.announcing.kind"), choices=options("kinds")),
        "importance": SelectField(label("pages.announcing.importance"), choices=options("importances")),
        "title_ja": text("title_ja", TITLE_CHARS, needed=True),
        "body_ja": text("body_ja", BODY_CHARS, needed=True, kind=TextAreaField),
        "title_en": text("title_en", TITLE_CHARS),
        "body_en": text("body_en", BODY_CHARS, kind=TextAreaField),
        "until": DateTimeLocalField(
            label("pages.announcing.until"), optional, description=label("pages.announcing.until_hint"),
            format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        ),
        **{f"for_{name}": BooleanField(said) for name, said in choices("readers")},
        "for_bodies": StringField(
            label("pages.announcing.for_bodies"), [Length(max=400)],
            description=label("pages.announcing.for_bodies_hint"), render_kw={"maxlength": 400},
        ),
        "corrects": StringField(label("pages.announcing.corrects"), [Length(max=40)], render_kw={"maxlength": 40}),
    }  # fmt: skip
    fields["Meta"] = type("Meta", (), {"locales": [lang], "cache_translations": False})
    made = type("AnnouncementForm", (Form,), fields)
    form: Form = made(MultiDict(dict(told)))
    for field in form:
        field.id = f"f-{field.name}"
        field.label.field_id = field.id
    return form


def _draft(form: Form) -> Draft:
    told = {name: value or "" for name, value in form.data.items()}  # a field that was not sent has no text
    until: datetime | None = form.data["until"]
    return Draft(
        title_ja=told["title_ja"], body_ja=told["body_ja"], kind=told["kind"], importance=told["importance"],
        title_en=told["title_en"], body_en=told["body_en"],
        until=until.replace(tzinfo=JST) if until else None,
        for_kinds=tuple(name for name in words("readers") if told[f"for_{name}"]),
        for_bodies=tuple(told["for_bodies"].split()), corrects=told["corrects"] or None,
    )  # fmt: skip


def _told_before(visit: Visit, announcement_id: str) -> dict[str, str]:
    """Return what an announcement says, as the form takes it, to be corrected. Errors: NotFound."""
    row = show(visit.office, announcement_id)
    kept = {name: row[name] for name in ("kind", "importance", "title_ja", "body_ja", "title_en", "body_en")}
    until = datetime.fromisoformat(row["until"]).astimezone(JST).strftime("%Y-%m-%dT%H:%M") if row["until"] else ""
    readers = {f"for_{name}": "y" for name in row["for_kinds"]}
    return {**kept, **readers, "until": until, "for_bodies": " ".join(row["for_bodies"]), "corrects": row["id"]}


def _preview(visit: Visit, draft: Draft) -> dict[str, Any]:
    row = {
        "id": "", "published_at": visit.office.clock.now().isoformat(), "kind": draft.kind,
        "importance": draft.importance, "title_ja": draft.title_ja, "title_en": draft.title_en,
        "body_ja": draft.body_ja, "body_en": draft.body_en, "until": draft.until.isoformat() if draft.until else None,
        "for_kinds": list(draft.for_kinds), "for_bodies": list(draft.for_bodies), "state": "published",
        "corrects": draft.corrects, "corrected_by": None, "withdrawn_because": None,
    }  # fmt: skip
    return news_line(visit, row)


def _mark(form: Form, bad: BadAnnouncement, lang: Language) -> None:
    for name, why in bad.pairs:
        field = form._fields.get(name)
        if field is not None:
            field.errors = [*field.errors, say(f"pages.announcing.wrong.{why}", lang)]


def _done(visit: Visit) -> str:
    word = visit.request.query_params.get("done", "")
    known = {"published": "pages.announcing.done", "withdrawn": "pages.announcing.withdrawn"}
    return visit.say(known[word]) if word in known else ""
