"""The files of a certificate in a client's folder, and how a new one takes the place of the old.

`next/` holds a key that was made, and its certificate once that is there: `key.pem`, then `cert.pem`. Nothing of what
is in use is touched until the new pair has been used once; the old one stays until then. Then `next/` becomes
`swapping/` by one renaming, and from that moment on the new pair is the one in use: whoever opens the folder first puts
the files where they belong and removes `swapping/`.

So whatever ends the program, and wherever, there is a pair that works and a key that its certificate can be fetched
for again. Every file is written as a whole and durably, and is for its owner only.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from seikyu.adapters.home import sweep, sync_folder, write_private
from seikyu.apps.client.errors import unwritable
from seikyu.ports.errors import SeikyuError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

NEXT: Final = "next"
SWAPPING: Final = "swapping"

#: In the order in which they are put in place; `client.toml` is last, as it is what makes a folder a client's.
_FILES: Final = ("ca.pem", "key.pem", "cert.pem", "client.toml")


class RenewalRunning(SeikyuError):
    """Another program is renewing the certificate of this folder just now."""

    code = "renewal_running"


def settle(folder: Path) -> None:
    """Finish putting a new pair in its place, if that was begun and broke off.

    Errors: FileUnusable, if the folder cannot be written; the next one tries again.
    """
    swapping = folder / SWAPPING
    if not swapping.is_dir():
        return
    with told(folder):
        for name in _FILES:
            # Another program may be at the same work; what one has done is done for both.
            with suppress(FileNotFoundError):
                write_private(folder / name, (swapping / name).read_bytes())
        shutil.rmtree(swapping, ignore_errors=True)
        sync_folder(folder)


def key_for_next(folder: Path) -> "EllipticCurvePrivateKey":
    """Return the key of the certificate that is asked for next: the one of a try that broke off, or a new one.

    It is on the disk before anybody is asked. Errors: FileUnusable.
    """
    path = folder / NEXT / "key.pem"
    with told(folder):
        make_private(path.parent)
        return key_in(path)


def key_in(path: Path) -> "EllipticCurvePrivateKey":
    """Return the key of a file, made if it is not there or is none. Errors: OSError."""
    # The commands that need no new key need not wait for the library either.
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        load_pem_private_key,
    )

    with suppress(FileNotFoundError, ValueError, TypeError):
        key = load_pem_private_key(path.read_bytes(), None)
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return key
    key = ec.generate_private_key(ec.SECP256R1())
    write_private(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return key


def take_over(folder: Path, come: Path) -> None:
    """Let the pair in `come` (a folder on the same disk) take the place of the one in use. Errors: FileUnusable."""
    settle(folder)
    with told(folder):
        sync_folder(come)
        come.rename(folder / SWAPPING)
        sync_folder(folder)
    settle(folder)
    _sweep(folder)


def _sweep(folder: Path) -> None:
    """Remove what a kill left half written: there may be a key in it. Whoever is writing just now, writes again."""
    for name in _FILES:
        for left in folder.glob(f".{name}.*"):
            with suppress(OSError):
                left.unlink()


def drop(folder: Path) -> None:
    """Throw a pair away that came to nothing: it is there as a whole or not at all. Errors: FileUnusable."""
    gone = folder.with_name(f".gone-{os.urandom(8).hex()}")
    with told(folder), suppress(FileNotFoundError):
        folder.rename(gone)
        sync_folder(gone.parent)
        shutil.rmtree(gone, ignore_errors=True)


def make_private(folder: Path) -> None:
    """Make a folder, and those above it, for the owner only. Errors: OSError."""
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        sync_folder(folder.parent)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Be the only program that gets a new certificate for this folder. Errors: RenewalRunning; FileUnusable.

    The lock dies with the process. What others left half written there is removed.
    """
    with told(folder):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RenewalRunning(folder=str(folder)) from None
        except OSError:  # a file system without locks: two renewals at once are two certificates, and no harm
            pass
        sweep(folder)
        yield
    finally:
        os.close(handle)


@contextmanager
def told(folder: Path) -> Iterator[None]:
    """Turn what the disk says into words. Errors: FileUnusable."""
    try:
        yield
    except OSError as reason:
        raise unwritable(str(folder), reason) from reason
