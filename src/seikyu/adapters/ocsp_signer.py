"""The delegates that sign answers about certificates, one for each issuing CA that has not ended.

Each is one private file, `secrets/ocsp.pem` for the first CA, `secrets/ocsp-2.pem` for the second. It holds the
delegate's key, its certificate, and that of the CA it speaks for, so that they always fit. The CA's key is needed only
to make it anew, which is done a week before it ends: an authority that is away for less locks nobody out.
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
from seikyu.adapters.x509_ca import issuing_certificates, open_issuing
from seikyu.ports.errors import SeikyuError, Unavailable
from seikyu.trust.certificates import BACK, SERIAL_BYTES, Issuer, Period, serial_from
from seikyu.trust.status import (
    SIGNER_LIFE,
    AnswerSigner,
    NotOurs,
    Question,
    names,
    signer_certificate,
    speaks_for,
)

#: It is made anew when it has less than this left.
SIGNER_RENEWAL: Final = timedelta(days=7)


class Signers:
    """The delegates of an office's issuing CAs. Shape: `issuing` gives a CA's key when it is needed, by generation.

    Safe from many threads.
    """

    def __init__(
        self, home: Home, *, now: Callable[[], datetime], issuing: Callable[[Home, int], Issuer] = open_issuing
    ) -> None:
        self._home = home
        self._now = now
        self._issuing = issuing
        self._files: dict[int, SignerFile] = {}
        self._lock = threading.Lock()

    def refresh(self) -> None:
        """Take the delegates up, and make those anew that are missing, end soon, or speak for another CA.

        Errors: as `issuing`, NoCA, CannotWrite, of the first that failed, after all were tried; a delegate that there
        was goes on as long as it is good.
        """
        failed: SeikyuError | None = None
        for file in self._looked():
            try:
                file.refresh()
            except SeikyuError as error:
                failed = failed or error
        if failed is not None:
            raise failed

    def current(self, question: Question) -> AnswerSigner:
        """Return the delegate of the CA that a question names, taken up if nobody has yet.

        Errors: NotOurs, if no CA that has not ended is named; as `refresh`; Unavailable, if the delegate has ended.
        """
        for files in (list(self._files.values()), self._looked()):  # Since the last look there may be one more.
            for file in files:
                if file.ends_at > self._now() and names(question, file.issuer):
                    return file.current()
        raise NotOurs("another CA's certificate")

    def _looked(self) -> list["SignerFile"]:
        """Look which issuing CAs there are, and return the files of those that have not ended. Errors: NoCA."""
        with self._lock:
            for generation, issuer in self._issuers().items():
                file = self._files.get(generation)
                if file is None:
                    self._files[generation] = SignerFile(
                        self._home, generation, issuer, now=self._now, issuing=self._opened
                    )
                else:
                    file.issuer = issuer
            return [file for file in self._files.values() if file.ends_at > self._now()]

    def _issuers(self) -> dict[int, x509.Certificate]:
        """Return the certificates of the CAs; if they cannot be read, those that the delegates have with them."""
        try:
            return issuing_certificates(self._home)
        except SeikyuError:
            paths = {_generation(each): each for each in self._home.secrets.glob("ocsp*.pem")}
            kept = {generation: _read(path, generation) for generation, path in paths.items()}
            found = {generation: each.issuer for generation, each in kept.items() if each is not None}
            if not found:
                raise
            return found

    def _opened(self, generation: int) -> Issuer:
        return self._issuing(self._home, generation)


class SignerFile:
    """The delegate of one issuing CA. Shape: `issuing` gives the CA's key when it is needed."""

    def __init__(
        self,
        home: Home,
        generation: int,
        issuer: x509.Certificate,
        *,
        now: Callable[[], datetime],
        issuing: Callable[[int], Issuer],
    ) -> None:
        self.issuer = issuer
        self.path = home.secrets / ("ocsp.pem" if generation == 1 else f"ocsp-{generation}.pem")
        self._generation = generation
        self._now = now
        self._issuing = issuing
        self._signer: AnswerSigner | None = None
        self._lock = threading.Lock()

    @property
    def ends_at(self) -> datetime:
        """When its CA ends, and nobody asks it any more."""
        return self.issuer.not_valid_after_utc

    def refresh(self) -> None:
        """Take the delegate up, and make it anew if there is none, it ends soon, or speaks for another CA.

        Errors: as `issuing`, CannotWrite; the one that there was goes on as long as it is good.
        """
        with self._lock:
            kept = self._signer or _read(self.path, self._generation)
            if kept is not None and not speaks_for(kept, self.issuer):
                kept = None
            self._signer = kept
            if kept is None or self._is_due(kept):
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

    def _is_due(self, signer: AnswerSigner) -> bool:
        """Return whether it ends soon, or begins later by a clock that was put back; none outlives its CA."""
        left = self._left(signer)
        if left <= SIGNER_RENEWAL:
            return signer.certificate.not_valid_after_utc < self.ends_at
        return left > SIGNER_LIFE

    def _made(self) -> AnswerSigner:
        issuer, key, now = self._issuing(self._generation), ec.generate_private_key(ec.SECP256R1()), self._now()
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
        return AnswerSigner(issuer.certificate, certificate, key, self._generation)


def _generation(path: Path) -> int:
    number = path.stem.removeprefix("ocsp-")
    return int(number) if number.isdecimal() else 1


def _read(path: Path, generation: int) -> AnswerSigner | None:
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
    return AnswerSigner(issuer, certificate, key, generation)
