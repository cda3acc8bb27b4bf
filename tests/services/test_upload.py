"""Sendings of several files: all or none, and nothing before the end."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from builders import claim, uke
from seikyu.office.errors import Closed
from seikyu.ports.errors import (
    BadRequest,
    Busy,
    DigestMismatch,
    Forbidden,
    KeyReused,
    LineBroken,
    Mixed,
    NoSpace,
    NotFound,
)
from seikyu.services import upload
from seikyu.services.arrival import Stated
from seikyu.services.errors import UploadIncomplete
from seikyu.services.receive import Answer, Terms
from services.faults import unplugged
from services.office_lab import (
    CLOSING,
    LAST_MINUTE,
    MIDNIGHT,
    OTHER_INSTITUTION,
    PAYERS,
    Lab,
    broken,
    institution,
    later,
    payer,
    whole,
    with_limits,
)

FILES = [uke(claim(1)), uke(claim(1), claim(2)), uke(claim(1), claim(2), claim(3))]


def nothing_is_there(lab: Lab) -> None:
    """Hold that no byte, row or upload is left."""
    assert lab.sendings() == []
    assert lab.names() == []
    assert lab.office.objects.sweep() == 0
    assert lab.office.desk.uploads == {}


async def begun(lab: Lab, count: int = 3, *, party: str | None = None, **terms: Any) -> upload.Upload:
    """Begin an upload."""
    identity = institution(party) if party else institution()
    return await upload.begin(lab.office, identity=identity, terms=Terms(**terms), files=count)


async def put(lab: Lab, upload_id: str, no: int, data: bytes | AsyncIterator[bytes], **more: Any) -> Any:
    """Send one file."""
    body = whole(data) if isinstance(data, bytes) else data
    return await upload.put_file(lab.office, identity=institution(), upload_id=upload_id, no=no, body=body, **more)


async def finished(lab: Lab, upload_id: str) -> Answer:
    """Finish an upload."""
    return await upload.finish(lab.office, identity=institution(), upload_id=upload_id)


async def sent(lab: Lab, files: list[bytes], **terms: Any) -> Answer:
    """Send several files to the end."""
    begun_one = await begun(lab, len(files), **terms)
    for no, data in enumerate(files, start=1):
        await put(lab, begun_one.id, no, data, file_name=f"{no}.UKE")
    return await finished(lab, begun_one.id)


def test_several_files_are_one_sending(lab: Lab) -> None:
    """Three files, one sending, one order; before the end there is nothing."""

    async def steps() -> Answer:
        begun_one = await begun(lab)
        for no, data in enumerate(FILES, start=1):
            await put(lab, begun_one.id, no, data, file_name=f"{no}.UKE")
            assert lab.names() == []
            assert lab.sendings() == []
        return await finished(lab, begun_one.id)

    answer = asyncio.run(steps())

    assert not answer.repeat
    files = lab.files(answer.sending.id)
    assert [(file.no, file.name) for file in files] == [(1, "1.UKE"), (2, "2.UKE"), (3, "3.UKE")]
    assert [lab.read(f"files/{file.id}") for file in files] == FILES
    lab.work()
    assert (lab.sending(answer.sending.id).state, lab.sending(answer.sending.id).claims) == ("to_decide", 6)


def test_the_same_files_are_a_repeat_in_any_order(lab: Lab) -> None:
    """Sent again in another order they would claim the same claims twice."""
    first = asyncio.run(sent(lab, FILES))
    names = lab.names()

    again = asyncio.run(sent(lab, FILES[::-1]))

    assert again == Answer(first.sending, repeat=True)
    assert names == lab.names()


def test_a_file_that_finds_no_room_erases_the_upload(memory_lab: Lab) -> None:
    """The room is looked at for every file, not only at the beginning."""

    async def steps() -> None:
        begun_one = await begun(memory_lab)
        await put(memory_lab, begun_one.id, 1, FILES[0])
        full = with_limits(memory_lab, free_bytes=1 << 60)
        with pytest.raises(NoSpace):
            await put(full, begun_one.id, 2, FILES[1])

    asyncio.run(steps())

    nothing_is_there(memory_lab)


def test_files_under_a_known_key_get_the_first_answer_after_the_end(lab: Lab) -> None:
    """The answer was lost before midnight: begun anew after it, the same files are a repeat; no byte of them is kept."""
    lab.clock.at = LAST_MINUTE
    first = asyncio.run(sent(lab, FILES, idempotency_key="k1"))
    names = lab.names()
    lab.clock.at = CLOSING

    again = asyncio.run(sent(lab, FILES, idempotency_key="k1"))

    assert again == Answer(first.sending, repeat=True)
    with pytest.raises(Closed):
        asyncio.run(sent(lab, FILES))
    with pytest.raises(KeyReused):
        asyncio.run(sent(lab, FILES[:2], idempotency_key="k1"))
    assert names == lab.names()
    assert lab.office.objects.sweep() == 0
    assert len(lab.sendings()) == 1


@pytest.mark.parametrize("no", [1, 2, 3])
@pytest.mark.parametrize("tenth", range(0, 11, 2))
def test_a_file_that_breaks_erases_the_upload(lab: Lab, no: int, tenth: int) -> None:
    """Whichever file breaks off wherever: all of them are gone, and later calls find nothing."""

    async def steps() -> str:
        begun_one = await begun(lab)
        for before in range(1, no):
            await put(lab, begun_one.id, before, FILES[before - 1])
        with pytest.raises(LineBroken):
            await put(lab, begun_one.id, no, broken(FILES[no - 1], after=len(FILES[no - 1]) * tenth // 10))
        with pytest.raises(NotFound):
            await put(lab, begun_one.id, no, FILES[no - 1])
        with pytest.raises(NotFound):
            await finished(lab, begun_one.id)
        return begun_one.id

    asyncio.run(steps())

    nothing_is_there(lab)


def test_a_file_with_another_digest_erases_the_upload(memory_lab: Lab) -> None:
    """What does not match its digest did not arrive."""

    async def steps() -> None:
        begun_one = await begun(memory_lab)
        with pytest.raises(DigestMismatch):
            await put(memory_lab, begun_one.id, 1, FILES[0], stated=Stated(sha256="0" * 64))

    asyncio.run(steps())

    nothing_is_there(memory_lab)


@pytest.mark.parametrize(
    "other",
    [
        uke(claim(1), institution="0112359"),
        uke(claim(1), body="2"),
        uke(claim(1), month="202610"),
        uke(claim(1)).replace(b"IR,1,99,1,", b"IR,1,99,3,"),
    ],
    ids=["institution", "body", "month", "point table"],
)
def test_files_that_do_not_belong_together_are_turned_away(lab: Lab, other: bytes) -> None:
    """The last act says so, and nothing stays."""
    with pytest.raises(Mixed):
        asyncio.run(sent(lab, [FILES[0], other]))

    nothing_is_there(lab)


def test_a_file_without_header_does_not_disturb_the_others(memory_lab: Lab) -> None:
    """It is refused by its check; the sending is refused only if every file is."""
    answer = asyncio.run(sent(memory_lab, [b"\xff\xd8\xff a picture", FILES[1]]))
    memory_lab.work()

    sending = memory_lab.sending(answer.sending.id)
    assert (sending.kind, sending.month, sending.state, sending.claims) == ("medical", "202609", "to_decide", 2)
    assert [file.refused for file in memory_lab.files(sending.id)] == [True, False]


def test_an_upload_is_finished_only_with_every_file(lab: Lab) -> None:
    """What is missing is named, and the upload stays."""

    async def steps() -> Answer:
        begun_one = await begun(lab)
        await put(lab, begun_one.id, 2, FILES[1])
        with pytest.raises(UploadIncomplete) as caught:
            await finished(lab, begun_one.id)
        assert caught.value.facts["missing"] == [1, 3]
        await put(lab, begun_one.id, 1, FILES[0])
        await put(lab, begun_one.id, 3, FILES[2])
        return await finished(lab, begun_one.id)

    assert asyncio.run(steps()).sending.state == "checking"


def test_a_file_sent_anew_replaces_the_first(lab: Lab) -> None:
    """Nothing stays of the one that was replaced."""

    async def steps() -> Answer:
        begun_one = await begun(lab, 1)
        await put(lab, begun_one.id, 1, FILES[2])
        await put(lab, begun_one.id, 1, FILES[0])
        return await finished(lab, begun_one.id)

    answer = asyncio.run(steps())

    (file,) = lab.files(answer.sending.id)
    assert lab.names() == [f"files/{file.id}"]
    assert lab.read(f"files/{file.id}") == FILES[0]
    assert lab.office.objects.sweep() == 0


def test_a_file_is_sent_anew_while_its_old_line_hangs(lab: Lab) -> None:
    """When the old line breaks at last, it takes nothing with it."""

    async def steps() -> Answer:
        begun_one = await begun(lab, 1)
        pulled = asyncio.Event()

        async def hangs() -> AsyncIterator[bytes]:
            yield FILES[0][:50]
            await pulled.wait()
            raise LineBroken

        old = asyncio.create_task(put(lab, begun_one.id, 1, hangs()))
        await asyncio.sleep(0.05)
        await put(lab, begun_one.id, 1, FILES[0])
        pulled.set()
        with pytest.raises(LineBroken):
            await old
        return await finished(lab, begun_one.id)

    assert len(lab.files(asyncio.run(steps()).sending.id)) == 1
    assert lab.office.objects.sweep() == 0


def test_an_old_line_that_ends_late_changes_nothing(lab: Lab) -> None:
    """A file that was superseded, or whose upload is finished, is dropped when it arrives after all."""

    async def steps() -> Answer:
        begun_one = await begun(lab, 1)
        go_on = asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            yield FILES[1][:50]
            await go_on.wait()
            yield FILES[1][50:]

        old = asyncio.create_task(put(lab, begun_one.id, 1, slow()))
        await asyncio.sleep(0.05)
        await put(lab, begun_one.id, 1, FILES[0])
        answer = await finished(lab, begun_one.id)
        go_on.set()
        with pytest.raises(NotFound):
            await old
        return answer

    answer = asyncio.run(steps())

    (file,) = lab.files(answer.sending.id)
    assert lab.read(f"files/{file.id}") == FILES[0]
    assert len(lab.names()) == 1
    assert lab.office.objects.sweep() == 0


def test_finishing_again_gets_the_first_answer(lab: Lab) -> None:
    """Also while the first is still under way; the upload takes no file any more, and no other party gets it."""

    async def steps() -> None:
        begun_one = await begun(lab, 1)
        await put(lab, begun_one.id, 1, FILES[0])
        first, second = await asyncio.gather(finished(lab, begun_one.id), finished(lab, begun_one.id))
        third = await finished(lab, begun_one.id)
        assert [one.repeat for one in (first, second, third)] == [False, True, True]
        assert first.sending == second.sending == third.sending
        with pytest.raises(NotFound):
            await put(lab, begun_one.id, 1, FILES[1])
        with pytest.raises(NotFound):
            await upload.finish(lab.office, identity=institution(OTHER_INSTITUTION), upload_id=begun_one.id)

    asyncio.run(steps())

    assert len(lab.sendings()) == 1


def test_a_finish_that_is_given_up_still_ends(lab: Lab) -> None:
    """The client is gone; the sending comes into being all the same, and its next try finds it."""

    async def steps() -> Answer:
        begun_one = await begun(lab, 1)
        await put(lab, begun_one.id, 1, FILES[0])
        task = asyncio.create_task(finished(lab, begun_one.id))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        return await finished(lab, begun_one.id)

    answer = asyncio.run(steps())

    assert answer.repeat
    assert [answer.sending.id] == [one.id for one in lab.sendings()]


def test_an_upload_is_its_partys_alone(memory_lab: Lab) -> None:
    """To anybody else it looks as if it were not there."""

    async def steps() -> None:
        begun_one = await begun(memory_lab, 1, party=OTHER_INSTITUTION)
        for act in (put(memory_lab, begun_one.id, 1, FILES[0]), finished(memory_lab, begun_one.id)):
            with pytest.raises(NotFound):
                await act
        with pytest.raises(Forbidden):
            await upload.begin(memory_lab.office, identity=payer(PAYERS[0]), terms=Terms(), files=1)

    asyncio.run(steps())


@pytest.mark.parametrize("count", [0, -1, 101])
def test_the_number_of_files_has_bounds(memory_lab: Lab, count: int) -> None:
    """One to a hundred; and no file has a number outside."""
    with pytest.raises(BadRequest):
        asyncio.run(begun(memory_lab, count))

    async def outside() -> None:
        begun_one = await begun(memory_lab, 2)
        for no in (0, 3):
            with pytest.raises(BadRequest):
                await put(memory_lab, begun_one.id, no, FILES[0])

    asyncio.run(outside())


def test_a_party_has_its_share_of_uploads(memory_lab: Lab) -> None:
    """Four at once; finished ones do not count, other parties do not either."""

    async def steps() -> None:
        for _ in range(4):
            await begun(memory_lab, 1)
        with pytest.raises(Busy):
            await begun(memory_lab, 1)
        await begun(memory_lab, 1, party=OTHER_INSTITUTION)
        mine = next(one for one in memory_lab.office.desk.uploads.values() if one.party != OTHER_INSTITUTION)
        await put(memory_lab, mine.id, 1, FILES[0])
        await finished(memory_lab, mine.id)
        await begun(memory_lab, 1)

    asyncio.run(steps())


def test_an_upload_without_a_place_stays(memory_lab: Lab) -> None:
    """Busy is told before the file begins, so nothing broke."""
    lab = with_limits(memory_lab, receiving_at_once=0)

    async def steps() -> None:
        begun_one = await begun(lab, 1)
        with pytest.raises(Busy):
            await put(lab, begun_one.id, 1, FILES[0])
        assert begun_one.id in lab.office.desk.uploads

    asyncio.run(steps())


@pytest.mark.parametrize("begin_next", [True, False])
def test_an_upload_dies_of_age(lab: Lab, begin_next: bool) -> None:  # noqa: FBT001
    """After its life it is gone with all its bytes, whether somebody looks or the next one begins."""

    async def steps() -> None:
        old = await begun(lab, 2)
        await put(lab, old.id, 1, FILES[0])
        later(lab, hours=1)
        with pytest.raises(NotFound):
            await finished(lab, old.id)
        if begin_next:
            fresh = await begun(lab, 1)
            assert list(lab.office.desk.uploads) == [fresh.id]
        else:
            assert upload.drop_expired(lab.office) == 1
        upload.drop_all(lab.office)

    asyncio.run(steps())

    nothing_is_there(lab)


def test_a_restart_erases_uploads(lab: Lab) -> None:
    """Nothing of them survives the process: no bytes, and nobody knows them."""

    async def steps() -> str:
        begun_one = await begun(lab, 2)
        await put(lab, begun_one.id, 1, FILES[0])
        return begun_one.id

    upload_id = asyncio.run(steps())
    reborn = unplugged(lab)

    with pytest.raises(NotFound):
        asyncio.run(finished(reborn, upload_id))
    nothing_is_there(reborn)
    upload.drop_all(lab.office)


def test_an_upload_that_ends_after_closing_time_is_late(lab: Lab) -> None:
    """As with one file: nothing stays."""
    lab.clock.at = LAST_MINUTE

    async def steps() -> None:
        begun_one = await begun(lab, 1)
        await put(lab, begun_one.id, 1, FILES[0])
        lab.clock.at = MIDNIGHT
        with pytest.raises(Closed):
            await finished(lab, begun_one.id)
        await asyncio.sleep(0)

    asyncio.run(steps())

    nothing_is_there(lab)


def test_a_key_covers_several_files(memory_lab: Lab) -> None:
    """The key is of the whole upload."""
    first = asyncio.run(sent(memory_lab, FILES, idempotency_key="k"))

    assert asyncio.run(sent(memory_lab, FILES, idempotency_key="k")).sending.id == first.sending.id
