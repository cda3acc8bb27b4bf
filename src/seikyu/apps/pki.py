"""What the faces need of the office's CA: the server's certificate, whom to trust, and what anybody may have."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from seikyu.adapters.home import Home
from seikyu.adapters.x509_ca import CRL_PERIOD, ensure_server, open_ca, write_crl
from seikyu.ports.store import Store

#: The files under /pki/ and their media types.
GIVEN_OUT: Final = {
    "root.pem": "application/x-pem-file",
    "issuing.pem": "application/x-pem-file",
    "chain.pem": "application/x-pem-file",
    "crl.pem": "application/x-pem-file",
}

#: The revocation list is written anew long before it ends.
CRL_RENEWAL: Final = CRL_PERIOD - timedelta(days=1)

#: The numbers of the revocation lists.
CRL_SEQUENCE: Final = "crl"


def server_file(home: Home, hosts: tuple[str, ...]) -> Path:
    """Return the server's PEM file, made or renewed if need be. Errors: NoCA, Damaged, CannotWrite."""
    return ensure_server(home, hosts, now=datetime.now(UTC))


def clients_file(home: Home) -> Path:
    """Return the file of the CA whose client certificates are taken."""
    return home.ca / "chain.pem"


class RevocationList:
    """The list under /pki/: written anew when a certificate was revoked, and before it ends.

    Nothing of ours relies on it (every request looks the serial up in the rows); others may.
    """

    def __init__(self, home: Home, store: Store) -> None:
        self._home = home
        self._store = store
        self._revoked: frozenset[str] | None = None
        self._written_at = datetime.min.replace(tzinfo=UTC)

    def keep_fresh(self) -> None:
        """Write it if it says less than the rows, or is old."""
        now = datetime.now(UTC)
        with self._store.read() as tx:
            rows = tx.certificates()
        revoked = frozenset(row.serial for row in rows if row.revoked_at is not None)
        if revoked == self._revoked and now - self._written_at < CRL_RENEWAL:
            return
        with self._store.write() as tx:
            number = tx.next_number(CRL_SEQUENCE)
        write_crl(open_ca(self._home), rows, number=number, now=now)
        self._revoked, self._written_at = revoked, now
