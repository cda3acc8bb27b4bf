"""`seikyu admin news …`: announcements, published, corrected and withdrawn by the operator."""

import json
import sys
from datetime import datetime
from typing import Annotated, Any

import typer

from seikyu.apps.cli_admin import HOME, OPERATOR, HomeOption, JsonOption, Local, Remote, office_of
from seikyu.apps.cli_errors import one_line
from seikyu.apps.outcomes import Exit
from seikyu.apps.words import language, say
from seikyu.office.announcing import BODY_CHARS, Draft

AnnouncementId = Annotated[str, typer.Argument(metavar="ID", help=say("news.admin.id"))]


def news() -> typer.Typer:
    """Return the commands."""
    group = typer.Typer(help=say("news.admin.help"), no_args_is_help=True)
    group.command("publish", help=say("news.admin.publish"))(publish)
    group.command("withdraw", help=say("news.admin.withdraw"))(withdraw)
    group.command("list", help=say("news.admin.list"))(list_)
    return group


def publish(
    title: Annotated[str, typer.Argument(metavar="TITLE", help=say("news.admin.title"))],
    text: Annotated[str, typer.Argument(metavar="TEXT", help=say("news.admin.text"))],
    *,
    title_en: Annotated[str, typer.Option("--title-en", help=say("news.admin.title_en"))] = "",
    text_en: Annotated[str, typer.Option("--text-en", help=say("news.admin.text_en"))] = "",
    kind: Annotated[str, typer.Option("--kind", help=say("news.admin.kind"))] = "general",
    importance: Annotated[str, typer.Option("--importance", help=say("news.admin.importance"))] = "normal",
    until: Annotated[str | None, typer.Option("--until", metavar="INSTANT", help=say("news.admin.until"))] = None,
    readers: Annotated[list[str] | None, typer.Option("--for", metavar="KIND", help=say("news.admin.for_kind"))] = None,
    bodies: Annotated[list[str] | None, typer.Option("--body", metavar="BODY", help=say("news.admin.for_body"))] = None,
    corrects: Annotated[str | None, typer.Option("--corrects", metavar="ID", help=say("news.admin.corrects"))] = None,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> int:
    """Publish an announcement; the same one again is the one that holds."""
    body = sys.stdin.read(BODY_CHARS + 1) if text == "-" else text
    draft = Draft(
        title_ja=title, body_ja=body, kind=kind, importance=importance, title_en=title_en, body_en=text_en,
        until=_instant(until), for_kinds=tuple(readers or ()), for_bodies=tuple(bodies or ()), corrects=corrects,
    )  # fmt: skip
    with office_of(home) as at:
        told = _published(at, draft)
    said = say("news.admin.repeated" if told["repeat"] else "news.admin.published", id=told["id"])
    print(json.dumps(told, ensure_ascii=False) if as_json else said)
    return Exit.DONE


def withdraw(
    announcement: AnnouncementId,
    *,
    reason: Annotated[str, typer.Option("--reason", help=say("news.admin.reason"))],
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> int:
    """Withdraw an announcement; it stays in the history."""
    from seikyu.services.announcements import withdraw as take_back

    with office_of(home) as at:
        if isinstance(at, Local):
            told = take_back(at.office, announcement, reason=reason, by=OPERATOR)
        else:
            told = at.post(f"news/{announcement}/withdraw", {"reason": reason})
    print(json.dumps(told, ensure_ascii=False) if as_json else say("news.admin.was_withdrawn", id=announcement))
    return Exit.DONE


def list_(
    *,
    every: Annotated[bool, typer.Option("--all", help=say("news.admin.all"))] = False,
    home: HomeOption = HOME,
    as_json: JsonOption = False,
) -> int:
    """List announcements, newest first."""
    with office_of(home) as at:
        items = _items(at, every=every)
    if as_json:
        print(json.dumps({"items": items}, ensure_ascii=False))
        return Exit.DONE
    for each in items:
        title = each["title_en"] if language() == "en" and each["title_en"] else each["title_ja"]
        day = datetime.fromisoformat(each["published_at"]).strftime("%Y-%m-%d %H:%M")
        print(one_line(f"{each['id']} {day} {each['state']} {each['importance']} {title}"))
    if not items:
        print(say("news.admin.none"))
    return Exit.DONE


def _published(at: Remote | Local, draft: Draft) -> dict[str, Any]:
    from seikyu.services import announcements as services

    if isinstance(at, Local):
        made = services.publish(at.office, draft, by=OPERATOR)
        return services.show(at.office, made.announcement.id) | {"repeat": made.repeat}
    asked: dict[str, Any] = {
        "title_ja": draft.title_ja, "body_ja": draft.body_ja, "title_en": draft.title_en, "body_en": draft.body_en,
        "kind": draft.kind, "importance": draft.importance, "until": draft.until.isoformat() if draft.until else None,
        "for_kinds": list(draft.for_kinds), "for_bodies": list(draft.for_bodies), "corrects": draft.corrects,
    }  # fmt: skip
    return at.post("news", asked)


def _items(at: Remote | Local, *, every: bool) -> list[dict[str, Any]]:
    """Return the announcements, all pages of them."""
    from seikyu.services.announcements import list_news

    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        if isinstance(at, Local):
            page = list_news(at.office, limit=100, cursor=cursor, history=every)
            items, cursor = page.items, page.next
        else:
            after = {"cursor": cursor} if cursor else {}
            told = at.line.get("/admin/news" if every else "/news", limit=100, **after)
            items, cursor = told["items"], told["next"]
        found += items
        if cursor is None:
            return found


def _instant(text: str | None) -> datetime | None:
    """Return an instant with its offset. Errors: BadParameter."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise typer.BadParameter(say("news.admin.until"), param_hint="--until")
    return found
