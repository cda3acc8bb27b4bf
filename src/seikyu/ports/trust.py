"""What the server knows of the other end of a line."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClientIdentity:
    """A client certificate that the TLS layer verified against our CA. Revocation is looked up on every request.

    Shape: `serial` lower-case hex; `party` and `kind` as the certificate's URI SAN says
    (`urn:seikyu:party:institution:9911000015`).
    """

    serial: str
    party: str
    kind: str
    terminal: str
