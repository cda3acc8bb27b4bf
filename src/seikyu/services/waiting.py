"""How busy the office is: what waits, how long a file sent now will take, and what each quarter of an hour saw.

A run of a check is written in the transaction that makes the sending, and ended in the one that its check ends in, by
the machine's clock: a sandbox's may jump. `Sampler` makes small rows of them, a quarter of an hour each, again and
again until the quarter is over, so that a restart loses nothing but the refusals of its half minute.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from statistics import median_low
from typing import Any, Final

from seikyu.office.waiting import RECENT, Ahead, Done, Pace, forecast, pace_of
from seikyu.ports.waiting import Quarter
from seikyu.services.office import Office

QUARTER: Final = timedelta(minutes=15)

#: A quarter that began so long ago is looked at once more: what entered it is in its rows by then.
_SETTLED: Final = timedelta(minutes=1)

#: What is taken for a usual file while none was checked: a clinic's month.
USUAL_BYTES: Final = 300 * 1024


def quarter_of(at: datetime) -> datetime:
    """Return the beginning of the quarter of an hour that an instant lies in."""
    return at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)


class Sampler:
    """Keeps the rows of quarters; called every half minute. Shape: `busy` counts refusals because of load so far."""

    def __init__(self, office: Office, *, busy: Callable[[], int] = lambda: 0) -> None:
        self._office = office
        self._busy = busy
        self._told = busy()

    def __call__(self) -> None:
        """Write what this quarter saw until now, and what the last one saw if it has just ended; forget what is old."""
        office, now = self._office, self._office.real_now()
        busy = self._busy()
        new, self._told = max(0, busy - self._told), busy
        with office.store.write() as tx:
            here = quarter_of(now)
            for at in {quarter_of(now - _SETTLED), here}:
                seen, kept = tx.waits(at, at + QUARTER), tx.quarter(at)
                standing = tx.standing()
                longest = seen.longest_ms
                if at == here and standing.oldest_at is not None:
                    age_ms = max(0, round((now - standing.oldest_at).total_seconds() * 1000))
                    longest = max(longest or 0, age_ms)
                most = (0, 0) if kept is None else (kept.queued_files, kept.queued_bytes)
                queued = (standing.files, standing.size_bytes) if at == here else (0, 0)
                tx.put_quarter(
                    Quarter(
                        at=at,
                        arrivals=seen.arrivals,
                        arrived_bytes=seen.arrived_bytes,
                        checked=seen.checked,
                        longest_ms=longest,
                        p50_ms=seen.p50_ms,
                        p95_ms=seen.p95_ms,
                        busy=(kept.busy if kept else 0) + (new if at == here else 0),
                        queued_files=max(most[0], queued[0]),
                        queued_bytes=max(most[1], queued[1]),
                    )
                )
            tx.drop_waits_before(
                runs=now - timedelta(days=office.limit("waits_kept_days")),
                quarters=now - timedelta(days=office.limit("quarters_kept_days")),
            )


def outlook(office: Office, *, size_bytes: int | None = None) -> dict[str, Any]:
    """Return what waits now and how long a file that is sent now will take; `forecast` is None if nobody can say.

    Shape: without a size the forecast is for a usual file: the median of those that were checked last.
    """
    now = office.real_now()
    with office.store.read() as tx:
        standing, runs = tx.standing(), tx.checks_done(limit=RECENT + 1)
    done = [Done(run.entered_at, run.done_at, run.size_bytes) for run in runs if run.done_at is not None]
    pace = pace_of(done, workers=office.workers)
    usual = median_low(run.size_bytes for run in runs) if runs else USUAL_BYTES
    asked = size_bytes if size_bytes is not None else usual
    ahead = Ahead(standing.sendings, standing.size_bytes, standing.oldest_at)
    told = forecast(pace, ahead, size_bytes=asked, now=now)
    oldest_s = 0.0 if standing.oldest_at is None else max(0.0, (now - standing.oldest_at).total_seconds())
    return {
        "at": now.isoformat(),
        "queue": {
            "sendings": standing.sendings,
            "files": standing.files,
            "size_bytes": standing.size_bytes,
            "oldest_s": round(oldest_s, 3),
        },
        "workers": office.workers,
        "pace": _pace(pace),
        "forecast": None
        if told is None
        else {
            "size_bytes": asked,
            "expected_s": round(told.expected_s, 3),
            "least_s": round(told.least_s, 3),
            "most_s": round(told.most_s, 3),
        },
    }


def history(office: Office, *, days: int) -> list[dict[str, Any]]:
    """Return what the quarters of the last days saw, oldest first; one that nobody kept is not among them."""
    since = quarter_of(office.real_now()) - timedelta(days=days)
    with office.store.read() as tx:
        rows = tx.quarters(since)
    return [
        {
            "at": row.at.isoformat(),
            "arrivals": row.arrivals,
            "arrived_bytes": row.arrived_bytes,
            "checked": row.checked,
            "longest_ms": row.longest_ms,
            "p50_ms": row.p50_ms,
            "p95_ms": row.p95_ms,
            "busy": row.busy,
            "queued_files": row.queued_files,
            "queued_bytes": row.queued_bytes,
        }
        for row in rows
    ]


def _pace(pace: Pace | None) -> dict[str, Any] | None:
    if pace is None:
        return None
    return {
        "bytes_per_s": round(pace.bytes_per_s),
        "slowest": round(pace.slowest),
        "fastest": round(pace.fastest),
        "overhead_bytes": round(pace.overhead_bytes),
        "checks": pace.checks,
    }
