"""Reception: what is told as received is there, once; what is not has left no trace."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis.strategies import binary, integers

from builders import INSTITUTION_ID, claim, header, uke
from seikyu.limits import MIB
from seikyu.office.calendar import JST
from seikyu.office.errors import Closed, UnknownBody
from seikyu.ports.errors import (
    BadRequest,
    Busy,
    DigestMismatch,
    Forbidden,
    KeyReused,
    LineBroken,
    NoSpace,
    TooLong,
    Unavailable,
)
from seikyu.services import decide
from seikyu.services.arrival import Stated
from seikyu.services.errors import NothingToCorrect, PartyNotYet
from seikyu.services.receive import Answer, Terms, receive
from services.office_lab import (
    CORRECTIONS,
    LAST_MINUTE,
    MIDNIGHT,
    OTHER_INSTITUTION,
    PAYERS,
    Lab,
    broken,
    institution,
    make_lab,
    payer,
    whole,
    with_limits,
)

DATA = uke(claim(1), claim(2))
OTHER = uke(claim(1), claim(2), claim(3))

#: The real line is closed then, and the test line open.
CLOSED = datetime(2026, 9, 20, 10, 0, tzinfo=JST)


def nothing_is_there(lab: Lab) -> None:
    """Hold that the office is as if nobody had ever sent."""
    assert lab.sendings() == []
    assert lab.names() == []
    assert lab.office.objects.sweep() == 0
    assert lab.office.jobs.waiting() == 0
    assert lab.office.desk.receiving == 0


def receiving(lab: Lab, body: AsyncIterator[bytes], *, stated: Stated | None = None, **terms: Any) -> Any:
    """Return the act of receiving, not begun yet."""
    return receive(lab.office, identity=institution(), terms=Terms(**terms), body=body, stated=stated)


def test_a_sending_is_there_when_it_is_told(lab: Lab) -> None:
    """The answer, the row, the file's bytes and the work order say the same."""
    answer = lab.send(DATA, file_name="RECEIPTC.UKE")

    assert not answer.repeat
    sending = lab.sending(answer.sending.id)
    assert sending == answer.sending
    assert (sending.body, sending.line, sending.kind, sending.month) == ("1", "real", "medical", "202609")
    assert (sending.state, sending.send_no, sending.asp) == ("checking", 1, True)
    (file,) = lab.files(sending.id)
    assert lab.read(f"files/{file.id}") == DATA
    assert (file.no, file.size_bytes, file.name) == (1, len(DATA), "RECEIPTC.UKE")
    assert file.sha256 == hashlib.sha256(DATA).hexdigest()
    assert lab.office.jobs.waiting() == 1


def test_an_empty_body_is_a_sending(lab: Lab) -> None:
    """Zero bytes are a file too: it is received, and its check refuses it."""
    sending = lab.send_and_check(b"")

    assert (sending.state, sending.kind, sending.month, sending.claims) == ("refused", None, None, 0)


def test_the_same_again_is_a_repeat(lab: Lab) -> None:
    """The same bytes on the same terms get the first answer; nothing is kept of the second."""
    first = lab.send(DATA)
    names = lab.names()

    again = lab.send(DATA)

    assert again == Answer(first.sending, repeat=True)
    assert names == lab.names()
    assert len(lab.sendings()) == 1
    assert lab.office.objects.sweep() == 0


@pytest.mark.parametrize(
    "terms",
    [{"asp": False}, {"line": "test"}, {"body": "2-13"}, {"party": OTHER_INSTITUTION}],
    ids=str,
)
def test_the_same_bytes_on_other_terms_are_another_sending(memory_lab: Lab, terms: dict[str, Any]) -> None:
    """Party, body, line and ASP choice all count; the numbers of each line, body and party run on their own."""
    first = memory_lab.send(DATA).sending
    other = memory_lab.send(DATA, **terms)

    assert not other.repeat
    assert other.sending.id != first.id
    assert other.sending.send_no == (2 if "asp" in terms else 1)


def test_after_a_cancellation_the_same_is_no_repeat(memory_lab: Lab) -> None:
    """Whoever cancelled and sends the same again means it."""
    first = memory_lab.send_and_check(DATA)
    decide.cancel(memory_lab.office, institution(), first.id)

    again = memory_lab.send(DATA)

    assert not again.repeat
    assert again.sending.send_no == 2


def test_after_a_refusal_the_same_is_no_repeat(memory_lab: Lab) -> None:
    """A refused sending answers for nothing any more."""
    assert memory_lab.send_and_check(b"no UKE file").state == "refused"

    assert not memory_lab.send(b"no UKE file").repeat


