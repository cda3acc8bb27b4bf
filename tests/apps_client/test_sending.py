"""Sending over real lines, good ones and broken ones."""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seikyu.apps import cli, client
from seikyu.apps.client import progress
from seikyu.apps.client.errors import AnswerLost, BrokeWhileSending, FileUnusable, LineFailed, OfficeSaid
from seikyu.apps.client.line import Counted
from seikyu.apps.client.lookout import lookout
from seikyu.apps.client.unanswered import Unanswered
from seikyu.apps.demo_office import client_of
from seikyu.apps.demo_relay import Relay
from seikyu.apps.generator import world

Opens = Callable[..., client.Line]
Cuts = Callable[..., AbstractContextManager[Relay]]
Makes = Callable[..., Path]

HOSPITAL, CLINIC = (place.id for place in world().institutions[:2])


def send(line: client.Line, *paths: Path, terms: client.Terms | None = None) -> dict[str, Any]:
    """Send the files and return the office's answer."""
    files = [client.look_at(path) for path in paths]
    return client.send(line, files, terms or client.Terms(), told=lambda _: None)


def ids(line: Opens, party: str) -> list[str]:
    """Return the ids of the party's sendings, newest first."""
    with line(party) as open_line:
        return [each["id"] for each in client.sendings(open_line)]


def test_a_file_is_sent_and_checked(line: Opens, file: Makes) -> None:
    """The answer has the digest that was computed here, and the check its counts."""
    path = file(20, faults=("total", "name"))
    with line(HOSPITAL) as open_line:
        answer = send(open_line, path)
        checked = client.wait_for_check(open_line, answer)
        findings = list(client.findings(open_line, answer["id"]))

    assert client.look_at(path).sha256 == answer["files"][0]["sha256"]
    assert not answer["repeat"]
    assert ("to_decide", 20, 1, 1) == tuple(checked[name] for name in ("state", "claims", "refused", "ask"))
    assert {"X3020", "L3001"} <= {each["code"] for each in findings}


def test_the_same_bytes_are_a_repeat(line: Opens, file: Makes) -> None:
    """Sending again is safe: the first answer comes back, and there is still one sending."""
    path = file()
    with line(HOSPITAL) as open_line:
        first, second = send(open_line, path), send(open_line, path)

    assert (False, True) == (first["repeat"], second["repeat"])
    assert first["id"] == second["id"]
    assert 1 == ids(line, HOSPITAL).count(first["id"])


