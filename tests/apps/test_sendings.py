"""Sending, looking and deciding through the API."""

import base64
import hashlib
from typing import Any

from apps.desk_lab import FIRST, OPERATOR, SECOND, DeskLab, body_message, pieces
from builders import claim, uke
from seikyu.apps.metrics import states_of
from seikyu.ports.errors import Unavailable

FILE = uke(claim(1), claim(2, points=300))
SHOWN = {
    "id", "body", "line", "kind", "month", "send_no", "state", "errors", "claims", "refused", "ask", "received_at",
}  # fmt: skip


def test_a_file_becomes_a_sending(desk: DeskLab) -> None:
    """One request, one sending; the answer shows it and where it is."""
    answer = desk.send(FILE, name="RECEIPTC.UKE")

    shown = answer.json()
    assert answer.status_code == 201
    assert shown.keys() >= SHOWN
    assert answer.headers["location"].endswith(f"/api/v1/sendings/{shown['id']}")
    assert (shown["state"], shown["body"], shown["line"], shown["repeat"]) == ("checking", "1", "real", False)
    assert (shown["kind"], shown["month"], shown["send_no"]) == ("medical", "202609", 1)
    assert shown["files"][0]["sha256"] == hashlib.sha256(FILE).hexdigest()
    assert shown["received_at"].endswith("+09:00")


def test_a_file_of_no_bytes_is_a_sending_too(desk: DeskLab) -> None:
    """Its check says what is wrong; the line does not."""
    answer = desk.send(b"")
    desk.lab.work()

    assert answer.status_code == 201
    assert desk.ask("GET", f"/sendings/{answer.json()['id']}").json()["state"] == "refused"


def test_a_file_without_a_stated_length_is_received(desk: DeskLab) -> None:
    """A program may send what it is still making."""
    answer = desk.ask("POST", "/sendings", content=pieces(FILE))

    assert answer.status_code == 201
    assert answer.json()["files"][0]["size_bytes"] == len(FILE)


def test_a_stated_digest_that_agrees_is_taken(desk: DeskLab) -> None:
    """In either header."""
    digest = base64.b64encode(hashlib.sha256(FILE).digest()).decode()

    for header in ("content-digest", "repr-digest"):
        assert desk.send(FILE, headers={header: f"sha-512=:AAAA:, sha-256=:{digest}:"}).status_code in {200, 201}


def test_a_repeat_gets_the_first_answer(desk: DeskLab) -> None:
    """The same bytes again make nothing new; another line, ASP choice or party does."""
    first = desk.send(FILE).json()

    again = desk.send(FILE)

    assert (again.status_code, again.json()["repeat"], again.json()["id"]) == (200, True, first["id"])
    assert desk.send(FILE, line="test").status_code == 201
    assert desk.send(FILE, asp="false").status_code == 201
    assert desk.send(FILE, party=SECOND).status_code == 201


def test_an_idempotency_key_finds_the_first_answer(desk: DeskLab) -> None:
    """With or without the quotes of a structured field."""
    first = desk.send(FILE, headers={"idempotency-key": "abc"}).json()

    assert desk.send(FILE, headers={"idempotency-key": '"abc"'}).json()["id"] == first["id"]


def test_several_files_are_one_sending(desk: DeskLab) -> None:
    """Begun, put in one by one in any order, finished; asked again it is a repeat."""
    begun = desk.ask("POST", "/sendings?files=2")
    assert (begun.status_code, begun.json().keys()) == (202, {"upload", "expires_at"})
    upload = begun.json()["upload"]
    assert desk.ask("POST", f"/sendings/uploads/{upload}/finish").json()["code"] == "upload_incomplete"

    for no in (2, 1):
        put = desk.ask("PUT", f"/sendings/uploads/{upload}/files/{no}", content=uke(claim(1, points=300 + no)))
        assert put.status_code == 200, put.text
    done = desk.ask("POST", f"/sendings/uploads/{upload}/finish")

    assert done.status_code == 201
    assert [file["no"] for file in done.json()["files"]] == [1, 2]
    assert desk.ask("POST", f"/sendings/uploads/{upload}/finish").json()["repeat"] is True


def test_a_file_that_breaks_off_erases_the_whole_upload(desk: DeskLab) -> None:
    """All or none; the upload is as if it had never been."""
    upload = desk.ask("POST", "/sendings?files=2").json()["upload"]
    desk.ask("PUT", f"/sendings/uploads/{upload}/files/1", content=FILE)

    desk.raw(
        "PUT", f"/sendings/uploads/{upload}/files/2", [body_message(FILE[:50], more=True), {"type": "http.disconnect"}]
    )

    assert desk.ask("POST", f"/sendings/uploads/{upload}/finish").status_code == 404
    assert desk.ask("PUT", f"/sendings/uploads/{upload}/files/2", content=FILE).status_code == 404
    assert desk.leaves_nothing()


def test_files_that_do_not_belong_together_are_refused_as_a_whole(desk: DeskLab) -> None:
    """The last act says so, and nothing stays."""
    upload = desk.ask("POST", "/sendings?files=2").json()["upload"]
    for no, body in ((1, "1"), (2, "2")):
        desk.ask("PUT", f"/sendings/uploads/{upload}/files/{no}", content=uke(claim(1), body=body))

    done = desk.ask("POST", f"/sendings/uploads/{upload}/finish")

    assert (done.status_code, done.json()["code"]) == (422, "mixed_files")
    assert desk.leaves_nothing()


