"""The contract of ports.objects, over every adapter."""

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seikyu.adapters.memory_objects import MemoryObjects
from seikyu.adapters.objects_local import LocalObjects
from seikyu.ports.errors import AlreadyThere, LineBroken, NotThere, SeikyuError, TooLong
from seikyu.ports.objects import CLASSES, ObjectStore, Stored, checked_name

NAME = "files/01m8368pdxdgm24qwa3w40kh95"
A_MEGABYTE = bytes(range(256)) * 4096

in_one_store = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def put(objects: ObjectStore, name: str, *parts: bytes, limit_bytes: int = 1 << 21) -> Stored:
    """Store an object."""
    with objects.writer(name, limit_bytes=limit_bytes) as writer:
        for part in parts:
            writer.write(part)
        return writer.commit()


def names_and_files(objects: ObjectStore) -> tuple[Any, ...]:
    """Return what is visible, and every file that is there at all."""
    hidden = sorted(objects._root.rglob("*")) if isinstance(objects, LocalObjects) else []
    return list(objects.names()), [path for path in hidden if path.is_file()]


def read(objects: ObjectStore, name: str) -> bytes:
    """Return an object's bytes."""
    with objects.open(name) as file:
        return file.read()


def breaking_off(data: bytes, *, after: int) -> Iterator[bytes]:
    """Yield `data` in pieces, then break."""
    for start in range(0, min(after, len(data)), 100):
        yield data[start : min(start + 100, after)]
    raise LineBroken


def test_an_object_comes_back_as_it_was_written(objects: ObjectStore) -> None:
    """Bytes, length and digest, however the bytes were cut; the file can be read from any place."""

    @in_one_store
    @given(parts=st.lists(st.binary(max_size=300), max_size=6))
    def comes_back(parts: list[bytes]) -> None:
        whole = b"".join(parts)

        stored = put(objects, NAME, *parts)

        assert Stored(NAME, len(whole), hashlib.sha256(whole).hexdigest()) == stored
        assert whole == read(objects, NAME)
        assert len(whole) == objects.size_bytes(NAME)
        with objects.open(NAME) as file:
            file.seek(len(whole) // 2)
            assert whole[len(whole) // 2 :] == file.read()
        objects.remove(NAME)

    comes_back()


def test_an_object_larger_than_every_buffer_comes_back(objects: ObjectStore) -> None:
    """A megabyte in one piece and in many."""
    assert put(objects, NAME, A_MEGABYTE).sha256 == hashlib.sha256(A_MEGABYTE).hexdigest()
    assert put(objects, NAME + "2", *(A_MEGABYTE[at : at + 999] for at in range(0, 1 << 20, 999))).size_bytes == 1 << 20
    assert A_MEGABYTE == read(objects, NAME) == read(objects, NAME + "2")


def test_the_digest_can_be_asked_for_before_the_end(objects: ObjectStore) -> None:
    """So that a stated digest can be compared before anything is visible."""
    with objects.writer(NAME, limit_bytes=10) as writer:
        writer.write(b"abc")
        assert (3, hashlib.sha256(b"abc").hexdigest()) == (writer.size_bytes, writer.sha256())
        assert list(objects.names()) == []


def test_a_body_that_breaks_off_leaves_nothing(objects: ObjectStore) -> None:
    """However far a sender came, a broken body is as if it had never begun."""
    put(objects, "files/other", b"x")

    @in_one_store
    @given(data=st.binary(max_size=4096), cut=st.integers(0, 4096))
    def leaves_nothing(data: bytes, cut: int) -> None:
        before = names_and_files(objects)

        with pytest.raises(LineBroken), objects.writer(NAME, limit_bytes=8192) as writer:
            for part in breaking_off(data, after=cut):
                writer.write(part)

        assert before == names_and_files(objects)

    leaves_nothing()


@pytest.mark.parametrize("size", [11, 1 << 20])
def test_one_byte_too_many_leaves_nothing(objects: ObjectStore, size: int) -> None:
    """At the limit it is stored; past it, it is gone at once, and the writer writes no more."""
    with objects.writer(NAME, limit_bytes=size - 1) as writer:
        writer.write(b"1")
        with pytest.raises(TooLong):
            writer.write(bytes(size - 1))
        assert names_and_files(objects) == ([], [])
        with pytest.raises(ValueError, match="committed or discarded"):
            writer.write(b"1")

    assert put(objects, NAME, bytes(size - 1), limit_bytes=size - 1).size_bytes == size - 1


def test_a_name_is_written_once(objects: ObjectStore) -> None:
    """The first bytes stay, and the second try leaves nothing."""
    put(objects, NAME, b"first")
    before = names_and_files(objects)

    with pytest.raises(AlreadyThere):
        put(objects, NAME, b"second")

    assert before == names_and_files(objects)
    assert read(objects, NAME) == b"first"


def test_of_many_writers_of_one_name_one_wins(objects: ObjectStore) -> None:
    """And what can be read is that one's, whole."""

    def one(number: int) -> Stored | None:
        try:
            return put(objects, NAME, bytes([number]) * 70_000)
        except AlreadyThere:
            return None

    with ThreadPoolExecutor(8) as threads:
        won = [stored for stored in threads.map(one, range(24)) if stored is not None]

    assert len(won) == 1
    assert won[0].sha256 == hashlib.sha256(read(objects, NAME)).hexdigest()
    assert len(names_and_files(objects)[0]) == 1


def test_many_threads_write_many_names(objects: ObjectStore) -> None:
    """All of them are there, none is another's."""
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: put(objects, f"files/{number}", str(number).encode()), range(100)))

    assert {f"files/{number}": str(number).encode() for number in range(100)} == {
        name: read(objects, name) for name in objects.names()
    }


