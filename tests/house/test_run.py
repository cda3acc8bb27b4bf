"""The starter explains an old Python and a missing module in one line, and does nothing twice."""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a folder with nothing but what the starter reads."""
    for name in ("run", "pyproject.toml", "requirements"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    return tmp_path


def start(folder: Path, *words: str, prelude: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the starter of `folder` after some lines of Python that change its world."""
    code = f"import sys, runpy\n{prelude}\nsys.argv = ['run', *{words!r}]\nrunpy.run_path('run', run_name='__main__')"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False, timeout=60,
        env={**os.environ, "PATH": "/usr/bin:/bin", **environment},
    )  # fmt: skip


def test_run_explains_an_old_python_in_one_line(checkout: Path) -> None:
    """Python 3.9 is told so, and nothing is made."""
    old = "import collections; sys.version_info = collections.namedtuple('v', 'major minor micro')(3, 9, 2)"

    done = start(checkout, prelude=old)

    assert done.returncode == 3
    assert re.fullmatch(r"run: Python 3\.11 or newer is needed; this is 3\.9 \(.*\)\n", done.stderr)
    assert not (checkout / ".venv").exists()


def test_run_is_written_for_old_pythons_too() -> None:
    """The file parses with the grammar of Python 3.7, or the explanation would never be read."""
    import ast

    grammar = {"feature_version": (3, 7)}
    with pytest.raises(SyntaxError):
        ast.parse("if (read := 1): pass", **grammar)
    assert ast.parse((ROOT / "run").read_text("utf-8"), **grammar).body


def test_run_explains_a_missing_venv_module_in_one_line(checkout: Path) -> None:
    """On Debian the module is a package of its own; the line says which."""
    broken = "sys.executable = './python-without-venv'"
    fake = checkout / "python-without-venv"
    fake.write_text("#!/bin/sh\necho 'The virtual environment was not created: ensurepip is not available.'\nexit 1\n")
    fake.chmod(0o755)

    done = start(checkout, prelude=broken)

    assert done.returncode == 3
    assert done.stderr.splitlines()[-1].startswith(
        "run: this Python has no venv module: install it (Debian: apt install"
    )


def test_run_does_nothing_twice(checkout: Path) -> None:
    """With a stamp for these very locks the program starts at once; a changed lock sets up again."""
    (checkout / ".venv" / "bin").mkdir(parents=True)
    for name, line in (("python", "exit 0"), ("seikyu", "echo started with $@")):
        (checkout / ".venv" / "bin" / name).write_text(f"#!/bin/sh\n{line}\n")
        (checkout / ".venv" / "bin" / name).chmod(0o755)
    stamp = "import runpy; r = runpy.run_path('run'); r['STAMP'].write_text(r['wanted']('core'))"
    subprocess.run([sys.executable, "-c", stamp], cwd=checkout, check=True)

    first = start(checkout, "check", "x.uke")
    with (checkout / "requirements" / "core.txt").open("a") as lock:
        lock.write("\n")
    fails = "import subprocess; subprocess.Popen = lambda *a, **k: sys.exit('would set up')"
    second = start(checkout, "check", "x.uke", prelude=fails)

    assert (first.returncode, first.stdout, first.stderr) == (0, "started with check x.uke\n", "")
    assert "would set up" in second.stderr


#: A Python that makes a .venv with itself in it, and whose pip says what the test wants.
FAKE = """#!/bin/sh
case "$*" in
*venv*) mkdir -p .venv/bin && cp "$0" .venv/bin/python;;
*) {pip}
esac
"""


def fake_python(folder: Path, pip: str) -> str:
    """Write a Python whose `pip` is these lines of shell; return the prelude that makes the starter use it."""
    fake = folder / "fake-python"
    fake.write_text(FAKE.format(pip=pip))
    fake.chmod(0o755)
    return f"sys.executable = {str(fake)!r}"