def test_a_key_gets_its_first_answer(lab: Lab) -> None:
    """The idempotency key alone makes a repeat, whatever became of the first."""
    first = lab.send_and_check(DATA, idempotency_key="k1")
    decide.cancel(lab.office, institution(), first.id)

    again = lab.send(DATA, idempotency_key="k1")

    assert again.repeat
    assert again.sending.id == first.id
    assert again.sending.state == "cancelled"


def test_a_key_used_for_other_bytes_is_turned_away(lab: Lab) -> None:
    """A key stands for one request; the other leaves nothing."""
    lab.send(DATA, idempotency_key="k1")
    names = lab.names()

    with pytest.raises(KeyReused):
        lab.send(OTHER, idempotency_key="k1")

    assert names == lab.names()
    assert len(lab.sendings()) == 1
    assert not lab.send(OTHER, party=OTHER_INSTITUTION, idempotency_key="k1").repeat


@settings(max_examples=30)
@given(data=binary(max_size=3000), cut=integers(0, 3000))
def test_a_line_that_breaks_leaves_nothing(data: bytes, cut: int) -> None:
    """However far the sender came, a broken body is as if it had never begun."""
    lab = make_lab()

    with pytest.raises(LineBroken):
        asyncio.run(receiving(lab, broken(data, after=cut)))

    nothing_is_there(lab)