def test_nothing_is_visible_before_the_commit(objects: ObjectStore) -> None:
    """Half an object cannot be listed, opened, measured or found."""
    with objects.writer(NAME, limit_bytes=1 << 21) as writer:
        writer.write(A_MEGABYTE)

        assert list(objects.names()) == []
        with pytest.raises(NotThere):
            objects.open(NAME)
        with pytest.raises(NotThere):
            objects.size_bytes(NAME)


def test_discarding_is_harmless_again_and_after_the_commit(objects: ObjectStore) -> None:
    """A `with` around a commit discards, too."""
    writer = objects.writer(NAME, limit_bytes=10)
    writer.write(b"abc")
    writer.discard()
    writer.discard()
    assert names_and_files(objects) == ([], [])

    writer = objects.writer(NAME, limit_bytes=10)
    writer.write(b"abc")
    writer.commit()
    writer.discard()
    assert read(objects, NAME) == b"abc"
    with pytest.raises(ValueError, match="committed or discarded"):
        writer.commit()


def test_names_come_in_order_and_by_prefix(objects: ObjectStore) -> None:
    """By class, and by the beginning of the id."""
    wanted = ["deliveries/1", "files/a", "files/ab", "files/b.1-2", "indexes/a"]
    for name in reversed(wanted):
        put(objects, name, b"x")

    assert wanted == list(objects.names())
    assert wanted[1:4] == list(objects.names("files/")) == list(objects.names("files")) == list(objects.names("f"))
    assert wanted[1:3] == list(objects.names("files/a"))
    assert list(objects.names("findings/")) == list(objects.names("x")) == []


def test_removing_is_harmless_when_repeated(objects: ObjectStore) -> None:
    """A removed name is free again."""
    put(objects, NAME, b"x")

    objects.remove(NAME)
    objects.remove(NAME)

    assert names_and_files(objects) == ([], [])
    put(objects, NAME, b"y")


def test_what_is_not_there_is_not_there(objects: ObjectStore) -> None:
    """Opening and measuring say so."""
    with pytest.raises(NotThere):
        objects.open(NAME)
    with pytest.raises(NotThere):
        objects.size_bytes(NAME)


def test_a_local_path_holds_the_bytes(objects: ObjectStore) -> None:
    """If there is one, a server may send the file itself."""
    put(objects, NAME, b"abc")

    path = objects.local_path(NAME)

    assert path is None if isinstance(objects, MemoryObjects) else path.read_bytes() == b"abc"


def test_there_is_room_and_it_is_told(objects: ObjectStore) -> None:
    """The number is of bytes, and positive here."""
    assert objects.free_bytes() > 1 << 20


