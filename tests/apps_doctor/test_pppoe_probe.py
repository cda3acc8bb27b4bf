"""The PPPoE probe tells what is wrong with a line apart, leaves nothing behind, and is not moved by any peer."""

import os
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from heapq import heappop, heappush
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.concentrator import Concentrator, Settings
from seikyu.apps.doctor.pppoe import frames as wire
from seikyu.apps.doctor.pppoe import probe as pppoe
from seikyu.apps.doctor.pppoe import talk as talks
from seikyu.apps.doctor.pppoe.frames import Code, Discovery, Frame, Option, Packet, Protocol, Tag
from seikyu.apps.doctor.pppoe.state import WAITS, Host, Login, LoginUnfit, Phase, Talk, packet_frame
from seikyu.apps.doctor.probing import STAGE_S, CouldNotLook, Look
from seikyu.apps.doctor.tools import run
from seikyu.lines.diagnosis import diagnose
from seikyu.lines.facts import Facts, known_facts
from seikyu.lines.site import Site

#: Addresses kept for documentation (RFC 7042, 2.1.2).
PC = bytes.fromhex("00005e005301")
BAS, OTHER_BAS = bytes.fromhex("00005e0053aa"), bytes.fromhex("00005e0053bb")
HOST = Host(PC, b"only-ours", 0x01020304)
LOGIN = Login("clinic-0001@line.example", "correct horse")
USERS = {LOGIN.user: LOGIN.password}
WRONG = Login(LOGIN.user, "wrong horse")
LATENCY_S = 0.001


@dataclass
class Course:
    """How a talk went: the talk at its end, how long it took, and what the PC sent."""

    talk: Talk
    took_s: float
    sent: list[Frame]

    @property
    def facts(self) -> Facts:
        """What it found out."""
        return talks.facts(self.talk)

    def told(self, *names: str) -> list[Any]:
        """Return facts by the last part of their names."""
        return [self.facts.get(f"pppoe.{name}") for name in names]


def bas(**settings: Any) -> Concentrator:
    """Return a concentrator that knows our user."""
    return Concentrator(BAS, Settings(**{"users": USERS, **settings}))


class Line:
    """A line without network or waiting: frames are under way for a moment, and some of the PC's get lost."""

    def __init__(self, peers: tuple[Concentrator, ...], lost: frozenset[int]) -> None:
        self.peers, self.lost = peers, lost
        self.now = 0.0
        self.sent: list[Frame] = []
        self.numbers = count()
        self.under_way: list[tuple[float, int, Concentrator | None, bytes]] = []

    def send(self, frames: tuple[Frame, ...]) -> None:
        """Let the PC send."""
        for frame in frames:
            self.sent.append(frame)
            for peer in self.peers if len(self.sent) - 1 not in self.lost else ():
                self._put(LATENCY_S, peer, wire.encode_frame(frame))

    def arrives(self) -> Frame | None:
        """Go on to the next frame that arrives, and return it if it is for the PC."""
        self.now, _, peer, data = heappop(self.under_way)
        if peer is None:
            return wire.decode_frame(data)
        for answer in peer.hear(data):
            self._put(LATENCY_S + peer.settings.slow_s, None, answer)
        return None

    def _put(self, later_s: float, peer: Concentrator | None, data: bytes) -> None:
        heappush(self.under_way, (self.now + later_s, next(self.numbers), peer, data))


def speak(
    *peers: Concentrator, login: Login | None = LOGIN, service: str = "", lost: frozenset[int] = frozenset()
) -> Course:
    """Let the probe talk to concentrators."""
    line = Line(peers, lost)
    talk, frames = talks.begin(HOST, login=login, now=line.now, service=service)
    line.send(frames)
    while talk.phase is not Phase.OVER:
        next_at = min(talk.deadline_at, talk.resend_at)
        if not line.under_way or line.under_way[0][0] > next_at:
            line.now = next_at
        elif frame := line.arrives():
            talk, frames = talks.hear(talk, frame, line.now)
            line.send(frames)
        talk, frames = talks.tick(talk, line.now)
        line.send(frames)
    ended_at = line.now
    while line.under_way:  # What was sent last arrives too.
        line.arrives()
    return Course(talk, ended_at, line.sent)


