"""Errors on the wire: one test per problem; each is RFC 9457, says its code and what to do, and leaves nothing."""

import base64
import hashlib
from typing import Any

import pytest

from apps.desk_lab import API, FIRST, HOST, OPERATOR, PAYER, SECOND, STRANGER, DeskLab, body_message, pieces
from builders import claim, uke
from seikyu.apps.words import error_words
from seikyu.ports.errors import NoSpace, Unavailable
from services.office_lab import make_lab, with_limits

FILE = uke(claim(1))


def is_problem(response: Any, status: int, code: str) -> None:
    """Assert that an answer is this problem, whole."""
    assert response.headers["content-type"] == "application/problem+json"
    told = response.json()
    assert (status, code) == (response.status_code, told["code"])
    assert told["type"] == f"urn:seikyu:problem:{code}"
    assert told["status"] == status
    assert told["title"]
    assert told["detail"]
    assert "hint" in told
    assert "?" not in told["detail"], "a fact is missing"


def test_no_certificate_is_explained(desk: DeskLab) -> None:
    """Without a certificate every address of the API answers 401 with what is missing."""
    is_problem(desk.ask("GET", "/sendings", party=None), 401, "no_certificate")
    is_problem(desk.ask("GET", "/nothing/here", party=None), 401, "no_certificate")
    is_problem(desk.ask("GET", "///", party=None), 401, "no_certificate")


def test_a_browser_without_certificate_gets_a_page(desk: DeskLab) -> None:
    """A person sees a page in both languages, with the same status."""
    answer = desk.ask("GET", "///", party=None, headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})

    assert answer.status_code == 401
    assert answer.headers["content-type"].startswith("text/html")
    assert error_words("no_certificate", "ja").text in answer.text
    assert error_words("no_certificate", "en").text in answer.text


def test_a_certificate_that_the_office_did_not_register_is_nobodys(desk: DeskLab) -> None:
    """A certificate of our form without a row is unknown."""
    is_problem(desk.ask("GET", "/sendings", party=STRANGER), 401, "unknown_certificate")


def test_a_revoked_certificate_is_refused_from_the_next_request_on(desk: DeskLab) -> None:
    """The register is asked on every request."""
    assert desk.ask("GET", "/sendings").status_code == 200
    serial = next(row["serial"] for row in desk.ask("GET", "/admin/certificates", party=OPERATOR).json()["items"]
                  if row["party"] == FIRST)  # fmt: skip

    revoked = desk.ask("POST", f"/admin/certificates/{serial}/revoke", party=OPERATOR, json={"reason": "superseded"})

    assert revoked.json()["reason"] == "superseded"
    is_problem(desk.ask("GET", "/sendings"), 403, "certificate_revoked")
    is_problem(desk.send(FILE), 403, "certificate_revoked")
    assert desk.leaves_nothing()


def test_a_register_that_is_silent_lets_nobody_in_and_says_later(
    desk: DeskLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the valid nor the revoked: nothing that was known before is believed. Its first word ends that."""

    def silent() -> None:
        raise Unavailable("the test pulled the plug")

    serial = next(row["serial"] for row in desk.ask("GET", "/admin/certificates", party=OPERATOR).json()["items"]
                  if row["party"] == SECOND)  # fmt: skip
    desk.ask("POST", f"/admin/certificates/{serial}/revoke", party=OPERATOR, json={})
    with monkeypatch.context() as patched:
        patched.setattr(desk.lab.office.store, "read", silent)
        for party in (FIRST, SECOND):
            answer = desk.ask("GET", "/sendings", party=party)
            is_problem(answer, 503, "unavailable")
            assert int(answer.headers["retry-after"]) > 0

    assert desk.ask("GET", "/sendings").status_code == 200
    is_problem(desk.ask("GET", "/sendings", party=SECOND), 403, "certificate_revoked")


def test_a_party_that_left_the_register_is_refused(desk: DeskLab) -> None:
    """A certificate outlives its party by a while; it opens nothing."""
    assert desk.ask("POST", f"/admin/parties/{FIRST}/end", party=OPERATOR).status_code == 200

    is_problem(desk.ask("GET", "/sendings"), 403, "party_unknown")


def test_a_payer_cannot_send(desk: DeskLab) -> None:
    """Sending is for institutions."""
    is_problem(desk.send(FILE, party=PAYER), 403, "forbidden")


def test_only_the_operator_operates(desk: DeskLab) -> None:
    """The acts under /admin are for the operator's certificate."""
    for method, path in (("GET", "/admin/clock"), ("GET", "/admin/parties"), ("POST", "/admin/months/1/202609/close")):
        is_problem(desk.ask(method, path, party=FIRST), 403, "forbidden")


def test_an_unknown_address_is_not_found(desk: DeskLab) -> None:
    """Under the API and beside it."""
    is_problem(desk.ask("GET", "/nothing"), 404, "not_found")
    is_problem(desk.ask("GET", "//nothing"), 404, "not_found")


def test_a_wrong_method_is_not_allowed(desk: DeskLab) -> None:
    """The answer says which methods there are."""
    answer = desk.ask("DELETE", "/sendings/x")

    is_problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"]


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "limit=x", "cursor=%00", "line=other", "state=gone", "body=3", "body=2-1"],
)
def test_a_parameter_without_meaning_is_named(desk: DeskLab, query: str) -> None:
    """The answer names the parameter and does not repeat its value."""
    answer = desk.ask("GET", f"/sendings?{query}")

    is_problem(answer, 400, "bad_request")
    assert query.split("=", maxsplit=1)[0] in answer.json()["detail"]