def test_a_broken_sending_is_noted_until_it_is_sent(line: Opens, relay: Cuts, file: Makes, home: Path) -> None:
    """The doctor finds in the client's folder that the line broke, and that nothing is kept at the office (X01)."""
    path = file(700)
    notes = client_of(home, HOSPITAL).path / "unanswered"
    size = path.stat().st_size
    before = set(notes.glob("*"))
    with (
        relay(up=size // 2) as broken,
        line(HOSPITAL, port=broken.port, tries=1) as open_line,
        pytest.raises(BrokeWhileSending),
    ):
        send(open_line, path)
    key, note = sorted(set(notes.glob("*")) - before)
    assert f"{key.name}.broken" == note.name
    assert b"" == note.read_bytes()

    with line(HOSPITAL) as open_line:
        send(open_line, path)

    assert before == set(notes.glob("*"))


@pytest.mark.parametrize("tenth", range(1, 10))
def test_a_broken_line_leaves_nothing(line: Opens, relay: Cuts, file: Makes, tenth: int) -> None:
    """However far it came, the sender is told in numbers and the office has nothing; sending again works."""
    path = file(700)
    size = path.stat().st_size
    before = ids(line, HOSPITAL)

    with (
        relay(up=size * tenth // 10) as broken,
        line(HOSPITAL, port=broken.port, tries=1) as open_line,
        pytest.raises(LineFailed) as trouble,
    ):
        send(open_line, path)

    # The last bytes may lie in the system's own buffers; then nobody here can know, and that is what is said.
    assert type(trouble.value) is BrokeWhileSending or (type(trouble.value) is AnswerLost and tenth == 9)
    assert trouble.value.facts["total"] == f"{-(-size // 1024)} KiB"
    assert tenth * size // 10 // 1024 - 90 <= int(trouble.value.facts["sent"]) <= -(-size // 1024)
    assert before == ids(line, HOSPITAL)
    with line(HOSPITAL) as open_line:
        assert not send(open_line, path)["repeat"]


def test_a_broken_line_is_tried_again(line: Opens, relay: Cuts, file: Makes) -> None:
    """A break that passes is nothing the user has to mend."""
    path = file(700)

    with relay(up=path.stat().st_size // 2) as broken, line(HOSPITAL, port=broken.port) as open_line:
        answer = send(open_line, path)

    assert 1 == broken.cuts
    assert not answer["repeat"]


def test_a_lost_answer_is_had_again(line: Opens, relay: Cuts, file: Makes) -> None:
    """If the line breaks between the office's commit and its answer, the next try gets that answer."""
    path = file()
    with relay(down=4000) as broken, line(HOSPITAL, port=broken.port) as open_line:
        told: list[str] = []
        open_line.note = told.append
        answer = send(open_line, path)

    assert 1 == ids(line, HOSPITAL).count(answer["id"])


def kept(home: Path) -> set[str]:
    """Return the keys of the hospital's sendings that wait for their answer."""
    return {path.read_text("ascii") for path in (client_of(home, HOSPITAL).path / "unanswered").glob("*")}


def test_a_key_is_kept_until_its_answer(home: Path, line: Opens, relay: Cuts, file: Makes) -> None:
    """The program ends without the answer; the next one bears the same key, and forgets it with the answer."""
    paths = [file(300), file(300)]
    half = paths[0].stat().st_size
    with relay(up=half) as broken, line(HOSPITAL, port=broken.port, tries=1) as open_line, pytest.raises(LineFailed):
        send(open_line, *paths)
    (key,) = kept(home)
    with line(HOSPITAL, port=1, tries=1) as open_line, pytest.raises(LineFailed):
        send(open_line, *paths)
    assert {key} == kept(home)

    with line(HOSPITAL) as open_line:
        assert 2 == len(send(open_line, *paths)["files"])
    assert set() == kept(home)


def test_what_was_found_and_cancelled_may_be_sent_again(home: Path, line: Opens, file: Makes) -> None:
    """The answer was lost, the sending found in the list and cancelled: the next try is another sending."""
    path = file()
    with line(HOSPITAL) as open_line:
        outgoing = [client.look_at(path)]
        waits = Unanswered.of(client_of(home, HOSPITAL).path, outgoing, client.Terms().params())
        first = send(open_line, path)
        waits.path.write_text(waits.key, "ascii")
        client.wait_for_check(open_line, first)
        client.cancel(open_line, first["id"])

        again = send(open_line, path)

    assert not again["repeat"]
    assert first["id"] != again["id"]
    assert set() == kept(home)


def test_a_refusal_is_an_answer_too(home: Path, line: Opens, file: Makes) -> None:
    """What the office turns away leaves no key."""
    with line(HOSPITAL) as open_line, pytest.raises(OfficeSaid):
        send(open_line, file(), terms=client.Terms(body="2-13"))

    assert set() == kept(home)


def test_a_key_that_cannot_be_kept_stops_nobody(home: Path, line: Opens, file: Makes) -> None:
    """A folder that cannot be written, or an odd file in it, is no reason not to send."""
    folder = client_of(home, HOSPITAL).path / "unanswered"
    if folder.exists():
        folder.rmdir()
    folder.write_text("a file in the way", "ascii")
    try:
        with line(HOSPITAL) as open_line:
            assert not send(open_line, file())["repeat"]
    finally:
        folder.unlink()


@pytest.mark.parametrize("which", [0, 1, 2])
def test_several_files_are_one_sending_or_none(line: Opens, relay: Cuts, file: Makes, which: int) -> None:
    """A break in any of three files erases all three; sent again they are one sending of three files."""
    paths = [file(300) for _ in range(3)]
    sizes = [path.stat().st_size for path in paths]
    before = ids(line, HOSPITAL)

    with (
        relay(up=sum(sizes[:which]) + sizes[which] // 2) as broken,
        line(HOSPITAL, port=broken.port, tries=1) as open_line,
        pytest.raises(LineFailed) as trouble,
    ):
        send(open_line, *paths)
    assert type(trouble.value) in {BrokeWhileSending, AnswerLost}
    assert before == ids(line, HOSPITAL)

    with line(HOSPITAL) as open_line:
        answer = send(open_line, *paths)
    assert 3 == len(answer["files"])
    assert [answer["id"], *before] == ids(line, HOSPITAL)


def test_a_file_of_another_institution_is_refused_by_the_check(line: Opens, file: Makes) -> None:
    """The office's verdict reaches the sender; nothing is left to decide."""
    with line(CLINIC) as open_line:
        checked = client.wait_for_check(open_line, send(open_line, file()))

    assert "refused" == checked["state"]


def test_the_test_line_claims_nothing(line: Opens, file: Makes) -> None:
    """--test reaches the test line."""
    with line(HOSPITAL) as open_line:
        answer = send(open_line, file(), terms=client.Terms(test=True, asp=False))

    assert ("test", False) == (answer["line"], answer["asp"])


def test_decisions_are_final(line: Opens, file: Makes) -> None:
    """A confirmed sending cannot be confirmed or cancelled again; a cancelled one may be sent again."""
    path = file(10, faults=("total",))
    with line(HOSPITAL) as open_line:
        sending = client.wait_for_check(open_line, send(open_line, path))
        client.cancel(open_line, sending["id"])
        again = client.wait_for_check(open_line, send(open_line, path))
        confirmed = client.confirm(open_line, again["id"], "without")
        for act in (
            lambda: client.confirm(open_line, again["id"], "with"),
            lambda: client.cancel(open_line, again["id"]),
        ):
            with pytest.raises(OfficeSaid) as said:
                act()
            assert "already_decided" == said.value.words_code

    assert again["id"] != sending["id"]
    assert ("confirmed", 9, 1) == tuple(confirmed[name] for name in ("state", "claimed", "unclaimed"))


def test_nothing_of_another_party_is_shown(line: Opens, file: Makes) -> None:
    """Another institution's sending looks like one that is not there."""
    with line(HOSPITAL) as open_line:
        sending = send(open_line, file())
    with line(CLINIC) as open_line, pytest.raises(OfficeSaid) as said:
        client.sending(open_line, sending["id"])

    assert ("not_found", 404) == (said.value.words_code, said.value.status)


@pytest.mark.parametrize("why", ["missing", "folder", "special", "empty"])
def test_what_cannot_be_sent_is_told_before(tmp_path: Path, why: str) -> None:
    """A wrong file is found before the line is opened; a FIFO does not make us wait for its writer."""
    path = tmp_path / "RECEIPTC.UKE"
    if why == "folder":
        path.mkdir()
    elif why == "special":
        os.mkfifo(path)
    elif why == "empty":
        path.touch()

    with pytest.raises(FileUnusable) as unusable:
        client.look_at(path)

    assert f"file_{why}" == unusable.value.words_code


def test_a_file_that_shrinks_is_not_sent(line: Opens, file: Makes) -> None:
    """Bytes that went missing after they were hashed break the sending off; the office keeps nothing."""
    path = file(300)
    outgoing = client.look_at(path)
    path.write_bytes(path.read_bytes()[:5000])
    before = ids(line, HOSPITAL)

    with line(HOSPITAL) as open_line, pytest.raises(FileUnusable) as unusable:
        client.send(open_line, [outgoing], client.Terms(), told=lambda _: None)

    assert "file_changed" == unusable.value.words_code
    assert before == ids(line, HOSPITAL)


def test_a_file_that_changes_is_not_taken(line: Opens, file: Makes) -> None:
    """Other bytes of the same length do not have the digest that was stated."""
    path = file(30)
    outgoing = client.look_at(path)
    path.write_bytes(b"x" * outgoing.size_bytes)

    with line(HOSPITAL) as open_line, pytest.raises(OfficeSaid) as said:
        client.send(open_line, [outgoing], client.Terms(), told=lambda _: None)

    assert "digest_mismatch" == said.value.words_code


def test_progress_adds_up(line: Opens, relay: Cuts, file: Makes) -> None:
    """What a broken try had told is taken back, so that the bar ends at the whole."""
    path = file(700)
    told: list[int] = []

    with relay(up=path.stat().st_size // 2) as broken, line(HOSPITAL, port=broken.port) as open_line:
        client.send(open_line, [client.look_at(path)], client.Terms(), told=told.append)

    assert path.stat().st_size == sum(told)
    assert min(told) < 0


@pytest.mark.parametrize(
    ("sent", "total", "words"),
    [(3_500_000, 5 * 1024**2, ("3", "5 MiB")), (1000, 3000, ("0", "3 KiB")), (10, 20, ("10", "20 bytes"))],
)
def test_how_far_it_came_is_told_in_fitting_units(sent: int, total: int, words: tuple[str, str]) -> None:
    """Small files are counted in small units; nothing is rounded up that did not leave."""
    body = Counted(iter(()), size_bytes=total)
    body.sent = sent

    assert words == tuple(body.facts().values())


def test_nobody_listens(line: Opens) -> None:
    """An address where nothing listens is told in words, after the bounded tries."""
    notes: list[str] = []
    with line(HOSPITAL, port=1, tries=3) as open_line, pytest.raises(LineFailed) as trouble:
        open_line.note = notes.append
        client.sendings(open_line)

    assert "line_refused" == trouble.value.words_code
    assert 2 == len(notes)


def slowly(_: int) -> None:
    """Let a line be slow: a pause after every piece."""
    time.sleep(0.06)


def image(path: Path) -> Path:
    """Make an image of some two megabytes."""
    path.write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF" + os.urandom(2_000_000))
    return path


def test_a_file_that_is_certain_to_be_refused_is_told_while_it_goes(line: Opens, tmp_path: Path) -> None:
    """Once, before the answer; the rest is still sent, and the answer comes as always."""
    told: list[tuple[str, str]] = []
    with line(HOSPITAL) as open_line:
        answer = client.send(
            open_line,
            [client.look_at(image(tmp_path / "photo.jpg"))],
            client.Terms(),
            told=slowly,
            certain=lambda item: told.append((item["name"], item["refused"]["code"])),
        )
        before = list(told)
        checked = client.wait_for_check(open_line, answer)

    assert [("photo.jpg", "X1004")] == before == told
    assert "refused" == checked["state"]


def test_of_a_file_that_is_right_nothing_is_told(line: Opens, file: Makes) -> None:
    """However slow its line."""
    told: list[Any] = []
    with line(HOSPITAL) as open_line:
        client.send(open_line, [client.look_at(file(3000))], client.Terms(), told=slowly, certain=told.append)

    assert [] == told


def test_a_lookout_over_a_bad_line_is_silent(home: Path) -> None:
    """It is a courtesy and must not trouble the sending."""
    nowhere = replace(client_of(home, HOSPITAL), url="https://localhost:1")
    told: list[Any] = []

    with lookout(nowhere, "key", told.append):
        time.sleep(0.8)

    assert [] == told


@pytest.mark.parametrize(
    ("lang", "words"), [("en", "Ctrl-C breaks off and leaves nothing"), ("ja", "受付不能になります")]
)
def test_the_command_says_it_beside_its_answer(
    home: Path,
    tmp_path: Path,
    lang: str,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """On standard error, in the user's language; standard output holds JSON alone."""

    @contextmanager
    def slow_bar(*_: object) -> Iterator[Callable[[int], None]]:
        yield slowly

    monkeypatch.setattr(progress, "bar", slow_bar)
    monkeypatch.setenv("SEIKYU_LANG", lang)
    path = image(tmp_path / "photo.jpg")

    status = cli.run(["send", str(path), "--as", HOSPITAL, "--home", str(home), "--json"])

    said = capsys.readouterr()
    assert 2 == status
    assert "refused" == json.loads(said.out)["state"]
    (row,) = [row for row in said.err.splitlines() if "X1004" in row]
    assert words in row
    assert "photo.jpg" in row
