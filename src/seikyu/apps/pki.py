"""What the faces need of the office's CA: the server's certificate, whom to trust, and what anybody may have."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import structlog
from cryptography import x509

from seikyu.adapters.home import Home
from seikyu.adapters.ocsp_signer import Signers
from seikyu.adapters.x509_ca import ensure_server, open_ca
from seikyu.adapters.x509_list import list_number, list_revoked, lists_in
from seikyu.apps.front.watch import lags
from seikyu.ports.errors import SeikyuError
from seikyu.ports.store import Store
from seikyu.services.revocation import FRONT, LIST, SIGNER, Responder, Statuses, listening
from seikyu.trust.status import Standing, is_list_name, list_name

CRL_TYPE: Final = "application/pkix-crl"

#: The files under /pki/ and their media types; each issuing CA's list is another (`media_type`).
GIVEN_OUT: Final = {
    "root.pem": "application/x-pem-file",
    "issuing.pem": "application/x-pem-file",
    "chain.pem": "application/x-pem-file",
    "crl.pem": "application/x-pem-file",
    list_name(1): CRL_TYPE,
}

#: A copy of the list may be kept for so long; with `HOUSEKEEPING_S`, and time to write it, this makes a minute.
LIST_KEPT_S: Final = 20

#: Certificates change every few years, and a copy that is kept does no harm.
CERTIFICATES_KEPT_S: Final = 300

#: The revocation list is written anew so often: whoever has it, has at least the rest of its life left.
CRL_RENEWAL: Final = timedelta(days=1)

#: An alarm that nobody has ended is raised again.
ALARM_AGAIN: Final = timedelta(hours=1)

log: Final = structlog.get_logger("seikyu.pki")


class FrontLags(SeikyuError):
    """The front server works with another list than the one that is here, and nobody has it reload."""

    code = "front_lags"


def machine_time() -> datetime:
    """Return the machine's time, also in a sandbox: those outside look at their own clocks."""
    return datetime.now(UTC)


def server_file(home: Home, hosts: tuple[str, ...]) -> Path:
    """Return the server's PEM file, made or renewed if need be. Errors: NoCA, Damaged, CannotWrite."""
    return ensure_server(home, hosts, now=machine_time())


def clients_file(home: Home) -> Path:
    """Return the file of the CA whose client certificates are taken."""
    return home.ca / "chain.pem"


def media_type(name: str) -> str | None:
    """Return the media type of a file that may be given out; None, if it may not."""
    return GIVEN_OUT.get(name) or (CRL_TYPE if is_list_name(name) else None)


def kept_s(name: str) -> int:
    """Return for how long others may keep a copy of a file that is given out."""
    return LIST_KEPT_S if name.startswith("crl") else CERTIFICATES_KEPT_S


class Alarms:
    """Which sources of revocations are silent, and since when.

    A line of the log and an event to be counted when it begins, every hour, and at its end.
    """

    def __init__(self, count: Callable[[str], None], *, now: Callable[[], datetime] = machine_time) -> None:
        self._count = count
        self._now = now
        self._since: dict[str, datetime] = {}
        self._told_at: dict[str, datetime] = {}

    def heard(self, source: str) -> None:
        """End the alarm, if there is one."""
        since = self._since.pop(source, None)
        if since is not None:
            self._told_at.pop(source, None)
            wait_s = round((self._now() - since).total_seconds())
            log.warning("revocation_source_back", source=source, wait_s=wait_s)
            self._count("revocation_source_back")

    def silent(self, source: str, error: Exception) -> None:
        """Raise the alarm, or go on with it."""
        now = self._now()
        since = self._since.setdefault(source, now)
        if source in self._told_at and now - self._told_at[source] < ALARM_AGAIN:
            return
        self._told_at[source] = now
        wait_s = round((now - since).total_seconds())
        log.error("revocation_source_silent", source=source, error=type(error).__name__, wait_s=wait_s)
        self._count("revocation_source_silent")

    def silent_s(self, source: str) -> float:
        """Return how long a source has been silent; 0 while it speaks."""
        since = self._since.get(source)
        return 0.0 if since is None else (self._now() - since).total_seconds()


class Revocations:
    """Where others learn of revocations: the list under /pki/ and the responder. The desk itself asks the rows.

    `keep_fresh` is called every `HOUSEKEEPING_S`. A source that fails raises an alarm and keeps none of the others from
    its work; what was there before stays in use as long as it is good.
    """

    def __init__(
        self, home: Home, store: Store, *, count: Callable[[str], None], now: Callable[[], datetime] = machine_time
    ) -> None:
        self._home = home
        self._store = store
        self._now = now
        self.alarms = Alarms(count, now=now)
        self.statuses = Statuses(
            store, now=now, listened=self.alarms, listed=lambda serial, signer: listed(home, serial, signer.issuer)
        )
        self.signers = Signers(home, now=now)
        self.responder = Responder(self.statuses, signer=self.signers.current, now=now)
        self._behind = home.settings().front.nginx
        self._revoked: int | None = None
        self._written_for = b""
        self._written_at = datetime.min.replace(tzinfo=UTC)
        self._number = 0

    def keep_fresh(self) -> None:
        """Read the register, write the list if it says less or is old, and renew the delegates before they end."""
        for act in (self._refresh_list, self._refresh_signer, self._look_at_front):
            try:
                act()
            except SeikyuError as error:
                log.warning("housekeeping_waits", code=error.code)
            except OSError as error:
                log.warning("housekeeping_waits", error=type(error).__name__)

    def _refresh_list(self) -> None:
        now, revoked = self._now(), self.statuses.refresh()
        chain = self._chain()
        is_young = timedelta() <= now - self._written_at < CRL_RENEWAL
        # A list that is lost, broken or brought back from an older day would otherwise stay for a day.
        is_there = list_number(self._home.ca / "crl.pem") >= max(self._number, 1)
        if is_there and is_young and (revoked, chain) == (self._revoked, self._written_for):
            return
        with listening(self.alarms, LIST):
            made = list_revoked(open_ca(self._home), self._store, now=now)
        self._revoked, self._number = made.revoked, made.number
        self._written_at, self._written_for = now, chain

    def _chain(self) -> bytes:
        """Return the issuing CAs that are given away: a new one has no list yet. Nothing, if that cannot be read."""
        try:
            return clients_file(self._home).read_bytes()
        except OSError:
            return b""

    def _look_at_front(self) -> None:
        if not self._behind:
            return
        with listening(self.alarms, FRONT):
            if lags(self._home, now=self._now()):
                raise FrontLags

    def _refresh_signer(self) -> None:
        with listening(self.alarms, SIGNER):
            self.signers.refresh()


def listed(home: Home, serial: str, issuer: x509.Certificate) -> Standing | None:
    """Return what the issuer's list on the disk says of a serial; None, if it says nothing or cannot be read."""
    try:
        own = [each for each in lists_in(home) if each.issuer == issuer.subject]
    except (OSError, ValueError):
        return None
    found = own[0].get_revoked_certificate_by_serial_number(int(serial, 16)) if own else None
    return None if found is None else Standing(known=True, revoked_at=found.revocation_date_utc)