# --- what it tells apart -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["chap", "pap"])
def test_a_login_that_is_accepted_is_told_and_leaves_no_session(method: str) -> None:
    """The session is there while the proof lasts, and given back by both ways of ending it."""
    peer = bas(method=method, services=["", "claims"])

    course = speak(peer)

    assert {
        "pppoe.discovered": True,
        "pppoe.concentrators": 1,
        "pppoe.access_concentrator": "bas-1.carrier.example",
        "pppoe.services": ("claims",),
        "pppoe.session": True,
        "pppoe.authentication": "accepted",
        "pppoe.code": 0,
        "pppoe.error_tag": "",
    } == course.facts
    assert {} == peer.sessions
    assert [Discovery.PADT] == [each.code for each in course.sent if each.code == Discovery.PADT]


@pytest.mark.parametrize("method", ["chap", "pap"])
def test_a_wrong_password_is_691(method: str) -> None:
    """With what the concentrator wrote, but without the user id that it wrote back."""
    peer = bas(method=method)

    course = speak(peer, login=WRONG)

    assert [691, "refused", True] == course.told("code", "authentication", "session")
    assert ["authentication failed for ***"] == course.told("error_tag")
    assert {} == peer.sessions


def test_a_line_without_an_answer_is_651() -> None:
    """It is called three times at least, and given up in time."""
    course = speak(bas(silent=True))

    assert [651, False, 0, "not_tried", None] == course.told(
        "code", "discovered", "concentrators", "authentication", "session"
    )
    assert 3 <= len(course.sent)
    assert course.took_s < 4


def test_a_concentrator_that_grants_no_session_is_678() -> None:
    """It is asked more than once."""
    course = speak(bas(offers_only=True))

    assert [678, True, False, "not_tried"] == course.told("code", "discovered", "session", "authentication")
    assert [Discovery.PADR] * 3 == [each.code for each in course.sent][-3:]


@pytest.mark.parametrize("error", wire.ERRORS.values())
def test_an_error_instead_of_a_session_is_678_with_its_text(error: str) -> None:
    """What a line says whose sessions are used up, in whichever of the three ways."""
    course = speak(bas(error=error))

    assert [678, False, f"{error}: session limit reached"] == course.told("code", "session", "error_tag")


def test_a_line_whose_sessions_are_used_up_says_so() -> None:
    """Before the login is looked at, or after it was accepted."""
    early, late = speak(bas(most_sessions=0)), speak(bas(late_limit=True))

    assert [678, "not_tried", "AC-System-Error: session limit reached"] == early.told(
        "code", "authentication", "error_tag"
    )
    assert [619, "accepted", False] == late.told("code", "authentication", "session")


def test_a_concentrator_that_falls_silent_is_718() -> None:
    """In the link nothing was tried yet; in the proof the answer is missing. Either session is given back."""
    link, proof = bas(mute_in_link=True), bas(mute_in_proof=True)

    first, second = speak(link), speak(proof)

    assert [718, "not_tried"] == first.told("code", "authentication")
    assert [718, "timeout"] == second.told("code", "authentication")
    assert ({}, {}) == (link.sessions, proof.sessions)
    assert max(first.took_s, second.took_s) <= WAITS.whole_s


def test_a_concentrator_that_wants_a_proof_that_we_have_not_is_734() -> None:
    """It insists, and neither end goes on for ever."""
    peer = bas(method="ms_chap")

    course = speak(peer)

    assert [734, "not_tried"] == course.told("code", "authentication")
    assert len(course.sent) < 40
    assert {} == peer.sessions


def test_without_a_login_it_only_looks_who_is_there() -> None:
    """No session is asked for, and nothing is said of one."""
    course = speak(bas(), login=None)

    assert [0, True, None, "not_tried"] == course.told("code", "discovered", "session", "authentication")
    assert [Discovery.PADI] == [each.code for each in course.sent]


