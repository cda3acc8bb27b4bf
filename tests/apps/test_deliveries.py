"""Fetching through the API: a delivery resumed from every offset equals the whole."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from apps.desk_lab import FIRST, OTHER_PAYER, PAYER, DeskLab
from seikyu.apps.api.ranges import CHUNK_BYTES, Part, RangeNotSatisfiable, part_wanted

DATA = bytes(range(256)) * 8
ETAG = f'"{hashlib.sha256(DATA).hexdigest()}"'


def test_the_whole_has_its_digest_and_a_strong_tag(desk: DeskLab) -> None:
    """What a client needs to go on later and to prove what it has."""
    row = desk.put_delivery(DATA)

    answer = desk.ask("GET", f"/deliveries/{row.id}/content", party=PAYER)

    assert (answer.status_code, answer.content) == (200, DATA)
    assert answer.headers["etag"] == ETAG
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-length"] == str(len(DATA))
    assert answer.headers["repr-digest"] == f"sha-256=:{base64.b64encode(hashlib.sha256(DATA).digest()).decode()}:"
    assert desk.ask("GET", f"/deliveries/{row.id}", party=PAYER).json()["state"] == "fetching"


def test_a_delivery_longer_than_a_piece_arrives_whole(desk: DeskLab) -> None:
    """Reading ahead neither drops nor doubles a byte."""
    data = b"".join(number.to_bytes(4, "big") for number in range(CHUNK_BYTES // 2))
    row = desk.put_delivery(data + b"end")

    assert desk.ask("GET", f"/deliveries/{row.id}/content", party=PAYER).content == data + b"end"


def test_head_says_the_same_and_sends_nothing(desk: DeskLab) -> None:
    """And it does not count as fetching."""
    row = desk.put_delivery(DATA)

    answer = desk.ask("HEAD", f"/deliveries/{row.id}/content", party=PAYER, headers={"range": "bytes=5-"})

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(DATA))
    assert answer.headers["etag"] == ETAG
    assert desk.ask("GET", f"/deliveries/{row.id}", party=PAYER).json()["state"] == "waiting"


def test_resumed_from_every_offset_it_equals_the_whole(desk: DeskLab) -> None:
    """However far the last try came."""
    data = DATA[:97]
    row = desk.put_delivery(data)

    for offset in range(len(data)):
        answer = desk.ask(
            "GET",
            f"/deliveries/{row.id}/content",
            party=PAYER,
            headers={"range": f"bytes={offset}-", "if-range": f'"{row.sha256}"'},
        )
        assert answer.status_code == 206
        assert answer.headers["content-range"] == f"bytes {offset}-{len(data) - 1}/{len(data)}"
        assert data == data[:offset] + answer.content


def test_a_range_past_the_end_is_refused(desk: DeskLab) -> None:
    """With the length there is."""
    row = desk.put_delivery(DATA)

    answer = desk.ask("GET", f"/deliveries/{row.id}/content", party=PAYER, headers={"range": f"bytes={len(DATA)}-"})

    assert (answer.status_code, answer.json()["code"]) == (416, "range_not_satisfiable")
    assert answer.headers["content-range"] == f"bytes */{len(DATA)}"


@pytest.mark.parametrize(
    "headers",
    [
        {"range": "bytes=5-", "if-range": '"other"'},
        {"range": "bytes=5-", "if-range": f"W/{ETAG}"},
        {"range": "bytes=5-", "if-range": "Wed, 09 Sep 2026 00:00:00 GMT"},
        {"range": "bytes=1-2,4-5"},
        {"range": "bytes=9-4"},
        {"range": "bytes=-"},
        {"range": "lines=1-2"},
        {"range": "bytes=x-"},
    ],
)
def test_a_range_that_cannot_be_meant_gives_the_whole(desk: DeskLab, headers: dict[str, str]) -> None:
    """Another content, several ranges, no range at all: the whole is always right."""
    row = desk.put_delivery(DATA)

    answer = desk.ask("GET", f"/deliveries/{row.id}/content", party=PAYER, headers=headers)

    assert (answer.status_code, answer.content) == (200, DATA)


def test_what_the_asker_has_is_not_sent_again(desk: DeskLab) -> None:
    """If-None-Match gives 304, If-Match insists on one content."""
    row = desk.put_delivery(DATA)
    path = f"/deliveries/{row.id}/content"

    assert desk.ask("GET", path, party=PAYER, headers={"if-none-match": f'"x", {ETAG}'}).status_code == 304
    assert desk.ask("GET", path, party=PAYER, headers={"if-none-match": '"x"'}).status_code == 200
    assert desk.ask("GET", path, party=PAYER, headers={"if-match": ETAG}).status_code == 200
    assert desk.ask("GET", path, party=PAYER, headers={"if-match": '"x"'}).json()["code"] == "precondition_failed"


@given(size=st.integers(1, 1000), first=st.integers(0, 1200), last=st.none() | st.integers(0, 1200))
def test_a_range_is_a_slice(size: int, first: int, last: int | None) -> None:
    """Every lawful range gives exactly the bytes that it names."""
    data = bytes(size)
    headers = Headers({"range": f"bytes={first}-{'' if last is None else last}"})
    if first >= size and (last is None or last >= first):
        with pytest.raises(RangeNotSatisfiable):
            part_wanted(headers, size_bytes=size, etag="x")
        return

    part = part_wanted(headers, size_bytes=size, etag="x") or Part(0, size, size)

    expected = slice(None) if last is not None and last < first else slice(first, None if last is None else last + 1)
    assert data[expected] == data[part.start : part.end]


@given(size=st.integers(1, 1000), count=st.integers(1, 1200))
def test_a_suffix_is_the_end(size: int, count: int) -> None:
    """`-n` is the last n bytes, or all there are."""
    part = part_wanted(Headers({"range": f"bytes=-{count}"}), size_bytes=size, etag="x")

    assert part == Part(max(0, size - count), size, size)


def test_received_is_said_once_and_stays(desk: DeskLab) -> None:
    """The digest is the proof; said again it changes nothing, and the bytes stay fetchable."""
    row = desk.put_delivery(DATA)

    for _ in range(2):
        answer = desk.ask("POST", f"/deliveries/{row.id}/received", party=PAYER, json={"sha256": row.sha256})
        assert (answer.status_code, answer.json()["state"]) == (200, "received")
    assert desk.ask("GET", f"/deliveries/{row.id}/content", party=PAYER).content == DATA


def test_each_payer_sees_its_own(desk: DeskLab) -> None:
    """Newest first, in pages; nobody else sees any, nor one that is still sealed."""
    rows = [desk.put_delivery(DATA + bytes([no]), no=no) for no in range(1, 4)]
    other = desk.put_delivery(b"other", payer=OTHER_PAYER, no=9)
    desk.put_delivery(b"sealing", no=10, state="sealing")

    first = desk.ask("GET", "/deliveries?limit=2", party=PAYER).json()
    second = desk.ask("GET", "/deliveries", party=PAYER, params={"limit": 2, "cursor": first["next"]}).json()

    assert [each["id"] for each in first["items"] + second["items"]] == [row.id for row in rows[::-1]]
    assert second["next"] is None
    assert [each["id"] for each in desk.ask("GET", "/deliveries", party=OTHER_PAYER).json()["items"]] == [other.id]
    assert desk.ask("GET", "/deliveries", party=FIRST).json()["items"] == []
    assert desk.ask("GET", "/deliveries?month=202610", party=PAYER).json()["items"] == []


def test_the_list_is_narrowed_by_kind_and_state(desk: DeskLab) -> None:
    """Only what is asked for; what is none of the words is refused."""
    rows = [
        desk.put_delivery(DATA + bytes([no]), no=no, state=state) for no, state in ((1, "waiting"), (2, "received"))
    ]

    for query, expected in (("state=received", [rows[1]]), ("kind=dental", []), ("kind=medical", rows[::-1])):
        items = desk.ask("GET", f"/deliveries?{query}", party=PAYER).json()["items"]
        assert [row.id for row in expected] == [each["id"] for each in items]
    for wrong in ("state=sealing", "kind=x"):
        assert 400 == desk.ask("GET", f"/deliveries?{wrong}", party=PAYER).status_code


def test_the_history_says_by_which_certificate_a_program_fetched(desk: DeskLab) -> None:
    """From where to where; how far it has come is where it went on from; another payer sees none of it."""
    row = desk.put_delivery(DATA)
    path = f"/deliveries/{row.id}"
    desk.ask("GET", f"{path}/content", party=PAYER)
    desk.ask("GET", f"{path}/content", party=PAYER, headers={"range": "bytes=10-", "if-range": ETAG})

    told = desk.ask("GET", f"{path}/history", party=PAYER).json()["items"]

    expected = [(1, "fetch", 0, len(DATA), None, "pc-1"), (2, "fetch", 10, len(DATA), None, "pc-1")]
    names = ("no", "what", "start", "end", "user", "terminal")
    assert expected == [tuple(each[name] for name in names) for each in told]
    assert all(each["serial"] for each in told)
    assert ("fetching", 10) == tuple(
        desk.ask("GET", path, party=PAYER).json()[name] for name in ("state", "reached_bytes")
    )
    assert 404 == desk.ask("GET", f"{path}/history", party=OTHER_PAYER).status_code
    assert 404 == desk.ask("GET", f"{path}/history", party=FIRST).status_code


def test_the_digests_of_pieces_are_those_of_the_bytes(desk: DeskLab) -> None:
    """For finding what is damaged; another payer has none."""
    row = desk.put_delivery(DATA)

    told = desk.ask("GET", f"/deliveries/{row.id}/pieces", party=PAYER).json()

    assert ([row.sha256], len(DATA), row.sha256) == (told["pieces"], told["size_bytes"], told["sha256"])
    assert 404 == desk.ask("GET", f"/deliveries/{row.id}/pieces", party=OTHER_PAYER).status_code


def test_months_are_those_that_were_closed_with_something_for_the_payer(desk: DeskLab) -> None:
    """Nothing before; and a month that has nothing is not found."""
    desk.put_delivery(DATA)

    assert [] == desk.ask("GET", "/deliveries/months", party=PAYER).json()["items"]
    assert 404 == desk.ask("GET", "/deliveries/months/202609", party=PAYER).status_code
    assert 404 == desk.ask("GET", "/deliveries/months/202613", party=PAYER).status_code
    assert 404 == desk.ask("GET", "/deliveries/months", party=FIRST).status_code
