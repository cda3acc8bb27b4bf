"""The pipeline tells what each step said and how long it took, and ends as its steps end."""

import re
import sys
from collections.abc import Callable

import pytest

import pipeline

ENDED = r"== {}: {}, \d+ s \(\d+ s of processor\)"
SAYS = (sys.executable, "-c", "print('a line of the step')")
FAILS = (sys.executable, "-c", "import sys; print('why it failed', file=sys.stderr); sys.exit(5)")
KILLED = (sys.executable, "-c", "import os; os.kill(os.getpid(), 9)")


def ended_with(act: Callable[[], None]) -> int:
    """Return the status that an act ends the program with, 0 if it goes on."""
    try:
        act()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_a_step_tells_its_name_what_it_says_and_how_long_it_took(capfd: pytest.CaptureFixture[str]) -> None:
    """In this order, so that a reader sees what is under way."""
    assert 0 == ended_with(lambda: pipeline.step("one", *SAYS))

    first, said, last = capfd.readouterr().out.splitlines()
    assert ("== one", "a line of the step") == (first, said)
    assert re.fullmatch(ENDED.format("one", "ok"), last)


@pytest.mark.parametrize(("command", "word", "status"), [(FAILS, r"FAILED \(5\)", 5), (KILLED, r"FAILED \(-9\)", 1)])
def test_a_step_that_fails_ends_the_whole(
    command: tuple[str, ...], word: str, status: int, capfd: pytest.CaptureFixture[str]
) -> None:
    """With its status; one that was killed has none of its own, and is no success."""
    assert status == ended_with(lambda: pipeline.step("one", *command))

    assert re.fullmatch(ENDED.format("one", word), capfd.readouterr().out.splitlines()[-1])


def test_steps_at_the_same_time_are_told_one_after_the_other(capfd: pytest.CaptureFixture[str]) -> None:
    """Each in one piece, in the order in which they are named, however they end."""
    slow = (sys.executable, "-c", "import sys; sys.stdin.read(); print('last')")
    quick = (sys.executable, "-c", "print('first'); print('and whole')")

    assert 0 == ended_with(lambda: pipeline.together({"slow": slow, "quick": quick}))

    lines = capfd.readouterr().out.splitlines()
    assert "== at the same time: slow, quick" == lines.pop(0)
    assert ["== slow", "last", "== quick", "first", "and whole"] == [line for line in lines if " ok, " not in line]
    assert re.fullmatch(ENDED.format("slow", "ok"), lines[2])


@pytest.mark.parametrize(("command", "status"), [(FAILS, 5), (KILLED, 1)])
@pytest.mark.parametrize("first", [True, False])
def test_one_of_several_that_fails_ends_the_whole_when_all_are_told(
    command: tuple[str, ...], status: int, capfd: pytest.CaptureFixture[str], *, first: bool
) -> None:
    """Nobody has to run it twice to see the second trouble; also what it said on the error channel is shown."""
    steps = {"bad": command, "good": SAYS} if first else {"good": SAYS, "bad": command}

    assert status == ended_with(lambda: pipeline.together(steps))

    out = capfd.readouterr().out
    assert "a line of the step" in out
    assert re.search(ENDED.format("good", "ok"), out)
    assert re.search(ENDED.format("bad", r"FAILED \(-?\d\)"), out)
    assert ("why it failed" in out) == (command is FAILS)
