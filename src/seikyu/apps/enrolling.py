"""Where enrolment meets its adapters; everything works beside a running server, through the database."""

from collections.abc import Iterator
from contextlib import contextmanager

from seikyu.adapters.authority import HomeAuthority
from seikyu.adapters.home import Home
from seikyu.adapters.http01 import Http01
from seikyu.adapters.sql.open import open_store
from seikyu.apps.people import people_of
from seikyu.ports.store import Store
from seikyu.services.acme import Acme
from seikyu.services.applications import Enrolling
from seikyu.services.office import Tell, silent
from seikyu.trust.acme import acme_rules


def enrolling_of(home: Home, store: Store, *, tell: Tell = silent) -> Enrolling:
    """Return what enrolment needs, over the rows of a home. Errors: BadSettings, Damaged."""
    people = people_of(home, store, tell=tell)
    return Enrolling(
        store=store,
        clock=people.clock,
        register_clock=people.register_clock,
        ids=people.ids,
        vault=people.vault,
        authority=HomeAuthority(home),
        tell=tell,
    )


def acme_of(home: Home, enrolling: Enrolling) -> Acme:
    """Return ACME over enrolment, as the settings say where hosts are to be asked. Errors: BadSettings."""
    settings, rules = home.settings(), acme_rules()
    hosts = Http01(
        wait_s=rules.validation_s,
        answer_bytes=rules.answer_bytes,
        redirects=rules.redirects,
        port=settings.acme.http_port,
        addresses=settings.acme.addresses,
    )
    return Acme.of(enrolling, hosts, rules=rules)


@contextmanager
def enrolling_at(home: Home) -> Iterator[Enrolling]:
    """Open the rows of a home for enrolment, and close them again."""
    store = open_store(home.database)
    try:
        yield enrolling_of(home, store)
    finally:
        store.close()
