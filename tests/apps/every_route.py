"""Every route of both faces, as the apps themselves know them, and data that says how to ask for each.

A new route joins the tests of `test_every_route.py` by itself. What it may need is a row here: of `THINGS`, if its
address names a thing that is not known yet, of `OPEN`, if anybody may see it, of `PLAIN` for other parts of addresses.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from starlette.routing import Mount, Route

from apps.desk_lab import FIRST, PAYER, DeskLab
from apps.pages_lab import Browser, Site
from builders import claim, uke
from seikyu.ports.trust import ClientIdentity
from seikyu.services import upload
from seikyu.services.arrival import Stated
from seikyu.services.notices import file_notice
from seikyu.services.receive import Terms
from seikyu.services.webhooks import Telling, add_webhook, nobody_listens
from services.office_lab import whole

#: An id that nothing ever had.
NOTHING: Final = "0" * 26

API: Final = "/api/v1"

#: Stands in every name that the lab can carry. It closes an attribute and opens an element wherever it is not escaped.
MARK: Final = "\"'><script>zzz</script>"
MARKED: Final = "zzz"

#: A name that a spreadsheet would take for a formula.
FORMULA: Final = "=1+1|zzz"

_PARAM: Final = re.compile(r"\{(\w+)(?::\w+)?\}")
_WHOSE: Final = re.compile(r"([a-z-]+)/\{(\w+)(?::\w+)?\}")

#: First parts of addresses of the public site, which stands on both faces.
_SITE: Final = frozenset(
    {"", "login", "logout", "healthz", "static", "lines", "api", "faq", "forms", "prefectures", "news", "status",
     "calendar", "contact", "for", "rules", "news.json", "news.atom", "status.json", "calendar.json", "calendar.ics",
     "prefectures.json", "faq.json", "lines.json", "forms.json", "contact.json", "/account/register",
     "/account/register/finish"}
)  # fmt: skip

#: First parts, or whole addresses, that anybody may see: at the desk with a certificate, and on the public face.
OPEN: Final = {"desk": _SITE, "public": _SITE | {"cert", "pki", "certificates", "pairings", "ocsp"}}

#: Parts of addresses that are no thing of a party: each with a value that there may be.
PLAIN: Final = {
    "no": "1", "file_no": "1", "claim_no": "1", "claim": "1-1", "file": "1", "form": "error_list", "month": "202609",
    "body": "1", "part": "1", "list": "error_list", "format": "csv", "place": "1-1", "line": "1", "item": "1",
    "record": "1", "index": "0", "kind": "medical", "step": "1",
}  # fmt: skip

#: Parts of addresses before a word that everybody may know: pages of the public site.
PUBLIC: Final = frozenset(
    {"faq", "forms", "prefectures", "news", "for", "pki", "static", "guide", "lines", "cert", "contact", "ocsp",
     "question", "incidents", "rules"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Way:
    """One route. Shape: `path` is its template, with the mount before it; `page` is False for the API."""

    face: str
    method: str
    path: str
    page: bool

    @property
    def named(self) -> list[tuple[str, str]]:
        """The parts of the address that name something, each with the part before it."""
        return [(before, name) for before, name in _WHOSE.findall(self.path) if name not in PLAIN]

    @property
    def first(self) -> str:
        """The first part of the address."""
        return self.path.split("/")[1]

    def at(self, ids: dict[str, str]) -> str:
        """Return an address, with these ids by the part before them; what is not among them names nothing."""
        before = {name: part for part, name in _WHOSE.findall(self.path)}
        return _PARAM.sub(lambda m: PLAIN.get(m[1]) or ids.get(before.get(m[1], ""), NOTHING), self.path)

    def __str__(self) -> str:
        return f"{self.face}: {self.method} {self.path}"


def ways(site: Site) -> list[Way]:
    """Return every route of both faces, introspected."""
    return [each for face, door in site.apps.items() for each in _ways(face, door.app.routes, "")]


def _ways(face: str, routes: Any, above: str) -> Iterator[Way]:
    for route in routes:
        if isinstance(route, Mount):
            yield from _ways(face, route.routes, above + route.path)
        elif isinstance(route, Route) or hasattr(route, "methods"):
            path = above + route.path
            for method in sorted(set(route.methods or {"GET"}) - {"HEAD", "OPTIONS"}):
                yield Way(face, method, path, page=not path.startswith(API))


def _send(site: Site) -> str:
    answer = site.lab.send(uke(claim(1), claim(2, insurer="06990015"), claim(3, birth_date="19800231")), file_name=MARK)
    site.lab.work()
    return answer.sending.id


def _upload(site: Site) -> str:
    async def begin() -> str:
        begun = await upload.begin(site.lab.office, identity=_identity(FIRST), terms=Terms(), files=1)
        await upload.put_file(
            site.lab.office, identity=_identity(FIRST), upload_id=begun.id, no=1, body=whole(uke(claim(1))),
            stated=Stated(), file_name=MARK,
        )  # fmt: skip
        return begun.id

    return site.loop.run_until_complete(begin())


def _notice(site: Site) -> str:
    fields = {
        "effective_on": "2026-11-01", "contact": MARK[:40], "phone": "03-0000-0000", "connection": "ipvpn_ipv6",
        "customer_id": "CAF0000000001",
    }  # fmt: skip
    return file_notice(site.lab.office, _identity(FIRST), kind="start", fields=fields).notice.id


def _application(site: Site) -> str:
    desk = DeskLab(site.lab, None, site.apps["desk"], site.loop)  # type: ignore[arg-type]
    return str(desk.ask("POST", "/certificates/applications", json={"terminal": "pc-9"}).json()["id"])


def _delivery(site: Site) -> str:
    desk = DeskLab(site.lab, None, site.apps["desk"], site.loop)  # type: ignore[arg-type]
    return desk.put_delivery(b"sealed").id


def _webhook(site: Site) -> str:
    telling = Telling(site.enrolling.vault, nobody_listens)
    made = add_webhook(site.lab.office, telling, _identity(FIRST), address="https://vendor.example.com/?zzz")
    return made.webhook.id


def _serial(site: Site) -> str:
    with site.lab.office.store.read() as tx:
        return tx.certificates(party=FIRST)[0].serial


def _of_the_office(site: Site) -> str:
    del site
    return "1" * 26


#: How to make a thing, by the part of the address before its id, and whose it is then.
THINGS: Final[dict[str, tuple[str, Callable[[Site], str]]]] = {
    "sendings": (FIRST, _send),
    "uploads": (FIRST, _upload),
    "notices": (FIRST, _notice),
    "applications": (FIRST, _application),
    "webhooks": (FIRST, _webhook),
    "certificates": (FIRST, _serial),
    "deliveries": (PAYER, _delivery),
    # What only the office has: to everybody else all of them are refused alike.
    "issuance": (FIRST, _application),
    "orders": ("", _of_the_office),
    "parties": ("", _of_the_office),
    "months": ("", _of_the_office),
    "users": ("", _of_the_office),
    "mandates": ("", _of_the_office),
    "grants": ("", _of_the_office),
    "undo": ("", _of_the_office),
    "undo-orders": ("", _of_the_office),
    "undo-requests": ("", _of_the_office),
    "announcements": ("", _of_the_office),
    "inquiries": ("", _of_the_office),
    "corrections": ("", _of_the_office),
    "pairings": ("", _of_the_office),
}


def _identity(party: str) -> ClientIdentity:
    return ClientIdentity(serial="1", party=party, kind="payer" if party == PAYER else "institution", terminal="pc-1")


def token_of(browser: Browser) -> str:
    """Return the token of this browser's forms, from a page that has one at any rate."""
    page = browser.get("/account" if browser.cookies else "/login")
    found = re.search(r'name="token" value="([^"]+)"', page.text) or re.search(
        r'name="token" value="([^"]+)"', browser.get("/login").text
    )
    assert found, page.text
    return found[1]


def rows_of(site: Site) -> dict[str, Any]:
    """Return every row but those that any look writes."""
    store: Any = site.lab.office.store
    moved = {"sessions", "half_logins", "guesses"}
    return {name: dict(table) for name, table in vars(store._tables).items() if name not in moved}
