"""The root's own revocation list: empty, signed while the root's key is at hand, good as long as the root itself.

Programs that check a whole chain against lists (nginx with `ssl_crl`, OpenSSL with `-crl_check_all`) demand one of
every authority in it, the root included, and refuse everybody without. The root revokes nothing here: an issuing
authority that is given up leaves `chain.pem`, and with that the trust of all who have the new file.
"""

from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding

from seikyu.adapters.home import write_private
from seikyu.trust.certificates import Issuer, Period, revocation_list

#: Beside the root's certificate, in the folder of the authority.
ROOT_LIST: Final = "root-crl.pem"


def write_root_list(folder: Path, root: Issuer, *, now: datetime) -> None:
    """Sign the root's list and keep it in the authority's folder. Errors: OSError, KeyUnusable."""
    start = now.replace(microsecond=0)
    # Seconds are a number that rises with every signature, also where nobody remembers the last one.
    signed = revocation_list(
        root, (), number=int(start.timestamp()), period=Period(start, root.certificate.not_valid_after_utc)
    )
    write_private(folder / ROOT_LIST, signed.public_bytes(Encoding.PEM))


def root_list(folder: Path) -> bytes:
    """Return the root's list (PEM); nothing for an authority from before there was one."""
    try:
        return (folder / ROOT_LIST).read_bytes()
    except FileNotFoundError:
        return b""
