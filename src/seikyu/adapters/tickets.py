"""Notes that a browser carries for us from one page to the next: sealed, so that it can neither read nor change them.

The key lives in the process alone. What is in a ticket is nobody's once the browser has dropped it: not even with the
whole disk of the server could it be read.
"""

import base64
import json
import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from seikyu.ports.errors import SeikyuError

_KEY_BITS: Final = 256
_NONCE_BYTES: Final = 12


class TicketOver(SeikyuError):
    """The ticket is too old, of another browser or another run of the server, or was changed; nothing was done."""

    code = "ticket_over"


class Tickets:
    """Seals and opens tickets (AES-256-GCM). Safe from many threads."""

    def __init__(self) -> None:
        self._aead = AESGCM(AESGCM.generate_key(_KEY_BITS))

    def seal(self, facts: Mapping[str, Any], *, use: str, browser: str, until: datetime) -> str:
        """Return a ticket for one use, that one browser may show until then."""
        nonce = os.urandom(_NONCE_BYTES)
        told = json.dumps({"until": until.timestamp(), "facts": facts}).encode()
        sealed = self._aead.encrypt(nonce, told, _bound(use, browser))
        return base64.urlsafe_b64encode(nonce + sealed).decode("ascii")

    def open(self, ticket: str, *, use: str, browser: str, now: datetime) -> dict[str, Any]:
        """Return what was sealed. Errors: TicketOver."""
        try:
            raw = base64.urlsafe_b64decode(ticket)
            told = json.loads(self._aead.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _bound(use, browser)))
        except (InvalidTag, ValueError):
            raise TicketOver from None
        if told["until"] <= now.timestamp():
            raise TicketOver
        facts: dict[str, Any] = told["facts"]
        return facts


def _bound(use: str, browser: str) -> bytes:
    return f"{use}|{browser}".encode("utf-8", "surrogatepass")
