"""How the institution's pages tell what services return: official words for states, kinds, bodies and reasons."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from seikyu.apps.dates import month_text
from seikyu.apps.pages.visit import Visit
from seikyu.office.bodies import bodies
from seikyu.office.outcome import Decision
from seikyu.ports.errors import NotFound
from seikyu.services.office import INSTITUTION

#: The colour of a state, by its word.
_TAGS: Final[Mapping[str, str]] = {
    "checking": "busy",
    "to_decide": "warn",
    "refused": "bad",
    "confirmed": "good",
    "confirmed_automatically": "good",
    "handed_over": "good",
    "corrected": "",
    "cancelled": "",
    "undone": "warn",
}

#: Kinds of files that are sent, in the order of the choice.
KINDS: Final = ("medical", "dpc", "dental", "pharmacy", "home_nursing")


def institution_only(visit: Visit) -> None:
    """Errors: NotFound, for a party of another kind: to it these pages are not there."""
    if visit.asker.kind != INSTITUTION:
        raise NotFound("only institutions have sendings")


def body_names(visit: Visit) -> dict[str, str]:
    """Return the names of all review bodies today."""
    day = visit.office.clock.now().date()
    return {each.id: visit.label(each) for each in bodies(day, test=True)}


def month_said(visit: Visit, month: str | None) -> str:
    """Return a claim month in western years, in Japanese with the era too."""
    if not month:
        return visit.say("pages.desk.no_month")
    return month_text(month, visit.lang)


def kind_said(visit: Visit, kind: str | None) -> str:
    """Return what a kind of file is called."""
    return visit.say(f"check.kinds.{kind}") if kind else visit.say("pages.desk.no_kind")


def state_said(visit: Visit, shown: Mapping[str, Any]) -> tuple[str, str]:
    """Return the official word of a sending's state, and the colour of its tag."""
    state = shown["state"]
    word = f"confirmed_{shown['errors']}" if state == "confirmed" else state
    return visit.say(f"pages.desk.state.{word}"), _TAGS[state]


def row_said(visit: Visit, shown: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return a sending of the API as a page shows it."""
    word, tag = state_said(visit, shown)
    return {
        **shown,
        "body_name": names.get(shown["body"], shown["body"]),
        "kind_name": kind_said(visit, shown["kind"]),
        "month_name": month_said(visit, shown["month"]),
        "state_name": word,
        "tag": tag,
        "send_no_said": f"{shown['send_no']:03d}",
    }


def left_said(visit: Visit, until: datetime | None) -> str:
    """Return how long it is until then, in words."""
    if until is None:
        return ""
    seconds = int((until - visit.office.clock.now()).total_seconds())
    if seconds <= 0:
        return visit.say("pages.desk.left.over")
    days, rest = divmod(seconds, 86400)
    hours, minutes = rest // 3600, rest % 3600 // 60
    key = "days" if days else "hours" if hours else "minutes"
    return visit.say(f"pages.desk.left.{key}", days=days, hours=hours, minutes=minutes)


def decision_of(word: str) -> Decision:
    """Return how one may confirm. Errors: ValueError."""
    return {"with": Decision.WITH, "without": Decision.WITHOUT}[word]