def test_each_concentrator_is_counted_once_and_the_first_is_asked() -> None:
    """Also when both answer every call; their services are told together."""
    first, second = bas(services=["", "b"]), Concentrator(OTHER_BAS, Settings(name="bas-2", services=["", "a", "b"]))

    course = speak(first, second)

    assert [2, "bas-1.carrier.example", ("a", "b"), "accepted"] == course.told(
        "concentrators", "access_concentrator", "services", "authentication"
    )


# --- what it copes with ------------------------------------------------------------------------------------------


def test_a_line_without_a_proof_is_well_and_nothing_was_tried() -> None:
    """The concentrator knows the line by itself."""
    assert [0, True, "not_tried"] == speak(bas(method="none")).told("code", "session", "authentication")


def test_a_service_is_asked_for_by_name() -> None:
    """The one that was wished for; the first that is offered, if only named ones are; an unknown one has no answer."""
    named = {"services": ["claims", "internet"]}

    assert [0, 0, 651] == [
        speak(bas(**named), service=service).facts["pppoe.code"] for service in ("internet", "", "other")
    ]


@pytest.mark.parametrize("mru", [1492, 1454, 1400, 576, 100])
@pytest.mark.parametrize("rejects", [[], [Option.MRU], [Option.MAGIC], [Option.MRU, Option.MAGIC]])
def test_the_link_is_agreed_on_whatever_the_concentrator_does_not_take(mru: int, rejects: list[int]) -> None:
    """A smaller size is taken, a senseless one not asked for again, and what is rejected left out."""
    assert ["accepted"] == speak(bas(mru=mru, rejects=rejects)).told("authentication")


@pytest.mark.parametrize(
    ("password", "code", "word"), [("correct horse", 0, "accepted"), ("wrong horse", 691, "refused")]
)
def test_the_last_word_counts_when_a_provider_begins_the_link_anew(password: str, code: int, word: str) -> None:
    """The carrier hands the session on after its own proof, and the provider behind it asks again."""
    peer = bas(hands_on=True)

    course = speak(peer, login=Login(LOGIN.user, password))

    assert [code, word] == course.told("code", "authentication")
    assert {} == peer.sessions


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_lost_call_request_or_proposal_is_sent_again(lost: int) -> None:
    """Each in its turn."""
    assert ["accepted"] == speak(bas(), lost=frozenset({lost})).told("authentication")


def test_a_slow_concentrator_is_waited_for() -> None:
    """It takes 0.4 s for every answer, and the whole stays in its time."""
    course = speak(bas(slow_s=0.4))

    assert ["accepted"] == course.told("authentication")
    assert course.took_s <= WAITS.whole_s


def test_a_session_that_was_granted_twice_is_given_back_twice() -> None:
    """The first grant comes so late that it was asked for again, and some concentrators then grant another."""
    peer = bas(slow_s=1.0, grants_twice=True)

    course = speak(peer)

    assert 1 < len({each.session for each in course.sent if each.code == Discovery.PADT})
    assert {} == peer.sessions


def opened() -> Talk:
    """Return a talk that waits for a moment after an accepted proof."""
    peer, talk = bas(), talks.begin(HOST, login=LOGIN, now=0.0)[0]
    frames = talks.begin(HOST, login=LOGIN, now=0.0)[1]
    while talk.phase is not Phase.OPEN:
        answers = [answer for each in frames for answer in peer.hear(wire.encode_frame(each))]
        frames = ()
        for answer in answers:
            frame = wire.decode_frame(answer)
            assert frame
            talk, more = talks.hear(talk, frame, 0.0)
            frames += more
        talk, more = talks.tick(talk, talk.deadline_at if talk.phase is Phase.CALLING else 0.0)
        frames += more
    return talk


def test_it_answers_when_it_is_asked_whether_it_is_still_there() -> None:
    """With its own number in place of the other's, and the rest as it came."""
    talk = opened()
    ask = from_peer(talk, Packet(Protocol.LCP, Code.ECHO, 9, b"\0\0\0\0rest"))

    _, (answer,) = talks.hear(talk, ask, 0.0)

    told = wire.decode_packet(answer.payload)
    assert told == Packet(Protocol.LCP, Code.ECHO_REPLY, 9, b"\x01\x02\x03\x04rest")