def test_a_body_that_is_too_long_is_refused_before_it_comes(desk: DeskLab) -> None:
    """The stated length is enough; not a byte is asked for."""
    small = DeskLab.make(with_limits(desk.lab, file_bytes=100))

    answer = small.raw("POST", "/sendings", [], headers={"content-length": "101"})

    assert answer.status == 413
    assert b"too_long" in answer.body
    assert small.leaves_nothing()


def test_a_body_that_grows_too_long_is_refused_while_it_comes(desk: DeskLab) -> None:
    """Without a stated length the limit holds all the same."""
    small = DeskLab.make(with_limits(desk.lab, file_bytes=100))
    messages = [body_message(b"x" * 60, more=True), body_message(b"x" * 60, more=True)]

    answer = small.raw(
        "POST", "/sendings", messages, headers={"transfer-encoding": "chunked", "expect": "100-continue"}
    )

    assert answer.status == 413
    assert answer.headers["connection"] == "close"
    assert small.leaves_nothing()


def test_a_line_that_falls_silent_is_a_broken_one(desk: DeskLab) -> None:
    """After the idle limit nothing is kept and the connection is closed."""
    hasty = DeskLab.make(with_limits(desk.lab, idle_s=0))

    answer = hasty.raw("POST", "/sendings", [], headers={"content-length": "1000000", "expect": "100-continue"})

    assert answer.status == 408
    assert b"line_broken" in answer.body
    assert answer.headers["connection"] == "close"
    assert hasty.leaves_nothing()


@pytest.mark.parametrize("after", [0, 1, 500])
def test_a_line_that_breaks_leaves_nothing(desk: DeskLab, after: int) -> None:
    """However far the body came."""
    messages = [body_message(FILE[:after], more=True)] if after else []
    messages.append({"type": "http.disconnect"})

    answer = desk.raw("POST", "/sendings", messages, headers={"content-length": str(len(FILE))})

    assert answer.status == 408  # Nobody hears it, but it is logged and counted.
    assert desk.leaves_nothing()


def test_a_body_shorter_than_stated_is_a_broken_line(desk: DeskLab) -> None:
    """A front server may end a body early; the stated length tells."""
    answer = desk.raw(
        "POST", "/sendings", [body_message(FILE[:-1], more=False)], headers={"content-length": str(len(FILE))}
    )

    assert answer.status == 408
    assert desk.leaves_nothing()


@pytest.mark.parametrize("header", ["content-digest", "repr-digest"])
def test_bytes_other_than_stated_are_refused(desk: DeskLab, header: str) -> None:
    """A digest is held against what came."""
    other = base64.b64encode(hashlib.sha256(b"other").digest()).decode()

    answer = desk.send(FILE, headers={header: f"sha-256=:{other}:"})

    is_problem(answer, 422, "digest_mismatch")
    assert desk.leaves_nothing()


@pytest.mark.parametrize("value", ["sha-256=abc", "sha-256=:###:", "sha-256=:AAAA:", "sha-256=::"])
def test_a_digest_that_cannot_be_read_is_refused(desk: DeskLab, value: str) -> None:
    """A sender who states a digest means it."""
    is_problem(desk.send(FILE, headers={"content-digest": value}), 400, "bad_request")
    assert desk.leaves_nothing()


