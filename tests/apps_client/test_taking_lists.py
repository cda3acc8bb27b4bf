"""`seikyu lists`: what there is, and each as a file that is here as a whole or not at all."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Self
from zipfile import ZipFile

import pytest

from seikyu.apps import cli, client
from seikyu.apps.client import lists as taking
from seikyu.apps.client.errors import FileUnusable, OddAnswer
from seikyu.apps.demo_office import client_of
from seikyu.apps.generator import world
from seikyu.rules.reports.reading import read_list

HOSPITAL = world().institutions[0].id


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEIKYU_LANG", "en")


@pytest.fixture
def sending(home: Path, file: Callable[..., Path]) -> str:
    """Return a sending that waits for its decision."""
    with client.Line(client_of(home, HOSPITAL)) as line:
        answer = client.send(line, [client.look_at(file(month=202605))], client.Terms(), told=lambda _: None)
        return str(client.wait_for_check(line, answer)["id"])


def run(home: Path, *args: object) -> int:
    """Run the command as the hospital."""
    folder = client_of(home, HOSPITAL).path
    return cli.run(["lists", *map(str, args), "--home", str(folder.parent.parent), "--as", folder.name])


def test_lists_are_listed_and_taken(
    home: Path, sending: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those that are there with their names, the others with why; then each under its official name."""
    assert 0 == run(home, sending)
    told = capsys.readouterr().out
    assert "hasp  Results of reception" in told
    assert "hjry  Receipt  (not there: it is there when the sending is confirmed)" in told

    assert 0 == run(home, sending, "--form", "hasp", "--out", tmp_path / "new")
    (here,) = (tmp_path / "new").iterdir()
    assert f"written: {here}\n" == capsys.readouterr().out
    assert "hasp" == read_list(here.read_bytes()).form.id

    assert 0 == run(home, sending, "--all", "--format", "pdf", "--out", tmp_path / "paper", "--json")
    files = json.loads(capsys.readouterr().out)["files"]
    assert {Path(each["file"]) for each in files} == set((tmp_path / "paper").iterdir())
    assert all(Path(each["file"]).read_bytes().startswith(b"%PDF") for each in files)


def test_a_list_that_is_not_there_says_why(
    home: Path, sending: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the office's words; and nothing is written."""
    assert 0 != run(home, sending, "--form", "hjry", "--out", tmp_path / "none")
    assert "it is there when the sending is confirmed" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
    assert 0 == run(home, sending, "--json")
    assert "not_confirmed" in {each["reason"] for each in json.loads(capsys.readouterr().out)["items"]}


def test_a_month_is_taken_at_once(home: Path, sending: str, tmp_path: Path) -> None:
    """As one archive."""
    del sending
    assert 0 == run(home, "--month", "202605", "--line", "real", "--out", tmp_path)

    (here,) = tmp_path.glob("*.zip")
    with ZipFile(here) as archive:
        assert archive.testzip() is None
        assert any("hasp" in name for name in archive.namelist())


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["x", "--month", "202605"],
        ["x", "--format", "docx"],
        ["--month", "202605", "--line", "other"],
        ["--month", "5"],
    ],
)
def test_wrong_usage_is_told(home: Path, args: list[str]) -> None:
    """Before anything is asked."""
    assert 3 == run(home, *args)


def test_a_form_that_nobody_has_is_wrong_usage(home: Path, sending: str) -> None:
    """The office is not asked for it."""
    assert 3 == run(home, sending, "--form", "zogn")


def test_a_name_that_leads_elsewhere_is_not_taken(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever an office says, files come into the folder and nowhere else."""
    with client.Line(client_of(home, HOSPITAL)) as line:
        monkeypatch.setattr(line, "stream", lambda path, headers: _Answer('attachment; filename="../x.csv"'))
        with pytest.raises(OddAnswer):
            taking.take_month(line, "202605", office_line=None, folder=tmp_path)
        monkeypatch.setattr(line, "stream", lambda path, headers: _Answer('attachment; filename="x.csv"'))
        (tmp_path / "file").write_text("in the way", "utf-8")
        with pytest.raises(FileUnusable):
            taking.take_month(line, "202605", office_line=None, folder=tmp_path / "file")


class _Answer:
    """What an office says."""

    status_code = 200

    def __init__(self, disposition: str) -> None:
        self.headers = {"content-disposition": disposition}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        return None