def test_findings_and_claims_are_pages(desk: DeskLab) -> None:
    """Page by page they give the same as at once."""
    sending = desk.send(uke(*(claim(no, points=1) for no in range(1, 6)))).json()["id"]
    desk.lab.work()

    for what in ("findings", "claims"):
        whole = desk.ask("GET", f"/sendings/{sending}/{what}").json()
        assert whole["next"] is None
        assert whole["items"]
        assert _walk(desk, f"/sendings/{sending}/{what}", limit=2) == whole["items"]


def test_sendings_are_listed_newest_first(desk: DeskLab) -> None:
    """Both lines and all states, in pages of any size; to the operator everybody's."""
    ids = [desk.send(uke(claim(1, points=300 + no)), line=("real", "test")[no % 2]).json()["id"] for no in range(5)]
    desk.send(FILE, party=SECOND)

    assert [each["id"] for each in _walk(desk, "/sendings", limit=2)] == ids[::-1]
    assert [each["id"] for each in _walk(desk, "/sendings", limit=200)] == ids[::-1]
    assert len(_walk(desk, "/sendings", limit=3, party=OPERATOR)) == 6
    assert {each["line"] for each in desk.ask("GET", "/sendings?line=test").json()["items"]} == {"test"}
    assert desk.ask("GET", "/sendings?state=refused").json()["items"] == []
    assert len(desk.ask("GET", "/sendings?month=202609").json()["items"]) == 5
    assert desk.ask("GET", "/sendings?month=202610").json()["items"] == []


def test_confirming_shows_what_was_decided(desk: DeskLab) -> None:
    """`errors` says how; the claims say what became of them."""
    sending = desk.send(FILE).json()["id"]
    desk.lab.work()

    answer = desk.ask("POST", f"/sendings/{sending}/confirm?errors=with")

    assert (answer.status_code, answer.json()["state"], answer.json()["errors"]) == (200, "confirmed", "with")
    assert {each["state"] for each in desk.ask("GET", f"/sendings/{sending}/claims").json()["items"]} == {"claimed"}


def test_a_month_is_closed_by_the_operator(desk: DeskLab) -> None:
    """Ordered through the desk, done by the queue, shown with its trial balance."""
    sending = desk.send(FILE).json()["id"]
    early = desk.ask("POST", "/admin/months/1/202609/close", party=OPERATOR)
    assert (early.status_code, early.json()["code"]) == (409, "still_checking")
    desk.lab.work()
    desk.ask("POST", f"/sendings/{sending}/confirm?errors=with")

    ordered = desk.ask("POST", "/admin/months/1/202609/close", party=OPERATOR)
    desk.lab.work()

    assert (ordered.status_code, ordered.json()["state"]) == (202, "closing")
    month = desk.ask("GET", "/admin/months/1/202609", party=OPERATOR).json()
    assert month["state"] == "closed"
    assert month["report"]["balance"]["balanced"] is True
    assert desk.ask("GET", f"/sendings/{sending}").json()["state"] == "handed_over"
    assert desk.ask("GET", "/admin/months", party=OPERATOR).json()["items"] == [month]


def test_an_answer_counts_in_the_metrics(desk: DeskLab) -> None:
    """Requests, bytes and the time to the acknowledgement."""
    desk.send(FILE)

    text = desk.metrics.text().decode()

    assert 'seikyu_requests_total{face="desk",method="POST",status="201"} 1.0' in text
    assert f"seikyu_received_bytes_total {float(len(FILE))}" in text
    assert "seikyu_acknowledgement_seconds_count 1.0" in text
    assert "seikyu_checks_waiting 1.0" in text


def test_what_the_worker_did_is_read_from_the_rows(desk: DeskLab) -> None:
    """Checks and closings are done by another process; how far everything is stands in the rows, by state."""
    assert "seikyu_sendings{" not in desk.metrics.text().decode()
    desk.send(FILE)
    desk.send(b"no claim file")
    desk.lab.work()
    desk.put_delivery(b"sealed")

    text = desk.metrics.text().decode()

    assert 'seikyu_sendings{state="to_decide"} 1.0' in text
    assert 'seikyu_sendings{state="refused"} 1.0' in text
    assert 'seikyu_deliveries{state="waiting"} 1.0' in text


def test_a_database_that_does_not_answer_leaves_the_other_metrics(desk: DeskLab) -> None:
    """Monitoring must work best when something does not."""

    class Locked:
        """A store that has no connection left."""

        def read(self) -> Any:
            raise Unavailable("every database connection is in use")

    assert states_of(Locked()) == {}  # type: ignore[arg-type]  # only its reading is used


def _walk(desk: DeskLab, path: str, *, limit: int, party: str = FIRST) -> list[dict[str, Any]]:
    """Return all items of a list, page by page."""
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = desk.ask(
            "GET", path, party=party, params={"limit": limit} | ({"cursor": cursor} if cursor else {})
        ).json()
        assert len(page["items"]) <= limit
        items += page["items"]
        cursor = page["next"]
        if cursor is None:
            return items
