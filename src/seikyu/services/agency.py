"""Acting for another party on the line of sending (請求事務の代行).

An agent comes with its own certificate and says for whom (`?for=PARTY`). From then on everything is judged as if the
principal asked, at those bodies where a mandate is in force, and nowhere else; and every proof names both: the row of
the sending, what is shown of it, and the journal. A mandate is looked at with the request, and once more in the
transaction that writes: one that ended while a file arrived has ended. Mandates keep the real time, in a sandbox too.
"""

from dataclasses import replace
from datetime import datetime

from seikyu.ports.errors import BadRequest
from seikyu.ports.people import Entry
from seikyu.ports.store import ReadTx, WriteTx
from seikyu.ports.trust import ClientIdentity
from seikyu.services.office import Office
from seikyu.services.people import MandateNotThere
from seikyu.trust.people import delegation, lasts


def acting_for(office: Office, identity: ClientIdentity, principal: str) -> ClientIdentity:
    """Return the agent as it acts for the principal; itself, if the two are one.

    Errors: MandateNotThere, also if there is no such party: nobody learns which.
    """
    if principal == identity.party:
        return identity
    now = office.real_now()
    with office.store.read() as tx:
        party = tx.party(principal)
        found = tx.mandates(agent=identity.party, principal=principal)
    mandates = tuple((each.body, each.id) for each in found if lasts(each.since, each.until, now))
    if party is None or not mandates or identity.kind not in delegation().agents:
        raise MandateNotThere(agent=identity.party, principal=principal)
    return replace(identity, party=principal, kind=party.kind, agent=identity.party, mandates=mandates)


def require_mandate(tx: ReadTx, identity: ClientIdentity, body: str, now: datetime) -> str | None:
    """Return the id of the mandate by which an agent acts at that body now; None for who acts for themselves.

    Shape: `now` is the real time. Errors: MandateNotThere.
    """
    if identity.agent is None:
        return None
    for each in tx.mandates(body=body, agent=identity.agent, principal=identity.party):
        if lasts(each.since, each.until, now):
            return each.id
    raise MandateNotThere(agent=identity.agent, principal=identity.party)


def body_to_list(identity: ClientIdentity, body: str | None) -> str | None:
    """Return the body whose sendings an agent may list: the one asked for, or the only one with a mandate.

    Errors: MandateNotThere; BadRequest, if there are several and none was asked for.
    """
    if identity.agent is None:
        return body
    named = [each for each, _ in identity.mandates]
    if body is None and len(named) > 1:
        raise BadRequest("an agent of several review bodies says which", parameter="body")
    wanted = body or named[0]
    if wanted not in named:
        raise MandateNotThere(agent=identity.agent, principal=identity.party)
    return wanted


def note_act(
    tx: WriteTx,
    office: Office,
    identity: ClientIdentity,
    act: str,
    *,
    body: str,
    subject: str,
    facts: str | None = None,
) -> None:
    """Enter in the journal what an agent did, what a person did on a page, and what stands in no other row.

    What a party's program does for itself otherwise stands in the rows of the sending.
    """
    if identity.agent is None and not identity.user and facts is None:
        return
    now = office.real_now()
    tx.add_entry(
        Entry(
            id=office.ids.new(),
            at=now,
            act=act,
            body=body,
            user=identity.user or f"(certificate {identity.serial})",
            party=identity.sender,
            subject=subject,
            acts_for=identity.party if identity.agent else None,
            mandate=require_mandate(tx, identity, body, now),
            facts=facts,
        )
    )
