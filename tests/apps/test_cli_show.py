"""`seikyu show`: which claims it draws, where to, and what it says of paths and files that will not do."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

import builders
import sheet_claims
from seikyu.apps.cli import run
from seikyu.apps.drawing.source import _one_by_one
from seikyu.limits import limit

RIGHT = builders.uke(builders.claim(1), builders.claim(2), builders.claim(3), builders.claim(7, month="202607"))
ASKS = builders.uke(builders.claim(1), [text.replace("06990014", "06990015") for text in builders.claim(2)])


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SEIKYU_LANG", "en")
    monkeypatch.setenv("SEIKYU_HOME", str(tmp_path / "home"))


@pytest.fixture
def claims(tmp_path: Path) -> Path:
    """Return a file of four claims, the last one late and numbered 7."""
    return written(tmp_path, RIGHT)


def written(folder: Path, data: bytes, name: str = "RECEIPTC.UKE") -> Path:
    """Write a file and return its path."""
    path = folder / name
    path.write_bytes(data)
    return path


def drawn(capsys: pytest.CaptureFixture[str], *words: object) -> list[int]:
    """Return the numbers of the claims that are drawn."""
    assert run(["show", *map(str, words), "--json"]) == 0
    return [sheet["claim_no"] for sheet in json.loads(capsys.readouterr().out)["sheets"]]


# --- which claims ---


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ([], [1, 2, 3, 7]),
        (["--claim", "2"], [2]),
        (["--claim", "7,1-2"], [1, 2, 7]),
        (["--claim", "3-99"], [3, 7]),
        (["--month", "202607"], [7]),
        (["--month", "2026-08", "--claim", "1-7"], [1, 2, 3]),
        (["--no-findings"], [1, 2, 3, 7]),
    ],
)
def test_claims_are_chosen_by_number_and_month(
    claims: Path, words: list[str], numbers: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    """In the order of the file, whatever the order of the numbers."""
    assert numbers == drawn(capsys, claims, *words)


def test_two_claims_of_one_number_are_both_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The number stands twice by mistake; whoever looks for it wants to see both."""
    path = written(tmp_path, builders.uke(builders.claim(5), builders.claim(5), builders.claim(6)))

    assert [5, 5] == drawn(capsys, path, "--claim", "5")


def test_without_numbers_only_the_first_claims_are_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file may have ten thousand claims; how many there are is said."""
    most = limit("claims_drawn")
    path = written(tmp_path, builders.uke(*(builders.claim(no) for no in range(1, most + 4))))

    assert 0 == run(["show", str(path), "--json", "--no-findings"])
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert (most + 3, most, 3) == (told["claims"], told["drawn"], told["left_out"])
    assert f"the file has {most + 3} claims; the first {most} are drawn" in err


def test_claims_of_a_month_past_the_limit_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And those of other months are not."""
    most = limit("claims_drawn")
    late = [builders.claim(no, month="202607") for no in range(most + 1, most + 3)]
    path = written(
        tmp_path, builders.uke(*(builders.claim(no) for no in range(1, most + 1)), *late, builders.claim(999))
    )

    run(["show", str(path), "--json", "--no-findings", "--month", "202608"])
    told = json.loads(capsys.readouterr().out)
    assert (most, 1) == (told["drawn"], told["left_out"])


