"""The first page of each face: whose it is, whether the desk is open, and the way to everybody's own home."""

from datetime import date

from starlette.responses import Response

from seikyu.apps.api.identity import days_to_warn_of
from seikyu.apps.pages.payer.home import show_payer_home
from seikyu.apps.pages.public.entrance import show_entrance
from seikyu.apps.pages.public.told import news_lines
from seikyu.apps.pages.visit import Visit
from seikyu.apps.words import Language, say
from seikyu.lines.admission import Mode
from seikyu.office.bodies import bodies
from seikyu.services.admission import OtherLine, refusal_of
from seikyu.services.office import PAYER, REAL, Office


def show_front(visit: Visit) -> Response:
    """Show the first page: the entrance on the public face; at the desk a payer's people theirs, others the desk's."""
    if visit.pages.face == "public":
        return show_entrance(visit, bodies=front_facts(visit.office, visit.pages.served, visit.lang)[0])
    refusal = refusal_here(visit)
    kind = visit.identity.kind if visit.identity else ""
    if kind == PAYER and visit.actor is not None and visit.actor.must is None and refusal is None:
        return show_payer_home(visit)
    with visit.people.store.read() as tx:
        party = tx.party(visit.identity.party) if visit.identity else None
    named, opening, is_open = front_facts(visit.office, visit.pages.served, visit.lang)
    to_file = {name: refusal.facts[name] if refusal else None for name in ("notice", "used")}
    return visit.show(
        "front.html", bodies=named, opening=opening, open=is_open, party=party, can_log_in=True,
        error=visit.words(refusal) if refusal else None, **to_file,
        news=news_lines(visit, party_kind=visit.identity.kind if visit.identity else ""),
        days=days_to_warn_of(dict(visit.request.scope)),
    )  # fmt: skip


def refusal_here(visit: Visit) -> OtherLine | None:
    """Return why the desk refuses who has come by this line, on the page that is open over every one."""
    rules = visit.office.admission
    if visit.identity is None or rules is None or rules.mode is not Mode.ENFORCE:
        return None
    return refusal_of(visit.office, visit.identity, visit.address)


def front_facts(office: Office, served: tuple[str, ...], lang: Language) -> tuple[str, str, bool]:
    """Return whose desk it is, what is to be said of its hours, and whether it is open now."""
    now = office.clock.now()
    opening = office.calendar().at(now, REAL)
    known = {each.id: each for each in bodies(date(now.year, now.month, now.day), test=True)}
    here = [known[body] for body in served if body in known]
    key = "always" if opening.open and opening.closes_at is None else "open" if opening.open else "closed"
    named = "、".join(each.ja for each in here) if lang == "ja" else ", ".join(each.en for each in here)
    said = say(f"desk.{key}", lang, closes_at=opening.closes_at, next_opens_at=opening.next_opens_at)
    return named, said, opening.open
