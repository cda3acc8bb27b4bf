"""Closing a month: what came in goes out, to the unit, and what does not add up is named and kept back."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any, BinaryIO

import pytest

from builders import CITY, ELDERLY, INCURABLE, NHI, REHABILITATION, SOCIETY, WELFARE, claim, uke
from seikyu.office.charge import payer_id
from seikyu.office.delivery import read_delivery
from seikyu.office.errors import UnknownBody
from seikyu.ports.errors import BadRequest, Damaged, Unavailable
from seikyu.ports.store import Posting
from seikyu.rules.index import Outcome, Reason, header, pack
from seikyu.services import close
from seikyu.services.errors import AlreadyClosed, MonthNotOver, StillChecking
from seikyu.services.indexes import rows_of
from services.office_lab import (
    CLOSING,
    MIDNIGHT,
    OPEN,
    OTHER_INSTITUTION,
    PAYERS,
    Lab,
    later,
    make_lab,
    register,
    with_limits,
)

DATA = uke(
    claim(1, insurer=SOCIETY, points=291),
    claim(2, insurer=ELDERLY, publics=[CITY], points=100),
    claim(3, insurer=NHI, publics=[WELFARE, CITY], points=50),
)
CITY_ID = payer_id(CITY)


def closed(lab: Lab, *files: bytes, errors: str = "with") -> list[str]:
    """Send, confirm and close; return the sendings' ids."""
    ids = []
    for data in files:
        sending = lab.send_and_check(data)
        ids.append(lab.confirm(sending, errors).id)
    lab.clock.at = CLOSING
    lab.close()
    return ids


def report(lab: Lab) -> Any:
    """Return the month's report."""
    with lab.office.store.read() as tx:
        row = tx.month("1", "202609", "real")
    assert row is not None
    assert row.state == "closed"
    assert row.report is not None
    return json.loads(row.report)


def outcomes(lab: Lab, sending_id: str) -> list[tuple[Outcome, Reason]]:
    """Return what became of each claim of a sending's only file."""
    (file,) = lab.files(sending_id)
    return [(row.outcome, row.reason) for row in rows_of(lab.office.objects, file.index_object)]


def delivered(lab: Lab) -> Counter[str]:
    """Return how many claims lie in the deliveries of each payer."""
    return Counter({payer: sum(row.claims for row in lab.deliveries(payer=payer)) for payer in PAYERS}) + Counter()


def test_deliveries_say_what_they_hold(lab: Lab) -> None:
    """Claims, points, size and digest of the row are those of the bytes; provenance leads back to the file."""
    (sending_id,) = closed(lab, DATA)

    (file,) = lab.files(sending_id)
    for row in lab.deliveries():
        assert (row.state, row.volume, row.kind, row.sealed_at) == ("waiting", 1, "medical", CLOSING)
        data = lab.read(f"deliveries/{row.id}")
        claims = list(read_delivery(BytesIO(data), kind="medical"))
        assert (row.claims, row.size_bytes) == (len(claims), len(data))
        assert row.points == sum(one.amounts_for(row.payer).own_points for one in claims)
        origins = [json.loads(line) for line in lab.read(f"provenance/{row.id}").splitlines()]
        assert [origin["row"] for origin in origins] == [one.row for one in claims]
        for origin, one in zip(origins, claims, strict=True):
            assert origin["file"] == file.id
            assert one.management_no == 1 + origin["claim_index"]
            source = DATA[origin["offset"] : origin["offset"] + origin["length"]]
            assert source.startswith(b"RE,%d," % (origin["claim_index"] + 1))
    assert {row.payer: row.points for row in lab.deliveries()} == dict(
        zip(PAYERS, [291, 100, 50, 150, 50], strict=True)
    )


def test_the_report_tells_the_balance(lab: Lab) -> None:
    """Every measure of every payer, nothing suspended, nothing left open."""
    (sending_id,) = closed(lab, DATA)

    told = report(lab)
    assert told["balance"]["balanced"]
    assert told["balance"]["total"]["claimed"] == told["balance"]["total"]["delivered"]
    assert (told["sendings"], told["deliveries"], told["suspended"], told["left_open"]) == (1, 5, [], [])
    assert lab.sending(sending_id).state == "handed_over"
    assert lab.balance().balanced
    assert not lab.orphans()
    assert not lab.missing()


