"""`seikyu check`: exit statuses, formats, languages, and paths that are no files."""

import errno
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

import builders
from seikyu.apps.cli import run
from seikyu.apps.cli_check import KINDS
from seikyu.apps.words import has
from seikyu.rules.example import embedded
from seikyu.rules.reports import printing

RIGHT = builders.uke(builders.claim())
ASKS = RIGHT.replace(b"06990014", b"06990015")
REFUSED = RIGHT.replace("見本,1,".encode("cp932"), "見本,,".encode("cp932"))


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEIKYU_LANG", "en")


def written(folder: Path, data: bytes, name: str = "RECEIPTC.UKE") -> str:
    """Write a file and return its path."""
    path = folder / name
    path.write_bytes(data)
    return str(path)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (RIGHT, 0),
        (ASKS, 1),
        (REFUSED, 2),
        (RIGHT.replace(b"GO,1,291", b"GO,2,291"), 1),
        (RIGHT[:-14], 2),
        (b"", 2),
        (b"\xff\xd8\xff\xe0", 2),
    ],
)
def test_the_status_is_the_worst_that_was_found(tmp_path: Path, data: bytes, status: int) -> None:
    """0 nothing above notice, 1 something asks, 2 something is refused."""
    assert status == run(["check", written(tmp_path, data)])


def test_of_several_files_the_highest_status_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All files are checked, also behind one that cannot be read."""
    right, asks = written(tmp_path, RIGHT, "a.uke"), written(tmp_path, ASKS, "b.uke")

    assert 1 == run(["check", right, asks])
    assert 3 == run(["check", str(tmp_path / "missing"), asks])
    out = capsys.readouterr().out
    assert 2 == out.count("b.uke: medical, claims 1, points 291")


def test_text_says_where_and_what(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line a finding, and at the end what the file comes to; plain where there is no terminal."""
    run(["check", written(tmp_path, ASKS)])

    out = capsys.readouterr().out
    assert (
        "RECEIPTC.UKE:3: X3001 (L3, asks): HO item 2 (insurer number): "
        "insurer number fails its check digit: is 5, expected 4 [06990015]\n"
    ) in out
    assert "RECEIPTC.UKE: medical, claims 1, points 291\n  normal 0, asks 1, refused 0\n" in out
    assert "\x1b" not in out


def test_what_to_do_is_said_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What to do stands behind the verdict, once."""
    run(["check", written(tmp_path, b"hello")])

    assert 1 == capsys.readouterr().out.count("Choose the claim file that the receipt computer has written")


def test_text_speaks_japanese(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The language is that of SEIKYU_LANG."""
    monkeypatch.setenv("SEIKYU_LANG", "ja")

    run(["check", written(tmp_path, REFUSED)])

    out = capsys.readouterr().out
    assert "RECEIPTC.UKE:3: L2162（L2・受付不能）: HO 項目4" in out
    assert "正常 0　要確認 0　受付不能 1" in out


