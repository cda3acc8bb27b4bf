"""Programs that ask oddly, and pages that ask in another's name: each gets one clear answer, and nothing is done."""

from dataclasses import replace

import pytest

from apps.desk_lab import FIRST, OPERATOR, PAYER, SECOND, DeskLab, body_message
from builders import claim, uke
from services.office_lab import Lab, make_lab

FILE = uke(claim(1))


def test_where_a_sending_is_found_is_told_as_a_whole_address() -> None:
    """A strict client refuses a relative one; behind the operator's own front the address is the front's."""
    assert DeskLab.make().send(FILE).headers["location"].startswith("https://desk.example:8443/api/v1/sendings/0")
    fronted = DeskLab.make(external_url="https://claims.example/")
    assert fronted.send(FILE).headers["location"].startswith("https://claims.example/api/v1/sendings/0")


def test_a_body_that_is_packed_on_the_way_is_not_taken_for_the_file(desk: DeskLab) -> None:
    """A second transfer coding would end up in the file, seen by nobody."""
    for coding in ("gzip, chunked", "deflate"):
        answer = desk.raw("POST", "/sendings", [body_message(FILE, more=False)], headers={"transfer-encoding": coding})
        assert answer.status == 415
    assert desk.leaves_nothing()
    plain = desk.raw("POST", "/sendings", [body_message(FILE, more=False)], headers={"transfer-encoding": "Chunked"})
    assert plain.status == 201


@pytest.mark.parametrize("odd", ["no-such-thing", "UPPER", "a" * 41, "%00", "日本"])
def test_what_has_not_the_form_of_an_id_is_not_found(desk: DeskLab, odd: str) -> None:
    """A client may ask with any id; the answer is the one of an id that never was."""
    for method, path, party in (
        ("GET", f"/sendings/{odd}", FIRST),
        ("POST", f"/sendings/{odd}/cancel", FIRST),
        ("POST", f"/sendings/uploads/{odd}/finish", FIRST),
        ("GET", f"/deliveries/{odd}/content", PAYER),
    ):
        answer = desk.ask(method, path, party=party)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path


def test_a_request_has_one_key(desk: DeskLab) -> None:
    """Of two keys nobody knows which one is meant."""
    answer = desk.ask("POST", "/sendings", content=FILE, headers=[("Idempotency-Key", "a"), ("Idempotency-Key", "b")])

    assert (answer.status_code, answer.json()["parameter"]) == (400, "Idempotency-Key")
    assert desk.leaves_nothing()


@pytest.mark.parametrize("name", ["\x1b[2J.UKE", "a\r\nb", "\x00"])
def test_a_file_name_that_would_steer_a_terminal_is_turned_away(desk: DeskLab, name: str) -> None:
    """Names are shown to people; Japanese ones, with wide spaces, are names."""
    assert desk.send(FILE, name=name).status_code == 400
    assert desk.leaves_nothing()
    assert desk.send(FILE, name="見本　九月.UKE").status_code == 201


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "https://elsewhere.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "same-origin", "origin": "https://desk.example:8443"}, 201),
        ({"sec-fetch-site": "none"}, 201),
        ({"origin": "https://desk.example:8443"}, 201),
        ({"origin": "https://claims.example"}, 201),
        ({}, 201),
    ],
    ids=str,
)
def test_a_page_of_somebody_else_cannot_act_with_a_browsers_certificate(headers: dict[str, str], status: int) -> None:
    """Browsers show the certificate to whatever page asks them to; ours, and programs, may act."""
    desk = DeskLab.make(external_url="https://claims.example")

    answer = desk.send(FILE, headers=headers)

    assert answer.status_code == status
    assert status == 201 or (answer.json()["code"], desk.leaves_nothing()) == ("foreign_page", True)
    assert desk.ask("GET", "/sendings", headers=headers).status_code == 200


def test_one_party_does_not_take_every_place() -> None:
    """Past its share it is told to come back; another party is served."""
    lab = make_lab(calendar="sandbox")
    desk = DeskLab.make(Lab(replace(lab.office, limits={"requests_per_party": 0}), lab.clock))
    answer = desk.ask("GET", "/sendings")
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "busy", "5")

    desk = DeskLab.make(Lab(replace(lab.office, limits={"requests_per_party": 1}), lab.clock))
    for party in (FIRST, FIRST, SECOND):
        assert desk.ask("GET", "/sendings", party=party).status_code == 200


@pytest.mark.parametrize("now", ["0001-01-01T00:00:00+23:59", "1999-12-31T23:59:59+09:00", "9999-12-31T23:59:59-12:00"])
def test_a_clock_stays_where_calendars_are(desk: DeskLab, now: str) -> None:
    """At the ends of time every question would be a bug, and the way back as well."""
    answer = desk.ask("PUT", "/admin/clock", party=OPERATOR, json={"now": now})

    assert (answer.status_code, answer.json()["parameter"]) == (400, "now")
    assert desk.ask("GET", "/admin/clock", party=OPERATOR).status_code == 200
