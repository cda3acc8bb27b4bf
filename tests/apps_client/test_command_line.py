"""The command line: light where it must be, in the user's language, and ending with the right status."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from seikyu.apps import cli, cli_client
from seikyu.apps.generator import world
from seikyu.apps.words import has
from seikyu.ports.errors import Busy, NoSpace, NotFound

HOSPITAL = world().institutions[0].id


def program(*args: object, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the program as a process of its own."""
    command = [sys.executable, "-m", "seikyu.apps.cli", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | env, check=False, timeout=60)


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
    "args",
    [
        ["admin"],
        ["nonsense"],
        ["admin", "nonsense"],
        ["send"],
        ["send", "--tryes", "3", "x"],
        ["send", "--tries", "30", "x"],
        ["send", "--tries", "0", "x"],
        ["make", "--seed", "1.5"],
        ["status", "a", "b"],
        ["send", "x", "--body"],
        ["confirm", "x", "--with-errors=3"],
        ["findings", "x", "--format", "pdf"],
        ["admin", "close", "1", "202610", "--wait", "x"],
        ["ca", "issue", "operator", "--terminal", "a", "--csr", "/nowhere"],
        ["ca", "issue", "operator", "--terminal", "a", "--csr", "/"],
    ],
)
def test_wrong_usage_is_told_in_japanese(
    args: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No English sentence of the libraries below reaches a Japanese reader."""
    monkeypatch.setenv("SEIKYU_LANG", "ja")

    assert 3 == cli.run(args)

    error, hint = capsys.readouterr().err.splitlines()
    assert error.startswith("seikyu: エラー: ")
    assert re.search("[ぁ-ん]", error)
    assert not re.search(r"[a-z]{3,} [a-z]{2,}", error)
    assert hint == f"seikyu: ヒント: `seikyu {' '.join(_named(args))} --help` に使い方があります".replace("  ", " ")


def _named(args: list[str]) -> list[str]:
    """Return the words at the front that name a command."""
    groups = {"admin": ["close"], "ca": ["issue"]}
    if args[0] not in cli.COMMANDS:
        return []
    return args[:2] if args[1:2] and args[1] in groups.get(args[0], []) else args[:1]


def test_programs_get_an_error_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --json standard output says in one object what standard error says in words."""
    for args, code in (
        (["status", "--home", str(tmp_path)], "no_clients"),
        (["status", "--home", str(tmp_path), "--as", "nobody"], "no_client"),
        (["status", "--home"], "usage"),
        (["admin", "months", "--home", str(tmp_path)], "no_home"),
        (["ca", "list", "--home", str(tmp_path)], "no_home"),
    ):
        status = cli.run([*args[:1], "--json", *args[1:]] if args[0] == "status" else [*args, "--json"])
        said = capsys.readouterr()
        error = json.loads(said.out)["error"]

        assert (code, status, False) == (error["code"], error["exit_status"], error["retry"])
        assert f"seikyu: error: {error['detail']}\nseikyu: hint: {error['hint']}\n" == said.err


def test_a_narrow_terminal_is_no_fault(tmp_path: Path) -> None:
    """Where Japanese characters cannot be shown they are shown as numbers, and JSON stays UTF-8."""
    narrow = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "SEIKYU_LANG": "ja"}
    words = [sys.executable, "-m", "seikyu.apps.cli"]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONIOENCODING"} | narrow

    made = subprocess.run([*words, "make", "-o", tmp_path / "x"], capture_output=True, env=env, check=False)
    told = subprocess.run([*words, "status", "--json", "--home", tmp_path], capture_output=True, env=env, check=False)

    assert (0, b"") == (made.returncode, made.stderr)
    assert b"100 " + "枚".encode("ascii", "backslashreplace") in made.stdout
    assert 3 == told.returncode
    assert "接続先の設定がありません" in json.loads(told.stdout.decode())["error"]["title"]


