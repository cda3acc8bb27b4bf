"""By which line one comes: the desk's API and pages refuse another than the registered one, and lead to the notice."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from apps.desk_lab import FIRST, OPERATOR, SECOND, DeskLab
from apps.pages_lab import Site, add
from seikyu.lines.admission import Mode, read_rules
from services.office_lab import make_lab

RULES = """
[ranges.east]
line = "ipvpn_ipv6"
networks = ["2001:db8:e000::/36"]
[ranges.dialled]
line = "ipvpn_ipv4"
networks = ["192.0.2.0/25"]
[ranges.tunnels]
line = "ipsec_ike"
networks = ["192.0.2.128/25"]
[assigned]
"192.0.2.130" = "9910000009"
"""
V6, V4, TUNNEL, NOWHERE = "2001:db8:e001::7", "192.0.2.7", "192.0.2.130", "203.0.113.9"


class From:
    """An app as it sees requests from an address."""

    def __init__(self, app: Any, address: str) -> None:
        self.app = app
        self.address = address

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Put the address where the server would."""
        scope["client"] = (self.address, 40000) if self.address else None
        await self.app(scope, receive, send)


class Told:
    """What was told to the log."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, event: str, **facts: Any) -> None:
        """Keep it."""
        self.events.append((event, facts))


def desk_with(mode: Mode | None, *, registered: str = "ipvpn_ipv4", more: str = "") -> tuple[DeskLab, Told]:
    """Return a desk with rules, and with a first institution that has that line registered."""
    lab, told = make_lab(calendar="sandbox"), Told()
    rules = read_rules(more + RULES, mode) if mode else None
    lab.office = replace(lab.office, admission=rules, tell=told)
    with lab.office.store.write() as tx:
        party = tx.party(FIRST)
        assert party is not None
        tx.put_party(replace(party, connection=registered))
    return DeskLab.make(lab), told


def ask(desk: DeskLab, address: str, path: str = "/sendings", *, party: str = FIRST, **options: Any) -> Any:
    """Ask from an address."""
    whole, desk.app = desk.app, From(desk.app, address)
    try:
        return desk.ask(options.pop("method", "GET"), path, party=party, **options)
    finally:
        desk.app = whole


def test_without_rules_everybody_comes_from_everywhere() -> None:
    """As in the demo: they are off unless an operator has written them."""
    desk, told = desk_with(None)

    assert 200 == ask(desk, NOWHERE).status_code
    assert [] == told.events


def test_a_party_comes_by_its_registered_line() -> None:
    """Also if the socket writes its address as IPv4 within IPv6."""
    desk, told = desk_with(Mode.ENFORCE)

    assert [200, 200] == [ask(desk, address).status_code for address in (V4, f"::ffff:{V4}")]
    assert [] == told.events


def test_another_line_is_a_problem_that_says_what_to_file() -> None:
    """403 with a code, the kinds of lines and the notice, in both languages; counted without the address."""
    desk, told = desk_with(Mode.ENFORCE)

    answer = ask(desk, V6, headers={"accept-language": "en"})
    japanese = ask(desk, V6, headers={"accept-language": "ja"}).json()

    problem = answer.json()
    assert (403, "other_line") == (answer.status_code, problem["code"])
    assert ("other_line", "ipvpn_ipv4", "ipvpn_ipv6", "change_connection") == tuple(
        problem[name] for name in ("why", "registered", "used", "notice")
    )
    assert "IP-VPN by IPv4 (PPPoE)" in problem["detail"]
    assert "`change_connection`" in problem["hint"]
    assert "変更届" in japanese["hint"]
    assert (
        "line_refused",
        {"party": FIRST, "why": "other_line", "kind": "ipvpn_ipv6", "state": "ipvpn_ipv4"},
    ) == told.events[0]


def test_nothing_is_received_over_another_line() -> None:
    """A sending leaves no trace."""
    desk, _ = desk_with(Mode.ENFORCE)

    answer = ask(desk, V6, method="POST", content=b"x")

    assert 403 == answer.status_code
    assert desk.leaves_nothing()


@pytest.mark.parametrize(
    ("address", "registered", "why"),
    [(NOWHERE, "ipvpn_ipv4", "elsewhere"), ("", "ipvpn_ipv4", "elsewhere"), (TUNNEL, "ipsec_ike", "others_tunnel")],
)
def test_what_no_notice_mends_names_none(address: str, registered: str, why: str) -> None:
    """An address of no line, none at all, and another party's tunnel."""
    desk, _ = desk_with(Mode.ENFORCE, registered=registered)

    problem = ask(desk, address).json()

    assert ("other_line", why, None) == (problem["code"], problem["why"], problem["notice"])
    assert problem["hint"]