def test_an_unknown_payer_suspends_the_claim_and_stops_nobody(lab: Lab) -> None:
    """The whole claim, with the payers that are known; all else is delivered."""
    data = uke(claim(1), claim(2, insurer=SOCIETY, publics=[INCURABLE]), claim(3, insurer=ELDERLY))

    (sending_id,) = closed(lab, data)

    assert outcomes(lab, sending_id) == [
        (Outcome.CLAIMED, Reason.NONE),
        (Outcome.SUSPENDED, Reason.UNKNOWN_PAYER),
        (Outcome.CLAIMED, Reason.NONE),
    ]
    assert delivered(lab) == {PAYERS[0]: 1, PAYERS[1]: 1}
    balance = lab.balance()
    assert balance.balanced
    assert balance.total.suspended["unknown_payer"].claims == 1
    assert balance.total.suspended["unknown_payer"].cases == 2
    (named,) = report(lab)["suspended"]
    assert (named["sending"], named["reason"], named["claims"]) == (sending_id, "unknown_payer", 1)
    assert not lab.orphans()


def test_a_payer_that_left_is_charged_for_care_before(memory_lab: Lab) -> None:
    """The register of the month of care decides, not that of today."""
    with memory_lab.office.store.write() as tx:
        for payer, until in ((PAYERS[0], OPEN.replace(month=8, day=15)), (PAYERS[1], OPEN.replace(month=7, day=15))):
            party = tx.party(payer)
            assert party is not None
            tx.put_party(replace(party, until=until))

    closed(memory_lab, DATA)

    assert delivered(memory_lab)[PAYERS[0]] == 1
    assert delivered(memory_lab)[PAYERS[1]] == 0


@pytest.mark.parametrize("change", ["other bytes", "gone", "shorter"])
def test_a_damaged_file_is_suspended_and_the_rest_closes(lab: Lab, change: str) -> None:
    """Nothing of it is delivered, all of it is named, and the books balance."""
    bad, good = lab.send_and_check(DATA), lab.send_and_check(uke(claim(1), claim(2)))
    for sending in (bad, good):
        lab.confirm(sending)
    name = f"files/{lab.files(bad.id)[0].id}"
    if change == "gone":
        lab.office.objects.remove(name)
    else:
        lab.damage(name, DATA.replace(b",291,", b",292,") if change == "other bytes" else DATA[:-2])
    lab.clock.at = CLOSING

    lab.close()

    assert outcomes(lab, bad.id) == [(Outcome.SUSPENDED, Reason.FILE_DAMAGED)] * 3
    assert delivered(lab) == {PAYERS[0]: 2}
    assert lab.balance().balanced
    (named,) = report(lab)["suspended"]
    assert (named["sending"], named["reason"], named["claims"]) == (bad.id, "file_damaged", 3)
    assert not lab.orphans()


def tampered(lab: Lab, sending_id: str, change: Callable[[Any], Any]) -> None:
    """Change the first row of a confirmed sending's index behind the office's back."""
    (file,) = lab.files(sending_id)
    rows = list(rows_of(lab.office.objects, file.index_object))
    rows[0] = change(rows[0])
    lab.damage(str(file.index_object), header() + b"".join(map(pack, rows)))


def test_an_index_that_disagrees_with_the_ledger_suspends_the_file(lab: Lab) -> None:
    """What was claimed is what the ledger says; nobody is charged by an index that says otherwise."""
    sending = lab.confirm(lab.send_and_check(DATA))
    tampered(lab, sending.id, lambda row: replace(row, main_points=row.main_points + 1))
    lab.clock.at = CLOSING

    lab.close()

    assert outcomes(lab, sending.id) == [(Outcome.SUSPENDED, Reason.DOES_NOT_ADD_UP)] * 3
    assert delivered(lab) == {}
    assert lab.balance().balanced
    assert lab.balance().total.suspended["does_not_add_up"].main_points == 441