def test_what_is_to_be_typed_begins_as_it_was_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Started by ./run, the program advises ./run; a name with a space is quoted."""
    monkeypatch.setenv("SEIKYU_PROGRAM", "./run")
    cli.run(["nonsense"])
    assert "`./run --help`" in capsys.readouterr().err

    monkeypatch.setenv("SEIKYU_PROGRAM", "/my programs/run")
    cli.run(["serve", "--home", str(tmp_path)])
    assert "`'/my programs/run' admin init" in capsys.readouterr().err


def test_no_help_line_is_cut(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """What a command does is told whole in the list of commands."""
    monkeypatch.setenv("COLUMNS", "80")
    for args in ([], ["admin"], ["admin", "party"], ["ca"]):
        cli.run([*args, "--help"])
        assert "..." not in capsys.readouterr().out.replace("[ARGS]...", "")


def test_findings_over_the_wire_read_as_those_of_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same wording everywhere, in both languages; a level of the future is shown as it is."""
    item = {
        "file_no": 2, "code": "X3001", "level": "L3", "refuses": None, "line": 412, "claim_no": 1, "claim_index": 0,
        "record": "HO", "item_no": 2, "item": "insurer_number", "item_ja": "保険者番号", "value": None,
        "message": "check digit is 5, expected 4", "message_ja": "検証番号が一致しません", "source": "x",
    }  # fmt: skip
    monkeypatch.setenv("SEIKYU_LANG", "en")
    line = "A.UKE:412: X3001 (L3, asks): HO item 2 (insurer number): check digit is 5, expected 4"
    assert line == cli_client.finding_line(item, {2: "A.UKE"})
    assert cli_client.finding_line(item | {"level": "L9"}, {}).startswith("#2:412: X3001 (L9, asks)")

    monkeypatch.setenv("SEIKYU_LANG", "ja")
    line = "A.UKE:412: X3001（L3・要確認）: HO 項目2（保険者番号）: 検証番号が一致しません"
    assert line == cli_client.finding_line(item, {2: "A.UKE"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("url =", "invalid value"),
        ('party = "1"', "url = ?"),
        ('url = "ftp://x"\nparty = "1"\nkind = "payer"', 'url = "ftp://x"'),
    ],
)
def test_a_client_file_that_makes_no_sense_is_told(
    tmp_path: Path, text: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file and what is wrong with it, not a line that fails for no reason."""
    folder = tmp_path / "clients" / "one"
    folder.mkdir(parents=True)
    (folder / "client.toml").write_text(text)

    assert 3 == cli.run(["status", "--home", str(tmp_path)])
    said = capsys.readouterr().err.splitlines()
    assert f"client.toml cannot be understood ({words}" in said[0]
    assert 2 == len(said)


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
    assert "cannot be written (there is no such place)" in capsys.readouterr().err


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
    assert 0 == cli.run(["today", *here])
    to_do = capsys.readouterr().out
    assert 0 == cli.run(["leave-out", sending["id"], "--claim-index", "11", *here])
    assert 0 == cli.run(["preview", sending["id"], "--with-errors", *here])
    told = capsys.readouterr().out
    assert 0 == cli.run(["take-in", sending["id"], "--claim-index", "11", "--json", *here])
    assert json.loads(capsys.readouterr().out)["files"][0]["claims_left_out"] == []
    assert 0 == cli.run(["preview", sending["id"], "--without-errors", "--json", *here])
    assert json.loads(capsys.readouterr().out)["unclaimed"]["claims"] == 2
    assert 3 == cli.run(["preview", sending["id"], *here])
    assert 0 == cli.run(["today", "--json", *here])
    assert sending["id"] in {task["sending"] for task in json.loads(capsys.readouterr().out.splitlines()[-1])["tasks"]}
    assert 0 == cli.run(["confirm", sending["id"], "--with-errors", *here])
    confirmed = capsys.readouterr().out
    assert 2 == cli.run(["cancel", sending["id"], *here])

    assert "12 claims, 1 refused, 1 to look at" in text
    assert sending["repeat"]
    assert sending["id"] in status
    assert "RECEIPTC.UKE:" in findings
    assert len(items) == len(table) - 1 == len(findings.splitlines()) == sending["findings"]
    assert "11 claimed, 1 not claimed" in confirmed
    assert f"{sending['id']}: not confirmed" in to_do
    assert "Left out by you" in told


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
