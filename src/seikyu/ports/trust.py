"""What the server knows of the other end of a line."""

from dataclasses import dataclass

from seikyu.ports.errors import SeikyuError


class CertificateRevoked(SeikyuError):
    """The certificate was revoked; from that moment on it is nobody's (403)."""

    code = "certificate_revoked"


@dataclass(frozen=True, slots=True)
class ClientIdentity:
    """A client certificate that the TLS layer verified against our CA. Revocation is looked up on every request.

    Shape: `serial` lower-case hex; `party` and `kind` as the certificate's URI SAN says
    (`urn:seikyu:party:institution:9911000015`). Of an agent that acts for another, `party` and `kind` are the
    principal's, `agent` is the certificate's party, and `mandates` are the bodies where it may, each with the id.
    `user` is who has logged in, empty for a program.
    """

    serial: str
    party: str
    kind: str
    terminal: str
    agent: str | None = None
    mandates: tuple[tuple[str, str], ...] = ()
    user: str = ""

    @property
    def sender(self) -> str:
        """The party at the other end of the line, whoever it acts for."""
        return self.agent or self.party

    def acts_at(self, body: str) -> bool:
        """True if the identity may do anything at that body."""
        return self.agent is None or any(each == body for each, _ in self.mandates)
