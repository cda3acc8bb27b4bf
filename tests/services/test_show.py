"""What parties see: their own things, whole, page by page; and payers what waits for them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from builders import SOCIETY, claim, uke
from seikyu.ports.errors import BadRequest, Damaged, DigestMismatch, Forbidden, NotFound
from seikyu.services import deliver, show
from seikyu.services.retention import retire
from services.office_lab import (
    CLOSING,
    OPEN,
    OPERATOR,
    OTHER_INSTITUTION,
    PAYERS,
    Lab,
    institution,
    later,
    payer,
)

DATA = uke(claim(1, insurer="06990015"), claim(2, insurer="06990022"), claim(3), claim(4, birth_date="19800231"))


def pages(act: Any, *given: Any, limit: int, **named: Any) -> list[dict[str, Any]]:
    """Return all items of a list, page by page."""
    items: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = act(*given, limit=limit, cursor=cursor, **named)
        assert len(page.items) <= limit
        items += page.items
        cursor = page.next
        if cursor is None:
            return items


def test_a_sending_shows_what_the_wire_promises(lab: Lab) -> None:
    """Every key of the blueprint, in the words of the wire; nothing counted before it was checked."""
    answer = lab.send(DATA, file_name="RECEIPTC.UKE")
    fresh = show.show_sending(lab.office, institution(), answer.sending.id)
    promised = {
        "id": answer.sending.id,
        "body": "1",
        "line": "real",
        "kind": "medical",
        "month": "202609",
        "send_no": 1,
        "state": "checking",
        "errors": None,
        "claims": None,
        "refused": None,
        "ask": None,
        "received_at": OPEN.isoformat(),
    }
    assert promised.items() <= fresh.items()

    lab.work()
    lab.confirm(lab.sending(answer.sending.id), "without")

    decided = show.show_sending(lab.office, institution(), answer.sending.id)
    assert (decided["state"], decided["errors"]) == ("confirmed", "without")
    assert (decided["claims"], decided["refused"], decided["ask"], decided["claimed"]) == (4, 1, 1, 2)
    (file,) = decided["files"]
    assert (file["no"], file["name"], file["claims"], file["damaged"]) == (1, "RECEIPTC.UKE", 4, False)
    assert file["totals"]["ask"]["claims"] == 1


def test_an_automatic_decision_shows_as_without_errors(memory_lab: Lab) -> None:
    """The state says who decided, `errors` what was left out."""
    sending = memory_lab.send_and_check(DATA)
    memory_lab.clock.at = CLOSING
    memory_lab.close()

    shown = show.show_sending(memory_lab.office, institution(), sending.id)
    assert (shown["state"], shown["errors"]) == ("handed_over", "without")


def test_sendings_are_listed_newest_first(lab: Lab) -> None:
    """Page by page, filtered by line, state and body; every party its own, the operator all."""
    ids = [lab.send_and_check(uke(claim(1, name=f"見本　{no}"))).id for no in range(5)]
    test = lab.send_and_check(DATA, line="test").id
    other = lab.send_and_check(uke(claim(1), institution="0112359"), party=OTHER_INSTITUTION).id

    def listed(identity: Any = None, **named: Any) -> list[str]:
        identity = identity or institution()
        return [item["id"] for item in pages(show.list_sendings, lab.office, identity, **{"limit": 2, **named})]

    assert listed() == [test, *ids[::-1]]
    assert listed(limit=6) == listed(limit=200) == listed(limit=5)
    assert listed(line="test") == [test]
    assert listed(state="checking") == []
    assert listed(body="2-13") == []
    assert listed(institution(OTHER_INSTITUTION)) == [other]
    assert listed(OPERATOR) == [other, test, *ids[::-1]]


@pytest.mark.parametrize("limit", [0, 201, -1])
def test_a_page_has_bounds(memory_lab: Lab, limit: int) -> None:
    """One to two hundred, for every list."""
    sending = memory_lab.send_and_check(DATA)
    office = memory_lab.office
    for act in (
        lambda: show.list_sendings(office, institution(), limit=limit),
        lambda: show.list_findings(office, institution(), sending.id, limit=limit),
        lambda: show.list_claims(office, institution(), sending.id, limit=limit),
        lambda: deliver.list_deliveries(office, payer(PAYERS[0]), limit=limit),
    ):
        with pytest.raises(BadRequest):
            act()
    with pytest.raises(BadRequest):
        show.list_sendings(office, institution(), limit=1, line="third")


@pytest.mark.parametrize("limit", [1, 2, 3, 200])
def test_findings_come_whole_whatever_the_page(lab: Lab, limit: int) -> None:
    """Every finding once, in order, with the file it stands in; a personal value is masked."""
    sending = lab.send_and_check(DATA)

    items = pages(show.list_findings, lab.office, institution(), sending.id, limit=limit)

    assert len(items) == sending.findings
    assert {item["file_no"] for item in items} == {1}
    assert items == show.list_findings(lab.office, institution(), sending.id, limit=200).items
    asked = [item for item in items if item["code"] == "X3001"]
    assert [(item["claim_index"], item["value"]) for item in asked] == [(0, "06990015")]
    assert all("19800231" != item["value"] for item in items)


@pytest.mark.parametrize("cursor", ["x", "1", "1.x", ".5", "1.", "1.3", "-1.0", "1.０"])
def test_a_cursor_of_nobody_is_turned_away(memory_lab: Lab, cursor: str) -> None:
    """Never a bug, never the middle of a line."""
    sending = memory_lab.send_and_check(DATA)

    with pytest.raises(BadRequest):
        show.list_findings(memory_lab.office, institution(), sending.id, limit=1, cursor=cursor)


@pytest.mark.parametrize("limit", [1, 3, 200])
def test_every_claim_is_listed_with_what_became_of_it(lab: Lab, limit: int) -> None:
    """Also those that stay unclaimed or are suspended, with the reason."""
    sending = lab.send_and_check(DATA)
    open_ones = pages(show.list_claims, lab.office, institution(), sending.id, limit=limit)
    assert [(one["state"], one["refused"]) for one in open_ones] == [(None, False)] * 3 + [(None, True)]
    lab.confirm(sending, "without")
    lab.clock.at = CLOSING
    lab.close()

    listed = pages(show.list_claims, lab.office, institution(), sending.id, limit=limit)

    assert [(one["claim_no"], one["state"], one["reason"]) for one in listed] == [
        (1, "unclaimed", "asked"),
        (2, "suspended", "unknown_payer"),
        (3, "claimed", None),
        (4, "unclaimed", "refused_claim"),
    ]


def test_nobody_sees_another_partys_sendings(memory_lab: Lab) -> None:
    """To them it looks as if there were none; a payer has none at all."""
    sending = memory_lab.send_and_check(DATA)

    for identity, error in ((institution(OTHER_INSTITUTION), NotFound), (payer(PAYERS[0]), Forbidden)):
        for act in (show.show_sending, show.list_findings, show.list_claims):
            named = {} if act is show.show_sending else {"limit": 1}
            with pytest.raises(error):
                act(memory_lab.office, identity, sending.id, **named)  # type: ignore[operator]
    with pytest.raises(NotFound):
        show.show_sending(memory_lab.office, institution(), "none")
    with pytest.raises(Forbidden):
        show.list_months(memory_lab.office, institution())


def test_a_payer_sees_what_waits_for_it(lab: Lab) -> None:
    """Its own deliveries, from waiting over fetching to received; said twice is said once."""
    lab.confirm(lab.send_and_check(uke(claim(1), claim(2, insurer="39990015"))))
    lab.clock.at = CLOSING
    lab.close()
    assert [month.state for month in show.list_months(lab.office, OPERATOR)] == ["closed"]
    me = payer(PAYERS[0])
    (item,) = deliver.list_deliveries(lab.office, me, limit=1).items
    assert item["state"] == "waiting"
    assert {"id", "body", "month", "kind", "volume", "claims", "points", "size_bytes", "sha256", "state"} <= item.keys()

    opened = deliver.open_delivery(lab.office, me, item["id"])
    assert len(lab.read(opened.object_name)) == item["size_bytes"]
    assert opened.delivery.state == "fetching"
    with pytest.raises(DigestMismatch):
        deliver.mark_received(lab.office, me, item["id"], "0" * 64)
    assert deliver.show_delivery(lab.office, me, item["id"]).state == "fetching"
    received = deliver.mark_received(lab.office, me, item["id"], item["sha256"].upper())
    assert (received.state, received.received_at, received.fetched_at) == ("received", CLOSING, CLOSING)
    later(lab, hours=1)
    assert deliver.mark_received(lab.office, me, item["id"], item["sha256"]) == received
    assert deliver.open_delivery(lab.office, me, item["id"]).delivery == received


def test_a_payer_with_other_bytes_hears_whose_fault_it_is(lab: Lab) -> None:
    """Its own digest is held against the delivery, and the delivery against what was sealed."""
    lab.confirm(lab.send_and_check(uke(claim(1))))
    lab.clock.at = CLOSING
    lab.close()
    (row,) = lab.deliveries()
    me = payer(PAYERS[0])
    with pytest.raises(DigestMismatch):
        deliver.mark_received(lab.office, me, row.id, "0" * 64)
    assert "delivery_damaged" not in lab.events

    data = lab.read(f"deliveries/{row.id}")
    lab.damage(f"deliveries/{row.id}", data[:-9] + b"X" + data[-8:])
    with pytest.raises(Damaged):
        deliver.mark_received(lab.office, me, row.id, "0" * 64)

    assert "delivery_damaged" in lab.events
    assert deliver.show_delivery(lab.office, me, row.id).state == "waiting"


def test_nobody_sees_another_payers_delivery(memory_lab: Lab) -> None:
    """NotFound to payers, Forbidden to institutions; the digest helps nobody."""
    memory_lab.confirm(memory_lab.send_and_check(uke(claim(1, insurer=SOCIETY))))
    memory_lab.clock.at = CLOSING
    memory_lab.close()
    (row,) = memory_lab.deliveries()
    office = memory_lab.office

    for identity, error in ((payer(PAYERS[1]), NotFound), (institution(), Forbidden)):
        for act in (deliver.show_delivery, deliver.open_delivery):
            with pytest.raises(error):
                act(office, identity, row.id)
        with pytest.raises(error):
            deliver.mark_received(office, identity, row.id, row.sha256)
    assert deliver.list_deliveries(office, payer(PAYERS[1]), limit=5).items == []


def test_a_delivery_being_sealed_does_not_exist(memory_lab: Lab) -> None:
    """Neither in a list, whatever the page, nor by its id."""
    memory_lab.confirm(memory_lab.send_and_check(uke(claim(1))))
    memory_lab.clock.at = CLOSING
    memory_lab.close()
    (row,) = memory_lab.deliveries()
    with memory_lab.office.store.write() as tx:
        for volume in range(2, 9):
            tx.put_delivery(replace(row, id=memory_lab.office.ids.new(), volume=volume, state="sealing"))
    me = payer(PAYERS[0])

    for limit in (1, 2, 5):
        assert [one["id"] for one in pages(deliver.list_deliveries, memory_lab.office, me, limit=limit)] == [row.id]
    sealing = next(one for one in memory_lab.deliveries() if one.state == "sealing")
    with pytest.raises(NotFound):
        deliver.open_delivery(memory_lab.office, me, sealing.id)


def test_objects_are_kept_for_their_days_and_rows_for_ever(lab: Lab) -> None:
    """Each class by its own days, only what has come to its end; past its keeping a thing is not found."""
    kept = Lab(replace(lab.office, retention_days={"findings": 10, "deliveries": 20, "files": 0}), lab.clock)
    waits = lab.send_and_check(uke(claim(1)), line="test")
    done = lab.send_and_check(uke(claim(1)))
    lab.confirm(done)
    lab.clock.at = CLOSING
    lab.close()
    (row,) = lab.deliveries()
    assert retire(kept.office) == 0

    later(lab, days=15)
    assert retire(kept.office) == 1
    assert retire(kept.office) == 0
    with pytest.raises(NotFound):
        show.list_findings(lab.office, institution(), done.id, limit=1)
    assert show.list_findings(lab.office, institution(), waits.id, limit=200).items

    later(lab, days=15)
    assert retire(kept.office) == 0  # It was never received.
    deliver.mark_received(lab.office, payer(PAYERS[0]), row.id, row.sha256)
    assert retire(kept.office) == 1
    with pytest.raises(NotFound):
        deliver.open_delivery(lab.office, payer(PAYERS[0]), row.id)
    assert deliver.show_delivery(lab.office, payer(PAYERS[0]), row.id).state == "received"
    assert f"files/{lab.files(done.id)[0].id}" in lab.names()
    lab.office.objects.remove(str(lab.files(done.id)[0].index_object))
    with pytest.raises(NotFound):
        show.list_claims(lab.office, institution(), done.id, limit=1)
    assert retire(lab.office) == 0
    assert timedelta(days=30) < lab.clock.at - OPEN


def test_what_is_in_suspense_is_kept(lab: Lab) -> None:
    """It may still be charged; its file and index stay, however old, until it is."""
    kept = Lab(replace(lab.office, retention_days={"files": 10, "indexes": 10}), lab.clock)
    waits, done = (lab.send_and_check(uke(claim(1, insurer=number))) for number in ("06990022", SOCIETY))
    for sending in (waits, done):
        lab.confirm(sending)
    lab.clock.at = CLOSING
    lab.close()

    later(lab, days=30)
    retire(kept.office)

    assert f"files/{lab.files(waits.id)[0].id}" in lab.names()
    assert lab.files(waits.id)[0].index_object in lab.names()
    assert f"files/{lab.files(done.id)[0].id}" not in lab.names()
