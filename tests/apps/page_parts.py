"""What a face needs to show pages, over an office in memory."""

import json
from typing import Any, Final

from seikyu.adapters.security_keys import WebAuthnKeys
from seikyu.apps.drawing.issuance import Letter, Sender, letter_facts
from seikyu.apps.notices_posted import Paper
from seikyu.apps.pages.site import pages_of
from seikyu.apps.pages.visit import Pages
from seikyu.services.applications import Opened
from seikyu.services.office import Office
from seikyu.services.people import People
from seikyu.trust.enrolment import enrolment_rules
from services.people_lab import CountingVault

#: The name that the lab's servers are made out for.
NAME: Final = "desk.example"


def people_of_lab(office: Office) -> People:
    """Return people over the rows of a lab's office, by its clock."""
    return People(
        store=office.store, clock=office.clock, register_clock=office.clock, ids=office.ids, vault=CountingVault(),
        known=lambda _password: False, keys=WebAuthnKeys(),
    )  # fmt: skip


def pages_of_lab(office: Office, face: str, **options: Any) -> Pages:
    """Return the pages of a face over a lab's office."""
    people = people_of_lab(office)
    return pages_of(face, office, people, key=b"f" * 32, served=("1", "2-99"), hosts=(NAME,), **options)


def paper_of_lab(office: Office) -> Paper:
    """Return what writes down what stands on a notice's sheets; setting them takes a while."""
    sender = Sender({"ja": "見本", "en": "sample"}, f"https://{NAME}/cert/", "0" * 64, enrolment_rules())

    def paper(opened: Opened) -> bytes:
        with office.store.read() as tx:
            party = tx.party(opened.notice.party)
        assert party is not None
        return json.dumps(letter_facts(Letter(opened, party), sender)).encode()

    return paper