def test_two_digests_that_differ_are_refused(desk: DeskLab) -> None:
    """Without a content encoding both speak of the same bytes."""
    one, two = (base64.b64encode(hashlib.sha256(data).digest()).decode() for data in (FILE, b"other"))

    answer = desk.send(FILE, headers={"content-digest": f"sha-256=:{one}:", "repr-digest": f"sha-256=:{two}:"})

    is_problem(answer, 400, "bad_request")


def test_a_digest_of_another_kind_is_passed_over(desk: DeskLab) -> None:
    """RFC 9530 lets a receiver ignore what it does not know."""
    assert desk.send(FILE, headers={"content-digest": "sha-512=:AAAA:"}).status_code == 201


@pytest.mark.parametrize(
    "headers",
    [{"content-encoding": "gzip"}, {"content-encoding": "br"}, {"content-type": "multipart/form-data; boundary=x"}],
)
def test_a_compressed_or_wrapped_body_is_refused(desk: DeskLab, headers: dict[str, str]) -> None:
    """A file comes as its own bytes."""
    is_problem(desk.send(FILE, headers=headers), 415, "unsupported_media")
    assert desk.leaves_nothing()


def test_every_place_taken_is_told_with_a_time_to_come_back(desk: DeskLab) -> None:
    """A party that sends on too many lines waits."""
    full = DeskLab.make(with_limits(desk.lab, receiving_per_party=0))

    answer = full.send(FILE)

    is_problem(answer, 503, "busy")
    assert int(answer.headers["retry-after"]) > 0
    assert full.leaves_nothing()


def test_a_full_disk_is_told(desk: DeskLab) -> None:
    """Below the reserve nothing new is received."""
    full = DeskLab.make(with_limits(desk.lab, free_bytes=1 << 60))

    is_problem(full.send(FILE), 507, "no_space")
    assert full.leaves_nothing()


def test_a_closed_office_says_when_it_opens() -> None:
    """Outside the hours the answer has the next opening, in words and as an instant."""
    lab = make_lab(calendar="national")
    lab.clock.at = lab.clock.at.replace(day=3)
    desk = DeskLab.make(lab)

    answer = desk.send(FILE)

    is_problem(answer, 409, "closed")
    assert answer.json()["next_opens_at"].startswith("2026-09-05T08:00")
    assert "2026-09-05 08:00" in answer.json()["detail"]
    assert desk.leaves_nothing()


def test_an_idempotency_key_for_another_file_is_refused(desk: DeskLab) -> None:
    """One key is one request."""
    assert desk.send(FILE, headers={"idempotency-key": "k-1"}).status_code == 201

    is_problem(desk.send(uke(claim(1, points=300)), headers={"idempotency-key": '"k-1"'}), 422, "key_reused")


@pytest.mark.parametrize("key", ["", '""', "x" * 129, "a\tb"])
def test_an_idempotency_key_of_no_form_is_refused(desk: DeskLab, key: str) -> None:
    """1 to 128 printable ASCII characters."""
    is_problem(desk.send(FILE, headers={"idempotency-key": key}), 400, "bad_request")


def test_deciding_too_early_is_told(desk: DeskLab) -> None:
    """While the check runs nothing can be decided."""
    sending = desk.send(FILE).json()["id"]

    is_problem(desk.ask("POST", f"/sendings/{sending}/confirm?errors=with"), 409, "still_checking")
    is_problem(desk.ask("POST", f"/sendings/{sending}/cancel"), 409, "still_checking")


def test_deciding_twice_is_told(desk: DeskLab) -> None:
    """A second confirm, and a confirm after a cancel, change nothing."""
    sending = desk.send(FILE).json()["id"]
    desk.lab.work()
    assert desk.ask("POST", f"/sendings/{sending}/cancel").json()["state"] == "cancelled"

    is_problem(desk.ask("POST", f"/sendings/{sending}/confirm?errors=with"), 409, "already_decided")
    is_problem(desk.ask("POST", f"/sendings/{sending}/cancel"), 409, "already_decided")


def test_a_decision_without_a_choice_is_not_read(desk: DeskLab) -> None:
    """Neither with nor without is no decision."""
    is_problem(desk.ask("POST", "/sendings/x/confirm"), 400, "bad_request")
    is_problem(desk.ask("POST", "/sendings/x/confirm?errors=perhaps"), 400, "bad_request")