@pytest.mark.parametrize("damage", [b"", b"no index", header() + b"torn"])
def test_a_damaged_index_suspends_the_file(lab: Lab, damage: bytes) -> None:
    """It cannot even be written anew; the ledger suspends what it had claimed, and the rest closes."""
    sending = lab.confirm(lab.send_and_check(DATA))
    lab.damage(str(lab.files(sending.id)[0].index_object), damage)
    other = lab.confirm(lab.send_and_check(uke(claim(1))))
    lab.clock.at = CLOSING

    lab.close()

    assert delivered(lab) == {PAYERS[0]: 1}
    assert lab.balance().balanced
    assert [named["claims"] for named in report(lab)["suspended"]] == [3]
    assert lab.sending(other.id).state == lab.sending(sending.id).state == "handed_over"


def test_a_lost_index_suspends_the_file(lab: Lab) -> None:
    """As a damaged one."""
    sending = lab.confirm(lab.send_and_check(DATA))
    lab.office.objects.remove(str(lab.files(sending.id)[0].index_object))
    lab.clock.at = CLOSING

    lab.close()

    assert lab.balance().balanced
    assert lab.balance().total.suspense.claims == 3


def consistent_lie(lab: Lab, sending_id: str) -> None:
    """Let index and ledger agree on one point more for the first claim than its bytes say."""

    def more(row: Any) -> Any:
        share = replace(row.payers[0], points=row.payers[0].points + 1)
        return replace(row, main_points=row.main_points + 1, payers=(share, *row.payers[1:]))

    tampered(lab, sending_id, more)
    with lab.office.store.write() as tx:
        first = next(row for row in tx.postings("1", "202609", "real") if row.payer == PAYERS[0])
        more_of_it = Posting(**{
            **{name: getattr(first, name) for name in Posting.__slots__},
            "id": lab.office.ids.new(), "claims": 0, "cases": 0, "meals_yen": 0, "main_points": 1, "own_points": 1,
        })  # fmt: skip
        tx.add_postings([more_of_it])


def test_a_claim_whose_bytes_say_otherwise_is_suspended(lab: Lab) -> None:
    """The payers' leg comes from what the payer will read; a claim that reads otherwise is kept back alone."""
    sending = lab.confirm(lab.send_and_check(DATA))
    other = lab.confirm(lab.send_and_check(uke(claim(1, insurer=SOCIETY))))
    consistent_lie(lab, sending.id)
    lab.clock.at = CLOSING

    lab.close()

    assert outcomes(lab, sending.id) == [
        (Outcome.SUSPENDED, Reason.DOES_NOT_ADD_UP),
        (Outcome.CLAIMED, Reason.NONE),
        (Outcome.CLAIMED, Reason.NONE),
    ]
    assert outcomes(lab, other.id) == [(Outcome.CLAIMED, Reason.NONE)]
    assert delivered(lab)[PAYERS[0]] == 1
    assert lab.balance().balanced


def test_a_claim_that_cannot_be_written_is_suspended_alone(lab: Lab) -> None:
    """Its place in the file is wrong by a byte: what lies there is no claim, and nobody gets it."""
    sending = lab.confirm(lab.send_and_check(DATA))
    tampered(lab, sending.id, lambda row: replace(row, offset=row.offset + 1))
    lab.clock.at = CLOSING

    lab.close()

    assert [outcome for outcome, _ in outcomes(lab, sending.id)] == [Outcome.SUSPENDED, *[Outcome.CLAIMED] * 2]
    assert lab.balance().balanced
    assert PAYERS[0] not in delivered(lab)


class Lying:
    """Objects of which some deliveries are not, on disk, what was written."""

    def __init__(self, inner: Any, lie: Callable[[str, bytes], bytes]) -> None:
        self._inner = inner
        self._lie = lie

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def open(self, name: str) -> BinaryIO:
        """Open, and lie."""
        with self._inner.open(name) as source:
            return BytesIO(self._lie(name, source.read()))


