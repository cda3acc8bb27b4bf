"""Issuance notices as paper: approved or opened anew at a home, and written as one document for the post.

What is printed is in no row in the clear, so the file is made sure of before anything is approved; if the disk fails
all the same, the notices are named that have to be opened anew.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeAlias

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate

from seikyu.adapters.ca_files import told, write_new
from seikyu.adapters.home import Home, write_private
from seikyu.adapters.x509_ca import NoCA
from seikyu.apps.drawing.issuance import Letter, Sender, issuance_pdf
from seikyu.office.bodies import body
from seikyu.ports.errors import SeikyuError
from seikyu.services.applications import Enrolling, Opened

#: The page of the public face where certificates are fetched.
SITE: Final = "/cert/"

#: Makes the paper (PDF) of a notice. It is got before the notice is opened, so that what is missing is told before.
Paper: TypeAlias = Callable[[Opened], bytes]


class NoticesNotWritten(SeikyuError):
    """Notices were opened, but their paper could not be written: nobody has their codes. Shape: facts `notices`."""

    code = "notices_not_written"


@contextmanager
def paper(path: Path) -> Iterator[None]:
    """Hold a place for a document, and take it away if nothing was written. Errors: FileThere, CannotWrite."""
    with told():
        write_new(path, b"")
    try:
        yield
    finally:
        if path.exists() and path.stat().st_size == 0:
            path.unlink()


def write_notices(path: Path, sender: Sender, enrolling: Enrolling, opened: Sequence[Opened]) -> None:
    """Write notices as one document, for its owner's eyes only. Errors: NoticesNotWritten."""
    try:
        letters = [_letter(enrolling, each) for each in opened]
        write_private(path, issuance_pdf(letters, sender))
    except (OSError, SeikyuError) as reason:
        ids = ", ".join(each.notice.id for each in opened)
        said = reason.strerror if isinstance(reason, OSError) else str(reason)
        raise NoticesNotWritten(file=str(path), notices=ids, reason=said) from reason


def paper_of(home: Home, enrolling: Enrolling) -> Paper:
    """Return what makes papers of notices at a home. Errors: NoCA, BadSettings."""
    sender = sender_of(home, enrolling)
    return lambda opened: issuance_pdf([_letter(enrolling, opened)], sender)


def sender_of(home: Home, enrolling: Enrolling) -> Sender:
    """Return who sends the notices of a home. Errors: NoCA, BadSettings."""
    settings = home.settings()
    today = enrolling.register_clock.now().date()
    names = [body(each, today) for each in settings.bodies]
    return Sender(
        office={"ja": "・".join(each.ja for each in names), "en": ", ".join(each.en for each in names)},
        site=site_of(home),
        root_sha256=hashlib.sha256(_root(home)).hexdigest(),
        rules=enrolling.rules,
    )


def site_of(home: Home) -> str:
    """Return where certificates are fetched: below `public_url` if that is an address with TLS, else on this machine.

    `public_url` may be plain HTTP, which is right for revocation lists and wrong for a PIN.
    """
    from seikyu.apps.places import public_address

    stated = home.settings().public_url.rstrip("/")
    return (stated if stated.startswith("https://") else public_address(home)) + SITE


def _root(home: Home) -> bytes:
    """Return the root certificate as it is given out, as DER; no key is needed for that. Errors: NoCA."""
    try:
        return load_pem_x509_certificate((home.ca / "root.pem").read_bytes()).public_bytes(Encoding.DER)
    except FileNotFoundError:
        raise NoCA(home=str(home.root)) from None


def _letter(enrolling: Enrolling, opened: Opened) -> Letter:
    with enrolling.store.read() as tx:
        party = tx.party(opened.notice.party)
    if party is None:
        raise LookupError("the party of an approved application is in the register")
    return Letter(opened, party)
