"""The delegate that signs answers about certificates, in one private file: `secrets/ocsp.pem`.

It holds the delegate's key, its certificate, and that of the CA it speaks for, so that they always fit. The CA's key is
needed only to make it anew, which is done a week before it ends: an authority that is away for less locks nobody out.
"""

import os
import secrets
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from seikyu.adapters.ca_files import CannotWrite
from seikyu.adapters.home import Home, write_private
from seikyu.adapters.x509_ca import open_ca
from seikyu.ports.errors import Unavailable
from seikyu.trust.certificates import BACK, SERIAL_BYTES, Issuer, Period, serial_from
from seikyu.trust.status import SIGNER_LIFE, AnswerSigner, signer_certificate, speaks_for

#: It is made anew when it has less than this left.
SIGNER_RENEWAL: Final = timedelta(days=7)


def issuing_of(home: Home) -> Issuer:
    """Return the issuing CA with its key: the one place where answers come near it. Errors: those of `open_ca`."""
    return open_ca(home).issuing


class SignerFile:
    """The delegate of an office's CA. Shape: `issuing` gives the CA's key when it is needed."""

    def __init__(
        self, home: Home, *, now: Callable[[], datetime], issuing: Callable[[Home], Issuer] = issuing_of
    ) -> None:
        self._home = home
        self._now = now
        self._issuing = issuing
        self._signer: AnswerSigner | None = None
        self._lock = threading.Lock()

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self._home.secrets / "ocsp.pem"

    def refresh(self) -> None:
        """Take the delegate up, and make it anew if there is none, it ends soon, or speaks for another CA.

        Errors: as `issuing`, CannotWrite; the one that there was goes on as long as it is good.
        """
        with self._lock:
            kept = self._signer or _read(self.path)
            if kept is not None and not self._fits(kept):
                kept = None
            self._signer = kept
            if kept is None or not timedelta() < self._left(kept) - SIGNER_RENEWAL <= SIGNER_LIFE - SIGNER_RENEWAL:
                self._signer = self._made()

    def current(self) -> AnswerSigner:
        """Return the delegate, taken up if nobody has yet. Errors: as `refresh`; Unavailable, if it has ended."""
        if self._signer is None:
            self.refresh()
        signer = self._signer
        if signer is None or self._left(signer) <= timedelta():
            raise Unavailable("nobody can sign answers")
        return signer

    def _left(self, signer: AnswerSigner) -> timedelta:
        return signer.certificate.not_valid_after_utc - self._now()

    def _fits(self, signer: AnswerSigner) -> bool:
        """Return whether it speaks for the CA whose certificate is given away; if that cannot be read, it may."""
        try:
            issuer = x509.load_pem_x509_certificate((self._home.ca / "issuing.pem").read_bytes())
        except (OSError, ValueError):
            return True
        return speaks_for(signer, issuer)

    def _made(self) -> AnswerSigner:
        issuer, key, now = self._issuing(self._home), ec.generate_private_key(ec.SECP256R1()), self._now()
        start = now.replace(microsecond=0)
        certificate = signer_certificate(
            issuer,
            key.public_key(),
            serial=serial_from(secrets.token_bytes(SERIAL_BYTES)),
            period=Period(start - BACK, start + SIGNER_LIFE),
        )
        content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + b"".join(
            each.public_bytes(Encoding.PEM) for each in (certificate, issuer.certificate)
        )
        try:
            write_private(self.path, content)
        except OSError as refused:
            raise CannotWrite(file=str(self.path), reason=os.strerror(refused.errno or 0).lower()) from refused
        return AnswerSigner(issuer.certificate, certificate, key)


def _read(path: Path) -> AnswerSigner | None:
    """Return what the file holds, or None if that is not a whole delegate; whatever is wrong, it is made anew."""
    try:
        content = path.read_bytes()
        key = load_pem_private_key(content, None)
        certificate, issuer = x509.load_pem_x509_certificates(content)
        certificate.verify_directly_issued_by(issuer)
    except (OSError, ValueError, TypeError, InvalidSignature):
        return None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        return None
    return AnswerSigner(issuer, certificate, key)
