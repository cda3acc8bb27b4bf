"""`seikyu masters` and `seikyu check --masters`: what they print, store and answer."""

import gzip
import json
import os
from pathlib import Path

import pytest

from seikyu.apps import cli
from seikyu.rules.example import embedded
from seikyu.rules.masters import forms
from seikyu.rules.reports.reading import read_list

CODES = "code,name,points\n" + "".join(f"1110001{n:02},見本{n},{n}\n" for n in range(10, 30))


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """English, and a home of the test's own."""
    monkeypatch.setenv("SEIKYU_LANG", "en")
    monkeypatch.setenv("SEIKYU_HOME", str(tmp_path / "home"))


def write(folder: Path, name: str, text: str | bytes) -> str:
    """Write a file and return its path."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("cp932"))
    return str(path)


def test_a_master_is_brought_listed_and_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The three commands in a row."""
    file = write(tmp_path, "s_20260401.csv", CODES)

    assert 0 == cli.run(["masters", "import", file])
    told = capsys.readouterr().out
    assert "medical procedures (s), 20 rows, holds from 2026-04-01" in told
    assert "taken for a part" in told
    assert 0 == cli.run(["masters", "list"])
    assert "s: medical procedures, from 2026-04-01, 20 rows, part (newest on 2026-04-01)" in capsys.readouterr().out
    assert 0 == cli.run(["masters", "show", "111000110", "--month", "2026-04"])
    assert "  name: 見本10\n" in capsys.readouterr().out
    assert 2 == cli.run(["masters", "show", "111000110", "--month", "202603"])
    assert "no master that is here (medical procedures (s)) has the code 111000110" in capsys.readouterr().err


