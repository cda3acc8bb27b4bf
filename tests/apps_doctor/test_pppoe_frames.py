"""Frames of PPPoE and PPP: what is written is read as it was, and any bytes are read without a stumble."""

from hypothesis import given
from hypothesis import strategies as st

from seikyu.apps.doctor.pppoe import frames as wire
from seikyu.apps.doctor.pppoe.frames import Code, Discovery, Frame, Option, Packet, Protocol, Tag

BYTES = st.integers(0, 255)
ADDRESSES = st.binary(min_size=6, max_size=6)
FRAMES = st.builds(Frame, ADDRESSES, ADDRESSES, BYTES, st.integers(0, 65535), st.binary(max_size=wire.PAYLOAD_BYTES))
PACKETS = st.builds(Packet, st.integers(0, 65535), BYTES, BYTES, st.binary(max_size=1400))
TAGS = st.lists(st.tuples(st.integers(1, 65535), st.binary(max_size=300)), max_size=wire.ITEMS).map(tuple)
OPTIONS = st.lists(st.tuples(BYTES, st.binary(max_size=253)), max_size=wire.ITEMS).map(tuple)
SHORT = st.binary(max_size=255)


@given(FRAMES, st.binary(max_size=46))
def test_a_frame_is_read_as_it_was_written_without_padding(frame: Frame, padding: bytes) -> None:
    """A short frame is filled up on the wire; the filling is no part of it."""
    assert frame == wire.decode_frame(wire.encode_frame(frame) + padding)


@given(PACKETS, st.binary(max_size=46))
def test_a_packet_is_read_as_it_was_written(packet: Packet, padding: bytes) -> None:
    """By the length that stands in it."""
    assert packet == wire.decode_packet(wire.encode_packet(packet) + padding)


@given(TAGS)
def test_tags_are_read_as_they_were_written(tags: tuple[wire.TypeAndValue, ...]) -> None:
    """In their order, doubles too."""
    assert tags == wire.decode_tags(wire.encode_tags(tags))


@given(OPTIONS)
def test_options_are_read_as_they_were_written(options: tuple[wire.TypeAndValue, ...]) -> None:
    """In their order, for an acknowledgement must repeat them."""
    assert options == wire.decode_options(wire.encode_options(options))


@given(SHORT, SHORT)
def test_a_proof_is_read_as_it_was_written(first: bytes, second: bytes) -> None:
    """PAP counts both parts; CHAP counts the value, which is never empty, and the rest is the name."""
    assert (first, second) == wire.decode_pap(wire.encode_pap(first, second))
    assert ((first, second) if first else None) == wire.decode_chap(wire.encode_chap(first, second))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_a_stumble(data: bytes) -> None:
    """Whatever is read has no more than it was read from."""
    frame, packet = wire.decode_frame(data), wire.decode_packet(data)

    assert frame is None or len(frame.payload) < len(data)
    assert packet is None or len(packet.body) < len(data)
    assert len(wire.encode_tags(wire.decode_tags(data))) <= len(data)
    assert wire.encode_options(wire.decode_options(data) or ()) in {b"", data}
    assert all(
        part is None or sum(map(len, part)) < len(data) for part in (wire.decode_pap(data), wire.decode_chap(data))
    )
    assert wire.text(data).isprintable()


def test_a_call_stands_on_the_wire_as_the_standard_prints_it() -> None:
    """The first example of RFC 2516, appendix B, for a sender with a documentation address."""
    told = bytes.fromhex("ffffffffffff 00005e005301 8863 11 09 0000 0004 0101 0000")

    call = Frame(wire.BROADCAST, told[6:12], Discovery.PADI, 0, wire.encode_tags([(Tag.SERVICE, b"")]))

    assert told == wire.encode_frame(call)


def test_a_link_proposal_stands_on_the_wire_as_the_standard_says() -> None:
    """Protocol C021, code 1, length with its four bytes of head; an option counts its own head (RFC 1661, 5 and 6)."""
    options = wire.encode_options([(Option.MRU, b"\x05\xae"), (Option.MAGIC, b"\x01\x02\x03\x04")])

    told = wire.encode_packet(Packet(Protocol.LCP, Code.CONFIGURE, 7, options))

    assert bytes.fromhex("c021 01 07 000e 0104 05ae 0506 01020304") == told


def test_an_answer_to_a_challenge_is_the_hash_of_number_secret_and_challenge() -> None:
    """As `openssl md5` has it for the bytes 01, `pass`, 00112233445566778899aabbccddeeff (RFC 1994, 4.1)."""
    challenge = bytes.fromhex("00112233445566778899aabbccddeeff")

    assert "bcb80ebcd60b6b3c4e42fda77bec00be" == wire.chap_answer(1, b"pass", challenge).hex()


def test_a_frame_that_claims_more_than_is_there_is_none() -> None:
    """Nor one of another version, of another type, or longer than Ethernet carries."""
    good = wire.encode_frame(Frame(wire.BROADCAST, bytes(6), Discovery.PADO, 0, b"\x01\x01\x00\x00"))

    assert wire.decode_frame(good)
    for bad in (good[:-1], good[:14] + b"\x21" + good[15:], good[:12] + b"\x88\x64" + good[14:], good[:10]):
        assert wire.decode_frame(bad) is None
    long = Frame(wire.BROADCAST, bytes(6), Discovery.PADO, 0, bytes(wire.PAYLOAD_BYTES + 1))
    assert wire.decode_frame(wire.encode_frame(long)) is None


def test_tags_end_at_the_end_of_list_at_a_broken_one_and_at_the_limit() -> None:
    """What is behind is not read."""
    one, end = (Tag.CONCENTRATOR, b"bas"), (Tag.END, b"")

    assert (one,) == wire.decode_tags(wire.encode_tags([one, end, one]))
    assert (one,) == wire.decode_tags(wire.encode_tags([one, one])[:-1])
    assert wire.ITEMS == len(wire.decode_tags(wire.encode_tags([one] * (wire.ITEMS + 1))))
    assert wire.decode_options(wire.encode_options([(1, b"")] * (wire.ITEMS + 1))) is None


def test_what_a_peer_wrote_is_one_printable_line() -> None:
    """Without control characters, cut, and readable though it is not UTF-8."""
    assert "no more sessions" == wire.text(b"no more\r\n\x1b sessions\x00")
    assert wire.TEXT_CHARS == len(wire.text("満".encode() * 5000))
    assert "\ufffdx" == wire.text(b"\xffx")
