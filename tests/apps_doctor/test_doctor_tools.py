"""Programs of the system, run within limits."""

import os
import sys
from pathlib import Path

import pytest

from seikyu.apps.doctor import tools
from seikyu.apps.doctor.tools import OUTPUT_BYTES, Ran, run

PYTHON = sys.executable


def test_what_a_program_prints_is_had() -> None:
    """Both streams and its status."""
    code = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"

    ran = run([PYTHON, "-c", code])

    assert Ran(3, "out\n", "err\n") == Ran(ran.status, ran.out.replace("\r", ""), ran.err.replace("\r", ""))
    assert not ran.ok


def test_a_program_that_is_not_there_is_missing() -> None:
    """Which is no error: what it would have told is not known."""
    assert Ran(None, missing=True) == run(["no-such-program-of-any-system"])


@pytest.mark.skipif(sys.platform == "win32", reason="os: no named pipes in the file system")
def test_a_program_that_takes_too_long_is_ended_with_its_children(tmp_path: Path) -> None:
    """Nothing of it goes on: what its child holds open is let go. What it had printed is kept."""
    held = tmp_path / "held"
    os.mkfifo(held)
    reader = os.open(held, os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(reader, True)
    child = f"import time; one = open({str(held)!r}, 'w'); one.write('here'); one.flush(); time.sleep(250)"
    code = f"import subprocess, sys; print('begun', flush=True); subprocess.run([sys.executable, '-c', {child!r}])"

    ran = run([PYTHON, "-c", code], 2.0)
    told = b""
    while part := os.read(reader, 64):  # Ends when nobody holds the other end any more.
        told += part
    os.close(reader)

    assert (None, True, "begun", b"here") == (ran.status, ran.late, ran.out.strip(), told)


def test_a_program_that_prints_without_end_is_cut() -> None:
    """Its beginning is kept; it does not wait for us, and it is ended in its time."""
    ran = run([PYTHON, "-c", "while True: print('x' * 1000)"], 1.0)

    assert ran.late
    assert OUTPUT_BYTES == len(ran.out)


def test_a_program_speaks_plain_english_and_finds_the_tools_of_the_administrator(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What it prints is read by programs; a user's PATH often leaves out /usr/sbin."""
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    monkeypatch.setenv("PATH", "/usr/bin")

    printed = run([PYTHON, "-c", "import os; print(os.environ['LC_ALL'], os.environ['PATH'])"]).out.split()

    assert ["C", os.pathsep.join(("/usr/bin", "/usr/sbin", "/sbin", "/usr/local/sbin"))] == printed


def test_a_program_that_keeps_something_for_later_has_nowhere_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The doctor changes nothing: not even a cache in the user's home comes into being."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)

    run(["sh", "-c", 'mkdir -p "${XDG_CACHE_HOME:-$HOME/.cache}/kept"'])
    run(["gsettings", "get", "org.gnome.system.proxy", "mode"])

    assert [] == list(tmp_path.iterdir())


def test_bytes_that_are_no_text_end_nothing() -> None:
    """Each that is none is replaced."""
    ran = run([PYTHON, "-c", "import sys; sys.stdout.buffer.write(b'a\\xff')"])

    assert "a" == ran.out[:1]
    assert 2 == len(ran.out)


def test_what_still_runs_at_the_end_is_ended() -> None:
    """A probe that was late may have left a program; nobody waits for it."""
    from threading import Thread

    runner = Thread(target=run, args=([PYTHON, "-c", "import time; time.sleep(60)"], 60.0))
    runner.start()
    while not tools._RUNNING:
        runner.join(0.01)

    tools.stop_all()
    runner.join(30)

    assert not runner.is_alive()
    assert set() == tools._RUNNING