def test_colours_are_for_terminals(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal findings have colours, unless NO_COLOR says no."""
    path = written(tmp_path, RIGHT[:-14])
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)

    run(["check", path])
    assert "\x1b[31m" in capsys.readouterr().out

    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("NO_COLOR", "1")
    run(["check", path])
    assert "\x1b" not in capsys.readouterr().out


def test_nothing_to_remark_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Silence would leave doubt."""
    whole = RIGHT.replace(b",00,\r\n", b",00,099-000-0000\r\n").replace(
        b"19800101" + b"," * 31, b"19800101" + b"," * 30 + "ミホンタロウ".encode("cp932") + b","
    )

    assert 0 == run(["check", written(tmp_path, whole)])
    assert "nothing to remark" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--json"], ["--format", "json"], ["--json", "--format", "json"]])
def test_json_is_an_array_with_one_object_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    """Standard output holds JSON only; the keys are fixed."""
    paths = [written(tmp_path, RIGHT, "a.uke"), written(tmp_path, b"hello", "b.uke"), str(tmp_path / "missing")]

    assert 3 == run(["check", *arguments, *paths])

    captured = capsys.readouterr()
    right, other = json.loads(captured.out)
    assert [
        "file", "kind", "claims", "points", "sha256", "ruleset", "layout", "masters", "findings", "totals",
    ] == list(right)  # fmt: skip
    assert (paths[0], "medical", 1, 291) == tuple(right[key] for key in ("file", "kind", "claims", "points"))
    assert hashlib.sha256(RIGHT).hexdigest() == right["sha256"]
    assert {"claims": 1, "cases": 1, "points": 291} == right["totals"]["normal"]
    assert (None, None) == (other["kind"], other["layout"])
    assert "there is no such file" in captured.err


def test_the_digest_is_that_of_the_whole_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also of a file that the checker does not care to read to its end."""
    data = bytes(3_000_000)

    run(["check", "--json", written(tmp_path, data)])

    assert hashlib.sha256(data).hexdigest() == json.loads(capsys.readouterr().out)[0]["sha256"]


def test_csv_is_the_official_list(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Form name, header, titles, rows; in Shift_JIS."""
    assert 2 == run(["check", "--format", "csv", "--show-personal", written(tmp_path, REFUSED)])

    lines = capfdbinary.readouterr().out.decode("cp932").split("\r\n")
    assert "受付・事務点検ＡＳＰ結果リスト" == lines[0]
    assert lines[1].endswith("見本診療所,,")
    assert lines[2].startswith("項番,レセプト番号,")
    assert any(line.split(",")[1:2] == ["000001"] and "見本　太郎" in line for line in lines[3:])


def test_csv_of_what_is_no_claim_file_is_a_list_too(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Without institution and claims."""
    assert 2 == run(["check", "--format", "csv", written(tmp_path, b"hello")])
    assert b"X1008" in capfdbinary.readouterr().out


def test_personal_values_are_masked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Unless the user asks to see them."""
    path = written(tmp_path, builders.uke(builders.claim(name="見本太郎A")))

    run(["check", path])
    assert "見本太郎A" not in capsys.readouterr().out

    run(["check", "--show-personal", path])
    assert "見本太郎A" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [["--format", "xml"], ["--json", "--format", "csv"], ["--kind", "no such kind"], ["--format", "csv", "twice"], []],
)
def test_wrong_usage_ends_with_3(tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    """One line and a hint; nothing is checked."""
    path = written(tmp_path, RIGHT)
    files = [path, path] if "twice" in arguments else [path] if arguments else []

    assert 3 == run(["check", *[word for word in arguments if word != "twice"], *files])

    captured = capsys.readouterr()
    assert "" == captured.out
    assert 2 == len(captured.err.splitlines())


def test_what_is_no_file_is_told_in_one_line_and_a_hint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder, a missing file and a pipe; a pipe is not waited for."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    for path, words in ((tmp_path, "is a folder"), (tmp_path / "x", "no such file"), (pipe, "not a regular file")):
        assert 3 == run(["check", str(path)])
        error, hint = capsys.readouterr().err.splitlines()
        assert words in error
        assert hint.startswith("seikyu: hint: ")


def test_a_file_that_cannot_be_read_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No permission, or a disk that fails half-way."""
    path = written(tmp_path, RIGHT)

    def forbidden(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    class FailingDisk:
        """A disk that gives nothing."""

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            """Close nothing."""

        def read(self, _: int) -> bytes:
            """Fail."""
            raise OSError(5, "Input/output error")

    for opening in (forbidden, lambda *_: FailingDisk()):
        monkeypatch.setattr(Path, "open", opening)
        assert 3 == run(["check", path])
        error, hint = capsys.readouterr().err.splitlines()
        assert "cannot be read" in error
        assert hint.startswith("seikyu: hint: ")


def test_a_stated_kind_wins(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A kind without layout is refused with its name; every kind has one."""
    assert 2 == run(["check", "--kind", "dpc", written(tmp_path, RIGHT)])
    assert "DPC" in capsys.readouterr().out
    assert all(has(f"check.kinds.{kind}") for kind in (*KINDS, "none"))


def test_names_play_no_tricks_with_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Control characters of a file's name are not printed."""
    run(["check", written(tmp_path, RIGHT, "a\x1b[31m.uke")])

    assert "\x1b" not in capsys.readouterr().out


def test_no_web_library_and_no_database_is_loaded(tmp_path: Path) -> None:
    """A check is quick because it loads what it needs and nothing else."""
    code = (
        "import sys; from seikyu.apps.cli import run; run(sys.argv[1:]);"
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'fastapi', 'starlette', 'uvicorn', 'sqlalchemy',"
        "'dbos', 'httpx2', 'cryptography', 'alembic', 'httptools', 'uvloop'}))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, "check", written(tmp_path, RIGHT)], capture_output=True, text=True, check=True
    )

    assert "[]" == done.stdout.splitlines()[-1]


def test_a_claim_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing to remark about a claim means something else than no such claim."""
    path = written(tmp_path, ASKS)

    run(["check", path, "--claim", "99999999"])
    assert "no claim has the number" in capsys.readouterr().err
    run(["check", path, "--claim", "1-3"])
    assert "" == capsys.readouterr().err


def test_a_list_is_there_as_a_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A full disk leaves no half of a list, and the same command may succeed later."""

    def full(*_: object) -> Iterator[bytes]:
        yield b"half"
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(printing, "error_list", full)
    folder = tmp_path / "lists"
    folder.mkdir()

    assert 4 == run(["check", written(tmp_path, ASKS), "--list", "hasp", "--out", str(folder)])

    assert "the disk is full" in capsys.readouterr().err
    assert [] == list(folder.iterdir())


def test_what_the_system_says_is_said_in_the_users_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A clerk who reads Japanese is not told of symbolic links in English; a name plays no tricks with the terminal."""
    monkeypatch.setenv("SEIKYU_LANG", "ja")
    loop = tmp_path / "loop"
    loop.symlink_to(loop)

    for command in ("check", "show"):
        assert 3 == run([command, str(loop)])
        assert "リンクがたどり切れません" in capsys.readouterr().err
    assert 3 == run(["show", written(tmp_path, b"", "a\x1b[31m\n.UKE")])
    said = capsys.readouterr().err
    assert "\x1b" not in said
    assert 2 == said.count("\n")


def test_a_return_file_under_the_name_of_claims_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the office would: with what to do, in both languages. Under its own name it is read as what it is."""
    data = embedded("kind medical_return")

    assert 2 == run(["check", written(tmp_path, data)])
    said = capsys.readouterr().out
    assert "X1041 (L1, refuses the file): HI: a return file stands where claims are to be sent" in said
    assert "this file would be refused" in said
    monkeypatch.setenv("SEIKYU_LANG", "ja")
    assert 2 == run(["check", written(tmp_path, data, "RECEIPTY.CYO")])
    assert "請求するファイルの内容が、返戻ファイルです" in capsys.readouterr().out
    assert 0 == run(["check", written(tmp_path, data, "RECEIPTC.HEN")])
    assert 0 == run(["check", written(tmp_path, data), "--kind", "medical_return"])


def test_home_nursing_is_counted_in_yen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no points; a clerk who reads 点 looks for another file."""
    file = written(tmp_path, embedded("kind home_nursing"), "RECEIPTH.UKE")

    run(["check", file])
    assert "home nursing, claims 1, yen " in capsys.readouterr().out
    monkeypatch.setenv("SEIKYU_LANG", "ja")
    run(["check", file])
    assert re.search(r"訪問看護　レセプト 1 件　[0-9,]+ 円", capsys.readouterr().out)
    run(["check", written(tmp_path, RIGHT)])
    assert "医科　レセプト 1 件　291 点" in capsys.readouterr().out
