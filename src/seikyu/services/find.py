"""Looking through the register: parties and certificates by what somebody typed, a page at a time.

What is typed says by its form what it is: digits begin the id of a party, a long hexadecimal number begins a serial,
everything else is a part of a party's name, whatever its width, case or kana.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from seikyu.ports.errors import BadRequest, NotThere
from seikyu.ports.register import Certificate, CertificateQuery, Party, PartyQuery
from seikyu.ports.store import Store
from seikyu.trust.party import folded_name
from seikyu.trust.revoking import serial_word

#: The beginning of an id: digits, and the hyphen of a review office's.
_ID: Final = re.compile(r"[0-9][0-9-]{0,12}")
#: The beginning of a serial: too long for an id, or long enough to be no word.
_SERIAL: Final = re.compile(r"(?:0x)?(?:[0-9a-f]{2}:){3,}[0-9a-f:]*|(?:0x)?(?:[0-9a-f]{14,}|(?=.*[a-f])[0-9a-f]{8,})")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which certificates are looked for.

    Shape: `terminal` is the beginning of its name; `state` is valid, expired or revoked; `expires_within_days` means
    those that still hold.
    """

    typed: str = ""
    party: str | None = None
    terminal: str = ""
    state: str | None = None
    expires_within_days: int | None = None


@dataclass(frozen=True, slots=True)
class Parties:
    """A page of parties. Shape: `next` is what the page after it begins behind, None on the last."""

    items: list[Party]
    next: str | None


@dataclass(frozen=True, slots=True)
class Certificates:
    """A page of certificates. Shape: as `Parties`."""

    items: list[Certificate]
    next: str | None


def find_parties(
    store: Store, typed: str = "", *, kind: str | None = None, limit: int, cursor: str | None = None
) -> Parties:
    """Return the parties of a kind, by id: all, or those whose id begins so or whose name has that part."""
    text = unicodedata.normalize("NFKC", typed).strip()
    wanted = PartyQuery(kind, id_prefix=text) if _ID.fullmatch(text) else PartyQuery(kind, name_part=folded_name(text))
    with store.read() as tx:
        found = tx.parties_page(wanted, after=cursor, limit=limit + 1)
    return Parties(found[:limit], found[limit - 1].id if len(found) > limit else None)


def find_certificates(
    store: Store, wanted: Wanted, *, now: datetime, limit: int, cursor: str | None = None
) -> Certificates:
    """Return certificates in the order that `ports.register.CertificateQuery` tells.

    Errors: BadRequest, for a cursor of no certificate.
    """
    text = unicodedata.normalize("NFKC", wanted.typed).strip().lower()
    is_serial, is_id = bool(_SERIAL.fullmatch(text)), bool(_ID.fullmatch(text))
    days = wanted.expires_within_days
    query = CertificateQuery(
        at=now,
        party=wanted.party,
        serial_prefix=_serial_begun(text) if is_serial else "",
        terminal_prefix=wanted.terminal,
        party_prefix=text if is_id and not is_serial else "",
        name_part="" if is_id or is_serial else folded_name(text),
        ends_until=None if days is None else now + timedelta(days=days),
        state=wanted.state,
    )
    try:
        with store.read() as tx:
            found = tx.certificates_page(query, after=cursor, limit=limit + 1)
    except NotThere:
        raise BadRequest("the cursor is that of no certificate", parameter="cursor") from None
    return Certificates(found[:limit], found[limit - 1].serial if len(found) > limit else None)


def _serial_begun(text: str) -> str:
    """Return the beginning of serials as rows carry them; what can be none stays as typed, which finds nothing."""
    try:
        return serial_word(text)
    except ValueError:
        return text
