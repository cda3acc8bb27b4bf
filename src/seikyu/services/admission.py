"""The door of the desk: who comes by another line than the registered one is told of, or refused with what to file.

Source: network:11 (V11).
"""

from seikyu.lines.admission import Comer, Mode, Verdict, judge
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
    rules = office.admission
    if rules is None:
        return
    verdict, registered = line_verdict(office, identity, address)
    if verdict.passes:
        return
    enforced = rules.mode is Mode.ENFORCE
    # Neither the address nor anything of a person: the party, the kinds of lines, and why.
    office.tell(
        "line_refused" if enforced else "line_watched",
        party=identity.party, why=verdict.why.value, kind=verdict.used or "?", state=registered or "?",
    )  # fmt: skip
    if enforced:
        used, notice = verdict.used or None, verdict.notice or None
        raise OtherLine(why=verdict.why.value, registered=registered or None, used=used, notice=notice)


def line_verdict(office: Office, identity: ClientIdentity, address: str) -> tuple[Verdict, str]:
    """Return what the rules say, whatever the mode, and the registered line. Errors: KeyError without rules."""
    if office.admission is None:
        raise KeyError("admission")
    with office.store.read() as tx:
        party = tx.party(identity.party)
    registered = party.connection if party else ""
    comer = Comer(identity.party, identity.kind, registered, address)
    return judge(office.admission, comer, office.tunnels()), registered