def test_a_party_without_a_registered_line_is_let_in_or_sent_to_begin() -> None:
    """As the rules say; by default nobody is locked out who was registered before there were lines."""
    lenient, _ = desk_with(Mode.ENFORCE, registered="")
    strict, _ = desk_with(Mode.ENFORCE, registered="", more='unregistered = "refuse"\n')

    assert 200 == ask(lenient, V4).status_code
    problem = ask(strict, V4).json()
    assert ("unregistered", "start", None) == (problem["why"], problem["notice"], problem["registered"])


def test_to_watch_lets_pass_and_counts() -> None:
    """So that an operator sees whom the rules would refuse before they do."""
    desk, told = desk_with(Mode.TELL)

    assert 200 == ask(desk, V6).status_code
    assert ["line_watched"] == [event for event, _ in told.events if event.startswith("line")]


def test_the_operator_and_another_party_are_judged_by_their_own_rows() -> None:
    """The operator comes from inside; a party without a line is not the first one's."""
    desk, _ = desk_with(Mode.ENFORCE)

    assert 200 == ask(desk, NOWHERE, "/admin/months", party=OPERATOR).status_code
    assert 200 == ask(desk, V6, party=SECOND).status_code


def test_what_mends_it_is_open_over_every_line() -> None:
    """Notices and the own certificates by program, and the description of the API; nothing else, however it is written."""
    desk, _ = desk_with(Mode.ENFORCE)

    assert [200, 200, 200] == [
        ask(desk, V6, path).status_code for path in ("/notices", "/certificates", "/openapi.json")
    ]
    shut = ("/sendings", "/deliveries", "/arrivals", "//api/v1//sendings", "/sendings?x=/notices")
    assert {403, 404} >= {ask(desk, V6, path).status_code for path in shut}
    assert 403 == ask(desk, V6, "/sendings?x=/notices").status_code


def test_no_header_from_outside_says_where_one_comes_from() -> None:
    """Only the connection does, or the front server over its socket."""
    desk, _ = desk_with(Mode.ENFORCE)
    lies = {"x-forwarded-for": V4, "forwarded": f"for={V4}", "seikyu-client-address": V4, "x-real-ip": V4}

    assert 403 == ask(desk, V6, headers=lies).status_code


@pytest.fixture
def site() -> Iterator[Site]:
    """Return both faces; the desk's pages have rules, and the first institution an IPv4 line."""
    site = Site.make()
    with site.lab.office.store.write() as tx:
        party = tx.party(FIRST)
        assert party is not None
        tx.put_party(replace(party, connection="ipvpn_ipv4"))
    yield site
    site.close()


def test_q13_a_page_says_which_notice_to_file_and_leads_there(site: Site) -> None:
    """Who came from IPv4 to IPv6 is told so on a page, files the change over the new line, and then may come by it."""
    hanako = add(site)
    site.pages["desk"].office = replace(site.lab.office, admission=read_rules(RULES, Mode.ENFORCE))
    hanako.address = V6

    page = hanako.get("/applications")
    assert page.status_code == 403
    assert "Not the registered line" in hanako.text()
    assert "the registered line is IP-VPN by IPv4 (PPPoE), but this one is IP-VPN by IPv6 (IPoE)" in hanako.text()
    assert 'href="/notices/new?kind=change_connection&amp;connection=ipvpn_ipv6"' in page.text
    assert "Log out" in hanako.text()
    for path in ("/", "/account", "/notices", "/lines", "/lines/advise"):
        assert hanako.get(path).status_code == 200, path
    assert "kind=change_connection" in hanako.get("/").text, "the first page says it too"

    hanako.get("/notices/new?kind=change_connection&connection=ipvpn_ipv6")
    hanako.post(
        "/notices/new",
        effective_on="2026-09-01",
        contact="受付 見本",
        phone="03-0000-0000",
        customer_id="CAF0000000001",
    )
    assert "The notice is filed" in hanako.text()
    assert hanako.get("/applications").status_code == 403, "it is not approved yet"

    with site.lab.office.store.write() as tx:
        party = tx.party(FIRST)
        assert party is not None
        tx.put_party(replace(party, connection="ipvpn_ipv6"))
    assert hanako.get("/applications").status_code == 200
    assert "change_connection" not in hanako.get("/").text
    hanako.address = V4
    assert hanako.get("/applications").status_code == 403


def test_the_public_face_is_open_over_every_line(site: Site) -> None:
    """It has no certificates; who is locked out of the desk files the notice there."""
    site.pages["public"].office = replace(site.lab.office, admission=read_rules(RULES, Mode.ENFORCE))

    assert site.browser(address=NOWHERE).get("/lines").status_code == 200
