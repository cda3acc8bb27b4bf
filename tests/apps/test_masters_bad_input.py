"""Whatever a clerk brings that is no master: one line says what it is, in both languages, and nothing is stored."""

import errno
import gzip
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from seikyu.adapters.masters_folder import MastersFolder
from seikyu.apps import cli
from seikyu.rules.example import embedded

ITEMS = {0: "3", 1: "S", 2: "111000110", 4: "初診料", 7: "0", 10: "3", 11: "291.00", 12: "0", 87: "99999999", 149: "0"}


def row(code: str = "111000110", **more: str) -> str:
    """Return a line of the procedure master."""
    told = ITEMS | {2: code} | {int(at[1:]): text for at, text in more.items()}
    return ",".join(told.get(at, "") for at in range(150)) + "\r\n"


WHOLE = "".join(row(f"1110{no:05}") for no in range(20))


def zipped(content: bytes) -> bytes:
    """Return an archive with a master in it, as it is published."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("s_ALL20260401.csv", content)
    return out.getvalue()


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SEIKYU_HOME", str(tmp_path / "home"))


def brought(path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Import a file in both languages and return the line that each says; it is refused, and nothing is stored."""
    said = {}
    for language in ("en", "ja"):
        monkeypatch.setenv("SEIKYU_LANG", language)
        assert cli.run(["masters", "import", str(path)]) in {2, 3, 4}
        error, _hint = capsys.readouterr().err.splitlines()
        said[language] = error
    assert [] == MastersFolder(Path(os.environ["SEIKYU_HOME"]) / "masters").labels()
    return said