@pytest.mark.parametrize("words", [["--claim", "4"], ["--claim", "8-9"], ["--month", "202601"]])
def test_a_claim_that_is_not_there_is_named(claims: Path, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is drawn, and the status says so."""
    assert 3 == run(["show", str(claims), *words])
    assert f"no claim {words[1]}; the file has 4 claims" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["--claim", "x"], ["--claim", "5-3"], ["--claim", ""], ["--month", "2026"], ["--kind", "legal"],
              ["--html", "a", "--pdf", "b"]]
)  # fmt: skip
def test_wrong_usage_ends_with_3(claims: Path, words: list[str]) -> None:
    """As in every command."""
    assert 3 == run(["show", str(claims), *words])


# --- findings ---


def test_a_finding_stands_beside_the_line_it_belongs_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With its code and words; without being asked for it is not there."""
    path = written(tmp_path, ASKS)

    run(["show", str(path), "--claim", "2"])
    lines = capsys.readouterr().out.splitlines()
    at = next(no for no, line in enumerate(lines) if line.startswith(">> X3001 (L3, asks)"))
    assert any("06990015" in line for line in lines[at - 2 : at])
    run(["show", str(path), "--claim", "2", "--no-findings"])
    assert "X3001" not in capsys.readouterr().out
    run(["show", str(path), "--claim", "1"])
    assert "X3001" not in capsys.readouterr().out


def test_a_finding_about_the_claim_stands_at_its_head(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is missing has no line; it is not lost."""
    lines = [text for text in builders.claim() if not text.startswith("SY")]
    path = written(tmp_path, builders.uke(lines))

    run(["show", str(path), "--json"])
    (sheet,) = json.loads(capsys.readouterr().out)["sheets"]
    assert "X2028" in [finding["code"] for finding in sheet["findings"]]


def test_findings_about_the_whole_file_are_pointed_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They belong to no claim; `check` tells them."""
    path = written(tmp_path, RIGHT.replace(b"06990014", b"06990014").replace(b"IR,1,99,1,", b"IR,1,77,1,"))

    run(["show", str(path), "--claim", "1"])
    assert "findings about the file as a whole" in capsys.readouterr().err


def test_what_the_checker_tells_may_come_in_blocks() -> None:
    """One by one or many at a time, it is taken alike."""
    assert [1, 2, 3] == list(_one_by_one([1, [2, 3], ()]))


# --- where to ---


@pytest.mark.parametrize("option", ["--html", "--pdf"])
def test_a_drawing_is_written_as_a_whole(
    claims: Path, option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What stood there before is replaced; nothing else lies beside it."""
    out = written(tmp_path, b"before", "out")

    assert 0 == run(["show", str(claims), option, str(out), "--claim", "1"])
    assert f"{out}: claims 1" in capsys.readouterr().out
    assert out.read_bytes().startswith(b"<!DOCTYPE html>" if option == "--html" else b"%PDF-")
    assert {"RECEIPTC.UKE", "out"} == {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize("option", ["--html", "--pdf"])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nowhere/out", "cannot be written (there is no such folder)"),
        (".", "is a folder"),
        ("pipe", "is not a regular file"),
        ("RECEIPTC.UKE", "cannot be written (it is the file that is drawn)"),
    ],
)
def test_a_place_that_will_not_do_is_told_in_one_line(
    claims: Path, option: str, name: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file that is drawn is never written over; no half drawing stays."""
    os.mkfifo(tmp_path / "pipe")
    before = {path.name for path in tmp_path.iterdir()}

    assert 3 == run(["show", str(claims), option, str(tmp_path / name)])
    assert said in capsys.readouterr().err
    assert before == {path.name for path in tmp_path.iterdir()}
    assert RIGHT == claims.read_bytes()


def test_a_drawing_that_does_not_fit_leaves_what_was_there(claims: Path, tmp_path: Path) -> None:
    """A full disk: the old drawing stands, and no half of the new one."""
    out = written(tmp_path, b"before", "out")

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    done = subprocess.run(
        [sys.executable, "-m", "seikyu.apps.cli", "show", claims, "--html", out],
        capture_output=True, text=True, preexec_fn=small, check=False,
    )  # fmt: skip
    assert 3 == done.returncode
    assert "cannot be written" in done.stderr
    assert b"before" == out.read_bytes()
    assert {"RECEIPTC.UKE", "out"} == {path.name for path in tmp_path.iterdir()}


# --- files that will not do ---


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "this is no file of claims"),
        (b"\xff\xd8\xff\xe0", "this is no file of claims"),
        (b"PK\x03\x04", "this is no file of claims"),
        (b"hello, world\r\n" * 99, "this is no file of claims"),
        (RIGHT[:40], "there is no claim in it"),
    ],
)
def test_a_file_that_is_none_of_ours_is_told_in_one_line(
    data: bytes, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what to do, and status 3."""
    assert 3 == run(["show", str(written(tmp_path, data))])
    err = capsys.readouterr().err
    assert said in err
    assert 2 == err.count("seikyu: ")


@pytest.mark.parametrize(
    ("name", "said"), [("missing", "is not there"), (".", "is a folder"), ("pipe", "is not a regular file")]
)
def test_a_path_that_is_no_file_is_told_in_one_line(
    name: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A pipe is not waited for."""
    os.mkfifo(tmp_path / "pipe")

    assert 3 == run(["show", str(tmp_path / name)])
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "right", "wrong", "code"),
    [
        ("dental", b"119,2,", b"119,3,", "X2043"),
        ("dpc", b"344,1,", b"344,2,", "X2043"),
        ("home_nursing", b"5550", b"5551", "X3020"),
        ("medical_return", b"20260903,1", b"20269903,1", "X2009"),
    ],
)
def test_findings_of_every_kind_stand_beside_their_lines(
    name: str, right: bytes, wrong: bytes, code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line of the file that the finding is about is the line that the row is made of."""
    path = written(tmp_path, sheet_claims.file_of(name).replace(right, wrong, 1))

    run(["show", str(path), "--json"])
    (sheet,) = json.loads(capsys.readouterr().out)["sheets"]
    rows = [row for each in sheet["sections"] for row in each["rows"] if row["findings"]]
    assert code in {finding["code"] for row in rows for finding in row["findings"]}
    assert all(finding["line"] == row["line"] for row in rows for finding in row["findings"])


@pytest.mark.parametrize("name", sheet_claims.FILES)
def test_every_kind_is_drawn_in_every_form(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And nothing personal is told beside it."""
    path = written(tmp_path, sheet_claims.file_of(name))

    for words in ([], ["--json"], ["--html", tmp_path / "a.html"], ["--pdf", tmp_path / "a.pdf"]):
        assert 0 == run(["show", str(path), *map(str, words)])
    out, err = capsys.readouterr()
    assert ">> " not in out  # They conform, so there is nothing to remark.
    assert [] == [value for value in sheet_claims.PERSONAL if value in out + err]


def test_a_return_file_shows_why_and_what_was(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The reasons stand first, the history last, each of its lines with its three numbers."""
    path = written(tmp_path, sheet_claims.file_of("medical_return"), "RECEIPTC.HEN")

    run(["show", str(path), "--json", "--no-findings", "--show-personal"])
    (sheet,) = json.loads(capsys.readouterr().out)["sheets"]
    first, last = sheet["sections"][0], sheet["sections"][-1]
    assert ("reasons_of_return", "history") == (first["name"], last["name"])
    assert "保険者番号と資格が一致しません" in json.dumps(first, ensure_ascii=False)
    assert ["1", "1", "0"] == [cell["text"] for cell in last["rows"][0]["cells"][:3]]
    assert "見本　花子" in last["rows"][0]["cells"][-1]["text"]


def test_any_damage_is_drawn_and_ends_no_drawing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Lines that no layout knows, items too many, and half characters stand where they were found."""
    lines = builders.uke_lines(builders.claim())
    broken = [*lines[:3], "ZZ,秘密", "SY,1", lines[3] + ",,,余分", "x", *lines[4:]]
    data = builders.encoded(broken).replace("見本診療所".encode("cp932"), b"\x81")
    path = written(tmp_path, data)

    assert 0 == run(["show", str(path)])
    out = capsys.readouterr().out
    assert "lines that the layout does not know" in out
    assert "秘密" not in out
    assert "余分" not in out
