"""How busy it is, as the page, the API and programs are told it: one account, made anew every two seconds."""

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from seikyu.apps.words import Language, say
from seikyu.limits import limit
from seikyu.office.incidents import parts
from seikyu.services.incidents import incidents
from seikyu.services.office import Office
from seikyu.services.waiting import history, outlook

_JAPAN: Final = ZoneInfo("Asia/Tokyo")

#: What a wait is called that is expected to take at most so many seconds.
LEVELS: Final = ((10.0, "quiet"), (120.0, "usual"), (1800.0, "busy"))

#: The picture: its size, and the room for its scales.
_WIDTH: Final = 720
_HEIGHT: Final = 180
_LEFT: Final = 8
_TOP: Final = 18
_BOTTOM: Final = 22
_HOURS: Final = 24
CHART_DAYS: Final = 7


@dataclass(slots=True)
class Outlook:
    """What is told now, kept for a moment, so that nobody's curiosity is a load. Safe from many threads."""

    office: Office
    _kept: dict[tuple[int | None, int], tuple[float, dict[str, Any]]] = field(default_factory=dict)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def told(self, *, size_bytes: int | None = None, days: int = 1) -> dict[str, Any]:
        """Return all of it: now, the forecast for a file of that size, the last days, incidents."""
        asked = (size_bytes, days)
        with self._turn:
            made_at, told = self._kept.get(asked, (0.0, {}))
            if not told or time.monotonic() - made_at > limit("outlook_s"):
                told = {
                    **outlook(self.office, size_bytes=size_bytes),
                    "history": history(self.office, days=days),
                    "incidents": incidents(self.office, past=limit("incidents_shown")),
                }
                told["level"] = level(told)
                if len(self._kept) > _MOST_KEPT:
                    self._kept.clear()
                self._kept[asked] = (time.monotonic(), told)
            return told


#: Sizes that are asked for differ; so many answers are kept.
_MOST_KEPT: Final = 32


def level(told: Mapping[str, Any]) -> str:
    """Return how busy it is in a word."""
    if told["forecast"] is None:
        return "quiet" if not told["queue"]["sendings"] else "unknown"
    expected = told["forecast"]["expected_s"]
    return next((name for most_s, name in LEVELS if expected <= most_s), "crowded")


def wait_said(seconds: float | None, lang: Language) -> str:
    """Return a wait as one says it: no finer than anybody needs."""
    if seconds is None:
        return "-"
    if seconds < 1:
        return say("waits.under", lang)
    if seconds < 90:  # noqa: PLR2004  (a minute and a half is said in seconds)
        return say("waits.seconds", lang, count=round(seconds))
    if seconds < 5400:  # noqa: PLR2004  (an hour and a half is said in minutes)
        return say("waits.minutes", lang, count=round(seconds / 60))
    return say("waits.hours", lang, count=f"{seconds / 3600:.1f}")


def wait_of_ms(wait_ms: int | None, lang: Language) -> str:
    """Return a wait that was measured."""
    return "-" if wait_ms is None else wait_said(wait_ms / 1000, lang)


def by_hour(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return quarters joined to hours, oldest first; of percentiles the worst quarter's counts."""
    return _joined(rows, "%Y-%m-%d %H:00")


def by_day(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return quarters joined to days of Japan, newest first."""
    return _joined(rows, "%Y-%m-%d")[::-1]


def chart(rows: list[dict[str, Any]], now: datetime) -> dict[str, Any]:
    """Return what the picture of the last days is drawn from: bars of waits and sendings by the hour, and days.

    Shape: numbers are places in a picture of `width` and `height`.
    """
    hours = by_hour(rows)
    most_ms = max((row["p95_ms"] or 0 for row in hours), default=0)
    most_arrivals = max((row["arrivals"] for row in hours), default=0)
    here = now.astimezone(_JAPAN).replace(minute=0, second=0, microsecond=0)
    count, room = CHART_DAYS * _HOURS, _HEIGHT - _TOP - _BOTTOM
    step = (_WIDTH - 2 * _LEFT) / count
    waits: list[dict[str, float]] = []
    arrivals: list[dict[str, float]] = []
    days: list[dict[str, Any]] = []
    places = {row["at"]: row for row in hours}
    for no in range(count):
        at = datetime.fromtimestamp(here.timestamp() - (count - 1 - no) * 3600, _JAPAN)
        x = round(_LEFT + no * step, 1)
        if at.hour == 0:
            days.append({"x": x, "text": f"{at.month}/{at.day}"})
        row = places.get(at.strftime("%Y-%m-%d %H:00"))
        if row is None:
            continue
        for kind, value, most in ((waits, row["p95_ms"] or 0, most_ms), (arrivals, row["arrivals"], most_arrivals)):
            if value and most:
                height = max(1.0, round(room * value / most, 1))
                kind.append({"x": x, "y": round(_HEIGHT - _BOTTOM - height, 1), "height": height})
    return {
        "width": _WIDTH,
        "height": _HEIGHT,
        "top": _TOP,
        "base": _HEIGHT - _BOTTOM,
        "bar": round(step * 0.8, 2),
        "waits": waits,
        "arrivals": arrivals,
        "days": days,
        "most_ms": most_ms,
        "most_arrivals": most_arrivals,
    }


def incident_told(told: Mapping[str, Any], lang: Language) -> dict[str, Any]:
    """Return an incident in one language; Japanese stands where there is no English."""
    both = lang == "en"
    return {
        **told,
        "title_said": (told["title_en"] if both else "") or told["title"],
        "parts_said": [
            parts()[name].ja if lang == "ja" else parts()[name].en for name in told["parts"] if name in parts()
        ],
        "updates": [{**each, "said": (each["text_en"] if both else "") or each["text"]} for each in told["updates"]],
    }


def _joined(rows: Iterable[Mapping[str, Any]], form: str) -> list[dict[str, Any]]:
    joined: dict[str, dict[str, Any]] = {}
    for row in rows:
        at = datetime.fromisoformat(row["at"]).astimezone(_JAPAN).strftime(form)
        one = joined.setdefault(at, {"at": at, "arrivals": 0, "arrived_bytes": 0, "checked": 0, "busy": 0})
        for name in ("arrivals", "arrived_bytes", "checked", "busy"):
            one[name] += row[name]
        for name in ("longest_ms", "p50_ms", "p95_ms"):
            known = [each for each in (one.get(name), row[name]) if each is not None]
            one[name] = max(known, default=None)
    return list(joined.values())