@pytest.mark.parametrize(
    ("pip", "words"),
    [
        ("echo 'WARNING: Retrying after connection broken by x'; exit 1", "the package index cannot be reached"),
        ("echo 'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES'; exit 1", "what came is not what the lock file says"),
        ("echo 'OSError: [Errno 28] No space left on device'; exit 1", "the disk is full"),
        ("echo 'ERROR: something new'; echo 'notice: x'; exit 1", "ERROR: something new"),
        ("exit 1", "no reason given"),
    ],
)
def test_run_says_in_one_line_why_the_libraries_are_not_there(checkout: Path, pip: str, words: str) -> None:
    """What the installer said is kept in a file; the user reads one line with the reason and what to do."""
    done = start(checkout, prelude=fake_python(checkout, pip))

    assert 3 == done.returncode
    assert done.stderr.splitlines()[-1].startswith(f"run: the libraries could not be installed: {words}")
    assert 3 == len(done.stderr.splitlines())
    assert (checkout / ".venv" / "set-up.log").exists()


def test_run_tries_pip_where_uv_fails(checkout: Path) -> None:
    """A uv that cannot do it is no reason to give up."""
    (checkout / "tools").mkdir()
    (checkout / "tools" / "uv").write_text(
        "#!/bin/sh\n[ $1 = venv ] && exec mkdir -p .venv || { echo 'error: no idea'; exit 1; }\n"
    )
    (checkout / "tools" / "uv").chmod(0o755)
    path = f"{checkout / 'tools'}:/usr/bin:/bin"
    pip = "printf '#!/bin/sh\\necho started' > .venv/bin/seikyu; chmod +x .venv/bin/seikyu"

    done = start(checkout, prelude=fake_python(checkout, pip), PATH=path)

    assert (0, "started\n") == (done.returncode, done.stdout)
    assert "run: uv could not do it (error: no idea); trying with pip" in done.stderr.splitlines()


def test_run_sets_up_again_when_the_program_is_gone(checkout: Path) -> None:
    """A .venv that lost its program is made anew, whatever the stamp says."""
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "bin" / "python").touch()
    stamp = "import runpy; r = runpy.run_path('run'); r['STAMP'].write_text(r['wanted']('core'))"
    subprocess.run([sys.executable, "-c", stamp], cwd=checkout, check=True)

    done = start(checkout, prelude=fake_python(checkout, "exit 1"))

    assert "run: setting up .venv" in done.stderr


@pytest.mark.parametrize(("sign", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_set_up_leaves_nothing_running(checkout: Path, sign: signal.Signals, status: int) -> None:
    """An installer that went on would write into the folder that the next ./run makes anew."""
    prelude = fake_python(checkout, "sleep 60 & echo $! > child; echo $$ > parent; echo started; wait")
    code = f"import sys, runpy\n{prelude}\nsys.argv = ['run']\nrunpy.run_path('run', run_name='__main__')"
    with subprocess.Popen([sys.executable, "-c", code], cwd=checkout, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr
        until = time.monotonic() + 30
        while not (checkout / "parent").exists() and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(0.2)
        running.send_signal(sign)
        running.communicate(timeout=20)

    assert status == running.returncode
    for name in ("child", "parent"):
        assert gone(int((checkout / name).read_text())), name


def gone(pid: int) -> bool:
    """Tell whether a process ends within a second; one that nobody has waited for has ended."""
    until = time.monotonic() + 1
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_a_second_run_waits_and_says_so(checkout: Path) -> None:
    """Two at once do not fill the same folder; the second tells what it waits for."""
    with (checkout / ".venv.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        command = [sys.executable, str(checkout / "run"), "--version"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as second:
            assert second.stderr
            said = second.stderr.readline()
            second.terminate()
            second.communicate(timeout=10)

    assert "run: another ./run is setting up; waiting for it\n" == said
    assert not (checkout / ".venv").exists()


def test_a_folder_that_cannot_be_written_is_told_in_one_line(checkout: Path) -> None:
    """A read-only checkout is the user's to mend, and no traceback."""
    (checkout / ".venv.lock").mkdir()

    done = start(checkout)

    assert 3 == done.returncode
    assert f"run: {checkout / '.venv.lock'}: is a directory\n" == done.stderr