@pytest.mark.parametrize(
    ("content", "english", "japanese"),
    [
        (b"", "nothing stands in it", "何も記録されていません"),
        (WHOLE.encode("cp932")[:-22], "line 20, the last one, has 131 items instead of 150: the file is cut off", "20 行目（最後の行）：項目数が 150 のはずのところ"),
        ((WHOLE + row()).encode("cp932")[: -len(row().encode("cp932")) + 18], "line 21, the last one, ends in the middle of a character", "21 行目（最後の行）：文字の途中で切れています"),
        (WHOLE.encode("utf-16"), "it is a UTF-16 file", "別の形式のファイル（UTF-16）"),
        (WHOLE.encode("utf-16-le"), "line 1: there are zero bytes (it was saved as UTF-16, or is damaged)", "UTF-16 で保存されたか、壊れています"),
        (WHOLE.encode("iso2022_jp"), "control characters (it was saved as ISO-2022-JP", "制御文字があります"),
        (WHOLE.encode().replace("診".encode(), b"\xe8\xa8", 1), "line 1: a character of UTF-8 is damaged", "1 行目：UTF-8 の文字が壊れています"),
        ((WHOLE + row("112007410", _1="Y")).encode("cp932"), "line 21: item 2 (the letter of the master) is Y instead of S", "21 行目：項番 2（マスター種別）が S ではなく Y です"),
        (row(_1="Y").encode("cp932"), "drugs has 10, 35, 36, 39, 40, 42 items a line, this one 150", "医薬品の項目数は 10, 35, 36, 39, 40, 42 のはずですが、150 です"),
        (row(_1="X").encode("cp932"), "no master that is known here has lines of 150 items", "知らない種類のマスターです"),
        ((WHOLE + "0," + row()[:-4] + "\r\n").encode("cp932"), "line 21: item 2 (the letter of the master) is 3 instead of S", "21 行目：項番 2"),
        ((WHOLE + row(_10="", _11="3", _12="291.00")).encode("cp932"), "the columns may be shifted", "項目がずれている可能性があります"),
        (b"\0" * (100 * 1024 * 1024), "line 1: there are zero bytes", "ゼロのバイトがあります"),
        (b"0" * (100 * 1024 * 1024), "line 1: it is too long for a line of a master", "1 行目：長すぎて"),
        (zipped(WHOLE.encode("cp932")), "it is an archive or a workbook (zip): unpack it", "展開して、中の CSV を指定してください"),
        (gzip.compress(WHOLE.encode("cp932")), "it is an archive or a workbook (gzip): unpack it", "圧縮されたファイル（gzip）"),
        (embedded("kind dental_return"), "it is a file of claims (dental return) and no master", "マスターではなく、レセプト電算ファイル（歯科 返戻）です"),
        ((WHOLE + row("111000005")).encode("cp932"), "line 21: the same code as in line 6", "21 行目：6 行目と同じコードです"),
    ],
    ids=lambda value: None if not isinstance(value, str) else value[:24],
)  # fmt: skip
def test_what_is_no_master_is_called_what_it_is(
    content: bytes,
    english: str,
    japanese: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the line where it shows."""
    path = tmp_path / "s_ALL20260401.csv"
    path.write_bytes(content)

    said = brought(path, capsys, monkeypatch)

    assert str(path) in said["en"]
    assert english in said["en"]
    assert japanese in said["ja"]
    assert said["en"].endswith("; nothing was stored")
    assert said["ja"].endswith("。何も取り込んでいません")


def test_a_master_under_the_name_of_another_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was put into the wrong place, or the wrong file was fetched; who knows better says so."""
    path = tmp_path / "y_ALL20260401.csv"
    path.write_bytes(WHOLE.encode("cp932"))

    said = brought(path, capsys, monkeypatch)

    assert "it is a master of medical procedures, but is called like one of drugs (y)" in said["en"]
    assert "内容は医科診療行為ですが、ファイル名は医薬品（y）のものです" in said["ja"]
    assert 0 == cli.run(["masters", "import", str(path), "--kind", "s"])


def test_a_path_that_cannot_be_read_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder, and a file that the system keeps to itself."""
    said = brought(tmp_path, capsys, monkeypatch)
    assert "it is a folder; name the files in it" in said["en"]
    assert "フォルダーです" in said["ja"]

    path = tmp_path / "s_ALL20260401.csv"
    path.write_bytes(WHOLE.encode("cp932"))

    def kept(_: Path) -> bytes:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", kept)
    said = brought(path, capsys, monkeypatch)
    assert "it cannot be read (" in said["en"]
    assert "読み取れません（" in said["ja"]


def test_utf_8_without_a_mark_is_read_as_what_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is no fault: every name comes out as from Shift_JIS."""
    for name, encoding in (("s_20260401.csv", "utf-8"), ("s_20260501.csv", "cp932")):
        path = tmp_path / name
        path.write_bytes(WHOLE.encode(encoding))
        assert 0 == cli.run(["masters", "import", str(path)])
    capsys.readouterr()

    for month in ("202604", "202605"):
        assert 0 == cli.run(["masters", "show", "111000001", "--month", month, "--json"])
        assert "初診料" == json.loads(capsys.readouterr().out)[0]["row"]["name"]


def test_a_full_disk_is_told_and_keeps_what_was_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No half version is left, and the next import goes well."""
    path = tmp_path / "s_ALL20260401.csv"
    path.write_bytes(WHOLE.encode("cp932"))

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        said = brought(path, capsys, patched)
    assert "masters cannot be written: the disk is full" in said["en"]
    assert "ディスクの空きがありません" in said["ja"]
    assert [] == [each.name for each in (tmp_path / "home" / "masters").iterdir() if each.name != ".lock"]
    assert 0 == cli.run(["masters", "import", str(path)])


def test_a_home_that_cannot_be_written_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file stands where the folder of the masters should be."""
    path = tmp_path / "s_ALL20260401.csv"
    path.write_bytes(WHOLE.encode("cp932"))
    (tmp_path / "home").write_bytes(b"")
    monkeypatch.setenv("SEIKYU_LANG", "en")

    assert 3 == cli.run(["masters", "import", str(path)])

    error, hint = capsys.readouterr().err.splitlines()
    assert str(tmp_path / "home" / "masters") in error
    assert "a part of its path is no folder" in error
    assert hint


def test_two_imports_at_once_are_two_versions_or_one(tmp_path: Path) -> None:
    """Of different masters both are there; the same one is stored once, whoever comes first."""
    names = ("s_ALL20260401.csv", "s_ALL20260401.csv", "b.csv")
    rows = "code,name\n8833421,高血圧症\n"
    (tmp_path / names[0]).write_bytes(WHOLE.encode("cp932"))
    (tmp_path / names[2]).write_bytes(rows.encode("cp932"))
    command = [sys.executable, "-m", "seikyu.apps.cli", "masters", "import", "--from", "2026-04-01"]

    running = [
        subprocess.Popen([*command, str(tmp_path / name)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for name in names
    ]
    said: list[Any] = [each.communicate(timeout=120)[0].decode() for each in running]

    assert [0, 0, 0] == [each.returncode for each in running], said
    labels = MastersFolder(tmp_path / "home" / "masters").labels()
    assert ["b", "s"] == [label.kind for label in labels]
    assert {1, 2} == {label.imported for label in labels}
