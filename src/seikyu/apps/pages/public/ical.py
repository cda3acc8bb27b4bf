"""iCalendar (RFC 5545): entries that every calendar program reads, in UTC, with lines of 75 octets."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

_OCTETS: Final = 75


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. Shape: an instant or a span; without `start` whole days from `on` to `until`, both included."""

    id: str
    title: str
    about: str = ""
    start: datetime | None = None
    end: datetime | None = None
    on: date | None = None
    until: date | None = None


def icalendar(entries: Iterable[Entry], *, name: str, host: str, stamp: datetime) -> str:
    """Return a calendar. Shape: `host` makes ids that no other calendar has; `stamp` says when it was made."""
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//seikyu//calendar//JA", "CALSCALE:GREGORIAN", "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_text(name)}", "X-WR-TIMEZONE:Asia/Tokyo", "REFRESH-INTERVAL;VALUE=DURATION:PT6H",
    ]  # fmt: skip
    for entry in entries:
        lines += _event(entry, host=host, stamp=stamp)
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line))


def _event(entry: Entry, *, host: str, stamp: datetime) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{entry.id}@{host}"
    yield f"DTSTAMP:{_utc(stamp)}"
    if entry.start is not None:
        yield f"DTSTART:{_utc(entry.start)}"
        yield f"DTEND:{_utc(entry.end or entry.start)}"
    elif entry.on is not None:
        yield f"DTSTART;VALUE=DATE:{entry.on:%Y%m%d}"
        yield f"DTEND;VALUE=DATE:{(entry.until or entry.on) + timedelta(days=1):%Y%m%d}"
    yield f"SUMMARY:{_text(entry.title)}"
    if entry.about:
        yield f"DESCRIPTION:{_text(entry.about)}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(text: str) -> str:
    r"""Return a text as a value.

    >>> _text("a,b;c")
    'a\\,b\\;c'
    """
    plain = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return plain.replace("\r", "").replace("\n", "\\n")


def _folded(line: str) -> Iterator[str]:
    """Yield a line in pieces of at most 75 octets, cut between characters; each but the first begins with a blank."""
    piece = ""
    for letter in line:
        if len((piece + letter).encode()) > _OCTETS:
            yield piece
            piece = " "
        piece += letter
    yield piece
