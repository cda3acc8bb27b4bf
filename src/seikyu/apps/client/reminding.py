"""What rides along with a client's commands: a certificate that renews itself in time, and warnings before its end.

Neither ever makes the command fail that it rides on. What was said and tried last is kept in the client's folder, with
when the certificate begins and ends, so that most commands look at one small file and at nothing else.

The numbers are data (`trust/enrolment.toml`): renewed with 60 days left, warned at 90, 60, 30, 15 and 7 days and then
every day.
"""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Self

from seikyu.adapters.home import write_private
from seikyu.adapters.tls_client import BadClientFile
from seikyu.apps.cli_errors import told_of
from seikyu.apps.client.folder import ClientFolder
from seikyu.apps.client.line import Note
from seikyu.apps.words import say
from seikyu.trust.enrolment import enrolment_rules, renewal_due, warning_due

_FILE: Final = "reminded.json"

#: A renewal that failed is tried again after so long, so that a bad line does not make every command slow.
TRY_AGAIN: Final = timedelta(hours=1)

#: The line of a renewal waits no longer than this: somebody sits there, whose own command is done.
TIMEOUT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Reminded:
    """What is remembered of a certificate. Shape: `stamp` tells its file from another; instants in ISO form."""

    stamp: str
    not_before: datetime
    not_after: datetime
    warned_at: datetime | None = None
    tried_at: datetime | None = None

    @classmethod
    def of(cls, folder: ClientFolder) -> Self:
        """Return what is remembered; of a certificate that is new here, what it says itself. Errors: BadClientFile."""
        stamp = _stamp(folder)
        with suppress(OSError, ValueError, KeyError, TypeError):
            said = json.loads((folder.path / _FILE).read_text("ascii"))
            if said["stamp"] == stamp:
                times = {name: _instant(said[name]) for name in ("not_before", "not_after", "warned_at", "tried_at")}
                begin, end = times.pop("not_before"), times.pop("not_after")
                if begin is not None and end is not None:
                    return cls(stamp, begin, end, **times)
        from seikyu.apps.client.certificates import held

        own = held(folder)
        return cls(stamp, own.not_before, own.not_after)

    def keep(self, folder: ClientFolder) -> None:
        """Remember it; where the folder cannot be written, the next command says the same again."""
        said = {name: each.isoformat() if isinstance(each, datetime) else each for name, each in asdict(self).items()}
        with suppress(OSError):
            write_private(folder.path / _FILE, json.dumps(said).encode())


def ride_along(folder: ClientFolder, note: Note, *, now: datetime | None = None) -> None:
    """Renew if it is time, and warn if that is due; whatever goes wrong with it stays here."""
    now = now or datetime.now(UTC)
    try:
        known = Reminded.of(folder)
    except BadClientFile:
        return  # The command itself has said so.
    before = known if (folder.path / _FILE).exists() else None
    rules, trouble = enrolment_rules(), ""
    tried = known.tried_at is not None and timedelta() <= now - known.tried_at < TRY_AGAIN
    if not tried and renewal_due(known.not_before, known.not_after, now, rules=rules):
        known = replace(known, tried_at=now)
        known.keep(folder)
        trouble = _renewed(folder)
        with suppress(BadClientFile):
            known = Reminded.of(folder)
    days = warning_due(known.not_after, now, warned_at=known.warned_at, rules=rules)
    if days is not None:
        note(say("cert.ends_trouble" if trouble else "cert.ends", days=days, day=known.not_after, trouble=trouble))
        known = replace(known, warned_at=now)
    if known != before:
        known.keep(folder)


def _renewed(folder: ClientFolder) -> str:
    """Renew, and return what went wrong in words; empty if nothing did."""
    from seikyu.apps.client.certificates import renew

    try:
        renew(folder, tries=1, timeout_s=TIMEOUT_S)
    except Exception as reason:  # noqa: BLE001 - the command that it rides on has succeeded, and stays so
        return told_of(reason).words.text
    return ""


def _stamp(folder: ClientFolder) -> str:
    """Return what changes whenever another certificate lies there. Errors: BadClientFile."""
    try:
        seen = folder.certificate.stat()
    except OSError as odd:
        raise BadClientFile(file=str(folder.certificate), reason=(odd.strerror or "?").lower()) from odd
    return f"{seen.st_ino}-{seen.st_mtime_ns}-{seen.st_size}"


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