def from_peer(talk: Talk, packet: Packet) -> Frame:
    """Return a packet of the session as the concentrator sends it."""
    return replace(packet_frame(talk, packet), to=PC, sender=BAS)


def test_a_session_that_is_ended_from_outside_is_619() -> None:
    """By the end of the link, which is acknowledged, or by taking the session back, which needs no answer."""
    talk = opened()

    polite, answers = talks.hear(talk, from_peer(talk, Packet(Protocol.LCP, Code.TERMINATE, 3)), 0.0)
    rude, nothing = talks.hear(talk, Frame(PC, BAS, Discovery.PADT, talk.session, b""), 0.0)

    assert [619, 619] == [talks.facts(each)["pppoe.code"] for each in (polite, rude)]
    assert [Discovery.DATA, Discovery.PADT] == [each.code for each in answers]
    assert () == nothing
    assert Phase.OVER is polite.phase is rude.phase


def test_frames_of_others_change_nothing() -> None:
    """Of another concentrator, to another PC, for another call, or of another session."""
    talk = opened()
    end = from_peer(talk, Packet(Protocol.LCP, Code.TERMINATE, 3))
    offer = Frame(PC, OTHER_BAS, Discovery.PADO, 0, wire.encode_tags([(Tag.HOST_UNIQUE, b"of another")]))
    calling = talks.begin(HOST, login=LOGIN, now=0.0)[0]

    for other in (replace(end, sender=OTHER_BAS), replace(end, to=OTHER_BAS), replace(end, session=talk.session + 1)):
        assert (talk, ()) == talks.hear(talk, other, 0.0)
    assert (calling, ()) == talks.hear(calling, offer, 0.0)


def test_a_concentrator_that_answers_the_call_with_an_error_is_there_all_the_same() -> None:
    """It offers nothing, and says why: 678 with its text."""
    talk, _ = talks.begin(HOST, login=LOGIN, now=0.0)
    tags = [(Tag.HOST_UNIQUE, HOST.unique), (Tag.SERVICE_ERROR, b"no such service")]

    talk, _ = talks.hear(talk, Frame(PC, BAS, Discovery.PADO, 0, wire.encode_tags(tags)), 0.1)
    talk, sent = talks.tick(talk, talk.deadline_at)

    facts = talks.facts(talk)
    assert (678, True, 0) == tuple(facts[f"pppoe.{name}"] for name in ("code", "discovered", "concentrators"))
    assert "Service-Name-Error: no such service" == facts["pppoe.error_tag"]
    assert () == sent


def test_a_talk_that_must_stop_in_the_middle_can_give_the_session_back_at_once() -> None:
    """One frame is enough; before a session and after the end there is nothing to give back."""
    talk = opened()

    assert [(Discovery.PADT, talk.session)] == [(each.code, each.session) for each in talks.give_back(talk)]
    assert () == talks.give_back(talks.begin(HOST, login=LOGIN, now=0.0)[0])
    assert () == talks.give_back(speak(bas()).talk)


# --- what no peer can do -----------------------------------------------------------------------------------------

