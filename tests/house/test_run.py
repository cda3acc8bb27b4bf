"""The starter explains an old Python and a missing module in one line, and does nothing twice."""

import os
import re
import shutil
import subprocess
import sys
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

    ast.parse((ROOT / "run").read_text("utf-8"), feature_version=(3, 7))


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
    fails = "import subprocess; subprocess.run = lambda *a, **k: sys.exit('would set up')"
    second = start(checkout, "check", "x.uke", prelude=fails)

    assert (first.returncode, first.stdout, first.stderr) == (0, "started with check x.uke\n", "")
    assert "would set up" in second.stderr