def test_sweeping_leaves_what_is_whole(objects: ObjectStore) -> None:
    """At start, only halves go."""
    put(objects, NAME, b"abc")

    assert objects.sweep() == 0
    assert list(objects.names()) == [NAME]


ACTS: list[Callable[[ObjectStore, str], object]] = [
    lambda objects, name: objects.writer(name, limit_bytes=1),
    lambda objects, name: objects.open(name),
    lambda objects, name: objects.local_path(name),
    lambda objects, name: objects.size_bytes(name),
    lambda objects, name: objects.remove(name),
]


@pytest.mark.parametrize("act", ACTS, ids=["writer", "open", "local_path", "size_bytes", "remove"])
@pytest.mark.parametrize(
    "name",
    [
        "", "files", "files/", "/files/a", "other/a", "files/../secrets/identity_key", "files/..", "files/.a",
        "files/a/b", "files/A", "files/a\0", "files/a\n", "files//a", "./files/a", "files/" + "a" * 129, "files/ａ",
        "files/a b", "files/a_b",
    ],
)  # fmt: skip
def test_a_name_that_is_none_touches_nothing(objects: ObjectStore, act: Callable[..., object], name: str) -> None:
    """No name leads out of the store, or to what is still arriving."""
    before = names_and_files(objects)

    with pytest.raises(ValueError, match="is no name of an object"):
        act(objects, name)

    assert before == names_and_files(objects)


@given(name=st.text())
def test_every_name_has_a_class_and_a_plain_id(name: str) -> None:
    """Whatever text comes, what passes has two parts, and neither is special to a file system."""
    try:
        kind, _, identity = checked_name(name).partition("/")
    except ValueError:
        return
    assert kind in CLASSES
    assert set(identity) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")
    assert not identity.startswith(".")


def test_the_memory_store_has_an_end_too() -> None:
    """Its room is as much as it was given."""
    objects = MemoryObjects(room_bytes=5)
    put(objects, NAME, b"abc")

    with pytest.raises(SeikyuError) as told:
        put(objects, "files/b", b"abc")

    assert told.value.code == "no_space"
    assert list(objects.names()) == [NAME]


def test_what_is_being_written_can_be_followed(objects: ObjectStore) -> None:
    """After a flush a follower has every byte, in another thread or process; it reads on through the commit."""
    with objects.writer(NAME, limit_bytes=1 << 21) as writer:
        writer.write(b"one")
        writer.flush()
        with objects.follow(writer.growing, name=NAME) as growing:
            assert (b"on", b"e", b"") == (growing.read(2), growing.read(9), growing.read(9))
            writer.write(b"two")
            writer.commit()

            assert b"two" == growing.read(9)
            assert not growing.gone
            objects.remove(NAME)
            assert growing.gone


def test_a_follower_sees_that_an_object_is_given_up(objects: ObjectStore) -> None:
    """It holds no name and no place; only who follows still has the bytes."""
    writer = objects.writer(NAME, limit_bytes=100)
    writer.write(b"one")
    writer.flush()
    with objects.follow(writer.growing, name=NAME) as growing:
        assert not growing.gone
        writer.discard()

        assert growing.gone


def test_who_comes_late_follows_the_object_itself(objects: ObjectStore) -> None:
    """What was committed meanwhile is there under its name; what was discarded is not there."""
    writer = objects.writer(NAME, limit_bytes=100)
    writer.write(b"one")
    writer.commit()
    given_up = objects.writer("files/b", limit_bytes=100)
    given_up.discard()

    with objects.follow(writer.growing, name=NAME) as growing:
        assert b"one" == growing.read(9)
        assert not growing.gone
    with pytest.raises(NotThere):
        objects.follow(given_up.growing, name="files/b")


def test_an_object_may_get_its_name_at_the_end(objects: ObjectStore) -> None:
    """It is there under that name only."""
    with objects.writer(NAME, limit_bytes=100) as writer:
        writer.write(b"one")
        stored = writer.commit(name="files/other")

    assert "files/other" == stored.name
    assert ["files/other"] == list(objects.names())
    with objects.writer(NAME, limit_bytes=100) as writer:
        writer.write(b"two")
        with pytest.raises(AlreadyThere):
            writer.commit(name="files/other")
    assert b"one" == read(objects, "files/other")
    assert [path for path in names_and_files(objects)[1] if ".arriving" in path.parts] == []