PACKETS = st.builds(
    Packet,
    st.sampled_from([*Protocol, 0x80FD]),
    st.integers(0, 12),
    st.integers(0, 3),
    st.one_of(
        st.binary(max_size=40),
        st.lists(st.tuples(st.integers(0, 8), st.binary(max_size=5)), max_size=4).map(wire.encode_options),
        st.sampled_from([b"\x03\x04\xc0\x23", b"\x03\x05\xc2\x23\x05", b"\x01\x04\x05\xae\x05\x06\x01\x02\x03\x04"]),
    ),
).map(wire.encode_packet)
TAGS = st.lists(
    st.tuples(st.sampled_from(list(Tag)), st.one_of(st.just(HOST.unique), st.binary(max_size=700))), max_size=6
).map(lambda tags: wire.encode_tags([(Tag.HOST_UNIQUE, HOST.unique), *tags]))
FRAMES = st.one_of(
    st.builds(Frame, st.just(PC), st.just(BAS), st.sampled_from([*Discovery, 1]), st.integers(0, 2), TAGS),
    st.builds(Frame, st.just(PC), st.just(BAS), st.just(0), st.just(1), PACKETS),
    st.builds(
        Frame,
        st.just(PC),
        st.binary(min_size=6, max_size=6),
        st.integers(0, 255),
        st.integers(0, 9),
        st.binary(max_size=99),
    ),
)
GOOD_START = [
    Frame(PC, BAS, Discovery.PADO, 0, wire.encode_tags([(Tag.HOST_UNIQUE, HOST.unique)])),
    Frame(PC, BAS, Discovery.PADS, 1, wire.encode_tags([(Tag.HOST_UNIQUE, HOST.unique)])),
]
SAME = [wire.encode_packet(Packet(Protocol.LCP, code, 1, b"\x03\x05\xc2\x23\x05")) for code in (1, 2)]


@given(st.integers(0, 4), st.lists(st.tuples(FRAMES, st.floats(0, 1)), max_size=40))
def test_no_peer_can_stop_keep_or_flood_the_probe(begun: int, heard: list[tuple[Frame, float]]) -> None:
    """Whatever comes, at whichever phase: it ends in its time, and sends two frames for one that it heard at most."""
    start = [*GOOD_START, *(Frame(PC, BAS, 0, 1, each) for each in SAME)][:begun]
    now = 0.0
    talk, _ = talks.begin(HOST, login=LOGIN, now=now)
    for frame, later in [*((each, 0.6) for each in start), *heard]:
        now += later
        talk, waited = talks.tick(talk, now)
        talk, answers = talks.hear(talk, frame, now)
        assert len(waited) <= 2 >= len(answers)
        assert all(len(wire.encode_frame(each)) <= 1514 for each in (*waited, *answers))
    steps = 0
    while talk.phase is not Phase.OVER:
        now = max(now, min(talk.deadline_at, talk.resend_at))
        talk, _ = talks.tick(talk, now)
        steps += 1

    assert steps < 30
    assert talk.deadline_at <= WAITS.whole_s
    assert "pppoe.code" in talks.facts(talk)


@given(st.lists(st.binary(max_size=60), max_size=20))
def test_any_bytes_as_frames_are_no_answer(rubbish: list[bytes]) -> None:
    """What is no frame is as if it had not come."""
    talk, _ = talks.begin(HOST, login=LOGIN, now=0.0)

    for each in rubbish:
        if frame := wire.decode_frame(each):
            talk, _ = talks.hear(talk, frame, 0.0)

    assert () == talk.offers


# --- the login ---------------------------------------------------------------------------------------------------


def test_nobody_sees_the_login() -> None:
    """Neither in how values show themselves nor in what is told of the line, whatever happens."""
    shown = [repr(LOGIN), repr(opened())]
    for settings in ({}, {"method": "pap"}, {"hands_on": True}, {"mute_in_proof": True, "method": "pap"}):
        for login in (LOGIN, WRONG):
            course = speak(bas(**settings), login=login)
            shown += [repr(course.talk), repr(course.facts), repr(course.sent)]

    assert [] == [text for text in shown for secret in (LOGIN.user, "horse") if secret in text]


def test_a_login_is_read_from_a_file_of_two_lines(tmp_path: Path) -> None:
    """As an editor of Windows writes it too."""
    file = tmp_path / "login.txt"

    for content in (b"user@line.example\npass word\n", "\ufeffuser@line.example\r\n\r\npass word\r\n".encode()):
        file.write_bytes(content)
        assert Login("user@line.example", "pass word") == pppoe.read_login(file)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"only-the-user\n",
        b"user\npassword\nmore\n",
        b"\xff\xfe\n\n",
        b"u" * 256 + b"\np\n",
        b"u\np" + b"\n" * 3000,
    ],
)
def test_a_file_that_holds_no_login_is_refused_without_showing_it(tmp_path: Path, content: bytes) -> None:
    """Which of its lines is wrong is not for the screen."""
    file = tmp_path / "login.txt"
    file.write_bytes(content)

    with pytest.raises(LoginUnfit) as refused:
        pppoe.read_login(file)

    assert not any(word in str(refused.value) for word in ("only", "uuu"))


