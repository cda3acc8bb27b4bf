"""The door of the desk: who comes by another line than the registered one is told of, or refused with what to file.

Source: network:11 (V11).
"""

from seikyu.lines.admission import Comer, Mode, judge
from seikyu.ports.errors import SeikyuError
from seikyu.ports.trust import ClientIdentity
from seikyu.services.office import Office


class OtherLine(SeikyuError):
    """The party does not come by the line that it has registered (403); nothing was done.

    Shape: facts `why`, `registered` and `used` (kinds of lines) and `notice` to file, None if there is none.
    """

    code = "other_line"

    @property
    def words_code(self) -> str:
        """Which texts tell it."""
        return f"other_line_{self.facts['why']}"


def admit(office: Office, identity: ClientIdentity, address: str) -> None:
    """Let who asks pass by the rules of lines, if the office has some; it is looked at anew on every request.

    Shape: `address` is the peer's, or the one that the front server tells over its socket.
    Errors: OtherLine, if the rules are enforced.
    """
    if office.admission is None:
        return
    refusal, enforced = refusal_of(office, identity, address), office.admission.mode is Mode.ENFORCE
    if refusal is None:
        return
    # Neither the address nor anything of a person: the party, the kinds of lines, and why.
    office.tell(
        "line_refused" if enforced else "line_watched",
        party=identity.party, why=refusal.facts["why"], kind=refusal.facts["used"] or "?",
        state=refusal.facts["registered"] or "?",
    )  # fmt: skip
    if enforced:
        raise refusal


def refusal_of(office: Office, identity: ClientIdentity, address: str) -> OtherLine | None:
    """Return why the rules would refuse who asks, whatever their mode; None if they would not."""
    if office.admission is None:
        return None
    with office.store.read() as tx:
        party = tx.party(identity.party)
    registered = party.connection if party else ""
    comer = Comer(identity.party, identity.kind, registered, address)
    verdict = judge(office.admission, comer, office.tunnels())
    if verdict.passes:
        return None
    used, notice = verdict.used or None, verdict.notice or None
    return OtherLine(why=verdict.why.value, registered=registered or None, used=used, notice=notice)