def test_a_proof_of_other_bytes_is_refused(desk: DeskLab) -> None:
    """A payer that holds other bytes has not received the delivery."""
    row = desk.put_delivery(b"sealed")

    answer = desk.ask("POST", f"/deliveries/{row.id}/received", party=PAYER, json={"sha256": "0" * 64})

    is_problem(answer, 422, "digest_mismatch")
    assert desk.ask("GET", f"/deliveries/{row.id}", party=PAYER).json()["state"] == "waiting"


@pytest.mark.parametrize("proof", [{}, {"sha256": "x"}, {"sha256": None}, [], "text", {"sha256": "0" * 64, "more": 1}])
def test_a_proof_of_no_form_is_not_read(desk: DeskLab, proof: Any) -> None:
    """Exactly one digest."""
    row = desk.put_delivery(b"sealed")

    is_problem(desk.ask("POST", f"/deliveries/{row.id}/received", party=PAYER, json=proof), 400, "bad_request")


def test_a_proof_that_never_ends_is_cut(desk: DeskLab) -> None:
    """Small acts have small bodies; more is not read."""
    row = desk.put_delivery(b"sealed")

    answer = desk.ask("POST", f"/deliveries/{row.id}/received", party=PAYER, content=b" " * 70_000)

    is_problem(answer, 413, "too_long")
    is_problem(
        desk.ask("POST", f"/deliveries/{row.id}/received", party=PAYER, content=pieces(b" " * 70_000)),
        400,
        "bad_request",
    )


def test_a_bug_tells_only_its_number(desk: DeskLab, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    """The outside learns the number; the log has it with the place, and not what the exception says."""

    def breaks(*_: Any, **__: Any) -> None:
        raise ValueError("見本　太郎 19500101")

    monkeypatch.setattr(desk.lab.office.store, "read", breaks)

    answer = desk.ask("GET", "/sendings", headers={"accept-language": "ja"})

    is_problem(answer, 500, "bug")
    number = answer.json()["number"]
    assert number in answer.json()["detail"]
    assert "太郎" not in answer.text
    assert "太郎" not in caplog.text


@pytest.mark.parametrize(("error", "status"), [(Unavailable(retry_after_s=7), 503), (NoSpace(), 507)])
def test_a_database_that_cannot_write_is_told(
    desk: DeskLab, monkeypatch: pytest.MonkeyPatch, error: Unavailable, status: int
) -> None:
    """Nothing is acknowledged and nothing is kept."""

    def breaks(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(desk.lab.office.store, "write", breaks)

    answer = desk.send(FILE)

    is_problem(answer, status, error.code)
    assert answer.headers["retry-after"] == str(error.retry_after_s)
    assert desk.leaves_nothing()


def test_problems_are_in_the_askers_language(desk: DeskLab) -> None:
    """Accept-Language chooses; the codes stay."""
    ja = desk.ask("GET", "/sendings/x", headers={"accept-language": "ja,en;q=0.1"})
    en = desk.ask("GET", "/sendings/x", headers={"accept-language": "en"})

    assert ja.headers["content-language"] == "ja"
    assert ja.json()["title"] == error_words("not_found", "ja").title
    assert en.json()["title"] == error_words("not_found", "en").title
    assert ja.json()["code"] == en.json()["code"]


def test_health_is_ok_whatever_the_calendar_says() -> None:
    """A monitor asks without a certificate and on every day."""
    lab = make_lab(calendar="national")
    lab.clock.at = lab.clock.at.replace(day=3)

    assert DeskLab.make(lab).ask("GET", "//healthz", party=None).text == "ok"


def test_addresses_in_answers_are_those_of_the_asker(desk: DeskLab) -> None:
    """A content URL leads back the way the request came, or by the operator's front."""
    row = desk.put_delivery(b"sealed")
    behind = DeskLab.make(desk.lab, external_url="https://claims.example/")

    own = desk.ask("GET", f"/deliveries/{row.id}", party=PAYER).json()["content_url"]
    front = behind.ask("GET", f"/deliveries/{row.id}", party=PAYER).json()["content_url"]

    assert own == f"{HOST}{API}/deliveries/{row.id}/content"
    assert front == f"https://claims.example{API}/deliveries/{row.id}/content"