# --- the socket --------------------------------------------------------------------------------------------------


@pytest.mark.needs("root")
@pytest.mark.parametrize("interface", ["lo", "no-such-one", "x" * 40, "", "a/b"])
def test_an_interface_that_is_none_is_told(interface: str) -> None:
    """Not there, not Ethernet, or no name at all; nothing else is known then."""
    assert {"pppoe.probe": "no_interface"} == pppoe.probe(interface, LOGIN)


def test_without_the_right_it_says_so() -> None:
    """It needs CAP_NET_RAW; where it is missing nothing else is known, and nothing is raised."""
    code = "from seikyu.apps.doctor.pppoe.probe import probe; print(probe('lo'))"
    drop = ["setpriv", "--bounding-set", "-net_raw", "--inh-caps", "-net_raw"] if os.geteuid() == 0 else []

    done = subprocess.run([*drop, sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)

    assert ("{'pppoe.probe': 'not_permitted'}\n", "") == (done.stdout, done.stderr)


# --- in the doctor -----------------------------------------------------------------------------------------------


def looked(**facts: Any) -> Look:
    """Return what a look of the doctor begins with."""
    return Look(system="linux", run=run, now=lambda: datetime.now(UTC), facts=facts.pop("facts", {}), **facts)


def could_not(given: Look) -> tuple[str, str]:
    """Return why the probe could not look."""
    with pytest.raises(CouldNotLook) as reason:
        pppoe.look_at_pppoe(given)
    return reason.value.why, reason.value.what


@pytest.mark.needs("root")
def test_the_doctor_is_told_why_there_was_nothing_to_look_at() -> None:
    """Another kind of line, or no card of Ethernet towards it."""
    assert ("nothing", "PPPoE") == could_not(looked(facts={"line.kind": "ipvpn_ipv6"}))
    assert ("nothing", "Ethernet lo") == could_not(looked(facts={"link.interface": "lo"}))
    assert ("nothing", "Ethernet x0") == could_not(looked(site=Site(interface="x0"), facts={"link.interface": "lo"}))
    assert ("nothing", "Ethernet") == could_not(looked(facts={"line.kind": "ipvpn_ipv4"}))


@pytest.mark.parametrize(
    ("settings", "login", "row"),
    [
        ({}, LOGIN, None),
        ({"silent": True}, LOGIN, "L02"),
        ({}, WRONG, "L01"),
        ({"method": "pap"}, WRONG, "L01"),
        ({"most_sessions": 0}, LOGIN, "L03"),
        ({"late_limit": True}, LOGIN, "L03"),
        ({"offers_only": True}, LOGIN, "L03"),
    ],
)
def test_what_the_probe_finds_is_judged_as_the_table_of_faults_has_it(
    settings: dict[str, Any], login: Login, row: str | None
) -> None:
    """691 is L01, 651 is L02, and a right login without a session L03."""
    course = speak(bas(**settings), login=login)

    diagnosis = diagnose({**course.facts, "line.kind": "ipvpn_ipv4"})

    assert ([row] if row else []) == [each.fault.id for each in diagnosis.found if not each.likely]


def test_the_facts_of_the_probe_are_those_that_it_says_it_gives() -> None:
    """No other ever, and each at some time."""
    courses = (speak(bas()), speak(bas(silent=True)), speak(bas(error="Generic-Error")), speak(bas(), login=None))

    assert set(talks.GIVES) == {name for course in courses for name in course.facts}
    assert ("pppoe",) == tuple(each.name for each in pppoe.PROBES)
    assert set(talks.GIVES) == set(pppoe.PROBES[0].gives) <= set(known_facts())
    assert pppoe.PROBES[0].limit_s < STAGE_S
    assert WAITS.whole_s < pppoe.PROBES[0].limit_s
