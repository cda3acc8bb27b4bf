"""The command line: light where it must be, in the user's language, and ending with the right status."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from seikyu.apps import cli
from seikyu.apps.generator import world
from seikyu.apps.words import has
from seikyu.ports.errors import Busy, NoSpace, NotFound

HOSPITAL = world().institutions[0].id


def program(*args: object, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the program as a process of its own."""
    command = [sys.executable, "-m", "seikyu.apps.cli", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | env, check=False, timeout=60)


def test_check_loads_no_server(tmp_path: Path) -> None:
    """A clinic's PC that checks a file has no web server, database or queue in memory."""
    cli.run(["make", "-o", str(tmp_path / "RECEIPTC.UKE"), "--claims", "3"])
    script = (
        "import sys; from seikyu.apps import cli; status = cli.run(['check', sys.argv[1]]);"
        "heavy = {'starlette', 'fastapi', 'sqlalchemy', 'httpx2', 'dbos', 'uvicorn', 'alembic'} & set(sys.modules);"
        "sys.exit(f'{heavy}' if heavy else status)"
    )

    done = subprocess.run([sys.executable, "-c", script, tmp_path / "RECEIPTC.UKE"], capture_output=True, check=False)

    assert (0, b"") == (done.returncode, done.stderr)


@pytest.mark.parametrize("name", cli.COMMANDS)
@pytest.mark.parametrize(("language", "frame"), [("ja", "使い方: seikyu"), ("en", "Usage: seikyu")])
def test_every_command_explains_itself(
    name: str, language: str, frame: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--help` in both languages, for every command of the table."""
    monkeypatch.setenv("SEIKYU_LANG", language)

    status = cli.run([name, "--help"])

    assert 0 == status
    assert capsys.readouterr().out.startswith(f"{frame} {name}")


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"SEIKYU_LANG": "ja", "LC_ALL": "C.UTF-8"}, "オプション"),
        ({"SEIKYU_LANG": "", "LC_ALL": "ja_JP.UTF-8"}, "オプション"),
        ({"SEIKYU_LANG": "", "LC_ALL": "", "LANG": "en_GB.UTF-8"}, "Options"),
        ({"SEIKYU_LANG": "en", "LANG": "ja_JP.UTF-8"}, "Options"),
    ],
)
def test_language_is_the_users(env: dict[str, str], expected: str) -> None:
    """SEIKYU_LANG first, then the locale."""
    assert expected in program("make", "--help", PYTHONUTF8="1", **env).stdout


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["nonsense"],
        ["send"],
        ["send", "--nonsense", "x"],
        ["confirm", "x"],
        ["confirm", "x", "--with-errors", "--without-errors"],
        ["findings", "x", "--format", "pdf"],
        ["fetch", "--month", "2026-10"],
        ["make", "--month", "202613"],
        ["make", "--fault", "nonsense"],
        ["make", "--size", "ten"],
        ["make", "--claims", "2", "--errors", "3"],
        ["make", "--institution", "1"],
        ["make", "--body", "3"],
    ],
)
def test_wrong_usage_is_told_in_two_lines(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What is wrong, and where the help is; status 3, nothing on standard output."""
    status = cli.run(args)
    said = capsys.readouterr()

    assert (3, "") == (status, said.out)
    assert ["seikyu: error", "seikyu: hint"] == [line[: line.index(":", 8)] for line in said.err.splitlines()]


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (NotFound(), 2, "seikyu: error: "),
        (Busy(retry_after_s=3), 4, "seikyu: error: "),
        (NoSpace(), 4, "seikyu: error: "),
        (ValueError("secret 太郎"), 3, "seikyu: error: a fault of the program (ValueError, number "),
    ],
)
def test_errors_end_by_their_code(
    error: Exception, status: int, words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Errors with a code are told in its words; anything else is a bug with a number, and quotes nothing."""
    monkeypatch.delenv("SEIKYU_DEBUG", raising=False)

    assert status == cli._failed(error)

    said = capsys.readouterr().err
    assert said.startswith(words)
    assert "太郎" not in said


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that is not there is the user's to mend, and no bug."""
    assert 3 == cli.run(["make", "-o", str(tmp_path / "nowhere" / "RECEIPTC.UKE")])
    assert "cannot be written (no such file or directory)" in capsys.readouterr().err


def test_a_closed_pipe_is_no_error() -> None:
    """Whoever reads our output may stop reading."""
    command = f"{sys.executable} -m seikyu.apps.cli make --claims 2000 | head -c 10"

    done = subprocess.run(["bash", "-c", command], capture_output=True, check=False)

    assert (10, b"") == (len(done.stdout), done.stderr)


def test_an_interrupt_is_one_line() -> None:
    """Ctrl-C ends with 130 and says so, without a traceback."""
    command = [sys.executable, "-m", "seikyu.apps.cli", "make", "--size", "3G", "-o", os.devnull]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            process.wait(1.5)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=10)

    assert (130, "seikyu: error: interrupted\n") == (process.returncode, said)


def test_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """The version, and nothing else."""
    assert 0 == cli.run(["--version"])
    assert capsys.readouterr().out.startswith("seikyu ")


@pytest.mark.parametrize("why", ["missing", "folder", "special", "unreadable", "empty", "changed", "unwritable"])
def test_every_trouble_with_a_file_has_words(why: str) -> None:
    """What is wrong with a file is told with a hint."""
    assert has(f"file_{why}.text")
    assert has(f"file_{why}.hint")


def test_the_month_by_commands(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Send, status, findings, confirm, in words and as JSON, each with its status."""
    path = tmp_path / "RECEIPTC.UKE"
    here = ["--home", str(home), "--as", HOSPITAL]
    cli.run(["make", "-o", str(path), "--claims", "12", "--seed", "77", "--fault", "total", "--fault", "name"])
    capsys.readouterr()

    assert 2 == cli.run(["send", str(path), *here])
    text = capsys.readouterr().out
    assert 2 == cli.run(["send", str(path), "--json", *here])
    sending = json.loads(capsys.readouterr().out)
    assert 0 == cli.run(["status", *here])
    status = capsys.readouterr().out
    assert 0 == cli.run(["findings", sending["id"], *here])
    findings = capsys.readouterr().out
    assert 0 == cli.run(["findings", sending["id"], "--format", "csv", *here])
    table = capsys.readouterr().out.splitlines()
    assert 0 == cli.run(["findings", sending["id"], "--json", *here])
    items = json.loads(capsys.readouterr().out)["items"]
    assert 0 == cli.run(["confirm", sending["id"], "--with-errors", *here])
    confirmed = capsys.readouterr().out
    assert 2 == cli.run(["cancel", sending["id"], *here])

    assert "12 claims, 1 refused, 1 to look at" in text
    assert sending["repeat"]
    assert sending["id"] in status
    assert "RECEIPTC.UKE:" in findings
    assert len(items) == len(table) - 1 == len(findings.splitlines()) == sending["findings"]
    assert "11 claimed, 1 not claimed" in confirmed


def test_a_clean_file_ends_with_0(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing above notice: 0, as `seikyu check` would say."""
    path = tmp_path / "RECEIPTC.UKE"
    cli.run(["make", "-o", str(path), "--claims", "4", "--seed", "78"])

    assert 0 == cli.run(["send", str(path), "--test", "--json", "--home", str(home), "--as", HOSPITAL])
    assert "test" == json.loads(capsys.readouterr().out.splitlines()[-1])["line"]


@pytest.mark.parametrize(("args", "code"), [(["--as", "nobody"], "there is no client"), ([], "several clients")])
def test_who_is_to_be_named(
    home: Path, args: list[str], code: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A client that is not there, or one of several that was not named, is told before any line is opened."""
    assert 3 == cli.run(["status", "--home", str(home), *args])
    assert code in capsys.readouterr().err
