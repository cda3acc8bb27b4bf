"""The lists of what the office's CAs have revoked (CRL), copies to give away.

`ca/crl.pem` has them all, and `ca/crl.der`, `ca/crl-2.der` … one each: that of the first issuing CA, of the second, to
which the certificates point that it issued.

A certificate stays on the list until it has stood on one that was made after its end; then whoever reads the lists has
learned of it, and the end speaks for itself. When the last list was made is kept with the rows, so that a server that
was away for a week, or a clock that was put back, takes nobody off too early.

Source: rfc5280:3.3.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from seikyu.adapters.ca_files import alone, told, write_public
from seikyu.adapters.home import Home
from seikyu.adapters.keys import open_key
from seikyu.adapters.root_list import root_list
from seikyu.adapters.x509_ca import CA
from seikyu.ports.register import Certificate
from seikyu.ports.store import Store, WriteTx
from seikyu.trust.certificates import BACK, Issuer, Period, Revocation, key_id, revocation_list
from seikyu.trust.status import list_name

#: A revocation list is good for so long; whoever uses the file must fetch it more often.
CRL_PERIOD: Final = timedelta(days=7)

#: The sequence that numbers the lists, and where it is kept when the last one was made.
CRL_NUMBERS: Final = "crl"
_LISTED_AT: Final = "crl_listed_at"
_LIST: Final = "crl.pem"


@dataclass(frozen=True, slots=True)
class Listed:
    """A list that was written. Shape: `many` stand on it; `revoked` are all that ever were, the ended ones too."""

    path: Path
    number: int
    many: int
    revoked: int
    next_update: datetime


def list_revoked(ca: CA, store: Store, *, now: datetime) -> Listed:
    """Write the list of what is revoked now.

    One program at a time does so, from taking the number to naming the file: a list of a higher number was read later,
    and never says less of those that have not ended. The rows are not locked meanwhile, as 100,000 lines take seconds.
    Errors: those of the store, CannotWrite, KeyLocked, KeyUnusable; the old list stays.
    """
    path = ca.home.ca / _LIST
    with told(path), alone(ca.home, "crl"):
        with store.write() as tx:
            number, before = _next_number(tx, path), tx.setting(_LISTED_AT)
        # Who ended before the last list has stood on it. If that is from the future, the clock was put back.
        ended = None if before is None else min(datetime.fromisoformat(before), now)
        with store.read() as tx:
            rows, (_, revoked) = tx.revoked_certificates(ending_from=ended), tx.certificates_counted()
        write_crl(ca, rows, number=number, now=now)
        with store.write() as tx:
            tx.put_setting(_LISTED_AT, now.isoformat())
    return Listed(path, number, many=len(rows), revoked=revoked, next_update=now + CRL_PERIOD)


def write_crl(ca: CA, rows: Iterable[Certificate], *, number: int, now: datetime) -> Path:
    """Write the lists of the revoked among `rows` to `ca/crl.pem`, in one step, and then each to a file of its own.

    Shape: one list for each issuing CA that has not ended, the working one's first, and the root's last. `number` is
    higher than ever before.
    Errors: CannotWrite, KeyLocked, KeyUnusable; of each file the old lists stay or the new ones are there.
    """
    path = ca.home.ca / _LIST
    start = now.replace(microsecond=0)
    # Rows from before there was a second key do not say who issued them: the first did.
    first = key_id((ca.retired[-1] if ca.retired else ca.issuing).certificate)
    issuers = {ca.generation: ca.issuing}
    issuers |= {
        each.generation: Issuer(each.certificate, open_key(each.key_file))
        for each in ca.retired
        if each.certificate.not_valid_after_utc > now
    }
    lines: dict[str, list[Revocation]] = {}
    for row in rows:
        if row.revoked_at is not None:
            line = Revocation(int(row.serial, 16), row.revoked_at.replace(microsecond=0), row.reason or "unspecified")
            lines.setdefault(row.issuer or first, []).append(line)
    # A reader whose clock is a little behind takes it too, as it takes the certificates.
    period = Period(start - BACK, start + CRL_PERIOD)
    lists = {
        generation: revocation_list(issuer, lines.get(key_id(issuer.certificate), []), number=number, period=period)
        for generation, issuer in issuers.items()
    }
    with told(path):
        own = b"".join(each.public_bytes(Encoding.PEM) for each in lists.values())
        write_public(path, own + root_list(ca.home.secrets / "ca"))
    for generation, each in lists.items():
        with told(own_file := ca.home.ca / list_name(generation)):
            write_public(own_file, each.public_bytes(Encoding.DER))
    return path


def lists_in(home: Home) -> Iterator[x509.CertificateRevocationList]:
    """Return the lists of `ca/crl.pem`, one after the other. Errors: OSError, ValueError."""
    end = b"-----END X509 CRL-----\n"
    *lists, rest = (home.ca / _LIST).read_bytes().split(end)
    if rest or not lists:
        raise ValueError("not a file of lists")
    for each in lists:
        yield x509.load_pem_x509_crl(each + end)


def _next_number(tx: WriteTx, path: Path) -> int:
    """Return a number above that of the list that is there, as rows that were restored know a lower one."""
    number = tx.next_number(CRL_NUMBERS)
    behind = list_number(path) - number
    return number if behind < 0 else tx.next_number(CRL_NUMBERS, behind + 1) + behind


def list_number(path: Path) -> int:
    """Return the number of the list that is there; 0, if there is none that can be read."""
    try:
        there = x509.load_pem_x509_crl(path.read_bytes()).extensions.get_extension_for_class(x509.CRLNumber)
    except (OSError, ValueError, x509.ExtensionNotFound):
        return 0
    return there.value.crl_number


def copy_public(source: Path, target: Path) -> None:
    """Copy a file that anybody may read. Errors: CannotWrite."""
    with told(target):
        write_public(target, source.read_bytes())