def test_without_a_master_it_is_said_how_to_bring_one(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of any kind, or of the one that is asked for though others are here."""
    assert 2 == cli.run(["masters", "show", "111000110"])
    error, hint = capsys.readouterr().err.splitlines()
    assert "the code 111000110 cannot be looked up: nothing was imported yet of any master" in error
    assert "masters import FILE" in hint
    cli.run(["masters", "import", write(tmp_path, "s_20260401.csv", CODES)])
    capsys.readouterr()
    monkeypatch.setenv("SEIKYU_LANG", "ja")
    assert 2 == cli.run(["masters", "show", "620000001", "--kind", "y"])
    assert "医薬品（y）がまだ取り込まれていないため、コード 620000001 を調べられません" in capsys.readouterr().err
    assert 2 == cli.run(["masters", "show", "111000110", "--kind", "y", "--json"])
    assert "no_master_here" == json.loads(capsys.readouterr().out)["error"]["code"]


def test_json_says_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One object a file; an error stands where its file does."""
    files = [write(tmp_path, "s_20260401.csv", CODES), write(tmp_path, "odd.csv", "何か\n")]

    assert 2 == cli.run(["masters", "import", *files, "--whole", "--newest-on", "2026-08-31", "--json"])
    first, second = json.loads(capsys.readouterr().out)
    assert ("s", "2026-04-01", "2026-08-31", True, 20, True) == tuple(
        first[name] for name in ("kind", "from", "newest_on", "whole", "rows", "stored")
    )
    assert (20, None) == (first["changes"]["added"], first["changes"]["before"])
    assert "master_unusable" == second["error"]["code"]
    assert 0 == cli.run(["masters", "list", "--json"])
    assert ["2026-04-01"] == [each["since"] for each in json.loads(capsys.readouterr().out)]
    assert 0 == cli.run(["masters", "show", "111000112", "--json", "--kind", "s"])
    assert "12.00" == json.loads(capsys.readouterr().out)[0]["row"]["points"]


def test_changes_are_told_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What came, changed and went, with names; and once more when it is here already."""
    cli.run(["masters", "import", write(tmp_path, "s_20260401.csv", CODES)])
    later = write(
        tmp_path, "s_20260601.csv", CODES.replace("見本11", "別").replace("111000110,見本10,10\n", "199000010,新,1\n")
    )
    capsys.readouterr()

    assert 0 == cli.run(["masters", "import", later, "--dry-run"])
    assert "nothing was stored" in capsys.readouterr().out
    assert 0 == cli.run(["masters", "import", later])
    told = capsys.readouterr().out
    assert "came 1, changed 1, went 1" in told
    for text in ("came: 199000010 新", "changed: 111000111 別", "went: 111000110 見本10"):
        assert f"  {text}\n" in told
    assert 0 == cli.run(["masters", "import", later])
    assert "is here already" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "nothing stands in it"),
        (gzip.compress(b"0,S,1", mtime=0), "it is an archive or a workbook (gzip)"),
        (b"0,S,111000110\r\n", "medical procedures has 10, 150 items a line, this one 3"),
        (b"0,S," + b"x" * 9 + b"," * 147 + b"\r\n", "item 3 is no code of medical procedures (xxxxxxxxx)"),
        (b"code,colour\n111000110,red\n", "colour in the header row is no column of medical procedures"),
        (b"\x81\x20", "characters cannot be read"),
    ],
)
def test_a_file_that_is_no_master_is_refused_in_one_line(
    content: bytes, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what is wrong, and a hint; nothing is stored."""
    assert 2 == cli.run(["masters", "import", write(tmp_path, "s_20260401.csv", content)])

    error, hint = capsys.readouterr().err.splitlines()
    assert reason in error
    assert error.endswith("; nothing was stored")
    assert hint.startswith("seikyu: hint:")
    assert not (tmp_path / "home").exists()


def test_a_path_that_is_no_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder, a pipe, and nothing at all: each is called what it is."""
    os.mkfifo(tmp_path / "pipe")
    assert 2 == cli.run(["masters", "import", str(tmp_path), str(tmp_path / "pipe"), str(tmp_path / "none")])
    said = capsys.readouterr().err
    assert [1, 1, 1] == [said.count(words) for words in ("it is a folder", "no regular file", "there is no such file")]


def test_a_file_too_long_is_refused_unread(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the limit `master_bytes`."""
    from seikyu.apps import cli_masters

    monkeypatch.setattr(cli_masters, "limit", lambda name: {"master_bytes": 3}[name])
    assert 2 == cli.run(["masters", "import", write(tmp_path, "s_20260401.csv", CODES)])
    assert "at most 3 bytes" in capsys.readouterr().err


def test_without_a_day_the_hint_says_how_to_tell_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And with it the file is taken."""
    file = write(tmp_path, "s.csv", CODES)

    assert 3 == cli.run(["masters", "import", file])
    assert "--from YYYY-MM-DD" in capsys.readouterr().err
    assert 0 == cli.run(["masters", "import", file, "--from", "2026-04-01"])


@pytest.mark.parametrize(
    "args",
    [
        ["import", "a.csv", "--kind", "q"],
        ["import", "a.csv", "--from", "2026-13-01"],
        ["import", "a.csv", "--newest-on", "today"],
        ["show", "1", "--kind", "q"],
        ["show", "1", "--month", "2026-13"],
    ],
)
def test_wrong_usage_ends_with_3(args: list[str]) -> None:
    """As everywhere."""
    assert 3 == cli.run(["masters", *args])


def test_an_empty_home_has_no_masters(capsys: pytest.CaptureFixture[str]) -> None:
    """Which is no error; what could be brought is told by where it comes from, every kind once."""
    assert 0 == cli.run(["masters", "list"])
    said = capsys.readouterr()
    assert "there are no masters here yet; bring them with" in said.err
    assert "not here (registers): institutions (institutions), insurers (insurers), public payers" in said.out
    assert [1] * len(forms()) == [said.out.count(f" ({kind})") for kind in forms()]


def test_the_list_tells_what_is_not_here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is here is told as a version instead."""
    cli.run(["masters", "import", write(tmp_path, "s_20260401.csv", CODES)])
    capsys.readouterr()

    assert 0 == cli.run(["masters", "list"])
    out = capsys.readouterr().out
    assert "(s)" not in out
    assert "not here (official masters): diseases (b), comments (c), " in out


# --- check ---

CLAIM = embedded("SI,11,1,111000111,,291,1,,,,,,,1" + "," * 30)


def test_a_check_looks_into_the_masters_of_the_home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And says at its top what it lacks."""
    file = write(tmp_path, "a.UKE", CLAIM)
    assert 0 == cli.run(["check", file])
    assert capsys.readouterr().out.startswith("a.UKE: ")

    cli.run(["masters", "import", write(tmp_path, "s_20260801.csv", "code,name\n111000110,初診料\n"), "--whole"])
    assert 0 == cli.run(["check", file])  # A newer master may have the code.
    cli.run(["masters", "import", str(tmp_path / "s_20260801.csv"), "--whole", "--newest-on", "2026-08-31"])
    capsys.readouterr()

    assert 2 == cli.run(["check", file])
    assert "L3303 (L3, refuses the claim)" in capsys.readouterr().out
    assert 0 == cli.run(["check", file, "--masters", "none"])
    assert 2 == cli.run(["check", file, "--masters", str(tmp_path / "home" / "masters")])
    assert 0 == cli.run(["check", file, "--home", str(tmp_path / "other")])
    assert 3 == cli.run(["check", file, "--masters", str(tmp_path / "nowhere")])


def test_lists_call_codes_by_their_names(tmp_path: Path) -> None:
    """As the masters of the home have them; without masters they say the code."""
    text = embedded("SI,11,1,111000110,,291,1,,,,,,,1" + "," * 30).decode("cp932")
    file = write(tmp_path, "a.UKE", text.replace("111000110,,291,1,,,,,,,1", "111000110,,0291,1,,,,,,,9"))
    cli.run(["masters", "import", write(tmp_path, "s_20260801.csv", "code,name\n111000110,初診料\n")])

    said = []
    for no, masters in enumerate(([], ["--masters", "none"])):
        out = tmp_path / str(no)
        out.mkdir()
        cli.run(["check", file, "--list", "hasp", "--out", str(out), *masters])
        rows = read_list(next(out.iterdir()).read_bytes()).rows
        said.append({str(row["subject"]) for row in rows if row["service_class"] == "11"})

    assert [{"初診料　２９１×１"}, {"１１１０００１１０　２９１×１"}] == said


def test_json_names_the_version_or_null(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Null for a master that some rule would have needed."""
    file = write(tmp_path, "a.UKE", CLAIM)
    cli.run(["masters", "import", write(tmp_path, "s_20260801.csv", CODES.replace("points", "points")), "--whole"])
    capsys.readouterr()

    cli.run(["check", file, "--json", "--masters", "none"])
    assert {None} == set(json.loads(capsys.readouterr().out)[0]["masters"].values())
    cli.run(["masters", "import", str(tmp_path / "s_20260801.csv"), "--whole", "--newest-on", "2026-08-31"])
    capsys.readouterr()
    cli.run(["check", file, "--json"])
    masters = json.loads(capsys.readouterr().out)[0]["masters"]
    assert masters["s"].startswith("20260801-")
    assert masters["insurers"] is None


def test_a_damaged_master_ends_a_check_with_its_own_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody is judged by half a table."""
    cli.run(["masters", "import", write(tmp_path, "s_20260801.csv", CODES)])
    path = next((tmp_path / "home" / "masters").glob("*.master"))
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    capsys.readouterr()

    assert 5 == cli.run(["check", write(tmp_path, "a.UKE", CLAIM)])
    assert path.name in capsys.readouterr().err