@pytest.mark.parametrize("what", ["deliveries", "provenance"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.replace(b",100,", b",101,").replace(b'"claim_index":1', b'"claim_index":0'),
        lambda data: data[: len(data) // 2],
        lambda data: data + data,
        lambda data: b"",
        lambda data: data.replace(b"\n", b"\n\n", 1),
    ],
    ids=["other", "half", "twice", "nothing", "more"],
)
def test_a_delivery_that_reads_otherwise_is_never_delivered(
    memory_lab: Lab, what: str, damage: Callable[[bytes], bytes]
) -> None:
    """The disk lies about the city's deliveries: its claims are suspended whole, all else is sealed anew and goes out."""
    sending = memory_lab.confirm(memory_lab.send_and_check(DATA))
    memory_lab.clock.at = CLOSING

    def lie(name: str, data: bytes) -> bytes:
        kind, _, delivery_id = name.partition("/")
        with memory_lab.office.store.read() as tx:
            row = tx.delivery(delivery_id) if kind == what else None
        return damage(data) if row is not None and row.payer == CITY_ID else data

    office = replace(memory_lab.office, objects=Lying(memory_lab.office.objects, lie))
    lab = Lab(office, memory_lab.clock)
    close.request_close(office, "1", "202609")
    close.carry_out_close(office, "1/202609")

    assert delivered(lab) == {PAYERS[0]: 1}
    assert outcomes(lab, sending.id)[1:] == [(Outcome.SUSPENDED, Reason.DOES_NOT_ADD_UP)] * 2
    assert lab.balance().balanced
    assert "delivery_differs" in memory_lab.events
    assert not lab.orphans()
    assert not lab.missing()


def test_lies_in_later_rounds_are_seen_too(memory_lab: Lab) -> None:
    """When the city is barred, the next payer's delivery reads otherwise: both stay barred, and there is an end."""
    memory_lab.confirm(
        memory_lab.send_and_check(uke(claim(1), claim(2, insurer=ELDERLY, publics=[CITY]), claim(3, insurer=NHI)))
    )
    memory_lab.clock.at = CLOSING

    def lie(name: str, data: bytes) -> bytes:
        rows = {f"deliveries/{row.id}": row.payer for row in memory_lab.deliveries()}
        liar = CITY_ID if CITY_ID in rows.values() else PAYERS[0]
        return b"" if rows.get(name) == liar else data

    office = replace(memory_lab.office, objects=Lying(memory_lab.office.objects, lie))  # type: ignore[arg-type]
    close.request_close(office, "1", "202609")
    close.carry_out_close(office, "1/202609")

    assert delivered(memory_lab) == {PAYERS[2]: 1}
    assert memory_lab.balance().balanced


def test_a_delivery_that_was_written_otherwise_is_never_delivered(memory_lab: Lab) -> None:
    """The writing itself is wrong, in two claims that make up for each other: digest and sums agree, the claims do not."""
    sending = memory_lab.confirm(memory_lab.send_and_check(DATA))
    memory_lab.clock.at = CLOSING
    plain = memory_lab.office.objects

    class Writer:
        """A writer that moves a point of the city's from one claim to another."""

        def __init__(self, inner: Any) -> None:
            self._inner = inner

        def __getattr__(self, name: str) -> Any:
            return getattr(self._inner, name)

        def write(self, data: bytes) -> None:
            for now, wrong in ((100, 101), (50, 49)):
                data = data.replace(b"KO,80990013,0000018,,1,%d," % now, b"KO,80990013,0000018,,1,%d," % wrong)
            self._inner.write(data)

    class Wrong:
        """Objects whose writers are wrong."""

        def __getattr__(self, name: str) -> Any:
            return getattr(plain, name)

        def writer(self, name: str, *, limit_bytes: int) -> Any:
            inner = plain.writer(name, limit_bytes=limit_bytes)
            return Writer(inner) if name.startswith("deliveries/") else inner

    office = replace(memory_lab.office, objects=Wrong())  # type: ignore[arg-type]
    close.request_close(office, "1", "202609")
    close.carry_out_close(office, "1/202609")

    assert delivered(memory_lab) == {PAYERS[0]: 1}
    assert outcomes(memory_lab, sending.id)[1:] == [(Outcome.SUSPENDED, Reason.DOES_NOT_ADD_UP)] * 2
    assert memory_lab.balance().balanced


def test_a_sending_that_changes_during_the_closing_stops_it(memory_lab: Lab) -> None:
    """The review body undoes a confirmation meanwhile: nothing becomes true, and the next try is right."""
    sending = memory_lab.confirm(memory_lab.send_and_check(DATA))
    other = memory_lab.confirm(memory_lab.send_and_check(uke(claim(1))))
    memory_lab.clock.at = CLOSING
    close.request_close(memory_lab.office, "1", "202609")

    class Undoing:
        """Objects that take so long that somebody changes a row meanwhile."""

        def __getattr__(self, name: str) -> Any:
            if name == "writer":
                with memory_lab.office.store.write() as tx:
                    tx.put_sending(replace(other, decided_at=None))
            return getattr(memory_lab.office.objects, name)

    with pytest.raises(Unavailable):
        close.carry_out_close(replace(memory_lab.office, objects=Undoing()), "1/202609")  # type: ignore[arg-type]
    assert memory_lab.sending(sending.id).state == "confirmed"

    close.carry_out_close(memory_lab.office, "1/202609")
    assert memory_lab.sending(sending.id).state == "handed_over"
    assert memory_lab.balance().balanced
    assert not memory_lab.orphans()


def test_a_full_volume_is_followed_by_the_next(lab: Lab) -> None:
    """Claims never cross volumes; together the volumes hold what one would."""
    data = uke(*(claim(no, name=f"見本　{no}") for no in range(1, 10)))
    small = with_limits(lab, delivery_bytes=1200)

    closed(small, data)

    rows = sorted(lab.deliveries(), key=lambda row: row.volume)
    assert [row.volume for row in rows] == list(range(1, len(rows) + 1))
    assert len(rows) > 2
    assert sum(row.claims for row in rows) == 9
    whole = b"".join(lab.read(f"deliveries/{row.id}") for row in rows)
    numbers = [one.management_no for one in read_delivery(BytesIO(whole), kind="medical")]
    assert numbers == list(range(1, 10))
    assert all(row.size_bytes <= 1200 for row in rows)
    assert lab.balance().balanced


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_few_writers_write_the_same_deliveries(at_once: int) -> None:
    """However many payers fit into one pass, the bytes are the same."""
    first, second = make_lab(), make_lab()
    files = [DATA, uke(claim(1, insurer=NHI, publics=[REHABILITATION]), claim(2, insurer=None, publics=[WELFARE]))]

    for lab in (first, second):
        register(lab.office, payers=[payer_id(REHABILITATION)])
    closed(first, *files)
    closed(with_limits(second, deliveries_at_once=at_once), *files)

    assert _bytes(first) == _bytes(second)
    assert second.balance().balanced


def _bytes(lab: Lab) -> dict[str, bytes]:
    return {row.payer: lab.read(f"deliveries/{row.id}") for row in lab.deliveries()}


def test_the_order_is_that_of_confirmation(lab: Lab) -> None:
    """Not that of sending."""
    first = lab.send_and_check(uke(claim(1, name="見本　一郎")))
    second = lab.send_and_check(uke(claim(1), institution="0112359"), party=OTHER_INSTITUTION)
    lab.confirm(second)
    lab.confirm(first)
    lab.clock.at = CLOSING
    lab.close()

    (row,) = lab.deliveries()
    origins = [json.loads(line) for line in lab.read(f"provenance/{row.id}").splitlines()]
    assert [one["file"] for one in origins] == [lab.files(second.id)[0].id, lab.files(first.id)[0].id]


def test_a_month_closes_when_the_calendar_says(lab: Lab) -> None:
    """Not a minute before; by itself then, once; what nobody decided is decided first."""
    undecided = lab.send_and_check(DATA)
    lab.clock.at = MIDNIGHT
    with pytest.raises(MonthNotOver) as caught:
        close.request_close(lab.office, "1", "202609")
    assert caught.value.facts["closing_from"] == CLOSING
    assert close.close_due(lab.office) == []

    lab.clock.at = CLOSING
    sent = lab.sending(undecided.id)
    assert sent.state == "to_decide"
    close.request_close(lab.office, "1", "202609")
    lab.work()
    assert lab.sending(undecided.id).state == "handed_over"
    assert close.close_due(lab.office) == []
    with pytest.raises(AlreadyClosed):
        close.request_close(lab.office, "1", "202609")


def test_every_body_closes_for_itself(memory_lab: Lab) -> None:
    """Tenants of one house: another body's month is another month."""
    sandbox = make_lab(calendar="sandbox")
    for body in ("1", "2"):
        sandbox.confirm(sandbox.send_and_check(uke(claim(1, insurer=NHI), body=body)))

    sandbox.close(body="2-99", force=True)

    assert [row.body for row in sandbox.deliveries()] == ["2-99"]
    assert sorted((one.body, one.state) for one in sandbox.sendings()) == [("1", "confirmed"), ("2-99", "handed_over")]
    assert memory_lab.sendings() == []


def test_a_month_without_claims_closes(memory_lab: Lab) -> None:
    """Its books are empty and balance."""
    memory_lab.clock.at = CLOSING

    memory_lab.close()

    assert report(memory_lab)["balance"]["balanced"]
    assert memory_lab.deliveries() == []


def test_closing_waits_for_checks(memory_lab: Lab) -> None:
    """A sending of the last minute that is not checked yet keeps the month open, unless by hand."""
    answer = memory_lab.send(DATA)
    memory_lab.clock.at = CLOSING

    with pytest.raises(StillChecking):
        close.request_close(memory_lab.office, "1", "202609")
    assert close.close_due(memory_lab.office) == []

    close.request_close(memory_lab.office, "1", "202609", force=True)
    close.carry_out_close(memory_lab.office, "1/202609")
    assert report(memory_lab)["left_open"] == [{"sending": answer.sending.id, "state": "checking"}]


def test_a_month_is_closed_again_for_what_came_later(lab: Lab) -> None:
    """By hand before its time; what is confirmed afterwards waits, and the next closing writes further volumes."""
    lab.confirm(lab.send_and_check(DATA))
    lab.close(force=True)
    before = {row.id: lab.read(f"deliveries/{row.id}") for row in lab.deliveries()}
    later(lab, minutes=1)
    second = lab.confirm(lab.send_and_check(uke(claim(1), claim(2, insurer=ELDERLY))))

    lab.close(force=True)

    volumes = {(row.payer, row.volume) for row in lab.deliveries()}
    assert volumes == {*((payer, 1) for payer in PAYERS), (PAYERS[0], 2), (PAYERS[1], 2)}
    assert before == {name: lab.read(f"deliveries/{name}") for name in before}
    assert lab.sending(second.id).state == "handed_over"
    assert lab.balance().balanced
    assert lab.balance().total.claimed.claims == 5


UNKNOWN = "06990022"
SUSPENSE = uke(claim(1), claim(2, insurer=ELDERLY, publics=[INCURABLE]), claim(3, insurer=UNKNOWN), claim(4))


def test_a_claim_in_suspense_is_charged_once_its_payer_is_registered(lab: Lab) -> None:
    """By a later closing, in a further volume, with the suspense reversed; what was delivered stays as it is."""
    (sending_id,) = closed(lab, SUSPENSE)
    assert [each["unknown_payers"] for each in report(lab)["suspended"]] == [[UNKNOWN, INCURABLE]]
    before = {row.id: lab.read(f"deliveries/{row.id}") for row in lab.deliveries()}
    register(lab.office, payers=[*PAYERS, INCURABLE])
    later(lab, days=30)

    lab.close()

    assert outcomes(lab, sending_id)[1:3] == [(Outcome.CLAIMED, Reason.NONE), (Outcome.SUSPENDED, Reason.UNKNOWN_PAYER)]
    told = report(lab)
    assert (told["released"], told["sendings"], told["deliveries"]) == (1, 0, 2)
    assert [(each["claims"], each["unknown_payers"]) for each in told["suspended"]] == [(1, [UNKNOWN])]
    assert before.items() <= {row.id: lab.read(f"deliveries/{row.id}") for row in lab.deliveries()}.items()
    assert {(row.payer, row.volume, row.claims) for row in lab.deliveries()} == {
        (PAYERS[0], 1, 2),
        (PAYERS[1], 1, 1),
        (INCURABLE, 1, 1),
    }
    late = lab.deliveries(payer=INCURABLE)[0]
    (one,) = read_delivery(BytesIO(lab.read(f"deliveries/{late.id}")), kind="medical")
    assert one.management_no == 2

    register(lab.office, payers=[UNKNOWN])
    lab.close()

    assert report(lab)["suspended"] == []
    balance = lab.balance()
    assert balance.balanced
    assert balance.total.suspended == {}
    assert balance.total.delivered == balance.total.claimed
    assert not lab.orphans()
    assert not lab.missing()
    with pytest.raises(AlreadyClosed):
        close.request_close(lab.office, "1", "202609")


def test_a_closing_without_a_cause_removed_releases_nothing(lab: Lab) -> None:
    """The suspense stays to the unit, and nothing is posted or delivered twice."""
    (sending_id,) = closed(lab, SUSPENSE)
    postings, deliveries, names = lab.balance(), lab.deliveries(), lab.names()

    lab.close()

    assert (postings, deliveries) == (lab.balance(), lab.deliveries())
    assert names == lab.names()
    assert report(lab)["released"] == 0
    assert lab.sending(sending_id).state == "handed_over"


@pytest.mark.parametrize("what", ["files", "index"])
def test_a_file_that_is_put_back_is_released_as_a_whole(lab: Lab, what: str) -> None:
    """Its bytes or its index come from a copy; then it is delivered like any other, once."""
    sending = lab.confirm(lab.send_and_check(DATA))
    (file,) = lab.files(sending.id)
    name = f"files/{file.id}" if what == "files" else str(file.index_object)
    copy = lab.read(name)
    lab.damage(name, b"")
    lab.clock.at = CLOSING
    lab.close()
    assert report(lab)["suspended"][0]["claims"] == 3
    assert lab.deliveries() == []
    lab.close()
    assert report(lab)["released"] == 0

    lab.damage(name, copy)
    lab.close()

    assert report(lab)["released"] == 3
    assert [one for one, _ in outcomes(lab, sending.id)] == [Outcome.CLAIMED] * 3
    assert lab.balance().balanced
    assert lab.balance().total.delivered == lab.balance().total.claimed
    assert sum(delivered(lab).values()) == 6


@pytest.mark.parametrize("what", ["files", "index", "lie"])
def test_a_file_that_breaks_after_its_closing_keeps_its_suspense(lab: Lab, what: str) -> None:
    """What was delivered of it is delivered; what is in suspense stays there, with its reason."""
    (sending_id,) = closed(lab, SUSPENSE)
    (file,) = lab.files(sending_id)
    if what == "lie":
        tampered(lab, sending_id, lambda row: row.decided(Outcome.SUSPENDED, Reason.UNKNOWN_PAYER))
    else:
        lab.damage(f"files/{file.id}" if what == "files" else str(file.index_object), b"")
    register(lab.office, payers=[UNKNOWN, INCURABLE])
    before, deliveries = lab.balance(), lab.deliveries()

    lab.close()

    assert (before, deliveries) == (lab.balance(), lab.deliveries())
    assert [(one["reason"], one["claims"]) for one in report(lab)["suspended"]] == [("unknown_payer", 2)]


def test_a_suspense_may_change_its_reason(lab: Lab) -> None:
    """The payer is known now, but the claim cannot be written: one suspense is reversed, the other takes its place."""
    sending = lab.confirm(lab.send_and_check(uke(claim(1, insurer=UNKNOWN), claim(2))))
    tampered(lab, sending.id, lambda row: replace(row, offset=row.offset + 1))
    lab.clock.at = CLOSING
    lab.close()
    first = lab.balance().total.suspended
    register(lab.office, payers=[UNKNOWN])

    lab.close()

    assert report(lab)["released"] == 0
    assert lab.balance().balanced
    assert lab.balance().total.suspended == {"does_not_add_up": first["unknown_payer"]}
    assert delivered(lab) == {PAYERS[0]: 1}


def test_a_confirmation_during_the_closing_waits_for_the_next(memory_lab: Lab) -> None:
    """It is in the ledger, not in the closing, and named as left open; the books of what was closed balance."""
    memory_lab.confirm(memory_lab.send_and_check(DATA))
    second = memory_lab.send_and_check(uke(claim(1)))
    close.request_close(memory_lab.office, "1", "202609", force=True)

    class Confirming:
        """Objects that take so long that somebody confirms meanwhile."""

        def __getattr__(self, name: str) -> Any:
            if name == "writer" and memory_lab.sending(second.id).state == "to_decide":
                memory_lab.confirm(second)
            return getattr(memory_lab.office.objects, name)

    close.carry_out_close(replace(memory_lab.office, objects=Confirming()), "1/202609")

    assert report(memory_lab)["left_open"] == [{"sending": second.id, "state": "confirmed"}]
    memory_lab.close(force=True)
    assert memory_lab.balance().balanced
    assert delivered(memory_lab)[PAYERS[0]] == 2


def test_a_closing_done_again_changes_nothing(lab: Lab) -> None:
    """Orders may be carried out twice, also at once."""
    closed(lab, DATA)
    names, rows = lab.names(), lab.deliveries()

    close.carry_out_close(lab.office, "1/202609")

    assert (names, rows) == (lab.names(), lab.deliveries())


def test_of_two_closings_at_once_one_wins(memory_lab: Lab) -> None:
    """Another process took the order over: the later finds the month closed and takes its own objects back."""
    memory_lab.confirm(memory_lab.send_and_check(DATA))
    memory_lab.clock.at = CLOSING
    close.request_close(memory_lab.office, "1", "202609")
    other = replace(memory_lab.office, desk=type(memory_lab.office.desk)())
    plain = memory_lab.office.store

    class Interrupted:
        """A store in which the other is quicker, just before the end."""

        def __init__(self) -> None:
            self.read = plain.read

        def write(self) -> Any:
            if len(memory_lab.deliveries()) == 5:
                with plain.read() as tx:
                    row = tx.month("1", "202609", "real")
                if row is not None and row.state == "closing":
                    close.carry_out_close(other, "1/202609")
            return plain.write()

    with pytest.raises(Unavailable):
        close.carry_out_close(replace(memory_lab.office, store=Interrupted()), "1/202609")

    memory_lab.restart()
    assert memory_lab.balance().balanced
    assert delivered(memory_lab) == {PAYERS[0]: 1, PAYERS[1]: 1, PAYERS[2]: 1, PAYERS[3]: 2, PAYERS[4]: 1}
    assert not memory_lab.missing()


def test_books_that_do_not_balance_close_nothing(memory_lab: Lab) -> None:
    """A posting from nowhere is our bug: the month stays closing and nobody sees a delivery."""
    sending = memory_lab.confirm(memory_lab.send_and_check(DATA))
    with memory_lab.office.store.write() as tx:
        row = tx.postings("1", "202609", "real")[0]
        tx.add_postings([replace(row, id="stray", file="nobody's", claims=1)])
    memory_lab.clock.at = CLOSING
    close.request_close(memory_lab.office, "1", "202609")

    with pytest.raises(Damaged):
        close.carry_out_close(memory_lab.office, "1/202609")

    assert memory_lab.sending(sending.id).state == "confirmed"
    assert {row.state for row in memory_lab.deliveries()} <= {"sealing"}
    with memory_lab.office.store.read() as tx:
        month = tx.month("1", "202609", "real")
    assert month is not None
    assert month.state == "closing"


@pytest.mark.parametrize(
    ("body", "month", "error"),
    [
        ("3", "202609", UnknownBody),
        ("2-99", "202609", UnknownBody),
        ("1", "2026-9", BadRequest),
        ("1", "202613", BadRequest),
    ],
)
def test_nobodys_month_cannot_be_closed(memory_lab: Lab, body: str, month: str, error: type[Exception]) -> None:
    """No such body here, or no month."""
    with pytest.raises(error):
        close.request_close(memory_lab.office, body, month, force=True)


def test_a_second_request_orders_nothing_new(memory_lab: Lab) -> None:
    """The month is closing already."""
    memory_lab.clock.at = CLOSING
    first = close.request_close(memory_lab.office, "1", "202609")
    waiting = memory_lab.office.jobs.waiting()

    assert first == close.request_close(memory_lab.office, "1", "202609")
    assert waiting == memory_lab.office.jobs.waiting()