@pytest.mark.parametrize("tenth", range(11))
def test_a_line_that_breaks_leaves_nothing_on_disk(lab: Lab, tenth: int) -> None:
    """After every tenth of the body, on every adapter; then the whole is received as if nothing had been."""
    with pytest.raises(LineBroken):
        asyncio.run(receiving(lab, broken(DATA, after=len(DATA) * tenth // 10)))

    nothing_is_there(lab)
    assert not lab.send(DATA).repeat


@pytest.mark.parametrize(
    ("stated", "error"),
    [
        (Stated(length=len(DATA) + 1), LineBroken),
        (Stated(length=len(DATA) - 1), TooLong),
        (Stated(length=1 << 60), TooLong),
        (Stated(length=-1), BadRequest),
        (Stated(sha256="0" * 64), DigestMismatch),
        (Stated(sha256="0" * 63), BadRequest),
        (Stated(sha256="x" * 64), BadRequest),
    ],
)
def test_a_body_is_held_to_what_was_stated(lab: Lab, stated: Stated, error: type[Exception]) -> None:
    """Other bytes than the sender stated are not received."""
    with pytest.raises(error):
        lab.send(DATA, stated=stated)

    nothing_is_there(lab)


def test_a_digest_may_be_written_in_capitals(memory_lab: Lab) -> None:
    """Hex is hex; the length may be stated too."""
    stated = Stated(sha256=hashlib.sha256(DATA).hexdigest().upper(), length=len(DATA))

    assert memory_lab.send(DATA, stated=stated).sending.state == "checking"


def test_a_body_over_the_limit_is_turned_away(lab: Lab) -> None:
    """Not a byte of it stays."""
    with pytest.raises(TooLong):
        with_limits(lab, file_bytes=len(DATA) - 1).send(DATA)

    nothing_is_there(lab)


@pytest.mark.parametrize(
    "terms",
    [
        {"line": "third"},
        {"idempotency_key": ""},
        {"idempotency_key": "k" * 129},
        {"file_name": "n" * 256},
    ],
    ids=lambda one: str(one)[:30],
)
def test_a_parameter_without_meaning_is_turned_away(memory_lab: Lab, terms: dict[str, Any]) -> None:
    """Before a byte is read."""
    with pytest.raises(BadRequest):
        memory_lab.send(DATA, **terms)

    nothing_is_there(memory_lab)


@pytest.mark.parametrize("body", ["2-48", "2-99", "3"])
def test_a_body_that_is_not_here_is_named_as_such(memory_lab: Lab, body: str) -> None:
    """Before a byte is read; the test federation is no body of a real office."""
    with pytest.raises(UnknownBody):
        memory_lab.send(DATA, body=body)

    nothing_is_there(memory_lab)


def test_only_institutions_of_the_register_send(memory_lab: Lab) -> None:
    """A payer, a stranger, one that left, and one whose certificate says another kind are turned away."""
    left = memory_lab.clock.at - timedelta(days=1)
    with memory_lab.office.store.write() as tx:
        party = tx.party(OTHER_INSTITUTION)
        assert party is not None
        tx.put_party(replace(party, until=left))

    for identity in (
        payer(PAYERS[0]),
        institution("9919999999"),
        institution(OTHER_INSTITUTION),
        replace(institution(), kind="payer"),
        institution(PAYERS[0]),
    ):
        with pytest.raises(Forbidden):
            asyncio.run(receive(memory_lab.office, identity=identity, terms=Terms(), body=whole(DATA)))

    nothing_is_there(memory_lab)


def test_who_is_in_the_register_from_later_on_is_told_the_date(memory_lab: Lab) -> None:
    """After a sandbox's clock was put back, everybody is told why nothing is theirs."""
    memory_lab.clock.at = datetime(2026, 3, 31, tzinfo=JST)

    with pytest.raises(PartyNotYet) as caught:
        memory_lab.send(DATA, line="test")

    assert caught.value.facts["since"] == datetime(2026, 4, 1, tzinfo=JST)
    assert caught.value.facts["now"] == memory_lab.clock.at


def test_a_closed_office_says_when_it_opens(memory_lab: Lab) -> None:
    """The real line is closed on the 20th; the test line is open then."""
    memory_lab.clock.at = datetime(2026, 9, 20, 10, 0, tzinfo=JST)

    with pytest.raises(Closed) as caught:
        memory_lab.send(DATA)

    assert caught.value.next_opens_at == datetime(2026, 10, 5, 8, 0, tzinfo=JST)
    nothing_is_there(memory_lab)
    assert memory_lab.send(DATA, line="test").sending.line == "test"


def test_a_sending_that_ends_after_closing_time_is_late(lab: Lab) -> None:
    """A sending comes into being with its last byte; after 24:00 that is too late, and nothing stays."""
    lab.clock.at = LAST_MINUTE

    async def slow() -> AsyncIterator[bytes]:
        yield DATA[:100]
        lab.clock.at = MIDNIGHT
        yield DATA[100:]

    with pytest.raises(Closed):
        asyncio.run(receiving(lab, slow()))

    nothing_is_there(lab)


def test_a_repeat_is_answered_even_after_closing_time(memory_lab: Lab) -> None:
    """Whose answer was lost in the last second gets it, if the new try began in time."""
    memory_lab.clock.at = LAST_MINUTE
    first = memory_lab.send(DATA)

    async def slow() -> AsyncIterator[bytes]:
        memory_lab.clock.at = MIDNIGHT
        yield DATA

    again = asyncio.run(receiving(memory_lab, slow()))

    assert again == Answer(first.sending, repeat=True)


KNOWN: list[tuple[dict[str, Any], Stated | None]] = [
    ({"idempotency_key": "k1"}, None),
    ({}, Stated(sha256=hashlib.sha256(DATA).hexdigest().upper(), length=len(DATA))),
]


@pytest.mark.parametrize(("terms", "stated"), KNOWN, ids=["key", "digest"])
def test_who_comes_back_after_the_end_gets_the_first_answer(
    lab: Lab, terms: dict[str, Any], stated: Stated | None
) -> None:
    """Committed at 23:59, the answer lost, tried again after midnight of the last day: that is a repeat, not too late."""
    lab.clock.at = LAST_MINUTE
    first = lab.send(DATA, **terms)
    names = lab.names()
    lab.clock.at = CLOSED

    again = lab.send(DATA, stated=stated, **terms)

    assert again == Answer(first.sending, repeat=True)
    assert names == lab.names()
    assert lab.office.objects.sweep() == 0


@pytest.mark.parametrize(("terms", "stated"), KNOWN, ids=["key", "digest"])
def test_who_comes_back_while_the_disk_is_nearly_full_gets_the_first_answer(
    lab: Lab, terms: dict[str, Any], stated: Stated | None
) -> None:
    """A repeat needs no room: not a byte of it is written, neither object nor row."""

    class Full:
        """Objects and rows of a disk that takes nothing more."""

        def __init__(self, inner: Any) -> None:
            self.read = getattr(inner, "read", None)

        def free_bytes(self) -> int:
            return 0

    first = lab.send(DATA, **terms)
    full = replace(lab.office, objects=Full(lab.office.objects), store=Full(lab.office.store))

    again = Lab(full, lab.clock).send(DATA, stated=stated, **terms)

    assert again == Answer(first.sending, repeat=True)


@pytest.mark.parametrize(
    ("terms", "error"),
    [({"line": "test"}, None), ({"asp": False}, Closed), ({"idempotency_key": "k1"}, KeyReused)],
    ids=["open line", "other terms", "known key"],
)
def test_a_known_digest_or_key_opens_nothing_else(
    memory_lab: Lab, terms: dict[str, Any], error: type[Exception] | None
) -> None:
    """Known bytes on other terms, and other bytes under a known key, are as late as anything else."""
    memory_lab.send(DATA, idempotency_key="k1")
    names = memory_lab.names()
    memory_lab.clock.at = CLOSED
    data = OTHER if "idempotency_key" in terms else DATA
    stated = Stated(sha256=hashlib.sha256(data).hexdigest())

    if error is None:
        assert not memory_lab.send(data, stated=stated, **terms).repeat
        return
    with pytest.raises(error):
        memory_lab.send(data, stated=stated, **terms)
    assert names == memory_lab.names()
    assert len(memory_lab.sendings()) == 1


@pytest.mark.parametrize("party", [OTHER_INSTITUTION, "cancelled"])
def test_a_digest_of_others_or_of_what_was_cancelled_is_unknown(memory_lab: Lab, party: str) -> None:
    """Such a sender is told at once that the office is closed; not a byte of it is listened to."""
    first = memory_lab.send_and_check(DATA)
    if party == "cancelled":
        decide.cancel(memory_lab.office, institution(), first.id)
    memory_lab.clock.at = CLOSED

    read = []

    async def unread() -> AsyncIterator[bytes]:
        read.append(DATA)
        yield DATA

    identity = institution() if party == "cancelled" else institution(party)
    stated = Stated(sha256=hashlib.sha256(DATA).hexdigest())
    with pytest.raises(Closed):
        asyncio.run(receive(memory_lab.office, identity=identity, terms=Terms(), body=unread(), stated=stated))
    assert read == []


@pytest.mark.parametrize(
    ("stated", "body", "error"),
    [
        (Stated(sha256=hashlib.sha256(DATA).hexdigest()), OTHER, DigestMismatch),
        (Stated(sha256=hashlib.sha256(DATA).hexdigest(), length=len(DATA)), DATA[:-1], LineBroken),
        (Stated(sha256=hashlib.sha256(DATA).hexdigest(), length=len(DATA)), DATA + b"x", TooLong),
    ],
)
def test_what_is_only_listened_to_is_held_to_what_was_stated(
    memory_lab: Lab, stated: Stated, body: bytes, error: type[Exception]
) -> None:
    """Nobody learns by a stated digest alone that the office has those bytes."""
    memory_lab.send(DATA)
    memory_lab.clock.at = CLOSED

    with pytest.raises(error):
        memory_lab.send(body, stated=stated)


def test_a_new_try_is_served_while_the_old_line_hangs(lab: Lab) -> None:
    """Receiving holds no lock: the second try is done before the first, hanging, is given up."""

    async def both() -> Answer:
        pulled = asyncio.Event()

        async def hangs() -> AsyncIterator[bytes]:
            yield DATA[:100]
            await pulled.wait()
            raise LineBroken

        old = asyncio.create_task(receiving(lab, hangs()))
        await asyncio.sleep(0.05)
        answer: Answer = await receiving(lab, whole(DATA))
        pulled.set()
        with pytest.raises(LineBroken):
            await old
        return answer

    answer = asyncio.run(both())

    assert not answer.repeat
    assert len(lab.names()) == 1
    assert lab.office.objects.sweep() == 0


@pytest.mark.parametrize("limits", [{"receiving_at_once": 1}, {"receiving_per_party": 1}])
def test_a_body_without_a_place_is_turned_away(memory_lab: Lab, limits: dict[str, int]) -> None:
    """Every place is counted, for all and for each party, and given back."""
    lab = with_limits(memory_lab, **limits)

    async def two() -> None:
        pulled = asyncio.Event()

        async def hangs() -> AsyncIterator[bytes]:
            yield b"IR"
            await pulled.wait()
            raise LineBroken

        old = asyncio.create_task(receiving(lab, hangs()))
        await asyncio.sleep(0.05)
        assert lab.office.desk.receiving == 1
        with pytest.raises(Busy):
            await receiving(lab, whole(DATA))
        pulled.set()
        with pytest.raises(LineBroken):
            await old

    asyncio.run(two())

    nothing_is_there(lab)
    assert not lab.send(DATA).repeat


def test_nothing_is_received_when_the_disk_is_nearly_full(memory_lab: Lab) -> None:
    """What is there must still be checked; the stated length counts."""
    free = memory_lab.office.objects.free_bytes()

    with pytest.raises(NoSpace):
        with_limits(memory_lab, free_bytes=free + 1).send(DATA)
    with pytest.raises(NoSpace):
        with_limits(memory_lab, free_bytes=free).send(DATA, stated=Stated(length=len(DATA)))

    nothing_is_there(memory_lab)


def test_a_body_of_unknown_length_stops_where_the_room_ends(memory_lab: Lab) -> None:
    """Who states no length is looked after on the way: what is there must still be checked."""
    shrinking = Shrinking(memory_lab.office.objects, free_bytes=memory_lab.office.limit("free_bytes") + 3 * MIB)
    lab = Lab(replace(memory_lab.office, objects=shrinking), memory_lab.clock)

    async def endless() -> AsyncIterator[bytes]:
        while True:
            shrinking.free -= MIB // 4
            yield bytes(MIB // 4)

    with pytest.raises(NoSpace):
        asyncio.run(receiving(lab, endless()))

    assert shrinking.free >= memory_lab.office.limit("free_bytes") - MIB
    nothing_is_there(memory_lab)


class Shrinking:
    """Objects on a disk that the test fills."""

    def __init__(self, inner: Any, *, free_bytes: int) -> None:
        self.writer = inner.writer
        self.free = free_bytes

    def free_bytes(self) -> int:
        """Return what the test left."""
        return self.free


def test_a_request_given_up_in_the_middle_is_all_or_nothing(lab: Lab) -> None:
    """However long the request lived before it was cancelled, there is a whole sending or none."""
    whole_ones = 0
    for steps in range(20):

        async def given_up(steps: int = steps) -> None:
            task = asyncio.create_task(receiving(lab, whole(DATA + b"%d" % steps)))
            for _ in range(steps // 2):
                await asyncio.sleep(0)
            await asyncio.sleep(0.002 * (steps % 2))
            task.cancel()
            await asyncio.wait([task])
            # The thread that began goes on to its end.
            await asyncio.sleep(0.08)

        asyncio.run(given_up())
        sendings = lab.sendings()
        whole_ones = len(sendings)
        assert {f"files/{file.id}" for one in sendings for file in lab.files(one.id)} == set(lab.names())
        assert lab.office.jobs.waiting() == len(sendings)
        assert lab.office.desk.receiving == 0
    assert whole_ones > 0


def test_the_header_says_the_body(memory_lab: Lab) -> None:
    """What is stated goes first, then what the header says, then the office's default."""
    assert memory_lab.send(uke(claim(1), body="1")).sending.body == "1"
    assert memory_lab.send(uke(claim(1), body="2")).sending.body == "1"  # 2-99 is no body of a real office.
    assert memory_lab.send(uke(claim(1)), body="2-13").sending.body == "2-13"
    assert memory_lab.send(b"no header").sending.body == "1"
    only = Lab(replace(memory_lab.office, bodies=("2-13", "2-99"), default_body="2-13"), memory_lab.clock)
    assert only.send(uke(claim(1))).sending.body == "2-13"
    for body in ("1", "2-99"):
        with pytest.raises(UnknownBody):
            only.send(uke(claim(1)), body=body)
    sandbox = make_lab(calendar="sandbox")
    assert sandbox.send(uke(claim(1), body="2")).sending.body == "2-99"


def test_a_header_that_disagrees_with_the_stated_body_refuses_the_file(memory_lab: Lab) -> None:
    """X1014 names the right body."""
    sending = memory_lab.send_and_check(uke(claim(1), body="1"), body="2-13")

    assert sending.state == "refused"
    (file,) = memory_lab.files(sending.id)
    assert file.findings_object is not None
    assert b"X1014" in memory_lab.read(file.findings_object)


def test_only_who_had_errors_sends_corrections(memory_lab: Lab) -> None:
    """On the 11th the office takes corrections only, and says so before it keeps anything."""
    memory_lab.send_and_check(DATA)
    memory_lab.clock.at = CORRECTIONS
    names = memory_lab.names()

    with pytest.raises(NothingToCorrect):
        memory_lab.send(OTHER)

    assert names == memory_lab.names()
    assert len(memory_lab.sendings()) == 1


def test_a_database_that_stays_locked_leaves_nothing(lab: Lab) -> None:
    """Unavailable is told, and the bytes are gone."""

    class Locked:
        """A store whose writers never get their turn."""

        def __init__(self, inner: Any) -> None:
            self.read = inner.read

        def write(self) -> Any:
            raise Unavailable("locked")

    locked = Lab(replace(lab.office, store=Locked(lab.office.store)), lab.clock)

    with pytest.raises(Unavailable):
        locked.send(DATA)

    nothing_is_there(lab)


def test_a_file_without_a_month_is_received(memory_lab: Lab) -> None:
    """An unreadable header is no reason to turn the sender away: the check says what is wrong."""
    data = "\r\n".join([header(month="2026XX"), *claim(1)]).encode("cp932")

    sending = memory_lab.send_and_check(data)

    assert (sending.month, sending.state) == (None, "refused")
    assert sending.party == INSTITUTION_ID
